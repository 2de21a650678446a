/* The diskette controller: what Intel's 82077AA data sheet (290166-007) says of it, rule by rule. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "devices/floppy_disk.h"
#include "devices/types.h"
#include "tests/unit/fdc_bench.h"
#include "tests/unit/fdc_results.h"

/* --- resets (2.2, 2.1.3, 2.1.5, 5.2.4) --------------------------------------------------------------- */

START_TEST(a_reset_ends_with_one_interrupt_for_four_polled_drives)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, NULL, NULL);
    ck_assert_uint_eq(fdc_msr(b), 0x00);
    fixture_out(b->f, 0x3F2, 0x0C);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(b->irq.rises, 1);
    for (unsigned i = 0; i < 4; i++) {
        FDC_COMMAND(b, 0, 0x08);
        ck_assert_uint_eq(b->result_count, 2);
        ck_assert_uint_eq(b->results[0], 0xC0 | i);
    }
    ck_assert_uint_eq(b->irq.rises, 1);
    ck_assert(!b->irq.level);
    FDC_COMMAND(b, 0, 0x08); /* nothing is pending: invalid */
    ck_assert_uint_eq(b->result_count, 1);
    ck_assert_uint_eq(b->results[0], 0x80);
    fdc_bench_free(b);
}
END_TEST

START_TEST(without_polling_a_reset_is_silent_as_long_as_it_is_locked)
{
    struct fdc_bench *b = ready_bench();
    unsigned rises = b->irq.rises;
    FDC_COMMAND(b, 0, 0x13, 0x00, 0x10, 0x00);
    FDC_COMMAND(b, 0, 0x94);
    fixture_out(b->f, 0x3F4, 0x80);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(b->irq.rises, rises);
    FDC_COMMAND(b, 0, 0x14);
    fixture_out(b->f, 0x3F4, 0x80); /* as Linux's driver does it */
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(b->irq.rises, rises + 1);
    fdc_bench_free(b);
}
END_TEST

START_TEST(the_interrupt_passes_dmagate_only_when_it_is_set)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, NULL, NULL);
    fixture_out(b->f, 0x3F2, 0x04);
    fixture_run_us(b->f, 100);
    ck_assert(!b->irq.level);
    fixture_out(b->f, 0x3F2, 0x0C);
    ck_assert(b->irq.level);
    fdc_bench_free(b);
}
END_TEST

START_TEST(lock_keeps_the_fifo_through_software_resets_only)
{
    struct fdc_bench *b = ready_bench();
    FDC_COMMAND(b, 0, 0x13, 0x00, 0x4F, 0x21); /* EIS, FIFO on, threshold 16, PRETRK 21h */
    FDC_COMMAND(b, 0, 0x94);
    ck_assert_uint_eq(b->result_count, 1);
    ck_assert_uint_eq(b->results[0], 0x10);
    fixture_out(b->f, 0x3F4, 0x80);
    fixture_run_us(b->f, 100);
    FDC_COMMAND(b, 0, 0x0E);
    ck_assert_uint_eq(b->result_count, 10);
    ck_assert_uint_eq(b->results[7] & 0x80, 0x80);
    ck_assert_uint_eq(b->results[8], 0x4F);
    ck_assert_uint_eq(b->results[9], 0x21);
    FDC_COMMAND(b, 0, 0x14);
    ck_assert_uint_eq(b->results[0], 0x00);
    fixture_out(b->f, 0x3F2, 0x08);
    fixture_out(b->f, 0x3F2, 0x0C);
    FDC_COMMAND(b, 0, 0x0E);
    ck_assert_uint_eq(b->results[8], 0x20); /* FIFO off, threshold 1 */
    ck_assert_uint_eq(b->results[9], 0x00);
    fdc_bench_free(b);
}
END_TEST

