/* Keyboard controller: an 8042 with the PC's firmware, a keyboard and a mouse behind it.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, October 1990,
 * "Keyboard and Auxiliary Device Controller" ("PS2 Controller"); password commands and A20 also in the
 * IBM PC/AT Technical Reference, September 1985, "Keyboard Controller".
 * Missing: the 8042's own 5 µs at work (IBF is never seen set); else see the type's `missing`.
 * Clock: a byte takes 11 bits on the cable, 0.8 ms; the controller's own answers 10 µs.
 * Outputs: irq1, irq12, a20 (to port 92h's gate; without a wire the machine is told directly).
 *
 *   port 60h write ──> parameter of a command, or a byte to the keyboard
 *   port 64h write ──> command
 *   answers ──────────────────┐
 *   keyboard ─ set 2 -> 1 ────┼──> output buffer (OBF) ──> port 60h read; irq1 or irq12 while full
 *   mouse ────────────────────┘ */
#include <stdio.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"

#define CABLE_NS UINT64_C(800000)
#define ANSWER_NS UINT64_C(10000)
#define ANSWERS 4u
#define RAM_BYTES 32u
#define PASSWORD_BYTES 8u /* with the zero that ends it */
#define RAM_SECURED 0x13u   /* what is sent when the password is awaited; 0: nothing */
#define RAM_UNSECURED 0x14u /* and when it has been typed */
#define RAM_IGNORED 0x16u   /* two make codes that are no part of a password: the shift keys */
#define DUMP_RAM_BYTES 16u
#define DUMP_CODES 3u /* of a byte: its two digits and a space */
#define DUMP_ALL_CODES ((DUMP_RAM_BYTES + 3u) * DUMP_CODES)

enum { STATUS_OBF = 0x01, STATUS_SYS = 0x04, STATUS_A2 = 0x08, STATUS_UNLOCKED = 0x10,
       STATUS_AUX = 0x20 };
enum { MODE_INT1 = 0x01, MODE_INT12 = 0x02, MODE_SYS = 0x04, MODE_NO_KEYBOARD = 0x10,
       MODE_NO_MOUSE = 0x20, MODE_XLATE = 0x40 };
enum { IN_KEYBOARD_DATA = 0x01, IN_MOUSE_DATA = 0x02, IN_UNLOCKED = 0x80 };
enum { TEST_KEYBOARD_CLOCK = 0x01, TEST_MOUSE_CLOCK = 0x02 };
enum { OUT_NO_RESET = 0x01, OUT_A20 = 0x02, OUT_IRQ1 = 0x10, OUT_IRQ12 = 0x20 };
enum { COMMAND_READ_RAM = 0x20, COMMAND_WRITE_RAM = 0x60, COMMAND_TEST_PASSWORD = 0xA4,
       COMMAND_LOAD_PASSWORD = 0xA5, COMMAND_ENABLE_PASSWORD = 0xA6, COMMAND_DISABLE_MOUSE = 0xA7,
       COMMAND_ENABLE_MOUSE = 0xA8,
       COMMAND_TEST_MOUSE = 0xA9, COMMAND_SELF_TEST = 0xAA, COMMAND_TEST_KEYBOARD = 0xAB,
       COMMAND_DUMP = 0xAC, COMMAND_DISABLE_KEYBOARD = 0xAD, COMMAND_ENABLE_KEYBOARD = 0xAE, COMMAND_READ_INPUT = 0xC0,
       COMMAND_POLL_INPUT_LOW = 0xC1, COMMAND_POLL_INPUT_HIGH = 0xC2,
       COMMAND_READ_OUTPUT = 0xD0, COMMAND_WRITE_OUTPUT = 0xD1, COMMAND_WRITE_KEYBOARD_BUFFER = 0xD2,
       COMMAND_WRITE_MOUSE_BUFFER = 0xD3, COMMAND_WRITE_MOUSE = 0xD4, COMMAND_A20_OFF = 0xDD,
       COMMAND_A20_ON = 0xDF, COMMAND_READ_TEST = 0xE0, COMMAND_PULSE = 0xF0 };

