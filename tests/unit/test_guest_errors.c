/* What a guest did wrong is said with its place: one documented error of every device, with the register,
 * the port and the value it was asked with and who asked; the same whether or not somebody looks. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "bus/apic_bus.h"
#include "bus/display.h"
#include "devices/fw_cfg.h"
#include "devices/ide_piix3.h"
#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/ata_bench.h"
#include "tests/unit/fdc_bench.h"
#include "tests/unit/virtio_bench.h"

#define STEPS 8

enum kind { END, OUT, WRITE, READ, WAIT }; /* of a step; WAIT: `value` microseconds */
struct step {
    enum kind kind;
    uint8_t size;
    uint32_t address, value;
};

/* A machine with one device, and what that needs. */
struct rig {
    struct device_fixture *f;
    struct apic_bus apic;
    struct net_port cable;
    struct display_screen screen;
    struct fixture_chardev printer;
    struct ata_bench *ata;
    struct fdc_bench *fdc;
    struct vb *virtio;
};

struct trouble {
    const struct device_type *type;
    void (*make)(struct rig *rig, const struct device_type *type);
    struct step steps[STEPS]; /* the last one is wrong */
    const char *reg, *text;
};

/* --- machines ------------------------------------------------------------------------------------------ */

static void add(struct rig *rig, const struct device_type *type)
{
    struct fw_cfg_config items = {.count = 0};
    struct device_config config = {.net = &rig->cable, .screen = &rig->screen};
    if (type == &PARALLEL_TYPE)
        config.chardev = &rig->printer.chardev;
    if (type == &FW_CFG_TYPE)
        config.extra = &items;
    fixture_chardev_init(&rig->printer);
    rig->f->device = fixture_add(rig->f, type, &config);
}

static void plain(struct rig *rig, const struct device_type *type)
{
    rig->f = fixture_new();
    rig->f->env.apic = &rig->apic;
    space_unmap_ram(&rig->f->memory, 0xA0000, 32);
    add(rig, type);
}

static void with_keyboard(struct rig *rig, const struct device_type *type)
{
    struct device *controller;
    plain(rig, &I8042_TYPE);
    controller = rig->f->device;
    rig->f->device = fixture_add(rig->f, type, NULL);
    i8042_plug(controller, PS2_KEYBOARD, rig->f->device);
}

static void on_pci(struct rig *rig, const struct device_type *type)
{
    rig->f = fixture_new();
    fixture_add_pci(rig->f);
    space_unmap_ram(&rig->f->memory, 0xA0000, 32);
    if (type != &I440FX_TYPE)
        fixture_add(rig->f, &I440FX_TYPE, NULL);
    add(rig, type);
    pci_config_write(&rig->f->pci, 0, 0x18, PCI_BAR0, 4, 0xC100); /* the NE2000 */
    pci_config_write(&rig->f->pci, 0, 0x18, PCI_COMMAND, 2, PCI_COMMAND_IO);
    pci_config_write(&rig->f->pci, 0, 0x0B, 0x40, 4, 0x601); /* power management: PMBA, PMREGMISC */
    pci_config_write(&rig->f->pci, 0, 0x0B, 0x80, 1, 1);
}

static void with_slow_disk(struct rig *rig, const struct device_type *type)
{
    (void)type;
    rig->ata = ata_make(1);
    rig->ata->disks[0].is_slow = true;
    rig->f = rig->ata->f;
}

static void with_bus_master(struct rig *rig, const struct device_type *type)
{
    struct device *ide;
    rig->ata = ata_make(1);
    rig->f = rig->ata->f;
    fixture_add_pci(rig->f);
    fixture_add(rig->f, &I440FX_TYPE, NULL);
    ide = fixture_add(rig->f, type, NULL);
    ide_piix3_set_channels(ide, rig->f->device, NULL);
    pci_config_write(&rig->f->pci, 0, 9, 0x20, 4, 0xC000);
    pci_config_write(&rig->f->pci, 0, 9, 0x40, 2, 0x8000);
    pci_config_write(&rig->f->pci, 0, 9, PCI_COMMAND, 2, 5);
    rig->f->device = ide;
}

static void with_diskette(struct rig *rig, const struct device_type *type)
{
    (void)type;
    rig->fdc = fdc_bench_new(2880, 4, NULL, NULL);
    rig->f = rig->fdc->f;
    rig->f->device = rig->fdc->fdc;
}

static void with_virtio(struct rig *rig, const struct device_type *type)
{
    rig->virtio = vb_new(type, NULL, false);
    rig->f = rig->virtio->f;
}

static void scrap(struct rig *rig)
{
    if (rig->ata)
        ata_destroy(rig->ata);
    else if (rig->fdc)
        fdc_bench_free(rig->fdc);
    else if (rig->virtio)
        vb_free(rig->virtio);
    else
        device_fixture_free(rig->f);
}

/* --- who asks ---------------------------------------------------------------------------------------- */

static void origin(void *self, struct access_origin *origin)
{
    (void)self;
    origin->has_cpu = true;
    origin->cs = 0xF000;
    origin->eip = 0x1234;
    origin->linear = 0xF1234;
}

