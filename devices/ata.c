/* An ATA channel with up to two disks or CD-ROM drives: the registers, the two drives' sharing of them, resets.
 *
 * AT Attachment with Packet Interface - 6 (T13 d1410r3b, February 2002), and ATA-3 (X3T10/2008D
 * rev 7b, 1997) for what it made obsolete: C/H/S translation, INITIALIZE DEVICE PARAMETERS.
 *
 * Both drives see every write to the command block; the DEV bit says which one answers reads, obeys
 * the command register and drives INTRQ. With drive 0 alone it also answers for drive 1, whose
 * status reads 00h (9.16.1). With no drive the bus floats: all ones.
 *
 * Clock: the machine's own, for the time between a command and its end (option delay_ns, and the
 * mechanics). Interrupt line: "irq", level, usually wired to IRQ14 or IRQ15; a bus master engine
 * watches it as "intrq". */
#include "devices/ata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"
#include "devices/types.h"

/* --- state ----------------------------------------------------------------------------------- */

/* An integer, or bytes, that came in a later version of the table. */
#define ATA_SINCE(version, type, member) \
    {#member, STATE_UINT, version, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, NULL, 0}
#define ATA_BYTES_SINCE(version, type, member) \
    {#member, STATE_UINT, version, offsetof(type, member), 1, sizeof STATE_MEMBER(type, member), NULL, 0}

static const struct state_field DRIVE_STATE[] = {
    STATE_REBUILT(struct ata_drive, channel),
    STATE_REBUILT(struct ata_drive, block),
    STATE_REBUILT(struct ata_drive, is_there),
    STATE_REBUILT(struct ata_drive, is_packet),
    STATE_REBUILT(struct ata_drive, cdrom),
    STATE_REBUILT(struct ata_drive, geometry),
    STATE_REBUILT(struct ata_drive, model),
    STATE_REBUILT(struct ata_drive, serial),
    STATE_ARRAY(struct ata_drive, feature),
    STATE_ARRAY(struct ata_drive, count),
    STATE_ARRAY(struct ata_drive, low),
    STATE_ARRAY(struct ata_drive, middle),
    STATE_ARRAY(struct ata_drive, high),
    STATE_ONE(struct ata_drive, device),
    STATE_ONE(struct ata_drive, status),
    STATE_ONE(struct ata_drive, error),
    STATE_ONE(struct ata_drive, command),
    STATE_ONE(struct ata_drive, irq_pending),
    STATE_ONE(struct ata_drive, heads),
    STATE_ONE(struct ata_drive, sectors),
    STATE_ONE(struct ata_drive, cylinders),
    STATE_ONE(struct ata_drive, multiple),
    STATE_ONE(struct ata_drive, has_write_cache),
    STATE_ONE(struct ata_drive, has_look_ahead),
    STATE_ONE(struct ata_drive, keeps_settings),
    STATE_ONE(struct ata_drive, power),
    ATA_SINCE(8, struct ata_drive, apm_level),
    ATA_SINCE(2, struct ata_drive, dma_mode),
    ATA_SINCE(3, struct ata_drive, is_asleep),
    ATA_SINCE(3, struct ata_drive, standby_ns),
    {"standby", STATE_EVENT, 3, offsetof(struct ata_drive, standby), sizeof(struct event), 1, NULL, 0},
    ATA_SINCE(3, struct ata_drive, previous),
    ATA_SINCE(3, struct ata_drive, limit_sectors),
    ATA_SINCE(4, struct ata_drive, disc),
    ATA_SINCE(4, struct ata_drive, is_tray_open),
    ATA_SINCE(4, struct ata_drive, is_locked),
    ATA_SINCE(4, struct ata_drive, sense),
    ATA_SINCE(4, struct ata_drive, sense_code),
    ATA_SINCE(4, struct ata_drive, sense_qualifier),
    ATA_SINCE(4, struct ata_drive, attention),
    ATA_SINCE(4, struct ata_drive, media_event),
    ATA_SINCE(4, struct ata_drive, byte_limit),
    ATA_BYTES_SINCE(4, struct ata_drive, packet),
    ATA_SINCE(8, struct ata_drive, list_bytes),
    ATA_SINCE(8, struct ata_drive, error_recovery),
    ATA_SINCE(8, struct ata_drive, retries),
    ATA_SINCE(8, struct ata_drive, speed_kb),
    ATA_SINCE(3, struct ata_drive, is_smart_enabled),
    ATA_SINCE(3, struct ata_drive, read_errors),
    ATA_SINCE(3, struct ata_drive, errors),
    ATA_SINCE(3, struct ata_drive, sectors_read),
    ATA_SINCE(3, struct ata_drive, sectors_written),
    ATA_BYTES_SINCE(3, struct ata_drive, issued),
    ATA_BYTES_SINCE(3, struct ata_drive, error_log),
    {"host_logs", STATE_BUFFER, 7, offsetof(struct ata_drive, host_logs), sizeof(uint8_t *), 1, NULL,
     offsetof(struct ata_drive, host_logs_bytes)},
    STATE_REBUILT(struct ata_drive, host_logs_bytes),
    ATA_SINCE(7, struct ata_drive, is_testing),
    ATA_SINCE(7, struct ata_drive, is_auto_offline),
    ATA_SINCE(7, struct ata_drive, is_test_out),
    ATA_SINCE(7, struct ata_drive, test),
    ATA_SINCE(7, struct ata_drive, test_status),
    ATA_SINCE(7, struct ata_drive, collection),
    ATA_SINCE(7, struct ata_drive, test_result),
    ATA_SINCE(7, struct ata_drive, test_done),
    ATA_SINCE(7, struct ata_drive, tests),
    ATA_SINCE(7, struct ata_drive, test_step),
    ATA_SINCE(7, struct ata_drive, test_mechanics_ns),
    STATE_REBUILT(struct ata_drive, test_cause), /* of the trace */
    ATA_BYTES_SINCE(7, struct ata_drive, test_log),
    STATE_REBUILT(struct ata_drive, test_buffer), /* what was verified is not looked at */
    STATE_REBUILT(struct ata_drive, test_request),
    {"test_event", STATE_EVENT, 7, offsetof(struct ata_drive, test_event), sizeof(struct event), 1,
     NULL, 0},
    STATE_ONE(struct ata_drive, phase),
    STATE_ONE(struct ata_drive, then),
    STATE_ONE(struct ata_drive, is_lba),
    STATE_ONE(struct ata_drive, is_media),
    ATA_SINCE(2, struct ata_drive, is_dma),
    STATE_ONE(struct ata_drive, position),
    STATE_ONE(struct ata_drive, remaining),
    STATE_ONE(struct ata_drive, block_sectors),
    STATE_ONE(struct ata_drive, at),
    STATE_ONE(struct ata_drive, end),
    STATE_ONE(struct ata_drive, filled),
    STATE_BYTES(struct ata_drive, buffer, buffer_bytes),
    STATE_REBUILT(struct ata_drive, buffer_bytes),
    STATE_ONE(struct ata_drive, is_request_out),
    STATE_ONE(struct ata_drive, request_op),
    STATE_ONE(struct ata_drive, result),
    STATE_ONE(struct ata_drive, request_sectors),
    STATE_ONE(struct ata_drive, done_sectors),
    STATE_REBUILT(struct ata_drive, cause), /* of the trace, which must not show in the state */
    STATE_ONE(struct ata_drive, ready_when),
    STATE_TIMER(struct ata_drive, event),
    STATE_REBUILT(struct ata_drive, request),
    STATE_REBUILT(struct ata_drive, is_realistic),
    STATE_STRUCT(struct ata_drive, mechanics, DISK_MECHANICS_STATE),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_STRUCTS(struct ata, drives, DRIVE_STATE),
    STATE_ONE(struct ata, selected),
    STATE_ONE(struct ata, control),
    STATE_ONE(struct ata, is_decoded),
    STATE_REBUILT(struct ata, multiple_at_reset),
    STATE_REBUILT(struct ata, delay_ns),
    STATE_REBUILT(struct ata, base),
    STATE_REBUILT(struct ata, control_base),
    STATE_STRUCT(struct ata, irq, IRQ_LINE_STATE),
    STATE_REBUILT(struct ata, intrq),
    STATE_REBUILT(struct ata, dma),
    STATE_TABLE_END,
};

static struct ata *ata_of(void *self)
{
    return self;
}

/* --- who answers ----------------------------------------------------------------------------- */

static bool is_present(const struct ata *s, unsigned drive)
{
    return s->drives[drive].is_there;
}

/* The drive whose registers are read: drive 0 stands in for an absent drive 1 (9.16.1), nobody for
 * an absent drive 0. */
static const struct ata_drive *answering(const struct ata *s)
{
    if (!s->is_decoded)
        return NULL;
    if (is_present(s, s->selected))
        return &s->drives[s->selected];
    return s->selected == 1 && is_present(s, 0) ? &s->drives[0] : NULL;
}

static const struct ata_drive *selected(const struct ata *s)
{
    return s->is_decoded && is_present(s, s->selected) ? &s->drives[s->selected] : NULL;
}

static struct ata_drive *selected_drive(struct ata *s)
{
    return selected(s) ? &s->drives[s->selected] : NULL;
}

void ata_update_irq(struct ata *s)
{
    const struct ata_drive *d = is_present(s, s->selected) ? &s->drives[s->selected] : NULL;
    bool level = d && d->irq_pending && !(s->control & ATA_CONTROL_NIEN);
    irq_line_set(&s->irq, level);
    irq_line_set(&s->intrq, level);
}

void ata_set_decoded(struct device *channel, bool is_decoded)
{
    ((struct ata *)channel)->is_decoded = is_decoded;
}

void ata_connect_dma(struct device *channel, const struct dma_channel *dma)
{
    ((struct ata *)channel)->dma = *dma;
}

void ata_dma_started(struct device *channel)
{
    struct ata *s = (struct ata *)channel;
    for (unsigned i = 0; i < 2; i++)
        ata_dma_go_on(&s->drives[i]);
}

/* --- the data register ----------------------------------------------------------------------- */

/* Moves as much of `bytes` as the DRQ block has left; returns the bytes moved. */
static size_t data_in(struct ata *s, uint8_t *bytes, size_t count)
{
    struct ata_drive *d = selected_drive(s);
    size_t left;
    if (!d || d->phase != ATA_DATA_IN)
        return 0;
    left = d->end - d->at;
    count = count < left ? count : left;
    memcpy(bytes, d->buffer + d->at, count);
    d->at += (uint32_t)count;
    if (d->at == d->end)
        ata_block_moved(d);
    return count;
}

static size_t data_out(struct ata *s, const uint8_t *bytes, size_t count)
{
    struct ata_drive *d = selected_drive(s);
    size_t left;
    if (!d || d->phase != ATA_DATA_OUT)
        return 0;
    left = d->end - d->at;
    count = count < left ? count : left;
    memcpy(d->buffer + d->at, bytes, count);
    d->at += (uint32_t)count;
    if (d->at == d->end)
        ata_block_moved(d);
    return count;
}

/* The register is 16 bits wide: a byte access moves a whole word, a double word two of them. */
static uint64_t data_read(struct ata *s, unsigned size)
{
    uint8_t bytes[8];
    memset(bytes, 0xFF, sizeof bytes);
    for (unsigned i = 0; i < size; i += 2)
        data_in(s, bytes + i, 2);
    return load_le(bytes, size);
}

static void data_write(struct ata *s, unsigned size, uint64_t value)
{
    uint8_t bytes[4];
    store_le32(bytes, (uint32_t)value);
    for (unsigned i = 0; i < size; i += 2)
        data_out(s, bytes + i, 2);
}

/* Whole elements that a block transfer can move now: none without data, or when a byte-wide host
 * left half of one. */
static size_t elements(const struct ata *s, enum ata_phase phase, unsigned size, size_t count)
{
    const struct ata_drive *d = selected(s);
    size_t left = d && d->phase == phase ? (d->end - d->at) / size : 0;
    return size < 2 ? 0 : count < left ? count : left;
}

static bool is_moving(const struct ata *s, enum ata_phase phase)
{
    const struct ata_drive *d = selected(s);
    return d && d->phase == phase;
}

/* --- the other registers --------------------------------------------------------------------- */

enum { REG_ERROR = 1, REG_COUNT, REG_LOW, REG_MIDDLE, REG_HIGH, REG_DEVICE, REG_STATUS };

static uint8_t value_of(const struct ata *s, unsigned offset)
{
    const struct ata_drive *d = answering(s);
    unsigned previous = s->control & ATA_CONTROL_HOB ? 1 : 0;
    if (!d)
        return 0xFF;
    switch (offset) {
    case REG_ERROR: return d->error;
    case REG_COUNT: return d->count[previous];
    case REG_LOW: return d->low[previous];
    case REG_MIDDLE: return d->middle[previous];
    case REG_HIGH: return d->high[previous];
    case REG_DEVICE: /* bits 7 and 5 read as ones: they are obsolete (7.10) */
        return (uint8_t)(0xA0 | d->device | (s->selected ? ATA_DEVICE_DEV : 0));
    case REG_STATUS: return selected(s) ? d->status : 0x00;
    default: return 0xFF;
    }
}

static uint32_t reg_read(void *self, const struct reg *row)
{
    return value_of(self, row->offset);
}

static uint32_t reg_peek_value(const void *self, const struct reg *row)
{
    return value_of(self, row->offset);
}

/* 7.15: reading the status register answers the interrupt; reading the alternate does not. */
static uint32_t status_read(void *self, const struct reg *row)
{
    struct ata *s = self;
    struct ata_drive *d = selected_drive(s);
    uint8_t value = value_of(s, row->offset);
    if (d) {
        d->irq_pending = false;
        ata_update_irq(s);
    }
    return value;
}

static uint32_t alternate_peek(const void *self, const struct reg *row)
{
    (void)row;
    return value_of(self, REG_STATUS);
}

static void push(uint8_t pair[2], uint8_t value)
{
    pair[1] = pair[0];
    pair[0] = value;
}

static void drive_write(struct ata_drive *d, unsigned offset, uint8_t value)
{
    switch (offset) {
    case REG_ERROR: push(d->feature, value); break;
    case REG_COUNT: push(d->count, value); break;
    case REG_LOW: push(d->low, value); break;
    case REG_MIDDLE: push(d->middle, value); break;
    case REG_HIGH: push(d->high, value); break;
    case REG_DEVICE: d->device = value & (ATA_DEVICE_LBA | ATA_DEVICE_HEAD); break;
    }
}

/* Command block registers are not written while BSY or DRQ is set (9.2): such a write is lost. */
static void reg_write(void *self, const struct reg *row, uint32_t value)
{
    struct ata *s = self;
    const struct ata_drive *d = selected(s);
    if (!s->is_decoded)
        return;
    s->control &= (uint8_t)~ATA_CONTROL_HOB;
    if (d && d->phase != ATA_IDLE) {
        device_guest_error(&s->device, "%s is written while the drive is %s: lost", row->name,
                           d->status & ATA_BSY ? "busy" : "transferring data");
        return;
    }
    if (row->offset == REG_DEVICE)
        s->selected = value & ATA_DEVICE_DEV ? 1 : 0;
    for (unsigned i = 0; i < 2; i++)
        if (is_present(s, i))
            drive_write(&s->drives[i], row->offset, (uint8_t)value);
    ata_update_irq(s);
}

static void command_write(void *self, const struct reg *row, uint32_t value)
{
    struct ata *s = self;
    struct ata_drive *d = selected_drive(s);
    (void)row;
    if (!s->is_decoded)
        return;
    s->control &= (uint8_t)~ATA_CONTROL_HOB;
    if (!d && value == ATA_DIAGNOSTICS && is_present(s, 0))
        d = &s->drives[0]; /* drive 0 obeys for both (9.16.1) */
    if (!d)
        return;
    if (d->phase != ATA_IDLE && !(d->is_packet && value == 0x08)) {
        device_guest_error(&s->device, "command %02X while the drive is %s: ignored",
                           (unsigned)value, d->status & ATA_BSY ? "busy" : "transferring data");
        return;
    }
    if (d->is_asleep && value != 0x08) {
        device_guest_error(&s->device, "command %02X to a drive that sleeps: only a reset wakes it",
                           (unsigned)value);
        return;
    }
    ata_command_start(d, (uint8_t)value);
}

/* --- resets ---------------------------------------------------------------------------------- */

/* 9.2: BSY from the rise of SRST until the diagnostics are over. */
static void software_reset(struct ata *s)
{
    s->selected = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct ata_drive *d = &s->drives[i];
        if (!is_present(s, i))
            continue;
        ata_drive_stop(d);
        d->phase = ATA_RESETTING;
        d->status = ATA_BSY;
        d->power = d->is_asleep ? ATA_STANDBY : ATA_ACTIVE;
        d->is_asleep = false;
        if (!d->keeps_settings)
            ata_settings_reset(d);
    }
}

static void control_write(void *self, const struct reg *row, uint32_t value)
{
    struct ata *s = self;
    uint8_t old = s->control;
    (void)row;
    if (!s->is_decoded)
        return;
    s->control = value & (ATA_CONTROL_HOB | ATA_CONTROL_SRST | ATA_CONTROL_NIEN);
    if ((s->control & ATA_CONTROL_SRST) && !(old & ATA_CONTROL_SRST))
        software_reset(s);
    if (!(s->control & ATA_CONTROL_SRST) && (old & ATA_CONTROL_SRST))
        for (unsigned i = 0; i < 2; i++)
            if (is_present(s, i))
                event_arm(&s->drives[i].event,
                          clock_after_ns(s->device.env->clock, s->delay_ns));
    ata_update_irq(s);
}

static uint32_t control_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct ata *)self)->control;
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct ata *s = (struct ata *)device;
    (void)kind;
    s->selected = 0;
    s->control = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct ata_drive *d = &s->drives[i];
        if (!is_present(s, i))
            continue;
        ata_drive_stop(d);
        ata_power_on(d);
        if (d->is_packet)
            atapi_power_on(d);
        memset(&d->mechanics, 0, sizeof d->mechanics);
        ata_drive_signature(d);
    }
    ata_update_irq(s);
}

