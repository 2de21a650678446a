/* SMART against ATA/ATAPI-6 8.55, and the layout of attributes that its readers expect. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/ata_bench.h"

static void smart(struct ata_bench *c, unsigned subcommand, unsigned count, unsigned low)
{
    ata_out(c, 1, subcommand);
    ata_out(c, 2, count);
    ata_out(c, 3, low);
    ata_out(c, 4, 0x4F);
    ata_out(c, 5, 0xC2);
    ata_out(c, 6, 0xA0);
    ata_command(c, 0xB0);
}

static void read_page(struct ata_bench *c, unsigned subcommand, unsigned low, uint8_t *bytes)
{
    uint8_t sum = 0;
    smart(c, subcommand, 1, low);
    ck_assert_uint_eq(ata_in(c, 7), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, bytes, 256), 256);
    for (unsigned i = 0; i < SECTOR_BYTES; i++)
        sum = (uint8_t)(sum + bytes[i]);
    if (subcommand != 0xD5 || low != 0)
        ck_assert_uint_eq(sum, 0);
}

/* The attribute's entry of 12 bytes; NULL: it is not there. */
static const uint8_t *attribute(const uint8_t *page, uint8_t id)
{
    for (unsigned i = 0; i < 30; i++)
        if (page[2 + 12 * i] == id)
            return page + 2 + 12 * i;
    return NULL;
}

START_TEST(nothing_goes_without_the_keys)
{
    static const uint8_t KEYS[][2] = {{0, 0}, {0x4F, 0}, {0, 0xC2}, {0xC2, 0x4F}, {0xF4, 0x2C}};
    struct ata_bench *c = ata_make(1);
    for (unsigned subcommand = 0xD0; subcommand <= 0xDB; subcommand++)
        for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
            ata_out(c, 1, subcommand);
            ata_out(c, 2, 1);
            ata_out(c, 4, KEYS[i][0]);
            ata_out(c, 5, KEYS[i][1]);
            ata_command(c, 0xB0);
            ata_expect_error(c, 0x04);
            ck_assert_uint_eq(ata_in(c, 4), KEYS[i][0]);
        }
    ata_destroy(c);
}
END_TEST

START_TEST(while_it_is_off_only_enable_is_obeyed)
{
    struct ata_bench *c = ata_make(1);
    ck_assert_uint_eq(ata_identify_word(c, 82) & 1, 1);
    ck_assert_uint_eq(ata_identify_word(c, 85) & 1, 1);
    smart(c, 0xD9, 0, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_identify_word(c, 85) & 1, 0);
    smart(c, 0xDA, 0, 0);
    ata_expect_error(c, 0x04);
    smart(c, 0xD0, 1, 0);
    ata_expect_error(c, 0x04);
    smart(c, 0xD8, 0, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    smart(c, 0xDA, 0, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_in(c, 4), 0x4F);
    ck_assert_uint_eq(ata_in(c, 5), 0xC2);
    ata_destroy(c);
}
END_TEST

START_TEST(attributes_count_what_has_happened)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    ata_lba(c, 3, 10);
    ata_command(c, 0x20);
    for (int i = 0; i < 3; i++)
        ata_read_sector(c);
    ata_lba(c, 1, 10);
    ata_command(c, 0x30);
    ata_write_sector(c, 1);
    fixture_run_us(c->f, UINT64_C(2) * 3600 * 1000000);
    read_page(c, 0xD0, 0, page);
    ck_assert_uint_eq(load_le16(page), 0x0010);
    ck_assert_uint_eq(load_le32(attribute(page, 242) + 5), 3);
    ck_assert_uint_eq(load_le32(attribute(page, 241) + 5), 1);
    ck_assert_uint_eq(load_le32(attribute(page, 9) + 5), 2);
    ck_assert_uint_eq(attribute(page, 1)[3], 100);
    ata_destroy(c);
}
END_TEST

