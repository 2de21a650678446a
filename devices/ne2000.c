/* NE2000, the ISA card: a DP8390 with 16 KiB of RAM and a PROM, by port I/O alone.
 *
 * Specification: as dp8390.c. Options: iobase (32 ports), irq (which the board wires the pin to),
 * mac. Pin: irq, level. MISSING: as dp8390.c; boot ROM. */
#include "devices/dp8390.h"
#include "devices/types.h"

static const struct device_option OPTIONS[] = {
    {"iobase", "0x300", "first of 32 ports", 0x200, 0xFFE0},
    {"irq", "5", "interrupt request, as jumpered; 9 is ACPI's on a PCI board", 2, 15},
    {"mac", "52:54:00:12:34:56", "the station's address", 0, 0},
    DP8390_OPTIONS,
    DEVICE_OPTIONS_END};

static const struct device_pin PINS[] = {{"irq", offsetof(struct dp8390, irq)}, {NULL, 0}};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    uint64_t base = device_number(&NE2000_TYPE, config, "iobase");
    enum status status;
    if (base % DP8390_PORTS)
        return error_set(error, STATUS_USAGE, "%s: iobase=%#llx is not a multiple of 20h; fix: "
                         "0x300, 0x320, 0x340 ...", config->name, (unsigned long long)base);
    status = dp8390_init((struct dp8390 *)device, config, &NE2000_TYPE, error);
    if (status != STATUS_OK)
        return status;
    return device_attach(device, config->env->ports, &DP8390_BANK, &DP8390_OPS, base, DP8390_PORTS,
                         error);
}

static void fini(struct device *device)
{
    dp8390_fini((struct dp8390 *)device);
}

static const struct reg_bank *const BANKS[] = {&DP8390_BANK, NULL};

const struct device_type NE2000_TYPE = {
    .name = "ne2000",
    .title = "NE2000 network card (ISA)",
    .datasheet = "National Semiconductor DP8390D/NS32490D (July 1995)",
    .missing = "collisions and deferral: a switch's cable is free; and so no transmit error\n"
               "DCR's byte order (but in loopback), automatic remote read, FIFO threshold, loopback select: kept\n"
               "loopback counts no CRC errors\n"
               "long address mode, writes to page 2, boot ROM",
    .size = sizeof(struct dp8390),
    .version = 4,
    .options = OPTIONS,
    .banks = BANKS,
    .state = DP8390_STATE,
    .pins = PINS,
    .init = init,
    .reset = dp8390_reset,
    .fini = fini,
    .describe = dp8390_describe,
    .loaded = dp8390_loaded,
};
