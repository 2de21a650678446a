/* vitrine run and vitrine debug: one machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/file.h"
#include "base/bits.h"
#include "frontends/commands.h"
#include "frontends/guess.h"
#include "frontends/run_internal.h"
#include "frontends/sound.h"

#define DEFAULT_MEMORY_BYTES (UINT64_C(128) << 20)
#define SNAPSHOT_MAGIC "VITRINE1"
/* 8 GiB, or half of a 32-bit address space. */
#define SNAPSHOT_BYTES_MAX (SIZE_MAX > UINT32_MAX ? SIZE_MAX >> 31 : SIZE_MAX >> 1)

/* The text of "mac=" among the settings; *length 0: the card's default. */
static const char *mac_of(const struct machine_nic *nic, size_t *length)
{
    const char *at = nic->settings;
    while (at && strncmp(at, "mac=", 4) != 0) {
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    *length = at ? strcspn(at + 4, ",") : 0;
    return at ? at + 4 : "";
}

static enum status refuse_same_mac(const struct run *run, size_t index, struct error *error)
{
    size_t length, other_length;
    const char *mac = mac_of(&run->config.nics[index], &length), *other;
    for (size_t i = 0; i < index; i++) {
        other = mac_of(&run->config.nics[i], &other_length);
        if (length == other_length && strncasecmp(mac, other, length) == 0)
            return error_set(error, STATUS_USAGE, "--nic: two cards have one MAC; fix: mac= of its own "
                             "for each");
    }
    return STATUS_OK;
}

/* "MODEL[,option=value...]" → model and settings, in `room`, and a cable. */
static enum status take_nic(struct run *run, size_t index, char *room, size_t size,
                            struct error *error)
{
    const char *spec = run->options.nics.items[index];
    struct machine_nic *nic = &run->config.nics[index];
    size_t model = strcspn(spec, ",");
    char cable[NET_WORDS_TEXT], name[] = {'n', 'i', 'c', (char)('0' + index), '\0'};
    enum status status;
    if (strlen(spec) >= size || strlen(spec) >= sizeof cable)
        return error_set(error, STATUS_USAGE, "--nic: too long; fix: fewer options");
    memcpy(room, spec, model);
    room[model] = '\0';
    net_words_split(spec[model] ? spec + model + 1 : "", room + model + 1, cable);
    nic->model = room;
    nic->settings = room + model + 1;
    if ((status = refuse_same_mac(run, index, error)) != STATUS_OK)
        return status;
    status = network_plug(&run->session.network, name, cable, &nic->port, error);
    if (status != STATUS_OK)
        error_prefix(error, "--nic");
    return status;
}

/* The byte stream of one option; none where it is not given. */
static enum status take_stream(struct run *run, const char *option, const char *spec,
                               struct chardev **chardev, struct error *error)
{
    enum status status = spec ? session_chardev(&run->session, spec, chardev, error) : STATUS_OK;
    if (status != STATUS_OK)
        error_prefix(error, "--%s", option);
    return status;
}

static enum status take_streams(struct run *run, struct error *error)
{
    const struct run_options *o = &run->options;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < o->serials.count; i++)
        status = take_stream(run, "serial", o->serials.items[i], &run->config.serials[i], error);
    if (status == STATUS_OK)
        status = take_stream(run, "parallel", o->parallel, &run->config.parallel, error);
    if (status == STATUS_OK)
        status = take_stream(run, "debug-console", o->debug_console, &run->config.debug_console,
                             error);
    return status;
}

static enum status add_disc(struct run *run, const char *path, struct error *error)
{
    size_t count = 0;
    while (count < MACHINE_DISCS && run->config.discs[count])
        count++;
    if (count == MACHINE_DISCS)
        return error_set(error, STATUS_USAGE, "--cdrom: more than %d discs; fix: leave some out", MACHINE_DISCS);
    run->config.has_cdrom = true;
    return session_disc(&run->session, path, &run->config.discs[count], error);
}

