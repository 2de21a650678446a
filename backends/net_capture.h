/* pcap=FILE: what passes a cable, as Wireshark reads it (pcapng). */
#ifndef VITRINE_BACKENDS_NET_CAPTURE_H
#define VITRINE_BACKENDS_NET_CAPTURE_H

#include "base/status.h"
#include "bus/clock.h"
#include "bus/net.h"

struct net_capture;

/* A box for the middle of a cable that writes down each frame, with virtual time counted from
 * `start_seconds` (since 1970). `name` becomes the interface's; outbound is what the NIC sends. */
enum status net_capture_open(struct net_capture **capture, const char *path, const char *name,
                             const struct timeline *timeline, uint64_t start_seconds,
                             struct error *error);
struct net_through *net_capture_ends(struct net_capture *capture);
void net_capture_close(struct net_capture *capture);

#endif
