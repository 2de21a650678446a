/* vitrine disk info, check: what an image is, and whether all of it can be used. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/block_image.h"
#include "base/bits.h"
#include "frontends/disk_command.h"

#define PARTITIONS 4

static void count_completion(struct block_request *request)
{
    (void)request;
}

static enum block_result read_sectors(struct block *block, uint64_t lba, uint32_t sectors,
                                      uint8_t *bytes, uint32_t *done)
{
    struct block_request request = {.op = BLOCK_READ,
                                    .at = {.lba = lba},
                                    .sectors = sectors,
                                    .bytes = bytes,
                                    .complete = count_completion};
    block->ops->submit(block, &request);
    *done = request.done_sectors;
    return request.result;
}

static enum status open_image(const struct disk_options *o, struct block **block,
                              struct error *error)
{
    const struct block_image_options options = {
        .geometry = o->geometry,
        .image = {.is_read_only = true,
                  .format = o->format,
                  .allows_any_backing = o->allows_any_backing}
    };
    return block_image_open(block, o->path, &options, error);
}

struct partition {
    uint8_t kind, is_active;
    uint64_t first, sectors;
};

/* The four entries of the master boot record; false when it has no signature. */
static bool partitions_of(const uint8_t *mbr, struct partition table[PARTITIONS])
{
    for (unsigned i = 0; i < PARTITIONS; i++) {
        const uint8_t *entry = mbr + 446 + (size_t)16 * i;
        table[i] =
            (struct partition){entry[4], entry[0], load_le32(entry + 8), load_le32(entry + 12)};
    }
    return mbr[510] == 0x55 && mbr[511] == 0xAA;
}

enum status disk_info(const struct disk_options *o, struct error *error)
{
    struct partition table[PARTITIONS];
    struct block_geometry g;
    uint8_t mbr[SECTOR_BYTES];
    struct block *block;
    struct image *image;
    uint32_t done;
    enum status status = open_image(o, &block, error);
    if (status != STATUS_OK)
        return status;
    block->ops->geometry(block, &g);
    image = block_image_of(block);
    printf("%s:\n  format %s\n  %" PRIu64 " sectors of 512 bytes, %" PRIu64
           " KiB\n  geometry %u/%u/%u "
           "(cylinders/heads/sectors)\n",
           o->path, image_format_name(image->format), g.total, g.total / 2, g.cylinders, g.heads,
           g.sectors);
    if (image->ops->info)
        image->ops->info(image, stdout);
    if (read_sectors(block, 0, 1, mbr, &done) == BLOCK_OK) {
        if (image->format == IMAGE_RAW && image_is_qcow2(mbr, sizeof mbr))
            printf("  looks like qcow2; fix: say --format qcow2 if you know where it is from\n");
        if (!partitions_of(mbr, table))
            printf("  no boot signature in the first sector\n");
        else
            for (unsigned i = 0; i < PARTITIONS; i++)
                if (table[i].kind)
                    printf("  partition %u: type %02X%s, sectors %" PRIu64 "-%" PRIu64 "\n", i + 1,
                           table[i].kind, table[i].is_active == 0x80 ? ", active" : "",
                           table[i].first, table[i].first + table[i].sectors - 1);
    }
    block->ops->close(block);
    return STATUS_OK;
}

static unsigned check_partitions(const struct block_geometry *g, const uint8_t *mbr)
{
    struct partition table[PARTITIONS];
    unsigned bad = 0;
    if (!partitions_of(mbr, table))
        return 0; /* no partition table: nothing to say of it */
    for (unsigned i = 0; i < PARTITIONS; i++) {
        if (!table[i].kind)
            continue;
        if (table[i].first + table[i].sectors > g->total) {
            printf("  partition %u ends at sector %" PRIu64 ", the disk at %" PRIu64 "\n", i + 1,
                   table[i].first + table[i].sectors, g->total);
            bad++;
        }
        for (unsigned j = 0; j < i; j++)
            if (table[j].kind && table[i].first < table[j].first + table[j].sectors &&
                table[j].first < table[i].first + table[i].sectors) {
                printf("  partitions %u and %u overlap\n", j + 1, i + 1);
                bad++;
            }
    }
    return bad;
}

/* Reads every sector; counts those that can't be read. */
static uint64_t check_sectors(struct block *block, uint64_t total)
{
    static const uint32_t CHUNK = 128;
    uint8_t *bytes = malloc((size_t)CHUNK * SECTOR_BYTES);
    uint64_t bad = 0;
    for (uint64_t lba = 0; bytes && lba < total;) {
        uint32_t count = total - lba < CHUNK ? (uint32_t)(total - lba) : CHUNK, done;
        if (read_sectors(block, lba, count, bytes, &done) != BLOCK_OK) {
            printf("  sector %" PRIu64 " can't be read\n", lba + done);
            bad++;
            done++;
        }
        lba += done;
    }
    free(bytes);
    return bad;
}

enum status disk_check(const struct disk_options *o, struct error *error)
{
    struct block_geometry g;
    uint8_t mbr[SECTOR_BYTES];
    struct block *block;
    struct image *image;
    uint32_t done;
    uint64_t bad = 0;
    enum status status = open_image(o, &block, error);
    if (status != STATUS_OK)
        return status;
    image = block_image_of(block);
    block->ops->geometry(block, &g);
    if (image->ops->check)
        bad = image->ops->check(image, stdout);
    if (bad == UINT64_MAX) {
        block->ops->close(block);
        return error_set(error, STATUS_FILE, "%s: was not checked, see above", o->path);
    }
    if (read_sectors(block, 0, 1, mbr, &done) == BLOCK_OK)
        bad += check_partitions(&g, mbr);
    bad += check_sectors(block, g.total);
    block->ops->close(block);
    if (bad)
        return error_set(error, STATUS_FILE, "%s: %" PRIu64 " fault%s, listed above", o->path, bad,
                         bad == 1 ? "" : "s");
    printf("%s: no faults\n", o->path);
    return STATUS_OK;
}
