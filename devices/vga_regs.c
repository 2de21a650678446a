/* VGA: the ports and the register tables behind them.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, Video Subsystems
 * (1992), "VGA Function": General, Sequencer, CRT Controller, Graphics Controller, Attribute
 * Controller and Video DAC registers; section names below are its headings.
 *
 *   3B4/5 3BA   CRTC and status while Misc. Output bit 0 is 0 (monochrome addresses)
 *   3D4/5 3DA   the same while it is 1
 *   3C0-3CF     everything else
 *
 * MISSING: switch sense by the comparator, the feature connector, gating by 3C3, video feedback in
 * Input Status 1 bits 4-5 (read 0). */
#include "devices/vga_core.h"

#include "base/bits.h"
#include "devices/vga_edid.h"

/* --- General registers ------------------------------------------------------------------- */

static bool is_colour(const void *self)
{
    return (((const struct vga *)self)->misc & VGA_MISC_COLOUR) != 0;
}

static bool is_mono(const void *self)
{
    return !is_colour(self);
}

static uint32_t misc_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->misc;
}

static void misc_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    vga->misc = (uint8_t)(value & row->writable);
    vga_registers_changed(vga);
    vga_interrupt_changed(vga);
}

static uint32_t feature_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->feature;
}

static void feature_write(void *self, const struct reg *row, uint32_t value)
{
    ((struct vga *)self)->feature = (uint8_t)(value & row->writable);
}

static uint32_t enable_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->subsystem_enable;
}

static void enable_write(void *self, const struct reg *row, uint32_t value)
{
    ((struct vga *)self)->subsystem_enable = (uint8_t)(value & row->writable);
}

/* Switch sense (bit 4) reads as a colour display's, whatever the DAC puts out. */
static uint32_t status0_peek(const void *self, const struct reg *row)
{
    (void)row;
    return 0x10 | (((const struct vga *)self)->is_interrupt_pending ? 0x80u : 0);
}

static uint32_t status1_peek(const void *self, const struct reg *row)
{
    (void)row;
    return vga_input_status_1(self);
}

/* Reading it sets the attribute controller's flip-flop to "index". */
static uint32_t status1_read(void *self, const struct reg *row)
{
    struct vga *vga = self;
    (void)row;
    vga->attr_is_data = false;
    return vga_input_status_1(vga);
}

/* --- Index registers and the arrays behind them ------------------------------------------- */

#define INDEXED(part, index_mask)                                               \
    static uint32_t part##_index_peek(const void *self, const struct reg *row)  \
    {                                                                           \
        (void)row;                                                              \
        return ((const struct vga *)self)->part##_index;                        \
    }                                                                           \
    static void part##_index_write(void *self, const struct reg *row, uint32_t value) \
    {                                                                           \
        (void)row;                                                              \
        ((struct vga *)self)->part##_index = (uint8_t)(value & (index_mask));   \
    }                                                                           \
    static uint32_t part##_index_now(const void *self)                          \
    {                                                                           \
        return ((const struct vga *)self)->part##_index;                        \
    }                                                                           \
    static uint32_t part##_peek(const void *self, const struct reg *row)        \
    {                                                                           \
        return ((const struct vga *)self)->part[row->offset];                   \
    }

INDEXED(seq, 0x07)
INDEXED(gfx, 0x0F)
INDEXED(crtc, 0x3F)

static void seq_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    vga->seq[row->offset] = (uint8_t)(value & row->writable);
    vga_registers_changed(vga);
    vga_interrupt_changed(vga);
}

static void gfx_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    vga->gfx[row->offset] = (uint8_t)(value & row->writable);
    vga_registers_changed(vga);
}

/* Vertical Retrace End bit 7 protects registers 00-07, but for line compare's bit 8. */
static void crtc_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    uint32_t keeps = row->writable;
    if (row->offset <= 7 && (vga->crtc[0x11] & 0x80)) {
        keeps = row->offset == 7 ? 0x10 : 0;
        if ((vga->crtc[row->offset] ^ value) & row->writable & ~keeps)
            device_guest_error(&vga->device, "CRTC registers 00-07 are protected (11h bit 7): it stays "
                                             "%02Xh", vga->crtc[row->offset]);
    }
    vga->crtc[row->offset] = (uint8_t)((vga->crtc[row->offset] & ~keeps) | (value & keeps));
    vga_registers_changed(vga);
    vga_interrupt_changed(vga);
}

