/* Dispatch by computed goto (configure --dispatch=goto): for compilers and levels of optimisation that make no jumps
 * of tail calls.
 *
 * Labels whose address can be taken must stand in one function. So the most frequent of the handlers in OPS_32 are in
 * there once more, inlined, each with a goto of its own to the next op's place; whatever is not frequent is called from
 * one place. An op's label says which place does it; 0, the place that calls its handler, is right for every op. */
#ifndef VITRINE_CPU_OPS_GOTO_H
#define VITRINE_CPU_OPS_GOTO_H

#include "cpu/ops_pairs.h"

#if DISPATCH_IS_GOTO
/* From a general handler to its label: that is its number as a first. */
void op_place_map_init(struct op_pair_map *map);
/* Gives the ops of a block the labels of their handlers. */
void ops_set_labels(const struct op_pair_map *map, struct block *block);
/* Does op after op until one wants the loop. */
void ops_go(struct cpu *cpu, const struct op *op);
#else
static inline void op_place_map_init(struct op_pair_map *map)
{
    (void)map;
}
static inline void ops_set_labels(const struct op_pair_map *map, struct block *block)
{
    (void)map;
    (void)block;
}
#endif

#endif
