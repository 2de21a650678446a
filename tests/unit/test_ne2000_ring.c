/* The NE2000 as it receives: filters, the ring, its overflow and what is damaged. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "bus/net.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/ne2000_bench.h"

static unsigned curr(struct bench *b)
{
    unsigned value;
    out(b, 0x00, 0x62);
    value = in(b, 0x07);
    out(b, 0x00, 0x22);
    return value;
}

/* --- reception ------------------------------------------------------------------------------------------- */

START_TEST(a_frame_lands_in_the_ring_with_header_and_fcs)
{
    struct bench b;
    uint8_t frame[100], back[108];
    bench_init(&b);
    start(&b);
    make_frame(frame, sizeof frame, MAC, 8);
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x01);
    ck_assert_uint_eq(in(&b, 0x0C), 0x01);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(curr(&b), RING_FIRST + 2);
    read_memory(&b, (RING_FIRST + 1) << 8, back, 108);
    ck_assert_uint_eq(back[0], 0x01);
    ck_assert_uint_eq(back[1], RING_FIRST + 2);
    ck_assert_uint_eq(load_le16(back + 2), 104);
    ck_assert_mem_eq(back + 4, frame, 100);
    ck_assert_uint_eq(load_le32(back + 104), crc32(0, frame, 100));
    device_fixture_free(b.f);
}
END_TEST

/* Frames of 300 bytes take two pages; the last one that fits crosses from PSTOP to PSTART. */
START_TEST(the_ring_wraps_and_never_overwrites_unread_frames)
{
    struct bench b;
    uint8_t frame[300], back[308];
    unsigned got = 0;
    bench_init(&b);
    start(&b);
    out(&b, 0x03, RING_FIRST + 9); /* ten pages from here on are unread */
    out(&b, 0x00, 0x62);
    out(&b, 0x07, RING_END - 3);
    out(&b, 0x00, 0x22);
    for (unsigned i = 0; i < 10; i++) {
        make_frame(frame, sizeof frame, MAC, i + 1);
        out(&b, 0x07, 0x7F);
        give(&b, frame, sizeof frame);
        if (in(&b, 0x07) & 0x10)
            break;
        got++;
    }
    /* 3 pages to the end, 9 before BNRY: 12, of which the last stays free: 5 frames. */
    ck_assert_uint_eq(got, 5);
    ck_assert_uint_eq(in(&b, 0x0F), 1); /* lost frames */
    ck_assert_uint_eq(in(&b, 0x0F), 0); /* reading clears */
    ck_assert_uint_eq(curr(&b), RING_FIRST + 7);
    make_frame(frame, sizeof frame, MAC, 2);
    read_memory(&b, (RING_END - 1) << 8, back, 308); /* the second one, across the end */
    ck_assert_uint_eq(back[1], RING_FIRST + 1);
    ck_assert_mem_eq(back + 4, frame, 300);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(addresses_are_filtered_by_rcr)
{
    static const uint8_t BROADCAST[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t OTHER[6] = {0x52, 0x54, 0x00, 0xAA, 0xBB, 0x02};
    static const uint8_t GROUP[6] = {0x01, 0x00, 0x5E, 0x00, 0x00, 0x01};
    static const struct {
        const uint8_t *to;
        unsigned rcr, mar_bit; /* 64: no bit */
        bool is_taken;
    } CASES[] = {
        {MAC, 0x00, 64, true},        {OTHER, 0x04, 64, false},    {OTHER, 0x10, 64, true},
        {BROADCAST, 0x00, 64, false}, {BROADCAST, 0x04, 64, true}, {GROUP, 0x14, 64, false},
        {GROUP, 0x08, 64, false},
        /* Ethernet's CRC of 01-00-5E-00-00-01, most significant six bits: 31 */
        {GROUP, 0x08, 31, true},      {GROUP, 0x08, 30, false},    {GROUP, 0x10, 31, false},
    };
    struct bench b;
    uint8_t frame[60];
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        bench_init(&b);
        start(&b);
        out(&b, 0x0C, CASES[i].rcr);
        if (CASES[i].mar_bit < 64) {
            out(&b, 0x00, 0x62);
            out(&b, 8 + CASES[i].mar_bit / 8, 1u << CASES[i].mar_bit % 8);
            out(&b, 0x00, 0x22);
        }
        make_frame(frame, sizeof frame, CASES[i].to, 4);
        give(&b, frame, sizeof frame);
        ck_assert_msg((in(&b, 0x07) & 1) == CASES[i].is_taken, "case %zu", i);
        if (CASES[i].is_taken)
            ck_assert_uint_eq(in(&b, 0x0C), CASES[i].to[0] & 1 ? 0x21 : 0x01);
        device_fixture_free(b.f);
    }
}
END_TEST

START_TEST(monitor_counts_and_keeps_nothing)
{
    struct bench b;
    uint8_t frame[60];
    bench_init(&b);
    start(&b);
    out(&b, 0x0C, 0x20);
    make_frame(frame, sizeof frame, MAC, 4);
    for (unsigned i = 0; i < 127; i++)
        give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x04); /* RXE: missed */
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x24); /* CNT: a counter's top bit */
    for (unsigned i = 0; i < 200; i++)
        give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x0F), 192); /* they stop there */
    ck_assert_uint_eq(curr(&b), RING_FIRST + 1);
    device_fixture_free(b.f);
}
END_TEST

