/* VGA: the memory window A0000-BFFFF, the latches and the read and write modes.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992), "VGA
 * Function: Graphics Controller" and "Memory Map Select".
 *
 *   CPU byte ──> rotate ──> set/reset ──> function with latches ──> bit mask ──> map mask ──> planes
 *                                              ^                       ^
 *   planes ──(every read)──> latches ──────────┴───────────────────────┘
 *
 * Which plane and which plane address an address means:
 *   planar      all planes of the map mask, address as it is
 *   odd/even    A0 chooses planes 0, 2 or 1, 3; plane address with bit 0 clear
 *   chain-4     A1-A0 choose the plane; plane address with bits 0-1 clear
 * While DISPI is on with 8 or more bits a pixel, A0000-AFFFF is a bank of memory, byte by byte.
 *
 * Without Memory Mode bit 1 a plane has 16 KiB, and the address bits above fall away.
 *
 * MISSING: odd/even page select (Misc. Output bit 5): all standard text modes ask for the high page,
 * and show what is at the addresses of the low one. */
#include "devices/vga_core.h"

#include "base/bits.h"

#define WINDOW_NONE UINT32_MAX

/* A bit for each plane, spread over its byte. */
static inline uint32_t spread(unsigned planes)
{
    static const uint32_t SPREAD[16] = {
        0x00000000, 0x000000FF, 0x0000FF00, 0x0000FFFF, 0x00FF0000, 0x00FF00FF,
        0x00FFFF00, 0x00FFFFFF, 0xFF000000, 0xFF0000FF, 0xFF00FF00, 0xFF00FFFF,
        0xFFFF0000, 0xFFFF00FF, 0xFFFFFF00, 0xFFFFFFFF};
    return SPREAD[planes & 0xF];
}

static inline bool is_chain4(const struct vga *vga)
{
    return (vga->seq[4] & 0x08) != 0;
}

/* Writes: Memory Mode bit 2 clear. Reads: Graphics Mode bit 4 set. */
static inline bool is_odd_even_write(const struct vga *vga)
{
    return (vga->seq[4] & 0x04) == 0;
}

void vga_registers_changed(struct vga *vga)
{
    bool is_plain = (vga->gfx[5] & 3) == 0 && (vga->gfx[3] & 0x1F) == 0 && vga->gfx[1] == 0 &&
                    vga->gfx[8] == 0xFF;
    vga->changes++;
    if (vga_dispi_is_on(vga) && vga_dispi_pixel_bytes(vga))
        vga->write_way = VGA_WAY_LINEAR;
    else if (is_plain && is_chain4(vga) && vga->seq[2] == 0xF)
        vga->write_way = VGA_WAY_CHAIN4;
    else if (is_plain && !is_chain4(vga) && is_odd_even_write(vga) && vga->seq[2] == 0x3)
        vga->write_way = VGA_WAY_TEXT;
    else
        vga->write_way = VGA_WAY_GENERIC;
}

/* The address within the window that Memory Map Select opens; WINDOW_NONE outside of it. */
static uint32_t window_address(const struct vga *vga, uint64_t offset)
{
    static const struct {
        uint32_t start, length;
    } WINDOWS[4] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    unsigned map = vga->gfx[6] >> 2 & 3;
    if (!(vga->misc & VGA_MISC_RAM))
        return WINDOW_NONE;
    if (vga->write_way == VGA_WAY_LINEAR)
        map = 1;
    if (offset < WINDOWS[map].start || offset - WINDOWS[map].start >= WINDOWS[map].length)
        return WINDOW_NONE;
    return (uint32_t)offset - WINDOWS[map].start;
}

/* Index of plane 0's byte. The planar DISPI modes have more than 64 KiB a plane, by banks. */
static inline uint32_t plane_index(const struct vga *vga, uint32_t plane_address)
{
    if (vga_dispi_is_on(vga))
        plane_address = (plane_address & (VGA_PLANE_BYTES - 1)) |
                        (uint32_t)vga->dispi[DISPI_BANK] << 16;
    else
        plane_address &= vga_plane_mask(vga);
    return vga_fetch_index(vga, plane_address);
}

static inline size_t linear_index(const struct vga *vga, uint32_t at)
{
    return (((size_t)vga->dispi[DISPI_BANK] << 16) + at) & (vga->memory_bytes - 1);
}

