/* Chains that begin with some operations (ops_chains.h): their handlers and the table CHAINS. Who includes it says with which:
 * TAKERS(X), X(name, general handler, the field of its other register), and OTHERS(X), X(name, general handler), whose
 * other register is none or is never what the op before has changed. No include guard: one translation unit includes it
 * once. */
#include "cpu/ops_chains.h"

#define BITS 32
#include "cpu/ops_bodies.h"

/* What becomes of `a`, the register of `op` before; r is it after. b: the other register, OTHER_...'s. */
#define DO_mov_rr(a, b) (r = (T)(b))
#define DO_lea_b(a, b) (r = (T)((b) + op->u.v.displacement))
#define DO_lea_f(a, b) (r = (T)(cpu->gpr[op->base] + ((b) << op->scale) + op->u.v.displacement))
#define DO_movzx8(a, b) (r = (uint8_t)((b) >> (op->s & 8)))
#define DO_movzx16(a, b) (r = (uint16_t)(b))
#define DO_not(a, b) (r = ~(a))
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
#define DO_ror_quiet(a, b) (r = rotate(a, 0u - op->condition))
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
#define DO_ror(a, b) (r = rotate_right(cpu, a, op->condition))
#define DO_shl(a, b) (r = shift_left(cpu, a, op->condition))
#define DO_shr(a, b) (r = shift_right(cpu, a, op->condition))
#define DO_sar(a, b) (r = shift_arithmetic(cpu, a, op->condition))
/* The register stays as it is. */
#define DO_COMPARE(DO, a, value)                                             \
    do {                                                                     \
        T value_ = value;                                                    \
        DO(a, value_);                                                       \
        r = a;                                                               \
    } while (0)
#define DO_cmp_rr(a, b) DO_COMPARE(DO_CMP, a, (T)(b))
#define DO_cmp_ri(a, b) DO_COMPARE(DO_CMP, a, IMMEDIATE)
#define DO_test_rr(a, b) DO_COMPARE(DO_AND, a, (T)(b))
#define DO_test_ri(a, b) DO_COMPARE(DO_AND, a, IMMEDIATE)
#define DO_imul(a, b) (r = multiply(cpu, a, (T)(b)))

/* Where an operation reads no other register, `s` is one of no meaning. */
#define OTHER_OF(name) cpu->gpr[op->OTHER_##name]
#define OTHER_mov_rr s
#define OTHER_lea_b base
#define OTHER_lea_f index
#define OTHER_movzx8 s & 3
#define OTHER_movzx16 s
#define OTHER_not s
#define OTHER_cmp_rr s
#define OTHER_cmp_ri s
#define OTHER_test_rr s
#define OTHER_test_ri s
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
#define OTHER_ror_quiet s
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
#define OTHER_ror s
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
        T a = ALONE(d), r;                                                    \
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
#define EACH_TAKING(f, s)                                                    \
    CHAIN_TAKING(f, s, 0) CHAIN_TAKING(f, s, 1) CHAIN_TAKING(f, s, 2)        \
    CHAIN_TAKING(f, s, 3) CHAIN_TAKING(f, s, 4) CHAIN_TAKING(f, s, 5)        \
    CHAIN_TAKING(f, s, 6) CHAIN_TAKING(f, s, 7)
/* X(first, second) for all seconds. */
#define SECONDS_BEHIND(X, f)                                                 \
    X(f, add_rr_quiet) X(f, add_ri_quiet) X(f, or_rr_quiet) X(f, or_ri_quiet) \
    X(f, and_rr_quiet) X(f, and_ri_quiet) X(f, sub_rr_quiet) X(f, sub_ri_quiet) \
    X(f, xor_rr_quiet) X(f, xor_ri_quiet) X(f, rol_quiet) X(f, ror_quiet) X(f, shl_quiet) \
    X(f, shr_quiet) X(f, sar_quiet) X(f, add_rr) X(f, add_ri) X(f, or_rr)    \
    X(f, or_ri) X(f, and_rr) X(f, and_ri) X(f, sub_rr) X(f, sub_ri)          \
    X(f, xor_rr) X(f, xor_ri) X(f, rol) X(f, ror) X(f, shl) X(f, shr) X(f, sar) X(f, imul) \
    X(f, imul_quiet) X(f, not) X(f, cmp_rr) X(f, cmp_ri) X(f, test_rr) X(f, test_ri)
#define DEFINE(f, general) SECONDS_BEHIND(EACH_CHAIN, f)
#define DEFINE_TAKER(f, general, field) SECONDS_BEHIND(EACH_CHAIN, f) SECONDS_BEHIND(EACH_TAKING, f)
TAKERS(DEFINE_TAKER)
OTHERS(DEFINE)

#define NAMES(f, s) [SECOND_##s] = {LINE_OF(f##__##s)},
#define TAKING_NAMES(f, s) [SECOND_##s] = {LINE_OF(taking_##f##__##s)},
#define ROW(f, general) {&general, NO_FIELD, {SECONDS_BEHIND(NAMES, f)}, {{NULL}}},
#define TAKER_ROW(f, general, field) \
    {&general, field, {SECONDS_BEHIND(NAMES, f)}, {SECONDS_BEHIND(TAKING_NAMES, f)}},
const struct op_chain_first CHAINS[] = {
    TAKERS(TAKER_ROW) OTHERS(ROW)
    {NULL, NO_FIELD, {{NULL}}, {{NULL}}},
};
