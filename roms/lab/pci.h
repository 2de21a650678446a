/* pci.h: the configuration space of the devices on PCI bus 0, by mechanism #1 (PCI 2.1, 3.7.4.1). */
#ifndef LAB_PCI_H
#define LAB_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum { PCI_COMMAND = 0x04, PCI_BAR_0 = 0x10, PCI_INTERRUPT_LINE = 0x3C };
enum { PCI_COMMAND_PORTS = 1, PCI_COMMAND_MASTER = 4 };
#define PIIX3_IDE       0x70108086u /* device and vendor */
#define VIRTIO_BLK      0x10011AF4u /* a transitional or legacy one */

struct pci_place {
    uint8_t device, function;
};

uint32_t pci_read32(struct pci_place place, uint8_t offset);
void pci_write32(struct pci_place place, uint8_t offset, uint32_t value);
/* The first function with these device and vendor numbers. */
bool pci_find(uint32_t device_vendor, struct pci_place *place);

#endif