/* --- Attribute controller: one port for index and data ------------------------------------- */

static bool attr_wants_index(const void *self)
{
    return !((const struct vga *)self)->attr_is_data;
}

static bool attr_wants_data(const void *self)
{
    return ((const struct vga *)self)->attr_is_data;
}

static uint32_t attr_index_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->attr_index;
}

static void attr_index_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    vga->attr_index = (uint8_t)(value & row->writable);
    vga->attr_is_data = true;
    vga_registers_changed(vga);
}

static uint32_t attr_index_now(const void *self)
{
    return ((const struct vga *)self)->attr_index & 0x1Fu;
}

static uint32_t attr_peek(const void *self, const struct reg *row)
{
    return ((const struct vga *)self)->attr[row->offset];
}

static void attr_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    vga->attr[row->offset] = (uint8_t)(value & row->writable);
}

/* The write to 3C0 itself: toggles the flip-flop, whatever the index leads to. */
static void attr_data_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    const struct reg *inner = reg_find(row->inner, self, attr_index_now(self), true);
    if (inner)
        inner->write(self, inner, value);
    vga->attr_is_data = false;
    vga_registers_changed(vga);
}

uint8_t vga_attribute_index(const struct vga *vga, unsigned pixel)
{
    return vga_palette_index(vga, pixel & vga->attr[0x12]);
}

uint8_t vga_palette_index(const struct vga *vga, unsigned pixel)
{
    unsigned select = vga->attr[0x14];
    unsigned index = vga->attr[pixel & 0xF] & 0x3Fu;
    if (vga->attr[0x10] & 0x80) /* P5, P4 select */
        index = (index & 0xFu) | (select & 3u) << 4;
    return (uint8_t)(index | (select & 0xCu) << 4);
}

/* --- DAC ------------------------------------------------------------------------------------ */

static uint32_t dac_mask_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->dac_mask;
}

static void dac_mask_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    (void)row;
    vga->dac_mask = (uint8_t)value;
    vga->changes++;
}

static uint32_t dac_state_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->dac_is_reading ? 3 : 0;
}

static void dac_read_index_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    (void)row;
    vga->dac_read_index = (uint8_t)value;
    vga->dac_component = 0;
    vga->dac_is_reading = true;
}

static uint32_t dac_write_index_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->dac_write_index;
}

static void dac_write_index_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    (void)row;
    vga->dac_write_index = (uint8_t)value;
    vga->dac_component = 0;
    vga->dac_is_reading = false;
}

static uint32_t dac_data_peek(const void *self, const struct reg *row)
{
    const struct vga *vga = self;
    (void)row;
    return vga->dac[vga->dac_read_index * 3u + vga->dac_component];
}

static uint32_t dac_data_read(void *self, const struct reg *row)
{
    struct vga *vga = self;
    uint32_t value = dac_data_peek(self, row);
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_read_index++;
    }
    return value;
}

/* The three components enter the table together, with the third ("Video DAC"). */
static void dac_data_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    uint8_t *entry = &vga->dac[vga->dac_write_index * 3u];
    uint8_t part = (uint8_t)(value & (vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? 0xFF : 0x3F));
    (void)row;
    if (vga->dac_component < 2) {
        vga->dac_held[vga->dac_component++] = part;
        return;
    }
    entry[0] = vga->dac_held[0];
    entry[1] = vga->dac_held[1];
    entry[2] = part;
    vga->dac_component = 0;
    vga->dac_write_index++;
    vga->changes++;
}

static uint32_t component(const struct vga *vga, uint8_t value)
{
    if (vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC)
        return value;
    value &= 0x3F;
    return (uint32_t)(value << 2 | value >> 4);
}

uint32_t vga_rgb(const struct vga *vga, uint8_t index)
{
    const uint8_t *entry = &vga->dac[(index & vga->dac_mask) * 3u];
    return component(vga, entry[0]) << 16 | component(vga, entry[1]) << 8 | component(vga, entry[2]);
}

