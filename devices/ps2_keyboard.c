/* IBM PS/2 keyboard: keys in, scan codes out, commands from the controller.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, October 1990,
 * "Keyboards (101- and 102-Key)" ("PS2 Keyboards"), with its commands and sets 1-3.
 * Missing: the self test takes `selftest_ms`, not 500-750 ms, so that booting is not waiting.
 * Clock: typematic repeats. Output: the cable to the controller (ps2.h).
 *
 *   key() ──> codes of the set ──> queue (16 bytes, then one overrun code) ─┐
 *   command() ──> answers (sent first) ─────────────────────────────────────┴─> cable */
#include "devices/ps2.h"

#include <string.h>

#include "devices/types.h"

#define QUEUE_BYTES 16u  /* PS2 Keyboards, "Keyboard buffer" */
#define ANSWER_BYTES 8u
#define SET3_CODES 0x90u
#define LED_NUM_LOCK 0x02u

enum { ACK = 0xFA, RESEND = 0xFE, ECHO = 0xEE, SELF_TEST_PASSED = 0xAA };
enum { COMMAND_LEDS = 0xED, COMMAND_ECHO = 0xEE, COMMAND_SET = 0xF0, COMMAND_ID = 0xF2,
       COMMAND_RATE = 0xF3, COMMAND_ENABLE = 0xF4, COMMAND_DISABLE = 0xF5, COMMAND_DEFAULT = 0xF6,
       COMMAND_ALL_TYPEMATIC = 0xF7, COMMAND_ALL_MAKE_BREAK = 0xF8, COMMAND_ALL_MAKE = 0xF9,
       COMMAND_ALL = 0xFA, COMMAND_KEY_TYPEMATIC = 0xFB, COMMAND_KEY_MAKE_BREAK = 0xFC,
       COMMAND_KEY_MAKE = 0xFD, COMMAND_RESEND = 0xFE, COMMAND_RESET = 0xFF };
/* In set 3 the bits of a key's type: it may do both. */
enum { DOES_REPEAT = 1, DOES_BREAK = 2 };

struct ps2_keyboard {
    struct device device;
    uint8_t queue[QUEUE_BYTES], answers[ANSWER_BYTES];
    uint8_t queued, answered;
    bool has_overrun;        /* the queue's last byte is the overrun code */
    uint8_t last_sent;
    uint8_t command;         /* whose parameter is awaited; 0: none */
    uint8_t set;             /* 1-3 */
    uint8_t leds, rate;      /* as the commands set them */
    bool is_scanning;
    uint8_t set3_types[SET3_CODES];
    uint8_t pressed[32];     /* bits, by usage */
    uint8_t repeating;       /* the usage that repeats; 0: none */
    struct event repeat, self_test;
    struct ps2_cable cable;
    struct input_port input;
    uint64_t self_test_ns;
};

static const struct state_field STATE[] = {
    STATE_ARRAY(struct ps2_keyboard, queue),
    STATE_ARRAY(struct ps2_keyboard, answers),
    STATE_ONE(struct ps2_keyboard, queued),
    STATE_ONE(struct ps2_keyboard, answered),
    STATE_ONE(struct ps2_keyboard, has_overrun),
    STATE_ONE(struct ps2_keyboard, last_sent),
    STATE_ONE(struct ps2_keyboard, command),
    STATE_ONE(struct ps2_keyboard, set),
    STATE_ONE(struct ps2_keyboard, leds),
    STATE_ONE(struct ps2_keyboard, rate),
    STATE_ONE(struct ps2_keyboard, is_scanning),
    STATE_ARRAY(struct ps2_keyboard, set3_types),
    STATE_ARRAY(struct ps2_keyboard, pressed),
    STATE_ONE(struct ps2_keyboard, repeating),
    STATE_TIMER(struct ps2_keyboard, repeat),
    STATE_TIMER(struct ps2_keyboard, self_test),
    STATE_REBUILT(struct ps2_keyboard, cable),
    STATE_REBUILT(struct ps2_keyboard, input),
    STATE_REBUILT(struct ps2_keyboard, self_test_ns),
    STATE_TABLE_END,
};

/* --- bytes to the controller ------------------------------------------------------------------- */

static void tell_controller(struct ps2_keyboard *keyboard)
{
    if (keyboard->cable.ready)
        keyboard->cable.ready(keyboard->cable.controller);
}