static enum status add_floppy(struct run *run, const char *spec, struct error *error)
{
    size_t drive = 0;
    while (drive < MACHINE_FLOPPIES && run->config.floppies[drive][0])
        drive++;
    if (drive == MACHINE_FLOPPIES)
        return error_set(error, STATUS_USAGE, "--floppy: there are two drives; fix: leave one out, or next=FILE "
                         "for a diskette to be put in later");
    return session_floppy(&run->session, spec, run->config.floppies[drive],
                          &run->config.floppy_has_mechanics[drive], error);
}

/* A: comes first where its image is what is to be run, or where there is no disk. */
static const char *boot_order(const struct run *run, bool is_floppy_run)
{
    if (!run->config.floppies[0][0])
        return "cd";
    return is_floppy_run || (!run->config.disks[0] && !run->config.virtio_disks[0].block) ? "acd" : "cad";
}

/* One hard disk, ATA or virtio, at the first free place of its kind. */
static enum status add_disk(struct run *run, const char *spec, struct error *error)
{
    struct session_disk_model model;
    struct block *block;
    size_t ata = 0, virtio = 0;
    enum status status = session_disk(&run->session, spec, &block, &model, error);
    while (ata < MACHINE_DISKS && run->config.disks[ata])
        ata++;
    while (virtio < MACHINE_DISKS && run->config.virtio_disks[virtio].block)
        virtio++;
    if (status != STATUS_OK)
        return status;
    if ((model.is_virtio ? virtio : ata) == MACHINE_DISKS)
        return error_set(error, STATUS_USAGE, "--disk: more than %d disks; fix: leave some out",
                         MACHINE_DISKS);
    if (!model.is_virtio) {
        run->config.disks[ata] = block;
        run->config.has_mechanics[ata] = model.has_mechanics;
        return STATUS_OK;
    }
    strcpy(run->disk_settings[virtio], model.settings);
    run->config.virtio_disks[virtio].block = block;
    run->config.virtio_disks[virtio].settings = run->disk_settings[virtio];
    return STATUS_OK;
}

/* The operand: a kernel where --kernel could stand, a disc where --cdrom could, a diskette where --floppy
 * could, else the first hard disk. */
static enum status take_image(struct run *run, struct error *error)
{
    struct run_options *o = &run->options;
    enum image_kind kind = IMAGE_DISK;
    enum status status;
    if (o->image) {
        char path[4096];
        snprintf(path, sizeof path, "%.*s", (int)strcspn(o->image, ","), o->image);
        if ((status = guess_image(path, &kind, error)) != STATUS_OK)
            return status;
        if (kind == IMAGE_KERNEL && o->kernel)
            return error_set(error, STATUS_USAGE, "%s is a kernel, and --kernel names one; fix: leave one "
                             "out", o->image);
        if (kind == IMAGE_KERNEL)
            o->kernel = o->image;
        else if (kind == IMAGE_DISC)
            status = add_disc(run, o->image, error);
        else if (kind == IMAGE_FLOPPY)
            status = add_floppy(run, o->image, error);
        else
            status = add_disk(run, o->image, error);
        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < o->disks.count; i++)
        if ((status = add_disk(run, o->disks.items[i], error)) != STATUS_OK)
            return status;
    for (size_t i = 0; i < o->cdroms.count; i++)
        if ((status = add_disc(run, o->cdroms.items[i], error)) != STATUS_OK)
            return status;
    for (size_t i = 0; i < o->floppies.count; i++)
        if ((status = add_floppy(run, o->floppies.items[i], error)) != STATUS_OK)
            return status;
    run->config.boot_order = boot_order(run, o->image && kind == IMAGE_FLOPPY);
    bool boots = o->kernel || run->session.disk_count > 0 || run->config.has_cdrom || run->config.floppies[0][0] ||
                 o->snapshot_load;
    if (!boots && !o->bios)
        return error_set(error, STATUS_USAGE, "nothing to boot from; fix: vitrine run disk.img, --disk FILE, "
                         "--floppy FILE, --cdrom FILE, --kernel FILE or --bios FILE");
    /* A firmware that was asked for may be all that is wanted: test ROMs boot nothing. Then it is the guest. */
    if (!boots && o->wants_prompt && !o->no_firmware)
        o->is_stopped = o->firmware = true;
    if (o->draws_drivers)
        return error_set(error, STATUS_USAGE, "--drivers draws the drivers of a host; fix: vitrine host LAB.ini");
    if (o->gantt)
        return error_set(error, STATUS_USAGE, "--gantt draws the guests of a host; fix: vitrine host LAB.ini");
    if (!o->kernel && (o->initrd || o->append))
        return error_set(error, STATUS_USAGE, "%s goes with --kernel; fix: add --kernel FILE",
                         o->initrd ? "--initrd" : "--append");
    return STATUS_OK;
}

