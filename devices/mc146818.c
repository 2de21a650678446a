/* Motorola MC146818A real-time clock with 128 bytes of CMOS memory, behind ports 70h and 71h.
 *
 * Specification: Motorola MC146818A data sheet, ADI-1031, 1984 ("146818"); meaning of the CMOS bytes:
 * IBM PC/AT Technical Reference, September 1985, System BIOS ("AT"), and SeaBIOS 1.16, src/hw/rtc.h
 * (30h-3Dh, 5Bh-5Fh).
 * Missing: the SQW output, the 4 and 1 MHz time bases.
 * Clock: 32,768 Hz, from absolute time. Outputs: irq (IRQ8), nmi_mask (bit 7 of port 70h).
 *
 *                     244 µs  1984 µs
 *   UIP   ____________/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\____________   registers change at the falling edge, UF, AF
 *                                     ^ one event a second
 *
 * The periodic flag is lazy: PF is "a period has ended since C was read"; there is an event only when
 * PIE is set and PF is not, for the next end of a period. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"

#define CMOS_BYTES 128u
#define CRYSTAL_HZ UINT64_C(32768)
#define UPDATE_NS UINT64_C(2228000) /* 146818 p.12: t_BUC + t_UC */

enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, DAY_OF_WEEK, DATE, MONTH,
       YEAR, REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32 };
enum { A_UIP = 0x80, A_DV = 0x70, A_DV_NORMAL = 0x20, A_RS = 0x0F };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_SQWE = 0x08, B_DM = 0x04,
       B_24 = 0x02, B_DSE = 0x01 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
enum { D_VRT = 0x80, HOURS_PM = 0x80, NMI_MASK = 0x80 };

struct rtc {
    struct device device;
    uint8_t bytes[CMOS_BYTES]; /* as the guest reads them; A without UIP, C without IRQF */
    uint8_t index;
    bool was_put_back;     /* DSE: this is October's second hour from 1:00 */
    uint64_t first_update; /* instant of update number 0 since the divider was started */
    uint64_t updates;      /* done since then */
    uint64_t period;       /* number of the last period that PF has seen */
    struct event update, periodic;
    struct irq_line irq, nmi_mask;
};

static const struct state_field STATE[] = {
    STATE_ARRAY(struct rtc, bytes),
    STATE_ONE(struct rtc, index),
    STATE_ONE_SINCE(2, struct rtc, was_put_back),
    STATE_ONE(struct rtc, first_update),
    STATE_ONE(struct rtc, updates),
    STATE_ONE(struct rtc, period),
    STATE_TIMER(struct rtc, update),
    STATE_TIMER(struct rtc, periodic),
    STATE_STRUCT(struct rtc, irq, IRQ_LINE_STATE),
    STATE_STRUCT(struct rtc, nmi_mask, IRQ_LINE_STATE),
    STATE_TABLE_END,
};

/* --- interrupts and periods ------------------------------------------------------------------------ */

static bool is_divider_running(const struct rtc *rtc)
{
    return (rtc->bytes[REG_A] & A_DV) == A_DV_NORMAL;
}

static uint8_t flags_with_irqf(uint8_t flags, uint8_t enabled)
{
    return (uint8_t)(flags | (flags & enabled & (C_PF | C_AF | C_UF) ? C_IRQF : 0));
}

/* Cycles of the crystal in a period, as a power of two; -1: no periodic rate (146818 table 5). */
static int period_shift(const struct rtc *rtc)
{
    int rs = rtc->bytes[REG_A] & A_RS;
    if (rs == 0 || !is_divider_running(rtc))
        return -1;
    return rs <= 2 ? rs + 6 : rs - 1;
}

static uint64_t period_now(const struct rtc *rtc)
{
    int shift = period_shift(rtc);
    return shift < 0 ? 0 : clock_ticks(rtc->device.env->clock, CRYSTAL_HZ, 1) >> shift;
}

/* C's flags as they stand now, without touching anything. */
static uint8_t flags_now(const struct rtc *rtc)
{
    uint8_t flags = rtc->bytes[REG_C];
    if (period_shift(rtc) >= 0 && period_now(rtc) != rtc->period)
        flags |= C_PF;
    return flags;
}

