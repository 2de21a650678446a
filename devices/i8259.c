/* Intel 8259A programmable interrupt controller; one instance is one chip.
 *
 * Specification: Intel 8259A/8259A-2 data sheet, order 231468-003, December 1988 ("8259A"); the
 * edge/level registers are those of the 82371AB PIIX4 data sheet, April 1997, ELCR1 and ELCR2 (4D0h, 4D1h).
 * Missing: MCS-80/85 mode (its three INTA bytes), the buffered mode's SP/EN output.
 * Clock: none. Inputs: ir0-ir7. Output: int.
 *
 *   ir ──┬─ edge: latch ─┐
 *        └─ level ───────┴─> IRR ─ & ~IMR ─> priority resolver ─> INT
 *                                               ^          INTA │
 *                                              ISR <────────────┘
 *
 * An edge-triggered request counts only while its input is still high (8259A p.17: the input must
 * stay high until the first INTA); if it has dropped, the acknowledge finds the spurious IR7. */
#include "devices/i8259.h"

#include <stdio.h>

#include "devices/types.h"

enum { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1_LTIM = 0x08, ICW1_ICW1 = 0x10 };
enum { ICW4_UPM = 0x01, ICW4_AEOI = 0x02, ICW4_MS = 0x04, ICW4_BUF = 0x08, ICW4_SFNM = 0x10 };
enum { OCW3_RIS = 0x01, OCW3_RR = 0x02, OCW3_P = 0x04, OCW3_OCW3 = 0x08, OCW3_SMM = 0x20,
       OCW3_ESMM = 0x40 };
/* OCW2 bits R, SL, EOI. */
enum { EOI_CLEAR_ROTATE_AEOI, EOI_NON_SPECIFIC, EOI_NOTHING, EOI_SPECIFIC, EOI_SET_ROTATE_AEOI,
       EOI_ROTATE_NON_SPECIFIC, EOI_SET_PRIORITY, EOI_ROTATE_SPECIFIC };
/* Which command word an access to the odd port means. */
enum { STEP_READY = 0, STEP_ICW2 = 2, STEP_ICW3 = 3, STEP_ICW4 = 4 };

struct i8259 {
    struct device device;
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t init_step;
    uint8_t levels;     /* the inputs now */
    uint8_t edges;      /* rising edges not yet taken into service */
    uint8_t imr, isr, elcr;
    uint8_t lowest;     /* the input of the lowest priority */
    bool rotates_on_aeoi, special_mask, reads_isr, is_polled;
    struct irq_line int_line;
    struct i8259 *slave;
    uint64_t causes[8]; /* of the requests: door_cause() when an input rose, while somebody watches */
    uint8_t elcr_writable;
    bool is_slave;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct i8259, icw1),
    STATE_ONE(struct i8259, icw2),
    STATE_ONE(struct i8259, icw3),
    STATE_ONE(struct i8259, icw4),
    STATE_ONE(struct i8259, init_step),
    STATE_ONE(struct i8259, levels),
    STATE_ONE(struct i8259, edges),
    STATE_ONE(struct i8259, imr),
    STATE_ONE(struct i8259, isr),
    STATE_ONE(struct i8259, elcr),
    STATE_ONE(struct i8259, lowest),
    STATE_ONE(struct i8259, rotates_on_aeoi),
    STATE_ONE(struct i8259, special_mask),
    STATE_ONE(struct i8259, reads_isr),
    STATE_ONE(struct i8259, is_polled),
    STATE_STRUCT(struct i8259, int_line, IRQ_LINE_STATE),
    STATE_REBUILT(struct i8259, slave),
    STATE_REBUILT(struct i8259, causes),
    STATE_REBUILT(struct i8259, elcr_writable),
    STATE_REBUILT(struct i8259, is_slave),
    STATE_TABLE_END,
};

/* --- the priority resolver -------------------------------------------------------------------- */

