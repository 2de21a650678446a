/* Copy on write: what is written goes to a file without a name, sparse and gone with the program; the
 * image below is only read. A bit a sector says where its contents are. */
#include <stdlib.h>

#include "backends/image.h"
#include "bus/sector_map.h"

struct overlay {
    struct image image; /* first */
    struct image *below;
    struct storage *storage;
    struct sector_map written;
};

static struct overlay *overlay_of(struct image *image)
{
    return (struct overlay *)(void *)image;
}

static int overlay_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    struct overlay *o = overlay_of(image);
    while (count) {
        bool is_written = sector_map_has(&o->written, lba);
        uint32_t run = 1;
        int code;
        while (run < count && sector_map_has(&o->written, lba + run) == is_written)
            run++;
        code = is_written ? o->storage->ops->read(o->storage, bytes, (size_t)run * SECTOR_BYTES,
                                                  lba * SECTOR_BYTES)
                          : o->below->ops->read(o->below, lba, run, bytes);
        if (code)
            return code;
        lba += run;
        count -= run;
        bytes += (size_t)run * SECTOR_BYTES;
    }
    return 0;
}

static int overlay_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    struct overlay *o = overlay_of(image);
    int code =
        o->storage->ops->write(o->storage, bytes, (size_t)count * SECTOR_BYTES, lba * SECTOR_BYTES);
    if (!code)
        sector_map_add(&o->written, lba, count);
    return code;
}

/* What is gone with the program needs no stable storage. */
static int overlay_flush(struct image *image)
{
    (void)image;
    return 0;
}

static uint64_t overlay_zeros(struct image *image, uint64_t lba)
{
    struct overlay *o = overlay_of(image);
    uint64_t below = o->below->ops->zeros(o->below, lba);
    uint64_t written = sector_map_next(&o->written, lba);
    return written - lba < below ? written - lba : below;
}

static void overlay_info(struct image *image, FILE *out)
{
    struct image *below = overlay_of(image)->below;
    if (below->ops->info)
        below->ops->info(below, out);
}

static int overlay_close(struct image *image)
{
    struct overlay *o = overlay_of(image);
    int code = image_close(o->below);
    if (o->storage)
        o->storage->ops->close(o->storage);
    sector_map_free(&o->written);
    free(o);
    return code;
}

static const struct image_ops OPS = {.read = overlay_read,
                                     .write = overlay_write,
                                     .flush = overlay_flush,
                                     .zeros = overlay_zeros,
                                     .info = overlay_info,
                                     .close = overlay_close};

struct image *image_overlay_below(struct image *image)
{
    return image->ops == &OPS ? overlay_of(image)->below : NULL;
}

enum status image_overlay_open(struct image **image, struct image *below, const char *path,
                               struct error *error)
{
    struct overlay *o = calloc(1, sizeof *o);
    enum status status = STATUS_OK;
    *image = NULL;
    if (!o) {
        image_close(below);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    o->below = below;
    o->image = (struct image){&OPS, below->format, below->sectors, false, NULL};
    if (!sector_map_init(&o->written, below->sectors, 1))
        status = error_set(error, STATUS_INTERNAL, "%s: out of memory for the overlay", path);
    else
        status = storage_without_name(&o->storage, path, error);
    if (status != STATUS_OK)
        overlay_close(&o->image);
    else
        *image = &o->image;
    return status;
}