/* --- Fields ----------------------------------------------------------------------------------- */

static const char *const MISC_CLOCKS[] = {"25.175 MHz", "28.322 MHz", "external", "reserved"};
static const char *const MISC_ADDRESSES[] = {"3Bx", "3Dx"};
static const struct reg_field MISC_FIELDS[] = {
    {"IOS", 0, 1, MISC_ADDRESSES, "I/O address select"},
    {"ERAM", 1, 1, NULL, "enable the memory window"},
    {"CS", 2, 2, MISC_CLOCKS, "clock select"},
    {"PAGE", 5, 1, NULL, "odd/even page select"},
    {"HSP", 6, 1, NULL, "horizontal sync polarity"},
    {"VSP", 7, 1, NULL, "vertical sync polarity"},
    REG_FIELDS_END};
static const struct reg_field STATUS0_FIELDS[] = {
    {"SS", 4, 1, NULL, "switch sense"}, {"CI", 7, 1, NULL, "CRT interrupt"}, REG_FIELDS_END};
static const struct reg_field STATUS1_FIELDS[] = {
    {"DE", 0, 1, NULL, "display disabled: in a blanking interval"},
    {"VR", 3, 1, NULL, "vertical retrace"},
    REG_FIELDS_END};
static const struct reg_field SEQ0_FIELDS[] = {{"ASR", 0, 1, NULL, "not in asynchronous reset"},
                                               {"SR", 1, 1, NULL, "not in synchronous reset"},
                                               REG_FIELDS_END};
static const char *const DOTS[] = {"9", "8"};
static const struct reg_field SEQ1_FIELDS[] = {{"D89", 0, 1, DOTS, "dots a character"},
                                               {"SHL", 2, 1, NULL, "shift load every 2nd clock"},
                                               {"DC", 3, 1, NULL, "dot clock halved"},
                                               {"SH4", 4, 1, NULL, "shift load every 4th clock"},
                                               {"SO", 5, 1, NULL, "screen off"},
                                               REG_FIELDS_END};
static const struct reg_field PLANES_FIELDS[] = {{"M0", 0, 1, NULL, "plane 0"},
                                                 {"M1", 1, 1, NULL, "plane 1"},
                                                 {"M2", 2, 1, NULL, "plane 2"},
                                                 {"M3", 3, 1, NULL, "plane 3"},
                                                 REG_FIELDS_END};
static const struct reg_field SEQ4_FIELDS[] = {{"EM", 1, 1, NULL, "more than 64 KiB"},
                                               {"OE", 2, 1, NULL, "odd/even addressing off"},
                                               {"CH4", 3, 1, NULL, "address bits 0-1 choose the plane"},
                                               REG_FIELDS_END};
static const char *const FUNCTIONS[] = {"none", "AND", "OR", "XOR"};
static const struct reg_field GFX3_FIELDS[] = {{"ROTC", 0, 3, NULL, "rotate right"},
                                               {"FS", 3, 2, FUNCTIONS, "with the latches"},
                                               REG_FIELDS_END};
static const char *const SHIFTS[] = {"planes", "CGA pairs", "256 colours", "256 colours"};
static const struct reg_field GFX5_FIELDS[] = {{"WM", 0, 2, NULL, "write mode"},
                                               {"RM", 3, 1, NULL, "read mode"},
                                               {"OE", 4, 1, NULL, "odd/even reads"},
                                               {"SR", 5, 2, SHIFTS, "shift register mode"},
                                               REG_FIELDS_END};
static const char *const WINDOWS[] = {"A0000-BFFFF", "A0000-AFFFF", "B0000-B7FFF", "B8000-BFFFF"};
static const struct reg_field GFX6_FIELDS[] = {{"GM", 0, 1, NULL, "graphics, not text"},
                                               {"COE", 1, 1, NULL, "chain odd/even"},
                                               {"MM", 2, 2, WINDOWS, "memory window"},
                                               REG_FIELDS_END};
static const struct reg_field CRTC9_FIELDS[] = {{"MSL", 0, 5, NULL, "maximum scan line"},
                                                {"VBS9", 5, 1, NULL, "start vertical blank bit 9"},
                                                {"LC9", 6, 1, NULL, "line compare bit 9"},
                                                {"DSC", 7, 1, NULL, "each line twice"},
                                                REG_FIELDS_END};
