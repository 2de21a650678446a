#include "hypervisor/events.h"

#include <string.h>

#include "base/bits.h"
#include "hypervisor/guest.h"

#define UPCALL_PENDING 0u
#define PENDING_SEL    4u
#define PENDING        2048u
#define MASK           2176u
#define WORD_BITS      32u

void events_init(struct events *events, struct guest *guest)
{
    memset(events, 0, sizeof *events);
    events->guest = guest;
}

bool events_set_page(struct events *events, uint32_t gfn)
{
    if (!guest_frame(events->guest, gfn))
        return false;
    events->has_page = true;
    events->page_gfn = gfn;
    return true;
}

/* The port, where it is open. */
static struct event_port *port_of(struct events *events, uint32_t port)
{
    if (port == 0 || port >= EVENT_PORTS || events->ports[port].state == EVENT_CLOSED)
        return NULL;
    return &events->ports[port];
}

uint32_t events_allocate(struct events *events)
{
    for (uint32_t port = 1; port < EVENT_PORTS; port++)
        if (events->ports[port].state == EVENT_CLOSED) {
            events->ports[port].state = EVENT_UNBOUND;
            return port;
        }
    return 0;
}

bool events_bind(struct events *events, uint32_t port, void (*notify)(void *self), void *self)
{
    struct event_port *p = port_of(events, port);
    if (!p || p->state != EVENT_UNBOUND)
        return false;
    *p = (struct event_port){EVENT_BOUND, notify, self};
    return true;
}

bool events_close(struct events *events, uint32_t port)
{
    struct event_port *p = port_of(events, port);
    if (!p)
        return false;
    *p = (struct event_port){EVENT_CLOSED, NULL, NULL};
    return true;
}

bool events_send(struct events *events, uint32_t port)
{
    struct event_port *p = port_of(events, port);
    if (!p || p->state != EVENT_BOUND)
        return false;
    events->sent++;
    p->notify(p->self);
    return true;
}

/* Sets a bit of the page's word at `offset`; returns whether it was set before. */
static bool test_and_set(struct events *events, uint8_t *page, uint32_t offset, uint32_t bit)
{
    uint32_t word = load_le32(page + offset);
    if (word & bit)
        return true;
    store_le32(page + offset, word | bit);
    guest_frame_written(events->guest, events->page_gfn, offset, 4);
    return false;
}

/* The bit is pending and not masked: up the levels, as far as something is new. */
static bool deliver(struct events *events, uint8_t *page, uint32_t port)
{
    if (test_and_set(events, page, PENDING_SEL, 1u << port / WORD_BITS))
        return false;
    if (page[UPCALL_PENDING])
        return false;
    page[UPCALL_PENDING] = 1;
    guest_frame_written(events->guest, events->page_gfn, UPCALL_PENDING, 1);
    if (events->vector == 0)
        return false;
    events->upcalls++;
    guest_upcall(events->guest, events->vector);
    return true;
}

bool events_raise(struct events *events, uint32_t port)
{
    uint8_t *page = events->has_page ? guest_frame(events->guest, events->page_gfn) : NULL;
    uint32_t offset = port / WORD_BITS * 4, bit = 1u << port % WORD_BITS;
    if (!page || !port_of(events, port))
        return false;
    events->raised++;
    if (test_and_set(events, page, PENDING + offset, bit))
        return false;
    if (load_le32(page + MASK + offset) & bit)
        return false;
    return deliver(events, page, port);
}

bool events_unmask(struct events *events, uint32_t port)
{
    uint8_t *page = events->has_page ? guest_frame(events->guest, events->page_gfn) : NULL;
    uint32_t offset = port / WORD_BITS * 4, bit = 1u << port % WORD_BITS;
    if (!page || !port_of(events, port))
        return false;
    store_le32(page + MASK + offset, load_le32(page + MASK + offset) & ~bit);
    guest_frame_written(events->guest, events->page_gfn, MASK + offset, 4);
    if (load_le32(page + PENDING + offset) & bit)
        deliver(events, page, port);
    return true;
}
