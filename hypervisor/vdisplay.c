#include "hypervisor/vdisplay.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/focus_bar.h"
#include "hypervisor/vdisplay_internal.h"
#include "hypervisor/vinput.h"

#define BORDER 2u /* around a picture; pixels */

/* --- for both faces ------------------------------------------------------------------------------- */

void vdisplay_put(struct vdisplay *display, uint64_t address, const uint8_t *bytes, size_t count)
{
    space_dma_write(&display->vmm->host->memory, NULL, address, bytes, count);
    display->counts.spans++;
    display->counts.bytes += count;
}

bool vdisplay_title(struct vdisplay *display, const struct guest *guest)
{
    const struct vinput *input = display->vmm->vinput;
    bool has_focus = vinput_is_broadcast(input) || vinput_focus(input) == guest->number;
    unsigned attribute = guest->has_ended ? TITLE_ENDED : has_focus ? TITLE_FOCUS : TITLE_PLAIN;
    uint16_t *title = display->panes[guest->number].title, cells[VDISPLAY_TITLE_CELLS];
    char text[VDISPLAY_TITLE_CELLS] = "";
    size_t used = 0, length;
    text_append(text, sizeof text, &used, " %s%s%s", guest->lab->name,
                has_focus ? "  [keyboard]" : "",
                guest->has_ended   ? "  (ended)"
                : guest->is_paused ? "  (paused)"
                                   : "");
    length = strlen(text);
    for (size_t i = 0; i < VDISPLAY_TITLE_CELLS; i++)
        cells[i] = (uint16_t)((i < length ? (uint8_t)text[i] : ' ') | attribute << 8);
    if (memcmp(title, cells, sizeof cells) == 0)
        return false;
    memcpy(title, cells, sizeof cells);
    return true;
}

bool vdisplay_bar(struct vdisplay *display, unsigned columns)
{
    uint16_t cells[ARRAY_COUNT(display->bar)];
    focus_bar_draw(display->vmm, cells, columns);
    if (memcmp(cells, display->bar, columns * sizeof *cells) == 0)
        return false;
    memcpy(display->bar, cells, columns * sizeof *cells);
    return true;
}

bool vdisplay_has_changed(struct vdisplay *display, const struct guest *guest)
{
    struct pane *pane = &display->panes[guest->number];
    const struct display_screen *screen = guest->machine->screen;
    uint64_t generation = screen ? screen->generation(screen->self) : 0;
    if (pane->is_drawn && generation == pane->generation)
        return false;
    pane->generation = generation;
    pane->is_drawn = true;
    return true;
}

bool vdisplay_has_new_content(struct vdisplay *display, const struct guest *guest)
{
    struct pane *pane = &display->panes[guest->number];
    const struct display_screen *screen = guest->machine->screen;
    uint64_t content = screen ? screen->content(screen->self) : 0;
    bool is_new = content != pane->content;
    pane->content = content;
    return is_new;
}

void vdisplay_tell_mapping(const struct vdisplay *display, const struct guest *guest,
                           const struct vdisplay_mapping *m)
{
    struct door *door = &display->vmm->world->door;
    char words[96] = "";
    size_t used = 0;
    struct door_event event = {.kind = DOOR_EFFECT,
                               .machine = display->vmm->host->name,
                               .source = "vdisplay",
                               .target = guest->lab->name,
                               .count = (uint64_t)m->width * m->height,
                               .words = words};
    if (!door_is_watched(door))
        return;
    text_append(words, sizeof words, &used,
                "map: window %s, %ux%u %s -> rectangle %ux%u at %lld,%lld", guest->lab->name,
                m->from_width, m->from_height,
                display->face == &VDISPLAY_TEXT ? "characters" : "pixels", m->width, m->height,
                (long long)m->x, (long long)m->y);
    door_show(door, &event);
}

/* --- frames ----------------------------------------------------------------------------------------- */

static void work(void *self)
{
    struct vdisplay *display = self;
    uint64_t bytes = display->counts.bytes;
    display->face->draw(display);
    display->windows_shown = display->windows.generation;
    display->counts.frames++;
    bytes = display->counts.bytes - bytes;
    if (bytes)
        vmm_charge(display->vmm, NULL, IO_DISPLAY, COST_COPY_KIB, (bytes + 1023) / 1024);
}

static void fire_frame(void *self)
{
    struct vdisplay *display = self;
    struct clock *clock = &display->vmm->world->clock;
    vmm_kick(display->vmm, &display->part);
    event_arm(&display->frame,
              clock_now(clock) + display->vmm->world->timeline.hz / WORLD_FRAME_HZ);
}

