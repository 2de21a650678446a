/* IDENTIFY (PACKET) DEVICE: the 256 words by which a drive presents itself (ATA/ATAPI-6, d1410r3b, 8.15). */
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"

/* 8.15.61: the integrity word. */
void ata_put_checksum(uint8_t *bytes)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < SECTOR_BYTES - 1; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[SECTOR_BYTES - 1] = (uint8_t)(0u - sum);
}

#define LBA28_SECTORS_MAX UINT64_C(0x0FFFFFFF)

static void put(uint8_t *bytes, unsigned word, uint16_t value)
{
    store_le16(bytes + (size_t)2 * word, value);
}

/* Strings: the first character is in the high byte of its word; filled with spaces (8.15.8). */
static void put_text(uint8_t *bytes, unsigned word, unsigned words, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < (size_t)words * 2; i++)
        bytes[(size_t)word * 2 + (i ^ 1)] = i < length ? (uint8_t)text[i] : ' ';
}

/* Cylinders that SET MAX ADDRESS leaves whole. */
static uint32_t reachable_cylinders(const struct ata_drive *d, const struct block_geometry *g)
{
    uint64_t cylinders = ata_reachable(d) / ((uint64_t)g->heads * g->sectors);
    return cylinders < g->cylinders ? (uint32_t)cylinders : g->cylinders;
}

/* Words 54-58: the translation that INITIALIZE DEVICE PARAMETERS chose. */
static void put_current(const struct ata_drive *d, uint8_t *bytes)
{
    struct block_geometry g = ata_translation(d);
    uint32_t cylinders = reachable_cylinders(d, &g);
    uint32_t capacity = cylinders * d->heads * d->sectors;
    put(bytes, 54, (uint16_t)cylinders);
    put(bytes, 55, d->heads);
    put(bytes, 56, d->sectors);
    store_le32(bytes + 114, capacity);
}

/* Words 63 and 88: the modes that there are, and in the high byte the chosen one. */
static uint16_t dma_modes(const struct ata_drive *d, uint8_t kind)
{
    unsigned chosen = (d->dma_mode & 0xF8) == kind ? 0x100u << (d->dma_mode & 7) : 0;
    return (uint16_t)(ATA_DMA_MODES | chosen);
}

/* Words 80-87: versions and command sets. */
static void put_features(const struct ata_drive *d, uint8_t *bytes)
{
    uint16_t caches = (uint16_t)((d->has_write_cache ? 0x20 : 0) | (d->has_look_ahead ? 0x40 : 0));
    put(bytes, 80, 0x0078);          /* ATA-3 to ATA/ATAPI-6 */
    /* NOP, host protected area, look-ahead, write cache, power management, SMART. */
    put(bytes, 82, 0x4469);
    /* FLUSH CACHE EXT, FLUSH CACHE, 48 bits, advanced power management; valid. */
    put(bytes, 83, 0x7408);
    put(bytes, 84, 0x4003); /* SMART tests itself and logs errors */
    put(bytes, 85, (uint16_t)(0x4408 | caches | (d->is_smart_enabled ? 0x0001 : 0))); /* enabled */
    put(bytes, 86, d->apm_level ? 0x3408 : 0x3400);
    put(bytes, 91, d->apm_level); /* 8.15.54 */
    put(bytes, 87, 0x4003);
}

void ata_identify(const struct ata_drive *d, uint8_t *bytes)
{
    uint64_t total = ata_reachable(d);
    unsigned drive = d == &d->channel->drives[1];
    memset(bytes, 0, SECTOR_BYTES);
    put(bytes, 0, 0x0040); /* not removable */
    put(bytes, 1, (uint16_t)reachable_cylinders(d, &d->geometry));
    put(bytes, 2, 0xC837); /* it spins by itself, and this answer is complete */
    put(bytes, 3, d->geometry.heads);
    /* ATA-1 8.10: bytes of a track and of a sector. Retired by ATA-6, but drives went on to have them, and the BIOS
     * of Bochs reads sectors as long as word 5 says. */
    put(bytes, 4, (uint16_t)(d->geometry.sectors * SECTOR_BYTES));
    put(bytes, 5, SECTOR_BYTES);
    put(bytes, 6, d->geometry.sectors);
    put_text(bytes, 10, 10, d->serial);
    put_text(bytes, 23, 4, "1.0");
    put_text(bytes, 27, 20, d->model);
    put(bytes, 47, 0x8000 | ATA_MULTIPLE_MAX);
    put(bytes, 48, 0x0001); /* double word transfers (ATA-2) */
    put(bytes, 49, 0x0B00); /* IORDY, LBA, DMA */
    put(bytes, 50, 0x4000);
    put(bytes, 51, 0x0200); /* PIO mode 2 timing */
    put(bytes, 53, 0x0007); /* words 54-58, 64-70 and 88 are valid */
    put_current(d, bytes);
    put(bytes, 59, (uint16_t)(d->multiple ? 0x0100 | d->multiple : 0));
    store_le32(bytes + 120, (uint32_t)(total < LBA28_SECTORS_MAX ? total : LBA28_SECTORS_MAX));
    put(bytes, 63, dma_modes(d, ATA_MODE_MULTIWORD));
    put(bytes, 64, 0x0003); /* PIO modes 3 and 4 */
    put(bytes, 65, 120);    /* cycle times in nanoseconds: multiword DMA, PIO */
    put(bytes, 66, 120);
    put(bytes, 67, 120);
    put(bytes, 68, 120);
    put_features(d, bytes);
    put(bytes, 88, dma_modes(d, ATA_MODE_ULTRA));
    put(bytes, 93, drive ? 0x4B00 : 0x400B); /* reset result: jumpers, diagnostics passed */
    store_le64(bytes + 200, total);
    bytes[510] = 0xA5;
    ata_put_checksum(bytes);
}

/* IDENTIFY PACKET DEVICE (8.16). */
void ata_identify_packet(const struct ata_drive *d, uint8_t *bytes)
{
    memset(bytes, 0, SECTOR_BYTES);
    put(bytes, 0, 0x85C0); /* packets of 12 bytes, CD-ROM, removable, DRQ within 50 microseconds */
    put_text(bytes, 10, 10, d->serial);
    put_text(bytes, 23, 4, "1.0");
    put_text(bytes, 27, 20, d->model);
    put(bytes, 49, 0x0B00); /* IORDY, LBA, DMA */
    put(bytes, 53, 0x0006); /* words 64-70 and 88 are valid */
    put(bytes, 63, dma_modes(d, ATA_MODE_MULTIWORD));
    put(bytes, 64, 0x0003); /* PIO modes 3 and 4 */
    for (unsigned word = 65; word <= 68; word++)
        put(bytes, word, 120); /* cycle times in nanoseconds */
    put(bytes, 80, 0x0070);    /* ATA/ATAPI-4 to -6 */
    put(bytes, 82, 0x4218);    /* NOP, DEVICE RESET, PACKET, power management */
    put(bytes, 83, 0x4000);
    put(bytes, 84, 0x4000);
    put(bytes, 85, 0x4218);
    put(bytes, 87, 0x4000);
    put(bytes, 88, dma_modes(d, ATA_MODE_ULTRA));
    put(bytes, 93, d == &d->channel->drives[1] ? 0x4B00 : 0x400B);
    bytes[510] = 0xA5;
    ata_put_checksum(bytes);
}
