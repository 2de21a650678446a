/* The lives of interrupts, put together from the steps that controllers and CPUs show:
 *
 *   raised ── requested ── acknowledged ── entered ── ended
 *   the pin   IRR          INTA, vector    handler    EOI
 *     │         │               │                       │
 *     │         └ masked: waits in IRR until the mask lets it through
 *     └ lost: a further edge while requested, gone before INTA, or spurious
 *
 * An input that is still requested when the trace ends was never served: `unserved`. */
#ifndef VITRINE_DEBUGGER_INTERRUPT_LIFE_H
#define VITRINE_DEBUGGER_INTERRUPT_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debugger/trace_record.h"

#define INTERRUPT_LINES_MAX  512
#define INTERRUPT_NAME_BYTES 24

/* Of a stage: how often it was gone through, how long it took altogether and at most, in ns. */
struct interrupt_stage {
    uint64_t count, sum_ns, most_ns;
};

/* One input of one controller (of a local APIC: one vector). */
struct interrupt_line {
    char machine[INTERRUPT_NAME_BYTES], source[INTERRUPT_NAME_BYTES];
    unsigned line;
    uint64_t steps[INTERRUPT_STEPS]; /* how often each was shown */
    struct interrupt_stage waiting;  /* raised → acknowledged */
    struct interrupt_stage serving;  /* acknowledged → ended */
    /* The life that goes on: */
    bool is_requested, is_masked, is_serving;
    bool has_vector;
    uint8_t vector;
    uint64_t raised_ns, acknowledged_ns, cause;
};

struct interrupt_lives {
    struct interrupt_line lines[INTERRUPT_LINES_MAX];
    size_t count;
    uint64_t left_out; /* steps of lines that there was no room for */
};

/* Takes a record of kind TRACE_INTERRUPT; others are ignored. Puts what a step completes in words at
 * `words`: "12.3 us after it was raised"; "" where there is nothing to say. */
void interrupt_lives_take(struct interrupt_lives *lives, const struct trace_record *record,
                          char *words, size_t size);
/* The end: calls `unserved` for each input that waits still; `words` say for how long and why. */
void interrupt_lives_end(struct interrupt_lives *lives, uint64_t now_ns,
                         void (*unserved)(void *self, const struct interrupt_line *line,
                                          const char *words),
                         void *self);

#endif
