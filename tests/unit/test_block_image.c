/* Raw images: what is refused, what is kept, and how a failing file looks to a disk. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bits.h"
#include "tests/unit/block_bench.h"

#define SIZE (20u * 4u * 17u * SECTOR_BYTES)

struct place {
    char folder[64], path[96], other[96];
};

static void place_make(struct place *p)
{
    strcpy(p->folder, "/tmp/vitrine-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/disk.img", p->folder);
    snprintf(p->other, sizeof p->other, "%s/other", p->folder);
}

static void place_remove(struct place *p)
{
    unlink(p->path);
    unlink(p->other);
    ck_assert_int_eq(rmdir(p->folder), 0);
}

/* Sectors that hold their number. */
static void image_make(const char *path, uint32_t bytes)
{
    uint8_t sector[SECTOR_BYTES] = {0};
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    for (uint32_t at = 0; at < bytes; at += SECTOR_BYTES) {
        size_t part = bytes - at < SECTOR_BYTES ? bytes - at : SECTOR_BYTES;
        store_le32(sector, at / SECTOR_BYTES);
        ck_assert_uint_eq(fwrite(sector, 1, part, file), part);
    }
    fclose(file);
}

static uint64_t image_hash(const char *path)
{
    uint8_t bytes[4096];
    uint64_t hash = HASH_START;
    size_t got;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        hash = hash_bytes(hash, bytes, got);
    fclose(file);
    return hash;
}

static enum status try_open(const char *path, const struct block_image_options *options,
                            struct block **block, char *text, size_t size)
{
    struct error error = {STATUS_OK, ""};
    enum status status = block_image_open(block, path, options, &error);
    snprintf(text, size, "%s", error.text);
    return status;
}

static struct block *open_image(const char *path, const struct block_image_options *options)
{
    struct block *block;
    char text[1024];
    ck_assert_msg(try_open(path, options, &block, text, sizeof text) == STATUS_OK, "%s", text);
    return block;
}

static void expect_refused(const char *path, const struct block_image_options *options,
                           const char *words)
{
    struct block *block;
    char text[1024];
    ck_assert_int_eq(try_open(path, options, &block, text, sizeof text), STATUS_FILE);
    ck_assert_ptr_null(block);
    ck_assert_msg(strstr(text, words) != NULL, "'%s' is not in '%s'", words, text);
    ck_assert_msg(strstr(text, "fix:") != NULL, "no way out in '%s'", text);
}

START_TEST(sectors_are_read_and_written)
{
    struct place p;
    struct block *block;
    uint8_t bytes[4 * SECTOR_BYTES];
    struct block_image_options options = {.image = {.is_read_only = false}};
    place_make(&p);
    image_make(p.path, SIZE);
    block = open_image(p.path, &options);
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 5, 4, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(load_le32(bytes + 3 * SECTOR_BYTES), 8);
    memset(bytes, 0x5A, sizeof bytes);
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 6, 2, bytes, NULL), BLOCK_OK);
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_OK);
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 5, 4, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(load_le32(bytes), 5);
    ck_assert_uint_eq(bytes[SECTOR_BYTES], 0x5A);
    ck_assert_uint_eq(load_le32(bytes + 3 * SECTOR_BYTES), 8);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(range_ends_a_request_after_the_last_sector)
{
    struct place p;
    struct block *block;
    uint8_t bytes[4 * SECTOR_BYTES];
    uint32_t done;
    uint64_t before;
    struct block_image_options options = {
        .geometry = {20, 4, 17, 0}
    };
    place_make(&p);
    image_make(p.path, SIZE);
    before = image_hash(p.path);
    block = open_image(p.path, &options);
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 20 * 4 * 17 - 1, 4, bytes, &done),
                     BLOCK_RANGE);
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 20 * 4 * 17, 1, bytes, &done), BLOCK_RANGE);
    ck_assert_uint_eq(done, 0);
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, UINT64_MAX, 1, bytes, &done), BLOCK_RANGE);
    block->ops->close(block);
    ck_assert_uint_eq(image_hash(p.path), before);
    place_remove(&p);
}
END_TEST

