/* vitrine disk create, pad: images made, and raw ones made longer. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/file_lock.h"
#include "backends/image_output.h"
#include "frontends/disk_command.h"

uint64_t disk_wanted_bytes(const struct disk_options *o)
{
    return o->geometry.cylinders ? o->geometry.total * SECTOR_BYTES : o->size;
}

/* How large the image below is, as it is seen from the new one's folder. */
static enum status backing_sectors(const struct disk_options *o, enum image_format *format,
                                   uint64_t *sectors, struct error *error)
{
    const char *slash = o->backing[0] == '/' ? NULL : strrchr(o->path, '/');
    const struct image_options options = {
        .is_read_only = true, .allows_any_backing = o->allows_any_backing, .format = o->from};
    struct image *image;
    char path[4096];
    enum status status;
    int used = snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - o->path + 1) : 0,
                        o->path, o->backing);
    if (used < 0 || (size_t)used >= sizeof path)
        return error_set(error, STATUS_FILE, "%.200s...: the name is too long; fix: a shorter one",
                         path);
    status = image_open(&image, path, &options, error);
    if (status != STATUS_OK)
        return status;
    *format = image->format;
    *sectors = image->sectors;
    image_close(image);
    return STATUS_OK;
}

static enum status refuse_words(const struct disk_options *o, enum image_format format,
                                struct error *error)
{
    if (o->size && o->geometry.cylinders)
        return error_set(error, STATUS_USAGE, "%s: how large? fix: either --geometry or --size",
                         o->path);
    if (disk_wanted_bytes(o) == 0 && !o->backing)
        return error_set(error, STATUS_USAGE,
                         "%s: how large? fix: either --geometry C/H/S or --size 64M", o->path);
    if (o->backing && format != IMAGE_QCOW2)
        return error_set(error, STATUS_USAGE,
                         "%s: only qcow2 has a backing file; fix: --format qcow2", o->path);
    if (format == IMAGE_GZIP)
        return error_set(error, STATUS_USAGE,
                         "%s: a gzip'd image is only read; fix: create a raw one, then "
                         "vitrine disk convert",
                         o->path);
    return STATUS_OK;
}

enum status disk_create(const struct disk_options *o, struct error *error)
{
    enum image_format format = o->format ? o->format : image_format_of_name(o->path), below;
    struct image_output_options options = {.format = format,
                                           .sectors = disk_wanted_bytes(o) / SECTOR_BYTES,
                                           .backing = o->backing,
                                           .allows_any_backing = o->allows_any_backing,
                                           .may_replace = o->is_forced};
    struct image_output output;
    uint64_t sectors = 0;
    enum status status = refuse_words(o, format, error);
    if (status == STATUS_OK && !o->format)
        status = image_name_is_honest(o->path, error);
    if (status == STATUS_OK && o->backing) {
        status = backing_sectors(o, &below, &sectors, error);
        options.backing_format = status == STATUS_OK ? image_format_name(below) : NULL;
        options.sectors = options.sectors ? options.sectors : sectors;
    }
    if (status == STATUS_OK)
        status = image_output_begin(&output, o->path, &options, error);
    if (status == STATUS_OK)
        status = image_output_end(&output, error);
    if (status == STATUS_OK)
        printf("%s: %" PRIu64 " bytes\n", o->path, options.sectors * SECTOR_BYTES);
    return status;
}

static enum status lock_for_writing(int fd, const char *path, struct error *error)
{
    long holder;
    if (file_lock(fd, true, &holder) == FILE_LOCK_HELD)
        return error_set(error, STATUS_FILE, "%s: is in use by process %ld; fix: end that first",
                         path, holder);
    return STATUS_OK;
}

/* Only ever appends zeros; what is there stays. */
enum status disk_pad(const struct disk_options *o, struct error *error)
{
    uint64_t old, bytes = disk_wanted_bytes(o);
    struct stat info;
    enum status status;
    int fd;
    if (image_format_of_name(o->path) != IMAGE_RAW && o->format != IMAGE_RAW)
        return error_set(error, STATUS_USAGE,
                         "%s: is no raw image; fix: vitrine disk convert it to one, or "
                         "--format raw if it is",
                         o->path);
    if (stat(o->path, &info) == 0 && !S_ISREG(info.st_mode))
        return error_set(error, STATUS_FILE, "%s: is not a regular file; fix: name an image file",
                         o->path);
    fd = open(o->path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        status =
            error_set(error, STATUS_FILE, "%s: %s; fix: check the name", o->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    old = (uint64_t)info.st_size;
    if (bytes == 0)
        bytes = (old + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    status = lock_for_writing(fd, o->path, error);
    if (status == STATUS_OK && old > bytes)
        status = error_set(error, STATUS_FILE,
                           "%s: has %" PRIu64 " bytes, more than %" PRIu64
                           "; fix: padding never shortens: a larger size",
                           o->path, old, bytes);
    if (status == STATUS_OK && old < bytes && ftruncate(fd, (off_t)bytes) != 0)
        status = error_set(error, STATUS_FILE, "%s: %s", o->path, strerror(errno));
    close(fd);
    if (status == STATUS_OK)
        printf("%s: %" PRIu64 " bytes, %" PRIu64 " added\n", o->path, bytes, bytes - old);
    return status;
}
