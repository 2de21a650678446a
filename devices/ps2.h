/* PS/2 devices: the cable between the keyboard controller and a keyboard or mouse, and the typed
 * calls by which a board plugs them together and finds their inputs and lights. */
#ifndef VITRINE_DEVICES_PS2_H
#define VITRINE_DEVICES_PS2_H

#include "bus/device.h"
#include "bus/input.h"

/* The cable. Owned by the device; the controller fills in the lower part when it is plugged in. */
struct ps2_cable {
    /* The device's side. */
    void (*command)(void *self, uint8_t byte);   /* a byte from the controller */
    bool (*has_byte)(const void *self);
    uint8_t (*take)(void *self);                 /* only when has_byte */
    void *self;
    /* The controller's side: the device has a byte to send. NULL: not plugged in. */
    void (*ready)(void *controller);
    void *controller;
};

enum ps2_socket { PS2_KEYBOARD, PS2_MOUSE };
/* Plugs a keyboard or mouse (an instance of those types) into a controller's socket. */
void i8042_plug(struct device *controller, enum ps2_socket socket, struct device *device);

struct ps2_cable *ps2_keyboard_cable(struct device *keyboard);
struct input_port *ps2_keyboard_input(struct device *keyboard);
/* Bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock (command EDh's order). */
uint8_t ps2_keyboard_leds(const struct device *keyboard);

struct ps2_cable *ps2_mouse_cable(struct device *mouse);
/* move(): dx to the right, dy downwards, dz towards the user; buttons 1 left, 2 right, 4 middle,
 * 8 and 16 the side ones. */
struct input_port *ps2_mouse_input(struct device *mouse);

/* --- keys ------------------------------------------------------------------------------------- */

enum ps2_key_kind {
    KEY_PLAIN,
    KEY_E0,           /* sets 1 and 2 send E0h before the code */
    KEY_PRINT_SCREEN, /* sequences of their own */
    KEY_PAUSE
};
/* What set 3 does with a key by default (IBM Personal System/2 Hardware Interface Technical
 * Reference, October 1990, Keyboard, "Default key types"). */
enum ps2_key_type { KEY_MAKE = 0, KEY_TYPEMATIC = 1, KEY_MAKE_BREAK = 2 };

struct ps2_key {
    const char *name;
    uint8_t usage; /* USB HID, page 7 */
    uint8_t kind;  /* enum ps2_key_kind */
    uint8_t set1, set2, set3;
    uint8_t type;  /* enum ps2_key_type */
};
extern const struct ps2_key PS2_KEYS[]; /* ends with name NULL */
/* NULL: a PS/2 keyboard has no such key. */
const struct ps2_key *ps2_key_by_usage(uint8_t usage);
/* The key of a make code; is_e0: E0h came before it. set 1 or 2. NULL: none. */
const struct ps2_key *ps2_key_by_code(unsigned set, bool is_e0, uint8_t code);

#endif
