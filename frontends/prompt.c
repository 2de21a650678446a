#include "frontends/prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "machine/world.h"

#if HAVE_LIBEDIT
#include <histedit.h>
#define HISTORY_LINES 500
#endif

#define WAIT_MS 100

struct prompt {
    struct world *world;
    bool is_terminal;
    char buffer[4096]; /* read, not handed out yet */
    size_t used;
    bool has_ended;
#if HAVE_LIBEDIT
    EditLine *edit;
    History *history;
    const char *text; /* of the prompt */
#endif
};

/* False when the run shall end before anything comes. */
static bool wait_for_input(const struct prompt *prompt)
{
    for (;;) {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        int ready = poll(&input, 1, WAIT_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        world_look_up(prompt->world);
        if (prompt->world->is_over)
            return false;
    }
}

/* --- plain lines ----------------------------------------------------------------------------------------- */

/* Hands out the next line of the buffer; what does not fit is cut off. */
static bool take_line(struct prompt *prompt, char *line, size_t size)
{
    char *end = memchr(prompt->buffer, '\n', prompt->used);
    size_t length, taken;
    if (!end && !prompt->has_ended && prompt->used < sizeof prompt->buffer)
        return false;
    length = end ? (size_t)(end - prompt->buffer) : prompt->used;
    taken = end ? length + 1 : length;
    if (length >= size)
        length = size - 1;
    memcpy(line, prompt->buffer, length);
    line[length] = '\0';
    prompt->used -= taken;
    memmove(prompt->buffer, prompt->buffer + taken, prompt->used);
    return taken > 0;
}

static bool read_plain(struct prompt *prompt, char *line, size_t size)
{
    while (!take_line(prompt, line, size)) {
        ssize_t got;
        if (prompt->has_ended || !wait_for_input(prompt))
            return false;
        got =
            read(STDIN_FILENO, prompt->buffer + prompt->used, sizeof prompt->buffer - prompt->used);
        if (got > 0)
            prompt->used += (size_t)got;
        else if (got == 0 || errno != EINTR)
            prompt->has_ended = true;
    }
    return true;
}

/* --- edited lines ---------------------------------------------------------------------------------------- */

#if HAVE_LIBEDIT
static char *prompt_text(EditLine *edit)
{
    struct prompt *prompt;
    void *data;
    el_get(edit, EL_CLIENTDATA, &data);
    prompt = data;
    return (char *)(uintptr_t)prompt->text;
}

/* libedit's way to a key: ends when the run shall end. */
static int get_key(EditLine *edit, wchar_t *key)
{
    struct prompt *prompt;
    unsigned char byte;
    void *data;
    el_get(edit, EL_CLIENTDATA, &data);
    prompt = data;
    if (!wait_for_input(prompt) || read(STDIN_FILENO, &byte, 1) != 1)
        return 0;
    *key = byte < 0x80 ? byte : '?'; /* commands are ASCII */
    return 1;
}

static bool read_edited(struct prompt *prompt, const char *text, char *line, size_t size)
{
    const char *typed;
    HistEvent event;
    int count;
    prompt->text = text;
    typed = el_gets(prompt->edit, &count);
    if (!typed || count <= 0)
        return false;
    if (typed[0] != '\n')
        history(prompt->history, &event, H_ENTER, typed);
    snprintf(line, size, "%.*s", (int)strcspn(typed, "\r\n"), typed);
    return true;
}

static void open_editor(struct prompt *prompt)
{
    HistEvent event;
    if (!prompt->is_terminal)
        return;
    prompt->edit = el_init("vitrine", stdin, stdout, stderr);
    prompt->history = history_init();
    if (!prompt->edit || !prompt->history)
        return;
    history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
    el_set(prompt->edit, EL_CLIENTDATA, prompt);
    el_set(prompt->edit, EL_PROMPT, prompt_text);
    el_set(prompt->edit, EL_GETCFN, get_key);
    el_set(prompt->edit, EL_EDITOR, "emacs");
    el_set(prompt->edit, EL_SIGNAL, 0);
    el_set(prompt->edit, EL_HIST, history, prompt->history);
    el_source(prompt->edit, NULL);
}

static void close_editor(struct prompt *prompt)
{
    if (prompt->history)
        history_end(prompt->history);
    if (prompt->edit)
        el_end(prompt->edit);
}
#else
static void open_editor(struct prompt *prompt)
{
    (void)prompt;
}

static void close_editor(struct prompt *prompt)
{
    (void)prompt;
}
#endif

/* --- the monitor's side ---------------------------------------------------------------------------------- */

static bool read_line(void *self, const char *text, char *line, size_t size)
{
    struct prompt *prompt = self;
#if HAVE_LIBEDIT
    if (prompt->edit && prompt->history)
        return read_edited(prompt, text, line, size);
#endif
    if (prompt->is_terminal) {
        printf("%s", text);
        fflush(stdout);
    }
    return read_plain(prompt, line, size);
}

static void write_text(void *self, const char *text)
{
    (void)self;
    fputs(text, stdout);
    fflush(stdout);
}

struct monitor_io prompt_io(struct prompt *prompt)
{
    return (struct monitor_io){prompt, read_line, write_text};
}

enum status prompt_new(struct prompt **prompt, struct world *world, struct error *error)
{
    struct prompt *made = calloc(1, sizeof *made);
    *prompt = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the prompt");
    made->world = world;
    made->is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    open_editor(made);
    return STATUS_OK;
}

void prompt_free(struct prompt *prompt)
{
    if (!prompt)
        return;
    close_editor(prompt);
    free(prompt);
}
