/* PS/2 mouse with a wheel and five buttons.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, October 1990, "Mouse"
 * ("PS2 Mouse"); the wheel and side buttons as in Microsoft's IntelliMouse and IntelliMouse Explorer
 * (sample rates 200, 100, 80 and 200, 200, 80 before the ID is read).
 * Missing: the resolution's effect (a count is a pixel), the overflow bits. The
 * self test takes `selftest_ms`, a real one 300-500 ms.
 * Clock: the sample rate. Output: the cable to the controller (ps2.h).
 *
 * Movement adds up in counters; a packet is made at the next sample time, once the one before has
 * left. So nothing queues up however fast movements come. */
#include "devices/ps2.h"

#include <string.h>

#include "devices/types.h"

#define BYTES 8u          /* answers or a packet on their way */
#define COUNTER_MAX 2047  /* movement kept while nobody asks */

enum { ACK = 0xFA, ERROR = 0xFC, RESEND = 0xFE, SELF_TEST_PASSED = 0xAA };
enum { COMMAND_SCALE_1 = 0xE6, COMMAND_SCALE_2 = 0xE7, COMMAND_RESOLUTION = 0xE8,
       COMMAND_STATUS = 0xE9, COMMAND_STREAM = 0xEA, COMMAND_READ = 0xEB, COMMAND_UNWRAP = 0xEC,
       COMMAND_WRAP = 0xEE, COMMAND_REMOTE = 0xF0, COMMAND_ID = 0xF2, COMMAND_RATE = 0xF3,
       COMMAND_ENABLE = 0xF4, COMMAND_DISABLE = 0xF5, COMMAND_DEFAULT = 0xF6,
       COMMAND_RESEND = 0xFE, COMMAND_RESET = 0xFF };
enum { ID_PLAIN = 0, ID_WHEEL = 3, ID_FIVE_BUTTONS = 4 };

struct ps2_mouse {
    struct device device;
    uint8_t bytes[BYTES];
    uint8_t count;
    uint8_t sent[BYTES];    /* the last answer or packet, for RESEND */
    uint8_t sent_count;
    uint8_t command;        /* whose parameter is awaited; 0: none */
    bool was_wrong;         /* the last byte was refused with RESEND: the next is with ERROR */
    uint8_t rate, resolution, id;
    uint8_t rates[3];       /* the last ones set, newest last */
    bool is_scaled, is_remote, is_wrapping, is_enabled;
    bool has_news;          /* since the last packet */
    uint8_t buttons;
    int32_t dx, dy, dz;     /* since the last packet; y upwards */
    struct event sample, self_test;
    struct ps2_cable cable;
    struct input_port input;
    uint64_t self_test_ns;
};

static const struct state_field STATE[] = {
    STATE_ARRAY(struct ps2_mouse, bytes),
    STATE_ONE(struct ps2_mouse, count),
    STATE_ARRAY(struct ps2_mouse, sent),
    STATE_ONE(struct ps2_mouse, sent_count),
    STATE_ONE(struct ps2_mouse, command),
    STATE_ONE_SINCE(2, struct ps2_mouse, was_wrong),
    STATE_ONE(struct ps2_mouse, rate),
    STATE_ONE(struct ps2_mouse, resolution),
    STATE_ONE(struct ps2_mouse, id),
    STATE_ARRAY(struct ps2_mouse, rates),
    STATE_ONE(struct ps2_mouse, is_scaled),
    STATE_ONE(struct ps2_mouse, is_remote),
    STATE_ONE(struct ps2_mouse, is_wrapping),
    STATE_ONE(struct ps2_mouse, is_enabled),
    STATE_ONE(struct ps2_mouse, has_news),
    STATE_ONE(struct ps2_mouse, buttons),
    STATE_ONE(struct ps2_mouse, dx),
    STATE_ONE(struct ps2_mouse, dy),
    STATE_ONE(struct ps2_mouse, dz),
    STATE_TIMER(struct ps2_mouse, sample),
    STATE_TIMER(struct ps2_mouse, self_test),
    STATE_REBUILT(struct ps2_mouse, cable),
    STATE_REBUILT(struct ps2_mouse, input),
    STATE_REBUILT(struct ps2_mouse, self_test_ns),
    STATE_TABLE_END,
};

