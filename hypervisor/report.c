#include "hypervisor/report.h"

#include <string.h>

#include "base/bits.h"
#include "bus/clock.h"
#include "hypervisor/ata_driver.h"
#include "hypervisor/disk_owners.h"
#include "hypervisor/disk_path.h"
#include "hypervisor/dispatch.h"
#include "hypervisor/line_driver.h"
#include "hypervisor/lines.h"
#include "hypervisor/ne2000_driver.h"
#include "hypervisor/nic_path.h"
#include "hypervisor/pv.h"
#include "hypervisor/vdisk.h"
#include "hypervisor/vdisplay.h"
#include "hypervisor/vinput.h"
#include "hypervisor/vswitch.h"

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void write_devices(FILE *out, const struct guest *guest)
{
    for (unsigned i = 0; i < VMM_DEVICES_MAX; i++) {
        const struct guest_device_count *c = &guest->counts[i];
        if (c->reads + c->writes == 0)
            continue;
        fprintf(out, "    %-12s %10llu reads %10llu writes\n",
                c->device ? c->device->name : "(nobody)", (unsigned long long)c->reads,
                (unsigned long long)c->writes);
    }
}

static void write_disk(FILE *out, const struct guest *guest)
{
    const struct vdisk_counts *d;
    if (!guest->vdisk)
        return;
    d = vdisk_counts(guest->vdisk);
    fprintf(out,
            "  disk: cylinders 0-%u mapped to %u-%u: %llu reads (%llu sectors), %llu writes "
            "(%llu sectors), %llu flushes; denied %llu\n",
            guest->lab->last_cylinder - guest->lab->first_cylinder, guest->lab->first_cylinder,
            guest->lab->last_cylinder, (unsigned long long)d->reads,
            (unsigned long long)d->sectors_read, (unsigned long long)d->writes,
            (unsigned long long)d->sectors_written, (unsigned long long)d->flushes,
            (unsigned long long)d->refused);
}

static void write_network(FILE *out, const struct guest *guest)
{
    const struct vswitch_counts *n;
    if (!guest->port)
        return;
    n = vswitch_port_counts(guest->port);
    fprintf(out, "  network: %llu frames sent, %llu received, %llu dropped",
            (unsigned long long)n->received, (unsigned long long)n->sent,
            (unsigned long long)n->dropped);
    if (guest->lab->rate_kbit)
        fprintf(out, " (%llu above %llu kbit/s)", (unsigned long long)n->limited,
                (unsigned long long)guest->lab->rate_kbit);
    fprintf(out, "\n");
}

static void write_items(FILE *out, const uint64_t count[COST_ITEMS])
{
    for (int i = 0; i < COST_ITEMS; i++)
        if (count[i])
            fprintf(out, " %s %llu", COST_ROWS[i].name, (unsigned long long)count[i]);
    fprintf(out, "\n");
}

static void write_costs(FILE *out, const struct cost_account *account)
{
    uint64_t total = 0;
    for (int i = 0; i < COST_ITEMS; i++)
        total += account->charged_ns[i];
    fprintf(out, "  charged: %.3f ms:", (double)total / 1e6);
    write_items(out, account->count);
}

/* What each way of intercepting I/O was asked, and charged, for each kind of device. */
static void write_interfaces(FILE *out, const struct cost_account *account)
{
    static const char *const INTERFACE_NAMES[INTERFACES] = {
        [INTERFACE_ACCESS] = "accesses",      [INTERFACE_DRIVER] = "driver",
        [INTERFACE_SYSCALL] = "system calls", [INTERFACE_NONE] = "hypervisor",
    };
    static const char *const DEVICE_NAMES[IO_DEVICES] = {
        [IO_DISK] = "disk",           [IO_NIC] = "nic",
        [IO_DISPLAY] = "display",     [IO_NOTIFY] = "notification",
        [IO_PROCESSOR] = "processor", [IO_OTHER] = "other",
    };
    bool is_first = true;
    for (unsigned i = 0; i < INTERFACES; i++)
        for (unsigned d = 0; d < IO_DEVICES; d++) {
            const struct io_count *io = &account->io[i][d];
            bool is_used = false;
            for (int item = 0; item < COST_ITEMS; item++)
                is_used = is_used || io->count[item];
            if (!is_used)
                continue;
            if (is_first)
                fprintf(out, "  by interface and device:\n");
            is_first = false;
            fprintf(out, "    %-12s %-12s %10.3f ms:", INTERFACE_NAMES[i], DEVICE_NAMES[d],
                    (double)io->charged_ns / 1e6);
            write_items(out, io->count);
        }
}

