/* A raw image file as a disk. Sectors go by pread and pwrite, never through a map: a file that
 * shrinks under us gives errors, not signals. A sector is written by one call, so that it is old or
 * new. Requests complete within submit(). */
#include "backends/block_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/file_lock.h"
#include "base/bits.h"

struct block_raw {
    struct block block; /* first */
    char *path;
    int fd;
    struct block_geometry geometry;
    struct log *log;
    struct block_raw_set *set;
    bool has_flush_failed; /* stays: what was lost can't be known */
    bool has_reported;     /* one line about a failing file, not one for each request */
    int overlay_fd;        /* -1: none */
    uint8_t *overlay_map;  /* a bit a sector: it is in the overlay */
};

static struct block_raw *raw_of(struct block *block)
{
    return (struct block_raw *)(void *)block;
}

/* --- sectors --------------------------------------------------------------------------------- */

static bool is_overlaid(const struct block_raw *raw, uint64_t lba)
{
    return raw->overlay_map && (raw->overlay_map[lba >> 3] >> (lba & 7) & 1);
}

static void report(struct block_raw *raw, const char *what, int code)
{
    if (raw->has_reported || !raw->log)
        return;
    raw->has_reported = true;
    log_line(raw->log, LOG_ERROR, "%s: %s%s%s", raw->path, what, code ? ": " : "",
             code ? strerror(code) : "");
}

