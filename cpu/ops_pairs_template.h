/* Handlers of pairs of 32-bit operations (ops_pairs.h), in the table PAIR_HANDLERS; PAIR_OPS has the handlers of
 * single operations in the same form. No include guard: one translation unit includes it once. */
#define BITS 32
#include "cpu/ops_bodies.h"

/* Steps: one operation of `op`, without going on to the next. STEP_MEMORY finds its bytes at `host`. */
#define STEP_MEMORY(bytes, is_write, general)                                \
    if (!op_reach_at(cpu, op, op->base, bytes, is_write, &host))             \
    MISS(general)
#define STEP_mov_rm                                                          \
    STEP_MEMORY(4, false, PAIR_OPS.mov[OP_RM]);                                \
    SET(op->d, PEEK(host))
#define STEP_mov_mr                                                          \
    STEP_MEMORY(4, true, PAIR_OPS.mov[OP_MR]);                                 \
    store_le(host, 4, GET(op->s))
#define STEP_mov_mi                                                          \
    STEP_MEMORY(4, true, PAIR_OPS.mov[OP_MI]);                                 \
    store_le(host, 4, IMMEDIATE)
#define STEP_movzx8                                                          \
    STEP_MEMORY(1, false, PAIR_OPS.movzx8[1]);                                 \
    SET(op->d, load_le(host, 1))
#define STEP_mov_rr SET(op->d, GET(op->s))
#define STEP_mov_ri SET(op->d, IMMEDIATE)
#define STEP_lea SET(op->d, cpu->gpr[op->base] + op->u.v.displacement)
#define STEP_lea_f SET(op->d, op_offset(cpu, op))
#define STEP_TWO(DO, B)                                                      \
    do {                                                                     \
        T a = GET(op->d), b = B, r;                                          \
        DO(a, b);                                                            \
        SET(op->d, r);                                                       \
    } while (0)
#define STEP_add_ri STEP_TWO(DO_ADD, IMMEDIATE)
#define STEP_sub_ri STEP_TWO(DO_SUB, IMMEDIATE)
#define STEP_and_ri STEP_TWO(DO_AND, IMMEDIATE)
#define STEP_add_rr STEP_TWO(DO_ADD, GET(op->s))
#define STEP_sub_rr STEP_TWO(DO_SUB, GET(op->s))
#define STEP_xor_rr STEP_TWO(DO_XOR, GET(op->s))
#define STEP_add_ri_quiet STEP_TWO(QUIET_ADD, IMMEDIATE)
#define STEP_sub_ri_quiet STEP_TWO(QUIET_SUB, IMMEDIATE)
#define STEP_and_ri_quiet STEP_TWO(QUIET_AND, IMMEDIATE)
#define STEP_add_rr_quiet STEP_TWO(QUIET_ADD, GET(op->s))
#define STEP_sub_rr_quiet STEP_TWO(QUIET_SUB, GET(op->s))
#define STEP_xor_rr_quiet STEP_TWO(QUIET_XOR, GET(op->s))
#define STEP_inc_quiet SET(op->d, GET(op->d) + 1)
#define STEP_inc                                                             \
    do {                                                                     \
        T a = GET(op->d), r;                                                 \
        DO_INC(a);                                                           \
        SET(op->d, r);                                                       \
    } while (0)
/* Behind an operation on the stack the word that CALL writes or RET reads lies beside those at `host`; at the ends of a
 * page it is found by the general handlers. */
#define STEP_PUSH(general, value)                                            \
    if (is_pushed ? BASE_UNLIKELY((sp & PAGE_MASK) < 4)                      \
                  : !op_reach_stack_F(cpu, op, -4, 4, true, &sp, &host))     \
        MISS(general);                                                       \
    if (is_pushed) {                                                         \
        sp -= 4;                                                             \
        host -= 4;                                                           \
    }                                                                        \
    store_le(host, 4, value);                                                \
    cpu->gpr[CPU_SP] = sp;                                                   \
    is_pushed = true
#define STEP_push_r STEP_PUSH(PAIR_OPS.push_r[0], GET(op->s))
#define STEP_push_i STEP_PUSH(PAIR_OPS.push_i[0], IMMEDIATE)
#define STEP_pop_r                                                           \
    if (!op_reach_stack_F(cpu, op, 4, 4, false, &sp, &host))                 \
        MISS(PAIR_OPS.pop_r[0]);                                               \
    cpu->gpr[CPU_SP] = sp;                                                   \
    SET(op->d, PEEK(host));                                                  \
    host += 4;                                                               \
    is_popped = true
