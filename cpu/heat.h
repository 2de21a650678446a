/* Which blocks get handlers by register: those that a small part of the code spends the time in.
 *
 * A handler for each register is faster than the general one, as long as the processor underneath keeps
 * all that run in its first cache and in its tables of guessed jumps. Large code would need thousands of
 * them; there, few general handlers and fewer dispatches (ops_pairs.h) are faster. How large the code is that
 * runs just now shows in samples: where a stretch of instructions ends, which is at times of the guest's clock, not
 * at ours.
 * A block that has a large part of the last samples is hot, and gets its handlers exchanged in place. Where
 * hardly any sample falls on a block that has been sampled just before, the code is wide: a block that is met
 * again all the same gets a track (tracks.h), and what was hot in other code cools. Where nearly all do, the code is
 * narrow, and a smaller part makes a block hot.
 *
 * That changes speed only: nothing that the guest can see depends on which handlers a block has. */
#ifndef VITRINE_CPU_HEAT_H
#define VITRINE_CPU_HEAT_H

#include "cpu/blocks.h"
#include "cpu/run.h"

#define HEAT_OF_SAMPLE 16u
#define HEAT_SAMPLES   256u /* what lies further back counts nothing */
#define HEAT_HOT       (6 * HEAT_OF_SAMPLE) /* one sample of some 40 */
#define HEAT_HOT_NARROW (5 * HEAT_OF_SAMPLE / 2) /* of some 100 */

/* Where dispatch is by computed goto, the general handlers are places in one function (ops_goto.h). Those by register would
 * have to be called, and that takes longer than they save: a small loop a quarter to a third. */
#define HEAT_MAKES_HOT (TECHNIQUE_REGISTERS && !DISPATCH_IS_GOTO)

/* Instructions between two samples, and some more, so that no loop keeps step. */
#define HEAT_STRIDE 4096u
static inline uint32_t heat_stride(const struct cpu *cpu)
{
    return HEAT_STRIDE + (cpu->run->samples * UINT32_C(2654435761) >> 23);
}

/* Wide code: fewer than three samples of eight fall on blocks that had one among the last HEAT_SOON; narrow code: more
 * than five. A block has its turns when it is met later than that, and before HEAT_LATE; a hot one, when that is later
 * than HEAT_SAMPLES, and loses one when it is not. */
#define HEAT_SOON  64u
#define HEAT_LATE  2048u
#define HEAT_TURNS 4u
#define HEAT_COOL_TURNS 6u
#define HEAT_NARROWEST 65536u /* all samples fall so */
#define HEAT_NARROW (HEAT_NARROWEST / 8 * 5)
#define HEAT_WIDE   (HEAT_NARROWEST / 8 * 3)

/* A stretch has ended in front of this block. */
void heat_sample(struct cpu *cpu, struct block *block);
/* Exchanges the handlers of a finished block for those of its registers. */
void heat_exchange(struct code_pool *pool, struct block *block);

#endif
