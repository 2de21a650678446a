/* options.h: the words key=value of the multiboot command line. */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdint.h>

/* Takes what start.asm was handed; anything but a multiboot command line means "no options". */
void options_init(uint32_t magic, uint32_t information);

/* Copies the value of `key`, or `fallback`, into `value`; cut to `bytes` - 1 characters. */
void options_text(const char *key, const char *fallback, char *value, unsigned bytes);

/* The value of `key` as a decimal number, or as a hexadecimal one behind 0x. */
uint32_t options_number(const char *key, uint32_t fallback);

#endif
