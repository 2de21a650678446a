/* What the packets of a CD-ROM drive ask for, and the answers.
 *
 * SFF-8020i revision 2.6 (ATAPI for CD-ROM) chapter 10; MMC-2 (T10/1228-D, 1999) for READ CD, the raw
 * table of contents and the events. All numbers are big endian. A disc has one session with one data
 * track of 2,048-byte blocks. MISSING: audio, raw
 * sectors, GET CONFIGURATION; speed, retries (kept and told) and motor. */
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"

#define BLOCK_BYTES 2048u
#define LEAD_OUT 0xAAu
#define DATA_TRACK 0x14u  /* ADR 1: Q is a position; control 4: a data track */
#define MSF_OFFSET 150u   /* block 0 is at 00:02:00 */
#define BLOCKS_A_SECOND 75u
#define SPEED_KB 4234u    /* 24 times 176.4 kB a second: told, not kept to */
#define SPEED_MIN_KB 176u
#define ERROR_PAGE 0x01u
#define CAPABILITIES_PAGE 0x2Au
#define MODE_HEADER_BYTES 8u

static void refuse_field(struct ata_drive *d)
{
    atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x24, 0x00); /* invalid field in the packet */
}

/* An empty answer of `bytes` bytes in the drive's buffer. */
static uint8_t *answer(struct ata_drive *d, size_t bytes)
{
    return memset(d->buffer, 0, bytes);
}

/* --- the drive ------------------------------------------------------------------------------- */

static void test_unit_ready(struct ata_drive *d)
{
    atapi_done(d);
}

static void request_sense(struct ata_drive *d)
{
    uint8_t *to = answer(d, 18);
    to[0] = 0x70;
    to[2] = d->sense;
    to[7] = 10; /* bytes that follow */
    to[12] = d->sense_code;
    to[13] = d->sense_qualifier;
    if (d->sense == ATAPI_NO_SENSE && d->attention) {
        to[2] = ATAPI_UNIT_ATTENTION;
        to[12] = d->attention;
        d->attention = 0;
    }
    d->sense = d->sense_code = d->sense_qualifier = 0;
    atapi_reply(d, 18, d->packet[4]);
}

static void put_padded(uint8_t *to, size_t width, const char *text)
{
    size_t length = strlen(text);
    memset(to, ' ', width);
    memcpy(to, text, length < width ? length : width);
}

static void inquiry(struct ata_drive *d)
{
    uint8_t *to = answer(d, 36);
    if (d->packet[1] & 1 || d->packet[2]) { /* vital product data */
        refuse_field(d);
        return;
    }
    to[0] = 0x05;      /* CD-ROM */
    to[1] = 0x80;      /* removable */
    to[3] = 0x21;      /* ATAPI */
    to[4] = 36 - 5;    /* bytes that follow */
    put_padded(to + 8, 8, "VITRINE");
    put_padded(to + 16, 16, "CD-ROM");
    put_padded(to + 32, 4, "1.0");
    atapi_reply(d, 36, d->packet[4]);
}

/* Start: byte 4 bit 0; load or eject: bit 1. */
static void start_stop_unit(struct ata_drive *d)
{
    switch (d->packet[4] & 3) {
    case 2:
        if (d->is_locked) {
            atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x53, 0x02); /* medium removal is prevented */
            return;
        }
        atapi_open_tray(d);
        break;
    case 3: atapi_close_tray(d); break;
    default: break; /* the motor has no model */
    }
    atapi_done(d);
}

static void prevent_allow(struct ata_drive *d)
{
    d->is_locked = d->packet[4] & 1;
    atapi_done(d);
}

/* SFF-8020i 10.8.17: what the drive can do of it; FFFFh: the highest. */
static void set_cd_speed(struct ata_drive *d)
{
    uint16_t asked = load_be16(d->packet + 2);
    d->speed_kb = asked > SPEED_KB ? SPEED_KB : asked < SPEED_MIN_KB ? SPEED_MIN_KB : asked;
    atapi_done(d);
}

/* --- mode pages ------------------------------------------------------------------------------ */

enum values { VALUES_CURRENT, VALUES_CHANGEABLE, VALUES_DEFAULT, VALUES_SAVED };
enum { RETRIES_DEFAULT = 1, SPEED_DEFAULT = SPEED_KB };

void atapi_modes_reset(struct ata_drive *d)
{
    d->error_recovery = 0;
    d->retries = RETRIES_DEFAULT;
    d->speed_kb = SPEED_DEFAULT;
}

static size_t put_error_page(const struct ata_drive *d, enum values values, uint8_t *to)
{
    memset(to, 0, 8);
    to[0] = ERROR_PAGE;
    to[1] = 6;
    if (values == VALUES_CHANGEABLE) {
        to[2] = to[3] = 0xFF;
    } else if (values == VALUES_DEFAULT) {
        to[3] = RETRIES_DEFAULT;
    } else {
        to[2] = d->error_recovery;
        to[3] = d->retries;
    }
    return 8;
}

