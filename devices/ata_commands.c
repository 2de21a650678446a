/* What the commands of an ATA disk do. ATA/ATAPI-6 (d1410r3b) chapter 8, with the obsolete commands
 * of ATA-3 (X3T10/2008D).
 *
 * Head and sector of an address are judged here, by the current translation; the cylinder, or the
 * LBA, by the back-end alone. ata_transfer.c moves the data; ata_settings.c and ata_smart.c have the
 * commands about the disk itself. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/status.h"
#include "devices/ata_internal.h"

/* --- addresses ------------------------------------------------------------------------------- */

uint32_t ata_sectors_asked(const struct ata_drive *d, bool is_ext)
{
    uint32_t count = is_ext ? (uint32_t)d->count[1] << 8 | d->count[0] : d->count[0];
    return count ? count : is_ext ? 0x10000 : 0x100;
}

static uint64_t lba_of(const struct ata_drive *d, bool is_ext)
{
    uint64_t lba = (uint64_t)d->high[0] << 16 | (uint64_t)d->middle[0] << 8 | d->low[0];
    if (is_ext)
        return lba | (uint64_t)d->high[1] << 40 | (uint64_t)d->middle[1] << 32 |
               (uint64_t)d->low[1] << 24;
    return lba | (uint64_t)(d->device & ATA_DEVICE_HEAD) << 24;
}

void ata_address_text(const struct ata_drive *d, bool is_ext, char *text, size_t size)
{
    if (is_ext || (d->device & ATA_DEVICE_LBA))
        snprintf(text, size, "LBA %llu", (unsigned long long)lba_of(d, is_ext));
    else
        snprintf(text, size, "C/H/S %u/%u/%u", (unsigned)d->high[0] << 8 | (unsigned)d->middle[0],
                 (unsigned)d->device & ATA_DEVICE_HEAD, d->low[0]);
}

struct block_geometry ata_translation(const struct ata_drive *d)
{
    struct block_geometry g = {d->cylinders, d->heads, d->sectors, d->geometry.total};
    return g;
}

/* Takes the address from the registers; false (and a failure) when the drive itself refuses it. */
bool ata_is_seek(uint8_t code)
{
    return (code & 0xF0) == 0x70;
}

static bool sector_asked(const struct ata_drive *d, bool is_ext, uint64_t *lba)
{
    struct block_geometry g = ata_translation(d);
    struct block_address at = {.is_chs = true,
                               .cylinder = (uint32_t)d->high[0] << 8 | d->middle[0],
                               .head = d->device & ATA_DEVICE_HEAD,
                               .sector = d->low[0]};
    if (!(d->device & ATA_DEVICE_LBA))
        return !is_ext && block_chs_to_lba(&g, &at, lba);
    *lba = lba_of(d, is_ext);
    return true;
}

/* "; arm from cylinder 0 to 12: 5424 us; sector 9 passes, 7142 us to sector 1; 1058 us of data" */
void ata_mechanics_text(const struct ata_drive *d, const struct ata_command *command, char *text,
                        size_t size)
{
    const struct block_geometry *g = &d->geometry;
    bool is_seek = command->addressing == ATA_ONE_SECTOR;
    uint32_t sectors = is_seek ? 0 : ata_sectors_asked(d, command->is_ext);
    struct disk_mechanics plan;
    struct block_address first;
    uint64_t lba;
    size_t used = 0;
    text[0] = '\0';
    if (command->addressing != ATA_SECTORS && !is_seek)
        return;
    if (!sector_asked(d, command->is_ext, &lba) || lba >= g->total)
        return;
    first = block_lba_to_chs(g, lba);
    plan = disk_mechanics_plan(&d->mechanics, g, lba, sectors,
                               clock_ns(d->channel->device.env->clock));
    text_append(text, size, &used, "; %sarm from cylinder %u to %u: %llu us",
                d->mechanics.is_stopped ? "4 s until it spins; " : "", d->mechanics.cylinder,
                first.cylinder, (unsigned long long)plan.seek_ns / 1000);
    if (!is_seek)
        text_append(text, size, &used, "; sector %u passes, %llu us to sector %u; %llu us of data",
                    plan.sector_below_head, (unsigned long long)plan.rotation_ns / 1000,
                    first.sector, (unsigned long long)plan.transfer_ns / 1000);
}

