/* Port 92h: system control port A, with the fast A20 gate and the fast reset.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, October 1990, "System
 * Control Port A"; Intel 82371AB (PIIX4) data sheet, April 1997, P92.
 * Missing: a reset of the processor alone (the whole machine is reset); the fixed disk activity lights
 * and the password lock (bits 7, 6 and 3 are kept).
 * Input: a20 (the keyboard controller's gate). The gate is open when either source opens it. */
#include <stdio.h>

#include "devices/types.h"

enum { BIT_RESET = 0x01, BIT_A20 = 0x02, BITS_KEPT = 0xCA };

struct port92 {
    struct device device;
    uint8_t value;
    bool controller_a20; /* the input wire */
    bool told_a20;       /* what the machine was last told */
};

static const struct state_field STATE[] = {
    STATE_ONE(struct port92, value),
    STATE_ONE(struct port92, controller_a20),
    STATE_ONE(struct port92, told_a20),
    STATE_TABLE_END,
};

static void update_a20(struct port92 *port, bool is_forced)
{
    const struct device_env *env = port->device.env;
    bool is_open = (port->value & BIT_A20) || port->controller_a20;
    if (is_open == port->told_a20 && !is_forced)
        return;
    port->told_a20 = is_open;
    if (env->a20)
        env->a20(env->self, is_open);
}

/* The reset is a pulse at the bit's rising edge. */
static void write_port(void *self, const struct reg *row, uint32_t value)
{
    struct port92 *port = self;
    const struct device_env *env = port->device.env;
    bool has_reset = value & ~(uint32_t)port->value & BIT_RESET;
    (void)row;
    port->value = value & (BITS_KEPT | BIT_RESET);
    update_a20(port, false);
    if (has_reset && env->reset)
        env->reset(env->self);
}

static uint32_t peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct port92 *)self)->value;
}

static const struct reg_field FIELDS[] = {
    {"RESET", 0, 1, NULL, "rising: resets the processor"},
    {"A20", 1, 1, (const char *const[]){"as the keyboard controller says", "on"}, "fast A20 gate"},
    {"LOCK", 3, 1, NULL, "password lock"},
    {"LIGHT", 6, 2, NULL, "fixed disk activity lights"},
    REG_FIELDS_END,
};
static const struct reg ROWS[] = {
    {.name = "SCPA", .meaning = "system control port A", .offset = 0, .width = 1, .access = REG_RW,
     .writable = BITS_KEPT, .write = write_port, .peek = peek, .fields = FIELDS,
     .section = "PIIX4 P92"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"port92", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct port92 *port = (const struct port92 *)device;
    uint32_t value = (uint32_t)access->value & 0xFF;
    snprintf(text, size, "fast A20 %s%s", value & BIT_A20 ? "on" : "off",
             access->is_write && (value & ~(uint32_t)port->value & BIT_RESET) ? ", fast reset" : "");
}

static void input(struct device *device, unsigned number, bool level)
{
    struct port92 *port = (struct port92 *)device;
    (void)number;
    port->controller_a20 = level;
    update_a20(port, false);
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct port92 *port = (struct port92 *)device;
    (void)kind;
    port->value = 0;
    update_a20(port, true);
}

/* The gate itself is the machine's, not a part of this state. */
static void loaded(struct device *device)
{
    update_a20((struct port92 *)device, true);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x92", "port", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct port92 *port = (struct port92 *)device;
    port->controller_a20 = true; /* until a controller says otherwise: it starts with A20 on */
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&PORT92_TYPE, config, "base"), 1, error);
}

static const char *const INPUTS[] = {"a20", NULL};

const struct device_type PORT92_TYPE = {
    .name = "port92",
    .title = "System control port A",
    .datasheet = "Intel 82371AB (PIIX4) data sheet, April 1997, P92",
    .missing = "the fast reset is the whole machine's, not the processor's alone\n"
               "activity lights and the password lock: the bits are kept, nothing follows",
    .size = sizeof(struct port92),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .input = input,
    .describe = describe,
    .loaded = loaded,
};
