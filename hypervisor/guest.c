#include "hypervisor/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/lines.h"
#include "hypervisor/pv.h"
#include "hypervisor/vdisk.h"
#include "hypervisor/vswitch.h"
#include "machine/boot.h"

#define DISK_DEVICE "ide"

/* --- interception: every access of the guest that is not RAM ------------------------------------------ */

static struct guest_device_count *count_of(struct guest *guest, const struct device *device)
{
    for (unsigned i = 0; i < VMM_DEVICES_MAX - 1; i++) {
        if (guest->counts[i].device == device)
            return &guest->counts[i];
        if (!guest->counts[i].device && device) {
            guest->counts[i].device = device;
            return &guest->counts[i];
        }
    }
    return &guest->counts[VMM_DEVICES_MAX - 1]; /* nobody answers there */
}

/* A string instruction goes on where an event of somebody else cut it: it has trapped already. Were it
 * charged anew, the guest's time would tell what others do. */
static bool goes_on(struct guest *guest, const struct access *access)
{
    struct access_origin origin = {0};
    uint64_t since;
    bool is_same;
    cpu_origin(guest->machine->cpu, &origin);
    since = origin.instructions - guest->trap_instructions;
    is_same = access->address == guest->trap_address && origin.linear == guest->trap_linear && since &&
              since <= guest->trap_count;
    guest->trap_instructions = origin.instructions;
    guest->trap_count = access->count;
    guest->trap_address = access->address;
    guest->trap_linear = origin.linear;
    if (!is_same)
        guest->trap_time = clock_now(&guest->machine->clock);
    return is_same;
}

/* What an access is about, for the accounts. */
static enum io_device device_kind(const struct device *device)
{
    if (!device)
        return IO_OTHER;
    if (strncmp(device->name, "ide", 3) == 0 || strncmp(device->type->name, "virtio-blk", 10) == 0)
        return IO_DISK;
    return strncmp(device->type->name, "ne2000", 6) == 0 ||
                   strncmp(device->type->name, "virtio-net", 10) == 0
               ? IO_NIC
               : IO_OTHER;
}

/* Hosted, the virtual device lives in the VMApp: each access goes there, unless the VMM handles accesses
 * that reach no physical device itself. What the access sets going is done there, too, before the
 * guest's next instruction: the way back. */
static void visit_host(struct guest *guest, const struct device *device)
{
    const struct lab_drivers *d = &guest->vmm->lab->drivers;
    enum io_device kind = device_kind(device);
    enum driver_model model = kind == IO_DISK  ? d->disk
                              : kind == IO_NIC ? d->nic
                                               : DRIVER_NATIVE;
    if (model != DRIVER_HOSTED || d->handles_ports)
        return;
    context_enter(guest->vmm, CONTEXT_HOST_OS, guest, kind);
    timeline_cut(&guest->vmm->world->timeline);
}

/* The trap: count, charge, and let the virtual device answer. What an arbiter decides later
 * (map, deny) replaces `emulate`. */
static bool at_access(void *self, struct access *access)
{
    struct guest *guest = self;
    struct guest_device_count *count = count_of(guest, access->device);
    access->decision = DECISION_EMULATE;
    if (goes_on(guest, access))
        return false;
    if (access->is_write)
        count->writes++;
    else
        count->reads++;
    count->decisions[DECISION_EMULATE]++;
    guest_charge_io(guest, INTERFACE_ACCESS, device_kind(access->device), COST_TRAP, 1);
    visit_host(guest, access->device);
    return access->space_kind == ACCESS_PORT && lines_pass(guest->vmm->lines, guest, access);
}

/* --- shared memory, upcalls, accounts ------------------------------------------------------------------- */

/* A page that is the guest's own RAM both ways: no ROM, no device, no shadow. */
static const struct space_page *own_page(const struct guest *guest, uint32_t gfn)
{
    const struct space_page *page =
        space_page(&guest->machine->memory, (uint64_t)gfn << FRAME_SHIFT);
    return page && page->write && page->read == page->write && !page->is_rom &&
                   page->write_ram == guest->machine->ram
               ? page
               : NULL;
}

