/* Reads from memory, by register, in the table READ_VARIANTS: ops_registers_memory.c and ops_guesses.c say how bytes
 * are found. AT(b, bytes) and INDEXED(b, x, bytes) do at base b + displacement, and with an index x; where they are
 * false, LEAVE(general) leaves the handler. No include guard: one translation unit includes it once. */
#include "cpu/ops_registers.h"

#define BITS 32
#define HANDLERS_FORWARD
#include "cpu/ops_bodies.h"

#define COMBINED(name, which, DO, r, b)                                                        \
    OP_DEFINE(name##_rm_##r##_##b)                                                             \
    READ_BODY(AT(b, 4), LEAVE(OPS_32.alu[which][OP_RM]), COMBINE_INTO(DO, r))
#define READS(r, b)                                                                            \
    OP_DEFINE(mov_rm_##r##_##b) READ_BODY(AT(b, 4), LEAVE(OPS_32.mov[OP_RM]), MOVE_INTO(r))    \
    OP_DEFINE(movzx8_##r##_##b) EXTEND_BODY(AT(b, 1), LEAVE(OPS_32.movzx8[1]), r, uint8_t, 1)  \
    OP_DEFINE(movzx16_##r##_##b) EXTEND_BODY(AT(b, 2), LEAVE(OPS_32.movzx16[1]), r, uint16_t, 2) \
    OP_DEFINE(movsx8_##r##_##b) EXTEND_BODY(AT(b, 1), LEAVE(OPS_32.movsx8[1]), r, int8_t, 1)   \
    OP_DEFINE(movsx16_##r##_##b) EXTEND_BODY(AT(b, 2), LEAVE(OPS_32.movsx16[1]), r, int16_t, 2) \
    COMBINED(add, ALU_ADD, DO_ADD, r, b)                                                       \
    COMBINED(or, ALU_OR, DO_OR, r, b)                                                          \
    COMBINED(and, ALU_AND, DO_AND, r, b)                                                       \
    COMBINED(sub, ALU_SUB, DO_SUB, r, b)                                                       \
    COMBINED(xor, ALU_XOR, DO_XOR, r, b)                                                       \
    OP_DEFINE(cmp_rm_##r##_##b)                                                                \
    READ_BODY(AT(b, 4), LEAVE(OPS_32.alu[ALU_CMP][OP_RM]), COMPARE_ONLY(DO_CMP, GET(r), m))    \
    OP_DEFINE(cmp_mr_##r##_##b)                                                                \
    READ_BODY(AT(b, 4), LEAVE(OPS_32.alu[ALU_CMP][OP_MR]), COMPARE_ONLY(DO_CMP, m, GET(r)))
PAIRS(READS)
SQUARE(mov_rm) SQUARE(movzx8) SQUARE(movzx16) SQUARE(movsx8) SQUARE(movsx16)
SQUARE(add_rm) SQUARE(or_rm) SQUARE(and_rm) SQUARE(sub_rm) SQUARE(xor_rm) SQUARE(cmp_rm) SQUARE(cmp_mr)

#define READS_WITH_INDEX(b, x)                                                                 \
    OP_DEFINE(mov_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4), LEAVE(OPS_32.mov[OP_RM_F]), MOVE_INTO(op->d))                  \
    OP_DEFINE(movzx8_f_##b##_##x)                                                              \
    EXTEND_BODY(INDEXED(b, x, 1), LEAVE(OPS_32.movzx8[1 + OP_F]), op->d, uint8_t, 1)           \
    OP_DEFINE(movzx16_f_##b##_##x)                                                             \
    EXTEND_BODY(INDEXED(b, x, 2), LEAVE(OPS_32.movzx16[1 + OP_F]), op->d, uint16_t, 2)         \
    OP_DEFINE(movsx8_f_##b##_##x)                                                              \
    EXTEND_BODY(INDEXED(b, x, 1), LEAVE(OPS_32.movsx8[1 + OP_F]), op->d, int8_t, 1)            \
    OP_DEFINE(movsx16_f_##b##_##x)                                                             \
    EXTEND_BODY(INDEXED(b, x, 2), LEAVE(OPS_32.movsx16[1 + OP_F]), op->d, int16_t, 2)          \
    OP_DEFINE(add_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4), LEAVE(OPS_32.alu[ALU_ADD][OP_RM_F]), COMBINE_INTO(DO_ADD, op->d)) \
    OP_DEFINE(xor_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 4), LEAVE(OPS_32.alu[ALU_XOR][OP_RM_F]), COMBINE_INTO(DO_XOR, op->d))
PAIRS(READS_WITH_INDEX) PAIRS_OF(READS_WITH_INDEX, 16)
SQUARE_AND_NONE(mov_rm_f) SQUARE_AND_NONE(movzx8_f) SQUARE_AND_NONE(movzx16_f)
SQUARE_AND_NONE(movsx8_f) SQUARE_AND_NONE(movsx16_f)
SQUARE_AND_NONE(add_rm_f) SQUARE_AND_NONE(xor_rm_f)

const struct op_variants READ_VARIANTS[] = {
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
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
