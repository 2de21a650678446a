/* The virtio network card, by the sections of VIRTIO 1.1, 5.1; its rings are test_virtio_blk.c's. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"
#include "devices/virtio_pci.h"
#include "tests/unit/virtio_bench.h"

#define MRG_RXBUF VIRTIO_BIT(15)
#define CONTROL   (VIRTIO_BIT(17) | VIRTIO_BIT(18) | VIRTIO_BIT(20) | VIRTIO_BIT(23))
#define BUFFER(n) (VB_DATA + 0x1000u * (n))

static const uint8_t OWN[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static void make_frame(uint8_t *frame, const uint8_t *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        frame[i] = (uint8_t)(i * 3 + 1);
    memcpy(frame, to, 6);
}

static void deliver(struct vb *b, const uint8_t *to, size_t bytes)
{
    uint8_t frame[NET_FRAME_MAX];
    make_frame(frame, to, bytes);
    net_send(&b->cable, frame, bytes, 0);
}

/* One writable buffer of so many bytes. */
static void offer_room(struct vb *b, unsigned head, uint32_t bytes)
{
    vb_descriptor(b, VB_QUEUE(0), head, BUFFER(head), bytes, VB_WRITE, 0);
    vb_offer(b, 0, head);
}

static void send(struct vb *b, size_t header, size_t bytes)
{
    make_frame(b->f->ram.bytes + BUFFER(8) + header, OWN, bytes);
    vb_descriptor(b, VB_QUEUE(1), 0, BUFFER(8), (uint32_t)(header + bytes), 0, 0);
    vb_offer(b, 1, 0);
    vb_notify(b, 1);
}

/* A command with its data; returns the answer. */
static unsigned command(struct vb *b, uint8_t class, uint8_t number, const void *data,
                        uint32_t bytes)
{
    uint8_t *at = b->f->ram.bytes + BUFFER(9);
    at[0] = class;
    at[1] = number;
    memcpy(at + 2, data, bytes);
    at[0xFFF] = 0xEE;
    vb_descriptor(b, VB_QUEUE(2), 0, BUFFER(9), 2, VB_NEXT, 1);
    vb_descriptor(b, VB_QUEUE(2), 1, BUFFER(9) + 2, bytes, VB_NEXT, 2);
    vb_descriptor(b, VB_QUEUE(2), 2, BUFFER(9) + 0xFFF, 1, VB_WRITE, 0);
    vb_offer(b, 2, 0);
    vb_notify(b, 2);
    return at[0xFFF];
}

START_TEST(configuration_has_address_and_link)
{
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, _i);
    uint32_t at = _i ? VIRTIO_MODERN_CONFIG : VIRTIO_LEGACY_CONFIG;
    ck_assert_uint_eq(pci_config_read(&b->f->pci, 0, VB_DEVFN, 0, 4), 0x10001AF4);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(vb_in(b, at + i, 1), OWN[i]);
    ck_assert_uint_eq(vb_in(b, at + 6, 2), 1);
    vb_out(b, at + 5, 1, 0x99); /* 5.1.4.2: legacy drivers may */
    ck_assert_uint_eq(vb_in(b, at + 5, 1), _i ? OWN[5] : 0x99);
    ck_assert_uint_eq(vb_in(b, _i ? 4 : 0, 4), _i ? 0x30978020 : 0x38978020);
    vb_free(b);
}
END_TEST

/* 5.1.6.1: the header has 10 bytes, or 12 with MRG_RXBUF or VERSION_1. */
static const struct {
    bool is_modern;
    uint64_t features;
    size_t header;
} HEADERS[] = {
    {false, 0,         10},
    {false, MRG_RXBUF, 12},
    {true,  0,         12},
    {true,  MRG_RXBUF, 12}
};

