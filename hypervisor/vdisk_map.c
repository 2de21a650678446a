/* The disk's map: arithmetic alone, so that tests can try every address of it. */
#include "hypervisor/vdisk.h"

struct block_geometry vdisk_geometry(const struct vdisk_range *range)
{
    struct block_geometry g = range->physical;
    g.cylinders = range->cylinders;
    g.total = (uint64_t)g.cylinders * g.heads * g.sectors;
    return g;
}

void vdisk_map(const struct vdisk_range *range, const struct block_address *guest_at,
               uint32_t sectors, struct block_address *physical, uint32_t *allowed)
{
    struct block_geometry g = vdisk_geometry(range);
    uint64_t lba = guest_at->lba;
    *allowed = 0;
    if (guest_at->is_chs && !block_chs_to_lba(&g, guest_at, &lba))
        return;
    if (lba >= g.total)
        return;
    *allowed = g.total - lba < sectors ? (uint32_t)(g.total - lba) : sectors;
    *physical = block_lba_to_chs(&g, lba);
    physical->cylinder += range->first_cylinder;
    physical->lba = lba + (uint64_t)range->first_cylinder * g.heads * g.sectors;
}
