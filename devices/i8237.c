/* Two Intel 8237A DMA controllers and the page registers, as wired on a PC/AT.
 *
 * Specification: Intel 8237A data sheet, order 231466-005, September 1993 ("8237A"); page registers
 * and cascade: IBM PC/AT Technical Reference, September 1985, System Board ("AT").
 * Missing: bus timing: a transfer takes no time; memory-to-memory transfers; else see the type's
 * `missing`.
 * Clock and interrupts: none; devices move bytes through bus/dma.h.
 *
 *   controller 1 (ports 00h-0Fh): channels 0-3, bytes, 64 KiB pages ── HRQ ──┐
 *   controller 2 (ports C0h-DEh): channel 4 <────────── cascade ─────────────┘
 *                                 channels 5-7, words, 128 KiB pages
 *
 * Address of a byte channel:   page (A23-A16) | current address (A15-A0)
 * Address of a word channel:   page (A23-A17) | current address (A16-A1) | 0
 * The address counts inside its page; it never carries into the page register. */
#include "devices/i8237.h"

#include <stdio.h>
#include <string.h>

#include "bus/device_events.h"
#include "devices/types.h"

#define CHANNELS 4u
#define PAGE_BASE 0x81u
#define PAGES 15u

enum { COMMAND_MEMORY_TO_MEMORY = 0x01, COMMAND_DISABLE = 0x04 };
enum { MODE_TRANSFER = 0x0C, MODE_VERIFY = 0x00, MODE_WRITE = 0x04, MODE_READ = 0x08,
       MODE_AUTOINITIALISE = 0x10, MODE_DECREMENT = 0x20, MODE_CASCADE = 0xC0 };

struct dma_counter {
    uint16_t base_address, base_count, address, count;
    uint8_t mode; /* bits 7-2 of the mode register */
};

struct dma_unit {
    struct dma_counter channels[CHANNELS];
    uint8_t command, mask, request, terminal, temporary;
    bool has_low; /* the byte pointer flip-flop: the next byte is the high one */
};

struct i8237 {
    struct device device;
    struct dma_unit units[2];
    uint8_t pages[PAGES]; /* ports 81h-8Fh; those without a channel are scratch bytes */
};

static const struct state_field COUNTER_STATE[] = {
    STATE_ONE(struct dma_counter, base_address),
    STATE_ONE(struct dma_counter, base_count),
    STATE_ONE(struct dma_counter, address),
    STATE_ONE(struct dma_counter, count),
    STATE_ONE(struct dma_counter, mode),
    STATE_TABLE_END,
};
static const struct state_field UNIT_STATE[] = {
    STATE_STRUCTS(struct dma_unit, channels, COUNTER_STATE),
    STATE_ONE(struct dma_unit, command),
    STATE_ONE(struct dma_unit, mask),
    STATE_ONE(struct dma_unit, request),
    STATE_ONE(struct dma_unit, terminal),
    STATE_ONE(struct dma_unit, temporary),
    STATE_ONE(struct dma_unit, has_low),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_STRUCTS(struct i8237, units, UNIT_STATE),
    STATE_ARRAY(struct i8237, pages),
    STATE_TABLE_END,
};

/* --- transfers ------------------------------------------------------------------------------------ */

/* Port of the page register of each channel (AT); 4 is the refresh page. */
static uint8_t page_of(const struct i8237 *dma, unsigned channel)
{
    static const uint8_t PORTS[8] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};
    return dma->pages[PORTS[channel & 7] - PAGE_BASE];
}

static bool is_cascade(const struct dma_counter *counter)
{
    return (counter->mode & MODE_CASCADE) == MODE_CASCADE;
}

/* A channel is served when its controller is on and it is unmasked; the first controller's requests
 * also pass channel 4. */
