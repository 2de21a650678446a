/* The network's arbiter: learning, flooding, bounded queues. Three guests whose NICs only count, and
 * no host NIC. What a bridge does is IEEE 802.1D-2004, 7.7 (forwarding) and 7.8 (learning). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor/vswitch.h"

#define GUESTS 3u
#define HEADER 14u

struct card {
    struct net_port port;
    unsigned frames;
    size_t last_count;
    uint64_t last_cause;
    uint8_t last[NET_FRAME_MAX];
};

static struct world world;
static struct lab lab;
static struct vmm vmm;
static struct guest guests[GUESTS];
static struct card cards[GUESTS];
static struct error error;

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct card *card = self;
    ck_assert_uint_le(bytes, NET_FRAME_MAX);
    card->frames++;
    card->last_count = bytes;
    card->last_cause = cause;
    memcpy(card->last, frame, bytes);
}

/* The VLAN of each guest's port; 0: none given. */
static void setup_in(const uint64_t vlans[GUESTS])
{
    memset(&world, 0, sizeof world);
    memset(&vmm, 0, sizeof vmm);
    memset(guests, 0, sizeof guests);
    memset(cards, 0, sizeof cards);
    timeline_init(&world.timeline, 100000000);
    door_init(&world.door, &world.timeline);
    vmm.world = &world;
    vmm.lab = &lab;
    vmm.guests = guests;
    vmm.guest_count = GUESTS;
    vmm.charged_until = UINT64_MAX; /* its part has no end here */
    ck_assert_int_eq(vswitch_new(&vmm.vswitch, &vmm, &error), STATUS_OK);
    for (unsigned i = 0; i < GUESTS; i++) {
        lab.guests[i].vlan = vlans[i];
        strcpy(lab.guests[i].name, (const char *[]){"a", "b", "c"}[i]);
        guests[i].vmm = &vmm;
        guests[i].number = i;
        guests[i].lab = &lab.guests[i];
        ck_assert_int_eq(vswitch_add_guest(vmm.vswitch, &guests[i], &error), STATUS_OK);
        cards[i].port = (struct net_port){.name = "card", .receive = receive, .self = &cards[i]};
        net_connect(&cards[i].port, vswitch_cable(guests[i].port));
    }
}

static void setup(void)
{
    setup_in((const uint64_t[GUESTS]){0});
}

static void setup_vlans(void)
{
    setup_in((const uint64_t[GUESTS]){7, 9, 7});
}

static void teardown(void)
{
    vswitch_free(vmm.vswitch);
    door_fini(&world.door);
}

static void work(void)
{
    for (struct vmm_part *part = vmm.parts; part; part = part->next)
        while (part->is_pending) {
            part->is_pending = false;
            part->work(part->self);
        }
}

/* From one card to a MAC, as `source`; the last byte of a MAC tells them apart, FFh is broadcast. */
static void send_frame(unsigned from, uint8_t source, uint8_t to, size_t bytes)
{
    uint8_t frame[NET_FRAME_MAX + 1] = {0x52, 0x54, 0, 0, 0, to, 0x52, 0x54, 0, 0, 0, source, 8, 0};
    if (to == 0xFF)
        memset(frame, 0xFF, 6);
    frame[bytes - 1] = 0xEE;
    net_send(&cards[from].port, frame, bytes, 40u + from);
}

static void check_counts(unsigned a, unsigned b, unsigned c)
{
    ck_assert_uint_eq(cards[0].frames, a);
    ck_assert_uint_eq(cards[1].frames, b);
    ck_assert_uint_eq(cards[2].frames, c);
}

START_TEST(nothing_is_delivered_within_the_senders_access)
{
    send_frame(0, 1, 0xFF, 60);
    check_counts(0, 0, 0);
    ck_assert(vmm.parts->is_pending);
    work();
    check_counts(0, 1, 1);
}
END_TEST

START_TEST(unknown_and_group_addresses_are_flooded_and_never_come_back)
{
    send_frame(0, 1, 9, 60);
    work();
    check_counts(0, 1, 1);
    send_frame(0, 1, 0xFF, 60);
    work();
    check_counts(0, 2, 2);
    ck_assert_uint_eq(cards[1].last_count, 60);
    ck_assert_uint_eq(cards[1].last[59], 0xEE);
    ck_assert_uint_eq(cards[1].last_cause, 40);
}
END_TEST

