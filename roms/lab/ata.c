/* ata.c: reads and writes sectors in three ways: polling, by interrupt, by blocks of sectors.
 *
 * Specification: ATA/ATAPI-4 (T13/1153D r18): §7.2 registers, §8.12 IDENTIFY DEVICE, §8.27 READ
 * MULTIPLE, §8.30 READ SECTOR(S), §8.39 SET MULTIPLE MODE, §8.48 WRITE SECTOR(S), §9.5 PIO data in,
 * §9.6 PIO data out, §9.2 software reset.
 *
 *   1F1 error/features   1F2 sector count   1F3 sector   1F4 cylinder low   1F5 cylinder high
 *   1F6 device/head: 1 LBA 1 DEV head       1F7 status/command              3F6 alternate/control
 *   status: BSY DRDY DF DSC DRQ CORR IDX ERR */
#include "lab/ata.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/pci.h"
#include "lab/pit.h"

enum { ATA_DATA = 0x1F0, ATA_ERROR = 0x1F1, ATA_COUNT = 0x1F2, ATA_SECTOR = 0x1F3,
       ATA_CYLINDER_LOW = 0x1F4, ATA_CYLINDER_HIGH = 0x1F5, ATA_DEVICE_HEAD = 0x1F6,
       ATA_STATUS = 0x1F7, ATA_COMMAND = 0x1F7, ATA_ALTERNATE = 0x3F6, ATA_CONTROL = 0x3F6 };

enum { STATUS_BSY = 0x80, STATUS_DF = 0x20, STATUS_DRQ = 0x08, STATUS_ERR = 0x01 };
enum { CONTROL_SRST = 0x04, CONTROL_NIEN = 0x02 };
enum { DEVICE_HEAD_OBSOLETE_BITS = 0xA0 };

enum { COMMAND_READ_SECTORS = 0x20, COMMAND_WRITE_SECTORS = 0x30, COMMAND_READ_MULTIPLE = 0xC4, COMMAND_READ_DMA = 0xC8,
       COMMAND_SET_MULTIPLE = 0xC6, COMMAND_IDENTIFY = 0xEC };

enum { ATA_LINE = 14, SECTOR_WORDS = ATA_SECTOR_BYTES / 2, TIMEOUT_TICKS = 500 };

/* At least this many readings of the alternate status register take 400 ns (ATA-4 §9.5: the status is
 * not valid before). */
enum { READS_FOR_400_NS = 4 };

/* SFF-8038i, 3: the primary channel's registers. */
enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4 };
enum { BM_START = 1, BM_READ = 8, BM_ACTIVE = 1, BM_ERROR = 2, BM_INTERRUPT = 4 };
static uint16_t bus_master;

static volatile bool drive_has_interrupted;
static volatile uint8_t status_at_interrupt;

/* Reading the status register is also what takes the interrupt request back (ATA-4 §7.15.4). */
static void on_interrupt(void)
{
    status_at_interrupt = io_in8(ATA_STATUS);
    drive_has_interrupted = true;
}

static void wait_400_ns(void)
{
    for (unsigned i = 0; i < READS_FOR_400_NS; i++)
        (void)io_in8(ATA_ALTERNATE);
}

/* Polls until BSY is clear; at most TIMEOUT_TICKS. Returns the last status. */
static uint8_t wait_not_busy(void)
{
    uint32_t start = pit_ticks();
    uint8_t status;

    do
        status = io_in8(ATA_STATUS);
    while ((status & STATUS_BSY) && pit_ticks() - start < TIMEOUT_TICKS);
    return status;
}

static struct ata_result result_of(uint8_t status)
{
    struct ata_result result = { true, status, 0 };

    if (status & (STATUS_BSY | STATUS_DF | STATUS_ERR)) {
        result.is_ok = false;
        result.error = io_in8(ATA_ERROR);
    }
    return result;
}

/* The same, where the drive must also want to move data. */
static struct ata_result result_with_data(uint8_t status)
{
    struct ata_result result = result_of(status);

    result.is_ok = result.is_ok && (status & STATUS_DRQ);
    return result;
}

static void set_interrupts(bool are_on)
{
    if (are_on) {
        drive_has_interrupted = false;
        interrupts_attach(ATA_LINE, on_interrupt);
        io_out8(ATA_CONTROL, 0);
    } else {
        io_out8(ATA_CONTROL, CONTROL_NIEN);
        interrupts_detach(ATA_LINE);
    }
}

static void send_command(struct ata_chs where, uint8_t sectors, uint8_t command)
{
    (void)wait_not_busy();
    io_out8(ATA_DEVICE_HEAD, (uint8_t)(DEVICE_HEAD_OBSOLETE_BITS | where.head));
    (void)wait_not_busy(); /* selecting a drive may take its time */
    io_out8(ATA_COUNT, sectors);
    io_out8(ATA_SECTOR, where.sector);
    io_out8(ATA_CYLINDER_LOW, (uint8_t)where.cylinder);
    io_out8(ATA_CYLINDER_HIGH, (uint8_t)(where.cylinder >> 8));
    io_out8(ATA_COMMAND, command);
    wait_400_ns();
}

bool ata_reset(void)
{
    uint8_t status;

    io_out8(ATA_CONTROL, CONTROL_SRST | CONTROL_NIEN);
    pit_sleep(1); /* at least 5 us */
    io_out8(ATA_CONTROL, CONTROL_NIEN);
    pit_sleep(1); /* at least 2 ms */
    io_out8(ATA_DEVICE_HEAD, DEVICE_HEAD_OBSOLETE_BITS); /* not every drive selects 0 by itself */
    status = wait_not_busy();
    /* Without a drive the bus floats (FFh) or is held down (00h or 7Fh). */
    return status != 0xFF && status != 0x7F && status != 0x00 && !(status & STATUS_BSY);
}

