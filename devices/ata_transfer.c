/* How a disk moves data: requests to the back-end, and what the host sees of them.
 *
 * PIO data-in and data-out, as the host sees them (ATA/ATAPI-6 d1410r3b, 9.7, 9.8; each /\ is an
 * INTRQ):
 *
 *   in   command  BSY ─────── DRQ  data  BSY ── DRQ  data  ready
 *                          /\               /\
 *   out  command  DRQ  data  BSY ── DRQ  data  BSY ── ready
 *                                /\               /\
 *
 * By DMA (9.10) there is no block and one INTRQ, at the end; DMARQ stands for DRQ, and the bus master
 * engine moves the data when it has been started:
 *
 *   DMA  command  BSY ── DMARQ ~~~~~ BSY ── DMARQ ~~~~~ ready
 *                                                   /\
 *
 * Up to 16 sectors are one request to the back-end. Only the back-end judges the cylinder or the
 * LBA. Even what is there at once ends a little later, by an event, so that no interrupt comes from
 * within the command's own write. */
#include <string.h>

#include "base/bits.h"
#include "bus/device_events.h"
#include "devices/ata_internal.h"

#define RETRY_NS UINT64_C(100000000) /* a full disk of the workstation is tried again */

static struct clock *clock_of(const struct ata_drive *d)
{
    return d->channel->device.env->clock;
}

/* --- ending ---------------------------------------------------------------------------------- */

static void raise_irq(struct ata_drive *d)
{
    d->irq_pending = true;
    ata_update_irq(d->channel);
}

/* DSC is a disk's; the bit is SERV of a packet device, which never asks for service. After
 * diagnostics that one shows its signature, with DRDY clear (9.12). */
static uint8_t ready(const struct ata_drive *d)
{
    if (d->is_packet)
        return d->command == ATA_DIAGNOSTICS ? 0x00 : ATA_DRDY;
    return ATA_READY;
}

void ata_finish(struct ata_drive *d)
{
    d->phase = ATA_IDLE;
    d->status = ready(d);
    if (atapi_is_active(d))
        atapi_ready(d);
    ata_standby_restart(d);
    raise_irq(d);
}

void ata_finish_error(struct ata_drive *d, uint8_t error)
{
    d->error = error;
    ata_finish(d);
    d->status |= ATA_ERR;
}

void ata_later(struct ata_drive *d, enum ata_then then, uint64_t delay_ns)
{
    d->phase = ATA_BUSY;
    d->status = ATA_BSY;
    d->then = (uint8_t)then;
    event_arm(&d->event, clock_after_ns(clock_of(d), delay_ns));
}

void ata_done_later(struct ata_drive *d)
{
    ata_later(d, ATA_THEN_DONE, d->channel->delay_ns);
}

void ata_fail_later(struct ata_drive *d, uint8_t error)
{
    d->error = error;
    ata_later(d, ATA_THEN_FAIL, d->channel->delay_ns);
}

/* --- requests -------------------------------------------------------------------------------- */

static void request_complete(struct block_request *request)
{
    struct ata_drive *d = request->owner;
    uint64_t now = clock_now(clock_of(d));
    if (!d->is_request_out)
        return; /* the drive was reset meanwhile */
    d->is_request_out = false;
    d->result = (uint8_t)request->result;
    d->done_sectors =
        request->done_sectors < d->request_sectors ? request->done_sectors : d->request_sectors;
    if (d->result == BLOCK_OK && d->done_sectors < d->request_sectors)
        d->result = BLOCK_RANGE; /* SET MAX ADDRESS ends here */
    ata_smart_note_request(d);
    d->then = ATA_THEN_REQUEST;
    event_arm(&d->event, d->ready_when > now ? d->ready_when : now + 1);
}

/* What SET MAX ADDRESS leaves of the request: all, unless it was used. */
static uint32_t sectors_within(const struct ata_drive *d)
{
    uint64_t end = ata_reachable(d);
    if (end == d->geometry.total || d->position + d->request_sectors <= end)
        return d->request_sectors;
    return d->position < end ? (uint32_t)(end - d->position) : 0;
}