bool ata_take_address(struct ata_drive *d, const struct ata_command *command)
{
    d->is_lba = (d->device & ATA_DEVICE_LBA) != 0;
    d->is_media = true;
    d->remaining = command->addressing == ATA_SECTORS ? ata_sectors_asked(d, command->is_ext) : 1;
    if (sector_asked(d, command->is_ext, &d->position))
        return true;
    ata_fail_later(d, command->is_ext ? ATA_ABRT : ATA_IDNF); /* 48-bit commands have LBA only (6.3) */
    return false;
}

/* The registers name a sector, and how many are left to do. */
void ata_put_address(struct ata_drive *d, uint64_t position, uint32_t remaining)
{
    const struct ata_command *command = ata_command_find(d, d->command);
    struct block_geometry g = ata_translation(d);
    bool is_ext = command && command->is_ext;
    if (d->is_lba) {
        d->low[0] = (uint8_t)position;
        d->middle[0] = (uint8_t)(position >> 8);
        d->high[0] = (uint8_t)(position >> 16);
        d->low[1] = (uint8_t)(is_ext ? position >> 24 : d->low[1]);
        d->middle[1] = (uint8_t)(is_ext ? position >> 32 : d->middle[1]);
        d->high[1] = (uint8_t)(is_ext ? position >> 40 : d->high[1]);
        if (!is_ext)
            d->device = (uint8_t)((d->device & 0xF0u) | (position >> 24 & 15));
    } else {
        struct block_address at = block_lba_to_chs(&g, position);
        d->low[0] = (uint8_t)at.sector;
        d->middle[0] = (uint8_t)at.cylinder;
        d->high[0] = (uint8_t)(at.cylinder >> 8);
        d->device = (uint8_t)((d->device & 0xF0u) | (at.head & 15u));
    }
    if (command && command->addressing == ATA_SECTORS) {
        d->count[0] = (uint8_t)remaining;
        if (is_ext)
            d->count[1] = (uint8_t)(remaining >> 8);
    }
}

/* --- commands -------------------------------------------------------------------------------- */

static void start_read(struct ata_drive *d, const struct ata_command *command)
{
    if (!ata_take_address(d, command))
        return;
    d->block_sectors = 1;
    ata_read_media(d);
}

