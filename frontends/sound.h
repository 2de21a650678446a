/* The PC's speaker, as samples: to SDL or into a WAV file. */
#ifndef VITRINE_FRONTENDS_SOUND_H
#define VITRINE_FRONTENDS_SOUND_H

#include "base/status.h"

struct machine;
struct sound;

/* "none", "sdl" or "file:PATH"; NULL is none. *sound NULL: nothing to do. */
enum status sound_open(struct sound **sound, const char *spec, struct machine *machine,
                       struct error *error);
/* At poll instants: takes down what has sounded since, and hands it on. */
void sound_poll(struct sound *sound);
/* The rest, and the file's header; frees it. The machine is still there. */
void sound_close(struct sound *sound);

/* sdl.c, or no_window.c where there is no SDL2. */
enum status sound_sdl_open(unsigned *device, unsigned rate, struct error *error);
void sound_sdl_play(unsigned device, const short *samples, unsigned count);
void sound_sdl_close(unsigned device);

#endif
