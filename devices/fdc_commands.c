/* The diskette controller's commands: their bytes, their results, and those without data.
 *
 *   command phase     the code, then so many parameters        MSR: RQM=1 DIO=0, BUSY after the first
 *   execution phase   data by DMA or by the FIFO               MSR: BUSY
 *   result phase      so many bytes to be read                 MSR: RQM=1 DIO=1 BUSY=1
 *
 * 82077AA section 5 and table 5-1. SEEK, RECALIBRATE and RELATIVE SEEK have no result phase: they end
 * with an interrupt that SENSE INTERRUPT STATUS answers, and several drives can seek at a time.
 * DRIVE SPECIFICATION is the 82078's (290474, 6.2.13), which systems of the time also try. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/fdc_internal.h"

#define RECALIBRATE_STEPS 79u
#define STEPS_BEYOND      3u /* cylinders behind the last that an arm can reach */

/* --- phases ---------------------------------------------------------------------------------- */

void fdc_idle(struct fdc *s)
{
    s->phase = FDC_COMMAND;
    s->byte_count = s->parameters = 0;
    s->result_count = s->result_at = 0;
    /* Another drive's seek ended meanwhile: it asks for its own SENSE INTERRUPT STATUS. */
    if (s->seek_over & ~s->polled)
        s->irq_pending = true;
    fdc_update_irq(s);
}

void fdc_reply(struct fdc *s, const uint8_t *bytes, uint8_t count)
{
    memcpy(s->results, bytes, count);
    s->result_count = count;
    s->result_at = 0;
    s->phase = FDC_RESULT;
    fdc_update_irq(s);
}

/* 82077AA 4.3: the interrupt of an execution phase ends with the first byte of its result. */
uint8_t fdc_read_result(struct fdc *s)
{
    uint8_t value = s->results[s->result_at];
    if (s->result_at++ == 0)
        s->irq_pending = false;
    if (s->result_at >= s->result_count)
        fdc_idle(s);
    else
        fdc_update_irq(s);
    return value;
}

void fdc_write_byte(struct fdc *s, uint8_t value)
{
    const struct fdc_command *command;
    uint8_t invalid = ST0_INVALID;
    if (s->byte_count == 0) {
        command = fdc_command_find(value);
        if (!command) {
            fdc_reply(s, &invalid, 1);
            return;
        }
        s->parameters = command->parameters;
        s->bytes[s->byte_count++] = value;
    } else {
        if (s->byte_count < FDC_PARAMETERS)
            s->bytes[s->byte_count++] = value;
        s->parameters--;
    }
    if (s->parameters == 0)
        fdc_command_find(s->bytes[0])->start(s);
}

/* --- seeks ----------------------------------------------------------------------------------- */

/* 82077AA table 5-10: SRT is in units of 1 ms at 500 kbit/s, and slower as the rate is. */
static uint64_t step_ns(const struct fdc *s)
{
    uint64_t steps = 16u - (s->specify[0] >> 4);
    return steps * UINT64_C(500000000) / floppy_rate_kbps((enum floppy_rate)s->rate);
}

static uint64_t seek_ns(const struct fdc *s, const struct fdc_drive *drive, unsigned steps)
{
    return drive->is_realistic ? steps * step_ns(s) + s->delay_ns : s->delay_ns;
}

/* The heads go `steps` in (or out when it is negative), as far as they can. Each step with a diskette
 * in the drive takes the disk change line back. */
static void move_heads(struct fdc_drive *drive, int steps)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(drive->type);
    int end = kind ? kind->cylinders - 1 + (int)STEPS_BEYOND : 0, to = drive->steps + steps;
    drive->steps = (uint8_t)(to < 0 ? 0 : to > end ? end : to);
    if (steps != 0 && drive->block)
        drive->is_changed = false;
}

/* SE, and the drive's and head's numbers, are put in when it is over. */
static void begin_seek(struct fdc *s, unsigned unit, unsigned steps, uint8_t status)
{
    struct fdc_drive *drive = &s->drives[unit];
    s->seeking |= (uint8_t)(1u << unit);
    drive->seek_status = (uint8_t)(status | ST0_SE | unit | (s->bytes[1] & 4u));
    event_arm(&drive->seek, clock_after_ns(s->device.env->clock, seek_ns(s, drive, steps)));
    fdc_idle(s);
}

