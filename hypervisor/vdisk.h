/* The disk's arbiter: a guest's disk is a range of the physical disk's cylinders.
 *
 * The map is total and injective: every request is either mapped into the guest's own range or
 * refused as RANGE, which the virtual drive reports as IDNF. */
#ifndef VITRINE_HYPERVISOR_VDISK_H
#define VITRINE_HYPERVISOR_VDISK_H

#include "bus/block.h"
#include "hypervisor/vmm.h"

struct vdisk_range {
    struct block_geometry physical;
    uint32_t first_cylinder, cylinders;
};

/* Pure. What the guest sees: heads and sectors of the physical disk, cylinders of its own. */
struct block_geometry vdisk_geometry(const struct vdisk_range *range);
/* Pure. Maps `sectors` sectors from a guest's address to the first physical one; *allowed tells how
 * many of them lie inside the range (0: none, nothing is mapped). */
void vdisk_map(const struct vdisk_range *range, const struct block_address *guest_at,
               uint32_t sectors, struct block_address *physical, uint32_t *allowed);

enum status vdisk_new(struct vdisk **vdisk, struct guest *guest, struct error *error);
void vdisk_free(struct vdisk *vdisk);
/* From now on each answer comes the lab's latency after its request, in the time of the guest's clock;
 * the guest's time stands still for a slower disk. Before the clock goes: vdisk_forget_clock(). */
enum status vdisk_fix_latency(struct vdisk *vdisk, struct clock *clock, struct error *error);
void vdisk_forget_clock(struct vdisk *vdisk);
struct block *vdisk_block(struct vdisk *vdisk);

struct vdisk_counts {
    uint64_t reads, writes, flushes, sectors_read, sectors_written, refused;
};
const struct vdisk_counts *vdisk_counts(const struct vdisk *vdisk);

#endif
