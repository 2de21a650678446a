/* The terminal as a display, a keyboard and, by turns, the serial console.
 *
 *   display view   the screen in the alternate buffer; keys go to the guest's keyboard
 *   serial view    what the serial port sent, as it came; keys go to the serial port
 *
 *   Ctrl-A x  quit     Ctrl-A c  the other view     Ctrl-A h  help     Ctrl-A l  draw anew
 *   Ctrl-A a  Ctrl-A itself
 *
 * The device is opened anew, so that non-blocking mode stays ours and is never left behind. Nothing
 * waits: while the terminal is slow, frames are left out. A key that came from the terminal is
 * pressed and released again with its modifiers, a few milliseconds apart, as fast as a keyboard
 * controller's buffer stands. */
#include "frontends/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "bus/chardev.h"
#include "frontends/keys.h"
#include "frontends/terminal_canvas.h"

#define CTRL_A 0x01
#define INPUT_BYTES 256u
#define KEY_EVENTS 512u    /* waiting to be delivered */
#define KEY_EVENTS_OF_STROKE 8u
#define KEY_POLLS 4u       /* poll instants between two of them */
#define ESCAPE_MS 50u      /* a lone ESC is the Escape key after this time */
#define FRAME_MS 25u
#define CLOSE_MS 500u
#define BACKLOG_BYTES 65536u
#define PENDING_MAX ((size_t)1 << 20)

#define HELP "Ctrl-A: x quit, c serial/display, l redraw, a Ctrl-A itself, h this help"

struct key_event {
    uint8_t usage;
    bool is_pressed;
};

struct terminal {
    struct frontend frontend; /* first */
    struct chardev serial;
    int fd;
    struct termios saved;
    bool shows_serial, is_escaped, is_lost, has_quit, has_shown, has_notice;
    uint8_t input[INPUT_BYTES];
    size_t input_count;
    uint64_t input_ms, frame_ms;
    struct key_event keys[KEY_EVENTS];
    size_t key_first, key_count;
    unsigned polls;
    struct canvas canvas;
    struct canvas_bytes out; /* not yet written */
    char backlog[BACKLOG_BYTES]; /* of the serial port, while it is not shown */
    size_t backlog_count;
    struct display_text text;
    struct display_picture picture;
    uint64_t generation;
};

