/* Specification: IBM PC/AT Technical Reference (1985), keyboard controller: ports 60h, 64h, command
 * byte; IBM PS/2 Hardware Interface Technical Reference (1990), auxiliary device port and mouse; scan
 * code set 1 as the controller translates it (Microsoft Keyboard Scan Code Specification 1.3a, appendix
 * A). The wheel: Microsoft's sequence of rates 200, 100, 80. It never waits: the mouse's initialisation
 * begins with its self-test's answer and goes on with each acknowledgement. */
#include "hypervisor/input_driver.h"

#include "devices/ps2.h"
#include "hypervisor/vinput.h"

#define PORT_DATA           0x60u
#define PORT_STATUS         0x64u
#define PORT_COMMAND        0x64u
#define STATUS_OBF          0x01u
#define STATUS_AUX          0x20u
#define COMMAND_WRITE_BYTE  0x60u
#define COMMAND_BYTE        0x47u /* translation, system flag, both interrupts on */
#define COMMAND_WRITE_MOUSE 0xD4u
#define KEYBOARD_IRQ        1u
#define MOUSE_IRQ           12u
#define PREFIX_EXTENDED     0xE0u
#define PREFIX_PAUSE        0xE1u
#define BREAK_BIT           0x80u
#define BYTES_AN_INTERRUPT  16
#define USAGE_PRINT_SCREEN  0x46u
#define USAGE_PAUSE         0x48u

#define MOUSE_PASSED    0xAAu
#define MOUSE_ACK       0xFAu
#define MOUSE_GET_ID    0xF2u
#define ID_WHEEL        3u
#define PACKET_FIRST    0x08u /* always set in a packet's first byte */
#define PACKET_OVERFLOW 0xC0u

enum mouse_state { MOUSE_SILENT, MOUSE_TESTED, MOUSE_ASKED, MOUSE_ID, MOUSE_STREAMS };
/* Rates 200, 100, 80; identify; enable. */
static const uint8_t MOUSE_START[] = {0xF3, 200, 0xF3, 100, 0xF3, 80, MOUSE_GET_ID, 0xF4};

/* --- keyboard ----------------------------------------------------------------------------------------- */

uint8_t vinput_usage(uint8_t code, bool is_extended)
{
    const struct ps2_key *key = ps2_key_by_code(1, is_extended, code);
    if (code == 0x54 && !is_extended) /* Alt with Print Screen: SysRq */
        return USAGE_PRINT_SCREEN;
    if (code == 0x46 && is_extended) /* Ctrl with Pause: Break */
        return USAGE_PAUSE;
    return key ? key->usage : 0;
}

static void take_code(struct input_driver *driver, uint8_t byte)
{
    bool is_extended = driver->is_extended;
    uint8_t usage;
    (*driver->codes)++;
    if (driver->pause_left) {
        if (--driver->pause_left == 0) {
            vinput_key(driver->vinput, USAGE_PAUSE, true);
            vinput_key(driver->vinput, USAGE_PAUSE, false);
        }
        return;
    }
    if (byte == PREFIX_PAUSE) { /* E1 1D 45 E1 9D C5: no break code of its own */
        driver->pause_left = 5;
        return;
    }
    driver->is_extended = byte == PREFIX_EXTENDED;
    if (driver->is_extended)
        return;
    usage = vinput_usage(byte & (uint8_t)~BREAK_BIT, is_extended);
    if (usage)
        vinput_key(driver->vinput, usage, !(byte & BREAK_BIT));
}

/* --- mouse --------------------------------------------------------------------------------------------- */

static void send_next(struct input_driver *driver)
{
    if (driver->mouse_step == sizeof MOUSE_START) {
        driver->mouse_state = MOUSE_STREAMS;
        return;
    }
    driver->mouse_state = MOUSE_ASKED;
    host_outb(driver->vmm, PORT_COMMAND, COMMAND_WRITE_MOUSE);
    host_outb(driver->vmm, PORT_DATA, MOUSE_START[driver->mouse_step++]);
}

/* Bits 4 and 5 of the first byte are the signs; upwards is positive there. */
static void take_packet(struct input_driver *driver)
{
    const uint8_t *p = driver->packet;
    int dx = p[1] - (p[0] & 0x10 ? 256 : 0), dy = p[2] - (p[0] & 0x20 ? 256 : 0);
    int dz = driver->has_wheel ? (int8_t)p[3] : 0;
    if (p[0] & PACKET_OVERFLOW)
        dx = dy = 0; /* further than it can say: where to is not known */
    vinput_move(driver->vinput, dx, -dy, dz, p[0] & 7u);
}

static void take_movement(struct input_driver *driver, uint8_t byte)
{
    if (driver->packet_count == 0 && !(byte & PACKET_FIRST))
        return; /* out of step: wait for a first byte */
    driver->packet[driver->packet_count++] = byte;
    if (driver->packet_count < (driver->has_wheel ? 4 : 3))
        return;
    driver->packet_count = 0;
    take_packet(driver);
}

static void take_mouse(struct input_driver *driver, uint8_t byte)
{
    switch ((enum mouse_state)driver->mouse_state) {
    case MOUSE_SILENT:
        if (byte == MOUSE_PASSED)
            driver->mouse_state = MOUSE_TESTED;
        break;
    case MOUSE_TESTED: send_next(driver); break; /* the byte is its type */
    case MOUSE_ASKED:
        if (byte != MOUSE_ACK)
            driver->mouse_state = MOUSE_SILENT;
        else if (MOUSE_START[driver->mouse_step - 1] == MOUSE_GET_ID)
            driver->mouse_state = MOUSE_ID;
        else
            send_next(driver);
        break;
    case MOUSE_ID:
        driver->has_wheel = byte == ID_WHEEL;
        send_next(driver);
        break;
    case MOUSE_STREAMS: take_movement(driver, byte); break;
    }
}

/* --- interrupts ------------------------------------------------------------------------------------------ */

static void isr(void *self)
{
    struct input_driver *driver = self;
    for (int i = 0; i < BYTES_AN_INTERRUPT; i++) {
        uint8_t status = host_inb(driver->vmm, PORT_STATUS);
        if (!(status & STATUS_OBF))
            return;
        if (status & STATUS_AUX)
            take_mouse(driver, host_inb(driver->vmm, PORT_DATA));
        else
            take_code(driver, host_inb(driver->vmm, PORT_DATA));
    }
}

void input_driver_init(struct input_driver *driver, struct vmm *vmm, struct vinput *vinput,
                       uint64_t *codes)
{
    *driver = (struct input_driver){.vmm = vmm, .vinput = vinput, .codes = codes};
    vmm_set_isr(vmm, KEYBOARD_IRQ, isr, driver);
    vmm_set_isr(vmm, MOUSE_IRQ, isr, driver);
    host_outb(vmm, PORT_COMMAND, COMMAND_WRITE_BYTE);
    host_outb(vmm, PORT_DATA, COMMAND_BYTE);
}
