/* The VMM's own driver for the host's NE2000: the switch's uplink. */
#ifndef VITRINE_HYPERVISOR_NE2000_DRIVER_H
#define VITRINE_HYPERVISOR_NE2000_DRIVER_H

#include "hypervisor/vmm.h"

/* Resets the card and starts it in promiscuous mode. Refuses when no card answers. */
enum status ne2000_driver_new(struct ne2000_driver **driver, struct vmm *vmm, struct error *error);
void ne2000_driver_free(struct ne2000_driver *driver);
/* Queues a frame for the wire; copied. NULL driver: dropped. Never waits. */
void ne2000_driver_send(struct ne2000_driver *driver, const uint8_t *frame, size_t bytes,
                        uint64_t cause);

struct ne2000_driver_counts {
    uint64_t sent, received, dropped, interrupts, overflows;
};
const struct ne2000_driver_counts *ne2000_driver_counts(const struct ne2000_driver *driver);

#endif
