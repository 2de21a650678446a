/* The VMM's own disk driver: it reaches the host's drive only through the host's ports. */
#ifndef VITRINE_HYPERVISOR_ATA_DRIVER_H
#define VITRINE_HYPERVISOR_ATA_DRIVER_H

#include "bus/block.h"
#include "hypervisor/vmm.h"

/* Enables the drive's interrupt; `geometry` is what LAB.ini says the disk is. */
enum status ata_driver_new(struct ata_driver **driver, struct vmm *vmm,
                           const struct block_geometry *geometry, struct error *error);
void ata_driver_free(struct ata_driver *driver);
/* Queues a guest's request: `sectors` (at most request->sectors) at the physical address. The rest,
 * if any, is reported as RANGE. Flushes take no address. Never waits. */
void ata_driver_enqueue(struct ata_driver *driver, struct guest *guest,
                        struct block_request *request, const struct block_address *physical,
                        uint32_t sectors);
/* Forgets a request; what is on its way to the disk is finished for nobody. */
void ata_driver_cancel(struct ata_driver *driver, struct block_request *request);
bool ata_driver_is_busy(const struct ata_driver *driver); /* NULL: false */

/* The guest whose request is under way; NULL: none is. */
const struct guest *ata_driver_client(const struct ata_driver *driver);

struct ata_driver_counts {
    uint64_t commands, transfers /* by DMA */, interrupts, sectors_read, sectors_written, flushes, errors;
};
const struct ata_driver_counts *ata_driver_counts(const struct ata_driver *driver);

#endif
