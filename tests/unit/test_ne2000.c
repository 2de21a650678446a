/* The NE2000: registers by page, remote DMA, the receive ring, transmission on the wire. Expected
 * values follow the DP8390D's data sheet; multicast bits come from the CRC of known addresses. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "bus/net.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"
#include "tests/unit/ne2000_bench.h"

/* --- registers ------------------------------------------------------------------------------------ */

START_TEST(prom_has_every_byte_twice_and_57h_at_the_end)
{
    struct bench b;
    bench_init(&b);
    out(&b, 0x00, 0x21);
    out(&b, 0x0E, 0x48); /* byte transfers */
    remote(&b, false, 0, 32);
    for (unsigned i = 0; i < 32; i++) {
        unsigned expected = i < 12 ? MAC[i / 2] : i < 28 ? 0 : 0x57;
        ck_assert_uint_eq(in(&b, 0x10), expected);
    }
    ck_assert_uint_eq(in(&b, 0x07) & 0x40, 0x40);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(pages_show_what_page_0_was_told)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    out(&b, 0x04, 0x40);
    out(&b, 0x00, 0xA2);
    ck_assert_uint_eq(in(&b, 0x01), RING_FIRST);
    ck_assert_uint_eq(in(&b, 0x02), RING_END);
    ck_assert_uint_eq(in(&b, 0x04), 0x40);
    ck_assert_uint_eq(in(&b, 0x0C), 0xC4);
    ck_assert_uint_eq(in(&b, 0x0E), 0xC9);
    ck_assert_uint_eq(in(&b, 0x0F), 0xBF);
    out(&b, 0x00, 0x62);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(in(&b, 1 + i), MAC[i]);
    out(&b, 0x00, 0xE2); /* page 3 is not the ISA card's */
    ck_assert_uint_eq(in(&b, 0x01), 0xFF);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(reset_port_stops_the_chip_and_sets_rst)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    ck_assert_uint_eq(in(&b, 0x07), 0x00);
    out(&b, 0x1F, in(&b, 0x1F));
    ck_assert_uint_eq(in(&b, 0x00), 0x21);
    ck_assert_uint_eq(in(&b, 0x07), 0x80);
    out(&b, 0x07, 0xFF); /* RST is not cleared by writing */
    ck_assert_uint_eq(in(&b, 0x07), 0x80);
    out(&b, 0x00, 0x22);
    ck_assert_uint_eq(in(&b, 0x07), 0x00);
    device_fixture_free(b.f);
}
END_TEST

/* --- remote DMA ------------------------------------------------------------------------------------- */

