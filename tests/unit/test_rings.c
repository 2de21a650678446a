/* Rings, grants, event channels, against a hostile front-end: whatever the guest writes, the work is
 * bounded and nothing but its own RAM is touched. Layouts are Xen's (io/ring.h, grant_table.h, xen.h). */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/events.h"
#include "hypervisor/grants.h"
#include "hypervisor/guest.h"
#include "hypervisor/ring.h"
#include "tests/unit/guest_box.h"

#define SLOT 108u
enum { SHARED = 2, TABLE = 3, RING = 4, DATA = 5 };

static struct guest_box box;
static struct machine **const machines = box.machines;
static struct guest *const guests = box.guests;
static struct grants grants;
static struct events events;
static unsigned notified;

static void setup(void)
{
    guest_box_init(&box);
    grants_init(&grants, &guests[0]);
    events_init(&events, &guests[0]);
    notified = 0;
}

static void teardown(void)
{
    guest_box_fini(&box);
}

static uint8_t *frame(uint32_t gfn)
{
    return guest_box_frame(&box, gfn);
}

static void entry(uint32_t gref, uint16_t flags, uint16_t domain, uint32_t gfn)
{
    guest_box_grant(&box, TABLE, gref, flags, domain, gfn);
}

static void make_ring(struct ring *ring)
{
    struct grant_mapping page;
    ck_assert(grants_set_frame(&grants, 0, TABLE));
    entry(8, 1, 0, RING);
    ck_assert(grants_map(&grants, 8, true, &page));
    ring_init(ring, &guests[0], &page, SLOT);
}

START_TEST(slots_are_those_of_the_interfaces)
{
    ck_assert_uint_eq(ring_slots(108), 32); /* blkif, 32-bit guest */
    ck_assert_uint_eq(ring_slots(112), 32); /* blkif, 64-bit guest */
    ck_assert_uint_eq(ring_slots(12), 256); /* netif tx */
    ck_assert_uint_eq(ring_slots(8), 256);  /* netif rx: 504 fit */
}
END_TEST

START_TEST(requests_and_responses_pass_in_order_and_wrap)
{
    struct ring ring;
    uint8_t request[SLOT], response[12] = {0};
    make_ring(&ring);
    for (uint32_t n = 0; n < 100; n++) {
        frame(RING)[64 + n % 32 * SLOT] = (uint8_t)n;
        store_le32(frame(RING), n + 1);
        store_le32(frame(RING) + 12, n + 1); /* rsp_event: tell me of each */
        ck_assert(ring_take(&ring, request));
        ck_assert_uint_eq(request[0], (uint8_t)n);
        ck_assert(!ring_take(&ring, request));
        ck_assert(!ring_final_check(&ring));
        ck_assert_uint_eq(load_le32(frame(RING) + 4), n + 2);
        ring_put(&ring, response, sizeof response);
        ck_assert(ring_publish(&ring));
        ck_assert_uint_eq(load_le32(frame(RING) + 8), n + 1);
    }
}
END_TEST

START_TEST(nobody_is_told_who_does_not_want_to_be)
{
    struct ring ring;
    uint8_t request[SLOT], response[12] = {0};
    make_ring(&ring);
    store_le32(frame(RING), 4);
    store_le32(frame(RING) + 12, 3); /* after the third */
    for (unsigned n = 1; n <= 4; n++) {
        ck_assert(ring_take(&ring, request));
        ring_put(&ring, response, sizeof response);
        ck_assert_int_eq(ring_publish(&ring), n == 3);
    }
}
END_TEST

START_TEST(an_impossible_producer_index_breaks_the_ring_for_good)
{
    static const uint32_t WRONG[] = {33, 0x80000000u, 0xFFFFFFFFu};
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        struct ring ring;
        uint8_t request[SLOT];
        make_ring(&ring);
        store_le32(frame(RING), WRONG[i]);
        ck_assert(!ring_take(&ring, request));
        ck_assert(ring.is_broken);
        store_le32(frame(RING), 1);
        ck_assert(!ring_take(&ring, request));
        ck_assert(!ring_final_check(&ring));
        ck_assert(!ring_publish(&ring));
    }
}
END_TEST

START_TEST(a_full_ring_gives_each_request_once)
{
    struct ring ring;
    uint8_t request[SLOT];
    unsigned taken = 0;
    make_ring(&ring);
    store_le32(frame(RING), 32);
    while (ring_take(&ring, request))
        taken++;
    ck_assert_uint_eq(taken, 32);
    store_le32(frame(RING), 33); /* a 33rd without an answer to the first */
    ck_assert(!ring_take(&ring, request));
    ck_assert(ring.is_broken);
}
END_TEST

