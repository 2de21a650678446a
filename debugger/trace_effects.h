/* What an access did at once, as words of its record: interrupts and DMA requests that it raised or
 * ended, memory that was moved by DMA, sectors, frames. What it leads to later (a drive's interrupt when the
 * sectors are there) comes as records of their own, with its number as their cause. */
#ifndef VITRINE_DEBUGGER_TRACE_EFFECTS_H
#define VITRINE_DEBUGGER_TRACE_EFFECTS_H

#include "bus/door.h"

#define EFFECTS_BYTES 256

struct trace_effects {
    uint64_t access; /* the outermost one that is being carried out; 0: none had an effect */
    size_t used;
    char text[EFFECTS_BYTES];
};

/* An event while `current`, an access, is carried out; NULL: it came by itself, and is nobody's. */
void trace_effects_take(struct trace_effects *effects, const struct access *current,
                        const struct door_event *event);
/* The access is over: if it was DMA, it is an effect of the one it happened in. Returns its own effects
 * in words, which live until the next call, or NULL. */
const char *trace_effects_end(struct trace_effects *effects, const struct access *access);

#endif
