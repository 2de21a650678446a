/* Raw images: sector n lies at byte 512 n. */
#include <stdlib.h>

#include "backends/image.h"

struct raw {
    struct image image; /* first */
    struct storage *storage;
};

static struct raw *raw_of(struct image *image)
{
    return (struct raw *)(void *)image;
}

static int raw_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    struct storage *storage = raw_of(image)->storage;
    return storage->ops->read(storage, bytes, (size_t)count * SECTOR_BYTES, lba * SECTOR_BYTES);
}

/* A write behind the end would let a shortened file grow again, with a hole of lost sectors. */
static int raw_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    struct storage *storage = raw_of(image)->storage;
    if (storage->ops->size(storage) < (lba + count) * SECTOR_BYTES)
        return ENODATA;
    return storage->ops->write(storage, bytes, (size_t)count * SECTOR_BYTES, lba * SECTOR_BYTES);
}

static int raw_flush(struct image *image)
{
    struct storage *storage = raw_of(image)->storage;
    return image->is_read_only ? 0 : storage->ops->sync(storage);
}

static int raw_discard(struct image *image, uint64_t lba, uint32_t count)
{
    struct storage *storage = raw_of(image)->storage;
    return storage->ops->punch
               ? storage->ops->punch(storage, (size_t)count * SECTOR_BYTES, lba * SECTOR_BYTES)
               : ENOTSUP;
}

static uint64_t raw_zeros(struct image *image, uint64_t lba)
{
    struct storage *storage = raw_of(image)->storage;
    uint64_t next = lba;
    if (storage->ops->next_data)
        next = storage->ops->next_data(storage, lba * SECTOR_BYTES) / SECTOR_BYTES;
    return next > image->sectors ? image->sectors - lba : next - lba;
}

static int raw_close(struct image *image)
{
    struct raw *raw = raw_of(image);
    raw->storage->ops->close(raw->storage);
    free(raw);
    return 0;
}

static const struct image_ops OPS = {.read = raw_read,
                                     .write = raw_write,
                                     .flush = raw_flush,
                                     .discard = raw_discard,
                                     .zeros = raw_zeros,
                                     .close = raw_close};

enum status image_raw_open(struct image **image, struct storage *storage, const char *path,
                           const struct image_options *options, struct error *error)
{
    struct raw *raw = calloc(1, sizeof *raw);
    uint64_t bytes = storage->ops->size(storage);
    unsigned rest = (unsigned)(bytes % SECTOR_BYTES);
    enum status status = STATUS_OK;
    *image = NULL;
    if (!raw)
        status = error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    else if (rest)
        status =
            error_set(error, STATUS_FILE,
                      "%s: %llu bytes are not whole sectors of 512: %u too many, or %u missing; "
                      "fix: vitrine disk pad '%s'",
                      path, (unsigned long long)bytes, rest, SECTOR_BYTES - rest, path);
    if (status != STATUS_OK) {
        free(raw);
        storage->ops->close(storage);
        return status;
    }
    raw->storage = storage;
    raw->image = (struct image){&OPS, IMAGE_RAW, bytes / SECTOR_BYTES, options->is_read_only, NULL};
    *image = &raw->image;
    return STATUS_OK;
}
