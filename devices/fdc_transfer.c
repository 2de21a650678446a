/* How the diskette controller finds sectors and moves their data.
 *
 *   search ── sector found ── [data from the host] ── request ── sector passes ── [data to the host] ─┐
 *     ^  └── two rotations without it: MA, ND                                                        │
 *     └──── next sector: R + 1; MT: the other side; behind EOT without TC: EN ──────────────────────┘
 *
 * 82077AA sections 4.2 (execution phase), 5.1 (data commands). A sector is one request to the back-end
 * and one event, however long the host's buffer is. Without DMA (SPECIFY's ND) the FIFO's chunks are:
 *
 *   to the host    INT and RQM with 16 - threshold bytes, until the FIFO is empty       (4.2.1)
 *   from the host  INT and RQM until the FIFO is full, then again with threshold left   (4.2.2) */
#include <string.h>

#include "base/bits.h"
#include "bus/device_events.h"
#include "devices/fdc_internal.h"

#define RETRY_NS      UINT64_C(100000000) /* a full disk of the workstation is tried again */
#define DRQ_RETRY_NS  UINT64_C(1000000) /* nobody answered DRQ: it stays raised, for two rotations */
#define DRQ_TRIES     400u
#define READ_DELETED  0x0C
#define WRITE_DELETED 0x09
#define SCAN_LOW      0x19
#define SCAN_HIGH     0x1D
#define ID_BYTES      4u

static const struct fdc_command *running(const struct fdc *s)
{
    return fdc_command_find(s->bytes[0]);
}

static struct fdc_drive *drive_of(struct fdc *s)
{
    return &s->drives[s->unit];
}

static uint64_t rotation_ns(const struct fdc *s)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(s->drives[s->unit].type);
    return kind->rotation_ns;
}

/* --- ending ---------------------------------------------------------------------------------- */

static void finish(struct fdc *s, uint8_t code)
{
    uint8_t results[7] = {(uint8_t)(code | s->head << 2 | s->unit),
                          s->status[1],
                          s->status[2],
                          s->id[0],
                          s->id[1],
                          s->id[2],
                          s->id[3]};
    s->at = s->ready = s->wanted = 0;
    s->irq_pending = true;
    fdc_reply(s, results, sizeof results);
}

static void fail(struct fdc *s, uint8_t st1, uint8_t st2)
{
    s->status[1] |= st1;
    s->status[2] |= st2;
    finish(s, ST0_ABNORMAL);
}

/* What was sought does not come by: the second index hole ends the search (82077AA 5.1.1). */
static void fail_after_two_rotations(struct fdc *s, uint8_t st1, uint8_t st2)
{
    s->status[1] |= st1;
    s->status[2] |= st2;
    fdc_later(s, FDC_THEN_FAIL, s->drives[s->unit].is_realistic ? 2 * rotation_ns(s) : s->delay_ns);
}

void fdc_stop(struct fdc *s)
{
    if (s->is_request_out && s->request_block)
        s->request_block->ops->cancel(s->request_block, &s->request);
    s->is_request_out = s->waits_for_index = false;
    s->at = s->ready = s->wanted = 0;
    event_disarm(&s->event);
}

/* --- where sectors are ----------------------------------------------------------------------- */

static uint64_t lba_of(const struct fdc *s, uint8_t sector)
{
    const struct fdc_drive *drive = &s->drives[s->unit];
    const struct floppy_format *f = drive->format;
    return ((uint64_t)fdc_medium_cylinder(drive) * f->heads + s->head) * f->track_sectors + sector -
           1u;
}

/* Whether the head is above a track that was written as the controller listens now. */
static bool has_marks(const struct fdc *s)
{
    const struct fdc_drive *drive = &s->drives[s->unit];
    const struct floppy_format *f = drive->format;
    return (s->bytes[0] & CODE_MFM) && s->rate == floppy_rate_in(f, drive->type) &&
           s->head < f->heads && fdc_medium_cylinder(drive) < f->cylinders;
}

/* Compares the ID in hand with those of the track; false: the status says why it is none of them
 * (82077AA 6.3: WC when another cylinder's number stands there). */
