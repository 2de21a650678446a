/* Intel 82093AA I/O APIC: 24 inputs, each with an entry that says which vector goes to whom.
 *
 * Specification: Intel 82093AA data sheet, 290566-001, May 1996 ("82093AA").
 * Missing: see the type's `missing`. Clock: none. Inputs: in0-in23. Output: messages on the APIC bus.
 *
 *   in ──(polarity)──┬─ edge:  it rises, and the entry is open ────────────────> message
 *                    └─ level: it is active, open, and remote IRR is 0 ─> message, remote IRR <- 1
 *                                       remote IRR <- 0 when the local APIC tells the vector's end
 *
 * An edge at a masked entry is lost (82093AA 3.2.4, bit 16). On a board of the usual wiring the ISA
 * interrupts lie at the inputs of their numbers, but for IRQ0 at input 2. */
#include <stdio.h>

#include "bus/apic_bus.h"
#include "base/bits.h"
#include "devices/io_apic.h"
#include "devices/types.h"

#define INPUTS_COUNT 24u
#define VERSION (UINT32_C(0x11) | (INPUTS_COUNT - 1) << 16)

/* Redirection entry, low word (3.2.4). */
enum {
    ENTRY_VECTOR = 0xFF,
    ENTRY_DELIVERY_SHIFT = 8,
    ENTRY_LOGICAL = 1 << 11,
    ENTRY_ACTIVE_LOW = 1 << 13,
    ENTRY_REMOTE_IRR = 1 << 14,
    ENTRY_LEVEL = 1 << 15,
    ENTRY_MASKED = 1 << 16,
    ENTRY_WRITABLE = 0x1AFFF
};

struct io_apic {
    struct device device;
    uint8_t select;
    uint32_t id;
    uint32_t levels; /* the inputs now, by bit */
    uint32_t low[INPUTS_COUNT], high[INPUTS_COUNT];
    uint32_t initial_id;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct io_apic, select),
    STATE_ONE(struct io_apic, id),
    STATE_ONE(struct io_apic, levels),
    STATE_ARRAY(struct io_apic, low),
    STATE_ARRAY(struct io_apic, high),
    STATE_REBUILT(struct io_apic, initial_id),
    STATE_TABLE_END,
};

/* NMI, SMI, INIT and ExtINT are edges, whatever the entry says (3.2.4, bits 10-8). */
static bool is_level(uint32_t low)
{
    unsigned delivery = low >> ENTRY_DELIVERY_SHIFT & 7;
    return (low & ENTRY_LEVEL) && (delivery == APIC_FIXED || delivery == APIC_LOWEST_PRIORITY);
}

/* --- from inputs to messages ----------------------------------------------------------------------- */

static bool is_active(const struct io_apic *io, unsigned n)
{
    return (io->levels >> n & 1) != ((io->low[n] & ENTRY_ACTIVE_LOW) != 0);
}

/* What becomes of an input that changed: a level waits behind its mask, an edge does not (3.2.4). */
static void show_change(struct io_apic *io, unsigned n)
{
    bool is_masked = (io->low[n] & ENTRY_MASKED) != 0, waits = is_level(io->low[n]);
    if (!is_active(io, n)) {
        device_interrupt(&io->device, n, INTERRUPT_LOWERED, -1, NULL);
        return;
    }
    device_interrupt(&io->device, n, INTERRUPT_RAISED, -1, NULL);
    if (is_masked)
        device_interrupt(&io->device, n, waits ? INTERRUPT_MASKED : INTERRUPT_LOST, -1,
                         waits ? "waits behind the mask of its entry"
                               : "an edge while its entry is masked");
}

/* The message is this chip's acknowledge: with it the vector is given. */
static void show_sent(struct io_apic *io, unsigned n, bool is_taken)
{
    device_interrupt(&io->device, n, is_taken ? INTERRUPT_ACKNOWLEDGED : INTERRUPT_LOST,
                     (int)(io->low[n] & ENTRY_VECTOR),
                     is_taken ? "its message was taken" : "no local APIC takes its message");
}

static bool send(struct io_apic *io, unsigned n)
{
    uint32_t low = io->low[n];
    bool is_taken;
    struct apic_message message = {.delivery = (enum apic_delivery)(low >> ENTRY_DELIVERY_SHIFT & 7),
                                   .vector = low & ENTRY_VECTOR,
                                   .destination = (uint8_t)(io->high[n] >> 24),
                                   .is_logical = (low & ENTRY_LOGICAL) != 0,
                                   .is_level = is_level(low)};
    is_taken = apic_bus_send(io->device.env->apic, &message);
    show_sent(io, n, is_taken);
    return is_taken;
}

