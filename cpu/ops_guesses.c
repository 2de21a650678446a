/* Reads and writes by a guess of where their bytes are (ops_guesses.h). */
#include "cpu/ops_guesses.h"

#define VARIANTS OP_VARIANTS_GUESSED
#define AT OP_GUESSED_AT
#define INDEXED OP_GUESSED_INDEXED
#define LEAVE(general) OP_GUESS_LEAVE(general, cpu->tlb_read, OP_MISS_GIVING)
#define LEAVE_WRITE(general) OP_GUESS_LEAVE(general, cpu->tlb_write, MISS)
#include "cpu/ops_forwarding.h"
#include "cpu/ops_registers_memory.h"

/* There is a handler by register for everything that a guess has one for, and it forwards as that does. */
static void give_up(struct cpu *cpu, struct op *op, op_handler *general)
{
    op->handler = general;
    op_by_register(pool_variants(cpu->run->pool), op);
    if (op->number == 0)
        op_block(op)->enter = op->handler;
}

__attribute__((noinline, cold)) const struct op *op_guess_again(struct cpu *cpu, const struct op *op,
                                                                const uintptr_t *words, op_handler *general)
{
    struct op *mine = &op_block(op)->ops[op->number];
    uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
    uint64_t linear = (uint32_t)(cpu->bounds[op->segment].base + offset);
    if (++mine->condition < GUESS_FAILURES || op_block(op)->is_dead)
        cpu->word_guess = words[linear >> 12];
    else
        give_up(cpu, mine, general);
    return op;
}

__attribute__((noinline, cold)) const struct op *op_guess_no_more(struct cpu *cpu, const struct op *op,
                                                                  op_handler *general)
{
    (void)op_guess_again(cpu, op, cpu->tlb_read, general);
    return op[1].takes ? op_give_apart(cpu, op, general) : general(cpu, op, 0);
}
