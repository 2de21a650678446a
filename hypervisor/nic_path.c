/* Native: straight to the driver. Hosted: each frame is a world switch and a write() of the VMApp; with
 * sends combined a frame waits until an interrupt leads to the host anyway, until three wait, or until
 * the host's next timer tick (Sugerman et al., section 3.4.2). Split: frames stand in a ring until
 * the driver domain comes round to them. */
#include "hypervisor/nic_path.h"

#include <stdlib.h>

#include "bus/net.h"
#include "hypervisor/contexts.h"
#include "hypervisor/ne2000_driver.h"

#define COMBINED_MAX 3u                 /* section 3.4.2: "currently defaulting to 3" */
#define TICK_NS      UINT64_C(10000000) /* Linux 2.2: HZ = 100 */

struct nic_path {
    struct vmm *vmm;
    struct vmm_part part;
    enum driver_model model;
    struct event delay;
    bool is_due;
    struct net_queue queue;
    struct nic_path_counts counts;
};

static void pass_on(struct nic_path *path)
{
    const struct net_frame *frame = net_queue_first(&path->queue);
    if (path->model == DRIVER_HOSTED)
        vmm_charge(path->vmm, NULL, IO_NIC, COST_HOST_IO, 1);
    ne2000_driver_send(path->vmm->nic_driver, frame->bytes, frame->count, frame->cause);
    net_queue_drop_first(&path->queue);
}

/* All that waits, or a batch of it. */
static void pass_batch(struct nic_path *path)
{
    uint64_t batch = path->model == DRIVER_SPLIT ? path->vmm->lab->drivers.backend_batch : 0;
    for (uint64_t n = 0; path->queue.waiting && (batch == 0 || n < batch); n++)
        pass_on(path);
    path->is_due = path->queue.waiting != 0;
    event_disarm(&path->delay);
    if (path->is_due)
        vmm_kick(path->vmm, &path->part);
}

void nic_path_visit(struct nic_path *path)
{
    if (path->model != DRIVER_HOSTED || path->queue.waiting == 0)
        return;
    if (!path->is_due)
        path->counts.combined += path->queue.waiting;
    pass_batch(path);
}

static void work(void *self)
{
    struct nic_path *path = self;
    if (path->queue.waiting == 0 || !path->is_due)
        return;
    path->counts.visits++;
    /* Hosted: the VMApp runs, which may send it all. */
    context_enter(path->vmm, context_of(path->model), NULL, IO_NIC);
    if (path->queue.waiting)
        pass_batch(path);
}

static void delay_over(void *self)
{
    struct nic_path *path = self;
    path->is_due = true;
    vmm_kick(path->vmm, &path->part);
}

static void notify(struct nic_path *path)
{
    const struct lab_drivers *d = &path->vmm->lab->drivers;
    struct clock *clock = &path->vmm->world->clock;
    uint64_t ns = path->model == DRIVER_SPLIT ? d->backend_delay_us * 1000
                  : d->combines_sends && path->queue.waiting < COMBINED_MAX ? TICK_NS
                                                                            : 0;
    if (path->is_due || (ns && event_is_armed(&path->delay)))
        return;
    if (path->model == DRIVER_SPLIT)
        vmm_charge(path->vmm, NULL, IO_NOTIFY, COST_HYPERCALL, 1);
    if (ns)
        event_arm(&path->delay, clock_after_ns(clock, ns));
    else
        delay_over(path);
}

void nic_path_send(struct nic_path *path, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    if (!path)
        return;
    path->counts.frames++;
    if (path->model == DRIVER_NATIVE) {
        ne2000_driver_send(path->vmm->nic_driver, frame, bytes, cause);
        return;
    }
    if (bytes > NET_FRAME_MAX || !net_queue_put(&path->queue, frame, bytes, cause)) {
        path->counts.dropped++;
        return;
    }
    notify(path);
}

const struct nic_path_counts *nic_path_counts(const struct nic_path *path)
{
    return &path->counts;
}

enum status nic_path_new(struct nic_path **path, struct vmm *vmm, struct error *error)
{
    struct nic_path *made = calloc(1, sizeof *made);
    *path = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the way to the network");
    made->vmm = vmm;
    made->model = vmm->lab->drivers.nic;
    made->part.work = work;
    made->part.self = made;
    event_init(&made->delay, &vmm->world->clock, "network back-end", delay_over, made);
    vmm_add_part(vmm, &made->part);
    return STATUS_OK;
}

void nic_path_free(struct nic_path *path)
{
    if (!path)
        return;
    event_fini(&path->delay);
    free(path);
}
