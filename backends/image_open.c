/* From a path to an image: what the file is, whose it is, and which format it has. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/file_lock.h"
#include "backends/image.h"
#include "base/bits.h"

#define MAGIC_BYTES 4u

/* --- formats --------------------------------------------------------------------------------- */

static const struct format {
    const char *name, *ending, *magic;
    unsigned magic_bytes;
    enum status (*open)(struct image **image, struct storage *storage, const char *path,
                        const struct image_options *options, struct error *error);
} FORMATS[] = {
    [IMAGE_RAW] = {"raw",   NULL,     NULL,       0, image_raw_open  },
    [IMAGE_QCOW2] = {"qcow2", ".qcow2", "QFI\xFB",  4, image_qcow2_open},
    [IMAGE_GZIP] = {"gz",    ".gz",    "\x1F\x8B", 2, image_gzip_open },
};

const char *image_format_name(enum image_format format)
{
    return format == IMAGE_BY_NAME ? "by name" : FORMATS[format].name;
}

bool image_format_parse(const char *text, enum image_format *format)
{
    for (unsigned i = IMAGE_RAW; i < ARRAY_COUNT(FORMATS); i++)
        if (strcmp(text, FORMATS[i].name) == 0) {
            *format = (enum image_format)i;
            return true;
        }
    return false;
}

enum image_format image_format_of_name(const char *path)
{
    size_t length = strlen(path);
    for (unsigned i = IMAGE_RAW; i < ARRAY_COUNT(FORMATS); i++) {
        size_t ending = FORMATS[i].ending ? strlen(FORMATS[i].ending) : 0;
        if (ending && length > ending && strcasecmp(path + length - ending, FORMATS[i].ending) == 0)
            return (enum image_format)i;
    }
    return IMAGE_RAW;
}

enum status image_name_is_honest(const char *path, struct error *error)
{
    static const char *const ENDINGS[] = {".vmdk", ".vdi", ".vhd", ".vhdx",
                                          ".qed",  ".qcow", ".cow", ".dmg", ".hds", ".parallels"};
    size_t length = strlen(path);
    for (unsigned i = 0; i < ARRAY_COUNT(ENDINGS); i++) {
        size_t ending = strlen(ENDINGS[i]);
        if (length > ending && strcasecmp(path + length - ending, ENDINGS[i]) == 0)
            return error_set(error, STATUS_USAGE,
                             "%s: images of the format %s are not written here; fix: name it .img or "
                             ".qcow2, or say --format raw (disk's sectors as they are) or qcow2",
                             path, ENDINGS[i] + 1);
    }
    return STATUS_OK;
}

bool image_is_qcow2(const uint8_t *bytes, size_t count)
{
    return count >= MAGIC_BYTES && memcmp(bytes, FORMATS[IMAGE_QCOW2].magic, MAGIC_BYTES) == 0;
}

static enum image_format wanted_format(const char *path, const struct image_options *options)
{
    return options->format == IMAGE_BY_NAME ? image_format_of_name(path) : options->format;
}

/* The format is settled by what the user said and the file's name; the first bytes may only object. */
static enum status confirm_format(enum image_format format, struct storage *storage,
                                  const char *path, const struct image_options *options,
                                  struct error *error)
{
    const struct format *row = &FORMATS[format];
    uint8_t magic[MAGIC_BYTES] = {0};
    (void)storage->ops->read(storage, magic, sizeof magic, 0); /* zeros: it has no magic */
    if (row->magic && memcmp(magic, row->magic, row->magic_bytes) != 0)
        return error_set(error, STATUS_FILE,
                         "%s: is no %s image; fix: if it holds the disk's sectors as they are, "
                         "say ,format=raw (disk: --format raw)",
                         path, row->name);
    if (format == IMAGE_RAW && options->format == IMAGE_BY_NAME && options->log &&
        image_is_qcow2(magic, sizeof magic))
        log_line(
            options->log, LOG_WARNING,
            "%s: looks like a qcow2 image and is used as raw sectors; fix: format=qcow2 if you "
            "know where it is from, or vitrine disk convert --from qcow2 '%s' disk.img",
            path, path);
    return STATUS_OK;
}

/* --- files ----------------------------------------------------------------------------------- */

static const char *fix_for(int code)
{
    switch (code) {
    case ENOENT: return "check the name, or make one: vitrine disk create FILE --size 64M";
    case EACCES:
    case EPERM: return "chmod it, or use it with ,ro or --overlay";
    case EROFS: return "use it with ,ro or --overlay";
    case ELOOP: return "the symbolic links lead in a circle";
    default: return "check the file";
    }
}

