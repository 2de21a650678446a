/* vga.c: text mode 3 of the VGA, by ports and by memory.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992), VGA
 * function: §2-41 ff. (registers), §2-26 (text cells), Table "BIOS video modes" (mode 3: 720x400, 9x16
 * cells). Text memory lies at B8000h; the CRTC's ports are 3D4h/3D5h with colour. */
#include "lab/vga.h"

#include "lab/font.h"
#include "lab/io.h"
#include "lab/memory.h"

enum { ATTRIBUTE_PORT = 0x3C0, MISC_PORT = 0x3C2, SEQUENCER_PORT = 0x3C4, DAC_WRITE_INDEX = 0x3C8,
       DAC_DATA = 0x3C9, GRAPHICS_PORT = 0x3CE, CRTC_PORT = 0x3D4, INPUT_STATUS_1 = 0x3DA };
enum { CRTC_CURSOR_HIGH = 0x0E, CRTC_CURSOR_LOW = 0x0F, CRTC_VERTICAL_RETRACE_END = 0x11 };

/* Index registers stand before their data register, two ports side by side: one 16-bit OUT fills both. */
static const uint8_t sequencer_mode3[5] = { 0x03, 0x00, 0x03, 0x00, 0x02 };
static const uint8_t crtc_mode3[25] = {
    0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00,
    0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
};
static const uint8_t graphics_mode3[9] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF };
static const uint8_t attribute_mode3[21] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A,
    0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00,
};

static unsigned log_first_row;
static unsigned log_column;
static unsigned log_row;
static uint8_t log_attribute = VGA_LIGHT_GREY;

static volatile uint16_t *text_cell(unsigned column, unsigned row)
{
    return (volatile uint16_t *)0xB8000 + row * VGA_COLUMNS + column;
}

static void write_indexed(uint16_t port, unsigned index, uint8_t value)
{
    io_out16(port, (uint16_t)(value << 8 | index));
}

/* The font lies in plane 2, 32 bytes for each character, of which a 16-line cell shows 16. Sequencer
 * and graphics controller give the CPU that plane at A0000h instead of text at B8000h. */
static void load_font_if_missing(void)
{
    volatile uint8_t *plane2 = (volatile uint8_t *)0xA0000;
    uint8_t seen = 0;

    write_indexed(SEQUENCER_PORT, 2, 0x04); /* map mask: write plane 2 only */
    write_indexed(SEQUENCER_PORT, 4, 0x06); /* memory mode: odd/even off */
    write_indexed(GRAPHICS_PORT, 4, 0x02);  /* read plane 2 */
    write_indexed(GRAPHICS_PORT, 5, 0x00);  /* write mode 0, odd/even off */
    write_indexed(GRAPHICS_PORT, 6, 0x04);  /* 64 KiB at A0000h */

    for (unsigned line = 0; line < 16; line++)
        seen |= plane2['A' * 32 + line];
    for (unsigned c = 0; c < 256 && !seen; c++)
        for (unsigned line = 0; line < 16; line++)
            plane2[c * 32 + line] = font_8x16[c][line];

    write_indexed(SEQUENCER_PORT, 2, sequencer_mode3[2]);
    write_indexed(SEQUENCER_PORT, 4, sequencer_mode3[4]);
    write_indexed(GRAPHICS_PORT, 4, graphics_mode3[4]);
    write_indexed(GRAPHICS_PORT, 5, graphics_mode3[5]);
    write_indexed(GRAPHICS_PORT, 6, graphics_mode3[6]);
}

void vga_set_mode3(void)
{
    io_out8(MISC_PORT, 0x67); /* 28 MHz, colour addresses, 400 lines */
    write_indexed(SEQUENCER_PORT, 0, 0x01); /* synchronous reset while the clock changes */
    for (unsigned i = 1; i < sizeof sequencer_mode3; i++)
        write_indexed(SEQUENCER_PORT, i, sequencer_mode3[i]);
    write_indexed(SEQUENCER_PORT, 0, sequencer_mode3[0]);

    /* Bit 7 of register 11h protects registers 0-7: clear it first. */
    write_indexed(CRTC_PORT, CRTC_VERTICAL_RETRACE_END, 0x0E);
    for (unsigned i = 0; i < sizeof crtc_mode3; i++)
        write_indexed(CRTC_PORT, i, crtc_mode3[i]);
    for (unsigned i = 0; i < sizeof graphics_mode3; i++)
        write_indexed(GRAPHICS_PORT, i, graphics_mode3[i]);

    (void)io_in8(INPUT_STATUS_1); /* the next write to 3C0h is an index */
    for (unsigned i = 0; i < sizeof attribute_mode3; i++) {
        io_out8(ATTRIBUTE_PORT, (uint8_t)i);
        io_out8(ATTRIBUTE_PORT, attribute_mode3[i]);
    }
    io_out8(ATTRIBUTE_PORT, 0x20); /* give the palette back to the display */

    for (unsigned colour = 0; colour < 16; colour++) {
        uint8_t rgb[3];
        vga_standard_colour((enum vga_colour)colour, rgb);
        vga_dac(vga_dac_index((enum vga_colour)colour), rgb[0], rgb[1], rgb[2]);
    }
    load_font_if_missing();
    vga_fill(0, 0, VGA_COLUMNS, VGA_ROWS, ' ', VGA_LIGHT_GREY);
}

