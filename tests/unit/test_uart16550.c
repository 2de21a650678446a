/* The serial port against the PC16550D data sheet. */
#include <check.h>
#include <string.h>

#include "devices/types.h"
#include "tests/unit/fixture.h"

enum { RBR = 0x3F8, THR = 0x3F8, DLL = 0x3F8, IER = 0x3F9, IIR = 0x3FA, FCR = 0x3FA, LCR = 0x3FB,
       MCR = 0x3FC, LSR = 0x3FD, MSR = 0x3FE, SCR = 0x3FF };

struct port {
    struct device_fixture *f;
    struct fixture_chardev back_end;
    struct fixture_probe irq;
};

/* 115,200 baud, 8 bits, the interrupt's gate open. */
static void make(struct port *p, const char *pace)
{
    struct device_config config = {.chardev = &p->back_end.chardev};
    fixture_chardev_init(&p->back_end);
    fixture_set(&config, "pace", pace);
    p->f = device_fixture_new(&UART16550_TYPE, &config);
    fixture_probe(p->f, p->f->device, "irq", &p->irq);
    fixture_out(p->f, LCR, 0x03);
    fixture_out(p->f, MCR, 0x0B);
}

START_TEST(bytes_written_reach_the_back_end_in_order)
{
    struct port p;
    make(&p, "0");
    for (const char *c = "hello"; *c; c++) {
        ck_assert_uint_eq(fixture_in(p.f, LSR), 0x60);
        fixture_out(p.f, THR, (uint8_t)*c);
    }
    ck_assert_uint_eq(p.back_end.sent_count, 5);
    ck_assert_mem_eq(p.back_end.sent, "hello", 5);
    device_fixture_free(p.f);
}
END_TEST

static bool has_two_bytes(struct chardev *chardev)
{
    return ((const struct fixture_chardev *)(const void *)chardev)->sent_count == 2;
}

/* Paced or not: what the back-end would lose waits in the transmitter, in order. */
START_TEST(a_back_end_that_is_behind_holds_the_transmitter)
{
    static const char *const PACES[] = {"0", "1"};
    for (int i = 0; i < 2; i++) {
        struct port p;
        make(&p, PACES[i]);
        p.back_end.chardev.is_busy = has_two_bytes;
        for (const char *c = "abc"; *c; c++) {
            fixture_out(p.f, THR, (uint8_t)*c);
            fixture_run_us(p.f, 200);
        }
        fixture_out(p.f, THR, 'd');
        fixture_run_us(p.f, 5000);
        ck_assert_uint_eq(p.back_end.sent_count, 2);
        ck_assert_uint_eq(fixture_in(p.f, LSR), 0x00); /* 'c' in the shifter, 'd' behind it */
        p.back_end.sent_count = 0;
        fixture_run_us(p.f, 500);
        ck_assert_uint_eq(p.back_end.sent_count, 2);
        ck_assert_mem_eq(p.back_end.sent, "cd", 2);
        ck_assert_uint_eq(fixture_in(p.f, LSR), 0x60);
        device_fixture_free(p.f);
    }
}
END_TEST

START_TEST(divisor_latch_hides_the_data_registers)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, LCR, 0x83);
    fixture_out(p.f, DLL, 0x0C);
    fixture_out(p.f, IER, 0x00);
    ck_assert_uint_eq(fixture_in(p.f, DLL), 0x0C);
    ck_assert_str_eq(fixture_describe(p.f, p.f->device, DLL, true, 0x0C), "divisor 12 → 9600 baud");
    ck_assert_uint_eq(p.back_end.sent_count, 0);
    fixture_out(p.f, LCR, 0x03);
    fixture_out(p.f, IER, 0xFF);
    ck_assert_uint_eq(fixture_in(p.f, IER), 0x0F);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(thre_interrupt_comes_when_enabled_and_goes_when_identified)
{
    struct port p;
    make(&p, "0");
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x01);
    fixture_out(p.f, IER, 0x02);
    ck_assert(p.irq.level);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x02);
    ck_assert(!p.irq.level);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x01);
    fixture_out(p.f, THR, 'x'); /* empty again at once */
    ck_assert(p.irq.level);
    fixture_out(p.f, THR, 'y'); /* a new edge for each byte */
    ck_assert_uint_eq(p.irq.rises, 3);
    fixture_out(p.f, IER, 0);
    ck_assert(!p.irq.level);
    fixture_out(p.f, IER, 2);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x02);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(out2_gates_the_interrupt)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, IER, 0x02);
    fixture_out(p.f, MCR, 0x03);
    ck_assert(!p.irq.level);
    ck_assert_uint_eq(fixture_in(p.f, IIR) & 1, 0); /* pending inside the chip */
    device_fixture_free(p.f);
}
END_TEST

