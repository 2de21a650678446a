/* The forms in which a trace is written: one row each, for --trace-format and `vitrine trace convert`.
 * What a record consists of is one table, too (trace_fields.h). */
#ifndef VITRINE_DEBUGGER_TRACE_FORMATS_H
#define VITRINE_DEBUGGER_TRACE_FORMATS_H

#include <stdbool.h>

#include "base/status.h"
#include "debugger/trace_record.h"

struct trace_format {
    const char *name;
    const char *suffix;  /* of files; NULL: none says it */
    const char *meaning; /* for --help */
    /* Makes a sink that writes to `path` (NULL: standard error, "-": standard output); its `end`
     * frees it. Errors: STATUS_USAGE (somebody else's file stands there), STATUS_FILE. */
    enum status (*open)(struct trace_sink *sink, const char *path, struct error *error);
    bool needs_file; /* standard streams will not do */
    unsigned kinds;      /* of records that it shows, by bit; 0: all */
    const char *filter;  /* of --trace, so that there are some */
};
extern const struct trace_format TRACE_FORMATS[]; /* ends with name NULL */

/* By its name; NULL: by the path's suffix, else JSON Lines. Errors: STATUS_USAGE (with the nearest
 * match; standard output where a file is needed). */
enum status trace_format_find(const struct trace_format **format, const char *name,
                              const char *path, struct error *error);
/* Finds and opens. */
enum status trace_format_open(struct trace_sink *sink, const char *name, const char *path,
                              struct error *error);
/* The names with their meanings, a line each, behind `indent`. */
void trace_formats_print(const char *indent);

enum status trace_csv_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_ctf_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_json_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_pcapng_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_pcapng_io_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_perfetto_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_text_open(struct trace_sink *sink, const char *path, struct error *error);
enum status trace_vcd_open(struct trace_sink *sink, const char *path, struct error *error);

#endif
