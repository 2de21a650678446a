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

#define CHAIN_FIRSTS 18
#define CHAIN_SECONDS 30
extern op_handler *const OP_CHAINS[CHAIN_FIRSTS][CHAIN_SECONDS][8]; /* by register */

#define CARRY_MAKERS 6
#define CARRY_TAKERS 8
extern op_handler *const OP_CARRIES[CARRY_MAKERS][CARRY_TAKERS][8]; /* by the second's register */

/* Which general handlers can be first or second. */
void op_chain_map_init(struct op_pair_map *map);
/* The handler of two ops that have general handlers, or NULL; it forwards their register. Where the first reads the
 * register that the op before forwards, the handler takes it. */
op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded);

/* The same for chains by the carry. */
void op_carry_map_init(struct op_pair_map *map);
op_handler *op_carry(const struct op_pair_map *map, const struct op *first, const struct op *second);

#endif
