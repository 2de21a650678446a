/* options.c: reads the command line that a multiboot loader (or boot.asm) has left in memory.
 *
 * Specification: Multiboot Specification 0.6.96, §3.3: `flags` bit 2 says that `cmdline` at offset 16
 * is valid. Some loaders put the kernel's file name first; it has no `key=` and does no harm. */
#include "lab/options.h"

#include <stdbool.h>

enum { BOOTLOADER_MAGIC = 0x2BADB002, INFO_HAS_COMMAND_LINE = 1 << 2, INFO_COMMAND_LINE = 16 };

static const char *command_line = "";

void options_init(uint32_t magic, uint32_t information)
{
    const uint8_t *info = (const uint8_t *)(uintptr_t)information;

    if (magic != BOOTLOADER_MAGIC || !(*(const uint32_t *)info & INFO_HAS_COMMAND_LINE))
        return;
    command_line = (const char *)(uintptr_t)*(const uint32_t *)(info + INFO_COMMAND_LINE);
}

/* The text behind `key=` where that starts a word, or null. */
static const char *find_value(const char *key)
{
    bool at_word = true;

    for (const char *c = command_line; *c; c++) {
        unsigned i = 0;

        while (at_word && key[i] && c[i] == key[i])
            i++;
        if (at_word && !key[i] && c[i] == '=')
            return c + i + 1;
        at_word = *c == ' ';
    }
    return 0;
}

void options_text(const char *key, const char *fallback, char *value, unsigned bytes)
{
    const char *from = find_value(key);
    unsigned i = 0;

    if (!from)
        from = fallback;
    for (; from[i] && from[i] != ' ' && i + 1 < bytes; i++)
        value[i] = from[i];
    value[i] = 0;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

uint32_t options_number(const char *key, uint32_t fallback)
{
    const char *from = find_value(key);
    uint32_t base = 10;
    uint32_t number = 0;

    if (!from || digit_value(*from) < 0)
        return fallback;
    if (from[0] == '0' && from[1] == 'x') {
        base = 16;
        from += 2;
    }
    for (; digit_value(*from) >= 0 && (uint32_t)digit_value(*from) < base; from++)
        number = number * base + (uint32_t)digit_value(*from);
    return number;
}