START_TEST(received_byte_interrupts_until_it_is_read)
{
    struct port p;
    unsigned readies;
    make(&p, "0");
    readies = p.back_end.readies;
    fixture_out(p.f, IER, 0x01);
    ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "ab", 2), 1); /* no FIFO: room for one */
    ck_assert(p.irq.level);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x61);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x04);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 'a');
    ck_assert(!p.irq.level);
    ck_assert_uint_eq(p.back_end.readies, readies + 1); /* told that there is room */
    device_fixture_free(p.f);
}
END_TEST

START_TEST(fifo_interrupts_at_the_trigger_level)
{
    static const uint8_t LEVELS[] = {1, 4, 8, 14};
    for (unsigned i = 0; i < 4; i++) {
        struct port p;
        make(&p, "0");
        fixture_out(p.f, FCR, (uint8_t)(i << 6 | 1));
        fixture_out(p.f, IER, 0x01);
        for (unsigned n = 1; n <= 16; n++) {
            ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "x", 1), 1);
            ck_assert_uint_eq(fixture_in(p.f, IIR), n >= LEVELS[i] ? 0xC4 : 0xC1);
        }
        ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "x", 1), 0); /* full: held back */
        for (unsigned n = 15; n > 0; n--) {
            fixture_in(p.f, RBR);
            ck_assert_uint_eq(fixture_in(p.f, IIR), n >= LEVELS[i] ? 0xC4 : 0xC1);
        }
        device_fixture_free(p.f);
    }
}
END_TEST

/* PC16550D p.22: below the trigger level, after four character times without an access. */
START_TEST(fifo_below_its_trigger_times_out)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, FCR, 0xC1);
    fixture_out(p.f, IER, 0x01);
    fixture_chardev_give(&p.back_end, "abc", 3);
    fixture_run_us(p.f, 347); /* 4 * 10 bits / 115,200 = 347.2 us */
    ck_assert(!p.irq.level);
    fixture_run_us(p.f, 1);
    ck_assert(p.irq.level);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0xCC);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 'a');
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0xC1); /* the timer starts again */
    fixture_run_us(p.f, 348);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0xCC);
    device_fixture_free(p.f);
}
END_TEST

