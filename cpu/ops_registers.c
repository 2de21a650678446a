/* Finding the variant of a handler that an op's registers choose. */
#include "cpu/ops_guesses.h"

static size_t slot_of(op_handler *handler)
{
    uint64_t key = (uint64_t)(uintptr_t)handler >> 4;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 54);
}

static void add_rows(struct op_variant_map *map, const struct op_variants *row)
{
    for (; row->table; row++) {
        size_t at = slot_of(*row->general);
        while (map->slot[at])
            at = (at + 1) & (OP_VARIANT_SLOTS - 1);
        map->slot[at] = row;
    }
}

void op_variant_map_init(struct op_variant_map *map)
{
    add_rows(map, OP_VARIANTS_ALU_16);
    add_rows(map, OP_VARIANTS_ALU_32);
    add_rows(map, OP_VARIANTS_BRANCH_16);
    add_rows(map, OP_VARIANTS_BRANCH_32);
    add_rows(map, OP_VARIANTS_MEMORY);
    add_rows(map, OP_VARIANTS_MEMORY_8);
    add_rows(map, OP_VARIANTS_STACK);
    add_rows(map, OP_VARIANTS_8);
    add_rows(map, OP_VARIANTS_NARROW_8);
    add_rows(map, OP_VARIANTS_NARROW_16);
}

void op_guess_map_init(struct op_variant_map *map)
{
    add_rows(map, OP_VARIANTS_GUESSED);
    add_rows(map, OP_VARIANTS_GUESSED_8);
    add_rows(map, OP_VARIANTS_NARROW_GUESSED_8);
    add_rows(map, OP_VARIANTS_NARROW_GUESSED_16);
}

#define NO_VALUE 9u

static unsigned address_16(const struct op *op)
{
    for (unsigned n = 0; n < 8; n++)
        if (op->base == DECODE_BASES_16[n] && op->index == DECODE_INDICES_16[n])
            return n;
    return op->base == REGISTER_ZERO && op->index == REGISTER_ZERO ? 8 : NO_VALUE;
}

/* The number that a field chooses by; beyond the table: no register, or one of long mode. */
static unsigned value_of(const struct op *op, enum op_field field)
{
    switch (field) {
    case NO_FIELD: return 0;
    case FIELD_D: return op->d;
    case FIELD_S: return op->s;
    case FIELD_D8: return (op->d & 3u) | (op->d & 8u) >> 1;
    case FIELD_S8: return (op->s & 3u) | (op->s & 8u) >> 1;
    case FIELD_BASE: return op->base;
    case FIELD_BASE_OR_NONE: return op->base == REGISTER_ZERO ? 8 : op->base;
    case FIELD_INDEX: return op->index;
    case FIELD_BOTH: return op->d == op->s ? op->d : 8;
    case FIELD_BOTH8: return op->d == op->s ? value_of(op, FIELD_D8) : 8;
    case FIELD_ADDRESS_16: return address_16(op);
    }
    return NO_VALUE;
}

static unsigned values_of(enum op_field field)
{
    return field == FIELD_BASE_OR_NONE || field == FIELD_ADDRESS_16 ? 9 : 8;
}

bool op_by_register(const struct op_variant_map *map, struct op *op)
{
    size_t at = slot_of(op->handler);
    const struct op_variants *row;
    unsigned first, second;
    while ((row = map->slot[at]) != NULL && *row->general != op->handler)
        at = (at + 1) & (OP_VARIANT_SLOTS - 1);
    if (!row)
        return false;
    first = value_of(op, row->first);
    second = value_of(op, row->second);
    if (first >= values_of(row->first) || second >= values_of(row->second))
        return false;
    op->handler = row->table[first * 8 + second];
    return true;
}
