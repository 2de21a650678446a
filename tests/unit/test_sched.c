/* vCPU schedulers, driven with made-up guests in made-up time. The oracle is arithmetic: shares by
 * weight, caps, the end of a slice; and what the papers named in each row's file promise. */
#include <check.h>
#include <string.h>

#include "hypervisor/sched.h"

#define HZ     UINT64_C(1000000) /* an instruction is a microsecond */
#define MS     UINT64_C(1000)
#define SECOND (1000 * MS)

/* A guest that computes for `burst`, then sleeps for `pause` (0: never). */
struct load {
    uint64_t burst, pause;
    uint64_t left, wakes_at;
    uint64_t woke_at, worst_latency, latency_sum, latencies;
    bool waits;
};

static struct sched sched;
static struct load loads[SCHED_VCPUS_MAX];

static void start(const struct sched_type *type, unsigned count, uint64_t slice_us)
{
    memset(loads, 0, sizeof loads);
    sched_init(&sched, type, count, HZ, slice_us);
    for (unsigned i = 0; i < count; i++)
        loads[i].burst = loads[i].left = UINT64_MAX / 4;
}

/* Computes `burst`, sleeps `pause`, from `first` on. */
static void set_periodic(unsigned i, uint64_t burst, uint64_t pause, uint64_t first)
{
    loads[i] = (struct load){.burst = burst, .pause = pause, .wakes_at = first};
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void wake_up(uint64_t now)
{
    for (unsigned i = 0; i < sched.count; i++) {
        struct load *l = &loads[i];
        if (l->left == 0 && now >= l->wakes_at) {
            l->left = l->burst;
            l->woke_at = now;
            l->waits = true;
        }
        sched_set_runnable(&sched, i, l->left > 0, now);
    }
}

static void note_latency(struct load *l, uint64_t now)
{
    uint64_t latency = now - l->woke_at;
    if (!l->waits)
        return;
    l->waits = false;
    l->latencies++;
    l->latency_sum += latency;
    if (latency > l->worst_latency)
        l->worst_latency = latency;
}

static void run(uint64_t from, uint64_t to)
{
    for (uint64_t now = from; now < to;) {
        uint64_t end = to;
        unsigned who;
        wake_up(now);
        who = sched_choose(&sched, now);
        for (unsigned i = 0; i < sched.count; i++)
            if (loads[i].left == 0)
                end = least(end, loads[i].wakes_at);
        end = least(end, sched.until > now ? sched.until : now + 1);
        if (who != SCHED_NONE) {
            struct load *l = &loads[who];
            ck_assert(l->left > 0);
            note_latency(l, now);
            end = least(end, now + l->left);
            l->left -= end - now;
            if (l->left == 0)
                l->wakes_at = end + l->pause;
            sched_account(&sched, who, end - now, end);
        }
        now = end;
    }
}

static double share(unsigned i, uint64_t time)
{
    return (double)sched.vcpus[i].ran / (double)time;
}

static void check_share(unsigned i, uint64_t time, double wanted)
{
    ck_assert_msg(share(i, time) > wanted - 0.02 && share(i, time) < wanted + 0.02,
                  "%s: vCPU %u of %u ran %.4f, not %.4f", sched.type->name, i, sched.count,
                  share(i, time), wanted);
}

static const struct sched_type *const WEIGHING[] = {&SCHED_CREDIT, &SCHED_BVT};

START_TEST(weights_give_shares_within_two_percent)
{
    static const uint64_t WEIGHTS[][4] = {
        {256, 256,  256,  256 },
        {128, 256,  512,  1024},
        {100, 100,  100,  700 },
        {1,   1000, 1000, 1000}
    };
    for (unsigned w = 0; w < 4; w++) {
        uint64_t sum = 0;
        start(WEIGHING[_i], 4, 0);
        for (unsigned i = 0; i < 4; i++)
            sum += sched.vcpus[i].params.weight = WEIGHTS[w][i];
        run(0, 20 * SECOND);
        for (unsigned i = 0; i < 4; i++)
            check_share(i, 20 * SECOND, (double)WEIGHTS[w][i] / (double)sum);
    }
}
END_TEST

static const struct sched_type *const ALL[] = {&SCHED_ROUND_ROBIN, &SCHED_CREDIT, &SCHED_BVT};

START_TEST(one_to_sixty_four_hogs_have_equal_shares)
{
    for (unsigned count = 1; count <= SCHED_VCPUS_MAX; count += 9) {
        start(ALL[_i], count, 0);
        run(0, 60 * SECOND);
        for (unsigned i = 0; i < count; i++)
            check_share(i, 60 * SECOND, 1.0 / count);
    }
}
END_TEST

/* Whoever sleeps leaves the CPU to the others: work-conserving. */
START_TEST(sleepers_give_up_the_rest_and_lose_nothing)
{
    start(ALL[_i], 3, 0);
    set_periodic(1, 1 * MS, 99 * MS, 0);
    set_periodic(2, 1 * MS, 49 * MS, 0);
    run(0, 20 * SECOND);
    ck_assert_uint_eq(sched.vcpus[0].ran + sched.vcpus[1].ran + sched.vcpus[2].ran, 20 * SECOND);
    ck_assert_uint_gt(sched.vcpus[1].ran, 20 * SECOND / 150);
    ck_assert_uint_gt(sched.vcpus[2].ran, 20 * SECOND / 90);
}
END_TEST

START_TEST(nobody_waits_longer_than_all_others_slices)
{
    start(ALL[_i], 8, 10000);
    for (unsigned i = 0; i < 8; i++)
        loads[i].waits = true;
    run(0, SECOND);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(loads[i].latencies, 1);
        ck_assert_uint_le(loads[i].worst_latency, 80 * MS);
    }
}
END_TEST

