/* Who wrote the table entries that a triple fault was about, or the mask behind which a machine hangs: the same run once more, from its start to
 * the same fault, with watchpoints on them (a watcher at the door for a register). A run is the same whenever its inputs are (rule 4), so that
 * no write of the guest's has to be noted down on the way.
 *
 * The second run has no window, no cables and no streams: what came from there comes again, when it came
 * (input_log.h). Its disks are those of the first as they were at the start (backends/image_start.h), and
 * what it writes is gone with it. That it was the same is checked: it ends with the same machine, to the
 * last bit, or nothing is claimed. */
#ifndef VITRINE_FRONTENDS_RUN_AGAIN_H
#define VITRINE_FRONTENDS_RUN_AGAIN_H

#include "frontends/session.h"

/* A second run: its parts, and what it is freed by. */
struct second_run {
    struct session *session;
    struct machine *machine; /* the one that faulted in the first */
    struct machine *shown;   /* whose keyboard it is */
    void *self;
};

/* What can be made again, for one machine of it. */
struct run_again {
    const struct session *first;
    /* Builds the same from other options, which outlive it. `second->self` is set whenever there is
     * something to free, also on failure. */
    enum status (*build)(const struct run_options *options, const char *machine,
                         struct second_run *second, struct error *error);
    void (*free)(void *self);
    bool is_done, is_hang_done; /* once: a machine that reboots faults again and again */
};

/* Has the machine ask (machine.writers) for the lines about its first fault and its first hang. */
void run_again_watch(struct run_again *again, struct machine *machine);

#endif
