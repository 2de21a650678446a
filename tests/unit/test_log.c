/* base/log: levels, and that no guest can fill a disk with its errors. */
#include <check.h>
#include <string.h>

#include "base/log.h"

static void count(void *self, enum log_level level, const char *line)
{
    unsigned *lines = self;
    (void)level;
    ck_assert_uint_lt(strlen(line), 1024);
    (*lines)++;
}

START_TEST(lines_above_the_level_are_dropped)
{
    struct log log;
    unsigned lines = 0;
    log_init(&log, LOG_WARNING);
    log.write = count;
    log.self = &lines;
    log_line(&log, LOG_ERROR, "one");
    log_line(&log, LOG_WARNING, "two");
    log_line(&log, LOG_INFO, "not this");
    log_line(&log, LOG_DEBUG, "nor this");
    ck_assert_uint_eq(lines, 2);
}
END_TEST

START_TEST(a_place_is_reported_once)
{
    struct log log;
    log_init(&log, LOG_WARNING);
    ck_assert(log_first(&log, 7));
    ck_assert(!log_first(&log, 7));
    ck_assert(log_first(&log, 8));
    ck_assert(!log_first(&log, 7));
    ck_assert_uint_eq(log.suppressed, 2);
}
END_TEST

START_TEST(endless_new_places_end_with_one_line_that_says_so)
{
    struct log log;
    unsigned lines = 0, reported = 0;
    log_init(&log, LOG_WARNING);
    log.write = count;
    log.self = &lines;
    for (int round = 0; round < 3; round++)
        for (uint64_t place = 1; place <= 5 * LOG_PLACES; place++)
            reported += log_first(&log, place);
    ck_assert_uint_eq(reported, LOG_PLACES);
    ck_assert_uint_eq(lines, 1);
    ck_assert_uint_eq(log.suppressed, 14 * LOG_PLACES);
}
END_TEST

Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    tcase_add_test(tcase, lines_above_the_level_are_dropped);
    tcase_add_test(tcase, a_place_is_reported_once);
    tcase_add_test(tcase, endless_new_places_end_with_one_line_that_says_so);
    suite_add_tcase(suite, tcase);
    return suite;
}
