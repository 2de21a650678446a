/* Decoded code: operations, blocks of them, the pool that holds the blocks of a world.
 *
 *   block    a run of at most 48 instructions of one page that is entered at its first; found by
 *            (CPU, frame and offset, EIP, mode). Entering it takes its instructions off the budget.
 *   op       one operation, 32 bytes: one instruction, or a fused pair
 *
 * A handler does its operation and passes on to the next (op + 1), to another block, or back to the
 * run loop (OP_STOP). When a write hits a block's bytes, the handlers of all its operations are replaced
 * by one that looks the code up again: whoever still holds the block, runs in it or links to it, finds
 * that. Blocks are freed all together, between instructions, when the pool is full. */
#ifndef VITRINE_CPU_BLOCKS_H
#define VITRINE_CPU_BLOCKS_H

#include "config.h"

#include "cpu/decode.h"
#include "cpu/internal.h"
#include "cpu/techniques.h"

#define BLOCK_INSTRUCTIONS 48
#define JUMP_ENTRIES 32768u

/* Mode of decoding and execution: the low byte of cpu->mode and of cpu->context. */
enum block_mode {
    MODE_CODE32 = 1,    /* CS.D */
    MODE_STACK32 = 2,   /* SS.B */
    MODE_FLAT = 4,      /* CS, SS, DS, ES: base 0, limit 4 GiB, plain */
    MODE_USER = 8,      /* CPL 3 */
    MODE_PROTECTED = 16, /* and not virtual-8086 */
    MODE_WATCHED = 32,  /* some instruction has a breakpoint: DR7 or the debugger's */
    MODE_CS_ZERO = 64   /* CS.base = 0: offsets are linear addresses */
};
/* cpu->mode     number of CS' limit << 8 | enum block_mode
 * cpu->context  63      40 39      16 15    0
 *               | global  |  local   | mode  |
 *
 * Two generations count the changes of code mappings: `global` those that concern all pages, `local`
 * loads of CR3, which leave global pages alone. What is known of the code at a linear address carries
 * the context that it was found in and a mask, which leaves `local` out for code in a global page. */
#define CONTEXT_LOCAL_SHIFT 16
#define CONTEXT_GLOBAL_SHIFT 40
#define CONTEXT_GENERATIONS (UINT64_C(1) << 24) /* of each kind */
#define CONTEXT_ALL UINT64_MAX
#define CONTEXT_WITHOUT_LOCAL (~((CONTEXT_GENERATIONS - 1) << CONTEXT_LOCAL_SHIFT))

/* `forwarded`: what the op before has left in its register, where the handler is one that takes it (ops_forwarding.h);
 * else anything. */
typedef const struct op *op_handler(struct cpu *cpu, const struct op *op, uint64_t forwarded);
#define OP_PARAMETERS struct cpu *cpu, const struct op *op, __attribute__((unused)) uint64_t forwarded

struct op {
    op_handler *handler;
    union {
        struct { uint32_t immediate, displacement; } v; /* both to be sign-extended */
        const struct instruction *instruction;
        uint64_t wide;
    } u;
    uint8_t d, s;          /* registers; byte operands: see ops.h */
    uint8_t base, index;
    uint8_t scale, segment;
    uint8_t is_narrow;     /* 16-bit addresses: a shift of 16 */
    uint8_t condition;     /* condition code, count of a shift; with a stack of 16 bits: 16 */
    uint16_t ip_delta;     /* of the instruction from the block's first */
    uint8_t number;        /* place in the block's ops */
    uint8_t remaining;     /* instructions of the block not executed before this one */
    uint8_t length;        /* of the instruction (of a fused pair: the first) */
    uint8_t covers;        /* instructions: 1, a fused pair: 2 */
    uint8_t label;         /* ops_goto.h */
    uint8_t patchable : 3; /* bytes of the immediate at the first instruction's end; 0: not so */
    uint8_t has_instruction : 1; /* u.instruction is in use */
    uint8_t is_system : 1; /* op_system does it, in whichever form */
    uint8_t takes : 1;     /* its handler takes what the op before forwards */
};
_Static_assert(sizeof(struct op) <= 32, "two operations fit into a line of the first-level cache");

/* Good while (context ^ cpu->context) & mask is 0. Within a page mask is 0: where the block that links
 * runs, its page is mapped, and the mode is still the one that it was entered in. Across pages the
 * generation of the mappings must be the same. No context is 0, which unlinked ones hold.
 *
 * A branch nearly always stays in its page. So it goes where `to` says and asks nothing but whether there is
 * one; where a target lies in another page, that is a gate: a block of no instruction, in its block's memory,
 * whose one op goes on by a link with all questions. */
struct block_links {
    struct block *to[2];    /* of a branch: taken, not taken; of CALL: there, behind it; else the first only */
    uint64_t context, mask; /* of to[0], where op is no branch */
};

/* Who runs a block reads it from `count` on: the ops and the links, to[] first. The pool places blocks so that `count`
 * begins a line of the workstation's first-level cache. */
