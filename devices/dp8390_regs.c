/* DP8390: the register pages, and accesses in words.
 *
 * Specification: National Semiconductor DP8390D/NS32490D NIC (July 1995), section 10; Realtek
 * RTL8029AS (1997), section 6, for page 3 and the ID registers. CR bits 7-6 choose the page:
 *
 *   offset   0    1      2      3     4     5      6      7    8-9   A-B    C    D-F
 *   page 0 r CR   CLDA0  CLDA1  BNRY  TSR   NCR    FIFO   ISR  CRDA  (ID)   RSR  CNTR0-2
 *          w      PSTART PSTOP  BNRY  TPSR  TBCR0  TBCR1  ISR  RSAR  RBCR   RCR  TCR DCR IMR
 *   page 1   CR   PAR0-5                                  CURR MAR0-7
 *   page 2 r CR   PSTART PSTOP        TPSR                                  RCR  TCR DCR IMR
 *   page 3   CR   9346CR ...          CONFIG0 CONFIG2 CONFIG3               ...  8029ID0-1
 *
 * MISSING: writes to page 2 (diagnostic). */
#include <string.h>

#include "base/bits.h"
#include "devices/dp8390.h"

/* --- which page ------------------------------------------------------------------------------------ */

static unsigned page_of(const void *self)
{
    return ((const struct dp8390 *)self)->cr >> 6;
}
static bool is_page_0(const void *self)
{
    return page_of(self) == 0;
}
static bool is_page_1(const void *self)
{
    return page_of(self) == 1;
}
static bool is_page_2(const void *self)
{
    return page_of(self) == 2;
}
static bool is_page_3(const void *self)
{
    return page_of(self) == 3 && ((const struct dp8390 *)self)->is_realtek;
}
static bool has_id(const void *self)
{
    return page_of(self) == 0 && ((const struct dp8390 *)self)->is_realtek;
}

/* --- plain registers --------------------------------------------------------------------------------- */

#define PEEK(name, value)                                               \
    static uint32_t name##_peek(const void *self, const struct reg *row) \
    {                                                                   \
        const struct dp8390 *nic = self;                                \
        (void)row;                                                      \
        return (uint32_t)(value);                                       \
    }
#define KEEP(name, field)                                                        \
    static void name##_write(void *self, const struct reg *row, uint32_t value)  \
    {                                                                            \
        ((struct dp8390 *)self)->field = (uint8_t)(value & row->writable);       \
    }
#define KEEP_LOW(name, field)                                                    \
    static void name##_write(void *self, const struct reg *row, uint32_t value)  \
    {                                                                            \
        struct dp8390 *nic = self;                                               \
        (void)row;                                                               \
        nic->field = (uint16_t)((nic->field & 0xFF00) | (value & 0xFF));         \
    }
#define KEEP_HIGH(name, field)                                                   \
    static void name##_write(void *self, const struct reg *row, uint32_t value)  \
    {                                                                            \
        struct dp8390 *nic = self;                                               \
        (void)row;                                                               \
        nic->field = (uint16_t)((nic->field & 0x00FF) | (value & 0xFF) << 8);    \
    }

PEEK(cr, nic->cr)
PEEK(clda0, nic->clda & 0xFF)
PEEK(clda1, nic->clda >> 8)
PEEK(bnry, nic->bnry)
PEEK(tsr, nic->tsr)
PEEK(zero, 0 * nic->cr)
PEEK(isr, nic->isr)
PEEK(crda0, nic->crda & 0xFF)
PEEK(crda1, nic->crda >> 8)
PEEK(rsr, nic->rsr)
PEEK(pstart, nic->pstart)
PEEK(pstop, nic->pstop)
PEEK(tpsr, nic->tpsr)
PEEK(curr, nic->curr)
PEEK(rcr, nic->rcr | 0xC0)
PEEK(tcr, nic->tcr | 0xE0)
PEEK(dcr, nic->dcr | 0x80)
PEEK(imr, nic->imr | 0x80)
PEEK(config3, nic->config3)
KEEP(pstart, pstart)
KEEP(pstop, pstop)
KEEP(tpsr, tpsr)
KEEP(curr, curr)
KEEP(rcr, rcr)
KEEP(tcr, tcr)
KEEP(dcr, dcr)
KEEP_LOW(tbcr0, tbcr)
KEEP_HIGH(tbcr1, tbcr)
KEEP_LOW(rsar0, rsar)
KEEP_HIGH(rsar1, rsar)
KEEP_LOW(rbcr0, rbcr)
KEEP_HIGH(rbcr1, rbcr)

