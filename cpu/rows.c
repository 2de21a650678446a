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
#define NP ROW_NP
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
static const struct opcode_row rows_286[] = {
#include "cpu/ops_286.def"
};
static const struct opcode_row rows_386[] = {
#include "cpu/ops_386.def"
};
#undef A
#undef C
#undef X

const struct opcode_row *opcode_row_at(size_t index)
{
    return index < ARRAY_COUNT(rows) ? &rows[index] : NULL;
}

const struct opcode_row *opcode_row_8086_at(size_t index)
{
    return index < ARRAY_COUNT(rows_8086) ? &rows_8086[index] : NULL;
}

const struct opcode_row *opcode_row_286_at(size_t index)
{
    return index < ARRAY_COUNT(rows_286) ? &rows_286[index] : NULL;
}

const struct opcode_row *opcode_row_386_at(size_t index)
{
    return index < ARRAY_COUNT(rows_386) ? &rows_386[index] : NULL;
}

typedef const struct opcode_row *opcode_rows[8]; /* of one opcode, by digit */

static void fill(opcode_rows *map, const struct opcode_row *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned at = from[i].opcode < 0x100 ? from[i].opcode : 0x100u + (from[i].opcode & 0xff);
        for (unsigned digit = 0; digit < 8; digit++)
            if (from[i].digit == ROW_ANY || from[i].digit == digit)
                map[at][digit] = &from[i];
    }
}

void opcode_map_init(struct opcode_map *map)
{
    memset(map, 0, sizeof *map);
    fill(map->row, rows, ARRAY_COUNT(rows));
    memcpy(map->row_8086, map->row, sizeof map->row_8086);
    fill(map->row_8086, rows_8086, ARRAY_COUNT(rows_8086));
    memcpy(map->row_286, map->row, sizeof map->row_286);
    fill(map->row_286, rows_286, ARRAY_COUNT(rows_286));
    memcpy(map->row_386, map->row, sizeof map->row_386);
    fill(map->row_386, rows_386, ARRAY_COUNT(rows_386));
    simd_map_init(map);
}