/* --- ports ----------------------------------------------------------------------------------- */

static const struct reg_bank COMMAND_BANK, CONTROL_BANK;

static uint64_t ports_read(void *self, uint64_t offset, unsigned size)
{
    return offset == 0 && ata_of(self)->is_decoded
               ? data_read(self, size)
               : reg_bank_read(&COMMAND_BANK, self, offset, size);
}

static void ports_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    if (offset == 0)
        data_write(self, size, value);
    else
        reg_bank_write(&COMMAND_BANK, self, offset, size, value);
}

static size_t ports_read_block(void *self, uint64_t offset, unsigned size, void *bytes, size_t count)
{
    size_t whole = offset == 0 ? elements(self, ATA_DATA_IN, size, count) : 0;
    if (whole)
        return data_in(self, bytes, whole * size) / size;
    if (offset == 0 && !is_moving(self, ATA_DATA_IN)) { /* the rest is an undriven bus */
        memset(bytes, 0xFF, count * size);
        return count;
    }
    store_le(bytes, size, ports_read(self, offset, size));
    return 1;
}

static size_t ports_write_block(void *self, uint64_t offset, unsigned size, const void *bytes,
                                size_t count)
{
    size_t whole = offset == 0 ? elements(self, ATA_DATA_OUT, size, count) : 0;
    if (whole)
        return data_out(self, bytes, whole * size) / size;
    if (offset == 0 && !is_moving(self, ATA_DATA_OUT))
        return count; /* nobody takes it */
    ports_write(self, offset, size, load_le(bytes, size));
    return 1;
}

