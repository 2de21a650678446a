/* SMART: what a disk notes about itself. ATA/ATAPI-6 (d1410r3b) 8.55; the attributes, which it leaves
 * to vendors, are laid out as ATA-3 (X3T10/2008D) annex C and every disk since has them.
 *
 *   attribute   | id | flags | value | worst | raw, 6 bytes | 0 |     value at or below its threshold:
 *   threshold   | id | threshold | 0 ...                        |     RETURN STATUS says F4h 2Ch
 *
 * The values are counted, not made up: unreadable sectors, hours, sectors that went in and out.
 * Off-line collection and self-tests are in ata_self_test.c. MISSING: logs other than the directory, those of
 * errors but for the extended one, that of self-tests and the host's (aborted); nothing is kept over power-off. */
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"

#define KEY_MIDDLE 0x4F
#define KEY_HIGH 0xC2
#define FAILING_MIDDLE 0xF4
#define FAILING_HIGH 0x2C
#define ATTRIBUTE_BYTES 12u
#define ATTRIBUTES_AT 2u
#define HOUR_NS UINT64_C(3600000000000)
#define ERROR_BYTES 90u         /* of the log: five commands, then the error */
#define ERROR_COMMANDS 5u
#define SUMMARY_VERSION 1u

enum smart_log { LOG_DIRECTORY = 0, LOG_SUMMARY = 1, LOG_COMPREHENSIVE = 2, LOG_SELF_TEST = 6 };

/* --- attributes ------------------------------------------------------------------------------ */

static uint64_t read_errors(const struct ata_drive *d)
{
    return d->read_errors;
}
static uint64_t hours(const struct ata_drive *d)
{
    return clock_ns(d->channel->device.env->clock) / HOUR_NS;
}
uint16_t ata_smart_hours(const struct ata_drive *d)
{
    return (uint16_t)hours(d);
}
static uint64_t sectors_written(const struct ata_drive *d)
{
    return d->sectors_written;
}
static uint64_t sectors_read(const struct ata_drive *d)
{
    return d->sectors_read;
}

/* Flags: 1 its threshold foretells a failure, 2 is collected on-line, 10h counts events. */
static const struct attribute {
    uint8_t id;
    uint16_t flags;
    uint8_t threshold;
    bool falls; /* each event takes one from its value; else that stays 100 */
    uint64_t (*raw)(const struct ata_drive *d);
} ATTRIBUTES[] = {
    {1, 0x0013, 50, true, read_errors},      /* raw read error rate */
    {9, 0x0012, 0, false, hours},            /* power-on hours */
    {241, 0x0012, 0, false, sectors_written},
    {242, 0x0012, 0, false, sectors_read},
};

static uint8_t value_of(const struct attribute *a, const struct ata_drive *d)
{
    uint64_t lost = a->falls ? a->raw(d) : 0;
    return (uint8_t)(lost < 99 ? 100 - lost : 1);
}

static bool is_failing(const struct ata_drive *d)
{
    for (size_t i = 0; i < ARRAY_COUNT(ATTRIBUTES); i++)
        if (ATTRIBUTES[i].threshold && value_of(&ATTRIBUTES[i], d) <= ATTRIBUTES[i].threshold)
            return true;
    return false;
}

static void put_data(const struct ata_drive *d, uint8_t *bytes)
{
    store_le16(bytes, 0x0010); /* revision of the layout */
    for (size_t i = 0; i < ARRAY_COUNT(ATTRIBUTES); i++) {
        const struct attribute *a = &ATTRIBUTES[i];
        uint8_t *at = bytes + ATTRIBUTES_AT + i * ATTRIBUTE_BYTES;
        uint64_t raw = a->raw(d);
        at[0] = a->id;
        store_le16(at + 1, a->flags);
        at[3] = at[4] = value_of(a, d);
        store_le32(at + 5, (uint32_t)raw);
        store_le16(at + 9, (uint16_t)(raw >> 32));
    }
    store_le16(bytes + 368, 0x0003); /* saves before it saves power, and on its own */
    bytes[370] = 0x01;               /* errors are logged */
    ata_self_test_put_data(d, bytes);
}

