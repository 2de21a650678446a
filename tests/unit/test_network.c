/* The cables of a run: frames from outside come through the world's door, no faster than the wire;
 * NICs at one switch; captures in between. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontends/network.h"

#define PATH "unit-network.sock"
#define HZ   UINT64_C(100000000)

struct nic {
    struct net_port port;
    unsigned frames;
    size_t bytes;
    uint64_t at;
    struct world *world;
};

static struct world world;
static struct network network;
static struct error error;

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct nic *nic = self;
    (void)frame;
    (void)cause;
    nic->frames++;
    nic->bytes = bytes;
    nic->at = nic->world->timeline.now;
}

static bool nobody_runs(void *self)
{
    (void)self;
    return false;
}

static void poll_network(void *self)
{
    network_poll(self);
}

static struct world_watcher watcher = {.poll = poll_network, .self = &network};

static void start(void)
{
    const struct world_options options = {.hz = HZ};
    memset(&error, 0, sizeof error);
    ck_assert_int_eq(world_init(&world, &options, &error), STATUS_OK);
    world.runner.run = nobody_runs;
    network_init(&network, &world, 0);
    world_add_watcher(&world, &watcher);
}

static void stop(void)
{
    network_close(&network);
    world_fini(&world);
}

static void plug(struct nic *nic, const char *name, const char *options)
{
    struct net_port *port;
    memset(nic, 0, sizeof *nic);
    nic->port = (struct net_port){.receive = receive, .self = nic};
    nic->world = &world;
    ck_assert_msg(network_plug(&network, name, options, &port, &error) == STATUS_OK, "%s",
                  error.text);
    if (port)
        net_connect(&nic->port, port);
}

static int connect_peer(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(a.sun_path, PATH);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&a, sizeof a), 0);
    return peer;
}

START_TEST(frames_enter_by_the_door_and_at_the_wires_pace)
{
    static const uint8_t FRAME[4 + 1514] = {0, 0, 0x05, 0xEA, 0x52};
    struct nic nic;
    uint64_t first;
    int peer;
    start();
    unlink(PATH);
    plug(&nic, "nic0", "net=stream:" PATH ",listen=on");
    peer = connect_peer();
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(write(peer, FRAME, sizeof FRAME), (ssize_t)sizeof FRAME);
    world_advance(&world, HZ / 1000 + 1);
    ck_assert_uint_eq(nic.frames, 1);
    ck_assert_uint_eq(nic.bytes, 1514);
    ck_assert_uint_eq(world.input_count, 1);
    first = nic.at;
    world_advance(&world, HZ / 10);
    ck_assert_uint_eq(nic.frames, 20);
    ck_assert_uint_eq(world.input_count, 20);
    /* (8 + 1514 + 4 + 12) * 800 ns between two of them, at 100 instructions a microsecond */
    ck_assert_uint_eq(nic.at - first, 19 * 123040);
    close(peer);
    stop();
}
END_TEST

START_TEST(what_comes_from_outside_is_part_of_the_runs_hash)
{
    uint64_t hashes[2];
    for (unsigned run = 0; run < 2; run++) {
        uint8_t frame[4 + 60] = {0, 0, 0, 60};
        struct nic nic;
        int peer;
        start();
        unlink(PATH);
        plug(&nic, "nic0", "net=stream:" PATH ",listen=on");
        peer = connect_peer();
        frame[40] = (uint8_t)run;
        ck_assert_int_eq(write(peer, frame, sizeof frame), (ssize_t)sizeof frame);
        world_advance(&world, HZ / 100);
        hashes[run] = world.input_hash;
        close(peer);
        stop();
    }
    ck_assert_uint_ne(hashes[0], hashes[1]);
}
END_TEST

static void send_from(struct nic *nic, uint8_t from, uint8_t to)
{
    uint8_t frame[60] = {0x52, 0, 0, 0, 0, to, 0x52, 0, 0, 0, 0, from};
    if (to == 0xFF)
        memset(frame, 0xFF, 6);
    net_send(&nic->port, frame, sizeof frame, 0);
}

START_TEST(nics_at_the_switch_hear_what_is_theirs)
{
    struct nic a, b, c;
    start();
    plug(&a, "nic0", "net=switch");
    plug(&b, "nic1", "net=switch");
    plug(&c, "nic2", "net=switch");
    send_from(&a, 1, 0xFF);
    ck_assert_uint_eq(a.frames + 10 * b.frames + 100 * c.frames, 110);
    send_from(&b, 2, 1); /* a is known, b becomes so */
    send_from(&a, 1, 2);
    ck_assert_uint_eq(a.frames + 10 * b.frames + 100 * c.frames, 121);
    stop();
}
END_TEST

START_TEST(a_capture_stands_in_the_middle_and_files_are_not_shared)
{
    struct nic a, b;
    struct net_port *port;
    start();
    plug(&a, "nic0", "net=switch,pcap=unit-network-a.pcapng");
    plug(&b, "nic1", "net=switch");
    send_from(&a, 1, 0xFF);
    send_from(&b, 2, 0xFF);
    ck_assert_uint_eq(a.frames, 1);
    ck_assert_uint_eq(b.frames, 1);
    ck_assert_int_eq(network_plug(&network, "nic2", "pcap=unit-network-a.pcapng", &port, &error),
                     STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "nic0's already"));
    stop();
    remove("unit-network-a.pcapng");
}
END_TEST

START_TEST(a_guest_of_a_hypervisor_has_no_cable_of_its_own)
{
    struct net_through *through;
    start();
    ck_assert_int_eq(network_listen(&network, "alpha", "", &through, &error), STATUS_OK);
    ck_assert_ptr_null(through);
    ck_assert_int_eq(network_listen(&network, "alpha", "net=user", &through, &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "fix: net= in [host]"));
    stop();
}
END_TEST

Suite *network_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("network");
    tcase_add_test(tests, frames_enter_by_the_door_and_at_the_wires_pace);
    tcase_add_test(tests, what_comes_from_outside_is_part_of_the_runs_hash);
    tcase_add_test(tests, nics_at_the_switch_hear_what_is_theirs);
    tcase_add_test(tests, a_capture_stands_in_the_middle_and_files_are_not_shared);
    tcase_add_test(tests, a_guest_of_a_hypervisor_has_no_cable_of_its_own);
    suite_add_tcase(suite, tests);
    return suite;
}
