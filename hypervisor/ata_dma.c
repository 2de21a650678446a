/* Specification: Programming Interface for Bus Master IDE Controller 1.0 (SFF-8038i), sections 1 to 3; Intel
 * 82371SB (290550-002), 2.7. In the VMM's part of the host's RAM, past the reach of the ISA bus:
 *
 *   100000 ── two regions of 64 KiB: a command's 256 sectors ── 120000 ── table: two descriptors ──
 *
 * The engine does not move to where the guest wants its bytes: the virtual drive has a buffer of its own, which
 * is copied as after PIO. MISSING: tables of guests' frames. */
#include "hypervisor/ata_dma.h"

#include "base/bits.h"
#include "bus/block.h"

#define IDE_SLOT       1u
#define IDE_FUNCTION   1u
#define CONFIG_COMMAND 0x04u
#define CONFIG_BMIBA   0x20u
#define COMMAND_PORTS  0x01u
#define COMMAND_MASTER 0x04u

#define PORTS  0xC000u
#define BMIC   PORTS
#define BMIS   (PORTS + 2u)
#define BMIDTP (PORTS + 4u)
enum { BMIC_START = 0x01, BMIC_READ = 0x08 }; /* READ: from the drive to memory */
enum { BMIS_ACTIVE = 0x01, BMIS_ERROR = 0x02, BMIS_INTERRUPT = 0x04 };

#define BUFFER       UINT64_C(0x100000)
#define REGION_BYTES UINT32_C(0x10000)
#define TABLE        UINT64_C(0x120000)
#define END_OF_TABLE UINT32_C(0x80000000)

void ata_dma_init(struct vmm *vmm)
{
    host_pci_write(vmm, IDE_SLOT, IDE_FUNCTION, CONFIG_BMIBA, PORTS);
    host_pci_write(vmm, IDE_SLOT, IDE_FUNCTION, CONFIG_COMMAND, COMMAND_PORTS | COMMAND_MASTER);
}

/* A count of 0 is 64 KiB. */
static void put_descriptor(struct vmm *vmm, unsigned index, uint32_t bytes, bool is_last)
{
    uint8_t descriptor[8];
    store_le32(descriptor, (uint32_t)BUFFER + index * REGION_BYTES);
    store_le32(descriptor + 4, (bytes & 0xFFFFu) | (is_last ? END_OF_TABLE : 0));
    space_poke(&vmm->host->memory, TABLE + index * sizeof descriptor, descriptor,
               sizeof descriptor);
}

static void prepare(struct vmm *vmm, uint32_t sectors, uint8_t direction)
{
    uint32_t bytes = sectors * SECTOR_BYTES;
    put_descriptor(vmm, 0, bytes < REGION_BYTES ? bytes : REGION_BYTES, bytes <= REGION_BYTES);
    if (bytes > REGION_BYTES)
        put_descriptor(vmm, 1, bytes - REGION_BYTES, true);
    host_outl(vmm, BMIDTP, (uint32_t)TABLE);
    host_outb(vmm, BMIC, direction);
    host_outb(vmm, BMIS, (uint8_t)(host_inb(vmm, BMIS) | BMIS_ERROR | BMIS_INTERRUPT));
}

void ata_dma_prepare_read(struct vmm *vmm, uint32_t sectors)
{
    prepare(vmm, sectors, BMIC_READ);
}

void ata_dma_prepare_write(struct vmm *vmm, const uint8_t *bytes, uint32_t sectors)
{
    space_poke(&vmm->host->memory, BUFFER, bytes, (size_t)sectors * SECTOR_BYTES);
    prepare(vmm, sectors, 0);
}

void ata_dma_start(struct vmm *vmm)
{
    host_outb(vmm, BMIC, (uint8_t)(host_inb(vmm, BMIC) | BMIC_START));
}

bool ata_dma_finish(struct vmm *vmm)
{
    uint8_t status = host_inb(vmm, BMIS);
    host_outb(vmm, BMIC, (uint8_t)(host_inb(vmm, BMIC) & ~BMIC_START));
    host_outb(vmm, BMIS, status);
    return (status & (BMIS_ACTIVE | BMIS_ERROR | BMIS_INTERRUPT)) == BMIS_INTERRUPT;
}

void ata_dma_take(struct vmm *vmm, uint8_t *bytes, uint32_t sectors)
{
    space_peek(&vmm->host->memory, BUFFER, bytes, (size_t)sectors * SECTOR_BYTES);
}