static void put_thresholds(uint8_t *bytes)
{
    store_le16(bytes, 0x0010);
    for (size_t i = 0; i < ARRAY_COUNT(ATTRIBUTES); i++) {
        bytes[ATTRIBUTES_AT + i * ATTRIBUTE_BYTES] = ATTRIBUTES[i].id;
        bytes[ATTRIBUTES_AT + i * ATTRIBUTE_BYTES + 1] = ATTRIBUTES[i].threshold;
    }
}

/* A write that waits for room on the workstation is not done yet. */
void ata_smart_note_request(struct ata_drive *d)
{
    if (d->request_op == BLOCK_READ)
        d->sectors_read += d->done_sectors;
    if (d->request_op == BLOCK_WRITE && d->result != BLOCK_NO_SPACE)
        d->sectors_written += d->done_sectors;
}

/* --- the log of errors ----------------------------------------------------------------------- */

/* 8.55.6.8.2.3.1: the command's registers, as they were written, and when. */
void ata_smart_note_command(struct ata_drive *d)
{
    uint8_t *at = d->issued;
    at[0] = d->channel->control;
    at[1] = d->feature[0];
    at[2] = d->count[0];
    at[3] = d->low[0];
    at[4] = d->middle[0];
    at[5] = d->high[0];
    at[6] = d->device;
    at[7] = d->command;
    store_le32(at + 8, (uint32_t)(clock_ns(d->channel->device.env->clock) / 1000000));
}

/* 8.55.6.8.2.3.2: the registers as the command ended. */
void ata_smart_note_error(struct ata_drive *d)
{
    uint8_t *entry = d->error_log + d->errors % ATA_ERROR_LOG * ATA_ERROR_LOG_BYTES;
    uint8_t *at = entry + sizeof d->issued;
    if (d->result == BLOCK_READ_ERROR)
        d->read_errors++;
    memset(entry, 0, ATA_ERROR_LOG_BYTES);
    memcpy(entry, d->issued, sizeof d->issued);
    at[1] = d->error;
    at[2] = d->count[0];
    at[3] = d->low[0];
    at[4] = d->middle[0];
    at[5] = d->high[0];
    at[6] = d->device;
    at[7] = d->status;
    store_le16(at + 28, ata_smart_hours(d));
    d->errors++;
}

/* The comprehensive log's one sector has the summary's form (8.55.6.8.2, 8.55.6.8.3). */
static void put_errors(const struct ata_drive *d, uint8_t *bytes)
{
    uint32_t kept = d->errors < ATA_ERROR_LOG ? d->errors : ATA_ERROR_LOG;
    bytes[0] = SUMMARY_VERSION;
    bytes[1] = (uint8_t)(d->errors ? (d->errors - 1) % ATA_ERROR_LOG + 1 : 0);
    for (uint32_t i = 0; i < kept; i++) /* of its five commands the one that failed */
        memcpy(bytes + 2 + i * ERROR_BYTES + (ERROR_COMMANDS - 1) * sizeof d->issued,
               d->error_log + i * ATA_ERROR_LOG_BYTES, ATA_ERROR_LOG_BYTES);
    store_le16(bytes + 452, (uint16_t)(d->errors < 0xFFFF ? d->errors : 0xFFFF));
}

/* 8.55.6: one sector of the host's own, zero until it is written; NULL: no such log. */
static uint8_t *host_log(const struct ata_drive *d)
{
    if (d->low[0] < ATA_HOST_LOG || d->low[0] >= ATA_HOST_LOG + ATA_HOST_LOGS || d->count[0] != 1)
        return NULL;
    return d->host_logs + (d->low[0] - ATA_HOST_LOG) * SECTOR_BYTES;
}

static void put_directory(uint8_t *bytes)
{
    store_le16(bytes, 0x0001); /* version; then the sectors of each log */
    bytes[2 * LOG_SUMMARY] = bytes[2 * LOG_COMPREHENSIVE] = 1;
    bytes[2 * LOG_SELF_TEST] = 1;
    for (unsigned log = ATA_HOST_LOG; log < ATA_HOST_LOG + ATA_HOST_LOGS; log++)
        bytes[2 * log] = 1;
}