/* --- registers that act ------------------------------------------------------------------------------- */

static void cr_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    dp8390_command(self, (uint8_t)value);
}

static void bnry_write(void *self, const struct reg *row, uint32_t value)
{
    struct dp8390 *nic = self;
    (void)row;
    nic->bnry = (uint8_t)value;
    dp8390_ring_freed(nic);
}

/* Ones clear; RST goes only with a start command. */
static void isr_write(void *self, const struct reg *row, uint32_t value)
{
    struct dp8390 *nic = self;
    (void)row;
    nic->isr &= (uint8_t)(~value | ISR_RST);
    dp8390_interrupt(nic);
}

static void imr_write(void *self, const struct reg *row, uint32_t value)
{
    struct dp8390 *nic = self;
    nic->imr = (uint8_t)(value & row->writable);
    dp8390_interrupt(nic);
}

static uint32_t tally_peek(const void *self, const struct reg *row)
{
    return ((const struct dp8390 *)self)->tally[row->offset - 0x0D];
}

/* Reading clears the counter. */
static uint32_t tally_read(void *self, const struct reg *row)
{
    struct dp8390 *nic = self;
    uint32_t value = tally_peek(self, row);
    nic->tally[row->offset - 0x0D] = 0;
    return value;
}

static uint32_t fifo_peek(const void *self, const struct reg *row)
{
    const struct dp8390 *nic = self;
    (void)row;
    return nic->fifo[nic->fifo_at % sizeof nic->fifo];
}

static uint32_t fifo_read(void *self, const struct reg *row)
{
    struct dp8390 *nic = self;
    uint32_t value = fifo_peek(self, row);
    nic->fifo_at = (uint8_t)((nic->fifo_at + 1) % sizeof nic->fifo);
    return value;
}

static uint32_t par_peek(const void *self, const struct reg *row)
{
    return ((const struct dp8390 *)self)->par[row->offset - 1];
}

static void par_write(void *self, const struct reg *row, uint32_t value)
{
    ((struct dp8390 *)self)->par[row->offset - 1] = (uint8_t)value;
}

static uint32_t mar_peek(const void *self, const struct reg *row)
{
    return ((const struct dp8390 *)self)->mar[row->offset - 8];
}

static void mar_write(void *self, const struct reg *row, uint32_t value)
{
    ((struct dp8390 *)self)->mar[row->offset - 8] = (uint8_t)value;
}

enum { EEM = 0xC0, EEM_LOAD = 0x40, EEM_PROGRAM = 0x80, EEM_CONFIG = 0xC0 };
enum { EECS = 0x08, EESK = 0x04, EEDI = 0x02, EEDO = 0x01 };

static uint32_t eeprom_peek(const void *self, const struct reg *row)
{
    const struct dp8390 *nic = self;
    bool out = eeprom_93c46_out(&nic->eeprom, clock_ns(nic->device.env->clock));
    (void)row;
    return nic->eeprom_control | ((nic->eeprom_control & EEM) == EEM_PROGRAM && out ? EEDO : 0);
}

/* The pins are the EEPROM's in programming mode alone. Loading takes no time, and the mode is normal behind it. */
static void eeprom_write(void *self, const struct reg *row, uint32_t value)
{
    struct dp8390 *nic = self;
    bool is_wired = (value & EEM) == EEM_PROGRAM;
    nic->eeprom_control = (uint8_t)(value & row->writable);
    eeprom_93c46_pins(&nic->eeprom, is_wired && value & EECS, is_wired && value & EESK,
                      is_wired && value & EEDI, clock_ns(nic->device.env->clock));
    if ((value & EEM) == EEM_LOAD) {
        dp8390_load_eeprom(nic);
        nic->eeprom_control = 0;
    }
}

/* CONFIG3 takes writes while 9346CR is in "config register write enable" (bits 7-6 = 11). */
static void config3_write(void *self, const struct reg *row, uint32_t value)
{
    struct dp8390 *nic = self;
    if ((nic->eeprom_control & EEM) == EEM_CONFIG)
        nic->config3 = (uint8_t)(value & row->writable);
}

static uint32_t constant_peek(const void *self, const struct reg *row)
{
    (void)self;
    return row->reset;
}

