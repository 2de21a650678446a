/* What came into a world comes into another at the same instants, in the same order. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "frontends/input_log.h"

static void drop(void *self, const uint8_t *bytes, size_t count)
{
    (void)self;
    (void)bytes;
    (void)count;
}

/* A world with two ways in, whose input is kept. */
struct side {
    struct world world;
    struct world_channel channels[2];
    struct input_log log;
};

static struct side *side_new(void)
{
    const struct world_options options = {0};
    struct error error;
    struct side *side = calloc(1, sizeof *side);
    ck_assert_int_eq(world_init(&side->world, &options, &error), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        side->channels[i].deliver = drop;
        world_add_channel(&side->world, &side->channels[i]);
    }
    input_log_init(&side->log, &side->world);
    return side;
}

static void side_free(struct side *side)
{
    input_log_fini(&side->log);
    world_fini(&side->world);
    free(side);
}

/* Record n: its instant, channel, length and bytes. */
static void put_record(struct side *side, unsigned n)
{
    uint8_t bytes[INPUT_LOG_RECORD_MAX];
    memset(bytes, (int)n, sizeof bytes);
    side->world.timeline.now = n / 3; /* three of an instant */
    world_input(&side->world, &side->channels[n % 2], bytes, n % (INPUT_LOG_RECORD_MAX + 1));
}

START_TEST(records_come_again_when_they_came)
{
    struct side *first[2] = {side_new(), side_new()}, *second = side_new();
    struct input_player player = {.log = &first[0]->log};
    uint8_t bytes[INPUT_LOG_RECORD_MAX], expected[INPUT_LOG_RECORD_MAX];
    size_t count;
    for (unsigned n = 0; n < 5000; n++) /* 5 MB: most of it is not in memory */
        put_record(first[0], n);
    put_record(first[1], 1);
    for (unsigned n = 0; n < 5000; n++) {
        const struct world_channel *channel = &second->channels[n % 2];
        second->world.timeline.now = n / 3 + 1;
        ck_assert(!input_player_take(&player, &second->world, channel, bytes, &count));
        second->world.timeline.now = n / 3;
        ck_assert(!input_player_take(&player, &second->world, &second->channels[!(n % 2)], bytes,
                                     &count));
        ck_assert(input_player_take(&player, &second->world, channel, bytes, &count));
        ck_assert_uint_eq(count, n % (INPUT_LOG_RECORD_MAX + 1));
        memset(expected, (int)n, sizeof expected);
        ck_assert(memcmp(bytes, expected, count) == 0);
        world_input(&second->world, channel, bytes, count);
    }
    ck_assert_uint_eq(second->world.input_hash, first[0]->world.input_hash);
    ck_assert(!input_player_take(&player, &second->world, &second->channels[0], bytes, &count));
    player = (struct input_player){.log = &first[1]->log}; /* the other world has its own */
    second->world.timeline.now = 0;
    ck_assert(input_player_take(&player, &second->world, &second->channels[1], bytes, &count));
    ck_assert_uint_eq(count, 1);
    for (unsigned i = 0; i < 2; i++)
        side_free(first[i]);
    side_free(second);
}
END_TEST

START_TEST(past_its_bound_it_is_cut_and_the_world_goes_on)
{
    struct side *side = side_new();
    uint8_t bytes[INPUT_LOG_RECORD_MAX] = {0};
    for (uint64_t n = 0; n < INPUT_LOG_BYTES_MAX / INPUT_LOG_RECORD_MAX + 64; n++)
        world_input(&side->world, &side->channels[0], bytes, sizeof bytes);
    ck_assert(side->log.is_cut);
    ck_assert_uint_le(side->log.stored, INPUT_LOG_BYTES_MAX);
    side_free(side);
}
END_TEST

Suite *input_log_suite(void)
{
    Suite *suite = suite_create("input_log");
    TCase *tests = tcase_create("input_log");
    tcase_add_test(tests, records_come_again_when_they_came);
    tcase_add_test(tests, past_its_bound_it_is_cut_and_the_world_goes_on);
    suite_add_tcase(suite, tests);
    return suite;
}
