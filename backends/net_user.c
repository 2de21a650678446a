/* net=user: the workstation's network by address translation, without privileges (libslirp).
 *
 *   10.0.2.0/24   .2 gateway, .3 name server, .15 the first address that DHCP gives
 *
 * Confined: no IPv6, no TFTP, no host loopback (10.0.2.2, 127.0.0.0/8, 0.0.0.0/8) unless loopback=on;
 * with restrict=on only hostfwd= leads in and nothing out. Forwards listen on the workstation's
 * loopback unless another address is written.
 *
 * The library's clock is virtual time, its timers are looked at in exchange(), and its sockets are
 * read there alone, so that all it does to the machine is frames in the queue. */
#include "backends/net_backend.h"
#include "config.h"

#if HAVE_LIBSLIRP

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libslirp.h>

#include "base/bits.h"
#include "base/words.h"

#define POLLED_MAX          128
#define TIMERS_MAX          4 /* the library has one, for IPv6 */
#define ADDRESS_TEXT        48
#define NS_PER_MS           INT64_C(1000000)
#define ETHERTYPE_AT        12u
#define ETHERTYPE_IPV4      0x0800u
#define IPV4_DESTINATION_AT 30u

struct user_timer {
    SlirpTimerCb fire; /* NULL: free */
    void *opaque;
    int64_t when_ms; /* INT64_MAX: not set */
};

struct net_user {
    struct net_backend backend; /* first */
    Slirp *slirp;
    int64_t now_ns;
    bool reaches_loopback;
    struct user_timer timers[TIMERS_MAX];
    struct pollfd polled[POLLED_MAX];
    size_t polled_count;
};

/* --- what the library asks of us ------------------------------------------------------------------- */

static ssize_t send_packet(const void *frame, size_t bytes, void *opaque)
{
    struct net_user *user = opaque;
    net_backend_arrived(&user->backend, frame, bytes);
    return (ssize_t)bytes;
}

static void guest_error(const char *text, void *opaque)
{
    struct net_user *user = opaque;
    (void)text; /* what a guest sends wrong is counted, not printed */
    user->backend.counts.dropped_sending++;
}

static int64_t clock_get_ns(void *opaque)
{
    return ((const struct net_user *)opaque)->now_ns;
}

static void *timer_new(SlirpTimerCb fire, void *fire_opaque, void *opaque)
{
    struct net_user *user = opaque;
    for (size_t i = 0; i < TIMERS_MAX; i++)
        if (!user->timers[i].fire) {
            user->timers[i] = (struct user_timer){fire, fire_opaque, INT64_MAX};
            return &user->timers[i];
        }
    return NULL;
}

static void timer_free(void *timer, void *opaque)
{
    (void)opaque;
    if (timer)
        ((struct user_timer *)timer)->fire = NULL;
}

static void timer_mod(void *timer, int64_t when_ms, void *opaque)
{
    (void)opaque;
    if (timer)
        ((struct user_timer *)timer)->when_ms = when_ms;
}

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void ignore_notify(void *opaque)
{
    (void)opaque;
}

static const SlirpCb CALLBACKS = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = ignore_notify,
};

/* --- sockets ------------------------------------------------------------------------------------------ */

static const struct {
    int slirp;
    short poll;
} EVENTS[] = {
    {SLIRP_POLL_IN,  POLLIN },
    {SLIRP_POLL_OUT, POLLOUT},
    {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR},
    {SLIRP_POLL_HUP, POLLHUP}
};

static int add_poll(int fd, int events, void *opaque)
{
    struct net_user *user = opaque;
    struct pollfd *polled = &user->polled[user->polled_count];
    if (user->polled_count == POLLED_MAX)
        return -1; /* a socket beyond has its turn when others are gone */
    *polled = (struct pollfd){.fd = fd};
    for (size_t i = 0; i < ARRAY_COUNT(EVENTS); i++)
        if (events & EVENTS[i].slirp)
            polled->events |= EVENTS[i].poll;
    return (int)user->polled_count++;
}

static int get_revents(int index, void *opaque)
{
    const struct net_user *user = opaque;
    int events = 0;
    if (index < 0)
        return 0;
    for (size_t i = 0; i < ARRAY_COUNT(EVENTS); i++)
        if (user->polled[index].revents & EVENTS[i].poll)
            events |= EVENTS[i].slirp;
    return events;
}

static void list_sockets(struct net_user *user)
{
    uint32_t timeout = 0;
    user->polled_count = 0;
    slirp_pollfds_fill(user->slirp, &timeout, add_poll, user);
}

/* --- the exchange -------------------------------------------------------------------------------------- */

/* The library would connect to these for a guest that writes them into a packet itself. */
static bool leads_to_loopback(const struct net_frame *frame)
{
    uint8_t first;
    if (frame->count < IPV4_DESTINATION_AT + 4 ||
        (frame->bytes[ETHERTYPE_AT] << 8 | frame->bytes[ETHERTYPE_AT + 1]) != ETHERTYPE_IPV4)
        return false;
    first = frame->bytes[IPV4_DESTINATION_AT];
    return first == 0 || first == 127;
}

