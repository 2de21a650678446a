/* The diskette controller's data commands (82077AA 5.1): reading, writing, formatting, scans, the FIFO. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "devices/floppy_disk.h"
#include "devices/types.h"
#include "tests/unit/fdc_bench.h"
#include "tests/unit/fdc_results.h"

/* --- reading and writing (5.1) ------------------------------------------------------------------------ */

START_TEST(sectors_are_read_by_dma_until_tc)
{
    struct fdc_bench *b = ready_bench();
    fdc_seek(b, 1);
    fdc_dma(b, true, 3 * 512);
    fdc_send(b, (const uint8_t[]){0x46, 0x00, 1, 0, 2, 2, 18, 0x1B, 0xFF}, 9);
    ck_assert_uint_eq(fdc_msr(b), 0x10);
    fixture_run_us(b->f, 1000);
    ck_assert(b->irq.level);
    ck_assert_uint_eq(fdc_msr(b), 0xD0);
    fdc_results(b);
    expect(b, 0x00, 0, 0, 1, 0, 5); /* table 5-6: the next sector */
    ck_assert(!b->irq.level);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(fdc_buffer_sector(b, i), 36 + 1 + i);
    ck_assert_uint_eq(fdc_buffer_sector(b, 3), 0);
    fdc_bench_free(b);
}
END_TEST

/* Table 5-6, all eight rows: MT, HDS and whether the last sector is EOT. */
START_TEST(the_result_names_the_next_sector)
{
    static const struct {
        uint8_t multi, head, last, c, h, r, st0;
    } ROWS[] = {
        {0,    0, 4, 3, 0, 5, 0},
        {0,    0, 9, 4, 0, 1, 0},
        {0,    1, 4, 3, 1, 5, 4},
        {0,    1, 9, 4, 1, 1, 4},
        {0x80, 0, 4, 3, 0, 5, 0},
        {0x80, 0, 9, 3, 1, 1, 4},
        {0x80, 1, 4, 3, 1, 5, 4},
        {0x80, 1, 9, 4, 0, 1, 4}
    };
    struct fdc_bench *b = ready_bench();
    fdc_seek(b, 3);
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        fdc_dma(b, true, 512);
        FDC_COMMAND(b, 1000, (uint8_t)(0x46 | ROWS[i].multi), (uint8_t)(ROWS[i].head << 2), 3,
                    ROWS[i].head, ROWS[i].last, 2, 9, 0x1B, 0xFF);
        expect(b, ROWS[i].st0, 0, 0, ROWS[i].c, ROWS[i].h, ROWS[i].r);
    }
    fdc_bench_free(b);
}
END_TEST

START_TEST(multi_track_goes_on_at_the_other_side_and_ends_at_eot)
{
    struct fdc_bench *b = ready_bench();
    fdc_dma(b, true, 36 * 512);
    FDC_COMMAND(b, 1000, 0xC6, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x04, 0, 0, 1, 0, 1);
    for (uint32_t i = 0; i < 36; i++)
        ck_assert_uint_eq(fdc_buffer_sector(b, i), i);
    fdc_dma(b, true, 40 * 512); /* no TC at EOT: EN */
    FDC_COMMAND(b, 1000, 0xC6, 0x00, 0, 0, 18, 2, 18, 0x1B, 0xFF);
    expect(b, 0x44, 0x80, 0, 1, 0, 1);
    fdc_bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
    struct fdc_bench *b = ready_bench();
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 19, 2, 19, 0x1B, 0xFF);
    expect(b, 0x40, 0x04, 0, 0, 0, 19);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 5, 0, 1, 2, 18, 0x1B, 0xFF); /* the heads are at 0 */
    expect(b, 0x40, 0x04, 0x10, 5, 0, 1);
    FDC_COMMAND(b, 1000, 0x46, 0x04, 0, 0, 1, 2, 18, 0x1B, 0xFF); /* H is not the side's */
    expect(b, 0x44, 0x04, 0, 0, 0, 1);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 1, 0xFF, 18, 0x1B, 0xFF); /* a size of 128 << FFh */
    ck_assert_uint_eq(b->results[0], 0x40);
    ck_assert_uint_eq(b->results[1], 0x04);
    fixture_out(b->f, 0x3F7, RATE_250K);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x40, 0x01, 0, 0, 0, 1); /* no address mark at this rate */
    ck_assert_uint_eq(b->disks[0].requests, 0);
    fdc_bench_free(b);
}
END_TEST