static enum status refuse_missing(const struct run_options *o, struct error *error)
{
    if (o->board && !board_find(o->board))
        return error_set(error, STATUS_USAGE, "--board %s; fix: pc, pc-apic, isa or full (vitrine doctor tells what they are)", o->board);
    return STATUS_OK;
}

static enum status load_snapshot(struct run *run, struct error *error)
{
    const char *path = run->options.snapshot_load;
    struct state_stream stream = {0};
    enum status status = file_read(path, SNAPSHOT_BYTES_MAX, &stream.bytes, &stream.used, error);
    if (status == STATUS_OK && (stream.used < 8 || memcmp(stream.bytes, SNAPSHOT_MAGIC, 8) != 0))
        status = error_set(error, STATUS_FILE, "not a snapshot of Vitrine; fix: one that --snapshot-save "
                           "wrote");
    stream.read = 8;
    if (status == STATUS_OK)
        status = world_load(&run->session.world, &stream, error);
    if (status == STATUS_OK)
        status = machine_load(run->machine, &stream, error);
    if (status != STATUS_OK)
        error_prefix(error, "--snapshot-load %s", path);
    state_stream_free(&stream);
    return status;
}

static enum status save_snapshot(const struct run *run, struct error *error)
{
    struct state_stream stream = {0};
    enum status status;
    state_put(&stream, SNAPSHOT_MAGIC, 8);
    world_save(&run->session.world, &stream);
    machine_save(run->machine, &stream);
    status = stream.has_failed ? error_set(error, STATUS_INTERNAL, "out of memory for the snapshot")
                               : file_write(run->options.snapshot_save, stream.bytes, stream.used,
                                            error);
    state_stream_free(&stream);
    return status;
}

static enum status build_again(const struct run_options *options, const char *machine,
                               struct second_run *second, struct error *error)
{
    struct run *run = calloc(1, sizeof *run);
    enum status status;
    (void)machine;
    if (!run)
        return error_set(error, STATUS_INTERNAL, "out of memory for a second run");
    run->options = *options;
    status = run_build(run, error);
    *second = (struct second_run){&run->session, run->machine, run->machine, run};
    return status;
}

static void free_again(void *self)
{
    run_close(self);
    free(self);
}

