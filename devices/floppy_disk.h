/* Diskettes and the drives that they fit into: formats by length, data rates, rotation. Pure.
 *
 *   format  cyl heads sectors   rate, kbit/s               drive (CMOS type)
 *   160K     40   1     8       250                        360K (1)
 *   180K     40   1     9       250                        360K (1)
 *   320K     40   2     8       250                        360K (1)
 *   360K     40   2     9       250, 300 at 360 rpm        360K (1), 1.2M (2)
 *   720K     80   2     9       250                        720K (3), 1.44M (4), 2.88M (5)
 *   1.2M     80   2    15       500 at 360 rpm             1.2M (2)
 *   1.44M    80   2    18       500                        1.44M (4), 2.88M (5)
 *   2.88M    80   2    36       1,000                      2.88M (5)
 *
 * PC/AT Technical Reference, section 1 (CMOS byte 10h: types); ISO 8860 (720K), ISO 9529 (1.44M). */
#ifndef VITRINE_DEVICES_FLOPPY_DISK_H
#define VITRINE_DEVICES_FLOPPY_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define FLOPPY_SECTORS_MAX 5760u
#define FLOPPY_BYTES_LOG2  2u /* N of an ID field: 128 << 2 bytes to a sector */

/* As the controller's data rate select bits say it (82077AA 2.1.5). */
enum floppy_rate { FLOPPY_500K, FLOPPY_300K, FLOPPY_250K, FLOPPY_1M, FLOPPY_UNREADABLE };

struct floppy_format {
    const char *name;
    uint16_t sectors;
    uint8_t cylinders, heads, track_sectors;
    uint8_t drive; /* the drive made for it: a CMOS type */
    bool is_525;   /* 5.25 inches across, else 3.5 */
    uint8_t rate;  /* in that drive */
};

struct floppy_drive_kind {
    const char *name;
    uint8_t cylinders;
    bool is_525;
    uint64_t rotation_ns;
    uint8_t fastest; /* enum floppy_rate */
};

/* The format of a medium with so many sectors; NULL: none has that length. */
const struct floppy_format *floppy_format_of(uint64_t sectors);
/* The smallest format that holds so many; NULL: none does. */
const struct floppy_format *floppy_format_for(uint64_t sectors);
/* The drive that a CMOS type names; NULL: none. */
const struct floppy_drive_kind *floppy_drive_kind(uint8_t type);
/* Whether the medium goes into the drive's slot and under its heads. */
bool floppy_fits(const struct floppy_format *format, uint8_t type);
/* The data rate at which the drive's controller can read it. */
enum floppy_rate floppy_rate_in(const struct floppy_format *format, uint8_t type);
/* Cylinder of the medium below the heads after so many steps from the outermost: a drive of 80
 * cylinders finds one of 40 at every second step. */
uint8_t floppy_cylinder_in(const struct floppy_format *format, uint8_t type, uint8_t steps);
/* The drive that a machine gets for this medium: the one made for it, but 1.44M for 720K. */
uint8_t floppy_drive_for(const struct floppy_format *format);
unsigned floppy_rate_kbps(enum floppy_rate rate);

#endif
