/* The 82441FX host bridge (PMC) of the i440FX chip set: configuration mechanism #1, shadow RAM.
 *
 * Intel 440FX PCIset: 82441FX PCI and Memory Controller, data sheet 290549-001, May 1996.
 * The identity is that of the 82441FX with the subsystem 1AF4:1100, by which SeaBIOS knows a board
 * that has fw_cfg.
 *
 *   PAM register, a nibble a segment      bit 1 WE: writes go to DRAM, else to PCI (dropped)
 *   59h: F0000-FFFFF (high nibble)        bit 0 RE: reads come from DRAM, else from the ROM
 *   5Ah: C0000 (low), C4000 (high) ... 5Fh: E8000, EC000; 16 KiB each
 *
 * SMRAM (72h): the DRAM at A0000-BFFFF, which video memory hides, when D_OPEN or SMIACT# shows it.
 *
 * Clock and interrupt lines: none. Input: smiact, from the processor. */
#include "devices/i440fx.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/types.h"

#define CONFADD_ENABLE 0x80000000u
#define PAM0 0x59u
#define SMRAM 0x72u
enum smram { D_OPEN = 0x40, D_CLS = 0x20, D_LCK = 0x10, G_SMRAME = 0x08, C_BASE_SEG = 0x02 };
enum { INPUT_SMIACT };
#define SEGMENTS 13 /* F0000 (64 KiB), then 12 of 16 KiB from C0000 */

struct i440fx {
    struct device device;
    struct pci_function function;
    uint32_t confadd;
    struct i440fx_memory memory;
    uint8_t mapped[SEGMENTS]; /* nibbles that the map follows now; FFh: none yet */
    bool smiact;              /* the processor is in system management mode */
    bool shows_smram;         /* the map follows it now */
};

static const struct state_field MEMORY_STATE[] = {
    STATE_REBUILT(struct i440fx_memory, dram),
    STATE_REBUILT(struct i440fx_memory, dram_first_frame),
    STATE_REBUILT(struct i440fx_memory, dram_frames),
    STATE_REBUILT(struct i440fx_memory, rom),
    STATE_REBUILT(struct i440fx_memory, rom_first_frame),
    STATE_REBUILT(struct i440fx_memory, rom_base),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_STRUCT(struct i440fx, function, PCI_FUNCTION_STATE),
    STATE_ONE(struct i440fx, confadd),
    STATE_STRUCT(struct i440fx, memory, MEMORY_STATE),
    STATE_REBUILT(struct i440fx, mapped),
    STATE_ONE_SINCE(2, struct i440fx, smiact),
    STATE_REBUILT(struct i440fx, shows_smram),
    STATE_TABLE_END,
};

/* --- shadow RAM (3.2.18) --------------------------------------------------------------------- */

static void map_page(struct i440fx *s, uint32_t gpa, uint8_t nibble)
{
    const struct i440fx_memory *m = &s->memory;
    size_t page = gpa >> FRAME_SHIFT, rom_frame = 0;
    struct ram *dram = page < m->dram_frames ? m->dram : NULL, *rom = NULL;
    if (m->rom && gpa >= m->rom_base) {
        rom_frame = m->rom_first_frame + ((gpa - m->rom_base) >> FRAME_SHIFT);
        rom = rom_frame < m->rom->frames ? m->rom : NULL;
    }
    space_map_shadow(s->device.env->memory, gpa, 1, nibble & 1 ? dram : rom,
                     nibble & 1 ? m->dram_first_frame + page : rom_frame, nibble & 2 ? dram : NULL,
                     m->dram_first_frame + page);
}

/* The PAM nibble of segment 0 (F0000) to 12 (EC000). */
static uint8_t pam(const struct i440fx *s, unsigned segment)
{
    const uint8_t *registers = &s->function.config[PAM0];
    if (segment == 0)
        return registers[0] >> 4 & 3;
    segment--;
    return registers[1 + segment / 2] >> (segment & 1 ? 4 : 0) & 3;
}

