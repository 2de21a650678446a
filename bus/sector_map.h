/* A set of sectors as bits: which were written since somebody last looked. */
#ifndef VITRINE_BUS_SECTOR_MAP_H
#define VITRINE_BUS_SECTOR_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct sector_map {
    uint64_t sectors;
    unsigned grain_log2; /* a bit stands for so many sectors: adding one adds its whole grain */
    uint64_t *bits;
};

/* Sectors in a grain that keep the map of a disk to at most 4 MiB: 1 up to 16 GiB. */
unsigned sector_map_grain(uint64_t sectors);
/* Empty; `grain` is a power of two. False: out of memory. */
bool sector_map_init(struct sector_map *map, uint64_t sectors, unsigned grain);
void sector_map_free(struct sector_map *map);
/* Sectors outside of the disk are ignored. Never allocates. */
void sector_map_add(struct sector_map *map, uint64_t lba, uint64_t count);
void sector_map_clear(struct sector_map *map);
static inline bool sector_map_has(const struct sector_map *map, uint64_t lba)
{
    uint64_t grain = lba >> map->grain_log2;
    return lba < map->sectors && (map->bits[grain >> 6] >> (grain & 63) & 1);
}
/* The first sector of the set from `lba` on; map->sectors when there is none. */
uint64_t sector_map_next(const struct sector_map *map, uint64_t lba);
/* The first sector from `lba` on that is not in the set; map->sectors when there is none. */
uint64_t sector_map_next_gap(const struct sector_map *map, uint64_t lba);

#endif
