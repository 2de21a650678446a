#include "hypervisor/pv.h"

#include <stdlib.h>

#include "hypervisor/guest.h"
#include "hypervisor/hypercall.h"
#include "hypervisor/lines.h"

static bool leave(void *self, struct cpu *cpu, const struct cpu_exit *exit)
{
    struct pv *pv = self;
    (void)cpu;
    if (exit->kind == CPU_EXIT_VMCALL) {
        hypercall(pv);
        return true;
    }
    if (exit->kind == CPU_EXIT_INTERRUPT) {
        guest_interrupted(pv->guest, exit->vector);
        return false;
    }
    if (exit->kind == CPU_EXIT_CR3) {
        guest_charge_io(pv->guest, INTERFACE_NONE, IO_PROCESSOR, COST_GUEST_SWITCH, 1);
        return false;
    }
    return pv->syscalls && syscalls_leave(pv->syscalls, exit);
}

/* RESET#: the front-ends are gone, and so is what they shared. */
static void reset(void *self)
{
    struct pv *pv = self;
    if (pv->blkback)
        blkback_disconnect(pv->blkback);
    if (pv->netback)
        netback_disconnect(pv->netback);
    if (pv->syscalls)
        syscalls_reset(pv->syscalls);
    lines_quiet(pv->guest->vmm->lines, pv->guest);
    events_init(&pv->events, pv->guest);
    grants_init(&pv->grants, pv->guest);
    if (pv->after_reset)
        pv->after_reset(pv->after_reset_self);
}

static void take_hooks(struct pv *pv)
{
    struct machine *machine = pv->guest->machine;
    uint32_t mask = CPU_EXIT_VMCALL | CPU_EXIT_INTERRUPT;
    if (pv->syscalls)
        mask |= CPU_EXIT_INT_N | CPU_EXIT_SYSENTER;
    if (pv->guest->vmm->lab->costs.ns[COST_GUEST_SWITCH])
        mask |= CPU_EXIT_CR3;
    machine->exit_hook = (struct cpu_exit_hook){mask, leave, pv};
    if (!pv->guest->boot) /* else the boot loader's hook comes first and leaves us ours */
        cpu_set_exit_hook(machine->cpu, &machine->exit_hook);
    pv->after_reset = machine->after_reset;
    pv->after_reset_self = machine->after_reset_self;
    machine->after_reset = reset;
    machine->after_reset_self = pv;
}

enum status pv_new(struct pv **pv, struct guest *guest, struct error *error)
{
    struct pv *made = calloc(1, sizeof *made);
    enum status status = STATUS_OK;
    *pv = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for guest %s", guest->lab->name);
    made->guest = guest;
    events_init(&made->events, guest);
    grants_init(&made->grants, guest);
    if (guest->vdisk)
        status = blkback_new(&made->blkback, made, error);
    if (status == STATUS_OK && guest->nic_cable)
        status = netback_new(&made->netback, made, error);
    if (status == STATUS_OK && guest->lab->has_services)
        status = syscalls_new(&made->syscalls, guest, error);
    if (status == STATUS_OK)
        take_hooks(made);
    return status;
}

void pv_free(struct pv *pv)
{
    if (!pv)
        return;
    blkback_free(pv->blkback);
    netback_free(pv->netback);
    syscalls_free(pv->syscalls);
    free(pv);
}
