/* Variants by register: 32-bit operations with memory on flat segments, in the table VARIANTS. ops_registers_memory.c and
 * ops_guesses.c say how bytes are found: AT(b, bytes, is_write) at base b + displacement, INDEXED(b, x, bytes, is_write) with
 * an index x, too; where they are false, LEAVE(general) leaves a read, LEAVE_WRITE(general) what writes. No include guard:
 * one translation unit includes it once. */
#include "cpu/ops_registers.h"

#define BITS 32
#define HANDLERS_FORWARD
#include "cpu/ops_bodies.h"

#define COMBINED(name, which, DO, r, b)                                                        \
    OP_DEFINE(name##_rm_##r##_##b)                                                             \
    READ_BODY(AT(b, 4, false), LEAVE(OPS_32.alu[which][OP_RM]), COMBINE_INTO(DO, r))
#define READS(r, b)                                                                            \
    OP_DEFINE(mov_rm_##r##_##b) READ_BODY(AT(b, 4, false), LEAVE(OPS_32.mov[OP_RM]), MOVE_INTO(r)) \
    OP_DEFINE(movzx8_##r##_##b) EXTEND_BODY(AT(b, 1, false), LEAVE(OPS_32.movzx8[1]), r, uint8_t, 1) \
    OP_DEFINE(movzx16_##r##_##b) EXTEND_BODY(AT(b, 2, false), LEAVE(OPS_32.movzx16[1]), r, uint16_t, 2) \
    OP_DEFINE(movsx8_##r##_##b) EXTEND_BODY(AT(b, 1, false), LEAVE(OPS_32.movsx8[1]), r, int8_t, 1) \
    OP_DEFINE(movsx16_##r##_##b) EXTEND_BODY(AT(b, 2, false), LEAVE(OPS_32.movsx16[1]), r, int16_t, 2) \
    COMBINED(add, ALU_ADD, DO_ADD, r, b)                                                       \
    COMBINED(or, ALU_OR, DO_OR, r, b)                                                          \
    COMBINED(and, ALU_AND, DO_AND, r, b)                                                       \
    COMBINED(sub, ALU_SUB, DO_SUB, r, b)                                                       \
    COMBINED(xor, ALU_XOR, DO_XOR, r, b)                                                       \
    OP_DEFINE(cmp_rm_##r##_##b)                                                                \
    READ_BODY(AT(b, 4, false), LEAVE(OPS_32.alu[ALU_CMP][OP_RM]), COMPARE_ONLY(DO_CMP, GET(r), m)) \
    OP_DEFINE(cmp_mr_##r##_##b)                                                                \
    READ_BODY(AT(b, 4, false), LEAVE(OPS_32.alu[ALU_CMP][OP_MR]), COMPARE_ONLY(DO_CMP, m, GET(r)))
PAIRS(READS)
SQUARE(mov_rm) SQUARE(movzx8) SQUARE(movzx16) SQUARE(movsx8) SQUARE(movsx16)
SQUARE(add_rm) SQUARE(or_rm) SQUARE(and_rm) SQUARE(sub_rm) SQUARE(xor_rm) SQUARE(cmp_rm) SQUARE(cmp_mr)

#define READS_WITH_INDEX(b, x)                                                                 \
    OP_DEFINE(mov_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4, false), LEAVE(OPS_32.mov[OP_RM_F]), MOVE_INTO(op->d))           \
    OP_DEFINE(movzx8_f_##b##_##x)                                                              \
    EXTEND_BODY(INDEXED(b, x, 1, false), LEAVE(OPS_32.movzx8[1 + OP_F]), op->d, uint8_t, 1)    \
    OP_DEFINE(movzx16_f_##b##_##x)                                                             \
    EXTEND_BODY(INDEXED(b, x, 2, false), LEAVE(OPS_32.movzx16[1 + OP_F]), op->d, uint16_t, 2)  \
    OP_DEFINE(movsx8_f_##b##_##x)                                                              \
    EXTEND_BODY(INDEXED(b, x, 1, false), LEAVE(OPS_32.movsx8[1 + OP_F]), op->d, int8_t, 1)     \
    OP_DEFINE(movsx16_f_##b##_##x)                                                             \
    EXTEND_BODY(INDEXED(b, x, 2, false), LEAVE(OPS_32.movsx16[1 + OP_F]), op->d, int16_t, 2)   \
    OP_DEFINE(add_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4, false), LEAVE(OPS_32.alu[ALU_ADD][OP_RM_F]), COMBINE_INTO(DO_ADD, op->d)) \
    OP_DEFINE(xor_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4, false), LEAVE(OPS_32.alu[ALU_XOR][OP_RM_F]), COMBINE_INTO(DO_XOR, op->d))
PAIRS(READS_WITH_INDEX) PAIRS_OF(READS_WITH_INDEX, 16)
SQUARE_AND_NONE(mov_rm_f) SQUARE_AND_NONE(movzx8_f) SQUARE_AND_NONE(movzx16_f)
SQUARE_AND_NONE(movsx8_f) SQUARE_AND_NONE(movsx16_f)
SQUARE_AND_NONE(add_rm_f) SQUARE_AND_NONE(xor_rm_f)

#define CHANGED(name, which, DO, r, b)                                                         \
    OP_DEFINE(name##_mr_##r##_##b)                                                             \
    MODIFY_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.alu[which][OP_MR]), T b_ = GET(r), DO(value, b_))
#define WRITES(r, b)                                                                           \
    OP_DEFINE(mov_mr_##r##_##b) WRITE_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.mov[OP_MR]), GET(r)) \
    CHANGED(add, ALU_ADD, DO_ADD, r, b)                                                        \
    CHANGED(or, ALU_OR, DO_OR, r, b)                                                           \
    CHANGED(and, ALU_AND, DO_AND, r, b)                                                        \
    CHANGED(sub, ALU_SUB, DO_SUB, r, b)                                                        \
    CHANGED(xor, ALU_XOR, DO_XOR, r, b)
PAIRS(WRITES)
SQUARE(mov_mr) SQUARE(add_mr) SQUARE(or_mr) SQUARE(and_mr) SQUARE(sub_mr) SQUARE(xor_mr)

#define WRITE_WITH_INDEX(b, x)                                                                 \
    OP_DEFINE(mov_mr_f_##b##_##x)                                                              \
    WRITE_BODY(INDEXED(b, x, 4, true), LEAVE_WRITE(OPS_32.mov[OP_MR_F]), GET(op->s))
PAIRS(WRITE_WITH_INDEX) PAIRS_OF(WRITE_WITH_INDEX, 16)
SQUARE_AND_NONE(mov_mr_f)

#define ONE(b)                                                                                 \
    OP_DEFINE(cmp_mi_##b)                                                                      \
    READ_BODY(AT(b, 4, false), LEAVE(OPS_32.alu[ALU_CMP][OP_MI]), COMPARE_ONLY(DO_CMP, m, IMMEDIATE)) \
    OP_DEFINE(test_mi_##b)                                                                     \
    READ_BODY(AT(b, 4, false), LEAVE(OPS_32.test[OP_MI]), COMPARE_ONLY(DO_AND, m, IMMEDIATE))  \
    OP_DEFINE(mov_mi_##b) WRITE_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.mov[OP_MI]), IMMEDIATE) \
    OP_DEFINE(add_mi_##b)                                                                      \
    MODIFY_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.alu[ALU_ADD][OP_MI]), T b_ = IMMEDIATE, DO_ADD(value, b_)) \
    OP_DEFINE(sub_mi_##b)                                                                      \
    MODIFY_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.alu[ALU_SUB][OP_MI]), T b_ = IMMEDIATE, DO_SUB(value, b_)) \
    OP_DEFINE(inc_m_##b)                                                                       \
    MODIFY_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.unary[OP_INC][1]), , DO_INC(value))         \
    OP_DEFINE(dec_m_##b)                                                                       \
    MODIFY_BODY(AT(b, 4, true), LEAVE_WRITE(OPS_32.unary[OP_DEC][1]), , DO_DEC(value))
EACH(ONE)
LINE(cmp_mi) LINE(test_mi) LINE(mov_mi) LINE(add_mi) LINE(sub_mi) LINE(inc_m) LINE(dec_m)

const struct op_variants VARIANTS[] = {
    {&OPS_32.mov[OP_RM], FIELD_D, FIELD_BASE, mov_rm_table},
    {&OPS_32.movzx8[1], FIELD_D, FIELD_BASE, movzx8_table},
    {&OPS_32.movzx16[1], FIELD_D, FIELD_BASE, movzx16_table},
    {&OPS_32.movsx8[1], FIELD_D, FIELD_BASE, movsx8_table},
    {&OPS_32.movsx16[1], FIELD_D, FIELD_BASE, movsx16_table},
    {&OPS_32.alu[ALU_ADD][OP_RM], FIELD_D, FIELD_BASE, add_rm_table},
    {&OPS_32.alu[ALU_OR][OP_RM], FIELD_D, FIELD_BASE, or_rm_table},
    {&OPS_32.alu[ALU_AND][OP_RM], FIELD_D, FIELD_BASE, and_rm_table},
    {&OPS_32.alu[ALU_SUB][OP_RM], FIELD_D, FIELD_BASE, sub_rm_table},
    {&OPS_32.alu[ALU_XOR][OP_RM], FIELD_D, FIELD_BASE, xor_rm_table},
    {&OPS_32.alu[ALU_CMP][OP_RM], FIELD_D, FIELD_BASE, cmp_rm_table},
    {&OPS_32.alu[ALU_CMP][OP_MR], FIELD_S, FIELD_BASE, cmp_mr_table},
    {&OPS_32.mov[OP_RM_F], FIELD_BASE_OR_NONE, FIELD_INDEX, mov_rm_f_table},
    {&OPS_32.movzx8[1 + OP_F], FIELD_BASE_OR_NONE, FIELD_INDEX, movzx8_f_table},
    {&OPS_32.movzx16[1 + OP_F], FIELD_BASE_OR_NONE, FIELD_INDEX, movzx16_f_table},
    {&OPS_32.movsx8[1 + OP_F], FIELD_BASE_OR_NONE, FIELD_INDEX, movsx8_f_table},
    {&OPS_32.movsx16[1 + OP_F], FIELD_BASE_OR_NONE, FIELD_INDEX, movsx16_f_table},
    {&OPS_32.alu[ALU_ADD][OP_RM_F], FIELD_BASE_OR_NONE, FIELD_INDEX, add_rm_f_table},
    {&OPS_32.alu[ALU_XOR][OP_RM_F], FIELD_BASE_OR_NONE, FIELD_INDEX, xor_rm_f_table},
    {&OPS_32.mov[OP_MR], FIELD_S, FIELD_BASE, mov_mr_table},
    {&OPS_32.alu[ALU_ADD][OP_MR], FIELD_S, FIELD_BASE, add_mr_table},
    {&OPS_32.alu[ALU_OR][OP_MR], FIELD_S, FIELD_BASE, or_mr_table},
    {&OPS_32.alu[ALU_AND][OP_MR], FIELD_S, FIELD_BASE, and_mr_table},
    {&OPS_32.alu[ALU_SUB][OP_MR], FIELD_S, FIELD_BASE, sub_mr_table},
    {&OPS_32.alu[ALU_XOR][OP_MR], FIELD_S, FIELD_BASE, xor_mr_table},
    {&OPS_32.mov[OP_MR_F], FIELD_BASE_OR_NONE, FIELD_INDEX, mov_mr_f_table},
    {&OPS_32.alu[ALU_CMP][OP_MI], NO_FIELD, FIELD_BASE, cmp_mi_table},
    {&OPS_32.test[OP_MI], NO_FIELD, FIELD_BASE, test_mi_table},
    {&OPS_32.mov[OP_MI], NO_FIELD, FIELD_BASE, mov_mi_table},
    {&OPS_32.alu[ALU_ADD][OP_MI], NO_FIELD, FIELD_BASE, add_mi_table},
    {&OPS_32.alu[ALU_SUB][OP_MI], NO_FIELD, FIELD_BASE, sub_mi_table},
    {&OPS_32.unary[OP_INC][1], NO_FIELD, FIELD_BASE, inc_m_table},
    {&OPS_32.unary[OP_DEC][1], NO_FIELD, FIELD_BASE, dec_m_table},
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
