/* Pairs of 32-bit operations: which, and their handlers (ops_pairs.h). */
#include "cpu/ops_pairs.h"

#define BITS 32
#include "cpu/ops_bodies.h"

/* Steps: one operation of `op`, without going on to the next. STEP_MEMORY finds its bytes at `host`. */
#define STEP_MEMORY(bytes, is_write, general)                                \
    if (!op_reach_at(cpu, op, op->base, bytes, is_write, &host))             \
    MISS(general)
#define STEP_mov_rm                                                          \
    STEP_MEMORY(4, false, OPS_32.mov[OP_RM]);                                \
    SET(op->d, PEEK(host))
#define STEP_mov_mr                                                          \
    STEP_MEMORY(4, true, OPS_32.mov[OP_MR]);                                 \
    store_le(host, 4, GET(op->s))
#define STEP_mov_mi                                                          \
    STEP_MEMORY(4, true, OPS_32.mov[OP_MI]);                                 \
    store_le(host, 4, IMMEDIATE)
#define STEP_movzx8                                                          \
    STEP_MEMORY(1, false, OPS_32.movzx8[1]);                                 \
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
#define STEP_add_rr_quiet STEP_TWO(QUIET_ADD, GET(op->s))
#define STEP_xor_rr_quiet STEP_TWO(QUIET_XOR, GET(op->s))
#define STEP_inc                                                             \
    do {                                                                     \
        T a = GET(op->d), r;                                                 \
        DO_INC(a);                                                           \
        SET(op->d, r);                                                       \
    } while (0)
#define STEP_PUSH(general, value)                                            \
    if (!op_reach_stack_F(cpu, op, -4, 4, true, &sp, &host))                 \
        MISS(general);                                                       \
    store_le(host, 4, value);                                                \
    cpu->gpr[CPU_SP] = sp
#define STEP_push_r STEP_PUSH(OPS_32.push_r[0], GET(op->s))
#define STEP_push_i STEP_PUSH(OPS_32.push_i[0], IMMEDIATE)
#define STEP_pop_r                                                           \
    if (!op_reach_stack_F(cpu, op, 4, 4, false, &sp, &host))                 \
        MISS(OPS_32.pop_r[0]);                                               \
    cpu->gpr[CPU_SP] = sp;                                                   \
    SET(op->d, PEEK(host))
#define STEP_PUSH_RUN(n)                                                     \
    sp = (uint32_t)(cpu->gpr[CPU_SP] - (n) * 4);                             \
    if (!op_reach(cpu, sp, (n) * 4, true, &host))                            \
        MISS(OPS_32.push_run[n]);                                            \
    for (unsigned i = 0; i < (n); i++)                                       \
        store_le(host + ((n) - 1 - i) * 4, 4, GET(op->u.v.immediate >> i * 4 & 7)); \
    cpu->gpr[CPU_SP] = sp
#define STEP_push_2 STEP_PUSH_RUN(2)
#define STEP_push_3 STEP_PUSH_RUN(3)
#define STEP_push_4 STEP_PUSH_RUN(4)
#define STEP_POP_RUN(n)                                                      \
    sp = (uint32_t)cpu->gpr[CPU_SP];                                         \
    if (!op_reach(cpu, sp, (n) * 4, false, &host))                           \
        MISS(OPS_32.pop_run[n]);                                             \
    for (unsigned i = 0; i < (n); i++)                                       \
        SET(op->u.v.immediate >> i * 4 & 7, PEEK(host + i * 4));             \
    cpu->gpr[CPU_SP] = (uint32_t)(sp + (n) * 4)
#define STEP_pop_2 STEP_POP_RUN(2)
#define STEP_pop_3 STEP_POP_RUN(3)
#define STEP_pop_4 STEP_POP_RUN(4)

