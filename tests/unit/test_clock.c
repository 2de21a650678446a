/* bus/clock: order, views, rational rates. */
#include <check.h>

#include "bus/clock.h"

struct log_of_events {
    char text[64];
    size_t used;
    struct event *again;
    uint64_t step;
};

static struct timeline timeline;
static struct clock clock_a, clock_b;

static void setup(void)
{
    timeline_init(&timeline, 100000000);
    clock_init(&clock_a, &timeline);
    clock_init(&clock_b, &timeline);
}

static void teardown(void)
{
    clock_fini(&clock_a);
    clock_fini(&clock_b);
}

struct noted {
    struct event event;
    struct log_of_events *log;
    char letter;
};

static void note(void *self)
{
    struct noted *n = self;
    n->log->text[n->log->used++] = n->letter;
}

START_TEST(events_fire_by_time_then_by_order_of_arming)
{
    struct log_of_events log = {.used = 0};
    struct noted n[4];
    static const char LETTERS[] = "abcd";
    for (int i = 0; i < 4; i++) {
        n[i].log = &log;
        n[i].letter = LETTERS[i];
        event_init(&n[i].event, i % 2 ? &clock_a : &clock_b, "n", note, &n[i]);
    }
    event_arm(&n[3].event, 20);
    event_arm(&n[1].event, 10);
    event_arm(&n[2].event, 20);
    event_arm(&n[0].event, 10);
    ck_assert_uint_eq(timeline_next_deadline(&timeline), 10);
    timeline.now = 20;
    timeline_fire_due(&timeline, 100);
    ck_assert_str_eq(log.text, "badc");
}
END_TEST

START_TEST(a_rearmed_event_moves_and_a_disarmed_one_is_silent)
{
    struct log_of_events log = {.used = 0};
    struct noted n[50];
    for (int i = 0; i < 50; i++) {
        n[i].log = &log;
        n[i].letter = 'x';
        event_init(&n[i].event, &clock_a, "n", note, &n[i]);
        event_arm(&n[i].event, (uint64_t)(1000 - i * 7));
    }
    for (int i = 0; i < 50; i += 2)
        event_disarm(&n[i].event);
    for (int i = 1; i < 50; i += 4)
        event_arm(&n[i].event, 5000);
    timeline.now = 1000;
    timeline_fire_due(&timeline, 100);
    ck_assert_uint_eq(log.used, 12);
    timeline.now = 5000;
    timeline_fire_due(&timeline, 100);
    ck_assert_uint_eq(log.used, 25);
}
END_TEST

START_TEST(arming_nearer_than_the_slice_shortens_it)
{
    struct noted n = {.letter = 'x'};
    event_init(&n.event, &clock_a, "n", note, &n);
    timeline.now = 100;
    timeline.slice_end = 1000;
    event_arm(&n.event, 400);
    ck_assert_uint_eq(timeline.slice_end, 400);
    event_arm(&n.event, 50); /* the past: as soon as the instruction is over */
    ck_assert_uint_eq(timeline.slice_end, 100);
}
END_TEST

START_TEST(a_frozen_clock_stands_still_and_goes_on_where_it_stood)
{
    struct noted n = {.letter = 'x'};
    event_init(&n.event, &clock_a, "n", note, &n);
    event_arm(&n.event, 300);
    timeline.now = 100;
    clock_freeze(&clock_a);
    timeline.now = 1000;
    ck_assert_uint_eq(clock_now(&clock_a), 100);
    ck_assert_uint_eq(clock_now(&clock_b), 1000);
    ck_assert_uint_eq(timeline_next_deadline(&timeline), UINT64_MAX);
    clock_thaw(&clock_a);
    ck_assert_uint_eq(clock_now(&clock_a), 100);
    ck_assert_uint_eq(timeline_next_deadline(&timeline), 1200);
}
END_TEST

/* The 8254 runs at 105/88 MHz: in 88 seconds exactly 105,000,000 ticks, at any instant the same as
 * exact arithmetic says. */
START_TEST(rates_convert_rationally_from_absolute_time)
{
    timeline.now = UINT64_C(100000000) * 88;
    ck_assert_uint_eq(clock_ticks(&clock_a, 105000000, 88), 105000000);
    timeline.now -= 1;
    ck_assert_uint_eq(clock_ticks(&clock_a, 105000000, 88), 104999999);
    for (uint64_t tick = 1; tick < 2000; tick += 7) {
        uint64_t when = clock_when_ticks(&clock_a, tick, 105000000, 88);
        timeline.now = when;
        ck_assert_uint_eq(clock_ticks(&clock_a, 105000000, 88), tick);
        timeline.now = when - 1;
        ck_assert_uint_eq(clock_ticks(&clock_a, 105000000, 88), tick - 1);
    }
}
END_TEST

Suite *clock_suite(void);
Suite *clock_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("time");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, events_fire_by_time_then_by_order_of_arming);
    tcase_add_test(tcase, a_rearmed_event_moves_and_a_disarmed_one_is_silent);
    tcase_add_test(tcase, arming_nearer_than_the_slice_shortens_it);
    tcase_add_test(tcase, a_frozen_clock_stands_still_and_goes_on_where_it_stood);
    tcase_add_test(tcase, rates_convert_rationally_from_absolute_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
