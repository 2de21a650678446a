/* Chains of two 32-bit operations on one register: finding them (ops_chains.h). */
#include "cpu/ops_chains.h"

static const struct op_chain_first *const GROUPS[] = {OP_CHAINS_OF_MOVES, OP_CHAINS_OF_ALU, OP_CHAINS_OF_SHIFTS};

const struct op_chain_first *op_chain_first(unsigned number)
{
    for (unsigned group = 0; group < ARRAY_COUNT(GROUPS); group++)
        for (const struct op_chain_first *row = GROUPS[group]; row->general; row++)
            if (number-- == 0)
                return row;
    return NULL;
}

static unsigned second_number(op_handler *general)
{
#define IS_SECOND(name, its_general)  \
    if (general == (its_general))     \
        return SECOND_##name;
    CHAIN_SECONDS_OF(IS_SECOND)
    return PAIR_NONE;
}

void op_chain_map_init(struct op_pair_map *map)
{
    const struct op_chain_first *first;
    for (unsigned n = 0; (first = op_chain_first(n)) != NULL; n++)
        op_pair_add_role(map, *first->general, n, second_number(*first->general));
#define ADD_SECOND(name, general)         \
    if (!op_pair_role(map, general))      \
        op_pair_add_role(map, general, PAIR_NONE, SECOND_##name);
    CHAIN_SECONDS_OF(ADD_SECOND)
}

/* Does the op read op->s? */
static bool reads_register(op_handler *general)
{
    bool reads = general == OPS_32.imul[0] || general == OPS_32.imul_quiet[0] || general == OPS_32.test[OP_RR];
    for (unsigned n = 0; n < 8; n++)
        reads = reads || general == OPS_32.alu[n][OP_RR] || general == OPS_32.alu_quiet[n][OP_RR];
    return reads;
}

op_handler *op_chain(const struct op_pair_map *map, const struct op *first, const struct op *second,
                     unsigned forwarded)
{
    const struct op_pair_role *f = op_pair_role(map, first->handler), *s = op_pair_role(map, second->handler);
    const struct op_chain_first *row;
    if (!f || !s || f->first == PAIR_NONE || s->second == PAIR_NONE || first->d != second->d || first->d >= 8)
        return NULL;
    if (second->s == second->d && reads_register(second->handler))
        return NULL; /* the register is not stored in between */
    row = op_chain_first(f->first);
    return forwarded != OP_NONE_FORWARDED && op_source(first, row->other) == forwarded
               ? row->taking[s->second][first->d]
               : row->by_second[s->second][first->d];
}
