/* One timeline per world, and the views of it that machines see.
 *
 * The unit of time is one executed instruction; every charged cost advances it too. Rates convert
 * rationally from the absolute time (the 8254 runs at 105/88 MHz), never by accumulation:
 *
 *   timeline.now   0────────────1────────────2── ... instructions, `hz` of them to a second
 *   clock          now - offset: a machine's own time; it stands still while frozen
 *   event          fires when its clock reaches `when`; ties by sequence, in the order of arming
 *
 * The runner sets `slice_end` to the nearest deadline and lets a CPU run up to it. Whoever arms a
 * nearer event during an access moves `slice_end` closer; the CPU looks at it after each access. */
#ifndef VITRINE_BUS_CLOCK_H
#define VITRINE_BUS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_stream;
struct clock;

struct timeline {
    uint64_t now;           /* host time, in instructions */
    uint64_t hz;            /* instructions to a second */
    uint64_t slice_end;     /* the running CPU stops here; never in the past of `now` */
    uint64_t next_sequence; /* orders events of the same instant */
    struct clock *clocks;   /* the views, in order of creation */
};

/* A callback at an instant of a clock. Embedded in its owner. */
struct event {
    void (*fire)(void *self);
    void *self;
    const char *name;
    struct clock *clock;
    uint64_t when;     /* in the clock's time */
    uint64_t sequence; /* of its arming */
    size_t slot;       /* place in the clock's heap, from 1; 0 = not armed */
};

/* A machine's view of the time: heap of its events, offset, freeze. */
struct clock {
    struct timeline *timeline;
    uint64_t offset; /* host time when this clock stood at zero */
    bool is_frozen;
    uint64_t frozen_at; /* its time while frozen */
    struct event **heap; /* heap[0..armed-1], nearest first */
    size_t armed, capacity, registered;
    struct clock *next;
};

void timeline_init(struct timeline *timeline, uint64_t hz);
/* Host time of the nearest event of any clock that is not frozen; UINT64_MAX when there is none. */
uint64_t timeline_next_deadline(const struct timeline *timeline);
/* Fires every event that is due at `now`, in order of (host time, sequence), including those that
 * are armed for `now` meanwhile. At most `limit` events, so that no device can hold the world. */
void timeline_fire_due(struct timeline *timeline, unsigned limit);
/* Advances the host's time by a cost (in instructions) and ends the running slice if it is over. */
void timeline_charge(struct timeline *timeline, uint64_t instructions);
/* The running CPU stops after the current instruction. */
static inline void timeline_cut(struct timeline *timeline)
{
    timeline->slice_end = timeline->now;
}

void clock_init(struct clock *clock, struct timeline *timeline);
void clock_fini(struct clock *clock);
/* This clock's time, in instructions since it was started. */
static inline uint64_t clock_now(const struct clock *clock)
{
    return clock->is_frozen ? clock->frozen_at : clock->timeline->now - clock->offset;
}
/* Policy `virtual`: time stands still while the guest is preempted. Idempotent. */
void clock_freeze(struct clock *clock);
void clock_thaw(struct clock *clock);

/* Whole ticks of a rate of numerator/denominator Hz since the clock's zero. */
uint64_t clock_ticks(const struct clock *clock, uint64_t numerator, uint64_t denominator);
/* The first instant at which clock_ticks() of that rate is at least `ticks`. */
uint64_t clock_when_ticks(const struct clock *clock, uint64_t ticks, uint64_t numerator,
                          uint64_t denominator);
uint64_t clock_ns(const struct clock *clock);
/* The instant `ns` nanoseconds from now (at least one instruction ahead when ns > 0). */
uint64_t clock_after_ns(const struct clock *clock, uint64_t ns);
uint64_t timeline_ns(const struct timeline *timeline, uint64_t instant);

/* Registers the event with its clock; room is reserved here, so that arming never allocates. */
void event_init(struct event *event, struct clock *clock, const char *name,
                void (*fire)(void *self), void *self);
void event_fini(struct event *event);
/* Arms (or moves) the event. A time in the past fires as soon as the current instruction is over. */
void event_arm(struct event *event, uint64_t when);
void event_disarm(struct event *event);
static inline bool event_is_armed(const struct event *event)
{
    return event->slot != 0;
}
/* Saved form: bool armed, u64 when, u64 sequence. */
void event_save(const struct event *event, struct state_stream *stream);
void event_load(struct event *event, struct state_stream *stream);

#endif
