/* The keyboard's arbiter: a key pressed on the host's keyboard goes through its controller and the
 * VMM's driver to the guest in focus. The oracle for the scan codes is a table of this test, made by
 * hand from the IBM PC/AT Technical Reference's drawing of set 1. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/ps2.h"
#include "devices/types.h"
#include "hypervisor/vdisplay_internal.h"
#include "hypervisor/vinput.h"
#include "tests/unit/fixture.h"

#define GUESTS 3u
enum { KEY_A = 0x04, KEY_N = 0x11, KEY_P = 0x13, KEY_1 = 0x1E, KEY_3 = 0x20, KEY_9 = 0x26, PAUSE = 0x48,
       KEY_H = 0x0B, KEY_S = 0x16, EQUAL = 0x2E, MINUS = 0x2D,
       RIGHT = 0x4F, LEFT = 0x50, DOWN = 0x51, SHIFT = 0xE1, CTRL = 0xE0, ALT = 0xE2, RIGHT_CTRL = 0xE4 };

struct keyboard {
    struct input_port port;
    bool is_down[256];
    unsigned presses, releases;
    uint8_t last;
};

struct pointer {
    struct input_port port;
    int x, y, z;
    unsigned buttons;
};

static struct world world;
static struct vdisplay display;
static struct lab_guest lab_guests[GUESTS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
static struct pointer pointers[GUESTS];
static struct lab lab;
static struct vmm vmm;
static struct guest guests[GUESTS];
static struct machine host, machines[GUESTS];
static struct keyboard keyboards[GUESTS];
static struct device_fixture *f;
static struct device *controller, *keyboard, *mouse;
static struct error error;

static void take_key(void *self, uint8_t usage, bool is_pressed)
{
    struct keyboard *k = self;
    k->is_down[usage] = is_pressed;
    k->last = usage;
    if (is_pressed)
        k->presses++;
    else
        k->releases++;
}

static void take_move(void *self, int dx, int dy, int dz, unsigned buttons)
{
    struct pointer *p = self;
    p->x += dx;
    p->y += dy;
    p->z += dz;
    p->buttons = buttons;
}

static void host_irq(void *self, unsigned input, bool level)
{
    (void)self;
    if (level)
        vmm.isr[input](vmm.isr_self[input]);
}

static void setup(void)
{
    struct device_config config = {.name = "kbc"};
    memset(&world, 0, sizeof world);
    log_init(&world.log, LOG_WARNING);
    memset(&vmm, 0, sizeof vmm);
    memset(guests, 0, sizeof guests);
    memset(machines, 0, sizeof machines);
    memset(keyboards, 0, sizeof keyboards);
    memset(&host, 0, sizeof host);
    memset(pointers, 0, sizeof pointers);
    memset(&display, 0, sizeof display);
    windows_init(&display.windows, 640, 480, 20, 20, GUESTS, 2);
    vmm.vdisplay = &display;
    f = fixture_new();
    ck_assert_int_eq(space_init(&host.ports, "host", SPACE_PORTS, &f->door, &error), STATUS_OK);
    f->env.ports = &host.ports;
    controller = fixture_add(f, &I8042_TYPE, &config);
    keyboard = fixture_add(f, &PS2_KEYBOARD_TYPE, NULL);
    i8042_plug(controller, PS2_KEYBOARD, keyboard);
    mouse = fixture_add(f, &PS2_MOUSE_TYPE, NULL);
    i8042_plug(controller, PS2_MOUSE, mouse);
    vmm.world = &world;
    vmm.lab = &lab;
    vmm.host = &host;
    vmm.guests = guests;
    vmm.guest_count = GUESTS;
    for (unsigned i = 0; i < GUESTS; i++) {
        keyboards[i].port = (struct input_port){.key = take_key, .self = &keyboards[i]};
        machines[i].keyboard = &keyboards[i].port;
        pointers[i].port = (struct input_port){.move = take_move, .self = &pointers[i]};
        machines[i].mouse = &pointers[i].port;
        clock_init(&machines[i].clock, &f->timeline);
        guests[i].vmm = &vmm;
        guests[i].lab = &lab_guests[i];
        guests[i].machine = &machines[i];
        guests[i].number = i;
    }
    ck_assert_int_eq(vinput_new(&vmm.vinput, &vmm, &error), STATUS_OK);
    irq_line_connect(device_pin(controller, "irq1"), host_irq, NULL, 1);
    irq_line_connect(device_pin(controller, "irq12"), host_irq, NULL, 12);
    fixture_run_us(f, 2000000); /* the keyboard's self-test */
    memset(keyboards[0].is_down, 0, sizeof keyboards[0].is_down);
    keyboards[0].presses = keyboards[0].releases = 0;
}

