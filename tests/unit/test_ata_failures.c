/* ATA disks that fail, are full, read-only, slow or reset: what the guest sees (ATA-6 6.2, 8, 9). */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/ata.h"
#include "devices/disk_mechanics.h"
#include "devices/ide_piix3.h"
#include "devices/types.h"
#include "tests/unit/ata_bench.h"
#include "tests/unit/block_bench.h"

/* --- errors ------------------------------------------------------------------------------------- */

START_TEST(addresses_outside_are_not_found)
{
    static const struct {
        unsigned cylinder, head, sector;
    } BAD[] = {{0, 0, 0},  {0, 0, 18},         {0, 0, 64},     {0, 0, 255},
               {0, 4, 1},  {0, 15, 1},         {CYLINDERS, 0, 1}, {0xFFFF, 3, 17}};
    static const unsigned COMMANDS[] = {0x20, 0x40, 0x70};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++)
        for (size_t j = 0; j < ARRAY_COUNT(COMMANDS); j++) {
            ata_chs(c, 1, BAD[i].cylinder, BAD[i].head, BAD[i].sector);
            ata_command(c, COMMANDS[j]);
            ata_expect_error(c, 0x10);
            ck_assert(c->irq.level);
            ck_assert_uint_eq(ata_in(c, 3), BAD[i].sector);
            ck_assert_uint_eq(ata_in(c, 4) | (unsigned)ata_in(c, 5) << 8, BAD[i].cylinder);
            ck_assert_uint_eq(ata_in(c, 2), 1);
        }
    /* A refused write has had its data taken first: the cylinder is judged with the sector. */
    ata_chs(c, 1, CYLINDERS, 0, 1);
    ata_command(c, 0x30);
    ata_write_sector(c, 0);
    ata_expect_error(c, 0x10);
    ata_destroy(c);
}
END_TEST

START_TEST(last_sector_with_count_two_gives_one_then_idnf)
{
    struct ata_bench *c = ata_make(1);
    ata_chs(c, 2, CYLINDERS - 1, HEADS - 1, SECTORS);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), TOTAL - 1);
    ata_expect_error(c, 0x10);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(ata_in(c, 2), 1); /* one was not done; the registers name it */
    ck_assert_uint_eq(ata_in(c, 4), CYLINDERS);
    ck_assert_uint_eq(ata_in(c, 3), 1);
    ata_lba(c, 2, TOTAL - 1);
    ata_command(c, 0x30);
    ata_write_sector(c, 0xAA);
    ata_write_sector(c, 0xBB);
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + (TOTAL - 1) * SECTOR_BYTES), 0xAA);
    ata_lba(c, 2, TOTAL - 1);
    ata_command(c, 0x40); /* READ VERIFY */
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(ata_in(c, 3) | (unsigned)ata_in(c, 4) << 8, TOTAL);
    ata_destroy(c);
}
END_TEST

START_TEST(media_errors_are_reported_at_their_sector)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    ata_lba(c, 4, 5);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), 5);
    ck_assert_uint_eq(ata_read_sector(c), 6);
    ata_expect_error(c, 0x40);
    ck_assert_uint_eq(ata_in(c, 3), 7);
    ck_assert_uint_eq(ata_in(c, 2), 2);
    c->disks[0].bad_result = BLOCK_WRITE_ERROR;
    ata_lba(c, 1, 7);
    ata_command(c, 0x30);
    ata_write_sector(c, 1);
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

START_TEST(read_only_disks_abort_writes)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].block.is_read_only = true;
    ata_lba(c, 1, 7);
    ata_command(c, 0x30);
    ata_expect_error(c, 0x04);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "--overlay"));
    ata_destroy(c);
}
END_TEST

START_TEST(a_full_workstation_disk_is_tried_again)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_NO_SPACE;
    ata_lba(c, 1, 7);
    ata_command(c, 0x30);
    ata_write_sector(c, 0x1234);
    ck_assert_uint_eq(ata_alternate(c), 0x80);
    c->disks[0].bad_lba = UINT64_MAX;
    fixture_run_us(c->f, 200000);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 7 * SECTOR_BYTES), 0x1234);
    ata_destroy(c);
}
END_TEST

/* From the file to the guest: the drive reports what the file could not do, the log says it once, the
 * other drive is not concerned, and the failed sectors can be read when the file works again. */
