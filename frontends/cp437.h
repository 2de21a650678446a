/* Code page 437 as Unicode, and a character as UTF-8. */
#ifndef VITRINE_FRONTENDS_CP437_H
#define VITRINE_FRONTENDS_CP437_H

#include <stddef.h>
#include <stdint.h>

/* The picture that the PC's ROM font has for a code, 00 to FF. */
uint16_t cp437_unicode(uint8_t code);
/* Writes 1 to 3 bytes; returns how many. */
size_t utf8_put(uint16_t unicode, char bytes[3]);

#endif
