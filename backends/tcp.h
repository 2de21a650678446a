/* A TCP server on a loopback address of the workstation, for one client at a time. */
#ifndef VITRINE_BACKENDS_TCP_H
#define VITRINE_BACKENDS_TCP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct tcp_server;

enum tcp_news {
    TCP_NOTHING,
    TCP_CONNECTED, /* a client is there */
    TCP_REFUSED,   /* a second one was sent away */
    TCP_BYTES,     /* the client sent something */
    TCP_CLOSED     /* the client is gone */
};

/* A socket that listens at "[HOST:]PORT", not waiting; the same places and errors as below. */
enum status tcp_listen(const char *where, int *listener, unsigned *port, struct error *error);
/* Listens at "[HOST:]PORT"; HOST is localhost or an address 127.x.y.z, port 0 takes a free one.
 * Errors: STATUS_USAGE (no such place, not loopback, port in use), STATUS_INTERNAL. */
enum status tcp_server_new(struct tcp_server **server, const char *where, struct error *error);
void tcp_server_free(struct tcp_server *server);
unsigned tcp_server_port(const struct tcp_server *server);
/* Looks what happened, waiting at most `wait_ms` for it. TCP_BYTES: *count bytes, at most `room`.
 * While the client does not take what was sent to it, nothing more is read from it. */
enum tcp_news tcp_server_look(struct tcp_server *server, int wait_ms, uint8_t *bytes, size_t room,
                              size_t *count);
/* Sends to the client; what it does not take now is kept and sent by later looks. */
void tcp_server_send(struct tcp_server *server, const void *bytes, size_t count);
/* Ends the client's connection after at most a second for what is still to be sent. */
void tcp_server_hang_up(struct tcp_server *server);

#endif
