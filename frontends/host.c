/* vitrine host: one host, several guests. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/commands.h"
#include "frontends/run_again.h"
#include "frontends/session.h"
#include "hypervisor/drivers_map.h"
#include "hypervisor/focus_screen.h"
#include "hypervisor/report.h"
#include "hypervisor/vmm.h"

struct host_run {
    struct session session;
    struct run_options options;
    struct lab lab;
    struct vmm_backends backends;
    struct vmm *vmm;
    struct display_screen focus; /* what a terminal shows */
    FILE *gantt_file;            /* NULL: no picture */
    struct run_again again[SESSION_GUESTS];
};

/* Options of a single machine that mean nothing for a host: LAB.ini says them. */
static enum status refuse(const struct run_options *o, struct error *error)
{
    const struct {
        bool is_given;
        const char *name;
    } rows[] = {{o->memory_bytes != 0, "memory"},
                {o->debug_console != NULL, "debug-console"},
                {o->parallel != NULL, "parallel"},
                {o->cpu != NULL, "cpu"},       {o->board != NULL, "board"},
                {o->kernel != NULL, "kernel"}, {o->initrd != NULL, "initrd"},
                {o->append != NULL, "append"}, {o->disks.count != 0, "disk"},
                {o->nics.count != 0, "nic"},   {o->serials.count != 0, "serial"},
                {o->floppies.count != 0, "floppy"}, {o->cdroms.count != 0, "cdrom"},
                {o->snapshot_load != NULL, "snapshot-load"},
                {o->snapshot_save != NULL, "snapshot-save"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].is_given)
            return error_set(error, STATUS_USAGE, "--%s does not go with host; fix: say it in LAB.ini",
                             rows[i].name);
    if (!o->image)
        return error_set(error, STATUS_USAGE, "no LAB.ini; fix: vitrine host LAB.ini");
    return STATUS_OK;
}

