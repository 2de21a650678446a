/* The DMA controllers against the 8237A data sheet and the AT's wiring. */
#include <check.h>
#include <string.h>

#include "devices/i8237.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

enum { WRITE = 0x44, READ = 0x48, VERIFY = 0x40, AUTO = 0x10, DOWN = 0x20 };

/* Cascade on, as a BIOS leaves it. */
static struct device_fixture *make(void)
{
    struct device_fixture *f = device_fixture_new(&I8237_TYPE, NULL);
    fixture_out(f, 0xD6, 0xC0);
    fixture_out(f, 0xD4, 0x00);
    return f;
}

/* Programs channel 2 (bytes) or 5 (words). */
static void program(struct device_fixture *f, unsigned channel, uint8_t mode, uint32_t address,
                    uint16_t count)
{
    bool is_word = channel == 5;
    uint16_t base = is_word ? 0xC0 : 0x00, step = is_word ? 2 : 1;
    uint16_t counter = (uint16_t)(base + (channel & 3) * 2 * step);
    uint16_t value = (uint16_t)(is_word ? address >> 1 : address);
    fixture_out(f, (uint16_t)(base + 12 * step), 0);
    fixture_out(f, counter, (uint8_t)value);
    fixture_out(f, counter, (uint8_t)(value >> 8));
    fixture_out(f, (uint16_t)(counter + step), (uint8_t)count);
    fixture_out(f, (uint16_t)(counter + step), (uint8_t)(count >> 8));
    fixture_out(f, is_word ? 0x8B : 0x81, (uint8_t)(address >> 16));
    fixture_out(f, (uint16_t)(base + 11 * step), (uint8_t)(mode | (channel & 3)));
    fixture_out(f, (uint16_t)(base + 10 * step), (uint8_t)(channel & 3));
}

static size_t move(struct device_fixture *f, unsigned channel, void *bytes, size_t count,
                   bool to_memory, bool *terminal)
{
    struct dma_channel connection;
    i8237_connect(f->device, channel, &connection);
    return connection.transfer(connection.controller, connection.channel, bytes, count, to_memory,
                               terminal);
}

START_TEST(device_to_memory_up_to_terminal_count)
{
    struct device_fixture *f = make();
    uint8_t sector[600], found[600];
    bool terminal;
    memset(sector, 0x5A, sizeof sector);
    program(f, 2, WRITE, 0x12345, 511);
    ck_assert_uint_eq(move(f, 2, sector, 100, true, &terminal), 100);
    ck_assert(!terminal);
    ck_assert_uint_eq(move(f, 2, sector, 500, true, &terminal), 412);
    ck_assert(terminal);
    space_peek(&f->memory, 0x12345, found, 513);
    ck_assert_mem_eq(found, sector, 512);
    ck_assert_uint_eq(found[512], 0);
    ck_assert_uint_eq(fixture_in(f, 0x08), 0x04); /* TC of channel 2 */
    ck_assert_uint_eq(fixture_in(f, 0x08), 0x00); /* cleared by the read */
    ck_assert_uint_eq(move(f, 2, sector, 1, true, &terminal), 0); /* masked now */
    device_fixture_free(f);
}
END_TEST

START_TEST(memory_to_device)
{
    struct device_fixture *f = make();
    uint8_t bytes[16];
    bool terminal;
    space_poke(&f->memory, 0x20000, "0123456789abcdef", 16);
    program(f, 2, READ, 0x20000, 15);
    ck_assert_uint_eq(move(f, 2, bytes, 16, false, &terminal), 16);
    ck_assert_mem_eq(bytes, "0123456789abcdef", 16);
    ck_assert(terminal);
    device_fixture_free(f);
}
END_TEST

START_TEST(address_wraps_inside_its_page)
{
    struct device_fixture *f = make();
    uint8_t bytes[4] = {1, 2, 3, 4}, found[2];
    bool terminal;
    program(f, 2, WRITE, 0x3FFFE, 3);
    move(f, 2, bytes, 4, true, &terminal);
    space_peek(&f->memory, 0x3FFFE, found, 2);
    ck_assert_mem_eq(found, bytes, 2);
    space_peek(&f->memory, 0x30000, found, 2);
    ck_assert_mem_eq(found, bytes + 2, 2);
    device_fixture_free(f);
}
END_TEST