static enum status open_file(int *fd, const char *path, bool is_writing, struct error *error)
{
    /* O_NONBLOCK: a FIFO must not hold us before it can be refused. */
    *fd = open(path, (is_writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 && errno == EISDIR)
        return error_set(error, STATUS_FILE, "%s: is a directory; fix: name an image file", path);
    if (*fd < 0 && errno == ENXIO)
        return error_set(error, STATUS_FILE, "%s: is a socket or a device; fix: name an image file",
                         path);
    if (*fd < 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: %s", path, strerror(errno),
                         fix_for(errno));
    return STATUS_OK;
}

static enum status check_file(const char *path, const struct stat *info, struct error *error)
{
    const char *kind = S_ISDIR(info->st_mode)    ? "a directory"
                       : S_ISFIFO(info->st_mode) ? "a FIFO"
                       : S_ISREG(info->st_mode)  ? NULL
                                                 : "a device";
    if (kind)
        return error_set(error, STATUS_FILE, "%s: is %s; fix: name an image file", path, kind);
    if (info->st_size == 0)
        return error_set(error, STATUS_FILE,
                         "%s: is empty; fix: vitrine disk create '%s' --size 64M --force", path,
                         path);
    return STATUS_OK;
}

static enum status lock(int fd, const char *path, bool is_writing, struct error *error)
{
    long holder;
    if (file_lock(fd, is_writing, &holder) != FILE_LOCK_HELD)
        return STATUS_OK; /* without locks (some network file systems) it is the user's care */
    if (holder)
        return error_set(
            error, STATUS_FILE,
            "%s: is in use by process %ld; fix: end that first, or use --overlay there "
            "and here",
            path, holder);
    return error_set(error, STATUS_FILE, "%s: is in use by another program; fix: end that first",
                     path);
}

static enum status open_storage(struct storage **storage, const char *path, bool is_writing,
                                struct error *error)
{
    struct stat info;
    int fd;
    enum status status = open_file(&fd, path, is_writing, error);
    if (status != STATUS_OK)
        return status;
    if (fstat(fd, &info) != 0)
        status =
            error_set(error, STATUS_FILE, "%s: %s; fix: check the file", path, strerror(errno));
    if (status != STATUS_OK || (status = check_file(path, &info, error)) != STATUS_OK ||
        (status = lock(fd, path, is_writing, error)) != STATUS_OK) {
        close(fd);
        return status;
    }
    *storage = storage_of_file(fd);
    return *storage ? STATUS_OK : error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
}

/* --- the set --------------------------------------------------------------------------------- */

/* A second opener would corrupt what the first one writes. Backing files may be shared: they are only
 * read. */
static enum status set_add(struct image_file **entry, const char *path, const struct stat *info,
                           const struct image_options *options, struct error *error)
{
    struct image_file *free_place = NULL;
    bool is_shared = options->depth > 0;
    for (size_t i = 0; i < IMAGE_SET_MAX; i++) {
        struct image_file *file = &options->set->files[i];
        if (!file->owner)
            free_place = file;
        else if (file->device == (uint64_t)info->st_dev && file->inode == (uint64_t)info->st_ino &&
                 !(file->is_shared && is_shared))
            return error_set(error, STATUS_FILE,
                             "%s: is the same file as %s, which is in use here already; fix: give "
                             "each disk a file of its own",
                             path, file->path);
    }
    if (!free_place)
        return error_set(error, STATUS_USAGE, "%s: more than %d images are open; fix: use fewer",
                         path, IMAGE_SET_MAX);
    free_place->path = strdup(path);
    if (!free_place->path)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    free_place->device = (uint64_t)info->st_dev;
    free_place->inode = (uint64_t)info->st_ino;
    free_place->is_shared = is_shared;
    free_place->owner = options->set; /* somebody, until the image is there */
    *entry = free_place;
    return STATUS_OK;
}

static void set_remove(struct image_file *entry)
{
    if (!entry)
        return;
    free(entry->path);
    *entry = (struct image_file){0};
}

int image_close(struct image *image)
{
    for (size_t i = 0; image->set && i < IMAGE_SET_MAX; i++)
        if (image->set->files[i].owner == image)
            set_remove(&image->set->files[i]);
    return image->ops->close(image);
}

/* --- opening --------------------------------------------------------------------------------- */

static enum status open_format(struct image **image, const char *path,
                               const struct image_options *options, struct error *error)
{
    enum image_format format = wanted_format(path, options);
    bool is_writing = !options->is_read_only && !options->has_overlay && format != IMAGE_GZIP;
    struct image_options own = *options;
    struct storage *storage;
    enum status status = open_storage(&storage, path, is_writing, error);
    if (status != STATUS_OK)
        return status;
    own.is_read_only = !is_writing;
    status = confirm_format(format, storage, path, options, error);
    if (status != STATUS_OK) {
        storage->ops->close(storage);
        return status;
    }
    status = FORMATS[format].open(image, storage, path, &own, error);
    if (status != STATUS_OK)
        return status;
    if (format == IMAGE_GZIP && !options->is_read_only && !options->has_overlay && options->log)
        log_line(options->log, LOG_WARNING,
                 "%s: a gzip'd image is only read, the guest's writes will fail; fix: --overlay",
                 path);
    if (!options->has_overlay)
        return STATUS_OK;
    return image_overlay_open(image, *image, path, error);
}

enum status image_open(struct image **image, const char *path, const struct image_options *options,
                       struct error *error)
{
    struct image_file *entry = NULL;
    struct stat info;
    enum status status = STATUS_OK;
    *image = NULL;
    if (path[0] == '\0')
        return error_set(error, STATUS_USAGE, "no image file is named; fix: name one");
    /* Before the file is opened: closing a second descriptor would take the first one's name tag. */
    if (stat(path, &info) == 0 && (status = check_file(path, &info, error)) == STATUS_OK &&
        options->set)
        status = set_add(&entry, path, &info, options, error);
    if (status == STATUS_OK)
        status = open_format(image, path, options, error);
    if (status != STATUS_OK) {
        set_remove(entry);
    } else if (entry) {
        entry->owner = *image;
        (*image)->set = options->set;
    }
    return status;
}
