#include "debugger/trace_report.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

static uint8_t name_of(struct report *report, const char *name)
{
    if (!name || !name[0])
        return REPORT_NONE;
    for (unsigned i = 0; i < report->name_count; i++)
        if (strncmp(report->names[i], name, REPORT_NAME_BYTES - 1) == 0)
            return (uint8_t)i;
    if (report->name_count == REPORT_NONE)
        return REPORT_NONE;
    snprintf(report->names[report->name_count], REPORT_NAME_BYTES, "%s", name);
    return (uint8_t)report->name_count++;
}

/* --- lanes ------------------------------------------------------------------------------------------------- */

static uint8_t lane_of(struct report *report, uint8_t machine, uint8_t device)
{
    for (unsigned i = 0; i < report->lane_count; i++)
        if (report->lanes[i].machine == machine && report->lanes[i].device == device)
            return (uint8_t)i;
    if (report->lane_count == REPORT_LANES) {
        report->left_lanes++;
        return REPORT_NONE;
    }
    report->lanes[report->lane_count].machine = machine;
    report->lanes[report->lane_count].device = device;
    return (uint8_t)report->lane_count++;
}

static void widen_bins(struct report *report)
{
    report->bin_ns *= 2;
    for (unsigned i = 0; i < report->lane_count; i++) {
        uint32_t *bins = report->lanes[i].bins;
        for (unsigned n = 0; n < REPORT_BINS / 2; n++)
            bins[n] = bins[2 * n] + bins[2 * n + 1];
        memset(bins + REPORT_BINS / 2, 0, REPORT_BINS / 2 * sizeof *bins);
    }
}

static void count_in_lane(struct report *report, uint8_t lane, const struct trace_record *record)
{
    struct report_lane *l;
    uint64_t at = record->ns > report->first_ns ? record->ns - report->first_ns : 0;
    if (lane == REPORT_NONE)
        return;
    l = &report->lanes[lane];
    while (at / report->bin_ns >= REPORT_BINS)
        widen_bins(report);
    l->bins[at / report->bin_ns]++;
    *(record->is_write ? &l->writes : &l->reads) += 1;
    l->elements += record->count;
}

/* --- what is drawn by itself --------------------------------------------------------------------------- */

static void put_label(char *text, const struct trace_record *r)
{
    const char *meaning = r->meaning ? r->meaning : "";
    switch (r->kind) {
    case TRACE_ACCESS:
        snprintf(text, REPORT_LABEL_BYTES, "%s %llx %s %llx %s %s", trace_direction(r),
                 (unsigned long long)r->address, r->is_write ? "<-" : "=",
                 (unsigned long long)r->value, r->reg ? r->reg : "", meaning);
        break;
    case TRACE_INTERRUPT:
        snprintf(text, REPORT_LABEL_BYTES, "irq %u %s %s", r->line, INTERRUPT_STEP_NAMES[r->step],
                 meaning);
        break;
    case TRACE_DISK:
        snprintf(text, REPORT_LABEL_BYTES, "%s %llu sectors at LBA %llu, C/H/S %u/%u/%u",
                 r->is_write ? "writes" : "reads", (unsigned long long)r->count,
                 (unsigned long long)r->address, (unsigned)r->cylinder, (unsigned)r->head,
                 (unsigned)r->sector);
        break;
    case TRACE_FRAME:
        snprintf(text, REPORT_LABEL_BYTES, "frame of %zu bytes, %s to %s", r->byte_count,
                 r->source ? r->source : "?", r->target ? r->target : "?");
        break;
    case TRACE_WIRE:
    case TRACE_EFFECT:
    case TRACE_TEXT:
    case TRACE_SCHEDULE:
    case TRACE_KINDS: snprintf(text, REPORT_LABEL_BYTES, "%s", meaning); break;
    }
}

static void fill_event(struct report_event *event, const struct trace_record *record, uint8_t lane,
                       uint8_t machine)
{
    event->seq = record->seq;
    event->cause = record->cause;
    event->ns = record->ns;
    event->kind = (uint8_t)record->kind;
    event->lane = lane;
    event->machine = machine;
    put_label(event->label, record);
}

/* Chains are kept whole or not at all, so that what is left of a long run is spread over all of it. */
static bool is_chosen(const struct report *report, const struct report_event *event)
{
    uint64_t root = event->cause ? event->cause : event->seq;
    return (root * UINT64_C(0x9E3779B97F4A7C15) >> 32 & report->thinning) == 0;
}

static void thin_out(struct report *report)
{
    size_t kept = 0;
    report->thinning = report->thinning << 1 | 1;
    for (size_t i = 0; i < report->event_count; i++)
        if (is_chosen(report, &report->events[i]))
            report->events[kept++] = report->events[i];
    report->left_events += report->event_count - kept;
    report->event_count = kept;
}

static void keep(struct report *report, const struct report_event *event)
{
    if (report->event_count == REPORT_EVENTS)
        thin_out(report);
    if (report->event_count == REPORT_EVENTS || !is_chosen(report, event))
        report->left_events++;
    else
        report->events[report->event_count++] = *event;
}

/* What an access led to may come while it goes on, or later: it is kept in either case. */
static void keep_cause(struct report *report, uint64_t cause)
{
    struct report_event *recent = &report->recent[cause % REPORT_RECENT];
    if (recent->seq != cause) {
        report->wanted[cause % REPORT_RECENT] = cause;
        return;
    }
    keep(report, recent);
    recent->seq = 0;
}

