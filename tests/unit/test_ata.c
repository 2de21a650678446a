/* The ATA channel against ATA/ATAPI-6 and ATA-3, rule by rule. The disk is a block in memory of 4
 * heads and 17 sectors, whose sectors hold their own number. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "bus/pci.h"
#include "devices/ata.h"
#include "devices/disk_mechanics.h"
#include "devices/ide_piix3.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define CYLINDERS 20
#define HEADS 4
#define SECTORS 17
#define TOTAL (CYLINDERS * HEADS * SECTORS)

/* --- a disk in memory ---------------------------------------------------------------------------- */

struct disk {
    struct block block;
    uint8_t *bytes;
    struct block_geometry geometry;
    bool is_slow;                 /* requests stay pending until disk_finish */
    struct block_request *pending;
    uint64_t bad_lba;             /* fails with bad_result; UINT64_MAX: none */
    enum block_result bad_result;
    unsigned requests, cancels, flushes;
    struct block_address last;
    uint64_t last_cause;
};

static void disk_carry_out(struct disk *disk, struct block_request *request)
{
    uint64_t lba = request->at.lba;
    request->result = BLOCK_OK;
    request->done_sectors = 0;
    if (request->op == BLOCK_FLUSH)
        disk->flushes++;
    else if (request->at.is_chs && (request->at.cylinder >= disk->geometry.cylinders ||
                                    !block_chs_to_lba(&disk->geometry, &request->at, &lba)))
        request->result = BLOCK_RANGE;
    else
        for (uint32_t i = 0; i < request->sectors; i++, request->done_sectors++) {
            uint8_t *media = disk->bytes + (lba + i) * SECTOR_BYTES;
            if (lba + i >= disk->geometry.total || lba + i == disk->bad_lba) {
                request->result = lba + i == disk->bad_lba ? disk->bad_result : BLOCK_RANGE;
                break;
            }
            if (request->op == BLOCK_READ)
                memcpy(request->bytes + (size_t)i * SECTOR_BYTES, media, SECTOR_BYTES);
            if (request->op == BLOCK_WRITE)
                memcpy(media, request->bytes + (size_t)i * SECTOR_BYTES, SECTOR_BYTES);
        }
    request->complete(request);
}

static void disk_submit(struct block *block, struct block_request *request)
{
    struct disk *disk = (struct disk *)(void *)block;
    disk->requests++;
    disk->last = request->at;
    disk->last_cause = request->cause;
    if (disk->is_slow)
        disk->pending = request;
    else
        disk_carry_out(disk, request);
}

static void disk_cancel(struct block *block, struct block_request *request)
{
    struct disk *disk = (struct disk *)(void *)block;
    (void)request;
    disk->cancels++;
    disk->pending = NULL;
}

static void disk_geometry(struct block *block, struct block_geometry *g)
{
    *g = ((struct disk *)(void *)block)->geometry;
}

static const struct block_ops DISK_OPS = {.geometry = disk_geometry,
                                          .submit = disk_submit,
                                          .cancel = disk_cancel};

static void disk_finish(struct disk *disk)
{
    struct block_request *request = disk->pending;
    ck_assert_ptr_nonnull(request);
    disk->pending = NULL;
    disk_carry_out(disk, request);
}

static void disk_init(struct disk *disk)
{
    memset(disk, 0, sizeof *disk);
    disk->block.ops = &DISK_OPS;
    disk->block.name = "test disk";
    disk->geometry = (struct block_geometry){CYLINDERS, HEADS, SECTORS, TOTAL};
    disk->bytes = calloc(TOTAL, SECTOR_BYTES);
    disk->bad_lba = UINT64_MAX;
    ck_assert_ptr_nonnull(disk->bytes);
    for (uint32_t i = 0; i < TOTAL; i++)
        store_le32(disk->bytes + (size_t)i * SECTOR_BYTES, i);
}

/* --- a channel ----------------------------------------------------------------------------------- */

struct channel {
    struct device_fixture *f;
    struct disk disks[2];
    struct fixture_probe irq;
};

