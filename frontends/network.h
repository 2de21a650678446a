/* The cables of a run: what `net=` and `pcap=` of its NICs lead to.
 *
 * Frames from outside enter the world here, through its recorded door: the outside is looked at with
 * every poll of the world, and a frame is handed in when the wire is free of the one before, so that
 * a NIC gets no more than 10 Mbit/s. Both are instants of virtual time. */
#ifndef VITRINE_FRONTENDS_NETWORK_H
#define VITRINE_FRONTENDS_NETWORK_H

#include "backends/net_backend.h"
#include "bus/net.h"
#include "frontends/input_log.h"

struct net_capture;
struct net_switch;
struct network_cable;

struct network {
    struct world *world;
    uint64_t start_seconds; /* since 1970: the beginning of captured time */
    struct network_cable *cables;
    /* Plays what came from outside in an earlier run: cables lead nowhere, and nothing is captured.
     * NULL: they are real. */
    struct input_player *player;
    struct net_switch *net_switch; /* NULL: no NIC is at it */
    /* How far virtual time is ahead of the workstation's, and when that was. */
    int64_t ahead_ns, virtual_ns, real_ns;
};

void network_init(struct network *network, struct world *world, uint64_t start_seconds);
/* Makes the cable of the NIC `name` from its options (backends/net_words.h; "" for none). *port is
 * what the NIC is to be plugged into; NULL: nothing. */
enum status network_plug(struct network *network, const char *name, const char *options,
                         struct net_port **port, struct error *error);
/* The same for a NIC whose cable is the hypervisor's: `pcap=` alone. NULL: goes straight. */
enum status network_listen(struct network *network, const char *name, const char *options,
                           struct net_through **through, struct error *error);
/* With every poll of the world. */
void network_poll(struct network *network);
/* The world has nothing to do for so long, in virtual time: waits for the outside meanwhile, so that
 * a machine that waits for an answer does not run into its time-outs faster than answers can come. */
void network_idle(struct network *network, uint64_t ns);
/* Frames of each cable, as text lines on stderr. */
void network_report(const struct network *network);
void network_close(struct network *network);

#endif
