/* Port 8900h: power-off by writing the word "Shutdown", letter by letter.
 *
 * Specification: convention of emulators (Bochs' APM port); for guests without ACPI.
 * Missing: nothing. Clock and interrupts: none. */
#include <stdio.h>

#include "devices/types.h"

static const char WORD[] = "Shutdown";

struct shutdown_8900 {
    struct device device;
    uint8_t matched; /* letters so far */
};

static const struct state_field STATE[] = {
    STATE_ONE(struct shutdown_8900, matched),
    STATE_TABLE_END,
};

static void write_letter(void *self, const struct reg *row, uint32_t value)
{
    struct shutdown_8900 *port = self;
    const struct device_env *env = port->device.env;
    (void)row;
    if (port->matched && value != (uint8_t)WORD[port->matched])
        device_guest_error(&port->device, "%02Xh is not letter %u of \"%s\": from the start again",
                           (unsigned)value, port->matched + 1u, WORD);
    if (value == (uint8_t)WORD[port->matched])
        port->matched++;
    else
        port->matched = value == (uint8_t)WORD[0];
    if (WORD[port->matched] != '\0')
        return;
    port->matched = 0;
    if (env->power_off)
        env->power_off(env->self);
}

static const struct reg ROWS[] = {
    {.name = "SHUTDOWN", .meaning = "takes the letters of \"Shutdown\"", .offset = 0, .width = 1,
     .access = REG_WRITE, .write = write_letter, .section = "convention"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"shutdown", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct shutdown_8900 *port = (const struct shutdown_8900 *)device;
    unsigned at = port->matched;
    if (!access->is_write)
        return;
    if ((access->value & 0xFF) != (uint8_t)WORD[at])
        snprintf(text, size, "not a letter of \"%s\": from the start again", WORD);
    else
        snprintf(text, size, "letter %u of \"%s\"%s", at + 1, WORD,
                 WORD[at + 1] == '\0' ? ": power off" : "");
}

static void reset(struct device *device, enum reset_kind kind)
{
    (void)kind;
    ((struct shutdown_8900 *)device)->matched = 0;
}

static const struct device_option OPTIONS[] = {
    {"base", "0x8900", "port", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&SHUTDOWN_8900_TYPE, config, "base"), 1, error);
}

const struct device_type SHUTDOWN_8900_TYPE = {
    .name = "shutdown-8900",
    .title = "Power-off port",
    .datasheet = "convention",
    .missing = "",
    .size = sizeof(struct shutdown_8900),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .describe = describe,
};
