/* Boards: rows of data that say which devices a machine has and how they are wired. */
#ifndef VITRINE_MACHINE_BOARD_H
#define VITRINE_MACHINE_BOARD_H

#include <stdbool.h>
#include <stddef.h>

struct board_device {
    const char *type, *name;
    const char *settings; /* "iobase=0x3f8,irq=4"; NULL: defaults */
};

struct board_wire {
    const char *from, *pin, *to, *input;
};

struct board {
    const char *name, *title;
    const struct board *base; /* whose rows come before its own; NULL: none */
    bool has_pci;
    bool
        has_shadow; /* RAM at C0000h-FFFFFh, into which RESET# copies the ROMs; else the chip set decides */
    const struct board_device *devices; /* in order of construction; ends with type NULL */
    const struct board_wire *wires;     /* ends with from NULL */
};

extern const struct board BOARD_PC;        /* i440FX and PIIX3 */
extern const struct board BOARD_ISA;       /* AT bus only */
extern const struct board BOARD_FULL;      /* pc-apic with a second multi-I/O card */
extern const struct board BOARD_APIC;      /* the PC with local APIC, I/O APIC and HPET */
extern const struct board *const BOARDS[]; /* ends with NULL */
const struct board *board_find(const char *name);
/* Row number `index`, those of the base (and of its base) first; NULL: there are no more. */
const struct board_device *board_device_at(const struct board *board, size_t index);
const struct board_wire *board_wire_at(const struct board *board, size_t index);

#endif
