/* The power management function of the 82371AB (PIIX4): ACPI events, PM timer, power-off.
 *
 * Intel 82371AB PCI-to-ISA/IDE Xcelerator (PIIX4) data sheet, 290562-001, April 1997, chapter 7;
 * ACPI 1.0b, section 4.7. Boards of the PIIX3 with this function are what SeaBIOS knows.
 *
 *   PMBA (40h, when PMREGMISC.PMIOSE)  +0 PMSTS  +2 PMEN  +4 PMCNTRL  +8 PMTMR (3.579545 MHz)
 *   B2h APMC, B3h APMS                 writing F1h or F0h to APMC hands the events to the operating
 *                                      system (SCI_EN) or back: what SMM firmware does on a board
 *   AFE0h                              GPE0 of the firmware's FADT; it never has an event here
 *
 *   PMTMR bit 23   ____/‾‾‾‾‾‾‾\_______/‾‾‾    each edge sets TMROF_STS (every 2.34 s)
 *
 * MISSING: other events than the button's and the timer's; see the type's `missing`.
 * Clock: 315/88 MHz. Output "smi": an edge. Interrupt line: "sci", level, active while an enabled event is pending. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/types.h"

#define PMBA 0x40u
#define DEVACTB 0x58u
#define APMC_EN 0x02000000u /* of DEVACTB */
#define PMREGMISC 0x80u
#define SMBBA 0x90u
#define SMBHSTCFG 0xD2u
#define PM_PORTS 64u
#define APMC_PORT 0xB2u
#define GPE0_PORT 0xAFE0u
#define ACPI_ENABLE 0xF1u
#define ACPI_DISABLE 0xF0u
#define TIMER_NUMERATOR UINT64_C(315000000)
#define TIMER_DENOMINATOR UINT64_C(88)
#define TIMER_HALF ((uint64_t)1 << 23)

enum pmsts { TMROF = 0x0001, BM = 0x0010, GBL = 0x0020, PWRBTN = 0x0100, RTC = 0x0400,
             RSM = 0x8000 };
#define PMSTS_BITS (TMROF | BM | GBL | PWRBTN | RTC | RSM)
#define PMEN_BITS (TMROF | GBL | PWRBTN | RTC)
enum pmcntrl { SCI_EN = 0x0001, BRLD_EN_BM = 0x0002, GBL_RLS = 0x0004, SLP_EN = 0x2000 };
enum { APM_STS = 0x0020 /* GLBSTS */, SMI_EN = 0x0001 /* GLBCTL */ };
#define PMCNTRL_KEPT 0x1C03u /* SLP_TYP and the two enables */
enum { INPUT_POWER_BUTTON };

struct piix4_pm {
    struct device device;
    struct pci_function function;
    struct region *region; /* of the PM ports, while decoded */
    uint16_t sts, en, cntrl;
    uint16_t gpe_en;
    uint8_t apmc, apms;
    uint64_t overflow_tick; /* the next edge of bit 23 that TMROF_STS has not been cleared for */
    struct event event;
    struct irq_line sci;
    uint16_t glbsts;
    uint32_t glbctl;
    struct irq_line smi;
};

static const struct state_field STATE[] = {
    STATE_STRUCT(struct piix4_pm, function, PCI_FUNCTION_STATE),
    STATE_REBUILT(struct piix4_pm, region),
    STATE_ONE(struct piix4_pm, sts),
    STATE_ONE(struct piix4_pm, en),
    STATE_ONE(struct piix4_pm, cntrl),
    STATE_ONE(struct piix4_pm, gpe_en),
    STATE_ONE(struct piix4_pm, apmc),
    STATE_ONE(struct piix4_pm, apms),
    STATE_ONE(struct piix4_pm, overflow_tick),
    STATE_TIMER(struct piix4_pm, event),
    STATE_STRUCT(struct piix4_pm, sci, IRQ_LINE_STATE),
    STATE_ONE_SINCE(2, struct piix4_pm, glbsts),
    STATE_ONE_SINCE(2, struct piix4_pm, glbctl),
    {"smi", STATE_NESTED, 2, offsetof(struct piix4_pm, smi), sizeof(struct irq_line), 1,
     IRQ_LINE_STATE, 0},
    STATE_TABLE_END,
};