static void update_irq(struct rtc *rtc)
{
    rtc->bytes[REG_C] = flags_now(rtc);
    irq_line_set(&rtc->irq, (flags_with_irqf(rtc->bytes[REG_C], rtc->bytes[REG_B]) & C_IRQF) != 0);
}

static void schedule_period(struct rtc *rtc)
{
    const struct clock *clock = rtc->device.env->clock;
    int shift = period_shift(rtc);
    if (shift < 0 || !(rtc->bytes[REG_B] & B_PIE) || (rtc->bytes[REG_C] & C_PF)) {
        event_disarm(&rtc->periodic);
        return;
    }
    event_arm(&rtc->periodic,
              clock_when_ticks(clock, (period_now(rtc) + 1) << shift, CRYSTAL_HZ, 1));
}

static void period_ended(void *self)
{
    update_irq(self);
    schedule_period(self);
}

/* --- the time of day --------------------------------------------------------------------------------- */

static unsigned decode(const struct rtc *rtc, uint8_t byte)
{
    return rtc->bytes[REG_B] & B_DM ? byte : (byte >> 4) * 10u + (byte & 15u);
}

static uint8_t encode(const struct rtc *rtc, unsigned value)
{
    return (uint8_t)(rtc->bytes[REG_B] & B_DM ? value : (value / 10 % 10) << 4 | value % 10);
}

/* 0-23; in 12-hour mode 12 AM is 0 and bit 7 says PM (146818 table 3). */
static unsigned decode_hours(const struct rtc *rtc)
{
    uint8_t byte = rtc->bytes[HOURS];
    if (rtc->bytes[REG_B] & B_24)
        return decode(rtc, byte);
    return decode(rtc, byte & 0x7F) % 12 + (byte & HOURS_PM ? 12 : 0);
}

static uint8_t encode_hours(const struct rtc *rtc, unsigned hours)
{
    if (rtc->bytes[REG_B] & B_24)
        return encode(rtc, hours);
    return (uint8_t)(encode(rtc, hours % 12 ? hours % 12 : 12) | (hours >= 12 ? HOURS_PM : 0));
}

/* 146818 p.3: the leap year is known by the year's two digits. */
static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12)
        return 31;
    return DAYS[month - 1] + (month == 2 && year % 4 == 0 ? 1u : 0u);
}

/* Counts a register up; true when it went over `last` and starts again at `first`. */
static bool count_up(struct rtc *rtc, unsigned at, unsigned first, unsigned last)
{
    unsigned value = decode(rtc, rtc->bytes[at]) + 1;
    rtc->bytes[at] = encode(rtc, value > last ? first : value);
    return value > last;
}

static void next_day(struct rtc *rtc)
{
    unsigned days = days_in_month(decode(rtc, rtc->bytes[MONTH]), decode(rtc, rtc->bytes[YEAR]));
    (void)count_up(rtc, DAY_OF_WEEK, 1, 7);
    if (count_up(rtc, DATE, 1, days) && count_up(rtc, MONTH, 1, 12) && count_up(rtc, YEAR, 0, 99))
        (void)count_up(rtc, CENTURY, 0, 99);
}

/* 146818 p.15, DSE: on April's last Sunday 3:00:00 follows 1:59:59; on October's the first 1:59:59 is followed
 * by 1:00:00. */
static unsigned next_hour(struct rtc *rtc)
{
    unsigned hours = decode_hours(rtc) + 1, month = decode(rtc, rtc->bytes[MONTH]);
    bool is_last_week = decode(rtc, rtc->bytes[DATE]) + 7 > days_in_month(month, 0);
    bool was_put_back = rtc->was_put_back;
    rtc->was_put_back = false;
    if (hours != 2 || !is_last_week || !(rtc->bytes[REG_B] & B_DSE) || rtc->bytes[DAY_OF_WEEK] != 1)
        return hours;
    if (month == 4)
        return 3;
    rtc->was_put_back = month == 10 && !was_put_back;
    return rtc->was_put_back ? 1 : hours;
}

static void next_second(struct rtc *rtc)
{
    unsigned hours;
    if (!count_up(rtc, SECONDS, 0, 59) || !count_up(rtc, MINUTES, 0, 59))
        return;
    hours = next_hour(rtc);
    rtc->bytes[HOURS] = encode_hours(rtc, hours > 23 ? 0 : hours);
    if (hours > 23)
        next_day(rtc);
}

