/* The display's arbiter: each guest's screen is a window on the host's display.
 *
 * At every virtual frame the guests' pictures are written into the host VGA's linear frame buffer
 * over the host's bus, only the spans that changed. The host's VGA is set up by the VMM itself. */
#ifndef VITRINE_HYPERVISOR_VDISPLAY_H
#define VITRINE_HYPERVISOR_VDISPLAY_H

#include "hypervisor/vmm.h"

struct vdisplay_window {
    uint32_t x, y, width, height; /* of the frame on the host's display, title bar included */
};

enum status vdisplay_new(struct vdisplay **vdisplay, struct vmm *vmm, struct error *error);
void vdisplay_free(struct vdisplay *vdisplay);
void vdisplay_window(const struct vdisplay *vdisplay, unsigned guest,
                     struct vdisplay_window *window);

struct vdisplay_counts {
    uint64_t frames, spans, bytes;
};
const struct vdisplay_counts *vdisplay_counts(const struct vdisplay *vdisplay);

#endif
