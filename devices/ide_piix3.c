/* The IDE function of the 82371SB (PIIX3): it decodes the two channels' legacy ports, and moves their
 * DMA data.
 *
 * Intel 82371FB/82371SB PCI ISA IDE Xcelerator data sheet, 290550-002, April 1997, sections 2.3 and
 * 2.7.
 *
 * The channels are devices of their own ("ata"); this function's PCICMD.IOSE and IDETIM.IDE let
 * their ports through. Each has a bus master engine (ide_bus_master.c), whose registers are at the
 * base address BMIBA. Clock and interrupt lines: none (IRQ14 and IRQ15 are the channels'). */
#include "devices/ide_piix3.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/ata.h"
#include "devices/ide_bus_master.h"
#include "devices/types.h"

#define IDETIM 0x40u /* primary, then secondary; 16 bits each */
#define IDETIM_DECODE 0x8000u
#define BMIBA_BAR 4u
#define BMIBA_BYTES 16u
#define PCISTS_MASTER_ABORT 0x2000u

struct ide_piix3 {
    struct device device;
    struct pci_function function;
    struct device *channels[2];
    struct ide_bus_master engines[2];
    bool is_enabled_at_reset;
};

static const struct state_field STATE[] = {
    STATE_STRUCT(struct ide_piix3, function, PCI_FUNCTION_STATE),
    STATE_REBUILT(struct ide_piix3, channels),
    {"engines", STATE_NESTED, 2, offsetof(struct ide_piix3, engines), sizeof(struct ide_bus_master), 2,
     IDE_BUS_MASTER_STATE, 0},
    STATE_REBUILT(struct ide_piix3, is_enabled_at_reset),
    STATE_TABLE_END,
};

/* --- behaviour ------------------------------------------------------------------------------- */

static void update_decoding(struct ide_piix3 *s)
{
    const uint8_t *config = s->function.config;
    uint16_t command = load_le16(&config[PCI_COMMAND]);
    for (unsigned i = 0; i < 2; i++) {
        if (s->channels[i])
            ata_set_decoded(s->channels[i],
                            (command & PCI_COMMAND_IO) &&
                                (load_le16(&config[IDETIM + 2 * i]) & IDETIM_DECODE));
        ide_bus_master_enable(&s->engines[i], (command & PCI_COMMAND_MASTER) != 0);
    }
}

static void aborted(struct device *device)
{
    uint8_t *status = &((struct ide_piix3 *)device)->function.config[PCI_STATUS];
    store_le16(status, load_le16(status) | PCISTS_MASTER_ABORT);
}

static void config_written(struct pci_function *function, uint8_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    update_decoding((struct ide_piix3 *)function->device);
}

void ide_piix3_set_channels(struct device *device, struct device *primary,
                            struct device *secondary)
{
    struct ide_piix3 *s = (struct ide_piix3 *)device;
    s->channels[0] = primary;
    s->channels[1] = secondary;
    for (unsigned i = 0; i < 2; i++)
        ide_bus_master_connect(&s->engines[i], s->channels[i]);
    update_decoding(s);
}

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&((const struct ide_piix3 *)self)->function.config[row->offset],
                             row->width);
}

/* The primary channel's engine has the first eight ports, the secondary's the next. */
static const struct ide_bus_master *engine_of(const void *self, const struct reg *row)
{
    return &((const struct ide_piix3 *)self)->engines[row->offset >> 3];
}
static struct ide_bus_master *engine_at(void *self, const struct reg *row)
{
    return &((struct ide_piix3 *)self)->engines[row->offset >> 3];
}
static uint32_t command_peek(const void *self, const struct reg *row)
{
    return engine_of(self, row)->command;
}
static void command_write(void *self, const struct reg *row, uint32_t value)
{
    ide_bus_master_write_command(engine_at(self, row), (uint8_t)value);
}
static uint32_t status_peek(const void *self, const struct reg *row)
{
    return engine_of(self, row)->status;
}
static void status_write(void *self, const struct reg *row, uint32_t value)
{
    ide_bus_master_write_status(engine_at(self, row), (uint8_t)value);
}
static uint32_t table_peek(const void *self, const struct reg *row)
{
    return engine_of(self, row)->table;
}
static void table_write(void *self, const struct reg *row, uint32_t value)
{
    engine_at(self, row)->table = value & ~3u;
}

