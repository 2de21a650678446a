/* Variants by register: byte operations. */
#include "cpu/ops_registers.h"

#define BITS 8
#include "cpu/ops_bodies.h"

#define TEST_WITH(X, ...)                                                            \
    X(e, CC_E, r == 0, __VA_ARGS__) X(ne, CC_NE, r != 0, __VA_ARGS__)                \
    X(s, CC_S, (ST)r < 0, __VA_ARGS__) X(ns, CC_NS, (ST)r >= 0, __VA_ARGS__)
#define CMP_WITH(X, ...)                                                             \
    X(b, CC_B, a < b, __VA_ARGS__) X(ae, CC_AE, a >= b, __VA_ARGS__)                 \
    X(e, CC_E, a == b, __VA_ARGS__) X(ne, CC_NE, a != b, __VA_ARGS__)                \
    X(be, CC_BE, a <= b, __VA_ARGS__) X(a, CC_A, a > b, __VA_ARGS__)

#define INTO(DO, d, s) TWO_BODY_FROM(DO, d, ALONE(d), ALONE(s))
#define BETWEEN(d, s)                                                                          \
    OP_DEFINE(mov_##d##_##s) SET_BODY(BYTE_CODE(d), ALONE(BYTE_CODE(s)))                       \
    OP_DEFINE(add_##d##_##s) INTO(DO_ADD, BYTE_CODE(d), BYTE_CODE(s))                          \
    OP_DEFINE(sub_##d##_##s) INTO(DO_SUB, BYTE_CODE(d), BYTE_CODE(s))                          \
    OP_DEFINE(or_##d##_##s) INTO(DO_OR, BYTE_CODE(d), BYTE_CODE(s))                            \
    OP_DEFINE(and_##d##_##s) INTO(DO_AND, BYTE_CODE(d), BYTE_CODE(s))                          \
    OP_DEFINE(xor_##d##_##s) INTO(DO_XOR, BYTE_CODE(d), BYTE_CODE(s))                          \
    OP_DEFINE(or_quiet_##d##_##s) INTO(QUIET_OR, BYTE_CODE(d), BYTE_CODE(s))                   \
    OP_DEFINE(and_quiet_##d##_##s) INTO(QUIET_AND, BYTE_CODE(d), BYTE_CODE(s))                 \
    OP_DEFINE(xor_quiet_##d##_##s) INTO(QUIET_XOR, BYTE_CODE(d), BYTE_CODE(s))                 \
    OP_DEFINE(cmp_rr_e_##d##_##s) CMP_BRANCH_BODY(GET(BYTE_CODE(d)), GET(BYTE_CODE(s)), a == b) \
    OP_DEFINE(cmp_rr_ne_##d##_##s) CMP_BRANCH_BODY(GET(BYTE_CODE(d)), GET(BYTE_CODE(s)), a != b)
PAIRS(BETWEEN)
SQUARE(mov) SQUARE(add) SQUARE(sub) SQUARE(or) SQUARE(and) SQUARE(xor) SQUARE(or_quiet) SQUARE(and_quiet) SQUARE(xor_quiet)
SQUARE(cmp_rr_e) SQUARE(cmp_rr_ne)

#define CMP_ONE(cc, code, is, n)                                                               \
    OP_DEFINE(cmp_ri_##cc##_##n) CMP_BRANCH_BODY(GET(BYTE_CODE(n)), IMMEDIATE, is)             \
    OP_DEFINE(cmp_mi_##cc##_##n)                                                               \
    CMP_READ_BRANCH_BODY(op_reach_at(cpu, op, n, 1, false, &host), MISS(OPS_8.cmp_jcc[OP_MI][code]), m, IMMEDIATE, is)
#define TEST_ONE(cc, code, is, n)                                                              \
    OP_DEFINE(test_rr_##cc##_##n) TEST_BRANCH_BODY(GET(BYTE_CODE(n)), GET(BYTE_CODE(n)), is)   \
    OP_DEFINE(test_ri_##cc##_##n) TEST_BRANCH_BODY(GET(BYTE_CODE(n)), IMMEDIATE, is)
#define ONE(n)                                                                                 \
    CMP_WITH(CMP_ONE, n) TEST_WITH(TEST_ONE, n)                                                \
    OP_DEFINE(mov_ri_##n) SET_BODY(BYTE_CODE(n), IMMEDIATE)                                    \
    OP_DEFINE(and_i_##n) TWO_BODY(DO_AND, BYTE_CODE(n), IMMEDIATE)
EACH(ONE)
LINE(mov_ri) LINE(and_i)
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
    {&OPS_8.mov[OP_RR], FIELD_D8, FIELD_S8, mov_table},
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
    {&OPS_8.alu[ALU_AND][OP_RI], NO_FIELD, FIELD_D8, and_i_table},
    CMP_WITH(CMP_ROWS, ) TEST_WITH(TEST_ROWS, )
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
