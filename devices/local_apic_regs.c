/* The local APIC's registers (SDM 3A table 10-1): 32 bits each, 16 bytes apart, in one page. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/local_apic_internal.h"

#define VERSION UINT32_C(0x00040011) /* integrated; five entries of the local vector table */
#define SVR_WRITABLE 0x3F0u          /* bits 3-0 of the spurious vector are ones (10.9) */
#define ICR_WRITABLE 0x000CCFFFu
#define DIVIDE_WRITABLE 0x0Bu

/* --- plain registers -------------------------------------------------------------------------- */

static uint32_t peek_id(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->id;
}

static void write_id(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct local_apic *)self)->id = value & 0x0F000000;
}

static uint32_t peek_version(const void *self, const struct reg *row)
{
    (void)self;
    (void)row;
    return VERSION;
}

static uint32_t peek_tpr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->tpr;
}

static void write_tpr(void *self, const struct reg *row, uint32_t value)
{
    struct local_apic *apic = self;
    (void)row;
    apic->tpr = value & 0xFF;
    local_apic_update(apic);
}

static uint32_t peek_apr(const void *self, const struct reg *row)
{
    (void)row;
    return local_apic_apr(self);
}

static uint32_t peek_ppr(const void *self, const struct reg *row)
{
    (void)row;
    return local_apic_ppr(self);
}

static void write_eoi(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    (void)value;
    local_apic_end(self);
}

static uint32_t peek_rrd(const void *self, const struct reg *row)
{
    (void)self;
    (void)row;
    return 0; /* nobody answers a remote read */
}

static uint32_t peek_ldr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->ldr;
}

static void write_ldr(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct local_apic *)self)->ldr = value & 0xFF000000;
}

static uint32_t peek_dfr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->dfr;
}

static void write_dfr(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct local_apic *)self)->dfr = value | 0x0FFFFFFF;
}

static uint32_t peek_svr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->svr;
}

/* 10.4.7.2: with the software enable off every mask bit of the local vector table is set. */
static void write_svr(void *self, const struct reg *row, uint32_t value)
{
    struct local_apic *apic = self;
    (void)row;
    apic->svr = (value & SVR_WRITABLE) | 0x0F;
    for (unsigned i = 0; i < LVT_COUNT && !(value & SVR_ENABLED); i++) {
        apic->lvt[i] |= LVT_MASKED;
        local_apic_lvt_written(apic, i);
    }
    local_apic_update(apic);
}

static uint32_t peek_esr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->esr;
}

/* 10.5.3: a write shows what has come together since the last one. */
static void write_esr(void *self, const struct reg *row, uint32_t value)
{
    struct local_apic *apic = self;
    (void)row;
    (void)value;
    apic->esr = apic->esr_errors;
    apic->esr_errors = 0;
}

/* --- ISR, TMR, IRR ------------------------------------------------------------------------------ */

static uint32_t peek_isr(const void *self, const struct reg *row)
{
    return ((const struct local_apic *)self)->isr[(row->offset - 0x100u) >> 4];
}

static uint32_t peek_tmr(const void *self, const struct reg *row)
{
    return ((const struct local_apic *)self)->tmr[(row->offset - 0x180u) >> 4];
}

static uint32_t peek_irr(const void *self, const struct reg *row)
{
    return ((const struct local_apic *)self)->irr[(row->offset - 0x200u) >> 4];
}

/* --- interrupt command, local vector table, timer -------------------------------------------------- */

static uint32_t peek_icr_low(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->icr_low;
}

static void write_icr_low(void *self, const struct reg *row, uint32_t value)
{
    struct local_apic *apic = self;
    (void)row;
    apic->icr_low = value & ICR_WRITABLE;
    local_apic_command(apic);
}

static uint32_t peek_icr_high(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->icr_high;
}

static void write_icr_high(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct local_apic *)self)->icr_high = value & 0xFF000000;
}

static unsigned lvt_of(const struct reg *row)
{
    return row->offset == 0x320 ? LVT_TIMER : LVT_PERFORMANCE + ((row->offset - 0x340u) >> 4);
}

static uint32_t peek_lvt(const void *self, const struct reg *row)
{
    return ((const struct local_apic *)self)->lvt[lvt_of(row)];
}

static void write_lvt(void *self, const struct reg *row, uint32_t value)
{
    struct local_apic *apic = self;
    unsigned which = lvt_of(row);
    uint32_t kept = apic->lvt[which] & LVT_REMOTE_IRR;
    apic->lvt[which] = (value & (row->writable | LVT_MASKED)) | kept;
    if (!(apic->svr & SVR_ENABLED))
        apic->lvt[which] |= LVT_MASKED;
    if (!(value & LVT_LEVEL)) /* remote IRR has no meaning with an edge */
        apic->lvt[which] &= ~(uint32_t)LVT_REMOTE_IRR;
    local_apic_lvt_written(apic, which);
}

