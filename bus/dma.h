/* ISA DMA: what the 8237 offers to a device on a channel. */
#ifndef VITRINE_BUS_DMA_H
#define VITRINE_BUS_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A channel as the device sees it. The controller fills in the calls when it is wired. */
struct dma_channel {
    void *controller;
    unsigned channel; /* 0-7 */
    /* Moves up to `count` bytes between the device and memory, by the channel's programming; sets
     * *terminal when the terminal count was reached. Returns the bytes moved. */
    size_t (*transfer)(void *controller, unsigned channel, uint8_t *bytes, size_t count,
                       bool to_memory, bool *terminal);
};

#endif