START_TEST(errors_of_the_file_reach_the_guest_and_no_other_drive)
{
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct device_config config = {.name = "ide0"};
    struct ata_bench *c = ata_bench_new();
    struct storage_memory *memory;
    bench_log_init(&log);
    config.block[0] = bench_raw_disk(&memory, 64, &options);
    config.block[1] = &c->disks[1].block;
    ata_bench_plug(c, &config);
    memory->read_error = memory->write_error = EIO;
    for (unsigned i = 0; i < 3; i++) {
        ata_lba(c, 1, 7);
        ata_command(c, 0x20);
        ata_expect_error(c, 0x40); /* UNC */
        ata_lba(c, 1, 7);
        ata_command(c, 0x30);
        ata_write_sector(c, 0x1234);
        ata_expect_error(c, 0x04); /* ABRT */
        ata_lba(c, 1, 9);
        ata_out(c, 6, 0xF0);
        ata_command(c, 0x20);
        ck_assert_uint_eq(ata_read_sector(c), 9);
    }
    ck_assert_uint_eq(log.lines, 1);
    ck_assert_ptr_nonnull(strstr(log.line, "memory.img: can't be read: Input/output error"));
    memory->read_error = memory->write_error = 0;
    ata_lba(c, 1, 7);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), 0);
    ata_destroy(c);
    config.block[0]->ops->close(config.block[0]);
    storage_memory_free(memory);
}
END_TEST

/* A file without room keeps its own drive busy; another channel's works on meanwhile. */
START_TEST(a_full_file_keeps_its_own_drive_busy_alone)
{
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct device_config config = {.name = "ide0"}, second = {.name = "ide1"};
    struct ata_bench *c = ata_bench_new();
    struct storage_memory *memory;
    bench_log_init(&log);
    config.block[0] = bench_raw_disk(&memory, 64, &options);
    second.block[0] = &c->disks[1].block;
    fixture_set(&second, "iobase", "0x170");
    fixture_set(&second, "control", "0x376");
    ata_bench_plug(c, &config);
    (void)fixture_add(c->f, &ATA_TYPE, &second);
    memory->fail_write_after = 0;
    ata_lba(c, 1, 7);
    ata_command(c, 0x30);
    ata_write_sector(c, 0x1234);
    for (unsigned i = 0; i < 10; i++) {
        fixture_run_us(c->f, 200000);
        ck_assert_uint_eq(ata_alternate(c), 0x80);
        fixture_out(c->f, 0x172, 1);
        fixture_out(c->f, 0x173, (uint8_t)i);
        fixture_out(c->f, 0x174, 0);
        fixture_out(c->f, 0x175, 0);
        fixture_out(c->f, 0x176, 0xE0);
        fixture_out(c->f, 0x177, 0x40); /* READ VERIFY */
        ata_wait(c);
        ck_assert_uint_eq(fixture_in(c->f, 0x376), 0x50);
    }
    ck_assert_uint_eq(c->disks[1].requests, 10);
    ck_assert_uint_eq(log.lines, 1);
    memory->fail_write_after = UINT_MAX;
    fixture_run_us(c->f, 200000);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ck_assert_uint_eq(load_le32(memory->bytes + 7 * SECTOR_BYTES), 0x1234);
    ata_destroy(c);
    config.block[0]->ops->close(config.block[0]);
    storage_memory_free(memory);
}
END_TEST

START_TEST(unknown_commands_and_smart_are_aborted)
{
    static const unsigned CODES[] = {0x00, 0x08, 0xA0, 0xA1, 0xB0, 0xF1, 0xFF};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        ata_out(c, 1, 0xDA); /* SMART RETURN STATUS without its keys */
        ata_command(c, CODES[i]);
        ata_expect_error(c, 0x04);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(data_beyond_the_end_goes_nowhere)
{
    struct ata_bench *c = ata_make(1);
    static uint8_t junk[140000];
    uint64_t before;
    ata_lba(c, 1, 3);
    ata_command(c, 0x20);
    ata_read_sector(c);
    before = hash_bytes(HASH_START, c->disks[0].bytes, (size_t)TOTAL * SECTOR_BYTES);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, junk, 70000), 70000);
    ck_assert_uint_eq(junk[0], 0xFF);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, junk, 70000), 70000);
    ck_assert_uint_eq(space_read(&c->f->ports, 0x1F0, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ck_assert_uint_eq(hash_bytes(HASH_START, c->disks[0].bytes, (size_t)TOTAL * SECTOR_BYTES),
                      before);
    ata_destroy(c);
}
END_TEST

START_TEST(busy_drives_ignore_registers_and_commands)
{
    struct ata_bench *c = ata_make(1);
    ata_lba(c, 1, 9);
    ata_out(c, 7, 0x20);
    ata_out(c, 3, 0x55);
    ata_out(c, 6, 0xB0);
    ata_out(c, 7, 0xEC);
    ata_wait(c);
    ck_assert_uint_eq(ata_read_sector(c), 9);
    ck_assert_uint_eq(ata_in(c, 3), 9);
    ck_assert_uint_gt(c->f->guest_errors, 0);
    ata_destroy(c);
}
END_TEST

/* --- slow back-ends ------------------------------------------------------------------------------ */

START_TEST(pending_requests_keep_busy_until_they_complete)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].is_slow = true;
    ata_lba(c, 1, 9);
    ata_command(c, 0x20);
    fixture_run_us(c->f, 100000);
    ck_assert_uint_eq(ata_alternate(c), 0x80);
    disk_finish(&c->disks[0]);
    ata_wait(c);
    ck_assert_uint_eq(ata_read_sector(c), 9);
    ata_destroy(c);
}
END_TEST

