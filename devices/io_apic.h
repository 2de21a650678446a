/* What the machine asks of an I/O APIC. */
#ifndef VITRINE_DEVICES_IO_APIC_H
#define VITRINE_DEVICES_IO_APIC_H

#include "bus/device.h"

/* Appends which level-triggered inputs wait behind the masks of their entries. Pure. */
void io_apic_explain_waiting(const struct device *device, char *text, size_t size, size_t *used);

#endif