/* Section 10.3: RSR, the tally counters, ISR.RXE and CNT. */
START_TEST(damaged_frames_are_counted_and_dropped)
{
    static const uint8_t OTHER[6] = {0x52, 0x54, 0x00, 0xAA, 0xBB, 0x02};
    struct bench b;
    uint8_t frame[60], other[60];
    bench_init_with(&b, "bad_fcs", "2", "misaligned", "3");
    start(&b);
    make_frame(frame, sizeof frame, MAC, 4);
    make_frame(other, sizeof other, OTHER, 4);
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x01);
    out(&b, 0x07, 0x7F);
    give(&b, other, sizeof other); /* not for this station: not counted */
    give(&b, frame, sizeof frame); /* the second */
    ck_assert_uint_eq(in(&b, 0x0C), 0x02);
    ck_assert_uint_eq(in(&b, 0x07), 0x04);
    give(&b, frame, sizeof frame); /* the third */
    ck_assert_uint_eq(in(&b, 0x0C), 0x06);
    ck_assert_uint_eq(curr(&b), RING_FIRST + 2); /* only the first was kept */
    fixture_check_state(b.f->device);
    ck_assert_uint_eq(in(&b, 0x0D), 1);
    ck_assert_uint_eq(in(&b, 0x0D), 0); /* reading clears */
    ck_assert_uint_eq(in(&b, 0x0E), 1);
    ck_assert_uint_eq(in(&b, 0x0F), 0);
    out(&b, 0x0C, 0x20); /* monitor checks them too */
    out(&b, 0x07, 0x7F);
    for (unsigned i = 0; i < 3 * 128; i++)
        give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x24);
    ck_assert_uint_eq(in(&b, 0x0D), 128);
    ck_assert_uint_eq(in(&b, 0x0E), 128);
    ck_assert_uint_eq(in(&b, 0x0F), 192);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(damaged_frames_are_kept_by_sep)
{
    struct bench b;
    uint8_t frame[60], back[68];
    bench_init_with(&b, "bad_fcs", "1", "misaligned", "0");
    start(&b);
    out(&b, 0x0C, 0x01);
    make_frame(frame, sizeof frame, MAC, 4);
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x04); /* RXE, no PRX */
    ck_assert(b.irq.level);
    ck_assert_uint_eq(in(&b, 0x0E), 1);
    ck_assert_uint_eq(curr(&b), RING_FIRST + 2);
    read_memory(&b, (RING_FIRST + 1) << 8, back, 68);
    ck_assert_uint_eq(back[0], 0x02);
    ck_assert_uint_eq(load_le16(back + 2), 64);
    ck_assert_mem_eq(back + 4, frame, 60);
    ck_assert_uint_ne(load_le32(back + 64), crc32(0, frame, 60));
    device_fixture_free(b.f);
}
END_TEST

START_TEST(stopped_or_looping_it_hears_nothing)
{
    struct bench b;
    uint8_t frame[60];
    bench_init(&b);
    make_frame(frame, sizeof frame, MAC, 4);
    give(&b, frame, sizeof frame); /* never started */
    start(&b);
    out(&b, 0x00, 0x21);
    give(&b, frame, sizeof frame);
    out(&b, 0x0D, 0x02);
    out(&b, 0x00, 0x22);
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(runts_and_giants_are_refused)
{
    static const size_t SIZES[] = {0, 5, 59, 1519, 60000};
    static uint8_t const EMPTY[1] = {0};
    struct bench b;
    uint8_t *frame = calloc(1, 60000);
    ck_assert_ptr_nonnull(frame);
    bench_init(&b);
    start(&b);
    make_frame(frame, 60000, MAC, 4);
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++)
        give(&b, SIZES[i] ? frame : EMPTY, SIZES[i]);
    ck_assert_uint_eq(in(&b, 0x07), 0);
    out(&b, 0x0C, 0x02); /* accept runts */
    give(&b, frame, 5);
    give(&b, frame, 59);
    ck_assert_uint_eq(in(&b, 0x07), 1);
    ck_assert_uint_eq(curr(&b), RING_FIRST + 2);
    free(frame);
    device_fixture_free(b.f);
}
END_TEST