static struct channel *make_with(unsigned drives, struct device_config *config)
{
    struct channel *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    for (unsigned i = 0; i < 2; i++) {
        disk_init(&c->disks[i]);
        if (drives >> i & 1)
            config->block[i] = &c->disks[i].block;
    }
    c->f = device_fixture_new(&ATA_TYPE, config);
    fixture_probe(c->f, c->f->device, "irq", &c->irq);
    return c;
}

static struct channel *make(unsigned drives)
{
    struct device_config config = {.name = "ide0"};
    return make_with(drives, &config);
}

static void destroy(struct channel *c)
{
    device_fixture_free(c->f);
    free(c->disks[0].bytes);
    free(c->disks[1].bytes);
    free(c);
}

static uint8_t in(struct channel *c, unsigned reg)
{
    return fixture_in(c->f, (uint16_t)(0x1F0 + reg));
}
static void out(struct channel *c, unsigned reg, unsigned value)
{
    fixture_out(c->f, (uint16_t)(0x1F0 + reg), (uint8_t)value);
}
static uint8_t alternate(struct channel *c)
{
    return fixture_in(c->f, 0x3F6);
}
static void wait(struct channel *c)
{
    fixture_run_us(c->f, 10);
}

static void chs(struct channel *c, unsigned count, unsigned cylinder, unsigned head,
                unsigned sector)
{
    out(c, 2, count);
    out(c, 3, sector);
    out(c, 4, cylinder & 0xFF);
    out(c, 5, cylinder >> 8);
    out(c, 6, 0xA0 | head);
}
static void lba(struct channel *c, unsigned count, uint32_t at)
{
    out(c, 2, count);
    out(c, 3, at & 0xFF);
    out(c, 4, at >> 8 & 0xFF);
    out(c, 5, at >> 16 & 0xFF);
    out(c, 6, 0xE0 | (at >> 24 & 15));
}

static void command(struct channel *c, unsigned code)
{
    out(c, 7, code);
    wait(c);
}

static uint32_t read_sector(struct channel *c)
{
    uint8_t bytes[SECTOR_BYTES];
    ck_assert_uint_eq(alternate(c), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, bytes, 256), 256);
    wait(c);
    return load_le32(bytes);
}

static void write_sector(struct channel *c, uint32_t value)
{
    uint8_t bytes[SECTOR_BYTES] = {0};
    store_le32(bytes, value);
    ck_assert_uint_eq(alternate(c), 0x58);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 256), 256);
    wait(c);
}

static void expect_error(struct channel *c, unsigned error)
{
    ck_assert_uint_eq(alternate(c), 0x51);
    ck_assert_uint_eq(in(c, 1), error);
}

/* --- reset and identity -------------------------------------------------------------------------- */

START_TEST(signature_follows_power_on_and_software_reset)
{
    struct channel *c = make(1);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(in(c, 1), 0x01);
        ck_assert_uint_eq(in(c, 2), 0x01);
        ck_assert_uint_eq(in(c, 3), 0x01);
        ck_assert_uint_eq(in(c, 4), 0x00);
        ck_assert_uint_eq(in(c, 5), 0x00);
        ck_assert_uint_eq(in(c, 6), 0xA0);
        ck_assert_uint_eq(in(c, 7), 0x50);
        chs(c, 7, 3, 2, 1);
        fixture_out(c->f, 0x3F6, 0x04);
        ck_assert_uint_eq(alternate(c), 0x80);
        wait(c);
        ck_assert_uint_eq(alternate(c), 0x80); /* while SRST is held */
        fixture_out(c->f, 0x3F6, 0x00);
        ck_assert_uint_eq(alternate(c), 0x80);
        wait(c);
    }
    ck_assert_uint_eq(c->irq.rises, 0); /* a reset does not interrupt */
    destroy(c);
}
END_TEST

