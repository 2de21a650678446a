#include "debugger/trace_formats.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "debugger/trace_report.h"
#include "debugger/vtr.h"

#define FORMATS_MAX 16

const struct trace_format TRACE_FORMATS[] = {
    {"json", ".jsonl", "JSON Lines: one object a record", trace_json_open, false, 0, NULL},
    {"text", ".txt", "one line a record, to be read", trace_text_open, false, 0, NULL},
    {"csv", ".csv", "a row a record, a column a field", trace_csv_open, false, 0, NULL},
    {"pcapng", ".pcapng", "the network's frames, for Wireshark", trace_pcapng_open, false, 1u << TRACE_FRAME, "net"},
    {"pcapng-io", NULL, "all records, for Wireshark with vitrine.lua", trace_pcapng_io_open, false, 0, NULL},
    {"ctf", ".ctf", "Common Trace Format, a folder, for babeltrace2", trace_ctf_open, true, 0, NULL},
    {"vcd", ".vcd", "the wires of interrupts and DMA, for GTKWave", trace_vcd_open, false, 1u << TRACE_WIRE | 1u << TRACE_INTERRUPT, "irq,wire"},
    {"perfetto", ".perfetto.json", "Chrome's trace events", trace_perfetto_open, false, 0, NULL},
    {"vtr", ".vtr", "the native form: small and quick, for vitrine trace", vtr_writer_new, true, 0, NULL},
    {"html", ".html", "pictures and tables (vitrine trace report)", trace_report_open, false, 0, NULL},
    {NULL, NULL, NULL, NULL, false, 0, NULL},
};

static const struct trace_format *by_suffix(const char *path)
{
    size_t length = path ? strlen(path) : 0;
    for (const struct trace_format *f = TRACE_FORMATS; f->name; f++) {
        size_t suffix = f->suffix ? strlen(f->suffix) : 0;
        if (suffix && length > suffix && strcmp(path + length - suffix, f->suffix) == 0)
            return f;
    }
    return &TRACE_FORMATS[0];
}

static enum status unknown(const char *name, struct error *error)
{
    const char *names[FORMATS_MAX], *nearest;
    char list[256] = "";
    size_t count = 0, used = 0;
    for (const struct trace_format *f = TRACE_FORMATS; f->name && count < FORMATS_MAX; f++) {
        text_append(list, sizeof list, &used, "%s%s", count ? ", " : "", f->name);
        names[count++] = f->name;
    }
    nearest = words_nearest(name, names, count);
    if (nearest)
        return error_set(error, STATUS_USAGE, "no trace format '%s'; fix: did you mean %s?", name,
                         nearest);
    return error_set(error, STATUS_USAGE, "no trace format '%s'; fix: one of %s", name, list);
}

enum status trace_format_find(const struct trace_format **format, const char *name,
                              const char *path, struct error *error)
{
    const struct trace_format *f = TRACE_FORMATS;
    while (name && f->name && strcmp(f->name, name) != 0)
        f++;
    if (!name)
        f = by_suffix(path);
    if (!f->name)
        return unknown(name, error);
    if (f->needs_file && (!path || strcmp(path, "-") == 0))
        return error_set(error, STATUS_USAGE,
                         "the trace format %s needs a file; fix: name one that ends in %s", f->name,
                         f->suffix ? f->suffix : ".trace");
    *format = f;
    return STATUS_OK;
}

enum status trace_format_open(struct trace_sink *sink, const char *name, const char *path,
                              struct error *error)
{
    const struct trace_format *format;
    enum status status = trace_format_find(&format, name, path, error);
    return status == STATUS_OK ? format->open(sink, path, error) : status;
}

void trace_formats_print(const char *indent)
{
    for (const struct trace_format *f = TRACE_FORMATS; f->name; f++)
        printf("%s%-10s %s%s%s\n", indent, f->name, f->meaning, f->suffix ? "; " : "",
               f->suffix ? f->suffix : "");
}
