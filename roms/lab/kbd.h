/* kbd.h: the keyboard behind its controller, the 8042. */
#ifndef LAB_KBD_H
#define LAB_KBD_H

#include <stdbool.h>
#include <stdint.h>

enum { KBD_LED_SCROLL = 1, KBD_LED_NUM = 2, KBD_LED_CAPS = 4 };

/* Tests and enables the controller and the keyboard; interrupts stay off. False: no controller. */
bool kbd_init(void);

/* Sends EDh and the LEDs; *acknowledge is the keyboard's answer to EDh (FAh). False: no answer. */
bool kbd_set_leds(uint8_t leds, uint8_t *acknowledge);

/* One scancode, asking the status port until there is one (PIT_POLLS_PER_TICK times a tick); false after
 * so many ticks. */
bool kbd_read_polling(uint8_t *scancode, uint32_t ticks);

/* Between these two calls IRQ 1 collects scancodes. */
void kbd_interrupts_on(void);
void kbd_interrupts_off(void);

/* One scancode that IRQ 1 brought, halting the CPU until then; false after so many ticks. */
bool kbd_read_interrupt(uint8_t *scancode, uint32_t ticks);

/* The key's name for a scancode of set 1, or "?" . */
const char *kbd_key_name(uint8_t scancode);

#endif
