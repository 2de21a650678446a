/* The local APIC of a Pentium or P6: one processor's interrupts, their priorities, its timer.
 *
 * Specification: Intel SDM 3A (2023), chapter 10, as far as it tells of the P6 family; the bits of the
 * registers are figures 10-7 to 10-20 there. Missing: see the type's `missing`.
 * Clock: the bus clock, 100 MHz. Inputs: lint0, lint1. Outputs: intr, nmi, smi of the processor.
 *
 *   I/O APIC ──message──┐                                 ┌── TPR ──┐
 *   ICR to itself ──────┼─> IRR ──> the highest vector ───┤  ISR ───┴─ PPR: is its class above? ──> INTR
 *   LVT: timer, LINT ───┘                                 └────────────────────<── INTA moves it to ISR
 *   LINT0 as ExtINT: the 8259's INT goes straight to INTR; INTA is its ("virtual wire", 10.4)
 *
 * IA32_APIC_BASE has it on after RESET#, its software enable (SVR bit 8) off and every LVT masked, so
 * that firmware has to open LINT0 before the 8259 is heard. Switched off in IA32_APIC_BASE, LINT0 and
 * LINT1 are INTR and NMI, and it stays off until RESET# (10.4.3: the three-wire bus). */
#include <string.h>

#include "base/bits.h"
#include "devices/local_apic_internal.h"

static const struct state_field STATE[] = {
    STATE_ONE(struct local_apic, base),
    STATE_ONE(struct local_apic, id),
    STATE_ONE(struct local_apic, tpr),
    STATE_ONE(struct local_apic, ldr),
    STATE_ONE(struct local_apic, dfr),
    STATE_ONE(struct local_apic, svr),
    STATE_ONE(struct local_apic, icr_low),
    STATE_ONE(struct local_apic, icr_high),
    STATE_ARRAY(struct local_apic, lvt),
    STATE_ONE(struct local_apic, esr),
    STATE_ONE(struct local_apic, esr_errors),
    STATE_ARRAY(struct local_apic, irr),
    STATE_ARRAY(struct local_apic, isr),
    STATE_ARRAY(struct local_apic, tmr),
    STATE_ARRAY(struct local_apic, pins),
    STATE_ONE(struct local_apic, has_ext_int),
    STATE_ONE(struct local_apic, initial),
    STATE_ONE(struct local_apic, divide),
    STATE_ONE(struct local_apic, started),
    STATE_ONE(struct local_apic, periods),
    STATE_TIMER(struct local_apic, timer),
    STATE_STRUCT(struct local_apic, intr, IRQ_LINE_STATE),
    STATE_STRUCT(struct local_apic, nmi, IRQ_LINE_STATE),
    STATE_STRUCT(struct local_apic, smi, IRQ_LINE_STATE),
    STATE_REBUILT(struct local_apic, window),
    STATE_REBUILT(struct local_apic, bus_hz),
    STATE_REBUILT(struct local_apic, initial_id),
    STATE_TABLE_END,
};

/* --- vectors as sets of bits ---------------------------------------------------------------------- */

static bool has_vector(const uint32_t *words, unsigned vector)
{
    return words[vector >> 5] >> (vector & 31) & 1;
}

static void set_vector(uint32_t *words, unsigned vector, bool is_set)
{
    uint32_t bit = UINT32_C(1) << (vector & 31);
    words[vector >> 5] = is_set ? words[vector >> 5] | bit : words[vector >> 5] & ~bit;
}

int local_apic_highest(const uint32_t *words)
{
    for (int word = APIC_WORDS - 1; word >= 0; word--)
        if (words[word])
            return word * 32 + 31 - __builtin_clz(words[word]);
    return -1;
}

/* --- priorities (10.8.3) ---------------------------------------------------------------------------- */

static unsigned class_of(int vector)
{
    return vector < 0 ? 0 : (unsigned)vector & 0xF0;
}

uint8_t local_apic_ppr(const struct local_apic *apic)
{
    unsigned in_service = class_of(local_apic_highest(apic->isr));
    return (uint8_t)((apic->tpr & 0xF0) >= in_service ? apic->tpr : in_service);
}

/* 10.6.2.4. */
uint8_t local_apic_apr(const struct local_apic *apic)
{
    unsigned task = apic->tpr & 0xF0, requested = class_of(local_apic_highest(apic->irr));
    unsigned in_service = class_of(local_apic_highest(apic->isr));
    if (task >= requested && task > in_service)
        return (uint8_t)apic->tpr;
    return (uint8_t)((task & in_service) > requested ? task & in_service : requested);
}