#define STEP_PUSH_RUN(n)                                                     \
    sp = (uint32_t)(cpu->gpr[CPU_SP] - (n) * 4);                             \
    if (!op_reach(cpu, sp, (n) * 4, true, &host))                            \
        MISS(PAIR_OPS.push_run[n]);                                            \
    BASE_UNROLLED for (unsigned i = 0; i < (n); i++)                         \
        store_le(host + ((n) - 1 - i) * 4, 4, GET(op->u.v.immediate >> i * 4 & 7)); \
    cpu->gpr[CPU_SP] = sp;                                                   \
    is_pushed = true
#define STEP_push_2 STEP_PUSH_RUN(2)
#define STEP_push_3 STEP_PUSH_RUN(3)
#define STEP_push_4 STEP_PUSH_RUN(4)
#define STEP_POP_RUN(n)                                                      \
    sp = (uint32_t)cpu->gpr[CPU_SP];                                         \
    if (!op_reach(cpu, sp, (n) * 4, false, &host))                           \
        MISS(PAIR_OPS.pop_run[n]);                                             \
    BASE_UNROLLED for (unsigned i = 0; i < (n); i++)                         \
        SET(op->u.v.immediate >> i * 4 & 7, PEEK(host + i * 4));             \
    cpu->gpr[CPU_SP] = sp = (uint32_t)(sp + (n) * 4);                        \
    host += (n) * 4;                                                         \
    is_popped = true
#define STEP_pop_2 STEP_POP_RUN(2)
#define STEP_pop_3 STEP_POP_RUN(3)
#define STEP_pop_4 STEP_POP_RUN(4)

/* X(name, general handler): operations that go on to the next op, so that they may be first. */
#define STEPS(X)                                                             \
    X(mov_rm, PAIR_OPS.mov[OP_RM]) X(mov_mr, PAIR_OPS.mov[OP_MR])                \
    X(mov_mi, PAIR_OPS.mov[OP_MI]) X(movzx8, PAIR_OPS.movzx8[1])                 \
    X(mov_rr, PAIR_OPS.mov[OP_RR]) X(mov_ri, PAIR_OPS.mov[OP_RI])                \
    X(lea, PAIR_OPS.lea[OP_B]) X(lea_f, PAIR_OPS.lea[OP_F])                      \
    X(add_ri, PAIR_OPS.alu[ALU_ADD][OP_RI]) X(sub_ri, PAIR_OPS.alu[ALU_SUB][OP_RI]) \
    X(and_ri, PAIR_OPS.alu[ALU_AND][OP_RI]) X(add_rr, PAIR_OPS.alu[ALU_ADD][OP_RR]) \
    X(sub_rr, PAIR_OPS.alu[ALU_SUB][OP_RR]) X(xor_rr, PAIR_OPS.alu[ALU_XOR][OP_RR]) \
    X(add_ri_quiet, PAIR_OPS.alu_quiet[ALU_ADD][OP_RI])                        \
    X(sub_ri_quiet, PAIR_OPS.alu_quiet[ALU_SUB][OP_RI])                        \
    X(and_ri_quiet, PAIR_OPS.alu_quiet[ALU_AND][OP_RI])                        \
    X(add_rr_quiet, PAIR_OPS.alu_quiet[ALU_ADD][OP_RR])                        \
    X(sub_rr_quiet, PAIR_OPS.alu_quiet[ALU_SUB][OP_RR])                        \
    X(xor_rr_quiet, PAIR_OPS.alu_quiet[ALU_XOR][OP_RR])                        \
    X(inc, PAIR_OPS.unary[OP_INC][0]) X(inc_quiet, PAIR_OPS.unary_quiet[OP_INC]) \
    X(push_r, PAIR_OPS.push_r[0]) X(push_i, PAIR_OPS.push_i[0])                  \
    X(pop_r, PAIR_OPS.pop_r[0])                                                \
    X(push_2, PAIR_OPS.push_run[2]) X(push_3, PAIR_OPS.push_run[3])              \
    X(push_4, PAIR_OPS.push_run[4]) X(pop_2, PAIR_OPS.pop_run[2])                \
    X(pop_3, PAIR_OPS.pop_run[3]) X(pop_4, PAIR_OPS.pop_run[4])

