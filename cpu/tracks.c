/* Tracks, and who is on them (tracks.h). */
#include "cpu/tracks.h"

#if DISPATCH_IS_CHAINED
/* Equal functions stay apart: that is what they are for. */
#if defined(__GNUC__) && !defined(__clang__)
#define TRACK_KEPT __attribute__((no_icf))
#else
#define TRACK_KEPT
#endif

#define LEAVE_AT_ENTRY                                                   \
    do {                                                                 \
        if (op_is_entry(op)) {                                           \
            op = op_of_entry(op);                                        \
            DISPATCH_MUSTTAIL return block_of_first(op)->enter(cpu, op); \
        }                                                                \
    } while (0)
#define STEP                         \
    op = op->handler(cpu, op);       \
    LEAVE_AT_ENTRY

/* Whoever is longer than its track shares what comes behind. */
static const struct op *steps_behind(struct cpu *cpu, const struct op *op)
{
    for (;;) {
        STEP;
        STEP;
        STEP;
        STEP;
    }
}

#define STEPS_5 \
    STEP;       \
    STEP;       \
    STEP;       \
    STEP;       \
    STEP
#define STEPS_6 \
    STEP;       \
    STEPS_5
#define STEPS_46 \
    STEP;        \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5;     \
    STEPS_5

#define TRACK_OF(name, STEPS)                                                     \
    static TRACK_KEPT const struct op *name(struct cpu *cpu, const struct op *op) \
    {                                                                             \
        STEPS;                                                                    \
        DISPATCH_MUSTTAIL return steps_behind(cpu, op);                           \
    }
#define SHORT_STEPS 6u

/* Copies are named by digits of 0 to 3: 4,096 short ones, 512 long ones. */
#define COPIES_4(M, n) M(n##0) M(n##1) M(n##2) M(n##3)
#define COPIES_16(M, n) COPIES_4(M, n##0) COPIES_4(M, n##1) COPIES_4(M, n##2) COPIES_4(M, n##3)
#define COPIES_64(M, n) COPIES_16(M, n##0) COPIES_16(M, n##1) COPIES_16(M, n##2) COPIES_16(M, n##3)
#define COPIES_256(M, n) COPIES_64(M, n##0) COPIES_64(M, n##1) COPIES_64(M, n##2) COPIES_64(M, n##3)
#define COPIES_1024(M, n) COPIES_256(M, n##0) COPIES_256(M, n##1) COPIES_256(M, n##2) COPIES_256(M, n##3)
#define ALL_SHORT(M) COPIES_1024(M, 0) COPIES_1024(M, 1) COPIES_1024(M, 2) COPIES_1024(M, 3)
#define ALL_LONG(M) COPIES_256(M, 0) COPIES_256(M, 1)

#define SHORT_TRACK(n) TRACK_OF(track_##n, STEPS_6)
#define LONG_TRACK(n) TRACK_OF(long_track_##n, STEPS_46)
ALL_SHORT(SHORT_TRACK)
ALL_LONG(LONG_TRACK)
#define SHORT_NAME(n) track_##n,
#define LONG_NAME(n) long_track_##n,
static op_handler *const SHORT_TRACKS[] = {ALL_SHORT(SHORT_NAME)};
static op_handler *const LONG_TRACKS[] = {ALL_LONG(LONG_NAME)};

static const struct op *stop(struct cpu *cpu, const struct op *op)
{
    (void)cpu;
    (void)op;
    return NULL;
}
const struct block BLOCK_LAST = {.enter = stop};

/* --- both forms of a handler ---------------------------------------------------------------------- */
static size_t slot_of(op_handler *chained)
{
    uint64_t key = (uint64_t)(uintptr_t)chained >> 4;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 51);
}
_Static_assert(TRACK_SLOTS == 1u << (64 - 51), "slot_of() yields a place");