static const struct region_ops PORT_OPS = {.read = ports_read,
                                           .write = ports_write,
                                           .read_block = ports_read_block,
                                           .write_block = ports_write_block};

static const struct reg_field ERROR_FIELDS[] = {
    {"UNC", 6, 1, NULL, "uncorrectable data"},
    {"IDNF", 4, 1, NULL, "the sector was not found"},
    {"ABRT", 2, 1, NULL, "the command was aborted"},
    REG_FIELDS_END,
};
static const struct reg_field STATUS_FIELDS[] = {
    {"BSY", 7, 1, NULL, "busy"},
    {"DRDY", 6, 1, NULL, "ready"},
    {"DF", 5, 1, NULL, "device fault"},
    {"DSC", 4, 1, NULL, "seek complete"},
    {"DRQ", 3, 1, NULL, "data request"},
    {"ERR", 0, 1, NULL, "see the error register"},
    REG_FIELDS_END,
};
static const struct reg_field DEVICE_FIELDS[] = {
    {"LBA", 6, 1, NULL, "the address is an LBA"},
    {"DEV", 4, 1, NULL, "drive"},
    {"HEAD", 0, 4, NULL, "head, or LBA bits 27:24"},
    REG_FIELDS_END,
};
static const struct reg_field CONTROL_FIELDS[] = {
    {"HOB", 7, 1, NULL, "reads show what was written before"},
    {"SRST", 2, 1, NULL, "software reset"},
    {"nIEN", 1, 1, NULL, "no interrupts"},
    REG_FIELDS_END,
};

