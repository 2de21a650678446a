/* Whether the tables of a qcow2 image agree: every reference is counted again and compared with what
 * the refcount blocks say. Fewer counted there than there are references is a fault (the cluster would
 * be given away); more is a leak, which a kill may leave and which harms nobody. */
#include <inttypes.h>
#include <stdlib.h>

#include "backends/qcow2.h"
#include "base/bits.h"

#define CLUSTERS_MAX   ((uint64_t)1 << 28) /* a gigabyte of counters */
#define LINES_MAX      20u
#define SNAPSHOTS_MAX  65536u
#define SNAPSHOT_BYTES 40u

struct audit {
    struct qcow2 *q;
    FILE *out;
    uint32_t *counts; /* of references, by cluster of the file */
    uint64_t clusters, faults, leaks;
    uint64_t tables_left; /* L2 tables that may still be looked at: damaged ones repeat */
    uint8_t *l2;
};

static void fault(struct audit *a, const char *what, uint64_t offset)
{
    if (a->faults++ < LINES_MAX)
        fprintf(a->out, "  at %" PRIu64 ": %s\n", offset, what);
}

static void count(struct audit *a, uint64_t offset, uint64_t bytes, const char *what)
{
    unsigned bits = a->q->header.cluster_bits;
    uint64_t last = (offset + bytes - 1) >> bits;
    if (bytes == 0)
        return;
    if (last >= a->clusters || offset + bytes < offset) {
        fault(a, what, offset);
        return;
    }
    for (uint64_t cluster = offset >> bits; cluster <= last; cluster++)
        a->counts[cluster]++;
}

/* "Copied" promises a refcount of one, and its absence another one. */
static void check_copied(struct audit *a, uint64_t entry)
{
    uint64_t offset = entry & QCOW2_OFFSET, refcount;
    if (qcow2_refcount(a->q, offset >> a->q->header.cluster_bits, &refcount) != 0)
        fault(a, "its refcount can't be read", offset);
    else if ((refcount == 1) != ((entry & QCOW2_COPIED) != 0))
        fault(a, "the flag 'copied' and the refcount disagree", offset);
}

static void audit_l2_entry(struct audit *a, uint64_t entry, bool is_active)
{
    uint64_t offset = entry & QCOW2_OFFSET;
    uint32_t bytes;
    if (entry & QCOW2_COMPRESSED) {
        qcow2_compressed_place(a->q, entry, &offset, &bytes);
        count(a, offset, bytes, "compressed data behind the end of the file");
    } else if (offset) {
        if (offset % a->q->cluster_bytes)
            fault(a, "data between two clusters", offset);
        count(a, offset, 1, "data behind the end of the file");
        if (is_active)
            check_copied(a, entry);
    }
}

static void audit_l2(struct audit *a, uint64_t l1_entry, bool is_active)
{
    struct qcow2 *q = a->q;
    uint64_t offset = l1_entry & QCOW2_OFFSET;
    if (offset == 0 || a->tables_left == 0)
        return;
    if (--a->tables_left == 0)
        fault(a, "more L2 tables than the file has clusters", offset);
    count(a, offset, 1, "an L2 table behind the end of the file");
    if (is_active)
        check_copied(a, l1_entry);
    if (offset % q->cluster_bytes ||
        q->storage->ops->read(q->storage, a->l2, q->cluster_bytes, offset) != 0) {
        fault(a, "an L2 table can't be read", offset);
        return;
    }
    for (uint32_t i = 0; i < q->l2_entries; i++)
        audit_l2_entry(a, load_be64(a->l2 + (size_t)i * 8), is_active);
}

static void audit_l1(struct audit *a, uint64_t offset, uint32_t entries, bool is_active)
{
    struct storage *storage = a->q->storage;
    count(a, offset, (uint64_t)entries * 8, "an L1 table behind the end of the file");
    for (uint32_t i = 0; i < entries; i++) {
        uint8_t entry[8];
        if (storage->ops->read(storage, entry, sizeof entry, offset + (uint64_t)i * 8) != 0) {
            fault(a, "an L1 table can't be read", offset);
            return;
        }
        audit_l2(a, load_be64(entry), is_active);
    }
}

/* The snapshot table: entries of a fixed part, extra data, id and name, each up to a multiple of 8. */
static void audit_snapshots(struct audit *a)
{
    struct qcow2 *q = a->q;
    uint64_t at = q->header.snapshots_offset;
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        uint8_t s[SNAPSHOT_BYTES];
        uint64_t bytes;
        if (i == SNAPSHOTS_MAX || q->storage->ops->read(q->storage, s, sizeof s, at) != 0 ||
            load_be32(s + 8) > QCOW2_L1_BYTES_MAX / 8) {
            fault(a, "a snapshot can't be read", at);
            return;
        }
        audit_l1(a, load_be64(s), load_be32(s + 8), false);
        bytes =
            (uint64_t)SNAPSHOT_BYTES + load_be32(s + 36) + load_be16(s + 12) + load_be16(s + 14);
        at += (bytes + 7) & ~(uint64_t)7;
    }
    if (at != q->header.snapshots_offset)
        count(a, q->header.snapshots_offset, at - q->header.snapshots_offset,
              "the snapshot table ends behind the file");
}

static void audit_refcounts(struct audit *a)
{
    struct qcow2 *q = a->q;
    count(a, q->header.refcount_table_offset, q->refcount_entries * 8, "the refcount table");
    for (uint64_t i = 0; i < q->refcount_entries; i++)
        if (q->refcount_table[i] & QCOW2_OFFSET)
            count(a, q->refcount_table[i] & QCOW2_OFFSET, 1, "a refcount block behind the end");
}

static void compare(struct audit *a)
{
    for (uint64_t cluster = 0; cluster < a->clusters; cluster++) {
        uint64_t stored, offset = cluster << a->q->header.cluster_bits;
        if (qcow2_refcount(a->q, cluster, &stored) != 0)
            fault(a, "its refcount can't be read", offset);
        else if (stored < a->counts[cluster])
            fault(a, "is referred to more often than its refcount says", offset);
        else if (stored > a->counts[cluster])
            a->leaks++;
    }
}

uint64_t qcow2_check(struct image *image, FILE *out)
{
    struct qcow2 *q = qcow2_of(image);
    struct audit a = {.q = q, .out = out, .clusters = q->end_cluster};
    if (a.clusters <= CLUSTERS_MAX) {
        a.counts = calloc((size_t)a.clusters, sizeof *a.counts);
        a.l2 = malloc(q->cluster_bytes);
    }
    if (a.counts && a.l2) {
        a.tables_left = a.clusters * ((uint64_t)q->header.snapshots % SNAPSHOTS_MAX + 1) + 1;
        count(&a, 0, 1, "the header");
        audit_refcounts(&a);
        audit_l1(&a, q->header.l1_offset, q->header.l1_size, true);
        audit_snapshots(&a);
        compare(&a);
    } else {
        fprintf(out, "  the file is too large to be checked here; fix: qemu-img check\n");
        a.faults = UINT64_MAX;
    }
    if (a.leaks)
        fprintf(out,
                "  %" PRIu64 " cluster%s counted and not used, which is harmless; fix: qemu-img "
                "check -r leaks\n",
                a.leaks, a.leaks == 1 ? " is" : "s are");
    free(a.counts);
    free(a.l2);
    return a.faults;
}
