/* Wiring of the DMA controllers. */
#ifndef VITRINE_DEVICES_I8237_H
#define VITRINE_DEVICES_I8237_H

#include "bus/device.h"
#include "bus/dma.h"

/* Fills in a channel (0-3 for bytes, 5-7 for words) for a device that transfers through it. */
void i8237_connect(struct device *i8237, unsigned channel, struct dma_channel *connection);

#endif
