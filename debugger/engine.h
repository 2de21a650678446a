/* The debugger's engine: stops a machine, looks at it and lets it go on, for the gdb stub and the
 * monitor.
 *
 * It owns the list of breakpoints and watchpoints, hands it to the CPU (which decodes the code again
 * with them in it: guest memory is never patched), and runs the world. While the machine stands, the
 * world stands: no time passes, no event fires, so that a run does not depend on who looked at it. */
#ifndef VITRINE_DEBUGGER_ENGINE_H
#define VITRINE_DEBUGGER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "cpu/cpu.h"
#include "machine/world.h"

struct machine;

#define ENGINE_POINTS 256

enum stop_reason {
    STOP_ASKED,   /* somebody asked: an interrupt from the keyboard, or the start */
    STOP_STEP,    /* the step is done */
    STOP_POINT,   /* a breakpoint or watchpoint */
    STOP_MAGIC,   /* XCHG BX,BX (cpu_set_magic_breaks) */
    STOP_SHUTDOWN /* triple fault: shown before the chip set resets the machine */
};

/* A breakpoint (CPU_WATCH_EXECUTE) or watchpoint. */
struct engine_point {
    int number; /* from 1, never used twice */
    int tag;    /* its owner's: gdb's type of point */
    enum cpu_watch_kind kind;
    bool is_physical;  /* address is physical; else linear */
    bool is_temporary; /* gone when it is hit */
    uint64_t address, length;
    uint64_t hits;
};

struct engine_stop {
    enum stop_reason reason;
    struct engine_point point; /* STOP_POINT */
    uint64_t address;          /* STOP_POINT: where it was hit */
    bool is_write;
};

/* Who gives the orders. */
struct engine_client {
    /* The machine came to stand. */
    void (*stopped)(void *self, const struct engine_stop *stop);
    /* It stands: takes orders; waits for them at most a tenth of a second. */
    void (*serve)(void *self);
    /* It runs: looks whether somebody wants it to stop. At poll instants; never waits. May be NULL. */
    void (*poll)(void *self);
    /* The run is over with that exit status. May be NULL. */
    void (*over)(void *self, int exit_status);
    void *self;
    bool takes_breaks; /* Ctrl-C on the workstation stops the machine instead of ending the run */
};

struct engine {
    struct world *world;
    struct machine *machine;
    struct engine_client client;
    struct world_watcher watcher;
    struct engine_point points[ENGINE_POINTS];
    size_t point_count;
    int next_number;
    bool is_stopped; /* the machine stands */
    bool is_stepping;
    bool was_asked;
    struct engine_stop stop; /* valid while it stands */
};

/* Watches over one machine of the world. The machine has a CPU. */
void engine_init(struct engine *engine, struct world *world, struct machine *machine,
                 const struct engine_client *client);
/* Takes all points away. */
void engine_fini(struct engine *engine);
/* Runs the world, serving the client while the machine stands. Returns the exit status. */
int engine_run(struct engine *engine);
/* Stops the machine at once (before the run) or at the present instant. */
void engine_hold(struct engine *engine);
/* Orders to a machine that stands: go on, or carry out one instruction. */
void engine_resume(struct engine *engine);
void engine_step(struct engine *engine);
/* RESET# of the machine that stands. */
void engine_reset(struct engine *engine);

/* Adds a copy of the point (its number is chosen here). Errors: STATUS_USAGE when there are too many
 * or the length is 0; STATUS_INTERNAL out of memory. */
enum status engine_add_point(struct engine *engine, const struct engine_point *point, int *number,
                             struct error *error);
/* False when there is no such point. */
bool engine_remove_point(struct engine *engine, int number);
/* NULL when there is none. */
const struct engine_point *engine_find_point(const struct engine *engine, int number);

#endif