static const char *const RWCON_VALUES[] = {"reads memory", "writes memory"};
static const char *const SSBM_VALUES[] = {"stop", "start"};
static const struct reg_field COMMAND_FIELDS[] = {
    {"RWCON", 3, 1, RWCON_VALUES, "direction"},
    {"SSBM", 0, 1, SSBM_VALUES, "a transfer begins as it rises"},
    REG_FIELDS_END,
};
static const struct reg_field STATUS_FIELDS[] = {
    {"DMA1CAP", 6, 1, NULL, "software's note: drive 1 can DMA"},
    {"DMA0CAP", 5, 1, NULL, "software's note: drive 0 can DMA"},
    {"IDEINTS", 2, 1, NULL, "INTRQ has risen; a one clears it"},
    {"ERROR", 1, 1, NULL, "memory did not answer; a one clears it"},
    {"BMIDEA", 0, 1, NULL, "the engine runs"},
    REG_FIELDS_END,
};
#define ENGINE_ROWS(letter, channel, at)                                                            \
    {.name = "BMIC" letter, .meaning = "command, " channel, .offset = (at), .width = 1,             \
     .access = REG_RW, .writable = 0x08, .peek = command_peek, .write = command_write,              \
     .fields = COMMAND_FIELDS, .section = "2.7.1"},                                                 \
    {.name = "BMIS" letter, .meaning = "status, " channel, .offset = (at) + 2, .width = 1,          \
     .access = REG_RW | REG_ONE_CLEARS, .writable = 0x60, .peek = status_peek,                      \
     .write = status_write, .fields = STATUS_FIELDS, .section = "2.7.2"},                           \
    {.name = "BMIDTP" letter, .meaning = "address of the table of regions, " channel,               \
     .offset = (at) + 4, .width = 4, .access = REG_RW, .writable = 0xFFFFFFFC, .peek = table_peek,  \
     .write = table_write, .section = "2.7.3"}
static const struct reg MASTER_ROWS[] = {
    ENGINE_ROWS("P", "primary channel", 0),
    ENGINE_ROWS("S", "secondary channel", 8),
    REG_ROWS_END,
};
static const struct reg_bank MASTER_BANK = {"bus master", MASTER_ROWS};

static const struct reg_field IDETIM_FIELDS[] = {
    {"IDE", 15, 1, NULL, "the channel's ports are decoded"},
    {"SITRE", 14, 1, NULL, "drive 1 has timing of its own"},
    {"ISP", 12, 2, NULL, "IORDY sample point"},
    {"RTC", 8, 2, NULL, "recovery time"},
    REG_FIELDS_END,
};
static const struct reg CONFIG_ROWS[] = {
    {.name = "VID", .meaning = "vendor", .offset = 0, .width = 2, .access = REG_READ,
     .reset = 0x8086, .peek = config_peek, .section = "2.3.1"},
    {.name = "DID", .meaning = "device", .offset = 2, .width = 2, .access = REG_READ,
     .reset = 0x7010, .peek = config_peek, .section = "2.3.2"},
    {.name = "PCICMD", .meaning = "command", .offset = 4, .width = 2, .access = REG_RW,
     .writable = 0x0005, .peek = config_peek, .section = "2.3.3"},
    {.name = "PCISTS", .meaning = "status", .offset = 6, .width = 2, .access = REG_READ,
     .reset = 0x0280, .peek = config_peek, .section = "2.3.4"},
    {.name = "BMIBA", .meaning = "base of the bus master registers", .offset = 0x20,
     .width = 4, .access = REG_RW, .reset = 0x00000001, .writable = 0x0000FFF0,
     .peek = config_peek, .section = "2.3.8"},
    {.name = "IDETIM0", .meaning = "timing and decoding, primary channel", .offset = IDETIM,
     .width = 2, .access = REG_RW, .writable = 0xF3FF, .peek = config_peek,
     .fields = IDETIM_FIELDS, .section = "2.3.9"},
    {.name = "IDETIM1", .meaning = "timing and decoding, secondary channel",
     .offset = IDETIM + 2, .width = 2, .access = REG_RW, .writable = 0xF3FF, .peek = config_peek,
     .fields = IDETIM_FIELDS, .section = "2.3.9"},
    {.name = "SIDETIM", .meaning = "timing of the slave drives", .offset = 0x44, .width = 1,
     .access = REG_RW, .writable = 0xFF, .peek = config_peek, .section = "2.3.10"},
    REG_ROWS_END,
};
static const struct reg_bank CONFIG_BANK = {"config", CONFIG_ROWS};
static const struct reg_bank *const BANKS[] = {&CONFIG_BANK, &MASTER_BANK, NULL};

