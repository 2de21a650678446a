/* Checkpoints of a disk: what rollback brings back, against copies of the whole disk. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backends/qcow2.h"
#include "tests/unit/block_bench.h"

#define SECTORS 64u
#define MARKS   20u

static const struct block_image_options PLAIN;

static void end(struct block *block, struct storage_memory *memory)
{
    block->ops->close(block);
    storage_memory_free(memory);
}

START_TEST(rollback_brings_back_each_checkpoint)
{
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, SECTORS, &PLAIN);
    static uint8_t copies[MARKS + 1][SECTORS * SECTOR_BYTES];
    uint64_t marks[MARKS + 1];
    uint32_t seed = 1;
    for (unsigned i = 0; i <= MARKS; i++) {
        marks[i] = block->ops->checkpoint(block);
        memcpy(copies[i], memory->bytes, sizeof copies[i]);
        for (unsigned n = 0; n < 2 * i; n++) { /* the same sector also more than once */
            seed = seed * 1664525u + 1013904223u;
            ck_assert_int_eq(bench_put(block, (seed >> 8) % SECTORS, (uint8_t)(seed >> 16)),
                             BLOCK_OK);
        }
    }
    for (unsigned i = MARKS + 1; i-- > 0; i -= i > 1) { /* not every one: some are passed over */
        ck_assert_int_eq(block->ops->rollback(block, marks[i]), BLOCK_OK);
        ck_assert(memcmp(memory->bytes, copies[i], sizeof copies[i]) == 0);
    }
    end(block, memory);
}
END_TEST

START_TEST(rollback_works_above_qcow2_as_well)
{
    struct storage_memory *memory = storage_memory_new(2u << 20);
    struct error error = {STATUS_OK, ""};
    struct image *image;
    struct block *block;
    uint64_t mark;
    ck_assert_int_eq(qcow2_create(&memory->storage, 1000, NULL, NULL), 0);
    ck_assert_int_eq(
        image_qcow2_open(&image, &memory->storage, "memory.qcow2", &PLAIN.image, &error),
        STATUS_OK);
    ck_assert_int_eq(block_image_new(&block, image, "memory.qcow2", &PLAIN, &error), STATUS_OK);
    bench_put(block, 10, 1);
    mark = block->ops->checkpoint(block);
    bench_put(block, 10, 2);
    bench_put(block, 500, 2); /* a cluster that was not there at the mark */
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 10), 1);
    ck_assert_uint_eq(bench_get(block, 500), 0);
    end(block, memory);
}
END_TEST

START_TEST(a_mark_can_be_returned_to_again_and_again)
{
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, SECTORS, &PLAIN);
    uint64_t first, second;
    bench_put(block, 3, 1);
    first = block->ops->checkpoint(block);
    bench_put(block, 3, 2);
    second = block->ops->checkpoint(block);
    for (unsigned round = 0; round < 3; round++) {
        bench_put(block, 3, 3);
        bench_put(block, 4, 3);
        ck_assert_int_eq(block->ops->rollback(block, second), BLOCK_OK);
        ck_assert_uint_eq(bench_get(block, 3), 2);
        ck_assert_uint_eq(bench_get(block, 4), 0);
    }
    ck_assert_int_eq(block->ops->rollback(block, first), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 3), 1);
    ck_assert_int_eq(block->ops->rollback(block, second),
                     BLOCK_RANGE); /* it lay in a future that is gone */
    ck_assert_uint_eq(bench_get(block, 3), 1);
    end(block, memory);
}
END_TEST

START_TEST(marks_whose_images_had_to_go_are_refused_and_later_ones_hold)
{
    struct storage_memory *memory;
    struct block_image_options small = {.undo_sectors = 8};
    struct block *block = bench_raw_disk(&memory, SECTORS, &small);
    uint64_t old = block->ops->checkpoint(block), mark;
    for (unsigned i = 0; i < 5; i++)
        bench_put(block, i, 1);
    mark = block->ops->checkpoint(block);
    for (unsigned i = 0; i < 8; i++) { /* five and eight are more than eight */
        bench_put(block, i, 2);
        bench_put(block, i, 3); /* the same sector once more needs no room */
    }
    ck_assert_int_eq(block->ops->rollback(block, old), BLOCK_RANGE);
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(bench_get(block, i), i < 5);
    ck_assert_int_eq(block->ops->rollback(block, 0), BLOCK_RANGE);
    ck_assert_int_eq(block->ops->rollback(block, mark + 1), BLOCK_RANGE);
    end(block, memory);
}
END_TEST

/* A sector whose image was given up is kept anew after the next mark. */
START_TEST(a_checkpoint_after_a_full_log_is_whole_again)
{
    struct storage_memory *memory;
    struct block_image_options small = {.undo_sectors = 4};
    struct block *block = bench_raw_disk(&memory, SECTORS, &small);
    uint64_t mark = block->ops->checkpoint(block);
    for (unsigned i = 0; i < 10; i++)
        bench_put(block, i, 1);
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_RANGE);
    mark = block->ops->checkpoint(block);
    bench_put(block, 0, 2);
    bench_put(block, 9, 2);
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    ck_assert_uint_eq(bench_get(block, 0), 1);
    ck_assert_uint_eq(bench_get(block, 9), 1);
    end(block, memory);
}
END_TEST

START_TEST(a_rollback_that_finds_no_room_goes_on_later)
{
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, SECTORS, &PLAIN);
    uint64_t mark = block->ops->checkpoint(block);
    for (unsigned i = 0; i < 10; i++)
        bench_put(block, i, 7);
    memory->fail_write_after = 4;
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_NO_SPACE);
    memory->fail_write_after = 100;
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    for (unsigned i = 0; i < 10; i++)
        ck_assert_uint_eq(bench_get(block, i), 0);
    end(block, memory);
}
END_TEST

START_TEST(rolled_back_sectors_count_as_written)
{
    struct storage_memory *memory;
    struct block *block = bench_raw_disk(&memory, SECTORS, &PLAIN);
    uint64_t mark = block->ops->checkpoint(block);
    bench_put(block, 5, 1);
    ck_assert_uint_eq(sector_map_next(block->written, 0), 5);
    ck_assert_uint_eq(sector_map_next_gap(block->written, 5), 6);
    sector_map_clear(block->written); /* a snapshot was made */
    ck_assert_int_eq(block->ops->rollback(block, mark), BLOCK_OK);
    ck_assert_uint_eq(sector_map_next(block->written, 0), 5);
    end(block, memory);
}
END_TEST

Suite *undo_log_suite(void);
Suite *undo_log_suite(void)
{
    Suite *suite = suite_create("undo_log");
    TCase *tcase = tcase_create("undo_log");
    tcase_add_test(tcase, rollback_brings_back_each_checkpoint);
    tcase_add_test(tcase, rollback_works_above_qcow2_as_well);
    tcase_add_test(tcase, a_mark_can_be_returned_to_again_and_again);
    tcase_add_test(tcase, marks_whose_images_had_to_go_are_refused_and_later_ones_hold);
    tcase_add_test(tcase, a_checkpoint_after_a_full_log_is_whole_again);
    tcase_add_test(tcase, a_rollback_that_finds_no_room_goes_on_later);
    tcase_add_test(tcase, rolled_back_sectors_count_as_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
