/* Variants by register: 16-bit comparisons, tests and counts with a branch. */
#include "cpu/ops_registers.h"

#define BITS 16
#define OPS OPS_16
#define VARIANTS OP_VARIANTS_BRANCH_16
#include "cpu/ops_registers_branch.h"
