/* Variants by register: 32-bit operations with memory on flat segments. A miss of the TLB goes to the general
 * handler, which misses too and takes its slow way. */
#define READ_VARIANTS OP_VARIANTS_READS
#define AT(b, bytes) op_reach_at(cpu, op, b, bytes, false, &host)
#define INDEXED(b, x, bytes) op_reach_indexed(cpu, op, b, x, bytes, false, &host)
#define LEAVE(general) OP_MISS_GIVING(general)
#include "cpu/ops_forwarding.h"
#include "cpu/ops_registers_reads.h"

#define AT_TO_WRITE(b) op_reach_at(cpu, op, b, 4, true, &host)

#define WRITES(r, b)                                                                           \
    OP_DEFINE(mov_mr_##r##_##b) WRITE_BODY(AT_TO_WRITE(b), MISS(OPS_32.mov[OP_MR]), GET(r))    \
    CHANGE(add, ALU_ADD, DO_ADD, r, b)                                                         \
    CHANGE(or, ALU_OR, DO_OR, r, b)                                                            \
    CHANGE(and, ALU_AND, DO_AND, r, b)                                                         \
    CHANGE(sub, ALU_SUB, DO_SUB, r, b)                                                         \
    CHANGE(xor, ALU_XOR, DO_XOR, r, b)
#define CHANGE(name, which, DO, r, b)                                                          \
    OP_DEFINE(name##_mr_##r##_##b)                                                             \
    MODIFY_BODY(AT_TO_WRITE(b), MISS(OPS_32.alu[which][OP_MR]), T b_ = GET(r), DO(value, b_))
PAIRS(WRITES)
SQUARE(mov_mr) SQUARE(add_mr) SQUARE(or_mr) SQUARE(and_mr) SQUARE(sub_mr) SQUARE(xor_mr)

#define WRITE_WITH_INDEX(b, x)                                                                 \
    OP_DEFINE(mov_mr_f_##b##_##x)                                                              \
    WRITE_BODY(op_reach_indexed(cpu, op, b, x, 4, true, &host), MISS(OPS_32.mov[OP_MR_F]), GET(op->s))
PAIRS(WRITE_WITH_INDEX) PAIRS_OF(WRITE_WITH_INDEX, 16)
SQUARE_AND_NONE(mov_mr_f)

#define ONE(b)                                                                                 \
    OP_DEFINE(mov_mi_##b) WRITE_BODY(AT_TO_WRITE(b), MISS(OPS_32.mov[OP_MI]), IMMEDIATE)       \
    OP_DEFINE(cmp_mi_##b)                                                                      \
    READ_BODY(AT(b, 4), MISS(OPS_32.alu[ALU_CMP][OP_MI]), COMPARE_ONLY(DO_CMP, m, IMMEDIATE))  \
    OP_DEFINE(test_mi_##b)                                                                     \
    READ_BODY(AT(b, 4), MISS(OPS_32.test[OP_MI]), COMPARE_ONLY(DO_AND, m, IMMEDIATE))          \
    OP_DEFINE(add_mi_##b)                                                                      \
    MODIFY_BODY(AT_TO_WRITE(b), MISS(OPS_32.alu[ALU_ADD][OP_MI]), T b_ = IMMEDIATE, DO_ADD(value, b_)) \
    OP_DEFINE(sub_mi_##b)                                                                      \
    MODIFY_BODY(AT_TO_WRITE(b), MISS(OPS_32.alu[ALU_SUB][OP_MI]), T b_ = IMMEDIATE, DO_SUB(value, b_)) \
    OP_DEFINE(inc_m_##b)                                                                       \
    MODIFY_BODY(AT_TO_WRITE(b), MISS(OPS_32.unary[OP_INC][1]), , DO_INC(value))                \
    OP_DEFINE(dec_m_##b)                                                                       \
    MODIFY_BODY(AT_TO_WRITE(b), MISS(OPS_32.unary[OP_DEC][1]), , DO_DEC(value))                \
    OP_DEFINE(push_##b)                                                                        \
    PUSH_BODY(F, MISS(OPS_32.push_r[OP_STACK_F]), GET(b))                                      \
    OP_DEFINE(pop_##b) POP_BODY(F, MISS(OPS_32.pop_r[OP_STACK_F]), b)
EACH(ONE)
LINE(mov_mi) LINE(cmp_mi) LINE(test_mi) LINE(add_mi) LINE(sub_mi) LINE(inc_m) LINE(dec_m)
LINE(push) LINE(pop)

const struct op_variants OP_VARIANTS_MEMORY[] = {
    {&OPS_32.mov[OP_MR], FIELD_S, FIELD_BASE, mov_mr_table},
    {&OPS_32.alu[ALU_ADD][OP_MR], FIELD_S, FIELD_BASE, add_mr_table},
    {&OPS_32.alu[ALU_OR][OP_MR], FIELD_S, FIELD_BASE, or_mr_table},
    {&OPS_32.alu[ALU_AND][OP_MR], FIELD_S, FIELD_BASE, and_mr_table},
    {&OPS_32.alu[ALU_SUB][OP_MR], FIELD_S, FIELD_BASE, sub_mr_table},
    {&OPS_32.alu[ALU_XOR][OP_MR], FIELD_S, FIELD_BASE, xor_mr_table},
    {&OPS_32.mov[OP_MR_F], FIELD_BASE_OR_NONE, FIELD_INDEX, mov_mr_f_table},
    {&OPS_32.mov[OP_MI], NO_FIELD, FIELD_BASE, mov_mi_table},
    {&OPS_32.alu[ALU_CMP][OP_MI], NO_FIELD, FIELD_BASE, cmp_mi_table},
    {&OPS_32.test[OP_MI], NO_FIELD, FIELD_BASE, test_mi_table},
    {&OPS_32.alu[ALU_ADD][OP_MI], NO_FIELD, FIELD_BASE, add_mi_table},
    {&OPS_32.alu[ALU_SUB][OP_MI], NO_FIELD, FIELD_BASE, sub_mi_table},
    {&OPS_32.unary[OP_INC][1], NO_FIELD, FIELD_BASE, inc_m_table},
    {&OPS_32.unary[OP_DEC][1], NO_FIELD, FIELD_BASE, dec_m_table},
    {&OPS_32.push_r[OP_STACK_F], NO_FIELD, FIELD_S, push_table},
    {&OPS_32.pop_r[OP_STACK_F], NO_FIELD, FIELD_D, pop_table},
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