static void place(void *self, uint64_t linear, char *text, size_t size)
{
    (void)self;
    snprintf(text, size, " <probe+0x%x>", (unsigned)(linear - 0xF1230));
}

static void make(struct rig *rig, const struct trouble *t)
{
    memset(rig, 0, sizeof *rig);
    t->make(rig, t->type);
    rig->f->env.place = place;
    rig->f->ports.origin = rig->f->memory.origin = origin;
    rig->f->guest_errors = 0;
}

/* Takes the steps but the last; then that, when `is_last`. */
static const struct step *take(struct rig *rig, const struct trouble *t, bool is_last)
{
    const struct step *s = t->steps;
    for (; s->kind != END; s++) {
        if ((s[1].kind == END) != is_last)
            continue;
        if (s->kind == WAIT)
            fixture_run_us(rig->f, s->value);
        else if (s->kind == READ)
            (void)space_read(&rig->f->memory, s->address, s->size);
        else
            space_write(s->kind == OUT ? &rig->f->ports : &rig->f->memory, s->address, s->size,
                        s->value);
    }
    return s - 1;
}

/* --- the table ------------------------------------------------------------------------------------------ */

static const struct trouble TROUBLES[] = {
    {&I8259_TYPE, plain, {{OUT, 1, 0x20, 0x10}}, "ICW1/OCW2/OCW3", "MCS-80/85 mode"},
    {&I8254_TYPE, plain, {{OUT, 1, 0x43, 0xC3}}, "CONTROL", "bit 0 of a read-back command"},
    {&I8237_TYPE, plain, {{OUT, 1, 0x08, 0x01}}, "COMMAND(1)", "memory-to-memory"},
    {&MC146818_TYPE, plain, {{OUT, 1, 0x70, 0x0A}, {OUT, 1, 0x71, 0x06}}, "A", "32,768 Hz"},
    {&I8042_TYPE, plain, {{OUT, 1, 0x64, 0x05}}, "COMMAND", "command 05h is unknown"},
    {&PS2_KEYBOARD_TYPE, with_keyboard, {{OUT, 1, 0x60, 0xF1}}, "DATA", "command F1h is unknown"},
    {&UART16550_TYPE, plain,
     {{OUT, 1, 0x3FB, 0x83}, {OUT, 1, 0x3F8, 0}, {OUT, 1, 0x3F9, 0}, {OUT, 1, 0x3FB, 0x03}},
     "LCR", "divisor of 0"},
    {&PARALLEL_TYPE, plain,
     {{OUT, 1, 0x37A, 0x08}, {OUT, 1, 0x37A, 0x0C}, {OUT, 1, 0x378, 'a'}, {OUT, 1, 0x37A, 0x0D},
      {OUT, 1, 0x37A, 0x0C}, {OUT, 1, 0x37A, 0x0D}},
     "CONTROL", "while the printer is busy"},
    {&SHUTDOWN_8900_TYPE, plain, {{OUT, 1, 0x8900, 'S'}, {OUT, 1, 0x8900, 'x'}}, "SHUTDOWN",
     "not letter 2"},
    {&VGA_TYPE, plain,
     {{OUT, 1, 0x3C2, 1}, {OUT, 2, 0x3D4, 0x8011}, {OUT, 1, 0x3D4, 0x06}, {OUT, 1, 0x3D5, 0x0B}},
     "Vertical Total", "are protected"},
    {&VGA_PCI_TYPE, on_pci, {{OUT, 2, 0x1CE, 1}, {OUT, 2, 0x1CF, 0xFFFF}}, "DISPI XRES",
     "no mode has this"},
    {&I440FX_TYPE, on_pci, {{OUT, 4, 0xCF8, 0x80000070}, {OUT, 1, 0xCFE, 0x68}}, "CONFDATA",
     "D_OPEN"},
    {&PIIX3_TYPE, on_pci, {{OUT, 4, 0xCF8, 0x80000860}, {OUT, 1, 0xCFC, 0x02}}, "CONFDATA",
     "PIRQA# is routed to IRQ 2"},
    {&FW_CFG_TYPE, plain, {{OUT, 4, 0x514, 0xFFFFFFFF}, {OUT, 4, 0x518, 0xFFFFFFFF}},
     "DMA ADDRESS LOW", "can't be carried out"},
    {&NE2000_TYPE, plain, {{OUT, 1, 0x310, 0x55}}, "Data", "without a remote write"},
    {&NE2000_PCI_TYPE, on_pci, {{OUT, 1, 0xC110, 0x55}}, "Data", "without a remote write"},
    {&VIRTIO_NET_TYPE, with_virtio, {{OUT, 2, VB_PORTS + 0x10, 1}}, "QUEUE NOTIFY", "not set up"},
    {&VIRTIO_BLK_TYPE, with_virtio, {{OUT, 2, VB_PORTS + 0x10, 0}}, "QUEUE NOTIFY", "not set up"},
    {&ATA_TYPE, with_slow_disk, {{OUT, 1, 0x1F7, 0x20}, {OUT, 1, 0x1F7, 0x20}}, "COMMAND",
     "command 20 while the drive is busy"},
    {&I82077AA_TYPE, with_diskette, {{OUT, 1, 0x3F2, 0}, {OUT, 1, 0x3F5, 8}}, "FIFO",
     "held in reset"},
    {&PIIX3_IDE_TYPE, with_bus_master, {{OUT, 4, 0xCF8, 0x80000920}, {OUT, 4, 0xCFC, 0x1F1}},
     "CONFDATA", "base address 000001F0"},
    {&PIIX3_IDE_TYPE, with_bus_master, /* what comes later than it was asked for */
     {{OUT, 4, 0xC004, 0xF0000000}, {OUT, 1, 0xC000, 8}, {OUT, 1, 0x1F7, 0xC8},
      {OUT, 1, 0xC000, 9}, {WAIT, 0, 0, 100}},
     "-", "nobody answers at F0000000h"},
    {&PIIX4_PM_TYPE, on_pci, {{OUT, 2, 0x604, 0x2401}}, "PMCNTRL", "sleep of type 1"},
    {&LOCAL_APIC_TYPE, plain, {{READ, 4, 0xFEE00040, 0}}, "-", "no register is at offset 040h"},
    {&IO_APIC_TYPE, plain, {{WRITE, 4, 0xFEC00000, 0x05}, {WRITE, 4, 0xFEC00010, 0x1234}},
     "IOWIN", "IOREGSEL 05h names no register"},
    {&HPET_TYPE, plain, {{WRITE, 4, 0xFED00010, 1}, {WRITE, 4, 0xFED000F0, 0x77}}, "MAIN_CNT",
     "written while it runs"},
};
#define TROUBLE_COUNT ((int)(sizeof TROUBLES / sizeof TROUBLES[0]))