static enum status open_disk(struct host_run *run, struct error *error)
{
    const struct lab *lab = &run->lab;
    struct session_disk_model model; /* the host's own disk is an ATA drive: LAB.ini has no other word */
    char spec[LAB_TEXT + 128];
    enum status status;
    if (lab->disk[0] == '\0')
        return STATUS_OK;
    snprintf(spec, sizeof spec, "%s,geometry=%u/%u/%u%s", lab->disk, lab->geometry.cylinders,
             lab->geometry.heads, lab->geometry.sectors, lab->disk_words);
    status = session_disk(&run->session, spec, &run->backends.disk, &model, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s: [host] disk", lab->ini.path);
    return status;
}

static enum status open_line(struct host_run *run, const char *spec, const char *who, int line,
                             const char *key, struct chardev **chardev, struct error *error)
{
    enum status status = STATUS_OK;
    if (spec[0] != '\0')
        status = session_chardev(&run->session, spec, chardev, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s:%d: error: %s: %s", run->lab.ini.path, line, who, key);
    return status;
}

/* Serial lines and printers, the guests' own and the host's. */
static enum status open_lines(struct host_run *run, struct error *error)
{
    const struct lab *lab = &run->lab;
    enum status status = STATUS_OK;
    for (int kind = 0; status == STATUS_OK && kind < LAB_LINES; kind++)
        status = open_line(run, lab->lines[kind], "host", 1, LAB_LINE_KEYS[kind],
                           &run->backends.lines[kind], error);
    for (unsigned i = 0; status == STATUS_OK && i < lab->guest_count; i++) {
        const struct lab_guest *guest = &lab->guests[i];
        status = open_line(run, guest->serial, guest->name, guest->line, "serial",
                           &run->backends.serials[i], error);
        if (status == STATUS_OK)
            status = open_line(run, guest->printer, guest->name, guest->line, "printer",
                               &run->backends.printers[i], error);
    }
    return status;
}

/* Cables: the host's NIC leads outside, the guests' to the switch, where one may listen. */
static enum status open_network(struct host_run *run, struct error *error)
{
    struct network *network = &run->session.network;
    const struct lab *lab = &run->lab;
    int line = lab->nic.line;
    enum status status = network_plug(network, "host", lab->nic.cable, &run->backends.uplink, error);
    for (unsigned i = 0; status == STATUS_OK && i < lab->guest_count; i++) {
        line = lab->guests[i].nic.line;
        status = network_listen(network, lab->guests[i].name, lab->guests[i].nic.cable,
                                &run->backends.listeners[i], error);
    }
    if (status != STATUS_OK)
        error_prefix(error, "%s:%d: error: nic", lab->ini.path, line);
    return status;
}

static enum status build_again(const struct run_options *options, const char *machine,
                               struct second_run *second, struct error *error);
static void free_again(void *self);

static enum status build(struct host_run *run, struct error *error)
{
    enum status status;
    if ((status = refuse(&run->options, error)) != STATUS_OK ||
        (status = lab_read(&run->lab, run->options.image, error)) != STATUS_OK ||
        (status = session_open(&run->session, &run->options, run->lab.clock_hz, error)) !=
            STATUS_OK ||
        (status = session_firmware(&run->session, &run->backends.bios, &run->backends.vga_bios,
                                   error)) != STATUS_OK ||
        (status = open_disk(run, error)) != STATUS_OK ||
        (status = open_lines(run, error)) != STATUS_OK ||
        (status = open_network(run, error)) != STATUS_OK)
        return status;
    run->backends.rtc_seconds = run->session.rtc_seconds;
    status = vmm_new(&run->vmm, &run->session.world, &run->lab, &run->backends, error);
    if (status == STATUS_OK && strcmp(run->session.display_kind, "terminal") == 0) {
        focus_screen_init(&run->focus, run->vmm);
        run->session.screen = &run->focus;
    }
    for (unsigned i = 0; status == STATUS_OK && i < run->vmm->guest_count; i++) {
        struct machine *guest = run->vmm->guests[i].machine;
        guest->resets_on_triple_fault = !run->options.no_reboot;
        run->session.guests[run->session.guest_count++] = guest;
        run->again[i] = (struct run_again){&run->session, build_again, free_again, false, false};
        run_again_watch(&run->again[i], guest);
    }
    if (status == STATUS_OK)
        run->session.debugged = run->vmm->guests[0].machine; /* --gdb: the first guest */
    return status;
}

static void close_host(struct host_run *run)
{
    session_end_display(&run->session);
    vmm_free(run->vmm);
    lab_free(&run->lab);
    if (run->gantt_file)
        fclose(run->gantt_file);
    session_close(&run->session);
}

static enum status build_again(const struct run_options *options, const char *machine,
                               struct second_run *second, struct error *error)
{
    struct host_run *run = calloc(1, sizeof *run);
    enum status status;
    if (!run)
        return error_set(error, STATUS_INTERNAL, "out of memory for a second run");
    run->options = *options;
    status = build(run, error);
    *second = (struct second_run){&run->session, NULL, run->vmm ? run->vmm->host : NULL, run};
    for (size_t i = 0; i < run->session.guest_count; i++)
        if (strcmp(run->session.guests[i]->name, machine) == 0)
            second->machine = run->session.guests[i];
    return status;
}

static void free_again(void *self)
{
    close_host(self);
    free(self);
}

/* "FILE.svg[,from=MS][,to=MS]": the file is made at once, so that a bad name is known before the run. */
static enum status open_gantt(struct host_run *run, struct error *error)
{
    const char *spec = run->options.gantt, *comma;
    uint64_t from = 0, to = 0, hz = run->session.world.timeline.hz;
    char path[LAB_TEXT];
    int used = 0;
    if (!spec)
        return STATUS_OK;
    comma = strchr(spec, ',');
    snprintf(path, sizeof path, "%.*s", (int)(comma ? (size_t)(comma - spec) : strlen(spec)), spec);
    if (comma && sscanf(comma, ",from=%" SCNu64 "%n", &from, &used) == 1)
        comma += used;
    if (comma && sscanf(comma, ",to=%" SCNu64 "%n", &to, &used) == 1)
        comma += used;
    if ((comma && *comma) || (to && to <= from) || to > UINT32_MAX || from > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "--gantt %s; fix: FILE.svg[,from=MS][,to=MS], to after from", spec);
    run->gantt_file = fopen(path, "w");
    if (!run->gantt_file)
        return error_set(error, STATUS_FILE, "--gantt %s: %s; fix: a file that can be written", path,
                         strerror(errno));
    run->vmm->gantt = calloc(1, sizeof *run->vmm->gantt);
    if (!run->vmm->gantt)
        return error_set(error, STATUS_INTERNAL, "out of memory for the picture");
    run->vmm->gantt->from = from * hz / 1000;
    run->vmm->gantt->to = to * hz / 1000;
    return STATUS_OK;
}

static enum status write_gantt(struct host_run *run, struct error *error)
{
    if (!run->gantt_file)
        return STATUS_OK;
    report_gantt(run->gantt_file, run->vmm);
    if (fflush(run->gantt_file) != 0 || ferror(run->gantt_file))
        return error_set(error, STATUS_FILE, "--gantt: %s; fix: room for the picture", strerror(errno));
    return STATUS_OK;
}

static void print_hashes(const struct vmm *vmm)
{
    printf("hash %016llx host\n", (unsigned long long)machine_hash(vmm->host));
    for (unsigned i = 0; i < vmm->guest_count; i++)
        printf("hash %016llx guest %s\n", (unsigned long long)machine_hash(vmm->guests[i].machine),
               vmm->guests[i].lab->name);
}

static int draw_drivers(struct host_run *run)
{
    struct error error = {STATUS_OK, ""};
    enum status status = refuse(&run->options, &error);
    if (status == STATUS_OK)
        status = lab_read(&run->lab, run->options.image, &error);
    if (status == STATUS_OK)
        drivers_map_draw(stdout, &run->lab);
    lab_free(&run->lab);
    return status == STATUS_OK ? STATUS_OK : session_fail(&error);
}

static int run_host(struct host_run *run, int argc, char **argv)
{
    struct error error = {STATUS_OK, ""};
    int exit_status = (int)run_options_parse(&run->options, argc, argv, &error);
    if (exit_status == STATUS_OK && run->options.wants_help) {
        printf("usage: vitrine host [OPTIONS] LAB.ini\n");
        run_options_print();
        return STATUS_OK;
    }
    if (exit_status == STATUS_OK && run->options.draws_drivers)
        return draw_drivers(run);
    if (exit_status == STATUS_OK)
        exit_status = (int)build(run, &error);
    if (exit_status == STATUS_OK)
        exit_status = (int)session_show(&run->session, run->vmm->host, &error);
    if (exit_status == STATUS_OK)
        exit_status = (int)open_gantt(run, &error);
    if (exit_status == STATUS_OK) {
        exit_status = session_run(&run->session, &error);
        session_end_display(&run->session);
        report_write(stdout, run->vmm);
        if (run->options.prints_hash)
            print_hashes(run->vmm);
        if (vmm_is_faulty(run->vmm))
            exit_status = STATUS_INTERNAL;
        if (!error.text[0] && write_gantt(run, &error) != STATUS_OK)
            exit_status = STATUS_FILE;
    }
    close_host(run);
    return error.text[0] ? session_fail(&error) : exit_status;
}

int host_command(int argc, char **argv)
{
    struct host_run *run = calloc(1, sizeof *run);
    int exit_status;
    if (!run)
        return STATUS_INTERNAL;
    exit_status = run_host(run, argc, argv);
    free(run);
    return exit_status;
}