/* The vector that the next INTA takes, or -1. */
static int deliverable(const struct local_apic *apic)
{
    int requested = local_apic_highest(apic->irr);
    return class_of(requested) > (local_apic_ppr(apic) & 0xF0u) ? requested : -1;
}

static bool is_on(const struct local_apic *apic)
{
    return (apic->base & BASE_ENABLED) != 0;
}

static unsigned delivery_of(const struct local_apic *apic, unsigned which)
{
    return apic->lvt[which] >> LVT_DELIVERY_SHIFT & 7;
}

static bool is_asserted(const struct local_apic *apic, unsigned pin)
{
    return apic->pins[pin] != ((apic->lvt[LVT_LINT0 + pin] & LVT_ACTIVE_LOW) != 0);
}

/* The 8259 behind a LINT pin, or a message of an I/O APIC, asks for the 8259's INTA. */
static bool wants_ext_int(const struct local_apic *apic)
{
    for (unsigned pin = 0; pin < 2; pin++)
        if (!(apic->lvt[LVT_LINT0 + pin] & LVT_MASKED) &&
            delivery_of(apic, LVT_LINT0 + pin) == APIC_EXTINT && is_asserted(apic, pin))
            return true;
    return apic->has_ext_int;
}

void local_apic_update(struct local_apic *apic)
{
    bool level = is_on(apic) ? deliverable(apic) >= 0 || wants_ext_int(apic) : apic->pins[0];
    irq_line_set(&apic->intr, level);
}

int local_apic_acknowledge(struct device *device)
{
    struct local_apic *apic = (struct local_apic *)device;
    int vector = is_on(apic) ? deliverable(apic) : LOCAL_APIC_EXTINT;
    if (vector >= 0) {
        set_vector(apic->irr, (unsigned)vector, false);
        set_vector(apic->isr, (unsigned)vector, true);
        device_interrupt(&apic->device, (unsigned)vector, INTERRUPT_ACKNOWLEDGED, vector, NULL);
        local_apic_update(apic);
        return vector;
    }
    if (!is_on(apic) || wants_ext_int(apic)) {
        apic->has_ext_int = false;
        local_apic_update(apic);
        return LOCAL_APIC_EXTINT;
    }
    return (int)(apic->svr & 0xFF); /* 10.9: it went away; spurious vectors are not in service */
}

/* --- what arrives ------------------------------------------------------------------------------------- */

/* 10.5.3: an error once reported is quiet until software has written the ESR. */
void local_apic_error(struct local_apic *apic, uint32_t bit)
{
    unsigned vector = apic->lvt[LVT_ERROR] & LVT_VECTOR;
    bool is_new = !(apic->esr_errors & bit);
    apic->esr_errors |= bit;
    if (!is_new || apic->lvt[LVT_ERROR] & LVT_MASKED)
        return;
    if (vector < 16)
        apic->esr_errors |= ESR_RECEIVED_ILLEGAL;
    else
        local_apic_accept(apic, vector, false);
}

bool local_apic_accept(struct local_apic *apic, unsigned vector, bool is_level)
{
    if (!is_on(apic) || !(apic->svr & SVR_ENABLED))
        return false;
    if (vector < 16) { /* 10.5.2: reserved for exceptions */
        local_apic_error(apic, ESR_RECEIVED_ILLEGAL);
        return true;
    }
    device_interrupt(&apic->device, vector,
                     has_vector(apic->irr, vector) ? INTERRUPT_LOST : INTERRUPT_REQUESTED,
                     (int)vector,
                     has_vector(apic->irr, vector) ? "its vector is requested already" : NULL);
    set_vector(apic->irr, vector, true);
    set_vector(apic->tmr, vector, is_level);
    local_apic_update(apic);
    return true;
}

static void pulse_unless_off(struct local_apic *apic, struct irq_line *line)
{
    if (is_on(apic))
        irq_line_pulse(line);
}

