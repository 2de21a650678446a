/* The keyboard controller with its keyboard and mouse against IBM's technical references. */
#include <check.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BYTE_US 1000u /* more than a byte needs on the cable */

struct pc {
    struct device_fixture *f;
    struct device *kbc, *keyboard, *mouse;
    struct fixture_probe irq1, irq12;
    struct input_port *keys, *moves;
};

static int next(struct pc *pc);

/* A controller with both devices, after their self tests; without interrupts pending. */
static void make(struct pc *pc)
{
    pc->f = device_fixture_new(&I8042_TYPE, NULL);
    pc->kbc = pc->f->device;
    pc->keyboard = fixture_add(pc->f, &PS2_KEYBOARD_TYPE, NULL);
    pc->mouse = fixture_add(pc->f, &PS2_MOUSE_TYPE, NULL);
    i8042_plug(pc->kbc, PS2_KEYBOARD, pc->keyboard);
    i8042_plug(pc->kbc, PS2_MOUSE, pc->mouse);
    fixture_probe(pc->f, pc->kbc, "irq1", &pc->irq1);
    fixture_probe(pc->f, pc->kbc, "irq12", &pc->irq12);
    pc->keys = ps2_keyboard_input(pc->keyboard);
    pc->moves = ps2_mouse_input(pc->mouse);
    fixture_run_us(pc->f, 20000);
    while (next(pc) >= 0)
        continue;
    pc->irq1.rises = pc->irq12.rises = 0;
}

/* The next byte as a driver that polls gets it; -1: none within a byte's time. */
static int next(struct pc *pc)
{
    for (unsigned i = 0; i < 3; i++) {
        if (fixture_in(pc->f, 0x64) & 1)
            return fixture_in(pc->f, 0x60);
        fixture_run_us(pc->f, BYTE_US);
    }
    return -1;
}

static void expect(struct pc *pc, const int *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(next(pc), expected[i]);
    ck_assert_int_eq(next(pc), -1);
}
#define EXPECT(pc, ...)                                                                       \
    do {                                                                                      \
        static const int expected_bytes[] = {__VA_ARGS__};                                    \
        expect(pc, expected_bytes, sizeof expected_bytes / sizeof expected_bytes[0]);         \
    } while (0)

static void command(struct pc *pc, uint8_t value)
{
    fixture_out(pc->f, 0x64, value);
}
static void data(struct pc *pc, uint8_t value)
{
    fixture_out(pc->f, 0x60, value);
}
static void to_mouse(struct pc *pc, uint8_t value)
{
    command(pc, 0xD4);
    data(pc, value);
}
static void key(struct pc *pc, uint8_t usage, bool is_pressed)
{
    pc->keys->key(pc->keys->self, usage, is_pressed);
}
static void mode(struct pc *pc, uint8_t value)
{
    command(pc, 0x60);
    data(pc, value);
}

/* --- the controller --------------------------------------------------------------------------- */

