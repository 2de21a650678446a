/* The diskette controller of a PC: registers, resets, drives.
 *
 * Specification: Intel 82077AA CHMOS Single-Chip Floppy Disk Controller, 290166-007, May 1994
 * ("82077AA"); DRIVE SPECIFICATION: Intel 82078, 290474. Fields of a sector: 82077AA 5.1.
 * Missing: see the type's list, at the end.
 * Clock: the machine's own; immediate, or the times of arm and spindle (option mechanics). Interrupt
 * line: "irq", IRQ6 on a PC. DMA: channel 2 (i82077aa_dma).
 *
 *   3F0 SRA  3F1 SRB  3F2 DOR  3F3 TDR  3F4 MSR, DSR  3F5 FIFO  (3F6: the disk's)  3F7 DIR, CCR
 *
 * A medium is a raw image whose length names its format (devices/floppy_disk.h). What such an image
 * cannot hold, the deleted data address marks, is kept as long as the diskette is in the drive. */
#include "devices/i82077aa.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/disk_mechanics.h"
#include "devices/fdc_internal.h"
#include "devices/types.h"

#define SPIN_UP_NS     UINT64_C(500000000)
#define INDEX_PULSE_NS UINT64_C(2000000)
#define POLL_NS        UINT64_C(10000) /* from the end of a reset to its interrupt */
#define OPEN_BUS       0xFFu

/* --- state ----------------------------------------------------------------------------------- */

static const struct state_field DRIVE_STATE[] = {
    STATE_REBUILT(struct fdc_drive, is_realistic),
    STATE_REBUILT(struct fdc_drive, type),       STATE_REBUILT(struct fdc_drive, disks),
    STATE_REBUILT(struct fdc_drive, disk_count), STATE_ONE(struct fdc_drive, disk),
    STATE_REBUILT(struct fdc_drive, block),      STATE_REBUILT(struct fdc_drive, format),
    STATE_ONE(struct fdc_drive, steps),          STATE_ONE(struct fdc_drive, is_changed),
    STATE_ONE(struct fdc_drive, turns_from_ns),  STATE_ARRAY(struct fdc_drive, deleted),
    STATE_TIMER(struct fdc_drive, seek),         STATE_REBUILT(struct fdc_drive, seek_owner),
    STATE_ONE(struct fdc_drive, seek_status),    STATE_TABLE_END,
};

static const struct state_field STATE[] = {
    STATE_STRUCTS(struct fdc, drives, DRIVE_STATE),
    STATE_REBUILT(struct fdc, base),
    STATE_REBUILT(struct fdc, mode),
    STATE_REBUILT(struct fdc, delay_ns),
    STATE_STRUCT(struct fdc, irq, IRQ_LINE_STATE),
    STATE_REBUILT(struct fdc, dma),
    STATE_ONE(struct fdc, dor),
    STATE_ONE(struct fdc, tdr),
    STATE_ONE(struct fdc, dsr),
    STATE_ONE(struct fdc, rate),
    STATE_ARRAY(struct fdc, specify),
    STATE_ONE(struct fdc, configure),
    STATE_ONE(struct fdc, precompensation_track),
    STATE_ONE(struct fdc, perpendicular),
    STATE_ONE(struct fdc, is_locked),
    STATE_ARRAY(struct fdc, drive_specs),
    STATE_ARRAY(struct fdc, present_cylinder),
    STATE_ONE(struct fdc, last_eot),
    STATE_ONE(struct fdc, phase),
    STATE_ONE(struct fdc, then),
    STATE_ARRAY(struct fdc, bytes),
    STATE_ONE(struct fdc, byte_count),
    STATE_ONE(struct fdc, parameters),
    STATE_ARRAY(struct fdc, results),
    STATE_ONE(struct fdc, result_count),
    STATE_ONE(struct fdc, result_at),
    STATE_ONE(struct fdc, irq_pending),
    STATE_ONE(struct fdc, seeking),
    STATE_ONE(struct fdc, seek_over),
    STATE_ONE(struct fdc, polled),
    STATE_TIMER(struct fdc, event),
    STATE_TIMER(struct fdc, poll),
    STATE_ONE(struct fdc, unit),
    STATE_ONE(struct fdc, head),
    STATE_ARRAY(struct fdc, id),
    STATE_ONE(struct fdc, eot),
    STATE_ARRAY(struct fdc, status),
    STATE_ONE(struct fdc, left),
    STATE_ONE(struct fdc, track_at),
    STATE_ONE(struct fdc, is_terminal),
    STATE_ONE(struct fdc, waits_for_index),
    STATE_ONE(struct fdc, scan_order),
    STATE_ONE(struct fdc, drq_tries),
    STATE_ARRAY(struct fdc, data),
    STATE_ONE(struct fdc, at),
    STATE_ONE(struct fdc, ready),
    STATE_ONE(struct fdc, wanted),
    STATE_ONE(struct fdc, is_request_out),
    STATE_ONE(struct fdc, request_op),
    STATE_ONE(struct fdc, result),
    STATE_ONE(struct fdc, request_lba),
    STATE_ONE(struct fdc, ready_when),
    STATE_REBUILT(struct fdc, cause), /* of the trace, which must not show in the state */
    STATE_REBUILT(struct fdc, request),
    STATE_REBUILT(struct fdc, request_block),
    STATE_TABLE_END,
};

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_in_reset(const struct fdc *s)
{
    return !(s->dor & DOR_RESET);
}

