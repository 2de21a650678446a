/* The counterpart of image_overlay.c: there the writes lie in a file of their own, here what they replaced.
 *
 *   image    [ 0 ][ 1 ][ new 2 ][ new 3 ][ 4 ] ...     written by the run, as ever
 *   kept       0    0      1        1      0
 *   file       -    -   [ old 2 ][ old 3 ]  -          sector n at byte 512 n, sparse
 *
 * A sector that is known to be zeros without reading it (a new disk's) needs no room: there the file has a
 * hole. Disks above 16 GiB are kept in grains of more than one sector (bus/sector_map.h). */
#include "backends/image_start.h"

#include <stdlib.h>

#include "bus/sector_map.h"

#define CHUNK 128u /* sectors read and kept at once */

struct image_start {
    struct sector_map kept;
    struct storage *storage; /* NULL: given up */
    uint64_t room;           /* bytes that it may still grow by */
    const char *trouble;
    uint8_t bytes[CHUNK * SECTOR_BYTES];
};

static void give_up(struct image_start *start, const char *trouble)
{
    start->trouble = trouble;
    if (start->storage)
        start->storage->ops->close(start->storage);
    start->storage = NULL;
}

struct image_start *image_start_new(uint64_t sectors, uint64_t room)
{
    struct image_start *start = calloc(1, sizeof *start);
    struct error unused = {STATUS_OK, ""};
    if (!start)
        return NULL;
    start->room = room;
    if (!sector_map_init(&start->kept, sectors, sector_map_grain(sectors))) {
        free(start);
        return NULL;
    }
    if (storage_without_name(&start->storage, "before-images", &unused) != STATUS_OK ||
        start->storage->ops->resize(start->storage, sectors * SECTOR_BYTES) != 0)
        give_up(
            start,
            "there was no temporary file for what it replaced; fix: set TMPDIR to a folder that "
            "can be written, or --overlay");
    return start;
}

void image_start_free(struct image_start *start)
{
    if (!start)
        return;
    give_up(start, NULL);
    sector_map_free(&start->kept);
    free(start);
}

/* What is no hole: read and put into the file. */
static void keep_bytes(struct image_start *start, struct image *image, uint64_t lba, uint32_t count)
{
    size_t bytes = (size_t)count * SECTOR_BYTES;
    if (start->room < bytes)
        give_up(start, "more was replaced than is kept (256 MiB a disk); fix: --overlay");
    else if (image->ops->read(image, lba, count, start->bytes) != 0)
        give_up(start, "what it replaced could not be read; fix: --overlay");
    else if (start->storage->ops->write(start->storage, start->bytes, bytes, lba * SECTOR_BYTES) !=
             0)
        give_up(
            start,
            "there was no room for what it replaced; fix: free some space in TMPDIR, or --overlay");
    else
        start->room -= bytes;
}

/* Sectors of which none is kept; returns how many are now. */
static uint64_t keep_some(struct image_start *start, struct image *image, uint64_t lba,
                          uint64_t count)
{
    uint64_t zeros = image->ops->zeros(image, lba);
    if (zeros == 0)
        keep_bytes(start, image, lba, (uint32_t)(count < CHUNK ? count : CHUNK));
    if (zeros == 0)
        return count < CHUNK ? count : CHUNK;
    return count < zeros ? count : zeros;
}

void image_start_keep(struct image_start *start, struct image *image, uint64_t lba, uint32_t count)
{
    const struct sector_map *kept = &start->kept;
    uint64_t grain = (uint64_t)1 << kept->grain_log2,
             end = (lba + count + grain - 1) & ~(grain - 1);
    uint64_t at = sector_map_next_gap(kept, lba & ~(grain - 1));
    if (end > kept->sectors)
        end = kept->sectors;
    while (at < end && !start->trouble) {
        uint64_t next = sector_map_next(kept, at), first = at;
        if (next > end)
            next = end;
        while (at < next && !start->trouble)
            at += keep_some(start, image, at, next - at);
        sector_map_add(&start->kept, first, next - first);
        at = sector_map_next_gap(kept, next);
    }
}

const char *image_start_trouble(const struct image_start *start)
{
    return start->trouble;
}

/* --- the view ---------------------------------------------------------------------------------- */

struct view {
    struct image image; /* first */
    const struct image_start *start;
    struct image *now;
};

static struct view *view_of(struct image *image)
{
    return (struct view *)(void *)image;
}

static int view_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    const struct view *v = view_of(image);
    uint32_t run;
    int code = 0;
    for (; count && !code; count -= run, lba += run, bytes += (size_t)run * SECTOR_BYTES) {
        bool is_kept = v->start && sector_map_has(&v->start->kept, lba);
        for (run = 1; run < count; run++)
            if ((v->start && sector_map_has(&v->start->kept, lba + run)) != is_kept)
                break;
        code = is_kept
                   ? v->start->storage->ops->read(v->start->storage, bytes,
                                                  (size_t)run * SECTOR_BYTES, lba * SECTOR_BYTES)
                   : v->now->ops->read(v->now, lba, run, bytes);
    }
    return code;
}

static int view_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    (void)image;
    (void)lba;
    (void)count;
    (void)bytes;
    return EROFS;
}

static int view_flush(struct image *image)
{
    (void)image;
    return 0;
}

static uint64_t view_zeros(struct image *image, uint64_t lba)
{
    (void)image;
    (void)lba;
    return 0; /* nothing is known without a look */
}

static int view_close(struct image *image)
{
    free(view_of(image));
    return 0;
}

static const struct image_ops VIEW_OPS = {.read = view_read,
                                          .write = view_write,
                                          .flush = view_flush,
                                          .zeros = view_zeros,
                                          .close = view_close};

enum status image_start_view(struct image **view, const struct image_start *start,
                             struct image *image, struct error *error)
{
    struct view *v;
    *view = NULL;
    if (start && start->trouble)
        return error_set(error, STATUS_FILE, "the run wrote it, and %s", start->trouble);
    v = calloc(1, sizeof *v);
    if (!v)
        return error_set(error, STATUS_INTERNAL, "out of memory for a second look at a disk");
    *v = (struct view){
        {&VIEW_OPS, image->format, image->sectors, true, NULL},
        start, image
    };
    *view = &v->image;
    return STATUS_OK;
}
