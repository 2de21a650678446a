#include "hypervisor/vdisk.h"

#include <stdio.h>
#include <stdlib.h>

#include "bus/door.h"
#include "hypervisor/disk_path.h"
#include "hypervisor/disk_queue.h"

/* Partitioned: a request that is answered `latency` after it was made, in the guest's own time. */
struct late {
    struct vdisk *vdisk;
    struct block_request inner;  /* what the driver carries out */
    struct block_request *outer; /* the drive's; NULL: cancelled */
    uint64_t due;                /* in the guest's time */
    bool is_done;
};

struct vdisk {
    struct block block; /* first: the virtual drive's back-end */
    struct guest *guest;
    struct event due;   /* of the first late one; no clock: answers come when they come */
    struct late *late;  /* DISK_QUEUE_PER_GUEST places, in the order of arrival */
    unsigned late_head, late_count;
    struct vdisk_range range;
    struct vdisk_counts counts;
    char name[128];
};

static struct vdisk *vdisk_of(struct block *block)
{
    return (struct vdisk *)(void *)block;
}

static void note_mapped(struct vdisk *vdisk, const struct block_request *request,
                        const struct block_address *to, uint32_t allowed)
{
    struct block_geometry g = vdisk_geometry(&vdisk->range);
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

/* --- arbiter = off: for teaching ----------------------------------------------------------------------- */

static const char *owner_of(const struct lab *lab, uint32_t cylinder)
{
    for (unsigned i = 0; i < lab->guest_count; i++)
        if (lab->guests[i].has_disk && cylinder >= lab->guests[i].first_cylinder &&
            cylinder <= lab->guests[i].last_cylinder)
            return lab->guests[i].name;
    return "nobody";
}

/* Nobody looks where the guest's range ends: the request goes to the disk as it is. */
static void map_unchecked(struct vdisk *vdisk, const struct block_request *request,
                          struct block_address *physical, uint32_t *allowed)
{
    struct vdisk_range all = vdisk->range;
    const struct lab_guest *own = vdisk->guest->lab;
    struct block_address last;
    uint64_t lba;
    all.cylinders = all.physical.cylinders - all.first_cylinder;
    vdisk_map(&all, &request->at, request->sectors, physical, allowed);
    if (*allowed == 0 || !block_chs_to_lba(&all.physical, physical, &lba))
        return;
    last = block_lba_to_chs(&all.physical, lba + *allowed - 1); /* it may begin in the guest's own */
    if (last.cylinder <= own->last_cylinder)
        return;
    door_note(&vdisk->guest->vmm->world->door, DECISION_PASS,
              "arbiter off: %s %u sectors by %s up to physical C/H/S %u/%u/%u, which is %s's",
              request->op == BLOCK_WRITE ? "write" : "read", request->sectors, own->name,
              last.cylinder, last.head, last.sector,
              owner_of(vdisk->guest->vmm->lab, last.cylinder));
}

static void map(struct vdisk *vdisk, const struct block_request *request,
                struct block_address *physical, uint32_t *allowed)
{
    vdisk_map(&vdisk->range, &request->at, request->sectors, physical, allowed);
    if (vdisk->guest->vmm->lab->is_arbiter_off && *allowed < request->sectors)
        map_unchecked(vdisk, request, physical, allowed);
    else if (*allowed)
        note_mapped(vdisk, request, physical, *allowed);
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

/* --- answers after a fixed time ------------------------------------------------------------------------ */

static void arm_first(struct vdisk *vdisk)
{
    if (vdisk->late_count)
        event_arm(&vdisk->due, vdisk->late[vdisk->late_head].due);
}

static void answer(struct vdisk *vdisk)
{
    struct late *late = &vdisk->late[vdisk->late_head];
    struct block_request *outer = late->outer;
    vdisk->late_head = (vdisk->late_head + 1) % DISK_QUEUE_PER_GUEST;
    vdisk->late_count--;
    arm_first(vdisk);
    if (!outer)
        return;
    outer->result = late->inner.result;
    outer->done_sectors = late->inner.done_sectors;
    outer->complete(outer);
}

/* The time has come. When the host's disk is slower than that, the guest's time stands still. */
static void fire_due(void *self)
{
    struct vdisk *vdisk = self;
    if (vdisk->late[vdisk->late_head].is_done) {
        answer(vdisk);
        return;
    }
    vdisk->guest->waits_for_disk = true;
    clock_freeze(&vdisk->guest->machine->clock);
}

static void inner_done(struct block_request *request)
{
    struct late *late = request->owner;
    struct vdisk *vdisk = late->vdisk;
    late->is_done = true;
    if (vdisk->guest->waits_for_disk && late == &vdisk->late[vdisk->late_head]) {
        vdisk->guest->waits_for_disk = false;
        answer(vdisk);
    }
}

/* When the instruction began that made the request: a string instruction's end lies wherever an event of
 * somebody else happened to cut it. */
static uint64_t request_time(const struct vdisk *vdisk)
{
    const struct guest *guest = vdisk->guest;
    return guest->vmm->world->door.current ? guest->trap_time : clock_now(&guest->machine->clock);
}

/* The request that goes to the driver; NULL: there are too many. */
static struct block_request *make_late(struct vdisk *vdisk, struct block_request *request)
{
    unsigned place = (vdisk->late_head + vdisk->late_count) % DISK_QUEUE_PER_GUEST;
    struct late *late = &vdisk->late[place];
    if (vdisk->late_count == DISK_QUEUE_PER_GUEST)
        return NULL;
    late->vdisk = vdisk;
    late->outer = request;
    late->inner = *request;
    late->inner.owner = late;
    late->inner.complete = inner_done;
    late->is_done = false;
    late->due = request_time(vdisk) +
                sched_us(&vdisk->guest->vmm->sched, vdisk->guest->vmm->lab->latency_us);
    if (vdisk->late_count++ == 0)
        arm_first(vdisk);
    return &late->inner;
}

enum status vdisk_fix_latency(struct vdisk *vdisk, struct clock *clock, struct error *error)
{
    vdisk->late = calloc(DISK_QUEUE_PER_GUEST, sizeof *vdisk->late);
    if (!vdisk->late)
        return error_set(error, STATUS_INTERNAL, "out of memory for a guest's disk");
    event_init(&vdisk->due, clock, "vdisk-due", fire_due, vdisk);
    return STATUS_OK;
}

void vdisk_forget_clock(struct vdisk *vdisk)
{
    if (vdisk)
        event_fini(&vdisk->due);
}

/* --- requests ------------------------------------------------------------------------------------------ */

static void fail(struct block_request *request, enum block_result result)
{
    request->result = result;
    request->complete(request);
}

/* Whose sectors of the physical disk are asked for, to who watches. */
static void show(const struct vdisk *vdisk, const struct block_request *request,
                 const struct block_address *physical, uint32_t sectors)
{
    struct vmm *vmm = vdisk->guest->vmm;
    struct door_event event = {.kind = DOOR_DISK,
                               .cause = request->cause,
                               .machine = vmm->host->name,
                               .source = "vdisk",
                               .target = vdisk->guest->lab->name,
                               .is_write = request->op == BLOCK_WRITE,
                               .address = physical->lba,
                               .count = sectors,
                               .has_chs = true,
                               .cylinder = physical->cylinder,
                               .head = physical->head,
                               .sector = physical->sector};
    if (request->op != BLOCK_FLUSH && door_is_watched(&vmm->world->door))
        door_show(&vmm->world->door, &event);
}

static void submit(struct block *block, struct block_request *request)
{
    struct vdisk *vdisk = vdisk_of(block);
    struct block_request *inner = request;
    struct block_address physical = {0};
    uint32_t allowed = 0;
    request->result = BLOCK_PENDING;
    request->done_sectors = 0;
    if (request->op != BLOCK_FLUSH) {
        map(vdisk, request, &physical, &allowed);
        if (allowed == 0) {
            refuse(vdisk, request);
            return;
        }
    }
    if (request->op == BLOCK_WRITE && block->is_read_only) {
        door_note(&vdisk->guest->vmm->world->door, DECISION_DENY, "shared cylinders are only read: refused");
        vdisk->counts.refused++;
        fail(request, BLOCK_READ_ONLY);
        return;
    }
    count(&vdisk->counts, request, allowed);
    show(vdisk, request, &physical, allowed);
    if (vdisk->late && !(inner = make_late(vdisk, request))) {
        fail(request, request->op == BLOCK_READ ? BLOCK_READ_ERROR : BLOCK_WRITE_ERROR);
        return;
    }
    disk_path_submit(vdisk->guest->vmm->disk_path, vdisk->guest, inner, &physical, allowed);
}

static void cancel(struct block *block, struct block_request *request)
{
    struct vdisk *vdisk = vdisk_of(block);
    for (unsigned i = 0; i < vdisk->late_count; i++) {
        struct late *late = &vdisk->late[(vdisk->late_head + i) % DISK_QUEUE_PER_GUEST];
        if (late->outer != request)
            continue;
        late->outer = NULL;
        if (!late->is_done) {
            disk_path_cancel(vdisk->guest->vmm->disk_path, &late->inner);
            inner_done(&late->inner);
        }
        return;
    }
    disk_path_cancel(vdisk->guest->vmm->disk_path, request);
}

static void geometry(struct block *block, struct block_geometry *g)
{
    *g = vdisk_geometry(&vdisk_of(block)->range);
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
    made->block.is_read_only = lab->is_disk_shared;
    *vdisk = made;
    return STATUS_OK;
}

void vdisk_free(struct vdisk *vdisk)
{
    if (vdisk)
        free(vdisk->late);
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
