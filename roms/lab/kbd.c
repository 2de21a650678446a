/* kbd.c: a driver for the 8042 keyboard controller, polling and by interrupt.
 *
 * Specification: IBM PS/2 Hardware Interface Technical Reference, Keyboard and Auxiliary Device
 * Controller (1990): ports 60h/64h and status bits p.8-10, controller commands p.11-14; Keyboards
 * (101- and 102-key): commands to the keyboard p.7-12, scan code set 1.
 *
 *   status 64h: PARE TO AUXB INH  C/D SYSF IBF OBF      (7 ... 0) */
#include "lab/kbd.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/pit.h"

enum { KBD_DATA = 0x60, KBD_STATUS = 0x64, KBD_COMMAND = 0x64 };
enum { STATUS_OBF = 0x01, STATUS_IBF = 0x02 };
enum { CONTROLLER_WRITE_BYTE = 0x60, CONTROLLER_SELF_TEST = 0xAA, CONTROLLER_ENABLE_KBD = 0xAE,
       SELF_TEST_PASSED = 0x55 };
/* Command byte: translate to set 1 (6), mouse off (5), system flag (2), keyboard interrupt (0). */
enum { BYTE_POLLING = 0x64, BYTE_INTERRUPT = 0x65 };
enum { KEYBOARD_SET_LEDS = 0xED, KEYBOARD_ENABLE = 0xF4 };
enum { KBD_LINE = 1, ANSWER_TICKS = 50, QUEUE_SIZE = 64 };

static volatile uint8_t queue[QUEUE_SIZE];
static volatile uint32_t queue_written; /* by the interrupt handler only */
static uint32_t queue_read;
static volatile bool queue_has_data;

static void write_port(uint16_t port, uint8_t value)
{
    uint32_t start = pit_ticks();

    while ((io_in8(KBD_STATUS) & STATUS_IBF) && pit_ticks() - start < ANSWER_TICKS)
        ;
    io_out8(port, value);
}

static void discard_output(void)
{
    for (unsigned i = 0; i < 32 && (io_in8(KBD_STATUS) & STATUS_OBF); i++)
        (void)io_in8(KBD_DATA);
}

bool kbd_read_polling(uint8_t *scancode, uint32_t ticks)
{
    uint32_t start = pit_ticks();

    for (;;) {
        for (unsigned i = 0; i < PIT_POLLS_PER_TICK; i++)
            if (io_in8(KBD_STATUS) & STATUS_OBF) {
                *scancode = io_in8(KBD_DATA);
                return true;
            }
        if (pit_ticks() - start >= ticks)
            return false;
        pit_sleep(1);
    }
}

static void set_command_byte(uint8_t byte)
{
    write_port(KBD_COMMAND, CONTROLLER_WRITE_BYTE);
    write_port(KBD_DATA, byte);
}

bool kbd_init(void)
{
    uint8_t answer = 0;

    if (io_in8(KBD_STATUS) == 0xFF)
        return false;
    discard_output();
    write_port(KBD_COMMAND, CONTROLLER_SELF_TEST);
    if (!kbd_read_polling(&answer, ANSWER_TICKS) || answer != SELF_TEST_PASSED)
        return false;
    set_command_byte(BYTE_POLLING);
    write_port(KBD_COMMAND, CONTROLLER_ENABLE_KBD);
    write_port(KBD_DATA, KEYBOARD_ENABLE);
    (void)kbd_read_polling(&answer, ANSWER_TICKS);
    return true;
}

bool kbd_set_leds(uint8_t leds, uint8_t *acknowledge)
{
    uint8_t second;

    discard_output();
    write_port(KBD_DATA, KEYBOARD_SET_LEDS);
    if (!kbd_read_polling(acknowledge, ANSWER_TICKS))
        return false;
    write_port(KBD_DATA, leds);
    return kbd_read_polling(&second, ANSWER_TICKS);
}

/* A request that the 8259A latched before it was unmasked may come without data. */
static void on_interrupt(void)
{
    if (!(io_in8(KBD_STATUS) & STATUS_OBF))
        return;
    queue[queue_written % QUEUE_SIZE] = io_in8(KBD_DATA); /* reading takes the request back */
    queue_written++;
    queue_has_data = true;
}

void kbd_interrupts_on(void)
{
    queue_read = queue_written;
    queue_has_data = false;
    interrupts_attach(KBD_LINE, on_interrupt);
    set_command_byte(BYTE_INTERRUPT);
}

void kbd_interrupts_off(void)
{
    set_command_byte(BYTE_POLLING);
    interrupts_detach(KBD_LINE);
}

bool kbd_read_interrupt(uint8_t *scancode, uint32_t ticks)
{
    if (!pit_wait_for(&queue_has_data, ticks))
        return false;
    cpu_disable_interrupts();
    *scancode = queue[queue_read % QUEUE_SIZE];
    queue_read++;
    queue_has_data = queue_read != queue_written;
    cpu_enable_interrupts();
    return true;
}

const char *kbd_key_name(uint8_t scancode)
{
    static const char *const names[0x59] = {
        "?", "Esc", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "-", "=", "Backspace", "Tab",
        "Q", "W", "E", "R", "T", "Y", "U", "I", "O", "P", "[", "]", "Enter", "Ctrl", "A", "S",
        "D", "F", "G", "H", "J", "K", "L", ";", "'", "`", "Shift", "\\", "Z", "X", "C", "V",
        "B", "N", "M", ",", ".", "/", "RightShift", "Keypad*", "Alt", "Space", "CapsLock", "F1",
        "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "NumLock", "ScrollLock", "Home",
        "Up", "PageUp", "Keypad-", "Left", "Keypad5", "Right", "Keypad+", "End", "Down", "PageDown",
        "Insert", "Delete", "SysRq", "?", "?", "F11", "F12",
    };
    uint8_t key = scancode & 0x7F; /* bit 7: the key was let go */

    return key < sizeof names / sizeof names[0] ? names[key] : "?";
}
