#include "hypervisor/vmm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/i8259.h"
#include "hypervisor/actions.h"
#include "hypervisor/ata_driver.h"
#include "hypervisor/disk_owners.h"
#include "hypervisor/disk_path.h"
#include "hypervisor/dispatch.h"
#include "hypervisor/guest.h"
#include "hypervisor/lines.h"
#include "hypervisor/ne2000_driver.h"
#include "hypervisor/nic_path.h"
#include "hypervisor/vdisplay.h"
#include "hypervisor/vinput.h"
#include "hypervisor/vswitch.h"

/* 8259A ports and command words (8259A data sheet, "Programming the 8259A"). */
#define PIC_MASTER     0x20u
#define PIC_SLAVE      0xA0u
#define ICW1_INIT_ICW4 0x11u
#define ICW4_8086      0x01u
#define OCW2_EOI       0x20u
#define CASCADE_IRQ    2u
#define VECTOR_MASTER  0x20u /* the VMM's vectors: any other than the exceptions' */
#define VECTOR_SLAVE   0x28u
#define PCI_ADDRESS    0xCF8u
#define PCI_DATA       0xCFCu
#define PCI_ENABLE     0x80000000u
#define WORK_ROUNDS    64u /* of all parts before a guest runs again */

/* --- parts and charges ----------------------------------------------------------------------------- */

void vmm_add_part(struct vmm *vmm, struct vmm_part *part)
{
    struct vmm_part **end = &vmm->parts;
    while (*end)
        end = &(*end)->next;
    part->next = NULL;
    *end = part;
}

void vmm_kick(struct vmm *vmm, struct vmm_part *part)
{
    part->is_pending = true;
    timeline_cut(&vmm->world->timeline);
}

void vmm_set_isr(struct vmm *vmm, unsigned irq, void (*isr)(void *self), void *self)
{
    vmm->isr[irq] = isr;
    vmm->isr_self[irq] = self;
}

/* What the host OS does takes its interrupts; the rest is done with them disabled. */
static bool is_interruptible(enum cost_item item)
{
    return item == COST_HOST_IO || item == COST_HOST_SELECT || item == COST_VMAPP;
}

void vmm_charge_io(struct vmm *vmm, struct guest *guest, enum io_interface interface,
                   enum io_device device, enum cost_item item, uint64_t units)
{
    struct cost_account *account = guest ? &guest->account : &vmm->account;
    uint64_t ns = costs_note(&vmm->lab->costs, account, interface, device, item, units);
    struct timeline *timeline = &vmm->world->timeline;
    uint64_t time = muldiv_floor(ns, timeline->hz, UINT64_C(1000000000));
    uint64_t room = timeline->now < vmm->charged_until ? vmm->charged_until - timeline->now : 0;
    uint64_t at_once = is_interruptible(item) ? 0 : time < room ? time : room;
    vmm->owed_time += time - at_once;
    timeline_charge(timeline, at_once);
}

void vmm_charge(struct vmm *vmm, struct guest *guest, enum io_device device, enum cost_item item,
                uint64_t units)
{
    vmm_charge_io(vmm, guest, INTERFACE_NONE, device, item, units);
}

void host_pci_write(struct vmm *vmm, unsigned slot, unsigned function, unsigned offset,
                    uint32_t value)
{
    host_outl(vmm, PCI_ADDRESS, PCI_ENABLE | slot << 11 | function << 8 | offset);
    host_outl(vmm, PCI_DATA, value);
}

void host_insw(struct vmm *vmm, uint16_t port, void *bytes, size_t words)
{
    uint8_t *to = bytes;
    while (words) {
        size_t moved = space_read_block(&vmm->host->ports, port, 2, to, words);
        to += moved * 2;
        words -= moved;
    }
}

void host_outsw(struct vmm *vmm, uint16_t port, const void *bytes, size_t words)
{
    const uint8_t *from = bytes;
    while (words) {
        size_t moved = space_write_block(&vmm->host->ports, port, 2, from, words);
        from += moved * 2;
        words -= moved;
    }
}

