/* What a disk does to itself off-line: self-tests and the collection of data.
 *
 * ATA/ATAPI-6 (d1410r3b) 8.55.4 (EXECUTE OFF-LINE IMMEDIATE), 8.55.5 (the status bytes of its data),
 * 8.55.6 (the self-test log); "in progress" of off-line collection is ATA/ATAPI-7's code.
 *
 *   subcommand, SECTOR NUMBER   sectors that are verified
 *     0 off-line collection     all; those that can't be read are counted, and it goes on
 *     1 short self-test         16 at each of 60 places, a second apart
 *     2 extended self-test      all; the first that can't be read ends it
 *   7Fh ends what goes on; bit 7 is captive mode: BSY until the end.
 *
 * Not captive, it goes on between the host's commands. Clock: a step is two turns of the platters
 * (short: a second), with realistic mechanics what arm and platters need besides. Each step is one
 * request of the drive's own. MISSING: selective and conveyance self-tests. */
#include <string.h>

#include "base/bits.h"
#include "devices/ata_internal.h"

#define KEY_MIDDLE     0x4F
#define KEY_HIGH       0xC2
#define FAILING_MIDDLE 0xF4
#define FAILING_HIGH   0x2C
#define CAPTIVE        0x80u
#define STEP_NS        (2 * DISK_ROTATION_NS)
#define SHORT_STEPS    60u
#define SHORT_STEP_NS  UINT64_C(1000000000)
#define SECOND_NS      UINT64_C(1000000000)
#define AUTOMATIC_NS   (4 * 3600 * SECOND_NS) /* 8.55.1: every four hours */

enum subcommand { COLLECTION = 0, SHORT_TEST = 1, EXTENDED_TEST = 2, ABORT_TEST = 0x7F };
enum outcome { PASSED = 0, ABORTED = 1, RESET_CAME = 2, READ_FAILED = 7, IN_PROGRESS = 15 };
enum collection {
    COLLECTION_DONE = 2,
    COLLECTION_GOES_ON = 3,
    COLLECTION_ABORTED = 5,
    COLLECTION_AUTOMATIC = 0x80
};

static struct clock *clock_of(const struct ata_drive *d)
{
    return d->channel->device.env->clock;
}

static bool is_captive(const struct ata_drive *d)
{
    return d->is_testing && (d->test & CAPTIVE);
}

static unsigned kind_of(const struct ata_drive *d)
{
    return d->test & ~CAPTIVE;
}

/* --- steps ----------------------------------------------------------------------------------- */

static uint64_t steps_of_all(const struct ata_drive *d)
{
    return (d->geometry.total + ATA_MULTIPLE_MAX - 1) / ATA_MULTIPLE_MAX;
}

static uint64_t steps(const struct ata_drive *d)
{
    return kind_of(d) == SHORT_TEST ? SHORT_STEPS : steps_of_all(d);
}

static uint64_t position(const struct ata_drive *d)
{
    if (kind_of(d) == SHORT_TEST)
        return (steps_of_all(d) - 1) * d->test_step / (SHORT_STEPS - 1) * ATA_MULTIPLE_MAX;
    return d->test_step * ATA_MULTIPLE_MAX;
}

static void wait_step(struct ata_drive *d, uint64_t more_ns)
{
    uint64_t step_ns = kind_of(d) == SHORT_TEST ? SHORT_STEP_NS : STEP_NS;
    event_arm(&d->test_event, clock_after_ns(clock_of(d), step_ns + more_ns));
}

static void complete(struct block_request *request)
{
    struct ata_drive *d = request->owner;
    if (!d->is_test_out)
        return;
    d->is_test_out = false;
    d->test_result = (uint8_t)request->result;
    d->test_done = request->done_sectors;
    wait_step(d, d->test_mechanics_ns);
}

