#include "backends/net_backend.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

#define POLLED_MAX 256

/* A frame out of the machine, in the middle of its instruction or event: only queued. */
static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_backend *backend = self;
    if (bytes < NET_HEADER_BYTES || bytes > NET_FRAME_MAX ||
        !net_queue_put(&backend->to_outside, frame, bytes, cause))
        backend->counts.dropped_sending++;
}

void net_backend_init(struct net_backend *backend, const struct net_backend_ops *ops,
                      const char *name)
{
    backend->ops = ops;
    backend->port.name = name;
    backend->port.receive = receive;
    backend->port.self = backend;
}

void net_backend_arrived(struct net_backend *backend, const uint8_t *frame, size_t bytes)
{
    struct net_frame *place;
    if (bytes < NET_HEADER_BYTES || bytes > NET_FRAME_MAX) {
        backend->counts.malformed++;
        return;
    }
    place = net_queue_add(&backend->from_outside);
    if (!place) {
        backend->counts.dropped_receiving++;
        return;
    }
    backend->counts.received++;
    memset(place->bytes, 0, NET_FRAME_MIN); /* virtual networks don't pad */
    memcpy(place->bytes, frame, bytes);
    place->count = bytes < NET_FRAME_MIN ? NET_FRAME_MIN : bytes;
    place->cause = 0;
}

bool net_backend_has_room(const struct net_backend *backend)
{
    return backend->from_outside.waiting < NET_QUEUE_FRAMES;
}

void net_backend_warn(struct net_backend *backend, const char *what)
{
    if (!backend->has_complained)
        fprintf(stderr, "vitrine: warning: net=%s: %s\n", backend->port.name, what);
    backend->has_complained = true;
}

bool net_backend_wait(struct net_backend *const *backends, size_t count, int milliseconds)
{
    struct pollfd polled[POLLED_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += backends[i]->ops->descriptors(backends[i], polled + used, POLLED_MAX - used);
    return poll(polled, (nfds_t)used, milliseconds) > 0;
}

enum status net_backend_open(struct net_backend **backend, const struct net_words *words,
                             struct error *error)
{
    *backend = NULL;
    switch (words->kind) {
    case NET_USER:
#if HAVE_LIBSLIRP
        return net_user_open(backend, words, error);
#else
        return error_set(error, STATUS_USAGE,
                         "net=user: this program was built without libslirp; "
                         "fix: install libslirp-dev and run configure again, or net=stream:PATH");
#endif
    case NET_STREAM: return net_stream_open(backend, words, error);
    case NET_TAP: return net_tap_open(backend, words, error);
    case NET_NONE:
    case NET_SWITCH:
    case NET_RECEIVER: break;
    }
    return error_set(error, STATUS_INTERNAL, "this cable has no outside");
}
