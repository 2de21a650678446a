/* Writes a gzip'd image, from its first sector to its last; what is left out is zeros. Its flush is
 * its end. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/image.h"

#define PIECE 65536u

struct gzip_writer {
    struct image image; /* first */
    struct storage *storage;
    z_stream stream;
    bool has_stream;
    uint64_t next, file_end; /* sector; byte of the file */
    uint8_t output[PIECE];
};

static struct gzip_writer *writer_of(struct image *image)
{
    return (struct gzip_writer *)(void *)image;
}

static int pack(struct gzip_writer *w, const uint8_t *bytes, size_t count, int flush)
{
    int code = 0, result = Z_OK;
    w->stream.next_in = (Bytef *)(uintptr_t)bytes; /* zlib does not write there */
    w->stream.avail_in = (uInt)count;
    do {
        size_t packed;
        w->stream.next_out = w->output;
        w->stream.avail_out = PIECE;
        result = deflate(&w->stream, flush);
        packed = PIECE - w->stream.avail_out;
        if (packed)
            code = w->storage->ops->write(w->storage, w->output, packed, w->file_end);
        w->file_end += packed;
    } while (!code && (w->stream.avail_in || w->stream.avail_out == 0 ||
                       (flush == Z_FINISH && result == Z_OK)));
    return code;
}

static int fill(struct gzip_writer *w, uint64_t lba)
{
    static const uint8_t ZEROS[PIECE];
    int code = 0;
    while (w->next < lba && !code) {
        uint64_t left = lba - w->next;
        uint32_t count = left < PIECE / SECTOR_BYTES ? (uint32_t)left : PIECE / SECTOR_BYTES;
        code = pack(w, ZEROS, (size_t)count * SECTOR_BYTES, Z_NO_FLUSH);
        w->next += count;
    }
    return code;
}

static int writer_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    struct gzip_writer *w = writer_of(image);
    int code = lba < w->next ? ESPIPE : fill(w, lba);
    if (!code)
        code = pack(w, bytes, (size_t)count * SECTOR_BYTES, Z_NO_FLUSH);
    w->next += count;
    return code;
}

static int writer_flush(struct image *image)
{
    struct gzip_writer *w = writer_of(image);
    int code = fill(w, image->sectors);
    if (!code)
        code = pack(w, w->output, 0, Z_FINISH);
    return code ? code : w->storage->ops->sync(w->storage);
}

static int writer_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    (void)image;
    (void)lba;
    (void)count;
    (void)bytes;
    return ESPIPE;
}

static uint64_t writer_zeros(struct image *image, uint64_t lba)
{
    (void)image;
    (void)lba;
    return 0;
}

static int writer_close(struct image *image)
{
    struct gzip_writer *w = writer_of(image);
    if (w->has_stream)
        deflateEnd(&w->stream);
    w->storage->ops->close(w->storage);
    free(w);
    return 0;
}

static const struct image_ops OPS = {.read = writer_read,
                                     .write = writer_write,
                                     .flush = writer_flush,
                                     .zeros = writer_zeros,
                                     .close = writer_close};

enum status image_gzip_create(struct image **image, struct storage *storage, const char *path,
                              uint64_t sectors, struct error *error)
{
    struct gzip_writer *w = calloc(1, sizeof *w);
    *image = NULL;
    if (w)
        w->has_stream = deflateInit2(&w->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                                     Z_DEFAULT_STRATEGY) == Z_OK;
    if (!w || !w->has_stream) {
        free(w);
        storage->ops->close(storage);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    w->storage = storage;
    w->image = (struct image){&OPS, IMAGE_GZIP, sectors, false, NULL};
    *image = &w->image;
    return STATUS_OK;
}
