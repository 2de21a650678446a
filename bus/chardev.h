/* The byte-stream interface between a serial or parallel port and its back-end. */
#ifndef VITRINE_BUS_CHARDEV_H
#define VITRINE_BUS_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Modem lines, where a 16550's MSR and MCR have them. */
enum modem_in { MODEM_CTS = 0x10, MODEM_DSR = 0x20, MODEM_RI = 0x40, MODEM_DCD = 0x80 };
enum modem_out { MODEM_DTR = 0x01, MODEM_RTS = 0x02 };

/* Embedded in the back-end. The device fills in its side at init. */
struct chardev {
    /* The device's side: how many bytes it can take now, and giving them. */
    size_t (*room)(void *device);
    void (*receive)(void *device, const uint8_t *bytes, size_t count);
    /* The lines from the other side are these now; NULL: a device without modem lines. */
    void (*modem)(void *device, uint8_t lines);
    void *device;
    /* What the device has been told of them, also by a state; at first the back-end says it. */
    uint8_t modem_in;
    bool has_modem; /* else somebody is always there: CTS, DSR and DCD */
    /* The back-end's side: takes bytes from the device; never waits. */
    void (*write)(struct chardev *chardev, const uint8_t *bytes, size_t count);
    /* It would lose a byte now: a device with a handshake holds it back. May be NULL: never. */
    bool (*is_busy)(struct chardev *chardev);
    /* The device has room again: the back-end may give more. May be NULL. */
    void (*ready)(struct chardev *chardev);
    /* DTR and RTS are `lines` now, of which `changed` have changed. May be NULL: nobody looks. */
    void (*set_modem)(struct chardev *chardev, uint8_t lines, uint8_t changed);
    void (*close)(struct chardev *chardev); /* frees it */
    const char *name;
};

static inline bool chardev_is_busy(struct chardev *chardev)
{
    return chardev && chardev->is_busy && chardev->is_busy(chardev);
}

static inline uint8_t chardev_modem_in(const struct chardev *chardev)
{
    if (!chardev)
        return 0;
    return chardev->has_modem ? chardev->modem_in : MODEM_CTS | MODEM_DSR | MODEM_DCD;
}

#endif
