/* Where the guests' windows lie on the host's display, and which part of each can be seen.
 *
 * All of it is arithmetic on a struct: no device, no guest. A unit is a pixel, or on a text host a
 * character's cell. The map is total: every place of the display belongs to exactly one owner, the
 * topmost window there, else the desk, or the bar in the last rows, which nothing covers. */
#ifndef VITRINE_HYPERVISOR_WINDOWS_H
#define VITRINE_HYPERVISOR_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOWS_MAX       64
#define WINDOWS_SPANS_MAX (WINDOWS_MAX + 1)
#define WINDOWS_BAR       (-1) /* owners that are no window */
#define WINDOWS_DESK      (-2)

struct window {
    int32_t x, y;           /* may lie partly outside of the display */
    uint32_t width, height; /* of the frame, title included */
    bool is_hidden;
    bool is_sized; /* by somebody: the picture fills it, even if it must be enlarged */
};

struct windows {
    uint32_t width, height; /* of the display, bar included */
    uint32_t bar, title;    /* rows */
    unsigned count;
    struct window at[WINDOWS_MAX];
    uint8_t order[WINDOWS_MAX]; /* from the lowest to the topmost */
    uint64_t generation;        /* counts changes */
};

struct windows_span {
    uint32_t first, count;
};

/* A grid of `columns`. count: 1 to WINDOWS_MAX. */
void windows_init(struct windows *windows, uint32_t width, uint32_t height, uint32_t bar,
                  uint32_t title, unsigned count, unsigned columns);

/* --- pure ------------------------------------------------------------------------------------------ */

/* Whose place (x, y) is: a window's number, WINDOWS_BAR or WINDOWS_DESK. Within the display only. */
int windows_owner(const struct windows *windows, uint32_t x, uint32_t y);
/* What of row y belongs to `owner`, from left to right; returns how many spans. */
size_t windows_spans(const struct windows *windows, int owner, uint32_t y,
                     struct windows_span spans[WINDOWS_SPANS_MAX]);
/* Where place (x, y) of a window's frame is seen; false: outside of the frame or the display, covered
 * or hidden. */
bool windows_map(const struct windows *windows, unsigned window, uint32_t x, uint32_t y,
                 uint32_t *to_x, uint32_t *to_y);

/* --- changes: what is asked for is brought within bounds, so that no window gets lost ----------------- */

void windows_move(struct windows *windows, unsigned window, int64_t x, int64_t y);
void windows_resize(struct windows *windows, unsigned window, uint32_t width, uint32_t height);
void windows_raise(struct windows *windows, unsigned window);
void windows_hide(struct windows *windows, unsigned window, bool is_hidden);

#endif
