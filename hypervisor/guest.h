/* One guest: its machine on virtual devices, and what is counted of it. */
#ifndef VITRINE_HYPERVISOR_GUEST_H
#define VITRINE_HYPERVISOR_GUEST_H

#include "hypervisor/vmm.h"

/* Builds the guest's machine on host frames from `first_frame`. */
enum status guest_build(struct guest *guest, const struct vmm_backends *backends,
                        size_t first_frame, struct error *error);
void guest_fini(struct guest *guest);
void guest_pause(struct guest *guest);
void guest_resume(struct guest *guest);
void guest_reset(struct guest *guest);
/* Ends it, as pulling the plug does; the others go on. */
void guest_kill(struct guest *guest);

#endif
