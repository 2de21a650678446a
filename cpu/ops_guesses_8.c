/* Reads and writes of bytes by a guess of where they are. */
#include "cpu/ops_guesses.h"

#define VARIANTS OP_VARIANTS_GUESSED_8
#define AT OP_GUESSED_AT
#define INDEXED OP_GUESSED_INDEXED
#define LEAVE(general) OP_GUESS_LEAVE(general, cpu->tlb_read, MISS)
#define LEAVE_WRITE(general) OP_GUESS_LEAVE(general, cpu->tlb_write, MISS)
#include "cpu/ops_registers_memory_8.h"