static void count_completion(struct block_request *request)
{
    ++*(unsigned *)request->owner;
}

START_TEST(cylinders_are_judged_by_the_geometry)
{
    struct place p;
    struct block *block;
    uint8_t bytes[SECTOR_BYTES];
    unsigned completions = 0;
    struct block_request request = {.op = BLOCK_READ,
                                    .sectors = 1,
                                    .bytes = bytes,
                                    .complete = count_completion,
                                    .owner = &completions};
    struct block_image_options options = {
        .geometry = {20, 4, 17, 0}
    };
    place_make(&p);
    image_make(p.path, SIZE);
    block = open_image(p.path, &options);
    request.at = (struct block_address){true, 19, 3, 17, 0};
    block->ops->submit(block, &request);
    ck_assert_int_eq(request.result, BLOCK_OK);
    ck_assert_uint_eq(load_le32(bytes), 20 * 4 * 17 - 1);
    request.at = (struct block_address){true, 20, 0, 1, 0};
    block->ops->submit(block, &request);
    ck_assert_int_eq(request.result, BLOCK_RANGE);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(files_that_are_no_images_are_refused)
{
    struct place p;
    struct block_image_options options = {.image = {.is_read_only = false}};
    place_make(&p);
    expect_refused(p.path, &options, "No such file");
    expect_refused(p.folder, &options, "directory");
    ck_assert_int_eq(mkfifo(p.path, 0600), 0);
    expect_refused(p.path, &options, "FIFO");
    unlink(p.path);
    ck_assert_int_eq(symlink(p.path, p.path), 0);
    expect_refused(p.path, &options, "circle");
    unlink(p.path);
    image_make(p.path, 0);
    expect_refused(p.path, &options, "empty");
    image_make(p.path, 1000);
    expect_refused(p.path, &options, "488 too many, or 24 missing");
    image_make(p.path, SIZE);
    options.geometry = (struct block_geometry){21, 4, 17, 0};
    expect_refused(p.path, &options, "disk pad");
    expect_refused("/dev/null", &options, "device");
    place_remove(&p);
}
END_TEST

START_TEST(impossible_geometries_are_refused)
{
    static const struct block_geometry BAD[] = {
        {70000, 16, 63, 0},
        {20,    17, 17, 0},
        {20,    4,  64, 0},
        {20,    0,  17, 0}
    };
    struct place p;
    place_make(&p);
    image_make(p.path, SIZE);
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        struct block_image_options options = {.geometry = BAD[i]};
        struct block *block;
        char text[1024];
        ck_assert_int_eq(try_open(p.path, &options, &block, text, sizeof text), STATUS_USAGE);
    }
    place_remove(&p);
}
END_TEST

