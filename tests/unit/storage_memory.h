/* A file in memory for tests of image formats: it can fail, be full, and lose power.
 *
 * What was written since the last sync is held back as a list of sectors, as a disk's cache does: after
 * a loss of power any of them may have arrived and the others not. */
#ifndef VITRINE_TESTS_STORAGE_MEMORY_H
#define VITRINE_TESTS_STORAGE_MEMORY_H

#include "backends/storage.h"

struct storage_memory {
    struct storage storage; /* first */
    uint8_t *bytes;         /* what a reader sees */
    uint8_t *stable;        /* what a loss of power leaves at least */
    size_t size, stable_size, limit;
    uint64_t *pending;      /* sectors written since the last sync, in their order */
    uint8_t *pending_bytes; /* and what was written */
    size_t pending_count;
    unsigned reads, writes, syncs;
    int read_error, write_error, sync_error; /* errnos; 0: works */
    unsigned fail_write_after;               /* so many writes still work; UINT_MAX: all */
    bool is_closed;
    /* Before each write and sync: a test takes its pictures here. May be NULL. */
    void (*watch)(struct storage_memory *memory, void *self);
    void *self;
};

/* Empty, at most `limit` bytes long (further writes find no room). Closing leaves it as it is. */
struct storage_memory *storage_memory_new(size_t limit);
void storage_memory_free(struct storage_memory *memory);
/* A file as a loss of power leaves it: of the pending sectors those arrive whose bit, by rising
 * number, is set in `arrived`, which repeats. */
struct storage_memory *storage_memory_after_power_loss(const struct storage_memory *memory,
                                                       uint64_t arrived);
void storage_memory_load(struct storage_memory *memory, const char *path);
void storage_memory_store(const struct storage_memory *memory, const char *path);

#endif