START_TEST(identify_tells_geometry_and_capacity)
{
    struct channel *c = make(1);
    uint8_t id[SECTOR_BYTES], sum = 0;
    command(c, 0xEC);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(in(c, 7), 0x58);
    ck_assert(!c->irq.level);
    for (unsigned i = 0; i < 256; i++)
        store_le16(id + 2 * i, (uint16_t)space_read(&c->f->ports, 0x1F0, 2));
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(load_le16(id), 0x0040);
    ck_assert_uint_eq(load_le16(id + 2), CYLINDERS);
    ck_assert_uint_eq(load_le16(id + 6), HEADS);
    ck_assert_uint_eq(load_le16(id + 12), SECTORS);
    ck_assert_mem_eq(id + 54, "IVRTNI EAHDRD SI K ", 18); /* bytes swapped in each word */
    ck_assert_uint_eq(load_le16(id + 98) & 0x0300, 0x0200); /* LBA, no DMA */
    ck_assert_uint_eq(load_le16(id + 108), CYLINDERS);
    ck_assert_uint_eq(load_le32(id + 114), TOTAL);
    ck_assert_uint_eq(load_le16(id + 118), 0x0110); /* blocks of 16 are enabled from the start */
    ck_assert_uint_eq(load_le32(id + 120), TOTAL);
    ck_assert_uint_eq(load_le16(id + 166) & 0xC400, 0x4400);
    ck_assert_uint_eq(load_le64(id + 200), TOTAL);
    for (unsigned i = 0; i < SECTOR_BYTES; i++)
        sum = (uint8_t)(sum + id[i]);
    ck_assert_uint_eq(sum, 0);
    destroy(c);
}
END_TEST

START_TEST(diagnostics_show_the_signature_and_select_drive_0)
{
    struct channel *c = make(3);
    out(c, 6, 0xB0);
    command(c, 0x90);
    ck_assert_uint_eq(in(c, 6), 0xA0);
    ck_assert_uint_eq(in(c, 1), 0x01);
    ck_assert_uint_eq(in(c, 2), 0x01);
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 1);
    destroy(c);
}
END_TEST

/* --- transfers ----------------------------------------------------------------------------------- */

START_TEST(read_by_chs_interrupts_for_each_sector)
{
    struct channel *c = make(1);
    chs(c, 3, 2, 3, 16); /* over the end of a cylinder */
    out(c, 7, 0x20);
    ck_assert_uint_eq(alternate(c), 0x80); /* busy until a little later */
    ck_assert(!c->irq.level);
    wait(c);
    ck_assert(c->disks[0].last.is_chs);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(c->irq.level);
        ck_assert_uint_eq(in(c, 7), 0x58);
        ck_assert_uint_eq(read_sector(c), (2 * HEADS + 3) * SECTORS + 15 + i);
    }
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 3);
    ck_assert_uint_eq(in(c, 2), 0); /* none left; the address is the last sector's */
    ck_assert_uint_eq(in(c, 3), 1);
    ck_assert_uint_eq(in(c, 4), 3);
    ck_assert_uint_eq(in(c, 6), 0xA0);
    destroy(c);
}
END_TEST

START_TEST(read_of_count_zero_is_256_sectors)
{
    struct channel *c = make(1);
    lba(c, 0, 100);
    command(c, 0x21);
    ck_assert(!c->disks[0].last.is_chs);
    for (uint32_t i = 0; i < 256; i++)
        ck_assert_uint_eq(read_sector(c), 100 + i);
    ck_assert_uint_eq(alternate(c), 0x50);
    ck_assert_uint_eq(c->disks[0].requests, 16);
    destroy(c);
}
END_TEST

START_TEST(write_interrupts_after_each_sector_but_not_before_the_first)
{
    struct channel *c = make(1);
    lba(c, 2, 50);
    command(c, 0x30);
    ck_assert_uint_eq(c->irq.rises, 0);
    write_sector(c, 0xCAFE0001);
    ck_assert_uint_eq(c->irq.rises, 1);
    ck_assert_uint_eq(in(c, 7), 0x58);
    write_sector(c, 0xCAFE0002);
    ck_assert_uint_eq(c->irq.rises, 2);
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 50 * SECTOR_BYTES), 0xCAFE0001);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 51 * SECTOR_BYTES), 0xCAFE0002);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 52 * SECTOR_BYTES), 52);
    destroy(c);
}
END_TEST

