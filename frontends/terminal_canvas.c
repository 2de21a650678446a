/* Control sequences: ECMA-48 (CUP, SGR), with xterm's 38;2 and 48;2 for direct colours. */
#include "frontends/terminal_canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/cp437.h"

#define HALF_BLOCK 0x2580u /* upper half: foreground above background */
#define SEQUENCE_BYTES 128
#define ANSI_BRIGHT 8u

/* --- bytes ----------------------------------------------------------------------------------------- */

void canvas_put(struct canvas_bytes *out, const char *bytes, size_t count)
{
    if (out->used + count > out->capacity) {
        size_t capacity = (out->used + count) * 2 + 256;
        char *grown = realloc(out->bytes, capacity);
        if (!grown)
            return; /* a frame is lost; the next one is drawn again */
        out->bytes = grown;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->used, bytes, count);
    out->used += count;
}

void canvas_print(struct canvas_bytes *out, const char *format, ...)
{
    char text[SEQUENCE_BYTES];
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        canvas_put(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* --- cells ----------------------------------------------------------------------------------------- */

bool canvas_resize(struct canvas *canvas, unsigned columns, unsigned rows)
{
    size_t count;
    canvas_free(canvas);
    columns = columns > CANVAS_COLUMNS_MAX ? CANVAS_COLUMNS_MAX : columns;
    rows = rows > CANVAS_ROWS_MAX ? CANVAS_ROWS_MAX : rows;
    count = (size_t)columns * rows;
    canvas->cells = calloc(count + 1, sizeof *canvas->cells);
    canvas->shown = calloc(count + 1, sizeof *canvas->shown);
    if (!canvas->cells || !canvas->shown) {
        canvas_free(canvas);
        return false;
    }
    canvas->columns = columns;
    canvas->rows = rows;
    canvas->is_fresh = true;
    return true;
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cells);
    free(canvas->shown);
    memset(canvas, 0, sizeof *canvas);
}

static void clear(struct canvas *canvas)
{
    static const struct canvas_cell BLANK = {' ', 7, 0};
    for (size_t i = 0; i < (size_t)canvas->columns * canvas->rows; i++)
        canvas->cells[i] = BLANK;
    canvas->has_cursor = false;
}

/* The PC orders colours blue, green, red from bit 0; ANSI red, green, blue. */
static uint32_t ansi_colour(unsigned pc)
{
    return (pc & 8) | (pc & 4) >> 2 | (pc & 2) | (pc & 1) << 2;
}

void canvas_text(struct canvas *canvas, const struct display_text *text)
{
    unsigned first = 0;
    clear(canvas);
    if (text->is_cursor_visible && text->cursor_row >= canvas->rows)
        first = text->cursor_row - canvas->rows + 1;
    for (unsigned row = 0; row < canvas->rows && row + first < text->rows; row++)
        for (unsigned column = 0; column < canvas->columns && column < text->columns; column++) {
            uint16_t cell = text->cells[(row + first) * text->columns + column];
            struct canvas_cell *to = &canvas->cells[row * canvas->columns + column];
            to->unicode = cp437_unicode((uint8_t)cell);
            to->foreground = ansi_colour(cell >> 8 & 15);
            to->background = ansi_colour(cell >> 12 & 7);
        }
    canvas->has_cursor = text->is_cursor_visible && text->cursor_row - first < canvas->rows &&
                         text->cursor_column < canvas->columns;
    canvas->cursor_column = text->cursor_column;
    canvas->cursor_row = text->cursor_row - first;
}

/* The mean of the pixels of a box; at least one. */
static uint32_t mean(const struct display_picture *picture, uint32_t x0, uint32_t x1, uint32_t y0,
                     uint32_t y1)
{
    uint64_t red = 0, green = 0, blue = 0, count = 0;
    if (x1 <= x0)
        x1 = x0 + 1;
    if (y1 <= y0)
        y1 = y0 + 1;
    for (uint32_t y = y0; y < y1 && y < picture->height; y++)
        for (uint32_t x = x0; x < x1 && x < picture->width; x++, count++) {
            uint32_t pixel = picture->pixels[(size_t)y * picture->width + x];
            red += pixel >> 16 & 0xFF;
            green += pixel >> 8 & 0xFF;
            blue += pixel & 0xFF;
        }
    if (count == 0)
        return CANVAS_RGB;
    return CANVAS_RGB | (uint32_t)(red / count) << 16 | (uint32_t)(green / count) << 8 |
           (uint32_t)(blue / count);
}

void canvas_picture(struct canvas *canvas, const struct display_picture *picture)
{
    uint32_t columns = canvas->columns, lines = canvas->rows * 2;
    clear(canvas);
    if (picture->width == 0 || picture->height == 0)
        return;
    if ((uint64_t)columns * picture->height > (uint64_t)lines * picture->width)
        columns = lines * picture->width / picture->height;
    else
        lines = columns * picture->height / picture->width;
    for (uint32_t row = 0; row * 2 < lines && row < canvas->rows; row++)
        for (uint32_t column = 0; column < columns; column++) {
            struct canvas_cell *to = &canvas->cells[row * canvas->columns + column];
            uint32_t x0 = column * picture->width / columns;
            uint32_t x1 = (column + 1) * picture->width / columns;
            uint32_t y[3];
            for (uint32_t half = 0; half < 3; half++)
                y[half] = (row * 2 + half) * picture->height / lines;
            to->unicode = HALF_BLOCK;
            to->foreground = mean(picture, x0, x1, y[0], y[1]);
            to->background = y[1] < picture->height ? mean(picture, x0, x1, y[1], y[2]) : CANVAS_RGB;
        }
}

void canvas_notice(struct canvas *canvas, const char *words)
{
    size_t length = strlen(words);
    struct canvas_cell *row;
    if (canvas->rows == 0)
        return;
    row = &canvas->cells[(size_t)(canvas->rows - 1) * canvas->columns];
    for (unsigned i = 0; i < canvas->columns; i++) {
        row[i].unicode = i < length ? (uint8_t)words[i] : ' ';
        row[i].foreground = 0;
        row[i].background = 7;
    }
}

/* --- differences ------------------------------------------------------------------------------------- */

static bool is_same(const struct canvas_cell *a, const struct canvas_cell *b)
{
    return a->unicode == b->unicode && a->foreground == b->foreground &&
           a->background == b->background;
}

static void put_colour(struct canvas_bytes *out, uint32_t colour, bool is_background)
{
    unsigned base = is_background ? 40 : 30;
    if (colour & CANVAS_RGB)
        canvas_print(out, "\033[%u;2;%u;%u;%um", base + 8, (unsigned)(colour >> 16 & 0xFF),
                     (unsigned)(colour >> 8 & 0xFF), (unsigned)(colour & 0xFF));
    else if (colour & ANSI_BRIGHT)
        canvas_print(out, "\033[%um", base + 60 + (unsigned)(colour & 7));
    else
        canvas_print(out, "\033[%um", base + (unsigned)(colour & 7));
}

void canvas_emit(struct canvas *canvas, struct canvas_bytes *out)
{
    uint32_t foreground = UINT32_MAX, background = UINT32_MAX;
    size_t next = SIZE_MAX; /* the cell where the terminal's cursor stands */
    char utf8[3];
    canvas_print(out, "\033[?25l%s", canvas->is_fresh ? "\033[0m\033[2J" : "");
    for (size_t i = 0; i < (size_t)canvas->columns * canvas->rows; i++) {
        const struct canvas_cell *cell = &canvas->cells[i];
        if (!canvas->is_fresh && is_same(cell, &canvas->shown[i]))
            continue;
        if (i != next || i % canvas->columns == 0)
            canvas_print(out, "\033[%u;%uH", (unsigned)(i / canvas->columns) + 1,
                         (unsigned)(i % canvas->columns) + 1);
        if (cell->foreground != foreground)
            put_colour(out, cell->foreground, false);
        if (cell->background != background)
            put_colour(out, cell->background, true);
        foreground = cell->foreground;
        background = cell->background;
        canvas_put(out, utf8, utf8_put(cell->unicode, utf8));
        canvas->shown[i] = *cell;
        next = i + 1;
    }
    canvas_print(out, "\033[0m");
    if (canvas->has_cursor)
        canvas_print(out, "\033[%u;%uH\033[?25h", canvas->cursor_row + 1,
                     canvas->cursor_column + 1);
    canvas->is_fresh = false;
}