static void teardown(void)
{
    vinput_free(vmm.vinput);
    while (f->device_count > 0)
        device_free(f->devices[--f->device_count]);
    f->env.ports = &f->ports;
    space_fini(&host.ports);
    device_fixture_free(f);
}

static void press(uint8_t usage, bool is_pressed)
{
    struct input_port *port = ps2_keyboard_input(keyboard);
    port->key(port->self, usage, is_pressed);
    fixture_run_us(f, 50000);
}

static void tap(uint8_t usage)
{
    press(usage, true);
    press(usage, false);
}

/* HID usages by scan code of set 1; then the keys that send E0h first. */
static const uint8_t PLAIN[0x59] = {
    [0x01] = 0x29, [0x02] = 0x1E, [0x03] = 0x1F, [0x04] = 0x20, [0x05] = 0x21, [0x06] = 0x22,
    [0x07] = 0x23, [0x08] = 0x24, [0x09] = 0x25, [0x0A] = 0x26, [0x0B] = 0x27, [0x0C] = 0x2D,
    [0x0D] = 0x2E, [0x0E] = 0x2A, [0x0F] = 0x2B, [0x10] = 0x14, [0x11] = 0x1A, [0x12] = 0x08,
    [0x13] = 0x15, [0x14] = 0x17, [0x15] = 0x1C, [0x16] = 0x18, [0x17] = 0x0C, [0x18] = 0x12,
    [0x19] = 0x13, [0x1A] = 0x2F, [0x1B] = 0x30, [0x1C] = 0x28, [0x1D] = 0xE0, [0x1E] = 0x04,
    [0x1F] = 0x16, [0x20] = 0x07, [0x21] = 0x09, [0x22] = 0x0A, [0x23] = 0x0B, [0x24] = 0x0D,
    [0x25] = 0x0E, [0x26] = 0x0F, [0x27] = 0x33, [0x28] = 0x34, [0x29] = 0x35, [0x2A] = 0xE1,
    [0x2B] = 0x31, [0x2C] = 0x1D, [0x2D] = 0x1B, [0x2E] = 0x06, [0x2F] = 0x19, [0x30] = 0x05,
    [0x31] = 0x11, [0x32] = 0x10, [0x33] = 0x36, [0x34] = 0x37, [0x35] = 0x38, [0x36] = 0xE5,
    [0x37] = 0x55, [0x38] = 0xE2, [0x39] = 0x2C, [0x3A] = 0x39, [0x3B] = 0x3A, [0x3C] = 0x3B,
    [0x3D] = 0x3C, [0x3E] = 0x3D, [0x3F] = 0x3E, [0x40] = 0x3F, [0x41] = 0x40, [0x42] = 0x41,
    [0x43] = 0x42, [0x44] = 0x43, [0x45] = 0x53, [0x46] = 0x47, [0x47] = 0x5F, [0x48] = 0x60,
    [0x49] = 0x61, [0x4A] = 0x56, [0x4B] = 0x5C, [0x4C] = 0x5D, [0x4D] = 0x5E, [0x4E] = 0x57,
    [0x4F] = 0x59, [0x50] = 0x5A, [0x51] = 0x5B, [0x52] = 0x62, [0x53] = 0x63, [0x54] = 0x46,
    [0x56] = 0x64, [0x57] = 0x44, [0x58] = 0x45};
