/* A file that a thread of its own packs and writes, so that whoever fills it never waits for the
 * workstation's disk, and what he wrote is there soon even if the program is killed.
 *
 *   run:     begin ─ put records into the buffer ─ end          begin ─ ...
 *   thread:           every interval, or when it is full: ─ swap buffers ─ pack ─ write ─ */
#ifndef VITRINE_BACKENDS_BACKGROUND_FILE_H
#define VITRINE_BACKENDS_BACKGROUND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct background_file;

/* One of the two buffers. `used` is 0 when it is fresh: a new block begins. */
struct background_block {
    uint8_t *bytes;
    size_t used, capacity;
    uint32_t records; /* for whoever counts what is in it */
    bool is_draft;    /* as whoever fills it says; false when it is fresh */
};

struct background_settings {
    char first;          /* with which one of our files begins; others are not overwritten */
    size_t block_bytes;  /* room of a buffer */
    size_t packed_bytes; /* room that a packed block needs at most */
    unsigned interval_ms;
    /* In the thread: packs a block into `to`; returns the bytes to write. */
    size_t (*pack)(void *self, const struct background_block *block, uint8_t *to);
    void *self;
};

/* Creates the file, writes `head` to it and starts the thread. Errors: STATUS_USAGE (there is a file
 * of somebody else), STATUS_FILE, STATUS_INTERNAL (memory, no thread). `path` is copied. */
enum status background_file_open(struct background_file **file, const char *path,
                                 const struct background_settings *settings, const void *head,
                                 size_t head_bytes, struct error *error);
/* The buffer to be filled, with room for `bytes`; waits for the thread when there is none. Until
 * background_file_end() the thread does not touch it. NULL, and nothing begun: a write has failed. */
struct background_block *background_file_begin(struct background_file *file, size_t bytes);
void background_file_end(struct background_file *file);
/* What became of the writes so far: STATUS_FILE with path and reason. */
enum status background_file_status(struct background_file *file, struct error *error);
/* Writes the rest, then `tail`; ends the thread, closes and frees. */
enum status background_file_close(struct background_file *file, const void *tail, size_t tail_bytes,
                                  struct error *error);

#endif
