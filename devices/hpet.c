/* High precision event timer: a counter of 64 bits and three comparators.
 *
 * Specification: IA-PC HPET Specification 1.0a, October 2004 ("HPET").
 * Missing: see the type's `missing`. Clock: 315/22 MHz (14.31818 MHz), from absolute time.
 * Inputs: pit, rtc (in legacy replacement they end here). Outputs: irq0, irq8, gsi16-gsi23.
 *
 *   PIT ─────┐                          counter ──┬─ = comparator 0 ─┐ legacy: irq0, else its GSI
 *   timer 0 ─┴─[LEG_RT_CNF]─> irq0                ├─ = comparator 1 ─┤ legacy: irq8, else its GSI
 *   RTC ─────┐                                    └─ = comparator 2 ─┘ its GSI
 *   timer 1 ─┴─[LEG_RT_CNF]─> irq8
 *
 * Nothing happens on a tick: the counter is computed from the tick at which it was started. There is an
 * event only for the next match of a timer whose interrupt is enabled, or whose status shows a match (level),
 * at least one instruction ahead; matches in between are one interrupt. An edge is shown as the line's fall and rise: it stays high, as an
 * 8259 wants to see an edge's request until it is acknowledged. */
#include <stdio.h>

#include "base/bits.h"
#include "devices/types.h"

#define TIMERS 3u
#define CLK_NUMERATOR UINT64_C(315000000)
#define CLK_DENOMINATOR UINT64_C(22)
#define PERIOD_FS UINT32_C(69841270)       /* of the same, in 10^-15 s */
#define CAPABILITIES UINT32_C(0x8086A201)  /* Intel, legacy replacement, 64 bits, 3 timers, revision 1 */
#define FIRST_GSI 16u
#define GSIS 8u
#define ROUTES UINT32_C(0x00FF0000)        /* inputs 16-23 of the I/O APIC */

enum { CONF_ENABLE = 1 << 0, CONF_LEGACY = 1 << 1, CONF_WRITABLE = 3 };
/* Timer configuration, low word (HPET 2.3.8). */
enum {
    T_LEVEL = 1 << 1,
    T_INTERRUPT = 1 << 2,
    T_PERIODIC = 1 << 3,
    T_CAN_PERIODIC = 1 << 4,
    T_IS_64 = 1 << 5,
    T_SET_VALUE = 1 << 6,
    T_32_MODE = 1 << 8,
    T_ROUTE_SHIFT = 9,
    T_FIXED = T_CAN_PERIODIC | T_IS_64,
    T_WRITABLE = T_LEVEL | T_INTERRUPT | T_PERIODIC | T_32_MODE | 31 << T_ROUTE_SHIFT
};

struct hpet_timer {
    uint32_t conf;
    uint64_t comparator; /* the next match; in periodic mode moved on by `period` */
    uint64_t period;     /* what was written last */
    bool line;           /* the timer's output, wherever it is routed */
};

struct hpet_match {
    struct hpet *hpet;
    unsigned index;
};

struct hpet {
    struct device device;
    uint32_t conf, status;
    uint64_t counter; /* while halted; else its value at tick `started` */
    uint64_t started;
    bool pit_level, rtc_level;
    struct hpet_timer timers[TIMERS];
    struct event match[TIMERS];
    struct irq_line irq0, irq8, gsi[GSIS];
    struct hpet_match match_self[TIMERS];
};

static const struct state_field TIMER_STATE[] = {
    STATE_ONE(struct hpet_timer, conf),
    STATE_ONE(struct hpet_timer, comparator),
    STATE_ONE(struct hpet_timer, period),
    STATE_ONE(struct hpet_timer, line),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_ONE(struct hpet, conf),
    STATE_ONE(struct hpet, status),
    STATE_ONE(struct hpet, counter),
    STATE_ONE(struct hpet, started),
    STATE_ONE(struct hpet, pit_level),
    STATE_ONE(struct hpet, rtc_level),
    STATE_STRUCTS(struct hpet, timers, TIMER_STATE),
    STATE_TIMERS(struct hpet, match),
    STATE_STRUCT(struct hpet, irq0, IRQ_LINE_STATE),
    STATE_STRUCT(struct hpet, irq8, IRQ_LINE_STATE),
    STATE_STRUCTS(struct hpet, gsi, IRQ_LINE_STATE),
    STATE_REBUILT(struct hpet, match_self),
    STATE_TABLE_END,
};

