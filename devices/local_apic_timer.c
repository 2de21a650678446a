/* The local APIC's timer (SDM 3A 10.5.4): counts down from the initial count at the bus clock, divided.
 *
 *   load N ──┬── N ticks ──┬── one-shot: stays 0
 *            │             └── periodic: loaded again
 * Nothing happens on a tick: the count is computed from the tick at which it was loaded. There is an
 * event only for the next end of a count whose interrupt is not masked, at least one instruction ahead,
 * so that a short count can't hold the world; ends in between are one interrupt, as the IRR has one bit. */
#include "devices/local_apic_internal.h"

/* 10.5.4, figure 10-10: bits 3, 1, 0; 111b divides by 1. */
unsigned local_apic_divisor(uint32_t divide)
{
    unsigned code = (divide & 3) | (divide >> 1 & 4);
    return code == 7 ? 1 : 2u << code;
}

static uint64_t bus_ticks(const struct local_apic *apic)
{
    return clock_ticks(apic->device.env->clock, apic->bus_hz, 1);
}

static bool is_periodic(const struct local_apic *apic)
{
    return (apic->lvt[LVT_TIMER] & LVT_PERIODIC) != 0;
}

static uint64_t elapsed(const struct local_apic *apic)
{
    return (bus_ticks(apic) - apic->started) / local_apic_divisor(apic->divide);
}

uint32_t local_apic_count(const struct local_apic *apic)
{
    uint64_t gone;
    if (apic->initial == 0)
        return 0;
    gone = elapsed(apic);
    if (is_periodic(apic))
        return (uint32_t)(apic->initial - gone % apic->initial);
    return gone >= apic->initial ? 0 : (uint32_t)(apic->initial - gone);
}

/* The end of the next period; those that ended while the interrupt was masked are lost. A one-shot count
 * has one. */
void local_apic_timer_schedule(struct local_apic *apic)
{
    const struct clock *clock = apic->device.env->clock;
    uint64_t period = (uint64_t)apic->initial * local_apic_divisor(apic->divide), when;
    if (apic->initial > 0 && elapsed(apic) / apic->initial > apic->periods) {
        apic->periods = elapsed(apic) / apic->initial;
        device_interrupt(&apic->device, apic->lvt[LVT_TIMER] & LVT_VECTOR, INTERRUPT_LOST, -1,
                         "the timer ran out while its entry (LVT) was masked");
    }
    if (apic->initial == 0 || (!is_periodic(apic) && apic->periods > 0) ||
        apic->lvt[LVT_TIMER] & LVT_MASKED) {
        event_disarm(&apic->timer);
        return;
    }
    when = clock_when_ticks(clock, apic->started + period * (apic->periods + 1), apic->bus_hz, 1);
    event_arm(&apic->timer, when > clock_now(clock) ? when : clock_now(clock) + 1);
}

void local_apic_timer_fired(void *self)
{
    struct local_apic *apic = self;
    apic->periods++;
    local_apic_raise_lvt(apic, LVT_TIMER);
    local_apic_timer_schedule(apic);
}

void local_apic_timer_load(struct local_apic *apic, uint32_t initial)
{
    apic->initial = initial;
    apic->started = bus_ticks(apic);
    apic->periods = 0;
    local_apic_timer_schedule(apic);
}

/* The count goes on from where it is, at the new rate. */
void local_apic_timer_divide(struct local_apic *apic, uint32_t divide)
{
    uint32_t count = local_apic_count(apic);
    uint64_t gone = apic->initial - count;
    apic->divide = divide;
    apic->started = bus_ticks(apic) - gone * local_apic_divisor(divide); /* modulo 2^64 */
    apic->periods = 0;
    local_apic_timer_schedule(apic);
}
