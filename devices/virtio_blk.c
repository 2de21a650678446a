/* A virtio block device (VIRTIO 1.1, 5.2): a disk by requests instead of registers.
 *
 *   queue 0   {type 4, reserved 4, sector 8} data ... {status 1}
 *                                    └ to the device (OUT) or from it (IN), whole sectors
 *
 * Four requests are under way at a time, each in pieces of up to 64 sectors, so that a notification
 * causes bounded work; the rest waits in the queue, whose driver is told not to notify meanwhile.
 *
 *   FREE ─ taken ─► SUBMITTED ─ the back-end is done ─► ANSWERED ─┬─ more sectors: SUBMITTED
 *                       ▲            no room ─► RETRY             └─ status, used ring: FREE
 *                       └───────────────────────┘
 *
 * As in an ATA drive the answer comes by an event, so that no interrupt comes from within the
 * notification, and only the back-end judges where a sector is: past the end is an I/O error.
 *
 * DISCARD and WRITE ZEROES are writes of zeros, which the back-end may keep as a hole.
 *
 * MISSING: several queues; seek and rotation take no time (a disk with
 * mechanics is an ATA drive). Clock: virtual time. Interrupt line: INTA#. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "bus/device_events.h"
#include "devices/types.h"
#include "devices/virtio_pci.h"

#define REQUESTS      4u
#define PIECE_SECTORS 64u
#define PIECE_BYTES   ((size_t)PIECE_SECTORS * SECTOR_BYTES)
#define HEADER_BYTES  16u
#define ID_BYTES      20u
#define CONFIG_BYTES  0x3Cu
#define RANGE_BYTES   16u      /* of DISCARD and WRITE ZEROES: sector 8, sectors 4, flags 4 */
#define RANGE_SECTORS 0x10000u /* at most, in one range; a request has one */
#define RANGE_ALIGNED 8u       /* sectors: what a file gives back */
#define DELAY_NS      1000u
#define RETRY_NS      UINT64_C(100000000) /* a full disk of the workstation is tried again */

enum blk_feature {
    BLK_F_SEG_MAX = 2,
    BLK_F_GEOMETRY = 4,
    BLK_F_RO = 5,
    BLK_F_BLK_SIZE = 6,
    BLK_F_FLUSH = 9,
    BLK_F_TOPOLOGY = 10,
    BLK_F_CONFIG_WCE = 11,
    BLK_F_DISCARD = 13,
    BLK_F_WRITE_ZEROES = 14
};
#define FEATURES                                                                                   \
    (VIRTIO_BIT(BLK_F_SEG_MAX) | VIRTIO_BIT(BLK_F_GEOMETRY) | VIRTIO_BIT(BLK_F_BLK_SIZE) |         \
     VIRTIO_BIT(BLK_F_FLUSH) | VIRTIO_BIT(BLK_F_TOPOLOGY) | VIRTIO_BIT(BLK_F_CONFIG_WCE) |         \
     VIRTIO_BIT(BLK_F_DISCARD) | VIRTIO_BIT(BLK_F_WRITE_ZEROES))
enum blk_type {
    BLK_IN = 0,
    BLK_OUT = 1,
    BLK_FLUSH = 4,
    BLK_GET_ID = 8,
    BLK_DISCARD = 11,
    BLK_WRITE_ZEROES = 13
};
enum blk_status { BLK_OK = 0, BLK_IOERR = 1, BLK_UNSUPP = 2 };
enum blk_phase {
    BLK_FREE,
    BLK_SUBMITTED,
    BLK_ANSWERED,
    BLK_RETRY,
    BLK_JUDGED /* its status is known, and nothing was asked of the back-end */
};

struct virtio_blk;
struct virtio_blk_request {
    struct virtqueue_chain chain;
    uint8_t phase, status;
    uint8_t op, result; /* asked of the back-end, and what it answered */
    uint64_t sector;    /* of the piece under way */
    uint64_t left;      /* sectors, from there on */
    uint32_t piece, done_sectors;
    uint64_t moved;            /* data bytes so far, in the chain */
    bool is_zeros, frees_room; /* nothing is in the chain: zeros are written, or holes made */
    uint64_t cause;
    uint8_t *bytes; /* of the piece */
    size_t piece_bytes;
    struct event event;
    /* Not saved: */
    struct virtio_blk *disk;
    struct block_request request;
};

