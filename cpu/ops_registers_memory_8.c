/* Variants by register: byte operations with memory on flat segments. */
#define VARIANTS OP_VARIANTS_MEMORY_8
#define AT(b, bytes, is_write) op_reach_at(cpu, op, b, bytes, is_write, &host)
#define INDEXED(b, x, bytes, is_write) op_reach_indexed(cpu, op, b, x, bytes, is_write, &host)
#define LEAVE(general) MISS(general)
#define LEAVE_WRITE(general) MISS(general)
#include "cpu/ops_registers_memory_8.h"
