/* The arbiter of exclusive devices: the host's serial line (COM1) and its printer (LPT1).
 *
 * Nobody can use them in space; they are shared in time, or given away:
 *
 *   share   handed over. Each guest has a virtual port with a bounded queue behind it; one guest holds the
 *           device, and its bytes go out by the native driver. Who waits has its bytes kept, and then a port
 *           that is busy. The device is free again when its holder has been silent for `handover_us`,
 *           or after HOLD_TURNS times that when somebody waits; then the one who waits longest gets it.
 *   pass    one guest has the physical ports themselves: its accesses go to the host's bus as they are, the
 *           device's interrupts to its 8259. To the others the device is not there.
 *
 * MISSING: modem lines of a shared serial line, and its speed: the driver sets 115,200 baud, 8N1. */
#ifndef VITRINE_HYPERVISOR_LINES_H
#define VITRINE_HYPERVISOR_LINES_H

#include "bus/chardev.h"
#include "hypervisor/vmm.h"

#define LINE_QUEUE  256u /* bytes, each way, a guest */
#define LINE_NOBODY LAB_GUESTS_MAX

struct lines;

struct line_counts {
    uint64_t sent, received, dropped, handovers; /* bytes; times */
};

enum status lines_new(struct lines **lines, struct vmm *vmm, struct error *error);
void lines_free(struct lines *lines);
/* What a guest's virtual port is plugged into; NULL: nothing of the host's. */
struct chardev *lines_chardev(struct lines *lines, enum lab_line_kind kind, unsigned guest);
/* Its machine is built: interrupts of what was given to it go in there. */
void lines_take_pins(struct lines *lines, struct guest *guest);
/* An access of a guest to a port: true when it was passed on to the physical port. Notes what was decided. */
bool lines_pass(struct lines *lines, struct guest *guest, struct access *access);
/* The guest was reset, or has ended: a device that is its own falls silent. */
void lines_quiet(struct lines *lines, const struct guest *guest);
/* Whether bytes are on their way out. */
bool lines_are_busy(const struct lines *lines);
/* Who holds a shared device; LINE_NOBODY: it is free. */
unsigned lines_holder(const struct lines *lines, enum lab_line_kind kind);
/* The guest's share of the traffic. */
const struct line_counts *lines_counts(const struct lines *lines, enum lab_line_kind kind,
                                       unsigned guest);

#endif