static bool is_on_track(const struct fdc *s, uint8_t *st1, uint8_t *st2)
{
    const struct fdc_drive *drive = &s->drives[s->unit];
    bool is_cylinder = s->id[0] == fdc_medium_cylinder(drive);
    *st1 = *st2 = 0;
    if (is_cylinder && s->id[1] == s->head && s->id[2] >= 1 &&
        s->id[2] <= drive->format->track_sectors && s->id[3] == FLOPPY_BYTES_LOG2)
        return true;
    *st1 = ST1_ND;
    *st2 = is_cylinder ? 0 : ST2_WC;
    return false;
}

/* From now until sector number `index` (from 0) of the track begins; and how long it passes. The gap
 * behind it takes an eighth of its share of the track. */
static uint64_t wait_ns(const struct fdc *s, unsigned index)
{
    uint64_t turn = rotation_ns(s);
    uint64_t begins = turn * index / s->drives[s->unit].format->track_sectors;
    return s->drives[s->unit].is_realistic ? (begins + turn - fdc_now_ns(s) % turn) % turn : 0;
}

static uint64_t pass_ns(const struct fdc *s)
{
    return s->drives[s->unit].is_realistic ? rotation_ns(s) * 7 / 8 / s->drives[s->unit].format->track_sectors
                           : s->delay_ns;
}

static bool is_deleted(const struct fdc *s, uint64_t lba)
{
    return s->drives[s->unit].deleted[lba / 8 % FDC_MAP_BYTES] >> lba % 8 & 1;
}

static void mark(struct fdc *s, uint64_t lba, bool deleted)
{
    uint8_t *byte = &drive_of(s)->deleted[lba / 8 % FDC_MAP_BYTES], bit = (uint8_t)(1u << lba % 8);
    *byte = (uint8_t)(deleted ? *byte | bit : *byte & ~bit);
}

/* --- requests -------------------------------------------------------------------------------- */

static void request_complete(struct block_request *request)
{
    struct fdc *s = request->owner;
    uint64_t now = clock_now(s->device.env->clock);
    if (!s->is_request_out)
        return; /* the controller was reset meanwhile */
    s->is_request_out = false;
    s->result = (uint8_t)request->result;
    s->then = FDC_THEN_SECTOR;
    event_arm(&s->event, s->ready_when > now ? s->ready_when : now + 1);
}

void fdc_submit(struct fdc *s)
{
    struct block_request *request = &s->request;
    struct block *block = drive_of(s)->block;
    struct block_geometry geometry;
    memset(request, 0, sizeof *request);
    request->op = (enum block_op)s->request_op;
    request->at.lba = s->request_lba;
    request->sectors = 1;
    request->bytes = s->data;
    request->result = BLOCK_PENDING;
    request->cause = s->cause;
    request->complete = request_complete;
    request->owner = s;
    s->request_block = block;
    s->is_request_out = true;
    block->ops->geometry(block, &geometry);
    device_show_disk(&s->device, request, &geometry);
    block->ops->submit(block, request);
}

/* The sector `index` of the track, which has number `lba`, passes below the head. */
static void begin_request(struct fdc *s, enum block_op op, uint64_t lba, unsigned index)
{
    s->request_op = (uint8_t)op;
    s->request_lba = lba;
    s->ready_when = clock_after_ns(s->device.env->clock, wait_ns(s, index) + pass_ns(s));
    fdc_submit(s);
}

/* What the back-end says, as the controller would notice it; false: the command has ended. */
static bool take_result(struct fdc *s)
{
    switch ((enum block_result)s->result) {
    case BLOCK_OK: return true;
    case BLOCK_NO_SPACE: fdc_later(s, FDC_THEN_RETRY, RETRY_NS); return false;
    case BLOCK_READ_ERROR: fail(s, ST1_DE, ST2_DD); return false;
    case BLOCK_WRITE_ERROR: fail(s, ST1_DE, 0); return false;
    case BLOCK_READ_ONLY: fail(s, ST1_NW, 0); return false;
    case BLOCK_RANGE:
    case BLOCK_PENDING: break;
    }
    fail(s, ST1_ND, 0);
    return false;
}

