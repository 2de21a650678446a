/* A trace as one HTML page that needs nothing else: lanes over time, causes as arrows, the disk's
 * surface, the switch's packets, tables (debugger/report/: what the page does with what is kept here).
 *
 *   records ── report_take() ──┬── counted, all of them: lanes by time, devices, decisions, interrupts
 *                              └── kept one by one, up to the limits below: chains of causes (of a long
 *                                  run every second, fourth ...); disk, frames, slices, texts
 *
 * A page of a long trace stays usable: what was not kept is said on it. */
#ifndef VITRINE_DEBUGGER_TRACE_REPORT_H
#define VITRINE_DEBUGGER_TRACE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debugger/interrupt_life.h"
#include "debugger/trace_record.h"

#define REPORT_NAMES       256
#define REPORT_NAME_BYTES  32
#define REPORT_LANES       96
#define REPORT_BINS        1024u
#define REPORT_EVENTS      12000
#define REPORT_RECENT      65536u /* accesses that may turn out to be causes */
#define REPORT_DISK        8000
#define REPORT_FRAMES      4000
#define REPORT_PATHS       256 /* pairs of ports */
#define REPORT_SLICES      12000
#define REPORT_TEXTS       400
#define REPORT_LABEL_BYTES 112
#define REPORT_NONE        255u /* no name */

/* Accesses of one machine's processor (device REPORT_NONE), or to one of its devices. */
struct report_lane {
    uint8_t machine, device;
    uint64_t reads, writes, elements;
    uint32_t bins[REPORT_BINS];
};

/* What is drawn by itself. */
struct report_event {
    uint64_t seq, cause, ns;
    uint8_t kind, lane, machine;
    char label[REPORT_LABEL_BYTES];
};

struct report_disk {
    uint64_t ns, seq, cause, lba, count;
    uint8_t machine, source, owner;
    bool is_write;
    uint32_t cylinder, head, sector;
};

struct report_frame {
    uint64_t ns, seq, cause;
    uint8_t machine, source, target;
    uint16_t type;
    uint32_t bytes;
    uint8_t to[6], from[6];
};

struct report_path {
    uint8_t machine, source, target;
    uint64_t frames, bytes;
};

struct report_slice {
    uint64_t ns;
    uint8_t machine;
};

struct report_text {
    uint64_t ns;
    uint8_t machine;
    char text[REPORT_LABEL_BYTES];
};

struct report {
    struct trace_head head;
    uint64_t records, first_ns, last_ns;
    char names[REPORT_NAMES][REPORT_NAME_BYTES];
    unsigned name_count;
    struct report_lane lanes[REPORT_LANES];
    unsigned lane_count;
    uint64_t bin_ns; /* width of a bin; doubled whenever the trace grows out of them */
    uint64_t decisions[REPORT_NAMES][6];
    struct interrupt_lives lives;
    struct report_event events[REPORT_EVENTS];
    struct report_event recent[REPORT_RECENT]; /* by seq; not yet kept */
    uint64_t wanted[REPORT_RECENT];            /* causes that are still going on, by seq */
    struct report_disk disk[REPORT_DISK];
    struct report_frame frames[REPORT_FRAMES];
    struct report_path paths[REPORT_PATHS];
    struct report_slice slices[REPORT_SLICES];
    struct report_text texts[REPORT_TEXTS];
    uint64_t thinning; /* of chains: those are kept whose hash has none of these bits */
    size_t event_count, disk_count, frame_count, path_count, slice_count, text_count;
    uint64_t left_events, left_disk, left_frames, left_slices, left_texts, left_lanes;
};

/* Counts and keeps; allocates nothing. */
void report_take(struct report *report, const struct trace_record *record);

struct trace_output;
/* The numbers as one JSON object (RFC 8259) in which no "<" stands: a guest's words can't end the
 * script that they are in. */
void report_write_json(struct report *report, struct trace_output *output);

/* A sink that writes the page at its end. Errors: as trace_output_sink(). */
enum status trace_report_open(struct trace_sink *sink, const char *path, struct error *error);

#endif