static uint8_t request_register(const struct i8259 *pic)
{
    uint8_t level_triggered = pic->icw1 & ICW1_LTIM ? 0xFF : pic->elcr;
    return (uint8_t)(pic->levels & (pic->edges | level_triggered));
}

/* 8259A p.14: in buffered mode ICW4's M/S bit decides, else the SP pin, which the board strapped. */
static bool is_master(const struct i8259 *pic)
{
    return pic->icw4 & ICW4_BUF ? (pic->icw4 & ICW4_MS) != 0 : !pic->is_slave;
}

/* Inputs with a slave behind them. */
static uint8_t cascaded_inputs(const struct i8259 *pic)
{
    return !(pic->icw1 & ICW1_SNGL) && is_master(pic) ? pic->icw3 : 0;
}

/* The input that would be acknowledged now, or -1. */
static int pending_input(const struct i8259 *pic)
{
    uint8_t requests = (uint8_t)(request_register(pic) & ~pic->imr);
    uint8_t inhibiting = pic->isr;
    uint8_t nested = pic->icw4 & ICW4_SFNM ? cascaded_inputs(pic) : 0;
    if (pic->init_step != STEP_READY)
        return -1;
    if (pic->special_mask) /* 8259A p.16: a masked level in service inhibits nothing */
        inhibiting &= (uint8_t)~pic->imr;
    for (unsigned n = 1; n <= 8; n++) {
        unsigned input = (pic->lowest + n) & 7;
        uint8_t bit = (uint8_t)(1u << input);
        if ((requests & bit) && (!(inhibiting & bit) || (nested & bit)))
            return (int)input;
        if (inhibiting & bit)
            return -1;
    }
    return -1;
}

static void update(struct i8259 *pic)
{
    irq_line_set(&pic->int_line, pending_input(pic) >= 0);
}

/* --- the life of an interrupt, shown at the door ------------------------------------------------ */

/* An input with a slave behind it has no life of its own: the slave tells it. */
static void show(struct i8259 *pic, unsigned input, enum interrupt_step step, int vector,
                 const char *words)
{
    if (!(cascaded_inputs(pic) >> input & 1))
        device_interrupt(&pic->device, input + (pic->is_slave ? 8u : 0u), step, vector, words);
}

/* INTA comes from the processor, between its accesses: the request still knows what led to it. */
static void show_acknowledged(struct i8259 *pic, unsigned input)
{
    struct door *door = pic->device.env->door;
    uint64_t outer = door->cause;
    door->cause = pic->causes[input];
    show(pic, input, INTERRUPT_ACKNOWLEDGED, (pic->icw2 & 0xF8) | (int)input, NULL);
    door->cause = outer;
}

static void show_request(struct i8259 *pic, unsigned input)
{
    if (pic->imr >> input & 1)
        show(pic, input, INTERRUPT_MASKED, -1, "waits in IRR, masked by IMR");
    else
        show(pic, input, INTERRUPT_REQUESTED, -1, NULL);
}

/* Requests that the new mask lets through, and those that it holds back. */
static void show_mask(struct i8259 *pic, uint8_t imr)
{
    uint8_t changed = request_register(pic) & (imr ^ pic->imr);
    pic->imr = imr;
    for (unsigned input = 0; changed >> input; input++)
        if (changed >> input & 1)
            show_request(pic, input);
}

/* INTA or a poll: the request goes into service. INT drops; a further request raises it again, so
 * that a master behind the wire sees a new edge. */
static void take_into_service(struct i8259 *pic, unsigned input)
{
    uint8_t bit = (uint8_t)(1u << input);
    pic->edges &= (uint8_t)~bit;
    if (!(pic->icw4 & ICW4_AEOI))
        pic->isr |= bit;
    else if (pic->rotates_on_aeoi)
        pic->lowest = (uint8_t)input;
    show_acknowledged(pic, input);
    if (pic->icw4 & ICW4_AEOI)
        show(pic, input, INTERRUPT_ENDED, -1, "automatic EOI");
    irq_line_set(&pic->int_line, false);
}

