/* isa-debug-exit: a guest ends the run with an exit status of its own.
 *
 * Specification: convention of emulators: writing v ends the program with (v << 1) | 1, which is
 * always odd, so that it can't be taken for one of the program's own statuses.
 * Missing: nothing. Clock and interrupts: none. */
#include <stdio.h>

#include "devices/types.h"

struct isa_debug_exit {
    struct device device;
};

static const struct state_field STATE[] = {STATE_TABLE_END};

static unsigned status_of(uint32_t value)
{
    return (value << 1 | 1) & 0xFF;
}

static void write_exit(void *self, const struct reg *row, uint32_t value)
{
    const struct device_env *env = ((struct isa_debug_exit *)self)->device.env;
    (void)row;
    if (env->exit)
        env->exit(env->self, status_of(value));
}

static const struct reg ROWS[] = {
    {.name = "EXIT", .meaning = "ends the run with status (value << 1) | 1", .offset = 0,
     .width = 4, .access = REG_WRITE, .write = write_exit, .section = "convention"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"exit", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    (void)device;
    if (access->is_write)
        snprintf(text, size, "ends the run with status %u", status_of((uint32_t)access->value));
}

static void reset(struct device *device, enum reset_kind kind)
{
    (void)device;
    (void)kind;
}

static const struct device_option OPTIONS[] = {
    {"base", "0x501", "port", 0, 0xFFFC},
    {"length", "4", "ports from there", 1, 4},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&ISA_DEBUG_EXIT_TYPE, config, "base"),
                         device_number(&ISA_DEBUG_EXIT_TYPE, config, "length"), error);
}

const struct device_type ISA_DEBUG_EXIT_TYPE = {
    .name = "isa-debug-exit",
    .title = "Exit port for tests",
    .datasheet = "convention",
    .missing = "",
    .size = sizeof(struct isa_debug_exit),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .describe = describe,
};
