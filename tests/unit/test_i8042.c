/* The keyboard controller with its keyboard and mouse against IBM's technical references. */
#include <check.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/ps2_bench.h"

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
    TCase *controller = tcase_create("controller"), *all = tcase_create("all");
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
    tcase_add_test(all, accesses_are_described);
    tcase_add_test(all, two_pcs_do_not_see_each_other);
    tcase_add_test(all, state_is_saved_whole);
    tcase_add_test(all, survives_random_accesses_keys_and_movements);
    suite_add_tcase(suite, controller);
    suite_add_tcase(suite, all);
    return suite;
}
