/* Intel 8254 programmable interval timer: three counters of 16 bits.
 *
 * Specification: Intel 8254 data sheet, order 231164-005, September 1993 ("8254").
 * Missing: nothing known. A count of 1 in modes 2 and 3 is illegal (8254 p.17): OUT stays high.
 * Clock: 105/88 MHz (1.193181... MHz, a twelfth of the 14.31818 MHz crystal), from absolute time.
 * Inputs: gate0-gate2. Outputs: out0-out2 (out0 is IRQ0).
 *
 * Nothing happens on a tick. A counter keeps its state as of tick `synced`, and advance() moves it to
 * any later tick in a few steps: to the next load, the next expiry, over whole periods at once. There
 * is an event only for the next edge of an output that somebody listens to, at least one instruction
 * ahead, so that a short count can't hold the world; edges in between are seen as one pulse.
 *
 *   write count N        tick 1                     tick 1+N
 *        │    CE <- N ─────┘                           │
 *   mode 0 OUT ___________________________________/‾‾‾‾‾‾‾‾     CE goes on from FFFFh
 *   mode 1 OUT ‾‾‾‾(gate)\________________________/‾‾‾‾‾‾‾‾     loaded by the gate's rising edge
 *   mode 2 OUT ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\_/‾‾‾‾‾‾‾‾‾     low while CE = 1, period N
 *   mode 3 OUT ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\_______________/‾‾‾‾‾‾‾‾‾     (N+1)/2 high, N/2 low
 *   mode 4 OUT ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\_/‾‾‾‾‾‾‾     one tick low at CE = 0
 *   mode 5     as mode 4, but loaded by the gate's rising edge */
#include "devices/i8254.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"

#define CLK_NUMERATOR UINT64_C(105000000) /* CLK in Hz = 105,000,000 / 88 */
#define CLK_DENOMINATOR UINT64_C(88)
#define COUNTERS 3

enum { CONTROL_BCD = 0x01, CONTROL_MODE_SHIFT = 1, CONTROL_RW_SHIFT = 4, CONTROL_SC_SHIFT = 6 };
enum { RW_LATCH, RW_LSB, RW_MSB, RW_LSB_MSB };
enum { SC_READ_BACK = 3, READ_BACK_NO_COUNT = 0x20, READ_BACK_NO_STATUS = 0x10 };
enum { STATUS_OUT = 0x80, STATUS_NULL_COUNT = 0x40 };

struct pit_counter {
    uint64_t synced;     /* the tick that the fields below describe */
    uint32_t count;      /* the counting element; in mode 3 the ticks left of this half */
    uint32_t cycle;      /* modes 2, 3: the count that this period was loaded with */
    uint16_t reload;     /* the count register, as written */
    uint8_t control;     /* D5-D0 of the control word: RW, M, BCD */
    bool gate, out;
    bool has_count;      /* a count was written since the control word */
    bool is_null;        /* NULL COUNT: it is not yet in the counting element */
    bool loads_next;     /* at the next tick the count register is loaded */
    bool is_running;     /* was loaded */
    bool has_expired;    /* modes 0, 1, 4, 5 */
    bool is_strobing;    /* modes 4, 5: OUT is low for this tick */
    /* the bytes between counter and processor */
    bool writes_high, reads_high;
    uint8_t low_written;
    uint8_t latched_bytes; /* of the latched count that are still to be read */
    uint16_t latched;
    bool has_status;
    uint8_t status;
};

struct i8254;
/* What a counter's event is told. */
struct pit_edge {
    struct i8254 *pit;
    unsigned index;
};

struct i8254 {
    struct device device;
    struct pit_counter counters[COUNTERS];
    struct irq_line out[COUNTERS];
    struct event edge[COUNTERS];
    struct pit_edge edge_self[COUNTERS];
    const struct sound_tap *tap; /* of counter 2 */
};

