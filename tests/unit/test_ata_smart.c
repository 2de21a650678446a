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
    if (subcommand != 0xD5 || (low != 0 && low < 0x80))
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
    uint8_t page[SECTOR_BYTES], comprehensive[SECTOR_BYTES];
    read_page(c, 0xD5, 0, page);
    ck_assert_uint_eq(load_le16(page), 1);
    ck_assert_uint_eq(page[2], 1);
    ck_assert_uint_eq(page[4], 1);
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
    read_page(c, 0xD5, 2, comprehensive); /* of one sector: the same five */
    ck_assert_mem_eq(comprehensive, page, SECTOR_BYTES);
    smart(c, 0xD5, 1, 5); /* a log that is not there */
    ata_expect_error(c, 0x04);
    smart(c, 0xD5, 2, 1); /* longer than it is */
    ata_expect_error(c, 0x04);
    fixture_check_state(c->f->device);
    ata_destroy(c);
}
END_TEST

/* The last entry of the self-test log (8.55.6). */
static const uint8_t *last_test(struct ata_bench *c, uint8_t *page)
{
    read_page(c, 0xD5, 6, page);
    ck_assert_uint_eq(load_le16(page), 1);
    ck_assert_uint_ge(page[508], 1);
    ck_assert_uint_le(page[508], 21);
    return page + 2 + (page[508] - 1) * 24;
}

static uint8_t data_byte(struct ata_bench *c, unsigned at)
{
    uint8_t page[SECTOR_BYTES];
    read_page(c, 0xD0, 0, page);
    return page[at];
}

START_TEST(a_self_test_goes_on_while_the_host_works)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    ck_assert_uint_eq(ata_identify_word(c, 84), 0x4003);
    ck_assert_uint_eq(data_byte(c, 367) & 0x19, 0x19);
    read_page(c, 0xD5, 6, page);
    ck_assert_uint_eq(page[508], 0);
    fixture_run_us(c->f, UINT64_C(3) * 3600 * 1000000);
    smart(c, 0xD4, 0, 1);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(data_byte(c, 363), 0xFA);
    fixture_run_us(c->f, 30500000);
    ck_assert_uint_eq(data_byte(c, 363), 0xF5);
    fixture_check_state(c->f->device);
    ata_lba(c, 1, 10);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), 10);
    fixture_run_us(c->f, data_byte(c, 372) * UINT64_C(60000000));
    ck_assert_uint_eq(data_byte(c, 363), 0x00);
    ck_assert_uint_eq(last_test(c, page)[0], 1);
    ck_assert_uint_eq(last_test(c, page)[1], 0x00);
    ck_assert_uint_eq(load_le16(last_test(c, page) + 2), 3); /* hours */
    ata_destroy(c);
}
END_TEST

START_TEST(an_extended_test_finds_the_bad_sector)
{
    struct ata_bench *c = ata_make(1), *good = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    c->disks[0].bad_lba = TOTAL / 2 + 20;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    for (unsigned i = 0; i < 2; i++) {
        struct ata_bench *now = i ? good : c;
        smart(now, 0xD4, 0, 2);
        fixture_run_us(now->f, data_byte(now, 373) * UINT64_C(60000000));
        ck_assert_uint_eq(last_test(now, page)[0], 2);
        ck_assert_uint_eq(last_test(now, page)[1], i ? 0x00 : 0x75); /* half of it is left */
        ck_assert_uint_eq(load_le32(last_test(now, page) + 5), i ? 0xFFFFFFFF : TOTAL / 2 + 20);
    }
    ata_destroy(c);
    ata_destroy(good);
}
END_TEST

