#include "backends/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/words.h"

#define HOST_BYTES 64
#define GOODBYE_MS 1000

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS MSG_NOSIGNAL /* a lost client is an error, not a signal */
#else
#define SEND_FLAGS 0
#endif

struct tcp_server {
    int listener, client; /* client -1: none */
    unsigned port;
    uint8_t *pending; /* not taken by the client yet */
    size_t pending_count, pending_room;
};

/* --- making one ------------------------------------------------------------------------------------------ */

/* "[HOST:]PORT" to an address of this workstation. */
static enum status parse(const char *where, struct sockaddr_in *address, struct error *error)
{
    const char *colon = strrchr(where, ':'), *port_text = colon ? colon + 1 : where;
    size_t length = colon ? (size_t)(colon - where) : 0;
    char host[HOST_BYTES] = "127.0.0.1";
    uint64_t port;
    if (length >= sizeof host)
        return error_set(error, STATUS_USAGE, "%.80s...: the host's name is too long", where);
    if (length && strncmp(where, "localhost", length) != 0) {
        memcpy(host, where, length);
        host[length] = '\0';
    }
    if (!words_number(port_text, &port) || port > 65535)
        return error_set(error, STATUS_USAGE,
                         "'%s' is no port; fix: a number from 0 to 65535, as in "
                         "127.0.0.1:1234",
                         port_text);
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &address->sin_addr) != 1 ||
        ntohl(address->sin_addr.s_addr) >> 24 != 127)
        return error_set(error, STATUS_USAGE,
                         "%s is not this workstation's loopback: such a port "
                         "has no password; fix: 127.0.0.1:%llu, and ssh -L from elsewhere",
                         host, (unsigned long long)port);
    return STATUS_OK;
}

static bool set_flags(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

static enum status listen_at(int listener, struct sockaddr_in *address, const char *where,
                             struct error *error)
{
    socklen_t length = sizeof *address;
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)address, length) != 0 || listen(listener, 4) != 0)
        return error_set(error, STATUS_USAGE, "%s: %s; fix: another port, 0 takes a free one",
                         where, strerror(errno));
    if (!set_flags(listener) || getsockname(listener, (struct sockaddr *)address, &length) != 0)
        return error_set(error, STATUS_INTERNAL, "%s: %s", where, strerror(errno));
    return STATUS_OK;
}

enum status tcp_listen(const char *where, int *listener, unsigned *port, struct error *error)
{
    struct sockaddr_in address;
    enum status status = parse(where, &address, error);
    *listener = -1;
    if (status != STATUS_OK)
        return status;
    if ((*listener = socket(AF_INET, SOCK_STREAM, 0)) < 0)
        return error_set(error, STATUS_INTERNAL, "%s: no socket: %s", where, strerror(errno));
    status = listen_at(*listener, &address, where, error);
    if (status != STATUS_OK) {
        close(*listener);
        *listener = -1;
    }
    *port = ntohs(address.sin_port);
    return status;
}

enum status tcp_server_new(struct tcp_server **server, const char *where, struct error *error)
{
    struct tcp_server *made = calloc(1, sizeof *made);
    enum status status;
    *server = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for a socket");
    made->listener = made->client = -1;
    status = tcp_listen(where, &made->listener, &made->port, error);
    if (status != STATUS_OK) {
        tcp_server_free(made);
        return status;
    }
    *server = made;
    return STATUS_OK;
}

static void close_client(struct tcp_server *server)
{
    if (server->client >= 0)
        close(server->client);
    server->client = -1;
    server->pending_count = 0;
}

void tcp_server_free(struct tcp_server *server)
{
    if (!server)
        return;
    close_client(server);
    if (server->listener >= 0)
        close(server->listener);
    free(server->pending);
    free(server);
}

unsigned tcp_server_port(const struct tcp_server *server)
{
    return server->port;
}

/* --- sending ------------------------------------------------------------------------------------------------ */

/* How many bytes the client took; -1 when it is gone. */
static ssize_t try_send(struct tcp_server *server, const uint8_t *bytes, size_t count)
{
    ssize_t sent = send(server->client, bytes, count, SEND_FLAGS);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

/* A client that is gone is noticed by the next look, which reads. */
static void send_pending(struct tcp_server *server)
{
    ssize_t sent = try_send(server, server->pending, server->pending_count);
    if (sent < 0)
        sent = (ssize_t)server->pending_count;
    server->pending_count -= (size_t)sent;
    memmove(server->pending, server->pending + sent, server->pending_count);
}

static bool reserve(struct tcp_server *server, size_t count)
{
    size_t room = server->pending_room ? server->pending_room : 4096;
    uint8_t *grown;
    while (room < count)
        room *= 2;
    if (room == server->pending_room)
        return true;
    grown = realloc(server->pending, room);
    if (!grown)
        return false;
    server->pending = grown;
    server->pending_room = room;
    return true;
}

void tcp_server_send(struct tcp_server *server, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    if (server->client < 0)
        return;
    if (server->pending_count == 0) {
        ssize_t sent = try_send(server, from, count);
        if (sent < 0)
            return;
        from += sent;
        count -= (size_t)sent;
    }
    if (count == 0)
        return;
    if (!reserve(server, server->pending_count + count)) {
        close_client(server);
        return;
    }
    memcpy(server->pending + server->pending_count, from, count);
    server->pending_count += count;
}

void tcp_server_hang_up(struct tcp_server *server)
{
    for (int waited = 0; server->client >= 0 && server->pending_count && waited < GOODBYE_MS;
         waited += 100) {
        struct pollfd one = {server->client, POLLOUT, 0};
        if (poll(&one, 1, 100) > 0)
            send_pending(server);
    }
    close_client(server);
}

/* --- looking ------------------------------------------------------------------------------------------------ */

static enum tcp_news accept_client(struct tcp_server *server)
{
    int yes = 1, client = accept(server->listener, NULL, NULL);
    if (client < 0)
        return TCP_NOTHING;
    if (server->client >= 0 || !set_flags(client)) {
        close(client);
        return TCP_REFUSED;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    server->client = client;
    return TCP_CONNECTED;
}

static enum tcp_news receive(struct tcp_server *server, uint8_t *bytes, size_t room, size_t *count)
{
    ssize_t got = recv(server->client, bytes, room, 0);
    if (got > 0) {
        *count = (size_t)got;
        return TCP_BYTES;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return TCP_NOTHING;
    close_client(server);
    return TCP_CLOSED;
}

enum tcp_news tcp_server_look(struct tcp_server *server, int wait_ms, uint8_t *bytes, size_t room,
                              size_t *count)
{
    struct pollfd both[2] = {
        {server->listener, POLLIN, 0},
        {server->client,   POLLIN, 0}
    };
    *count = 0;
    if (server->pending_count)
        both[1].events = POLLOUT;
    if (poll(both, server->client >= 0 ? 2 : 1, wait_ms) <= 0)
        return TCP_NOTHING;
    if (both[0].revents)
        return accept_client(server);
    if (!both[1].revents)
        return TCP_NOTHING;
    if (server->pending_count && !(both[1].revents & (POLLERR | POLLHUP))) {
        send_pending(server);
        return TCP_NOTHING;
    }
    return receive(server, bytes, room, count);
}