static const struct state_field COUNTER_STATE[] = {
    STATE_ONE(struct pit_counter, synced),
    STATE_ONE(struct pit_counter, count),
    STATE_ONE(struct pit_counter, cycle),
    STATE_ONE(struct pit_counter, reload),
    STATE_ONE(struct pit_counter, control),
    STATE_ONE(struct pit_counter, gate),
    STATE_ONE(struct pit_counter, out),
    STATE_ONE(struct pit_counter, has_count),
    STATE_ONE(struct pit_counter, is_null),
    STATE_ONE(struct pit_counter, loads_next),
    STATE_ONE(struct pit_counter, is_running),
    STATE_ONE(struct pit_counter, has_expired),
    STATE_ONE(struct pit_counter, is_strobing),
    STATE_ONE(struct pit_counter, writes_high),
    STATE_ONE(struct pit_counter, reads_high),
    STATE_ONE(struct pit_counter, low_written),
    STATE_ONE(struct pit_counter, latched_bytes),
    STATE_ONE(struct pit_counter, latched),
    STATE_ONE(struct pit_counter, has_status),
    STATE_ONE(struct pit_counter, status),
    STATE_TABLE_END,
};

static const struct state_field STATE[] = {
    STATE_STRUCTS(struct i8254, counters, COUNTER_STATE),
    STATE_STRUCTS(struct i8254, out, IRQ_LINE_STATE),
    STATE_TIMERS(struct i8254, edge),
    STATE_REBUILT(struct i8254, edge_self),
    STATE_REBUILT(struct i8254, tap),
    STATE_TABLE_END,
};

/* --- one counter as a function of time ----------------------------------------------------------- */

/* M2-M0 = 6 and 7 are modes 2 and 3 (8254 p.7: X10, X11). */
static unsigned mode_of(const struct pit_counter *c)
{
    unsigned mode = c->control >> CONTROL_MODE_SHIFT & 7;
    return mode > 5 ? mode - 4 : mode;
}

static unsigned rw_of(const struct pit_counter *c)
{
    return c->control >> CONTROL_RW_SHIFT & 3;
}

/* The number of values of the counting element. */
static uint32_t modulus(const struct pit_counter *c)
{
    return c->control & CONTROL_BCD ? 10000 : 65536;
}

/* A count register's meaning: zero is the largest count, 2^16 or 10^4 (8254 p.18). */
static uint32_t count_of(const struct pit_counter *c, uint16_t written)
{
    uint32_t count = written;
    if (c->control & CONTROL_BCD) {
        count = 0;
        for (unsigned shift = 16; shift > 0; shift -= 4)
            count = count * 10 + (written >> (shift - 4) & 15);
        count %= 10000;
    }
    return count ? count : modulus(c);
}

/* The counting element as the processor reads it. */
static uint16_t element(const struct pit_counter *c)
{
    uint32_t count = c->count, bcd = 0;
    if (mode_of(c) == 3 && c->is_running)
        count = 2 * (count - (c->out && (c->cycle & 1) ? 1 : 0));
    count %= modulus(c);
    if (!(c->control & CONTROL_BCD))
        return (uint16_t)count;
    for (unsigned shift = 0; shift < 16; shift += 4, count /= 10)
        bcd |= count % 10 << shift;
    return (uint16_t)bcd;
}

/* Modes 1 and 5 count whatever the gate does after its edge (8254 p.18). */
static bool is_counting(const struct pit_counter *c)
{
    unsigned mode = mode_of(c);
    return c->is_running && (c->gate || mode == 1 || mode == 5);
}

/* Mode 3: enters the half that `out` says. Odd counts are high for one tick more than low. */
static void load_half(struct pit_counter *c)
{
    c->cycle = count_of(c, c->reload);
    c->is_null = false;
    if (c->cycle == 1)
        c->out = true;
    c->count = c->out ? (c->cycle + 1) / 2 : c->cycle / 2;
}

static void load(struct pit_counter *c)
{
    c->loads_next = false;
    c->is_running = true;
    c->is_null = false;
    c->has_expired = false;
    c->count = c->cycle = count_of(c, c->reload);
    if (mode_of(c) == 3)
        load_half(c);
    else if (mode_of(c) == 1)
        c->out = false;
}

