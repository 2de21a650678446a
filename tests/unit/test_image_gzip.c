/* gzip'd images against the bytes that zlib's own gzip packed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/unit/block_bench.h"

#define BYTES   (9u << 20)
#define SECTORS (BYTES / 512)

static const struct image_options OPTIONS;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Words that compress, with distances up to the whole window. */
static uint8_t *make_disk(void)
{
    uint8_t *disk = malloc(BYTES);
    uint32_t seed = 3;
    for (size_t at = 0; at < BYTES; at++)
        disk[at] = at > 40000 && next_random(&seed) % 8 ? disk[at - 1 - next_random(&seed) % 32768]
                                                        : (uint8_t)next_random(&seed);
    return disk;
}

/* One member more of a gzip file, at its end. */
static void pack(struct storage_memory *memory, const uint8_t *bytes, size_t count, int level)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes,
                  .avail_in = (uInt)count,
                  .next_out = memory->bytes + memory->size,
                  .avail_out = (uInt)(memory->limit - memory->size)};
    ck_assert_int_eq(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    memory->size += z.total_out;
    deflateEnd(&z);
}

static struct image *open_on(struct storage_memory *memory)
{
    struct error error = {STATUS_OK, ""};
    struct image *image;
    enum status status = image_gzip_open(&image, &memory->storage, "memory.gz", &OPTIONS, &error);
    ck_assert_msg(status == STATUS_OK, "%s", error.text);
    return image;
}

static void compare(struct image *image, const uint8_t *disk)
{
    uint8_t *bytes = malloc(256 * 512);
    uint32_t seed = 17;
    for (unsigned i = 0; i < 400; i++) {
        uint32_t count = i % 4 ? next_random(&seed) % 32 + 1 : 256;
        uint64_t lba = next_random(&seed) % (SECTORS - count);
        for (unsigned next = 0; next < 3 && lba + count <= SECTORS; next++, lba += count) {
            ck_assert_int_eq(image->ops->read(image, lba, count, bytes), 0);
            ck_assert(memcmp(bytes, disk + lba * 512, (size_t)count * 512) == 0);
        }
    }
    ck_assert_int_eq(image->ops->read(image, SECTORS - 1, 1, bytes), 0);
    ck_assert(memcmp(bytes, disk + BYTES - 512, 512) == 0);
    free(bytes);
}

START_TEST(any_sector_is_read_at_any_time)
{
    for (int level = 0; level <= 9; level += 3) { /* stored blocks, too */
        struct storage_memory *memory = storage_memory_new(BYTES + (1 << 20));
        uint8_t *disk = make_disk();
        struct image *image;
        pack(memory, disk, BYTES, level);
        image = open_on(memory);
        ck_assert_uint_eq(image->sectors, SECTORS);
        ck_assert(image->is_read_only);
        compare(image, disk);
        image_close(image);
        free(disk);
        storage_memory_free(memory);
    }
}
END_TEST

START_TEST(files_of_several_members_are_one_disk)
{
    struct storage_memory *memory = storage_memory_new(BYTES + (1 << 20));
    uint8_t *disk = make_disk();
    struct image *image;
    for (size_t at = 0, part; at < BYTES; at += part) {
        part = at + 1234567 < BYTES ? 1234567 : BYTES - at;
        pack(memory, disk + at, part, 6);
    }
    memory->size += 1000; /* zeros behind, as from a tape */
    image = open_on(memory);
    compare(image, disk);
    image_close(image);
    free(disk);
    storage_memory_free(memory);
}
END_TEST

/* A guest may read in any order: nothing gets slower than unpacking about a span. */
START_TEST(the_work_of_a_read_is_bounded)
{
    struct storage_memory *memory = storage_memory_new(BYTES + (1 << 20));
    uint8_t *disk = make_disk(), bytes[512];
    struct image *image;
    pack(memory, disk, BYTES, 1);
    image = open_on(memory);
    for (uint32_t lba = SECTORS; lba > 0;) { /* backwards */
        lba -= SECTORS / 64;
        memory->reads = 0;
        ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
        ck_assert_uint_lt(memory->reads,
                          2 * (1 << 20) / 65536 + 3); /* pieces of 64 KiB of the file */
    }
    image_close(image);
    free(disk);
    storage_memory_free(memory);
}
END_TEST

START_TEST(damaged_files_are_refused_or_give_errors)
{
    struct storage_memory *memory = storage_memory_new(1 << 20),
                          *copy = storage_memory_new(1 << 20);
    uint8_t *disk = make_disk(), bytes[512];
    uint32_t seed = 1;
    pack(memory, disk, 256 * 512, 6);
    for (unsigned i = 0; i < 600; i++) {
        struct error error = {STATUS_OK, ""};
        struct image *image;
        memcpy(copy->bytes, memory->bytes, memory->size);
        copy->size = memory->size;
        if (i % 3 == 0) /* cut */
            copy->size = next_random(&seed) % (memory->size - 1) + 1;
        else
            copy->bytes[next_random(&seed) % copy->size] ^= (uint8_t)(1u << next_random(&seed) % 8);
        if (image_gzip_open(&image, &copy->storage, "memory.gz", &OPTIONS, &error) == STATUS_OK) {
            ck_assert_int_eq(image->ops->read(image, 255, 1, bytes),
                             0); /* in the header: a name, a time */
            ck_assert(memcmp(bytes, disk + 255 * 512, 512) == 0);
            image_close(image);
        } else {
            ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
        }
    }
    free(disk);
    storage_memory_free(copy);
    storage_memory_free(memory);
}
END_TEST

START_TEST(a_file_that_changes_under_us_gives_errors)
{
    struct storage_memory *memory = storage_memory_new(BYTES + (1 << 20));
    uint8_t *disk = make_disk(), bytes[512];
    struct image *image;
    pack(memory, disk, BYTES, 6);
    image = open_on(memory);
    memory->read_error = EIO;
    ck_assert_int_eq(image->ops->read(image, 5000, 1, bytes), EIO);
    memory->read_error = 0;
    ck_assert_int_eq(image->ops->read(image, 5000, 1, bytes), 0);
    ck_assert(memcmp(bytes, disk + 5000 * 512, 512) == 0);
    memset(memory->bytes, 0xFF, memory->size);
    ck_assert_int_ne(image->ops->read(image, 100, 1, bytes), 0);
    memory->size = 100;
    ck_assert_int_ne(image->ops->read(image, 9000, 1, bytes), 0);
    image_close(image);
    free(disk);
    storage_memory_free(memory);
}
END_TEST

START_TEST(lengths_that_are_not_sectors_are_refused)
{
    struct storage_memory *memory = storage_memory_new(1 << 20);
    struct error error = {STATUS_OK, ""};
    struct image *image;
    pack(memory, (const uint8_t *)"abc", 3, 6);
    ck_assert_int_eq(image_gzip_open(&image, &memory->storage, "memory.gz", &OPTIONS, &error),
                     STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "3 bytes are not whole sectors"));
    storage_memory_free(memory);
}
END_TEST

Suite *image_gzip_suite(void);
Suite *image_gzip_suite(void)
{
    Suite *suite = suite_create("image_gzip");
    TCase *tcase = tcase_create("image_gzip");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, any_sector_is_read_at_any_time);
    tcase_add_test(tcase, files_of_several_members_are_one_disk);
    tcase_add_test(tcase, the_work_of_a_read_is_bounded);
    tcase_add_test(tcase, damaged_files_are_refused_or_give_errors);
    tcase_add_test(tcase, a_file_that_changes_under_us_gives_errors);
    tcase_add_test(tcase, lengths_that_are_not_sectors_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
