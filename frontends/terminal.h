/* The terminal front end on a given device; frontend_terminal_open() uses that of standard output. */
#ifndef VITRINE_FRONTENDS_TERMINAL_H
#define VITRINE_FRONTENDS_TERMINAL_H

#include "frontends/frontend.h"

enum status terminal_open_device(struct frontend **frontend, const char *path, const char *name,
                                 struct error *error);

#endif