START_TEST(implied_seeks_go_there_first)
{
    struct fdc_bench *b = ready_bench();
    FDC_COMMAND(b, 0, 0x13, 0x00, 0x60, 0x00);
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x46, 0x04, 42, 1, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x04, 0, 0, 42, 1, 2);
    ck_assert_uint_eq(fdc_buffer_sector(b, 0), 42 * 36 + 18);
    fdc_bench_free(b);
}
END_TEST

START_TEST(writing_ends_at_tc_with_zeros_to_the_sectors_end)
{
    struct fdc_bench *b = ready_bench();
    memset(b->f->ram.bytes + FDC_BUFFER, 0xA5, 1024);
    fdc_dma(b, false, 612);
    FDC_COMMAND(b, 1000, 0x45, 0x00, 0, 0, 3, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0, 0, 0, 5);
    ck_assert_uint_eq(b->disks[0].bytes[2 * 512], 0xA5);
    ck_assert_uint_eq(b->disks[0].bytes[3 * 512 + 99], 0xA5);
    ck_assert_uint_eq(b->disks[0].bytes[3 * 512 + 100], 0);
    ck_assert_uint_eq(b->disks[0].bytes[4 * 512 - 1], 0);
    ck_assert_uint_eq(load_le32(b->disks[0].bytes + 4 * 512), 4);
    b->disks[0].block.is_read_only = true;
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x45, 0x00, 0, 0, 3, 2, 18, 0x1B, 0xFF);
    expect(b, 0x40, 0x02, 0, 0, 0, 3);
    FDC_COMMAND(b, 0, 0x04, 0x00);
    ck_assert_uint_eq(b->results[0], 0x78); /* WP */
    fdc_bench_free(b);
}
END_TEST

/* Tables 5-4 and 5-5. */
START_TEST(deleted_sectors_end_a_read_or_are_skipped)
{
    struct fdc_bench *b = ready_bench();
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x49, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0, 0, 0, 3);
    fdc_dma(b, true, 2 * 512);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0x40, 0, 0, 2); /* read, and the ID stays */
    fdc_dma(b, true, 2 * 512);
    FDC_COMMAND(b, 1000, 0x66, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0x40, 0, 0, 4);
    ck_assert_uint_eq(fdc_buffer_sector(b, 0), 0);
    ck_assert_uint_eq(fdc_buffer_sector(b, 1), 2);
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x4C, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0, 0, 0, 3);
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x4C, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0x40, 0, 0, 1);
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x45, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF); /* an ordinary mark again */
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF);
    expect(b, 0x00, 0, 0, 0, 0, 3);
    fdc_bench_free(b);
}
END_TEST

START_TEST(read_track_reads_from_the_index_hole_whatever_the_ids)
{
    struct fdc_bench *b = ready_bench();
    fdc_dma(b, true, 18 * 512);
    FDC_COMMAND(b, 1000, 0x42, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b->results[0], 0x00);
    ck_assert_uint_eq(b->results[1], 0x00);
    ck_assert_uint_eq(fdc_buffer_sector(b, 17), 17);
    fdc_dma(b, true, 4 * 512);
    FDC_COMMAND(b, 1000, 0x42, 0x00, 0, 0, 7, 2, 4, 0x1B, 0xFF);
    ck_assert_uint_eq(b->results[0], 0x00);
    ck_assert_uint_eq(b->results[1], 0x04); /* ND, and it went on */
    ck_assert_uint_eq(fdc_buffer_sector(b, 3), 3);
    fdc_bench_free(b);
}
END_TEST

/* Table 5-7: EC, SC, EOT. */
START_TEST(verify_reads_without_data)
{
    struct fdc_bench *b = ready_bench();
    FDC_COMMAND(b, 1000, 0x56, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b->results[0], 0x00);
    ck_assert_uint_eq(b->disks[0].requests, 18);
    FDC_COMMAND(b, 1000, 0x56, 0x00, 0, 0, 1, 2, 19, 0x1B, 0xFF);
    ck_assert_uint_eq(b->results[0], 0x40);
    FDC_COMMAND(b, 1000, 0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 5);
    expect(b, 0x00, 0, 0, 0, 0, 6);
    FDC_COMMAND(b, 1000, 0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 19);
    ck_assert_uint_eq(b->results[0], 0x40);
    FDC_COMMAND(b, 1000, 0xD6, 0x80, 0, 0, 1, 2, 18, 0x1B, 36);
    ck_assert_uint_eq(b->results[0], 0x04);
    b->disks[0].bad_lba = 3;
    b->disks[0].bad_result = BLOCK_READ_ERROR;
    FDC_COMMAND(b, 1000, 0x56, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x40, 0x20, 0x20, 0, 0, 4); /* a data field with a wrong CRC */
    fdc_bench_free(b);
}
END_TEST

