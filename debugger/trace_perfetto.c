/* A trace as Chrome's trace events (JSON), for ui.perfetto.dev and chrome://tracing.
 *
 * Specification: Trace Event Format (Google, "Trace Event Format" document): complete events X, flow
 * events s and f, metadata events M. A machine is a process, a device or other source a thread; a
 * record is an event of one microsecond, with its fields as arguments, and arrows lead from a guest's
 * access to what it led to. */
#include <stdlib.h>
#include <string.h>

#include "debugger/trace_fields.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define LANES_MAX   256u /* machines with their devices; what comes behind them shares the last */
#define NAME_BYTES  48u
#define EVENT_BYTES 32768u

struct lane {
    char machine[NAME_BYTES], name[NAME_BYTES];
    unsigned process;
};

/* An access that may turn out to have led to something. */
struct origin {
    uint64_t seq, ns;
    uint32_t lane;
};

struct perfetto_sink {
    struct trace_output output;
    struct lane lanes[LANES_MAX];
    uint32_t lane_count, processes;
    struct origin *origins;
    size_t origin_count, origin_capacity;
    uint64_t *causes; /* a bit for each seq that is somebody's cause */
    size_t cause_words;
};

/* --- pieces ---------------------------------------------------------------------------------------------- */

/* Microseconds with three decimals. */
static char *put_us(char *to, uint64_t ns)
{
    to = put_decimal(to, ns / 1000);
    *to++ = '.';
    *to++ = (char)('0' + ns / 100 % 10);
    *to++ = (char)('0' + ns / 10 % 10);
    *to++ = (char)('0' + ns % 10);
    return to;
}

static char *put_place(char *to, const struct perfetto_sink *sink, uint32_t lane, uint64_t ns)
{
    to = put_us(put_text(to, ",\"ts\":"), ns);
    to = put_decimal(put_text(to, ",\"pid\":"), sink->lanes[lane].process);
    return put_decimal(put_text(to, ",\"tid\":"), lane + 1);
}

static void put_meta(struct perfetto_sink *sink, const char *what, uint32_t lane, const char *name)
{
    char *to = trace_output_room(&sink->output, EVENT_BYTES);
    to = put_quoted(put_text(to, "{\"ph\":\"M\",\"name\":"), what);
    to = put_decimal(put_text(to, ",\"pid\":"), sink->lanes[lane].process);
    to = put_decimal(put_text(to, ",\"tid\":"), lane + 1);
    to = put_quoted(put_text(to, ",\"args\":{\"name\":"), name);
    trace_output_take(&sink->output, put_text(to, "}},\n"));
}

static uint32_t add_lane(struct perfetto_sink *sink, const char *machine, const char *name)
{
    uint32_t number = sink->lane_count++;
    struct lane *lane = &sink->lanes[number];
    strncpy(lane->machine, machine, NAME_BYTES - 1);
    strncpy(lane->name, name, NAME_BYTES - 1);
    for (uint32_t i = 0; i < number && !lane->process; i++)
        if (strcmp(sink->lanes[i].machine, lane->machine) == 0)
            lane->process = sink->lanes[i].process;
    if (!lane->process) {
        lane->process = ++sink->processes;
        put_meta(sink, "process_name", number, machine);
    }
    put_meta(sink, "thread_name", number, name);
    return number;
}

static uint32_t lane_of(struct perfetto_sink *sink, const struct trace_record *record)
{
    const char *machine = record->machine ? record->machine : "-";
    const char *name = record->kind != TRACE_ACCESS ? record->source : record->device;
    if (record->kind == TRACE_SCHEDULE)
        name = "scheduler";
    if (!name)
        name = "nobody";
    for (uint32_t i = 0; i < sink->lane_count; i++)
        if (strncmp(sink->lanes[i].machine, machine, NAME_BYTES - 1) == 0 &&
            strncmp(sink->lanes[i].name, name, NAME_BYTES - 1) == 0)
            return i;
    return sink->lane_count < LANES_MAX ? add_lane(sink, machine, name) : LANES_MAX - 1;
}

/* --- arrows ---------------------------------------------------------------------------------------------- */

static bool note_cause(struct perfetto_sink *sink, uint64_t seq)
{
    size_t word = (size_t)(seq / 64);
    if (seq >> 36) /* no trace is that long */
        return true;
    if (word >= sink->cause_words) {
        size_t words = 2 * word + 1024;
        uint64_t *grown = realloc(sink->causes, words * sizeof *grown);
        if (!grown)
            return false;
        memset(grown + sink->cause_words, 0, (words - sink->cause_words) * sizeof *grown);
        sink->causes = grown;
        sink->cause_words = words;
    }
    sink->causes[word] |= UINT64_C(1) << seq % 64;
    return true;
}

