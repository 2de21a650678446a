/* Reads and writes that do not wait for the TLB (for hot blocks, by register).
 *
 * A read's address goes through a chain: which word of the TLB, what that says, where the bytes are. What it says,
 * the distance from linear to host addresses, is one number for all pages without paging and in a kernel's
 * linear mapping, and for runs of pages elsewhere. So the CPU keeps the last that was right, and the bytes are fetched
 * by this guess. The word is asked all the same, but the processor underneath need not wait for the answer: it
 * guesses that, too. A write's address that is known early lets the reads behind it go ahead: they might want what it
 * writes, and the guest's registers are read from memory. It is written where the word has been asked.
 *
 * An op whose guesses fail again and again gets its ordinary handler. */
#ifndef VITRINE_CPU_OPS_GUESSES_H
#define VITRINE_CPU_OPS_GUESSES_H

#include "cpu/ops_registers.h"

extern const struct op_variants OP_VARIANTS_GUESSED[], OP_VARIANTS_GUESSED_8[], OP_VARIANTS_NARROW_GUESSED_8[],
    OP_VARIANTS_NARROW_GUESSED_16[];
/* An op's failures are counted in its `condition`. What would have been right becomes the guess, but for the last
 * failure: so of two ops that contradict each other only one gives up. */
#define GUESS_FAILURES 32u

/* False: the TLB does not have it, and *host is NULL, or it says something else, and *host is GUESS_WRONG. The empty
 * asm keeps compilers from taking the word for the guess when both are equal. */
#define GUESS_WRONG ((uint8_t *)1)
static BASE_ALWAYS_INLINE bool op_reach_guessed(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                                bool is_write, uint8_t **host)
{
    uintptr_t word, guess = cpu->word_guess;
    bool is_right;
    __asm__("" : "+r"(linear));
    word = (is_write ? cpu->tlb_write : cpu->tlb_read)[linear >> 12];
    is_right = word == guess;
    __asm__("" : "+r"(guess));
    *host = (uint8_t *)(guess + (uintptr_t)linear);
    if (BASE_LIKELY(is_right) && !crosses_page(linear, bytes))
        return true;
    *host = word && !is_right ? GUESS_WRONG : NULL;
    return false;
}
/* The guess was wrong; `words` are right. Returns op, to be done again. */
const struct op *op_guess_again(struct cpu *cpu, const struct op *op, const uintptr_t *words, op_handler *general);
/* The same for who takes a forwarded register, which he would not be handed again: does op by its general handler. */
const struct op *op_guess_no_more(struct cpu *cpu, const struct op *op, op_handler *general);

/* --- for the files that make them ----------------------------------------------------------------- */
#define OP_GUESSED_AT(b, bytes, is_write) \
    op_reach_guessed(cpu, (uint32_t)(gpr_alone(cpu, b) + op->u.v.displacement), bytes, is_write, &host)
#define OP_GUESSED_INDEXED(b, x, bytes, is_write)                                                      \
    op_reach_guessed(cpu, (uint32_t)(gpr_alone(cpu, b) + (gpr_alone(cpu, x) << op->scale) + op->u.v.displacement), \
                     bytes, is_write, &host)
/* How handlers leave where *host is not reached: by the guess again, or by `miss`. */
#define OP_GUESS_LEAVE(general, words, miss)                    \
    do {                                                        \
        if (host == GUESS_WRONG)                                \
            return op_guess_again(cpu, op, words, general);     \
        miss(general);                                          \
    } while (0)

#endif