START_TEST(frames_leave_after_their_time_on_the_wire)
{
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, HEADERS[_i].is_modern);
    vb_start(b, HEADERS[_i].features);
    send(b, HEADERS[_i].header, 1000);
    ck_assert_uint_eq(b->frames, 0);
    fixture_run_us(b->f, 81); /* 1,024 bytes at 100 Mbit/s take 81.92 us */
    ck_assert_uint_eq(b->frames, 0);
    fixture_run_us(b->f, 1);
    ck_assert_uint_eq(b->frames, 1);
    ck_assert_uint_eq(b->received_bytes, 1000);
    ck_assert_mem_eq(b->received, b->f->ram.bytes + BUFFER(8) + HEADERS[_i].header, 1000);
    ck_assert_uint_eq(vb_used(b, 1), 1);
    ck_assert_uint_eq(vb_get(b, VB_USED(1) + 8, 4), 0);
    ck_assert_uint_eq(vb_isr(b), 1);
    send(b, HEADERS[_i].header, 20);
    fixture_run_us(b->f, 10);
    ck_assert_uint_eq(b->received_bytes, 60); /* padded */
    ck_assert_uint_eq(b->received[20], 0);
    vb_free(b);
}
END_TEST

START_TEST(frames_arrive_behind_a_header)
{
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, HEADERS[_i].is_modern);
    uint8_t frame[600];
    vb_start(b, HEADERS[_i].features);
    deliver(b, OWN, 600); /* no room: lost */
    offer_room(b, 0, 1600);
    make_frame(frame, OWN, sizeof frame);
    deliver(b, OWN, 600);
    ck_assert_uint_eq(vb_used(b, 0), 1);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 8, 4), 600 + HEADERS[_i].header);
    ck_assert_mem_eq(b->f->ram.bytes + BUFFER(0) + HEADERS[_i].header, frame, sizeof frame);
    ck_assert(HEADERS[_i].header == 10 || vb_get(b, BUFFER(0) + 10, 2) == 1);
    ck_assert_uint_eq(vb_isr(b), 1);
    vb_free(b);
}
END_TEST

START_TEST(merged_buffers_take_a_long_frame)
{
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, true);
    uint8_t frame[1000];
    make_frame(frame, OWN, sizeof frame);
    vb_start(b, MRG_RXBUF);
    offer_room(b, 0, 412);
    deliver(b, OWN, sizeof frame); /* too little: it waits for the next frame */
    ck_assert_uint_eq(vb_used(b, 0), 0);
    offer_room(b, 1, 500);
    offer_room(b, 2, 500);
    deliver(b, OWN, sizeof frame);
    ck_assert_uint_eq(vb_used(b, 0), 3);
    ck_assert_uint_eq(vb_get(b, BUFFER(0) + 10, 2), 3);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 8, 4), 412);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 16, 4), 500);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 24, 4), 100);
    ck_assert_mem_eq(b->f->ram.bytes + BUFFER(0) + 12, frame, 400);
    ck_assert_mem_eq(b->f->ram.bytes + BUFFER(1), frame + 400, 500);
    ck_assert_mem_eq(b->f->ram.bytes + BUFFER(2), frame + 900, 100);
    vb_free(b);
}
END_TEST

