/* What tests of block back-ends share: one request at a time, and a disk over a file in memory. */
#ifndef VITRINE_TESTS_BLOCK_BENCH_H
#define VITRINE_TESTS_BLOCK_BENCH_H

#include "backends/block_image.h"
#include "tests/unit/storage_memory.h"

/* Submits, and insists that it is completed once. */
enum block_result bench_request(struct block *block, enum block_op op, uint64_t lba,
                                uint32_t sectors, uint8_t *bytes, uint32_t *done);
/* A sector filled with `value` written; the first byte of one read. */
enum block_result bench_put(struct block *block, uint64_t lba, uint8_t value);
uint8_t bench_get(struct block *block, uint64_t lba);
/* A raw disk of zeros in memory. */
struct block *bench_raw_disk(struct storage_memory **memory, uint32_t sectors,
                             const struct block_image_options *options);

/* A log that keeps its last line and counts. */
struct bench_log {
    struct log log;
    char line[512];
    unsigned lines;
};
void bench_log_init(struct bench_log *log);

#endif