static const struct reg_field CRTCA_FIELDS[] = {{"START", 0, 5, NULL, "cursor's first line"},
                                                {"CO", 5, 1, NULL, "cursor off"},
                                                REG_FIELDS_END};
static const struct reg_field CRTC11_FIELDS[] = {{"VRE", 0, 4, NULL, "low bits of the last line"},
                                                 {"CVI", 4, 1, NULL, "0 clears the interrupt"},
                                                 {"DVI", 5, 1, NULL, "interrupt disabled"},
                                                 {"PR", 7, 1, NULL, "registers 00-07 protected"},
                                                 REG_FIELDS_END};
static const struct reg_field CRTC17_FIELDS[] = {{"CMS0", 0, 1, NULL, "0: row scan bit 0 is MA13"},
                                                 {"CMS1", 1, 1, NULL, "0: row scan bit 1 is MA14"},
                                                 {"CB2", 3, 1, NULL, "count every 2nd clock"},
                                                 {"AW", 5, 1, NULL, "word mode wraps MA15"},
                                                 {"WB", 6, 1, NULL, "byte addresses"},
                                                 {"RST", 7, 1, NULL, "retraces enabled"},
                                                 REG_FIELDS_END};
static const struct reg_field ATTR_INDEX_FIELDS[] = {
    {"INDEX", 0, 5, NULL, "register"}, {"PAS", 5, 1, NULL, "show the picture"}, REG_FIELDS_END};
static const struct reg_field ATTR10_FIELDS[] = {{"G", 0, 1, NULL, "graphics"},
                                                 {"ME", 1, 1, NULL, "monochrome attributes"},
                                                 {"ELG", 2, 1, NULL, "9th dot of line graphics"},
                                                 {"EB", 3, 1, NULL, "attribute bit 7 blinks"},
                                                 {"PP", 5, 1, NULL, "panning stops at line compare"},
                                                 {"PW", 6, 1, NULL, "8-bit pixels"},
                                                 {"PS", 7, 1, NULL, "P5 and P4 from 14h"},
                                                 REG_FIELDS_END};

/* --- Tables ------------------------------------------------------------------------------------ */

#define SEQ(index, title, words, keeps, field_rows)                                          \
    {.name = title, .meaning = words, .offset = index, .width = 1, .access = REG_RW,         \
     .writable = keeps, .write = seq_write, .peek = seq_peek, .fields = field_rows,          \
     .section = "Sequencer Registers"}
static const struct reg SEQ_ROWS[] = {
    SEQ(0, "Reset", "stops the sequencer while a bit is 0", 0x03, SEQ0_FIELDS),
    SEQ(1, "Clocking Mode", "dots and clocks", 0x3D, SEQ1_FIELDS),
    SEQ(2, "Map Mask", "planes that writes reach", 0x0F, PLANES_FIELDS),
    SEQ(3, "Character Map Select", "fonts A and B", 0x3F, NULL),
    SEQ(4, "Memory Mode", "how addresses choose planes", 0x0E, SEQ4_FIELDS),
    REG_ROWS_END};
const struct reg_bank VGA_SEQ_BANK = {"sequencer", SEQ_ROWS};

#define GFX(index, title, words, keeps, field_rows)                                          \
    {.name = title, .meaning = words, .offset = index, .width = 1, .access = REG_RW,         \
     .writable = keeps, .write = gfx_write, .peek = gfx_peek, .fields = field_rows,          \
     .section = "Graphics Controller Registers"}
static const struct reg GFX_ROWS[] = {
    GFX(0, "Set/Reset", "a bit for each plane", 0x0F, PLANES_FIELDS),
    GFX(1, "Enable Set/Reset", "planes that take Set/Reset", 0x0F, PLANES_FIELDS),
    GFX(2, "Color Compare", "the colour that read mode 1 looks for", 0x0F, PLANES_FIELDS),
    GFX(3, "Data Rotate", "rotation and function of writes", 0x1F, GFX3_FIELDS),
    GFX(4, "Read Map Select", "the plane that read mode 0 returns", 0x03, NULL),
    GFX(5, "Graphics Mode", "read, write and shift modes", 0x7B, GFX5_FIELDS),
    GFX(6, "Miscellaneous", "text or graphics, memory window", 0x0F, GFX6_FIELDS),
    GFX(7, "Color Don't Care", "planes that read mode 1 compares", 0x0F, PLANES_FIELDS),
    GFX(8, "Bit Mask", "bits that writes change; the others come from the latches", 0xFF, NULL),
    REG_ROWS_END};
