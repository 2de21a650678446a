/* The registers that gdb sees: their numbers, their places in a 'g' packet, and target.xml.
 *
 * The standard part is GDB's feature org.gnu.gdb.i386.core (GDB manual, "i386 Features"); what a
 * learner of systems wants besides (segment bases, control, table registers) is a feature of our own. */
#ifndef VITRINE_DEBUGGER_GDB_REGISTERS_H
#define VITRINE_DEBUGGER_GDB_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"

#define GDB_FXSAVE_BYTES       512
#define GDB_REGISTER_BYTES_MAX 10
#define GDB_XML_BYTES          8192 /* room that gdb_registers_xml() needs at most */

struct gdb_registers {
    struct cpu_registers cpu;
    uint8_t fxsave[GDB_FXSAVE_BYTES];
};

unsigned gdb_registers_count(void);
unsigned gdb_register_bytes(unsigned number);
/* The value in the target's byte order; `bytes` has gdb_register_bytes() of room. */
void gdb_register_get(const struct gdb_registers *registers, unsigned number, uint8_t *bytes);
/* False where it can't be set: a selector in protected mode has a descriptor behind it. */
bool gdb_register_set(struct gdb_registers *registers, unsigned number, const uint8_t *bytes);
/* The target description; returns its length. */
size_t gdb_registers_xml(char *text, size_t size);

#endif