START_TEST(multiple_moves_blocks_with_one_interrupt_each)
{
    struct channel *c = make(1);
    uint8_t bytes[8 * SECTOR_BYTES];
    out(c, 2, 0);
    command(c, 0xC6); /* count 0 disables */
    ck_assert_uint_eq(in(c, 7), 0x50);
    lba(c, 5, 10);
    command(c, 0xC4);
    expect_error(c, 0x04);
    out(c, 2, 4);
    command(c, 0xC6);
    ck_assert_uint_eq(in(c, 7), 0x50);
    lba(c, 5, 10);
    c->irq.rises = 0;
    command(c, 0xC4);
    ck_assert_uint_eq(in(c, 7), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 4, bytes, 1024), 512);
    wait(c);
    ck_assert_uint_eq(in(c, 7), 0x58);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 4, bytes, 1024), 128);
    ck_assert_uint_eq(load_le32(bytes), 14);
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(c->irq.rises, 2);
    destroy(c);
}
END_TEST

START_TEST(write_multiple_writes_all_its_blocks)
{
    struct channel *c = make(1);
    uint8_t bytes[2 * SECTOR_BYTES];
    memset(bytes, 0x5A, sizeof bytes);
    out(c, 2, 2);
    command(c, 0xC6);
    lba(c, 3, 10);
    command(c, 0xC5);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 999), 512);
    wait(c);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, bytes, 999), 256);
    wait(c);
    ck_assert_uint_eq(in(c, 7), 0x50);
    ck_assert_uint_eq(c->disks[0].bytes[12 * SECTOR_BYTES + 511], 0x5A);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 13 * SECTOR_BYTES), 13);
    destroy(c);
}
END_TEST

START_TEST(set_multiple_refuses_3_and_255_and_disables)
{
    struct channel *c = make(1);
    out(c, 2, 8);
    command(c, 0xC6);
    ck_assert_uint_eq(alternate(c), 0x50);
    out(c, 2, 3);
    command(c, 0xC6);
    expect_error(c, 0x04);
    lba(c, 1, 0);
    command(c, 0xC4);
    expect_error(c, 0x04);
    out(c, 2, 255);
    command(c, 0xC6);
    expect_error(c, 0x04);
    destroy(c);
}
END_TEST

START_TEST(ext_commands_take_48_bits_and_hob_shows_them)
{
    struct channel *c = make(1);
    out(c, 6, 0xE0);
    out(c, 2, 0x00); out(c, 2, 0x02); /* previous, then current */
    out(c, 3, 0x00); out(c, 3, 0x20);
    out(c, 4, 0x00); out(c, 4, 0x01);
    out(c, 5, 0x00); out(c, 5, 0x00);
    command(c, 0x24);
    ck_assert_uint_eq(read_sector(c), 0x120);
    ck_assert_uint_eq(read_sector(c), 0x121);
    out(c, 3, 0x77); out(c, 3, 0x20);
    fixture_out(c->f, 0x3F6, 0x80);
    ck_assert_uint_eq(in(c, 3), 0x77);
    out(c, 2, 1); /* a write clears HOB */
    ck_assert_uint_eq(in(c, 3), 0x20);
    command(c, 0x24); /* LBA 0x77000120 does not exist */
    expect_error(c, 0x10);
    out(c, 6, 0xA0);
    command(c, 0x24); /* C/H/S with a 48-bit command */
    expect_error(c, 0x04);
    destroy(c);
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
    struct channel *c = make(1);
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++)
        for (size_t j = 0; j < ARRAY_COUNT(COMMANDS); j++) {
            chs(c, 1, BAD[i].cylinder, BAD[i].head, BAD[i].sector);
            command(c, COMMANDS[j]);
            expect_error(c, 0x10);
            ck_assert(c->irq.level);
            ck_assert_uint_eq(in(c, 3), BAD[i].sector);
            ck_assert_uint_eq(in(c, 4) | (unsigned)in(c, 5) << 8, BAD[i].cylinder);
            ck_assert_uint_eq(in(c, 2), 1);
        }
    /* A refused write has had its data taken first: the cylinder is judged with the sector. */
    chs(c, 1, CYLINDERS, 0, 1);
    command(c, 0x30);
    write_sector(c, 0);
    expect_error(c, 0x10);
    destroy(c);
}
END_TEST

