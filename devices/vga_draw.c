/* VGA: the picture, as a pure function of the state.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992), "VGA
 * Function: CRT Controller, Attribute Controller"; the Bochs VBE display interface.
 *
 * Every scan line starts at a memory address and a row scan; a character clock fetches the four
 * planes at the address that the counter is wired to:
 *
 *   counter MA ──> byte, word or doubleword mode ──> row scan bits into MA13, MA14 ──> 4 x 8 bits
 *   4 x 8 bits ──> 8 dots of 4 bits (planes, CGA pairs or nibbles) ──> palette ──┬──> DAC
 *                                                                                └─(PEL width)─> 4 pixels
 *                                                     of 8 bits, from the low nibbles of two dots ──> DAC
 *
 * The picture has each line once where the CRTC doubles lines. Whatever the registers hold, every
 * fetch is masked to the memory and every size is clamped to DISPLAY_WIDTH_MAX/HEIGHT_MAX.
 *
 * MISSING: overscan (the picture is the active area alone), Shift Load bits, horizontal skew. */
#include "devices/vga_core.h"

#include <string.h>

#include "base/bits.h"

#define NO_SIGNAL_WIDTH 640u
#define NO_SIGNAL_HEIGHT 400u
#define LINE_PIXELS (257u * 9u + 9u) /* 256 characters of 9 dots, one more for panning */

/* --- addresses and sizes ------------------------------------------------------------------- */

uint32_t vga_plane_address(const struct vga *vga, uint32_t counter, unsigned row_scan)
{
    unsigned mode = vga->crtc[0x17];
    uint32_t address = counter & 0xFFFF;
    if (vga->crtc[0x14] & 0x40) /* doubleword: rotated left by 2 */
        address = (address << 2 | address >> 14) & 0xFFFF;
    else if (!(mode & 0x40)) /* word: rotated left by 1, MA15 or MA13 comes in */
        address = (address << 1 | (address >> (mode & 0x20 ? 15 : 13) & 1)) & 0xFFFF;
    if (!(mode & 1)) /* CGA: odd lines 8 KiB on */
        address = (address & ~UINT32_C(0x2000)) | (row_scan & 1u) << 13;
    if (!(mode & 2))
        address = (address & ~UINT32_C(0x4000)) | (row_scan & 2u) << 13;
    return address & vga_plane_mask(vga);
}

uint32_t vga_start_address(const struct vga *vga)
{
    uint32_t start = (uint32_t)vga->crtc[0x0C] << 8 | vga->crtc[0x0D];
    return start + (vga->crtc[8] >> 5 & 3u);
}

/* Nothing to see: retraces held, or the attribute controller waiting for its palette, or off. */
static bool has_signal(const struct vga *vga)
{
    return vga_dispi_is_on(vga) || (vga->crtc[0x17] & 0x80);
}

static bool is_blank(const struct vga *vga)
{
    return !has_signal(vga) || !(vga->attr_index & 0x20) || (vga->seq[1] & 0x20);
}

/* Attribute Mode Control bit 6, PEL width: two dots of 4 bits make a pixel of 8. */
static bool is_8_bit(const struct vga *vga)
{
    return (vga->attr[0x10] & 0x40) != 0;
}

/* Blinking dots of graphics modes: only those of 4 bits. */
static bool dots_blink(const struct vga *vga)
{
    return !vga_is_text(vga) && (vga->attr[0x10] & 0x48) == 0x08;
}

/* How many scan lines show the same bytes, so that the picture has them once. */
static uint32_t line_repeat(const struct vga *vga)
{
    uint32_t repeat = vga->crtc[9] & 0x80 ? 2 : 1;
    if (!vga_is_text(vga) && (vga->crtc[0x17] & 3) == 3)
        repeat *= (vga->crtc[9] & 0x1Fu) + 1u;
    return repeat;
}

static unsigned dots_a_character(const struct vga *vga)
{
    if (vga_is_text(vga))
        return vga->seq[1] & 1 ? 8 : 9;
    return is_8_bit(vga) ? 4 : 8;
}

