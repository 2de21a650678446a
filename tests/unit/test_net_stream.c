/* net=stream: the framing of QEMU's -netdev stream (4 bytes of length, big endian, then the frame),
 * peers that send nonsense, go, and come back. The peer here is a plain socket of the test. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/net_backend.h"

#define PATH     "unit-net-stream.sock"
#define RETRY_NS UINT64_C(100000000)

static struct net_words words;
static struct net_backend *backend;
static struct net_port card; /* the machine's end */
static uint64_t now_ns;
static int peer;

static struct sockaddr_un address(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, PATH);
    return a;
}

static void open_backend(const char *text)
{
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(net_words_parse(&words, text, &error), STATUS_OK);
    ck_assert_msg(net_backend_open(&backend, &words, &error) == STATUS_OK, "%s", error.text);
    memset(&card, 0, sizeof card);
    net_connect(&card, &backend->port);
    now_ns = 0;
}

static void exchange(void)
{
    backend->ops->exchange(backend, now_ns);
}

static void connect_peer(void)
{
    struct sockaddr_un a = address();
    peer = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&a, sizeof a), 0);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    exchange();
}

static void start(void)
{
    unlink(PATH);
    open_backend("net=stream:" PATH ",listen=on");
    connect_peer();
}

static void stop(void)
{
    close(peer);
    backend->ops->close(backend);
    ck_assert_int_ne(access(PATH, F_OK), 0);
}

static void peer_writes(const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count) {
        ssize_t n = write(peer, at, count);
        if (n > 0) {
            at += n;
            count -= (size_t)n;
        }
        exchange();
    }
    exchange();
}

/* A frame of so many bytes, each `fill`, with its length in front. */
static void peer_sends(size_t bytes, uint8_t fill)
{
    static uint8_t text[4 + 70000];
    text[0] = (uint8_t)(bytes >> 24);
    text[1] = (uint8_t)(bytes >> 16);
    text[2] = (uint8_t)(bytes >> 8);
    text[3] = (uint8_t)bytes;
    memset(text + 4, fill, bytes);
    peer_writes(text, 4 + bytes);
}

static void expect_frame(size_t bytes, uint8_t fill)
{
    const struct net_frame *frame = net_queue_first(&backend->from_outside);
    ck_assert_ptr_nonnull(frame);
    ck_assert_uint_eq(frame->count, bytes);
    ck_assert_uint_eq(frame->bytes[0], fill);
    net_queue_drop_first(&backend->from_outside);
}

START_TEST(frames_leave_with_their_length_in_front)
{
    static const uint8_t FRAME[60] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2};
    uint8_t got[64];
    start();
    net_send(&card, FRAME, sizeof FRAME, 0);
    exchange();
    ck_assert_int_eq(read(peer, got, sizeof got), 64);
    ck_assert_mem_eq(got, "\0\0\0\x3C", 4);
    ck_assert_mem_eq(got + 4, FRAME, sizeof FRAME);
    ck_assert_uint_eq(backend->counts.sent, 1);
    stop();
}
END_TEST

START_TEST(absurd_lengths_are_counted_and_the_next_frame_is_whole)
{
    static const size_t ABSURD[] = {0, 5, 13, 1519, 60000, 65536 + 4096};
    start();
    for (size_t i = 0; i < sizeof ABSURD / sizeof ABSURD[0]; i++) {
        peer_sends(ABSURD[i], 0xEE);
        ck_assert_uint_eq(backend->counts.malformed, i + 1);
        peer_sends(1514, (uint8_t)i);
        expect_frame(1514, (uint8_t)i);
        ck_assert_ptr_null(net_queue_first(&backend->from_outside));
    }
    peer_sends(42, 7); /* an ARP request of a virtual network: padded */
    expect_frame(60, 7);
    stop();
}
END_TEST