START_TEST(the_same_file_is_opened_once_even_through_a_link)
{
    struct place p;
    struct image_set set = {0};
    struct block_image_options options = {.image = {.set = &set}};
    struct block *block;
    place_make(&p);
    image_make(p.path, SIZE);
    ck_assert_int_eq(link(p.path, p.other), 0);
    block = open_image(p.path, &options);
    expect_refused(p.path, &options, "in use");
    expect_refused(p.other, &options, "same file");
    options.image.set = NULL; /* another owner in this process: the lock says it */
    expect_refused(p.other, &options, "in use");
    options.image.set = &set;
    block->ops->close(block);
    block = open_image(p.other, &options);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(another_process_is_named)
{
    struct place p;
    struct block_image_options options = {.image = {.is_read_only = false}};
    struct block *block;
    char text[1024], words[64];
    int ready[2], over[2];
    pid_t child;
    char byte = 0;
    place_make(&p);
    image_make(p.path, SIZE);
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(over), 0);
    child = fork();
    if (child == 0) {
        struct error error = {STATUS_OK, ""};
        block_image_open(&block, p.path, &options, &error);
        if (write(ready[1], &byte, 1) != 1 || read(over[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(try_open(p.path, &options, &block, text, sizeof text), STATUS_FILE);
    snprintf(words, sizeof words, "in use by process %ld", (long)child);
    ck_assert_msg(strstr(text, words) != NULL, "%s", text);
    ck_assert_int_eq(write(over[1], &byte, 1), 1);
    waitpid(child, NULL, 0);
    block = open_image(p.path, &options);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(overlays_share_an_image_and_leave_it_alone)
{
    struct place p;
    struct block_image_options options = {.image = {.has_overlay = true}};
    struct block *first, *second;
    uint8_t bytes[3 * SECTOR_BYTES];
    uint64_t before;
    place_make(&p);
    image_make(p.path, SIZE);
    chmod(p.path, 0444);
    before = image_hash(p.path);
    first = open_image(p.path, &options);
    second = open_image(p.path, &options);
    memset(bytes, 0x5A, sizeof bytes);
    ck_assert_int_eq(bench_request(first, BLOCK_WRITE, 8, 1, bytes, NULL), BLOCK_OK);
    ck_assert_int_eq(bench_request(first, BLOCK_READ, 7, 3, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(load_le32(bytes), 7);
    ck_assert_uint_eq(load_le32(bytes + SECTOR_BYTES), 0x5A5A5A5A);
    ck_assert_uint_eq(load_le32(bytes + 2 * SECTOR_BYTES), 9);
    ck_assert_int_eq(bench_request(second, BLOCK_READ, 8, 1, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(load_le32(bytes), 8);
    ck_assert_int_eq(bench_request(first, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_OK);
    first->ops->close(first);
    second->ops->close(second);
    ck_assert_uint_eq(image_hash(p.path), before);
    place_remove(&p);
}
END_TEST

START_TEST(read_only_images_refuse_writes)
{
    struct place p;
    struct block_image_options options = {.image = {.is_read_only = true}};
    struct block *block;
    uint8_t bytes[SECTOR_BYTES] = {0};
    place_make(&p);
    image_make(p.path, SIZE);
    block = open_image(p.path, &options);
    ck_assert(block->is_read_only);
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 0, 1, bytes, NULL), BLOCK_READ_ONLY);
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_OK);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(a_shrinking_file_gives_errors_not_signals)
{
    struct place p;
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct block *block;
    uint8_t bytes[8 * SECTOR_BYTES];
    uint32_t done;
    struct stat info;
    place_make(&p);
    image_make(p.path, SIZE);
    bench_log_init(&log);
    block = open_image(p.path, &options);
    ck_assert_int_eq(truncate(p.path, 100 * SECTOR_BYTES + 7), 0);
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 97, 8, bytes, &done), BLOCK_RANGE);
    ck_assert_uint_eq(done, 3);
    ck_assert_ptr_nonnull(strstr(log.line, "shorter"));
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 200, 1, bytes, &done), BLOCK_RANGE);
    ck_assert_int_eq(stat(p.path, &info), 0);
    ck_assert_int_eq(info.st_size, 100 * SECTOR_BYTES + 7);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

/* The file's errors as the drive gets them; how it reports them to its host is test_ata.c's. */
START_TEST(errors_of_the_file_become_results)
{
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct storage_memory *memory;
    struct block *block;
    uint8_t bytes[4 * SECTOR_BYTES] = {1};
    uint32_t done;
    bench_log_init(&log);
    block = bench_raw_disk(&memory, 64, &options);
    memory->read_error = EIO;
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 0, 4, bytes, &done), BLOCK_READ_ERROR);
    ck_assert_uint_eq(done, 0);
    ck_assert_ptr_nonnull(strstr(log.line, "memory.img: can't be read: Input/output error"));
    memory->read_error = 0;
    memory->write_error = EIO;
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 0, 4, bytes, &done), BLOCK_WRITE_ERROR);
    ck_assert_uint_eq(log.lines, 1); /* a failing file is said once, not for each request */
    block->ops->close(block);
    storage_memory_free(memory);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_and_goes_on_when_there_is_room)
{
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct storage_memory *memory;
    struct block *block;
    uint8_t bytes[8 * SECTOR_BYTES];
    uint32_t done;
    bench_log_init(&log);
    block = bench_raw_disk(&memory, 64, &options);
    memset(bytes, 0x5A, sizeof bytes);
    memory->fail_write_after = 0;
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 8, 8, bytes, &done), BLOCK_NO_SPACE);
    ck_assert_uint_eq(done, 0);
    ck_assert_ptr_nonnull(strstr(log.line, "memory.img: no room for 4096 bytes; the guest waits"));
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 8, 8, bytes, &done), BLOCK_NO_SPACE);
    ck_assert_uint_eq(log.lines, 1);
    ck_assert_uint_eq(bench_get(block, 8), 0);
    memory->fail_write_after = 1;
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 8, 8, bytes, &done), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 15), 0x5A);
    block->ops->close(block);
    storage_memory_free(memory);
}
END_TEST

