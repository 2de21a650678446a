/* For tests of ATA channels: disks in memory, and a channel's registers as a driver uses them. */
#ifndef VITRINE_TESTS_ATA_BENCH_H
#define VITRINE_TESTS_ATA_BENCH_H

#include "bus/block.h"
#include "tests/unit/fixture.h"

#define CYLINDERS 20
#define HEADS     4
#define SECTORS   17
#define TOTAL     (CYLINDERS * HEADS * SECTORS)

/* 4 heads and 17 sectors; each sector begins with its own number. */
struct ata_disk {
    struct block block;
    uint8_t *bytes;
    struct block_geometry geometry;
    bool is_slow; /* requests stay pending until disk_finish */
    struct block_request *pending;
    uint64_t bad_lba; /* fails with bad_result; UINT64_MAX: none */
    enum block_result bad_result;
    bool fails_flush;
    unsigned requests, cancels, flushes;
    struct block_address last;
    uint64_t last_cause;
};

struct ata_bench {
    struct device_fixture *f;
    struct ata_disk disks[2];
    struct fixture_probe irq;
};

void disk_finish(struct ata_disk *disk);
/* Disks without a channel; and the channel, with what the config says. */
struct ata_bench *ata_bench_new(void);
void ata_bench_plug(struct ata_bench *c, const struct device_config *config);
/* Both at once; bit n of `drives`: disk n is drive n. */
struct ata_bench *ata_make_with(unsigned drives, struct device_config *config);
struct ata_bench *ata_make(unsigned drives);
void ata_destroy(struct ata_bench *c);
uint8_t ata_in(struct ata_bench *c, unsigned reg);
void ata_out(struct ata_bench *c, unsigned reg, unsigned value);
uint8_t ata_alternate(struct ata_bench *c);
void ata_wait(struct ata_bench *c);
void ata_chs(struct ata_bench *c, unsigned count, unsigned cylinder, unsigned head,
             unsigned sector);
void ata_lba(struct ata_bench *c, unsigned count, uint32_t at);
void ata_command(struct ata_bench *c, unsigned code);
uint32_t ata_read_sector(struct ata_bench *c);
void ata_write_sector(struct ata_bench *c, uint32_t value);
void ata_expect_error(struct ata_bench *c, unsigned error);
/* A word of IDENTIFY DEVICE. */
uint16_t ata_identify_word(struct ata_bench *c, unsigned word);

#endif
