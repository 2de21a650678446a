#include "hypervisor/focus_bar.h"

#include "hypervisor/vdisplay.h"
#include "hypervisor/vinput.h"
#include "hypervisor/windows.h"

struct bar {
    uint16_t *cells;
    unsigned used, columns;
};

static void put(struct bar *bar, const char *words, unsigned attribute)
{
    for (; *words && bar->used < bar->columns; words++)
        bar->cells[bar->used++] = (uint16_t)((uint8_t)*words | attribute << 8);
}

static const char *condition(const struct guest *guest)
{
    const struct vdisplay *display = guest->vmm->vdisplay;
    if (guest->has_ended)
        return " (ended)";
    if (guest->is_paused)
        return " (paused)";
    return display && vdisplay_look(display)->at[guest->number].is_hidden ? " (hidden)" : "";
}

void focus_bar_draw(const struct vmm *vmm, uint16_t *cells, unsigned columns)
{
    struct bar bar = {cells, 0, columns};
    unsigned focus = vinput_focus(vmm->vinput);
    bool is_all = vinput_is_broadcast(vmm->vinput);
    put(&bar, " Keyboard: ", BAR_PLAIN);
    put(&bar, is_all ? "all guests" : vmm->guests[focus].lab->name, BAR_FOCUS);
    put(&bar, " ", BAR_PLAIN);
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        unsigned attribute = is_all || i == focus ? BAR_FOCUS : BAR_PLAIN;
        put(&bar, " ", BAR_PLAIN);
        put(&bar, vmm->guests[i].lab->name, attribute);
        put(&bar, condition(&vmm->guests[i]), attribute);
    }
    put(&bar, "  Ctrl+Alt+N: next", BAR_PLAIN);
    while (bar.used < columns)
        put(&bar, " ", BAR_PLAIN);
}