/* --- lines (HPET 2.3.5, 2.3.8) ----------------------------------------------------------------------- */

static unsigned route_of(const struct hpet_timer *timer)
{
    return timer->conf >> T_ROUTE_SHIFT & 31;
}

static void update_lines(struct hpet *hpet)
{
    bool is_legacy = hpet->conf & CONF_LEGACY;
    uint32_t active = 0;
    for (unsigned i = is_legacy ? 2 : 0; i < TIMERS; i++)
        if (hpet->timers[i].line)
            active |= UINT32_C(1) << route_of(&hpet->timers[i]);
    irq_line_set(&hpet->irq0, is_legacy ? hpet->timers[0].line : hpet->pit_level);
    irq_line_set(&hpet->irq8, is_legacy ? hpet->timers[1].line : hpet->rtc_level);
    for (unsigned n = 0; n < GSIS; n++)
        irq_line_set(&hpet->gsi[n], active >> (FIRST_GSI + n) & 1);
}

static void set_line(struct hpet *hpet, unsigned index, bool level)
{
    hpet->timers[index].line = level;
    update_lines(hpet);
}

/* 2.3.8, Tn_INT_ENB_CNF: the status of a level tells of a match also without its interrupt (so too the AMD-8111
 * data sheet, 24674, April 2003, HPET100[T0IEN]). */
static void raise(struct hpet *hpet, unsigned index)
{
    if (hpet->timers[index].conf & T_LEVEL)
        hpet->status |= 1u << index;
    else
        set_line(hpet, index, false);
    set_line(hpet, index, (hpet->timers[index].conf & T_INTERRUPT) != 0);
}

/* --- counting ------------------------------------------------------------------------------------------- */

static uint64_t ticks_now(const struct hpet *hpet)
{
    return clock_ticks(hpet->device.env->clock, CLK_NUMERATOR, CLK_DENOMINATOR);
}

static uint64_t counter_now(const struct hpet *hpet)
{
    return hpet->conf & CONF_ENABLE ? hpet->counter + (ticks_now(hpet) - hpet->started)
                                    : hpet->counter;
}

static uint64_t mask_of(const struct hpet_timer *timer)
{
    return timer->conf & T_32_MODE ? UINT32_MAX : UINT64_MAX;
}

/* Ticks from `counter` to the timer's match; never 0: one that is now has been. */
static uint64_t ticks_to_match(const struct hpet_timer *timer, uint64_t counter)
{
    uint64_t distance = (timer->comparator - counter) & mask_of(timer);
    return distance ? distance : mask_of(timer);
}

/* In periodic mode the comparator goes to the first of its multiples beyond the counter. A distance in
 * the upper half is one that has passed. */
static uint64_t comparator_at(const struct hpet_timer *timer, uint64_t counter)
{
    uint64_t mask = mask_of(timer), period = timer->period & mask;
    uint64_t passed = (counter - timer->comparator) & mask;
    if (!(timer->conf & T_PERIODIC) || period == 0 || passed > mask >> 1)
        return timer->comparator;
    return (timer->comparator + (passed / period + 1) * period) & mask;
}

static void schedule(struct hpet *hpet, unsigned index)
{
    struct hpet_timer *timer = &hpet->timers[index];
    const struct clock *clock = hpet->device.env->clock;
    uint64_t counter = counter_now(hpet), ticks, when;
    if (!(hpet->conf & CONF_ENABLE) || !(timer->conf & (T_INTERRUPT | T_LEVEL))) {
        event_disarm(&hpet->match[index]);
        return;
    }
    timer->comparator = comparator_at(timer, counter);
    ticks = ticks_to_match(timer, counter);
    if (ticks > UINT64_MAX >> 14) { /* in some years; and the product below has 64 bits */
        event_disarm(&hpet->match[index]);
        return;
    }
    when = clock_when_ticks(clock, ticks_now(hpet) + ticks, CLK_NUMERATOR, CLK_DENOMINATOR);
    event_arm(&hpet->match[index], when > clock_now(clock) ? when : clock_now(clock) + 1);
}

