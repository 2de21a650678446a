#include "hypervisor/windows.h"

#define GRIP 4u /* as much of a title, in heights of it, stays on the display */

/*@ requires low <= high;
    assigns \nothing;
    ensures low <= \result <= high;
    ensures low <= value <= high ==> \result == value;
    ensures (value < low ==> \result == low) && (value > high ==> \result == high); */
static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void windows_init(struct windows *windows, uint32_t width, uint32_t height, uint32_t bar,
                  uint32_t title, unsigned count, unsigned columns)
{
    unsigned rows = (count + columns - 1) / columns;
    *windows = (struct windows){
        .width = width, .height = height, .bar = bar, .title = title, .count = count};
    for (unsigned i = 0; i < count; i++) {
        struct window *window = &windows->at[i];
        window->width = width / columns;
        window->height = (height - bar) / rows;
        window->x = (int32_t)(i % columns * window->width);
        window->y = (int32_t)(i / columns * window->height);
        windows->order[i] = (uint8_t)i;
    }
}

/* --- the map ---------------------------------------------------------------------------------------- */

static uint32_t desk_rows(const struct windows *windows)
{
    return windows->height - windows->bar;
}

/*@ requires \valid_read(window);
    assigns \nothing;
    ensures \result != 0 ==> !window->is_hidden && window->y <= y < window->y + window->height; */
static bool reaches_row(const struct window *window, uint32_t y)
{
    return !window->is_hidden && window->y <= (int64_t)y &&
           (int64_t)y < (int64_t)window->y + window->height;
}

int windows_owner(const struct windows *windows, uint32_t x, uint32_t y)
{
    if (y >= desk_rows(windows))
        return WINDOWS_BAR;
    for (unsigned i = windows->count; i-- > 0;) {
        const struct window *window = &windows->at[windows->order[i]];
        if (reaches_row(window, y) && window->x <= (int64_t)x &&
            (int64_t)x < (int64_t)window->x + window->width)
            return windows->order[i];
    }
    return WINDOWS_DESK;
}

/* The part of [first, end) that lies on the display; false: none. */
/*@ requires \valid_read(windows) && \valid(span) && \separated(windows, span);
    assigns *span;
    ensures span->first + span->count <= windows->width;
    ensures \result == 0 || \result == 1;
    ensures \result == 1 ==> span->count > 0 && first <= span->first && span->first + span->count <= end;
    ensures \result == 0 ==> span->count == 0; */
static bool clip(const struct windows *windows, int64_t first, int64_t end,
                 struct windows_span *span)
{
    first = within(first, 0, windows->width);
    end = within(end, 0, windows->width);
    span->first = (uint32_t)first;
    span->count = end > first ? (uint32_t)(end - first) : 0;
    return span->count > 0;
}

/* Takes [first, end) away from spans that are sorted and apart: at most one of them falls in two. */
static size_t subtract(struct windows_span *spans, size_t count, int64_t first, int64_t end)
{
    struct windows_span left[WINDOWS_SPANS_MAX];
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t from = spans[i].first, to = from + spans[i].count;
        int64_t before = first < to ? first : to, after = end > from ? end : from;
        if (before > from && made < WINDOWS_SPANS_MAX)
            left[made++] = (struct windows_span){(uint32_t)from, (uint32_t)(before - from)};
        if (after < to && made < WINDOWS_SPANS_MAX)
            left[made++] = (struct windows_span){(uint32_t)after, (uint32_t)(to - after)};
    }
    for (size_t i = 0; i < made; i++)
        spans[i] = left[i];
    return made;
}

static unsigned place_of(const struct windows *windows, unsigned window)
{
    unsigned i = 0;
    while (i < windows->count && windows->order[i] != window)
        i++;
    return i;
}

size_t windows_spans(const struct windows *windows, int owner, uint32_t y,
                     struct windows_span spans[WINDOWS_SPANS_MAX])
{
    const struct window *own = owner >= 0 ? &windows->at[owner] : NULL;
    int64_t first = own ? own->x : 0, end = own ? first + own->width : windows->width;
    size_t count;
    if (owner >= (int)windows->count || y >= windows->height || (own && !reaches_row(own, y)) ||
        (y >= desk_rows(windows)) != (owner == WINDOWS_BAR))
        return 0;
    count = clip(windows, first, end, &spans[0]) ? 1 : 0;
    if (owner == WINDOWS_BAR)
        return count;
    for (unsigned i = own ? place_of(windows, (unsigned)owner) + 1 : 0; i < windows->count; i++) {
        const struct window *above = &windows->at[windows->order[i]];
        if (reaches_row(above, y))
            count = subtract(spans, count, above->x, (int64_t)above->x + above->width);
    }
    return count;
}

bool windows_map(const struct windows *windows, unsigned window, uint32_t x, uint32_t y,
                 uint32_t *to_x, uint32_t *to_y)
{
    const struct window *own = &windows->at[window];
    int64_t at_x = (int64_t)own->x + x, at_y = (int64_t)own->y + y;
    if (x >= own->width || y >= own->height || at_x < 0 || at_x >= windows->width || at_y < 0 ||
        at_y >= windows->height ||
        windows_owner(windows, (uint32_t)at_x, (uint32_t)at_y) != (int)window)
        return false;
    *to_x = (uint32_t)at_x;
    *to_y = (uint32_t)at_y;
    return true;
}

/* --- changes ---------------------------------------------------------------------------------------- */

void windows_move(struct windows *windows, unsigned window, int64_t x, int64_t y)
{
    struct window *own = &windows->at[window];
    int64_t grip = (int64_t)windows->title * GRIP, bottom = desk_rows(windows) - windows->title;
    if (grip > own->width)
        grip = own->width;
    own->x = (int32_t)within(x, grip - own->width, windows->width - grip);
    own->y = (int32_t)within(y, 0, bottom);
    windows->generation++;
}

void windows_resize(struct windows *windows, unsigned window, uint32_t width, uint32_t height)
{
    struct window *own = &windows->at[window];
    own->width = (uint32_t)within(width, windows->title * 2, windows->width);
    own->height = (uint32_t)within(height, windows->title * 2, desk_rows(windows));
    own->is_sized = true;
    windows_move(windows, window, own->x, own->y);
}

void windows_raise(struct windows *windows, unsigned window)
{
    for (unsigned i = place_of(windows, window); i + 1 < windows->count; i++) {
        windows->order[i] = windows->order[i + 1];
        windows->order[i + 1] = (uint8_t)window;
    }
    windows->generation++;
}

void windows_hide(struct windows *windows, unsigned window, bool is_hidden)
{
    windows->at[window].is_hidden = is_hidden;
    windows->generation++;
}
