/* What stands behind serial lines: each kind carries bytes both ways, input that the machine does not
 * take stays outside, and a reader that is slow or gone costs output, not memory. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "backends/char_stream.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define PATH      "unit-char-stream.sock"
#define FILE_PATH "unit-char-stream.out"

static size_t room_of_machine;

static size_t room(void *device)
{
    (void)device;
    return room_of_machine;
}

static struct chardev *open_stream(const char *spec)
{
    struct error error = {STATUS_OK, ""};
    struct chardev *stream;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_msg(char_stream_open(&stream, spec, &error) == STATUS_OK, "%s", error.text);
    stream->room = room;
    room_of_machine = 16;
    return stream;
}

static int connect_peer(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(a.sun_path, PATH);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&a, sizeof a), 0);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    return peer;
}

/* "ping" out, "pong" in, by descriptor `peer` of the other side. */
static void check_both_ways(struct chardev *stream, int peer)
{
    uint8_t bytes[16] = {0};
    size_t got = 0;
    char_stream_take(stream, bytes, sizeof bytes); /* it is noticed that somebody is there */
    stream->write(stream, (const uint8_t *)"ping", 4);
    for (unsigned i = 0; i < 1000 && read(peer, bytes, sizeof bytes) != 4; i++)
        usleep(1000);
    ck_assert_mem_eq(bytes, "ping", 4);
    ck_assert_int_eq(write(peer, "pong", 4), 4);
    for (unsigned i = 0; i < 1000 && got < 4; i++, usleep(1000))
        got += char_stream_take(stream, bytes + got, sizeof bytes - got);
    ck_assert_mem_eq(bytes, "pong", 4);
}

START_TEST(a_unix_socket_carries_both_ways_and_takes_the_next_peer)
{
    struct chardev *stream = open_stream("unix:" PATH);
    uint8_t byte;
    for (unsigned round = 0; round < 2; round++) {
        int peer = connect_peer();
        check_both_ways(stream, peer);
        close(peer);
        ck_assert_uint_eq(char_stream_take(stream, &byte, 1), 0);
        stream->write(stream, (const uint8_t *)"lost", 4);
    }
    stream->close(stream);
    ck_assert_int_ne(access(PATH, F_OK), 0);
}
END_TEST

static void take_lines(void *device, uint8_t lines)
{
    *(uint8_t *)device = lines;
}

/* The device is told, as the session does it. */
static bool lines_change_to(struct chardev *stream, uint8_t expected)
{
    uint8_t byte, lines;
    char_stream_take(stream, &byte, 1);
    if (!char_stream_modem(stream, &lines))
        return false;
    stream->modem(stream->device, lines);
    stream->modem_in = lines;
    return lines == expected;
}

START_TEST(a_sockets_peer_is_dsr_and_dcd_and_dtr_hangs_up)
{
    struct chardev *stream = open_stream("unix:" PATH);
    uint8_t device = 0, byte;
    char text[8];
    int peer;
    stream->modem = take_lines;
    stream->device = &device;
    ck_assert_uint_eq(chardev_modem_in(stream), MODEM_CTS);
    ck_assert(!lines_change_to(stream, MODEM_CTS));
    peer = connect_peer();
    ck_assert(lines_change_to(stream, MODEM_CTS | MODEM_DSR | MODEM_DCD));
    ck_assert(!lines_change_to(stream, MODEM_CTS));
    close(peer);
    ck_assert(lines_change_to(stream, MODEM_CTS));
    peer = connect_peer();
    ck_assert(lines_change_to(stream, MODEM_CTS | MODEM_DSR | MODEM_DCD));
    stream->write(stream, (const uint8_t *)"bye", 3);
    stream->set_modem(stream, MODEM_DTR, MODEM_RTS); /* DTR stays */
    ck_assert(!lines_change_to(stream, MODEM_CTS));
    stream->set_modem(stream, 0, MODEM_DTR);
    ck_assert_int_eq(read(peer, text, sizeof text), 3);
    ck_assert_int_eq(read(peer, &byte, 1), 0);
    close(peer);
    peer = connect_peer(); /* at once: the fall is told all the same */
    ck_assert(lines_change_to(stream, MODEM_CTS));
    ck_assert_uint_eq(device, MODEM_CTS);
    ck_assert(lines_change_to(stream, MODEM_CTS | MODEM_DSR | MODEM_DCD));
    close(peer);
    stream->close(stream);
}
END_TEST

