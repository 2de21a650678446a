/* Variants by register: operations of BITS bits (16, 32) between registers and with immediates. OPS is the
 * table of the general handlers, VARIANTS the rows' name. No include guard: one translation unit
 * includes it once. */
#include "cpu/ops_bodies.h"

#define INTO(DO, d, b) TWO_BODY_FROM(DO, d, ALONE(d), b)
#define OTHER(d, s) ((d) == (s) ? a : ALONE(s)) /* with itself: a constant, or twice as much */
#define TWO(d, s)                                                     \
    OP_DEFINE(mov_##d##_##s) SET_BODY(d, GET(s))                      \
    OP_DEFINE(lea_##d##_##s) SET_BODY(d, GET(s) + op->u.v.displacement) \
    OP_DEFINE(add_##d##_##s) INTO(DO_ADD, d, OTHER(d, s))             \
    OP_DEFINE(or_##d##_##s) INTO(DO_OR, d, OTHER(d, s))               \
    OP_DEFINE(adc_##d##_##s) INTO(DO_ADC, d, OTHER(d, s))             \
    OP_DEFINE(sbb_##d##_##s) INTO(DO_SBB, d, OTHER(d, s))             \
    OP_DEFINE(and_##d##_##s) INTO(DO_AND, d, OTHER(d, s))             \
    OP_DEFINE(sub_##d##_##s) INTO(DO_SUB, d, OTHER(d, s))             \
    OP_DEFINE(xor_##d##_##s) INTO(DO_XOR, d, OTHER(d, s))             \
    OP_DEFINE(add_quiet_##d##_##s) INTO(QUIET_ADD, d, OTHER(d, s))    \
    OP_DEFINE(adc_quiet_##d##_##s) INTO(QUIET_ADC, d, OTHER(d, s))    \
    OP_DEFINE(sbb_quiet_##d##_##s) INTO(QUIET_SBB, d, OTHER(d, s))    \
    OP_DEFINE(or_quiet_##d##_##s) INTO(QUIET_OR, d, OTHER(d, s))      \
    OP_DEFINE(and_quiet_##d##_##s) INTO(QUIET_AND, d, OTHER(d, s))    \
    OP_DEFINE(sub_quiet_##d##_##s) INTO(QUIET_SUB, d, OTHER(d, s))    \
    OP_DEFINE(xor_quiet_##d##_##s) INTO(QUIET_XOR, d, OTHER(d, s))    \
    OP_DEFINE(cmp_##d##_##s) COMPARE_BODY(DO_CMP, GET(d), GET(s))     \
    OP_DEFINE(test_##d##_##s) COMPARE_BODY(DO_AND, GET(d), GET(s))    \
    OP_DEFINE(imul_##d##_##s) SET_BODY(d, multiply(cpu, ALONE(d), ALONE(s))) \
    OP_DEFINE(imul_quiet_##d##_##s) SET_BODY(d, ALONE(d) * (uint64_t)ALONE(s)) \
    OP_DEFINE(movzx8_##d##_##s) SET_BODY(d, (uint8_t)(gpr_alone(cpu, s & 3) >> (s & 4) * 2)) \
    OP_DEFINE(movzx16_##d##_##s) SET_BODY(d, (uint16_t)gpr_alone(cpu, s))   \
    OP_DEFINE(movsx16_##d##_##s) SET_BODY(d, (T)(int16_t)gpr_alone(cpu, s))
PAIRS(TWO)
SQUARE(mov) SQUARE(lea) SQUARE(add) SQUARE(or) SQUARE(adc) SQUARE(sbb) SQUARE(and) SQUARE(sub) SQUARE(xor)
SQUARE(add_quiet) SQUARE(adc_quiet) SQUARE(sbb_quiet) SQUARE(imul_quiet) SQUARE(or_quiet) SQUARE(and_quiet) SQUARE(sub_quiet) SQUARE(xor_quiet)
SQUARE(cmp) SQUARE(test) SQUARE(imul) SQUARE(movzx8) SQUARE(movzx16) SQUARE(movsx16)

/* By the register that is changed: a store whose place is the handler's own is found again by the loads behind it sooner
 * than one whose place is the op's. */
#define INDEXED(d, x)                                                 \
    OP_DEFINE(lea_indexed_##d##_##x)                                  \
    SET_BODY(d, cpu->gpr[op->base] + (cpu->gpr[x] << op->scale) + op->u.v.displacement)
PAIRS(INDEXED)
SQUARE(lea_indexed)

#define ONE(d)                                                        \
    OP_DEFINE(mov_i_##d) SET_BODY(d, IMMEDIATE)                       \
    OP_DEFINE(add_i_##d) INTO(DO_ADD, d, IMMEDIATE)                   \
    OP_DEFINE(or_i_##d) INTO(DO_OR, d, IMMEDIATE)                     \
    OP_DEFINE(adc_i_##d) INTO(DO_ADC, d, IMMEDIATE)                   \
    OP_DEFINE(sbb_i_##d) INTO(DO_SBB, d, IMMEDIATE)                   \
    OP_DEFINE(and_i_##d) INTO(DO_AND, d, IMMEDIATE)                   \
    OP_DEFINE(sub_i_##d) INTO(DO_SUB, d, IMMEDIATE)                   \
    OP_DEFINE(xor_i_##d) INTO(DO_XOR, d, IMMEDIATE)                   \
    OP_DEFINE(add_quiet_i_##d) INTO(QUIET_ADD, d, IMMEDIATE)          \
    OP_DEFINE(adc_quiet_i_##d) INTO(QUIET_ADC, d, IMMEDIATE)          \
    OP_DEFINE(sbb_quiet_i_##d) INTO(QUIET_SBB, d, IMMEDIATE)          \
    OP_DEFINE(or_quiet_i_##d) INTO(QUIET_OR, d, IMMEDIATE)            \
    OP_DEFINE(and_quiet_i_##d) INTO(QUIET_AND, d, IMMEDIATE)          \
    OP_DEFINE(sub_quiet_i_##d) INTO(QUIET_SUB, d, IMMEDIATE)          \
    OP_DEFINE(xor_quiet_i_##d) INTO(QUIET_XOR, d, IMMEDIATE)          \
    OP_DEFINE(cmp_i_##d) COMPARE_BODY(DO_CMP, GET(d), IMMEDIATE)      \
    OP_DEFINE(test_i_##d) COMPARE_BODY(DO_AND, GET(d), IMMEDIATE)     \
    OP_DEFINE(inc_##d) ONE_BODY(DO_INC, d)                            \
    OP_DEFINE(dec_##d) ONE_BODY(DO_DEC, d)                            \
    OP_DEFINE(not_##d) ONE_BODY(DO_NOT, d)                            \
    OP_DEFINE(neg_##d) ONE_BODY(DO_NEG, d)                            \
    OP_DEFINE(inc_quiet_##d) SET_BODY(d, GET(d) + 1)                  \
    OP_DEFINE(dec_quiet_##d) SET_BODY(d, GET(d) - 1)                  \
    OP_DEFINE(neg_quiet_##d) SET_BODY(d, 0 - GET(d))                  \
    OP_DEFINE(rol_##d) SET_BODY(d, rotate_left(cpu, GET(d), op->condition)) \
    OP_DEFINE(ror_##d) SET_BODY(d, rotate_right(cpu, GET(d), op->condition)) \
    OP_DEFINE(shl_##d) SET_BODY(d, shift_left(cpu, GET(d), op->condition)) \
    OP_DEFINE(shr_##d) SET_BODY(d, shift_right(cpu, GET(d), op->condition)) \
    OP_DEFINE(sar_##d) SET_BODY(d, shift_arithmetic(cpu, GET(d), op->condition)) \
    OP_DEFINE(rol_quiet_##d) SET_BODY(d, rotate(GET(d), op->condition)) \
    OP_DEFINE(ror_quiet_##d) SET_BODY(d, rotate(GET(d), 0u - op->condition)) \
    OP_DEFINE(shl_quiet_##d) SET_BODY(d, (T)((uint64_t)GET(d) << op->condition)) \
    OP_DEFINE(shr_quiet_##d) SET_BODY(d, (T)((uint64_t)GET(d) >> op->condition)) \
    OP_DEFINE(sar_quiet_##d) SET_BODY(d, (T)((int64_t)(ST)GET(d) >> op->condition))
EACH(ONE)
LINE(mov_i) LINE(add_i) LINE(or_i) LINE(adc_i) LINE(sbb_i) LINE(and_i) LINE(sub_i) LINE(xor_i)
LINE(add_quiet_i) LINE(adc_quiet_i) LINE(sbb_quiet_i) LINE(or_quiet_i) LINE(and_quiet_i) LINE(sub_quiet_i) LINE(xor_quiet_i)
LINE(cmp_i) LINE(test_i) LINE(inc) LINE(dec) LINE(not) LINE(neg)
LINE(inc_quiet) LINE(dec_quiet) LINE(neg_quiet)
LINE(rol) LINE(ror) LINE(shl) LINE(shr) LINE(sar)
LINE(rol_quiet) LINE(ror_quiet) LINE(shl_quiet) LINE(shr_quiet) LINE(sar_quiet)

#define ALU_ROWS(name, which)                                         \
    {&OPS.alu[which][OP_RR], FIELD_D, FIELD_S, name##_table},                \
    {&OPS.alu[which][OP_RI], NO_FIELD, FIELD_D, name##_i_table}
#define QUIET_ROWS(name, which)                                       \
    {&OPS.alu_quiet[which][OP_RR], FIELD_D, FIELD_S, name##_quiet_table},    \
    {&OPS.alu_quiet[which][OP_RI], NO_FIELD, FIELD_D, name##_quiet_i_table}
#define SHIFT_ROWS(name, digit)                                       \
    {&OPS.shift_i[digit], NO_FIELD, FIELD_D, name##_table},                     \
    {&OPS.shift_i_quiet[digit], NO_FIELD, FIELD_D, name##_quiet_table}

const struct op_variants VARIANTS[] = {
    {&OPS.mov[OP_RR], FIELD_D, FIELD_S, mov_table},
    {&OPS.mov[OP_RI], NO_FIELD, FIELD_D, mov_i_table},
    {&OPS.lea[OP_B], FIELD_D, FIELD_BASE, lea_table},
    {&OPS.lea[OP_F], FIELD_D, FIELD_INDEX, lea_indexed_table},
    ALU_ROWS(add, ALU_ADD),
    ALU_ROWS(or, ALU_OR),
    ALU_ROWS(adc, ALU_ADC),
    ALU_ROWS(sbb, ALU_SBB),
    ALU_ROWS(and, ALU_AND),
    ALU_ROWS(sub, ALU_SUB),
    ALU_ROWS(xor, ALU_XOR),
    ALU_ROWS(cmp, ALU_CMP),
    QUIET_ROWS(add, ALU_ADD),
    QUIET_ROWS(or, ALU_OR),
    QUIET_ROWS(adc, ALU_ADC),
    QUIET_ROWS(sbb, ALU_SBB),
    QUIET_ROWS(and, ALU_AND),
    QUIET_ROWS(sub, ALU_SUB),
    QUIET_ROWS(xor, ALU_XOR),
    {&OPS.test[OP_RR], FIELD_D, FIELD_S, test_table},
    {&OPS.test[OP_RI], NO_FIELD, FIELD_D, test_i_table},
    {&OPS.imul[0], FIELD_D, FIELD_S, imul_table},
    {&OPS.imul_quiet[0], FIELD_D, FIELD_S, imul_quiet_table},
    {&OPS.movzx8[0], FIELD_D, FIELD_S8, movzx8_table},
    {&OPS.movzx16[0], FIELD_D, FIELD_S, movzx16_table},
    {&OPS.movsx16[0], FIELD_D, FIELD_S, movsx16_table},
    {&OPS.unary[OP_INC][0], NO_FIELD, FIELD_D, inc_table},
    {&OPS.unary[OP_DEC][0], NO_FIELD, FIELD_D, dec_table},
    {&OPS.unary[OP_NOT][0], NO_FIELD, FIELD_D, not_table},
    {&OPS.unary[OP_NEG][0], NO_FIELD, FIELD_D, neg_table},
    {&OPS.unary_quiet[OP_INC], NO_FIELD, FIELD_D, inc_quiet_table},
    {&OPS.unary_quiet[OP_DEC], NO_FIELD, FIELD_D, dec_quiet_table},
    {&OPS.unary_quiet[OP_NEG], NO_FIELD, FIELD_D, neg_quiet_table},
    SHIFT_ROWS(rol, 0),
    SHIFT_ROWS(ror, 1),
    SHIFT_ROWS(shl, 4),
    SHIFT_ROWS(shr, 5),
    SHIFT_ROWS(sar, 7),
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
