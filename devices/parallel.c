/* The standard parallel port (SPP), with a printer at its back-end that takes every byte.
 *
 * Specification: IBM PC/AT Technical Reference, September 1985, Serial/Parallel Adapter, parallel
 * portion; the printer's side as IEEE 1284-2000, compatibility mode. A byte, as the wires show it:
 *
 *     data     ══════╳════════════ valid ══════════════
 *     nStrobe  ────────┐__┌────────────────────────────    STROBE of CONTROL, inverted
 *     Busy     _________┌──────────────────────┐_______    its inverse is bit 7 of STATUS
 *     nAck     ─────────────────────┐__________┌───────    bit 6 of STATUS
 *     IRQ7     ─────────────────────┘          └───────    nAck, while IRQEN is set
 *                       │<-- 5 µs ->│<- 5 µs ->│
 *
 * QUIRK: the adapter gates nAck itself onto IRQ7, so that the idle line is high; the 8259 sees an edge
 * at the end of the pulse only. Here the line is low until the first such edge.
 * MISSING: bidirectional, EPP and ECP modes (bit 5 of CONTROL is not there, DATA reads its latch);
 * a printer that is out of paper or off line; AUTOFD's line feed.
 * A back-end that is behind keeps Busy high, and nAck away, until it takes bytes again.
 * Without a back-end no cable is plugged in and STATUS reads 7Fh: the inputs are pulled up.
 * Clock: the machine's virtual time. Output: irq. */
#include <stdio.h>

#include "bus/chardev.h"
#include "devices/types.h"

#define PHASE_NS 5000u
#define WAIT_NS  1000000u /* until a printer that is behind is asked again */

enum { STROBE = 0x01, AUTOFD = 0x02, INIT = 0x04, SLIN = 0x08, IRQEN = 0x10, CONTROL_BITS = 0x1F,
       CONTROL_UNUSED = 0xE0 };
enum { STATUS_UNUSED = 0x07, NERROR = 0x08, SLCT = 0x10, PE = 0x20, NACK = 0x40, NBUSY = 0x80 };
enum { PHASE_READY, PHASE_BUSY, PHASE_ACKNOWLEDGE };

struct parallel {
    struct device device;
    uint8_t data, control;
    uint8_t phase;
    struct event next_phase;
    struct irq_line irq;
    struct chardev *chardev; /* NULL: no printer */
};

static const struct state_field STATE[] = {
    STATE_ONE(struct parallel, data),
    STATE_ONE(struct parallel, control),
    STATE_ONE(struct parallel, phase),
    STATE_TIMER(struct parallel, next_phase),
    STATE_STRUCT(struct parallel, irq, IRQ_LINE_STATE),
    STATE_REBUILT(struct parallel, chardev),
    STATE_TABLE_END,
};

/* --- the printer ------------------------------------------------------------------------------------ */

static void enter_phase(struct parallel *port, uint8_t phase)
{
    struct clock *clock = port->device.env->clock;
    port->phase = phase;
    if (phase == PHASE_READY)
        event_disarm(&port->next_phase);
    else
        event_arm(&port->next_phase, clock_after_ns(clock, PHASE_NS));
}

static void next_phase(void *self)
{
    struct parallel *port = self;
    bool was_busy = port->phase == PHASE_BUSY;
    struct clock *clock = port->device.env->clock;
    if (was_busy && chardev_is_busy(port->chardev)) {
        event_arm(&port->next_phase, clock_after_ns(clock, WAIT_NS));
        return;
    }
    enter_phase(port, was_busy ? PHASE_ACKNOWLEDGE : PHASE_READY);
    irq_line_set(&port->irq, !was_busy && (port->control & IRQEN));
}

/* nStrobe falls: a printer that is selected, initialised and not busy takes the byte. */
static void strobe(struct parallel *port)
{
    if (!port->chardev || (port->control & (INIT | SLIN)) != (INIT | SLIN))
        return;
    if (port->phase != PHASE_READY) {
        device_guest_error(&port->device, "STROBE while the printer is busy: %02Xh is lost",
                           port->data);
        return;
    }
    port->chardev->write(port->chardev, &port->data, 1);
    enter_phase(port, PHASE_BUSY);
}

/* --- registers --------------------------------------------------------------------------------------- */

static uint32_t peek_data(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct parallel *)self)->data;
}

static void write_data(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct parallel *)self)->data = (uint8_t)value;
}

