/* The text font, generated from roms/font: 16 rows of 8 dots a character, left dot in bit 7. */
#ifndef VITRINE_HYPERVISOR_FONT_H
#define VITRINE_HYPERVISOR_FONT_H

#include <stdint.h>

extern const uint8_t font_8x16[256][16];

#endif