static int acknowledge(struct i8259 *pic)
{
    int input = pending_input(pic);
    int vector = (pic->icw2 & 0xF8) | (input < 0 ? 7 : input);
    if (input >= 0) {
        take_into_service(pic, (unsigned)input);
        if (pic->slave && (cascaded_inputs(pic) >> input & 1))
            vector = acknowledge(pic->slave);
    } else {
        show(pic, 7, INTERRUPT_LOST, vector, "spurious: the request was gone before INTA");
    }
    update(pic);
    return vector;
}

int i8259_acknowledge(struct device *master)
{
    return acknowledge((struct i8259 *)master);
}

uint64_t i8259_cause_of(const struct device *master, unsigned line)
{
    const struct i8259 *pic = (const struct i8259 *)master;
    if (line >= 8)
        pic = pic->slave;
    return pic ? pic->causes[line & 7] : 0;
}

/* What holds one input back: its mask, the cascade's, or another's missing EOI. */
static void explain_input(const struct i8259 *master, const struct i8259 *pic, unsigned input,
                          char *text, size_t size, size_t *used)
{
    unsigned line = input + (pic->is_slave ? 8u : 0u);
    uint8_t cascade = pic->is_slave ? cascaded_inputs(master) : 0;
    uint8_t level_triggered = pic->icw1 & ICW1_LTIM ? 0xFF : pic->elcr;
    uint8_t taken = pic->isr & level_triggered; /* these are up until their handlers have looked */
    if (!(request_register(pic) & ~taken & (1u << input)) || (cascaded_inputs(pic) >> input & 1))
        return;
    if (pic->imr >> input & 1)
        text_append(text, size, used, "%sIRQ %u is requested and masked: bit %u of the IMR at port %s",
                    *used ? "; " : "", line, input, pic->is_slave ? "A1h" : "21h");
    else if (cascade & master->imr)
        text_append(text, size, used,
                    "%sIRQ %u is requested and the cascade is masked: %02Xh of the IMR at port 21h",
                    *used ? "; " : "", line, (unsigned)(cascade & master->imr));
    else if (pic->isr || (cascade & master->isr))
        text_append(text, size, used, "%sIRQ %u waits for the EOI of what is in service (ISR %02Xh of %s)",
                    *used ? "; " : "", line, pic->isr ? pic->isr : master->isr,
                    pic->isr && pic->is_slave ? "the slave" : "the master");
}

void i8259_explain_waiting(const struct device *device, char *text, size_t size, size_t *used)
{
    const struct i8259 *master = (const struct i8259 *)device;
    for (unsigned input = 0; input < 8; input++)
        explain_input(master, master, input, text, size, used);
    for (unsigned input = 0; master->slave && input < 8; input++)
        explain_input(master, master->slave, input, text, size, used);
}

bool i8259_mask_holds(const struct device *device)
{
    const struct i8259 *pic = (const struct i8259 *)device;
    uint8_t level_triggered = pic->icw1 & ICW1_LTIM ? 0xFF : pic->elcr;
    return (request_register(pic) & ~(pic->isr & level_triggered) & pic->imr) != 0;
}

bool i8259_has_request(const struct device *device, unsigned input)
{
    const struct i8259 *pic = (const struct i8259 *)device;
    return (request_register(pic) & ~pic->imr) >> (input & 7) & 1;
}

bool i8259_is_in_service(const struct device *device, unsigned input)
{
    return ((const struct i8259 *)device)->isr >> (input & 7) & 1;
}

int i8259_line_of(const struct device *master, uint8_t vector)
{
    const struct i8259 *pic = (const struct i8259 *)master;
    if ((pic->icw2 & 0xF8) == (vector & 0xF8))
        return vector & 7;
    return pic->slave && (pic->slave->icw2 & 0xF8) == (vector & 0xF8) ? 8 + (vector & 7) : -1;
}

