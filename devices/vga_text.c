/* VGA: text modes.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992), "VGA
 * Function: Alphanumeric Modes", "Character Map Select", "Attribute Mode Control".
 *
 *   plane 0  character   plane 1  attribute   plane 2  fonts: 32 bytes a character, 8 KiB a font
 *
 *   attribute  7      6 5 4        3           2 1 0
 *              blink  background   intensity   foreground
 *              or background bit 3  or font A
 *
 * A character is 8 dots, or 9: the ninth repeats the eighth for C0h-DFh (line graphics).
 * MISSING: cursor skew. */
#include "devices/vga_core.h"

bool vga_is_text(const struct vga *vga)
{
    return !vga_dispi_is_on(vga) && !(vga->gfx[6] & 1);
}

/* Fonts lie at 0, 16, 32, 48, 8, 24, 40 and 56 KiB of plane 2. */
static uint32_t font_address(unsigned select)
{
    return (select & 3u) * 0x4000u + (select >> 2 & 1u) * 0x2000u;
}

static uint32_t cursor_location(const struct vga *vga)
{
    return (uint32_t)vga->crtc[0x0E] << 8 | vga->crtc[0x0F];
}

static bool cursor_is_on(const struct vga *vga)
{
    return !(vga->crtc[0x0A] & 0x20) && (vga->crtc[0x0A] & 0x1F) <= (vga->crtc[0x0B] & 0x1F);
}

struct cell {
    uint8_t character, attribute;
};

static struct cell cell_at(const struct vga *vga, uint32_t counter)
{
    const uint8_t *planes =
        vga->memory + vga_fetch_index(vga, vga_plane_address(vga, counter, 0));
    struct cell cell = {planes[0], planes[1]};
    return cell;
}

/* The nine dots of one scan line of a character, first dot in bit 8. */
static unsigned glyph_dots(const struct vga *vga, struct cell cell, unsigned row_scan)
{
    unsigned select = vga_has_extended_memory(vga) ? vga->seq[3] : 0;
    /* Map A (bits 5, 3, 2) for attribute bit 3 = 1, map B (bits 4, 1, 0) for 0. */
    unsigned font = cell.attribute & 8 ? (select >> 2 & 3u) | (select >> 3 & 4u)
                                       : (select & 3u) | (select >> 2 & 4u);
    uint32_t address = font_address(font) + cell.character * 32u + row_scan;
    unsigned dots = vga->memory[vga_fetch_index(vga, address & vga_plane_mask(vga)) + 2] * 2u;
    if ((vga->attr[0x10] & 4) && (cell.character & 0xE0) == 0xC0)
        dots |= dots >> 1 & 1u;
    return dots;
}

bool vga_text_blinks(const struct vga *vga, uint32_t base, unsigned cells)
{
    uint32_t to_cursor = (cursor_location(vga) - base) & 0xFFFF;
    if (cursor_is_on(vga) && to_cursor < cells)
        return true;
    if (!(vga->attr[0x10] & 8))
        return false;
    for (unsigned i = 0; i < cells; i++)
        if (cell_at(vga, base + i).attribute & 0x80)
            return true;
    return false;
}

size_t vga_text_line(const struct vga *vga, uint32_t base, unsigned row_scan, unsigned cells,
                     const uint32_t colours[16], uint32_t *pixels)
{
    unsigned width = vga->seq[1] & 1 ? 8 : 9;
    bool blinks = (vga->attr[0x10] & 8) != 0, shows_blinking = vga_blink_phase(vga);
    bool has_cursor = cursor_is_on(vga) && vga_cursor_phase(vga) &&
                      row_scan >= (vga->crtc[0x0A] & 0x1Fu) &&
                      row_scan <= (vga->crtc[0x0B] & 0x1Fu);
    size_t at = 0;
    for (unsigned i = 0; i < cells; i++) {
        struct cell cell = cell_at(vga, base + i);
        unsigned dots = glyph_dots(vga, cell, row_scan);
        unsigned background = cell.attribute >> 4, foreground = cell.attribute & 0xF;
        if (blinks) {
            if ((background & 8) && !shows_blinking)
                dots = 0;
            background &= 7;
        }
        if ((cell.attribute & 0x77) == 1 && row_scan == (vga->crtc[0x14] & 0x1Fu))
            dots = 0x1FF;
        if (has_cursor && ((base + i) & 0xFFFF) == cursor_location(vga))
            dots = 0x1FF;
        for (unsigned dot = 0; dot < width; dot++)
            pixels[at++] = colours[dots >> (8 - dot) & 1 ? foreground : background];
    }
    return at;
}

bool vga_text(const void *self, struct display_text *text)
{
    const struct vga *vga = self;
    uint32_t rows = vga_lines_displayed(vga) / ((vga->crtc[9] & 0x1Fu) + 1u);
    uint32_t columns = vga->crtc[1] + 1u, start = vga_start_address(vga), cursor;
    if (!vga_is_text(vga))
        return false;
    if (vga->crtc[9] & 0x80)
        rows /= 2;
    text->columns = (uint16_t)(columns > 132 ? 132 : columns);
    text->rows = (uint16_t)(rows > 60 ? 60 : rows ? rows : 1);
    for (unsigned i = 0; i < 16; i++)
        text->palette[i] = vga_rgb(vga, vga_attribute_index(vga, i));
    for (uint32_t row = 0; row < text->rows; row++)
        for (uint32_t column = 0; column < text->columns; column++) {
            struct cell cell = cell_at(vga, start + row * vga->crtc[0x13] * 2u + column);
            text->cells[row * text->columns + column] =
                (uint16_t)(cell.character | cell.attribute << 8);
        }
    cursor = (cursor_location(vga) - start) & 0xFFFF;
    text->is_cursor_visible = false;
    text->cursor_row = text->cursor_column = 0;
    if (vga->crtc[0x13] == 0)
        return true;
    text->cursor_row = (uint16_t)(cursor / (vga->crtc[0x13] * 2u));
    text->cursor_column = (uint16_t)(cursor % (vga->crtc[0x13] * 2u));
    text->is_cursor_visible = cursor_is_on(vga) && text->cursor_row < text->rows &&
                              text->cursor_column < text->columns;
    return true;
}
