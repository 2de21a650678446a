#include "debugger/engine.h"

#include <string.h>

#include "base/bits.h"
#include "machine/machine.h"

/* --- points -------------------------------------------------------------------------------------------- */

/* Tells the CPU what to watch; the list's order is that of the points. */
static enum status set_watches(struct engine *engine, struct error *error)
{
    struct cpu_watch watches[ENGINE_POINTS];
    for (size_t i = 0; i < engine->point_count; i++) {
        const struct engine_point *point = &engine->points[i];
        watches[i] =
            (struct cpu_watch){point->kind, point->is_physical, point->address, point->length};
    }
    return cpu_set_watches(engine->machine->cpu, watches, engine->point_count, error);
}

enum status engine_add_point(struct engine *engine, const struct engine_point *point, int *number,
                             struct error *error)
{
    struct engine_point *added = &engine->points[engine->point_count];
    enum status status;
    if (engine->point_count == ENGINE_POINTS)
        return error_set(error, STATUS_USAGE,
                         "there are %d breakpoints and watchpoints already; fix: "
                         "delete some",
                         ENGINE_POINTS);
    if (point->length == 0 || point->address + (point->length - 1) < point->address)
        return error_set(error, STATUS_USAGE,
                         "a watchpoint needs 1 or more bytes below the end of "
                         "the address space");
    *added = *point;
    added->number = engine->next_number;
    added->hits = 0;
    engine->point_count++;
    status = set_watches(engine, error);
    if (status != STATUS_OK) {
        engine->point_count--;
        return status;
    }
    *number = engine->next_number++;
    return STATUS_OK;
}

static void remove_at(struct engine *engine, size_t index)
{
    struct error ignored = {0};
    engine->point_count--;
    memmove(&engine->points[index], &engine->points[index + 1],
            (engine->point_count - index) * sizeof engine->points[0]);
    set_watches(engine, &ignored); /* a shorter list always fits */
}

bool engine_remove_point(struct engine *engine, int number)
{
    for (size_t i = 0; i < engine->point_count; i++)
        if (engine->points[i].number == number) {
            remove_at(engine, i);
            return true;
        }
    return false;
}

const struct engine_point *engine_find_point(const struct engine *engine, int number)
{
    for (size_t i = 0; i < engine->point_count; i++)
        if (engine->points[i].number == number)
            return &engine->points[i];
    return NULL;
}

/* --- stopping and going on -------------------------------------------------------------------------- */

void engine_hold(struct engine *engine)
{
    if (engine->is_stopped)
        return;
    engine->was_asked = true;
    world_hold(engine->world);
}

void engine_resume(struct engine *engine)
{
    engine->is_stopped = false;
    engine->is_stepping = false;
}

void engine_step(struct engine *engine)
{
    engine->is_stopped = false;
    engine->is_stepping = true;
}

void engine_reset(struct engine *engine)
{
    machine_reset(engine->machine);
}

/* Finds out why the world is held. False: for no reason that the client knows of. */
static bool find_reason(struct engine *engine)
{
    struct machine *machine = engine->machine;
    struct engine_stop *stop = &engine->stop;
    bool was_asked = engine->was_asked;
    struct cpu_debug_event event;
    memset(stop, 0, sizeof *stop);
    engine->was_asked = false;
    if (!machine->debug_stopped) {
        stop->reason = STOP_ASKED;
        return was_asked;
    }
    machine->debug_stopped = false;
    if (machine->shutdown_shown) {
        stop->reason = STOP_SHUTDOWN;
        return true;
    }
    cpu_debug_event(machine->cpu, &event);
    if (event.watch >= 0 && (size_t)event.watch < engine->point_count) {
        struct engine_point *point = &engine->points[event.watch];
        point->hits++;
        stop->reason = STOP_POINT;
        stop->point = *point;
        stop->address = event.address;
        stop->is_write = event.is_write;
        if (point->is_temporary)
            remove_at(engine, (size_t)event.watch);
        return true;
    }
    if (event.is_magic) {
        stop->reason = STOP_MAGIC;
        stop->address = event.address;
        return true;
    }
    /* A step that was overtaken by something else may still be due in the CPU. */
    stop->reason = event.is_step && engine->is_stepping ? STOP_STEP : STOP_ASKED;
    return engine->is_stepping || was_asked;
}

static void run_until_held(struct engine *engine)
{
    engine->world->is_held = engine->was_asked;
    atomic_store(&engine->world->requested_break, false); /* typed at the prompt */
    if (engine->is_stepping)
        cpu_step(engine->machine->cpu);
    world_advance(engine->world, UINT64_MAX);
    if (engine->world->is_over || !engine->world->is_held || !find_reason(engine))
        return;
    engine->is_stopped = true;
    engine->client.stopped(engine->client.self, &engine->stop);
}

int engine_run(struct engine *engine)
{
    struct world *world = engine->world;
    while (!world->is_over) {
        if (engine->is_stopped) {
            engine->client.serve(engine->client.self);
            world_look_up(world);
        } else {
            run_until_held(engine);
        }
    }
    if (engine->client.over)
        engine->client.over(engine->client.self, world->exit_status);
    return world->exit_status;
}

static void poll(void *self)
{
    struct engine *engine = self;
    if (atomic_exchange(&engine->world->requested_break, false))
        engine_hold(engine);
    if (engine->client.poll)
        engine->client.poll(engine->client.self);
}

void engine_init(struct engine *engine, struct world *world, struct machine *machine,
                 const struct engine_client *client)
{
    memset(engine, 0, sizeof *engine);
    engine->world = world;
    engine->machine = machine;
    engine->client = *client;
    engine->next_number = 1;
    engine->watcher.poll = poll;
    engine->watcher.self = engine;
    machine->holds_on_shutdown = true;
    atomic_store(&world->takes_breaks, client->takes_breaks);
    world_add_watcher(world, &engine->watcher);
}

void engine_fini(struct engine *engine)
{
    struct error ignored = {0};
    world_remove_watcher(engine->world, &engine->watcher);
    atomic_store(&engine->world->takes_breaks, false);
    engine->machine->holds_on_shutdown = false;
    engine->point_count = 0;
    set_watches(engine, &ignored);
}
