/* Source lines of addresses: the .debug_line section, DWARF versions 2 to 5 (DWARF Debugging Information
 * Format, version 5, 2017, section 6.2; versions 2 to 4 for the older header).
 *
 * Missing: sections compressed by the assembler (-gz): they count as absent. Versions that are not
 * known are passed over. */
#ifndef VITRINE_DEBUGGER_LINE_TABLE_H
#define VITRINE_DEBUGGER_LINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct elf;
struct line_table;

/* A line of a source file. The texts belong to the ELF file's bytes. */
struct line_place {
    const char *folder; /* as the compiler was told; "" where it is the one it ran in */
    const char *file;
    uint32_t line;
};

/* Reads the table; *table NULL and STATUS_OK: the file has none. The ELF file's bytes have to stay.
 * Errors: STATUS_FILE, damaged or absurdly large; STATUS_INTERNAL. */
enum status line_table_new(struct line_table **table, const struct elf *elf, struct error *error);
void line_table_free(struct line_table *table);
/* The line that an address belongs to; false: none. NULL is allowed. */
bool line_table_find(const struct line_table *table, uint64_t address, struct line_place *place);

#endif
