/* Building a machine from its board's rows, and the typed calls between chips of a PC. */
#ifndef VITRINE_MACHINE_ASSEMBLE_H
#define VITRINE_MACHINE_ASSEMBLE_H

#include "machine/machine.h"

enum status machine_assemble(struct machine *machine, struct error *error);
void machine_disassemble(struct machine *machine);
int machine_acknowledge(struct machine *machine); /* INTA to the master 8259 */
void machine_ferr(void *machine, bool level);     /* FERR#, to the board's latch */
void machine_smiact(void *machine, bool level);   /* SMIACT#, to the memory controller */

#endif
