/* In the place of sdl.c where a cross compilation has no SDL2: there is no window, all else works. */
#include "frontends/frontend.h"
#include "frontends/sound.h"

bool frontend_sdl_is_available(void)
{
    return false;
}

enum status frontend_sdl_open(struct frontend **frontend, const char *name, struct error *error)
{
    (void)name;
    *frontend = NULL;
    return error_set(error, STATUS_USAGE, "no window: built without SDL2; fix: --display terminal or "
                     "--display none");
}

enum status sound_sdl_open(unsigned *device, unsigned rate, struct error *error)
{
    (void)rate;
    *device = 0;
    return error_set(error, STATUS_USAGE, "no sound: built without SDL2; fix: --sound file:PATH");
}

void sound_sdl_play(unsigned device, const short *samples, unsigned count)
{
    (void)device;
    (void)samples;
    (void)count;
}

void sound_sdl_close(unsigned device)
{
    (void)device;
}
