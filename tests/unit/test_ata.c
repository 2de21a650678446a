/* The ATA channel against ATA/ATAPI-6 and ATA-3, rule by rule. */
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

/* --- reset and identity -------------------------------------------------------------------------- */

START_TEST(signature_follows_power_on_and_software_reset)
{
    struct ata_bench *c = ata_make(1);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(ata_in(c, 1), 0x01);
        ck_assert_uint_eq(ata_in(c, 2), 0x01);
        ck_assert_uint_eq(ata_in(c, 3), 0x01);
        ck_assert_uint_eq(ata_in(c, 4), 0x00);
        ck_assert_uint_eq(ata_in(c, 5), 0x00);
        ck_assert_uint_eq(ata_in(c, 6), 0xA0);
        ck_assert_uint_eq(ata_in(c, 7), 0x50);
        ata_chs(c, 7, 3, 2, 1);
        fixture_out(c->f, 0x3F6, 0x04);
        ck_assert_uint_eq(ata_alternate(c), 0x80);
        ata_wait(c);
        ck_assert_uint_eq(ata_alternate(c), 0x80); /* while SRST is held */
        fixture_out(c->f, 0x3F6, 0x00);
        ck_assert_uint_eq(ata_alternate(c), 0x80);
        ata_wait(c);
    }
    ck_assert_uint_eq(c->irq.rises, 0); /* a reset does not interrupt */
    ata_destroy(c);
}
END_TEST

START_TEST(identify_tells_geometry_and_capacity)
{
    struct ata_bench *c = ata_make(1);
    uint8_t id[SECTOR_BYTES], sum = 0;
    ata_command(c, 0xEC);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(ata_in(c, 7), 0x58);
    ck_assert(!c->irq.level);
    for (unsigned i = 0; i < 256; i++)
        store_le16(id + 2 * i, (uint16_t)space_read(&c->f->ports, 0x1F0, 2));
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(load_le16(id), 0x0040);
    ck_assert_uint_eq(load_le16(id + 2), CYLINDERS);
    ck_assert_uint_eq(load_le16(id + 6), HEADS);
    ck_assert_uint_eq(load_le16(id + 12), SECTORS);
    ck_assert_mem_eq(id + 54, "IVRTNI EAHDRD SI K ", 18); /* bytes swapped in each word */
    ck_assert_uint_eq(load_le16(id + 98) & 0x0300, 0x0300); /* LBA, DMA */
    ck_assert_uint_eq(load_le16(id + 106), 0x0007);
    ck_assert_uint_eq(load_le16(id + 126), 0x0107); /* multiword modes 0-2, 0 is chosen */
    ck_assert_uint_eq(load_le16(id + 130), 120);
    ck_assert_uint_eq(load_le16(id + 176), 0x0007); /* Ultra modes 0-2 */
    ck_assert_uint_eq(load_le16(id + 108), CYLINDERS);
    ck_assert_uint_eq(load_le32(id + 114), TOTAL);
    ck_assert_uint_eq(load_le16(id + 118), 0x0110); /* blocks of 16 are enabled from the start */
    ck_assert_uint_eq(load_le32(id + 120), TOTAL);
    ck_assert_uint_eq(load_le16(id + 166) & 0xC400, 0x4400);
    ck_assert_uint_eq(load_le64(id + 200), TOTAL);
    for (unsigned i = 0; i < SECTOR_BYTES; i++)
        sum = (uint8_t)(sum + id[i]);
    ck_assert_uint_eq(sum, 0);
    ata_destroy(c);
}
END_TEST

START_TEST(diagnostics_show_the_signature_and_select_drive_0)
{
    struct ata_bench *c = ata_make(3);
    ata_out(c, 6, 0xB0);
    ata_command(c, 0x90);
    ck_assert_uint_eq(ata_in(c, 6), 0xA0);
    ck_assert_uint_eq(ata_in(c, 1), 0x01);
    ck_assert_uint_eq(ata_in(c, 2), 0x01);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 1);
    ata_destroy(c);
}
END_TEST

