/* Borrowed virtual time.
 *
 * Source: Duda and Cheriton, "Borrowed-Virtual-Time (BVT) Scheduling: supporting latency-sensitive
 * threads in a general-purpose scheduler", SOSP 1999, sections 2 and 3. For each vCPU:
 *
 *   A  actual virtual time: what it ran, over its weight
 *   E  effective virtual time: A, less its warp W while it is warped; the least E runs
 *   C  context switch allowance: the current one goes on until it is C ahead of the least other
 *   L  at most so long warped without blocking; then unwarped for at least U
 *   wake: A = max(A, SVT), where SVT is the least A of all that can run: sleeping saves up nothing */
#include "hypervisor/sched.h"

#include "base/bits.h"

#define SCALE 65536u /* virtual time of an instruction at weight 1 */

/* Real time of a vCPU as its virtual time, and back. */
static uint64_t virtual_of(const struct sched_vcpu *vcpu, uint64_t instructions)
{
    return muldiv_floor(instructions, SCALE, vcpu->params.weight);
}

static uint64_t real_of(const struct sched_vcpu *vcpu, uint64_t time)
{
    return muldiv_ceil(time, vcpu->params.weight, SCALE);
}

/* W is given in time of a vCPU of the usual weight. */
static int64_t effective(const struct sched *sched, const struct sched_vcpu *vcpu)
{
    uint64_t warp = sched_us(sched, vcpu->params.warp_us) * (SCALE / SCHED_WEIGHT);
    return (int64_t)vcpu->actual - (vcpu->is_warped ? (int64_t)warp : 0);
}

static unsigned least(const struct sched *sched, unsigned other_than)
{
    unsigned best = SCHED_NONE;
    for (unsigned i = 0; i < sched->count; i++)
        if (i != other_than && sched->vcpus[i].is_runnable &&
            (best == SCHED_NONE ||
             effective(sched, &sched->vcpus[i]) < effective(sched, &sched->vcpus[best])))
            best = i;
    return best;
}

static void rewarp(struct sched *sched, struct sched_vcpu *vcpu, uint64_t now)
{
    if (vcpu->is_warped || vcpu->params.warp_us == 0)
        return;
    if (vcpu->unwarped_at && now < vcpu->unwarped_at + sched_us(sched, vcpu->params.unwarp_us))
        return;
    vcpu->is_warped = true;
    vcpu->warped = 0;
}

/* How long the chosen one may run before the next has to have its turn. */
static uint64_t lead(const struct sched *sched, const struct sched_vcpu *chosen, unsigned next)
{
    uint64_t limit = sched_us(sched, chosen->params.warp_limit_us), time = UINT64_MAX / 4;
    if (next != SCHED_NONE) {
        int64_t ahead = effective(sched, &sched->vcpus[next]) - effective(sched, chosen);
        time = sched->slice + (ahead > 0 ? real_of(chosen, (uint64_t)ahead) : 0);
        if (ahead < 0) {
            uint64_t behind = real_of(chosen, (uint64_t)-ahead);
            time = behind < sched->slice ? sched->slice - behind : 0;
        }
    }
    if (chosen->is_warped && limit && time > limit - chosen->warped)
        time = limit - chosen->warped;
    return time;
}

static unsigned pick(struct sched *sched, uint64_t now, uint64_t *until)
{
    unsigned current = sched->current, chosen, next;
    uint64_t time;
    for (unsigned i = 0; i < sched->count; i++)
        rewarp(sched, &sched->vcpus[i], now);
    if (current != SCHED_NONE && sched->vcpus[current].is_runnable) {
        time = lead(sched, &sched->vcpus[current], least(sched, current));
        if (time > 0) { /* within its allowance */
            *until = now + time;
            return current;
        }
    }
    chosen = least(sched, SCHED_NONE);
    *until = UINT64_MAX;
    if (chosen == SCHED_NONE)
        return SCHED_NONE;
    next = least(sched, chosen);
    time = lead(sched, &sched->vcpus[chosen], next);
    *until = now + (time ? time : 1);
    return chosen;
}

/* SVT: the least A of all that can run; it never goes back. */
static void move_virtual_time(struct sched *sched, unsigned but)
{
    uint64_t time = UINT64_MAX;
    for (unsigned i = 0; i < sched->count; i++)
        if (i != but && sched->vcpus[i].is_runnable && sched->vcpus[i].actual < time)
            time = sched->vcpus[i].actual;
    if (time != UINT64_MAX && time > sched->virtual_time)
        sched->virtual_time = time;
}

static void wake(struct sched *sched, unsigned number, uint64_t now)
{
    struct sched_vcpu *vcpu = &sched->vcpus[number];
    move_virtual_time(sched, number);
    if (vcpu->actual < sched->virtual_time)
        vcpu->actual = sched->virtual_time;
    vcpu->warped = 0; /* it blocked */
    rewarp(sched, vcpu, now);
    sched->until = now;
}

static void account(struct sched *sched, unsigned number, uint64_t ran, uint64_t now)
{
    struct sched_vcpu *vcpu = &sched->vcpus[number];
    uint64_t limit = sched_us(sched, vcpu->params.warp_limit_us);
    vcpu->actual += virtual_of(vcpu, ran);
    move_virtual_time(sched, SCHED_NONE);
    if (!vcpu->is_warped)
        return;
    vcpu->warped += ran;
    if (limit && vcpu->warped >= limit) {
        vcpu->is_warped = false;
        vcpu->unwarped_at = now;
        sched->until = now;
    }
}

const struct sched_type SCHED_BVT = {
    .name = "bvt",
    .meaning = "borrowed virtual time: weights, and warp for who must answer soon",
    .slice_us = 5000,
    .pick = pick,
    .wake = wake,
    .account = account,
};
