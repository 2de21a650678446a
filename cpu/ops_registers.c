/* The most frequent 32-bit handlers once more, for each register: their operands are constants then, which
 * saves the loads of register numbers and what waits for them. ops_by_register() exchanges handlers
 * when a block is finished. Only what is hot stands here (tests/bench; cpu/README.md). */
#include "cpu/ops.h"

#define G(n) ((uint32_t)cpu->gpr[n])
#define SET(n, value) (cpu->gpr[n] = (uint32_t)(value))

#define INNER(X, a) X(a, 0) X(a, 1) X(a, 2) X(a, 3) X(a, 4) X(a, 5) X(a, 6) X(a, 7)
#define PAIRS(X) INNER(X, 0) INNER(X, 1) INNER(X, 2) INNER(X, 3) \
                 INNER(X, 4) INNER(X, 5) INNER(X, 6) INNER(X, 7)
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* d: the destination, s: the source or the base. */
#define TWO(d, s)                                                                              \
    OP_DEFINE(mov_rr_##d##_##s)                                                                \
    {                                                                                          \
        SET(d, G(s));                                                                          \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(lea_##d##_##s)                                                                   \
    {                                                                                          \
        SET(d, G(s) + op->u.v.displacement);                                                   \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(add_rr_##d##_##s)                                                                \
    {                                                                                          \
        uint32_t b = G(s), r = G(d) + b;                                                       \
        flags_set(cpu, FLAGS_ADD, 2, r, b);                                                    \
        SET(d, r);                                                                             \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(add_quiet_##d##_##s)                                                             \
    {                                                                                          \
        SET(d, G(d) + G(s));                                                                   \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(mov_rm_##d##_##s)                                                                \
    {                                                                                          \
        uint8_t *host;                                                                         \
        if (!op_reach(cpu, G(s) + op->u.v.displacement, 4, false, &host))                      \
            DISPATCH_MUSTTAIL return OPS_32.slow_mov_rm(cpu, op);                              \
        SET(d, load_le32(host));                                                               \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(mov_mr_##d##_##s)                                                                \
    {                                                                                          \
        uint8_t *host;                                                                         \
        if (!op_reach(cpu, G(s) + op->u.v.displacement, 4, true, &host))                       \
            DISPATCH_MUSTTAIL return OPS_32.slow_mov_mr(cpu, op);                              \
        store_le32(host, G(d));                                                                \
        NEXT;                                                                                  \
    }
PAIRS(TWO)

#define ONE(n)                                                                                 \
    OP_DEFINE(push_##n)                                                                        \
    {                                                                                          \
        uint8_t *host;                                                                         \
        uint64_t sp;                                                                           \
        if (!op_reach_stack_F(cpu, -4, 4, true, &sp, &host))                                   \
            DISPATCH_MUSTTAIL return OPS_32.slow_push_r(cpu, op);                              \
        store_le32(host, G(n));                                                                \
        cpu->gpr[CPU_SP] = sp;                                                                 \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(pop_##n)                                                                         \
    {                                                                                          \
        uint8_t *host;                                                                         \
        uint64_t sp;                                                                           \
        if (!op_reach_stack_F(cpu, 4, 4, false, &sp, &host))                                   \
            DISPATCH_MUSTTAIL return OPS_32.slow_pop_r(cpu, op);                               \
        cpu->gpr[CPU_SP] = sp;                                                                 \
        SET(n, load_le32(host));                                                               \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(add_ri_quiet_##n)                                                                \
    {                                                                                          \
        SET(n, G(n) + op->u.v.immediate);                                                      \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(inc_quiet_##n)                                                                   \
    {                                                                                          \
        SET(n, G(n) + 1);                                                                      \
        NEXT;                                                                                  \
    }                                                                                          \
    OP_DEFINE(mov_ri_##n)                                                                      \
    {                                                                                          \
        SET(n, op->u.v.immediate);                                                             \
        NEXT;                                                                                  \
    }
EACH(ONE)

/* --- tables -------------------------------------------------------------------------------------- */
#define ROW(name, d)                                                                           \
    {name##_##d##_0, name##_##d##_1, name##_##d##_2, name##_##d##_3,                           \
     name##_##d##_4, name##_##d##_5, name##_##d##_6, name##_##d##_7}
#define SQUARE(name)                                                                           \
    {ROW(name, 0), ROW(name, 1), ROW(name, 2), ROW(name, 3),                                   \
     ROW(name, 4), ROW(name, 5), ROW(name, 6), ROW(name, 7)}
#define LINE(name)                                                                             \
    {name##_0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7}

static op_handler *by_pair(op_handler *const table[8][8], unsigned first, unsigned second,
                           op_handler *otherwise)
{
    return first < 8 && second < 8 ? table[first][second] : otherwise;
}

void ops_by_register(struct op *op)
{
    static op_handler *const mov_rr[8][8] = SQUARE(mov_rr), *const lea[8][8] = SQUARE(lea),
                             *const add_rr[8][8] = SQUARE(add_rr),
                             *const add_quiet[8][8] = SQUARE(add_quiet),
                             *const mov_rm[8][8] = SQUARE(mov_rm),
                             *const mov_mr[8][8] = SQUARE(mov_mr);
    static op_handler *const push[8] = LINE(push), *const pop[8] = LINE(pop),
                             *const add_ri_quiet[8] = LINE(add_ri_quiet),
                             *const inc_quiet[8] = LINE(inc_quiet), *const mov_ri[8] = LINE(mov_ri);
    op_handler *h = op->handler;
    if (h == OPS_32.mov[OP_RM])
        op->handler = by_pair(mov_rm, op->d, op->base, h);
    else if (h == OPS_32.mov[OP_MR])
        op->handler = by_pair(mov_mr, op->s, op->base, h);
    else if (h == OPS_32.mov[OP_RR])
        op->handler = mov_rr[op->d][op->s];
    else if (h == OPS_32.mov[OP_RI])
        op->handler = mov_ri[op->d];
    else if (h == OPS_32.lea[OP_B])
        op->handler = by_pair(lea, op->d, op->base, h);
    else if (h == OPS_32.alu[ALU_ADD][OP_RR])
        op->handler = add_rr[op->d][op->s];
    else if (h == OPS_32.alu_quiet[ALU_ADD][OP_RR])
        op->handler = add_quiet[op->d][op->s];
    else if (h == OPS_32.alu_quiet[ALU_ADD][OP_RI])
        op->handler = add_ri_quiet[op->d];
    else if (h == OPS_32.unary_quiet[OP_INC])
        op->handler = inc_quiet[op->d];
    else if (h == OPS_32.push_r[0])
        op->handler = push[op->s];
    else if (h == OPS_32.pop_r[0])
        op->handler = pop[op->d];
}