START_TEST(word_channel_counts_words_in_pages_of_128k)
{
    struct device_fixture *f = make();
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, found[8];
    bool terminal;
    program(f, 5, WRITE, 0x40010, 3);
    fixture_out(f, 0x8B, 0x05); /* bit 0 is ignored: A16 comes from the word address */
    ck_assert_uint_eq(move(f, 5, bytes, 8, true, &terminal), 8);
    ck_assert(terminal);
    space_peek(&f->memory, 0x40010, found, 8);
    ck_assert_mem_eq(found, bytes, 8);
    device_fixture_free(f);
}
END_TEST

START_TEST(autoinitialisation_starts_over)
{
    struct device_fixture *f = make();
    uint8_t bytes[4] = {1, 2, 3, 4}, found[4];
    bool terminal;
    program(f, 2, WRITE | AUTO, 0x10000, 3);
    move(f, 2, bytes, 4, true, &terminal);
    ck_assert(terminal);
    bytes[0] = 9;
    ck_assert_uint_eq(move(f, 2, bytes, 4, true, &terminal), 4);
    space_peek(&f->memory, 0x10000, found, 4);
    ck_assert_mem_eq(found, bytes, 4);
    device_fixture_free(f);
}
END_TEST

START_TEST(address_counts_down_when_told)
{
    struct device_fixture *f = make();
    uint8_t bytes[3] = {1, 2, 3}, found[3];
    bool terminal;
    program(f, 2, WRITE | DOWN, 0x10002, 2);
    move(f, 2, bytes, 3, true, &terminal);
    space_peek(&f->memory, 0x10000, found, 3);
    ck_assert_uint_eq(found[0], 3);
    ck_assert_uint_eq(found[2], 1);
    device_fixture_free(f);
}
END_TEST

