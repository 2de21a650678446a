/* Frames pass at the instant at which their last bit has left the sender's wire; nothing waits, so
 * there is nothing to be saved but what was learned, and that only decides between sending to one
 * and sending to all. IEEE 802.1D-2004, 7.7 and 7.8. */
#include "backends/net_switch.h"

#include <stdlib.h>

struct switch_port {
    struct net_port cable;
    struct net_switch *owner;
    unsigned number;
};

struct net_switch {
    struct switch_port ports[NET_SWITCH_PORTS];
    unsigned count;
    struct net_table table;
};

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    const struct switch_port *from = self;
    struct net_switch *owner = from->owner;
    if (bytes < NET_HEADER_BYTES || bytes > NET_FRAME_MAX)
        return;
    net_table_learn(&owner->table, frame, from->number);
    for (unsigned i = 0; i < owner->count; i++)
        if (net_table_forwards(&owner->table, frame, from->number, i))
            net_send(&owner->ports[i].cable, frame, bytes, cause);
}

struct net_switch *net_switch_new(void)
{
    return calloc(1, sizeof(struct net_switch));
}

struct net_port *net_switch_port(struct net_switch *net_switch)
{
    struct switch_port *port = &net_switch->ports[net_switch->count];
    if (net_switch->count == NET_SWITCH_PORTS)
        return NULL;
    port->cable = (struct net_port){.name = "switch", .receive = receive, .self = port};
    port->owner = net_switch;
    port->number = net_switch->count++;
    return &port->cable;
}

void net_switch_free(struct net_switch *net_switch)
{
    free(net_switch);
}
