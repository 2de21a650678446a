/* The display interface: a VGA publishes a screen; front ends and the hypervisor look at it.
 * Drawing is a pure function of the device's state: looking changes nothing. */
#ifndef VITRINE_BUS_DISPLAY_H
#define VITRINE_BUS_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISPLAY_WIDTH_MAX 2560u
#define DISPLAY_HEIGHT_MAX 1600u

/* A picture: 32-bit pixels 00RRGGBB, rows of `width` pixels without gaps. Owned by who draws. */
struct display_picture {
    uint32_t width, height;
    uint32_t *pixels; /* room for `capacity` pixels */
    size_t capacity;
};

/* A text screen: character (code page 437) and attribute for each cell. */
struct display_text {
    uint16_t columns, rows;
    uint16_t cursor_column, cursor_row;
    bool is_cursor_visible;
    uint16_t cells[132 * 60]; /* character | attribute << 8, row by row */
    uint32_t palette[16];     /* 00RRGGBB */
};

/* What a display device shows. Embedded in its owner, which fills it in at init. */
struct display_screen {
    const char *name; /* the machine's */
    /* Size of the picture now. */
    void (*size)(const void *self, uint32_t *width, uint32_t *height);
    /* Draws into picture->pixels (capacity >= width * height of size()); sets width and height. */
    void (*draw)(const void *self, struct display_picture *picture);
    /* The same, but only the lines that wanted[] names (one a line; NULL: all); others stay as they are. */
    void (*draw_lines)(const void *self, struct display_picture *picture, const bool *wanted);
    /* Sets lines[] (one a line of size()) where the picture changes by blinking alone; how many do. */
    uint32_t (*blinking)(const void *self, bool *lines);
    /* As generation(), without the turns of what blinks. */
    uint64_t (*content)(const void *self);
    /* Fills in the cells in a text mode; false in graphics modes. */
    bool (*text)(const void *self, struct display_text *text);
    /* Increases whenever the picture may have changed. */
    uint64_t (*generation)(const void *self);
    const void *self;
};

#endif
