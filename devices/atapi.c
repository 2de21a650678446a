/* A CD-ROM drive on an ATA channel: how its commands come as packets, and how they end.
 *
 * ATA/ATAPI-6 (T13 d1410r3b) 8.23 and 9.8; SFF-8020i revision 2.6 for the sense data. The registers
 * have other names meanwhile; a status below is what ends the command:
 *
 *   SECTOR COUNT    interrupt reason: 1 C/D (a packet, or its status), 2 I/O (to the host)
 *   CYLINDER        bytes: as many as the host wants at most, then as many as a DRQ block has
 *   ERROR           sense key << 4
 *
 *   A0h ── DRQ, reason 1 ── packet ── BSY ── DRQ, reason 2 ── data ── BSY ── reason 3, status
 *                                              /\                              /\
 *
 * By DMA the data go without a block and without its interrupt. The tray's disc is one of a pile:
 * what closes it puts the next in. MISSING: overlapped commands, audio, writing. */
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"

#define PACKET_CODE 0xA0
#define FEATURE_DMA 0x01u

enum reason { REASON_DATA_OUT = 0, REASON_DATA_IN = 2, REASON_PACKET = 1, REASON_STATUS = 3 };
enum attention { ATTENTION_MEDIUM_CHANGED = 0x28, ATTENTION_RESET = 0x29 };

bool atapi_is_active(const struct ata_drive *d)
{
    return d->is_packet && d->command == PACKET_CODE;
}

/* --- the disc -------------------------------------------------------------------------------- */

void atapi_disc_loaded(struct ata_drive *d)
{
    d->block = d->is_tray_open || d->disc >= ATA_DISCS ? NULL : d->cdrom.discs[d->disc];
}

uint32_t atapi_blocks(const struct ata_drive *d)
{
    struct block_geometry g;
    if (!d->block)
        return 0;
    d->block->ops->geometry(d->block, &g);
    return g.total / ATAPI_BLOCK_SECTORS < UINT32_MAX ? (uint32_t)(g.total / ATAPI_BLOCK_SECTORS)
                                                      : UINT32_MAX;
}

void atapi_open_tray(struct ata_drive *d)
{
    if (d->is_tray_open)
        return;
    if (d->block)
        d->media_event = ATAPI_MEDIA_REMOVAL;
    d->is_tray_open = true;
    atapi_disc_loaded(d);
}

void atapi_close_tray(struct ata_drive *d)
{
    if (!d->is_tray_open)
        return;
    d->disc++;
    if (d->disc >= ATA_DISCS || !d->cdrom.discs[d->disc])
        d->disc = 0;
    d->is_tray_open = false;
    atapi_disc_loaded(d);
    if (d->block) {
        d->media_event = ATAPI_NEW_MEDIA;
        d->attention = ATTENTION_MEDIUM_CHANGED;
    }
}

/* --- how a packet ends ----------------------------------------------------------------------- */

void atapi_ready(struct ata_drive *d)
{
    d->count[0] = REASON_STATUS;
}

void atapi_done(struct ata_drive *d)
{
    ata_done_later(d);
}

static void set_sense(struct ata_drive *d, uint8_t sense, uint8_t code, uint8_t qualifier)
{
    d->sense = sense;
    d->sense_code = code;
    d->sense_qualifier = qualifier;
}

void atapi_fail(struct ata_drive *d, uint8_t sense, uint8_t code, uint8_t qualifier)
{
    set_sense(d, sense, code, qualifier);
    ata_fail_later(d, (uint8_t)(sense << 4));
}

void atapi_media_error(struct ata_drive *d)
{
    set_sense(d, ATAPI_MEDIUM_ERROR, 0x11, 0x00); /* unrecovered read error */
    ata_finish_error(d, ATAPI_MEDIUM_ERROR << 4);
}

/* --- data ------------------------------------------------------------------------------------ */

/* 8.23: a block is even, but for the last; FFFFh means FFFEh. */
void atapi_show_block(struct ata_drive *d)
{
    uint32_t all = d->list_bytes ? d->list_bytes : d->filled;
    uint32_t bytes = all - d->at, limit = d->byte_limit & 0xFFFEu;
    if (bytes > limit)
        bytes = limit;
    d->count[0] = d->list_bytes ? REASON_DATA_OUT : REASON_DATA_IN;
    d->middle[0] = (uint8_t)bytes;
    d->high[0] = (uint8_t)(bytes >> 8);
    if (d->list_bytes)
        ata_ask_block(d, d->at + bytes);
    else
        ata_show_block(d, d->at + bytes);
}

