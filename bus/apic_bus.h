/* The APIC bus: what I/O APICs send to the processors' local APICs, the ends of level-triggered
 * interrupts that come back, and what a processor's core asks of its own local APIC.
 *
 * Intel SDM 3A chapter 10; Intel 82093AA (I/O APIC) data sheet, 290566-001, 1996. Devices enter
 * themselves in their init; where nobody is, messages go nowhere. */
#ifndef VITRINE_BUS_APIC_BUS_H
#define VITRINE_BUS_APIC_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SDM 3A 10.5.1, 10.6.1; 82093AA 3.2.4: the same codes in LVT, ICR and redirection entry. */
enum apic_delivery {
    APIC_FIXED,
    APIC_LOWEST_PRIORITY,
    APIC_SMI,
    APIC_RESERVED,
    APIC_NMI,
    APIC_INIT,
    APIC_STARTUP,
    APIC_EXTINT
};

struct apic_message {
    enum apic_delivery delivery;
    uint8_t vector;
    uint8_t destination;
    bool is_logical; /* the destination is a set of logical ids */
    bool is_level;   /* its end is told to the I/O APICs */
};

struct apic_bus {
    /* Returns false when no local APIC takes the message. */
    bool (*receive)(void *local, const struct apic_message *message);
    void *local;
    void (*ended)(void *io, uint8_t vector); /* EOI of a level-triggered interrupt */
    void *io;
};

static inline bool apic_bus_send(const struct apic_bus *bus, const struct apic_message *message)
{
    return bus && bus->receive && bus->receive(bus->local, message);
}

static inline void apic_bus_end(const struct apic_bus *bus, uint8_t vector)
{
    if (bus && bus->ended)
        bus->ended(bus->io, vector);
}

/* The processor's way to its local APIC, beside memory: IA32_APIC_BASE (SDM 3A 10.4.4). */
struct apic_core {
    uint64_t (*base)(const void *self);
    bool (*set_base)(void *self, uint64_t value); /* false: reserved bits, #GP */
    void *self;
};

#endif
