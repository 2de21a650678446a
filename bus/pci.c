/* One PCI bus: configuration space and base addresses of its functions.
 *
 * PCI Local Bus Specification, revision 2.1 (June 1995), chapters 3.7.4 and 6.
 *
 *   base address   31 ............ 4 3 2 1 0     memory: 3 prefetchable, 2:1 type, 0 = 0
 *                  | base, by size  |flags |     ports:  1 reserved, 0 = 1
 *
 * A base is decoded while the command register's bit for its space is set, and it is neither zero
 * nor all ones (a firmware that sizes it). MISSING: 64-bit bases, bridges, parity and SERR#; of the
 * error bits of the status register only a bus master's master abort is ever set. */
#include "bus/pci.h"

#include <assert.h>
#include <string.h>

#include "base/bits.h"

/* --- identity -------------------------------------------------------------------------------- */

void pci_function_init(struct pci_function *function, struct device *device, uint16_t vendor,
                       uint16_t device_id, uint32_t class_code, uint8_t revision)
{
    memset(function, 0, sizeof *function);
    function->device = device;
    store_le16(&function->config[PCI_VENDOR], vendor);
    store_le16(&function->config[PCI_DEVICE], device_id);
    store_le32(&function->config[PCI_REVISION], class_code << 8 | revision);
    /* 6.2.2: I/O, memory, master, parity response, SERR# enable; then cache line, latency. */
    store_le16(&function->writable[PCI_COMMAND], 0x0147);
    function->writable[PCI_CACHE_LINE] = 0xFF;
    function->writable[PCI_LATENCY] = 0xF8;
    function->writable[PCI_INTERRUPT_LINE] = 0xFF;
}

static uint8_t bar_offset(unsigned index)
{
    return (uint8_t)(index == PCI_ROM_INDEX ? PCI_ROM : PCI_BAR0 + 4 * index);
}

static struct pci_bar *bar_at(struct pci_function *function, unsigned index)
{
    return index == PCI_ROM_INDEX ? &function->rom : &function->bars[index];
}

/* The bits that no write changes: the kind of space (6.2.5.1). */
static uint32_t bar_flags(const struct pci_bar *bar)
{
    return bar->is_ports ? 1u : bar->is_prefetchable ? 8u : 0u;
}

void pci_set_bar(struct pci_function *function, unsigned index, const struct pci_bar *bar)
{
    uint8_t offset = bar_offset(index);
    uint32_t mask = ~(uint32_t)(bar->size - 1);
    assert(index <= PCI_ROM_INDEX && bar->size && !(bar->size & (bar->size - 1)));
    /* Memory is mapped in pages; a smaller range would share its page with a neighbour. */
    assert(bar->is_ports || bar->size >= FRAME_BYTES);
    *bar_at(function, index) = *bar;
    bar_at(function, index)->region = NULL;
    bar_at(function, index)->base = 0;
    store_le32(&function->config[offset], bar_flags(bar));
    /* 6.2.5.2: an expansion ROM has an enable bit of its own. */
    store_le32(&function->writable[offset], index == PCI_ROM_INDEX ? mask | 1u : mask);
}

/* --- base addresses -------------------------------------------------------------------------- */

