/* The VGA: registers, window, pictures. Expectations come from the register tables of the IBM
 * manual's standard modes and from the definition of each mode's pixel layout. */
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

static struct bench bench_new(const char *vram_kib)
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

static void bench_free(struct bench *b)
{
    free(b->picture.pixels);
    device_fixture_free(b->f);
}

static void out16(struct bench *b, uint16_t port, uint16_t value)
{
    space_write(&b->f->ports, port, 2, value);
}

static uint16_t in16(struct bench *b, uint16_t port)
{
    return (uint16_t)space_read(&b->f->ports, port, 2);
}

static void poke(struct bench *b, uint64_t address, unsigned size, uint64_t value)
{
    space_write(&b->f->memory, address, size, value);
}

static uint64_t peek(struct bench *b, uint64_t address, unsigned size)
{
    return space_read(&b->f->memory, address, size);
}

/* Index and data in one word, as programs do. */
static void indexed(struct bench *b, uint16_t port, unsigned index, unsigned value)
{
    out16(b, port, (uint16_t)(index | value << 8));
}

static void attribute(struct bench *b, unsigned index, unsigned value)
{
    fixture_in(b->f, 0x3DA);
    fixture_out(b->f, 0x3C0, (uint8_t)index);
    fixture_out(b->f, 0x3C0, (uint8_t)value);
}

static void set_mode(struct bench *b, const struct vga_mode_registers *mode)
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
static void colour(struct bench *b, unsigned index, unsigned red, unsigned green, unsigned blue)
{
    fixture_out(b->f, 0x3C8, (uint8_t)index);
    fixture_out(b->f, 0x3C9, (uint8_t)red);
    fixture_out(b->f, 0x3C9, (uint8_t)green);
    fixture_out(b->f, 0x3C9, (uint8_t)blue);
}

static void grey_palette(struct bench *b)
{
    for (unsigned i = 0; i < 256; i++)
        colour(b, i, i & 0x3F, i >> 2, i >> 1 & 0x3F);
}

static uint32_t grey(unsigned i)
{
    unsigned parts[3] = {i & 0x3F, i >> 2, i >> 1 & 0x3F}, rgb = 0;
    for (unsigned p = 0; p < 3; p++)
        rgb = rgb << 8 | (parts[p] << 2 | parts[p] >> 4);
    return rgb;
}

static void draw(struct bench *b)
{
    b->screen.draw(b->screen.self, &b->picture);
}

static uint32_t pixel(const struct bench *b, uint32_t x, uint32_t y)
{
    ck_assert_uint_lt(x, b->picture.width);
    ck_assert_uint_lt(y, b->picture.height);
    return b->picture.pixels[(size_t)y * b->picture.width + x];
}

/* --- registers ---------------------------------------------------------------------------------- */

START_TEST(index_and_data_go_out_in_one_word)
{
    struct bench b = bench_new(NULL);
    out16(&b, 0x3C4, 0x0502);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C5), 0x05);
    ck_assert_uint_eq(in16(&b, 0x3C4), 0x0502);
    fixture_out(b.f, 0x3C5, 0xFF); /* Map Mask has four bits */
    ck_assert_uint_eq(fixture_in(b.f, 0x3C5), 0x0F);
    fixture_out(b.f, 0x3C4, 6);
    fixture_out(b.f, 0x3C5, 0x12);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C5), 0xFF);
    bench_free(&b);
}
END_TEST

START_TEST(crtc_answers_at_the_addresses_that_misc_output_selects)
{
    struct bench b = bench_new(NULL);
    fixture_out(b.f, 0x3C2, 0x67);
    indexed(&b, 0x3D4, 0x0E, 0x5A);
    ck_assert_uint_eq(fixture_in(b.f, 0x3D5), 0x5A);
    ck_assert_uint_eq(fixture_in(b.f, 0x3B5), 0xFF);
    fixture_out(b.f, 0x3C2, 0x66);
    ck_assert_uint_eq(fixture_in(b.f, 0x3D5), 0xFF);
    ck_assert_uint_eq(fixture_in(b.f, 0x3B5), 0x5A);
    ck_assert_uint_eq(fixture_in(b.f, 0x3CC), 0x66);
    bench_free(&b);
}
END_TEST

START_TEST(crtc_protection_leaves_only_line_compare_bit_8)
{
    struct bench b = bench_new(NULL);
    fixture_out(b.f, 0x3C2, 0x67);
    indexed(&b, 0x3D4, 0x00, 0x5F);
    indexed(&b, 0x3D4, 0x07, 0x0F);
    indexed(&b, 0x3D4, 0x11, 0x8E);
    indexed(&b, 0x3D4, 0x00, 0x11);
    indexed(&b, 0x3D4, 0x07, 0xF0);
    fixture_out(b.f, 0x3D4, 0x00);
    ck_assert_uint_eq(fixture_in(b.f, 0x3D5), 0x5F);
    fixture_out(b.f, 0x3D4, 0x07);
    ck_assert_uint_eq(fixture_in(b.f, 0x3D5), 0x1F);
    bench_free(&b);
}
END_TEST

START_TEST(attribute_port_takes_index_and_data_in_turn)
{
    struct bench b = bench_new(NULL);
    fixture_out(b.f, 0x3C2, 0x67);
    attribute(&b, 0x10, 0x0C);
    fixture_out(b.f, 0x3C0, 0x10);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C1), 0x0C);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C0), 0x10);
    fixture_in(b.f, 0x3DA); /* back to index */
    fixture_out(b.f, 0x3C0, 0x31);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C0), 0x31);
    fixture_out(b.f, 0x3C0, 0x77);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C1), 0x77);
    /* A register that isn't there takes its data too: the next write is an index again. */
    fixture_out(b.f, 0x3C0, 0x1F);
    fixture_out(b.f, 0x3C0, 0x01);
    fixture_out(b.f, 0x3C0, 0x11);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C1), 0x77);
    bench_free(&b);
}
END_TEST

START_TEST(dac_takes_three_components_and_steps)
{
    struct bench b = bench_new(NULL);
    fixture_out(b.f, 0x3C8, 0xFF);
    for (unsigned i = 0; i < 5; i++)
        fixture_out(b.f, 0x3C9, (uint8_t)(0x41 + i)); /* FF, then two of entry 0 */
    ck_assert_uint_eq(fixture_in(b.f, 0x3C7), 0);
    fixture_out(b.f, 0x3C7, 0xFF);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C7), 3);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C9), 0x01);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C9), 0x02);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C9), 0x03);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C9), 0); /* entry 0 has not got its blue */
    bench_free(&b);
}
END_TEST