static void matched(void *self)
{
    const struct hpet_match *match = self;
    raise(match->hpet, match->index);
    schedule(match->hpet, match->index);
}

static void schedule_all(struct hpet *hpet)
{
    for (unsigned i = 0; i < TIMERS; i++)
        schedule(hpet, i);
}

/* --- general registers (2.3.4 to 2.3.7) --------------------------------------------------------------------- */

static uint32_t peek_capabilities(const void *self, const struct reg *row)
{
    (void)self;
    return row->offset == 0 ? CAPABILITIES : PERIOD_FS;
}

static uint32_t peek_conf(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct hpet *)self)->conf;
}

static void write_conf(void *self, const struct reg *row, uint32_t value)
{
    struct hpet *hpet = self;
    (void)row;
    hpet->counter = counter_now(hpet);
    hpet->started = ticks_now(hpet);
    hpet->conf = value & CONF_WRITABLE;
    update_lines(hpet);
    schedule_all(hpet);
}

static uint32_t peek_status(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct hpet *)self)->status;
}

static void write_status(void *self, const struct reg *row, uint32_t value)
{
    struct hpet *hpet = self;
    (void)row;
    for (unsigned i = 0; i < TIMERS; i++) {
        if (!(hpet->status & value & 1u << i))
            continue;
        hpet->status &= ~(1u << i);
        set_line(hpet, i, false);
    }
}

static uint32_t half_of(uint64_t value, const struct reg *row)
{
    return (uint32_t)(row->offset & 4 ? value >> 32 : value);
}

static uint64_t with_half(uint64_t whole, const struct reg *row, uint32_t value)
{
    return row->offset & 4 ? (uint32_t)whole | (uint64_t)value << 32
                           : (whole & ~(uint64_t)UINT32_MAX) | value;
}

static uint32_t peek_counter(const void *self, const struct reg *row)
{
    return half_of(counter_now(self), row);
}

/* 2.3.7: software writes it while it is halted. If it does not, the count goes on from there. */
static void write_counter(void *self, const struct reg *row, uint32_t value)
{
    struct hpet *hpet = self;
    if (hpet->conf & CONF_ENABLE)
        device_guest_error(&hpet->device, "the main counter is written while it runs (ENABLE_CNF)");
    hpet->counter = with_half(counter_now(hpet), row, value);
    hpet->started = ticks_now(hpet);
    schedule_all(hpet);
}

/* --- timers (2.3.8, 2.3.9) -------------------------------------------------------------------------------------- */

static unsigned index_of(const struct reg *row)
{
    return (row->offset - 0x100u) >> 5;
}

static uint32_t peek_timer_conf(const void *self, const struct reg *row)
{
    return ((const struct hpet *)self)->timers[index_of(row)].conf | T_FIXED;
}

static uint32_t peek_routes(const void *self, const struct reg *row)
{
    (void)self;
    (void)row;
    return ROUTES;
}

static void write_timer_conf(void *self, const struct reg *row, uint32_t value)
{
    struct hpet *hpet = self;
    unsigned index = index_of(row);
    struct hpet_timer *timer = &hpet->timers[index];
    timer->comparator = comparator_at(timer, counter_now(hpet));
    timer->conf = value & (T_WRITABLE | T_SET_VALUE);
    if (!(ROUTES >> route_of(timer) & 1)) /* 2.3.8: a route that is not there is not taken over */
        timer->conf &= ~(UINT32_C(31) << T_ROUTE_SHIFT);
    if (!(value & T_PERIODIC)) /* 2.3.8: without effect, reads as 0 */
        timer->conf &= ~(uint32_t)T_SET_VALUE;
    if (!(value & T_LEVEL))
        hpet->status &= ~(1u << index);
    timer->line = (hpet->status >> index & 1) && (value & T_INTERRUPT);
    update_lines(hpet);
    schedule(hpet, index);
}

