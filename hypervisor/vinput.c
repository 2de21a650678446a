/* Focus: who gets keys and movements. A movement is in pixels of the host's display; a guest whose
 * picture is shown smaller gets it larger by as much, so that its pointer goes as far as the hand. */
#include "hypervisor/vinput.h"

#include <stdlib.h>

#include "hypervisor/hot_keys.h"
#include "hypervisor/input_driver.h"
#include "hypervisor/vdisplay.h"

#define USAGE_LEFT_CTRL 0xE0u
/* Bits of the modifier byte: usages E0h (left Ctrl) to E7h in order. */
enum { MODIFIERS_CTRL = 0x11, MODIFIERS_SHIFT = 0x22, MODIFIERS_ALT = 0x44 };

struct vinput {
    struct vmm *vmm;
    struct input_driver driver;
    unsigned focus;
    bool is_broadcast;
    bool is_down[256]; /* by usage: what those who have the keyboard believe is pressed */
    uint8_t modifiers; /* held on the host's keyboard */
    unsigned buttons;  /* of the mouse, as they believe */
    int64_t rest_x[LAB_GUESTS_MAX], rest_y[LAB_GUESTS_MAX]; /* of scaled movements */
    struct vinput_counts counts;
};

/* --- who gets it -------------------------------------------------------------------------------------- */

static bool receives(const struct vinput *vinput, const struct guest *guest)
{
    return (vinput->is_broadcast || guest->number == vinput->focus) && guest->machine &&
           !guest->has_ended;
}

static void give(struct vinput *vinput, uint8_t usage, bool is_pressed)
{
    vinput->is_down[usage] = is_pressed;
    vinput->counts.keys++;
    for (unsigned i = 0; i < vinput->vmm->guest_count; i++) {
        const struct guest *guest = &vinput->vmm->guests[i];
        const struct input_port *port = receives(vinput, guest) ? guest->machine->keyboard : NULL;
        if (port)
            port->key(port->self, usage, is_pressed);
    }
}

/* `shown` pixels of the host's display stand for `own` of the guest's; what is no whole one waits. */
static int scaled(int delta, uint32_t own, uint32_t shown, int64_t *rest)
{
    int64_t sum;
    if (own == 0 || shown == 0)
        return delta;
    sum = (int64_t)delta * own + *rest;
    *rest = sum % shown;
    return (int)(sum / shown);
}

static void give_move(struct vinput *vinput, int dx, int dy, int dz)
{
    for (unsigned i = 0; i < vinput->vmm->guest_count; i++) {
        const struct guest *guest = &vinput->vmm->guests[i];
        const struct input_port *port = receives(vinput, guest) ? guest->machine->mouse : NULL;
        struct vdisplay_fit fit = {0};
        if (!port || !port->move)
            continue;
        if (vinput->vmm->vdisplay)
            fit = vdisplay_fit(vinput->vmm->vdisplay, i);
        port->move(port->self, scaled(dx, fit.picture_width, fit.width, &vinput->rest_x[i]),
                   scaled(dy, fit.picture_height, fit.height, &vinput->rest_y[i]), dz,
                   vinput->buttons);
    }
}

/* Who loses the focus sees all keys and buttons released: none sticks. */
static void release_all(struct vinput *vinput)
{
    for (unsigned usage = 0; usage < 256; usage++)
        if (vinput->is_down[usage])
            give(vinput, (uint8_t)usage, false);
    if (vinput->buttons == 0)
        return;
    vinput->buttons = 0;
    give_move(vinput, 0, 0, 0);
}

void vinput_set_focus(struct vinput *vinput, unsigned guest)
{
    if (guest >= vinput->vmm->guest_count)
        return;
    if (guest != vinput->focus || vinput->is_broadcast)
        release_all(vinput);
    vinput->focus = guest;
    vinput->is_broadcast = false;
    if (vinput->vmm->vdisplay)
        windows_raise(vdisplay_windows(vinput->vmm->vdisplay), guest);
}

void vinput_set_broadcast(struct vinput *vinput, bool is_broadcast)
{
    if (is_broadcast != vinput->is_broadcast)
        release_all(vinput);
    vinput->is_broadcast = is_broadcast;
}

unsigned vinput_focus(const struct vinput *vinput)
{
    return vinput->focus;
}

bool vinput_is_broadcast(const struct vinput *vinput)
{
    return vinput->is_broadcast;
}

/* --- what comes from the drivers ------------------------------------------------------------------------ */

static bool take_hot_key(struct vinput *vinput, uint8_t usage)
{
    if (!(vinput->modifiers & MODIFIERS_CTRL) || !(vinput->modifiers & MODIFIERS_ALT) ||
        vinput->vmm->guest_count == 0 ||
        !hot_key_take(vinput->vmm, usage, (vinput->modifiers & MODIFIERS_SHIFT) != 0))
        return false;
    vinput->counts.hot_keys++;
    return true;
}

void vinput_key(struct vinput *vinput, uint8_t usage, bool is_pressed)
{
    if (usage >= USAGE_LEFT_CTRL && usage < USAGE_LEFT_CTRL + 8) {
        uint8_t bit = (uint8_t)(1u << (usage - USAGE_LEFT_CTRL));
        vinput->modifiers =
            is_pressed ? vinput->modifiers | bit : vinput->modifiers & (uint8_t)~bit;
    }
    if (is_pressed && take_hot_key(vinput, usage))
        return;
    if (!is_pressed && !vinput->is_down[usage])
        return; /* the release of a hot key, or of a key pressed under another focus */
    give(vinput, usage, is_pressed);
}

void vinput_move(struct vinput *vinput, int dx, int dy, int dz, unsigned buttons)
{
    vinput->counts.movements++;
    vinput->buttons = buttons;
    give_move(vinput, dx, dy, dz);
}

/* --- life -------------------------------------------------------------------------------------------------- */

enum status vinput_new(struct vinput **vinput, struct vmm *vmm, struct error *error)
{
    struct vinput *made = calloc(1, sizeof *made);
    *vinput = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the keyboard driver");
    made->vmm = vmm;
    input_driver_init(&made->driver, vmm, made, &made->counts.scancodes);
    return STATUS_OK;
}

void vinput_free(struct vinput *vinput)
{
    free(vinput);
}

const struct vinput_counts *vinput_counts(const struct vinput *vinput)
{
    return &vinput->counts;
}