/* --- timer and events (7.2.1, 7.2.4) --------------------------------------------------------- */

static uint64_t ticks_now(const struct piix4_pm *s)
{
    return clock_ticks(s->device.env->clock, TIMER_NUMERATOR, TIMER_DENOMINATOR);
}

static uint16_t status(const struct piix4_pm *s)
{
    return (uint16_t)(s->sts | (ticks_now(s) >= s->overflow_tick ? TMROF : 0));
}

/* The event is armed only while somebody wants its interrupt. */
static void update_sci(struct piix4_pm *s)
{
    bool is_acpi = s->cntrl & SCI_EN;
    irq_line_set(&s->sci, is_acpi && (status(s) & s->en & PMEN_BITS));
    if (is_acpi && (s->en & TMROF) && !(status(s) & TMROF))
        event_arm(&s->event, clock_when_ticks(s->device.env->clock, s->overflow_tick,
                                              TIMER_NUMERATOR, TIMER_DENOMINATOR));
    else
        event_disarm(&s->event);
}

static void timer_event(void *self)
{
    update_sci(self);
}

static void clear_status(struct piix4_pm *s, uint16_t ones)
{
    s->sts &= (uint16_t)~ones;
    if (ones & TMROF && ticks_now(s) >= s->overflow_tick)
        s->overflow_tick = (ticks_now(s) / TIMER_HALF + 1) * TIMER_HALF;
    update_sci(s);
}

static void input(struct device *device, unsigned number, bool level)
{
    struct piix4_pm *s = (struct piix4_pm *)device;
    if (number == INPUT_POWER_BUTTON && level)
        s->sts |= PWRBTN;
    update_sci(s);
}

/* 7.2.3: SLP_TYP 0 is soft off. Other sleeps end at once, as if something woke the machine. */
static void sleep_now(struct piix4_pm *s)
{
    unsigned type = s->cntrl >> 10 & 7;
    if (type == 0) {
        if (s->device.env->power_off)
            s->device.env->power_off(s->device.env->self);
        return;
    }
    device_guest_error(&s->device, "sleep of type %u is not modelled: the machine resumes at once",
                       type);
    s->sts |= RSM;
    update_sci(s);
}

/* --- registers ------------------------------------------------------------------------------- */

static struct piix4_pm *pm_of(void *self)
{
    return self;
}

static uint32_t sts_peek(const void *self, const struct reg *row)
{
    (void)row;
    return status(self);
}
static void sts_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    clear_status(self, (uint16_t)value & PMSTS_BITS);
}

static uint32_t en_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct piix4_pm *)self)->en;
}
static void en_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    pm_of(self)->en = value & PMEN_BITS;
    update_sci(self);
}

static uint32_t cntrl_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct piix4_pm *)self)->cntrl;
}
static void cntrl_write(void *self, const struct reg *row, uint32_t value)
{
    struct piix4_pm *s = self;
    (void)row;
    s->cntrl = value & PMCNTRL_KEPT;
    update_sci(s);
    if (value & SLP_EN)
        sleep_now(s);
}

static uint32_t timer_peek(const void *self, const struct reg *row)
{
    (void)row;
    return (uint32_t)(ticks_now(self) & 0xFFFFFF);
}

static uint32_t apm_peek(const void *self, const struct reg *row)
{
    const struct piix4_pm *s = self;
    return row->offset ? s->apms : s->apmc;
}
static void apms_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    pm_of(self)->apms = (uint8_t)value;
}
/* With APMC_EN and SMI_EN the firmware hears of it by SMI#, an edge (7.2.15 has EOS for the next one:
 * MISSING). QUIRK: the two commands of ACPI are answered here as well: firmware for virtual machines
 * counts on it. */
static void apmc_write(void *self, const struct reg *row, uint32_t value)
{
    struct piix4_pm *s = self;
    (void)row;
    s->apmc = (uint8_t)value;
    if (value == ACPI_ENABLE)
        s->cntrl |= SCI_EN;
    else if (value == ACPI_DISABLE)
        s->cntrl &= (uint16_t)~SCI_EN;
    update_sci(s);
    if (!(load_le32(&s->function.config[DEVACTB]) & APMC_EN))
        return;
    s->glbsts |= APM_STS;
    /* QUIRK: the BIOS of Bochs sets APMC_EN alone, as its own chip has no SMI_EN, and waits for ever. */
    if (!(s->glbctl & SMI_EN)) {
        device_guest_error(&s->device, "APMC_EN without SMI_EN (bit 0 of GLBCTL): no SMI# comes");
        return;
    }
    irq_line_set(&s->smi, true);
    irq_line_set(&s->smi, false);
}

