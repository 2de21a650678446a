/* The byte-stream interface between a serial or parallel port and its back-end. */
#ifndef VITRINE_BUS_CHARDEV_H
#define VITRINE_BUS_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in the back-end. The device fills in the upper three fields at init. */
struct chardev {
    /* The device's side: how many bytes it can take now, and giving them. */
    size_t (*room)(void *device);
    void (*receive)(void *device, const uint8_t *bytes, size_t count);
    void *device;
    /* The back-end's side: takes bytes from the device; never waits. */
    void (*write)(struct chardev *chardev, const uint8_t *bytes, size_t count);
    /* It would lose a byte now: a device with a handshake holds it back. May be NULL: never. */
    bool (*is_busy)(struct chardev *chardev);
    /* The device has room again: the back-end may give more. May be NULL. */
    void (*ready)(struct chardev *chardev);
    void (*close)(struct chardev *chardev); /* frees it */
    const char *name;
};

static inline bool chardev_is_busy(struct chardev *chardev)
{
    return chardev && chardev->is_busy && chardev->is_busy(chardev);
}

#endif