static struct terminal *terminal_of(struct frontend *frontend)
{
    return (struct terminal *)(void *)frontend;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- output -------------------------------------------------------------------------------------- */

static void flush(struct terminal *terminal)
{
    size_t done = 0;
    while (done < terminal->out.used) {
        ssize_t n = write(terminal->fd, terminal->out.bytes + done, terminal->out.used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            terminal->is_lost = true;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (terminal->is_lost)
        done = terminal->out.used;
    memmove(terminal->out.bytes, terminal->out.bytes + done, terminal->out.used - done);
    terminal->out.used -= done;
}

/* The last bytes may wait for the terminal, but not for ever. */
static void flush_last(struct terminal *terminal)
{
    struct pollfd ready = {.fd = terminal->fd, .events = POLLOUT};
    uint64_t start = now_ms();
    flush(terminal);
    while (terminal->out.used && now_ms() - start < CLOSE_MS) {
        poll(&ready, 1, 10);
        flush(terminal);
    }
}

static void put_text(struct terminal *terminal, const char *text)
{
    canvas_put(&terminal->out, text, strlen(text));
}

/* The newest bytes are kept. */
static void keep_backlog(struct terminal *terminal, const char *bytes, size_t count)
{
    size_t drop;
    if (count > BACKLOG_BYTES) {
        bytes += count - BACKLOG_BYTES;
        count = BACKLOG_BYTES;
    }
    drop = terminal->backlog_count + count > BACKLOG_BYTES
               ? terminal->backlog_count + count - BACKLOG_BYTES
               : 0;
    memmove(terminal->backlog, terminal->backlog + drop, terminal->backlog_count - drop);
    terminal->backlog_count -= drop;
    memcpy(terminal->backlog + terminal->backlog_count, bytes, count);
    terminal->backlog_count += count;
}

static void serial_write(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
    struct terminal *terminal =
        (struct terminal *)(void *)((uint8_t *)chardev - offsetof(struct terminal, serial));
    if (!terminal->shows_serial || terminal->out.used > PENDING_MAX) {
        keep_backlog(terminal, (const char *)bytes, count);
        return;
    }
    canvas_put(&terminal->out, (const char *)bytes, count);
    flush(terminal);
}

static void serial_close(struct chardev *chardev)
{
    (void)chardev; /* belongs to the front end */
}

static void put_backlog(struct terminal *terminal)
{
    canvas_put(&terminal->out, terminal->backlog, terminal->backlog_count);
    terminal->backlog_count = 0;
}

/* --- views ------------------------------------------------------------------------------------------ */

static void show_display(struct terminal *terminal)
{
    terminal->shows_serial = false;
    terminal->canvas.is_fresh = true;
    terminal->has_shown = false;
    put_text(terminal, "\033[?1049h");
}

static void show_serial(struct terminal *terminal)
{
    terminal->shows_serial = true;
    put_text(terminal, "\033[0m\033[?1049l\033[?25h");
    put_backlog(terminal);
}

/* Follows the size of the terminal. */
static bool fit_canvas(struct terminal *terminal)
{
    struct winsize size;
    unsigned columns = 80, rows = 25;
    if (ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
        columns = size.ws_col;
        rows = size.ws_row;
    }
    if (terminal->canvas.cells && columns == terminal->canvas.columns &&
        rows == terminal->canvas.rows)
        return true;
    terminal->has_shown = false;
    return canvas_resize(&terminal->canvas, columns, rows);
}

static bool compose(struct terminal *terminal, const struct display_screen *screen)
{
    uint32_t width, height;
    if (screen->text(screen->self, &terminal->text)) {
        canvas_text(&terminal->canvas, &terminal->text);
    } else {
        size_t needed;
        screen->size(screen->self, &width, &height);
        needed = (size_t)width * height;
        if (needed > terminal->picture.capacity) {
            uint32_t *grown = realloc(terminal->picture.pixels, needed * sizeof *grown);
            if (!grown)
                return false;
            terminal->picture.pixels = grown;
            terminal->picture.capacity = needed;
        }
        screen->draw(screen->self, &terminal->picture);
        canvas_picture(&terminal->canvas, &terminal->picture);
    }
    if (terminal->has_notice)
        canvas_notice(&terminal->canvas, HELP);
    return true;
}

static void present(struct frontend *frontend, const struct display_screen *screen)
{
    struct terminal *terminal = terminal_of(frontend);
    uint64_t generation = screen->generation(screen->self), now = now_ms();
    if (terminal->out.used)
        flush(terminal);
    if (terminal->shows_serial || terminal->is_lost || terminal->out.used)
        return;
    if (!fit_canvas(terminal))
        return;
    if (terminal->has_shown &&
        (generation == terminal->generation || now - terminal->frame_ms < FRAME_MS))
        return;
    if (!compose(terminal, screen))
        return;
    canvas_emit(&terminal->canvas, &terminal->out);
    flush(terminal);
    terminal->generation = generation;
    terminal->frame_ms = now;
    terminal->has_shown = true;
}

/* --- input ---------------------------------------------------------------------------------------- */

static void queue_key(struct terminal *terminal, uint8_t usage, bool is_pressed)
{
    struct key_event event = {usage, is_pressed};
    if (terminal->key_count < KEY_EVENTS)
        terminal->keys[(terminal->key_first + terminal->key_count++) % KEY_EVENTS] = event;
}

static void queue_modifiers(struct terminal *terminal, struct key_stroke key, bool is_pressed)
{
    if (key.has_ctrl)
        queue_key(terminal, KEY_LEFT_CTRL, is_pressed);
    if (key.has_shift)
        queue_key(terminal, KEY_LEFT_SHIFT, is_pressed);
    if (key.has_alt)
        queue_key(terminal, KEY_LEFT_ALT, is_pressed);
}

static void queue_stroke(struct terminal *terminal, struct key_stroke key)
{
    if (key.usage == KEY_NONE)
        return;
    queue_modifiers(terminal, key, true);
    queue_key(terminal, key.usage, true);
    queue_key(terminal, key.usage, false);
    queue_modifiers(terminal, key, false);
}

static void send_serial(struct terminal *terminal, const struct input_sink *sink, uint8_t character)
{
    struct input_record record = {.kind = INPUT_SERIAL, .character = character};
    (void)terminal;
    sink->deliver(sink->self, &record);
}

static void show_help(struct terminal *terminal)
{
    if (terminal->shows_serial)
        put_text(terminal, "\r\n[" HELP "]\r\n");
    terminal->has_notice = !terminal->shows_serial;
    terminal->has_shown = false;
}

/* The character behind Ctrl-A. */
static void command(struct terminal *terminal, const struct input_sink *sink, uint8_t character)
{
    static const struct input_record QUIT = {.kind = INPUT_QUIT};
    terminal->has_notice = false;
    terminal->has_shown = false;
    switch (character) {
    case 'x':
    case 'X': sink->deliver(sink->self, &QUIT); break;
    case 'c':
    case 'C':
        if (terminal->shows_serial)
            show_display(terminal);
        else
            show_serial(terminal);
        break;
    case 'l':
    case 'L': terminal->canvas.is_fresh = true; break;
    case 'a':
    case 'A':
    case CTRL_A:
        if (terminal->shows_serial)
            send_serial(terminal, sink, CTRL_A);
        else
            queue_stroke(terminal, keys_from_ascii(CTRL_A));
        break;
    default: show_help(terminal); break;
    }
}

/* Takes one unit from the input; returns its length, 0 when it is not complete or there is no room. */
static size_t take_input(struct terminal *terminal, const struct input_sink *sink, bool is_late)
{
    struct key_stroke key;
    size_t used;
    uint8_t first = terminal->input[0];
    if (terminal->is_escaped) {
        terminal->is_escaped = false;
        command(terminal, sink, first);
        return 1;
    }
    if (first == CTRL_A) {
        terminal->is_escaped = true;
        return 1;
    }
    if (terminal->shows_serial) {
        if (terminal->serial.room && terminal->serial.room(terminal->serial.device) == 0)
            return 0;
        send_serial(terminal, sink, first);
        return 1;
    }
    if (terminal->key_count + KEY_EVENTS_OF_STROKE > KEY_EVENTS)
        return 0;
    key = keys_from_terminal(terminal->input, terminal->input_count, &used);
    if (used == 0 && is_late) { /* what began like a sequence was the Escape key */
        key = keys_from_ascii(first);
        used = 1;
    }
    if (used && terminal->has_notice) {
        terminal->has_notice = false;
        terminal->has_shown = false;
    }
    if (used)
        queue_stroke(terminal, key);
    return used;
}

static void read_terminal(struct terminal *terminal)
{
    ssize_t n;
    if (terminal->input_count == INPUT_BYTES)
        return;
    n = read(terminal->fd, terminal->input + terminal->input_count,
             INPUT_BYTES - terminal->input_count);
    if (n > 0) {
        terminal->input_count += (size_t)n;
        terminal->input_ms = now_ms();
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        terminal->is_lost = true;
    }
}

static void deliver_key(struct terminal *terminal, const struct input_sink *sink)
{
    struct input_record record = {.kind = INPUT_KEY};
    if (terminal->key_count == 0 || ++terminal->polls < KEY_POLLS)
        return;
    terminal->polls = 0;
    record.usage = terminal->keys[terminal->key_first].usage;
    record.is_pressed = terminal->keys[terminal->key_first].is_pressed;
    terminal->key_first = (terminal->key_first + 1) % KEY_EVENTS;
    terminal->key_count--;
    sink->deliver(sink->self, &record);
}

static void poll_terminal(struct frontend *frontend, const struct input_sink *sink)
{
    static const struct input_record QUIT = {.kind = INPUT_QUIT};
    struct terminal *terminal = terminal_of(frontend);
    bool is_late;
    size_t used;
    if (!terminal->is_lost)
        read_terminal(terminal);
    if (terminal->is_lost && !terminal->has_quit) {
        terminal->has_quit = true;
        sink->deliver(sink->self, &QUIT);
    }
    is_late = terminal->input_count && now_ms() - terminal->input_ms >= ESCAPE_MS;
    while (terminal->input_count && (used = take_input(terminal, sink, is_late)) > 0) {
        terminal->input_count -= used;
        memmove(terminal->input, terminal->input + used, terminal->input_count);
    }
    deliver_key(terminal, sink);
    if (terminal->out.used)
        flush(terminal);
}

/* --- life ------------------------------------------------------------------------------------------- */

static void close_terminal(struct frontend *frontend)
{
    struct terminal *terminal = terminal_of(frontend);
    if (terminal->fd >= 0) {
        if (!terminal->shows_serial)
            put_text(terminal, "\033[0m\033[?1049l\033[?25h");
        put_backlog(terminal);
        put_text(terminal, "\033[0m");
        flush_last(terminal);
        tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
        close(terminal->fd);
    }
    canvas_free(&terminal->canvas);
    free(terminal->out.bytes);
    free(terminal->picture.pixels);
    free(terminal);
}

static bool make_raw(struct terminal *terminal)
{
    struct termios raw;
    if (tcgetattr(terminal->fd, &terminal->saved) != 0)
        return false;
    raw = terminal->saved;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag |= CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(terminal->fd, TCSANOW, &raw) == 0;
}

enum status terminal_open_device(struct frontend **frontend, const char *path, const char *name,
                                 struct error *error)
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    *frontend = NULL;
    if (!terminal)
        return error_set(error, STATUS_INTERNAL, "out of memory for the terminal");
    terminal->frontend.kind = "terminal";
    terminal->frontend.leave = "Ctrl-A x quits, Ctrl-A h tells more";
    terminal->frontend.present = present;
    terminal->frontend.poll = poll_terminal;
    terminal->frontend.close = close_terminal;
    terminal->serial.name = name;
    terminal->serial.write = serial_write;
    terminal->serial.close = serial_close;
    terminal->fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (terminal->fd < 0 || !make_raw(terminal)) {
        error_set(error, STATUS_USAGE, "%s: %s; fix: --display none, or run it in a terminal", path,
                  strerror(errno));
        if (terminal->fd >= 0)
            close(terminal->fd);
        free(terminal);
        return STATUS_USAGE;
    }
    show_display(terminal);
    *frontend = &terminal->frontend;
    return STATUS_OK;
}

bool frontend_terminal_is_available(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

enum status frontend_terminal_open(struct frontend **frontend, const char *name,
                                   struct error *error)
{
    const char *path = isatty(STDOUT_FILENO) ? ttyname(STDOUT_FILENO) : NULL;
    *frontend = NULL;
    if (!path)
        return error_set(error, STATUS_USAGE, "--display terminal: standard output is not a "
                         "terminal; fix: --display none, or run it in a terminal");
    return terminal_open_device(frontend, path, name, error);
}

struct chardev *frontend_terminal_serial(struct frontend *frontend)
{
    return &terminal_of(frontend)->serial;
}
