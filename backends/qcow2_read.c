/* Reading qcow2: plain, compressed and zero clusters, and what lies below. */
#include <string.h>

#include "backends/qcow2.h"

static uint32_t at_most(uint64_t value, uint32_t limit)
{
    return value < limit ? (uint32_t)value : limit;
}

/* Bytes of the file; behind what was ever in it lie zeros, as its writers rely on. */
static int read_file(struct qcow2 *q, uint64_t offset, uint32_t count, uint8_t *bytes)
{
    uint32_t there = offset < q->data_end ? at_most(q->data_end - offset, count) : 0;
    memset(bytes + there, 0, count - there);
    return there ? q->storage->ops->read(q->storage, bytes, there, offset) : 0;
}

/* The backing image may be shorter. */
static int read_below(struct qcow2 *q, uint64_t guest_cluster, uint32_t at, uint32_t count,
                      uint8_t *bytes)
{
    uint64_t lba = ((guest_cluster << q->header.cluster_bits) + at) / SECTOR_BYTES;
    uint64_t end = q->backing ? q->backing->sectors : 0;
    uint32_t sectors = count / SECTOR_BYTES, there = lba < end ? at_most(end - lba, sectors) : 0;
    memset(bytes + (size_t)there * SECTOR_BYTES, 0, (size_t)(sectors - there) * SECTOR_BYTES);
    return there ? q->backing->ops->read(q->backing, lba, there, bytes) : 0;
}

static int inflate_cluster(struct qcow2 *q, uint64_t entry)
{
    uint64_t offset;
    uint32_t bytes;
    int code;
    if (q->inflated_entry == entry)
        return 0;
    q->inflated_entry = 0;
    qcow2_compressed_place(q, entry, &offset, &bytes);
    if (offset < q->cluster_bytes || offset >= q->data_end)
        return IMAGE_DAMAGED;
    bytes = at_most(q->data_end - offset, bytes);
    code = q->storage->ops->read(q->storage, q->compressed, bytes, offset);
    if (code)
        return code;
    inflateReset(&q->inflater);
    q->inflater.next_in = q->compressed;
    q->inflater.avail_in = bytes;
    q->inflater.next_out = q->inflated;
    q->inflater.avail_out = q->cluster_bytes;
    inflate(&q->inflater, Z_FINISH);
    if (q->inflater.avail_out != 0) /* what it says matters less than that the cluster is full */
        return IMAGE_DAMAGED;
    q->inflated_entry = entry;
    return 0;
}

int qcow2_read_cluster(struct qcow2 *q, uint64_t guest_cluster, uint64_t entry, uint32_t at,
                       uint32_t count, uint8_t *bytes)
{
    uint64_t offset = entry & QCOW2_OFFSET;
    int code;
    if (entry & QCOW2_COMPRESSED) {
        code = inflate_cluster(q, entry);
        if (!code)
            memcpy(bytes, q->inflated + at, count);
        return code;
    }
    if (entry & QCOW2_ZERO && q->header.version >= 3) {
        memset(bytes, 0, count);
        return 0;
    }
    if (offset == 0)
        return read_below(q, guest_cluster, at, count, bytes);
    return qcow2_is_place(q, offset) ? read_file(q, offset + at, count, bytes) : IMAGE_DAMAGED;
}

int qcow2_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t position = lba * SECTOR_BYTES, left = (uint64_t)count * SECTOR_BYTES;
    while (left) {
        uint64_t guest_cluster = position >> q->header.cluster_bits;
        uint32_t at = (uint32_t)(position & (q->cluster_bytes - 1));
        uint32_t part = at_most(left, q->cluster_bytes - at);
        struct qcow2_table *table;
        int code = qcow2_find_table(q, guest_cluster, &table);
        if (!code)
            code = qcow2_read_cluster(q, guest_cluster,
                                      table ? qcow2_entry(q, table, guest_cluster) : 0, at, part,
                                      bytes);
        if (code)
            return code;
        position += part;
        left -= part;
        bytes += part;
    }
    return 0;
}

/* True for a cluster that is known to hold zeros without a look below. */
static bool is_zero(const struct qcow2 *q, uint64_t entry)
{
    if (entry & QCOW2_COMPRESSED)
        return false;
    return (entry & QCOW2_ZERO && q->header.version >= 3) ||
           ((entry & QCOW2_OFFSET) == 0 && !q->backing);
}

/* Looks no further than the end of the L2 table. */
uint64_t qcow2_zeros(struct image *image, uint64_t lba)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t first = lba * SECTOR_BYTES >> q->header.cluster_bits, n = first, end;
    struct qcow2_table *table;
    if (qcow2_find_table(q, first, &table) != 0)
        return 0;
    end = (first / q->l2_entries + 1) * q->l2_entries;
    if (!table && !q->backing)
        n = end;
    while (table && n < end && is_zero(q, qcow2_entry(q, table, n)))
        n++;
    if (n == first)
        return 0;
    end = (n << q->header.cluster_bits) / SECTOR_BYTES;
    return (end < image->sectors ? end : image->sectors) - lba;
}
