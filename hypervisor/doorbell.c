#include "hypervisor/doorbell.h"

#include "bus/door.h"

static void delay_over(void *self)
{
    doorbell_kick(self);
}

void doorbell_init(struct doorbell *bell, struct vmm *vmm, const char *name, void (*work)(void *self),
                   void *self)
{
    bell->vmm = vmm;
    bell->part.work = work;
    bell->part.self = self;
    event_init(&bell->delay, &vmm->world->clock, name, delay_over, bell);
    vmm_add_part(vmm, &bell->part);
}

void doorbell_fini(struct doorbell *bell)
{
    event_fini(&bell->delay);
}

void doorbell_ring(void *self)
{
    struct doorbell *bell = self;
    uint64_t delay_us = bell->vmm->lab->drivers.backend_delay_us;
    bell->rings++;
    bell->cause = door_cause(&bell->vmm->world->door);
    if (bell->is_rung)
        return;
    bell->is_rung = true;
    if (delay_us)
        event_arm(&bell->delay, clock_after_ns(&bell->vmm->world->clock, delay_us * 1000));
    else
        doorbell_kick(bell);
}

bool doorbell_is_due(const struct doorbell *bell)
{
    return bell->is_rung && !event_is_armed(&bell->delay);
}

void doorbell_kick(struct doorbell *bell)
{
    vmm_kick(bell->vmm, &bell->part);
}

void doorbell_reset(struct doorbell *bell)
{
    event_disarm(&bell->delay);
    bell->is_rung = false;
}