static bool is_served(const struct i8237 *dma, unsigned channel)
{
    const struct dma_unit *unit = &dma->units[channel / CHANNELS];
    const struct dma_unit *second = &dma->units[1];
    if ((unit->command & COMMAND_DISABLE) || (unit->mask >> channel % CHANNELS & 1) ||
        is_cascade(&unit->channels[channel % CHANNELS]))
        return false;
    return channel >= CHANNELS || (!(second->command & COMMAND_DISABLE) && !(second->mask & 1) &&
                                   is_cascade(&second->channels[0]));
}

static uint32_t address_of(const struct i8237 *dma, unsigned channel)
{
    uint32_t page = page_of(dma, channel);
    uint32_t address = dma->units[channel / CHANNELS].channels[channel % CHANNELS].address;
    return channel < CHANNELS ? page << 16 | address : (page & 0xFEu) << 16 | address << 1;
}

/* Units (bytes or words) that can move in one run: to terminal count, to the end of the page, and
 * one by one when the address counts down. */
static size_t run_length(const struct dma_counter *counter, size_t wanted)
{
    size_t units = (size_t)counter->count + 1, to_page_end = 0x10000u - counter->address;
    if (counter->mode & MODE_DECREMENT)
        to_page_end = 1;
    if (units > to_page_end)
        units = to_page_end;
    return units < wanted ? units : wanted;
}

static void move_bytes(struct i8237 *dma, unsigned channel, uint8_t *bytes, size_t count,
                       bool to_memory)
{
    const struct device_env *env = dma->device.env;
    uint8_t mode = dma->units[channel / CHANNELS].channels[channel % CHANNELS].mode & MODE_TRANSFER;
    uint32_t gpa = address_of(dma, channel);
    if (mode == MODE_WRITE && to_memory)
        (void)space_dma_write(env->memory, &dma->device, gpa, bytes, count);
    else if (mode == MODE_READ && !to_memory)
        (void)space_dma_read(env->memory, &dma->device, gpa, bytes, count);
    else if (!to_memory)
        memset(bytes, 0xFF, count); /* nobody drives the bus */
    if (mode != MODE_VERIFY && (mode == MODE_WRITE) != to_memory)
        device_guest_error(&dma->device, "channel %u is programmed for the other direction (mode "
                                         "%02Xh); nothing reaches memory", channel, mode);
}

/* Moves the registers on; true at terminal count. */
static bool count_units(struct dma_unit *unit, unsigned index, size_t units)
{
    struct dma_counter *counter = &unit->channels[index];
    bool is_terminal = units == (size_t)counter->count + 1;
    counter->count = (uint16_t)(counter->count - units);
    if (counter->mode & MODE_DECREMENT)
        counter->address = (uint16_t)(counter->address - units);
    else
        counter->address = (uint16_t)(counter->address + units);
    if (!is_terminal)
        return false;
    unit->terminal |= (uint8_t)(1u << index);
    unit->request &= (uint8_t)~(1u << index);
    if (counter->mode & MODE_AUTOINITIALISE) {
        counter->address = counter->base_address;
        counter->count = counter->base_count;
    } else {
        unit->mask |= (uint8_t)(1u << index);
    }
    return true;
}

static size_t transfer(void *controller, unsigned channel, uint8_t *bytes, size_t count,
                       bool to_memory, bool *terminal)
{
    struct i8237 *dma = controller;
    struct dma_unit *unit = &dma->units[channel / CHANNELS & 1];
    unsigned index = channel % CHANNELS, width = channel < CHANNELS ? 1 : 2;
    size_t done = 0;
    *terminal = false;
    channel &= 7;
    if (!is_served(dma, channel))
        return 0;
    device_show_drq(&dma->device, channel, count, to_memory);
    while (!*terminal && count - done >= width) {
        size_t units = run_length(&unit->channels[index], (count - done) / width);
        move_bytes(dma, channel, bytes + done, units * width, to_memory);
        *terminal = count_units(unit, index, units);
        done += units * width;
    }
    return done;
}

