/* Variants by register: byte operations. Byte registers are counted as instructions do: AL CL DL BL AH
 * CH DH BH. */
#include "cpu/ops_registers.h"

#define BITS 8
#include "cpu/ops_bodies.h"

#define AT(b, is_write) op_reach_at(cpu, op, b, 1, is_write, &host)
#define INDEXED(b, x, is_write) op_reach_indexed(cpu, op, b, x, 1, is_write, &host)
/* The code of ops.h for a number. */
#define CODE(n) (((n) & 3) | ((n) & 4) << 1)

#define TEST_WITH(X, ...)                                                            \
    X(e, CC_E, r == 0, __VA_ARGS__) X(ne, CC_NE, r != 0, __VA_ARGS__)                \
    X(s, CC_S, (ST)r < 0, __VA_ARGS__) X(ns, CC_NS, (ST)r >= 0, __VA_ARGS__)
#define CMP_WITH(X, ...)                                                             \
    X(b, CC_B, a < b, __VA_ARGS__) X(ae, CC_AE, a >= b, __VA_ARGS__)                 \
    X(e, CC_E, a == b, __VA_ARGS__) X(ne, CC_NE, a != b, __VA_ARGS__)                \
    X(be, CC_BE, a <= b, __VA_ARGS__) X(a, CC_A, a > b, __VA_ARGS__)