/* Every register that the tables call writable keeps exactly the bits that they say. */
START_TEST(register_tables_say_what_registers_keep)
{
    static const struct {
        uint16_t index, data;
        unsigned bank; /* in VGA_TYPE.banks */
    } PAIRS[] = {{0x3C4, 0x3C5, 3}, {0x3CE, 0x3CF, 4}, {0x3D4, 0x3D5, 5}};
    struct bench b = bench_new(NULL);
    fixture_out(b.f, 0x3C2, 0x67);
    for (size_t p = 0; p < ARRAY_COUNT(PAIRS); p++)
        for (const struct reg *row = VGA_TYPE.banks[PAIRS[p].bank]->rows; row->name; row++) {
            if (p == 2)
                indexed(&b, 0x3D4, 0x11, 0);
            fixture_out(b.f, PAIRS[p].index, (uint8_t)row->offset);
            fixture_out(b.f, PAIRS[p].data, 0xFF);
            ck_assert_msg(fixture_in(b.f, PAIRS[p].data) == row->writable, "%s", row->name);
            fixture_out(b.f, PAIRS[p].data, 0);
            ck_assert_msg(fixture_in(b.f, PAIRS[p].data) == 0, "%s", row->name);
        }
    bench_free(&b);
}
END_TEST

START_TEST(peeking_at_status_1_leaves_the_flip_flop)
{
    struct bench b = bench_new(NULL);
    const struct region *region;
    const struct reg *row;
    uint32_t value;
    fixture_out(b.f, 0x3C2, 0x67);
    fixture_in(b.f, 0x3DA);
    fixture_out(b.f, 0x3C0, 0x11);
    region = b.f->ports.ports[0x3DA].region;
    row = reg_find(region->bank, region->self, (uint32_t)(0x3DA - region->base), false);
    ck_assert(reg_peek(row, region->self, &value));
    fixture_out(b.f, 0x3C0, 0x22);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C1), 0x22);
    bench_free(&b);
}
END_TEST

/* --- the window ----------------------------------------------------------------------------------- */

START_TEST(misc_output_and_memory_map_open_the_window)
{
    static const struct {
        unsigned map;
        uint32_t inside, outside;
    } MAPS[] = {{0, 0xB8000, 0}, {1, 0xAFFFF, 0xB0000}, {2, 0xB0000, 0xB8000}, {3, 0xBFFFF, 0xB7FFF}};
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    for (size_t i = 0; i < ARRAY_COUNT(MAPS); i++) {
        indexed(&b, 0x3C4, 2, 0x0F);
        indexed(&b, 0x3CE, 6, 1 | MAPS[i].map << 2);
        poke(&b, MAPS[i].inside, 1, 0x3C);
        ck_assert_uint_eq(peek(&b, MAPS[i].inside, 1), 0x3C);
        if (MAPS[i].outside)
            ck_assert_uint_eq(peek(&b, MAPS[i].outside, 1), 0xFF);
    }
    fixture_out(b.f, 0x3C2, 0x61); /* memory disabled */
    ck_assert_uint_eq(peek(&b, 0xBFFFF, 1), 0xFF);
    bench_free(&b);
}
END_TEST

/* Reads one plane of a planar mode. */
static unsigned plane(struct bench *b, unsigned number, uint32_t address)
{
    indexed(b, 0x3CE, 4, number);
    indexed(b, 0x3CE, 5, 0);
    return (unsigned)peek(b, 0xA0000 + address, 1);
}

START_TEST(write_mode_0_rotates_sets_combines_and_masks)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    indexed(&b, 0x3CE, 5, 0);
    indexed(&b, 0x3C4, 2, 0x0F);
    poke(&b, 0xA0010, 1, 0xF0);
    peek(&b, 0xA0010, 1); /* latches F0 in all planes */
    indexed(&b, 0x3C4, 2, 0x07);  /* plane 3 keeps */
    indexed(&b, 0x3CE, 0, 0x01);  /* set/reset: plane 0 to ones, plane 1 to zeros */
    indexed(&b, 0x3CE, 1, 0x03);
    indexed(&b, 0x3CE, 3, 0x18 | 4); /* XOR, rotate by 4 */
    indexed(&b, 0x3CE, 8, 0x3C);
    poke(&b, 0xA0010, 1, 0x5A); /* rotated: A5 */
    indexed(&b, 0x3CE, 1, 0);
    ck_assert_uint_eq(plane(&b, 0, 0x10), ((0xFF ^ 0xF0) & 0x3C) | (0xF0 & 0xC3));
    ck_assert_uint_eq(plane(&b, 1, 0x10), ((0x00 ^ 0xF0) & 0x3C) | (0xF0 & 0xC3));
    ck_assert_uint_eq(plane(&b, 2, 0x10), ((0xA5 ^ 0xF0) & 0x3C) | (0xF0 & 0xC3));
    ck_assert_uint_eq(plane(&b, 3, 0x10), 0xF0);
    bench_free(&b);
}
END_TEST

START_TEST(functions_and_and_or_use_the_latches)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    indexed(&b, 0x3CE, 5, 0);
    indexed(&b, 0x3C4, 2, 0x0F);
    poke(&b, 0xA0000, 1, 0xCC);
    poke(&b, 0xA0001, 1, 0xCC);
    indexed(&b, 0x3CE, 3, 0x08);
    peek(&b, 0xA0000, 1);
    poke(&b, 0xA0000, 1, 0x6A);
    indexed(&b, 0x3CE, 3, 0x10);
    peek(&b, 0xA0001, 1);
    poke(&b, 0xA0001, 1, 0x6A);
    ck_assert_uint_eq(plane(&b, 2, 0), 0xCC & 0x6A);
    ck_assert_uint_eq(plane(&b, 2, 1), 0xCC | 0x6A);
    bench_free(&b);
}
END_TEST

START_TEST(write_mode_1_copies_the_latches)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    indexed(&b, 0x3CE, 5, 0);
    for (unsigned p = 0; p < 4; p++) {
        indexed(&b, 0x3C4, 2, 1u << p);
        poke(&b, 0xA0100, 1, 0x11u * (p + 1));
    }
    indexed(&b, 0x3C4, 2, 0x0D); /* not plane 1 */
    indexed(&b, 0x3CE, 5, 1);
    indexed(&b, 0x3CE, 8, 0x0F); /* the bit mask does not matter in mode 1 */
    peek(&b, 0xA0100, 1);
    poke(&b, 0xA0200, 1, 0xEE);
    indexed(&b, 0x3CE, 8, 0xFF);
    ck_assert_uint_eq(plane(&b, 0, 0x200), 0x11);
    ck_assert_uint_eq(plane(&b, 1, 0x200), 0x00);
    ck_assert_uint_eq(plane(&b, 2, 0x200), 0x33);
    ck_assert_uint_eq(plane(&b, 3, 0x200), 0x44);
    bench_free(&b);
}
END_TEST

