/* VGA: an IBM VGA on the ISA bus ("vga": 256 KiB, ports 3B0-3DF, memory A0000-BFFFF) and on PCI
 * ("vga-pci": the same with the DISPI registers and a linear frame buffer). */
#ifndef VITRINE_DEVICES_VGA_H
#define VITRINE_DEVICES_VGA_H

#include <stddef.h>
#include <stdint.h>

/* What a board may give as device_config.extra; NULL: no ROM, RAM identities made of the name. */
struct vga_config {
    const uint8_t *rom; /* video BIOS for the expansion ROM BAR; copied */
    size_t rom_bytes;
    uint32_t ram_id; /* identity of the video memory's frames, ram_id + 1 of the ROM's; 0: made up */
};

#endif