struct i8042 {
    struct device device;
    uint8_t ram[RAM_BYTES];  /* byte 0 is the command byte */
    uint8_t out_port;        /* P2 as written: reset and A20 */
    uint8_t buffer;          /* the output buffer */
    bool is_full, is_mouse;  /* OBF; the byte is the mouse's */
    bool was_command;        /* the last write went to port 64h */
    bool is_system;          /* SYS: the self test has passed */
    uint8_t command;         /* whose parameter is awaited; 0: none */
    uint8_t answers[ANSWERS], answer_is_mouse[ANSWERS];
    uint8_t answered;
    uint8_t dump_left;       /* codes that the diagnostic dump has yet to send */
    uint8_t polled;          /* C1h or C2h: half of the input port shows in the status; 0: none */
    uint8_t password[PASSWORD_BYTES], password_at; /* codes of set 1; the next to load or to match */
    bool is_secured;         /* nothing reaches the buffer before the password is typed */
    bool has_break;          /* F0h came: the next key is released */
    bool has_e0;             /* the last byte read was E0h; for describing the next */
    struct event answer_done, cable_done;
    struct irq_line irq1, irq12, a20;
    struct ps2_cable *cables[2]; /* by enum ps2_socket */
    uint8_t initial_mode;
};

static const struct state_field STATE[] = {
    STATE_ARRAY(struct i8042, ram),
    STATE_ONE(struct i8042, out_port),
    STATE_ONE(struct i8042, buffer),
    STATE_ONE(struct i8042, is_full),
    STATE_ONE(struct i8042, is_mouse),
    STATE_ONE(struct i8042, was_command),
    STATE_ONE(struct i8042, is_system),
    STATE_ONE(struct i8042, command),
    STATE_ARRAY(struct i8042, answers),
    STATE_ARRAY(struct i8042, answer_is_mouse),
    STATE_ONE(struct i8042, answered),
    STATE_ONE_SINCE(3, struct i8042, dump_left),
    STATE_ONE_SINCE(2, struct i8042, polled),
    STATE_ARRAY_SINCE(2, struct i8042, password),
    STATE_ONE_SINCE(2, struct i8042, password_at),
    STATE_ONE_SINCE(2, struct i8042, is_secured),
    STATE_ONE(struct i8042, has_break),
    STATE_ONE(struct i8042, has_e0),
    STATE_TIMER(struct i8042, answer_done),
    STATE_TIMER(struct i8042, cable_done),
    STATE_STRUCT(struct i8042, irq1, IRQ_LINE_STATE),
    STATE_STRUCT(struct i8042, irq12, IRQ_LINE_STATE),
    STATE_STRUCT(struct i8042, a20, IRQ_LINE_STATE),
    STATE_REBUILT(struct i8042, cables),
    STATE_REBUILT(struct i8042, initial_mode),
    STATE_TABLE_END,
};

/* What the firmware makes of a set 2 code (PS2 Controller, "Scan code translation"). From 84h on a
 * code stays what it is, but for 84h itself. */
static const uint8_t SET2_TO_SET1[0x85] = {
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54,
};

/* --- the output buffer -------------------------------------------------------------------------------- */

static void update_irqs(struct i8042 *kbc)
{
    irq_line_set(&kbc->irq1, kbc->is_full && !kbc->is_mouse && (kbc->ram[0] & MODE_INT1));
    irq_line_set(&kbc->irq12, kbc->is_full && kbc->is_mouse && (kbc->ram[0] & MODE_INT12));
}

static void fill(struct i8042 *kbc, uint8_t byte, bool is_mouse)
{
    kbc->buffer = byte;
    kbc->is_mouse = is_mouse;
    kbc->is_full = true;
    update_irqs(kbc);
}

/* The cable that may send next: its clock is not held low. The keyboard comes first. */
static int sender(const struct i8042 *kbc)
{
    static const uint8_t DISABLED[] = {MODE_NO_KEYBOARD, MODE_NO_MOUSE};
    for (int i = 0; i < 2; i++) {
        const struct ps2_cable *cable = kbc->cables[i];
        if (cable && !(kbc->ram[0] & DISABLED[i]) && cable->has_byte(cable->self))
            return i;
    }
    return -1;
}

/* Starts whatever can move now. The buffer's reader, not a clock, sets the pace: nothing is armed
 * while the buffer is full. */
static void move_on(void *self)
{
    struct i8042 *kbc = self;
    const struct clock *clock = kbc->device.env->clock;
    if (kbc->is_full)
        return;
    if ((kbc->answered || kbc->dump_left) && !event_is_armed(&kbc->answer_done))
        event_arm(&kbc->answer_done, clock_after_ns(clock, ANSWER_NS));
    if (sender(kbc) >= 0 && !event_is_armed(&kbc->cable_done))
        event_arm(&kbc->cable_done, clock_after_ns(clock, CABLE_NS));
}

