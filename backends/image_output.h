/* A new image file: it appears under its name when it is whole and on stable storage, or not at all. */
#ifndef VITRINE_BACKENDS_IMAGE_OUTPUT_H
#define VITRINE_BACKENDS_IMAGE_OUTPUT_H

#include "backends/image.h"

struct image_output {
    char *path, *part; /* its name, and the one until it is whole */
    int old_fd;        /* the file that it replaces, locked; -1: none */
    struct image *image;
};

/* Starts an image of `sectors` zeros, to be written through output->image; gzip'd ones from the first
 * sector to the last. A file that is there is only replaced when `may_replace`, and when nobody uses it.
 * qcow2 may have a backing file (else NULL), named as the image's folder sees it, and its format. */
struct image_output_options {
    enum image_format format;
    uint64_t sectors;
    const char *backing, *backing_format;
    bool allows_any_backing, may_replace;
};
enum status image_output_begin(struct image_output *output, const char *path,
                               const struct image_output_options *options, struct error *error);
/* Brings it to stable storage and gives it its name. */
enum status image_output_end(struct image_output *output, struct error *error);
/* Removes what was begun. Nothing happens after an end, or a begin that failed. */
void image_output_abandon(struct image_output *output);
/* The message for an errno of writing. */
enum status image_output_failed(const struct image_output *output, int code, struct error *error);

#endif
