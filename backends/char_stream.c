#include "backends/char_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "backends/tcp.h"

#define OUTPUT_BYTES 65536u /* what a slow reader may be behind; more is dropped, and said once */

struct char_stream {
    struct chardev chardev; /* first */
    int input, output;      /* -1: none */
    int listener;           /* UNIX or TCP socket; -1: none */
    bool is_stdio, is_terminal, owns_fds, has_complained, has_raw;
    struct termios saved;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    uint8_t pending[OUTPUT_BYTES];
    size_t pending_count;
};

static struct char_stream *stream_of(struct chardev *chardev)
{
    return (struct char_stream *)(void *)chardev;
}

static void complain(struct char_stream *s, const char *what)
{
    if (s->has_complained)
        return;
    s->has_complained = true;
    fprintf(stderr, "vitrine: warning: %s: %s; the run goes on without this output\n",
            s->chardev.name, what);
}

/* Writes what waits, as far as it goes without waiting. */
static void flush_pending(struct char_stream *s)
{
    size_t done = 0;
    while (s->output >= 0 && done < s->pending_count) {
        ssize_t n = write(s->output, s->pending + done, s->pending_count - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n <= 0) {
            complain(s, strerror(errno));
            done = s->pending_count;
            if (s->listener < 0)
                s->output = -1;
            break;
        }
        done += (size_t)n;
    }
    if (s->output < 0)
        done = s->pending_count;
    memmove(s->pending, s->pending + done, s->pending_count - done);
    s->pending_count -= done;
}

static void put_bytes(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
    struct char_stream *s = stream_of(chardev);
    if (s->output < 0)
        return;
    if (count > OUTPUT_BYTES - s->pending_count)
        flush_pending(s);
    if (count > OUTPUT_BYTES - s->pending_count) {
        complain(s, "the reader is too slow, output was dropped");
        return;
    }
    memcpy(s->pending + s->pending_count, bytes, count);
    s->pending_count += count;
    flush_pending(s);
}

static void leave_peer(struct char_stream *s)
{
    if (s->input >= 0)
        close(s->input);
    s->input = s->output = -1;
}

/* DTR's fall hangs up. What was written before is sent as far as it goes without waiting. */
static void set_modem(struct chardev *chardev, uint8_t lines, uint8_t changed)
{
    struct char_stream *s = stream_of(chardev);
    if (!(changed & ~lines & MODEM_DTR) || s->listener < 0)
        return;
    flush_pending(s);
    leave_peer(s);
    s->pending_count = 0;
}

bool char_stream_modem(const struct chardev *chardev, uint8_t *lines)
{
    const struct char_stream *s = (const struct char_stream *)(const void *)chardev;
    *lines = s->input >= 0 ? MODEM_CTS | MODEM_DSR | MODEM_DCD : MODEM_CTS;
    return chardev->has_modem && chardev->modem && *lines != chardev->modem_in;
}

/* A new peer takes the place of another. The device learns first that the old one is gone (DCD). */
static void accept_peer(struct char_stream *s)
{
    struct pollfd calls = {.fd = s->listener, .events = POLLIN};
    int peer;
    if (poll(&calls, 1, 0) <= 0)
        return;
    if (s->input >= 0)
        leave_peer(s);
    if (s->chardev.has_modem && s->chardev.modem && s->chardev.modem_in & MODEM_DCD)
        return;
    peer = accept(s->listener, NULL, NULL);
    if (peer < 0)
        return;
    fcntl(peer, F_SETFL, O_NONBLOCK);
    fcntl(peer, F_SETFD, FD_CLOEXEC);
    s->input = s->output = peer;
}

size_t char_stream_take(struct chardev *chardev, uint8_t *bytes, size_t room)
{
    struct char_stream *s = stream_of(chardev);
    struct pollfd ready;
    ssize_t n;
    size_t wanted = chardev->room ? chardev->room(chardev->device) : 0;
    if (s->pending_count)
        flush_pending(s);
    if (s->listener >= 0)
        accept_peer(s);
    if (wanted > room)
        wanted = room;
    if (s->input < 0 || wanted == 0)
        return 0;
    ready.fd = s->input;
    ready.events = POLLIN;
    if (poll(&ready, 1, 0) <= 0 || !(ready.revents & (POLLIN | POLLHUP)))
        return 0;
    n = read(s->input, bytes, wanted);
    if (n == 0 && s->listener >= 0)
        leave_peer(s);
    else if (n == 0)
        s->input = -1; /* the end of the input: the guest hears no more */
    return n > 0 ? (size_t)n : 0;
}

bool char_stream_is_terminal(const struct chardev *chardev)
{
    return ((const struct char_stream *)(const void *)chardev)->is_terminal;
}

bool char_stream_is_stdio(const struct chardev *chardev)
{
    return ((const struct char_stream *)(const void *)chardev)->is_stdio;
}