static void answer(struct i8042 *kbc, uint8_t byte, bool is_mouse)
{
    if (kbc->answered == ANSWERS) /* nobody reads them: the oldest is overwritten, as in the chip */
        kbc->answered = 0;
    kbc->answers[kbc->answered] = byte;
    kbc->answer_is_mouse[kbc->answered++] = is_mouse;
}

static uint8_t read_in_port(void);
static uint8_t read_out_port(const struct i8042 *kbc);

/* The program status word: bit 3 is not used and reads 1; F0 (bit 5) is the status register's SYS. */
static uint8_t read_psw(const struct i8042 *kbc)
{
    return kbc->is_system ? 0x28 : 0x08;
}

/* The dump's next code, as if a typist read it out (AT, Keyboard Controller, command AC). */
static uint8_t dump_code(const struct i8042 *kbc)
{
    static const uint8_t DIGITS[16] = {0x0B, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                       0x09, 0x0A, 0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21};
    static const uint8_t SPACE = 0x39;
    unsigned at = DUMP_ALL_CODES - kbc->dump_left, i = at / DUMP_CODES;
    const uint8_t ports[] = {read_in_port(), read_out_port(kbc), read_psw(kbc)};
    uint8_t byte = i < DUMP_RAM_BYTES ? kbc->ram[i] : ports[i - DUMP_RAM_BYTES];
    switch (at % DUMP_CODES) {
    case 0: return DIGITS[byte >> 4];
    case 1: return DIGITS[byte & 15];
    default: return SPACE;
    }
}

static void answer_done(void *self)
{
    struct i8042 *kbc = self;
    if (kbc->is_full || (!kbc->answered && !kbc->dump_left))
        return;
    if (!kbc->answered) {
        fill(kbc, dump_code(kbc), false);
        kbc->dump_left--;
        return;
    }
    fill(kbc, kbc->answers[0], kbc->answer_is_mouse[0] != 0);
    kbc->answered--;
    memmove(kbc->answers, kbc->answers + 1, kbc->answered);
    memmove(kbc->answer_is_mouse, kbc->answer_is_mouse + 1, kbc->answered);
}

/* The set 1 code that the firmware makes of a keyboard's byte; -1: F0h, which marks the next. */
static int translate(struct i8042 *kbc, uint8_t byte)
{
    if (byte == 0xF0) {
        kbc->has_break = true;
        return -1;
    }
    if (byte < sizeof SET2_TO_SET1)
        byte = SET2_TO_SET1[byte];
    if (kbc->has_break && byte != 0xE0 && byte != 0xE1) {
        byte |= 0x80;
        kbc->has_break = false;
    }
    return byte;
}

/* A code typed while secured: make codes alone count, a wrong one starts the comparison over. */
static void compare_password(struct i8042 *kbc, uint8_t code)
{
    if (code & 0x80 || code == kbc->ram[RAM_IGNORED] || code == kbc->ram[RAM_IGNORED + 1])
        return;
    if (code != kbc->password[kbc->password_at])
        kbc->password_at = 0;
    if (code == kbc->password[kbc->password_at])
        kbc->password_at++;
    if (kbc->password[kbc->password_at] == 0) {
        kbc->is_secured = false;
        if (kbc->ram[RAM_UNSECURED])
            answer(kbc, kbc->ram[RAM_UNSECURED], false);
    }
}

/* A byte of the keyboard has arrived. */
static void keyboard_byte(struct i8042 *kbc, uint8_t byte)
{
    int code = byte;
    if (kbc->is_secured || (kbc->ram[0] & MODE_XLATE))
        code = translate(kbc, byte);
    if (code < 0)
        return;
    if (kbc->is_secured)
        compare_password(kbc, (uint8_t)code);
    else
        fill(kbc, (uint8_t)code, false);
}

static void mouse_byte(struct i8042 *kbc, uint8_t byte)
{
    if (!kbc->is_secured)
        fill(kbc, byte, true);
}

static void cable_done(void *self)
{
    struct i8042 *kbc = self;
    int from = sender(kbc);
    if (from < 0 || kbc->is_full || kbc->answered || kbc->dump_left) {
        move_on(kbc);
        return;
    }
    if (from == PS2_KEYBOARD)
        keyboard_byte(kbc, kbc->cables[from]->take(kbc->cables[from]->self));
    else
        mouse_byte(kbc, kbc->cables[from]->take(kbc->cables[from]->self));
    move_on(kbc);
}

