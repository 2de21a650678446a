/* The file that a format's text goes to, buffered. */
#ifndef VITRINE_DEBUGGER_TRACE_OUTPUT_H
#define VITRINE_DEBUGGER_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

struct trace_record;
struct trace_sink;

#define TRACE_OUTPUT_BYTES ((size_t)64 << 10)

struct trace_output {
    FILE *file;
    char path[256];   /* for messages */
    bool is_own_file; /* not a standard stream */
    int failure;      /* errno of the first write that failed; 0: none */
    size_t
        draft; /* bytes at the end of the file that the next ones replace, and are no fewer than */
    /* Of the sink whose `self` this is. */
    enum status (*record)(void *self, const struct trace_record *record, struct error *error);
    size_t used;
    char buffer[TRACE_OUTPUT_BYTES];
};

/* NULL: standard error, "-": standard output. A file that has something and does not begin with
 * `first` is somebody else's and refused (STATUS_USAGE). */
enum status trace_output_open(struct trace_output *output, const char *path, char first,
                              struct error *error);
/* Opens an output that begins an allocated structure: trace_output_end() closes it and frees that.
 * NULL: out of memory; freed on failure. */
enum status trace_output_begin(struct trace_output *output, const char *path, char first,
                               struct error *error);
/* A sink whose `self` is such an output alone, and each of whose records is bytes that do not depend on
 * the records before: sets self, end, flush and draft. */
enum status trace_output_sink(struct trace_sink *sink, const char *path, char first,
                              struct error *error);
enum status trace_output_end(void *output, struct error *error);
/* Room for `bytes` (at most TRACE_OUTPUT_BYTES) more; the caller writes and says where it ended. */
char *trace_output_room(struct trace_output *output, size_t bytes);
void trace_output_take(struct trace_output *output, const char *end);
void trace_output_bytes(struct trace_output *output, const void *bytes, size_t count);
void trace_output_print(struct trace_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What became of the writes so far. */
enum status trace_output_status(const struct trace_output *output, struct error *error);
enum status trace_output_flush(struct trace_output *output, struct error *error);
enum status trace_output_close(struct trace_output *output, struct error *error);

#endif
