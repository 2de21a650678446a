/* The report's page: what was kept as JSON between the two halves of debugger/report/. */
#include <stdlib.h>
#include <string.h>

#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"
#include "debugger/trace_report.h"

/* Generated from debugger/report/: the page up to its script's data, and its script. */
extern const unsigned char report_head[];
extern const unsigned int report_head_bytes;
extern const unsigned char report_script[];
extern const unsigned int report_script_bytes;

/* --- JSON ------------------------------------------------------------------------------------------------- */

static void put_string(struct trace_output *output, const char *text)
{
    char quoted[PUT_QUOTED_MAX], *end = put_quoted(quoted, text);
    for (const char *at = quoted; at < end; at++) {
        if (*at == '<')
            trace_output_bytes(output, "\\u003c", 6);
        else
            trace_output_bytes(output, at, 1);
    }
}

static void put_separator(struct trace_output *output, size_t index)
{
    trace_output_bytes(output, index ? "," : "", index ? 1 : 0);
}

static void put_mac(struct trace_output *output, const uint8_t *mac)
{
    trace_output_print(output, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

static void put_head(const struct report *r, struct trace_output *o)
{
    trace_output_print(o,
                       "\"records\":%llu,\"first\":%llu,\"last\":%llu,\"bin\":%llu,\"left\":"
                       "{\"events\":%llu,\"disk\":%llu,\"frames\":%llu,\"slices\":%llu,\"texts\":"
                       "%llu,\"lanes\":%llu,\"interrupts\":%llu},\"names\":[",
                       (unsigned long long)r->records, (unsigned long long)r->first_ns,
                       (unsigned long long)r->last_ns, (unsigned long long)r->bin_ns,
                       (unsigned long long)r->left_events, (unsigned long long)r->left_disk,
                       (unsigned long long)r->left_frames, (unsigned long long)r->left_slices,
                       (unsigned long long)r->left_texts, (unsigned long long)r->left_lanes,
                       (unsigned long long)r->lives.left_out);
    for (unsigned i = 0; i < r->name_count; i++) {
        put_separator(o, i);
        put_string(o, r->names[i]);
    }
}

static void put_lanes(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"lanes\":[");
    for (unsigned i = 0; i < r->lane_count; i++) {
        const struct report_lane *l = &r->lanes[i];
        trace_output_print(o,
                           "%s{\"machine\":%u,\"device\":%u,\"reads\":%llu,\"writes\":%llu,"
                           "\"elements\":%llu,\"bins\":[",
                           i ? "," : "", l->machine, l->device, (unsigned long long)l->reads,
                           (unsigned long long)l->writes, (unsigned long long)l->elements);
        for (unsigned n = 0; n < REPORT_BINS; n++)
            trace_output_print(o, "%s%u", n ? "," : "", (unsigned)l->bins[n]);
        trace_output_print(o, "]}");
    }
}

static void put_events(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"events\":[");
    for (size_t i = 0; i < r->event_count; i++) {
        const struct report_event *e = &r->events[i];
        put_separator(o, i);
        trace_output_print(o, "[%llu,%llu,%llu,%u,%u,%u,", (unsigned long long)e->seq,
                           (unsigned long long)e->cause, (unsigned long long)e->ns, e->kind,
                           e->lane, e->machine);
        put_string(o, e->label);
        trace_output_print(o, "]");
    }
}

static void put_disk(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"disk\":[");
    for (size_t i = 0; i < r->disk_count; i++) {
        const struct report_disk *d = &r->disk[i];
        trace_output_print(o, "%s[%llu,%llu,%llu,%u,%u,%u,%d,%llu,%llu,%u,%u,%u]", i ? "," : "",
                           (unsigned long long)d->ns, (unsigned long long)d->seq,
                           (unsigned long long)d->cause, d->machine, d->source, d->owner,
                           d->is_write, (unsigned long long)d->lba, (unsigned long long)d->count,
                           (unsigned)d->cylinder, (unsigned)d->head, (unsigned)d->sector);
    }
}

static void put_frames(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"frames\":[");
    for (size_t i = 0; i < r->frame_count; i++) {
        const struct report_frame *f = &r->frames[i];
        trace_output_print(o, "%s[%llu,%llu,%llu,%u,%u,%u,%u,%u,", i ? "," : "",
                           (unsigned long long)f->ns, (unsigned long long)f->seq,
                           (unsigned long long)f->cause, f->machine, f->source, f->target,
                           (unsigned)f->bytes, f->type);
        put_mac(o, f->from);
        trace_output_print(o, ",");
        put_mac(o, f->to);
        trace_output_print(o, "]");
    }
    trace_output_print(o, "],\"paths\":[");
    for (size_t i = 0; i < r->path_count; i++)
        trace_output_print(o, "%s[%u,%u,%u,%llu,%llu]", i ? "," : "", r->paths[i].machine,
                           r->paths[i].source, r->paths[i].target,
                           (unsigned long long)r->paths[i].frames,
                           (unsigned long long)r->paths[i].bytes);
}

