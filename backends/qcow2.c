/* A qcow2 image, opened and closed. Missing: internal snapshots are kept, not made; lazy refcounts and
 * bitmaps are not written; encryption, external data, extended L2 and zstd are refused by name. */
#include "backends/qcow2.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define HEAD_BYTES                                                                                 \
    65536u /* what the header, its extensions and the backing file's name are read from */
#define CACHE_BYTES (2u << 20)

static void qcow2_info(struct image *image, FILE *out)
{
    const struct qcow2 *q = qcow2_of(image);
    fprintf(out, "  version %u, clusters of %u bytes, refcounts of %u bits\n", q->header.version,
            q->cluster_bytes, 1u << q->header.refcount_order);
    if (q->backing_name[0])
        fprintf(out, "  backing file %s (%s)\n", q->backing_name,
                q->backing_format[0] ? q->backing_format : "raw: it is not said");
    if (q->header.snapshots)
        fprintf(out, "  %u internal snapshot%s, which stay as they are\n", q->header.snapshots,
                q->header.snapshots == 1 ? "" : "s");
    if (q->header.incompatible & QCOW2_DIRTY)
        fprintf(out, "  was not closed by its last user\n");
}

static void free_all(struct qcow2 *q)
{
    for (unsigned i = 0; i < q->table_count; i++)
        free(q->tables[i].entries);
    if (q->has_inflater)
        inflateEnd(&q->inflater);
    if (q->storage)
        q->storage->ops->close(q->storage);
    free(q->l1);
    free(q->refcount_table);
    free(q->refcounts);
    free(q->cluster);
    free(q->compressed);
    free(q->inflated);
    free(q);
}

static int qcow2_close(struct image *image)
{
    struct qcow2 *q = qcow2_of(image);
    int code = image->is_read_only ? 0 : qcow2_commit(q);
    if (q->backing)
        image_close(q->backing);
    free_all(q);
    return code;
}

static const struct image_ops OPS = {.read = qcow2_read,
                                     .write = qcow2_write,
                                     .flush = qcow2_flush,
                                     .zeros = qcow2_zeros,
                                     .info = qcow2_info,
                                     .check = qcow2_check,
                                     .close = qcow2_close};

/* --- opening --------------------------------------------------------------------------------- */

/* All memory that a guest's access may need. Raw deflate needs a window only for answers in pieces;
 * a dictionary makes zlib take it now. */
static bool make_room(struct qcow2 *q)
{
    unsigned wanted = CACHE_BYTES >> q->header.cluster_bits;
    wanted = wanted < 4 ? 4 : wanted > QCOW2_TABLES_MAX ? QCOW2_TABLES_MAX : wanted;
    for (unsigned i = 0; i < wanted; i++, q->table_count++) {
        q->tables[i] = (struct qcow2_table){.l1_index = QCOW2_NONE, .is_linked = true};
        if (!(q->tables[i].entries = malloc(q->cluster_bytes)))
            return false;
    }
    q->l1 = calloc(q->l1_entries, sizeof *q->l1);
    q->refcount_table = calloc(1, QCOW2_REFCOUNT_TABLE_BYTES_MAX); /* it grows with the file */
    q->refcounts = malloc(q->cluster_bytes);
    q->cluster = calloc(1, q->cluster_bytes);
    q->compressed = malloc((size_t)2 * q->cluster_bytes + SECTOR_BYTES);
    q->inflated = malloc(q->cluster_bytes);
    q->refcounts_index = QCOW2_NONE;
    if (!q->l1 || !q->refcount_table || !q->refcounts || !q->cluster || !q->compressed ||
        !q->inflated)
        return false;
    q->has_inflater = inflateInit2(&q->inflater, -15) == Z_OK;
    return q->has_inflater && inflateSetDictionary(&q->inflater, q->cluster, 1) == Z_OK;
}

static int read_table(struct qcow2 *q, uint64_t *table, uint64_t entries, uint64_t offset)
{
    int code = q->storage->ops->read(q->storage, table, (size_t)entries * 8, offset);
    for (uint64_t i = 0; !code && i < entries; i++)
        table[i] = load_be64(&table[i]);
    return code;
}

/* Features that whoever writes without knowing them has to clear: bitmaps would go out of date. */
static int clear_autoclear(struct qcow2 *q)
{
    static const uint8_t ZEROS[8];
    int code = 0;
    if (q->header.autoclear == 0 || q->image.is_read_only)
        return 0;
    code = q->storage->ops->write(q->storage, ZEROS, sizeof ZEROS, 88);
    return code ? code : q->storage->ops->sync(q->storage);
}

static enum status load(struct qcow2 *q, const char *path, struct error *error)
{
    int code;
    q->data_end = q->storage->ops->size(q->storage);
    q->end_cluster = qcow2_clusters(q, q->data_end);
    code = read_table(q, q->l1, q->l1_entries, q->header.l1_offset);
    if (!code)
        code =
            read_table(q, q->refcount_table, q->refcount_entries, q->header.refcount_table_offset);
    if (!code)
        code = clear_autoclear(q);
    if (code)
        return error_set(error, STATUS_FILE, "%s: its tables can't be read: %s; fix: use a copy",
                         path, code == ENODATA ? "the file ends before them" : strerror(code));
    return STATUS_OK;
}

static enum status open_all(struct qcow2 *q, const char *path, const struct image_options *options,
                            struct error *error)
{
    uint8_t *head = calloc(1, HEAD_BYTES);
    uint64_t size = q->storage->ops->size(q->storage);
    size_t count = size < HEAD_BYTES ? (size_t)size : HEAD_BYTES;
    enum status status;
    if (!head || q->storage->ops->read(q->storage, head, count, 0) != 0)
        status = error_set(error, STATUS_FILE, "%s: can't be read; fix: check the file", path);
    else
        status = qcow2_parse(q, head, count, path, !q->image.is_read_only, error);
    free(head);
    if (status != STATUS_OK)
        return status;
    q->image.sectors = q->header.size / SECTOR_BYTES;
    if (!make_room(q))
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for its tables", path);
    status = load(q, path, error);
    if (status == STATUS_OK && q->backing_name[0])
        status = qcow2_open_backing(q, path, options, error);
    return status;
}

enum status image_qcow2_open(struct image **image, struct storage *storage, const char *path,
                             const struct image_options *options, struct error *error)
{
    struct qcow2 *q = calloc(1, sizeof *q);
    enum status status;
    *image = NULL;
    if (!q) {
        storage->ops->close(storage);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    q->storage = storage;
    q->image = (struct image){&OPS, IMAGE_QCOW2, 0, options->is_read_only, NULL};
    status = open_all(q, path, options, error);
    if (status != STATUS_OK)
        free_all(q);
    else
        *image = &q->image;
    return status;
}