static const uint8_t EXTENDED[0x5E] = {
    [0x1C] = 0x58, [0x1D] = 0xE4, [0x35] = 0x54, [0x37] = 0x46, [0x38] = 0xE6, [0x46] = 0x48,
    [0x47] = 0x4A, [0x48] = 0x52, [0x49] = 0x4B, [0x4B] = 0x50, [0x4D] = 0x4F, [0x4F] = 0x4D,
    [0x50] = 0x51, [0x51] = 0x4E, [0x52] = 0x49, [0x53] = 0x4C, [0x5B] = 0xE3, [0x5C] = 0xE7,
    [0x5D] = 0x65};

START_TEST(codes_of_set_1_name_their_keys)
{
    for (unsigned code = 0; code < 256; code++) {
        unsigned plain = code < sizeof PLAIN ? PLAIN[code] : 0;
        unsigned extended = code < sizeof EXTENDED ? EXTENDED[code] : 0;
        ck_assert_msg(vinput_usage((uint8_t)code, false) == plain, "code %02X", code);
        ck_assert_msg(vinput_usage((uint8_t)code, true) == extended, "code E0 %02X", code);
    }
}
END_TEST

START_TEST(every_key_arrives_pressed_and_released)
{
    for (const struct ps2_key *key = PS2_KEYS; key->name; key++) {
        uint8_t wanted = key->usage == 0x32 ? 0x31 : key->usage; /* one code in set 1 */
        keyboards[0].presses = keyboards[0].releases = 0;
        press(key->usage, true);
        if (key->kind != KEY_PAUSE)
            ck_assert_msg(keyboards[0].is_down[wanted], "%s is not pressed", key->name);
        press(key->usage, false);
        ck_assert_msg(!keyboards[0].is_down[wanted], "%s sticks", key->name);
        ck_assert_msg(keyboards[0].presses == 1 && keyboards[0].releases == 1 &&
                          keyboards[0].last == wanted,
                      "%s: %u presses, %u releases, last %02X", key->name, keyboards[0].presses,
                      keyboards[0].releases, keyboards[0].last);
    }
    ck_assert_uint_eq(keyboards[1].presses + keyboards[2].presses, 0);
}
END_TEST

START_TEST(pause_has_no_break_code_and_is_released_all_the_same)
{
    tap(PAUSE);
    ck_assert_uint_eq(keyboards[0].presses, 1);
    ck_assert_uint_eq(keyboards[0].releases, 1);
    press(CTRL, true); /* Break */
    tap(PAUSE);
    press(CTRL, false);
    ck_assert_uint_eq(keyboards[0].presses, 3);
    ck_assert_uint_eq(keyboards[0].releases, 3);
    tap(KEY_A);
    ck_assert_uint_eq(keyboards[0].last, KEY_A);
}
END_TEST

static void check_focus(unsigned wanted)
{
    ck_assert_uint_eq(vinput_focus(vmm.vinput), wanted);
    for (unsigned usage = 0; usage < 256; usage++)
        for (unsigned i = 0; i < GUESTS; i++)
            ck_assert_msg(!keyboards[i].is_down[usage], "guest %u: key %02X sticks", i, usage);
}

static void hot_key(uint8_t control, uint8_t usage)
{
    press(control, true);
    press(ALT, true);
    press(usage, true);
    press(usage, false);
    press(ALT, false);
    press(control, false);
}

