/* The back-end of a guest's disk: requests from a ring of Xen's block interface (blkif.h, the layout of
 * a 32-bit guest), carried out by the guest's virtual disk, whose arbiter judges them like any other. */
#ifndef VITRINE_HYPERVISOR_BLKBACK_H
#define VITRINE_HYPERVISOR_BLKBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct blkback;
struct pv;

struct blkback_counts {
    uint64_t requests, sectors, errors, notifications, upcalls, rounds, restarts;
};

enum status blkback_new(struct blkback **back, struct pv *pv, struct error *error);
void blkback_free(struct blkback *back);
/* The front-end's ring and port; false: not granted, not open, or connected already. */
bool blkback_connect(struct blkback *back, uint32_t ring_ref, uint32_t port);
/* Forgets the ring and what is under way; nothing of the guest's is touched afterwards. */
void blkback_disconnect(struct blkback *back);
/* Paused, it looks at no ring; what is under way ends, and is told when it goes on. Killed, it forgets what is
 * under way; started again, it answers that with an error and goes on with the ring as it finds it. */
void blkback_pause(struct blkback *back);
void blkback_resume(struct blkback *back);
void blkback_kill(struct blkback *back);
void blkback_restart(struct blkback *back);
uint64_t blkback_sectors(const struct blkback *back);
struct blkback_counts blkback_counts(const struct blkback *back);

#endif
