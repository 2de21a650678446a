#include "devices/floppy_disk.h"

#include <stddef.h>

#include "base/bits.h"

static const struct floppy_format FORMATS[] = {
    {"160K",  320,  40, 1, 8,  1, true,  FLOPPY_250K},
    {"180K",  360,  40, 1, 9,  1, true,  FLOPPY_250K},
    {"320K",  640,  40, 2, 8,  1, true,  FLOPPY_250K},
    {"360K",  720,  40, 2, 9,  1, true,  FLOPPY_250K},
    {"720K",  1440, 80, 2, 9,  3, false, FLOPPY_250K},
    {"1.2M",  2400, 80, 2, 15, 2, true,  FLOPPY_500K},
    {"1.44M", 2880, 80, 2, 18, 4, false, FLOPPY_500K},
    {"2.88M", 5760, 80, 2, 36, 5, false, FLOPPY_1M  },
};

#define RPM_300 UINT64_C(200000000) /* ns to a rotation */
#define RPM_360 UINT64_C(166666667)

/* By CMOS type. */
static const struct floppy_drive_kind KINDS[] = {
    {NULL,    0,  false, 0,       0          },
    {"360K",  40, true,  RPM_300, FLOPPY_250K},
    {"1.2M",  80, true,  RPM_360, FLOPPY_500K},
    {"720K",  80, false, RPM_300, FLOPPY_250K},
    {"1.44M", 80, false, RPM_300, FLOPPY_500K},
    {"2.88M", 80, false, RPM_300, FLOPPY_1M  },
};

unsigned floppy_rate_kbps(enum floppy_rate rate)
{
    static const unsigned KBPS[] = {500, 300, 250, 1000, 0};
    return KBPS[rate];
}

const struct floppy_format *floppy_format_of(uint64_t sectors)
{
    for (size_t i = 0; i < ARRAY_COUNT(FORMATS); i++)
        if (FORMATS[i].sectors == sectors)
            return &FORMATS[i];
    return NULL;
}

const struct floppy_format *floppy_format_for(uint64_t sectors)
{
    for (size_t i = 0; i < ARRAY_COUNT(FORMATS); i++)
        if (FORMATS[i].sectors >= sectors)
            return &FORMATS[i];
    return NULL;
}

const struct floppy_drive_kind *floppy_drive_kind(uint8_t type)
{
    return type > 0 && type < ARRAY_COUNT(KINDS) ? &KINDS[type] : NULL;
}

bool floppy_fits(const struct floppy_format *format, uint8_t type)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(type);
    return kind && kind->is_525 == format->is_525 && format->cylinders <= kind->cylinders &&
           floppy_rate_kbps((enum floppy_rate)format->rate) <=
               floppy_rate_kbps((enum floppy_rate)kind->fastest);
}

/* What was written at 250 kbit/s and 300 rpm passes the head at 300 kbit/s when it turns at 360. */
enum floppy_rate floppy_rate_in(const struct floppy_format *format, uint8_t type)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(type);
    if (!floppy_fits(format, type))
        return FLOPPY_UNREADABLE;
    if (format->rate == FLOPPY_250K && kind->rotation_ns == RPM_360)
        return FLOPPY_300K;
    return (enum floppy_rate)format->rate;
}

uint8_t floppy_cylinder_in(const struct floppy_format *format, uint8_t type, uint8_t steps)
{
    const struct floppy_drive_kind *kind = floppy_drive_kind(type);
    return kind && kind->cylinders == 2 * format->cylinders ? steps / 2 : steps;
}

uint8_t floppy_drive_for(const struct floppy_format *format)
{
    return format->drive == 3 ? 4 : format->drive;
}