static uint32_t glb_peek(const void *self, const struct reg *row)
{
    const struct piix4_pm *s = self;
    return row->width == 2 ? s->glbsts : s->glbctl;
}
static void glbsts_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    pm_of(self)->glbsts &= (uint16_t)~(value & APM_STS);
}
static void glbctl_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    pm_of(self)->glbctl = value & SMI_EN;
}

static uint32_t gpe_peek(const void *self, const struct reg *row)
{
    return row->offset ? ((const struct piix4_pm *)self)->gpe_en : 0;
}
static void gpe_write(void *self, const struct reg *row, uint32_t value)
{
    if (row->offset)
        pm_of(self)->gpe_en = (uint16_t)value;
}

static const struct reg_field PMSTS_FIELDS[] = {
    {"TMROF", 0, 1, NULL, "bit 23 of the timer changed"},
    {"BM", 4, 1, NULL, "a bus master wants the bus"},
    {"GBL", 5, 1, NULL, "the firmware wants attention"},
    {"PWRBTN", 8, 1, NULL, "the power button"},
    {"RTC", 10, 1, NULL, "the real-time clock's alarm"},
    {"RSM", 15, 1, NULL, "resumed from sleep"},
    REG_FIELDS_END,
};
static const char *const SLEEPS[8] = {"soft off",  "suspend to RAM", "context lost",
                                      "power on suspend", "context clocked", "working", NULL, NULL};
static const struct reg_field PMCNTRL_FIELDS[] = {
    {"SCI_EN", 0, 1, NULL, "events interrupt the operating system (SCI), not the firmware"},
    {"BRLD_EN_BM", 1, 1, NULL, "bus master requests end C3"},
    {"GBL_RLS", 2, 1, NULL, "tells the firmware"},
    {"SLP_TYP", 10, 3, SLEEPS, "kind of sleep"},
    {"SLP_EN", 13, 1, NULL, "sleep now"},
    REG_FIELDS_END,
};
static const struct reg_field GLBSTS_FIELDS[] = {
    {"APM_STS", 5, 1, NULL, "APMC was written"},
    REG_FIELDS_END,
};
static const struct reg PM_ROWS[] = {
    {.name = "PMSTS", .meaning = "events", .offset = 0, .width = 2,
     .access = REG_RW | REG_ONE_CLEARS, .peek = sts_peek, .write = sts_write,
     .fields = PMSTS_FIELDS, .section = "7.2.1"},
    {.name = "PMEN", .meaning = "events that interrupt", .offset = 2, .width = 2,
     .access = REG_RW, .writable = PMEN_BITS, .peek = en_peek, .write = en_write,
     .fields = PMSTS_FIELDS, .section = "7.2.2"},
    {.name = "PMCNTRL", .meaning = "power management control", .offset = 4, .width = 2,
     .access = REG_RW, .writable = PMCNTRL_KEPT, .peek = cntrl_peek, .write = cntrl_write,
     .fields = PMCNTRL_FIELDS, .section = "7.2.3"},
    {.name = "PMTMR", .meaning = "timer of 24 bits, 3.579545 MHz", .offset = 8, .width = 4,
     .access = REG_READ, .peek = timer_peek, .section = "7.2.4"},
    {.name = "GLBSTS", .meaning = "events for the firmware", .offset = 0x18, .width = 2,
     .access = REG_RW | REG_ONE_CLEARS, .peek = glb_peek, .write = glbsts_write,
     .fields = GLBSTS_FIELDS, .section = "7.2.10"},
    {.name = "GLBCTL", .meaning = "bit 0, SMI_EN: events raise SMI#", .offset = 0x28, .width = 4,
     .access = REG_RW, .writable = SMI_EN, .peek = glb_peek, .write = glbctl_write,
     .section = "7.2.14"},
    REG_ROWS_END,
};
static const struct reg_bank PM_BANK = {"power management", PM_ROWS};
static const struct reg APM_ROWS[] = {
    {.name = "APMC", .meaning = "command to the firmware: F1h ACPI on, F0h off", .offset = 0,
     .width = 1, .access = REG_RW, .writable = 0xFF, .peek = apm_peek, .write = apmc_write,
     .section = "4.2.6.1"},
    {.name = "APMS", .meaning = "status, kept", .offset = 1, .width = 1, .access = REG_RW,
     .writable = 0xFF, .peek = apm_peek, .write = apms_write, .section = "4.2.6.2"},
    REG_ROWS_END,
};
static const struct reg_bank APM_BANK = {"APM", APM_ROWS};
static const struct reg GPE_ROWS[] = {
    {.name = "GPE0_STS", .meaning = "general purpose events: none", .offset = 0, .width = 2,
     .access = REG_RW | REG_ONE_CLEARS, .peek = gpe_peek, .write = gpe_write,
     .section = "ACPI 1.0b, 4.7.4.3"},
    {.name = "GPE0_EN", .meaning = "their enables", .offset = 2, .width = 2, .access = REG_RW,
     .writable = 0xFFFF, .peek = gpe_peek, .write = gpe_write, .section = "ACPI 1.0b, 4.7.4.3"},
    REG_ROWS_END,
};
static const struct reg_bank GPE_BANK = {"GPE0", GPE_ROWS};