/* 5.1.6.5.1, 5.1.6.5.2 */
START_TEST(the_filter_does_what_the_driver_says)
{
    static const uint8_t ALL[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                         OTHER[6] = {2, 0, 0, 0, 0, 9}, GROUP[6] = {1, 0, 0x5E, 0, 0, 1},
                         ON[1] = {1}, OFF[1] = {0};
    const struct {
        const uint8_t *to;
        unsigned passes; /* by phase */
    } FRAMES[] = {
        {OWN,   0x1F},
        {ALL,   0x0F},
        {OTHER, 0x0A},
        {GROUP, 0x1E}
    };
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, true);
    uint8_t table[20] = {1};
    memcpy(table + 4, OTHER, 6);
    table[10] = 1;
    memcpy(table + 14, GROUP, 6);
    vb_start(b, CONTROL);
    for (unsigned i = 0; i < 8; i++)
        offer_room(b, i, 1600);
    for (unsigned phase = 0, got = 0; phase < 5; phase++) {
        if (phase == 1)
            ck_assert_uint_eq(command(b, 0, 0, ON, 1), 0); /* PROMISC */
        if (phase == 2) {
            ck_assert_uint_eq(command(b, 0, 0, OFF, 1), 0);
            ck_assert_uint_eq(command(b, 0, 1, ON, 1), 0); /* ALLMULTI */
        }
        if (phase == 3) {
            ck_assert_uint_eq(command(b, 0, 1, OFF, 1), 0);
            ck_assert_uint_eq(command(b, 1, 0, table, sizeof table), 0);
        }
        if (phase == 4) {
            memset(table, 0, 8);
            ck_assert_uint_eq(command(b, 0, 5, ON, 1), 0); /* NOBCAST */
            ck_assert_uint_eq(command(b, 1, 0, table, 8), 0);
            ck_assert_uint_eq(command(b, 0, 1, ON, 1), 0);
        }
        for (unsigned i = 0; i < 4; i++) {
            deliver(b, FRAMES[i].to, 60);
            got += FRAMES[i].passes >> phase & 1;
            ck_assert_msg((uint16_t)got == vb_used(b, 0), "phase %u, frame %u", phase, i);
            offer_room(b, i, 1600);
        }
    }
    ck_assert_uint_eq(command(b, 1, 1, OTHER, 6), 0); /* MAC_ADDR_SET */
    ck_assert_uint_eq(vb_in(b, VIRTIO_MODERN_CONFIG, 1), OTHER[0]);
    ck_assert_uint_eq(command(b, 1, 1, OTHER, 5), 1);
    ck_assert_uint_eq(command(b, 7, 0, ON, 1), 1);
    memset(table, 0xFF, 4); /* more addresses than the command has */
    ck_assert_uint_eq(command(b, 1, 0, table, sizeof table), 1);
    vb_free(b);
}
END_TEST

START_TEST(random_rings_leave_it_alive)
{
    struct vb *b = vb_new(&VIRTIO_NET_TYPE, NULL, true),
              *idle = vb_new(&VIRTIO_NET_TYPE, NULL, true);
    uint64_t before = fixture_hash(idle->f->device);
    uint32_t seed = 5 + (uint32_t)_i;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned queue = fixture_random(&seed) % 3;
        if (round % 8 == 0)
            vb_start(b, fixture_random(&seed) & 0x30978020);
        for (unsigned i = 0; i < 6; i++)
            vb_descriptor(b, VB_QUEUE(queue), fixture_random(&seed) % 6,
                          fixture_random(&seed) % 8 ? VB_DATA + fixture_random(&seed) % 0x4000
                                                    : (uint64_t)fixture_random(&seed) << 8,
                          fixture_random(&seed) >> (fixture_random(&seed) % 32),
                          fixture_random(&seed) % 8, fixture_random(&seed) % 7);
        b->f->ram.bytes[VB_DATA + fixture_random(&seed) % 0x4000] =
            (uint8_t)(fixture_random(&seed) % 3);
        vb_offer(b, queue, fixture_random(&seed) % 7);
        vb_notify(b, queue);
        deliver(b, OWN, 14 + fixture_random(&seed) % 1500);
        fixture_run(b->f, fixture_random(&seed) % 9000);
    }
    fixture_check_state(b->f->device);
    ck_assert_uint_eq(fixture_hash(idle->f->device), before);
    vb_free(b);
    vb_free(idle);
}
END_TEST

Suite *virtio_net_suite(void)
{
    Suite *suite = suite_create("virtio_net");
    TCase *tc = tcase_create("virtio_net");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, configuration_has_address_and_link, 0, 2);
    tcase_add_loop_test(tc, frames_leave_after_their_time_on_the_wire, 0, 4);
    tcase_add_loop_test(tc, frames_arrive_behind_a_header, 0, 4);
    tcase_add_test(tc, merged_buffers_take_a_long_frame);
    tcase_add_test(tc, the_filter_does_what_the_driver_says);
    tcase_add_loop_test(tc, random_rings_leave_it_alive, 0, 4);
    suite_add_tcase(suite, tc);
    return suite;
}