void i8042_plug(struct device *controller, enum ps2_socket socket, struct device *device)
{
    struct i8042 *kbc = (struct i8042 *)controller;
    struct ps2_cable *cable =
        socket == PS2_KEYBOARD ? ps2_keyboard_cable(device) : ps2_mouse_cable(device);
    cable->ready = move_on;
    cable->controller = kbc;
    kbc->cables[socket] = cable;
}

/* --- the output port -------------------------------------------------------------------------------------- */

static void write_out_port(struct i8042 *kbc, uint8_t value)
{
    const struct device_env *env = kbc->device.env;
    bool is_a20 = (value & OUT_A20) != 0, had_a20 = (kbc->out_port & OUT_A20) != 0;
    kbc->out_port = value & (OUT_NO_RESET | OUT_A20);
    irq_line_set(&kbc->a20, is_a20);
    if (!kbc->a20.set && env->a20 && is_a20 != had_a20)
        env->a20(env->self, is_a20);
    if (!(value & OUT_NO_RESET)) {
        kbc->out_port |= OUT_NO_RESET; /* a line held low would never let the machine start */
        if (env->reset)
            env->reset(env->self);
    }
}

static uint8_t read_out_port(const struct i8042 *kbc)
{
    return (uint8_t)(0xC0 | kbc->out_port | (kbc->irq1.level ? OUT_IRQ1 : 0) |
                     (kbc->irq12.level ? OUT_IRQ12 : 0));
}

/* --- the input port and the test inputs -------------------------------------------------------------------- */

/* P1: the cables' data lines, high at rest, and the keyboard's lock, which is open. */
static uint8_t read_in_port(void)
{
    return IN_UNLOCKED | IN_MOUSE_DATA | IN_KEYBOARD_DATA;
}

/* T0 and T1: the cables' clocks, which the controller holds low to disable a device. */
static uint8_t read_test_inputs(const struct i8042 *kbc)
{
    return (uint8_t)((kbc->ram[0] & MODE_NO_KEYBOARD ? 0 : TEST_KEYBOARD_CLOCK) |
                     (kbc->ram[0] & MODE_NO_MOUSE ? 0 : TEST_MOUSE_CLOCK));
}

/* --- commands ------------------------------------------------------------------------------------------------ */

static void set_mode(struct i8042 *kbc, uint8_t mode)
{
    kbc->ram[0] = mode;
    kbc->is_system = (mode & MODE_SYS) != 0;
    if (!(mode & MODE_XLATE))
        kbc->has_break = false;
    update_irqs(kbc);
}

static void send_to(struct i8042 *kbc, enum ps2_socket socket, uint8_t byte)
{
    struct ps2_cable *cable = kbc->cables[socket];
    set_mode(kbc, kbc->ram[0] & (uint8_t)~(socket == PS2_KEYBOARD ? MODE_NO_KEYBOARD
                                                                  : MODE_NO_MOUSE));
    if (cable)
        cable->command(cable->self, byte);
}

/* Commands whose parameter is the next byte at port 60h. */
static bool wants_parameter(uint8_t command)
{
    return (command >= COMMAND_WRITE_RAM && command < COMMAND_WRITE_RAM + RAM_BYTES) ||
           command == COMMAND_LOAD_PASSWORD ||
           (command >= COMMAND_WRITE_OUTPUT && command <= COMMAND_WRITE_MOUSE);
}

static void start_password(struct i8042 *kbc)
{
    memset(kbc->password, 0, sizeof kbc->password);
    kbc->password_at = 0;
    kbc->is_secured = false;
}

/* What is too long is cut; a password ends with zero. */
static void load_password(struct i8042 *kbc, uint8_t code)
{
    if (kbc->password_at < PASSWORD_BYTES - 1)
        kbc->password[kbc->password_at++] = code;
    if (code == 0)
        kbc->command = 0;
}

/* Without a password loaded nothing is secured (PS2 Controller, "Enable password"). */
static void enable_password(struct i8042 *kbc)
{
    kbc->password_at = 0;
    kbc->is_secured = kbc->password[0] != 0;
    if (kbc->is_secured && kbc->ram[RAM_SECURED])
        answer(kbc, kbc->ram[RAM_SECURED], false);
}

