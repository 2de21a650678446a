/* Names of a guest's addresses, from the symbol table of an ELF file (--sym).
 * Tool Interface Standard, ELF 1.2 (1995): header, section header, symbol table. ELF32, little endian. */
#ifndef VITRINE_DEBUGGER_SYMBOLS_H
#define VITRINE_DEBUGGER_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct symbols;

/* Reads the file. Errors: STATUS_FILE, with what is wrong with it. */
enum status symbols_load(struct symbols **symbols, const char *path, struct error *error);
void symbols_free(struct symbols *symbols);
/* All calls take NULL: a guest without symbols. */
bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address);
/* The symbol that the address lies in, and how far; NULL: none. */
const char *symbols_at(const struct symbols *symbols, uint64_t address, uint64_t *offset);
/* " <name+offset>", or nothing. */
void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size);
/* The nearest name to a misspelt one; NULL: none is near. */
const char *symbols_nearest_name(const struct symbols *symbols, const char *name);
size_t symbols_count(const struct symbols *symbols);

#endif
