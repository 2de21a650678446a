/* Frames of RAM and ROM of one owner: the host's memory, of which guests are lent frames.
 *
 * Each frame of 4 KiB has flags: DIRTY (written since they were last cleared), USED (written since it was
 * made) and CODE (a CPU holds decoded code of it, so writes must be reported). A frame has an identity that does not depend on
 * where the workstation put it: `id` << 32 | frame number; decoded code is found by it. */
#ifndef VITRINE_BUS_RAM_H
#define VITRINE_BUS_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define FRAME_SHIFT 12
#define FRAME_BYTES 4096u
#define FRAME_MASK 4095u

enum frame_flag { FRAME_DIRTY = 1, FRAME_CODE = 2, FRAME_USED = 4 };
#define FRAME_WRITTEN (FRAME_DIRTY | FRAME_USED)

/* Who wants to know of writes to frames that hold decoded code. */
struct code_listener {
    void (*written)(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes);
    void *self;
    struct code_listener *next;
};

struct ram {
    const char *name;
    uint8_t *bytes; /* aligned, within: */
    void *allocation;
    uint8_t *flags; /* enum frame_flag, one byte a frame */
    size_t frames;
    uint32_t id;
    struct code_listener *listeners;
};

/* Zeroed memory of frames * 4 KiB, page aligned; 2 MiB and more: aligned for large pages. */
enum status ram_init(struct ram *ram, const char *name, uint32_t id, size_t frames,
                     struct error *error);
void ram_fini(struct ram *ram);
void ram_add_listener(struct ram *ram, struct code_listener *listener);
void ram_remove_listener(struct ram *ram, struct code_listener *listener);
/* The one call after every write that did not come through a CPU's write pointer: marks the frame
 * dirty and has decoded code forgotten. The bytes must not cross a frame. */
void ram_written(struct ram *ram, size_t frame, uint32_t offset, uint32_t bytes);
/* Zeroes all of it. Frames that were never written are zero and stay untouched: they cost the workstation
 * nothing. */
void ram_clear(struct ram *ram);
static inline uint64_t ram_frame_id(const struct ram *ram, size_t frame)
{
    return (uint64_t)ram->id << 32 | frame;
}

#endif
