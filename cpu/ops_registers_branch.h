/* Variants by register: comparisons, tests and counts of BITS bits (16, 32) with a branch behind them.
 * OPS and VARIANTS as in ops_registers_alu.h. */
#include "cpu/ops_bodies.h"

#define AT(b) op_reach_at(cpu, op, b, BYTES, false, &host)
#define TO(b) op_reach_at(cpu, op, b, BYTES, true, &host)
#define SPLIT(form, cc) MISS(OPS.cmp_jcc[form][cc])

/* X(name, condition code, ..., what it asks) for one comparison and all conditions. */
#define CMP_WITH(X, ...)                                                             \
    X(b, CC_B, a < b, __VA_ARGS__) X(ae, CC_AE, a >= b, __VA_ARGS__)                 \
    X(e, CC_E, a == b, __VA_ARGS__) X(ne, CC_NE, a != b, __VA_ARGS__)                \
    X(be, CC_BE, a <= b, __VA_ARGS__) X(a, CC_A, a > b, __VA_ARGS__)                 \
    X(s, CC_S, (ST)r < 0, __VA_ARGS__) X(ns, CC_NS, (ST)r >= 0, __VA_ARGS__)         \
    X(l, CC_L, (ST)a < (ST)b, __VA_ARGS__) X(ge, CC_GE, (ST)a >= (ST)b, __VA_ARGS__) \
    X(le, CC_LE, (ST)a <= (ST)b, __VA_ARGS__) X(g, CC_G, (ST)a > (ST)b, __VA_ARGS__)
#define TEST_WITH(X, ...)                                                            \
    X(e, CC_E, r == 0, __VA_ARGS__) X(ne, CC_NE, r != 0, __VA_ARGS__)                \
    X(s, CC_S, (ST)r < 0, __VA_ARGS__) X(ns, CC_NS, (ST)r >= 0, __VA_ARGS__)         \
    X(l, CC_L, (ST)r < 0, __VA_ARGS__) X(ge, CC_GE, (ST)r >= 0, __VA_ARGS__)         \
    X(le, CC_LE, (ST)r <= 0, __VA_ARGS__) X(g, CC_G, (ST)r > 0, __VA_ARGS__)
#define COUNT_WITH(X, ...)                                                           \
    X(e, CC_E, r == 0, __VA_ARGS__) X(ne, CC_NE, r != 0, __VA_ARGS__)                \
    X(s, CC_S, (ST)r < 0, __VA_ARGS__) X(ns, CC_NS, (ST)r >= 0, __VA_ARGS__)

