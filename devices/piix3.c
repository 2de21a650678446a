/* The ISA bridge of the 82371SB (PIIX3): routing of PCI interrupts, reset control.
 *
 * Intel 82371FB/82371SB PCI ISA IDE Xcelerator data sheet, 290550-002, April 1997.
 *
 *   slot s, pin p ──> PIRQ[(s - 1 + p) & 3] ──[PIRQRC: enable, IRQ]──┐
 *                                       (wiring of the usual boards)  ├─OR──> irq3 ... irq15
 *   input "sci" (the power management function) ── IRQ9 ─────────────┘
 *
 * The lines are level triggered; the ELCR that makes the 8259s see them so is with the 8259s. Other
 * parts of the chip are devices of their own: 8259, 8254, 8237, IDE, port 92h does not exist here.
 * Clock: none. */
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/types.h"

#define PIRQRCA 0x60u
#define PIRQ_DISABLED 0x80u
#define RCR_PORT 0xCF9u
#define RCR_HARD 0x02u /* SRST: the reset is a hard one */
#define RCR_RCPU 0x04u /* 0 -> 1 resets */
#define LEGAL_IRQS 0xDEF8u /* 3-7, 9-12, 14, 15: others are reserved (2.2.4) */
#define INPUT_SCI 0

struct piix3 {
    struct device device;
    struct pci_function function;
    uint16_t sources[4]; /* functions that hold PIRQ A-D now */
    bool sci;
    uint8_t rcr;
    struct irq_line irq[16];
};

static const struct state_field STATE[] = {
    STATE_STRUCT(struct piix3, function, PCI_FUNCTION_STATE),
    STATE_ARRAY(struct piix3, sources),
    STATE_ONE(struct piix3, sci),
    STATE_ONE(struct piix3, rcr),
    STATE_STRUCTS(struct piix3, irq, IRQ_LINE_STATE),
    STATE_TABLE_END,
};

/* --- interrupts (2.2.4) ---------------------------------------------------------------------- */

static void update_irqs(struct piix3 *s)
{
    unsigned active = s->sci ? 1u << 9 : 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t route = s->function.config[PIRQRCA + i];
        if (s->sources[i] && !(route & PIRQ_DISABLED))
            active |= 1u << (route & 15);
    }
    for (unsigned irq = 0; irq < 16; irq++)
        if (LEGAL_IRQS >> irq & 1)
            irq_line_set(&s->irq[irq], active >> irq & 1);
}

static void route(void *self, unsigned slot, unsigned pin, bool level)
{
    struct piix3 *s = self;
    uint16_t *sources = &s->sources[(slot + 3 + pin) & 3];
    if (level)
        ++*sources;
    else if (*sources)
        --*sources;
    update_irqs(s);
}

static void input(struct device *device, unsigned number, bool level)
{
    struct piix3 *s = (struct piix3 *)device;
    if (number == INPUT_SCI)
        s->sci = level;
    update_irqs(s);
}

/* Interrupts of the board itself are reserved as routes (2.2.4). */
static void check_routes(struct piix3 *s)
{
    static const uint16_t RESERVED = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 8 | 1u << 13;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t route = s->function.config[PIRQRCA + i];
        if (!(route & PIRQ_DISABLED) && RESERVED >> (route & 15) & 1)
            device_guest_error(&s->device, "PIRQ%c# is routed to IRQ %u, which is the board's own",
                               'A' + (int)i, route & 15u);
    }
}

static void config_written(struct pci_function *function, uint8_t offset, unsigned size)
{
    if (offset + size <= PIRQRCA || offset >= PIRQRCA + 4)
        return;
    check_routes((struct piix3 *)function->device);
    update_irqs((struct piix3 *)function->device);
}

/* --- reset control, port CF9h (2.5.4.2) ------------------------------------------------------- */

static void rcr_set(struct piix3 *s, uint8_t value)
{
    bool rises = (value & RCR_RCPU) && !(s->rcr & RCR_RCPU);
    s->rcr = value & (RCR_HARD | RCR_RCPU);
    /* A soft reset is INIT of the CPU alone; the machine has one kind, which keeps RAM as well. */
    if (rises && s->device.env->reset)
        s->device.env->reset(s->device.env->self);
}

static uint8_t forward_read(void *self, uint16_t port)
{
    return port == RCR_PORT ? ((struct piix3 *)self)->rcr : 0xFF;
}

static void forward_write(void *self, uint16_t port, uint8_t value)
{
    if (port == RCR_PORT)
        rcr_set(self, value);
}

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t rcr_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct piix3 *)self)->rcr;
}

static void rcr_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    rcr_set(self, (uint8_t)value);
}

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&((const struct piix3 *)self)->function.config[row->offset],
                             row->width);
}

static const struct reg_field RCR_FIELDS[] = {
    {"SRST", 1, 1, NULL, "the reset is a hard one"},
    {"RCPU", 2, 1, NULL, "0 to 1 resets"},
    REG_FIELDS_END,
};
/* The port is CF9h, which the host bridge forwards; the bank serves the display. */
static const struct reg PORT_ROWS[] = {
    {.name = "RCR", .meaning = "reset control", .offset = 0, .width = 1, .access = REG_RW,
     .writable = 0x06, .peek = rcr_peek, .write = rcr_write, .fields = RCR_FIELDS,
     .section = "2.5.4.2"},
    REG_ROWS_END,
};
static const struct reg_bank PORT_BANK = {"reset control", PORT_ROWS};