START_TEST(learned_addresses_get_their_own_port_only)
{
    send_frame(1, 2, 0xFF, 60);
    work();
    check_counts(1, 0, 1);
    send_frame(0, 1, 2, 100);
    work();
    check_counts(1, 1, 1);
    send_frame(1, 2, 1, 100);
    work();
    check_counts(2, 1, 1);
    send_frame(2, 2, 0xFF, 60); /* the station moved to the third port */
    work();
    check_counts(3, 2, 1);
    send_frame(0, 1, 2, 60);
    work();
    check_counts(3, 2, 2);
    send_frame(0, 1, 1, 60); /* to itself: filtered */
    work();
    check_counts(3, 2, 2);
}
END_TEST

START_TEST(group_addresses_are_never_learned)
{
    uint8_t frame[60] = {0x52, 0x54, 0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    net_send(&cards[0].port, frame, sizeof frame, 0);
    work();
    check_counts(0, 1, 1);
    send_frame(1, 2, 0xFF, 60);
    work();
    check_counts(1, 1, 2); /* still to all */
}
END_TEST

START_TEST(queues_are_bounded_and_count_what_they_drop)
{
    const struct vswitch_counts *counts = vswitch_port_counts(guests[0].port);
    for (int i = 0; i < 1000; i++)
        send_frame(0, 1, 0xFF, 60);
    work();
    ck_assert_uint_eq(counts->received, 1000);
    ck_assert_uint_gt(cards[1].frames, 0);
    ck_assert_uint_lt(cards[1].frames, 200);
    ck_assert_uint_eq(counts->received - counts->dropped, cards[1].frames);
    ck_assert_uint_eq(cards[1].frames, cards[2].frames);
    ck_assert_uint_eq(vswitch_port_counts(guests[1].port)->sent, cards[1].frames);
    send_frame(0, 1, 0xFF, 60); /* and there is room again */
    work();
    ck_assert_uint_eq(counts->received - counts->dropped, cards[1].frames);
}
END_TEST

START_TEST(a_flood_does_not_keep_others_waiting)
{
    for (int i = 0; i < 1000; i++)
        send_frame(0, 1, 0xFF, 60);
    send_frame(1, 2, 0xFF, 60);
    vmm.parts->is_pending = false;
    vmm.parts->work(vmm.parts->self); /* one round */
    ck_assert_uint_eq(cards[0].frames, 1);
    ck_assert(vmm.parts->is_pending);
}
END_TEST

/* 1 Mbit/s is 125 frames of 1,000 bytes a second; the bucket adds what it holds at the start. Nobody else is
 * held up, and the frames of a port without a rate all pass. */
START_TEST(a_port_with_a_rate_sends_no_more)
{
    const struct vswitch_counts *counts = vswitch_port_counts(guests[0].port);
    lab.guests[0].rate_kbit = 1000;
    for (unsigned ms = 0; ms < 2000; ms++) {
        world.timeline.now = ms * UINT64_C(100000); /* of 100 MHz */
        send_frame(0, 1, 2, 1000);
        send_frame(2, 3, 2, 1000);
        work();
    }
    lab.guests[0].rate_kbit = 0;
    ck_assert_uint_ge(cards[1].frames, 2000 + 250);
    ck_assert_uint_le(cards[1].frames, 2000 + 250 + 7);
    ck_assert_uint_eq(counts->limited, 4000 - cards[1].frames);
    ck_assert_uint_eq(counts->dropped, counts->limited);
    ck_assert_uint_eq(vswitch_port_counts(guests[2].port)->limited, 0);
}
END_TEST

START_TEST(frames_of_impossible_length_are_dropped)
{
    static const uint8_t ZERO[70000] = {0};
    static const size_t LENGTHS[] = {0, 1, 5, HEADER - 1, NET_FRAME_MAX + 1, 60000};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++)
        net_send(&cards[0].port, ZERO, LENGTHS[i], 0);
    work();
    check_counts(0, 0, 0);
    ck_assert_uint_eq(vswitch_port_counts(guests[0].port)->dropped, 6);
    send_frame(0, 1, 0xFF, HEADER);
    send_frame(0, 1, 0xFF, NET_FRAME_MAX);
    work();
    check_counts(0, 2, 2);
    ck_assert_uint_eq(cards[1].last_count, NET_FRAME_MAX);
}
END_TEST