static void answer(struct ps2_keyboard *keyboard, uint8_t byte)
{
    if (keyboard->answered < ANSWER_BYTES)
        keyboard->answers[keyboard->answered++] = byte;
}

/* A key's bytes, all or none; with no room the overrun code is queued once. */
static void enqueue(struct ps2_keyboard *keyboard, const uint8_t *bytes, unsigned count)
{
    if (keyboard->queued + count < QUEUE_BYTES) { /* the last place is the overrun code's */
        memcpy(keyboard->queue + keyboard->queued, bytes, count);
        keyboard->queued = (uint8_t)(keyboard->queued + count);
    } else if (!keyboard->has_overrun) {
        keyboard->queue[keyboard->queued++] = keyboard->set == 1 ? 0xFF : 0x00;
        keyboard->has_overrun = true;
    }
    tell_controller(keyboard);
}

static void empty_queue(struct ps2_keyboard *keyboard)
{
    keyboard->queued = 0;
    keyboard->has_overrun = false;
}

static bool has_byte(const void *self)
{
    const struct ps2_keyboard *keyboard = self;
    return keyboard->answered || keyboard->queued;
}

static uint8_t take(void *self)
{
    struct ps2_keyboard *keyboard = self;
    uint8_t *bytes = keyboard->answered ? keyboard->answers : keyboard->queue;
    uint8_t *count = keyboard->answered ? &keyboard->answered : &keyboard->queued;
    keyboard->last_sent = bytes[0];
    --*count;
    memmove(bytes, bytes + 1, *count);
    if (!keyboard->queued)
        keyboard->has_overrun = false;
    return keyboard->last_sent;
}

/* --- keys ---------------------------------------------------------------------------------------- */

static bool is_pressed(const struct ps2_keyboard *keyboard, uint8_t usage)
{
    return keyboard->pressed[usage >> 3] >> (usage & 7) & 1;
}

static bool is_alt_down(const struct ps2_keyboard *keyboard)
{
    return is_pressed(keyboard, 0xE2) || is_pressed(keyboard, 0xE6);
}
static bool is_ctrl_down(const struct ps2_keyboard *keyboard)
{
    return is_pressed(keyboard, 0xE0) || is_pressed(keyboard, 0xE4);
}
static bool is_shift_down(const struct ps2_keyboard *keyboard)
{
    return is_pressed(keyboard, 0xE1) || is_pressed(keyboard, 0xE5);
}

/* Make or break code of set 1 or 2: [E0] code, [E0] code | 80h or [E0] F0 code. */
static unsigned plain_code(unsigned set, bool has_e0, uint8_t code, bool is_make, uint8_t *bytes)
{
    unsigned count = 0;
    if (has_e0)
        bytes[count++] = 0xE0;
    if (!is_make && set == 2)
        bytes[count++] = 0xF0;
    bytes[count++] = (uint8_t)(is_make || set == 2 ? code : code | 0x80);
    return count;
}

/* The keys that an XT keyboard had on its keypad alone: between the blocks, and the keypad's "/". */
static bool is_cursor_key(const struct ps2_key *key)
{
    return key->usage >= 0x49 && key->usage <= 0x52;
}
#define USAGE_KEYPAD_SLASH 0x54u

/* For them Shift and Num Lock are undone as long as they are down, so that a program of then sees what it knows
 * (PS2 Keyboards, tables of sets 1 and 2: "Shift case", "Num Lock on"). `is_before`: in front of the make code. */
static unsigned shift_codes(const struct ps2_keyboard *keyboard, const struct ps2_key *key, bool is_before,
                            uint8_t *bytes)
{
    unsigned set = keyboard->set, count = 0;
    bool has_num_lock = (keyboard->leds & LED_NUM_LOCK) != 0;
    bool is_cursor = is_cursor_key(key);
    if (!is_cursor && key->usage != USAGE_KEYPAD_SLASH)
        return 0;
    if (is_cursor && has_num_lock)
        return is_shift_down(keyboard) ? 0 : plain_code(set, true, set == 1 ? 0x2A : 0x12, is_before, bytes);
    if (is_pressed(keyboard, 0xE1))
        count = plain_code(set, true, set == 1 ? 0x2A : 0x12, !is_before, bytes);
    if (is_pressed(keyboard, 0xE5))
        count += plain_code(set, true, set == 1 ? 0x36 : 0x59, !is_before, bytes + count);
    return count;
}

