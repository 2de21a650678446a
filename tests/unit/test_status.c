/* base/status: one failure, one message. */
#include <check.h>
#include <string.h>

#include "base/status.h"

START_TEST(first_failure_is_kept)
{
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(error_set(&error, STATUS_FILE, "%s: missing", "a.img"), STATUS_FILE);
    ck_assert_int_eq(error_set(&error, STATUS_INTERNAL, "because of it"), STATUS_FILE);
    ck_assert_int_eq(error.status, STATUS_FILE);
    ck_assert_str_eq(error.text, "a.img: missing");
}
END_TEST

START_TEST(prefix_stands_before_the_message)
{
    struct error error = {STATUS_OK, ""};
    error_set(&error, STATUS_USAGE, "too large");
    error_prefix(&error, "--memory %s", "9T");
    ck_assert_str_eq(error.text, "--memory 9T: too large");
}
END_TEST

START_TEST(endless_messages_are_cut_and_terminated)
{
    struct error error = {STATUS_OK, ""};
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    error_set(&error, STATUS_USAGE, "%s", endless);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    error_prefix(&error, "here");
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    ck_assert_mem_eq(error.text, "here: xxx", 9);
    error_prefix(&error, "%s", endless); /* no room for both: the message stays */
    ck_assert_mem_eq(error.text, "here: xxx", 9);
}
END_TEST

START_TEST(appended_text_ends_at_the_size_given)
{
    char text[8] = "";
    size_t used = 0;
    text_append(text, sizeof text, &used, "%d", 123);
    text_append(text, sizeof text, &used, "%s", "abc");
    ck_assert_str_eq(text, "123abc");
    text_append(text, sizeof text, &used, "defgh");
    ck_assert_str_eq(text, "123abcd");
    text_append(text, sizeof text, &used, "i");
    ck_assert_str_eq(text, "123abcd");
    ck_assert_uint_lt(used, sizeof text);
}
END_TEST

Suite *status_suite(void)
{
    Suite *suite = suite_create("status");
    TCase *tcase = tcase_create("messages");
    tcase_add_test(tcase, first_failure_is_kept);
    tcase_add_test(tcase, prefix_stands_before_the_message);
    tcase_add_test(tcase, endless_messages_are_cut_and_terminated);
    tcase_add_test(tcase, appended_text_ends_at_the_size_given);
    suite_add_tcase(suite, tcase);
    return suite;
}