const struct reg_bank VGA_GFX_BANK = {"graphics controller", GFX_ROWS};

#define CRTC(index, title, words, keeps, field_rows)                                         \
    {.name = title, .meaning = words, .offset = index, .width = 1, .access = REG_RW,         \
     .writable = keeps, .write = crtc_write, .peek = crtc_peek, .fields = field_rows,        \
     .section = "CRT Controller Registers"}
static const struct reg CRTC_ROWS[] = {
    CRTC(0x00, "Horizontal Total", "characters a line, less 5", 0xFF, NULL),
    CRTC(0x01, "Horizontal Display-Enable End", "characters shown, less 1", 0xFF, NULL),
    CRTC(0x02, "Start Horizontal Blanking", "character", 0xFF, NULL),
    CRTC(0x03, "End Horizontal Blanking", "character, skew", 0xFF, NULL),
    CRTC(0x04, "Start Horizontal Retrace", "character", 0xFF, NULL),
    CRTC(0x05, "End Horizontal Retrace", "character, delay", 0xFF, NULL),
    CRTC(0x06, "Vertical Total", "lines, less 2, bits 0-7", 0xFF, NULL),
    CRTC(0x07, "Overflow", "bits 8 and 9 of the vertical registers", 0xFF, NULL),
    CRTC(0x08, "Preset Row Scan", "first row scan, byte panning", 0x7F, NULL),
    CRTC(0x09, "Maximum Scan Line", "lines a character row, less 1", 0xFF, CRTC9_FIELDS),
    CRTC(0x0A, "Cursor Start", "cursor's first line", 0x3F, CRTCA_FIELDS),
    CRTC(0x0B, "Cursor End", "cursor's last line, skew", 0x7F, NULL),
    CRTC(0x0C, "Start Address High", "of the picture", 0xFF, NULL),
    CRTC(0x0D, "Start Address Low", "of the picture", 0xFF, NULL),
    CRTC(0x0E, "Cursor Location High", "address of the cursor's cell", 0xFF, NULL),
    CRTC(0x0F, "Cursor Location Low", "address of the cursor's cell", 0xFF, NULL),
    CRTC(0x10, "Vertical Retrace Start", "line, bits 0-7", 0xFF, NULL),
    CRTC(0x11, "Vertical Retrace End", "line, interrupt, protection", 0xFF, CRTC11_FIELDS),
    CRTC(0x12, "Vertical Display-Enable End", "lines shown, less 1, bits 0-7", 0xFF, NULL),
    CRTC(0x13, "Offset", "half the addresses from one row to the next", 0xFF, NULL),
    CRTC(0x14, "Underline Location", "row scan, doubleword mode", 0x7F, NULL),
    CRTC(0x15, "Start Vertical Blanking", "line, bits 0-7", 0xFF, NULL),
    CRTC(0x16, "End Vertical Blanking", "line, bits 0-7", 0xFF, NULL),
    CRTC(0x17, "CRT Mode Control", "addresses and retraces", 0xEF, CRTC17_FIELDS),
    CRTC(0x18, "Line Compare", "line after which address 0 is shown, bits 0-7", 0xFF, NULL),
    REG_ROWS_END};
const struct reg_bank VGA_CRTC_BANK = {"CRT controller", CRTC_ROWS};

#define ATTR(index, title, words, keeps, field_rows)                                         \
    {.name = title, .meaning = words, .offset = index, .width = 1, .access = REG_RW,         \
     .writable = keeps, .write = attr_write, .peek = attr_peek, .fields = field_rows,        \
     .section = "Attribute Controller Registers"}
