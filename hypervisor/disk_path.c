/* Native: straight to the driver. Hosted: the VMM asks the VMApp, which calls the host OS's read or
 * write: a world switch for what has gathered. Split: requests stand in a ring until the driver
 * domain, which was notified, comes round to them: backend_delay_us later, backend_batch at a time. */
#include "hypervisor/disk_path.h"

#include <stdlib.h>
#include <string.h>

#include "bus/door.h"
#include "hypervisor/ata_driver.h"
#include "hypervisor/contexts.h"

#define QUEUE_MAX (LAB_GUESTS_MAX * 16)

struct waiting {
    struct guest *guest;
    struct block_request *request; /* NULL: cancelled */
    struct block_address physical;
    uint32_t sectors;
};

struct disk_path {
    struct vmm *vmm;
    struct vmm_part part;
    enum driver_model model;
    struct event delay;
    bool is_due; /* the domain's turn has come */
    struct waiting queue[QUEUE_MAX];
    unsigned head, count;
    struct disk_path_counts counts;
};

static void pass_on(struct disk_path *path)
{
    struct waiting w = path->queue[path->head];
    path->head = (path->head + 1) % QUEUE_MAX;
    path->count--;
    if (!w.request)
        return;
    if (path->model == DRIVER_HOSTED)
        vmm_charge(path->vmm, w.guest, IO_DISK, COST_HOST_IO, 1);
    ata_driver_enqueue(path->vmm->disk_driver, w.guest, w.request, &w.physical, w.sectors);
}

/* The other context's turn: a batch of what waits. */
static void work(void *self)
{
    struct disk_path *path = self;
    uint64_t batch = path->model == DRIVER_SPLIT ? path->vmm->lab->drivers.backend_batch : 0;
    if (path->count == 0 || (path->model == DRIVER_SPLIT && !path->is_due))
        return;
    path->is_due = false;
    path->counts.visits++;
    context_enter(path->vmm, context_of(path->model), path->queue[path->head].guest,
                  IO_DISK);
    for (uint64_t n = 0; path->count && (batch == 0 || n < batch); n++)
        pass_on(path);
    if (path->count) {
        path->is_due = true;
        vmm_kick(path->vmm, &path->part);
    }
}

static void delay_over(void *self)
{
    struct disk_path *path = self;
    path->is_due = true;
    vmm_kick(path->vmm, &path->part);
}

/* The event channel's bit: set once, until the domain has looked. */
static void notify(struct disk_path *path, struct guest *guest)
{
    uint64_t delay_us = path->vmm->lab->drivers.backend_delay_us;
    struct clock *clock = &path->vmm->world->clock;
    if (path->model == DRIVER_HOSTED) {
        vmm_kick(path->vmm, &path->part);
        return;
    }
    if (path->is_due || event_is_armed(&path->delay))
        return;
    vmm_charge(path->vmm, guest, IO_NOTIFY, COST_HYPERCALL, 1);
    if (delay_us)
        event_arm(&path->delay, clock_after_ns(clock, delay_us * 1000));
    else
        delay_over(path);
}

void disk_path_submit(struct disk_path *path, struct guest *guest, struct block_request *request,
                      const struct block_address *physical, uint32_t sectors)
{
    path->counts.requests++;
    if (path->model == DRIVER_NATIVE) {
        ata_driver_enqueue(path->vmm->disk_driver, guest, request, physical, sectors);
        return;
    }
    if (path->count == QUEUE_MAX) { /* more than all front-ends can have under way */
        request->result = BLOCK_WRITE_ERROR;
        request->complete(request);
        return;
    }
    path->queue[(path->head + path->count++) % QUEUE_MAX] =
        (struct waiting){guest, request, *physical, sectors};
    door_note(&path->vmm->world->door, DECISION_NONE, "to the %s",
              CONTEXT_NAMES[context_of(path->model)]);
    notify(path, guest);
}

void disk_path_cancel(struct disk_path *path, struct block_request *request)
{
    for (unsigned i = 0; i < path->count; i++) {
        struct waiting *w = &path->queue[(path->head + i) % QUEUE_MAX];
        if (w->request == request)
            w->request = NULL;
    }
    ata_driver_cancel(path->vmm->disk_driver, request);
}

bool disk_path_is_busy(const struct disk_path *path)
{
    return path && (path->count || ata_driver_is_busy(path->vmm->disk_driver));
}

const struct disk_path_counts *disk_path_counts(const struct disk_path *path)
{
    return &path->counts;
}

enum status disk_path_new(struct disk_path **path, struct vmm *vmm, struct error *error)
{
    struct disk_path *made = calloc(1, sizeof *made);
    *path = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the way to the disk");
    made->vmm = vmm;
    made->model = vmm->lab->drivers.disk;
    made->part.work = work;
    made->part.self = made;
    event_init(&made->delay, &vmm->world->clock, "disk back-end", delay_over, made);
    vmm_add_part(vmm, &made->part);
    return STATUS_OK;
}

void disk_path_free(struct disk_path *path)
{
    if (!path)
        return;
    event_fini(&path->delay);
    free(path);
}
