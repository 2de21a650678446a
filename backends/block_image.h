/* Disk images behind bus/block.h: geometry, requests, errors in words, before-images. */
#ifndef VITRINE_BACKENDS_BLOCK_IMAGE_H
#define VITRINE_BACKENDS_BLOCK_IMAGE_H

#include "backends/image.h"
#include "bus/block.h"

struct block_image_options {
    struct image_options image;
    /* cylinders 0: guessed from the partition table, else 16 heads of 63 sectors. */
    struct block_geometry geometry;
    uint32_t undo_sectors; /* what checkpoints may hold; 0: 128 MiB */
    /* Keeps what its writes replace, so that another can be opened as this one was at first. */
    bool keeps_start;
    /* A second look at that disk, which is open and outlives this one: as it was when it was opened, with
     * writes of its own that are gone with it. The path and `image` are not used. NULL: the file. */
    struct block *again;
    /* The workstation's disk is full: waits a little before the request is tried again, so that the whole
     * run stands still and the guest sees nothing of it; false: the run ends. NULL: BLOCK_NO_SPACE. */
    bool (*wait)(void *self);
    void *wait_self;
};

/* Opens and locks an image; `path` is copied. STATUS_FILE with one message that says what is wrong
 * and how to fix it. The caller closes it by block->ops->close. */
enum status block_image_open(struct block **block, const char *path,
                             const struct block_image_options *options, struct error *error);
/* The same over an image that is open; it becomes the block's, also on failure. */
enum status block_image_new(struct block **block, struct image *image, const char *path,
                            const struct block_image_options *options, struct error *error);
/* The image below. */
struct image *block_image_of(struct block *block);
/* The geometry that an image of `sectors` sectors is given, by its first sector's partition table
 * when that shows one (mbr: 512 bytes, or NULL). Pure. */
struct block_geometry block_image_guess(uint64_t sectors, const uint8_t *mbr);

#endif