/* --- transfers ----------------------------------------------------------------------------------- */

START_TEST(read_by_chs_interrupts_for_each_sector)
{
    struct ata_bench *c = ata_make(1);
    ata_chs(c, 3, 2, 3, 16); /* over the end of a cylinder */
    ata_out(c, 7, 0x20);
    ck_assert_uint_eq(ata_alternate(c), 0x80); /* busy until a little later */
    ck_assert(!c->irq.level);
    ata_wait(c);
    ck_assert(c->disks[0].last.is_chs);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(c->irq.level);
        ck_assert_uint_eq(ata_in(c, 7), 0x58);
        ck_assert_uint_eq(ata_read_sector(c), (2 * HEADS + 3) * SECTORS + 15 + i);
    }
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 3);
    ck_assert_uint_eq(ata_in(c, 2), 0); /* none left; the address is the last sector's */
    ck_assert_uint_eq(ata_in(c, 3), 1);
    ck_assert_uint_eq(ata_in(c, 4), 3);
    ck_assert_uint_eq(ata_in(c, 6), 0xA0);
    ata_destroy(c);
}
END_TEST

START_TEST(read_of_count_zero_is_256_sectors)
{
    struct ata_bench *c = ata_make(1);
    ata_lba(c, 0, 100);
    ata_command(c, 0x21);
    ck_assert(!c->disks[0].last.is_chs);
    for (uint32_t i = 0; i < 256; i++)
        ck_assert_uint_eq(ata_read_sector(c), 100 + i);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ck_assert_uint_eq(c->disks[0].requests, 16);
    ata_destroy(c);
}
END_TEST

START_TEST(write_interrupts_after_each_sector_but_not_before_the_first)
{
    struct ata_bench *c = ata_make(1);
    ata_lba(c, 2, 50);
    ata_command(c, 0x30);
    ck_assert_uint_eq(c->irq.rises, 0);
    ata_write_sector(c, 0xCAFE0001);
    ck_assert_uint_eq(c->irq.rises, 1);
    ck_assert_uint_eq(ata_in(c, 7), 0x58);
    ata_write_sector(c, 0xCAFE0002);
    ck_assert_uint_eq(c->irq.rises, 2);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 50 * SECTOR_BYTES), 0xCAFE0001);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 51 * SECTOR_BYTES), 0xCAFE0002);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 52 * SECTOR_BYTES), 52);
    ata_destroy(c);
}
END_TEST

START_TEST(multiple_moves_blocks_with_one_interrupt_each)
{
    struct ata_bench *c = ata_make(1);
    uint8_t bytes[8 * SECTOR_BYTES];
    ata_out(c, 2, 0);
    ata_command(c, 0xC6); /* count 0 disables */
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_lba(c, 5, 10);
    ata_command(c, 0xC4);
    ata_expect_error(c, 0x04);
    ata_out(c, 2, 4);
    ata_command(c, 0xC6);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_lba(c, 5, 10);
    c->irq.rises = 0;
    ata_command(c, 0xC4);
    ck_assert_uint_eq(ata_in(c, 7), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 4, bytes, 1024), 512);
    ata_wait(c);
    ck_assert_uint_eq(ata_in(c, 7), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 4, bytes, 1024), 128);
    ck_assert_uint_eq(load_le32(bytes), 14);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 2);
    ata_destroy(c);
}
END_TEST

START_TEST(write_multiple_writes_all_its_blocks)
{
    struct ata_bench *c = ata_make(1);
    uint8_t bytes[2 * SECTOR_BYTES];
    memset(bytes, 0x5A, sizeof bytes);
    ata_out(c, 2, 2);
    ata_command(c, 0xC6);
    ata_lba(c, 3, 10);
    ata_command(c, 0xC5);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 999), 512);
    ata_wait(c);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 999), 256);
    ata_wait(c);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(c->disks[0].bytes[12 * SECTOR_BYTES + 511], 0x5A);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 13 * SECTOR_BYTES), 13);
    ata_destroy(c);
}
END_TEST