void fdc_seek_over(struct fdc *s, unsigned unit)
{
    s->seeking &= (uint8_t) ~(1u << unit);
    s->seek_over |= (uint8_t)(1u << unit);
    s->polled &= (uint8_t) ~(1u << unit);
    s->irq_pending = true;
    fdc_update_irq(s);
}

/* 82077AA 5.2.4: with polling enabled, four SENSE INTERRUPT STATUS answer the one interrupt. */
void fdc_polled(void *controller)
{
    struct fdc *s = controller;
    if (s->configure & CONF_POLL)
        return;
    s->seek_over = s->polled = (1u << FLOPPY_DRIVES) - 1;
    s->irq_pending = true;
    fdc_update_irq(s);
}

/* 82077AA 5.2.2: up to 79 steps out, until TRK0; a drive that is not there never says it. */
static void start_recalibrate(struct fdc *s)
{
    unsigned unit = s->bytes[1] & 3u;
    struct fdc_drive *drive = &s->drives[unit];
    unsigned steps = drive->type ? drive->steps : RECALIBRATE_STEPS + 1;
    bool is_there = steps <= RECALIBRATE_STEPS;
    s->bytes[1] &= 3;
    move_heads(drive, -(int)(is_there ? steps : RECALIBRATE_STEPS));
    s->present_cylinder[unit] = 0;
    begin_seek(s, unit, steps, is_there ? 0 : ST0_ABNORMAL | ST0_EC);
}

static void start_seek(struct fdc *s)
{
    unsigned unit = s->bytes[1] & 3u;
    int steps = s->bytes[2] - s->present_cylinder[unit];
    move_heads(&s->drives[unit], steps);
    s->present_cylinder[unit] = s->bytes[2];
    begin_seek(s, unit, (unsigned)(steps < 0 ? -steps : steps), 0);
}

/* 82077AA 5.2.9: relative to where the heads are; out beyond track 0 is an error. */
static void start_relative_seek(struct fdc *s)
{
    unsigned unit = s->bytes[1] & 3u;
    bool is_in = s->bytes[0] & 0x40;
    bool is_beyond = !is_in && s->drives[unit].type && s->bytes[2] > s->drives[unit].steps;
    move_heads(&s->drives[unit], is_in ? s->bytes[2] : -s->bytes[2]);
    s->present_cylinder[unit] = (uint8_t)(is_in ? s->present_cylinder[unit] + s->bytes[2]
                                                : s->present_cylinder[unit] - s->bytes[2]);
    begin_seek(s, unit, s->bytes[2], is_beyond ? ST0_ABNORMAL | ST0_EC : 0);
}

uint64_t fdc_seek_implied(struct fdc *s, unsigned unit, uint8_t cylinder)
{
    int steps = cylinder - s->present_cylinder[unit];
    if (!(s->configure & CONF_EIS) || steps == 0)
        return 0;
    move_heads(&s->drives[unit], steps);
    s->present_cylinder[unit] = cylinder;
    return seek_ns(s, &s->drives[unit], (unsigned)(steps < 0 ? -steps : steps));
}

/* --- status ---------------------------------------------------------------------------------- */

/* 82077AA 5.2.4: with nothing pending it is an invalid command. After a reset the four drives are
 * reported in order. */
static void start_sense_interrupt(struct fdc *s)
{
    uint8_t answer[2] = {ST0_INVALID, 0};
    unsigned unit = 0;
    if (!s->seek_over) {
        fdc_reply(s, answer, 1);
        return;
    }
    while (!(s->seek_over >> unit & 1))
        unit++;
    answer[0] = s->polled >> unit & 1 ? (uint8_t)(ST0_POLLED | unit) : s->drives[unit].seek_status;
    answer[1] = s->present_cylinder[unit];
    s->seek_over &= (uint8_t) ~(1u << unit);
    s->polled &= (uint8_t) ~(1u << unit);
    s->irq_pending = false;
    fdc_reply(s, answer, 2);
}

