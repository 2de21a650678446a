/* vitrine disk: makes, shows, checks and mends raw disk images. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/block_image.h"
#include "backends/file_lock.h"
#include "base/bits.h"
#include "base/words.h"
#include "frontends/commands.h"

#define PARTITIONS 4
#define SIZE_MAX_BYTES ((uint64_t)1 << 47) /* of 2^38 sectors: far beyond any ATA disk here */

struct disk_options {
    const char *path;
    struct block_geometry geometry; /* cylinders 0: not given */
    uint64_t size;                  /* bytes; 0: not given */
    bool is_forced;
};

/* --- options --------------------------------------------------------------------------------- */

static enum status parse_option(struct disk_options *o, const char *word, const char *value,
                                bool *took_value, struct error *error)
{
    *took_value = false;
    if (strcmp(word, "--force") == 0) {
        o->is_forced = true;
        return STATUS_OK;
    }
    if (strcmp(word, "--geometry") != 0 && strcmp(word, "--size") != 0) {
        static const char *const NAMES[] = {"--geometry", "--size", "--force"};
        const char *nearest = words_nearest(word, NAMES, ARRAY_COUNT(NAMES));
        return error_set(error, STATUS_USAGE, "unknown option '%s'; fix: %s%s%s", word,
                         nearest ? "did you mean '" : "--geometry, --size or --force",
                         nearest ? nearest : "", nearest ? "'?" : "");
    }
    if (!value)
        return error_set(error, STATUS_USAGE, "%s needs a value; fix: --geometry 1000/16/63, --size "
                         "64M", word);
    *took_value = true;
    if (strcmp(word, "--geometry") == 0)
        return block_geometry_parse(value, &o->geometry) ? STATUS_OK
               : error_set(error, STATUS_USAGE, "--geometry %s; fix: C/H/S with C to 65535, H to 16, "
                           "S to 63", value);
    if (!words_size(value, &o->size) || o->size == 0 || o->size > SIZE_MAX_BYTES ||
        o->size % SECTOR_BYTES)
        return error_set(error, STATUS_USAGE, "--size %s; fix: whole sectors of 512 bytes, 512 to 128T",
                         value);
    return STATUS_OK;
}

static enum status parse(struct disk_options *o, int argc, char **argv, struct error *error)
{
    memset(o, 0, sizeof *o);
    for (int i = 0; i < argc; i++) {
        bool took_value;
        enum status status;
        if (strncmp(argv[i], "--", 2) != 0) {
            if (o->path)
                return error_set(error, STATUS_USAGE, "'%s': one image at a time; fix: leave it out", argv[i]);
            o->path = argv[i];
            continue;
        }
        status = parse_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took_value, error);
        if (status != STATUS_OK)
            return status;
        i += took_value;
    }
    return o->path ? STATUS_OK : error_set(error, STATUS_USAGE, "no image file is named; fix: name one");
}

static uint64_t wanted_bytes(const struct disk_options *o)
{
    return o->geometry.cylinders ? o->geometry.total * SECTOR_BYTES : o->size;
}

/* --- create, pad ----------------------------------------------------------------------------- */

static enum status lock_for_writing(int fd, const char *path, struct error *error)
{
    long holder;
    if (file_lock(fd, true, &holder) == FILE_LOCK_HELD)
        return error_set(error, STATUS_FILE, "%s: is in use by process %ld; fix: end that first",
                         path, holder);
    return STATUS_OK;
}

static enum status create(const struct disk_options *o, struct error *error)
{
    uint64_t bytes = wanted_bytes(o);
    struct stat info;
    enum status status;
    int fd;
    if (bytes == 0 || (o->size && o->geometry.cylinders))
        return error_set(error, STATUS_USAGE,
                         "%s: how large? fix: either --geometry C/H/S or --size 64M", o->path);
    if (stat(o->path, &info) == 0 && !S_ISREG(info.st_mode))
        return error_set(error, STATUS_FILE, "%s: is not a regular file; fix: another name", o->path);
    fd = open(o->path, O_RDWR | O_CREAT | O_CLOEXEC | (o->is_forced ? 0 : O_EXCL), 0666);
    if (fd < 0 && errno == EEXIST)
        return error_set(error, STATUS_FILE,
                         "%s: is there already; fix: another name, or --force to empty it", o->path);
    if (fd < 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check the folder", o->path,
                         strerror(errno));
    status = lock_for_writing(fd, o->path, error);
    if (status == STATUS_OK && (ftruncate(fd, 0) != 0 || ftruncate(fd, (off_t)bytes) != 0))
        status = error_set(error, STATUS_FILE, "%s: %s", o->path, strerror(errno));
    close(fd);
    if (status == STATUS_OK)
        printf("%s: %" PRIu64 " bytes\n", o->path, bytes);
    return status;
}

