/* The VGA's picture: text, planes, mode X, shifts and blinking, drawn from the state alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/display.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/vga_bench.h"
#include "tests/unit/vga_modes.h"

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

Suite *vga_draw_suite(void)
{
    Suite *suite = suite_create("vga_draw");
    TCase *tc = tcase_create("vga");
    tcase_set_timeout(tc, 30);
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
    tcase_add_test(tc, crtc_extremes_are_drawn);
    suite_add_tcase(suite, tc);
    return suite;
}
