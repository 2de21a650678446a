/* Front ends: a place where a screen is shown and where keys come from.
 *
 * One thread runs a world; a front end is called from it and never waits: `present` at virtual frames
 * (60 Hz), `poll` at poll instants (1000 Hz). What comes from outside is handed on as records, so
 * that whoever runs the world can log them at its recorded door before he applies them. */
#ifndef VITRINE_FRONTENDS_FRONTEND_H
#define VITRINE_FRONTENDS_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "bus/display.h"
#include "bus/input.h"

struct chardev;

enum input_kind {
    INPUT_KEY = 1, /* usage, is_pressed */
    INPUT_MOUSE,   /* dx, dy, dz, buttons */
    INPUT_SERIAL,  /* character: typed while the serial console is shown */
    INPUT_QUIT     /* the window was closed, Ctrl-A x */
};

struct input_record {
    enum input_kind kind;
    uint8_t usage; /* USB HID, page 7 */
    bool is_pressed;
    int16_t dx, dy; /* to the right and downwards, in pixels of the picture */
    int8_t dz;      /* wheel, away from the user */
    uint8_t buttons; /* bit 0 left, 1 right, 2 middle, 3 and 4 the side ones */
    uint8_t character;
};

#define INPUT_RECORD_BYTES 8
/* A record as the bytes that a log keeps, and back; false when the bytes are none. */
void input_record_pack(const struct input_record *record, uint8_t bytes[INPUT_RECORD_BYTES]);
bool input_record_unpack(struct input_record *record, const uint8_t *bytes, size_t count);
/* Gives a key or a movement to the devices (NULL: not there); other records do nothing. */
void input_record_apply(const struct input_record *record, const struct input_port *keyboard,
                        const struct input_port *mouse);

/* Who takes the records. */
struct input_sink {
    void (*deliver)(void *self, const struct input_record *record);
    void *self;
};

struct frontend {
    const char *kind;  /* "sdl", "terminal" */
    const char *leave; /* how to leave it, in words, to be said once at the start */
    /* Shows the screen where it changed since the last call. */
    void (*present)(struct frontend *frontend, const struct display_screen *screen);
    /* Hands on what came from outside. */
    void (*poll)(struct frontend *frontend, const struct input_sink *sink);
    void (*close)(struct frontend *frontend); /* restores what was changed; frees it */
};

/* A window "Vitrine - NAME"; closing it quits; it never grabs the mouse. */
enum status frontend_sdl_open(struct frontend **frontend, const char *name, struct error *error);
bool frontend_sdl_is_available(void); /* there is a display to open a window on */

/* The terminal on standard input and output. */
enum status frontend_terminal_open(struct frontend **frontend, const char *name,
                                   struct error *error);
bool frontend_terminal_is_available(void); /* both are terminals */
/* The serial console that shares this terminal (Ctrl-A c): what is written to it is shown; what is
 * typed comes as INPUT_SERIAL. Its close() does nothing: the front end owns it. */
struct chardev *frontend_terminal_serial(struct frontend *frontend);

#endif