static bool put_log(const struct ata_drive *d, uint8_t *bytes)
{
    const uint8_t *own = host_log(d);
    if (d->count[0] != 1)
        return false;
    if (own)
        memcpy(bytes, own, SECTOR_BYTES);
    else if (d->low[0] == LOG_DIRECTORY)
        put_directory(bytes);
    else if (d->low[0] == LOG_SUMMARY || d->low[0] == LOG_COMPREHENSIVE)
        put_errors(d, bytes);
    else if (d->low[0] == LOG_SELF_TEST)
        ata_self_test_put_log(d, bytes);
    else
        return false;
    return true;
}

/* The registers can't be written between the command and its data: only a state can lack the log. */
void ata_smart_log_written(struct ata_drive *d)
{
    uint8_t *log = host_log(d);
    if (log)
        memcpy(log, d->buffer, SECTOR_BYTES);
    ata_done_later(d);
}

/* --- subcommands ----------------------------------------------------------------------------- */

enum smart_subcommand {
    SMART_READ_DATA = 0xD0, SMART_READ_THRESHOLDS = 0xD1, SMART_AUTOSAVE = 0xD2, SMART_SAVE = 0xD3,
    SMART_OFFLINE = 0xD4, SMART_READ_LOG = 0xD5, SMART_WRITE_LOG = 0xD6, SMART_ENABLE = 0xD8,
    SMART_DISABLE = 0xD9, SMART_RETURN_STATUS = 0xDA, SMART_AUTOMATIC = 0xDB
};

/* 512 bytes of answer, or false. The directory of logs and the host's own have no checksum. */
static bool answer(struct ata_drive *d, enum smart_subcommand subcommand)
{
    memset(d->buffer, 0, SECTOR_BYTES);
    if (subcommand == SMART_READ_DATA)
        put_data(d, d->buffer);
    else if (subcommand == SMART_READ_THRESHOLDS)
        put_thresholds(d->buffer);
    else if (!put_log(d, d->buffer))
        return false;
    if (subcommand != SMART_READ_LOG || (d->low[0] != LOG_DIRECTORY && d->low[0] < ATA_HOST_LOG))
        ata_put_checksum(d->buffer);
    return true;
}

static bool carry_out(struct ata_drive *d)
{
    switch (d->feature[0]) {
    case SMART_ENABLE: d->is_smart_enabled = true; return true;
    case SMART_DISABLE:
        ata_self_test_abort(d);
        d->is_smart_enabled = false;
        return true;
    case SMART_AUTOMATIC: return ata_self_test_set_automatic(d);
    case SMART_SAVE: return true;
    case SMART_AUTOSAVE: return d->count[0] == 0x00 || d->count[0] == 0xF1;
    case SMART_RETURN_STATUS:
        d->middle[0] = is_failing(d) ? FAILING_MIDDLE : KEY_MIDDLE;
        d->high[0] = is_failing(d) ? FAILING_HIGH : KEY_HIGH;
        return true;
    default: return false;
    }
}

/* Without the two keys, or while SMART is off, everything is refused; but ENABLE needs only the keys. */
void ata_start_smart(struct ata_drive *d, const struct ata_command *command)
{
    uint8_t subcommand = d->feature[0];
    bool is_read = subcommand == SMART_READ_DATA || subcommand == SMART_READ_THRESHOLDS ||
                   subcommand == SMART_READ_LOG;
    (void)command;
    if (d->middle[0] != KEY_MIDDLE || d->high[0] != KEY_HIGH ||
        (!d->is_smart_enabled && subcommand != SMART_ENABLE))
        ata_fail_later(d, ATA_ABRT);
    else if (is_read && answer(d, (enum smart_subcommand)subcommand))
        ata_show(d, SECTOR_BYTES);
    else if (subcommand == SMART_WRITE_LOG && host_log(d))
        ata_take(d, SECTOR_BYTES);
    else if (subcommand == SMART_OFFLINE && ata_self_test_start(d))
        return;
    else if (!is_read && carry_out(d))
        ata_done_later(d);
    else
        ata_fail_later(d, ATA_ABRT);
}