#define ATA_ROW(text, what, at, place)                                                          \
    {.name = text, .meaning = what, .offset = at, .width = 1, .access = REG_RW, .reset = 0xFF,  \
     .read = reg_read, .peek = reg_peek_value, .write = reg_write, .section = place}
/* Reset values are those of a channel without drives: an undriven bus. */
static const struct reg COMMAND_ROWS[] = {
    {.name = "DATA", .meaning = "the sector's next word", .offset = 0, .width = 2,
     .access = REG_RW | REG_BLOCK, .section = "7.7"},
    {.name = "ERROR", .meaning = "why a command failed", .offset = 1, .width = 1,
     .access = REG_READ, .reset = 0xFF, .read = reg_read, .peek = reg_peek_value,
     .fields = ERROR_FIELDS, .section = "7.11"},
    {.name = "FEATURES", .meaning = "subcommand", .offset = 1, .width = 1, .access = REG_WRITE,
     .write = reg_write, .section = "7.12"},
    ATA_ROW("SECTOR COUNT", "sectors; 0: 256", REG_COUNT, "7.14"),
    ATA_ROW("SECTOR NUMBER", "sector, or LBA bits 7:0", REG_LOW, "7.13"),
    ATA_ROW("CYLINDER LOW", "cylinder bits 7:0, or LBA bits 15:8", REG_MIDDLE, "7.9"),
    ATA_ROW("CYLINDER HIGH", "cylinder bits 15:8, or LBA bits 23:16", REG_HIGH, "7.8"),
    {.name = "DEVICE/HEAD", .meaning = "drive, head, kind of address", .offset = REG_DEVICE,
     .width = 1, .access = REG_RW, .reset = 0xFF, .read = reg_read, .peek = reg_peek_value,
     .write = reg_write, .fields = DEVICE_FIELDS, .section = "7.10"},
    {.name = "STATUS", .meaning = "reading it answers the interrupt", .offset = REG_STATUS,
     .width = 1, .access = REG_READ | REG_CLEARS_ON_READ, .reset = 0xFF, .read = status_read,
     .peek = reg_peek_value, .fields = STATUS_FIELDS, .section = "7.15"},
    {.name = "COMMAND", .meaning = "starts a command", .offset = 7, .width = 1,
     .access = REG_WRITE, .write = command_write, .section = "7.4"},
    REG_ROWS_END,
};
static const struct reg_bank COMMAND_BANK = {"command block", COMMAND_ROWS};

