/* The ports of one register: debug output, exit, speaker, port 92h, POST code, power-off. */
#include <check.h>

#include "devices/i8254.h"
#include "devices/speaker.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

START_TEST(debug_ports_print_and_say_that_they_are_there)
{
    struct fixture_chardev out;
    struct device_config config = {.chardev = &out.chardev};
    struct device_fixture *f;
    fixture_chardev_init(&out);
    f = device_fixture_new(&DEBUG_PORTS_TYPE, &config);
    ck_assert_uint_eq(fixture_in(f, 0x402), 0xE9);
    ck_assert_uint_eq(fixture_in(f, 0xE9), 0xE9);
    fixture_out(f, 0x402, 'o');
    fixture_out(f, 0xE9, 'k');
    ck_assert_uint_eq(out.sent_count, 2);
    ck_assert_mem_eq(out.sent, "ok", 2);
    ck_assert_str_eq(fixture_describe(f, f->device, 0xE9, true, 'k'), "prints 'k'");
    device_fixture_free(f);
}
END_TEST

START_TEST(debug_port_can_be_left_out)
{
    struct device_config config = {0};
    struct device_fixture *f;
    fixture_set(&config, "e9", "0");
    f = device_fixture_new(&DEBUG_PORTS_TYPE, &config);
    ck_assert_uint_eq(fixture_in(f, 0xE9), 0xFF);
    ck_assert_uint_eq(fixture_in(f, 0x402), 0xE9);
    device_fixture_free(f);
}
END_TEST

