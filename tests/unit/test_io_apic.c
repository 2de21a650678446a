/* The I/O APIC: redirection, level and edge, remote IRR. Oracle: Intel 82093AA data sheet. */
#include <check.h>

#include "base/bits.h"
#include "bus/apic_bus.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BASE       UINT64_C(0xFEC00000)
#define LEVEL      0x8000u
#define LOW        0x2000u
#define REMOTE_IRR 0x4000u
#define MASKED     0x10000u

struct bench {
    struct device_fixture *f;
    struct device *io;
    struct apic_bus bus;
    unsigned received;
    struct apic_message last;
    bool refuses;
};

static bool receive(void *self, const struct apic_message *message)
{
    struct bench *b = self;
    b->received++;
    b->last = *message;
    return !b->refuses;
}

static void start(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->f = fixture_new();
    b->f->env.apic = &b->bus;
    b->bus.receive = receive;
    b->bus.local = b;
    b->io = fixture_add(b->f, &IO_APIC_TYPE, NULL);
}

static void stop(struct bench *b)
{
    fixture_check_state(b->io);
    device_fixture_free(b->f);
}

static uint32_t get(struct bench *b, unsigned index)
{
    space_write(&b->f->memory, BASE, 4, index);
    return (uint32_t)space_read(&b->f->memory, BASE + 0x10, 4);
}

static void put(struct bench *b, unsigned index, uint32_t value)
{
    space_write(&b->f->memory, BASE, 4, index);
    space_write(&b->f->memory, BASE + 0x10, 4, value);
}

static void set(struct bench *b, unsigned input, bool level)
{
    b->io->type->input(b->io, input, level);
}

START_TEST(it_has_24_masked_entries_after_a_reset)
{
    struct bench b;
    start(&b);
    ck_assert_uint_eq(get(&b, 1), 0x00170011);
    for (unsigned n = 0; n < 24; n++) {
        ck_assert_uint_eq(get(&b, 0x10 + 2 * n), MASKED);
        ck_assert_uint_eq(get(&b, 0x11 + 2 * n), 0);
        set(&b, n, true);
    }
    ck_assert_uint_eq(b.received, 0);
    ck_assert_uint_eq(get(&b, 0x40), UINT32_MAX); /* no such register */
    put(&b, 0xFF, 1);
    put(&b, 0, 0xFFFFFFFF);
    ck_assert_uint_eq(get(&b, 0), 0x0F000000);
    ck_assert_uint_eq(get(&b, 2), 0x0F000000);
    stop(&b);
}
END_TEST

START_TEST(edge_is_sent_when_it_rises_and_lost_while_masked)
{
    struct bench b;
    start(&b);
    put(&b, 0x13, 0x05000000);
    put(&b, 0x12, 0x0931); /* input 1: lowest priority, logical */
    set(&b, 1, true);
    ck_assert_uint_eq(b.received, 1);
    ck_assert_uint_eq(b.last.vector, 0x31);
    ck_assert_int_eq(b.last.delivery, APIC_LOWEST_PRIORITY);
    ck_assert(b.last.is_logical && !b.last.is_level);
    ck_assert_uint_eq(b.last.destination, 5);
    set(&b, 1, true);
    set(&b, 1, false);
    ck_assert_uint_eq(b.received, 1);
    put(&b, 0x12, MASKED | 0x31);
    set(&b, 1, true);
    put(&b, 0x12, 0x31); /* 3.2.4, bit 16: not held pending */
    ck_assert_uint_eq(b.received, 1);
    ck_assert_uint_eq(get(&b, 0x12), 0x31);
    put(&b, 0x12, LOW | 0x31);
    set(&b, 1, false); /* active low: it becomes active */
    ck_assert_uint_eq(b.received, 2);
    stop(&b);
}
END_TEST

/* 82093AA 3.2.4: ExtINT and NMI have no end, so that a level would never be sent again. */
START_TEST(ext_int_and_nmi_are_edges_whatever_the_entry_says)
{
    static const uint32_t DELIVERIES[] = {APIC_EXTINT, APIC_NMI};
    for (size_t i = 0; i < ARRAY_COUNT(DELIVERIES); i++) {
        struct bench b;
        start(&b);
        put(&b, 0x10, LEVEL | DELIVERIES[i] << 8);
        for (unsigned edge = 1; edge <= 3; edge++) {
            set(&b, 0, true);
            ck_assert_uint_eq(b.received, edge);
            ck_assert(!b.last.is_level);
            ck_assert_uint_eq(b.last.delivery, DELIVERIES[i]);
            ck_assert_uint_eq(get(&b, 0x10) & REMOTE_IRR, 0);
            set(&b, 0, false);
        }
        stop(&b);
    }
}
END_TEST