static const struct reg CONTROL_ROWS[] = {
    {.name = "ALTERNATE STATUS", .meaning = "the status, without answering the interrupt",
     .offset = 0, .width = 1, .access = REG_READ, .reset = 0xFF, .peek = alternate_peek,
     .fields = STATUS_FIELDS, .section = "7.3"},
    {.name = "DEVICE CONTROL", .meaning = "reset, interrupts, 48-bit reads", .offset = 0,
     .width = 1, .access = REG_WRITE, .writable = 0x86, .peek = control_peek,
     .write = control_write, .fields = CONTROL_FIELDS, .section = "7.5"},
    REG_ROWS_END,
};
static const struct reg_bank CONTROL_BANK = {"control block", CONTROL_ROWS};
/* What no guest can read: where the arms are, and what passes below their heads just now. */
static uint32_t arm_peek(const void *self, const struct reg *row)
{
    return ((const struct ata *)self)->drives[row->offset >> 2].mechanics.cylinder;
}
static uint32_t sector_peek(const void *self, const struct reg *row)
{
    const struct ata *s = self;
    const struct ata_drive *d = &s->drives[row->offset >> 2];
    bool is_turning = d->is_there && !d->is_packet && !d->mechanics.is_stopped;
    return is_turning ? disk_sector_below_head(&d->geometry, clock_ns(s->device.env->clock)) : 0;
}