#define TWO(r, b)                                                                              \
    OP_DEFINE(mov_rm_##r##_##b) READ_BODY(AT(b, false), MISS(OPS_8.mov[OP_RM]), MOVE_INTO(CODE(r))) \
    OP_DEFINE(mov_mr_##r##_##b) WRITE_BODY(AT(b, true), MISS(OPS_8.mov[OP_MR]), GET(CODE(r)))  \
    COMBINED(add, ALU_ADD, DO_ADD, r, b)                                                       \
    COMBINED(or, ALU_OR, DO_OR, r, b)                                                          \
    COMBINED(and, ALU_AND, DO_AND, r, b)                                                       \
    COMBINED(sub, ALU_SUB, DO_SUB, r, b)                                                       \
    COMBINED(xor, ALU_XOR, DO_XOR, r, b)
#define COMBINED(name, which, DO, r, b)                                                        \
    OP_DEFINE(name##_rm_##r##_##b)                                                             \
    READ_BODY(AT(b, false), MISS(OPS_8.alu[which][OP_RM]), COMBINE_INTO(DO, CODE(r)))
PAIRS(TWO)
SQUARE(mov_rm) SQUARE(mov_mr) SQUARE(add_rm) SQUARE(or_rm) SQUARE(and_rm) SQUARE(sub_rm) SQUARE(xor_rm)

#define BETWEEN(d, s)                                                                          \
    OP_DEFINE(mov_##d##_##s) SET_BODY(CODE(d), GET(CODE(s)))                                   \
    OP_DEFINE(add_##d##_##s) TWO_BODY(DO_ADD, CODE(d), GET(CODE(s)))                           \
    OP_DEFINE(sub_##d##_##s) TWO_BODY(DO_SUB, CODE(d), GET(CODE(s)))                           \
    OP_DEFINE(or_##d##_##s) TWO_BODY(DO_OR, CODE(d), GET(CODE(s)))                             \
    OP_DEFINE(and_##d##_##s) TWO_BODY(DO_AND, CODE(d), GET(CODE(s)))                           \
    OP_DEFINE(xor_##d##_##s) TWO_BODY(DO_XOR, CODE(d), GET(CODE(s)))                           \
    OP_DEFINE(or_quiet_##d##_##s) TWO_BODY(QUIET_OR, CODE(d), GET(CODE(s)))                    \
    OP_DEFINE(and_quiet_##d##_##s) TWO_BODY(QUIET_AND, CODE(d), GET(CODE(s)))                  \
    OP_DEFINE(xor_quiet_##d##_##s) TWO_BODY(QUIET_XOR, CODE(d), GET(CODE(s)))                  \
    OP_DEFINE(cmp_rr_e_##d##_##s) CMP_BRANCH_BODY(GET(CODE(d)), GET(CODE(s)), a == b)          \
    OP_DEFINE(cmp_rr_ne_##d##_##s) CMP_BRANCH_BODY(GET(CODE(d)), GET(CODE(s)), a != b)
PAIRS(BETWEEN)
SQUARE(mov) SQUARE(add) SQUARE(sub) SQUARE(or) SQUARE(and) SQUARE(xor) SQUARE(or_quiet) SQUARE(and_quiet) SQUARE(xor_quiet)
SQUARE(cmp_rr_e) SQUARE(cmp_rr_ne)

#define WITH_INDEX(b, x)                                                                       \
    OP_DEFINE(mov_rm_f_##b##_##x)                                                              \
    READ_BODY(INDEXED(b, x, false), MISS(OPS_8.mov[OP_RM_F]), MOVE_INTO(op->d))                \
    OP_DEFINE(mov_mr_f_##b##_##x)                                                              \
    WRITE_BODY(INDEXED(b, x, true), MISS(OPS_8.mov[OP_MR_F]), GET(op->s))
PAIRS(WITH_INDEX)
SQUARE(mov_rm_f) SQUARE(mov_mr_f)

#define CMP_ONE(cc, code, is, n)                                                               \
    OP_DEFINE(cmp_ri_##cc##_##n) CMP_BRANCH_BODY(GET(CODE(n)), IMMEDIATE, is)                  \
    OP_DEFINE(cmp_mi_##cc##_##n)                                                               \
    CMP_READ_BRANCH_BODY(AT(n, false), MISS(OPS_8.cmp_jcc[OP_MI][code]), m, IMMEDIATE, is)
#define TEST_ONE(cc, code, is, n)                                                              \
    OP_DEFINE(test_rr_##cc##_##n) TEST_BRANCH_BODY(GET(CODE(n)), GET(CODE(n)), is)             \
    OP_DEFINE(test_ri_##cc##_##n) TEST_BRANCH_BODY(GET(CODE(n)), IMMEDIATE, is)
#define ONE(n)                                                                                 \
    CMP_WITH(CMP_ONE, n) TEST_WITH(TEST_ONE, n)                                                \
    OP_DEFINE(mov_ri_##n) SET_BODY(CODE(n), IMMEDIATE)                                         \
    OP_DEFINE(and_i_##n) TWO_BODY(DO_AND, CODE(n), IMMEDIATE)                                  \
    OP_DEFINE(mov_mi_##n) WRITE_BODY(AT(n, true), MISS(OPS_8.mov[OP_MI]), IMMEDIATE)
EACH(ONE)
LINE(mov_ri) LINE(and_i) LINE(mov_mi)
#define CMP_TABLES(cc, code, is, unused) LINE(cmp_ri_##cc) LINE(cmp_mi_##cc)
#define TEST_TABLES(cc, code, is, unused) LINE(test_rr_##cc) LINE(test_ri_##cc)
CMP_WITH(CMP_TABLES, )
TEST_WITH(TEST_TABLES, )

#define CMP_ROWS(cc, code, is, unused)                                               \
    {&OPS_8.cmp_jcc[OP_RI][code], NO_FIELD, FIELD_D8, cmp_ri_##cc##_table},          \
    {&OPS_8.cmp_jcc[OP_MI][code], NO_FIELD, FIELD_BASE, cmp_mi_##cc##_table},
#define TEST_ROWS(cc, code, is, unused)                                              \
    {&OPS_8.test_jcc[OP_RR][code], NO_FIELD, FIELD_BOTH8, test_rr_##cc##_table},     \
    {&OPS_8.test_jcc[OP_RI][code], NO_FIELD, FIELD_D8, test_ri_##cc##_table},

const struct op_variants OP_VARIANTS_8[] = {
    {&OPS_8.mov[OP_RM], FIELD_D8, FIELD_BASE, mov_rm_table},
    {&OPS_8.mov[OP_MR], FIELD_S8, FIELD_BASE, mov_mr_table},
    {&OPS_8.mov[OP_RM_F], FIELD_BASE, FIELD_INDEX, mov_rm_f_table},
    {&OPS_8.mov[OP_MR_F], FIELD_BASE, FIELD_INDEX, mov_mr_f_table},
    {&OPS_8.mov[OP_RR], FIELD_D8, FIELD_S8, mov_table},
    {&OPS_8.alu[ALU_ADD][OP_RM], FIELD_D8, FIELD_BASE, add_rm_table},
    {&OPS_8.alu[ALU_OR][OP_RM], FIELD_D8, FIELD_BASE, or_rm_table},
    {&OPS_8.alu[ALU_AND][OP_RM], FIELD_D8, FIELD_BASE, and_rm_table},
    {&OPS_8.alu[ALU_SUB][OP_RM], FIELD_D8, FIELD_BASE, sub_rm_table},
    {&OPS_8.alu[ALU_XOR][OP_RM], FIELD_D8, FIELD_BASE, xor_rm_table},
    {&OPS_8.alu[ALU_ADD][OP_RR], FIELD_D8, FIELD_S8, add_table},
    {&OPS_8.alu[ALU_SUB][OP_RR], FIELD_D8, FIELD_S8, sub_table},
    {&OPS_8.alu[ALU_OR][OP_RR], FIELD_D8, FIELD_S8, or_table},
    {&OPS_8.alu[ALU_AND][OP_RR], FIELD_D8, FIELD_S8, and_table},
    {&OPS_8.alu[ALU_XOR][OP_RR], FIELD_D8, FIELD_S8, xor_table},
    {&OPS_8.alu_quiet[ALU_OR][OP_RR], FIELD_D8, FIELD_S8, or_quiet_table},
    {&OPS_8.alu_quiet[ALU_AND][OP_RR], FIELD_D8, FIELD_S8, and_quiet_table},
    {&OPS_8.alu_quiet[ALU_XOR][OP_RR], FIELD_D8, FIELD_S8, xor_quiet_table},
    {&OPS_8.cmp_jcc[OP_RR][CC_E], FIELD_D8, FIELD_S8, cmp_rr_e_table},
    {&OPS_8.cmp_jcc[OP_RR][CC_NE], FIELD_D8, FIELD_S8, cmp_rr_ne_table},
    {&OPS_8.mov[OP_RI], NO_FIELD, FIELD_D8, mov_ri_table},
    {&OPS_8.mov[OP_MI], NO_FIELD, FIELD_BASE, mov_mi_table},
    {&OPS_8.alu[ALU_AND][OP_RI], NO_FIELD, FIELD_D8, and_i_table},
    CMP_WITH(CMP_ROWS, ) TEST_WITH(TEST_ROWS, )
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
