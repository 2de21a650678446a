/* nic_lab.c: what a guest can do with its network card, and a conversation with the other guest.
 *
 *   alpha                                   beta
 *     |  announce (broadcast)                 |  announce (broadcast)      sent by polling
 *     |------------- hello 1 (broadcast) ---->|                            received by interrupt
 *     |<------------ answer 1 ----------------|
 *     |------------- hello 2 (broadcast) ---->|                            received by polling
 *     |<------------ answer 2 ----------------|
 *
 * Hellos are repeated until the answer comes. All waiting is bounded, so that a guest alone ends too. */
#include "labs/labs.h"

#include "lab/memory.h"
#include "lab/ne2000.h"
#include "lab/options.h"
#include "lab/pit.h"
#include "lab/print.h"

enum { DEFAULT_BASE = 0x300, DEFAULT_LINE = 5 };
enum { ETHERTYPE_EXPERIMENT = 0x88B5 }; /* IEEE Std 802-2014, Table 4: local experiments */
enum { TICKS_BETWEEN_HELLOS = 20 };
enum { ANNOUNCE = 'a', HELLO = 'h', ANSWER = 'r' };

struct lab_frame {
    uint8_t destination[MAC_BYTES];
    uint8_t source[MAC_BYTES];
    uint8_t ethertype[2]; /* upper byte first */
    uint8_t kind;
    uint8_t round;
    char sender[NAME_BYTES];
};

/* How a guest learns of a frame: the two ways of one conversation. */
struct way {
    const char *name;
    bool (*wait)(struct ne2000 *nic, uint8_t causes, uint32_t ticks);
};

static const struct way ways[] = {
    { "interrupt", ne2000_wait_interrupt },
    { "poll", ne2000_poll },
};

static const uint8_t broadcast[MAC_BYTES] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static void say_mac(const uint8_t *mac)
{
    for (unsigned i = 0; i < MAC_BYTES; i++)
        print("%02x%s", mac[i], i + 1 < MAC_BYTES ? ":" : "");
}

static bool send_frame(const struct lab *lab, struct ne2000 *nic, const uint8_t *destination,
                       uint8_t kind, uint8_t round)
{
    struct lab_frame frame = {
        .ethertype = { ETHERTYPE_EXPERIMENT >> 8, ETHERTYPE_EXPERIMENT & 0xFF },
        .kind = kind,
        .round = round,
    };

    memcpy(frame.destination, destination, MAC_BYTES);
    memcpy(frame.source, nic->mac, MAC_BYTES);
    memcpy(frame.sender, lab->name, NAME_BYTES);
    ne2000_send(nic, &frame, sizeof frame);
    return ne2000_poll(nic, NE2000_PTX, PIT_TICKS_PER_SECOND);
}

static bool is_from_peer(const struct lab *lab, const struct lab_frame *frame, uint32_t bytes)
{
    return bytes >= sizeof *frame && frame->ethertype[0] == ETHERTYPE_EXPERIMENT >> 8
        && frame->ethertype[1] == (ETHERTYPE_EXPERIMENT & 0xFF)
        && memcmp(frame->sender, lab->peer, NAME_BYTES) == 0;
}

/* Waits for a frame of the peer of this kind and round; others are taken out of the ring and dropped,
 * except that a hello of an earlier round is answered again: its answer must have been lost. */
static bool expect_frame(const struct lab *lab, struct ne2000 *nic, const struct way *way,
                         uint8_t kind, uint8_t round, uint32_t ticks, struct lab_frame *frame)
{
    uint32_t start = pit_ticks();

    for (;;) {
        uint32_t passed;
        uint32_t bytes;

        while ((bytes = ne2000_receive(nic, frame, sizeof *frame)) != 0) {
            if (!is_from_peer(lab, frame, bytes))
                continue;
            if (frame->kind == kind && frame->round == round)
                return true;
            if (frame->kind == HELLO && frame->round < round)
                (void)send_frame(lab, nic, frame->source, ANSWER, frame->round);
        }
        passed = pit_ticks() - start;
        if (passed >= ticks)
            return false;
        (void)way->wait(nic, NE2000_PRX | NE2000_OVW, ticks - passed);
    }
}

/* Alpha's side of a round: hello, until the answer comes. */
static bool ask(const struct lab *lab, struct ne2000 *nic, const struct way *way, uint8_t round,
                struct lab_frame *frame)
{
    uint32_t start = pit_ticks();

    do {
        (void)send_frame(lab, nic, broadcast, HELLO, round);
        if (expect_frame(lab, nic, way, ANSWER, round, TICKS_BETWEEN_HELLOS, frame))
            return true;
    } while (pit_ticks() - start < lab->patience_ticks);
    return false;
}

/* Beta's side. */
static bool answer(const struct lab *lab, struct ne2000 *nic, const struct way *way, uint8_t round,
                   struct lab_frame *frame)
{
    if (!expect_frame(lab, nic, way, HELLO, round, lab->patience_ticks, frame))
        return false;
    return send_frame(lab, nic, frame->source, ANSWER, round);
}

static bool set_up(const struct lab *lab, struct ne2000 *nic)
{
    uint16_t base = (uint16_t)options_number("nic", DEFAULT_BASE);
    unsigned line = options_number("nicirq", DEFAULT_LINE);

    if (!ne2000_reset(nic, base, line)) {
        lab_say(lab, "nic", "no NE2000 answers at %xh\n", base);
        return false;
    }
    lab_say(lab, "nic", "NE2000 at %xh irq %u mac ", base, line);
    say_mac(nic->mac);
    print("\n");
    ne2000_start(nic);
    return true;
}

void nic_lab(const struct lab *lab)
{
    struct ne2000 nic;

    if (!set_up(lab, &nic))
        return;
    lab_say(lab, "nic", "announce %s\n",
            send_frame(lab, &nic, broadcast, ANNOUNCE, 0) ? "sent" : "NOT SENT");

    for (uint8_t round = 1; round <= sizeof ways / sizeof ways[0]; round++) {
        const struct way *way = &ways[round - 1];
        struct lab_frame frame;
        bool is_heard = lab->speaks_first ? ask(lab, &nic, way, round, &frame)
                                          : answer(lab, &nic, way, round, &frame);

        if (!is_heard) {
            lab_say(lab, "nic", "%s round %u: nothing heard of %s in %u ticks\n", way->name, round,
                    lab->peer, lab->patience_ticks);
            return; /* who was not there for one round will not be for the next */
        }
        lab_say(lab, "nic", "%s round %u ok: %s from ", way->name, round,
                lab->speaks_first ? "answer" : "hello");
        say_mac(frame.source);
        print(" (%s)\n", lab->peer);
    }
}