void i8237_connect(struct device *i8237, unsigned channel, struct dma_channel *connection)
{
    connection->controller = i8237;
    connection->channel = channel;
    connection->transfer = transfer;
}

/* --- registers: behaviour --------------------------------------------------------------------------- */

/* Rows are numbered by port: controller 2 answers at even ports from C0h. */
static unsigned unit_of(const struct reg *row)
{
    return row->offset >= 0xC0 ? 1 : 0;
}
static unsigned register_of(const struct reg *row)
{
    return row->offset >= 0xC0 ? (row->offset - 0xC0u) / 2 : row->offset;
}
static unsigned channel_of(const struct reg *row)
{
    return register_of(row) / 2 % CHANNELS;
}

static uint32_t peek_counter(const void *self, const struct reg *row)
{
    const struct dma_unit *unit = &((const struct i8237 *)self)->units[unit_of(row)];
    const struct dma_counter *counter = &unit->channels[channel_of(row)];
    uint16_t value = register_of(row) & 1 ? counter->count : counter->address;
    return unit->has_low ? value >> 8 : value & 0xFF;
}

static uint32_t read_counter(void *self, const struct reg *row)
{
    struct dma_unit *unit = &((struct i8237 *)self)->units[unit_of(row)];
    uint32_t value = peek_counter(self, row);
    unit->has_low = !unit->has_low;
    return value;
}

static uint16_t with_byte(uint16_t old, bool is_high, uint32_t value)
{
    return (uint16_t)(is_high ? (old & 0xFF) | value << 8 : (old & 0xFF00) | value);
}

/* Base and current registers are written together (8237A p.6). */
static void write_counter(void *self, const struct reg *row, uint32_t value)
{
    struct dma_unit *unit = &((struct i8237 *)self)->units[unit_of(row)];
    struct dma_counter *counter = &unit->channels[channel_of(row)];
    if (register_of(row) & 1) {
        counter->base_count = with_byte(counter->base_count, unit->has_low, value);
        counter->count = with_byte(counter->count, unit->has_low, value);
    } else {
        counter->base_address = with_byte(counter->base_address, unit->has_low, value);
        counter->address = with_byte(counter->address, unit->has_low, value);
    }
    unit->has_low = !unit->has_low;
}

static uint32_t peek_status(const void *self, const struct reg *row)
{
    const struct dma_unit *unit = &((const struct i8237 *)self)->units[unit_of(row)];
    return (uint32_t)(unit->terminal | unit->request << 4);
}

/* Reading clears the terminal count bits (8237A p.10). */
static uint32_t read_status(void *self, const struct reg *row)
{
    uint32_t value = peek_status(self, row);
    ((struct i8237 *)self)->units[unit_of(row)].terminal = 0;
    return value;
}

static void write_command(void *self, const struct reg *row, uint32_t value)
{
    struct i8237 *dma = self;
    dma->units[unit_of(row)].command = (uint8_t)value;
    if (value & COMMAND_MEMORY_TO_MEMORY)
        device_guest_error(&dma->device, "memory-to-memory transfers are not modelled");
}

/* Bit 2 sets or clears the bit of the channel in bits 1-0. */
static uint8_t with_channel_bit(uint8_t old, uint32_t value)
{
    uint8_t bit = (uint8_t)(1u << (value & 3));
    return (uint8_t)(value & 4 ? old | bit : old & ~bit);
}

static void write_request(void *self, const struct reg *row, uint32_t value)
{
    struct dma_unit *unit = &((struct i8237 *)self)->units[unit_of(row)];
    unit->request = with_channel_bit(unit->request, value);
}

static void write_single_mask(void *self, const struct reg *row, uint32_t value)
{
    struct dma_unit *unit = &((struct i8237 *)self)->units[unit_of(row)];
    unit->mask = with_channel_bit(unit->mask, value);
}

static void write_mode(void *self, const struct reg *row, uint32_t value)
{
    struct dma_unit *unit = &((struct i8237 *)self)->units[unit_of(row)];
    unit->channels[value & 3].mode = value & 0xFC;
}