/* DMAGATE lets INT and DRQ out; a PS/2 has them always (82077AA 2.1.3). */
void fdc_update_irq(struct fdc *s)
{
    bool is_active = s->irq_pending || fdc_fifo_asks(s);
    irq_line_set(&s->irq,
                 is_active && !is_in_reset(s) && (s->mode == FDC_PS2 || (s->dor & DOR_DMAGATE)));
}

void fdc_later(struct fdc *s, enum fdc_then then, uint64_t delay_ns)
{
    s->then = (uint8_t)then;
    event_arm(&s->event, clock_after_ns(s->device.env->clock, delay_ns ? delay_ns : 1));
}

static bool has_motor_on(const struct fdc *s, unsigned unit)
{
    return s->dor >> 4 >> unit & 1;
}

bool fdc_turns(const struct fdc *s, unsigned unit)
{
    return s->drives[unit].format && has_motor_on(s, unit);
}

uint8_t fdc_medium_cylinder(const struct fdc_drive *drive)
{
    return floppy_cylinder_in(drive->format, drive->type, drive->steps);
}

static void seek_event(void *drive)
{
    struct fdc_drive *d = drive;
    struct fdc *s = d->seek_owner;
    fdc_seek_over(s, (unsigned)(d - s->drives));
}

/* --- resets ---------------------------------------------------------------------------------- */

/* What DOR and DSR resets do (82077AA 2.2, 5.2.7, 5.2.11, 5.2.12): the command is forgotten, what LOCK
 * does not keep goes back to its default. QUIRK: 5.2.12 names EFIFO, FIFOTHR and PRETRK only; Linux's
 * driver sets POLL and unlocks, and waits for the interrupt of its next reset all the same. */
static void enter_reset(struct fdc *s)
{
    fdc_stop(s);
    event_disarm(&s->poll);
    for (unsigned i = 0; i < FLOPPY_DRIVES; i++)
        event_disarm(&s->drives[i].seek);
    s->seeking = s->seek_over = s->polled = 0;
    s->irq_pending = false;
    s->perpendicular &= 0x3C;
    if (!s->is_locked) {
        s->configure = CONF_EFIFO;
        s->precompensation_track = 0;
    }
    fdc_idle(s);
}

static void leave_reset(struct fdc *s)
{
    event_arm(&s->poll, clock_after_ns(s->device.env->clock, POLL_NS));
}

/* --- diskettes ------------------------------------------------------------------------------- */

static void take_disk(struct fdc_drive *d)
{
    struct block_geometry g;
    d->block = d->disk < d->disk_count ? d->disks[d->disk] : NULL;
    d->format = NULL;
    if (!d->block)
        return;
    d->block->ops->geometry(d->block, &g);
    d->format = floppy_format_of(g.total);
}

bool i82077aa_change(struct device *controller, unsigned drive, unsigned disk)
{
    struct fdc *s = (struct fdc *)controller;
    struct fdc_drive *d = &s->drives[drive % FLOPPY_DRIVES];
    bool is_running = s->phase == FDC_EXECUTION && s->unit == drive;
    if (drive >= FLOPPY_DRIVES || !d->type || disk > d->disk_count)
        return false;
    if (is_running)
        fdc_stop(s);
    s->waits_for_index = s->waits_for_index || is_running;
    d->disk = (uint8_t)disk;
    d->is_changed = true;
    memset(d->deleted, 0, sizeof d->deleted);
    take_disk(d);
    fdc_index_comes(s, drive);
    fdc_update_irq(s);
    return true;
}

