/* Windows on a host whose display is in text mode: panes of characters, `[host] display = text`.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992): registers,
 * the values of mode 3 (80 x 25 characters of 9 x 16 dots), the font in plane 2. As nobody else sets
 * the host's VGA up, the VMM does. A pane shows a guest's screen from its first column and, where it
 * is lower than the screen, the rows down to the cursor. MISSING: graphics (a word stands for them), and
 * palettes of the guests: their colours are the host's of the same number. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/font.h"
#include "hypervisor/vdisplay_internal.h"
#include "hypervisor/vinput.h"

#define COLUMNS        80u
#define ROWS           25u
#define TEXT_MEMORY    0xB8000u
#define FONT_MEMORY    0xA0000u
#define MISC_WRITE     0x3C2u
#define MISC_MODE3     0x67u /* 28 MHz, colour addresses, 400 lines */
#define SEQUENCER      0x3C4u
#define GRAPHICS       0x3CEu
#define CRTC           0x3D4u
#define ATTRIBUTE      0x3C0u
#define ATTRIBUTE_SHOW 0x20u
#define INPUT_STATUS_1 0x3DAu
#define DAC_INDEX      0x3C8u
#define DAC_DATA       0x3C9u
#define CURSOR_START   0x0Au
#define CURSOR_OFF     0x20u
#define CURSOR_HIGH    0x0Eu
#define FIRST_SCAN     13u                  /* of the cursor */
#define DESK           (0x08u << 8 | 0xB1u) /* a grey shade */

static const uint8_t SEQUENCER_MODE3[] = {0x03, 0x00, 0x03, 0x00, 0x02};
static const uint8_t CRTC_MODE3[] = {0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00,
                                     0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
                                     0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF};
static const uint8_t GRAPHICS_MODE3[] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF};
/* Attributes are DAC entries of the same number here. */
static const uint8_t ATTRIBUTE_MODE3[] = {0,  1,  2,  3,  4,  5,    6,    7,    8,    9,   10,
                                          11, 12, 13, 14, 15, 0x0C, 0x00, 0x0F, 0x08, 0x00};

/* --- the physical side -------------------------------------------------------------------------------- */

static void write_indexed(struct vmm *vmm, uint16_t port, unsigned index, uint8_t value)
{
    host_outb(vmm, port, (uint8_t)index);
    host_outb(vmm, port + 1, value);
}

static void write_all(struct vmm *vmm, uint16_t port, const uint8_t *values, size_t count)
{
    for (unsigned i = 0; i < count; i++)
        write_indexed(vmm, port, i, values[i]);
}

/* The colours of the CGA's digital monitor: intensity adds a third, brown has half its green. */
static void write_colours(struct vmm *vmm)
{
    host_outb(vmm, DAC_INDEX, 0);
    for (unsigned i = 0; i < 16; i++)
        for (unsigned bit = 3; bit-- > 0;) {
            unsigned level = (i >> bit & 1 ? 42u : 0u) + (i & 8 ? 21u : 0u);
            host_outb(vmm, DAC_DATA, (uint8_t)(i == 6 && bit == 1 ? 21u : level));
        }
}

/* Plane 2, a byte each, linear at A0000h while the font is written. */
static void write_font(struct vdisplay *display)
{
    static const uint8_t OPEN[] = {0x00, 0x00, 0x04, 0x00, 0x06};
    struct vmm *vmm = display->vmm;
    write_all(vmm, SEQUENCER, OPEN, sizeof OPEN);
    write_indexed(vmm, SEQUENCER, 0, 0x03);
    write_all(vmm, GRAPHICS, GRAPHICS_MODE3, sizeof GRAPHICS_MODE3); /* its bit mask, too */
    write_indexed(vmm, GRAPHICS, 5, 0x00);
    write_indexed(vmm, GRAPHICS, 6, 0x04);
    for (unsigned c = 0; c < 256; c++)
        vdisplay_put(display, FONT_MEMORY + c * 32u, font_8x16[c], 16);
}

