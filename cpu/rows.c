/* The opcode rows (ops.def) as a table, and the index into it. */
#include "cpu/decode.h"
#include "cpu/execute.h"

#define A ROW_FLAGS_A
#define C ROW_FLAGS_C
#define X ROW_FLAGS_X
#define ANY ROW_ANY
#define LOCK ROW_LOCK
#define END ROW_END
#define MEM ROW_MEM
#define REGS ROW_REGS
#define PM ROW_PM
#define REPS ROW_REPS
#define ROW(opcode, digit, mnemonic, form, size, immediate, fast, argument, handler, feature, reads, \
            writes, attributes)                                                                      \
    {mnemonic, handler, feature, opcode, digit, FORM_##form, SIZE_##size, IMM_##immediate,           \
     FAST_##fast, argument, reads, writes, attributes, {NULL, 0, 0, 0, 0, 0}},
static const struct opcode_row rows[] = {
#include "cpu/ops.def"
};
static const struct opcode_row rows_8086[] = {
#include "cpu/ops_8086.def"
};
#undef A
#undef C
#undef X

const struct opcode_row *opcode_row_at(size_t index)
{
    return index < ARRAY_COUNT(rows) ? &rows[index] : NULL;
}

void opcode_map_init(struct opcode_map *map)
{
    memset(map, 0, sizeof *map);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        unsigned at = rows[i].opcode < 0x100 ? rows[i].opcode : 0x100u + (rows[i].opcode & 0xff);
        for (unsigned digit = 0; digit < 8; digit++)
            if (rows[i].digit == ROW_ANY || rows[i].digit == digit)
                map->row[at][digit] = &rows[i];
    }
    memcpy(map->row_8086, map->row, sizeof map->row_8086);
    for (size_t i = 0; i < ARRAY_COUNT(rows_8086); i++)
        for (unsigned digit = 0; digit < 8; digit++)
            if (rows_8086[i].digit == ROW_ANY || rows_8086[i].digit == digit)
                map->row_8086[rows_8086[i].opcode][digit] = &rows_8086[i];
    simd_map_init(map);
}
