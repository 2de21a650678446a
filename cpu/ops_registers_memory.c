/* Variants by register: 32-bit operations with memory and the stack, on flat segments. A miss of the TLB goes to the general
 * handler, which misses too and takes its slow way. */
#define VARIANTS OP_VARIANTS_MEMORY
#define AT(b, bytes, is_write) op_reach_at(cpu, op, b, bytes, is_write, &host)
#define INDEXED(b, x, bytes, is_write) op_reach_indexed(cpu, op, b, x, bytes, is_write, &host)
#define LEAVE(general) OP_MISS_GIVING(general)
#define LEAVE_WRITE(general) MISS(general)
#include "cpu/ops_forwarding.h"
#include "cpu/ops_registers_memory.h"

#define STACK(n)                                                                               \
    OP_DEFINE(push_##n)                                                                        \
    PUSH_BODY(F, MISS(OPS_32.push_r[OP_STACK_F]), GET(n))                                      \
    OP_DEFINE(pop_##n) POP_BODY(F, MISS(OPS_32.pop_r[OP_STACK_F]), n)
EACH(STACK)
LINE(push) LINE(pop)

const struct op_variants OP_VARIANTS_STACK[] = {
    {&OPS_32.push_r[OP_STACK_F], NO_FIELD, FIELD_S, push_table},
    {&OPS_32.pop_r[OP_STACK_F], NO_FIELD, FIELD_D, pop_table},
    {NULL, NO_FIELD, NO_FIELD, NULL},
};