/* --- credit -------------------------------------------------------------------------------------------- */

START_TEST(caps_hold_even_on_an_idle_host)
{
    static const uint64_t CAPS[] = {1, 5, 10, 25, 50, 90};
    for (unsigned c = 0; c < sizeof CAPS / sizeof CAPS[0]; c++) {
        start(&SCHED_CREDIT, 1, 0);
        sched.vcpus[0].params.cap_percent = CAPS[c];
        run(0, 20 * SECOND);
        check_share(0, 20 * SECOND, (double)CAPS[c] / 100);
    }
}
END_TEST

START_TEST(what_a_cap_leaves_goes_to_the_others)
{
    start(&SCHED_CREDIT, 3, 0);
    sched.vcpus[0].params.cap_percent = 20;
    sched.vcpus[0].params.weight = 5000;
    run(0, 20 * SECOND);
    check_share(0, 20 * SECOND, 0.2);
    check_share(1, 20 * SECOND, 0.4);
    check_share(2, 20 * SECOND, 0.4);
}
END_TEST

/* Ongaro et al. 2008, section 3: BOOST lets a vCPU that wakes for I/O preempt; without it, it waits
 * for the slices of those that compute and have credits left. (One hog alone has none: it always
 * takes more than its part.) */
static uint64_t io_latency(bool has_boost, unsigned hogs)
{
    start(&SCHED_CREDIT, hogs + 1, 0);
    sched.has_boost = has_boost;
    set_periodic(0, 200, 7 * MS, 0);
    run(0, 10 * SECOND);
    ck_assert_uint_gt(loads[0].latencies, 100);
    return loads[0].latency_sum / loads[0].latencies;
}

START_TEST(boost_decides_how_long_io_waits_beside_hogs)
{
    for (unsigned hogs = 2; hogs <= 6; hogs++) {
        uint64_t boosted = io_latency(true, hogs), waiting = io_latency(false, hogs);
        ck_assert_msg(boosted < 100 && waiting > 1 * MS && waiting > 20 * boosted,
                      "%u hogs: %llu us with BOOST, %llu without", hogs,
                      (unsigned long long)boosted, (unsigned long long)waiting);
    }
}
END_TEST

START_TEST(a_hog_that_naps_cannot_live_on_boosts)
{
    start(&SCHED_CREDIT, 2, 0);
    set_periodic(0, 9500, 500, 0); /* asleep at each tick */
    run(0, 20 * SECOND);
    check_share(1, 20 * SECOND, 0.5);
}
END_TEST

START_TEST(many_that_do_nothing_but_wake_leave_a_hog_its_share)
{
    start(&SCHED_CREDIT, 8, 0);
    for (unsigned i = 1; i < 8; i++)
        set_periodic(i, 50 + i, 3, 0);
    run(0, 2 * SECOND);
    ck_assert_msg(share(0, 2 * SECOND) > 0.12, "%.3f, not an eighth", share(0, 2 * SECOND));
}
END_TEST

START_TEST(a_slice_lasts_thirty_milliseconds)
{
    start(&SCHED_CREDIT, 2, 0);
    sched.has_boost = false;
    run(0, 1);
    ck_assert_uint_eq(sched.current, 0);
    run(1, 29999);
    ck_assert_uint_eq(sched.current, 0);
    run(29999, 30001);
    ck_assert_uint_eq(sched.current, 1);
}
END_TEST

/* --- borrowed virtual time ------------------------------------------------------------------------------ */

START_TEST(sleeping_saves_up_no_time)
{
    start(&SCHED_BVT, 2, 0);
    set_periodic(1, UINT64_MAX / 4, 1, 10 * SECOND);
    run(0, 10 * SECOND);
    ck_assert_uint_eq(sched.vcpus[1].ran, 0);
    run(10 * SECOND, 20 * SECOND);
    ck_assert_msg(sched.vcpus[1].ran < 51 * SECOND / 10, "%llu",
                  (unsigned long long)sched.vcpus[1].ran);
    ck_assert_uint_gt(sched.vcpus[1].ran, 49 * SECOND / 10);
}
END_TEST

