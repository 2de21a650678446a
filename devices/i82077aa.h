/* The diskette controller: what is in its drives, and calls for the machine around it. */
#ifndef VITRINE_DEVICES_I82077AA_H
#define VITRINE_DEVICES_I82077AA_H

#include "bus/device.h"
#include "bus/dma.h"

#define FLOPPY_DRIVES 4
#define FLOPPY_DISKS  4

/* The drives: device_config.extra. A pile of diskettes belongs to each; the first of them lies in the
 * drive, the others wait until somebody changes it. No diskette: the drive is empty. */
struct floppy_drives {
    struct floppy_drive {
        uint8_t type;                      /* CMOS type (devices/floppy_disk.h); 0: no drive */
        struct block *disks[FLOPPY_DISKS]; /* ends with NULL, or is full */
    } drives[FLOPPY_DRIVES];
};

/* The channel that its DRQ and DACK# lead to; who wires the board connects it. */
struct dma_channel *i82077aa_dma(struct device *controller);
/* Somebody takes the diskette out and puts number `disk` of the pile in (its length: none). False:
 * there is no such drive or diskette. A command that runs there loses its medium. */
bool i82077aa_change(struct device *controller, unsigned drive, unsigned disk);
unsigned i82077aa_disks(const struct device *controller, unsigned drive); /* in its pile */
/* The name of the diskette in a drive; NULL: none, or no drive. */
const char *i82077aa_disk_name(const struct device *controller, unsigned drive);

#endif
