/* Addresses and registers as one writes them at the prompt. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "debugger/monitor_internal.h"
#include "debugger/symbols.h"
#include "machine/machine.h"

#define TERM_BYTES    128
#define CR0_PE        1u
#define FLAGS_VM      0x20000u
#define ATTRIBUTE_BIG 0x400u /* D/B of a descriptor, as struct cpu_segment keeps it */

static const char *const GPR_NAMES[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
static const char *const SEGMENT_NAMES[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

uint64_t monitor_linear_ip(const struct cpu_registers *registers)
{
    return (registers->segment[CPU_CS].base + registers->ip) & 0xFFFFFFFFu;
}

unsigned monitor_bits(const struct cpu_registers *registers)
{
    return registers->segment[CPU_CS].attributes & ATTRIBUTE_BIG ? 32 : 16;
}

/* --- registers ------------------------------------------------------------------------------------------ */

/* Where a 64-bit register lies; NULL: no such name. *mask: the bits that the name stands for. */
static uint64_t *register_place(struct cpu_registers *r, const char *name, uint64_t *mask)
{
    *mask = 0xFFFFFFFFu;
    for (unsigned i = 0; i < 8; i++) {
        if (strcmp(name, GPR_NAMES[i]) == 0)
            return &r->gpr[i];
        if (strcmp(name, GPR_NAMES[i] + 1) == 0) {
            *mask = 0xFFFF;
            return &r->gpr[i];
        }
    }
    if (strcmp(name, "eip") == 0 || strcmp(name, "pc") == 0)
        return &r->ip;
    if (strcmp(name, "ip") == 0) {
        *mask = 0xFFFF;
        return &r->ip;
    }
    if (strcmp(name, "eflags") == 0 || strcmp(name, "flags") == 0)
        return &r->flags;
    if (strcmp(name, "cr0") == 0)
        return &r->cr0;
    if (strcmp(name, "cr2") == 0)
        return &r->cr2;
    if (strcmp(name, "cr3") == 0)
        return &r->cr3;
    return strcmp(name, "cr4") == 0 ? &r->cr4 : NULL;
}

bool monitor_register(const struct cpu_registers *registers, const char *name, uint64_t *value)
{
    struct cpu_registers copy = *registers;
    uint64_t mask, *place;
    name += *name == '$';
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(name, SEGMENT_NAMES[i]) == 0) {
            *value = registers->segment[i].selector;
            return true;
        }
    place = register_place(&copy, name, &mask);
    if (place)
        *value = *place & mask;
    return place != NULL;
}

bool monitor_set_register(struct cpu_registers *registers, const char *name, uint64_t value)
{
    uint64_t mask, *place;
    name += *name == '$';
    place = register_place(registers, name, &mask);
    if (place)
        *place = (*place & ~mask) | (value & mask);
    return place != NULL;
}

/* --- addresses -------------------------------------------------------------------------------------------- */

/* "31744", "0x7c00", "7c00h". */
static bool take_number(const char *text, uint64_t *value)
{
    size_t length = strlen(text);
    char *end;
    if (words_number(text, value))
        return true;
    if (length < 2 || length > 17 || (text[length - 1] != 'h' && text[length - 1] != 'H') ||
        !isxdigit((unsigned char)text[0]))
        return false;
    *value = strtoull(text, &end, 16);
    return end == text + length - 1;
}

/* "0040:0017" in hexadecimal, "cs:ip": real-mode arithmetic in real and virtual-8086 mode, else the
 * base of a segment register that holds the selector. */
static bool take_far(const struct cpu_registers *r, const char *text, uint64_t *address)
{
    const char *colon = strchr(text, ':');
    char left[TERM_BYTES], *end;
    uint64_t selector, offset;
    snprintf(left, sizeof left, "%.*s", (int)(colon - text), text);
    if (!monitor_register(r, left, &selector)) {
        selector = strtoull(left, &end, 16);
        if (left[0] == '\0' || *end || selector > 0xFFFF)
            return false;
    }
    if (!monitor_register(r, colon + 1, &offset)) {
        offset = strtoull(colon + 1, &end, 16);
        if (colon[1] == '\0' || *end)
            return false;
    }
    if (!(r->cr0 & CR0_PE) || (r->flags & FLAGS_VM)) {
        *address = (selector << 4) + offset;
        return true;
    }
    for (unsigned i = 0; i < 6; i++)
        if (r->segment[i].selector == selector) {
            *address = (r->segment[i].base + offset) & 0xFFFFFFFFu;
            return true;
        }
    return false;
}

static bool take_term(struct monitor *monitor, const struct cpu_registers *r, const char *term,
                      uint64_t *value)
{
    const char *nearest;
    if (strchr(term, ':')
            ? take_far(r, term, value)
            : take_number(term, value) || symbols_find(monitor->options.symbols, term, value) ||
                  monitor_register(r, term, value))
        return true;
    nearest = symbols_nearest_name(monitor->options.symbols, term);
    if (nearest)
        monitor_print(monitor, "'%s' is no address; did you mean %s?\n", term, nearest);
    else
        monitor_print(monitor, "'%s' is no address; 0x7c00, 7c00h, 0040:0017, $eip and %s are\n",
                      term, monitor->options.symbols ? "symbols" : "(with --sym) symbols");
    return false;
}

bool monitor_address(struct monitor *monitor, const char *text, uint64_t *address)
{
    struct cpu_registers r;
    bool is_negative = false;
    cpu_get_registers(monitor->engine.machine->cpu, &r);
    *address = 0;
    for (;;) {
        char term[TERM_BYTES];
        size_t length = strcspn(text, "+-");
        uint64_t value;
        snprintf(term, sizeof term, "%.*s", (int)(length < TERM_BYTES ? length : TERM_BYTES - 1),
                 text);
        if (!take_term(monitor, &r, term, &value))
            return false;
        *address += is_negative ? 0 - value : value;
        text += length;
        if (*text == '\0')
            return true;
        is_negative = *text++ == '-';
    }
}

bool monitor_place(struct monitor *monitor, const char *text, uint64_t *address, bool *is_physical)
{
    *is_physical = strncmp(text, "phys:", 5) == 0;
    return monitor_address(monitor, text + (*is_physical ? 5 : 0), address);
}

bool monitor_count(struct monitor *monitor, const struct monitor_words *words, int index,
                   uint64_t initial, uint64_t *count)
{
    *count = initial;
    if (index >= words->count || (take_number(words->words[index], count) && *count > 0))
        return true;
    monitor_print(monitor, "'%s' is no count from 1\n", words->words[index]);
    return false;
}