/* --- fields ---------------------------------------------------------------------------------------------- */

static const char *const RD_NAMES[] = {"none", "remote read", "remote write", "send packet",
                                       "abort", "abort", "abort", "abort"};
static const struct reg_field CR_FIELDS[] = {{"STP", 0, 1, NULL, "stop"},
                                             {"STA", 1, 1, NULL, "start"},
                                             {"TXP", 2, 1, NULL, "transmit"},
                                             {"RD", 3, 3, RD_NAMES, "remote DMA command"},
                                             {"PS", 6, 2, NULL, "register page"},
                                             REG_FIELDS_END};
static const struct reg_field ISR_FIELDS[] = {{"PRX", 0, 1, NULL, "frame received"},
                                              {"PTX", 1, 1, NULL, "frame transmitted"},
                                              {"RXE", 2, 1, NULL, "receive error"},
                                              {"TXE", 3, 1, NULL, "transmit error"},
                                              {"OVW", 4, 1, NULL, "ring overflow"},
                                              {"CNT", 5, 1, NULL, "tally counter above 127"},
                                              {"RDC", 6, 1, NULL, "remote DMA complete"},
                                              {"RST", 7, 1, NULL, "in reset, or the ring is full"},
                                              REG_FIELDS_END};
static const char *const EEM_NAMES[] = {"normal", "load", "programming", "CONFIG3 unlocked"};
static const struct reg_field EEPROM_FIELDS[] = {{"EEDO", 0, 1, NULL, "the EEPROM's DO"},
                                                 {"EEDI", 1, 1, NULL, "its DI"},
                                                 {"EESK", 2, 1, NULL, "its clock"},
                                                 {"EECS", 3, 1, NULL, "it is selected"},
                                                 {"EEM", 6, 2, EEM_NAMES, "mode"},
                                                 REG_FIELDS_END};
static const struct reg_field TSR_FIELDS[] = {{"PTX", 0, 1, NULL, "transmitted"},
                                              {"ND", 1, 1, NULL, "not deferred"},
                                              {"COL", 2, 1, NULL, "collided"},
                                              {"ABT", 3, 1, NULL, "aborted"},
                                              {"CRS", 4, 1, NULL, "carrier lost"},
                                              {"FU", 5, 1, NULL, "FIFO underrun"},
                                              {"CDH", 6, 1, NULL, "no heartbeat"},
                                              {"OWC", 7, 1, NULL, "late collision"},
                                              REG_FIELDS_END};
static const struct reg_field RSR_FIELDS[] = {{"PRX", 0, 1, NULL, "received intact"},
                                              {"CRC", 1, 1, NULL, "CRC error"},
                                              {"FAE", 2, 1, NULL, "alignment error"},
                                              {"FO", 3, 1, NULL, "FIFO overrun"},
                                              {"MPA", 4, 1, NULL, "missed"},
                                              {"PHY", 5, 1, NULL, "group address"},
                                              {"DIS", 6, 1, NULL, "receiver disabled (monitor)"},
                                              REG_FIELDS_END};
static const struct reg_field RCR_FIELDS[] = {{"SEP", 0, 1, NULL, "save errored frames"},
                                              {"AR", 1, 1, NULL, "accept runts"},
                                              {"AB", 2, 1, NULL, "accept broadcast"},
                                              {"AM", 3, 1, NULL, "accept multicast by hash"},
                                              {"PRO", 4, 1, NULL, "promiscuous"},
                                              {"MON", 5, 1, NULL, "monitor: count only"},
                                              REG_FIELDS_END};
static const char *const LOOPBACKS[] = {"off", "inside", "ENDEC", "cable"};
static const struct reg_field TCR_FIELDS[] = {{"CRC", 0, 1, NULL, "no FCS"},
                                              {"LB", 1, 2, LOOPBACKS, "loopback"},
                                              {"ATD", 3, 1, NULL, "auto transmit disable"},
                                              {"OFST", 4, 1, NULL, "collision offset"},
                                              REG_FIELDS_END};
static const struct reg_field DCR_FIELDS[] = {{"WTS", 0, 1, NULL, "word transfers"},
                                              {"BOS", 1, 1, NULL, "big endian"},
                                              {"LAS", 2, 1, NULL, "long addresses"},
                                              {"LS", 3, 1, NULL, "not loopback"},
                                              {"ARM", 4, 1, NULL, "auto-initialise remote"},
                                              {"FT", 5, 2, NULL, "FIFO threshold"},
                                              REG_FIELDS_END};

