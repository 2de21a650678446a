/* What happened between two marks that a guest sets: time, idle time and costs, so that a lab measures
 * its experiment and not the firmware before it. */
#ifndef VITRINE_HYPERVISOR_MEASURE_H
#define VITRINE_HYPERVISOR_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hypervisor/costs.h"

struct guest;
struct vmm;

struct measure_point {
    uint64_t now, idle, interrupts, host_entered;
    struct cost_account account; /* the guest's and the VMM's together */
};

struct measure {
    struct measure_point points[2];
    unsigned marks;
    unsigned guest; /* number of who measures */
};

/* The guest's first mark starts, its second ends; false: there were two already, or another guest's. */
bool measure_mark(struct guest *guest);
/* One line, when there were two marks. */
void measure_write(FILE *out, const struct vmm *vmm);

#endif