/* The APIC accepts a message whatever its software enable says, but for fixed ones (10.4.7.2). */
static bool receive_here(struct local_apic *apic, const struct apic_message *message)
{
    switch (message->delivery) {
    case APIC_FIXED:
    case APIC_LOWEST_PRIORITY: return local_apic_accept(apic, message->vector, message->is_level);
    case APIC_SMI: pulse_unless_off(apic, &apic->smi); return true;
    case APIC_NMI: pulse_unless_off(apic, &apic->nmi); return true;
    case APIC_EXTINT:
        apic->has_ext_int = true;
        local_apic_update(apic);
        return true;
    case APIC_INIT: /* there is one kind of reset: of the whole machine */
        if (apic->device.env->reset)
            apic->device.env->reset(apic->device.env->self);
        return true;
    case APIC_STARTUP: return true; /* a processor that runs takes no notice (10.6.1) */
    case APIC_RESERVED: break;
    }
    return false;
}

/* 10.6.2: four bits of physical id, all ones is everybody; logical ids flat or in clusters. */
static bool is_addressed(const struct local_apic *apic, const struct apic_message *message)
{
    unsigned own = apic->ldr >> 24, to = message->destination;
    if (!message->is_logical)
        return (to & 15) == 15 || (to & 15) == (apic->id >> 24 & 15);
    if (to == 0xFF)
        return true;
    if (apic->dfr >> 28 == 15)
        return (own & to) != 0;
    return (to >> 4 == 15 || to >> 4 == own >> 4) && (own & to & 15) != 0;
}

static bool receive(void *self, const struct apic_message *message)
{
    struct local_apic *apic = self;
    return is_on(apic) && is_addressed(apic, message) && receive_here(apic, message);
}

/* --- local interrupts (10.5.1) -------------------------------------------------------------------------- */

/* What becomes of a source whose entry is masked: LINT0 stays up and is looked at when its entry is
 * opened, an edge of the others is forgotten (10.5.1). */
static void show_masked(struct local_apic *apic, unsigned which)
{
    static const char *const WORDS[LVT_COUNT] = {
        "the timer ran out while its entry (LVT) is masked", "a counter, while its entry (LVT) is masked",
        "LINT0 waits behind the mask of its entry (LVT)", "an edge at LINT1 while its entry (LVT) is masked",
        "an error while its entry (LVT) is masked"};
    device_interrupt(&apic->device, apic->lvt[which] & LVT_VECTOR,
                     which == LVT_LINT0 ? INTERRUPT_MASKED : INTERRUPT_LOST, -1, WORDS[which]);
}

/* A source of the local vector table asks: timer, error and, when they rise, the LINT pins. */
void local_apic_raise_lvt(struct local_apic *apic, unsigned which)
{
    bool is_pin = which == LVT_LINT0 || which == LVT_LINT1;
    struct apic_message message = {.vector = apic->lvt[which] & LVT_VECTOR};
    if (apic->lvt[which] & LVT_MASKED) {
        show_masked(apic, which);
        return;
    }
    message.delivery = is_pin ? (enum apic_delivery)delivery_of(apic, which) : APIC_FIXED;
    /* QUIRK of 10.5.1: LINT1 is never level triggered, and only fixed interrupts are. */
    message.is_level = which == LVT_LINT0 && apic->lvt[which] & LVT_LEVEL;
    if (message.delivery == APIC_EXTINT) {
        local_apic_update(apic);
    } else if (message.delivery == APIC_FIXED && message.is_level) {
        if (apic->lvt[which] & LVT_REMOTE_IRR)
            return;
        apic->lvt[which] |= LVT_REMOTE_IRR;
        receive_here(apic, &message);
    } else {
        receive_here(apic, &message);
    }
}

static bool is_level_pin(const struct local_apic *apic)
{
    return apic->lvt[LVT_LINT0] & LVT_LEVEL && delivery_of(apic, LVT_LINT0) == APIC_FIXED;
}

void local_apic_lvt_written(struct local_apic *apic, unsigned which)
{
    if (which == LVT_TIMER)
        local_apic_timer_schedule(apic);
    if (which == LVT_LINT0 && is_level_pin(apic) && is_asserted(apic, 0))
        local_apic_raise_lvt(apic, which);
    local_apic_update(apic);
}

static void pin_changed(struct local_apic *apic, unsigned pin, bool level)
{
    unsigned which = LVT_LINT0 + pin;
    bool was_asserted = is_asserted(apic, pin);
    apic->pins[pin] = level;
    if (!is_on(apic)) {
        if (pin == 1 && level)
            irq_line_pulse(&apic->nmi);
    } else if (!was_asserted && is_asserted(apic, pin)) {
        local_apic_raise_lvt(apic, which);
    }
    local_apic_update(apic);
}