static unsigned key_code(const struct ps2_keyboard *keyboard, const struct ps2_key *key, bool is_make,
                         uint8_t *bytes)
{
    unsigned count = is_make ? shift_codes(keyboard, key, true, bytes) : 0;
    count += plain_code(keyboard->set, key->kind == KEY_E0, keyboard->set == 1 ? key->set1 : key->set2, is_make,
                        bytes + count);
    return is_make ? count : count + shift_codes(keyboard, key, false, bytes + count);
}

/* Print Screen: with Alt it is SysRq, a plain key; with Ctrl or Shift E0 37; else E0 2A before it
 * (PS2 Keyboards, table of set 1). */
static unsigned print_screen_code(const struct ps2_keyboard *keyboard, bool is_make, uint8_t *bytes)
{
    unsigned set = keyboard->set, count = 0;
    uint8_t shift = set == 1 ? 0x2A : 0x12, code = set == 1 ? 0x37 : 0x7C;
    if (is_alt_down(keyboard))
        return plain_code(set, false, set == 1 ? 0x54 : 0x84, is_make, bytes);
    if (is_ctrl_down(keyboard) || is_shift_down(keyboard))
        return plain_code(set, true, code, is_make, bytes);
    if (is_make)
        count = plain_code(set, true, shift, true, bytes);
    count += plain_code(set, true, code, is_make, bytes + count);
    if (!is_make)
        count += plain_code(set, true, shift, false, bytes + count);
    return count;
}

/* Pause sends make and break at once and nothing when released; with Ctrl it is Break. */
static unsigned pause_code(const struct ps2_keyboard *keyboard, bool is_make, uint8_t *bytes)
{
    static const uint8_t SET1[] = {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5};
    static const uint8_t SET2[] = {0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77};
    unsigned set = keyboard->set, count;
    if (!is_make)
        return 0;
    if (is_ctrl_down(keyboard)) {
        uint8_t code = set == 1 ? 0x46 : 0x7E;
        count = plain_code(set, true, code, true, bytes);
        return count + plain_code(set, true, code, false, bytes + count);
    }
    count = set == 1 ? sizeof SET1 : sizeof SET2;
    memcpy(bytes, set == 1 ? SET1 : SET2, count);
    return count;
}

static unsigned set3_code(const struct ps2_keyboard *keyboard, const struct ps2_key *key,
                          bool is_make, uint8_t *bytes)
{
    if (is_make) {
        bytes[0] = key->set3;
        return 1;
    }
    if (!(keyboard->set3_types[key->set3] & DOES_BREAK))
        return 0;
    bytes[0] = 0xF0;
    bytes[1] = key->set3;
    return 2;
}

static void send_key(struct ps2_keyboard *keyboard, const struct ps2_key *key, bool is_make)
{
    uint8_t bytes[8];
    unsigned count = 0;
    if (keyboard->set == 3)
        count = set3_code(keyboard, key, is_make, bytes);
    else if (key->kind == KEY_PRINT_SCREEN)
        count = print_screen_code(keyboard, is_make, bytes);
    else if (key->kind == KEY_PAUSE)
        count = pause_code(keyboard, is_make, bytes);
    else
        count = key_code(keyboard, key, is_make, bytes);
    if (count && keyboard->is_scanning)
        enqueue(keyboard, bytes, count);
}

/* --- typematic ------------------------------------------------------------------------------------- */

/* Delay of 250-1,000 ms; period (8 + A) * 2^B * 4.17 ms, exactly 1/240 s (PS2 Keyboards, F3h). */
static uint64_t delay_ns(const struct ps2_keyboard *keyboard)
{
    return UINT64_C(250000000) * ((keyboard->rate >> 5 & 3u) + 1);
}
static uint64_t period_ns(const struct ps2_keyboard *keyboard)
{
    uint64_t units = (8u + (keyboard->rate & 7u)) << (keyboard->rate >> 3 & 3u);
    return units * UINT64_C(1000000000) / 240;
}

static void stop_repeating(struct ps2_keyboard *keyboard)
{
    keyboard->repeating = 0;
    event_disarm(&keyboard->repeat);
}

static void start_repeating(struct ps2_keyboard *keyboard, const struct ps2_key *key)
{
    stop_repeating(keyboard);
    if (key->kind == KEY_PAUSE ||
        (keyboard->set == 3 && !(keyboard->set3_types[key->set3] & DOES_REPEAT)))
        return;
    keyboard->repeating = key->usage;
    event_arm(&keyboard->repeat,
              clock_after_ns(keyboard->device.env->clock, delay_ns(keyboard)));
}

