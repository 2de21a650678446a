/* What virtualisation costs: a table that charges host time when the thing happens. */
#ifndef VITRINE_HYPERVISOR_COSTS_H
#define VITRINE_HYPERVISOR_COSTS_H

#include <stdint.h>

enum cost_item {
    COST_TRAP,         /* guest access → VMM and back */
    COST_WORLD_SWITCH, /* VMM ↔ host operating system, all of the CPU's state */
    COST_HYPERCALL,
    COST_COPY_KIB,     /* 1,024 bytes between guest, VMM and device */
    COST_INTERRUPT,    /* an interrupt injected into a guest */
    COST_CONTEXT_SWITCH, /* from one guest's vCPU to another's */
    COST_HOST_IO,      /* the VMApp's read or write, down to the device and back */
    COST_HOST_SELECT,  /* the VMApp asks which descriptors are ready */
    COST_VMAPP,        /* the rest of what the VMApp does in one visit to the host */
    COST_GUEST_SWITCH, /* a guest loads CR3: it goes from one process of its own to another */
    COST_ITEMS
};

/* Where a guest's I/O is intercepted; or the hypervisor's own work, whatever led to it. */
enum io_interface {
    INTERFACE_ACCESS,
    INTERFACE_DRIVER,
    INTERFACE_SYSCALL,
    INTERFACE_NONE,
    INTERFACES
};
/* And what it is about. */
enum io_device { IO_DISK, IO_NIC, IO_DISPLAY, IO_NOTIFY, IO_PROCESSOR, IO_OTHER, IO_DEVICES };

struct cost_row {
    const char *name;   /* the key in [costs] */
    uint32_t default_ns;
    const char *meaning, *source;
};
extern const struct cost_row COST_ROWS[COST_ITEMS];

struct costs {
    uint64_t ns[COST_ITEMS];
};

struct io_count {
    uint64_t count[COST_ITEMS], charged_ns;
};

/* Counts and charged time of one guest, or of the VMM for nobody: the same sum by item and by
 * interface and device. */
struct cost_account {
    uint64_t count[COST_ITEMS], charged_ns[COST_ITEMS];
    struct io_count io[INTERFACES][IO_DEVICES];
};

void costs_defaults(struct costs *costs);
/* Notes `units` of an item; returns what they cost, in ns. */
uint64_t costs_note(const struct costs *costs, struct cost_account *account, enum io_interface interface,
                    enum io_device device, enum cost_item item, uint64_t units);

#endif
