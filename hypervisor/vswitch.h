/* The network's arbiter: a learning switch between the guests' NICs and the host's NIC.
 *
 * A frame from a guest waits in its port's bounded queue until the VMM works; then it goes to the
 * port that its destination was last seen on, to all others when that is unknown or a group, and
 * never back. What comes in over the host's NIC (the uplink) takes the same way. Ports of different VLANs
 * (IEEE 802.1Q-2018) never meet; the uplink is in VLAN 1, as every port that LAB.ini gives none.
 * A guest's `rate_kbit` polices its port: a bucket of bits fills at that rate, holds RATE_BURST_BITS, and a frame
 * for which it has too few is dropped.
 * MISSING: trunks: a port has one VLAN, its frames are untagged. */
#ifndef VITRINE_HYPERVISOR_VSWITCH_H
#define VITRINE_HYPERVISOR_VSWITCH_H

#include "bus/net.h"
#include "hypervisor/vmm.h"

struct vswitch_counts {
    uint64_t received, sent, dropped; /* frames: from the port, to it, not taken from it */
    uint64_t limited;                 /* of those dropped: above the port's rate */
};

enum status vswitch_new(struct vswitch **vswitch, struct vmm *vmm, struct error *error);
void vswitch_free(struct vswitch *vswitch);
/* Makes guest->port. */
enum status vswitch_add_guest(struct vswitch *vswitch, struct guest *guest, struct error *error);
/* The switch's end of the port's cable. */
struct net_port *vswitch_cable(struct vswitch_port *port);
/* A frame arrived at the host's NIC (by the native driver). */
void vswitch_from_uplink(struct vswitch *vswitch, const uint8_t *frame, size_t bytes,
                         uint64_t cause);
const struct vswitch_counts *vswitch_port_counts(const struct vswitch_port *port);
const struct vswitch_counts *vswitch_uplink_counts(const struct vswitch *vswitch);

#endif