void vga_size(const void *self, uint32_t *width, uint32_t *height)
{
    const struct vga *vga = self;
    if (vga_dispi_is_on(vga)) {
        *width = vga->dispi[DISPI_XRES];
        *height = vga->dispi[DISPI_YRES];
    } else if (!has_signal(vga)) {
        *width = NO_SIGNAL_WIDTH;
        *height = NO_SIGNAL_HEIGHT;
    } else {
        uint32_t repeat = line_repeat(vga);
        *width = (vga->crtc[1] + 1u) * dots_a_character(vga);
        *height = (vga_lines_displayed(vga) + repeat - 1) / repeat;
    }
    if (*width < 1 || *width > DISPLAY_WIDTH_MAX)
        *width = *width ? DISPLAY_WIDTH_MAX : 1;
    if (*height < 1 || *height > DISPLAY_HEIGHT_MAX)
        *height = *height ? DISPLAY_HEIGHT_MAX : 1;
}

/* --- one scan line of the graphics modes ----------------------------------------------------- */

/* Eight dots of four planes; the leftmost is bit 7 of each. */
static void put_planar(uint32_t planes, const uint32_t colours[16], uint32_t *pixels)
{
    for (unsigned bit = 8; bit-- > 0;)
        *pixels++ = colours[(planes >> bit & 1) | (planes >> (bit + 7) & 2) |
                            (planes >> (bit + 14) & 4) | (planes >> (bit + 21) & 8)];
}

/* Interleaved shift: pairs of bits, four from planes 0 and 2, then four from planes 1 and 3. */
static void put_pairs(uint32_t planes, const uint32_t colours[16], uint32_t *pixels)
{
    for (unsigned plane = 0; plane < 2; plane++)
        for (unsigned pair = 4; pair-- > 0;) {
            unsigned low = planes >> (8 * plane + 2 * pair) & 3u;
            unsigned high = planes >> (8 * plane + 16 + 2 * pair) & 3u;
            *pixels++ = colours[low | high << 2];
        }
}

/* 256-colour shift: the nibbles of plane 0 to plane 3, the high one first. */
static void put_nibbles(uint32_t planes, const uint32_t colours[16], uint32_t *pixels)
{
    for (unsigned plane = 0; plane < 4; plane++) {
        *pixels++ = colours[planes >> (8 * plane + 4) & 0xF];
        *pixels++ = colours[planes >> (8 * plane) & 0xF];
    }
}

/* Graphics Mode bits 5 and 6: what eight dots are made of. */
static void put_dots(const struct vga *vga, uint32_t planes, const uint32_t colours[16],
                     uint32_t *pixels)
{
    if (vga->gfx[5] & 0x40)
        put_nibbles(planes, colours, pixels);
    else if (vga->gfx[5] & 0x20)
        put_pairs(planes, colours, pixels);
    else
        put_planar(planes, colours, pixels);
}

/* The colours of 4-bit dots and of 8-bit pixels, each of two dots. */
struct colours {
    uint32_t dot[16], pair[256];
};

/* The dot that goes into the palette. Blinking, dots 0-7 show the colours of 8-15, and 8-15 alternate
 * with 0-7 (QUIRK: no manual says so; Bochs' vgacore.cc does the same). */
static unsigned palette_input(const struct vga *vga, unsigned dot)
{
    dot &= vga->attr[0x12] & 0xFu;
    if (!dots_blink(vga))
        return dot;
    return vga_blink_phase(vga) ? dot | 8 : dot ^ 8;
}

static void find_colours(const struct vga *vga, struct colours *colours)
{
    unsigned indices[16];
    for (unsigned i = 0; i < 16; i++) {
        indices[i] = vga_palette_index(vga, palette_input(vga, i));
        colours->dot[i] = vga_rgb(vga, (uint8_t)indices[i]);
    }
    if (!vga_is_text(vga) && is_8_bit(vga))
        for (unsigned i = 0; i < 256; i++)
            colours->pair[i] = vga_rgb(
                vga, (uint8_t)((indices[i >> 4] & 0xF) << 4 | (indices[i & 0xF] & 0xF)));
}

/* Four pixels of 8 bits from the dots of a character clock: with the 256-colour shift, the planes'
 * bytes. */
