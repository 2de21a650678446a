/* The way from the switch's uplink to the physical NIC's driver, by who holds it (LAB.ini:
 * nic_driver). */
#ifndef VITRINE_HYPERVISOR_NIC_PATH_H
#define VITRINE_HYPERVISOR_NIC_PATH_H

#include "hypervisor/vmm.h"

struct nic_path_counts {
    uint64_t frames, visits, combined,
        dropped; /* combined: sent in a visit that came for other reasons */
};

enum status nic_path_new(struct nic_path **path, struct vmm *vmm, struct error *error);
void nic_path_free(struct nic_path *path);
/* A frame to the uplink; a full queue drops it. */
void nic_path_send(struct nic_path *path, const uint8_t *frame, size_t bytes, uint64_t cause);
/* The host OS's context was entered, for whatever reason: what waits goes out now. */
void nic_path_visit(struct nic_path *path);
const struct nic_path_counts *nic_path_counts(const struct nic_path *path);

#endif