static void clear_flip_flop(void *self, const struct reg *row, uint32_t value)
{
    (void)value;
    ((struct i8237 *)self)->units[unit_of(row)].has_low = false;
}

static uint32_t peek_temporary(const void *self, const struct reg *row)
{
    return ((const struct i8237 *)self)->units[unit_of(row)].temporary;
}

/* 8237A p.11: as RESET: command, status, request, temporary and flip-flop clear, all masked. */
static void clear_unit(struct dma_unit *unit)
{
    unit->command = unit->terminal = unit->request = unit->temporary = 0;
    unit->has_low = false;
    unit->mask = 0x0F;
}

static void master_clear(void *self, const struct reg *row, uint32_t value)
{
    (void)value;
    clear_unit(&((struct i8237 *)self)->units[unit_of(row)]);
}

static void clear_mask(void *self, const struct reg *row, uint32_t value)
{
    (void)value;
    ((struct i8237 *)self)->units[unit_of(row)].mask = 0;
}

static void write_mask(void *self, const struct reg *row, uint32_t value)
{
    ((struct i8237 *)self)->units[unit_of(row)].mask = value & 0x0F;
}

static uint32_t peek_page(const void *self, const struct reg *row)
{
    return ((const struct i8237 *)self)->pages[row->offset - PAGE_BASE];
}

static void write_page(void *self, const struct reg *row, uint32_t value)
{
    ((struct i8237 *)self)->pages[row->offset - PAGE_BASE] = (uint8_t)value;
}

/* --- registers: the table ---------------------------------------------------------------------------- */

static const char *const NO_YES[] = {"no", "yes"};
static const struct reg_field STATUS_FIELDS[] = {
    {"TC", 0, 4, NULL, "channels that reached terminal count"},
    {"REQ", 4, 4, NULL, "channels with a request"},
    REG_FIELDS_END,
};
static const struct reg_field COMMAND_FIELDS[] = {
    {"M2M", 0, 1, NO_YES, "memory to memory"},
    {"HOLD", 1, 1, NO_YES, "channel 0 holds its address"},
    {"DISABLE", 2, 1, NO_YES, "controller off"},
    {"COMP", 3, 1, NO_YES, "compressed timing"},
    {"ROTATE", 4, 1, NO_YES, "rotating priority"},
    {"EXT", 5, 1, NO_YES, "extended write"},
    {"DREQ", 6, 1, (const char *const[]){"high", "low"}, "active level"},
    {"DACK", 7, 1, (const char *const[]){"low", "high"}, "active level"},
    REG_FIELDS_END,
};
static const struct reg_field BIT_FIELDS[] = {
    {"CH", 0, 2, NULL, "channel"},
    {"SET", 2, 1, NO_YES, "sets or clears its bit"},
    REG_FIELDS_END,
};
static const struct reg_field MODE_FIELDS[] = {
    {"CH", 0, 2, NULL, "channel"},
    {"TRANSFER", 2, 2, (const char *const[]){"verify", "to memory", "from memory", "illegal"},
     "direction"},
    {"AUTO", 4, 1, NO_YES, "autoinitialisation"},
    {"DOWN", 5, 1, NO_YES, "the address counts down"},
    {"MODE", 6, 2, (const char *const[]){"demand", "single", "block", "cascade"}, "kind"},
    REG_FIELDS_END,
};

#define COUNTER(at, name_, meaning_)                                                       \
    {.name = name_, .meaning = meaning_, .offset = at, .width = 1,                         \
     .access = REG_RW | REG_CLEARS_ON_READ, .read = read_counter, .write = write_counter,  \
     .peek = peek_counter, .section = "8237A p.6"}
#define COMMAND(at, name_, meaning_, write_, fields_, section_)                            \
    {.name = name_, .meaning = meaning_, .offset = at, .width = 1, .access = REG_WRITE,    \
     .write = write_, .fields = fields_, .section = section_}
