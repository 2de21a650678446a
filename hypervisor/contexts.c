#include "hypervisor/contexts.h"

#include "hypervisor/nic_path.h"
#include "hypervisor/vmm.h"

const char *const CONTEXT_NAMES[CONTEXTS] = {"VMM", "host OS", "driver domain"};

enum context context_of(enum driver_model model)
{
    switch (model) {
    case DRIVER_HOSTED: return CONTEXT_HOST_OS;
    case DRIVER_SPLIT: return CONTEXT_DRIVER_DOMAIN;
    case DRIVER_NATIVE:
    case DRIVER_MODELS: break;
    }
    return CONTEXT_VMM;
}

/* Between the VMM and a host OS all of the processor's state changes hands; a domain is entered as any
 * guest is. */
static void charge_switch(struct vmm *vmm, enum context from, enum context to, struct guest *guest,
                          enum io_device device)
{
    bool is_world = from == CONTEXT_HOST_OS || to == CONTEXT_HOST_OS;
    vmm_charge(vmm, guest, device, is_world ? COST_WORLD_SWITCH : COST_CONTEXT_SWITCH, 1);
}

/* The VMApp runs, once for each time that the host OS was entered, after its interrupts: it asks
 * select() what is ready, unless a bit vector shared with the VMM tells, and sends what was held back. */
static void visit_vmapp(void *self)
{
    struct vmm *vmm = self;
    struct contexts *c = &vmm->contexts;
    if (!c->owes_visit)
        return;
    c->owes_visit = false;
    vmm_charge(vmm, c->guest, c->device, COST_VMAPP, 1);
    if (!vmm->lab->drivers.shares_events)
        vmm_charge(vmm, c->guest, c->device, COST_HOST_SELECT, 1);
    if (vmm->nic_path)
        nic_path_visit(vmm->nic_path);
}

void contexts_init(struct vmm *vmm)
{
    vmm->vmapp = (struct vmm_part){.work = visit_vmapp, .self = vmm};
    vmm_add_part(vmm, &vmm->vmapp);
}

void context_enter(struct vmm *vmm, enum context context, struct guest *guest,
                   enum io_device device)
{
    struct contexts *c = &vmm->contexts;
    uint64_t now;
    if (c->now == context)
        return;
    visit_vmapp(vmm);
    now = vmm->world->timeline.now;
    c->time[c->now] += now - c->since;
    c->since = now;
    charge_switch(vmm, c->now, context, guest, device);
    c->now = context;
    c->device = device;
    c->guest = guest;
    c->entered[context]++;
    if (context != CONTEXT_HOST_OS)
        return;
    c->owes_visit = true;
    vmm_kick(vmm, &vmm->vmapp);
}