START_TEST(last_sector_with_count_two_gives_one_then_idnf)
{
    struct channel *c = make(1);
    chs(c, 2, CYLINDERS - 1, HEADS - 1, SECTORS);
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), TOTAL - 1);
    expect_error(c, 0x10);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(in(c, 2), 1); /* one was not done; the registers name it */
    ck_assert_uint_eq(in(c, 4), CYLINDERS);
    ck_assert_uint_eq(in(c, 3), 1);
    lba(c, 2, TOTAL - 1);
    command(c, 0x30);
    write_sector(c, 0xAA);
    write_sector(c, 0xBB);
    expect_error(c, 0x10);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + (TOTAL - 1) * SECTOR_BYTES), 0xAA);
    lba(c, 2, TOTAL - 1);
    command(c, 0x40); /* READ VERIFY */
    expect_error(c, 0x10);
    ck_assert_uint_eq(in(c, 3) | (unsigned)in(c, 4) << 8, TOTAL);
    destroy(c);
}
END_TEST

START_TEST(media_errors_are_reported_at_their_sector)
{
    struct channel *c = make(1);
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    lba(c, 4, 5);
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), 5);
    ck_assert_uint_eq(read_sector(c), 6);
    expect_error(c, 0x40);
    ck_assert_uint_eq(in(c, 3), 7);
    ck_assert_uint_eq(in(c, 2), 2);
    c->disks[0].bad_result = BLOCK_WRITE_ERROR;
    lba(c, 1, 7);
    command(c, 0x30);
    write_sector(c, 1);
    expect_error(c, 0x04);
    destroy(c);
}
END_TEST

START_TEST(read_only_disks_abort_writes)
{
    struct channel *c = make(1);
    c->disks[0].block.is_read_only = true;
    lba(c, 1, 7);
    command(c, 0x30);
    expect_error(c, 0x04);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "--overlay"));
    destroy(c);
}
END_TEST

START_TEST(a_full_workstation_disk_is_tried_again)
{
    struct channel *c = make(1);
    c->disks[0].bad_lba = 7;
    c->disks[0].bad_result = BLOCK_NO_SPACE;
    lba(c, 1, 7);
    command(c, 0x30);
    write_sector(c, 0x1234);
    ck_assert_uint_eq(alternate(c), 0x80);
    c->disks[0].bad_lba = UINT64_MAX;
    fixture_run_us(c->f, 200000);
    ck_assert_uint_eq(alternate(c), 0x50);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 7 * SECTOR_BYTES), 0x1234);
    destroy(c);
}
END_TEST

START_TEST(unknown_commands_and_smart_are_aborted)
{
    static const unsigned CODES[] = {0x00, 0x08, 0xA0, 0xA1, 0xB0, 0xC8, 0xCA, 0xF8, 0xFF};
    struct channel *c = make(1);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        out(c, 1, 0xDA); /* SMART RETURN STATUS without its keys */
        command(c, CODES[i]);
        expect_error(c, 0x04);
    }
    destroy(c);
}
END_TEST

START_TEST(data_beyond_the_end_goes_nowhere)
{
    struct channel *c = make(1);
    static uint8_t junk[140000];
    uint64_t before;
    lba(c, 1, 3);
    command(c, 0x20);
    read_sector(c);
    before = hash_bytes(HASH_START, c->disks[0].bytes, (size_t)TOTAL * SECTOR_BYTES);
    ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, junk, 70000), 70000);
    ck_assert_uint_eq(junk[0], 0xFF);
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, junk, 70000), 70000);
    ck_assert_uint_eq(space_read(&c->f->ports, 0x1F0, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(alternate(c), 0x50);
    ck_assert_uint_eq(hash_bytes(HASH_START, c->disks[0].bytes, (size_t)TOTAL * SECTOR_BYTES),
                      before);
    destroy(c);
}
END_TEST

/* --- translation -------------------------------------------------------------------------------- */

START_TEST(zero_sectors_per_track_are_refused)
{
    struct channel *c = make(1);
    out(c, 2, 0);
    command(c, 0x91);
    expect_error(c, 0x04);
    chs(c, 1, 1, 0, 1);
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), HEADS * SECTORS);
    destroy(c);
}
END_TEST

