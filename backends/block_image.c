/* A disk image as a disk. Requests complete within submit(): an image is a file, and the workstation's
 * cache answers at once or makes the whole run wait, which no guest can see; so does a full disk of the
 * workstation, where its owner says how to wait. */
#include "backends/block_image.h"

#include <stdlib.h>
#include <string.h>

#include "backends/image_start.h"
#include "backends/undo_log.h"
#include "base/bits.h"

#define UNDO_SECTORS (128u << 11) /* 128 MiB */
#define START_BYTES  (UINT64_C(256) << 20)

struct block_image {
    struct block block; /* first */
    char *path;
    struct image *image;
    struct block_geometry geometry;
    struct log *log;
    struct sector_map written;
    struct undo_log *undo; /* NULL: nobody asked for a checkpoint yet */
    uint32_t undo_sectors;
    struct image_start *start; /* NULL: nobody asked for it, or its writes leave the image alone */
    bool has_flush_failed;     /* stays: what was lost can't be known */
    bool has_reported;         /* one line about a failing file, not one for each request */
    bool (*wait)(void *self);
    void *wait_self;
};

static struct block_image *self_of(struct block *block)
{
    return (struct block_image *)(void *)block;
}

/* --- errors ---------------------------------------------------------------------------------- */

static void report(struct block_image *self, const char *what, const char *why)
{
    if (self->has_reported || !self->log)
        return;
    self->has_reported = true;
    log_line(self->log, LOG_ERROR, "%s: %s%s%s", self->path, what, why ? ": " : "", why ? why : "");
}

/* The result of an errno, and one line about it. `bytes` are those that wait for room. */
static enum block_result result_of(struct block_image *self, int code, bool is_write, size_t bytes)
{
    char text[96];
    if (code == 0)
        return BLOCK_OK;
    if (code == ENODATA) {
        report(self, "the image has become shorter than the disk; its last sectors are gone", NULL);
        return BLOCK_RANGE;
    }
    if (is_write && storage_is_full(code)) {
        snprintf(text, sizeof text, "no room for %zu bytes; the guest waits; fix: free some space",
                 bytes);
        report(self, text, NULL);
        return BLOCK_NO_SPACE;
    }
    report(self, is_write ? "can't be written" : "can't be read",
           code == IMAGE_DAMAGED ? "its tables are damaged; fix: vitrine disk check says where"
                                 : strerror(code));
    return is_write ? BLOCK_WRITE_ERROR : BLOCK_READ_ERROR;
}

/* --- sectors --------------------------------------------------------------------------------- */

static int read_run(struct block_image *self, uint64_t lba, uint32_t count, uint8_t *bytes)
{
    return self->image->ops->read(self->image, lba, count, bytes);
}

/* The sectors as zeros that take no room, if the image can do that; else they are written. */
static int put_run(struct block_image *self, const struct block_request *request, uint64_t lba,
                   uint32_t count, const uint8_t *bytes)
{
    const struct image_ops *ops = self->image->ops;
    if (request->frees_room && ops->discard && ops->discard(self->image, lba, count) == 0)
        return 0;
    return ops->write(self->image, lba, count, bytes);
}

/* What is about to be replaced is kept first, when somebody may want it back. */
static int write_run(struct block_image *self, const struct block_request *request, uint64_t lba,
                     uint32_t count, const uint8_t *bytes)
{
    int code = self->undo ? undo_log_keep(self->undo, self->image, lba, count) : 0;
    if (self->start)
        image_start_keep(self->start, self->image, lba, count);
    if (!code)
        code = put_run(self, request, lba, count, bytes);
    if (!code)
        sector_map_add(&self->written, lba, count);
    return code;
}

/* For room, where the run as a whole may stand still. */
static bool waits(struct block_image *self, enum block_result result)
{
    return result == BLOCK_NO_SPACE && self->wait && self->wait(self->wait_self);
}

