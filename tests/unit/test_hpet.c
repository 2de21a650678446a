/* The HPET: counter, comparators, routing. Oracle: IA-PC HPET Specification 1.0a. */
#include <check.h>

#include "base/bits.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BASE UINT64_C(0xFED00000)
enum {
    GCAP = 0,
    PERIOD = 4,
    CONF = 0x10,
    STATUS = 0x20,
    COUNTER = 0xF0,
    TIMER = 0x100,
    COMP = 0x108
};
enum { LEVEL = 2, ENABLE = 4, PERIODIC = 8, SET_VALUE = 0x40, MODE_32 = 0x100 };
#define ROUTE(n) ((uint32_t)(n) << 9)
/* Instructions up to a tick: 315/22 MHz at 105 MHz is a tick each 22/3 instructions. */
#define AT_TICK(n) (((n)*UINT64_C(22) + 2) / 3)

static uint32_t get(struct device_fixture *f, uint32_t offset)
{
    return (uint32_t)space_read(&f->memory, BASE + offset, 4);
}

static void put(struct device_fixture *f, uint32_t offset, uint32_t value)
{
    space_write(&f->memory, BASE + offset, 4, value);
}

static void run_to(struct device_fixture *f, uint64_t instant)
{
    ck_assert_uint_ge(instant, f->timeline.now);
    fixture_run(f, instant - f->timeline.now);
}

/* Comparators are all ones after a reset: their upper halves are cleared here. */
static struct device_fixture *start(void)
{
    struct device_fixture *f = device_fixture_new(&HPET_TYPE, NULL);
    for (unsigned n = 0; n < 3; n++) {
        ck_assert_uint_eq(get(f, COMP + 0x20 * n + 4), UINT32_MAX);
        put(f, COMP + 0x20 * n + 4, 0);
    }
    return f;
}

static void stop(struct device_fixture *f)
{
    fixture_check_state(f->device);
    device_fixture_free(f);
}

START_TEST(counter_runs_at_the_period_that_it_names)
{
    struct device_fixture *f = start();
    ck_assert_uint_le(get(f, PERIOD), 0x05F5E100); /* 2.3.4: at most 100 ns */
    ck_assert_uint_eq(get(f, GCAP) >> 8 & 31, 2);
    fixture_run(f, 2200);
    ck_assert_uint_eq(get(f, COUNTER), 0); /* halted */
    put(f, CONF, 1);
    fixture_run_us(f, 1000);
    /* a millisecond in ticks of that period */
    ck_assert_uint_eq(get(f, COUNTER), UINT64_C(1000000000000) / get(f, PERIOD));
    put(f, CONF, 0);
    fixture_run_us(f, 1000);
    ck_assert_uint_eq(get(f, COUNTER), 14318);
    put(f, COUNTER, 0xFFFFFFFF);
    put(f, COUNTER + 4, 7);
    put(f, CONF, 1);
    fixture_run_us(f, 1);
    ck_assert_uint_eq(get(f, COUNTER + 4), 8); /* 64 bits */
    stop(f);
}
END_TEST

START_TEST(one_shot_edge_comes_at_the_match_and_not_again)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi20", &gsi);
    put(f, TIMER + 0x20, ENABLE | ROUTE(20));
    put(f, COMP + 0x20, 100);
    put(f, CONF, 1);
    run_to(f, AT_TICK(100) - 1);
    ck_assert_uint_eq(gsi.rises, 0);
    run_to(f, AT_TICK(100));
    ck_assert_uint_eq(gsi.rises, 1);
    fixture_run_us(f, 1000);
    ck_assert_uint_eq(gsi.rises, 1);
    ck_assert_uint_eq(get(f, STATUS), 0);      /* edges have no status */
    put(f, COMP + 0x20, get(f, COUNTER) + 50); /* the next one, as Linux does */
    fixture_run_us(f, 100);
    ck_assert_uint_eq(gsi.rises, 2);
    stop(f);
}
END_TEST

START_TEST(level_stays_until_a_one_clears_its_status)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi16", &gsi);
    put(f, TIMER + 0x40, LEVEL | ENABLE | ROUTE(16));
    put(f, COMP + 0x40, 100);
    put(f, CONF, 1);
    fixture_run_us(f, 10);
    ck_assert(gsi.level);
    ck_assert_uint_eq(get(f, STATUS), 1u << 2);
    put(f, STATUS, 3);
    ck_assert(gsi.level);
    put(f, STATUS, 1u << 2);
    ck_assert(!gsi.level);
    ck_assert_uint_eq(get(f, STATUS), 0);
    stop(f);
}
END_TEST

/* 2.3.8, Tn_INT_ENB_CNF = 0: the status bit comes all the same, and interrupts once it may. */
START_TEST(level_without_its_interrupt_shows_in_the_status)
{
    struct device_fixture *f = start(), *other = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi16", &gsi);
    put(f, TIMER, ROUTE(16));
    put(f, COMP, 100);
    put(f, TIMER + 0x20, LEVEL | ROUTE(16));
    put(f, COMP + 0x20, 100);
    put(f, CONF, 1);
    run_to(f, AT_TICK(100) - 1);
    ck_assert_uint_eq(get(f, STATUS), 0);
    run_to(f, AT_TICK(100));
    ck_assert_uint_eq(get(f, STATUS), 1u << 1); /* not of timer 0: an edge has none */
    ck_assert_uint_eq(get(other, STATUS), 0);
    ck_assert_uint_eq(gsi.rises, 0);
    put(f, TIMER + 0x20, LEVEL | ENABLE | ROUTE(16));
    ck_assert(gsi.level);
    put(f, STATUS, 1u << 1);
    ck_assert(!gsi.level);
    stop(other);
    stop(f);
}
END_TEST