static void take_cause(struct report *report, const struct trace_record *record, uint8_t lane,
                       uint8_t machine)
{
    uint64_t *wanted = &report->wanted[record->seq % REPORT_RECENT];
    struct report_event *recent = &report->recent[record->seq % REPORT_RECENT];
    fill_event(recent, record, lane, machine);
    if (*wanted != record->seq)
        return;
    *wanted = 0;
    keep(report, recent);
    recent->seq = 0;
}

/* --- by kind ------------------------------------------------------------------------------------------------ */

static void take_disk(struct report *report, const struct trace_record *r, uint8_t machine)
{
    if (report->disk_count == REPORT_DISK) {
        report->left_disk++;
        return;
    }
    report->disk[report->disk_count++] = (struct report_disk){
        r->ns,
        r->seq,
        r->cause,
        r->address,
        r->count,
        machine,
        name_of(report, r->source),
        name_of(report, r->target),
        r->is_write,
        r->cylinder,
        r->head,
        r->sector,
    };
}

static void count_path(struct report *report, uint8_t machine, uint8_t source, uint8_t target,
                       uint64_t bytes)
{
    struct report_path *path = report->paths;
    for (size_t i = 0; i < report->path_count; i++, path++)
        if (path->machine == machine && path->source == source && path->target == target) {
            path->frames++;
            path->bytes += bytes;
            return;
        }
    if (report->path_count < REPORT_PATHS)
        report->paths[report->path_count++] =
            (struct report_path){machine, source, target, 1, bytes};
}

static void take_frame(struct report *report, const struct trace_record *r, uint8_t machine)
{
    uint8_t source = name_of(report, r->source), target = name_of(report, r->target);
    struct report_frame *frame;
    count_path(report, machine, source, target, r->byte_count);
    if (report->frame_count == REPORT_FRAMES) {
        report->left_frames++;
        return;
    }
    frame = &report->frames[report->frame_count++];
    *frame = (struct report_frame){.ns = r->ns,
                                   .seq = r->seq,
                                   .cause = r->cause,
                                   .machine = machine,
                                   .source = source,
                                   .target = target,
                                   .bytes = (uint32_t)r->byte_count};
    if (r->byte_count < 14)
        return;
    memcpy(frame->to, r->bytes, 6);
    memcpy(frame->from, r->bytes + 6, 6);
    frame->type = (uint16_t)(r->bytes[12] << 8 | r->bytes[13]);
}

static void take_slice(struct report *report, const struct trace_record *r, uint8_t machine)
{
    if (report->slice_count == REPORT_SLICES)
        report->left_slices++;
    else
        report->slices[report->slice_count++] = (struct report_slice){r->ns, machine};
}

static void take_text(struct report *report, const struct trace_record *r, uint8_t machine)
{
    struct report_text *text;
    size_t bytes = r->byte_count < REPORT_LABEL_BYTES - 1 ? r->byte_count : REPORT_LABEL_BYTES - 1;
    if (report->text_count == REPORT_TEXTS) {
        report->left_texts++;
        return;
    }
    text = &report->texts[report->text_count++];
    text->ns = r->ns;
    text->machine = machine;
    memcpy(text->text, r->bytes, bytes);
    text->text[bytes] = '\0';
}

/* The lane that a record is drawn in: the processor that asks, else the device that is meant. */
static uint8_t lane_for(struct report *report, const struct trace_record *r, uint8_t machine)
{
    if (r->kind == TRACE_ACCESS)
        return lane_of(report, machine, r->has_cpu ? REPORT_NONE : name_of(report, r->device));
    if (r->kind == TRACE_INTERRUPT && r->step == INTERRUPT_ENTERED)
        return lane_of(report, machine, REPORT_NONE);
    return lane_of(report, machine, name_of(report, r->source));
}

static void take_access(struct report *report, const struct trace_record *r, uint8_t machine)
{
    if (machine != REPORT_NONE)
        report->decisions[machine][r->decision]++;
    if (r->has_cpu)
        count_in_lane(report, lane_of(report, machine, REPORT_NONE), r);
    if (r->device)
        count_in_lane(report, lane_of(report, machine, name_of(report, r->device)), r);
}

void report_take(struct report *report, const struct trace_record *record)
{
    uint8_t machine = name_of(report, record->machine), lane;
    struct report_event event;
    char words[1];
    if (report->records++ == 0) {
        report->first_ns = record->ns;
        report->bin_ns = 1000;
    }
    if (record->ns > report->last_ns)
        report->last_ns = record->ns;
    if (record->kind == TRACE_SCHEDULE) {
        take_slice(report, record, machine);
        return;
    }
    interrupt_lives_take(&report->lives, record, words, sizeof words);
    if (record->kind == TRACE_ACCESS)
        take_access(report, record, machine);
    else if (record->kind == TRACE_DISK)
        take_disk(report, record, machine);
    else if (record->kind == TRACE_FRAME)
        take_frame(report, record, machine);
    else if (record->kind == TRACE_TEXT) {
        take_text(report, record, machine);
        return;
    }
    lane = lane_for(report, record, machine);
    if (record->kind == TRACE_ACCESS && record->cause == 0) {
        take_cause(report, record, lane, machine);
        return;
    }
    if (record->cause)
        keep_cause(report, record->cause);
    if (record->cause || record->kind != TRACE_INTERRUPT) {
        fill_event(&event, record, lane, machine);
        keep(report, &event);
    }
}