static uint32_t peek_initial(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->initial;
}

static void write_initial(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    local_apic_timer_load(self, value);
}

static uint32_t peek_count(const void *self, const struct reg *row)
{
    (void)row;
    return local_apic_count(self);
}

static uint32_t peek_divide(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct local_apic *)self)->divide;
}

static void write_divide(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    local_apic_timer_divide(self, value & DIVIDE_WRITABLE);
}

/* --- the table ----------------------------------------------------------------------------------------- */

static const char *const DELIVERIES[] = {"fixed", "lowest priority", "SMI", "3", "NMI", "INIT",
                                         "startup", "ExtINT"};
static const char *const TRIGGERS[] = {"edge", "level"};
static const char *const MASKED[] = {"open", "masked"};
static const char *const OFF_ON[] = {"off", "on"};
static const struct reg_field ID_FIELDS[] = {{"ID", 24, 4, NULL, "physical id"}, REG_FIELDS_END};
static const struct reg_field VERSION_FIELDS[] = {
    {"VERSION", 0, 8, NULL, "10h-15h: integrated"},
    {"MAX LVT", 16, 8, NULL, "entries of the local vector table less one"},
    REG_FIELDS_END,
};
static const struct reg_field PRIORITY_FIELDS[] = {
    {"CLASS", 4, 4, NULL, "vectors of this class and below wait"},
    {"SUBCLASS", 0, 4, NULL, "within the class"},
    REG_FIELDS_END,
};
static const struct reg_field LDR_FIELDS[] = {{"LOGICAL ID", 24, 8, NULL, "a set, or cluster and set"},
                                              REG_FIELDS_END};
static const struct reg_field DFR_FIELDS[] = {{"MODEL", 28, 4, NULL, "15: flat; 0: clusters"},
                                              REG_FIELDS_END};
static const struct reg_field SVR_FIELDS[] = {
    {"VECTOR", 0, 8, NULL, "of spurious interrupts"},
    {"ENABLE", 8, 1, OFF_ON, "the APIC's software enable"},
    {"FOCUS", 9, 1, (const char *const[]){"checked", "not checked"}, "focus processor"},
    REG_FIELDS_END,
};
static const struct reg_field ESR_FIELDS[] = {
    {"SEND ACCEPT", 2, 1, NULL, "nobody took a message"},
    {"SEND ILLEGAL", 5, 1, NULL, "a vector below 16 in the command register"},
    {"RECEIVED ILLEGAL", 6, 1, NULL, "a vector below 16 arrived"},
    {"ILLEGAL REGISTER", 7, 1, NULL, "there is no such register"},
    REG_FIELDS_END,
};
static const struct reg_field ICR_FIELDS[] = {
    {"VECTOR", 0, 8, NULL, "vector"},
    {"DELIVERY", 8, 3, DELIVERIES, "how"},
    {"DESTINATION MODE", 11, 1, (const char *const[]){"physical", "logical"}, "kind of id"},
    {"LEVEL", 14, 1, (const char *const[]){"deassert", "assert"}, "of INIT"},
    {"TRIGGER", 15, 1, TRIGGERS, "of INIT deassert"},
    {"SHORTHAND", 18, 2, (const char *const[]){"none", "self", "all", "all but self"}, "to whom"},
    REG_FIELDS_END,
};
static const struct reg_field ICR_HIGH_FIELDS[] = {{"DESTINATION", 24, 8, NULL, "id"}, REG_FIELDS_END};
static const struct reg_field TIMER_FIELDS[] = {
    {"VECTOR", 0, 8, NULL, "vector"},
    {"MASK", 16, 1, MASKED, "interrupt mask"},
    {"MODE", 17, 1, (const char *const[]){"one-shot", "periodic"}, "timer mode"},
    REG_FIELDS_END,
};
static const struct reg_field LINT_FIELDS[] = {
    {"VECTOR", 0, 8, NULL, "of fixed delivery"},
    {"DELIVERY", 8, 3, DELIVERIES, "how"},
    {"POLARITY", 13, 1, (const char *const[]){"high", "low"}, "active level"},
    {"REMOTE IRR", 14, 1, NULL, "a level interrupt was taken, its EOI is due"},
    {"TRIGGER", 15, 1, TRIGGERS, "of fixed delivery"},
    {"MASK", 16, 1, MASKED, "interrupt mask"},
    REG_FIELDS_END,
};
static const struct reg_field ERROR_FIELDS[] = {
    {"VECTOR", 0, 8, NULL, "vector"},
    {"DELIVERY", 8, 3, DELIVERIES, "how (performance counters)"},
    {"MASK", 16, 1, MASKED, "interrupt mask"},
    REG_FIELDS_END,
};
static const struct reg_field DIVIDE_FIELDS[] = {
    {"D1-D0", 0, 2, NULL, "with D2: 0-6 divide by 2-128, 7 by 1"},
    {"D2", 3, 1, NULL, "see D1-D0"},
    REG_FIELDS_END,
};