struct virtio_blk {
    struct virtio_pci pci; /* first */
    struct virtio_blk_request requests[REQUESTS];
    bool is_write_back; /* the register; what holds is in writes_back() */
    /* Not saved: */
    struct block *block;
    struct block_geometry geometry;
    char serial[ID_BYTES + 1];
};

#define BLK_SINCE_2(member)                                                                        \
    {                                                                                              \
#member, STATE_UINT, 2, offsetof(struct virtio_blk_request, member), sizeof(bool), 1,      \
            NULL, 0                                                                                \
    }
static const struct state_field REQUEST_STATE[] = {
    STATE_STRUCT(struct virtio_blk_request, chain, VIRTQUEUE_CHAIN_STATE),
    STATE_ONE(struct virtio_blk_request, phase),
    STATE_ONE(struct virtio_blk_request, status),
    STATE_ONE(struct virtio_blk_request, op),
    STATE_ONE(struct virtio_blk_request, result),
    STATE_ONE(struct virtio_blk_request, sector),
    STATE_ONE(struct virtio_blk_request, left),
    STATE_ONE(struct virtio_blk_request, piece),
    STATE_ONE(struct virtio_blk_request, done_sectors),
    STATE_ONE(struct virtio_blk_request, moved),
    BLK_SINCE_2(is_zeros),
    BLK_SINCE_2(frees_room),
    STATE_REBUILT(struct virtio_blk_request, cause),
    STATE_BYTES(struct virtio_blk_request, bytes, piece_bytes),
    STATE_REBUILT(struct virtio_blk_request, piece_bytes),
    STATE_TIMER(struct virtio_blk_request, event),
    STATE_REBUILT(struct virtio_blk_request, disk),
    STATE_REBUILT(struct virtio_blk_request, request),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_STRUCT(struct virtio_blk, pci, VIRTIO_PCI_STATE),
    STATE_STRUCTS(struct virtio_blk, requests, REQUEST_STATE),
    STATE_ONE(struct virtio_blk, is_write_back),
    STATE_REBUILT(struct virtio_blk, block),
    STATE_REBUILT(struct virtio_blk, geometry),
    STATE_REBUILT(struct virtio_blk, serial),
    STATE_TABLE_END,
};

static struct virtio *virtio_of(const struct virtio_blk_request *r)
{
    return &r->disk->pci.virtio;
}

static void later(struct virtio_blk_request *r, enum blk_phase phase, uint64_t delay_ns)
{
    r->phase = (uint8_t)phase;
    event_arm(&r->event, clock_after_ns(virtio_of(r)->device.env->clock, delay_ns));
}

/* The request ends with this status, which the driver sees a little later. */
static void judge(struct virtio_blk_request *r, enum blk_status status)
{
    r->status = (uint8_t)status;
    later(r, BLK_JUDGED, DELAY_NS);
}

/* --- the back-end ---------------------------------------------------------------------------- */

static void completed(struct block_request *request)
{
    struct virtio_blk_request *r = request->owner;
    if (r->phase != BLK_SUBMITTED)
        return; /* it was reset meanwhile */
    r->result = (uint8_t)request->result;
    r->done_sectors = request->done_sectors;
    later(r, BLK_ANSWERED, DELAY_NS);
}

/* (Again) what op, sector and piece say. */
static void submit(struct virtio_blk_request *r)
{
    struct block *block = r->disk->block;
    r->request = (struct block_request){.op = (enum block_op)r->op,
                                        .at = {.lba = r->sector},
                                        .sectors = r->op == BLOCK_FLUSH ? 0 : r->piece,
                                        .bytes = r->bytes,
                                        .result = BLOCK_PENDING,
                                        .frees_room = r->op == BLOCK_WRITE && r->frees_room,
                                        .cause = r->cause,
                                        .complete = completed,
                                        .owner = r};
    r->phase = BLK_SUBMITTED;
    if (block) {
        device_show_disk(&r->disk->pci.virtio.device, &r->request, NULL);
        block->ops->submit(block, &r->request);
    } else { /* an empty device: of no sectors */
        r->request.result = r->op == BLOCK_FLUSH ? BLOCK_OK : BLOCK_RANGE;
        completed(&r->request);
    }
}

