/* VGA: where the beam is, from the virtual time alone.
 *
 * The dot clock (25.175 or 28.322 MHz) and the CRTC's totals give lines and frames:
 *
 *   line   |<------ displayed ------>|<- blank, retrace ->|   (HTotal + 5) characters
 *   frame  |<------ displayed ------>|<- blank, retrace ->|   VTotal + 2 lines
 *   IS1.0  0_________________________1111111111111111111111   also 1 on undisplayed lines
 *   IS1.3  0______________________________1111__0__________   vertical retrace
 *
 * Blinking follows a nominal 70 Hz: the cursor turns every 8 frames, characters every 16. */
#include "devices/vga_core.h"

#define DOT_CLOCK_25_HZ 25175000u
#define DOT_CLOCK_28_HZ 28322000u
#define BLINK_FRAMES_HZ 70u
#define REFRESH_HZ 60u /* of a linear frame buffer, which nobody sees written */

struct beam {
    uint32_t line, character; /* now */
};

/* Totals and visible part, in characters and lines; those of 640x480 while DISPI is on. */
struct frame_shape {
    uint32_t characters, characters_shown, dots_a_character;
    uint32_t lines, lines_shown, retrace_start, retrace_lines;
};

uint32_t vga_lines_displayed(const struct vga *vga)
{
    uint32_t overflow = vga->crtc[7];
    return (vga->crtc[0x12] | (overflow & 0x02u) << 7 | (overflow & 0x40u) << 3) + 1u;
}

static struct frame_shape shape_now(const struct vga *vga)
{
    static const struct frame_shape VESA_640X480 = {100, 80, 8, 525, 480, 490, 2};
    struct frame_shape shape;
    uint32_t overflow = vga->crtc[7];
    if (vga_dispi_is_on(vga))
        return VESA_640X480;
    shape.dots_a_character = (vga->seq[1] & 1 ? 8u : 9u) * (vga->seq[1] & 8 ? 2u : 1u);
    shape.characters = vga->crtc[0] + 5u;
    shape.characters_shown = vga->crtc[1] + 1u;
    shape.lines = (vga->crtc[6] | (overflow & 0x01u) << 8 | (overflow & 0x20u) << 4) + 2u;
    shape.lines_shown = vga_lines_displayed(vga);
    shape.retrace_start = vga->crtc[0x10] | (overflow & 0x04u) << 6 | (overflow & 0x80u) << 2;
    /* Its end is given by the low 4 bits of the line on which it stops. */
    shape.retrace_lines = (vga->crtc[0x11] - shape.retrace_start) & 0xFu;
    if (shape.retrace_lines == 0)
        shape.retrace_lines = 16;
    return shape;
}

static uint32_t dot_clock_hz(const struct vga *vga)
{
    return (vga->misc >> 2 & 3) == 1 ? DOT_CLOCK_28_HZ : DOT_CLOCK_25_HZ;
}

static struct beam beam_now(const struct vga *vga, const struct frame_shape *shape)
{
    uint64_t characters =
        clock_ticks(vga->device.env->clock, dot_clock_hz(vga), shape->dots_a_character);
    struct beam beam;
    beam.character = (uint32_t)(characters % shape->characters);
    beam.line = (uint32_t)(characters / shape->characters % shape->lines);
    return beam;
}

uint8_t vga_input_status_1(const struct vga *vga)
{
    struct frame_shape shape = shape_now(vga);
    struct beam beam = beam_now(vga, &shape);
    bool is_shown = beam.line < shape.lines_shown && beam.character < shape.characters_shown;
    bool is_retrace = beam.line >= shape.retrace_start &&
                      beam.line < shape.retrace_start + shape.retrace_lines;
    return (uint8_t)((is_shown ? 0 : 0x01) | (is_retrace ? 0x08 : 0));
}

/* Retrace starts at character 0 of its line. */
bool vga_next_retrace(const struct vga *vga, uint64_t *instant)
{
    struct frame_shape shape = shape_now(vga);
    const struct clock *clock = vga->device.env->clock;
    uint32_t hz = dot_clock_hz(vga);
    uint64_t frame = (uint64_t)shape.characters * shape.lines;
    uint64_t start = (uint64_t)shape.characters * shape.retrace_start;
    uint64_t now = clock_ticks(clock, hz, shape.dots_a_character);
    if (shape.retrace_start >= shape.lines)
        return false;
    start += now / frame * frame;
    if (start <= now)
        start += frame;
    *instant = clock_when_ticks(clock, start, hz, shape.dots_a_character);
    return true;
}

bool vga_cursor_phase(const struct vga *vga)
{
    return (clock_ticks(vga->device.env->clock, BLINK_FRAMES_HZ, 8) & 1) == 0;
}

bool vga_blink_phase(const struct vga *vga)
{
    return (clock_ticks(vga->device.env->clock, BLINK_FRAMES_HZ, 16) & 1) == 0;
}

/* Changes of registers and of the window are counted; blinking adds its turns, and a frame buffer
 * that the CPU writes without being seen adds the refreshes. */
uint64_t vga_generation(const void *self)
{
    const struct vga *vga = self;
    const struct clock *clock = vga->device.env->clock;
    return vga_content(vga) + clock_ticks(clock, BLINK_FRAMES_HZ, 8);
}

uint64_t vga_content(const void *self)
{
    const struct vga *vga = self;
    const struct clock *clock = vga->device.env->clock;
    return vga->changes + (vga_dispi_is_on(vga) ? clock_ticks(clock, REFRESH_HZ, 1) : 0);
}
