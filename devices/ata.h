/* An ATA channel with up to two drives: what is plugged in, and calls for the chip that it belongs to. */
#ifndef VITRINE_DEVICES_ATA_H
#define VITRINE_DEVICES_ATA_H

#include "bus/device.h"
#include "bus/dma.h"

#define ATA_DISCS 4

/* CD-ROM drives of a channel: device_config.extra. A place has a disk (device_config.block) or one of
 * these. The discs lie in a pile: after the guest has ejected one, the next is in the tray when it
 * closes, and the first after the last. No disc: the drive is empty. */
struct ata_cdroms {
    struct ata_cdrom {
        bool is_there;
        struct block *discs[ATA_DISCS]; /* ends with NULL, or is full */
    } drives[2];
};

/* Whether the channel's ports are decoded (PIIX3: IDETIM and PCICMD). While they are not, nobody
 * answers there. True after construction; not changed by a reset of the channel. */
void ata_set_decoded(struct device *channel, bool is_decoded);

/* Who answers the drives' DMARQ: a bus master engine. Without one DMA commands wait for ever. */
void ata_connect_dma(struct device *channel, const struct dma_channel *dma);
/* The engine was started: a drive that waits with DMARQ raised goes on, a little later. */
void ata_dma_started(struct device *channel);

#endif
