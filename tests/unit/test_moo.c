/* MOO files: the layouts of 16 and 32 bits. dbalsom/moo, doc/moo_format_v1.md 1.1. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/moo.h"

struct writer {
    uint8_t bytes[512];
    size_t used;
};

static size_t begin(struct writer *w, const char *type)
{
    memcpy(w->bytes + w->used, type, 4);
    w->used += 8;
    return w->used;
}

static void put(struct writer *w, unsigned bytes, uint32_t value)
{
    store_le(w->bytes + w->used, bytes, value);
    w->used += bytes;
}

static void end(struct writer *w, size_t from)
{
    store_le32(w->bytes + from - 4, (uint32_t)(w->used - from));
}

static void put_header(struct writer *w, const char *cpu)
{
    size_t header = begin(w, "MOO ");
    put(w, 4, 0x0101);
    put(w, 4, 1);
    memcpy(w->bytes + w->used, cpu, 4);
    w->used += 4;
    end(w, header);
}

START_TEST(registers_of_16_bits_come_in_their_own_order)
{
    struct writer w = {.used = 0};
    struct moo_file file;
    struct moo_test test;
    put_header(&w, "8088");
    size_t at = begin(&w, "TEST"), state, chunk;
    put(&w, 4, 7);
    state = begin(&w, "INIT");
    chunk = begin(&w, "REGS");
    put(&w, 2, 0x3fff);
    for (unsigned n = 0; n < 14; n++)
        put(&w, 2, 0x100 + n); /* ax bx cx dx cs ss ds es sp bp si di ip flags */
    end(&w, chunk);
    end(&w, state);
    state = begin(&w, "FINA");
    chunk = begin(&w, "REGS");
    put(&w, 2, 1u << 5 | 1u << 12);
    put(&w, 2, 0x5555);
    put(&w, 2, 0xcccc);
    end(&w, chunk);
    end(&w, state);
    end(&w, at);
    ck_assert(moo_open(&file, w.bytes, w.used));
    ck_assert_str_eq(file.cpu, "8088");
    ck_assert(moo_next(&file, &test));
    ck_assert_uint_eq(test.index, 7);
    ck_assert_uint_eq(test.initial.registers.value[MOO_SS], 0x105);
    ck_assert_uint_eq(test.initial.registers.value[MOO_FLAGS], 0x10d);
    ck_assert_uint_eq(test.final.registers.value[MOO_SS], 0x5555);
    ck_assert_uint_eq(test.final.registers.value[MOO_IP], 0xcccc);
    ck_assert_uint_eq(test.final.registers.value[MOO_DI], 0x10b); /* unchanged */
    ck_assert_uint_eq(test.final.masks.value[MOO_FLAGS], UINT32_MAX);
    ck_assert(!moo_next(&file, &test));
}
END_TEST

START_TEST(registers_of_32_bits_have_masks_of_the_file_and_of_the_test)
{
    struct writer w = {.used = 0};
    struct moo_file file;
    struct moo_test test;
    put_header(&w, "386E");
    size_t chunk = begin(&w, "RM32"), at, state;
    put(&w, 4, 1u << MOO_FLAGS | 1u << MOO_AX);
    put(&w, 4, 0xffff);
    put(&w, 4, 0xfffff7ef);
    end(&w, chunk);
    at = begin(&w, "TEST");
    put(&w, 4, 0);
    state = begin(&w, "INIT");
    chunk = begin(&w, "RG32");
    put(&w, 4, 0xfffff);
    for (unsigned n = 0; n < MOO_REGISTERS; n++)
        put(&w, 4, 0x1000 + n);
    end(&w, chunk);
    chunk = begin(&w, "RAM ");
    put(&w, 4, 9); /* more than there are */
    put(&w, 4, 0x12345);
    put(&w, 1, 0x90);
    end(&w, chunk);
    chunk = begin(&w, "EA32"); /* skipped */
    put(&w, 4, 0);
    end(&w, chunk);
    end(&w, state);
    state = begin(&w, "FINA");
    chunk = begin(&w, "RG32");
    put(&w, 4, 1u << MOO_GS | 1u << MOO_DR7);
    put(&w, 4, 0xabcd);
    put(&w, 4, 0x400);
    end(&w, chunk);
    chunk = begin(&w, "RM32");
    put(&w, 4, 1u << MOO_AX);
    put(&w, 4, 0xff);
    end(&w, chunk);
    end(&w, state);
    chunk = begin(&w, "EXCP");
    put(&w, 1, 13);
    put(&w, 4, 0x8000);
    end(&w, chunk);
    chunk = begin(&w, "HASH");
    for (unsigned n = 0; n < 20; n++)
        put(&w, 1, 0xa0 + n);
    end(&w, chunk);
    end(&w, at);
    ck_assert(moo_open(&file, w.bytes, w.used));
    ck_assert(moo_next(&file, &test));
    ck_assert_uint_eq(test.initial.registers.value[MOO_CR0], 0x1000);
    ck_assert_uint_eq(test.initial.count, 1);
    ck_assert_uint_eq(test.final.registers.value[MOO_GS], 0xabcd);
    ck_assert_uint_eq(test.final.registers.value[MOO_DR7], 0x400);
    ck_assert_uint_eq(test.final.masks.value[MOO_AX], 0xff);
    ck_assert_uint_eq(test.final.masks.value[MOO_FLAGS], 0xfffff7ef);
    ck_assert(test.has_exception && test.vector == 13);
    ck_assert_str_eq(test.hash, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3");
}
END_TEST

START_TEST(damaged_files_end_early)
{
    struct writer w = {.used = 0};
    struct moo_file file;
    struct moo_test test;
    put_header(&w, "8088");
    size_t at = begin(&w, "TEST");
    put(&w, 4, 0);
    end(&w, at);
    for (size_t size = 0; size < w.used; size++)
        ck_assert(!moo_open(&file, w.bytes, size) || !moo_next(&file, &test));
    w.bytes[0] = 'X';
    ck_assert(!moo_open(&file, w.bytes, w.used));
}
END_TEST

Suite *moo_suite(void)
{
    Suite *suite = suite_create("moo");
    TCase *tcase = tcase_create("moo");
    tcase_add_test(tcase, registers_of_16_bits_come_in_their_own_order);
    tcase_add_test(tcase, registers_of_32_bits_have_masks_of_the_file_and_of_the_test);
    tcase_add_test(tcase, damaged_files_end_early);
    suite_add_tcase(suite, tcase);
    return suite;
}
