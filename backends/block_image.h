/* Disk images: raw files of 512-byte sectors behind bus/block.h. */
#ifndef VITRINE_BACKENDS_BLOCK_RAW_H
#define VITRINE_BACKENDS_BLOCK_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "bus/block.h"

#define BLOCK_RAW_OPEN_MAX 32

/* The images that are open now, owned by the caller and given to every open: the same file twice,
 * also through a link, is refused. Zero it first. */
struct block_raw_set {
    struct {
        uint64_t device, inode;
        const struct block *block; /* NULL: free */
    } files[BLOCK_RAW_OPEN_MAX];
};

struct block_raw_options {
    /* cylinders 0: guessed from the partition table, else 16 heads of 63 sectors. */
    struct block_geometry geometry;
    bool is_read_only;
    bool has_overlay;           /* writes go to a temporary file, the image stays as it is */
    struct block_raw_set *set;  /* may be NULL */
    struct log *log;            /* for warnings and failing files; may be NULL */
};

/* Opens and locks an image; `path` is copied. STATUS_FILE with one message that says what is wrong
 * and how to fix it. The caller closes it by block->ops->close. */
enum status block_raw_open(struct block **block, const char *path,
                           const struct block_raw_options *options, struct error *error);
/* The geometry that an image of `sectors` sectors is given, by its first sector's partition table
 * when that shows one (mbr: 512 bytes, or NULL). Pure. */
struct block_geometry block_raw_guess(uint64_t sectors, const uint8_t *mbr);
/* True for the magic of a qcow2 file. */
bool block_raw_is_qcow2(const uint8_t *bytes, size_t count);

#endif
