/* PIIX3's IDE function: it switches the two channels' ports and moves their DMA data. */
#ifndef VITRINE_DEVICES_IDE_PIIX3_H
#define VITRINE_DEVICES_IDE_PIIX3_H

#include "bus/device.h"

/* The channels ("ata" devices at 1F0h/3F6h and 170h/376h), which outlive the function; NULL: none. */
void ide_piix3_set_channels(struct device *device, struct device *primary,
                            struct device *secondary);

#endif
