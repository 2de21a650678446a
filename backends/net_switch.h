/* net=switch: a learning switch inside of the world, for several NICs of one machine. */
#ifndef VITRINE_BACKENDS_NET_SWITCH_H
#define VITRINE_BACKENDS_NET_SWITCH_H

#include "base/status.h"
#include "bus/net.h"

#define NET_SWITCH_PORTS 8

struct net_switch;

struct net_switch *net_switch_new(void); /* NULL: out of memory */
/* A free port for a cable; NULL: all are taken. */
struct net_port *net_switch_port(struct net_switch *net_switch);
void net_switch_free(struct net_switch *net_switch);

#endif
