/* What a disk is told about itself, against ATA/ATAPI-6: power, the host protected area. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/ata_bench.h"

static void command_with(struct ata_bench *c, unsigned count, unsigned code)
{
    ata_out(c, 2, count);
    ata_command(c, code);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
}

static uint8_t power_mode(struct ata_bench *c)
{
    command_with(c, 0x55, 0xE5);
    return ata_in(c, 2);
}

/* --- power --------------------------------------------------------------------------------------- */

START_TEST(power_modes_are_told_without_being_changed)
{
    static const struct {
        unsigned code;
        uint8_t mode;
    } STEPS[] = {{0xE3, 0x80}, {0xE2, 0x00}, {0xE1, 0x80}, {0xE0, 0x00},
                 {0x97, 0x80}, {0x96, 0x00}, {0x95, 0x80}, {0x94, 0x00}};
    struct ata_bench *c = ata_make(1), *idle = ata_make(1);
    ck_assert_uint_eq(power_mode(c), 0xFF);
    for (size_t i = 0; i < ARRAY_COUNT(STEPS); i++) {
        command_with(c, 0, STEPS[i].code);
        ck_assert_uint_eq(power_mode(c), STEPS[i].mode);
        ck_assert_uint_eq(power_mode(c), STEPS[i].mode);
    }
    ata_lba(c, 1, 9);
    ata_command(c, 0x20); /* what needs the medium wakes it */
    ck_assert_uint_eq(ata_read_sector(c), 9);
    ck_assert_uint_eq(power_mode(c), 0xFF);
    ck_assert_uint_eq(power_mode(idle), 0xFF);
    ata_destroy(c);
    ata_destroy(idle);
}
END_TEST

/* Table 18: 1-240 count five seconds. */
START_TEST(the_standby_timer_runs_out_after_the_last_command)
{
    struct ata_bench *c = ata_make(1);
    command_with(c, 1, 0xE3); /* IDLE: five seconds */
    fixture_run_us(c->f, 4900000);
    ck_assert_uint_eq(power_mode(c), 0x80); /* a command: it starts again */
    fixture_run_us(c->f, 4900000);
    ck_assert_uint_eq(power_mode(c), 0x80);
    fixture_run_us(c->f, 5000001);
    ck_assert_uint_eq(power_mode(c), 0x00);
    command_with(c, 241, 0xE3); /* half an hour */
    fixture_run_us(c->f, UINT64_C(29) * 60 * 1000000);
    ck_assert_uint_eq(power_mode(c), 0x80);
    fixture_run_us(c->f, UINT64_C(31) * 60 * 1000000);
    ck_assert_uint_eq(power_mode(c), 0x00);
    command_with(c, 0, 0xE3); /* 0: never */
    fixture_run_us(c->f, UINT64_C(3600) * 1000000);
    ck_assert_uint_eq(power_mode(c), 0x80);
    fixture_check_state(c->f->device);
    ata_destroy(c);
}
END_TEST

START_TEST(a_sleeping_drive_obeys_nothing_but_a_reset)
{
    struct ata_bench *c = ata_make(1);
    unsigned rises;
    command_with(c, 0, 0xE6);
    rises = c->irq.rises;
    ata_lba(c, 1, 9);
    ata_command(c, 0x20);
    fixture_run_us(c->f, 1000);
    ck_assert_uint_eq(c->irq.rises, rises);
    ck_assert_uint_eq(c->disks[0].requests, 0);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "sleeps"));
    fixture_out(c->f, 0x3F6, 0x04);
    fixture_out(c->f, 0x3F6, 0x00);
    ata_wait(c);
    ck_assert_uint_eq(power_mode(c), 0x00); /* it wakes into standby */
    ata_destroy(c);
}
END_TEST

/* --- the host protected area --------------------------------------------------------------------- */

static void read_native_max(struct ata_bench *c)
{
    ata_lba(c, 0, 0);
    ata_command(c, 0xF8);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_in(c, 3) | (unsigned)ata_in(c, 4) << 8, TOTAL - 1);
}