/* Modes 0, 1, 4, 5: down to zero, then on from the largest value. */
static void count_once(struct pit_counter *c, uint64_t ticks)
{
    bool strobes = mode_of(c) >= 4;
    if (!c->has_expired) {
        if (ticks < c->count) {
            c->count -= (uint32_t)ticks;
            return;
        }
        ticks -= c->count;
        c->count = 0;
        c->has_expired = true;
        c->is_strobing = strobes && ticks == 0;
        c->out = !c->is_strobing;
    }
    c->count = (uint32_t)((c->count + modulus(c) - ticks % modulus(c)) % modulus(c));
}

/* Mode 2: N, N-1, ... 2, 1, N; low while it is 1. */
static void count_rate(struct pit_counter *c, uint64_t ticks)
{
    if (ticks >= c->count) {
        ticks -= c->count;
        c->count = c->cycle = count_of(c, c->reload);
        c->is_null = false;
        ticks %= c->cycle;
    }
    c->count -= (uint32_t)ticks;
    c->out = c->count != 1 || c->cycle == 1;
}

/* Mode 3: the end of a half takes the count register; a whole period is two halves. */
static void count_square(struct pit_counter *c, uint64_t ticks)
{
    bool is_first = true;
    while (ticks >= c->count) { /* at most twice */
        ticks -= c->count;
        c->out = !c->out;
        load_half(c);
        if (is_first)
            ticks %= c->cycle;
        is_first = false;
    }
    c->count -= (uint32_t)ticks;
}

/* Moves the counter to tick `now`. True when OUT has changed in between, if only for a while. */
static bool advance(struct pit_counter *c, uint64_t now)
{
    uint64_t ticks = now - c->synced, cycle;
    bool before = c->out, was_due;
    if (now <= c->synced)
        return false;
    c->synced = now;
    if (c->is_strobing) {
        c->is_strobing = false;
        c->out = true;
    }
    if (c->loads_next) {
        load(c);
        ticks--;
    }
    if (!is_counting(c) || ticks == 0)
        return c->out != before;
    cycle = c->count;
    switch (mode_of(c)) {
    case 2: count_rate(c, ticks); break;
    case 3: count_square(c, ticks); break;
    default:
        was_due = !c->has_expired;
        count_once(c, ticks);
        return c->out != before || (was_due && c->has_expired);
    }
    return c->out != before || (ticks >= cycle && c->cycle > 1);
}

/* Ticks until OUT may change next when nothing else happens; UINT64_MAX: never. */
static uint64_t next_edge(const struct pit_counter *c)
{
    uint64_t reload = count_of(c, c->reload), first = c->loads_next ? 1 : 0, count;
    unsigned mode = mode_of(c);
    if (c->is_strobing)
        return 1;
    if (c->loads_next && mode == 1 && c->out)
        return 1;
    if (!c->loads_next && !c->is_running)
        return UINT64_MAX;
    if (!c->gate && mode != 1 && mode != 5)
        return UINT64_MAX;
    count = c->loads_next ? reload : c->count;
    switch (mode) {
    case 2:
        if (!c->loads_next && !c->out)
            return count;
        if (!c->loads_next && c->cycle == 1)
            return reload == 1 ? UINT64_MAX : reload;
        return count == 1 ? UINT64_MAX : first + count - 1;
    case 3:
        if (c->loads_next)
            return reload == 1 ? UINT64_MAX : 1 + (reload + 1) / 2;
        return c->cycle == 1 && reload == 1 ? UINT64_MAX : count;
    default:
        return !c->loads_next && c->has_expired ? UINT64_MAX : first + count;
    }
}

/* --- counters in the device ---------------------------------------------------------------------- */

static uint64_t ticks_now(const struct i8254 *pit)
{
    return clock_ticks(pit->device.env->clock, CLK_NUMERATOR, CLK_DENOMINATOR);
}

