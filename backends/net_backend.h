/* The workstation's end of a NIC's cable: two bounded queues with the outside behind them.
 *
 *   NIC ─► port ─► to_outside ───► exchange() ─► library, socket, tap
 *   NIC ◄─ port ◄─ recorded door ◄─ from_outside ◄─ exchange() ◄─┘
 *
 * Frames out of the machine are only queued when they come. At fixed virtual instants exchange()
 * carries the queues to and from the outside, never waiting, and whoever runs the world takes what
 * came in through the world's recorded door (frontends/network.c). A full queue drops and counts;
 * what is no Ethernet frame (shorter than its header, longer than NET_FRAME_MAX) is counted too. */
#ifndef VITRINE_BACKENDS_NET_BACKEND_H
#define VITRINE_BACKENDS_NET_BACKEND_H

#include "backends/net_words.h"
#include "bus/net.h"

struct pollfd;

struct net_counts {
    uint64_t sent, received;                     /* frames: to the outside, from it */
    uint64_t dropped_sending, dropped_receiving; /* for want of room, or of a peer */
    uint64_t malformed;                          /* from outside: too short, too long */
};

struct net_backend;

struct net_backend_ops {
    /* Moves frames between the queues and the outside. Virtual time, for timers and retries. */
    void (*exchange)(struct net_backend *backend, uint64_t now_ns);
    /* Fills in what exchange() waits for, at most `room`; returns how many. */
    size_t (*descriptors)(struct net_backend *backend, struct pollfd *polled, size_t room);
    void (*close)(struct net_backend *backend); /* frees it */
};

/* Embedded in each kind, first. */
struct net_backend {
    const struct net_backend_ops *ops;
    struct net_port port; /* the NIC's cable goes here */
    struct net_queue to_outside, from_outside;
    struct net_counts counts;
    bool has_complained;
};

/* Opens the outside that the words name; not NET_NONE, NET_SWITCH or NET_RECEIVER. The words live as long. */
enum status net_backend_open(struct net_backend **backend, const struct net_words *words,
                             struct error *error);
/* Waits until the outside of one of them has something, at most so many milliseconds; returns
 * false when nothing came. */
bool net_backend_wait(struct net_backend *const *backends, size_t count, int milliseconds);

/* --- for the kinds --------------------------------------------------------------------------------- */
enum status net_user_open(struct net_backend **backend, const struct net_words *words,
                          struct error *error);
enum status net_stream_open(struct net_backend **backend, const struct net_words *words,
                            struct error *error);
enum status net_tap_open(struct net_backend **backend, const struct net_words *words,
                         struct error *error);
void net_backend_init(struct net_backend *backend, const struct net_backend_ops *ops,
                      const char *name);
/* A frame came from outside: checked, padded, queued, or dropped and counted. */
void net_backend_arrived(struct net_backend *backend, const uint8_t *frame, size_t bytes);
bool net_backend_has_room(const struct net_backend *backend); /* for one frame from outside */
/* Says something on stderr, once a back-end. */
void net_backend_warn(struct net_backend *backend, const char *what);

#endif