START_TEST(translation_counts_otherwise_but_reaches_no_further)
{
    struct channel *c = make(1);
    uint8_t id[SECTOR_BYTES];
    out(c, 2, 10);
    out(c, 6, 0xA1); /* 2 heads of 10 */
    command(c, 0x91);
    ck_assert_uint_eq(alternate(c), 0x50);
    chs(c, 1, 3, 1, 4);
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), (3 * 2 + 1) * 10 + 3);
    chs(c, 1, 3, 2, 4);
    command(c, 0x20);
    expect_error(c, 0x10);
    command(c, 0xEC);
    space_read_block(&c->f->ports, 0x1F0, 2, id, 256);
    ck_assert_uint_eq(load_le16(id + 2), CYLINDERS); /* the native one stays */
    ck_assert_uint_eq(load_le16(id + 108), TOTAL / 20);
    ck_assert_uint_eq(load_le16(id + 110), 2);
    ck_assert_uint_eq(load_le16(id + 112), 10);
    out(c, 2, 255);
    out(c, 6, 0xA3);
    command(c, 0x91);
    chs(c, 1, 1, 1, 86); /* LBA 1,360: one past the last */
    command(c, 0x20);
    expect_error(c, 0x10);
    chs(c, 1, 1, 1, 85);
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), TOTAL - 1);
    destroy(c);
}
END_TEST

/* --- two drives, no drive ------------------------------------------------------------------------ */

START_TEST(absent_drive_1_reads_status_zero_and_registers_of_drive_0)
{
    struct channel *c = make(1);
    out(c, 6, 0xB0);
    ck_assert_uint_eq(in(c, 7), 0x00);
    ck_assert_uint_eq(alternate(c), 0x00);
    out(c, 2, 0x55);
    out(c, 3, 0xAA);
    ck_assert_uint_eq(in(c, 2), 0x55);
    ck_assert_uint_eq(in(c, 3), 0xAA);
    command(c, 0xEC); /* nobody obeys */
    ck_assert_uint_eq(in(c, 7), 0x00);
    ck_assert_uint_eq(c->irq.rises, 0);
    out(c, 6, 0xA0);
    ck_assert_uint_eq(in(c, 7), 0x50);
    destroy(c);
}
END_TEST

START_TEST(a_channel_without_drives_floats)
{
    struct channel *c = make(0);
    for (unsigned i = 0; i < 8; i++) {
        out(c, i, 0x55);
        ck_assert_uint_eq(in(c, i), 0xFF);
    }
    ck_assert_uint_eq(alternate(c), 0xFF);
    fixture_out(c->f, 0x3F6, 4);
    fixture_out(c->f, 0x3F6, 0);
    command(c, 0x90);
    ck_assert_uint_eq(alternate(c), 0xFF);
    destroy(c);
}
END_TEST

START_TEST(each_drive_has_its_own_data_and_interrupt)
{
    struct channel *c = make(3);
    store_le32(c->disks[1].bytes, 0xD15C);
    lba(c, 1, 0);
    command(c, 0x20);
    ck_assert(c->irq.level);
    read_sector(c);
    lba(c, 1, 0);
    out(c, 6, 0xF0);
    ck_assert(!c->irq.level); /* drive 0's INTRQ is not seen while drive 1 is selected */
    command(c, 0x20);
    ck_assert_uint_eq(read_sector(c), 0xD15C);
    destroy(c);
}
END_TEST

START_TEST(interrupts_are_masked_by_nien_and_answered_by_status)
{
    struct channel *c = make(1);
    fixture_out(c->f, 0x3F6, 0x02);
    lba(c, 1, 0);
    command(c, 0x40);
    ck_assert(!c->irq.level);
    fixture_out(c->f, 0x3F6, 0x00);
    ck_assert(c->irq.level);
    alternate(c);
    ck_assert(c->irq.level);
    in(c, 7);
    ck_assert(!c->irq.level);
    destroy(c);
}
END_TEST

