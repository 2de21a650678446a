/* Variants by register: 32-bit comparisons, tests and counts with a branch. */
#include "cpu/ops_registers.h"

#define BITS 32
#define OPS OPS_32
#define VARIANTS OP_VARIANTS_BRANCH_32
#include "cpu/ops_registers_branch.h"
