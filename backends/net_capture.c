/* A cable with a listener, written as pcapng.
 *
 * Specification: draft-ietf-opsawg-pcapng: sections 4.1 (Section Header Block), 4.2 (Interface
 * Description Block), 4.3 (Enhanced Packet Block). Every block is {type, length, body, length} in
 * multiples of four bytes; options are {code, length, value padded to four}. */
#include "backends/net_capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define BLOCK_SECTION     0x0A0D0D0Au
#define BLOCK_INTERFACE   1u
#define BLOCK_PACKET      6u
#define BYTE_ORDER_MAGIC  0x1A2B3C4Du
#define LINKTYPE_ETHERNET 1u
#define OPTION_END        0u
#define OPTION_IF_NAME    2u
#define OPTION_IF_TSRESOL 9u
#define OPTION_EPB_FLAGS  2u
#define NANOSECONDS       9u /* if_tsresol: units of 10^-9 s */
#define INBOUND           1u
#define OUTBOUND          2u
#define NS_PER_SECOND     UINT64_C(1000000000)
#define BLOCK_BYTES       (NET_FRAME_MAX + 64u)
#define NAME_BYTES        64u

struct net_capture {
    struct net_through ends;
    const struct timeline *timeline;
    uint64_t start_ns;
    const char *path;
    FILE *file; /* NULL: the disk was full */
};

/* A block that is being put together. */
struct block {
    uint8_t bytes[BLOCK_BYTES];
    size_t used;
};

static void put32(struct block *block, uint32_t value)
{
    store_le32(block->bytes + block->used, value);
    block->used += 4;
}

static void put_padded(struct block *block, const void *bytes, size_t count)
{
    memcpy(block->bytes + block->used, bytes, count);
    block->used += count;
    while (block->used % 4)
        block->bytes[block->used++] = 0;
}

static void put_option(struct block *block, uint32_t code, const void *bytes, size_t count)
{
    put32(block, code | (uint32_t)count << 16);
    put_padded(block, bytes, count);
}

static void begin(struct block *block, uint32_t type)
{
    block->used = 0;
    put32(block, type);
    put32(block, 0); /* the length, known at the end */
}

static void end(struct net_capture *capture, struct block *block)
{
    put32(block, OPTION_END);
    store_le32(block->bytes + 4, (uint32_t)block->used + 4);
    put32(block, (uint32_t)block->used + 4);
    if (!capture->file || fwrite(block->bytes, 1, block->used, capture->file) == block->used)
        return;
    fprintf(stderr, "vitrine: warning: pcap=%s: %s; the run goes on without it\n", capture->path,
            strerror(errno));
    fclose(capture->file);
    capture->file = NULL;
}

static void write_head(struct net_capture *capture, const char *name)
{
    static const uint8_t RESOLUTION = NANOSECONDS,
                         UNKNOWN_LENGTH[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    size_t length = strlen(name);
    struct block block;
    begin(&block, BLOCK_SECTION);
    put32(&block, BYTE_ORDER_MAGIC);
    put32(&block, 1); /* version 1.0 */
    put_padded(&block, UNKNOWN_LENGTH, sizeof UNKNOWN_LENGTH);
    end(capture, &block);
    begin(&block, BLOCK_INTERFACE);
    put32(&block, LINKTYPE_ETHERNET);
    put32(&block, 0); /* no limit of the captured length */
    put_option(&block, OPTION_IF_NAME, name, length < NAME_BYTES ? length : NAME_BYTES);
    put_option(&block, OPTION_IF_TSRESOL, &RESOLUTION, 1);
    end(capture, &block);
}

static void write_packet(struct net_capture *capture, uint32_t direction, const uint8_t *frame,
                         size_t bytes)
{
    uint64_t ns = capture->start_ns + timeline_ns(capture->timeline, capture->timeline->now);
    size_t kept = bytes < NET_FRAME_MAX ? bytes : NET_FRAME_MAX;
    uint8_t flags[4];
    struct block block;
    store_le32(flags, direction);
    begin(&block, BLOCK_PACKET);
    put32(&block, 0); /* the interface */
    put32(&block, (uint32_t)(ns >> 32));
    put32(&block, (uint32_t)ns);
    put32(&block, (uint32_t)kept);
    put32(&block, (uint32_t)bytes);
    put_padded(&block, frame, kept);
    put_option(&block, OPTION_EPB_FLAGS, flags, sizeof flags);
    end(capture, &block);
}

/* --- the cable ------------------------------------------------------------------------------------- */

static void from_nic(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_capture *capture = self;
    write_packet(capture, OUTBOUND, frame, bytes);
    net_send(&capture->ends.far, frame, bytes, cause);
}

static void to_nic(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_capture *capture = self;
    write_packet(capture, INBOUND, frame, bytes);
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
