/* Port 80h: the POST code, shown by a diagnostic card; operating systems write it to pass time.
 *
 * Specification: IBM PC/AT Technical Reference, September 1985, System BIOS (manufacturing port).
 * Missing: the 8237's unused page register that shares the address: what was written is read back.
 * Clock and interrupts: none. */
#include <stdio.h>

#include "devices/types.h"

struct post_port {
    struct device device;
    uint8_t code;
};

static const struct state_field STATE[] = {STATE_ONE(struct post_port, code), STATE_TABLE_END};

static void write_code(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct post_port *)self)->code = (uint8_t)value;
}

static uint32_t peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct post_port *)self)->code;
}

static const struct reg ROWS[] = {
    {.name = "POST", .meaning = "diagnostic code", .offset = 0, .width = 1, .access = REG_RW,
     .writable = 0xFF, .write = write_code, .peek = peek, .section = "AT BIOS"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"post", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    (void)device;
    snprintf(text, size, "POST code %02Xh", (unsigned)access->value & 0xFF);
}

static void reset(struct device *device, enum reset_kind kind)
{
    (void)kind;
    ((struct post_port *)device)->code = 0;
}

static const struct device_option OPTIONS[] = {
    {"base", "0x80", "port", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&POST_PORT_TYPE, config, "base"), 1, error);
}

const struct device_type POST_PORT_TYPE = {
    .name = "post-port",
    .title = "POST code port",
    .datasheet = "IBM PC/AT Technical Reference, September 1985",
    .missing = "",
    .size = sizeof(struct post_port),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .describe = describe,
};
