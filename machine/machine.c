#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/i8259.h"
#include "machine/assemble.h"

#define LOW_RAM_BYTES 0xA0000u        /* conventional memory, up to video memory */
#define ROM_AREA 0xC0000u /* of video memory's and other cards' ROMs, up to the firmware */
#define VIDEO_ROM_BYTES 0x20000u
#define MEBIBYTE UINT64_C(0x100000)
#define PCI_HOLE UINT64_C(0xE0000000) /* RAM ends below it: BARs and the ROM live there */
#define MACHINE_STATE_VERSION 2
#define MAGIC_SHOWN_MAX 4 /* magic breakpoints that nobody takes are said so often */
#define FAULTS_SHOWN_MAX 8 /* triple faults, each of which resets the machine, are explained so often */

/* --- what devices ask of the machine --------------------------------------------------------------- */

static void show_effect(struct machine *machine, const char *words)
{
    struct door_event event = {
        .kind = DOOR_EFFECT, .machine = machine->name, .source = "machine", .words = words};
    if (BASE_UNLIKELY(door_is_watched(&machine->world->door)))
        door_show(&machine->world->door, &event);
}

static void on_power_off(void *self)
{
    show_effect(self, "power off");
    machine_end(self, STATUS_OK);
}

static void on_debug_exit(void *self, unsigned status)
{
    machine_end(self, (int)status);
}

/* RESET# takes effect between instructions: the CPU that asked for it is in the middle of one. */
static void on_reset(void *self)
{
    struct machine *machine = self;
    show_effect(machine, "reset");
    machine->reset_pending = true;
    timeline_cut(&machine->world->timeline);
}

static void on_a20(void *self, bool is_enabled)
{
    struct machine *machine = self;
    show_effect(machine, is_enabled ? "A20 is on" : "A20 is off");
    space_set_a20(&machine->memory, is_enabled);
}