/* --- bytes to the controller ------------------------------------------------------------------------- */

static void tell_controller(struct ps2_mouse *mouse)
{
    if (mouse->cable.ready)
        mouse->cable.ready(mouse->cable.controller);
}

static void answer(struct ps2_mouse *mouse, uint8_t byte)
{
    if (mouse->count == BYTES)
        return;
    mouse->bytes[mouse->count++] = byte;
    memcpy(mouse->sent, mouse->bytes, BYTES);
    mouse->sent_count = mouse->count;
}

static bool has_byte(const void *self)
{
    return ((const struct ps2_mouse *)self)->count > 0;
}

/* At the next sample time the movement so far becomes a packet. */
static void schedule(struct ps2_mouse *mouse)
{
    bool is_streaming = mouse->is_enabled && !mouse->is_remote && !mouse->is_wrapping;
    if (!is_streaming || !mouse->has_news || event_is_armed(&mouse->sample))
        return;
    event_arm(&mouse->sample, clock_after_ns(mouse->device.env->clock,
                                             UINT64_C(1000000000) / (mouse->rate ? mouse->rate : 1)));
}

static uint8_t take(void *self)
{
    struct ps2_mouse *mouse = self;
    uint8_t byte = mouse->bytes[0];
    memmove(mouse->bytes, mouse->bytes + 1, --mouse->count);
    if (!mouse->count)
        schedule(mouse);
    return byte;
}

/* --- packets -------------------------------------------------------------------------------------------- */

/* Takes at most `limit` counts out of a counter. */
static int take_counts(int32_t *counter, int limit)
{
    int counts = *counter > limit ? limit : *counter < -limit - 1 ? -limit - 1 : *counter;
    *counter -= counts;
    return counts;
}

/* Scaling 2:1 in stream mode (PS2 Mouse, table of scaling). */
static int scaled(const struct ps2_mouse *mouse, int counts)
{
    static const uint8_t SCALED[] = {0, 1, 1, 3, 6, 9};
    int size = counts < 0 ? -counts : counts, to = size < 6 ? SCALED[size] : 2 * size;
    if (!mouse->is_scaled || mouse->is_remote)
        return counts;
    if (to > 255)
        to = 255;
    return counts < 0 ? -to : to;
}

static void send_packet(struct ps2_mouse *mouse)
{
    int dx = scaled(mouse, take_counts(&mouse->dx, 255));
    int dy = scaled(mouse, take_counts(&mouse->dy, 255));
    answer(mouse, (uint8_t)(0x08 | (mouse->buttons & 7) | (dx < 0 ? 0x10 : 0) |
                            (dy < 0 ? 0x20 : 0)));
    answer(mouse, (uint8_t)dx);
    answer(mouse, (uint8_t)dy);
    if (mouse->id == ID_WHEEL)
        answer(mouse, (uint8_t)take_counts(&mouse->dz, 127));
    else if (mouse->id == ID_FIVE_BUTTONS)
        answer(mouse, (uint8_t)((take_counts(&mouse->dz, 7) & 15) | (mouse->buttons & 0x18) << 1));
    mouse->has_news = mouse->dx || mouse->dy || (mouse->id != ID_PLAIN && mouse->dz);
    tell_controller(mouse);
}

static void sample(void *self)
{
    struct ps2_mouse *mouse = self;
    if (mouse->count || !mouse->has_news)
        return; /* take() schedules the next one */
    send_packet(mouse);
}

static int32_t clamp(int64_t counts)
{
    return (int32_t)(counts > COUNTER_MAX ? COUNTER_MAX : counts < -COUNTER_MAX ? -COUNTER_MAX
                                                                                 : counts);
}

static void moved(void *self, int dx, int dy, int dz, unsigned buttons)
{
    struct ps2_mouse *mouse = self;
    if (!dx && !dy && !dz && (buttons & 31) == mouse->buttons)
        return;
    mouse->dx = clamp((int64_t)mouse->dx + dx);
    mouse->dy = clamp((int64_t)mouse->dy - dy);
    mouse->dz = clamp((int64_t)mouse->dz + dz);
    mouse->buttons = buttons & 31;
    mouse->has_news = true;
    schedule(mouse);
}

