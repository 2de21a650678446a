/* The bus master of the host's disk channel, as the VMM's driver uses it (LAB.ini: disk_dma = on). */
#ifndef VITRINE_HYPERVISOR_ATA_DMA_H
#define VITRINE_HYPERVISOR_ATA_DMA_H

#include "hypervisor/vmm.h"

#define ATA_DMA_SECTORS 256u /* of one transfer, at most */

/* Gives the PIIX3's function its ports and lets it be master of the bus. */
void ata_dma_init(struct vmm *vmm);
/* Before the command: table, direction, status cleared; for a write, the bytes. */
void ata_dma_prepare_read(struct vmm *vmm, uint32_t sectors);
void ata_dma_prepare_write(struct vmm *vmm, const uint8_t *bytes, uint32_t sectors);
/* After it. */
void ata_dma_start(struct vmm *vmm);
/* At the drive's interrupt: stops the engine; false: it did not move everything. */
bool ata_dma_finish(struct vmm *vmm);
/* What a read brought. */
void ata_dma_take(struct vmm *vmm, uint8_t *bytes, uint32_t sectors);

#endif
