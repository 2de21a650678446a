#include "hypervisor/sched.h"

#include <string.h>

#include "base/bits.h"

const struct sched_type *const SCHED_TYPES[] = {&SCHED_ROUND_ROBIN, &SCHED_CREDIT, &SCHED_BVT,
                                                &SCHED_PARTITIONED, NULL};

const struct sched_type *sched_find(const char *name)
{
    for (const struct sched_type *const *type = SCHED_TYPES; *type; type++)
        if (strcmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}

uint64_t sched_us(const struct sched *sched, uint64_t us)
{
    return muldiv_floor(us, sched->hz, UINT64_C(1000000));
}

void sched_init(struct sched *sched, const struct sched_type *type, unsigned count, uint64_t hz,
                uint64_t slice_us)
{
    memset(sched, 0, sizeof *sched);
    sched->type = type;
    sched->count = count;
    sched->hz = hz;
    sched->slice = sched_us(sched, slice_us ? slice_us : type->slice_us);
    sched->has_boost = true;
    sched->current = SCHED_NONE;
    for (unsigned i = 0; i < count; i++) {
        sched->vcpus[i].params.weight = SCHED_WEIGHT;
        sched->vcpus[i].priority = CREDIT_UNDER;
    }
}

void sched_set_runnable(struct sched *sched, unsigned vcpu, bool is_runnable, uint64_t now)
{
    bool wakes = is_runnable && !sched->vcpus[vcpu].is_runnable;
    sched->vcpus[vcpu].is_runnable = is_runnable;
    if (wakes && sched->type->wake)
        sched->type->wake(sched, vcpu, now);
}

void sched_account(struct sched *sched, unsigned vcpu, uint64_t ran, uint64_t now)
{
    sched->vcpus[vcpu].ran += ran;
    if (sched->type->account)
        sched->type->account(sched, vcpu, ran, now);
}

unsigned sched_choose(struct sched *sched, uint64_t now)
{
    if (sched->current == SCHED_NONE || !sched->vcpus[sched->current].is_runnable ||
        now >= sched->until)
        sched->current = sched->type->pick(sched, now, &sched->until);
    return sched->current;
}

/* --- round-robin ----------------------------------------------------------------------------------- */

static unsigned pick_in_turn(struct sched *sched, uint64_t now, uint64_t *until)
{
    unsigned last = sched->next_queued ? (unsigned)(sched->next_queued - 1) : sched->count - 1;
    *until = UINT64_MAX;
    for (unsigned i = 1; i <= sched->count; i++) {
        unsigned next = (last + i) % sched->count;
        if (!sched->vcpus[next].is_runnable)
            continue;
        sched->next_queued = next + 1;
        *until = now + sched->slice;
        return next;
    }
    return SCHED_NONE;
}

/* Short: a guest that measures its TSC against the PIT (10 ms) sees that it was preempted. */
const struct sched_type SCHED_ROUND_ROBIN = {
    .name = "round-robin",
    .meaning = "in turns, equal slices",
    .slice_us = 1000,
    .pick = pick_in_turn,
};
