/* Where the host's CPU is: in the VMM, in a host operating system below it, or in a driver domain.
 *
 * A driver runs in the context of whoever holds it (LAB.ini: disk_driver, nic_driver). Coming into a
 * context costs a switch; guests run from the VMM's, so that going back costs one too:
 *
 *   native   guest ─ VMM ─ driver
 *   hosted   guest ─ VMM ═ world switch ═ VMApp ─ select, read, write ─ host OS ─ driver
 *   split    guest ─ VMM ─ context switch ─ driver domain: back-end ─ driver
 *
 * While all guests halt, the processor halts in the VMM, as in the measurements of Sugerman et al. (2001),
 * section 3.5: each interrupt of the host then leads to the host OS and back.
 *
 * The host OS is a model: its VMApp's system calls and its work are costs; its drivers are real. */
#ifndef VITRINE_HYPERVISOR_CONTEXTS_H
#define VITRINE_HYPERVISOR_CONTEXTS_H

#include <stdint.h>

#include "hypervisor/lab.h"

struct guest;
struct vmm;

enum context { CONTEXT_VMM, CONTEXT_HOST_OS, CONTEXT_DRIVER_DOMAIN, CONTEXTS };
extern const char *const CONTEXT_NAMES[CONTEXTS];

struct contexts {
    enum context now;
    enum io_device device;      /* that led there: the way back is charged for it too */
    struct guest *guest;        /* and on whose behalf; NULL: nobody's */
    bool owes_visit;            /* the host OS was entered, and the VMApp has not run yet */
    uint64_t since;             /* host time of the last switch */
    uint64_t entered[CONTEXTS]; /* times */
    uint64_t time[CONTEXTS];    /* spent there, idle or not, in instructions */
};

/* Who runs a driver of this model. */
enum context context_of(enum driver_model model);
/* Gives the VMApp its turns; after the drivers' parts. */
void contexts_init(struct vmm *vmm);
/* Goes there, at a price, on behalf of a guest (NULL: nobody's) and about a device. In the host OS the
 * VMApp has its turn then: it looks at what is ready and sends what was held back. */
void context_enter(struct vmm *vmm, enum context context, struct guest *guest,
                   enum io_device device);

#endif
