/* The boards. Sources: PC/AT technical reference (1985) for ports, interrupts and wiring; 82371SB
 * (PIIX3, 1997) for the PCI part. Interrupts: 0 PIT, 1 keyboard, 2 cascade, 3 COM2, 4 COM1,
 * 6 diskettes, 7 LPT1, 8 RTC, 9 ACPI (without PCI the VGA), 12 mouse, 13 FERR#, 14 and 15 IDE. */
#include "machine/board.h"

#include <stddef.h>
#include <string.h>

/* What every AT has. */
#define AT_DEVICES                                                                            \
    {"i8259", "pic0", "base=0x20,elcr=0x4d0,slave=0"},                                        \
        {"i8259", "pic1", "base=0xa0,elcr=0x4d1,slave=1"}, {"i8254", "pit", NULL},            \
        {"speaker", "speaker", NULL}, {"i8237", "dma", NULL}, {"mc146818", "rtc", NULL},      \
        {"i8042", "kbc", NULL}, {"ps2-keyboard", "keyboard", NULL},                           \
        {"ps2-mouse", "mouse", NULL}, {"port92", "port92", NULL}, {"post-port", "post", NULL}, \
        {"debug-ports", "debug", NULL}, {"isa-debug-exit", "debug-exit", "base=0xf4"},        \
        {"shutdown-8900", "shutdown", NULL}, {"coprocessor-error", "cerr", NULL},             \
        {"uart16550", "com1", "base=0x3f8"}, {"uart16550", "com2", "base=0x2f8"},             \
        {"parallel", "lpt1", "base=0x378"}, {"i82077aa", "fdc", NULL}

static const struct board_device PC_DEVICES[] = {
    AT_DEVICES,
    {"fw-cfg", "fw-cfg", NULL},
    {"i440fx", "northbridge", NULL},
    {"piix3", "southbridge", NULL},
    {"ata", "ide0", "iobase=0x1f0,control=0x3f6"},
    {"ata", "ide1", "iobase=0x170,control=0x376"},
    {"piix3-ide", "ide", NULL},
    {"piix4-pm", "pm", NULL},
    {"vga-pci", "vga", NULL},
    {NULL, NULL, NULL},
};

/* "isa" is the bus: its interrupt lines may have several drivers; they lead to the 8259s and, where there
 * is one, to the I/O APIC's input of the same number, IRQ0 to input 2. "apics" is where the 8259s' INT leads on
 * a board with APICs: the processor's LINT0 and the I/O APIC's input 0 (MultiProcessor Specification 1.4, 3.6.2). */
#define AT_WIRES                                                                           \
    {"pic1", "int", "pic0", "ir2"}, {"pit", "out0", "isa", "0"},                           \
        {"speaker", "gate2", "pit", "gate2"}, {"kbc", "a20", "port92", "a20"},             \
        {"rtc", "irq", "isa", "8"}, {"kbc", "irq1", "isa", "1"}, {"kbc", "irq12", "isa", "12"}, \
        {"com1", "irq", "isa", "4"}, {"com2", "irq", "isa", "3"}, {"lpt1", "irq", "isa", "7"}, \
        {"cerr", "irq", "isa", "13"}, {"fdc", "irq", "isa", "6"}

static const struct board_wire PC_WIRES[] = {
    AT_WIRES,
    {"ide0", "irq", "isa", "14"},
    {"ide1", "irq", "isa", "15"},
    {"pm", "sci", "southbridge", "sci"},
    {"southbridge", "irq3", "isa", "3"},
    {"southbridge", "irq4", "isa", "4"},
    {"southbridge", "irq5", "isa", "5"},
    {"southbridge", "irq6", "isa", "6"},
    {"southbridge", "irq7", "isa", "7"},
    {"southbridge", "irq9", "isa", "9"},
    {"southbridge", "irq10", "isa", "10"},
    {"southbridge", "irq11", "isa", "11"},
    {"southbridge", "irq12", "isa", "12"},
    {"southbridge", "irq14", "isa", "14"},
    {"southbridge", "irq15", "isa", "15"},
    {NULL, NULL, NULL, NULL},
};

static const struct board_device ISA_DEVICES[] = {
    AT_DEVICES,
    {"ata", "ide0", "iobase=0x1f0,control=0x3f6"},
    {"vga", "vga", NULL},
    {NULL, NULL, NULL},
};

