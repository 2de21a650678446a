/* The network's back-end against front-ends that are right, full, slow and hostile: packets pass equal and in
 * order, the work is bounded, and nothing but the guest's own RAM is touched. Layouts: Xen, io/netif.h. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/net.h"
#include "tests/unit/guest_box.h"

enum { SHARED = 2, TABLE = 3, TX = 4, RX = 5, DATA = 16, LENT = 64 }; /* frames of the guest */
enum { TX_REF = 8, RX_REF = 9, DATA_REF = 16, LENT_REF = 64 };
enum { SLOTS = 256, REQ_PROD = 0, RSP_PROD = 8, RSP_EVENT = 12, HEADER = 64 };
enum { RIGHT = 1, READ_ONLY = 5 };

static struct guest_box box;
static struct netback *back;
static struct net_port cable, card; /* the switch's end, and the emulated card's */
static uint32_t port;
static unsigned out_count, card_count;
static uint8_t out[512][NET_FRAME_MAX];
static size_t out_bytes[512];

static void at_switch(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    (void)self;
    (void)cause;
    ck_assert_uint_lt(out_count, 512);
    memcpy(out[out_count], frame, bytes);
    out_bytes[out_count++] = bytes;
}

static void at_card(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    (void)self;
    (void)frame;
    (void)bytes;
    (void)cause;
    card_count++;
}

static uint8_t *frame_of(uint32_t gfn)
{
    return guest_box_frame(&box, gfn);
}

static void setup(void)
{
    struct error error;
    guest_box_init(&box);
    out_count = card_count = 0;
    cable = (struct net_port){.name = "switch", .receive = at_switch};
    card = (struct net_port){.name = "card", .receive = at_card};
    net_connect(&cable, &card);
    box.guests[0].nic_cable = &cable;
    ck_assert_int_eq(netback_new(&back, &box.pvs[0], &error), STATUS_OK);
    ck_assert(events_set_page(&box.pvs[0].events, SHARED));
    ck_assert(grants_set_frame(&box.pvs[0].grants, 0, TABLE));
    box.pvs[0].events.vector = 0x30;
    port = events_allocate(&box.pvs[0].events);
    guest_box_grant(&box, TABLE, TX_REF, RIGHT, 0, TX);
    guest_box_grant(&box, TABLE, RX_REF, RIGHT, 0, RX);
    for (unsigned i = 0; i < 32; i++) {
        guest_box_grant(&box, TABLE, DATA_REF + i, READ_ONLY, 0, DATA + i);
        guest_box_grant(&box, TABLE, LENT_REF + i, RIGHT, 0, LENT + i);
    }
    ck_assert(netback_connect(back, TX_REF, RX_REF, port));
}

static void teardown(void)
{
    netback_free(back);
    guest_box_fini(&box);
}

static void put_tx(uint32_t index, uint32_t gref, uint32_t offset, uint32_t flags, uint32_t size)
{
    uint8_t *at = frame_of(TX) + HEADER + index % SLOTS * 12;
    store_le32(at, gref);
    store_le16(at + 4, (uint16_t)offset);
    store_le16(at + 6, (uint16_t)flags);
    store_le16(at + 8, (uint16_t)index);
    store_le16(at + 10, (uint16_t)size);
}

static void push(uint32_t produced)
{
    store_le32(frame_of(TX) + REQ_PROD, produced);
    ck_assert(events_send(&box.pvs[0].events, port));
    guest_box_work(&box);
}

static int answer_of(uint32_t index)
{
    return (int16_t)load_le16(frame_of(TX) + HEADER + index % SLOTS * 12 + 2);
}

static void make_frame(uint8_t *bytes, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(i * 7 + number * 31);
    store_le32(bytes + NET_HEADER_BYTES, number);
}

static void lend(uint32_t index, uint32_t gref)
{
    uint8_t *at = frame_of(RX) + HEADER + index % SLOTS * 8;
    store_le16(at, (uint16_t)index);
    store_le32(at + 4, gref);
    store_le32(frame_of(RX) + REQ_PROD, index + 1);
}