static uint32_t peek_comparator(const void *self, const struct reg *row)
{
    const struct hpet *hpet = self;
    const struct hpet_timer *timer = &hpet->timers[index_of(row)];
    return half_of(comparator_at(timer, counter_now(hpet)), row);
}

/* 2.3.9.2.2: in periodic mode what is written is the period; with Tn_VAL_SET_CNF, which that clears, the
 * comparator as well. */
static void write_comparator(void *self, const struct reg *row, uint32_t value)
{
    struct hpet *hpet = self;
    unsigned index = index_of(row);
    struct hpet_timer *timer = &hpet->timers[index];
    timer->comparator = comparator_at(timer, counter_now(hpet));
    if (!(timer->conf & T_PERIODIC) || timer->conf & T_SET_VALUE)
        timer->comparator = with_half(timer->comparator, row, value);
    if (timer->conf & T_32_MODE && row->offset & 4)
        return;
    timer->period = with_half(timer->period, row, value);
    if (timer->conf & T_32_MODE) {
        timer->comparator &= UINT32_MAX;
        timer->period &= UINT32_MAX;
    }
    timer->conf &= ~(uint32_t)T_SET_VALUE;
    schedule(hpet, index);
}

/* --- registers: the table --------------------------------------------------------------------------------------------- */

static const char *const NO_YES[] = {"no", "yes"};
static const struct reg_field CAPABILITY_FIELDS[] = {
    {"REV_ID", 0, 8, NULL, "revision"},
    {"NUM_TIM_CAP", 8, 5, NULL, "timers less one"},
    {"COUNT_SIZE_CAP", 13, 1, (const char *const[]){"32", "64"}, "bits of the counter"},
    {"LEG_RT_CAP", 15, 1, NO_YES, "legacy replacement"},
    {"VENDOR_ID", 16, 16, NULL, "vendor"},
    REG_FIELDS_END,
};
static const struct reg_field CONF_FIELDS[] = {
    {"ENABLE_CNF", 0, 1, NO_YES, "the counter runs, timers interrupt"},
    {"LEG_RT_CNF", 1, 1, NO_YES, "timers 0 and 1 in the place of PIT and RTC"},
    REG_FIELDS_END,
};
static const struct reg_field STATUS_FIELDS[] = {
    {"T0_INT_STS", 0, 1, NULL, "timer 0's level is active"},
    {"T1_INT_STS", 1, 1, NULL, "timer 1's level is active"},
    {"T2_INT_STS", 2, 1, NULL, "timer 2's level is active"},
    REG_FIELDS_END,
};
static const struct reg_field TIMER_FIELDS[] = {
    {"INT_TYPE_CNF", 1, 1, (const char *const[]){"edge", "level"}, "kind of interrupt"},
    {"INT_ENB_CNF", 2, 1, NO_YES, "interrupt"},
    {"TYPE_CNF", 3, 1, (const char *const[]){"one-shot", "periodic"}, "kind of timer"},
    {"PER_INT_CAP", 4, 1, NO_YES, "it can be periodic"},
    {"SIZE_CAP", 5, 1, (const char *const[]){"32", "64"}, "bits"},
    {"VAL_SET_CNF", 6, 1, NO_YES, "the next write sets the comparator as well as the period"},
    {"32MODE_CNF", 8, 1, NO_YES, "as a timer of 32 bits"},
    {"INT_ROUTE_CNF", 9, 5, NULL, "input of the I/O APIC"},
    {"FSB_EN_CNF", 14, 1, NO_YES, "messages in place of lines (not there)"},
    REG_FIELDS_END,
};