/* --- windows ---------------------------------------------------------------------------------------- */

const struct windows *vdisplay_look(const struct vdisplay *vdisplay)
{
    return &vdisplay->windows;
}

struct windows *vdisplay_windows(struct vdisplay *vdisplay)
{
    return &vdisplay->windows;
}

void vdisplay_fit_picture(uint32_t room_x, uint32_t room_y, bool may_enlarge, uint32_t *width,
                          uint32_t *height)
{
    uint64_t w = *width, h = *height;
    if (w == 0 || h == 0)
        return;
    if (w > room_x || h > room_y || may_enlarge) {
        bool is_wide = w * room_y > h * room_x;
        *width = is_wide ? room_x : (uint32_t)(w * room_y / h);
        *height = is_wide ? (uint32_t)(h * room_x / w) : room_y;
    }
    *width = *width ? *width : 1;
    *height = *height ? *height : 1;
}

struct vdisplay_fit vdisplay_fit(const struct vdisplay *vdisplay, unsigned guest)
{
    const struct pane *pane = &vdisplay->panes[guest];
    const struct window *window = &vdisplay->windows.at[guest];
    struct vdisplay_fit fit = {pane->picture_width, pane->picture_height, pane->picture_width,
                               pane->picture_height};
    if (window->width > 2 * BORDER && window->height > vdisplay->windows.title + 2 * BORDER)
        vdisplay_fit_picture(window->width - 2 * BORDER,
                             window->height - vdisplay->windows.title - 2 * BORDER,
                             window->is_sized, &fit.width, &fit.height);
    return fit;
}

void vdisplay_scale(struct vdisplay *vdisplay, unsigned guest, uint32_t percent)
{
    const struct pane *pane = &vdisplay->panes[guest];
    if (vdisplay->face == &VDISPLAY_TEXT || pane->picture_width == 0)
        return;
    windows_resize(&vdisplay->windows, guest, pane->picture_width * percent / 100 + 2 * BORDER,
                   pane->picture_height * percent / 100 + 2 * BORDER + vdisplay->windows.title);
}

void vdisplay_step_scale(struct vdisplay *vdisplay, unsigned guest, int step)
{
    static const uint32_t SCALES[] = {25, 33, 50, 67, 75, 100, 125, 150, 200, 300, 400};
    struct vdisplay_fit fit = vdisplay_fit(vdisplay, guest);
    uint32_t now =
        fit.picture_width ? (fit.width * 100 + fit.picture_width / 2) / fit.picture_width : 100;
    size_t i = 0;
    if (step > 0) {
        while (i + 1 < ARRAY_COUNT(SCALES) && SCALES[i] <= now)
            i++;
    } else {
        i = ARRAY_COUNT(SCALES) - 1;
        while (i > 0 && SCALES[i] >= now)
            i--;
    }
    vdisplay_scale(vdisplay, guest, SCALES[i]);
}

/* What the lab says of windows, after the grid. */
static void place_windows(struct vdisplay *display)
{
    for (unsigned i = 0; i < display->vmm->guest_count; i++) {
        const struct lab_window *wanted = &display->vmm->lab->guests[i].window;
        if (wanted->is_placed) {
            windows_resize(&display->windows, i, wanted->width, wanted->height);
            windows_move(&display->windows, i, wanted->x, wanted->y);
            windows_raise(&display->windows, i);
        }
        if (wanted->is_hidden)
            windows_hide(&display->windows, i, true);
    }
}

/* --- life --------------------------------------------------------------------------------------------- */

enum status vdisplay_new(struct vdisplay **vdisplay, struct vmm *vmm, struct error *error)
{
    struct vdisplay *made = calloc(1, sizeof *made);
    *vdisplay = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the display");
    made->vmm = vmm;
    made->face = vmm->lab->has_text_display ? &VDISPLAY_TEXT : &VDISPLAY_PIXELS;
    event_init(&made->frame, &vmm->world->clock, "vdisplay-frame", fire_frame, made);
    made->face->lay_out(made);
    if (made->face->allocate(made, error) != STATUS_OK)
        return STATUS_INTERNAL;
    place_windows(made);
    made->windows_shown = made->windows.generation + 1; /* nothing is shown */
    made->part.work = work;
    made->part.self = made;
    vmm_add_part(vmm, &made->part);
    made->face->set_mode(made);
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
    free(vdisplay->blinking);
    free(vdisplay->lines);
    free(vdisplay->text);
    free(vdisplay->cells);
    free(vdisplay->cells_shown);
    free(vdisplay);
}

const struct vdisplay_counts *vdisplay_counts(const struct vdisplay *vdisplay)
{
    return &vdisplay->counts;
}
