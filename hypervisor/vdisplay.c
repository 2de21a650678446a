/* Windows on the host's display.
 *
 * Specification of the physical side: Bochs VBE DISPI interface (ports 1CEh/1CFh, indices 0-4), PCI
 * 2.1 configuration mechanism #1 for BAR 0. The VMM is the host's only software, so it assigns the
 * BAR and sets the mode itself. Panes lie in a grid; a picture larger than its pane is scaled down by
 * nearest neighbour, keeping its aspect. MISSING: moving, raising and hiding windows. */
#include "hypervisor/vdisplay.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/display.h"
#include "hypervisor/font.h"
#include "hypervisor/vinput.h"

#define DISPI_INDEX 0x1CEu
#define DISPI_DATA 0x1CFu
enum { DISPI_XRES = 1, DISPI_YRES = 2, DISPI_BPP = 3, DISPI_ENABLE = 4 };
#define DISPI_ENABLED_LFB 0x41u
/* IBM VGA: nothing is shown before the palette address source is set and the screen is on. */
#define INPUT_STATUS_1 0x3DAu
#define ATTRIBUTE 0x3C0u
#define ATTRIBUTE_PAS 0x20u
#define SEQUENCER_INDEX 0x3C4u
#define SEQUENCER_DATA 0x3C5u
#define SEQUENCER_CLOCKING 0x01u
#define CLOCKING_8_DOTS 0x01u /* screen off = 0 */
#define VGA_SLOT 2u
#define CONFIG_COMMAND 0x04u
#define CONFIG_BAR0 0x10u
#define COMMAND_PORTS_MEMORY 0x03u
#define FRAME_BUFFER UINT32_C(0xE0000000)

#define TITLE_HEIGHT 20u
#define BORDER 2u
#define PANE_WIDTH 720u
#define PANE_HEIGHT 400u
#define COLOUR_DESK 0x00202428u
#define COLOUR_FOCUS 0x002D6CDFu
#define COLOUR_IDLE 0x00505860u
#define COLOUR_ENDED 0x00803030u
#define COLOUR_TEXT 0x00FFFFFFu
#define PICTURE_PIXELS ((size_t)DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX)

struct pane {
    struct vdisplay_window window;
    uint64_t generation; /* of the picture that is shown */
    uint32_t title_colour;
    bool is_drawn;
};

struct vdisplay {
    struct vmm *vmm;
    struct vmm_part part;
    struct event frame;
    uint32_t width, height;
    uint32_t *shown;   /* what the frame buffer holds */
    uint32_t *wanted;  /* one row */
    struct display_picture picture;
    struct pane panes[LAB_GUESTS_MAX];
    struct vdisplay_counts counts;
};

/* --- the physical side: all by the host's bus ------------------------------------------------------- */

static void dispi(struct vmm *vmm, uint16_t index, uint16_t value)
{
    host_outw(vmm, DISPI_INDEX, index);
    host_outw(vmm, DISPI_DATA, value);
}

static void set_mode(struct vdisplay *display)
{
    struct vmm *vmm = display->vmm;
    host_pci_write(vmm, VGA_SLOT, 0, CONFIG_BAR0, FRAME_BUFFER);
    host_pci_write(vmm, VGA_SLOT, 0, CONFIG_COMMAND, COMMAND_PORTS_MEMORY);
    dispi(vmm, DISPI_ENABLE, 0);
    dispi(vmm, DISPI_XRES, (uint16_t)display->width);
    dispi(vmm, DISPI_YRES, (uint16_t)display->height);
    dispi(vmm, DISPI_BPP, 32);
    dispi(vmm, DISPI_ENABLE, DISPI_ENABLED_LFB);
    host_inb(vmm, INPUT_STATUS_1); /* the next write to the attribute port is an index */
    host_outb(vmm, ATTRIBUTE, ATTRIBUTE_PAS);
    host_outb(vmm, SEQUENCER_INDEX, SEQUENCER_CLOCKING);
    host_outb(vmm, SEQUENCER_DATA, CLOCKING_8_DOTS);
}

