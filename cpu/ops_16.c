/* Specialised handlers for operands of 16 bits. */
#include "cpu/ops.h"

#define BITS 16
#define OPS_NAME OPS_16
#include "cpu/ops_template.h"