const char *i82077aa_disk_name(const struct device *controller, unsigned drive)
{
    const struct fdc *s = (const struct fdc *)controller;
    const struct fdc_drive *d = &s->drives[drive % FLOPPY_DRIVES];
    return d->block ? d->block->name : NULL;
}

unsigned i82077aa_disks(const struct device *controller, unsigned drive)
{
    return ((const struct fdc *)controller)->drives[drive % FLOPPY_DRIVES].disk_count;
}

struct dma_channel *i82077aa_dma(struct device *controller)
{
    return &((struct fdc *)controller)->dma;
}

/* --- registers: behaviour -------------------------------------------------------------------- */

static const struct fdc_drive *selected(const struct fdc *s)
{
    return &s->drives[s->dor & DOR_SELECT];
}

static bool is_at_index(const struct fdc *s)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(selected(s)->type);
    return kind && fdc_turns(s, s->dor & DOR_SELECT) &&
           fdc_now_ns(s) % kind->rotation_ns < INDEX_PULSE_NS;
}

/* 82077AA 2.1.1: in AT mode nobody drives the bus. The bits of PS/2 mode are active as in the comment,
 * those of Model 30 mode mostly the other way round.
 *   PS/2      INT DRV2# STEP TRK0# HDSEL  INDX# WP# DIR
 *   Model 30  INT DRQ   STEP TRK0  HDSEL# INDX  WP  DIR# */
static uint32_t peek_sra(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    uint8_t st3 = fdc_drive_status(s, s->dor & DOR_SELECT, 0);
    uint8_t bits = (uint8_t)((st3 & ST3_T0 ? 0x10 : 0) | (is_at_index(s) ? 0x04 : 0) |
                             (st3 & ST3_WP ? 0x02 : 0));
    (void)row;
    if (s->mode == FDC_AT)
        return OPEN_BUS;
    if (s->mode == FDC_MODEL_30)
        return (uint32_t)(s->irq.level << 7 | bits | (s->head ? 0 : 0x08) | 0x01);
    return (uint32_t)(s->irq.level << 7 | (s->drives[1].type ? 0 : 0x40) | (s->head ? 0x08 : 0) |
                      (~bits & 0x16));
}

/* 82077AA 2.1.2. PS/2: 1 1 SEL0 WRDATA RDDATA WE MOTEN1 MOTEN0; Model 30: DRV2# DS1# DS0# . . . DS3# DS2# */
static uint32_t peek_srb(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    unsigned select = 1u << (s->dor & DOR_SELECT);
    (void)row;
    if (s->mode == FDC_AT)
        return OPEN_BUS;
    if (s->mode == FDC_PS2)
        return (uint32_t)(0xC0 | (s->dor & 1) << 5 | (s->dor >> 4 & 3));
    return (uint32_t)((s->drives[1].type ? 0 : 0x80) | (~select & 2) << 5 | (~select & 1) << 5 |
                      (~select >> 2 & 3));
}

static uint32_t peek_dor(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct fdc *)self)->dor;
}

static void start_motor(struct fdc *s, unsigned unit)
{
    s->drives[unit].turns_from_ns = fdc_now_ns(s) + (s->drives[unit].is_realistic ? SPIN_UP_NS : 0);
    fdc_index_comes(s, unit);
}

static void write_dor(void *self, const struct reg *row, uint32_t value)
{
    struct fdc *s = self;
    uint8_t old = s->dor, on = (uint8_t)(value & ~old);
    (void)row;
    s->dor = (uint8_t)value;
    for (unsigned i = 0; i < FLOPPY_DRIVES; i++)
        if (on >> 4 >> i & 1)
            start_motor(s, i);
    if (old & ~value & DOR_RESET)
        enter_reset(s);
    if (on & DOR_RESET)
        leave_reset(s);
    fdc_update_irq(s);
}

static uint32_t peek_tdr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct fdc *)self)->tdr | 0xFCu;
}

