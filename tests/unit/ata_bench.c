#include "tests/unit/ata_bench.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"

/* --- a disk in memory ---------------------------------------------------------------------------- */

static void disk_carry_out(struct ata_disk *disk, struct block_request *request)
{
    uint64_t lba = request->at.lba;
    request->result = BLOCK_OK;
    request->done_sectors = 0;
    if (request->op == BLOCK_FLUSH && disk->fails_flush)
        request->result = BLOCK_WRITE_ERROR;
    else if (request->op == BLOCK_FLUSH)
        disk->flushes++;
    else if (request->at.is_chs && (request->at.cylinder >= disk->geometry.cylinders ||
                                    !block_chs_to_lba(&disk->geometry, &request->at, &lba)))
        request->result = BLOCK_RANGE;
    else
        for (uint32_t i = 0; i < request->sectors; i++, request->done_sectors++) {
            uint8_t *media = disk->bytes + (lba + i) * SECTOR_BYTES;
            if (lba + i >= disk->geometry.total || lba + i == disk->bad_lba) {
                request->result = lba + i == disk->bad_lba ? disk->bad_result : BLOCK_RANGE;
                break;
            }
            if (request->op == BLOCK_READ)
                memcpy(request->bytes + (size_t)i * SECTOR_BYTES, media, SECTOR_BYTES);
            if (request->op == BLOCK_WRITE)
                memcpy(media, request->bytes + (size_t)i * SECTOR_BYTES, SECTOR_BYTES);
        }
    request->complete(request);
}

static void disk_submit(struct block *block, struct block_request *request)
{
    struct ata_disk *disk = (struct ata_disk *)(void *)block;
    disk->requests++;
    disk->last = request->at;
    disk->last_cause = request->cause;
    if (disk->is_slow)
        disk->pending = request;
    else
        disk_carry_out(disk, request);
}

static void disk_cancel(struct block *block, struct block_request *request)
{
    struct ata_disk *disk = (struct ata_disk *)(void *)block;
    (void)request;
    disk->cancels++;
    disk->pending = NULL;
}

static void disk_geometry(struct block *block, struct block_geometry *g)
{
    *g = ((struct ata_disk *)(void *)block)->geometry;
}

static const struct block_ops DISK_OPS = {.geometry = disk_geometry,
                                          .submit = disk_submit,
                                          .cancel = disk_cancel};

void disk_finish(struct ata_disk *disk)
{
    struct block_request *request = disk->pending;
    ck_assert_ptr_nonnull(request);
    disk->pending = NULL;
    disk_carry_out(disk, request);
}

static void disk_init(struct ata_disk *disk)
{
    memset(disk, 0, sizeof *disk);
    disk->block.ops = &DISK_OPS;
    disk->block.name = "test disk";
    disk->geometry = (struct block_geometry){CYLINDERS, HEADS, SECTORS, TOTAL};
    disk->bytes = calloc(TOTAL, SECTOR_BYTES);
    disk->bad_lba = UINT64_MAX;
    ck_assert_ptr_nonnull(disk->bytes);
    for (uint32_t i = 0; i < TOTAL; i++)
        store_le32(disk->bytes + (size_t)i * SECTOR_BYTES, i);
}

/* --- a channel ----------------------------------------------------------------------------------- */

struct ata_bench *ata_bench_new(void)
{
    struct ata_bench *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    for (unsigned i = 0; i < 2; i++)
        disk_init(&c->disks[i]);
    return c;
}

void ata_bench_plug(struct ata_bench *c, const struct device_config *config)
{
    c->f = device_fixture_new(&ATA_TYPE, config);
    fixture_probe(c->f, c->f->device, "irq", &c->irq);
}

struct ata_bench *ata_make_with(unsigned drives, struct device_config *config)
{
    struct ata_bench *c = ata_bench_new();
    for (unsigned i = 0; i < 2; i++)
        if (drives >> i & 1)
            config->block[i] = &c->disks[i].block;
    ata_bench_plug(c, config);
    return c;
}

struct ata_bench *ata_make(unsigned drives)
{
    struct device_config config = {.name = "ide0"};
    return ata_make_with(drives, &config);
}

void ata_destroy(struct ata_bench *c)
{
    device_fixture_free(c->f);
    free(c->disks[0].bytes);
    free(c->disks[1].bytes);
    free(c);
}

uint8_t ata_in(struct ata_bench *c, unsigned reg)
{
    return fixture_in(c->f, (uint16_t)(0x1F0 + reg));
}
void ata_out(struct ata_bench *c, unsigned reg, unsigned value)
{
    fixture_out(c->f, (uint16_t)(0x1F0 + reg), (uint8_t)value);
}
uint8_t ata_alternate(struct ata_bench *c)
{
    return fixture_in(c->f, 0x3F6);
}
void ata_wait(struct ata_bench *c)
{
    fixture_run_us(c->f, 10);
}

void ata_chs(struct ata_bench *c, unsigned count, unsigned cylinder, unsigned head, unsigned sector)
{
    ata_out(c, 2, count);
    ata_out(c, 3, sector);
    ata_out(c, 4, cylinder & 0xFF);
    ata_out(c, 5, cylinder >> 8);
    ata_out(c, 6, 0xA0 | head);
}
void ata_lba(struct ata_bench *c, unsigned count, uint32_t at)
{
    ata_out(c, 2, count);
    ata_out(c, 3, at & 0xFF);
    ata_out(c, 4, at >> 8 & 0xFF);
    ata_out(c, 5, at >> 16 & 0xFF);
    ata_out(c, 6, 0xE0 | (at >> 24 & 15));
}

void ata_command(struct ata_bench *c, unsigned code)
{
    ata_out(c, 7, code);
    ata_wait(c);
}

uint32_t ata_read_sector(struct ata_bench *c)
{
    uint8_t bytes[SECTOR_BYTES];
    ck_assert_uint_eq(ata_alternate(c), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, bytes, 256), 256);
    ata_wait(c);
    return load_le32(bytes);
}

void ata_write_sector(struct ata_bench *c, uint32_t value)
{
    uint8_t bytes[SECTOR_BYTES] = {0};
    store_le32(bytes, value);
    ck_assert_uint_eq(ata_alternate(c), 0x58);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 256), 256);
    ata_wait(c);
}

void ata_expect_error(struct ata_bench *c, unsigned error)
{
    ck_assert_uint_eq(ata_alternate(c), 0x51);
    ck_assert_uint_eq(ata_in(c, 1), error);
}

uint16_t ata_identify_word(struct ata_bench *c, unsigned word)
{
    uint8_t id[SECTOR_BYTES];
    ata_command(c, 0xEC);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, id, 256), 256);
    return load_le16(id + (size_t)2 * word);
}
