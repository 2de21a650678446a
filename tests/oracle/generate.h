/* Random instruction streams for the silicon oracle: see generate.c. */
#ifndef VITRINE_TESTS_ORACLE_GENERATE_H
#define VITRINE_TESTS_ORACLE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/decode.h"
#include "tests/oracle/silicon.h"

#define STREAM_MAX 12

struct stream {
    struct silicon_test test;
    unsigned count;
    uint32_t start[STREAM_MAX + 1];     /* offset of each instruction; of the end */
    uint32_t undefined[STREAM_MAX + 1]; /* flags that the manual leaves open in front of it */
    const struct opcode_row *row[STREAM_MAX];
};
struct generator {
    uint64_t state;
    const struct opcode_row *rows[1024];
    unsigned row_count, simd_from; /* the rows of ops_simd.def begin there */
    bool has_fpu;
};
struct generator_choice {
    const char *only;                              /* a mnemonic, or NULL for all */
    bool has_fpu;                                  /* with x87, MMX and SSE */
    bool (*has_row)(const struct opcode_row *row); /* is it there to compare with? NULL: all are */
};
void generator_init(struct generator *g, uint64_t seed, const struct generator_choice *choice);
void generate(struct generator *g, struct stream *stream);
/* Near transfers to where a register, memory or the stack says. */
bool generator_leaves(const struct opcode_row *row);

#endif
