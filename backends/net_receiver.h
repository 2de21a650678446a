/* net=receiver: the far end of a cable, with a station that takes what comes and acknowledges it. */
#ifndef VITRINE_BACKENDS_NET_RECEIVER_H
#define VITRINE_BACKENDS_NET_RECEIVER_H

#include "bus/clock.h"
#include "bus/net.h"

#define NET_RECEIVER_TURN_NS UINT64_C(6720) /* of an answer on a wire of 100 Mbit/s */

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