void vga_put(unsigned column, unsigned row, char c, uint8_t attribute)
{
    io_store16(text_cell(column, row), (uint16_t)((uint8_t)c | attribute << 8));
}

uint16_t vga_get(unsigned column, unsigned row)
{
    return *text_cell(column, row);
}

void vga_text(unsigned column, unsigned row, const char *text, uint8_t attribute)
{
    for (; *text && column < VGA_COLUMNS; text++, column++)
        vga_put(column, row, *text, attribute);
}

void vga_fill(unsigned column, unsigned row, unsigned columns, unsigned rows, char c,
              uint8_t attribute)
{
    for (unsigned y = row; y < row + rows; y++)
        for (unsigned x = column; x < column + columns; x++)
            vga_put(x, y, c, attribute);
}

void vga_frame(unsigned column, unsigned row, unsigned columns, unsigned rows, uint8_t attribute)
{
    unsigned right = column + columns - 1;
    unsigned bottom = row + rows - 1;

    for (unsigned x = column + 1; x < right; x++) {
        vga_put(x, row, (char)0xC4, attribute);
        vga_put(x, bottom, (char)0xC4, attribute);
    }
    for (unsigned y = row + 1; y < bottom; y++) {
        vga_put(column, y, (char)0xB3, attribute);
        vga_put(right, y, (char)0xB3, attribute);
    }
    vga_put(column, row, (char)0xDA, attribute);
    vga_put(right, row, (char)0xBF, attribute);
    vga_put(column, bottom, (char)0xC0, attribute);
    vga_put(right, bottom, (char)0xD9, attribute);
}

void vga_cursor(unsigned column, unsigned row)
{
    unsigned address = row * VGA_COLUMNS + column;

    write_indexed(CRTC_PORT, CRTC_CURSOR_HIGH, (uint8_t)(address >> 8));
    write_indexed(CRTC_PORT, CRTC_CURSOR_LOW, (uint8_t)address);
}

uint16_t vga_cursor_address(void)
{
    uint16_t high;

    io_out8(CRTC_PORT, CRTC_CURSOR_HIGH);
    high = io_in8(CRTC_PORT + 1);
    io_out8(CRTC_PORT, CRTC_CURSOR_LOW);
    return (uint16_t)(high << 8 | io_in8(CRTC_PORT + 1));
}

void vga_dac(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    io_out8(DAC_WRITE_INDEX, index);
    io_out8(DAC_DATA, red);
    io_out8(DAC_DATA, green);
    io_out8(DAC_DATA, blue);
}

uint8_t vga_dac_index(enum vga_colour colour)
{
    return attribute_mode3[colour];
}

/* The internal palette holds EGA colours, bits rgbRGB: 2/3 of full brightness for a capital letter,
 * 1/3 for a small one. */
void vga_standard_colour(enum vga_colour colour, uint8_t rgb[3])
{
    uint8_t ega = attribute_mode3[colour];

    for (unsigned i = 0; i < 3; i++)
        rgb[i] = (uint8_t)((ega >> (2 - i) & 1) * 0x2A + (ega >> (5 - i) & 1) * 0x15);
}

void vga_log_area(unsigned first_row, uint8_t attribute)
{
    log_first_row = first_row;
    log_row = first_row;
    log_column = 0;
    log_attribute = attribute;
    vga_fill(0, first_row, VGA_COLUMNS, VGA_ROWS - first_row, ' ', attribute);
}

static void log_new_line(void)
{
    log_column = 0;
    if (++log_row < VGA_ROWS)
        return;
    log_row = VGA_ROWS - 1;
    for (unsigned row = log_first_row; row < log_row; row++)
        memcpy((void *)(uintptr_t)text_cell(0, row), (const void *)(uintptr_t)text_cell(0, row + 1),
               VGA_COLUMNS * 2);
    vga_fill(0, log_row, VGA_COLUMNS, 1, ' ', log_attribute);
}

void vga_log_char(char c)
{
    if (c == '\n') {
        log_new_line();
        return;
    }
    if (log_column == VGA_COLUMNS)
        log_new_line();
    vga_put(log_column++, log_row, c, log_attribute);
}
