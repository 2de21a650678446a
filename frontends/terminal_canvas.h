/* A screen of a terminal as cells, and the shortest bytes that bring the terminal there. */
#ifndef VITRINE_FRONTENDS_TERMINAL_CANVAS_H
#define VITRINE_FRONTENDS_TERMINAL_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/display.h"

#define CANVAS_COLUMNS_MAX 400u
#define CANVAS_ROWS_MAX 200u
#define CANVAS_RGB 0x01000000u /* a colour is this | RRGGBB, or an ANSI number 0-15 */

struct canvas_cell {
    uint16_t unicode;
    uint32_t foreground, background;
};

/* Bytes on their way out; grows as needed. */
struct canvas_bytes {
    char *bytes;
    size_t used, capacity;
};
void canvas_put(struct canvas_bytes *out, const char *bytes, size_t count);
void canvas_print(struct canvas_bytes *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct canvas {
    unsigned columns, rows;
    struct canvas_cell *cells, *shown; /* wanted, and as the terminal has them */
    bool is_fresh;                     /* the terminal's contents are not known: draw all */
    bool has_cursor;
    unsigned cursor_column, cursor_row;
};

/* Gives it this size, limited to the maximum; what is shown is not known afterwards. */
bool canvas_resize(struct canvas *canvas, unsigned columns, unsigned rows);
void canvas_free(struct canvas *canvas);
/* A text screen; where the terminal is smaller, the part with the cursor. */
void canvas_text(struct canvas *canvas, const struct display_text *text);
/* A picture in upper half blocks, two pixels to a cell, its aspect kept. */
void canvas_picture(struct canvas *canvas, const struct display_picture *picture);
/* Words in the last row, inverse. */
void canvas_notice(struct canvas *canvas, const char *words);
/* Appends what changes `shown` into `cells`. */
void canvas_emit(struct canvas *canvas, struct canvas_bytes *out);

#endif