START_TEST(verify_counts_and_touches_nothing)
{
    struct device_fixture *f = make();
    uint8_t bytes[4] = {1, 2, 3, 4}, found[4];
    bool terminal;
    program(f, 2, VERIFY, 0x10000, 3);
    ck_assert_uint_eq(move(f, 2, bytes, 4, true, &terminal), 4);
    ck_assert(terminal);
    space_peek(&f->memory, 0x10000, found, 4);
    ck_assert_uint_eq(found[0], 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(nothing_moves_without_cascade_when_masked_or_disabled)
{
    struct device_fixture *f = make();
    uint8_t bytes[4] = {0};
    bool terminal;
    program(f, 2, WRITE, 0x10000, 3);
    fixture_out(f, 0xD4, 0x04); /* channel 4 masked */
    ck_assert_uint_eq(move(f, 2, bytes, 1, true, &terminal), 0);
    fixture_out(f, 0xD4, 0x00);
    fixture_out(f, 0x08, 0x04); /* controller off */
    ck_assert_uint_eq(move(f, 2, bytes, 1, true, &terminal), 0);
    fixture_out(f, 0x08, 0x00);
    fixture_out(f, 0x0A, 0x06);
    ck_assert_uint_eq(move(f, 2, bytes, 1, true, &terminal), 0);
    fixture_out(f, 0x0E, 0x00);
    ck_assert_uint_eq(move(f, 2, bytes, 1, true, &terminal), 1);
    device_fixture_free(f);
}
END_TEST

START_TEST(flip_flop_orders_the_bytes)
{
    struct device_fixture *f = make();
    program(f, 2, WRITE, 0x1234, 0x5678);
    ck_assert_uint_eq(fixture_in(f, 0x04), 0x34);
    fixture_out(f, 0x0C, 0);
    ck_assert_uint_eq(fixture_in(f, 0x05), 0x78);
    ck_assert_uint_eq(fixture_in(f, 0x05), 0x56);
    device_fixture_free(f);
}
END_TEST

START_TEST(wrong_direction_is_reported)
{
    struct device_fixture *f = make();
    uint8_t bytes[4] = {0};
    bool terminal;
    program(f, 2, READ, 0x10000, 3);
    move(f, 2, bytes, 2, true, &terminal);
    ck_assert_uint_eq(f->guest_errors, 1);
    device_fixture_free(f);
}
END_TEST

START_TEST(accesses_are_described)
{
    struct device_fixture *f = make();
    fixture_out(f, 0x0C, 0);
    fixture_out(f, 0x05, 0xFF);
    ck_assert_str_eq(fixture_describe(f, f->device, 0x05, true, 0x01),
                     "channel 2 count, high byte: 512 bytes");
    ck_assert_str_eq(fixture_describe(f, f->device, 0x81, true, 0x0A), "page of channel 2: 0Ah");
    device_fixture_free(f);
}
END_TEST

START_TEST(two_controllers_do_not_see_each_other)
{
    struct device_fixture *a = make(), *b = make();
    uint8_t bytes[4] = {1, 2, 3, 4}, found[4];
    uint64_t before;
    bool terminal;
    program(b, 2, WRITE, 0x20000, 9);
    before = fixture_hash(b->device);
    program(a, 2, WRITE, 0x10000, 3);
    ck_assert_uint_eq(move(a, 2, bytes, 4, true, &terminal), 4);
    ck_assert(terminal);
    ck_assert_uint_eq(fixture_hash(b->device), before);
    ck_assert_uint_eq(fixture_in(b, 0x08), 0x00); /* no TC here */
    ck_assert_uint_eq(move(b, 2, bytes, 4, true, &terminal), 4); /* nor a mask */
    ck_assert(!terminal);
    space_peek(&a->memory, 0x20000, found, 4);
    ck_assert_mem_eq(found, "\0\0\0\0", 4);
    space_peek(&b->memory, 0x10000, found, 4);
    ck_assert_mem_eq(found, "\0\0\0\0", 4);
    space_peek(&b->memory, 0x20000, found, 4);
    ck_assert_mem_eq(found, bytes, 4);
    device_fixture_free(a);
    device_fixture_free(b);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct device_fixture *f = make();
    program(f, 2, WRITE, 0x12345, 511);
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

START_TEST(survives_random_accesses_and_transfers)
{
    struct device_fixture *f = make();
    static uint8_t bytes[0x20000];
    uint32_t seed = 8237;
    for (unsigned i = 0; i < 200; i++) {
        bool terminal;
        fixture_hostile(f, 1 + i, 50);
        move(f, fixture_random(&seed) % 8, bytes, fixture_random(&seed) % sizeof bytes,
             fixture_random(&seed) & 1, &terminal);
    }
    device_fixture_free(f);
}
END_TEST

Suite *i8237_suite(void)
{
    Suite *suite = suite_create("i8237");
    TCase *tests = tcase_create("i8237");
    tcase_add_test(tests, device_to_memory_up_to_terminal_count);
    tcase_add_test(tests, memory_to_device);
    tcase_add_test(tests, address_wraps_inside_its_page);
    tcase_add_test(tests, word_channel_counts_words_in_pages_of_128k);
    tcase_add_test(tests, autoinitialisation_starts_over);
    tcase_add_test(tests, address_counts_down_when_told);
    tcase_add_test(tests, verify_counts_and_touches_nothing);
    tcase_add_test(tests, nothing_moves_without_cascade_when_masked_or_disabled);
    tcase_add_test(tests, flip_flop_orders_the_bytes);
    tcase_add_test(tests, wrong_direction_is_reported);
    tcase_add_test(tests, accesses_are_described);
    tcase_add_test(tests, two_controllers_do_not_see_each_other);
    tcase_add_test(tests, state_is_saved_whole);
    tcase_add_test(tests, survives_random_accesses_and_transfers);
    suite_add_tcase(suite, tests);
    return suite;
}