uint8_t fdc_drive_status(const struct fdc *s, unsigned unit, unsigned head)
{
    const struct fdc_drive *drive = &s->drives[unit];
    uint8_t status = (uint8_t)(ST3_ONES | unit | head << 2);
    if (drive->type && drive->steps == 0)
        status |= ST3_T0;
    if (drive->type && (!drive->block || drive->block->is_read_only))
        status |= ST3_WP; /* the sensor feels no tab either when there is no diskette */
    return status;
}

static void start_sense_drive(struct fdc *s)
{
    uint8_t answer = fdc_drive_status(s, s->bytes[1] & 3u, s->bytes[1] >> 2 & 1u);
    fdc_reply(s, &answer, 1);
}

static void start_version(struct fdc *s)
{
    uint8_t answer = 0x90;
    fdc_reply(s, &answer, 1);
}

static void start_dumpreg(struct fdc *s)
{
    uint8_t answer[10];
    memcpy(answer, s->present_cylinder, 4);
    memcpy(answer + 4, s->specify, 2);
    answer[6] = s->last_eot;
    answer[7] = (uint8_t)(s->is_locked << 7 | (s->perpendicular & 0x3F));
    answer[8] = s->configure;
    answer[9] = s->precompensation_track;
    fdc_reply(s, answer, sizeof answer);
}

/* --- settings -------------------------------------------------------------------------------- */

static void start_specify(struct fdc *s)
{
    memcpy(s->specify, s->bytes + 1, 2);
    fdc_idle(s);
}

static void start_configure(struct fdc *s)
{
    s->configure = s->bytes[2] & 0x7F;
    s->precompensation_track = s->bytes[3];
    fdc_idle(s);
}

/* 82077AA 5.2.11: OW must be set for D3-D0 to be changed. */
static void start_perpendicular(struct fdc *s)
{
    uint8_t keep = s->bytes[1] & 0x80 ? 0 : s->perpendicular & 0x3C;
    s->perpendicular = (uint8_t)((s->bytes[1] & (s->bytes[1] & 0x80 ? 0x3F : 0x03)) | keep);
    fdc_idle(s);
}

static void start_lock(struct fdc *s)
{
    uint8_t answer;
    s->is_locked = s->bytes[0] >> 7;
    answer = (uint8_t)(s->is_locked << 4);
    fdc_reply(s, &answer, 1);
}

/* 82078 6.2.13: a byte a drive, as many as the host likes; the one with DN (bit 7) is the last. NRP
 * (bit 6) in it: no result phase. Nothing is kept but the four drives' bytes. */
static void start_drive_specification(struct fdc *s)
{
    uint8_t value = s->bytes[1], answer[FLOPPY_DRIVES];
    if (!(value & 0x80)) {
        s->drive_specs[value >> 5 & 3] = value & 0x1F;
        s->byte_count = 1;
        s->parameters = 1;
        return;
    }
    memcpy(answer, s->drive_specs, sizeof answer);
    if (value & 0x40)
        fdc_idle(s);
    else
        fdc_reply(s, answer, sizeof answer);
}

/* --- the table ------------------------------------------------------------------------------- */

static const char *const SECTOR_WORDS[] = {"HDS DS", "C", "H", "R", "N", "EOT", "GPL", "DTL"};
static const char *const VERIFY_WORDS[] = {"EC HDS DS", "C", "H", "R", "N", "EOT", "GPL", "SC"};
static const char *const SCAN_WORDS[] = {"HDS DS", "C", "H", "R", "N", "EOT", "GPL", "STP"};
static const char *const FORMAT_WORDS[] = {"HDS DS", "N", "SC", "GPL", "D"};
static const char *const SEEK_WORDS[] = {"HDS DS", "NCN"};
static const char *const RELATIVE_WORDS[] = {"HDS DS", "RCN"};
static const char *const SPECIFY_WORDS[] = {"SRT HUT", "HLT ND"};
static const char *const CONFIGURE_WORDS[] = {"0", "EIS EFIFO POLL FIFOTHR", "PRETRK"};
static const char *const PERPENDICULAR_WORDS[] = {"OW D3-D0 GAP WGATE"};
static const char *const SPECIFICATION_WORDS[] = {"DN NRP, or FD PTS DRT DT"};