enum status run_build(struct run *run, struct error *error)
{
    struct run_options *o = &run->options;
    enum status status;
    if ((status = refuse_missing(o, error)) != STATUS_OK ||
        (status = session_open(&run->session, o, 0, error)) != STATUS_OK ||
        (status = take_image(run, error)) != STATUS_OK ||
        (status = take_streams(run, error)) != STATUS_OK ||
        (status = session_firmware(&run->session, &run->config.bios, &run->config.vga_bios, error)) !=
            STATUS_OK)
        return status;
    for (size_t i = 0; i < o->nics.count; i++)
        if ((status = take_nic(run, i, run->rooms[i], sizeof run->rooms[i], error)) != STATUS_OK)
            return status;
    run->config.name = "pc";
    run->config.has_cpu = true;
    run->config.board = o->board ? board_find(o->board) : NULL;
    run->config.cpu_model = o->cpu;
    run->config.memory_bytes = o->memory_bytes ? o->memory_bytes : DEFAULT_MEMORY_BYTES;
    run->config.rtc_seconds = run->session.rtc_seconds;
    if (o->kernel &&
        (status = boot_new(&run->boot, o->kernel, o->initrd, o->append, error)) != STATUS_OK)
        return status;
    /* Firmware of one's own may be such that starts kernels itself. */
    if (run->boot && o->bios && strcmp(o->bios, "embedded") != 0 &&
        (status = boot_describe(run->boot, run->config.memory_bytes, &run->config.kernel, error)) !=
            STATUS_OK)
        return status;
    status = machine_new(&run->machine, &run->session.world, &run->config, error);
    if (status != STATUS_OK)
        return status;
    run->machine->resets_on_triple_fault = !o->no_reboot;
    run->again = (struct run_again){&run->session, build_again, free_again, false, false};
    run_again_watch(&run->again, run->machine);
    run->session.guests[run->session.guest_count++] = run->machine;
    if (run->boot && (status = boot_attach(run->boot, run->machine, error)) != STATUS_OK)
        return status;
    if (run->boot)
        run->session.kernel_entry = boot_entry(run->boot);
    machine_run_world(run->machine);
    return o->snapshot_load ? load_snapshot(run, error) : STATUS_OK;
}

static int execute(struct run *run, struct error *error)
{
    int exit_status;
    enum status status = session_show(&run->session, run->machine, error);
    if (status == STATUS_OK)
        status = sound_open(&run->session.sound, run->options.sound, run->machine, error);
    if (status != STATUS_OK)
        return (int)status;
    exit_status = session_run(&run->session, error);
    if (run->options.prints_hash)
        printf("hash %016llx instructions %llu\n", (unsigned long long)machine_hash(run->machine),
               (unsigned long long)cpu_instructions(run->machine->cpu));
    if (run->options.snapshot_save && error->text[0] == '\0' &&
        save_snapshot(run, error) != STATUS_OK)
        return (int)error->status;
    return exit_status;
}

void run_close(struct run *run)
{
    session_end_display(&run->session);
    machine_free(run->machine);
    boot_free(run->boot);
    session_close(&run->session);
}

static int run_machine(int argc, char **argv, const char *command, bool wants_prompt)
{
    static const struct run NOTHING;
    struct error error = {STATUS_OK, ""};
    struct run *run = malloc(sizeof *run);
    int exit_status;
    if (!run)
        return STATUS_INTERNAL;
    *run = NOTHING;
    exit_status = (int)run_options_parse(&run->options, argc, argv, &error);
    if (exit_status == STATUS_OK && run->options.wants_help) {
        printf("usage: vitrine %s [OPTIONS] [IMAGE]\n", command);
        run_options_print();
        free(run);
        return STATUS_OK;
    }
    run->options.wants_prompt = wants_prompt;
    if (exit_status == STATUS_OK && wants_prompt && run->options.gdb)
        exit_status = (int)error_set(&error, STATUS_USAGE, "debug is a debugger itself; fix: vitrine run --gdb "
                                     "PORT --stopped");
    if (exit_status == STATUS_OK)
        exit_status = (int)run_build(run, &error);
    if (exit_status == STATUS_OK)
        exit_status = execute(run, &error);
    sound_close(run->session.sound);
    run_close(run);
    if (error.text[0])
        exit_status = session_fail(&error);
    free(run);
    return exit_status;
}

int run_command(int argc, char **argv)
{
    return run_machine(argc, argv, "run", false);
}

int debug_command(int argc, char **argv)
{
    return run_machine(argc, argv, "debug", true);
}