START_TEST(set_multiple_refuses_3_and_255_and_disables)
{
    struct ata_bench *c = ata_make(1);
    ata_out(c, 2, 8);
    ata_command(c, 0xC6);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ata_out(c, 2, 3);
    ata_command(c, 0xC6);
    ata_expect_error(c, 0x04);
    ata_lba(c, 1, 0);
    ata_command(c, 0xC4);
    ata_expect_error(c, 0x04);
    ata_out(c, 2, 255);
    ata_command(c, 0xC6);
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

START_TEST(ext_commands_take_48_bits_and_hob_shows_them)
{
    struct ata_bench *c = ata_make(1);
    ata_out(c, 6, 0xE0);
    ata_out(c, 2, 0x00); ata_out(c, 2, 0x02); /* previous, then current */
    ata_out(c, 3, 0x00); ata_out(c, 3, 0x20);
    ata_out(c, 4, 0x00); ata_out(c, 4, 0x01);
    ata_out(c, 5, 0x00); ata_out(c, 5, 0x00);
    ata_command(c, 0x24);
    ck_assert_uint_eq(ata_read_sector(c), 0x120);
    ck_assert_uint_eq(ata_read_sector(c), 0x121);
    ata_out(c, 3, 0x77); ata_out(c, 3, 0x20);
    fixture_out(c->f, 0x3F6, 0x80);
    ck_assert_uint_eq(ata_in(c, 3), 0x77);
    ata_out(c, 2, 1); /* a write clears HOB */
    ck_assert_uint_eq(ata_in(c, 3), 0x20);
    ata_command(c, 0x24); /* LBA 0x77000120 does not exist */
    ata_expect_error(c, 0x10);
    ata_out(c, 6, 0xA0);
    ata_command(c, 0x24); /* C/H/S with a 48-bit command */
    ata_expect_error(c, 0x04);
    ata_destroy(c);
}
END_TEST

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

/* --- translation -------------------------------------------------------------------------------- */

START_TEST(zero_sectors_per_track_are_refused)
{
    struct ata_bench *c = ata_make(1);
    ata_out(c, 2, 0);
    ata_command(c, 0x91);
    ata_expect_error(c, 0x04);
    ata_chs(c, 1, 1, 0, 1);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), HEADS * SECTORS);
    ata_destroy(c);
}
END_TEST

START_TEST(translation_counts_otherwise_but_reaches_no_further)
{
    struct ata_bench *c = ata_make(1);
    uint8_t id[SECTOR_BYTES];
    ata_out(c, 2, 10);
    ata_out(c, 6, 0xA1); /* 2 heads of 10 */
    ata_command(c, 0x91);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ata_chs(c, 1, 3, 1, 4);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), (3 * 2 + 1) * 10 + 3);
    ata_chs(c, 1, 3, 2, 4);
    ata_command(c, 0x20);
    ata_expect_error(c, 0x10);
    ata_command(c, 0xEC);
    space_read_block(&c->f->ports, 0x1F0, 2, id, 256);
    ck_assert_uint_eq(load_le16(id + 2), CYLINDERS); /* the native one stays */
    ck_assert_uint_eq(load_le16(id + 108), TOTAL / 20);
    ck_assert_uint_eq(load_le16(id + 110), 2);
    ck_assert_uint_eq(load_le16(id + 112), 10);
    ata_out(c, 2, 255);
    ata_out(c, 6, 0xA3);
    ata_command(c, 0x91);
    ata_chs(c, 1, 1, 1, 86); /* LBA 1,360: one past the last */
    ata_command(c, 0x20);
    ata_expect_error(c, 0x10);
    ata_chs(c, 1, 1, 1, 85);
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), TOTAL - 1);
    ata_destroy(c);
}
END_TEST

