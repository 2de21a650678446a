/* base/ini: settings files as people and editors write them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/ini.h"

static struct ini ini;
static struct error error;

static enum status parse(const char *text, size_t length)
{
    memset(&error, 0, sizeof error);
    return ini_parse(&ini, "lab.ini", text, length, &error);
}

static void check_refused(const char *text, size_t length, const char *message)
{
    ck_assert_int_eq(parse(text, length), STATUS_USAGE);
    ck_assert_msg(strstr(error.text, message) != NULL, "'%s' in '%s'", message, error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    ini_free(&ini);
}

START_TEST(entries_know_section_and_line)
{
    static const char TEXT[] = "# head\n\n[host]\n memory = 64M \n; more\n[guest a]\nappend=x=y ; z\nempty=\n";
    ck_assert_int_eq(parse(TEXT, sizeof TEXT - 1), STATUS_OK);
    ck_assert_uint_eq(ini.count, 5);
    ck_assert_ptr_null(ini.entries[0].key);
    ck_assert_str_eq(ini.entries[0].section, "host");
    ck_assert_int_eq(ini.entries[0].line, 3);
    ck_assert_str_eq(ini.entries[1].key, "memory");
    ck_assert_str_eq(ini.entries[1].value, "64M");
    ck_assert_int_eq(ini.entries[1].line, 4);
    ck_assert_str_eq(ini.entries[3].section, "guest a");
    ck_assert_int_eq(ini.entries[3].section_line, 6);
    ck_assert_str_eq(ini.entries[3].value, "x=y ; z"); /* comments have lines of their own */
    ck_assert_str_eq(ini.entries[4].value, "");
    ini_free(&ini);
}
END_TEST

START_TEST(byte_order_mark_crlf_and_a_last_line_without_end_are_accepted)
{
    static const char TEXT[] = "\xEF\xBB\xBF[host]\r\nmemory = 64M\r\nname = \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
    ck_assert_int_eq(parse(TEXT, sizeof TEXT - 1), STATUS_OK);
    ck_assert_uint_eq(ini.count, 3);
    ck_assert_str_eq(ini.entries[0].section, "host");
    ck_assert_str_eq(ini.entries[1].value, "64M");
    ck_assert_int_eq(ini.entries[2].line, 3);
    ini_free(&ini);
}
END_TEST

START_TEST(an_empty_file_has_no_entries)
{
    ck_assert_int_eq(parse("", 0), STATUS_OK);
    ck_assert_uint_eq(ini.count, 0);
    ini_free(&ini);
}
END_TEST

START_TEST(damaged_lines_are_named)
{
    check_refused("[host\n", 6, "lab.ini:1: error: the section has no closing bracket");
    check_refused("[host]\nword\n", 12, "lab.ini:2: error: 'word' is not key = value");
    check_refused("[host]\n= 5\n", 11, "lab.ini:2: error:");
    check_refused("\nmemory=1M\n", 11, "lab.ini:2: error: 'memory' stands before any section");
    check_refused("[a]\nx=1\0\n", 9, "lab.ini:2: error: a NUL byte");
}
END_TEST

/* RFC 3629, sections 3 and 4, and the Unicode Standard's table 3-7 of well-formed sequences. */
static const struct {
    const char *bytes;
    bool is_text;
} SEQUENCES[] = {
    {"\xC2\x80", true},          {"\xDF\xBF", true},           {"\xE0\xA0\x80", true},
    {"\xED\x9F\xBF", true},      {"\xEE\x80\x80", true},       {"\xF0\x90\x80\x80", true},
    {"\xF4\x8F\xBF\xBF", true},  {"\x80", false},              {"\xC0\xAF", false},
    {"\xC1\xBF", false},         {"\xC2", false},              {"\xC2 ", false},
    {"\xE0\x80\xAF", false},     {"\xE0\x9F\xBF", false},      {"\xED\xA0\x80", false},
    {"\xF0\x80\x80\xAF", false}, {"\xF4\x90\x80\x80", false},  {"\xF5\x80\x80\x80", false},
    {"\xFF", false},             {"\xE2\x82", false},
};

START_TEST(only_utf8_is_text)
{
    char text[64];
    for (size_t i = 0; i < ARRAY_COUNT(SEQUENCES); i++) {
        int length = snprintf(text, sizeof text, "[a]\nx=%s\n", SEQUENCES[i].bytes);
        if (SEQUENCES[i].is_text)
            ck_assert_msg(parse(text, (size_t)length) == STATUS_OK, "row %zu: %s", i, error.text);
        else
            check_refused(text, (size_t)length, "lab.ini:2: error: not UTF-8");
        ini_free(&ini);
    }
}
END_TEST

START_TEST(endless_lines_are_refused_and_a_long_one_is_not)
{
    size_t length = (size_t)10 << 20;
    char *text = malloc(length);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', length);
    memcpy(text, "[a]\nk=", 6);
    check_refused(text, length, "lab.ini:2: error: the line is longer than 64 KiB");
    ck_assert_int_eq(parse(text, 65000), STATUS_OK);
    ck_assert_uint_eq(strlen(ini.entries[1].value), 65000 - 6);
    ini_free(&ini);
    memset(text, '\n', length); /* ten million lines of nothing */
    ck_assert_int_eq(parse(text, length), STATUS_OK);
    ini_free(&ini);
    free(text);
}
END_TEST

Suite *ini_suite(void)
{
    Suite *suite = suite_create("ini");
    TCase *tcase = tcase_create("settings");
    tcase_add_test(tcase, entries_know_section_and_line);
    tcase_add_test(tcase, byte_order_mark_crlf_and_a_last_line_without_end_are_accepted);
    tcase_add_test(tcase, an_empty_file_has_no_entries);
    tcase_add_test(tcase, damaged_lines_are_named);
    tcase_add_test(tcase, only_utf8_is_text);
    tcase_add_test(tcase, endless_lines_are_refused_and_a_long_one_is_not);
    suite_add_tcase(suite, tcase);
    return suite;
}
