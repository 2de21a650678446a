#include "debugger/trace.h"

#include <stdlib.h>
#include <time.h>

#include "bus/clock.h"
#include "debugger/interrupt_life.h"
#include "bus/regs.h"
#include "debugger/trace_console.h"
#include "debugger/trace_effects.h"
#include "debugger/trace_fold.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_place.h"
#include "debugger/trace_process.h"
#include "machine/world.h"

#define FLUSHES_A_SECOND 20u /* of virtual time, so that a reader can follow a run */
#define DRAFT_NS         UINT64_C(50000000) /* of the workstation, so that a killed run has lost little */
#define DRAFT_RECORDS    256u               /* records between two looks at its clock */
#define NS_PER_SECOND    UINT64_C(1000000000)
#define CHANGED_BYTES    256 /* for the words about a register's fields */

struct trace {
    struct world *world;
    struct trace_filter *filter;
    struct door_watcher watcher;
    struct world_watcher clock; /* so that a run with few records has them in its file, too */
    struct trace_sink sink;
    struct trace_console console;
    struct trace_places *places;
    struct process_layout processes;
    struct trace_effects effects;
    struct interrupt_lives lives; /* of those that pass the filter */
    bool has_failed; /* a write failed: nothing is written any more */
    uint64_t records, flushed, flushed_at;
    uint64_t drafted_ns; /* by the workstation's clock */
    uint64_t ns_each; /* nanoseconds to an instruction when that is a whole number, else 0 */
};

/* Said once; the run goes on. */
static void look_at(struct trace *trace, enum status status, const struct error *error)
{
    if (status == STATUS_OK || trace->has_failed)
        return;
    trace->has_failed = true;
    log_line(&trace->world->log, LOG_ERROR,
             "%s: the trace ends here, after about %llu records; the run goes on", error->text,
             (unsigned long long)trace->records);
}

void trace_flush(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    if (!trace || trace->has_failed)
        return;
    trace->flushed_at = trace->world->timeline.now;
    trace->flushed = trace->records;
    if (trace->sink.flush)
        look_at(trace, trace->sink.flush(trace->sink.self, &error), &error);
}

