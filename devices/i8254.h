/* Calls of the timer that the board needs besides its wires. */
#ifndef VITRINE_DEVICES_I8254_H
#define VITRINE_DEVICES_I8254_H

#include "bus/device.h"

/* The level of OUT of a counter (0-2) now, also where no wire leads away from it. Pure. */
bool i8254_out(const struct device *pit, unsigned counter);

#endif