static uint32_t config_peek(const void *self, const struct reg *row)
{
    return (uint32_t)load_le(&((const struct piix4_pm *)self)->function.config[row->offset],
                             row->width);
}
static const struct reg CONFIG_ROWS[] = {
    {.name = "VID", .meaning = "vendor", .offset = 0, .width = 2, .access = REG_READ,
     .reset = 0x8086, .peek = config_peek, .section = "7.1.1"},
    {.name = "DID", .meaning = "device", .offset = 2, .width = 2, .access = REG_READ,
     .reset = 0x7113, .peek = config_peek, .section = "7.1.2"},
    {.name = "PMBA", .meaning = "base of the power management ports", .offset = PMBA, .width = 4,
     .access = REG_RW, .reset = 1, .writable = 0xFFC0, .peek = config_peek, .section = "7.1.10"},
    {.name = "DEVACTB", .meaning = "bit 25, APMC_EN: writing APMC is an event", .offset = DEVACTB,
     .width = 4, .access = REG_RW, .writable = 0xFFFFFFFF, .peek = config_peek, .section = "7.1.16"},
    {.name = "PMREGMISC", .meaning = "bit 0: the ports are decoded", .offset = PMREGMISC,
     .width = 1, .access = REG_RW, .writable = 1, .peek = config_peek, .section = "7.1.25"},
    {.name = "SMBBA", .meaning = "base of the SMBus (kept, without effect)", .offset = SMBBA,
     .width = 4, .access = REG_RW, .reset = 1, .writable = 0xFFF0, .peek = config_peek,
     .section = "7.1.26"},
    {.name = "SMBHSTCFG", .meaning = "SMBus configuration (kept, without effect)",
     .offset = SMBHSTCFG, .width = 1, .access = REG_RW, .writable = 0x0F, .peek = config_peek,
     .section = "7.1.27"},
    REG_ROWS_END,
};
static const struct reg_bank CONFIG_BANK = {"config", CONFIG_ROWS};
static const struct reg_bank *const BANKS[] = {&PM_BANK, &APM_BANK, &GPE_BANK, &CONFIG_BANK, NULL};

/* --- decoding -------------------------------------------------------------------------------- */

static void update_ports(struct piix4_pm *s)
{
    struct space *ports = s->device.env->ports;
    struct error error = {STATUS_OK, ""};
    uint64_t base = load_le16(&s->function.config[PMBA]) & 0xFFC0u;
    struct region region = {.name = PM_BANK.name, .device = &s->device, .self = s,
                            .bank = &PM_BANK, .base = base, .length = PM_PORTS};
    bool is_wanted = (s->function.config[PMREGMISC] & 1) && base;
    if (s->region && (!is_wanted || s->region->base != base)) {
        space_detach(ports, s->region);
        s->region = NULL;
    }
    if (is_wanted && !s->region &&
        space_attach(ports, &region, &s->region, &error) != STATUS_OK) {
        device_guest_error(&s->device, "PMBA %04llX: %s", (unsigned long long)base, error.text);
        s->region = NULL;
    }
}