START_TEST(what_is_not_granted_is_not_mapped)
{
    struct grant_mapping map;
    ck_assert(!grants_map(&grants, 8, false, &map)); /* there is no table */
    ck_assert(!grants_set_frame(&grants, GRANT_FRAMES, TABLE));
    ck_assert(!grants_set_frame(&grants, 0, 0xA0)); /* video memory */
    ck_assert(!grants_set_frame(&grants, 0, 0xFFFFFFFF));
    ck_assert(grants_set_frame(&grants, 0, TABLE));
    ck_assert(!grants_map(&grants, 8, false, &map)); /* an empty entry */
    entry(8, 1, 1, DATA);
    ck_assert(!grants_map(&grants, 8, false, &map)); /* for another domain */
    entry(8, 2, 0, DATA);
    ck_assert(!grants_map(&grants, 8, false, &map)); /* accept_transfer */
    entry(8, 1 | 4, 0, DATA);
    ck_assert(!grants_map(&grants, 8, true, &map)); /* read-only */
    ck_assert(grants_map(&grants, 8, false, &map));
    ck_assert_ptr_eq(map.bytes, frame(DATA));
    entry(9, 1, 0, 0x100); /* past the guest's RAM: its neighbour's */
    ck_assert(!grants_map(&grants, 9, true, &map));
    entry(9, 1, 0, 0xFFFFF); /* the ROM */
    ck_assert(!grants_map(&grants, 9, true, &map));
    ck_assert(!grants_map(&grants, 0xFFFFFFFF, true, &map));
    ck_assert(!grants_map(&grants, GRANT_FRAMES * GRANT_ENTRIES_A_FRAME, true, &map));
}
END_TEST

START_TEST(a_grant_in_use_shows_it_and_a_revoked_one_is_not_mapped_again)
{
    struct grant_mapping map;
    ck_assert(grants_set_frame(&grants, 0, TABLE));
    entry(8, 1, 0, DATA);
    ck_assert(grants_map(&grants, 8, true, &map));
    ck_assert_uint_eq(load_le16(frame(TABLE) + 64), 1 | 8 | 16);
    entry(8, 0, 0, DATA); /* revoked while in use: the guest's own loss */
    memset(map.bytes, 1, FRAME_BYTES);
    grants_unmap(&grants, &map);
    ck_assert_uint_eq(load_le16(frame(TABLE) + 64), 0);
    ck_assert(!grants_map(&grants, 8, false, &map));
}
END_TEST

static void notify(void *self)
{
    (void)self;
    notified++;
}

START_TEST(events_climb_the_levels_and_one_upcall_serves_many)
{
    uint8_t *page = frame(SHARED);
    uint32_t a = events_allocate(&events), b = events_allocate(&events);
    ck_assert(events_set_page(&events, SHARED));
    ck_assert(events_bind(&events, a, notify, NULL));
    events.vector = 0x30;
    ck_assert(events_raise(&events, a));
    ck_assert_uint_eq(page[0], 1);
    ck_assert_uint_eq(load_le32(page + 4), 1);
    ck_assert_uint_eq(load_le32(page + 2048), 1u << a);
    ck_assert_int_eq(machines[0]->injected_vector, 0x30);
    ck_assert_int_eq(machines[1]->injected_vector, -1);
    for (int i = 0; i < 1000; i++) { /* a storm */
        events_raise(&events, a);
        events_raise(&events, b);
    }
    ck_assert_uint_eq(events.upcalls, 1);
    ck_assert(events_send(&events, a));
    ck_assert_uint_eq(notified, 1);
}
END_TEST

START_TEST(a_masked_event_waits_for_its_unmask)
{
    uint8_t *page = frame(SHARED);
    uint32_t port = events_allocate(&events);
    ck_assert(events_set_page(&events, SHARED));
    events.vector = 0x30;
    store_le32(page + 2176, 1u << port);
    ck_assert(!events_raise(&events, port));
    ck_assert_uint_eq(load_le32(page + 4), 0);
    ck_assert(events_unmask(&events, port));
    ck_assert_uint_eq(events.upcalls, 1);
}
END_TEST

START_TEST(ports_that_are_not_there_are_refused)
{
    static const uint32_t WRONG[] = {0, 1, EVENT_PORTS, EVENT_PORTS_ABI, 0xFFFFFFFFu};
    uint32_t last = 0, got;
    ck_assert(!events_raise(&events, 1)); /* no page */
    ck_assert(events_set_page(&events, SHARED));
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        ck_assert(!events_send(&events, WRONG[i]));
        ck_assert(!events_raise(&events, WRONG[i]));
        ck_assert(!events_close(&events, WRONG[i]));
        ck_assert(!events_unmask(&events, WRONG[i]));
        ck_assert(!events_bind(&events, WRONG[i], notify, NULL));
    }
    while ((got = events_allocate(&events)) != 0)
        last = got;
    ck_assert_uint_eq(last, EVENT_PORTS - 1);
    ck_assert(!events_send(&events, last)); /* unbound */
    ck_assert(events_bind(&events, last, notify, NULL));
    ck_assert(!events_bind(&events, last, notify, NULL));
    ck_assert(events_close(&events, last));
    ck_assert(!events_send(&events, last));
    ck_assert_uint_eq(notified, 0);
}
END_TEST

Suite *rings_suite(void)
{
    Suite *suite = suite_create("rings");
    TCase *tcase = tcase_create("rings");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, slots_are_those_of_the_interfaces);
    tcase_add_test(tcase, requests_and_responses_pass_in_order_and_wrap);
    tcase_add_test(tcase, nobody_is_told_who_does_not_want_to_be);
    tcase_add_test(tcase, an_impossible_producer_index_breaks_the_ring_for_good);
    tcase_add_test(tcase, a_full_ring_gives_each_request_once);
    tcase_add_test(tcase, what_is_not_granted_is_not_mapped);
    tcase_add_test(tcase, a_grant_in_use_shows_it_and_a_revoked_one_is_not_mapped_again);
    tcase_add_test(tcase, events_climb_the_levels_and_one_upcall_serves_many);
    tcase_add_test(tcase, a_masked_event_waits_for_its_unmask);
    tcase_add_test(tcase, ports_that_are_not_there_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