/* 3.2.4, bits 15 and 14: a level is sent once, until its end is told. */
static void send_level(struct io_apic *io, unsigned n)
{
    uint32_t low = io->low[n];
    if (is_level(low) && !(low & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) && is_active(io, n) &&
        send(io, n))
        io->low[n] |= ENTRY_REMOTE_IRR;
}

static void input(struct device *device, unsigned n, bool level)
{
    struct io_apic *io = (struct io_apic *)device;
    bool was_active;
    if (n >= INPUTS_COUNT)
        return;
    was_active = is_active(io, n);
    io->levels = level ? io->levels | UINT32_C(1) << n : io->levels & ~(UINT32_C(1) << n);
    if (was_active != is_active(io, n))
        show_change(io, n);
    if (is_level(io->low[n]))
        send_level(io, n);
    else if (!was_active && is_active(io, n) && !(io->low[n] & ENTRY_MASKED))
        send(io, n);
}

/* The local APIC tells the end of a level-triggered interrupt: who is still active asks again. */
static void ended(void *self, uint8_t vector)
{
    struct io_apic *io = self;
    for (unsigned n = 0; n < INPUTS_COUNT; n++) {
        if ((io->low[n] & ENTRY_VECTOR) != vector || !(io->low[n] & ENTRY_REMOTE_IRR))
            continue;
        io->low[n] &= ~(uint32_t)ENTRY_REMOTE_IRR;
        device_interrupt(&io->device, n, INTERRUPT_ENDED, vector, NULL);
        send_level(io, n);
    }
}

void io_apic_explain_waiting(const struct device *device, char *text, size_t size, size_t *used)
{
    const struct io_apic *io = (const struct io_apic *)device;
    for (unsigned n = 0; n < INPUTS_COUNT; n++)
        if (is_level(io->low[n]) && (io->low[n] & ENTRY_MASKED) && is_active(io, n))
            text_append(text, size, used, "%sinput %u of the I/O APIC is active and its entry masked",
                        *used ? "; " : "", n);
}

/* --- registers ----------------------------------------------------------------------------------------- */

static uint32_t peek_select(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct io_apic *)self)->select;
}

static void write_select(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct io_apic *)self)->select = (uint8_t)value;
}

static uint32_t selected(const void *self)
{
    return ((const struct io_apic *)self)->select;
}

static uint32_t peek_id(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct io_apic *)self)->id;
}

static void write_id(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct io_apic *)self)->id = value & 0x0F000000;
}

static uint32_t peek_version(const void *self, const struct reg *row)
{
    (void)self;
    (void)row;
    return VERSION;
}

static uint32_t peek_entry(const void *self, const struct reg *row)
{
    const struct io_apic *io = self;
    unsigned n = (row->offset - 0x10u) >> 1;
    return row->offset & 1 ? io->high[n] : io->low[n];
}

/* QUIRK: remote IRR is read-only; changing an entry to edge and back clears it. Linux does that to end an
 * interrupt where it cannot by the vector (io_apic.c, __eoi_ioapic_pin). */
static void write_entry(void *self, const struct reg *row, uint32_t value)
{
    struct io_apic *io = self;
    unsigned n = (row->offset - 0x10u) >> 1;
    if (row->offset & 1) {
        io->high[n] = value & 0xFF000000;
        return;
    }
    io->low[n] = (value & ENTRY_WRITABLE) | (io->low[n] & ENTRY_REMOTE_IRR);
    if (!(value & ENTRY_LEVEL))
        io->low[n] &= ~(uint32_t)ENTRY_REMOTE_IRR;
    send_level(io, n);
}

static const char *const DELIVERIES[] = {"fixed", "lowest priority", "SMI", "3", "NMI", "INIT", "6",
                                         "ExtINT"};
