/* Two guests on one host's RAM, with no VMM that runs: parts of the hypervisor are called by hand. What is
 * tried on the first must never change the second. */
#ifndef VITRINE_TESTS_GUEST_BOX_H
#define VITRINE_TESTS_GUEST_BOX_H

#include "hypervisor/guest.h"
#include "hypervisor/pv.h"
#include "machine/world.h"

#define GUEST_BOX_FRAMES 256u /* of each guest */

struct guest_box {
    struct world world;
    struct machine *machines[2];
    struct ram ram;
    struct lab lab;
    struct vmm vmm;
    struct guest guests[2];
    struct pv pvs[2];
};

void guest_box_init(struct guest_box *box);
/* Also looks whether the second guest's RAM is as it was. */
void guest_box_fini(struct guest_box *box);
/* The first guest's frame. */
uint8_t *guest_box_frame(struct guest_box *box, uint32_t gfn);
/* Entry `gref` of a grant table in the first guest's frame `table`. */
void guest_box_grant(struct guest_box *box, uint32_t table, uint32_t gref, uint16_t flags,
                     uint16_t domain, uint32_t gfn);
/* What the VMM does between guest instructions: all parts that are pending, until none is. */
void guest_box_work(struct guest_box *box);

#endif
