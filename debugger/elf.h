/* Sections of an ELF file that lies in memory: ELF32 and ELF64, little endian.
 * Tool Interface Standard, ELF 1.2 (1995); System V ABI, ELF-64 Object File Format 1.5 (1998).
 *
 * The file comes from anywhere: nothing is believed, and what lies outside of it does not exist. */
#ifndef VITRINE_DEBUGGER_ELF_H
#define VITRINE_DEBUGGER_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct elf {
    const uint8_t *bytes; /* the file; the caller's */
    size_t count;
    bool is_64;
    uint64_t sections_offset;
    unsigned section_count, names_section;
};

struct elf_section {
    const char *name; /* "" where the file does not tell */
    uint32_t type, link;
    uint64_t flags;
    const uint8_t *bytes; /* NULL: it lies outside the file, or has none */
    size_t count;
};

enum elf_section_type { ELF_SYMTAB = 2, ELF_NOBITS = 8 };
enum elf_section_flag { ELF_COMPRESSED = 0x800 };

/* Looks at the header. Errors: STATUS_FILE, with what is wrong. */
enum status elf_open(struct elf *elf, const uint8_t *bytes, size_t count, struct error *error);
/* False: no such section header. */
bool elf_section(const struct elf *elf, unsigned index, struct elf_section *section);
bool elf_section_named(const struct elf *elf, const char *name, struct elf_section *section);
bool elf_section_of_type(const struct elf *elf, uint32_t type, struct elf_section *section);

#endif
