/* Port 61h: the speaker, the gate of the timer's channel 2, refresh and NMI status.
 *
 * Specification: Intel 82371AB (PIIX4) data sheet, April 1997, section 4.2.4 (NMI status and control).
 * Sound: frontends/sound.c computes it from this state and the timer's (bus/sound.h).
 * Missing: parity and channel check errors (bits 7 and 6 stay 0, their enables are kept); the refresh by
 * counter 1, whatever it is set to.
 * Clock: bit 4 changes with every refresh, 18 ticks of 105/88 MHz (15.1 µs). Output: gate2.
 *
 *   bit 0 ──> GATE2 of the timer      OUT2 ──> bit 5 (read)
 *   bit 1 ──> AND with OUT2 ──> speaker */
#include "devices/speaker.h"

#include <stdio.h>

#include "devices/i8254.h"
#include "devices/types.h"

#define REFRESH_NUMERATOR UINT64_C(105000000) /* of the timer's clock */
#define REFRESH_DENOMINATOR (UINT64_C(88) * 18)

enum { GATE2 = 0x01, SPEAKER = 0x02, BITS_KEPT = 0x0F, REFRESH = 0x10, OUT2 = 0x20 };

struct speaker {
    struct device device;
    uint8_t value; /* bits 3-0 */
    struct irq_line gate2;
    const struct device *timer;
    const struct sound_tap *tap;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct speaker, value),
    STATE_STRUCT(struct speaker, gate2, IRQ_LINE_STATE),
    STATE_REBUILT(struct speaker, timer),
    STATE_REBUILT(struct speaker, tap),
    STATE_TABLE_END,
};

void speaker_set_timer(struct device *speaker, const struct device *i8254)
{
    ((struct speaker *)speaker)->timer = i8254;
}

bool speaker_is_driven(const struct device *speaker)
{
    return (((const struct speaker *)speaker)->value & SPEAKER) != 0;
}

void speaker_set_tap(struct device *speaker, const struct sound_tap *tap)
{
    ((struct speaker *)speaker)->tap = tap;
}

static void write_port(void *self, const struct reg *row, uint32_t value)
{
    struct speaker *speaker = self;
    (void)row;
    sound_tap_changing(speaker->tap);
    speaker->value = value & BITS_KEPT;
    irq_line_set(&speaker->gate2, (value & GATE2) != 0);
}

static uint32_t peek(const void *self, const struct reg *row)
{
    const struct speaker *speaker = self;
    const struct clock *clock = speaker->device.env->clock;
    uint64_t refreshes = clock_ticks(clock, REFRESH_NUMERATOR, REFRESH_DENOMINATOR);
    (void)row;
    return speaker->value | (refreshes & 1 ? REFRESH : 0u) |
           (speaker->timer && i8254_out(speaker->timer, 2) ? OUT2 : 0u);
}

static const struct reg_field FIELDS[] = {
    {"GATE2", 0, 1, NULL, "gate of the timer's channel 2"},
    {"SPKR", 1, 1, NULL, "OUT2 drives the speaker"},
    {"PERR#", 2, 1, NULL, "parity check disabled"},
    {"IOCHK#", 3, 1, NULL, "channel check disabled"},
    {"REF", 4, 1, NULL, "toggles with every refresh"},
    {"OUT2", 5, 1, NULL, "output of the timer's channel 2"},
    {"IOCHK", 6, 1, NULL, "channel check"},
    {"SERR", 7, 1, NULL, "parity or system error"},
    REG_FIELDS_END,
};
static const struct reg ROWS[] = {
    {.name = "NMISC", .meaning = "speaker, timer gate, NMI status", .offset = 0, .width = 1,
     .access = REG_RW, .writable = BITS_KEPT, .write = write_port, .peek = peek, .fields = FIELDS,
     .section = "PIIX4 4.2.4.1"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"speaker", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    uint32_t value = (uint32_t)access->value & 0xFF;
    (void)device;
    if (access->is_write)
        snprintf(text, size, "speaker %s, gate of channel 2 %s",
                 (value & (SPEAKER | GATE2)) == (SPEAKER | GATE2) ? "sounds" : "silent",
                 value & GATE2 ? "open" : "closed");
    else
        snprintf(text, size, "OUT2 %s, refresh %u", value & OUT2 ? "high" : "low",
                 value & REFRESH ? 1u : 0u);
}

static void reset(struct device *device, enum reset_kind kind)
{
    (void)kind;
    write_port(device, NULL, 0);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x61", "port", 0, 0xFFFF},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&SPEAKER_TYPE, config, "base"), 1, error);
}

static const struct device_pin PINS[] = {{"gate2", offsetof(struct speaker, gate2)}, {NULL, 0}};

const struct device_type SPEAKER_TYPE = {
    .name = "speaker",
    .title = "Speaker and NMI status (port 61h)",
    .datasheet = "Intel 82371AB (PIIX4) data sheet, April 1997, section 4.2.4",
    .missing = "parity and channel check errors never happen\n"
               "the refresh toggles by itself, whatever counter 1 is set to",
    .size = sizeof(struct speaker),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .describe = describe,
};
