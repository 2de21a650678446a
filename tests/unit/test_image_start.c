/* A disk as it was when it was opened, against a copy of it taken then. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backends/image_start.h"
#include "backends/qcow2.h"
#include "tests/unit/block_bench.h"

#define SECTORS 600u /* more than is kept at once */

static const struct block_image_options KEEPS = {.keeps_start = true};

/* The disk as it was, with writes of its own. */
static struct block *look_again(struct block *first)
{
    struct block_image_options again = {.again = first};
    struct error error = {STATUS_OK, ""};
    struct block *second;
    ck_assert_msg(block_image_open(&second, "", &again, &error) == STATUS_OK, "%s", error.text);
    return second;
}

static struct block *numbered_disk(struct storage_memory **memory, uint8_t first)
{
    struct block *block = bench_raw_disk(memory, SECTORS, &KEEPS);
    for (unsigned lba = 0; lba < SECTORS; lba++)
        memset((*memory)->bytes + lba * SECTOR_BYTES, (uint8_t)(first + lba), SECTOR_BYTES);
    return block;
}

/* Sectors written in an order of a seed, some more than once, in runs of 1 to 300. */
static void scribble(struct block *block, uint32_t seed)
{
    static uint8_t bytes[300 * SECTOR_BYTES];
    for (unsigned n = 0; n < 40; n++) {
        uint32_t count, lba;
        seed = seed * 1664525u + 1013904223u;
        count = 1 + (seed >> 8) % (n % 8 ? 9 : 300);
        lba = (seed >> 20) % (SECTORS - count);
        memset(bytes, (int)(seed >> 24), sizeof bytes);
        ck_assert_int_eq(bench_request(block, BLOCK_WRITE, lba, count, bytes, NULL), BLOCK_OK);
    }
}

START_TEST(a_second_look_finds_the_disk_as_it_was)
{
    struct storage_memory *memory[2];
    struct block *first[2], *second[2];
    uint8_t *copies[2];
    for (unsigned i = 0; i < 2; i++) { /* two instances: neither has the other's sectors */
        first[i] = numbered_disk(&memory[i], (uint8_t)(100 * i));
        ck_assert_ptr_nonnull(copies[i] = malloc(memory[i]->size));
    }
    for (unsigned i = 0; i < 2; i++)
        scribble(first[i], 1 + i);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(copies[i], memory[i]->bytes, memory[i]->size);
        second[i] = look_again(first[i]);
        ck_assert(!second[i]->is_read_only);
    }
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned lba = 0; lba < SECTORS; lba++)
            ck_assert_uint_eq(bench_get(second[i], lba), (uint8_t)(100 * i + lba));
        scribble(second[i], 7);
        second[i]->ops->close(second[i]);
        ck_assert(memcmp(copies[i], memory[i]->bytes, memory[i]->size) ==
                  0);                     /* nothing came here */
        second[i] = look_again(first[i]); /* nor is there anything left for a third */
        ck_assert_uint_eq(bench_get(second[i], 5), (uint8_t)(100 * i + 5));
        second[i]->ops->close(second[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        first[i]->ops->close(first[i]);
        storage_memory_free(memory[i]);
        free(copies[i]);
    }
}
END_TEST

START_TEST(it_is_the_sectors_that_are_kept_above_qcow2_as_well)
{
    struct storage_memory *memory = storage_memory_new(2u << 20);
    struct error error = {STATUS_OK, ""};
    struct image *image;
    struct block *first, *second;
    ck_assert_int_eq(qcow2_create(&memory->storage, 1000, NULL, NULL), 0);
    ck_assert_int_eq(
        image_qcow2_open(&image, &memory->storage, "memory.qcow2", &KEEPS.image, &error),
        STATUS_OK);
    ck_assert_int_eq(image->ops->write(image, 10, 1, (const uint8_t[SECTOR_BYTES]){0}), 0);
    ck_assert_int_eq(block_image_new(&first, image, "memory.qcow2", &KEEPS, &error), STATUS_OK);
    bench_put(first, 11, 2);
    bench_put(first, 500, 2); /* a cluster that was not there: no reading, a hole is kept */
    second = look_again(first);
    for (unsigned lba = 0; lba < 1000; lba++)
        ck_assert_uint_eq(bench_get(second, lba), 0);
    ck_assert_uint_eq(bench_get(first, 500), 2);
    second->ops->close(second);
    first->ops->close(first);
    storage_memory_free(memory);
}
END_TEST

START_TEST(a_disk_that_is_only_read_stays_so)
{
    struct storage_memory *memory;
    struct block_image_options options = KEEPS;
    struct block *first, *second;
    options.image.is_read_only = true;
    first = bench_raw_disk(&memory, SECTORS, &options);
    second = look_again(first);
    ck_assert(second->is_read_only);
    ck_assert_int_eq(bench_put(second, 1, 1), BLOCK_READ_ONLY);
    second->ops->close(second);
    first->ops->close(first);
    storage_memory_free(memory);
}
END_TEST

START_TEST(an_overlay_lies_above_its_start_already)
{
    struct storage_memory *memory = storage_memory_new(SECTORS * SECTOR_BYTES);
    struct error error = {STATUS_OK, ""};
    struct image *image;
    struct block *first, *second;
    memory->size = SECTORS * SECTOR_BYTES;
    ck_assert_int_eq(image_raw_open(&image, &memory->storage, "m.img", &KEEPS.image, &error),
                     STATUS_OK);
    ck_assert_int_eq(image_overlay_open(&image, image, "m.img", &error), STATUS_OK);
    ck_assert_int_eq(block_image_new(&first, image, "m.img", &KEEPS, &error), STATUS_OK);
    bench_put(first, 3, 9);
    second = look_again(first);
    ck_assert_uint_eq(bench_get(second, 3), 0);
    ck_assert_uint_eq(bench_get(first, 3), 9);
    second->ops->close(second);
    first->ops->close(first);
    storage_memory_free(memory);
}
END_TEST

