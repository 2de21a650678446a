/* Two locks are taken: an open-file-description lock (or flock where there is none), which excludes
 * others and this process itself, and a classic record lock far behind the end, which excludes
 * nobody but tells others who holds the file: only that kind knows its process. */
#include "backends/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME_TAG_OFFSET ((off_t)1 << 60)

static struct flock whole(bool is_exclusive)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = is_exclusive ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = NAME_TAG_OFFSET; /* the tag lies behind it */
    return lock;
}

static struct flock tag(short type)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = NAME_TAG_OFFSET;
    lock.l_len = 1;
    return lock;
}

static long holder_of(int fd)
{
    struct flock lock = tag(F_WRLCK);
    if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return 0;
    return lock.l_pid;
}

enum file_lock_result file_lock(int fd, bool is_exclusive, long *holder)
{
    struct flock lock = whole(is_exclusive), name = tag(is_exclusive ? F_WRLCK : F_RDLCK);
    int result;
    *holder = 0;
#ifdef F_OFD_SETLK
    result = fcntl(fd, F_OFD_SETLK, &lock);
#else
    (void)lock;
    result = flock(fd, (is_exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
#endif
    if (result != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EWOULDBLOCK)
            return FILE_LOCK_UNSUPPORTED; /* a file system without locks */
        *holder = holder_of(fd);
        return FILE_LOCK_HELD;
    }
    (void)fcntl(fd, F_SETLK, &name); /* for the message only */
    return FILE_LOCK_TAKEN;
}