static uint32_t head_peek(const void *self, const struct reg *row)
{
    return ((const struct ata *)self)->drives[row->offset >> 2].mechanics.head;
}

#define ARM_ROWS(drive, at)                                                                     \
    {.name = "ARM " drive, .meaning = "cylinder where drive " drive "'s heads are",              \
     .offset = (at), .width = 2, .access = REG_READ, .peek = arm_peek, .section = "mechanics"},  \
    {.name = "HEAD " drive, .meaning = "the one that was used last", .offset = (at) + 2,        \
     .width = 1, .access = REG_READ, .peek = head_peek, .section = "mechanics"},                 \
    {.name = "SECTOR " drive, .meaning = "sector that passes below it; 0: none",                \
     .offset = (at) + 3, .width = 1, .access = REG_READ, .peek = sector_peek,                    \
     .section = "mechanics"}
static const struct reg MECHANICS_ROWS[] = {ARM_ROWS("0", 0), ARM_ROWS("1", 4), REG_ROWS_END};
static const struct reg_bank MECHANICS_BANK = {"mechanics (at no port: for display)",
                                               MECHANICS_ROWS};
static const struct reg_bank *const BANKS[] = {&COMMAND_BANK, &CONTROL_BANK, &MECHANICS_BANK, NULL};

/* --- in words -------------------------------------------------------------------------------- */

static void describe_command(const struct ata *s, uint8_t code, char *text, size_t size)
{
    const struct ata_drive *d = selected(s);
    const struct ata_command *command = d ? ata_command_find(d, code) : NULL;
    char where[48], moves[192] = "";
    if (!d) {
        snprintf(text, size, "drive %u is not there: nobody obeys", s->selected);
        return;
    }
    if (!command) {
        snprintf(text, size, "drive %u: command %02Xh is not known: aborted", s->selected, code);
        return;
    }
    ata_address_text(d, command->is_ext, where, sizeof where);
    if (d->is_realistic && !d->is_packet)
        ata_mechanics_text(d, command, moves, sizeof moves);
    switch (command->addressing) {
    case ATA_SECTORS:
        snprintf(text, size, "drive %u: %s %u at %s%s", s->selected, command->name,
                 ata_sectors_asked(d, command->is_ext), where, moves);
        break;
    case ATA_LIMIT:
    case ATA_ONE_SECTOR:
        snprintf(text, size, "drive %u: %s to %s%s", s->selected, command->name, where, moves);
        break;
    case ATA_NO_ADDRESS:
        snprintf(text, size, "drive %u: %s", s->selected, command->name);
        break;
    }
}

/* "ready", "busy", "data request 512 bytes", "error IDNF at C/H/S 12/3/1". */
static void describe_status(const struct ata *s, uint8_t value, char *text, size_t size)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } BITS[] = {{ATA_BSY, "BSY"}, {ATA_DRDY, "DRDY"}, {ATA_DF, "DF"}, {ATA_DSC, "DSC"},
                {ATA_DRQ, "DRQ"}, {ATA_ERR, "ERR"}};
    const struct ata_drive *d = selected(s);
    size_t used = 0;
    if (!d) {
        snprintf(text, size, "drive %u is not there", s->selected);
        return;
    }
    text_append(text, size, &used, "drive %u:", s->selected);
    for (size_t i = 0; i < ARRAY_COUNT(BITS); i++)
        if (value & BITS[i].bit)
            text_append(text, size, &used, " %s", BITS[i].name);
    if ((value & ATA_ERR) && atapi_is_active(d)) {
        text_append(text, size, &used, " (sense %u/%02X/%02X)", d->sense, d->sense_code,
                    d->sense_qualifier);
    } else if (value & ATA_ERR) {
        char where[48];
        const struct ata_command *command = ata_command_find(d, d->command);
        ata_address_text(d, command && command->is_ext, where, sizeof where);
        text_append(text, size, &used, " (%s%s%sat %s)", d->error & ATA_UNC ? "UNC " : "",
                    d->error & ATA_IDNF ? "IDNF " : "", d->error & ATA_ABRT ? "ABRT " : "", where);
    }
}

