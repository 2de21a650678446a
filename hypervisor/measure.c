#include "hypervisor/measure.h"

#include "hypervisor/guest.h"

static void take(struct measure_point *point, const struct guest *guest)
{
    const struct vmm *vmm = guest->vmm;
    point->now = vmm->world->timeline.now;
    point->idle = vmm->idle_time;
    point->interrupts = guest->interrupts;
    point->host_entered = vmm->contexts.entered[CONTEXT_HOST_OS];
    for (int i = 0; i < COST_ITEMS; i++) {
        point->account.count[i] = guest->account.count[i] + vmm->account.count[i];
        point->account.charged_ns[i] = guest->account.charged_ns[i] + vmm->account.charged_ns[i];
    }
}

bool measure_mark(struct guest *guest)
{
    struct measure *m = &guest->vmm->measure;
    if (m->marks == 2 || (m->marks == 1 && m->guest != guest->number))
        return false;
    m->guest = guest->number;
    take(&m->points[m->marks++], guest);
    return true;
}

void measure_write(FILE *out, const struct vmm *vmm)
{
    const struct measure *m = &vmm->measure;
    const struct measure_point *a = &m->points[0], *b = &m->points[1];
    uint64_t time = b->now - a->now;
    if (m->marks != 2 || time == 0)
        return;
    fprintf(out, "\nmeasured: %.6f s, idle %.1f %%, interrupts %llu, host visits %llu",
            (double)timeline_ns(&vmm->world->timeline, time) / 1e9,
            100.0 * (double)(b->idle - a->idle) / (double)time,
            (unsigned long long)(b->interrupts - a->interrupts),
            (unsigned long long)(b->host_entered - a->host_entered));
    for (int i = 0; i < COST_ITEMS; i++)
        fprintf(out, ", %s %llu", COST_ROWS[i].name,
                (unsigned long long)(b->account.count[i] - a->account.count[i]));
    fprintf(out, "\n");
}