START_TEST(dumpreg_shows_what_was_set)
{
    struct fdc_bench *b = ready_bench();
    fdc_seek(b, 7);
    FDC_COMMAND(b, 0, 0x03, 0xA1, 0x04);
    FDC_COMMAND(b, 0, 0x12, 0x80 | 0x28 | 0x03); /* OW, D3, D1, GAP, WGATE */
    FDC_COMMAND(b, 0, 0x0E);
    ck_assert_uint_eq(b->results[0], 7);
    ck_assert_uint_eq(b->results[4], 0xA1);
    ck_assert_uint_eq(b->results[5], 0x04);
    ck_assert_uint_eq(b->results[7], 0x2B);
    FDC_COMMAND(b, 0, 0x12, 0x14); /* without OW: D3-D0 stay */
    FDC_COMMAND(b, 0, 0x0E);
    ck_assert_uint_eq(b->results[7], 0x28);
    FDC_COMMAND(b, 0, 0x12, 0x03);
    fixture_out(b->f, 0x3F4, 0x80); /* 5.2.11: a software reset clears GAP and WGATE */
    fixture_run_us(b->f, 100);
    FDC_COMMAND(b, 0, 0x0E);
    ck_assert_uint_eq(b->results[7], 0x28);
    fdc_bench_free(b);
}
END_TEST

START_TEST(version_and_invalid_codes)
{
    struct fdc_bench *b = ready_bench();
    FDC_COMMAND(b, 0, 0x10);
    ck_assert_uint_eq(b->results[0], 0x90);
    for (unsigned code = 0; code < 256; code++) {
        static const uint8_t VALID[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                        0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x0F, 0x10,
                                        0x11, 0x12, 0x13, 0x14, 0x16, 0x19, 0x1D};
        if (memchr(VALID, code & 0x1F, sizeof VALID))
            continue;
        FDC_COMMAND(b, 0, (uint8_t)code);
        ck_assert_msg(b->result_count == 1 && b->results[0] == 0x80, "code %02Xh", code);
    }
    FDC_COMMAND(b, 0, 0x18); /* the 82078's PART ID, which tells it from this chip */
    ck_assert_uint_eq(b->results[0], 0x80);
    fdc_bench_free(b);
}
END_TEST

/* --- seeks (5.2.2, 5.2.3, 5.2.9) ---------------------------------------------------------------------- */

START_TEST(a_seek_moves_and_reports_by_sense_interrupt)
{
    struct fdc_bench *b = ready_bench();
    fdc_send(b, (const uint8_t[]){0x0F, 0x04, 39}, 3);
    ck_assert_uint_eq(fdc_msr(b), 0x81); /* drive 0 busy, the controller free */
    fixture_run_us(b->f, 100);
    ck_assert(b->irq.level);
    ck_assert_uint_eq(fdc_msr(b), 0x80);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x24);
    ck_assert_uint_eq(b->results[1], 39);
    ck_assert(!b->irq.level);
    FDC_COMMAND(b, 0, 0x04, 0x04);
    ck_assert_uint_eq(b->results[0], 0x2C); /* ST3: two ones, HDS */
    FDC_COMMAND(b, 100, 0x07, 0x00);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x20);
    ck_assert_uint_eq(b->results[1], 0);
    FDC_COMMAND(b, 0, 0x04, 0x00);
    ck_assert_uint_eq(b->results[0], 0x38); /* T0 */
    fdc_bench_free(b);
}
END_TEST

START_TEST(recalibrating_a_missing_drive_finds_no_track_0)
{
    struct fdc_bench *b = ready_bench();
    FDC_COMMAND(b, 100, 0x07, 0x01);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x71);
    fdc_bench_free(b);
}
END_TEST

