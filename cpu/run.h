/* The run loop: what handlers and memory need of it. */
#ifndef VITRINE_CPU_RUN_H
#define VITRINE_CPU_RUN_H

#include "bus/clock.h"
#include "cpu/blocks.h"

/* Instruction translations and what the debugger wants; owned by the CPU. */
#define FETCH_ENTRIES 256u
struct fetch_entry {
    uint64_t tag, context, mask, physical;
};
/* Pages that code came from in this generation: bits of a hash of their number. A page that has no bit can be
 * unmapped without a new generation. One that has another's bit costs a look at every link that is used again;
 * for global pages, which all of a kernel's links are in, that is thousands, so that they have more bits. */
#define FETCHED_LOCAL_LOG2 12u
#define FETCHED_GLOBAL_LOG2 16u
_Static_assert(FETCHED_LOCAL_LOG2 <= 12, "fetched_words has a bit for each word");
static inline unsigned fetched_bit(uint64_t linear, unsigned log2)
{
    return (uint32_t)(linear >> 12) * UINT32_C(0x9e3779b1) >> (32 - log2);
}
#define CODE_LIMITS 256u
#define SCRATCH_BYTES (sizeof(struct block) + (BLOCK_INSTRUCTIONS + 2) * sizeof(struct op) + \
                       sizeof(struct block_links) + 2 * GATE_BYTES +                          \
                       (BLOCK_INSTRUCTIONS + 1) * sizeof(struct instruction))
/* Tests compare them; programs are built by heat. */
enum handler_choice {
    HANDLERS_BY_HEAT,     /* general ones, in pairs; by register where it is hot (heat.h) */
    HANDLERS_BY_REGISTER, /* where there are such ones, from the start */
    HANDLERS_PLAIN        /* one for each row of the opcode table, nothing specialised */
};
struct cpu_run {
    struct code_pool *pool;
    uint64_t pool_epoch;         /* what is derived from the pool's blocks is of this epoch */
    bool owns_pool;
    unsigned ring;               /* scratch blocks in turn: the one being left stays intact */
    struct block *scratch[2];
    uint64_t scratch_frame[2];   /* whose bytes they are; UINT64_MAX: none */
    struct jump_entry jumps[JUMP_ENTRIES];
    struct fetch_entry fetch[FETCH_ENTRIES];
    uint64_t fetched_local[1u << (FETCHED_LOCAL_LOG2 - 6)];
    uint64_t fetched_global[1u << (FETCHED_GLOBAL_LOG2 - 6)];
    uint64_t fetched_words;      /* bit w: fetched_local[w] is not 0 */
    uint32_t limits[CODE_LIMITS]; /* of CS, by their numbers in cpu->mode */
    unsigned limit_count;
    uint64_t limit_end;          /* stop here as well as at slice_end; UINT64_MAX: no limit */
    uint64_t seen_now, seen_end; /* of the timeline when it was last synchronised */
    bool at_breakpoint;          /* op_breakpoint has left the block */
    uint64_t local_generation, global_generation; /* of code mappings: blocks.h */
    uint64_t instructions;       /* executed in earlier runs */
    uint64_t run_start;          /* of this run, in the timeline; moved by what was charged since */
    bool is_running;
    struct op *patched;          /* op whose handler leaves the block; NULL: none */
    op_handler *patched_handler;
    uint8_t patched_label;
    struct builder *builder;
    uint32_t samples, narrowness; /* heat.h */
    uint64_t sample_at, sample_ahead; /* in the timeline; between runs: how far ahead */
    enum handler_choice handlers;
    /* debugger */
    struct cpu_watch *watches;
    size_t watch_count;
    bool watches_code, watches_data;
    struct cpu_mark mark;        /* reached NULL: none */
    bool has_magic;              /* XCHG BX,BX stops */
    uint8_t watched_mode;        /* MODE_WATCHED or 0 */
    bool wants_step;
    bool has_hit;                /* stop before the next instruction */
    uint64_t skip_ip;            /* the breakpoint here has been reported */
    bool has_skip;
    struct cpu_debug_event event;
    struct space_listener listener;
};

/* Makes ip, next_ip and timeline->now those of the op's instruction; in place, for handlers that need it
 * each time. */
