/* Pictures as files. */
#ifndef VITRINE_FRONTENDS_SCREENSHOT_H
#define VITRINE_FRONTENDS_SCREENSHOT_H

#include "base/status.h"
#include "bus/display.h"

/* Writes a picture as PNG (RGB, 8 bits). */
enum status screenshot_write(const char *path, const struct display_picture *picture,
                             struct error *error);

#endif