/* The ends of a block, which can only be second. */
#define END_ret                                                              \
    if (is_popped ? BASE_UNLIKELY(((sp - 1) & PAGE_MASK) >= PAGE_MASK - 3)   \
                  : !op_reach_stack_F(cpu, op, (int32_t)(4 + op->u.v.immediate), 4, false, &sp, &host)) \
        MISS(PAIR_OPS.ret[0]);                                               \
    if (is_popped)                                                           \
        sp = (uint32_t)(sp + 4 + op->u.v.immediate);                         \
    if (!run_knows_return(cpu, op_code_base_F(cpu), PEEK(host), &to))        \
        MISS(PAIR_OPS.ret[0]);                                               \
    cpu->gpr[CPU_SP] = sp;                                                   \
    ENTER_BLOCK(to)
#define END_call                                                             \
    STEP_PUSH(PAIR_OPS.call[0], IMMEDIATE);                                    \
    run_note_call(cpu, op, op_code_base_F(cpu), IMMEDIATE);                  \
    ENTER_LINK
#define END_jmp ENTER_LINK
#define END_JCC(cc)                                                          \
    BRANCH(flags_condition(cpu, cc))
#define END_je END_JCC(CC_E)
#define END_jne END_JCC(CC_NE)
#define END_CMP(A, B, is)                                                    \
    do {                                                                     \
        T a = A, b = B, r;                                                   \
        DO_CMP(a, b);                                                        \
        (void)r;                                                             \
        BRANCH(is);                                                          \
    } while (0)
#define END_TEST(B, is)                                                      \
    do {                                                                     \
        T r;                                                                 \
        DO_AND(GET(op->d), B);                                               \
        BRANCH(is);                                                          \
    } while (0)
#define END_CMP_MEMORY(general, A, B, is)                                    \
    STEP_MEMORY(4, false, general);                                          \
    END_CMP(A, B, is)
#define END_cmp_rr_e END_CMP(GET(op->d), GET(op->s), a == b)
#define END_cmp_rr_ne END_CMP(GET(op->d), GET(op->s), a != b)
#define END_cmp_rr_ae END_CMP(GET(op->d), GET(op->s), a >= b)
#define END_cmp_ri_e END_CMP(GET(op->d), IMMEDIATE, a == b)
#define END_cmp_ri_ne END_CMP(GET(op->d), IMMEDIATE, a != b)
#define END_cmp_ri_be END_CMP(GET(op->d), IMMEDIATE, a <= b)
#define END_cmp_ri_a END_CMP(GET(op->d), IMMEDIATE, a > b)
#define END_test_rr_e END_TEST(GET(op->s), r == 0)
#define END_test_rr_ne END_TEST(GET(op->s), r != 0)
#define END_test_rr_s END_TEST(GET(op->s), (ST)r < 0)
#define END_test_rr_ns END_TEST(GET(op->s), (ST)r >= 0)
#define END_test_ri_e END_TEST(IMMEDIATE, r == 0)
#define END_test_ri_ne END_TEST(IMMEDIATE, r != 0)
#define END_cmp_mi_e END_CMP_MEMORY(PAIR_OPS.cmp_jcc[OP_MI][CC_E], PEEK(host), IMMEDIATE, a == b)
#define END_cmp_mi_ne END_CMP_MEMORY(PAIR_OPS.cmp_jcc[OP_MI][CC_NE], PEEK(host), IMMEDIATE, a != b)
#define END_cmp_rm_e END_CMP_MEMORY(PAIR_OPS.cmp_jcc[OP_RM][CC_E], GET(op->d), PEEK(host), a == b)
#define END_cmp_rm_ne END_CMP_MEMORY(PAIR_OPS.cmp_jcc[OP_RM][CC_NE], GET(op->d), PEEK(host), a != b)
#define ENDS(X)                                                              \
    X(ret, PAIR_OPS.ret[0]) X(call, PAIR_OPS.call[0]) X(jmp, PAIR_OPS.jmp)             \
    X(je, PAIR_OPS.jcc[CC_E]) X(jne, PAIR_OPS.jcc[CC_NE])                                \
    X(cmp_rr_e, PAIR_OPS.cmp_jcc[OP_RR][CC_E]) X(cmp_rr_ne, PAIR_OPS.cmp_jcc[OP_RR][CC_NE]) \
    X(cmp_rr_ae, PAIR_OPS.cmp_jcc[OP_RR][CC_AE]) X(cmp_ri_e, PAIR_OPS.cmp_jcc[OP_RI][CC_E]) \
    X(cmp_ri_ne, PAIR_OPS.cmp_jcc[OP_RI][CC_NE]) X(cmp_ri_be, PAIR_OPS.cmp_jcc[OP_RI][CC_BE]) \
    X(cmp_ri_a, PAIR_OPS.cmp_jcc[OP_RI][CC_A])                                 \
    X(test_rr_e, PAIR_OPS.test_jcc[OP_RR][CC_E]) X(test_rr_ne, PAIR_OPS.test_jcc[OP_RR][CC_NE]) \
    X(test_rr_s, PAIR_OPS.test_jcc[OP_RR][CC_S]) X(test_rr_ns, PAIR_OPS.test_jcc[OP_RR][CC_NS]) \
    X(test_ri_e, PAIR_OPS.test_jcc[OP_RI][CC_E]) X(test_ri_ne, PAIR_OPS.test_jcc[OP_RI][CC_NE]) \
    X(cmp_mi_e, PAIR_OPS.cmp_jcc[OP_MI][CC_E]) X(cmp_mi_ne, PAIR_OPS.cmp_jcc[OP_MI][CC_NE]) \
    X(cmp_rm_e, PAIR_OPS.cmp_jcc[OP_RM][CC_E]) X(cmp_rm_ne, PAIR_OPS.cmp_jcc[OP_RM][CC_NE])