static const struct fdc_command COMMANDS[] = {
    {0x06, 0x1F, "READ DATA",              8, FDC_READ,    SECTOR_WORDS,        fdc_start_transfer   },
    {0x0C, 0x1F, "READ DELETED DATA",      8, FDC_READ,    SECTOR_WORDS,        fdc_start_transfer   },
    {0x05, 0x3F, "WRITE DATA",             8, FDC_WRITE,   SECTOR_WORDS,        fdc_start_transfer   },
    {0x09, 0x3F, "WRITE DELETED DATA",     8, FDC_WRITE,   SECTOR_WORDS,        fdc_start_transfer   },
    {0x02, 0xBF, "READ TRACK",             8, FDC_TRACK,   SECTOR_WORDS,        fdc_start_transfer   },
    {0x16, 0x1F, "VERIFY",                 8, FDC_VERIFY,  VERIFY_WORDS,        fdc_start_transfer   },
    {0x10, 0xFF, "VERSION",                0, FDC_CONTROL, NULL,                start_version        },
    {0x0D, 0xBF, "FORMAT TRACK",           5, FDC_FORMAT,  FORMAT_WORDS,        fdc_start_transfer   },
    {0x11, 0x1F, "SCAN EQUAL",             8, FDC_SCAN,    SCAN_WORDS,          fdc_start_transfer   },
    {0x19, 0x1F, "SCAN LOW OR EQUAL",      8, FDC_SCAN,    SCAN_WORDS,          fdc_start_transfer   },
    {0x1D, 0x1F, "SCAN HIGH OR EQUAL",     8, FDC_SCAN,    SCAN_WORDS,          fdc_start_transfer   },
    {0x07, 0xFF, "RECALIBRATE",            1, FDC_CONTROL, SEEK_WORDS,          start_recalibrate    },
    {0x08, 0xFF, "SENSE INTERRUPT STATUS", 0, FDC_CONTROL, NULL,                start_sense_interrupt},
    {0x03, 0xFF, "SPECIFY",                2, FDC_CONTROL, SPECIFY_WORDS,       start_specify        },
    {0x04, 0xFF, "SENSE DRIVE STATUS",     1, FDC_CONTROL, SEEK_WORDS,          start_sense_drive    },
    {0x0F, 0xFF, "SEEK",                   2, FDC_CONTROL, SEEK_WORDS,          start_seek           },
    {0x8F, 0xBF, "RELATIVE SEEK",          2, FDC_CONTROL, RELATIVE_WORDS,      start_relative_seek  },
    {0x13, 0xFF, "CONFIGURE",              3, FDC_CONTROL, CONFIGURE_WORDS,     start_configure      },
    {0x0E, 0xFF, "DUMPREG",                0, FDC_CONTROL, NULL,                start_dumpreg        },
    {0x0A, 0xBF, "READ ID",                1, FDC_ID,      SEEK_WORDS,          fdc_start_transfer   },
    {0x12, 0xFF, "PERPENDICULAR MODE",     1, FDC_CONTROL, PERPENDICULAR_WORDS, start_perpendicular  },
    {0x14, 0x7F, "LOCK",                   0, FDC_CONTROL, NULL,                start_lock           },
    {0x8E, 0xFF, "DRIVE SPECIFICATION",    1, FDC_CONTROL, SPECIFICATION_WORDS,
     start_drive_specification                                                                       },
};

const struct fdc_command *fdc_command_find(uint8_t code)
{
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if ((code & COMMANDS[i].mask) == COMMANDS[i].code)
            return &COMMANDS[i];
    return NULL;
}

/* --- in words -------------------------------------------------------------------------------- */