START_TEST(write_mode_2_spreads_a_colour_and_mode_3_masks_by_data)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    indexed(&b, 0x3C4, 2, 0x0F);
    indexed(&b, 0x3CE, 5, 2);
    peek(&b, 0xA0000, 1);
    poke(&b, 0xA0000, 1, 0x0A); /* colour 10 in all eight pixels */
    ck_assert_uint_eq(plane(&b, 0, 0), 0x00);
    ck_assert_uint_eq(plane(&b, 1, 0), 0xFF);
    ck_assert_uint_eq(plane(&b, 2, 0), 0x00);
    ck_assert_uint_eq(plane(&b, 3, 0), 0xFF);
    indexed(&b, 0x3CE, 5, 3);
    indexed(&b, 0x3CE, 0, 0x05);
    indexed(&b, 0x3CE, 3, 1);
    indexed(&b, 0x3CE, 8, 0xF0);
    peek(&b, 0xA0000, 1);
    poke(&b, 0xA0000, 1, 0x78); /* rotated 3C, and F0: 30 */
    ck_assert_uint_eq(plane(&b, 0, 0), 0x30);
    ck_assert_uint_eq(plane(&b, 1, 0), 0xCF);
    ck_assert_uint_eq(plane(&b, 2, 0), 0x30);
    ck_assert_uint_eq(plane(&b, 3, 0), 0xCF);
    bench_free(&b);
}
END_TEST

START_TEST(read_mode_1_compares_colours)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    indexed(&b, 0x3CE, 5, 0);
    /* Pixels from the left: colours 0 1 2 3 4 5 6 7 in planes 0-2, plane 3 all ones. */
    indexed(&b, 0x3C4, 2, 1);
    poke(&b, 0xA0000, 1, 0x55);
    indexed(&b, 0x3C4, 2, 2);
    poke(&b, 0xA0000, 1, 0x33);
    indexed(&b, 0x3C4, 2, 4);
    poke(&b, 0xA0000, 1, 0x0F);
    indexed(&b, 0x3C4, 2, 8);
    poke(&b, 0xA0000, 1, 0xFF);
    indexed(&b, 0x3CE, 5, 8);
    indexed(&b, 0x3CE, 2, 0x0D); /* colour 13 = 5 with plane 3 */
    indexed(&b, 0x3CE, 7, 0x0F);
    ck_assert_uint_eq(peek(&b, 0xA0000, 1), 0x04);
    indexed(&b, 0x3CE, 2, 0x05);
    ck_assert_uint_eq(peek(&b, 0xA0000, 1), 0x00);
    indexed(&b, 0x3CE, 7, 0x05); /* planes 0 and 2 only: colours 5 and 7 */
    ck_assert_uint_eq(peek(&b, 0xA0000, 1), 0x05);
    indexed(&b, 0x3CE, 7, 0x00);
    ck_assert_uint_eq(peek(&b, 0xA0000, 1), 0xFF);
    bench_free(&b);
}
END_TEST

START_TEST(odd_even_puts_attributes_into_plane_1)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_3);
    poke(&b, 0xB8004, 2, 0x1F41);
    ck_assert_uint_eq(peek(&b, 0xB8004, 2), 0x1F41);
    poke(&b, 0xB8005, 1, 0x2E);
    ck_assert_uint_eq(peek(&b, 0xB8004, 4), 0x2E41);
    indexed(&b, 0x3C4, 4, 0x06); /* sequential, as for loading fonts */
    indexed(&b, 0x3CE, 6, 0x04);
    ck_assert_uint_eq(plane(&b, 0, 4), 0x41);
    ck_assert_uint_eq(plane(&b, 1, 4), 0x2E);
    bench_free(&b);
}
END_TEST

START_TEST(chain_4_spreads_bytes_over_planes)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_13H);
    poke(&b, 0xA0008, 4, 0x44332211);
    ck_assert_uint_eq(peek(&b, 0xA0008, 4), 0x44332211);
    ck_assert_uint_eq(peek(&b, 0xA0009, 2), 0x3322);
    indexed(&b, 0x3C4, 4, 0x06); /* mode X: unchained */
    for (unsigned p = 0; p < 4; p++)
        ck_assert_uint_eq(plane(&b, p, 8), 0x11u * (p + 1));
    bench_free(&b);
}
END_TEST

/* Memory Mode bit 1 clear: 64 KiB in all, so that a plane's addresses come again after 16 KiB, for the
 * CPU and for the picture, and there is one font. */
START_TEST(without_extended_memory_a_plane_has_16_kib)
{
    struct bench b = bench_new(NULL), other = bench_new(NULL);
    set_mode(&b, &VGA_MODE_12H);
    set_mode(&other, &VGA_MODE_12H);
    indexed(&b, 0x3C4, 4, 0x04);
    poke(&b, 0xA4005, 1, 0x5A);
    poke(&other, 0xA4005, 1, 0x5A);
    ck_assert_uint_eq(plane(&b, 0, 0x0005), 0x5A);
    ck_assert_uint_eq(plane(&b, 0, 0xC005), 0x5A);
    ck_assert_uint_eq(plane(&other, 0, 0x0005), 0);
    indexed(&b, 0x3D4, 0x0C, 0x80); /* the picture starts at 8000 */
    grey_palette(&b);
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 41, 0), grey(VGA_MODE_12H.attr[15]));
    ck_assert_uint_eq(pixel(&b, 40, 0), grey(VGA_MODE_12H.attr[0]));
    indexed(&b, 0x3C4, 4, 0x06);
    ck_assert_uint_eq(plane(&b, 0, 0x4005), 0);
    ck_assert_uint_eq(plane(&b, 0, 0x0005), 0x5A);
    bench_free(&b);
    bench_free(&other);
}
END_TEST

/* --- pictures --------------------------------------------------------------------------------------- */

static void load_font(struct bench *b)
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

static void text_screen(struct bench *b)
{
    set_mode(b, &VGA_MODE_3);
    grey_palette(b);
    load_font(b);
    indexed(b, 0x3D4, 0x0A, 0x20); /* no cursor */
    for (unsigned i = 0; i < 80 * 25; i++)
        poke(b, 0xB8000 + i * 2, 2, (i * 3 & 0xFF) | (i * 11 & 0x7F) << 8);
}

START_TEST(text_picture_follows_font_and_attributes)
{
    struct bench b = bench_new(NULL);
    text_screen(&b);
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 720);
    ck_assert_uint_eq(b.picture.height, 400);
    for (uint32_t y = 0; y < 400; y++)
        for (uint32_t x = 0; x < 720; x++) {
            unsigned cell = y / 16 * 80 + x / 9, dot = x % 9;
            unsigned c = cell * 3 & 0xFF, attribute_now = cell * 11 & 0x7F;
            unsigned bits = (c * 7 + y % 16 * 29) & 0xFF;
            bool is_on = dot < 8 ? bits >> (7 - dot) & 1 : c >= 0xC0 && c < 0xE0 && (bits & 1);
            unsigned number = is_on ? attribute_now & 15 : attribute_now >> 4;
            ck_assert_msg(pixel(&b, x, y) == grey(VGA_MODE_3.attr[number]), "x %u y %u", x, y);
        }
    bench_free(&b);
}
END_TEST

/* Character Map Select: bits 5, 3-2 choose map A (attribute bit 3 = 1), bits 4, 1-0 map B; the maps
 * lie at 0, 16, 32, 48, 8, 24, 40, 56 KiB of plane 2. */