static void forget_movement(struct ps2_mouse *mouse)
{
    mouse->dx = mouse->dy = mouse->dz = 0;
    mouse->has_news = false;
    event_disarm(&mouse->sample);
}

/* --- commands -------------------------------------------------------------------------------------------- */

static void set_defaults(struct ps2_mouse *mouse)
{
    forget_movement(mouse);
    mouse->command = 0;
    mouse->was_wrong = false;
    mouse->rate = 100;
    mouse->resolution = 2;
    mouse->is_scaled = mouse->is_remote = mouse->is_wrapping = mouse->is_enabled = false;
}

static void self_test_ended(void *self)
{
    struct ps2_mouse *mouse = self;
    answer(mouse, SELF_TEST_PASSED);
    answer(mouse, mouse->id);
    tell_controller(mouse);
}

static void start_self_test(struct ps2_mouse *mouse)
{
    set_defaults(mouse);
    mouse->id = ID_PLAIN;
    memset(mouse->rates, 0, sizeof mouse->rates);
    event_arm(&mouse->self_test, clock_after_ns(mouse->device.env->clock, mouse->self_test_ns));
}

static void set_rate(struct ps2_mouse *mouse, uint8_t rate)
{
    mouse->rate = rate;
    mouse->rates[0] = mouse->rates[1];
    mouse->rates[1] = mouse->rates[2];
    mouse->rates[2] = rate;
    if (mouse->rates[0] != 200 || rate != 80)
        return;
    if (mouse->rates[1] == 100 && mouse->id == ID_PLAIN)
        mouse->id = ID_WHEEL;
    else if (mouse->rates[1] == 200)
        mouse->id = ID_FIVE_BUTTONS;
}

/* PS2 Mouse, "Status request": modes and buttons, resolution, rate. */
static void send_status(struct ps2_mouse *mouse)
{
    unsigned buttons = mouse->buttons;
    answer(mouse, (uint8_t)((mouse->is_remote ? 0x40 : 0) | (mouse->is_enabled ? 0x20 : 0) |
                            (mouse->is_scaled ? 0x10 : 0) | (buttons & 1 ? 4 : 0) |
                            (buttons & 4 ? 2 : 0) | (buttons & 2 ? 1 : 0)));
    answer(mouse, mouse->resolution);
    answer(mouse, mouse->rate);
}

static void resend(struct ps2_mouse *mouse)
{
    memcpy(mouse->bytes, mouse->sent, BYTES);
    mouse->count = mouse->sent_count;
}

/* A byte that is no command or no value of one (PS2 Mouse, "Error handling"): the command, whose
 * parameter may come again, is waited for until the second one. */
static void refuse(struct ps2_mouse *mouse)
{
    mouse->count = 0;
    answer(mouse, mouse->was_wrong ? ERROR : RESEND);
    if (mouse->was_wrong)
        mouse->command = 0;
    mouse->was_wrong = !mouse->was_wrong;
}

static bool is_rate(uint8_t value)
{
    static const uint8_t RATES[] = {10, 20, 40, 60, 80, 100, 200};
    return memchr(RATES, value, sizeof RATES) != NULL;
}

static void parameter(struct ps2_mouse *mouse, uint8_t value)
{
    if (mouse->command == COMMAND_RATE ? !is_rate(value) : value > 3) {
        refuse(mouse);
        return;
    }
    if (mouse->command == COMMAND_RATE)
        set_rate(mouse, value);
    else
        mouse->resolution = value;
    mouse->command = 0;
    mouse->was_wrong = false;
    answer(mouse, ACK);
}

