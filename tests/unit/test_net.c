/* What passes frames on: the time on the wire, the bounded queue, the bridge's table. */
#include <check.h>
#include <string.h>

#include "bus/net.h"

/* RFC 2544, appendix B, Ethernet: frames a second at 10 Mbit/s by size with FCS. */
START_TEST(the_wire_carries_the_published_frame_rates)
{
    static const struct {
        size_t bytes;
        uint64_t a_second;
    } RATES[] = {
        {64,   14880},
        {128,  8445 },
        {256,  4528 },
        {512,  2349 },
        {1024, 1197 },
        {1518, 812  }
    };
    for (size_t i = 0; i < sizeof RATES / sizeof RATES[0]; i++)
        ck_assert_uint_eq(UINT64_C(1000000000) / net_wire_ns(RATES[i].bytes - 4),
                          RATES[i].a_second);
    ck_assert_uint_eq(net_wire_ns(1), net_wire_ns(60)); /* short ones are padded */
}
END_TEST

START_TEST(the_queue_keeps_the_order_and_ends)
{
    static struct net_queue queue;
    uint8_t byte = 0;
    memset(&queue, 0, sizeof queue);
    ck_assert_ptr_null(net_queue_first(&queue));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < NET_QUEUE_FRAMES; i++, byte++)
            ck_assert(net_queue_put(&queue, &byte, 1, byte));
        ck_assert(!net_queue_put(&queue, &byte, 1, 0));
        ck_assert_ptr_null(net_queue_add(&queue));
        for (unsigned i = 0; i < NET_QUEUE_FRAMES; i++) {
            const struct net_frame *frame = net_queue_first(&queue);
            ck_assert_uint_eq(frame->bytes[0], (uint8_t)(byte - NET_QUEUE_FRAMES + i));
            ck_assert_uint_eq(frame->cause, frame->bytes[0]);
            net_queue_drop_first(&queue);
        }
        ck_assert_ptr_null(net_queue_first(&queue));
    }
}
END_TEST

static void address(uint8_t *mac, unsigned n)
{
    memset(mac, 0, NET_MAC_BYTES);
    mac[0] = 0x52;
    mac[4] = (uint8_t)(n >> 8);
    mac[5] = (uint8_t)n;
}

START_TEST(the_table_forgets_the_oldest_and_floods_it_again)
{
    static struct net_table table;
    uint8_t frame[NET_HEADER_BYTES] = {0};
    memset(&table, 0, sizeof table);
    for (unsigned n = 0; n < NET_TABLE_ADDRESSES + 1; n++) {
        address(frame + NET_MAC_BYTES, n);
        net_table_learn(&table, frame, 1);
    }
    address(frame, 1);
    ck_assert(net_table_forwards(&table, frame, 0, 1));
    ck_assert(!net_table_forwards(&table, frame, 0, 2));
    ck_assert(!net_table_forwards(&table, frame, 1, 1)); /* never back */
    address(frame, 0);
    ck_assert(net_table_forwards(&table, frame, 0, 2)); /* overwritten: unknown */
    memset(frame, 0xFF, NET_MAC_BYTES);
    ck_assert(net_table_forwards(&table, frame, 0, 2));
}
END_TEST

Suite *net_suite(void)
{
    Suite *suite = suite_create("net");
    TCase *tests = tcase_create("net");
    tcase_add_test(tests, the_wire_carries_the_published_frame_rates);
    tcase_add_test(tests, the_queue_keeps_the_order_and_ends);
    tcase_add_test(tests, the_table_forgets_the_oldest_and_floods_it_again);
    suite_add_tcase(suite, tests);
    return suite;
}