/* The third look finds room; or the run ends. */
struct patience {
    struct storage_memory *memory;
    unsigned waits, looks;
};
static bool wait_for_room(void *self)
{
    struct patience *patience = self;
    if (++patience->waits == 3)
        patience->memory->fail_write_after = UINT_MAX;
    return patience->waits < patience->looks;
}

START_TEST(whoever_may_wait_stands_still_until_there_is_room)
{
    struct patience patience = {.looks = 10}, hurry = {.looks = 2};
    struct block_image_options options = {.wait = wait_for_room, .wait_self = &patience},
                               short_of_time = {.wait = wait_for_room, .wait_self = &hurry};
    struct block *block = bench_raw_disk(&patience.memory, 64, &options),
                 *other = bench_raw_disk(&hurry.memory, 64, &short_of_time);
    uint8_t bytes[8 * SECTOR_BYTES];
    uint32_t done;
    memset(bytes, 0x5A, sizeof bytes);
    patience.memory->fail_write_after = hurry.memory->fail_write_after = 0;
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 8, 8, bytes, &done), BLOCK_OK);
    ck_assert_uint_eq(patience.waits, 3);
    ck_assert_uint_eq(bench_get(block, 15), 0x5A);
    ck_assert_int_eq(bench_request(other, BLOCK_WRITE, 8, 8, bytes, &done), BLOCK_NO_SPACE);
    ck_assert_uint_eq(hurry.waits, 2);
    block->ops->close(block);
    other->ops->close(other);
    storage_memory_free(patience.memory);
    storage_memory_free(hurry.memory);
}
END_TEST

START_TEST(a_failed_flush_stays_failed)
{
    struct block_image_options options = {.image = {.is_read_only = false}};
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, 64, &options);
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_OK);
    ck_assert_uint_eq(memory->syncs, 1); /* it went to stable storage */
    memory->sync_error = EIO;
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_WRITE_ERROR);
    memory->sync_error = 0; /* the kernel forgets what it could not write, and then says success */
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_WRITE_ERROR);
    block->ops->close(block);
    storage_memory_free(memory);
}
END_TEST

static void discard_done(struct block_request *request)
{
    ck_assert_uint_eq(request->done_sectors, 64);
}

