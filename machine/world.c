#include "machine/world.h"

#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "bus/state.h"
#include "cpu/cpu.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define EVENTS_A_ROUND 4096u /* between two rounds the world looks whether it is over */
#define CODE_POOL_BYTES ((size_t)48 << 20)

static uint64_t workstation_ns(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* --- pacing: may delay a run, never changes it ------------------------------------------------- */

static void pace(struct world *world)
{
    uint64_t virtual_ns, real_ns, ahead;
    struct timespec nap;
    if (!world->is_paced)
        return;
    virtual_ns = timeline_ns(&world->timeline, world->timeline.now - world->pace_start_now);
    real_ns = workstation_ns() - world->pace_start_ns;
    if (virtual_ns <= real_ns) {
        if (real_ns - virtual_ns > NS_PER_SECOND / 4) { /* too slow to catch up: start anew */
            world->pace_start_ns += real_ns - virtual_ns;
        }
        return;
    }
    ahead = virtual_ns - real_ns;
    nap.tv_sec = (time_t)(ahead / NS_PER_SECOND);
    nap.tv_nsec = (long)(ahead % NS_PER_SECOND);
    nanosleep(&nap, NULL);
}

static void look_up(struct world *world)
{
    if (atomic_load(&world->requested_status) != 0)
        world_stop(world, atomic_load(&world->requested_status) - 1);
    if (world->deadline_ns && workstation_ns() > world->deadline_ns)
        world_stop(world, STATUS_TIMEOUT);
}

void world_look_up(struct world *world)
{
    look_up(world);
    for (struct world_watcher *w = world->watchers; w && !world->is_over; w = w->next)
        if (w->held)
            w->held(w->self);
}

static void fire_poll(void *self)
{
    struct world *world = self;
    for (struct world_watcher *w = world->watchers; w; w = w->next)
        if (w->poll)
            w->poll(w->self);
    look_up(world);
    pace(world);
    event_arm(&world->poll, clock_now(&world->clock) + world->timeline.hz / WORLD_POLL_HZ);
}

static void fire_frame(void *self)
{
    struct world *world = self;
    for (struct world_watcher *w = world->watchers; w; w = w->next)
        if (w->frame)
            w->frame(w->self);
    event_arm(&world->frame, clock_now(&world->clock) + world->timeline.hz / WORLD_FRAME_HZ);
}

static void fire_limit(void *self)
{
    world_stop(self, STATUS_TIMEOUT);
}

enum status world_init(struct world *world, const struct world_options *options,
                       struct error *error)
{
    memset(world, 0, sizeof *world);
    timeline_init(&world->timeline, options->hz ? options->hz : WORLD_DEFAULT_HZ);
    door_init(&world->door, &world->timeline);
    log_init(&world->log, options->log_level);
    clock_init(&world->clock, &world->timeline);
    world->is_paced = options->is_paced;
    world->pace_start_ns = workstation_ns();
    world->next_ram_id = 1;
    world->ram_made = options->ram_made;
    world->input_hash = HASH_START;
    if (options->timeout_seconds)
        world->deadline_ns = world->pace_start_ns + options->timeout_seconds * NS_PER_SECOND;
    event_init(&world->poll, &world->clock, "poll", fire_poll, world);
    event_init(&world->frame, &world->clock, "frame", fire_frame, world);
    event_init(&world->limit, &world->clock, "limit", fire_limit, world);
    event_arm(&world->poll, world->timeline.hz / WORLD_POLL_HZ);
    event_arm(&world->frame, world->timeline.hz / WORLD_FRAME_HZ);
    if (options->max_instructions)
        event_arm(&world->limit, options->max_instructions);
    return code_pool_new(&world->pool, options->code_bytes ? options->code_bytes : CODE_POOL_BYTES,
                         error);
}

void world_fini(struct world *world)
{
    event_fini(&world->limit);
    event_fini(&world->frame);
    event_fini(&world->poll);
    clock_fini(&world->clock);
    code_pool_free(world->pool);
    door_fini(&world->door);
}

void world_add_watcher(struct world *world, struct world_watcher *watcher)
{
    struct world_watcher **end = &world->watchers;
    while (*end)
        end = &(*end)->next;
    watcher->next = NULL;
    *end = watcher;
}

void world_remove_watcher(struct world *world, struct world_watcher *watcher)
{
    struct world_watcher **at = &world->watchers;
    while (*at && *at != watcher)
        at = &(*at)->next;
    if (*at)
        *at = watcher->next;
}

void world_add_channel(struct world *world, struct world_channel *channel)
{
    struct world_channel **end = &world->channels;
    unsigned number = 0;
    while (*end) {
        end = &(*end)->next;
        number++;
    }
    channel->next = NULL;
    channel->number = number;
    *end = channel;
}

void world_input(struct world *world, const struct world_channel *channel, const void *bytes,
                 size_t count)
{
    uint8_t head[12];
    store_le64(head, world->timeline.now);
    store_le32(head + 8, channel->number);
    world->input_hash = hash_bytes(world->input_hash, head, sizeof head);
    world->input_hash = hash_bytes(world->input_hash, bytes, count);
    world->input_count++;
    if (world->keep_input)
        world->keep_input(world->keep_input_self, channel, bytes, count);
    channel->deliver(channel->self, bytes, count);
}

void world_stop(struct world *world, int exit_status)
{
    if (!world->is_over) {
        world->is_over = true;
        world->exit_status = exit_status;
    }
    timeline_cut(&world->timeline);
}

/* --- state ------------------------------------------------------------------------------------- */

#define WORLD_STATE_VERSION 1

static const struct state_field WORLD_STATE[] = {
    STATE_TIMER(struct world, poll),
    STATE_TIMER(struct world, frame),
    STATE_ONE(struct world, input_count),
    STATE_ONE(struct world, input_hash),
    STATE_TABLE_END,
};

void world_save(const struct world *world, struct state_stream *stream)
{
    struct state_stream payload = {0};
    state_put_uint(&payload, world->timeline.hz, 8);
    state_put_uint(&payload, world->timeline.now, 8);
    state_put_uint(&payload, world->timeline.next_sequence, 8);
    state_save(&payload, WORLD_STATE, world);
    state_put_section(stream, "world", WORLD_STATE_VERSION, &payload);
    state_stream_free(&payload);
}

enum status world_load(struct world *world, struct state_stream *stream, struct error *error)
{
    struct state_stream payload;
    unsigned version;
    uint64_t hz, sequence, allowed = world->limit.when;
    enum status status = state_get_section(stream, "world", &version, &payload, error);
    if (status != STATUS_OK)
        return status;
    hz = state_get_uint(&payload, 8);
    if (hz != world->timeline.hz)
        return error_set(error, STATUS_USAGE, "the snapshot's clock has %llu Hz; fix: --clock %llu",
                         (unsigned long long)hz, (unsigned long long)hz);
    world->timeline.now = state_get_uint(&payload, 8);
    sequence = state_get_uint(&payload, 8);
    if (version > WORLD_STATE_VERSION || !state_load(&payload, WORLD_STATE, world, version))
        return error_set(error, STATUS_FILE, "section 'world' of the snapshot does not fit; fix: load "
                         "it with the program that saved it");
    if (event_is_armed(&world->limit))
        event_arm(&world->limit, world->timeline.now + allowed);
    world->timeline.next_sequence = sequence;
    world->pace_start_now = world->timeline.now;
    return STATUS_OK;
}

void world_hold(struct world *world)
{
    world->is_held = true;
    timeline_cut(&world->timeline);
}

void world_request_stop(struct world *world, int exit_status)
{
    atomic_store(&world->requested_status, exit_status + 1);
}

bool world_request_break(struct world *world)
{
    if (!atomic_load(&world->takes_breaks))
        return false;
    atomic_store(&world->requested_break, true);
    return true;
}

/* Nothing runs and no device will ever wake it: only the outside could, and it can still come. */
static void go_idle(struct world *world)
{
    struct timeline *timeline = &world->timeline;
    uint64_t ns;
    if (timeline->slice_end == UINT64_MAX || timeline->slice_end <= timeline->now)
        return;
    ns = timeline_ns(timeline, timeline->slice_end - timeline->now);
    for (struct world_watcher *w = world->watchers; w; w = w->next)
        if (w->idle)
            w->idle(w->self, ns);
    timeline->now = timeline->slice_end;
}

/* One round: due events, then execution up to the nearest deadline. */
static void world_round(struct world *world, uint64_t end)
{
    struct timeline *timeline = &world->timeline;
    uint64_t deadline;
    timeline_fire_due(timeline, EVENTS_A_ROUND);
    if (world->is_over || world->is_held || timeline->now >= end)
        return;
    deadline = timeline_next_deadline(timeline);
    timeline->slice_end = deadline < end ? deadline : end;
    if (timeline->slice_end <= timeline->now) {
        /* More due events than a round may fire: execution must go on all the same. */
        timeline->slice_end = timeline->now + 1;
    }
    if (!world->runner.run(world->runner.self) && !world->is_over)
        go_idle(world);
}

bool world_advance(struct world *world, uint64_t instructions)
{
    uint64_t now = world->timeline.now;
    uint64_t end = instructions > UINT64_MAX - now ? UINT64_MAX : now + instructions;
    while (!world->is_over && !world->is_held && world->timeline.now < end)
        world_round(world, end);
    return !world->is_over;
}

int world_run(struct world *world)
{
    while (!world->is_over)
        world_round(world, UINT64_MAX);
    return world->exit_status;
}