static void repeat(void *self)
{
    struct ps2_keyboard *keyboard = self;
    const struct ps2_key *key = ps2_key_by_usage(keyboard->repeating);
    if (!key)
        return;
    if (!keyboard->queued) /* a slow reader gets no backlog of repeats */
        send_key(keyboard, key, true);
    event_arm(&keyboard->repeat,
              clock_after_ns(keyboard->device.env->clock, period_ns(keyboard)));
}

static void key_changed(void *self, uint8_t usage, bool is_down)
{
    struct ps2_keyboard *keyboard = self;
    const struct ps2_key *key = ps2_key_by_usage(usage);
    if (!key || is_pressed(keyboard, usage) == is_down)
        return; /* repeats of the workstation are not ours */
    if (is_down) {
        send_key(keyboard, key, true);
        keyboard->pressed[usage >> 3] |= (uint8_t)(1u << (usage & 7));
        start_repeating(keyboard, key);
    } else {
        keyboard->pressed[usage >> 3] &= (uint8_t)~(1u << (usage & 7));
        send_key(keyboard, key, false);
        if (keyboard->repeating == usage)
            stop_repeating(keyboard);
    }
}

/* --- commands ---------------------------------------------------------------------------------------- */

static void set_defaults(struct ps2_keyboard *keyboard)
{
    stop_repeating(keyboard);
    empty_queue(keyboard);
    keyboard->command = 0;
    keyboard->set = 2;
    keyboard->rate = 0x2B; /* 500 ms, 10.9 a second */
    memset(keyboard->set3_types, 0, sizeof keyboard->set3_types);
    for (const struct ps2_key *key = PS2_KEYS; key->name; key++)
        keyboard->set3_types[key->set3] = key->type == KEY_TYPEMATIC    ? DOES_REPEAT
                                          : key->type == KEY_MAKE_BREAK ? DOES_BREAK
                                                                        : 0;
}

static void self_test_ended(void *self)
{
    struct ps2_keyboard *keyboard = self;
    keyboard->leds = 0;
    keyboard->is_scanning = true;
    answer(keyboard, SELF_TEST_PASSED);
    tell_controller(keyboard);
}

static void start_self_test(struct ps2_keyboard *keyboard)
{
    set_defaults(keyboard);
    keyboard->is_scanning = false;
    event_arm(&keyboard->self_test,
              clock_after_ns(keyboard->device.env->clock, keyboard->self_test_ns));
}

static void parameter(struct ps2_keyboard *keyboard, uint8_t byte)
{
    uint8_t command = keyboard->command;
    switch (command) {
    case COMMAND_LEDS:
        keyboard->leds = byte & 7;
        break;
    case COMMAND_RATE:
        keyboard->rate = byte & 0x7F;
        break;
    case COMMAND_SET:
        if (byte > 3) {
            device_guest_error(&keyboard->device, "there is no scan code set %u", byte);
            answer(keyboard, RESEND);
            return;
        }
        answer(keyboard, ACK);
        if (byte == 0)
            answer(keyboard, keyboard->set);
        else
            keyboard->set = byte;
        keyboard->command = 0;
        return;
    default: /* FBh-FDh: keys follow until the next command */
        if (byte < SET3_CODES)
            keyboard->set3_types[byte] = command == COMMAND_KEY_TYPEMATIC    ? DOES_REPEAT
                                         : command == COMMAND_KEY_MAKE_BREAK ? DOES_BREAK
                                                                             : 0;
        answer(keyboard, ACK);
        return;
    }
    keyboard->command = 0;
    answer(keyboard, ACK);
}

static void set_all_types(struct ps2_keyboard *keyboard, uint8_t type)
{
    memset(keyboard->set3_types, type, sizeof keyboard->set3_types);
}