static void set_mode(struct vdisplay *display)
{
    struct vmm *vmm = display->vmm;
    host_outb(vmm, MISC_WRITE, MISC_MODE3);
    write_indexed(vmm, CRTC, 0x11, 0x0E); /* its bit 7 protects registers 0 to 7 */
    write_all(vmm, CRTC, CRTC_MODE3, sizeof CRTC_MODE3);
    write_font(display);
    write_all(vmm, SEQUENCER, SEQUENCER_MODE3, sizeof SEQUENCER_MODE3);
    write_all(vmm, GRAPHICS, GRAPHICS_MODE3, sizeof GRAPHICS_MODE3);
    host_inb(vmm, INPUT_STATUS_1); /* the next write to the attribute port is an index */
    for (unsigned i = 0; i < sizeof ATTRIBUTE_MODE3; i++) {
        host_outb(vmm, ATTRIBUTE, (uint8_t)i);
        host_outb(vmm, ATTRIBUTE, ATTRIBUTE_MODE3[i]);
    }
    host_outb(vmm, ATTRIBUTE, ATTRIBUTE_SHOW);
    write_colours(vmm);
}

/* Writes of each row what differs from what is shown, as one span. */
static void put_rows(struct vdisplay *display)
{
    for (unsigned y = 0; y < ROWS; y++) {
        const uint16_t *row = display->cells + (size_t)y * COLUMNS;
        uint16_t *shown = display->cells_shown + (size_t)y * COLUMNS;
        unsigned first = 0, last = COLUMNS;
        uint8_t bytes[COLUMNS * 2];
        while (first < last && row[first] == shown[first])
            first++;
        while (last > first && row[last - 1] == shown[last - 1])
            last--;
        if (first == last)
            continue;
        for (unsigned x = first; x < last; x++) {
            shown[x] = row[x];
            store_le16(bytes + (size_t)(x - first) * 2, row[x]);
        }
        vdisplay_put(display, TEXT_MEMORY + (y * COLUMNS + first) * 2u, bytes,
                     (size_t)(last - first) * 2);
    }
}

/* --- panes ------------------------------------------------------------------------------------------------ */

/* The first row of the guest's screen that a pane of `room` rows shows: the cursor stays in sight. */
static uint32_t first_row(const struct display_text *text, uint32_t room)
{
    uint32_t last = text->is_cursor_visible ? text->cursor_row + 1u : 0;
    return text->rows <= room || last <= room ? 0 : last - room;
}

/* Row `row` of the pane below its title, for the columns of one span. */
static void draw_row(const struct vdisplay *display, unsigned guest, uint32_t row, uint32_t column,
                     uint32_t count, uint16_t *to)
{
    const struct display_text *text = display->text;
    uint32_t from = first_row(text, display->windows.at[guest].height - 1) + row;
    for (uint32_t i = 0; i < count; i++)
        to[i] = from < text->rows && column + i < text->columns
                    ? text->cells[from * text->columns + column + i]
                    : 0x0700u | ' ';
}

static void read_screen(struct vdisplay *display, const struct guest *guest)
{
    static const char GRAPHICS_WORD[] = "(graphics)";
    const struct display_screen *screen = guest->machine->screen;
    struct display_text *text = display->text;
    if (screen && screen->text(screen->self, text))
        return;
    *text = (struct display_text){.columns = sizeof GRAPHICS_WORD - 1, .rows = screen ? 1 : 0};
    for (unsigned i = 0; i < text->columns; i++)
        text->cells[i] = (uint16_t)(0x0800u | (uint8_t)GRAPHICS_WORD[i]);
}

