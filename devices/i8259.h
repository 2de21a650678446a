/* Calls of the interrupt controller that the board and the CPU's interrupt acknowledge need. */
#ifndef VITRINE_DEVICES_I8259_H
#define VITRINE_DEVICES_I8259_H

#include "bus/device.h"

/* The two INTA cycles: takes the most urgent request into service and returns its vector, 0-255.
 * Where the request has gone meanwhile it is the spurious one of input 7 (8259A p.18). A master asks
 * the slave behind the input. */
int i8259_acknowledge(struct device *master);
/* The cascade lines CAS0-2: the slave that answers on the inputs named by the master's ICW3. The
 * slave's pin "int" is wired to the master's input besides. NULL: none. */
void i8259_set_slave(struct device *master, struct device *slave);
/* The IRQ (0-15) that has this vector now; -1: none of master and slave. Pure. */
int i8259_line_of(const struct device *master, uint8_t vector);
/* The id of the guest's access that led to the last request of IRQ 0-15; 0: none. */
uint64_t i8259_cause_of(const struct device *master, unsigned line);
/* Appends for each request that is held back what holds it: "IRQ 4 is requested and masked: bit 4 of
 * the IMR at port 21h"; with "; " between. Pure. */
void i8259_explain_waiting(const struct device *master, char *text, size_t size, size_t *used);
/* Its mask holds a request back, for a master also one of the slave. Pure. */
bool i8259_mask_holds(const struct device *pic);
/* An unmasked request of that input waits to be taken into service; it is in service. Pure. */
bool i8259_has_request(const struct device *pic, unsigned input);
bool i8259_is_in_service(const struct device *pic, unsigned input);

#endif
