/* Handlers for two operations in a row of which the second waits for the first, for hot blocks.
 *
 * On one register: x86 says a = b + c as mov a,b; add a,c.
 *
 *   mov eax,ecx    op: mov_rr__add_rr_0    one dispatch, and what goes from the first to the second stays in a
 *   add eax,edx    op: add_rr              register of the workstation
 *
 * As with pairs (ops_pairs.h) the ops stay as they are, and only the first one's handler is another. The register
 * that is changed is the handler's own; others are the ops' fields. Neither can fault, and the first's flags are
 * not looked at.
 *
 * By the carry: ADC and SBB behind the ADD, SUB or CMP that makes it. The first's flags are used up, the carry
 * is a value in a register of the workstation. The second's register is the handler's own.
 *
 *   add eax,ecx    op: add_rr__adc_rr_2
 *   adc edx,ebx    op: adc_rr */
#ifndef VITRINE_CPU_OPS_CHAINS_H
#define VITRINE_CPU_OPS_CHAINS_H

#include "cpu/ops_forwarding.h"
#include "cpu/ops_pairs.h"

/* What can end a chain: X(name, general handler). */
#define CHAIN_CHANGES(X, quiet)                                              \
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
    X(ror##quiet, OPS_32.shift_i##quiet[1])                                  \
    X(shl##quiet, OPS_32.shift_i##quiet[4])                                  \
    X(shr##quiet, OPS_32.shift_i##quiet[5])                                  \
    X(sar##quiet, OPS_32.shift_i##quiet[7])                                  \
    X(imul##quiet, OPS_32.imul##quiet[0])
#define CHAIN_COMPARES(X)                                                    \
    X(cmp_rr, OPS_32.alu[ALU_CMP][OP_RR])                                    \
    X(cmp_ri, OPS_32.alu[ALU_CMP][OP_RI])                                    \
    X(test_rr, OPS_32.test[OP_RR])                                           \
    X(test_ri, OPS_32.test[OP_RI])
#define CHAIN_SECONDS_OF(X) \
    CHAIN_CHANGES(X, _quiet) X(not, OPS_32.unary[OP_NOT][0]) CHAIN_CHANGES(X, ) CHAIN_COMPARES(X)
#define CHAIN_SECOND(name, general) SECOND_##name,
enum chain_second { CHAIN_SECONDS_OF(CHAIN_SECOND) CHAIN_SECONDS };

/* What can begin one: operations whose flags nobody looks at. */
struct op_chain_first {
    op_handler *const *general;
    enum op_field other; /* NO_FIELD: there are none that take a register */
    op_handler *by_second[CHAIN_SECONDS][8], *taking[CHAIN_SECONDS][8]; /* by register */
};
/* Each ended by a row without a general handler. */
extern const struct op_chain_first OP_CHAINS_OF_MOVES[], OP_CHAINS_OF_ALU[], OP_CHAINS_OF_SHIFTS[];
const struct op_chain_first *op_chain_first(unsigned number); /* of all; NULL: no more */

#define CARRY_MAKERS 6
#define CARRY_TAKERS 8
/* By whether the first's register is taken from the op before, and by the second's. */
extern op_handler *const OP_CARRIES[CARRY_MAKERS][CARRY_TAKERS][2][8];

/* Which general handlers can be first or second. */
void op_chain_map_init(struct op_pair_map *map);
/* The handler of two ops that have general handlers, or NULL; it forwards their register. Where the first reads the
 * register that the op before forwards, the handler takes it. */
op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded);

/* The same for chains by the carry; what is taken is the register that the first changes or compares. */
void op_carry_map_init(struct op_pair_map *map);
op_handler *op_carry(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded);

#endif