static uint32_t peek_status(const void *self, const struct reg *row)
{
    const struct parallel *port = self;
    bool is_ready = port->phase == PHASE_READY && (port->control & INIT);
    (void)row;
    if (!port->chardev)
        return NACK | PE | SLCT | NERROR | STATUS_UNUSED;
    return (is_ready ? NBUSY : 0u) | (port->phase == PHASE_ACKNOWLEDGE ? 0u : NACK) | SLCT | NERROR |
           STATUS_UNUSED;
}

static uint32_t peek_control(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct parallel *)self)->control | CONTROL_UNUSED;
}

static void write_control(void *self, const struct reg *row, uint32_t value)
{
    struct parallel *port = self;
    uint8_t rising = (uint8_t)(value & ~port->control);
    (void)row;
    port->control = value & CONTROL_BITS;
    if (!(value & INIT)) /* nInit is low: whatever the printer was doing, it does no more */
        enter_phase(port, PHASE_READY);
    if (!(value & IRQEN))
        irq_line_set(&port->irq, false);
    if (rising & STROBE)
        strobe(port);
}

static const struct reg_field STATUS_FIELDS[] = {
    {"nERROR", 3, 1, NULL, "no error"},     {"SLCT", 4, 1, NULL, "selected"},
    {"PE", 5, 1, NULL, "out of paper"},     {"nACK", 6, 1, NULL, "no acknowledge pulse"},
    {"nBUSY", 7, 1, NULL, "not busy"},      REG_FIELDS_END,
};
static const struct reg_field CONTROL_FIELDS[] = {
    {"STROBE", 0, 1, NULL, "the data is valid"}, {"AUTOFD", 1, 1, NULL, "line feed after CR"},
    {"INIT", 2, 1, NULL, "0 resets the printer"}, {"SLIN", 3, 1, NULL, "selects the printer"},
    {"IRQEN", 4, 1, NULL, "interrupt at the end of nAck"}, REG_FIELDS_END,
};
static const struct reg ROWS[] = {
    {.name = "DATA", .meaning = "data to the printer", .offset = 0, .width = 1, .access = REG_RW,
     .writable = 0xFF, .write = write_data, .peek = peek_data, .section = "Data latch"},
    {.name = "STATUS", .meaning = "printer status", .offset = 1, .width = 1, .access = REG_READ,
     .reset = 0x7F, .peek = peek_status, .fields = STATUS_FIELDS, .section = "Printer status"},
    {.name = "CONTROL", .meaning = "printer controls", .offset = 2, .width = 1, .access = REG_RW,
     .reset = CONTROL_UNUSED, .writable = CONTROL_BITS, .write = write_control,
     .peek = peek_control, .fields = CONTROL_FIELDS, .section = "Printer controls"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"parallel", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct parallel *port = (const struct parallel *)(const void *)device;
    uint32_t value = (uint32_t)access->value & 0xFF;
    bool strobes = access->reg == &ROWS[2] && access->is_write &&
                   (value & ~(uint32_t)port->control & STROBE);
    if (!access->reg)
        return;
    if (access->reg == &ROWS[0])
        snprintf(text, size, "%s %02Xh", access->is_write ? "data" : "data latch", value);
    else if (strobes && port->data >= 0x20 && port->data < 0x7F)
        snprintf(text, size, "strobes '%c' to the printer", (char)port->data);
    else if (strobes)
        snprintf(text, size, "strobes %02Xh to the printer", port->data);
    else
        reg_fields_text(access->reg, value, text, size);
}

/* --- life cycle -------------------------------------------------------------------------------------- */

/* RESET DRV clears the control latch; the data latch keeps what it has. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct parallel *port = (struct parallel *)device;
    if (kind == RESET_POWER_ON)
        port->data = 0;
    write_control(port, NULL, 0);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x378", "first of the three ports", 0, 0xFFFC},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct parallel *port = (struct parallel *)device;
    event_init(&port->next_phase, config->env->clock, "parallel handshake", next_phase, port);
    port->chardev = config->chardev;
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&PARALLEL_TYPE, config, "base"), 3, error);
}

static void fini(struct device *device)
{
    event_fini(&((struct parallel *)device)->next_phase);
}

static const struct device_pin PINS[] = {{"irq", offsetof(struct parallel, irq)}, {NULL, 0}};

const struct device_type PARALLEL_TYPE = {
    .name = "parallel",
    .title = "Parallel port (SPP) with a printer",
    .datasheet = "IBM PC/AT Technical Reference, September 1985; IEEE 1284-2000, compatibility mode",
    .missing = "bidirectional, EPP and ECP modes\n"
               "AUTOFD: the bit is kept\n"
               "a printer that is out of paper or off line",
    .size = sizeof(struct parallel),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
};