#define PALETTE(index) ATTR(index, "Palette " #index, "DAC index of the colour", 0x3F, NULL)
static const struct reg ATTR_ROWS[] = {
    PALETTE(0x0), PALETTE(0x1), PALETTE(0x2), PALETTE(0x3), PALETTE(0x4), PALETTE(0x5),
    PALETTE(0x6), PALETTE(0x7), PALETTE(0x8), PALETTE(0x9), PALETTE(0xA), PALETTE(0xB),
    PALETTE(0xC), PALETTE(0xD), PALETTE(0xE), PALETTE(0xF),
    ATTR(0x10, "Attribute Mode Control", "text, graphics, blinking", 0xEF, ATTR10_FIELDS),
    ATTR(0x11, "Overscan Color", "of the border", 0xFF, NULL),
    ATTR(0x12, "Color Plane Enable", "planes shown", 0x3F, NULL),
    ATTR(0x13, "Horizontal PEL Panning", "shift to the left", 0x0F, NULL),
    ATTR(0x14, "Color Select", "high bits of the DAC index", 0x0F, NULL),
    REG_ROWS_END};
const struct reg_bank VGA_ATTR_BANK = {"attribute controller", ATTR_ROWS};

#define PORT(at, title, words) .name = title, .meaning = words, .offset = at, .width = 1
#define CRTC_PORTS(base, chosen)                                                             \
    {PORT((base) + 4, "CRTC Index", "register behind the next port"), .access = REG_RW,      \
     .writable = 0x3F, .is_selected = chosen, .write = crtc_index_write,                     \
     .peek = crtc_index_peek, .section = "CRT Controller Registers"},                        \
    {PORT((base) + 5, "CRTC Data", "the register chosen"), .access = REG_RW,                 \
     .is_selected = chosen, .inner = &VGA_CRTC_BANK, .inner_offset = crtc_index_now,         \
     .section = "CRT Controller Registers"},                                                 \
    {PORT((base) + 10, "Input Status 1", "where the beam is; the attribute flip-flop is reset"), \
     .access = REG_READ | REG_CLEARS_ON_READ, .reset = 0, .is_selected = chosen,             \
     .read = status1_read, .peek = status1_peek, .fields = STATUS1_FIELDS,                   \
     .section = "General Registers"},                                                        \
    {PORT((base) + 10, "Feature Control", "outputs of the feature connector"),               \
     .access = REG_WRITE, .writable = 0x08, .is_selected = chosen, .write = feature_write,   \
     .section = "General Registers"}

