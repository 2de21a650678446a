/* A PNG, read back by its specification: chunks with their CRCs, one deflated stream of rows. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "backends/file.h"
#include "frontends/screenshot.h"

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

START_TEST(pixels_come_back_from_the_file)
{
    enum { WIDTH = 5, HEIGHT = 3 };
    uint32_t pixels[WIDTH * HEIGHT];
    struct display_picture picture = {WIDTH, HEIGHT, pixels, WIDTH * HEIGHT};
    struct error error = {STATUS_OK, ""};
    char path[] = "/tmp/vitrine-test-XXXXXX";
    int fd = mkstemp(path);
    uint8_t *bytes, rows[HEIGHT * (WIDTH * 3 + 1)];
    uLongf unpacked = sizeof rows;
    size_t count, at = 8;
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = i * 0x0A1B2C & 0xFFFFFF;
    ck_assert_int_eq(screenshot_write(path, &picture, &error), STATUS_OK);
    ck_assert_int_eq(file_read(path, 1 << 20, &bytes, &count, &error), STATUS_OK);
    unlink(path);
    ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1A\n", 8);
    while (at + 12 <= count) {
        uint32_t length = be32(bytes + at);
        ck_assert_uint_le(at + 12 + length, count);
        ck_assert_uint_eq(be32(bytes + at + 8 + length), crc32(0, bytes + at + 4, length + 4));
        if (memcmp(bytes + at + 4, "IHDR", 4) == 0) {
            ck_assert_uint_eq(be32(bytes + at + 8), WIDTH);
            ck_assert_uint_eq(be32(bytes + at + 12), HEIGHT);
        }
        if (memcmp(bytes + at + 4, "IDAT", 4) == 0)
            ck_assert_int_eq(uncompress(rows, &unpacked, bytes + at + 8, length), Z_OK);
        at += 12 + length;
    }
    ck_assert_uint_eq(at, count);
    ck_assert_uint_eq(unpacked, sizeof rows);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        const uint8_t *rgb = rows + i / WIDTH * (WIDTH * 3 + 1) + 1 + i % WIDTH * 3;
        ck_assert_uint_eq((uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2], pixels[i]);
    }
    free(bytes);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
    uint32_t pixel = 0;
    struct display_picture picture = {1, 1, &pixel, 1};
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(screenshot_write("/nonexistent/shot.png", &picture, &error), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/shot.png"));
}
END_TEST

Suite *screenshot_suite(void)
{
    Suite *suite = suite_create("screenshot");
    TCase *tc = tcase_create("screenshot");
    tcase_add_test(tc, pixels_come_back_from_the_file);
    tcase_add_test(tc, a_folder_that_is_not_there_is_named);
    suite_add_tcase(suite, tc);
    return suite;
}
