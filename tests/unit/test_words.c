/* base/words: what users write. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"

static const struct {
    const char *a, *b;
    size_t distance;
} DISTANCES[] = {
    /* Known pairs of the literature (Wagner and Fischer 1974 count the same edits). */
    {"kitten", "sitting", 3}, {"saturday", "sunday", 3}, {"", "abc", 3},
    {"memory", "memory", 0},  {"memroy", "memory", 2},   {"intention", "execution", 5},
};

START_TEST(distance_counts_edits_either_way)
{
    for (size_t i = 0; i < ARRAY_COUNT(DISTANCES); i++) {
        ck_assert_uint_eq(words_distance(DISTANCES[i].a, DISTANCES[i].b), DISTANCES[i].distance);
        ck_assert_uint_eq(words_distance(DISTANCES[i].b, DISTANCES[i].a), DISTANCES[i].distance);
    }
}
END_TEST

START_TEST(nearest_is_the_likeliest_word_or_none)
{
    static const char *const NAMES[] = {"memory", "disk", "display", "serial"};
    char endless[5000];
    ck_assert_str_eq(words_nearest("memroy", NAMES, 4), "memory");
    ck_assert_str_eq(words_nearest("dsik", NAMES, 4), "disk");
    ck_assert_str_eq(words_nearest("displya", NAMES, 4), "display");
    ck_assert_ptr_null(words_nearest("xyzzyplugh", NAMES, 4));
    ck_assert_ptr_null(words_nearest("memory", NAMES, 0));
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    ck_assert(words_distance(endless, "a") > 64); /* lives; the value only has to be far */
}
END_TEST

static const struct {
    const char *text;
    bool is_good;
    uint64_t value;
} NUMBERS[] = {
    {"0", true, 0}, {"768", true, 768}, {"010", true, 10}, {"0x300", true, 0x300},
    {"0XfF", true, 0xFF}, {"18446744073709551615", true, UINT64_MAX},
    {"18446744073709551616", false, 0}, {"-1", false, 0}, {"+1", false, 0}, {" 1", false, 0},
    {"1 ", false, 0}, {"", false, 0}, {"0x", false, 0}, {"12h", false, 0}, {"1e3", false, 0},
};

START_TEST(numbers_are_whole_and_have_no_sign)
{
    for (size_t i = 0; i < ARRAY_COUNT(NUMBERS); i++) {
        uint64_t value = 0;
        bool is_good = words_number(NUMBERS[i].text, &value);
        ck_assert_msg(is_good == NUMBERS[i].is_good, "'%s'", NUMBERS[i].text);
        if (is_good)
            ck_assert_uint_eq(value, NUMBERS[i].value);
    }
}
END_TEST

static const struct {
    const char *text;
    bool is_good;
    uint64_t bytes;
} SIZES[] = {
    {"4096", true, 4096}, {"64K", true, 65536}, {"64k", true, 65536}, {"16M", true, 1 << 24},
    {"2G", true, UINT64_C(1) << 31}, {"1T", true, UINT64_C(1) << 40}, {"0x10K", true, 16384},
    {"0x1000", true, 4096}, {"0xb", true, 11}, {"0", true, 0}, {"16Mx", false, 0}, {"M", false, 0},
    {"", false, 0}, {"-5M", false, 0}, {"1.5G", false, 0}, {"16MB", false, 0},
    {"99999999G", true, UINT64_C(99999999) << 30}, {"9999999999G", false, 0},
    {"99999999999999999999999999999999999999G", false, 0},
};

START_TEST(sizes_have_one_unit_and_never_wrap)
{
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        uint64_t bytes = 0;
        bool is_good = words_size(SIZES[i].text, &bytes);
        ck_assert_msg(is_good == SIZES[i].is_good, "'%s'", SIZES[i].text);
        if (is_good)
            ck_assert_uint_eq(bytes, SIZES[i].bytes);
    }
}
END_TEST

Suite *words_suite(void)
{
    Suite *suite = suite_create("words");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, distance_counts_edits_either_way);
    tcase_add_test(tcase, nearest_is_the_likeliest_word_or_none);
    tcase_add_test(tcase, numbers_are_whole_and_have_no_sign);
    tcase_add_test(tcase, sizes_have_one_unit_and_never_wrap);
    suite_add_tcase(suite, tcase);
    return suite;
}