/* Two drives at a time: each has an interrupt of its own. */
START_TEST(overlapped_seeks_are_told_one_by_one)
{
    struct fdc_bench *b = ready_bench();
    fdc_send(b, (const uint8_t[]){0x0F, 0x00, 10}, 3);
    fdc_send(b, (const uint8_t[]){0x0F, 0x01, 20}, 3);
    ck_assert_uint_eq(fdc_msr(b), 0x83);
    fixture_run_us(b->f, 100);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x20);
    ck_assert_uint_eq(b->results[1], 10);
    ck_assert(b->irq.level);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x21);
    ck_assert_uint_eq(b->results[1], 20);
    ck_assert(!b->irq.level);
    fdc_bench_free(b);
}
END_TEST

START_TEST(relative_seeks_count_from_where_the_heads_are)
{
    struct fdc_bench *b = ready_bench();
    fdc_seek(b, 10);
    FDC_COMMAND(b, 100, 0xCF, 0x00, 5);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x20);
    ck_assert_uint_eq(b->results[1], 15);
    FDC_COMMAND(b, 100, 0x8F, 0x00, 20);
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(b->results[0], 0x70); /* out beyond track 0 */
    fdc_bench_free(b);
}
END_TEST

START_TEST(steps_take_their_time)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, "mechanics", "realistic");
    fdc_start(b, RATE_500K); /* SRT = Dh: 3 ms a step at 500 kbit/s */
    fdc_send(b, (const uint8_t[]){0x0F, 0x00, 10}, 3);
    fixture_run_us(b->f, 29900);
    ck_assert_uint_eq(fdc_msr(b), 0x81);
    fixture_run_us(b->f, 200);
    ck_assert_uint_eq(fdc_msr(b), 0x80);
    FDC_COMMAND(b, 0, 0x08);
    fixture_out(b->f, 0x3F7, RATE_250K); /* twice as long */
    fdc_send(b, (const uint8_t[]){0x0F, 0x00, 0}, 3);
    fixture_run_us(b->f, 59900);
    ck_assert_uint_eq(fdc_msr(b), 0x81);
    fixture_run_us(b->f, 200);
    ck_assert_uint_eq(fdc_msr(b), 0x80);
    fdc_bench_free(b);
}
END_TEST

static uint32_t shown(struct fdc_bench *b, const char *name)
{
    uint32_t value = UINT32_MAX;
    for (const struct reg_bank *const *bank = I82077AA_TYPE.banks; *bank; bank++)
        for (const struct reg *row = (*bank)->rows; row->name; row++)
            if (strcmp(row->name, name) == 0)
                ck_assert(reg_peek(row, b->f->device, &value));
    return value;
}

/* 300 rpm: each of 18 sectors passes for 11.1 ms. Nothing passes when the motor is off. */
START_TEST(the_card_shows_where_the_heads_are_and_what_passes)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, "mechanics", "immediate");
    uint32_t first;
    ck_assert_uint_eq(shown(b, "SECTOR A"), 0);
    fdc_start(b, RATE_500K);
    fdc_send(b, (const uint8_t[]){0x0F, 0x00, 10}, 3);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(shown(b, "CYLINDER A"), 10);
    ck_assert_uint_eq(shown(b, "CYLINDER B"), 0);
    first = shown(b, "SECTOR A");
    ck_assert(first >= 1 && first <= 18);
    fixture_run_us(b->f, 11112);
    ck_assert_uint_eq(shown(b, "SECTOR A"), first % 18 + 1);
    fdc_bench_free(b);
}
END_TEST

/* --- drives ------------------------------------------------------------------------------------------- */

