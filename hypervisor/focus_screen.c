#include "hypervisor/focus_screen.h"

#include "base/bits.h"
#include "hypervisor/focus_bar.h"
#include "hypervisor/vinput.h"

static const struct display_screen *screen_in_focus(const struct vmm *vmm)
{
    return vmm->guests[vinput_focus(vmm->vinput)].machine->screen;
}

static void size(const void *self, uint32_t *width, uint32_t *height)
{
    const struct display_screen *screen = screen_in_focus(self);
    screen->size(screen->self, width, height);
}

static void draw(const void *self, struct display_picture *picture)
{
    const struct display_screen *screen = screen_in_focus(self);
    screen->draw(screen->self, picture);
}

static void put_bar(const struct vmm *vmm, struct display_text *text)
{
    size_t used = (size_t)text->rows * text->columns;
    if (used + text->columns > ARRAY_COUNT(text->cells))
        return;
    text->rows++;
    focus_bar_draw(vmm, text->cells + used, text->columns);
}

static bool text(const void *self, struct display_text *to)
{
    const struct display_screen *screen = screen_in_focus(self);
    if (!screen->text(screen->self, to))
        return false;
    put_bar(self, to);
    return true;
}

/* Changes with the guest's picture, the focus and the guests' ends. */
static uint64_t generation(const void *self)
{
    const struct vmm *vmm = self;
    const struct display_screen *screen = screen_in_focus(vmm);
    uint64_t sum = screen->generation(screen->self);
    sum += (uint64_t)vinput_focus(vmm->vinput) << 56 | (uint64_t)vinput_is_broadcast(vmm->vinput) << 55;
    for (unsigned i = 0; i < vmm->guest_count; i++)
        sum += (uint64_t)vmm->guests[i].has_ended << 48 | (uint64_t)vmm->guests[i].is_paused << 40;
    return sum;
}

void focus_screen_init(struct display_screen *screen, const struct vmm *vmm)
{
    screen->name = "guests";
    screen->size = size;
    screen->draw = draw;
    screen->text = text;
    screen->generation = generation;
    screen->self = vmm;
}
