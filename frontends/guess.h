/* What a file is, from its first bytes: only to tell a kernel from a disk. */
#ifndef VITRINE_FRONTENDS_GUESS_H
#define VITRINE_FRONTENDS_GUESS_H

#include "base/status.h"

enum image_kind { IMAGE_DISK, IMAGE_KERNEL };

enum status guess_image(const char *path, enum image_kind *kind, struct error *error);

#endif
