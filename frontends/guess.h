/* What a file is: only to tell a kernel, a CD-ROM or a diskette from a disk. */
#ifndef VITRINE_FRONTENDS_GUESS_H
#define VITRINE_FRONTENDS_GUESS_H

#include "base/status.h"

enum image_kind { IMAGE_DISK, IMAGE_KERNEL, IMAGE_DISC, IMAGE_FLOPPY };

enum status guess_image(const char *path, enum image_kind *kind, struct error *error);

#endif
