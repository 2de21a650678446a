/* Specialised handlers for operands of 32 bits. */
#include "cpu/ops.h"

#define BITS 32
#define OPS_NAME OPS_32
#include "cpu/ops_template.h"
