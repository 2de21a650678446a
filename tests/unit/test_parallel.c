/* The parallel port against the PC/AT Technical Reference (Serial/Parallel Adapter): three registers,
 * the handshake of a byte, IRQ7 at the end of nAck. Expected values are those of that document's
 * register tables; unused bits read as ones. */
#include <check.h>

#include "devices/types.h"
#include "tests/unit/fixture.h"

enum { DATA = 0x378, STATUS = 0x379, CONTROL = 0x37A };
enum { READY = 0xDF, BUSY = 0x5F, ACKNOWLEDGE = 0x1F };

struct port {
    struct device_fixture *f;
    struct fixture_chardev printer;
    struct fixture_probe irq;
};

/* As the BIOS leaves it: initialised and selected. */
static void make(struct port *p)
{
    struct device_config config = {.chardev = &p->printer.chardev};
    fixture_chardev_init(&p->printer);
    p->f = device_fixture_new(&PARALLEL_TYPE, &config);
    fixture_probe(p->f, p->f->device, "irq", &p->irq);
    fixture_out(p->f, CONTROL, 0x08);
    fixture_out(p->f, CONTROL, 0x0C);
}

static void strobe(struct port *p, uint8_t byte, uint8_t control)
{
    fixture_out(p->f, DATA, byte);
    fixture_out(p->f, CONTROL, control | 1);
    fixture_out(p->f, CONTROL, control);
}

START_TEST(registers_read_as_the_adapter_has_them)
{
    struct port p;
    make(&p);
    ck_assert_uint_eq(fixture_in(p.f, CONTROL), 0xEC);
    fixture_out(p.f, DATA, 0xA5);
    ck_assert_uint_eq(fixture_in(p.f, DATA), 0xA5); /* how a BIOS finds the port */
    fixture_out(p.f, CONTROL, 0xFE);
    ck_assert_uint_eq(fixture_in(p.f, CONTROL), 0xFE);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), READY);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(a_byte_has_its_handshake)
{
    struct port p;
    make(&p);
    strobe(&p, 'A', 0x0C);
    ck_assert_uint_eq(p.printer.sent_count, 1);
    ck_assert_uint_eq(p.printer.sent[0], 'A');
    ck_assert_uint_eq(fixture_in(p.f, STATUS), BUSY);
    fixture_run_us(p.f, 4);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), BUSY);
    fixture_run_us(p.f, 1);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), ACKNOWLEDGE);
    fixture_run_us(p.f, 4);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), ACKNOWLEDGE);
    fixture_run_us(p.f, 1);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), READY);
    ck_assert_uint_eq(p.irq.rises, 0); /* IRQEN is off */
    device_fixture_free(p.f);
}
END_TEST

START_TEST(irq7_rises_when_nack_ends)
{
    struct port p;
    make(&p);
    fixture_out(p.f, CONTROL, 0x1C);
    ck_assert_uint_eq(p.irq.rises, 0); /* enabling it is no edge */
    strobe(&p, 'A', 0x1C);
    fixture_run_us(p.f, 9);
    ck_assert(!p.irq.level);
    fixture_run_us(p.f, 1);
    ck_assert(p.irq.level);
    ck_assert_uint_eq(p.irq.rises, 1);
    strobe(&p, 'B', 0x1C);
    ck_assert(p.irq.level); /* until nAck falls again */
    fixture_run_us(p.f, 5);
    ck_assert(!p.irq.level);
    fixture_run_us(p.f, 5);
    ck_assert_uint_eq(p.irq.rises, 2);
    fixture_out(p.f, CONTROL, 0x0C);
    ck_assert(!p.irq.level);
    device_fixture_free(p.f);
}
END_TEST

/* A printer whose buffer holds one byte, while somebody else has the paper. */
static bool has_one_byte(struct chardev *chardev)
{
    return ((const struct fixture_chardev *)(const void *)chardev)->sent_count == 1;
}

