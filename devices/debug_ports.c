/* Debug output ports: what firmware and small kernels print before they have drivers.
 *
 * Specification: convention. Port 402h is where SeaBIOS writes its log (SeaBIOS, docs/Debugging.md);
 * port E9h is where guests of other emulators write ("Bochs hack"). A read gives E9h, by which
 * the guest sees that somebody listens.
 * Missing: nothing. Clock and interrupts: none. */
#include <stdio.h>

#include "bus/chardev.h"
#include "devices/types.h"

#define READ_BACK 0xE9u

struct debug_ports {
    struct device device;
    uint64_t written; /* bytes, for the device card */
    struct chardev *chardev;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct debug_ports, written),
    STATE_REBUILT(struct debug_ports, chardev),
    STATE_TABLE_END,
};

static void write_byte(void *self, const struct reg *row, uint32_t value)
{
    struct debug_ports *ports = self;
    uint8_t byte = (uint8_t)value;
    (void)row;
    ports->written++;
    if (ports->chardev)
        ports->chardev->write(ports->chardev, &byte, 1);
}

static uint32_t peek(const void *self, const struct reg *row)
{
    (void)self;
    (void)row;
    return READ_BACK;
}

static const struct reg ROWS[] = {
    {.name = "DEBUG", .meaning = "prints a character; reads E9h", .offset = 0, .width = 1,
     .access = REG_RW, .reset = READ_BACK, .write = write_byte, .peek = peek,
     .section = "convention"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"debug", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    uint32_t value = (uint32_t)access->value & 0xFF;
    (void)device;
    if (!access->is_write)
        snprintf(text, size, "debug port: somebody listens");
    else if (value >= 0x20 && value < 0x7F)
        snprintf(text, size, "prints '%c'", (char)value);
    else
        snprintf(text, size, "prints %02Xh", value);
}

static void reset(struct device *device, enum reset_kind kind)
{
    if (kind == RESET_POWER_ON)
        ((struct debug_ports *)device)->written = 0;
}

static const struct device_option OPTIONS[] = {
    {"seabios", "0x402", "port of SeaBIOS' log; 0: none", 0, 0xFFFF},
    {"e9", "0xe9", "port of the debug console; 0: none", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const char *const NAMES[] = {"seabios", "e9"};
    enum status status = STATUS_OK;
    ((struct debug_ports *)device)->chardev = config->chardev;
    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
        uint64_t port = device_number(&DEBUG_PORTS_TYPE, config, NAMES[i]);
        if (port)
            status = device_attach(device, config->env->ports, &BANK, NULL, port, 1, error);
    }
    return status;
}

const struct device_type DEBUG_PORTS_TYPE = {
    .name = "debug-ports",
    .title = "Debug output ports",
    .datasheet = "convention; SeaBIOS docs/Debugging.md",
    .missing = "",
    .size = sizeof(struct debug_ports),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .describe = describe,
};
