/* Writing qcow2, and the order in which it reaches the file (qcow2.h). */
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"

/* --- commit ---------------------------------------------------------------------------------- */

static bool is_dirty(const struct qcow2_table *table)
{
    return table->l1_index != QCOW2_NONE &&
           (!table->is_linked || table->dirty_from != table->dirty_to);
}

/* A new table is not referred to yet: all of it may be written before the sync. */
static int write_new_tables(struct qcow2 *q, bool *is_any_dirty)
{
    int code = 0;
    *is_any_dirty = false;
    for (unsigned i = 0; i < q->table_count && !code; i++) {
        const struct qcow2_table *table = &q->tables[i];
        *is_any_dirty = *is_any_dirty || is_dirty(table);
        if (is_dirty(table) && !table->is_linked)
            code =
                q->storage->ops->write(q->storage, table->entries, q->cluster_bytes, table->offset);
        if (!code && table->offset + q->cluster_bytes > q->data_end)
            q->data_end = table->offset + q->cluster_bytes;
    }
    return code;
}

static int link_table(struct qcow2 *q, struct qcow2_table *table)
{
    uint8_t l1_entry[8];
    int code;
    if (table->is_linked) {
        size_t from = (size_t)table->dirty_from * 8, to = (size_t)table->dirty_to * 8;
        code = q->storage->ops->write(q->storage, table->entries + from, to - from,
                                      table->offset + from);
    } else {
        store_be64(l1_entry, q->l1[table->l1_index]);
        code = q->storage->ops->write(q->storage, l1_entry, sizeof l1_entry,
                                      q->header.l1_offset + table->l1_index * 8);
    }
    if (code)
        return code;
    table->is_linked = true;
    table->dirty_from = table->dirty_to = 0;
    return 0;
}

static int release_frees(struct qcow2 *q)
{
    int code = q->free_count ? q->storage->ops->sync(q->storage) : 0;
    while (q->free_count && !code) {
        struct qcow2_free *last = &q->frees[q->free_count - 1];
        code = qcow2_release(q, last->cluster + last->count - 1);
        if (code == IMAGE_DAMAGED)
            code = 0; /* nobody counted it: there is nothing to take back */
        if (!code && --last->count == 0)
            q->free_count--;
    }
    return code;
}

/* What fails stays to be done: the next commit begins where this one ended. */
int qcow2_commit(struct qcow2 *q)
{
    bool is_any_dirty;
    int code = write_new_tables(q, &is_any_dirty);
    if (!code && is_any_dirty)
        code = q->storage->ops->sync(q->storage);
    for (unsigned i = 0; i < q->table_count && !code; i++)
        if (is_dirty(&q->tables[i]))
            code = link_table(q, &q->tables[i]);
    if (!code)
        code = release_frees(q);
    if (!code)
        q->unlinked = 0;
    return code;
}

int qcow2_flush(struct image *image)
{
    struct qcow2 *q = qcow2_of(image);
    int code = 0;
    if (image->is_read_only)
        return 0;
    code = qcow2_commit(q);
    return code ? code : q->storage->ops->sync(q->storage);
}

int qcow2_free_later(struct qcow2 *q, uint64_t cluster, uint32_t count)
{
    int code = q->free_count == ARRAY_COUNT(q->frees) ? qcow2_commit(q) : 0;
    if (!code)
        q->frees[q->free_count++] = (struct qcow2_free){cluster, count};
    return code;
}

/* --- clusters -------------------------------------------------------------------------------- */

/* The clusters that an entry refers to are free when it is replaced. */
static int free_entry(struct qcow2 *q, uint64_t entry)
{
    unsigned bits = q->header.cluster_bits;
    uint64_t offset = entry & QCOW2_OFFSET;
    uint32_t bytes;
    if (entry & QCOW2_COMPRESSED) {
        qcow2_compressed_place(q, entry, &offset, &bytes);
        return qcow2_free_later(q, offset >> bits,
                                (uint32_t)(((offset + bytes - 1) >> bits) - (offset >> bits) + 1));
    }
    return offset ? qcow2_free_later(q, offset >> bits, 1) : 0;
}

static int write_file(struct qcow2 *q, uint64_t offset, uint32_t count, const uint8_t *bytes)
{
    int code = q->storage->ops->write(q->storage, bytes, count, offset);
    if (!code && offset + count > q->data_end)
        q->data_end = offset + count;
    return code;
}

/* The whole cluster goes to a new place: what was there is put together with what is new. */
static int replace_cluster(struct qcow2 *q, struct qcow2_table *table, uint64_t guest_cluster,
                           uint32_t at, uint32_t count, const uint8_t *bytes)
{
    uint64_t old = qcow2_entry(q, table, guest_cluster), offset;
    int code = 0;
    if (q->unlinked >= QCOW2_UNLINKED_MAX)
        code = qcow2_commit(q);
    if (!code && count < q->cluster_bytes)
        code = qcow2_read_cluster(q, guest_cluster, old, 0, q->cluster_bytes, q->cluster);
    if (!code)
        code = qcow2_allocate(q, &offset);
    if (code)
        return code;
    memcpy(q->cluster + at, bytes, count);
    code = write_file(q, offset, q->cluster_bytes, q->cluster);
    if (!code)
        code = free_entry(q, old);
    if (code) {
        (void)qcow2_release(q, offset >> q->header.cluster_bits); /* else it is counted, unused */
        return code;
    }
    qcow2_set_entry(q, table, guest_cluster, offset | QCOW2_COPIED);
    q->unlinked++;
    return 0;
}

static bool is_in_place(const struct qcow2 *q, uint64_t entry)
{
    return entry & QCOW2_COPIED && !(entry & QCOW2_COMPRESSED) && (entry & QCOW2_OFFSET) &&
           !(entry & QCOW2_ZERO && q->header.version >= 3);
}

static int write_part(struct qcow2 *q, uint64_t guest_cluster, uint32_t at, uint32_t count,
                      const uint8_t *bytes)
{
    struct qcow2_table *table;
    uint64_t entry;
    int code = qcow2_own_table(q, guest_cluster, &table);
    if (code)
        return code;
    entry = qcow2_entry(q, table, guest_cluster);
    if (!is_in_place(q, entry))
        return replace_cluster(q, table, guest_cluster, at, count, bytes);
    if (!qcow2_is_place(q, entry & QCOW2_OFFSET))
        return IMAGE_DAMAGED;
    return write_file(q, (entry & QCOW2_OFFSET) + at, count, bytes);
}

int qcow2_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t position = lba * SECTOR_BYTES, left = (uint64_t)count * SECTOR_BYTES;
    while (left) {
        uint32_t at = (uint32_t)(position & (q->cluster_bytes - 1)), part = q->cluster_bytes - at;
        int code;
        if (part > left)
            part = (uint32_t)left;
        code = write_part(q, position >> q->header.cluster_bits, at, part, bytes);
        if (code)
            return code;
        position += part;
        left -= part;
        bytes += part;
    }
    return 0;
}