static void update_map(struct i440fx *s)
{
    if (!s->memory.dram)
        return;
    for (unsigned i = 0; i < SEGMENTS; i++) {
        uint32_t base = i == 0 ? 0xF0000 : 0xC0000 + (i - 1) * 0x4000u;
        uint32_t length = i == 0 ? 0x10000 : 0x4000;
        uint8_t nibble = pam(s, i);
        if (s->mapped[i] == nibble)
            continue;
        for (uint32_t at = base; at < base + length; at += FRAME_BYTES)
            map_page(s, at, nibble);
        s->mapped[i] = nibble;
    }
}

/* --- system management RAM (3.2.23): A0000-BFFFF ---------------------------------------------- */

/* MISSING: D_CLS hides data alone from the handler; here it hides all. */
static bool is_smram_shown(const struct i440fx *s)
{
    uint8_t smram = s->function.config[SMRAM];
    if (!(smram & G_SMRAME))
        return false;
    return smram & D_OPEN || (s->smiact && !(smram & D_CLS));
}

/* DRAM in front of the video memory, or nothing: then the bus answers. */
static void update_smram(struct i440fx *s)
{
    const struct i440fx_memory *m = &s->memory;
    const size_t first = 0xA0, pages = 0x20;
    bool is_shown = is_smram_shown(s) && first + pages <= m->dram_frames;
    if (is_shown == s->shows_smram || !m->dram)
        return;
    if (is_shown)
        space_map_shadow(s->device.env->memory, first << FRAME_SHIFT, pages, m->dram,
                         m->dram_first_frame + first, m->dram, m->dram_first_frame + first);
    else
        space_unmap_ram(s->device.env->memory, first << FRAME_SHIFT, pages);
    s->shows_smram = is_shown;
}

/* D_LCK: SMRAM can't be opened any more, nor the lock or the enable changed, before a reset. */
static void lock_smram(struct i440fx *s)
{
    uint8_t *smram = &s->function.config[SMRAM];
    if (!(*smram & D_LCK))
        return;
    *smram &= (uint8_t)~D_OPEN;
    s->function.writable[SMRAM] = D_CLS;
}

static void input(struct device *device, unsigned number, bool level)
{
    struct i440fx *s = (struct i440fx *)device;
    (void)number;
    s->smiact = level;
    update_smram(s);
}

void i440fx_set_memory(struct device *device, const struct i440fx_memory *memory)
{
    struct i440fx *s = (struct i440fx *)device;
    s->memory = *memory;
    memset(s->mapped, 0xFF, sizeof s->mapped);
    update_map(s);
}

static void config_written(struct pci_function *function, uint8_t offset, unsigned size)
{
    struct i440fx *s = (struct i440fx *)function->device;
    if (offset + size > PAM0 && offset <= PAM0 + 6)
        update_map(s);
    if (offset + size > SMRAM && offset <= SMRAM) {
        if ((function->config[SMRAM] & (D_OPEN | D_CLS)) == (D_OPEN | D_CLS))
            device_guest_error(&s->device, "SMRAM is open (D_OPEN) and closed to data (D_CLS) at once");
        lock_smram(s);
        update_smram(s);
    }
}

/* --- configuration mechanism #1 (3.1) -------------------------------------------------------- */

static uint32_t config_data_read(struct i440fx *s, unsigned lane, unsigned size)
{
    uint32_t a = s->confadd;
    if (!(a & CONFADD_ENABLE))
        return (uint32_t)mask_bytes(size);
    return pci_config_read(s->function.bus, (uint8_t)(a >> 16), (uint8_t)(a >> 8),
                           (uint8_t)((a & 0xFC) | lane), size);
}

static void config_data_write(struct i440fx *s, unsigned lane, unsigned size, uint32_t value)
{
    uint32_t a = s->confadd;
    if (a & CONFADD_ENABLE)
        pci_config_write(s->function.bus, (uint8_t)(a >> 16), (uint8_t)(a >> 8),
                         (uint8_t)((a & 0xFC) | lane), size, value);
}

