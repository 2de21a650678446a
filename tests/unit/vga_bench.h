/* For tests of the VGA: the adapter, its registers and memory as a program uses them, and its picture. */
#ifndef VITRINE_TESTS_VGA_BENCH_H
#define VITRINE_TESTS_VGA_BENCH_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/display.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/vga_modes.h"

struct bench {
    struct device_fixture *f;
    struct display_screen screen;
    struct display_picture picture;
};

static inline struct bench bench_new(const char *vram_kib)
{
    struct bench b = {NULL, {0}, {0}};
    struct device_config config = {.screen = NULL};
    b.picture.capacity = (size_t)DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX;
    b.picture.pixels = calloc(b.picture.capacity, sizeof *b.picture.pixels);
    ck_assert_ptr_nonnull(b.picture.pixels);
    b.f = fixture_new();
    space_unmap_ram(&b.f->memory, 0xA0000, 32);
    if (vram_kib)
        fixture_set(&config, "vram", vram_kib);
    /* The screen's address must be its last one: draw through a copy is fine, self is the device. */
    config.screen = &b.screen;
    fixture_add(b.f, &VGA_TYPE, &config);
    return b;
}

static inline void bench_free(struct bench *b)
{
    free(b->picture.pixels);
    device_fixture_free(b->f);
}

static inline void out16(struct bench *b, uint16_t port, uint16_t value)
{
    space_write(&b->f->ports, port, 2, value);
}

static inline void poke(struct bench *b, uint64_t address, unsigned size, uint64_t value)
{
    space_write(&b->f->memory, address, size, value);
}

static inline uint64_t peek(struct bench *b, uint64_t address, unsigned size)
{
    return space_read(&b->f->memory, address, size);
}

/* Index and data in one word, as programs do. */
static inline void indexed(struct bench *b, uint16_t port, unsigned index, unsigned value)
{
    out16(b, port, (uint16_t)(index | value << 8));
}

static inline void attribute(struct bench *b, unsigned index, unsigned value)
{
    fixture_in(b->f, 0x3DA);
    fixture_out(b->f, 0x3C0, (uint8_t)index);
    fixture_out(b->f, 0x3C0, (uint8_t)value);
}

static inline void set_mode(struct bench *b, const struct vga_mode_registers *mode)
{
    fixture_out(b->f, 0x3C2, mode->misc);
    for (unsigned i = 0; i < 5; i++)
        indexed(b, 0x3C4, i, mode->seq[i]);
    indexed(b, 0x3D4, 0x11, 0);
    for (unsigned i = 0; i < 25; i++)
        indexed(b, 0x3D4, i, mode->crtc[i]);
    for (unsigned i = 0; i < 9; i++)
        indexed(b, 0x3CE, i, mode->gfx[i]);
    for (unsigned i = 0; i < 21; i++)
        attribute(b, i, mode->attr[i]);
    fixture_in(b->f, 0x3DA);
    fixture_out(b->f, 0x3C0, 0x20);
}

/* Colour i of the DAC becomes 6-bit red, green, blue. */
static inline void colour(struct bench *b, unsigned index, unsigned red, unsigned green,
                          unsigned blue)
{
    fixture_out(b->f, 0x3C8, (uint8_t)index);
    fixture_out(b->f, 0x3C9, (uint8_t)red);
    fixture_out(b->f, 0x3C9, (uint8_t)green);
    fixture_out(b->f, 0x3C9, (uint8_t)blue);
}

static inline void grey_palette(struct bench *b)
{
    for (unsigned i = 0; i < 256; i++)
        colour(b, i, i & 0x3F, i >> 2, i >> 1 & 0x3F);
}

static inline uint32_t grey(unsigned i)
{
    unsigned parts[3] = {i & 0x3F, i >> 2, i >> 1 & 0x3F}, rgb = 0;
    for (unsigned p = 0; p < 3; p++)
        rgb = rgb << 8 | (parts[p] << 2 | parts[p] >> 4);
    return rgb;
}

static inline void draw(struct bench *b)
{
    b->screen.draw(b->screen.self, &b->picture);
}

static inline uint32_t pixel(const struct bench *b, uint32_t x, uint32_t y)
{
    ck_assert_uint_lt(x, b->picture.width);
    ck_assert_uint_lt(y, b->picture.height);
    return b->picture.pixels[(size_t)y * b->picture.width + x];
}

/* Reads one plane of a planar mode. */
static inline unsigned plane(struct bench *b, unsigned number, uint32_t address)
{
    indexed(b, 0x3CE, 4, number);
    indexed(b, 0x3CE, 5, 0);
    return (unsigned)peek(b, 0xA0000 + address, 1);
}

static inline void load_font(struct bench *b)
{
    indexed(b, 0x3C4, 2, 0x04);
    indexed(b, 0x3C4, 4, 0x06);
    indexed(b, 0x3CE, 5, 0x00);
    indexed(b, 0x3CE, 6, 0x04);
    for (unsigned c = 0; c < 256; c++)
        for (unsigned row = 0; row < 16; row++)
            poke(b, 0xA0000 + c * 32 + row, 1, (c * 7 + row * 29) & 0xFF);
    indexed(b, 0x3C4, 2, 0x03);
    indexed(b, 0x3C4, 4, 0x02);
    indexed(b, 0x3CE, 5, 0x10);
    indexed(b, 0x3CE, 6, 0x0E);
}

static inline void text_screen(struct bench *b)
{
    set_mode(b, &VGA_MODE_3);
    grey_palette(b);
    load_font(b);
    indexed(b, 0x3D4, 0x0A, 0x20); /* no cursor */
    for (unsigned i = 0; i < 80 * 25; i++)
        poke(b, 0xB8000 + i * 2, 2, (i * 3 & 0xFF) | (i * 11 & 0x7F) << 8);
}

#endif
