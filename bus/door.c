#include "bus/door.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/clock.h"
#include "bus/space.h"

const char *const DECISION_NAMES[6] = {"none", "emulate", "map", "pass", "deny", "share"};
const char *const INTERRUPT_STEP_NAMES[INTERRUPT_STEPS] = {
    "",      "raised",   "lowered", "requested", "acknowledged", "entered",
    "ended", "injected", "masked",  "lost",      "unserved"};

void door_init(struct door *door, struct timeline *timeline)
{
    memset(door, 0, sizeof *door);
    door->timeline = timeline;
    door->next_id = 1;
}

void door_fini(struct door *door)
{
    free(door->scratch);
    door->scratch = NULL;
}

static void update_spaces(struct door *door)
{
    for (struct space *space = door->spaces; space; space = space->next)
        space_update_hooks(space);
}

void door_add_watcher(struct door *door, struct door_watcher *watcher)
{
    struct door_watcher **end = &door->watchers;
    while (*end)
        end = &(*end)->next;
    watcher->next = NULL;
    *end = watcher;
    update_spaces(door);
}

void door_remove_watcher(struct door *door, struct door_watcher *watcher)
{
    struct door_watcher **at = &door->watchers;
    while (*at && *at != watcher)
        at = &(*at)->next;
    if (*at)
        *at = watcher->next;
    update_spaces(door);
}

void door_note(struct door *door, enum decision decision, const char *format, ...)
{
    struct access *access = door->current;
    size_t used;
    va_list arguments;
    if (!access)
        return;
    if (decision != DECISION_NONE)
        access->decision = decision;
    if (!access->is_shown)
        return;
    used = strlen(access->note);
    if (used && used + 2 < sizeof access->note) {
        memcpy(access->note + used, "; ", 3);
        used += 2;
    }
    va_start(arguments, format);
    vsnprintf(access->note + used, sizeof access->note - used, format, arguments);
    va_end(arguments);
}

void door_show(struct door *door, struct door_event *event)
{
    const struct door_watcher *taker = door->watchers;
    while (taker && !taker->event)
        taker = taker->next;
    if (!taker)
        return; /* nobody numbers what nobody takes */
    event->id = door->next_id++;
    event->time = door->timeline->now;
    if (event->cause == 0)
        event->cause = door_cause(door);
    for (struct door_watcher *w = door->watchers; w; w = w->next)
        if (w->event)
            w->event(w->self, event);
}

uint64_t door_cause(const struct door *door)
{
    const struct access *access = door->current;
    if (!access)
        return door->cause;
    return access->cause ? access->cause : access->id;
}

void door_reserve(struct door *door, size_t bytes)
{
    uint8_t *grown;
    if (bytes <= door->scratch_bytes)
        return;
    bytes = (bytes + 15) & ~(size_t)15; /* each copy is aligned as the structure is */
    grown = realloc(door->scratch, bytes * DOOR_NESTING);
    if (!grown)
        return; /* reads are then described from the state after them */
    door->scratch = grown;
    door->scratch_bytes = bytes;
}
