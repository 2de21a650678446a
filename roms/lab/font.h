/* font.h: our own text font (roms/font/font.txt), 16 rows of 8 dots a character, left dot in bit 7. */
#ifndef LAB_FONT_H
#define LAB_FONT_H

#include <stdint.h>

extern const uint8_t font_8x16[256][16];

#endif
