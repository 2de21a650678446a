/* Counts which rows of cpu/ops*.def an oracle executes. Linked in front of libvitrine.a with
 *
 *     -Wl,--wrap=decode,--wrap=block_build
 *
 * it makes every block one instruction long, so that each instruction executed is decoded just before,
 * and counts what the decoder finds. At exit it writes one line for each row to the file that
 * VITRINE_COVERAGE names: "TABLE OPCODE DIGIT PREFIX MNEMONIC COUNT" (DIGIT 8: any). */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/blocks.h"
#include "cpu/decode.h"

#define ROWS_MAX 1024

static const struct {
    const char *name;
    const struct opcode_row *(*row_at)(size_t index);
} TABLES[] = {{"ops", opcode_row_at},
              {"ops_simd", simd_row_at},
              {"ops_8086", opcode_row_8086_at},
              {"ops_286", opcode_row_286_at},
              {"ops_386", opcode_row_386_at}};
static uint64_t counts[ARRAY_COUNT(TABLES)][ROWS_MAX];

static void write_counts(void)
{
    static const char *const PREFIXES[] = {[SIMD_NP] = "np", [SIMD_66] = "66", [SIMD_F3] = "f3",
                                           [SIMD_F2] = "f2"};
    const char *path = getenv("VITRINE_COVERAGE");
    FILE *out = path != NULL ? fopen(path, "w") : NULL;
    const struct opcode_row *row;
    if (out == NULL) {
        return;
    }
    for (unsigned table = 0; table < ARRAY_COUNT(TABLES); table++) {
        for (size_t n = 0; n < ROWS_MAX && (row = TABLES[table].row_at(n)) != NULL; n++) {
            char name[24] = "";
            for (unsigned at = 0; row->mnemonic[at] != '\0' && at < sizeof name - 1; at++) {
                name[at] = row->mnemonic[at] == ' ' ? '_' : row->mnemonic[at];
            }
            fprintf(out, "%s %04x %u %s %s %llu\n", TABLES[table].name, row->opcode, row->digit,
                    TABLES[table].row_at == simd_row_at ? PREFIXES[row->simd.prefix] : "-", name,
                    (unsigned long long)counts[table][n]);
        }
    }
    fclose(out);
}

static void count(const struct opcode_row *row)
{
    static bool is_registered;
    if (!is_registered) {
        is_registered = true;
        atexit(write_counts);
    }
    for (unsigned table = 0; table < ARRAY_COUNT(TABLES); table++) {
        const struct opcode_row *first = TABLES[table].row_at(0);
        if (row >= first && row < first + ROWS_MAX &&
            TABLES[table].row_at((size_t)(row - first)) == row) {
            counts[table][row - first]++;
        }
    }
}

enum decode_result __real_decode(const struct opcode_map *map, const struct decode_mode *mode,
                                 const uint8_t *bytes, size_t available, struct instruction *i);
enum decode_result __wrap_decode(const struct opcode_map *map, const struct decode_mode *mode,
                                 const uint8_t *bytes, size_t available, struct instruction *i);
enum decode_result __wrap_decode(const struct opcode_map *map, const struct decode_mode *mode,
                                 const uint8_t *bytes, size_t available, struct instruction *i)
{
    enum decode_result result = __real_decode(map, mode, bytes, available, i);
    if (result == DECODE_OK) {
        count(i->row);
    }
    return result;
}

struct block *__real_block_build(struct cpu *cpu, unsigned most);
struct block *__wrap_block_build(struct cpu *cpu, unsigned most);
struct block *__wrap_block_build(struct cpu *cpu, unsigned most)
{
    return __real_block_build(cpu, most < 1 ? most : 1);
}
