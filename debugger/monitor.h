/* `vitrine debug`: a prompt at which one machine is stopped, looked at, stepped and let go. */
#ifndef VITRINE_DEBUGGER_MONITOR_H
#define VITRINE_DEBUGGER_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct machine;
struct monitor;
struct symbols;
struct world;

/* Where lines come from and text goes to; self is given to both. */
struct monitor_io {
    void *self;
    /* The next line without its end; false at the end of the input. */
    bool (*read_line)(void *self, const char *prompt, char *line, size_t size);
    void (*write)(void *self, const char *text);
};

struct monitor_options {
    struct monitor_io io;
    const struct symbols *symbols; /* NULL: none; outlives the monitor */
    /* Where it stops for the first time: at once, or at this instruction. */
    bool has_first, first_is_physical;
    uint64_t first;
};

enum status monitor_new(struct monitor **monitor, struct world *world, struct machine *machine,
                        const struct monitor_options *options, struct error *error);
void monitor_free(struct monitor *monitor);
/* Runs the world in place of world_run(), until it is over, `quit`, or the end of the input. */
int monitor_run(struct monitor *monitor);

#endif