/* --- host interrupts ----------------------------------------------------------------------------------- */

static void host_intr(void *self, unsigned input, bool level)
{
    struct vmm *vmm = self;
    (void)input;
    vmm->intr = level;
    if (level)
        timeline_cut(&vmm->world->timeline);
}

static void init_pic(struct vmm *vmm, uint16_t port, uint8_t vector, uint8_t cascade)
{
    host_outb(vmm, port, ICW1_INIT_ICW4);
    host_outb(vmm, port + 1, vector);
    host_outb(vmm, port + 1, cascade);
    host_outb(vmm, port + 1, ICW4_8086);
    host_outb(vmm, port + 1, 0xFF);
}

/* Opens the lines that have a service routine; the rest stays masked. */
static void unmask(struct vmm *vmm)
{
    unsigned masked = 0xFFFF;
    for (unsigned irq = 0; irq < 16; irq++)
        if (vmm->isr[irq])
            masked &= ~(1u << irq);
    if ((masked & 0xFF00) != 0xFF00)
        masked &= ~(1u << CASCADE_IRQ);
    host_outb(vmm, PIC_MASTER + 1, (uint8_t)masked);
    host_outb(vmm, PIC_SLAVE + 1, (uint8_t)(masked >> 8));
}

static void serve_interrupt(struct vmm *vmm)
{
    unsigned vector = (unsigned)i8259_acknowledge(vmm->host->pic_master);
    unsigned irq = vector >= VECTOR_SLAVE ? vector - VECTOR_SLAVE + 8 : vector - VECTOR_MASTER;
    uint64_t cause;
    if (irq >= 16)
        return;
    cause = i8259_cause_of(vmm->host->pic_master, irq);
    vmm->host_interrupts[irq]++;
    if (vmm->isr[irq])
        vmm->isr[irq](vmm->isr_self[irq]);
    vmm->world->door.cause = cause;
    if (irq >= 8)
        host_outb(vmm, PIC_SLAVE, OCW2_EOI);
    host_outb(vmm, PIC_MASTER, OCW2_EOI);
    vmm->world->door.cause = 0;
}

/* What the VMM does between guest instructions: its interrupts, then the work of its parts. */
static void work(struct vmm *vmm)
{
    bool has_begun = false;
    for (unsigned round = 0; round < WORK_ROUNDS && dispatch_begin_work(vmm); round++) {
        bool is_done = true;
        has_begun = true;
        if (vmm->intr) {
            serve_interrupt(vmm);
            is_done = false;
        }
        for (struct vmm_part *part = vmm->parts; part; part = part->next) {
            if (!part->is_pending)
                continue;
            part->is_pending = false;
            part->work(part->self);
            is_done = false;
        }
        if (is_done)
            break;
    }
    /* The way back is the VMM's time, too, not that of the guest whose slot comes next. */
    if (vmm->sched.type->is_partitioned && has_begun)
        context_enter(vmm, CONTEXT_VMM, NULL, vmm->contexts.device);
}

static bool has_work(const struct vmm *vmm)
{
    if (vmm->intr)
        return true;
    for (const struct vmm_part *part = vmm->parts; part; part = part->next)
        if (part->is_pending)
            return true;
    return false;
}

/* --- the run loop ------------------------------------------------------------------------------------------ */

bool vmm_is_faulty(const struct vmm *vmm)
{
    return vmm->disk_owners && !vmm->lab->is_arbiter_off &&
           disk_owners_counts(vmm->disk_owners)->foreign;
}

static bool all_ended(const struct vmm *vmm)
{
    for (unsigned i = 0; i < vmm->guest_count; i++)
        if (!vmm->guests[i].has_ended)
            return false;
    return true;
}

