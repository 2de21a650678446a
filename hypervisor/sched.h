/* The vCPU scheduler: which guest the host's CPU runs next, and until when. */
#ifndef VITRINE_HYPERVISOR_SCHED_H
#define VITRINE_HYPERVISOR_SCHED_H

#include "hypervisor/vmm.h"

/* Round-robin: the current guest goes on while it can run and its slice lasts; then the next one that
 * can. Charges the context switch, freezes and thaws clocks of policy `virtual`. NULL: all idle. */
struct guest *sched_pick(struct vmm *vmm);

#endif