/* The whole command, when `value` is its last byte. */
static void describe_whole(const struct fdc *s, const struct fdc_command *command, uint8_t value,
                           char *text, size_t size)
{
    char drive = (char)('A' + (s->bytes[1] & 3));
    unsigned head = s->bytes[1] >> 2 & 1u;
    switch (command->kind) {
    case FDC_READ:
    case FDC_WRITE:
    case FDC_SCAN:
    case FDC_VERIFY:
    case FDC_TRACK:
        snprintf(text, size, "%s%s: drive %c head %u, C/H/R %u/%u/%u to sector %u, %s",
                 command->name,
                 s->bytes[0] & (uint8_t)~command->mask & CODE_MT ? " (both sides)" : "", drive,
                 head, s->bytes[2], s->bytes[3], s->bytes[4], s->bytes[6],
                 s->specify[1] & 1 ? "by the FIFO" : "by DMA");
        break;
    case FDC_FORMAT:
        snprintf(text, size, "FORMAT TRACK: drive %c head %u, %u sectors of %02Xh", drive, head,
                 s->bytes[3], value);
        break;
    case FDC_ID:
        snprintf(text, size, "READ ID: drive %c head %u", 'A' + (value & 3), value >> 2 & 1u);
        break;
    case FDC_CONTROL:
        if (command->code == 0x0F)
            snprintf(text, size, "SEEK: drive %c from cylinder %u to %u", drive,
                     s->present_cylinder[s->bytes[1] & 3], value);
        else
            snprintf(text, size, "%s: %s=%02Xh", command->name,
                     command->words[command->parameters - 1], value);
        break;
    }
}

void fdc_describe_write(const struct fdc *s, uint8_t value, char *text, size_t size)
{
    const struct fdc_command *command = fdc_command_find(s->byte_count ? s->bytes[0] : value);
    if (s->phase == FDC_EXECUTION)
        snprintf(text, size, "data: byte %u of %u", s->at, s->wanted);
    else if (s->phase == FDC_RESULT)
        snprintf(text, size, "nobody takes it: the result is not read to its end");
    else if (!command)
        snprintf(text, size, "command %02Xh is invalid", value);
    else if (s->byte_count == 0)
        snprintf(text, size, "%s%s", command->name, command->parameters ? " ..." : "");
    else if (s->parameters == 1)
        describe_whole(s, command, value, text, size);
    else
        snprintf(text, size, "%s: %s=%02Xh", command->name, command->words[s->byte_count - 1],
                 value);
}

static void describe_st0(uint8_t value, char *text, size_t size)
{
    static const char *const CODES[] = {"normal end", "abnormal end", "invalid command", "polled"};
    snprintf(text, size, "ST0: %s, drive %c%s%s", CODES[value >> 6], 'A' + (value & 3),
             value & ST0_SE ? ", seek end" : "", value & ST0_EC ? ", no track 0" : "");
}

static void describe_bits(const char *name, const char *const *bits, uint8_t value, char *text,
                          size_t size)
{
    size_t used = 0;
    text_append(text, size, &used, "%s:", name);
    for (unsigned i = 0; i < 8; i++)
        if (value >> i & 1 && bits[i])
            text_append(text, size, &used, " %s", bits[i]);
    if (value == 0)
        text_append(text, size, &used, " no trouble");
}

void fdc_describe_result(const struct fdc *s, uint8_t value, char *text, size_t size)
{
    static const char *const ST1[] = {"MA", "NW", "ND", NULL, "OR", "DE", NULL, "EN"};
    static const char *const ST2[] = {"MD", "BC", "SN", "SH", "WC", "DD", "CM", NULL};
    static const char *const ST3[] = {NULL, NULL, "HDS", NULL, "T0", NULL, "WP", NULL};
    static const char *const ID[] = {"C", "H", "R", "N"};
    const struct fdc_command *command = fdc_command_find(s->bytes[0]);
    bool is_status = s->result_count == 7 || s->result_count == 2 || !command || s->byte_count == 0;
    if (s->phase != FDC_RESULT)
        snprintf(text, size, s->phase == FDC_EXECUTION ? "data" : "nothing is to be read");
    else if (s->result_at == 0 && (is_status || command->code == 0x08))
        describe_st0(value, text, size);
    else if (s->result_count == 2)
        snprintf(text, size, "PCN: cylinder %u", value);
    else if (s->result_count == 7 && s->result_at == 1)
        describe_bits("ST1", ST1, value, text, size);
    else if (s->result_count == 7 && s->result_at == 2)
        describe_bits("ST2", ST2, value, text, size);
    else if (s->result_count == 7)
        snprintf(text, size, "%s=%u", ID[(s->result_at - 3) & 3], value);
    else if (command && command->code == 0x04)
        describe_bits("ST3", ST3, value, text, size);
    else
        snprintf(text, size, "%s: byte %u of %u", command ? command->name : "result",
                 s->result_at + 1u, s->result_count);
}