START_TEST(endless_new_addresses_only_cost_the_oldest)
{
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t frame[60] = {0x52, 0x54, 0, 0, 0, 200, 0x52, 0x55, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        net_send(&cards[0].port, frame, sizeof frame, 0);
        work();
    }
    send_frame(1, 2, 200, 60);
    work();
    cards[0].frames = cards[1].frames = cards[2].frames = 0;
    send_frame(0, 1, 2, 60);
    work();
    check_counts(0, 1, 0);
}
END_TEST

START_TEST(the_copy_is_charged_to_who_gets_the_frame)
{
    costs_defaults(&lab.costs);
    lab.costs.ns[COST_COPY_KIB] = 100;
    send_frame(0, 1, 0xFF, 1025);
    ck_assert_uint_eq(world.timeline.now, 0);
    work();
    ck_assert_uint_eq(guests[1].account.count[COST_COPY_KIB], 2);
    ck_assert_uint_eq(guests[1].account.charged_ns[COST_COPY_KIB], 200);
    ck_assert_uint_eq(world.timeline.now, 40); /* 2 guests, 200 ns each, at 100 MHz */
    memset(&lab.costs, 0, sizeof lab.costs);
}
END_TEST

START_TEST(a_frame_stays_in_its_vlan)
{
    send_frame(0, 1, 0xFF, 60);
    work();
    check_counts(0, 0, 1);
    send_frame(1, 2, 0xFF, 60);
    work();
    check_counts(0, 0, 1);
    ck_assert_uint_eq(vswitch_uplink_counts(vmm.vswitch)->sent, 0); /* which is in VLAN 1 */
}
END_TEST

/* Guest b takes the address of c: with one table for all, a's frame would find no port. */
START_TEST(each_vlan_learns_for_itself)
{
    send_frame(2, 3, 0xFF, 60);
    work();
    send_frame(1, 3, 0xFF, 60);
    work();
    send_frame(0, 1, 3, 60);
    work();
    check_counts(1, 0, 1);
}
END_TEST

START_TEST(an_access_port_takes_no_tagged_frame)
{
    static const struct {
        uint8_t high, low;
        unsigned arrives;
    } TAGS[] = {{0x00, 7, 0}, {0x00, 9, 0}, {0x0F, 0xFF, 0}, {0xE0, 0, 1}}; /* the last: priority alone */
    uint8_t frame[60] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x52, 0x54, 0, 0, 0, 1, 0x81, 0};
    frame[14] = TAGS[_i].high;
    frame[15] = TAGS[_i].low;
    net_send(&cards[0].port, frame, sizeof frame, 1);
    work();
    check_counts(0, 0, TAGS[_i].arrives);
    ck_assert_uint_eq(vswitch_port_counts(guests[0].port)->dropped, 1 - TAGS[_i].arrives);
    ck_assert_uint_eq(vswitch_port_counts(guests[1].port)->dropped, 0);
}
END_TEST

Suite *vswitch_suite(void)
{
    Suite *suite = suite_create("vswitch");
    TCase *tcase = tcase_create("switch");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_is_delivered_within_the_senders_access);
    tcase_add_test(tcase, unknown_and_group_addresses_are_flooded_and_never_come_back);
    tcase_add_test(tcase, learned_addresses_get_their_own_port_only);
    tcase_add_test(tcase, group_addresses_are_never_learned);
    tcase_add_test(tcase, queues_are_bounded_and_count_what_they_drop);
    tcase_add_test(tcase, a_flood_does_not_keep_others_waiting);
    tcase_add_test(tcase, a_port_with_a_rate_sends_no_more);
    tcase_add_test(tcase, frames_of_impossible_length_are_dropped);
    tcase_add_test(tcase, endless_new_addresses_only_cost_the_oldest);
    tcase_add_test(tcase, the_copy_is_charged_to_who_gets_the_frame);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("vlan");
    tcase_add_checked_fixture(tcase, setup_vlans, teardown);
    tcase_add_test(tcase, a_frame_stays_in_its_vlan);
    tcase_add_test(tcase, each_vlan_learns_for_itself);
    tcase_add_loop_test(tcase, an_access_port_takes_no_tagged_frame, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