/* Sectors that nobody wants any more: zeros, whose room the file gives back where its system can. */
START_TEST(discarded_sectors_are_zeros_and_give_their_room_back)
{
    struct place p;
    struct block_image_options options = {.undo_sectors = 1024};
    struct block_request request = {.op = BLOCK_WRITE, .sectors = 64, .frees_room = true};
    uint8_t bytes[64 * SECTOR_BYTES] = {0};
    struct block *block;
    struct stat before, after;
    uint64_t mark;
    place_make(&p);
    image_make(p.path, 256 * SECTOR_BYTES);
    block = open_image(p.path, &options);
    memset(bytes, 0xAA, sizeof bytes);
    for (uint64_t lba = 0; lba < 256; lba += 64)
        ck_assert_int_eq(bench_request(block, BLOCK_WRITE, lba, 64, bytes, NULL), BLOCK_OK);
    ck_assert_int_eq(bench_request(block, BLOCK_FLUSH, 0, 0, NULL, NULL), BLOCK_OK);
    ck_assert_int_eq(stat(p.path, &before), 0);
    mark = block->ops->checkpoint(block);
    memset(bytes, 0, sizeof bytes);
    request.at.lba = 64;
    request.bytes = bytes;
    request.complete = discard_done;
    block->ops->submit(block, &request);
    ck_assert_int_eq(request.result, BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 63), 0xAA);
    ck_assert_uint_eq(bench_get(block, 64), 0);
    ck_assert_uint_eq(bench_get(block, 127), 0);
    ck_assert_uint_eq(bench_get(block, 128), 0xAA);
    ck_assert_int_eq(stat(p.path, &after), 0);
    ck_assert_int_eq(after.st_size, before.st_size);
    ck_assert_int_le(after.st_blocks, before.st_blocks);
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 64), 0xAA);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(written_sectors_are_known)
{
    struct block_image_options options = {.image = {.is_read_only = false}};
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, 64, &options);
    uint8_t bytes[3 * SECTOR_BYTES] = {0};
    ck_assert_int_eq(bench_request(block, BLOCK_READ, 10, 3, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(sector_map_next(block->written, 0), 64);
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 62, 3, bytes, NULL), BLOCK_RANGE);
    ck_assert_int_eq(bench_request(block, BLOCK_WRITE, 10, 3, bytes, NULL), BLOCK_OK);
    ck_assert_uint_eq(sector_map_next(block->written, 0), 10);
    ck_assert_uint_eq(sector_map_next_gap(block->written, 10), 13);
    ck_assert_uint_eq(sector_map_next(block->written, 13), 62);
    block->ops->close(block);
    storage_memory_free(memory);
}
END_TEST

START_TEST(qcow2_as_raw_is_warned_of)
{
    struct place p;
    struct bench_log log;
    struct block_image_options options = {.image = {.log = &log.log}};
    struct block *block;
    FILE *file;
    place_make(&p);
    image_make(p.path, SIZE);
    file = fopen(p.path, "r+b");
    fwrite("QFI\xFB", 1, 4, file);
    fclose(file);
    bench_log_init(&log);
    block = open_image(p.path, &options);
    ck_assert_ptr_nonnull(strstr(log.line, "convert"));
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

/* It is said at the start, not when the guest's first write fails. */
START_TEST(gzip_images_are_read_only_and_an_overlay_lifts_that)
{
    struct place p;
    struct bench_log log;
    struct block_image_options options = {
        .image = {.log = &log.log, .format = IMAGE_GZIP}
    };
    struct block *block;
    uint8_t bytes[SECTOR_BYTES] = {0};
    gzFile file;
    place_make(&p);
    file = gzopen(p.path, "wb");
    for (unsigned lba = 0; lba < 100; lba++)
        ck_assert_int_eq(gzwrite(file, bytes, sizeof bytes), sizeof bytes);
    gzclose(file);
    bench_log_init(&log);
    block = open_image(p.path, &options);
    ck_assert(block->is_read_only);
    ck_assert_ptr_nonnull(
        strstr(log.line, "only read, the guest's writes will fail; fix: --overlay"));
    ck_assert_int_eq(bench_put(block, 3, 7), BLOCK_READ_ONLY);
    block->ops->close(block);
    options.image.has_overlay = true;
    block = open_image(p.path, &options);
    ck_assert_int_eq(bench_put(block, 3, 7), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 3), 7);
    ck_assert_uint_eq(bench_get(block, 4), 0);
    ck_assert_uint_eq(log.lines, 1);
    block->ops->close(block);
    place_remove(&p);
}
END_TEST

