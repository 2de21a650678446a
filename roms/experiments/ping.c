/* ping.c: a frame of 1,514 bytes goes to the other guest and comes back: what does the round trip cost?
 *
 *   lab=ping   asks until the echo is there, then once more, counted; then a stream, in which every echo
 *              has to come back as it was sent, in order
 *   lab=echo   sends back what it gets, until a frame says that this was all
 *
 * way=card: an NE2000 by ports; way=ring: network rings. Both guests may choose. */
#include "experiments/experiments.h"

#include "lab/hypercall.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/ne2000.h"
#include "lab/netfront.h"
#include "lab/options.h"
#include "lab/pit.h"
#include "lab/print.h"

enum { NIC = 0x300, NIC_LINE = 5, HEADER_BYTES = 14, STREAM = 200, PATIENCE_TICKS = 20, TRIES = 50 };
enum { ASKING = 1, STREAMING = 2, LAST = 3 }; /* byte 14: what a frame is for; its number follows */

struct way {
    const char *name;
    bool (*init)(uint8_t *mac);
    void (*send)(const void *frame, uint32_t bytes);
    uint32_t (*receive)(void *frame, uint32_t max_bytes);
    bool (*wait)(uint32_t ticks);
};

static struct ne2000 card;
static uint8_t out[ETHERNET_MAX_BYTES], in[ETHERNET_MAX_BYTES];

/* --- the two ways ---------------------------------------------------------------------------------------- */

static bool card_init(uint8_t *mac)
{
    if (!ne2000_reset(&card, NIC, NIC_LINE))
        return false;
    ne2000_start(&card);
    memcpy(mac, card.mac, MAC_BYTES);
    return true;
}

/* The one before has to have left: there is one transmitter. */
static void card_send(const void *frame, uint32_t bytes)
{
    static bool has_sent;

    if (has_sent)
        (void)ne2000_poll(&card, NE2000_PTX, PATIENCE_TICKS);
    has_sent = true;
    ne2000_send(&card, frame, bytes);
}

static uint32_t card_receive(void *frame, uint32_t max_bytes)
{
    return ne2000_receive(&card, frame, max_bytes);
}

static bool card_wait(uint32_t ticks)
{
    return ne2000_wait_interrupt(&card, NE2000_PRX | NE2000_OVW, ticks);
}

static bool ring_init(uint8_t *mac)
{
    return hypervisor_init() && netfront_init(mac);
}

static void ring_send(const void *frame, uint32_t bytes)
{
    if (netfront_put(frame, bytes))
        netfront_push();
}

static const struct way ways[] = {
    { "card", card_init, card_send, card_receive, card_wait },
    { "ring", ring_init, ring_send, netfront_receive, netfront_wait },
};

/* --- asking ------------------------------------------------------------------------------------------------ */

static void make_frame(uint8_t kind, uint32_t number)
{
    out[HEADER_BYTES] = kind;
    memcpy(out + HEADER_BYTES + 1, &number, sizeof number);
    for (uint32_t i = HEADER_BYTES + 5; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + number * 13);
}

/* The next echo is what was sent, but for the addresses. */
static bool has_come_back(const struct way *way, uint32_t ticks)
{
    uint32_t bytes = way->receive(in, sizeof in);

    if (!bytes && way->wait(ticks))
        bytes = way->receive(in, sizeof in);
    return bytes == sizeof out && memcmp(in + 12, out + 12, sizeof out - 12) == 0;
}

static bool round_trip(const struct way *way, uint8_t kind, uint32_t number)
{
    make_frame(kind, number);
    way->send(out, sizeof out);
    return has_come_back(way, PATIENCE_TICKS);
}

static bool is_heard(const struct way *way)
{
    for (uint32_t n = 0; n < TRIES; n++)
        if (round_trip(way, ASKING, n))
            return true;
    return false;
}

static void ping(const struct way *way)
{
    struct io_counts before;
    uint32_t calls, upcalls, pic, accesses, good = 0;
    bool is_ok = is_heard(way);

    pit_sleep(2); /* until all is quiet */
    while (way->receive(in, sizeof in)) /* echoes of what was given up */
        ;
    before = io_counts;
    calls = hypercall_count;
    upcalls = upcall_count;
    is_ok = is_ok && round_trip(way, ASKING, TRIES);
    pic = io_counts.interrupt_controller - before.interrupt_controller;
    accesses = io_counts.port_reads - before.port_reads + io_counts.port_writes - before.port_writes;
    calls = hypercall_count - calls;
    upcalls = upcall_count - upcalls;
    for (uint32_t n = 0; is_ok && n < STREAM; n++)
        good += round_trip(way, STREAMING, n);
    make_frame(LAST, 0);
    way->send(out, sizeof out);
    print("ping: %s %s accesses=%u pic=%u hypercalls=%u upcalls=%u stream=%u\n", way->name,
          is_ok && good == STREAM ? "ok" : "FAILED", accesses - pic, pic, calls, upcalls, good);
}

/* --- echoing ---------------------------------------------------------------------------------------------- */

static void echo(const struct way *way, const uint8_t *mac)
{
    uint32_t frames = 0, start = pit_ticks();

    while (pit_ticks() - start < TRIES * PATIENCE_TICKS) {
        uint32_t bytes = way->receive(in, sizeof in);

        if (bytes <= HEADER_BYTES) {
            (void)way->wait(PATIENCE_TICKS);
            continue;
        }
        if (in[HEADER_BYTES] == LAST)
            break;
        memcpy(in, in + MAC_BYTES, MAC_BYTES);
        memcpy(in + MAC_BYTES, mac, MAC_BYTES);
        way->send(in, bytes);
        frames++;
    }
    print("echo: %s frames=%u\n", way->name, frames);
}

static const struct way *start(uint8_t *mac)
{
    char name[8];
    const struct way *way;

    options_text("way", "card", name, sizeof name);
    way = &ways[memcmp(name, "ring", 4) == 0];
    if (way->init(mac))
        return way;
    print("ping: %s FAILED to start\n", way->name);
    return 0;
}

void experiment_ping(void)
{
    uint8_t mac[MAC_BYTES];
    const struct way *way = start(mac);

    memset(out, 0xFF, MAC_BYTES); /* until the other one has sent, nobody knows its address */
    memcpy(out + MAC_BYTES, mac, MAC_BYTES);
    out[12] = 0x88;
    out[13] = 0xB5; /* IEEE Std 802-2014, table 4: local experiments */
    if (way)
        ping(way);
}

void experiment_echo(void)
{
    uint8_t mac[MAC_BYTES];
    const struct way *way = start(mac);

    if (way)
        echo(way, mac);
}