/* PC16550D table IV: line status, received data, THRE, modem status. */
START_TEST(interrupts_are_identified_by_priority)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, IER, 0x0F);
    fixture_out(p.f, MCR, 0x1F); /* loopback: DCTS and others were set before by RTS etc. */
    fixture_out(p.f, MCR, 0x10);
    fixture_out(p.f, THR, 'a');
    fixture_out(p.f, THR, 'b'); /* overrun */
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x06);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x63);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x04);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 'b'); /* without FIFOs the newer byte wins */
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x02);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x00);
    ck_assert_uint_eq(fixture_in(p.f, MSR) & 0x04, 0x04);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x01);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(loopback_connects_the_modem_lines)
{
    struct port p;
    make(&p, "0");
    ck_assert_uint_eq(fixture_in(p.f, MSR), 0xB0); /* a back-end is there */
    fixture_out(p.f, MCR, 0x10);
    fixture_in(p.f, MSR);
    fixture_out(p.f, MCR, 0x12);
    ck_assert_uint_eq(fixture_in(p.f, MSR), 0x11); /* RTS -> CTS and its delta */
    ck_assert_uint_eq(fixture_in(p.f, MSR), 0x10);
    fixture_out(p.f, MCR, 0x14); /* OUT1 -> RI: its rise is no TERI */
    ck_assert_uint_eq(fixture_in(p.f, MSR), 0x41);
    fixture_out(p.f, MCR, 0x10);
    ck_assert_uint_eq(fixture_in(p.f, MSR), 0x04);
    fixture_out(p.f, THR, 0x55);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 0x55);
    ck_assert_uint_eq(p.back_end.sent_count, 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(fifo_overrun_keeps_what_is_in_the_fifo)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, FCR, 0x01);
    fixture_out(p.f, MCR, 0x10);
    for (uint8_t i = 0; i < 17; i++)
        fixture_out(p.f, THR, i);
    ck_assert_uint_eq(fixture_in(p.f, LSR) & 0x02, 0x02);
    for (uint8_t i = 0; i < 16; i++)
        ck_assert_uint_eq(fixture_in(p.f, RBR), i);
    ck_assert_uint_eq(fixture_in(p.f, LSR) & 0x01, 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(fcr_empties_the_fifos_and_tells_the_back_end)
{
    struct port p;
    unsigned readies;
    make(&p, "0");
    fixture_out(p.f, FCR, 0x01);
    fixture_chardev_give(&p.back_end, "0123456789abcdef", 16);
    readies = p.back_end.readies;
    fixture_out(p.f, FCR, 0x03);
    ck_assert_uint_eq(fixture_in(p.f, LSR) & 1, 0);
    ck_assert_uint_gt(p.back_end.readies, readies);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(pace_makes_characters_take_their_time)
{
    struct port p;
    make(&p, "1");
    fixture_out(p.f, FCR, 0x01);
    fixture_out(p.f, IER, 0x02);
    fixture_in(p.f, IIR);
    fixture_out(p.f, THR, 'a'); /* into the shift register */
    fixture_out(p.f, THR, 'b');
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x00);
    fixture_run_us(p.f, 86); /* 10 bits / 115,200 = 86.8 us */
    ck_assert_uint_eq(p.back_end.sent_count, 0);
    fixture_run_us(p.f, 1);
    ck_assert_uint_eq(p.back_end.sent_count, 1);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x20); /* 'b' is being shifted */
    ck_assert(p.irq.level);
    fixture_run_us(p.f, 87);
    ck_assert_uint_eq(p.back_end.sent_count, 2);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x60);
    ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "xyz", 3), 1); /* one character a time */
    ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "yz", 2), 0);
    fixture_run_us(p.f, 87);
    ck_assert_uint_eq(fixture_chardev_give(&p.back_end, "yz", 2), 1);
    device_fixture_free(p.f);
}
END_TEST

/* The data sheet's divisors begin with 1; a guest may write 0 all the same. Characters then take the
 * shortest time that there is, and nothing else starves. */
START_TEST(divisor_0_is_as_fast_as_divisor_1)
{
    struct port p;
    make(&p, "1");
    fixture_out(p.f, LCR, 0x83);
    fixture_out(p.f, DLL, 0x00);
    fixture_out(p.f, IER, 0x00); /* DLM */
    fixture_out(p.f, LCR, 0x03);
    fixture_out(p.f, FCR, 0x01);
    for (unsigned i = 0; i < 10; i++)
        fixture_out(p.f, THR, (uint8_t)('0' + i));
    fixture_run_us(p.f, 86);
    ck_assert_uint_eq(p.back_end.sent_count, 0);
    fixture_run_us(p.f, 9 * 87 + 1);
    ck_assert_uint_eq(p.back_end.sent_count, 10);
    ck_assert_mem_eq(p.back_end.sent, "0123456789", 10);
    device_fixture_free(p.f);
}
END_TEST

/* PC16550D 8.4, BI: a break while looping back is a zero with BI, and interrupts as line status. */
START_TEST(a_break_in_loopback_is_a_zero_with_its_flag)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, IER, 0x04);
    fixture_out(p.f, MCR, 0x10);
    fixture_out(p.f, LCR, 0x43);
    ck_assert_uint_eq(fixture_in(p.f, IIR), 0x06);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x71);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x61); /* reading clears it */
    ck_assert_uint_eq(fixture_in(p.f, RBR), 0x00);
    fixture_out(p.f, LCR, 0x03);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x60); /* its end is no character */
    device_fixture_free(p.f);
}
END_TEST