static void input(struct device *device, unsigned pin, bool level)
{
    struct local_apic *apic = (struct local_apic *)device;
    if (pin < 2 && apic->pins[pin] != level)
        pin_changed(apic, pin, level);
}

/* EOI (10.8.5): the highest vector in service is over; the end of a level-triggered one is told. */
void local_apic_end(struct local_apic *apic)
{
    int vector = local_apic_highest(apic->isr);
    if (vector < 0)
        return;
    set_vector(apic->isr, (unsigned)vector, false);
    device_interrupt(&apic->device, (unsigned)vector, INTERRUPT_ENDED, vector, NULL);
    if (has_vector(apic->tmr, (unsigned)vector)) {
        apic_bus_end(apic->device.env->apic, (uint8_t)vector);
        if ((apic->lvt[LVT_LINT0] & LVT_VECTOR) == (unsigned)vector) {
            apic->lvt[LVT_LINT0] &= ~(uint32_t)LVT_REMOTE_IRR;
            if (is_level_pin(apic) && is_asserted(apic, 0))
                local_apic_raise_lvt(apic, LVT_LINT0);
        }
    }
    local_apic_update(apic);
}

static void explain(char *text, size_t size, size_t *used, const char *words)
{
    text_append(text, size, used, "%s%s", *used ? "; " : "", words);
}

void local_apic_explain_waiting(const struct device *device, char *text, size_t size, size_t *used)
{
    const struct local_apic *apic = (const struct local_apic *)device;
    if (!is_on(apic))
        return;
    if (is_asserted(apic, 0) && apic->lvt[LVT_LINT0] & LVT_MASKED)
        explain(text, size, used,
                "LINT0 (the 8259's INT) is active and its entry in the local APIC masked");
    if (apic->initial && apic->lvt[LVT_TIMER] & LVT_MASKED)
        explain(text, size, used, "the local APIC's timer runs and its entry is masked");
    if (local_apic_highest(apic->irr) >= 0 && deliverable(apic) < 0)
        explain(text, size, used,
                "a vector is requested at the local APIC and its class is not above the task "
                "priority or what is in service (an EOI is due)");
}

/* --- interrupt command (10.6.1) ---------------------------------------------------------------------------- */