START_TEST(frames_go_out_equal_and_in_order_over_the_rings_end)
{
    for (uint32_t n = 0; n < 400; n++) {
        size_t bytes = 60 + n * 37 % 1455;
        uint32_t offset = n % 2 ? FRAME_BYTES - (uint32_t)bytes : 0; /* to the page's last byte */
        make_frame(frame_of(DATA + n % 32) + offset, bytes, n);
        put_tx(n, DATA_REF + n % 32, offset, 0, (uint32_t)bytes);
        if (n % 8 == 7)
            push(n + 1);
    }
    ck_assert_uint_eq(out_count, 400);
    for (uint32_t n = 0; n < 400; n++) {
        uint8_t wanted[NET_FRAME_MAX];
        ck_assert_uint_eq(out_bytes[n], 60 + n * 37 % 1455);
        make_frame(wanted, out_bytes[n], n);
        ck_assert_mem_eq(out[n], wanted, out_bytes[n]);
        ck_assert_uint_eq(load_le16(frame_of(TX) + HEADER + n % SLOTS * 12 + 2), 0);
    }
    ck_assert_uint_eq(load_le32(frame_of(TX) + RSP_PROD), 400);
}
END_TEST

START_TEST(a_full_ring_goes_out_whole_and_one_more_breaks_it)
{
    for (uint32_t n = 0; n < SLOTS; n++)
        put_tx(n, DATA_REF, 0, 0, 60);
    push(SLOTS);
    ck_assert_uint_eq(out_count, SLOTS);
    ck_assert_uint_eq(load_le32(frame_of(TX) + RSP_PROD), SLOTS);
    push(2 * SLOTS + 1); /* more than there are slots */
    ck_assert_uint_eq(out_count, SLOTS);
    push(2 * SLOTS);
    ck_assert_uint_eq(out_count, SLOTS); /* for good */
}
END_TEST

START_TEST(what_cannot_be_sent_is_answered_with_an_error_and_sends_nothing)
{
    static const struct {
        uint32_t gref, offset, flags, size;
    } WRONG[] = {
        {500, 0, 0, 60},                            /* not granted */
        {0xFFFFFFFF, 0, 0, 60},                     /* no entry */
        {DATA_REF, 0, 0, 13},                       /* no header */
        {DATA_REF, 0, 0, NET_FRAME_MAX + 1},        /* too long */
        {DATA_REF, 0, 0, 0xFFFF},
        {DATA_REF, FRAME_BYTES - 59, 0, 60},        /* past the page */
        {DATA_REF, 0xFFFF, 0, 60},
        {DATA_REF, 0, 4, 60},                       /* more data */
        {DATA_REF, 0, 8, 60},                       /* extra info */
    };
    for (uint32_t n = 0; n < ARRAY_COUNT(WRONG); n++)
        put_tx(n, WRONG[n].gref, WRONG[n].offset, WRONG[n].flags, WRONG[n].size);
    push(ARRAY_COUNT(WRONG));
    ck_assert_uint_eq(out_count, 0);
    for (uint32_t n = 0; n < ARRAY_COUNT(WRONG); n++)
        ck_assert_int_eq(answer_of(n), -1);
    ck_assert_uint_eq(netback_counts(back).errors, ARRAY_COUNT(WRONG));
    put_tx(ARRAY_COUNT(WRONG), DATA_REF, 0, 0, 60); /* and it goes on */
    push(ARRAY_COUNT(WRONG) + 1);
    ck_assert_uint_eq(out_count, 1);
}
END_TEST

