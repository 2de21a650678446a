/* pcap=: the bytes of the file against draft-ietf-opsawg-pcapng, and a cable that stays one. (That
 * Wireshark reads it is shown by tests/guest/nat.sh.) */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "backends/net_capture.h"
#include "base/bits.h"

#define PATH "unit-net-capture.pcapng"

struct end {
    struct net_port port;
    uint8_t last[NET_FRAME_MAX];
    size_t bytes;
    uint64_t cause;
};

static struct end nic, rest;
static struct timeline timeline;
static struct net_capture *capture;

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct end *end = self;
    memcpy(end->last, frame, bytes);
    end->bytes = bytes;
    end->cause = cause;
}

static void start(void)
{
    struct error error = {STATUS_OK, ""};
    nic.port = (struct net_port){.receive = receive, .self = &nic};
    rest.port = (struct net_port){.receive = receive, .self = &rest};
    timeline_init(&timeline, 1000000000);
    ck_assert_int_eq(net_capture_open(&capture, PATH, "nic0", &timeline, 1700000000, &error),
                     STATUS_OK);
    net_connect(&nic.port, &net_capture_ends(capture)->near);
    net_connect(&rest.port, &net_capture_ends(capture)->far);
}

static size_t finish(uint8_t *bytes, size_t room)
{
    FILE *file;
    size_t count;
    net_capture_close(capture);
    file = fopen(PATH, "rb");
    ck_assert_ptr_nonnull(file);
    count = fread(bytes, 1, room, file);
    fclose(file);
    remove(PATH);
    return count;
}

START_TEST(frames_pass_both_ways_as_without_it)
{
    uint8_t file[1000];
    start();
    net_send(&nic.port, (const uint8_t *)"to the rest...", 14, 7);
    ck_assert_uint_eq(rest.bytes, 14);
    ck_assert_uint_eq(rest.cause, 7);
    net_send(&rest.port, (const uint8_t *)"to the NIC", 10, 8);
    ck_assert_mem_eq(nic.last, "to the NIC", 10);
    ck_assert_uint_eq(nic.cause, 8);
    finish(file, sizeof file);
}
END_TEST

START_TEST(blocks_are_those_of_the_specification)
{
    static const uint8_t FRAME[61] = {1, 2, 3};
    uint8_t file[1000];
    const uint8_t *at = file;
    uint64_t ns = UINT64_C(1700000000000000000) + 12345;
    size_t count;
    start();
    timeline.now = 12345;
    net_send(&nic.port, FRAME, sizeof FRAME, 0);
    net_send(&rest.port, FRAME, sizeof FRAME, 0);
    count = finish(file, sizeof file);
    ck_assert_uint_eq(load_le32(at), 0x0A0D0D0A); /* 4.1 Section Header Block */
    ck_assert_uint_eq(load_le32(at + 8), 0x1A2B3C4D);
    ck_assert_uint_eq(load_le16(at + 12), 1);
    ck_assert_uint_eq(load_le64(at + 16), UINT64_MAX);
    ck_assert_uint_eq(load_le32(at + load_le32(at + 4) - 4), load_le32(at + 4));
    at += load_le32(at + 4);
    ck_assert_uint_eq(load_le32(at), 1);     /* 4.2 Interface Description Block */
    ck_assert_uint_eq(load_le32(at + 8), 1); /* LINKTYPE_ETHERNET */
    ck_assert_mem_eq(at + 16, "\x02\0\x04\0nic0\x09\0\x01\0\x09\0\0\0\0\0\0\0", 20);
    at += load_le32(at + 4);
    for (unsigned direction = 2; direction > 0; direction--) { /* outbound, inbound */
        ck_assert_uint_eq(load_le32(at), 6);                   /* 4.3 Enhanced Packet Block */
        ck_assert_uint_eq((uint64_t)load_le32(at + 12) << 32 | load_le32(at + 16), ns);
        ck_assert_uint_eq(load_le32(at + 20), sizeof FRAME);
        ck_assert_uint_eq(load_le32(at + 24), sizeof FRAME);
        ck_assert_mem_eq(at + 28, FRAME, sizeof FRAME);
        ck_assert_mem_eq(at + 28 + 64, "\x02\0\x04\0", 4); /* epb_flags */
        ck_assert_uint_eq(load_le32(at + 28 + 68), direction);
        ck_assert_uint_eq(load_le32(at + load_le32(at + 4) - 4), load_le32(at + 4));
        at += load_le32(at + 4);
    }
    ck_assert_ptr_eq(at, file + count);
}
END_TEST

START_TEST(a_full_disk_ends_the_capture_not_the_cable)
{
    struct error error = {STATUS_OK, ""};
    static uint8_t frame[NET_FRAME_MAX];
    nic.port = (struct net_port){.receive = receive, .self = &nic};
    rest.port = (struct net_port){.receive = receive, .self = &rest};
    timeline_init(&timeline, 1000000000);
    if (net_capture_open(&capture, "/dev/full", "nic0", &timeline, 0, &error) != STATUS_OK)
        return; /* this system has no such device */
    net_connect(&nic.port, &net_capture_ends(capture)->near);
    net_connect(&rest.port, &net_capture_ends(capture)->far);
    for (unsigned i = 0; i < 100; i++)
        net_send(&nic.port, frame, sizeof frame, i);
    ck_assert_uint_eq(rest.cause, 99);
    net_capture_close(capture);
    ck_assert_int_eq(net_capture_open(&capture, "/nowhere/x", "n", &timeline, 0, &error),
                     STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
}
END_TEST

Suite *net_capture_suite(void)
{
    Suite *suite = suite_create("net_capture");
    TCase *tests = tcase_create("net_capture");
    tcase_add_test(tests, frames_pass_both_ways_as_without_it);
    tcase_add_test(tests, blocks_are_those_of_the_specification);
    tcase_add_test(tests, a_full_disk_ends_the_capture_not_the_cable);
    suite_add_tcase(suite, tests);
    return suite;
}
