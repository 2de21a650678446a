/* Handlers that take an operand from the op before (ops_forwarding.h). */
#include "cpu/ops_forwarding.h"

#include "cpu/ops_guesses.h"
#include "cpu/tracks.h"

#define BITS 32
#define HANDLERS_FORWARD
#include "cpu/ops_bodies.h"

#define TAKEN ((T)forwarded)

/* Between registers: the source is taken, or the register that is changed. */
#define TWO(name, DO, d)                                                                 \
    OP_DEFINE(name##_from_source_##d) TWO_BODY_FROM(DO, d, ALONE(d), TAKEN)                \
    OP_DEFINE(name##_from_target_##d) TWO_BODY_FROM(DO, d, TAKEN, GET(op->s))            \
    OP_DEFINE(name##_i_from_target_##d) TWO_BODY_FROM(DO, d, TAKEN, IMMEDIATE)
#define COMPARED(name, DO, d)                                                            \
    OP_DEFINE(name##_from_source_##d) COMPARE_BODY(DO, GET(d), TAKEN)                    \
    OP_DEFINE(name##_from_target_##d) COMPARE_BODY(DO, TAKEN, GET(op->s))                \
    OP_DEFINE(name##_i_from_target_##d) COMPARE_BODY(DO, TAKEN, IMMEDIATE)
#define SHIFTED(name, shift, quiet, d)                                                   \
    OP_DEFINE(name##_from_target_##d) SET_BODY(d, shift(cpu, TAKEN, op->condition))      \
    OP_DEFINE(name##_quiet_from_target_##d) SET_BODY(d, quiet)
/* Reads at a base, or at an index, that is taken. */
#define AT_TAKEN(bytes) op_reach_guessed(cpu, (uint32_t)(forwarded + op->u.v.displacement), bytes, false, &host)
#define INDEXED_BY_TAKEN(bytes)                                                          \
    op_reach_guessed(cpu, (uint32_t)(cpu->gpr[op->base] + (forwarded << op->scale) + op->u.v.displacement), \
                     bytes, false, &host)
#define LEAVE(general)                                \
    do {                                              \
        if (host == GUESS_WRONG)                      \
            return op_guess_no_more(cpu, op, general); \
        OP_MISS_GIVING(general);                      \
    } while (0)
#define COMBINED(name, which, DO, d)                                                     \
    OP_DEFINE(name##_rm_from_source_##d)                                                 \
    READ_BODY(AT_TAKEN(4), LEAVE(OPS_32.alu[which][OP_RM]), COMBINE_INTO(DO, d))
#define EXTENDED(name, handlers, type, bytes, d)                                         \
    OP_DEFINE(name##_rm_from_source_##d)                                                 \
    EXTEND_BODY(AT_TAKEN(bytes), LEAVE(OPS_32.handlers[1]), d, type, bytes)              \
    OP_DEFINE(name##_rm_f_from_source_##d)                                               \
    EXTEND_BODY(INDEXED_BY_TAKEN(bytes), LEAVE(OPS_32.handlers[1 + OP_F]), d, type, bytes)

#define HANDLERS(d)                                                                      \
    OP_DEFINE(mov_from_source_##d) SET_BODY(d, TAKEN)                                    \
    OP_DEFINE(lea_b_from_source_##d) SET_BODY(d, TAKEN + op->u.v.displacement)           \
    OP_DEFINE(lea_f_from_source_##d)                                                     \
    SET_BODY(d, cpu->gpr[op->base] + (forwarded << op->scale) + op->u.v.displacement)    \
    TWO(add, DO_ADD, d) TWO(or, DO_OR, d) TWO(adc, DO_ADC, d) TWO(sbb, DO_SBB, d)        \
    TWO(and, DO_AND, d) TWO(sub, DO_SUB, d) TWO(xor, DO_XOR, d)                          \
    TWO(add_quiet, QUIET_ADD, d) TWO(or_quiet, QUIET_OR, d) TWO(adc_quiet, QUIET_ADC, d) \
    TWO(sbb_quiet, QUIET_SBB, d) TWO(and_quiet, QUIET_AND, d) TWO(sub_quiet, QUIET_SUB, d) \
    TWO(xor_quiet, QUIET_XOR, d)                                                         \
    COMPARED(cmp, DO_CMP, d) COMPARED(test, DO_AND, d)                                   \
    OP_DEFINE(imul_from_source_##d) SET_BODY(d, multiply(cpu, ALONE(d), TAKEN))            \
    OP_DEFINE(imul_from_target_##d) SET_BODY(d, multiply(cpu, TAKEN, GET(op->s)))        \
    OP_DEFINE(imul_quiet_from_source_##d) SET_BODY(d, ALONE(d) * TAKEN)                    \
    OP_DEFINE(imul_quiet_from_target_##d) SET_BODY(d, TAKEN * GET(op->s))                \
    OP_DEFINE(movzx8_from_source_##d) SET_BODY(d, (uint8_t)(forwarded >> (op->s & 8)))   \
    OP_DEFINE(movzx16_from_source_##d) SET_BODY(d, (uint16_t)forwarded)                  \
    OP_DEFINE(movsx16_from_source_##d) SET_BODY(d, (int16_t)forwarded)                   \
    OP_DEFINE(inc_from_target_##d) ONE_BODY_FROM(DO_INC, d, TAKEN)                       \
    OP_DEFINE(dec_from_target_##d) ONE_BODY_FROM(DO_DEC, d, TAKEN)                       \
    OP_DEFINE(not_from_target_##d) ONE_BODY_FROM(DO_NOT, d, TAKEN)                       \
    OP_DEFINE(neg_from_target_##d) ONE_BODY_FROM(DO_NEG, d, TAKEN)                       \
    OP_DEFINE(inc_quiet_from_target_##d) SET_BODY(d, TAKEN + 1)                          \
    OP_DEFINE(dec_quiet_from_target_##d) SET_BODY(d, TAKEN - 1)                          \
    OP_DEFINE(neg_quiet_from_target_##d) SET_BODY(d, 0 - TAKEN)                          \
    SHIFTED(rol, rotate_left, rotate(TAKEN, op->condition), d)                           \
    SHIFTED(ror, rotate_right, rotate(TAKEN, 0u - op->condition), d)                     \
    SHIFTED(shl, shift_left, (uint64_t)TAKEN << op->condition, d)                        \
    SHIFTED(shr, shift_right, (uint64_t)TAKEN >> op->condition, d)                       \
    SHIFTED(sar, shift_arithmetic, (int64_t)(ST)TAKEN >> op->condition, d)               \
    OP_DEFINE(mov_rm_from_source_##d) READ_BODY(AT_TAKEN(4), LEAVE(OPS_32.mov[OP_RM]), MOVE_INTO(d)) \
    OP_DEFINE(mov_rm_f_from_source_##d)                                                  \
    READ_BODY(INDEXED_BY_TAKEN(4), LEAVE(OPS_32.mov[OP_RM_F]), MOVE_INTO(d))             \
    EXTENDED(movzx8, movzx8, uint8_t, 1, d) EXTENDED(movzx16, movzx16, uint16_t, 2, d)   \
    EXTENDED(movsx8, movsx8, int8_t, 1, d) EXTENDED(movsx16, movsx16, int16_t, 2, d)     \
    COMBINED(add, ALU_ADD, DO_ADD, d) COMBINED(or, ALU_OR, DO_OR, d)                     \
    COMBINED(and, ALU_AND, DO_AND, d) COMBINED(sub, ALU_SUB, DO_SUB, d)                  \
    COMBINED(xor, ALU_XOR, DO_XOR, d)                                                    \
    OP_DEFINE(add_rm_f_from_source_##d)                                                  \
    READ_BODY(INDEXED_BY_TAKEN(4), LEAVE(OPS_32.alu[ALU_ADD][OP_RM_F]), COMBINE_INTO(DO_ADD, d)) \
    OP_DEFINE(xor_rm_f_from_source_##d)                                                  \
    READ_BODY(INDEXED_BY_TAKEN(4), LEAVE(OPS_32.alu[ALU_XOR][OP_RM_F]), COMBINE_INTO(DO_XOR, d)) \
    OP_DEFINE(cmp_rm_from_source_##d)                                                    \
    READ_BODY(AT_TAKEN(4), LEAVE(OPS_32.alu[ALU_CMP][OP_RM]), COMPARE_ONLY(DO_CMP, GET(d), m))
EACH(HANDLERS)

#define TABLE(name) ((op_handler *const[8]){LINE_OF(name)})
#define ROWS_OF(name, handlers, gives)                                                   \
    {&OPS_32.handlers[OP_RR], gives, FIELD_S, TABLE(name##_from_source), TABLE(name##_from_target)}, \
    {&OPS_32.handlers[OP_RI], gives, NO_FIELD, NULL, TABLE(name##_i_from_target)}
#define ALU_ROWS(name, which) ROWS_OF(name, alu[which], true)
#define QUIET_ROWS(name, which) ROWS_OF(name##_quiet, alu_quiet[which], true)
#define SOURCE_ROW(name, handler, gives, field) {&OPS_32.handler, gives, field, TABLE(name##_from_source), NULL}
#define TARGET_ROW(name, handler) {&OPS_32.handler, true, NO_FIELD, NULL, TABLE(name##_from_target)}
#define SHIFT_ROWS(name, digit) \
    TARGET_ROW(name, shift_i[digit]), TARGET_ROW(name##_quiet, shift_i_quiet[digit])
#define READ_ROWS(name, handlers)                             \
    SOURCE_ROW(name##_rm, handlers[1], true, FIELD_BASE),    \
    SOURCE_ROW(name##_rm_f, handlers[1 + OP_F], true, FIELD_INDEX)

const struct op_forwarding OP_FORWARDING[] = {
    {&OPS_32.mov[OP_RI], true, NO_FIELD, NULL, NULL},
    SOURCE_ROW(mov, mov[OP_RR], true, FIELD_S),
    SOURCE_ROW(lea_b, lea[OP_B], true, FIELD_BASE),
    SOURCE_ROW(lea_f, lea[OP_F], true, FIELD_INDEX),
    ALU_ROWS(add, ALU_ADD),
    ALU_ROWS(or, ALU_OR),
    ALU_ROWS(adc, ALU_ADC),
    ALU_ROWS(sbb, ALU_SBB),
    ALU_ROWS(and, ALU_AND),
    ALU_ROWS(sub, ALU_SUB),
    ALU_ROWS(xor, ALU_XOR),
    ROWS_OF(cmp, alu[ALU_CMP], false),
    ROWS_OF(test, test, false),
    QUIET_ROWS(add, ALU_ADD),
    QUIET_ROWS(or, ALU_OR),
    QUIET_ROWS(adc, ALU_ADC),
    QUIET_ROWS(sbb, ALU_SBB),
    QUIET_ROWS(and, ALU_AND),
    QUIET_ROWS(sub, ALU_SUB),
    QUIET_ROWS(xor, ALU_XOR),
    {&OPS_32.imul[0], true, FIELD_S, TABLE(imul_from_source), TABLE(imul_from_target)},
    {&OPS_32.imul_quiet[0], true, FIELD_S, TABLE(imul_quiet_from_source), TABLE(imul_quiet_from_target)},
    SOURCE_ROW(movzx8, movzx8[0], true, FIELD_S8),
    SOURCE_ROW(movzx16, movzx16[0], true, FIELD_S),
    SOURCE_ROW(movsx16, movsx16[0], true, FIELD_S),
    TARGET_ROW(inc, unary[OP_INC][0]),
    TARGET_ROW(dec, unary[OP_DEC][0]),
    TARGET_ROW(not, unary[OP_NOT][0]),
    TARGET_ROW(neg, unary[OP_NEG][0]),
    TARGET_ROW(inc_quiet, unary_quiet[OP_INC]),
    TARGET_ROW(dec_quiet, unary_quiet[OP_DEC]),
    TARGET_ROW(neg_quiet, unary_quiet[OP_NEG]),
    SHIFT_ROWS(rol, 0),
    SHIFT_ROWS(ror, 1),
    SHIFT_ROWS(shl, 4),
    SHIFT_ROWS(shr, 5),
    SHIFT_ROWS(sar, 7),
    SOURCE_ROW(mov_rm, mov[OP_RM], true, FIELD_BASE),
    SOURCE_ROW(mov_rm_f, mov[OP_RM_F], true, FIELD_INDEX),
    READ_ROWS(movzx8, movzx8),
    READ_ROWS(movzx16, movzx16),
    READ_ROWS(movsx8, movsx8),
    READ_ROWS(movsx16, movsx16),
    SOURCE_ROW(add_rm, alu[ALU_ADD][OP_RM], true, FIELD_BASE),
    SOURCE_ROW(or_rm, alu[ALU_OR][OP_RM], true, FIELD_BASE),
    SOURCE_ROW(and_rm, alu[ALU_AND][OP_RM], true, FIELD_BASE),
    SOURCE_ROW(sub_rm, alu[ALU_SUB][OP_RM], true, FIELD_BASE),
    SOURCE_ROW(xor_rm, alu[ALU_XOR][OP_RM], true, FIELD_BASE),
    SOURCE_ROW(cmp_rm, alu[ALU_CMP][OP_RM], false, FIELD_BASE),
    SOURCE_ROW(add_rm_f, alu[ALU_ADD][OP_RM_F], true, FIELD_INDEX),
    SOURCE_ROW(xor_rm_f, alu[ALU_XOR][OP_RM_F], true, FIELD_INDEX),
    {NULL, false, NO_FIELD, NULL, NULL},
};
_Static_assert(ARRAY_COUNT(OP_FORWARDING) < PAIR_NONE && ARRAY_COUNT(OP_FORWARDING) * 2 <= PAIR_SLOTS,
               "rows have a number of eight bits, and the map has room");

#if DISPATCH_IS_CHAINED
__attribute__((noinline, cold)) const struct op *op_give_apart(struct cpu *cpu, const struct op *op, op_handler *general)
{
    const struct op *next = track_stepping_form(pool_tracks(cpu->run->pool), general)(cpu, op, 0);
    return next == op + 1 ? next->handler(cpu, next, cpu->gpr[op->d]) : next;
}
#else
const struct op *op_give_apart(struct cpu *cpu, const struct op *op, op_handler *general)
{
    return general(cpu, op, 0);
}
#endif

/* --- finding them --------------------------------------------------------------------------------------- */
void op_forwarding_map_init(struct op_pair_map *map)
{
    for (unsigned n = 0; OP_FORWARDING[n].general; n++)
        op_pair_add_role(map, *OP_FORWARDING[n].general, n, PAIR_NONE);
}

const struct op_forwarding *op_forwarding(const struct op_pair_map *map, op_handler *general)
{
    const struct op_pair_role *role = op_pair_role(map, general);
    return role ? &OP_FORWARDING[role->first] : NULL;
}

unsigned op_source(const struct op *op, enum op_field field)
{
    switch (field) {
    case FIELD_S: return op->s;
    case FIELD_S8: return op->s & 3u;
    case FIELD_BASE: return op->base;
    case FIELD_INDEX: return op->index;
    default: return OP_NONE_FORWARDED;
    }
}

/* Where both are the same register, the target's handlers would read the other as the op's field says, which has been
 * stored by then. */
op_handler *op_taking(const struct op_forwarding *row, const struct op *op, unsigned forwarded)
{
    if (!row || forwarded == OP_NONE_FORWARDED || op->d >= 8)
        return NULL;
    if (row->by_source && op_source(op, row->source) == forwarded)
        return row->by_source[op->d];
    return row->by_target && op->d == forwarded ? row->by_target[op->d] : NULL;
}
