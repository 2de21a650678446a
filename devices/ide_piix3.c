/* The IDE function of the 82371SB (PIIX3): it decodes the two channels' legacy ports.
 *
 * Intel 82371FB/82371SB PCI ISA IDE Xcelerator data sheet, 290550-002, April 1997, section 2.3.
 *
 * The channels are devices of their own ("ata"); this function's PCICMD.IOSE and IDETIM.IDE let
 * their ports through. Without the bus master base address a driver uses PIO. Clock and interrupt
 * lines: none (IRQ14 and IRQ15 are the channels'). */
#include "devices/ide_piix3.h"

#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/ata.h"
#include "devices/types.h"

#define IDETIM 0x40u /* primary, then secondary; 16 bits each */
#define IDETIM_DECODE 0x8000u

struct ide_piix3 {
    struct device device;
    struct pci_function function;
    struct device *channels[2];
    bool is_enabled_at_reset;
};

static const struct state_field STATE[] = {
    STATE_STRUCT(struct ide_piix3, function, PCI_FUNCTION_STATE),
    STATE_REBUILT(struct ide_piix3, channels),
    STATE_REBUILT(struct ide_piix3, is_enabled_at_reset),
    STATE_TABLE_END,
};

/* --- behaviour ------------------------------------------------------------------------------- */

static void update_decoding(struct ide_piix3 *s)
{
    const uint8_t *config = s->function.config;
    bool is_on = load_le16(&config[PCI_COMMAND]) & PCI_COMMAND_IO;
    for (unsigned i = 0; i < 2; i++)
        if (s->channels[i])
            ata_set_decoded(s->channels[i],
                            is_on && (load_le16(&config[IDETIM + 2 * i]) & IDETIM_DECODE));
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
    update_decoding(s);
}

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&((const struct ide_piix3 *)self)->function.config[row->offset],
                             row->width);
}

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
static const struct reg_bank *const BANKS[] = {&CONFIG_BANK, NULL};

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
    uint8_t *writable = s->function.writable;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: this board has no PCI bus", config->name);
    s->is_enabled_at_reset = device_number(&PIIX3_IDE_TYPE, config, "enabled") != 0;
    /* Interface 00h: both channels in compatibility mode, no bus master. */
    pci_function_init(&s->function, device, 0x8086, 0x7010, 0x010100, 0x00);
    s->function.written = config_written;
    store_le16(&s->function.config[PCI_STATUS], 0x0280);
    store_le16(&writable[PCI_COMMAND], 0x0005);
    store_le16(&writable[IDETIM], 0xF3FF);
    store_le16(&writable[IDETIM + 2], 0xF3FF);
    writable[0x44] = 0xFF;
    return pci_add(config->env->pci, &s->function, 1 << 3 | 1, 0, error);
}

static void fini(struct device *device)
{
    pci_remove(&((struct ide_piix3 *)device)->function);
}

static void loaded(struct device *device)
{
    pci_loaded(&((struct ide_piix3 *)device)->function);
}

const struct device_type PIIX3_IDE_TYPE = {
    .name = "piix3-ide",
    .title = "IDE function of the PIIX3",
    .datasheet = "Intel 82371SB (PIIX3), 290550-002, April 1997",
    .missing = "the bus master base address (20h) and DMA; timing values have no effect",
    .size = sizeof(struct ide_piix3),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .loaded = loaded,
};
