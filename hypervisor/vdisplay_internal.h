/* Inside of the display's arbiter: what its two faces, pixels and text, have in common. */
#ifndef VITRINE_HYPERVISOR_VDISPLAY_INTERNAL_H
#define VITRINE_HYPERVISOR_VDISPLAY_INTERNAL_H

#include "bus/display.h"
#include "hypervisor/vdisplay.h"

#define VDISPLAY_TITLE_CELLS 96u

/* A guest's window as it is shown. */
struct pane {
    uint64_t generation, content; /* of the picture */
    bool is_drawn;
    uint16_t title[VDISPLAY_TITLE_CELLS]; /* cells: character | attribute << 8 */
    uint32_t picture_width, picture_height;
};

struct vdisplay {
    struct vmm *vmm;
    const struct vdisplay_face *face;
    struct vmm_part part;
    struct event frame;
    struct windows windows;
    uint64_t windows_shown;         /* their generation */
    uint32_t *shown, *wanted;       /* pixels: what the frame buffer holds; one row */
    struct display_picture picture; /* pixels: of the guest that is drawn */
    bool *blinking, *lines; /* pixels: of that picture: what may have changed, what is drawn */
    struct display_text *text;      /* text: likewise */
    uint16_t *cells, *cells_shown;  /* text: the whole screen */
    struct pane panes[LAB_GUESTS_MAX];
    uint16_t bar[DISPLAY_WIDTH_MAX / 8];
    struct vdisplay_counts counts;
};

struct vdisplay_face {
    void (*lay_out)(struct vdisplay *display);
    enum status (*allocate)(struct vdisplay *display, struct error *error);
    void (*set_mode)(struct vdisplay *display);
    void (*draw)(struct vdisplay *display); /* what has changed */
};
extern const struct vdisplay_face VDISPLAY_PIXELS, VDISPLAY_TEXT;

#define TITLE_PLAIN 0x78u
#define TITLE_FOCUS 0x1Fu
#define TITLE_ENDED 0x4Fu
/* The title as cells; false: it is shown so already. */
bool vdisplay_title(struct vdisplay *display, const struct guest *guest);
/* The bar likewise. */
bool vdisplay_bar(struct vdisplay *display, unsigned columns);
/* A span of bytes of the host's frame buffer, over the host's bus. */
void vdisplay_put(struct vdisplay *display, uint64_t address, const uint8_t *bytes, size_t count);
/* A guest's picture was drawn: shows to who watches how its window maps it onto the display. The
 * picture's size and the place of its upper left corner and size on the display, in pixels or cells. */
struct vdisplay_mapping {
    uint32_t from_width, from_height;
    int64_t x, y;
    uint32_t width, height;
};
void vdisplay_tell_mapping(const struct vdisplay *display, const struct guest *guest,
                           const struct vdisplay_mapping *mapping);
/* Whether a guest's picture is another than the one that is shown; notes it as shown. */
bool vdisplay_has_changed(struct vdisplay *display, const struct guest *guest);
/* Whether more than what blinks is another; notes it likewise. */
bool vdisplay_has_new_content(struct vdisplay *display, const struct guest *guest);

#endif