/* Frames of 1,000 bytes until the ring is full; returns how many fitted. */
static unsigned fill_ring(struct bench *b)
{
    uint8_t frame[1000];
    unsigned count = 0;
    while (!(in(b, 0x07) & 0x10) && count < 100) {
        make_frame(frame, sizeof frame, MAC, ++count);
        give(b, frame, sizeof frame);
    }
    return count - 1;
}

/* Section 10.3: ISR.RST also shows a full ring, until frames are removed; a missed frame is RXE. */
START_TEST(a_full_ring_shows_in_rst_until_frames_are_removed)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    ck_assert_uint_eq(fill_ring(&b), 14); /* 57 pages, 4 a frame */
    ck_assert_uint_eq(in(&b, 0x07), 0x80 | 0x10 | 0x04 | 0x01);
    out(&b, 0x07, 0xFF);
    ck_assert_uint_eq(in(&b, 0x07), 0x80);
    out(&b, 0x03, RING_FIRST + 8);
    ck_assert_uint_eq(in(&b, 0x07), 0x00);
    device_fixture_free(b.f);
}
END_TEST

/* Section 7.0, the routine for a buffer ring overflow, while a frame is being sent. */
START_TEST(an_overflow_is_recovered_by_the_published_routine)
{
    struct bench b;
    uint8_t frame[1000], back[1004];
    unsigned was_sending, has_left;
    bench_init(&b);
    start(&b);
    make_frame(frame, sizeof frame, MAC, 99);
    write_memory(&b, 0x4000, frame, sizeof frame);
    out(&b, 0x07, 0xFF);
    transmit(&b, 0x40, 1000);
    fill_ring(&b);
    was_sending = in(&b, 0x00) & 0x04;
    ck_assert_uint_eq(was_sending, 0x04);
    out(&b, 0x00, 0x21);
    fixture_run_us(b.f, 1600);
    out(&b, 0x0A, 0);
    out(&b, 0x0B, 0);
    has_left = in(&b, 0x07) & 0x0A; /* the chip finishes what it has begun */
    ck_assert_uint_eq(has_left, 0x02);
    ck_assert_uint_eq(b.sent_count, 1);
    out(&b, 0x0D, 0x02);
    out(&b, 0x00, 0x22);
    for (unsigned n = 1; n <= 14; n++) { /* all frames, in order and whole */
        unsigned page = RING_FIRST + 1 + 4 * (n - 1);
        make_frame(frame, sizeof frame, MAC, n);
        read_memory(&b, page << 8, back, sizeof back);
        ck_assert_mem_eq(back + 4, frame, sizeof frame);
        out(&b, 0x03, back[1] - 1u);
    }
    out(&b, 0x07, 0x10);
    out(&b, 0x0D, 0x00);
    out(&b, 0x07, 0x7F);
    give(&b, frame, sizeof frame);
    ck_assert_uint_eq(in(&b, 0x07), 0x01);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(send_packet_reads_the_frame_at_the_boundary)
{
    struct bench b;
    uint8_t frame[60], back[64];
    bench_init(&b);
    start(&b);
    make_frame(frame, sizeof frame, MAC, 4);
    give(&b, frame, sizeof frame);
    out(&b, 0x03, RING_FIRST + 1);
    out(&b, 0x00, 0x1A);
    for (unsigned i = 0; i < 64; i += 2)
        store_le16(back + i, (uint16_t)space_read(&b.f->ports, IO + 0x10, 2));
    ck_assert_uint_eq(load_le16(back + 2), 64);
    ck_assert_mem_eq(back + 4, frame, 60);
    ck_assert_uint_eq(in(&b, 0x03), RING_FIRST + 2); /* BNRY moved on */
    ck_assert_uint_eq(in(&b, 0x07) & 0x40, 0x40);
    device_fixture_free(b.f);
}
END_TEST

Suite *ne2000_ring_suite(void)
{
    Suite *suite = suite_create("ne2000_ring");
    TCase *tc = tcase_create("ne2000");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, a_frame_lands_in_the_ring_with_header_and_fcs);
    tcase_add_test(tc, the_ring_wraps_and_never_overwrites_unread_frames);
    tcase_add_test(tc, addresses_are_filtered_by_rcr);
    tcase_add_test(tc, monitor_counts_and_keeps_nothing);
    tcase_add_test(tc, damaged_frames_are_counted_and_dropped);
    tcase_add_test(tc, damaged_frames_are_kept_by_sep);
    tcase_add_test(tc, stopped_or_looping_it_hears_nothing);
    tcase_add_test(tc, runts_and_giants_are_refused);
    tcase_add_test(tc, a_full_ring_shows_in_rst_until_frames_are_removed);
    tcase_add_test(tc, an_overflow_is_recovered_by_the_published_routine);
    tcase_add_test(tc, send_packet_reads_the_frame_at_the_boundary);
    suite_add_tcase(suite, tc);
    return suite;
}
