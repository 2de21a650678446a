/* Every (cylinder, head, sector) that a drive can name, for every guest of random partition tables, through
 * the real map: 65,536 x 16 x 64 x 12 = 805,306,368 addresses a table. The oracle is the table alone: which
 * cylinders are whose. Ranges are disjoint, so that "inside of its own, at its own place" is "nowhere else". */
#include <stdio.h>
#include <stdlib.h>

#include "hypervisor/vdisk_map.c"

#define GUESTS 12u
#define CYLINDERS 65535u

static unsigned seed;
static uint32_t dice(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static uint64_t check(const struct vdisk_range *range)
{
    uint32_t heads = range->physical.heads, sectors = range->physical.sectors;
    uint64_t wrong = 0;
    for (uint32_t c = 0; c < 65536; c++)
        for (uint16_t h = 0; h < 16; h++)
            for (uint16_t s = 0; s < 64; s++) {
                const struct block_address at = {true, c, h, s, 0};
                struct block_address to = {0};
                uint32_t allowed = 9;
                bool is_own = c < range->cylinders && h < heads && s >= 1 && s <= sectors;
                vdisk_map(range, &at, 1, &to, &allowed);
                if (!is_own)
                    wrong += allowed != 0;
                else
                    wrong += allowed != 1 || to.cylinder != range->first_cylinder + c || to.head != h ||
                             to.sector != s ||
                             to.lba != ((uint64_t)to.cylinder * heads + h) * sectors + s - 1u;
            }
    return wrong;
}

int main(int argc, char **argv)
{
    unsigned tables = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    uint64_t wrong = 0;
    for (unsigned table = 0; table < tables; table++) {
        struct block_geometry disk = {CYLINDERS, 0, 0, 0};
        uint32_t next = 0;
        seed = table + 1;
        disk.heads = (uint16_t)(1 + dice(16));
        disk.sectors = (uint16_t)(1 + dice(63));
        disk.total = (uint64_t)disk.cylinders * disk.heads * disk.sectors;
        for (unsigned guest = 0; guest < GUESTS; guest++) {
            uint32_t room = (CYLINDERS - next) / (GUESTS - guest);
            struct vdisk_range range = {disk, next + dice(room / 2), 1 + dice(room / 2)};
            next = range.first_cylinder + range.cylinders; /* gaps between, never an overlap */
            if (next > CYLINDERS)
                return 2;
            wrong += check(&range);
        }
    }
    printf("%llu addresses of %u random partition tables, %llu wrong\n",
           (unsigned long long)tables * GUESTS * 65536 * 16 * 64, tables, (unsigned long long)wrong);
    return wrong != 0;
}
