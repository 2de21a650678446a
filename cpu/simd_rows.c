/* The opcode rows of MMX and SSE (ops_simd.def) as a table, and the index into it. */
#include "cpu/decode.h"
#include "cpu/execute.h"
#include "cpu/simd_instructions.h"

#define ANY ROW_ANY
#define MEM ROW_MEM
#define NOMEM ROW_NOMEM
#define SIMD(prefix, opcode, digit, mnemonic, to, from, bytes, immediate, function, feature,        \
             attributes, alignment)                                                                 \
    {mnemonic, exec_simd, feature, opcode, digit, FORM_GE, SIZE_D, IMM_##immediate, FAST_NO, 0,     \
     ROW_FLAGS_A, ROW_FLAGS_0, attributes,                                                          \
     {simd_##function, SIMD_##prefix, SIMD_##to, SIMD_##from, bytes, SIMD_##alignment}},
#define SIMD_OWN(prefix, opcode, digit, mnemonic, form, size, immediate, handler, feature,          \
                 attributes)                                                                        \
    {mnemonic, handler, feature, opcode, digit, FORM_##form, SIZE_##size, IMM_##immediate, FAST_NO, \
     0, ROW_FLAGS_A, ROW_FLAGS_0, attributes, {NULL, SIMD_##prefix, 0, 0, 0, 0}},
static const struct opcode_row rows[] = {
#include "cpu/ops_simd.def"
};

const struct opcode_row *simd_row_at(size_t index)
{
    return index < ARRAY_COUNT(rows) ? &rows[index] : NULL;
}

static unsigned map_number(uint16_t opcode)
{
    return opcode >> 8 == 0x38 ? 1 : opcode >> 8 == 0x3a ? 2 : 0;
}

/* The decoder looks on from the first row of a group. */
void simd_map_init(struct opcode_map *map)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint16_t *first = &map->simd[map_number(rows[i].opcode)][rows[i].opcode & 0xff]
                                    [rows[i].simd.prefix];
        if (*first == 0)
            *first = (uint16_t)(i + 1);
    }
}