static void draw_pane(struct vdisplay *display, const struct guest *guest)
{
    const struct window *window = &display->windows.at[guest->number];
    struct pane *pane = &display->panes[guest->number];
    struct windows_span spans[WINDOWS_SPANS_MAX];
    vdisplay_title(display, guest);
    read_screen(display, guest);
    for (uint32_t y = 0; y < ROWS; y++) {
        size_t count = windows_spans(&display->windows, (int)guest->number, y, spans);
        uint32_t row = (uint32_t)(y - (int64_t)window->y);
        for (size_t i = 0; i < count; i++) {
            uint32_t column = (uint32_t)(spans[i].first - (int64_t)window->x);
            uint16_t *to = display->cells + (size_t)y * COLUMNS + spans[i].first;
            if (row == 0)
                memcpy(to, pane->title + column, spans[i].count * sizeof *to);
            else
                draw_row(display, guest->number, row - 1, column, spans[i].count, to);
        }
    }
    if (!window->is_hidden && window->height > 1)
        vdisplay_tell_mapping(
            display, guest,
            &(struct vdisplay_mapping){display->text->columns, display->text->rows, window->x,
                                       (int64_t)window->y + 1, window->width, window->height - 1});
}

/* The hardware's cursor is the focused guest's, where that can be seen. display->text is that guest's. */
static void put_cursor(struct vdisplay *display, unsigned guest)
{
    const struct display_text *text = display->text;
    const struct windows *w = &display->windows;
    uint32_t x = 0, y = 0, from = first_row(text, w->at[guest].height - 1), place;
    bool is_seen = text->is_cursor_visible && text->cursor_row >= from &&
                   windows_map(w, guest, text->cursor_column, text->cursor_row - from + 1, &x, &y);
    write_indexed(display->vmm, CRTC, CURSOR_START, is_seen ? FIRST_SCAN : FIRST_SCAN | CURSOR_OFF);
    place = y * COLUMNS + x;
    write_indexed(display->vmm, CRTC, CURSOR_HIGH, (uint8_t)(place >> 8));
    write_indexed(display->vmm, CRTC, CURSOR_HIGH + 1, (uint8_t)place);
}

static bool is_changed(struct vdisplay *display)
{
    bool is_changed = display->windows_shown != display->windows.generation;
    for (unsigned i = 0; i < display->vmm->guest_count; i++) {
        is_changed = vdisplay_has_new_content(display, &display->vmm->guests[i]) || is_changed;
        is_changed = vdisplay_title(display, &display->vmm->guests[i]) || is_changed;
    }
    return vdisplay_bar(display, COLUMNS) || is_changed;
}

static void draw(struct vdisplay *display)
{
    struct windows_span spans[WINDOWS_SPANS_MAX];
    unsigned focus = vinput_focus(display->vmm->vinput);
    if (!is_changed(display))
        return;
    for (uint32_t y = 0; y < ROWS; y++) {
        size_t count = windows_spans(&display->windows, WINDOWS_DESK, y, spans);
        for (size_t i = 0; i < count; i++)
            for (uint32_t x = 0; x < spans[i].count; x++)
                display->cells[y * COLUMNS + spans[i].first + x] = DESK;
    }
    for (unsigned i = 0; i < display->vmm->guest_count; i++)
        draw_pane(display, &display->vmm->guests[i]);
    memcpy(display->cells + (size_t)(ROWS - 1) * COLUMNS, display->bar,
           COLUMNS * sizeof *display->bar);
    put_rows(display);
    read_screen(display, &display->vmm->guests[focus]);
    put_cursor(display, focus);
}

/* --- life --------------------------------------------------------------------------------------------------- */

/* Up to four guests above each other: a line is worth more than a column. */
static void lay_out(struct vdisplay *display)
{
    unsigned count = display->vmm->guest_count, columns = 1;
    while (count > 4 && columns * columns < count)
        columns++;
    windows_init(&display->windows, COLUMNS, ROWS, 1, 1, count, columns);
}

static enum status allocate(struct vdisplay *display, struct error *error)
{
    display->text = calloc(1, sizeof *display->text);
    display->cells = calloc((size_t)COLUMNS * ROWS, sizeof *display->cells);
    display->cells_shown = calloc((size_t)COLUMNS * ROWS, sizeof *display->cells_shown);
    return display->text && display->cells && display->cells_shown
               ? STATUS_OK
               : error_set(error, STATUS_INTERNAL, "out of memory for the display");
}

const struct vdisplay_face VDISPLAY_TEXT = {
    .lay_out = lay_out, .allocate = allocate, .set_mode = set_mode, .draw = draw};