/* Brings OUT's wire to the counter's level; a change that is over already becomes a pulse. */
static void publish(struct i8254 *pit, unsigned index, bool has_changed)
{
    struct irq_line *line = &pit->out[index];
    bool level = pit->counters[index].out;
    if (has_changed && line->level == level)
        irq_line_set(line, !level);
    irq_line_set(line, level);
}

static void schedule(struct i8254 *pit, unsigned index)
{
    const struct pit_counter *c = &pit->counters[index];
    const struct clock *clock = pit->device.env->clock;
    uint64_t ticks = next_edge(c), when;
    if (!pit->out[index].set || ticks == UINT64_MAX) {
        event_disarm(&pit->edge[index]);
        return;
    }
    when = clock_when_ticks(clock, c->synced + ticks, CLK_NUMERATOR, CLK_DENOMINATOR);
    event_arm(&pit->edge[index], when > clock_now(clock) ? when : clock_now(clock) + 1);
}

static void sync(struct i8254 *pit, unsigned index)
{
    bool has_changed;
    if (index == 2)
        sound_tap_changing(pit->tap);
    has_changed = advance(&pit->counters[index], ticks_now(pit));
    publish(pit, index, has_changed);
}

static void edge_fired(void *self)
{
    const struct pit_edge *edge = self;
    sync(edge->pit, edge->index);
    schedule(edge->pit, edge->index);
}

/* The counter as it stands now, without touching it. */
static struct pit_counter look(const struct i8254 *pit, unsigned index)
{
    struct pit_counter c = pit->counters[index];
    (void)advance(&c, ticks_now(pit));
    return c;
}

bool i8254_out(const struct device *device, unsigned counter)
{
    return look((const struct i8254 *)device, counter % COUNTERS).out;
}

bool i8254_out_at(const struct device *device, unsigned counter, uint64_t tick)
{
    struct pit_counter c = ((const struct i8254 *)device)->counters[counter % COUNTERS];
    if (tick > c.synced)
        (void)advance(&c, tick);
    return c.out;
}

void i8254_set_tap(struct device *device, const struct sound_tap *tap)
{
    ((struct i8254 *)device)->tap = tap;
}

/* --- writing --------------------------------------------------------------------------------------- */

static void latch_count(struct pit_counter *c)
{
    if (c->latched_bytes) /* 8254 p.8: a second latch before the read is ignored */
        return;
    c->latched = element(c);
    c->latched_bytes = rw_of(c) == RW_LSB_MSB ? 2 : 1;
    if (c->latched_bytes == 2 && c->reads_high)
        c->latched_bytes = 1;
}

static uint8_t status_of(const struct pit_counter *c)
{
    return (uint8_t)((c->out ? STATUS_OUT : 0) | (c->is_null ? STATUS_NULL_COUNT : 0) | c->control);
}

static void read_back(struct i8254 *pit, uint32_t value)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        struct pit_counter *c = &pit->counters[i];
        if (!(value >> (i + 1) & 1))
            continue;
        sync(pit, i);
        if (!(value & READ_BACK_NO_COUNT))
            latch_count(c);
        if (!(value & READ_BACK_NO_STATUS) && !c->has_status) {
            c->status = status_of(c);
            c->has_status = true;
        }
        schedule(pit, i);
    }
}

static void write_control(void *self, const struct reg *row, uint32_t value)
{
    struct i8254 *pit = self;
    unsigned index = value >> CONTROL_SC_SHIFT & 3;
    struct pit_counter *c;
    (void)row;
    if (index == SC_READ_BACK) {
        if (value & 1)
            device_guest_error(&pit->device, "bit 0 of a read-back command must be 0 (8254 p.8)");
        read_back(pit, value);
        return;
    }
    sync(pit, index);
    c = &pit->counters[index];
    if ((value >> CONTROL_RW_SHIFT & 3) == RW_LATCH) {
        latch_count(c);
    } else {
        c->count = element(c); /* stands still until a count is loaded */
        c->control = value & 0x3F;
        c->out = mode_of(c) != 0;
        c->is_null = true;
        c->has_count = c->loads_next = c->is_running = c->has_expired = c->is_strobing = false;
        c->writes_high = c->reads_high = rw_of(c) == RW_MSB;
        c->latched_bytes = 0;
        c->has_status = false;
        publish(pit, index, false);
    }
    schedule(pit, index);
}