/* 2.3.9.2.2. */
START_TEST(periodic_comparator_moves_on_by_what_was_written)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi17", &gsi);
    put(f, TIMER, ENABLE | PERIODIC | SET_VALUE | MODE_32 | ROUTE(17));
    put(f, COMP, 300);
    ck_assert_uint_eq(get(f, TIMER) & SET_VALUE, 0); /* cleared by the write */
    put(f, COMP, 1000);                              /* the period alone */
    put(f, CONF, 1);
    for (unsigned n = 0; n < 5; n++) {
        run_to(f, AT_TICK(300 + UINT64_C(1000) * n) - 1);
        ck_assert_uint_eq(gsi.rises, n);
        ck_assert_uint_eq(get(f, COMP), 300 + 1000 * n);
        run_to(f, AT_TICK(300 + UINT64_C(1000) * n));
        ck_assert_uint_eq(gsi.rises, n + 1);
    }
    ck_assert_uint_eq(get(f, COMP), 5300);
    stop(f);
}
END_TEST

START_TEST(legacy_replacement_takes_the_places_of_pit_and_rtc)
{
    struct device_fixture *f = start();
    struct fixture_probe irq0, irq8, gsi;
    fixture_probe(f, f->device, "irq0", &irq0);
    fixture_probe(f, f->device, "irq8", &irq8);
    fixture_probe(f, f->device, "gsi16", &gsi);
    f->device->type->input(f->device, 0, true);
    ck_assert(irq0.level);
    f->device->type->input(f->device, 1, true);
    f->device->type->input(f->device, 1, false);
    ck_assert_uint_eq(irq8.rises, 1);
    put(f, TIMER, ENABLE | ROUTE(16));
    put(f, TIMER + 0x20, ENABLE);
    put(f, COMP, 100);
    put(f, COMP + 0x20, 200);
    put(f, CONF, 3);
    ck_assert(!irq0.level);
    f->device->type->input(f->device, 1, true);
    ck_assert_uint_eq(irq8.rises, 1);
    run_to(f, AT_TICK(100));
    ck_assert(irq0.level);
    ck_assert(!gsi.level); /* 2.3.5: the route of timers 0 and 1 has no effect */
    run_to(f, AT_TICK(200));
    ck_assert_uint_eq(irq8.rises, 2);
    stop(f);
}
END_TEST

START_TEST(mode_of_32_bits_matches_the_low_half)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi16", &gsi);
    put(f, COUNTER, 0xFFFFFFF0);
    put(f, COUNTER + 4, 5);
    put(f, TIMER, ENABLE | MODE_32 | ROUTE(16));
    put(f, COMP, 0x10);
    put(f, CONF, 1);
    run_to(f, AT_TICK(0x20) - 1);
    ck_assert_uint_eq(gsi.rises, 0);
    run_to(f, AT_TICK(0x20));
    ck_assert_uint_eq(gsi.rises, 1);
    put(f, TIMER, ROUTE(3)); /* 2.3.8: not one of its routes */
    ck_assert_uint_eq(get(f, TIMER) >> 9 & 31, 0);
    stop(f);
}
END_TEST

START_TEST(shortest_period_fires_once_an_instruction_at_most)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi16", &gsi);
    put(f, TIMER, ENABLE | PERIODIC | SET_VALUE | ROUTE(16));
    put(f, COMP, 1);
    put(f, CONF, 1);
    fixture_run(f, 2200);
    ck_assert_uint_eq(gsi.rises, 300); /* each tick, and ticks are 22/3 instructions */
    put(f, COMP, 0);
    fixture_run(f, 2200);
    ck_assert_uint_le(gsi.rises, 302);
    stop(f);
}
END_TEST

START_TEST(comparators_far_away_never_come)
{
    struct device_fixture *f = start();
    struct fixture_probe gsi;
    fixture_probe(f, f->device, "gsi16", &gsi);
    put(f, TIMER, ENABLE | ROUTE(16));
    put(f, CONF, 1);
    for (unsigned bit = 0; bit < 32; bit++) {
        put(f, COMP, 0);
        put(f, COMP + 4, UINT32_C(1) << bit | 1);
        fixture_run_us(f, 1);
    }
    ck_assert_uint_eq(gsi.rises, 0);
    stop(f);
}
END_TEST

START_TEST(two_timers_share_nothing)
{
    struct device_fixture *a = start(), *b = start();
    put(a, CONF, 1);
    fixture_run_us(a, 100);
    ck_assert_uint_gt(get(a, COUNTER), 1000);
    fixture_run_us(b, 100);
    ck_assert_uint_eq(get(b, COUNTER), 0);
    stop(a);
    stop(b);
}
END_TEST

Suite *hpet_suite(void)
{
    const TTest *const TESTS[] = {
        counter_runs_at_the_period_that_it_names,
        one_shot_edge_comes_at_the_match_and_not_again,
        level_stays_until_a_one_clears_its_status,
        level_without_its_interrupt_shows_in_the_status,
        periodic_comparator_moves_on_by_what_was_written,
        legacy_replacement_takes_the_places_of_pit_and_rtc,
        mode_of_32_bits_matches_the_low_half,
        shortest_period_fires_once_an_instruction_at_most,
        comparators_far_away_never_come,
        two_timers_share_nothing,
    };
    Suite *suite = suite_create("hpet");
    TCase *tcase = tcase_create("hpet");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_test(tcase, TESTS[n]);
    suite_add_tcase(suite, tcase);
    return suite;
}
