#include "hypervisor/drivers_map.h"

/* Who executes the physical device's driver, and what lies between it and the VMM. */
struct holder {
    const char *name, *way;
};
static const struct holder HOLDERS[DRIVER_MODELS] = {
    [DRIVER_NATIVE] = {"the VMM",                   "a queue of the VMM"                  },
    [DRIVER_HOSTED] = {"the host operating system",
                       "world switch, VMApp, read and write of the host OS"               },
    [DRIVER_SPLIT] = {"the driver domain",         "context switch, the back-end's queue"},
};

static void draw_holder(FILE *out, const char *driver, enum driver_model model)
{
    fprintf(out, "  %s runs in %s (%s); the way to it: %s\n", driver, HOLDERS[model].name,
            DRIVER_MODEL_NAMES[model], HOLDERS[model].way);
}

static void draw_disk_of(FILE *out, const struct lab_guest *guest)
{
    fprintf(
        out,
        "  +- %-12s its driver for %s -> cylinders %u-%u%s; or its front-end: ring -> blkback\n",
        guest->name, guest->has_virtio_disk ? "virtio-blk" : "ATA", guest->first_cylinder,
        guest->last_cylinder, guest->is_disk_shared ? ", shared, only read" : "");
    for (unsigned n = 0; n < LAB_DESCRIPTORS; n++)
        if (guest->services[n] == SERVICE_DISK)
            fprintf(
                out,
                "  |  %-12s no driver: system calls on descriptor %u are served below its kernel\n",
                "", n);
}

static void draw_disk(FILE *out, const struct lab *lab)
{
    if (!lab->disk[0])
        return;
    fprintf(out, "physical disk: ATA, %u/%u/%u\n", lab->geometry.cylinders, lab->geometry.heads,
            lab->geometry.sectors);
    draw_holder(out, lab->drivers.has_disk_dma ? "ata_driver by DMA" : "ata_driver by PIO", lab->drivers.disk);
    for (unsigned n = 0; n < lab->guest_count; n++)
        if (lab->guests[n].has_disk)
            draw_disk_of(out, &lab->guests[n]);
}

static void draw_network(FILE *out, const struct lab *lab)
{
    if (lab->nic.model[0]) {
        fprintf(out, "physical NIC: %s\n", lab->nic.model);
        draw_holder(out, "ne2000_driver", lab->drivers.nic);
    } else {
        fprintf(out, "physical NIC: none; the guests' switch has no uplink\n");
    }
    for (unsigned n = 0; n < lab->guest_count; n++)
        if (lab->guests[n].nic.model[0])
            fprintf(out, "  +- %-12s its driver for %s -> a port of the switch; or its front-end: rings -> netback\n",
                    lab->guests[n].name, lab->guests[n].nic.model);
}

/* The serial line and the printer: given to one, or handed over. */
static void draw_lines(FILE *out, const struct lab *lab)
{
    for (int kind = 0; kind < LAB_LINES; kind++) {
        const char *key = LAB_LINE_KEYS[kind];
        if (lab->lines[kind][0] == '\0')
            continue;
        fprintf(out, "physical %s: %s\n", key, lab->lines[kind]);
        for (unsigned n = 0; n < lab->guest_count; n++)
            if (lab->guests[n].lines[kind] == LINE_PASS)
                fprintf(
                    out,
                    "  +- %-12s its driver has the ports themselves (pass); nobody else has them\n",
                    lab->guests[n].name);
            else if (lab->guests[n].lines[kind] == LINE_SHARE)
                fprintf(out,
                        "  +- %-12s its driver for a virtual port -> line_driver of the VMM, in "
                        "turns (share)\n",
                        lab->guests[n].name);
    }
}

void drivers_map_draw(FILE *out, const struct lab *lab)
{
    draw_disk(out, lab);
    draw_network(out, lab);
    draw_lines(out, lab);
    fprintf(
        out,
        "physical display and keyboard\n"
        "  vdisplay and vinput run in the VMM (native); each guest has a window, one the focus\n");
    for (unsigned n = 0; n < lab->guest_count; n++)
        fprintf(out, "  +- %-12s its drivers for VGA and 8042\n", lab->guests[n].name);
}