/* Writes the part of a row that differs from what is shown, as one span. */
static void put_row(struct vdisplay *display, uint32_t x, uint32_t y, const uint32_t *pixels,
                    uint32_t count)
{
    uint32_t *shown = display->shown + (size_t)y * display->width + x;
    uint8_t bytes[DISPLAY_WIDTH_MAX * 4];
    uint32_t first = 0, last = count;
    if (memcmp(pixels, shown, (size_t)count * sizeof *pixels) == 0)
        return;
    while (first < count && pixels[first] == shown[first])
        first++;
    while (last > first && pixels[last - 1] == shown[last - 1])
        last--;
    for (uint32_t i = first; i < last; i++) {
        shown[i] = pixels[i];
        store_le32(bytes + (size_t)(i - first) * 4, pixels[i]);
    }
    space_dma_write(&display->vmm->host->memory, NULL,
                    FRAME_BUFFER + ((uint64_t)y * display->width + x + first) * 4, bytes,
                    (size_t)(last - first) * 4);
    display->counts.spans++;
    display->counts.bytes += (size_t)(last - first) * 4;
}

/* --- a pane --------------------------------------------------------------------------------------------- */

static void draw_title(struct vdisplay *display, const struct guest *guest, struct pane *pane)
{
    const struct vdisplay_window *w = &pane->window;
    bool has_focus = vinput_focus(display->vmm->vinput) == guest->number;
    uint32_t colour = guest->has_ended ? COLOUR_ENDED : has_focus ? COLOUR_FOCUS : COLOUR_IDLE;
    char text[128];
    size_t used = 0, length;
    if (pane->is_drawn && pane->title_colour == colour)
        return;
    pane->title_colour = colour;
    text_append(text, sizeof text, &used, "%s%s%s", guest->lab->name,
                has_focus ? "  [keyboard]" : "", guest->has_ended ? "  (ended)" : "");
    length = strlen(text);
    for (uint32_t y = 0; y < TITLE_HEIGHT; y++) {
        for (uint32_t x = 0; x < w->width; x++) {
            uint32_t column = x / 8, dot = x % 8;
            bool is_ink = false;
            if (y >= 2 && y < 18 && column >= 1 && column <= length)
                is_ink = font_8x16[(uint8_t)text[column - 1]][y - 2] >> (7 - dot) & 1;
            display->wanted[x] = is_ink ? COLOUR_TEXT : colour;
        }
        put_row(display, w->x, w->y + y, display->wanted, w->width);
    }
}

/* The picture's place in the pane: its own size, or scaled down to fit. */
static void fit(const struct vdisplay_window *w, const struct display_picture *p, uint32_t *width,
                uint32_t *height)
{
    uint32_t room_x = w->width - 2 * BORDER, room_y = w->height - TITLE_HEIGHT - 2 * BORDER;
    *width = p->width;
    *height = p->height;
    if (*width > room_x) {
        *height = (uint32_t)((uint64_t)*height * room_x / *width);
        *width = room_x;
    }
    if (*height > room_y) {
        *width = (uint32_t)((uint64_t)*width * room_y / *height);
        *height = room_y;
    }
}

/* One row of the picture, `width` pixels wide in the pane. */
static void scale_row(const struct display_picture *p, const uint32_t *row, uint32_t *to,
                      uint32_t width)
{
    if (width == p->width) {
        memcpy(to, row, (size_t)width * sizeof *to);
        return;
    }
    for (uint32_t x = 0; x < width; x++)
        to[x] = row[(uint64_t)x * p->width / width];
}

static void draw_picture(struct vdisplay *display, const struct vdisplay_window *w)
{
    const struct display_picture *p = &display->picture;
    uint32_t width, height, left, top, inner = w->height - TITLE_HEIGHT;
    fit(w, p, &width, &height);
    left = (w->width - width) / 2;
    top = (inner - height) / 2;
    for (uint32_t x = 0; x < w->width; x++)
        display->wanted[x] = COLOUR_DESK;
    for (uint32_t y = 0; y < inner; y++) {
        if (y == top + height) /* below the picture: the desk again */
            for (uint32_t x = 0; x < width; x++)
                display->wanted[left + x] = COLOUR_DESK;
        if (y >= top && y < top + height) {
            size_t line = (size_t)((uint64_t)(y - top) * p->height / height);
            scale_row(p, p->pixels + line * p->width, display->wanted + left, width);
        }
        put_row(display, w->x, w->y + TITLE_HEIGHT + y, display->wanted, w->width);
    }
}