/* X(name, general handler): operations that go on to the next op, so that they may be first. */
#define STEPS(X)                                                             \
    X(mov_rm, OPS_32.mov[OP_RM]) X(mov_mr, OPS_32.mov[OP_MR])                \
    X(mov_mi, OPS_32.mov[OP_MI]) X(movzx8, OPS_32.movzx8[1])                 \
    X(mov_rr, OPS_32.mov[OP_RR]) X(mov_ri, OPS_32.mov[OP_RI])                \
    X(lea, OPS_32.lea[OP_B]) X(lea_f, OPS_32.lea[OP_F])                      \
    X(add_ri, OPS_32.alu[ALU_ADD][OP_RI]) X(sub_ri, OPS_32.alu[ALU_SUB][OP_RI]) \
    X(and_ri, OPS_32.alu[ALU_AND][OP_RI]) X(add_rr, OPS_32.alu[ALU_ADD][OP_RR]) \
    X(sub_rr, OPS_32.alu[ALU_SUB][OP_RR]) X(xor_rr, OPS_32.alu[ALU_XOR][OP_RR]) \
    X(add_ri_quiet, OPS_32.alu_quiet[ALU_ADD][OP_RI])                        \
    X(add_rr_quiet, OPS_32.alu_quiet[ALU_ADD][OP_RR])                        \
    X(xor_rr_quiet, OPS_32.alu_quiet[ALU_XOR][OP_RR])                        \
    X(inc, OPS_32.unary[OP_INC][0])                                          \
    X(push_r, OPS_32.push_r[0]) X(push_i, OPS_32.push_i[0])                  \
    X(pop_r, OPS_32.pop_r[0])                                                \
    X(push_2, OPS_32.push_run[2]) X(push_3, OPS_32.push_run[3])              \
    X(push_4, OPS_32.push_run[4]) X(pop_2, OPS_32.pop_run[2])                \
    X(pop_3, OPS_32.pop_run[3]) X(pop_4, OPS_32.pop_run[4])

/* The ends of a block, which can only be second. */
#define END_ret                                                              \
    if (!op_reach_stack_F(cpu, op, (int32_t)(4 + op->u.v.immediate), 4, false, &sp, &host)) \
        MISS(OPS_32.ret[0]);                                                 \
    op_check_target(cpu, op, PEEK(host));                                    \
    cpu->gpr[CPU_SP] = sp;                                                   \
    ENTER_OFFSET(PEEK(host))
#define END_call                                                             \
    STEP_PUSH(OPS_32.call[0], IMMEDIATE);                                    \
    ENTER_LINK(0)
#define END_jmp ENTER_LINK(0)
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
#define END_cmp_mi_e END_CMP_MEMORY(OPS_32.cmp_jcc[OP_MI][CC_E], PEEK(host), IMMEDIATE, a == b)
#define END_cmp_mi_ne END_CMP_MEMORY(OPS_32.cmp_jcc[OP_MI][CC_NE], PEEK(host), IMMEDIATE, a != b)
#define END_cmp_rm_e END_CMP_MEMORY(OPS_32.cmp_jcc[OP_RM][CC_E], GET(op->d), PEEK(host), a == b)
#define END_cmp_rm_ne END_CMP_MEMORY(OPS_32.cmp_jcc[OP_RM][CC_NE], GET(op->d), PEEK(host), a != b)
#define ENDS(X)                                                              \
    X(ret, OPS_32.ret[0]) X(call, OPS_32.call[0]) X(jmp, op_jmp)             \
    X(je, OP_JCC[CC_E]) X(jne, OP_JCC[CC_NE])                                \
    X(cmp_rr_e, OPS_32.cmp_jcc[OP_RR][CC_E]) X(cmp_rr_ne, OPS_32.cmp_jcc[OP_RR][CC_NE]) \
    X(cmp_rr_ae, OPS_32.cmp_jcc[OP_RR][CC_AE]) X(cmp_ri_e, OPS_32.cmp_jcc[OP_RI][CC_E]) \
    X(cmp_ri_ne, OPS_32.cmp_jcc[OP_RI][CC_NE]) X(cmp_ri_be, OPS_32.cmp_jcc[OP_RI][CC_BE]) \
    X(cmp_ri_a, OPS_32.cmp_jcc[OP_RI][CC_A])                                 \
    X(test_rr_e, OPS_32.test_jcc[OP_RR][CC_E]) X(test_rr_ne, OPS_32.test_jcc[OP_RR][CC_NE]) \
    X(test_rr_s, OPS_32.test_jcc[OP_RR][CC_S]) X(test_rr_ns, OPS_32.test_jcc[OP_RR][CC_NS]) \
    X(test_ri_e, OPS_32.test_jcc[OP_RI][CC_E]) X(test_ri_ne, OPS_32.test_jcc[OP_RI][CC_NE]) \
    X(cmp_mi_e, OPS_32.cmp_jcc[OP_MI][CC_E]) X(cmp_mi_ne, OPS_32.cmp_jcc[OP_MI][CC_NE]) \
    X(cmp_rm_e, OPS_32.cmp_jcc[OP_RM][CC_E]) X(cmp_rm_ne, OPS_32.cmp_jcc[OP_RM][CC_NE])

