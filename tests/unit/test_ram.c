/* Frames of RAM: who is told of writes, and what clearing does. */
#include <check.h>
#include <string.h>

#include "bus/ram.h"

struct reports {
    struct code_listener listener;
    unsigned count;
    uint64_t last_frame_id;
};

static void note(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes)
{
    struct reports *reports = self;
    (void)offset, (void)bytes;
    reports->count++;
    reports->last_frame_id = frame_id;
}

static void init_two(struct ram rams[2], struct reports *reports)
{
    struct error error = {0};
    *reports = (struct reports){
        .listener = {.written = note, .self = reports}
    };
    ck_assert_int_eq(ram_init(&rams[0], "first", 7, 4, &error), STATUS_OK);
    ck_assert_int_eq(ram_init(&rams[1], "second", 8, 4, &error), STATUS_OK);
    ram_add_listener(&rams[0], &reports->listener);
}

START_TEST(a_write_is_reported_where_code_was_decoded)
{
    struct ram rams[2];
    struct reports reports;
    init_two(rams, &reports);
    ram_written(&rams[0], 2, 0, 4);
    ck_assert_uint_eq(reports.count, 0);
    ck_assert_uint_eq(rams[0].flags[2], FRAME_WRITTEN);
    rams[0].flags[2] |= FRAME_CODE;
    ram_written(&rams[0], 2, 0, 4);
    ck_assert_uint_eq(reports.count, 1);
    ck_assert_uint_eq(reports.last_frame_id, UINT64_C(7) << 32 | 2);
    ck_assert_uint_eq(rams[1].flags[2], 0);
    ram_fini(&rams[0]);
    ram_fini(&rams[1]);
}
END_TEST

START_TEST(clearing_zeroes_what_was_written_and_reports_it)
{
    struct ram rams[2];
    struct reports reports;
    init_two(rams, &reports);
    for (unsigned n = 0; n < 2; n++) {
        memset(rams[n].bytes + FRAME_BYTES, 0x5A, FRAME_BYTES);
        ram_written(&rams[n], 1, 0, FRAME_BYTES);
    }
    rams[0].flags[1] =
        FRAME_USED | FRAME_CODE;   /* somebody has seen to the dirty frames meanwhile */
    rams[0].flags[3] = FRAME_CODE; /* decoded zeroes, never written */
    ram_clear(&rams[0]);
    for (size_t at = 0; at < FRAME_BYTES; at++)
        if (rams[0].bytes[FRAME_BYTES + at] != 0)
            ck_abort_msg("byte %zu is left", at);
    ck_assert_uint_eq(reports.count, 1);
    ck_assert_uint_eq(reports.last_frame_id, UINT64_C(7) << 32 | 1);
    ck_assert_uint_eq(rams[0].flags[1] & FRAME_DIRTY, FRAME_DIRTY);
    ck_assert_uint_eq(rams[1].bytes[FRAME_BYTES], 0x5A);
    ram_fini(&rams[0]);
    ram_fini(&rams[1]);
}
END_TEST

START_TEST(memory_is_zero_and_aligned_for_large_pages)
{
    static const size_t frames[] = {1, 4, 511, 512, 1024};
    for (size_t n = 0; n < sizeof frames / sizeof frames[0]; n++) {
        struct ram ram;
        struct error error = {0};
        size_t bytes = frames[n] * FRAME_BYTES;
        size_t alignment = bytes < (size_t)2 << 20 ? FRAME_BYTES : (size_t)2 << 20;
        ck_assert_int_eq(ram_init(&ram, "ram", 9, frames[n], &error), STATUS_OK);
        ck_assert_uint_eq((uintptr_t)ram.bytes % alignment, 0);
        for (size_t at = 0; at < bytes; at++)
            if (ram.bytes[at] != 0)
                ck_abort_msg("byte %zu is not zero", at);
        memset(ram.bytes, 0xA5, bytes); /* all of it is there: the sanitizers look */
        ram_fini(&ram);
    }
}
END_TEST

Suite *ram_suite(void)
{
    Suite *suite = suite_create("ram");
    TCase *tcase = tcase_create("ram");
    tcase_add_test(tcase, a_write_is_reported_where_code_was_decoded);
    tcase_add_test(tcase, clearing_zeroes_what_was_written_and_reports_it);
    tcase_add_test(tcase, memory_is_zero_and_aligned_for_large_pages);
    suite_add_tcase(suite, tcase);
    return suite;
}
