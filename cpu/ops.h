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

/* Classes of memory operands. B: flat segment, 32-bit address without an index; F: with one; S: any segment,
 * 32-bit address; W: any segment, 16-bit address.
 *
 * The handlers of all are short and call nothing: where the fast TLB (or the segment's bounds) does
 * not have the operand, they pass on to a slow companion that does the whole instruction again, with
 * calls. */
enum op_class { OP_B, OP_F, OP_S, OP_W, OP_CLASSES };
/* Forms of two operands. */
enum op_form {
    OP_RR, OP_RI, OP_RM, OP_RM_F, OP_RM_S, OP_RM_W, OP_MR, OP_MR_F, OP_MR_S, OP_MR_W, OP_MI, OP_MI_F, OP_MI_S,
    OP_MI_W, OP_FORMS
};
/* Classes of stacks. F: flat, 32 bits; S: any of 32 bits; W: any of 16 bits. */
enum op_stack { OP_STACK_F, OP_STACK_S, OP_STACK_W, OP_STACKS };
enum op_unary { OP_INC, OP_DEC, OP_NOT, OP_NEG, OP_UNARIES };

#define OP_RUN 7 /* the most registers of a run of PUSH or POP */

struct op_handlers {
    op_handler *alu[8][OP_FORMS], *alu_quiet[8][2]; /* quiet: without flags */
    op_handler *test[OP_FORMS];
    op_handler *mov[OP_FORMS];
    op_handler *unary[OP_UNARIES][1 + OP_CLASSES], *unary_quiet[OP_UNARIES]; /* register, then by class */
    op_handler *shift_i[8], *shift_i_quiet[8], *shift_c[8];
    op_handler *cmp_jcc[OP_FORMS][16], *test_jcc[2][16]; /* NULL: not fused */
    op_handler *test_mi_jcc[OP_CLASSES][16];
    op_handler *count_jcc[2][16], *count_m_jcc[2][OP_CLASSES][16]; /* INC, DEC of a register, of memory */
    op_handler *count_clear_jcc[2][16]; /* where CF is known to be 0 */
    op_handler *setcc_r[16], *setcc_m[OP_CLASSES], *cmov_r[16], *cmov_m[OP_CLASSES];
    op_handler *imul[1 + OP_CLASSES], *imul_i[1 + OP_CLASSES];
    op_handler *imul_quiet[2]; /* of registers: by a register, by an immediate */
    op_handler *movzx8[1 + OP_CLASSES], *movsx8[1 + OP_CLASSES], *movzx16[1 + OP_CLASSES], *movsx16[1 + OP_CLASSES];
    op_handler *lea[OP_CLASSES], *xchg, *cbw, *cwd, *mul[2], *bswap;
    op_handler *push_r[OP_STACKS], *push_i[OP_STACKS], *pop_r[OP_STACKS], *leave;
    op_handler *call[OP_STACKS], *call_r[OP_STACKS], *ret[OP_STACKS];
    op_handler *push_run[OP_RUN + 1], *pop_run[OP_RUN + 1]; /* by their number of registers */
    op_handler *push_m[OP_CLASSES], *call_m[OP_CLASSES], *jmp_m[OP_CLASSES], *jmp_r, *loop;
    op_handler *jcc[16], *jmp, *nop; /* of all sizes: in OPS_32 */
};
extern const struct op_handlers OPS_8, OPS_16, OPS_32;
op_handler op_sahf;

#define OP_DEFINE(name) static const struct op *name(OP_PARAMETERS)
/* Kept apart, so that the short handlers need no stack frame. */
#define OP_SLOW(name) static __attribute__((noinline, cold)) const struct op *name(OP_PARAMETERS)

/* Stores a register whole, whatever part of it is new. Compilers would make of the merge a store of one or two
 * bytes, and a load of the whole that follows would have to wait until that store has reached the cache. The
 * empty asm hides from them where the value comes from. */
static inline void gpr_merge(uint64_t *r, uint64_t mask, uint64_t value)
{
    uint64_t whole = (*r & ~mask) | value;
    __asm__("" : "+r"(whole));
    *r = whole;
}
/* Reads a register whole, by a load of its own. What has been stored a moment before, in a place that is the handler's,
 * comes to such a load at once on recent processors (memory renaming); to an addition from memory, or to a load of one byte
 * or two of it, which compilers would make of this, after seven cycles. */
