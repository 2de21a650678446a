/* bus/state: saved forms, growth, damage. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/clock.h"
#include "bus/state.h"

struct part {
    uint8_t mode;
    uint32_t count;
};
static const struct state_field PART_STATE[] = {STATE_ONE(struct part, mode),
                                                STATE_ONE(struct part, count), STATE_TABLE_END};

struct chip {
    bool is_on;
    uint16_t word, words[3];
    uint64_t big;
    struct part part, parts[2];
    uint8_t *bytes;
    size_t length;
    void *wiring;
    struct event event;
    uint32_t added; /* since version 2 */
};
static const struct state_field CHIP_STATE[] = {
    STATE_ONE(struct chip, is_on),
    STATE_ONE(struct chip, word),
    STATE_ARRAY(struct chip, words),
    STATE_ONE(struct chip, big),
    STATE_STRUCT(struct chip, part, PART_STATE),
    STATE_STRUCTS(struct chip, parts, PART_STATE),
    STATE_BYTES(struct chip, bytes, length),
    STATE_REBUILT(struct chip, length),
    STATE_REBUILT(struct chip, wiring),
    STATE_TIMER(struct chip, event),
    {"added", STATE_UINT, 2, offsetof(struct chip, added), 4, 1, NULL, 0},
    STATE_TABLE_END};

static struct timeline timeline;
static struct clock chip_clock;
static struct chip chip;
static uint8_t bytes[5];
static struct state_stream stream;

static void fire(void *self)
{
    (void)self;
}

static void setup(void)
{
    static const uint8_t TEXT[5] = {0xB0, 0xB1, 0xB2, 0xB3, 0xB4};
    timeline_init(&timeline, 100000000);
    clock_init(&chip_clock, &timeline);
    memcpy(bytes, TEXT, sizeof bytes);
    chip = (struct chip){.is_on = true,
                         .word = 0x0201,
                         .words = {0x1211, 0x2221, 0x3231},
                         .big = UINT64_C(0x8786858483828180),
                         .part = {0x41, 0x45444342},
                         .parts = {{0x51, 0x55545352}, {0x61, 0x65646362}},
                         .bytes = bytes,
                         .length = sizeof bytes,
                         .wiring = &chip,
                         .added = 0x74737271};
    event_init(&chip.event, &chip_clock, "event", fire, &chip);
    event_arm(&chip.event, 0x1122);
    memset(&stream, 0, sizeof stream);
}

static void teardown(void)
{
    state_stream_free(&stream);
    event_fini(&chip.event);
    clock_fini(&chip_clock);
}

START_TEST(the_saved_form_is_little_endian_in_table_order_without_padding)
{
    static const uint8_t WANTED[] = {
        1, 0x01, 0x02, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32,
        0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x41, 0x42, 0x43, 0x44, 0x45, 0x51, 0x52, 0x53, 0x54, 0x55, 0x61, 0x62, 0x63, 0x64, 0x65,
        5, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0xB1, 0xB2, 0xB3, 0xB4,
        1, 0x22, 0x11, 0, 0, 0, 0, 0, 0};
    state_save(&stream, CHIP_STATE, &chip);
    ck_assert(!stream.has_failed);
    ck_assert_uint_eq(stream.used, sizeof WANTED + 8 + 4); /* the event's sequence, `added` */
    ck_assert_mem_eq(stream.bytes, WANTED, sizeof WANTED);
    ck_assert_uint_eq(load_le32(stream.bytes + stream.used - 4), 0x74737271);
}
END_TEST

