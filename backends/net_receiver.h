/* net=receiver: the far end of a cable, with a station that takes what comes and acknowledges it. */
#ifndef VITRINE_BACKENDS_NET_RECEIVER_H
#define VITRINE_BACKENDS_NET_RECEIVER_H

#include "bus/clock.h"
#include "bus/net.h"

/* From the second frame's end to the answer's. The station is the receiving PC of Sugerman et al. (USENIX
 * 2001), section 3.1: 350 MHz, and its kernel takes as long for a frame as the sender's, 14,300 instructions
 * (table 2; docs/labs/transmit-costs.ini). Then the answer's time on a wire of 100 Mbit/s. */
#define NET_RECEIVER_WORK_NS (UINT64_C(14300) * 1000 / 350)
#define NET_RECEIVER_WIRE_NS UINT64_C(6720)

struct net_receiver {
    struct net_port port;
    struct event answer;
    uint8_t station[NET_MAC_BYTES]; /* who sent last, and is answered */
    unsigned unanswered;            /* full frames since */
    uint64_t frames, answers;
};

void net_receiver_init(struct net_receiver *receiver, struct clock *clock);
void net_receiver_fini(struct net_receiver *receiver);

#endif
