/* Specialised handlers for operands of 8 bits. */
#include "cpu/ops.h"

#define BITS 8
#define OPS_NAME OPS_8
#include "cpu/ops_template.h"
