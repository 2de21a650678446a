#include "hypervisor/disk_owners.h"

#include <stdlib.h>

#include "hypervisor/ata_driver.h"

/* Ranges of 64 guests cut the disk into at most so many pieces, and one set is nobody. */
#define SETS_MAX (2 * LAB_GUESTS_MAX + 2)

struct owner_set {
    uint64_t readers, writers; /* bit n: guest n */
};

struct disk_owners {
    struct block block; /* what the host's drive has */
    struct block *medium;
    struct vmm *vmm;
    struct block_geometry geometry;
    uint8_t *tags; /* a sector's set */
    struct owner_set sets[SETS_MAX];
    unsigned set_count;
    struct disk_owners_counts counts;
};

/* --- tags --------------------------------------------------------------------------------------------- */

/* The number of a set; it is made where it is not there yet. */
static uint8_t set_number(struct disk_owners *owners, struct owner_set set)
{
    unsigned i = 0;
    while (i < owners->set_count &&
           (owners->sets[i].readers != set.readers || owners->sets[i].writers != set.writers))
        i++;
    if (i == owners->set_count)
        owners->sets[owners->set_count++] = set;
    return (uint8_t)i;
}

static void tag_sectors(struct disk_owners *owners, unsigned guest, const struct lab_guest *lab)
{
    uint64_t cylinder = (uint64_t)owners->geometry.heads * owners->geometry.sectors;
    uint64_t end = (lab->last_cylinder + UINT64_C(1)) * cylinder;
    uint8_t from = 0, to = 0; /* the last step: 0 is nobody, and becomes somebody at once */
    for (uint64_t lba = lab->first_cylinder * cylinder; lba < end; lba++) {
        if (to == 0 || owners->tags[lba] != from) {
            struct owner_set set = owners->sets[owners->tags[lba]];
            set.readers |= UINT64_C(1) << guest;
            set.writers |= lab->is_disk_shared ? 0 : UINT64_C(1) << guest;
            from = owners->tags[lba];
            to = set_number(owners, set);
        }
        owners->tags[lba] = to;
    }
}

bool disk_owners_allow(const struct disk_owners *owners, unsigned guest, bool is_write,
                       uint64_t lba, uint64_t count)
{
    if (lba > owners->geometry.total || count > owners->geometry.total - lba)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        const struct owner_set *set = &owners->sets[owners->tags[lba + i]];
        if (!((is_write ? set->writers : set->readers) >> guest & 1))
            return false;
    }
    return true;
}

/* --- the medium --------------------------------------------------------------------------------------- */

static struct disk_owners *owners_of(struct block *block)
{
    return (struct disk_owners *)(void *)block; /* its first member */
}

/* Whether the medium has these sectors at all: else it answers for itself. */
static bool find(const struct disk_owners *owners, const struct block_request *request,
                 uint64_t *lba)
{
    *lba = request->at.lba;
    return (!request->at.is_chs || block_chs_to_lba(&owners->geometry, &request->at, lba)) &&
           *lba < owners->geometry.total && request->sectors <= owners->geometry.total - *lba;
}

static bool is_foreign(struct disk_owners *owners, const struct block_request *request)
{
    const struct guest *guest = ata_driver_client(owners->vmm->disk_driver);
    uint64_t lba;
    if (request->op == BLOCK_FLUSH || !find(owners, request, &lba))
        return false;
    owners->counts.accesses++;
    owners->counts.sectors += request->sectors;
    if (guest &&
        disk_owners_allow(owners, guest->number, request->op == BLOCK_WRITE, lba, request->sectors))
        return false;
    owners->counts.foreign++;
    if (!owners->vmm->lab->is_arbiter_off)
        log_line(&owners->vmm->world->log, LOG_ERROR,
                 "owner check: %s %s %u sectors from %llu on, not all its own: refused",
                 guest ? guest->lab->name : "nobody",
                 request->op == BLOCK_WRITE ? "writes" : "reads", request->sectors,
                 (unsigned long long)lba);
    return true;
}

static void submit(struct block *block, struct block_request *request)
{
    struct disk_owners *owners = owners_of(block);
    if (!is_foreign(owners, request) || owners->vmm->lab->is_arbiter_off) {
        owners->medium->ops->submit(owners->medium, request);
        return;
    }
    request->result = BLOCK_RANGE;
    request->done_sectors = 0;
    request->complete(request);
}

static void cancel(struct block *block, struct block_request *request)
{
    struct block *medium = owners_of(block)->medium;
    medium->ops->cancel(medium, request);
}

static void geometry(struct block *block, struct block_geometry *g)
{
    struct block *medium = owners_of(block)->medium;
    medium->ops->geometry(medium, g);
}

static void keep_open(struct block *block)
{
    (void)block; /* disk_owners_free */
}

static const struct block_ops OPS = {
    .geometry = geometry, .submit = submit, .cancel = cancel, .close = keep_open};

/* --- life --------------------------------------------------------------------------------------------- */

enum status disk_owners_new(struct disk_owners **owners, struct vmm *vmm, struct block *medium,
                            struct error *error)
{
    struct disk_owners *made = calloc(1, sizeof *made);
    *owners = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the disk's owners");
    made->vmm = vmm;
    made->medium = medium;
    made->block = *medium;
    made->block.ops = &OPS;
    made->geometry = vmm->lab->geometry;
    made->geometry.total =
        (uint64_t)made->geometry.cylinders * made->geometry.heads * made->geometry.sectors;
    made->set_count = 1;
    made->tags = calloc((size_t)made->geometry.total, 1);
    if (!made->tags)
        return error_set(error, STATUS_INTERNAL, "out of memory for the disk's owners");
    for (unsigned i = 0; i < vmm->lab->guest_count; i++)
        if (vmm->lab->guests[i].has_disk)
            tag_sectors(made, i, &vmm->lab->guests[i]);
    return STATUS_OK;
}

void disk_owners_free(struct disk_owners *owners)
{
    if (!owners)
        return;
    free(owners->tags);
    free(owners);
}

struct block *disk_owners_block(struct disk_owners *owners)
{
    return &owners->block;
}

const struct disk_owners_counts *disk_owners_counts(const struct disk_owners *owners)
{
    return &owners->counts;
}