static inline uint64_t gpr_alone(const struct cpu *cpu, unsigned code)
{
    return *(const volatile uint64_t *)&cpu->gpr[code];
}
/* A register as an op names it. */
static inline uint8_t op_register(unsigned number, unsigned bytes)
{
    return (uint8_t)(bytes == 1 ? (number & 3) | (number & 4) << 1 : number);
}
static inline uint64_t get_gpr8(const struct cpu *cpu, unsigned code)
{
    return cpu->gpr[code & 3] >> (code & 8) & 0xff;
}
static inline void set_gpr8(struct cpu *cpu, unsigned code, uint64_t value)
{
    unsigned shift = code & 8;
    gpr_merge(&cpu->gpr[code & 3], UINT64_C(0xff) << shift, (value & 0xff) << shift);
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
/* The linear address by class, where whoever has missed has it at hand. */
#define OP_NO_LINEAR UINT64_MAX
static inline uint64_t op_linear_B(const struct cpu *cpu, const struct op *op)
{
    return (uint32_t)(cpu->gpr[op->base] + op->u.v.displacement);
}
static inline uint64_t op_linear_F(const struct cpu *cpu, const struct op *op)
{
    return (uint32_t)op_offset(cpu, op);
}
#define op_linear_S(cpu, op) OP_NO_LINEAR
#define op_linear_W(cpu, op) OP_NO_LINEAR
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
    return op_reach(cpu, (uint32_t)(gpr_alone(cpu, base) + op->u.v.displacement), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_indexed(const struct cpu *cpu, const struct op *op, unsigned base,
                                    unsigned index, unsigned bytes, bool is_write, uint8_t **host)
{
    uint64_t offset = gpr_alone(cpu, base) + (gpr_alone(cpu, index) << op->scale) + op->u.v.displacement;
    return op_reach(cpu, (uint32_t)offset, bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_B(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_any(cpu, op_linear_B(cpu, op), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_F(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_any(cpu, op_linear_F(cpu, op), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_in(const struct cpu *cpu, unsigned segment, uint64_t offset,
                                           unsigned bytes, bool is_write, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[segment];
    return BASE_LIKELY(offset + bytes - 1 < (is_write ? b->write_bound : b->read_bound)) &&
           op_reach_any(cpu, (uint32_t)(b->base + offset), bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_S(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_in(cpu, op->segment, (uint32_t)op_offset(cpu, op), bytes, is_write, host);
}
/* 16-bit addresses have no scale. */
static inline uint16_t op_offset_W(const struct cpu *cpu, const struct op *op)
{
    return (uint16_t)(cpu->gpr[op->base] + cpu->gpr[op->index] + op->u.v.displacement);
}
static BASE_ALWAYS_INLINE bool op_reach_W(const struct cpu *cpu, const struct op *op, unsigned bytes,
                              bool is_write, uint8_t **host)
{
    return op_reach_in(cpu, op->segment, op_offset_W(cpu, op), bytes, is_write, host);
}

/* The one access to memory of this operation has missed: fills its fast entry where the page is RAM that the
 * tables allow without a mark or a fault, as after most loads of CR3. `linear` may be OP_NO_LINEAR. The operand's bytes;
 * NULL: it has to go the slow way. */
uint8_t *op_refill(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes, bool is_write);
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
/* The stacks. `plus` is added to SP; the new SP goes to *sp. */
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
    (void)op;
    *sp = (uint32_t)(cpu->gpr[CPU_SP] + (uint64_t)(int64_t)plus);
    return op_reach_in(cpu, CPU_SS, is_write ? *sp : (uint32_t)cpu->gpr[CPU_SP], bytes, is_write, host);
}
static BASE_ALWAYS_INLINE bool op_reach_stack_W(const struct cpu *cpu, const struct op *op, int32_t plus,
                                    unsigned bytes, bool is_write, uint64_t *sp, uint8_t **host)
{
    uint64_t old = cpu->gpr[CPU_SP];
    uint16_t offset = (uint16_t)(old + (uint64_t)(int64_t)plus);
    (void)op;
    *sp = (old & ~UINT64_C(0xffff)) | offset;
    return op_reach_in(cpu, CPU_SS, is_write ? offset : (uint16_t)old, bytes, is_write, host);
}

/* Any stack, where a handler is not chosen by it. */
static BASE_ALWAYS_INLINE bool op_reach_stack_any(const struct cpu *cpu, const struct op *op, int32_t plus,
                                    unsigned bytes, bool is_write, uint64_t *sp, uint8_t **host)
{
    uint64_t mask = op_stack_mask(op), old = cpu->gpr[CPU_SP];
    uint64_t offset = (old + (uint64_t)(int64_t)plus) & mask;
    *sp = (old & ~mask) | offset;
    return op_reach_in(cpu, CPU_SS, is_write ? offset : old & mask, bytes, is_write, host);
}

/* CS.base, by class of the stack: where that is flat, CS is. */
static inline uint64_t op_code_base_F(const struct cpu *cpu)
{
    (void)cpu;
    return 0;
}
static inline uint64_t op_code_base_S(const struct cpu *cpu)
{
    return cpu->bounds[CPU_CS].base;
}
#define op_code_base_W op_code_base_S

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
