/* Specialised handlers: what their templates share. ops_template.h is compiled once for each operand
 * size and yields a struct op_handlers; emit.c picks from it.
 *
 * Byte registers are encoded as number & 3, plus 8 for AH-BH: gpr[c & 3] >> (c & 8). */
#ifndef VITRINE_CPU_OPS_H
#define VITRINE_CPU_OPS_H

#include "cpu/blocks.h"
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/memory.h"
#include "cpu/run.h"

/* Classes of memory operands. B: flat segment, 32-bit address without an index; F: with one; S: any.
 *
 * The handlers of all three are short and call nothing: where the fast TLB (or the segment's bounds) does
 * not have the operand, they pass on to a slow companion that does the whole instruction again, with
 * calls, and goes back to the loop. */
enum op_class { OP_B, OP_F, OP_S, OP_CLASSES };
/* Forms of two operands. */
enum op_form {
    OP_RR, OP_RI, OP_RM, OP_RM_F, OP_RM_S, OP_MR, OP_MR_F, OP_MR_S, OP_MI, OP_MI_F, OP_MI_S, OP_FORMS
};
enum op_unary { OP_INC, OP_DEC, OP_NOT, OP_NEG, OP_UNARIES };

#define OP_RUN 7 /* the most registers of a run of PUSH or POP */

struct op_handlers {
    op_handler *alu[8][OP_FORMS], *alu_quiet[8][2]; /* quiet: without flags */
    op_handler *test[OP_FORMS];
    op_handler *mov[OP_FORMS];
    op_handler *unary[OP_UNARIES][4], *unary_quiet[OP_UNARIES]; /* register, B, F, S */
    op_handler *shift_i[8], *shift_i_quiet[8], *shift_c[8];
    op_handler *cmp_jcc[OP_FORMS][16], *test_jcc[2][16]; /* NULL: not fused */
    op_handler *count_jcc[2][16]; /* INC, DEC of a register */
    op_handler *setcc[4], *cmov[4];
    op_handler *lea[3], *xchg, *cbw, *cwd, *imul[4], *imul_i[4], *mul[2], *bswap;
    op_handler *movzx8[4], *movsx8[4], *movzx16[4], *movsx16[4];
    /* [0]: flat stack of 32 bits; [1]: any */
    op_handler *push_r[2], *push_i[2], *pop_r[2], *leave, *call[2], *call_r[2], *ret[2];
    op_handler *push_run[OP_RUN + 1], *pop_run[OP_RUN + 1]; /* by their number of registers */
    op_handler *push_m[OP_CLASSES], *call_m[OP_CLASSES], *jmp_m[OP_CLASSES], *jmp_r, *loop;
    op_handler *jcc[16], *jmp, *nop; /* of all sizes: in OPS_32 */
};
extern const struct op_handlers OPS_8, OPS_16, OPS_32;
op_handler op_sahf;

#define OP_DEFINE(name) static const struct op *name(struct cpu *cpu, const struct op *op)
/* Kept apart, so that the short handlers need no stack frame. */
#define OP_SLOW(name)                                                                 \
    static __attribute__((noinline, cold)) const struct op *name(struct cpu *cpu,     \
                                                                 const struct op *op)

static inline uint64_t get_gpr8(const struct cpu *cpu, unsigned code)
{
    return cpu->gpr[code & 3] >> (code & 8) & 0xff;
}
static inline void set_gpr8(struct cpu *cpu, unsigned code, uint64_t value)
{
    uint64_t *r = &cpu->gpr[code & 3];
    unsigned shift = code & 8;
    *r = (*r & ~(UINT64_C(0xff) << shift)) | (value & 0xff) << shift;
}

static inline uint64_t op_immediate(const struct op *op)
{
    return (uint64_t)(int64_t)(int32_t)op->u.v.immediate;
}

static inline uint64_t op_offset(const struct cpu *cpu, const struct op *op)
{
    return cpu->gpr[op->base] + (cpu->gpr[op->index] << op->scale) +
           (uint64_t)(int64_t)(int32_t)op->u.v.displacement;
}

/* Raises, or finds that the slow check lets the access pass. */
uint64_t op_linear_slow(struct cpu *cpu, const struct op *op, unsigned segment, uint64_t offset,
                        unsigned bytes, bool is_write);
static inline uint64_t op_linear_in(struct cpu *cpu, const struct op *op, unsigned segment,
                                    uint64_t offset, unsigned bytes, bool is_write)
{
    const struct segment_bounds *b = &cpu->bounds[segment];
    if (BASE_LIKELY(offset + bytes - 1 < (is_write ? b->write_bound : b->read_bound)))
        return (uint32_t)(b->base + offset);
    return op_linear_slow(cpu, op, segment, offset, bytes, is_write);
}
static inline uint64_t op_linear_any(struct cpu *cpu, const struct op *op, unsigned bytes,
                                     bool is_write)
{
    uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
    return op_linear_in(cpu, op, op->segment, offset, bytes, is_write);
}