#define VGA_PORTS(base)                                                                      \
    {PORT((base) + 0, "Attribute Index", "register, and whether the picture shows"),         \
     .access = REG_WRITE, .writable = 0x3F, .is_selected = attr_wants_index,                 \
     .write = attr_index_write, .fields = ATTR_INDEX_FIELDS,                                 \
     .section = "Attribute Controller Registers"},                                           \
    {PORT((base) + 0, "Attribute Data", "the register chosen"), .access = REG_WRITE,         \
     .is_selected = attr_wants_data, .write = attr_data_write, .inner = &VGA_ATTR_BANK,      \
     .inner_offset = attr_index_now, .section = "Attribute Controller Registers"},           \
    {PORT((base) + 0, "Attribute Index", "register, and whether the picture shows"),         \
     .access = REG_READ, .peek = attr_index_peek, .fields = ATTR_INDEX_FIELDS,               \
     .section = "Attribute Controller Registers"},                                           \
    {PORT((base) + 1, "Attribute Data", "the register chosen"), .access = REG_READ,          \
     .inner = &VGA_ATTR_BANK, .inner_offset = attr_index_now,                                \
     .section = "Attribute Controller Registers"},                                           \
    {PORT((base) + 2, "Input Status 0", "switches, interrupt"), .access = REG_READ,          \
     .reset = 0x10, .peek = status0_peek, .fields = STATUS0_FIELDS,                          \
     .section = "General Registers"},                                                        \
    {PORT((base) + 2, "Miscellaneous Output", "addresses, clock, memory"),                   \
     .access = REG_WRITE, .writable = 0xEF, .write = misc_write, .fields = MISC_FIELDS,      \
     .section = "General Registers"},                                                        \
    {PORT((base) + 3, "Video Subsystem Enable", "wakes the VGA"), .access = REG_RW,          \
     .reset = 1, .writable = 0x01, .write = enable_write, .peek = enable_peek,               \
     .section = "General Registers"},                                                        \
    {PORT((base) + 4, "Sequencer Index", "register behind the next port"), .access = REG_RW, \
     .writable = 0x07, .write = seq_index_write, .peek = seq_index_peek,                     \
     .section = "Sequencer Registers"},                                                      \
    {PORT((base) + 5, "Sequencer Data", "the register chosen"), .access = REG_RW,            \
     .inner = &VGA_SEQ_BANK, .inner_offset = seq_index_now,                                  \
     .section = "Sequencer Registers"},                                                      \
    {PORT((base) + 6, "PEL Mask", "and-ed to every DAC index"), .access = REG_RW,            \
     .reset = 0xFF, .writable = 0xFF, .write = dac_mask_write, .peek = dac_mask_peek,        \
     .section = "Video Digital-to-Analog Converter"},                                        \
    {PORT((base) + 7, "DAC State", "0: writing, 3: reading"), .access = REG_READ,            \
     .peek = dac_state_peek, .section = "Video Digital-to-Analog Converter"},                \
    {PORT((base) + 7, "PEL Address Read Mode", "entry to read"), .access = REG_WRITE,        \
     .writable = 0, .write = dac_read_index_write,                                           \
     .section = "Video Digital-to-Analog Converter"},                                        \
    {PORT((base) + 8, "PEL Address Write Mode", "entry to write"), .access = REG_RW,         \
     .writable = 0xFF, .write = dac_write_index_write, .peek = dac_write_index_peek,         \
     .section = "Video Digital-to-Analog Converter"},                                        \
    {PORT((base) + 9, "PEL Data", "red, green, blue in turn"),                               \
     .access = REG_RW | REG_CLEARS_ON_READ, .writable = 0, .read = dac_data_read,            \
     .write = dac_data_write, .peek = dac_data_peek,                                         \
     .section = "Video Digital-to-Analog Converter"},                                        \
    {PORT((base) + 10, "Feature Control", "outputs of the feature connector"),               \
     .access = REG_READ, .peek = feature_peek, .section = "General Registers"},              \
    {PORT((base) + 12, "Miscellaneous Output", "addresses, clock, memory"),                  \
     .access = REG_READ, .peek = misc_peek, .fields = MISC_FIELDS,                           \
     .section = "General Registers"},                                                        \
    {PORT((base) + 14, "Graphics Index", "register behind the next port"), .access = REG_RW, \
     .writable = 0x0F, .write = gfx_index_write, .peek = gfx_index_peek,                     \
     .section = "Graphics Controller Registers"},                                            \
    {PORT((base) + 15, "Graphics Data", "the register chosen"), .access = REG_RW,            \
     .inner = &VGA_GFX_BANK, .inner_offset = gfx_index_now,                                  \
     .section = "Graphics Controller Registers"}

static const struct reg MONO_ROWS[] = {CRTC_PORTS(0, is_mono), REG_ROWS_END};
static const struct reg PORT_ROWS[] = {VGA_PORTS(0), REG_ROWS_END};
static const struct reg COLOUR_ROWS[] = {CRTC_PORTS(0, is_colour), REG_ROWS_END};
const struct reg_bank VGA_MONO_BANK = {"ports 3B0-3BB", MONO_ROWS};
const struct reg_bank VGA_BANK = {"ports 3C0-3CF", PORT_ROWS};
const struct reg_bank VGA_COLOUR_BANK = {"ports 3D0-3DF", COLOUR_ROWS};

/* --- DISPI, and everything once more in the memory BAR ------------------------------------------ */

#define DISPI(at, index, title, words, keeps, initial)                                       \
    {.name = title, .meaning = words, .offset = (at) + 2 * (index), .width = 2,              \
     .access = REG_RW, .reset = initial, .writable = keeps, .write = vga_dispi_write,        \
     .peek = vga_dispi_peek, .section = "Bochs VBE extension"}
