/* Ctrl+Alt and ...
 *
 *   N Right / P Left   the keyboard to the next guest, to the one before      1 ... 9   to that guest
 *   A                  keys and mouse to all guests; again: to one
 *   Shift+arrows       moves its window          + -   scales it        H   hides it, shows it again
 *   S  pause, resume   R  reset   K  kill   B  switched off and on again: the guest in focus */
#include "hypervisor/hot_keys.h"

#include <string.h>

#include "hypervisor/actions.h"
#include "hypervisor/vdisplay.h"
#include "hypervisor/vinput.h"

#define STEP 2 /* of a window, in heights of its title */

/* HID usages (HID Usage Tables 1.12, page 7). */
enum {
    USAGE_A = 0x04, USAGE_B = 0x05, USAGE_H = 0x0B, USAGE_K = 0x0E, USAGE_N = 0x11, USAGE_P = 0x13,
    USAGE_R = 0x15, USAGE_S = 0x16, USAGE_1 = 0x1E, USAGE_9 = 0x26, USAGE_MINUS = 0x2D,
    USAGE_EQUAL = 0x2E, USAGE_RIGHT = 0x4F, USAGE_LEFT = 0x50, USAGE_DOWN = 0x51, USAGE_UP = 0x52,
    USAGE_PAD_MINUS = 0x56, USAGE_PAD_PLUS = 0x57
};

struct hot_key {
    uint8_t usage;
    bool has_shift;
    void (*press)(struct vmm *vmm, struct guest *guest, int argument);
    int argument;
    const char *verb;
};

static void next(struct vmm *vmm, struct guest *guest, int step)
{
    unsigned count = vmm->guest_count;
    vinput_set_focus(vmm->vinput, (guest->number + count + (unsigned)step) % count);
}

static void to_all(struct vmm *vmm, struct guest *guest, int argument)
{
    (void)guest;
    (void)argument;
    vinput_set_broadcast(vmm->vinput, !vinput_is_broadcast(vmm->vinput));
}

static void move(const struct vmm *vmm, const struct guest *guest, int dx, int dy)
{
    struct windows *windows = vdisplay_windows(vmm->vdisplay);
    const struct window *window = &windows->at[guest->number];
    int step = (int)windows->title * STEP;
    windows_move(windows, guest->number, (int64_t)window->x + dx * step,
                 (int64_t)window->y + dy * step);
}

static void move_x(struct vmm *vmm, struct guest *guest, int step)
{
    move(vmm, guest, step, 0);
}

static void move_y(struct vmm *vmm, struct guest *guest, int step)
{
    move(vmm, guest, 0, step);
}

static void scale(struct vmm *vmm, struct guest *guest, int step)
{
    vdisplay_step_scale(vmm->vdisplay, guest->number, step);
}

static void hide(struct vmm *vmm, struct guest *guest, int argument)
{
    (void)argument;
    action_do(guest, vdisplay_look(vmm->vdisplay)->at[guest->number].is_hidden ? "show" : "hide");
}

static void pause_or_resume(struct vmm *vmm, struct guest *guest, int argument)
{
    (void)vmm;
    (void)argument;
    action_do(guest, guest->is_paused ? "resume" : "pause");
}

static const struct hot_key KEYS[] = {
    {.usage = USAGE_N, .press = next, .argument = 1},
    {.usage = USAGE_RIGHT, .press = next, .argument = 1},
    {.usage = USAGE_P, .press = next, .argument = -1},
    {.usage = USAGE_LEFT, .press = next, .argument = -1},
    {.usage = USAGE_A, .press = to_all},
    {.usage = USAGE_RIGHT, .has_shift = true, .press = move_x, .argument = 1},
    {.usage = USAGE_LEFT, .has_shift = true, .press = move_x, .argument = -1},
    {.usage = USAGE_DOWN, .has_shift = true, .press = move_y, .argument = 1},
    {.usage = USAGE_UP, .has_shift = true, .press = move_y, .argument = -1},
    {.usage = USAGE_EQUAL, .press = scale, .argument = 1},
    {.usage = USAGE_EQUAL, .has_shift = true, .press = scale, .argument = 1},
    {.usage = USAGE_PAD_PLUS, .press = scale, .argument = 1},
    {.usage = USAGE_MINUS, .press = scale, .argument = -1},
    {.usage = USAGE_PAD_MINUS, .press = scale, .argument = -1},
    {.usage = USAGE_H, .press = hide},
    {.usage = USAGE_S, .press = pause_or_resume},
    {.usage = USAGE_R, .verb = "reset"},
    {.usage = USAGE_K, .verb = "kill"},
    {.usage = USAGE_B, .verb = "restart"},
};

bool hot_key_take(struct vmm *vmm, uint8_t usage, bool has_shift)
{
    struct guest *guest = &vmm->guests[vinput_focus(vmm->vinput)];
    if (usage >= USAGE_1 && usage <= USAGE_9 && !has_shift) {
        vinput_set_focus(vmm->vinput, (unsigned)usage - USAGE_1);
        return true;
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (KEYS[i].usage != usage || KEYS[i].has_shift != has_shift)
            continue;
        if (KEYS[i].verb)
            action_do(guest, KEYS[i].verb);
        else
            KEYS[i].press(vmm, guest, KEYS[i].argument);
        return true;
    }
    return false;
}
