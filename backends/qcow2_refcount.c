/* How often each cluster of the file is referred to. Counts are written at once, before anything that
 * relies on them is linked (qcow2.h says in which order). */
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"

#define PASSED_OVER_MAX 65536u /* clusters behind the end that are counted and not there */

static unsigned block_bits(const struct qcow2 *q)
{
    return q->header.cluster_bits + 3 - q->header.refcount_order;
}

/* --- counts of 1 to 64 bits ------------------------------------------------------------------ */

/* Below 8 bits, the first count is in the low bits of a byte. */
static uint64_t get_bits(const uint8_t *block, uint64_t bit, unsigned width)
{
    return (unsigned)block[bit / 8] >> (bit % 8) & ((1u << width) - 1);
}

static void put_bits(uint8_t *block, uint64_t bit, unsigned width, unsigned value)
{
    unsigned shift = (unsigned)(bit % 8), mask = ((1u << width) - 1) << shift;
    block[bit / 8] = (uint8_t)((block[bit / 8] & ~mask) | (value << shift & mask));
}

static uint64_t get(const uint8_t *block, uint64_t i, unsigned order)
{
    switch (order) {
    case 3: return block[i];
    case 4: return load_be16(block + i * 2);
    case 5: return load_be32(block + i * 4);
    case 6: return load_be64(block + i * 8);
    default: return get_bits(block, i << order, 1u << order);
    }
}

static void put(uint8_t *block, uint64_t i, unsigned order, uint64_t value)
{
    switch (order) {
    case 3: block[i] = (uint8_t)value; break;
    case 4: store_be16(block + i * 2, (uint16_t)value); break;
    case 5: store_be32(block + i * 4, (uint32_t)value); break;
    case 6: store_be64(block + i * 8, value); break;
    default: put_bits(block, i << order, 1u << order, (unsigned)value);
    }
}

/* --- blocks ---------------------------------------------------------------------------------- */

static uint64_t block_offset(const struct qcow2 *q, uint64_t index)
{
    return index < q->refcount_entries ? q->refcount_table[index] & QCOW2_OFFSET : 0;
}

static int load_block(struct qcow2 *q, uint64_t index)
{
    uint64_t offset = block_offset(q, index);
    int code;
    if (q->refcounts_index == index)
        return 0;
    q->refcounts_index = QCOW2_NONE;
    if (!qcow2_is_place(q, offset))
        return IMAGE_DAMAGED;
    code = q->storage->ops->read(q->storage, q->refcounts, q->cluster_bytes, offset);
    if (!code)
        q->refcounts_index = index;
    return code;
}

int qcow2_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *count)
{
    uint64_t index = cluster >> block_bits(q);
    int code = 0;
    *count = 0;
    if (block_offset(q, index) == 0)
        return 0; /* no block: nothing in its range is used */
    code = load_block(q, index);
    if (!code)
        *count = get(q->refcounts, cluster & (((uint64_t)1 << block_bits(q)) - 1),
                     q->header.refcount_order);
    return code;
}

/* Writes the eight bytes that the count is in. */
static int set_refcount(struct qcow2 *q, uint64_t cluster, uint64_t count)
{
    uint64_t i = cluster & (((uint64_t)1 << block_bits(q)) - 1), index = cluster >> block_bits(q);
    size_t at = (size_t)((i << q->header.refcount_order) / 64 * 8);
    uint64_t old;
    int code = load_block(q, index);
    if (code)
        return code;
    old = load_be64(q->refcounts + at);
    put(q->refcounts, i, q->header.refcount_order, count);
    code = q->storage->ops->write(q->storage, q->refcounts + at, 8, block_offset(q, index) + at);
    if (code)
        store_be64(q->refcounts + at, old);
    return code;
}

/* --- more blocks ----------------------------------------------------------------------------- */

/* New blocks and, when the table is full, a new table, in one piece at the end of the file:
 *
 *   first            + blocks              + table_clusters
 *   │ refcount blocks │ (refcount table)    │
 *
 * The blocks count this piece itself, so nothing else has to be written before it can be linked. */
struct extension {
    uint64_t first, first_index; /* cluster, and its entry in the refcount table */
    uint64_t blocks, table_clusters, table_entries;
};

static struct extension plan(const struct qcow2 *q, uint64_t first)
{
    struct extension e = {.first = first, .first_index = first >> block_bits(q), .blocks = 1};
    for (;;) {
        uint64_t last = first + e.blocks + e.table_clusters - 1;
        uint64_t blocks = (last >> block_bits(q)) - e.first_index + 1;
        uint64_t entries = e.first_index + blocks;
        if (entries > q->refcount_entries && entries > e.table_entries) {
            e.table_entries = entries < 2 * q->refcount_entries ? 2 * q->refcount_entries : entries;
            e.table_clusters = qcow2_clusters(q, e.table_entries * 8);
            e.table_entries = e.table_clusters * q->l2_entries;
        } else if (blocks == e.blocks) {
            return e;
        }
        e.blocks = blocks;
    }
}

static int write_blocks(struct qcow2 *q, const struct extension *e)
{
    uint64_t per_block = (uint64_t)1 << block_bits(q),
             end = e->first + e->blocks + e->table_clusters;
    int code = 0;
    q->refcounts_index = QCOW2_NONE; /* its buffer serves here */
    for (uint64_t b = 0; b < e->blocks && !code; b++) {
        uint64_t base = (e->first_index + b) * per_block;
        if (b && block_offset(q, e->first_index + b))
            return IMAGE_DAMAGED; /* a range behind the end of the file has counts already */
        memset(q->refcounts, 0, q->cluster_bytes);
        for (uint64_t c = base < e->first ? e->first : base; c < end && c < base + per_block; c++)
            put(q->refcounts, c - base, q->header.refcount_order, 1);
        code = q->storage->ops->write(q->storage, q->refcounts, q->cluster_bytes,
                                      (e->first + b) << q->header.cluster_bits);
    }
    return code;
}

