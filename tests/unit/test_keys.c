/* Keys of windows and terminals to HID usages; expected codes are HID Usage Tables 1.12, page 7, and
 * the sequences that xterm and the Linux console send (console_codes(4), ctlseqs). */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "frontends/frontend.h"
#include "frontends/keys.h"

static struct key_stroke typed(const char *bytes)
{
    size_t used;
    struct key_stroke key = keys_from_terminal((const uint8_t *)bytes, strlen(bytes), &used);
    ck_assert_uint_eq(used, strlen(bytes));
    return key;
}

START_TEST(characters_name_the_keys_of_a_us_keyboard)
{
    static const struct {
        char character;
        uint8_t usage;
        bool shift;
    } CASES[] = {{'a', 0x04, false}, {'Z', 0x1D, true},  {'1', 0x1E, false}, {'!', 0x1E, true},
                 {'0', 0x27, false}, {')', 0x27, true},  {'-', 0x2D, false}, {'_', 0x2D, true},
                 {'|', 0x31, true},  {'\'', 0x34, false}, {'~', 0x35, true}, {'?', 0x38, true},
                 {' ', 0x2C, false}, {'\r', 0x28, false}, {'\t', 0x2B, false}, {'\x7F', 0x2A, false}};
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct key_stroke key = keys_from_ascii((uint8_t)CASES[i].character);
        ck_assert_uint_eq(key.usage, CASES[i].usage);
        ck_assert(key.has_shift == CASES[i].shift);
        ck_assert(!key.has_ctrl && !key.has_alt);
    }
    for (unsigned c = 0x20; c < 0x7F; c++)
        ck_assert_uint_ne(keys_from_ascii((uint8_t)c).usage, KEY_NONE);
}
END_TEST

START_TEST(control_characters_hold_ctrl)
{
    struct key_stroke key = typed("\x03");
    ck_assert_uint_eq(key.usage, 0x06);
    ck_assert(key.has_ctrl && !key.has_shift);
    key = typed("\x1C");
    ck_assert_uint_eq(key.usage, 0x31);
    ck_assert(key.has_ctrl);
}
END_TEST

START_TEST(sequences_name_function_and_cursor_keys)
{
    static const struct {
        const char *bytes;
        uint8_t usage;
        bool shift, ctrl, alt;
    } CASES[] = {{"\033[A", 0x52, false, false, false},  {"\033OB", 0x51, false, false, false},
                 {"\033[1;5C", 0x4F, false, true, false}, {"\033[1;3D", 0x50, false, false, true},
                 {"\033[3~", 0x4C, false, false, false}, {"\033[6;2~", 0x4E, true, false, false},
                 {"\033OP", 0x3A, false, false, false},  {"\033[15~", 0x3E, false, false, false},
                 {"\033[24~", 0x45, false, false, false}, {"\033[[E", 0x3E, false, false, false},
                 {"\033x", 0x1B, false, false, true},    {"\033[Z", 0x2B, true, false, false}};
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct key_stroke key = typed(CASES[i].bytes);
        ck_assert_msg(key.usage == CASES[i].usage, "%zu: %02X", i, key.usage);
        ck_assert(key.has_shift == CASES[i].shift && key.has_ctrl == CASES[i].ctrl &&
                  key.has_alt == CASES[i].alt);
    }
}
END_TEST

START_TEST(incomplete_sequences_wait_and_garbage_is_consumed)
{
    size_t used = 9;
    uint8_t noise[64];
    uint32_t seed = 5;
    keys_from_terminal((const uint8_t *)"\033[1;", 4, &used);
    ck_assert_uint_eq(used, 0);
    keys_from_terminal((const uint8_t *)"\033", 1, &used);
    ck_assert_uint_eq(used, 0);
    memset(noise, '1', sizeof noise);
    noise[0] = 0x1B;
    noise[1] = '[';
    keys_from_terminal(noise, sizeof noise, &used);
    ck_assert_uint_gt(used, 0);
    for (unsigned round = 0; round < 10000; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * 1103515245u + 12345u;
            noise[i] = (uint8_t)(seed >> 16);
        }
        noise[0] = 0x1B;
        keys_from_terminal(noise, sizeof noise, &used);
        ck_assert_uint_gt(used, 0);
        ck_assert_uint_le(used, sizeof noise);
    }
}
END_TEST

