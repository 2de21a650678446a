/* A gzip'd raw image, read only, any sector at any time. Specification: RFC 1951, RFC 1952.
 *
 * Deflate can only be read forwards. When the image is opened it is unpacked once, which proves its
 * checksums and tells its length, and at the borders of deflate's blocks an access point is noted:
 * where it is in the file, to the bit, and the 32 KiB before it, that later bytes may refer to.
 *
 *   file    ├─────────●──────────●──────────●─────    ● access point
 *   disk    ├────────────●──────────────●────────●──
 *                        └──► a read goes on from the nearest one before it
 *
 * Points are `span` bytes of the disk apart; when there are too many, every other one is dropped and
 * the span doubled. So memory is bounded, and so is the work of a read: about a span. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/image.h"

#define WINDOW     32768u
#define POINTS_MAX 512u /* 16 MiB of windows */
#define SPAN_MIN   ((uint64_t)1 << 20)
#define INPUT      65536u
#define RAW        (-15)     /* inflate's windowBits: deflate alone, after an access point */
#define GZIP       (15 + 16) /* with header and checksum, at the start of a member */
#define TRAILER    8u

struct point {
    uint64_t in, out; /* in the file: the byte after the last one used; on the disk */
    unsigned bits;    /* of the byte before `in` that belong to what follows */
    bool is_member;   /* a gzip header stands here */
    unsigned window_bytes;
    uint8_t *window;
};

struct gzip {
    struct image image; /* first */
    struct storage *storage;
    struct point points[POINTS_MAX];
    unsigned point_count;
    uint64_t span;
    z_stream stream;
    bool has_stream, is_raw, is_at_end;
    uint64_t in_next; /* in the file: behind what is in `input` */
    uint64_t out;     /* on the disk: the next byte that inflate gives */
    uint64_t in_size;
    uint8_t input[INPUT], scratch[WINDOW];
};

static struct gzip *gzip_of(struct image *image)
{
    return (struct gzip *)(void *)image;
}

/* --- forwards -------------------------------------------------------------------------------- */

static int refill(struct gzip *g)
{
    uint64_t left = g->in_size - g->in_next;
    size_t count = left < INPUT ? (size_t)left : INPUT;
    int code =
        count ? g->storage->ops->read(g->storage, g->input, count, g->in_next) : IMAGE_DAMAGED;
    if (code)
        return code;
    g->stream.next_in = g->input;
    g->stream.avail_in = (uInt)count;
    g->in_next += count;
    return 0;
}

static uint64_t in_position(const struct gzip *g)
{
    return g->in_next - g->stream.avail_in;
}

static int go_to(struct gzip *g, uint64_t in, int mode)
{
    g->in_next = in;
    g->stream.avail_in = 0;
    g->is_raw = mode == RAW;
    return inflateReset2(&g->stream, mode) == Z_OK ? 0 : IMAGE_DAMAGED;
}

/* A member is over. Another one may follow; what is none is ignored, as gzip itself does. */
static int next_member(struct gzip *g)
{
    uint64_t in = in_position(g) + (g->is_raw ? TRAILER : 0);
    uint8_t magic = 0;
    int code = 0;
    if (in < g->in_size)
        code = g->storage->ops->read(g->storage, &magic, 1, in);
    g->is_at_end = magic != 0x1F;
    return code ? code : go_to(g, in, GZIP);
}

/* The next bytes, at most `count`; fewer at the end, and at the border of a block when `flush` is
 * Z_BLOCK. */
static int unpack(struct gzip *g, uint8_t *to, size_t count, int flush, size_t *done)
{
    int code = 0, result;
    *done = 0;
    if (g->stream.avail_in == 0 && (code = refill(g)) != 0)
        return code;
    g->stream.next_out = to;
    g->stream.avail_out = (uInt)count;
    result = inflate(&g->stream, flush);
    *done = count - g->stream.avail_out;
    g->out += *done;
    if (result == Z_STREAM_END)
        return next_member(g);
    return result == Z_OK || result == Z_BUF_ERROR ? 0 : IMAGE_DAMAGED;
}

/* --- access points --------------------------------------------------------------------------- */

static void thin_out(struct gzip *g)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < g->point_count; i++) {
        if (i % 2)
            free(g->points[i].window);
        else
            g->points[kept++] = g->points[i];
    }
    g->point_count = kept;
    g->span *= 2;
}

static int add_point(struct gzip *g, bool is_member)
{
    struct point *point;
    uInt bytes = 0;
    if (g->point_count == POINTS_MAX)
        thin_out(g);
    point = &g->points[g->point_count];
    *point = (struct point){.in = in_position(g), .out = g->out, .is_member = is_member};
    if (!is_member) {
        point->bits = (unsigned)g->stream.data_type & 7;
        point->window = malloc(WINDOW);
        if (!point->window || inflateGetDictionary(&g->stream, point->window, &bytes) != Z_OK) {
            free(point->window);
            return ENOMEM;
        }
        point->window_bytes = bytes;
    }
    g->point_count++;
    return 0;
}

/* data_type after Z_BLOCK: bit 7 is set at the border of a block, bit 6 in the last block. */
static bool is_border(const struct gzip *g)
{
    return (g->stream.data_type & 128) && !(g->stream.data_type & 64);
}

