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

/* The VMApp runs: it asks select() what is ready, unless a bit vector shared with the VMM tells. */
static void visit_vmapp(struct vmm *vmm, struct guest *guest, enum io_device device)
{
    vmm_charge(vmm, guest, device, COST_VMAPP, 1);
    if (!vmm->lab->drivers.shares_events)
        vmm_charge(vmm, guest, device, COST_HOST_SELECT, 1);
    if (vmm->nic_path)
        nic_path_visit(vmm->nic_path);
}

void context_enter(struct vmm *vmm, enum context context, struct guest *guest,
                   enum io_device device)
{
    struct contexts *c = &vmm->contexts;
    uint64_t now = vmm->world->timeline.now;
    if (c->now == context)
        return;
    c->time[c->now] += now - c->since;
    c->since = now;
    charge_switch(vmm, c->now, context, guest, device);
    c->now = context;
    c->device = device;
    c->entered[context]++;
    if (context == CONTEXT_HOST_OS)
        visit_vmapp(vmm, guest, device);
}
