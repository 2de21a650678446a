/* How a back-end is told that its ring has requests: it comes round at once, or backend_delay_us later.
 *
 *   hypercall ─ doorbell_ring() ─ [delay] ─ kick ─► the back-end's work(): doorbell_is_due() */
#ifndef VITRINE_HYPERVISOR_DOORBELL_H
#define VITRINE_HYPERVISOR_DOORBELL_H

#include "hypervisor/vmm.h"

struct doorbell {
    struct vmm *vmm;
    struct vmm_part part;
    struct event delay;
    bool is_rung;    /* and the ring has not been found empty since */
    uint64_t cause;  /* the guest's access that rang last */
    uint64_t rings;
};

/* `work` is called between guest instructions, with `self`. */
void doorbell_init(struct doorbell *bell, struct vmm *vmm, const char *name, void (*work)(void *self),
                   void *self);
void doorbell_fini(struct doorbell *bell);
/* A struct doorbell, as an event channel's handler: in the middle of an instruction, so only noted. */
void doorbell_ring(void *self);
/* Has work() to look into the ring now? */
bool doorbell_is_due(const struct doorbell *bell);
/* work() shall come again. */
void doorbell_kick(struct doorbell *bell);
/* Silent until it is rung again. */
void doorbell_reset(struct doorbell *bell);

#endif