START_TEST(hot_keys_move_the_focus_and_leave_no_key_down)
{
    hot_key(CTRL, RIGHT);
    check_focus(1);
    hot_key(CTRL, KEY_N);
    check_focus(2);
    hot_key(RIGHT_CTRL, RIGHT);
    check_focus(0);
    hot_key(CTRL, LEFT);
    check_focus(2);
    hot_key(CTRL, KEY_P);
    check_focus(1);
    hot_key(CTRL, KEY_1);
    check_focus(0);
    hot_key(CTRL, KEY_3);
    check_focus(2);
    hot_key(CTRL, KEY_9); /* there is no ninth guest */
    check_focus(2);
    ck_assert_uint_eq(vinput_counts(vmm.vinput)->hot_keys, 8);
    tap(KEY_A);
    ck_assert_uint_eq(keyboards[2].last, KEY_A);
    ck_assert_uint_ne(keyboards[0].last, KEY_A);
    for (unsigned i = 0; i < GUESTS; i++) /* no guest ever saw a hot key */
        ck_assert_uint_eq(keyboards[i].presses, keyboards[i].releases);
}
END_TEST

START_TEST(without_both_modifiers_the_keys_are_the_guests)
{
    press(CTRL, true);
    tap(RIGHT);
    ck_assert_uint_eq(keyboards[0].last, RIGHT);
    press(RIGHT_CTRL, true);
    press(ALT, true);
    press(CTRL, false); /* the other Ctrl is still held */
    tap(KEY_N);
    press(ALT, false);
    press(RIGHT_CTRL, false);
    check_focus(1);
    press(ALT, true);
    tap(KEY_N);
    press(ALT, false);
    check_focus(1);
    ck_assert_uint_eq(keyboards[1].presses, 2);
}
END_TEST

START_TEST(a_key_held_over_a_change_of_focus_is_released_for_the_old_guest)
{
    press(KEY_A, true);
    ck_assert(keyboards[0].is_down[KEY_A]);
    vinput_set_focus(vmm.vinput, 1);
    ck_assert(!keyboards[0].is_down[KEY_A]);
    press(KEY_A, false);
    check_focus(1);
    ck_assert_uint_eq(keyboards[1].releases, 0);
    vinput_set_focus(vmm.vinput, 77);
    check_focus(1);
}
END_TEST

START_TEST(guests_that_have_ended_get_no_keys)
{
    guests[0].has_ended = true;
    tap(KEY_A);
    ck_assert_uint_eq(keyboards[0].presses, 0);
    hot_key(CTRL, RIGHT);
    tap(KEY_A);
    ck_assert_uint_eq(keyboards[1].presses, 1);
}
END_TEST

static void push(int dx, int dy, int dz, unsigned buttons)
{
    struct input_port *port = ps2_mouse_input(mouse);
    port->move(port->self, dx, dy, dz, buttons);
    fixture_run_us(f, 50000);
}

START_TEST(the_mouse_moves_the_guest_in_focus)
{
    push(7, -3, 1, 1);
    ck_assert_int_eq(pointers[0].x, 7);
    ck_assert_int_eq(pointers[0].y, -3);
    ck_assert_int_eq(pointers[0].z, 1); /* the driver found the wheel */
    ck_assert_uint_eq(pointers[0].buttons, 1);
    vinput_set_focus(vmm.vinput, 2);
    ck_assert_uint_eq(pointers[0].buttons, 0); /* no button sticks */
    push(-200, 150, 0, 4);
    ck_assert_int_eq(pointers[2].x, -200);
    ck_assert_int_eq(pointers[2].y, 150);
    ck_assert_uint_eq(pointers[2].buttons, 4);
    ck_assert_int_eq(pointers[0].x, 7);
    ck_assert_int_eq(pointers[1].x, 0);
}
END_TEST

/* A picture of 800 x 600 in a window with room for 200 x 150: each place of the display is four. */
START_TEST(movements_are_in_the_windows_coordinates)
{
    display.panes[0].picture_width = 800;
    display.panes[0].picture_height = 600;
    windows_resize(&display.windows, 0, 204, 174);
    push(5, 2, 0, 0);
    ck_assert_int_eq(pointers[0].x, 20);
    ck_assert_int_eq(pointers[0].y, 8);
    display.panes[0].picture_width = 100; /* enlarged twice: what is no whole place waits */
    display.panes[0].picture_height = 75;
    for (int i = 0; i < 6; i++)
        push(1, -1, 0, 0);
    ck_assert_int_eq(pointers[0].x, 23);
    ck_assert_int_eq(pointers[0].y, 5);
}
END_TEST

