#include "bus/clock.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/state.h"

#define NS_PER_SECOND UINT64_C(1000000000)

void timeline_init(struct timeline *timeline, uint64_t hz)
{
    memset(timeline, 0, sizeof *timeline);
    timeline->hz = hz;
}

void timeline_charge(struct timeline *timeline, uint64_t instructions)
{
    timeline->now += instructions;
    if (timeline->slice_end < timeline->now)
        timeline->slice_end = timeline->now;
}

uint64_t timeline_ns(const struct timeline *timeline, uint64_t instant)
{
    return muldiv_floor(instant, NS_PER_SECOND, timeline->hz);
}

/* --- clocks ------------------------------------------------------------------------------- */

void clock_init(struct clock *clock, struct timeline *timeline)
{
    struct clock **end = &timeline->clocks;
    memset(clock, 0, sizeof *clock);
    clock->timeline = timeline;
    clock->offset = timeline->now;
    while (*end)
        end = &(*end)->next;
    *end = clock;
}

void clock_fini(struct clock *clock)
{
    struct clock **at = &clock->timeline->clocks;
    while (*at && *at != clock)
        at = &(*at)->next;
    if (*at)
        *at = clock->next;
    free(clock->heap);
    clock->heap = NULL;
}

void clock_freeze(struct clock *clock)
{
    if (clock->is_frozen)
        return;
    clock->frozen_at = clock_now(clock);
    clock->is_frozen = true;
}

void clock_thaw(struct clock *clock)
{
    if (!clock->is_frozen)
        return;
    clock->offset = clock->timeline->now - clock->frozen_at;
    clock->is_frozen = false;
}

uint64_t clock_ticks(const struct clock *clock, uint64_t numerator, uint64_t denominator)
{
    return muldiv_floor(clock_now(clock), numerator, clock->timeline->hz * denominator);
}

uint64_t clock_when_ticks(const struct clock *clock, uint64_t ticks, uint64_t numerator,
                          uint64_t denominator)
{
    return muldiv_ceil(ticks, clock->timeline->hz * denominator, numerator);
}

uint64_t clock_ns(const struct clock *clock)
{
    return timeline_ns(clock->timeline, clock_now(clock));
}

uint64_t clock_after_ns(const struct clock *clock, uint64_t ns)
{
    return clock_now(clock) + muldiv_ceil(ns, clock->timeline->hz, NS_PER_SECOND);
}

/* --- the heap of a clock's events ----------------------------------------------------------- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->when != b->when ? a->when < b->when : a->sequence < b->sequence;
}

static void heap_put(struct clock *clock, size_t slot, struct event *event)
{
    clock->heap[slot - 1] = event;
    event->slot = slot;
}

static void heap_sift(struct clock *clock, struct event *event, size_t slot)
{
    while (slot > 1 && is_before(event, clock->heap[slot / 2 - 1])) {
        heap_put(clock, slot, clock->heap[slot / 2 - 1]);
        slot /= 2;
    }
    for (;;) {
        size_t child = slot * 2;
        if (child > clock->armed)
            break;
        if (child < clock->armed && is_before(clock->heap[child], clock->heap[child - 1]))
            child++;
        if (!is_before(clock->heap[child - 1], event))
            break;
        heap_put(clock, slot, clock->heap[child - 1]);
        slot = child;
    }
    heap_put(clock, slot, event);
}

void event_init(struct event *event, struct clock *clock, const char *name,
                void (*fire)(void *self), void *self)
{
    memset(event, 0, sizeof *event);
    event->clock = clock;
    event->name = name;
    event->fire = fire;
    event->self = self;
    if (++clock->registered > clock->capacity) {
        size_t capacity = clock->registered * 2 + 16;
        struct event **heap = realloc(clock->heap, capacity * sizeof *heap);
        if (!heap)
            abort(); /* at set-up, out of memory on the workstation: nothing runs yet */
        clock->heap = heap;
        clock->capacity = capacity;
    }
}

void event_fini(struct event *event)
{
    if (!event->clock)
        return;
    event_disarm(event);
    event->clock->registered--;
    event->clock = NULL;
}

static void arm_with_sequence(struct event *event, uint64_t when, uint64_t sequence)
{
    struct clock *clock = event->clock;
    size_t slot = event->slot ? event->slot : ++clock->armed;
    event->when = when;
    event->sequence = sequence;
    heap_sift(clock, event, slot);
}

void event_arm(struct event *event, uint64_t when)
{
    struct clock *clock = event->clock;
    struct timeline *timeline = clock->timeline;
    uint64_t host;
    if (when < clock_now(clock))
        when = clock_now(clock);
    arm_with_sequence(event, when, timeline->next_sequence++);
    if (clock->is_frozen)
        return;
    host = when + clock->offset;
    if (host < timeline->slice_end)
        timeline->slice_end = host < timeline->now ? timeline->now : host;
}

void event_disarm(struct event *event)
{
    struct clock *clock = event->clock;
    struct event *last;
    size_t slot = event->slot;
    if (slot == 0)
        return;
    event->slot = 0;
    last = clock->heap[--clock->armed];
    if (last != event)
        heap_sift(clock, last, slot);
}

void event_save(const struct event *event, struct state_stream *stream)
{
    bool is_armed = event_is_armed(event);
    state_put_uint(stream, is_armed, 1);
    state_put_uint(stream, is_armed ? event->when : 0, 8);
    state_put_uint(stream, is_armed ? event->sequence : 0, 8);
}

void event_load(struct event *event, struct state_stream *stream)
{
    bool is_armed = state_get_uint(stream, 1) != 0;
    uint64_t when = state_get_uint(stream, 8);
    uint64_t sequence = state_get_uint(stream, 8);
    event_disarm(event);
    if (is_armed)
        arm_with_sequence(event, when, sequence);
}

/* --- the timeline over all clocks ------------------------------------------------------------ */

/* The clock whose first event is the nearest; NULL when none is armed. */
static struct clock *nearest(const struct timeline *timeline, uint64_t *host)
{
    struct clock *best = NULL;
    for (struct clock *clock = timeline->clocks; clock; clock = clock->next) {
        uint64_t when;
        if (clock->is_frozen || clock->armed == 0)
            continue;
        when = clock->heap[0]->when + clock->offset;
        if (!best || when < *host ||
            (when == *host && clock->heap[0]->sequence < best->heap[0]->sequence)) {
            best = clock;
            *host = when;
        }
    }
    return best;
}

uint64_t timeline_next_deadline(const struct timeline *timeline)
{
    uint64_t host = UINT64_MAX;
    return nearest(timeline, &host) ? host : UINT64_MAX;
}

void timeline_fire_due(struct timeline *timeline, unsigned limit)
{
    while (limit-- > 0) {
        uint64_t host = UINT64_MAX;
        struct clock *clock = nearest(timeline, &host);
        struct event *event;
        if (!clock || host > timeline->now)
            return;
        event = clock->heap[0];
        event_disarm(event);
        event->fire(event->self);
    }
}
