/* For LD_PRELOAD: one file of the program fails, as a worn or a full disk of the workstation does.
 *
 * FAILING_FILE   its path
 * UNREADABLE, UNWRITABLE   a byte of it: a read or a write that covers it is EIO
 * NO_ROOM        a path; while it exists every write to the file is ENOSPC */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int is_failing_file(int fd)
{
    const char *path = getenv("FAILING_FILE");
    struct stat file, this;
    return path && stat(path, &file) == 0 && fstat(fd, &this) == 0 && file.st_dev == this.st_dev &&
           file.st_ino == this.st_ino;
}

static int covers(const char *name, size_t count, off_t offset)
{
    const char *text = getenv(name);
    off_t byte = text ? (off_t)atoll(text) : -1;
    return byte >= offset && byte < offset + (off_t)count;
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    ssize_t (*next)(int, void *, size_t, off_t) =
        (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
    if (covers("UNREADABLE", count, offset) && is_failing_file(fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    const char *no_room = getenv("NO_ROOM");
    if (no_room && access(no_room, F_OK) == 0 && is_failing_file(fd)) {
        errno = ENOSPC;
        return -1;
    }
    if (covers("UNWRITABLE", count, offset) && is_failing_file(fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd, bytes, count, offset);
}

ssize_t pread64(int fd, void *bytes, size_t count, off_t offset)
{
    return pread(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset)
{
    return pwrite(fd, bytes, count, offset);
}