START_TEST(remote_dma_moves_words_doublewords_and_blocks)
{
    struct bench b;
    uint8_t bytes[64], back[64];
    bench_init(&b);
    start(&b);
    make_frame(bytes, sizeof bytes, MAC, 3);
    write_memory(&b, 0x4000, bytes, 64);
    ck_assert_uint_eq(in(&b, 0x07) & 0x40, 0x40);
    remote(&b, false, 0x4000, 64);
    for (unsigned i = 0; i < 64; i += 4)
        store_le32(back + i, (uint32_t)space_read(&b.f->ports, IO + 0x10, 4));
    ck_assert_mem_eq(back, bytes, 64);
    ck_assert_uint_eq(in(&b, 0x08) | in(&b, 0x09) << 8, 0x4040);
    remote(&b, false, 0x4000, 64);
    memset(back, 0, sizeof back);
    ck_assert_uint_eq(space_read_block(&b.f->ports, IO + 0x10, 2, back, 32), 32);
    ck_assert_mem_eq(back, bytes, 64);
    remote(&b, false, 0x4000, 6); /* a block ends with the byte count */
    ck_assert_uint_eq(space_read_block(&b.f->ports, IO + 0x10, 2, back, 32), 3);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(remote_dma_wraps_at_pstop_to_pstart)
{
    struct bench b;
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8];
    bench_init(&b);
    start(&b);
    write_memory(&b, 0x7FFC, bytes, 8);
    read_memory(&b, 0x4600, back, 4);
    ck_assert_mem_eq(back, bytes + 4, 4);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(remote_complete_interrupts_when_unmasked)
{
    struct bench b;
    uint8_t byte[2] = {0};
    bench_init(&b);
    start(&b);
    write_memory(&b, 0x4000, byte, 2);
    ck_assert_uint_eq(b.irq.rises, 0);
    out(&b, 0x0F, 0x40);
    ck_assert(b.irq.level);
    out(&b, 0x07, 0x40);
    ck_assert(!b.irq.level);
    remote(&b, false, 0x4000, 0); /* nothing to move is complete at once */
    ck_assert(b.irq.level);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(remote_dma_past_the_end_of_memory_is_harmless)
{
    static const unsigned SIZES[] = {1, 2, 4};
    struct bench b;
    bench_init(&b);
    start(&b);
    out(&b, 0x02, 0xFF); /* no wrap before the end */
    for (size_t s = 0; s < 3; s++)
        for (unsigned is_write = 0; is_write < 2; is_write++) {
            out(&b, 0x0E, SIZES[s] == 1 ? 0x48 : 0x49);
            remote(&b, is_write, 0x7FFD, 0xFFFF);
            for (unsigned i = 0; i < 70000; i++)
                if (is_write)
                    space_write(&b.f->ports, IO + 0x10, SIZES[s], i);
                else
                    space_read(&b.f->ports, IO + 0x10, SIZES[s]);
            ck_assert_uint_eq(in(&b, 0x07) & 0x40, 0x40);
            out(&b, 0x07, 0x40);
        }
    ck_assert_uint_ge(b.f->guest_errors, 1);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(a_frame_leaves_after_its_time_on_the_wire)
{
    struct bench b;
    uint8_t frame[1514];
    uint64_t begun;
    bench_init(&b);
    start(&b);
    make_frame(frame, sizeof frame, MAC, 5);
    write_memory(&b, 0x4000, frame, 1514);
    begun = b.f->timeline.now;
    transmit(&b, 0x40, 1514);
    ck_assert_uint_eq(in(&b, 0x00) & 4, 4);
    ck_assert_uint_eq(b.sent_count, 0);
    fixture_run_us(b.f, 1200);
    ck_assert_uint_eq(b.sent_count, 0);
    fixture_run_us(b.f, 50);
    ck_assert_uint_eq(b.sent_count, 1);
    ck_assert_uint_eq(b.sent_bytes, 1514);
    ck_assert_mem_eq(b.sent, frame, 1514);
    /* (8 + 1514 + 4 + 12) * 800 ns = 1230.4 us at 105 instructions a microsecond */
    ck_assert_uint_eq(b.sent_at - begun, 129192);
    ck_assert_uint_eq(in(&b, 0x00) & 4, 0);
    ck_assert_uint_eq(in(&b, 0x04), 0x01);
    ck_assert_uint_eq(in(&b, 0x07), 0x42);
    ck_assert(b.irq.level);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(at_100_mbit_a_frame_takes_a_tenth)
{
    struct bench b;
    uint64_t begun;
    bench_init_at(&b, "100", "end");
    start(&b);
    begun = b.f->timeline.now;
    transmit(&b, 0x40, 1514);
    fixture_run_us(b.f, 200);
    ck_assert_uint_eq(b.sent_count, 1);
    ck_assert_uint_eq(b.sent_at - begun, 12920); /* 123.04 us, rounded up */
    device_fixture_free(b.f);
}
END_TEST

START_TEST(a_virtual_card_gives_the_frame_away_at_once_and_is_busy_as_long)
{
    struct bench b;
    bench_init_at(&b, "10", "start");
    start(&b);
    transmit(&b, 0x40, 1514);
    ck_assert_uint_eq(b.sent_count, 1);
    fixture_run_us(b.f, 1200);
    ck_assert(!b.irq.level);
    ck_assert_uint_eq(in(&b, 0x00) & 4, 4);
    fixture_run_us(b.f, 50);
    ck_assert_uint_eq(b.sent_count, 1);
    ck_assert_uint_eq(in(&b, 0x07) & 2, 2);
    ck_assert(b.irq.level);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(a_short_frame_is_padded_and_a_second_start_waits)
{
    struct bench b;
    uint8_t frame[20];
    bench_init(&b);
    start(&b);
    make_frame(frame, sizeof frame, MAC, 6);
    write_memory(&b, 0x4000, frame, 20);
    transmit(&b, 0x40, 20);
    transmit(&b, 0x40, 20); /* already transmitting: no second frame */
    fixture_run_us(b.f, 1000);
    ck_assert_uint_eq(b.sent_count, 1);
    ck_assert_uint_eq(b.sent_bytes, 60);
    ck_assert_mem_eq(b.sent, frame, 20);
    for (unsigned i = 20; i < 60; i++)
        ck_assert_uint_eq(b.sent[i], 0);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(loopback_stays_inside_and_reports_so)
{
    static const unsigned TSR[4] = {0x01, 0x53, 0x43, 0x03};
    struct bench b;
    bench_init(&b);
    start(&b);
    for (unsigned mode = 1; mode < 4; mode++) {
        out(&b, 0x0D, mode << 1);
        transmit(&b, 0x40, 64);
        fixture_run_us(b.f, 1000);
        ck_assert_uint_eq(in(&b, 0x04), TSR[mode]);
        ck_assert_uint_eq(in(&b, 0x0C), 0x02);
        ck_assert_uint_eq(in(&b, 0x07), 0x02);
    }
    ck_assert_uint_eq(b.sent_count, 0);
    device_fixture_free(b.f);
}
END_TEST

/* Section 12, alignment of the received packet in the FIFO: 64 bytes, and 8 N + 5. */
START_TEST(loopback_leaves_the_end_of_the_frame_in_the_fifo)
{
    struct bench b;
    uint8_t frame[66], fcs[4], fifo[8];
    bench_init(&b);
    start(&b);
    out(&b, 0x0E, 0x48); /* byte transfers */
    make_frame(frame, sizeof frame, MAC, 11);
    write_memory(&b, 0x4000, frame, sizeof frame);
    out(&b, 0x0D, 0x02);
    transmit(&b, 0x40, 60);
    fixture_run_us(b.f, 200);
    store_le32(fcs, (uint32_t)crc32(0, frame, 60));
    for (unsigned i = 0; i < 8; i++)
        fifo[i] = (uint8_t)in(&b, 0x06);
    ck_assert_mem_eq(fifo, "\x40\0\0", 3); /* lower, upper, upper byte count */
    ck_assert_uint_eq(fifo[3], frame[59]);
    ck_assert_mem_eq(fifo + 4, fcs, 4);
    transmit(&b, 0x40, 65); /* 69 with FCS: 8 * 8 + 5 */
    fixture_run_us(b.f, 200);
    store_le32(fcs, (uint32_t)crc32(0, frame, 65));
    for (unsigned i = 0; i < 8; i++)
        fifo[i] = (uint8_t)in(&b, 0x06);
    ck_assert_uint_eq(fifo[0], frame[64]);
    ck_assert_mem_eq(fifo + 1, fcs, 4);
    ck_assert_mem_eq(fifo + 5, "\x45\0\0", 3);
    fixture_check_state(b.f->device);
    device_fixture_free(b.f);
}
END_TEST

/* Section 12, restrictions: TBCR tells 2 N for N bytes at even addresses (BOS) or at odd ones. */
START_TEST(loopback_in_word_mode_moves_half_of_each_word)
{
    struct bench b;
    uint8_t halves[2][64], words[128], fcs[4], fifo[8];
    bench_init(&b);
    start(&b);
    for (unsigned odd = 0; odd < 2; odd++) {
        make_frame(halves[odd], 64, MAC, 21 + odd);
        store_le32(halves[odd] + 60, (uint32_t)crc32(0, halves[odd], 60));
    }
    for (unsigned i = 0; i < sizeof words; i++)
        words[i] = halves[i % 2][i / 2];
    for (unsigned odd = 0; odd < 2; odd++) {
        write_memory(&b, 0x4000, words, sizeof words);
        out(&b, 0x0E, odd ? 0x49 : 0x4B);
        out(&b, 0x0D, 0x02);
        transmit(&b, 0x40, 120);
        fixture_run_us(b.f, 200);
        store_le32(fcs, (uint32_t)crc32(0, halves[odd], 60));
        for (unsigned i = 0; i < 8; i++)
            fifo[i] = (uint8_t)in(&b, 0x06);
        ck_assert_mem_eq(fifo, "\x40\0\0", 3);
        ck_assert_uint_eq(fifo[3], halves[odd][59]);
        ck_assert_mem_eq(fifo + 4, fcs, 4);
        out(&b, 0x0D, 0x03); /* its own FCS: the receiver checks it */
        transmit(&b, 0x40, 128);
        fixture_run_us(b.f, 200);
        ck_assert_uint_eq(in(&b, 0x0C), 0x01);
    }
    transmit(&b, 0x40, 3038); /* 1,519 bytes */
    fixture_run_us(b.f, 2000);
    ck_assert_uint_ge(b.f->guest_errors, 1);
    device_fixture_free(b.f);
}
END_TEST

/* Section 10.3, TSR: a carrier that is lost does not end the transmission. */
START_TEST(without_a_cable_the_carrier_is_lost)
{
    struct device_config config = {0};
    struct bench b = {0}, other;
    b.f = device_fixture_new(&NE2000_TYPE, &config);
    bench_init(&other);
    start(&b);
    start(&other);
    transmit(&b, 0x40, 60);
    transmit(&other, 0x40, 60);
    fixture_run_us(b.f, 200);
    fixture_run_us(other.f, 200);
    ck_assert_uint_eq(in(&b, 0x04), 0x11);
    ck_assert_uint_eq(in(&b, 0x07), 0x02); /* PTX, no TXE */
    ck_assert_uint_eq(in(&other, 0x04), 0x01);
    device_fixture_free(b.f);
    device_fixture_free(other.f);
}
END_TEST

START_TEST(absurd_transmit_counts_send_nothing)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    for (unsigned loopback = 0; loopback < 2; loopback++) {
        out(&b, 0x0D, loopback << 1);
        transmit(&b, 0xFF, 0xFFFF);
        fixture_run_us(b.f, 60000);
        ck_assert_uint_eq(in(&b, 0x07) & 2, 2);
        out(&b, 0x07, 2);
    }
    ck_assert_uint_eq(b.sent_count, 0);
    ck_assert_uint_ge(b.f->guest_errors, 1);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(a_stop_takes_effect_when_the_frame_has_left)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    transmit(&b, 0x40, 1000);
    out(&b, 0x00, 0x21);
    ck_assert_uint_eq(in(&b, 0x07), 0x00);
    fixture_run_us(b.f, 1600);
    ck_assert_uint_eq(in(&b, 0x07), 0x82);
    ck_assert_uint_eq(b.sent_count, 1);
    device_fixture_free(b.f);
}
END_TEST

/* Section 11.0: what RESET sets and clears. */
START_TEST(a_reset_sets_las_and_clears_the_masks)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    out(&b, 0x0D, 0x06);
    in(&b, 0x1F);
    out(&b, 0x00, 0xA1);
    ck_assert_uint_eq(in(&b, 0x0E), 0xC9 | 0x04); /* DCR */
    ck_assert_uint_eq(in(&b, 0x0D), 0xE0);        /* TCR: LB cleared */
    ck_assert_uint_eq(in(&b, 0x0F), 0x80);        /* IMR */
    ck_assert_uint_eq(in(&b, 0x0C), 0xC4);        /* RCR: as it was */
    device_fixture_free(b.f);
}
END_TEST

/* Section 12: tests A (address and FCS match), B (bad FCS), C (another address), groups. */
START_TEST(loopback_checks_a_frame_that_brings_its_fcs)
{
    static const uint8_t OTHER[6] = {0x52, 0x54, 0, 9, 9, 9};
    static const uint8_t GROUP[6] = {0x01, 0x00, 0x5E, 0x00, 0x00, 0x01};
    static const struct {
        const uint8_t *to;
        bool is_bad;
        unsigned rsr;
    } CASES[] = {{MAC, false, 0x01}, {MAC, true, 0x02}, {OTHER, true, 0x01},
                 {GROUP, false, 0x21}, {GROUP, true, 0x22}};
    struct bench b;
    uint8_t frame[68];
    bench_init(&b);
    start(&b);
    out(&b, 0x0E, 0x48); /* byte transfers */
    out(&b, 0x0C, 0x08);
    out(&b, 0x00, 0x62);
    out(&b, 8 + 31 / 8, 1u << 31 % 8); /* the group's bit, as above */
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        make_frame(frame, sizeof frame, CASES[i].to, 7);
        store_le32(frame + 64, (uint32_t)crc32(0, frame, 64) ^ CASES[i].is_bad);
        out(&b, 0x00, 0x22);
        out(&b, 0x0D, 0x03); /* internal, no FCS of the chip's */
        write_memory(&b, 0x4000, frame, sizeof frame);
        transmit(&b, 0x40, sizeof frame);
        fixture_run_us(b.f, 200);
        ck_assert_msg(in(&b, 0x0C) == CASES[i].rsr, "case %zu: %02x", i, in(&b, 0x0C));
    }
    ck_assert_uint_eq(b.sent_count, 0);
    device_fixture_free(b.f);
}
END_TEST

/* --- hostile ---------------------------------------------------------------------------------------------- */

START_TEST(absurd_rings_stay_inside_memory)
{
    static const uint8_t RINGS[][4] = {/* PSTART PSTOP CURR BNRY */
                                       {0x80, 0x46, 0x60, 0x10}, {0x46, 0x46, 0x46, 0x00},
                                       {0x46, 0x80, 0xFF, 0x46}, {0x00, 0xFF, 0xFE, 0x7F},
                                       {0x46, 0x80, 0x47, 0xFF}, {0xFF, 0x00, 0xFF, 0x01}};
    struct bench b;
    uint8_t frame[1518];
    make_frame(frame, sizeof frame, MAC, 4);
    for (size_t i = 0; i < ARRAY_COUNT(RINGS); i++) {
        bench_init(&b);
        start(&b);
        out(&b, 0x01, RINGS[i][0]);
        out(&b, 0x02, RINGS[i][1]);
        out(&b, 0x03, RINGS[i][3]);
        out(&b, 0x00, 0x62);
        out(&b, 0x07, RINGS[i][2]);
        out(&b, 0x00, 0x22);
        for (unsigned n = 0; n < 300; n++)
            give(&b, frame, sizeof frame);
        device_fixture_free(b.f);
    }
}
END_TEST

START_TEST(hostile_accesses_stay_inside)
{
    struct bench b;
    uint8_t frame[1518];
    uint32_t seed = 1;
    bench_init(&b);
    for (unsigned round = 0; round < 40; round++) {
        start(&b);
        fixture_hostile(b.f, round + 5, 500);
        out(&b, 0x00, 0x22);
        make_frame(frame, sizeof frame, MAC, seed);
        for (unsigned i = 0; i < 50; i++)
            give(&b, frame, fixture_random(&seed) % sizeof frame);
    }
    fixture_check_state(b.f->device);
    device_fixture_free(b.f);
}
END_TEST

/* --- what holds for every device ---------------------------------------------------------------------------- */

START_TEST(state_is_saved_in_the_middle_of_a_transmission)
{
    struct bench a, b;
    struct state_stream stream = {0};
    struct error error = {STATUS_OK, ""};
    uint8_t frame[60];
    bench_init(&a);
    bench_init(&b);
    start(&a);
    make_frame(frame, sizeof frame, MAC, 9);
    write_memory(&a, 0x4000, frame, 60);
    transmit(&a, 0x40, 60);
    fixture_check_state(a.f->device);
    device_save(a.f->device, &stream);
    ck_assert_int_eq(device_load(b.f->device, &stream, &error), STATUS_OK);
    fixture_run_us(b.f, 1000);
    ck_assert_uint_eq(b.sent_count, 1);
    ck_assert_mem_eq(b.sent, frame, 60);
    ck_assert(b.irq.level);
    ck_assert_uint_eq(a.sent_count, 0);
    state_stream_free(&stream);
    device_fixture_free(a.f);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(two_cards_on_a_cable_do_not_see_each_other_inside)
{
    struct device_fixture *f = fixture_new();
    struct device_config config = {.name = "nic0"};
    struct device_config second = {.name = "nic1"};
    uint64_t before;
    fixture_set(&config, "iobase", "0x300");
    fixture_set(&second, "iobase", "0x320");
    fixture_add(f, &NE2000_TYPE, &config);
    before = fixture_hash(fixture_add(f, &NE2000_TYPE, &second));
    fixture_out(f, 0x300, 0x62);
    fixture_out(f, 0x301, 0x99);
    ck_assert_uint_eq(fixture_hash(f->devices[1]), before);
    device_fixture_free(f);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    static const struct {
        const char *name, *value;
    } WRONG[] = {{"mac", "52:54:00:12:34"}, {"mac", "01:00:5e:00:00:01"}, {"mac", "hello"},
                 {"mac", "52:54:00:12:34:56:78"}, {"iobase", "0x308"}, {"iobase", "0x10000"}, {"mbit", "0"}, {"mbit", "1001"}, {"handover", "middle"}};
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        struct device_fixture *f = fixture_new();
        struct device_config config = {.name = "nic"};
        struct error error = {STATUS_OK, ""};
        struct device *device;
        fixture_set(&config, WRONG[i].name, WRONG[i].value);
        ck_assert_int_eq(fixture_try_add(f, &NE2000_TYPE, &config, &device, &error), STATUS_USAGE);
        ck_assert_str_ne(error.text, "");
        device_fixture_free(f);
    }
}
END_TEST

START_TEST(describe_tells_the_command)
{
    struct bench b;
    bench_init(&b);
    start(&b);
    out(&b, 0x08, 0x00);
    out(&b, 0x09, 0x40);
    out(&b, 0x0A, 4);
    out(&b, 0x0B, 0);
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO, true, 0x0A),
                     "start, remote read 4 bytes from 4000h, page 0");
    out(&b, 0x04, 0x40);
    out(&b, 0x05, 60);
    out(&b, 0x06, 0);
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO, true, 0x26),
                     "start, transmit 60 bytes page 40h, page 0");
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO + 3, true, 0x46),
                     "BNRY 46h: ring 46h-80h, 1 of 58 pages from BNRY to CURR");
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO + 7, true, 0x41), "clears PRX RDC");
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO + 9, true, 0x46),
                     "remote start address 4600h");
    ck_assert_str_eq(fixture_describe(b.f, b.f->device, IO + 0x1F, false, 0),
                     "a read resets the chip");
    device_fixture_free(b.f);
}
END_TEST