static void parameter(struct i8042 *kbc, uint8_t value)
{
    uint8_t command = kbc->command;
    if (command == COMMAND_LOAD_PASSWORD) {
        load_password(kbc, value);
        return;
    }
    kbc->command = 0;
    switch (command) {
    case COMMAND_WRITE_RAM: set_mode(kbc, value); break;
    case COMMAND_WRITE_OUTPUT: write_out_port(kbc, value); break;
    case COMMAND_WRITE_KEYBOARD_BUFFER: answer(kbc, value, false); break;
    case COMMAND_WRITE_MOUSE_BUFFER: answer(kbc, value, true); break;
    case COMMAND_WRITE_MOUSE: send_to(kbc, PS2_MOUSE, value); break;
    default: kbc->ram[command % RAM_BYTES] = value; break;
    }
}

static void simple_command(struct i8042 *kbc, uint8_t command)
{
    uint8_t mode = kbc->ram[0];
    switch (command) {
    case COMMAND_TEST_PASSWORD: answer(kbc, kbc->password[0] ? 0xFA : 0xF1, false); break;
    case COMMAND_ENABLE_PASSWORD: enable_password(kbc); break;
    case COMMAND_DISABLE_MOUSE: set_mode(kbc, mode | MODE_NO_MOUSE); break;
    case COMMAND_ENABLE_MOUSE: set_mode(kbc, mode & (uint8_t)~MODE_NO_MOUSE); break;
    case COMMAND_TEST_MOUSE: answer(kbc, kbc->cables[PS2_MOUSE] ? 0x00 : 0x01, false); break;
    case COMMAND_SELF_TEST:
        kbc->is_system = true;
        kbc->ram[0] |= MODE_SYS;
        answer(kbc, 0x55, false);
        break;
    case COMMAND_TEST_KEYBOARD: answer(kbc, kbc->cables[PS2_KEYBOARD] ? 0x00 : 0x01, false); break;
    case COMMAND_DUMP: kbc->dump_left = DUMP_ALL_CODES; break;
    case COMMAND_DISABLE_KEYBOARD: set_mode(kbc, mode | MODE_NO_KEYBOARD); break;
    case COMMAND_ENABLE_KEYBOARD: set_mode(kbc, mode & (uint8_t)~MODE_NO_KEYBOARD); break;
    case COMMAND_READ_INPUT: answer(kbc, read_in_port(), false); break;
    case COMMAND_POLL_INPUT_LOW:
    case COMMAND_POLL_INPUT_HIGH: kbc->polled = command; break;
    case COMMAND_READ_OUTPUT: answer(kbc, read_out_port(kbc), false); break;
    case COMMAND_A20_OFF: write_out_port(kbc, kbc->out_port & (uint8_t)~OUT_A20); break;
    case COMMAND_A20_ON: write_out_port(kbc, kbc->out_port | OUT_A20); break;
    case COMMAND_READ_TEST: answer(kbc, read_test_inputs(kbc), false); break;
    default:
        device_guest_error(&kbc->device, "command %02Xh is unknown to the keyboard controller; it "
                                         "is ignored", command);
        break;
    }
}

static void write_command(void *self, const struct reg *row, uint32_t value)
{
    struct i8042 *kbc = self;
    uint8_t command = (uint8_t)value;
    (void)row;
    kbc->was_command = true;
    kbc->polled = kbc->dump_left = 0;
    kbc->command = wants_parameter(command) ? command : 0;
    if (command == COMMAND_LOAD_PASSWORD)
        start_password(kbc);
    if (kbc->command)
        return;
    if (command >= COMMAND_READ_RAM && command < COMMAND_READ_RAM + RAM_BYTES)
        answer(kbc, kbc->ram[command - COMMAND_READ_RAM], false);
    else if (command < COMMAND_PULSE)
        simple_command(kbc, command);
    else if (!(command & 1)) /* pulses the output bits that are zero; bit 0 is RESET# */
        write_out_port(kbc, kbc->out_port & (uint8_t)~OUT_NO_RESET);
    move_on(kbc);
}

static void write_data(void *self, const struct reg *row, uint32_t value)
{
    struct i8042 *kbc = self;
    (void)row;
    kbc->was_command = false;
    kbc->polled = kbc->dump_left = 0;
    if (kbc->command)
        parameter(kbc, (uint8_t)value);
    else
        send_to(kbc, PS2_KEYBOARD, (uint8_t)value);
    move_on(kbc);
}