/* --- the host's side ------------------------------------------------------------------------- */

static bool uses_dma(const struct fdc *s)
{
    return !(s->specify[1] & 1);
}

bool fdc_fifo_asks(const struct fdc *s)
{
    return s->phase == FDC_EXECUTION && !uses_dma(s) && s->at < s->ready;
}

bool fdc_fifo_to_host(const struct fdc *s)
{
    enum fdc_kind kind = running(s)->kind;
    return kind == FDC_READ || kind == FDC_TRACK;
}

static unsigned chunk_bytes(const struct fdc *s, bool is_first)
{
    unsigned threshold = (s->configure & CONF_FIFOTHR) + 1u;
    if (s->configure & CONF_EFIFO)
        return 1; /* the bit disables the FIFO */
    if (is_first && !fdc_fifo_to_host(s))
        return FDC_FIFO_BYTES;
    return threshold < FDC_FIFO_BYTES ? FDC_FIFO_BYTES - threshold : 1;
}

static void next_chunk(struct fdc *s)
{
    unsigned end = s->at + chunk_bytes(s, s->at == 0);
    s->ready = (uint16_t)(end < s->wanted ? end : s->wanted);
    fdc_update_irq(s);
}

/* So many bytes are to be moved by the FIFO. */
static void open_fifo(struct fdc *s, unsigned bytes)
{
    s->at = 0;
    s->wanted = (uint16_t)bytes;
    next_chunk(s);
}

static void chunk_moved(struct fdc *s)
{
    if (s->at == s->wanted)
        fdc_later(s, FDC_THEN_MOVED, s->delay_ns);
    else
        fdc_later(s, FDC_THEN_CHUNK,
                  s->drives[s->unit].is_realistic ? pass_ns(s) * chunk_bytes(s, false) / SECTOR_BYTES
                                  : s->delay_ns);
    fdc_update_irq(s);
}

uint8_t fdc_fifo_read(struct fdc *s)
{
    uint8_t value = s->data[s->at++ % SECTOR_BYTES];
    if (s->at == s->ready)
        chunk_moved(s);
    return value;
}

/* A byte of FFh on either side matches whatever the other is (82077AA 5.1.8). */
static void compare(struct fdc *s, unsigned at, uint8_t host)
{
    uint8_t medium = s->data[at % SECTOR_BYTES];
    if (s->scan_order == ORDER_EQUAL && medium != host && medium != 0xFF && host != 0xFF)
        s->scan_order = medium < host ? ORDER_LOW : ORDER_HIGH;
}

/* A byte from the host, for the place where the running command wants it. */
static void take_byte(struct fdc *s, unsigned at, uint8_t value)
{
    switch (running(s)->kind) {
    case FDC_SCAN: compare(s, at, value); break;
    case FDC_FORMAT: s->id[at % ID_BYTES] = value; break;
    case FDC_WRITE: s->data[at % SECTOR_BYTES] = value; break;
    case FDC_READ:
    case FDC_TRACK:
    case FDC_VERIFY:
    case FDC_ID:
    case FDC_CONTROL: break;
    }
}

void fdc_fifo_write(struct fdc *s, uint8_t value)
{
    take_byte(s, s->at++, value);
    if (s->at == s->ready)
        chunk_moved(s);
}

/* DRQ for so many bytes; false: nobody answers, and what is to be done then has been arranged. */
static bool dma_move(struct fdc *s, uint8_t *bytes, size_t count, bool to_memory)
{
    size_t moved = 0;
    if (s->dma.transfer && (s->mode == FDC_PS2 || (s->dor & DOR_DMAGATE)))
        moved = s->dma.transfer(s->dma.controller, s->dma.channel, bytes, count, to_memory,
                                &s->is_terminal);
    if (moved == 0 && !s->is_terminal) {
        if (s->drq_tries++ < DRQ_TRIES)
            fdc_later(s, (enum fdc_then)s->then, DRQ_RETRY_NS);
        else
            fail(s, ST1_OR, 0);
        return false;
    }
    s->drq_tries = 0;
    if (!to_memory) /* 82077AA 5.1.4: TC within the sector: the rest is written as zeros */
        memset(bytes + moved, 0, count - moved);
    return true;
}

