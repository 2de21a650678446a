/* A picture of who ran when, and why it stopped: bars in time, a row for each guest. */
#ifndef VITRINE_HYPERVISOR_GANTT_H
#define VITRINE_HYPERVISOR_GANTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GANTT_BARS_MAX ((size_t)1 << 20) /* later ones are only counted */

/* Why a guest stopped to run. */
enum guest_stop {
    GUEST_STOP_SLICE,
    GUEST_STOP_IDLE,
    GUEST_STOP_PREEMPTED,
    GUEST_STOP_WAITING,
    GUEST_STOP_PAUSED,
    GUEST_STOP_ENDED,
    GUEST_STOPS
};
extern const char *const GUEST_STOP_NAMES[GUEST_STOPS];

struct gantt_bar {
    uint64_t start, end; /* host time, in instructions */
    uint8_t row, stop;
};

struct gantt {
    struct gantt_bar *bars;
    size_t count, capacity, left_out;
    uint64_t from, to; /* the part that is kept; to 0: all */
};

void gantt_free(struct gantt *gantt);
/* Not within a guest's access: it may allocate. */
void gantt_add(struct gantt *gantt, unsigned row, uint64_t start, uint64_t end,
               enum guest_stop stop);
/* Writes a self-contained SVG. `names` and `notes` (behind the row; entries may be NULL) have `rows`
 * entries; the run ended at `end`. */
void gantt_write(FILE *out, const struct gantt *gantt, const char *title, const char *const *names,
                 const char *const *notes, unsigned rows, uint64_t hz, uint64_t end);

#endif
