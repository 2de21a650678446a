/* The CD-ROM drive against ATA/ATAPI-6 (8.23, 9.8), SFF-8020i and MMC-2: packets, data, discs. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/ata.h"
#include "devices/ide_piix3.h"
#include "devices/types.h"
#include "tests/unit/ata_bench.h"

#define BLOCKS (TOTAL / 4) /* 340 of 2,048 bytes */
#define BM 0xC000u

/* Drive 0 is a CD-ROM drive with `discs` discs: the bench's disks; drive 1 is not there. */
static struct ata_bench *make(unsigned discs)
{
    static const struct ata_cdroms EMPTY;
    struct ata_cdroms cdroms = EMPTY;
    struct device_config config = {.name = "ide1", .extra = &cdroms};
    struct ata_bench *c = ata_bench_new();
    cdroms.drives[0].is_there = true;
    for (unsigned i = 0; i < discs; i++)
        cdroms.drives[0].discs[i] = &c->disks[i].block;
    ata_bench_plug(c, &config);
    return c;
}

/* --- a packet as drivers send it ----------------------------------------------------------------- */

static void send(struct ata_bench *c, const uint8_t *packet, unsigned features, unsigned limit)
{
    ata_out(c, 6, 0xA0);
    ata_out(c, 1, features);
    ata_out(c, 4, limit & 0xFF);
    ata_out(c, 5, limit >> 8);
    ata_out(c, 7, 0xA0);
    ck_assert_uint_eq(ata_alternate(c), 0x48);
    ck_assert_uint_eq(ata_in(c, 2) & 3, 1); /* C/D: a packet is wanted */
    ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, packet, 6), 6);
    fixture_run_us(c->f, 100);
}

static void expect_done(struct ata_bench *c)
{
    ck_assert_uint_eq(ata_alternate(c), 0x40);
    ck_assert_uint_eq(ata_in(c, 2) & 3, 3);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(ata_in(c, 7), 0x40);
}

/* Takes all of the answer; returns its bytes. Every block is at most `limit`. */
static size_t receive(struct ata_bench *c, uint8_t *bytes, size_t room, unsigned limit)
{
    size_t used = 0;
    while (ata_alternate(c) & 0x08) {
        size_t count = ata_in(c, 4) | (size_t)ata_in(c, 5) << 8;
        ck_assert(c->irq.level);
        ck_assert_uint_eq(ata_in(c, 7), 0x48);
        ck_assert_uint_eq(ata_in(c, 2) & 3, 2);
        ck_assert_uint_le(count, limit);
        ck_assert_uint_gt(count, 0);
        ck_assert_uint_le(used + count, room);
        for (size_t i = 0; i < count; i += 2) {
            uint16_t word = (uint16_t)space_read(&c->f->ports, 0x1F0, 2);
            bytes[used + i] = (uint8_t)word;
            if (i + 1 < count)
                bytes[used + i + 1] = (uint8_t)(word >> 8);
        }
        used += count;
        fixture_run_us(c->f, 100);
    }
    expect_done(c);
    return used;
}

static size_t ask(struct ata_bench *c, const uint8_t *packet, uint8_t *bytes, size_t room)
{
    send(c, packet, 0, 0xFFFE);
    return receive(c, bytes, room, 0xFFFE);
}

static void order(struct ata_bench *c, const uint8_t *packet)
{
    send(c, packet, 0, 0xFFFE);
    expect_done(c);
}

/* The packet fails with this sense, in the error register and to REQUEST SENSE. */
static void expect_sense(struct ata_bench *c, unsigned key, unsigned code, unsigned qualifier)
{
    static const uint8_t SENSE[12] = {0x03, 0, 0, 0, 18};
    uint8_t bytes[18];
    ck_assert_uint_eq(ata_alternate(c), 0x41);
    ck_assert_uint_eq(ata_in(c, 2) & 3, 3);
    ck_assert_uint_eq(ata_in(c, 1), key << 4);
    ck_assert(c->irq.level);
    ata_in(c, 7);
    ck_assert_uint_eq(ask(c, SENSE, bytes, sizeof bytes), 18);
    ck_assert_uint_eq(bytes[0], 0x70);
    ck_assert_uint_eq(bytes[2], key);
    ck_assert_uint_eq(bytes[7], 10);
    ck_assert_uint_eq(bytes[12], code);
    ck_assert_uint_eq(bytes[13], qualifier);
}

static void refuse(struct ata_bench *c, const uint8_t *packet, unsigned key, unsigned code,
                   unsigned qualifier)
{
    send(c, packet, 0, 0xFFFE);
    expect_sense(c, key, code, qualifier);
}

static const uint8_t READY[12] = {0x00};
static const uint8_t EJECT[12] = {0x1B, 0, 0, 0, 2};
static const uint8_t LOAD[12] = {0x1B, 0, 0, 0, 3};

/* A drive that has told of its reset. */
static struct ata_bench *make_ready(unsigned discs)
{
    struct ata_bench *c = make(discs);
    refuse(c, READY, 6, 0x29, 0);
    return c;
}

static void read_10(struct ata_bench *c, uint32_t lba, uint32_t count, unsigned features,
                    unsigned limit)
{
    uint8_t packet[12] = {0x28};
    store_be32(packet + 2, lba);
    store_be16(packet + 7, (uint16_t)count);
    send(c, packet, features, limit);
}

