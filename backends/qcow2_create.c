/* An empty qcow2 image, version 3:
 *
 *   cluster 0   header, the backing file's format and name
 *   cluster 1   refcount table
 *   cluster 2   its first refcount block
 *   cluster 3-  L1, all zeros */
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"

#define CLUSTER_BITS 16u
#define CLUSTER      ((size_t)1 << CLUSTER_BITS)
#define L1_CLUSTER   3u
#define HEAD_BYTES   2048u

static size_t put_header(uint8_t *head, uint64_t sectors, uint32_t l1_size, const char *backing,
                         const char *format)
{
    size_t at = QCOW2_HEADER_BYTES;
    memcpy(head, "QFI\xFB", 4);
    store_be32(head + 4, 3);
    store_be32(head + 20, CLUSTER_BITS);
    store_be64(head + 24, sectors * SECTOR_BYTES);
    store_be32(head + 36, l1_size);
    store_be64(head + 40, L1_CLUSTER * CLUSTER);
    store_be64(head + 48, CLUSTER);
    store_be32(head + 56, 1);
    store_be32(head + 96, 4); /* refcounts of 16 bits */
    store_be32(head + 100, QCOW2_HEADER_BYTES);
    if (format) {
        store_be32(head + at, 0xE2792ACA); /* the backing file's format */
        store_be32(head + at + 4, (uint32_t)strlen(format));
        memcpy(head + at + 8, format, strlen(format));
        at += 8 + ((strlen(format) + 7) & ~(size_t)7);
    }
    at += 8; /* the end of the extensions: zeros */
    if (backing) {
        store_be64(head + 8, at);
        store_be32(head + 16, (uint32_t)strlen(backing));
        memcpy(head + at, backing, strlen(backing));
    }
    return at;
}

int qcow2_create(struct storage *storage, uint64_t sectors, const char *backing,
                 const char *backing_format)
{
    const uint64_t l2_covers = (uint64_t)CLUSTER * (CLUSTER / 8) / SECTOR_BYTES; /* sectors */
    uint64_t l1_size = sectors / l2_covers + (sectors % l2_covers != 0);
    uint64_t l1_clusters = (l1_size * 8 + CLUSTER - 1) / CLUSTER, used = L1_CLUSTER + l1_clusters;
    uint8_t head[HEAD_BYTES] = {0}, entry[8], one[2] = {0, 1};
    int code;
    if (l1_size > QCOW2_L1_BYTES_MAX / 8 || (backing && strlen(backing) > 1023) ||
        (backing_format && strlen(backing_format) > 15))
        return EINVAL;
    put_header(head, sectors, (uint32_t)l1_size, backing, backing_format);
    store_be64(entry, 2 * CLUSTER);
    if ((code = storage->ops->resize(storage, used * CLUSTER)) != 0 ||
        (code = storage->ops->write(storage, entry, sizeof entry, CLUSTER)) != 0)
        return code;
    for (uint64_t i = 0; i < used && !code; i++)
        code = storage->ops->write(storage, one, sizeof one, 2 * CLUSTER + i * 2);
    /* Last: without its magic it is no image. */
    return code ? code : storage->ops->write(storage, head, sizeof head, 0);
}