#define DISPI_ROWS(at)                                                                       \
    DISPI(at, DISPI_ID, "DISPI ID", "version: B0C0-B0C5", 0, 0xB0C5),                        \
    DISPI(at, DISPI_XRES, "DISPI XRES", "pixels a line", 0, 0),                              \
    DISPI(at, DISPI_YRES, "DISPI YRES", "lines", 0, 0),                                      \
    DISPI(at, DISPI_BPP, "DISPI BPP", "bits a pixel: 4, 8, 15, 16, 24, 32", 0, 0),           \
    DISPI(at, DISPI_ENABLE, "DISPI ENABLE", "1 on, 2 ask limits, 20h 8-bit DAC, 40h linear, " \
          "80h keep memory", 0, 0),                                                          \
    DISPI(at, DISPI_BANK, "DISPI BANK", "64 KiB bank at A0000", 0, 0),                       \
    DISPI(at, DISPI_VIRT_WIDTH, "DISPI VIRT_WIDTH", "pixels from line to line", 0, 0),       \
    DISPI(at, DISPI_VIRT_HEIGHT, "DISPI VIRT_HEIGHT", "lines that memory holds", 0, 0),      \
    DISPI(at, DISPI_X_OFFSET, "DISPI X_OFFSET", "first pixel shown", 0, 0),                  \
    DISPI(at, DISPI_Y_OFFSET, "DISPI Y_OFFSET", "first line shown", 0, 0),                   \
    DISPI(at, DISPI_MEMORY_64K, "DISPI VIDEO_MEMORY_64K", "memory in 64 KiB", 0, 0)

static uint32_t dispi_index_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct vga *)self)->dispi_index;
}

static void dispi_index_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct vga *)self)->dispi_index = (uint16_t)value;
}

static uint32_t dispi_index_now(const void *self)
{
    return ((const struct vga *)self)->dispi_index * 2u;
}

static const struct reg DISPI_REGS_ROWS[] = {DISPI_ROWS(0), REG_ROWS_END};
const struct reg_bank VGA_DISPI_REGS_BANK = {"DISPI registers", DISPI_REGS_ROWS};

/* The data port is at the odd address 1CF, 16 bits wide. */
static const struct reg DISPI_PORT_ROWS[] = {
    {.name = "DISPI Index", .meaning = "register behind the next port", .offset = 0, .width = 2,
     .access = REG_RW, .writable = 0xFFFF, .write = dispi_index_write, .peek = dispi_index_peek,
     .section = "Bochs VBE extension"},
    {.name = "DISPI Data", .meaning = "the register chosen", .offset = 1, .width = 2,
     .access = REG_RW, .inner = &VGA_DISPI_REGS_BANK, .inner_offset = dispi_index_now,
     .section = "Bochs VBE extension"},
    REG_ROWS_END};
const struct reg_bank VGA_DISPI_BANK = {"ports 1CE-1D0", DISPI_PORT_ROWS};

static uint32_t extension_peek(const void *self, const struct reg *row)
{
    (void)self;
    return row->reset;
}

#define EDID(at, first, second, third, fourth, words)                                        \
    {.name = "EDID " #at, .meaning = words, .offset = at, .width = 4, .access = REG_READ,    \
     .reset = (uint32_t)(first) | (second) << 8 | (third) << 16 | (uint32_t)(fourth) << 24,  \
     .peek = extension_peek, .section = "E-EDID 1.3, 3"}

static const struct reg MMIO_ROWS[] = {
    VGA_PORTS(0x400),
    CRTC_PORTS(0x410, is_colour),
    DISPI_ROWS(0x500),
    {.name = "QEXT SIZE", .meaning = "bytes of the extended registers", .offset = 0x600, .width = 4,
     .access = REG_READ, .reset = 8, .peek = extension_peek, .section = "standard VGA, PCI BAR 2"},
    {.name = "QEXT ENDIAN", .meaning = "byte order: little", .offset = 0x604, .width = 4,
     .access = REG_READ, .reset = 0x1E1E1E1E, .peek = extension_peek,
     .section = "standard VGA, PCI BAR 2"},
    VGA_EDID_ROWS(EDID),
    REG_ROWS_END};
const struct reg_bank VGA_MMIO_BANK = {"memory BAR 2", MMIO_ROWS};
