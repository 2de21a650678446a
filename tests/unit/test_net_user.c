/* net=user: what a guest gets from it (RFC 826, RFC 2131), and what it does not get. Frames are put
 * together here byte by byte; the other side is a listening socket of the test. */
#include <check.h>
#include <string.h>

#include "config.h"

#if HAVE_LIBSLIRP

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/net_backend.h"

#define NS_PER_MS UINT64_C(1000000)
#define GATEWAY   0x0A000202u /* 10.0.2.2 */
#define GUEST     0x0A00020Fu /* 10.0.2.15 */
#define LOOPBACK  0x7F000001u

static const uint8_t MAC[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

static struct net_words words;
static struct net_backend *backend;
static struct net_port card;
static uint64_t now_ns;

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

/* RFC 1071 */
static unsigned checksum(const uint8_t *bytes, size_t count, uint32_t sum)
{
    for (size_t i = 0; i < count; i += 2)
        sum += (uint32_t)bytes[i] << 8 | (i + 1 < count ? bytes[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return ~sum & 0xFFFF;
}

static enum status try_open(const char *text, struct error *error)
{
    ck_assert_int_eq(net_words_parse(&words, text, error), STATUS_OK);
    now_ns = 0;
    memset(&card, 0, sizeof card);
    return net_backend_open(&backend, &words, error);
}

static void open_backend(const char *text)
{
    struct error error = {STATUS_OK, ""};
    ck_assert_msg(try_open(text, &error) == STATUS_OK, "%s", error.text);
    net_connect(&card, &backend->port);
}

static void exchange(unsigned milliseconds)
{
    for (unsigned i = 0; i < milliseconds; i++) {
        now_ns += NS_PER_MS;
        backend->ops->exchange(backend, now_ns);
        usleep(100);
    }
}

/* Ethernet and IPv4 headers in front of `bytes` of payload at frame + 34. */
static size_t wrap(uint8_t *frame, unsigned protocol, uint32_t from, uint32_t to, size_t bytes)
{
    uint8_t *ip = frame + 14;
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, MAC, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)(20 + bytes));
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    put32(ip + 12, from);
    put32(ip + 16, to);
    put16(ip + 10, checksum(ip, 20, 0));
    return 34 + bytes;
}

static void send_syn(uint32_t to, unsigned port)
{
    uint8_t frame[54], *tcp = frame + 34, pseudo[12];
    memset(tcp, 0, 20);
    put16(tcp, 40000);
    put16(tcp + 2, port);
    put32(tcp + 4, 1000);
    put16(tcp + 12, 0x5002); /* 20 bytes, SYN */
    put16(tcp + 14, 8192);
    put32(pseudo, GUEST);
    put32(pseudo + 4, to);
    put16(pseudo + 8, 6);
    put16(pseudo + 10, 20);
    put16(tcp + 16, checksum(tcp, 20, 0xFFFF & ~checksum(pseudo, 12, 0)));
    net_send(&card, frame, wrap(frame, 6, GUEST, to, 20), 0);
}

static void send_arp(uint32_t target)
{
    uint8_t frame[60] = {0};
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, MAC, 6);
    memcpy(frame + 12, "\x08\x06\0\x01\x08\0\x06\x04\0\x01", 10);
    memcpy(frame + 22, MAC, 6);
    put32(frame + 28, GUEST);
    put32(frame + 38, target);
    net_send(&card, frame, sizeof frame, 0);
}

static int listen_here(unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(LOOPBACK)}};
    socklen_t length = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    getsockname(listener, (struct sockaddr *)&a, &length);
    *port = ntohs(a.sin_port);
    return listener;
}

/* Whether the guest's SYN to `to` becomes a connection to a server on our loopback. */
static bool reaches_server(const char *cable, uint32_t to)
{
    unsigned port;
    int listener = listen_here(&port), accepted;
    open_backend(cable);
    send_arp(GATEWAY);
    send_syn(to, port);
    exchange(20);
    accepted = accept(listener, NULL, NULL);
    if (accepted >= 0)
        close(accepted);
    close(listener);
    backend->ops->close(backend);
    return accepted >= 0;
}

START_TEST(dhcp_offers_the_first_address)
{
    uint8_t frame[34 + 8 + 300] = {0}, *udp = frame + 34, *bootp = udp + 8;
    const struct net_frame *answer;
    const uint8_t *reply;
    open_backend("net=user");
    put16(udp, 68);
    put16(udp + 2, 67);
    put16(udp + 4, 308);
    memcpy(bootp, "\x01\x01\x06\0\x12\x34\x56\x78", 8);
    memcpy(bootp + 28, MAC, 6);
    memcpy(bootp + 236, "\x63\x82\x53\x63\x35\x01\x01\xFF", 8); /* DHCPDISCOVER */
    net_send(&card, frame, wrap(frame, 17, 0, 0xFFFFFFFF, 308), 0);
    exchange(2);
    answer = net_queue_first(&backend->from_outside);
    ck_assert_ptr_nonnull(answer);
    reply = answer->bytes + 42;
    ck_assert_mem_eq(reply, "\x02\x01\x06\0\x12\x34\x56\x78", 8); /* BOOTREPLY, our transaction */
    ck_assert_mem_eq(reply + 16, "\x0A\0\x02\x0F", 4);            /* yiaddr */
    ck_assert_mem_eq(reply + 236, "\x63\x82\x53\x63\x35\x01\x02", 7); /* DHCPOFFER */
    backend->ops->close(backend);
}
END_TEST