START_TEST(captive_the_drive_is_busy_to_the_end)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    for (unsigned is_bad = 0; is_bad < 2; is_bad++) {
        c->disks[0].bad_lba = is_bad ? 5 : UINT64_MAX;
        c->disks[0].bad_result = BLOCK_READ_ERROR;
        ata_out(c, 1, 0xD4);
        ata_out(c, 3, 0x82);
        ata_out(c, 4, 0x4F);
        ata_out(c, 5, 0xC2);
        ata_out(c, 7, 0xB0);
        ck_assert_uint_eq(ata_alternate(c), 0x80);
        fixture_run_us(c->f, 20000); /* less than the two turns of a step */
        ck_assert_uint_eq(ata_alternate(c), 0x80);
        fixture_check_state(c->f->device);
        fixture_run_us(c->f, 60000000);
        ck_assert_uint_eq(ata_in(c, 7), is_bad ? 0x51 : 0x50);
        ck_assert_uint_eq(ata_in(c, 4), is_bad ? 0xF4 : 0x4F);
        ck_assert_uint_eq(ata_in(c, 5), is_bad ? 0x2C : 0xC2);
        ck_assert_uint_eq(last_test(c, page)[0], 0x82);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(a_self_test_can_be_ended_from_outside)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    smart(c, 0xD4, 0, 0x7F); /* none goes on */
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    smart(c, 0xD4, 0, 1);
    smart(c, 0xD4, 0, 0x7F);
    ck_assert_uint_eq(last_test(c, page)[1] >> 4, 1);
    smart(c, 0xD4, 0, 2);
    ata_command(c, 0xE0); /* STANDBY IMMEDIATE */
    ck_assert_uint_eq(last_test(c, page)[1] >> 4, 1);
    ck_assert_uint_eq(page[508], 2);
    c->disks[0].is_slow = true;
    smart(c, 0xD4, 0, 1);
    space_write(&c->f->ports, 0x3F6, 1, 4);
    space_write(&c->f->ports, 0x3F6, 1, 0);
    c->disks[0].is_slow = false;
    ck_assert_uint_eq(c->disks[0].cancels, 1);
    fixture_run_us(c->f, 1000);
    ck_assert_uint_eq(last_test(c, page)[1] >> 4, 2);
    for (unsigned i = 0; i < 22; i++) { /* the log is a ring */
        smart(c, 0xD4, 0, 1);
        smart(c, 0xD4, 0, 0x7F);
    }
    last_test(c, page);
    ck_assert_uint_eq(page[508], (3 + 22 - 1) % 21 + 1);
    smart(c, 0xD4, 0, 3); /* conveyance */
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

START_TEST(data_are_collected_off_line_and_every_four_hours)
{
    struct ata_bench *c = ata_make(1);
    uint8_t page[SECTOR_BYTES];
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    ck_assert_uint_eq(data_byte(c, 362), 0x00);
    smart(c, 0xD4, 0, 0);
    ck_assert_uint_eq(data_byte(c, 362), 0x03);
    fixture_run_us(c->f, 60000000);
    ck_assert_uint_eq(data_byte(c, 362), 0x02);
    read_page(c, 0xD0, 0, page);
    ck_assert_uint_eq(load_le32(attribute(page, 1) + 5), 1);
    smart(c, 0xDB, 0xF8, 0);
    ck_assert_uint_eq(data_byte(c, 362), 0x82);
    fixture_run_us(c->f, UINT64_C(4) * 3600 * 1000000 + 1000000);
    ck_assert_uint_eq(data_byte(c, 362), 0x83);
    fixture_run_us(c->f, 60000000);
    read_page(c, 0xD0, 0, page);
    ck_assert_uint_eq(load_le32(attribute(page, 1) + 5), 2);
    smart(c, 0xDB, 0x00, 0);
    fixture_run_us(c->f, UINT64_C(9) * 3600 * 1000000);
    read_page(c, 0xD0, 0, page);
    ck_assert_uint_eq(page[362], 0x02);
    ck_assert_uint_eq(load_le32(attribute(page, 1) + 5), 2);
    ata_destroy(c);
}
END_TEST

START_TEST(the_hosts_logs_keep_what_it_wrote)
{
    struct ata_bench *c = ata_make(3);
    uint8_t page[SECTOR_BYTES];
    read_page(c, 0xD5, 0, page);
    for (unsigned log = 0x80; log <= 0x9F; log++) {
        ck_assert_uint_eq(page[2 * log], 1);
        smart(c, 0xD6, 1, log);
        ck_assert_uint_eq(ata_in(c, 7), 0x58);
        ata_write_sector(c, 0x1000 + log);
        ata_wait(c);
        ck_assert_uint_eq(ata_in(c, 7), 0x50);
    }
    fixture_check_state(c->f->device);
    for (unsigned log = 0x80; log <= 0x9F; log++) {
        smart(c, 0xD5, 1, log);
        ck_assert_uint_eq(ata_read_sector(c), 0x1000 + log);
    }
    ck_assert_uint_eq(c->disks[0].requests, 0); /* nothing went to the medium */
    for (unsigned log = 0; log < 256; log++) {
        if (log >= 0x80 && log <= 0x9F)
            continue;
        smart(c, 0xD6, 1, log);
        ata_expect_error(c, 0x04);
    }
    smart(c, 0xD6, 2, 0x80);
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

START_TEST(what_is_missing_is_refused)
{
    static const unsigned SUBCOMMANDS[] = {0xD6, 0xD7, 0xDB, 0x00, 0xFF};
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
    tcase_add_test(tcase, a_self_test_goes_on_while_the_host_works);
    tcase_add_test(tcase, an_extended_test_finds_the_bad_sector);
    tcase_add_test(tcase, captive_the_drive_is_busy_to_the_end);
    tcase_add_test(tcase, a_self_test_can_be_ended_from_outside);
    tcase_add_test(tcase, data_are_collected_off_line_and_every_four_hours);
    tcase_add_test(tcase, the_hosts_logs_keep_what_it_wrote);
    tcase_add_test(tcase, what_is_missing_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