/* SDM 1 figure D-2. */
START_TEST(coprocessor_error_is_irq13_until_f0_and_ignne_until_ferr_goes)
{
    struct device_fixture *f = device_fixture_new(&COPROCESSOR_ERROR_TYPE, NULL);
    struct irq_line *irq = device_pin(f->device, "irq"), *ignne = device_pin(f->device, "ignne");
    f->device->type->input(f->device, 0, true);
    ck_assert(irq->level && !ignne->level);
    fixture_out(f, 0xF0, 0);
    ck_assert(!irq->level && ignne->level);
    ck_assert_str_eq(fixture_describe(f, f->device, 0xF0, true, 0),
                     "IRQ 13 off, IGNNE# on: the handler may use the coprocessor");
    f->device->type->input(f->device, 0, false);
    ck_assert(!irq->level && !ignne->level);
    fixture_out(f, 0xF0, 0); /* without an error IGNNE# stays off */
    ck_assert(!ignne->level);
    f->device->type->input(f->device, 0, true);
    f->device->type->input(f->device, 0, false); /* cleared before F0h: the request is a latch's */
    ck_assert(irq->level);
    fixture_out(f, 0xF0, 0);
    ck_assert(!irq->level && !ignne->level);
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

START_TEST(exit_status_is_twice_the_value_plus_one)
{
    struct device_fixture *f = device_fixture_new(&ISA_DEBUG_EXIT_TYPE, NULL);
    fixture_out(f, 0x501, 0);
    ck_assert_uint_eq(f->exit_status, 1);
    fixture_out(f, 0x501, 0x10);
    ck_assert_uint_eq(f->exit_status, 33);
    space_write(&f->ports, 0x501, 4, 0x31);
    ck_assert_uint_eq(f->exit_status, 99);
    ck_assert_uint_eq(f->exits, 3);
    device_fixture_free(f);
}
END_TEST

START_TEST(speaker_port_gates_channel_2_and_shows_its_output)
{
    struct device_fixture *f = device_fixture_new(&SPEAKER_TYPE, NULL);
    struct device *pit = fixture_add(f, &I8254_TYPE, NULL);
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(device_wire(f->device, "gate2", pit, "gate2", &error), STATUS_OK);
    speaker_set_timer(f->device, pit);
    fixture_out(f, 0x61, 0);
    fixture_out(f, 0x43, 0xB0); /* mode 0 of channel 2: how Linux measures its TSC */
    fixture_out(f, 0x42, 100);
    fixture_out(f, 0x42, 0);
    fixture_run(f, 1000 * 88);
    ck_assert_uint_eq(fixture_in(f, 0x61) & 0x21, 0);
    fixture_out(f, 0x61, 0x01);
    fixture_run(f, 99 * 88);
    ck_assert_uint_eq(fixture_in(f, 0x61) & 0x21, 0x01);
    fixture_run(f, 88);
    ck_assert_uint_eq(fixture_in(f, 0x61) & 0x21, 0x21);
    device_fixture_free(f);
}
END_TEST

START_TEST(refresh_bit_toggles_every_15_microseconds)
{
    struct device_fixture *f = device_fixture_new(&SPEAKER_TYPE, NULL);
    unsigned toggles = 0;
    uint8_t last = fixture_in(f, 0x61) & 0x10;
    for (unsigned us = 0; us < 15086; us++) { /* 1,000 * 18 ticks */
        fixture_run_us(f, 1);
        if ((fixture_in(f, 0x61) & 0x10) != last) {
            toggles++;
            last ^= 0x10;
        }
    }
    ck_assert_uint_eq(toggles, 1000);
    device_fixture_free(f);
}
END_TEST

START_TEST(a20_is_on_when_either_source_wants_it)
{
    struct device_fixture *f = device_fixture_new(&PORT92_TYPE, NULL);
    struct device *kbc = fixture_add(f, &I8042_TYPE, NULL);
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(device_wire(kbc, "a20", f->device, "a20", &error), STATUS_OK);
    ck_assert(f->a20);
    fixture_out(f, 0x64, 0xDD);
    ck_assert(!f->a20);
    fixture_out(f, 0x92, 0x02);
    ck_assert(f->a20);
    fixture_out(f, 0x64, 0xDF);
    fixture_out(f, 0x92, 0x00);
    ck_assert(f->a20);
    fixture_out(f, 0x64, 0xDD);
    ck_assert(!f->a20);
    device_fixture_free(f);
}
END_TEST

START_TEST(loading_restores_the_gate)
{
    struct device_fixture *f = device_fixture_new(&PORT92_TYPE, NULL);
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    PORT92_TYPE.input(f->device, 0, false);
    device_save(f->device, &saved);
    fixture_out(f, 0x92, 0x02);
    ck_assert(f->a20);
    ck_assert_int_eq(device_load(f->device, &saved, &error), STATUS_OK);
    ck_assert(!f->a20);
    state_stream_free(&saved);
    device_fixture_free(f);
}
END_TEST

START_TEST(port_92_resets_at_the_rising_edge)
{
    struct device_fixture *f = device_fixture_new(&PORT92_TYPE, NULL);
    fixture_out(f, 0x92, 0x03);
    fixture_out(f, 0x92, 0x03);
    ck_assert_uint_eq(f->resets, 1);
    fixture_out(f, 0x92, 0x02);
    fixture_out(f, 0x92, 0x03);
    ck_assert_uint_eq(f->resets, 2);
    device_fixture_free(f);
}
END_TEST

START_TEST(post_code_is_kept)
{
    struct device_fixture *f = device_fixture_new(&POST_PORT_TYPE, NULL);
    fixture_out(f, 0x80, 0x5A);
    ck_assert_uint_eq(fixture_in(f, 0x80), 0x5A);
    device_fixture_free(f);
}
END_TEST

START_TEST(shutdown_needs_the_whole_word)
{
    struct device_fixture *f = device_fixture_new(&SHUTDOWN_8900_TYPE, NULL);
    for (const char *c = "ShutShutdow"; *c; c++)
        fixture_out(f, 0x8900, (uint8_t)*c);
    ck_assert_uint_eq(f->power_offs, 0);
    fixture_out(f, 0x8900, 'n');
    ck_assert_uint_eq(f->power_offs, 1);
    device_fixture_free(f);
}
END_TEST

Suite *small_ports_suite(void)
{
    Suite *suite = suite_create("small_ports");
    TCase *tests = tcase_create("small_ports");
    tcase_add_test(tests, debug_ports_print_and_say_that_they_are_there);
    tcase_add_test(tests, debug_port_can_be_left_out);
    tcase_add_test(tests, exit_status_is_twice_the_value_plus_one);
    tcase_add_test(tests, coprocessor_error_is_irq13_until_f0_and_ignne_until_ferr_goes);
    tcase_add_test(tests, speaker_port_gates_channel_2_and_shows_its_output);
    tcase_add_test(tests, refresh_bit_toggles_every_15_microseconds);
    tcase_add_test(tests, a20_is_on_when_either_source_wants_it);
    tcase_add_test(tests, loading_restores_the_gate);
    tcase_add_test(tests, port_92_resets_at_the_rising_edge);
    tcase_add_test(tests, post_code_is_kept);
    tcase_add_test(tests, shutdown_needs_the_whole_word);
    suite_add_tcase(suite, tests);
    return suite;
}
