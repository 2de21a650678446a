/* VGA: the DISPI registers, by which VESA BIOS extensions set high resolutions.
 *
 * Specification: the Bochs VBE display interface, version B0C5 (vbe_display_api.txt, 2003-2009), as
 * the "standard VGA" of PCI ID 1234:1111 has it: 16-bit registers behind ports 1CE and 1CF.
 *
 * Geometry can change only while the mode is off; ENABLE 0 -> 1 takes it into use:
 *
 *   XRES YRES BPP ─┐            virtual width ────────────┐
 *   ENABLE 0 -> 1 ─┴─> size     ┌───────────────┬─────────┐ X_OFFSET, Y_OFFSET move the
 *                               │ XRES x YRES   │         │ picture over the memory
 *                               └───────────────┘         │
 *
 * Values that no mode can have are refused and reported; what is kept can still point anywhere, so
 * that every fetch is masked (vga_draw.c). */
#include "devices/vga_core.h"

#include <string.h>

#define DISPI_ID_FIRST 0xB0C0u
#define DISPI_ID_LAST 0xB0C5u

static unsigned index_of(const struct reg *row)
{
    return (row->offset & 0x1Fu) >> 1;
}

unsigned vga_dispi_pixel_bytes(const struct vga *vga)
{
    switch (vga->dispi[DISPI_BPP]) {
    case 4: return 0;
    case 15:
    case 16: return 2;
    case 24: return 3;
    case 32: return 4;
    default: return 1;
    }
}

/* Lines that fit into memory at a virtual width. */
static uint32_t lines_of(const struct vga *vga, uint32_t width)
{
    unsigned bytes = vga_dispi_pixel_bytes(vga);
    size_t stride = bytes ? (size_t)width * bytes : ((size_t)width + 7) / 8 * 4;
    size_t lines = stride ? vga->memory_bytes / stride : 0;
    return lines > UINT16_MAX ? UINT16_MAX : (uint32_t)lines;
}

uint32_t vga_dispi_peek(const void *self, const struct reg *row)
{
    const struct vga *vga = self;
    bool asks_limits = (vga->dispi[DISPI_ENABLE] & DISPI_GETCAPS) != 0;
    switch ((enum dispi_index)index_of(row)) {
    case DISPI_XRES: return asks_limits ? DISPLAY_WIDTH_MAX : vga->dispi[DISPI_XRES];
    case DISPI_YRES: return asks_limits ? DISPLAY_HEIGHT_MAX : vga->dispi[DISPI_YRES];
    case DISPI_BPP: return asks_limits ? 32 : vga->dispi[DISPI_BPP];
    case DISPI_VIRT_HEIGHT: return lines_of(vga, vga->dispi[DISPI_VIRT_WIDTH]);
    case DISPI_MEMORY_64K: return (uint32_t)(vga->memory_bytes >> 16);
    case DISPI_ID:
    case DISPI_ENABLE:
    case DISPI_BANK:
    case DISPI_VIRT_WIDTH:
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET: return vga->dispi[index_of(row)];
    case DISPI_COUNT: break;
    }
    return UINT16_MAX;
}

/* ENABLE: the mode is taken into use on the edge, its memory cleared unless told otherwise. */
static void write_enable(struct vga *vga, uint16_t value)
{
    bool was_on = vga_dispi_is_on(vga);
    vga->changes = vga_generation(vga) + 1; /* frame counting starts or stops: never backwards */
    vga->dispi[DISPI_ENABLE] =
        value & (DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB | DISPI_NO_CLEAR);
    if (was_on || !vga_dispi_is_on(vga))
        return;
    if (vga->dispi[DISPI_XRES] == 0)
        vga->dispi[DISPI_XRES] = 640;
    if (vga->dispi[DISPI_BPP] == 0)
        vga->dispi[DISPI_BPP] = 8;
    vga->dispi[DISPI_VIRT_WIDTH] = vga->dispi[DISPI_XRES];
    if (vga->dispi[DISPI_YRES] == 0)
        vga->dispi[DISPI_YRES] = 480;
    if (vga->dispi[DISPI_YRES] > lines_of(vga, vga->dispi[DISPI_XRES])) {
        device_guest_error(&vga->device, "a mode of %ux%u at %u bits does not fit into %zu KiB",
                           vga->dispi[DISPI_XRES], vga->dispi[DISPI_YRES], vga->dispi[DISPI_BPP],
                           vga->memory_bytes / 1024);
        vga->dispi[DISPI_YRES] = (uint16_t)lines_of(vga, vga->dispi[DISPI_XRES]);
    }
    vga->dispi[DISPI_X_OFFSET] = vga->dispi[DISPI_Y_OFFSET] = vga->dispi[DISPI_BANK] = 0;
    if (value & DISPI_NO_CLEAR)
        return;
    ram_clear(&vga->vram);
}

static void write_geometry(struct vga *vga, enum dispi_index index, uint16_t value)
{
    static const uint16_t LIMITS[] = {0, DISPLAY_WIDTH_MAX, DISPLAY_HEIGHT_MAX, 32};
    bool is_legal = value <= LIMITS[index];
    if (vga_dispi_is_on(vga) && vga->dispi[index] != value) {
        device_guest_error(&vga->device, "DISPI geometry changes only while it is off");
        return;
    }
    if (index == DISPI_BPP)
        is_legal = value == 0 || value == 4 || value == 8 || value == 15 || value == 16 ||
                   value == 24 || value == 32;
    if (is_legal)
        vga->dispi[index] = value;
    else
        device_guest_error(&vga->device, "no mode has this value; it is ignored");
}

/* At least XRES, and not wider than leaves room for YRES lines. */
static void write_virtual_width(struct vga *vga, uint16_t value)
{
    uint32_t width = value < vga->dispi[DISPI_XRES] ? vga->dispi[DISPI_XRES] : value;
    if (lines_of(vga, width) < vga->dispi[DISPI_YRES]) {
        device_guest_error(&vga->device, "the virtual width leaves no room for YRES lines");
        width = vga->dispi[DISPI_XRES];
    }
    vga->dispi[DISPI_VIRT_WIDTH] = (uint16_t)width;
}

void vga_dispi_write(void *self, const struct reg *row, uint32_t value)
{
    struct vga *vga = self;
    uint16_t word = (uint16_t)value;
    switch ((enum dispi_index)index_of(row)) {
    case DISPI_ID:
        if (word >= DISPI_ID_FIRST && word <= DISPI_ID_LAST)
            vga->dispi[DISPI_ID] = word;
        break;
    case DISPI_XRES:
    case DISPI_YRES:
    case DISPI_BPP: write_geometry(vga, (enum dispi_index)index_of(row), word); break;
    case DISPI_ENABLE: write_enable(vga, word); break;
    case DISPI_VIRT_WIDTH: write_virtual_width(vga, word); break;
    case DISPI_BANK:
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET: vga->dispi[index_of(row)] = word; break;
    case DISPI_VIRT_HEIGHT:
    case DISPI_MEMORY_64K:
    case DISPI_COUNT: break; /* read only */
    }
    vga_registers_changed(vga);
    vga_interrupt_changed(vga);
}

void vga_dispi_reset(struct vga *vga)
{
    memset(vga->dispi, 0, sizeof vga->dispi);
    vga->dispi_index = 0;
    vga->dispi[DISPI_ID] = DISPI_ID_LAST;
}