static void write_rings(FILE *out, const struct guest *guest)
{
    struct blkback_counts b = {0};
    struct netback_counts n = {0};
    const struct syscalls_counts *s =
        guest->pv->syscalls ? syscalls_counts(guest->pv->syscalls) : NULL;
    if (guest->pv->blkback)
        b = blkback_counts(guest->pv->blkback);
    if (guest->pv->netback)
        n = netback_counts(guest->pv->netback);
    if (b.requests)
        fprintf(out,
                "  block ring: %llu requests, %llu sectors, %llu errors, %llu notifications, %llu "
                "upcalls, %llu restarts\n",
                (unsigned long long)b.requests, (unsigned long long)b.sectors,
                (unsigned long long)b.errors, (unsigned long long)b.notifications,
                (unsigned long long)b.upcalls, (unsigned long long)b.restarts);
    if (n.sent + n.received + n.errors)
        fprintf(out,
                "  network rings: %llu frames sent, %llu received, %llu dropped, %llu errors, %llu "
                "notifications, %llu upcalls, %llu restarts\n",
                (unsigned long long)n.sent, (unsigned long long)n.received,
                (unsigned long long)n.dropped, (unsigned long long)n.errors,
                (unsigned long long)n.notifications, (unsigned long long)n.upcalls,
                (unsigned long long)n.restarts);
    if (s)
        fprintf(out,
                "  system calls: %llu decoded, %llu served: %llu bytes read, %llu written, %llu frames "
                "sent\n",
                (unsigned long long)s->decoded, (unsigned long long)s->served,
                (unsigned long long)s->bytes_read, (unsigned long long)s->bytes_written,
                (unsigned long long)s->sent);
}

/* The wait that has not ended counts, too. */
static uint64_t longest_wait(const struct guest *guest)
{
    const struct vmm *vmm = guest->vmm;
    uint64_t since = vmm->world->timeline.now - guest->waiting_since;
    return vmm->sched.vcpus[guest->number].is_runnable && since > guest->longest_wait
               ? since
               : guest->longest_wait;
}

static void write_guest(FILE *out, const struct guest *guest)
{
    const struct vmm *vmm = guest->vmm;
    uint64_t now = vmm->world->timeline.now;
    fprintf(out, "\nguest %s: %s, status %d\n", guest->lab->name,
            guest->has_ended ? "ended" : guest->is_paused ? "paused" : "running", guest->exit_status);
    fprintf(out,
            "  cpu: %llu instructions, %.1f %% of the host's time, %.1f %% stolen, %llu slices, "
            "%llu interrupts injected\n",
            (unsigned long long)cpu_instructions(guest->machine->cpu),
            percent(guest->run_time, now), percent(guest->steal_time, now),
            (unsigned long long)guest->slices, (unsigned long long)guest->interrupts);
    fprintf(out, "  stopped:");
    for (int i = 0; i < GUEST_STOPS; i++)
        if (guest->stops[i])
            fprintf(out, " %s %llu", GUEST_STOP_NAMES[i], (unsigned long long)guest->stops[i]);
    fprintf(out, "; waited for the processor at most %llu us\n",
            (unsigned long long)muldiv_floor(longest_wait(guest), 1000000, vmm->sched.hz));
    write_disk(out, guest);
    write_network(out, guest);
    write_rings(out, guest);
    write_costs(out, &guest->account);
    write_interfaces(out, &guest->account);
    fprintf(out, "  accesses, each intercepted:\n");
    write_devices(out, guest);
}

/* Who holds which driver, and how often the processor went there. */
static void write_paths(FILE *out, const struct vmm *vmm)
{
    const struct lab_drivers *d = &vmm->lab->drivers;
    if (vmm->disk_path && d->disk != DRIVER_NATIVE)
        fprintf(out, "  disk driver in the %s: %llu requests in %llu rounds\n",
                CONTEXT_NAMES[context_of(d->disk)],
                (unsigned long long)disk_path_counts(vmm->disk_path)->requests,
                (unsigned long long)disk_path_counts(vmm->disk_path)->visits);
    if (vmm->nic_path && d->nic != DRIVER_NATIVE) {
        const struct nic_path_counts *n = nic_path_counts(vmm->nic_path);
        fprintf(out,
                "  network driver in the %s: %llu frames in %llu rounds of their own, %llu combined, "
                "%llu dropped\n",
                CONTEXT_NAMES[context_of(d->nic)], (unsigned long long)n->frames,
                (unsigned long long)n->visits, (unsigned long long)n->combined,
                (unsigned long long)n->dropped);
    }
    for (int i = 1; i < CONTEXTS; i++)
        if (vmm->contexts.entered[i])
            fprintf(out, "  %s entered %llu times\n", CONTEXT_NAMES[i],
                    (unsigned long long)vmm->contexts.entered[i]);
}
static void write_owners(FILE *out, const struct vmm *vmm)
{
    const struct disk_owners_counts *o = disk_owners_counts(vmm->disk_owners);
    fprintf(out,
            "  disk owners: %llu accesses of the medium (%llu sectors) checked, %llu of foreign "
            "sectors\n",
            (unsigned long long)o->accesses, (unsigned long long)o->sectors,
            (unsigned long long)o->foreign);
}

