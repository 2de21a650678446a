/* The host bridge: what the board has to tell it. */
#ifndef VITRINE_DEVICES_I440FX_H
#define VITRINE_DEVICES_I440FX_H

#include "bus/device.h"
#include "bus/ram.h"

/* What can answer between C0000h and FFFFFh. */
struct i440fx_memory {
    struct ram *dram;        /* the machine's RAM ... */
    size_t dram_first_frame; /* ... whose frame for address 0 is this one */
    size_t dram_frames;
    struct ram *rom;         /* below 1 MiB; NULL: none */
    size_t rom_first_frame;  /* its frame for rom_base */
    uint32_t rom_base;       /* page aligned: 0xE0000; it ends at 1 MiB */
};

/* Copies `memory` and maps the segments as the PAM registers say now. */
void i440fx_set_memory(struct device *device, const struct i440fx_memory *memory);

#endif
