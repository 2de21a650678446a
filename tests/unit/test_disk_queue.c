/* The order of the disk's requests. The oracle for the elevator is C-LOOK's definition, carried out by
 * sorting; for the shares it is arithmetic. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor/disk_queue.h"

static struct lab lab;
static struct disk_queue queue;
static struct block_request requests[1024];

static void start(unsigned guests, bool is_elevator)
{
    memset(&lab, 0, sizeof lab);
    lab.guest_count = guests;
    lab.is_elevator = is_elevator;
    ck_assert(disk_queue_init(&queue, &lab));
}

static bool put(unsigned owner, enum block_op op, uint64_t lba, uint32_t sectors, unsigned request)
{
    struct disk_job job = {.owner = owner, .op = op, .sectors = sectors, .request = &requests[request]};
    job.at.lba = lba;
    return disk_queue_put(&queue, &job);
}

static struct disk_job take(void)
{
    struct disk_job job;
    ck_assert(disk_queue_take(&queue, &job));
    return job;
}

START_TEST(fifo_keeps_the_order_of_arrival)
{
    start(4, false);
    for (unsigned i = 0; i < 200; i++)
        ck_assert(put(i % 4, BLOCK_READ, (i * 7919) % 1000, 1, i));
    for (unsigned i = 0; i < 200; i++)
        ck_assert_ptr_eq(take().request, &requests[i]);
    disk_queue_fini(&queue);
}
END_TEST

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

START_TEST(elevator_goes_upwards_and_starts_again_from_the_lowest)
{
    uint64_t lbas[100], from = 500;
    unsigned first = 0;
    start(1, true);
    put(0, BLOCK_READ, from - 1, 1, 0);
    take();
    for (unsigned i = 0; i < 100; i++) {
        lbas[i] = (i * 7919) % 1009;
        put(0, BLOCK_READ, lbas[i], 1, i);
    }
    qsort(lbas, 100, sizeof lbas[0], by_number);
    while (lbas[first] < from)
        first++;
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(take().at.lba, lbas[(first + i) % 100]);
    disk_queue_fini(&queue);
}
END_TEST

/* Both always want something; each gets what its share says. */
START_TEST(shares_decide_between_guests_that_always_ask)
{
    uint64_t got[3] = {0};
    start(3, _i == 1);
    lab.guests[0].disk_share = 100;
    lab.guests[1].disk_share = 200;
    lab.guests[2].disk_share = 700;
    disk_queue_fini(&queue);
    ck_assert(disk_queue_init(&queue, &lab));
    for (unsigned owner = 0; owner < 3; owner++)
        for (unsigned i = 0; i < 8; i++)
            put(owner, BLOCK_READ, owner * 100000 + i * 64, 32, 0);
    for (unsigned i = 0; i < 20000; i++) {
        struct disk_job job = take();
        got[job.owner] += job.sectors;
        put(job.owner, BLOCK_READ, job.at.lba + 32, 32, 0);
    }
    ck_assert_msg(got[0] * 100 / 640000 >= 8 && got[0] * 100 / 640000 <= 12, "%llu",
                  (unsigned long long)got[0]);
    ck_assert_msg(got[2] * 100 / 640000 >= 68 && got[2] * 100 / 640000 <= 72, "%llu",
                  (unsigned long long)got[2]);
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(a_guest_that_floods_keeps_another_waiting_a_quantum_at_most)
{
    uint32_t before = 0;
    start(2, _i == 1);
    for (unsigned i = 0; i < 5000; i++) { /* it had the disk for itself */
        put(0, BLOCK_WRITE, 100 + i, 16, 0);
        if (i >= 200)
            take();
    }
    put(1, BLOCK_READ, 0, 1, 1);
    for (struct disk_job job = take(); job.owner != 1; job = take())
        before += job.sectors;
    ck_assert_uint_le(before, DISK_QUANTUM_SECTORS + 32);
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(a_guest_has_so_many_places_and_no_more)
{
    start(2, false);
    for (unsigned i = 0; i < DISK_QUEUE_PER_GUEST; i++)
        ck_assert(put(0, BLOCK_READ, i, 1, 0));
    ck_assert(!put(0, BLOCK_READ, 0, 1, 0));
    for (unsigned i = 0; i < DISK_QUEUE_PER_GUEST; i++)
        ck_assert(put(1, BLOCK_READ, i, 1, 0));
    ck_assert(!put(1, BLOCK_READ, 0, 1, 0));
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(a_flush_stays_between_its_own_guests_requests)
{
    start(2, true);
    put(0, BLOCK_WRITE, 900, 1, 0);
    put(0, BLOCK_FLUSH, 0, 0, 1);
    put(0, BLOCK_WRITE, 10, 1, 2);
    put(1, BLOCK_WRITE, 5, 1, 3);
    ck_assert_ptr_eq(take().request, &requests[3]);
    ck_assert_ptr_eq(take().request, &requests[0]);
    ck_assert_ptr_eq(take().request, &requests[1]);
    ck_assert_ptr_eq(take().request, &requests[2]);
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(a_cancelled_request_is_never_taken_and_gives_its_place_back)
{
    struct disk_job job;
    start(2, false);
    put(0, BLOCK_READ, 1, 1, 0);
    put(0, BLOCK_READ, 2, 1, 1);
    disk_queue_cancel(&queue, &requests[0]);
    for (unsigned i = 1; i < DISK_QUEUE_PER_GUEST; i++)
        ck_assert(put(0, BLOCK_READ, 2, 1, 1));
    ck_assert(!put(0, BLOCK_READ, 2, 1, 1));
    disk_queue_cancel(&queue, &requests[1]);
    ck_assert(!disk_queue_take(&queue, &job));
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(a_cancelled_flush_holds_nothing_up)
{
    start(1, true);
    put(0, BLOCK_WRITE, 900, 1, 0);
    put(0, BLOCK_FLUSH, 0, 0, 1);
    put(0, BLOCK_WRITE, 10, 1, 2);
    disk_queue_cancel(&queue, &requests[1]);
    ck_assert_ptr_eq(take().request, &requests[2]);
    ck_assert_ptr_eq(take().request, &requests[0]);
    disk_queue_fini(&queue);
}
END_TEST

START_TEST(what_was_cancelled_is_not_reckoned_as_served)
{
    start(2, false);
    put(0, BLOCK_READ, 1, 2 * DISK_QUANTUM_SECTORS, 0);
    put(0, BLOCK_READ, 2, 1, 1);
    put(1, BLOCK_READ, 3, 1, 2);
    disk_queue_cancel(&queue, &requests[0]);
    ck_assert_ptr_eq(take().request, &requests[1]);
    ck_assert_ptr_eq(take().request, &requests[2]);
    disk_queue_fini(&queue);
}
END_TEST

Suite *disk_queue_suite(void);
Suite *disk_queue_suite(void)
{
    Suite *suite = suite_create("disk_queue");
    TCase *tcase = tcase_create("order");
    tcase_add_test(tcase, fifo_keeps_the_order_of_arrival);
    tcase_add_test(tcase, elevator_goes_upwards_and_starts_again_from_the_lowest);
    tcase_add_loop_test(tcase, shares_decide_between_guests_that_always_ask, 0, 2);
    tcase_add_loop_test(tcase, a_guest_that_floods_keeps_another_waiting_a_quantum_at_most, 0, 2);
    tcase_add_test(tcase, a_guest_has_so_many_places_and_no_more);
    tcase_add_test(tcase, a_flush_stays_between_its_own_guests_requests);
    tcase_add_test(tcase, a_cancelled_request_is_never_taken_and_gives_its_place_back);
    tcase_add_test(tcase, a_cancelled_flush_holds_nothing_up);
    tcase_add_test(tcase, what_was_cancelled_is_not_reckoned_as_served);
    suite_add_tcase(suite, tcase);
    return suite;
}