#define UNIT(base, step, n)                                                                       \
    {.name = "STATUS" n, .meaning = "status", .offset = (base) + 8 * (step), .width = 1,          \
     .access = REG_READ | REG_CLEARS_ON_READ, .read = read_status, .peek = peek_status,           \
     .fields = STATUS_FIELDS, .section = "8237A p.10"},                                           \
    COMMAND((base) + 8 * (step), "COMMAND" n, "command", write_command, COMMAND_FIELDS,           \
            "8237A p.8"),                                                                         \
    COMMAND((base) + 9 * (step), "REQUEST" n, "software request", write_request, BIT_FIELDS,      \
            "8237A p.9"),                                                                         \
    COMMAND((base) + 10 * (step), "SMASK" n, "mask of one channel", write_single_mask, BIT_FIELDS, \
            "8237A p.9"),                                                                         \
    COMMAND((base) + 11 * (step), "MODE" n, "mode of one channel", write_mode, MODE_FIELDS,       \
            "8237A p.9"),                                                                         \
    COMMAND((base) + 12 * (step), "CLEARFF" n, "clear the byte pointer", clear_flip_flop, NULL,   \
            "8237A p.11"),                                                                        \
    {.name = "TEMP" n, .meaning = "temporary register", .offset = (base) + 13 * (step),           \
     .width = 1, .access = REG_READ, .peek = peek_temporary, .section = "8237A p.10"},            \
    COMMAND((base) + 13 * (step), "CLEAR" n, "master clear", master_clear, NULL, "8237A p.11"),   \
    COMMAND((base) + 14 * (step), "UNMASK" n, "unmask all", clear_mask, NULL, "8237A p.11"),      \
    COMMAND((base) + 15 * (step), "MASK" n, "masks of all channels", write_mask, NULL,            \
            "8237A p.10")
#define PAGE(at, name_, meaning_)                                                         \
    {.name = name_, .meaning = meaning_, .offset = at, .width = 1, .access = REG_RW,      \
     .writable = 0xFF, .write = write_page, .peek = peek_page, .section = "AT"}

