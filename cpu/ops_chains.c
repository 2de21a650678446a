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

/* What becomes of `a`, the register of `op` before; r is it after. b: the other register, OTHER_...'s. */
#define DO_mov_rr(a, b) (r = (T)(b))
#define DO_lea_b(a, b) (r = (T)((b) + op->u.v.displacement))
#define DO_lea_f(a, b) (r = (T)(cpu->gpr[op->base] + ((b) << op->scale) + op->u.v.displacement))
#define DO_add_rr_quiet(a, b) QUIET_ADD(a, (T)(b))
#define DO_add_ri_quiet(a, b) QUIET_ADD(a, IMMEDIATE)
#define DO_or_rr_quiet(a, b) QUIET_OR(a, (T)(b))
#define DO_or_ri_quiet(a, b) QUIET_OR(a, IMMEDIATE)
#define DO_and_rr_quiet(a, b) QUIET_AND(a, (T)(b))
#define DO_and_ri_quiet(a, b) QUIET_AND(a, IMMEDIATE)
#define DO_sub_rr_quiet(a, b) QUIET_SUB(a, (T)(b))
#define DO_sub_ri_quiet(a, b) QUIET_SUB(a, IMMEDIATE)
#define DO_xor_rr_quiet(a, b) QUIET_XOR(a, (T)(b))
#define DO_xor_ri_quiet(a, b) QUIET_XOR(a, IMMEDIATE)
#define DO_rol_quiet(a, b) (r = rotate(a, op->condition))
#define DO_shl_quiet(a, b) (r = a << op->condition)
#define DO_shr_quiet(a, b) (r = a >> op->condition)
#define DO_sar_quiet(a, b) (r = (T)((int64_t)(ST)a >> op->condition))
#define DO_imul_quiet(a, b) (r = a * (T)(b))
#define WITH_FLAGS(DO, a, value)                                             \
    do {                                                                     \
        T value_ = value;                                                    \
        DO(a, value_);                                                       \
    } while (0)
#define DO_add_rr(a, b) WITH_FLAGS(DO_ADD, a, (T)(b))
#define DO_add_ri(a, b) WITH_FLAGS(DO_ADD, a, IMMEDIATE)
#define DO_or_rr(a, b) WITH_FLAGS(DO_OR, a, (T)(b))
#define DO_or_ri(a, b) WITH_FLAGS(DO_OR, a, IMMEDIATE)
#define DO_and_rr(a, b) WITH_FLAGS(DO_AND, a, (T)(b))
#define DO_and_ri(a, b) WITH_FLAGS(DO_AND, a, IMMEDIATE)
#define DO_sub_rr(a, b) WITH_FLAGS(DO_SUB, a, (T)(b))
#define DO_sub_ri(a, b) WITH_FLAGS(DO_SUB, a, IMMEDIATE)
#define DO_xor_rr(a, b) WITH_FLAGS(DO_XOR, a, (T)(b))
#define DO_xor_ri(a, b) WITH_FLAGS(DO_XOR, a, IMMEDIATE)
#define DO_rol(a, b) (r = rotate_left(cpu, a, op->condition))
#define DO_shl(a, b) (r = shift_left(cpu, a, op->condition))
#define DO_shr(a, b) (r = shift_right(cpu, a, op->condition))
#define DO_sar(a, b) (r = shift_arithmetic(cpu, a, op->condition))
#define DO_imul(a, b) (r = multiply(cpu, a, (T)(b)))