START_TEST(frames_come_in_equal_and_in_order_until_no_buffer_is_lent)
{
    uint8_t frame[NET_FRAME_MAX];
    for (uint32_t n = 0; n < 32; n++)
        lend(n, LENT_REF + n);
    for (uint32_t n = 0; n < 40; n++) {
        make_frame(frame, 60 + n * 36, n);
        net_send(&cable, frame, 60 + n * 36, 0);
    }
    guest_box_work(&box);
    ck_assert_uint_eq(load_le32(frame_of(RX) + RSP_PROD), 32);
    for (uint32_t n = 0; n < 32; n++) {
        const uint8_t *response = frame_of(RX) + HEADER + n * 8;
        make_frame(frame, 60 + n * 36, n);
        ck_assert_uint_eq(load_le16(response), n);
        ck_assert_uint_eq(load_le16(response + 6), 60 + n * 36);
        ck_assert_mem_eq(frame_of(LENT + n), frame, 60 + n * 36);
    }
    ck_assert_uint_eq(netback_counts(back).dropped, 8);
    ck_assert_uint_eq(card_count, 0); /* the emulated card is unplugged meanwhile */
}
END_TEST

START_TEST(a_buffer_that_may_not_be_written_takes_nothing)
{
    uint8_t frame[60] = {1}, before[FRAME_BYTES];
    memcpy(before, frame_of(DATA), FRAME_BYTES);
    lend(0, DATA_REF); /* read-only */
    guest_box_grant(&box, TABLE, 100, RIGHT, 0, GUEST_BOX_FRAMES); /* its neighbour's RAM */
    lend(1, 100);
    lend(2, 0xFFFFFFFF);
    for (unsigned n = 0; n < 3; n++)
        net_send(&cable, frame, sizeof frame, 0);
    guest_box_work(&box);
    for (unsigned n = 0; n < 3; n++)
        ck_assert_int_eq((int16_t)load_le16(frame_of(RX) + HEADER + n * 8 + 6), -1);
    ck_assert_mem_eq(frame_of(DATA), before, FRAME_BYTES);
    store_le32(frame_of(RX) + REQ_PROD, 0x80000000); /* and a ring that can't be */
    net_send(&cable, frame, sizeof frame, 0);
    ck_assert_uint_eq(netback_counts(back).dropped, 1);
}
END_TEST

START_TEST(one_event_and_one_upcall_carry_a_batch)
{
    store_le32(frame_of(TX) + RSP_EVENT, 1);
    for (uint32_t n = 0; n < 20; n++)
        put_tx(n, DATA_REF, 0, 0, 60);
    push(20);
    ck_assert_uint_eq(out_count, 20);
    ck_assert_uint_eq(netback_counts(back).notifications, 1);
    ck_assert_uint_eq(netback_counts(back).upcalls, 1);
    ck_assert_uint_eq(box.pvs[0].events.upcalls, 1);
    put_tx(20, DATA_REF, 0, 0, 60); /* rsp_event is passed: nobody is told */
    push(21);
    ck_assert_uint_eq(netback_counts(back).upcalls, 1);
}
END_TEST

START_TEST(disconnected_the_card_is_plugged_in_again)
{
    uint8_t frame[60] = {1};
    ck_assert(!netback_connect(back, TX_REF, RX_REF, port)); /* once */
    netback_disconnect(back);
    net_send(&cable, frame, sizeof frame, 0);
    ck_assert_uint_eq(card_count, 1);
    ck_assert(!netback_connect(back, 500, RX_REF, port));
    ck_assert(!netback_connect(back, TX_REF, 500, port));
    ck_assert(!netback_connect(back, TX_REF, RX_REF, 31));
    port = events_allocate(&box.pvs[0].events);
    ck_assert(netback_connect(back, TX_REF, RX_REF, port));
}
END_TEST

Suite *netback_suite(void)
{
    Suite *suite = suite_create("netback");
    TCase *tcase = tcase_create("netback");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, frames_go_out_equal_and_in_order_over_the_rings_end);
    tcase_add_test(tcase, a_full_ring_goes_out_whole_and_one_more_breaks_it);
    tcase_add_test(tcase, what_cannot_be_sent_is_answered_with_an_error_and_sends_nothing);
    tcase_add_test(tcase, frames_come_in_equal_and_in_order_until_no_buffer_is_lent);
    tcase_add_test(tcase, a_buffer_that_may_not_be_written_takes_nothing);
    tcase_add_test(tcase, one_event_and_one_upcall_carry_a_batch);
    tcase_add_test(tcase, disconnected_the_card_is_plugged_in_again);
    suite_add_tcase(suite, tcase);
    return suite;
}