/* CONFADD is a register for double words only (3.1.1): anything else is a cycle on PCI. */
static uint64_t ports_read(void *self, uint64_t offset, unsigned size)
{
    struct i440fx *s = self;
    struct pci_bus *bus = s->function.bus;
    uint64_t value = 0;
    if (offset == 0 && size == 4)
        return s->confadd;
    if (offset >= 4)
        return config_data_read(s, (unsigned)offset & 3, size);
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;
        uint8_t byte = 0xFF;
        if (at >= 4)
            byte = (uint8_t)config_data_read(s, (unsigned)at & 3, 1);
        else if (bus->forward_read)
            byte = bus->forward_read(bus->forward_self, (uint16_t)(0xCF8 + at));
        value |= (uint64_t)byte << (8 * i);
    }
    return value;
}

static void ports_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct i440fx *s = self;
    struct pci_bus *bus = s->function.bus;
    if (offset == 0 && size == 4) {
        s->confadd = (uint32_t)value & 0x80FFFFFC;
        return;
    }
    if (offset >= 4) {
        config_data_write(s, (unsigned)offset & 3, size, (uint32_t)value);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;
        if (at >= 4)
            config_data_write(s, (unsigned)at & 3, 1, (uint8_t)(value >> (8 * i)));
        else if (bus->forward_write)
            bus->forward_write(bus->forward_self, (uint16_t)(0xCF8 + at),
                               (uint8_t)(value >> (8 * i)));
    }
}

static const struct region_ops PORT_OPS = {.read = ports_read, .write = ports_write};

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t confadd_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct i440fx *)self)->confadd;
}

static void confadd_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct i440fx *)self)->confadd = value & 0x80FFFFFC;
}

static uint32_t confdata_peek(const void *self, const struct reg *row)
{
    const struct i440fx *s = self;
    uint32_t a = s->confadd;
    (void)row;
    if (!(a & CONFADD_ENABLE))
        return UINT32_MAX;
    return pci_config_peek(s->function.bus, (uint8_t)(a >> 16), (uint8_t)(a >> 8),
                           (uint8_t)(a & 0xFC), 4);
}

static void confdata_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    config_data_write(self, 0, 4, value);
}

static const struct reg_field CONFADD_FIELDS[] = {
    {"CONE", 31, 1, NULL, "configuration cycles are enabled"},
    {"BUSNUM", 16, 8, NULL, "bus"},
    {"DEVNUM", 11, 5, NULL, "device"},
    {"FUNCNUM", 8, 3, NULL, "function"},
    {"REGNUM", 2, 6, NULL, "double word of the function's configuration space"},
    REG_FIELDS_END,
};
static const struct reg PORT_ROWS[] = {
    {.name = "CONFADD", .meaning = "configuration address (as a double word only)", .offset = 0,
     .width = 4, .access = REG_RW, .writable = 0x80FFFFFC, .peek = confadd_peek,
     .write = confadd_write, .fields = CONFADD_FIELDS, .section = "3.1.1"},
    {.name = "CONFDATA", .meaning = "configuration data", .offset = 4, .width = 4,
     .access = REG_RW, .reset = 0xFFFFFFFF, .peek = confdata_peek, .write = confdata_write,
     .section = "3.1.2"},
    REG_ROWS_END,
};
static const struct reg_bank PORT_BANK = {"configuration mechanism", PORT_ROWS};

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&((const struct i440fx *)self)->function.config[row->offset],
                             row->width);
}

static const char *const PAM_VALUES[4] = {"PCI", "read DRAM", "write DRAM", "DRAM"};
#define PAM_PAIR(low, high)                                                                   \
    {                                                                                         \
        {low, 0, 2, PAM_VALUES, "who answers"}, {high, 4, 2, PAM_VALUES, "who answers"},      \
            REG_FIELDS_END                                                                    \
    }