/* --- tables ------------------------------------------------------------------------------------------------ */

#define REG(at, title, words, how, chosen, ...)                                             \
    {.name = title, .meaning = words, .offset = at, .width = 1, .access = how,              \
     .is_selected = chosen, .section = "10", __VA_ARGS__}

static const struct reg ROWS[] = {
    REG(0x00, "CR", "command", REG_RW, NULL, .reset = 0x21, .writable = CR_PS, .write = cr_write,
        .peek = cr_peek, .fields = CR_FIELDS),
    /* page 0 */
    REG(0x01, "CLDA0", "local DMA address, low", REG_READ, is_page_0, .peek = clda0_peek),
    REG(0x01, "PSTART", "first page of the ring", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = pstart_write),
    REG(0x02, "CLDA1", "local DMA address, high", REG_READ, is_page_0, .peek = clda1_peek),
    REG(0x02, "PSTOP", "page after the ring", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = pstop_write),
    REG(0x03, "BNRY", "boundary: the page that the driver has not read", REG_RW, is_page_0,
        .writable = 0xFF, .write = bnry_write, .peek = bnry_peek),
    REG(0x04, "TSR", "transmit status", REG_READ, is_page_0, .peek = tsr_peek,
        .fields = TSR_FIELDS),
    REG(0x04, "TPSR", "page of the frame to transmit", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = tpsr_write),
    REG(0x05, "NCR", "collisions", REG_READ, is_page_0, .peek = zero_peek),
    REG(0x05, "TBCR0", "bytes to transmit, low", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = tbcr0_write),
    REG(0x06, "FIFO", "after loopback; a read goes on", REG_READ | REG_CLEARS_ON_READ, is_page_0,
        .read = fifo_read, .peek = fifo_peek),
    REG(0x06, "TBCR1", "bytes to transmit, high", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = tbcr1_write),
    REG(0x07, "ISR", "interrupt causes; ones clear", REG_RW | REG_ONE_CLEARS, is_page_0,
        .reset = ISR_RST, .writable = 0x7F, .write = isr_write, .peek = isr_peek,
        .fields = ISR_FIELDS),
    REG(0x08, "CRDA0", "remote DMA address, low", REG_READ, is_page_0, .peek = crda0_peek),
    REG(0x08, "RSAR0", "remote start address, low", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = rsar0_write),
    REG(0x09, "CRDA1", "remote DMA address, high", REG_READ, is_page_0, .peek = crda1_peek),
    REG(0x09, "RSAR1", "remote start address, high", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = rsar1_write),
    REG(0x0A, "8029ID0", "50h: Realtek", REG_READ, has_id, .reset = 0x50, .peek = constant_peek),
    REG(0x0A, "RBCR0", "remote byte count, low", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = rbcr0_write),
    REG(0x0B, "8029ID1", "43h: Realtek", REG_READ, has_id, .reset = 0x43, .peek = constant_peek),
    REG(0x0B, "RBCR1", "remote byte count, high", REG_WRITE, is_page_0, .writable = 0xFF,
        .write = rbcr1_write),
    REG(0x0C, "RSR", "receive status", REG_READ, is_page_0, .peek = rsr_peek,
        .fields = RSR_FIELDS),
    REG(0x0C, "RCR", "receive configuration", REG_WRITE, is_page_0, .writable = 0x3F,
        .write = rcr_write, .fields = RCR_FIELDS),
    REG(0x0D, "CNTR0", "alignment errors; read clears", REG_READ | REG_CLEARS_ON_READ, is_page_0,
        .read = tally_read, .peek = tally_peek),
    REG(0x0D, "TCR", "transmit configuration", REG_WRITE, is_page_0, .writable = 0x1F,
        .write = tcr_write, .fields = TCR_FIELDS),
    REG(0x0E, "CNTR1", "CRC errors; read clears", REG_READ | REG_CLEARS_ON_READ, is_page_0,
        .read = tally_read, .peek = tally_peek),
    REG(0x0E, "DCR", "data configuration", REG_WRITE, is_page_0, .writable = 0x7F,
        .write = dcr_write, .fields = DCR_FIELDS),
    REG(0x0F, "CNTR2", "lost frames; read clears", REG_READ | REG_CLEARS_ON_READ, is_page_0,
        .read = tally_read, .peek = tally_peek),
    REG(0x0F, "IMR", "causes that interrupt", REG_WRITE, is_page_0, .writable = 0x7F,
        .write = imr_write, .fields = ISR_FIELDS),
/* page 1 */
#define PAR(n) REG(1 + n, "PAR" #n, "physical address", REG_RW, is_page_1, .writable = 0xFF, \
                   .write = par_write, .peek = par_peek)