START_TEST(busy_drives_ignore_registers_and_commands)
{
    struct channel *c = make(1);
    lba(c, 1, 9);
    out(c, 7, 0x20);
    out(c, 3, 0x55);
    out(c, 6, 0xB0);
    out(c, 7, 0xEC);
    wait(c);
    ck_assert_uint_eq(read_sector(c), 9);
    ck_assert_uint_eq(in(c, 3), 9);
    ck_assert_uint_gt(c->f->guest_errors, 0);
    destroy(c);
}
END_TEST

/* --- slow back-ends ------------------------------------------------------------------------------ */

START_TEST(pending_requests_keep_busy_until_they_complete)
{
    struct channel *c = make(1);
    c->disks[0].is_slow = true;
    lba(c, 1, 9);
    command(c, 0x20);
    fixture_run_us(c->f, 100000);
    ck_assert_uint_eq(alternate(c), 0x80);
    disk_finish(&c->disks[0]);
    wait(c);
    ck_assert_uint_eq(read_sector(c), 9);
    destroy(c);
}
END_TEST

START_TEST(software_reset_cancels_a_pending_request)
{
    struct channel *c = make(1);
    c->disks[0].is_slow = true;
    lba(c, 1, 9);
    command(c, 0x20);
    fixture_out(c->f, 0x3F6, 0x04);
    ck_assert_uint_eq(c->disks[0].cancels, 1);
    ck_assert_ptr_null(c->disks[0].pending);
    fixture_out(c->f, 0x3F6, 0x00);
    wait(c);
    ck_assert_uint_eq(alternate(c), 0x50);
    destroy(c);
}
END_TEST

START_TEST(a_saved_pending_request_is_made_again)
{
    struct channel *c = make(1);
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    c->disks[0].is_slow = true;
    lba(c, 1, 9);
    command(c, 0x20);
    device_save(c->f->device, &saved);
    disk_finish(&c->disks[0]);
    wait(c);
    read_sector(c);
    ck_assert_int_eq(device_load(c->f->device, &saved, &error), STATUS_OK);
    ck_assert_uint_eq(alternate(c), 0x80);
    ck_assert_uint_eq(c->disks[0].requests, 2);
    disk_finish(&c->disks[0]);
    wait(c);
    ck_assert_uint_eq(read_sector(c), 9);
    state_stream_free(&saved);
    destroy(c);
}
END_TEST

START_TEST(flush_reaches_the_back_end)
{
    struct channel *c = make(1);
    command(c, 0xE7);
    out(c, 6, 0xE0);
    command(c, 0xEA);
    ck_assert_uint_eq(c->disks[0].flushes, 2);
    ck_assert_uint_eq(alternate(c), 0x50);
    destroy(c);
}
END_TEST

/* --- settings ------------------------------------------------------------------------------------ */

START_TEST(features_and_power_modes_answer)
{
    static const uint8_t GOOD[] = {0x02, 0x82, 0x55, 0xAA, 0x66, 0xCC};
    struct channel *c = make(1);
    for (size_t i = 0; i < sizeof GOOD; i++) {
        out(c, 1, GOOD[i]);
        command(c, 0xEF);
        ck_assert_uint_eq(in(c, 7), 0x50);
    }
    out(c, 1, 0x03);
    out(c, 2, 0x0C); /* PIO mode 4 */
    command(c, 0xEF);
    ck_assert_uint_eq(in(c, 7), 0x50);
    out(c, 2, 0x20); /* DMA is not there */
    command(c, 0xEF);
    expect_error(c, 0x04);
    command(c, 0xE5);
    ck_assert_uint_eq(in(c, 2), 0xFF);
    command(c, 0xE0);
    command(c, 0xE5);
    ck_assert_uint_eq(in(c, 2), 0x00);
    chs(c, 1, 0, 0, 1);
    command(c, 0x40);
    command(c, 0xE5);
    ck_assert_uint_eq(in(c, 2), 0xFF);
    command(c, 0x10);
    ck_assert_uint_eq(in(c, 7), 0x50);
    destroy(c);
}
END_TEST

