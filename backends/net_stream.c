/* net=stream:PATH: a UNIX stream socket with each frame's length in front of it, as QEMU's
 * `-netdev stream` and passt speak it (QEMU, "Invocation", -netdev stream; passt(1)):
 *
 *   │ length, 4 bytes, big endian │ frame without FCS │ length │ frame ...
 *
 * It looks for a peer at PATH, again and again; with listen=on it waits for one there, one at a time.
 * A peer may go and come back: what is sent meanwhile is dropped and counted, like on a wire that
 * nobody holds. When the machine takes nothing in, nothing is read, so that the peer is held back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/net_backend.h"

#define LENGTH_BYTES 4u
/* Peers use up to 64 KiB and some room for their headers; more is no length but lost framing. */
#define LENGTH_MAX (65536u + 4096u)
#define RETRY_NS   UINT64_C(100000000)

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS MSG_NOSIGNAL /* a lost peer is an error, not a signal */
#else
#define SEND_FLAGS 0
#endif

struct net_stream {
    struct net_backend backend; /* first */
    struct sockaddr_un address;
    int listener, peer; /* -1: none */
    uint64_t retry_ns;  /* virtual time of the next attempt */
    /* What was read and is not taken yet: the longest frame fits. */
    uint8_t in[LENGTH_BYTES + LENGTH_MAX];
    size_t in_count;
    /* The frame that is being written. */
    uint8_t out[LENGTH_BYTES + NET_FRAME_MAX];
    size_t out_count, out_done;
};

static struct net_stream *stream_of(struct net_backend *backend)
{
    return (struct net_stream *)(void *)backend;
}

/* --- the peer -------------------------------------------------------------------------------------- */

static void adopt(struct net_stream *s, int peer)
{
    fcntl(peer, F_SETFL, O_NONBLOCK);
    fcntl(peer, F_SETFD, FD_CLOEXEC);
    s->peer = peer;
    s->in_count = s->out_count = s->out_done = 0;
}

static void lose_peer(struct net_stream *s)
{
    close(s->peer);
    s->peer = -1;
}