/* 146818 p.7: an alarm byte of C0h-FFh is "don't care". */
static bool matches_alarm(const struct rtc *rtc, unsigned at)
{
    uint8_t alarm = rtc->bytes[at + 1];
    return alarm >= 0xC0 || alarm == rtc->bytes[at];
}

static uint64_t update_instant(const struct rtc *rtc)
{
    return rtc->first_update + clock_when_ticks(rtc->device.env->clock, rtc->updates, 1, 1);
}

static void update_ended(void *self)
{
    struct rtc *rtc = self;
    if (!(rtc->bytes[REG_B] & B_SET)) {
        next_second(rtc);
        rtc->bytes[REG_C] |= C_UF;
        if (matches_alarm(rtc, SECONDS) && matches_alarm(rtc, MINUTES) && matches_alarm(rtc, HOURS))
            rtc->bytes[REG_C] |= C_AF;
        update_irq(rtc);
    }
    rtc->updates++;
    event_arm(&rtc->update, update_instant(rtc));
}

/* Starts the divider, so that the first update ends after `ns`. */
static void start_divider(struct rtc *rtc, uint64_t ns)
{
    rtc->first_update = clock_after_ns(rtc->device.env->clock, ns);
    rtc->updates = 0;
    rtc->period = period_now(rtc);
    event_arm(&rtc->update, rtc->first_update);
}

static bool is_updating(const struct rtc *rtc)
{
    const struct clock *clock = rtc->device.env->clock;
    return event_is_armed(&rtc->update) && !(rtc->bytes[REG_B] & B_SET) &&
           clock_after_ns(clock, UPDATE_NS) >= rtc->update.when;
}

/* --- registers: behaviour ------------------------------------------------------------------------------ */

static uint32_t peek_byte(const void *self, const struct reg *row)
{
    return ((const struct rtc *)self)->bytes[row->offset & 0x7F];
}

static void write_byte(void *self, const struct reg *row, uint32_t value)
{
    ((struct rtc *)self)->bytes[row->offset & 0x7F] = (uint8_t)value;
}

static uint32_t peek_a(const void *self, const struct reg *row)
{
    const struct rtc *rtc = self;
    (void)row;
    return rtc->bytes[REG_A] | (is_updating(rtc) ? A_UIP : 0u);
}

static void write_a(void *self, const struct reg *row, uint32_t value)
{
    struct rtc *rtc = self;
    bool was_running = is_divider_running(rtc);
    unsigned divider = value & A_DV;
    (void)row;
    update_irq(rtc); /* PF by the old rate */
    rtc->bytes[REG_A] = value & 0x7F;
    rtc->period = period_now(rtc);
    if (divider != A_DV_NORMAL && divider < 0x60)
        device_guest_error(&rtc->device, "divider %u in register A: the crystal has 32,768 Hz, the "
                                         "clock stands still", divider >> 4);
    if (!is_divider_running(rtc))
        event_disarm(&rtc->update);
    else if (!was_running) /* 146818 p.14: the first update half a second after the divider starts */
        start_divider(rtc, UINT64_C(500000000));
    schedule_period(rtc);
}

static void write_b(void *self, const struct reg *row, uint32_t value)
{
    struct rtc *rtc = self;
    (void)row;
    if (value & ~(uint32_t)rtc->bytes[REG_B] & B_SET)
        value &= ~(uint32_t)B_UIE; /* 146818 p.15: SET going high clears UIE */
    rtc->bytes[REG_B] = (uint8_t)value;
    update_irq(rtc);
    schedule_period(rtc);
}

static uint32_t peek_c(const void *self, const struct reg *row)
{
    const struct rtc *rtc = self;
    (void)row;
    return flags_with_irqf(flags_now(rtc), rtc->bytes[REG_B]);
}

static uint32_t read_c(void *self, const struct reg *row)
{
    struct rtc *rtc = self;
    uint32_t value = peek_c(self, row);
    rtc->period = period_now(rtc);
    rtc->bytes[REG_C] = 0;
    update_irq(rtc);
    schedule_period(rtc);
    return value;
}

