/* Random programs that run for ever, for tests in which two CPUs have to do the same: loops and calls within a few or a
 * few hundred places, with everything that forces the fast ways of a CPU to give way: pages that are taken from under
 * them and given back by a #PF handler, divisions by 0, undefined opcodes, accesses across pages, code that changes its
 * own immediates and opcodes (also by another linear address), interrupts.
 *
 * On the guest of cpu_guest.h, at CPL 0 or 3, with paging: linear pages 0 to 127 are the 64 frames twice. */
#ifndef VITRINE_TESTS_UNIT_RANDOM_PROGRAM_H
#define VITRINE_TESTS_UNIT_RANDOM_PROGRAM_H

#include "tests/unit/cpu_guest.h"

#define RANDOM_PROGRAM_IRQ 0x1c /* the vector whose handler counts */
/* Where it is counted what has happened: 32 bits each. */
#define RANDOM_PROGRAM_INTERRUPTS  0x37800u
#define RANDOM_PROGRAM_PAGE_FAULTS 0x37804u
#define RANDOM_PROGRAM_SKIPPED     0x37808u /* #DE, #UD */

struct random_program {
    uint32_t seed;    /* not 0 */
    unsigned places;  /* blocks of code, 1 to RANDOM_PROGRAM_MOST */
    bool is_user;     /* CPL 3 */
    bool is_16_bit;   /* operands of 16 bits are preferred to those of 32 */
    bool is_wide;     /* no loops within a place */
    bool has_code_16; /* code and stack segments of 16 bits, with prefixes where something has 32 */
};
#define RANDOM_PROGRAM_MOST 1024u

uint32_t random_below(uint32_t *seed, uint32_t below);
/* Puts the program into a box that cpu_guest_init_model() has made, of a model with SSE2, and the CPU at its beginning. */
void random_program_put(struct cpu_box *box, const struct random_program *program);

#endif