/* The status of the run: the first that is not a power-off counts, and our own fault before all. */
static int run_status(const struct vmm *vmm)
{
    if (vmm_is_faulty(vmm))
        return STATUS_INTERNAL;
    for (unsigned i = 0; i < vmm->guest_count; i++)
        if (vmm->guests[i].exit_status != STATUS_OK)
            return vmm->guests[i].exit_status;
    return STATUS_OK;
}

/* Lets what is owed take its time, up to the next event and in no guest's slot; false: there was none. */
static bool pay(struct vmm *vmm)
{
    struct timeline *timeline = &vmm->world->timeline;
    uint64_t end =
        timeline->slice_end < vmm->charged_until ? timeline->slice_end : vmm->charged_until;
    uint64_t room = timeline->now < end ? end - timeline->now : 0;
    uint64_t time = vmm->owed_time < room ? vmm->owed_time : room;
    if (vmm->owed_time == 0 || !dispatch_is_work_time(vmm))
        return false;
    vmm->owed_time -= time;
    timeline_charge(timeline, time);
    return true;
}

static bool run_vmm(void *self)
{
    struct vmm *vmm = self;
    struct timeline *timeline = &vmm->world->timeline;
    struct guest *guest;
    if (vmm->is_idle)
        vmm->idle_time += timeline->now - vmm->idle_since;
    vmm->is_idle = false;
    work(vmm);
    if (all_ended(vmm) && !actions_will_restart(vmm->actions) && !has_work(vmm) &&
        !disk_path_is_busy(vmm->disk_path) && !lines_are_busy(vmm->lines)) {
        world_stop(vmm->world, run_status(vmm));
        return true;
    }
    if (timeline->now >= timeline->slice_end)
        return true; /* charges took the time up to the next event */
    if (pay(vmm))
        return true;
    guest = dispatch_pick(vmm);
    if (!guest) {
        if (vmm->contexts.now == CONTEXT_HOST_OS) {
            context_enter(vmm, CONTEXT_VMM, NULL, vmm->contexts.device); /* it halts in the VMM */
            return true;
        }
        vmm->idle_since = timeline->now;
        vmm->is_idle = true;
        return has_work(vmm) && dispatch_is_work_time(vmm);
    }
    if (vmm->sched.type->is_partitioned && timeline->slice_end <= timeline->now)
        return true; /* something of its own is due before its next instruction */
    context_enter(vmm, CONTEXT_VMM, guest, vmm->contexts.device);
    dispatch_run(guest);
    work(vmm);
    return true;
}

/* --- life -------------------------------------------------------------------------------------------------- */

static enum status build_host(struct vmm *vmm, const struct vmm_backends *backends,
                              struct error *error)
{
    struct machine_config config = {.name = "host",
                                    .memory_bytes = vmm->lab->memory_bytes,
                                    .vga_bios = backends->vga_bios,
                                    .rtc_seconds = backends->rtc_seconds};
    enum status status;
    if (backends->disk) {
        status = disk_owners_new(&vmm->disk_owners, vmm, backends->disk, error);
        if (status != STATUS_OK)
            return status;
        config.disks[0] = disk_owners_block(vmm->disk_owners);
    }
    config.serials[0] = backends->lines[LINE_SERIAL];
    config.parallel = backends->lines[LINE_PRINTER];
    config.has_mechanics[0] = vmm->lab->has_mechanics;
    if (vmm->lab->nic.model[0]) {
        config.nics[0].model = vmm->lab->nic.model;
        config.nics[0].settings = vmm->lab->nic.settings;
        config.nics[0].port = backends->uplink;
    }
    status = machine_new(&vmm->host, vmm->world, &config, error);
    if (status != STATUS_OK)
        return status;
    irq_line_connect(device_pin(vmm->host->pic_master, "int"), host_intr, vmm, 0);
    return STATUS_OK;
}