START_TEST(save_load_save_gives_the_same_bytes)
{
    struct state_stream again = {0};
    uint64_t hash = state_hash(HASH_START, CHIP_STATE, &chip);
    state_save(&stream, CHIP_STATE, &chip);
    event_disarm(&chip.event);
    memset(bytes, 0, sizeof bytes);
    chip.is_on = false;
    chip.words[2] = 0;
    chip.big = 0;
    chip.parts[1].count = 0;
    ck_assert_uint_ne(state_hash(HASH_START, CHIP_STATE, &chip), hash);
    ck_assert(state_load(&stream, CHIP_STATE, &chip, 2));
    ck_assert_uint_eq(stream.read, stream.used);
    ck_assert(event_is_armed(&chip.event));
    ck_assert_uint_eq(chip.event.when, 0x1122);
    ck_assert_uint_eq(chip.parts[1].count, 0x65646362);
    ck_assert_ptr_eq(chip.wiring, &chip);
    state_save(&again, CHIP_STATE, &chip);
    ck_assert_uint_eq(again.used, stream.used);
    ck_assert_mem_eq(again.bytes, stream.bytes, again.used);
    ck_assert_uint_eq(state_hash(HASH_START, CHIP_STATE, &chip), hash);
    state_stream_free(&again);
}
END_TEST

START_TEST(rows_that_came_later_keep_their_value)
{
    state_save(&stream, CHIP_STATE, &chip);
    stream.used -= 4; /* as version 1 wrote it */
    chip.added = 42;
    chip.word = 0;
    ck_assert(state_load(&stream, CHIP_STATE, &chip, 1));
    ck_assert_uint_eq(chip.added, 42);
    ck_assert_uint_eq(chip.word, 0x0201);
    ck_assert_uint_eq(stream.read, stream.used);
}
END_TEST

START_TEST(every_cut_of_a_saved_form_is_refused)
{
    size_t whole;
    state_save(&stream, CHIP_STATE, &chip);
    whole = stream.used;
    for (size_t used = 0; used < whole; used++) {
        stream.used = used;
        stream.read = 0;
        stream.has_failed = false;
        ck_assert_msg(!state_load(&stream, CHIP_STATE, &chip, 2), "%zu bytes were enough", used);
    }
}
END_TEST

START_TEST(a_buffer_of_another_length_is_refused)
{
    state_save(&stream, CHIP_STATE, &chip);
    chip.length = 4;
    ck_assert(!state_load(&stream, CHIP_STATE, &chip, 2));
    ck_assert_uint_eq(bytes[4], 0xB4);
    chip.length = 5;
}
END_TEST

static enum status read_section(const char *name, struct error *error)
{
    struct state_stream payload;
    unsigned version;
    memset(error, 0, sizeof *error);
    stream.read = 0;
    stream.has_failed = false;
    return state_get_section(&stream, name, &version, &payload, error);
}

static void put_sections(void)
{
    struct state_stream payload = {0};
    state_put_section(&stream, "empty", 7, &payload);
    state_put_uint(&payload, 0x04030201, 4);
    state_put_section(&stream, "full", 3, &payload);
    state_stream_free(&payload);
}

START_TEST(sections_come_back_in_their_order)
{
    struct error error = {STATUS_OK, ""};
    struct state_stream payload;
    unsigned version;
    put_sections();
    ck_assert_int_eq(state_get_section(&stream, "empty", &version, &payload, &error), STATUS_OK);
    ck_assert_uint_eq(version, 7);
    ck_assert_uint_eq(payload.used, 0);
    ck_assert_int_eq(state_get_section(&stream, "full", &version, &payload, &error), STATUS_OK);
    ck_assert_uint_eq(version, 3);
    ck_assert_uint_eq(state_get_uint(&payload, 4), 0x04030201);
    ck_assert_uint_eq(stream.read, stream.used);
    ck_assert_int_eq(state_get_section(&stream, "more", &version, &payload, &error), STATUS_FILE);
    ck_assert_int_eq(read_section("full", &error), STATUS_FILE); /* "empty" comes first */
    ck_assert_ptr_nonnull(strstr(error.text, "'empty' where 'full' is expected"));
}
END_TEST

/* The CRC is that of zlib and Ethernet; 29058C73h is the one of these bytes by another program
 * (python3 -c "import zlib; print(hex(zlib.crc32(bytes(range(256)))))"). */
