/* From rows to a machine: devices in the board's order, back-ends by the instance's name, wires. */
#include "machine/assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "devices/ata.h"
#include "devices/floppy_disk.h"
#include "devices/i82077aa.h"
#include "devices/i8237.h"
#include "devices/i8259.h"
#include "devices/ide_piix3.h"
#include "devices/fw_cfg.h"
#include "devices/i440fx.h"
#include "devices/local_apic.h"
#include "devices/ps2.h"
#include "devices/speaker.h"
#include "devices/vga.h"

#define SETTINGS_TEXT 512
#define FLOPPY_DMA_CHANNEL 2u
/* Places on PCI behind the board's own: network cards, then virtio disks. */
#define FIRST_NIC_SLOT 3u
#define FIRST_DISK_SLOT (FIRST_NIC_SLOT + MACHINE_NICS)

/* Words of a settings string, and more that the machine itself says. Lives during device_new. */
struct settings {
    char text[SETTINGS_TEXT];
    size_t used;
};

static enum status parse_settings(const char *from, struct settings *room,
                                  struct device_config *config, size_t *count, struct error *error)
{
    char *word, *rest;
    size_t length = from ? strlen(from) : 0, first = *count;
    if (length == 0)
        return STATUS_OK;
    if (length + 1 > sizeof room->text - room->used)
        return error_set(error, STATUS_USAGE, "%s: too many options; fix: leave some out", config->name);
    memcpy(room->text + room->used, from, length + 1);
    rest = room->text + room->used;
    room->used += length + 1;
    while ((word = rest) != NULL && *word) {
        char *comma = strchr(word, ','), *equals;
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        equals = strchr(word, '=');
        if (!equals)
            return error_set(error, STATUS_USAGE, "%s: '%s' is not option=value; fix: %s=VALUE", config->name,
                             word, word);
        *equals = '\0';
        for (size_t i = first; i < *count; i++)
            if (strcmp(config->settings[i].name, word) == 0)
                return error_set(error, STATUS_USAGE, "%s: %s is given twice; fix: leave one out",
                                 config->name, word);
        if (*count >= DEVICE_SETTINGS - 1)
            return error_set(error, STATUS_USAGE, "%s: too many options; fix: leave some out", config->name);
        config->settings[*count].name = word;
        config->settings[*count].value = equals + 1;
        (*count)++;
    }
    return STATUS_OK;
}

static enum status add_device(struct machine *machine, const char *type_name,
                              struct device_config *config, struct settings *room,
                              const char *settings, const char *more, struct device **made,
                              struct error *error)
{
    const struct device_type *type = device_type_find(type_name);
    struct device **end = &machine->devices, *device;
    size_t count = 0;
    enum status status;
    if (!type)
        return error_set(error, STATUS_USAGE, "%s: there is no device type '%s'; fix: vitrine doctor "
                         "lists them", config->name, type_name);
    config->env = &machine->env;
    if ((status = parse_settings(settings, room, config, &count, error)) != STATUS_OK ||
        (status = parse_settings(more, room, config, &count, error)) != STATUS_OK ||
        (status = device_new(&device, type, config, error)) != STATUS_OK)
        return status;
    while (*end)
        end = &(*end)->next;
    *end = device;
    if (made)
        *made = device;
    return STATUS_OK;
}

/* --- what the machine tells its firmware (fw_cfg) ------------------------------------------------------ */

#define E820_ROW_BYTES 20u
#define E820_RAM 1u

static bool board_has(const struct board *board, const char *type)
{
    const struct board_device *row;
    for (size_t i = 0; (row = board_device_at(board, i)) != NULL; i++)
        if (strcmp(row->type, type) == 0)
            return true;
    return false;
}

/* What the device has not copied yet. */
struct firmware_room {
    uint8_t e820[E820_ROW_BYTES];
    uint8_t addresses[KERNEL_PARTS][4], sizes[KERNEL_PARTS][4];
};

