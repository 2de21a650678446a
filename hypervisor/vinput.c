/* The VMM's native keyboard driver and the focus.
 *
 * Specification: IBM PC/AT Technical Reference (1985), keyboard controller: ports 60h, 64h, command
 * byte; scan code set 1 as the controller translates it (Microsoft Keyboard Scan Code Specification
 * 1.3a, appendix A). Hot keys, taken from the host's keyboard and never seen by a guest:
 * Ctrl+Alt+Right or Ctrl+Alt+N: next guest; Ctrl+Alt+Left or Ctrl+Alt+P: the one before;
 * Ctrl+Alt+1 … 9: that guest; of the guest in focus Ctrl+Alt+S: pause, resume; R: reset; K: kill;
 * B: switched off and on again. MISSING: the mouse's focus. */
#include "hypervisor/vinput.h"

#include <stdlib.h>

#include "devices/ps2.h"
#include "hypervisor/actions.h"

#define PORT_DATA 0x60u
#define PORT_STATUS 0x64u
#define PORT_COMMAND 0x64u
#define STATUS_OBF 0x01u
#define COMMAND_WRITE_BYTE 0x60u
#define COMMAND_BYTE 0x65u /* translation, system flag, mouse off, keyboard interrupt on */
#define KEYBOARD_IRQ 1u
#define PREFIX_EXTENDED 0xE0u
#define PREFIX_PAUSE 0xE1u
#define BREAK_BIT 0x80u
#define BYTES_AN_INTERRUPT 16

/* HID usages (HID Usage Tables 1.12, page 7) that the hot keys name. */
enum {
    USAGE_B = 0x05, USAGE_K = 0x0E, USAGE_R = 0x15, USAGE_S = 0x16, USAGE_N = 0x11, USAGE_P = 0x13, USAGE_1 = 0x1E, USAGE_9 = 0x26, USAGE_PRINT_SCREEN = 0x46,
    USAGE_PAUSE = 0x48, USAGE_RIGHT = 0x4F, USAGE_LEFT = 0x50, USAGE_LEFT_CTRL = 0xE0
};
/* Bits of the modifier byte: usages E0h (left Ctrl) to E7h in order. */
enum { MODIFIERS_CTRL = 0x11, MODIFIERS_ALT = 0x44 };

struct vinput {
    struct vmm *vmm;
    unsigned focus;
    bool is_extended;
    uint8_t pause_left; /* bytes of the Pause key's sequence still to come */
    bool is_down[256];  /* by usage: what the focused guest believes is pressed */
    uint8_t modifiers;  /* held on the host's keyboard */
    struct vinput_counts counts;
};

uint8_t vinput_usage(uint8_t code, bool is_extended)
{
    const struct ps2_key *key = ps2_key_by_code(1, is_extended, code);
    if (code == 0x54 && !is_extended) /* Alt with Print Screen: SysRq */
        return USAGE_PRINT_SCREEN;
    if (code == 0x46 && is_extended) /* Ctrl with Pause: Break */
        return USAGE_PAUSE;
    return key ? key->usage : 0;
}

/* --- focus ------------------------------------------------------------------------------------------ */

static void give(struct vinput *vinput, uint8_t usage, bool is_pressed)
{
    const struct guest *guest;
    if (vinput->focus >= vinput->vmm->guest_count)
        return;
    guest = &vinput->vmm->guests[vinput->focus];
    vinput->is_down[usage] = is_pressed;
    vinput->counts.keys++;
    if (guest->machine && guest->machine->keyboard && !guest->has_ended)
        guest->machine->keyboard->key(guest->machine->keyboard->self, usage, is_pressed);
}

/* The guest that loses the focus sees all keys released: none sticks. */
void vinput_set_focus(struct vinput *vinput, unsigned guest)
{
    if (guest >= vinput->vmm->guest_count || guest == vinput->focus)
        return;
    for (unsigned usage = 0; usage < 256; usage++)
        if (vinput->is_down[usage])
            give(vinput, (uint8_t)usage, false);
    vinput->focus = guest;
}

