/* Captures in JSON: the layouts of the sets' versions. README.md of SingleStepTests/8088 and 80386. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/capture_json.h"

/* Version 2: what does not change is left out. */
static const char OF_8088[] =
    "[\n{ \"name\": \"add byte [ss:bp+si-64h], cl\", \"bytes\": [0, 74, 156],\n"
    "  \"initial\": { \"regs\": { \"ax\": 21153, \"bx\": 59172, \"cx\": 33224, \"dx\": 61687, "
    "\"cs\": 12781,\n"
    "    \"ss\": 7427, \"ds\": 600, \"es\": 52419, \"sp\": 49011, \"bp\": 35874, \"si\": 45784, "
    "\"di\": 1,\n"
    "    \"ip\": 65535, \"flags\": 62546 }, \"ram\": [[204500, 0], [65536, 255]], \"queue\": [0, "
    "74] },\n"
    "  \"final\": { \"regs\": { \"ip\": 2, \"flags\": 62598 }, \"ram\": [[65536, 199]], \"queue\": "
    "[] },\n"
    "  \"cycles\": [[1, 204500, \"\\\"--\", \"R]}\", 0.5, null]],\n"
    "  \"hash\": \"0123456789abcdef0123456789ABCDEF01234567\", \"idx\": 12 },\n"
    "{\"name\":\"nop\",\"bytes\":[144],\"initial\":{\"regs\":{\"ip\":-1},\"ram\":[]},"
    "\"final\":{\"regs\":{\"ip\":-2},\"ram\":[]},\"test_hash\":\"aa\",\"test_num\":3}]";

START_TEST(a_test_has_what_is_not_said_from_before)
{
    struct capture_json file;
    struct moo_test test;
    ck_assert(capture_json_open(&file, OF_8088));
    ck_assert(capture_json_next(&file, &test));
    ck_assert_str_eq(test.name, "add byte [ss:bp+si-64h], cl");
    ck_assert_uint_eq(test.byte_count, 3);
    ck_assert_mem_eq(test.bytes, "\x00\x4a\x9c", 3);
    ck_assert_uint_eq(test.initial.registers.value[MOO_SS], 7427);
    ck_assert_uint_eq(test.initial.registers.value[MOO_ES], 52419); /* no extended S */
    ck_assert_uint_eq(test.initial.count, 2);
    ck_assert_uint_eq(load_le32(test.initial.ram), 204500);
    ck_assert_uint_eq(test.initial.ram[9], 255);
    ck_assert_uint_eq(test.final.count, 1);
    ck_assert_uint_eq(load_le32(test.final.ram), 65536);
    ck_assert_uint_eq(test.final.ram[4], 199);
    ck_assert_uint_eq(test.final.registers.value[MOO_IP], 2);
    ck_assert_uint_eq(test.final.registers.value[MOO_AX], 21153);
    ck_assert_uint_eq(test.final.masks.value[MOO_FLAGS], UINT32_MAX);
    ck_assert_str_eq(test.hash, "0123456789abcdef0123456789ABCDEF01234567");
    ck_assert_uint_eq(test.index, 12);
    ck_assert(!test.has_exception);
    ck_assert(capture_json_next(&file, &test)); /* as in version 1 */
    ck_assert_uint_eq(test.final.registers.value[MOO_IP], 0xfffe);
    ck_assert_str_eq(test.hash, "aa");
    ck_assert_uint_eq(test.index, 3);
    ck_assert(!capture_json_next(&file, &test));
    ck_assert(capture_json_has_ended(&file));
    capture_json_close(&file);
}
END_TEST

START_TEST(the_386_has_longer_names)
{
    static const char TEXT[] =
        "[{\"idx\":0,\"name\":\"div "
        "ebx\",\"bytes\":[102,247,243],\"initial\":{\"regs\":{\"cr0\":2147418096,"
        "\"cr3\":0,\"eax\":4294967295,\"esp\":65536,\"es\":1,\"gs\":2,\"eip\":65537,\"eflags\":"
        "4294705154,"
        "\"dr6\":4294905840,\"dr7\":0},\"ea\":{\"seg\":\"DS\",\"l_addr\":[1]},\"ram\":[]},"
        "\"final\":{\"regs\":{\"eip\":5},\"ram\":[]},\"exception\":{\"number\":13,\"flag_address\":"
        "99}}]";
    struct capture_json file;
    struct moo_test test;
    ck_assert(capture_json_open(&file, TEXT));
    ck_assert(capture_json_next(&file, &test));
    ck_assert_uint_eq(test.initial.registers.value[MOO_CR0], 0x7ffefff0);
    ck_assert_uint_eq(test.initial.registers.value[MOO_AX], 0xffffffff);
    ck_assert_uint_eq(test.initial.registers.value[MOO_ES], 1);
    ck_assert_uint_eq(test.initial.registers.value[MOO_IP], 0x10001);
    ck_assert_uint_eq(test.initial.registers.value[MOO_DR6], 0xffff0ff0);
    ck_assert_uint_eq(test.final.registers.value[MOO_IP], 5);
    ck_assert(test.has_exception);
    ck_assert_uint_eq(test.vector, 13);
    capture_json_close(&file);
}
END_TEST

/* Cut anywhere, the text is never read behind its end and never taken for a whole file. */
START_TEST(damaged_files_do_not_end)
{
    struct capture_json file;
    struct moo_test test;
    for (size_t length = 0; length + 1 < sizeof OF_8088 - 1; length++) {
        char *text = calloc(1, length + 1);
        memcpy(text, OF_8088, length);
        if (capture_json_open(&file, text)) {
            while (capture_json_next(&file, &test))
                ;
            ck_assert(!capture_json_has_ended(&file));
        }
        capture_json_close(&file);
        free(text);
    }
    ck_assert(!capture_json_open(&file, "{\"cpu\": \"8088\"}"));
}
END_TEST

START_TEST(metadata_is_looked_up_by_path)
{
    static const char TEXT[] =
        "{\"cpu\":\"8088\",\"opcodes\":{\"f6\":{\"status\":\"normal\",\"reg\":{\"0\":"
        "{\"flags\":\"x\"},\"4\":{\"flags-mask\": 65323}}},\"27\":{\"flags-mask\":63487}}}";
    static const char *const GROUP[] = {"opcodes", "F6", "reg", "4", "flags-mask"};
    static const char *const PLAIN[] = {"opcodes", "27", "flags-mask"};
    static const char *const NONE[] = {"opcodes", "F6", "reg", "0", "flags-mask"};
    ck_assert_int_eq(atoi(capture_json_find(TEXT, GROUP, 5)), 65323);
    ck_assert_int_eq(atoi(capture_json_find(TEXT, PLAIN, 3)), 63487);
    ck_assert_ptr_null(capture_json_find(TEXT, NONE, 5));
    ck_assert_ptr_null(capture_json_find("{\"opcodes\":[", GROUP, 5));
}
END_TEST

Suite *capture_json_suite(void);
Suite *capture_json_suite(void)
{
    Suite *suite = suite_create("capture_json");
    TCase *tcase = tcase_create("capture_json");
    tcase_add_test(tcase, a_test_has_what_is_not_said_from_before);
    tcase_add_test(tcase, the_386_has_longer_names);
    tcase_add_test(tcase, damaged_files_do_not_end);
    tcase_add_test(tcase, metadata_is_looked_up_by_path);
    suite_add_tcase(suite, tcase);
    return suite;
}