#define MAR(n) REG(8 + n, "MAR" #n, "multicast hash", REG_RW, is_page_1, .writable = 0xFF,   \
                   .write = mar_write, .peek = mar_peek)
    PAR(0), PAR(1), PAR(2), PAR(3), PAR(4), PAR(5),
    REG(0x07, "CURR", "page for the next frame", REG_RW, is_page_1, .writable = 0xFF,
        .write = curr_write, .peek = curr_peek),
    MAR(0), MAR(1), MAR(2), MAR(3), MAR(4), MAR(5), MAR(6), MAR(7),
    /* page 2 */
    REG(0x01, "PSTART", "first page of the ring", REG_READ, is_page_2, .peek = pstart_peek),
    REG(0x02, "PSTOP", "page after the ring", REG_READ, is_page_2, .peek = pstop_peek),
    REG(0x04, "TPSR", "page of the frame to transmit", REG_READ, is_page_2, .peek = tpsr_peek),
    REG(0x0C, "RCR", "receive configuration", REG_READ, is_page_2, .reset = 0xC0, .peek = rcr_peek,
        .fields = RCR_FIELDS),
    REG(0x0D, "TCR", "transmit configuration", REG_READ, is_page_2, .reset = 0xE0,
        .peek = tcr_peek, .fields = TCR_FIELDS),
    REG(0x0E, "DCR", "data configuration", REG_READ, is_page_2, .reset = 0x84, .peek = dcr_peek,
        .fields = DCR_FIELDS),
    REG(0x0F, "IMR", "causes that interrupt", REG_READ, is_page_2, .reset = 0x80, .peek = imr_peek,
        .fields = ISR_FIELDS),
    /* page 3 of the RTL8029AS */
    REG(0x01, "9346CR", "EEPROM; bits 7-6 = 11 unlock CONFIG3", REG_RW, is_page_3,
        .writable = 0xCE, .write = eeprom_write, .peek = eeprom_peek, .fields = EEPROM_FIELDS),
    REG(0x03, "CONFIG0", "medium and boot ROM", REG_READ, is_page_3, .peek = zero_peek),
    REG(0x05, "CONFIG2", "medium", REG_READ, is_page_3, .peek = zero_peek),
    REG(0x06, "CONFIG3", "bit 6: full duplex", REG_RW, is_page_3, .writable = 0x46,
        .write = config3_write, .peek = config3_peek),
    REG(0x0E, "8029ASID0", "29h", REG_READ, is_page_3, .reset = 0x29, .peek = constant_peek),
    REG(0x0F, "8029ASID1", "80h", REG_READ, is_page_3, .reset = 0x80, .peek = constant_peek),
    /* the card around the chip */
#define DATA(at)                                                                            \
    {.name = "Data", .meaning = "remote DMA", .offset = at, .width = 2,                     \
     .access = REG_RW | REG_BLOCK, .section = "9"}
#define RESET(at)                                                                           \
    {.name = "Reset", .meaning = "a read resets the chip", .offset = at, .width = 1,        \
     .access = REG_RW | REG_CLEARS_ON_READ, .section = "11"}
    DATA(0x10), DATA(0x12), DATA(0x14), DATA(0x16),
    RESET(0x18), RESET(0x19), RESET(0x1A), RESET(0x1B),
    RESET(0x1C), RESET(0x1D), RESET(0x1E), RESET(0x1F),
    REG_ROWS_END};
const struct reg_bank DP8390_BANK = {"NE2000", ROWS};

/* --- in words ------------------------------------------------------------------------------------------------ */