/* Asks the host for `count` bytes; they are taken now (DMA, true) or come by the FIFO (false). */
static bool ask_host(struct fdc *s, size_t count)
{
    uint8_t bytes[SECTOR_BYTES];
    if (!uses_dma(s)) {
        open_fifo(s, (unsigned)count);
        return false;
    }
    if (!dma_move(s, bytes, count, false))
        return false;
    for (unsigned i = 0; i < count; i++)
        take_byte(s, i, bytes[i]);
    return true;
}

/* --- the next sector ------------------------------------------------------------------------- */

/* R becomes the next sector's; MT goes on at side 1. False: EOT is behind (82077AA table 5-6; the ID
 * is then what the result phase shows). */
static bool advance(struct fdc *s)
{
    bool is_multi = (s->bytes[0] & CODE_MT) && running(s)->kind != FDC_TRACK,
         was_first = s->head == 0;
    unsigned step = running(s)->kind == FDC_SCAN && s->bytes[8] == 2 ? 2 : 1;
    if (s->id[2] != s->eot && !(step == 2 && s->id[2] + 1u == s->eot)) {
        s->id[2] = (uint8_t)(s->id[2] + step);
        return true;
    }
    s->id[2] = 1;
    if (is_multi)
        s->id[1] ^= 1;
    if (is_multi && was_first) {
        s->head = 1;
        return true;
    }
    s->id[0]++;
    return false;
}

static void go_on(struct fdc *s)
{
    fdc_later(s, FDC_THEN_SEARCH, 0);
}

/* READ TRACK and FORMAT count sectors; the ID field in hand is only looked at. */
static void track_sector_done(struct fdc *s)
{
    s->track_at++;
    s->left--;
    if (running(s)->kind == FDC_TRACK)
        s->id[2]++;
    if (s->left == 0 || (running(s)->kind == FDC_TRACK && s->is_terminal))
        finish(s, 0);
    else
        go_on(s);
}

/* 82077AA table 5-9: SH when all bytes were equal, SN when the condition was not met. */
static bool scan_is_met(const struct fdc *s)
{
    uint8_t code = running(s)->code;
    return s->scan_order == ORDER_EQUAL || (s->scan_order == ORDER_LOW && code == SCAN_LOW) ||
           (s->scan_order == ORDER_HIGH && code == SCAN_HIGH);
}

static void scan_sector_done(struct fdc *s)
{
    bool is_last;
    if (s->scan_order == ORDER_EQUAL)
        s->status[2] |= ST2_SH;
    if (scan_is_met(s)) {
        finish(s, 0);
        return;
    }
    s->scan_order = ORDER_EQUAL;
    is_last = s->is_terminal || ((s->status[2] & ST2_CM) && !(s->bytes[0] & CODE_SK));
    if (!is_last && advance(s)) {
        go_on(s);
        return;
    }
    s->status[2] |= ST2_SN;
    finish(s, 0);
}

/* The sector in hand is done with. */
static void sector_done(struct fdc *s)
{
    const struct fdc_command *command = running(s);
    bool is_counted = command->kind == FDC_VERIFY && (s->bytes[1] & 0x80);
    if (command->kind == FDC_TRACK || command->kind == FDC_FORMAT) {
        track_sector_done(s);
    } else if (command->kind == FDC_SCAN) {
        scan_sector_done(s);
    } else if (s->status[2] & ST2_CM && !(s->bytes[0] & CODE_SK) && command->kind != FDC_WRITE) {
        finish(s, 0); /* tables 5-4, 5-5: the ID stays, no next sector is looked for */
    } else if (s->is_terminal || (is_counted && --s->left == 0)) {
        advance(s);
        finish(s, 0);
    } else if (advance(s)) {
        go_on(s);
    } else if (command->kind == FDC_VERIFY && !is_counted) {
        finish(s, 0);
    } else {
        fail(s, ST1_EN, 0);
    }
}