START_TEST(level_is_sent_once_until_its_end_is_told)
{
    struct bench b;
    start(&b);
    put(&b, 0x10 + 2 * 11, LEVEL | 0x61);
    set(&b, 11, true);
    ck_assert_uint_eq(b.received, 1);
    ck_assert(b.last.is_level);
    ck_assert_uint_eq(get(&b, 0x10 + 2 * 11), LEVEL | REMOTE_IRR | 0x61);
    put(&b, 0x10 + 2 * 11, LEVEL | 0x61);
    ck_assert_uint_eq(b.received, 1);
    apic_bus_end(&b.bus, 0x62); /* another vector's */
    ck_assert_uint_eq(b.received, 1);
    apic_bus_end(&b.bus, 0x61); /* still active: again */
    ck_assert_uint_eq(b.received, 2);
    set(&b, 11, false);
    apic_bus_end(&b.bus, 0x61);
    ck_assert_uint_eq(b.received, 2);
    ck_assert_uint_eq(get(&b, 0x10 + 2 * 11), LEVEL | 0x61);
    put(&b, 0x10 + 2 * 11, MASKED | LEVEL | 0x61);
    set(&b, 11, true);
    ck_assert_uint_eq(b.received, 2);
    put(&b, 0x10 + 2 * 11, LEVEL | 0x61); /* a level is still there when the mask opens */
    ck_assert_uint_eq(b.received, 3);
    put(&b, 0x10 + 2 * 11, MASKED | 0x61); /* edge and back: Linux' end of an interrupt */
    put(&b, 0x10 + 2 * 11, MASKED | LEVEL | 0x61);
    ck_assert_uint_eq(get(&b, 0x10 + 2 * 11), MASKED | LEVEL | 0x61);
    stop(&b);
}
END_TEST

START_TEST(level_that_nobody_takes_is_not_in_flight)
{
    struct bench b;
    start(&b);
    b.refuses = true;
    put(&b, 0x10 + 2 * 9, LEVEL | 0x61);
    set(&b, 9, true);
    ck_assert_uint_eq(get(&b, 0x10 + 2 * 9), LEVEL | 0x61);
    set(&b, 24, true); /* no such input */
    stop(&b);
}
END_TEST

START_TEST(each_step_of_an_interrupt_is_shown)
{
    struct bench b;
    struct fixture_life life;
    start(&b);
    fixture_watch_life(b.f, &life);
    set(&b, 1, true); /* an edge at a masked entry */
    set(&b, 1, false);
    fixture_check_life(&life, "irq1 raised; irq1 lost; irq1 lowered; ");
    put(&b, 0x12, 0x31);
    set(&b, 1, true);
    fixture_check_life(&life, "irq1 raised; irq1 acknowledged 31h; ");
    put(&b, 0x14, LEVEL | MASKED | 0x42);
    set(&b, 2, true); /* a level waits behind the mask */
    fixture_check_life(&life, "irq2 raised; irq2 masked; ");
    put(&b, 0x14, LEVEL | 0x42);
    fixture_check_life(&life, "irq2 acknowledged 42h; ");
    set(&b, 2, false);
    b.bus.ended(b.bus.io, 0x42);
    fixture_check_life(&life, "irq2 lowered; irq2 ended 42h; ");
    b.refuses = true;
    set(&b, 1, false);
    set(&b, 1, true);
    fixture_check_life(&life, "irq1 lowered; irq1 raised; irq1 lost 31h; ");
    fixture_forget_life(b.f, &life);
    stop(&b);
}
END_TEST

START_TEST(two_io_apics_share_nothing)
{
    struct bench a, b;
    start(&a);
    start(&b);
    put(&a, 0x12, 0x31);
    put(&b, 0x12, 0x41);
    set(&a, 1, true);
    ck_assert_uint_eq(a.received, 1);
    ck_assert_uint_eq(b.received, 0);
    ck_assert_uint_eq(get(&b, 0x12), 0x41);
    stop(&a);
    stop(&b);
}
END_TEST

Suite *io_apic_suite(void)
{
    const TTest *const TESTS[] = {
        it_has_24_masked_entries_after_a_reset,
        edge_is_sent_when_it_rises_and_lost_while_masked,
        ext_int_and_nmi_are_edges_whatever_the_entry_says,
        level_is_sent_once_until_its_end_is_told,
        level_that_nobody_takes_is_not_in_flight,
        each_step_of_an_interrupt_is_shown,
        two_io_apics_share_nothing,
    };
    Suite *suite = suite_create("io_apic");
    TCase *tcase = tcase_create("io_apic");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_test(tcase, TESTS[n]);
    suite_add_tcase(suite, tcase);
    return suite;
}
