/* The last look before the host's medium, against tags painted by hand. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/disk_owners.h"
#include "machine/world.h"

#define CYLINDERS 24u
#define HEADS     3u
#define SECTORS   5u
#define TOTAL     (CYLINDERS * HEADS * SECTORS)

struct medium {
    struct block block; /* first: requests come by it */
    unsigned requests;
};

static void medium_geometry(struct block *block, struct block_geometry *g)
{
    (void)block;
    *g = (struct block_geometry){CYLINDERS, HEADS, SECTORS, TOTAL};
}

static void medium_submit(struct block *block, struct block_request *request)
{
    ((struct medium *)(void *)block)->requests++;
    request->result = BLOCK_OK;
    request->complete(request);
}

static const struct block_ops MEDIUM_OPS = {.geometry = medium_geometry, .submit = medium_submit};

struct bench {
    struct medium medium;
    unsigned lines; /* of the log */
    struct world world;
    struct lab lab;
    struct vmm vmm;
    struct disk_owners *owners;
};

static void count_line(void *self, enum log_level level, const char *line)
{
    (void)line;
    (*(unsigned *)self) += level == LOG_ERROR;
}

static struct bench *bench_new(bool is_arbiter_off)
{
    static const struct {
        uint32_t first, last;
        bool is_shared;
    } RANGES[] = {
        {2,  5,  false},
        {6,  6,  false},
        {8,  13, true },
        {10, 17, true },
        {23, 23, false}
    };
    struct bench *b = calloc(1, sizeof *b);
    struct error error = {STATUS_OK, ""};
    ck_assert_ptr_nonnull(b);
    b->medium.block.ops = &MEDIUM_OPS;
    b->world.log = (struct log){.write = count_line, .self = &b->lines, .level = LOG_INFO};
    b->lab.geometry = (struct block_geometry){CYLINDERS, HEADS, SECTORS, 0};
    b->lab.is_arbiter_off = is_arbiter_off;
    for (size_t i = 0; i < ARRAY_COUNT(RANGES); i++) {
        struct lab_guest *guest = &b->lab.guests[b->lab.guest_count++];
        guest->has_disk = true;
        guest->first_cylinder = RANGES[i].first;
        guest->last_cylinder = RANGES[i].last;
        guest->is_disk_shared = RANGES[i].is_shared;
    }
    b->vmm.lab = &b->lab;
    b->vmm.world = &b->world;
    ck_assert_int_eq(disk_owners_new(&b->owners, &b->vmm, &b->medium.block, &error), STATUS_OK);
    b->vmm.disk_owners = b->owners;
    return b;
}

static void bench_free(struct bench *b)
{
    disk_owners_free(b->owners);
    free(b);
}

/* Whether LAB.ini gives a sector to a guest, by its cylinder. */
static bool is_given(const struct lab_guest *guest, bool is_write, uint64_t lba)
{
    uint64_t cylinder = lba / (HEADS * SECTORS);
    return cylinder >= guest->first_cylinder && cylinder <= guest->last_cylinder &&
           !(is_write && guest->is_disk_shared);
}

START_TEST(each_guest_has_its_own_sectors_and_no_other)
{
    struct bench *b = bench_new(false);
    for (unsigned guest = 0; guest < b->lab.guest_count; guest++)
        for (int is_write = 0; is_write < 2; is_write++)
            for (uint64_t lba = 0; lba < TOTAL; lba++) {
                bool may = true;
                for (uint64_t count = 1; count <= 40 && lba + count <= TOTAL; count++) {
                    may = may && is_given(&b->lab.guests[guest], is_write != 0, lba + count - 1);
                    ck_assert(disk_owners_allow(b->owners, guest, is_write != 0, lba, count) ==
                              may);
                }
            }
    ck_assert(!disk_owners_allow(b->owners, 4, false, TOTAL - 1, 2));
    ck_assert(!disk_owners_allow(b->owners, 4, false, UINT64_MAX, 2));
    bench_free(b);
}
END_TEST

static void done(struct block_request *request)
{
    (void)request;
}

static enum block_result read_sector(struct bench *b, uint64_t lba)
{
    uint8_t bytes[SECTOR_BYTES];
    struct block_request request = {
        .op = BLOCK_READ, .sectors = 1, .bytes = bytes, .complete = done};
    struct block *block = disk_owners_block(b->owners);
    request.at.lba = lba;
    block->ops->submit(block, &request);
    return request.result;
}

/* There is no driver here, so that nobody is at work: every access of a sector is foreign. */
START_TEST(a_foreign_access_stops_here_and_the_run_is_faulty)
{
    struct bench *b = bench_new(false);
    ck_assert(!vmm_is_faulty(&b->vmm));
    ck_assert_int_eq(read_sector(b, 40), BLOCK_RANGE);
    ck_assert_uint_eq(b->medium.requests, 0);
    ck_assert_uint_eq(b->lines, 1);
    ck_assert_uint_eq(disk_owners_counts(b->owners)->foreign, 1);
    ck_assert(vmm_is_faulty(&b->vmm));
    bench_free(b);
}
END_TEST

START_TEST(without_the_arbiter_it_is_counted_alone)
{
    struct bench *b = bench_new(true), *other = bench_new(false);
    ck_assert_int_eq(read_sector(b, 40), BLOCK_OK);
    ck_assert_uint_eq(b->medium.requests, 1);
    ck_assert_uint_eq(disk_owners_counts(b->owners)->foreign, 1);
    ck_assert(!vmm_is_faulty(&b->vmm));
    ck_assert_uint_eq(disk_owners_counts(other->owners)->accesses, 0);
    bench_free(b);
    bench_free(other);
}
END_TEST

START_TEST(what_the_medium_lacks_it_answers_itself)
{
    struct bench *b = bench_new(false);
    ck_assert_int_eq(read_sector(b, TOTAL), BLOCK_OK); /* the answer of this medium */
    ck_assert_uint_eq(disk_owners_counts(b->owners)->accesses, 0);
    bench_free(b);
}
END_TEST

Suite *disk_owners_suite(void)
{
    Suite *suite = suite_create("disk_owners");
    TCase *tcase = tcase_create("disk owners");
    tcase_add_test(tcase, each_guest_has_its_own_sectors_and_no_other);
    tcase_add_test(tcase, a_foreign_access_stops_here_and_the_run_is_faulty);
    tcase_add_test(tcase, without_the_arbiter_it_is_counted_alone);
    tcase_add_test(tcase, what_the_medium_lacks_it_answers_itself);
    suite_add_tcase(suite, tcase);
    return suite;
}
