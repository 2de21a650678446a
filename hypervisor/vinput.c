/* The VMM's native keyboard driver and the focus.
 *
 * Specification: IBM PC/AT Technical Reference (1985), keyboard controller: ports 60h, 64h, command
 * byte; scan code set 1 as the controller translates it (Microsoft Keyboard Scan Code Specification
 * 1.3a, appendix A). Hot keys, taken from the host's keyboard and never seen by a guest:
 * Ctrl+Alt+Right or Ctrl+Alt+N: next guest; Ctrl+Alt+Left or Ctrl+Alt+P: the one before;
 * Ctrl+Alt+1 … 9: that guest. MISSING: the mouse's focus. */
#include "hypervisor/vinput.h"

#include <stdlib.h>

#include "base/bits.h"

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
    USAGE_N = 0x11, USAGE_P = 0x13, USAGE_1 = 0x1E, USAGE_9 = 0x26, USAGE_RIGHT = 0x4F,
    USAGE_LEFT = 0x50, USAGE_LEFT_CTRL = 0xE0, USAGE_LEFT_ALT = 0xE2, USAGE_RIGHT_CTRL = 0xE4,
    USAGE_RIGHT_ALT = 0xE6
};

struct vinput {
    struct vmm *vmm;
    unsigned focus;
    bool is_extended;
    uint8_t pause_left; /* bytes of the Pause key's sequence still to come */
    bool is_down[256];  /* by usage: what the focused guest believes is pressed */
    bool is_ctrl, is_alt;
    struct vinput_counts counts;
};

static const uint8_t SET1[0x59] = {
    [0x01] = 0x29, [0x02] = 0x1E, [0x03] = 0x1F, [0x04] = 0x20, [0x05] = 0x21, [0x06] = 0x22,
    [0x07] = 0x23, [0x08] = 0x24, [0x09] = 0x25, [0x0A] = 0x26, [0x0B] = 0x27, [0x0C] = 0x2D,
    [0x0D] = 0x2E, [0x0E] = 0x2A, [0x0F] = 0x2B, [0x10] = 0x14, [0x11] = 0x1A, [0x12] = 0x08,
    [0x13] = 0x15, [0x14] = 0x17, [0x15] = 0x1C, [0x16] = 0x18, [0x17] = 0x0C, [0x18] = 0x12,
    [0x19] = 0x13, [0x1A] = 0x2F, [0x1B] = 0x30, [0x1C] = 0x28, [0x1D] = 0xE0, [0x1E] = 0x04,
    [0x1F] = 0x16, [0x20] = 0x07, [0x21] = 0x09, [0x22] = 0x0A, [0x23] = 0x0B, [0x24] = 0x0D,
    [0x25] = 0x0E, [0x26] = 0x0F, [0x27] = 0x33, [0x28] = 0x34, [0x29] = 0x35, [0x2A] = 0xE1,
    [0x2B] = 0x31, [0x2C] = 0x1D, [0x2D] = 0x1B, [0x2E] = 0x06, [0x2F] = 0x19, [0x30] = 0x05,
    [0x31] = 0x11, [0x32] = 0x10, [0x33] = 0x36, [0x34] = 0x37, [0x35] = 0x38, [0x36] = 0xE5,
    [0x37] = 0x55, [0x38] = 0xE2, [0x39] = 0x2C, [0x3A] = 0x39, [0x3B] = 0x3A, [0x3C] = 0x3B,
    [0x3D] = 0x3C, [0x3E] = 0x3D, [0x3F] = 0x3E, [0x40] = 0x3F, [0x41] = 0x40, [0x42] = 0x41,
    [0x43] = 0x42, [0x44] = 0x43, [0x45] = 0x53, [0x46] = 0x47, [0x47] = 0x5F, [0x48] = 0x60,
    [0x49] = 0x61, [0x4A] = 0x56, [0x4B] = 0x5C, [0x4C] = 0x5D, [0x4D] = 0x5E, [0x4E] = 0x57,
    [0x4F] = 0x59, [0x50] = 0x5A, [0x51] = 0x5B, [0x52] = 0x62, [0x53] = 0x63, [0x56] = 0x64,
    [0x57] = 0x44, [0x58] = 0x45,
};

static const struct {
    uint8_t code, usage;
} EXTENDED[] = {
    {0x1C, 0x58}, {0x1D, 0xE4}, {0x35, 0x54}, {0x37, 0x46}, {0x38, 0xE6}, {0x47, 0x4A},
    {0x48, 0x52}, {0x49, 0x4B}, {0x4B, 0x50}, {0x4D, 0x4F}, {0x4F, 0x4D}, {0x50, 0x51},
    {0x51, 0x4E}, {0x52, 0x49}, {0x53, 0x4C}, {0x5B, 0xE3}, {0x5C, 0xE7}, {0x5D, 0x65},
};

uint8_t vinput_usage(uint8_t code, bool is_extended)
{
    if (!is_extended)
        return code < sizeof SET1 ? SET1[code] : 0;
    for (size_t i = 0; i < ARRAY_COUNT(EXTENDED); i++)
        if (EXTENDED[i].code == code)
            return EXTENDED[i].usage;
    return 0;
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

static bool take_hot_key(struct vinput *vinput, uint8_t usage)
{
    unsigned count = vinput->vmm->guest_count;
    if (!vinput->is_ctrl || !vinput->is_alt || count == 0)
        return false;
    if (usage == USAGE_RIGHT || usage == USAGE_N)
        vinput_set_focus(vinput, (vinput->focus + 1) % count);
    else if (usage == USAGE_LEFT || usage == USAGE_P)
        vinput_set_focus(vinput, (vinput->focus + count - 1) % count);
    else if (usage >= USAGE_1 && usage <= USAGE_9)
        vinput_set_focus(vinput, (unsigned)usage - USAGE_1);
    else
        return false;
    vinput->counts.hot_keys++;
    return true;
}

static void key(struct vinput *vinput, uint8_t usage, bool is_pressed)
{
    if (usage == USAGE_LEFT_CTRL || usage == USAGE_RIGHT_CTRL)
        vinput->is_ctrl = is_pressed;
    if (usage == USAGE_LEFT_ALT || usage == USAGE_RIGHT_ALT)
        vinput->is_alt = is_pressed;
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
        vinput->pause_left--;
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