static inline void run_sync_here(struct cpu *cpu, const struct op *op)
{
    struct timeline *timeline = cpu->timeline;
    uint64_t now = cpu->budget_end - (uint64_t)cpu->budget - op->remaining;
    uint64_t ip = op_block(op)->ip + op->ip_delta;
    cpu->ip = ip;
    cpu->next_ip = (ip + op->length) & 0xffffffffu;
    cpu->current = op;
    timeline->now = now;
    cpu->run->seen_now = now;
    cpu->run->seen_end = timeline->slice_end;
}
void run_sync(struct cpu *cpu, const struct op *op);
/* Nothing has happened since that run_after_access() would have to do something about. */
static inline bool run_is_undisturbed(const struct cpu *cpu)
{
    return !cpu->has_event && cpu->timeline->now == cpu->run->seen_now &&
           cpu->timeline->slice_end == cpu->run->seen_end;
}
/* After an access to the outside: a nearer deadline or an event ends the block behind the current
 * instruction. */
void run_after_access(struct cpu *cpu);
/* Finds or builds the block at cpu->ip and enters it; OP_STOP: back to the loop. */
const struct op *run_lookup(struct cpu *cpu);

/* Where the budget ends: with the slice, or before, where the next sample is due (heat.h). */
uint64_t run_budget_end(const struct cpu *cpu, uint64_t at_least);

/* REP: elements that may still be done, the one charged already included; charging more. */
uint64_t run_elements_left(const struct cpu *cpu);
/* The slice has room for so many more, behind the block: takes them into the budget where only a stretch between
 * two samples ends before. */
bool run_has_elements(struct cpu *cpu, uint64_t elements);
void run_charge_elements(struct cpu *cpu, uint64_t elements);
bool run_must_stop(const struct cpu *cpu);

/* Data watches: of the debugger and of DR0-DR3. */
static inline bool run_has_data_watches(const struct cpu *cpu)
{
    return cpu->dr[7] & 0xff || cpu->run->watches_data;
}
bool run_is_watched(const struct cpu *cpu, uint64_t linear, bool is_write); /* this page */
void run_watch_access(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write);
/* Execution breakpoints: is there one at this address? */
bool run_has_breakpoint(const struct cpu *cpu, uint64_t linear);

/* Tells of a mark; true: a breakpoint of the debugger is here. */
bool run_match_code_watch(struct cpu *cpu, uint64_t linear);
/* Bits 0-3 of DR6 for the enabled execution breakpoints at this address. */
uint64_t run_match_code_registers(const struct cpu *cpu, uint64_t linear);
/* Has any register something to do with how code is decoded: instruction or port breakpoints? */
bool run_has_code_registers(const struct cpu *cpu);
bool run_has_port_registers(const struct cpu *cpu); /* I/O breakpoints */
/* What was decoded or mapped for the old break- and watchpoints is forgotten. */
void run_breakpoints_changed(struct cpu *cpu);
/* With MODE_WATCHED, behind an access to a port: the trap of an I/O breakpoint is due. */
void run_match_port_registers(struct cpu *cpu, uint16_t port, unsigned bytes);

/* The block at cpu->ip, which lies at linear; NULL: none has been built. `known` (or NULL) is looked
 * at first. *mask: which bits of the context the answer depends on. May raise #PF. */
struct block *block_at(struct cpu *cpu, uint64_t linear, struct block *known, uint64_t *mask);

void segment_recompute(struct cpu *cpu, unsigned index);
void segment_store(struct cpu *cpu, unsigned index, const struct cpu_segment *segment);

op_handler op_stale, op_leave, op_breakpoint, op_system, op_execute;
/* What op_system does; false: the loop has something to do in front of the next instruction. */
bool run_system(struct cpu *cpu, const struct op *op);

static inline unsigned jump_index(uint64_t linear)
{
    return (unsigned)linear & (JUMP_ENTRIES - 1);
}

static inline uint64_t jump_tag(uint64_t base, uint64_t linear)
{
    return base << 32 | linear;
}