static uint32_t peek_data(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct i8042 *)self)->buffer;
}

static uint32_t read_data(void *self, const struct reg *row)
{
    struct i8042 *kbc = self;
    uint8_t byte = kbc->buffer;
    (void)row;
    if (kbc->is_full) {
        kbc->has_e0 = byte == 0xE0 && !kbc->is_mouse;
        kbc->is_full = false;
        update_irqs(kbc);
        move_on(kbc);
    }
    return byte;
}

/* Bits 7-4, until the next byte is written: half of the input port, when that is polled. */
static uint32_t upper_status(const struct i8042 *kbc)
{
    if (kbc->polled == COMMAND_POLL_INPUT_LOW)
        return (uint32_t)read_in_port() << 4 & 0xF0u;
    if (kbc->polled == COMMAND_POLL_INPUT_HIGH)
        return read_in_port() & 0xF0u;
    return STATUS_UNLOCKED | (kbc->is_full && kbc->is_mouse ? STATUS_AUX : 0u);
}

static uint32_t peek_status(const void *self, const struct reg *row)
{
    const struct i8042 *kbc = self;
    (void)row;
    return (kbc->is_full ? STATUS_OBF : 0u) | (kbc->is_system ? STATUS_SYS : 0u) |
           (kbc->was_command ? STATUS_A2 : 0u) | upper_status(kbc);
}

/* --- registers ----------------------------------------------------------------------------------------------- */

static const struct reg_field STATUS_FIELDS[] = {
    {"OBF", 0, 1, NULL, "output buffer full: read port 60h"},
    {"IBF", 1, 1, NULL, "input buffer full: don't write"},
    {"SYS", 2, 1, NULL, "the self test has passed"},
    {"A2", 3, 1, (const char *const[]){"data", "command"}, "what was written last"},
    {"KEYL", 4, 1, (const char *const[]){"locked", "unlocked"}, "keyboard lock"},
    {"AUX", 5, 1, NULL, "the byte is the mouse's"},
    {"TO", 6, 1, NULL, "time-out"},
    {"PARITY", 7, 1, NULL, "parity error"},
    REG_FIELDS_END,
};

static const struct reg DATA_ROWS[] = {
    {.name = "DATA", .meaning = "output and input buffer", .offset = 0, .width = 1,
     .access = REG_RW | REG_CLEARS_ON_READ, .read = read_data, .write = write_data,
     .peek = peek_data, .section = "PS2 Controller, Input and output buffers"},
    REG_ROWS_END,
};
static const struct reg STATUS_ROWS[] = {
    {.name = "STATUS", .meaning = "status", .offset = 0, .width = 1, .access = REG_READ,
     .reset = STATUS_UNLOCKED, .peek = peek_status, .fields = STATUS_FIELDS,
     .section = "PS2 Controller, Status register"},
    {.name = "COMMAND", .meaning = "command", .offset = 0, .width = 1, .access = REG_WRITE,
     .write = write_command, .section = "PS2 Controller, Commands"},
    REG_ROWS_END,
};
static const struct reg_bank DATA_BANK = {"i8042 data", DATA_ROWS};
static const struct reg_bank STATUS_BANK = {"i8042 status", STATUS_ROWS};
static const struct reg_bank *const BANKS[] = {&DATA_BANK, &STATUS_BANK, NULL};

/* --- in words -------------------------------------------------------------------------------------------------- */

static void describe_mode(uint8_t mode, const char *prefix, char *text, size_t size)
{
    snprintf(text, size, "%s: IRQ1 %s, IRQ12 %s, keyboard %s, mouse %s, translation %s", prefix,
             mode & MODE_INT1 ? "on" : "off", mode & MODE_INT12 ? "on" : "off",
             mode & MODE_NO_KEYBOARD ? "off" : "on", mode & MODE_NO_MOUSE ? "off" : "on",
             mode & MODE_XLATE ? "on" : "off");
}

