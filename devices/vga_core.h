/* The VGA's state and the calls between its parts; not for others (see vga.h).
 *
 *   vga_regs.c      ports and register tables        vga_memory.c   A0000-BFFFF, latches, modes
 *   vga_dispi.c     the DISPI (VBE) registers        vga_timing.c   where the beam is
 *   vga_draw.c      pictures                         vga_text.c     text modes
 *   vga_interrupt.c the vertical interrupt           vga_edid.h     the monitor
 *   vga_describe.c  accesses in words                vga.c, vga_pci.c   life cycle, ISA and PCI
 *
 * Video memory is kept with the four planes interleaved: plane p of plane address o is byte
 * 4 * o + p, so that one 32-bit load fills the four latches, and the packed modes of DISPI are
 * the bytes as they stand. */
#ifndef VITRINE_DEVICES_VGA_CORE_H
#define VITRINE_DEVICES_VGA_CORE_H

#include "bus/device.h"
#include "bus/display.h"
#include "bus/ram.h"

enum {
    VGA_SEQ_COUNT = 5,
    VGA_GFX_COUNT = 9,
    VGA_CRTC_COUNT = 25,
    VGA_ATTR_COUNT = 21,
    VGA_DAC_BYTES = 768,
    VGA_PLANE_BYTES = 65536
};

/* Miscellaneous Output */
enum { VGA_MISC_COLOUR = 1, VGA_MISC_RAM = 2 };

/* DISPI registers by index (Bochs VBE extension). */
enum dispi_index {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_MEMORY_64K,
    DISPI_COUNT
};
enum { DISPI_ENABLED = 1, DISPI_GETCAPS = 2, DISPI_8BIT_DAC = 0x20, DISPI_LFB = 0x40,
       DISPI_NO_CLEAR = 0x80 };

/* How a write to the window is done: derived from the registers, so that the common modes skip the
 * graphics controller's arithmetic. */
enum vga_way { VGA_WAY_GENERIC, VGA_WAY_TEXT, VGA_WAY_CHAIN4, VGA_WAY_LINEAR };

struct vga {
    struct device device;
    uint8_t misc, feature, subsystem_enable;
    uint8_t seq_index, gfx_index, crtc_index;
    uint8_t attr_index;   /* bit 5: palette address source (the screen shows the picture) */
    bool attr_is_data;    /* the flip-flop of 3C0: next write is data */
    uint8_t seq[VGA_SEQ_COUNT], gfx[VGA_GFX_COUNT], crtc[VGA_CRTC_COUNT], attr[VGA_ATTR_COUNT];
    uint8_t dac_mask, dac_read_index, dac_write_index, dac_component;
    bool dac_is_reading;
    uint8_t dac_held[2]; /* red and green, until blue comes */
    uint8_t dac[VGA_DAC_BYTES];
    uint32_t latches; /* plane 0 in the low byte */
    uint16_t dispi_index;
    uint16_t dispi[DISPI_COUNT];
    bool is_interrupt_pending; /* Input Status 0 bit 7 */
    struct irq_line irq;
    struct event retrace; /* the next one, while an interrupt may come of it */
    uint8_t *memory; /* = vram.bytes */
    size_t memory_bytes; /* a power of two, at least 256 KiB */
    /* Not saved: */
    struct ram vram;
    bool has_dispi;
    enum vga_way write_way;
    uint64_t changes; /* for display_screen.generation */
};

extern const struct state_field VGA_STATE[];
extern const struct reg_bank VGA_MONO_BANK, VGA_BANK, VGA_COLOUR_BANK, VGA_SEQ_BANK, VGA_GFX_BANK,
    VGA_CRTC_BANK, VGA_ATTR_BANK, VGA_DISPI_BANK, VGA_DISPI_REGS_BANK, VGA_MMIO_BANK;
extern const struct region_ops VGA_WINDOW_OPS;

