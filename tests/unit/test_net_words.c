/* The options of a NIC's cable: sorted out from the card's, read, refused with a fix. */
#include <check.h>
#include <string.h>

#include "backends/net_words.h"

static struct net_words words;
static struct error error;

static enum status parse(const char *text)
{
    memset(&error, 0, sizeof error);
    return net_words_parse(&words, text, &error);
}

START_TEST(options_go_to_the_card_or_to_its_cable)
{
    char card[128], cable[128];
    net_words_split("mac=52:54:00:00:00:01,net=user,hostfwd=tcp::1-:2,iobase=0x320,pcap=a", card,
                    cable);
    ck_assert_str_eq(card, "mac=52:54:00:00:00:01,iobase=0x320");
    ck_assert_str_eq(cable, "net=user,hostfwd=tcp::1-:2,pcap=a");
    net_words_split("", card, cable);
    ck_assert_str_eq(card, "");
    ck_assert_str_eq(cable, "");
    ck_assert(!net_word_is_known("netmask=1"));
}
END_TEST

START_TEST(cables_are_read)
{
    ck_assert_int_eq(parse(""), STATUS_OK);
    ck_assert_int_eq(words.kind, NET_NONE);
    ck_assert_int_eq(parse("net=user,restrict=on,hostfwd=tcp::8080-:80,hostfwd=udp::53-:53"),
                     STATUS_OK);
    ck_assert_int_eq(words.kind, NET_USER);
    ck_assert(words.is_restricted && !words.reaches_loopback);
    ck_assert_uint_eq(words.forward_count, 2);
    ck_assert_str_eq(words.forwards[1], "udp::53-:53");
    ck_assert_int_eq(parse("pcap=x.pcapng,net=stream:/tmp/a:b,listen=on"), STATUS_OK);
    ck_assert_int_eq(words.kind, NET_STREAM);
    ck_assert_str_eq(words.path, "/tmp/a:b");
    ck_assert_str_eq(words.pcap, "x.pcapng");
    ck_assert(words.listens);
    ck_assert_int_eq(parse("net=tap:tap0"), STATUS_OK);
    ck_assert_str_eq(words.path, "tap0");
    ck_assert_int_eq(parse("net=switch"), STATUS_OK);
    ck_assert_int_eq(parse("net=receiver"), STATUS_OK);
    ck_assert_int_eq(words.kind, NET_RECEIVER);
}
END_TEST

START_TEST(wrong_cables_are_refused_with_a_fix)
{
    static const char *const WRONG[] = {"net=",
                                        "net=usr",
                                        "net=stream:",
                                        "net=tap:",
                                        "net=user,net=user",
                                        "pcap=",
                                        "net",
                                        "pcap=a,pcap=b",
                                        "net=user,restrict=yes",
                                        "restrict=on",
                                        "net=tap:a,hostfwd=tcp::1-:2",
                                        "net=user,listen=on",
                                        "net=switch,loopback=on"};
    char text[800] = "net=user";
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        ck_assert_msg(parse(WRONG[i]) == STATUS_USAGE, "%s", WRONG[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
    }
    for (unsigned i = 0; i < NET_FORWARDS_MAX + 1; i++)
        strcat(text, ",hostfwd=tcp::1-:2");
    ck_assert_int_eq(parse(text), STATUS_USAGE);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(parse(text), STATUS_USAGE);
}
END_TEST

Suite *net_words_suite(void)
{
    Suite *suite = suite_create("net_words");
    TCase *tests = tcase_create("net_words");
    tcase_add_test(tests, options_go_to_the_card_or_to_its_cable);
    tcase_add_test(tests, cables_are_read);
    tcase_add_test(tests, wrong_cables_are_refused_with_a_fix);
    suite_add_tcase(suite, tests);
    return suite;
}
