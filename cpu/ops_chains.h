/* Handlers for two operations on one register in a row, for hot blocks: x86 says a = b + c as mov a,b; add a,c.
 *
 *   mov eax,ecx    op: mov_rr__add_rr_0    one dispatch, and what goes from the first to the second stays in a
 *   add eax,edx    op: add_rr              register of the workstation
 *
 * As with pairs (ops_pairs.h) the ops stay as they are, and only the first one's handler is another. The register
 * that is changed is the handler's own; others are the ops' fields. Neither can fault, and the first's flags are
 * not looked at. */
#ifndef VITRINE_CPU_OPS_CHAINS_H
#define VITRINE_CPU_OPS_CHAINS_H

#include "cpu/ops_pairs.h"

#define CHAIN_FIRSTS 18
#define CHAIN_SECONDS 30
extern op_handler *const OP_CHAINS[CHAIN_FIRSTS][CHAIN_SECONDS][8]; /* by register */

/* Which general handlers can be first or second. */
void op_chain_map_init(struct op_pair_map *map);
/* The handler of two ops that have general handlers, or NULL. */
op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second);

#endif