START_TEST(attribute_bit_3_chooses_between_two_fonts)
{
    static const uint32_t MAPS_KIB[8] = {0, 16, 32, 48, 8, 24, 40, 56};
    struct bench b = bench_new(NULL);
    text_screen(&b);
    indexed(&b, 0x3C4, 2, 0x04);
    indexed(&b, 0x3C4, 4, 0x06);
    indexed(&b, 0x3CE, 5, 0x00);
    indexed(&b, 0x3CE, 6, 0x04);
    for (unsigned map = 0; map < 8; map++)
        poke(&b, 0xA0000 + MAPS_KIB[map] * 1024 + 'A' * 32, 1, 0x80u >> map);
    indexed(&b, 0x3C4, 2, 0x03);
    indexed(&b, 0x3C4, 4, 0x02);
    indexed(&b, 0x3CE, 5, 0x10);
    indexed(&b, 0x3CE, 6, 0x0E);
    poke(&b, 0xB8000, 4, 0x07410F41); /* A with bit 3 set, then clear */
    for (unsigned font_a = 0; font_a < 8; font_a++)
        for (unsigned font_b = 0; font_b < 8; font_b++) {
            indexed(&b, 0x3C4, 3, (font_a & 3) << 2 | (font_a & 4) << 3 | (font_b & 3) |
                                      (font_b & 4) << 2);
            draw(&b);
            for (uint32_t x = 0; x < 8; x++) {
                ck_assert((pixel(&b, x, 0) != 0) == (x == font_a));
                ck_assert((pixel(&b, 9 + x, 0) != 0) == (x == font_b));
            }
        }
    bench_free(&b);
}
END_TEST

/* Word mode: MA15 comes in at bit 0 (CRT Mode Control bit 5), so that 8000h shows odd addresses. */
START_TEST(word_mode_brings_the_top_address_bit_in_at_the_bottom)
{
    struct bench b = bench_new(NULL);
    struct display_text *text = malloc(sizeof *text);
    ck_assert_ptr_nonnull(text);
    text_screen(&b);
    indexed(&b, 0x3C4, 2, 0x01);
    indexed(&b, 0x3C4, 4, 0x06);
    indexed(&b, 0x3CE, 5, 0x00);
    poke(&b, 0xB8000 + 1, 1, 'o'); /* plane 0, odd address */
    poke(&b, 0xB8000 + 0, 1, 'e');
    ck_assert(b.screen.text(b.screen.self, text));
    ck_assert_uint_eq(text->cells[0] & 0xFF, 'e');
    indexed(&b, 0x3D4, 0x0C, 0x80);
    ck_assert(b.screen.text(b.screen.self, text));
    ck_assert_uint_eq(text->cells[0] & 0xFF, 'o');
    indexed(&b, 0x3D4, 0x17, 0x83); /* 64 KiB: MA13 comes in instead */
    ck_assert(b.screen.text(b.screen.self, text));
    ck_assert_uint_eq(text->cells[0] & 0xFF, 'e');
    free(text);
    bench_free(&b);
}
END_TEST

START_TEST(cursor_and_blinking_characters_follow_virtual_time)
{
    struct bench b = bench_new(NULL);
    text_screen(&b);
    poke(&b, 0xB8000, 2, 0x8700 | 'A'); /* blinking */
    poke(&b, 0xB8002, 2, 0x0700 | ' ');
    indexed(&b, 0x3D4, 0x0A, 0x0D);
    indexed(&b, 0x3D4, 0x0B, 0x0E);
    indexed(&b, 0x3D4, 0x0F, 0x01);
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 9, 13), grey(7));
    ck_assert_uint_eq(pixel(&b, 17, 14), grey(7));
    fixture_run_us(b.f, 120000); /* past 8 of 70 frames a second */
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 17, 14), 0); /* the ninth dot of the cursor is gone */
    fixture_run_us(b.f, 120000); /* past 16: characters with bit 7 are dark */
    draw(&b);
    for (uint32_t x = 0; x < 9; x++)
        ck_assert_uint_eq(pixel(&b, x, 5), 0);
    bench_free(&b);
}
END_TEST

START_TEST(text_interface_gives_cells_and_cursor)
{
    struct bench b = bench_new(NULL);
    struct display_text *text = malloc(sizeof *text);
    ck_assert_ptr_nonnull(text);
    text_screen(&b);
    indexed(&b, 0x3D4, 0x0A, 0x0D);
    indexed(&b, 0x3D4, 0x0B, 0x0E);
    indexed(&b, 0x3D4, 0x0F, 80 + 3);
    ck_assert(b.screen.text(b.screen.self, text));
    ck_assert_uint_eq(text->columns, 80);
    ck_assert_uint_eq(text->rows, 25);
    ck_assert_uint_eq(text->cells[81], (81 * 3 & 0xFF) | (81 * 11 & 0x7F) << 8);
    ck_assert(text->is_cursor_visible);
    ck_assert_uint_eq(text->cursor_row, 1);
    ck_assert_uint_eq(text->cursor_column, 3);
    ck_assert_uint_eq(text->palette[6], grey(0x14));
    indexed(&b, 0x3D4, 0x0D, 80); /* scrolled by a row */
    ck_assert(b.screen.text(b.screen.self, text));
    ck_assert_uint_eq(text->cells[1], (81 * 3 & 0xFF) | (81 * 11 & 0x7F) << 8);
    ck_assert_uint_eq(text->cursor_row, 0);
    set_mode(&b, &VGA_MODE_13H);
    ck_assert(!b.screen.text(b.screen.self, text));
    free(text);
    bench_free(&b);
}
END_TEST

START_TEST(planar_picture_has_a_bit_from_each_plane)
{
    struct bench b = bench_new(NULL);
    uint32_t seed = 7;
    uint8_t bytes[4][80 * 480];
    set_mode(&b, &VGA_MODE_12H);
    grey_palette(&b);
    indexed(&b, 0x3CE, 5, 0);
    for (unsigned p = 0; p < 4; p++) {
        indexed(&b, 0x3C4, 2, 1u << p);
        for (uint32_t i = 0; i < sizeof bytes[p]; i++) {
            bytes[p][i] = (uint8_t)fixture_random(&seed);
            poke(&b, 0xA0000 + i, 1, bytes[p][i]);
        }
    }
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 640);
    ck_assert_uint_eq(b.picture.height, 480);
    for (uint32_t y = 0; y < 480; y++)
        for (uint32_t x = 0; x < 640; x++) {
            unsigned number = 0;
            for (unsigned p = 0; p < 4; p++)
                number |= ((unsigned)bytes[p][y * 80 + x / 8] >> (7 - x % 8) & 1u) << p;
            ck_assert(pixel(&b, x, y) == grey(VGA_MODE_12H.attr[number]));
        }
    bench_free(&b);
}
END_TEST