void i8259_set_slave(struct device *master, struct device *slave)
{
    struct i8259 *behind = (struct i8259 *)slave;
    /* A chip can't be its own slave, nor its slave's: acknowledging must come to an end. */
    if (behind == (struct i8259 *)master || (behind && behind->slave))
        behind = NULL;
    ((struct i8259 *)master)->slave = behind;
}

/* --- command words ----------------------------------------------------------------------------- */

static void refuse_mcs80(struct i8259 *pic, const char *where)
{
    device_guest_error(&pic->device, "%s asks for MCS-80/85 mode, which is not modelled; the vector "
                                     "stays ICW2's", where);
}

/* 8259A p.11: what ICW1 does by itself. */
static void write_icw1(struct i8259 *pic, uint8_t value)
{
    pic->icw1 = value;
    pic->edges = 0;
    pic->imr = 0;
    pic->isr = 0;
    pic->lowest = 7;
    pic->special_mask = false;
    pic->reads_isr = false;
    pic->is_polled = false;
    pic->rotates_on_aeoi = false;
    if (pic->is_slave)
        pic->icw3 = 7;
    if (!(value & ICW1_IC4)) {
        pic->icw4 = 0;
        refuse_mcs80(pic, "ICW1 without ICW4");
    }
    pic->init_step = STEP_ICW2;
    update(pic);
}

/* The input in service that a non-specific EOI ends, or -1: the highest; in special mask mode not a
 * masked one (8259A p.16). */
static int highest_in_service(const struct i8259 *pic)
{
    uint8_t in_service = (uint8_t)(pic->isr & (pic->special_mask ? ~pic->imr : 0xFF));
    for (unsigned n = 1; n <= 8; n++)
        if (in_service >> ((pic->lowest + n) & 7) & 1)
            return (int)((pic->lowest + n) & 7);
    return -1;
}

static void write_ocw2(struct i8259 *pic, uint8_t value)
{
    int level = value & 7, highest = highest_in_service(pic);
    switch (value >> 5) {
    case EOI_CLEAR_ROTATE_AEOI: pic->rotates_on_aeoi = false; break;
    case EOI_SET_ROTATE_AEOI: pic->rotates_on_aeoi = true; break;
    case EOI_SET_PRIORITY: pic->lowest = (uint8_t)level; break;
    case EOI_NON_SPECIFIC:
    case EOI_ROTATE_NON_SPECIFIC:
        if (highest < 0)
            break;
        pic->isr &= (uint8_t)~(1u << highest);
        show(pic, (unsigned)highest, INTERRUPT_ENDED, -1, NULL);
        if (value >> 5 == EOI_ROTATE_NON_SPECIFIC)
            pic->lowest = (uint8_t)highest;
        break;
    case EOI_SPECIFIC:
    case EOI_ROTATE_SPECIFIC:
        if (pic->isr >> level & 1)
            show(pic, (unsigned)level, INTERRUPT_ENDED, -1, NULL);
        pic->isr &= (uint8_t)~(1u << level);
        if (value >> 5 == EOI_ROTATE_SPECIFIC)
            pic->lowest = (uint8_t)level;
        break;
    case EOI_NOTHING: break;
    }
    update(pic);
}

static void write_ocw3(struct i8259 *pic, uint8_t value)
{
    if (value & OCW3_RR)
        pic->reads_isr = (value & OCW3_RIS) != 0;
    if (value & OCW3_ESMM)
        pic->special_mask = (value & OCW3_SMM) != 0;
    pic->is_polled = (value & OCW3_P) != 0;
    update(pic);
}

static void write_command(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    if (value & ICW1_ICW1)
        write_icw1(pic, (uint8_t)value);
    else if (value & OCW3_OCW3)
        write_ocw3(pic, (uint8_t)value);
    else
        write_ocw2(pic, (uint8_t)value);
}

