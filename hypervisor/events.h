/* Event channels of one guest: one bit a port, in two levels, and an upcall by an injected vector.
 *
 * The layout is Xen's 2-level ABI of a 32-bit guest with one virtual CPU (xen/include/public/xen.h,
 * struct shared_info). The guest gives one of its frames for it:
 *
 *   0     evtchn_upcall_pending (byte)      2048  pending: 32 words, bit = port
 *   1     evtchn_upcall_mask (byte)         2176  mask: 32 words, bit = port
 *   4     evtchn_pending_sel: bit n = some unmasked bit of word n is set
 *
 * A back-end raises a port: pending bit → sel bit → upcall_pending → vector. Each step that finds its
 * bit set ends there: a storm of events is one interrupt. MISSING: channels between guests, FIFO
 * channels, more than one virtual CPU. */
#ifndef VITRINE_HYPERVISOR_EVENTS_H
#define VITRINE_HYPERVISOR_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

#define EVENT_PORTS     32u /* that a guest can have open; port 0 is never valid */
#define EVENT_PORTS_ABI 1024u

enum event_state { EVENT_CLOSED, EVENT_UNBOUND, EVENT_BOUND };

struct event_port {
    enum event_state state;
    void (*notify)(void *self); /* the back-end's end; called when the guest sends */
    void *self;
};

struct events {
    struct guest *guest;
    struct event_port ports[EVENT_PORTS];
    bool has_page;
    uint32_t page_gfn; /* the guest's frame with the bits */
    uint8_t vector;    /* of the upcall; 0: none */
    uint64_t sent, raised, upcalls;
};

void events_init(struct events *events, struct guest *guest);
/* The guest's frame that holds the bits from now on; false: no RAM there. */
bool events_set_page(struct events *events, uint32_t gfn);
/* A new port, whose other end a back-end may bind; -ENOSPC (as a positive number 0: none is free). */
uint32_t events_allocate(struct events *events);
/* A back-end takes the other end of an unbound port; false: it is not one. */
bool events_bind(struct events *events, uint32_t port, void (*notify)(void *self), void *self);
bool events_close(struct events *events, uint32_t port);
/* The guest notifies the other end; false: the port is not bound. */
bool events_send(struct events *events, uint32_t port);
/* A back-end notifies the guest. Returns whether an upcall was injected. */
bool events_raise(struct events *events, uint32_t port);
/* The guest takes a mask away: what came meanwhile is delivered now. False: no such port. */
bool events_unmask(struct events *events, uint32_t port);

#endif