static const char *command_name(uint8_t command)
{
    switch (command) {
    case COMMAND_READ_RAM: return "read the command byte";
    case COMMAND_WRITE_RAM: return "the command byte follows";
    case COMMAND_TEST_PASSWORD: return "is a password installed?";
    case COMMAND_LOAD_PASSWORD: return "a password follows";
    case COMMAND_ENABLE_PASSWORD: return "nothing passes before the password is typed";
    case COMMAND_DISABLE_MOUSE: return "disable the mouse";
    case COMMAND_ENABLE_MOUSE: return "enable the mouse";
    case COMMAND_TEST_MOUSE: return "test the mouse's cable";
    case COMMAND_SELF_TEST: return "self test";
    case COMMAND_TEST_KEYBOARD: return "test the keyboard's cable";
    case COMMAND_DUMP: return "RAM, ports and status word as scan codes";
    case COMMAND_DISABLE_KEYBOARD: return "disable the keyboard";
    case COMMAND_ENABLE_KEYBOARD: return "enable the keyboard";
    case COMMAND_READ_INPUT: return "read the input port";
    case COMMAND_POLL_INPUT_LOW: return "input port bits 3-0 show in the status";
    case COMMAND_POLL_INPUT_HIGH: return "input port bits 7-4 show in the status";
    case COMMAND_READ_OUTPUT: return "read the output port";
    case COMMAND_WRITE_OUTPUT: return "the output port's value follows";
    case COMMAND_WRITE_KEYBOARD_BUFFER: return "a byte as if from the keyboard follows";
    case COMMAND_WRITE_MOUSE_BUFFER: return "a byte as if from the mouse follows";
    case COMMAND_WRITE_MOUSE: return "a byte for the mouse follows";
    case COMMAND_A20_OFF: return "A20 off";
    case COMMAND_A20_ON: return "A20 on";
    case COMMAND_READ_TEST: return "read the test inputs";
    case 0xFE: return "pulse RESET#: the machine starts again";
    default: return NULL;
    }
}

/* What a byte to the keyboard or mouse asks for; NULL: a parameter. */
static const char *device_command_name(enum ps2_socket socket, uint8_t byte)
{
    static const char *const KEYBOARD[] = {
        "set the LEDs", "echo", "command EFh", "select the scan code set", "command F1h",
        "identify", "set the typematic rate", "enable", "disable", "defaults",
        "all keys typematic", "all keys make/break", "all keys make only", "all keys, all codes",
        "keys typematic", "keys make/break", "keys make only", "resend", "reset"};
    static const char *const MOUSE[] = {
        "scale 1:1", "scale 2:1", "set the resolution", "send the status", "stream mode",
        "read data", "leave wrap mode", "command EDh", "wrap mode", "command EFh", "remote mode",
        "command F1h", "identify", "set the sample rate", "enable", "disable", "defaults",
        "command F7h", "command F8h", "command F9h", "command FAh", "command FBh", "command FCh",
        "command FDh", "resend", "reset"};
    if (socket == PS2_KEYBOARD)
        return byte >= 0xED ? KEYBOARD[byte - 0xED] : NULL;
    return byte >= 0xE6 ? MOUSE[byte - 0xE6] : NULL;
}

static void describe_data_write(const struct i8042 *kbc, uint8_t value, char *text, size_t size)
{
    enum ps2_socket socket = kbc->command == COMMAND_WRITE_MOUSE ? PS2_MOUSE : PS2_KEYBOARD;
    const char *name = device_command_name(socket, value);
    if (kbc->command == COMMAND_WRITE_RAM)
        describe_mode(value, "command byte", text, size);
    else if (kbc->command == COMMAND_WRITE_OUTPUT)
        snprintf(text, size, "output port: A20 %s%s", value & OUT_A20 ? "on" : "off",
                 value & OUT_NO_RESET ? "" : ", RESET#");
    else if (kbc->command && kbc->command != COMMAND_WRITE_MOUSE)
        snprintf(text, size, "parameter %02Xh of command %02Xh", value, kbc->command);
    else if (name)
        snprintf(text, size, "to the %s: %s", socket == PS2_MOUSE ? "mouse" : "keyboard", name);
    else
        snprintf(text, size, "to the %s: parameter %02Xh",
                 socket == PS2_MOUSE ? "mouse" : "keyboard", value);
}