#define CMP_RR(cc, code, is, d, s) \
    OP_DEFINE(cmp_rr_##cc##_##d##_##s) CMP_BRANCH_BODY(GET(d), GET(s), is)
#if BITS == 32 /* pairs for these alone: they take long to compile */
#define TWO(d, s) CMP_WITH(CMP_RR, d, s)
PAIRS(TWO)
#endif

#define CMP_ONE(cc, code, is, n)                                                     \
    OP_DEFINE(cmp_ri_##cc##_##n) CMP_BRANCH_BODY(GET(n), IMMEDIATE, is)              \
    OP_DEFINE(cmp_rm_##cc##_##n)                                                     \
    CMP_READ_BRANCH_BODY(AT(n), SPLIT(OP_RM, code), GET(op->d), m, is)               \
    OP_DEFINE(cmp_mr_##cc##_##n)                                                     \
    CMP_READ_BRANCH_BODY(AT(n), SPLIT(OP_MR, code), m, GET(op->s), is)               \
    OP_DEFINE(cmp_mi_##cc##_##n)                                                     \
    CMP_READ_BRANCH_BODY(AT(n), SPLIT(OP_MI, code), m, IMMEDIATE, is)
/* TEST of a register with itself is how compilers ask for its sign or zero. */
#define TEST_ONE(cc, code, is, n)                                                    \
    OP_DEFINE(test_rr_##cc##_##n) TEST_BRANCH_BODY(GET(n), GET(n), is)               \
    OP_DEFINE(test_ri_##cc##_##n) TEST_BRANCH_BODY(GET(n), IMMEDIATE, is)            \
    OP_DEFINE(test_mi_##cc##_##n)                                                    \
    TEST_READ_BRANCH_BODY(AT(n), MISS(OPS.test_mi_jcc[OP_B][code]), IMMEDIATE, is)
#define COUNT_ONE(cc, code, is, n)                                                   \
    OP_DEFINE(inc_##cc##_##n) COUNT_BRANCH_BODY(DO_INC, n, is)                       \
    OP_DEFINE(dec_##cc##_##n) COUNT_BRANCH_BODY(DO_DEC, n, is)                       \
    OP_DEFINE(inc_clear_##cc##_##n) COUNT_BRANCH_BODY(DO_INC_CLEAR, n, is)           \
    OP_DEFINE(dec_clear_##cc##_##n) COUNT_BRANCH_BODY(DO_DEC_CLEAR, n, is)           \
    OP_DEFINE(inc_m_##cc##_##n)                                                      \
    COUNT_MODIFY_BRANCH_BODY(TO(n), MISS(OPS.count_m_jcc[OP_INC][OP_B][code]), DO_INC, is) \
    OP_DEFINE(dec_m_##cc##_##n)                                                      \
    COUNT_MODIFY_BRANCH_BODY(TO(n), MISS(OPS.count_m_jcc[OP_DEC][OP_B][code]), DO_DEC, is)
#define ONE(n) CMP_WITH(CMP_ONE, n) TEST_WITH(TEST_ONE, n) COUNT_WITH(COUNT_ONE, n)
EACH(ONE)

#define CMP_TABLES(cc, code, is, unused)                                             \
    LINE(cmp_ri_##cc) LINE(cmp_rm_##cc) LINE(cmp_mr_##cc) LINE(cmp_mi_##cc)
#define TEST_TABLES(cc, code, is, unused) LINE(test_rr_##cc) LINE(test_ri_##cc) LINE(test_mi_##cc)
#define COUNT_TABLES(cc, code, is, unused) \
    LINE(inc_##cc) LINE(dec_##cc) LINE(inc_clear_##cc) LINE(dec_clear_##cc) LINE(inc_m_##cc) LINE(dec_m_##cc)
#define CMP_SQUARES(cc, code, is, unused) SQUARE(cmp_rr_##cc)
#if BITS == 32
CMP_WITH(CMP_SQUARES, )
#endif
CMP_WITH(CMP_TABLES, )
TEST_WITH(TEST_TABLES, )
COUNT_WITH(COUNT_TABLES, )

#define CMP_ROWS(cc, code, is, unused)                                               \
    {&OPS.cmp_jcc[OP_RI][code], NO_FIELD, FIELD_D, cmp_ri_##cc##_table},          \
    {&OPS.cmp_jcc[OP_RM][code], NO_FIELD, FIELD_BASE, cmp_rm_##cc##_table},       \
    {&OPS.cmp_jcc[OP_MR][code], NO_FIELD, FIELD_BASE, cmp_mr_##cc##_table},       \
    {&OPS.cmp_jcc[OP_MI][code], NO_FIELD, FIELD_BASE, cmp_mi_##cc##_table},
#define TEST_ROWS(cc, code, is, unused)                                              \
    {&OPS.test_jcc[OP_RR][code], NO_FIELD, FIELD_BOTH, test_rr_##cc##_table},         \
    {&OPS.test_jcc[OP_RI][code], NO_FIELD, FIELD_D, test_ri_##cc##_table},            \
    {&OPS.test_mi_jcc[OP_B][code], NO_FIELD, FIELD_BASE, test_mi_##cc##_table},
#define COUNT_ROWS(cc, code, is, unused)                                             \
    {&OPS.count_jcc[OP_INC][code], NO_FIELD, FIELD_D, inc_##cc##_table},          \
    {&OPS.count_jcc[OP_DEC][code], NO_FIELD, FIELD_D, dec_##cc##_table},          \
    {&OPS.count_clear_jcc[OP_INC][code], NO_FIELD, FIELD_D, inc_clear_##cc##_table}, \
    {&OPS.count_clear_jcc[OP_DEC][code], NO_FIELD, FIELD_D, dec_clear_##cc##_table}, \
    {&OPS.count_m_jcc[OP_INC][OP_B][code], NO_FIELD, FIELD_BASE, inc_m_##cc##_table}, \
    {&OPS.count_m_jcc[OP_DEC][OP_B][code], NO_FIELD, FIELD_BASE, dec_m_##cc##_table},

#define CMP_PAIR_ROWS(cc, code, is, unused)                                          \
    {&OPS.cmp_jcc[OP_RR][code], FIELD_D, FIELD_S, cmp_rr_##cc##_table},

const struct op_variants VARIANTS[] = {
#if BITS == 32
    CMP_WITH(CMP_PAIR_ROWS, )
#endif
    CMP_WITH(CMP_ROWS, ) TEST_WITH(TEST_ROWS, ) COUNT_WITH(COUNT_ROWS, )
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