START_TEST(keys_and_mouse_go_to_all_on_request)
{
    hot_key(CTRL, KEY_A);
    ck_assert(vinput_is_broadcast(vmm.vinput));
    press(KEY_N, true);
    push(3, 4, 0, 2);
    for (unsigned i = 0; i < GUESTS; i++) {
        ck_assert(keyboards[i].is_down[KEY_N]);
        ck_assert_int_eq(pointers[i].x, 3);
        ck_assert_uint_eq(pointers[i].buttons, 2);
    }
    hot_key(CTRL, KEY_A);
    check_focus(0); /* and nothing is held */
    for (unsigned i = 0; i < GUESTS; i++)
        ck_assert_uint_eq(pointers[i].buttons, 0);
    press(KEY_N, false);
    tap(KEY_1);
    ck_assert_uint_eq(keyboards[0].last, KEY_1);
    ck_assert_uint_ne(keyboards[1].last, KEY_1);
}
END_TEST

START_TEST(hot_keys_move_scale_raise_and_hide_the_window)
{
    const struct window *window = &display.windows.at[1];
    int32_t x = window->x, y = window->y;
    hot_key(CTRL, RIGHT);
    ck_assert_uint_eq(display.windows.order[GUESTS - 1], 1); /* the focus raises */
    press(SHIFT, true);
    hot_key(CTRL, LEFT);
    hot_key(CTRL, DOWN);
    hot_key(CTRL, DOWN);
    press(SHIFT, false);
    ck_assert_int_eq(window->x, x - 40);
    ck_assert_int_eq(window->y, y + 80);
    display.panes[1].picture_width = 200;
    display.panes[1].picture_height = 100;
    hot_key(CTRL, EQUAL);
    ck_assert_uint_eq(vdisplay_fit(&display, 1).width, 250); /* 125 % */
    hot_key(CTRL, MINUS);
    hot_key(CTRL, MINUS);
    ck_assert_uint_eq(vdisplay_fit(&display, 1).width, 150);
    ck_assert_uint_eq(vdisplay_fit(&display, 1).height, 75);
    hot_key(CTRL, KEY_H);
    ck_assert(window->is_hidden);
    hot_key(CTRL, KEY_H);
    ck_assert(!window->is_hidden);
    check_focus(1);
}
END_TEST

START_TEST(hot_keys_pause_and_resume_the_guest_in_focus)
{
    hot_key(CTRL, KEY_S);
    ck_assert(guests[0].is_paused && !guests[1].is_paused);
    hot_key(CTRL, KEY_S);
    ck_assert(!guests[0].is_paused);
    ck_assert_uint_eq(vinput_counts(vmm.vinput)->hot_keys, 2);
}
END_TEST

Suite *vinput_suite(void)
{
    Suite *suite = suite_create("vinput");
    TCase *tcase = tcase_create("keyboard");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, codes_of_set_1_name_their_keys);
    tcase_add_test(tcase, every_key_arrives_pressed_and_released);
    tcase_add_test(tcase, pause_has_no_break_code_and_is_released_all_the_same);
    tcase_add_test(tcase, hot_keys_move_the_focus_and_leave_no_key_down);
    tcase_add_test(tcase, without_both_modifiers_the_keys_are_the_guests);
    tcase_add_test(tcase, a_key_held_over_a_change_of_focus_is_released_for_the_old_guest);
    tcase_add_test(tcase, guests_that_have_ended_get_no_keys);
    tcase_add_test(tcase, the_mouse_moves_the_guest_in_focus);
    tcase_add_test(tcase, movements_are_in_the_windows_coordinates);
    tcase_add_test(tcase, keys_and_mouse_go_to_all_on_request);
    tcase_add_test(tcase, hot_keys_move_scale_raise_and_hide_the_window);
    tcase_add_test(tcase, hot_keys_pause_and_resume_the_guest_in_focus);
    suite_add_tcase(suite, tcase);
    return suite;
}