static void submit_piece(struct virtio_blk_request *r)
{
    r->piece = (uint32_t)(r->left < PIECE_SECTORS ? r->left : PIECE_SECTORS);
    if (r->op == BLOCK_WRITE && !r->is_zeros &&
        !virtqueue_read(virtio_of(r), &r->chain, HEADER_BYTES + r->moved, r->bytes,
                        (size_t)r->piece * SECTOR_BYTES))
        r->phase = BLK_FREE;
    else
        submit(r);
}

/* 5.2.5.1, 5.2.6.2: without FLUSH nobody could ask for stable storage, so every write goes there. */
static bool writes_back(const struct virtio_blk *b)
{
    if (virtio_has(&b->pci.virtio, BLK_F_CONFIG_WCE))
        return b->is_write_back;
    return virtio_has(&b->pci.virtio, BLK_F_FLUSH);
}

/* --- the driver's requests ------------------------------------------------------------------- */

static void begin_transfer(struct virtio_blk_request *r, enum block_op op, uint64_t bytes)
{
    r->op = (uint8_t)op;
    r->left = bytes / SECTOR_BYTES;
    if (bytes % SECTOR_BYTES) {
        device_guest_error(&virtio_of(r)->device, "%llu bytes are no whole sectors",
                           (unsigned long long)bytes);
        judge(r, BLK_IOERR);
    } else if (r->left == 0) {
        judge(r, BLK_OK);
    } else {
        submit_piece(r);
    }
}

/* 5.2.6: one range. What its flags ask for besides unmap, or unmap of a DISCARD, is not supported. */
static void begin_range(struct virtio_blk_request *r, bool is_discard)
{
    uint8_t range[RANGE_BYTES];
    uint32_t sectors, flags;
    if (!virtio_has(virtio_of(r), is_discard ? BLK_F_DISCARD : BLK_F_WRITE_ZEROES)) {
        judge(r, BLK_UNSUPP);
        return;
    }
    if (r->chain.readable_bytes != HEADER_BYTES + RANGE_BYTES) {
        judge(r, BLK_IOERR);
        return;
    }
    if (!virtqueue_read(virtio_of(r), &r->chain, HEADER_BYTES, range, sizeof range))
        return;
    r->sector = load_le64(range);
    sectors = load_le32(range + 8);
    flags = load_le32(range + 12);
    if (flags > 1 || (is_discard && flags)) {
        judge(r, BLK_UNSUPP);
    } else if (sectors > RANGE_SECTORS || r->disk->geometry.total < sectors ||
               r->sector > r->disk->geometry.total - sectors) {
        judge(r, BLK_IOERR);
    } else {
        r->is_zeros = true;
        r->frees_room = is_discard || flags;
        memset(r->bytes, 0, r->piece_bytes);
        begin_transfer(r, BLOCK_WRITE, (uint64_t)sectors * SECTOR_BYTES);
    }
}

static void answer_id(struct virtio_blk_request *r)
{
    uint64_t room = r->chain.writable_bytes - 1;
    size_t count = room < ID_BYTES ? (size_t)room : ID_BYTES;
    if (count && !virtqueue_write(virtio_of(r), &r->chain, 0, r->disk->serial, count))
        return;
    r->moved = count;
    judge(r, BLK_OK);
}

