/* VGA: the vertical interrupt.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992), "VGA
 * Function": Vertical Retrace End (CRTC 11h) bits 4 and 5, Input Status 0 bit 7.
 *
 *   retrace   ___|~|______________|~|______________|~|____
 *   11.4      _____|~~~~~~~~~~~~~~~~~~~~~|__|~~~~~~~~~~~~~    0 clears what is pending, and keeps it clear
 *   IS0.7     ____________________|~~~~~~|_________|~~~~~~    the line too while 11.5 is 0
 *
 * Clock: an event at the start of the next retrace, only while bit 4 is 1 and nothing is pending.
 * Interrupt line: IRQ 2 of the ISA bus, which an AT leads to IRQ 9. */
#include "devices/vga_core.h"

enum { CRTC_11_NOT_CLEAR = 0x10, CRTC_11_DISABLE = 0x20 };

void vga_interrupt_changed(struct vga *vga)
{
    bool may_come = (vga->crtc[0x11] & CRTC_11_NOT_CLEAR) != 0;
    uint64_t instant;
    if (!may_come)
        vga->is_interrupt_pending = false;
    irq_line_set(&vga->irq, vga->is_interrupt_pending && !(vga->crtc[0x11] & CRTC_11_DISABLE));
    if (may_come && !vga->is_interrupt_pending && vga_next_retrace(vga, &instant))
        event_arm(&vga->retrace, instant);
    else
        event_disarm(&vga->retrace);
}

static void retrace_starts(void *self)
{
    struct vga *vga = self;
    vga->is_interrupt_pending = true;
    vga_interrupt_changed(vga);
}

void vga_interrupt_init(struct vga *vga)
{
    event_init(&vga->retrace, vga->device.env->clock, "vga retrace", retrace_starts, vga);
}