START_TEST(set_max_hides_the_end_until_power_off)
{
    struct ata_bench *c = ata_make(1);
    read_native_max(c);
    ata_lba(c, 0, 999);
    ata_command(c, 0xF9);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_identify_word(c, 60), 1000);
    ck_assert_uint_eq(ata_identify_word(c, 100), 1000);
    ck_assert_uint_eq(ata_identify_word(c, 1), 1000 / (HEADS * SECTORS));
    ck_assert_uint_eq(ata_identify_word(c, 54), 1000 / (HEADS * SECTORS));
    ata_lba(c, 2, 999);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), 999);
    ata_expect_error(c, 0x10);
    ata_lba(c, 1, 1000);
    ata_command(c, 0x20);
    ata_expect_error(c, 0x10);
    ata_lba(c, 2, 999);
    ata_command(c, 0x30);
    ata_write_sector(c, 0xAA);
    ata_write_sector(c, 0xBB);
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 1000 * SECTOR_BYTES), 1000);
    ata_lba(c, 40, 980);
    ata_command(c, 0x40);
    fixture_run_us(c->f, 100);
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(ata_in(c, 3) | (unsigned)ata_in(c, 4) << 8, 1000);
    read_native_max(c); /* still says where the disk ends */
    c->f->device->type->reset(c->f->device, RESET_HARD);
    ck_assert_uint_eq(ata_identify_word(c, 60), TOTAL);
    ata_destroy(c);
}
END_TEST

START_TEST(set_max_comes_directly_after_read_native_max)
{
    struct ata_bench *c = ata_make(1);
    ata_lba(c, 0, 999);
    ata_command(c, 0xF9);
    ata_expect_error(c, 0x04);
    read_native_max(c);
    command_with(c, 0, 0xE5);
    ata_lba(c, 0, 999);
    ata_command(c, 0xF9);
    ata_expect_error(c, 0x04);
    read_native_max(c);
    ata_lba(c, 0, TOTAL); /* more than there is */
    ata_command(c, 0xF9);
    ata_expect_error(c, 0x10);
    read_native_max(c);
    ata_out(c, 1, 0x01); /* SET PASSWORD */
    ata_command(c, 0xF9);
    ata_expect_error(c, 0x04);
    ck_assert_uint_eq(ata_identify_word(c, 60), TOTAL);
    ata_destroy(c);
}
END_TEST

START_TEST(the_ext_forms_have_48_bits)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].geometry.total = TOTAL;
    ata_lba(c, 0, 0);
    ata_command(c, 0x27);
    ck_assert_uint_eq(ata_in(c, 3) | (unsigned)ata_in(c, 4) << 8, TOTAL - 1);
    fixture_out(c->f, 0x3F6, 0x80);
    ck_assert_uint_eq(ata_in(c, 3), 0);
    ata_out(c, 3, 0); ata_out(c, 3, 0xFF);
    ata_out(c, 4, 0); ata_out(c, 4, 0x01);
    ata_out(c, 5, 0); ata_out(c, 5, 0);
    ata_command(c, 0x37);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(ata_identify_word(c, 100), 512);
    ata_out(c, 6, 0xA0);
    ata_command(c, 0x27); /* C/H/S */
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

/* --- flushing and what is refused ---------------------------------------------------------------- */

START_TEST(a_flush_that_fails_aborts)
{
    static const unsigned CODES[] = {0xE7, 0xEA};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        c->disks[0].is_slow = true;
        ata_lba(c, 0, 0);
        ata_command(c, CODES[i]);
        fixture_run_us(c->f, 50000);
        ck_assert_uint_eq(ata_alternate(c), 0x80); /* until the data are safe */
        c->disks[0].fails_flush = i == 0;
        disk_finish(&c->disks[0]);
        ata_wait(c);
        if (i == 0)
            ata_expect_error(c, 0x04);
        else
            ck_assert_uint_eq(ata_in(c, 7), 0x50);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(security_and_microcode_are_aborted)
{
    static const unsigned CODES[] = {0x08, 0x22, 0x32, 0x92, 0xE4, 0xE8, 0xF1, 0xF2, 0xF3, 0xF4,
                                     0xF5, 0xF6};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        ata_command(c, CODES[i]);
        ata_expect_error(c, 0x04);
    }
    ck_assert_uint_eq(ata_identify_word(c, 82) & 0x3202, 0); /* and not promised */
    ata_destroy(c);
}
END_TEST

Suite *ata_settings_suite(void);
Suite *ata_settings_suite(void)
{
    Suite *suite = suite_create("ata_settings");
    TCase *tcase = tcase_create("ata_settings");
    tcase_add_test(tcase, power_modes_are_told_without_being_changed);
    tcase_add_test(tcase, the_standby_timer_runs_out_after_the_last_command);
    tcase_add_test(tcase, a_sleeping_drive_obeys_nothing_but_a_reset);
    tcase_add_test(tcase, set_max_hides_the_end_until_power_off);
    tcase_add_test(tcase, set_max_comes_directly_after_read_native_max);
    tcase_add_test(tcase, the_ext_forms_have_48_bits);
    tcase_add_test(tcase, a_flush_that_fails_aborts);
    tcase_add_test(tcase, security_and_microcode_are_aborted);
    suite_add_tcase(suite, tcase);
    return suite;
}
