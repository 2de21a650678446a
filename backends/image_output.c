#include "backends/image_output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/file_lock.h"
#include "backends/qcow2.h"

enum status image_output_failed(const struct image_output *output, int code, struct error *error)
{
    if (storage_is_full(code))
        return error_set(error, STATUS_FILE,
                         "%s: no room for it; fix: free some space, or another folder "
                         "(nothing was left behind)",
                         output->path);
    return error_set(error, STATUS_FILE, "%s: %s; fix: check the folder", output->path,
                     strerror(code));
}

static enum status lock(int fd, const char *path, struct error *error)
{
    long holder;
    if (file_lock(fd, true, &holder) != FILE_LOCK_HELD)
        return STATUS_OK;
    if (holder == 0) /* nobody else's: it is what the new image is made from */
        return error_set(error, STATUS_FILE, "%s: is read just now, and can't be replaced by itself; "
                         "fix: another name", path);
    return error_set(error, STATUS_FILE, "%s: is in use by process %ld; fix: end that first", path,
                     holder);
}

/* What stands under the name already is kept locked until the new file takes its place. */
static enum status take_old(struct image_output *output, bool may_replace, struct error *error)
{
    struct stat info;
    if (stat(output->path, &info) != 0)
        return STATUS_OK;
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_FILE, "%s: is not a regular file; fix: another name",
                         output->path);
    if (!may_replace)
        return error_set(error, STATUS_FILE,
                         "%s: is there already; fix: another name, or --force to "
                         "replace it",
                         output->path);
    output->old_fd = open(output->path, O_RDWR | O_CLOEXEC);
    if (output->old_fd < 0)
        return image_output_failed(output, errno, error);
    return lock(output->old_fd, output->path, error);
}

/* The lock also tells two programs apart that make the same file. */
static enum status open_part(const struct image_output *output, struct storage **storage,
                             struct error *error)
{
    enum status status;
    int fd = open(output->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return image_output_failed(output, errno, error);
    status = lock(fd, output->part, error);
    if (status == STATUS_OK && ftruncate(fd, 0) != 0)
        status = image_output_failed(output, errno, error);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    *storage = storage_of_file(fd);
    return *storage ? STATUS_OK : image_output_failed(output, ENOMEM, error);
}

static enum status make_image(struct image_output *output, struct storage *storage,
                              const struct image_output_options *options, struct error *error)
{
    const struct image_options opened = {.allows_any_backing = options->allows_any_backing};
    int code = 0;
    switch (options->format) {
    case IMAGE_BY_NAME:
    case IMAGE_RAW: code = storage->ops->resize(storage, options->sectors * SECTOR_BYTES); break;
    case IMAGE_QCOW2:
        code = qcow2_create(storage, options->sectors, options->backing, options->backing_format);
        break;
    case IMAGE_GZIP: break;
    }
    if (code) {
        storage->ops->close(storage);
        return image_output_failed(output, code, error);
    }
    if (options->format == IMAGE_QCOW2)
        return image_qcow2_open(&output->image, storage, output->path, &opened, error);
    if (options->format == IMAGE_GZIP)
        return image_gzip_create(&output->image, storage, output->path, options->sectors, error);
    return image_raw_open(&output->image, storage, output->path, &opened, error);
}

static void forget(struct image_output *output)
{
    if (output->old_fd >= 0)
        close(output->old_fd);
    free(output->path);
    free(output->part);
    *output = (struct image_output){.old_fd = -1};
}

enum status image_output_begin(struct image_output *output, const char *path,
                               const struct image_output_options *options, struct error *error)
{
    struct storage *storage;
    enum status status;
    size_t size = strlen(path) + sizeof ".part";
    *output = (struct image_output){.path = strdup(path), .part = malloc(size), .old_fd = -1};
    if (!output->path || !output->part) {
        forget(output);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    snprintf(output->part, size, "%s.part", path);
    status = take_old(output, options->may_replace, error);
    if (status == STATUS_OK)
        status = open_part(output, &storage, error);
    if (status != STATUS_OK) {
        forget(output);
        return status;
    }
    status = make_image(output, storage, options, error);
    if (status != STATUS_OK)
        image_output_abandon(output);
    return status;
}

/* The new name is in the folder, which has a life on stable storage of its own. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? strdup("/")
                   : slash       ? strndup(path, (size_t)(slash - path))
                                 : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int code = fd >= 0 && fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return code;
}

enum status image_output_end(struct image_output *output, struct error *error)
{
    int code = output->image->ops->flush(output->image), closed = image_close(output->image);
    enum status status = STATUS_OK;
    output->image = NULL;
    if (!code)
        code = closed;
    if (!code && rename(output->part, output->path) != 0)
        code = errno;
    if (code) {
        status = image_output_failed(output, code, error);
        image_output_abandon(output);
        return status;
    }
    code = sync_folder(output->path);
    if (code)
        status = image_output_failed(output, code, error);
    forget(output);
    return status;
}

void image_output_abandon(struct image_output *output)
{
    if (output->image)
        image_close(output->image);
    if (output->part)
        unlink(output->part);
    forget(output);
}