/* --kernel, for firmware that never asks for an operating system by INT 19h. */
static enum status describe_kernel(const struct machine_kernel *kernel, struct firmware_room *room,
                                   struct fw_cfg_config *files, struct error *error)
{
    static const uint16_t KEYS[KERNEL_PARTS][3] = {
        {FW_CFG_KERNEL_ADDR, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA},
        {FW_CFG_INITRD_ADDR, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA},
        {FW_CFG_CMDLINE_ADDR, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA},
        {FW_CFG_SETUP_ADDR, FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < KERNEL_PARTS && status == STATUS_OK; i++) {
        const struct machine_blob *part = &kernel->parts[i];
        if (part->count == 0)
            continue;
        store_le32(room->addresses[i], kernel->addresses[i]);
        store_le32(room->sizes[i], (uint32_t)part->count);
        if ((status = fw_cfg_add_item(files, KEYS[i][0], room->addresses[i], 4, error)) == STATUS_OK &&
            (status = fw_cfg_add_item(files, KEYS[i][1], room->sizes[i], 4, error)) == STATUS_OK)
            status = fw_cfg_add_item(files, KEYS[i][2], part->bytes, part->count, error);
    }
    return status;
}

static enum status describe_to_firmware(const struct machine *machine, struct firmware_room *room,
                                        struct fw_cfg_config *files, struct error *error)
{
    static const uint8_t ONE_CPU[2] = {1, 0}, NO_MENU[2] = {0, 0}, YES[1] = {1};
    enum status status;
    store_le64(room->e820, 0);
    store_le64(room->e820 + 8, machine->config.memory_bytes);
    store_le32(room->e820 + 16, E820_RAM);
    if ((status = describe_kernel(&machine->config.kernel, room, files, error)) != STATUS_OK ||
        (status = fw_cfg_add_file(files, "etc/e820", room->e820, E820_ROW_BYTES, error)) != STATUS_OK ||
        (status = fw_cfg_add_item(files, FW_CFG_NB_CPUS, ONE_CPU, 2, error)) != STATUS_OK ||
        (status = fw_cfg_add_item(files, FW_CFG_MAX_CPUS, ONE_CPU, 2, error)) != STATUS_OK)
        return status;
    if (board_has(machine->config.board, "io-apic") &&
        (status = fw_cfg_add_item(files, FW_CFG_IRQ0_OVERRIDE, YES, 1, error)) != STATUS_OK)
        return status; /* IRQ0 lies at input 2 */
    return fw_cfg_add_item(files, FW_CFG_BOOT_MENU, NO_MENU, 2, error);
}

/* --- what the machine plugs into its board's devices -------------------------------------------------- */

static int serial_number(const char *name)
{
    return strncmp(name, "com", 3) == 0 && name[3] >= '1' && name[3] <= '4' ? name[3] - '1' : -1;
}

/* Where the CD-ROM drive is: drive 0 of the secondary channel, as most PCs have it; else what is free.
 * MACHINE_DISKS: nowhere. */
static size_t cdrom_place(const struct machine *machine)
{
    static const size_t PLACES[MACHINE_DISKS] = {2, 3, 1, 0};
    bool has_secondary = false;
    const struct board_device *row;
    for (size_t i = 0; (row = board_device_at(machine->config.board, i)) != NULL; i++)
        has_secondary = has_secondary || strcmp(row->name, "ide1") == 0;
    for (size_t i = has_secondary ? 0 : 2; machine->config.has_cdrom && i < MACHINE_DISKS; i++)
        if (!machine->config.disks[PLACES[i]])
            return PLACES[i];
    return MACHINE_DISKS;
}

/* What hangs on one IDE channel. */
static void plug_drives(const struct machine *machine, const char *name,
                        struct device_config *config, struct ata_cdroms *cdroms)
{
    const struct machine_config *given = &machine->config;
    size_t first = name[3] == '1' ? 2 : 0; /* primary: places 0 and 1, secondary: 2 and 3 */
    for (size_t i = 0; i < 2; i++) {
        config->block[i] = given->disks[first + i];
        if (cdrom_place(machine) != first + i)
            continue;
        cdroms->drives[i].is_there = true;
        memcpy(cdroms->drives[i].discs, given->discs, sizeof given->discs);
    }
    config->extra = cdroms;
}

/* The drive that a diskette's length asks for, as a CMOS type; 0: there is none. */
static uint8_t floppy_type(const struct machine *machine, size_t drive)
{
    const struct floppy_format *format;
    struct block *disk = machine->config.floppies[drive][0];
    struct block_geometry g;
    if (!disk)
        return 0;
    disk->ops->geometry(disk, &g);
    format = floppy_format_of(g.total);
    return format ? floppy_drive_for(format) : 4; /* 1.44M: it will say what does not fit */
}

/* An IDE drive of the primary channel as the clock chip's memory has it; 0: there is none. */
static uint32_t disk_geometry(const struct machine *machine, size_t drive)
{
    struct block *disk = machine->config.disks[drive];
    struct block_geometry g;
    if (!disk)
        return 0;
    disk->ops->geometry(disk, &g);
    return (uint32_t)(g.cylinders < 0xFFFF ? g.cylinders : 0xFFFF) << 16 | (uint32_t)g.heads << 8 | g.sectors;
}

static void plug_floppies(const struct machine *machine, struct floppy_drives *floppies)
{
    for (size_t i = 0; i < MACHINE_FLOPPIES; i++) {
        floppies->drives[i].type = floppy_type(machine, i);
        memcpy(floppies->drives[i].disks, machine->config.floppies[i], sizeof machine->config.floppies[i]);
    }
}

/* Of the two drives of a controller that a user can plug. */
static void say_mechanics(const bool *has_mechanics, char *text, size_t size)
{
    snprintf(text, size, "mechanics=%s/%s", has_mechanics[0] ? "realistic" : "immediate",
             has_mechanics[1] ? "realistic" : "immediate");
}

static enum status add_board_device(struct machine *machine, const struct board_device *row,
                                    struct error *error)
{
    const struct machine_config *given = &machine->config;
    struct device_config config = {.name = row->name};
    struct vga_config video = {given->vga_bios.bytes, given->vga_bios.count, 0};
    struct fw_cfg_config files = {.count = 0};
    struct ata_cdroms cdroms = {0};
    struct floppy_drives floppies = {0};
    struct settings room = {.used = 0};
    struct firmware_room told;
    char more[128] = "";
    int serial = serial_number(row->name);
    enum status status;
    if (serial >= 0)
        config.chardev = given->serials[serial];
    if (strcmp(row->name, "lpt1") == 0)
        config.chardev = given->parallel;
    if (strcmp(row->name, "debug") == 0)
        config.chardev = given->debug_console;
    if (strncmp(row->name, "ide", 3) == 0 && row->name[3] != '\0') {
        plug_drives(machine, row->name, &config, &cdroms);
        say_mechanics(&given->has_mechanics[row->name[3] == '1' ? 2 : 0], more, sizeof more);
    }
    if (strcmp(row->name, "fdc") == 0) {
        plug_floppies(machine, &floppies);
        config.extra = &floppies;
        say_mechanics(given->floppy_has_mechanics, more, sizeof more);
    }
    if (strcmp(row->name, "rtc") == 0)
        snprintf(more, sizeof more, "time=%llu,memory=%llu,floppy=%u,disk0=%lu,disk1=%lu,boot=%s",
                 (unsigned long long)given->rtc_seconds, (unsigned long long)(given->memory_bytes >> 10),
                 (unsigned)floppy_type(machine, 0) << 4 | floppy_type(machine, 1),
                 (unsigned long)disk_geometry(machine, 0), (unsigned long)disk_geometry(machine, 1),
                 given->boot_order ? given->boot_order : "cd");
    if (strcmp(row->name, "vga") == 0) {
        video.ram_id = machine->world->next_ram_id;
        machine->world->next_ram_id += 2;
        config.extra = &video;
        config.screen = &machine->vga_screen;
    }
    if (strcmp(row->name, "fw-cfg") == 0) {
        config.extra = &files;
        status = describe_to_firmware(machine, &told, &files, error);
        if (status != STATUS_OK)
            return status;
    }
    return add_device(machine, row->type, &config, &room, row->settings, more, NULL, error);
}

/* --- missed timer ticks (time policy `real`) ---------------------------------------------------------- */

#define TIMER_IRQ 0u
#define TIMER_INPUT 2u     /* of the I/O APIC */
#define TICKS_OWED_MAX 1000u /* a guest that was away longer than that starts anew */

/* The timer takes back a request that the preempted guest has not seen: it is owed one. */
static void owe_tick(struct machine *machine)
{
    if (machine->config.catches_up_ticks && i8259_has_request(machine->pic_master, TIMER_IRQ) &&
        machine->ticks_owed < TICKS_OWED_MAX)
        machine->ticks_owed++;
}

/* It has just taken one into service: the next owed one asks for its turn. */
static void pay_tick(struct machine *machine)
{
    struct device *pic = machine->pic_master;
    if (machine->ticks_owed == 0 || machine->isa_irq_count[TIMER_IRQ] == 0 ||
        !i8259_is_in_service(pic, TIMER_IRQ) || i8259_has_request(pic, TIMER_IRQ))
        return;
    machine->ticks_owed--;
    pic->type->input(pic, TIMER_IRQ, false);
    pic->type->input(pic, TIMER_IRQ, true);
}

/* --- interrupts: an ISA line may have several drivers, the 8259 sees their OR --------------------------- */

static void isa_irq(void *self, unsigned irq, bool level)
{
    struct machine *machine = self;
    unsigned before = machine->isa_irq_count[irq];
    struct device *pic = irq < 8 ? machine->pic_master : machine->pic_slave;
    if (irq == TIMER_IRQ && !level)
        owe_tick(machine);
    if (level)
        machine->isa_irq_count[irq]++;
    else if (before)
        machine->isa_irq_count[irq]--;
    if ((before != 0) == (machine->isa_irq_count[irq] != 0))
        return;
    pic->type->input(pic, irq & 7, level);
    if (machine->io_apic)
        machine->io_apic->type->input(machine->io_apic, irq == TIMER_IRQ ? TIMER_INPUT : irq, level);
}

/* Which of the two hands it on is for the guest to open: virtual wire mode by the local or by the I/O APIC. */
static void pic_int(void *self, unsigned input, bool level)
{
    struct machine *machine = self;
    machine->local_apic->type->input(machine->local_apic, input, level);
    machine->io_apic->type->input(machine->io_apic, input, level);
}

void machine_ferr(void *self, bool level)
{
    struct machine *machine = self;
    struct device *latch = machine_find(machine, "cerr");
    if (machine->ferr_level == level)
        return;
    machine->ferr_level = level;
    latch->type->input(latch, 0, level);
}

void machine_smiact(void *self, bool level)
{
    struct machine *machine = self;
    struct device *bridge = machine_find(machine, "northbridge");
    if (bridge)
        bridge->type->input(bridge, 0, level);
}

static enum status wire(struct machine *machine, const struct board_wire *row, struct error *error)
{
    struct device *from = machine_find(machine, row->from), *to = machine_find(machine, row->to);
    struct irq_line *line = from ? device_pin(from, row->pin) : NULL;
    bool is_isa = strcmp(row->to, "isa") == 0, is_apics = strcmp(row->to, "apics") == 0;
    if (!line || (!to && !is_isa && !is_apics))
        return error_set(error, STATUS_INTERNAL, "the board %s wires %s.%s to %s, which is not there",
                         machine->config.board->name, row->from, row->pin, row->to);
    if (to)
        return device_wire(from, row->pin, to, row->input, error);
    irq_line_connect(line, is_isa ? isa_irq : pic_int, machine, (unsigned)strtoul(row->input, NULL, 10));
    return STATUS_OK;
}

static enum status wire_all(struct machine *machine, struct error *error)
{
    const struct board_wire *row;
    for (size_t i = 0; (row = board_wire_at(machine->config.board, i)) != NULL; i++) {
        enum status status = wire(machine, row, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

int machine_acknowledge(struct machine *machine)
{
    int vector;
    if (BASE_UNLIKELY(machine->local_apic != NULL)) {
        vector = local_apic_acknowledge(machine->local_apic);
        if (vector != LOCAL_APIC_EXTINT)
            return vector;
    }
    vector = i8259_acknowledge(machine->pic_master);
    pay_tick(machine);
    return vector;
}

/* --- typed calls between chips --------------------------------------------------------------------------- */

static void connect_timers(struct machine *machine)
{
    struct device *speaker = machine_find(machine, "speaker"), *pit = machine_find(machine, "pit");
    if (speaker && pit)
        speaker_set_timer(speaker, pit);
}

static void connect_interrupts(struct machine *machine)
{
    machine->pic_master = machine_find(machine, "pic0");
    machine->pic_slave = machine_find(machine, "pic1");
    i8259_set_slave(machine->pic_master, machine->pic_slave);
    machine->io_apic = machine_find(machine, "ioapic");
    machine->local_apic = machine_find(machine, "lapic");
    if (machine->local_apic)
        machine->apic_core = local_apic_core(machine->local_apic);
}

static void connect_disks(struct machine *machine)
{
    struct device *bridge = machine_find(machine, "ide");
    if (bridge)
        ide_piix3_set_channels(bridge, machine_find(machine, "ide0"), machine_find(machine, "ide1"));
}

static void connect_floppies(struct machine *machine)
{
    struct device *fdc = machine_find(machine, "fdc"), *dma = machine_find(machine, "dma");
    if (fdc && dma)
        i8237_connect(dma, FLOPPY_DMA_CHANNEL, i82077aa_dma(fdc));
}

static void connect_input(struct machine *machine)
{
    struct device *controller = machine_find(machine, "kbc");
    struct device *keyboard = machine_find(machine, "keyboard");
    struct device *mouse = machine_find(machine, "mouse");
    if (keyboard) {
        i8042_plug(controller, PS2_KEYBOARD, keyboard);
        machine->keyboard = ps2_keyboard_input(keyboard);
    }
    if (mouse) {
        i8042_plug(controller, PS2_MOUSE, mouse);
        machine->mouse = ps2_mouse_input(mouse);
    }
}

static void connect_memory(struct machine *machine)
{
    struct device *bridge = machine_find(machine, "northbridge");
    struct i440fx_memory memory = {.dram = machine->ram,
                                   .dram_first_frame = machine->ram_first_frame,
                                   .dram_frames = machine->ram_frames};
    if (machine->rom.frames) {
        size_t low = machine->rom.frames < 32 ? machine->rom.frames : 32;
        memory.rom = &machine->rom;
        memory.rom_first_frame = machine->rom.frames - low;
        memory.rom_base = 0x100000u - (uint32_t)low * FRAME_BYTES;
    }
    if (bridge)
        i440fx_set_memory(bridge, &memory);
}

/* Who drives an interrupt line of the bus; NULL: nobody. PCI's lines go where firmware wants. */
static const char *irq_owner(const struct machine *machine, unsigned irq)
{
    const struct board_wire *row;
    for (size_t i = 0; (row = board_wire_at(machine->config.board, i)) != NULL; i++)
        if (strcmp(row->to, "isa") == 0 && strcmp(row->from, "southbridge") != 0 &&
            strtoul(row->input, NULL, 10) == irq)
            return row->from;
    if (irq == 9 && machine->env.pci)
        return "ACPI";
    return machine->card_irqs & 1u << irq ? "another card" : NULL;
}

/* The line of a card on the ISA bus: an edge-triggered line has one driver. The bus' pin IRQ2 leads
 * to the second controller's IR1 on an AT (PC/AT technical reference, system board). */
static enum status connect_card(struct machine *machine, struct device *device,
                                const struct device_config *config, struct error *error)
{
    unsigned irq = (unsigned)device_number(device->type, config, "irq") & 15;
    const char *owner;
    if (irq == 2)
        irq = 9;
    owner = irq_owner(machine, irq);
    if (owner)
        return error_set(error, STATUS_USAGE, "%s: irq=%u belongs to %s already; fix: another, irq=10 say",
                         config->name, irq, owner);
    machine->card_irqs |= 1u << irq;
    irq_line_connect(device_pin(device, "irq"), isa_irq, machine, irq);
    return STATUS_OK;
}

/* The cards that --nic and LAB.ini know. */
static const struct nic_model {
    const char *name, *type;
    bool is_pci;
} NIC_MODELS[] = {
    {"ne2k-isa", "ne2000", false}, {"ne2k-pci", "ne2000-pci", true}, {"virtio-net", "virtio-net", true}};

static enum status find_nic_model(const struct machine *machine, const char *name,
                                  const struct nic_model **model, struct error *error)
{
    for (size_t i = 0; i < ARRAY_COUNT(NIC_MODELS); i++) {
        *model = &NIC_MODELS[i];
        if (strcmp((*model)->name, name) != 0)
            continue;
        if ((*model)->is_pci && !machine->env.pci)
            return error_set(error, STATUS_USAGE, "the board %s has no PCI; fix: ne2k-isa",
                             machine->config.board->name);
        return STATUS_OK;
    }
    return error_set(error, STATUS_USAGE, "unknown network card '%s'; fix: ne2k-isa, ne2k-pci or "
                     "virtio-net", name);
}

static enum status add_nics(struct machine *machine, struct error *error)
{
    static const char *const NAMES[MACHINE_NICS] = {"nic0", "nic1", "nic2", "nic3"};
    for (size_t i = 0; i < MACHINE_NICS && machine->config.nics[i].model; i++) {
        const struct machine_nic *nic = &machine->config.nics[i];
        struct device_config config = {.name = NAMES[i], .net = nic->port};
        struct settings room = {.used = 0};
        const struct nic_model *model;
        struct device *device;
        enum status status = find_nic_model(machine, nic->model, &model, error);
        char more[32] = "";
        if (status != STATUS_OK)
            return status;
        if (model->is_pci)
            snprintf(more, sizeof more, "devfn=%zu", (FIRST_NIC_SLOT + i) << 3);
        status = add_device(machine, model->type, &config, &room, nic->settings, more, &device, error);
        if (status != STATUS_OK)
            return status;
        if (!model->is_pci && (status = connect_card(machine, device, &config, error)) != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status add_virtio_disks(struct machine *machine, struct error *error)
{
    static const char *const NAMES[MACHINE_DISKS] = {"vdisk0", "vdisk1", "vdisk2", "vdisk3"};
    for (size_t i = 0; i < MACHINE_DISKS && machine->config.virtio_disks[i].block; i++) {
        const struct machine_virtio_disk *disk = &machine->config.virtio_disks[i];
        struct device_config config = {.name = NAMES[i], .block = {disk->block}};
        struct settings room = {.used = 0};
        enum status status;
        char more[32];
        snprintf(more, sizeof more, "devfn=%zu", (FIRST_DISK_SLOT + i) << 3);
        status = add_device(machine, "virtio-blk", &config, &room, disk->settings, more, NULL, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status machine_assemble(struct machine *machine, struct error *error)
{
    const struct board *board = machine->config.board;
    const struct board_device *row;
    struct device *vga;
    enum status status;
    if (machine->config.has_cdrom && cdrom_place(machine) == MACHINE_DISKS)
        return error_set(error, STATUS_USAGE, "there is no place for a CD-ROM drive; fix: leave a disk out");
    for (size_t i = 0; (row = board_device_at(board, i)) != NULL; i++)
        if ((status = add_board_device(machine, row, error)) != STATUS_OK)
            return status;
    connect_interrupts(machine);
    connect_timers(machine);
    connect_disks(machine);
    connect_floppies(machine);
    connect_input(machine);
    connect_memory(machine);
    if ((status = wire_all(machine, error)) != STATUS_OK)
        return status;
    vga = machine_find(machine, "vga");
    if (vga)
        machine->screen = &machine->vga_screen;
    status = add_nics(machine, error);
    return status == STATUS_OK ? add_virtio_disks(machine, error) : status;
}

/* Last made, first freed: a device may hold on to those before it. */
void machine_disassemble(struct machine *machine)
{
    while (machine->devices) {
        struct device **at = &machine->devices, *last;
        while ((*at)->next)
            at = &(*at)->next;
        last = *at;
        *at = NULL;
        device_free(last);
    }
}
