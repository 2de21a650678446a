/* The frequent handlers once more, for each register: their operands are constants then. That saves the
 * loads of register numbers, and the processor underneath can forward a register's value from its last
 * store to the next load, as both have the same fixed address.
 *
 * Rows of struct op_variants say which general handler has a table of such variants and which of the op's
 * fields choose from it. heat.c exchanges the handlers of a block that is hot. */
#ifndef VITRINE_CPU_OPS_REGISTERS_H
#define VITRINE_CPU_OPS_REGISTERS_H

#include "cpu/ops.h"

/* Fields of the op that index a table: `first` counts by 8, `second` by 1. D8, S8: codes of byte
 * registers (ops.h). */
enum op_field { NO_FIELD, FIELD_D, FIELD_S, FIELD_D8, FIELD_S8, FIELD_BASE, FIELD_INDEX,
                FIELD_BOTH, FIELD_BOTH8, /* d and s are the same */
                FIELD_BASE_OR_NONE, /* no base: 8 */
                FIELD_ADDRESS_16 /* base and index of a 16-bit address, as ModRM's R/M says; none: 8 */ };

struct op_variants {
    op_handler *const *general; /* a place in OPS_8, OPS_16, OPS_32 */
    enum op_field first, second;
    op_handler *const *table;
};

/* Ended by a row without a table. */
extern const struct op_variants OP_VARIANTS_ALU_16[], OP_VARIANTS_ALU_32[], OP_VARIANTS_BRANCH_16[],
    OP_VARIANTS_BRANCH_32[], OP_VARIANTS_MEMORY[], OP_VARIANTS_MEMORY_8[], OP_VARIANTS_STACK[], OP_VARIANTS_8[], OP_VARIANTS_NARROW_8[],
    OP_VARIANTS_NARROW_16[];

/* From a general handler to its row: open addressing, at most half full. */
#define OP_VARIANT_SLOTS 1024u
struct op_variant_map {
    const struct op_variants *slot[OP_VARIANT_SLOTS];
};
void op_variant_map_init(struct op_variant_map *map);
void op_guess_map_init(struct op_variant_map *map); /* ops_guesses.h */
/* Exchanges the op's handler for that of its registers, where there is one: last of all. */
bool op_by_register(const struct op_variant_map *map, struct op *op);

/* --- for the files that make variants ------------------------------------------------------------- */
/* The code of ops.h for the nth byte register, as instructions count them: AL CL DL BL AH CH DH BH. */
#define BYTE_CODE(n) (((n) & 3) | ((n) & 4) << 1)
/* X(n) for each register; X(n, m) for each pair. */
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define PAIRS_OF(X, a) X(a, 0) X(a, 1) X(a, 2) X(a, 3) X(a, 4) X(a, 5) X(a, 6) X(a, 7)
#define PAIRS(X) PAIRS_OF(X, 0) PAIRS_OF(X, 1) PAIRS_OF(X, 2) PAIRS_OF(X, 3) \
                 PAIRS_OF(X, 4) PAIRS_OF(X, 5) PAIRS_OF(X, 6) PAIRS_OF(X, 7)

/* Tables of handlers called name_n and name_n_m. */
#define LINE_OF(name) \
    name##_0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7
#define LINE(name) static op_handler *const name##_table[8] = {LINE_OF(name)};
/* With a row for no base, REGISTER_ZERO. */
#define SQUARE_AND_NONE(name)                                                     \
    static op_handler *const name##_table[72] = {                                 \
        LINE_OF(name##_0), LINE_OF(name##_1), LINE_OF(name##_2), LINE_OF(name##_3), \
        LINE_OF(name##_4), LINE_OF(name##_5), LINE_OF(name##_6), LINE_OF(name##_7), \
        LINE_OF(name##_16)};
#define SQUARE(name)                                                              \
    static op_handler *const name##_table[64] = {                                 \
        LINE_OF(name##_0), LINE_OF(name##_1), LINE_OF(name##_2), LINE_OF(name##_3), \
        LINE_OF(name##_4), LINE_OF(name##_5), LINE_OF(name##_6), LINE_OF(name##_7)};

#endif