/* --- two drives, no drive ------------------------------------------------------------------------ */

START_TEST(absent_drive_1_reads_status_zero_and_registers_of_drive_0)
{
    struct ata_bench *c = ata_make(1);
    ata_out(c, 6, 0xB0);
    ck_assert_uint_eq(ata_in(c, 7), 0x00);
    ck_assert_uint_eq(ata_alternate(c), 0x00);
    ata_out(c, 2, 0x55);
    ata_out(c, 3, 0xAA);
    ck_assert_uint_eq(ata_in(c, 2), 0x55);
    ck_assert_uint_eq(ata_in(c, 3), 0xAA);
    ata_command(c, 0xEC); /* nobody obeys */
    ck_assert_uint_eq(ata_in(c, 7), 0x00);
    ck_assert_uint_eq(c->irq.rises, 0);
    ata_out(c, 6, 0xA0);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_destroy(c);
}
END_TEST

START_TEST(a_channel_without_drives_floats)
{
    struct ata_bench *c = ata_make(0);
    for (unsigned i = 0; i < 8; i++) {
        ata_out(c, i, 0x55);
        ck_assert_uint_eq(ata_in(c, i), 0xFF);
    }
    ck_assert_uint_eq(ata_alternate(c), 0xFF);
    fixture_out(c->f, 0x3F6, 4);
    fixture_out(c->f, 0x3F6, 0);
    ata_command(c, 0x90);
    ck_assert_uint_eq(ata_alternate(c), 0xFF);
    ata_destroy(c);
}
END_TEST

START_TEST(each_drive_has_its_own_data_and_interrupt)
{
    struct ata_bench *c = ata_make(3);
    store_le32(c->disks[1].bytes, 0xD15C);
    ata_lba(c, 1, 0);
    ata_command(c, 0x20);
    ck_assert(c->irq.level);
    ata_read_sector(c);
    ata_lba(c, 1, 0);
    ata_out(c, 6, 0xF0);
    ck_assert(!c->irq.level); /* drive 0's INTRQ is not seen while drive 1 is selected */
    ata_command(c, 0x20);
    ck_assert_uint_eq(ata_read_sector(c), 0xD15C);
    ata_destroy(c);
}
END_TEST

START_TEST(interrupts_are_masked_by_nien_and_answered_by_status)
{
    struct ata_bench *c = ata_make(1);
    fixture_out(c->f, 0x3F6, 0x02);
    ata_lba(c, 1, 0);
    ata_command(c, 0x40);
    ck_assert(!c->irq.level);
    fixture_out(c->f, 0x3F6, 0x00);
    ck_assert(c->irq.level);
    ata_alternate(c);
    ck_assert(c->irq.level);
    ata_in(c, 7);
    ck_assert(!c->irq.level);
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

/* --- settings ------------------------------------------------------------------------------------ */

/* Words 83, 86 and 91 (8.15, 8.46.6). */
START_TEST(identify_tells_of_advanced_power_management_and_look_ahead)
{
    static const uint8_t LEVELS[] = {0x01, 0x80, 0xFE}, BAD[] = {0x00, 0xFF};
    struct ata_bench *c = ata_make(1);
    ck_assert_uint_eq(ata_identify_word(c, 83) & 0x0008, 0x0008);
    ck_assert_uint_eq(ata_identify_word(c, 86) & 0x0008, 0);
    for (size_t i = 0; i < sizeof LEVELS; i++) {
        ata_out(c, 1, 0x05);
        ata_out(c, 2, LEVELS[i]);
        ata_command(c, 0xEF);
        ck_assert_uint_eq(ata_in(c, 7), 0x50);
        ck_assert_uint_eq(ata_identify_word(c, 86) & 0x0008, 0x0008);
        ck_assert_uint_eq(ata_identify_word(c, 91), LEVELS[i]);
    }
    for (size_t i = 0; i < sizeof BAD; i++) {
        ata_out(c, 1, 0x05);
        ata_out(c, 2, BAD[i]);
        ata_command(c, 0xEF);
        ata_expect_error(c, 0x04);
    }
    ck_assert_uint_eq(ata_identify_word(c, 91), 0xFE);
    fixture_check_state(c->f->device);
    ata_out(c, 1, 0x85);
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_identify_word(c, 86) & 0x0008, 0);
    ata_out(c, 1, 0x55); /* look-ahead off */
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_identify_word(c, 82) & 0x0040, 0x0040);
    ck_assert_uint_eq(ata_identify_word(c, 85) & 0x0040, 0);
    ata_out(c, 1, 0xAA);
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_identify_word(c, 85) & 0x0040, 0x0040);
    ata_destroy(c);
}
END_TEST