static inline void touched(struct vga *vga, size_t index, unsigned bytes)
{
    ram_written(&vga->vram, index >> FRAME_SHIFT, (uint32_t)index & FRAME_MASK, bytes);
}

/* --- reads ---------------------------------------------------------------------------------- */

static uint8_t read_byte(struct vga *vga, uint32_t at)
{
    unsigned plane = vga->gfx[4] & 3;
    uint32_t address = at, differs;
    if (is_chain4(vga)) {
        plane = at & 3;
        address = at & ~3u;
    } else if (vga->gfx[5] & 0x10) {
        plane = (plane & 2) | (at & 1);
        address = at & ~1u;
    }
    vga->latches = load_le32(vga->memory + plane_index(vga, address));
    if (!(vga->gfx[5] & 0x08))
        return (uint8_t)(vga->latches >> (8 * plane));
    /* Read mode 1: ones where all compared planes have the colour looked for. */
    differs = (vga->latches ^ spread(vga->gfx[2])) & spread(vga->gfx[7]);
    return (uint8_t)~(differs | differs >> 8 | differs >> 16 | differs >> 24);
}

static uint64_t window_read(void *self, uint64_t offset, unsigned size)
{
    struct vga *vga = self;
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        uint32_t at = window_address(vga, offset + i);
        uint8_t byte = 0xFF;
        if (at == WINDOW_NONE)
            ;
        else if (vga->write_way == VGA_WAY_LINEAR)
            byte = vga->memory[linear_index(vga, at)];
        else
            byte = read_byte(vga, at);
        value |= (uint64_t)byte << (8 * i);
    }
    return value;
}

/* --- writes --------------------------------------------------------------------------------- */

static uint32_t combine(const struct vga *vga, uint32_t data)
{
    switch (vga->gfx[3] >> 3 & 3) {
    case 1: return data & vga->latches;
    case 2: return data | vga->latches;
    case 3: return data ^ vga->latches;
    default: return data;
    }
}

/* What the graphics controller makes of a byte, for all four planes. */
static uint32_t graphics_data(const struct vga *vga, uint8_t value)
{
    unsigned turn = vga->gfx[3] & 7;
    uint8_t rotated = (uint8_t)(value >> turn | value << (8 - turn));
    uint32_t every = UINT32_C(0x01010101), mask = vga->gfx[8] * every, data, takes;
    switch (vga->gfx[5] & 3) {
    case 0:
        takes = spread(vga->gfx[1]);
        data = (rotated * every & ~takes) | (spread(vga->gfx[0]) & takes);
        break;
    case 1: return vga->latches;
    case 2: data = spread(value); break;
    default:
        mask &= rotated * every;
        data = spread(vga->gfx[0]);
        break;
    }
    return (combine(vga, data) & mask) | (vga->latches & ~mask);
}

static void write_byte(struct vga *vga, uint32_t at, uint8_t value)
{
    uint32_t address = at, index, old, planes, data;
    unsigned map = vga->seq[2];
    if (is_chain4(vga)) {
        map &= 1u << (at & 3);
        address = at & ~3u;
    } else if (is_odd_even_write(vga)) {
        map &= 5u << (at & 1);
        address = at & ~1u;
    }
    planes = spread(map);
    if (planes == 0)
        return;
    data = graphics_data(vga, value);
    index = plane_index(vga, address);
    old = load_le32(vga->memory + index);
    store_le32(vga->memory + index, (old & ~planes) | (data & planes));
    touched(vga, index, 4);
}

static void write_one(struct vga *vga, uint64_t offset, uint8_t value)
{
    uint32_t at = window_address(vga, offset), plane;
    size_t index;
    if (at == WINDOW_NONE)
        return;
    switch (vga->write_way) {
    case VGA_WAY_LINEAR: index = linear_index(vga, at); break;
    case VGA_WAY_TEXT:
    case VGA_WAY_CHAIN4:
        plane = at & (vga->write_way == VGA_WAY_TEXT ? 1u : 3u);
        index = plane_index(vga, at - plane) + plane;
        break;
    case VGA_WAY_GENERIC:
    default: write_byte(vga, at, value); return;
    }
    vga->memory[index] = value;
    touched(vga, index, 1);
}

static void window_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct vga *vga = self;
    vga->changes++;
    for (unsigned i = 0; i < size; i++)
        write_one(vga, offset + i, (uint8_t)(value >> (8 * i)));
}

const struct region_ops VGA_WINDOW_OPS = {.read = window_read, .write = window_write};
