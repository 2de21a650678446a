/* A record of the trace: one thing that happened, as data. Every source makes these, every format
 * (text, JSON Lines, CSV, the binary form .vtr, pcapng, CTF, VCD, Perfetto, the HTML report) takes them.
 *
 *   door: access ──┐                                     ┌── trace_json      the run's own file
 *   door: event  ──┴── trace.c: filter, record ── sink ──┼── trace_text
 *                                                        └── vtr_writer ═══ FILE.vtr
 *                       FILE.vtr ═══ vtr_reader ── sink ──── any format      vitrine trace convert
 *
 * A text that is NULL or empty, and a number whose `has_` is false, is not known: formats leave it
 * out. Texts and bytes live as long as the call that hands the record over. */
#ifndef VITRINE_DEBUGGER_TRACE_RECORD_H
#define VITRINE_DEBUGGER_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "bus/door.h"

enum trace_kind {
    TRACE_ACCESS,    /* of a port, of a device's memory, or by DMA */
    TRACE_WIRE,      /* an interrupt or DRQ wire changed its level: source, line, level */
    TRACE_INTERRUPT, /* a step in an interrupt's life: source, line, step, vector */
    TRACE_EFFECT,    /* something else an access led to: source, address, count, meaning */
    TRACE_DISK,  /* sectors of a disk: source, is_write, address (LBA), count, chs, target: whose */
    TRACE_FRAME, /* an Ethernet frame: source and target (ports), bytes */
    TRACE_TEXT,  /* what a guest said at port E9h: bytes, one line of it */
    TRACE_SCHEDULE, /* a processor was given to `machine`; source: who had it before */
    TRACE_KINDS
};
extern const char *const TRACE_KIND_NAMES[TRACE_KINDS];

extern const char *const TRACE_MODE_NAMES[PROCESSOR_MODES];

#define TRACE_INSTRUCTION_BYTES 15

struct trace_record {
    enum trace_kind kind;
    uint64_t seq;        /* numbers rise as things begin; a record is written when it is over */
    uint64_t cause;      /* seq of the guest's access that led to it; 0: none */
    uint64_t time;       /* of the host's timeline, in instructions */
    uint64_t ns;         /* the same in nanoseconds */
    const char *machine; /* whose */

    /* The instruction, where a processor asks: */
    bool has_cpu;
    unsigned cpu;
    uint8_t cpl;
    enum processor_mode mode; /* when it executed the instruction */
    uint16_t cs;
    uint64_t eip, linear, cr3;
    uint64_t instructions; /* executed by that processor before this one */
    uint8_t code[TRACE_INSTRUCTION_BYTES];
    uint8_t code_bytes;      /* 0: not known */
    const char *instruction; /* disassembled */
    const char *symbol;      /* "main+0x12" */
    const char *source_line; /* "kernel.c:123" */
    const char *process;     /* its name, where the system's layout was declared */

    /* TRACE_ACCESS: */
    enum access_space space;
    bool is_write;
    unsigned size; /* bytes of an element */
    uint64_t address;
    uint64_t value;  /* of the first element */
    uint64_t count;  /* elements */
    uint64_t folded; /* so many further accesses of its loop are left out (--fold-polls) */
    uint32_t round;  /* accesses of one round of that loop */
    const char *with; /* the others of its round */
    const char *device, *reg;
    bool has_old;
    uint64_t old; /* the register before */
    bool has_new;
    uint64_t now;        /* and after */
    const char *changed; /* the fields that changed: "DLAB 0→1" */
    enum decision decision;
    const char *note;    /* the mapping: "virtual C/H/S 0/0/1 -> physical C/H/S 200/0/1" */
    const char *meaning; /* in words; of every kind of record */
    const char *effects; /* "irq14 raised; DMA 0x1000+512" */

    /* The other kinds: */
    const char *source, *target; /* a wire, a device, a port of the switch, a machine */
    unsigned line;               /* of the interrupt controller or DMA controller */
    bool level;
    enum interrupt_step step;
    bool has_vector;
    uint8_t vector;
    bool has_chs;
    uint32_t cylinder, head, sector;
    const uint8_t *bytes;
    size_t byte_count;
};

/* What stands at the head of a trace. */
struct trace_head {
    uint64_t hz;            /* instructions to a virtual second */
    uint64_t start_seconds; /* since 1970: what the guests' real-time clocks said when ns was 0 */
};

/* Where records go. A failed write returns its status and says what and where; nothing more comes
 * then but `end`, which is called once in any case and may fail too. */
struct trace_sink {
    enum status (*begin)(void *self, const struct trace_head *head, struct error *error);
    enum status (*record)(void *self, const struct trace_record *record, struct error *error);
    enum status (*end)(void *self, struct error *error);
    /* Hands what is buffered to the workstation's file; NULL: nothing to do. */
    enum status (*flush)(void *self, struct error *error);
    void *self;
    /* Some times a second of the workstation: what there is to the file, and `open`, a record that may
     * grow still (NULL: none), in such a way that the next record, or the next draft, takes its place. So
     * a run that is killed leaves it, and any other file is as if it had never been there. NULL: as
     * `flush`. */
    enum status (*draft)(void *self, const struct trace_record *open, struct error *error);
};

/* The record of an access or event at the door; its texts are theirs. `ns` is its time in ns. */
void trace_record_of_access(struct trace_record *record, const struct access *access, uint64_t ns);
void trace_record_of_event(struct trace_record *record, const struct door_event *event,
                           uint64_t ns);

/* "in", "out", "read", "write"; "port", "mmio", "dma", "call". */
const char *trace_direction(const struct trace_record *record);
const char *trace_space(const struct trace_record *record);

#endif
