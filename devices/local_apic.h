/* Calls of the machine into a local APIC, beside its wires. */
#ifndef VITRINE_DEVICES_LOCAL_APIC_H
#define VITRINE_DEVICES_LOCAL_APIC_H

#include "bus/apic_bus.h"
#include "bus/device.h"

#define LOCAL_APIC_EXTINT (-1)
/* INTA: the vector, which is in service now; LOCAL_APIC_EXTINT: the 8259 behind LINT0 gives it. */
int local_apic_acknowledge(struct device *device);
/* Appends what waits behind the masks of its local vector table. Pure. */
void local_apic_explain_waiting(const struct device *device, char *text, size_t size, size_t *used);
/* What the processor's core asks of it. */
struct apic_core local_apic_core(struct device *device);

#endif
