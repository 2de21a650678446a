/* Carries out what the vCPU scheduler (sched.h) decides: clocks, context switches, accounts. */
#ifndef VITRINE_HYPERVISOR_DISPATCH_H
#define VITRINE_HYPERVISOR_DISPATCH_H

#include "hypervisor/vmm.h"

/* Takes the scheduler and the guests' parameters from the lab. The guests are built. */
void dispatch_init(struct vmm *vmm);
/* The guest that runs now, with slice_end at most its end; NULL: nobody. Charges the context switch,
 * freezes and thaws the clocks whose time does not always pass. */
struct guest *dispatch_pick(struct vmm *vmm);
/* Runs its vCPU up to slice_end and accounts for the time. */
void dispatch_run(struct guest *guest);
/* Whether the VMM may work now; always, but for `schedule = partitioned`. */
bool dispatch_is_work_time(const struct vmm *vmm);
/* The same, before it works: with `partitioned` all guests' clocks stand still until the next pick. */
bool dispatch_begin_work(struct vmm *vmm);
/* The bar of who runs now is closed: before a picture is drawn. */
void dispatch_finish(struct vmm *vmm);

#endif
