/* Variants by register: 16-bit operations between registers and with immediates. */
#include "cpu/ops_registers.h"

#define BITS 16
#define OPS OPS_16
#define VARIANTS OP_VARIANTS_ALU_16
#include "cpu/ops_registers_alu.h"