#if !DISPATCH_IS_CHAINED || defined(HANDLERS_STEP)
#define GO_INTO(to) return (to)->ops
#else
#define GO_INTO(to) DISPATCH_MUSTTAIL return (to)->enter(cpu, (to)->ops, op_nothing())
#endif
/* Handlers end in these: on to a block, to the link of this block (by its last op), to an offset. */
#define ENTER_BLOCK(to)                                     \
    do {                                                    \
        struct block *to_ = (to);                           \
        cpu->budget -= to_->count;                          \
        if (BASE_UNLIKELY(cpu->budget < 0))                 \
            return run_out_of_budget(cpu, to_);             \
        GO_INTO(to_);                                       \
    } while (0)
#define OP_LINKS ((const struct block_links *)(const void *)(op + 1))
#define ENTER_LINK                                                                       \
    do {                                                                                 \
        if (BASE_LIKELY(!((OP_LINKS->context ^ cpu->context) & OP_LINKS->mask)))         \
            ENTER_BLOCK(OP_LINKS->to[0]);                                                \
        return run_link(cpu, op, 0);                                                     \
    } while (0)
/* Of a branch: a block of the same page, or a gate. */
#define ENTER_NEAR_LINK(which)                                                           \
    do {                                                                                 \
        struct block *near_ = OP_LINKS->to[which];                                       \
        if (BASE_LIKELY(near_ != NULL))                                                  \
            ENTER_BLOCK(near_);                                                          \
        return run_link(cpu, op, which);                                                 \
    } while (0)
#define ENTER_OFFSET(offset)                                                             \
    do {                                                                                 \
        uint64_t ip_ = (offset);                                                         \
        struct block *known_;                                                            \
        if (run_knows_target(cpu, cpu->bounds[CPU_CS].base, ip_, &known_))               \
            ENTER_BLOCK(known_);                                                         \
        cpu->ip = ip_;                                                                   \
        return run_lookup(cpu);                                                          \
    } while (0)
/* Is the block at an offset in the jump cache? What it knows lies within CS' limit: the context has it. */
static BASE_ALWAYS_INLINE bool run_knows_target(const struct cpu *cpu, uint64_t base, uint64_t ip, struct block **block)
{
    uint64_t linear = (base + ip) & 0xffffffffu;
    const struct jump_entry *jump = &cpu->jumps[jump_index(linear)];
    *block = jump->block;
    return BASE_LIKELY(TECHNIQUE_JUMP_CACHE && jump->tag == jump_tag(base, linear) &&
                       !((jump->context ^ cpu->context) & jump->mask));
}
/* CALL by op, the last of its block, which pushes ip: RET will look here. */
static BASE_ALWAYS_INLINE void run_note_call(struct cpu *cpu, const struct op *op, uint64_t base, uint64_t ip)
{
    if (TECHNIQUE_RETURNS) {
        cpu->call_top = (cpu->call_top + 1) % CALL_ENTRIES;
        cpu->calls[cpu->call_top] = (struct call_entry){
            jump_tag(base, (base + ip) & 0xffffffffu), cpu->context, OP_LINKS->to[1], op_block(op)};
    }
}
/* Is it the last CALL that RET goes back to, and the block there known? Then the CALL is done with. */
static BASE_ALWAYS_INLINE bool run_knows_return(struct cpu *cpu, uint64_t base, uint64_t ip, struct block **block)
{
    const struct call_entry *last = &cpu->calls[cpu->call_top];
    if (!TECHNIQUE_RETURNS)
        return run_knows_target(cpu, base, ip, block);
    *block = last->block;
    if (BASE_UNLIKELY(last->tag != jump_tag(base, (base + ip) & 0xffffffffu) || last->context != cpu->context || !*block))
        return false;
    cpu->call_top = (cpu->call_top - 1) % CALL_ENTRIES;
    return true;
}
/* RET to ip, all else done, where run_knows_return() does not know. */
const struct op *run_return(struct cpu *cpu, uint64_t ip);
/* What is known of targets in the jump cache and by the last CALLs is no longer right. */
void run_forget_targets(struct cpu *cpu);
const struct op *run_out_of_budget(struct cpu *cpu, struct block *block);
const struct op *run_link(struct cpu *cpu, const struct op *op, unsigned which);

#endif
