/* Which blocks get handlers by register: those that a small part of the code spends the time in.
 *
 * A handler for each register is faster than the general one, as long as the processor underneath keeps
 * all that run in its first cache and in its tables of guessed jumps. Large code would need thousands of
 * them; there, few general handlers and fewer dispatches (ops_pairs.h) are faster. How large the code is that
 * runs just now shows in samples: where slices end, which is at times of the guest's clock, not at ours.
 * A block that has a large part of the last samples is hot, and gets its handlers exchanged in place.
 *
 * That changes speed only: nothing that the guest can see depends on which handlers a block has. */
#ifndef VITRINE_CPU_HEAT_H
#define VITRINE_CPU_HEAT_H

#include "cpu/blocks.h"

#define HEAT_OF_SAMPLE 16u
#define HEAT_SAMPLES   256u /* what lies further back counts nothing */
#define HEAT_HOT       (6 * HEAT_OF_SAMPLE)

/* A slice has ended in front of this block. */
void heat_sample(struct cpu *cpu, struct block *block);
/* Exchanges the handlers of a finished block for those of its registers. */
void heat_exchange(const struct code_pool *pool, struct block *block);

#endif