START_TEST(a_printer_that_is_behind_stays_busy_and_acknowledges_later)
{
    struct port p;
    make(&p);
    p.printer.chardev.is_busy = has_one_byte;
    strobe(&p, 'A', 0x1C);
    fixture_run_us(p.f, 50000);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), BUSY);
    ck_assert_uint_eq(p.irq.rises, 0);
    p.printer.sent_count = 0;
    fixture_run_us(p.f, 1010);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), READY);
    ck_assert_uint_eq(p.irq.rises, 1);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(only_the_edge_of_strobe_counts)
{
    struct port p;
    make(&p);
    fixture_out(p.f, DATA, 'x');
    fixture_out(p.f, CONTROL, 0x0D);
    fixture_run_us(p.f, 20);
    fixture_out(p.f, CONTROL, 0x0D);
    fixture_out(p.f, DATA, 'y');
    ck_assert_uint_eq(p.printer.sent_count, 1);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(a_printer_that_is_busy_not_selected_or_in_reset_takes_nothing)
{
    struct port p;
    make(&p);
    strobe(&p, '1', 0x0C);
    strobe(&p, '2', 0x0C); /* busy */
    ck_assert_uint_eq(p.printer.sent_count, 1);
    ck_assert_uint_eq(p.f->guest_errors, 1);
    fixture_out(p.f, CONTROL, 0x08); /* nInit ends what it was doing */
    ck_assert_uint_eq(fixture_in(p.f, STATUS), BUSY);
    strobe(&p, '3', 0x08);
    fixture_out(p.f, CONTROL, 0x0C);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), READY);
    fixture_run_us(p.f, 20);
    strobe(&p, '4', 0x04); /* not selected */
    ck_assert_uint_eq(p.printer.sent_count, 1);
    strobe(&p, '5', 0x0C);
    ck_assert_uint_eq(p.printer.sent[1], '5');
    device_fixture_free(p.f);
}
END_TEST

START_TEST(without_a_cable_the_inputs_are_pulled_up)
{
    struct port p;
    p.f = device_fixture_new(&PARALLEL_TYPE, NULL);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), 0x7F);
    fixture_out(p.f, CONTROL, 0x0C);
    strobe(&p, 'A', 0x1C);
    fixture_run_us(p.f, 100);
    ck_assert_uint_eq(fixture_in(p.f, STATUS), 0x7F);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(words_say_what_is_printed)
{
    struct port p;
    make(&p);
    fixture_out(p.f, DATA, 'A');
    ck_assert_str_eq(fixture_describe(p.f, p.f->device, CONTROL, true, 0x0D),
                     "strobes 'A' to the printer");
    fixture_out(p.f, DATA, 0x0C);
    ck_assert_str_eq(fixture_describe(p.f, p.f->device, CONTROL, true, 0x0D),
                     "strobes 0Ch to the printer");
    device_fixture_free(p.f);
}
END_TEST

START_TEST(two_ports_do_not_see_each_other)
{
    struct port p;
    struct device_config config = {.name = "lpt2"};
    struct device *second;
    uint64_t before;
    make(&p);
    fixture_set(&config, "base", "0x278");
    second = fixture_add(p.f, &PARALLEL_TYPE, &config);
    before = fixture_hash(second);
    strobe(&p, 'A', 0x1C);
    ck_assert_uint_eq(fixture_hash(second), before);
    ck_assert_uint_eq(fixture_in(p.f, 0x279), 0x7F);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(state_is_saved_whole_and_random_accesses_are_survived)
{
    struct port p;
    make(&p);
    strobe(&p, 'A', 0x1C);
    fixture_run_us(p.f, 7);
    fixture_check_state(p.f->device);
    fixture_hostile(p.f, 11, 20000);
    fixture_check_state(p.f->device);
    device_fixture_free(p.f);
}
END_TEST

Suite *parallel_suite(void)
{
    Suite *suite = suite_create("parallel");
    TCase *tests = tcase_create("parallel");
    tcase_add_test(tests, registers_read_as_the_adapter_has_them);
    tcase_add_test(tests, a_byte_has_its_handshake);
    tcase_add_test(tests, irq7_rises_when_nack_ends);
    tcase_add_test(tests, a_printer_that_is_behind_stays_busy_and_acknowledges_later);
    tcase_add_test(tests, only_the_edge_of_strobe_counts);
    tcase_add_test(tests, a_printer_that_is_busy_not_selected_or_in_reset_takes_nothing);
    tcase_add_test(tests, without_a_cable_the_inputs_are_pulled_up);
    tcase_add_test(tests, words_say_what_is_printed);
    tcase_add_test(tests, two_ports_do_not_see_each_other);
    tcase_add_test(tests, state_is_saved_whole_and_random_accesses_are_survived);
    suite_add_tcase(suite, tests);
    return suite;
}
