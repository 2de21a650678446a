/* Source lines: tables written by hand after DWARF's text, and damaged ones. tests/guest/symbols.sh
 * compares those of real compilers with addr2line. */
#include "debugger/line_table.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "debugger/elf.h"

/* A unit of version 3: one folder, two files, minimum_instruction_length 1, line_base -5, line_range 14,
 * opcode_base 10 (DWARF 5, 6.2.4 and appendix D.5). */
static const uint8_t UNIT[] = {
    77, 0, 0, 0, 3, 0, 35, 0, 0, 0,           /* lengths of the unit and header */
    1, 1, 0xFB, 14, 10,                       /* instruction, is_stmt, base, range, opcodes */
    0, 1, 1, 1, 1, 0, 0, 0, 1,                /* operands of the standard opcodes */
    's', 'u', 'b', 0, 0,                      /* folders */
    'a', '.', 'c', 0, 0, 0, 0,                /* file 1, in the compiler's folder */
    'b', '.', 'h', 0, 1, 0, 0, 0,             /* file 2, in folder 1 */
    0,                                        /* (padding that the header's length covers) */
    0, 5, 2, 0x00, 0x10, 0, 0,                /* set_address 1000h */
    3, 9, 1,                                  /* line 10 at 1000h */
    10 + 14 * 4 + 7,                          /* special: 4 bytes, 2 lines: 12 at 1004h */
    4, 2, 3, 0x7F, 1,                         /* file 2, line 11 at 1004h: the last one holds */
    8, 2, 3, 1,                               /* const_add_pc (17 bytes), advance 3: 1018h */
    0, 1, 1,                                  /* end_sequence */
    0, 5, 2, 0x00, 0x20, 0, 0, 1, 2, 1, 0, 1, 1, /* 2000h, one byte, line 1 */
};

/* An ELF32 with .debug_line alone: header, four section headers, names, the table. */
#define NAMES_AT 172u
#define LINES_AT 200u
struct image {
    uint8_t bytes[LINES_AT + 256];
    size_t count;
};

static void put_section(struct image *image, unsigned index, uint32_t name, uint32_t offset,
                        uint32_t bytes)
{
    uint8_t *s = image->bytes + 52 + 40 * index;
    store_le32(s, name);
    store_le32(s + 4, 1); /* SHT_PROGBITS */
    store_le32(s + 16, offset);
    store_le32(s + 20, bytes);
}

static void make_image(struct image *image, const uint8_t *lines, size_t count)
{
    static const uint8_t HEADER[] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
    memset(image, 0, sizeof *image);
    memcpy(image->bytes, HEADER, sizeof HEADER);
    store_le16(image->bytes + 16, 2); /* ET_EXEC */
    store_le16(image->bytes + 18, 3); /* EM_386 */
    store_le32(image->bytes + 32, 52);
    store_le16(image->bytes + 46, 40);
    store_le16(image->bytes + 48, 3);
    store_le16(image->bytes + 50, 1);
    put_section(image, 1, 0, NAMES_AT, 13);
    put_section(image, 2, 1, LINES_AT, (uint32_t)count);
    memcpy(image->bytes + NAMES_AT, "\0.debug_line", 13);
    memcpy(image->bytes + LINES_AT, lines, count);
    image->count = LINES_AT + count;
}

static enum status load(const struct image *image, struct line_table **table, struct error *error)
{
    struct elf elf;
    ck_assert_int_eq(elf_open(&elf, image->bytes, image->count, error), STATUS_OK);
    return line_table_new(table, &elf, error);
}

struct expected {
    uint64_t address;
    const char *folder, *file; /* NULL: no line */
    uint32_t line;
};
static const struct expected EXPECTED[] = {
    {0xFFF,  NULL,  NULL,  0 },
    {0x1000, "",    "a.c", 10},
    {0x1003, "",    "a.c", 10},
    {0x1004, "sub", "b.h", 11},
    {0x1017, "sub", "b.h", 11},
    {0x1018, NULL,  NULL,  0 },
    {0x2000, "",    "a.c", 1 },
    {0x2001, NULL,  NULL,  0 },
};

START_TEST(an_address_has_the_line_of_the_row_below_it)
{
    const struct expected *e = &EXPECTED[_i];
    struct image image;
    struct line_table *table;
    struct line_place place;
    struct error error = {STATUS_OK, ""};
    make_image(&image, UNIT, sizeof UNIT);
    ck_assert_msg(load(&image, &table, &error) == STATUS_OK, "%s", error.text);
    ck_assert_int_eq(line_table_find(table, e->address, &place), e->file != NULL);
    if (e->file) {
        ck_assert_str_eq(place.folder, e->folder);
        ck_assert_str_eq(place.file, e->file);
        ck_assert_uint_eq(place.line, e->line);
    }
    line_table_free(table);
}
END_TEST