static void find_peer(struct net_stream *s, uint64_t now_ns)
{
    int peer;
    if (s->listener >= 0) {
        if ((peer = accept(s->listener, NULL, NULL)) >= 0)
            adopt(s, peer);
        return;
    }
    if (now_ns < s->retry_ns)
        return;
    s->retry_ns = now_ns + RETRY_NS;
    if ((peer = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
        return;
    if (connect(peer, (const struct sockaddr *)&s->address, sizeof s->address) == 0) {
        adopt(s, peer);
        return;
    }
    close(peer);
    net_backend_warn(&s->backend, "nobody listens there yet; looking again until somebody does");
}

/* --- sending ------------------------------------------------------------------------------------------ */

/* True when the frame at hand has left; false when the peer takes no more now, or is gone. */
static bool finish_frame(struct net_stream *s)
{
    while (s->out_done < s->out_count) {
        ssize_t n = send(s->peer, s->out + s->out_done, s->out_count - s->out_done, SEND_FLAGS);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (n <= 0) {
            lose_peer(s);
            return false;
        }
        s->out_done += (size_t)n;
    }
    return true;
}

static void send_frames(struct net_stream *s)
{
    const struct net_frame *frame;
    while (s->peer >= 0 && finish_frame(s) && (frame = net_queue_first(&s->backend.to_outside))) {
        uint32_t length = htonl((uint32_t)frame->count);
        memcpy(s->out, &length, LENGTH_BYTES);
        memcpy(s->out + LENGTH_BYTES, frame->bytes, frame->count);
        s->out_count = LENGTH_BYTES + frame->count;
        s->out_done = 0;
        s->backend.counts.sent++;
        net_queue_drop_first(&s->backend.to_outside);
    }
}

static void drop_frames(struct net_stream *s)
{
    while (net_queue_first(&s->backend.to_outside)) {
        s->backend.counts.dropped_sending++;
        net_queue_drop_first(&s->backend.to_outside);
    }
}

/* --- receiving ---------------------------------------------------------------------------------------- */

/* Takes the whole frames of what was read; false when it is no frames any more. */
static bool take_frames(struct net_stream *s)
{
    size_t at = 0;
    while (s->in_count - at >= LENGTH_BYTES && net_backend_has_room(&s->backend)) {
        uint32_t length;
        memcpy(&length, s->in + at, LENGTH_BYTES);
        length = ntohl(length);
        if (length > LENGTH_MAX)
            return false;
        if (s->in_count - at - LENGTH_BYTES < length)
            break;
        net_backend_arrived(&s->backend, s->in + at + LENGTH_BYTES, length);
        at += LENGTH_BYTES + length;
    }
    memmove(s->in, s->in + at, s->in_count - at);
    s->in_count -= at;
    return true;
}

static void receive_frames(struct net_stream *s)
{
    while (s->peer >= 0) {
        ssize_t n;
        if (!take_frames(s)) {
            net_backend_warn(&s->backend, "a length that no frame has; the peer is let go");
            lose_peer(s);
            return;
        }
        if (!net_backend_has_room(&s->backend))
            return;
        n = recv(s->peer, s->in + s->in_count, sizeof s->in - s->in_count, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            lose_peer(s);
            return;
        }
        s->in_count += (size_t)n;
    }
}

static void exchange(struct net_backend *backend, uint64_t now_ns)
{
    struct net_stream *s = stream_of(backend);
    if (s->peer < 0)
        find_peer(s, now_ns);
    send_frames(s);
    receive_frames(s);
    if (s->peer < 0)
        drop_frames(s);
}

static size_t descriptors(struct net_backend *backend, struct pollfd *polled, size_t room)
{
    const struct net_stream *s = stream_of(backend);
    if (room == 0 || (s->peer < 0 && s->listener < 0))
        return 0;
    polled->fd = s->peer >= 0 ? s->peer : s->listener;
    polled->events = POLLIN;
    return 1;
}

/* --- life --------------------------------------------------------------------------------------------- */

static void close_stream(struct net_backend *backend)
{
    struct net_stream *s = stream_of(backend);
    if (s->peer >= 0)
        close(s->peer);
    if (s->listener >= 0) {
        close(s->listener);
        unlink(s->address.sun_path);
    }
    free(s);
}

/* A socket that nobody listens at any more is a rest of an earlier run. */
static void remove_dead_socket(const struct sockaddr_un *address)
{
    struct stat facts;
    int probe;
    if (stat(address->sun_path, &facts) != 0 || !S_ISSOCK(facts.st_mode) ||
        (probe = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
        return;
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(probe);
}

static enum status start_listening(struct net_stream *s, struct error *error)
{
    const char *path = s->address.sun_path;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    remove_dead_socket(&s->address);
    if (listener < 0 ||
        bind(listener, (const struct sockaddr *)&s->address, sizeof s->address) != 0) {
        int cause = errno;
        if (listener >= 0)
            close(listener);
        return error_set(error, STATUS_FILE, "net=stream:%s: %s; fix: a path that is free", path,
                         strerror(cause));
    }
    s->listener = listener;
    fcntl(listener, F_SETFL, O_NONBLOCK);
    fcntl(listener, F_SETFD, FD_CLOEXEC);
    if (listen(listener, 1) != 0)
        return error_set(error, STATUS_FILE, "net=stream:%s: %s; fix: a path that is free", path,
                         strerror(errno));
    return STATUS_OK;
}

static const struct net_backend_ops OPS = {exchange, descriptors, close_stream};

enum status net_stream_open(struct net_backend **backend, const struct net_words *words,
                            struct error *error)
{
    struct net_stream *s;
    enum status status = STATUS_OK;
    if (strlen(words->path) >= sizeof s->address.sun_path)
        return error_set(error, STATUS_USAGE,
                         "net=stream:%.40s...: the path is longer than %zu bytes; "
                         "fix: a shorter one",
                         words->path, sizeof s->address.sun_path - 1);
    if (!(s = calloc(1, sizeof *s)))
        return error_set(error, STATUS_INTERNAL, "out of memory for net=stream");
    net_backend_init(&s->backend, &OPS, words->net);
    s->peer = s->listener = -1;
    s->address.sun_family = AF_UNIX;
    strcpy(s->address.sun_path, words->path);
    if (words->listens)
        status = start_listening(s, error);
    if (status != STATUS_OK) {
        close_stream(&s->backend);
        return status;
    }
    *backend = &s->backend;
    return STATUS_OK;
}
