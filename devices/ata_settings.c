/* What a disk is told about itself: translation, blocks, features, power, the end of what can be
 * reached. ATA/ATAPI-6 (d1410r3b) 6.11 (power), 6.19 (host protected area) and chapter 8; ATA-3
 * (X3T10/2008D) for the translation. Clock: the standby timer's. */
#include "devices/ata_internal.h"

#define SECOND_NS UINT64_C(1000000000)

/* --- how it is addressed --------------------------------------------------------------------- */

/* 91h (ATA-3 7.10): chooses how cylinders, heads and sectors are counted, nothing else. A count of
 * zero sectors can't be counted with: refused, and the old translation stays. */
void ata_start_translation(struct ata_drive *d, const struct ata_command *command)
{
    uint16_t heads = (uint16_t)((d->device & ATA_DEVICE_HEAD) + 1), sectors = d->count[0];
    uint64_t cylinders = sectors ? d->geometry.total / ((uint64_t)heads * sectors) : 0;
    (void)command;
    if (cylinders == 0) {
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    d->heads = heads;
    d->sectors = sectors;
    d->cylinders = (uint32_t)(cylinders < 0xFFFF ? cylinders : 0xFFFF);
    if (heads == d->geometry.heads && sectors == d->geometry.sectors)
        d->cylinders = d->geometry.cylinders;
    ata_done_later(d);
}

void ata_start_set_multiple(struct ata_drive *d, const struct ata_command *command)
{
    uint8_t count = d->count[0];
    (void)command;
    if (count > ATA_MULTIPLE_MAX || (count & (count - 1)) != 0) {
        d->multiple = 0; /* 8.43: refused, and READ MULTIPLE is disabled */
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    d->multiple = count;
    ata_done_later(d);
}

/* --- features -------------------------------------------------------------------------------- */

/* 8.46.4, table 42: the default, PIO modes 0-4; multiword or Ultra DMA, of which one is chosen. */
static bool set_transfer_mode(struct ata_drive *d, uint8_t mode)
{
    unsigned kind = mode & 0xF8u, number = mode & 7u;
    if (mode <= 1 || (kind == ATA_MODE_PIO && number <= 4))
        return true;
    if ((kind != ATA_MODE_MULTIWORD && kind != ATA_MODE_ULTRA) || !(ATA_DMA_MODES >> number & 1))
        return false;
    d->dma_mode = mode;
    return true;
}

/* 8.46.6: levels 01h-FEh; 0 here: off. A packet device has none. */
static bool set_apm(struct ata_drive *d, uint8_t level)
{
    if (d->is_packet || level == 0xFF || (level == 0 && d->feature[0] == 0x05))
        return false;
    d->apm_level = level;
    return true;
}

/* 8.46, table 41. */
static bool set_feature(struct ata_drive *d)
{
    switch (d->feature[0]) {
    case 0x02: d->has_write_cache = true; return true;
    case 0x82: d->has_write_cache = false; return true;
    case 0x55: d->has_look_ahead = false; return true;
    case 0xAA: d->has_look_ahead = true; return true;
    case 0x05: return set_apm(d, d->count[0]);
    case 0x85: return set_apm(d, 0);
    case 0x66: d->keeps_settings = true; return true;
    case 0xCC: d->keeps_settings = false; return true;
    case 0x03: return set_transfer_mode(d, d->count[0]);
    default: return false;
    }
}

void ata_start_set_features(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    if (set_feature(d))
        ata_done_later(d);
    else
        ata_fail_later(d, ATA_ABRT);
}

/* --- power ----------------------------------------------------------------------------------- */

/* Table 18 of 8.42.4: the standby timer's period; 0: it does not run. */
static uint64_t standby_period(uint8_t count)
{
    if (count <= 240)
        return count * 5 * SECOND_NS;
    if (count <= 251)
        return (count - 240u) * 30 * 60 * SECOND_NS;
    switch (count) {
    case 252: return 21 * 60 * SECOND_NS;
    case 255: return (21 * 60 + 15) * SECOND_NS;
    default: return 8 * 3600 * SECOND_NS; /* 253: 8 to 12 hours; 254 is reserved */
    }
}

/* 8.55.4: who stops the disk ends its self-test. */
static void enter_standby(struct ata_drive *d)
{
    ata_self_test_abort(d);
    d->power = ATA_STANDBY;
    d->mechanics.is_stopped = true;
}

void ata_standby_restart(struct ata_drive *d)
{
    struct clock *clock = d->channel->device.env->clock;
    if (d->standby_ns && d->power != ATA_STANDBY)
        event_arm(&d->standby, clock_after_ns(clock, d->standby_ns));
    else
        event_disarm(&d->standby);
}

void ata_standby_event(void *self)
{
    struct ata_drive *d = self;
    if (d->phase == ATA_IDLE && !d->is_testing)
        enter_standby(d);
    else
        ata_standby_restart(d);
}

void ata_start_idle(struct ata_drive *d, const struct ata_command *command)
{
    if (command->code == 0xE3 || command->code == 0x97) /* IDLE IMMEDIATE leaves the timer */
        d->standby_ns = standby_period(d->count[0]);
    d->power = ATA_STANDS_IDLE;
    ata_done_later(d);
}

void ata_start_standby(struct ata_drive *d, const struct ata_command *command)
{
    if (command->code == 0xE2 || command->code == 0x96)
        d->standby_ns = standby_period(d->count[0]);
    enter_standby(d);
    ata_done_later(d);
}

/* 8.7: what it answers does not wake it. */
void ata_start_check_power(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    d->count[0] = d->power;
    ata_done_later(d);
}

/* 8.52: from now on it obeys nothing but a reset, which leaves it in standby. */
void ata_start_sleep(struct ata_drive *d, const struct ata_command *command)
{
    (void)command;
    enter_standby(d);
    d->is_asleep = true;
    ata_done_later(d);
}

/* --- the end of what can be reached ---------------------------------------------------------- */

#define LBA28_LAST UINT64_C(0x0FFFFFFF)

uint64_t ata_reachable(const struct ata_drive *d)
{
    return d->limit_sectors && d->limit_sectors < d->geometry.total ? d->limit_sectors
                                                                    : d->geometry.total;
}

/* 8.33, 8.34: the last sector that there is, whatever SET MAX ADDRESS said. */
void ata_start_read_native_max(struct ata_drive *d, const struct ata_command *command)
{
    uint64_t last = d->geometry.total - 1;
    d->is_lba = (d->device & ATA_DEVICE_LBA) != 0;
    if (command->is_ext && !d->is_lba) {
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    ata_put_address(d, !command->is_ext && last > LBA28_LAST ? LBA28_LAST : last, 0);
    ata_done_later(d);
}

/* 8.47: only directly after its READ NATIVE MAX ADDRESS. */
void ata_start_set_max(struct ata_drive *d, const struct ata_command *command)
{
    uint8_t needed = command->is_ext ? 0x27 : 0xF8;
    if (d->previous != needed || d->feature[0] != 0) { /* features: passwords and locks */
        ata_fail_later(d, ATA_ABRT);
        return;
    }
    if (!ata_take_address(d, command))
        return;
    d->is_media = false;
    if (d->position >= d->geometry.total) {
        ata_fail_later(d, ATA_IDNF);
        return;
    }
    d->limit_sectors = d->position + 1;
    ata_done_later(d);
}

/* --- defaults -------------------------------------------------------------------------------- */

void ata_translation_reset(struct ata_drive *d)
{
    d->heads = d->geometry.heads;
    d->sectors = d->geometry.sectors;
    d->cylinders = d->geometry.cylinders;
}

void ata_settings_reset(struct ata_drive *d)
{
    d->multiple = d->channel->multiple_at_reset;
    d->has_write_cache = true;
    d->has_look_ahead = true;
}

/* Power-on and RESET#. */
void ata_power_on(struct ata_drive *d)
{
    ata_translation_reset(d);
    ata_settings_reset(d);
    d->keeps_settings = false;
    d->dma_mode = ATA_MODE_MULTIWORD;
    d->power = ATA_ACTIVE;
    d->is_asleep = false;
    d->apm_level = 0;
    d->standby_ns = 0;
    event_disarm(&d->standby);
    d->limit_sectors = 0;
    d->is_smart_enabled = true;
    d->command = d->previous = 0;
}