START_TEST(no_table_and_an_unknown_version_have_no_lines)
{
    struct image image;
    struct line_table *table;
    struct line_place place;
    struct error error = {STATUS_OK, ""};
    make_image(&image, UNIT, sizeof UNIT);
    image.bytes[LINES_AT + 4] = 6;
    ck_assert_int_eq(load(&image, &table, &error), STATUS_OK);
    ck_assert(!line_table_find(table, 0x1000, &place));
    line_table_free(table);
    image.bytes[NAMES_AT + 1] = '!';
    ck_assert_int_eq(load(&image, &table, &error), STATUS_OK);
    ck_assert_ptr_null(table);
    ck_assert(!line_table_find(NULL, 0x1000, &place));
}
END_TEST

struct damage {
    unsigned offset;
    uint8_t value;
};
static const struct damage DAMAGES[] = {
    {0,  200 }, /* the unit goes past the section */
    {6,  200 }, /* its header past the unit */
    {13, 0   }, /* line_range 0: a division by it */
    {14, 0   }, /* opcode_base 0 */
    {46, 0xFF}, /* an extended opcode past the end */
};

START_TEST(a_damaged_table_is_one_message)
{
    struct image image;
    struct line_table *table;
    struct error error = {STATUS_OK, ""};
    make_image(&image, UNIT, sizeof UNIT);
    image.bytes[LINES_AT + DAMAGES[_i].offset] = DAMAGES[_i].value;
    if (DAMAGES[_i].offset == 46)
        image.bytes[LINES_AT + 47] = 0x7F;
    ck_assert_int_eq(load(&image, &table, &error), STATUS_FILE);
    ck_assert_ptr_null(table);
    ck_assert_msg(strstr(error.text, "damaged at byte 0; fix: ") != NULL, "%s", error.text);
}
END_TEST

/* Version 5's header has counts and forms of its own: a short one with line strings left out. */
static const uint8_t UNIT_5[] = {
    67, 0, 0, 0, 5, 0, 4, 0, 38, 0, 0, 0, 1, 1, 1, 0xFB, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1,
    1, 1, 0x08, 2, '/', 0, 'd', 0,                    /* folders: a path as string */
    2, 1, 0x08, 2, 0x0B, 1, 'x', '.', 's', 0, 1,      /* files: path, folder as data1 */
    0, 0, 0, 0,                                       /* (padding) */
    0, 5, 2, 0x00, 0x30, 0, 0, 4, 0, 3, 6, 1, 2, 2, 0, 1, 1,
};

START_TEST(version_5_counts_files_from_0)
{
    struct image image;
    struct line_table *table;
    struct line_place place;
    struct error error = {STATUS_OK, ""};
    make_image(&image, UNIT_5, sizeof UNIT_5);
    store_le32(image.bytes + LINES_AT, sizeof UNIT_5 - 4);
    store_le32(image.bytes + LINES_AT + 8, sizeof UNIT_5 - 12 - 17);
    ck_assert_msg(load(&image, &table, &error) == STATUS_OK, "%s", error.text);
    ck_assert(line_table_find(table, 0x3001, &place));
    ck_assert_str_eq(place.folder, "d");
    ck_assert_str_eq(place.file, "x.s");
    ck_assert_uint_eq(place.line, 7);
    line_table_free(table);
}
END_TEST

START_TEST(random_tables_do_no_harm)
{
    uint32_t seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        bool is_5 = round & 1;
        struct image image;
        struct line_table *table;
        struct line_place place;
        struct error error = {STATUS_OK, ""};
        make_image(&image, is_5 ? UNIT_5 : UNIT, is_5 ? sizeof UNIT_5 : sizeof UNIT);
        for (unsigned i = 0; i < 3; i++) {
            seed = seed * 1664525 + 1013904223;
            image.bytes[LINES_AT + 4 + (seed >> 8) % (sizeof UNIT_5 - 4)] = (uint8_t)(seed >> 24);
        }
        if (load(&image, &table, &error) == STATUS_OK)
            line_table_find(table, seed & 0x3FFF, &place);
        line_table_free(table);
    }
}
END_TEST

Suite *line_table_suite(void);
Suite *line_table_suite(void)
{
    Suite *suite = suite_create("line_table");
    TCase *tests = tcase_create("line_table");
    tcase_add_loop_test(tests, an_address_has_the_line_of_the_row_below_it, 0,
                        ARRAY_COUNT(EXPECTED));
    tcase_add_test(tests, no_table_and_an_unknown_version_have_no_lines);
    tcase_add_loop_test(tests, a_damaged_table_is_one_message, 0, ARRAY_COUNT(DAMAGES));
    tcase_add_test(tests, version_5_counts_files_from_0);
    tcase_add_test(tests, random_tables_do_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}