START_TEST(scancodes_are_usages_up_to_the_right_gui_key)
{
    ck_assert_uint_eq(keys_from_scancode(4), 0x04);
    ck_assert_uint_eq(keys_from_scancode(231), 0xE7);
    ck_assert_uint_eq(keys_from_scancode(232), 0);
    ck_assert_uint_eq(keys_from_scancode(0), 0);
    ck_assert_uint_eq(keys_from_scancode(70000), 0);
}
END_TEST

START_TEST(records_survive_the_log)
{
    static const struct input_record RECORDS[] = {
        {.kind = INPUT_KEY, .usage = 0x52, .is_pressed = true},
        {.kind = INPUT_MOUSE, .dx = -300, .dy = 17, .dz = -1, .buttons = 5},
        {.kind = INPUT_SERIAL, .character = 0xE4},
        {.kind = INPUT_QUIT}};
    uint8_t bytes[INPUT_RECORD_BYTES] = {0};
    struct input_record back;
    for (size_t i = 0; i < ARRAY_COUNT(RECORDS); i++) {
        input_record_pack(&RECORDS[i], bytes);
        ck_assert(input_record_unpack(&back, bytes, sizeof bytes));
        ck_assert_int_eq(back.kind, RECORDS[i].kind);
        ck_assert_uint_eq(back.usage, RECORDS[i].usage);
        ck_assert(back.is_pressed == RECORDS[i].is_pressed);
        ck_assert_int_eq(back.dx, RECORDS[i].dx);
        ck_assert_int_eq(back.dy, RECORDS[i].dy);
        ck_assert_int_eq(back.dz, RECORDS[i].dz);
        ck_assert_uint_eq(back.buttons, RECORDS[i].buttons);
        ck_assert_uint_eq(back.character, RECORDS[i].character);
    }
    bytes[0] = 0;
    ck_assert(!input_record_unpack(&back, bytes, sizeof bytes));
    bytes[0] = 1;
    ck_assert(!input_record_unpack(&back, bytes, 7));
}
END_TEST

static void take_move(void *self, int dx, int dy, int dz, unsigned buttons)
{
    int *took = self;
    took[0] = dx;
    took[1] = dy;
    took[2] = dz;
    took[3] = (int)buttons;
}

/* A record's wheel is away from the user, as SDL has it; a mouse's towards him (IntelliMouse). */
START_TEST(a_record_moves_the_mouse_and_its_wheel)
{
    static const struct input_record RECORD = {
        .kind = INPUT_MOUSE, .dx = -300, .dy = 17, .dz = 2, .buttons = 24};
    int took[4] = {0};
    struct input_port mouse = {.move = take_move, .self = took};
    input_record_apply(&RECORD, NULL, &mouse);
    ck_assert_int_eq(took[0], -300);
    ck_assert_int_eq(took[1], 17);
    ck_assert_int_eq(took[2], -2);
    ck_assert_int_eq(took[3], 24);
    input_record_apply(&RECORD, NULL, NULL);
}
END_TEST

Suite *keys_suite(void)
{
    Suite *suite = suite_create("keys");
    TCase *tc = tcase_create("keys");
    tcase_add_test(tc, characters_name_the_keys_of_a_us_keyboard);
    tcase_add_test(tc, control_characters_hold_ctrl);
    tcase_add_test(tc, sequences_name_function_and_cursor_keys);
    tcase_add_test(tc, incomplete_sequences_wait_and_garbage_is_consumed);
    tcase_add_test(tc, scancodes_are_usages_up_to_the_right_gui_key);
    tcase_add_test(tc, records_survive_the_log);
    tcase_add_test(tc, a_record_moves_the_mouse_and_its_wheel);
    suite_add_tcase(suite, tc);
    return suite;
}
