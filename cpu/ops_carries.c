/* Chains by the carry (ops_chains.h): an operation that makes one, and ADC or SBB behind it. Numbers of 64 bits are added
 * and subtracted so, and compilers count comparisons so. */
#include "cpu/ops_chains.h"

#include "cpu/ops_registers.h"

#define BITS 32
#include "cpu/ops_bodies.h"

/* X(name, general handler). */
#define MAKERS(X)                                                            \
    X(cmp_rr, OPS_32.alu[ALU_CMP][OP_RR])                                    \
    X(cmp_ri, OPS_32.alu[ALU_CMP][OP_RI])                                    \
    X(sub_rr, OPS_32.alu[ALU_SUB][OP_RR])                                    \
    X(sub_ri, OPS_32.alu[ALU_SUB][OP_RI])                                    \
    X(add_rr, OPS_32.alu[ALU_ADD][OP_RR])                                    \
    X(add_ri, OPS_32.alu[ALU_ADD][OP_RI])
#define TAKERS(X)                                                            \
    X(adc_rr, OPS_32.alu[ALU_ADC][OP_RR])                                    \
    X(adc_ri, OPS_32.alu[ALU_ADC][OP_RI])                                    \
    X(sbb_rr, OPS_32.alu[ALU_SBB][OP_RR])                                    \
    X(sbb_ri, OPS_32.alu[ALU_SBB][OP_RI])                                    \
    X(adc_rr_quiet, OPS_32.alu_quiet[ALU_ADC][OP_RR])                        \
    X(adc_ri_quiet, OPS_32.alu_quiet[ALU_ADC][OP_RI])                        \
    X(sbb_rr_quiet, OPS_32.alu_quiet[ALU_SBB][OP_RR])                        \
    X(sbb_ri_quiet, OPS_32.alu_quiet[ALU_SBB][OP_RI])

/* From a and b, r and the carry out; what is done with r. */
#define MAKE_cmp_rr(b) (carry = a < (b))
#define MAKE_sub_rr(b) (carry = a < (b), SET(op->d, a - (b)))
#define MAKE_add_rr(b) (carry = (T)(a + (b)) < a, SET(op->d, a + (b)))
#define MAKE_cmp_ri MAKE_cmp_rr
#define MAKE_sub_ri MAKE_sub_rr
#define MAKE_add_ri MAKE_add_rr
#define OPERAND_OF_cmp_rr GET(op->s)
#define OPERAND_OF_sub_rr GET(op->s)
#define OPERAND_OF_add_rr GET(op->s)
#define OPERAND_OF_cmp_ri IMMEDIATE
#define OPERAND_OF_sub_ri IMMEDIATE
#define OPERAND_OF_add_ri IMMEDIATE
#define TAKE_adc_rr(a) add_carrying(cpu, a, GET(op->s), carry)
#define TAKE_adc_ri(a) add_carrying(cpu, a, IMMEDIATE, carry)
#define TAKE_sbb_rr(a) subtract_borrowing(cpu, a, GET(op->s), carry)
#define TAKE_sbb_ri(a) subtract_borrowing(cpu, a, IMMEDIATE, carry)
#define TAKE_adc_rr_quiet(a) ((a) + GET(op->s) + carry)
#define TAKE_adc_ri_quiet(a) ((a) + IMMEDIATE + carry)
#define TAKE_sbb_rr_quiet(a) ((a) - GET(op->s) - carry)
#define TAKE_sbb_ri_quiet(a) ((a) - IMMEDIATE - carry)

#define CARRY(maker, taker, n)                                               \
    CARRY_FROM(maker, taker, n, maker##__##taker##_##n, GET(op->d))          \
    CARRY_FROM(maker, taker, n, taking_##maker##__##taker##_##n, (T)forwarded)
#define CARRY_FROM(maker, taker, n, name, target)                            \
    OP_DEFINE(name)                                                          \
    {                                                                        \
        T a = target, b = OPERAND_OF_##maker;                                \
        bool carry = false;                                                  \
        MAKE_##maker(b);                                                     \
        op++;                                                                \
        a = TAKE_##taker(ALONE(n));                                            \
        SET(n, a);                                                           \
        FORWARD(a);                                                          \
    }
#define EACH_CARRY(maker, taker)                                             \
    CARRY(maker, taker, 0) CARRY(maker, taker, 1) CARRY(maker, taker, 2) CARRY(maker, taker, 3) \
    CARRY(maker, taker, 4) CARRY(maker, taker, 5) CARRY(maker, taker, 6) CARRY(maker, taker, 7)
#define TAKERS_BEHIND(X, maker)                                              \
    X(maker, adc_rr) X(maker, adc_ri) X(maker, sbb_rr) X(maker, sbb_ri)      \
    X(maker, adc_rr_quiet) X(maker, adc_ri_quiet) X(maker, sbb_rr_quiet) X(maker, sbb_ri_quiet)
#define DEFINE(maker, general) TAKERS_BEHIND(EACH_CARRY, maker)
MAKERS(DEFINE)

#define MAKER_NUMBER(name, general) MAKER_##name,
#define TAKER_NUMBER(name, general) TAKER_##name,
enum maker_number { MAKERS(MAKER_NUMBER) MAKERS };
enum taker_number { TAKERS(TAKER_NUMBER) TAKERS };
_Static_assert(MAKERS == CARRY_MAKERS && TAKERS == CARRY_TAKERS, "ops_chains.h has the table's size");
#define NAMES(maker, taker) [TAKER_##taker] = {{LINE_OF(maker##__##taker)}, {LINE_OF(taking_##maker##__##taker)}},
#define LINE_OF_CARRIES(maker, general) [MAKER_##maker] = {TAKERS_BEHIND(NAMES, maker)},
op_handler *const OP_CARRIES[MAKERS][TAKERS][2][8] = {MAKERS(LINE_OF_CARRIES)};

void op_carry_map_init(struct op_pair_map *map)
{
#define ADD_MAKER(name, general) op_pair_add_role(map, general, MAKER_##name, PAIR_NONE);
#define ADD_TAKER(name, general) op_pair_add_role(map, general, PAIR_NONE, TAKER_##name);
    MAKERS(ADD_MAKER)
    TAKERS(ADD_TAKER)
}

op_handler *op_carry(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded)
{
    const struct op_pair_role *f = op_pair_role(map, first->handler), *s = op_pair_role(map, second->handler);
    if (!f || !s || f->first == PAIR_NONE || s->second == PAIR_NONE || second->d >= 8)
        return NULL;
    return OP_CARRIES[f->first][s->second][first->d == forwarded][second->d];
}