START_TEST(features_and_power_modes_answer)
{
    static const uint8_t GOOD[] = {0x02, 0x82, 0x55, 0xAA, 0x66, 0xCC};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < sizeof GOOD; i++) {
        ata_out(c, 1, GOOD[i]);
        ata_command(c, 0xEF);
        ck_assert_uint_eq(ata_in(c, 7), 0x50);
    }
    ata_out(c, 1, 0x03);
    ata_out(c, 2, 0x0C); /* PIO mode 4 */
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_command(c, 0xE5);
    ck_assert_uint_eq(ata_in(c, 2), 0xFF);
    ata_command(c, 0xE0);
    ata_command(c, 0xE5);
    ck_assert_uint_eq(ata_in(c, 2), 0x00);
    ata_chs(c, 1, 0, 0, 1);
    ata_command(c, 0x40);
    ata_command(c, 0xE5);
    ck_assert_uint_eq(ata_in(c, 2), 0xFF);
    ata_command(c, 0x10);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ata_destroy(c);
}
END_TEST

START_TEST(one_dma_mode_is_chosen_and_shown)
{
    static const uint8_t BAD[] = {0x02, 0x0D, 0x10, 0x23, 0x27, 0x43, 0x45, 0x80};
    struct ata_bench *c = ata_make(1);
    ata_out(c, 1, 0x03);
    ata_out(c, 2, 0x22);
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_identify_word(c, 63), 0x0407);
    ck_assert_uint_eq(ata_identify_word(c, 88), 0x0007);
    ata_out(c, 2, 0x41);
    ata_command(c, 0xEF);
    ck_assert_uint_eq(ata_identify_word(c, 63), 0x0007);
    ck_assert_uint_eq(ata_identify_word(c, 88), 0x0207);
    for (size_t i = 0; i < sizeof BAD; i++) {
        ata_out(c, 2, BAD[i]);
        ata_command(c, 0xEF);
        ata_expect_error(c, 0x04);
    }
    fixture_out(c->f, 0x3F6, 0x04); /* a software reset keeps the mode (8.46.4) */
    fixture_out(c->f, 0x3F6, 0x00);
    ata_wait(c);
    ck_assert_uint_eq(ata_identify_word(c, 88), 0x0207);
    ata_destroy(c);
}
END_TEST

START_TEST(mechanics_take_their_time)
{
    struct device_config config = {.name = "ide0"};
    struct ata_bench *c;
    uint64_t start;
    fixture_set(&config, "mechanics", "realistic");
    c = ata_make_with(1, &config);
    ata_chs(c, 1, 16, 0, 1);
    start = c->f->timeline.now;
    ata_out(c, 7, 0x20);
    fixture_run_us(c->f, 5700); /* 3 ms + 0.7 ms * 4 for 16 cylinders */
    ck_assert_uint_eq(ata_alternate(c), 0x80);
    fixture_run_us(c->f, 18000); /* a rotation and a sector later it is there in any case */
    ck_assert_uint_eq(ata_alternate(c), 0x58);
    ck_assert_uint_gt(c->irq.last_rise - start, 5800 * FIXTURE_US);
    ata_destroy(c);
}
END_TEST