struct block {
    uint64_t frame_id, ip, mode;
    const struct cpu *cpu;
    struct block *hash_next, *page_next;
    uint64_t target[2];        /* offsets: taken (or the only one), not taken (or behind a CALL) */
    uint32_t room;             /* bytes of the pool that it may use */
    uint16_t offset, bytes;    /* in the frame */
    uint32_t heat, sampled_at, turns; /* heat.h */
    bool is_dead, is_cached, is_hot, has_track;
    uint8_t count, op_count;
    op_handler *enter;         /* called with the first op: its handler, or the block's track */
    struct op ops[]; /* then the links, gates, the instructions of plain handlers */
};
#define GATE_BYTES (sizeof(struct block) + sizeof(struct op) + sizeof(struct block_links))

struct jump_entry {
    uint64_t tag; /* jump_tag(): with the base of CS, so that equal tags mean equal offsets */
    uint64_t context, mask;
    struct block *block;
};

static inline struct block *op_block(const struct op *op)
{
    const char *first = (const char *)(op - op->number);
    return (struct block *)(uintptr_t)(first - offsetof(struct block, ops));
}

/* The first op's block, without a look at the op. */
static inline const struct block *block_of_first(const struct op *first)
{
    return (const struct block *)(const void *)((const char *)first - offsetof(struct block, ops));
}

/* The links stand behind the last op. */
static inline struct block_links *block_links(struct block *block)
{
    return (struct block_links *)(void *)&block->ops[block->op_count];
}

static inline bool block_is_for(const struct block *b, const struct cpu *cpu, uint64_t frame_id,
                                unsigned offset)
{
    return b->frame_id == frame_id && b->offset == offset && b->ip == cpu->ip &&
           b->mode == cpu->mode && b->cpu == cpu;
}

/* --- dispatch ------------------------------------------------------------------------------------- */
/* A handler goes on in one of two forms. Chained: it jumps to the next op's handler. Stepping: it returns the
 * next op to whoever called it, which is a track (tracks.h), or, where compilers do not turn calls at a
 * function's end into jumps, the one loop of run_blocks(). Where there are tracks, a block is entered by its `enter`;
 * whoever gets an op returned knows a block's first by its number. */
#if defined(VITRINE_DISPATCH_TAIL) && TECHNIQUE_TAIL_CALLS
#define DISPATCH_IS_CHAINED 1
static inline const struct op *op_call(struct cpu *cpu, const struct op *op)
{
    return op->number == 0 ? block_of_first(op)->enter(cpu, op, 0) : op->handler(cpu, op, 0);
}
/* Ends the loop. On a track its handler is called for each step that is left, and returns it again. */
extern const struct block BLOCK_LAST;
#define OP_STOP BLOCK_LAST.ops
#else
static inline const struct op *op_call(struct cpu *cpu, const struct op *op)
{
    return op->handler(cpu, op, 0);
}
#define DISPATCH_IS_CHAINED 0
#define OP_STOP NULL
#endif
#ifdef VITRINE_DISPATCH_GOTO
#define DISPATCH_IS_GOTO 1
#else
#define DISPATCH_IS_GOTO 0
#endif

#if DISPATCH_IS_CHAINED && !defined(HANDLERS_STEP)
#if defined(__clang__)
#define DISPATCH_MUSTTAIL __attribute__((musttail))
#else
#define DISPATCH_MUSTTAIL /* gcc makes sibling calls from -O2 on */
#endif
/* The empty asm keeps compilers from holding op and op + 1 apart: what is left is an addition and a jump. */
#define DISPATCH_WITH(next, value)                                   \
    do {                                                             \
        const struct op *next_ = (next);                             \
        __asm__("" : "+r"(next_));                                   \
        DISPATCH_MUSTTAIL return next_->handler(cpu, next_, (value)); \
    } while (0)
#else
#define DISPATCH_MUSTTAIL
#define DISPATCH_WITH(next, value) return ((void)(value), (next))
#endif
/* Nothing is forwarded: whatever the register holds, without an instruction that sets it. */
static inline uint64_t op_nothing(void)
{
    uint64_t any;
    __asm__("" : "=r"(any));
    return any;
}
#define DISPATCH(next) DISPATCH_WITH(next, op_nothing())
#define NEXT DISPATCH(op + 1)
#define FORWARD(value) DISPATCH_WITH(op + 1, value)

/* --- the pool --------------------------------------------------------------------------------------- */
const struct opcode_map *pool_opcodes(const struct code_pool *pool);
const struct op_variant_map *pool_variants(const struct code_pool *pool);
const struct op_variant_map *pool_guesses(const struct code_pool *pool);
const struct op_pair_map *pool_pairs(const struct code_pool *pool);
const struct op_pair_map *pool_chains(const struct code_pool *pool);
const struct op_pair_map *pool_carries(const struct code_pool *pool);
const struct op_pair_map *pool_forwarding(const struct code_pool *pool);
struct tracks *pool_tracks(struct code_pool *pool);
const struct op_pair_map *pool_places(const struct code_pool *pool);
void pool_add_cpu(struct code_pool *pool, struct cpu *cpu);
void pool_remove_cpu(struct code_pool *pool, struct cpu *cpu);
struct block *pool_find(const struct code_pool *pool, const struct cpu *cpu, uint64_t frame_id,
                        unsigned offset);
