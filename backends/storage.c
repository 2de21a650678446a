/* Files by pread and pwrite, never through a map: a file that shrinks under us gives errors, not
 * signals. The kernel copies whole pages and a page holds whole sectors, so that a kill in the middle
 * of a write leaves no sector half written. */
#include "backends/storage.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_storage {
    struct storage storage; /* first */
    int fd;
};

static int fd_of(struct storage *storage)
{
    return ((struct file_storage *)(void *)storage)->fd;
}

static int file_read(struct storage *storage, void *to, size_t count, uint64_t offset)
{
    uint8_t *bytes = to;
    while (count) {
        ssize_t got = pread(fd_of(storage), bytes, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? errno : ENODATA;
        bytes += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

static int file_write(struct storage *storage, const void *from, size_t count, uint64_t offset)
{
    const uint8_t *bytes = from;
    while (count) {
        ssize_t put = pwrite(fd_of(storage), bytes, count, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put ? errno : ENOSPC;
        bytes += put;
        count -= (size_t)put;
        offset += (uint64_t)put;
    }
    return 0;
}

static int file_sync(struct storage *storage)
{
    return fdatasync(fd_of(storage)) == 0 ? 0 : errno;
}

static int file_resize(struct storage *storage, uint64_t bytes)
{
    return ftruncate(fd_of(storage), (off_t)bytes) == 0 ? 0 : errno;
}

static uint64_t file_size(struct storage *storage)
{
    struct stat info;
    return fstat(fd_of(storage), &info) == 0 ? (uint64_t)info.st_size : 0;
}

static uint64_t file_next_data(struct storage *storage, uint64_t offset)
{
#ifdef SEEK_DATA
    off_t at = lseek(fd_of(storage), (off_t)offset, SEEK_DATA);
    if (at < 0 && errno == ENXIO)
        return file_size(storage);
    return at < 0 ? offset : (uint64_t)at;
#else
    (void)storage;
    return offset;
#endif
}

#ifdef FALLOC_FL_PUNCH_HOLE
static int file_punch(struct storage *storage, size_t count, uint64_t offset)
{
    int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return fallocate(fd_of(storage), how, (off_t)offset, (off_t)count) == 0 ? 0 : errno;
}
#else
#define file_punch NULL
#endif

static void file_close(struct storage *storage)
{
    close(fd_of(storage)); /* the locks go with it */
    free(storage);
}

static const struct storage_ops OPS = {file_read, file_write,     file_sync, file_resize,
                                       file_size, file_next_data, file_punch, file_close};

struct storage *storage_of_file(int fd)
{
    struct file_storage *file = calloc(1, sizeof *file);
    if (!file) {
        close(fd);
        return NULL;
    }
    file->storage.ops = &OPS;
    file->fd = fd;
    return &file->storage;
}

enum status storage_without_name(struct storage **storage, const char *what, struct error *error)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    int fd;
    *storage = NULL;
    snprintf(path, sizeof path, "%s/vitrine-XXXXXX", folder && *folder ? folder : "/tmp");
    fd = mkstemp(path);
    if (fd < 0)
        return error_set(error, STATUS_FILE,
                         "%s: no temporary file: %s; fix: set TMPDIR to a folder that can be written",
                         what, strerror(errno));
    unlink(path);
    *storage = storage_of_file(fd);
    return *storage ? STATUS_OK : error_set(error, STATUS_INTERNAL, "%s: out of memory", what);
}