static const struct board_wire ISA_WIRES[] = {
    AT_WIRES,
    {"ide0", "irq", "isa", "14"},
    {"vga", "irq", "isa", "9"},
    {NULL, NULL, NULL, NULL},
};

static const struct board_device FULL_DEVICES[] = {
    {"uart16550", "com3", "base=0x3e8"},
    {"uart16550", "com4", "base=0x2e8"},
    {"parallel", "lpt2", "base=0x278"},
    {NULL, NULL, NULL},
};

/* COM3 and COM4 share the lines of COM1 and COM2, as they always did. */
static const struct board_wire FULL_WIRES[] = {
    {"com3", "irq", "isa", "4"},
    {"com4", "irq", "isa", "3"},
    {"lpt2", "irq", "isa", "5"},
    {NULL, NULL, NULL, NULL},
};

static const struct board_device APIC_DEVICES[] = {
    {"local-apic", "lapic", NULL},
    {"io-apic", "ioapic", NULL},
    {"hpet", "hpet", NULL},
    {NULL, NULL, NULL},
};

/* The 8259's INT passes the APICs, the timers' interrupts the HPET, which may stand in for them: these
 * wires take the places of the base's. */
static const struct board_wire APIC_WIRES[] = {
    {"pic0", "int", "apics", "0"},
    {"pit", "out0", "hpet", "pit"},
    {"rtc", "irq", "hpet", "rtc"},
    {"hpet", "irq0", "isa", "0"},
    {"hpet", "irq8", "isa", "8"},
    {"hpet", "gsi16", "ioapic", "in16"},
    {"hpet", "gsi17", "ioapic", "in17"},
    {"hpet", "gsi18", "ioapic", "in18"},
    {"hpet", "gsi19", "ioapic", "in19"},
    {"hpet", "gsi20", "ioapic", "in20"},
    {"hpet", "gsi21", "ioapic", "in21"},
    {"hpet", "gsi22", "ioapic", "in22"},
    {"hpet", "gsi23", "ioapic", "in23"},
    {NULL, NULL, NULL, NULL},
};

const struct board BOARD_PC = {.name = "pc",
                               .title = "PC with PCI (i440FX, PIIX3)",
                               .has_pci = true,
                               .devices = PC_DEVICES,
                               .wires = PC_WIRES};
const struct board BOARD_ISA = {.name = "isa",
                                .title = "PC/AT without PCI, its ROMs in shadow RAM",
                                .has_shadow = true,
                                .devices = ISA_DEVICES,
                                .wires = ISA_WIRES};
const struct board BOARD_APIC = {.name = "pc-apic",
                                 .title = "the PC with local APIC, I/O APIC and HPET",
                                 .base = &BOARD_PC,
                                 .has_pci = true,
                                 .devices = APIC_DEVICES,
                                 .wires = APIC_WIRES};
const struct board BOARD_FULL = {.name = "full",
                                 .title = "one with everything: pc-apic and a second multi-I/O card (COM3, COM4, LPT2)",
                                 .base = &BOARD_APIC,
                                 .has_pci = true,
                                 .devices = FULL_DEVICES,
                                 .wires = FULL_WIRES};
const struct board *const BOARDS[] = {&BOARD_PC, &BOARD_ISA, &BOARD_FULL, &BOARD_APIC, NULL};

const struct board *board_find(const char *name)
{
    size_t i = 0;
    while (BOARDS[i] && strcmp(name, BOARDS[i]->name) != 0)
        i++;
    return BOARDS[i];
}

/* Rows of the board and of all that it builds on. */
static size_t device_count(const struct board *board)
{
    size_t count = board->base ? device_count(board->base) : 0;
    for (const struct board_device *row = board->devices; row->type; row++)
        count++;
    return count;
}

static size_t wire_count(const struct board *board)
{
    size_t count = board->base ? wire_count(board->base) : 0;
    for (const struct board_wire *row = board->wires; row->from; row++)
        count++;
    return count;
}

const struct board_device *board_device_at(const struct board *board, size_t index)
{
    size_t inherited = board->base ? device_count(board->base) : 0;
    if (index < inherited)
        return board_device_at(board->base, index);
    return index < device_count(board) ? &board->devices[index - inherited] : NULL;
}

const struct board_wire *board_wire_at(const struct board *board, size_t index)
{
    size_t inherited = board->base ? wire_count(board->base) : 0;
    if (index < inherited)
        return board_wire_at(board->base, index);
    return index < wire_count(board) ? &board->wires[index - inherited] : NULL;
}
