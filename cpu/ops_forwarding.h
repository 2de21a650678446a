/* Operand forwarding, for hot blocks: what an op leaves in its register goes to the next handler as an argument, too.
 *
 *   add eax,edx             op: add_quiet_0_2        stores EAX, and passes it on in a register of the workstation
 *   lea ebx,[ebx+eax*4+1]   op: lea_f_from_source_3  takes it from there, and not from where it was just stored
 *
 * A load from where something was just stored has to wait for it, four to seven cycles on most processors, where the
 * operation itself takes one: code whose every operation needs the one before is as slow as that. Who takes an
 * operand this way must come from the op before and from nowhere else; no block is entered in its middle. Operations on
 * registers cannot fault and have no slow way. Reads hand on what they find by the short way; op_give_apart() does it for
 * the slow one.
 *
 * M. A. Ertl, "Stack caching for interpreters" (1995): states of what is held in registers, chosen when code is
 * decoded. Here are two: nothing, and the last result. */
#ifndef VITRINE_CPU_OPS_FORWARDING_H
#define VITRINE_CPU_OPS_FORWARDING_H

#include "cpu/ops_pairs.h"
#include "cpu/ops_registers.h"

#define OP_NONE_FORWARDED 0xffu

/* A read that the short way does not serve, by its general handler, whose slow companion forwards nothing. Where the next
 * op takes what is read, the general one steps, and its register is handed on. */
#define OP_MISS_GIVING(general)                         \
    do {                                                \
        if (BASE_UNLIKELY(op[1].takes))                 \
            return op_give_apart(cpu, op, general);     \
        MISS(general);                                  \
    } while (0)
const struct op *op_give_apart(struct cpu *cpu, const struct op *op, op_handler *general);

struct op_forwarding {
    op_handler *const *general;
    bool gives; /* handlers by register, and those here, forward what they leave in op->d */
    enum op_field source; /* the register that is read beside op->d; NO_FIELD: none */
    op_handler *const *by_source, *const *by_target; /* by op->d, which take the source or op->d; or NULL */
};
/* Ended by a row without a general handler. */
extern const struct op_forwarding OP_FORWARDING[];

/* From a general handler to its row, which is the role's `first`. */
void op_forwarding_map_init(struct op_pair_map *map);
const struct op_forwarding *op_forwarding(const struct op_pair_map *map, op_handler *general); /* or NULL */
/* The register that a field names; OP_NONE_FORWARDED: none. */
unsigned op_source(const struct op *op, enum op_field field);
/* The handler that takes a register from the op before; NULL: there is none, or the op does not read it. */
op_handler *op_taking(const struct op_forwarding *row, const struct op *op, unsigned forwarded);

#endif