START_TEST(a_drive_that_can_no_longer_read_foretells_its_end)
{
    struct ata_bench *c = ata_make(1), *good = ata_make(1);
    uint8_t page[SECTOR_BYTES], thresholds[SECTOR_BYTES];
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    read_page(c, 0xD1, 0, thresholds);
    for (unsigned i = 0; i < 50; i++) {
        smart(c, 0xDA, 0, 0);
        ck_assert_uint_eq(ata_in(c, 4), 0x4F);
        ata_lba(c, 1, 7);
        ata_command(c, 0x20);
        ata_expect_error(c, 0x40);
    }
    read_page(c, 0xD0, 0, page);
    ck_assert_uint_eq(load_le32(attribute(page, 1) + 5), 50);
    ck_assert_uint_le(attribute(page, 1)[3], attribute(thresholds, 1)[1]);
    smart(c, 0xDA, 0, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_in(c, 4), 0xF4);
    ck_assert_uint_eq(ata_in(c, 5), 0x2C);
    smart(good, 0xDA, 0, 0);
    ck_assert_uint_eq(ata_in(good, 4), 0x4F);
    ata_destroy(c);
    ata_destroy(good);
}
END_TEST

START_TEST(the_last_five_errors_are_logged)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    read_page(c, 0xD5, 0, page);
    ck_assert_uint_eq(load_le16(page), 1);
    ck_assert_uint_eq(page[2], 1);
    read_page(c, 0xD5, 1, page);
    ck_assert_uint_eq(page[0], 1);
    ck_assert_uint_eq(page[1], 0);
    ck_assert_uint_eq(load_le16(page + 452), 0);
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    for (unsigned i = 0; i < 7; i++) {
        c->disks[0].bad_lba = 20 + i;
        ata_lba(c, 4, 20 + i);
        ata_command(c, 0x20);
        ata_expect_error(c, 0x40);
    }
    ata_lba(c, 1, TOTAL); /* an address that is wrong is no fault of the disk */
    ata_command(c, 0x20);
    ata_expect_error(c, 0x10);
    read_page(c, 0xD5, 1, page);
    ck_assert_uint_eq(load_le16(page + 452), 7);
    ck_assert_uint_eq(page[1], 2); /* error 7 took error 2's place */
    {
        const uint8_t *error = page + 2 + 1 * 90, *command = error + 4 * 12;
        ck_assert_uint_eq(command[2], 4);
        ck_assert_uint_eq(command[3], 26);
        ck_assert_uint_eq(command[7], 0x20);
        ck_assert_uint_eq(error[60 + 1], 0x40);
        ck_assert_uint_eq(error[60 + 3], 26);
        ck_assert_uint_eq(error[60 + 7], 0x51);
    }
    smart(c, 0xD5, 1, 6); /* a log that is not there */
    ata_expect_error(c, 0x04);
    smart(c, 0xD5, 2, 1); /* longer than it is */
    ata_expect_error(c, 0x04);
    fixture_check_state(c->f->device);
    ata_destroy(c);
}
END_TEST

START_TEST(what_is_missing_is_refused)
{
    static const unsigned SUBCOMMANDS[] = {0xD4, 0xD6, 0xD7, 0xDB, 0x00, 0xFF};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(SUBCOMMANDS); i++) {
        smart(c, SUBCOMMANDS[i], 1, 0);
        ata_expect_error(c, 0x04);
    }
    smart(c, 0xD2, 0xF1, 0); /* autosave on, off, and neither */
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    smart(c, 0xD2, 0x00, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    smart(c, 0xD2, 0x55, 0);
    ata_expect_error(c, 0x04);
    smart(c, 0xD3, 0, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_destroy(c);
}
END_TEST

Suite *ata_smart_suite(void);
Suite *ata_smart_suite(void)
{
    Suite *suite = suite_create("ata_smart");
    TCase *tcase = tcase_create("ata_smart");
    tcase_add_test(tcase, nothing_goes_without_the_keys);
    tcase_add_test(tcase, while_it_is_off_only_enable_is_obeyed);
    tcase_add_test(tcase, attributes_count_what_has_happened);
    tcase_add_test(tcase, a_drive_that_can_no_longer_read_foretells_its_end);
    tcase_add_test(tcase, the_last_five_errors_are_logged);
    tcase_add_test(tcase, what_is_missing_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
