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
    ck_assert_uint_eq(load_le16(id + 8), SECTORS * SECTOR_BYTES); /* a track, as ATA-1 has it */
    ck_assert_uint_eq(load_le16(id + 10), SECTOR_BYTES);
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
    tcase_add_test(tcase, zero_sectors_per_track_are_refused);
    tcase_add_test(tcase, translation_counts_otherwise_but_reaches_no_further);
    tcase_add_test(tcase, absent_drive_1_reads_status_zero_and_registers_of_drive_0);
    tcase_add_test(tcase, a_channel_without_drives_floats);
    tcase_add_test(tcase, each_drive_has_its_own_data_and_interrupt);
    tcase_add_test(tcase, interrupts_are_masked_by_nien_and_answered_by_status);
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
