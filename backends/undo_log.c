/* A ring of before-images in the order of writing, and a ring of marks that point into it.
 *
 *   marks       1          2                    3
 *               │          │                    │
 *   images   ···[lba 7][lba 9][lba 7][lba 8]···[lba 7]··· head
 *            ▲ tail: what is older was given up, and every mark before it
 *
 * Between two marks a sector is kept once, its first contents: the map of kept sectors is emptied at
 * each mark. (Kept twice does no harm: going back, the older one is written last.) */
#include "backends/undo_log.h"

#include <stdlib.h>
#include <string.h>

#define MARKS 4096u

struct before {
    uint64_t lba;
    uint8_t bytes[SECTOR_BYTES];
};

struct undo_log {
    struct sector_map kept; /* since the last mark */
    uint32_t room;
    uint64_t head, tail;    /* images were numbered as they came; the ring holds tail .. head - 1 */
    uint64_t last_mark;     /* 0: none yet */
    uint64_t starts[MARKS]; /* of mark m, at m % MARKS: the first image after it */
    struct before *ring;    /* room */
};

struct undo_log *undo_log_new(uint64_t sectors, uint32_t room)
{
    struct undo_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->room = room;
    log->ring = calloc(room, sizeof *log->ring);
    if (!log->ring || !sector_map_init(&log->kept, sectors, 1)) {
        undo_log_free(log);
        return NULL;
    }
    return log;
}

void undo_log_free(struct undo_log *log)
{
    if (!log)
        return;
    sector_map_free(&log->kept);
    free(log->ring);
    free(log);
}

/* The sector's contents are to be kept (again) at its next write. */
static void forget(struct undo_log *log, uint64_t image)
{
    uint64_t lba = log->ring[image % log->room].lba;
    log->kept.bits[lba >> 6] &= ~((uint64_t)1 << (lba & 63));
}

uint64_t undo_log_mark(struct undo_log *log)
{
    uint64_t start = log->last_mark ? log->starts[log->last_mark % MARKS] : 0;
    for (uint64_t i = start > log->tail ? start : log->tail; i < log->head; i++)
        forget(log, i);
    log->last_mark++;
    log->starts[log->last_mark % MARKS] = log->head;
    return log->last_mark;
}

bool undo_log_has(const struct undo_log *log, uint64_t mark)
{
    return mark >= 1 && mark <= log->last_mark && log->last_mark - mark < MARKS &&
           log->starts[mark % MARKS] >= log->tail;
}

int undo_log_keep(struct undo_log *log, struct image *image, uint64_t lba, uint32_t count)
{
    for (uint64_t at = lba; at < lba + count; at++) {
        struct before *before = &log->ring[log->head % log->room];
        int code;
        if (sector_map_has(&log->kept, at))
            continue;
        if (log->head - log->tail == log->room)
            forget(log, log->tail++);
        code = image->ops->read(image, at, 1, before->bytes);
        if (code)
            return code;
        before->lba = at;
        log->head++;
        sector_map_add(&log->kept, at, 1);
    }
    return 0;
}

int undo_log_return(struct undo_log *log, struct image *image, uint64_t mark,
                    struct sector_map *written)
{
    while (log->head > log->starts[mark % MARKS]) {
        const struct before *before = &log->ring[(log->head - 1) % log->room];
        int code = image->ops->write(image, before->lba, 1, before->bytes);
        if (code)
            return code;
        sector_map_add(written, before->lba, 1);
        forget(log, --log->head);
    }
    log->last_mark = mark;
    return 0;
}