START_TEST(disk_change_stays_until_a_step_with_a_diskette_in)
{
    struct fdc_bench *b = ready_bench();
    ck_assert_uint_eq(fixture_in(b->f, 0x3F7) & 0x80, 0x80);
    FDC_COMMAND(b, 100, 0x07, 0x00); /* at track 0 already: no step */
    FDC_COMMAND(b, 0, 0x08);
    ck_assert_uint_eq(fixture_in(b->f, 0x3F7) & 0x80, 0x80);
    fdc_seek(b, 1);
    ck_assert_uint_eq(fixture_in(b->f, 0x3F7) & 0x80, 0x00);
    ck_assert(i82077aa_change(b->fdc, 0, 2)); /* taken out */
    ck_assert_ptr_null(i82077aa_disk_name(b->fdc, 0));
    fdc_seek(b, 2);
    ck_assert_uint_eq(fixture_in(b->f, 0x3F7) & 0x80, 0x80);
    ck_assert(i82077aa_change(b->fdc, 0, 1)); /* the other one put in */
    fdc_seek(b, 0);
    ck_assert_uint_eq(fixture_in(b->f, 0x3F7) & 0x80, 0x00);
    store_le32(b->disks[1].bytes, 0xC0FFEE);
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 1000, 0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(fdc_buffer_sector(b, 0), 0xC0FFEE);
    ck_assert(!i82077aa_change(b->fdc, 1, 0));
    ck_assert(!i82077aa_change(b->fdc, 0, 3));
    fdc_bench_free(b);
}
END_TEST

/* 8.1: without index pulses the controller locks up, until a reset or until they come. */
START_TEST(without_index_pulses_a_command_does_not_end)
{
    struct fdc_bench *b = ready_bench();
    fixture_out(b->f, 0x3F2, 0x0C); /* motor off */
    fdc_dma(b, true, 512);
    FDC_COMMAND(b, 3000000, 0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b->result_count, 0);
    ck_assert_uint_eq(fdc_msr(b), 0x10);
    ck_assert_uint_eq(b->f->guest_errors, 1);
    fixture_out(b->f, 0x3F2, 0x1C);
    fixture_run_us(b->f, 1000);
    fdc_results(b);
    expect(b, 0x00, 0, 0, 0, 0, 2);
    fdc_bench_free(b);
}
END_TEST

