#include "debugger/trace_output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "debugger/trace_record.h"

enum status trace_output_open(struct trace_output *output, const char *path, char first,
                              struct error *error)
{
    output->used = 0;
    output->failure = 0;
    output->draft = 0;
    snprintf(output->path, sizeof output->path, "%s",
             !path                    ? "standard error"
             : strcmp(path, "-") == 0 ? "standard output"
                                      : path);
    output->is_own_file = path && strcmp(path, "-") != 0;
    output->file = path ? stdout : stderr;
    if (!output->is_own_file)
        return STATUS_OK;
    if (file_is_foreign(path, first))
        return error_set(error, STATUS_USAGE,
                         "%s: holds something that is no trace of this format; fix: a new file",
                         path);
    output->file = fopen(path, "wb");
    if (!output->file)
        return error_set(error, STATUS_FILE, "%s: %s; fix: a file that can be made", path,
                         strerror(errno));
    setvbuf(output->file, NULL, _IONBF, 0); /* the buffer is ours: a failure is seen at once */
    return STATUS_OK;
}

static void drain(struct trace_output *output)
{
    size_t used = output->used;
    output->used = 0;
    errno = 0;
    if (output->failure || used == 0)
        return;
    if (output->draft && fseek(output->file, -(long)output->draft, SEEK_CUR) != 0) {
        output->failure = errno;
        return;
    }
    output->draft = 0;
    if (fwrite(output->buffer, 1, used, output->file) != used || fflush(output->file) != 0)
        output->failure = errno ? errno : EIO;
}

char *trace_output_room(struct trace_output *output, size_t bytes)
{
    if (output->used + bytes > TRACE_OUTPUT_BYTES)
        drain(output);
    return output->buffer + output->used;
}

void trace_output_take(struct trace_output *output, const char *end)
{
    output->used = (size_t)(end - output->buffer);
}

void trace_output_bytes(struct trace_output *output, const void *bytes, size_t count)
{
    const char *from = bytes;
    while (count) {
        size_t part = count < TRACE_OUTPUT_BYTES ? count : TRACE_OUTPUT_BYTES;
        char *to = trace_output_room(output, part);
        memcpy(to, from, part);
        trace_output_take(output, to + part);
        from += part;
        count -= part;
    }
}

void trace_output_print(struct trace_output *output, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    int count;
    va_start(arguments, format);
    count = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (count > 0)
        trace_output_bytes(output, text,
                           (size_t)count < sizeof text ? (size_t)count : sizeof text - 1);
}

enum status trace_output_status(const struct trace_output *output, struct error *error)
{
    if (!output->failure)
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: %s", output->path, strerror(output->failure));
}

enum status trace_output_flush(struct trace_output *output, struct error *error)
{
    drain(output);
    return trace_output_status(output, error);
}

enum status trace_output_close(struct trace_output *output, struct error *error)
{
    drain(output);
    if (output->is_own_file && output->file && fclose(output->file) != 0 && !output->failure)
        output->failure = errno;
    output->file = NULL;
    return trace_output_status(output, error);
}

/* --- as a sink ------------------------------------------------------------------------------------ */

static enum status flush_sink(void *output, struct error *error)
{
    return trace_output_flush(output, error);
}

/* A draft is longer than the one before, and so is the record itself in the end: its count has grown. A
 * stream that can't be gone back in has none. */
static enum status draft_sink(void *self, const struct trace_record *open, struct error *error)
{
    struct trace_output *output = self;
    enum status status;
    if (!open || !output->is_own_file || fseek(output->file, 0, SEEK_CUR) != 0)
        return trace_output_flush(output, error);
    if (output->used)
        drain(output);
    status = output->record(output, open, error);
    if (status == STATUS_OK) {
        size_t bytes = output->used;
        status = trace_output_flush(output, error);
        output->draft = bytes;
    }
    return status;
}

enum status trace_output_end(void *output, struct error *error)
{
    enum status status = trace_output_close(output, error);
    free(output);
    return status;
}

enum status trace_output_begin(struct trace_output *output, const char *path, char first,
                               struct error *error)
{
    enum status status;
    if (!output)
        return error_set(error, STATUS_INTERNAL, "out of memory for the trace");
    status = trace_output_open(output, path, first, error);
    if (status != STATUS_OK)
        free(output);
    return status;
}

enum status trace_output_sink(struct trace_sink *sink, const char *path, char first,
                              struct error *error)
{
    sink->self = malloc(sizeof(struct trace_output));
    sink->flush = flush_sink;
    sink->draft = draft_sink;
    sink->end = trace_output_end;
    if (sink->self)
        ((struct trace_output *)sink->self)->record = sink->record;
    return trace_output_begin(sink->self, path, first, error);
}