static void begin(struct virtio_blk_request *r)
{
    struct virtio *v = virtio_of(r);
    uint8_t header[HEADER_BYTES];
    if (r->chain.readable_bytes < HEADER_BYTES || r->chain.writable_bytes < 1) {
        virtio_fail(v, "a request without its header or its status");
        return;
    }
    if (!virtqueue_read(v, &r->chain, 0, header, sizeof header))
        return;
    r->sector = load_le64(header + 8);
    r->moved = 0;
    r->left = 0;
    r->is_zeros = r->frees_room = false;
    r->cause = v->queues[0].cause;
    switch (load_le32(header)) {
    case BLK_IN: begin_transfer(r, BLOCK_READ, r->chain.writable_bytes - 1); break;
    case BLK_OUT: begin_transfer(r, BLOCK_WRITE, r->chain.readable_bytes - HEADER_BYTES); break;
    case BLK_FLUSH:
        r->op = BLOCK_FLUSH;
        submit(r);
        break;
    case BLK_GET_ID: answer_id(r); break;
    case BLK_DISCARD: begin_range(r, true); break;
    case BLK_WRITE_ZEROES: begin_range(r, false); break;
    default: judge(r, BLK_UNSUPP);
    }
}

/* Takes requests while there is room for them. */
static void serve(struct virtio_blk *b)
{
    struct virtio *v = &b->pci.virtio;
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct virtio_blk_request *r = &b->requests[i];
        if (r->phase != BLK_FREE)
            continue;
        if (!virtqueue_take(v, &v->queues[0], &r->chain)) {
            virtqueue_silence(v, &v->queues[0], false);
            return;
        }
        begin(r);
    }
    virtqueue_silence(v, &v->queues[0], true);
}

static void notified(struct virtio *v, struct virtqueue *queue)
{
    (void)queue;
    serve((struct virtio_blk *)&v->device);
}

/* 5.2.6: the status is the last byte. What was written counts it. */
static void finish(struct virtio_blk_request *r, enum blk_status status)
{
    struct virtio *v = virtio_of(r);
    struct virtqueue *queue = &v->queues[0];
    uint8_t byte = (uint8_t)status;
    uint64_t written = r->op == BLOCK_READ || r->phase == BLK_JUDGED ? r->moved : 0;
    r->phase = BLK_FREE;
    if (v->is_broken || !virtqueue_write(v, &r->chain, r->chain.writable_bytes - 1, &byte, 1))
        return;
    virtqueue_return(v, queue, 0, r->chain.head, (uint32_t)(written + 1));
    virtqueue_publish(v, queue, 1);
    serve(r->disk);
}

/* The piece is done, as `result` tells. */
static void answered(struct virtio_blk_request *r)
{
    size_t bytes = (size_t)r->piece * SECTOR_BYTES;
    bool is_good = r->result == BLOCK_OK && (r->op == BLOCK_FLUSH || r->done_sectors == r->piece);
    if (r->result == BLOCK_NO_SPACE) { /* nothing is lost: it stays under way */
        later(r, BLK_RETRY, RETRY_NS);
        return;
    }
    if (!is_good || r->op == BLOCK_FLUSH) {
        finish(r, is_good ? BLK_OK : BLK_IOERR);
        return;
    }
    if (r->op == BLOCK_READ &&
        !virtqueue_write(virtio_of(r), &r->chain, r->moved, r->bytes, bytes)) {
        r->phase = BLK_FREE;
        return;
    }
    r->moved += bytes;
    r->sector += r->piece;
    r->left -= r->piece;
    if (r->left) {
        submit_piece(r);
    } else if (r->op == BLOCK_WRITE && !writes_back(r->disk)) {
        r->op = BLOCK_FLUSH;
        submit(r);
    } else {
        finish(r, BLK_OK);
    }
}

static void request_event(void *self)
{
    struct virtio_blk_request *r = self;
    struct door *door = virtio_of(r)->device.env->door;
    door->cause = r->cause;
    switch ((enum blk_phase)r->phase) {
    case BLK_ANSWERED: answered(r); break;
    case BLK_RETRY: submit(r); break;
    case BLK_JUDGED: finish(r, (enum blk_status)r->status); break;
    case BLK_FREE:
    case BLK_SUBMITTED: break;
    }
    door->cause = 0;
}

/* --- registers ------------------------------------------------------------------------------- */

