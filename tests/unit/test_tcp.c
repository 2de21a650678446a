/* The loopback server: where it listens, one client at a time, a client that does not read. */
#include "backends/tcp.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 2000

static struct tcp_server *server_new(const char *where)
{
    struct tcp_server *server;
    struct error error = {0};
    ck_assert_msg(tcp_server_new(&server, where, &error) == STATUS_OK, "%s", error.text);
    return server;
}

static int client_new(const struct tcp_server *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tcp_server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    return client;
}

START_TEST(bytes_go_both_ways)
{
    struct tcp_server *server = server_new("0");
    int client = client_new(server);
    uint8_t bytes[16];
    size_t count;
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_CONNECTED);
    ck_assert_int_eq(tcp_server_look(server, 0, bytes, sizeof bytes, &count), TCP_NOTHING);
    ck_assert_int_eq(send(client, "abc", 3, 0), 3);
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_BYTES);
    ck_assert_uint_eq(count, 3);
    tcp_server_send(server, "xyz", 3);
    ck_assert_int_eq(recv(client, bytes, sizeof bytes, 0), 3);
    close(client);
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_CLOSED);
    tcp_server_free(server);
}
END_TEST

START_TEST(a_second_client_is_sent_away)
{
    struct tcp_server *server = server_new("localhost:0");
    int first = client_new(server), second;
    uint8_t bytes[16];
    size_t count;
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_CONNECTED);
    second = client_new(server);
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_REFUSED);
    ck_assert_int_eq(recv(second, bytes, sizeof bytes, 0), 0); /* the end */
    close(second);
    ck_assert_int_eq(send(first, "a", 1, 0), 1);
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_BYTES);
    tcp_server_hang_up(server);
    ck_assert_int_eq(recv(first, bytes, sizeof bytes, 0), 0);
    close(first);
    tcp_server_free(server);
}
END_TEST

START_TEST(what_a_client_does_not_take_is_kept_and_nothing_is_read_meanwhile)
{
    static const size_t MUCH = 8 << 20;
    struct tcp_server *server = server_new("127.0.0.1:0");
    int client = client_new(server);
    uint8_t *much = malloc(MUCH), bytes[4096];
    size_t count, got = 0;
    bool has_come = false;
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (uint8_t)(i * 7 + i / 251);
    ck_assert_int_eq(tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count), TCP_CONNECTED);
    tcp_server_send(server, much, MUCH);
    ck_assert_int_eq(send(client, "a", 1, 0), 1);
    ck_assert_int_eq(tcp_server_look(server, 0, bytes, sizeof bytes, &count), TCP_NOTHING);
    while (got < MUCH) {
        ssize_t part = recv(client, bytes, sizeof bytes, 0);
        ck_assert_int_gt(part, 0);
        ck_assert_mem_eq(bytes, much + got, (size_t)part);
        got += (size_t)part;
        has_come |= tcp_server_look(server, 0, bytes, sizeof bytes, &count) == TCP_BYTES;
    }
    ck_assert(has_come ||
              tcp_server_look(server, WAIT_MS, bytes, sizeof bytes, &count) == TCP_BYTES);
    free(much);
    close(client);
    tcp_server_free(server);
}
END_TEST

struct bad_place {
    const char *where, *says;
};
static const struct bad_place BAD[] = {
    {"",                 "is no port"},
    {"gdb",              "is no port"},
    {"65536",            "is no port"},
    {"-1",               "is no port"},
    {"0.0.0.0:1234",     "ssh -L"    },
    {"192.168.1.1:1234", "ssh -L"    },
    {"example.org:1",    "ssh -L"    },
    {"[::1]:1234",       "ssh -L"    },
};

START_TEST(only_ports_of_the_loopback_are_taken)
{
    struct tcp_server *server;
    struct error error = {0};
    ck_assert_int_eq(tcp_server_new(&server, BAD[_i].where, &error), STATUS_USAGE);
    ck_assert_ptr_null(server);
    ck_assert_msg(strstr(error.text, BAD[_i].says) != NULL, "%s", error.text);
}
END_TEST

START_TEST(a_port_in_use_is_refused)
{
    struct tcp_server *server = server_new("0"), *second;
    struct error error = {0};
    char where[16];
    snprintf(where, sizeof where, "%u", tcp_server_port(server));
    ck_assert_int_eq(tcp_server_new(&second, where, &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "in use"));
    tcp_server_free(server);
}
END_TEST

Suite *tcp_suite(void);
Suite *tcp_suite(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tests = tcase_create("tcp");
    tcase_add_test(tests, bytes_go_both_ways);
    tcase_add_test(tests, a_second_client_is_sent_away);
    tcase_add_test(tests, what_a_client_does_not_take_is_kept_and_nothing_is_read_meanwhile);
    tcase_add_loop_test(tests, only_ports_of_the_loopback_are_taken, 0, sizeof BAD / sizeof BAD[0]);
    tcase_add_test(tests, a_port_in_use_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