static void start_read_multiple(struct ata_drive *d, const struct ata_command *command)
{
    if (d->multiple == 0) {
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    if (!ata_take_address(d, command))
        return;
    d->block_sectors = d->multiple;
    ata_read_media(d);
}

static void start_read_dma(struct ata_drive *d, const struct ata_command *command)
{
    d->is_dma = true;
    start_read(d, command);
}

static void start_write_blocks(struct ata_drive *d, const struct ata_command *command,
                               uint32_t block_sectors)
{
    if (!ata_take_address(d, command))
        return;
    if (d->block->is_read_only) {
        device_guest_error(&d->channel->device, "write to %s, which is read-only; fix: --overlay",
                           d->block->name);
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    d->block_sectors = block_sectors;
    ata_write_media(d);
}

static void start_write(struct ata_drive *d, const struct ata_command *command)
{
    start_write_blocks(d, command, 1);
}

static void start_write_multiple(struct ata_drive *d, const struct ata_command *command)
{
    if (d->multiple)
        start_write_blocks(d, command, d->multiple);
    else
        ata_fail_later(d, ATA_ABRT);
}

static void start_write_dma(struct ata_drive *d, const struct ata_command *command)
{
    d->is_dma = true;
    start_write_blocks(d, command, ATA_MULTIPLE_MAX);
}

static void start_verify(struct ata_drive *d, const struct ata_command *command)
{
    if (ata_take_address(d, command))
        ata_verify_media(d);
}

static void start_recalibrate(struct ata_drive *d, const struct ata_command *command)
{
    uint64_t seek_ns = d->is_realistic ? disk_seek_ns(d->mechanics.cylinder) : 0;
    (void)command;
    if (d->is_realistic && d->mechanics.is_stopped)
        seek_ns += DISK_SPIN_UP_NS;
    d->mechanics = (struct disk_mechanics){.seek_distance = d->mechanics.cylinder};
    d->mechanics.seek_ns = disk_seek_ns(d->mechanics.seek_distance);
    ata_later(d, ATA_THEN_DONE, d->channel->delay_ns + seek_ns);
}

static void start_flush(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    ata_flush_media(d);
}

static void start_identify(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    ata_identify(d, d->buffer);
    ata_show(d, SECTOR_BYTES);
}

static void start_diagnostics(struct ata_drive *d, const struct ata_command *command)
{
    struct ata *channel = d->channel;
    (void)command;
    channel->selected = 0;
    for (unsigned i = 0; i < 2; i++)
        if (channel->drives[i].is_there)
            ata_drive_signature(&channel->drives[i]);
    /* 9.12: device 0 answers for both. */
    if (channel->drives[0].is_there)
        ata_later(&channel->drives[0], ATA_THEN_DONE, channel->delay_ns);
}

static void start_nop(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    ata_fail_later(d, ATA_ABRT); /* 8.25: always */
}

static const struct ata_command COMMANDS[] = {
    {0x00, 0x00, "NOP", false, ATA_NO_ADDRESS, ATA_BOTH, start_nop},
    {0x08, 0x08, "DEVICE RESET", false, ATA_NO_ADDRESS, ATA_PACKET, atapi_start_reset},
    {0x10, 0x1F, "RECALIBRATE", false, ATA_NO_ADDRESS, ATA_DISK, start_recalibrate},
    {0x20, 0x21, "READ SECTORS", false, ATA_SECTORS, ATA_DISK, start_read},
    {0x24, 0x24, "READ SECTORS EXT", true, ATA_SECTORS, ATA_DISK, start_read},
    {0x25, 0x25, "READ DMA EXT", true, ATA_SECTORS, ATA_DISK, start_read_dma},
    {0x27, 0x27, "READ NATIVE MAX ADDRESS EXT", true, ATA_NO_ADDRESS, ATA_DISK, ata_start_read_native_max},
    {0x29, 0x29, "READ MULTIPLE EXT", true, ATA_SECTORS, ATA_DISK, start_read_multiple},
    {0x30, 0x31, "WRITE SECTORS", false, ATA_SECTORS, ATA_DISK, start_write},
    {0x34, 0x34, "WRITE SECTORS EXT", true, ATA_SECTORS, ATA_DISK, start_write},
    {0x35, 0x35, "WRITE DMA EXT", true, ATA_SECTORS, ATA_DISK, start_write_dma},
    {0x37, 0x37, "SET MAX ADDRESS EXT", true, ATA_LIMIT, ATA_DISK, ata_start_set_max},
    {0x39, 0x39, "WRITE MULTIPLE EXT", true, ATA_SECTORS, ATA_DISK, start_write_multiple},
    {0x3C, 0x3C, "WRITE VERIFY", false, ATA_SECTORS, ATA_DISK, start_write},
    {0x40, 0x41, "READ VERIFY SECTORS", false, ATA_SECTORS, ATA_DISK, start_verify},
    {0x42, 0x42, "READ VERIFY SECTORS EXT", true, ATA_SECTORS, ATA_DISK, start_verify},
    {0x70, 0x7F, "SEEK", false, ATA_ONE_SECTOR, ATA_DISK, start_verify},
    {0x90, 0x90, "EXECUTE DEVICE DIAGNOSTIC", false, ATA_NO_ADDRESS, ATA_BOTH, start_diagnostics},
    {0x91, 0x91, "INITIALIZE DEVICE PARAMETERS", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_translation},
    {0x94, 0x94, "STANDBY IMMEDIATE", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_standby},
    {0x95, 0x95, "IDLE IMMEDIATE", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_idle},
    {0x96, 0x96, "STANDBY", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_standby},
    {0x97, 0x97, "IDLE", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_idle},
    {0x98, 0x98, "CHECK POWER MODE", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_check_power},
    {0x99, 0x99, "SLEEP", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_sleep},
    {0xA0, 0xA0, "PACKET", false, ATA_NO_ADDRESS, ATA_PACKET, atapi_start_packet},
    {0xA1, 0xA1, "IDENTIFY PACKET DEVICE", false, ATA_NO_ADDRESS, ATA_PACKET, atapi_start_identify},
    {0xB0, 0xB0, "SMART", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_smart},
    {0xC4, 0xC4, "READ MULTIPLE", false, ATA_SECTORS, ATA_DISK, start_read_multiple},
    {0xC5, 0xC5, "WRITE MULTIPLE", false, ATA_SECTORS, ATA_DISK, start_write_multiple},
    {0xC6, 0xC6, "SET MULTIPLE MODE", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_set_multiple},
    {0xC8, 0xC9, "READ DMA", false, ATA_SECTORS, ATA_DISK, start_read_dma},
    {0xCA, 0xCB, "WRITE DMA", false, ATA_SECTORS, ATA_DISK, start_write_dma},
    {0xE0, 0xE0, "STANDBY IMMEDIATE", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_standby},
    {0xE1, 0xE1, "IDLE IMMEDIATE", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_idle},
    {0xE2, 0xE2, "STANDBY", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_standby},
    {0xE3, 0xE3, "IDLE", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_idle},
    {0xE5, 0xE5, "CHECK POWER MODE", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_check_power},
    {0xE6, 0xE6, "SLEEP", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_sleep},
    {0xE7, 0xE7, "FLUSH CACHE", false, ATA_NO_ADDRESS, ATA_DISK, start_flush},
    {0xEA, 0xEA, "FLUSH CACHE EXT", true, ATA_NO_ADDRESS, ATA_DISK, start_flush},
    {0xEC, 0xEC, "IDENTIFY DEVICE", false, ATA_NO_ADDRESS, ATA_DISK, start_identify},
    {0xEF, 0xEF, "SET FEATURES", false, ATA_NO_ADDRESS, ATA_BOTH, ata_start_set_features},
    {0xF8, 0xF8, "READ NATIVE MAX ADDRESS", false, ATA_NO_ADDRESS, ATA_DISK, ata_start_read_native_max},
    {0xF9, 0xF9, "SET MAX ADDRESS", false, ATA_LIMIT, ATA_DISK, ata_start_set_max},
};

const struct ata_command *ata_command_find(const struct ata_drive *d, uint8_t code)
{
    enum ata_obeys who = d->is_packet ? ATA_PACKET : ATA_DISK;
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if (code >= COMMANDS[i].code && code <= COMMANDS[i].last)
            return COMMANDS[i].who & who ? &COMMANDS[i] : NULL;
    return NULL;
}

void ata_command_start(struct ata_drive *d, uint8_t code)
{
    const struct ata_command *command = ata_command_find(d, code);
    d->previous = d->command;
    d->command = code;
    d->cause = door_cause(d->channel->device.env->door);
    ata_smart_note_command(d);
    d->error = 0;
    d->is_media = d->is_dma = false;
    d->result = BLOCK_OK;
    d->irq_pending = false;
    ata_update_irq(d->channel);
    if (!command) {
        /* 9.12: by this a driver that looks for disks finds out what it has. */
        if (d->is_packet && (code == 0x20 || code == 0xEC))
            ata_drive_signature(d);
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    if (command->addressing == ATA_SECTORS || command->addressing == ATA_ONE_SECTOR)
        d->power = ATA_ACTIVE;
    command->start(d, command);
}

/* --- the signature --------------------------------------------------------------------------- */

/* 9.12, table 55: what a drive shows after a reset or EXECUTE DEVICE DIAGNOSTIC. A packet device is
 * not ready for disk commands: DRDY stays clear until it has obeyed a command of its own. */
void ata_drive_signature(struct ata_drive *d)
{
    d->phase = ATA_IDLE;
    d->error = 0x01; /* diagnostics passed */
    d->count[0] = d->low[0] = 0x01;
    d->middle[0] = d->is_packet ? 0x14 : 0x00;
    d->high[0] = d->is_packet ? 0xEB : 0x00;
    d->device = 0;
    d->status = d->is_packet ? 0x00 : ATA_READY;
}