/* --- what it is ---------------------------------------------------------------------------------- */

START_TEST(a_packet_device_has_a_signature_of_its_own)
{
    static const unsigned PROBES[] = {0xEC, 0x20};
    struct ata_bench *c = make(1);
    uint8_t id[SECTOR_BYTES], sum = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(ata_in(c, 7), 0x00);
        ck_assert_uint_eq(ata_in(c, 1), 0x01);
        ck_assert_uint_eq(ata_in(c, 2), 0x01);
        ck_assert_uint_eq(ata_in(c, 3), 0x01);
        ck_assert_uint_eq(ata_in(c, 4), 0x14);
        ck_assert_uint_eq(ata_in(c, 5), 0xEB);
        ata_out(c, 4, 0);
        fixture_out(c->f, 0x3F6, 0x04);
        fixture_out(c->f, 0x3F6, 0x00);
        ata_wait(c);
    }
    for (size_t i = 0; i < ARRAY_COUNT(PROBES); i++) {
        ata_out(c, 4, 0);
        ata_out(c, 5, 0);
        ata_command(c, PROBES[i]);
        ck_assert_uint_eq(ata_in(c, 7), 0x41);
        ck_assert_uint_eq(ata_in(c, 1), 0x04);
        ck_assert_uint_eq(ata_in(c, 4) | (unsigned)ata_in(c, 5) << 8, 0xEB14);
    }
    ata_command(c, 0xA1);
    ck_assert_uint_eq(ata_in(c, 7), 0x48);
    space_read_block(&c->f->ports, 0x1F0, 2, id, 256);
    ck_assert_uint_eq(load_le16(id), 0x85C0);
    ck_assert_uint_eq(load_le16(id + 98) & 0x0300, 0x0300);
    ck_assert_uint_eq(load_le16(id + 126) & 7, 7);
    ck_assert_uint_eq(load_le16(id + 164) & 0x0210, 0x0210);
    for (unsigned i = 0; i < SECTOR_BYTES; i++)
        sum = (uint8_t)(sum + id[i]);
    ck_assert_uint_eq(sum, 0);
    ata_command(c, 0x90); /* diagnostics: the signature, DRDY clear */
    ck_assert_uint_eq(ata_in(c, 7), 0x00);
    ck_assert_uint_eq(ata_in(c, 5), 0xEB);
    ata_destroy(c);
}
END_TEST

