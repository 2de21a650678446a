/* The bytes of a file below a disk image.
 *
 * Formats reach their file through this alone, so that a test can put a file under them that fails,
 * is full, or loses power between two writes. Functions return 0 or an errno. */
#ifndef VITRINE_BACKENDS_STORAGE_H
#define VITRINE_BACKENDS_STORAGE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct storage;
struct storage_ops {
    /* All bytes, or an errno; ENODATA when the file ends before. */
    int (*read)(struct storage *storage, void *bytes, size_t count, uint64_t offset);
    /* All bytes, or an errno. What lies inside a sector of 512 bytes is old or new, never mixed. */
    int (*write)(struct storage *storage, const void *bytes, size_t count, uint64_t offset);
    /* Everything written so far is on stable storage, when this returns 0. */
    int (*sync)(struct storage *storage);
    int (*resize)(struct storage *storage, uint64_t bytes);
    /* Its length now; 0 when that can't be told. */
    uint64_t (*size)(struct storage *storage);
    /* Where the next bytes that are no hole begin, from `offset` on; its end when none follow. NULL:
     * no holes are known. */
    uint64_t (*next_data)(struct storage *storage, uint64_t offset);
    /* Makes a hole of zeros, whose room the file gives back; an errno where it can't. NULL: it never can. */
    int (*punch)(struct storage *storage, size_t count, uint64_t offset);
    void (*close)(struct storage *storage); /* frees it */
};

struct storage {
    const struct storage_ops *ops;
};

/* A file that is open already, and locked as its user wants it; the descriptor now belongs to the
 * storage. NULL: out of memory, and the descriptor is closed. */
struct storage *storage_of_file(int fd);
/* An empty file without a name, in TMPDIR or /tmp, that is gone with the program. `what` begins the
 * message; STATUS_FILE where none can be made. */
enum status storage_without_name(struct storage **storage, const char *what, struct error *error);

/* The workstation's disk, a quota or a limit is exhausted: it works again when there is room. */
static inline bool storage_is_full(int code)
{
    return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

#endif