static const struct reg ROWS[] = {
    COUNTER(0x00, "ADDR0", "address of channel 0"),
    COUNTER(0x01, "COUNT0", "count of channel 0"),
    COUNTER(0x02, "ADDR1", "address of channel 1"),
    COUNTER(0x03, "COUNT1", "count of channel 1"),
    COUNTER(0x04, "ADDR2", "address of channel 2"),
    COUNTER(0x05, "COUNT2", "count of channel 2"),
    COUNTER(0x06, "ADDR3", "address of channel 3"),
    COUNTER(0x07, "COUNT3", "count of channel 3"),
    UNIT(0x00, 1, "(1)"),
    PAGE(0x81, "PAGE2", "page of channel 2"),
    PAGE(0x82, "PAGE3", "page of channel 3"),
    PAGE(0x83, "PAGE1", "page of channel 1"),
    PAGE(0x84, "PAGE84", "no channel"),
    PAGE(0x85, "PAGE85", "no channel"),
    PAGE(0x86, "PAGE86", "no channel"),
    PAGE(0x87, "PAGE0", "page of channel 0"),
    PAGE(0x88, "PAGE88", "no channel"),
    PAGE(0x89, "PAGE6", "page of channel 6"),
    PAGE(0x8A, "PAGE7", "page of channel 7"),
    PAGE(0x8B, "PAGE5", "page of channel 5"),
    PAGE(0x8C, "PAGE8C", "no channel"),
    PAGE(0x8D, "PAGE8D", "no channel"),
    PAGE(0x8E, "PAGE8E", "no channel"),
    PAGE(0x8F, "PAGE4", "refresh page"),
    COUNTER(0xC0, "ADDR4", "address of channel 4 (cascade)"),
    COUNTER(0xC2, "COUNT4", "count of channel 4 (cascade)"),
    COUNTER(0xC4, "ADDR5", "word address of channel 5"),
    COUNTER(0xC6, "COUNT5", "words of channel 5"),
    COUNTER(0xC8, "ADDR6", "word address of channel 6"),
    COUNTER(0xCA, "COUNT6", "words of channel 6"),
    COUNTER(0xCC, "ADDR7", "word address of channel 7"),
    COUNTER(0xCE, "COUNT7", "words of channel 7"),
    UNIT(0xC0, 2, "(2)"),
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"i8237", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

/* --- in words ------------------------------------------------------------------------------------------- */

static void describe_counter(const struct i8237 *dma, const struct access *access, uint32_t value,
                             char *text, size_t size)
{
    const struct reg *row = access->reg;
    const struct dma_unit *unit = &dma->units[unit_of(row)];
    const struct dma_counter *counter = &unit->channels[channel_of(row)];
    unsigned channel = unit_of(row) * CHANNELS + channel_of(row);
    bool is_count = register_of(row) & 1;
    uint16_t old = is_count ? counter->base_count : counter->base_address;
    uint32_t whole = with_byte(old, true, value);
    if (!access->is_write || !unit->has_low)
        snprintf(text, size, "channel %u %s, %s byte%s", channel, is_count ? "count" : "address",
                 unit->has_low ? "high" : "low", access->is_write ? "" : " read");
    else if (is_count)
        snprintf(text, size, "channel %u count, high byte: %u %s", channel, whole + 1,
                 unit_of(row) ? "words" : "bytes");
    else
        snprintf(text, size, "channel %u address, high byte: %04Xh%s", channel, whole,
                 unit_of(row) ? " words" : "");
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct i8237 *dma = (const struct i8237 *)device;
    const struct reg *row = access->reg;
    uint32_t value = (uint32_t)access->value & 0xFF;
    size_t used = 0;
    if (!row)
        return;
    if (row->peek == peek_counter) {
        describe_counter(dma, access, value, text, size);
    } else if (row->peek == peek_page) {
        snprintf(text, size, "%s: %02Xh", row->meaning, value);
    } else {
        text_append(text, size, &used, "controller %u, %s: ", unit_of(row) + 1, row->meaning);
        reg_fields_text(row, value, text + used, size - used);
    }
}

/* --- life cycle ------------------------------------------------------------------------------------------- */

static void reset(struct device *device, enum reset_kind kind)
{
    struct i8237 *dma = (struct i8237 *)device;
    if (kind == RESET_POWER_ON) {
        memset(dma->units, 0, sizeof dma->units);
        memset(dma->pages, 0, sizeof dma->pages);
    }
    clear_unit(&dma->units[0]);
    clear_unit(&dma->units[1]);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const struct {
        uint16_t base, length;
    } RANGES[] = {{0x00, 16}, {PAGE_BASE, PAGES}, {0xC0, 31}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        struct region region = {.name = BANK.name,
                                .device = device,
                                .self = device,
                                .bank = &BANK,
                                .base = RANGES[i].base,
                                .length = RANGES[i].length,
                                .bank_base = RANGES[i].base};
        status = space_attach(config->env->ports, &region, NULL, error);
    }
    return status;
}

const struct device_type I8237_TYPE = {
    .name = "i8237",
    .title = "DMA controllers and page registers",
    .datasheet = "Intel 8237A data sheet, 231466-005, September 1993; IBM PC/AT Technical "
                 "Reference, September 1985",
    .missing = "memory-to-memory transfers\n"
               "single, block and demand are one: what a device asks for moves at once\n"
               "levels of DREQ and DACK, DREQ in the status register, EOP as an input\n"
               "software requests: their bits are kept, nothing moves\n"
               "bus timing: a transfer takes no time",
    .size = sizeof(struct i8237),
    .version = 1,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .describe = describe,
};