/* --- in words -------------------------------------------------------------------------------- */

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct reg *row = access->reg;
    uint32_t value = (uint32_t)access->value;
    (void)device;
    if (!row)
        return;
    if (row->fields == STATUS_FIELDS && !access->is_write)
        snprintf(text, size, "%s%s", value & IDE_BM_INTERRUPT ? "INTRQ has risen: " : "",
                 ide_bus_master_verdict((uint8_t)value));
    else if (row->peek == table_peek && access->size == 4)
        snprintf(text, size, "the table of regions is at %08Xh", (unsigned)value);
    else if (row->fields)
        reg_fields_text(row, value, text, size);
}

/* --- life ------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct ide_piix3 *s = (struct ide_piix3 *)device;
    uint8_t *config = s->function.config;
    uint16_t timing = s->is_enabled_at_reset ? IDETIM_DECODE : 0;
    (void)kind;
    pci_function_reset(&s->function);
    if (s->is_enabled_at_reset)
        store_le16(&config[PCI_COMMAND], PCI_COMMAND_IO);
    store_le16(&config[IDETIM], timing);
    store_le16(&config[IDETIM + 2], timing);
    config[0x44] = 0;
    for (unsigned i = 0; i < 2; i++)
        ide_bus_master_reset(&s->engines[i]);
    update_decoding(s);
}

static const struct device_option OPTIONS[] = {
    {"enabled", "0", "1: the ports are decoded from the start (boards without PCI firmware)", 0, 1},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct ide_piix3 *s = (struct ide_piix3 *)device;
    const struct pci_bar ports = {.size = BMIBA_BYTES, .is_ports = true, .bank = &MASTER_BANK};
    uint8_t *writable = s->function.writable;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: this board has no PCI bus", config->name);
    s->is_enabled_at_reset = device_number(&PIIX3_IDE_TYPE, config, "enabled") != 0;
    /* Interface 80h: bus master, both channels in compatibility mode. */
    pci_function_init(&s->function, device, 0x8086, 0x7010, 0x010180, 0x00);
    pci_set_bar(&s->function, BMIBA_BAR, &ports);
    for (unsigned i = 0; i < 2; i++)
        ide_bus_master_init(&s->engines[i], device, aborted);
    s->function.written = config_written;
    store_le16(&s->function.config[PCI_STATUS], 0x0280);
    store_le16(&writable[PCI_COMMAND], 0x0005);
    store_le16(&writable[IDETIM], 0xF3FF);
    store_le16(&writable[IDETIM + 2], 0xF3FF);
    writable[0x44] = 0xFF;
    store_le16(&s->function.one_clears[PCI_STATUS], PCISTS_MASTER_ABORT);
    return pci_add(config->env->pci, &s->function, 1 << 3 | 1, 0, error);
}

static void fini(struct device *device)
{
    pci_remove(&((struct ide_piix3 *)device)->function);
}

static void loaded(struct device *device)
{
    struct ide_piix3 *s = (struct ide_piix3 *)device;
    uint16_t command = load_le16(&s->function.config[PCI_COMMAND]);
    pci_loaded(&s->function);
    for (unsigned i = 0; i < 2; i++)
        s->engines[i].is_enabled = (command & PCI_COMMAND_MASTER) != 0;
}

const struct device_type PIIX3_IDE_TYPE = {
    .name = "piix3-ide",
    .title = "IDE function of the PIIX3",
    .datasheet = "Intel 82371SB (PIIX3), 290550-002, April 1997",
    .missing = "timing values have no effect: a transfer takes what the drive takes",
    .size = sizeof(struct ide_piix3),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
    .loaded = loaded,
};
