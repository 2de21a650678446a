/* Chains of two 32-bit operations on one register: which, and their handlers (ops_chains.h). */
#include "cpu/ops_chains.h"

#include "cpu/ops_registers.h"

#define BITS 32
#include "cpu/ops_bodies.h"

/* X(name, general handler): what can only begin a chain; what can be in both places; with flags, only end one. */
#define BEGINS(X)                                                            \
    X(mov_rr, OPS_32.mov[OP_RR])                                             \
    X(lea_b, OPS_32.lea[OP_B])                                               \
    X(lea_f, OPS_32.lea[OP_F])
#define CHANGES(X, quiet)                                                    \
    X(add_rr##quiet, OPS_32.alu##quiet[ALU_ADD][OP_RR])                      \
    X(add_ri##quiet, OPS_32.alu##quiet[ALU_ADD][OP_RI])                      \
    X(or_rr##quiet, OPS_32.alu##quiet[ALU_OR][OP_RR])                        \
    X(or_ri##quiet, OPS_32.alu##quiet[ALU_OR][OP_RI])                        \
    X(and_rr##quiet, OPS_32.alu##quiet[ALU_AND][OP_RR])                      \
    X(and_ri##quiet, OPS_32.alu##quiet[ALU_AND][OP_RI])                      \
    X(sub_rr##quiet, OPS_32.alu##quiet[ALU_SUB][OP_RR])                      \
    X(sub_ri##quiet, OPS_32.alu##quiet[ALU_SUB][OP_RI])                      \
    X(xor_rr##quiet, OPS_32.alu##quiet[ALU_XOR][OP_RR])                      \
    X(xor_ri##quiet, OPS_32.alu##quiet[ALU_XOR][OP_RI])                      \
    X(rol##quiet, OPS_32.shift_i##quiet[0])                                  \
    X(shl##quiet, OPS_32.shift_i##quiet[4])                                  \
    X(shr##quiet, OPS_32.shift_i##quiet[5])                                  \
    X(sar##quiet, OPS_32.shift_i##quiet[7])                                  \
    X(imul##quiet, OPS_32.imul##quiet[0])
#define QUIET_ONES(X) CHANGES(X, _quiet)
#define LIVE_ONES(X) CHANGES(X, )
#define FIRSTS_OF(X) BEGINS(X) QUIET_ONES(X)
#define SECONDS_OF(X) QUIET_ONES(X) LIVE_ONES(X)

/* What becomes of `a`: the register of `op` before, r after. */
#define DO_mov_rr(a) (r = GET(op->s))
#define DO_lea_b(a) (r = (T)(cpu->gpr[op->base] + op->u.v.displacement))
#define DO_lea_f(a) (r = (T)op_offset(cpu, op))
#define DO_add_rr_quiet(a) QUIET_ADD(a, GET(op->s))
#define DO_add_ri_quiet(a) QUIET_ADD(a, IMMEDIATE)
#define DO_or_rr_quiet(a) QUIET_OR(a, GET(op->s))
#define DO_or_ri_quiet(a) QUIET_OR(a, IMMEDIATE)
#define DO_and_rr_quiet(a) QUIET_AND(a, GET(op->s))
#define DO_and_ri_quiet(a) QUIET_AND(a, IMMEDIATE)
#define DO_sub_rr_quiet(a) QUIET_SUB(a, GET(op->s))
#define DO_sub_ri_quiet(a) QUIET_SUB(a, IMMEDIATE)
#define DO_xor_rr_quiet(a) QUIET_XOR(a, GET(op->s))
#define DO_xor_ri_quiet(a) QUIET_XOR(a, IMMEDIATE)
#define DO_rol_quiet(a) (r = rotate(a, op->condition))
#define DO_shl_quiet(a) (r = a << op->condition)
#define DO_shr_quiet(a) (r = a >> op->condition)
#define DO_sar_quiet(a) (r = (T)((int64_t)(ST)a >> op->condition))
#define DO_imul_quiet(a) (r = a * GET(op->s))
#define WITH_FLAGS(DO, a, value)                                             \
    do {                                                                     \
        T b = value;                                                         \
        DO(a, b);                                                            \
    } while (0)
#define DO_add_rr(a) WITH_FLAGS(DO_ADD, a, GET(op->s))
#define DO_add_ri(a) WITH_FLAGS(DO_ADD, a, IMMEDIATE)
#define DO_or_rr(a) WITH_FLAGS(DO_OR, a, GET(op->s))
#define DO_or_ri(a) WITH_FLAGS(DO_OR, a, IMMEDIATE)
#define DO_and_rr(a) WITH_FLAGS(DO_AND, a, GET(op->s))
#define DO_and_ri(a) WITH_FLAGS(DO_AND, a, IMMEDIATE)
#define DO_sub_rr(a) WITH_FLAGS(DO_SUB, a, GET(op->s))
#define DO_sub_ri(a) WITH_FLAGS(DO_SUB, a, IMMEDIATE)
#define DO_xor_rr(a) WITH_FLAGS(DO_XOR, a, GET(op->s))
#define DO_xor_ri(a) WITH_FLAGS(DO_XOR, a, IMMEDIATE)
#define DO_rol(a) (r = rotate_left(cpu, a, op->condition))
#define DO_shl(a) (r = shift_left(cpu, a, op->condition))
#define DO_shr(a) (r = shift_right(cpu, a, op->condition))
#define DO_sar(a) (r = shift_arithmetic(cpu, a, op->condition))
#define DO_imul(a) (r = multiply(cpu, a, GET(op->s)))

/* One operation's result is the other's `a`. */
#define CHAIN(f, s, d)                                                       \
    OP_DEFINE(f##__##s##_##d)                                                \
    {                                                                        \
        T a = GET(d), r;                                                     \
        (void)a;                                                             \
        DO_##f(a);                                                           \
        op++;                                                                \
        a = r;                                                               \
        DO_##s(a);                                                           \
        SET(d, r);                                                           \
        NEXT;                                                                \
    }
#define EACH_CHAIN(f, s)                                                     \
    CHAIN(f, s, 0) CHAIN(f, s, 1) CHAIN(f, s, 2) CHAIN(f, s, 3)              \
    CHAIN(f, s, 4) CHAIN(f, s, 5) CHAIN(f, s, 6) CHAIN(f, s, 7)
/* X(first, second) for all seconds. */
#define SECONDS_BEHIND(X, f)                                                 \
    X(f, add_rr_quiet) X(f, add_ri_quiet) X(f, or_rr_quiet) X(f, or_ri_quiet) \
    X(f, and_rr_quiet) X(f, and_ri_quiet) X(f, sub_rr_quiet) X(f, sub_ri_quiet) \
    X(f, xor_rr_quiet) X(f, xor_ri_quiet) X(f, rol_quiet) X(f, shl_quiet)    \
    X(f, shr_quiet) X(f, sar_quiet) X(f, add_rr) X(f, add_ri) X(f, or_rr)    \
    X(f, or_ri) X(f, and_rr) X(f, and_ri) X(f, sub_rr) X(f, sub_ri)          \
    X(f, xor_rr) X(f, xor_ri) X(f, rol) X(f, shl) X(f, shr) X(f, sar) X(f, imul) \
    X(f, imul_quiet)
#define DEFINE(f, general) SECONDS_BEHIND(EACH_CHAIN, f)
FIRSTS_OF(DEFINE)

#define FIRST_NUMBER(name, general) FIRST_##name,
#define SECOND_NUMBER(name, general) SECOND_##name,
enum first_number { FIRSTS_OF(FIRST_NUMBER) FIRSTS };
enum second_number { SECONDS_OF(SECOND_NUMBER) SECONDS };
_Static_assert(FIRSTS == CHAIN_FIRSTS && SECONDS == CHAIN_SECONDS, "ops_chains.h has the table's size");
#define NAMES(f, s) [SECOND_##s] = {LINE_OF(f##__##s)},
#define LINE_OF_CHAINS(f, general) [FIRST_##f] = {SECONDS_BEHIND(NAMES, f)},
op_handler *const OP_CHAINS[FIRSTS][SECONDS][8] = {FIRSTS_OF(LINE_OF_CHAINS)};

/* --- finding them --------------------------------------------------------------------------------------- */
void op_chain_map_init(struct op_pair_map *map)
{
#define ADD_FIRST(name, general) op_pair_add_role(map, general, FIRST_##name, PAIR_NONE);
#define ADD_BOTH(name, general) op_pair_add_role(map, general, FIRST_##name, SECOND_##name);
#define ADD_SECOND(name, general) op_pair_add_role(map, general, PAIR_NONE, SECOND_##name);
    BEGINS(ADD_FIRST)
    QUIET_ONES(ADD_BOTH)
    LIVE_ONES(ADD_SECOND)
}

/* Does the op read op->s? */
static bool reads_register(op_handler *general)
{
    bool reads = general == OPS_32.imul[0] || general == OPS_32.imul_quiet[0];
    for (unsigned n = 0; n < 8; n++)
        reads = reads || general == OPS_32.alu[n][OP_RR] || general == OPS_32.alu_quiet[n][OP_RR];
    return reads;
}

op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second)
{
    const struct op_pair_role *f = op_pair_role(map, first->handler), *s = op_pair_role(map, second->handler);
    if (!f || !s || f->first == PAIR_NONE || s->second == PAIR_NONE || first->d != second->d || first->d >= 8)
        return NULL;
    if (second->s == second->d && reads_register(second->handler))
        return NULL; /* the register is not stored in between */
    return OP_CHAINS[f->first][s->second][first->d];
}