static inline uint64_t op_load(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes)
{
    const uint8_t *host = tlb_hit(cpu->tlb_read, linear, bytes);
    return BASE_LIKELY(host != NULL) ? load_le(host, bytes)
                                     : memory_read_slow(cpu, op, linear, bytes);
}
static inline void op_store(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes,
                            uint64_t value)
{
    uint8_t *host = tlb_hit(cpu->tlb_write, linear, bytes);
    if (BASE_LIKELY(host != NULL))
        store_le(host, bytes, value);
    else
        memory_write_slow(cpu, op, linear, bytes, value);
}
/* Short ways to an operand's bytes; false: not this way. */
static BASE_ALWAYS_INLINE bool op_reach(const struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write,
                            uint8_t **host)
{
    return BASE_LIKELY(tlb_reach(is_write ? cpu->tlb_write : cpu->tlb_read, linear, bytes, host));
}
/* The same, and writes beside decoded code: stacks and variables of 16-bit programs share pages with it. */
static BASE_ALWAYS_INLINE bool op_reach_any(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                bool is_write, uint8_t **host)
{
    return op_reach(cpu, linear, bytes, is_write, host) ||
           (is_write && tlb_reach_beside_code(cpu, linear, bytes, host));
}
static BASE_ALWAYS_INLINE bool op_reach_at(const struct cpu *cpu, const struct op *op, unsigned base,
                               unsigned bytes, bool is_write, uint8_t **host)
{
    return op_reach(cpu, (uint32_t)(cpu->gpr[base] + op->u.v.displacement), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_indexed(const struct cpu *cpu, const struct op *op, unsigned base,
                                    unsigned index, unsigned bytes, bool is_write, uint8_t **host)
{
    uint64_t offset = cpu->gpr[base] + (cpu->gpr[index] << op->scale) + op->u.v.displacement;
    return op_reach(cpu, (uint32_t)offset, bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_B(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_any(cpu, (uint32_t)(cpu->gpr[op->base] + op->u.v.displacement), bytes, is_write,
                        host);
}
static BASE_ALWAYS_INLINE bool op_reach_F(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_any(cpu, (uint32_t)op_offset(cpu, op), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_S(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[op->segment];
    uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
    return BASE_LIKELY(offset + bytes - 1 < (is_write ? b->write_bound : b->read_bound)) &&
           op_reach_any(cpu, (uint32_t)(b->base + offset), bytes, is_write, host);
}

/* The one access to memory of this operation has missed: fills its fast entry where the page is RAM that the
 * tables allow without a mark or a fault, as after most loads of CR3. True: the op's handler can do it now;
 * false: it has to go the slow way. */
bool op_refill(struct cpu *cpu, const struct op *op, unsigned bytes, bool is_write);
/* For a slow companion: the same op once more. The handler of a block's first may be a track. */
static inline const struct op *op_again(const struct op *op)
{
    return op->number ? op : op_entry(op);
}
/* Reads for a change: raises what the write would raise. */
uint64_t op_modify_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes);

/* Of SS.B, which decoding knows. */
static inline uint64_t op_stack_mask(const struct op *op)
{
    return 0xffffffffu >> op->condition;
}
/* Any stack: writes below SP, then moves it. */
static inline void op_push_any(struct cpu *cpu, const struct op *op, unsigned bytes, uint64_t value)
{
    uint64_t mask = op_stack_mask(op), sp = cpu->gpr[CPU_SP], offset = (sp - bytes) & mask;
    op_store(cpu, op, op_linear_in(cpu, op, CPU_SS, offset, bytes, true), bytes, value);
    cpu->gpr[CPU_SP] = (sp & ~mask) | offset;
}
static inline uint64_t op_top_any(struct cpu *cpu, const struct op *op, unsigned bytes)
{
    uint64_t offset = cpu->gpr[CPU_SP] & op_stack_mask(op);
    return op_load(cpu, op, op_linear_in(cpu, op, CPU_SS, offset, bytes, false), bytes);
}
static inline void op_drop_any(struct cpu *cpu, const struct op *op, uint64_t bytes)
{
    uint64_t mask = op_stack_mask(op), sp = cpu->gpr[CPU_SP];
    cpu->gpr[CPU_SP] = (sp & ~mask) | ((sp + bytes) & mask);
}
/* The stack: F a flat one of 32 bits, S any. `plus` is added to SP; the new SP goes to *sp. */
static BASE_ALWAYS_INLINE bool op_reach_stack_F(const struct cpu *cpu, const struct op *op, int32_t plus,
                                    unsigned bytes, bool is_write, uint64_t *sp, uint8_t **host)
{
    (void)op;
    *sp = (uint32_t)(cpu->gpr[CPU_SP] + (uint64_t)(int64_t)plus);
    return op_reach(cpu, is_write ? *sp : (uint32_t)cpu->gpr[CPU_SP], bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_stack_S(const struct cpu *cpu, const struct op *op, int32_t plus,
                                    unsigned bytes, bool is_write, uint64_t *sp, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[CPU_SS];
    uint64_t mask = op_stack_mask(op), old = cpu->gpr[CPU_SP];
    uint64_t offset = (old + (uint64_t)(int64_t)plus) & mask;
    uint64_t at = is_write ? offset : old & mask;
    *sp = (old & ~mask) | offset;
    return BASE_LIKELY(at + bytes - 1 < (is_write ? b->write_bound : b->read_bound)) &&
           op_reach_any(cpu, (uint32_t)(b->base + at), bytes, is_write, host);
}

/* #GP(0) for a target beyond CS' limit. */
_Noreturn void op_check_target_slow(struct cpu *cpu, const struct op *op, uint64_t target);
static inline void op_check_target(struct cpu *cpu, const struct op *op, uint64_t target)
{
    if (BASE_UNLIKELY(target > cpu->segment[CPU_CS].limit))
        op_check_target_slow(cpu, op, target);
}
/* A fused operation whose memory access went the slow way goes on at its second instruction, which the run
 * loop may want to see apart. */
const struct op *op_split(struct cpu *cpu, const struct op *op);

#endif
