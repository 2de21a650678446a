/* A world: one run. One timeline, one event queue, one door, one input log, and the machines that
 * live in it.
 *
 * The outside enters at one recorded door: at fixed virtual instants (POLL_HZ) the pollers look at
 * windows, terminals and sockets and hand what came to world_input(), which logs it (time, sequence,
 * channel, payload) and delivers it. Hence the same inputs give the same run. */
#ifndef VITRINE_MACHINE_WORLD_H
#define VITRINE_MACHINE_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "bus/clock.h"
#include "bus/door.h"

struct code_pool;
struct machine;
struct state_stream;
struct world;

#define WORLD_POLL_HZ 1000u   /* outside input is looked at so often, in virtual time */
#define WORLD_FRAME_HZ 60u    /* pictures are shown so often, in virtual time */
#define WORLD_DEFAULT_HZ 200000000u /* instructions to a virtual second */

/* A way into the world: "alpha.keyboard", "com1". */
struct world_channel {
    const char *name;
    void (*deliver)(void *self, const uint8_t *bytes, size_t count);
    void *self;
    struct world_channel *next;
    unsigned number;
};

/* Looks at the outside at poll or frame instants. May call world_input and world_stop. */
struct world_watcher {
    void (*poll)(void *self);  /* at WORLD_POLL_HZ; may be NULL */
    void (*frame)(void *self); /* at WORLD_FRAME_HZ; may be NULL */
    void (*held)(void *self);  /* the debugger holds the world; may be NULL. Takes nothing in */
    /* The world has nothing to do for `ns` of virtual time; may be NULL. May wait so long, as pacing
     * does, and takes nothing in. */
    void (*idle)(void *self, uint64_t ns);
    void *self;
    struct world_watcher *next;
};

/* Who executes: a single machine, or the hypervisor's scheduler. Runs from timeline.now up to at
 * most timeline.slice_end; returns false when nothing can run before the next event. */
struct world_runner {
    bool (*run)(void *self);
    /* Nothing runs and no event will ever come: explains why, for the message. May be NULL. */
    void (*explain_hang)(void *self, char *text, size_t size);
    void *self;
};

typedef void world_ram_hook(uint8_t *bytes, size_t count);

struct world {
    struct timeline timeline;
    world_ram_hook *ram_made;
    struct door door;
    struct log log;
    struct code_pool *pool;
    struct clock clock; /* the world's own: frames, polls, limits */
    struct event poll, frame, limit;
    struct world_watcher *watchers;
    struct world_channel *channels;
    struct world_runner runner;
    uint64_t input_count, input_hash; /* of all records that came in */
    /* Who keeps them; may be NULL. */
    void (*keep_input)(void *self, const struct world_channel *channel, const void *bytes,
                       size_t count);
    void *keep_input_self;
    uint32_t next_ram_id;
    bool is_paced;           /* real time: a virtual second takes a second */
    uint64_t pace_start_ns, pace_start_now;
    bool is_over;
    bool is_held;            /* by the debugger: world_advance returns, nothing moves */
    int exit_status;         /* valid when is_over */
    uint64_t deadline_ns;    /* workstation's clock: --timeout; 0: none */
    atomic_int requested_status; /* asked for from another thread, + 1; 0: nothing asked */
    atomic_bool takes_breaks;    /* a debugger stands ready for Ctrl-C */
    atomic_bool requested_break;
};

struct world_options {
    uint64_t hz;               /* 0: WORLD_DEFAULT_HZ */
    bool is_paced;
    uint64_t max_instructions; /* 0: no limit; the run ends with STATUS_TIMEOUT */
    uint64_t timeout_seconds;  /* of the workstation; 0: no limit */
    size_t code_bytes;         /* the pool of decoded code; 0: the default */
    world_ram_hook *ram_made;  /* RAM that a CPU will use, still untouched; may be NULL */
    enum log_level log_level;
};

enum status world_init(struct world *world, const struct world_options *options,
                       struct error *error);
void world_fini(struct world *world);
void world_add_watcher(struct world *world, struct world_watcher *watcher);
void world_remove_watcher(struct world *world, struct world_watcher *watcher);
void world_add_channel(struct world *world, struct world_channel *channel);
/* Something came from outside: logged, then delivered. Only at poll instants. */
void world_input(struct world *world, const struct world_channel *channel, const void *bytes,
                 size_t count);
/* Ends the run after the current instruction; the first call's status counts. */
void world_stop(struct world *world, int exit_status);
/* Runs until somebody stops it. Returns the exit status. */
int world_run(struct world *world);
/* Runs for at most `instructions` more, or until the world is held (the debugger's way); returns
 * true while not over. Going on later gives the same run as never having stopped. */
bool world_advance(struct world *world, uint64_t instructions);
/* The debugger wants the world to stand: sets is_held and ends the running slice. */
void world_hold(struct world *world);
/* While the world is held: takes an end that was asked for from outside, and --timeout; lets the
 * watchers keep their windows alive. */
void world_look_up(struct world *world);
/* Saves or loads the timeline and what came in, as a section; the machines follow. A run that goes on
 * from it is, to the last bit, the run that was never interrupted; --max-instructions counts anew. */
void world_save(const struct world *world, struct state_stream *stream);
enum status world_load(struct world *world, struct state_stream *stream, struct error *error);
/* Asks for an end from another thread or a signal handler: taken at the next poll instant. */
void world_request_stop(struct world *world, int exit_status);
/* The same for Ctrl-C: true when a debugger will take it as its order to hold the world. */
bool world_request_break(struct world *world);

#endif
