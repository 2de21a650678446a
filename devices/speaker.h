/* Wiring of port 61h that the board does by a call. */
#ifndef VITRINE_DEVICES_SPEAKER_H
#define VITRINE_DEVICES_SPEAKER_H

#include "bus/device.h"
#include "bus/sound.h"

/* The timer whose OUT2 is read at bit 5. The speaker's pin "gate2" is wired to the timer besides. */
void speaker_set_timer(struct device *speaker, const struct device *i8254);
/* OUT2 reaches the speaker (bit 1 of the port). */
bool speaker_is_driven(const struct device *speaker);
/* Told before the port changes; NULL: nobody. */
void speaker_set_tap(struct device *speaker, const struct sound_tap *tap);

#endif
