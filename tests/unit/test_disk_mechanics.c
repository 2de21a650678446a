/* Arm and spindle: what a class can see of them, with the times that disk_mechanics.h documents. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/regs.h"
#include "devices/disk_mechanics.h"
#include "tests/unit/ata_bench.h"

static struct ata_bench *make(void)
{
    struct device_config config = {.name = "ide0"};
    fixture_set(&config, "mechanics", "realistic");
    return ata_make_with(1, &config);
}

/* A row of the bank that is at no port. */
static uint32_t shown(struct ata_bench *c, const char *name)
{
    uint32_t value = 0;
    for (const struct reg_bank *const *bank = c->f->device->type->banks; *bank; bank++)
        for (const struct reg *row = (*bank)->rows; row->name; row++)
            if (strcmp(row->name, name) == 0)
                ck_assert(reg_peek(row, c->f->device, &value));
    return value;
}

/* Microseconds from the command to its interrupt. */
static uint64_t time_of(struct ata_bench *c, unsigned code)
{
    uint64_t start = c->f->timeline.now;
    ata_out(c, 7, code);
    fixture_run_us(c->f, 10000000);
    ck_assert_uint_gt(c->irq.last_rise, start);
    ata_in(c, 7);
    return (c->irq.last_rise - start) / FIXTURE_US;
}

START_TEST(the_command_tells_what_it_will_cost_and_costs_it)
{
    struct ata_bench *c = make();
    const char *text;
    uint64_t turn, at = clock_ns(&c->f->clock);
    ck_assert_uint_eq(at, 0);
    ata_chs(c, 2, 16, 0, 5);
    text = fixture_describe(c->f, c->f->device, 0x1F7, true, 0x40);
    /* 3 + 0.7 * 4 = 5.8 ms; by then sector 5800 * 17 / 16667 + 1 = 6 passes; a turn later sector 5:
     * 4/17 turn is at 3.922 ms, so 16.667 + 3.922 - 5.8 = 14.788 ms. */
    ck_assert_str_eq(text, "drive 0: READ VERIFY SECTORS 2 at C/H/S 16/0/5; arm from cylinder 0 to 16: "
                           "5800 us; sector 6 passes, 14788 us to sector 5; 1960 us of data");
    turn = time_of(c, 0x40);
    ck_assert_uint_ge(turn, 5800 + 14788 + 1960);
    ck_assert_uint_le(turn, 5800 + 14788 + 1960 + 3);
    ck_assert_uint_eq(shown(c, "ARM 0"), 16);
    ck_assert_uint_eq(shown(c, "ARM 1"), 0);
    ata_destroy(c);
}
END_TEST

START_TEST(sectors_pass_below_the_heads_as_time_goes_by)
{
    struct ata_bench *c = make(), *other = make();
    for (uint32_t sector = 1; sector <= 2 * SECTORS; sector++) {
        ck_assert_uint_eq(shown(c, "SECTOR 0"), (sector - 1) % SECTORS + 1);
        fixture_run_us(c->f, 16667 / SECTORS + 1); /* a little more than a sector */
    }
    ck_assert_uint_eq(shown(other, "SECTOR 0"), 1);
    ck_assert_uint_eq(shown(c, "SECTOR 1"), 0); /* there is no drive 1 */
    ata_destroy(c);
    ata_destroy(other);
}
END_TEST

START_TEST(a_seek_moves_the_arm_and_waits_for_no_sector)
{
    struct ata_bench *c = make();
    ata_chs(c, 1, 9, 0, 17);
    ck_assert_str_eq(fixture_describe(c->f, c->f->device, 0x1F7, true, 0x70),
                     "drive 0: SEEK to C/H/S 9/0/17; arm from cylinder 0 to 9: 5100 us");
    ck_assert_uint_eq(time_of(c, 0x70), 5101);
    ck_assert_uint_eq(shown(c, "ARM 0"), 9);
    ck_assert_uint_eq(time_of(c, 0x70), 1); /* it is there */
    ck_assert_uint_eq(time_of(c, 0x10), 5101); /* RECALIBRATE: back to the first */
    ck_assert_uint_eq(shown(c, "ARM 0"), 0);
    ata_destroy(c);
}
END_TEST