/* SFF-8020i 10.8.6.4: what the drive can do. */
static size_t put_capabilities_page(const struct ata_drive *d, enum values values, uint8_t *to)
{
    memset(to, 0, 20);
    to[0] = CAPABILITIES_PAGE;
    to[1] = 18;
    if (values == VALUES_CHANGEABLE)
        return 20; /* none of it: SET CD SPEED changes the speed */
    to[4] = 0x70; /* several sessions, mode 2 forms 1 and 2 */
    to[6] = (uint8_t)(0x29 | (d->is_locked ? 2 : 0)); /* a tray; it ejects, and can be locked */
    store_be16(to + 8, SPEED_KB);
    store_be16(to + 12, ATA_BUFFER_BYTES / 1024);
    store_be16(to + 14, values == VALUES_DEFAULT ? SPEED_DEFAULT : d->speed_kb);
    return 20;
}

static uint8_t medium_type(const struct ata_drive *d)
{
    if (d->is_tray_open)
        return 0x71;
    return d->block ? 0x01 : 0x70; /* 120 mm, data only; no disc */
}

static void mode_sense(struct ata_drive *d)
{
    uint8_t page = d->packet[2] & 0x3F;
    enum values values = (enum values)(d->packet[2] >> 6);
    uint8_t *to = answer(d, 64);
    size_t used = MODE_HEADER_BYTES;
    if (values == VALUES_SAVED) {
        atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x39, 0x00); /* no values are saved */
        return;
    }
    if (page == ERROR_PAGE || page == 0x3F)
        used += put_error_page(d, values, to + used);
    if (page == CAPABILITIES_PAGE || page == 0x3F)
        used += put_capabilities_page(d, values, to + used);
    if (used == MODE_HEADER_BYTES) {
        refuse_field(d);
        return;
    }
    store_be16(to, (uint16_t)(used - 2));
    to[2] = medium_type(d);
    atapi_reply(d, (uint32_t)used, load_be16(d->packet + 7));
}

/* SFF-8020i 10.8.7. Bit 4 of byte 1: pages of the standard's form; bit 0: to be saved. */
static void mode_select(struct ata_drive *d)
{
    uint16_t bytes = load_be16(d->packet + 7);
    if ((d->packet[1] & 0x11) != 0x10)
        refuse_field(d);
    else if (bytes == 0)
        atapi_done(d);
    else
        atapi_take_list(d, bytes);
}

static bool is_error_page(const uint8_t *page, size_t left)
{
    return left >= 8 && (page[0] & 0x3F) == ERROR_PAGE && page[1] == 6 &&
           !(page[4] | page[5] | page[6] | page[7]);
}

/* All pages are judged before the first is taken. What can't be changed must be as it is. */
static void mode_list_written(struct ata_drive *d)
{
    const uint8_t *list = d->buffer;
    size_t bytes = d->list_bytes, at;
    uint8_t current[20];
    if (bytes < MODE_HEADER_BYTES) {
        atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x1A, 0x00); /* parameter list length error */
        return;
    }
    put_capabilities_page(d, VALUES_CURRENT, current);
    for (at = MODE_HEADER_BYTES; at < bytes; at += list[at + 1] + 2u) {
        bool is_same = bytes - at >= sizeof current && !memcmp(list + at, current, sizeof current);
        if (!is_same && !is_error_page(list + at, bytes - at)) {
            atapi_fail(d, ATAPI_ILLEGAL_REQUEST, 0x26, 0x00); /* invalid field in the list */
            return;
        }
    }
    for (at = MODE_HEADER_BYTES; at < bytes; at += list[at + 1] + 2u)
        if (is_error_page(list + at, bytes - at)) {
            d->error_recovery = list[at + 2];
            d->retries = list[at + 3];
        }
    atapi_done(d);
}

/* SFF-8020i 10.8.5: no changer, and idle. */
static void mechanism_status(struct ata_drive *d)
{
    uint8_t *to = answer(d, 8);
    to[1] = d->is_tray_open ? 0x10 : 0;
    atapi_reply(d, 8, load_be16(d->packet + 8));
}

/* MMC-2 5.1.4: asked, not waited for; of the classes only the medium's is there. */
static void get_event_status(struct ata_drive *d)
{
    uint8_t *to = answer(d, 8);
    bool is_media = d->packet[4] & 0x10;
    if (!(d->packet[1] & 1)) {
        refuse_field(d);
        return;
    }
    store_be16(to, is_media ? 6 : 2);
    to[2] = is_media ? 4 : 0x80;
    to[3] = 0x10;
    if (is_media) {
        to[4] = d->media_event;
        to[5] = (uint8_t)((d->is_tray_open ? 1 : 0) | (d->block ? 2 : 0));
        d->media_event = ATAPI_NO_EVENT;
    }
    atapi_reply(d, is_media ? 8 : 4, load_be16(d->packet + 7));
}

