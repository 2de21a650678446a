/* Between generate.c (integer and system rows, streams) and generate_fpu.c (x87, MMX, SSE). */
#ifndef VITRINE_TESTS_ORACLE_GENERATE_INTERNAL_H
#define VITRINE_TESTS_ORACLE_GENERATE_INTERNAL_H

#include "tests/oracle/generate.h"

struct emitter {
    struct generator *g;
    struct stream *stream;
    uint32_t at;
    bool is_16, address_16; /* the operand and address size of this instruction */
    unsigned jump_bytes;    /* size of the displacement to patch; 0: no jump */
    unsigned count;         /* shift count, when it is in the instruction; else 99 */
    bool is_simd;           /* its row is of ops_simd.def */
};

static inline uint64_t next_random(struct generator *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static inline uint32_t below(struct generator *g, uint32_t limit)
{
    return (uint32_t)(next_random(g) >> 32) % limit;
}
static inline bool one_in(struct generator *g, uint32_t n)
{
    return below(g, n) == 0;
}
static inline void put(struct emitter *e, uint32_t value, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n++) {
        e->stream->test.code[e->at++] = (uint8_t)(value >> 8 * n);
    }
}

/* ModRM, SIB and displacement of a memory operand that mostly lies at a multiple of `alignment`. */
void put_memory(struct emitter *e, unsigned reg, unsigned alignment);
/* The instruction of a row of the x87, MMX or SSE; false: it is none of these. */
bool generator_put_fpu(struct emitter *e, const struct opcode_row *row);
void generator_random_fpu(struct generator *g, struct fpu_image *image);

#endif
