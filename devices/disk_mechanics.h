/* How long a disk's arm and spindle need: pure arithmetic on the machine's own time.
 *
 *   time = seek (a + b * sqrt(distance)) + rotation (until the sector comes by) + transfer
 *
 * The constants are those of a 3.5 inch drive of about 1990: 3,600 rpm, 3 ms from track to track,
 * 25 ms across 1,000 cylinders, four seconds until it spins. Heads switch for free, and a transfer
 * runs on across tracks. Sector 1 passes below the head at every multiple of a rotation's time. */
#ifndef VITRINE_DEVICES_DISK_MECHANICS_H
#define VITRINE_DEVICES_DISK_MECHANICS_H

#include <stdint.h>

#include "base/status.h"
#include "bus/block.h"
#include "bus/state.h"

#define DISK_ROTATION_NS  UINT64_C(16666667) /* 3,600 rpm */
#define DISK_SEEK_BASE_NS UINT64_C(3000000)
#define DISK_SEEK_ROOT_NS UINT64_C(700000) /* times the root of the distance in cylinders */
#define DISK_SPIN_UP_NS   UINT64_C(4000000000)

/* What the last request made the arm and the spindle do: shown by the debugger. */
struct disk_mechanics {
    uint32_t cylinder, head; /* where the arm is, and which of its heads was used last */
    uint32_t seek_distance;  /* of the last request, in cylinders */
    uint64_t seek_ns, rotation_ns, transfer_ns;
    uint32_t sector_below_head; /* when the seek was over, from 1 */
    bool is_stopped;            /* standby: the next request waits until it spins */
};
extern const struct state_field DISK_MECHANICS_STATE[];

/* "realistic" or "immediate" for all drives of a controller, or a word for each: "realistic/immediate"; the
 * last holds for the rest. `name` is the controller's, for the message. */
enum status disk_mechanics_option(const char *name, const char *text, bool *is_realistic,
                                  unsigned drives, struct error *error);
/* Time of a seek over `distance` cylinders; 0 for none. */
uint64_t disk_seek_ns(uint32_t distance);
/* The sector below the heads at that time, from 1. */
uint32_t disk_sector_below_head(const struct block_geometry *geometry, uint64_t now_ns);
/* What a request would do now, without doing it. sectors 0: a seek alone. */
struct disk_mechanics disk_mechanics_plan(const struct disk_mechanics *mechanics,
                                          const struct block_geometry *geometry, uint64_t lba,
                                          uint32_t sectors, uint64_t now_ns);
/* The whole time of a request for `sectors` sectors from `lba` that begins at `now_ns`; moves the
 * arm to the cylinder of its last sector, or of the disk's last when it lies behind that. */
uint64_t disk_mechanics_request(struct disk_mechanics *mechanics,
                                const struct block_geometry *geometry, uint64_t lba,
                                uint32_t sectors, uint64_t now_ns);

#endif