static void describe_command(const struct dp8390 *nic, unsigned value, char *text, size_t size)
{
    size_t used = 0;
    text_append(text, size, &used, "%s", value & CR_STP ? "stop" : value & CR_STA ? "start" : "");
    switch (value & CR_RD) {
    case CR_RD_READ:
        text_append(text, size, &used, ", remote read %u bytes from %04Xh", nic->rbcr, nic->rsar);
        break;
    case CR_RD_WRITE:
        text_append(text, size, &used, ", remote write %u bytes to %04Xh", nic->rbcr, nic->rsar);
        break;
    case CR_RD_SEND:
        text_append(text, size, &used, ", send packet at page %02Xh", nic->bnry);
        break;
    default: break;
    }
    if (value & CR_TXP)
        text_append(text, size, &used, ", transmit %u bytes page %02Xh", nic->tbcr, nic->tpsr);
    text_append(text, size, &used, ", page %u", value >> 6 & 3);
}

/* "BNRY 4Ah: ring 46h-80h, 3 of 58 pages from BNRY to CURR" */
static void describe_ring(const struct dp8390 *nic, const char *name, unsigned value, unsigned curr,
                          unsigned bnry, char *text, size_t size)
{
    unsigned pages = nic->pstop > nic->pstart ? (unsigned)(nic->pstop - nic->pstart) : 0;
    size_t used = 0;
    text_append(text, size, &used, "%s %02Xh", name, value);
    if (pages)
        text_append(text, size, &used, ": ring %02Xh-%02Xh, %u of %u pages from BNRY to CURR",
                    nic->pstart, nic->pstop, (curr + 256 * pages - bnry) % pages, pages);
}

/* "PRX RDC": the causes of ISR or IMR that are set */
static void describe_causes(const struct reg *reg, const char *verb, unsigned value, char *text,
                            size_t size)
{
    size_t used = 0;
    text_append(text, size, &used, "%s", verb);
    if (!(value & 0xFF))
        text_append(text, size, &used, " none");
    for (const struct reg_field *field = reg->fields; field->name; field++)
        if (value >> field->lsb & 1)
            text_append(text, size, &used, " %s", field->name);
}

/* Halves of addresses and counts: the whole, as it becomes with this write. */
static bool describe_half(const struct dp8390 *nic, const struct reg *reg, unsigned value,
                          char *text, size_t size)
{
    const struct {
        const char *name, *words;
        unsigned now;
    } pairs[] = {{"RSAR", "remote start address", nic->rsar},
                 {"RBCR", "remote byte count", nic->rbcr},
                 {"TBCR", "bytes to transmit", nic->tbcr}};
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        unsigned whole;
        if (strncmp(reg->name, pairs[i].name, 4) != 0)
            continue;
        whole = reg->name[4] == '0' ? (pairs[i].now & 0xFF00) | (value & 0xFF)
                                    : (pairs[i].now & 0x00FF) | (value & 0xFF) << 8;
        if (i == 0)
            text_append(text, size, &used, "%s %04Xh", pairs[i].words, whole);
        else
            text_append(text, size, &used, "%s %u", pairs[i].words, whole);
        return true;
    }
    return false;
}

void dp8390_describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct dp8390 *nic = (const struct dp8390 *)device;
    const struct reg *reg = access->reg;
    unsigned value = (unsigned)access->value;
    size_t used = 0;
    if (size == 0)
        return;
    text[0] = '\0';
    if (!reg)
        return;
    if (strcmp(reg->name, "Data") == 0) {
        text_append(text, size, &used, "%s %04Xh, %u bytes left",
                    access->is_write ? "to" : "from", nic->crda, nic->remaining);
    } else if (reg->fields == EEPROM_FIELDS) {
        reg_fields_text(reg, value, text, size);
        used = strlen(text);
        text_append(text, size, &used, "; it %s", eeprom_93c46_words(&nic->eeprom));
    } else if (strcmp(reg->name, "CR") == 0 && access->is_write) {
        describe_command(nic, value & 0xFF, text, size);
    } else if (strcmp(reg->name, "CURR") == 0) {
        describe_ring(nic, "CURR", value & 0xFF, value & 0xFF, nic->bnry, text, size);
    } else if (strcmp(reg->name, "BNRY") == 0) {
        describe_ring(nic, "BNRY", value & 0xFF, nic->curr, value & 0xFF, text, size);
    } else if (reg->fields == ISR_FIELDS) {
        describe_causes(reg, strcmp(reg->name, "IMR") == 0 ? "interrupts on"
                        : access->is_write ? "clears" : "causes", value, text, size);
    } else if (access->is_write && describe_half(nic, reg, value, text, size)) {
        return;
    } else if (reg->fields) {
        reg_fields_text(reg, value, text, size);
    } else {
        text_append(text, size, &used, "%s", reg->meaning);
    }
}