/* By PIO a host that allows no byte, or just one, could never be given any: the command is aborted. */
static bool has_room(struct ata_drive *d)
{
    if (d->is_dma || d->byte_limit >= 2)
        return true;
    ata_fail_later(d, ATA_ABRT);
    return false;
}

void atapi_reply(struct ata_drive *d, uint32_t bytes, uint32_t room)
{
    if (bytes > room)
        bytes = room;
    if (bytes == 0)
        atapi_done(d);
    else if (has_room(d))
        ata_show(d, bytes);
}

void atapi_take_list(struct ata_drive *d, uint32_t bytes)
{
    if (bytes > ATA_BUFFER_BYTES) {
        atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x1A, 0x00); /* parameter list length error */
        return;
    }
    if (!has_room(d))
        return;
    d->list_bytes = (uint16_t)bytes;
    ata_later(d, d->is_dma ? ATA_THEN_DMA : ATA_THEN_DATA, d->channel->delay_ns);
}

void atapi_list_block_written(struct ata_drive *d)
{
    const struct atapi_command *command = atapi_command_find(d->packet[0]);
    if (d->at < d->list_bytes)
        ata_later(d, ATA_THEN_DATA, d->channel->delay_ns);
    else if (command && command->list_written) /* else a state made it up */
        command->list_written(d);
    else
        atapi_done(d);
}

bool atapi_check_range(struct ata_drive *d, uint64_t lba, uint64_t blocks)
{
    uint64_t total = atapi_blocks(d);
    if (lba < total && blocks <= total - lba)
        return true;
    atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x21, 0x00); /* logical block address out of range */
    return false;
}

void atapi_read(struct ata_drive *d, uint64_t lba, uint64_t blocks)
{
    if (!atapi_check_range(d, lba, blocks))
        return;
    if (blocks == 0) {
        atapi_done(d);
        return;
    }
    if (!has_room(d))
        return;
    d->is_media = d->is_lba = true;
    d->position = lba * ATAPI_BLOCK_SECTORS;
    d->remaining = (uint32_t)(blocks * ATAPI_BLOCK_SECTORS);
    ata_read_media(d);
}

/* --- commands -------------------------------------------------------------------------------- */

void atapi_start_packet(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    d->is_dma = d->feature[0] & FEATURE_DMA;
    d->byte_limit = (uint16_t)(d->high[0] << 8 | d->middle[0]);
    d->count[0] = REASON_PACKET;
    d->list_bytes = 0;
    d->at = 0;
    d->end = ATAPI_PACKET_BYTES;
    d->phase = ATA_DATA_OUT;
    d->status = ATA_DRDY | ATA_DRQ; /* within 50 microseconds, as word 0 of its identity says */
}

static void not_ready(struct ata_drive *d)
{
    atapi_fail(d, ATAPI_NOT_READY, 0x3A, d->is_tray_open ? 0x02 : 0x01);
}

/* SFF-8020i 10.8: what has happened to the drive is told first, by whatever can be told something. */
void atapi_packet_written(struct ata_drive *d)
{
    const struct atapi_command *command = atapi_command_find(d->buffer[0]);
    uint8_t attention = d->attention;
    memcpy(d->packet, d->buffer, ATAPI_PACKET_BYTES);
    d->at = d->end = d->filled = 0;
    if (attention && !(command && command->bears_attention)) {
        d->attention = 0;
        atapi_fail(d, ATAPI_UNIT_ATTENTION, attention, 0x00);
        return;
    }
    if (!command) {
        atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x20, 0x00); /* invalid command operation code */
        return;
    }
    if (command->needs_disc && !d->block) {
        not_ready(d);
        return;
    }
    if (d->packet[0] != 0x03) /* REQUEST SENSE tells of the command before it */
        set_sense(d, ATAPI_NO_SENSE, 0, 0);
    command->start(d);
}

void atapi_start_identify(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    ata_identify_packet(d, d->buffer);
    ata_show(d, SECTOR_BYTES);
}

/* 8.10: also out of the middle of a command; no interrupt. */
void atapi_start_reset(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    ata_drive_stop(d);
    d->is_asleep = false;
    ata_update_irq(d->channel);
    ata_drive_signature(d);
}

void atapi_power_on(struct ata_drive *d)
{
    d->disc = 0;
    d->is_tray_open = d->is_locked = false;
    d->media_event = ATAPI_NO_EVENT;
    d->attention = ATTENTION_RESET;
    set_sense(d, ATAPI_NO_SENSE, 0, 0);
    atapi_modes_reset(d);
    atapi_disc_loaded(d);
}