START_TEST(mode_13h_picture_is_a_byte_a_pixel)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_13H);
    grey_palette(&b);
    for (uint32_t i = 0; i < 64000; i++)
        poke(&b, 0xA0000 + i, 1, (i ^ i / 320 * 3) & 0xFF);
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 320);
    ck_assert_uint_eq(b.picture.height, 200);
    for (uint32_t i = 0; i < 64000; i++)
        ck_assert(pixel(&b, i % 320, i / 320) == grey((i ^ i / 320 * 3) & 0xFF));
    fixture_out(b.f, 0x3C6, 0x0F); /* the pel mask */
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 0x35, 0), grey(0x05));
    bench_free(&b);
}
END_TEST

/* Mode X: unchained, byte addresses; start address, panning and a split screen. */
START_TEST(mode_x_pans_scrolls_and_splits)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_13H);
    grey_palette(&b);
    indexed(&b, 0x3C4, 4, 0x06);
    indexed(&b, 0x3D4, 0x14, 0x00);
    indexed(&b, 0x3D4, 0x17, 0xE3);
    for (unsigned p = 0; p < 4; p++) {
        indexed(&b, 0x3C4, 2, 1u << p);
        for (uint32_t i = 0; i < 65536; i++)
            poke(&b, 0xA0000 + i, 1, (i * 4 + p + i / 80 * 5) & 0xFF);
    }
    indexed(&b, 0x3D4, 0x0C, 0x40);
    indexed(&b, 0x3D4, 0x0D, 0x02);
    attribute(&b, 0x33, 4); /* by two pixels; 20h keeps the picture on */
    indexed(&b, 0x3D4, 0x18, 199); /* after scan line 199: picture line 99 */
    indexed(&b, 0x3D4, 0x07, 0x0F);
    indexed(&b, 0x3D4, 0x09, 0x01);
    draw(&b);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 320; x++) {
            uint32_t start = y < 100 ? 0x4002 + y * 80 : (y - 100) * 80, at = x + 2;
            uint32_t i = start + at / 4;
            ck_assert_msg(pixel(&b, x, y) == grey((i * 4 + at % 4 + i / 80 * 5) & 0xFF),
                          "x %u y %u", x, y);
        }
    bench_free(&b);
}
END_TEST

START_TEST(cga_mode_4_has_pairs_of_bits_and_two_banks)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_4);
    grey_palette(&b);
    for (uint32_t i = 0; i < 16384; i++)
        poke(&b, 0xB8000 + i, 1, (i * 37 + i / 7) & 0xFF);
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 320);
    ck_assert_uint_eq(b.picture.height, 200);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 320; x++) {
            uint32_t i = (y & 1) * 0x2000 + y / 2 * 80 + x / 4;
            unsigned pair = ((i * 37 + i / 7) & 0xFF) >> (6 - x % 4 * 2) & 3;
            ck_assert_msg(pixel(&b, x, y) == grey(VGA_MODE_4.attr[pair]), "x %u y %u", x, y);
        }
    bench_free(&b);
}
END_TEST

/* The attribute controller sees nibbles: each goes through its palette register, whose low four bits
 * make half of the DAC's index (IBM manual, Attribute Mode Control: PEL width). */
START_TEST(mode_13h_nibbles_go_through_the_palette)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_13H);
    grey_palette(&b);
    for (uint32_t i = 0; i < 256; i++)
        poke(&b, 0xA0000 + i, 1, i);
    for (unsigned i = 0; i < 16; i++)
        attribute(&b, 0x20 | i, 0x30 | (i * 7 & 0xF)); /* bits 4 and 5 have no place in the index */
    attribute(&b, 0x34, 0x0F);                         /* nor has Color Select, with or without P54S */
    for (unsigned select = 0; select < 2; select++) {
        attribute(&b, 0x30, 0x41 | select << 7);
        draw(&b);
        for (unsigned i = 0; i < 256; i++)
            ck_assert_uint_eq(pixel(&b, i, 0), grey(((i >> 4) * 7 & 0xF) << 4 | (i * 7 & 0xF)));
    }
    attribute(&b, 0x32, 0x07); /* without plane 3 */
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 0xB9, 0), grey((3 * 7 & 0xF) << 4 | (1 * 7 & 0xF)));
    bench_free(&b);
}
END_TEST

/* Shift and PEL width are two bits of two chips, and four combinations. */
START_TEST(pel_width_joins_dots_whatever_they_were_shifted_from)
{
    struct bench b = bench_new(NULL);
    set_mode(&b, &VGA_MODE_13H);
    grey_palette(&b);
    poke(&b, 0xA0000, 4, 0x78563412);
    attribute(&b, 0x30, 0x01); /* 256-colour shift, 4-bit pixels: twice as many */
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 640);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(pixel(&b, i, 0), grey(VGA_MODE_13H.attr[i + 1]));
    set_mode(&b, &VGA_MODE_12H);
    for (unsigned i = 0; i < 16; i++)
        attribute(&b, 0x20 | i, i);
    for (unsigned p = 0; p < 4; p++) {
        static const uint8_t BYTES[4] = {0xAA, 0x66, 0x1E, 0x01}; /* dots 1 to 8 */
        indexed(&b, 0x3C4, 2, 1u << p);
        poke(&b, 0xA0000, 1, BYTES[p]);
    }
    attribute(&b, 0x30, 0x41); /* planes, 8-bit pixels */
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 320);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(pixel(&b, i, 0), grey(0x12 + 0x22 * i));
    bench_free(&b);
}
END_TEST

/* As Bochs draws them: dots 0-7 bright, dots 8-15 bright and dark in turn, every 16 frames. */
START_TEST(graphics_dots_blink_when_the_mode_says_so)
{
    struct bench b = bench_new(NULL);
    bool lines[DISPLAY_HEIGHT_MAX];
    unsigned turns = 0, was = 2;
    set_mode(&b, &VGA_MODE_12H);
    grey_palette(&b);
    indexed(&b, 0x3C4, 2, 0x08);
    poke(&b, 0xA0000, 1, 0x80); /* the first dot is 8, the second 0 */
    ck_assert_uint_eq(b.screen.blinking(b.screen.self, lines), 0);
    attribute(&b, 0x30, 0x09);
    ck_assert_uint_eq(b.screen.blinking(b.screen.self, lines), 480);
    for (unsigned i = 0; i < 40; i++) {
        bool is_bright;
        draw(&b);
        is_bright = pixel(&b, 0, 0) == grey(VGA_MODE_12H.attr[8]);
        ck_assert(is_bright || pixel(&b, 0, 0) == grey(VGA_MODE_12H.attr[0]));
        ck_assert_uint_eq(pixel(&b, 1, 0), grey(VGA_MODE_12H.attr[8]));
        turns += was < 2 && is_bright != was;
        was = is_bright;
        fixture_run_us(b.f, 50000);
    }
    ck_assert_uint_ge(turns, 8); /* 2 s of 70 Hz: every 228 ms */
    ck_assert_uint_le(turns, 9);
    bench_free(&b);
}
END_TEST