/* vga.c: what both forms share. */
enum status vga_init_common(struct vga *vga, const struct device_config *config, size_t memory_bytes,
                            bool has_dispi, struct error *error);
void vga_reset_common(struct device *device, enum reset_kind kind);
void vga_fini_common(struct vga *vga);
void vga_loaded_common(struct device *device);

/* vga_memory.c: chooses write_way; after every change of registers. */
void vga_registers_changed(struct vga *vga);

/* vga_timing.c */
uint8_t vga_input_status_1(const struct vga *vga);
bool vga_cursor_phase(const struct vga *vga); /* true: the cursor shows */
bool vga_blink_phase(const struct vga *vga);  /* true: blinking characters show */
uint64_t vga_generation(const void *self);
uint64_t vga_content(const void *self);
uint32_t vga_lines_displayed(const struct vga *vga);
/* The instant at which the next vertical retrace starts; false: none ever does. */
bool vga_next_retrace(const struct vga *vga, uint64_t *instant);

/* vga_interrupt.c: the vertical interrupt; after every change of what it depends on. */
void vga_interrupt_init(struct vga *vga);
void vga_interrupt_changed(struct vga *vga);

/* vga_dispi.c */
void vga_dispi_reset(struct vga *vga);
static inline bool vga_dispi_is_on(const struct vga *vga)
{
    return (vga->dispi[DISPI_ENABLE] & DISPI_ENABLED) != 0;
}
uint32_t vga_dispi_peek(const void *self, const struct reg *row);
void vga_dispi_write(void *self, const struct reg *row, uint32_t value);
unsigned vga_dispi_pixel_bytes(const struct vga *vga); /* 0 for the planar 4-bit mode */

/* vga_regs.c */
uint32_t vga_rgb(const struct vga *vga, uint8_t index); /* of the DAC, after the pel mask */
/* What the attribute controller makes of a 4-bit pixel: an index into the DAC. */
uint8_t vga_attribute_index(const struct vga *vga, unsigned pixel);
/* The same after Color Plane Enable. */
uint8_t vga_palette_index(const struct vga *vga, unsigned pixel);

/* vga_draw.c and vga_text.c */
void vga_size(const void *self, uint32_t *width, uint32_t *height);
void vga_draw(const void *self, struct display_picture *picture);
void vga_draw_lines(const void *self, struct display_picture *picture, const bool *wanted);
uint32_t vga_blinking(const void *self, bool *lines);
bool vga_text(const void *self, struct display_text *text);
bool vga_is_text(const struct vga *vga);
/* Four planes at a plane address, whatever its value. */
static inline uint32_t vga_fetch_index(const struct vga *vga, uint32_t plane_address)
{
    return (uint32_t)(((size_t)plane_address * 4) & (vga->memory_bytes - 1));
}
/* Memory Mode bit 1, Extended Memory: without it an adapter of 64 KiB, 16 KiB a plane. */
static inline bool vga_has_extended_memory(const struct vga *vga)
{
    return (vga->seq[4] & 0x02) != 0;
}
static inline uint32_t vga_plane_mask(const struct vga *vga)
{
    return vga_has_extended_memory(vga) ? VGA_PLANE_BYTES - 1u : VGA_PLANE_BYTES / 4u - 1u;
}
uint32_t vga_plane_address(const struct vga *vga, uint32_t counter, unsigned row_scan);
/* Whether one of `cells` characters from memory address `base` blinks, the cursor among them. */
bool vga_text_blinks(const struct vga *vga, uint32_t base, unsigned cells);
/* One scan line of text: `cells` characters from memory address `base`; returns pixels written. */
size_t vga_text_line(const struct vga *vga, uint32_t base, unsigned row_scan, unsigned cells,
                     const uint32_t colours[16], uint32_t *pixels);
uint32_t vga_start_address(const struct vga *vga);

/* vga_describe.c */
void vga_describe(const struct device *device, const struct access *access, char *text,
                  size_t size);

#endif