uint8_t *guest_frame(const struct guest *guest, uint32_t gfn)
{
    const struct space_page *page = own_page(guest, gfn);
    return page ? page->write_ram->bytes + page->write_frame * FRAME_BYTES : NULL;
}

void guest_frame_written(const struct guest *guest, uint32_t gfn, uint32_t offset, uint32_t bytes)
{
    const struct space_page *page = own_page(guest, gfn);
    if (page)
        ram_written(page->write_ram, page->write_frame, offset, bytes);
}

void guest_upcall(struct guest *guest, uint8_t vector)
{
    machine_inject(guest->machine, vector);
}

void guest_interrupted(struct guest *guest, uint8_t vector)
{
    bool is_upcall = vector == guest->pv->events.vector;
    guest->interrupts++;
    guest_charge_io(guest, is_upcall ? INTERFACE_DRIVER : INTERFACE_ACCESS, IO_NOTIFY, COST_INTERRUPT,
                    1);
}

void guest_charge_io(struct guest *guest, enum io_interface interface, enum io_device device,
                     enum cost_item item, uint64_t units)
{
    vmm_charge_io(guest->vmm, guest, interface, device, item, units);
}

void guest_error(const struct guest *guest, const char *format, ...)
{
    struct access_origin origin = {0};
    uint64_t place = hash_bytes(HASH_START, &format, sizeof format);
    char text[256], code[256] = "";
    va_list arguments;
    place = hash_bytes(place, &guest->number, sizeof guest->number);
    if (!log_first(&guest->vmm->world->log, place))
        return;
    cpu_origin(guest->machine->cpu, &origin);
    if (guest->machine->place)
        guest->machine->place(guest->machine->place_self, guest->machine, origin.linear, code,
                              sizeof code);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line(&guest->vmm->world->log, LOG_WARNING,
             "%s: guest-error dev=back-end reg=- port=0 val=0 cs:ip=%04x:%08llx%s: %s",
             guest->lab->name, origin.cs, (unsigned long long)origin.eip, code, text);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static void guest_ended(void *self, struct machine *machine, int exit_status)
{
    struct guest *guest = self;
    (void)machine;
    lines_quiet(guest->vmm->lines, guest);
    guest->has_ended = true;
    guest->exit_status = exit_status;
    log_line(&guest->vmm->world->log, LOG_INFO, "guest %s ended with status %d", guest->lab->name,
             exit_status);
}

static enum status build_boot(struct guest *guest, struct error *error)
{
    const struct lab_guest *lab = guest->lab;
    enum status status;
    if (lab->kernel[0] == '\0')
        return STATUS_OK;
    status = boot_new(&guest->boot, lab->kernel, lab->initrd[0] ? lab->initrd : NULL, lab->append,
                      error);
    return status == STATUS_OK ? boot_attach(guest->boot, guest->machine, error) : status;
}

static enum status build_nic(struct guest *guest, struct machine_config *config,
                             struct net_through *listener, struct error *error)
{
    const struct lab_nic *nic = &guest->lab->nic;
    const uint8_t *mac = nic->mac;
    enum status status;
    if (nic->model[0] == '\0')
        return STATUS_OK;
    status = vswitch_add_guest(guest->vmm->vswitch, guest, error);
    if (status != STATUS_OK)
        return status;
    /* Time on the wire exists once, in the physical card; what the guest sees of it is when it may send
     * again. */
    snprintf(guest->nic_settings, sizeof guest->nic_settings,
             "mac=%02x:%02x:%02x:%02x:%02x:%02x%s%s%s", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
             strncmp(nic->model, "ne2k", 4) == 0 ? ",handover=start" : "",
             nic->settings[0] ? "," : "", nic->settings);
    config->nics[0].model = nic->model;
    config->nics[0].settings = guest->nic_settings;
    config->nics[0].port = vswitch_cable(guest->port);
    if (listener) {
        net_connect(&listener->far, config->nics[0].port);
        config->nics[0].port = &listener->near;
    }
    return STATUS_OK;
}

/* Where a port of the guest leads: its own way, or the host's device. */
static struct chardev *line_end(struct guest *guest, enum lab_line_kind kind,
                                struct chardev *const own[LAB_GUESTS_MAX])
{
    struct chardev *shared = lines_chardev(guest->vmm->lines, kind, guest->number);
    return shared ? shared : own[guest->number];
}

enum status guest_build(struct guest *guest, const struct vmm_backends *backends,
                        size_t first_frame, struct error *error)
{
    const struct lab_guest *lab = guest->lab;
    struct machine_config config = {.name = lab->name,
                                    .has_cpu = true,
                                    .cpu_model = lab->cpu[0] ? lab->cpu : NULL,
                                    .memory_bytes = lab->memory_bytes,
                                    .lent = guest->vmm->host->ram,
                                    .lent_first_frame = first_frame,
                                    .bios = backends->bios,
                                    .vga_bios = backends->vga_bios,
                                    .rtc_seconds = backends->rtc_seconds,
                                    .catches_up_ticks = !lab->has_virtual_time,
                                    .ended = guest_ended,
                                    .ended_self = guest};
    enum status status = build_nic(guest, &config, backends->listeners[guest->number], error);
    if (status == STATUS_OK && lab->has_disk)
        status = vdisk_new(&guest->vdisk, guest, error);
    if (status != STATUS_OK)
        return status;
    if (guest->vdisk && lab->has_virtio_disk) {
        config.virtio_disks[0].block = vdisk_block(guest->vdisk);
        config.virtio_disks[0].settings = lab->disk_settings;
    } else if (guest->vdisk) {
        config.disks[0] = vdisk_block(guest->vdisk);
    }
    config.serials[0] = line_end(guest, LINE_SERIAL, backends->serials);
    config.parallel = line_end(guest, LINE_PRINTER, backends->printers);
    guest->nic_cable = config.nics[0].port;
    status = machine_new(&guest->machine, guest->vmm->world, &config, error);
    if (status != STATUS_OK) {
        error_prefix(error, "guest %s", lab->name);
        return status;
    }
    if (guest->vdisk && guest->vmm->lab->schedule->is_partitioned &&
        (status = vdisk_fix_latency(guest->vdisk, &guest->machine->clock, error)) != STATUS_OK)
        return status;
    lines_take_pins(guest->vmm->lines, guest);
    guest->intercept.before = at_access;
    guest->intercept.self = guest;
    space_set_intercept(&guest->machine->ports, &guest->intercept);
    space_set_intercept(&guest->machine->memory, &guest->intercept);
    status = build_boot(guest, error);
    return status == STATUS_OK ? pv_new(&guest->pv, guest, error) : status;
}

void guest_fini(struct guest *guest)
{
    pv_free(guest->pv);
    vdisk_forget_clock(guest->vdisk);
    machine_free(guest->machine);
    boot_free(guest->boot);
    vdisk_free(guest->vdisk);
}

void guest_pause(struct guest *guest)
{
    if (guest->has_ended)
        return;
    guest->is_paused = true;
    clock_freeze(&guest->machine->clock);
}

void guest_resume(struct guest *guest)
{
    guest->is_paused = false;
    clock_thaw(&guest->machine->clock);
}

void guest_reset(struct guest *guest)
{
    if (!guest->has_ended)
        machine_reset(guest->machine);
}

void guest_kill(struct guest *guest)
{
    machine_end(guest->machine, STATUS_OK);
}

void guest_restart(struct guest *guest)
{
    struct machine *machine = guest->machine;
    uint8_t *bytes = machine->ram->bytes + machine->ram_first_frame * FRAME_BYTES;
    memset(bytes, 0, machine->ram_frames * FRAME_BYTES);
    for (size_t i = 0; i < machine->ram_frames; i++)
        ram_written(machine->ram, machine->ram_first_frame + i, 0, FRAME_BYTES);
    guest->has_ended = guest->is_paused = false;
    guest->exit_status = STATUS_OK;
    machine->ticks_owed = 0;
    machine->is_running = true;
    for (struct device *device = machine->devices; device; device = device->next)
        device->type->reset(device, RESET_POWER_ON);
    machine_reset(machine);
    guest_resume(guest);
}