/* --- the handlers -------------------------------------------------------------------------------------- */
#define OPEN                                                                 \
    {                                                                        \
        uint8_t *host;                                                       \
        uint64_t sp;                                                         \
        (void)host;                                                          \
        (void)sp;
#define PAIR_STEP(f, s)                                                      \
    OP_DEFINE(f##__##s) OPEN STEP_##f; op++; STEP_##s; NEXT; }
#define PAIR_END(f, s)                                                       \
    OP_DEFINE(f##__##s) OPEN STEP_##f; op++; END_##s; }

/* X(first, second) for all seconds. */
#define STEPS_BEHIND(X, f)                                                   \
    X(f, mov_rm) X(f, mov_mr) X(f, mov_mi) X(f, movzx8) X(f, mov_rr) X(f, mov_ri) X(f, lea) \
    X(f, lea_f) X(f, add_ri) X(f, sub_ri) X(f, and_ri) X(f, add_rr) X(f, sub_rr) X(f, xor_rr) \
    X(f, add_ri_quiet) X(f, add_rr_quiet) X(f, xor_rr_quiet) X(f, inc) X(f, push_r) \
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
#define NAME(f, s) [NUMBER_##s] = f##__##s,
#define LINE_OF_PAIRS(f, general) [NUMBER_##f] = {STEPS_BEHIND(NAME, f) ENDS_BEHIND(NAME, f)},
static op_handler *const PAIR_HANDLERS[FIRSTS][SECONDS] = {STEPS(LINE_OF_PAIRS)};
#define FIRST(name, general) [NUMBER_##name] = &(general),
static op_handler *const *const FIRST_OF_PAIR[FIRSTS] = {STEPS(FIRST)};


/* --- finding them --------------------------------------------------------------------------------------- */
static size_t slot_of(op_handler *handler)
{
    uint64_t key = (uint64_t)(uintptr_t)handler >> 4;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

static void add_role(struct op_pair_map *map, op_handler *general, unsigned first, unsigned second)
{
    size_t at = slot_of(general);
    while (map->slot[at].general)
        at = (at + 1) & (PAIR_SLOTS - 1);
    map->slot[at] = (struct op_pair_role){general, (uint8_t)first, (uint8_t)second};
}

void op_pair_map_init(struct op_pair_map *map)
{
#define ADD_STEP(name, general) add_role(map, general, NUMBER_##name, NUMBER_##name);
#define ADD_END(name, general) add_role(map, general, PAIR_NONE, NUMBER_##name);
    STEPS(ADD_STEP)
    ENDS(ADD_END)
}

static const struct op_pair_role *role_of(const struct op_pair_map *map, op_handler *handler)
{
    size_t at = slot_of(handler);
    while (map->slot[at].general && map->slot[at].general != handler)
        at = (at + 1) & (PAIR_SLOTS - 1);
    return map->slot[at].general ? &map->slot[at] : NULL;
}

op_handler *op_pair(const struct op_pair_map *map, op_handler *first, op_handler *second)
{
    const struct op_pair_role *f = role_of(map, first), *s = role_of(map, second);
    return f && s && f->first != PAIR_NONE ? PAIR_HANDLERS[f->first][s->second] : NULL;
}

op_handler *op_pair_first(op_handler *handler)
{
    for (unsigned first = 0; first < FIRSTS; first++)
        for (unsigned second = 0; second < SECONDS; second++)
            if (PAIR_HANDLERS[first][second] == handler)
                return *FIRST_OF_PAIR[first];
    return handler;
}
