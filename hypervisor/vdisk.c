#include "hypervisor/vdisk.h"

#include <stdio.h>
#include <stdlib.h>

#include "bus/door.h"
#include "hypervisor/ata_driver.h"

struct vdisk {
    struct block block; /* first: the virtual drive's back-end */
    struct guest *guest;
    struct vdisk_range range;
    struct vdisk_counts counts;
    char name[128];
};

static struct vdisk *vdisk_of(struct block *block)
{
    return (struct vdisk *)(void *)block;
}

/* The geometry that the guest sees: heads and sectors of the physical disk, cylinders of its own. */
static struct block_geometry guest_geometry(const struct vdisk_range *range)
{
    struct block_geometry g = range->physical;
    g.cylinders = range->cylinders;
    g.total = (uint64_t)g.cylinders * g.heads * g.sectors;
    return g;
}

void vdisk_map(const struct vdisk_range *range, const struct block_address *guest_at,
               uint32_t sectors, struct block_address *physical, uint32_t *allowed)
{
    struct block_geometry g = guest_geometry(range);
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

static void note_mapped(struct vdisk *vdisk, const struct block_request *request,
                        const struct block_address *to, uint32_t allowed)
{
    struct block_geometry g = guest_geometry(&vdisk->range);
    struct block_address from = request->at;
    if (!from.is_chs)
        from = block_lba_to_chs(&g, request->at.lba);
    door_note(&vdisk->guest->vmm->world->door, DECISION_MAP,
              "%s%s %u sector%s at virtual C/H/S %u/%u/%u%s -> physical C/H/S %u/%u/%u%s",
              request->at.is_chs ? "" : "LBA ",
              request->op == BLOCK_WRITE ? "write" : request->op == BLOCK_READ ? "read" : "verify",
              request->sectors, request->sectors == 1 ? "" : "s", from.cylinder, from.head,
              from.sector, request->at.is_chs ? "" : " (by LBA)", to->cylinder, to->head, to->sector,
              allowed < request->sectors ? ", the rest refused: IDNF" : "");
}

static void refuse(struct vdisk *vdisk, struct block_request *request)
{
    vdisk->counts.refused++;
    if (request->at.is_chs)
        door_note(&vdisk->guest->vmm->world->door, DECISION_DENY,
                  "cylinder %u is past the guest's last, %u: refused (IDNF)", request->at.cylinder,
                  vdisk->range.cylinders - 1);
    else
        door_note(&vdisk->guest->vmm->world->door, DECISION_DENY,
                  "LBA %llu is past the guest's last: refused (IDNF)",
                  (unsigned long long)request->at.lba);
    request->done_sectors = 0;
    request->result = BLOCK_RANGE;
    request->complete(request);
}

static void count(struct vdisk_counts *counts, const struct block_request *request,
                  uint32_t allowed)
{
    switch (request->op) {
    case BLOCK_READ:
    case BLOCK_VERIFY:
        counts->reads++;
        counts->sectors_read += allowed;
        break;
    case BLOCK_WRITE:
        counts->writes++;
        counts->sectors_written += allowed;
        break;
    case BLOCK_FLUSH: counts->flushes++; break;
    }
}

static void submit(struct block *block, struct block_request *request)
{
    struct vdisk *vdisk = vdisk_of(block);
    struct block_address physical = {0};
    uint32_t allowed = 0;
    request->result = BLOCK_PENDING;
    request->done_sectors = 0;
    if (request->op != BLOCK_FLUSH) {
        vdisk_map(&vdisk->range, &request->at, request->sectors, &physical, &allowed);
        if (allowed == 0) {
            refuse(vdisk, request);
            return;
        }
        note_mapped(vdisk, request, &physical, allowed);
    }
    count(&vdisk->counts, request, allowed);
    ata_driver_enqueue(vdisk->guest->vmm->disk_driver, vdisk->guest, request, &physical, allowed);
}

static void cancel(struct block *block, struct block_request *request)
{
    ata_driver_cancel(vdisk_of(block)->guest->vmm->disk_driver, request);
}

static void geometry(struct block *block, struct block_geometry *g)
{
    *g = guest_geometry(&vdisk_of(block)->range);
}

static void keep_open(struct block *block)
{
    (void)block; /* the guest owns it: vdisk_free */
}

static const struct block_ops OPS = {.geometry = geometry, .submit = submit, .cancel = cancel,
                                     .close = keep_open};

enum status vdisk_new(struct vdisk **vdisk, struct guest *guest, struct error *error)
{
    const struct lab_guest *lab = guest->lab;
    struct vdisk *made = calloc(1, sizeof *made);
    *vdisk = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for guest %s's disk", lab->name);
    made->guest = guest;
    made->range.physical = guest->vmm->lab->geometry;
    made->range.first_cylinder = lab->first_cylinder;
    made->range.cylinders = lab->last_cylinder - lab->first_cylinder + 1;
    snprintf(made->name, sizeof made->name, "guest %s: cylinders %u-%u", lab->name,
             lab->first_cylinder, lab->last_cylinder);
    made->block.ops = &OPS;
    made->block.name = made->name;
    *vdisk = made;
    return STATUS_OK;
}

void vdisk_free(struct vdisk *vdisk)
{
    free(vdisk);
}

struct block *vdisk_block(struct vdisk *vdisk)
{
    return &vdisk->block;
}

const struct vdisk_counts *vdisk_counts(const struct vdisk *vdisk)
{
    return &vdisk->counts;
}
