/* The frames of a trace as pcapng, for Wireshark: an interface for each NIC and for each port of the
 * switch that sends. The comment of a packet tells its record, by which an I/O trace is found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/pcapng.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"

#define INTERFACES_MAX 64u /* what comes behind them shares the last one */
#define NAME_BYTES     64u
#define NS_PER_SECOND  UINT64_C(1000000000)

struct pcapng_sink {
    struct trace_output output;
    uint64_t start_ns;
    char names[INTERFACES_MAX][NAME_BYTES];
    uint32_t interfaces;
    struct pcapng_block block;
};

static void write_block(struct pcapng_sink *sink)
{
    trace_output_bytes(&sink->output, sink->block.bytes, sink->block.used);
}

/* "alpha nic0", "host switch port beta". */
static uint32_t interface_of(struct pcapng_sink *sink, const struct trace_record *record)
{
    bool is_nic = strcmp(record->source, "wire") == 0 || strcmp(record->target, "wire") == 0;
    const char *name = strcmp(record->source, "wire") == 0 ? record->target : record->source;
    char text[NAME_BYTES];
    snprintf(text, sizeof text, "%.20s%s %.20s", record->machine ? record->machine : "-",
             is_nic ? "" : " switch port", name);
    for (uint32_t i = 0; i < sink->interfaces; i++)
        if (strcmp(sink->names[i], text) == 0)
            return i;
    if (sink->interfaces == INTERFACES_MAX)
        return INTERFACES_MAX - 1;
    memcpy(sink->names[sink->interfaces], text, sizeof text);
    pcapng_interface(&sink->block, PCAPNG_ETHERNET, text);
    write_block(sink);
    return sink->interfaces++;
}

static enum status write_head(void *self, const struct trace_head *head, struct error *error)
{
    struct pcapng_sink *sink = self;
    sink->start_ns = head->start_seconds * NS_PER_SECOND;
    pcapng_section(&sink->block);
    write_block(sink);
    return trace_output_status(&sink->output, error);
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct pcapng_sink *sink = self;
    struct pcapng_packet packet = {.bytes = record->bytes, .count = record->byte_count};
    char comment[PCAPNG_COMMENT_MAX];
    if (record->kind != TRACE_FRAME || !record->source || !record->target || !record->bytes)
        return STATUS_OK;
    packet.interface = interface_of(sink, record);
    packet.direction = strcmp(record->source, "wire") == 0 ? PCAPNG_INBOUND : PCAPNG_OUTBOUND;
    packet.ns = sink->start_ns + record->ns;
    packet.comment = comment;
    snprintf(comment, sizeof comment, "record %llu, cause %llu", (unsigned long long)record->seq,
             (unsigned long long)record->cause);
    pcapng_packet(&sink->block, &packet);
    write_block(sink);
    return trace_output_status(&sink->output, error);
}

static enum status flush(void *self, struct error *error)
{
    return trace_output_flush(&((struct pcapng_sink *)self)->output, error);
}

enum status trace_pcapng_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct pcapng_sink *made = calloc(1, sizeof *made);
    *sink = (struct trace_sink){write_head, write_record, trace_output_end, flush, made, NULL};
    return trace_output_begin((struct trace_output *)made, path, '\n', error);
}
