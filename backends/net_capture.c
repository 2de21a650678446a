/* A cable with a listener, written as pcapng. */
#include "backends/net_capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/pcapng.h"

#define NS_PER_SECOND UINT64_C(1000000000)

struct net_capture {
    struct net_through ends;
    const struct timeline *timeline;
    uint64_t start_ns;
    const char *path;
    FILE *file; /* NULL: the disk was full */
};

static void write_block(struct net_capture *capture, const struct pcapng_block *block)
{
    if (!capture->file || fwrite(block->bytes, 1, block->used, capture->file) == block->used)
        return;
    fprintf(stderr, "vitrine: warning: pcap=%s: %s; the run goes on without it\n", capture->path,
            strerror(errno));
    fclose(capture->file);
    capture->file = NULL;
}

static void write_head(struct net_capture *capture, const char *name)
{
    struct pcapng_block block;
    pcapng_section(&block);
    write_block(capture, &block);
    pcapng_interface(&block, PCAPNG_ETHERNET, name);
    write_block(capture, &block);
}

static void write_packet(struct net_capture *capture, uint32_t direction, const uint8_t *frame,
                         size_t bytes)
{
    const struct pcapng_packet packet = {
        .direction = direction,
        .ns = capture->start_ns + timeline_ns(capture->timeline, capture->timeline->now),
        .bytes = frame,
        .count = bytes};
    struct pcapng_block block;
    pcapng_packet(&block, &packet);
    write_block(capture, &block);
}

/* --- the cable ------------------------------------------------------------------------------------- */

static void from_nic(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_capture *capture = self;
    write_packet(capture, PCAPNG_OUTBOUND, frame, bytes);
    net_send(&capture->ends.far, frame, bytes, cause);
}

static void to_nic(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_capture *capture = self;
    write_packet(capture, PCAPNG_INBOUND, frame, bytes);
    net_send(&capture->ends.near, frame, bytes, cause);
}

enum status net_capture_open(struct net_capture **capture, const char *path, const char *name,
                             const struct timeline *timeline, uint64_t start_seconds,
                             struct error *error)
{
    struct net_capture *made = calloc(1, sizeof *made);
    *capture = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    made->file = fopen(path, "wb");
    if (!made->file) {
        free(made);
        return error_set(error, STATUS_FILE, "pcap=%s: %s; fix: a file in a folder that is there",
                         path, strerror(errno));
    }
    made->ends.near = (struct net_port){.name = name, .receive = from_nic, .self = made};
    made->ends.far = (struct net_port){.name = name, .receive = to_nic, .self = made};
    made->timeline = timeline;
    made->start_ns = start_seconds * NS_PER_SECOND;
    made->path = path;
    write_head(made, name);
    *capture = made;
    return STATUS_OK;
}

struct net_through *net_capture_ends(struct net_capture *capture)
{
    return &capture->ends;
}

void net_capture_close(struct net_capture *capture)
{
    if (!capture)
        return;
    if (capture->file && fclose(capture->file) != 0)
        fprintf(stderr, "vitrine: warning: pcap=%s: %s\n", capture->path, strerror(errno));
    free(capture);
}