Suite *ne2000_suite(void)
{
    Suite *suite = suite_create("ne2000");
    TCase *tc = tcase_create("ne2000");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, prom_has_every_byte_twice_and_57h_at_the_end);
    tcase_add_test(tc, pages_show_what_page_0_was_told);
    tcase_add_test(tc, reset_port_stops_the_chip_and_sets_rst);
    tcase_add_test(tc, remote_dma_moves_words_doublewords_and_blocks);
    tcase_add_test(tc, remote_dma_wraps_at_pstop_to_pstart);
    tcase_add_test(tc, remote_complete_interrupts_when_unmasked);
    tcase_add_test(tc, remote_dma_past_the_end_of_memory_is_harmless);
    tcase_add_test(tc, a_frame_leaves_after_its_time_on_the_wire);
    tcase_add_test(tc, at_100_mbit_a_frame_takes_a_tenth);
    tcase_add_test(tc, a_virtual_card_gives_the_frame_away_at_once_and_is_busy_as_long);
    tcase_add_test(tc, a_short_frame_is_padded_and_a_second_start_waits);
    tcase_add_test(tc, loopback_stays_inside_and_reports_so);
    tcase_add_test(tc, loopback_leaves_the_end_of_the_frame_in_the_fifo);
    tcase_add_test(tc, loopback_in_word_mode_moves_half_of_each_word);
    tcase_add_test(tc, without_a_cable_the_carrier_is_lost);
    tcase_add_test(tc, absurd_transmit_counts_send_nothing);
    tcase_add_test(tc, a_stop_takes_effect_when_the_frame_has_left);
    tcase_add_test(tc, a_reset_sets_las_and_clears_the_masks);
    tcase_add_test(tc, loopback_checks_a_frame_that_brings_its_fcs);
    tcase_add_test(tc, absurd_rings_stay_inside_memory);
    tcase_add_test(tc, hostile_accesses_stay_inside);
    tcase_add_test(tc, state_is_saved_in_the_middle_of_a_transmission);
    tcase_add_test(tc, two_cards_on_a_cable_do_not_see_each_other_inside);
    tcase_add_test(tc, wrong_options_are_refused);
    tcase_add_test(tc, describe_tells_the_command);
    suite_add_tcase(suite, tc);
    return suite;
}
