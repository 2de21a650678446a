#include "tests/unit/fdc_bench.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/i8237.h"
#include "devices/types.h"

static void geometry(struct block *block, struct block_geometry *g)
{
    const struct fdc_disk *disk = (const struct fdc_disk *)(const void *)block;
    *g = (struct block_geometry){.cylinders = 1, .heads = 1, .sectors = 1, .total = disk->sectors};
}

static void carry_out(struct fdc_disk *disk, struct block_request *request)
{
    uint8_t *at = disk->bytes + request->at.lba * SECTOR_BYTES;
    if (request->at.lba + request->sectors > disk->sectors) {
        request->result = BLOCK_RANGE;
    } else if (request->at.lba == disk->bad_lba) {
        request->result = disk->bad_result;
    } else {
        if (request->op == BLOCK_READ)
            memcpy(request->bytes, at, (size_t)request->sectors * SECTOR_BYTES);
        if (request->op == BLOCK_WRITE)
            memcpy(at, request->bytes, (size_t)request->sectors * SECTOR_BYTES);
        request->result = BLOCK_OK;
        request->done_sectors = request->sectors;
    }
    request->complete(request);
}

void fdc_disk_finish(struct fdc_disk *disk)
{
    struct block_request *request = disk->pending;
    disk->pending = NULL;
    if (request)
        carry_out(disk, request);
}

static void submit(struct block *block, struct block_request *request)
{
    struct fdc_disk *disk = (struct fdc_disk *)(void *)block;
    disk->requests++;
    if (disk->is_slow)
        disk->pending = request;
    else
        carry_out(disk, request);
}

static void cancel(struct block *block, struct block_request *request)
{
    struct fdc_disk *disk = (struct fdc_disk *)(void *)block;
    if (disk->pending == request)
        disk->pending = NULL;
    disk->cancels++;
}

static void disk_init(struct fdc_disk *disk, uint32_t sectors)
{
    static const struct block_ops OPS = {geometry, submit, cancel, NULL, NULL, NULL};
    disk->block = (struct block){&OPS, "a diskette", false, NULL};
    disk->sectors = sectors;
    disk->bad_lba = UINT64_MAX;
    disk->bytes = malloc((size_t)sectors * SECTOR_BYTES);
    for (uint32_t i = 0; i < sectors; i++) {
        memset(disk->bytes + (size_t)i * SECTOR_BYTES, (int)(i & 0xFF), SECTOR_BYTES);
        store_le32(disk->bytes + (size_t)i * SECTOR_BYTES, i);
    }
}

struct fdc_bench *fdc_bench_new(uint32_t sectors, uint8_t type, const char *option,
                                const char *value)
{
    struct fdc_bench *b = calloc(1, sizeof *b);
    struct floppy_drives drives = {0};
    struct device_config config = {.name = "fdc", .extra = &drives};
    struct device *dma;
    disk_init(&b->disks[0], sectors);
    disk_init(&b->disks[1], sectors);
    drives.drives[0].type = type;
    drives.drives[0].disks[0] = &b->disks[0].block;
    drives.drives[0].disks[1] = &b->disks[1].block;
    if (option)
        fixture_set(&config, option, value);
    b->f = device_fixture_new(&I82077AA_TYPE, &config);
    b->fdc = b->f->device;
    dma = fixture_add(b->f, &I8237_TYPE, NULL);
    i8237_connect(dma, 2, i82077aa_dma(b->fdc));
    fixture_probe(b->f, b->fdc, "irq", &b->irq);
    return b;
}

void fdc_bench_free(struct fdc_bench *b)
{
    device_fixture_free(b->f);
    free(b->disks[0].bytes);
    free(b->disks[1].bytes);
    free(b);
}

uint8_t fdc_msr(struct fdc_bench *b)
{
    return fixture_in(b->f, 0x3F4);
}

void fdc_send(struct fdc_bench *b, const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert_msg((fdc_msr(b) & 0xC0) == 0x80, "byte %u: MSR %02Xh", i, fdc_msr(b));
        fixture_out(b->f, 0x3F5, bytes[i]);
    }
}

void fdc_results(struct fdc_bench *b)
{
    b->result_count = 0;
    while ((fdc_msr(b) & 0xD0) == 0xD0 && b->result_count < sizeof b->results)
        b->results[b->result_count++] = fixture_in(b->f, 0x3F5);
}

void fdc_command(struct fdc_bench *b, const uint8_t *bytes, unsigned count, uint64_t us)
{
    fdc_send(b, bytes, count);
    fixture_run_us(b->f, us);
    fdc_results(b);
}

void fdc_start(struct fdc_bench *b, uint8_t rate)
{
    fixture_out(b->f, 0x3F2, 0x1C);
    fixture_run_us(b->f, 100);
    for (unsigned i = 0; i < 4; i++)
        FDC_COMMAND(b, 0, 0x08);
    fixture_out(b->f, 0x3F7, rate);
    FDC_COMMAND(b, 0, 0x03, 0xDF, 0x02);
    fixture_out(b->f, 0x0B, 0x46);
    fixture_out(b->f, 0xD6, 0xC0);
    fixture_out(b->f, 0xD4, 0x00);
}

void fdc_dma(struct fdc_bench *b, bool to_memory, unsigned bytes)
{
    fixture_out(b->f, 0x0A, 0x06);
    fixture_out(b->f, 0x0C, 0);
    fixture_out(b->f, 0x0B, to_memory ? 0x46 : 0x4A);
    fixture_out(b->f, 0x04, FDC_BUFFER & 0xFF);
    fixture_out(b->f, 0x04, FDC_BUFFER >> 8);
    fixture_out(b->f, 0x81, 0);
    fixture_out(b->f, 0x05, (uint8_t)(bytes - 1));
    fixture_out(b->f, 0x05, (uint8_t)((bytes - 1) >> 8));
    fixture_out(b->f, 0x0A, 0x02);
}

uint8_t fdc_seek(struct fdc_bench *b, uint8_t cylinder)
{
    FDC_COMMAND(b, 1000, 0x0F, 0x00, cylinder);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[1], cylinder);
    return b->results[0];
}

uint32_t fdc_buffer_sector(struct fdc_bench *b, unsigned index)
{
    return load_le32(b->f->ram.bytes + FDC_BUFFER + (size_t)index * SECTOR_BYTES);
}
