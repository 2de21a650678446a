/* RTL8029AS: an NE2000 on PCI, 10ec:8029. BAR 0: 32 ports. INTA#.
 *
 * Specification: Realtek RTL8029AS (1997); the rest as dp8390.c.
 * MISSING: as dp8390.c; boot ROM, power management. */
#include "bus/pci.h"
#include "devices/dp8390.h"
#include "devices/types.h"

struct ne2000_pci {
    struct dp8390 nic;
    struct pci_function function;
};

static const struct state_field STATE[] = {
    {"nic", STATE_NESTED, 0, offsetof(struct ne2000_pci, nic), sizeof(struct dp8390), 1,
     DP8390_STATE, 0},
    STATE_STRUCT(struct ne2000_pci, function, PCI_FUNCTION_STATE),
    STATE_TABLE_END};

static const struct device_option OPTIONS[] = {
    {"mac", "52:54:00:12:34:56", "the station's address", 0, 0},
    DP8390_OPTIONS,
    {"devfn", "0x18", "place on the PCI bus: slot * 8 + function", 0, 255},
    DEVICE_OPTIONS_END};

static void set_intx(void *self, unsigned input, bool level)
{
    struct ne2000_pci *card = self;
    (void)input;
    irq_line_set(&card->function.intx, level);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct ne2000_pci *card = (struct ne2000_pci *)device;
    struct pci_bar ports = {
        .size = DP8390_PORTS, .is_ports = true, .bank = &DP8390_BANK, .ops = &DP8390_OPS};
    enum status status;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: ne2000-pci on a board without PCI; fix: ne2000",
                         config->name);
    status = dp8390_init(&card->nic, config, &NE2000_PCI_TYPE, error);
    if (status != STATUS_OK)
        return status;
    card->nic.is_realtek = true;
    irq_line_connect(&card->nic.irq, set_intx, card, 0);
    pci_function_init(&card->function, device, 0x10EC, 0x8029, 0x020000, 0);
    pci_set_bar(&card->function, 0, &ports);
    return pci_add(config->env->pci, &card->function,
                   (uint8_t)device_number(&NE2000_PCI_TYPE, config, "devfn"), 1, error);
}

static void reset(struct device *device, enum reset_kind kind)
{
    dp8390_reset(device, kind);
    pci_function_reset(&((struct ne2000_pci *)device)->function);
}

static void fini(struct device *device)
{
    struct ne2000_pci *card = (struct ne2000_pci *)device;
    if (card->function.bus)
        pci_remove(&card->function);
    dp8390_fini(&card->nic);
}

static void loaded(struct device *device)
{
    struct ne2000_pci *card = (struct ne2000_pci *)device;
    dp8390_loaded(device);
    card->function.intx.level = card->nic.irq.level;
    pci_loaded(&card->function);
}

static const struct reg_bank *const BANKS[] = {&DP8390_BANK, NULL};

const struct device_type NE2000_PCI_TYPE = {
    .name = "ne2000-pci",
    .title = "NE2000 network card (PCI, RTL8029AS)",
    .datasheet = "Realtek RTL8029AS (1997); National Semiconductor DP8390D/NS32490D (July 1995)",
    .missing = "collisions and deferral: a switch's cable is free; and so no transmit error\n"
               "DCR's byte order (but in loopback), automatic remote read, FIFO threshold, loopback select: kept\n"
               "loopback counts no CRC errors\n"
               "long address mode, writes to page 2, boot ROM, power management",
    .size = sizeof(struct ne2000_pci),
    .version = 4,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = dp8390_describe,
    .loaded = loaded,
};