static void close_stream(struct chardev *chardev)
{
    struct char_stream *s = stream_of(chardev);
    if (s->output >= 0 && s->pending_count) { /* the end: the last bytes may wait for the reader */
        int flags = fcntl(s->output, F_GETFL);
        fcntl(s->output, F_SETFL, flags & ~O_NONBLOCK);
        flush_pending(s);
    }
    if (s->has_raw)
        tcsetattr(s->input >= 0 ? s->input : STDIN_FILENO, TCSANOW, &s->saved);
    if (s->owns_fds) {
        if (s->input >= 0)
            close(s->input);
        if (s->output >= 0 && s->output != s->input)
            close(s->output);
    }
    if (s->listener >= 0) {
        close(s->listener);
        if (s->path[0])
            unlink(s->path);
    }
    free(s);
}

/* --- opening, by kind ---------------------------------------------------------------------------------- */

static void open_stdio(struct char_stream *s)
{
    struct termios raw;
    s->input = STDIN_FILENO;
    s->output = STDOUT_FILENO;
    s->is_stdio = true;
    s->is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &s->saved) == 0;
    if (!s->is_terminal)
        return;
    raw = s->saved;
    raw.c_iflag &= (tcflag_t) ~(unsigned)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= (tcflag_t) ~(unsigned)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    s->has_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static enum status open_file(struct char_stream *s, const char *path, struct error *error)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return error_set(error, STATUS_FILE, "%s: is a directory; fix: name a file", path);
    s->output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
    s->owns_fds = true;
    if (s->output < 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: a file in a folder that is there", path,
                         strerror(errno));
    return STATUS_OK;
}

static enum status open_pty(struct char_stream *s, struct error *error)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0) {
        if (fd >= 0)
            close(fd);
        return error_set(error, STATUS_FILE, "pty: %s", strerror(errno));
    }
    s->input = s->output = fd;
    s->owns_fds = true;
    fprintf(stderr, "vitrine: serial port on %s\n", ptsname(fd));
    return STATUS_OK;
}

static enum status open_unix(struct char_stream *s, const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path || path[0] == '\0')
        return error_set(error, STATUS_USAGE, "unix:%.40s...: not a path of 1 to %zu bytes", path,
                         sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listener < 0 ||
        bind(s->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(s->listener, 1) != 0) {
        int cause = errno;
        if (s->listener >= 0)
            close(s->listener);
        s->listener = -1;
        return error_set(error, STATUS_FILE, "unix:%s: %s; fix: a path that is free", path,
                         strerror(cause));
    }
    strcpy(s->path, path);
    s->owns_fds = true;
    return STATUS_OK;
}

/* Where a free port was asked for, it is said which one it is. */
static enum status open_tcp(struct char_stream *s, const char *where, struct error *error)
{
    unsigned port;
    enum status status = tcp_listen(where, &s->listener, &port, error);
    s->owns_fds = true;
    if (status == STATUS_OK)
        fprintf(stderr, "vitrine: %s listens on port %u\n", s->chardev.name, port);
    return status;
}

static enum status new_stream(struct char_stream **stream, const char *spec, struct error *error)
{
    struct char_stream *s = *stream = calloc(1, sizeof *s);
    if (!s)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", spec);
    s->chardev = (struct chardev){.name = spec,
                                  .write = put_bytes,
                                  .set_modem = set_modem,
                                  .close = close_stream,
                                  .has_modem = strncmp(spec, "unix:", 5) == 0 ||
                                               strncmp(spec, "tcp:", 4) == 0,
                                  .modem_in = MODEM_CTS}; /* nobody is connected yet */
    s->input = s->output = s->listener = -1;
    return STATUS_OK;
}

enum status char_stream_silent(struct chardev **chardev, const char *spec, struct error *error)
{
    struct char_stream *s;
    enum status status = new_stream(&s, spec, error);
    *chardev = s ? &s->chardev : NULL;
    return status;
}

enum status char_stream_open(struct chardev **chardev, const char *spec, struct error *error)
{
    struct char_stream *s;
    enum status status = new_stream(&s, spec, error);
    *chardev = NULL;
    if (status != STATUS_OK)
        return status;
    if (strcmp(spec, "stdio") == 0)
        open_stdio(s);
    else if (strcmp(spec, "stderr") == 0)
        s->output = STDERR_FILENO;
    else if (strncmp(spec, "file:", 5) == 0)
        status = open_file(s, spec + 5, error);
    else if (strcmp(spec, "pty") == 0)
        status = open_pty(s, error);
    else if (strncmp(spec, "unix:", 5) == 0)
        status = open_unix(s, spec + 5, error);
    else if (strncmp(spec, "tcp:", 4) == 0)
        status = open_tcp(s, spec + 4, error);
    else
        status = error_set(error, STATUS_USAGE, "'%s' is no byte stream; fix: stdio, stderr, "
                           "file:PATH, pty, unix:PATH, tcp:PORT or null", spec);
    if (status != STATUS_OK) {
        free(s);
        return status;
    }
    *chardev = &s->chardev;
    return STATUS_OK;
}
