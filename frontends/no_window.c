/* In the place of sdl.c where a cross compilation has no SDL2: there is no window, all else works. */
#include "frontends/frontend.h"

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
