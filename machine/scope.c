/* The part of a run that is of interest to who learns from it: from the first instruction of the boot
 * sector or kernel on, without the firmware's own work. Only looks; traces ask for it. */
#include "base/bits.h"
#include "machine/machine.h"

#define BOOT_SECTOR  0x7C00u  /* physical: where firmware puts it (IBM PC/AT technical reference) */
#define LOW_END      0xA0000u /* above it: video memory (SMM's code lies behind it), ROMs */
#define ROMS_END     0x100000u
#define EBDA_SEGMENT 0x40Eu /* word of the BIOS data area: where the firmware's RAM begins */
#define EBDA_LOWEST  0x80000u

/* What the firmware keeps at the end of conventional memory; LOW_END: nothing. */
static uint64_t firmware_ram(const struct machine *machine)
{
    uint8_t word[2];
    uint64_t start = 0;
    if (space_peek(&machine->memory, EBDA_SEGMENT, word, sizeof word) == sizeof word)
        start = (uint64_t)load_le16(word) << 4;
    return start >= EBDA_LOWEST && start < LOW_END ? start : LOW_END;
}

bool machine_is_firmware(const struct machine *machine, uint64_t linear)
{
    const struct space_page *page;
    uint64_t gpa;
    if (!cpu_translate(machine->cpu, linear, &gpa))
        return false;
    if (gpa < ROMS_END)
        return gpa >= LOW_END || gpa >= firmware_ram(machine);
    page = space_page(&machine->memory, gpa);
    return page && page->is_rom;
}

static void start_reached(void *self)
{
    ((struct machine *)self)->has_started = true;
}

void machine_watch_start(struct machine *machine, const uint64_t *from, bool hides_firmware)
{
    struct cpu_mark mark = {.reached = start_reached, .self = machine};
    if (from) {
        mark.address = *from;
    } else if (machine->kernel_entry) {
        mark.address = machine->kernel_entry;
    } else {
        mark.is_physical = true;
        mark.address = BOOT_SECTOR;
    }
    machine->is_scoped = machine->world->door.is_scoped = true;
    machine->hides_firmware = hides_firmware;
    machine->has_started = false;
    cpu_set_mark(machine->cpu, &mark);
}

void machine_scope(const struct machine *machine, struct access_origin *origin)
{
    origin->is_scoped = machine->is_scoped;
    if (!machine->is_scoped)
        return;
    origin->has_started = machine->has_started;
    origin->is_firmware = machine->hides_firmware && machine_is_firmware(machine, origin->linear);
}
