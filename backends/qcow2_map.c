/* From a guest's cluster to its L2 entry: the L1 table is in memory, L2 tables are cached. */
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"

/* --- places ---------------------------------------------------------------------------------- */

static bool is_between(uint64_t offset, uint64_t first, uint64_t bytes)
{
    return offset >= first && offset - first < bytes;
}

/* A damaged table must not lead a guest's writes to the header, L1 or the refcount table, nor far
 * behind the end of the file. */
bool qcow2_is_place(const struct qcow2 *q, uint64_t offset)
{
    return offset % q->cluster_bytes == 0 && offset >= q->cluster_bytes &&
           offset >> q->header.cluster_bits < q->end_cluster &&
           !is_between(offset, q->header.l1_offset, (uint64_t)q->header.l1_size * 8) &&
           !is_between(offset, q->header.refcount_table_offset, q->refcount_entries * 8);
}

/* Compressed Clusters Descriptor: x = 62 - (cluster_bits - 8); offset in bits 0 to x-1, in x to 61 the
 * number of further sectors. */
void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                            uint32_t *bytes)
{
    unsigned x = 62 - (q->header.cluster_bits - 8);
    uint32_t further = (uint32_t)((entry & (QCOW2_COMPRESSED - 1)) >> x);
    *offset = entry & (((uint64_t)1 << x) - 1);
    *bytes = (further + 1) * SECTOR_BYTES - (uint32_t)(*offset % SECTOR_BYTES);
}

/* --- entries --------------------------------------------------------------------------------- */

uint64_t qcow2_entry(const struct qcow2 *q, const struct qcow2_table *table, uint64_t guest_cluster)
{
    return load_be64(table->entries + guest_cluster % q->l2_entries * 8);
}

void qcow2_set_entry(struct qcow2 *q, struct qcow2_table *table, uint64_t guest_cluster,
                     uint64_t entry)
{
    uint32_t i = (uint32_t)(guest_cluster % q->l2_entries);
    store_be64(table->entries + (size_t)i * 8, entry);
    if (table->dirty_from == table->dirty_to)
        table->dirty_from = i;
    table->dirty_from = i < table->dirty_from ? i : table->dirty_from;
    table->dirty_to = i + 1 > table->dirty_to ? i + 1 : table->dirty_to;
}

/* --- tables ---------------------------------------------------------------------------------- */

static struct qcow2_table *cached(struct qcow2 *q, uint64_t l1_index)
{
    for (unsigned i = 0; i < q->table_count; i++)
        if (q->tables[i].l1_index == l1_index)
            return &q->tables[i];
    return NULL;
}

/* The place that was not used for longest, empty. */
static int make_room(struct qcow2 *q, struct qcow2_table **place)
{
    struct qcow2_table *oldest = &q->tables[0];
    for (unsigned i = 1; i < q->table_count; i++)
        if (q->tables[i].last_use < oldest->last_use)
            oldest = &q->tables[i];
    if (oldest->l1_index != QCOW2_NONE &&
        (!oldest->is_linked || oldest->dirty_from != oldest->dirty_to)) {
        int code = qcow2_commit(q);
        if (code)
            return code;
    }
    oldest->l1_index = QCOW2_NONE;
    oldest->last_use = 0;
    oldest->dirty_from = oldest->dirty_to = 0;
    oldest->is_linked = true;
    *place = oldest;
    return 0;
}

int qcow2_find_table(struct qcow2 *q, uint64_t guest_cluster, struct qcow2_table **table)
{
    uint64_t l1_index = guest_cluster / q->l2_entries, offset = q->l1[l1_index] & QCOW2_OFFSET;
    struct qcow2_table *found = cached(q, l1_index);
    int code;
    *table = NULL;
    if (!found && offset == 0)
        return 0;
    if (!found) {
        if (!qcow2_is_place(q, offset))
            return IMAGE_DAMAGED;
        if ((code = make_room(q, &found)) != 0 ||
            (code = q->storage->ops->read(q->storage, found->entries, q->cluster_bytes, offset)) !=
                0)
            return code;
        found->l1_index = l1_index;
        found->offset = offset;
    }
    found->last_use = ++q->uses;
    *table = found;
    return 0;
}

/* A table in a cluster of its own: new, or the copy of one that a snapshot has as well. */
int qcow2_own_table(struct qcow2 *q, uint64_t guest_cluster, struct qcow2_table **table)
{
    uint64_t l1_index = guest_cluster / q->l2_entries, offset;
    int code = qcow2_find_table(q, guest_cluster, table);
    struct qcow2_table *own = *table;
    if (code || (own && q->l1[l1_index] & QCOW2_COPIED))
        return code;
    if (!own && (code = make_room(q, &own)) != 0)
        return code;
    if ((code = qcow2_allocate(q, &offset)) != 0)
        return code;
    if (*table && (code = qcow2_free_later(q, own->offset >> q->header.cluster_bits, 1)) != 0) {
        (void)qcow2_release(q, offset >> q->header.cluster_bits); /* else it is counted, unused */
        return code;
    }
    if (!*table)
        memset(own->entries, 0, q->cluster_bytes);
    own->l1_index = l1_index;
    own->offset = offset;
    own->last_use = ++q->uses;
    own->is_linked = false;
    q->l1[l1_index] = offset | QCOW2_COPIED;
    q->unlinked++;
    *table = own;
    return 0;
}
