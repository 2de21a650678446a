/* What the two halves of the silicon oracle say to each other: silicon.c (the generator and our
 * core) sends tests, native.c (a 32-bit process) runs them on the processor underneath and answers.
 *
 * Both halves see the same little world through two segments of the LDT:
 *
 *   data  DS ES SS FS, base LINEAR_DATA, limit 3FFFh:  0000-1FFF writable, filled from a seed
 *                                                      2000-2FFF read only
 *                                                      3000-3FFF not present
 *   code  CS, base LINEAR_CODE, limit FFFh: the test, then INT3 up to the end
 *   GS    null
 * CS and SS are 16-bit or 32-bit segments, as the test says. */
#ifndef VITRINE_TESTS_ORACLE_SILICON_H
#define VITRINE_TESTS_ORACLE_SILICON_H

#include <stdint.h>

#define LINEAR_DATA   0x10000000u
#define LINEAR_CODE   0x10010000u
#define DATA_WRITABLE 0x2000u
#define DATA_LIMIT    0x3fffu
#define CODE_LIMIT    0xfffu
/* The LDT: entries 1 to LDT_COUNT - 1, each of DPL 3. Entry 0 stays empty. */
enum ldt_contents {
    LDT_DATA,
    LDT_EXPAND_DOWN,
    LDT_CODE,
    LDT_CONFORMING
}; /* as the kernel has it */
struct ldt_entry {
    uint32_t base, limit;
    uint8_t contents, is_32, is_read_exec_only, in_pages, is_absent;
};
#define LDT_COUNT 14
static const struct ldt_entry LDT[LDT_COUNT] = {
    [1] = {LINEAR_DATA, DATA_LIMIT, LDT_DATA,        1, 0, 0, 0},
    [2] = {LINEAR_DATA, DATA_LIMIT, LDT_DATA,        0, 0, 0, 0},
    [3] = {LINEAR_CODE, CODE_LIMIT, LDT_CODE,        1, 0, 0, 0},
    [4] = {LINEAR_CODE, CODE_LIMIT, LDT_CODE,        0, 0, 0, 0},
    [5] = {LINEAR_DATA, DATA_LIMIT, LDT_DATA,        1, 1, 0, 0}, /* read only */
    [6] = {LINEAR_DATA, 0x0fff,     LDT_EXPAND_DOWN, 0, 0, 0, 0}, /* 1000h-FFFFh */
    [7] = {LINEAR_CODE, CODE_LIMIT, LDT_CODE,        1, 1, 0, 0}, /* execute only */
    [8] = {LINEAR_CODE, CODE_LIMIT, LDT_CONFORMING,  1, 0, 0, 1}, /* Linux gives it only absent */
    [9] = {LINEAR_DATA, DATA_LIMIT, LDT_DATA,        1, 0, 0, 1}, /* not present */
    [10] = {LINEAR_DATA, 1,          LDT_DATA,        1, 0, 1, 0}, /* 0000h-1FFFh */
    [11] = {LINEAR_CODE, CODE_LIMIT, LDT_CODE,        1, 0, 0, 1}, /* not present */
    [12] = {LINEAR_DATA, 0x0f,       LDT_DATA,        1, 0, 0, 0}, /* sixteen bytes */
    [13] = {LINEAR_CODE, 0x3f,       LDT_CODE,        1, 0, 0, 0}, /* ends inside the test */
};
#define LDT_SELECTOR(index) ((index)*8u + 7u)
#define SELECTOR_DATA32     LDT_SELECTOR(1)
#define SELECTOR_DATA16     LDT_SELECTOR(2)
#define SELECTOR_CODE32     LDT_SELECTOR(3)
#define SELECTOR_CODE16     LDT_SELECTOR(4)
#define CODE_BYTES          128
#define BATCH               128
#define VECTOR_NEVER_ENDS   1000u /* a jump to itself, say */

enum test_flag { TEST_CODE16 = 1, TEST_STACK16 = 2, TEST_DUMP = 4, TEST_FPU = 8 };

/* The x87 and SSE state as FXSAVE has it (SDM 1 table 10-2), without the pointers. */
struct fpu_image {
    uint16_t control, status, tag,
        padding; /* tag: a bit for each physical register that is not empty */
    uint32_t mxcsr;
    uint8_t st[8][12]; /* ten bytes each, in the order of the stack */
    uint8_t xmm[8][16];
};
struct silicon_test {
    uint32_t flags; /* enum test_flag */
    uint32_t seed;  /* of the data */
    uint32_t gpr[8], eflags;
    uint32_t code_length;
    uint8_t code[CODE_BYTES];
    struct fpu_image fpu;
};
struct silicon_result {
    uint32_t vector, error, cr2, eip, eflags, gpr[8];
    uint16_t segments[6];   /* ES CS SS DS FS GS */
    uint32_t was_disturbed; /* a tick of the timer came: Linux does not put ID and RPLs back */
    uint32_t data_hash;
    struct fpu_image fpu;
};

/* The data of a seed: a 32-bit xorshift, with runs of equal and near values so that compares and
 * scans find something. */
static inline void silicon_fill(uint32_t seed, uint32_t *words, unsigned count)
{
    uint32_t x = seed | 1;
    for (unsigned n = 0; n < count; n++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        words[n] = (x & 0x700) == 0 ? x >> 30 : x;
    }
}
static inline uint32_t silicon_hash(const uint32_t *words, unsigned count)
{
    uint32_t a = 0x811c9dc5u, b = 0x9e3779b9u;
    for (unsigned n = 0; n < count; n += 2) {
        a = (a ^ words[n]) * 0x01000193u;
        b = (b + words[n + 1]) * 0x85ebca6bu;
        b ^= b >> 15;
    }
    return a ^ b;
}

#endif