START_TEST(screen_off_and_palette_access_give_black)
{
    struct bench b = bench_new(NULL);
    text_screen(&b);
    colour(&b, 0, 10, 10, 10);
    indexed(&b, 0x3C4, 1, 0x20);
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 100, 100), 0);
    indexed(&b, 0x3C4, 1, 0x00);
    draw(&b);
    ck_assert_uint_ne(pixel(&b, 100, 100), 0);
    fixture_in(b.f, 0x3DA);
    fixture_out(b.f, 0x3C0, 0x00);
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 100, 100), 0);
    bench_free(&b);
}
END_TEST

START_TEST(generation_moves_with_every_change_and_never_back)
{
    struct bench b = bench_new("1024");
    uint64_t before, after;
    text_screen(&b);
    before = b.screen.generation(b.screen.self);
    draw(&b);
    ck_assert_uint_eq(b.screen.generation(b.screen.self), before);
    poke(&b, 0xB8000, 1, 'x');
    after = b.screen.generation(b.screen.self);
    ck_assert_uint_gt(after, before);
    fixture_run_us(b.f, 3000000);
    out16(&b, 0x1CE, 4);
    out16(&b, 0x1CF, 1);
    before = b.screen.generation(b.screen.self);
    ck_assert_uint_gt(before, after);
    fixture_run_us(b.f, 3000000);
    ck_assert_uint_gt(b.screen.generation(b.screen.self), before);
    before = b.screen.generation(b.screen.self);
    out16(&b, 0x1CF, 0);
    ck_assert_uint_gt(b.screen.generation(b.screen.self), before);
    bench_free(&b);
}
END_TEST

/* What a front end draws by pieces is what it would have drawn whole. */
START_TEST(lines_that_blink_are_all_that_changes_by_time)
{
    struct bench b = bench_new(NULL);
    bool lines[DISPLAY_HEIGHT_MAX];
    uint32_t *before = calloc(b.picture.capacity, sizeof *before);
    uint64_t content;
    unsigned changed = 0;
    text_screen(&b);
    ck_assert_ptr_nonnull(before);
    poke(&b, 0xB8000 + 160 * 3, 2, 0x8700 | 'A'); /* row 3 blinks, the cursor is in row 7 */
    indexed(&b, 0x3D4, 0x0A, 0x0D);
    indexed(&b, 0x3D4, 0x0B, 0x0E);
    indexed(&b, 0x3D4, 0x0E, 560 >> 8);
    indexed(&b, 0x3D4, 0x0F, 560 & 0xFF);
    content = b.screen.content(b.screen.self);
    for (unsigned turn = 0; turn < 8; turn++) {
        draw(&b);
        memcpy(before, b.picture.pixels, b.picture.width * b.picture.height * sizeof *before);
        fixture_run_us(b.f, 115000);
        ck_assert_uint_eq(b.screen.blinking(b.screen.self, lines), 32);
        draw(&b);
        for (uint32_t y = 0; y < b.picture.height; y++) {
            size_t row = (size_t)y * b.picture.width, bytes = b.picture.width * sizeof *before;
            bool is_other = memcmp(before + row, b.picture.pixels + row, bytes) != 0;
            ck_assert(!is_other || lines[y]);
            ck_assert(lines[y] == (y / 16 == 3 || y / 16 == 7));
            changed += is_other;
        }
        b.screen.draw(b.screen.self, &b.picture);
        memcpy(before, b.picture.pixels, b.picture.width * b.picture.height * sizeof *before);
        memset(b.picture.pixels, 0x55, b.picture.width * b.picture.height * sizeof *before);
        b.screen.draw_lines(b.screen.self, &b.picture, lines);
        for (uint32_t y = 0; y < b.picture.height; y++)
            for (uint32_t x = 0; x < b.picture.width; x++)
                ck_assert_uint_eq(b.picture.pixels[y * b.picture.width + x],
                                  lines[y] ? before[y * b.picture.width + x] : 0x55555555u);
    }
    ck_assert_uint_ge(changed, 8);
    ck_assert_uint_eq(b.screen.content(b.screen.self), content);
    indexed(&b, 0x3D4, 0x0A, 0x20); /* no cursor */
    poke(&b, 0xB8000 + 160 * 3, 2, 0x0700 | 'A');
    ck_assert_uint_eq(b.screen.blinking(b.screen.self, lines), 0);
    ck_assert_uint_gt(b.screen.content(b.screen.self), content);
    free(before);
    bench_free(&b);
}
END_TEST

/* --- time ------------------------------------------------------------------------------------------- */

/* Mode 3: 28.322 MHz / (100 characters of 9 dots) / 449 lines = 70.09 Hz. */
START_TEST(retrace_comes_seventy_times_a_second)
{
    struct bench b = bench_new(NULL);
    unsigned retraces = 0, steps = 0, in_retrace = 0, displayed = 0;
    bool was = false;
    set_mode(&b, &VGA_MODE_3);
    for (; steps < 100000; steps++) {
        uint8_t status = fixture_in(b.f, 0x3DA);
        bool is = (status & 8) != 0;
        retraces += is && !was;
        in_retrace += is;
        displayed += (status & 1) == 0;
        ck_assert(!is || (status & 1)); /* retrace lies in blanking */
        was = is;
        fixture_run(b.f, FIXTURE_US * 10 + 13);
    }
    /* 100,000 steps of (1050 + 13) / 105 us = 1.01238 s: 70.96 frames. */
    ck_assert_uint_ge(retraces, 70);
    ck_assert_uint_le(retraces, 72);
    /* Retrace lines 412-413 of 449: 0.445 %; displayed: 400/449 * 80/100 = 71.27 %. */
    ck_assert_uint_ge(in_retrace, 400);
    ck_assert_uint_le(in_retrace, 490);
    ck_assert_uint_ge(displayed, 71000);
    ck_assert_uint_le(displayed, 71600);
    bench_free(&b);
}
END_TEST

/* Vertical Retrace End bit 4 clears, bit 5 disables (IBM manual); retrace starts on line 412 of 449. */
START_TEST(vertical_interrupt_comes_with_the_retrace)
{
    struct bench b = bench_new(NULL), other = bench_new(NULL);
    struct fixture_probe irq, still;
    set_mode(&b, &VGA_MODE_3);
    set_mode(&other, &VGA_MODE_3);
    fixture_probe(b.f, b.f->device, "irq", &irq);
    fixture_probe(other.f, other.f->device, "irq", &still);
    fixture_run_us(b.f, 100000);
    ck_assert_uint_eq(fixture_in(b.f, 0x3C2), 0x10); /* mode 3 keeps it clear */
    for (unsigned i = 1; i <= 70; i++) {
        unsigned steps = 0;
        indexed(&b, 0x3D4, 0x11, 0x8E);
        ck_assert(!irq.level);
        indexed(&b, 0x3D4, 0x11, 0x9E);
        for (; !irq.level && steps < 1500; steps++) {
            ck_assert_uint_eq(fixture_in(b.f, 0x3C2), 0x10);
            fixture_run_us(b.f, 10);
        }
        ck_assert_uint_eq(fixture_in(b.f, 0x3DA) & 8, 8); /* within 10 us of 64 */
        ck_assert_uint_eq(fixture_in(b.f, 0x3C2), 0x90);
        ck_assert(i == 1 || (steps >= 1425 && steps <= 1428)); /* 14.268 ms */
    }
    fixture_run_us(b.f, 100000);
    ck_assert_uint_eq(irq.rises, 70); /* pending until it is cleared */
    indexed(&b, 0x3D4, 0x11, 0xBE);
    ck_assert(!irq.level);
    indexed(&b, 0x3D4, 0x11, 0xAE);
    indexed(&b, 0x3D4, 0x11, 0xBE);
    fixture_run_us(b.f, 20000); /* disabled: seen by who asks, without a line */
    ck_assert_uint_eq(fixture_in(b.f, 0x3C2), 0x90);
    ck_assert(!irq.level && irq.rises == 70 && still.rises == 0);
    bench_free(&b);
    bench_free(&other);
}
END_TEST

