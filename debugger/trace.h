/* The trace of a run: what passes the door and the filter becomes records (trace_record.h), which a
 * format writes (trace_formats.h). As JSON Lines, an access looks so:
 *
 *   {"seq":812,"cause":0,"ns":1204,"time":120,"icount":120,"machine":"pc","cs":"0xf000",
 *    "eip":"0xe05b","cpl":0,"linear":"0xfe05b","dir":"out","space":"port","addr":"0x43","size":1,"value":"0x34",
 *    "device":"pit","reg":"CONTROL","old":"0x0","meaning":"channel 0: lo/hi, mode 2"}
 *
 * seq     the record; cause: the guest's access that led to it, 0 for none
 * ns      virtual time; time: the host's, in instructions; icount: those of the CPU that asks
 * kind    left out for accesses, else wire, interrupt, effect, disk, frame, text, schedule
 * cs eip  linear and cpl: the instruction; left out, like icount, where no CPU asks (DMA, native drivers)
 * dir     in, out (ports), read, write; space: port, mmio, dma, call (of the VMM)
 * count   elements of a block (REP INS/OUTS, DMA), left out when 1; value is the first one
 * device  and reg: who answers, left out where nobody does; old: the register before
 * decision, note: what the hypervisor made of it, left out on a machine without one
 *
 * Times and sizes are numbers, addresses and values are hexadecimal texts. An access is written when
 * it is over: what it led to on the host comes before it, with its seq as cause.
 *
 * A trace only looks: the run is the same with it and without. */
#ifndef VITRINE_DEBUGGER_TRACE_H
#define VITRINE_DEBUGGER_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "bus/door.h"
#include "debugger/trace_record.h"

struct trace;
struct symbols;
struct trace_filter;
struct world;

struct trace_settings {
    const char *filter; /* see trace_filter_new */
    const char *path;   /* NULL: standard error, "-": standard output */
    const char *format; /* NULL: as the path's suffix says, else JSON Lines */
    bool folds_polls;   /* a loop that waits for a status is one record (trace_fold.h) */
    const struct symbols *symbols; /* of places in guests' code; NULL: none */
    const char *process; /* where its name is found (trace_process.h); NULL: unsaid */
    uint64_t start_seconds; /* since 1970: what real-time clocks said at the beginning */
};
/* Starts writing what passes the filter. Build the machines first: then misspelt names of machines and devices
 * are refused with the nearest match. Errors: STATUS_USAGE (filter, format, or a file
 * that is no trace: it is not overwritten), STATUS_FILE (path). A write that
 * fails later (full disk, closed pipe) is said once in the world's log, and the run goes on. The
 * program ignores SIGPIPE. */
enum status trace_open(struct trace **trace, struct world *world,
                       const struct trace_settings *settings, struct error *error);
/* Writes out what is buffered. NULL is allowed. */
void trace_flush(struct trace *trace);
/* Flushes, stops looking, frees. NULL is allowed. */
void trace_close(struct trace *trace);
/* Records written so far. */
uint64_t trace_lines(const struct trace *trace);

/* Longest line that trace_json_line() makes, its newline included. */
#define TRACE_LINE_BYTES 32768
/* One record as a line at `text`, which has TRACE_LINE_BYTES; returns its length. No NUL. */
size_t trace_json_line(char *text, const struct trace_record *record);

/* First what is shown: io (accesses), or several of io, wire, irq, effect, disk, net, text, sched with
 * commas between, or all. Then what narrows it:
 *
 * Parses "io" or "io:dev=pit,ide:machine=alpha:port=0x1f0-0x1f7,0x3f6:addr=0xa0000-0xbffff:dir=out":
 * each part narrows, the words of a part widen.
 *
 *   dev=       names of instances ("ide0"), instances without their number ("ide"), types ("i8254")
 *   machine=   their names
 *   port=      ranges of ports; addr= of addresses (MMIO, DMA)
 *   dir=       in, out, read, write
 *   space=     port, mmio, dma, call
 *   reg=       names of registers, as in docs/devices; field=M=3: fields with their values
 *   icount=    ranges of instructions, counted by the CPU; ip= of their linear addresses
 *   firmware=  yes: also what the run hides (--no-firmware, --from)
 *
 * Names of machines and devices are checked against those of `door` when it has any. Errors:
 * STATUS_USAGE with the part at fault and the nearest match. */
enum status trace_filter_new(struct trace_filter **filter, const char *text,
                             const struct door *door, struct error *error);
void trace_filter_free(struct trace_filter *filter);
/* Only a part of the run is shown; then, before an access: remembers whether it belongs to it, and so
 * what it leads to. */
bool trace_filter_is_scoped(const struct trace_filter *filter);
void trace_filter_begin(struct trace_filter *filter, const struct access *access);
/* Events are narrowed by machine=, by dev= (source or target), and belong to their causes; the other
 * parts are of accesses. */
bool trace_filter_passes_event(const struct trace_filter *filter, const struct door_event *event);
bool trace_filter_passes(const struct trace_filter *filter, const struct access *access);

#endif
