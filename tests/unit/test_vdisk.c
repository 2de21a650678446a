/* The disk's arbiter: every address of every guest, exhaustively, against a map made by counting. */
#include <check.h>
#include <stdlib.h>

#include "hypervisor/vdisk.h"

#define CYLINDERS 40u
#define HEADS 4u
#define SECTORS 7u
#define TOTAL (CYLINDERS * HEADS * SECTORS)

static const struct vdisk_range A = {{CYLINDERS, HEADS, SECTORS, TOTAL}, 3, 10};
static const struct vdisk_range B = {{CYLINDERS, HEADS, SECTORS, TOTAL}, 13, 27};

/* Marks what one guest reaches, one sector at a time, over all C/H/S it could ever name. */
static void mark(const struct vdisk_range *range, unsigned char owner, unsigned char *owners)
{
    for (uint32_t c = 0; c < 70000; c += c < 100 ? 1 : 997)
        for (uint16_t h = 0; h < 17; h++)
            for (uint16_t s = 0; s < 70; s++) {
                struct block_address at = {true, c, h, s, 0}, to = {0};
                uint32_t allowed;
                bool is_inside = c < range->cylinders && h < HEADS && s >= 1 && s <= SECTORS;
                vdisk_map(range, &at, 1, &to, &allowed);
                ck_assert_uint_eq(allowed, is_inside ? 1 : 0);
                if (!is_inside)
                    continue;
                ck_assert_uint_eq(to.cylinder, c + range->first_cylinder);
                ck_assert_uint_eq(to.head, h);
                ck_assert_uint_eq(to.sector, s);
                ck_assert_uint_lt(to.lba, TOTAL);
                ck_assert_uint_eq(owners[to.lba], 0); /* injective, and nobody else's */
                owners[to.lba] = owner;
            }
}

START_TEST(every_chs_maps_into_its_own_range_and_nowhere_else)
{
    unsigned char owners[TOTAL] = {0};
    mark(&A, 1, owners);
    mark(&B, 2, owners);
    for (uint32_t lba = 0; lba < TOTAL; lba++) {
        uint32_t cylinder = lba / (HEADS * SECTORS);
        unsigned char wanted = cylinder < 3 ? 0 : cylinder < 13 ? 1 : 2;
        ck_assert_uint_eq(owners[lba], wanted);
    }
}
END_TEST

START_TEST(lba_and_chs_of_one_sector_map_to_one_place)
{
    for (uint64_t lba = 0; lba < 10 * HEADS * SECTORS; lba++) {
        struct block_address by_lba = {.is_chs = false, .lba = lba}, to_lba = {0}, to_chs = {0};
        struct block_address by_chs = block_lba_to_chs(&A.physical, lba);
        uint32_t allowed;
        vdisk_map(&A, &by_lba, 1, &to_lba, &allowed);
        ck_assert_uint_eq(allowed, 1);
        vdisk_map(&A, &by_chs, 1, &to_chs, &allowed);
        ck_assert_uint_eq(to_lba.lba, to_chs.lba);
        ck_assert_uint_eq(to_lba.lba, lba + 3 * HEADS * SECTORS);
    }
}
END_TEST

START_TEST(a_request_over_the_end_is_cut_and_one_behind_it_refused)
{
    static const uint64_t BEHIND[] = {280, 281, UINT32_MAX, (uint64_t)1 << 48, UINT64_MAX,
                                      UINT64_MAX - 255};
    struct block_address to = {0};
    uint32_t allowed;
    for (uint32_t sectors = 1; sectors <= 256; sectors++)
        for (uint64_t lba = 0; lba < 280; lba++) {
            struct block_address at = {.is_chs = false, .lba = lba};
            vdisk_map(&A, &at, sectors, &to, &allowed);
            ck_assert_uint_eq(allowed, lba + sectors <= 280 ? sectors : 280 - lba);
        }
    for (size_t i = 0; i < sizeof BEHIND / sizeof BEHIND[0]; i++) {
        struct block_address at = {.is_chs = false, .lba = BEHIND[i]};
        vdisk_map(&A, &at, 256, &to, &allowed);
        ck_assert_uint_eq(allowed, 0);
    }
}
END_TEST

Suite *vdisk_suite(void);
Suite *vdisk_suite(void)
{
    Suite *suite = suite_create("vdisk");
    TCase *tcase = tcase_create("map");
    tcase_add_test(tcase, every_chs_maps_into_its_own_range_and_nowhere_else);
    tcase_add_test(tcase, lba_and_chs_of_one_sector_map_to_one_place);
    tcase_add_test(tcase, a_request_over_the_end_is_cut_and_one_behind_it_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
