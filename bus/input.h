/* The input interface: keys and mouse movements on their way to a keyboard controller.
 * Keys are USB HID usage codes (HID Usage Tables 1.12, page 7), which name keys by place. */
#ifndef VITRINE_BUS_INPUT_H
#define VITRINE_BUS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

/* Embedded in the keyboard or mouse device; found through the machine's board. */
struct input_port {
    void (*key)(void *self, uint8_t usage, bool is_pressed);          /* a keyboard; else NULL */
    /* A mouse; else NULL. To the right, downwards, and the wheel towards the user. */
    void (*move)(void *self, int dx, int dy, int dz, unsigned buttons);
    void *self;
};

#endif
