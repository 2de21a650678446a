/* The VMM's native drivers of the host's COM1 and LPT1: bytes out, bytes in, by interrupts.
 *
 * Specification: National Semiconductor PC16550D (1995), registers; IBM PC/AT Technical Reference (1985),
 * parallel adapter. A driver takes what it can send at once and asks for more when that is gone. */
#ifndef VITRINE_HYPERVISOR_LINE_DRIVER_H
#define VITRINE_HYPERVISOR_LINE_DRIVER_H

#include "hypervisor/vmm.h"

#define LINE_BURST 16u /* bytes that the UART's FIFO takes at once */

struct line_driver_type {
    const char *name;   /* of the port */
    const char *device; /* of the instance on a board, the guest's too */
    uint16_t base, ports;
    unsigned irq;
    size_t burst; /* bytes it takes at once */
    void (*start)(struct vmm *vmm);
    void (*stop)(struct vmm *vmm); /* no interrupt comes from it */
    void (*send)(struct vmm *vmm, const uint8_t *bytes, size_t count);
    /* After an interrupt: returns how many bytes it read (up to LINE_BURST); *is_sent: it takes more. */
    size_t (*serve)(struct vmm *vmm, uint8_t *bytes, bool *is_sent);
    /* A passed access says that the device does not ask for an interrupt any more. */
    bool (*is_served)(const struct access *access, unsigned offset);
};

extern const struct line_driver_type LINE_DRIVERS[LAB_LINES];

#endif