static int build_index(struct gzip *g)
{
    int code = go_to(g, 0, GZIP);
    if (!code)
        code = add_point(g, true);
    while (!code && !g->is_at_end) {
        size_t done;
        code = unpack(g, g->scratch, sizeof g->scratch, Z_BLOCK, &done);
        if (!code && is_border(g) && g->out - g->points[g->point_count - 1].out >= g->span)
            code = add_point(g, false);
    }
    return code;
}

static const struct point *point_before(const struct gzip *g, uint64_t out)
{
    unsigned low = 0, high = g->point_count; /* points[low].out <= out < points[high].out */
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (g->points[middle].out <= out)
            low = middle;
        else
            high = middle;
    }
    return &g->points[low];
}

static int resume(struct gzip *g, const struct point *point)
{
    uint8_t byte;
    int code = go_to(g, point->in, point->is_member ? GZIP : RAW);
    g->is_at_end = false;
    g->out = point->out;
    if (code || point->is_member)
        return code;
    if (point->bits) {
        code = g->storage->ops->read(g->storage, &byte, 1, point->in - 1);
        if (code)
            return code;
        inflatePrime(&g->stream, (int)point->bits, byte >> (8 - point->bits));
    }
    return inflateSetDictionary(&g->stream, point->window, point->window_bytes) == Z_OK
               ? 0
               : IMAGE_DAMAGED;
}

/* --- sectors --------------------------------------------------------------------------------- */

/* Goes on where the last read ended, unless a point is nearer. */
static int seek(struct gzip *g, uint64_t out)
{
    const struct point *point = point_before(g, out);
    int code = 0;
    if (g->out > out || g->out < point->out)
        code = resume(g, point);
    while (!code && g->out < out) {
        uint64_t left = out - g->out;
        size_t done;
        code = g->is_at_end ? IMAGE_DAMAGED
                            : unpack(g, g->scratch, left < WINDOW ? (size_t)left : WINDOW,
                                     Z_NO_FLUSH, &done);
    }
    return code;
}

static int gzip_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    struct gzip *g = gzip_of(image);
    size_t left = (size_t)count * SECTOR_BYTES, done;
    int code = seek(g, lba * SECTOR_BYTES);
    while (!code && left) {
        code = g->is_at_end ? IMAGE_DAMAGED : unpack(g, bytes, left, Z_NO_FLUSH, &done);
        if (!code) {
            bytes += done;
            left -= done;
        }
    }
    if (code)
        g->out = UINT64_MAX; /* where inflate stands is not known any more */
    return code;
}

static int gzip_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    (void)image;
    (void)lba;
    (void)count;
    (void)bytes;
    return EROFS;
}

static int gzip_flush(struct image *image)
{
    (void)image;
    return 0;
}

static uint64_t gzip_zeros(struct image *image, uint64_t lba)
{
    (void)image;
    (void)lba;
    return 0;
}

static void gzip_info(struct image *image, FILE *out)
{
    const struct gzip *g = gzip_of(image);
    fprintf(out, "  %llu bytes packed, %u access points; is only read\n",
            (unsigned long long)g->in_size, g->point_count);
}

static int gzip_close(struct image *image)
{
    struct gzip *g = gzip_of(image);
    for (unsigned i = 0; i < g->point_count; i++)
        free(g->points[i].window);
    if (g->has_stream)
        inflateEnd(&g->stream);
    g->storage->ops->close(g->storage);
    free(g);
    return 0;
}

static const struct image_ops OPS = {.read = gzip_read,
                                     .write = gzip_write,
                                     .flush = gzip_flush,
                                     .zeros = gzip_zeros,
                                     .info = gzip_info,
                                     .close = gzip_close};

static enum status open_all(struct gzip *g, const char *path, struct error *error)
{
    int code;
    g->span = SPAN_MIN;
    g->in_size = g->storage->ops->size(g->storage);
    g->has_stream = inflateInit2(&g->stream, GZIP) == Z_OK;
    code = g->has_stream ? build_index(g) : ENOMEM;
    if (code == IMAGE_DAMAGED || code == ENODATA)
        return error_set(error, STATUS_FILE,
                         "%s: is damaged at byte %llu; fix: gzip -t says so, too: use "
                         "a copy",
                         path, (unsigned long long)in_position(g));
    if (code)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check the file", path, strerror(code));
    if (g->out == 0 || g->out % SECTOR_BYTES)
        return error_set(error, STATUS_FILE,
                         "%s: its %llu bytes are not whole sectors of 512; fix: gunzip "
                         "it, then vitrine disk pad",
                         path, (unsigned long long)g->out);
    g->image.sectors = g->out / SECTOR_BYTES;
    return STATUS_OK;
}

enum status image_gzip_open(struct image **image, struct storage *storage, const char *path,
                            const struct image_options *options, struct error *error)
{
    struct gzip *g = calloc(1, sizeof *g);
    enum status status;
    (void)options;
    *image = NULL;
    if (!g) {
        storage->ops->close(storage);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    g->storage = storage;
    g->image = (struct image){&OPS, IMAGE_GZIP, 0, true, NULL};
    status = open_all(g, path, error);
    if (status != STATUS_OK)
        gzip_close(&g->image);
    else
        *image = &g->image;
    return status;
}
