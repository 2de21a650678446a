/* Someone who listens to a sound that is computed from the state of devices: told before that state
 * changes, so that what has sounded up to now can be taken down. Looks only: never changes a run. */
#ifndef VITRINE_BUS_SOUND_H
#define VITRINE_BUS_SOUND_H

struct sound_tap {
    void (*changing)(void *self);
    void *self;
};

static inline void sound_tap_changing(const struct sound_tap *tap)
{
    if (tap)
        tap->changing(tap->self);
}

#endif
