/* The display's arbiter: each guest's screen is a window on the host's display.
 *
 * At every virtual frame the guests' pictures are written into the host VGA's memory over the host's
 * bus, only the spans that changed. The host's VGA is set up by the VMM itself. Where windows lie is
 * windows.h; the host shows them as pixels (vdisplay_pixels.c) or, `display = text`, as panes of
 * characters (vdisplay_text.c). Below them a bar names who has the keyboard. */
#ifndef VITRINE_HYPERVISOR_VDISPLAY_H
#define VITRINE_HYPERVISOR_VDISPLAY_H

#include "hypervisor/vmm.h"
#include "hypervisor/windows.h"

enum status vdisplay_new(struct vdisplay **vdisplay, struct vmm *vmm, struct error *error);
void vdisplay_free(struct vdisplay *vdisplay);

/* To look at, and to change by the calls of windows.h: seen from the next frame on. */
const struct windows *vdisplay_look(const struct vdisplay *vdisplay);
struct windows *vdisplay_windows(struct vdisplay *vdisplay);
/* Makes the window so large that the picture is shown at `percent` of its size (25 to 400). A text
 * host shows cells as they are. */
void vdisplay_scale(struct vdisplay *vdisplay, unsigned guest, uint32_t percent);
/* The next larger (1) or smaller (-1) of the usual scales. */
void vdisplay_step_scale(struct vdisplay *vdisplay, unsigned guest, int step);
/* Size of a guest's picture, and of the place it has in its window. */
struct vdisplay_fit {
    uint32_t picture_width, picture_height, width, height;
};
struct vdisplay_fit vdisplay_fit(const struct vdisplay *vdisplay, unsigned guest);

/* Pure: the largest size of a picture's aspect that fits into room_x by room_y, at least 1 by 1; not
 * beyond its own size unless `may_enlarge`. */
void vdisplay_fit_picture(uint32_t room_x, uint32_t room_y, bool may_enlarge, uint32_t *width,
                          uint32_t *height);

struct vdisplay_counts {
    uint64_t frames, spans, bytes;
};
const struct vdisplay_counts *vdisplay_counts(const struct vdisplay *vdisplay);

#endif
