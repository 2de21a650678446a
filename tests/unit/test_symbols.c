/* Symbols of an ELF file: looked up both ways, and files that are none. */
#include "debugger/symbols.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"

/* Header 0-51, sections 52-171 (none, .symtab, .strtab), symbols 176, names 256. */
#define ELF_BYTES 300u
#define SYMTAB    176u
#define STRTAB    256u

static void put_section(uint8_t *elf, unsigned index, uint32_t type, uint32_t offset,
                        uint32_t bytes, uint32_t link)
{
    uint8_t *s = elf + 52 + 40 * index;
    store_le32(s + 4, type);
    store_le32(s + 16, offset);
    store_le32(s + 20, bytes);
    store_le32(s + 24, link);
}

static void put_symbol(uint8_t *elf, unsigned index, uint32_t name, uint32_t value, uint32_t size,
                       unsigned type, unsigned section)
{
    uint8_t *s = elf + SYMTAB + 16 * index;
    store_le32(s, name);
    store_le32(s + 4, value);
    store_le32(s + 8, size);
    s[12] = (uint8_t)type;
    store_le16(s + 14, (uint16_t)section);
}

static void make_elf(uint8_t *elf)
{
    memset(elf, 0, ELF_BYTES);
    memcpy(elf,
           "\x7f"
           "ELF\1\1\1",
           7);
    store_le16(elf + 18, 3); /* EM_386 */
    store_le32(elf + 32, 52);
    store_le16(elf + 46, 40);
    store_le16(elf + 48, 3);
    put_section(elf, 1, 2, SYMTAB, 5 * 16, 2);
    put_section(elf, 2, 3, STRTAB, 40, 0);
    memcpy(elf + STRTAB, "\0main\0ticks\0start\0gone\0", 23);
    put_symbol(elf, 1, 1, 0x100100, 0x20, 2, 1); /* main, a function of 32 bytes */
    put_symbol(elf, 2, 6, 0x100200, 4, 1, 1);    /* ticks */
    put_symbol(elf, 3, 12, 0x100000, 0, 0, 1);   /* start, without a size */
    put_symbol(elf, 4, 18, 0x500, 4, 2, 0);      /* gone: undefined */
}

static enum status load(const uint8_t *bytes, size_t count, struct symbols **symbols,
                        struct error *error)
{
    char path[] = "symbols-test-XXXXXX";
    int file = mkstemp(path);
    enum status status;
    ck_assert_int_eq(write(file, bytes, count), (ssize_t)count);
    close(file);
    *symbols = NULL;
    status = symbols_add(symbols, path, error);
    remove(path);
    return status;
}

START_TEST(names_and_addresses_are_found_both_ways)
{
    uint8_t elf[ELF_BYTES];
    struct symbols *s;
    struct error error = {STATUS_OK, ""};
    uint64_t value;
    char text[64];
    make_elf(elf);
    ck_assert_msg(load(elf, sizeof elf, &s, &error) == STATUS_OK, "%s", error.text);
    ck_assert_uint_eq(symbols_count(s), 3);
    ck_assert(symbols_find(s, "ticks", &value));
    ck_assert_uint_eq(value, 0x100200);
    ck_assert(!symbols_find(s, "gone", &value));
    ck_assert_str_eq(symbols_at(s, 0x10011F, &value), "main");
    ck_assert_uint_eq(value, 0x1F);
    ck_assert_ptr_null(symbols_at(s, 0x100120, &value)); /* behind its end */
    ck_assert_str_eq(symbols_at(s, 0x1000FF, &value), "start");
    ck_assert_ptr_null(symbols_at(s, 0xFFFFF, &value));
    symbols_text(s, 0x100104, text, sizeof text);
    ck_assert_str_eq(text, " <main+4>");
    symbols_text(s, 0x900000, text, sizeof text);
    ck_assert_str_eq(text, "");
    ck_assert_str_eq(symbols_nearest_name(s, "mian"), "main");
    symbols_free(s);
}
END_TEST

START_TEST(no_symbols_are_no_error_for_the_look_ups)
{
    uint64_t value;
    ck_assert(!symbols_find(NULL, "main", &value));
    ck_assert_ptr_null(symbols_at(NULL, 0, &value));
    ck_assert_ptr_null(symbols_nearest_name(NULL, "main"));
}
END_TEST

struct damage {
    unsigned offset;
    uint32_t value;
    const char *says;
};
static const struct damage DAMAGES[] = {
    {0,            0x464c457e, "no little-endian ELF"       },
    {4,            0x00010103, "no little-endian ELF"       }, /* no class */
    {4,            0x00010201, "no little-endian ELF"       }, /* big endian */
    {4,            0x00010102, "another processor"          }, /* 64 bits, of an i386 */
    {16,           0x00080000, "another processor"          }, /* MIPS */
    {16,           0x00030001, "an object file"             },
    {44,           0xFFFF0000, "no section headers"         },
    {32,           0xFFFFFFF0, "no symbol table"            },
    {48,           0,          "no symbol table"            },
    {52 + 40 + 16, 0xFFFFFFF0, "outside the file"           },
    {52 + 40 + 20, 0xFFFFFFF0, "outside the file"           },
    {52 + 40 + 24, 99,         "outside the file"           },
    {52 + 80 + 20, 0,          "outside the file"           },
    {52 + 80 + 20, 3,          "outside the file"           }, /* the names have no end */
};

START_TEST(a_damaged_file_is_refused)
{
    uint8_t elf[ELF_BYTES];
    struct symbols *s;
    struct error error = {STATUS_OK, ""};
    make_elf(elf);
    store_le32(elf + DAMAGES[_i].offset, DAMAGES[_i].value);
    ck_assert_int_eq(load(elf, sizeof elf, &s, &error), STATUS_FILE);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(error.text, DAMAGES[_i].says) != NULL, "%s", error.text);
}
END_TEST

START_TEST(a_cut_or_random_file_does_no_harm)
{
    uint8_t elf[ELF_BYTES];
    uint32_t seed = 1;
    for (unsigned round = 0; round < 2000; round++) {
        struct symbols *s;
        struct error error = {STATUS_OK, ""};
        uint64_t value;
        make_elf(elf);
        for (unsigned i = 0; i < 3; i++) {
            seed = seed * 1664525 + 1013904223;
            elf[(seed >> 8) % 256] = (uint8_t)(seed >> 24);
        }
        if (load(elf, 1 + (seed >> 4) % ELF_BYTES, &s, &error) == STATUS_OK)
            symbols_at(s, 0x100104, &value);
        symbols_free(s);
    }
}
END_TEST

Suite *symbols_suite(void);
Suite *symbols_suite(void)
{
    Suite *suite = suite_create("symbols");
    TCase *tests = tcase_create("symbols");
    tcase_add_test(tests, names_and_addresses_are_found_both_ways);
    tcase_add_test(tests, no_symbols_are_no_error_for_the_look_ups);
    tcase_add_loop_test(tests, a_damaged_file_is_refused, 0, sizeof DAMAGES / sizeof DAMAGES[0]);
    tcase_add_test(tests, a_cut_or_random_file_does_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}