/* By the workstation's clock: what stands in the file in the end does not depend on it. */
static void draft_sometimes(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    struct timespec now;
    uint64_t ns;
    timespec_get(&now, TIME_UTC);
    ns = (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
    if (ns - trace->drafted_ns < DRAFT_NS || trace->has_failed)
        return;
    trace->drafted_ns = ns;
    if (trace->sink.draft)
        look_at(trace, trace->sink.draft(trace->sink.self, NULL, &error), &error);
    else if (trace->sink.flush)
        look_at(trace, trace->sink.flush(trace->sink.self, &error), &error);
}

static void flush_sometimes(void *self)
{
    struct trace *trace = self;
    draft_sometimes(trace);
    if (trace->flushed != trace->records && trace->world->timeline.now - trace->flushed_at >=
                                                trace->world->timeline.hz / FLUSHES_A_SECOND)
        trace_flush(trace);
}

static uint64_t ns_of(const struct trace *trace, uint64_t time)
{
    return trace->ns_each ? time * trace->ns_each : timeline_ns(&trace->world->timeline, time);
}

static void write_record(struct trace *trace, const struct trace_record *record)
{
    struct error error;
    enum status status;
    error.status = STATUS_OK;
    error.text[0] = '\0';
    status = trace->sink.record(trace->sink.self, record, &error);
    if (status != STATUS_OK)
        look_at(trace, status, &error);
    if (++trace->records % DRAFT_RECORDS == 0)
        draft_sometimes(trace);
}

static void begin_access(void *self, const struct access *access)
{
    trace_filter_begin(((struct trace *)self)->filter, access);
}

static void write_access(void *self, const struct access *access)
{
    struct trace *trace = self;
    struct trace_record record;
    const char *effects;
    char changed[CHANGED_BYTES], process[PROCESS_NAME_BYTES];
    if (trace->has_failed)
        return;
    effects = trace_effects_end(&trace->effects, access);
    if (trace_filter_passes(trace->filter, access)) {
        trace_record_of_access(&record, access, ns_of(trace, access->time));
        trace_places_look(trace->places, &access->origin, &record);
        record.effects = effects;
        if (process_name(&trace->processes, &access->origin, process))
            record.process = process;
        if (access->has_new && access->now != access->old) {
            reg_changes_text(access->reg, access->old, access->now, changed, sizeof changed);
            record.changed = changed;
        }
        write_record(trace, &record);
    }
    trace_console_look(&trace->console, access);
}

static void write_event(void *self, const struct door_event *event)
{
    struct trace *trace = self;
    struct trace_record record;
    char words[96];
    if (trace->has_failed)
        return;
    trace_effects_take(&trace->effects, trace->world->door.current, event);
    if (!trace_filter_passes_event(trace->filter, event))
        return;
    trace_record_of_event(&record, event, ns_of(trace, event->time));
    interrupt_lives_take(&trace->lives, &record, words, sizeof words);
    if (!record.meaning)
        record.meaning = words;
    write_record(trace, &record);
}

/* A line that is complete is numbered like what happens at the door. */
static void write_text(void *self, struct door_event *event)
{
    struct trace *trace = self;
    if (!trace_filter_passes_event(trace->filter, event))
        return;
    event->id = trace->world->door.next_id++;
    event->time = trace->world->timeline.now;
    write_event(trace, event);
}

/* At the end of the trace: an interrupt that nobody took. */
static void write_unserved(void *self, const struct interrupt_line *line, const char *words)
{
    struct trace *trace = self;
    struct trace_record record = {.kind = TRACE_INTERRUPT,
                                  .seq = trace->world->door.next_id++,
                                  .cause = line->cause,
                                  .time = trace->world->timeline.now,
                                  .ns = ns_of(trace, trace->world->timeline.now),
                                  .machine = line->machine,
                                  .source = line->source,
                                  .line = line->line,
                                  .step = INTERRUPT_UNSERVED,
                                  .meaning = words};
    if (!trace->has_failed)
        write_record(trace, &record);
}

/* --- life ---------------------------------------------------------------------------------------------- */

static enum status open_sink(struct trace *trace, const struct trace_settings *settings,
                             struct error *error)
{
    struct trace_head head = {trace->world->timeline.hz, settings->start_seconds};
    enum status status =
        trace_format_open(&trace->sink, settings->format, settings->path, error);
    if (status == STATUS_OK && settings->folds_polls &&
        (status = trace_fold_open(&trace->sink, error)) != STATUS_OK)
        trace->sink.end(trace->sink.self, error);
    if (status != STATUS_OK || !trace->sink.begin)
        return status;
    status = trace->sink.begin(trace->sink.self, &head, error);
    if (status != STATUS_OK)
        trace->sink.end(trace->sink.self, error);
    return status;
}

static void begin_watching(struct trace *trace)
{
    uint32_t hz = (uint32_t)trace->world->timeline.hz;
    if (NS_PER_SECOND % hz == 0)
        trace->ns_each = NS_PER_SECOND / hz;
    trace->flushed_at = trace->world->timeline.now;
    trace->console.say = write_text;
    trace->console.self = trace;
    if (trace_filter_is_scoped(trace->filter))
        trace->watcher.before = begin_access;
    trace->watcher.after = write_access;
    trace->watcher.event = write_event;
    trace->watcher.self = trace;
    door_add_watcher(&trace->world->door, &trace->watcher);
    trace->clock.poll = flush_sometimes;
    trace->clock.self = trace;
    world_add_watcher(trace->world, &trace->clock);
}

static void release(struct trace *trace)
{
    trace_filter_free(trace->filter);
    trace_places_free(trace->places);
    free(trace);
}

enum status trace_open(struct trace **trace, struct world *world,
                       const struct trace_settings *settings, struct error *error)
{
    struct trace *made = calloc(1, sizeof *made);
    enum status status;
    *trace = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the trace");
    made->world = world;
    made->places = trace_places_new(settings->symbols);
    status = made->places ? trace_filter_new(&made->filter, settings->filter, &world->door, error)
                          : error_set(error, STATUS_INTERNAL, "out of memory for the trace");
    if (status == STATUS_OK && settings->process)
        status = process_layout_parse(&made->processes, settings->process, settings->symbols, error);
    if (status == STATUS_OK)
        status = open_sink(made, settings, error);
    if (status != STATUS_OK) {
        release(made);
        return status;
    }
    begin_watching(made);
    *trace = made;
    return STATUS_OK;
}

void trace_close(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    if (!trace)
        return;
    trace_console_flush(&trace->console);
    interrupt_lives_end(&trace->lives, ns_of(trace, trace->world->timeline.now), write_unserved,
                        trace);
    door_remove_watcher(&trace->world->door, &trace->watcher);
    world_remove_watcher(trace->world, &trace->clock);
    look_at(trace, trace->sink.end(trace->sink.self, &error), &error);
    release(trace);
}

uint64_t trace_lines(const struct trace *trace)
{
    return trace->records;
}
