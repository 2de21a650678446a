/* The back-end's side of a shared ring: requests one way, responses the other, in the same slots.
 *
 *   0  req_prod   the front-end has put requests up to here (free-running, not masked)
 *   4  req_event  tell the back-end when req_prod passes this
 *   8  rsp_prod   the back-end has put responses up to here
 *  12  rsp_event  tell the front-end when rsp_prod passes this
 *  64  slots, a power of two of them
 *
 * Specification: Xen, xen/include/public/io/ring.h. The page is the guest's: every index is read once
 * and believed only when it can be, every request is copied before it is looked at. */
#ifndef VITRINE_HYPERVISOR_RING_H
#define VITRINE_HYPERVISOR_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/grants.h"

#define RING_HEADER_BYTES 64u

struct ring {
    struct guest *guest;
    struct grant_mapping page;
    uint32_t slots, slot_bytes;
    uint32_t req_cons, rsp_prod; /* ours; what stands in the page is for the other side */
    bool is_broken;              /* the front-end's index made no sense: nothing is read any more */
};

/* Slots of so many bytes that fit a page, rounded down to a power of two. */
uint32_t ring_slots(uint32_t slot_bytes);
void ring_init(struct ring *ring, struct guest *guest, const struct grant_mapping *page,
               uint32_t slot_bytes);
/* Copies the next request; false: there is none, or the ring is broken. */
bool ring_take(struct ring *ring, void *request);
/* The front-end shall tell when one more comes; true: one has come already. */
bool ring_final_check(struct ring *ring);
/* Puts a response into the next slot, not yet shown. */
void ring_put(struct ring *ring, const void *response, size_t bytes);
/* Shows all responses that were put; true: the front-end wants to be told. */
bool ring_publish(struct ring *ring);

#endif