static void write_tdr(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct fdc *)self)->tdr = value & 3;
}

static uint32_t peek_msr(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    (void)row;
    if (is_in_reset(s))
        return 0;
    switch ((enum fdc_phase)s->phase) {
    case FDC_COMMAND: return (uint32_t)(MSR_RQM | (s->byte_count ? MSR_BUSY : 0) | s->seeking);
    case FDC_RESULT: return (uint32_t)(MSR_RQM | MSR_DIO | MSR_BUSY | s->seeking);
    case FDC_EXECUTION: break;
    }
    return (uint32_t)(MSR_BUSY | s->seeking | (s->specify[1] & 1 ? MSR_NON_DMA : 0) |
                      (fdc_fifo_asks(s) ? MSR_RQM : 0) |
                      (fdc_fifo_asks(s) && fdc_fifo_to_host(s) ? MSR_DIO : 0));
}

static void write_dsr(void *self, const struct reg *row, uint32_t value)
{
    struct fdc *s = self;
    (void)row;
    s->dsr = value & 0x7F;
    s->rate = value & DSR_RATE;
    if (!(value & DSR_RESET) || is_in_reset(s))
        return;
    enter_reset(s); /* it ends by itself (82077AA 2.1.5) */
    leave_reset(s);
}

static uint32_t peek_fifo(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    (void)row;
    if (s->phase == FDC_RESULT)
        return s->results[s->result_at % FDC_RESULTS];
    if (fdc_fifo_asks(s) && fdc_fifo_to_host(s))
        return s->data[s->at % SECTOR_BYTES];
    return OPEN_BUS;
}

static uint32_t read_fifo(void *self, const struct reg *row)
{
    struct fdc *s = self;
    if (!is_in_reset(s) && s->phase == FDC_RESULT)
        return fdc_read_result(s);
    if (!is_in_reset(s) && fdc_fifo_asks(s) && fdc_fifo_to_host(s))
        return fdc_fifo_read(s);
    return peek_fifo(self, row);
}

static void write_fifo(void *self, const struct reg *row, uint32_t value)
{
    struct fdc *s = self;
    (void)row;
    if (is_in_reset(s))
        device_guest_error(&s->device, "the controller is held in reset (DOR bit 2)");
    else if (s->phase == FDC_COMMAND)
        fdc_write_byte(s, (uint8_t)value);
    else if (fdc_fifo_asks(s) && !fdc_fifo_to_host(s))
        fdc_fifo_write(s, (uint8_t)value);
    else
        device_guest_error(&s->device, "RQM and DIO do not ask for a byte: it is lost");
}

/* 82077AA 2.1.8. In AT mode only bit 7 is driven. */
static uint32_t peek_dir(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    const struct fdc_drive *d = selected(s);
    bool is_changed = d->type && (d->is_changed || !d->block);
    (void)row;
    switch ((enum fdc_mode)s->mode) {
    case FDC_PS2:
        return (uint32_t)(is_changed << 7 | 0x78 | s->rate << 1 |
                          (s->rate == FLOPPY_500K || s->rate == FLOPPY_1M ? 0 : 1));
    case FDC_MODEL_30: return (uint32_t)(!is_changed << 7 | (s->dor & DOR_DMAGATE) | s->rate);
    case FDC_AT: break;
    }
    return (uint32_t)(is_changed << 7 | 0x7F);
}

static void write_ccr(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct fdc *)self)->rate = value & DSR_RATE;
}

/* --- registers: the table -------------------------------------------------------------------- */