/* All at once; when that fails, one by one up to the sector at fault. */
static enum block_result transfer(struct block_image *self, struct block_request *request,
                                  uint64_t lba, uint32_t count)
{
    bool is_write = request->op == BLOCK_WRITE;
    uint32_t *done = &request->done_sectors, step = count;
    int code = 0;
    while (*done < count) {
        uint8_t *bytes = request->bytes + (size_t)*done * SECTOR_BYTES;
        code = is_write ? write_run(self, request, lba + *done, step, bytes)
                        : read_run(self, lba + *done, step, bytes);
        if (code && step == 1) {
            enum block_result result =
                result_of(self, code, is_write, (size_t)(count - *done) * SECTOR_BYTES);
            if (!waits(self, result))
                return result;
        }
        if (!code)
            *done += step;
        step = 1;
    }
    if (is_write)
        self->has_reported = false; /* it works again: the next trouble is news */
    return BLOCK_OK;
}

/* --- requests -------------------------------------------------------------------------------- */

/* Where the request begins and how many of its sectors exist. */
static bool locate(const struct block_image *self, const struct block_request *request,
                   uint64_t *lba, uint32_t *allowed)
{
    const struct block_geometry *g = &self->geometry;
    *lba = request->at.lba;
    *allowed = 0;
    if (request->at.is_chs &&
        (request->at.cylinder >= g->cylinders || !block_chs_to_lba(g, &request->at, lba)))
        return false;
    if (*lba >= g->total)
        return false;
    *allowed = g->total - *lba < request->sectors ? (uint32_t)(g->total - *lba) : request->sectors;
    return true;
}

static enum block_result flush(struct block_image *self)
{
    int code;
    if (self->has_flush_failed)
        return BLOCK_WRITE_ERROR;
    do {
        code = self->image->ops->flush(self->image);
    } while (storage_is_full(code) && waits(self, result_of(self, code, true, SECTOR_BYTES)));
    if (storage_is_full(code))
        return BLOCK_NO_SPACE;
    if (code) {
        self->has_flush_failed = true;
        report(self, "can't be brought to stable storage", strerror(code));
        return BLOCK_WRITE_ERROR;
    }
    return BLOCK_OK;
}

static enum block_result carry_out(struct block_image *self, struct block_request *request)
{
    enum block_result result;
    uint64_t lba;
    uint32_t allowed;
    if (request->op == BLOCK_FLUSH)
        return flush(self);
    if (request->op == BLOCK_WRITE && self->block.is_read_only)
        return BLOCK_READ_ONLY;
    if (!locate(self, request, &lba, &allowed))
        return BLOCK_RANGE;
    /* BLOCK_VERIFY reads as well: the requester's buffer is there for it. */
    result = transfer(self, request, lba, allowed);
    return result == BLOCK_OK && allowed < request->sectors ? BLOCK_RANGE : result;
}

static void submit(struct block *block, struct block_request *request)
{
    request->done_sectors = 0;
    request->result = carry_out(self_of(block), request);
    request->complete(request);
}

static void cancel(struct block *block, struct block_request *request)
{
    (void)block; /* nothing is ever pending */
    (void)request;
}

static void geometry(struct block *block, struct block_geometry *g)
{
    *g = self_of(block)->geometry;
}

/* --- checkpoints ----------------------------------------------------------------------------- */

static uint64_t checkpoint(struct block *block)
{
    struct block_image *self = self_of(block);
    if (!self->undo)
        self->undo = undo_log_new(self->image->sectors,
                                  self->undo_sectors ? self->undo_sectors : UNDO_SECTORS);
    return self->undo ? undo_log_mark(self->undo) : 0;
}

static enum block_result rollback(struct block *block, uint64_t mark)
{
    struct block_image *self = self_of(block);
    int code;
    if (!self->undo || !undo_log_has(self->undo, mark))
        return BLOCK_RANGE;
    code = undo_log_return(self->undo, self->image, mark, &self->written);
    return result_of(self, code, true, SECTOR_BYTES);
}

/* --- life ------------------------------------------------------------------------------------ */

static void close_block(struct block *block)
{
    struct block_image *self = self_of(block);
    int code = image_close(self->image);
    self->has_reported = false; /* what is lost for good is said in any case */
    if (code)
        report(self, "can't be written back", strerror(code));
    undo_log_free(self->undo);
    image_start_free(self->start);
    sector_map_free(&self->written);
    free(self->path);
    free(self);
}