static const struct reg_field ID_FIELDS[] = {{"ID", 24, 4, NULL, "id on the APIC bus"}, REG_FIELDS_END};
static const struct reg_field VERSION_FIELDS[] = {
    {"VERSION", 0, 8, NULL, "11h"},
    {"MAXIMUM ENTRY", 16, 8, NULL, "redirection entries less one"},
    REG_FIELDS_END,
};
static const struct reg_field LOW_FIELDS[] = {
    {"INTVEC", 0, 8, NULL, "vector"},
    {"DELMOD", 8, 3, DELIVERIES, "delivery mode"},
    {"DESTMOD", 11, 1, (const char *const[]){"physical", "logical"}, "kind of destination"},
    {"DELIVS", 12, 1, NULL, "a message waits to be sent (always 0)"},
    {"INTPOL", 13, 1, (const char *const[]){"high", "low"}, "active level of the input"},
    {"REMOTE IRR", 14, 1, NULL, "a level interrupt was taken, its EOI is due"},
    {"TRIGGER", 15, 1, (const char *const[]){"edge", "level"}, "trigger mode"},
    {"MASK", 16, 1, (const char *const[]){"open", "masked"}, "interrupt mask"},
    REG_FIELDS_END,
};
static const struct reg_field HIGH_FIELDS[] = {{"DEST", 24, 8, NULL, "id, or set of logical ids"},
                                               REG_FIELDS_END};

#define ENTRY_ROWS(n)                                                                             \
    {.name = "IOREDTBL" #n, .meaning = "input " #n ": vector, mode, mask", .offset = 0x10 + 2 * n, \
     .width = 4, .access = REG_RW, .reset = ENTRY_MASKED, .writable = ENTRY_WRITABLE,             \
     .peek = peek_entry, .write = write_entry, .fields = LOW_FIELDS, .section = "3.2.4"},         \
    {.name = "IOREDTBL" #n " HIGH", .meaning = "input " #n ": to whom", .offset = 0x11 + 2 * n,   \
     .width = 4, .access = REG_RW, .reset = 0, .writable = 0xFF000000, .peek = peek_entry,        \
     .write = write_entry, .fields = HIGH_FIELDS, .section = "3.2.4"}

/* Offsets count registers of 32 bits: what IOREGSEL says. */
static const struct reg INNER_ROWS[] = {
    {.name = "IOAPICID", .meaning = "id", .offset = 0x00, .width = 4, .access = REG_RW, .reset = 0,
     .writable = 0x0F000000, .peek = peek_id, .write = write_id, .fields = ID_FIELDS,
     .section = "3.2.1"},
    {.name = "IOAPICVER", .meaning = "version", .offset = 0x01, .width = 4, .access = REG_READ,
     .reset = VERSION, .peek = peek_version, .fields = VERSION_FIELDS, .section = "3.2.2"},
    {.name = "IOAPICARB", .meaning = "arbitration id: the id", .offset = 0x02, .width = 4,
     .access = REG_READ, .reset = 0, .peek = peek_id, .fields = ID_FIELDS, .section = "3.2.3"},
    ENTRY_ROWS(0), ENTRY_ROWS(1), ENTRY_ROWS(2), ENTRY_ROWS(3), ENTRY_ROWS(4), ENTRY_ROWS(5),
    ENTRY_ROWS(6), ENTRY_ROWS(7), ENTRY_ROWS(8), ENTRY_ROWS(9), ENTRY_ROWS(10), ENTRY_ROWS(11),
    ENTRY_ROWS(12), ENTRY_ROWS(13), ENTRY_ROWS(14), ENTRY_ROWS(15), ENTRY_ROWS(16), ENTRY_ROWS(17),
    ENTRY_ROWS(18), ENTRY_ROWS(19), ENTRY_ROWS(20), ENTRY_ROWS(21), ENTRY_ROWS(22), ENTRY_ROWS(23),
    REG_ROWS_END,
};
static const struct reg_bank INNER_BANK = {"I/O APIC, by IOREGSEL", INNER_ROWS};

/* Offsets of that bank are numbers of registers: only an exact one counts. */
static const struct reg *selected_row(const struct io_apic *io, unsigned access)
{
    for (const struct reg *row = INNER_ROWS; row->name; row++)
        if (row->offset == io->select)
            return row->access & access ? row : NULL;
    return NULL;
}

static void refuse(struct io_apic *io)
{
    device_guest_error(&io->device, "IOREGSEL %02Xh names no register", io->select);
}

static uint32_t read_window(void *self, const struct reg *row)
{
    row = selected_row(self, REG_READ);
    if (row)
        return reg_row_read(row, self);
    refuse(self);
    return UINT32_MAX;
}

static void write_window(void *self, const struct reg *row, uint32_t value)
{
    row = selected_row(self, REG_WRITE);
    if (row)
        reg_row_write(row, self, value);
    else
        refuse(self);
}

