/* qcow2, inside: what its files share. Specification: QEMU's docs/interop/qcow2.txt (versions 2 and
 * 3), whose names are used.
 *
 *   guest's cluster n ─► L1[n / entries] ─► L2 table [n % entries] ─► cluster of the file
 *                                                   │ 0: what the backing image holds, else zeros
 *   refcount table ─► refcount block ─► how often each cluster of the file is referred to
 *
 * Order on the file, so that a kill or a loss of power at any time leaves an image that opens, with
 * every flushed sector (at worst some clusters are counted and not used; what was not flushed may lack
 * the latest QCOW2_UNLINKED_MAX new clusters):
 *
 *   1. refcounts and contents of new clusters    at the write that needs them
 *   2. sync, then L2 and L1 entries              at a flush, after QCOW2_UNLINKED_MAX new clusters,
 *   3. sync, then refcounts of replaced ones     or when a table leaves the cache: qcow2_commit */
#ifndef VITRINE_BACKENDS_QCOW2_H
#define VITRINE_BACKENDS_QCOW2_H

#include <zlib.h>

#include "backends/image.h"

#define QCOW2_VERSION_2_BYTES 72u
#define QCOW2_HEADER_BYTES    104u
#define QCOW2_COPIED          ((uint64_t)1 << 63) /* its refcount is exactly 1: written in place */
#define QCOW2_COMPRESSED      ((uint64_t)1 << 62)
#define QCOW2_ZERO            ((uint64_t)1)
#define QCOW2_OFFSET          UINT64_C(0x00FFFFFFFFFFFE00)

#define QCOW2_DIRTY            ((uint64_t)1 << 0) /* incompatible features */
#define QCOW2_CORRUPT          ((uint64_t)1 << 1)
#define QCOW2_COMPRESSION_TYPE ((uint64_t)1 << 3)

#define QCOW2_L1_BYTES_MAX             (32u << 20)
#define QCOW2_REFCOUNT_TABLE_BYTES_MAX (8u << 20)
#define QCOW2_CHAIN_MAX                16u
#define QCOW2_TABLES_MAX               32u
#define QCOW2_UNLINKED_MAX             64u
#define QCOW2_NONE                     UINT64_MAX

struct qcow2_header {
    uint32_t version, cluster_bits, crypt_method, l1_size, snapshots, refcount_order, header_length;
    uint32_t backing_bytes, refcount_table_clusters;
    uint64_t size, l1_offset, refcount_table_offset, snapshots_offset, backing_offset;
    uint64_t incompatible, compatible, autoclear;
    uint8_t compression_type;
};

/* An L2 table in memory. Its entries are as in the file, big endian. */
struct qcow2_table {
    uint64_t l1_index; /* QCOW2_NONE: the place is free */
    uint64_t offset;
    uint64_t last_use;
    uint32_t dirty_from, dirty_to; /* entries that the file does not have yet */
    bool is_linked;                /* the file's L1 refers to it */
    uint8_t *entries;
};

/* Clusters of the file that nothing refers to as soon as the next commit is stable. */
struct qcow2_free {
    uint64_t cluster;
    uint32_t count;
};

struct qcow2 {
    struct image image; /* first */
    struct storage *storage;
    struct image *backing; /* NULL: zeros lie below */
    struct qcow2_header header;
    char backing_name[1024], backing_format[16];
    uint32_t cluster_bytes, l2_entries, l1_entries; /* l1_entries: those the size needs */
    uint64_t *l1;                                   /* as it will be after the next commit */
    uint64_t *refcount_table;                       /* as in the file */
    uint64_t refcount_entries;
    uint64_t end_cluster; /* clusters of the file lie below it */
    uint64_t data_end;    /* bytes of the file that were there at some time; zeros lie behind */

    struct qcow2_table tables[QCOW2_TABLES_MAX];
    unsigned table_count;
    uint64_t uses;
    uint8_t *refcounts; /* the refcount block at hand */
    uint64_t refcounts_index;

    uint8_t *cluster; /* being put together */
    uint8_t *compressed, *inflated;
    uint64_t inflated_entry; /* whose contents `inflated` has; 0: none */
    z_stream inflater;
    bool has_inflater;

    unsigned unlinked; /* new clusters that the file's tables don't refer to yet */
    struct qcow2_free frees[QCOW2_UNLINKED_MAX];
    unsigned free_count;
    uint64_t spare[QCOW2_UNLINKED_MAX]; /* clusters that became free here: taken first */
    unsigned spare_count;
};

static inline struct qcow2 *qcow2_of(struct image *image)
{
    return (struct qcow2 *)(void *)image;
}
static inline uint64_t qcow2_clusters(const struct qcow2 *q, uint64_t bytes)
{
    return (bytes >> q->header.cluster_bits) + ((bytes & (q->cluster_bytes - 1)) != 0);
}

/* qcow2_header.c: from bytes to numbers that can be relied on: shifts, sizes and places are in range.
 * Names what is wrong or not supported. */
enum status qcow2_parse(struct qcow2 *q, const uint8_t *bytes, size_t count, const char *path,
                        bool is_writing, struct error *error);
/* qcow2_backing.c: opens what backing_name says. */
enum status qcow2_open_backing(struct qcow2 *q, const char *path,
                               const struct image_options *options, struct error *error);

/* qcow2_map.c. The L2 table of a guest's cluster; *table is NULL where there is none. */
int qcow2_find_table(struct qcow2 *q, uint64_t guest_cluster, struct qcow2_table **table);
/* The same for writing: made, or made our own, where it is not. */
int qcow2_own_table(struct qcow2 *q, uint64_t guest_cluster, struct qcow2_table **table);
uint64_t qcow2_entry(const struct qcow2 *q, const struct qcow2_table *table,
                     uint64_t guest_cluster);
void qcow2_set_entry(struct qcow2 *q, struct qcow2_table *table, uint64_t guest_cluster,
                     uint64_t entry);
/* False for an offset of a cluster that can't be one of data or of an L2 table. */
bool qcow2_is_place(const struct qcow2 *q, uint64_t offset);
/* Where the compressed bytes of an entry lie; their number includes the rest of the last sector. */
void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset,
                            uint32_t *bytes);

/* qcow2_read.c. `count` bytes at `at` of a guest's cluster; entry: its L2 entry. */
int qcow2_read_cluster(struct qcow2 *q, uint64_t guest_cluster, uint64_t entry, uint32_t at,
                       uint32_t count, uint8_t *bytes);
int qcow2_read(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes);
uint64_t qcow2_zeros(struct image *image, uint64_t lba);

/* qcow2_refcount.c */
int qcow2_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *count);
/* A cluster of its own, counted once. */
int qcow2_allocate(struct qcow2 *q, uint64_t *offset);
/* One reference less. */
int qcow2_release(struct qcow2 *q, uint64_t cluster);

/* qcow2_write.c */
int qcow2_write(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes);
int qcow2_commit(struct qcow2 *q);
int qcow2_flush(struct image *image);
/* Frees clusters with the next commit, which is made here when too many wait. */
int qcow2_free_later(struct qcow2 *q, uint64_t cluster, uint32_t count);

/* qcow2_check.c */
uint64_t qcow2_check(struct image *image, FILE *out);

/* qcow2_create.c: writes an empty image, version 3, clusters of 64 KiB, into an empty storage, which
 * stays the caller's. `backing` and its format may be NULL. 0 or an errno; EINVAL: too long a name. */
int qcow2_create(struct storage *storage, uint64_t sectors, const char *backing,
                 const char *backing_format);

#endif