START_TEST(seeks_grow_with_the_root_of_the_distance)
{
    struct disk_mechanics m = {0};
    struct block_geometry g = {1000, 16, 63, 1000 * 16 * 63};
    ck_assert_uint_eq(disk_seek_ns(0), 0);
    ck_assert_uint_eq(disk_seek_ns(1), 3700000);
    ck_assert_uint_eq(disk_seek_ns(100), 10000000);
    ck_assert_uint_lt(disk_seek_ns(999), 26000000);
    /* On the spot and at sector 1 as the index passes: transfer alone. */
    ck_assert_uint_eq(disk_mechanics_request(&m, &g, 0, 1, 0), DISK_ROTATION_NS / 63);
    /* One sector too late: nearly a whole turn. */
    ck_assert_uint_eq(disk_mechanics_request(&m, &g, 0, 1, 1) / 1000, 16931);
    ck_assert_uint_eq(m.sector_below_head, 1);
    disk_mechanics_request(&m, &g, UINT64_C(500) * 16 * 63, 16, 0);
    ck_assert_uint_eq(m.cylinder, 500);
    ck_assert_uint_eq(m.seek_distance, 500);
}
END_TEST

START_TEST(commands_and_status_are_described_in_words)
{
    struct ata_bench *c = ata_make(1);
    const char *text;
    ata_chs(c, 4, 12, 3, 1);
    text = fixture_describe(c->f, c->f->device, 0x1F7, true, 0x20);
    ck_assert_str_eq(text, "drive 0: READ SECTORS 4 at C/H/S 12/3/1");
    ata_chs(c, 1, CYLINDERS, 3, 1);
    ata_command(c, 0x20);
    text = fixture_describe(c->f, c->f->device, 0x1F7, false, 0x51);
    ck_assert_str_eq(text, "drive 0: DRDY DSC ERR (IDNF at C/H/S 20/3/1)");
    ata_lba(c, 0, 77);
    text = fixture_describe(c->f, c->f->device, 0x1F7, true, 0x30);
    ck_assert_str_eq(text, "drive 0: WRITE SECTORS 256 at LBA 77");
    ata_destroy(c);
}
END_TEST

START_TEST(state_survives_in_the_middle_of_a_transfer)
{
    struct ata_bench *a = ata_make(3), *b = ata_make(1);
    fixture_check_state(a->f->device);
    ata_lba(a, 3, 40);
    ata_command(a, 0x20);
    space_read(&a->f->ports, 0x1F0, 2);
    space_read(&a->f->ports, 0x1F0, 2);
    fixture_check_state(a->f->device);
    ck_assert_uint_eq(space_read(&a->f->ports, 0x1F0, 2), 0);
    ck_assert_uint_eq(ata_alternate(b), 0x50);
    ata_destroy(a);
    ata_destroy(b);
}
END_TEST

