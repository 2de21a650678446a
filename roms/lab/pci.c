#include "lab/pci.h"

#include "lab/io.h"

enum { ADDRESS = 0xCF8, DATA = 0xCFC };
enum { DEVICES = 32, FUNCTIONS = 8 };

static void select(struct pci_place place, uint8_t offset)
{
    io_out32(ADDRESS, 0x80000000u | (uint32_t)place.device << 11 | (uint32_t)place.function << 8
                          | (offset & 0xFCu));
}

uint32_t pci_read32(struct pci_place place, uint8_t offset)
{
    select(place, offset);
    return io_in32(DATA);
}

void pci_write32(struct pci_place place, uint8_t offset, uint32_t value)
{
    select(place, offset);
    io_out32(DATA, value);
}

bool pci_find(uint32_t device_vendor, struct pci_place *place)
{
    for (place->device = 0; place->device < DEVICES; place->device++)
        for (place->function = 0; place->function < FUNCTIONS; place->function++)
            if (pci_read32(*place, 0) == device_vendor)
                return true;
    return false;
}