/* A rotation is 200 ms; a track of 18 sectors takes one, beginning anywhere. */
START_TEST(rotation_takes_its_time)
{
    struct fdc_bench *b = fdc_bench_new(2880, TYPE_1440K, "mechanics", "realistic");
    uint64_t begin, us;
    fdc_start(b, RATE_500K);
    fixture_run_us(b->f, 600000); /* the motor's half second */
    fdc_dma(b, true, 18 * 512);
    begin = b->f->timeline.now;
    fdc_send(b, (const uint8_t[]){0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 9);
    fixture_run_us(b->f, 500000);
    us = (b->irq.last_rise - begin) / FIXTURE_US;
    ck_assert_msg(us > 195000 && us < 401000, "%u us", (unsigned)us);
    fdc_results(b);
    expect(b, 0x00, 0, 0, 1, 0, 1);
    ck_assert_uint_eq(fdc_buffer_sector(b, 17), 17);
    fdc_bench_free(b);
}
END_TEST

START_TEST(formats_need_their_rates)
{
    static const struct {
        uint32_t sectors;
        uint8_t type, rate, cylinder, sector_count;
    } ROWS[] = {
        {2880, TYPE_1440K, RATE_500K, 79, 18},
        {1440, TYPE_1440K, RATE_250K, 79, 9 },
        {2400, TYPE_1200K, RATE_500K, 79, 15},
        {720,  TYPE_360K,  RATE_250K, 39, 9 },
        {720,  TYPE_1200K, RATE_300K, 39, 9 },
        {5760, 5,          3,         79, 36}
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct fdc_bench *b = fdc_bench_new(ROWS[i].sectors, ROWS[i].type, NULL, NULL);
        /* A drive of 80 cylinders finds one of 40 at every second step. */
        uint8_t steps =
            ROWS[i].type == TYPE_1200K && ROWS[i].cylinder == 39 ? 78 : ROWS[i].cylinder;
        for (uint8_t rate = 0; rate < 4; rate++) {
            fdc_start(b, rate);
            fdc_seek(b, steps);
            fdc_dma(b, true, 512);
            FDC_COMMAND(b, 1000, 0x46, 0x04, ROWS[i].cylinder, 1, ROWS[i].sector_count, 2,
                        ROWS[i].sector_count, 0x1B, 0xFF);
            ck_assert_uint_eq(b->results[1], rate == ROWS[i].rate ? 0 : 1);
            fixture_out(b->f, 0x3F2, 0x18);
        }
        ck_assert_uint_eq(fdc_buffer_sector(b, 0), ROWS[i].sectors - 1);
        fdc_bench_free(b);
    }
}
END_TEST

START_TEST(the_three_modes_show_lines_as_they_say)
{
    struct fdc_bench *at = fdc_bench_new(2880, TYPE_1440K, "mode", "at");
    struct fdc_bench *ps2 = fdc_bench_new(2880, TYPE_1440K, "mode", "ps2");
    struct fdc_bench *model30 = fdc_bench_new(2880, TYPE_1440K, "mode", "model30");
    fixture_out(at->f, 0x3F2, 0x14);
    fixture_out(ps2->f, 0x3F2, 0x14);
    fixture_out(model30->f, 0x3F2, 0x14);
    fixture_run_us(ps2->f, 50000);
    fixture_run_us(model30->f, 50000);
    ck_assert_uint_eq(fixture_in(at->f, 0x3F0), 0xFF);
    ck_assert_uint_eq(fixture_in(at->f, 0x3F1), 0xFF);
    ck_assert_uint_eq(fixture_in(at->f, 0x3F7), 0xFF);
    ck_assert_uint_eq(fixture_in(ps2->f, 0x3F0), 0xC6); /* INT, no drive B, INDX#, WP# */
    ck_assert_uint_eq(fixture_in(ps2->f, 0x3F1), 0xC1); /* motor A */
    ck_assert_uint_eq(fixture_in(ps2->f, 0x3F7), 0x80 | 0x78 | 2 << 1 | 1);
    ck_assert_uint_eq(fixture_in(model30->f, 0x3F0), 0x19); /* TRK0, HDSEL#, DIR# */
    ck_assert_uint_eq(fixture_in(model30->f, 0x3F1),
                      0x80 | 0x40 | 0x03);                  /* no drive B, DS1# DS3# DS2# */
    ck_assert_uint_eq(fixture_in(model30->f, 0x3F7), 0x02); /* DSKCHG# active, 250 kbit/s */
    fdc_bench_free(at);
    fdc_bench_free(ps2);
    fdc_bench_free(model30);
}
END_TEST

/* --- bad guests, slow back-ends, snapshots --------------------------------------------------------------- */

START_TEST(millions_of_parameter_bytes_change_nothing_beyond_the_drives)
{
    struct fdc_bench *b = ready_bench();
    fixture_out(b->f, 0x3F5, 0x8E);
    for (unsigned i = 0; i < 5000000; i++)
        fixture_out(b->f, 0x3F5, (uint8_t)(i & 0x7F));
    fixture_out(b->f, 0x3F5, 0x80);
    fdc_results(b);
    ck_assert_uint_eq(b->result_count, 4);
    fixture_out(b->f, 0x3F5, 0x4A);
    for (unsigned i = 0; i < 5000000; i++)
        fixture_out(b->f, 0x3F5, (uint8_t)i);
    fixture_run_us(b->f, 1000);
    fdc_results(b);
    ck_assert_uint_eq(b->result_count, 7);
    ck_assert(b->f->guest_errors <= 2);
    FDC_COMMAND(b, 0, 0x10);
    ck_assert_uint_eq(b->results[0], 0x90);
    fixture_check_state(b->fdc);
    fdc_bench_free(b);
}
END_TEST

START_TEST(random_commands_leave_it_alive_and_do_bounded_work)
{
    struct fdc_bench *b = ready_bench(), *idle = ready_bench();
    uint64_t before = fixture_hash(idle->fdc);
    uint32_t seed = 5;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned requests = b->disks[0].requests;
        fixture_out(b->f, 0x3F5, (uint8_t)fixture_random(&seed));
        ck_assert_uint_eq(b->disks[0].requests, requests); /* the access itself makes none */
        if (i % 16 == 0)
            fdc_dma(b, i & 32, 1 + (fixture_random(&seed) & 0xFFF));
        fixture_run_us(b->f, fixture_random(&seed) & 15);
        if (fdc_msr(b) & 0x40)
            fdc_results(b);
        if (i % 1000 == 0) {
            ck_assert(i82077aa_change(b->fdc, 0, i / 1000 % 3));
            fixture_out(b->f, 0x3F2, 0x18);
            fixture_out(b->f, 0x3F2, 0x1C);
        }
    }
    fixture_hostile(b->f, 77, 20000);
    fixture_check_state(b->fdc);
    ck_assert_uint_eq(fixture_hash(idle->fdc), before);
    fdc_bench_free(b);
    fdc_bench_free(idle);
}
END_TEST