static void write_icw2(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    pic->icw2 = (uint8_t)value;
    pic->init_step = !(pic->icw1 & ICW1_SNGL) ? STEP_ICW3
                     : pic->icw1 & ICW1_IC4   ? STEP_ICW4
                                              : STEP_READY;
    update(pic);
}

static void write_icw3(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    pic->icw3 = (uint8_t)value;
    pic->init_step = pic->icw1 & ICW1_IC4 ? STEP_ICW4 : STEP_READY;
    update(pic);
}

static void write_icw4(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    pic->icw4 = (uint8_t)value;
    pic->init_step = STEP_READY;
    if (!(value & ICW4_UPM))
        refuse_mcs80(pic, "ICW4");
    update(pic);
}

static void write_imr(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    show_mask(pic, (uint8_t)value);
    update(pic);
}

/* 8259A p.17: the read after the poll command acts as INTA and gives I and W2-W0. */
static uint32_t read_poll(void *self, const struct reg *row)
{
    struct i8259 *pic = self;
    int input = pending_input(pic);
    (void)row;
    pic->is_polled = false;
    if (input >= 0)
        take_into_service(pic, (unsigned)input);
    update(pic);
    return input >= 0 ? 0x80u | (uint32_t)input : 7;
}

static void write_elcr(void *self, const struct reg *row, uint32_t value)
{
    struct i8259 *pic = self;
    (void)row;
    pic->elcr = (uint8_t)(value & pic->elcr_writable);
    update(pic);
}

/* --- registers --------------------------------------------------------------------------------- */

static bool is_polled(const void *self)
{
    return ((const struct i8259 *)self)->is_polled;
}
static bool reads_isr(const void *self)
{
    return ((const struct i8259 *)self)->reads_isr;
}
static bool wants_icw2(const void *self)
{
    return ((const struct i8259 *)self)->init_step == STEP_ICW2;
}
static bool wants_icw3(const void *self)
{
    return ((const struct i8259 *)self)->init_step == STEP_ICW3;
}
static bool wants_icw4(const void *self)
{
    return ((const struct i8259 *)self)->init_step == STEP_ICW4;
}
static uint32_t peek_irr(const void *self, const struct reg *row)
{
    (void)row;
    return request_register(self);
}
static uint32_t peek_isr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct i8259 *)self)->isr;
}
static uint32_t peek_imr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct i8259 *)self)->imr;
}
static uint32_t peek_elcr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct i8259 *)self)->elcr;
}

static const char *const TRIGGERS[] = {"edge", "level"};
static const char *const NO_YES[] = {"no", "yes"};
static const struct reg_field POLL_FIELDS[] = {
    {"I", 7, 1, NO_YES, "a request was pending and is in service now"},
    {"W", 0, 3, NULL, "its input"},
    REG_FIELDS_END,
};
static const struct reg_field COMMAND_FIELDS[] = {
    {"D4-D3", 3, 2, (const char *const[]){"OCW2", "OCW3", "ICW1", "ICW1"}, "which command word"},
    {"R-SL-EOI", 5, 3, NULL, "OCW2: 1 EOI, 3 specific EOI, 5 rotate, 6 set priority, 7 both"},
    {"L", 0, 3, NULL, "OCW2: the input a specific command means"},
    REG_FIELDS_END,
};
static const struct reg_field ICW2_FIELDS[] = {
    {"T7-T3", 3, 5, NULL, "upper bits of the vectors"},
    REG_FIELDS_END,
};
static const struct reg_field ICW4_FIELDS[] = {
    {"uPM", 0, 1, (const char *const[]){"MCS-80", "8086"}, "what the processor is"},
    {"AEOI", 1, 1, NO_YES, "end of interrupt at the last INTA"},
    {"M/S", 2, 1, (const char *const[]){"slave", "master"}, "in buffered mode"},
    {"BUF", 3, 1, NO_YES, "buffered mode"},
    {"SFNM", 4, 1, NO_YES, "special fully nested mode"},
    REG_FIELDS_END,
};
static const struct reg_field ELCR_FIELDS[] = {
    {"3", 3, 1, TRIGGERS, "input 3"}, {"4", 4, 1, TRIGGERS, "input 4"},
    {"5", 5, 1, TRIGGERS, "input 5"}, {"6", 6, 1, TRIGGERS, "input 6"},
    {"7", 7, 1, TRIGGERS, "input 7"}, REG_FIELDS_END,
};