static void config_bytes(const struct virtio_blk *b, uint8_t *bytes)
{
    memset(bytes, 0, CONFIG_BYTES);
    store_le64(bytes, b->geometry.total);
    store_le32(bytes + 0x0C, VIRTQUEUE_SIZE_MAX - 2); /* header and status go with them */
    store_le16(bytes + 0x10,
               (uint16_t)(b->geometry.cylinders > 65535 ? 65535 : b->geometry.cylinders));
    bytes[0x12] = (uint8_t)b->geometry.heads;
    bytes[0x13] = (uint8_t)b->geometry.sectors;
    store_le32(bytes + 0x14, SECTOR_BYTES);
    store_le16(bytes + 0x1A, 1); /* the least that is sensible: a block */
    bytes[0x20] = b->is_write_back;
    store_le32(bytes + 0x24, RANGE_SECTORS);
    store_le32(bytes + 0x28, 1);
    store_le32(bytes + 0x2C, RANGE_ALIGNED);
    store_le32(bytes + 0x30, RANGE_SECTORS);
    store_le32(bytes + 0x34, 1);
    bytes[0x38] = 1;
}

static uint32_t config_peek(const void *self, const struct reg *row)
{
    uint8_t bytes[CONFIG_BYTES];
    config_bytes(self, bytes);
    return (uint32_t)load_le(bytes + virtio_config_offset(row), row->width);
}

static void writeback_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct virtio_blk *)self)->is_write_back = value & 1;
}

#define CONFIG_ROW(title, words, at, bytes, initial)                                               \
    {                                                                                              \
        .name = title, .meaning = words, .offset = (at), .width = (bytes), .access = REG_READ,     \
        .reset = (initial), .peek = config_peek, .section = "5.2.4"                                \
    }
#define CONFIG_ROWS(base)                                                                          \
    CONFIG_ROW("capacity", "sectors of 512 bytes, low half", (base), 4, 0),                        \
        CONFIG_ROW("capacity_high", "high half", (base) + 4, 4, 0),                                \
        CONFIG_ROW("size_max", "bytes of a segment; not offered", (base) + 8, 4, 0),               \
        CONFIG_ROW("seg_max", "segments of a request", (base) + 0x0C, 4, 126),                     \
        CONFIG_ROW("cylinders", "geometry", (base) + 0x10, 2, 0),                                  \
        CONFIG_ROW("heads", "geometry", (base) + 0x12, 1, 0),                                      \
        CONFIG_ROW("sectors", "geometry: of a track", (base) + 0x13, 1, 0),                        \
        CONFIG_ROW("blk_size", "bytes of a block", (base) + 0x14, 4, 512),                         \
        CONFIG_ROW("physical_block_exp", "blocks of a physical one, as a power of 2",              \
                   (base) + 0x18, 1, 0),                                                           \
        CONFIG_ROW("alignment_offset", "of the first physical block", (base) + 0x19, 1, 0),        \
        CONFIG_ROW("min_io_size", "blocks", (base) + 0x1A, 2, 1),                                  \
        CONFIG_ROW("opt_io_size", "blocks; 0: none is better", (base) + 0x1C, 4, 0),               \
        {.name = "writeback",                                                                      \
         .meaning = "1: writes are stable after a FLUSH, 0: at once",                              \
         .offset = (base) + 0x20,                                                                  \
         .width = 1,                                                                               \
         .access = REG_RW,                                                                         \
         .reset = 1,                                                                               \
         .writable = 1,                                                                            \
         .peek = config_peek,                                                                      \
         .write = writeback_write,                                                                 \
         .section = "5.2.5.1"},                                                                    \
        CONFIG_ROW("max_discard_sectors", "of a DISCARD", (base) + 0x24, 4, RANGE_SECTORS),        \
        CONFIG_ROW("max_discard_seg", "ranges of a DISCARD", (base) + 0x28, 4, 1),                 \
        CONFIG_ROW("discard_sector_alignment", "sectors that are given back together",             \
                   (base) + 0x2C, 4, RANGE_ALIGNED),                                               \
        CONFIG_ROW("max_write_zeroes_sectors", "of a WRITE ZEROES", (base) + 0x30, 4,              \
                   RANGE_SECTORS),                                                                 \
        CONFIG_ROW("max_write_zeroes_seg", "ranges of a WRITE ZEROES", (base) + 0x34, 4, 1),       \
        CONFIG_ROW("write_zeroes_may_unmap", "it may leave a hole", (base) + 0x38, 1, 1)