static void put_8_bit(const struct vga *vga, uint32_t planes, const uint32_t pairs[256],
                      uint32_t *pixels)
{
    static const uint32_t AS_THEY_ARE[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint32_t dots[8];
    if (vga->gfx[5] & 0x40) {
        for (unsigned plane = 0; plane < 4; plane++)
            *pixels++ = pairs[planes >> (8 * plane) & 0xFF];
        return;
    }
    put_dots(vga, planes, AS_THEY_ARE, dots);
    for (unsigned i = 0; i < 8; i += 2)
        *pixels++ = pairs[dots[i] << 4 | dots[i + 1]];
}

static void graphics_line(const struct vga *vga, uint32_t base, unsigned row_scan, unsigned cells,
                          const struct colours *colours, uint32_t *pixels)
{
    /* "Count by two" and "count by four" advance the counter every 2nd or 4th character. */
    unsigned slower = vga->crtc[0x14] & 0x20 ? 2 : vga->crtc[0x17] & 0x08 ? 1 : 0;
    bool wide = is_8_bit(vga);
    for (unsigned i = 0; i < cells; i++, pixels += wide ? 4 : 8) {
        uint32_t address = vga_plane_address(vga, base + (i >> slower), row_scan);
        uint32_t planes = load_le32(vga->memory + vga_fetch_index(vga, address));
        if (wide)
            put_8_bit(vga, planes, colours->pair, pixels);
        else
            put_dots(vga, planes, colours->dot, pixels);
    }
}

/* Pixels that panning moves out at the left. In 9-dot text 8 means none and 0-7 one to eight. */
static unsigned panning(const struct vga *vga)
{
    unsigned pan = vga->attr[0x13] & 0xF;
    if (!vga_is_text(vga))
        return is_8_bit(vga) ? (pan & 7) / 2 : pan & 7;
    if (vga->seq[1] & 1)
        return pan & 7;
    return pan >= 8 ? 0 : pan + 1;
}

/* --- the picture ------------------------------------------------------------------------------ */

/* Where the beam is in the memory: at a scan line's left edge. */
struct scan {
    uint32_t line, base;
    unsigned row_scan, pan;
    bool is_second; /* of a doubled line */
};

static struct scan first_line(const struct vga *vga)
{
    return (struct scan){
        .base = vga_start_address(vga), .row_scan = vga->crtc[8] & 0x1F, .pan = panning(vga)};
}

static void next_line(const struct vga *vga, struct scan *scan)
{
    uint32_t compare = vga->crtc[0x18] | (vga->crtc[7] & 0x10u) << 4 | (vga->crtc[9] & 0x40u) << 3;
    if (scan->line++ == compare) {
        scan->base = 0;
        scan->row_scan = 0;
        scan->is_second = false;
        if (vga->attr[0x10] & 0x20)
            scan->pan = 0;
        return;
    }
    scan->is_second = (vga->crtc[9] & 0x80) && !scan->is_second;
    if (scan->is_second)
        return;
    if (scan->row_scan++ == (vga->crtc[9] & 0x1Fu) || scan->row_scan > 31) {
        scan->row_scan = 0;
        scan->base += vga->crtc[0x13] * 2u;
    }
}

static void draw_vga(const struct vga *vga, const struct display_picture *picture,
                     const bool *wanted)
{
    struct colours colours;
    uint32_t line_pixels[LINE_PIXELS];
    uint32_t lines = vga_lines_displayed(vga), repeat = line_repeat(vga), out = 0;
    unsigned cells = vga->crtc[1] + 2u; /* one more than shown, for panning to bring in */
    bool is_text = vga_is_text(vga);
    struct scan scan = first_line(vga);
    find_colours(vga, &colours);
    for (; scan.line < lines && out < picture->height; next_line(vga, &scan)) {
        uint32_t *to = picture->pixels + (size_t)out * picture->width;
        if (scan.line % repeat != 0)
            continue;
        out++;
        if (wanted && !wanted[out - 1])
            continue;
        if (is_text)
            vga_text_line(vga, scan.base, scan.row_scan, cells, colours.dot, line_pixels);
        else
            graphics_line(vga, scan.base, scan.row_scan, cells, &colours, line_pixels);
        memcpy(to, line_pixels + scan.pan, picture->width * sizeof *line_pixels);
    }
}

/* A row of characters blinks in all its lines, or in none; blinking dots may be anywhere. */
uint32_t vga_blinking(const void *self, bool *lines)
{
    const struct vga *vga = self;
    struct scan scan = first_line(vga);
    uint32_t width, height, shown = vga_lines_displayed(vga), out = 0, count = 0;
    uint32_t base = 0, repeat = line_repeat(vga);
    bool blinks = false;
    vga_size(vga, &width, &height);
    memset(lines, 0, height * sizeof *lines);
    if (is_blank(vga) || vga_dispi_is_on(vga) || !(vga_is_text(vga) || dots_blink(vga)))
        return 0;
    if (dots_blink(vga)) {
        memset(lines, true, height * sizeof *lines);
        return height;
    }
    for (; scan.line < shown && out < height; next_line(vga, &scan)) {
        if (scan.line == 0 || scan.base != base)
            blinks = vga_text_blinks(vga, scan.base, vga->crtc[1] + (scan.pan ? 2u : 1u));
        base = scan.base;
        if (scan.line % repeat == 0) {
            lines[out++] = blinks;
            count += blinks;
        }
    }
    return count;
}

/* One pixel of a packed DISPI mode. Reads up to 3 bytes past the mask: vram has a spare frame. */
static uint32_t packed_pixel(const struct vga *vga, const uint8_t *at)
{
    uint32_t v;
    switch (vga->dispi[DISPI_BPP]) {
    case 15:
        v = load_le16(at);
        return (v & 0x7C00) << 9 | (v & 0x7000) << 4 | (v & 0x3E0) << 6 | (v & 0x380) << 1 |
               (v & 0x1F) << 3 | (v & 0x1C) >> 2;
    case 16:
        v = load_le16(at);
        return (v & 0xF800) << 8 | (v & 0xE000) << 3 | (v & 0x7E0) << 5 | (v & 0x600) >> 1 |
               (v & 0x1F) << 3 | (v & 0x1C) >> 2;
    case 24: return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
    case 32: return load_le32(at) & 0xFFFFFF;
    default: return vga_rgb(vga, at[0]);
    }
}

static void draw_packed(const struct vga *vga, const struct display_picture *picture,
                        const bool *wanted)
{
    unsigned bytes = vga_dispi_pixel_bytes(vga);
    size_t stride = (size_t)vga->dispi[DISPI_VIRT_WIDTH] * bytes, mask = vga->memory_bytes - 1;
    for (uint32_t y = 0; y < picture->height; y++) {
        uint32_t *pixel = picture->pixels + (size_t)y * picture->width;
        size_t at = (y + (size_t)vga->dispi[DISPI_Y_OFFSET]) * stride +
                    (size_t)vga->dispi[DISPI_X_OFFSET] * bytes;
        if (wanted && !wanted[y])
            continue;
        for (uint32_t x = 0; x < picture->width; x++, at += bytes)
            *pixel++ = packed_pixel(vga, vga->memory + (at & mask));
    }
}

static void draw_planar_dispi(const struct vga *vga, const struct display_picture *picture,
                              const bool *wanted)
{
    uint32_t stride = (vga->dispi[DISPI_VIRT_WIDTH] + 7u) / 8u, colours[16], dots[8];
    for (unsigned i = 0; i < 16; i++)
        colours[i] = vga_rgb(vga, vga_attribute_index(vga, i));
    for (uint32_t y = 0; y < picture->height; y++) {
        uint32_t base = (y + vga->dispi[DISPI_Y_OFFSET]) * stride + vga->dispi[DISPI_X_OFFSET] / 8u;
        if (wanted && !wanted[y])
            continue;
        for (uint32_t x = 0; x < picture->width; x++) {
            if (x % 8 == 0)
                put_planar(load_le32(vga->memory + vga_fetch_index(vga, base + x / 8)), colours,
                           dots);
            picture->pixels[(size_t)y * picture->width + x] = dots[x % 8];
        }
    }
}

void vga_draw_lines(const void *self, struct display_picture *picture, const bool *wanted)
{
    const struct vga *vga = self;
    vga_size(vga, &picture->width, &picture->height);
    if ((size_t)picture->width * picture->height > picture->capacity) {
        picture->width = picture->height = 0;
        return;
    }
    if (is_blank(vga))
        memset(picture->pixels, 0, (size_t)picture->width * picture->height * sizeof(uint32_t));
    else if (!vga_dispi_is_on(vga))
        draw_vga(vga, picture, wanted);
    else if (vga_dispi_pixel_bytes(vga))
        draw_packed(vga, picture, wanted);
    else
        draw_planar_dispi(vga, picture, wanted);
}

void vga_draw(const void *self, struct display_picture *picture)
{
    vga_draw_lines(self, picture, NULL);
}