static void config_written(struct pci_function *function, uint8_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    update_ports((struct piix4_pm *)function->device);
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    uint32_t value = (uint32_t)access->value;
    size_t used = 0;
    (void)device;
    if (access->is_write && access->address == APMC_PORT)
        text_append(text, size, &used, "%s", value == ACPI_ENABLE ? "ACPI on: SCI_EN is set"
                    : value == ACPI_DISABLE ? "ACPI off: SCI_EN is cleared" : "a firmware command");
    else if (access->is_write && access->reg == &PM_ROWS[2] && (value & SLP_EN))
        text_append(text, size, &used, "sleep now: %s",
                    SLEEPS[value >> 10 & 7] ? SLEEPS[value >> 10 & 7] : "reserved");
    else if (access->reg)
        reg_fields_text(access->reg, value, text, size);
}

/* --- life ------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct piix4_pm *s = (struct piix4_pm *)device;
    uint8_t *config = s->function.config;
    (void)kind;
    pci_function_reset(&s->function);
    store_le32(&config[PMBA], 1);
    store_le32(&config[SMBBA], 1);
    config[PMREGMISC] = config[SMBHSTCFG] = 0;
    store_le32(&config[DEVACTB], 0);
    s->sts = s->en = s->cntrl = s->gpe_en = 0;
    s->glbsts = 0;
    s->glbctl = 0;
    irq_line_set(&s->smi, false);
    s->apmc = s->apms = 0;
    s->overflow_tick = (ticks_now(s) / TIMER_HALF + 1) * TIMER_HALF;
    update_ports(s);
    update_sci(s);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct piix4_pm *s = (struct piix4_pm *)device;
    uint8_t *writable = s->function.writable;
    enum status result;
    event_init(&s->event, config->env->clock, "pm timer", timer_event, s);
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: this board has no PCI bus", config->name);
    pci_function_init(&s->function, device, 0x8086, 0x7113, 0x068000, 0x03);
    s->function.written = config_written;
    store_le16(&s->function.config[PCI_STATUS], 0x0280);
    store_le16(&writable[PMBA], 0xFFC0);
    writable[PMREGMISC] = 1;
    store_le16(&writable[SMBBA], 0xFFF0);
    writable[SMBHSTCFG] = 0x0F;
    store_le32(&writable[DEVACTB], 0xFFFFFFFF);
    result = pci_add(config->env->pci, &s->function, 1 << 3 | 3, 1, error);
    if (result == STATUS_OK)
        result = device_attach(device, config->env->ports, &APM_BANK, NULL, APMC_PORT, 2, error);
    if (result == STATUS_OK)
        result = device_attach(device, config->env->ports, &GPE_BANK, NULL, GPE0_PORT, 4, error);
    return result;
}

static void fini(struct device *device)
{
    struct piix4_pm *s = (struct piix4_pm *)device;
    pci_remove(&s->function);
    event_fini(&s->event);
}

static void loaded(struct device *device)
{
    struct piix4_pm *s = (struct piix4_pm *)device;
    pci_loaded(&s->function);
    update_ports(s);
}

static const struct device_pin PINS[] = {
    {"sci", offsetof(struct piix4_pm, sci)}, {"smi", offsetof(struct piix4_pm, smi)}, {NULL, 0}};
static const char *const INPUTS[] = {[INPUT_POWER_BUTTON] = "power-button", NULL};

const struct device_type PIIX4_PM_TYPE = {
    .name = "piix4-pm",
    .title = "ACPI power management",
    .datasheet = "Intel 82371AB (PIIX4), 290562-001, April 1997; ACPI 1.0b",
    .missing = "events of the RTC's alarm, bus masters, firmware (GBL) and GPE0: none comes\n"
               "SMI# of other events than APMC, and EOS\n"
               "SMBus, device monitors, throttling, general purpose inputs and outputs\n"
               "sleeps other than soft off: the machine resumes at once",
    .size = sizeof(struct piix4_pm),
    .version = 2,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .inputs = INPUTS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .input = input,
    .describe = describe,
    .loaded = loaded,
};
