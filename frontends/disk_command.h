/* vitrine disk: what its verbs share. */
#ifndef VITRINE_FRONTENDS_DISK_COMMAND_H
#define VITRINE_FRONTENDS_DISK_COMMAND_H

#include "backends/image.h"
#include "base/status.h"
#include "bus/block.h"

struct disk_options {
    const char *path, *second;      /* convert alone has a second one */
    struct block_geometry geometry; /* cylinders 0: not given */
    uint64_t size;                  /* bytes; 0: not given */
    enum image_format format, from;
    const char *backing;
    bool is_forced, allows_any_backing;
};

/* Bytes that --geometry or --size ask for; 0: neither is given. */
uint64_t disk_wanted_bytes(const struct disk_options *options);

enum status disk_create(const struct disk_options *options, struct error *error);
enum status disk_pad(const struct disk_options *options, struct error *error);
enum status disk_info(const struct disk_options *options, struct error *error);
enum status disk_check(const struct disk_options *options, struct error *error);
enum status disk_convert(const struct disk_options *options, struct error *error);

#endif