START_TEST(formatting_fills_the_sectors_that_the_host_names)
{
    struct fdc_bench *b = ready_bench();
    uint8_t *ids = b->f->ram.bytes + FDC_BUFFER;
    fdc_seek(b, 2);
    for (uint8_t i = 0; i < 18; i++)
        memcpy(ids + (size_t)i * 4, (const uint8_t[]){2, 1, (uint8_t)(i + 1), 2}, 4);
    fdc_dma(b, false, 18 * 4);
    FDC_COMMAND(b, 1000, 0x4D, 0x04, 2, 18, 0x54, 0xF6);
    ck_assert_uint_eq(b->results[0], 0x04);
    ck_assert_uint_eq(b->results[1], 0x00);
    for (unsigned i = 2 * 36 + 18; i < 3 * 36; i++)
        ck_assert_uint_eq(b->disks[0].bytes[i * 512u + 511], 0xF6);
    ck_assert_uint_eq(load_le32(b->disks[0].bytes + (2 * 36 + 17) * 512), 2 * 36 + 17);
    ids[0] = 99; /* an ID that the image cannot hold */
    fdc_dma(b, false, 18 * 4);
    FDC_COMMAND(b, 1000, 0x4D, 0x04, 2, 18, 0x54, 0x00);
    ck_assert_uint_eq(b->results[0], 0x44);
    ck_assert_uint_eq(b->results[1], 0x04);
    fdc_bench_free(b);
}
END_TEST

/* Table 5-9. The host's bytes against sector 2, which is all 1 but for its number. */
START_TEST(scans_compare_with_the_hosts_bytes)
{
    struct fdc_bench *b = ready_bench();
    uint8_t *host = b->f->ram.bytes + FDC_BUFFER;
    memset(b->disks[0].bytes + 512, 0x55, 512);
    memset(host, 0x55, 512);
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x51, 0x00, 0, 0, 2, 2, 2, 0x1B, 1);
    expect(b, 0x00, 0, 0x08, 0, 0, 2); /* SH */
    host[100] = 0x54;                  /* the medium is higher */
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x51, 0x00, 0, 0, 2, 2, 2, 0x1B, 1);
    ck_assert_uint_eq(b->results[2], 0x04); /* SN */
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x59, 0x00, 0, 0, 2, 2, 2, 0x1B, 1);
    ck_assert_uint_eq(b->results[2], 0x04);
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x5D, 0x00, 0, 0, 2, 2, 2, 0x1B, 1);
    ck_assert_uint_eq(b->results[2], 0x00); /* met, not equal */
    host[100] = 0xFF;                       /* matches anything */
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 1000, 0x51, 0x00, 0, 0, 2, 2, 2, 0x1B, 1);
    ck_assert_uint_eq(b->results[2], 0x08);
    memset(host, 0x55, 1024); /* step 2: sectors 2 and 4 */
    memset(b->disks[0].bytes + 512, 0x01, 512);
    memset(b->disks[0].bytes + 3 * 512, 0x55, 512);
    fdc_dma(b, false, 1024);
    FDC_COMMAND(b, 1000, 0x51, 0x00, 0, 0, 2, 2, 18, 0x1B, 2);
    expect(b, 0x00, 0, 0x08, 0, 0, 4);
    fdc_bench_free(b);
}
END_TEST

START_TEST(read_id_tells_what_passes_below_the_head)
{
    struct fdc_bench *b = ready_bench();
    bool seen[19] = {false};
    fdc_seek(b, 9);
    for (unsigned i = 0; i < 60; i++) {
        FDC_COMMAND(b, 7000, 0x4A, 0x04);
        ck_assert_uint_eq(b->results[0], 0x04);
        ck_assert_uint_eq(b->results[3], 9);
        ck_assert_uint_eq(b->results[4], 1);
        ck_assert(b->results[5] >= 1 && b->results[5] <= 18);
        seen[b->results[5]] = true;
    }
    for (unsigned i = 1; i <= 18; i++)
        ck_assert_msg(seen[i], "sector %u never passed", i);
    FDC_COMMAND(b, 1000, 0x0A, 0x00); /* FM finds nothing on a disk in MFM */
    ck_assert_uint_eq(b->results[1], 0x01);
    fdc_bench_free(b);
}
END_TEST

