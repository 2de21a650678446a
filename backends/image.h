/* Disk images: a row of 512-byte sectors in a file of some format.
 *
 *   block_image     requests, geometry, what was written and what was there before
 *       │
 *   image           raw · qcow2 (above a backing image) · gzip · overlay (above any of them)
 *       │
 *   storage         the file
 *
 * A format is what the user says, or what the file's name says and its first bytes confirm. The bytes
 * alone never decide: those of a raw image are the guest's to write, and a guest that wrote a qcow2
 * header would read any file of the workstation at the next start, as its backing file. */
#ifndef VITRINE_BACKENDS_IMAGE_H
#define VITRINE_BACKENDS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "backends/storage.h"
#include "base/log.h"
#include "base/status.h"
#include "bus/block.h"

enum image_format { IMAGE_BY_NAME, IMAGE_RAW, IMAGE_QCOW2, IMAGE_GZIP };

/* The tables of this image contradict themselves: an errno that no file gives. */
#define IMAGE_DAMAGED EBADMSG

struct image;
struct image_ops {
    /* All sectors, or an errno. Callers stay inside the image. */
    int (*read)(struct image *image, uint64_t lba, uint32_t count, uint8_t *bytes);
    int (*write)(struct image *image, uint64_t lba, uint32_t count, const uint8_t *bytes);
    int (*flush)(struct image *image);
    /* Makes sectors zeros that take no room; an errno where it can't, and then nothing has changed. NULL: it
     * never can. */
    int (*discard)(struct image *image, uint64_t lba, uint32_t count);
    /* Sectors from `lba` on that hold nothing but zeros as far as is known without reading them. */
    uint64_t (*zeros)(struct image *image, uint64_t lba);
    /* Lines for `vitrine disk info`; may be NULL. */
    void (*info)(struct image *image, FILE *out);
    /* Looks at the format's own tables, prints a line for each fault to `out`; the number of them,
     * or UINT64_MAX when they could not be checked at all. May be NULL. */
    uint64_t (*check)(struct image *image, FILE *out);
    int (*close)(struct image *image); /* as image_close(), which calls it */
};

struct image {
    const struct image_ops *ops;
    enum image_format format;
    uint64_t sectors;
    bool is_read_only;     /* the format or the way it was opened */
    struct image_set *set; /* where it is entered; NULL: nowhere */
};

#define IMAGE_SET_MAX 64

/* The image files that are open now, owned by the caller and given to every open: the same file twice,
 * also through a link, is refused unless both only read it. Zero it first. */
struct image_set {
    struct image_file {
        uint64_t device, inode;
        const void *owner; /* NULL: free */
        char *path;
        bool is_shared;
    } files[IMAGE_SET_MAX];
};

struct image_options {
    enum image_format format;
    bool is_read_only;
    bool has_overlay;        /* writes go to a temporary file, the image stays as it is */
    bool allows_any_backing; /* else a backing file lies in the image's own folder, or below */
    struct image_set *set;   /* may be NULL */
    struct log *log;         /* for warnings; may be NULL */
    unsigned depth;          /* of backing files: for the chain's own opening */
};

/* Opens and locks an image. STATUS_FILE with one message that says what is wrong and how to fix it. */
enum status image_open(struct image **image, const char *path, const struct image_options *options,
                       struct error *error);

/* Writes back what is held, and frees it whatever fails. 0 or the first errno. */
int image_close(struct image *image);

/* "raw", "qcow2", "gz". */
const char *image_format_name(enum image_format format);
bool image_format_parse(const char *text, enum image_format *format);
/* What the end of a name says: ".qcow2", ".gz"; else raw. */
enum image_format image_format_of_name(const char *path);
/* For a new image whose format nobody stated: STATUS_USAGE where its name promises one that is not written
 * here (vmdk, vdi …). */
enum status image_name_is_honest(const char *path, struct error *error);

/* The formats, over a storage that becomes theirs, also when they fail. `path` is for messages, and
 * for finding a backing file. */
enum status image_raw_open(struct image **image, struct storage *storage, const char *path,
                           const struct image_options *options, struct error *error);
enum status image_gzip_open(struct image **image, struct storage *storage, const char *path,
                            const struct image_options *options, struct error *error);
enum status image_qcow2_open(struct image **image, struct storage *storage, const char *path,
                             const struct image_options *options, struct error *error);
/* A new one of `sectors` zeros, to be written from front to back; its flush ends it. */
enum status image_gzip_create(struct image **image, struct storage *storage, const char *path,
                              uint64_t sectors, struct error *error);
/* Writes above `below`, which becomes its own (also when it fails), go to a file without a name. */
enum status image_overlay_open(struct image **image, struct image *below, const char *path,
                               struct error *error);
/* What it lies above; NULL: it is no overlay. */
struct image *image_overlay_below(struct image *image);

/* True for the magic of a qcow2 file. */
bool image_is_qcow2(const uint8_t *bytes, size_t count);

#endif