static const struct reg ROWS[] = {
    {.name = "POLL", .meaning = "poll word", .offset = 0, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .is_selected = is_polled, .read = read_poll,
     .fields = POLL_FIELDS, .section = "8259A p.17"},
    {.name = "ISR", .meaning = "in-service register", .offset = 0, .width = 1, .access = REG_READ,
     .is_selected = reads_isr, .peek = peek_isr, .section = "8259A p.18"},
    {.name = "IRR", .meaning = "interrupt request register", .offset = 0, .width = 1,
     .access = REG_READ, .peek = peek_irr, .section = "8259A p.18"},
    {.name = "ICW1/OCW2/OCW3", .meaning = "command", .offset = 0, .width = 1, .access = REG_WRITE,
     .write = write_command, .fields = COMMAND_FIELDS, .section = "8259A pp.11-15"},
    {.name = "POLL", .meaning = "poll word", .offset = 1, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .is_selected = is_polled, .read = read_poll,
     .fields = POLL_FIELDS, .section = "8259A p.17"},
    {.name = "ICW2", .meaning = "vector base", .offset = 1, .width = 1, .access = REG_WRITE,
     .is_selected = wants_icw2, .write = write_icw2, .fields = ICW2_FIELDS,
     .section = "8259A p.11"},
    {.name = "ICW3", .meaning = "cascade", .offset = 1, .width = 1, .access = REG_WRITE,
     .is_selected = wants_icw3, .write = write_icw3, .section = "8259A p.12"},
    {.name = "ICW4", .meaning = "mode", .offset = 1, .width = 1, .access = REG_WRITE,
     .is_selected = wants_icw4, .write = write_icw4, .fields = ICW4_FIELDS,
     .section = "8259A p.12"},
    {.name = "IMR", .meaning = "interrupt mask register (OCW1)", .offset = 1, .width = 1,
     .access = REG_RW, .reset = 0, .writable = 0xFF, .write = write_imr, .peek = peek_imr,
     .section = "8259A p.13"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"i8259", ROWS};

/* IRQ0-2, IRQ8 and IRQ13 have no bit (PIIX4 ELCR1, ELCR2); what the master and slave have in common is
 * declared writable here. */
static const struct reg ELCR_ROWS[] = {
    {.name = "ELCR", .meaning = "edge/level control", .offset = 0, .width = 1, .access = REG_RW,
     .reset = 0, .writable = 0xD8, .write = write_elcr, .peek = peek_elcr, .fields = ELCR_FIELDS,
     .section = "PIIX4 ELCR1, ELCR2"},
    REG_ROWS_END,
};
static const struct reg_bank ELCR_BANK = {"ELCR", ELCR_ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, &ELCR_BANK, NULL};

/* --- in words ---------------------------------------------------------------------------------- */

/* "IRQ0 IRQ3", or "none". */
static void irq_list(char *text, size_t size, size_t *used, const struct i8259 *pic, uint32_t bits)
{
    if (bits == 0)
        text_append(text, size, used, " none");
    for (unsigned i = 0; i < 8; i++)
        if (bits >> i & 1)
            text_append(text, size, used, " IRQ%u", i + (pic->is_slave ? 8u : 0u));
}

static void describe_ocw2(const struct i8259 *pic, uint32_t value, char *text, size_t size)
{
    static const char *const NAMES[] = {
        "rotate in automatic EOI off", "non-specific EOI", "no operation", "specific EOI",
        "rotate in automatic EOI on", "rotate on non-specific EOI", "set lowest priority",
        "rotate on specific EOI"};
    unsigned first = pic->is_slave ? 8 : 0, command = value >> 5 & 7;
    int highest = highest_in_service(pic);
    if (command == EOI_SPECIFIC || command == EOI_SET_PRIORITY || command == EOI_ROTATE_SPECIFIC)
        snprintf(text, size, "OCW2: %s, IRQ%u", NAMES[command], first + (value & 7));
    else if ((command == EOI_NON_SPECIFIC || command == EOI_ROTATE_NON_SPECIFIC) && highest >= 0)
        snprintf(text, size, "OCW2: %s (ends IRQ%u)", NAMES[command], first + (unsigned)highest);
    else
        snprintf(text, size, "OCW2: %s", NAMES[command]);
}

static void describe_command(const struct i8259 *pic, uint32_t value, char *text, size_t size)
{
    size_t used = 0;
    if (value & ICW1_ICW1) {
        snprintf(text, size, "ICW1: initialisation, %s triggered, %s, %s",
                 value & ICW1_LTIM ? "level" : "edge", value & ICW1_SNGL ? "single" : "cascaded",
                 value & ICW1_IC4 ? "ICW4 follows" : "no ICW4");
    } else if (value & OCW3_OCW3) {
        text_append(text, size, &used, "OCW3:");
        if (value & OCW3_P)
            text_append(text, size, &used, " poll;");
        if (value & OCW3_RR)
            text_append(text, size, &used, " read %s next;", value & OCW3_RIS ? "ISR" : "IRR");
        if (value & OCW3_ESMM)
            text_append(text, size, &used, " special mask %s;", value & OCW3_SMM ? "on" : "off");
    } else {
        describe_ocw2(pic, value, text, size);
    }
}

static void describe_odd(const struct i8259 *pic, uint32_t value, char *text, size_t size)
{
    unsigned first = pic->is_slave ? 8 : 0;
    size_t used = 0;
    switch (pic->init_step) {
    case STEP_ICW2:
        snprintf(text, size, "ICW2: IRQ%u-%u → vectors %02Xh-%02Xh", first, first + 7,
                 value & 0xF8, (value & 0xF8) + 7);
        break;
    case STEP_ICW3:
        if (is_master(pic)) {
            text_append(text, size, &used, "ICW3: slaves at");
            irq_list(text, size, &used, pic, value);
        } else {
            snprintf(text, size, "ICW3: slave of the master's input %u", value & 7);
        }
        break;
    case STEP_ICW4:
        snprintf(text, size, "ICW4: %s, %s EOI%s%s", value & ICW4_UPM ? "8086" : "MCS-80/85",
                 value & ICW4_AEOI ? "automatic" : "normal",
                 value & ICW4_SFNM ? ", special fully nested" : "",
                 value & ICW4_BUF ? ", buffered" : "");
        break;
    default:
        text_append(text, size, &used, "OCW1: masked:");
        irq_list(text, size, &used, pic, value);
        break;
    }
}

static void describe_read(const struct i8259 *pic, const struct access *access, char *text,
                          size_t size)
{
    uint32_t value = (uint32_t)access->value & 0xFF;
    size_t used = 0;
    if (pic->is_polled) {
        if (value & 0x80)
            snprintf(text, size, "poll: IRQ%u goes into service",
                     (value & 7) + (pic->is_slave ? 8u : 0u));
        else
            snprintf(text, size, "poll: nothing pending");
        return;
    }
    text_append(text, size, &used, "%s", access->reg->offset == 1 ? "IMR: masked:"
                                         : pic->reads_isr         ? "ISR: in service:"
                                                                  : "IRR: requested:");
    irq_list(text, size, &used, pic, value);
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct i8259 *pic = (const struct i8259 *)device;
    uint32_t value = (uint32_t)access->value & 0xFF;
    size_t used = 0;
    if (!access->reg)
        return;
    if (access->reg == &ELCR_ROWS[0]) {
        text_append(text, size, &used, "ELCR: level triggered:");
        irq_list(text, size, &used, pic, access->is_write ? value & pic->elcr_writable : value);
    } else if (!access->is_write) {
        describe_read(pic, access, text, size);
    } else if (access->reg->offset == 0) {
        describe_command(pic, value, text, size);
    } else {
        describe_odd(pic, value, text, size);
    }
}

/* --- life cycle -------------------------------------------------------------------------------- */

static void input(struct device *device, unsigned input, bool level)
{
    struct i8259 *pic = (struct i8259 *)device;
    uint8_t bit = (uint8_t)(1u << (input & 7));
    bool was_requested = (request_register(pic) & ~pic->isr & bit) != 0;
    if (level) {
        pic->causes[input & 7] = door_cause(pic->device.env->door);
        show(pic, input & 7, INTERRUPT_RAISED, -1, NULL);
        pic->edges |= bit & (uint8_t)~pic->levels;
        pic->levels |= bit;
        show_request(pic, input & 7);
    } else {
        pic->edges &= (uint8_t)~bit;
        pic->levels &= (uint8_t)~bit;
        show(pic, input & 7, was_requested ? INTERRUPT_LOST : INTERRUPT_LOWERED, -1,
             was_requested ? "its input fell before INTA" : NULL);
    }
    update(pic);
}

/* The chip has no RESET pin: its registers are undefined at power-on (here zero, so that they are
 * the same in every run) and survive a reset of the machine. The ELCR is reset (PIIX4 ELCR1, ELCR2). */
static void reset(struct device *device, enum reset_kind kind)
{
    struct i8259 *pic = (struct i8259 *)device;
    pic->elcr = 0;
    if (kind == RESET_POWER_ON) {
        pic->icw1 = pic->icw2 = pic->icw4 = pic->imr = pic->isr = pic->edges = 0;
        pic->icw3 = pic->is_slave ? 7 : 0;
        pic->init_step = STEP_READY;
        pic->lowest = 7;
        pic->rotates_on_aeoi = pic->special_mask = pic->reads_isr = pic->is_polled = false;
    }
    update(pic);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x20", "first of the two ports", 0, 0xFFFE},
    {"elcr", "0x4d0", "port of the edge/level register; 0: none", 0, 0xFFFF},
    {"slave", "0", "1: the second chip, whose inputs are IRQ8-15", 0, 1},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct i8259 *pic = (struct i8259 *)device;
    uint64_t base = device_number(&I8259_TYPE, config, "base");
    uint64_t elcr = device_number(&I8259_TYPE, config, "elcr");
    enum status status;
    pic->is_slave = device_number(&I8259_TYPE, config, "slave") != 0;
    pic->elcr_writable = pic->is_slave ? 0xDE : 0xF8;
    status = device_attach(device, config->env->ports, &BANK, NULL, base, 2, error);
    if (status == STATUS_OK && elcr != 0)
        status = device_attach(device, config->env->ports, &ELCR_BANK, NULL, elcr, 1, error);
    return status;
}

static const struct device_pin PINS[] = {{"int", offsetof(struct i8259, int_line)}, {NULL, 0}};
static const char *const INPUTS[] = {"ir0", "ir1", "ir2", "ir3", "ir4", "ir5", "ir6", "ir7", NULL};

const struct device_type I8259_TYPE = {
    .name = "i8259",
    .title = "Programmable interrupt controller",
    .datasheet = "Intel 8259A data sheet, 231468-003, December 1988; ELCR: Intel 82371AB (PIIX4) "
                 "data sheet, April 1997",
    .missing = "MCS-80/85 mode: the vector stays that of 8086 mode\n"
               "buffered mode: the SP/EN output has no listener",
    .size = sizeof(struct i8259),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .input = input,
    .describe = describe,
};