/* Only ever appends zeros; what is there stays. */
static enum status pad(const struct disk_options *o, struct error *error)
{
    uint64_t old, bytes = wanted_bytes(o);
    struct stat info;
    enum status status;
    int fd;
    if (stat(o->path, &info) == 0 && !S_ISREG(info.st_mode))
        return error_set(error, STATUS_FILE, "%s: is not a regular file; fix: name an image file",
                         o->path);
    fd = open(o->path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        status = error_set(error, STATUS_FILE, "%s: %s; fix: check the name", o->path,
                           strerror(errno));
        if (fd >= 0)
            close(fd);
        return status;
    }
    old = (uint64_t)info.st_size;
    if (bytes == 0)
        bytes = (old + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    status = lock_for_writing(fd, o->path, error);
    if (status == STATUS_OK && old > bytes)
        status = error_set(error, STATUS_FILE, "%s: has %" PRIu64 " bytes, more than %" PRIu64
                           "; fix: padding never shortens: a larger size", o->path, old, bytes);
    if (status == STATUS_OK && old < bytes && ftruncate(fd, (off_t)bytes) != 0)
        status = error_set(error, STATUS_FILE, "%s: %s", o->path, strerror(errno));
    close(fd);
    if (status == STATUS_OK)
        printf("%s: %" PRIu64 " bytes, %" PRIu64 " added\n", o->path, bytes, bytes - old);
    return status;
}

/* --- info, check ----------------------------------------------------------------------------- */

static void count_completion(struct block_request *request)
{
    (void)request;
}

static enum block_result read_sectors(struct block *block, uint64_t lba, uint32_t sectors,
                                      uint8_t *bytes, uint32_t *done)
{
    struct block_request request = {.op = BLOCK_READ, .at = {.lba = lba}, .sectors = sectors,
                                    .bytes = bytes, .complete = count_completion};
    block->ops->submit(block, &request);
    *done = request.done_sectors;
    return request.result;
}

static enum status open_image(const struct disk_options *o, struct block **block,
                              struct error *error)
{
    struct block_image_options options = {.geometry = o->geometry, .image = {.is_read_only = true}};
    return block_image_open(block, o->path, &options, error);
}

struct partition {
    uint8_t kind, is_active;
    uint64_t first, sectors;
};

/* The four entries of the master boot record; false when it has no signature. */
static bool partitions_of(const uint8_t *mbr, struct partition table[PARTITIONS])
{
    for (unsigned i = 0; i < PARTITIONS; i++) {
        const uint8_t *entry = mbr + 446 + (size_t)16 * i;
        table[i] = (struct partition){entry[4], entry[0], load_le32(entry + 8),
                                      load_le32(entry + 12)};
    }
    return mbr[510] == 0x55 && mbr[511] == 0xAA;
}

static enum status info(const struct disk_options *o, struct error *error)
{
    struct partition table[PARTITIONS];
    struct block_geometry g;
    uint8_t mbr[SECTOR_BYTES];
    struct block *block;
    uint32_t done;
    enum status status = open_image(o, &block, error);
    if (status != STATUS_OK)
        return status;
    block->ops->geometry(block, &g);
    printf("%s:\n  %" PRIu64 " sectors of 512 bytes, %" PRIu64 " KiB\n  geometry %u/%u/%u "
           "(cylinders/heads/sectors)\n", o->path, g.total, g.total / 2, g.cylinders, g.heads,
           g.sectors);
    if (read_sectors(block, 0, 1, mbr, &done) == BLOCK_OK) {
        if (image_is_qcow2(mbr, sizeof mbr))
            printf("  looks like qcow2; fix: qemu-img convert -O raw %s disk.img\n", o->path);
        if (!partitions_of(mbr, table))
            printf("  no boot signature in the first sector\n");
        else
            for (unsigned i = 0; i < PARTITIONS; i++)
                if (table[i].kind)
                    printf("  partition %u: type %02X%s, sectors %" PRIu64 "-%" PRIu64 "\n", i + 1,
                           table[i].kind, table[i].is_active == 0x80 ? ", active" : "",
                           table[i].first, table[i].first + table[i].sectors - 1);
    }
    block->ops->close(block);
    return STATUS_OK;
}

static unsigned check_partitions(const struct block_geometry *g, const uint8_t *mbr)
{
    struct partition table[PARTITIONS];
    unsigned bad = 0;
    if (!partitions_of(mbr, table))
        return 0; /* no partition table: nothing to say of it */
    for (unsigned i = 0; i < PARTITIONS; i++) {
        if (!table[i].kind)
            continue;
        if (table[i].first + table[i].sectors > g->total) {
            printf("  partition %u ends at sector %" PRIu64 ", the disk at %" PRIu64 "\n", i + 1,
                   table[i].first + table[i].sectors, g->total);
            bad++;
        }
        for (unsigned j = 0; j < i; j++)
            if (table[j].kind && table[i].first < table[j].first + table[j].sectors &&
                table[j].first < table[i].first + table[i].sectors) {
                printf("  partitions %u and %u overlap\n", j + 1, i + 1);
                bad++;
            }
    }
    return bad;
}

/* Reads every sector; counts those that can't be read. */
static uint64_t check_sectors(struct block *block, uint64_t total)
{
    static const uint32_t CHUNK = 128;
    uint8_t *bytes = malloc((size_t)CHUNK * SECTOR_BYTES);
    uint64_t bad = 0;
    for (uint64_t lba = 0; bytes && lba < total;) {
        uint32_t count = total - lba < CHUNK ? (uint32_t)(total - lba) : CHUNK, done;
        if (read_sectors(block, lba, count, bytes, &done) != BLOCK_OK) {
            printf("  sector %" PRIu64 " can't be read\n", lba + done);
            bad++;
            done++;
        }
        lba += done;
    }
    free(bytes);
    return bad;
}

static enum status check(const struct disk_options *o, struct error *error)
{
    struct block_geometry g;
    uint8_t mbr[SECTOR_BYTES];
    struct block *block;
    uint32_t done;
    uint64_t bad = 0;
    enum status status = open_image(o, &block, error);
    if (status != STATUS_OK)
        return status;
    block->ops->geometry(block, &g);
    if (read_sectors(block, 0, 1, mbr, &done) == BLOCK_OK)
        bad = check_partitions(&g, mbr);
    bad += check_sectors(block, g.total);
    block->ops->close(block);
    if (bad)
        return error_set(error, STATUS_FILE, "%s: %" PRIu64 " fault%s, listed above", o->path, bad,
                         bad == 1 ? "" : "s");
    printf("%s: no faults\n", o->path);
    return STATUS_OK;
}

/* --- the command ----------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    enum status (*run)(const struct disk_options *options, struct error *error);
    const char *usage, *meaning;
} VERBS[] = {
    {"create", create, "FILE --geometry C/H/S | --size SIZE [--force]", "a new image of zeros"},
    {"info", info, "FILE", "size, geometry, partitions"},
    {"check", check, "FILE [--geometry C/H/S]", "reads every sector, checks the partition table"},
    {"pad", pad, "FILE [--geometry C/H/S | --size SIZE]", "zeros at the end, up to whole sectors"},
};

static int usage(FILE *out, int exit_status)
{
    fprintf(out, "usage:\n");
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++)
        fprintf(out, "  vitrine disk %-6s %-46s %s\n", VERBS[i].name, VERBS[i].usage,
                VERBS[i].meaning);
    return exit_status;
}

int disk_command(int argc, char **argv)
{
    const char *names[ARRAY_COUNT(VERBS)], *nearest;
    struct disk_options options;
    struct error error = {STATUS_OK, ""};
    if (argc < 1)
        return usage(stderr, STATUS_USAGE);
    if (strcmp(argv[0], "--help") == 0)
        return usage(stdout, STATUS_OK);
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++) {
        names[i] = VERBS[i].name;
        if (strcmp(argv[0], VERBS[i].name) != 0)
            continue;
        if (parse(&options, argc - 1, argv + 1, &error) == STATUS_OK)
            VERBS[i].run(&options, &error);
        if (error.status != STATUS_OK)
            fprintf(stderr, "vitrine: error: disk %s: %s\n", argv[0], error.text);
        return (int)error.status;
    }
    nearest = words_nearest(argv[0], names, ARRAY_COUNT(VERBS));
    fprintf(stderr, "vitrine: error: disk: unknown word '%s'; fix: %s%s\n", argv[0],
            nearest ? "did you mean " : "create, info, check or pad", nearest ? nearest : "");
    return STATUS_USAGE;
}
