/* Sets of sectors as bits, against a plain array of bools. */
#include <check.h>

#include "bus/sector_map.h"

#define SECTORS 1000u

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The array's answer for "first sector from `lba` on that is (not) in the set". */
static uint64_t search(const bool *set, uint64_t lba, bool wanted)
{
    while (lba < SECTORS && set[lba] != wanted)
        lba++;
    return lba < SECTORS ? lba : SECTORS;
}

static void compare(unsigned grain)
{
    struct sector_map map;
    bool set[SECTORS] = {false};
    uint32_t seed = grain;
    ck_assert(sector_map_init(&map, SECTORS, grain));
    for (unsigned round = 0; round < 12; round++) {
        uint64_t lba = next_random(&seed) % (SECTORS + 10), count = next_random(&seed) % 90;
        sector_map_add(&map, lba, count);
        for (uint64_t i = lba; i < lba + count && i < SECTORS; i++)
            for (uint64_t j = i / grain * grain; j < (i / grain + 1) * grain && j < SECTORS; j++)
                set[j] = true;
        for (uint64_t i = 0; i < SECTORS; i++) {
            ck_assert(sector_map_has(&map, i) == set[i]);
            ck_assert_uint_eq(sector_map_next(&map, i), search(set, i, true));
            ck_assert_uint_eq(sector_map_next_gap(&map, i), search(set, i, false));
        }
    }
    ck_assert(!sector_map_has(&map, SECTORS));
    ck_assert_uint_eq(sector_map_next(&map, SECTORS + 5), SECTORS);
    sector_map_clear(&map);
    ck_assert_uint_eq(sector_map_next(&map, 0), SECTORS);
    sector_map_free(&map);
}

START_TEST(a_map_answers_as_an_array_does)
{
    compare(1);
    compare(8);
}
END_TEST

START_TEST(ends_of_the_disk_are_kept)
{
    struct sector_map map;
    ck_assert(sector_map_init(&map, 64, 1)); /* exactly a word */
    sector_map_add(&map, 60, UINT64_MAX);
    ck_assert_uint_eq(sector_map_next(&map, 0), 60);
    ck_assert_uint_eq(sector_map_next_gap(&map, 60), 64);
    sector_map_add(&map, UINT64_MAX, 2);
    sector_map_add(&map, 64, 1);
    ck_assert_uint_eq(sector_map_next(&map, 0), 60);
    sector_map_free(&map);
}
END_TEST

START_TEST(large_disks_have_coarse_grains)
{
    ck_assert_uint_eq(sector_map_grain(1), 1);
    ck_assert_uint_eq(sector_map_grain(UINT64_C(1) << 25), 1);
    ck_assert_uint_eq(sector_map_grain((UINT64_C(1) << 25) + 1), 2);
    ck_assert_uint_eq(sector_map_grain(UINT64_C(1) << 38), 8192);
}
END_TEST

Suite *sector_map_suite(void);
Suite *sector_map_suite(void)
{
    Suite *suite = suite_create("sector_map");
    TCase *tcase = tcase_create("sector_map");
    tcase_add_test(tcase, a_map_answers_as_an_array_does);
    tcase_add_test(tcase, ends_of_the_disk_are_kept);
    tcase_add_test(tcase, large_disks_have_coarse_grains);
    suite_add_tcase(suite, tcase);
    return suite;
}