/* --- the disc -------------------------------------------------------------------------------- */

static void read_capacity(struct ata_drive *d)
{
    uint8_t *to = answer(d, 8);
    store_be32(to, atapi_blocks(d) - 1);
    store_be32(to + 4, BLOCK_BYTES);
    atapi_reply(d, 8, 8);
}

static void read_10(struct ata_drive *d)
{
    atapi_read(d, load_be32(d->packet + 2), load_be16(d->packet + 7));
}

static void read_12(struct ata_drive *d)
{
    atapi_read(d, load_be32(d->packet + 2), load_be32(d->packet + 6));
}

static void seek(struct ata_drive *d)
{
    if (atapi_check_range(d, load_be32(d->packet + 2), 1))
        atapi_done(d);
}

/* MMC-2 5.1.12. Sector type: any, mode 1, or mode 2 form 1; of a sector its user data, or nothing. */
static void read_cd(struct ata_drive *d)
{
    uint32_t type = d->packet[1] >> 2 & 7, blocks = (uint32_t)load_be16(d->packet + 6) << 8 | d->packet[8];
    uint8_t parts = d->packet[9] & 0xF8;
    if ((type != 0 && type != 2 && type != 4) || (parts != 0x00 && parts != 0x10) ||
        (d->packet[9] & 7) || (d->packet[10] & 7)) {
        refuse_field(d);
        return;
    }
    if (parts)
        atapi_read(d, load_be32(d->packet + 2), blocks);
    else if (atapi_check_range(d, load_be32(d->packet + 2), blocks))
        atapi_done(d);
}

/* MMC-2: complete, of one session with one track; no lead-in or lead-out could follow. */
static void read_disc_information(struct ata_drive *d)
{
    uint8_t *to = answer(d, 34);
    store_be16(to, 32);
    to[2] = 0x0E; /* the disc and its last session are complete */
    to[3] = to[4] = to[5] = to[6] = 1;
    to[7] = 0x20; /* use is not restricted */
    store_be32(to + 16, 0xFFFFFFFF);
    store_be32(to + 20, 0xFFFFFFFF);
    atapi_reply(d, 34, load_be16(d->packet + 7));
}

/* --- table of contents ----------------------------------------------------------------------- */

static void put_msf(uint8_t *to, uint32_t block)
{
    uint32_t frames = block + MSF_OFFSET;
    to[0] = (uint8_t)(frames / (60 * BLOCKS_A_SECOND));
    to[1] = (uint8_t)(frames / BLOCKS_A_SECOND % 60);
    to[2] = (uint8_t)(frames % BLOCKS_A_SECOND);
}

static void put_address(uint8_t *to, uint32_t block, bool is_msf)
{
    if (is_msf)
        put_msf(to + 1, block);
    else
        store_be32(to, block);
}

/* A descriptor of formats 0 and 1. */
static void put_track(uint8_t *to, uint32_t track, uint32_t block, bool is_msf)
{
    to[1] = DATA_TRACK;
    to[2] = (uint8_t)track;
    put_address(to + 4, block, is_msf);
}

/* SFF-8020i 10.8.12. */
static void read_header(struct ata_drive *d)
{
    uint32_t lba = load_be32(d->packet + 2);
    uint8_t *to = answer(d, 8);
    if (!atapi_check_range(d, lba, 1))
        return;
    to[0] = 1; /* mode 1 */
    put_address(to + 4, lba, d->packet[1] & 2);
    atapi_reply(d, 8, load_be16(d->packet + 7));
}

static size_t put_tracks(const struct ata_drive *d, uint8_t *to, uint32_t first, bool is_msf)
{
    size_t used = 4;
    if (first <= 1) {
        put_track(to + used, 1, 0, is_msf);
        used += 8;
    }
    put_track(to + used, LEAD_OUT, atapi_blocks(d), is_msf);
    return used + 8;
}

/* Format 2: the Q sub-channel of the lead-in. A0h and A1h name first and last track, A2h the end. */
static size_t put_raw(const struct ata_drive *d, uint8_t *to)
{
    static const uint8_t POINTS[] = {0xA0, 0xA1, 0xA2, 0x01};
    uint8_t *at = to + 4;
    for (size_t i = 0; i < ARRAY_COUNT(POINTS); i++, at += 11) {
        at[0] = 1; /* session */
        at[1] = DATA_TRACK;
        at[3] = POINTS[i];
        if (POINTS[i] == 0xA2)
            put_msf(at + 8, atapi_blocks(d));
        else if (POINTS[i] == 0x01)
            put_msf(at + 8, 0);
        else
            at[8] = 1;
    }
    return (size_t)(at - to);
}