static void describe_data_read(const struct i8042 *kbc, uint8_t value, char *text, size_t size)
{
    bool is_translated = (kbc->ram[0] & MODE_XLATE) != 0;
    const struct ps2_key *key;
    if (!kbc->is_full) {
        snprintf(text, size, "nothing new");
    } else if (kbc->is_mouse) {
        snprintf(text, size, "from the mouse: %02Xh", value);
    } else if (value == 0xE0 || value == 0xE1) {
        snprintf(text, size, "scan code prefix %02Xh", value);
    } else if (value == 0xFA) {
        snprintf(text, size, "keyboard: acknowledge");
    } else {
        key = is_translated ? ps2_key_by_code(1, kbc->has_e0, value & 0x7F)
                            : ps2_key_by_code(2, kbc->has_e0, value);
        if (key)
            snprintf(text, size, "scan code %02Xh: %s %s", value, key->name,
                     is_translated && value & 0x80 ? "released" : "pressed");
        else
            snprintf(text, size, "byte %02Xh", value);
    }
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct i8042 *kbc = (const struct i8042 *)device;
    uint8_t value = (uint8_t)access->value;
    const char *name = command_name(value);
    if (!access->reg)
        return;
    if (access->reg == &DATA_ROWS[0] && access->is_write)
        describe_data_write(kbc, value, text, size);
    else if (access->reg == &DATA_ROWS[0])
        describe_data_read(kbc, value, text, size);
    else if (!access->is_write)
        reg_fields_text(access->reg, value, text, size);
    else if (name)
        snprintf(text, size, "command %02Xh: %s", value, name);
    else
        snprintf(text, size, "command %02Xh", value);
}

/* --- life cycle -------------------------------------------------------------------------------------------------- */

/* P2 floats high after a reset: A20 is on and RESET# released. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct i8042 *kbc = (struct i8042 *)device;
    (void)kind;
    memset(kbc->ram, 0, sizeof kbc->ram);
    kbc->buffer = kbc->command = kbc->answered = 0;
    memset(kbc->answers, 0, sizeof kbc->answers);
    memset(kbc->answer_is_mouse, 0, sizeof kbc->answer_is_mouse);
    kbc->is_full = kbc->is_mouse = kbc->was_command = kbc->has_break = kbc->has_e0 = false;
    kbc->polled = kbc->dump_left = 0;
    start_password(kbc);
    event_disarm(&kbc->answer_done);
    event_disarm(&kbc->cable_done);
    set_mode(kbc, kbc->initial_mode);
    write_out_port(kbc, OUT_NO_RESET | OUT_A20);
    move_on(kbc);
}

static const struct device_option OPTIONS[] = {
    {"data", "0x60", "data port", 0, 0xFFFF},
    {"command", "0x64", "command and status port", 0, 0xFFFF},
    {"mode", "0x43", "command byte after a reset: IRQ1, IRQ12 and translation are on, as a BIOS "
                     "leaves it for kernels that are started without one", 0, 0xFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct i8042 *kbc = (struct i8042 *)device;
    enum status status;
    event_init(&kbc->answer_done, config->env->clock, "i8042 answer", answer_done, kbc);
    event_init(&kbc->cable_done, config->env->clock, "i8042 cable", cable_done, kbc);
    kbc->initial_mode = (uint8_t)device_number(&I8042_TYPE, config, "mode");
    kbc->out_port = OUT_NO_RESET | OUT_A20;
    status = device_attach(device, config->env->ports, &DATA_BANK, NULL,
                           device_number(&I8042_TYPE, config, "data"), 1, error);
    if (status == STATUS_OK)
        status = device_attach(device, config->env->ports, &STATUS_BANK, NULL,
                               device_number(&I8042_TYPE, config, "command"), 1, error);
    return status;
}

static void fini(struct device *device)
{
    struct i8042 *kbc = (struct i8042 *)device;
    event_fini(&kbc->answer_done);
    event_fini(&kbc->cable_done);
}

static const struct device_pin PINS[] = {
    {"irq1", offsetof(struct i8042, irq1)},
    {"irq12", offsetof(struct i8042, irq12)},
    {"a20", offsetof(struct i8042, a20)},
    {NULL, 0},
};

const struct device_type I8042_TYPE = {
    .name = "i8042",
    .title = "Keyboard controller",
    .datasheet = "IBM Personal System/2 Hardware Interface Technical Reference, October 1990, "
                 "Keyboard and Auxiliary Device Controller",
    .missing =
        "IBF is never seen set: the controller takes a byte at once\n"
        "parity and time-out errors: the cables are perfect\n"
        "the cables' lines as a byte moves: input port and test inputs show them at rest; the lock is open\n"
        "a reset is the whole machine's, not the processor's alone\n"
        "a diagnostic dump ends with the next byte written; of the status word F0 alone is shown\n"
        "while a password is awaited commands are taken",
    .size = sizeof(struct i8042),
    .version = 3,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
};