struct ata_result ata_identify(uint16_t words[ATA_IDENTIFY_WORDS])
{
    struct ata_result result;

    send_command((struct ata_chs){ 0, 0, 0 }, 0, COMMAND_IDENTIFY);
    result = result_with_data(wait_not_busy());
    if (result.is_ok)
        io_in16_block(ATA_DATA, words, ATA_IDENTIFY_WORDS);
    return result;
}

struct ata_result ata_read_polling(struct ata_chs from, void *to)
{
    struct ata_result result;

    send_command(from, 1, COMMAND_READ_SECTORS);
    result = result_with_data(wait_not_busy());
    if (result.is_ok)
        io_in16_block(ATA_DATA, to, SECTOR_WORDS);
    return result;
}

struct ata_result ata_read_interrupt(struct ata_chs from, void *to)
{
    struct ata_result result = { false, 0, 0 };

    set_interrupts(true);
    send_command(from, 1, COMMAND_READ_SECTORS);
    if (pit_wait_for(&drive_has_interrupted, TIMEOUT_TICKS)) {
        result = result_with_data(status_at_interrupt);
        if (result.is_ok)
            io_in16_block(ATA_DATA, to, SECTOR_WORDS);
    }
    set_interrupts(false);
    return result;
}

struct ata_result ata_set_multiple(uint8_t per_block)
{
    send_command((struct ata_chs){ 0, 0, 0 }, per_block, COMMAND_SET_MULTIPLE);
    return result_of(wait_not_busy());
}

struct ata_result ata_read_multiple(struct ata_chs from, uint8_t sectors, uint8_t per_block,
                                    void *to)
{
    struct ata_result result = { true, 0, 0 };
    uint8_t *at = to;

    send_command(from, sectors, COMMAND_READ_MULTIPLE);
    while (sectors > 0) {
        uint8_t block = sectors < per_block ? sectors : per_block;

        result = result_with_data(wait_not_busy());
        if (!result.is_ok)
            return result;
        io_in16_block(ATA_DATA, at, (uint32_t)block * SECTOR_WORDS);
        wait_400_ns();
        at += (uint32_t)block * ATA_SECTOR_BYTES;
        sectors = (uint8_t)(sectors - block);
    }
    return result;
}

struct ata_result ata_read_wide(struct ata_chs from, uint8_t sectors, void *to)
{
    struct ata_result result = { false, 0, 0 };

    drive_has_interrupted = false;
    send_command(from, sectors, COMMAND_READ_MULTIPLE);
    if (!pit_wait_for(&drive_has_interrupted, TIMEOUT_TICKS))
        return result;
    result = result_with_data(status_at_interrupt);
    if (result.is_ok)
        io_in32_block(ATA_DATA, to, (uint32_t)sectors * SECTOR_WORDS / 2);
    return result;
}

/* --- bus master DMA --------------------------------------------------------------------------------------- */

bool ata_dma_init(void)
{
    struct pci_place place;
    uint32_t base;

    if (!pci_find(PIIX3_IDE, &place))
        return false;
    base = pci_read32(place, PCI_BAR_0 + 4 * 4);
    if (!(base & 1) || (base & 0xFFF0) == 0)
        return false;
    bus_master = (uint16_t)(base & 0xFFF0);
    pci_write32(place, PCI_COMMAND, pci_read32(place, PCI_COMMAND) | PCI_COMMAND_PORTS | PCI_COMMAND_MASTER);
    set_interrupts(true);
    return true;
}

/* SFF-8038i, 3.1: table, direction, clear; the command; start. At the interrupt: status, stop, clear. */
struct ata_result ata_read_dma(struct ata_chs from, uint8_t sectors, void *to)
{
    static uint32_t table[2] __attribute__((aligned(8)));
    struct ata_result result = { false, 0, 0 };
    uint8_t status;

    table[0] = (uint32_t)(uintptr_t)to;
    table[1] = 0x80000000u | (uint32_t)sectors * ATA_SECTOR_BYTES;
    drive_has_interrupted = false;
    io_out32(bus_master + BM_TABLE, (uint32_t)(uintptr_t)table);
    io_out8(bus_master + BM_COMMAND, BM_READ);
    io_out8(bus_master + BM_STATUS, io_in8(bus_master + BM_STATUS) | BM_INTERRUPT | BM_ERROR);
    send_command(from, sectors, COMMAND_READ_DMA);
    io_out8(bus_master + BM_COMMAND, BM_READ | BM_START);
    if (!pit_wait_for(&drive_has_interrupted, TIMEOUT_TICKS))
        return result;
    status = io_in8(bus_master + BM_STATUS);
    io_out8(bus_master + BM_COMMAND, BM_READ);
    io_out8(bus_master + BM_STATUS, status);
    result = result_of(status_at_interrupt);
    result.is_ok = result.is_ok && !(status & (BM_ERROR | BM_ACTIVE));
    return result;
}

struct ata_result ata_write_polling(struct ata_chs where, const void *from)
{
    struct ata_result result;

    send_command(where, 1, COMMAND_WRITE_SECTORS);
    result = result_with_data(wait_not_busy());
    if (!result.is_ok)
        return result;
    io_out16_block(ATA_DATA, from, SECTOR_WORDS);
    wait_400_ns();
    return result_of(wait_not_busy());
}