START_TEST(geometry_comes_from_the_partition_table_or_the_size)
{
    uint8_t mbr[SECTOR_BYTES] = {0};
    struct block_geometry g = block_image_guess(1000 * 16 * 63, NULL);
    ck_assert_uint_eq(g.cylinders, 1000);
    ck_assert_uint_eq(g.heads, 16);
    ck_assert_uint_eq(g.sectors, 63);
    mbr[510] = 0x55;
    mbr[511] = 0xAA;
    mbr[446 + 4] = 0x83;
    mbr[446 + 5] = 3;
    mbr[446 + 6] = 17;
    store_le32(&mbr[446 + 12], 1000);
    g = block_image_guess(20 * 4 * 17, mbr);
    ck_assert_uint_eq(g.cylinders, 20);
    ck_assert_uint_eq(g.heads, 4);
    ck_assert_uint_eq(g.sectors, 17);
    mbr[446 + 5] = 254; /* a BIOS' 255 heads are not the drive's */
    mbr[446 + 6] = 63;
    g = block_image_guess(1000 * 16 * 63, mbr);
    ck_assert_uint_eq(g.heads, 16);
    g = block_image_guess(10, NULL);
    ck_assert_uint_eq(g.cylinders, 1);
    ck_assert_uint_eq(g.sectors, 10);
    g = block_image_guess(UINT64_C(1) << 32, NULL);
    ck_assert_uint_eq(g.cylinders, 16383);
    for (uint64_t sectors = 1; sectors < 5000; sectors++) { /* never more than there is */
        g = block_image_guess(sectors, NULL);
        ck_assert_uint_ge(g.cylinders, 1);
        ck_assert_uint_le((uint64_t)g.cylinders * g.heads * g.sectors, sectors);
    }
}
END_TEST

Suite *block_image_suite(void);
Suite *block_image_suite(void)
{
    Suite *suite = suite_create("block_image");
    TCase *tcase = tcase_create("block_image");
    tcase_add_test(tcase, sectors_are_read_and_written);
    tcase_add_test(tcase, range_ends_a_request_after_the_last_sector);
    tcase_add_test(tcase, cylinders_are_judged_by_the_geometry);
    tcase_add_test(tcase, files_that_are_no_images_are_refused);
    tcase_add_test(tcase, impossible_geometries_are_refused);
    tcase_add_test(tcase, the_same_file_is_opened_once_even_through_a_link);
    tcase_add_test(tcase, another_process_is_named);
    tcase_add_test(tcase, overlays_share_an_image_and_leave_it_alone);
    tcase_add_test(tcase, read_only_images_refuse_writes);
    tcase_add_test(tcase, a_shrinking_file_gives_errors_not_signals);
    tcase_add_test(tcase, errors_of_the_file_become_results);
    tcase_add_test(tcase, a_full_disk_loses_nothing_and_goes_on_when_there_is_room);
    tcase_add_test(tcase, whoever_may_wait_stands_still_until_there_is_room);
    tcase_add_test(tcase, a_failed_flush_stays_failed);
    tcase_add_test(tcase, discarded_sectors_are_zeros_and_give_their_room_back);
    tcase_add_test(tcase, written_sectors_are_known);
    tcase_add_test(tcase, qcow2_as_raw_is_warned_of);
    tcase_add_test(tcase, gzip_images_are_read_only_and_an_overlay_lifts_that);
    tcase_add_test(tcase, geometry_comes_from_the_partition_table_or_the_size);
    suite_add_tcase(suite, tcase);
    return suite;
}