START_TEST(random_accesses_do_no_harm)
{
    struct ata_bench *c = ata_make(3);
    for (uint32_t seed = 1; seed < 5; seed++) {
        fixture_hostile(c->f, seed, 20000);
        fixture_check_state(c->f->device);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(piix3_decodes_the_ports_when_it_is_told_to)
{
    struct ata_bench *c = ata_make(1);
    struct pci_bus pci = {.memory = &c->f->memory, .ports = &c->f->ports};
    struct device *ide;
    c->f->env.pci = &pci;
    ide = fixture_add(c->f, &PIIX3_IDE_TYPE, NULL);
    ide_piix3_set_channels(ide, c->f->device, NULL);
    ck_assert_uint_eq(pci_config_read(&pci, 0, 9, 0, 4), 0x70108086);
    ck_assert_uint_eq(pci_config_read(&pci, 0, 9, 8, 4), 0x01018000);
    ck_assert_uint_eq(ata_alternate(c), 0xFF);
    ck_assert_uint_eq(ata_in(c, 7), 0xFF);
    pci_config_write(&pci, 0, 9, 4, 2, 1);
    ck_assert_uint_eq(ata_in(c, 7), 0xFF);
    pci_config_write(&pci, 0, 9, 0x40, 2, 0x8000);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    pci_config_write(&pci, 0, 9, 4, 2, 0);
    ck_assert_uint_eq(ata_in(c, 7), 0xFF);
    fixture_check_state(ide);
    ata_destroy(c);
}
END_TEST

Suite *ata_suite(void);
Suite *ata_suite(void)
{
    Suite *suite = suite_create("ata");
    TCase *tcase = tcase_create("ata");
    tcase_add_test(tcase, signature_follows_power_on_and_software_reset);
    tcase_add_test(tcase, identify_tells_geometry_and_capacity);
    tcase_add_test(tcase, diagnostics_show_the_signature_and_select_drive_0);
    tcase_add_test(tcase, read_by_chs_interrupts_for_each_sector);
    tcase_add_test(tcase, read_of_count_zero_is_256_sectors);
    tcase_add_test(tcase, write_interrupts_after_each_sector_but_not_before_the_first);
    tcase_add_test(tcase, multiple_moves_blocks_with_one_interrupt_each);
    tcase_add_test(tcase, write_multiple_writes_all_its_blocks);
    tcase_add_test(tcase, set_multiple_refuses_3_and_255_and_disables);
    tcase_add_test(tcase, ext_commands_take_48_bits_and_hob_shows_them);
    tcase_add_test(tcase, addresses_outside_are_not_found);
    tcase_add_test(tcase, last_sector_with_count_two_gives_one_then_idnf);
    tcase_add_test(tcase, media_errors_are_reported_at_their_sector);
    tcase_add_test(tcase, read_only_disks_abort_writes);
    tcase_add_test(tcase, a_full_workstation_disk_is_tried_again);
    tcase_add_test(tcase, errors_of_the_file_reach_the_guest_and_no_other_drive);
    tcase_add_test(tcase, a_full_file_keeps_its_own_drive_busy_alone);
    tcase_add_test(tcase, unknown_commands_and_smart_are_aborted);
    tcase_add_test(tcase, data_beyond_the_end_goes_nowhere);
    tcase_add_test(tcase, zero_sectors_per_track_are_refused);
    tcase_add_test(tcase, translation_counts_otherwise_but_reaches_no_further);
    tcase_add_test(tcase, absent_drive_1_reads_status_zero_and_registers_of_drive_0);
    tcase_add_test(tcase, a_channel_without_drives_floats);
    tcase_add_test(tcase, each_drive_has_its_own_data_and_interrupt);
    tcase_add_test(tcase, interrupts_are_masked_by_nien_and_answered_by_status);
    tcase_add_test(tcase, busy_drives_ignore_registers_and_commands);
    tcase_add_test(tcase, pending_requests_keep_busy_until_they_complete);
    tcase_add_test(tcase, software_reset_cancels_a_pending_request);
    tcase_add_test(tcase, a_saved_pending_request_is_made_again);
    tcase_add_test(tcase, flush_reaches_the_back_end);
    tcase_add_test(tcase, a_write_without_the_cache_is_flushed);
    tcase_add_test(tcase, identify_tells_of_advanced_power_management_and_look_ahead);
    tcase_add_test(tcase, features_and_power_modes_answer);
    tcase_add_test(tcase, one_dma_mode_is_chosen_and_shown);
    tcase_add_test(tcase, mechanics_take_their_time);
    tcase_add_test(tcase, seeks_grow_with_the_root_of_the_distance);
    tcase_add_test(tcase, commands_and_status_are_described_in_words);
    tcase_add_test(tcase, state_survives_in_the_middle_of_a_transfer);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    tcase_add_test(tcase, piix3_decodes_the_ports_when_it_is_told_to);
    suite_add_tcase(suite, tcase);
    return suite;
}
