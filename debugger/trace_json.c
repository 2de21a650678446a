/* The I/O trace as JSON Lines (RFC 8259; one object a line). Numbers are formatted by hand: printf
 * would take most of a traced run's time. */
#include "debugger/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "base/bits.h"
#include "bus/clock.h"
#include "bus/device.h"
#include "bus/regs.h"
#include "machine/world.h"

#define BUFFER_BYTES     ((size_t)64 << 10)
#define TEXT_MAX         300 /* bytes of one text that are written; door.h's are below it */
#define FLUSHES_A_SECOND 10u /* of virtual time, so that a reader can follow a run */
#define NS_PER_SECOND    UINT64_C(1000000000)

struct trace {
    struct world *world;
    struct trace_filter *filter;
    struct door_watcher watcher;
    const char *path;
    FILE *file;
    bool is_own_file; /* not a standard stream */
    bool has_failed;  /* a write failed: nothing is written any more */
    uint64_t lines, flushed_at;
    uint64_t ns_each; /* nanoseconds to an instruction when that is a whole number, else 0 */
    size_t used;
    char buffer[BUFFER_BYTES];
};

/* --- one line ---------------------------------------------------------------------------------------- */

static char *put_text(char *to, const char *text)
{
    size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

static char *put_decimal(char *to, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count)
        *to++ = digits[--count];
    return to;
}

static char *put_hex(char *to, uint64_t value)
{
    unsigned nibbles = 1;
    while (nibbles < 16 && value >> (4 * nibbles))
        nibbles++;
    to = put_text(to, "\"0x");
    while (nibbles--)
        *to++ = "0123456789abcdef"[value >> (4 * nibbles) & 15];
    *to++ = '"';
    return to;
}

/* Bytes of the well-formed UTF-8 character at `at`, 0 when there is none (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
        return 0;
    return length;
}

/* A text in quotes (RFC 8259, section 7). Bytes that are no UTF-8 become U+FFFD. */
static char *put_quoted(char *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + TEXT_MAX;
    *to++ = '"';
    while (*at && at < end) {
        size_t length = utf8_length(at);
        if (length == 0) {
            to = put_text(to, "\\ufffd");
            at++;
        } else if (*at == '"' || *at == '\\') {
            *to++ = '\\';
            *to++ = (char)*at++;
        } else if (*at < 0x20) {
            to = put_text(to, "\\u00");
            *to++ = "0123456789abcdef"[*at >> 4];
            *to++ = "0123456789abcdef"[*at++ & 15];
        } else {
            memcpy(to, at, length);
            to += length;
            at += length;
        }
    }
    *to++ = '"';
    return to;
}

static char *put_origin(char *to, const struct access_origin *origin)
{
    if (origin->has_cpu) {
        to = put_decimal(put_text(to, ",\"icount\":"), origin->instructions);
        if (origin->cpu)
            to = put_decimal(put_text(to, ",\"cpu\":"), origin->cpu);
    }
    if (origin->machine)
        to = put_quoted(put_text(to, ",\"machine\":"), origin->machine);
    if (origin->has_cpu) {
        to = put_hex(put_text(to, ",\"cs\":"), origin->cs);
        to = put_hex(put_text(to, ",\"eip\":"), origin->eip);
        to = put_decimal(put_text(to, ",\"cpl\":"), origin->cpl);
    }
    return to;
}

static char *put_answer(char *to, const struct access *access)
{
    if (access->device)
        to = put_quoted(put_text(to, ",\"device\":"), access->device->name);
    if (access->reg)
        to = put_quoted(put_text(to, ",\"reg\":"), access->reg->name);
    if (access->has_old)
        to = put_hex(put_text(to, ",\"old\":"), access->old);
    if (access->meaning[0])
        to = put_quoted(put_text(to, ",\"meaning\":"), access->meaning);
    if (access->decision != DECISION_NONE)
        to = put_quoted(put_text(to, ",\"decision\":"), DECISION_NAMES[access->decision]);
    if (access->note[0])
        to = put_quoted(put_text(to, ",\"note\":"), access->note);
    return to;
}