/* Memory for a block and its instructions, block->room set; may empty the whole pool first. A block
 * that was killed at the same place for the same mode is taken again where it is large enough, so
 * that what links to it is right again. */
struct block *pool_allocate(struct code_pool *pool, struct cpu *cpu, uint64_t frame_id,
                            unsigned offset, size_t bytes);
/* Makes a finished block findable and its bytes watched for writes. */
void pool_insert(struct code_pool *pool, struct block *block, struct ram *ram, size_t frame);
/* Marks bytes of a frame as code, so that writes to them are reported. */
bool pool_watch_frame(struct code_pool *pool, struct ram *ram, size_t frame, unsigned offset,
                      unsigned bytes);
/* Bit i: bytes i * 64 ... i * 64 + 63 of the frame hold code. NULL: the pool knows no code there. The
 * pointer holds until memory_forget_writes() is called for the frame, or memory_forget_hosts(). */
const uint64_t *pool_lines(const struct code_pool *pool, const struct ram *ram, size_t frame);
/* Forgets a cached block: it no longer is what its bytes say. */
void pool_discard(struct code_pool *pool, const struct block *block);
/* A write to a frame with code, for whoever holds its pool_lines() and has written the bytes. */
void pool_wrote_code(struct code_pool *pool, const uint64_t *lines, unsigned offset, unsigned bytes);
/* Counts how often the pool was emptied. */
uint64_t pool_epoch(const struct code_pool *pool);
/* Forgets what the CPU still knows of an emptied pool's blocks and pages: before it runs. */
void pool_catch_up(struct cpu *cpu);
/* Forgets the blocks of one CPU (its watches changed). */
void pool_forget_cpu(struct code_pool *pool, const struct cpu *cpu);

/* Replaces all handlers of a block by op_stale. */
void block_kill(struct block *block);

/* --- building (build.c, emit.c) ------------------------------------------------------------------- */
struct builder {
    struct cpu *cpu;
    uint64_t ip;                /* of the next instruction */
    struct op ops[BLOCK_INSTRUCTIONS + 2];
    struct instruction instructions[BLOCK_INSTRUCTIONS + 1];
    /* Flags that the op reads and writes, for the removal of dead ones; may it leave the block? An op
     * without flags may stand for it when all that it writes are dead. */
    uint8_t reads[BLOCK_INSTRUCTIONS + 2], writes[BLOCK_INSTRUCTIONS + 2];
    uint8_t kills[BLOCK_INSTRUCTIONS + 2]; /* of those written: whose old value is gone */
    bool leaves[BLOCK_INSTRUCTIONS + 2];
    op_handler *without_flags[BLOCK_INSTRUCTIONS + 2]; /* NULL: there is none */
    op_handler *const *fused[BLOCK_INSTRUCTIONS + 2]; /* with a Jcc behind: by condition */
    op_handler *const *fused_clear[BLOCK_INSTRUCTIONS + 2]; /* the same, where the carry is known to be clear before */
    enum carry_after { CARRY_CHANGED, CARRY_KEPT, CARRY_CLEAR } carry[BLOCK_INSTRUCTIONS + 2]; /* what the op does to CF */
    unsigned op_count, instruction_count, used_instructions;
    uint64_t target[2];
    bool is_flat, has_ended, is_branch; /* a branch: two targets, both by near links (run.h) */
};
/* Builds at cpu->ip at most `most` instructions and returns the block: from the pool, or the CPU's
 * scratch block where the code cannot be kept (it crosses a page, lies in a device, or is cut by
 * `most`). May raise page faults. */
struct block *block_build(struct cpu *cpu, unsigned most);
/* Tries the specialised handlers; false: the plain one has to do. */
bool emit_fast(struct builder *b, const struct instruction *i);
bool emit_x87(struct builder *b, const struct instruction *i);
bool emit_port(struct builder *b, const struct instruction *i);
bool emit_string(struct builder *b, const struct instruction *i);
bool emit_seldom(struct builder *b, const struct instruction *i);
bool emit_simd(struct builder *b, const struct instruction *i);
/* What an op needs to know of the instruction's operand in memory. */
void op_set_memory(struct op *op, const struct instruction *i);
/* Adds an operation that keeps the decoded instruction, as the plain handlers want it. */
struct op *builder_add_plain(struct builder *b, op_handler *handler, const struct instruction *i);
/* Adds an operation for instruction i. */
struct op *builder_add(struct builder *b, op_handler *handler, const struct instruction *i);

#endif