static bool is_cause(const struct perfetto_sink *sink, uint64_t seq)
{
    return seq / 64 < sink->cause_words && (sink->causes[seq / 64] >> seq % 64 & 1);
}

static bool note_origin(struct perfetto_sink *sink, const struct trace_record *record,
                        uint32_t lane)
{
    if (sink->origin_count == sink->origin_capacity) {
        size_t capacity = 2 * sink->origin_capacity + 4096;
        struct origin *grown = realloc(sink->origins, capacity * sizeof *grown);
        if (!grown)
            return false;
        sink->origins = grown;
        sink->origin_capacity = capacity;
    }
    sink->origins[sink->origin_count++] = (struct origin){record->seq, record->ns, lane};
    return true;
}

static void put_arrow(struct perfetto_sink *sink, const char *phase, uint64_t id, uint32_t lane,
                      uint64_t ns)
{
    char *to = trace_output_room(&sink->output, EVENT_BYTES);
    to = put_quoted(put_text(to, "{\"ph\":"), phase);
    to = put_text(to, ",\"name\":\"cause\",\"cat\":\"cause\",\"bp\":\"e\",\"id\":");
    to = put_place(put_decimal(to, id), sink, lane, ns);
    trace_output_take(&sink->output, put_text(to, "},\n"));
}

/* --- records --------------------------------------------------------------------------------------------- */

static char *put_name(char *to, const struct trace_record *record)
{
    const char *name = TRACE_KIND_NAMES[record->kind];
    if (record->kind == TRACE_ACCESS)
        name = record->reg && record->reg[0] ? record->reg : trace_direction(record);
    else if (record->kind == TRACE_INTERRUPT)
        name = INTERRUPT_STEP_NAMES[record->step];
    return put_quoted(to, name);
}

static char *put_arguments(char *to, const struct trace_record *record)
{
    bool is_first = true;
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        const struct trace_field *field = &TRACE_FIELDS[i];
        struct trace_value value;
        if (field->type == FIELD_BYTES || !trace_field_get(field, record, &value))
            continue;
        to = put_text(put_text(put_text(to, is_first ? "\"" : ",\""), field->name), "\":");
        is_first = false;
        if (field->type == FIELD_TEXT)
            to = put_quoted(to, value.text);
        else if (field->type == FIELD_ADDRESS)
            to = put_text(put_hex(put_text(to, "\"0x"), value.number), "\"");
        else
            to = put_decimal(to, value.number);
    }
    return to;
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct perfetto_sink *sink = self;
    uint32_t lane = lane_of(sink, record);
    char *to = trace_output_room(&sink->output, EVENT_BYTES);
    to = put_name(put_text(to, "{\"ph\":\"X\",\"name\":"), record);
    to = put_quoted(put_text(to, ",\"cat\":"), TRACE_KIND_NAMES[record->kind]);
    to = put_text(put_place(to, sink, lane, record->ns), ",\"dur\":1,\"args\":{");
    trace_output_take(&sink->output, put_text(put_arguments(to, record), "}},\n"));
    if (record->cause)
        put_arrow(sink, "f", record->cause, lane, record->ns);
    if (!(record->cause ? note_cause(sink, record->cause)
                        : record->kind != TRACE_ACCESS || note_origin(sink, record, lane)))
        return error_set(error, STATUS_INTERNAL, "out of memory for the arrows of the trace");
    return trace_output_status(&sink->output, error);
}

static enum status write_head(void *self, const struct trace_head *head, struct error *error)
{
    struct perfetto_sink *sink = self;
    (void)head;
    trace_output_print(&sink->output, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    return trace_output_status(&sink->output, error);
}

/* Arrows begin where their cause was; only now it is known which accesses were one. */
static enum status end(void *self, struct error *error)
{
    struct perfetto_sink *sink = self;
    for (size_t i = 0; i < sink->origin_count; i++) {
        const struct origin *origin = &sink->origins[i];
        if (is_cause(sink, origin->seq))
            put_arrow(sink, "s", origin->seq, origin->lane, origin->ns);
    }
    trace_output_print(&sink->output,
                       "{\"ph\":\"M\",\"name\":\"trace_end\",\"pid\":0,\"tid\":0,\"args\":{}}]}\n");
    free(sink->origins);
    free(sink->causes);
    return trace_output_end(self, error);
}

enum status trace_perfetto_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct perfetto_sink *made = calloc(1, sizeof *made);
    *sink = (struct trace_sink){write_head, write_record, end, NULL, made, NULL};
    return trace_output_begin((struct trace_output *)made, path, '{', error);
}
