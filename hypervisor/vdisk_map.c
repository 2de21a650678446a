/* The disk's map: arithmetic alone, so that tests can try every address of it (tests/golden/disk-map.sh) and
 * Frama-C can prove its contracts (tests/full/contracts.sh). That what is allowed lies within the guest's own
 * cylinders is not among them: products and quotients of variables are beyond the prover; the test has it. */
#include "hypervisor/vdisk.h"

/*@ requires \valid_read(range);
    requires range->cylinders <= 65535;
    requires 1 <= range->physical.heads <= 16 && 1 <= range->physical.sectors <= 255;
    assigns \nothing;
    ensures \result.heads == range->physical.heads && \result.sectors == range->physical.sectors;
    ensures \result.cylinders == range->cylinders;
    ensures \result.total == range->cylinders * range->physical.heads * range->physical.sectors; */
struct block_geometry vdisk_geometry(const struct vdisk_range *range)
{
    struct block_geometry g = range->physical;
    g.cylinders = range->cylinders;
    g.total = (uint64_t)g.cylinders * g.heads * g.sectors;
    return g;
}

/*@ requires \valid_read(range) && \valid_read(guest_at) && \valid(physical) && \valid(allowed);
    requires \separated(range, physical, allowed) && \separated(guest_at, physical, allowed);
    requires range->first_cylinder + range->cylinders <= 65535;
    requires 1 <= range->physical.heads <= 16 && 1 <= range->physical.sectors <= 255;
    assigns *physical, *allowed;
    ensures bounded: *allowed <= sectors;
    ensures refused: *allowed == 0 && sectors > 0 ==> *physical == \old(*physical);
    ensures track: *allowed > 0 ==> physical->head < range->physical.heads &&
        1 <= physical->sector <= range->physical.sectors; */
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
