#include "hypervisor/sched.h"

#include "base/bits.h"

static bool can_run(const struct guest *guest)
{
    return !guest->has_ended && !guest->is_paused && !cpu_is_idle(guest->machine->cpu);
}

/* Policy `virtual`: a preempted guest's time stands still; HLT never freezes it. */
static void set_clocks(struct vmm *vmm, const struct guest *chosen)
{
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        struct guest *guest = &vmm->guests[i];
        if (!guest->lab->has_virtual_time || guest->is_paused)
            continue;
        if (guest != chosen && can_run(guest))
            clock_freeze(&guest->machine->clock);
        else
            clock_thaw(&guest->machine->clock);
    }
}

static void switch_to(struct vmm *vmm, struct guest *guest)
{
    struct timeline *timeline = &vmm->world->timeline;
    if (vmm->current != guest) {
        vmm_charge(vmm, guest, COST_CONTEXT_SWITCH, 1);
        guest->slices++;
    }
    vmm->current = guest;
    vmm->slice_until =
        timeline->now + muldiv_floor(vmm->lab->slice_us, timeline->hz, UINT64_C(1000000));
}

/* The next guest after the current one, in turn, that can run; NULL: none. */
static struct guest *next_in_turn(struct vmm *vmm)
{
    unsigned start = vmm->current ? vmm->current->number : vmm->guest_count - 1;
    for (unsigned i = 1; i <= vmm->guest_count; i++) {
        struct guest *next = &vmm->guests[(start + i) % vmm->guest_count];
        if (can_run(next))
            return next;
    }
    return NULL;
}

struct guest *sched_pick(struct vmm *vmm)
{
    struct timeline *timeline = &vmm->world->timeline;
    bool goes_on = vmm->current && can_run(vmm->current);
    struct guest *chosen = vmm->current;
    if (!goes_on || timeline->now >= vmm->slice_until) {
        chosen = next_in_turn(vmm);
        if (chosen && goes_on && chosen != vmm->current)
            vmm->current->preemptions++;
        if (chosen)
            switch_to(vmm, chosen);
    }
    set_clocks(vmm, chosen);
    if (chosen && vmm->slice_until < timeline->slice_end)
        timeline->slice_end = vmm->slice_until;
    return chosen;
}
