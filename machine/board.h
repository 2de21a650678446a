/* Boards: rows of data that say which devices a machine has and how they are wired. */
#ifndef VITRINE_MACHINE_BOARD_H
#define VITRINE_MACHINE_BOARD_H

#include <stdbool.h>

struct board_device {
    const char *type, *name;
    const char *settings; /* "iobase=0x3f8,irq=4"; NULL: defaults */
};

struct board_wire {
    const char *from, *pin, *to, *input;
};

struct board {
    const char *name, *title;
    bool has_pci;
    const struct board_device *devices; /* in order of construction; ends with type NULL */
    const struct board_wire *wires;     /* ends with from NULL */
};

extern const struct board BOARD_PC;  /* i440FX and PIIX3 */
extern const struct board BOARD_ISA; /* AT bus only */
const struct board *board_find(const char *name);

#endif