static const char *const OFF_ON[] = {"off", "on"};
static const char *const NO_YES[] = {"no", "yes"};
static const char *const RATES[] = {"500k", "300k", "250k", "1M"};
static const struct reg_field DOR_FIELDS[] = {
    {"DRIVE",   0, 2, (const char *const[]){"A", "B", "C", "D"}, "drive select"      },
    {"RESET#",  2, 1, (const char *const[]){"in reset", "runs"}, "the controller"    },
    {"DMAGATE", 3, 1, OFF_ON,                                    "interrupts and DMA"},
    {"MOT0",    4, 1, OFF_ON,                                    "motor of drive A"  },
    {"MOT1",    5, 1, OFF_ON,                                    "motor of drive B"  },
    {"MOT2",    6, 1, OFF_ON,                                    "motor of drive C"  },
    {"MOT3",    7, 1, OFF_ON,                                    "motor of drive D"  },
    REG_FIELDS_END,
};
static const struct reg_field MSR_FIELDS[] = {
    {"RQM",     7, 1, NO_YES,                                                    "a byte can be moved"            },
    {"DIO",     6, 1, (const char *const[]){"to the controller", "to the host"}, "its direction"                  },
    {"NONDMA",  5, 1, NO_YES,                                                    "execution phase by the FIFO"    },
    {"BUSY",    4, 1, NO_YES,                                                    "a command is in hand"           },
    {"SEEKING", 0, 4, NULL,                                                      "drives whose heads move, by bit"},
    REG_FIELDS_END,
};
static const struct reg_field DSR_FIELDS[] = {
    {"RESET",   7, 1, NO_YES, "a reset that ends by itself"},
    {"DOWN",    6, 1, NO_YES, "low power"                  },
    {"PRECOMP", 2, 3, NULL,   "write precompensation"      },
    {"RATE",    0, 2, RATES,  "data rate, bit/s"           },
    REG_FIELDS_END,
};
static const struct reg_field TDR_FIELDS[] = {
    {"TAPE", 0, 2, NULL, "drive that is a tape drive; 0: none"},
    REG_FIELDS_END,
};
static const struct reg_field DIR_FIELDS[] = {
    {"DSKCHG", 7, 1, NO_YES, "another diskette, or none"},
    REG_FIELDS_END,
};
static const struct reg_field CCR_FIELDS[] = {
    {"RATE", 0, 2, RATES, "data rate, bit/s"},
    REG_FIELDS_END,
};