static const struct reg LEGACY_ROWS[] = {
    VIRTIO_LEGACY_ROWS((uint32_t)(FEATURES | VIRTIO_RING_FEATURES), VIRTQUEUE_SIZE_MAX),
    CONFIG_ROWS(VIRTIO_LEGACY_CONFIG), REG_ROWS_END};
static const struct reg MODERN_ROWS[] = {
    VIRTIO_NOTIFY_ROW(0),
    VIRTIO_MODERN_ROWS((uint32_t)((FEATURES | VIRTIO_RING_FEATURES) & ~VIRTIO_LEGACY_FEATURES), 1,
                       VIRTQUEUE_SIZE_MAX),
    CONFIG_ROWS(VIRTIO_MODERN_CONFIG), REG_ROWS_END};
static const struct reg_bank LEGACY_BANK = {"legacy", LEGACY_ROWS};
static const struct reg_bank MODERN_BANK = {"modern", MODERN_ROWS};
static const struct reg_bank *const BANKS[] = {&VIRTIO_PCI_CONFIG_BANK, &LEGACY_BANK, &MODERN_BANK,
                                               NULL};

/* --- in words -------------------------------------------------------------------------------- */

static void transfer_text(const char *what, uint64_t bytes, uint64_t sector, char *text,
                          size_t size)
{
    unsigned long long sectors = bytes / SECTOR_BYTES;
    snprintf(text, size, "%s %llu sector%s at %llu", what, sectors, sectors == 1 ? "" : "s",
             (unsigned long long)sector);
}

static void range_text(const char *what, const uint8_t *range, char *text, size_t size)
{
    transfer_text(what, (uint64_t)load_le32(range + 8) * SECTOR_BYTES, load_le64(range), text,
                  size);
}