/* "packet 28h READ(10)": its first word is written. */
static void describe_packet(const struct ata_drive *d, uint8_t code, char *text, size_t size)
{
    const struct atapi_command *command = atapi_command_find(code);
    if (d->at == 0)
        snprintf(text, size, "packet %02Xh %s", code, command ? command->name : "is not known");
    else
        snprintf(text, size, "packet, from byte %u", d->at);
}

static void describe_data(const struct ata *s, const struct access *access, char *text, size_t size)
{
    const struct ata_drive *d = selected(s);
    if (d && d->phase == ATA_DATA_OUT && atapi_is_active(d) && !d->list_bytes) {
        describe_packet(d, (uint8_t)access->value, text, size);
        return;
    }
    if (!d || (d->phase != ATA_DATA_IN && d->phase != ATA_DATA_OUT))
        snprintf(text, size, "no data is requested");
    else
        snprintf(text, size, "%llu byte%s at %u of the sector, %u to the end of the block",
                 (unsigned long long)(access->count * access->size),
                 access->count * access->size == 1 ? "" : "s", d->at % SECTOR_BYTES,
                 d->end - d->at);
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct ata *s = (const struct ata *)device;
    uint8_t value = (uint8_t)access->value;
    if (access->address - s->base == 0)
        describe_data(s, access, text, size);
    else if (access->address == s->base + REG_STATUS && access->is_write)
        describe_command(s, value, text, size);
    else if ((access->address == s->base + REG_STATUS || access->address == s->control_base) &&
             !access->is_write)
        describe_status(s, value, text, size);
    else if (access->reg)
        reg_fields_text(access->reg, value, text, size);
}

/* --- life ------------------------------------------------------------------------------------ */

static const struct device_option OPTIONS[] = {
    {"iobase", "0x1f0", "first port of the command block", 0, 0xFFF8},
    {"control", "0x3f6", "port of the control block", 0, 0xFFFF},
    {"mechanics", "immediate", "realistic: seeks and rotation take their time; DRIVE0/DRIVE1", 0, 0},
    {"delay_ns", "1000", "from a command to its end, without mechanics", 1, 1000000000},
    /* Drivers without DMA use READ MULTIPLE where it is enabled already, else sector by sector. */
    {"multiple", "16", "sectors to a block of READ MULTIPLE after a reset; 0: disabled", 0, 16},
    {"model", "VITRINE HARD DISK", "of IDENTIFY DEVICE", 0, 0},
    {"serial", "VT0000", "of IDENTIFY DEVICE; the drive's number is put behind it", 0, 0},
    DEVICE_OPTIONS_END,
};

static enum status give_identity(struct ata_drive *d, unsigned number,
                                 const struct device_config *config, const char *model,
                                 struct error *error)
{
    snprintf(d->model, sizeof d->model, "%s", model);
    snprintf(d->serial, sizeof d->serial, "%.18s%u", device_text(&ATA_TYPE, config, "serial"),
             number);
    d->buffer_bytes = ATA_BUFFER_BYTES;
    d->buffer = calloc(1, ATA_BUFFER_BYTES);
    if (!d->is_packet) {
        d->host_logs_bytes = ATA_HOST_LOGS * SECTOR_BYTES;
        d->host_logs = calloc(1, d->host_logs_bytes);
        d->test_buffer = calloc(1, ATA_BUFFER_BYTES);
    }
    if (!d->buffer || (!d->is_packet && (!d->host_logs || !d->test_buffer)))
        return error_set(error, STATUS_INTERNAL, "out of memory");
    return STATUS_OK;
}

static enum status init_cdrom(struct ata_drive *d, unsigned number,
                              const struct device_config *config, const struct ata_cdrom *cdrom,
                              struct error *error)
{
    for (unsigned i = 0; i < ATA_DISCS && cdrom->discs[i]; i++) {
        struct block_geometry g;
        cdrom->discs[i]->ops->geometry(cdrom->discs[i], &g);
        if (g.total == 0 || g.total % ATAPI_BLOCK_SECTORS != 0)
            return error_set(error, STATUS_FILE, "%s: %llu bytes are not a CD-ROM's, which has blocks "
                             "of 2048; fix: an ISO 9660 image", cdrom->discs[i]->name,
                             (unsigned long long)(g.total * SECTOR_BYTES));
    }
    d->is_there = d->is_packet = true;
    d->cdrom = *cdrom;
    return give_identity(d, number, config, "VITRINE CD-ROM", error);
}

