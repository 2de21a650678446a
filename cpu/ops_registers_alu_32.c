/* Variants by register: 32-bit operations between registers and with immediates. */
#include "cpu/ops_registers.h"

#define BITS 32
#define HANDLERS_FORWARD
#define OPS OPS_32
#define VARIANTS OP_VARIANTS_ALU_32
#include "cpu/ops_registers_alu.h"
