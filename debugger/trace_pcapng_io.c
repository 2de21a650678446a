/* All records of a trace as pcapng of LINKTYPE_USER0, for Wireshark with scripts/vitrine.lua: a packet
 * a record, an interface a machine. A packet is a row of its fields:
 *
 *   place in TRACE_FIELDS 1, length 2 (big-endian), then a number (big-endian, as short as it goes),
 *   a text or bytes */
#include <stdlib.h>
#include <string.h>

#include "backends/pcapng.h"
#include "debugger/trace_fields.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define MACHINES_MAX  16u
#define NAME_BYTES    48u
#define BYTES_MAX     2048u
#define NS_PER_SECOND UINT64_C(1000000000)

struct pcapng_io_sink {
    struct trace_output output;
    uint64_t start_ns;
    char machines[MACHINES_MAX][NAME_BYTES];
    uint32_t count;
    uint8_t row[PCAPNG_PACKET_MAX];
    struct pcapng_block block;
};

static void write_block(struct pcapng_io_sink *sink)
{
    trace_output_bytes(&sink->output, sink->block.bytes, sink->block.used);
}

static uint32_t interface_of(struct pcapng_io_sink *sink, const char *machine)
{
    char name[NAME_BYTES] = "-";
    if (machine)
        strncpy(name, machine, sizeof name - 1);
    for (uint32_t i = 0; i < sink->count; i++)
        if (strcmp(sink->machines[i], name) == 0)
            return i;
    if (sink->count == MACHINES_MAX)
        return MACHINES_MAX - 1;
    memcpy(sink->machines[sink->count], name, sizeof name);
    pcapng_interface(&sink->block, PCAPNG_USER0, name);
    write_block(sink);
    return sink->count++;
}

static uint8_t *put_field(uint8_t *to, uint8_t place, const void *bytes, size_t count)
{
    *to++ = place;
    *to++ = (uint8_t)(count >> 8);
    *to++ = (uint8_t)count;
    memcpy(to, bytes, count);
    return to + count;
}

static uint8_t *put_number(uint8_t *to, uint8_t place, uint64_t number)
{
    uint8_t bytes[8];
    size_t first = 8;
    do {
        bytes[--first] = (uint8_t)number;
        number >>= 8;
    } while (number);
    return put_field(to, place, bytes + first, 8 - first);
}

static size_t make_row(uint8_t *row, const struct trace_record *record)
{
    uint8_t *to = row;
    for (uint8_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        struct trace_value value;
        if (!trace_field_get(&TRACE_FIELDS[i], record, &value))
            continue;
        switch (TRACE_FIELDS[i].type) {
        case FIELD_NUMBER:
        case FIELD_ADDRESS: to = put_number(to, i, value.number); break;
        case FIELD_TEXT:
            to = put_field(to, i, value.text, strnlen(value.text, PUT_TEXT_MAX));
            break;
        case FIELD_BYTES:
            to = put_field(to, i, value.bytes,
                           value.byte_count < BYTES_MAX ? value.byte_count : BYTES_MAX);
            break;
        }
    }
    return (size_t)(to - row);
}

static enum status write_head(void *self, const struct trace_head *head, struct error *error)
{
    struct pcapng_io_sink *sink = self;
    sink->start_ns = head->start_seconds * NS_PER_SECOND;
    pcapng_section(&sink->block);
    write_block(sink);
    return trace_output_status(&sink->output, error);
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct pcapng_io_sink *sink = self;
    const struct pcapng_packet packet = {.interface = interface_of(sink, record->machine),
                                         .ns = sink->start_ns + record->ns,
                                         .bytes = sink->row,
                                         .count = make_row(sink->row, record)};
    pcapng_packet(&sink->block, &packet);
    write_block(sink);
    return trace_output_status(&sink->output, error);
}

static enum status flush(void *self, struct error *error)
{
    return trace_output_flush(&((struct pcapng_io_sink *)self)->output, error);
}

enum status trace_pcapng_io_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct pcapng_io_sink *made = calloc(1, sizeof *made);
    *sink = (struct trace_sink){write_head, write_record, trace_output_end, flush, made, NULL};
    return trace_output_begin((struct trace_output *)made, path, '\n', error);
}
