/* Variants by 16-bit address: 8-bit operations. */
#define BITS 8
#define OPS OPS_8
#define VARIANTS OP_VARIANTS_NARROW_8
#define GUESSED OP_VARIANTS_NARROW_GUESSED_8
#include "cpu/ops_registers_narrow.h"