/* PC16550D 8.4: in the FIFO a break shows when its character is the next to be read; bit 7 tells before. */
START_TEST(a_break_in_the_fifo_waits_for_its_turn)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, FCR, 0x01);
    fixture_out(p.f, MCR, 0x10);
    fixture_out(p.f, LCR, 0x03);
    fixture_out(p.f, THR, 'a');
    fixture_out(p.f, LCR, 0x43);
    fixture_out(p.f, LCR, 0x03);
    fixture_out(p.f, THR, 'b');
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0xE1);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0xE1); /* reading does not clear what is still to come */
    fixture_check_state(p.f->device);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 'a');
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0xF1);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x61);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 0x00);
    ck_assert_uint_eq(fixture_in(p.f, RBR), 'b');
    fixture_out(p.f, LCR, 0x43);
    fixture_out(p.f, FCR, 0x03); /* the receiver's FIFO is cleared */
    (void)fixture_in(p.f, LSR);
    ck_assert_uint_eq(fixture_in(p.f, LSR), 0x60);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(short_words_send_their_bits_only)
{
    struct port p;
    make(&p, "0");
    fixture_out(p.f, LCR, 0x02);
    fixture_out(p.f, THR, 0xC1);
    ck_assert_uint_eq(p.back_end.sent[0], 0x41);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(two_ports_do_not_see_each_other)
{
    struct port p;
    struct device_config config = {.name = "com2"};
    struct device *second;
    uint64_t before;
    make(&p, "0");
    fixture_set(&config, "base", "0x2f8");
    second = fixture_add(p.f, &UART16550_TYPE, &config);
    before = fixture_hash(second);
    fixture_out(p.f, SCR, 0x5A);
    fixture_out(p.f, THR, 'x');
    fixture_chardev_give(&p.back_end, "x", 1);
    ck_assert_uint_eq(fixture_hash(second), before);
    ck_assert_uint_eq(fixture_in(p.f, 0x2FF), 0);
    device_fixture_free(p.f);
}
END_TEST

/* Two ports on a null modem cable: DTR is the other's DSR and DCD, RTS its CTS. */
struct cable_end {
    struct fixture_chardev back_end; /* first */
    struct chardev *other;
};

static void cross_lines(struct chardev *chardev, uint8_t lines, uint8_t changed)
{
    struct chardev *other = ((struct cable_end *)(void *)chardev)->other;
    ck_assert_uint_ne(changed, 0);
    other->modem(other->device, (uint8_t)((lines & MODEM_DTR ? MODEM_DSR | MODEM_DCD : 0) |
                                          (lines & MODEM_RTS ? MODEM_CTS : 0)));
}

static struct device_fixture *make_cable(struct cable_end ends[2])
{
    struct device_config configs[2] = {{.name = "com1"}, {.name = "com2"}};
    struct device_fixture *f;
    for (unsigned i = 0; i < 2; i++) {
        fixture_chardev_init(&ends[i].back_end);
        ends[i].back_end.chardev.has_modem = true;
        ends[i].back_end.chardev.set_modem = cross_lines;
        ends[i].other = &ends[!i].back_end.chardev;
        configs[i].chardev = &ends[i].back_end.chardev;
    }
    fixture_set(&configs[1], "base", "0x2f8");
    f = device_fixture_new(&UART16550_TYPE, &configs[0]);
    fixture_add(f, &UART16550_TYPE, &configs[1]);
    return f;
}

START_TEST(a_null_modem_cable_carries_the_modem_lines)
{
    enum { MCR2 = 0x2FC, MSR2 = 0x2FE };
    struct cable_end ends[2];
    struct device_fixture *f = make_cable(ends);
    struct fixture_probe irq;
    fixture_probe(f, f->device, "irq", &irq);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x00);
    fixture_out(f, MCR, 0x08); /* OUT2 */
    fixture_out(f, IER, 0x08); /* EDSSI */
    ck_assert_int_eq(irq.level, 0);
    fixture_out(f, MCR2, 0x03);
    ck_assert_int_eq(irq.level, 1);
    ck_assert_uint_eq(fixture_in(f, IIR), 0x00);
    ck_assert_uint_eq(fixture_in(f, MSR), 0xBB); /* DCTS, DDSR, DDCD */
    ck_assert_int_eq(irq.level, 0);
    ck_assert_uint_eq(fixture_in(f, MSR), 0xB0);
    fixture_out(f, MCR2, 0x01); /* RTS falls */
    ck_assert_uint_eq(fixture_in(f, MSR), 0xA1);
    fixture_out(f, MCR2, 0x13); /* loopback: the pins are inactive, and MSR is its own */
    fixture_run_us(f, 49000);
    ck_assert_uint_eq(fixture_in(f, MSR), 0xA0); /* not yet */
    fixture_out(f, MCR2, 0x03);
    fixture_run_us(f, 100000);
    ck_assert_uint_eq(fixture_in(f, MSR), 0xB1);
    fixture_out(f, MCR2, 0x00);
    fixture_run_us(f, 25000);
    fixture_check_state(f->device);
    ck_assert_uint_eq(fixture_in(f, MSR), 0xA1);
    fixture_run_us(f, 26000);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x0A);
    ck_assert_uint_eq(fixture_in(f, MSR2) & 0xF0, 0); /* nobody has raised the first one's DTR */
    device_fixture_free(f);
}
END_TEST