unsigned vinput_focus(const struct vinput *vinput)
{
    return vinput->focus;
}

static bool take_life_key(const struct vinput *vinput, uint8_t usage)
{
    struct guest *guest = &vinput->vmm->guests[vinput->focus];
    switch (usage) {
    case USAGE_S: action_do(guest, guest->is_paused ? "resume" : "pause"); return true;
    case USAGE_R: action_do(guest, "reset"); return true;
    case USAGE_K: action_do(guest, "kill"); return true;
    case USAGE_B: action_do(guest, "restart"); return true;
    default: return false;
    }
}

static bool take_hot_key(struct vinput *vinput, uint8_t usage)
{
    unsigned count = vinput->vmm->guest_count;
    if (!(vinput->modifiers & MODIFIERS_CTRL) || !(vinput->modifiers & MODIFIERS_ALT) || count == 0)
        return false;
    if (usage == USAGE_RIGHT || usage == USAGE_N)
        vinput_set_focus(vinput, (vinput->focus + 1) % count);
    else if (usage == USAGE_LEFT || usage == USAGE_P)
        vinput_set_focus(vinput, (vinput->focus + count - 1) % count);
    else if (usage >= USAGE_1 && usage <= USAGE_9)
        vinput_set_focus(vinput, (unsigned)usage - USAGE_1);
    else if (!take_life_key(vinput, usage))
        return false;
    vinput->counts.hot_keys++;
    return true;
}

static void key(struct vinput *vinput, uint8_t usage, bool is_pressed)
{
    if (usage >= USAGE_LEFT_CTRL && usage < USAGE_LEFT_CTRL + 8) {
        uint8_t bit = (uint8_t)(1u << (usage - USAGE_LEFT_CTRL));
        vinput->modifiers = is_pressed ? vinput->modifiers | bit
                                       : vinput->modifiers & (uint8_t)~bit;
    }
    if (is_pressed && take_hot_key(vinput, usage))
        return;
    if (!is_pressed && !vinput->is_down[usage])
        return; /* the release of a hot key, or of a key pressed under another focus */
    give(vinput, usage, is_pressed);
}

/* --- the driver ---------------------------------------------------------------------------------------- */

static void take_byte(struct vinput *vinput, uint8_t byte)
{
    bool is_extended = vinput->is_extended;
    uint8_t usage;
    vinput->counts.scancodes++;
    if (vinput->pause_left) {
        if (--vinput->pause_left == 0) {
            key(vinput, USAGE_PAUSE, true);
            key(vinput, USAGE_PAUSE, false);
        }
        return;
    }
    if (byte == PREFIX_PAUSE) { /* E1 1D 45 E1 9D C5: no break code of its own */
        vinput->pause_left = 5;
        return;
    }
    vinput->is_extended = byte == PREFIX_EXTENDED;
    if (vinput->is_extended)
        return;
    usage = vinput_usage(byte & (uint8_t)~BREAK_BIT, is_extended);
    if (usage)
        key(vinput, usage, !(byte & BREAK_BIT));
}

static void isr(void *self)
{
    struct vinput *vinput = self;
    for (int i = 0; i < BYTES_AN_INTERRUPT && host_inb(vinput->vmm, PORT_STATUS) & STATUS_OBF; i++)
        take_byte(vinput, host_inb(vinput->vmm, PORT_DATA));
}

enum status vinput_new(struct vinput **vinput, struct vmm *vmm, struct error *error)
{
    struct vinput *made = calloc(1, sizeof *made);
    *vinput = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the keyboard driver");
    made->vmm = vmm;
    vmm_set_isr(vmm, KEYBOARD_IRQ, isr, made);
    host_outb(vmm, PORT_COMMAND, COMMAND_WRITE_BYTE);
    host_outb(vmm, PORT_DATA, COMMAND_BYTE);
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
