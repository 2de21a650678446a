/* The credit scheduler of Xen 3 and 4.
 *
 * Sources: Cherkasova, Gupta and Vahdat, "Comparison of the Three CPU Schedulers in Xen", SIGMETRICS
 * PER 35(2), 2007, section 2; Xen wiki, "Credit Scheduler" (weights 256, caps, 30 ms slice, 10 ms
 * ticks); Ongaro, Cox and Rixner, "Scheduling I/O in Virtual Machine Monitors", VEE 2008, section 3
 * (BOOST).
 *
 *   every 10 ms   who runs boosted becomes UNDER
 *   every 30 ms   each active vCPU gets its part, by weight, of 30 ms; a cap bounds it
 *                 credits >= 0: UNDER, < 0: OVER; below minus its cap: parked until it has paid
 *   running       costs a credit an instruction
 *   wake          UNDER, with credits left → BOOST, which preempts
 *   order         BOOST, UNDER, OVER; within one, who has waited longest
 *
 *   active        whom a tick finds running, or who owes; until it has more than a slice's credits:
 *                 a guest that only answers now and then leaves its part to the others
 *
 * Time is charged exactly, not by whom a tick finds running, so that nobody lives on sleeping through the
 * ticks; and who has used up its credits within a period is boosted no more, so that guests that do nothing but wake
 * leave one that computes its share. MISSING: more than one CPU to balance
 * over; the rate limit of 1 ms that Xen 4.2 added. */
#include "hypervisor/sched.h"

#define TICK_US        10000u
#define TICKS_A_PERIOD 3u

static int64_t period(const struct sched *sched)
{
    return (int64_t)(sched_us(sched, TICK_US) * TICKS_A_PERIOD);
}

static int64_t cap_of(const struct sched *sched, const struct sched_vcpu *vcpu)
{
    return period(sched) * (int64_t)vcpu->params.cap_percent / 100;
}

static void pay(struct sched *sched, struct sched_vcpu *vcpu, uint64_t weights)
{
    int64_t most = period(sched);
    int64_t fair = (int64_t)((uint64_t)most * vcpu->params.weight / weights);
    if (vcpu->params.cap_percent && fair > cap_of(sched, vcpu))
        fair = cap_of(sched, vcpu);
    vcpu->credits += fair;
    if (vcpu->credits > most) {
        vcpu->credits = most;
        vcpu->is_active = vcpu->is_runnable; /* else it does not use what it gets */
    }
    if (vcpu->credits < 0) {
        vcpu->priority = CREDIT_OVER;
        vcpu->is_parked =
            vcpu->params.cap_percent && (vcpu->is_parked || vcpu->credits < -cap_of(sched, vcpu));
    } else {
        vcpu->is_parked = false;
        if (vcpu->priority == CREDIT_OVER)
            vcpu->priority = CREDIT_UNDER;
    }
    if (vcpu->credits < -most)
        vcpu->credits = -most;
}

/* The period is over: credits for all that wanted to run in it. */
static void share_out(struct sched *sched)
{
    uint64_t weights = 0;
    for (unsigned i = 0; i < sched->count; i++)
        if (sched->vcpus[i].is_active)
            weights += sched->vcpus[i].params.weight;
    for (unsigned i = 0; i < sched->count; i++)
        if (sched->vcpus[i].is_active)
            pay(sched, &sched->vcpus[i], weights);
}

static void tick(struct sched *sched)
{
    sched->next_tick += sched_us(sched, TICK_US);
    if (sched->current != SCHED_NONE) {
        struct sched_vcpu *vcpu = &sched->vcpus[sched->current];
        vcpu->is_active = true;
        if (vcpu->priority == CREDIT_BOOST)
            vcpu->priority = CREDIT_UNDER;
    }
    if (++sched->ticks % TICKS_A_PERIOD == 0)
        share_out(sched);
}

static void catch_up(struct sched *sched, uint64_t now)
{
    if (sched->next_tick == 0)
        sched->next_tick = sched_us(sched, TICK_US);
    while (now >= sched->next_tick)
        tick(sched);
}

static bool can_run(const struct sched_vcpu *vcpu)
{
    return vcpu->is_runnable && !vcpu->is_parked;
}

static unsigned first_in_line(const struct sched *sched)
{
    unsigned best = SCHED_NONE;
    for (unsigned i = 0; i < sched->count; i++) {
        const struct sched_vcpu *v = &sched->vcpus[i], *b = &sched->vcpus[best % SCHED_VCPUS_MAX];
        if (can_run(v) && (best == SCHED_NONE || v->priority < b->priority ||
                           (v->priority == b->priority && v->queued < b->queued)))
            best = i;
    }
    return best;
}

static unsigned pick(struct sched *sched, uint64_t now, uint64_t *until)
{
    unsigned current = sched->current, chosen;
    catch_up(sched, now);
    if (current != SCHED_NONE) /* to the end of its queue, unless its slice lasts */
        sched->vcpus[current].queued =
            now < sched->slice_end && can_run(&sched->vcpus[current]) ? 0 : ++sched->next_queued;
    chosen = first_in_line(sched);
    if (chosen != current || now >= sched->slice_end)
        sched->slice_end = now + sched->slice;
    if (current != SCHED_NONE && chosen != current && sched->vcpus[current].queued == 0)
        sched->vcpus[current].queued = ++sched->next_queued;
    *until = chosen != SCHED_NONE && sched->slice_end < sched->next_tick ? sched->slice_end
                                                                         : sched->next_tick;
    return chosen;
}

static void wake(struct sched *sched, unsigned number, uint64_t now)
{
    struct sched_vcpu *vcpu = &sched->vcpus[number];
    catch_up(sched, now);
    vcpu->queued = ++sched->next_queued;
    if (sched->has_boost && vcpu->priority == CREDIT_UNDER && vcpu->credits >= 0 &&
        !vcpu->is_parked)
        vcpu->priority = CREDIT_BOOST;
    if (sched->current == SCHED_NONE || vcpu->priority < sched->vcpus[sched->current].priority)
        sched->until = now;
}

static void account(struct sched *sched, unsigned number, uint64_t ran, uint64_t now)
{
    struct sched_vcpu *vcpu = &sched->vcpus[number];
    (void)now;
    vcpu->credits -= (int64_t)ran;
    vcpu->is_active = vcpu->is_active || vcpu->credits < 0;
}

const struct sched_type SCHED_CREDIT = {
    .name = "credit",
    .meaning = "Xen's credit scheduler: weights, caps, BOOST for who wakes",
    .slice_us = 30000,
    .pick = pick,
    .wake = wake,
    .account = account,
};