START_TEST(software_reset_cancels_a_pending_request)
{
    struct ata_bench *c = ata_make(1);
    c->disks[0].is_slow = true;
    ata_lba(c, 1, 9);
    ata_command(c, 0x20);
    fixture_out(c->f, 0x3F6, 0x04);
    ck_assert_uint_eq(c->disks[0].cancels, 1);
    ck_assert_ptr_null(c->disks[0].pending);
    fixture_out(c->f, 0x3F6, 0x00);
    ata_wait(c);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ata_destroy(c);
}
END_TEST

START_TEST(a_saved_pending_request_is_made_again)
{
    struct ata_bench *c = ata_make(1);
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    c->disks[0].is_slow = true;
    ata_lba(c, 1, 9);
    ata_command(c, 0x20);
    device_save(c->f->device, &saved);
    disk_finish(&c->disks[0]);
    ata_wait(c);
    ata_read_sector(c);
    ck_assert_int_eq(device_load(c->f->device, &saved, &error), STATUS_OK);
    ck_assert_uint_eq(ata_alternate(c), 0x80);
    ck_assert_uint_eq(c->disks[0].requests, 2);
    disk_finish(&c->disks[0]);
    ata_wait(c);
    ck_assert_uint_eq(ata_read_sector(c), 9);
    state_stream_free(&saved);
    ata_destroy(c);
}
END_TEST

START_TEST(flush_reaches_the_back_end)
{
    struct ata_bench *c = ata_make(1);
    ata_command(c, 0xE7);
    ata_out(c, 6, 0xE0);
    ata_command(c, 0xEA);
    ck_assert_uint_eq(c->disks[0].flushes, 2);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ata_destroy(c);
}
END_TEST

/* SET FEATURES 82h: no write ends before its data are on the medium, of either drive by itself. */
START_TEST(a_write_without_the_cache_is_flushed)
{
    struct ata_bench *c = ata_make(3);
    ata_out(c, 6, 0xE0);
    ata_out(c, 1, 0x82);
    ata_command(c, 0xEF);
    for (unsigned drive = 0; drive < 2; drive++) {
        ata_chs(c, 2, 0, drive << 4, 1);
        ata_command(c, 0x30);
        ata_write_sector(c, 1);
        ck_assert_uint_eq(c->disks[drive].flushes, 0);
        ata_write_sector(c, 2);
        ck_assert_uint_eq(c->disks[drive].flushes, drive == 0 ? 1 : 0);
        ck_assert_uint_eq(ata_alternate(c), 0x50);
    }
    ck_assert_uint_eq(c->disks[0].flushes, 1);
    ata_destroy(c);
}
END_TEST

Suite *ata_failures_suite(void);
Suite *ata_failures_suite(void)
{
    Suite *suite = suite_create("ata_failures");
    TCase *tcase = tcase_create("ata");
    tcase_add_test(tcase, addresses_outside_are_not_found);
    tcase_add_test(tcase, last_sector_with_count_two_gives_one_then_idnf);
    tcase_add_test(tcase, media_errors_are_reported_at_their_sector);
    tcase_add_test(tcase, read_only_disks_abort_writes);
    tcase_add_test(tcase, a_full_workstation_disk_is_tried_again);
    tcase_add_test(tcase, errors_of_the_file_reach_the_guest_and_no_other_drive);
    tcase_add_test(tcase, a_full_file_keeps_its_own_drive_busy_alone);
    tcase_add_test(tcase, unknown_commands_and_smart_are_aborted);
    tcase_add_test(tcase, data_beyond_the_end_goes_nowhere);
    tcase_add_test(tcase, busy_drives_ignore_registers_and_commands);
    tcase_add_test(tcase, pending_requests_keep_busy_until_they_complete);
    tcase_add_test(tcase, software_reset_cancels_a_pending_request);
    tcase_add_test(tcase, a_saved_pending_request_is_made_again);
    tcase_add_test(tcase, flush_reaches_the_back_end);
    tcase_add_test(tcase, a_write_without_the_cache_is_flushed);
    suite_add_tcase(suite, tcase);
    return suite;
}
