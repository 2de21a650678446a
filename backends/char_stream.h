/* Byte streams of the workstation behind serial and parallel ports: standard input and output, a
 * file, a pseudo-terminal, a UNIX or TCP socket. Nothing here waits; input is taken only when asked for, so
 * that it enters the world at its recorded door. */
#ifndef VITRINE_BACKENDS_CHAR_STREAM_H
#define VITRINE_BACKENDS_CHAR_STREAM_H

#include <stdbool.h>

#include "base/status.h"
#include "bus/chardev.h"

/* "stdio", "stderr", "file:PATH", "pty", "unix:PATH" and "tcp:[HOST:]PORT" of the loopback
 * (listen; one peer at a time). */
enum status char_stream_open(struct chardev **chardev, const char *spec, struct error *error);
/* To the device what that would be to it, but nothing is opened: what it writes is dropped. */
enum status char_stream_silent(struct chardev **chardev, const char *spec, struct error *error);
/* Bytes that came from outside, at most as many as the device has room for; 0: none. */
size_t char_stream_take(struct chardev *chardev, uint8_t *bytes, size_t room);
/* True: the modem lines of a socket have changed, and the device is to be told `lines`. DSR and DCD:
 * a peer is connected; CTS always. The other way DTR's fall hangs up. */
bool char_stream_modem(const struct chardev *chardev, uint8_t *lines);
/* True when input comes from a terminal, whose Ctrl-A keys are ours. */
bool char_stream_is_terminal(const struct chardev *chardev);
bool char_stream_is_stdio(const struct chardev *chardev);

#endif