/* "READ 8 sectors at 4096". */
static void describe_chain(const struct virtio *v, const struct virtqueue *queue,
                           const struct virtqueue_chain *chain, char *text, size_t size)
{
    uint8_t header[HEADER_BYTES + RANGE_BYTES] = {0};
    (void)queue;
    if (virtqueue_peek_bytes(v, chain, header, sizeof header) < HEADER_BYTES ||
        chain->writable_bytes < 1) {
        snprintf(text, size, "no request");
        return;
    }
    switch (load_le32(header)) {
    case BLK_IN:
        transfer_text("READ", chain->writable_bytes - 1, load_le64(header + 8), text, size);
        break;
    case BLK_OUT:
        transfer_text("WRITE", chain->readable_bytes - HEADER_BYTES, load_le64(header + 8), text,
                      size);
        break;
    case BLK_FLUSH: snprintf(text, size, "FLUSH"); break;
    case BLK_GET_ID: snprintf(text, size, "GET ID"); break;
    case BLK_DISCARD: range_text("DISCARD", header + HEADER_BYTES, text, size); break;
    case BLK_WRITE_ZEROES: range_text("WRITE ZEROES", header + HEADER_BYTES, text, size); break;
    default: snprintf(text, size, "request %Xh", (unsigned)load_le32(header));
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static void drop_requests(struct virtio *v)
{
    struct virtio_blk *b = (struct virtio_blk *)&v->device;
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct virtio_blk_request *r = &b->requests[i];
        bool is_out = r->phase == BLK_SUBMITTED;
        r->phase = BLK_FREE;
        event_disarm(&r->event);
        if (is_out && b->block)
            b->block->ops->cancel(b->block, &r->request);
        r->request.result = BLOCK_OK;
    }
    b->is_write_back = true;
}

static const char *const QUEUES[] = {"requests", NULL};
static const struct virtio_feature FEATURE_NAMES[] = {
    {BLK_F_SEG_MAX,      "SEG_MAX"     },
    {BLK_F_GEOMETRY,     "GEOMETRY"    },
    {BLK_F_RO,           "RO"          },
    {BLK_F_BLK_SIZE,     "BLK_SIZE"    },
    {BLK_F_FLUSH,        "FLUSH"       },
    {BLK_F_TOPOLOGY,     "TOPOLOGY"    },
    {BLK_F_CONFIG_WCE,   "CONFIG_WCE"  },
    {BLK_F_DISCARD,      "DISCARD"     },
    {BLK_F_WRITE_ZEROES, "WRITE_ZEROES"},
    {0,                  NULL          }
};
static const struct virtio_ops OPS = {QUEUES, FEATURE_NAMES, notified, drop_requests,
                                      describe_chain};

static const struct device_option OPTIONS[] = {
    VIRTIO_PCI_OPTIONS("0x38"),
    {"serial", "", "what GET ID answers, up to 20 characters; empty: the instance's name", 0, 0},
    DEVICE_OPTIONS_END
};

static enum status init_requests(struct virtio_blk *b, const struct device_config *config,
                                 struct error *error)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct virtio_blk_request *r = &b->requests[i];
        r->disk = b;
        event_init(&r->event, config->env->clock, "virtio-blk request", request_event, r);
        r->piece_bytes = PIECE_BYTES;
        r->bytes = calloc(1, PIECE_BYTES);
        if (!r->bytes)
            return error_set(error, STATUS_INTERNAL, "out of memory for %s", config->name);
    }
    return STATUS_OK;
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const uint16_t SIZES[] = {VIRTQUEUE_SIZE_MAX};
    static const struct virtio_pci_identity IDENTITY = {0x010000, &LEGACY_BANK, &MODERN_BANK, 128};
    struct virtio_blk *b = (struct virtio_blk *)device;
    const char *serial = device_text(&VIRTIO_BLK_TYPE, config, "serial");
    enum status status = init_requests(b, config, error);
    uint64_t features = FEATURES;
    if (status != STATUS_OK)
        return status;
    b->block = config->block[0];
    if (b->block)
        b->block->ops->geometry(b->block, &b->geometry);
    if (b->block && b->block->is_read_only)
        features |= VIRTIO_BIT(BLK_F_RO);
    snprintf(b->serial, sizeof b->serial, "%s", serial[0] ? serial : config->name);
    virtio_init(&b->pci.virtio, &OPS, 2, features, SIZES);
    return virtio_pci_init(&b->pci, config, &IDENTITY, error);
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct virtio_blk *b = (struct virtio_blk *)device;
    virtio_pci_reset(&b->pci);
    if (kind == RESET_HARD)
        return;
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct virtio_blk_request *r = &b->requests[i];
        memset(&r->chain, 0, sizeof r->chain);
        memset(r->bytes, 0, r->piece_bytes);
        r->status = r->op = r->result = 0;
        r->sector = r->left = r->moved = r->cause = 0;
        r->piece = r->done_sectors = 0;
        r->is_zeros = r->frees_room = false;
    }
}

static void fini(struct device *device)
{
    struct virtio_blk *b = (struct virtio_blk *)device;
    virtio_pci_fini(&b->pci);
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (b->requests[i].disk)
            event_fini(&b->requests[i].event);
        free(b->requests[i].bytes);
    }
}

/* What was under way is asked for again: a read gives the same, a write leaves the same. */
static void loaded(struct device *device)
{
    struct virtio_blk *b = (struct virtio_blk *)device;
    virtio_pci_loaded(&b->pci);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct virtio_blk_request *r = &b->requests[i];
        if (b->block && r->request.complete && r->request.result == BLOCK_PENDING)
            b->block->ops->cancel(b->block, &r->request);
        r->request.result = BLOCK_OK;
        if (r->phase == BLK_SUBMITTED)
            submit(r);
    }
}

const struct device_type VIRTIO_BLK_TYPE = {
    .name = "virtio-blk",
    .title = "Virtio block device (PCI)",
    .datasheet = "Virtual I/O Device (VIRTIO) 1.1, OASIS Committee Specification 01, 11 April 2019",
    .missing = "MSI-X: vectors read FFFFh, INTA# is used\n"
               "several queues, packed queues\n"
               "seek and rotation: a request takes what its back-end takes",
    .size = sizeof(struct virtio_blk),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = virtio_pci_describe,
    .loaded = loaded,
};
