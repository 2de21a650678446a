/* The way from the virtual disks to the physical disk's driver, by who holds it (LAB.ini:
 * disk_driver). Requests come from vdisk, mapped; the driver is the same in each place. */
#ifndef VITRINE_HYPERVISOR_DISK_PATH_H
#define VITRINE_HYPERVISOR_DISK_PATH_H

#include "bus/block.h"
#include "hypervisor/vmm.h"

struct disk_path_counts {
    uint64_t requests, visits; /* in how many rounds they were passed on */
};

enum status disk_path_new(struct disk_path **path, struct vmm *vmm, struct error *error);
void disk_path_free(struct disk_path *path);
/* As ata_driver_enqueue() and ata_driver_cancel(). */
void disk_path_submit(struct disk_path *path, struct guest *guest, struct block_request *request,
                      const struct block_address *physical, uint32_t sectors);
void disk_path_cancel(struct disk_path *path, struct block_request *request);
bool disk_path_is_busy(const struct disk_path *path); /* NULL: false */
const struct disk_path_counts *disk_path_counts(const struct disk_path *path);

#endif