START_TEST(after_standby_the_platters_have_to_spin_up)
{
    struct ata_bench *c = make();
    ata_command(c, 0xE0);
    ata_in(c, 7);
    ck_assert_uint_eq(shown(c, "SECTOR 0"), 0);
    ata_chs(c, 1, 0, 0, 1);
    ck_assert_ptr_nonnull(strstr(fixture_describe(c->f, c->f->device, 0x1F7, true, 0x40),
                                 "4 s until it spins; arm from cylinder 0 to 0: 0 us"));
    ck_assert_uint_ge(time_of(c, 0x40), 4000000);
    ck_assert_uint_gt(shown(c, "SECTOR 0"), 0);
    ata_chs(c, 1, 0, 0, 1);
    ck_assert_uint_lt(time_of(c, 0x40), 20000);
    fixture_check_state(c->f->device);
    ata_destroy(c);
}
END_TEST

START_TEST(the_arm_stays_on_the_disk)
{
    struct ata_bench *c = make();
    ata_lba(c, 1, 0x0FFFFFFF);
    time_of(c, 0x40);
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(shown(c, "ARM 0"), CYLINDERS - 1);
    ata_destroy(c);
}
END_TEST

START_TEST(immediate_disks_say_nothing_of_arms)
{
    struct ata_bench *c = ata_make(1);
    ata_chs(c, 1, 9, 0, 1);
    ck_assert_str_eq(fixture_describe(c->f, c->f->device, 0x1F7, true, 0x20),
                     "drive 0: READ SECTORS 1 at C/H/S 9/0/1");
    ck_assert_uint_eq(time_of(c, 0x40), 1);
    ata_destroy(c);
}
END_TEST

/* One drive of a channel is of about 1990, the other of none. */
START_TEST(each_drive_has_its_own_mechanics)
{
    struct device_config config = {.name = "ide0"};
    struct ata_bench *c;
    uint64_t slow;
    fixture_set(&config, "mechanics", "immediate/realistic");
    c = ata_make_with(3, &config);
    ata_chs(c, 1, 16, 3, 1);
    ck_assert_uint_le(time_of(c, 0x40), 3);
    ata_out(c, 6, 0xB3);
    ata_out(c, 2, 1);
    ata_out(c, 3, 1);
    ata_out(c, 4, 16);
    slow = time_of(c, 0x40);
    ck_assert_uint_ge(slow, 5800);
    ck_assert_uint_eq(shown(c, "ARM 0"), 0);
    ck_assert_uint_eq(shown(c, "ARM 1"), 16);
    ck_assert_uint_eq(shown(c, "HEAD 1"), 3);
    ata_destroy(c);
}
END_TEST

START_TEST(words_that_are_none_are_refused)
{
    static const char *const WORDS[] = {"", "fast", "realistic/", "/realistic", "realistic/immediate/realistic",
                                        "realisticimmediate"};
    bool is_realistic[2];
    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++) {
        struct error error = {STATUS_OK, ""};
        ck_assert_int_eq(disk_mechanics_option("ide0", WORDS[i], is_realistic, 2, &error), STATUS_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "fix: realistic, immediate"));
    }
    ck_assert_int_eq(disk_mechanics_option("ide0", "realistic", is_realistic, 2, NULL), STATUS_OK);
    ck_assert(is_realistic[0] && is_realistic[1]);
}
END_TEST

START_TEST(seeks_take_what_the_table_says)
{
    static const struct {
        uint32_t cylinders, tenths_ms;
    } TABLE[] = {{1, 37}, {10, 52}, {100, 100}, {500, 187}, {999, 251}};
    for (size_t i = 0; i < ARRAY_COUNT(TABLE); i++)
        ck_assert_uint_eq((disk_seek_ns(TABLE[i].cylinders) + 50000) / 100000, TABLE[i].tenths_ms);
}
END_TEST

Suite *disk_mechanics_suite(void);
Suite *disk_mechanics_suite(void)
{
    Suite *suite = suite_create("disk_mechanics");
    TCase *tcase = tcase_create("disk_mechanics");
    tcase_add_test(tcase, the_command_tells_what_it_will_cost_and_costs_it);
    tcase_add_test(tcase, sectors_pass_below_the_heads_as_time_goes_by);
    tcase_add_test(tcase, a_seek_moves_the_arm_and_waits_for_no_sector);
    tcase_add_test(tcase, after_standby_the_platters_have_to_spin_up);
    tcase_add_test(tcase, the_arm_stays_on_the_disk);
    tcase_add_test(tcase, immediate_disks_say_nothing_of_arms);
    tcase_add_test(tcase, each_drive_has_its_own_mechanics);
    tcase_add_test(tcase, words_that_are_none_are_refused);
    tcase_add_test(tcase, seeks_take_what_the_table_says);
    suite_add_tcase(suite, tcase);
    return suite;
}
