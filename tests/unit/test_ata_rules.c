/* Rules of ATA drives that hold for whole tables of commands; ATA/ATAPI-6 (d1410r3b) chapter 8.
 *
 *   command or rule                                   shown by
 *   which codes exist                                 each_code_is_obeyed_or_aborted
 *   C/H/S out of range: IDNF, no other sector         wrong_addresses_are_never_another_sector
 *   INITIALIZE DEVICE PARAMETERS never widens         no_translation_reaches_past_the_end
 *   RECALIBRATE, SEEK                                 those two, and test_disk_mechanics.c
 *   IDENTIFY, READ and WRITE by CHS, LBA28, LBA48,
 *   MULTIPLE, VERIFY, SET MULTIPLE, SET FEATURES,
 *   FLUSH CACHE, diagnostics, resets, absent drives   test_ata.c
 *   DMA, physical region tables, their bounds         test_ide_bus_master.c
 *   power, SET MAX ADDRESS, FLUSH that fails          test_ata_settings.c
 *   SMART                                             test_ata_smart.c
 *   PACKET, READ TOC, media change, DEVICE RESET      test_atapi.c
 *   with drivers nobody here wrote                    tests/guest/linux-boot, -dma, -cdrom, tests/full/linux-disk-errors */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/ata_bench.h"

/* What a code does with LBA 0, count 1 and FEATURES 0, nothing having gone before it. */
enum deed { ABORTED, READY, DATA, WAITS_FOR_DMA };
static const struct {
    uint8_t first, last;
    enum deed deed;
} CODES[] = {
    {0x10, 0x1F, READY        }, /* RECALIBRATE */
    {0x20, 0x21, DATA         },
    {0x24, 0x24, DATA         },
    {0x25, 0x25, WAITS_FOR_DMA},
    {0x27, 0x27, READY        }, /* READ NATIVE MAX ADDRESS EXT */
    {0x29, 0x29, DATA         },
    {0x30, 0x31, DATA         },
    {0x34, 0x34, DATA         },
    {0x35, 0x35, WAITS_FOR_DMA},
    {0x39, 0x39, DATA         },
    {0x3C, 0x3C, DATA         }, /* WRITE VERIFY */
    {0x40, 0x42, READY        }, /* READ VERIFY */
    {0x70, 0x7F, READY        }, /* SEEK */
    {0x90, 0x91, READY        }, /* diagnostics, INITIALIZE DEVICE PARAMETERS */
    {0x94, 0x99, READY        }, /* power, as ATA-3 had it */
    {0xC4, 0xC5, DATA         },
    {0xC6, 0xC6, READY        }, /* MULTIPLE */
    {0xC8, 0xCB, WAITS_FOR_DMA},
    {0xE0, 0xE3, READY        },
    {0xE5, 0xE7, READY        }, /* power, FLUSH CACHE */
    {0xEA, 0xEA, READY        },
    {0xEC, 0xEC, DATA         },
    {0xF8, 0xF8, READY        },
};

static enum deed deed_of(unsigned code)
{
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++)
        if (code >= CODES[i].first && code <= CODES[i].last)
            return CODES[i].deed;
    return ABORTED; /* also NOP, SMART without its keys, SET FEATURES 0, SET MAX alone */
}

START_TEST(each_code_is_obeyed_or_aborted)
{
    static const uint8_t STATUS[] = {0x51, 0x50, 0x58, 0x58};
    struct ata_bench *c = ata_make(3);
    for (unsigned code = 0; code < 256; code++) {
        enum deed deed = deed_of(code);
        c->f->device->type->reset(c->f->device, RESET_HARD);
        ata_lba(c, 0, 0); /* the high halves of 48-bit commands */
        ata_lba(c, 1, 0);
        ata_out(c, 1, 0);
        ata_out(c, 7, code);
        ck_assert_msg(ata_alternate(c) & 0x88, "%02Xh is over at once", code);
        ata_wait(c);
        ck_assert_msg(ata_alternate(c) == STATUS[deed], "%02Xh: status %02Xh", code,
                      ata_alternate(c));
        ck_assert_msg(deed != ABORTED || ata_in(c, 1) == 0x04, "%02Xh: error %02Xh", code,
                      ata_in(c, 1));
        ata_out(c, 6, 0xB0); /* the other drive has seen nothing of it */
        ck_assert_msg(deed == WAITS_FOR_DMA || (ata_alternate(c) & 0x88) == 0 || deed == DATA,
                      "%02Xh", code);
    }
    ata_destroy(c);
}
END_TEST

