/* The backing file of a qcow2 image. Its name comes from inside of the image, so from whoever made
 * that: it may name only what lies in the image's own folder, or below, unless the user allows more. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/qcow2.h"

/* "nbd://...", "json:{...}": not files. */
static bool is_protocol(const char *name)
{
    const char *colon = strchr(name, ':'), *slash = strchr(name, '/');
    return colon && (!slash || colon < slash);
}

static enum status folder_of(const char *path, char folder[PATH_MAX], struct error *error)
{
    const char *slash = strrchr(path, '/');
    int used = snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path + 1) : 2,
                        slash ? path : "./");
    if (used < 0 || used >= PATH_MAX)
        return error_set(error, STATUS_FILE, "%.200s...: the name is too long; fix: a shorter one",
                         path);
    return STATUS_OK;
}

/* The real path of the backing file, as it lies beside `path`. */
static enum status resolve(const struct qcow2 *q, const char *path, char real[PATH_MAX],
                           bool *is_inside, struct error *error)
{
    char folder[PATH_MAX], joined[2 * PATH_MAX], real_folder[PATH_MAX];
    size_t length;
    enum status status = folder_of(path, folder, error);
    if (status != STATUS_OK)
        return status;
    snprintf(joined, sizeof joined, "%s%s", q->backing_name[0] == '/' ? "" : folder,
             q->backing_name);
    if (!realpath(joined, real) || !realpath(folder, real_folder))
        return error_set(error, STATUS_FILE,
                         "%s: its backing file %s: %s; fix: put it there, or qemu-img rebase -u",
                         path, q->backing_name, strerror(errno));
    length = strlen(real_folder);
    *is_inside = strncmp(real, real_folder, length) == 0 &&
                 (real[length] == '/' || real_folder[length - 1] == '/');
    return STATUS_OK;
}

/* What the image says, or raw where no other format is possible: the contents of a backing file may
 * have been written by a guest, too. */
static enum status choose_format(const struct qcow2 *q, const char *path, const char *real,
                                 enum image_format *format, struct error *error)
{
    uint8_t magic[4] = {0};
    ssize_t got;
    int fd;
    if (q->backing_format[0] && !image_format_parse(q->backing_format, format))
        return error_set(error, STATUS_FILE,
                         "%s: its backing file is said to be '%s'; fix: qemu-img "
                         "convert that one to raw or qcow2",
                         path, q->backing_format);
    if (q->backing_format[0])
        return STATUS_OK;
    fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    got = fd < 0 ? 0
                 : read(fd, magic, sizeof magic); /* what is wrong with it is said at its opening */
    if (fd >= 0)
        close(fd);
    if (got == (ssize_t)sizeof magic && image_is_qcow2(magic, sizeof magic))
        return error_set(error, STATUS_FILE,
                         "%s: does not say of which format its backing file is; "
                         "fix: qemu-img rebase -u -b '%s' -F qcow2 '%s'",
                         path, q->backing_name, path);
    *format = IMAGE_RAW;
    return STATUS_OK;
}

enum status qcow2_open_backing(struct qcow2 *q, const char *path,
                               const struct image_options *options, struct error *error)
{
    struct image_options own = *options;
    char real[PATH_MAX];
    bool is_inside = false;
    enum status status;
    if (options->depth >= QCOW2_CHAIN_MAX)
        return error_set(error, STATUS_FILE,
                         "%s: more than %u backing files, or they lead in a circle; "
                         "fix: qemu-img convert makes one image of them",
                         path, QCOW2_CHAIN_MAX);
    if (is_protocol(q->backing_name))
        return error_set(error, STATUS_FILE,
                         "%s: its backing file %.200s is no file; fix: qemu-img "
                         "convert makes one image of both",
                         path, q->backing_name);
    if ((status = resolve(q, path, real, &is_inside, error)) != STATUS_OK)
        return status;
    if (!is_inside && !options->allows_any_backing)
        return error_set(error, STATUS_FILE,
                         "%s: its backing file %s lies outside of its folder; fix: "
                         "if you trust the image, add ,backing=any (disk: --any-backing)",
                         path, real);
    if ((status = choose_format(q, path, real, &own.format, error)) != STATUS_OK)
        return status;
    own.is_read_only = true;
    own.has_overlay = false;
    own.depth++;
    status = image_open(&q->backing, real, &own, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s: backing file", path);
    return status;
}
