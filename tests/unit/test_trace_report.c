/* The report: what is kept and counted, limits that are said, guests' words that are no markup. */
#include "debugger/trace_report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debugger/trace_output.h"

static void take(struct report *r, const struct trace_record *record)
{
    report_take(r, record);
}

static struct trace_record access_of(uint64_t seq, uint64_t cause, bool has_cpu)
{
    return (struct trace_record){.kind = TRACE_ACCESS,
                                 .seq = seq,
                                 .cause = cause,
                                 .ns = seq * 100,
                                 .machine = has_cpu ? "alpha" : "host",
                                 .has_cpu = has_cpu,
                                 .is_write = true,
                                 .size = 1,
                                 .count = 1,
                                 .address = 0x1F7,
                                 .device = "ide0",
                                 .meaning = "m"};
}

/* The page's text; the caller frees it. */
static char *page_of(const struct trace_record *records, size_t count)
{
    struct trace_sink sink;
    struct error error = {STATUS_OK, ""};
    char path[] = "report-test-XXXXXX", *text = calloc(1, 4000000);
    FILE *file;
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    file = fdopen(descriptor, "rb");
    ck_assert_int_eq(trace_report_open(&sink, path, &error), STATUS_OK);
    ck_assert_int_eq(sink.begin(sink.self, &(struct trace_head){1, 0}, &error), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(sink.record(sink.self, &records[i], &error), STATUS_OK);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
    ck_assert_uint_gt(fread(text, 1, 3999999, file), 1000);
    fclose(file);
    remove(path);
    return text;
}

START_TEST(what_has_a_cause_is_kept_with_its_cause_in_either_order)
{
    struct report *r = calloc(1, sizeof *r);
    struct trace_record records[] = {
        access_of(1, 0, true),  /* leads to nothing */
        access_of(3, 2, false), /* inside of 2, which ends later */
        access_of(2, 0, true),  access_of(4, 0, true), access_of(5, 4, false), /* after 4 */
    };
    for (size_t i = 0; i < 5; i++)
        take(r, &records[i]);
    ck_assert_uint_eq(r->records, 5);
    ck_assert_uint_eq(r->event_count, 4);
    for (size_t i = 0; i < r->event_count; i++)
        ck_assert_uint_ne(r->events[i].seq, 1);
    ck_assert_str_eq(r->events[0].label, "out 1f7 <- 0  m");
    free(r);
}
END_TEST

START_TEST(bins_widen_so_that_any_length_of_run_fits)
{
    struct report *r = calloc(1, sizeof *r);
    uint64_t sum = 0;
    for (uint64_t i = 1; i < 5000; i++) {
        struct trace_record record = access_of(i, 0, true);
        record.ns = i * i * i * 1000;
        take(r, &record);
    }
    for (unsigned n = 0; n < REPORT_BINS; n++)
        sum += r->lanes[0].bins[n];
    ck_assert_uint_eq(sum, 4999);
    ck_assert_uint_le((r->last_ns - r->first_ns) / r->bin_ns, REPORT_BINS - 1);
    free(r);
}
END_TEST

START_TEST(past_the_limits_is_counted_and_said)
{
    struct report *r = calloc(1, sizeof *r);
    struct trace_record disk = {
        .kind = TRACE_DISK, .machine = "host", .source = "ide0", .count = 1};
    struct trace_record frame = {
        .kind = TRACE_FRAME, .machine = "host", .source = "a", .target = "b"};
    for (unsigned i = 0; i < REPORT_EVENTS + 10; i++) {
        struct trace_record record = access_of(2 + 2 * i, 1 + 2 * i, false);
        take(r, &record);
    }
    for (unsigned i = 0; i < REPORT_DISK + 5; i++) {
        disk.seq = 100001 + i;
        take(r, &disk);
    }
    for (unsigned i = 0; i < REPORT_FRAMES + 3; i++) {
        frame.seq = 200001 + i;
        take(r, &frame);
    }
    /* Half of the chains went when there was no room; what came then had room again. */
    ck_assert_uint_eq(r->event_count + r->left_events,
                      REPORT_EVENTS + 10 + REPORT_DISK + 5 + REPORT_FRAMES + 3);
    ck_assert_uint_gt(r->event_count, REPORT_EVENTS / 3);
    ck_assert_uint_lt(r->event_count, REPORT_EVENTS);
    ck_assert_uint_eq(r->left_disk, 5);
    ck_assert_uint_eq(r->left_frames, 3);
    ck_assert_uint_eq(r->paths[0].frames, REPORT_FRAMES + 3);
    /* More names and lanes than there is room for. */
    for (unsigned i = 0; i < 400; i++) {
        struct trace_record record = access_of(1, 0, true);
        char device[16];
        snprintf(device, sizeof device, "d%u", i);
        record.device = device;
        take(r, &record);
    }
    ck_assert_uint_eq(r->lane_count, REPORT_LANES);
    ck_assert_uint_gt(r->left_lanes, 0);
    free(r);
}
END_TEST

START_TEST(words_of_a_guest_are_no_markup)
{
    static const char SAID[] = "</script><script>alert(1)</script>\x01\xFF";
    const struct trace_record records[] = {
        {.kind = TRACE_TEXT,
         .seq = 1,
         .machine = "<b>",
         .bytes = (const uint8_t *)SAID,
         .byte_count = sizeof SAID - 1}
    };
    char *text = page_of(records, 1);
    ck_assert_ptr_nonnull(strstr(text, "\\u003c/script>\\u003cscript>alert(1)"));
    ck_assert_ptr_null(strstr(text, "<script>alert"));
    ck_assert_ptr_null(strstr(text, "\"<b>\""));
    free(text);
}
END_TEST

START_TEST(an_empty_trace_has_a_page)
{
    char *text = page_of(NULL, 0);
    ck_assert_ptr_nonnull(strstr(text, "\"records\":0"));
    ck_assert_ptr_nonnull(strstr(text, "</html>"));
    free(text);
}
END_TEST

Suite *trace_report_suite(void)
{
    Suite *suite = suite_create("trace_report");
    TCase *tcase = tcase_create("trace_report");
    tcase_add_test(tcase, what_has_a_cause_is_kept_with_its_cause_in_either_order);
    tcase_add_test(tcase, bins_widen_so_that_any_length_of_run_fits);
    tcase_add_test(tcase, past_the_limits_is_counted_and_said);
    tcase_add_test(tcase, words_of_a_guest_are_no_markup);
    tcase_add_test(tcase, an_empty_trace_has_a_page);
    suite_add_tcase(suite, tcase);
    return suite;
}
