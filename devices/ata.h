/* An ATA channel with up to two disks: calls for the chip that it belongs to. */
#ifndef VITRINE_DEVICES_ATA_H
#define VITRINE_DEVICES_ATA_H

#include "bus/device.h"

/* Whether the channel's ports are decoded (PIIX3: IDETIM and PCICMD). While they are not, nobody
 * answers there. True after construction; not changed by a reset of the channel. */
void ata_set_decoded(struct device *channel, bool is_decoded);

#endif