size_t trace_json_line(char *text, const struct access *access, uint64_t ns)
{
    static const char *const SPACES[] = {"port", "mmio", "dma", "call"};
    static const char *const WAYS[2][2] = {
        {"in",   "out"  },
        {"read", "write"}
    };
    char *to = text;
    to = put_decimal(put_text(to, "{\"seq\":"), access->id);
    to = put_decimal(put_text(to, ",\"cause\":"), access->cause);
    to = put_decimal(put_text(to, ",\"ns\":"), ns);
    to = put_decimal(put_text(to, ",\"time\":"), access->time);
    to = put_origin(to, &access->origin);
    to = put_quoted(put_text(to, ",\"dir\":"),
                    WAYS[access->space_kind != ACCESS_PORT][access->is_write]);
    to = put_quoted(put_text(to, ",\"space\":"), SPACES[access->space_kind]);
    to = put_hex(put_text(to, ",\"addr\":"), access->address);
    to = put_decimal(put_text(to, ",\"size\":"), access->size);
    if (access->count != 1)
        to = put_decimal(put_text(to, ",\"count\":"), access->count);
    to = put_hex(put_text(to, ",\"value\":"), access->value);
    to = put_answer(to, access);
    *to++ = '}';
    *to++ = '\n';
    return (size_t)(to - text);
}

/* --- the file ------------------------------------------------------------------------------------------ */

static const char *path_name(const struct trace *trace)
{
    return !trace->path ? "standard error" : trace->is_own_file ? trace->path : "standard output";
}

static void write_failed(struct trace *trace)
{
    trace->has_failed = true;
    trace->used = 0;
    log_line(&trace->world->log, LOG_ERROR,
             "%s: %s: the trace ends here, after about %llu lines; the run goes on",
             path_name(trace), strerror(errno), (unsigned long long)trace->lines);
}

void trace_flush(struct trace *trace)
{
    size_t used;
    if (!trace)
        return;
    used = trace->used;
    trace->used = 0;
    trace->flushed_at = trace->world->timeline.now;
    if (trace->has_failed || used == 0)
        return;
    errno = 0;
    if (fwrite(trace->buffer, 1, used, trace->file) != used || fflush(trace->file) != 0)
        write_failed(trace);
}

static void write_access(void *self, const struct access *access)
{
    struct trace *trace = self;
    const struct timeline *timeline = &trace->world->timeline;
    uint64_t ns;
    if (trace->has_failed || !trace_filter_passes(trace->filter, access))
        return;
    ns = trace->ns_each ? access->time * trace->ns_each : timeline_ns(timeline, access->time);
    trace->used += trace_json_line(trace->buffer + trace->used, access, ns);
    trace->lines++;
    if (trace->used > BUFFER_BYTES - TRACE_LINE_BYTES ||
        access->time - trace->flushed_at > timeline->hz / FLUSHES_A_SECOND)
        trace_flush(trace);
}

static enum status open_file(struct trace *trace, struct error *error)
{
    if (!trace->path || strcmp(trace->path, "-") == 0) {
        trace->file = trace->path ? stdout : stderr;
        return STATUS_OK;
    }
    if (file_is_foreign(trace->path, '{'))
        return error_set(error, STATUS_USAGE, "%s: holds something that is no trace; fix: --trace-out with "
                         "a new file", trace->path);
    trace->is_own_file = true;
    trace->file = fopen(trace->path, "wb");
    if (!trace->file)
        return error_set(error, STATUS_FILE,
                         "%s: %s; fix: --trace-out with a file that can be made", trace->path,
                         strerror(errno));
    setvbuf(trace->file, NULL, _IONBF, 0); /* the buffer is ours: a failure is seen at once */
    return STATUS_OK;
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
    made->path = path;
    status = trace_filter_new(&made->filter, filter, &world->door, error);
    if (status == STATUS_OK)
        status = open_file(made, error);
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
    if (!trace)
        return;
    door_remove_watcher(&trace->world->door, &trace->watcher);
    trace_flush(trace);
    errno = 0;
    if (trace->is_own_file && fclose(trace->file) != 0 && !trace->has_failed)
        write_failed(trace);
    trace_filter_free(trace->filter);
    free(trace);
}

uint64_t trace_lines(const struct trace *trace)
{
    return trace->lines;
}
