/* PCI: configuration space, BARs, one bus, configuration mechanism #1 (PCI 2.1, section 3.7.4.1). */
#ifndef VITRINE_BUS_PCI_H
#define VITRINE_BUS_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/device.h"

#define PCI_FUNCTIONS 256 /* device << 3 | function on bus 0 */

struct pci_bar {
    uint64_t size; /* a power of two; 0: not there */
    bool is_ports, is_prefetchable;
    const struct reg_bank *bank;
    const struct region_ops *ops; /* NULL: by the bank */
    struct region *region;        /* derived: attached now */
    uint64_t base;                /* derived: where */
    struct ram *ram;              /* memory BAR backed by frames (VGA's linear frame buffer) */
};

/* One function's configuration space. Embedded in the device's structure. */
struct pci_function {
    struct pci_bus *bus;
    struct device *device;
    uint8_t devfn;
    uint8_t config[256];
    uint8_t writable[256]; /* which bits configuration writes change */
    uint8_t one_clears[256]; /* which bits a one clears: the status register's */
    struct pci_bar bars[6];
    struct pci_bar rom;    /* expansion ROM: ram holds the image */
    struct irq_line intx;  /* INTA#; wired to the bus' router by pci_add */
    /* Before bytes are read that a read changes (a window onto registers); may be NULL. */
    void (*reading)(struct pci_function *function, uint8_t offset, unsigned size);
    /* After the bytes changed and the BARs were moved; may be NULL. */
    void (*written)(struct pci_function *function, uint8_t offset, unsigned size);
};
extern const struct state_field PCI_FUNCTION_STATE[]; /* for STATE_STRUCT; call pci_loaded after */

struct pci_bus {
    struct pci_function *functions[PCI_FUNCTIONS];
    struct space *memory, *ports;
    /* INTx of a slot and pin (0 = A) to the interrupt router (PIIX3 PIRQ). */
    void (*route)(void *self, unsigned slot, unsigned pin, bool level);
    void *route_self;
    /* Bytes of CF8h-CFBh that are not mechanism #1's (it takes the whole double word only): the host
     * bridge forwards them, and PIIX3 has its reset control at CF9h. NULL: nobody. */
    uint8_t (*forward_read)(void *self, uint16_t port);
    void (*forward_write)(void *self, uint16_t port, uint8_t value);
    void *forward_self;
};

/* Offsets in the configuration header (PCI 2.1, section 6.1), and bits of the command register. */
enum pci_offset {
    PCI_VENDOR = 0x00, PCI_DEVICE = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06,
    PCI_REVISION = 0x08, PCI_CLASS = 0x09, PCI_CACHE_LINE = 0x0C, PCI_LATENCY = 0x0D,
    PCI_HEADER_TYPE = 0x0E, PCI_BAR0 = 0x10, PCI_SUBSYSTEM_VENDOR = 0x2C, PCI_SUBSYSTEM = 0x2E,
    PCI_ROM = 0x30, PCI_INTERRUPT_LINE = 0x3C, PCI_INTERRUPT_PIN = 0x3D
};
enum pci_command { PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4 };
#define PCI_ROM_INDEX 6 /* for pci_set_bar: the expansion ROM */

/* Identity of a function, then pci_add. class_code: base << 16 | sub << 8 | interface. */
void pci_function_init(struct pci_function *function, struct device *device, uint16_t vendor,
                       uint16_t device_id, uint32_t class_code, uint8_t revision);
/* Before pci_add: declares BAR `index` (0-5, or PCI_ROM_INDEX). */
void pci_set_bar(struct pci_function *function, unsigned index, const struct pci_bar *bar);
/* Puts the function onto the bus at devfn; refuses a place that is taken. interrupt pin 0: none. */
enum status pci_add(struct pci_bus *bus, struct pci_function *function, uint8_t devfn,
                    unsigned interrupt_pin, struct error *error);
void pci_remove(struct pci_function *function);
/* Back to the state after RST#: command, BARs, interrupt line. */
void pci_function_reset(struct pci_function *function);
/* Configuration cycles by mechanism #1's decoded address. Absent functions read all ones. */
uint32_t pci_config_read(struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                         unsigned size);
/* The same for looking only: without what a read does. */
uint32_t pci_config_peek(const struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                         unsigned size);
void pci_config_write(struct pci_bus *bus, uint8_t bus_number, uint8_t devfn, uint8_t offset,
                      unsigned size, uint32_t value);
/* The name of a register of the common header ("PCICMD"); NULL elsewhere. *start, if not NULL:
 * where it begins. */
const char *pci_header_name(uint8_t offset, uint8_t *start);
/* Moves the BARs to where the (loaded) configuration says. */
void pci_loaded(struct pci_function *function);

#endif
