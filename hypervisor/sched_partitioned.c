/* Fixed slots, as of separation kernels.
 *
 * Sources: Rushby, "Design and Verification of Secure Systems", SOSP 1981, section 2 (the user of a
 * partition cannot tell whether the others exist); ARINC 653 part 1, section 2.3.2.2 (a major frame of fixed
 * windows).
 *
 *   ├─── slot of guest 0 ──────┬─VMM─┼─── slot of guest 1 ──────┬─VMM─┼─ ...
 *   0                         7/8    1                                2   slices
 *
 * A slot that its guest does not use stays unused. The VMM works for all guests in its own eighths only; what
 * takes longer is paid in the next of them, before it works on. A guest's clock moves in the guest's part of its
 * own slots only: what others do, and what the VMM does for them, takes no time that it could see. Its disk
 * answers after a fixed time of its own (vdisk.c). */
#include "hypervisor/sched.h"

#define PARTS 8u

struct sched_slot sched_slot_at(const struct sched *sched, uint64_t now)
{
    uint64_t slice = sched->slice ? sched->slice : 1, number = now / slice, begin = number * slice;
    uint64_t vmm = begin + slice / PARTS * (PARTS - 1);
    struct sched_slot slot = {(unsigned)(number % sched->count), now >= vmm, vmm};
    if (slot.is_vmm)
        slot.end = begin + slice;
    return slot;
}

static unsigned pick(struct sched *sched, uint64_t now, uint64_t *until)
{
    struct sched_slot slot = sched_slot_at(sched, now);
    *until = slot.end;
    return slot.is_vmm || !sched->vcpus[slot.owner].is_runnable ? SCHED_NONE : slot.owner;
}

const struct sched_type SCHED_PARTITIONED = {
    .name = "partitioned",
    .meaning = "fixed slots: nothing that others do is seen",
    .slice_us = 1000,
    .is_partitioned = true,
    .pick = pick,
};