/* A sector with the other kind of address mark, with SK: it is passed over. */
static void skip(struct fdc *s)
{
    s->status[2] |= ST2_CM;
    if (advance(s)) {
        go_on(s);
    } else if (running(s)->kind == FDC_SCAN) {
        s->status[2] |= ST2_SN;
        finish(s, 0);
    } else {
        fail(s, ST1_EN, 0);
    }
}

/* --- events ---------------------------------------------------------------------------------- */

/* The first ID field that comes by. */
static void read_id(struct fdc *s)
{
    const struct fdc_drive *drive = &s->drives[s->unit];
    unsigned count = drive->format->track_sectors;
    uint64_t turn = rotation_ns(s);
    s->id[0] = fdc_medium_cylinder(drive);
    s->id[1] = s->head;
    s->id[2] = (uint8_t)(fdc_now_ns(s) % turn * count / turn + 1);
    s->id[3] = FLOPPY_BYTES_LOG2;
    finish(s, 0);
}

/* Data or ID fields are asked for when the sector comes by; formatting begins at the index hole. */
static void search_format(struct fdc *s)
{
    if (s->left == 0)
        finish(s, 0);
    else
        fdc_later(s, FDC_THEN_FILL,
                  s->drives[s->unit].is_realistic && s->track_at == 0 ? wait_ns(s, 0) : s->delay_ns);
}

static void search_track(struct fdc *s)
{
    const struct floppy_format *f = drive_of(s)->format;
    uint8_t st1, st2, sector = (uint8_t)(s->track_at % f->track_sectors + 1);
    if (!is_on_track(s, &st1, &st2) || s->id[2] != sector)
        s->status[1] |= ST1_ND; /* it goes on all the same (82077AA 5.1.3) */
    begin_request(s, BLOCK_READ, lba_of(s, sector), sector - 1u);
}

static void search_sector(struct fdc *s)
{
    const struct fdc_command *command = running(s);
    uint64_t lba;
    uint8_t st1, st2;
    if (!is_on_track(s, &st1, &st2)) {
        fail_after_two_rotations(s, st1, st2);
        return;
    }
    lba = lba_of(s, s->id[2]);
    if (command->kind == FDC_WRITE) {
        fdc_later(s, FDC_THEN_FILL, wait_ns(s, s->id[2] - 1u));
        return;
    }
    if (is_deleted(s, lba) != (command->code == READ_DELETED)) {
        if (s->bytes[0] & CODE_SK) {
            skip(s);
            return;
        }
        s->status[2] |= ST2_CM;
    }
    begin_request(s, command->kind == FDC_VERIFY ? BLOCK_VERIFY : BLOCK_READ, lba, s->id[2] - 1u);
}

/* Waits for index pulses, for the motor's speed, for address marks, in this order. */
static void search(struct fdc *s)
{
    enum fdc_kind kind = running(s)->kind;
    struct fdc_drive *drive = drive_of(s);
    if (!fdc_turns(s, s->unit)) {
        s->waits_for_index = true;
        device_guest_error(&s->device,
                           "drive %c gives no index pulses (%s): the command does not end",
                           'A' + s->unit,
                           !drive->type   ? "there is none"
                           : drive->block ? "its motor is off"
                                          : "it is empty");
    } else if (drive->turns_from_ns > fdc_now_ns(s)) {
        fdc_later(s, FDC_THEN_SEARCH, drive->turns_from_ns - fdc_now_ns(s));
    } else if ((kind == FDC_WRITE || kind == FDC_FORMAT) && drive->block->is_read_only) {
        fail(s, ST1_NW, 0);
    } else if (kind == FDC_FORMAT) {
        search_format(s);
    } else if (!has_marks(s)) {
        fail_after_two_rotations(s, ST1_MA, 0);
    } else if (kind == FDC_ID) {
        read_id(s);
    } else if (kind == FDC_TRACK) {
        search_track(s);
    } else {
        search_sector(s);
    }
}

void fdc_index_comes(struct fdc *s, unsigned unit)
{
    if (!s->waits_for_index || s->unit != unit || !fdc_turns(s, unit))
        return;
    s->waits_for_index = false;
    go_on(s);
}