/* A whole count was written. */
static void take_count(struct pit_counter *c, uint16_t value)
{
    unsigned mode = mode_of(c);
    c->reload = value;
    c->is_null = true;
    c->has_count = true;
    if (mode == 0)
        c->out = false;
    if (mode == 0 || mode == 4 || ((mode == 2 || mode == 3) && !c->is_running))
        c->loads_next = true;
}

static void write_count(void *self, const struct reg *row, uint32_t value)
{
    struct i8254 *pit = self;
    unsigned index = row->offset;
    struct pit_counter *c = &pit->counters[index];
    sync(pit, index);
    if (rw_of(c) == RW_LSB_MSB && !c->writes_high) {
        c->low_written = (uint8_t)value;
        c->writes_high = true;
        if (mode_of(c) == 0) { /* 8254 p.15: the first byte stops counting, OUT goes low at once */
            c->is_running = c->loads_next = false;
            c->count = element(c);
            c->out = false;
        }
    } else if (rw_of(c) == RW_LSB_MSB) {
        c->writes_high = false;
        take_count(c, (uint16_t)(c->low_written | value << 8));
    } else {
        /* 8254 p.7: the byte that isn't written is zero. */
        take_count(c, (uint16_t)(rw_of(c) == RW_MSB ? value << 8 : value & 0xFF));
    }
    publish(pit, index, false);
    schedule(pit, index);
}

/* --- reading --------------------------------------------------------------------------------------- */

static uint32_t peek_count(const void *self, const struct reg *row)
{
    struct pit_counter c = look(self, row->offset);
    uint16_t value = c.latched_bytes ? c.latched : element(&c);
    return c.reads_high ? value >> 8 : value & 0xFF;
}

static uint32_t read_count(void *self, const struct reg *row)
{
    struct i8254 *pit = self;
    struct pit_counter *c = &pit->counters[row->offset];
    uint32_t value = peek_count(self, row);
    if (c->latched_bytes)
        c->latched_bytes--;
    if (rw_of(c) == RW_LSB_MSB)
        c->reads_high = !c->reads_high;
    return value;
}

static uint32_t read_status(void *self, const struct reg *row)
{
    struct pit_counter *c = &((struct i8254 *)self)->counters[row->offset];
    c->has_status = false;
    return c->status;
}

static bool has_status_0(const void *self)
{
    return ((const struct i8254 *)self)->counters[0].has_status;
}
static bool has_status_1(const void *self)
{
    return ((const struct i8254 *)self)->counters[1].has_status;
}
static bool has_status_2(const void *self)
{
    return ((const struct i8254 *)self)->counters[2].has_status;
}

/* --- registers --------------------------------------------------------------------------------------- */

static const char *const NO_YES[] = {"no", "yes"};
static const char *const RW_NAMES[] = {"latch", "low", "high", "low+high"};
static const char *const MODES[] = {
    "0 interrupt on terminal count", "1 one-shot", "2 rate generator", "3 square wave",
    "4 software strobe", "5 hardware strobe", "2 rate generator", "3 square wave"};
static const struct reg_field STATUS_FIELDS[] = {
    {"OUT", 7, 1, NULL, "level of the output"},
    {"NULL COUNT", 6, 1, NO_YES, "the count written is not loaded yet"},
    {"RW", 4, 2, RW_NAMES, "which bytes are read and written"},
    {"M", 1, 3, MODES, "mode"},
    {"BCD", 0, 1, NO_YES, "four decades in place of 16 bits"},
    REG_FIELDS_END,
};
static const struct reg_field CONTROL_FIELDS[] = {
    {"SC", 6, 2, (const char *const[]){"counter 0", "counter 1", "counter 2", "read-back"},
     "which counter"},
    {"RW", 4, 2, RW_NAMES, "latch, or which bytes are read and written"},
    {"M", 1, 3, MODES, "mode"},
    {"BCD", 0, 1, NO_YES, "four decades in place of 16 bits"},
    REG_FIELDS_END,
};

