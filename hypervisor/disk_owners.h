/* The last look before the host's medium: each sector of the physical disk carries its owner's tag, and each
 * access of the medium is compared with the guest that the driver works for.
 *
 * It stands between the host's drive and the file behind it, sees what arrives there by whatever way (PIO,
 * DMA or ring; native, hosted or split), and knows nothing of the map: its tags come from LAB.ini's
 * cylinders. It never finds anything, unless the arbiter has a mistake or is off; then it says so, refuses,
 * and the run ends with status 70. With `arbiter = off` it only counts. */
#ifndef VITRINE_HYPERVISOR_DISK_OWNERS_H
#define VITRINE_HYPERVISOR_DISK_OWNERS_H

#include "bus/block.h"
#include "hypervisor/vmm.h"

struct disk_owners_counts {
    uint64_t accesses, sectors; /* of the medium */
    uint64_t foreign;           /* accesses that touched a sector of somebody else, or of nobody */
};

/* `medium` is what the host's drive would have had; it stays its opener's. */
enum status disk_owners_new(struct disk_owners **owners, struct vmm *vmm, struct block *medium,
                            struct error *error);
void disk_owners_free(struct disk_owners *owners);
struct block *disk_owners_block(struct disk_owners *owners);
/* Whether a guest may do that to sectors lba to lba + count - 1. */
bool disk_owners_allow(const struct disk_owners *owners, unsigned guest, bool is_write,
                       uint64_t lba, uint64_t count);
const struct disk_owners_counts *disk_owners_counts(const struct disk_owners *owners);

#endif