START_TEST(a_peer_that_replaces_another_lets_dcd_fall)
{
    struct chardev *stream = open_stream("unix:" PATH);
    uint8_t device = 0, byte;
    int first = connect_peer(), second;
    stream->modem = take_lines;
    stream->device = &device;
    ck_assert(lines_change_to(stream, MODEM_CTS | MODEM_DSR | MODEM_DCD));
    second = connect_peer();
    ck_assert(lines_change_to(stream, MODEM_CTS));
    ck_assert_int_eq(read(first, &byte, 1), 0);
    ck_assert(lines_change_to(stream, MODEM_CTS | MODEM_DSR | MODEM_DCD));
    stream->write(stream, (const uint8_t *)"2", 1);
    ck_assert_int_eq(read(second, &byte, 1), 1);
    close(first);
    close(second);
    stream->close(stream);
}
END_TEST

START_TEST(other_streams_have_all_lines_active_always)
{
    struct chardev *stream = open_stream("file:" FILE_PATH);
    uint8_t device = 0, lines;
    stream->modem = take_lines;
    stream->device = &device;
    ck_assert_uint_eq(chardev_modem_in(stream), MODEM_CTS | MODEM_DSR | MODEM_DCD);
    ck_assert(!char_stream_modem(stream, &lines));
    stream->set_modem(stream, 0, MODEM_DTR);
    ck_assert_uint_eq(chardev_modem_in(NULL), 0);
    stream->close(stream);
    remove(FILE_PATH);
}
END_TEST

/* Opens a stream that says on stderr where it is: what follows `word` there. */
static struct chardev *open_told(const char *spec, const char *word, char *where, size_t size)
{
    char line[256] = "";
    const char *at;
    struct chardev *stream;
    int saved = dup(STDERR_FILENO), told[2];
    ck_assert_int_eq(pipe(told), 0);
    dup2(told[1], STDERR_FILENO);
    stream = open_stream(spec);
    dup2(saved, STDERR_FILENO);
    ck_assert_int_gt(read(told[0], line, sizeof line - 1), 0);
    at = strstr(line, word);
    ck_assert_ptr_nonnull(at);
    at += strlen(word);
    snprintf(where, size, "%.*s", (int)strcspn(at, "\n"), at);
    return stream;
}

START_TEST(a_tcp_port_of_the_loopback_carries_both_ways)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char port[64];
    struct chardev *stream = open_told("tcp:0", "port ", port, sizeof port);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&a, sizeof a), 0);
    check_both_ways(stream, peer);
    close(peer);
    stream->close(stream);
}
END_TEST

START_TEST(a_pseudo_terminal_carries_both_ways)
{
    struct termios raw;
    char name[64];
    struct chardev *stream = open_told("pty", "serial port on ", name, sizeof name);
    int peer;
    peer = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    ck_assert_int_ge(peer, 0);
    tcgetattr(peer, &raw);
    raw.c_lflag &= (tcflag_t) ~(unsigned)(ICANON | ECHO);
    raw.c_oflag &= (tcflag_t) ~(unsigned)OPOST;
    tcsetattr(peer, TCSANOW, &raw);
    check_both_ways(stream, peer);
    close(peer);
    stream->close(stream);
}
END_TEST

