/* Variants by address: operations of BITS bits (8 or 16) with memory by 16-bit addresses in any segment, as programs of real
 * mode have them. An address is one of the eight sums of ModRM's R/M field, or 8, the displacement alone
 * (FIELD_ADDRESS_16). Reads are there twice: in VARIANTS, and in GUESSED, where they do not wait for the TLB
 * (ops_guesses.h). No include guard: one translation unit includes it once. */
#include "cpu/ops_guesses.h"

#include "cpu/ops_bodies.h"

/* n is a constant. */
static BASE_ALWAYS_INLINE uint64_t offset_of(const struct cpu *cpu, const struct op *op, unsigned n)
{
    uint64_t sum = op->u.v.displacement;
    if (n < 8)
        sum += cpu->gpr[DECODE_BASES_16[n]];
    if (n < 4)
        sum += cpu->gpr[DECODE_INDICES_16[n]];
    return (uint16_t)sum;
}
static BASE_ALWAYS_INLINE bool reach(const struct cpu *cpu, const struct op *op, unsigned n, bool is_write, uint8_t **host)
{
    return op_reach_in(cpu, op->segment, offset_of(cpu, op, n), BYTES, is_write, host);
}
static BASE_ALWAYS_INLINE bool reach_guessed(const struct cpu *cpu, const struct op *op, unsigned n, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[op->segment];
    uint64_t offset = offset_of(cpu, op, n);
    *host = NULL;
    return BASE_LIKELY(offset + BYTES - 1 < b->read_bound) &&
           op_reach_guessed(cpu, (uint32_t)(b->base + offset), BYTES, false, host);
}
#define LEAVE(general) OP_GUESS_LEAVE(general, cpu->tlb_read, MISS)

/* X(name, general handler, what is done with m). */
#define READS(X)                                                                           \
    X(mov_rm, OPS.mov[OP_RM_W], MOVE_INTO(op->d))                                          \
    X(add_rm, OPS.alu[ALU_ADD][OP_RM_W], COMBINE_INTO(DO_ADD, op->d))                      \
    X(or_rm, OPS.alu[ALU_OR][OP_RM_W], COMBINE_INTO(DO_OR, op->d))                         \
    X(and_rm, OPS.alu[ALU_AND][OP_RM_W], COMBINE_INTO(DO_AND, op->d))                      \
    X(sub_rm, OPS.alu[ALU_SUB][OP_RM_W], COMBINE_INTO(DO_SUB, op->d))                      \
    X(xor_rm, OPS.alu[ALU_XOR][OP_RM_W], COMBINE_INTO(DO_XOR, op->d))                      \
    X(cmp_rm, OPS.alu[ALU_CMP][OP_RM_W], COMPARE_ONLY(DO_CMP, GET(op->d), m))              \
    X(cmp_mr, OPS.alu[ALU_CMP][OP_MR_W], COMPARE_ONLY(DO_CMP, m, GET(op->s)))              \
    X(cmp_mi, OPS.alu[ALU_CMP][OP_MI_W], COMPARE_ONLY(DO_CMP, m, IMMEDIATE))               \
    X(test_mi, OPS.test[OP_MI_W], COMPARE_ONLY(DO_AND, m, IMMEDIATE))
/* X(name, general handler, the value). */
#define WRITES(X)                                                                          \
    X(mov_mr, OPS.mov[OP_MR_W], GET(op->s))                                                \
    X(mov_mi, OPS.mov[OP_MI_W], IMMEDIATE)
/* X(name, general handler, the change from value to r). */
#define CHANGES(X)                                                                         \
    X(add_mr, OPS.alu[ALU_ADD][OP_MR_W], T b = GET(op->s); DO_ADD(value, b))               \
    X(or_mr, OPS.alu[ALU_OR][OP_MR_W], T b = GET(op->s); DO_OR(value, b))                  \
    X(and_mr, OPS.alu[ALU_AND][OP_MR_W], T b = GET(op->s); DO_AND(value, b))               \
    X(sub_mr, OPS.alu[ALU_SUB][OP_MR_W], T b = GET(op->s); DO_SUB(value, b))               \
    X(xor_mr, OPS.alu[ALU_XOR][OP_MR_W], T b = GET(op->s); DO_XOR(value, b))               \
    X(add_mi, OPS.alu[ALU_ADD][OP_MI_W], T b = IMMEDIATE; DO_ADD(value, b))                \
    X(sub_mi, OPS.alu[ALU_SUB][OP_MI_W], T b = IMMEDIATE; DO_SUB(value, b))                \
    X(inc_m, OPS.unary[OP_INC][1 + OP_W], DO_INC(value))                                   \
    X(dec_m, OPS.unary[OP_DEC][1 + OP_W], DO_DEC(value))

#define READ(name, general, action, n)                                                     \
    OP_DEFINE(name##_##n) READ_BODY(reach(cpu, op, n, false, &host), MISS(general), action) \
    OP_DEFINE(guessed_##name##_##n) READ_BODY(reach_guessed(cpu, op, n, &host), LEAVE(general), action)
#define WRITE(name, general, value, n) \
    OP_DEFINE(name##_##n) WRITE_BODY(reach(cpu, op, n, true, &host), MISS(general), value)
#define CHANGE(name, general, change, n) \
    OP_DEFINE(name##_##n) MODIFY_BODY(reach(cpu, op, n, true, &host), MISS(general), , change)
#define ADDRESSES(X, name, general, how)                                                   \
    X(name, general, how, 0) X(name, general, how, 1) X(name, general, how, 2)             \
    X(name, general, how, 3) X(name, general, how, 4) X(name, general, how, 5)             \
    X(name, general, how, 6) X(name, general, how, 7) X(name, general, how, 8)
#define EACH_READ(name, general, action) ADDRESSES(READ, name, general, action)
#define EACH_WRITE(name, general, value) ADDRESSES(WRITE, name, general, value)
#define EACH_CHANGE(name, general, change) ADDRESSES(CHANGE, name, general, change)
READS(EACH_READ)
WRITES(EACH_WRITE)
CHANGES(EACH_CHANGE)

#define ROW(name, general, how) \
    {&general, NO_FIELD, FIELD_ADDRESS_16, (op_handler *const[9]){LINE_OF(name), name##_8}},
#define GUESSED_ROW(name, general, how) ROW(guessed_##name, general, how)
const struct op_variants VARIANTS[] = {
    READS(ROW) WRITES(ROW) CHANGES(ROW)
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
const struct op_variants GUESSED[] = {
    READS(GUESSED_ROW)
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
