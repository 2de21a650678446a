/* Before-images: what sectors held at the checkpoints of a disk, so that writes can be taken back. */
#ifndef VITRINE_BACKENDS_UNDO_LOG_H
#define VITRINE_BACKENDS_UNDO_LOG_H

#include "backends/image.h"

struct undo_log;

/* For a disk of `sectors`, with room for `room` before-images, allocated here. NULL: out of memory. */
struct undo_log *undo_log_new(uint64_t sectors, uint32_t room);
void undo_log_free(struct undo_log *log);
/* A new mark, from 1 on. */
uint64_t undo_log_mark(struct undo_log *log);
/* Whether everything that was replaced since the mark is still here. */
bool undo_log_has(const struct undo_log *log, uint64_t mark);
/* Before a write: keeps what the sectors hold, once a mark. The oldest marks are given up when there
 * is no more room. An errno when they can't be read. */
int undo_log_keep(struct undo_log *log, struct image *image, uint64_t lba, uint32_t count);
/* Writes back what was kept since the mark, youngest first, and adds it to `written`. After an errno
 * it can be called again. */
int undo_log_return(struct undo_log *log, struct image *image, uint64_t mark,
                    struct sector_map *written);

#endif