START_TEST(a_section_has_the_common_crc)
{
    struct state_stream payload = {0};
    for (unsigned i = 0; i < 256; i++)
        state_put_uint(&payload, i, 1);
    state_put_section(&stream, "s", 1, &payload);
    ck_assert_uint_eq(load_le32(stream.bytes + 2 + 1 + 4 + 8), 0x29058c73);
    state_stream_free(&payload);
}
END_TEST

START_TEST(each_damaged_bit_of_a_payload_is_found)
{
    struct error error;
    struct state_stream payload = {0};
    size_t head;
    state_put_uint(&payload, UINT64_C(0x123456789ABCDEF0), 8);
    state_put_section(&stream, "chip", 1, &payload);
    head = stream.used - 8;
    for (size_t bit = 0; bit < 64; bit++) {
        uint8_t *byte = &stream.bytes[head + bit / 8];
        *byte ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(read_section("chip", &error), STATUS_FILE);
        ck_assert_ptr_nonnull(strstr(error.text, "'chip' of the snapshot is damaged (CRC)"));
        *byte ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_int_eq(read_section("chip", &error), STATUS_OK);
    state_stream_free(&payload);
}
END_TEST

START_TEST(damaged_heads_are_refused_and_never_read_past_the_end)
{
    struct error error;
    size_t whole;
    put_sections();
    whole = stream.used;
    for (size_t used = 0; used < 19 + 5; used++) { /* "empty" has 5 + 2 + 4 + 8 + 4 bytes */
        uint8_t *exact = malloc(used + 1);
        struct state_stream cut = {exact, used, used, 0, false}, payload;
        unsigned version;
        memset(&error, 0, sizeof error);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, stream.bytes, used);
        if (used < 23)
            ck_assert_int_eq(state_get_section(&cut, "empty", &version, &payload, &error),
                             STATUS_FILE);
        free(exact);
    }
    for (size_t i = 0; i < whole; i++) {
        uint8_t old = stream.bytes[i];
        stream.bytes[i] = 0xFF; /* lengths become absurd */
        read_section("empty", &error);
        stream.bytes[i] = old;
    }
}
END_TEST

START_TEST(gaps_in_a_table_are_found)
{
    static const struct state_field WITHOUT_BIG[] = {
        STATE_ONE(struct chip, is_on), STATE_ONE(struct chip, word), STATE_ARRAY(struct chip, words),
        STATE_STRUCT(struct chip, part, PART_STATE), STATE_STRUCTS(struct chip, parts, PART_STATE),
        STATE_BYTES(struct chip, bytes, length), STATE_REBUILT(struct chip, length),
        STATE_REBUILT(struct chip, wiring), STATE_TIMER(struct chip, event),
        STATE_ONE(struct chip, added), STATE_TABLE_END};
    ck_assert_uint_eq(state_first_gap(CHIP_STATE, 0, sizeof(struct chip)), SIZE_MAX);
    ck_assert_uint_eq(state_first_gap(WITHOUT_BIG, 0, sizeof(struct chip)),
                      offsetof(struct chip, words) + sizeof chip.words);
}
END_TEST

Suite *state_suite(void)
{
    Suite *suite = suite_create("state");
    TCase *tcase = tcase_create("tables");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_saved_form_is_little_endian_in_table_order_without_padding);
    tcase_add_test(tcase, save_load_save_gives_the_same_bytes);
    tcase_add_test(tcase, rows_that_came_later_keep_their_value);
    tcase_add_test(tcase, every_cut_of_a_saved_form_is_refused);
    tcase_add_test(tcase, a_buffer_of_another_length_is_refused);
    tcase_add_test(tcase, sections_come_back_in_their_order);
    tcase_add_test(tcase, a_section_has_the_common_crc);
    tcase_add_test(tcase, each_damaged_bit_of_a_payload_is_found);
    tcase_add_test(tcase, damaged_heads_are_refused_and_never_read_past_the_end);
    tcase_add_test(tcase, gaps_in_a_table_are_found);
    suite_add_tcase(suite, tcase);
    return suite;
}
