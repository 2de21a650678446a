/* vga.h: the VGA in text mode 3: 80 columns, 25 rows, 16 colours. */
#ifndef LAB_VGA_H
#define LAB_VGA_H

#include <stdbool.h>
#include <stdint.h>

enum { VGA_COLUMNS = 80, VGA_ROWS = 25 };

enum vga_colour {
    VGA_BLACK, VGA_BLUE, VGA_GREEN, VGA_CYAN, VGA_RED, VGA_MAGENTA, VGA_BROWN, VGA_LIGHT_GREY,
    VGA_DARK_GREY, VGA_LIGHT_BLUE, VGA_LIGHT_GREEN, VGA_LIGHT_CYAN, VGA_LIGHT_RED,
    VGA_LIGHT_MAGENTA, VGA_YELLOW, VGA_WHITE
};

/* Programs every register for mode 3, the palette, and the font where none has been loaded. */
void vga_set_mode3(void);

/* Memory-mapped: one cell is a character (code page 437) and an attribute: background 6:4,
 * foreground 3:0. */
void vga_put(unsigned column, unsigned row, char c, uint8_t attribute);
uint16_t vga_get(unsigned column, unsigned row);
void vga_text(unsigned column, unsigned row, const char *text, uint8_t attribute);
void vga_fill(unsigned column, unsigned row, unsigned columns, unsigned rows, char c,
              uint8_t attribute);
void vga_frame(unsigned column, unsigned row, unsigned columns, unsigned rows, uint8_t attribute);

/* By port: the hardware cursor (CRTC 0Eh, 0Fh) and one entry of the DAC (6 bits a colour). */
void vga_cursor(unsigned column, unsigned row);
uint16_t vga_cursor_address(void);
void vga_dac(uint8_t index, uint8_t red, uint8_t green, uint8_t blue);

/* The DAC entry that text colour 0-15 leads to, and its standard contents. */
uint8_t vga_dac_index(enum vga_colour colour);
void vga_standard_colour(enum vga_colour colour, uint8_t rgb[3]);

/* Text of print() scrolls in the rows from `first_row` to the bottom. */
void vga_log_area(unsigned first_row, uint8_t attribute);
void vga_log_char(char c);

#endif
