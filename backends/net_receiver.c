/* A stream's receiver, reduced to what its sender feels: every second full frame is answered by a frame of
 * minimal size, as a TCP acknowledges at least every second full segment (RFC 1122, 4.2.3.2). It is inside of
 * the world, so that a run with it repeats. EtherType 88B5h: local experiments (IEEE 802, table 4).
 * MISSING: TCP itself; what it has not answered yet is not in a snapshot. */
#include "backends/net_receiver.h"

#include <string.h>

#define FULL_BYTES   1514u
#define ANSWER_EVERY 2u

static const uint8_t OWN_ADDRESS[NET_MAC_BYTES] = {0x52, 0x54, 0x00, 0x56, 0x54, 0xFE};

static void answer(void *self)
{
    struct net_receiver *receiver = self;
    uint8_t frame[NET_FRAME_MIN] = {0};
    memcpy(frame, receiver->station, NET_MAC_BYTES);
    memcpy(frame + NET_MAC_BYTES, OWN_ADDRESS, NET_MAC_BYTES);
    frame[12] = 0x88;
    frame[13] = 0xB5;
    receiver->answers++;
    net_send(&receiver->port, frame, sizeof frame, 0);
}

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_receiver *receiver = self;
    (void)cause;
    receiver->frames++;
    if (bytes < FULL_BYTES || ++receiver->unanswered < ANSWER_EVERY)
        return;
    receiver->unanswered = 0;
    memcpy(receiver->station, frame + NET_MAC_BYTES, NET_MAC_BYTES);
    event_arm(&receiver->answer,
              clock_after_ns(receiver->answer.clock, NET_RECEIVER_WORK_NS + NET_RECEIVER_WIRE_NS));
}

void net_receiver_init(struct net_receiver *receiver, struct clock *clock)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->port = (struct net_port){.name = "receiver", .receive = receive, .self = receiver};
    event_init(&receiver->answer, clock, "receiver", answer, receiver);
}

void net_receiver_fini(struct net_receiver *receiver)
{
    event_fini(&receiver->answer);
}