void machine_end(struct machine *machine, int exit_status)
{
    if (!machine->is_running)
        return;
    machine->is_running = false;
    machine->exit_status = exit_status;
    timeline_cut(&machine->world->timeline);
    if (machine->config.ended)
        machine->config.ended(machine->config.ended_self, machine, exit_status);
    else
        world_stop(machine->world, exit_status);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static enum status build_ram(struct machine *machine, struct error *error)
{
    const struct machine_config *config = &machine->config;
    enum status status = STATUS_OK;
    machine->ram_frames = (size_t)(config->memory_bytes / FRAME_BYTES);
    if (config->lent) {
        machine->ram = config->lent;
        machine->ram_first_frame = config->lent_first_frame;
    } else {
        machine->ram = &machine->own_ram;
        status = ram_init(&machine->own_ram, machine->name, machine->world->next_ram_id++,
                          machine->ram_frames, error);
    }
    if (status == STATUS_OK && config->has_cpu && machine->world->ram_made)
        machine->world->ram_made(machine->ram->bytes + machine->ram_first_frame * FRAME_BYTES,
                                 machine->ram_frames * FRAME_BYTES);
    return status;
}

/* Low memory, the hole for video memory and ROMs, and what lies above 1 MiB. */
static void map_ram(struct machine *machine)
{
    size_t low = LOW_RAM_BYTES / FRAME_BYTES, high = (size_t)(MEBIBYTE / FRAME_BYTES);
    size_t first = machine->ram_first_frame, frames = machine->ram_frames;
    if (frames > (size_t)(PCI_HOLE / FRAME_BYTES))
        frames = (size_t)(PCI_HOLE / FRAME_BYTES);
    space_map_ram(&machine->memory, 0, frames < low ? frames : low, machine->ram, first, true, true);
    if (frames > high)
        space_map_ram(&machine->memory, MEBIBYTE, frames - high, machine->ram, first + high, true,
                      true);
}

/* The firmware below 4 GiB, its last 128 KiB also below 1 MiB (i440FX data sheet 3.2.18: PAM), and below
 * 16 MiB for a CPU of 24 address pins, which starts there (IBM AT Technical Reference: FE0000h-FFFFFFh). */
static enum status build_rom(struct machine *machine, struct error *error)
{
    const struct machine_blob *bios = &machine->config.bios;
    size_t frames = bios->count / FRAME_BYTES, low;
    enum status status;
    if (bios->count == 0)
        return STATUS_OK;
    if (bios->count % FRAME_BYTES != 0 || bios->count > 16 * MEBIBYTE)
        return error_set(error, STATUS_FILE,
                         "the firmware has %zu bytes; fix: a ROM image of 64 KiB to 16 MiB in whole "
                         "pages", bios->count);
    status = ram_init(&machine->rom, "rom", machine->world->next_ram_id++, frames, error);
    if (status != STATUS_OK)
        return status;
    memcpy(machine->rom.bytes, bios->bytes, bios->count);
    space_map_ram(&machine->memory, ((uint64_t)1 << 32) - bios->count, frames, &machine->rom, 0,
                  true, false);
    low = frames < 32 ? frames : 32;
    space_map_ram(&machine->memory, MEBIBYTE - low * FRAME_BYTES, low, &machine->rom, frames - low,
                  true, false);
    if (machine->config.has_cpu && cpu_address_mask(machine->config.cpu_model) == 16 * MEBIBYTE - 1)
        space_map_ram(&machine->memory, 16 * MEBIBYTE - low * FRAME_BYTES, low, &machine->rom,
                      frames - low, true, false);
    return STATUS_OK;
}

static void copy_to_shadow(struct machine *machine, uint64_t gpa, const uint8_t *bytes, size_t count)
{
    size_t first = machine->ram_first_frame + (size_t)(gpa / FRAME_BYTES);
    memcpy(machine->ram->bytes + first * FRAME_BYTES, bytes, count);
    for (size_t i = 0; i * FRAME_BYTES < count; i++)
        ram_written(machine->ram, first + i, 0, FRAME_BYTES);
}

/* A board whose ROMs stand in RAM (has_shadow): the firmware keeps variables beside its code, as
 * SeaBIOS does, and finds both fresh after each reset. */
static void shadow_roms(struct machine *machine)
{
    const struct machine_config *config = &machine->config;
    size_t low = machine->rom.frames < 32 ? machine->rom.frames : 32, bytes = low * FRAME_BYTES;
    size_t first = ROM_AREA / FRAME_BYTES, count = (size_t)(MEBIBYTE / FRAME_BYTES) - first;
    size_t video = config->vga_bios.count < VIDEO_ROM_BYTES ? config->vga_bios.count : VIDEO_ROM_BYTES;
    if (!config->board->has_shadow || machine->ram_frames < first + count)
        return;
    space_map_ram(&machine->memory, ROM_AREA, count, machine->ram, machine->ram_first_frame + first,
                  true, true);
    if (bytes)
        copy_to_shadow(machine, MEBIBYTE - bytes,
                       machine->rom.bytes + (machine->rom.frames - low) * FRAME_BYTES, bytes);
    if (video)
        copy_to_shadow(machine, ROM_AREA, config->vga_bios.bytes, video);
}

/* --- life ---------------------------------------------------------------------------------------------- */

static int acknowledge(void *self)
{
    struct machine *machine = self;
    int injected = machine->injected_vector;
    machine->interrupts_taken++;
    if (injected < 0)
        return machine_acknowledge(machine);
    machine->injected_vector = -1;
    cpu_set_intr(machine->cpu, machine->pic_intr);
    return injected;
}

/* Shown to who watches, with the place of the handler's first instruction. */
static void entered(void *self, uint8_t vector)
{
    struct machine *machine = self;
    struct access_origin origin = {0};
    struct door_event event = {.kind = DOOR_INTERRUPT,
                               .machine = machine->name,
                               .source = "cpu",
                               .step = INTERRUPT_ENTERED,
                               .level = true,
                               .has_vector = true,
                               .vector = vector};
    int line;
    if (BASE_LIKELY(!door_is_watched(&machine->world->door)))
        return;
    cpu_origin(machine->cpu, &origin);
    line = i8259_line_of(machine->pic_master, vector);
    event.cause = line < 0 ? machine->injected_cause
                           : i8259_cause_of(machine->pic_master, (unsigned)line);
    event.line = line < 0 ? vector : (unsigned)line; /* a local APIC names its requests by vector */
    event.address = origin.linear;
    door_show(&machine->world->door, &event);
}

static void intr_changed(void *self, unsigned input, bool level)
{
    struct machine *machine = self;
    (void)input;
    machine->pic_intr = level;
    cpu_set_intr(machine->cpu, level || machine->injected_vector >= 0);
}

void machine_inject(struct machine *machine, uint8_t vector)
{
    struct door_event event = {.kind = DOOR_INTERRUPT,
                               .machine = machine->name,
                               .source = "vmm",
                               .line = vector,
                               .step = INTERRUPT_INJECTED,
                               .level = true,
                               .has_vector = true,
                               .vector = vector};
    machine->injected_vector = vector;
    machine->injected_cause = door_cause(&machine->world->door);
    cpu_set_intr(machine->cpu, true);
    if (BASE_UNLIKELY(door_is_watched(&machine->world->door)))
        door_show(&machine->world->door, &event);
}

static void ignne_changed(void *self, unsigned input, bool level)
{
    struct machine *machine = self;
    (void)input;
    cpu_set_ignne(machine->cpu, level);
}

static void smi_changed(void *self, unsigned input, bool level)
{
    struct machine *machine = self;
    (void)input;
    if (level)
        cpu_smi(machine->cpu);
}

static void origin_of(void *self, struct access_origin *origin)
{
    struct machine *machine = self;
    origin->machine = machine->name;
    if (!machine->cpu)
        return;
    cpu_origin(machine->cpu, origin);
    machine_scope(machine, origin);
}

static void place_of(void *self, uint64_t linear, char *text, size_t size)
{
    struct machine *machine = self;
    if (machine->place)
        machine->place(machine->place_self, machine, linear, text, size);
}

static void nmi_changed(void *self, unsigned input, bool level)
{
    struct machine *machine = self;
    (void)input;
    if (level)
        cpu_nmi(machine->cpu);
}

/* The 8259's INT is INTR, or goes to the APICs (by the board's wires), and INTR is the local one's. */
static void connect_intr(struct machine *machine)
{
    struct device *apic = machine->local_apic;
    irq_line_connect(apic ? device_pin(apic, "intr") : device_pin(machine->pic_master, "int"),
                     intr_changed, machine, 0);
    if (!apic)
        return;
    irq_line_connect(device_pin(apic, "nmi"), nmi_changed, machine, 0);
    irq_line_connect(device_pin(apic, "smi"), smi_changed, machine, 0);
}

static enum status build_cpu(struct machine *machine, struct error *error)
{
    struct cpu_config config = {.name = machine->name,
                                .model = machine->config.cpu_model,
                                .timeline = &machine->world->timeline,
                                .clock = &machine->clock,
                                .memory = &machine->memory,
                                .ports = &machine->ports,
                                .log = &machine->world->log,
                                .pool = machine->world->pool,
                                .acknowledge = acknowledge,
                                .acknowledge_self = machine,
                                .apic = machine->local_apic ? &machine->apic_core : NULL,
                                .entered = entered,
                                .smiact = machine_smiact,
                                .smiact_self = machine,
                                .ferr = machine_ferr,
                                .ferr_self = machine};
    enum status status = cpu_new(&machine->cpu, &config, error);
    if (status != STATUS_OK)
        return status;
    connect_intr(machine);
    irq_line_connect(device_pin(machine_find(machine, "cerr"), "ignne"), ignne_changed, machine, 0);
    if (machine_find(machine, "pm"))
        irq_line_connect(device_pin(machine_find(machine, "pm"), "smi"), smi_changed, machine, 0);
    return STATUS_OK;
}

static void build_env(struct machine *machine, bool has_pci)
{
    machine->env = (struct device_env){.machine = machine->name,
                                       .clock = &machine->clock,
                                       .door = &machine->world->door,
                                       .log = &machine->world->log,
                                       .memory = &machine->memory,
                                       .ports = &machine->ports,
                                       .pci = has_pci ? &machine->pci : NULL,
                                       .apic = &machine->apic,
                                       .self = machine,
                                       .power_off = on_power_off,
                                       .reset = on_reset,
                                       .exit = on_debug_exit,
                                       .a20 = on_a20,
                                       .place = place_of};
    machine->pci.memory = &machine->memory;
    machine->pci.ports = &machine->ports;
    machine->memory.origin = origin_of;
    machine->memory.origin_self = machine;
    machine->ports.origin = origin_of;
    machine->ports.origin_self = machine;
}

static enum status build(struct machine *machine, struct error *error)
{
    const struct board *board = machine->config.board;
    enum status status;
    if ((status = space_init(&machine->memory, machine->name, SPACE_MEMORY, &machine->world->door,
                             error)) != STATUS_OK ||
        (status = space_init(&machine->ports, machine->name, SPACE_PORTS, &machine->world->door,
                             error)) != STATUS_OK)
        return status;
    build_env(machine, board->has_pci);
    if ((status = build_ram(machine, error)) != STATUS_OK)
        return status;
    map_ram(machine);
    if ((status = build_rom(machine, error)) != STATUS_OK ||
        (status = machine_assemble(machine, error)) != STATUS_OK)
        return status;
    shadow_roms(machine);
    return machine->config.has_cpu ? build_cpu(machine, error) : STATUS_OK;
}

enum status machine_new(struct machine **machine, struct world *world,
                        const struct machine_config *config, struct error *error)
{
    struct machine *made = calloc(1, sizeof *made);
    enum status status;
    *machine = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for machine '%s'", config->name);
    made->world = world;
    made->name = config->name;
    made->config = *config;
    if (!made->config.board)
        made->config.board = &BOARD_PC;
    made->resets_on_triple_fault = true;
    made->is_running = true;
    made->injected_vector = -1;
    clock_init(&made->clock, &world->timeline);
    status = build(made, error);
    if (status != STATUS_OK) {
        machine_free(made);
        return status;
    }
    if (made->cpu) {
        cpu_reset(made->cpu);
        machine_watch_hang(made);
    }
    *machine = made;
    return STATUS_OK;
}

void machine_free(struct machine *machine)
{
    if (!machine)
        return;
    if (machine->hang.watcher.poll)
        world_remove_watcher(machine->world, &machine->hang.watcher);
    cpu_free(machine->cpu);
    machine_disassemble(machine);
    if (machine->memory.door)
        space_fini(&machine->memory);
    if (machine->ports.door)
        space_fini(&machine->ports);
    ram_fini(&machine->own_ram);
    ram_fini(&machine->rom);
    clock_fini(&machine->clock);
    free(machine);
}

struct device *machine_find(const struct machine *machine, const char *name)
{
    for (struct device *device = machine->devices; device; device = device->next)
        if (strcmp(device->name, name) == 0)
            return device;
    return NULL;
}

void machine_reset(struct machine *machine)
{
    machine->hang_shown = machine->hang.is_said = false;
    machine->has_started = false;
    machine->reset_pending = false;
    machine->shutdown_shown = false;
    machine->injected_vector = -1;
    for (struct device *device = machine->devices; device; device = device->next)
        device->type->reset(device, RESET_HARD);
    shadow_roms(machine);
    if (machine->cpu)
        cpu_reset(machine->cpu);
    if (machine->after_reset)
        machine->after_reset(machine->after_reset_self);
}

/* --- running --------------------------------------------------------------------------------------------- */

#define FLAGS_IF 0x200u
#define FAULT_ENTRIES_MAX 4

void machine_log_lines(const struct machine *machine, enum log_level level, char *text)
{
    char *end;
    for (char *line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        log_line(&machine->world->log, level, "%s", line);
    }
}

static void log_triple_fault(struct machine *machine)
{
    struct log *log = &machine->world->log;
    struct machine_table_entry entries[FAULT_ENTRIES_MAX];
    char text[4096];
    size_t count;
    /* Firmware that faults in its first instructions does so a million times a second. */
    if (machine->faults_shown == FAULTS_SHOWN_MAX && machine->resets_on_triple_fault)
        return;
    log_line(log, LOG_ERROR, "%s: triple fault: the processor has shut down", machine->name);
    machine_explain_shutdown(machine, text, sizeof text);
    machine_log_lines(machine, LOG_ERROR, text);
    count = machine->writers ? machine_fault_entries(machine, entries, ARRAY_COUNT(entries)) : 0;
    if (count) {
        text[0] = '\0';
        machine->writers(machine->writers_self, machine, entries, count, text, sizeof text);
        machine_log_lines(machine, LOG_ERROR, text);
    }
    log_line(log, LOG_ERROR, "  next: %s", machine->resets_on_triple_fault
                                               ? "the chip set resets the machine"
                                               : "the run ends (--no-reboot)");
    if (++machine->faults_shown == FAULTS_SHOWN_MAX && machine->resets_on_triple_fault)
        log_line(log, LOG_WARNING, "%s: %u triple faults: further ones reset the machine without a "
                 "word; fix: --no-reboot ends the run at the first",
                 machine->name, machine->faults_shown);
}

/* HLT with interrupts off: said once, since only NMI, SMI or RESET# can end it. A machine that was
 * stopped on purpose looks the same, hence no error. */
static void explain_hang(struct machine *machine)
{
    struct cpu_registers r;
    char place[256] = "";
    uint64_t linear;
    if (BASE_LIKELY(machine->hang_shown))
        return;
    cpu_get_registers(machine->cpu, &r);
    if (r.flags & FLAGS_IF)
        return;
    machine->hang_shown = true;
    linear = (r.segment[CPU_CS].base + r.ip - 1) & 0xFFFFFFFFu; /* HLT has one byte */
    if (machine->place)
        machine->place(machine->place_self, machine, linear, place, sizeof place);
    log_line(&machine->world->log, LOG_WARNING,
             "%s: halted with interrupts off at %04x:%08llx%s: only NMI, SMI or a reset can wake it",
             machine->name, r.segment[CPU_CS].selector, (unsigned long long)(r.ip - 1), place);
}

static void stop_for_debugger(struct machine *machine)
{
    machine->debug_stopped = true;
    world_hold(machine->world);
}

/* The processor waits for RESET#. It is explained at once; a debugger sees it before what follows. */
static void triple_fault(struct machine *machine)
{
    if (!machine->shutdown_shown)
        log_triple_fault(machine);
    if (machine->holds_on_shutdown && !machine->shutdown_shown) {
        machine->shutdown_shown = true;
        stop_for_debugger(machine);
        return;
    }
    machine->shutdown_shown = false;
    if (machine->resets_on_triple_fault)
        machine_reset(machine);
    else
        machine_end(machine, STATUS_TRIPLE);
}

/* XCHG BX,BX where no debugger stands ready: said for its first places, and the run goes on. */
static bool passes_magic(struct machine *machine)
{
    struct cpu_debug_event event;
    char place[256] = "";
    cpu_debug_event(machine->cpu, &event);
    if (!event.is_magic || machine->holds_on_shutdown)
        return false;
    if (machine->magic_shown++ >= MAGIC_SHOWN_MAX)
        return true;
    if (machine->place)
        machine->place(machine->place_self, machine, event.address, place, sizeof place);
    log_line(&machine->world->log, LOG_WARNING,
             "%s: magic breakpoint at %08llx%s: no debugger stands ready; fix: vitrine debug, or "
             "--gdb",
             machine->name, (unsigned long long)event.address, place);
    return true;
}

bool machine_run(struct machine *machine)
{
    struct timeline *timeline = &machine->world->timeline;
    while (machine->is_running) {
        enum cpu_stop stop;
        if (machine->reset_pending)
            machine_reset(machine);
        stop = cpu_run(machine->cpu);
        switch (stop) {
        case CPU_STOP_SLICE:
            if (machine->reset_pending && timeline->now < timeline->slice_end)
                continue;
            return true;
        case CPU_STOP_HALT:
            explain_hang(machine);
            return false;
        case CPU_STOP_SHUTDOWN:
            triple_fault(machine);
            return true;
        case CPU_STOP_DEBUG:
            if (passes_magic(machine))
                continue;
            stop_for_debugger(machine);
            return true;
        }
    }
    return false;
}

static bool run_machine(void *self)
{
    return machine_run(self);
}

void machine_run_world(struct machine *machine)
{
    machine->world->runner.run = run_machine;
    machine->world->runner.self = machine;
}

/* --- state ------------------------------------------------------------------------------------------------- */

static void save_frames(const struct machine *machine, struct state_stream *stream)
{
    static const uint8_t ZERO[FRAME_BYTES];
    struct state_stream payload = {0};
    for (size_t i = 0; i < machine->ram_frames; i++) {
        const uint8_t *bytes = machine->ram->bytes + (machine->ram_first_frame + i) * FRAME_BYTES;
        if (memcmp(bytes, ZERO, FRAME_BYTES) == 0)
            continue;
        state_put_uint(&payload, i, 8);
        state_put(&payload, bytes, FRAME_BYTES);
    }
    state_put_section(stream, "ram", MACHINE_STATE_VERSION, &payload);
    state_stream_free(&payload);
}

static enum status load_frames(struct machine *machine, struct state_stream *stream,
                               struct error *error)
{
    struct state_stream payload;
    unsigned version;
    uint8_t *ram = machine->ram->bytes + machine->ram_first_frame * FRAME_BYTES;
    enum status status = state_get_section(stream, "ram", &version, &payload, error);
    if (status != STATUS_OK)
        return status;
    memset(ram, 0, machine->ram_frames * FRAME_BYTES);
    while (payload.read < payload.used) {
        size_t frame = (size_t)state_get_uint(&payload, 8);
        if (frame >= machine->ram_frames ||
            !state_get(&payload, ram + frame * FRAME_BYTES, FRAME_BYTES))
            return error_set(error, STATUS_FILE, "the snapshot's RAM does not fit this machine; "
                             "fix: the same --memory as when it was saved");
    }
    for (size_t i = 0; i < machine->ram_frames; i++)
        ram_written(machine->ram, machine->ram_first_frame + i, 0, FRAME_BYTES);
    return STATUS_OK;
}

void machine_save(const struct machine *machine, struct state_stream *stream)
{
    struct state_stream head = {0};
    state_put_uint(&head, machine->ram_frames, 8);
    state_put_uint(&head, clock_now(&machine->clock), 8);
    state_put_uint(&head, machine->world->timeline.next_sequence, 8);
    state_put_uint(&head, machine->memory.address_mask, 8);
    state_put(&head, machine->isa_irq_count, sizeof machine->isa_irq_count);
    state_put_uint(&head, machine->ferr_level, 1);
    state_put_uint(&head, machine->ticks_owed, 4);
    state_put_uint(&head, (uint16_t)machine->injected_vector, 2);
    state_put_section(stream, "machine", MACHINE_STATE_VERSION, &head);
    state_stream_free(&head);
    save_frames(machine, stream);
    for (struct device *device = machine->devices; device; device = device->next)
        device_save(device, stream);
    if (machine->cpu)
        cpu_save(machine->cpu, stream);
}

enum status machine_load(struct machine *machine, struct state_stream *stream, struct error *error)
{
    struct timeline *timeline = &machine->world->timeline;
    struct state_stream head;
    unsigned version;
    uint64_t frames, now, sequence, mask;
    enum status status = state_get_section(stream, "machine", &version, &head, error);
    if (status != STATUS_OK)
        return status;
    frames = state_get_uint(&head, 8);
    now = state_get_uint(&head, 8);
    sequence = state_get_uint(&head, 8);
    mask = state_get_uint(&head, 8);
    state_get(&head, machine->isa_irq_count, sizeof machine->isa_irq_count);
    machine->ferr_level = state_get_uint(&head, 1) != 0;
    machine->ticks_owed = (uint32_t)state_get_uint(&head, 4);
    machine->injected_vector = version >= 2 ? (int16_t)state_get_uint(&head, 2) : -1;
    if (head.has_failed || frames != machine->ram_frames)
        return error_set(error, STATUS_FILE, "the snapshot is of a machine with %llu KiB; fix: "
                         "--memory %lluK", (unsigned long long)frames * 4,
                         (unsigned long long)frames * 4);
    if (timeline->now < now)
        timeline->now = now;
    machine->clock.offset = timeline->now - now;
    if (timeline->next_sequence < sequence)
        timeline->next_sequence = sequence;
    if ((status = load_frames(machine, stream, error)) != STATUS_OK)
        return status;
    for (struct device *device = machine->devices; device; device = device->next)
        if ((status = device_load(device, stream, error)) != STATUS_OK)
            return status;
    machine->memory.address_mask = mask;
    space_remapped(&machine->memory);
    return machine->cpu ? cpu_load(machine->cpu, stream, error) : STATUS_OK;
}

uint64_t machine_hash(const struct machine *machine)
{
    struct state_stream stream = {0};
    uint64_t hash;
    machine_save(machine, &stream);
    hash = hash_bytes(HASH_START, stream.bytes, stream.used);
    state_stream_free(&stream);
    return hash;
}