static const struct reg_field PIRQ_FIELDS[] = {
    {"IRQROUTE", 0, 4, NULL, "interrupt of the 8259s"},
    {"IRQROUTEEN", 7, 1, NULL, "1: not routed"},
    REG_FIELDS_END,
};
#define PIRQ_ROW(letter, number)                                                                \
    {.name = "PIRQRC" letter, .meaning = "PIRQ" letter "# route control",                       \
     .offset = PIRQRCA + number, .width = 1, .access = REG_RW, .reset = 0x80, .writable = 0x8F, \
     .peek = config_peek, .fields = PIRQ_FIELDS, .section = "2.2.4"}
static const struct reg CONFIG_ROWS[] = {
    {.name = "VID", .meaning = "vendor", .offset = 0, .width = 2, .access = REG_READ,
     .reset = 0x8086, .peek = config_peek, .section = "2.2.1"},
    {.name = "DID", .meaning = "device", .offset = 2, .width = 2, .access = REG_READ,
     .reset = 0x7000, .peek = config_peek, .section = "2.2.1"},
    {.name = "PCISTS", .meaning = "status", .offset = 6, .width = 2, .access = REG_READ,
     .reset = 0x0200, .peek = config_peek, .section = "2.2.1"},
    {.name = "HEDT", .meaning = "header type: several functions", .offset = 0x0E, .width = 1,
     .access = REG_READ, .reset = 0x80, .peek = config_peek, .section = "2.2.1"},
    {.name = "IORT", .meaning = "ISA I/O recovery timer (kept, without effect)", .offset = 0x4C,
     .width = 1, .access = REG_RW, .reset = 0x4D, .writable = 0x7F, .peek = config_peek,
     .section = "2.2.2"},
    {.name = "XBCS", .meaning = "X-bus chip select (kept, without effect)", .offset = 0x4E,
     .width = 2, .access = REG_RW, .reset = 0x0003, .writable = 0x07FF, .peek = config_peek,
     .section = "2.2.3"},
    PIRQ_ROW("A", 0), PIRQ_ROW("B", 1), PIRQ_ROW("C", 2), PIRQ_ROW("D", 3),
    {.name = "TOM", .meaning = "top of memory (kept, without effect)", .offset = 0x69, .width = 1,
     .access = REG_RW, .reset = 0x02, .writable = 0xFE, .peek = config_peek, .section = "2.2.5"},
    REG_ROWS_END,
};
static const struct reg_bank CONFIG_BANK = {"config", CONFIG_ROWS};
static const struct reg_bank *const BANKS[] = {&PORT_BANK, &CONFIG_BANK, NULL};

/* --- life ------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct piix3 *s = (struct piix3 *)device;
    uint8_t *config = s->function.config;
    (void)kind;
    pci_function_reset(&s->function);
    store_le16(&config[PCI_COMMAND], 0x0007); /* always on (2.2.1) */
    config[0x4C] = 0x4D;
    store_le16(&config[0x4E], 0x0003);
    memset(&config[PIRQRCA], PIRQ_DISABLED, 4);
    config[0x69] = 0x02;
    s->rcr = 0;
    update_irqs(s);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct piix3 *s = (struct piix3 *)device;
    struct pci_bus *bus = config->env->pci;
    uint8_t *writable = s->function.writable;
    enum status status;
    if (!bus)
        return error_set(error, STATUS_USAGE, "%s: this board has no PCI bus", config->name);
    pci_function_init(&s->function, device, 0x8086, 0x7000, 0x060100, 0x00);
    s->function.written = config_written;
    store_le16(&s->function.config[PCI_STATUS], 0x0200);
    s->function.config[PCI_HEADER_TYPE] = 0x80;
    store_le16(&writable[PCI_COMMAND], 0x0108);
    writable[0x4C] = 0x7F;
    store_le16(&writable[0x4E], 0x07FF);
    memset(&writable[PIRQRCA], 0x8F, 4);
    writable[0x69] = 0xFE;
    status = pci_add(bus, &s->function, 1 << 3, 0, error);
    if (status != STATUS_OK)
        return status;
    bus->route = route;
    bus->route_self = s;
    bus->forward_read = forward_read;
    bus->forward_write = forward_write;
    bus->forward_self = s;
    return STATUS_OK;
}

static void fini(struct device *device)
{
    struct piix3 *s = (struct piix3 *)device;
    struct pci_bus *bus = s->function.bus;
    if (bus && bus->route_self == s) {
        bus->route = NULL;
        bus->forward_read = NULL;
        bus->forward_write = NULL;
    }
    pci_remove(&s->function);
}

static void loaded(struct device *device)
{
    pci_loaded(&((struct piix3 *)device)->function);
}

#define IRQ_PIN(number) {"irq" #number, offsetof(struct piix3, irq[number])}
static const struct device_pin PINS[] = {
    IRQ_PIN(3), IRQ_PIN(4), IRQ_PIN(5), IRQ_PIN(6), IRQ_PIN(7), IRQ_PIN(9),
    IRQ_PIN(10), IRQ_PIN(11), IRQ_PIN(12), IRQ_PIN(14), IRQ_PIN(15), {NULL, 0},
};
static const char *const INPUTS[] = {[INPUT_SCI] = "sci", NULL};

const struct device_type PIIX3_TYPE = {
    .name = "piix3",
    .title = "ISA bridge: PCI interrupt routing and reset control",
    .datasheet = "Intel 82371SB (PIIX3), 290550-002, April 1997",
    .missing = "SMI, USB, motherboard IRQ and DMA routing (70h, 76h, 77h)\n"
               "recovery times, X-bus chip selects, top of memory: kept, without effect\n"
               "a soft reset by RCR (INIT) resets the whole machine",
    .size = sizeof(struct piix3),
    .version = 1,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .input = input,
    .loaded = loaded,
};
