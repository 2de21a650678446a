#include "bus/sector_map.h"

#include <stdlib.h>
#include <string.h>

#define GRAINS_MAX ((uint64_t)1 << 25)

static uint64_t grains(const struct sector_map *map)
{
    return (map->sectors + ((uint64_t)1 << map->grain_log2) - 1) >> map->grain_log2;
}

static uint64_t words(const struct sector_map *map)
{
    return (grains(map) + 63) / 64;
}

unsigned sector_map_grain(uint64_t sectors)
{
    unsigned grain = 1;
    while ((sectors + grain - 1) / grain > GRAINS_MAX)
        grain *= 2;
    return grain;
}

bool sector_map_init(struct sector_map *map, uint64_t sectors, unsigned grain)
{
    map->sectors = sectors;
    map->grain_log2 = 0;
    while ((1u << map->grain_log2) < grain)
        map->grain_log2++;
    map->bits = NULL;
    if (words(map) < SIZE_MAX / 8) /* the system gives pages of zeros as they are written */
        map->bits = calloc((size_t)words(map) + 1, sizeof *map->bits);
    return map->bits != NULL;
}

void sector_map_free(struct sector_map *map)
{
    free(map->bits);
    map->bits = NULL;
}

void sector_map_add(struct sector_map *map, uint64_t lba, uint64_t count)
{
    uint64_t end = count > map->sectors || lba > map->sectors - count ? map->sectors : lba + count;
    if (lba >= end)
        return;
    for (uint64_t g = lba >> map->grain_log2; g <= (end - 1) >> map->grain_log2; g++)
        map->bits[g >> 6] |= (uint64_t)1 << (g & 63);
}

void sector_map_clear(struct sector_map *map)
{
    memset(map->bits, 0, (size_t)words(map) * sizeof *map->bits);
}

/* The first grain from `g` on whose bit is not that of `other`; words that are all `other` are
 * passed over as a whole. */
static uint64_t find(const struct sector_map *map, uint64_t g, uint64_t other)
{
    uint64_t end = grains(map);
    while (g < end) {
        uint64_t word = (map->bits[g >> 6] ^ other) >> (g & 63);
        if (word & 1)
            return g;
        g = word ? g + 1 : (g | 63) + 1;
    }
    return end;
}

static uint64_t search(const struct sector_map *map, uint64_t lba, uint64_t other)
{
    uint64_t first;
    if (lba >= map->sectors)
        return map->sectors;
    first = find(map, lba >> map->grain_log2, other) << map->grain_log2;
    if (first < lba)
        first = lba;
    return first < map->sectors ? first : map->sectors;
}

uint64_t sector_map_next(const struct sector_map *map, uint64_t lba)
{
    return search(map, lba, 0);
}

uint64_t sector_map_next_gap(const struct sector_map *map, uint64_t lba)
{
    return search(map, lba, UINT64_MAX);
}