/* --- the handlers -------------------------------------------------------------------------------------- */
#define OPEN                                                                 \
    {                                                                        \
        uint8_t *host = NULL;                                                \
        uint64_t sp = 0;                                                     \
        struct block *to;                                                    \
        bool is_pushed = false, is_popped = false;                           \
        (void)is_pushed;                                                     \
        (void)is_popped;                                                     \
        (void)host;                                                          \
        (void)to;                                                            \
        (void)sp;
#define PAIR_STEP(f, s)                                                      \
    OP_DEFINE(f##__##s) OPEN STEP_##f; op++; STEP_##s; NEXT; }
#define PAIR_END(f, s)                                                       \
    OP_DEFINE(f##__##s) OPEN STEP_##f; op++; END_##s; }

/* X(first, second) for all seconds. */
#define STEPS_BEHIND(X, f)                                                   \
    X(f, mov_rm) X(f, mov_mr) X(f, mov_mi) X(f, movzx8) X(f, mov_rr) X(f, mov_ri) X(f, lea) \
    X(f, lea_f) X(f, add_ri) X(f, sub_ri) X(f, and_ri) X(f, add_rr) X(f, sub_rr) X(f, xor_rr) \
    X(f, add_ri_quiet) X(f, sub_ri_quiet) X(f, and_ri_quiet) X(f, add_rr_quiet)  \
    X(f, sub_rr_quiet) X(f, xor_rr_quiet) X(f, inc) X(f, inc_quiet) X(f, push_r) \
    X(f, push_i) X(f, pop_r) X(f, push_2) X(f, push_3) X(f, push_4) X(f, pop_2) X(f, pop_3) \
    X(f, pop_4)
#define ENDS_BEHIND(X, f)                                                    \
    X(f, ret) X(f, call) X(f, jmp) X(f, je) X(f, jne) X(f, cmp_rr_e) X(f, cmp_rr_ne) \
    X(f, cmp_rr_ae) X(f, cmp_ri_e) X(f, cmp_ri_ne) X(f, cmp_ri_be) X(f, cmp_ri_a) \
    X(f, test_rr_e) X(f, test_rr_ne) X(f, test_rr_s) X(f, test_rr_ns) X(f, test_ri_e) \
    X(f, test_ri_ne) X(f, cmp_mi_e) X(f, cmp_mi_ne) X(f, cmp_rm_e) X(f, cmp_rm_ne)
#define DEFINE(f, general) STEPS_BEHIND(PAIR_STEP, f) ENDS_BEHIND(PAIR_END, f)
STEPS(DEFINE)

#define NUMBER(name, general) NUMBER_##name,
enum pair_number { STEPS(NUMBER) FIRSTS, REWIND = FIRSTS - 1, ENDS(NUMBER) SECONDS };
_Static_assert(FIRSTS == PAIR_FIRSTS && SECONDS == PAIR_SECONDS, "ops_pairs.h has the table's size");
#define NAME(f, s) [NUMBER_##s] = f##__##s,
#define LINE_OF_PAIRS(f, general) [NUMBER_##f] = {STEPS_BEHIND(NAME, f) ENDS_BEHIND(NAME, f)},
op_handler *const PAIR_HANDLERS[FIRSTS][SECONDS] = {STEPS(LINE_OF_PAIRS)};