/* All bytes, or the errno; ENODATA at the end of the file. */
static int read_all(int fd, uint8_t *bytes, size_t count, uint64_t offset)
{
    while (count) {
        ssize_t got = pread(fd, bytes, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return ENODATA;
        bytes += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t count, uint64_t offset)
{
    while (count) {
        ssize_t put = pwrite(fd, bytes, count, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        bytes += put;
        count -= (size_t)put;
        offset += (uint64_t)put;
    }
    return 0;
}

/* Sectors from `lba` that lie in the same file, at most `count`. */
static uint32_t run_length(const struct block_raw *raw, uint64_t lba, uint32_t count)
{
    uint32_t length = 1;
    while (length < count && is_overlaid(raw, lba + length) == is_overlaid(raw, lba))
        length++;
    return length;
}

static enum block_result read_sectors(struct block_raw *raw, uint64_t lba, uint32_t count,
                                      uint8_t *bytes, uint32_t *done)
{
    while (*done < count) {
        uint32_t run = run_length(raw, lba + *done, count - *done);
        int fd = is_overlaid(raw, lba + *done) ? raw->overlay_fd : raw->fd, code;
        code = read_all(fd, bytes + (size_t)*done * SECTOR_BYTES, (size_t)run * SECTOR_BYTES,
                        (lba + *done) * SECTOR_BYTES);
        if (code && run > 1) { /* find the sector at fault */
            for (run = 0; run < count - *done; run++) {
                code = read_all(fd, bytes + (size_t)(*done + run) * SECTOR_BYTES, SECTOR_BYTES,
                                (lba + *done + run) * SECTOR_BYTES);
                if (code)
                    break;
            }
        } else if (code) {
            run = 0;
        }
        *done += run;
        if (code == ENODATA) {
            report(raw, "the image has become shorter than the disk; its last sectors are gone", 0);
            return BLOCK_RANGE;
        }
        if (code) {
            report(raw, "can't be read", code);
            return BLOCK_READ_ERROR;
        }
    }
    return BLOCK_OK;
}

/* A write behind the end would let a shortened file grow again, with a hole of lost sectors. */
static bool is_shortened(struct block_raw *raw, uint64_t end)
{
    struct stat info;
    if (fstat(raw->fd, &info) == 0 && (uint64_t)info.st_size >= end * SECTOR_BYTES)
        return false;
    report(raw, "the image has become shorter than the disk; its last sectors are gone", 0);
    return true;
}

static enum block_result write_sectors(struct block_raw *raw, uint64_t lba, uint32_t count,
                                       const uint8_t *bytes, uint32_t *done)
{
    int fd = raw->overlay_fd >= 0 ? raw->overlay_fd : raw->fd;
    if (raw->overlay_fd < 0 && is_shortened(raw, lba + count))
        return BLOCK_RANGE;
    for (; *done < count; ++*done) {
        uint64_t at = lba + *done;
        int code = write_all(fd, bytes + (size_t)*done * SECTOR_BYTES, SECTOR_BYTES,
                             at * SECTOR_BYTES);
        if (code == ENOSPC || code == EDQUOT) {
            char text[96];
            snprintf(text, sizeof text, "no room for %u bytes; the guest waits; fix: free some",
                     (count - *done) * SECTOR_BYTES);
            report(raw, text, 0);
            return BLOCK_NO_SPACE;
        }
        if (code) {
            report(raw, "can't be written", code);
            return BLOCK_WRITE_ERROR;
        }
        if (raw->overlay_map)
            raw->overlay_map[at >> 3] |= (uint8_t)(1u << (at & 7));
    }
    raw->has_reported = false;
    return BLOCK_OK;
}

/* --- requests -------------------------------------------------------------------------------- */

/* Where the request begins and how many of its sectors exist. */
static bool locate(const struct block_raw *raw, const struct block_request *request, uint64_t *lba,
                   uint32_t *allowed)
{
    const struct block_geometry *g = &raw->geometry;
    *lba = request->at.lba;
    *allowed = 0;
    if (request->at.is_chs && (request->at.cylinder >= g->cylinders ||
                               !block_chs_to_lba(g, &request->at, lba)))
        return false;
    if (*lba >= g->total)
        return false;
    *allowed = g->total - *lba < request->sectors ? (uint32_t)(g->total - *lba) : request->sectors;
    return true;
}

static enum block_result flush(struct block_raw *raw)
{
    if (raw->overlay_fd >= 0 || raw->block.is_read_only)
        return BLOCK_OK;
    if (!raw->has_flush_failed && fdatasync(raw->fd) != 0) {
        raw->has_flush_failed = true;
        report(raw, "can't be brought to stable storage", errno);
    }
    return raw->has_flush_failed ? BLOCK_WRITE_ERROR : BLOCK_OK;
}

static enum block_result carry_out(struct block_raw *raw, struct block_request *request)
{
    enum block_result result = BLOCK_OK;
    uint64_t lba;
    uint32_t allowed;
    if (request->op == BLOCK_FLUSH)
        return flush(raw);
    if (request->op == BLOCK_WRITE && raw->block.is_read_only)
        return BLOCK_READ_ONLY;
    if (!locate(raw, request, &lba, &allowed))
        return BLOCK_RANGE;
    switch (request->op) {
    case BLOCK_READ:
    case BLOCK_VERIFY: /* reads as well: the requester's buffer is there for it */
        result = read_sectors(raw, lba, allowed, request->bytes, &request->done_sectors);
        break;
    case BLOCK_WRITE:
        result = write_sectors(raw, lba, allowed, request->bytes, &request->done_sectors);
        break;
    case BLOCK_FLUSH: break;
    }
    return result == BLOCK_OK && allowed < request->sectors ? BLOCK_RANGE : result;
}

static void submit(struct block *block, struct block_request *request)
{
    request->done_sectors = 0;
    request->result = carry_out(raw_of(block), request);
    request->complete(request);
}

static void cancel(struct block *block, struct block_request *request)
{
    (void)block; /* nothing is ever pending */
    (void)request;
}

static void geometry(struct block *block, struct block_geometry *g)
{
    *g = raw_of(block)->geometry;
}

static void set_remove(struct block_raw *raw)
{
    for (size_t i = 0; raw->set && i < BLOCK_RAW_OPEN_MAX; i++)
        if (raw->set->files[i].block == &raw->block)
            raw->set->files[i].block = NULL;
}

static void close_raw(struct block *block)
{
    struct block_raw *raw = raw_of(block);
    set_remove(raw);
    if (raw->fd >= 0)
        close(raw->fd); /* the locks go with it */
    if (raw->overlay_fd >= 0)
        close(raw->overlay_fd);
    free(raw->overlay_map);
    free(raw->path);
    free(raw);
}

static const struct block_ops OPS = {geometry, submit, cancel, close_raw};

/* --- geometry -------------------------------------------------------------------------------- */

/* The end of a partition is nearly always the end of a cylinder: its head and sector are the last
 * ones. Only values that an ATA drive can have count; 255 heads are a BIOS' translation. */
static bool guess_from_mbr(const uint8_t *mbr, uint64_t sectors, struct block_geometry *g)
{
    if (mbr[510] != 0x55 || mbr[511] != 0xAA)
        return false;
    for (const uint8_t *entry = mbr + 446; entry < mbr + 510; entry += 16) {
        uint16_t heads = (uint16_t)(entry[5] + 1), per_track = entry[6] & 63;
        if (entry[4] == 0 || load_le32(entry + 12) == 0)
            continue;
        if (heads < 2 || heads > 16 || per_track < 2 || (uint64_t)heads * per_track > sectors)
            return false;
        g->heads = heads;
        g->sectors = per_track;
        return true;
    }
    return false;
}

struct block_geometry block_raw_guess(uint64_t sectors, const uint8_t *mbr)
{
    struct block_geometry g = {0, 16, 63, sectors};
    uint64_t cylinders;
    if ((!mbr || !guess_from_mbr(mbr, sectors, &g)) && sectors < 16 * 63) {
        g.sectors = (uint16_t)(sectors < 63 ? sectors : 63); /* a very small disk */
        g.heads = (uint16_t)(sectors / g.sectors);
    }
    cylinders = sectors / ((uint64_t)g.heads * g.sectors);
    g.cylinders = (uint32_t)(cylinders < 16383 ? cylinders : 16383);
    return g;
}

bool block_raw_is_qcow2(const uint8_t *bytes, size_t count)
{
    return count >= 4 && memcmp(bytes, "QFI\xFB", 4) == 0;
}

static enum status choose_geometry(struct block_raw *raw, const struct block_geometry *wanted,
                                   uint64_t sectors, struct error *error)
{
    uint8_t mbr[SECTOR_BYTES];
    bool has_mbr = read_all(raw->fd, mbr, sizeof mbr, 0) == 0;
    if (has_mbr && block_raw_is_qcow2(mbr, sizeof mbr) && raw->log)
        log_line(raw->log, LOG_WARNING,
                 "%s: looks like a qcow2 image and is used as raw sectors; fix: "
                 "qemu-img convert -O raw '%s' disk.img", raw->path, raw->path);
    if (wanted->cylinders == 0) {
        raw->geometry = block_raw_guess(sectors, has_mbr ? mbr : NULL);
        return STATUS_OK;
    }
    raw->geometry = *wanted;
    raw->geometry.total = (uint64_t)wanted->cylinders * wanted->heads * wanted->sectors;
    if (wanted->heads < 1 || wanted->heads > 16 || wanted->sectors < 1 || wanted->sectors > 63 ||
        wanted->cylinders > 65535)
        return error_set(error, STATUS_USAGE,
                         "%s: geometry %u/%u/%u; fix: 1-65535 cylinders, 1-16 heads, 1-63 sectors",
                         raw->path, wanted->cylinders, wanted->heads, wanted->sectors);
    if (sectors < raw->geometry.total)
        return error_set(error, STATUS_FILE,
                         "%s: has %llu sectors, its geometry %u/%u/%u needs %llu; fix: vitrine disk "
                         "pad '%s' --geometry %u/%u/%u", raw->path, (unsigned long long)sectors,
                         wanted->cylinders, wanted->heads, wanted->sectors,
                         (unsigned long long)raw->geometry.total, raw->path, wanted->cylinders,
                         wanted->heads, wanted->sectors);
    /* A disk that is too large for C/H/S has its rest by LBA. */
    if (wanted->cylinders >= 16383 && sectors > raw->geometry.total)
        raw->geometry.total = sectors;
    return STATUS_OK;
}

/* --- opening --------------------------------------------------------------------------------- */

static const char *fix_for(int code)
{
    switch (code) {
    case ENOENT: return "check the name, or make one: vitrine disk create FILE --size 64M";
    case EACCES: case EPERM: return "chmod it, or use it with ,ro or --overlay";
    case EROFS: return "use it with ,ro or --overlay";
    case ELOOP: return "the symbolic links lead in a circle";
    default: return "check the file";
    }
}

static enum status open_file(struct block_raw *raw, bool is_writing, struct error *error)
{
    /* O_NONBLOCK: a FIFO must not hold us before it can be refused. */
    raw->fd = open(raw->path, (is_writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (raw->fd < 0 && errno == EISDIR)
        return error_set(error, STATUS_FILE, "%s: is a directory; fix: name an image file",
                         raw->path);
    if (raw->fd < 0 && errno == ENXIO)
        return error_set(error, STATUS_FILE, "%s: is a socket or a device; fix: name an image file",
                         raw->path);
    if (raw->fd < 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: %s", raw->path, strerror(errno),
                         fix_for(errno));
    return STATUS_OK;
}

static enum status check_file(const struct block_raw *raw, const struct stat *info,
                              struct error *error)
{
    const char *kind = S_ISDIR(info->st_mode) ? "a directory" : S_ISFIFO(info->st_mode) ? "a FIFO"
                       : S_ISREG(info->st_mode) ? NULL : "a device";
    unsigned rest = (unsigned)(info->st_size % (off_t)SECTOR_BYTES);
    if (kind)
        return error_set(error, STATUS_FILE, "%s: is %s; fix: name an image file", raw->path, kind);
    if (info->st_size == 0)
        return error_set(error, STATUS_FILE,
                         "%s: is empty; fix: vitrine disk create '%s' --size 64M --force", raw->path,
                         raw->path);
    if (rest)
        return error_set(error, STATUS_FILE,
                         "%s: %llu bytes are not whole sectors of 512: %u too many, or %u missing; "
                         "fix: vitrine disk pad '%s'", raw->path, (unsigned long long)info->st_size,
                         rest, SECTOR_BYTES - rest, raw->path);
    return STATUS_OK;
}

/* A second opener would corrupt what the first one writes. */
static enum status register_file(struct block_raw *raw, const struct stat *info,
                                 struct error *error)
{
    size_t place = BLOCK_RAW_OPEN_MAX;
    for (size_t i = 0; raw->set && i < BLOCK_RAW_OPEN_MAX; i++) {
        if (!raw->set->files[i].block) {
            place = i;
        } else if (raw->set->files[i].device == (uint64_t)info->st_dev &&
                   raw->set->files[i].inode == (uint64_t)info->st_ino) {
            return error_set(error, STATUS_FILE,
                             "%s: is the same file as %s, which is in use here already; fix: give "
                             "each disk a file of its own", raw->path, raw->set->files[i].block->name);
        }
    }
    if (!raw->set)
        return STATUS_OK;
    if (place == BLOCK_RAW_OPEN_MAX)
        return error_set(error, STATUS_USAGE, "%s: more than %d images are open", raw->path,
                         BLOCK_RAW_OPEN_MAX);
    raw->set->files[place].device = (uint64_t)info->st_dev;
    raw->set->files[place].inode = (uint64_t)info->st_ino;
    raw->set->files[place].block = &raw->block;
    return STATUS_OK;
}

static enum status lock(const struct block_raw *raw, bool is_writing, struct error *error)
{
    long holder;
    if (file_lock(raw->fd, is_writing, &holder) != FILE_LOCK_HELD)
        return STATUS_OK; /* without locks (some network file systems) it is the user's care */
    if (holder)
        return error_set(error, STATUS_FILE,
                         "%s: is in use by process %ld; fix: end that first, or use --overlay there "
                         "and here", raw->path, holder);
    return error_set(error, STATUS_FILE,
                     "%s: is in use by another program; fix: end that first", raw->path);
}

/* The overlay is a file without a name: sparse, and gone with the program. */
static enum status make_overlay(struct block_raw *raw, struct error *error)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/vitrine-overlay-XXXXXX", folder && *folder ? folder : "/tmp");
    raw->overlay_map = calloc(1, (size_t)(raw->geometry.total / 8 + 1));
    if (!raw->overlay_map)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory for the overlay", raw->path);
    raw->overlay_fd = mkstemp(path);
    if (raw->overlay_fd < 0)
        return error_set(error, STATUS_FILE, "%s: no overlay: %s; fix: set TMPDIR to a folder that "
                         "can be written", path, strerror(errno));
    unlink(path);
    return STATUS_OK;
}

static enum status open_all(struct block_raw *raw, const struct block_raw_options *options,
                            struct error *error)
{
    bool is_writing = !options->is_read_only && !options->has_overlay;
    struct stat info;
    enum status status;
    /* Before the file is opened: closing a second descriptor would take the first one's name tag. */
    if (stat(raw->path, &info) == 0 &&
        ((status = check_file(raw, &info, error)) != STATUS_OK ||
         (status = register_file(raw, &info, error)) != STATUS_OK))
        return status;
    if ((status = open_file(raw, is_writing, error)) != STATUS_OK)
        return status;
    if (fstat(raw->fd, &info) != 0)
        return error_set(error, STATUS_FILE, "%s: %s", raw->path, strerror(errno));
    if ((status = check_file(raw, &info, error)) != STATUS_OK ||
        (status = lock(raw, is_writing, error)) != STATUS_OK ||
        (status = choose_geometry(raw, &options->geometry,
                                  (uint64_t)info.st_size / SECTOR_BYTES, error)) != STATUS_OK)
        return status;
    return options->has_overlay ? make_overlay(raw, error) : STATUS_OK;
}

enum status block_raw_open(struct block **block, const char *path,
                           const struct block_raw_options *options, struct error *error)
{
    struct block_raw *raw = calloc(1, sizeof *raw);
    enum status status;
    *block = NULL;
    if (!raw || !(raw->path = strdup(path))) {
        free(raw);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    raw->fd = raw->overlay_fd = -1;
    raw->block.ops = &OPS;
    raw->block.name = raw->path;
    raw->block.is_read_only = options->is_read_only;
    raw->set = options->set;
    raw->log = options->log;
    status = open_all(raw, options, error);
    if (status != STATUS_OK) {
        close_raw(&raw->block);
        return status;
    }
    *block = &raw->block;
    return STATUS_OK;
}