static void write_index(void *self, const struct reg *row, uint32_t value)
{
    struct rtc *rtc = self;
    (void)row;
    rtc->index = value & 0x7F;
    irq_line_set(&rtc->nmi_mask, (value & NMI_MASK) != 0);
}

static uint32_t index_now(const void *self)
{
    return ((const struct rtc *)self)->index;
}

/* --- registers: the table ------------------------------------------------------------------------------- */

static const char *const OFF_ON[] = {"off", "on"};
static const struct reg_field A_FIELDS[] = {
    {"UIP", 7, 1, NULL, "an update is in progress or less than 244 µs away"},
    {"DV", 4, 3, (const char *const[]){"4 MHz", "1 MHz", "32 kHz", "3", "4", "5", "reset", "reset"},
     "time base and divider reset"},
    {"RS", 0, 4, NULL, "periodic rate: 0 none, 3-15: 65,536 >> RS Hz"},
    REG_FIELDS_END,
};
static const struct reg_field B_FIELDS[] = {
    {"SET", 7, 1, NULL, "no updates"},
    {"PIE", 6, 1, OFF_ON, "periodic interrupt"},
    {"AIE", 5, 1, OFF_ON, "alarm interrupt"},
    {"UIE", 4, 1, OFF_ON, "update-ended interrupt"},
    {"SQWE", 3, 1, OFF_ON, "square wave"},
    {"DM", 2, 1, (const char *const[]){"BCD", "binary"}, "data mode"},
    {"24/12", 1, 1, (const char *const[]){"12 h", "24 h"}, "hours"},
    {"DSE", 0, 1, OFF_ON, "daylight saving"},
    REG_FIELDS_END,
};
static const struct reg_field C_FIELDS[] = {
    {"IRQF", 7, 1, NULL, "the IRQ output is active"},
    {"PF", 6, 1, NULL, "a period has ended"},
    {"AF", 5, 1, NULL, "the alarm's time has come"},
    {"UF", 4, 1, NULL, "an update has ended"},
    REG_FIELDS_END,
};
static const struct reg_field D_FIELDS[] = {
    {"VRT", 7, 1, NULL, "valid RAM and time"},
    REG_FIELDS_END,
};

#define CMOS(at, name_, meaning_, reset_, section_)                                            \
    {.name = name_, .meaning = meaning_, .offset = at, .width = 1, .access = REG_RW,           \
     .reset = reset_, .writable = 0xFF, .write = write_byte, .peek = peek_byte, .section = section_}
#define FREE(at) CMOS(0x##at, "CMOS " #at "h", "memory", 0, "AT")
#define FREE_8(a, b, c, d, e, f, g, h) \
    FREE(a), FREE(b), FREE(c), FREE(d), FREE(e), FREE(f), FREE(g), FREE(h)

/* A drive of type 47, as the firmwares of clones keep it. */
#define DISK(at, drive)                                                                            \
    CMOS(at, drive " cylinders low", "cylinders", 0, "AMI"),                                       \
        CMOS((at) + 1, drive " cylinders high", "cylinders", 0, "AMI"),                            \
        CMOS((at) + 2, drive " heads", "heads", 0, "AMI"),                                         \
        CMOS((at) + 3, drive " precompensation low", "its first cylinder", 0, "AMI"),              \
        CMOS((at) + 4, drive " precompensation high", "FFFFh: none", 0, "AMI"),                    \
        CMOS((at) + 5, drive " control", "bit 3: more than 8 heads", 0, "AMI"),                    \
        CMOS((at) + 6, drive " landing zone low", "cylinder to park at", 0, "AMI"),                \
        CMOS((at) + 7, drive " landing zone high", "cylinder to park at", 0, "AMI"),               \
        CMOS((at) + 8, drive " sectors", "sectors a track", 0, "AMI")