static void put_slices_and_texts(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"slices\":[");
    for (size_t i = 0; i < r->slice_count; i++)
        trace_output_print(o, "%s[%llu,%u]", i ? "," : "", (unsigned long long)r->slices[i].ns,
                           r->slices[i].machine);
    trace_output_print(o, "],\"texts\":[");
    for (size_t i = 0; i < r->text_count; i++) {
        trace_output_print(o, "%s[%llu,%u,", i ? "," : "", (unsigned long long)r->texts[i].ns,
                           r->texts[i].machine);
        put_string(o, r->texts[i].text);
        trace_output_print(o, "]");
    }
}

static void put_decisions(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"decisions\":[");
    for (unsigned i = 0; i < r->name_count; i++) {
        trace_output_print(o, "%s[", i ? "," : "");
        for (unsigned n = 0; n < 6; n++)
            trace_output_print(o, "%s%llu", n ? "," : "", (unsigned long long)r->decisions[i][n]);
        trace_output_print(o, "]");
    }
}

static void put_interrupts(const struct report *r, struct trace_output *o)
{
    trace_output_print(o, "],\"interrupts\":[");
    for (size_t i = 0; i < r->lives.count; i++) {
        const struct interrupt_line *l = &r->lives.lines[i];
        put_separator(o, i);
        trace_output_print(o, "{\"machine\":");
        put_string(o, l->machine);
        trace_output_print(o, ",\"source\":");
        put_string(o, l->source);
        trace_output_print(o, ",\"line\":%u,\"steps\":[", l->line);
        for (unsigned n = 0; n < INTERRUPT_STEPS; n++)
            trace_output_print(o, "%s%llu", n ? "," : "", (unsigned long long)l->steps[n]);
        trace_output_print(
            o, "],\"waiting\":[%llu,%llu,%llu],\"serving\":[%llu,%llu,%llu]}",
            (unsigned long long)l->waiting.count, (unsigned long long)l->waiting.sum_ns,
            (unsigned long long)l->waiting.most_ns, (unsigned long long)l->serving.count,
            (unsigned long long)l->serving.sum_ns, (unsigned long long)l->serving.most_ns);
    }
    trace_output_print(o, "]}");
}

void report_write_json(struct report *report, struct trace_output *output)
{
    trace_output_print(output, "{");
    put_head(report, output);
    put_lanes(report, output);
    put_events(report, output);
    put_disk(report, output);
    put_frames(report, output);
    put_slices_and_texts(report, output);
    put_decisions(report, output);
    put_interrupts(report, output);
}

/* --- the sink --------------------------------------------------------------------------------------------- */

struct page {
    struct trace_sink file; /* a trace_output */
    struct report report;
};

static enum status page_begin(void *self, const struct trace_head *head, struct error *error)
{
    (void)error;
    ((struct page *)self)->report.head = *head;
    return STATUS_OK;
}

static enum status page_record(void *self, const struct trace_record *record, struct error *error)
{
    (void)error;
    report_take(&((struct page *)self)->report, record);
    return STATUS_OK;
}

static enum status page_end(void *self, struct error *error)
{
    struct page *page = self;
    struct trace_output *output = page->file.self;
    enum status status;
    trace_output_bytes(output, report_head, report_head_bytes);
    trace_output_print(output, "<script>\nconst TRACE = ");
    report_write_json(&page->report, output);
    trace_output_print(output, ";\n</script>\n<script>\n");
    trace_output_bytes(output, report_script, report_script_bytes);
    trace_output_print(output, "</script>\n</body>\n</html>\n");
    status = page->file.end(output, error);
    free(page);
    return status;
}

enum status trace_report_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct page *page = calloc(1, sizeof *page);
    enum status status;
    if (!page)
        return error_set(error, STATUS_INTERNAL, "out of memory for the report");
    status = trace_output_sink(&page->file, path, '<', error);
    if (status != STATUS_OK) {
        free(page);
        return status;
    }
    *sink = (struct trace_sink){page_begin, page_record, page_end, NULL, page, NULL};
    return STATUS_OK;
}
