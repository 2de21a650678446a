/* Windows on the host's display, as pixels.
 *
 * Specification of the physical side: Bochs VBE DISPI interface (ports 1CEh/1CFh, indices 0-4), PCI
 * 2.1 configuration mechanism #1 for BAR 0. The VMM is the host's only software, so it assigns the
 * BAR and sets the mode itself. A picture is scaled to its window by nearest neighbour, keeping its
 * aspect. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/focus_bar.h"
#include "hypervisor/font.h"
#include "hypervisor/vdisplay_internal.h"

#define DISPI_INDEX 0x1CEu
#define DISPI_DATA  0x1CFu
enum { DISPI_XRES = 1, DISPI_YRES = 2, DISPI_BPP = 3, DISPI_ENABLE = 4 };
#define DISPI_ENABLED_LFB 0x41u
/* IBM VGA: nothing is shown before the palette address source is set and the screen is on. */
#define INPUT_STATUS_1       0x3DAu
#define ATTRIBUTE            0x3C0u
#define ATTRIBUTE_PAS        0x20u
#define SEQUENCER_INDEX      0x3C4u
#define SEQUENCER_DATA       0x3C5u
#define SEQUENCER_CLOCKING   0x01u
#define CLOCKING_8_DOTS      0x01u /* screen off = 0 */
#define VGA_SLOT             2u
#define CONFIG_COMMAND       0x04u
#define CONFIG_BAR0          0x10u
#define COMMAND_PORTS_MEMORY 0x03u
#define FRAME_BUFFER         UINT32_C(0xE0000000)

#define TITLE_HEIGHT   20u
#define BORDER         2u
#define PANE_WIDTH     720u
#define PANE_HEIGHT    400u
#define COLOUR_DESK    0x00202428u
#define COLOUR_FRAME   0x0030363Cu
#define COLOUR_INK     0x00FFFFFFu
#define PICTURE_PIXELS ((size_t)DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX)

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
    dispi(vmm, DISPI_XRES, (uint16_t)display->windows.width);
    dispi(vmm, DISPI_YRES, (uint16_t)display->windows.height);
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
    uint32_t *shown = display->shown + (size_t)y * display->windows.width + x;
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
    vdisplay_put(display, FRAME_BUFFER + ((uint64_t)y * display->windows.width + x + first) * 4,
                 bytes, (size_t)(last - first) * 4);
}

/* A row of a window's frame (display->wanted, from the frame's left edge): what of it can be seen. */
static void put_window_row(struct vdisplay *display, unsigned guest, uint32_t row)
{
    const struct window *window = &display->windows.at[guest];
    struct windows_span spans[WINDOWS_SPANS_MAX];
    int64_t y = (int64_t)window->y + row;
    size_t count = 0;
    if (y >= 0 && y < display->windows.height)
        count = windows_spans(&display->windows, (int)guest, (uint32_t)y, spans);
    for (size_t i = 0; i < count; i++)
        put_row(display, spans[i].first, (uint32_t)y,
                display->wanted + (spans[i].first - (int64_t)window->x), spans[i].count);
}

/* --- words ------------------------------------------------------------------------------------------ */

static uint32_t paper_of(unsigned attribute)
{
    switch (attribute) {
    case TITLE_FOCUS: return 0x002D6CDF;
    case TITLE_ENDED: return 0x00803030;
    case BAR_PLAIN: return 0x00404850;
    default: return 0x00505860;
    }
}

/* Row `y` of a line of cells, 8 pixels each; behind the last the paper goes on. */
static void draw_words(const uint16_t *cells, unsigned count, uint32_t y, uint32_t *to,
                       uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        uint16_t cell = cells[x / 8 < count ? x / 8 : count - 1];
        bool is_ink =
            x / 8 < count && y >= 2 && y < 18 && font_8x16[(uint8_t)cell][y - 2] >> (7 - x % 8) & 1;
        to[x] = is_ink ? COLOUR_INK : paper_of(cell >> 8);
    }
}

static void draw_title(struct vdisplay *display, unsigned guest)
{
    for (uint32_t y = 0; y < TITLE_HEIGHT; y++) {
        draw_words(display->panes[guest].title, VDISPLAY_TITLE_CELLS, y, display->wanted,
                   display->windows.at[guest].width);
        put_window_row(display, guest, y);
    }
}

static void draw_bar(struct vdisplay *display)
{
    const struct windows *w = &display->windows;
    for (uint32_t y = 0; y < TITLE_HEIGHT; y++) {
        draw_words(display->bar, w->width / 8, y, display->wanted, w->width);
        put_row(display, 0, w->height - TITLE_HEIGHT + y, display->wanted, w->width);
    }
}

/* --- pictures ----------------------------------------------------------------------------------------- */

static void fill(uint32_t *to, uint32_t count, uint32_t colour)
{
    for (uint32_t x = 0; x < count; x++)
        to[x] = colour;
}

/* One row of the picture, `width` pixels wide in the window. */
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

/* Where a picture lies in its window, below the title. */
struct place {
    uint32_t left, top, width, height;
};

static struct place place_of(const struct vdisplay *display, unsigned guest)
{
    const struct window *window = &display->windows.at[guest];
    struct vdisplay_fit fit = vdisplay_fit(display, guest);
    uint32_t inner = window->height - TITLE_HEIGHT;
    struct place place = {0, 0, fit.width, fit.height};
    if (fit.width == 0 || fit.width > window->width || fit.height > inner)
        return (struct place){0};
    place.left = (window->width - fit.width) / 2;
    place.top = (inner - fit.height) / 2;
    return place;
}