START_TEST(the_gateway_answers_arp_and_short_answers_are_padded)
{
    const struct net_frame *answer;
    open_backend("net=user");
    send_arp(GATEWAY);
    exchange(1);
    answer = net_queue_first(&backend->from_outside);
    ck_assert_ptr_nonnull(answer);
    ck_assert_uint_ge(answer->count, 60);
    ck_assert_mem_eq(answer->bytes + 20, "\0\x02", 2); /* RFC 826: a reply */
    ck_assert_mem_eq(answer->bytes + 28, "\x0A\0\x02\x02", 4);
    backend->ops->close(backend);
}
END_TEST

START_TEST(the_workstations_loopback_is_closed_unless_allowed)
{
    ck_assert(!reaches_server("net=user", GATEWAY));
    ck_assert(!reaches_server("net=user", LOOPBACK));
    ck_assert(!reaches_server("net=user", 0));
    ck_assert(!reaches_server("net=user", 0x7F123456));
    ck_assert(!reaches_server("net=user,loopback=on,restrict=on", GATEWAY));
    ck_assert(reaches_server("net=user,loopback=on", GATEWAY));
}
END_TEST

START_TEST(a_forward_leads_in_from_the_loopback)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(LOOPBACK)}};
    struct error error = {STATUS_OK, ""};
    char text[80];
    unsigned port;
    int client = socket(AF_INET, SOCK_STREAM, 0), listener = listen_here(&port);
    bool has_syn = false;
    const struct net_frame *frame;
    snprintf(text, sizeof text, "net=user,restrict=on,hostfwd=tcp::%u-:80", port);
    ck_assert_int_eq(try_open(text, &error), STATUS_USAGE); /* the port is taken */
    ck_assert_ptr_nonnull(strstr(error.text, "fix: another port"));
    close(listener);
    open_backend(text);
    a.sin_port = htons((uint16_t)port);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&a, sizeof a), 0);
    send_arp(GATEWAY); /* the guest is known */
    exchange(20);
    while ((frame = net_queue_first(&backend->from_outside))) {
        const uint8_t *tcp = frame->bytes + 34;
        has_syn |= frame->bytes[23] == 6 && tcp[2] == 0 && tcp[3] == 80 && (tcp[13] & 2);
        net_queue_drop_first(&backend->from_outside);
    }
    ck_assert(has_syn);
    close(client);
    backend->ops->close(backend);
}
END_TEST

START_TEST(forwards_that_make_no_sense_are_refused)
{
    static const char *const WRONG[] = {"",
                                        "tcp",
                                        "tcp:80",
                                        "tcp::80",
                                        "tcp::80-",
                                        "sctp::1-:2",
                                        "tcp::0-:80",
                                        "tcp::70000-:80",
                                        "tcp::80-:70000",
                                        "tcp:1.2.3:80-:80",
                                        "tcp::80-x:80",
                                        "tcp::8x-:80"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct error error = {STATUS_OK, ""};
        char text[80];
        snprintf(text, sizeof text, "net=user,hostfwd=%s", WRONG[i]);
        ck_assert_msg(try_open(text, &error) == STATUS_USAGE, "%s", text);
        ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
    }
}
END_TEST

START_TEST(nonsense_from_the_guest_is_survived)
{
    uint8_t frame[NET_FRAME_MAX];
    uint32_t seed = 1;
    open_backend("net=user");
    for (unsigned i = 0; i < 3000; i++) {
        for (size_t at = 0; at < sizeof frame; at++)
            frame[at] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        wrap(frame, frame[100], GUEST, GATEWAY, frame[101] * 5);
        frame[14 + frame[102] % 20] ^= frame[103] & 7;
        net_send(&card, frame, 20 + seed % 1498, 0);
        backend->ops->exchange(backend, now_ns += NS_PER_MS);
        while (net_queue_first(&backend->from_outside))
            net_queue_drop_first(&backend->from_outside);
    }
    send_arp(GATEWAY);
    exchange(1);
    ck_assert_ptr_nonnull(net_queue_first(&backend->from_outside));
    backend->ops->close(backend);
}
END_TEST

#endif

Suite *net_user_suite(void)
{
    Suite *suite = suite_create("net_user");
#if HAVE_LIBSLIRP
    TCase *tests = tcase_create("net_user");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, dhcp_offers_the_first_address);
    tcase_add_test(tests, the_gateway_answers_arp_and_short_answers_are_padded);
    tcase_add_test(tests, the_workstations_loopback_is_closed_unless_allowed);
    tcase_add_test(tests, a_forward_leads_in_from_the_loopback);
    tcase_add_test(tests, forwards_that_make_no_sense_are_refused);
    tcase_add_test(tests, nonsense_from_the_guest_is_survived);
    suite_add_tcase(suite, tests);
#endif
    return suite;
}
