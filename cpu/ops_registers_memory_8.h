/* Variants by register: byte operations with memory on flat segments, in the table VARIANTS. Who includes it says how
 * bytes are found, as for ops_registers_memory.h. No include guard: one translation unit includes it once. */
#include "cpu/ops_registers.h"

#define BITS 8
#include "cpu/ops_bodies.h"

#define TWO(r, b)                                                                              \
    OP_DEFINE(mov_rm_##r##_##b) READ_BODY(AT(b, 1, false), LEAVE(OPS_8.mov[OP_RM]), MOVE_INTO(BYTE_CODE(r))) \
    OP_DEFINE(mov_mr_##r##_##b) WRITE_BODY(AT(b, 1, true), LEAVE_WRITE(OPS_8.mov[OP_MR]), GET(BYTE_CODE(r))) \
    COMBINED(add, ALU_ADD, DO_ADD, r, b)                                                       \
    COMBINED(or, ALU_OR, DO_OR, r, b)                                                          \
    COMBINED(and, ALU_AND, DO_AND, r, b)                                                       \
    COMBINED(sub, ALU_SUB, DO_SUB, r, b)                                                       \
    COMBINED(xor, ALU_XOR, DO_XOR, r, b)
#define COMBINED(name, which, DO, r, b)                                                        \
    OP_DEFINE(name##_rm_##r##_##b)                                                             \
    READ_BODY(AT(b, 1, false), LEAVE(OPS_8.alu[which][OP_RM]), COMBINE_INTO(DO, BYTE_CODE(r)))
PAIRS(TWO)
SQUARE(mov_rm) SQUARE(mov_mr) SQUARE(add_rm) SQUARE(or_rm) SQUARE(and_rm) SQUARE(sub_rm) SQUARE(xor_rm)

#define WITH_INDEX(b, x)                                                                       \
    OP_DEFINE(mov_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, 1, false), LEAVE(OPS_8.mov[OP_RM_F]), MOVE_INTO(op->d))            \
    OP_DEFINE(mov_mr_f_##b##_##x)                                                              \
    WRITE_BODY(INDEXED(b, x, 1, true), LEAVE_WRITE(OPS_8.mov[OP_MR_F]), GET(op->s))
PAIRS(WITH_INDEX)
SQUARE(mov_rm_f) SQUARE(mov_mr_f)

#define ONE(b) OP_DEFINE(mov_mi_##b) WRITE_BODY(AT(b, 1, true), LEAVE_WRITE(OPS_8.mov[OP_MI]), IMMEDIATE)
EACH(ONE)
LINE(mov_mi)

const struct op_variants VARIANTS[] = {
    {&OPS_8.mov[OP_RM], FIELD_D8, FIELD_BASE, mov_rm_table},
    {&OPS_8.mov[OP_RM_F], FIELD_BASE, FIELD_INDEX, mov_rm_f_table},
    {&OPS_8.alu[ALU_ADD][OP_RM], FIELD_D8, FIELD_BASE, add_rm_table},
    {&OPS_8.alu[ALU_OR][OP_RM], FIELD_D8, FIELD_BASE, or_rm_table},
    {&OPS_8.alu[ALU_AND][OP_RM], FIELD_D8, FIELD_BASE, and_rm_table},
    {&OPS_8.alu[ALU_SUB][OP_RM], FIELD_D8, FIELD_BASE, sub_rm_table},
    {&OPS_8.alu[ALU_XOR][OP_RM], FIELD_D8, FIELD_BASE, xor_rm_table},
    {&OPS_8.mov[OP_MR], FIELD_S8, FIELD_BASE, mov_mr_table},
    {&OPS_8.mov[OP_MR_F], FIELD_BASE, FIELD_INDEX, mov_mr_f_table},
    {&OPS_8.mov[OP_MI], NO_FIELD, FIELD_BASE, mov_mi_table},
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
