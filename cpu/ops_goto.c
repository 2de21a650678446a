/* Handlers as places in one function (ops_goto.h). */
#include "cpu/ops_goto.h"

#include "cpu/ops.h"

#if DISPATCH_IS_GOTO
#pragma GCC diagnostic ignored "-Wpedantic" /* labels as values: GNU C */

#define BITS 32
#undef OP_DEFINE
#define OP_DEFINE(name) static BASE_ALWAYS_INLINE const struct op *name(OP_PARAMETERS)
#include "cpu/ops_template.h"

/* X(handler, its place in OPS_32): what compiled code is made of. */
#define TWO_PLACES(X, name, number)                                                          \
    X(name##_rr, alu[number][OP_RR]) X(name##_ri, alu[number][OP_RI])                        \
    X(name##_rm_B, alu[number][OP_RM]) X(name##_rm_F, alu[number][OP_RM_F])                  \
    X(name##_mr_B, alu[number][OP_MR]) X(name##_mi_B, alu[number][OP_MI])
#define QUIET_PLACES(X, name, number)                                                        \
    X(name##_rr_quiet, alu_quiet[number][OP_RR]) X(name##_ri_quiet, alu_quiet[number][OP_RI])
#define CMP_PLACES(X, name, number)                                                          \
    X(name##_jb, cmp_jcc[number][CC_B]) X(name##_jae, cmp_jcc[number][CC_AE])                \
    X(name##_je, cmp_jcc[number][CC_E]) X(name##_jne, cmp_jcc[number][CC_NE])                \
    X(name##_jbe, cmp_jcc[number][CC_BE]) X(name##_ja, cmp_jcc[number][CC_A])                \
    X(name##_jl, cmp_jcc[number][CC_L]) X(name##_jge, cmp_jcc[number][CC_GE])                \
    X(name##_jle, cmp_jcc[number][CC_LE]) X(name##_jg, cmp_jcc[number][CC_G])
#define TEST_PLACES(X, name, number)                                                         \
    X(name##_je, test_jcc[number][CC_E]) X(name##_jne, test_jcc[number][CC_NE])              \
    X(name##_js, test_jcc[number][CC_S]) X(name##_jns, test_jcc[number][CC_NS])              \
    X(name##_jle, test_jcc[number][CC_LE]) X(name##_jg, test_jcc[number][CC_G])
#define COUNT_PLACES(X, name, number)                                                        \
    X(name##_je, count_jcc[number][CC_E]) X(name##_jne, count_jcc[number][CC_NE])            \
    X(name##_js, count_jcc[number][CC_S]) X(name##_jns, count_jcc[number][CC_NS])
#define SHIFT_PLACES(X, name, number)                                                        \
    X(name##_i, shift_i[number]) X(name##_i_quiet, shift_i_quiet[number]) X(name##_c, shift_c[number])
#define RUN_PLACES(X, n) X(push_run_##n, push_run[n]) X(pop_run_##n, pop_run[n])
#define JCC_PLACES(X)                                                                        \
    X(jcc_0, jcc[0]) X(jcc_1, jcc[1]) X(jcc_2, jcc[2]) X(jcc_3, jcc[3]) X(jcc_4, jcc[4])     \
    X(jcc_5, jcc[5]) X(jcc_6, jcc[6]) X(jcc_7, jcc[7]) X(jcc_8, jcc[8]) X(jcc_9, jcc[9])     \
    X(jcc_10, jcc[10]) X(jcc_11, jcc[11]) X(jcc_12, jcc[12]) X(jcc_13, jcc[13])              \
    X(jcc_14, jcc[14]) X(jcc_15, jcc[15])
#define PLACES(X)                                                                            \
    TWO_PLACES(X, add, ALU_ADD) TWO_PLACES(X, or, ALU_OR) TWO_PLACES(X, adc, ALU_ADC)        \
    TWO_PLACES(X, sbb, ALU_SBB) TWO_PLACES(X, and, ALU_AND) TWO_PLACES(X, sub, ALU_SUB)      \
    TWO_PLACES(X, xor, ALU_XOR) QUIET_PLACES(X, add, ALU_ADD) QUIET_PLACES(X, or, ALU_OR)    \
    QUIET_PLACES(X, and, ALU_AND) QUIET_PLACES(X, sub, ALU_SUB) QUIET_PLACES(X, xor, ALU_XOR) \
    X(cmp_rr, alu[ALU_CMP][OP_RR]) X(cmp_ri, alu[ALU_CMP][OP_RI])                            \
    X(cmp_rm_B, alu[ALU_CMP][OP_RM]) X(cmp_mr_B, alu[ALU_CMP][OP_MR])                        \
    X(cmp_mi_B, alu[ALU_CMP][OP_MI]) X(test_rr, test[OP_RR]) X(test_ri, test[OP_RI])         \
    CMP_PLACES(X, cmp_rr, OP_RR) CMP_PLACES(X, cmp_ri, OP_RI) CMP_PLACES(X, cmp_rm_B, OP_RM) \
    CMP_PLACES(X, cmp_mr_B, OP_MR) CMP_PLACES(X, cmp_mi_B, OP_MI)                            \
    TEST_PLACES(X, test_rr, OP_RR) TEST_PLACES(X, test_ri, OP_RI)                            \
    COUNT_PLACES(X, inc, OP_INC) COUNT_PLACES(X, dec, OP_DEC)                                \
    X(mov_rr, mov[OP_RR]) X(mov_ri, mov[OP_RI]) X(mov_rm_B, mov[OP_RM]) X(mov_rm_F, mov[OP_RM_F]) \
    X(mov_mr_B, mov[OP_MR]) X(mov_mr_F, mov[OP_MR_F]) X(mov_mi_B, mov[OP_MI]) X(mov_mi_F, mov[OP_MI_F]) \
    X(inc_r, unary[OP_INC][0]) X(dec_r, unary[OP_DEC][0]) X(not_r, unary[OP_NOT][0])         \
    X(neg_r, unary[OP_NEG][0]) X(inc_m_B, unary[OP_INC][1]) X(dec_m_B, unary[OP_DEC][1])     \
    X(inc_quiet, unary_quiet[OP_INC]) X(dec_quiet, unary_quiet[OP_DEC])                      \
    SHIFT_PLACES(X, rol, 0) SHIFT_PLACES(X, ror, 1) SHIFT_PLACES(X, shl, 4)                  \
    SHIFT_PLACES(X, shr, 5) SHIFT_PLACES(X, sar, 7)                                          \
    X(movzx8_r, movzx8[0]) X(movzx8_m_B, movzx8[1]) X(movzx8_m_F, movzx8[2])                 \
    X(movsx8_r, movsx8[0]) X(movsx8_m_B, movsx8[1]) X(movzx16_r, movzx16[0])                 \
    X(movzx16_m_B, movzx16[1]) X(lea_B, lea[OP_B]) X(lea_F, lea[OP_F]) X(xchg, xchg)         \
    X(cwd, cwd) X(imul_r, imul[0]) X(imul_quiet, imul_quiet[0]) X(mul_r, mul[0])             \
    X(push_r_F, push_r[OP_STACK_F]) X(push_i_F, push_i[OP_STACK_F]) X(pop_r_F, pop_r[OP_STACK_F]) \
    RUN_PLACES(X, 2) RUN_PLACES(X, 3) RUN_PLACES(X, 4) RUN_PLACES(X, 5) RUN_PLACES(X, 6)     \
    RUN_PLACES(X, 7) X(push_m_B, push_m[OP_B]) X(leave, leave) X(call_F, call[OP_STACK_F])   \
    X(call_r_F, call_r[OP_STACK_F]) X(call_m_B, call_m[OP_B]) X(ret_F, ret[OP_STACK_F])      \
    X(jmp_r, jmp_r) X(jmp_m_B, jmp_m[OP_B]) X(jmp, jmp) X(nop, nop) JCC_PLACES(X)

#define GENERAL(name, field) &OPS_32.field,
static op_handler *const *const GENERAL_OF[] = {PLACES(GENERAL)}; /* by label - 1 */
_Static_assert(ARRAY_COUNT(GENERAL_OF) < PAIR_NONE && ARRAY_COUNT(GENERAL_OF) * 2 <= PAIR_SLOTS,
               "labels have eight bits, and the map has room");

#define GO_ON                       \
    do {                            \
        if (!op)                    \
            return;                 \
        goto *places[op->label];    \
    } while (0)
#define ADDRESS(name, field) &&at_##name,
#define PLACE(name, field)          \
    at_##name : op = name(cpu, op, 0); \
    GO_ON;

void ops_go(struct cpu *cpu, const struct op *op)
{
    static const void *const places[] = {&&any, PLACES(ADDRESS)};
    GO_ON;
any:
    op = op->handler(cpu, op, 0);
    GO_ON;
    PLACES(PLACE)
}

/* --- labels ----------------------------------------------------------------------------------------- */
void op_place_map_init(struct op_pair_map *map)
{
    for (unsigned n = 0; n < ARRAY_COUNT(GENERAL_OF); n++)
        op_pair_add_role(map, *GENERAL_OF[n], n + 1, PAIR_NONE);
}

void ops_set_labels(const struct op_pair_map *map, struct block *block)
{
    for (unsigned n = 0; n < block->op_count; n++) {
        const struct op_pair_role *role = op_pair_role(map, block->ops[n].handler);
        block->ops[n].label = role ? role->first : 0;
    }
}
#endif
