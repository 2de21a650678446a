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
    COST_ITEMS
};

struct cost_row {
    const char *name;   /* the key in [costs] */
    uint32_t default_ns;
    const char *meaning, *source;
};
extern const struct cost_row COST_ROWS[COST_ITEMS];

struct costs {
    uint64_t ns[COST_ITEMS];
};

/* Counts and charged time of one guest, or of the whole host. */
struct cost_account {
    uint64_t count[COST_ITEMS], charged_ns[COST_ITEMS];
};

void costs_defaults(struct costs *costs);

#endif
