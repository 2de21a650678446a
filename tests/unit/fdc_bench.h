/* For tests of the diskette controller: diskettes in memory, and the controller as a driver uses it. */
#ifndef VITRINE_TESTS_FDC_BENCH_H
#define VITRINE_TESTS_FDC_BENCH_H

#include "bus/block.h"
#include "devices/i82077aa.h"
#include "tests/unit/fixture.h"

/* Each sector begins with its own number, little endian, and goes on with its low byte. */
struct fdc_disk {
    struct block block;
    uint8_t *bytes;
    uint32_t sectors;
    bool is_slow; /* requests stay pending until fdc_disk_finish */
    struct block_request *pending;
    unsigned requests, cancels;
    uint64_t bad_lba; /* fails with bad_result; UINT64_MAX: none */
    enum block_result bad_result;
};

struct fdc_bench {
    struct device_fixture *f;
    struct device *fdc;
    struct fdc_disk disks[2]; /* of drive A, and one to be put in */
    struct fixture_probe irq;
    uint8_t results[10];
    unsigned result_count;
};

#define FDC_BUFFER 0x8000u /* where fdc_dma() has channel 2 point */

void fdc_disk_finish(struct fdc_disk *disk);
/* Drive A has a diskette of so many sectors in a drive of that CMOS type; drive B is not there. */
struct fdc_bench *fdc_bench_new(uint32_t sectors, uint8_t type, const char *option,
                                const char *value);
void fdc_bench_free(struct fdc_bench *b);
/* DOR: out of reset, motor A on; answers the four polled drives; CCR. DMA is what SPECIFY chose. */
void fdc_start(struct fdc_bench *b, uint8_t rate);
/* Writes the bytes of a command, each when RQM asks for it; reads what comes of it, if it ends within
 * `us` microseconds. */
void fdc_send(struct fdc_bench *b, const uint8_t *bytes, unsigned count);
void fdc_results(struct fdc_bench *b);
void fdc_command(struct fdc_bench *b, const uint8_t *bytes, unsigned count, uint64_t us);
#define FDC_COMMAND(b, us, ...)                                                                    \
    fdc_command(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), us)
/* Programs channel 2 for `bytes` bytes at FDC_BUFFER. */
void fdc_dma(struct fdc_bench *b, bool to_memory, unsigned bytes);
uint8_t fdc_msr(struct fdc_bench *b);
/* Seeks and answers the interrupt; the status. */
uint8_t fdc_seek(struct fdc_bench *b, uint8_t cylinder);
uint32_t fdc_buffer_sector(struct fdc_bench *b, unsigned index); /* the number at its begin */

#endif