#define READ_ROW(row_name, at, value, words, what, list, where)                                     \
    {.name = row_name, .meaning = words, .offset = at, .width = 4, .access = REG_READ,             \
     .reset = value, .peek = what, .fields = list, .section = where}
#define RW_ROW(row_name, at, value, bits, words, look, change, list, where)                         \
    {.name = row_name, .meaning = words, .offset = at, .width = 4, .access = REG_RW, .reset = value, \
     .writable = bits, .peek = look, .write = change, .fields = list, .section = where}
#define SET_ROWS(row_name, at, words, what, where)                                                  \
    READ_ROW(row_name "0", at, 0, words " 00h-1Fh", what, NULL, where),                             \
        READ_ROW(row_name "1", (at) + 0x10, 0, words " 20h-3Fh", what, NULL, where),                \
        READ_ROW(row_name "2", (at) + 0x20, 0, words " 40h-5Fh", what, NULL, where),                \
        READ_ROW(row_name "3", (at) + 0x30, 0, words " 60h-7Fh", what, NULL, where),                \
        READ_ROW(row_name "4", (at) + 0x40, 0, words " 80h-9Fh", what, NULL, where),                \
        READ_ROW(row_name "5", (at) + 0x50, 0, words " A0h-BFh", what, NULL, where),                \
        READ_ROW(row_name "6", (at) + 0x60, 0, words " C0h-DFh", what, NULL, where),                \
        READ_ROW(row_name "7", (at) + 0x70, 0, words " E0h-FFh", what, NULL, where)
/* The mask bits are writable only while the software enable is on: not listed. */
#define LVT_ROW(row_name, at, bits, words, list)                                                    \
    {.name = row_name, .meaning = words, .offset = at, .width = 4, .access = REG_RW,               \
     .reset = LVT_MASKED, .writable = bits, .peek = peek_lvt, .write = write_lvt, .fields = list,   \
     .section = "10.5.1"}

/* The busiest first: a search begins here. */
static const struct reg ROWS[] = {
    {.name = "EOI", .meaning = "end of interrupt: any value", .offset = 0x0B0, .width = 4,
     .access = REG_WRITE, .write = write_eoi, .section = "10.8.5"},
    RW_ROW("INITIAL COUNT", 0x380, 0, UINT32_MAX, "loads the timer; 0 stops it", peek_initial,
           write_initial, NULL, "10.5.4"),
    READ_ROW("CURRENT COUNT", 0x390, 0, "the timer's count", peek_count, NULL, "10.5.4"),
    RW_ROW("TPR", 0x080, 0, 0xFF, "task priority", peek_tpr, write_tpr, PRIORITY_FIELDS, "10.8.3.1"),
    RW_ROW("ICR LOW", 0x300, 0, ICR_WRITABLE, "interrupt command: writing sends it", peek_icr_low,
           write_icr_low, ICR_FIELDS, "10.6.1"),
    RW_ROW("ICR HIGH", 0x310, 0, 0xFF000000, "interrupt command: to whom", peek_icr_high,
           write_icr_high, ICR_HIGH_FIELDS, "10.6.1"),
    RW_ROW("ID", 0x020, 0, 0x0F000000, "physical id", peek_id, write_id, ID_FIELDS, "10.4.6"),
    READ_ROW("VERSION", 0x030, VERSION, "version", peek_version, VERSION_FIELDS, "10.4.8"),
    READ_ROW("APR", 0x090, 0, "arbitration priority", peek_apr, PRIORITY_FIELDS, "10.6.2.4"),
    READ_ROW("PPR", 0x0A0, 0, "processor priority", peek_ppr, PRIORITY_FIELDS, "10.8.3.1"),
    READ_ROW("RRD", 0x0C0, 0, "remote read: nobody answers", peek_rrd, NULL, "table 10-1"),
    RW_ROW("LDR", 0x0D0, 0, 0xFF000000, "logical destination", peek_ldr, write_ldr, LDR_FIELDS,
           "10.6.2.2"),
    RW_ROW("DFR", 0x0E0, UINT32_MAX, 0xF0000000, "destination format", peek_dfr, write_dfr,
           DFR_FIELDS, "10.6.2.2"),
    RW_ROW("SVR", 0x0F0, SVR_RESET, SVR_WRITABLE, "spurious vector and software enable", peek_svr,
           write_svr, SVR_FIELDS, "10.9"),
    RW_ROW("ESR", 0x280, 0, 0, "errors until the last write to it", peek_esr, write_esr, ESR_FIELDS,
           "10.5.3"),
    LVT_ROW("LVT TIMER", 0x320, 0x000200FF, "the timer's interrupt", TIMER_FIELDS),
    LVT_ROW("LVT PERFORMANCE", 0x340, 0x000007FF, "performance counters: never happens",
            ERROR_FIELDS),
    LVT_ROW("LVT LINT0", 0x350, 0x0000A7FF, "the pin of the 8259's INT", LINT_FIELDS),
    LVT_ROW("LVT LINT1", 0x360, 0x0000A7FF, "the pin of NMI", LINT_FIELDS),
    LVT_ROW("LVT ERROR", 0x370, 0x000000FF, "what the ESR shows", ERROR_FIELDS),
    RW_ROW("DIVIDE", 0x3E0, 0, DIVIDE_WRITABLE, "the timer's divider", peek_divide, write_divide,
           DIVIDE_FIELDS, "10.5.4"),
    SET_ROWS("ISR", 0x100, "in service: vectors", peek_isr, "10.8.4"),
    SET_ROWS("TMR", 0x180, "level triggered: vectors", peek_tmr, "10.8.4"),
    SET_ROWS("IRR", 0x200, "requested: vectors", peek_irr, "10.8.4"),
    REG_ROWS_END,
};
const struct reg_bank LOCAL_APIC_BANK = {"local APIC", ROWS};