/* --- DISPI ------------------------------------------------------------------------------------------ */

static void dispi(struct bench *b, unsigned index, unsigned value)
{
    out16(b, 0x1CE, (uint16_t)index);
    out16(b, 0x1CF, (uint16_t)value);
}

static unsigned dispi_read(struct bench *b, unsigned index)
{
    out16(b, 0x1CE, (uint16_t)index);
    return in16(b, 0x1CF);
}

START_TEST(dispi_sets_a_mode_and_banks_reach_its_memory)
{
    struct bench b = bench_new("4096");
    ck_assert_uint_eq(dispi_read(&b, 0), 0xB0C5);
    dispi(&b, 0, 0xB0C4);
    ck_assert_uint_eq(dispi_read(&b, 0), 0xB0C4);
    dispi(&b, 0, 0x1234);
    ck_assert_uint_eq(dispi_read(&b, 0), 0xB0C4);
    ck_assert_uint_eq(dispi_read(&b, 10), 64);
    dispi(&b, 4, 2);
    ck_assert_uint_eq(dispi_read(&b, 1), 2560);
    ck_assert_uint_eq(dispi_read(&b, 3), 32);
    set_mode(&b, &VGA_MODE_13H);
    dispi(&b, 4, 0);
    dispi(&b, 1, 640);
    dispi(&b, 2, 480);
    dispi(&b, 3, 16);
    dispi(&b, 4, 0x41);
    ck_assert_uint_eq(dispi_read(&b, 6), 640);
    ck_assert_uint_eq(dispi_read(&b, 7), 4 * 1024 * 1024 / 1280);
    dispi(&b, 5, 3);
    poke(&b, 0xA0000, 4, 0x07E0F81F); /* 196608 = line 153, pixel 384 */
    ck_assert_uint_eq(peek(&b, 0xA0000, 4), 0x07E0F81F);
    draw(&b);
    ck_assert_uint_eq(b.picture.width, 640);
    ck_assert_uint_eq(b.picture.height, 480);
    ck_assert_uint_eq(pixel(&b, 384, 153), 0xFF00FF);
    ck_assert_uint_eq(pixel(&b, 385, 153), 0x00FF00);
    dispi(&b, 8, 4);
    dispi(&b, 9, 3);
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 380, 150), 0xFF00FF);
    dispi(&b, 4, 0);
    dispi(&b, 4, 0x41); /* the edge clears memory */
    draw(&b);
    ck_assert_uint_eq(pixel(&b, 384, 153), 0);
    bench_free(&b);
}
END_TEST

START_TEST(dispi_draws_every_depth)
{
    static const struct {
        unsigned bpp;
        uint32_t bytes, expected;
    } DEPTHS[] = {{8, 0x2A, 0}, {15, 0x7C1F, 0xFF00FF}, {16, 0x07E0, 0x00FF00},
                  {24, 0x123456, 0x123456}, {32, 0xAB123456, 0x123456}};
    struct bench b = bench_new("1024");
    set_mode(&b, &VGA_MODE_13H);
    grey_palette(&b);
    for (size_t i = 0; i < ARRAY_COUNT(DEPTHS); i++) {
        dispi(&b, 4, 0);
        dispi(&b, 1, 320);
        dispi(&b, 2, 200);
        dispi(&b, 3, DEPTHS[i].bpp);
        dispi(&b, 4, 0x41);
        poke(&b, 0xA0000, 4, DEPTHS[i].bytes);
        draw(&b);
        ck_assert_uint_eq(pixel(&b, 0, 0), DEPTHS[i].bpp == 8 ? grey(0x2A) : DEPTHS[i].expected);
    }
    bench_free(&b);
}
END_TEST

START_TEST(dispi_refuses_modes_that_do_not_exist)
{
    struct bench b = bench_new("1024");
    dispi(&b, 1, 0xFFFF);
    dispi(&b, 2, 0xFFFF);
    dispi(&b, 3, 0xFFFF);
    ck_assert_uint_eq(dispi_read(&b, 1), 0);
    ck_assert_uint_ge(b.f->guest_errors, 1);
    dispi(&b, 1, 2560);
    dispi(&b, 2, 1600);
    dispi(&b, 3, 32);
    dispi(&b, 4, 1); /* 16 MiB of picture into 1 MiB */
    ck_assert_uint_eq(dispi_read(&b, 2), 102);
    dispi(&b, 6, 0xFFFF);
    ck_assert_uint_eq(dispi_read(&b, 6), 2560);
    dispi(&b, 8, 0xFFFF);
    dispi(&b, 9, 0xFFFF);
    draw(&b); /* must not read outside */
    ck_assert_uint_eq(b.picture.width, 2560);
    dispi(&b, 5, 0xFFFF);
    poke(&b, 0xAFFFF, 8, ~UINT64_C(0));
    peek(&b, 0xAFFFD, 8);
    bench_free(&b);
}
END_TEST

/* --- what holds for every device ---------------------------------------------------------------------- */

START_TEST(two_instances_do_not_see_each_other)
{
    struct bench a = bench_new(NULL), b = bench_new(NULL);
    uint64_t before;
    set_mode(&b, &VGA_MODE_3);
    before = fixture_hash(b.f->device);
    text_screen(&a);
    ck_assert_uint_eq(fixture_hash(b.f->device), before);
    ck_assert_uint_ne(fixture_hash(a.f->device), before);
    bench_free(&a);
    bench_free(&b);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct bench b = bench_new("512");
    struct bench c = bench_new("512");
    struct state_stream stream = {0};
    struct error error = {STATUS_OK, ""};
    text_screen(&b);
    fixture_check_state(b.f->device);
    device_save(b.f->device, &stream);
    ck_assert_int_eq(device_load(c.f->device, &stream, &error), STATUS_OK);
    draw(&b);
    draw(&c);
    ck_assert_mem_eq(b.picture.pixels, c.picture.pixels, 720 * 400 * 4);
    state_stream_free(&stream);
    bench_free(&b);
    bench_free(&c);
}
END_TEST