static void read_toc(struct ata_drive *d)
{
    bool is_msf = d->packet[1] & 2;
    uint32_t format = d->packet[2] & 15, first = d->packet[6];
    uint8_t *to = answer(d, 64);
    size_t used = 12;
    if (format == 0)
        format = d->packet[9] >> 6; /* where SFF-8020i has it */
    if (format > 2 || (format == 0 && first > 1 && first != LEAD_OUT)) {
        refuse_field(d);
        return;
    }
    if (format == 0)
        used = put_tracks(d, to, first, is_msf);
    else if (format == 1)
        put_track(to + 4, 1, 0, is_msf);
    else
        used = put_raw(d, to);
    store_be16(to, (uint16_t)(used - 2));
    to[2] = to[3] = 1; /* first and last track, or session */
    atapi_reply(d, (uint32_t)used, load_be16(d->packet + 7));
}

/* --- the Q sub-channel ----------------------------------------------------------------------- */

#define NO_AUDIO 0x15u /* there is no status of playing to tell */
enum { Q_POSITION = 1, Q_CATALOGUE = 2, Q_TRACK_CODE = 3 };

/* Where the laser is: the block behind the last that was read. */
static uint32_t laser_block(const struct ata_drive *d)
{
    uint64_t at = d->position / ATAPI_BLOCK_SECTORS;
    return at < atapi_blocks(d) ? (uint32_t)at : atapi_blocks(d) - 1;
}

/* SFF-8020i 10.8.14. The disc has neither a catalogue number nor codes of tracks (MCVAL, TCVAL 0). */
static void read_sub_channel(struct ata_drive *d)
{
    bool is_msf = d->packet[1] & 2, wants_q = d->packet[2] & 0x40;
    uint8_t format = d->packet[3], *to = answer(d, 24);
    uint32_t used = 4;
    if (wants_q && (format < Q_POSITION || format > Q_TRACK_CODE ||
                    (format == Q_TRACK_CODE && d->packet[6] != 1))) {
        refuse_field(d);
        return;
    }
    to[1] = NO_AUDIO;
    if (wants_q) {
        used = format == Q_POSITION ? 16 : 24;
        to[4] = format;
        to[5] = format == Q_CATALOGUE ? 0 : DATA_TRACK;
        to[6] = format == Q_CATALOGUE ? 0 : 1; /* track, and its index */
        to[7] = format == Q_POSITION;
    }
    if (wants_q && format == Q_POSITION) {
        put_address(to + 8, laser_block(d), is_msf);
        put_address(to + 12, laser_block(d), false);
        if (is_msf) { /* within the track, without the two seconds before the disc's first block */
            to[12] = 0;
            put_msf(to + 13, laser_block(d) - MSF_OFFSET);
        }
    }
    store_be16(to + 2, (uint16_t)(used - 4));
    atapi_reply(d, used, load_be16(d->packet + 7));
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct atapi_command COMMANDS[] = {
    {0x00, "TEST UNIT READY", true, false, test_unit_ready, NULL},
    {0x03, "REQUEST SENSE", false, true, request_sense, NULL},
    {0x12, "INQUIRY", false, true, inquiry, NULL},
    {0x1B, "START STOP UNIT", false, false, start_stop_unit, NULL},
    {0x1E, "PREVENT ALLOW MEDIUM REMOVAL", false, false, prevent_allow, NULL},
    {0x25, "READ CAPACITY", true, false, read_capacity, NULL},
    {0x28, "READ(10)", true, false, read_10, NULL},
    {0x2B, "SEEK", true, false, seek, NULL},
    {0x42, "READ SUB-CHANNEL", true, false, read_sub_channel, NULL},
    {0x43, "READ TOC", true, false, read_toc, NULL},
    {0x44, "READ HEADER", true, false, read_header, NULL},
    {0x4A, "GET EVENT STATUS NOTIFICATION", false, true, get_event_status, NULL},
    {0x51, "READ DISC INFORMATION", true, false, read_disc_information, NULL},
    {0x55, "MODE SELECT", false, false, mode_select, mode_list_written},
    {0x5A, "MODE SENSE", false, false, mode_sense, NULL},
    {0xA8, "READ(12)", true, false, read_12, NULL},
    {0xBB, "SET CD SPEED", false, false, set_cd_speed, NULL},
    {0xBD, "MECHANISM STATUS", false, false, mechanism_status, NULL},
    {0xBE, "READ CD", true, false, read_cd, NULL},
};

const struct atapi_command *atapi_command_find(uint8_t code)
{
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if (COMMANDS[i].code == code)
            return &COMMANDS[i];
    return NULL;
}