/* A command byte; those not named here are answered by RESEND. */
static void new_command(struct ps2_keyboard *keyboard, uint8_t byte)
{
    keyboard->command = 0;
    switch (byte) {
    case COMMAND_LEDS:
    case COMMAND_SET:
    case COMMAND_RATE:
    case COMMAND_KEY_TYPEMATIC:
    case COMMAND_KEY_MAKE_BREAK:
    case COMMAND_KEY_MAKE:
        keyboard->command = byte;
        stop_repeating(keyboard);
        break;
    case COMMAND_ECHO:
        answer(keyboard, ECHO);
        return;
    case COMMAND_RESEND:
        answer(keyboard, keyboard->last_sent);
        return;
    case COMMAND_ID:
        answer(keyboard, ACK);
        answer(keyboard, 0xAB);
        answer(keyboard, 0x83);
        return;
    case COMMAND_ENABLE:
        empty_queue(keyboard);
        keyboard->is_scanning = true;
        break;
    case COMMAND_DISABLE:
        set_defaults(keyboard);
        keyboard->is_scanning = false;
        break;
    case COMMAND_DEFAULT: set_defaults(keyboard); break;
    case COMMAND_ALL_TYPEMATIC: set_all_types(keyboard, DOES_REPEAT); break;
    case COMMAND_ALL_MAKE_BREAK: set_all_types(keyboard, DOES_BREAK); break;
    case COMMAND_ALL_MAKE: set_all_types(keyboard, 0); break;
    case COMMAND_ALL: set_all_types(keyboard, DOES_REPEAT | DOES_BREAK); break;
    case COMMAND_RESET: start_self_test(keyboard); break;
    default:
        device_guest_error(&keyboard->device, "command %02Xh is unknown to the keyboard", byte);
        answer(keyboard, RESEND);
        return;
    }
    answer(keyboard, ACK);
}

/* A command ends an unfinished one (PS2 Keyboards, "Commands from the system"). */
static void command(void *self, uint8_t byte)
{
    struct ps2_keyboard *keyboard = self;
    bool takes_keys = keyboard->command >= COMMAND_KEY_TYPEMATIC;
    keyboard->answered = 0;
    if (keyboard->command && byte < (takes_keys ? SET3_CODES : 0xED))
        parameter(keyboard, byte);
    else
        new_command(keyboard, byte);
    tell_controller(keyboard);
}

/* --- calls --------------------------------------------------------------------------------------------- */

struct ps2_cable *ps2_keyboard_cable(struct device *device)
{
    return &((struct ps2_keyboard *)device)->cable;
}

struct input_port *ps2_keyboard_input(struct device *device)
{
    return &((struct ps2_keyboard *)device)->input;
}

uint8_t ps2_keyboard_leds(const struct device *device)
{
    return ((const struct ps2_keyboard *)device)->leds;
}

/* --- life cycle ------------------------------------------------------------------------------------------ */

/* The keyboard has its own power-on reset and no RESET line. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct ps2_keyboard *keyboard = (struct ps2_keyboard *)device;
    if (kind != RESET_POWER_ON)
        return;
    memset(keyboard->pressed, 0, sizeof keyboard->pressed);
    memset(keyboard->queue, 0, sizeof keyboard->queue);
    memset(keyboard->answers, 0, sizeof keyboard->answers);
    keyboard->answered = keyboard->last_sent = keyboard->leds = 0;
    start_self_test(keyboard);
}

static const struct device_option OPTIONS[] = {
    {"selftest_ms", "10", "how long the self test takes; a real one needs 500-750", 1, 10000},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct ps2_keyboard *keyboard = (struct ps2_keyboard *)device;
    (void)error;
    keyboard->self_test_ns =
        device_number(&PS2_KEYBOARD_TYPE, config, "selftest_ms") * UINT64_C(1000000);
    event_init(&keyboard->repeat, config->env->clock, "ps2_keyboard typematic", repeat, keyboard);
    event_init(&keyboard->self_test, config->env->clock, "ps2_keyboard self test", self_test_ended,
               keyboard);
    keyboard->cable = (struct ps2_cable){
        .command = command, .has_byte = has_byte, .take = take, .self = keyboard};
    keyboard->input = (struct input_port){.key = key_changed, .self = keyboard};
    return STATUS_OK;
}

static void fini(struct device *device)
{
    struct ps2_keyboard *keyboard = (struct ps2_keyboard *)device;
    event_fini(&keyboard->repeat);
    event_fini(&keyboard->self_test);
}

static const struct reg_bank *const BANKS[] = {NULL};

const struct device_type PS2_KEYBOARD_TYPE = {
    .name = "ps2-keyboard",
    .title = "PS/2 keyboard with 102 keys",
    .datasheet = "IBM Personal System/2 Hardware Interface Technical Reference, October 1990, "
                 "Keyboards",
    .missing = "the time of the self test: a few milliseconds, not half a second",
    .size = sizeof(struct ps2_keyboard),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
};