START_TEST(ri_interrupts_when_it_ends_and_loopback_hides_the_other_side)
{
    struct cable_end ends[2];
    struct device_fixture *f = make_cable(ends);
    struct chardev *first = &ends[0].back_end.chardev;
    fixture_out(f, IER, 0x08);
    first->modem(first->device, MODEM_RI);
    ck_assert_uint_eq(fixture_in(f, IIR), 0x01);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x40);
    first->modem(first->device, 0);
    ck_assert_uint_eq(fixture_in(f, IIR), 0x00);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x04);
    fixture_out(f, MCR, 0x10);
    first->modem(first->device, MODEM_DCD);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x00);
    fixture_out(f, MCR, 0x00);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x88);
    f->device->type->reset(f->device, RESET_HARD);
    ck_assert_uint_eq(fixture_in(f, MSR), 0x80); /* the line stays, the change does not */
    device_fixture_free(f);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct port p;
    make(&p, "1");
    fixture_out(p.f, FCR, 0xC1);
    fixture_out(p.f, THR, 'a');
    fixture_out(p.f, THR, 'b');
    fixture_chardev_give(&p.back_end, "c", 1);
    fixture_check_state(p.f->device);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(survives_random_accesses)
{
    for (unsigned pace = 0; pace < 2; pace++) {
        struct port p;
        make(&p, pace ? "1" : "0");
        for (unsigned i = 0; i < 100; i++) {
            fixture_hostile(p.f, 1 + i, 200);
            fixture_chardev_give(&p.back_end, "0123456789abcdefghij", 20);
        }
        fixture_check_state(p.f->device);
        device_fixture_free(p.f);
    }
}
END_TEST

Suite *uart16550_suite(void)
{
    Suite *suite = suite_create("uart16550");
    TCase *tests = tcase_create("uart16550");
    tcase_add_test(tests, bytes_written_reach_the_back_end_in_order);
    tcase_add_test(tests, a_back_end_that_is_behind_holds_the_transmitter);
    tcase_add_test(tests, divisor_latch_hides_the_data_registers);
    tcase_add_test(tests, thre_interrupt_comes_when_enabled_and_goes_when_identified);
    tcase_add_test(tests, out2_gates_the_interrupt);
    tcase_add_test(tests, received_byte_interrupts_until_it_is_read);
    tcase_add_test(tests, fifo_interrupts_at_the_trigger_level);
    tcase_add_test(tests, fifo_below_its_trigger_times_out);
    tcase_add_test(tests, interrupts_are_identified_by_priority);
    tcase_add_test(tests, loopback_connects_the_modem_lines);
    tcase_add_test(tests, fifo_overrun_keeps_what_is_in_the_fifo);
    tcase_add_test(tests, fcr_empties_the_fifos_and_tells_the_back_end);
    tcase_add_test(tests, pace_makes_characters_take_their_time);
    tcase_add_test(tests, divisor_0_is_as_fast_as_divisor_1);
    tcase_add_test(tests, a_break_in_loopback_is_a_zero_with_its_flag);
    tcase_add_test(tests, a_break_in_the_fifo_waits_for_its_turn);
    tcase_add_test(tests, short_words_send_their_bits_only);
    tcase_add_test(tests, two_ports_do_not_see_each_other);
    tcase_add_test(tests, a_null_modem_cable_carries_the_modem_lines);
    tcase_add_test(tests, ri_interrupts_when_it_ends_and_loopback_hides_the_other_side);
    tcase_add_test(tests, state_is_saved_whole);
    tcase_add_test(tests, survives_random_accesses);
    suite_add_tcase(suite, tests);
    return suite;
}