/* Reset values: those of power-on with the default options (midnight of January 1, 1970, 1 MiB). */
static const struct reg CMOS_ROWS[] = {
    CMOS(SECONDS, "seconds", "seconds", 0, "146818 p.6"),
    CMOS(SECONDS_ALARM, "seconds alarm", "seconds of the alarm", 0, "146818 p.6"),
    CMOS(MINUTES, "minutes", "minutes", 0, "146818 p.6"),
    CMOS(MINUTES_ALARM, "minutes alarm", "minutes of the alarm", 0, "146818 p.6"),
    CMOS(HOURS, "hours", "hours", 0, "146818 p.6"),
    CMOS(HOURS_ALARM, "hours alarm", "hours of the alarm", 0, "146818 p.6"),
    CMOS(DAY_OF_WEEK, "day of week", "1: Sunday", 5, "146818 p.6"),
    CMOS(DATE, "date", "day of the month", 1, "146818 p.6"),
    CMOS(MONTH, "month", "month", 1, "146818 p.6"),
    CMOS(YEAR, "year", "year of the century", 0x70, "146818 p.6"),
    {.name = "A", .meaning = "register A: divider and rate", .offset = REG_A, .width = 1,
     .access = REG_RW, .reset = 0x26, .writable = 0x7F, .write = write_a, .peek = peek_a,
     .fields = A_FIELDS, .section = "146818 p.14"},
    {.name = "B", .meaning = "register B: modes and interrupts", .offset = REG_B, .width = 1,
     .access = REG_RW, .reset = B_24, .writable = 0xFF, .write = write_b, .peek = peek_byte,
     .fields = B_FIELDS, .section = "146818 p.15"},
    {.name = "C", .meaning = "register C: flags", .offset = REG_C, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .read = read_c, .peek = peek_c, .fields = C_FIELDS,
     .section = "146818 p.16"},
    {.name = "D", .meaning = "register D: valid", .offset = REG_D, .width = 1, .access = REG_READ,
     .reset = D_VRT, .peek = peek_byte, .fields = D_FIELDS, .section = "146818 p.16"},
    CMOS(0x0E, "diagnostic", "diagnostic status", 0, "AT"),
    CMOS(0x0F, "shutdown", "what the BIOS does after a reset", 0, "AT"),
    CMOS(0x10, "floppy", "types of diskette drives A and B", 0, "AT"),
    FREE(11),
    CMOS(0x12, "disk", "types of fixed disks C and D; 15: see 19h and 1Ah", 0, "AT"),
    FREE(13),
    CMOS(0x14, "equipment", "diskettes, display, FPU, mouse", 0x06, "AT"),
    CMOS(0x15, "base memory low", "KiB below 640 KiB", 0x80, "AT"),
    CMOS(0x16, "base memory high", "KiB below 640 KiB", 0x02, "AT"),
    CMOS(0x17, "extended memory low", "KiB above 1 MiB", 0, "AT"),
    CMOS(0x18, "extended memory high", "KiB above 1 MiB", 0, "AT"),
    CMOS(0x19, "disk C", "type; 47: as 1Bh-23h say", 0, "AT"),
    CMOS(0x1A, "disk D", "type; 47: as 24h-2Ch say", 0, "AT"),
    DISK(0x1B, "C"), DISK(0x24, "D"), FREE(2D),
    CMOS(0x2E, "checksum high", "sum of 10h-2Dh", 0x00, "AT"),
    CMOS(0x2F, "checksum low", "sum of 10h-2Dh", 0x88, "AT"),
    CMOS(0x30, "memory above 1 MiB low", "KiB, at most 65,535", 0, "AT"),
    CMOS(0x31, "memory above 1 MiB high", "KiB, at most 65,535", 0, "AT"),
    CMOS(CENTURY, "century", "century", 0x19, "AT"),
    FREE(33),
    CMOS(0x34, "memory above 16 MiB low", "64 KiB units", 0, "SeaBIOS rtc.h"),
    CMOS(0x35, "memory above 16 MiB high", "64 KiB units", 0, "SeaBIOS rtc.h"),
    FREE(36), FREE(37),
    CMOS(0x38, "boot third", "bits 7-4: third device; bit 0: any diskette boots", 0,
         "SeaBIOS rtc.h"),
    CMOS(0x39, "translation 1", "C/H/S translation of the first four drives", 0, "SeaBIOS rtc.h"),
    CMOS(0x3A, "translation 2", "C/H/S translation of the next four drives", 0, "SeaBIOS rtc.h"),
    FREE(3B), FREE(3C),
    CMOS(0x3D, "boot first", "bits 3-0: first device, 7-4: second; 1 floppy, 2 disk, 3 CD, 4 net",
         0x32, "SeaBIOS rtc.h"),
    FREE(3E), FREE(3F),
    FREE_8(40, 41, 42, 43, 44, 45, 46, 47), FREE_8(48, 49, 4A, 4B, 4C, 4D, 4E, 4F),
    FREE_8(50, 51, 52, 53, 54, 55, 56, 57), FREE(58), FREE(59), FREE(5A),
    CMOS(0x5B, "memory above 4 GiB low", "64 KiB units", 0, "SeaBIOS rtc.h"),
    CMOS(0x5C, "memory above 4 GiB middle", "64 KiB units", 0, "SeaBIOS rtc.h"),
    CMOS(0x5D, "memory above 4 GiB high", "64 KiB units", 0, "SeaBIOS rtc.h"),
    FREE(5E),
    CMOS(0x5F, "processors", "their number less one", 0, "SeaBIOS rtc.h"),
    FREE_8(60, 61, 62, 63, 64, 65, 66, 67), FREE_8(68, 69, 6A, 6B, 6C, 6D, 6E, 6F),
    FREE_8(70, 71, 72, 73, 74, 75, 76, 77), FREE_8(78, 79, 7A, 7B, 7C, 7D, 7E, 7F),
    REG_ROWS_END,
};
static const struct reg_bank CMOS_BANK = {"cmos", CMOS_ROWS};