START_TEST(a_reset_forgets_a_request_that_is_out)
{
    struct fdc_bench *b = ready_bench();
    b->disks[0].is_slow = true;
    fdc_dma(b, true, 512);
    fdc_send(b, (const uint8_t[]){0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF}, 9);
    fixture_run_us(b->f, 1000);
    ck_assert_ptr_nonnull(b->disks[0].pending);
    fixture_out(b->f, 0x3F2, 0x18);
    ck_assert_uint_eq(b->disks[0].cancels, 1);
    ck_assert_ptr_null(b->disks[0].pending);
    fixture_out(b->f, 0x3F2, 0x1C);
    fixture_run_us(b->f, 1000);
    ck_assert_uint_eq(fdc_msr(b), 0x80);
    fdc_bench_free(b);
}
END_TEST

START_TEST(a_loaded_state_makes_its_request_again)
{
    struct fdc_bench *b = ready_bench();
    struct state_stream stream = {0};
    struct error error;
    b->disks[0].is_slow = true;
    fdc_dma(b, true, 512);
    fdc_send(b, (const uint8_t[]){0x46, 0x00, 0, 0, 6, 2, 18, 0x1B, 0xFF}, 9);
    fixture_run_us(b->f, 1000);
    device_save(b->fdc, &stream);
    fixture_out(b->f, 0x3F2, 0x18);
    ck_assert_int_eq(device_load(b->fdc, &stream, &error), STATUS_OK);
    ck_assert_ptr_nonnull(b->disks[0].pending);
    fdc_disk_finish(&b->disks[0]);
    fixture_run_us(b->f, 1000);
    fdc_results(b);
    expect(b, 0x00, 0, 0, 0, 0, 7);
    ck_assert_uint_eq(fdc_buffer_sector(b, 0), 5);
    state_stream_free(&stream);
    fdc_bench_free(b);
}
END_TEST