START_TEST(warp_answers_at_once_and_is_paid_back)
{
    uint64_t unwarped;
    start(&SCHED_BVT, 3, 20000);
    set_periodic(0, 2 * MS, 20 * MS, 0);
    run(0, 10 * SECOND);
    unwarped = loads[0].latency_sum / loads[0].latencies;
    start(&SCHED_BVT, 3, 20000);
    set_periodic(0, 2 * MS, 20 * MS, 0);
    sched.vcpus[0].params.warp_us = 100 * MS;
    run(0, 10 * SECOND);
    ck_assert_uint_gt(unwarped, 4 * MS);
    ck_assert_uint_lt(loads[0].latency_sum / loads[0].latencies, 1 * MS);
    ck_assert_uint_lt(loads[0].worst_latency, 21 * MS);
}
END_TEST

/* L: a warped hog loses its warp, and its share is what its weight says. */
START_TEST(the_warp_limit_stops_a_warped_hog)
{
    start(&SCHED_BVT, 2, 0);
    sched.vcpus[0].params = (struct sched_params){
        .weight = 256, .warp_us = 1000 * MS, .warp_limit_us = 50 * MS, .unwarp_us = 1000 * MS};
    run(0, 20 * SECOND);
    check_share(0, 20 * SECOND, 0.5);
}
END_TEST

/* --- partitioned ----------------------------------------------------------------------------------------- */

START_TEST(slots_stay_where_they_are_whoever_sleeps)
{
    uint64_t ran[2][8] = {{0}};
    for (unsigned turn = 0; turn < 2; turn++) {
        start(&SCHED_PARTITIONED, 3, 8000);
        if (turn == 1) {
            set_periodic(0, 100, 50 * MS, 0);
            set_periodic(2, 1, 1000 * SECOND, 0);
        }
        for (unsigned i = 0; i < 8; i++) {
            run(i * 9 * MS, (i + 1) * 9 * MS);
            ran[turn][i] = sched.vcpus[1].ran;
        }
    }
    ck_assert_mem_eq(ran[0], ran[1], sizeof ran[0]);
    ck_assert_uint_eq(ran[0][7], 3 * 7 * MS);
}
END_TEST

START_TEST(the_last_eighth_of_a_slot_is_the_vmms)
{
    start(&SCHED_PARTITIONED, 2, 8000);
    for (uint64_t now = 0; now < 100 * MS; now += 7) {
        struct sched_slot slot = sched_slot_at(&sched, now);
        ck_assert_uint_eq(slot.owner, now / (8 * MS) % 2);
        ck_assert_int_eq(slot.is_vmm, now % (8 * MS) >= 7 * MS);
        ck_assert_uint_eq(slot.end % (8 * MS), slot.is_vmm ? 0 : 7 * MS);
        ck_assert_uint_gt(slot.end, now);
    }
}
END_TEST

START_TEST(each_row_is_found_by_its_name)
{
    for (unsigned i = 0; SCHED_TYPES[i]; i++)
        ck_assert_ptr_eq(sched_find(SCHED_TYPES[i]->name), SCHED_TYPES[i]);
    ck_assert_ptr_null(sched_find("fair"));
}
END_TEST

Suite *sched_suite(void);
Suite *sched_suite(void)
{
    Suite *suite = suite_create("sched");
    TCase *tcase = tcase_create("schedulers");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, weights_give_shares_within_two_percent, 0, 2);
    tcase_add_loop_test(tcase, one_to_sixty_four_hogs_have_equal_shares, 0, 3);
    tcase_add_loop_test(tcase, sleepers_give_up_the_rest_and_lose_nothing, 0, 3);
    tcase_add_loop_test(tcase, nobody_waits_longer_than_all_others_slices, 0, 3);
    tcase_add_test(tcase, caps_hold_even_on_an_idle_host);
    tcase_add_test(tcase, what_a_cap_leaves_goes_to_the_others);
    tcase_add_test(tcase, boost_decides_how_long_io_waits_beside_hogs);
    tcase_add_test(tcase, a_hog_that_naps_cannot_live_on_boosts);
    tcase_add_test(tcase, many_that_do_nothing_but_wake_leave_a_hog_its_share);
    tcase_add_test(tcase, a_slice_lasts_thirty_milliseconds);
    tcase_add_test(tcase, sleeping_saves_up_no_time);
    tcase_add_test(tcase, warp_answers_at_once_and_is_paid_back);
    tcase_add_test(tcase, the_warp_limit_stops_a_warped_hog);
    tcase_add_test(tcase, slots_stay_where_they_are_whoever_sleeps);
    tcase_add_test(tcase, the_last_eighth_of_a_slot_is_the_vmms);
    tcase_add_test(tcase, each_row_is_found_by_its_name);
    suite_add_tcase(suite, tcase);
    return suite;
}
