/* Handlers that end in a branch, for operands of BITS bits whose registers are the op's fields: part of ops_template.h. No
 * include guard: one translation unit includes it once. */
#include "cpu/ops_bodies.h"

#define SLOW_LINEAR(is_write) op_linear_any(cpu, op, BYTES, is_write)
#define CLASSES(X, ...) X(B, __VA_ARGS__) X(F, __VA_ARGS__) X(S, __VA_ARGS__) X(W, __VA_ARGS__)
#define REACH(M, bytes, is_write) op_reach_##M(cpu, op, bytes, is_write, &host)
#define CONDITIONS(X)                                                      \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define CONDITION_ROW(name)                                                \
    {name##_0, name##_1, name##_2,  name##_3,  name##_4,  name##_5,  name##_6,  name##_7, \
     name##_8, name##_9, name##_10, name##_11, name##_12, name##_13, name##_14, name##_15}

/* --- compare and branch ------------------------------------------------------------------------------ */
#define CMP_JCC_REGISTERS(cc, is)                                                \
    OP_DEFINE(cmp_rr_j##cc) CMP_BRANCH_BODY(GET(op->d), GET(op->s), is)          \
    OP_DEFINE(cmp_ri_j##cc) CMP_BRANCH_BODY(GET(op->d), IMMEDIATE, is)
COMPARE_CONDITIONS(CMP_JCC_REGISTERS)
#define TEST_JCC(cc, is)                                                         \
    OP_DEFINE(test_rr_j##cc) TEST_BRANCH_BODY(GET(op->d), GET(op->s), is)        \
    OP_DEFINE(test_ri_j##cc) TEST_BRANCH_BODY(GET(op->d), IMMEDIATE, is)
TEST_CONDITIONS(TEST_JCC)

/* With memory: what goes the slow way is taken apart again. */
#define SPLIT_HANDLER(name, A, B)                                 \
    OP_SLOW(name)                                                 \
    {                                                             \
        T m, a, b, r;                                             \
        if (op_refill(cpu, op, OP_NO_LINEAR, BYTES, false))       \
            return op;                                            \
        m = (T)op_load(cpu, op, SLOW_LINEAR(false), BYTES);       \
        a = A;                                                    \
        b = B;                                                    \
        DO_CMP(a, b);                                             \
        (void)r;                                                  \
        return op_split(cpu, op);                                 \
    }
SPLIT_HANDLER(cmp_rm_split, GET(op->d), m)
SPLIT_HANDLER(cmp_mr_split, m, GET(op->s))
SPLIT_HANDLER(cmp_mi_split, m, IMMEDIATE)
#define CMP_JCC_MEMORY(M, form, cc, A, B, is)                     \
    OP_DEFINE(cmp_##form##_##M##_j##cc)                           \
    CMP_READ_BRANCH_BODY(REACH(M, BYTES, false), MISS(cmp_##form##_split), A, B, is)
#define CMP_JCC_RM(cc, is) CLASSES(CMP_JCC_MEMORY, rm, cc, GET(op->d), m, is)
#define CMP_JCC_MR(cc, is) CLASSES(CMP_JCC_MEMORY, mr, cc, m, GET(op->s), is)
#define CMP_JCC_MI(cc, is) CLASSES(CMP_JCC_MEMORY, mi, cc, m, IMMEDIATE, is)
COMPARE_CONDITIONS(CMP_JCC_RM)
COMPARE_CONDITIONS(CMP_JCC_MR)
COMPARE_CONDITIONS(CMP_JCC_MI)

OP_SLOW(test_mi_split)
{
    T r;
    if (op_refill(cpu, op, OP_NO_LINEAR, BYTES, false))
        return op;
    DO_AND((T)op_load(cpu, op, SLOW_LINEAR(false), BYTES), IMMEDIATE);
    (void)r;
    return op_split(cpu, op);
}
#define TEST_JCC_MEMORY(M, cc, is)                                \
    OP_DEFINE(test_mi_##M##_j##cc)                                \
    TEST_READ_BRANCH_BODY(REACH(M, BYTES, false), MISS(test_mi_split), IMMEDIATE, is)
#define TEST_JCC_MI(cc, is) CLASSES(TEST_JCC_MEMORY, cc, is)
TEST_CONDITIONS(TEST_JCC_MI)

/* --- count and branch ---------------------------------------------------------------------------------- */
#define COUNT_JCC(cc, is)                                         \
    OP_DEFINE(inc_j##cc) COUNT_BRANCH_BODY(DO_INC, op->d, is)     \
    OP_DEFINE(dec_j##cc) COUNT_BRANCH_BODY(DO_DEC, op->d, is)     \
    OP_DEFINE(inc_clear_j##cc) COUNT_BRANCH_BODY(DO_INC_CLEAR, op->d, is) \
    OP_DEFINE(dec_clear_j##cc) COUNT_BRANCH_BODY(DO_DEC_CLEAR, op->d, is)
COUNT_CONDITIONS(COUNT_JCC)
#define COUNT_SPLIT(name, DO)                                     \
    OP_SLOW(name##_split)                                         \
    {                                                             \
        T a, r;                                                   \
        uint64_t at;                                              \
        if (op_refill(cpu, op, OP_NO_LINEAR, BYTES, true))        \
            return op;                                            \
        at = SLOW_LINEAR(true);                                   \
        a = (T)op_modify_slow(cpu, op, at, BYTES);                \
        DO(a);                                                    \
        memory_write_slow(cpu, op, at, BYTES, r);                 \
        return op_split(cpu, op);                                 \
    }
COUNT_SPLIT(inc_m, DO_INC)
COUNT_SPLIT(dec_m, DO_DEC)
#define COUNT_JCC_MEMORY(M, cc, is)                               \
    OP_DEFINE(inc_m_##M##_j##cc)                                  \
    COUNT_MODIFY_BRANCH_BODY(REACH(M, BYTES, true), MISS(inc_m_split), DO_INC, is) \
    OP_DEFINE(dec_m_##M##_j##cc)                                  \
    COUNT_MODIFY_BRANCH_BODY(REACH(M, BYTES, true), MISS(dec_m_split), DO_DEC, is)
#define COUNT_JCC_M(cc, is) CLASSES(COUNT_JCC_MEMORY, cc, is)
COUNT_CONDITIONS(COUNT_JCC_M)

#if BITS == 32
#define JCC_OF(cc) OP_DEFINE(jcc_##cc) { BRANCH(flags_condition(cpu, cc)); }
CONDITIONS(JCC_OF)
#endif

#ifdef OPS_NAME
#define CLASS_ROW(name) name##_B, name##_F, name##_S, name##_W
#define JCC_CMP_ROW(form)                                                                      \
    {NULL,           NULL,           cmp_##form##_jb,  cmp_##form##_jae,                       \
     cmp_##form##_je, cmp_##form##_jne, cmp_##form##_jbe, cmp_##form##_ja,                     \
     cmp_##form##_js, cmp_##form##_jns, NULL,             NULL,                                \
     cmp_##form##_jl, cmp_##form##_jge, cmp_##form##_jle, cmp_##form##_jg}
#define JCC_COUNT_ROW(form) {[4] = form##_je, form##_jne, [8] = form##_js, form##_jns}
#define JCC_TEST_ROW(form)                                                                     \
    {NULL,            NULL,             NULL,             NULL,                                \
     test_##form##_je, test_##form##_jne, NULL,           NULL,                                \
     test_##form##_js, test_##form##_jns, NULL,           NULL,                                \
     test_##form##_jl, test_##form##_jge, test_##form##_jle, test_##form##_jg}
#if BITS == 32
#define JCC_ROW .jcc = CONDITION_ROW(jcc),
#else
#define JCC_ROW
#endif
/* Their part of a struct op_handlers. */
#define BRANCH_ROWS \
    JCC_ROW                                                                                        \
    .cmp_jcc = {JCC_CMP_ROW(rr), JCC_CMP_ROW(ri), JCC_CMP_ROW(rm_B), JCC_CMP_ROW(rm_F),            \
                JCC_CMP_ROW(rm_S), JCC_CMP_ROW(rm_W), JCC_CMP_ROW(mr_B), JCC_CMP_ROW(mr_F),        \
                JCC_CMP_ROW(mr_S), JCC_CMP_ROW(mr_W), JCC_CMP_ROW(mi_B), JCC_CMP_ROW(mi_F),        \
                JCC_CMP_ROW(mi_S), JCC_CMP_ROW(mi_W)},                                             \
    .count_jcc = {JCC_COUNT_ROW(inc), JCC_COUNT_ROW(dec)},                                         \
    .count_clear_jcc = {JCC_COUNT_ROW(inc_clear), JCC_COUNT_ROW(dec_clear)},                       \
    .count_m_jcc = {{JCC_COUNT_ROW(inc_m_B), JCC_COUNT_ROW(inc_m_F), JCC_COUNT_ROW(inc_m_S), JCC_COUNT_ROW(inc_m_W)}, \
                    {JCC_COUNT_ROW(dec_m_B), JCC_COUNT_ROW(dec_m_F), JCC_COUNT_ROW(dec_m_S), JCC_COUNT_ROW(dec_m_W)}}, \
    .test_jcc = {JCC_TEST_ROW(rr), JCC_TEST_ROW(ri)},                                              \
    .test_mi_jcc = {JCC_TEST_ROW(mi_B), JCC_TEST_ROW(mi_F), JCC_TEST_ROW(mi_S), JCC_TEST_ROW(mi_W)},
#endif
