/* Tracks, and who is on them (tracks.h). */
#include "cpu/tracks.h"

#if DISPATCH_IS_CHAINED
/* Equal functions stay apart: that is what they are for. */
#if defined(__GNUC__) && !defined(__clang__)
#define TRACK_KEPT __attribute__((no_icf))
#else
#define TRACK_KEPT
#endif

#define STEP op = op->handler(cpu, op, op_nothing())
#define ENTER_BLOCK_AT_OP DISPATCH_MUSTTAIL return block_of_first(op)->enter(cpu, op, op_nothing())

/* Whoever is not at a block's end behind the last step: the block is longer than any track, was left in its middle
 * for another one, or did something twice. */
static __attribute__((noinline)) const struct op *steps_behind(OP_PARAMETERS)
{
    do {
        STEP;
    } while (op->number != 0);
    ENTER_BLOCK_AT_OP;
}

/* The empty asm keeps compilers from taking `first` for `op` where they are equal, the other one from a conditional move,
 * which would wait for both. */
#define TRACK_OF(name, steps, copy)                                               \
    static TRACK_KEPT const struct op *name(OP_PARAMETERS)                        \
    {                                                                             \
        const struct op *first = cpu->track_first[(steps) * TRACK_COPIES + (copy)]; \
        bool is_mine = first == op;                                               \
        __asm__("" : "+r"(first));                                                \
        if (BASE_LIKELY(is_mine))                                                 \
            op = first;                                                           \
        else                                                                      \
            __asm__ volatile("");                                                 \
        BASE_UNROLLED for (unsigned n = 0; n < (steps); n++)                      \
            STEP;                                                                 \
        if (BASE_UNLIKELY(op->number != 0))                                       \
            DISPATCH_MUSTTAIL return steps_behind(cpu, op, op_nothing());         \
        ENTER_BLOCK_AT_OP;                                                        \
    }

/* X(steps, copies). Boot, a shell's loop, gzip and 200 fork and exec together use 3,000, as they are distributed here. */
#define KINDS(X)                                                                                 \
    X(1, 1024) X(2, 1024) X(3, 1024) X(4, 1024) X(5, 1024) X(6, 256) X(7, 256) X(8, 256)         \
    X(9, 256) X(10, 256) X(11, 64) X(12, 64) X(13, 64) X(14, 64) X(15, 64) X(16, 64)             \
    X(17, 16) X(18, 16) X(19, 16) X(20, 16) X(21, 16) X(22, 16) X(23, 16) X(24, 16)              \
    X(25, 16) X(26, 16) X(27, 16) X(28, 16) X(29, 64) X(30, 64) X(31, 64) X(32, 16)
_Static_assert(TRACK_STEPS == 32, "KINDS has a kind for each number of steps");

/* Copies are named by their steps and digits of 0 to 3. */
#define COPIES_4(M, steps, k, n) \
    M(steps, k##0, (n) * 4) M(steps, k##1, (n) * 4 + 1) M(steps, k##2, (n) * 4 + 2) M(steps, k##3, (n) * 4 + 3)
#define COPIES_16(M, steps, k, n) \
    COPIES_4(M, steps, k##0, (n) * 4) COPIES_4(M, steps, k##1, (n) * 4 + 1) \
    COPIES_4(M, steps, k##2, (n) * 4 + 2) COPIES_4(M, steps, k##3, (n) * 4 + 3)
#define COPIES_64(M, steps, k, n) \
    COPIES_16(M, steps, k##0, (n) * 4) COPIES_16(M, steps, k##1, (n) * 4 + 1) \
    COPIES_16(M, steps, k##2, (n) * 4 + 2) COPIES_16(M, steps, k##3, (n) * 4 + 3)
#define COPIES_256(M, steps, k, n) \
    COPIES_64(M, steps, k##0, (n) * 4) COPIES_64(M, steps, k##1, (n) * 4 + 1) \
    COPIES_64(M, steps, k##2, (n) * 4 + 2) COPIES_64(M, steps, k##3, (n) * 4 + 3)
#define COPIES_1024(M, steps, k, n) \
    COPIES_256(M, steps, k##0, (n) * 4) COPIES_256(M, steps, k##1, (n) * 4 + 1) \
    COPIES_256(M, steps, k##2, (n) * 4 + 2) COPIES_256(M, steps, k##3, (n) * 4 + 3)

#define TRACK(steps, k, n) TRACK_OF(track_##k, steps, n)
#define TRACK_NAME(steps, k, n) track_##k,
#define TRACKS_OF_KIND(steps, copies)                                                    \
    _Static_assert((copies) <= TRACK_COPIES, "tracks->first has a place for each copy"); \
    COPIES_##copies(TRACK, steps, steps##_, 0u)                                          \
    static op_handler *const TRACKS_##steps[] = {COPIES_##copies(TRACK_NAME, steps, steps##_, 0u)};
KINDS(TRACKS_OF_KIND)

#define KIND(steps, copies) [steps] = {TRACKS_##steps, copies},
static const struct track_kind {
    op_handler *const *tracks;
    uint32_t count;
} kinds[TRACK_STEPS + 1] = {KINDS(KIND)};

static const struct op *stop(OP_PARAMETERS)
{
    (void)cpu;
    (void)op;
    return OP_STOP;
}
__extension__ const struct block BLOCK_LAST = {.enter = stop, .ops = {{.handler = stop}}};

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

/* What is measured (docs/performance.md): on AMD's Zen 5 (family 1Ah) a shell's loop takes a third less time on tracks, on
 * Zen 4 half as much again; on an Intel Xeon a tenth less at best and a third more at worst, from one hour to the next. So
 * tracks are for AMD's processors that are newer than those the compiler's list of families ends with. */
static bool gains_by_tracks(void)
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") && !__builtin_cpu_is("amdfam10h") && !__builtin_cpu_is("amdfam15h") &&
           !__builtin_cpu_is("btver1") && !__builtin_cpu_is("btver2") && !__builtin_cpu_is("amdfam17h") &&
           !__builtin_cpu_is("amdfam19h");
#else
    return false;
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

op_handler *track_stepping_form(const struct tracks *tracks, op_handler *handler)
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

/* A chained handler runs on to the next stepping one. */
static unsigned steps_of(const struct tracks *tracks, const struct block *block)
{
    unsigned count = 0;
    for (unsigned n = 0; n < block->op_count; n++) {
        op_handler *handler = block->ops[n].handler;
        count += track_stepping_form(tracks, handler) != NULL;
        n += op_pair_first(handler) != handler;
    }
    return count < TRACK_STEPS ? count : TRACK_STEPS;
}

void track_take(struct tracks *tracks, struct block *block)
{
    unsigned steps, copy;
    if (!tracks->are_used || !track_stepping_form(tracks, block->ops[block->op_count - 1].handler))
        return;
    steps = steps_of(tracks, block);
    for (unsigned n = 0; n < block->op_count; n++) {
        op_handler *stepping = track_stepping_form(tracks, block->ops[n].handler);
        if (stepping)
            block->ops[n].handler = stepping;
    }
    copy = tracks->next[steps]++ % kinds[steps].count;
    tracks->first[steps][copy] = block->ops;
    block->enter = kinds[steps].tracks[copy];
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
op_handler *track_stepping_form(const struct tracks *tracks, op_handler *handler)
{
    (void)tracks;
    return handler;
}
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