static const struct block_ops OPS = {.geometry = geometry,
                                     .submit = submit,
                                     .cancel = cancel,
                                     .close = close_block,
                                     .checkpoint = checkpoint,
                                     .rollback = rollback};

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

struct block_geometry block_image_guess(uint64_t sectors, const uint8_t *mbr)
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

static enum status choose_geometry(struct block_image *self, const struct block_geometry *wanted,
                                   struct error *error)
{
    uint64_t sectors = self->image->sectors;
    uint8_t mbr[SECTOR_BYTES];
    if (wanted->cylinders == 0) {
        bool has_mbr = read_run(self, 0, 1, mbr) == 0;
        self->geometry = block_image_guess(sectors, has_mbr ? mbr : NULL);
        return STATUS_OK;
    }
    self->geometry = *wanted;
    self->geometry.total = (uint64_t)wanted->cylinders * wanted->heads * wanted->sectors;
    if (wanted->heads < 1 || wanted->heads > 16 || wanted->sectors < 1 || wanted->sectors > 63 ||
        wanted->cylinders > 65535)
        return error_set(error, STATUS_USAGE,
                         "%s: geometry %u/%u/%u; fix: 1-65535 cylinders, 1-16 heads, 1-63 sectors",
                         self->path, wanted->cylinders, wanted->heads, wanted->sectors);
    if (sectors < self->geometry.total)
        return error_set(
            error, STATUS_FILE,
            "%s: has %llu sectors, its geometry %u/%u/%u needs %llu; fix: vitrine disk "
            "pad '%s' --geometry %u/%u/%u",
            self->path, (unsigned long long)sectors, wanted->cylinders, wanted->heads,
            wanted->sectors, (unsigned long long)self->geometry.total, self->path,
            wanted->cylinders, wanted->heads, wanted->sectors);
    /* A disk that is too large for C/H/S has its rest by LBA. */
    if (wanted->cylinders >= 16383 && sectors > self->geometry.total)
        self->geometry.total = sectors;
    return STATUS_OK;
}

enum status block_image_new(struct block **block, struct image *image, const char *path,
                            const struct block_image_options *options, struct error *error)
{
    struct block_image *self = calloc(1, sizeof *self);
    enum status status;
    *block = NULL;
    if (!self || !(self->path = strdup(path)) ||
        !sector_map_init(&self->written, image->sectors, sector_map_grain(image->sectors))) {
        if (self)
            free(self->path);
        free(self);
        image_close(image);
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    }
    self->image = image;
    self->log = options->image.log;
    self->undo_sectors = options->undo_sectors;
    self->wait = options->wait;
    self->wait_self = options->wait_self;
    self->block = (struct block){
        &OPS, self->path, options->image.is_read_only || image->is_read_only, &self->written};
    status = choose_geometry(self, &options->geometry, error);
    if (status == STATUS_OK && options->keeps_start && !self->block.is_read_only &&
        !image_overlay_below(image) &&
        !(self->start = image_start_new(image->sectors, START_BYTES)))
        status = error_set(error, STATUS_INTERNAL, "%s: out of memory", path);
    if (status != STATUS_OK)
        close_block(&self->block);
    else
        *block = &self->block;
    return status;
}

/* A disk that has an overlay lies above its start as it is. */
static enum status look_again(struct image **image, const struct block_image *first,
                              struct error *error)
{
    struct image *below = image_overlay_below(first->image);
    enum status status = image_start_view(image, first->start, below ? below : first->image, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s", first->path);
    else if (!first->block.is_read_only)
        status = image_overlay_open(image, *image, first->path, error);
    return status;
}

enum status block_image_open(struct block **block, const char *path,
                             const struct block_image_options *options, struct error *error)
{
    struct image *image;
    enum status status = options->again ? look_again(&image, self_of(options->again), error)
                                        : image_open(&image, path, &options->image, error);
    *block = NULL;
    return status == STATUS_OK ? block_image_new(block, image, path, options, error) : status;
}

struct image *block_image_of(struct block *block)
{
    return self_of(block)->image;
}