/* Where an operation reads no other register, `s` is one of no meaning. */
#define OTHER_OF(name) cpu->gpr[op->OTHER_##name]
#define OTHER_mov_rr s
#define OTHER_lea_b base
#define OTHER_lea_f index
#define OTHER_add_rr_quiet s
#define OTHER_add_ri_quiet s
#define OTHER_or_rr_quiet s
#define OTHER_or_ri_quiet s
#define OTHER_and_rr_quiet s
#define OTHER_and_ri_quiet s
#define OTHER_sub_rr_quiet s
#define OTHER_sub_ri_quiet s
#define OTHER_xor_rr_quiet s
#define OTHER_xor_ri_quiet s
#define OTHER_rol_quiet s
#define OTHER_shl_quiet s
#define OTHER_shr_quiet s
#define OTHER_sar_quiet s
#define OTHER_imul_quiet s
#define OTHER_add_rr s
#define OTHER_add_ri s
#define OTHER_or_rr s
#define OTHER_or_ri s
#define OTHER_and_rr s
#define OTHER_and_ri s
#define OTHER_sub_rr s
#define OTHER_sub_ri s
#define OTHER_xor_rr s
#define OTHER_xor_ri s
#define OTHER_rol s
#define OTHER_shl s
#define OTHER_shr s
#define OTHER_sar s
#define OTHER_imul s
/* One operation's result is the other's `a`. */
#define CHAIN(f, s, d) CHAIN_FROM(f, s, d, f##__##s##_##d, OTHER_OF(f))
#define CHAIN_TAKING(f, s, d) CHAIN_FROM(f, s, d, taking_##f##__##s##_##d, forwarded)
#define CHAIN_FROM(f, s, d, name, other)                                     \
    OP_DEFINE(name)                                                          \
    {                                                                        \
        T a = GET(d), r;                                                     \
        uint64_t b = other;                                                  \
        (void)a;                                                             \
        (void)b;                                                             \
        DO_##f(a, b);                                                        \
        op++;                                                                \
        a = r;                                                               \
        b = OTHER_OF(s);                                                     \
        (void)b;                                                             \
        DO_##s(a, b);                                                        \
        SET(d, r);                                                           \
        FORWARD(r);                                                          \
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

/* Those whose other register may be what the op before has just changed: X(name, its field). */
#define TAKERS(X)                                                            \
    X(mov_rr, s) X(lea_b, base) X(lea_f, index) X(add_rr_quiet, s) X(or_rr_quiet, s) \
    X(and_rr_quiet, s) X(sub_rr_quiet, s) X(xor_rr_quiet, s) X(imul_quiet, s)
#define EACH_TAKING(f, s)                                                    \
    CHAIN_TAKING(f, s, 0) CHAIN_TAKING(f, s, 1) CHAIN_TAKING(f, s, 2)        \
    CHAIN_TAKING(f, s, 3) CHAIN_TAKING(f, s, 4) CHAIN_TAKING(f, s, 5)        \
    CHAIN_TAKING(f, s, 6) CHAIN_TAKING(f, s, 7)
#define DEFINE_TAKING(f, field) SECONDS_BEHIND(EACH_TAKING, f)
TAKERS(DEFINE_TAKING)

#define FIRST_NUMBER(name, general) FIRST_##name,
#define SECOND_NUMBER(name, general) SECOND_##name,
enum first_number { FIRSTS_OF(FIRST_NUMBER) FIRSTS };
enum second_number { SECONDS_OF(SECOND_NUMBER) SECONDS };
_Static_assert(FIRSTS == CHAIN_FIRSTS && SECONDS == CHAIN_SECONDS, "ops_chains.h has the table's size");
#define NAMES(f, s) [SECOND_##s] = {LINE_OF(f##__##s)},
#define LINE_OF_CHAINS(f, general) [FIRST_##f] = {SECONDS_BEHIND(NAMES, f)},
op_handler *const OP_CHAINS[FIRSTS][SECONDS][8] = {FIRSTS_OF(LINE_OF_CHAINS)};
#define TAKING_NAMES(f, s) [SECOND_##s] = {LINE_OF(taking_##f##__##s)},
#define LINE_OF_TAKING(f, field) [FIRST_##f] = {SECONDS_BEHIND(TAKING_NAMES, f)},
static op_handler *const OP_CHAINS_TAKING[FIRSTS][SECONDS][8] = {TAKERS(LINE_OF_TAKING)};

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

/* The register that an op which may take one reads beside its own. */
static unsigned other_register(const struct op *op, unsigned first)
{
    switch (first) {
#define CASE(name, field) \
    case FIRST_##name: return op->field;
    TAKERS(CASE)
    default: return OP_NONE_FORWARDED;
    }
}

op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded)
{
    const struct op_pair_role *f = op_pair_role(map, first->handler), *s = op_pair_role(map, second->handler);
    if (!f || !s || f->first == PAIR_NONE || s->second == PAIR_NONE || first->d != second->d || first->d >= 8)
        return NULL;
    if (second->s == second->d && reads_register(second->handler))
        return NULL; /* the register is not stored in between */
    return forwarded != OP_NONE_FORWARDED && other_register(first, f->first) == forwarded
               ? OP_CHAINS_TAKING[f->first][s->second][first->d]
               : OP_CHAINS[f->first][s->second][first->d];
}