static const struct reg_field INDEX_FIELDS[] = {
    {"NMI", 7, 1, (const char *const[]){"enabled", "masked"}, "non-maskable interrupts"},
    {"index", 0, 7, NULL, "which byte port 71h shows"},
    REG_FIELDS_END,
};
static const struct reg ROWS[] = {
    {.name = "INDEX", .meaning = "index and NMI mask", .offset = 0, .width = 1,
     .access = REG_WRITE, .write = write_index, .fields = INDEX_FIELDS, .section = "AT"},
    {.name = "DATA", .meaning = "the byte at the index", .offset = 1, .width = 1,
     .access = REG_RW, .section = "AT", .inner = &CMOS_BANK, .inner_offset = index_now},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"mc146818", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, &CMOS_BANK, NULL};

/* --- in words ----------------------------------------------------------------------------------------------- */

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct rtc *rtc = (const struct rtc *)device;
    const struct reg *row = access->reg, *inner;
    uint32_t value = (uint32_t)access->value & 0xFF;
    size_t used = 0;
    if (!row)
        return;
    if (row == &ROWS[0]) {
        inner = reg_find(&CMOS_BANK, rtc, value & 0x7F, false);
        snprintf(text, size, "CMOS index %02Xh: %s%s", value & 0x7F, inner ? inner->name : "nothing",
                 value & NMI_MASK ? ", NMI masked" : "");
        return;
    }
    if (row == &ROWS[1])
        row = reg_find(&CMOS_BANK, rtc, rtc->index, access->is_write);
    if (!row)
        return;
    text_append(text, size, &used, "CMOS %02Xh, %s: ", (unsigned)row->offset, row->name);
    if (row->fields)
        reg_fields_text(row, value, text + used, size - used);
    else if (row->offset <= YEAR && !(rtc->bytes[REG_B] & B_DM))
        text_append(text, size, &used, "%02X (BCD)", value);
    else
        text_append(text, size, &used, "%u", value);
}

/* --- life cycle ----------------------------------------------------------------------------------------------- */

/* Sets the calendar from seconds since January 1, 1970, 0:00 (a Thursday). */
static void set_time(struct rtc *rtc, uint64_t seconds)
{
    uint64_t days = seconds / 86400;
    unsigned of_day = (unsigned)(seconds % 86400), year = 1970, month = 1;
    rtc->bytes[DAY_OF_WEEK] = encode(rtc, (unsigned)((days + 4) % 7) + 1);
    for (;;) { /* at most some thousand rounds: the option's range ends with the year 9999 */
        bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (days < (is_leap ? 366u : 365u)) {
            while (days >= days_in_month(month, is_leap ? 0 : 1))
                days -= days_in_month(month++, is_leap ? 0 : 1);
            break;
        }
        days -= is_leap ? 366u : 365u;
        year++;
    }
    rtc->bytes[SECONDS] = encode(rtc, of_day % 60);
    rtc->bytes[MINUTES] = encode(rtc, of_day / 60 % 60);
    rtc->bytes[HOURS] = encode_hours(rtc, of_day / 3600);
    rtc->bytes[DATE] = encode(rtc, (unsigned)days + 1);
    rtc->bytes[MONTH] = encode(rtc, month);
    rtc->bytes[YEAR] = encode(rtc, year % 100);
    rtc->bytes[CENTURY] = encode(rtc, year / 100);
}

