/* The header of a qcow2 image: nothing behind this file sees a shift, size or offset out of range. */
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"

#define EXTENSION_BACKING_FORMAT 0xE2792ACAu

static void parse_numbers(struct qcow2_header *h, const uint8_t *bytes)
{
    h->version = load_be32(bytes + 4);
    h->backing_offset = load_be64(bytes + 8);
    h->backing_bytes = load_be32(bytes + 16);
    h->cluster_bits = load_be32(bytes + 20);
    h->size = load_be64(bytes + 24);
    h->crypt_method = load_be32(bytes + 32);
    h->l1_size = load_be32(bytes + 36);
    h->l1_offset = load_be64(bytes + 40);
    h->refcount_table_offset = load_be64(bytes + 48);
    h->refcount_table_clusters = load_be32(bytes + 56);
    h->snapshots = load_be32(bytes + 60);
    h->snapshots_offset = load_be64(bytes + 64);
    h->refcount_order = 4;
    h->header_length = QCOW2_VERSION_2_BYTES;
}

static void parse_version_3(struct qcow2_header *h, const uint8_t *bytes, size_t count)
{
    h->incompatible = load_be64(bytes + 72);
    h->compatible = load_be64(bytes + 80);
    h->autoclear = load_be64(bytes + 88);
    h->refcount_order = load_be32(bytes + 96);
    h->header_length = load_be32(bytes + 100);
    if (h->header_length > QCOW2_HEADER_BYTES && count > QCOW2_HEADER_BYTES)
        h->compression_type = bytes[QCOW2_HEADER_BYTES];
}

static enum status refuse(const char *path, const char *what, const char *fix, struct error *error)
{
    return error_set(error, STATUS_FILE, "%s: %s; fix: %s", path, what, fix);
}

/* What an image may need that is not here: said by its name. */
static enum status check_features(const struct qcow2_header *h, const char *path, bool is_writing,
                                  struct error *error)
{
    static const char PLAIN[] = "convert it with qemu-img convert -O qcow2, without such options";
    uint64_t known = QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_COMPRESSION_TYPE;
    if (h->crypt_method)
        return refuse(path, "is encrypted", PLAIN, error);
    if (h->incompatible & ~known || h->compression_type) {
        const char *what = h->compression_type           ? "is compressed by zstd"
                           : h->incompatible & (1u << 2) ? "has its data in another file"
                           : h->incompatible & (1u << 4) ? "has extended L2 entries"
                                                         : "needs a feature that is not known here";
        return refuse(path, what, PLAIN, error);
    }
    /* Such an image may be read: its L1 and L2 tables are good, its refcounts are not. */
    if (is_writing && h->incompatible & QCOW2_DIRTY)
        return refuse(path, "was not closed by its last user, its refcounts may be wrong",
                      "qemu-img check -r all, or use it with ,ro or --overlay", error);
    if (is_writing && h->incompatible & QCOW2_CORRUPT)
        return refuse(path, "is marked as corrupt",
                      "qemu-img check -r all, or use it with ,ro or --overlay", error);
    return STATUS_OK;
}

/* A table of `bytes` bytes at `offset`: on a cluster's border, and its end is a number. */
static bool is_table(const struct qcow2 *q, uint64_t offset, uint64_t bytes)
{
    return offset % q->cluster_bytes == 0 && offset >= q->cluster_bytes &&
           offset <= INT64_MAX - bytes;
}

static enum status check_tables(struct qcow2 *q, const char *path, struct error *error)
{
    const struct qcow2_header *h = &q->header;
    uint64_t l2_covers = (uint64_t)q->cluster_bytes * q->l2_entries, needed;
    uint64_t refcount_bytes = (uint64_t)h->refcount_table_clusters * q->cluster_bytes;
    needed = h->size / l2_covers + (h->size % l2_covers != 0);
    if (h->size == 0 || h->size % SECTOR_BYTES)
        return refuse(path, "its disk is empty or not of whole sectors", "qemu-img resize", error);
    if (needed > QCOW2_L1_BYTES_MAX / 8 || h->l1_size > QCOW2_L1_BYTES_MAX / 8)
        return refuse(path, "its L1 table is larger than 32 MiB",
                      "qemu-img convert with larger clusters", error);
    if (h->l1_size < needed || !is_table(q, h->l1_offset, (uint64_t)h->l1_size * 8))
        return refuse(path, "its L1 table is impossible: the header is damaged", "use a copy",
                      error);
    if (refcount_bytes == 0 || refcount_bytes > QCOW2_REFCOUNT_TABLE_BYTES_MAX ||
        !is_table(q, h->refcount_table_offset, refcount_bytes))
        return refuse(path, "its refcount table is impossible: the header is damaged", "use a copy",
                      error);
    q->l1_entries = (uint32_t)needed;
    q->refcount_entries = refcount_bytes / 8;
    return STATUS_OK;
}

/* Header extensions: type, length, data up to a multiple of 8; only the backing file's format matters. */
static void parse_extensions(struct qcow2 *q, const uint8_t *bytes, size_t count)
{
    size_t at = q->header.header_length;
    while (at + 8 <= count) {
        uint32_t type = load_be32(bytes + at), length = load_be32(bytes + at + 4);
        at += 8;
        if (type == 0 || length > count - at)
            return;
        if (type == EXTENSION_BACKING_FORMAT && length < sizeof q->backing_format)
            memcpy(q->backing_format, bytes + at, length);
        at += ((size_t)length + 7) & ~(size_t)7;
    }
}

static enum status parse_backing(struct qcow2 *q, const uint8_t *bytes, size_t count,
                                 const char *path, struct error *error)
{
    const struct qcow2_header *h = &q->header;
    if (h->backing_offset == 0)
        return STATUS_OK;
    if (h->backing_bytes == 0 || h->backing_bytes >= sizeof q->backing_name ||
        h->backing_offset > count || h->backing_bytes > count - h->backing_offset ||
        memchr(bytes + h->backing_offset, 0, h->backing_bytes))
        return refuse(path, "the name of its backing file is damaged", "use a copy", error);
    memcpy(q->backing_name, bytes + h->backing_offset, h->backing_bytes);
    return STATUS_OK;
}

enum status qcow2_parse(struct qcow2 *q, const uint8_t *bytes, size_t count, const char *path,
                        bool is_writing, struct error *error)
{
    struct qcow2_header *h = &q->header;
    enum status status;
    if (count < QCOW2_HEADER_BYTES || !image_is_qcow2(bytes, count))
        return refuse(path, "is too short for a qcow2 image", "use a copy", error);
    parse_numbers(h, bytes);
    if (h->version != 2 && h->version != 3)
        return error_set(error, STATUS_FILE, "%s: is of version %u; fix: qemu-img convert -O qcow2",
                         path, h->version);
    if (h->version == 3)
        parse_version_3(h, bytes, count);
    if (h->cluster_bits < 9 || h->cluster_bits > 21 || h->refcount_order > 6 ||
        (h->version == 3 && h->header_length < QCOW2_HEADER_BYTES) || h->header_length % 8)
        return refuse(path, "its header is damaged", "use a copy", error);
    q->cluster_bytes = 1u << h->cluster_bits;
    q->l2_entries = q->cluster_bytes / 8;
    if (count > q->cluster_bytes)
        count = q->cluster_bytes;
    if ((status = check_features(h, path, is_writing, error)) != STATUS_OK ||
        (status = check_tables(q, path, error)) != STATUS_OK)
        return status;
    parse_extensions(q, bytes, count);
    return parse_backing(q, bytes, count, path, error);
}