static void submit(struct ata_drive *d)
{
    struct block_request *request = &d->test_request;
    uint64_t lba = position(d), left = d->geometry.total - lba;
    memset(request, 0, sizeof *request);
    request->op = BLOCK_VERIFY;
    request->at.lba = lba;
    request->sectors = (uint32_t)(left < ATA_MULTIPLE_MAX ? left : ATA_MULTIPLE_MAX);
    request->bytes = d->test_buffer;
    request->result = BLOCK_PENDING;
    request->cause = d->test_cause;
    request->is_quiet = !is_captive(d);
    request->complete = complete;
    request->owner = d;
    d->is_test_out = true;
    d->block->ops->submit(d->block, request);
}

static void begin_step(struct ata_drive *d)
{
    d->test_mechanics_ns = 0;
    if (d->is_realistic)
        d->test_mechanics_ns = disk_mechanics_request(&d->mechanics, &d->geometry, position(d),
                                                      ATA_MULTIPLE_MAX, clock_ns(clock_of(d)));
    d->mechanics.is_stopped = false;
    submit(d);
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void rest(struct ata_drive *d)
{
    d->is_testing = false;
    if (d->is_auto_offline)
        event_arm(&d->test_event, clock_after_ns(clock_of(d), AUTOMATIC_NS));
    else
        event_disarm(&d->test_event);
}

/* 8.55.6: the 22nd descriptor takes the first one's place. */
static void log_test(struct ata_drive *d, enum outcome outcome)
{
    uint8_t *at = d->test_log + d->tests % ATA_TEST_LOG * ATA_TEST_LOG_BYTES;
    uint64_t done = d->test_step * 10 / steps(d), lba = position(d) + d->test_done;
    d->test_status = (uint8_t)(outcome << 4 | (outcome == PASSED ? 0 : 10 - done));
    memset(at, 0, ATA_TEST_LOG_BYTES);
    at[0] = d->test;
    at[1] = d->test_status;
    store_le16(at + 2, ata_smart_hours(d));
    store_le32(at + 5, 0xFFFFFFFF); /* no sector has failed */
    if (outcome == READ_FAILED)
        store_le32(at + 5, (uint32_t)(lba < 0xFFFFFFFF ? lba : 0xFFFFFFFF));
    d->tests++;
}

static void end_test(struct ata_drive *d, enum outcome outcome)
{
    bool has_failed = outcome == READ_FAILED, was_captive = is_captive(d);
    if (kind_of(d) == COLLECTION)
        d->collection = outcome == PASSED ? COLLECTION_DONE : COLLECTION_ABORTED;
    else
        log_test(d, outcome);
    rest(d);
    if (!was_captive || (outcome != PASSED && !has_failed))
        return;
    d->middle[0] = has_failed ? FAILING_MIDDLE : KEY_MIDDLE;
    d->high[0] = has_failed ? FAILING_HIGH : KEY_HIGH;
    if (has_failed)
        ata_finish_error(d, ATA_ABRT);
    else
        ata_finish(d);
}

static void cancel(struct ata_drive *d, enum outcome outcome)
{
    if (d->is_test_out) {
        d->is_test_out = false;
        d->block->ops->cancel(d->block, &d->test_request);
        d->test_request.result = BLOCK_OK;
    }
    if (d->is_testing)
        end_test(d, outcome);
}

void ata_self_test_abort(struct ata_drive *d)
{
    cancel(d, ABORTED);
}

void ata_self_test_reset(struct ata_drive *d)
{
    cancel(d, RESET_CAME);
}

static void begin(struct ata_drive *d, uint8_t subcommand)
{
    d->test = subcommand;
    d->is_testing = true;
    d->test_step = 0;
    d->test_done = 0;
    d->test_result = BLOCK_OK;
    d->power = ATA_ACTIVE;
    if (kind_of(d) == COLLECTION)
        d->collection = COLLECTION_GOES_ON;
    begin_step(d);
}

/* 8.55.1: nothing is collected while the disk stands still. */
static void begin_automatic(struct ata_drive *d)
{
    d->test_cause = 0;
    if (d->is_smart_enabled && d->phase == ATA_IDLE && d->power != ATA_STANDBY)
        begin(d, COLLECTION);
    else
        rest(d);
}

/* A step is over: the next one, when no command of the host is being carried out. */
void ata_self_test_event(void *self)
{
    struct ata_drive *d = self;
    struct door *door = d->channel->device.env->door;
    if (!d->is_testing) {
        begin_automatic(d);
        return;
    }
    if (!is_captive(d) && d->phase != ATA_IDLE) {
        wait_step(d, 0);
        return;
    }
    door->cause = d->test_cause;
    if (d->test_result == BLOCK_READ_ERROR)
        d->read_errors++;
    if (d->test_result != BLOCK_OK && kind_of(d) != COLLECTION)
        end_test(d, READ_FAILED);
    else if (++d->test_step >= steps(d))
        end_test(d, PASSED);
    else
        begin_step(d);
    door->cause = 0;
}

void ata_self_test_loaded(struct ata_drive *d)
{
    if (d->test_request.complete && d->test_request.result == BLOCK_PENDING) {
        d->block->ops->cancel(d->block, &d->test_request);
        d->test_request.result = BLOCK_OK;
    }
    if (d->is_test_out)
        submit(d);
}

/* --- commands -------------------------------------------------------------------------------- */

bool ata_self_test_start(struct ata_drive *d)
{
    uint8_t subcommand = d->low[0];
    if (subcommand > EXTENDED_TEST && subcommand != ABORT_TEST &&
        subcommand != (CAPTIVE | SHORT_TEST) && subcommand != (CAPTIVE | EXTENDED_TEST))
        return false;
    ata_self_test_abort(d);
    if (subcommand & CAPTIVE) {
        d->phase = ATA_BUSY;
        d->status = ATA_BSY;
    } else {
        ata_done_later(d); /* 8.55.4: the command ends before its work begins */
    }
    d->test_cause = d->cause;
    if (subcommand != ABORT_TEST)
        begin(d, subcommand);
    return true;
}

bool ata_self_test_set_automatic(struct ata_drive *d)
{
    if (d->count[0] != 0x00 && d->count[0] != 0xF8)
        return false;
    d->is_auto_offline = d->count[0] != 0;
    if (!d->is_testing)
        rest(d);
    return true;
}

/* --- what it tells --------------------------------------------------------------------------- */

/* Bytes 362-373 of SMART's data (8.55.5). */
void ata_self_test_put_data(const struct ata_drive *d, uint8_t *bytes)
{
    uint64_t seconds = steps_of_all(d) * STEP_NS / SECOND_NS + 1, minutes = seconds / 60 + 1;
    bytes[362] = (uint8_t)(d->collection | (d->is_auto_offline ? COLLECTION_AUTOMATIC : 0));
    bytes[363] = d->test_status;
    if (d->is_testing && kind_of(d) != COLLECTION)
        bytes[363] = (uint8_t)(IN_PROGRESS << 4 | (10 - d->test_step * 10 / steps(d)));
    store_le16(bytes + 364, (uint16_t)(seconds < 0xFFFF ? seconds : 0xFFFF));
    bytes[367] = 0x1B; /* immediate, automatic, reads all; goes on after commands; self-tests */
    bytes[372] = SHORT_STEPS / 60 + 1;
    bytes[373] = (uint8_t)(minutes < 0xFF ? minutes : 0xFF);
}

void ata_self_test_put_log(const struct ata_drive *d, uint8_t *bytes)
{
    store_le16(bytes, 0x0001); /* revision */
    memcpy(bytes + 2, d->test_log, sizeof d->test_log);
    bytes[508] = (uint8_t)(d->tests ? (d->tests - 1) % ATA_TEST_LOG + 1 : 0);
}
