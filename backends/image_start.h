/* A disk as it was when it was opened: what its sectors held before their first write. With that a run
 * can be made again from its start although it has written its disks. */
#ifndef VITRINE_BACKENDS_IMAGE_START_H
#define VITRINE_BACKENDS_IMAGE_START_H

#include "backends/image.h"

struct image_start;

/* Room for `room` bytes of before-images, in a file without a name; in memory there is a bit a sector.
 * NULL: out of memory. Without a temporary file it is there and says so (image_start_trouble). */
struct image_start *image_start_new(uint64_t sectors, uint64_t room);
void image_start_free(struct image_start *start);
/* Before a write: keeps what the sectors hold unless they were written before. Never in the write's way:
 * what can't be kept is given up, and all room with it. */
void image_start_keep(struct image_start *start, struct image *image, uint64_t lba, uint32_t count);
/* Why the start is not known any more; NULL: it is. */
const char *image_start_trouble(const struct image_start *start);
/* `image` as it was, only to be read; both outlive the view, and closing it leaves them. `start` NULL:
 * an image that nobody writes. STATUS_FILE where the start is not known. */
enum status image_start_view(struct image **view, const struct image_start *start,
                             struct image *image, struct error *error);

#endif
