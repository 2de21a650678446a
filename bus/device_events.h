/* What devices show at the door besides accesses: sectors, frames, DMA requests. Each call is one
 * predictable branch where nobody watches; the cause is that of the work under way (door_cause). */
#ifndef VITRINE_BUS_DEVICE_EVENTS_H
#define VITRINE_BUS_DEVICE_EVENTS_H

#include "bus/block.h"
#include "bus/device.h"

void device_event_disk(const struct device *device, const struct block_request *request,
                       const struct block_geometry *geometry);
void device_event_frame(const struct device *device, bool is_sent, const uint8_t *bytes,
                        size_t count);
void device_event_drq(const struct device *device, unsigned channel, size_t bytes, bool to_memory);

/* A request goes to the back-end. `geometry` gives C/H/S to an LBA; NULL: the disk has none. */
static inline void device_show_disk(const struct device *device,
                                    const struct block_request *request,
                                    const struct block_geometry *geometry)
{
    if (BASE_UNLIKELY(door_is_watched(device->env->door)))
        device_event_disk(device, request, geometry);
}
/* A frame leaves the NIC for its cable, or is taken from it: "wire" is the other end. */
static inline void device_show_frame(const struct device *device, bool is_sent,
                                     const uint8_t *bytes, size_t count)
{
    if (BASE_UNLIKELY(door_is_watched(device->env->door)))
        device_event_frame(device, is_sent, bytes, count);
}
/* DREQ of a channel rises and is served: here in no time, as a pulse. */
static inline void device_show_drq(const struct device *device, unsigned channel, size_t bytes,
                                   bool to_memory)
{
    if (BASE_UNLIKELY(door_is_watched(device->env->door)))
        device_event_drq(device, channel, bytes, to_memory);
}

#endif