void ata_submit(struct ata_drive *d)
{
    struct block_geometry g = ata_translation(d);
    struct block_request *request = &d->request;
    memset(request, 0, sizeof *request);
    request->op = (enum block_op)d->request_op;
    request->at.lba = d->position;
    /* In the drive's own geometry the back-end is told C/H/S, as the host said it. */
    if (!d->is_lba && g.heads == d->geometry.heads && g.sectors == d->geometry.sectors)
        request->at = block_lba_to_chs(&g, d->position);
    request->sectors = sectors_within(d);
    request->bytes = d->buffer;
    request->result = BLOCK_PENDING;
    request->cause = d->cause;
    request->complete = request_complete;
    request->owner = d;
    d->is_request_out = true;
    if (request->sectors == 0 && d->request_sectors) { /* nothing of it can be reached */
        request->result = BLOCK_RANGE;
        request_complete(request);
    } else {
        device_show_disk(&d->channel->device, request, d->is_packet ? NULL : &d->geometry);
        d->block->ops->submit(d->block, request);
    }
}

/* Begins a request for sectors at `position`, as one step of the command. */
static void begin_request(struct ata_drive *d, enum block_op op, uint32_t sectors)
{
    struct ata *channel = d->channel;
    uint64_t delay_ns = channel->delay_ns;
    d->phase = ATA_BUSY;
    d->status = ATA_BSY;
    d->request_op = (uint8_t)op;
    d->request_sectors = sectors;
    if (door_cause(channel->device.env->door)) /* else it goes on with what the command began */
        d->cause = door_cause(channel->device.env->door);
    if (d->is_realistic && sectors && !d->is_packet)
        delay_ns += disk_mechanics_request(&d->mechanics, &d->geometry, d->position,
                                           ata_is_seek(d->command) ? 0 : sectors,
                                           clock_ns(clock_of(d)));
    if (sectors)
        d->mechanics.is_stopped = false;
    d->ready_when = clock_after_ns(clock_of(d), delay_ns);
    ata_submit(d);
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

static uint8_t error_of(enum block_result result)
{
    switch (result) {
    case BLOCK_RANGE: return ATA_IDNF;
    case BLOCK_READ_ERROR: return ATA_UNC;
    case BLOCK_WRITE_ERROR:
    case BLOCK_READ_ONLY:
    case BLOCK_NO_SPACE:
    case BLOCK_PENDING:
    case BLOCK_OK: break;
    }
    return ATA_ABRT;
}

/* --- DMA ------------------------------------------------------------------------------------- */

static void dma_taken(struct ata_drive *d);

/* The engine takes or gives what it can now; the rest waits for ata_dma_go_on(). */
static void dma_move(struct ata_drive *d)
{
    struct dma_channel *dma = &d->channel->dma;
    struct door *door = d->channel->device.env->door;
    bool is_in = d->phase == ATA_DMA_IN, is_terminal;
    if (!dma->transfer)
        return;
    door->cause = d->cause;
    d->at += (uint32_t)dma->transfer(dma->controller, dma->channel, d->buffer + d->at,
                                     d->end - d->at, is_in, &is_terminal);
    if (d->at == d->end && is_in)
        dma_taken(d);
    else if (d->at == d->end && atapi_is_active(d))
        atapi_list_block_written(d);
    else if (d->at == d->end)
        begin_request(d, BLOCK_WRITE, d->end / SECTOR_BYTES);
    door->cause = 0;
}

static void dma_request(struct ata_drive *d, enum ata_phase phase, uint32_t bytes)
{
    d->at = 0;
    d->end = bytes;
    d->phase = (uint8_t)phase;
    d->status = ready(d) | ATA_DRQ;
    dma_move(d);
}

void ata_dma_go_on(struct ata_drive *d)
{
    if (d->phase != ATA_DMA_IN && d->phase != ATA_DMA_OUT)
        return;
    d->then = ATA_THEN_DMA;
    event_arm(&d->event, clock_after_ns(clock_of(d), d->channel->delay_ns));
}

/* --- data in --------------------------------------------------------------------------------- */

void ata_read_media(struct ata_drive *d)
{
    d->at = d->end = d->filled = 0;
    begin_request(d, BLOCK_READ, at_most(d->remaining, ATA_MULTIPLE_MAX));
}

void ata_show_block(struct ata_drive *d, uint32_t end)
{
    d->end = end;
    d->phase = ATA_DATA_IN;
    d->status = ready(d) | ATA_DRQ;
    raise_irq(d);
}

void ata_ask_block(struct ata_drive *d, uint32_t end)
{
    d->end = end;
    d->phase = ATA_DATA_OUT;
    d->status = ready(d) | ATA_DRQ;
    raise_irq(d);
}

static void show_block(struct ata_drive *d)
{
    uint32_t sectors;
    if (atapi_is_active(d)) {
        atapi_show_block(d);
        return;
    }
    sectors = at_most((d->filled - d->at) / SECTOR_BYTES, d->block_sectors);
    if (d->is_media) {
        d->position += sectors;
        d->remaining -= sectors;
        ata_put_address(d, d->position - 1, d->remaining);
    }
    ata_show_block(d, d->at + sectors * SECTOR_BYTES);
}

static void fail_at(struct ata_drive *d)
{
    if (atapi_is_active(d)) {
        atapi_media_error(d);
        return;
    }
    ata_put_address(d, d->position, d->remaining);
    ata_finish_error(d, error_of((enum block_result)d->result));
    if (d->result == BLOCK_READ_ERROR || d->result == BLOCK_WRITE_ERROR)
        ata_smart_note_error(d);
}

static void read_done(struct ata_drive *d)
{
    d->at = 0;
    d->filled = d->done_sectors * SECTOR_BYTES;
    if (!d->filled)
        fail_at(d);
    else if (d->is_dma)
        dma_request(d, ATA_DMA_IN, d->filled);
    else
        show_block(d);
}

/* The host has what the buffer held of the medium. */
static void advance(struct ata_drive *d)
{
    d->position += d->filled / SECTOR_BYTES;
    d->remaining -= d->filled / SECTOR_BYTES;
}

/* What the engine took is in memory. */
static void dma_taken(struct ata_drive *d)
{
    if (!d->is_media) {
        ata_finish(d);
        return;
    }
    advance(d);
    if (d->result != BLOCK_OK) {
        fail_at(d);
    } else if (d->remaining) {
        ata_read_media(d);
    } else {
        if (!atapi_is_active(d))
            ata_put_address(d, d->position - 1, 0);
        ata_finish(d);
    }
}

static void block_read(struct ata_drive *d)
{
    bool is_packet = atapi_is_active(d);
    if (d->at == d->filled && d->is_media && is_packet) /* a disk counts when it shows a block */
        advance(d);
    if (d->at < d->filled)
        ata_later(d, ATA_THEN_DATA, d->channel->delay_ns);
    else if (d->is_media && d->result != BLOCK_OK)
        ata_later(d, ATA_THEN_REQUEST, d->channel->delay_ns);
    else if (d->is_media && d->remaining)
        ata_read_media(d);
    else if (is_packet)
        ata_done_later(d); /* 9.9: its end interrupts once more */
    else {
        d->phase = ATA_IDLE;
        d->status = ready(d);
        ata_standby_restart(d);
    }
}

void ata_show(struct ata_drive *d, uint32_t bytes)
{
    d->is_media = false;
    d->at = 0;
    d->filled = bytes;
    d->block_sectors = 1;
    ata_later(d, d->is_dma ? ATA_THEN_DMA : ATA_THEN_DATA, d->channel->delay_ns);
}

/* --- data out -------------------------------------------------------------------------------- */

void ata_take(struct ata_drive *d, uint32_t bytes)
{
    d->is_media = false;
    d->at = 0;
    d->end = bytes;
    d->phase = ATA_DATA_OUT;
    d->status = ready(d) | ATA_DRQ;
}

static uint32_t bytes_wanted(const struct ata_drive *d)
{
    return at_most(d->remaining, d->block_sectors) * SECTOR_BYTES;
}

void ata_write_media(struct ata_drive *d)
{
    if (d->is_dma) {
        d->filled = 0; /* the data come from the host */
        ata_later(d, ATA_THEN_DMA, d->channel->delay_ns);
        return;
    }
    d->at = 0;
    d->end = bytes_wanted(d);
    d->phase = ATA_DATA_OUT;
    d->status = ready(d) | ATA_DRQ;
}

static void write_done(struct ata_drive *d)
{
    d->position += d->done_sectors;
    d->remaining -= at_most(d->done_sectors, d->remaining);
    if (d->result != BLOCK_OK) {
        fail_at(d);
        return;
    }
    ata_put_address(d, d->position - 1, d->remaining);
    if (d->remaining == 0) {
        if (d->has_write_cache)
            ata_finish(d);
        else /* 8.46: the data are on the medium before the command ends */
            ata_flush_media(d);
        return;
    }
    ata_write_media(d);
    if (!d->is_dma)
        raise_irq(d);
}

void ata_verify_media(struct ata_drive *d)
{
    begin_request(d, BLOCK_VERIFY, at_most(d->remaining, ATA_MULTIPLE_MAX));
}

static void verify_done(struct ata_drive *d)
{
    d->position += d->done_sectors;
    d->remaining -= at_most(d->done_sectors, d->remaining);
    if (d->result != BLOCK_OK)
        fail_at(d);
    else if (d->remaining)
        ata_verify_media(d);
    else {
        ata_put_address(d, d->position - 1, 0);
        ata_finish(d);
    }
}

void ata_flush_media(struct ata_drive *d)
{
    d->is_media = false;
    begin_request(d, BLOCK_FLUSH, 0);
}

/* --- steps ----------------------------------------------------------------------------------- */

static void request_done(struct ata_drive *d)
{
    if (d->result == BLOCK_NO_SPACE) { /* nothing is lost: the drive stays busy and tries again */
        ata_later(d, ATA_THEN_RETRY, RETRY_NS);
        return;
    }
    switch ((enum block_op)d->request_op) {
    case BLOCK_READ: read_done(d); break;
    case BLOCK_WRITE: write_done(d); break;
    case BLOCK_VERIFY: verify_done(d); break;
    case BLOCK_FLUSH:
        if (d->result == BLOCK_OK)
            ata_finish(d);
        else
            ata_finish_error(d, ATA_ABRT);
        break;
    }
}

static void go_on(struct ata_drive *d)
{
    switch ((enum ata_then)d->then) {
    case ATA_THEN_DONE: ata_finish(d); break;
    case ATA_THEN_FAIL: ata_finish_error(d, d->error); break;
    case ATA_THEN_DATA: show_block(d); break;
    case ATA_THEN_RETRY: ata_submit(d); break;
    case ATA_THEN_DMA:
        if (d->phase == ATA_BUSY && d->filled)
            dma_request(d, ATA_DMA_IN, d->filled);
        else if (d->phase == ATA_BUSY)
            dma_request(d, ATA_DMA_OUT, atapi_is_active(d) ? d->list_bytes : bytes_wanted(d));
        else
            dma_move(d);
        break;
    case ATA_THEN_REQUEST:
        if (d->is_media && d->request_op == BLOCK_READ && d->filled && d->at == d->filled)
            fail_at(d); /* the good sectors were taken; now the one after them */
        else
            request_done(d);
        break;
    }
}

/* What the drive does by itself comes from the access that gave the command. */
void ata_drive_event(void *self)
{
    struct ata_drive *d = self;
    struct door *door = d->channel->device.env->door;
    if (d->phase == ATA_RESETTING) {
        ata_drive_signature(d);
        return;
    }
    door->cause = d->cause;
    go_on(d);
    door->cause = 0;
}

void ata_block_moved(struct ata_drive *d)
{
    if (d->phase == ATA_DATA_IN)
        block_read(d);
    else if (d->phase == ATA_DATA_OUT && atapi_is_active(d) && d->list_bytes)
        atapi_list_block_written(d);
    else if (d->phase == ATA_DATA_OUT && atapi_is_active(d))
        atapi_packet_written(d);
    else if (d->phase == ATA_DATA_OUT && !d->is_media)
        ata_smart_log_written(d);
    else if (d->phase == ATA_DATA_OUT)
        begin_request(d, BLOCK_WRITE, d->end / SECTOR_BYTES);
}

void ata_drive_stop(struct ata_drive *d)
{
    ata_self_test_reset(d);
    if (d->is_request_out) {
        d->is_request_out = false;
        d->block->ops->cancel(d->block, &d->request);
        d->request.result = BLOCK_OK;
    }
    event_disarm(&d->event);
    d->phase = ATA_IDLE;
    d->at = d->end = d->filled = 0;
    d->remaining = 0;
    d->irq_pending = false;
}
