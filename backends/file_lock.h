/* Locks on image files, so that two programs don't write one disk. */
#ifndef VITRINE_BACKENDS_FILE_LOCK_H
#define VITRINE_BACKENDS_FILE_LOCK_H

#include <stdbool.h>

enum file_lock_result { FILE_LOCK_TAKEN, FILE_LOCK_HELD, FILE_LOCK_UNSUPPORTED };

/* Locks the whole file for this open descriptor, shared or exclusive; the lock goes with the
 * descriptor. FILE_LOCK_HELD: *holder is the process that has it, 0 when the system does not say. */
enum file_lock_result file_lock(int fd, bool is_exclusive, long *holder);

#endif