/* The serial line and the printer, handed over: who had how much of them. */
static void write_lines(FILE *out, const struct vmm *vmm)
{
    for (int kind = 0; kind < LAB_LINES; kind++) {
        const char *before = LINE_DRIVERS[kind].name;
        for (unsigned i = 0; i < vmm->guest_count; i++) {
            const struct line_counts *c = lines_counts(vmm->lines, (enum lab_line_kind)kind, i);
            if (vmm->lab->guests[i].lines[kind] != LINE_SHARE)
                continue;
            fprintf(out, "%s%s%s %s sent %llu, received %llu, dropped %llu, had it %llu times",
                    *before == ';' ? "" : "  ", before,
                    *before == ';' ? "" : " of the host:", vmm->guests[i].lab->name,
                    (unsigned long long)c->sent, (unsigned long long)c->received,
                    (unsigned long long)c->dropped, (unsigned long long)c->handovers);
            before = ";";
        }
        if (*before == ';')
            fprintf(out, "\n");
    }
}

/* The switch's port that leads to the driver. */
static void write_uplink(FILE *out, const struct vmm *vmm)
{
    const struct vswitch_counts *u = vswitch_uplink_counts(vmm->vswitch);
    fprintf(out, "  uplink: %llu frames from outside, %llu to it, %llu dropped\n",
            (unsigned long long)u->received, (unsigned long long)u->sent,
            (unsigned long long)u->dropped);
}

static void write_host(FILE *out, const struct vmm *vmm)
{
    uint64_t ns = timeline_ns(&vmm->world->timeline, vmm->world->timeline.now);
    const struct vdisplay_counts *v = vdisplay_counts(vmm->vdisplay);
    const struct vinput_counts *k = vinput_counts(vmm->vinput);
    fprintf(out, "host: %.6f s of virtual time, %u guest%s, %llu MiB of RAM\n", (double)ns / 1e9,
            vmm->guest_count, vmm->guest_count == 1 ? "" : "s",
            (unsigned long long)(vmm->lab->memory_bytes >> 20));
    fprintf(out, "  schedule: %s, slices of %llu us; idle %.1f %%\n", vmm->sched.type->name,
            (unsigned long long)muldiv_floor(vmm->sched.slice, 1000000, vmm->sched.hz),
            percent(vmm->idle_time, vmm->world->timeline.now));
    if (vmm->disk_driver) {
        const struct ata_driver_counts *d = ata_driver_counts(vmm->disk_driver);
        fprintf(out,
                "  disk driver: %llu commands, %llu interrupts, %llu sectors read, %llu written, "
                "%llu flushes, %llu errors\n",
                (unsigned long long)d->commands, (unsigned long long)d->interrupts,
                (unsigned long long)d->sectors_read, (unsigned long long)d->sectors_written,
                (unsigned long long)d->flushes, (unsigned long long)d->errors);
        if (d->transfers)
            fprintf(out, "  disk driver: %llu of its commands by DMA\n", (unsigned long long)d->transfers);
        write_owners(out, vmm);
    }
    if (vmm->nic_driver) {
        const struct ne2000_driver_counts *n = ne2000_driver_counts(vmm->nic_driver);
        fprintf(
            out,
            "  network driver: %llu frames sent, %llu received, %llu dropped, %llu interrupts\n",
            (unsigned long long)n->sent, (unsigned long long)n->received,
            (unsigned long long)n->dropped, (unsigned long long)n->interrupts);
        write_uplink(out, vmm);
    }
    fprintf(out,
            "  display: %llu frames, %llu spans, %llu KiB written; keyboard: %llu keys, %llu hot "
            "keys\n",
            (unsigned long long)v->frames, (unsigned long long)v->spans,
            (unsigned long long)(v->bytes >> 10), (unsigned long long)k->keys,
            (unsigned long long)k->hot_keys);
    write_lines(out, vmm);
    write_paths(out, vmm);
    write_costs(out, &vmm->account);
    write_interfaces(out, &vmm->account);
}

void report_write(FILE *out, const struct vmm *vmm)
{
    write_host(out, vmm);
    for (unsigned i = 0; i < vmm->guest_count; i++)
        write_guest(out, &vmm->guests[i]);
    measure_write(out, vmm);
}

/* The picture; a note behind each row says how much of the time it had. */
void report_gantt(FILE *out, struct vmm *vmm)
{
    const char *names[LAB_GUESTS_MAX], *notes[LAB_GUESTS_MAX];
    char texts[LAB_GUESTS_MAX][64], title[128];
    uint64_t now = vmm->world->timeline.now;
    dispatch_finish(vmm);
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        const struct guest *guest = &vmm->guests[i];
        snprintf(texts[i], sizeof texts[i], "%.1f %% run, %.1f %% stolen",
                 percent(guest->run_time, now), percent(guest->steal_time, now));
        names[i] = guest->lab->name;
        notes[i] = texts[i];
    }
    snprintf(title, sizeof title, "Who ran when: schedule %s, slices of %llu us",
             vmm->sched.type->name,
             (unsigned long long)muldiv_floor(vmm->sched.slice, 1000000, vmm->sched.hz));
    gantt_write(out, vmm->gantt, title, names, notes, vmm->guest_count, vmm->sched.hz, now);
}