#define TIMER_ROWS(n)                                                                               \
    {.name = "TIM" #n "_CONF", .meaning = "configuration of timer " #n, .offset = 0x100 + 0x20 * n, \
     .width = 4, .access = REG_RW, .reset = T_FIXED,                                                \
     .writable = T_LEVEL | T_INTERRUPT | T_PERIODIC | T_32_MODE, .peek = peek_timer_conf,           \
     .write = write_timer_conf, .fields = TIMER_FIELDS, .section = "2.3.8"},                        \
    {.name = "TIM" #n "_ROUTES", .meaning = "inputs of the I/O APIC that timer " #n " can use",     \
     .offset = 0x104 + 0x20 * n, .width = 4, .access = REG_READ, .reset = ROUTES,                   \
     .peek = peek_routes, .section = "2.3.8"},                                                      \
    {.name = "TIM" #n "_COMP", .meaning = "comparator of timer " #n ", bits 31-0",                  \
     .offset = 0x108 + 0x20 * n, .width = 4, .access = REG_RW, .reset = UINT32_MAX,                 \
     .writable = UINT32_MAX,                                                                        \
     .peek = peek_comparator, .write = write_comparator, .section = "2.3.9"},                       \
    {.name = "TIM" #n "_COMP HIGH", .meaning = "comparator of timer " #n ", bits 63-32",            \
     .offset = 0x10C + 0x20 * n, .width = 4, .access = REG_RW, .reset = UINT32_MAX,                 \
     .writable = UINT32_MAX,                                                                        \
     .peek = peek_comparator, .write = write_comparator, .section = "2.3.9"}