static void add_forms(struct tracks *tracks, op_handler *const *chained, op_handler *const *stepping,
                      size_t count)
{
    for (size_t n = 0; n < count; n++) {
        size_t at = chained[n] ? slot_of(chained[n]) : 0;
        if (!chained[n])
            continue;
        while (tracks->slot[at].chained && tracks->slot[at].chained != chained[n])
            at = (at + 1) & (TRACK_SLOTS - 1);
        tracks->slot[at] = (struct track_forms){chained[n], stepping[n]};
    }
}

/* A struct op_handlers is made of pointers to handlers and of nothing else. */
static void add_table(struct tracks *tracks, const struct op_handlers *chained,
                      const struct op_handlers *stepping)
{
    add_forms(tracks, (op_handler *const *)(const void *)chained, (op_handler *const *)(const void *)stepping,
              sizeof *chained / sizeof(op_handler *));
}

/* What is measured (docs/performance.md): on AMD's Zen 5 a shell's loop takes a third less time on tracks. On an Intel Xeon
 * it takes a tenth less at best and a third more at worst, from one hour to the next, and fork and exec a fifth more. */
static bool gains_by_tracks(void)
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_cpu_init();
    return !__builtin_cpu_is("intel");
#else
    return true;
#endif
}

void tracks_init(struct tracks *tracks)
{
    tracks->are_used = gains_by_tracks();
    add_table(tracks, &OPS_8, &TRACK_OPS_8);
    add_table(tracks, &OPS_16, &TRACK_OPS_16);
    add_table(tracks, &OPS_32, &TRACK_OPS_32);
    add_forms(tracks, OP_PAIRS[0], TRACK_PAIRS[0], PAIR_FIRSTS * PAIR_SECONDS);
    add_forms(tracks, &(op_handler *){op_system}, &(op_handler *){track_system}, 1);
}

/* NULL: it has one form only. */
static op_handler *stepping_form(const struct tracks *tracks, op_handler *handler)
{
    size_t at = slot_of(handler);
    while (tracks->slot[at].chained && tracks->slot[at].chained != handler)
        at = (at + 1) & (TRACK_SLOTS - 1);
    return tracks->slot[at].stepping;
}

static op_handler *chained_form(const struct tracks *tracks, op_handler *handler)
{
    for (size_t at = 0; at < TRACK_SLOTS; at++)
        if (tracks->slot[at].chained && tracks->slot[at].stepping == handler)
            return tracks->slot[at].chained;
    return handler;
}

static unsigned dispatches(const struct block *block)
{
    unsigned count = 0;
    for (unsigned n = 0; n < block->op_count; n++, count++)
        if (op_pair_first(block->ops[n].handler) != block->ops[n].handler)
            n++;
    return count;
}

/* The tracks of a kind go round. */
static op_handler *next_of(op_handler *const *kind, size_t count, uint32_t *next)
{
    op_handler *track = kind[*next];
    *next = (uint32_t)((*next + 1) % count);
    return track;
}

void track_take(struct tracks *tracks, struct block *block)
{
    op_handler *track;
    if (!tracks->are_used || !stepping_form(tracks, block->ops[block->op_count - 1].handler))
        return;
    if (dispatches(block) <= SHORT_STEPS)
        track = next_of(SHORT_TRACKS, ARRAY_COUNT(SHORT_TRACKS), &tracks->next_short);
    else
        track = next_of(LONG_TRACKS, ARRAY_COUNT(LONG_TRACKS), &tracks->next_long);
    for (unsigned n = 0; n < block->op_count; n++) {
        op_handler *stepping = stepping_form(tracks, block->ops[n].handler);
        if (stepping)
            block->ops[n].handler = stepping;
    }
    block->enter = track;
    block->has_track = true;
}

void track_leave(const struct tracks *tracks, struct block *block)
{
    for (unsigned n = 0; n < block->op_count; n++)
        block->ops[n].handler = chained_form(tracks, block->ops[n].handler);
    block->enter = block->ops[0].handler;
    block->has_track = false;
}
#else
void tracks_init(struct tracks *tracks)
{
    (void)tracks;
}
void track_take(struct tracks *tracks, struct block *block)
{
    (void)tracks;
    (void)block;
}
void track_leave(const struct tracks *tracks, struct block *block)
{
    (void)tracks;
    (void)block;
}
#endif