START_TEST(frames_come_together_from_single_bytes)
{
    static const uint8_t TEXT[] = {0, 0, 0, 14, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    start();
    for (unsigned frame = 0; frame < 3; frame++)
        for (size_t i = 0; i < sizeof TEXT; i++)
            peer_writes(TEXT + i, 1);
    for (unsigned frame = 0; frame < 3; frame++)
        expect_frame(60, 1);
    stop();
}
END_TEST

START_TEST(a_length_that_no_frame_has_ends_the_connection)
{
    uint8_t byte;
    start();
    peer_writes("\xFF\xFF\xFF\xFF", 4);
    ck_assert_int_eq(read(peer, &byte, 1), 0);
    close(peer);
    connect_peer(); /* the next one is welcome */
    peer_sends(100, 9);
    expect_frame(100, 9);
    stop();
}
END_TEST

START_TEST(a_peer_that_sends_without_end_is_held_back)
{
    static uint8_t text[1 << 16];
    size_t taken = 0;
    start();
    for (size_t at = 0; at + 1518 <= sizeof text; at += 1518) {
        memcpy(text + at, "\0\0\x05\xEA", 4); /* 1514 */
        memset(text + at + 4, 1, 1514);
    }
    for (unsigned i = 0; i < 2000; i++) {
        ssize_t n = write(peer, text, sizeof text / 1518 * 1518);
        taken += n > 0 ? (size_t)n : 0;
        exchange();
    }
    ck_assert_uint_lt(taken, 2u << 20); /* queue, one frame, the socket's own buffer: not 130 MB */
    ck_assert_uint_eq(backend->from_outside.waiting, NET_QUEUE_FRAMES);
    ck_assert_uint_eq(backend->counts.dropped_receiving, 0);
    stop();
}
END_TEST

START_TEST(a_peer_that_reads_nothing_costs_frames_not_memory)
{
    static const uint8_t FRAME[1514] = {0};
    start();
    for (unsigned i = 0; i < 100000; i++) {
        net_send(&card, FRAME, sizeof FRAME, 0);
        exchange();
    }
    ck_assert_uint_eq(backend->to_outside.waiting, NET_QUEUE_FRAMES);
    ck_assert_uint_gt(backend->counts.dropped_sending, 99000);
    ck_assert_uint_eq(backend->counts.sent + backend->counts.dropped_sending + NET_QUEUE_FRAMES,
                      100000);
    stop();
}
END_TEST

START_TEST(a_dead_peer_is_noticed_and_another_one_found)
{
    static const uint8_t FRAME[60] = {0};
    struct sockaddr_un a = address();
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    unlink(PATH);
    open_backend("net=stream:" PATH);
    exchange(); /* nobody there: not an error */
    net_send(&card, FRAME, sizeof FRAME, 0);
    exchange();
    ck_assert_uint_eq(backend->counts.dropped_sending, 1);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
    for (unsigned round = 0; round < 3; round++) {
        now_ns += RETRY_NS;
        exchange();
        peer = accept(listener, NULL, NULL);
        fcntl(peer, F_SETFL, O_NONBLOCK);
        peer_sends(64, (uint8_t)round);
        expect_frame(64, (uint8_t)round);
        peer_writes("\0\0\0", 3); /* gone in the middle of a length */
        close(peer);
        net_send(&card, FRAME, sizeof FRAME, 0);
        exchange();
        exchange();
    }
    ck_assert_uint_eq(backend->counts.received, 3);
    ck_assert_uint_eq(backend->counts.malformed, 0);
    close(listener);
    backend->ops->close(backend);
    unlink(PATH);
}
END_TEST

START_TEST(paths_that_cannot_be_are_refused)
{
    struct error error = {STATUS_OK, ""};
    char text[300] = "net=stream:";
    struct sockaddr_un a = address();
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    memset(text + 11, 'x', 200);
    ck_assert_int_eq(net_words_parse(&words, text, &error), STATUS_OK);
    ck_assert_int_eq(net_backend_open(&backend, &words, &error), STATUS_USAGE);
    error = (struct error){STATUS_OK, ""};
    net_words_parse(&words, "net=stream:/nowhere/there,listen=on", &error);
    ck_assert_int_eq(net_backend_open(&backend, &words, &error), STATUS_FILE);
    unlink(PATH); /* one that somebody listens at is not taken away from him */
    bind(listener, (struct sockaddr *)&a, sizeof a);
    listen(listener, 4);
    error = (struct error){STATUS_OK, ""};
    net_words_parse(&words, "net=stream:" PATH ",listen=on", &error);
    ck_assert_int_eq(net_backend_open(&backend, &words, &error), STATUS_FILE);
    close(listener); /* the rest of a dead one is */
    open_backend("net=stream:" PATH ",listen=on");
    backend->ops->close(backend);
}
END_TEST

Suite *net_stream_suite(void)
{
    Suite *suite = suite_create("net_stream");
    TCase *tests = tcase_create("net_stream");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, frames_leave_with_their_length_in_front);
    tcase_add_test(tests, absurd_lengths_are_counted_and_the_next_frame_is_whole);
    tcase_add_test(tests, frames_come_together_from_single_bytes);
    tcase_add_test(tests, a_length_that_no_frame_has_ends_the_connection);
    tcase_add_test(tests, a_peer_that_sends_without_end_is_held_back);
    tcase_add_test(tests, a_peer_that_reads_nothing_costs_frames_not_memory);
    tcase_add_test(tests, a_dead_peer_is_noticed_and_another_one_found);
    tcase_add_test(tests, paths_that_cannot_be_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
