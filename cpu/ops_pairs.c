/* Pairs of 32-bit operations: which, and their handlers (ops_pairs.h). */
#include "cpu/ops_pairs.h"

#define PAIR_OPS OPS_32
#define PAIR_HANDLERS OP_PAIRS
#include "cpu/ops_pairs_template.h"

#define FIRST(name, general) [NUMBER_##name] = &(general),
static op_handler *const *const FIRST_OF_PAIR[FIRSTS] = {STEPS(FIRST)};

/* --- finding them --------------------------------------------------------------------------------------- */
static size_t slot_of(op_handler *handler)
{
    uint64_t key = (uint64_t)(uintptr_t)handler >> 4;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 55);
}
_Static_assert(PAIR_SLOTS == 1u << (64 - 55), "slot_of() yields a slot");

void op_pair_add_role(struct op_pair_map *map, op_handler *general, unsigned first, unsigned second)
{
    size_t at = slot_of(general);
    while (map->slot[at].general)
        at = (at + 1) & (PAIR_SLOTS - 1);
    map->slot[at] = (struct op_pair_role){general, (uint8_t)first, (uint8_t)second};
}

void op_pair_map_init(struct op_pair_map *map)
{
#define ADD_STEP(name, general) op_pair_add_role(map, general, NUMBER_##name, NUMBER_##name);
#define ADD_END(name, general) op_pair_add_role(map, general, PAIR_NONE, NUMBER_##name);
    STEPS(ADD_STEP)
    ENDS(ADD_END)
}

const struct op_pair_role *op_pair_role(const struct op_pair_map *map, op_handler *handler)
{
    size_t at = slot_of(handler);
    while (map->slot[at].general && map->slot[at].general != handler)
        at = (at + 1) & (PAIR_SLOTS - 1);
    return map->slot[at].general ? &map->slot[at] : NULL;
}

op_handler *op_pair(const struct op_pair_map *map, op_handler *first, op_handler *second)
{
    const struct op_pair_role *f = op_pair_role(map, first), *s = op_pair_role(map, second);
    return f && s && f->first != PAIR_NONE ? PAIR_HANDLERS[f->first][s->second] : NULL;
}

op_handler *op_pair_first(op_handler *handler)
{
    for (unsigned first = 0; first < FIRSTS; first++)
        for (unsigned second = 0; second < SECONDS; second++)
            if (PAIR_HANDLERS[first][second] == handler)
                return *FIRST_OF_PAIR[first];
    return handler;
}