enum { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

static bool is_vector_illegal(const struct apic_message *message)
{
    return (message->delivery == APIC_FIXED || message->delivery == APIC_LOWEST_PRIORITY) &&
           message->vector < 16;
}

/* One processor: others are absent, and nobody accepts what is for them. */
void local_apic_command(struct local_apic *apic)
{
    uint32_t command = apic->icr_low;
    struct apic_message message = {.delivery = (enum apic_delivery)(command >> 8 & 7),
                                   .vector = (uint8_t)command,
                                   .destination = (uint8_t)(apic->icr_high >> 24),
                                   .is_logical = command >> 11 & 1};
    unsigned shorthand = command >> 18 & 3;
    bool is_deassertion = message.delivery == APIC_INIT && command >> 15 & 1 && !(command >> 14 & 1);
    bool is_taken = false;
    if (is_deassertion) /* sets arbitration ids: there is no arbitration */
        return;
    if (is_vector_illegal(&message)) {
        local_apic_error(apic, ESR_SEND_ILLEGAL);
        return;
    }
    if (shorthand == TO_SELF || shorthand == TO_ALL)
        is_taken = receive_here(apic, &message);
    else if (shorthand == TO_DESTINATION)
        is_taken = apic_bus_send(apic->device.env->apic, &message);
    if (!is_taken)
        local_apic_error(apic, ESR_SEND_ACCEPT);
}

/* --- IA32_APIC_BASE (10.4.4) ----------------------------------------------------------------------------------- */

static uint64_t core_base(const void *self)
{
    return ((const struct local_apic *)self)->base;
}

/* Where something else answers already, the registers are nowhere. */
static void place_window(struct local_apic *apic)
{
    struct space *memory = apic->device.env->memory;
    struct region region = {.name = apic->device.name, .device = &apic->device, .self = apic,
                            .ops = &LOCAL_APIC_OPS, .bank = &LOCAL_APIC_BANK,
                            .base = apic->base & BASE_ADDRESS, .length = FRAME_BYTES};
    struct error error = {STATUS_OK, ""};
    if (apic->window && is_on(apic) && apic->window->base == region.base)
        return;
    if (apic->window)
        space_detach(memory, apic->window);
    apic->window = NULL;
    if (is_on(apic) && space_attach(memory, &region, &apic->window, &error) != STATUS_OK)
        device_guest_error(&apic->device, "its registers moved to where another device answers");
}

static bool core_set_base(void *self, uint64_t value)
{
    struct local_apic *apic = self;
    uint64_t kept = apic->base;
    if (value & ~(BASE_ADDRESS | BASE_ENABLED | BASE_BSP))
        return false;
    apic->base = (value & (BASE_ADDRESS | BASE_ENABLED)) | (kept & BASE_BSP);
    if (!(kept & BASE_ENABLED))
        apic->base &= ~BASE_ENABLED; /* once off, it stays so until RESET# */
    if (apic->base != kept)
        place_window(apic);
    local_apic_update(apic);
    return true;
}

struct apic_core local_apic_core(struct device *device)
{
    return (struct apic_core){core_base, core_set_base, device};
}

/* --- life --------------------------------------------------------------------------------------------------- */

static void reset(struct device *device, enum reset_kind kind)
{
    struct local_apic *apic = (struct local_apic *)device;
    (void)kind;
    apic->base = UINT64_C(0xFEE00000) | BASE_BSP | BASE_ENABLED;
    apic->id = apic->initial_id << 24;
    apic->tpr = apic->ldr = apic->icr_low = apic->icr_high = 0;
    apic->dfr = UINT32_MAX;
    apic->svr = SVR_RESET;
    for (unsigned i = 0; i < LVT_COUNT; i++)
        apic->lvt[i] = LVT_MASKED;
    apic->esr = apic->esr_errors = 0;
    memset(apic->irr, 0, sizeof apic->irr);
    memset(apic->isr, 0, sizeof apic->isr);
    memset(apic->tmr, 0, sizeof apic->tmr);
    apic->has_ext_int = false;
    apic->divide = 0;
    local_apic_timer_load(apic, 0);
    place_window(apic);
    local_apic_update(apic);
}

static void loaded(struct device *device)
{
    place_window((struct local_apic *)device);
}

static const struct device_option OPTIONS[] = {
    {"id", "0", "physical id after a reset", 0, 14},
    {"bus_hz", "100000000", "the timer's clock", 1000000, 400000000},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct local_apic *apic = (struct local_apic *)device;
    struct apic_bus *bus = config->env->apic;
    apic->initial_id = (uint32_t)device_number(&LOCAL_APIC_TYPE, config, "id");
    apic->bus_hz = device_number(&LOCAL_APIC_TYPE, config, "bus_hz");
    if (bus && bus->receive)
        return error_set(error, STATUS_USAGE, "%s: this board has a local APIC already; fix: one",
                         config->name);
    event_init(&apic->timer, config->env->clock, "local APIC timer", local_apic_timer_fired, apic);
    if (bus) {
        bus->receive = receive;
        bus->local = apic;
    }
    return STATUS_OK;
}

static void fini(struct device *device)
{
    struct local_apic *apic = (struct local_apic *)device;
    struct apic_bus *bus = apic->device.env->apic;
    event_fini(&apic->timer);
    if (apic->window)
        space_detach(apic->device.env->memory, apic->window);
    if (bus && bus->local == apic)
        *bus = (struct apic_bus){.ended = bus->ended, .io = bus->io};
}

static const struct reg_bank *const BANKS[] = {&LOCAL_APIC_BANK, NULL};
static const struct device_pin PINS[] = {
    {"intr", offsetof(struct local_apic, intr)},
    {"nmi", offsetof(struct local_apic, nmi)},
    {"smi", offsetof(struct local_apic, smi)},
    {NULL, 0},
};
static const char *const INPUTS[] = {"lint0", "lint1", NULL};

const struct device_type LOCAL_APIC_TYPE = {
    .name = "local-apic",
    .title = "Local APIC of a P6 processor",
    .datasheet = "Intel SDM 3A, chapter 10 (2023)",
    .missing = "other processors: what is for them is a send accept error\n"
               "INIT resets the whole machine, not the processor alone\n"
               "the bus: no arbitration, no checksum errors, delivery status always idle\n"
               "remote read\n"
               "performance counters never overflow\n"
               "x2APIC, TSC deadline, thermal sensor: later processors'",
    .size = sizeof(struct local_apic),
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
    .describe = local_apic_describe,
    .loaded = loaded,
};