/* An image of zeros in memory that calls no sector a hole. */
static struct image *plain_image(struct storage_memory **memory, uint32_t sectors)
{
    const struct image_options options = {0};
    struct error error = {STATUS_OK, ""};
    struct image *image;
    *memory = storage_memory_new((size_t)sectors * SECTOR_BYTES);
    (*memory)->size = (size_t)sectors * SECTOR_BYTES;
    ck_assert_int_eq(image_raw_open(&image, &(*memory)->storage, "m.img", &options, &error),
                     STATUS_OK);
    return image;
}

START_TEST(past_its_room_it_says_so_and_the_disk_goes_on)
{
    struct storage_memory *memory;
    struct image *image = plain_image(&memory, SECTORS), *view;
    struct image_start *start = image_start_new(SECTORS, 8 * SECTOR_BYTES);
    struct error error = {STATUS_OK, ""};
    image_start_keep(start, image, 100, 8);
    image_start_keep(start, image, 100, 8); /* kept already: needs no room */
    ck_assert_ptr_null(image_start_trouble(start));
    image_start_keep(start, image, 99, 9);
    ck_assert_str_eq(image_start_trouble(start),
                     "more was replaced than is kept (256 MiB a disk); fix: --overlay");
    image_start_keep(start, image, 0, SECTORS);
    ck_assert_int_eq(image_start_view(&view, start, image, &error), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "fix: --overlay"));
    image_start_free(start);
    image_close(image);
    storage_memory_free(memory);
}
END_TEST

START_TEST(what_can_not_be_read_is_not_guessed)
{
    struct storage_memory *memory;
    struct image *image = plain_image(&memory, SECTORS);
    struct image_start *start = image_start_new(SECTORS, 1u << 20);
    memory->read_error = EIO;
    image_start_keep(start, image, 1, 1);
    ck_assert_ptr_nonnull(strstr(image_start_trouble(start), "could not be read"));
    memory->read_error = 0;
    image_start_free(start);
    image_close(image);
    storage_memory_free(memory);
}
END_TEST

START_TEST(without_a_temporary_file_nothing_is_known_and_nothing_fails)
{
    struct storage_memory *memory;
    struct image *image = plain_image(&memory, SECTORS);
    struct image_start *start;
    setenv("TMPDIR", "/nowhere/at/all", 1); /* of this test's process */
    start = image_start_new(SECTORS, 1u << 20);
    unsetenv("TMPDIR");
    ck_assert_ptr_nonnull(strstr(image_start_trouble(start), "fix: set TMPDIR"));
    image_start_keep(start, image, 1, 1);
    image_start_free(start);
    image_close(image);
    storage_memory_free(memory);
}
END_TEST

START_TEST(disks_above_16_gib_are_kept_in_grains)
{
    /* 64 GiB of a file that is one hole but for what is written here. */
    const uint64_t sectors = (uint64_t)64 << 21;
    const struct image_options options = {0};
    struct error error = {STATUS_OK, ""};
    struct storage *storage;
    struct image *image, *view;
    struct image_start *start = image_start_new(sectors, 1u << 20);
    uint8_t bytes[4 * SECTOR_BYTES], old[4 * SECTOR_BYTES];
    ck_assert_int_eq(storage_without_name(&storage, "test", &error), STATUS_OK);
    ck_assert_int_eq(storage->ops->resize(storage, sectors * SECTOR_BYTES), 0);
    ck_assert_int_eq(image_raw_open(&image, storage, "big.img", &options, &error), STATUS_OK);
    memset(bytes, 5, sizeof bytes);
    ck_assert_int_eq(image->ops->write(image, sectors - 4, 4, bytes), 0);
    memset(bytes, 6, sizeof bytes);
    image_start_keep(start, image, sectors - 1, 1); /* the last sector: its grain is kept */
    ck_assert_int_eq(image->ops->write(image, sectors - 1, 1, bytes), 0);
    image_start_keep(start, image, sectors - 3, 1);
    ck_assert_int_eq(image->ops->write(image, sectors - 3, 1, bytes), 0);
    ck_assert_int_eq(image_start_view(&view, start, image, &error), STATUS_OK);
    ck_assert_int_eq(view->ops->read(view, sectors - 4, 4, old), 0);
    memset(bytes, 5, sizeof bytes);
    ck_assert(memcmp(old, bytes, sizeof old) == 0);
    image_close(view);
    image_start_free(start);
    image_close(image);
}
END_TEST

Suite *image_start_suite(void)
{
    Suite *suite = suite_create("image_start");
    TCase *tests = tcase_create("image_start");
    tcase_add_test(tests, a_second_look_finds_the_disk_as_it_was);
    tcase_add_test(tests, it_is_the_sectors_that_are_kept_above_qcow2_as_well);
    tcase_add_test(tests, a_disk_that_is_only_read_stays_so);
    tcase_add_test(tests, an_overlay_lies_above_its_start_already);
    tcase_add_test(tests, past_its_room_it_says_so_and_the_disk_goes_on);
    tcase_add_test(tests, what_can_not_be_read_is_not_guessed);
    tcase_add_test(tests, without_a_temporary_file_nothing_is_known_and_nothing_fails);
    tcase_add_test(tests, disks_above_16_gib_are_kept_in_grains);
    suite_add_tcase(suite, tests);
    return suite;
}
