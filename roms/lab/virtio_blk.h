/* virtio_blk.h: a disk of the legacy virtio interface on PCI: requests in memory, two accesses each. */
#ifndef LAB_VIRTIO_BLK_H
#define LAB_VIRTIO_BLK_H

#include <stdbool.h>
#include <stdint.h>

/* Finds the device and sets its queue up; false: there is none, or it is not as it should be. */
bool virtio_blk_init(void);
/* Reads `bytes`, whole sectors, from sector `from`; halts until it is done. */
bool virtio_blk_read(uint32_t from, void *to, uint32_t bytes);

#endif
