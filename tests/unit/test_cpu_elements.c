/* Runs of elements: whatever the distance, what one element after the other leaves. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/elements.h"

enum { ROOM = 3000, GUARD = 100 };

static void any_bytes(uint8_t *bytes, size_t count)
{
    for (size_t n = 0; n < count; n++)
        bytes[n] = (uint8_t)rand();
}

/* Totals around the limits of the short ways, and long ones. */
static uint64_t any_count(unsigned bytes)
{
    return (unsigned)rand() % (rand() % 2 ? 140 / bytes : (ROOM - 2 * GUARD) / 2 / bytes);
}

START_TEST(a_copy_is_as_if_element_after_element)
{
    static uint8_t apart[ROOM], together[ROOM];
    for (unsigned turn = 0; turn < 60000; turn++) {
        unsigned bytes = 1u << (unsigned)rand() % 3;
        uint64_t count = any_count(bytes);
        long reach = rand() % 2 ? 12 : 1200, distance = rand() % (2 * reach) - reach;
        size_t from = distance < 0 ? GUARD + (size_t)-distance : GUARD;
        size_t to = (size_t)((long)from + distance);
        any_bytes(apart, sizeof apart);
        memcpy(together, apart, sizeof apart);
        for (uint64_t n = 0; n < count; n++)
            memmove(apart + to + n * bytes, apart + from + n * bytes, bytes);
        elements_copy(together + to, together + from, count, bytes);
        ck_assert_msg(memcmp(apart, together, sizeof apart) == 0, "%llu of %u bytes, %ld away",
                      (unsigned long long)count, bytes, distance);
    }
}
END_TEST

START_TEST(a_fill_is_as_if_element_after_element)
{
    static uint8_t apart[ROOM], together[ROOM];
    for (unsigned turn = 0; turn < 20000; turn++) {
        unsigned bytes = 1u << (unsigned)rand() % 3;
        uint64_t count = any_count(bytes);
        uint64_t value = rand() % 2 ? (uint64_t)rand() & mask_bytes(bytes) : 0x5a5a5a5au & mask_bytes(bytes);
        any_bytes(apart, sizeof apart);
        memcpy(together, apart, sizeof apart);
        for (uint64_t n = 0; n < count; n++)
            for (unsigned at = 0; at < bytes; at++)
                apart[GUARD + n * bytes + at] = (uint8_t)(value >> 8 * at);
        elements_fill(together + GUARD, value, count, bytes);
        ck_assert_msg(memcmp(apart, together, sizeof apart) == 0, "%llu of %u bytes",
                      (unsigned long long)count, bytes);
    }
}
END_TEST

Suite *cpu_elements_suite(void);

Suite *cpu_elements_suite(void)
{
    Suite *suite = suite_create("cpu_elements");
    TCase *tcase = tcase_create("cpu_elements");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_copy_is_as_if_element_after_element);
    tcase_add_test(tcase, a_fill_is_as_if_element_after_element);
    suite_add_tcase(suite, tcase);
    return suite;
}