/* A command byte. */
static void new_command(struct ps2_mouse *mouse, uint8_t byte)
{
    bool was_wrong = mouse->was_wrong;
    if (byte == COMMAND_RESEND) {
        resend(mouse);
        return;
    }
    answer(mouse, ACK);
    mouse->was_wrong = false;
    switch (byte) {
    case COMMAND_SCALE_1: mouse->is_scaled = false; break;
    case COMMAND_SCALE_2: mouse->is_scaled = true; break;
    case COMMAND_RESOLUTION:
    case COMMAND_RATE: mouse->command = byte; break;
    case COMMAND_STATUS: send_status(mouse); break;
    case COMMAND_STREAM:
        mouse->is_remote = false;
        forget_movement(mouse);
        break;
    case COMMAND_READ: send_packet(mouse); break;
    case COMMAND_UNWRAP: mouse->is_wrapping = false; break;
    case COMMAND_WRAP: mouse->is_wrapping = true; break;
    case COMMAND_REMOTE:
        mouse->is_remote = true;
        forget_movement(mouse);
        break;
    case COMMAND_ID: answer(mouse, mouse->id); break;
    case COMMAND_ENABLE:
        mouse->is_enabled = true;
        forget_movement(mouse);
        break;
    case COMMAND_DISABLE: mouse->is_enabled = false; break;
    case COMMAND_DEFAULT: set_defaults(mouse); break;
    case COMMAND_RESET: start_self_test(mouse); break;
    default:
        mouse->was_wrong = was_wrong;
        refuse(mouse);
        break;
    }
}

static void command(void *self, uint8_t byte)
{
    struct ps2_mouse *mouse = self;
    mouse->count = 0; /* whatever was on its way is given up */
    if (mouse->is_wrapping && byte != COMMAND_UNWRAP && byte != COMMAND_RESET) {
        answer(mouse, byte); /* PS2 Mouse, "Set wrap mode": echoes everything else */
    } else if (mouse->command && byte != COMMAND_RESET) {
        parameter(mouse, byte);
    } else {
        new_command(mouse, byte);
    }
    tell_controller(mouse);
}

/* --- calls --------------------------------------------------------------------------------------------- */

struct ps2_cable *ps2_mouse_cable(struct device *device)
{
    return &((struct ps2_mouse *)device)->cable;
}

struct input_port *ps2_mouse_input(struct device *device)
{
    return &((struct ps2_mouse *)device)->input;
}

/* --- life cycle ------------------------------------------------------------------------------------------ */

/* The mouse has its own power-on reset and no RESET line. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;
    if (kind != RESET_POWER_ON)
        return;
    memset(mouse->bytes, 0, sizeof mouse->bytes);
    memset(mouse->sent, 0, sizeof mouse->sent);
    mouse->count = mouse->sent_count = mouse->buttons = 0;
    start_self_test(mouse);
}

static const struct device_option OPTIONS[] = {
    {"selftest_ms", "10", "how long the self test takes; a real one needs 300-500", 1, 10000},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;
    (void)error;
    mouse->self_test_ns = device_number(&PS2_MOUSE_TYPE, config, "selftest_ms") * UINT64_C(1000000);
    event_init(&mouse->sample, config->env->clock, "ps2_mouse sample", sample, mouse);
    event_init(&mouse->self_test, config->env->clock, "ps2_mouse self test", self_test_ended, mouse);
    mouse->cable = (struct ps2_cable){
        .command = command, .has_byte = has_byte, .take = take, .self = mouse};
    mouse->input = (struct input_port){.move = moved, .self = mouse};
    return STATUS_OK;
}

static void fini(struct device *device)
{
    struct ps2_mouse *mouse = (struct ps2_mouse *)device;
    event_fini(&mouse->sample);
    event_fini(&mouse->self_test);
}

static const struct reg_bank *const BANKS[] = {NULL};

const struct device_type PS2_MOUSE_TYPE = {
    .name = "ps2-mouse",
    .title = "PS/2 mouse with a wheel",
    .datasheet = "IBM Personal System/2 Hardware Interface Technical Reference, October 1990, "
                 "Mouse; Microsoft IntelliMouse",
    .missing =
        "the time of the self test: a few milliseconds\n"
        "resolution: kept and told, a count is a pixel whatever it says\n"
        "overflow bits: what a packet cannot hold comes with the next",
    .size = sizeof(struct ps2_mouse),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
};
