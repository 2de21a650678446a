/* Calls of the timer that the board needs besides its wires. */
#ifndef VITRINE_DEVICES_I8254_H
#define VITRINE_DEVICES_I8254_H

#include "bus/device.h"
#include "bus/sound.h"

/* The level of OUT of a counter (0-2) now, also where no wire leads away from it. Pure. */
bool i8254_out(const struct device *pit, unsigned counter);
/* The same at another tick of the timer's clock, not before the counter's last change. */
bool i8254_out_at(const struct device *device, unsigned counter, uint64_t tick);
/* Told before counter 2 changes; NULL: nobody. */
void i8254_set_tap(struct device *device, const struct sound_tap *tap);

#endif