static enum status init_drive(struct ata *s, unsigned number, const struct device_config *config,
                              struct error *error)
{
    struct ata_drive *d = &s->drives[number];
    struct block_geometry *g = &d->geometry;
    const struct ata_cdroms *cdroms = config->extra;
    d->channel = s;
    event_init(&d->event, config->env->clock, number ? "ata drive 1" : "ata drive 0",
               ata_drive_event, d);
    event_init(&d->standby, config->env->clock, "ata standby", ata_standby_event, d);
    event_init(&d->test_event, config->env->clock, "ata self-test", ata_self_test_event, d);
    if (cdroms && cdroms->drives[number].is_there)
        return init_cdrom(d, number, config, &cdroms->drives[number], error);
    if (!config->block[number])
        return STATUS_OK;
    d->is_there = true;
    d->block = config->block[number];
    d->block->ops->geometry(d->block, g);
    if (g->heads < 1 || g->heads > 16 || g->sectors < 1 || g->sectors > 255 || g->cylinders < 1 ||
        g->total < 1)
        return error_set(error, STATUS_USAGE,
                         "%s: %s has %u cylinders, %u heads, %u sectors; fix: at least 1 cylinder, "
                         "1-16 heads, 1-255 sectors", config->name, d->block->name, g->cylinders,
                         g->heads, g->sectors);
    if (g->cylinders > 0xFFFF)
        g->cylinders = ATA_CYLINDERS_MAX;
    return give_identity(d, number, config, device_text(&ATA_TYPE, config, "model"), error);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct ata *s = (struct ata *)device;
    bool realistic[2];
    enum status status = disk_mechanics_option(
        config->name, device_text(&ATA_TYPE, config, "mechanics"), realistic, 2, error);
    s->is_decoded = true;
    s->delay_ns = device_number(&ATA_TYPE, config, "delay_ns");
    s->multiple_at_reset = (uint8_t)device_number(&ATA_TYPE, config, "multiple");
    s->base = device_number(&ATA_TYPE, config, "iobase");
    s->control_base = device_number(&ATA_TYPE, config, "control");
    if (status != STATUS_OK)
        return status;
    s->drives[0].is_realistic = realistic[0];
    s->drives[1].is_realistic = realistic[1];
    if (s->multiple_at_reset & (s->multiple_at_reset - 1))
        return error_set(error, STATUS_USAGE, "%s: multiple=%u; fix: 0, 1, 2, 4, 8 or 16",
                         config->name, s->multiple_at_reset);
    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++)
        status = init_drive(s, i, config, error);
    if (status == STATUS_OK)
        status = device_attach(device, config->env->ports, &COMMAND_BANK, &PORT_OPS, s->base, 8,
                               error);
    if (status == STATUS_OK)
        status = device_attach(device, config->env->ports, &CONTROL_BANK, NULL, s->control_base, 1,
                               error);
    return status;
}

static void fini(struct device *device)
{
    struct ata *s = (struct ata *)device;
    for (unsigned i = 0; i < 2; i++) {
        if (s->drives[i].is_there)
            ata_drive_stop(&s->drives[i]);
        event_fini(&s->drives[i].event);
        event_fini(&s->drives[i].standby);
        event_fini(&s->drives[i].test_event);
        free(s->drives[i].buffer);
        free(s->drives[i].test_buffer);
        free(s->drives[i].host_logs);
    }
}

/* A request that was out when the state was saved is made again: the back-end's own queue is not
 * part of this device. One that is out now belongs to a future that never was. */
static void loaded(struct device *device)
{
    struct ata *s = (struct ata *)device;
    s->intrq.level = s->irq.level;
    for (unsigned i = 0; i < 2; i++) {
        struct ata_drive *d = &s->drives[i];
        if (!d->is_there)
            continue;
        if (d->request.complete && d->request.result == BLOCK_PENDING) {
            d->block->ops->cancel(d->block, &d->request);
            d->request.result = BLOCK_OK;
        }
        if (d->is_packet)
            atapi_disc_loaded(d);
        else
            ata_self_test_loaded(d);
        if (d->is_request_out)
            ata_submit(d);
    }
}

static const struct device_pin PINS[] = {
    {"irq",   offsetof(struct ata, irq)},
    {"intrq",       offsetof(struct ata,                    intrq)},
    {NULL, 0},
};

const struct device_type ATA_TYPE = {
    .name = "ata",
    .title = "ATA channel with two disks or CD-ROM drives",
    .datasheet = "ATA/ATAPI-6 (T13 d1410r3b, 2002); ATA-3 (X3T10/2008D, 1997)",
    .missing = "queued and overlapped commands\n"
               "CD-ROM: audio, raw sectors, GET CONFIGURATION and what writes discs\n"
               "CD-ROM: speed, retries: kept and told; motor, seek times\n"
               "look-ahead, advanced power management: kept and told; acoustics, power-up in standby: "
               "aborted\n"
               "device configuration overlay, READ LOG EXT, CFA, card and media commands: aborted\n"
               "WRITE VERIFY does not read back\n"
               "security, microcode, READ and WRITE BUFFER, READ and WRITE LONG: aborted\n"
               "SMART's selective and conveyance self-tests: aborted; nothing is kept over power-off\n"
               "SET MAX ADDRESS lasts until power-off also where it is asked to stay; no passwords",
    .size = sizeof(struct ata),
    .version = 8,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
    .loaded = loaded,
};
