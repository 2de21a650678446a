/* For tests of the diskette controller: drives and rates by name, and what a command's result says. */
#ifndef VITRINE_TESTS_FDC_RESULTS_H
#define VITRINE_TESTS_FDC_RESULTS_H

#include <check.h>

#include "tests/unit/fdc_bench.h"

#define TYPE_360K  1
#define TYPE_1200K 2
#define TYPE_1440K 4
#define RATE_500K  0
#define RATE_300K  1
#define RATE_250K  2

static inline struct fdc_bench *ready_bench(void)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, NULL, NULL);
    fdc_start(b, RATE_500K);
    return b;
}

/* ST0, ST1, ST2 and C, H, R of a data command's result. */
static inline void expect(const struct fdc_bench *b, uint8_t st0, uint8_t st1, uint8_t st2,
                          uint8_t c, uint8_t h, uint8_t r)
{
    const uint8_t wanted[7] = {st0, st1, st2, c, h, r, 2};
    ck_assert_uint_eq(b->result_count, 7);
    for (unsigned i = 0; i < 7; i++)
        ck_assert_msg(b->results[i] == wanted[i], "result %u: %02Xh, not %02Xh", i, b->results[i],
                      wanted[i]);
}

#endif
