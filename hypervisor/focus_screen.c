#include "hypervisor/focus_screen.h"

#include <string.h>

#include "base/bits.h"
#include "hypervisor/vinput.h"

#define BAR_PLAIN 0x70u /* black on grey */
#define BAR_FOCUS 0x1Fu /* white on blue */

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

static void put_words(struct display_text *text, uint16_t row, uint16_t *column, const char *words,
                      unsigned attribute)
{
    for (; *words && *column < text->columns; words++, (*column)++)
        text->cells[row * text->columns + *column] = (uint16_t)((uint8_t)*words | attribute << 8);
}

static void put_bar(const struct vmm *vmm, struct display_text *text)
{
    uint16_t row = text->rows, column = 0;
    if ((size_t)(row + 1) * text->columns > ARRAY_COUNT(text->cells))
        return;
    text->rows++;
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        unsigned attribute = i == vinput_focus(vmm->vinput) ? BAR_FOCUS : BAR_PLAIN;
        put_words(text, row, &column, " ", attribute);
        put_words(text, row, &column, vmm->guests[i].lab->name, attribute);
        put_words(text, row, &column, vmm->guests[i].has_ended ? " (ended) " : " ", attribute);
    }
    put_words(text, row, &column, "  Ctrl+Alt+N: keyboard to the next guest", BAR_PLAIN);
    while (column < text->columns)
        put_words(text, row, &column, " ", BAR_PLAIN);
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
    sum += (uint64_t)vinput_focus(vmm->vinput) << 56;
    for (unsigned i = 0; i < vmm->guest_count; i++)
        sum += (uint64_t)vmm->guests[i].has_ended << 48;
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