static size_t line_of(const struct pane *pane, const struct place *place, uint32_t row)
{
    return (size_t)((uint64_t)row * pane->picture_height / place->height);
}

/* The lines of the picture that a window of this size shows. */
static void choose_lines(struct vdisplay *display, const struct pane *pane,
                         const struct place *place)
{
    memset(display->lines, 0, pane->picture_height * sizeof *display->lines);
    for (uint32_t row = 0; row < place->height; row++)
        display->lines[line_of(pane, place, row)] = true;
}

/* All of the window, or where only `changed` lines can differ from what is shown, their rows. */
static void draw_picture(struct vdisplay *display, const struct guest *guest, const bool *changed)
{
    const struct window *window = &display->windows.at[guest->number];
    const struct pane *pane = &display->panes[guest->number];
    const struct display_screen *screen = guest->machine->screen;
    struct display_picture *p = &display->picture;
    struct place place = place_of(display, guest->number);
    choose_lines(display, pane, &place);
    for (uint32_t i = 0; changed && i < pane->picture_height; i++)
        display->lines[i] = display->lines[i] && changed[i];
    p->width = p->height = 0;
    if (screen)
        screen->draw_lines(screen->self, p, display->lines);
    for (uint32_t y = 0; y < window->height - TITLE_HEIGHT; y++) {
        bool is_picture = p->width && y >= place.top && y < place.top + place.height;
        size_t line = is_picture ? line_of(pane, &place, y - place.top) : 0;
        if (changed && !(is_picture && changed[line]))
            continue;
        fill(display->wanted, window->width, COLOUR_FRAME);
        if (is_picture)
            scale_row(p, p->pixels + line * p->width, display->wanted + place.left, place.width);
        put_window_row(display, guest->number, TITLE_HEIGHT + y);
    }
    if (p->width)
        vdisplay_tell_mapping(display, guest,
                              &(struct vdisplay_mapping){
                                  p->width, p->height, (int64_t)window->x + place.left,
                                  (int64_t)window->y + TITLE_HEIGHT + place.top, place.width,
                                  place.height});
}

static void draw_pane(struct vdisplay *display, const struct guest *guest, bool is_anew)
{
    struct pane *pane = &display->panes[guest->number];
    const struct display_screen *screen = guest->machine->screen;
    bool is_first = !pane->is_drawn;
    if (vdisplay_title(display, guest) || is_anew)
        draw_title(display, guest->number);
    if (!vdisplay_has_changed(display, guest) && !is_anew)
        return;
    if (screen)
        screen->size(screen->self, &pane->picture_width, &pane->picture_height);
    if (display->windows.at[guest->number].is_hidden)
        return;
    if (vdisplay_has_new_content(display, guest) || is_anew || is_first)
        draw_picture(display, guest, NULL);
    else if (screen->blinking(screen->self, display->blinking))
        draw_picture(display, guest, display->blinking);
}

static void draw_desk(struct vdisplay *display)
{
    struct windows_span spans[WINDOWS_SPANS_MAX];
    fill(display->wanted, display->windows.width, COLOUR_DESK);
    for (uint32_t y = 0; y < display->windows.height; y++) {
        size_t count = windows_spans(&display->windows, WINDOWS_DESK, y, spans);
        for (size_t i = 0; i < count; i++)
            put_row(display, spans[i].first, y, display->wanted, spans[i].count);
    }
}

static void draw(struct vdisplay *display)
{
    bool is_anew = display->windows_shown != display->windows.generation;
    if (is_anew)
        draw_desk(display);
    for (unsigned i = 0; i < display->vmm->guest_count; i++)
        draw_pane(display, &display->vmm->guests[i], is_anew);
    if (vdisplay_bar(display, display->windows.width / 8))
        draw_bar(display);
}

/* --- life ---------------------------------------------------------------------------------------------- */

static void lay_out(struct vdisplay *display)
{
    const struct lab *lab = display->vmm->lab;
    uint32_t columns = 1, rows, count = display->vmm->guest_count;
    uint32_t width = lab->display_width, height = lab->display_height;
    while (columns * columns < count)
        columns++;
    rows = (count + columns - 1) / columns;
    if (width == 0) {
        width = (PANE_WIDTH + 2 * BORDER + 4) * (columns < 2 ? columns : 2);
        height = (PANE_HEIGHT + 2 * BORDER + TITLE_HEIGHT) * (rows < 2 ? rows : 2) + TITLE_HEIGHT;
    }
    windows_init(&display->windows, width, height, TITLE_HEIGHT, TITLE_HEIGHT, count, columns);
}

static enum status allocate(struct vdisplay *display, struct error *error)
{
    display->shown =
        calloc((size_t)display->windows.width * display->windows.height, sizeof *display->shown);
    display->wanted = calloc(display->windows.width, sizeof *display->wanted);
    display->picture.pixels = calloc(PICTURE_PIXELS, sizeof *display->picture.pixels);
    display->picture.capacity = PICTURE_PIXELS;
    display->blinking = calloc(DISPLAY_HEIGHT_MAX, sizeof *display->blinking);
    display->lines = calloc(DISPLAY_HEIGHT_MAX, sizeof *display->lines);
    return display->shown && display->wanted && display->picture.pixels && display->blinking &&
                   display->lines
               ? STATUS_OK
               : error_set(error, STATUS_INTERNAL, "out of memory for the display");
}

const struct vdisplay_face VDISPLAY_PIXELS = {
    .lay_out = lay_out, .allocate = allocate, .set_mode = set_mode, .draw = draw};
