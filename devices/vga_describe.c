/* VGA: what an access means, in words, from the state before it. */
#include "devices/vga_core.h"

#include <string.h>

#define WINDOW_BASE 0xA0000u
#define TEXT_MONO 0xB0000u
#define TEXT_COLOUR 0xB8000u
#define WINDOW_END 0xC0000u

static bool is_named(const struct access *access, const char *name)
{
    return access->reg && strcmp(access->reg->name, name) == 0;
}

/* "row 3 column 5: 'A' attribute 07" for text; the modes in force for graphics. */
static void describe_window(const struct vga *vga, const struct access *access, char *text,
                            size_t size)
{
    static const char *const WAYS[] = {"planar", "text", "chain-4", "linear bank"};
    uint64_t base = (vga->gfx[6] >> 2 & 3) == 2 ? TEXT_MONO : TEXT_COLOUR;
    unsigned columns = vga->crtc[0x13] * 2u, value = (unsigned)access->value;
    size_t used = 0;
    text[0] = '\0';
    if (vga_is_text(vga) && access->address >= base && columns) {
        uint32_t cell = (uint32_t)(access->address - base) / 2;
        uint32_t from = (cell - vga_start_address(vga)) & 0x7FFF;
        unsigned shown = value & 0x7F;
        text_append(text, size, &used, "row %u column %u: ", from / columns, from % columns);
        if (access->address & 1)
            text_append(text, size, &used, "attribute %02X", value & 0xFF);
        else if (access->size == 1)
            text_append(text, size, &used, "'%c'", shown >= 0x20 && shown < 0x7F ? (int)shown : '.');
        else
            text_append(text, size, &used, "'%c' attribute %02X",
                        shown >= 0x20 && shown < 0x7F ? (int)shown : '.', value >> 8 & 0xFF);
        return;
    }
    if (vga->write_way == VGA_WAY_LINEAR) {
        text_append(text, size, &used, "linear bank %u", vga->dispi[DISPI_BANK]);
        return;
    }
    if (access->is_write)
        text_append(text, size, &used, "%s, write mode %u, planes %X, bits %02X",
                    WAYS[vga->seq[4] & 8 ? VGA_WAY_CHAIN4 : vga->write_way], vga->gfx[5] & 3,
                    vga->seq[2], vga->gfx[8]);
    else
        text_append(text, size, &used, "read mode %u, plane %u; latches filled",
                    vga->gfx[5] >> 3 & 1, vga->gfx[4]);
}

static void describe_dac(const struct vga *vga, const struct access *access, char *text, size_t size)
{
    static const char *const PARTS[] = {"red", "green", "blue"};
    unsigned entry = access->is_write ? vga->dac_write_index : vga->dac_read_index;
    size_t used = 0;
    text[0] = '\0';
    text_append(text, size, &used, "colour %u %s = %u", entry, PARTS[vga->dac_component % 3],
                (unsigned)access->value & 0xFF);
}

/* "index 0E -> Cursor Location High": the register that a write to an index port chooses. */
static bool describe_index(const struct access *access, char *text, size_t size)
{
    static const struct {
        const char *name;
        const struct reg_bank *bank;
        unsigned mask, stride;
    } INDEXES[] = {{"Sequencer Index", &VGA_SEQ_BANK, 7, 1},
                   {"Graphics Index", &VGA_GFX_BANK, 15, 1},
                   {"CRTC Index", &VGA_CRTC_BANK, 0x3F, 1},
                   {"Attribute Index", &VGA_ATTR_BANK, 0x1F, 1},
                   {"DISPI Index", &VGA_DISPI_REGS_BANK, 0xFFFF, 2}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof INDEXES / sizeof *INDEXES; i++) {
        const struct reg *row;
        unsigned index = (unsigned)access->value & INDEXES[i].mask;
        if (!is_named(access, INDEXES[i].name))
            continue;
        row = reg_find(INDEXES[i].bank, NULL, index * INDEXES[i].stride, false);
        text[0] = '\0';
        text_append(text, size, &used, "index %02X: %s", index,
                    row && row->offset == index * INDEXES[i].stride ? row->name : "no register");
        return true;
    }
    return false;
}

void vga_describe(const struct device *device, const struct access *access, char *text,
                  size_t size)
{
    const struct vga *vga = (const struct vga *)device;
    unsigned value = (unsigned)access->value;
    size_t used = 0;
    if (size == 0)
        return;
    text[0] = '\0';
    if (access->space_kind == ACCESS_MEMORY && access->address >= WINDOW_BASE &&
        access->address < WINDOW_END) {
        describe_window(vga, access, text, size);
        return;
    }
    if (!access->reg || describe_index(access, text, size))
        return;
    if (is_named(access, "PEL Data"))
        describe_dac(vga, access, text, size);
    else if (strncmp(access->reg->name, "Cursor Location", 15) == 0)
        text_append(text, size, &used, "cursor's cell, %s byte %02X",
                    access->reg->offset == 0x0E ? "high" : "low", value & 0xFF);
    else if (is_named(access, "DISPI ENABLE"))
        text_append(text, size, &used, "%s %ux%u at %u bits%s%s", value & 1 ? "on:" : "off; set:",
                    vga->dispi[DISPI_XRES], vga->dispi[DISPI_YRES], vga->dispi[DISPI_BPP],
                    value & DISPI_LFB ? ", linear" : "",
                    value & DISPI_NO_CLEAR ? ", memory kept" : "");
    else if (access->reg->fields)
        reg_fields_text(access->reg, value, text, size);
    else
        text_append(text, size, &used, "%s", access->reg->meaning);
}
