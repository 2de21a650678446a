/* vCPU schedulers: which guest the host's CPU runs next, and until when.
 *
 * A scheduler is a row: it is asked who runs, and told who woke and how long somebody ran. It knows
 * vCPUs by number and nothing of machines, so that the tests drive it with made-up ones. Times are
 * host times, in instructions; `until` is when it wants to be asked again at the latest.
 *
 *        wake(v)            account(v, ran)
 *   HLT ────────► runnable ◄──────────────── running
 *                    └──────── pick ────────────┘▲
 *
 * | row         | source                                                          |
 * |-------------|-----------------------------------------------------------------|
 * | round-robin | in turns; a vCPU that halts gives up the rest of its slice      |
 * | credit      | sched_credit.c                                                  |
 * | bvt         | sched_bvt.c                                                     |
 * | partitioned | sched_partitioned.c                                             | */
#ifndef VITRINE_HYPERVISOR_SCHED_H
#define VITRINE_HYPERVISOR_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_VCPUS_MAX 64
#define SCHED_NONE      UINT32_MAX
#define SCHED_WEIGHT    256u /* of a guest that says nothing */

/* What LAB.ini says about a guest's vCPU; rows take what they know. */
struct sched_params {
    uint64_t weight;                            /* its share against the others' */
    uint64_t cap_percent;                       /* credit: of the host's CPU; 0: none */
    uint64_t warp_us, warp_limit_us, unwarp_us; /* bvt: W, L, U of the paper */
};

enum credit_priority { CREDIT_BOOST, CREDIT_UNDER, CREDIT_OVER };

struct sched_vcpu {
    struct sched_params params;
    bool is_runnable;
    uint64_t ran;    /* since the start */
    uint64_t queued; /* order of arrival at the end of its queue */
    /* credit */
    int64_t credits; /* in instructions */
    enum credit_priority priority;
    bool is_active; /* takes part in the sharing out of credits */
    bool is_parked; /* its cap is used up */
    /* bvt */
    uint64_t actual; /* A: actual virtual time */
    bool is_warped;
    uint64_t warped; /* ran warped without blocking */
    uint64_t unwarped_at;
};

struct sched_type;

struct sched {
    const struct sched_type *type;
    uint64_t hz, slice;
    bool has_boost; /* credit: whoever wakes with credits runs first */
    struct sched_vcpu vcpus[SCHED_VCPUS_MAX];
    unsigned count;
    unsigned current; /* SCHED_NONE: nobody */
    uint64_t until;
    uint64_t slice_end; /* of the current one */
    uint64_t next_queued;
    uint64_t next_tick, ticks; /* credit */
    uint64_t virtual_time;     /* bvt: SVT, the scheduler's virtual time */
};

struct sched_type {
    const char *name, *meaning;
    uint64_t slice_us;   /* where LAB.ini says none */
    bool is_partitioned; /* a guest's time passes in its own slots only; the VMM has its own */
    /* Who runs now; SCHED_NONE: nobody. */
    unsigned (*pick)(struct sched *sched, uint64_t now, uint64_t *until);
    /* A vCPU became runnable: may set sched->until to now, to be asked again. May be NULL. */
    void (*wake)(struct sched *sched, unsigned vcpu, uint64_t now);
    /* It ran so long, and stopped now. May be NULL. */
    void (*account)(struct sched *sched, unsigned vcpu, uint64_t ran, uint64_t now);
};

extern const struct sched_type SCHED_ROUND_ROBIN, SCHED_CREDIT, SCHED_BVT, SCHED_PARTITIONED;
/* Ends with NULL. */
extern const struct sched_type *const SCHED_TYPES[];

/* NULL: no scheduler of that name. */
const struct sched_type *sched_find(const char *name);
/* slice_us 0: the scheduler's own. The params of `count` vCPUs are filled in afterwards. */
void sched_init(struct sched *sched, const struct sched_type *type, unsigned count, uint64_t hz,
                uint64_t slice_us);
uint64_t sched_us(const struct sched *sched, uint64_t us);
/* Says whether a vCPU can run now; the change from no to yes wakes it. */
void sched_set_runnable(struct sched *sched, unsigned vcpu, bool is_runnable, uint64_t now);
void sched_account(struct sched *sched, unsigned vcpu, uint64_t ran, uint64_t now);
/* Who runs now: the current one while it can and its time lasts, else whom the row picks. */
unsigned sched_choose(struct sched *sched, uint64_t now);

/* --- partitioned: the host's time as slots (pure) -------------------------------------------------- */

struct sched_slot {
    unsigned owner;
    bool is_vmm;  /* the last eighth of a slot: the VMM works */
    uint64_t end; /* of this part of the slot */
};
struct sched_slot sched_slot_at(const struct sched *sched, uint64_t now);

#endif
