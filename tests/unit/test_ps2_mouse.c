/* The mouse behind its controller against IBM's technical references. */
#include <check.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/ps2_bench.h"

/* --- the mouse ------------------------------------------------------------------------------------- */

static void expect_from_mouse(struct pc *pc, const int *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned wait = 0; wait < 30 && !(fixture_in(pc->f, 0x64) & 1); wait++)
            fixture_run_us(pc->f, BYTE_US);
        ck_assert_uint_eq(fixture_in(pc->f, 0x64) & 0x21, 0x21);
        ck_assert_int_eq(fixture_in(pc->f, 0x60), expected[i]);
    }
    ck_assert_int_eq(next(pc), -1);
}
#define EXPECT_MOUSE(pc, ...)                                                                  \
    do {                                                                                       \
        static const int expected_bytes[] = {__VA_ARGS__};                                     \
        expect_from_mouse(pc, expected_bytes, sizeof expected_bytes / sizeof expected_bytes[0]); \
    } while (0)

static void rate(struct pc *pc, uint8_t per_second)
{
    to_mouse(pc, 0xF3);
    EXPECT_MOUSE(pc, 0xFA);
    to_mouse(pc, per_second);
    EXPECT_MOUSE(pc, 0xFA);
}

START_TEST(mouse_reset_reports_and_identifies)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xFF);
    EXPECT_MOUSE(&pc, 0xFA);
    fixture_run_us(pc.f, 10000);
    EXPECT_MOUSE(&pc, 0xAA, 0x00);
    to_mouse(&pc, 0xF2);
    EXPECT_MOUSE(&pc, 0xFA, 0x00);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(mouse_moves_only_when_enabled)
{
    struct pc pc;
    make(&pc);
    pc.moves->move(pc.moves->self, 5, 5, 0, 0);
    ck_assert_int_eq(next(&pc), -1);
    to_mouse(&pc, 0xF4);
    EXPECT_MOUSE(&pc, 0xFA);
    pc.moves->move(pc.moves->self, 5, -3, 0, 0); /* up on the screen is positive */
    EXPECT_MOUSE(&pc, 0x08, 5, 3);
    pc.moves->move(pc.moves->self, -1, 2, 0, 1);
    EXPECT_MOUSE(&pc, 0x39, 0xFF, 0xFE);
    ck_assert_uint_ge(pc.irq12.rises, 6);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(movement_adds_up_between_samples)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xF4);
    EXPECT_MOUSE(&pc, 0xFA);
    for (unsigned i = 0; i < 100; i++)
        pc.moves->move(pc.moves->self, 3, 0, 0, 0);
    EXPECT_MOUSE(&pc, 0x08, 255, 0, 0x08, 45, 0);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(wheel_appears_after_the_knock)
{
    struct pc pc;
    make(&pc);
    rate(&pc, 200);
    rate(&pc, 100);
    rate(&pc, 80);
    to_mouse(&pc, 0xF2);
    EXPECT_MOUSE(&pc, 0xFA, 0x03);
    to_mouse(&pc, 0xF4);
    EXPECT_MOUSE(&pc, 0xFA);
    pc.moves->move(pc.moves->self, 0, 0, -1, 4);
    EXPECT_MOUSE(&pc, 0x0C, 0, 0, 0xFF);
    rate(&pc, 200);
    rate(&pc, 200);
    rate(&pc, 80);
    to_mouse(&pc, 0xF2);
    EXPECT_MOUSE(&pc, 0xFA, 0x04);
    pc.moves->move(pc.moves->self, 0, 0, 1, 8);
    EXPECT_MOUSE(&pc, 0x08, 0, 0, 0x11);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(mouse_status_shows_modes_and_settings)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xE8);
    to_mouse(&pc, 0x03);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xE7);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xF4);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xE9);
    EXPECT_MOUSE(&pc, 0xFA, 0x30, 0x03, 100);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(remote_mode_sends_when_asked)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xF0);
    EXPECT_MOUSE(&pc, 0xFA);
    pc.moves->move(pc.moves->self, 7, 0, 0, 0);
    ck_assert_int_eq(next(&pc), -1);
    to_mouse(&pc, 0xEB);
    EXPECT_MOUSE(&pc, 0xFA, 0x08, 7, 0);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(wrap_mode_echoes)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xEE);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xF4);
    EXPECT_MOUSE(&pc, 0xF4);
    to_mouse(&pc, 0xEC);
    EXPECT_MOUSE(&pc, 0xFA);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(wrong_bytes_are_refused_twice)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0x12); /* no command */
    EXPECT_MOUSE(&pc, 0xFE);
    fixture_check_state(pc.mouse);
    to_mouse(&pc, 0x13);
    EXPECT_MOUSE(&pc, 0xFC);
    to_mouse(&pc, 0x12);
    EXPECT_MOUSE(&pc, 0xFE);
    to_mouse(&pc, 0xF3);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 41); /* no rate; it may come again */
    EXPECT_MOUSE(&pc, 0xFE);
    to_mouse(&pc, 40);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xE8);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 4); /* no resolution */
    EXPECT_MOUSE(&pc, 0xFE);
    to_mouse(&pc, 0xF4); /* nor is this: given up */
    EXPECT_MOUSE(&pc, 0xFC);
    to_mouse(&pc, 0xE9);
    EXPECT_MOUSE(&pc, 0xFA, 0x00, 0x02, 40);
    to_mouse(&pc, 0xF3);
    EXPECT_MOUSE(&pc, 0xFA);
    to_mouse(&pc, 0xFF); /* a reset is one at any time */
    EXPECT_MOUSE(&pc, 0xFA, 0xAA, 0x00);
    device_fixture_free(pc.f);
}
END_TEST

Suite *ps2_mouse_suite(void)
{
    Suite *suite = suite_create("ps2_mouse");
    TCase *mouse = tcase_create("mouse");
    tcase_add_test(mouse, mouse_reset_reports_and_identifies);
    tcase_add_test(mouse, mouse_moves_only_when_enabled);
    tcase_add_test(mouse, movement_adds_up_between_samples);
    tcase_add_test(mouse, wheel_appears_after_the_knock);
    tcase_add_test(mouse, mouse_status_shows_modes_and_settings);
    tcase_add_test(mouse, remote_mode_sends_when_asked);
    tcase_add_test(mouse, wrap_mode_echoes);
    tcase_add_test(mouse, wrong_bytes_are_refused_twice);
    suite_add_tcase(suite, mouse);
    return suite;
}
