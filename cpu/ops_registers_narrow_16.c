/* Variants by 16-bit address: 16-bit operations. */
#define BITS 16
#define OPS OPS_16
#define VARIANTS OP_VARIANTS_NARROW_16
#define GUESSED OP_VARIANTS_NARROW_GUESSED_16
#include "cpu/ops_registers_narrow.h"