static const struct reg_field PAM_FIELDS[7][3] = {
    {{"F0000", 4, 2, PAM_VALUES, "who answers"}, REG_FIELDS_END, REG_FIELDS_END},
    PAM_PAIR("C0000", "C4000"), PAM_PAIR("C8000", "CC000"), PAM_PAIR("D0000", "D4000"),
    PAM_PAIR("D8000", "DC000"), PAM_PAIR("E0000", "E4000"), PAM_PAIR("E8000", "EC000"),
};
#define PAM_ROW(number, bits)                                                                 \
    {.name = "PAM" #number, .meaning = "programmable attribute map", .offset = PAM0 + number, \
     .width = 1, .access = REG_RW, .writable = bits, .peek = config_peek,                     \
     .fields = PAM_FIELDS[number], .section = "3.2.18"}
static const struct reg_field SMRAM_FIELDS[] = {
    {"C_BASE_SEG", 0, 3, NULL, "where: A0000"},
    {"G_SMRAME", 3, 1, NULL, "SMRAM is there"},
    {"D_LCK", 4, 1, NULL, "cannot be opened before a reset"},
    {"D_CLS", 5, 1, NULL, "closed to data"},
    {"D_OPEN", 6, 1, NULL, "open without SMIACT#"},
    REG_FIELDS_END,
};
static const struct reg CONFIG_ROWS[] = {
    {.name = "VID", .meaning = "vendor", .offset = 0, .width = 2, .access = REG_READ,
     .reset = 0x8086, .peek = config_peek, .section = "3.2.1"},
    {.name = "DID", .meaning = "device", .offset = 2, .width = 2, .access = REG_READ,
     .reset = 0x1237, .peek = config_peek, .section = "3.2.2"},
    {.name = "PCICMD", .meaning = "command", .offset = 4, .width = 2, .access = REG_RW,
     .reset = 0x0006, .writable = 0x0140, .peek = config_peek, .section = "3.2.3"},
    {.name = "PCISTS", .meaning = "status", .offset = 6, .width = 2, .access = REG_READ,
     .reset = 0x0280, .peek = config_peek, .section = "3.2.4"},
    PAM_ROW(0, 0x30), PAM_ROW(1, 0x33), PAM_ROW(2, 0x33), PAM_ROW(3, 0x33), PAM_ROW(4, 0x33),
    PAM_ROW(5, 0x33), PAM_ROW(6, 0x33),
    {.name = "SMRAM", .meaning = "system management RAM at A0000", .offset = SMRAM,
     .width = 1, .access = REG_RW, .reset = 0x02, .writable = 0x78, .peek = config_peek,
     .fields = SMRAM_FIELDS, .section = "3.2.23"},
    REG_ROWS_END,
};
static const struct reg_bank CONFIG_BANK = {"config", CONFIG_ROWS};
static const struct reg_bank *const BANKS[] = {&PORT_BANK, &CONFIG_BANK, NULL};

/* --- in words -------------------------------------------------------------------------------- */

/* The row of a function's configuration register: its type's bank "config", if it has one. */
static const struct reg *config_row(const struct pci_function *function, uint8_t offset)
{
    for (const struct reg_bank *const *bank = function->device->type->banks; *bank; bank++)
        if (strcmp((*bank)->name, "config") == 0)
            return reg_find(*bank, function->device, offset, false);
    return NULL;
}

