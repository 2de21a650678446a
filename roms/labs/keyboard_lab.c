/* keyboard_lab.c: what a guest can do with its keyboard.
 *
 * First by polling: the CPU asks port 64h again and again (64 times a tick). Then by interrupt: the CPU halts until IRQ 1.
 * Both wait for as long as the option wait= says and no longer, so that a run without a user ends. */
#include "labs/labs.h"

#include "lab/kbd.h"
#include "lab/pit.h"
#include "lab/print.h"

enum { ACKNOWLEDGE = 0xFA, MAX_SCANCODES = 32 };

/* Prints what comes, until nothing has come for `patience` or MAX_SCANCODES have. */
static void collect(const struct lab *lab, const char *way,
                    bool (*read)(uint8_t *scancode, uint32_t ticks))
{
    uint8_t scancode;
    unsigned count = 0;

    lab_say(lab, "keyboard", "%s: press keys now (%u ticks)\n", way, lab->patience_ticks);
    for (; count < MAX_SCANCODES && read(&scancode, lab->patience_ticks); count++)
        lab_say(lab, "keyboard", "%s: scancode %02xh %s %s\n", way, scancode,
                kbd_key_name(scancode), scancode & 0x80 ? "up" : "down");
    lab_say(lab, "keyboard", "%s: %u scancodes\n", way, count);
}

void keyboard_lab(const struct lab *lab)
{
    uint8_t acknowledge = 0;

    if (!kbd_init()) {
        lab_say(lab, "keyboard", "no controller answers\n");
        return;
    }
    if (kbd_set_leds(KBD_LED_NUM, &acknowledge) && acknowledge == ACKNOWLEDGE)
        lab_say(lab, "keyboard", "leds ok: EDh answered by FAh\n");
    else
        lab_say(lab, "keyboard", "leds FAILED: EDh answered by %02xh\n", acknowledge);

    collect(lab, "poll", kbd_read_polling);
    kbd_interrupts_on();
    collect(lab, "interrupt", kbd_read_interrupt);
    kbd_interrupts_off();
}
