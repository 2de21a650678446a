/* Names and source lines of a guest's addresses, from ELF files (--sym): their symbol tables and, where
 * they were built with -g, .debug_line. ELF32 and ELF64, several files, each with an offset of its own. */
#ifndef VITRINE_DEBUGGER_SYMBOLS_H
#define VITRINE_DEBUGGER_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "debugger/line_table.h"

struct symbols;

/* Adds "FILE[,offset=BYTES]": `offset` is where the guest put the file's address 0. *symbols NULL: the
 * first. Errors: STATUS_USAGE (an option), STATUS_FILE, with what is wrong; *symbols stays as it was. */
enum status symbols_add(struct symbols **symbols, const char *spec, struct error *error);
void symbols_free(struct symbols *symbols);
/* All calls take NULL: a guest without symbols. */
bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address);
/* The symbol that the address lies in, and how far; NULL: none. */
const char *symbols_at(const struct symbols *symbols, uint64_t address, uint64_t *offset);
/* The source line of the instruction there; false: none is known. */
bool symbols_line(const struct symbols *symbols, uint64_t address, struct line_place *place);
/* " <name+offset>", or nothing. */
void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size);
/* The same with " at file.c:12" behind it where the line is known: for code. */
void symbols_code_text(const struct symbols *symbols, uint64_t address, char *text, size_t size);
/* The nearest name to a misspelt one; NULL: none is near. */
const char *symbols_nearest_name(const struct symbols *symbols, const char *name);
size_t symbols_count(const struct symbols *symbols);

#endif