static void send_frames(struct net_user *user)
{
    struct net_queue *queue = &user->backend.to_outside;
    const struct net_frame *frame;
    while ((frame = net_queue_first(queue))) {
        if (leads_to_loopback(frame) && !user->reaches_loopback) {
            user->backend.counts.dropped_sending++;
        } else {
            user->backend.counts.sent++;
            slirp_input(user->slirp, frame->bytes, (int)frame->count);
        }
        net_queue_drop_first(queue);
    }
}

static void fire_timers(struct net_user *user)
{
    for (size_t i = 0; i < TIMERS_MAX; i++) {
        struct user_timer *timer = &user->timers[i];
        if (!timer->fire || timer->when_ms > user->now_ns / NS_PER_MS)
            continue;
        timer->when_ms = INT64_MAX;
        timer->fire(timer->opaque);
    }
}

/* Sockets are left alone while half of the queue waits for the machine: TCP holds the other side. */
static void exchange(struct net_backend *backend, uint64_t now_ns)
{
    struct net_user *user = (struct net_user *)(void *)backend;
    int failed;
    user->now_ns = (int64_t)now_ns;
    send_frames(user);
    fire_timers(user);
    if (backend->from_outside.waiting > NET_QUEUE_FRAMES / 2)
        return;
    list_sockets(user);
    failed = poll(user->polled, (nfds_t)user->polled_count, 0) < 0;
    slirp_pollfds_poll(user->slirp, failed, get_revents, user);
}

static size_t descriptors(struct net_backend *backend, struct pollfd *polled, size_t room)
{
    struct net_user *user = (struct net_user *)(void *)backend;
    list_sockets(user);
    if (room > user->polled_count)
        room = user->polled_count;
    memcpy(polled, user->polled, room * sizeof *polled);
    return room;
}

static void close_user(struct net_backend *backend)
{
    struct net_user *user = (struct net_user *)(void *)backend;
    if (user->slirp)
        slirp_cleanup(user->slirp);
    free(user);
}

static const struct net_backend_ops OPS = {exchange, descriptors, close_user};

/* --- forwards ------------------------------------------------------------------------------------------- */

/* "[ADDRESS]:PORT" up to `end`. */
static bool parse_end(const char *text, const char *end, const char *usual, struct in_addr *address,
                      int *port)
{
    char where[ADDRESS_TEXT];
    size_t length = (size_t)(end - text);
    char *colon;
    uint64_t number;
    if (length >= sizeof where)
        return false;
    memcpy(where, text, length);
    where[length] = '\0';
    if (!(colon = strchr(where, ':')))
        return false;
    *colon = '\0';
    if (!words_number(colon + 1, &number) || number == 0 || number > 65535)
        return false;
    *port = (int)number;
    return inet_pton(AF_INET, where[0] ? where : usual, address) == 1;
}

/* "tcp:[ADDRESS]:PORT-[GUEST]:PORT" */
static enum status add_forward(struct net_user *user, const char *text, struct error *error)
{
    struct in_addr here, guest;
    int here_port, guest_port;
    bool is_udp = strncmp(text, "udp:", 4) == 0;
    const char *dash = strchr(text, '-');
    if ((!is_udp && strncmp(text, "tcp:", 4) != 0) || !dash ||
        !parse_end(text + 4, dash, "127.0.0.1", &here, &here_port) ||
        !parse_end(dash + 1, dash + strlen(dash), "10.0.2.15", &guest, &guest_port))
        return error_set(error, STATUS_USAGE,
                         "hostfwd=%.100s; fix: tcp:[ADDRESS]:PORT-[GUEST]:PORT, or "
                         "udp:, ports from 1 to 65535: hostfwd=tcp::8080-:80",
                         text);
    if (slirp_add_hostfwd(user->slirp, is_udp, here, here_port, guest, guest_port) != 0)
        return error_set(error, STATUS_USAGE, "hostfwd=%.100s: %s; fix: another port", text,
                         strerror(errno));
    return STATUS_OK;
}

/* --- life ----------------------------------------------------------------------------------------------- */

enum status net_user_open(struct net_backend **backend, const struct net_words *words,
                          struct error *error)
{
    SlirpConfig config = {.version = 1,
                          .restricted = words->is_restricted,
                          .in_enabled = true,
                          .vhostname = "vitrine",
                          .disable_host_loopback = !words->reaches_loopback};
    struct net_user *user = calloc(1, sizeof *user);
    enum status status = STATUS_OK;
    inet_pton(AF_INET, "10.0.2.0", &config.vnetwork);
    inet_pton(AF_INET, "255.255.255.0", &config.vnetmask);
    inet_pton(AF_INET, "10.0.2.2", &config.vhost);
    inet_pton(AF_INET, "10.0.2.3", &config.vnameserver);
    inet_pton(AF_INET, "10.0.2.15", &config.vdhcp_start);
    if (!user)
        return error_set(error, STATUS_INTERNAL, "out of memory for net=user");
    net_backend_init(&user->backend, &OPS, words->net);
    user->reaches_loopback = words->reaches_loopback;
    user->slirp = slirp_new(&config, &CALLBACKS, user);
    if (!user->slirp)
        status = error_set(error, STATUS_INTERNAL, "net=user: libslirp could not be started");
    for (size_t i = 0; status == STATUS_OK && i < words->forward_count; i++)
        status = add_forward(user, words->forwards[i], error);
    if (status != STATUS_OK) {
        close_user(&user->backend);
        return status;
    }
    *backend = &user->backend;
    return STATUS_OK;
}

#endif
