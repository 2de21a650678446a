/* The receiver at the end of a cable: RFC 1122, 4.2.3.2: at least every second full segment is acknowledged. */
#include <check.h>
#include <string.h>

#include "backends/net_receiver.h"

struct sender {
    struct net_port port;
    unsigned answers;
    size_t bytes;
    uint8_t frame[64];
};

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct sender *sender = self;
    (void)cause;
    ck_assert_uint_le(bytes, sizeof sender->frame);
    memcpy(sender->frame, frame, bytes);
    sender->bytes = bytes;
    sender->answers++;
}

static struct timeline timeline;
static struct clock clock_;
static struct net_receiver receivers[2];
static struct sender senders[2];

static void setup(void)
{
    timeline_init(&timeline, 100000000);
    clock_init(&clock_, &timeline);
    for (unsigned i = 0; i < 2; i++) {
        net_receiver_init(&receivers[i], &clock_);
        memset(&senders[i], 0, sizeof senders[i]);
        senders[i].port = (struct net_port){.receive = receive, .self = &senders[i]};
        net_connect(&senders[i].port, &receivers[i].port);
    }
}

static void teardown(void)
{
    net_receiver_fini(&receivers[0]);
    net_receiver_fini(&receivers[1]);
    clock_fini(&clock_);
}

static void pass_us(uint64_t us)
{
    timeline.now += us * 100;
    timeline_fire_due(&timeline, 100);
}

START_TEST(every_second_full_frame_is_answered_after_work_and_wire)
{
    uint8_t frame[1514] = {0};
    memset(frame + 6, 0x42, 6);
    for (unsigned n = 1; n <= 9; n++) {
        net_send(&senders[0].port, frame, sizeof frame, 0);
        pass_us(47); /* 40.9 us of a PC's work, 6.7 us on the wire */
        ck_assert_uint_eq(senders[0].answers, (n - 1) / 2);
        pass_us(1);
        ck_assert_uint_eq(senders[0].answers, n / 2);
    }
    ck_assert_uint_eq(senders[0].bytes, NET_FRAME_MIN);
    ck_assert_mem_eq(senders[0].frame, frame + 6, 6); /* to who sent */
    ck_assert_uint_eq(senders[1].answers, 0);
}
END_TEST

START_TEST(what_is_not_full_is_not_answered)
{
    uint8_t frame[1514] = {0};
    for (size_t bytes = 0; bytes < sizeof frame; bytes += 7)
        net_send(&senders[1].port, frame, bytes, 0);
    pass_us(1000);
    ck_assert_uint_eq(senders[1].answers, 0);
}
END_TEST

Suite *net_receiver_suite(void)
{
    Suite *suite = suite_create("net_receiver");
    TCase *tc = tcase_create("net_receiver");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_second_full_frame_is_answered_after_work_and_wire);
    tcase_add_test(tc, what_is_not_full_is_not_answered);
    suite_add_tcase(suite, tc);
    return suite;
}