static const struct reg ROWS[] = {
    {.name = "SRA",
     .meaning = "status A: lines of the drive (not on an AT)",
     .offset = 0,
     .width = 1,
     .access = REG_READ,
     .reset = OPEN_BUS,
     .peek = peek_sra,
     .section = "82077AA 2.1.1"                },
    {.name = "SRB",
     .meaning = "status B: select and motor lines (not on an AT)",
     .offset = 1,
     .width = 1,
     .access = REG_READ,
     .reset = OPEN_BUS,
     .peek = peek_srb,
     .section = "82077AA 2.1.2"                },
    {.name = "DOR",
     .meaning = "digital output: reset, motors, drive",
     .offset = 2,
     .width = 1,
     .access = REG_RW,
     .writable = 0xFF,
     .write = write_dor,
     .peek = peek_dor,
     .fields = DOR_FIELDS,
     .section = "82077AA 2.1.3"},
    {.name = "TDR",
     .meaning = "tape drive",
     .offset = 3,
     .width = 1,
     .access = REG_RW,
     .reset = 0xFC,
     .writable = 0x03,
     .write = write_tdr,
     .peek = peek_tdr,
     .fields = TDR_FIELDS,
     .section = "82077AA 2.1.4"},
    {.name = "MSR",
     .meaning = "main status",
     .offset = 4,
     .width = 1,
     .access = REG_READ,
     .peek = peek_msr,
     .fields = MSR_FIELDS,
     .section = "82077AA 2.1.6"                               },
    {.name = "DSR",
     .meaning = "data rate select, software reset",
     .offset = 4,
     .width = 1,
     .access = REG_WRITE,
     .write = write_dsr,
     .fields = DSR_FIELDS,
     .section = "82077AA 2.1.5"                               },
    {.name = "FIFO",
     .meaning = "commands, data, results",
     .offset = 5,
     .width = 1,
     .access = REG_RW | REG_CLEARS_ON_READ,
     .read = read_fifo,
     .write = write_fifo,
     .peek = peek_fifo,
     .section = "82077AA 2.1.7"},
    {.name = "DIR",
     .meaning = "digital input: disk change",
     .offset = 7,
     .width = 1,
     .access = REG_READ,
     .reset = 0x7F,
     .peek = peek_dir,
     .fields = DIR_FIELDS,
     .section = "82077AA 2.1.8"},
    {.name = "CCR",
     .meaning = "configuration control: data rate",
     .offset = 7,
     .width = 1,
     .access = REG_WRITE,
     .write = write_ccr,
     .fields = CCR_FIELDS,
     .section = "82077AA 2.1.9"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"i82077aa", ROWS};

/* What no guest can read: the cylinder below the heads, and the sector that passes there. */
static uint32_t peek_arm(const void *self, const struct reg *row)
{
    return fdc_medium_cylinder(&((const struct fdc *)self)->drives[row->offset >> 1]);
}

static uint32_t peek_sector(const void *self, const struct reg *row)
{
    const struct fdc *s = self;
    const struct fdc_drive *drive = &s->drives[row->offset >> 1];
    uint64_t turn;
    if (!fdc_turns(s, row->offset >> 1))
        return 0;
    turn = floppy_drive_kind(drive->type)->rotation_ns;
    return (uint32_t)(fdc_now_ns(s) % turn * drive->format->track_sectors / turn) + 1;
}

#define ARM_ROWS(drive, number)                                                                  \
    {.name = "CYLINDER " drive, .meaning = "below the heads of drive " drive,                    \
     .offset = 2 * (number), .width = 1, .access = REG_READ, .peek = peek_arm,                    \
     .section = "mechanics"},                                                                    \
    {.name = "SECTOR " drive, .meaning = "that passes there; 0: none, or its motor is off",       \
     .offset = 2 * (number) + 1, .width = 1, .access = REG_READ, .peek = peek_sector,             \
     .section = "mechanics"}
static const struct reg MECHANICS_ROWS[] = {ARM_ROWS("A", 0), ARM_ROWS("B", 1), ARM_ROWS("C", 2),
                                            ARM_ROWS("D", 3), REG_ROWS_END};
static const struct reg_bank MECHANICS_BANK = {"mechanics (at no port: for display)",
                                               MECHANICS_ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, &MECHANICS_BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct fdc *s = (const struct fdc *)device;
    const struct reg *row = access->reg;
    uint8_t value = (uint8_t)access->value;
    if (!row)
        return;
    if (row->write == write_fifo && access->is_write)
        fdc_describe_write(s, value, text, size);
    else if (row->write == write_fifo)
        fdc_describe_result(s, value, text, size);
    else if (row->fields)
        reg_fields_text(row, value, text, size);
    else
        snprintf(text, size, s->mode == FDC_AT ? "nobody answers in AT mode" : "%02Xh", value);
}

/* --- life cycle ------------------------------------------------------------------------------ */

static void power_on(struct fdc *s)
{
    for (unsigned i = 0; i < FLOPPY_DRIVES; i++) {
        struct fdc_drive *d = &s->drives[i];
        d->disk = 0;
        d->steps = 0;
        d->is_changed = d->type != 0;
        d->turns_from_ns = 0;
        d->seek_status = 0;
        memset(d->deleted, 0, sizeof d->deleted);
        take_disk(d);
    }
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct fdc *s = (struct fdc *)device;
    s->is_locked = 0;
    s->dor = s->tdr = s->dsr = 0;
    enter_reset(s);
    if (kind == RESET_POWER_ON)
        power_on(s);
    s->rate = FLOPPY_250K;
    s->configure = CONF_EFIFO;
    s->perpendicular = s->last_eot = 0;
    memset(s->specify, 0, sizeof s->specify);
    memset(s->drive_specs, 0, sizeof s->drive_specs);
    memset(s->present_cylinder, 0, sizeof s->present_cylinder);
    s->unit = s->head = 0;
}

static const struct device_option OPTIONS[] = {
    {"base",      "0x3f0",     "first of 8 ports, without the seventh",                   0, 0xFFF8    },
    {"mode",      "at",        "at, ps2 or model30: how SRA, SRB and DIR answer",         0, 0         },
    {"mechanics", "immediate", "realistic: motor, seeks and rotation take their time; A/B/C/D", 0, 0},
    {"delay_ns",  "1000",      "from a step of a command to the next, without mechanics", 1, 1000000000},
    DEVICE_OPTIONS_END,
};

/* The position of an option's word among those that it can be. */
static enum status read_choice(const struct device_config *config, const char *option,
                               const char *const *words, uint8_t *choice, struct error *error)
{
    const char *word = device_text(&I82077AA_TYPE, config, option);
    for (uint8_t i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            *choice = i;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_USAGE, "%s: %s=%s; fix: %s, say", config->name, option, word,
                     words[0]);
}

static enum status init_drive(struct fdc *s, unsigned number, const struct floppy_drives *given,
                              struct error *error)
{
    struct fdc_drive *d = &s->drives[number];
    d->seek_owner = s;
    event_init(&d->seek, s->device.env->clock, "diskette seek", seek_event, d);
    d->type = given ? given->drives[number].type : 0;
    while (d->type && d->disk_count < FLOPPY_DISKS && given->drives[number].disks[d->disk_count]) {
        struct block *block = given->drives[number].disks[d->disk_count];
        struct block_geometry g;
        block->ops->geometry(block, &g);
        if (!floppy_format_of(g.total) || !floppy_fits(floppy_format_of(g.total), d->type))
            return error_set(error, STATUS_FILE,
                             "%s: %llu sectors do not fit into a drive for %s; fix: an "
                             "image of that length",
                             block->name, (unsigned long long)g.total,
                             floppy_drive_kind(d->type) ? floppy_drive_kind(d->type)->name
                                                        : "nothing");
        d->disks[d->disk_count++] = block;
    }
    return STATUS_OK;
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const char *const MODES[] = {"at", "ps2", "model30", NULL};
    struct fdc *s = (struct fdc *)device;
    bool realistic[FLOPPY_DRIVES];
    enum status status;
    s->base = device_number(&I82077AA_TYPE, config, "base");
    s->delay_ns = device_number(&I82077AA_TYPE, config, "delay_ns");
    event_init(&s->event, config->env->clock, "i82077aa", fdc_event, s);
    event_init(&s->poll, config->env->clock, "i82077aa poll", fdc_polled, s);
    if ((status = read_choice(config, "mode", MODES, &s->mode, error)) != STATUS_OK ||
        (status = disk_mechanics_option(config->name, device_text(&I82077AA_TYPE, config, "mechanics"),
                                        realistic, FLOPPY_DRIVES, error)) != STATUS_OK)
        return status;
    for (unsigned i = 0; i < FLOPPY_DRIVES && status == STATUS_OK; i++) {
        s->drives[i].is_realistic = realistic[i];
        status = init_drive(s, i, config->extra, error);
    }
    if (status == STATUS_OK)
        status = device_attach(device, config->env->ports, &BANK, NULL, s->base, 6, error);
    if (status == STATUS_OK) {
        struct region region = {.name = BANK.name,
                                .device = device,
                                .self = device,
                                .bank = &BANK,
                                .base = s->base + 7,
                                .length = 1,
                                .bank_base = 7};
        status = space_attach(config->env->ports, &region, NULL, error);
    }
    return status;
}

static void fini(struct device *device)
{
    struct fdc *s = (struct fdc *)device;
    fdc_stop(s);
    event_fini(&s->event);
    event_fini(&s->poll);
    for (unsigned i = 0; i < FLOPPY_DRIVES; i++)
        event_fini(&s->drives[i].seek);
}

/* As with disks: a request that was out when the state was saved is made again. */
static void loaded(struct device *device)
{
    struct fdc *s = (struct fdc *)device;
    if (s->request_block && s->request.result == BLOCK_PENDING) {
        s->request_block->ops->cancel(s->request_block, &s->request);
        s->request.result = BLOCK_OK;
    }
    for (unsigned i = 0; i < FLOPPY_DRIVES; i++)
        take_disk(&s->drives[i]);
    if (s->is_request_out && s->drives[s->unit & 3].block)
        fdc_submit(s);
}

static const struct device_pin PINS[] = {
    {"irq", offsetof(struct fdc, irq)},
    {NULL,     0                    },
};

const struct device_type I82077AA_TYPE = {
    .name = "i82077aa",
    .title = "Diskette controller with up to four drives",
    .datasheet = "Intel 82077AA, 290166-007, May 1994; DRIVE SPECIFICATION: Intel 82078, 290474",
    .missing =
        "sectors of other sizes, FM, more sectors than the image's format has: not found (MA, ND)\n"
        "FORMAT TRACK with other numbers or another density: ND, the image keeps its track\n"
        "head load and unload times; overrun without DMA: the medium waits for the host\n"
        "PERPENDICULAR MODE: kept and told; the data rate alone counts\n"
        "the drive that a command names is accessed, whatever the DOR selects\n"
        "STEP, DIR, WE and the data flip-flops of SRA and SRB read as 0\n"
        "low power (DSR), write precompensation, tape drives: their bits are kept",
    .size = sizeof(struct fdc),
    .version = 1,
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