static const struct reg ROWS[] = {
    {.name = "IOREGSEL", .meaning = "which register IOWIN is", .offset = 0x00, .width = 4,
     .access = REG_RW, .reset = 0, .writable = 0xFF, .peek = peek_select, .write = write_select,
     .section = "3.1.1"},
    {.name = "IOWIN", .meaning = "the selected register", .offset = 0x10, .width = 4,
     .access = REG_RW, .read = read_window, .write = write_window, .inner = &INNER_BANK,
     .inner_offset = selected, .section = "3.1.2"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"I/O APIC", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

/* --- in words ------------------------------------------------------------------------------------------------ */

static void describe_entry(unsigned n, uint32_t value, char *text, size_t size)
{
    unsigned delivery = value >> ENTRY_DELIVERY_SHIFT & 7;
    size_t used = 0;
    text_append(text, size, &used, "input %u → ", n);
    if (delivery == APIC_FIXED || delivery == APIC_LOWEST_PRIORITY)
        text_append(text, size, &used, "vector %02Xh", value & ENTRY_VECTOR);
    else
        text_append(text, size, &used, "%s", DELIVERIES[delivery]);
    text_append(text, size, &used, ", %s, active %s%s%s", value & ENTRY_LEVEL ? "level" : "edge",
                value & ENTRY_ACTIVE_LOW ? "low" : "high", value & ENTRY_MASKED ? ", masked" : "",
                value & ENTRY_REMOTE_IRR ? ", EOI due" : "");
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    uint32_t value = (uint32_t)access->value;
    const struct reg *row = access->reg;
    (void)device;
    if (!row)
        return;
    if (row == &ROWS[0] && (value & 0xFF) >= 0x10 && (value & 0xFF) < 0x40)
        snprintf(text, size, "entry of input %u, %s half", ((value & 0xFF) - 0x10) / 2,
                 value & 1 ? "high" : "low");
    else if (row == &ROWS[0])
        snprintf(text, size, "register %02Xh", value & 0xFF);
    else if (row->fields == HIGH_FIELDS)
        snprintf(text, size, "input %u → id %02Xh", (row->offset - 0x10u) / 2, value >> 24);
    else if (row->fields == LOW_FIELDS)
        describe_entry((row->offset - 0x10u) / 2, value, text, size);
    else
        reg_fields_text(row, value, text, size);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct io_apic *io = (struct io_apic *)device;
    (void)kind;
    io->select = 0;
    io->id = io->initial_id << 24;
    for (unsigned n = 0; n < INPUTS_COUNT; n++) {
        io->low[n] = ENTRY_MASKED;
        io->high[n] = 0;
    }
}

static const struct device_option OPTIONS[] = {
    {"base", "0xfec00000", "address of the page", 0x1000, 0xFFFFF000},
    {"id", "0", "id after a reset", 0, 15},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct io_apic *io = (struct io_apic *)device;
    struct apic_bus *bus = config->env->apic;
    io->initial_id = (uint32_t)device_number(&IO_APIC_TYPE, config, "id");
    if (bus && bus->ended)
        return error_set(error, STATUS_USAGE, "%s: this board has an I/O APIC already; fix: one",
                         config->name);
    if (bus) {
        bus->ended = ended;
        bus->io = io;
    }
    return device_attach(device, config->env->memory, &BANK, NULL,
                         device_number(&IO_APIC_TYPE, config, "base") & ~UINT64_C(0xFFF), FRAME_BYTES,
                         error);
}

static void fini(struct device *device)
{
    struct apic_bus *bus = device->env->apic;
    if (bus && bus->io == device) {
        bus->ended = NULL;
        bus->io = NULL;
    }
}

#define INPUT_NAMES(a, b, c, d, e, f, g, h) \
    "in" #a, "in" #b, "in" #c, "in" #d, "in" #e, "in" #f, "in" #g, "in" #h
static const char *const INPUTS[] = {INPUT_NAMES(0, 1, 2, 3, 4, 5, 6, 7),
                                     INPUT_NAMES(8, 9, 10, 11, 12, 13, 14, 15),
                                     INPUT_NAMES(16, 17, 18, 19, 20, 21, 22, 23), NULL};

const struct device_type IO_APIC_TYPE = {
    .name = "io-apic",
    .title = "I/O APIC",
    .datasheet = "Intel 82093AA, 290566-001, May 1996",
    .missing = "the bus: no arbitration, messages are never delayed\n"
               "lowest priority: there is one processor, which takes it\n"
               "INIT delivery resets the whole machine\n"
               "the SMI input and the chip's own output of INTR",
    .size = sizeof(struct io_apic),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .input = input,
    .describe = describe,
};