START_TEST(mechanics_take_their_time)
{
    struct device_config config = {.name = "ide0"};
    struct channel *c;
    uint64_t start;
    fixture_set(&config, "mechanics", "realistic");
    c = make_with(1, &config);
    chs(c, 1, 16, 0, 1);
    start = c->f->timeline.now;
    out(c, 7, 0x20);
    fixture_run_us(c->f, 5700); /* 3 ms + 0.7 ms * 4 for 16 cylinders */
    ck_assert_uint_eq(alternate(c), 0x80);
    fixture_run_us(c->f, 18000); /* a rotation and a sector later it is there in any case */
    ck_assert_uint_eq(alternate(c), 0x58);
    ck_assert_uint_gt(c->irq.last_rise - start, 5800 * FIXTURE_US);
    destroy(c);
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
    struct channel *c = make(1);
    const char *text;
    chs(c, 4, 12, 3, 1);
    text = fixture_describe(c->f, c->f->device, 0x1F7, true, 0x20);
    ck_assert_str_eq(text, "drive 0: READ SECTORS 4 at C/H/S 12/3/1");
    chs(c, 1, CYLINDERS, 3, 1);
    command(c, 0x20);
    text = fixture_describe(c->f, c->f->device, 0x1F7, false, 0x51);
    ck_assert_str_eq(text, "drive 0: DRDY DSC ERR (IDNF at C/H/S 20/3/1)");
    lba(c, 0, 77);
    text = fixture_describe(c->f, c->f->device, 0x1F7, true, 0x30);
    ck_assert_str_eq(text, "drive 0: WRITE SECTORS 256 at LBA 77");
    destroy(c);
}
END_TEST

START_TEST(state_survives_in_the_middle_of_a_transfer)
{
    struct channel *a = make(3), *b = make(1);
    fixture_check_state(a->f->device);
    lba(a, 3, 40);
    command(a, 0x20);
    space_read(&a->f->ports, 0x1F0, 2);
    space_read(&a->f->ports, 0x1F0, 2);
    fixture_check_state(a->f->device);
    ck_assert_uint_eq(space_read(&a->f->ports, 0x1F0, 2), 0);
    ck_assert_uint_eq(alternate(b), 0x50);
    destroy(a);
    destroy(b);
}
END_TEST

START_TEST(random_accesses_do_no_harm)
{
    struct channel *c = make(3);
    for (uint32_t seed = 1; seed < 5; seed++) {
        fixture_hostile(c->f, seed, 20000);
        fixture_check_state(c->f->device);
    }
    destroy(c);
}
END_TEST

START_TEST(piix3_decodes_the_ports_when_it_is_told_to)
{
    struct channel *c = make(1);
    struct pci_bus pci = {.memory = &c->f->memory, .ports = &c->f->ports};
    struct device *ide;
    c->f->env.pci = &pci;
    ide = fixture_add(c->f, &PIIX3_IDE_TYPE, NULL);
    ide_piix3_set_channels(ide, c->f->device, NULL);
    ck_assert_uint_eq(pci_config_read(&pci, 0, 9, 0, 4), 0x70108086);
    ck_assert_uint_eq(pci_config_read(&pci, 0, 9, 8, 4), 0x01010000);
    ck_assert_uint_eq(alternate(c), 0xFF);
    ck_assert_uint_eq(in(c, 7), 0xFF);
    pci_config_write(&pci, 0, 9, 4, 2, 1);
    ck_assert_uint_eq(in(c, 7), 0xFF);
    pci_config_write(&pci, 0, 9, 0x40, 2, 0x8000);
    ck_assert_uint_eq(in(c, 7), 0x50);
    pci_config_write(&pci, 0, 9, 4, 2, 0);
    ck_assert_uint_eq(in(c, 7), 0xFF);
    fixture_check_state(ide);
    destroy(c);
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
    tcase_add_test(tcase, features_and_power_modes_answer);
    tcase_add_test(tcase, mechanics_take_their_time);
    tcase_add_test(tcase, seeks_grow_with_the_root_of_the_distance);
    tcase_add_test(tcase, commands_and_status_are_described_in_words);
    tcase_add_test(tcase, state_survives_in_the_middle_of_a_transfer);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    tcase_add_test(tcase, piix3_decodes_the_ports_when_it_is_told_to);
    suite_add_tcase(suite, tcase);
    return suite;
}
