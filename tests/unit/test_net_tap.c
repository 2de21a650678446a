/* net=tap: frames between the machine and an interface of the workstation, which is looked at through
 * a packet socket (Linux, packet(7)). Where interfaces may not be made there is nothing to test. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "backends/net_backend.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "vitrine-test"

static struct net_words words;
static struct net_backend *backend;
static struct net_port card;

/* A socket that hears and speaks on the interface; -1: not allowed. */
static int open_interface(void)
{
    struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct ifreq request = {.ifr_flags = IFF_UP};
    int s = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
    strcpy(request.ifr_name, NAME);
    if (s < 0 || ioctl(s, SIOCSIFFLAGS, &request) != 0)
        return -1;
    a.sll_ifindex = (int)if_nametoindex(NAME);
    ck_assert_int_eq(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    return s;
}

static bool start(int *outside)
{
    struct error error = {STATUS_OK, ""};
    net_words_parse(&words, "net=tap:" NAME, &error);
    if (net_backend_open(&backend, &words, &error) != STATUS_OK) {
        ck_assert_ptr_nonnull(strstr(error.text, "fix: sudo ip tuntap add"));
        return false;
    }
    memset(&card, 0, sizeof card);
    net_connect(&card, &backend->port);
    *outside = open_interface();
    if (*outside < 0)
        backend->ops->close(backend);
    return *outside >= 0;
}

START_TEST(frames_pass_between_the_machine_and_the_interface)
{
    uint8_t frame[100] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x52, 0, 0, 0, 0, 1, 0x88, 0xB5, 42};
    uint8_t got[2048];
    bool has_left = false, has_come = false;
    int outside;
    if (!start(&outside))
        return;
    net_send(&card, frame, sizeof frame, 0);
    backend->ops->exchange(backend, 0);
    ck_assert_uint_eq(backend->counts.sent, 1);
    for (ssize_t n; (n = recv(outside, got, sizeof got, 0)) > 0;)
        has_left |= n == sizeof frame && memcmp(got, frame, sizeof frame) == 0;
    ck_assert(has_left);
    frame[14] = 43;
    ck_assert_int_eq(send(outside, frame, sizeof frame, 0), sizeof frame);
    backend->ops->exchange(backend, 0);
    for (const struct net_frame *f; (f = net_queue_first(&backend->from_outside));
         net_queue_drop_first(&backend->from_outside)) /* the kernel speaks there, too */
        has_come |= f->count == sizeof frame && memcmp(f->bytes, frame, sizeof frame) == 0;
    ck_assert(has_come);
    close(outside);
    backend->ops->close(backend);
}
END_TEST

START_TEST(names_that_no_interface_has_are_refused)
{
    struct error error = {STATUS_OK, ""};
    net_words_parse(&words, "net=tap:a-name-of-20-letters", &error);
    ck_assert_int_eq(net_backend_open(&backend, &words, &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
}
END_TEST

#endif

Suite *net_tap_suite(void)
{
    Suite *suite = suite_create("net_tap");
#ifdef __linux__
    TCase *tests = tcase_create("net_tap");
    tcase_add_test(tests, frames_pass_between_the_machine_and_the_interface);
    tcase_add_test(tests, names_that_no_interface_has_are_refused);
    suite_add_tcase(suite, tests);
#endif
    return suite;
}
