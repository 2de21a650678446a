/* The display's arbiter as a map: every place has one owner. The oracle paints: window after window, from
 * the lowest to the topmost, into an array, as a painter would. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor/windows.h"

#define WIDTH  61u
#define HEIGHT 47u
#define BAR    2u
#define TITLE  1u

static int painted[HEIGHT][WIDTH];

static void paint(const struct windows *w)
{
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            painted[y][x] = y >= HEIGHT - BAR ? WINDOWS_BAR : WINDOWS_DESK;
    for (unsigned i = 0; i < w->count; i++) {
        const struct window *own = &w->at[w->order[i]];
        for (unsigned y = 0; y < HEIGHT - BAR && !own->is_hidden; y++)
            for (unsigned x = 0; x < WIDTH; x++)
                if ((int)x >= own->x && (int64_t)x < (int64_t)own->x + own->width &&
                    (int)y >= own->y && (int64_t)y < (int64_t)own->y + own->height)
                    painted[y][x] = w->order[i];
    }
}

/* The spans of all owners cover each place once, with the painter's owner; so do the points. */
static void check_whole(const struct windows *w)
{
    static struct windows_span spans[WINDOWS_SPANS_MAX];
    unsigned wrong = 0;
    paint(w);
    for (unsigned y = 0; y < HEIGHT; y++) {
        unsigned covered = 0;
        for (int owner = WINDOWS_DESK; owner < (int)w->count; owner++) {
            size_t count = windows_spans(w, owner, y, spans);
            for (size_t i = 0; i < count; i++) {
                ck_assert_uint_gt(spans[i].count, 0);
                ck_assert(i == 0 || spans[i - 1].first + spans[i - 1].count < spans[i].first);
                for (unsigned x = spans[i].first; x < spans[i].first + spans[i].count; x++)
                    wrong += painted[y][x] != owner;
                covered += spans[i].count;
            }
        }
        ck_assert_uint_eq(covered, WIDTH);
        for (unsigned x = 0; x < WIDTH; x++)
            wrong += windows_owner(w, x, y) != painted[y][x];
    }
    ck_assert_uint_eq(wrong, 0);
}

/* Each place of each frame is seen where the painter left it, or not at all. */
static void check_map(const struct windows *w)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < w->count; i++)
        for (unsigned y = 0; y < w->at[i].height + 1; y++)
            for (unsigned x = 0; x < w->at[i].width + 1; x++) {
                int64_t at_x = (int64_t)w->at[i].x + x, at_y = (int64_t)w->at[i].y + y;
                bool is_inside = x < w->at[i].width && y < w->at[i].height && at_x >= 0 &&
                                 at_y >= 0 && at_x < WIDTH && at_y < HEIGHT;
                uint32_t to_x = 0, to_y = 0;
                bool is_seen = windows_map(w, i, x, y, &to_x, &to_y);
                wrong += is_seen != (is_inside && painted[at_y][at_x] == (int)i);
                wrong += is_seen && (to_x != at_x || to_y != at_y);
            }
    ck_assert_uint_eq(wrong, 0);
}

static uint32_t seed;
static int dice(int low, int high)
{
    seed = seed * 1664525u + 1013904223u;
    return low + (int)((seed >> 8) % (uint32_t)(high - low + 1));
}

START_TEST(every_place_has_one_owner_whatever_is_done)
{
    static struct windows w;
    for (unsigned round = 0; round < 24; round++) {
        unsigned count = round % 4 ? (unsigned)dice(1, 6) : (unsigned)dice(1, WINDOWS_MAX);
        windows_init(&w, WIDTH, HEIGHT, BAR, TITLE, count, (unsigned)dice(1, 8));
        check_whole(&w);
        for (unsigned step = 0; step < 12; step++) {
            unsigned own = (unsigned)dice(0, (int)count - 1);
            uint64_t generation = w.generation;
            switch (dice(0, 3)) {
            case 0: windows_move(&w, own, dice(-90, 90), dice(-90, 90)); break;
            case 1: windows_resize(&w, own, (uint32_t)dice(0, 80), (uint32_t)dice(0, 80)); break;
            case 2: windows_raise(&w, own); break;
            default: windows_hide(&w, own, dice(0, 1)); break;
            }
            ck_assert_uint_gt(w.generation, generation);
        }
        check_whole(&w);
        check_map(&w);
    }
}
END_TEST

START_TEST(frames_at_the_ends_of_the_numbers_are_clipped)
{
    static const int32_t PLACES[] = {INT32_MIN, INT32_MIN + 1, -1,       0, 60,
                                     61,        INT32_MAX - 1, INT32_MAX};
    static const uint32_t SIZES[] = {1, 2, 61, 0x7FFFFFFF, UINT32_MAX};
    static struct windows w;
    windows_init(&w, WIDTH, HEIGHT, BAR, TITLE, 2, 1);
    for (size_t p = 0; p < 8; p++)
        for (size_t q = 0; q < 8; q++)
            for (size_t s = 0; s < 5; s++) {
                w.at[1].x = PLACES[p];
                w.at[1].y = PLACES[q];
                w.at[1].width = w.at[1].height = SIZES[s];
                check_whole(&w);
            }
}
END_TEST

START_TEST(no_window_gets_lost)
{
    static const int64_t FAR[] = {INT64_MIN, INT32_MIN, -1000, 1000, INT32_MAX, INT64_MAX};
    static struct windows w;
    windows_init(&w, WIDTH, HEIGHT, BAR, TITLE, 2, 2);
    windows_raise(&w, 1);
    for (size_t p = 0; p < 6; p++)
        for (size_t q = 0; q < 6; q++) {
            struct windows_span spans[WINDOWS_SPANS_MAX];
            windows_resize(&w, 1, q % 2 ? UINT32_MAX : 0, p % 2 ? UINT32_MAX : 0);
            windows_move(&w, 1, FAR[p], FAR[q]);
            ck_assert_int_ge(w.at[1].y, 0);
            ck_assert_uint_gt(windows_spans(&w, 1, (uint32_t)w.at[1].y, spans), 0);
        }
}
END_TEST

START_TEST(raising_changes_nothing_but_the_order)
{
    static const uint8_t WANTED[4] = {0, 2, 3, 1};
    static struct windows w;
    windows_init(&w, WIDTH, HEIGHT, BAR, TITLE, 4, 2);
    windows_raise(&w, 1);
    ck_assert_int_eq(memcmp(w.order, WANTED, 4), 0);
    windows_raise(&w, 1);
    ck_assert_int_eq(memcmp(w.order, WANTED, 4), 0);
}
END_TEST

Suite *windows_suite(void);
Suite *windows_suite(void)
{
    Suite *suite = suite_create("windows");
    TCase *tcase = tcase_create("map");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_place_has_one_owner_whatever_is_done);
    tcase_add_test(tcase, frames_at_the_ends_of_the_numbers_are_clipped);
    tcase_add_test(tcase, no_window_gets_lost);
    tcase_add_test(tcase, raising_changes_nothing_but_the_order);
    suite_add_tcase(suite, tcase);
    return suite;
}
