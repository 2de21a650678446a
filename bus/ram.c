#include "bus/ram.h"

#include <stdlib.h>
#include <string.h>
#define LARGE_PAGE ((size_t)2 << 20) /* the workstation's, on x86-64 and AArch64 */

enum status ram_init(struct ram *ram, const char *name, uint32_t id, size_t frames,
                     struct error *error)
{
    size_t alignment = frames * FRAME_BYTES >= LARGE_PAGE ? LARGE_PAGE : FRAME_BYTES;
    memset(ram, 0, sizeof *ram);
    ram->name = name;
    ram->id = id;
    ram->frames = frames;
    /* calloc of this size hands out untouched zero pages: an idle guest's RAM costs nothing. */
    ram->allocation = calloc(1, frames * FRAME_BYTES + alignment);
    ram->flags = calloc(frames, 1);
    if (!ram->allocation || !ram->flags) {
        ram_fini(ram);
        return error_set(error, STATUS_INTERNAL,
                         "the workstation has no %zu KiB for %s; fix: a smaller --memory",
                         frames * 4, name);
    }
    ram->bytes = (uint8_t *)(((uintptr_t)ram->allocation + alignment - 1) & ~(alignment - 1));
    return STATUS_OK;
}

void ram_fini(struct ram *ram)
{
    free(ram->allocation);
    free(ram->flags);
    ram->allocation = NULL;
    ram->bytes = NULL;
    ram->flags = NULL;
    ram->frames = 0;
}

void ram_add_listener(struct ram *ram, struct code_listener *listener)
{
    listener->next = ram->listeners;
    ram->listeners = listener;
}

void ram_remove_listener(struct ram *ram, struct code_listener *listener)
{
    struct code_listener **at = &ram->listeners;
    while (*at && *at != listener)
        at = &(*at)->next;
    if (*at)
        *at = listener->next;
}

void ram_written(struct ram *ram, size_t frame, uint32_t offset, uint32_t bytes)
{
    uint8_t flags = ram->flags[frame];
    ram->flags[frame] = flags | FRAME_WRITTEN;
    if (!(flags & FRAME_CODE))
        return;
    for (struct code_listener *l = ram->listeners; l; l = l->next)
        l->written(l->self, ram_frame_id(ram, frame), offset, bytes);
}

void ram_clear(struct ram *ram)
{
    for (size_t frame = 0; frame < ram->frames; frame++) {
        if (!(ram->flags[frame] & FRAME_USED))
            continue;
        memset(ram->bytes + frame * FRAME_BYTES, 0, FRAME_BYTES);
        ram_written(ram, frame, 0, FRAME_BYTES);
    }
}