/* Sector 0, above the track's count; head too high; cylinder past the end. All by C/H/S, on both drives. */
START_TEST(wrong_addresses_are_never_another_sector)
{
    static const struct {
        unsigned cylinder, head, sector;
    } BAD[] = {
        {3,         1,         0          },
        {3,         1,         SECTORS + 1},
        {3,         1,         64         },
        {3,         1,         255        },
        {3,         HEADS,     1          },
        {3,         15,        1          },
        {CYLINDERS, 0,         1          },
        {0xFFFF,    HEADS - 1, SECTORS    }
    };
    static const unsigned COMMANDS[] = {0x20, 0x21, 0x30, 0x31, 0x3C, 0x40,
                                        0x41, 0x70, 0x7F, 0xC4, 0xC5};
    static uint8_t before[TOTAL * SECTOR_BYTES];
    struct ata_bench *c = ata_make(3);
    for (unsigned drive = 0; drive < 2; drive++) {
        memcpy(before, c->disks[drive].bytes, sizeof before);
        for (size_t i = 0; i < ARRAY_COUNT(BAD) * ARRAY_COUNT(COMMANDS); i++) {
            ata_chs(c, 1, BAD[i / ARRAY_COUNT(COMMANDS)].cylinder,
                    BAD[i / ARRAY_COUNT(COMMANDS)].head | drive << 4,
                    BAD[i / ARRAY_COUNT(COMMANDS)].sector);
            ata_command(c, COMMANDS[i % ARRAY_COUNT(COMMANDS)]);
            if (ata_alternate(c) == 0x58) /* a write, whose cylinder is judged with its data */
                ata_write_sector(c, 0xBAD);
            ata_expect_error(c, 0x10);
            ata_in(c, 7);
        }
        ck_assert_mem_eq(before, c->disks[drive].bytes, sizeof before);
    }
    ata_destroy(c);
}
END_TEST

/* By DMA the head and the sector are refused before any data are asked for. */
START_TEST(wrong_addresses_ask_for_no_dma)
{
    static const unsigned COMMANDS[] = {0xC8, 0xC9, 0xCA, 0xCB};
    struct ata_bench *c = ata_make(1);
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++) {
        ata_chs(c, 1, 0, HEADS, 1);
        ata_command(c, COMMANDS[i]);
        ata_expect_error(c, 0x10);
        ata_chs(c, 1, 0, 0, 0);
        ata_command(c, COMMANDS[i]);
        ata_expect_error(c, 0x10);
    }
    ck_assert_uint_eq(c->disks[0].requests, 0);
    ata_destroy(c);
}
END_TEST

/* The whole disk is reached with every translation, each sector by its own number, and nothing behind it. */
START_TEST(no_translation_reaches_past_the_end)
{
    static const unsigned PER_TRACK[] = {1, 2, 17, 63, 255};
    struct ata_bench *c = ata_make(1);
    for (unsigned i = 0; i < 16 * ARRAY_COUNT(PER_TRACK); i++) {
        unsigned heads = i / ARRAY_COUNT(PER_TRACK) + 1,
                 per_track = PER_TRACK[i % ARRAY_COUNT(PER_TRACK)];
        unsigned cylinders = TOTAL / (heads * per_track);
        ata_chs(c, per_track, 0, heads - 1, 1);
        ata_command(c, 0x91);
        if (ata_alternate(c) & 1)
            continue; /* it may refuse one, and keeps the one before */
        ck_assert_msg(cylinders > 0, "%u heads of %u sectors are more than there are", heads,
                      per_track);
        ata_chs(c, 1, cylinders - 1, heads - 1, per_track);
        ata_command(c, 0x20);
        ck_assert_uint_eq(ata_read_sector(c), cylinders * heads * per_track - 1);
        ata_chs(c, 1, cylinders + 1, 0,
                1); /* what is left behind the last whole cylinder may be there */
        ata_command(c, 0x20);
        ata_expect_error(c, 0x10);
        ata_chs(c, 1, 0xFFFF, heads - 1, per_track);
        ata_command(c, 0x20);
        ata_expect_error(c, 0x10);
        ata_chs(c, 1, 0, heads - 1, per_track + 1);
        ata_command(c, 0x20);
        ata_expect_error(c, 0x10);
    }
    ata_destroy(c);
}
END_TEST

Suite *ata_rules_suite(void)
{
    Suite *suite = suite_create("ata_rules");
    TCase *tcase = tcase_create("ata_rules");
    tcase_add_test(tcase, each_code_is_obeyed_or_aborted);
    tcase_add_test(tcase, wrong_addresses_are_never_another_sector);
    tcase_add_test(tcase, wrong_addresses_ask_for_no_dma);
    tcase_add_test(tcase, no_translation_reaches_past_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
