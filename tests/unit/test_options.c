/* frontends/options: the words of `run`, and what is said about wrong ones. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "frontends/options.h"

#define WORDS_MAX 16

static struct run_options options;
static struct error error;

/* Splits at single spaces; "_" stands for an empty word. */
static enum status parse(const char *line)
{
    static char text[512];
    char *argv[WORDS_MAX];
    int argc = 0;
    memset(&error, 0, sizeof error);
    ck_assert_uint_lt(strlen(line), sizeof text);
    strcpy(text, line);
    for (char *word = strtok(text, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    return run_options_parse(&options, argc, argv, &error);
}

START_TEST(nothing_given_means_the_defaults)
{
    ck_assert_int_eq(parse(""), STATUS_OK);
    ck_assert_uint_eq(options.memory_bytes, 0); /* not given */
    ck_assert_ptr_null(options.image);
    ck_assert_uint_eq(options.disks.count, 0);
    ck_assert(!options.overlay);
}
END_TEST

START_TEST(values_follow_or_are_joined)
{
    ck_assert_int_eq(parse("--memory 16M disk.img --cpu=80386 --overlay --append=--quiet --disk a --disk=b"),
                     STATUS_OK);
    ck_assert_uint_eq(options.memory_bytes, 16 << 20);
    ck_assert_str_eq(options.image, "disk.img");
    ck_assert_str_eq(options.cpu, "80386");
    ck_assert_str_eq(options.append, "--quiet");
    ck_assert(options.overlay);
    ck_assert_uint_eq(options.disks.count, 2);
    ck_assert_str_eq(options.disks.items[1], "b");
}
END_TEST

static const struct {
    const char *line, *message;
} WRONG[] = {
    {"--memroy 16M", "unknown option --memroy; fix: did you mean --memory?"},
    {"--dsik a", "did you mean --disk?"},
    {"--xyzzyplugh", "unknown option --xyzzyplugh; fix: vitrine run --help lists them"},
    {"-m 16M", "unknown option -m; fix: options have two dashes"},
    {"--", "unknown option --"},
    {"--memory", "--memory needs a value; fix: --memory SIZE"},
    {"--memory --cpu p6", "--memory needs a value"},
    {"--kernel --initrd x", "--kernel needs a value"},
    {"--memory 16M --memory 32M", "--memory is given twice; fix: leave one out"},
    {"--overlay --overlay", "--overlay is given twice"},
    {"--kernel a --kernel b", "--kernel is given twice"},
    {"--disk a --disk b --disk c --disk d --disk e", "--disk is given more than 4 times"},
    {"--overlay=yes", "--overlay takes no value"},
    {"--memory 0", "--memory 0 is not a size from 1048576 to"},
    {"--memory -5", "--memory -5 is not a size"},
    {"--memory 99999999G", "--memory 99999999G is not a size"},
    {"--memory 4G", "--memory 4G is not a size"},
    {"--memory 16Mx", "--memory 16Mx is not a size"},
    {"--memory _", "--memory  is not a size"},
    {"--timeout 0", "--timeout 0 is not a number from 1"},
    {"--timeout 1.5", "--timeout 1.5 is not a number"},
    {"--max-instructions 1e6", "--max-instructions 1e6 is not a number"},
    {"--clock 1", "--clock 1 is not a number from 1000000"},
    {"a.img b.img", "two images: a.img and b.img; fix: --disk for the second"},
    {"--realtime --max-speed", "--realtime and --max-speed exclude each other"},
};

START_TEST(wrong_words_get_one_message_and_a_way_out)
{
    ck_assert_int_eq(parse(WRONG[_i].line), STATUS_USAGE);
    ck_assert_msg(strstr(error.text, WRONG[_i].message) != NULL, "'%s' in '%s'", WRONG[_i].message,
                  error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    ck_assert_ptr_nonnull(strchr(error.text, '-'));
}
END_TEST

START_TEST(sizes_at_the_limits_are_taken)
{
    ck_assert_int_eq(parse("--memory 1M"), STATUS_OK);
    ck_assert_int_eq(parse("--memory 3584M"), STATUS_OK);
    ck_assert_uint_eq(options.memory_bytes, UINT64_C(0xE0000000));
    ck_assert_int_eq(parse("--memory 3585M"), STATUS_USAGE);
    ck_assert_int_eq(parse("--memory 1023K"), STATUS_USAGE);
}
END_TEST

Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("run");
    tcase_add_test(tcase, nothing_given_means_the_defaults);
    tcase_add_test(tcase, values_follow_or_are_joined);
    tcase_add_loop_test(tcase, wrong_words_get_one_message_and_a_way_out, 0, (int)ARRAY_COUNT(WRONG));
    tcase_add_test(tcase, sizes_at_the_limits_are_taken);
    suite_add_tcase(suite, tcase);
    return suite;
}