#define COUNTER_ROWS(n)                                                                          \
    {.name = "STATUS" #n, .meaning = "latched status of counter " #n, .offset = n, .width = 1,   \
     .access = REG_READ | REG_CLEARS_ON_READ, .is_selected = has_status_##n, .read = read_status, \
     .fields = STATUS_FIELDS, .section = "8254 p.9"},                                            \
    {.name = "COUNT" #n, .meaning = "counter " #n ", the next byte", .offset = n, .width = 1,    \
     .access = REG_RW | REG_CLEARS_ON_READ, .read = read_count, .write = write_count,            \
     .peek = peek_count, .section = "8254 pp.7-8"}

static const struct reg ROWS[] = {
    COUNTER_ROWS(0),
    COUNTER_ROWS(1),
    COUNTER_ROWS(2),
    {.name = "CONTROL", .meaning = "control word", .offset = 3, .width = 1, .access = REG_WRITE,
     .write = write_control, .fields = CONTROL_FIELDS, .section = "8254 pp.6-9"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"i8254", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

/* --- in words ------------------------------------------------------------------------------------------ */

/* "100.0 Hz" or "9.999 ms": what a count makes of CLK. */
static void describe_rate(const struct pit_counter *c, uint16_t written, char *text, size_t size,
                          size_t *used)
{
    uint64_t count = count_of(c, written);
    if (mode_of(c) == 2 || mode_of(c) == 3) {
        uint64_t tenths = muldiv_floor(1, CLK_NUMERATOR * 100, CLK_DENOMINATOR * count);
        tenths = (tenths + 5) / 10;
        text_append(text, size, used, " → %llu.%llu Hz", (unsigned long long)(tenths / 10),
                    (unsigned long long)(tenths % 10));
    } else {
        uint64_t us = muldiv_floor(count, CLK_DENOMINATOR * 1000000, CLK_NUMERATOR);
        text_append(text, size, used, " → %llu.%03llu ms", (unsigned long long)(us / 1000),
                    (unsigned long long)(us % 1000));
    }
}

static void describe_control(uint32_t value, char *text, size_t size)
{
    size_t used = 0;
    unsigned index = value >> CONTROL_SC_SHIFT & 3, rw = value >> CONTROL_RW_SHIFT & 3;
    if (index == SC_READ_BACK) {
        text_append(text, size, &used, "read-back:%s%s of channels",
                    value & READ_BACK_NO_COUNT ? "" : " count",
                    value & READ_BACK_NO_STATUS ? "" : " status");
        for (unsigned i = 0; i < COUNTERS; i++)
            if (value >> (i + 1) & 1)
                text_append(text, size, &used, " %u", i);
    } else if (rw == RW_LATCH) {
        snprintf(text, size, "channel %u: latch the count", index);
    } else {
        snprintf(text, size, "channel %u: mode %s, %s byte%s, %s", index,
                 MODES[value >> CONTROL_MODE_SHIFT & 7], RW_NAMES[rw],
                 rw == RW_LSB_MSB ? "s" : "", value & CONTROL_BCD ? "BCD" : "binary");
    }
}

static void describe_write(const struct pit_counter *c, unsigned index, uint32_t value, char *text,
                           size_t size)
{
    size_t used = 0;
    uint16_t written;
    if (rw_of(c) == RW_LSB_MSB && !c->writes_high) {
        snprintf(text, size, "channel %u low byte", index);
        return;
    }
    written = (uint16_t)(rw_of(c) == RW_LSB       ? value
                         : rw_of(c) == RW_LSB_MSB ? value << 8 | c->low_written
                                                  : value << 8);
    text_append(text, size, &used, "channel %u %s byte: %s %u", index,
                rw_of(c) == RW_LSB ? "low" : "high",
                mode_of(c) == 2 || mode_of(c) == 3 ? "reload" : "count",
                (unsigned)count_of(c, written));
    describe_rate(c, written, text, size, &used);
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct i8254 *pit = (const struct i8254 *)device;
    uint32_t value = (uint32_t)access->value & 0xFF;
    struct pit_counter c;
    size_t used = 0;
    unsigned index;
    if (!access->reg)
        return;
    index = access->reg->offset;
    if (index >= COUNTERS) {
        describe_control(value, text, size);
        return;
    }
    c = look(pit, index);
    if (access->is_write) {
        describe_write(&c, index, value, text, size);
    } else if (c.has_status) {
        text_append(text, size, &used, "channel %u status: ", index);
        reg_fields_text(access->reg, value, text + used, size - used);
    } else {
        snprintf(text, size, "channel %u %s byte of the %s: %u", index,
                 c.reads_high ? "high" : "low", c.latched_bytes ? "latched count" : "count",
                 (unsigned)(c.latched_bytes ? c.latched : element(&c)));
    }
}

/* --- life cycle ------------------------------------------------------------------------------------------ */

static void input(struct device *device, unsigned index, bool level)
{
    struct i8254 *pit = (struct i8254 *)device;
    struct pit_counter *c = &pit->counters[index];
    unsigned mode = mode_of(c);
    if (index >= COUNTERS || c->gate == level)
        return;
    sync(pit, index);
    c->gate = level;
    if ((mode == 2 || mode == 3) && !level && c->is_running)
        c->out = true; /* 8254 p.16: at once */
    if (mode != 0 && mode != 4 && level && c->has_count)
        c->loads_next = true;
    publish(pit, index, false);
    schedule(pit, index);
}

/* The chip has no RESET pin: a reset of the machine leaves it counting. At power-on its state is
 * undefined (8254 p.6); here: mode 3, no count, OUT high. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct i8254 *pit = (struct i8254 *)device;
    if (kind != RESET_POWER_ON)
        return;
    for (unsigned i = 0; i < COUNTERS; i++) {
        pit->counters[i] = (struct pit_counter){.synced = ticks_now(pit),
                                                .control = RW_LSB_MSB << CONTROL_RW_SHIFT |
                                                           3 << CONTROL_MODE_SHIFT,
                                                .gate = pit->counters[i].gate,
                                                .out = true};
        publish(pit, i, false);
        schedule(pit, i);
    }
}

static const struct device_option OPTIONS[] = {
    {"base", "0x40", "first of the four ports", 0, 0xFFFC},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const char *const NAMES[] = {"i8254 out0", "i8254 out1", "i8254 out2"};
    struct i8254 *pit = (struct i8254 *)device;
    for (unsigned i = 0; i < COUNTERS; i++) {
        pit->edge_self[i] = (struct pit_edge){pit, i};
        event_init(&pit->edge[i], config->env->clock, NAMES[i], edge_fired, &pit->edge_self[i]);
        pit->counters[i].gate = i != 2; /* gates 0 and 1 are tied high on the board */
    }
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&I8254_TYPE, config, "base"), 4, error);
}

static void fini(struct device *device)
{
    struct i8254 *pit = (struct i8254 *)device;
    for (unsigned i = 0; i < COUNTERS; i++)
        event_fini(&pit->edge[i]);
}

static const struct device_pin PINS[] = {
    {"out0", offsetof(struct i8254, out[0])},
    {"out1", offsetof(struct i8254, out[1])},
    {"out2", offsetof(struct i8254, out[2])},
    {NULL, 0},
};
static const char *const INPUTS[] = {"gate0", "gate1", "gate2", NULL};

const struct device_type I8254_TYPE = {
    .name = "i8254",
    .title = "Programmable interval timer",
    .datasheet = "Intel 8254 data sheet, 231164-005, September 1993",
    .missing = "",
    .size = sizeof(struct i8254),
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
