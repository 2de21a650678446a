/* Keys: from what a window or a terminal says to USB HID usage codes (HID Usage Tables 1.12, page 7).
 */
#ifndef VITRINE_FRONTENDS_KEYS_H
#define VITRINE_FRONTENDS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_usage {
    KEY_NONE = 0x00,
    KEY_A = 0x04,
    KEY_1 = 0x1E,
    KEY_0 = 0x27,
    KEY_ENTER = 0x28,
    KEY_ESCAPE = 0x29,
    KEY_BACKSPACE = 0x2A,
    KEY_TAB = 0x2B,
    KEY_SPACE = 0x2C,
    KEY_F1 = 0x3A,
    KEY_F11 = 0x44,
    KEY_INSERT = 0x49,
    KEY_HOME = 0x4A,
    KEY_PAGE_UP = 0x4B,
    KEY_DELETE = 0x4C,
    KEY_END = 0x4D,
    KEY_PAGE_DOWN = 0x4E,
    KEY_RIGHT = 0x4F,
    KEY_LEFT = 0x50,
    KEY_DOWN = 0x51,
    KEY_UP = 0x52,
    KEY_LEFT_CTRL = 0xE0,
    KEY_LEFT_SHIFT = 0xE1,
    KEY_LEFT_ALT = 0xE2,
    KEY_RIGHT_GUI = 0xE7
};

/* A key with the modifiers that must be held with it. */
struct key_stroke {
    uint8_t usage; /* KEY_NONE: no key */
    bool has_shift, has_ctrl, has_alt;
};

/* A key by its SDL scancode, which numbers keys as HID does; KEY_NONE beyond. */
uint8_t keys_from_scancode(unsigned scancode);
/* What to press on a US keyboard for an ASCII character, controls included. */
struct key_stroke keys_from_ascii(uint8_t character);
/* The key at the start of what a terminal sent: a character, ESC and a character (Alt), or an
 * xterm, VT220 or Linux console sequence. *used: bytes taken; 0: the sequence is not complete. */
struct key_stroke keys_from_terminal(const uint8_t *bytes, size_t count, size_t *used);

#endif