/* Whatever is written to these is right: their specifications name no error. (Drivers find out what mouse
 * is there by what it refuses, with FEh.) */
static const struct device_type *const CAN_DO_NO_WRONG[] = {
    &DEBUG_PORTS_TYPE, &ISA_DEBUG_EXIT_TYPE,    &SPEAKER_TYPE,   &PORT92_TYPE,
    &POST_PORT_TYPE,   &COPROCESSOR_ERROR_TYPE, &PS2_MOUSE_TYPE, NULL,
};

/* --- tests ------------------------------------------------------------------------------------------------ */

START_TEST(an_error_names_device_register_port_value_and_place)
{
    const struct trouble *t = &TROUBLES[_i];
    struct door_watcher watcher = {0};
    struct rig rig, watched, idle;
    const struct step *last;
    char expected[256], line[sizeof rig.f->last_line];
    make(&rig, t);
    make(&watched, t);
    make(&idle, t);
    door_add_watcher(&watched.f->door, &watcher);
    last = take(&rig, t, false);
    ck_assert_msg(rig.f->guest_errors == 0, "%s: %s", t->type->name, rig.f->last_line);
    take(&rig, t, true);
    snprintf(expected, sizeof expected,
             "test: guest-error dev=%s reg=%s port=%x val=%x cs:ip=f000:00001234 <probe+0x4>: ",
             rig.f->device->name, t->reg, (unsigned)last->address,
             last->kind == WAIT ? 0 : (unsigned)last->value);
    ck_assert_msg(strncmp(rig.f->last_line, expected, strlen(expected)) == 0, "%s\n%s", expected,
                  rig.f->last_line);
    ck_assert_msg(strstr(rig.f->last_line, t->text) != NULL, "%s", rig.f->last_line);
    ck_assert_uint_eq(rig.f->guest_errors, 1);
    strcpy(line, rig.f->last_line);
    rig.f->last_line[0] = '\0';
    take(&rig, t, true); /* the same place again */
    ck_assert_str_ne(rig.f->last_line, line);
    take(&watched, t, false);
    take(&watched, t, true);
    ck_assert_str_eq(watched.f->last_line, line);
    ck_assert_uint_eq(idle.f->guest_errors, 0);
    door_remove_watcher(&watched.f->door, &watcher);
    scrap(&rig);
    scrap(&watched);
    scrap(&idle);
}
END_TEST

START_TEST(every_device_has_an_error_or_can_do_no_wrong)
{
    for (size_t i = 0; DEVICE_TYPES[i]; i++) {
        bool is_named = false;
        for (int n = 0; n < TROUBLE_COUNT; n++)
            is_named |= TROUBLES[n].type == DEVICE_TYPES[i];
        for (size_t n = 0; CAN_DO_NO_WRONG[n]; n++)
            is_named |= CAN_DO_NO_WRONG[n] == DEVICE_TYPES[i];
        ck_assert_msg(is_named, "%s", DEVICE_TYPES[i]->name);
    }
}
END_TEST

Suite *guest_errors_suite(void)
{
    Suite *suite = suite_create("guest_errors");
    TCase *tests = tcase_create("guest_errors");
    tcase_add_loop_test(tests, an_error_names_device_register_port_value_and_place, 0,
                        TROUBLE_COUNT);
    tcase_add_test(tests, every_device_has_an_error_or_can_do_no_wrong);
    suite_add_tcase(suite, tests);
    return suite;
}