/* The memory's size as the BIOS looks it up; sizes in KiB. */
static void set_memory(struct rtc *rtc, uint64_t low, uint64_t high)
{
    uint64_t base = low < 640 ? low : 640, above_1m = low > 1024 ? low - 1024 : 0;
    uint64_t above_16m = low > 16384 ? (low - 16384) / 64 : 0;
    if (above_1m > 0xFFFF)
        above_1m = 0xFFFF;
    if (above_16m > 0xFFFF)
        above_16m = 0xFFFF;
    store_le16(&rtc->bytes[0x15], (uint16_t)base);
    store_le16(&rtc->bytes[0x17], (uint16_t)above_1m);
    store_le16(&rtc->bytes[0x30], (uint16_t)above_1m);
    store_le16(&rtc->bytes[0x34], (uint16_t)above_16m);
    store_le16(&rtc->bytes[0x5B], (uint16_t)(high / 64));
    rtc->bytes[0x5D] = (uint8_t)(high / 64 >> 16);
}

/* AT: equipment byte: display by its own BIOS, FPU and PS/2 mouse; diskette drives. */
static void set_equipment(struct rtc *rtc, uint8_t floppies)
{
    unsigned drives = (floppies & 0xF0 ? 1u : 0u) + (floppies & 0x0F ? 1u : 0u);
    rtc->bytes[0x10] = floppies;
    rtc->bytes[0x14] = (uint8_t)(0x06 | (drives ? 1 | (drives - 1) << 6 : 0));
}

/* What SETUP keeps of an IDE drive. Programs from before IDENTIFY, and Mach's and old Linux' drivers, look here for
 * whether there is one. */
static void set_disk(struct rtc *rtc, unsigned drive, uint64_t geometry)
{
    uint8_t *bytes = &rtc->bytes[drive ? 0x24 : 0x1B];
    uint16_t cylinders = (uint16_t)(geometry >> 16);
    uint8_t heads = (uint8_t)(geometry >> 8);
    if (!geometry)
        return;
    rtc->bytes[0x12] |= drive ? 0x0F : 0xF0;
    rtc->bytes[0x19 + drive] = 47;
    store_le16(bytes, cylinders);
    bytes[2] = heads;
    store_le16(bytes + 3, 0xFFFF);
    bytes[5] = heads > 8 ? 0xC8 : 0xC0; /* no retries, by the drive's own */
    store_le16(bytes + 6, cylinders);
    bytes[8] = (uint8_t)geometry;
}

static void set_checksum(struct rtc *rtc)
{
    uint16_t sum = 0;
    for (unsigned at = 0x10; at <= 0x2D; at++)
        sum = (uint16_t)(sum + rtc->bytes[at]);
    rtc->bytes[0x2E] = (uint8_t)(sum >> 8);
    rtc->bytes[0x2F] = (uint8_t)sum;
}

static enum status set_boot_order(struct rtc *rtc, const char *order, struct error *error)
{
    static const char LETTERS[] = "acdn";
    uint8_t codes[3] = {0};
    if (strlen(order) > ARRAY_COUNT(codes))
        return error_set(error, STATUS_USAGE, "boot=%s names more than three devices; fix: give at "
                         "most three of a (floppy), c (disk), d (CD), n (network)", order);
    for (size_t i = 0; order[i]; i++) {
        const char *letter = strchr(LETTERS, order[i]);
        if (!letter)
            return error_set(error, STATUS_USAGE, "boot=%s: no device has the letter '%c'; fix: use "
                             "a (floppy), c (disk), d (CD), n (network)", order, order[i]);
        codes[i] = (uint8_t)(letter - LETTERS + 1);
    }
    rtc->bytes[0x3D] = (uint8_t)(codes[0] | codes[1] << 4);
    rtc->bytes[0x38] = (uint8_t)(codes[2] << 4);
    return STATUS_OK;
}