START_TEST(a_file_gets_what_is_written)
{
    struct chardev *stream = open_stream("file:" FILE_PATH);
    char text[8] = "";
    FILE *file;
    stream->write(stream, (const uint8_t *)"printed", 7);
    stream->close(stream);
    file = fopen(FILE_PATH, "rb");
    ck_assert_uint_eq(fread(text, 1, sizeof text, file), 7);
    ck_assert_mem_eq(text, "printed", 7);
    fclose(file);
    remove(FILE_PATH);
}
END_TEST

START_TEST(tcp_is_for_the_loopback_alone)
{
    struct error error = {STATUS_OK, ""};
    struct chardev *stream;
    ck_assert_int_eq(char_stream_open(&stream, "tcp:0.0.0.0:4000", &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "loopback"));
    error = (struct error){STATUS_OK, ""};
    ck_assert_int_eq(char_stream_open(&stream, "tcp:70000", &error), STATUS_USAGE);
    stream = open_stream("tcp:0");
    stream->close(stream);
}
END_TEST

/* A 16550A whose driver sleeps, and a peer that sends on and on: it is the peer that waits. */
START_TEST(a_hundred_megabytes_that_nobody_reads_stay_outside)
{
    static uint8_t block[1 << 20];
    struct chardev *stream = open_stream("unix:" PATH);
    struct device_config config = {.chardev = stream};
    struct device_fixture *f = device_fixture_new(&UART16550_TYPE, &config);
    struct rusage before, after;
    uint8_t bytes[64];
    size_t sent = 0, taken = 0;
    int peer = connect_peer();
    fixture_out(f, 0x3FA, 0x01); /* FIFOs on */
    getrusage(RUSAGE_SELF, &before);
    for (unsigned i = 0; i < 100; i++) {
        ssize_t n = write(peer, block, sizeof block);
        size_t count = char_stream_take(stream, bytes, sizeof bytes);
        sent += n > 0 ? (size_t)n : 0;
        taken += count;
        if (count)
            stream->receive(stream->device, bytes, count);
    }
    getrusage(RUSAGE_SELF, &after);
    ck_assert_uint_eq(taken, 16); /* the FIFO */
    ck_assert_uint_lt(sent, 4u << 20);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 4096); /* KiB */
    ck_assert_uint_eq(fixture_in(f, 0x3FD) & 0x03, 0x01);       /* DR, no overrun */
    close(peer);
    device_fixture_free(f);
    stream->close(stream);
}
END_TEST

START_TEST(a_reader_that_sleeps_costs_output_not_memory)
{
    static const uint8_t BLOCK[4096];
    struct chardev *stream = open_stream("unix:" PATH);
    uint8_t bytes[16];
    struct rusage before, after;
    int peer = connect_peer();
    char_stream_take(stream, bytes, sizeof bytes);
    getrusage(RUSAGE_SELF, &before);
    for (unsigned i = 0; i < 25600; i++) /* 100 MiB */
        stream->write(stream, BLOCK, sizeof BLOCK);
    getrusage(RUSAGE_SELF, &after);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 4096); /* KiB */
    close(peer); /* closing waits for the last bytes of a reader that is there */
    stream->close(stream);
}
END_TEST

Suite *char_stream_suite(void)
{
    Suite *suite = suite_create("char_stream");
    TCase *tests = tcase_create("char_stream");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_sockets_peer_is_dsr_and_dcd_and_dtr_hangs_up);
    tcase_add_test(tests, a_peer_that_replaces_another_lets_dcd_fall);
    tcase_add_test(tests, other_streams_have_all_lines_active_always);
    tcase_add_test(tests, a_unix_socket_carries_both_ways_and_takes_the_next_peer);
    tcase_add_test(tests, a_tcp_port_of_the_loopback_carries_both_ways);
    tcase_add_test(tests, a_pseudo_terminal_carries_both_ways);
    tcase_add_test(tests, a_file_gets_what_is_written);
    tcase_add_test(tests, tcp_is_for_the_loopback_alone);
    tcase_add_test(tests, a_hundred_megabytes_that_nobody_reads_stay_outside);
    tcase_add_test(tests, a_reader_that_sleeps_costs_output_not_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
