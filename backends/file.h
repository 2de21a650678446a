/* Whole files: kernels, ROMs, snapshots. */
#ifndef VITRINE_BACKENDS_FILE_H
#define VITRINE_BACKENDS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Reads a regular file of 1 to `limit` bytes; the caller frees *bytes. Names what is wrong. */
enum status file_read(const char *path, size_t limit, uint8_t **bytes, size_t *count,
                      struct error *error);
/* Writes a new file beside the old one and renames it: old or new, never neither. */
enum status file_write(const char *path, const void *bytes, size_t count, struct error *error);

/* Makes a folder; one that is there will do. */
enum status file_make_folder(const char *path, struct error *error);

/* True for a regular file that has bytes and does not start with `first`: somebody else's, which must
 * not be overwritten by mistake. */
bool file_is_foreign(const char *path, char first);

#endif
