/* The keyboard behind its controller against IBM's technical references. */
#include <check.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/ps2_bench.h"

/* --- the keyboard ------------------------------------------------------------------------------- */

/* Microsoft's table lists sets 1 and 2 side by side; the controller must make one of the other. */
START_TEST(translation_makes_set_1_of_set_2_for_every_key)
{
    struct pc pc;
    make(&pc);
    for (const struct ps2_key *k = PS2_KEYS; k->name; k++) {
        if (k->kind != KEY_PLAIN && k->kind != KEY_E0)
            continue;
        key(&pc, k->usage, true);
        key(&pc, k->usage, false);
        if (k->kind == KEY_E0)
            ck_assert_int_eq(next(&pc), 0xE0);
        ck_assert_msg(next(&pc) == k->set1, "%s", k->name);
        if (k->kind == KEY_E0)
            ck_assert_int_eq(next(&pc), 0xE0);
        ck_assert_msg(next(&pc) == (k->set1 | 0x80), "%s released", k->name);
        ck_assert_int_eq(next(&pc), -1);
    }
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(set_2_is_seen_without_translation)
{
    struct pc pc;
    make(&pc);
    mode(&pc, 0x01);
    key(&pc, 0x04, true);
    key(&pc, 0x04, false);
    key(&pc, 0x4F, true);
    key(&pc, 0x4F, false);
    EXPECT(&pc, 0x1C, 0xF0, 0x1C, 0xE0, 0x74, 0xE0, 0xF0, 0x74);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(set_1_comes_from_the_keyboard_itself)
{
    struct pc pc;
    make(&pc);
    mode(&pc, 0x01);
    data(&pc, 0xF0);
    EXPECT(&pc, 0xFA);
    data(&pc, 0x01);
    EXPECT(&pc, 0xFA);
    key(&pc, 0x04, true);
    key(&pc, 0x04, false);
    EXPECT(&pc, 0x1E, 0x9E);
    data(&pc, 0xF0);
    EXPECT(&pc, 0xFA);
    data(&pc, 0x00);
    EXPECT(&pc, 0xFA, 0x01);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(set_3_has_one_code_a_key_and_types_for_keys)
{
    struct pc pc;
    make(&pc);
    mode(&pc, 0x01);
    data(&pc, 0xF0);
    data(&pc, 0x03);
    EXPECT(&pc, 0xFA);
    key(&pc, 0x4F, true); /* typematic: no break */
    key(&pc, 0x4F, false);
    key(&pc, 0xE1, true); /* make/break */
    key(&pc, 0xE1, false);
    EXPECT(&pc, 0x6A, 0x12, 0xF0, 0x12);
    data(&pc, 0xFC); /* make/break for the keys that follow */
    EXPECT(&pc, 0xFA);
    data(&pc, 0x6A);
    EXPECT(&pc, 0xFA);
    data(&pc, 0xF4);
    EXPECT(&pc, 0xFA);
    key(&pc, 0x4F, true);
    key(&pc, 0x4F, false);
    EXPECT(&pc, 0x6A, 0xF0, 0x6A);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(print_screen_and_pause_have_sequences_of_their_own)
{
    struct pc pc;
    make(&pc);
    key(&pc, 0x46, true);
    key(&pc, 0x46, false);
    EXPECT(&pc, 0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA);
    key(&pc, 0xE2, true);
    key(&pc, 0x46, true);
    key(&pc, 0x46, false);
    key(&pc, 0xE2, false);
    EXPECT(&pc, 0x38, 0x54, 0xD4, 0xB8);
    key(&pc, 0x48, true);
    key(&pc, 0x48, false);
    EXPECT(&pc, 0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5);
    key(&pc, 0xE0, true);
    key(&pc, 0x48, true);
    key(&pc, 0x48, false);
    EXPECT(&pc, 0x1D, 0xE0, 0x46, 0xE0, 0xC6);
    device_fixture_free(pc.f);
}
END_TEST

/* PS2 Keyboards, tables of set 1 and 2: the columns "Shift case" and "Num Lock on". */
START_TEST(cursor_keys_undo_shift_and_num_lock)
{
    struct pc pc;
    make(&pc);
    tap(&pc, 0x52); /* up */
    EXPECT(&pc, 0xE0, 0x48, 0xE0, 0xC8);
    key(&pc, 0xE1, true);
    tap(&pc, 0x52);
    EXPECT(&pc, 0x2A, 0xE0, 0xAA, 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0x2A);
    tap(&pc, 0x54); /* keypad / */
    EXPECT(&pc, 0xE0, 0xAA, 0xE0, 0x35, 0xE0, 0xB5, 0xE0, 0x2A);
    key(&pc, 0xE5, true); /* both */
    key(&pc, 0x4C, true); /* delete */
    EXPECT(&pc, 0x36, 0xE0, 0xAA, 0xE0, 0xB6, 0xE0, 0x53);
    key(&pc, 0x4C, false);
    EXPECT(&pc, 0xE0, 0xD3, 0xE0, 0x2A, 0xE0, 0x36);
    data(&pc, 0xED);
    EXPECT(&pc, 0xFA);
    data(&pc, 0x02);
    EXPECT(&pc, 0xFA);
    tap(&pc, 0x52); /* Shift with Num Lock: the base case */
    EXPECT(&pc, 0xE0, 0x48, 0xE0, 0xC8);
    key(&pc, 0xE1, false);
    key(&pc, 0xE5, false);
    EXPECT(&pc, 0xAA, 0xB6);
    tap(&pc, 0x52);
    EXPECT(&pc, 0xE0, 0x2A, 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0xAA);
    tap(&pc, 0x54); /* Num Lock leaves it alone */
    EXPECT(&pc, 0xE0, 0x35, 0xE0, 0xB5);
    mode(&pc, 0x01); /* without translation: set 2 */
    tap(&pc, 0x4F); /* right */
    EXPECT(&pc, 0xE0, 0x12, 0xE0, 0x74, 0xE0, 0xF0, 0x74, 0xE0, 0xF0, 0x12);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(reset_answers_and_reports_its_self_test)
{
    struct pc pc;
    make(&pc);
    data(&pc, 0xFF);
    EXPECT(&pc, 0xFA);
    fixture_run_us(pc.f, 10000);
    EXPECT(&pc, 0xAA);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(identity_is_ab_83)
{
    struct pc pc;
    make(&pc);
    data(&pc, 0xF2);
    EXPECT(&pc, 0xFA, 0xAB, 0x41); /* 83h through the translation */
    mode(&pc, 0x01);
    data(&pc, 0xF2);
    EXPECT(&pc, 0xFA, 0xAB, 0x83);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(echo_resend_and_unknown_commands_are_answered)
{
    struct pc pc;
    make(&pc);
    data(&pc, 0xEE);
    EXPECT(&pc, 0xEE);
    data(&pc, 0xFE);
    EXPECT(&pc, 0xEE);
    data(&pc, 0x00);
    EXPECT(&pc, 0xFE);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(leds_follow_the_command)
{
    struct pc pc;
    make(&pc);
    data(&pc, 0xED);
    EXPECT(&pc, 0xFA);
    data(&pc, 0x06);
    EXPECT(&pc, 0xFA);
    ck_assert_uint_eq(ps2_keyboard_leds(pc.keyboard), 6);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(disabled_scanning_sends_nothing)
{
    struct pc pc;
    make(&pc);
    data(&pc, 0xF5);
    EXPECT(&pc, 0xFA);
    key(&pc, 0x04, true);
    ck_assert_int_eq(next(&pc), -1);
    key(&pc, 0x04, false);
    data(&pc, 0xF4);
    EXPECT(&pc, 0xFA);
    key(&pc, 0x04, true);
    EXPECT(&pc, 0x1E);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(held_key_repeats_after_its_delay)
{
    struct pc pc;
    unsigned count = 0;
    make(&pc);
    data(&pc, 0xF3);
    EXPECT(&pc, 0xFA);
    data(&pc, 0x00); /* 250 ms, 30 a second */
    EXPECT(&pc, 0xFA);
    key(&pc, 0x04, true);
    ck_assert_int_eq(next(&pc), 0x1E);
    fixture_run_us(pc.f, 245000);
    ck_assert_int_eq(fixture_in(pc.f, 0x64) & 1, 0);
    for (unsigned ms = 0; ms < 1000; ms++) {
        fixture_run_us(pc.f, 1000);
        if (fixture_in(pc.f, 0x64) & 1) {
            ck_assert_uint_eq(fixture_in(pc.f, 0x60), 0x1E);
            count++;
        }
    }
    ck_assert_uint_ge(count, 29);
    ck_assert_uint_le(count, 31);
    key(&pc, 0x04, false);
    EXPECT(&pc, 0x9E);
    fixture_run_us(pc.f, 1000000);
    ck_assert_int_eq(next(&pc), -1);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(full_queue_ends_with_the_overrun_code)
{
    struct pc pc;
    unsigned count = 0;
    int last = -1, byte;
    make(&pc);
    command(&pc, 0xAD);
    for (uint8_t usage = 0x04; usage < 0x24; usage++)
        key(&pc, usage, true);
    command(&pc, 0xAE);
    while ((byte = next(&pc)) >= 0) {
        last = byte;
        count++;
    }
    ck_assert_uint_eq(count, 16);
    ck_assert_int_eq(last, 0xFF); /* 00h of set 2, translated */
    device_fixture_free(pc.f);
}
END_TEST

Suite *ps2_keyboard_suite(void)
{
    Suite *suite = suite_create("ps2_keyboard");
    TCase *keyboard = tcase_create("keyboard");
    tcase_add_test(keyboard, translation_makes_set_1_of_set_2_for_every_key);
    tcase_add_test(keyboard, set_2_is_seen_without_translation);
    tcase_add_test(keyboard, set_1_comes_from_the_keyboard_itself);
    tcase_add_test(keyboard, set_3_has_one_code_a_key_and_types_for_keys);
    tcase_add_test(keyboard, print_screen_and_pause_have_sequences_of_their_own);
    tcase_add_test(keyboard, cursor_keys_undo_shift_and_num_lock);
    tcase_add_test(keyboard, reset_answers_and_reports_its_self_test);
    tcase_add_test(keyboard, identity_is_ab_83);
    tcase_add_test(keyboard, echo_resend_and_unknown_commands_are_answered);
    tcase_add_test(keyboard, leds_follow_the_command);
    tcase_add_test(keyboard, disabled_scanning_sends_nothing);
    tcase_add_test(keyboard, held_key_repeats_after_its_delay);
    tcase_add_test(keyboard, full_queue_ends_with_the_overrun_code);
    suite_add_tcase(suite, keyboard);
    return suite;
}