/* RESET# (146818 p.5) clears the interrupt enables and flags; the battery keeps the rest. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct rtc *rtc = (struct rtc *)device;
    rtc->bytes[REG_B] &= (uint8_t)~(B_PIE | B_AIE | B_UIE | B_SQWE);
    rtc->bytes[REG_C] = 0;
    rtc->period = period_now(rtc);
    if (kind == RESET_POWER_ON) {
        rtc->index = 0;
        start_divider(rtc, UINT64_C(1000000000));
    }
    irq_line_set(&rtc->nmi_mask, false);
    update_irq(rtc);
    schedule_period(rtc);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x70", "index port; the data port follows", 0, 0xFFFE},
    {"time", "0", "of power-on, in seconds since January 1, 1970", 0, UINT64_C(253402300799)},
    {"memory", "1024", "RAM below 4 GiB, in KiB", 0, 0x400000},
    {"high_memory", "0", "RAM above 4 GiB, in KiB", 0, UINT64_C(0x3FFFFFC0)},
    {"floppy", "0", "types of the diskette drives, CMOS byte 10h (40h: A is 1.44 MB)", 0, 0xFF},
    {"disk0", "0", "IDE drive C in CMOS: cylinders << 16 | heads << 8 | sectors; 0: none", 0, 0xFFFFFFFF},
    {"disk1", "0", "IDE drive D, likewise", 0, 0xFFFFFFFF},
    {"boot", "cd", "order of boot devices: a floppy, c disk, d CD, n network", 0, 0},
    {"translation", "0", "CMOS bytes 39h and 3Ah: 2 bits a drive; 0 none, 1 LBA, 2 large", 0,
     0xFFFF},
    {"cpus", "1", "processors", 1, 256},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct rtc *rtc = (struct rtc *)device;
    const struct device_type *type = &MC146818_TYPE;
    uint64_t translation = device_number(type, config, "translation");
    event_init(&rtc->update, config->env->clock, "mc146818 update", update_ended, rtc);
    event_init(&rtc->periodic, config->env->clock, "mc146818 period", period_ended, rtc);
    rtc->bytes[REG_A] = 0x26; /* 32 kHz, 1,024 Hz */
    rtc->bytes[REG_B] = B_24;
    rtc->bytes[REG_D] = D_VRT;
    set_time(rtc, device_number(type, config, "time"));
    set_memory(rtc, device_number(type, config, "memory"),
               device_number(type, config, "high_memory"));
    set_equipment(rtc, (uint8_t)device_number(type, config, "floppy"));
    set_disk(rtc, 0, device_number(type, config, "disk0"));
    set_disk(rtc, 1, device_number(type, config, "disk1"));
    store_le16(&rtc->bytes[0x39], (uint16_t)translation);
    rtc->bytes[0x5F] = (uint8_t)(device_number(type, config, "cpus") - 1);
    set_checksum(rtc);
    if (set_boot_order(rtc, device_text(type, config, "boot"), error) != STATUS_OK)
        return error->status;
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(type, config, "base"), 2, error);
}

static void fini(struct device *device)
{
    struct rtc *rtc = (struct rtc *)device;
    event_fini(&rtc->update);
    event_fini(&rtc->periodic);
}

static const struct device_pin PINS[] = {
    {"irq", offsetof(struct rtc, irq)},
    {"nmi_mask", offsetof(struct rtc, nmi_mask)},
    {NULL, 0},
};

const struct device_type MC146818_TYPE = {
    .name = "mc146818",
    .title = "Real-time clock and CMOS memory",
    .datasheet = "Motorola MC146818A data sheet, ADI-1031, 1984; IBM PC/AT Technical Reference, "
                 "September 1985",
    .missing = "the SQW output: nobody listens on a PC\n"
               "time bases of 4 and 1 MHz: the clock stands still\n"
               "the second bank of CMOS memory at ports 72h and 73h",
    .size = sizeof(struct rtc),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
};
