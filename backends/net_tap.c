/* net=tap:NAME: a network interface of the workstation (Linux, Documentation/networking/tuntap.rst).
 * Whoever owns the interface decides what it reaches; it is not made up or configured here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/net_backend.h"

#ifdef __linux__
#include <net/if.h>
#include <sys/ioctl.h>
#include <linux/if_tun.h>

struct net_tap {
    struct net_backend backend; /* first */
    int tap;
};

static struct net_tap *tap_of(struct net_backend *backend)
{
    return (struct net_tap *)(void *)backend;
}

static void exchange(struct net_backend *backend, uint64_t now_ns)
{
    struct net_tap *t = tap_of(backend);
    const struct net_frame *frame;
    uint8_t bytes[65536];
    ssize_t n;
    (void)now_ns;
    while ((frame = net_queue_first(&backend->to_outside))) {
        n = write(t->tap, frame->bytes, frame->count);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) /* the interface is down, say */
            backend->counts.dropped_sending++;
        else
            backend->counts.sent++;
        net_queue_drop_first(&backend->to_outside);
    }
    while (net_backend_has_room(backend) && (n = read(t->tap, bytes, sizeof bytes)) >= 0)
        net_backend_arrived(backend, bytes, (size_t)n);
}

static size_t descriptors(struct net_backend *backend, struct pollfd *polled, size_t room)
{
    if (room == 0)
        return 0;
    polled->fd = tap_of(backend)->tap;
    polled->events = POLLIN;
    return 1;
}

static void close_tap(struct net_backend *backend)
{
    close(tap_of(backend)->tap);
    free(backend);
}

static const struct net_backend_ops OPS = {exchange, descriptors, close_tap};

enum status net_tap_open(struct net_backend **backend, const struct net_words *words,
                         struct error *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    struct net_tap *t;
    int tap;
    if (strlen(words->path) >= sizeof request.ifr_name)
        return error_set(error, STATUS_USAGE,
                         "net=tap:%.40s: an interface's name has at most %zu "
                         "bytes; fix: net=tap:tap0, say",
                         words->path, sizeof request.ifr_name - 1);
    strcpy(request.ifr_name, words->path);
    tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
        int cause = errno;
        if (tap >= 0)
            close(tap);
        return error_set(error, STATUS_FILE,
                         "net=tap:%s: %s; fix: sudo ip tuntap add dev %s mode tap "
                         "user $USER",
                         words->path, strerror(cause), words->path);
    }
    if (!(t = calloc(1, sizeof *t))) {
        close(tap);
        return error_set(error, STATUS_INTERNAL, "out of memory for net=tap");
    }
    net_backend_init(&t->backend, &OPS, words->net);
    t->tap = tap;
    *backend = &t->backend;
    return STATUS_OK;
}

#else

enum status net_tap_open(struct net_backend **backend, const struct net_words *words,
                         struct error *error)
{
    *backend = NULL;
    return error_set(error, STATUS_USAGE,
                     "net=tap:%s: tap interfaces are Linux'; fix: net=user or "
                     "net=stream:PATH",
                     words->path);
}

#endif
