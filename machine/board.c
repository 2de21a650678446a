/* The boards. Sources: PC/AT technical reference (1985) for ports, interrupts and wiring; 82371SB
 * (PIIX3, 1997) for the PCI part. Interrupts: 0 PIT, 1 keyboard, 2 cascade, 3 COM2, 4 COM1, 8 RTC,
 * 9 ACPI, 12 mouse, 13 FERR#, 14 and 15 IDE. */
#include "machine/board.h"

#include <stddef.h>
#include <string.h>

static const struct board_device PC_DEVICES[] = {
    {"i8259", "pic0", "base=0x20,elcr=0x4d0,master=1"},
    {"i8259", "pic1", "base=0xa0,elcr=0x4d1,master=0"},
    {"i8254", "pit", NULL},
    {"speaker", "speaker", NULL},
    {"i8237", "dma", NULL},
    {"mc146818", "rtc", NULL},
    {"i8042", "kbc", NULL},
    {"ps2-keyboard", "keyboard", NULL},
    {"ps2-mouse", "mouse", NULL},
    {"port92", "port92", NULL},
    {"post-port", "post", NULL},
    {"debug-ports", "debug", NULL},
    {"isa-debug-exit", "debug-exit", NULL},
    {"shutdown-8900", "shutdown", NULL},
    {"uart16550", "com1", "base=0x3f8"},
    {"uart16550", "com2", "base=0x2f8"},
    {"fw-cfg", "fw-cfg", NULL},
    {"i440fx", "northbridge", NULL},
    {"piix3", "southbridge", NULL},
    {"ata", "ide0", "iobase=0x1f0,control=0x3f6"},
    {"ata", "ide1", "iobase=0x170,control=0x376"},
    {"piix3-ide", "ide", NULL},
    {"piix4-pm", "pm", NULL},
    {"vga-pci", "vga", "devfn=0x10"},
    {NULL, NULL, NULL},
};

#define AT_WIRES                                                                              \
    {"pic1", "int", "pic0", "ir2"}, {"pit", "out0", "pic0", "ir0"},                           \
        {"pit", "out2", "speaker", "out2"}, {"speaker", "gate2", "pit", "gate2"},             \
        {"rtc", "irq", "pic1", "ir0"}, {"kbc", "irq1", "pic0", "ir1"},                        \
        {"kbc", "irq12", "pic1", "ir4"}, {"com1", "irq", "pic0", "ir4"},                      \
        {"com2", "irq", "pic0", "ir3"}

static const struct board_wire PC_WIRES[] = {
    AT_WIRES,
    {"ide0", "irq", "pic1", "ir6"},
    {"ide1", "irq", "pic1", "ir7"},
    /* PCI interrupts and the SCI meet in the bridge; firmware routes them to what is free. */
    {"pm", "sci", "southbridge", "sci"},
    {"southbridge", "irq5", "pic0", "ir5"},
    {"southbridge", "irq9", "pic1", "ir1"},
    {"southbridge", "irq10", "pic1", "ir2"},
    {"southbridge", "irq11", "pic1", "ir3"},
    {NULL, NULL, NULL, NULL},
};

static const struct board_device ISA_DEVICES[] = {
    {"i8259", "pic0", "base=0x20,master=1"},
    {"i8259", "pic1", "base=0xa0,master=0"},
    {"i8254", "pit", NULL},
    {"speaker", "speaker", NULL},
    {"i8237", "dma", NULL},
    {"mc146818", "rtc", NULL},
    {"i8042", "kbc", NULL},
    {"ps2-keyboard", "keyboard", NULL},
    {"ps2-mouse", "mouse", NULL},
    {"port92", "port92", NULL},
    {"post-port", "post", NULL},
    {"debug-ports", "debug", NULL},
    {"isa-debug-exit", "debug-exit", NULL},
    {"shutdown-8900", "shutdown", NULL},
    {"uart16550", "com1", "base=0x3f8"},
    {"uart16550", "com2", "base=0x2f8"},
    {"ata", "ide0", "iobase=0x1f0,control=0x3f6"},
    {"vga", "vga", NULL},
    {NULL, NULL, NULL},
};

static const struct board_wire ISA_WIRES[] = {
    AT_WIRES,
    {"ide0", "irq", "pic1", "ir6"},
    {NULL, NULL, NULL, NULL},
};

const struct board BOARD_PC = {"pc", "PC with PCI (i440FX, PIIX3)", true, PC_DEVICES, PC_WIRES};
const struct board BOARD_ISA = {"isa", "PC/AT without PCI", false, ISA_DEVICES, ISA_WIRES};

const struct board *board_find(const char *name)
{
    if (strcmp(name, BOARD_PC.name) == 0)
        return &BOARD_PC;
    return strcmp(name, BOARD_ISA.name) == 0 ? &BOARD_ISA : NULL;
}
