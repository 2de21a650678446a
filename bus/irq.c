#include "bus/irq.h"

#include "bus/state.h"

/* The level is state of the source; what it is connected to is wiring. */
const struct state_field IRQ_LINE_STATE[] = {
    STATE_REBUILT(struct irq_line, set),
    STATE_REBUILT(struct irq_line, self),
    STATE_REBUILT(struct irq_line, input),
    STATE_ONE(struct irq_line, level),
    STATE_TABLE_END,
};