static void enter_blocks(struct qcow2 *q, const struct extension *e, bool is_there)
{
    for (uint64_t b = 0; b < e->blocks; b++)
        q->refcount_table[e->first_index + b] =
            is_there ? (e->first + b) << q->header.cluster_bits : 0;
}

static int link_blocks(struct qcow2 *q, const struct extension *e)
{
    int code = q->storage->ops->sync(q->storage);
    for (uint64_t b = 0; b < e->blocks && !code; b++) {
        uint8_t entry[8];
        store_be64(entry, (e->first + b) << q->header.cluster_bits);
        code = q->storage->ops->write(q->storage, entry, sizeof entry,
                                      q->header.refcount_table_offset + (e->first_index + b) * 8);
    }
    if (!code)
        enter_blocks(q, e, true);
    return code;
}

static int write_table(struct qcow2 *q, const struct extension *e)
{
    uint64_t at = (e->first + e->blocks) << q->header.cluster_bits;
    int code = 0;
    for (uint64_t i = 0; i < e->table_entries && !code; i += q->l2_entries) {
        for (uint32_t n = 0; n < q->l2_entries; n++)
            store_be64(q->refcounts + (size_t)n * 8, q->refcount_table[i + n]);
        code = q->storage->ops->write(q->storage, q->refcounts, q->cluster_bytes, at + i * 8);
    }
    return code;
}

/* Offset and length stand side by side in the header's sector: both tables, or neither. */
static int link_table(struct qcow2 *q, const struct extension *e)
{
    uint64_t offset = (e->first + e->blocks) << q->header.cluster_bits;
    uint8_t fields[12];
    int code = q->storage->ops->sync(q->storage);
    store_be64(fields, offset);
    store_be32(fields + 8, (uint32_t)e->table_clusters);
    if (!code)
        code = q->storage->ops->write(q->storage, fields, sizeof fields, 48);
    return code ? code : q->storage->ops->sync(q->storage);
}

static int replace_table(struct qcow2 *q, const struct extension *e)
{
    uint64_t old = q->header.refcount_table_offset >> q->header.cluster_bits;
    uint32_t old_clusters = q->header.refcount_table_clusters;
    int code;
    enter_blocks(q, e, true); /* its array has room for the largest table */
    code = write_table(q, e);
    if (!code)
        code = link_table(q, e);
    if (code) {
        enter_blocks(q, e, false);
        return code;
    }
    q->refcount_entries = e->table_entries;
    q->header.refcount_table_offset = (e->first + e->blocks) << q->header.cluster_bits;
    q->header.refcount_table_clusters = (uint32_t)e->table_clusters;
    for (uint32_t i = 0; i < old_clusters && !code; i++)
        code = qcow2_release(q, old + i);
    return code;
}

static int extend(struct qcow2 *q, uint64_t first)
{
    struct extension e = plan(q, first);
    uint64_t end = first + e.blocks + e.table_clusters;
    int code;
    if (e.table_entries * 8 > QCOW2_REFCOUNT_TABLE_BYTES_MAX)
        return EFBIG;
    code = write_blocks(q, &e);
    if (code)
        return code;
    q->refcounts_index = QCOW2_NONE;
    q->end_cluster = end;
    if (q->data_end < end << q->header.cluster_bits)
        q->data_end = end << q->header.cluster_bits;
    return e.table_clusters ? replace_table(q, &e) : link_blocks(q, &e);
}

/* --- taking and giving back ------------------------------------------------------------------ */

/* The next cluster behind the end of the file that nobody counts. */
static int find_at_end(struct qcow2 *q, uint64_t *cluster)
{
    for (unsigned passed = 0; passed < PASSED_OVER_MAX; passed++) {
        uint64_t count;
        int code = 0;
        if (block_offset(q, q->end_cluster >> block_bits(q)) == 0)
            code = extend(q, q->end_cluster);
        if (!code)
            code = qcow2_refcount(q, q->end_cluster, &count);
        if (code)
            return code;
        *cluster = q->end_cluster++;
        if (count == 0)
            return 0;
    }
    return IMAGE_DAMAGED;
}

int qcow2_allocate(struct qcow2 *q, uint64_t *offset)
{
    uint64_t cluster = 0, count = 1;
    int code = 0;
    while (q->spare_count && count) { /* the count is looked at: a damaged image may use it */
        cluster = q->spare[--q->spare_count];
        code = qcow2_refcount(q, cluster, &count);
        if (code)
            return code;
    }
    if (count)
        code = find_at_end(q, &cluster);
    if (!code)
        code = set_refcount(q, cluster, 1);
    if (!code)
        *offset = cluster << q->header.cluster_bits;
    return code;
}

int qcow2_release(struct qcow2 *q, uint64_t cluster)
{
    uint64_t count;
    int code = qcow2_refcount(q, cluster, &count);
    if (code)
        return code;
    if (count == 0)
        return IMAGE_DAMAGED;
    code = set_refcount(q, cluster, count - 1);
    if (!code && count == 1 && q->spare_count < ARRAY_COUNT(q->spare))
        q->spare[q->spare_count++] = cluster;
    return code;
}