START_TEST(self_test_and_cable_tests_pass)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xAA);
    EXPECT(&pc, 0x55);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x04, 0x04);
    command(&pc, 0xAB);
    EXPECT(&pc, 0x00);
    command(&pc, 0xA9);
    EXPECT(&pc, 0x00);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(missing_mouse_fails_its_cable_test)
{
    struct device_fixture *f = device_fixture_new(&I8042_TYPE, NULL);
    fixture_out(f, 0x64, 0xA9);
    fixture_run_us(f, 100);
    ck_assert_uint_ne(fixture_in(f, 0x60), 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(command_byte_is_read_and_written)
{
    struct pc pc;
    make(&pc);
    mode(&pc, 0x65);
    command(&pc, 0x20);
    EXPECT(&pc, 0x65);
    command(&pc, 0xA8);
    command(&pc, 0xAD);
    command(&pc, 0x20);
    EXPECT(&pc, 0x55);
    command(&pc, 0x7F); /* the last byte of its RAM */
    data(&pc, 0x99);
    command(&pc, 0x3F);
    EXPECT(&pc, 0x99);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(status_tells_command_from_data)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xAE);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x08, 0x08);
    data(&pc, 0xF4);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x08, 0);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(keyboard_byte_takes_its_time_and_interrupts)
{
    struct pc pc;
    make(&pc);
    key(&pc, 0x04, true);
    fixture_run_us(pc.f, 799);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 1, 0);
    fixture_run_us(pc.f, 1);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x21, 0x01);
    ck_assert(pc.irq1.level);
    ck_assert(!pc.irq12.level);
    ck_assert_uint_eq(fixture_in(pc.f, 0x60), 0x1E);
    ck_assert(!pc.irq1.level);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(each_byte_of_a_sequence_interrupts_anew)
{
    struct pc pc;
    make(&pc);
    key(&pc, 0x52, true);
    key(&pc, 0x52, false);
    EXPECT(&pc, 0xE0, 0x48, 0xE0, 0xC8);
    ck_assert_uint_eq(pc.irq1.rises, 4);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(disabled_keyboard_keeps_its_bytes)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xAD);
    key(&pc, 0x04, true);
    ck_assert_int_eq(next(&pc), -1);
    command(&pc, 0xAE);
    EXPECT(&pc, 0x1E);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(interrupts_follow_the_command_byte)
{
    struct pc pc;
    make(&pc);
    mode(&pc, 0x40);
    key(&pc, 0x04, true);
    fixture_run_us(pc.f, BYTE_US);
    ck_assert(!pc.irq1.level);
    mode(&pc, 0x41);
    ck_assert(pc.irq1.level);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(written_buffers_look_like_the_devices)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xD2);
    data(&pc, 0x12);
    fixture_run_us(pc.f, 100);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x21, 0x01);
    EXPECT(&pc, 0x12);
    command(&pc, 0xD3);
    data(&pc, 0x34);
    fixture_run_us(pc.f, 100);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0x21, 0x21);
    ck_assert(pc.irq12.level);
    EXPECT(&pc, 0x34);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(output_port_moves_a20)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xD1);
    data(&pc, 0xDD);
    ck_assert_uint_eq(pc.f->a20_changes, 1);
    ck_assert(!pc.f->a20);
    command(&pc, 0xD0);
    EXPECT(&pc, 0xC1);
    command(&pc, 0xDF);
    ck_assert(pc.f->a20);
    command(&pc, 0xDD);
    ck_assert(!pc.f->a20);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(pulse_of_bit_0_resets_the_machine)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xFF); /* pulses nothing */
    ck_assert_uint_eq(pc.f->resets, 0);
    command(&pc, 0xFE);
    ck_assert_uint_eq(pc.f->resets, 1);
    command(&pc, 0xD1);
    data(&pc, 0xDE);
    ck_assert_uint_eq(pc.f->resets, 2);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(input_port_is_read_and_polled)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xC0);
    EXPECT(&pc, 0x83); /* unlocked, both data lines high */
    command(&pc, 0xC1);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0xF0, 0x30);
    command(&pc, 0xC2);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0xF0, 0x80);
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0xF0, 0x80); /* it goes on */
    fixture_check_state(pc.kbc);
    data(&pc, 0xF4); /* the next byte ends it */
    ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 0xF0, 0x10);
    EXPECT(&pc, 0xFA);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(test_inputs_are_the_clocks_which_disabling_holds_low)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xE0);
    EXPECT(&pc, 0x03);
    command(&pc, 0xAD);
    command(&pc, 0xE0);
    EXPECT(&pc, 0x02);
    command(&pc, 0xA7);
    command(&pc, 0xAE);
    command(&pc, 0xE0);
    EXPECT(&pc, 0x01);
    device_fixture_free(pc.f);
}
END_TEST

/* A password of "ab", in codes of set 1. */
static void load_password(struct pc *pc)
{
    command(pc, 0xA5);
    data(pc, 0x1E);
    data(pc, 0x30);
    data(pc, 0x00);
}

static void tap(struct pc *pc, uint8_t usage)
{
    key(pc, usage, true);
    key(pc, usage, false);
}

