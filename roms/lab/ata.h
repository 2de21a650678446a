/* ata.h: the first drive of the first ATA channel, by programmed I/O. */
#ifndef LAB_ATA_H
#define LAB_ATA_H

#include <stdbool.h>
#include <stdint.h>

enum { ATA_SECTOR_BYTES = 512, ATA_IDENTIFY_WORDS = 256 };

/* Cylinder, head, sector: the place of a sector as a drive with a geometry has it. Sectors count
 * from 1. */
struct ata_chs {
    uint16_t cylinder;
    uint8_t head;
    uint8_t sector;
};

/* How a command ended: the status register, and the error register where ERR is set. */
struct ata_result {
    bool is_ok;
    uint8_t status;
    uint8_t error;
};

/* Resets the channel, false when no drive answers. Interrupts from the drive stay off. */
bool ata_reset(void);

struct ata_result ata_identify(uint16_t words[ATA_IDENTIFY_WORDS]);

/* One sector, asking the status register until the data is there. */
struct ata_result ata_read_polling(struct ata_chs from, void *to);

/* One sector, halting the CPU until the drive interrupts through IRQ 14. */
struct ata_result ata_read_interrupt(struct ata_chs from, void *to);

/* Several sectors, `per_block` of them for each request for data (READ MULTIPLE). */
struct ata_result ata_set_multiple(uint8_t per_block);
struct ata_result ata_read_multiple(struct ata_chs from, uint8_t sectors, uint8_t per_block,
                                    void *to);

/* The same into memory of 4 KiB at most, 32 bits at a time and an interrupt for the only block, as a driver
 * for a PCI channel reads. */
struct ata_result ata_read_wide(struct ata_chs from, uint8_t sectors, void *to);

/* The same by the PIIX3's bus master: `to` is word-aligned and does not straddle 64 KiB. ata_dma_init() finds
 * it; false: there is none. */
bool ata_dma_init(void);
struct ata_result ata_read_dma(struct ata_chs from, uint8_t sectors, void *to);

struct ata_result ata_write_polling(struct ata_chs where, const void *from);

#endif
