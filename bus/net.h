/* The network interface: a cable with two ends, full frames without FCS; and what every part that
 * passes frames on needs: a bounded queue, the table of a learning bridge, the time on the wire. */
#ifndef VITRINE_BUS_NET_H
#define VITRINE_BUS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_FRAME_MIN    60u   /* without FCS; shorter ones are padded by who sends them */
#define NET_FRAME_MAX    1518u /* with an 802.1Q tag, without FCS */
#define NET_HEADER_BYTES 14u
#define NET_MAC_BYTES    6u

/* One end of a cable. Embedded in its owner (a NIC, a port of the switch, a back-end). */
struct net_port {
    const char *name;
    /* A frame arrived at this end. `bytes` may have any length from 0; check it. */
    void (*receive)(void *self, const uint8_t *frame, size_t bytes, uint64_t cause);
    void *self;
    struct net_port *peer; /* NULL: no cable */
};

/* "52:54:00:12:34:56", the address of one station; false for anything else. */
bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_BYTES]);

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

/* Something in the middle of a cable: what comes in at one end goes out of the other. */
struct net_through {
    struct net_port near, far; /* towards the NIC, towards the rest */
};

/* How long a frame of so many bytes keeps the wire busy at 10 Mbit/s: it is padded to the minimum;
 * preamble and SFD, FCS and the interframe gap are added (IEEE 802.3-2022, 3.1 and 4.4.2). */
uint64_t net_wire_ns(size_t bytes);

/* --- a bounded queue of frames ------------------------------------------------------------------- */

#define NET_QUEUE_FRAMES 64u /* a TCP window of 64 KiB fits */

struct net_frame {
    uint8_t bytes[NET_FRAME_MAX];
    size_t count;
    uint64_t cause;
};

struct net_queue {
    struct net_frame frames[NET_QUEUE_FRAMES];
    unsigned head, waiting;
};

/* The place for one more frame, to be filled in; NULL: full. */
struct net_frame *net_queue_add(struct net_queue *queue);
/* A copy of a frame of at most NET_FRAME_MAX bytes; false: full. */
bool net_queue_put(struct net_queue *queue, const uint8_t *frame, size_t bytes, uint64_t cause);
/* The oldest frame, which stays; NULL: none. */
const struct net_frame *net_queue_first(const struct net_queue *queue);
void net_queue_drop_first(struct net_queue *queue);

/* --- what a learning bridge knows (IEEE 802.1D-2004, 7.8) ------------------------------------------ */

#define NET_TABLE_ADDRESSES 256u /* the oldest is overwritten */

struct net_table {
    struct {
        uint8_t mac[NET_MAC_BYTES];
        bool is_known;
        unsigned port;
    } addresses[NET_TABLE_ADDRESSES];
    unsigned next;
};

/* The source of this frame is behind that port. */
void net_table_learn(struct net_table *table, const uint8_t *frame, unsigned port);
/* Whether a frame from one port goes out of another: flooded while its destination is unknown. */
bool net_table_forwards(const struct net_table *table, const uint8_t *frame, unsigned from,
                        unsigned to);

#endif