START_TEST(reset_gives_the_same_state_again)
{
    struct bench b = bench_new("512");
    uint64_t fresh = fixture_hash(b.f->device);
    text_screen(&b);
    dispi(&b, 4, 1);
    b.f->device->type->reset(b.f->device, RESET_POWER_ON);
    ck_assert_uint_eq(fixture_hash(b.f->device), fresh);
    bench_free(&b);
}
END_TEST

START_TEST(hostile_registers_and_addresses_stay_inside)
{
    struct bench b = bench_new("1024");
    uint32_t seed = 99;
    struct display_text *text = malloc(sizeof *text);
    ck_assert_ptr_nonnull(text);
    set_mode(&b, &VGA_MODE_3);
    for (unsigned round = 0; round < 60; round++) {
        fixture_hostile(b.f, seed + round, 300);
        for (unsigned i = 0; i < 200; i++) {
            uint64_t at = 0xA0000 + fixture_random(&seed) % 0x20000;
            unsigned size = 1u << fixture_random(&seed) % 4;
            if (i & 1)
                poke(&b, at, size, fixture_random(&seed));
            else
                peek(&b, at, size);
        }
        draw(&b);
        b.screen.text(b.screen.self, text);
        b.screen.generation(b.screen.self);
    }
    free(text);
    bench_free(&b);
}
END_TEST

START_TEST(crtc_extremes_are_drawn)
{
    struct bench b = bench_new(NULL);
    const struct vga_mode_registers *const modes[] = {&VGA_MODE_3, &VGA_MODE_12H, &VGA_MODE_13H,
                                                      &VGA_MODE_4};
    for (size_t m = 0; m < ARRAY_COUNT(modes); m++)
        for (unsigned fill = 0; fill < 2; fill++) {
            set_mode(&b, modes[m]);
            for (unsigned i = 0; i < 25; i++)
                indexed(&b, 0x3D4, i == 0x11 ? 0 : i, fill && i != 0x11 ? 0xFF : 0);
            indexed(&b, 0x3D4, 0x17, 0xE3);
            indexed(&b, 0x3C4, 3, 0x3F);
            attribute(&b, 0x33, 0x0F);
            draw(&b);
        }
    bench_free(&b);
}
END_TEST

START_TEST(describe_names_cells_colours_and_indices)
{
    struct bench b = bench_new(NULL);
    struct access access = {.space_kind = ACCESS_MEMORY, .is_write = true, .size = 2, .count = 1};
    char text[192];
    set_mode(&b, &VGA_MODE_3);
    access.address = 0xB8000 + (3 * 80 + 5) * 2;
    access.value = 0x0741;
    b.f->device->type->describe(b.f->device, &access, text, sizeof text);
    ck_assert_str_eq(text, "row 3 column 5: 'A' attribute 07");
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, 0x3D4, true, 0x0E),
                     "index 0E: Cursor Location High");
    fixture_out(b.f, 0x3C8, 7);
    fixture_out(b.f, 0x3C9, 1);
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, 0x3C9, true, 63), "colour 7 green = 63");
    bench_free(&b);
}
END_TEST

START_TEST(vram_must_be_a_power_of_two)
{
    struct device_fixture *f = fixture_new();
    struct device_config config = {.name = "vga"};
    struct error error = {STATUS_OK, ""};
    struct device *device;
    space_unmap_ram(&f->memory, 0xA0000, 32);
    fixture_set(&config, "vram", "300");
    ck_assert_int_eq(fixture_try_add(f, &VGA_TYPE, &config, &device, &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "power of two"));
    device_fixture_free(f);
}
END_TEST

Suite *vga_suite(void)
{
    Suite *suite = suite_create("vga");
    TCase *tc = tcase_create("vga");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, index_and_data_go_out_in_one_word);
    tcase_add_test(tc, crtc_answers_at_the_addresses_that_misc_output_selects);
    tcase_add_test(tc, crtc_protection_leaves_only_line_compare_bit_8);
    tcase_add_test(tc, attribute_port_takes_index_and_data_in_turn);
    tcase_add_test(tc, dac_takes_three_components_and_steps);
    tcase_add_test(tc, register_tables_say_what_registers_keep);
    tcase_add_test(tc, peeking_at_status_1_leaves_the_flip_flop);
    tcase_add_test(tc, misc_output_and_memory_map_open_the_window);
    tcase_add_test(tc, write_mode_0_rotates_sets_combines_and_masks);
    tcase_add_test(tc, functions_and_and_or_use_the_latches);
    tcase_add_test(tc, write_mode_1_copies_the_latches);
    tcase_add_test(tc, write_mode_2_spreads_a_colour_and_mode_3_masks_by_data);
    tcase_add_test(tc, read_mode_1_compares_colours);
    tcase_add_test(tc, odd_even_puts_attributes_into_plane_1);
    tcase_add_test(tc, chain_4_spreads_bytes_over_planes);
    tcase_add_test(tc, text_picture_follows_font_and_attributes);
    tcase_add_test(tc, attribute_bit_3_chooses_between_two_fonts);
    tcase_add_test(tc, word_mode_brings_the_top_address_bit_in_at_the_bottom);
    tcase_add_test(tc, cursor_and_blinking_characters_follow_virtual_time);
    tcase_add_test(tc, text_interface_gives_cells_and_cursor);
    tcase_add_test(tc, planar_picture_has_a_bit_from_each_plane);
    tcase_add_test(tc, mode_13h_picture_is_a_byte_a_pixel);
    tcase_add_test(tc, mode_x_pans_scrolls_and_splits);
    tcase_add_test(tc, cga_mode_4_has_pairs_of_bits_and_two_banks);
    tcase_add_test(tc, mode_13h_nibbles_go_through_the_palette);
    tcase_add_test(tc, pel_width_joins_dots_whatever_they_were_shifted_from);
    tcase_add_test(tc, graphics_dots_blink_when_the_mode_says_so);
    tcase_add_test(tc, without_extended_memory_a_plane_has_16_kib);
    tcase_add_test(tc, screen_off_and_palette_access_give_black);
    tcase_add_test(tc, generation_moves_with_every_change_and_never_back);
    tcase_add_test(tc, lines_that_blink_are_all_that_changes_by_time);
    tcase_add_test(tc, retrace_comes_seventy_times_a_second);
    tcase_add_test(tc, vertical_interrupt_comes_with_the_retrace);
    tcase_add_test(tc, dispi_sets_a_mode_and_banks_reach_its_memory);
    tcase_add_test(tc, dispi_draws_every_depth);
    tcase_add_test(tc, dispi_refuses_modes_that_do_not_exist);
    tcase_add_test(tc, two_instances_do_not_see_each_other);
    tcase_add_test(tc, state_is_saved_whole);
    tcase_add_test(tc, reset_gives_the_same_state_again);
    tcase_add_test(tc, hostile_registers_and_addresses_stay_inside);
    tcase_add_test(tc, crtc_extremes_are_drawn);
    tcase_add_test(tc, describe_names_cells_colours_and_indices);
    tcase_add_test(tc, vram_must_be_a_power_of_two);
    suite_add_tcase(suite, tc);
    return suite;
}
