/* The network interface: a cable with two ends, full frames without FCS. */
#ifndef VITRINE_BUS_NET_H
#define VITRINE_BUS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_FRAME_MIN 60u   /* without FCS; shorter ones are padded by who sends them */
#define NET_FRAME_MAX 1518u /* with an 802.1Q tag, without FCS */

/* One end of a cable. Embedded in its owner (a NIC, a port of the switch, a back-end). */
struct net_port {
    const char *name;
    /* A frame arrived at this end. `bytes` may have any length from 0; check it. */
    void (*receive)(void *self, const uint8_t *frame, size_t bytes, uint64_t cause);
    void *self;
    struct net_port *peer; /* NULL: no cable */
};

static inline void net_connect(struct net_port *a, struct net_port *b)
{
    a->peer = b;
    b->peer = a;
}

/* Sends a frame out of this end; it is dropped where no cable is. */
static inline void net_send(struct net_port *port, const uint8_t *frame, size_t bytes,
                            uint64_t cause)
{
    if (port && port->peer && port->peer->receive)
        port->peer->receive(port->peer->self, frame, bytes, cause);
}

#endif