/* --- dispatch: what is at no register's place is an error of its own (10.5.3) --------------------------- */

static void refuse(struct local_apic *apic, uint64_t offset)
{
    local_apic_error(apic, ESR_ILLEGAL_REGISTER);
    device_guest_error(&apic->device, "no register is at offset %03llXh", (unsigned long long)offset);
}

static uint64_t read_window(void *self, uint64_t offset, unsigned size)
{
    if (reg_find(&LOCAL_APIC_BANK, self, (uint32_t)offset, false))
        return reg_bank_read(&LOCAL_APIC_BANK, self, offset, size);
    refuse(self, offset);
    return 0;
}

static void write_window(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    if (reg_find(&LOCAL_APIC_BANK, self, (uint32_t)offset, true))
        reg_bank_write(&LOCAL_APIC_BANK, self, offset, size, value);
    else
        refuse(self, offset);
}

const struct region_ops LOCAL_APIC_OPS = {.read = read_window, .write = write_window};

/* --- in words ---------------------------------------------------------------------------------------------- */

static void describe_command(const struct local_apic *apic, uint32_t value, char *text, size_t size)
{
    unsigned shorthand = value >> 18 & 3, to = apic->icr_high >> 24;
    size_t used = 0;
    text_append(text, size, &used, "sends %s", DELIVERIES[value >> 8 & 7]);
    if ((value >> 8 & 7) <= APIC_LOWEST_PRIORITY)
        text_append(text, size, &used, " vector %02Xh", value & 0xFF);
    if (shorthand == 0)
        text_append(text, size, &used, " to %s id %02Xh", value >> 11 & 1 ? "logical" : "physical", to);
    else
        text_append(text, size, &used, " to %s", ICR_FIELDS[5].values[shorthand]);
}

/* "periodic, every 1000.0 us": what a count makes of the bus clock. */
static void describe_timer(const struct local_apic *apic, uint32_t value, char *text, size_t size)
{
    unsigned divisor = local_apic_divisor(apic->divide);
    uint64_t tenths = muldiv_floor((uint64_t)value * divisor, 10000000, apic->bus_hz);
    if (value == 0)
        snprintf(text, size, "stops the timer");
    else
        snprintf(text, size, "%s %llu.%llu us (bus clock / %u)",
                 apic->lvt[LVT_TIMER] & LVT_PERIODIC ? "every" : "once, in",
                 (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10), divisor);
}

static void describe_eoi(const struct local_apic *apic, char *text, size_t size)
{
    int vector = local_apic_highest(apic->isr);
    if (vector < 0)
        snprintf(text, size, "EOI, but nothing is in service");
    else
        snprintf(text, size, "ends vector %02Xh", (unsigned)vector);
}

void local_apic_describe(const struct device *device, const struct access *access, char *text,
                         size_t size)
{
    const struct local_apic *apic = (const struct local_apic *)device;
    uint32_t value = (uint32_t)access->value;
    if (!access->reg)
        return;
    if (access->is_write && access->reg->offset == 0x0B0)
        describe_eoi(apic, text, size);
    else if (access->is_write && access->reg->offset == 0x300)
        describe_command(apic, value, text, size);
    else if (access->is_write && access->reg->offset == 0x380)
        describe_timer(apic, value, text, size);
    else if (access->reg->offset == 0x3E0)
        snprintf(text, size, "the timer counts the bus clock / %u", local_apic_divisor(value));
    else
        reg_fields_text(access->reg, value, text, size);
}