/* Drivers first: the host's devices are quiet and known before any guest asks. */
static enum status build_parts(struct vmm *vmm, struct error *error)
{
    enum status status;
    init_pic(vmm, PIC_MASTER, VECTOR_MASTER, 1u << CASCADE_IRQ);
    init_pic(vmm, PIC_SLAVE, VECTOR_SLAVE, CASCADE_IRQ);
    if (vmm->lab->disk[0] &&
        (status = ata_driver_new(&vmm->disk_driver, vmm, &vmm->lab->geometry, error)) != STATUS_OK)
        return status;
    if (vmm->lab->disk[0] && (status = disk_path_new(&vmm->disk_path, vmm, error)) != STATUS_OK)
        return status;
    if ((status = vswitch_new(&vmm->vswitch, vmm, error)) != STATUS_OK)
        return status;
    if (vmm->lab->nic.model[0] &&
        ((status = ne2000_driver_new(&vmm->nic_driver, vmm, error)) != STATUS_OK ||
         (status = nic_path_new(&vmm->nic_path, vmm, error)) != STATUS_OK))
        return status;
    if ((status = vinput_new(&vmm->vinput, vmm, error)) != STATUS_OK ||
        (status = lines_new(&vmm->lines, vmm, error)) != STATUS_OK)
        return status;
    contexts_init(vmm);
    unmask(vmm);
    return STATUS_OK;
}

static enum status build(struct vmm *vmm, const struct vmm_backends *backends, struct error *error)
{
    size_t frame = (size_t)(LAB_VMM_BYTES / FRAME_BYTES);
    enum status status = build_host(vmm, backends, error);
    if (status == STATUS_OK)
        status = build_parts(vmm, error);
    for (unsigned i = 0; status == STATUS_OK && i < vmm->lab->guest_count; i++) {
        struct guest *guest = &vmm->guests[i];
        guest->vmm = vmm;
        guest->number = i;
        guest->lab = &vmm->lab->guests[i];
        vmm->guest_count = i + 1;
        status = guest_build(guest, backends, frame, error);
        frame += (size_t)(guest->lab->memory_bytes / FRAME_BYTES);
    }
    if (status == STATUS_OK)
        dispatch_init(vmm);
    if (status == STATUS_OK)
        status = actions_new(&vmm->actions, vmm, error);
    return status == STATUS_OK ? vdisplay_new(&vmm->vdisplay, vmm, error) : status;
}

enum status vmm_new(struct vmm **vmm, struct world *world, const struct lab *lab,
                    const struct vmm_backends *backends, struct error *error)
{
    struct vmm *made = calloc(1, sizeof *made);
    enum status status = STATUS_INTERNAL;
    *vmm = NULL;
    if (made)
        made->guests = calloc(lab->guest_count, sizeof *made->guests);
    if (!made || !made->guests) {
        free(made);
        return error_set(error, STATUS_INTERNAL, "out of memory for the hypervisor");
    }
    made->world = world;
    made->lab = lab;
    status = build(made, backends, error);
    if (status != STATUS_OK) {
        vmm_free(made);
        return status;
    }
    world->runner.run = run_vmm;
    world->runner.self = made;
    *vmm = made;
    return STATUS_OK;
}

void vmm_free(struct vmm *vmm)
{
    if (!vmm)
        return;
    actions_free(vmm->actions);
    vdisplay_free(vmm->vdisplay);
    for (unsigned i = 0; i < vmm->guest_count; i++)
        guest_fini(&vmm->guests[i]);
    lines_free(vmm->lines);
    vinput_free(vmm->vinput);
    nic_path_free(vmm->nic_path);
    disk_path_free(vmm->disk_path);
    ne2000_driver_free(vmm->nic_driver);
    vswitch_free(vmm->vswitch);
    ata_driver_free(vmm->disk_driver);
    machine_free(vmm->host);
    disk_owners_free(vmm->disk_owners);
    gantt_free(vmm->gantt);
    free(vmm->guests);
    free(vmm);
}