START_TEST(a_full_disk_of_the_workstation_is_tried_again)
{
    struct fdc_bench *b = ready_bench();
    b->disks[0].bad_lba = 0;
    b->disks[0].bad_result = BLOCK_NO_SPACE;
    fdc_dma(b, false, 512);
    FDC_COMMAND(b, 350000, 0x45, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(b->result_count, 0);
    ck_assert_uint_eq(b->disks[0].requests, 4);
    b->disks[0].bad_lba = UINT64_MAX;
    fixture_run_us(b->f, 100000);
    fdc_results(b);
    expect(b, 0x00, 0, 0, 0, 0, 2);
    fdc_bench_free(b);
}
END_TEST

START_TEST(accesses_are_told_in_words)
{
    struct fdc_bench *b = ready_bench();
    fdc_send(b, (const uint8_t[]){0xC6, 0x00, 0, 0, 1, 2, 18, 0x1B}, 8);
    ck_assert_str_eq(fixture_describe(b->f, b->fdc, 0x3F5, true, 0xFF),
                     "READ DATA (both sides): drive A head 0, C/H/R 0/0/1 to sector 18, by DMA");
    fdc_dma(b, true, 512);
    fixture_out(b->f, 0x3F5, 0xFF);
    fixture_run_us(b->f, 1000);
    ck_assert_str_eq(fixture_describe(b->f, b->fdc, 0x3F5, false, 0x40),
                     "ST0: abnormal end, drive A");
    fdc_results(b);
    ck_assert_str_eq(fixture_describe(b->f, b->fdc, 0x3F5, true, 0x1F), "command 1Fh is invalid");
    ck_assert_str_eq(fixture_describe(b->f, b->fdc, 0x3F7, true, 0x02), "RATE=250k");
    fdc_bench_free(b);
}
END_TEST

START_TEST(lengths_name_formats)
{
    ck_assert_str_eq(floppy_format_of(2880)->name, "1.44M");
    ck_assert_ptr_null(floppy_format_of(2881));
    ck_assert_ptr_null(floppy_format_of(0));
    ck_assert_str_eq(floppy_format_for(2532)->name, "1.44M");
    ck_assert_ptr_null(floppy_format_for(5761));
    ck_assert_uint_eq(floppy_drive_for(floppy_format_of(1440)), 4);
    ck_assert_uint_eq(floppy_drive_for(floppy_format_of(2400)), 2);
    ck_assert(!floppy_fits(floppy_format_of(2880), 2)); /* 3.5 inches in a slot of 5.25 */
    ck_assert(!floppy_fits(floppy_format_of(2880), 3));
    ck_assert_int_eq(floppy_rate_in(floppy_format_of(720), 2), FLOPPY_300K);
}
END_TEST

Suite *i82077aa_suite(void)
{
    Suite *suite = suite_create("i82077aa");
    TCase *tests = tcase_create("i82077aa");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_reset_ends_with_one_interrupt_for_four_polled_drives);
    tcase_add_test(tests, without_polling_a_reset_is_silent_as_long_as_it_is_locked);
    tcase_add_test(tests, the_interrupt_passes_dmagate_only_when_it_is_set);
    tcase_add_test(tests, lock_keeps_the_fifo_through_software_resets_only);
    tcase_add_test(tests, dumpreg_shows_what_was_set);
    tcase_add_test(tests, version_and_invalid_codes);
    tcase_add_test(tests, a_seek_moves_and_reports_by_sense_interrupt);
    tcase_add_test(tests, recalibrating_a_missing_drive_finds_no_track_0);
    tcase_add_test(tests, overlapped_seeks_are_told_one_by_one);
    tcase_add_test(tests, relative_seeks_count_from_where_the_heads_are);
    tcase_add_test(tests, steps_take_their_time);
    tcase_add_test(tests, the_card_shows_where_the_heads_are_and_what_passes);
    tcase_add_test(tests, disk_change_stays_until_a_step_with_a_diskette_in);
    tcase_add_test(tests, without_index_pulses_a_command_does_not_end);
    tcase_add_test(tests, rotation_takes_its_time);
    tcase_add_test(tests, formats_need_their_rates);
    tcase_add_test(tests, the_three_modes_show_lines_as_they_say);
    tcase_add_test(tests, millions_of_parameter_bytes_change_nothing_beyond_the_drives);
    tcase_add_test(tests, random_commands_leave_it_alive_and_do_bounded_work);
    tcase_add_test(tests, a_reset_forgets_a_request_that_is_out);
    tcase_add_test(tests, a_loaded_state_makes_its_request_again);
    tcase_add_test(tests, a_full_disk_of_the_workstation_is_tried_again);
    tcase_add_test(tests, accesses_are_told_in_words);
    tcase_add_test(tests, lengths_name_formats);
    suite_add_tcase(suite, tests);
    return suite;
}
