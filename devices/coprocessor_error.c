/* The coprocessor error latch of an AT: FERR# of the processor becomes IRQ 13, and a write to port F0h
 * lets its handler use the coprocessor.
 *
 * Specification: Intel 82371AB (PIIX4) data sheet, April 1997, CERR (I/O address F0h); Intel SDM 1
 * (2023), D.2.1.2 (two flip-flops) and D.2.1.3; IBM PC/AT Technical Reference, September 1985.
 * Missing: port F1h, the reset of an 80287. Clock: none.
 * Input: ferr. Outputs: irq (13), ignne.
 *
 *   ferr   ____/‾‾‾‾‾‾‾‾‾‾‾‾‾\____      the exception is pending
 *   irq    ____/‾‾‾‾‾‾\___________      F0h written
 *   ignne  ___________/‾‾‾‾‾‾\____      never without ferr */
#include <stdio.h>

#include "devices/types.h"

struct coprocessor_error {
    struct device device;
    bool ferr;
    struct irq_line irq, ignne;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct coprocessor_error, ferr),
    STATE_STRUCT(struct coprocessor_error, irq, IRQ_LINE_STATE),
    STATE_STRUCT(struct coprocessor_error, ignne, IRQ_LINE_STATE),
    STATE_TABLE_END,
};

static void input(struct device *device, unsigned number, bool level)
{
    struct coprocessor_error *latch = (struct coprocessor_error *)device;
    (void)number;
    if (level && !latch->ferr)
        irq_line_set(&latch->irq, true);
    latch->ferr = level;
    if (!level)
        irq_line_set(&latch->ignne, false);
}

/* The value does not matter. */
static void write_cerr(void *self, const struct reg *row, uint32_t value)
{
    struct coprocessor_error *latch = self;
    (void)row;
    (void)value;
    irq_line_set(&latch->irq, false);
    irq_line_set(&latch->ignne, latch->ferr);
}

static const struct reg ROWS[] = {
    {.name = "CERR", .meaning = "a write clears IRQ 13 and asserts IGNNE#", .offset = 0, .width = 1,
     .access = REG_WRITE, .write = write_cerr, .section = "PIIX4, CERR"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"cerr", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct coprocessor_error *latch = (const struct coprocessor_error *)device;
    if (access->is_write)
        snprintf(text, size, "IRQ 13 off%s",
                 latch->ferr ? ", IGNNE# on: the handler may use the coprocessor" : "");
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct coprocessor_error *latch = (struct coprocessor_error *)device;
    (void)kind;
    latch->ferr = false;
    irq_line_set(&latch->irq, false);
    irq_line_set(&latch->ignne, false);
}

static const struct device_option OPTIONS[] = {
    {"base", "0xf0", "port", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&COPROCESSOR_ERROR_TYPE, config, "base"), 1, error);
}

static const char *const INPUTS[] = {"ferr", NULL};
static const struct device_pin PINS[] = {
    {"irq", offsetof(struct coprocessor_error, irq)},
    {"ignne", offsetof(struct coprocessor_error, ignne)},
    {NULL, 0},
};

const struct device_type COPROCESSOR_ERROR_TYPE = {
    .name = "coprocessor-error",
    .title = "Coprocessor error latch",
    .datasheet = "Intel 82371AB (PIIX4) data sheet, April 1997, CERR",
    .missing = "port F1h, the reset of an 80287",
    .size = sizeof(struct coprocessor_error),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .input = input,
    .describe = describe,
};
