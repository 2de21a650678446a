#include "hypervisor/vswitch.h"

#include <stdlib.h>
#include <string.h>

#include "hypervisor/ne2000_driver.h"

#define QUEUE_FRAMES 32
#define ADDRESSES 256 /* learned; the oldest is overwritten */
#define PORTS_MAX (LAB_GUESTS_MAX + 1)
#define MAC_BYTES 6u
#define HEADER_BYTES 14u
#define FRAMES_A_ROUND 8 /* of one port before the others have their turn */

struct frame {
    uint8_t bytes[NET_FRAME_MAX];
    size_t count;
    uint64_t cause;
};

struct vswitch_port {
    struct net_port cable;
    struct vswitch *vswitch;
    struct guest *guest; /* NULL: the uplink */
    unsigned number;
    struct frame queue[QUEUE_FRAMES];
    unsigned head, waiting;
    struct vswitch_counts counts;
};

struct learned {
    uint8_t mac[MAC_BYTES];
    unsigned port;
    bool is_known;
};

struct vswitch {
    struct vmm *vmm;
    struct vmm_part part;
    struct vswitch_port *ports[PORTS_MAX]; /* 0: the uplink */
    unsigned port_count;
    struct learned addresses[ADDRESSES];
    unsigned next_address;
};

/* --- learning (IEEE 802.1D-2004, 7.8) ------------------------------------------------------------------ */

static struct learned *find(struct vswitch *vswitch, const uint8_t *mac)
{
    for (unsigned i = 0; i < ADDRESSES; i++)
        if (vswitch->addresses[i].is_known && memcmp(vswitch->addresses[i].mac, mac, MAC_BYTES) == 0)
            return &vswitch->addresses[i];
    return NULL;
}

static void learn(struct vswitch *vswitch, const uint8_t *mac, unsigned port)
{
    struct learned *entry;
    if (mac[0] & 1) /* a group is never a source */
        return;
    entry = find(vswitch, mac);
    if (!entry)
        entry = &vswitch->addresses[vswitch->next_address++ % ADDRESSES];
    memcpy(entry->mac, mac, MAC_BYTES);
    entry->port = port;
    entry->is_known = true;
}

/* --- forwarding (7.7) -------------------------------------------------------------------------------------- */

static void send_to(struct vswitch *vswitch, struct vswitch_port *port, const struct frame *frame)
{
    port->counts.sent++;
    if (!port->guest) {
        ne2000_driver_send(vswitch->vmm->nic_driver, frame->bytes, frame->count, frame->cause);
        return;
    }
    vmm_charge(vswitch->vmm, port->guest, COST_COPY_KIB, (frame->count + 1023) / 1024);
    net_send(&port->cable, frame->bytes, frame->count, frame->cause);
}

static void forward(struct vswitch *vswitch, const struct vswitch_port *from,
                    const struct frame *frame)
{
    const struct learned *known = NULL;
    learn(vswitch, frame->bytes + MAC_BYTES, from->number);
    if (!(frame->bytes[0] & 1))
        known = find(vswitch, frame->bytes);
    for (unsigned i = 0; i < vswitch->port_count; i++) {
        struct vswitch_port *port = vswitch->ports[i];
        if (!port || port == from || (known && known->port != i))
            continue;
        send_to(vswitch, port, frame);
    }
}

static void work(void *self)
{
    struct vswitch *vswitch = self;
    for (unsigned i = 0; i < vswitch->port_count; i++) {
        struct vswitch_port *port = vswitch->ports[i];
        for (int n = 0; port && port->waiting && n < FRAMES_A_ROUND; n++) {
            struct frame *frame = &port->queue[port->head];
            vswitch->vmm->world->door.cause = frame->cause;
            forward(vswitch, port, frame);
            vswitch->vmm->world->door.cause = 0;
            port->head = (port->head + 1) % QUEUE_FRAMES;
            port->waiting--;
        }
        if (port && port->waiting)
            vmm_kick(vswitch->vmm, &vswitch->part);
    }
}

/* --- ports --------------------------------------------------------------------------------------------------- */

/* A frame comes out of a NIC: only queued here, in the middle of the guest's instruction. */
static void enqueue(void *self, const uint8_t *bytes, size_t count, uint64_t cause)
{
    struct vswitch_port *port = self;
    struct door *door = &port->vswitch->vmm->world->door;
    struct frame *frame;
    port->counts.received++;
    if (count < HEADER_BYTES || count > NET_FRAME_MAX) {
        port->counts.dropped++;
        door_note(door, DECISION_DENY, "switch: a frame of %zu bytes is dropped", count);
        return;
    }
    if (port->waiting == QUEUE_FRAMES) {
        port->counts.dropped++;
        door_note(door, DECISION_DENY, "switch: the port's queue is full, frame dropped");
        return;
    }
    frame = &port->queue[(port->head + port->waiting++) % QUEUE_FRAMES];
    memcpy(frame->bytes, bytes, count);
    frame->count = count;
    frame->cause = cause;
    door_note(door, DECISION_MAP, "switch: %zu bytes to %02x:%02x:%02x:%02x:%02x:%02x queued at port "
              "%u", count, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], port->number);
    vmm_kick(port->vswitch->vmm, &port->vswitch->part);
}

static enum status add_port(struct vswitch *vswitch, unsigned number, struct guest *guest,
                            struct vswitch_port **port, struct error *error)
{
    struct vswitch_port *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for a port of the switch");
    made->vswitch = vswitch;
    made->guest = guest;
    made->number = number;
    made->cable.name = guest ? guest->lab->name : "uplink";
    made->cable.receive = enqueue;
    made->cable.self = made;
    vswitch->ports[number] = made;
    if (number >= vswitch->port_count)
        vswitch->port_count = number + 1;
    *port = made;
    return STATUS_OK;
}

enum status vswitch_add_guest(struct vswitch *vswitch, struct guest *guest, struct error *error)
{
    return add_port(vswitch, guest->number + 1, guest, &guest->port, error);
}

struct net_port *vswitch_cable(struct vswitch_port *port)
{
    return &port->cable;
}

void vswitch_from_uplink(struct vswitch *vswitch, const uint8_t *frame, size_t bytes,
                         uint64_t cause)
{
    enqueue(vswitch->ports[0], frame, bytes, cause);
}

const struct vswitch_counts *vswitch_port_counts(const struct vswitch_port *port)
{
    return &port->counts;
}

const struct vswitch_counts *vswitch_uplink_counts(const struct vswitch *vswitch)
{
    return &vswitch->ports[0]->counts;
}

enum status vswitch_new(struct vswitch **vswitch, struct vmm *vmm, struct error *error)
{
    struct vswitch *made = calloc(1, sizeof *made);
    struct vswitch_port *uplink;
    *vswitch = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the switch");
    made->vmm = vmm;
    made->part.work = work;
    made->part.self = made;
    vmm_add_part(vmm, &made->part);
    *vswitch = made;
    return add_port(made, 0, NULL, &uplink, error);
}

void vswitch_free(struct vswitch *vswitch)
{
    if (!vswitch)
        return;
    for (unsigned i = 0; i < vswitch->port_count; i++)
        free(vswitch->ports[i]);
    free(vswitch);
}