/* Where the configuration says that the range is; 0 when it is not decoded. */
static uint64_t bar_wanted(struct pci_function *function, unsigned index)
{
    const struct pci_bar *bar = bar_at(function, index);
    uint16_t command = load_le16(&function->config[PCI_COMMAND]);
    uint32_t value = load_le32(&function->config[bar_offset(index)]);
    uint64_t base = value & ~(uint64_t)(bar->size - 1) & UINT32_MAX;
    uint64_t limit = bar->is_ports ? 0x10000 : UINT64_C(0x100000000);
    if (!bar->size || !(command & (bar->is_ports ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
        return 0;
    if (index == PCI_ROM_INDEX && !(value & 1))
        return 0;
    /* At the very top it is a firmware that sizes it, or nothing that a CPU could reach. */
    return base + bar->size >= limit ? 0 : base;
}

/* The host bridge answers RAM and the first megabyte itself: a range there is never seen. */
static bool is_hidden(const struct pci_function *function, const struct pci_bar *bar, uint64_t base)
{
    if (base < 0x100000)
        return true;
    for (uint64_t at = base; at < base + bar->size; at += FRAME_BYTES) {
        const struct space_page *page = space_page(function->bus->memory, at);
        if (page && (page->read || page->write || page->is_rom || page->region))
            return true;
    }
    return false;
}

static void bar_unmap(struct pci_function *function, struct pci_bar *bar)
{
    struct pci_bus *bus = function->bus;
    if (!bar->base)
        return;
    if (bar->ram)
        space_unmap_ram(bus->memory, bar->base, (size_t)(bar->size >> FRAME_SHIFT));
    else if (bar->region)
        space_detach(bar->is_ports ? bus->ports : bus->memory, bar->region);
    bar->region = NULL;
    bar->base = 0;
}

static bool bar_map(struct pci_function *function, struct pci_bar *bar, uint64_t base,
                    bool is_rom)
{
    struct pci_bus *bus = function->bus;
    struct device *device = function->device;
    struct error error = {STATUS_OK, ""};
    struct region region = {.name = device->name, .device = device, .self = device,
                            .ops = bar->ops, .bank = bar->bank, .base = base,
                            .length = bar->size};
    if (!bar->is_ports && is_hidden(function, bar, base)) {
        device_guest_error(device, "base address %08llX lies over RAM, ROM or another device: "
                           "not decoded", (unsigned long long)base);
        return false;
    }
    if (bar->ram) {
        size_t pages = (size_t)(bar->size >> FRAME_SHIFT);
        if (pages > bar->ram->frames)
            pages = bar->ram->frames;
        space_map_ram(bus->memory, base, pages, bar->ram, 0, true, !is_rom);
    } else if (space_attach(bar->is_ports ? bus->ports : bus->memory, &region, &bar->region,
                            &error) != STATUS_OK) {
        device_guest_error(device, "base address %08llX: %s", (unsigned long long)base, error.text);
        bar->region = NULL;
        return false;
    }
    bar->base = base;
    return true;
}

/* Moves what has to move: first away, then to the new place, so that two ranges can swap. */
static void update_bars(struct pci_function *function)
{
    if (!function->bus)
        return;
    for (unsigned i = 0; i <= PCI_ROM_INDEX; i++)
        if (bar_at(function, i)->base != bar_wanted(function, i))
            bar_unmap(function, bar_at(function, i));
    for (unsigned i = 0; i <= PCI_ROM_INDEX; i++) {
        struct pci_bar *bar = bar_at(function, i);
        uint64_t wanted = bar_wanted(function, i);
        if (wanted && bar->base != wanted)
            bar_map(function, bar, wanted, i == PCI_ROM_INDEX);
    }
}

void pci_loaded(struct pci_function *function)
{
    update_bars(function);
}

void pci_function_reset(struct pci_function *function)
{
    uint8_t *config = function->config;
    store_le16(&config[PCI_COMMAND], load_le16(&config[PCI_COMMAND]) &
               (uint16_t)~load_le16(&function->writable[PCI_COMMAND]));
    store_le16(&config[PCI_STATUS], load_le16(&config[PCI_STATUS]) &
               (uint16_t)~load_le16(&function->one_clears[PCI_STATUS]));
    config[PCI_CACHE_LINE] = config[PCI_LATENCY] = config[PCI_INTERRUPT_LINE] = 0;
    for (unsigned i = 0; i <= PCI_ROM_INDEX; i++)
        if (bar_at(function, i)->size)
            store_le32(&config[bar_offset(i)], bar_flags(bar_at(function, i)));
    update_bars(function);
    irq_line_set(&function->intx, false);
}

/* --- the bus --------------------------------------------------------------------------------- */

static void intx_changed(void *self, unsigned pin, bool level)
{
    struct pci_function *function = self;
    struct pci_bus *bus = function->bus;
    if (bus && bus->route)
        bus->route(bus->route_self, function->devfn >> 3, pin, level);
}

enum status pci_add(struct pci_bus *bus, struct pci_function *function, uint8_t devfn,
                    unsigned interrupt_pin, struct error *error)
{
    struct pci_function *taken = bus->functions[devfn];
    if (taken)
        return error_set(error, STATUS_USAGE,
                         "%s: PCI device %u function %u is %s's; fix: another place",
                         function->device->name, devfn >> 3, devfn & 7u, taken->device->name);
    function->bus = bus;
    function->devfn = devfn;
    function->config[PCI_INTERRUPT_PIN] = (uint8_t)interrupt_pin;
    if (interrupt_pin)
        irq_line_connect(&function->intx, intx_changed, function, interrupt_pin - 1);
    bus->functions[devfn] = function;
    return STATUS_OK;
}

void pci_remove(struct pci_function *function)
{
    if (!function->bus)
        return;
    irq_line_set(&function->intx, false);
    for (unsigned i = 0; i <= PCI_ROM_INDEX; i++)
        bar_unmap(function, bar_at(function, i));
    function->bus->functions[function->devfn] = NULL;
    function->bus = NULL;
}

static struct pci_function *find(const struct pci_bus *bus, uint8_t bus_number, uint8_t devfn)
{
    return bus_number ? NULL : bus->functions[devfn];
}

uint32_t pci_config_peek(const struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                         unsigned size)
{
    const struct pci_function *function = find(bus, bus_number, devfn);
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        bool is_there = function && offset + i < sizeof function->config;
        value |= (is_there ? (uint32_t)function->config[offset + i] : 0xFFu) << (8 * i);
    }
    return value;
}

uint32_t pci_config_read(struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                         unsigned size)
{
    struct pci_function *function = find(bus, bus_number, devfn);
    if (function && function->reading)
        function->reading(function, offset, size);
    return pci_config_peek(bus, bus_number, devfn, offset, size);
}

void pci_config_write(struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                      unsigned size, uint32_t value)
{
    struct pci_function *function = find(bus, bus_number, devfn);
    if (!function)
        return;
    for (unsigned i = 0; i < size && offset + i < sizeof function->config; i++) {
        uint8_t mask = function->writable[offset + i], byte = (uint8_t)(value >> (8 * i));
        uint8_t *at = &function->config[offset + i];
        *at = (uint8_t)((*at & ~mask) | (byte & mask));
        *at &= (uint8_t)~(byte & function->one_clears[offset + i]);
    }
    if (offset + size > PCI_COMMAND && offset < PCI_INTERRUPT_LINE)
        update_bars(function);
    if (function->written)
        function->written(function, offset, size);
}

/* --- names and state ------------------------------------------------------------------------- */

static const struct {
    uint8_t offset, width;
    const char *name;
} HEADER[] = {
    {0x00, 2, "VID"}, {0x02, 2, "DID"}, {0x04, 2, "PCICMD"}, {0x06, 2, "PCISTS"},
    {0x08, 1, "RID"}, {0x09, 3, "CLASSC"}, {0x0C, 1, "CLS"}, {0x0D, 1, "MLT"},
    {0x0E, 1, "HEDT"}, {0x0F, 1, "BIST"}, {0x10, 4, "BAR0"}, {0x14, 4, "BAR1"},
    {0x18, 4, "BAR2"}, {0x1C, 4, "BAR3"}, {0x20, 4, "BAR4"}, {0x24, 4, "BAR5"},
    {0x2C, 2, "SVID"}, {0x2E, 2, "SID"}, {0x30, 4, "ROMBAR"}, {0x3C, 1, "INTLN"},
    {0x3D, 1, "INTPN"},
};

const char *pci_header_name(uint8_t offset, uint8_t *start)
{
    for (size_t i = 0; i < ARRAY_COUNT(HEADER); i++)
        if (offset >= HEADER[i].offset && offset < HEADER[i].offset + HEADER[i].width) {
            if (start)
                *start = HEADER[i].offset;
            return HEADER[i].name;
        }
    return NULL;
}

const struct state_field PCI_FUNCTION_STATE[] = {
    STATE_ARRAY(struct pci_function, config),
    {"intx", STATE_UINT, 0, offsetof(struct pci_function, intx.level), sizeof(bool), 1, NULL, 0},
    STATE_REBUILT(struct pci_function, intx),
    STATE_REBUILT(struct pci_function, bus),
    STATE_REBUILT(struct pci_function, device),
    STATE_REBUILT(struct pci_function, devfn),
    STATE_REBUILT(struct pci_function, writable),
    STATE_REBUILT(struct pci_function, one_clears),
    STATE_REBUILT(struct pci_function, bars),
    STATE_REBUILT(struct pci_function, rom),
    STATE_REBUILT(struct pci_function, reading),
    STATE_REBUILT(struct pci_function, written),
    STATE_TABLE_END,
};