START_TEST(a_disk_refuses_packets)
{
    static const unsigned CODES[] = {0xA0, 0xA1, 0x08};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        ata_command(c, CODES[i]);
        ata_expect_error(c, 0x04);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(inquiry_comes_as_long_as_it_is_wanted)
{
    static const uint8_t ALL[12] = {0x12, 0, 0, 0, 255}, ODD[12] = {0x12, 0, 0, 0, 5};
    static const uint8_t NONE[12] = {0x12}, VITAL[12] = {0x12, 1, 0, 0, 36};
    struct ata_bench *c = make(1);
    uint8_t bytes[64];
    ck_assert_uint_eq(ask(c, ALL, bytes, sizeof bytes), 36); /* also before the reset is told */
    ck_assert_uint_eq(bytes[0], 0x05);
    ck_assert_uint_eq(bytes[1], 0x80);
    ck_assert_uint_eq(bytes[4], 31);
    ck_assert_mem_eq(bytes + 8, "VITRINE CD-ROM          1.0 ", 28);
    ck_assert_uint_eq(ask(c, ODD, bytes, sizeof bytes), 5);
    order(c, NONE);
    refuse(c, VITAL, 5, 0x24, 0);
    ata_destroy(c);
}
END_TEST

START_TEST(the_reset_is_told_once)
{
    struct ata_bench *c = make(1);
    refuse(c, READY, 6, 0x29, 0);
    order(c, READY);
    ata_destroy(c);
}
END_TEST

/* --- reading ------------------------------------------------------------------------------------- */

START_TEST(blocks_of_2048_bytes_come_in_the_hosts_portions)
{
    static const unsigned LIMITS[] = {2048, 0xFFFE, 0xFFFF, 3000, 2, 511, 8192};
    struct ata_bench *c = make_ready(1);
    static uint8_t bytes[10 * 2048];
    for (size_t i = 0; i < ARRAY_COUNT(LIMITS); i++) {
        memset(bytes, 0xEE, sizeof bytes);
        read_10(c, 100, 10, 0, LIMITS[i]);
        ck_assert_uint_eq(receive(c, bytes, sizeof bytes, LIMITS[i]), sizeof bytes);
        ck_assert_mem_eq(bytes, c->disks[0].bytes + 100 * 2048, sizeof bytes);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(a_host_without_room_is_aborted)
{
    struct ata_bench *c = make_ready(1);
    for (unsigned limit = 0; limit < 2; limit++) {
        read_10(c, 0, 1, 0, limit);
        ck_assert_uint_eq(ata_alternate(c), 0x41);
        ck_assert_uint_eq(ata_in(c, 1), 0x04);
        send(c, READY, 0, limit); /* without data it does not matter */
        expect_done(c);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(all_forms_of_read_find_the_same_blocks)
{
    static const uint8_t READ_12[12] = {0xA8, 0, 0, 0, 0, 7, 0, 0, 0, 2};
    static const uint8_t READ_CD[12] = {0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0x10};
    static const uint8_t NOTHING[12] = {0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0x00};
    static const uint8_t RAW[12] = {0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0xF8};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[4096];
    ck_assert_uint_eq(ask(c, READ_12, bytes, sizeof bytes), 4096);
    ck_assert_mem_eq(bytes, c->disks[0].bytes + 7 * 2048, 4096);
    ck_assert_uint_eq(ask(c, READ_CD, bytes, sizeof bytes), 4096);
    ck_assert_mem_eq(bytes, c->disks[0].bytes + 7 * 2048, 4096);
    order(c, NOTHING);
    refuse(c, RAW, 5, 0x24, 0);
    read_10(c, 7, 0, 0, 2048); /* no blocks are no error */
    expect_done(c);
    ata_destroy(c);
}
END_TEST

START_TEST(addresses_outside_are_illegal_and_sums_do_not_wrap)
{
    static const uint8_t BAD[][12] = {
        {0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1},
        {0xA8, 0, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF},
        {0x28, 0, 0, 0, BLOCKS >> 8, BLOCKS & 0xFF, 0, 0, 1},
        {0x28, 0, 0, 0, (BLOCKS - 1) >> 8, (BLOCKS - 1) & 0xFF, 0, 0, 2},
        {0xBE, 0, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0x10},
        {0x2B, 0, 0xFF, 0xFF, 0xFF, 0xFF},
    };
    struct ata_bench *c = make_ready(1);
    unsigned requests = c->disks[0].requests;
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++)
        refuse(c, BAD[i], 5, 0x21, 0);
    ck_assert_uint_eq(c->disks[0].requests, requests);
    ata_destroy(c);
}
END_TEST

START_TEST(scratches_are_medium_errors)
{
    struct ata_bench *c = make_ready(1);
    static uint8_t bytes[8 * 2048];
    size_t used = 0;
    c->disks[0].bad_lba = 106 * 4; /* in the second request */
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    read_10(c, 100, 8, 0, 2048);
    while (ata_alternate(c) & 0x08) {
        ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, bytes + used, 1024), 1024);
        used += 2048;
        fixture_run_us(c->f, 100);
    }
    ck_assert_uint_eq(used, 6 * 2048);
    ck_assert_mem_eq(bytes, c->disks[0].bytes + 100 * 2048, used);
    expect_sense(c, 3, 0x11, 0);
    ata_destroy(c);
}
END_TEST

/* MODE SELECT of 16 bytes: the header, and page 01h with a recovery of 20h and 7 retries. */
static const uint8_t SELECT[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 16};
static const uint8_t ERROR_PAGE[12] = {0x5A, 0, 0x01, 0, 0, 0, 0, 0, 64};
static const uint8_t RETRIES_7[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0x01, 6, 0x20, 7};

START_TEST(packets_move_data_by_dma)
{
    static const uint8_t CAPACITY[12] = {0x25};
    struct ata_bench *c = make_ready(1);
    struct device *ide;
    uint8_t bytes[8];
    static uint8_t blocks[6 * 2048];
    fixture_add_pci(c->f);
    ide = fixture_add(c->f, &PIIX3_IDE_TYPE, NULL);
    ide_piix3_set_channels(ide, c->f->device, NULL);
    pci_config_write(&c->f->pci, 0, 9, 0x20, 4, BM);
    pci_config_write(&c->f->pci, 0, 9, 0x40, 2, 0x8000);
    pci_config_write(&c->f->pci, 0, 9, 0x04, 2, 0x0005);
    store_le32(bytes, 0x10000);
    store_le32(bytes + 4, 0x80000000 | sizeof blocks);
    space_poke(&c->f->memory, 0x8000, bytes, 8);
    space_write(&c->f->ports, BM + 4, 4, 0x8000);
    fixture_out(c->f, BM, 0x09);
    c->irq.rises = 0;
    read_10(c, 50, 6, 1, 0); /* by DMA no byte limit is needed */
    expect_done(c);
    ck_assert_uint_eq(c->irq.rises, 1);
    ck_assert_uint_eq(fixture_in(c->f, BM + 2), 0x04);
    space_peek(&c->f->memory, 0x10000, blocks, sizeof blocks);
    ck_assert_mem_eq(blocks, c->disks[0].bytes + 50 * 2048, sizeof blocks);
    fixture_out(c->f, BM, 0x08);
    fixture_out(c->f, BM, 0x09);
    send(c, CAPACITY, 1, 0); /* answers too */
    expect_done(c);
    space_peek(&c->f->memory, 0x10000, bytes, 8);
    ck_assert_uint_eq(load_be32(bytes), BLOCKS - 1);
    space_poke(&c->f->memory, 0x10000, RETRIES_7, sizeof RETRIES_7);
    fixture_out(c->f, BM, 0x00);
    fixture_out(c->f, BM, 0x01); /* from memory */
    send(c, SELECT, 1, 0);
    expect_done(c);
    ck_assert_uint_eq(ask(c, ERROR_PAGE, blocks, sizeof blocks), 16);
    ck_assert_uint_eq(blocks[11], 7);
    ata_destroy(c);
}
END_TEST

/* --- the table of contents ----------------------------------------------------------------------- */

START_TEST(the_table_of_contents_has_one_data_track)
{
    static const uint8_t LBA[12] = {0x43, 0, 0, 0, 0, 0, 0, 2, 0};
    static const uint8_t MSF[12] = {0x43, 2, 0, 0, 0, 0, 1, 2, 0};
    static const uint8_t END[12] = {0x43, 0, 0, 0, 0, 0, 0xAA, 2, 0};
    static const uint8_t NO_TRACK[12] = {0x43, 0, 0, 0, 0, 0, 2, 2, 0};
    static const uint8_t FORMAT_3[12] = {0x43, 0, 3, 0, 0, 0, 0, 2, 0};
    static const uint8_t WANT[20] = {0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0,
                                     0, 0x14, 0xAA, 0, 0, 0, BLOCKS >> 8, BLOCKS & 0xFF};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    ck_assert_uint_eq(ask(c, LBA, bytes, sizeof bytes), 20);
    ck_assert_mem_eq(bytes, WANT, 20);
    ck_assert_uint_eq(ask(c, MSF, bytes, sizeof bytes), 20);
    ck_assert_uint_eq(load_be32(bytes + 8), 0x000200);              /* 00:02:00 */
    ck_assert_uint_eq(load_be32(bytes + 16), 6 << 8 | 40);          /* 340 + 150 frames: 00:06:40 */
    ck_assert_uint_eq(ask(c, END, bytes, sizeof bytes), 12);
    ck_assert_uint_eq(bytes[6], 0xAA);
    refuse(c, NO_TRACK, 5, 0x24, 0);
    refuse(c, FORMAT_3, 5, 0x24, 0);
    ata_destroy(c);
}
END_TEST

START_TEST(sessions_and_the_raw_table_are_told)
{
    static const uint8_t SESSION[12] = {0x43, 0, 1, 0, 0, 0, 0, 2, 0};
    static const uint8_t OLD_SESSION[12] = {0x43, 0, 0, 0, 0, 0, 0, 2, 0, 0x40};
    static const uint8_t RAW[12] = {0x43, 0, 2, 0, 0, 0, 0, 2, 0};
    static const uint8_t SESSIONS[12] = {0, 10, 1, 1, 0, 0x14, 1};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    ck_assert_uint_eq(ask(c, SESSION, bytes, sizeof bytes), 12);
    ck_assert_mem_eq(bytes, SESSIONS, 12);
    ck_assert_uint_eq(ask(c, OLD_SESSION, bytes, sizeof bytes), 12);
    ck_assert_mem_eq(bytes, SESSIONS, 12);
    ck_assert_uint_eq(ask(c, RAW, bytes, sizeof bytes), 4 + 4 * 11);
    ck_assert_uint_eq(load_be16(bytes), 2 + 4 * 11);
    ck_assert_uint_eq(bytes[4 + 3], 0xA0);
    ck_assert_uint_eq(bytes[4 + 8], 1);
    ck_assert_uint_eq(bytes[4 + 22 + 3], 0xA2);
    ck_assert_uint_eq(bytes[4 + 22 + 9], 6);
    ck_assert_uint_eq(bytes[4 + 22 + 10], 40);
    ck_assert_uint_eq(bytes[4 + 33 + 3], 1);
    ck_assert_uint_eq(bytes[4 + 33 + 9], 2);
    ata_destroy(c);
}
END_TEST

/* --- the tray ------------------------------------------------------------------------------------ */

static uint32_t first_number(struct ata_bench *c)
{
    uint8_t bytes[2048];
    read_10(c, 1, 1, 0, 2048);
    ck_assert_uint_eq(receive(c, bytes, sizeof bytes, 2048), 2048);
    return load_le32(bytes);
}

START_TEST(closing_the_tray_puts_the_next_disc_in)
{
    static const uint8_t CAPACITY[12] = {0x25};
    struct ata_bench *c = make_ready(2);
    store_le32(c->disks[1].bytes + 2048, 0xD15C);
    ck_assert_uint_eq(first_number(c), 4);
    order(c, EJECT);
    refuse(c, READY, 2, 0x3A, 0x02); /* no medium, the tray is open */
    refuse(c, CAPACITY, 2, 0x3A, 0x02);
    order(c, EJECT); /* it is open already */
    order(c, LOAD);
    refuse(c, READY, 6, 0x28, 0); /* another disc */
    ck_assert_uint_eq(first_number(c), 0xD15C);
    fixture_check_state(c->f->device);
    order(c, EJECT);
    order(c, LOAD);
    refuse(c, READY, 6, 0x28, 0);
    ck_assert_uint_eq(first_number(c), 4); /* and the first again */
    ata_destroy(c);
}
END_TEST

START_TEST(a_locked_tray_stays_closed)
{
    static const uint8_t LOCK[12] = {0x1E, 0, 0, 0, 1}, UNLOCK[12] = {0x1E};
    static const uint8_t CAPABILITIES[12] = {0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 64};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    order(c, LOCK);
    ck_assert_uint_eq(ask(c, CAPABILITIES, bytes, sizeof bytes), 28);
    ck_assert_uint_eq(bytes[8], 0x2A);
    ck_assert_uint_eq(bytes[14], 0x2B);
    refuse(c, EJECT, 5, 0x53, 0x02);
    order(c, READY);
    order(c, UNLOCK);
    order(c, EJECT);
    ck_assert_uint_eq(ask(c, CAPABILITIES, bytes, sizeof bytes), 28);
    ck_assert_uint_eq(bytes[2], 0x71);
    ata_destroy(c);
}
END_TEST

START_TEST(what_happened_to_the_disc_is_an_event)
{
    static const uint8_t EVENTS[12] = {0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8};
    static const uint8_t OTHERS[12] = {0x4A, 1, 0, 0, 0x02, 0, 0, 0, 8};
    static const uint8_t WAITING[12] = {0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8};
    static const struct {
        const uint8_t *packet;
        uint8_t event, status;
    } STEPS[] = {{READY, 0, 2}, {EJECT, 3, 1}, {NULL, 0, 1}, {LOAD, 2, 2}, {NULL, 0, 2}};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[8];
    for (size_t i = 0; i < ARRAY_COUNT(STEPS); i++) {
        if (STEPS[i].packet)
            order(c, STEPS[i].packet);
        ck_assert_uint_eq(ask(c, EVENTS, bytes, sizeof bytes), 8);
        ck_assert_uint_eq(load_be32(bytes), 0x00060410);
        ck_assert_uint_eq(bytes[4], STEPS[i].event);
        ck_assert_uint_eq(bytes[5], STEPS[i].status);
    }
    refuse(c, READY, 6, 0x28, 0); /* asking for events left it */
    ck_assert_uint_eq(ask(c, OTHERS, bytes, sizeof bytes), 4);
    ck_assert_uint_eq(load_be32(bytes), 0x00028010);
    refuse(c, WAITING, 5, 0x24, 0);
    ata_destroy(c);
}
END_TEST

START_TEST(an_empty_drive_has_no_medium)
{
    static const uint8_t READ[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1};
    struct ata_bench *c = make_ready(0), *full = make_ready(1);
    refuse(c, READY, 2, 0x3A, 0x01);
    refuse(c, READ, 2, 0x3A, 0x01);
    order(c, EJECT);
    order(c, LOAD);
    refuse(c, READY, 2, 0x3A, 0x01);
    order(full, READY);
    ata_destroy(c);
    ata_destroy(full);
}
END_TEST

/* --- modes, resets, the rest --------------------------------------------------------------------- */

START_TEST(mode_pages_come_alone_together_and_as_masks)
{
    static const uint8_t ALL[12] = {0x5A, 0, 0x3F, 0, 0, 0, 0, 0, 64};
    static const uint8_t MASKS[12] = {0x5A, 0, 0x7F, 0, 0, 0, 0, 0, 64};
    static const uint8_t SAVED[12] = {0x5A, 0, 0xFF, 0, 0, 0, 0, 0, 64};
    static const uint8_t UNKNOWN[12] = {0x5A, 0, 0x05, 0, 0, 0, 0, 0, 64};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    ck_assert_uint_eq(ask(c, ALL, bytes, sizeof bytes), 36);
    ck_assert_uint_eq(load_be16(bytes), 34);
    ck_assert_uint_eq(bytes[8], 0x01);
    ck_assert_uint_eq(bytes[16], 0x2A);
    ck_assert_uint_eq(load_be16(bytes + 28), 8); /* kilobytes of buffer */
    ck_assert_uint_eq(ask(c, MASKS, bytes, sizeof bytes), 36);
    ck_assert_uint_eq(bytes[17], 18);
    ck_assert_uint_eq(load_be16(bytes + 28), 0);
    refuse(c, SAVED, 5, 0x39, 0);
    refuse(c, UNKNOWN, 5, 0x24, 0);
    ata_destroy(c);
}
END_TEST

/* Gives a list in blocks of at most `limit` bytes; its end is the caller's to look at. */
static void give_list(struct ata_bench *c, const uint8_t *packet, const uint8_t *list, size_t bytes,
                      unsigned limit)
{
    size_t at = 0;
    send(c, packet, 0, limit);
    while (at < bytes) {
        size_t count = ata_in(c, 4) | (size_t)ata_in(c, 5) << 8;
        ck_assert_uint_eq(ata_alternate(c), 0x48);
        ck_assert(c->irq.level);
        ata_in(c, 7);
        ck_assert_uint_eq(ata_in(c, 2) & 3, 0); /* data, from the host */
        ck_assert_uint_le(count, limit);
        ck_assert_uint_le(at + count, bytes);
        fixture_check_state(c->f->device);
        ck_assert_uint_eq(space_write_block(&c->f->ports, 0x1F0, 2, list + at, count / 2), count / 2);
        at += count;
        fixture_run_us(c->f, 100);
    }
}

START_TEST(mode_select_changes_what_the_masks_allow)
{
    static const unsigned LIMITS[] = {0xFFFE, 16, 6, 2};
    static const uint8_t DEFAULTS[12] = {0x5A, 0, 0x81, 0, 0, 0, 0, 0, 64};
    static const uint8_t MASKS[12] = {0x5A, 0, 0x41, 0, 0, 0, 0, 0, 64};
    static const uint8_t SAVE[12] = {0x55, 0x11, 0, 0, 0, 0, 0, 0, 16};
    static const uint8_t NOTHING[12] = {0x55, 0x10}, LONG[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const uint8_t HEADLESS[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 4};
    static const uint8_t BOTH[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 36};
    static const uint8_t ALL[12] = {0x5A, 0, 0x3F, 0, 0, 0, 0, 0, 64};
    struct ata_bench *c = make_ready(1), *other = make_ready(1);
    uint8_t bytes[64], list[16];
    for (size_t i = 0; i < ARRAY_COUNT(LIMITS); i++) {
        memcpy(list, RETRIES_7, sizeof list);
        list[11] = (uint8_t)(20 + i);
        give_list(c, SELECT, list, sizeof list, LIMITS[i]);
        expect_done(c);
        ck_assert_uint_eq(ask(c, ERROR_PAGE, bytes, sizeof bytes), 16);
        ck_assert_uint_eq(bytes[10], 0x20);
        ck_assert_uint_eq(bytes[11], 20 + i);
    }
    ask(c, DEFAULTS, bytes, sizeof bytes);
    ck_assert_uint_eq(bytes[11], 1);
    ask(c, MASKS, bytes, sizeof bytes);
    ck_assert_uint_eq(load_le32(bytes + 10), 0x0000FFFF);
    list[12] = 1; /* what can't be changed */
    give_list(c, SELECT, list, sizeof list, 16);
    expect_sense(c, 5, 0x26, 0);
    give_list(c, HEADLESS, list, 4, 16);
    expect_sense(c, 5, 0x1A, 0);
    refuse(c, SAVE, 5, 0x24, 0);
    refuse(c, LONG, 5, 0x1A, 0);
    order(c, NOTHING);
    ck_assert_uint_eq(ask(c, ALL, bytes, sizeof bytes), 36); /* back as it came */
    give_list(c, BOTH, bytes, 36, 0xFFFE);
    expect_done(c);
    bytes[28]++;
    give_list(c, BOTH, bytes, 36, 0xFFFE);
    expect_sense(c, 5, 0x26, 0);
    ask(other, ERROR_PAGE, bytes, sizeof bytes);
    ck_assert_uint_eq(bytes[11], 1);
    ata_destroy(c);
    ata_destroy(other);
}
END_TEST

START_TEST(the_speed_that_was_set_is_told)
{
    static const struct {
        uint16_t asked, told;
    } SPEEDS[] = {{706, 706}, {0xFFFF, 4234}, {5000, 4234}, {0, 176}};
    static const uint8_t CAPABILITIES[12] = {0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 64};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    for (size_t i = 0; i < ARRAY_COUNT(SPEEDS); i++) {
        uint8_t packet[12] = {0xBB};
        store_be16(packet + 2, SPEEDS[i].asked);
        order(c, packet);
        ask(c, CAPABILITIES, bytes, sizeof bytes);
        ck_assert_uint_eq(load_be16(bytes + 8 + 8), 4234); /* the highest */
        ck_assert_uint_eq(load_be16(bytes + 8 + 14), SPEEDS[i].told);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(header_mechanism_and_disc_are_told)
{
    static const uint8_t HEADER[12] = {0x44, 0, 0, 0, 0, 7, 0, 0, 8};
    static const uint8_t HEADER_MSF[12] = {0x44, 2, 0, 0, 0, 7, 0, 0, 8};
    static const uint8_t HEADER_OUT[12] = {0x44, 0, 0xFF, 0, 0, 0, 0, 0, 8};
    static const uint8_t MECHANISM[12] = {0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8};
    static const uint8_t DISC[12] = {0x51, 0, 0, 0, 0, 0, 0, 0, 34};
    struct ata_bench *c = make_ready(1);
    uint8_t bytes[64];
    ck_assert_uint_eq(ask(c, HEADER, bytes, sizeof bytes), 8);
    ck_assert_mem_eq(bytes, ((uint8_t[8]){1, 0, 0, 0, 0, 0, 0, 7}), 8);
    ask(c, HEADER_MSF, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, ((uint8_t[8]){1, 0, 0, 0, 0, 0, 2, 7}), 8); /* 00:02:07 */
    refuse(c, HEADER_OUT, 5, 0x21, 0);
    ck_assert_uint_eq(ask(c, DISC, bytes, sizeof bytes), 34);
    ck_assert_uint_eq(load_be16(bytes), 32);
    ck_assert_uint_eq(bytes[2], 0x0E);
    ck_assert_uint_eq(load_be32(bytes + 3), 0x01010101);
    ck_assert_uint_eq(ask(c, MECHANISM, bytes, sizeof bytes), 8);
    ck_assert_uint_eq(bytes[1], 0x00);
    order(c, EJECT);
    ask(c, MECHANISM, bytes, sizeof bytes);
    ck_assert_uint_eq(bytes[1], 0x10);
    refuse(c, DISC, 2, 0x3A, 2);
    ata_destroy(c);
}
END_TEST

START_TEST(the_q_sub_channel_tells_where_the_laser_is)
{
    static const uint8_t STATUS[12] = {0x42, 0, 0, 1, 0, 0, 0, 0, 64};
    static const uint8_t POSITION[12] = {0x42, 0, 0x40, 1, 0, 0, 0, 0, 64};
    static const uint8_t POSITION_MSF[12] = {0x42, 2, 0x40, 1, 0, 0, 0, 0, 64};
    static const uint8_t CATALOGUE[12] = {0x42, 0, 0x40, 2, 0, 0, 0, 0, 64};
    static const uint8_t CODE[12] = {0x42, 0, 0x40, 3, 0, 0, 1, 0, 64};
    static const uint8_t NO_TRACK[12] = {0x42, 0, 0x40, 3, 0, 0, 2, 0, 64};
    static const uint8_t NO_FORMAT[12] = {0x42, 0, 0x40, 0, 0, 0, 0, 0, 64};
    static const uint8_t READ[12] = {0x28, 0, 0, 0, 0, 7, 0, 0, 2};
    struct ata_bench *c = make_ready(1), *other = make_ready(1);
    uint8_t bytes[2 * 2048];
    ck_assert_uint_eq(ask(c, READ, bytes, sizeof bytes), sizeof bytes);
    ck_assert_uint_eq(ask(c, STATUS, bytes, sizeof bytes), 4);
    ck_assert_mem_eq(bytes, ((uint8_t[4]){0, 0x15, 0, 0}), 4);
    ck_assert_uint_eq(ask(c, POSITION, bytes, sizeof bytes), 16);
    ck_assert_mem_eq(bytes,
                     ((uint8_t[16]){0, 0x15, 0, 12, 1, 0x14, 1, 1, 0, 0, 0, 9, 0, 0, 0, 9}), 16);
    ck_assert_uint_eq(ask(c, POSITION_MSF, bytes, sizeof bytes), 16); /* 00:02:09, 00:00:09 */
    ck_assert_mem_eq(bytes + 8, ((uint8_t[8]){0, 0, 2, 9, 0, 0, 0, 9}), 8);
    ck_assert_uint_eq(ask(c, CATALOGUE, bytes, sizeof bytes), 24);
    ck_assert_mem_eq(bytes, ((uint8_t[9]){0, 0x15, 0, 20, 2, 0, 0, 0, 0}), 9);
    ck_assert_uint_eq(ask(c, CODE, bytes, sizeof bytes), 24);
    ck_assert_mem_eq(bytes, ((uint8_t[9]){0, 0x15, 0, 20, 3, 0x14, 1, 0, 0}), 9);
    refuse(c, NO_TRACK, 5, 0x24, 0);
    refuse(c, NO_FORMAT, 5, 0x24, 0);
    ask(other, POSITION, bytes, sizeof bytes);
    ck_assert_uint_eq(bytes[11], 0);
    order(c, EJECT);
    refuse(c, POSITION, 2, 0x3A, 2);
    ata_destroy(c);
    ata_destroy(other);
}
END_TEST

START_TEST(unknown_packets_are_illegal)
{
    struct ata_bench *c = make_ready(1);
    static const uint8_t CODES[] = {0x01, 0x2A, 0x45, 0x46, 0xAA, 0xFF};
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++) {
        uint8_t packet[12] = {CODES[i]};
        refuse(c, packet, 5, 0x20, 0);
    }
    ata_destroy(c);
}
END_TEST

START_TEST(device_reset_ends_a_transfer)
{
    struct ata_bench *c = make_ready(1);
    c->disks[0].is_slow = true;
    read_10(c, 0, 4, 0, 2048);
    ck_assert_uint_eq(ata_alternate(c), 0x80);
    ata_out(c, 7, 0x08);
    ata_wait(c);
    ck_assert_uint_eq(c->disks[0].cancels, 1);
    ck_assert_uint_eq(ata_alternate(c), 0x00);
    ck_assert_uint_eq(ata_in(c, 5), 0xEB);
    c->disks[0].is_slow = false;
    ck_assert_uint_eq(first_number(c), 4);
    ata_destroy(c);
}
END_TEST

START_TEST(packets_and_their_failures_are_described_in_words)
{
    struct ata_bench *c = make_ready(1);
    ata_out(c, 6, 0xA0);
    ck_assert_str_eq(fixture_describe(c->f, c->f->device, 0x1F7, true, 0xA0), "drive 0: PACKET");
    ata_out(c, 7, 0xA0);
    ck_assert_str_eq(fixture_describe(c->f, c->f->device, 0x1F0, true, 0x28),
                     "packet 28h READ(10)");
    fixture_out(c->f, 0x3F6, 4);
    fixture_out(c->f, 0x3F6, 0);
    ata_wait(c);
    read_10(c, 0xFFFFFFFF, 1, 0, 2048);
    ck_assert_str_eq(fixture_describe(c->f, c->f->device, 0x1F7, false, 0x41),
                     "drive 0: DRDY ERR (sense 5/21/00)");
    ata_destroy(c);
}
END_TEST

START_TEST(state_survives_in_the_middle_of_a_block)
{
    struct ata_bench *c = make_ready(1);
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    uint8_t bytes[8192];
    read_10(c, 20, 4, 0, 2048);
    ata_in(c, 7);
    space_read(&c->f->ports, 0x1F0, 2);
    fixture_check_state(c->f->device);
    device_save(c->f->device, &saved);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(space_read_block(&c->f->ports, 0x1F0, 2, bytes, 1023), 1023);
        ck_assert_mem_eq(bytes, c->disks[0].bytes + 20 * 2048 + 2, 2046);
        fixture_run_us(c->f, 100);
        ck_assert_uint_eq(receive(c, bytes, sizeof bytes, 2048), 3 * 2048);
        saved.read = 0;
        ck_assert_int_eq(device_load(c->f->device, &saved, &error), STATUS_OK);
    }
    state_stream_free(&saved);
    ata_destroy(c);
}
END_TEST

START_TEST(random_packets_do_no_harm)
{
    struct ata_bench *c = make(2);
    uint32_t seed = 7;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t packet[12];
        static const uint8_t CODES[] = {0x00, 0x03, 0x12, 0x1B, 0x1E, 0x25, 0x28, 0x2B, 0x43,
                                        0x42, 0x44, 0x4A, 0x51, 0x55, 0x5A, 0xA8, 0xBB, 0xBD, 0xBE};
        for (unsigned j = 0; j < 12; j++)
            packet[j] = fixture_random(&seed) & 1 ? (uint8_t)fixture_random(&seed) : 0;
        packet[0] = CODES[fixture_random(&seed) % sizeof CODES];
        ata_out(c, 6, 0xA0);
        ata_out(c, 1, fixture_random(&seed) & 3);
        ata_out(c, 4, fixture_random(&seed) & 0xFF);
        ata_out(c, 5, fixture_random(&seed) & 0xFF);
        ata_out(c, 7, fixture_random(&seed) % 8 ? 0xA0 : 0x08);
        space_write_block(&c->f->ports, 0x1F0, 2, packet, 6);
        fixture_run_us(c->f, 50);
        for (unsigned j = 0; j < fixture_random(&seed) % 40; j++)
            space_read_block(&c->f->ports, 0x1F0, 2, (uint8_t[512]){0}, 256);
    }
    fixture_hostile(c->f, seed, 20000);
    fixture_check_state(c->f->device);
    ata_destroy(c);
}
END_TEST

START_TEST(images_that_are_no_discs_are_refused)
{
    struct ata_bench *c = ata_bench_new();
    struct ata_cdroms cdroms = {0};
    struct device_config config = {.name = "ide1", .extra = &cdroms};
    struct error error = {STATUS_OK, ""};
    struct device *device = NULL;
    c->f = fixture_new();
    cdroms.drives[0].is_there = true;
    cdroms.drives[0].discs[0] = &c->disks[0].block;
    c->disks[0].geometry.total = TOTAL - 1;
    ck_assert_int_eq(fixture_try_add(c->f, &ATA_TYPE, &config, &device, &error), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "blocks of 2048; fix: "));
    ata_destroy(c);
}
END_TEST

Suite *atapi_suite(void);
Suite *atapi_suite(void)
{
    Suite *suite = suite_create("atapi");
    TCase *tcase = tcase_create("atapi");
    tcase_add_test(tcase, a_packet_device_has_a_signature_of_its_own);
    tcase_add_test(tcase, a_disk_refuses_packets);
    tcase_add_test(tcase, inquiry_comes_as_long_as_it_is_wanted);
    tcase_add_test(tcase, the_reset_is_told_once);
    tcase_add_test(tcase, blocks_of_2048_bytes_come_in_the_hosts_portions);
    tcase_add_test(tcase, a_host_without_room_is_aborted);
    tcase_add_test(tcase, all_forms_of_read_find_the_same_blocks);
    tcase_add_test(tcase, addresses_outside_are_illegal_and_sums_do_not_wrap);
    tcase_add_test(tcase, scratches_are_medium_errors);
    tcase_add_test(tcase, packets_move_data_by_dma);
    tcase_add_test(tcase, the_table_of_contents_has_one_data_track);
    tcase_add_test(tcase, sessions_and_the_raw_table_are_told);
    tcase_add_test(tcase, closing_the_tray_puts_the_next_disc_in);
    tcase_add_test(tcase, a_locked_tray_stays_closed);
    tcase_add_test(tcase, what_happened_to_the_disc_is_an_event);
    tcase_add_test(tcase, an_empty_drive_has_no_medium);
    tcase_add_test(tcase, mode_pages_come_alone_together_and_as_masks);
    tcase_add_test(tcase, mode_select_changes_what_the_masks_allow);
    tcase_add_test(tcase, the_speed_that_was_set_is_told);
    tcase_add_test(tcase, header_mechanism_and_disc_are_told);
    tcase_add_test(tcase, the_q_sub_channel_tells_where_the_laser_is);
    tcase_add_test(tcase, unknown_packets_are_illegal);
    tcase_add_test(tcase, device_reset_ends_a_transfer);
    tcase_add_test(tcase, packets_and_their_failures_are_described_in_words);
    tcase_add_test(tcase, state_survives_in_the_middle_of_a_block);
    tcase_add_test(tcase, random_packets_do_no_harm);
    tcase_add_test(tcase, images_that_are_no_discs_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