static const struct reg ROWS[] = {
    {.name = "GCAP_ID", .meaning = "capabilities", .offset = 0x000, .width = 4, .access = REG_READ,
     .reset = CAPABILITIES, .peek = peek_capabilities, .fields = CAPABILITY_FIELDS,
     .section = "2.3.4"},
    {.name = "COUNTER_CLK_PERIOD", .meaning = "a tick in femtoseconds", .offset = 0x004, .width = 4,
     .access = REG_READ, .reset = PERIOD_FS, .peek = peek_capabilities, .section = "2.3.4"},
    {.name = "MAIN_CNT", .meaning = "the counter, bits 31-0", .offset = 0x0F0, .width = 4,
     .access = REG_RW, .writable = UINT32_MAX, .peek = peek_counter, .write = write_counter,
     .section = "2.3.7"},
    {.name = "MAIN_CNT HIGH", .meaning = "the counter, bits 63-32", .offset = 0x0F4, .width = 4,
     .access = REG_RW, .writable = UINT32_MAX, .peek = peek_counter, .write = write_counter,
     .section = "2.3.7"},
    {.name = "GEN_CONF", .meaning = "configuration", .offset = 0x010, .width = 4, .access = REG_RW,
     .writable = CONF_WRITABLE, .peek = peek_conf, .write = write_conf, .fields = CONF_FIELDS,
     .section = "2.3.5"},
    {.name = "GINTR_STA", .meaning = "levels that are active", .offset = 0x020, .width = 4,
     .access = REG_RW | REG_ONE_CLEARS, .writable = 7, .peek = peek_status, .write = write_status,
     .fields = STATUS_FIELDS, .section = "2.3.6"},
    TIMER_ROWS(0),
    TIMER_ROWS(1),
    TIMER_ROWS(2),
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"HPET", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

/* --- in words ----------------------------------------------------------------------------------------------------------- */

/* "10000.0 us", of ticks. */
static void append_time(char *text, size_t size, size_t *used, uint64_t ticks)
{
    uint64_t tenths = muldiv_floor(ticks, CLK_DENOMINATOR * 10000000, CLK_NUMERATOR);
    text_append(text, size, used, "%llu.%llu us", (unsigned long long)(tenths / 10),
                (unsigned long long)(tenths % 10));
}

static void describe_comparator(const struct hpet *hpet, const struct reg *row, uint32_t value,
                                char *text, size_t size)
{
    const struct hpet_timer *timer = &hpet->timers[index_of(row)];
    size_t used = 0;
    text_append(text, size, &used, "timer %u: ", index_of(row));
    if (timer->conf & T_PERIODIC && !(timer->conf & T_SET_VALUE)) {
        text_append(text, size, &used, "a period of ");
        append_time(text, size, &used, value);
    } else {
        uint32_t ahead = value - (uint32_t)counter_now(hpet);
        text_append(text, size, &used, "matches in ");
        append_time(text, size, &used, ahead);
    }
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct hpet *hpet = (const struct hpet *)device;
    uint32_t value = (uint32_t)access->value;
    const struct reg *row = access->reg;
    size_t used = 0;
    if (!row)
        return;
    if (row->write == write_comparator && access->is_write && !(row->offset & 4))
        describe_comparator(hpet, row, value, text, size);
    else if (row->write == write_conf && access->is_write)
        snprintf(text, size, "the counter %s%s", value & CONF_ENABLE ? "runs" : "stands still",
                 value & CONF_LEGACY ? ", timers 0 and 1 are IRQ0 and IRQ8" : "");
    else if (row->peek == peek_counter && !access->is_write && !(row->offset & 4))
        append_time(text, size, &used, counter_now(hpet));
    else
        reg_fields_text(row, value, text, size);
}

/* --- life ------------------------------------------------------------------------------------------------------------------ */

enum { INPUT_PIT, INPUT_RTC };

static void input(struct device *device, unsigned number, bool level)
{
    struct hpet *hpet = (struct hpet *)device;
    if (number == INPUT_PIT)
        hpet->pit_level = level;
    else
        hpet->rtc_level = level;
    update_lines(hpet);
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct hpet *hpet = (struct hpet *)device;
    (void)kind;
    hpet->conf = hpet->status = 0;
    hpet->counter = 0;
    hpet->started = ticks_now(hpet);
    for (unsigned i = 0; i < TIMERS; i++)
        hpet->timers[i] = (struct hpet_timer){.comparator = UINT64_MAX};
    schedule_all(hpet);
    update_lines(hpet);
}

static const struct device_option OPTIONS[] = {
    {"base", "0xfed00000", "address of the page", 0x1000, 0xFFFFF000},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct hpet *hpet = (struct hpet *)device;
    static const char *const NAMES[TIMERS] = {"HPET timer 0", "HPET timer 1", "HPET timer 2"};
    for (unsigned i = 0; i < TIMERS; i++) {
        hpet->match_self[i] = (struct hpet_match){hpet, i};
        event_init(&hpet->match[i], config->env->clock, NAMES[i], matched, &hpet->match_self[i]);
    }
    return device_attach(device, config->env->memory, &BANK, NULL,
                         device_number(&HPET_TYPE, config, "base") & ~UINT64_C(0xFFF), FRAME_BYTES,
                         error);
}

static void fini(struct device *device)
{
    struct hpet *hpet = (struct hpet *)device;
    for (unsigned i = 0; i < TIMERS; i++)
        event_fini(&hpet->match[i]);
}

#define GSI_PIN(n) {"gsi" #n, offsetof(struct hpet, gsi[n - FIRST_GSI])}
static const struct device_pin PINS[] = {
    {"irq0", offsetof(struct hpet, irq0)}, {"irq8", offsetof(struct hpet, irq8)},
    GSI_PIN(16), GSI_PIN(17), GSI_PIN(18), GSI_PIN(19), GSI_PIN(20), GSI_PIN(21), GSI_PIN(22),
    GSI_PIN(23), {NULL, 0},
};
static const char *const INPUTS[] = {[INPUT_PIT] = "pit", [INPUT_RTC] = "rtc", NULL};

const struct device_type HPET_TYPE = {
    .name = "hpet",
    .title = "High precision event timer",
    .datasheet = "IA-PC HPET Specification 1.0a, October 2004",
    .missing = "interrupts as messages (FSB delivery): the capability bit says so",
    .size = sizeof(struct hpet),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .input = input,
    .describe = describe,
};
