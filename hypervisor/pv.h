/* What a guest needs to do its I/O through drivers that know of the hypervisor: hypercalls, event
 * channels, grants, and a back-end a device; and the system calls that are served below its kernel.
 *
 *   guest's front-end ─ request into a ring in granted memory ─ one hypercall a batch ─┐
 *   guest's handler ◄─ upcall vector ◄─ event channel ◄─ response ◄─ back-end ◄────────┘ → vdisk, switch */
#ifndef VITRINE_HYPERVISOR_PV_H
#define VITRINE_HYPERVISOR_PV_H

#include "hypervisor/blkback.h"
#include "hypervisor/events.h"
#include "hypervisor/grants.h"
#include "hypervisor/netback.h"
#include "hypervisor/syscalls.h"

struct pv {
    struct guest *guest;
    struct events events;
    struct grants grants;
    struct blkback *blkback;         /* NULL: no disk */
    struct netback *netback;         /* NULL: no NIC */
    struct syscalls *syscalls;       /* NULL: LAB.ini names no descriptors */
    void (*after_reset)(void *self); /* the machine's, which ours calls */
    void *after_reset_self;
};

/* For a guest whose machine is built: takes the CPU's exit hook. */
enum status pv_new(struct pv **pv, struct guest *guest, struct error *error);
void pv_free(struct pv *pv);

#endif
