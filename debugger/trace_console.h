/* What guests say at port E9h, put together to lines: a record for each line instead of each letter. */
#ifndef VITRINE_DEBUGGER_TRACE_CONSOLE_H
#define VITRINE_DEBUGGER_TRACE_CONSOLE_H

#include "bus/door.h"

#define CONSOLE_MACHINES   9 /* a host and its guests */
#define CONSOLE_LINE_BYTES 128

struct trace_console {
    struct console_line {
        const char *machine; /* NULL: not in use */
        uint64_t address;    /* E9h, or 402h: SeaBIOS' log */
        uint64_t cause;      /* the access with the line's first letter */
        uint8_t bytes[CONSOLE_LINE_BYTES];
        size_t count;
    } lines[2 * CONSOLE_MACHINES];
    void (*say)(void *self, struct door_event *event); /* id and time are left to it */
    void *self;
};

/* Looks at every access. */
void trace_console_look(struct trace_console *console, const struct access *access);
/* Lines that have no end yet are said as they are. */
void trace_console_flush(struct trace_console *console);

#endif
