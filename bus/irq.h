/* Wires: interrupt lines, DMA requests, A20, speaker gate. One driver, one listener.
 *
 * The source owns the `struct irq_line`; the listener is told of edges only. Lines that share an
 * input (PCI INTx) meet in the router, which counts its sources. */
#ifndef VITRINE_BUS_IRQ_H
#define VITRINE_BUS_IRQ_H

#include <stdbool.h>
#include <stddef.h>

#include "bus/state.h"

struct irq_line {
    void (*set)(void *self, unsigned input, bool level);
    void *self;
    unsigned input;
    bool level;
};

/* For STATE_STRUCT rows: the level is saved, the connection is rebuilt by wiring. */
extern const struct state_field IRQ_LINE_STATE[];

static inline void irq_line_connect(struct irq_line *line,
                                    void (*set)(void *self, unsigned input, bool level), void *self,
                                    unsigned input)
{
    line->set = set;
    line->self = self;
    line->input = input;
}

static inline void irq_line_set(struct irq_line *line, bool level)
{
    if (line->level == level)
        return;
    line->level = level;
    if (line->set)
        line->set(line->self, line->input, level);
}

static inline void irq_line_pulse(struct irq_line *line)
{
    irq_line_set(line, true);
    irq_line_set(line, false);
}

#endif
