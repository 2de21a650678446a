/* vitrine disk convert: one format to another. The new image appears when it is whole; a signal or a
 * full disk leaves nothing behind. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/image_output.h"
#include "frontends/disk_command.h"

#define CHUNK_SECTORS 2048u /* read at once: a mebibyte */
#define PIECE_SECTORS 128u  /* left out when all zeros: a cluster of qcow2 */

struct conversion {
    struct image *in;
    struct image_output out;
    uint8_t *bytes;
    sigset_t signals; /* wait until what was begun is removed */
    bool shows_progress;
    unsigned percent;
};

static bool is_zero(const uint8_t *bytes, size_t count)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

static bool is_interrupted(const struct conversion *c)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           ((sigismember(&pending, SIGINT) == 1 && sigismember(&c->signals, SIGINT) == 1) ||
            (sigismember(&pending, SIGTERM) == 1 && sigismember(&c->signals, SIGTERM) == 1));
}

static void show_progress(struct conversion *c, uint64_t lba)
{
    unsigned percent = (unsigned)(lba * 100 / c->in->sectors);
    if (c->shows_progress && percent != c->percent)
        fprintf(stderr, "\r%s: %u %%", c->out.path, percent);
    c->percent = percent;
}

static enum status write_pieces(struct conversion *c, uint64_t lba, uint32_t count,
                                struct error *error)
{
    struct image *out = c->out.image;
    for (uint32_t at = 0; at < count; at += PIECE_SECTORS) {
        uint32_t piece = count - at < PIECE_SECTORS ? count - at : PIECE_SECTORS;
        const uint8_t *bytes = c->bytes + (size_t)at * SECTOR_BYTES;
        int code = 0;
        if (!is_zero(bytes, (size_t)piece * SECTOR_BYTES))
            code = out->ops->write(out, lba + at, piece, bytes);
        if (code)
            return image_output_failed(&c->out, code, error);
    }
    return STATUS_OK;
}

static enum status copy(struct conversion *c, const char *path, struct error *error)
{
    enum status status = STATUS_OK;
    uint64_t lba = 0;
    while (lba < c->in->sectors && status == STATUS_OK && !is_interrupted(c)) {
        uint64_t left = c->in->sectors - lba, zeros = c->in->ops->zeros(c->in, lba);
        uint32_t count = left < CHUNK_SECTORS ? (uint32_t)left : CHUNK_SECTORS;
        int code;
        show_progress(c, lba);
        if (zeros) { /* the new image is zeros already */
            lba += zeros < left ? zeros : left;
            continue;
        }
        code = c->in->ops->read(c->in, lba, count, c->bytes);
        if (code)
            return error_set(error, STATUS_FILE,
                             "%s: can't be read at sector %" PRIu64 " or soon after it: "
                             "%s; fix: vitrine disk check says more",
                             path, lba,
                             code == IMAGE_DAMAGED ? "its tables are damaged" : strerror(code));
        status = write_pieces(c, lba, count, error);
        lba += count;
    }
    return status;
}

static enum status run(struct conversion *c, const struct disk_options *o, struct error *error)
{
    const struct image_output_options options = {
        .format = o->format ? o->format : image_format_of_name(o->second),
        .sectors = c->in->sectors,
        .may_replace = o->is_forced};
    enum status status = image_output_begin(&c->out, o->second, &options, error);
    if (status == STATUS_OK)
        status = copy(c, o->path, error);
    if (c->shows_progress)
        fprintf(stderr, "\r\033[K");
    if (status == STATUS_OK && !is_interrupted(c))
        status = image_output_end(&c->out, error);
    image_output_abandon(&c->out); /* unless it ended well */
    return status;
}

enum status disk_convert(const struct disk_options *o, struct error *error)
{
    const struct image_options options = {
        .is_read_only = true, .format = o->from, .allows_any_backing = o->allows_any_backing};
    struct conversion c = {.shows_progress = isatty(STDERR_FILENO), .out = {.old_fd = -1}};
    sigset_t before;
    enum status status = o->format ? STATUS_OK : image_name_is_honest(o->second, error);
    if (status == STATUS_OK)
        status = image_open(&c.in, o->path, &options, error);
    if (status != STATUS_OK)
        return status;
    c.bytes = malloc((size_t)CHUNK_SECTORS * SECTOR_BYTES);
    sigemptyset(&c.signals);
    sigaddset(&c.signals, SIGINT);
    sigaddset(&c.signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &c.signals, &before);
    status = c.bytes ? run(&c, o, error) : error_set(error, STATUS_INTERNAL, "out of memory");
    free(c.bytes);
    if (status == STATUS_OK && !is_interrupted(&c))
        printf("%s: %" PRIu64 " sectors\n", o->second, c.in->sectors);
    image_close(c.in);
    sigprocmask(SIG_SETMASK, &before, NULL); /* a signal that waited takes its course here */
    return status;
}