START_TEST(an_unanswered_dma_request_is_an_overrun)
{
    struct fdc_bench *b = ready_bench();
    fixture_out(b->f, 0x0A, 0x06); /* channel 2 masked */
    FDC_COMMAND(b, 500000, 0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    expect(b, 0x40, 0x10, 0, 0, 0, 1);
    fdc_bench_free(b);
}
END_TEST

/* --- without DMA (4.2.1, 4.2.2) ---------------------------------------------------------------------- */

START_TEST(the_fifo_asks_by_its_threshold)
{
    struct fdc_bench *b = ready_bench();
    unsigned bytes = 0, chunks = 0;
    FDC_COMMAND(b, 0, 0x03, 0xDF, 0x03);       /* ND */
    FDC_COMMAND(b, 0, 0x13, 0x00, 0x07, 0x00); /* threshold 8: 8 bytes at a time */
    fdc_send(b, (const uint8_t[]){0x46, 0x00, 0, 0, 18, 2, 18, 0x1B, 0xFF}, 9);
    ck_assert_uint_eq(fdc_msr(b), 0x30);
    while (bytes < 512) {
        unsigned rises = b->irq.rises;
        fixture_run_us(b->f, 10);
        ck_assert_uint_eq(b->irq.rises, rises + 1);
        chunks++;
        while (fdc_msr(b) == 0xF0)
            ck_assert_uint_eq(fixture_in(b->f, 0x3F5), bytes++ == 0 ? 17 : bytes <= 4 ? 0 : 17);
        ck_assert(!b->irq.level);
    }
    ck_assert_uint_eq(chunks, 64);
    fixture_run_us(b->f, 10);
    ck_assert(b->irq.level);
    fdc_results(b);
    expect(b, 0x40, 0x80, 0, 1, 0, 1); /* nobody gives TC: EN */
    fdc_bench_free(b);
}
END_TEST

START_TEST(the_fifo_is_filled_and_refilled)
{
    struct fdc_bench *b = ready_bench();
    unsigned bytes = 0, first = 0;
    FDC_COMMAND(b, 0, 0x03, 0xDF, 0x03);
    FDC_COMMAND(b, 0, 0x13, 0x00, 0x03, 0x00); /* threshold 4: 16 bytes, then 12 at a time */
    fdc_send(b, (const uint8_t[]){0x45, 0x00, 0, 0, 18, 2, 18, 0x1B, 0xFF}, 9);
    while (bytes < 512) {
        fixture_run_us(b->f, 10);
        while (fdc_msr(b) == 0xB0) {
            fixture_out(b->f, 0x3F5, (uint8_t)bytes++);
            first += bytes <= 16;
        }
        ck_assert(bytes == 16 || (bytes - 16) % 12 == 0 || bytes == 512);
    }
    ck_assert_uint_eq(first, 16);
    fixture_run_us(b->f, 10);
    fdc_results(b);
    expect(b, 0x40, 0x80, 0, 1, 0, 1);
    for (unsigned i = 0; i < 512; i++)
        ck_assert_uint_eq(b->disks[0].bytes[17 * 512u + i], i & 0xFF);
    fdc_bench_free(b);
}
END_TEST

Suite *i82077aa_data_suite(void)
{
    Suite *suite = suite_create("i82077aa_data");
    TCase *tests = tcase_create("i82077aa");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, sectors_are_read_by_dma_until_tc);
    tcase_add_test(tests, the_result_names_the_next_sector);
    tcase_add_test(tests, multi_track_goes_on_at_the_other_side_and_ends_at_eot);
    tcase_add_test(tests, what_is_not_there_is_not_found);
    tcase_add_test(tests, implied_seeks_go_there_first);
    tcase_add_test(tests, writing_ends_at_tc_with_zeros_to_the_sectors_end);
    tcase_add_test(tests, deleted_sectors_end_a_read_or_are_skipped);
    tcase_add_test(tests, read_track_reads_from_the_index_hole_whatever_the_ids);
    tcase_add_test(tests, verify_reads_without_data);
    tcase_add_test(tests, formatting_fills_the_sectors_that_the_host_names);
    tcase_add_test(tests, scans_compare_with_the_hosts_bytes);
    tcase_add_test(tests, read_id_tells_what_passes_below_the_head);
    tcase_add_test(tests, an_unanswered_dma_request_is_an_overrun);
    tcase_add_test(tests, the_fifo_asks_by_its_threshold);
    tcase_add_test(tests, the_fifo_is_filled_and_refilled);
    suite_add_tcase(suite, tests);
    return suite;
}