START_TEST(a_password_is_installed_by_its_codes_and_a_zero)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xA4);
    EXPECT(&pc, 0xF1);
    command(&pc, 0xA6); /* no password: nothing happens */
    tap(&pc, 0x04);
    EXPECT(&pc, 0x1E, 0x9E);
    load_password(&pc);
    command(&pc, 0xA4);
    EXPECT(&pc, 0xFA);
    tap(&pc, 0x04); /* loaded is not enabled */
    EXPECT(&pc, 0x1E, 0x9E);
    command(&pc, 0xA5);
    data(&pc, 0x00);
    command(&pc, 0xA4);
    EXPECT(&pc, 0xF1);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(nothing_passes_before_the_password_is_typed)
{
    struct pc pc;
    make(&pc);
    load_password(&pc);
    command(&pc, 0x76); /* left Shift is no part of it */
    data(&pc, 0x2A);
    to_mouse(&pc, 0xF4);
    EXPECT(&pc, 0xFA);
    command(&pc, 0xA6);
    pc.moves->move(pc.moves->self, 5, 5, 0, 0);
    tap(&pc, 0x04); /* a, c, a, Shift, b */
    tap(&pc, 0x06);
    tap(&pc, 0x04);
    for (unsigned i = 0; i < 30; i++)
        ck_assert_int_eq(next(&pc), -1);
    fixture_check_state(pc.kbc);
    tap(&pc, 0xE1);
    key(&pc, 0x05, true);
    for (unsigned i = 0; i < 10; i++)
        ck_assert_int_eq(next(&pc), -1);
    key(&pc, 0x05, false); /* the first byte that passes */
    EXPECT(&pc, 0xB0);
    tap(&pc, 0x06);
    EXPECT(&pc, 0x2E, 0xAE);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(password_bytes_tell_when_it_is_awaited_and_typed)
{
    struct pc pc;
    make(&pc);
    load_password(&pc);
    command(&pc, 0x73);
    data(&pc, 0x5A);
    command(&pc, 0x74);
    data(&pc, 0xA5);
    command(&pc, 0xA6);
    EXPECT(&pc, 0x5A);
    tap(&pc, 0x04);
    tap(&pc, 0x05);
    fixture_run_us(pc.f, 8 * BYTE_US);
    ck_assert_int_eq(next(&pc), 0xA5);
    device_fixture_free(pc.f);
}
END_TEST

/* AT Technical Reference, Keyboard Controller, command AC: 16 bytes of RAM, input port, output port,
 * program status word. The digits are those of the keyboard's own table. */
static int dumped_digit(struct pc *pc)
{
    int code = next(pc);
    for (int digit = 0; digit < 16; digit++) {
        uint8_t usage = (uint8_t)(digit == 0   ? 0x27
                                  : digit < 10 ? 0x1D + digit
                                               : 0x04 + digit - 10);
        const struct ps2_key *key = ps2_key_by_usage(usage);
        if (key && key->set1 == code)
            return digit;
    }
    return -1;
}

START_TEST(diagnostic_dump_types_ram_and_ports)
{
    struct pc pc, other;
    make(&pc);
    make(&other);
    for (int i = 1; i < 16; i++) {
        command(&pc, (uint8_t)(0x60 + i));
        data(&pc, (uint8_t)(i * 0x11));
    }
    mode(&pc, 0x47);
    command(&pc, 0xAC);
    for (int i = 0; i < 19; i++) {
        static const int PORTS[] = {0x83, 0xC3, 0x28}; /* the buffer is empty as P2 is read */
        int high = dumped_digit(&pc), low = dumped_digit(&pc);
        ck_assert_int_eq(next(&pc), 0x39);
        ck_assert_int_eq(high << 4 | low, i == 0 ? 0x47 : i < 16 ? i * 0x11 : PORTS[i - 16]);
    }
    ck_assert_int_eq(next(&pc), -1);
    ck_assert_uint_eq(pc.irq1.rises, 19 * 3);
    command(&pc, 0xAC);
    ck_assert_int_eq(dumped_digit(&pc), 4);
    command(&pc, 0x20); /* what is written ends it */
    EXPECT(&pc, 0x47);
    ck_assert_int_eq(next(&other), -1);
    device_fixture_free(pc.f);
    device_fixture_free(other.f);
}
END_TEST

START_TEST(a_password_without_end_stays_inside)
{
    struct pc pc;
    make(&pc);
    command(&pc, 0xA5);
    for (unsigned i = 0; i < 100; i++)
        data(&pc, 0x1E);
    data(&pc, 0x00);
    command(&pc, 0xA6);
    for (unsigned i = 0; i < 7; i++) { /* what fits of it */
        tap(&pc, 0x04);
        fixture_run_us(pc.f, 3 * BYTE_US);
        ck_assert_uint_eq(fixture_in(pc.f, 0x64) & 1, i == 6);
    }
    EXPECT(&pc, 0x9E);
    device_fixture_free(pc.f);
}
END_TEST

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

/* --- all together -------------------------------------------------------------------------------- */

START_TEST(accesses_are_described)
{
    struct pc pc;
    make(&pc);
    ck_assert_str_eq(fixture_describe(pc.f, pc.kbc, 0x64, true, 0xFE),
                     "command FEh: pulse RESET#: the machine starts again");
    ck_assert_str_eq(fixture_describe(pc.f, pc.kbc, 0x60, true, 0xED), "to the keyboard: set the LEDs");
    command(&pc, 0x60);
    ck_assert_str_eq(fixture_describe(pc.f, pc.kbc, 0x60, true, 0x47),
                     "command byte: IRQ1 on, IRQ12 on, keyboard on, mouse on, translation on");
    data(&pc, 0x47);
    key(&pc, 0x04, true);
    fixture_run_us(pc.f, BYTE_US);
    ck_assert_str_eq(fixture_describe(pc.f, pc.kbc, 0x60, false, 0x1E), "scan code 1Eh: A pressed");
    next(&pc);
    key(&pc, 0x52, true);
    key(&pc, 0x52, false);
    next(&pc);
    next(&pc);
    next(&pc);
    fixture_run_us(pc.f, 2 * BYTE_US); /* F0h is swallowed on the way */
    ck_assert_str_eq(fixture_describe(pc.f, pc.kbc, 0x60, false, 0xC8),
                     "scan code C8h: Up released");
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(two_pcs_do_not_see_each_other)
{
    struct pc a, b;
    uint64_t before;
    make(&a);
    make(&b);
    before = fixture_hash(b.kbc) ^ fixture_hash(b.keyboard) ^ fixture_hash(b.mouse);
    key(&a, 0x04, true);
    to_mouse(&a, 0xF4);
    fixture_run_us(a.f, 5000);
    ck_assert_uint_eq(fixture_hash(b.kbc) ^ fixture_hash(b.keyboard) ^ fixture_hash(b.mouse), before);
    device_fixture_free(a.f);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct pc pc;
    make(&pc);
    to_mouse(&pc, 0xF4);
    next(&pc);
    pc.moves->move(pc.moves->self, 9, 9, 0, 1);
    key(&pc, 0x04, true);
    key(&pc, 0x52, true);
    fixture_run_us(pc.f, 900);
    fixture_check_state(pc.kbc);
    fixture_check_state(pc.keyboard);
    fixture_check_state(pc.mouse);
    device_fixture_free(pc.f);
}
END_TEST

START_TEST(survives_random_accesses_keys_and_movements)
{
    struct pc pc;
    uint32_t seed = 8042;
    make(&pc);
    for (unsigned i = 0; i < 300; i++) {
        fixture_hostile(pc.f, 1 + i, 100);
        key(&pc, (uint8_t)fixture_random(&seed), fixture_random(&seed) & 1);
        pc.moves->move(pc.moves->self, (int)fixture_random(&seed), (int)fixture_random(&seed),
                       (int)fixture_random(&seed), fixture_random(&seed));
        to_mouse(&pc, (uint8_t)fixture_random(&seed));
        fixture_run_us(pc.f, fixture_random(&seed) % 20000);
    }
    fixture_check_state(pc.kbc);
    fixture_check_state(pc.keyboard);
    fixture_check_state(pc.mouse);
    device_fixture_free(pc.f);
}
END_TEST

Suite *i8042_suite(void)
{
    Suite *suite = suite_create("i8042");
    TCase *controller = tcase_create("controller"), *keyboard = tcase_create("keyboard");
    TCase *mouse = tcase_create("mouse"), *all = tcase_create("all");
    tcase_add_test(controller, self_test_and_cable_tests_pass);
    tcase_add_test(controller, missing_mouse_fails_its_cable_test);
    tcase_add_test(controller, command_byte_is_read_and_written);
    tcase_add_test(controller, status_tells_command_from_data);
    tcase_add_test(controller, keyboard_byte_takes_its_time_and_interrupts);
    tcase_add_test(controller, each_byte_of_a_sequence_interrupts_anew);
    tcase_add_test(controller, disabled_keyboard_keeps_its_bytes);
    tcase_add_test(controller, interrupts_follow_the_command_byte);
    tcase_add_test(controller, written_buffers_look_like_the_devices);
    tcase_add_test(controller, output_port_moves_a20);
    tcase_add_test(controller, pulse_of_bit_0_resets_the_machine);
    tcase_add_test(controller, input_port_is_read_and_polled);
    tcase_add_test(controller, test_inputs_are_the_clocks_which_disabling_holds_low);
    tcase_add_test(controller, a_password_is_installed_by_its_codes_and_a_zero);
    tcase_add_test(controller, nothing_passes_before_the_password_is_typed);
    tcase_add_test(controller, password_bytes_tell_when_it_is_awaited_and_typed);
    tcase_add_test(controller, diagnostic_dump_types_ram_and_ports);
    tcase_add_test(controller, a_password_without_end_stays_inside);
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
    tcase_add_test(mouse, mouse_reset_reports_and_identifies);
    tcase_add_test(mouse, mouse_moves_only_when_enabled);
    tcase_add_test(mouse, movement_adds_up_between_samples);
    tcase_add_test(mouse, wheel_appears_after_the_knock);
    tcase_add_test(mouse, mouse_status_shows_modes_and_settings);
    tcase_add_test(mouse, remote_mode_sends_when_asked);
    tcase_add_test(mouse, wrap_mode_echoes);
    tcase_add_test(mouse, wrong_bytes_are_refused_twice);
    tcase_add_test(all, accesses_are_described);
    tcase_add_test(all, two_pcs_do_not_see_each_other);
    tcase_add_test(all, state_is_saved_whole);
    tcase_add_test(all, survives_random_accesses_keys_and_movements);
    suite_add_tcase(suite, controller);
    suite_add_tcase(suite, keyboard);
    suite_add_tcase(suite, mouse);
    suite_add_tcase(suite, all);
    return suite;
}