/* The ID field and data of the next sector of a track are written, where the image has it. */
static void format_sector(struct fdc *s)
{
    uint8_t st1, st2;
    if (!has_marks(s) || !is_on_track(s, &st1, &st2)) {
        device_guest_error(&s->device,
                           "an image of this length has no sector C/H/R/N %u/%u/%u/%u here",
                           s->id[0], s->id[1], s->id[2], s->id[3]);
        fail(s, ST1_ND, 0);
        return;
    }
    memset(s->data, s->bytes[5], SECTOR_BYTES);
    begin_request(s, BLOCK_WRITE, lba_of(s, s->id[2]),
                  s->track_at % drive_of(s)->format->track_sectors);
}

/* All that was asked of the host, or meant for it, was moved. */
static void moved(struct fdc *s)
{
    enum fdc_kind kind = running(s)->kind;
    if (kind == FDC_WRITE)
        begin_request(s, BLOCK_WRITE, lba_of(s, s->id[2]), s->id[2] - 1u);
    else if (kind == FDC_FORMAT)
        format_sector(s);
    else
        sector_done(s);
}

static void fill(struct fdc *s)
{
    if (ask_host(s, running(s)->kind == FDC_FORMAT ? ID_BYTES : SECTOR_BYTES))
        moved(s);
}

static void sector_passed(struct fdc *s)
{
    const struct fdc_command *command = running(s);
    if (!take_result(s))
        return;
    switch (command->kind) {
    case FDC_READ:
    case FDC_TRACK:
        if (!uses_dma(s))
            open_fifo(s, SECTOR_BYTES);
        else if (dma_move(s, s->data, SECTOR_BYTES, true))
            sector_done(s);
        break;
    case FDC_SCAN:
        if (ask_host(s, SECTOR_BYTES))
            sector_done(s);
        break;
    case FDC_WRITE:
    case FDC_FORMAT:
        mark(s, s->request_lba, command->code == WRITE_DELETED);
        sector_done(s);
        break;
    case FDC_VERIFY:
    case FDC_ID:
    case FDC_CONTROL: sector_done(s); break;
    }
}

void fdc_event(void *controller)
{
    struct fdc *s = controller;
    struct door *door = s->device.env->door;
    door->cause = s->cause;
    switch ((enum fdc_then)s->then) {
    case FDC_THEN_SEARCH: search(s); break;
    case FDC_THEN_FILL: fill(s); break;
    case FDC_THEN_SECTOR: sector_passed(s); break;
    case FDC_THEN_MOVED: moved(s); break;
    case FDC_THEN_CHUNK: next_chunk(s); break;
    case FDC_THEN_RETRY: fdc_submit(s); break;
    case FDC_THEN_FAIL: finish(s, ST0_ABNORMAL); break;
    }
    door->cause = 0;
}

/* --- beginning ------------------------------------------------------------------------------- */

void fdc_start_transfer(struct fdc *s)
{
    const struct fdc_command *command = running(s);
    bool has_id = command->kind != FDC_FORMAT && command->kind != FDC_ID;
    s->phase = FDC_EXECUTION;
    s->unit = s->bytes[1] & 3;
    s->head = s->bytes[1] >> 2 & 1;
    s->cause = door_cause(s->device.env->door);
    memset(s->status, 0, sizeof s->status);
    memset(s->id, 0, sizeof s->id);
    s->is_terminal = s->waits_for_index = false;
    s->track_at = 0;
    s->drq_tries = 0;
    s->scan_order = ORDER_EQUAL;
    s->at = s->ready = s->wanted = 0;
    if (has_id) {
        memcpy(s->id, s->bytes + 2, ID_BYTES);
        s->eot = s->last_eot = s->bytes[6];
        s->left = command->kind == FDC_VERIFY ? s->bytes[8] : s->eot;
        if (s->left == 0)
            s->left = 256; /* 82077AA 5.1.6 */
    } else if (command->kind == FDC_FORMAT) {
        s->left = s->last_eot = s->bytes[3];
        s->id[3] = s->bytes[2];
    }
    fdc_update_irq(s);
    fdc_later(s, FDC_THEN_SEARCH,
              s->delay_ns + (has_id ? fdc_seek_implied(s, s->unit, s->bytes[2]) : 0));
}
