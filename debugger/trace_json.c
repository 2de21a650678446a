/* The I/O trace as JSON Lines (RFC 8259; one object a line), from the table of fields. */
#include "debugger/trace.h"

#include <stdbool.h>
#include <stdlib.h>

#include "bus/clock.h"
#include "debugger/trace_fields.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"
#include "machine/world.h"

#define BYTES_MAX        2048u /* of a frame or a text */
#define FLUSHES_A_SECOND 10u /* of virtual time, so that a reader can follow a run */
#define NS_PER_SECOND    UINT64_C(1000000000)

struct trace {
    struct world *world;
    struct trace_filter *filter;
    struct door_watcher watcher;
    bool has_failed; /* a write failed: nothing is written any more */
    uint64_t lines, flushed_at;
    uint64_t ns_each; /* nanoseconds to an instruction when that is a whole number, else 0 */
    struct trace_output output;
};

/* --- one line ---------------------------------------------------------------------------------------- */

static char *put_bytes(char *to, const struct trace_value *value)
{
    size_t count = value->byte_count < BYTES_MAX ? value->byte_count : BYTES_MAX;
    *to++ = '"';
    for (size_t i = 0; i < count; i++) {
        *to++ = "0123456789abcdef"[value->bytes[i] >> 4];
        *to++ = "0123456789abcdef"[value->bytes[i] & 15];
    }
    *to++ = '"';
    return to;
}

static char *put_value(char *to, enum trace_field_type type, const struct trace_value *value)
{
    switch (type) {
    case FIELD_NUMBER: return put_decimal(to, value->number);
    case FIELD_ADDRESS: return put_text(put_hex(put_text(to, "\"0x"), value->number), "\"");
    case FIELD_TEXT: return put_quoted(to, value->text);
    case FIELD_BYTES: return put_bytes(to, value);
    }
    return to;
}

size_t trace_json_line(char *text, const struct trace_record *record)
{
    char *to = text;
    *to++ = '{';
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        const struct trace_field *field = &TRACE_FIELDS[i];
        struct trace_value value;
        if (!trace_field_get(field, record, &value))
            continue;
        to = put_text(put_text(put_text(to, i ? ",\"" : "\""), field->name), "\":");
        to = put_value(to, field->type, &value);
    }
    return (size_t)(put_text(to, "}\n") - text);
}

/* --- the run's side ------------------------------------------------------------------------------------ */

static void look_at_output(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    if (trace->has_failed || trace_output_status(&trace->output, &error) == STATUS_OK)
        return;
    trace->has_failed = true;
    log_line(&trace->world->log, LOG_ERROR,
             "%s: the trace ends here, after about %llu lines; the run goes on", error.text,
             (unsigned long long)trace->lines);
}

void trace_flush(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    if (!trace)
        return;
    trace->flushed_at = trace->world->timeline.now;
    trace_output_flush(&trace->output, &error);
    look_at_output(trace);
}

static uint64_t ns_of(const struct trace *trace, uint64_t time)
{
    return trace->ns_each ? time * trace->ns_each : timeline_ns(&trace->world->timeline, time);
}

static void write_record(struct trace *trace, const struct trace_record *record)
{
    char *room = trace_output_room(&trace->output, TRACE_LINE_BYTES);
    trace_output_take(&trace->output, room + trace_json_line(room, record));
    trace->lines++;
    look_at_output(trace);
    if (record->time - trace->flushed_at > trace->world->timeline.hz / FLUSHES_A_SECOND)
        trace_flush(trace);
}

static void write_access(void *self, const struct access *access)
{
    struct trace *trace = self;
    struct trace_record record;
    if (trace->has_failed || !trace_filter_passes(trace->filter, access))
        return;
    trace_record_of_access(&record, access, ns_of(trace, access->time));
    write_record(trace, &record);
}

enum status trace_open(struct trace **trace, struct world *world, const char *filter,
                       const char *path, struct error *error)
{
    struct trace *made = calloc(1, sizeof *made);
    enum status status;
    *trace = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the trace");
    made->world = world;
    status = trace_filter_new(&made->filter, filter, &world->door, error);
    if (status == STATUS_OK)
        status = trace_output_open(&made->output, path, '{', error);
    if (status != STATUS_OK) {
        trace_filter_free(made->filter);
        free(made);
        return status;
    }
    if (NS_PER_SECOND % world->timeline.hz == 0)
        made->ns_each = NS_PER_SECOND / world->timeline.hz;
    made->flushed_at = world->timeline.now;
    made->watcher.after = write_access;
    made->watcher.self = made;
    door_add_watcher(&world->door, &made->watcher);
    *trace = made;
    return STATUS_OK;
}

void trace_close(struct trace *trace)
{
    struct error error = {STATUS_OK, ""};
    if (!trace)
        return;
    door_remove_watcher(&trace->world->door, &trace->watcher);
    trace_output_close(&trace->output, &error);
    look_at_output(trace);
    trace_filter_free(trace->filter);
    free(trace);
}

uint64_t trace_lines(const struct trace *trace)
{
    return trace->lines;
}