static void describe_data(const struct i440fx *s, const struct access *access, char *text,
                          size_t size)
{
    uint32_t a = s->confadd;
    uint8_t devfn = (uint8_t)(a >> 8), offset = (uint8_t)((a & 0xFC) | (access->address & 3));
    const struct pci_function *function = (a >> 16 & 0xFF) ? NULL : s->function.bus->functions[devfn];
    const char *name = pci_header_name(offset, NULL);
    const struct reg *row = NULL;
    size_t used = 0;
    if (!(a & CONFADD_ENABLE)) {
        text_append(text, size, &used, "no configuration cycle: CONE is 0");
        return;
    }
    text_append(text, size, &used, "PCI %02X:%02X.%u ", a >> 16 & 0xFF, devfn >> 3, devfn & 7u);
    if (!function) {
        text_append(text, size, &used, "register %02Xh: nobody there", offset);
        return;
    }
    row = config_row(function, offset);
    if (row)
        name = row->name;
    text_append(text, size, &used, "%s %s%s%02Xh %s %0*llX", function->device->name,
                name ? name : "", name ? " " : "register ", offset,
                access->is_write ? "<-" : "->", (int)(2 * access->size),
                (unsigned long long)access->value);
    if (row && row->fields && used + 2 < size) {
        char fields[96];
        reg_fields_text(row, (uint32_t)access->value, fields, sizeof fields);
        text_append(text, size, &used, ": %s", fields);
    }
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct i440fx *s = (const struct i440fx *)device;
    size_t used = 0;
    if (access->address >= 0xCFC) {
        describe_data(s, access, text, size);
    } else if (access->address == 0xCF8 && access->size == 4) {
        uint32_t a = (uint32_t)access->value;
        text_append(text, size, &used, "selects PCI %02X:%02X.%u register %02Xh%s", a >> 16 & 0xFF,
                    a >> 11 & 31, a >> 8 & 7, a & 0xFC,
                    a & CONFADD_ENABLE ? "" : " (disabled: CONE is 0)");
    } else {
        text_append(text, size, &used, "not mechanism #1's: forwarded to PCI%s",
                    access->address == 0xCF9 ? ", PIIX3's reset control RCR" : "");
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct i440fx *s = (struct i440fx *)device;
    uint8_t *config = s->function.config;
    (void)kind;
    pci_function_reset(&s->function);
    store_le16(&config[PCI_COMMAND], 0x0006); /* memory and master are always on (3.2.3) */
    store_le16(&config[PCI_STATUS], 0x0280);
    memset(&config[PAM0], 0, 7);
    config[SMRAM] = C_BASE_SEG;
    s->function.writable[SMRAM] = D_OPEN | D_CLS | D_LCK | G_SMRAME;
    s->confadd = 0;
    s->smiact = false;
    update_map(s);
    update_smram(s);
}

static void loaded(struct device *device)
{
    struct i440fx *s = (struct i440fx *)device;
    pci_loaded(&s->function);
    memset(s->mapped, 0xFF, sizeof s->mapped);
    update_map(s);
    lock_smram(s);
    s->shows_smram = !is_smram_shown(s); /* either way the map is made anew */
    update_smram(s);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct i440fx *s = (struct i440fx *)device;
    enum status status;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: this board has no PCI bus", config->name);
    pci_function_init(&s->function, device, 0x8086, 0x1237, 0x060000, 0x02);
    s->function.written = config_written;
    store_le16(&s->function.writable[PCI_COMMAND], 0x0140);
    store_le16(&s->function.config[PCI_SUBSYSTEM_VENDOR], 0x1AF4);
    store_le16(&s->function.config[PCI_SUBSYSTEM], 0x1100);
    memset(&s->function.writable[PAM0], 0x33, 7);
    s->function.writable[PAM0] = 0x30;
    s->function.writable[SMRAM] = 0x78;
    memset(s->mapped, 0xFF, sizeof s->mapped);
    status = pci_add(config->env->pci, &s->function, 0, 0, error);
    if (status != STATUS_OK)
        return status;
    return device_attach(device, config->env->ports, &PORT_BANK, &PORT_OPS, 0xCF8, 8, error);
}

static void fini(struct device *device)
{
    pci_remove(&((struct i440fx *)device)->function);
}

static const char *const INPUTS[] = {[INPUT_SMIACT] = "smiact", NULL};

const struct device_type I440FX_TYPE = {
    .name = "i440fx",
    .title = "PCI host bridge and memory controller",
    .datasheet = "Intel 82441FX (PMC), 290549-001, May 1996",
    .missing = "DRAM timing and row boundaries (60h-67h read zero): firmware learns of the RAM by "
               "fw_cfg or CMOS\nhole in the DRAM, turbo and reset control, errors, arbitration: the "
               "registers read zero\nSMRAM: D_CLS hides code as well",
    .size = sizeof(struct i440fx),
    .version = 2,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .inputs = INPUTS,
    .input = input,
    .describe = describe,
    .loaded = loaded,
};
