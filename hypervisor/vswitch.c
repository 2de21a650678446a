#include "hypervisor/vswitch.h"

#include <stdlib.h>

#include "base/bits.h"
#include "hypervisor/nic_path.h"

#define PORTS_MAX (LAB_GUESTS_MAX + 1)
#define RATE_BURST_BITS (4u * 8 * NET_FRAME_MAX)
#define FRAMES_A_ROUND 8 /* of one port before the others have their turn */

struct vswitch_port {
    struct net_port cable;
    struct vswitch *vswitch;
    struct guest *guest; /* NULL: the uplink */
    unsigned number;
    uint64_t vlan;
    bool is_access;          /* in a VLAN by LAB.ini: takes untagged frames only */
    struct net_table learnt; /* used when this port is the first of its VLAN */
    struct net_table *table; /* of its VLAN */
    struct net_queue queue;
    uint64_t bucket_bits, filled_at; /* for its rate; host time */
    struct vswitch_counts counts;
};

struct vswitch {
    struct vmm *vmm;
    struct vmm_part part;
    struct vswitch_port *ports[PORTS_MAX]; /* 0: the uplink */
    unsigned port_count;
};

/* --- forwarding (IEEE 802.1D-2004, 7.7) -------------------------------------------------------------------------------------- */

static void show(const struct vswitch *vswitch, const struct vswitch_port *from,
                 const struct vswitch_port *to, const struct net_frame *frame)
{
    struct door *door = &vswitch->vmm->world->door;
    struct door_event event = {.kind = DOOR_FRAME,
                               .source = from->cable.name,
                               .target = to->cable.name,
                               .bytes = frame->bytes,
                               .byte_count = frame->count};
    if (!door_is_watched(door))
        return;
    event.machine = vswitch->vmm->host->name;
    door_show(door, &event);
}

static void send_to(struct vswitch *vswitch, const struct vswitch_port *from,
                    struct vswitch_port *port, const struct net_frame *frame)
{
    port->counts.sent++;
    show(vswitch, from, port, frame);
    if (!port->guest) {
        nic_path_send(vswitch->vmm->nic_path, frame->bytes, frame->count, frame->cause);
        return;
    }
    vmm_charge(vswitch->vmm, port->guest, IO_NIC, COST_COPY_KIB, (frame->count + 1023) / 1024);
    net_send(&port->cable, frame->bytes, frame->count, frame->cause);
}

static void forward(struct vswitch *vswitch, const struct vswitch_port *from,
                    const struct net_frame *frame)
{
    net_table_learn(from->table, frame->bytes, from->number);
    for (unsigned i = 0; i < vswitch->port_count; i++) {
        struct vswitch_port *port = vswitch->ports[i];
        if (port && port->vlan == from->vlan &&
            net_table_forwards(from->table, frame->bytes, from->number, i))
            send_to(vswitch, from, port, frame);
    }
}

static void work(void *self)
{
    struct vswitch *vswitch = self;
    for (unsigned i = 0; i < vswitch->port_count; i++) {
        struct vswitch_port *port = vswitch->ports[i];
        const struct net_frame *frame;
        for (int n = 0; port && n < FRAMES_A_ROUND; n++) {
            if (!(frame = net_queue_first(&port->queue)))
                break;
            vswitch->vmm->world->door.cause = frame->cause;
            forward(vswitch, port, frame);
            vswitch->vmm->world->door.cause = 0;
            net_queue_drop_first(&port->queue);
        }
        if (port && port->queue.waiting)
            vmm_kick(vswitch->vmm, &vswitch->part);
    }
}

/* --- ports --------------------------------------------------------------------------------------------------- */

/* IEEE 802.1Q-2018, 9.6: bytes 12-13 are 81-00, the next 12 bits after priority the VLAN's number; 0 is a
 * priority alone. */
static bool is_tagged(const uint8_t *bytes, size_t count)
{
    return count >= NET_HEADER_BYTES + 2 && load_be16(bytes + 12) == 0x8100 &&
           (load_be16(bytes + 14) & 0xFFF) != 0;
}

/* Whether the port's rate lets the frame pass; its bits are then taken from the bucket. */
static bool is_within_rate(struct vswitch_port *port, size_t count)
{
    const struct timeline *timeline = &port->vswitch->vmm->world->timeline;
    uint64_t rate = port->guest ? port->guest->lab->rate_kbit * 1000 : 0;
    uint64_t bits = muldiv_floor(timeline->now - port->filled_at, rate, timeline->hz);
    if (rate == 0)
        return true;
    if (bits) {
        port->bucket_bits += bits;
        port->filled_at = timeline->now;
    }
    if (port->bucket_bits > RATE_BURST_BITS)
        port->bucket_bits = RATE_BURST_BITS;
    if (port->bucket_bits < count * 8)
        return false;
    port->bucket_bits -= count * 8;
    return true;
}

/* A frame comes out of a NIC: only queued here, in the middle of the guest's instruction. */
static void enqueue(void *self, const uint8_t *bytes, size_t count, uint64_t cause)
{
    struct vswitch_port *port = self;
    struct door *door = &port->vswitch->vmm->world->door;
    port->counts.received++;
    if (count < NET_HEADER_BYTES || count > NET_FRAME_MAX) {
        port->counts.dropped++;
        door_note(door, DECISION_DENY, "switch: a frame of %zu bytes is dropped", count);
        return;
    }
    if (port->is_access && is_tagged(bytes, count)) {
        port->counts.dropped++;
        door_note(door, DECISION_DENY, "switch: a tagged frame at an access port of VLAN %llu, dropped",
                  (unsigned long long)port->vlan);
        return;
    }
    if (!is_within_rate(port, count)) {
        port->counts.dropped++;
        port->counts.limited++;
        door_note(door, DECISION_DENY, "switch: above %llu kbit/s, frame dropped",
                  (unsigned long long)port->guest->lab->rate_kbit);
        return;
    }
    if (!net_queue_put(&port->queue, bytes, count, cause)) {
        port->counts.dropped++;
        door_note(door, DECISION_DENY, "switch: the port's queue is full, frame dropped");
        return;
    }
    door_note(door, DECISION_MAP, "switch: %zu bytes to %02x:%02x:%02x:%02x:%02x:%02x queued at port "
              "%u", count, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], port->number);
    vmm_kick(port->vswitch->vmm, &port->vswitch->part);
}

/* Each VLAN learns for itself: an address seen in one says nothing about another
 * (independent learning: IEEE 802.1Q-2018, 8.8). */
static struct net_table *table_of(struct vswitch *vswitch, struct vswitch_port *port)
{
    for (unsigned i = 0; i < vswitch->port_count; i++)
        if (vswitch->ports[i] && vswitch->ports[i]->vlan == port->vlan)
            return vswitch->ports[i]->table;
    return &port->learnt;
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
    made->is_access = guest && guest->lab->vlan;
    made->vlan = made->is_access ? guest->lab->vlan : LAB_VLAN;
    made->table = table_of(vswitch, made);
    made->bucket_bits = RATE_BURST_BITS;
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