static void draw_pane(struct vdisplay *display, const struct guest *guest)
{
    struct pane *pane = &display->panes[guest->number];
    const struct display_screen *screen = guest->machine->screen;
    draw_title(display, guest, pane);
    if (screen) {
        uint64_t generation = screen->generation(screen->self);
        if (!pane->is_drawn || generation != pane->generation) {
            pane->generation = generation;
            screen->draw(screen->self, &display->picture);
            if (display->picture.width && display->picture.height)
                draw_picture(display, &pane->window);
        }
    }
    pane->is_drawn = true;
}

static void work(void *self)
{
    struct vdisplay *display = self;
    uint64_t bytes = display->counts.bytes;
    for (unsigned i = 0; i < display->vmm->guest_count; i++)
        draw_pane(display, &display->vmm->guests[i]);
    display->counts.frames++;
    bytes = display->counts.bytes - bytes;
    if (bytes)
        vmm_charge(display->vmm, NULL, COST_COPY_KIB, (bytes + 1023) / 1024);
}

static void fire_frame(void *self)
{
    struct vdisplay *display = self;
    struct clock *clock = &display->vmm->world->clock;
    vmm_kick(display->vmm, &display->part);
    event_arm(&display->frame, clock_now(clock) + display->vmm->world->timeline.hz / WORLD_FRAME_HZ);
}

/* --- life --------------------------------------------------------------------------------------------------- */

static void lay_out(struct vdisplay *display)
{
    const struct lab *lab = display->vmm->lab;
    uint32_t columns = 1, rows, count = display->vmm->guest_count;
    while (columns * columns < count)
        columns++;
    rows = (count + columns - 1) / columns;
    display->width = lab->display_width;
    display->height = lab->display_height;
    if (display->width == 0) {
        display->width = (PANE_WIDTH + 2 * BORDER + 4) * (columns < 2 ? columns : 2);
        display->height = (PANE_HEIGHT + 2 * BORDER + TITLE_HEIGHT) * (rows < 2 ? rows : 2);
    }
    for (unsigned i = 0; i < count; i++) {
        struct vdisplay_window *w = &display->panes[i].window;
        w->width = display->width / columns;
        w->height = display->height / rows;
        w->x = i % columns * w->width;
        w->y = i / columns * w->height;
    }
}

enum status vdisplay_new(struct vdisplay **vdisplay, struct vmm *vmm, struct error *error)
{
    struct vdisplay *made = calloc(1, sizeof *made);
    *vdisplay = made;
    if (made) {
        made->vmm = vmm;
        lay_out(made);
        made->shown = calloc((size_t)made->width * made->height, sizeof *made->shown);
        made->wanted = calloc(made->width, sizeof *made->wanted);
        made->picture.pixels = calloc(PICTURE_PIXELS, sizeof *made->picture.pixels);
        made->picture.capacity = PICTURE_PIXELS;
        event_init(&made->frame, &vmm->world->clock, "vdisplay-frame", fire_frame, made);
    }
    if (!made || !made->shown || !made->wanted || !made->picture.pixels)
        return error_set(error, STATUS_INTERNAL, "out of memory for the display");
    made->part.work = work;
    made->part.self = made;
    vmm_add_part(vmm, &made->part);
    set_mode(made);
    event_arm(&made->frame, vmm->world->timeline.hz / WORLD_FRAME_HZ);
    return STATUS_OK;
}

void vdisplay_free(struct vdisplay *vdisplay)
{
    if (!vdisplay)
        return;
    event_fini(&vdisplay->frame);
    free(vdisplay->shown);
    free(vdisplay->wanted);
    free(vdisplay->picture.pixels);
    free(vdisplay);
}

void vdisplay_window(const struct vdisplay *vdisplay, unsigned guest,
                     struct vdisplay_window *window)
{
    *window = vdisplay->panes[guest].window;
}

const struct vdisplay_counts *vdisplay_counts(const struct vdisplay *vdisplay)
{
    return &vdisplay->counts;
}
