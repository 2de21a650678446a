#include "devices/disk_mechanics.h"

const struct state_field DISK_MECHANICS_STATE[] = {
    STATE_ONE(struct disk_mechanics, cylinder),
    STATE_ONE(struct disk_mechanics, seek_distance),
    STATE_ONE(struct disk_mechanics, seek_ns),
    STATE_ONE(struct disk_mechanics, rotation_ns),
    STATE_ONE(struct disk_mechanics, transfer_ns),
    STATE_ONE(struct disk_mechanics, sector_below_head),
    STATE_TABLE_END,
};

/* The largest r with r * r <= value, a bit at a time. */
static uint64_t integer_root(uint64_t value)
{
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= value)
            root += bit;
    return root;
}

uint64_t disk_seek_ns(uint32_t distance)
{
    if (distance == 0)
        return 0;
    if (distance > 0xFFFF)
        distance = 0xFFFF;
    return DISK_SEEK_BASE_NS + integer_root(distance * DISK_SEEK_ROOT_NS * DISK_SEEK_ROOT_NS);
}

uint64_t disk_mechanics_request(struct disk_mechanics *m, const struct block_geometry *g,
                                uint64_t lba, uint32_t sectors, uint64_t now_ns)
{
    struct block_address first = block_lba_to_chs(g, lba);
    struct block_address last = block_lba_to_chs(g, lba + (sectors ? sectors - 1 : 0));
    uint64_t angle, wanted = (first.sector - 1u) * DISK_ROTATION_NS / g->sectors;
    m->seek_distance = first.cylinder > m->cylinder ? first.cylinder - m->cylinder
                                                    : m->cylinder - first.cylinder;
    m->seek_ns = disk_seek_ns(m->seek_distance);
    angle = (now_ns + m->seek_ns) % DISK_ROTATION_NS;
    m->sector_below_head = (uint32_t)(angle * g->sectors / DISK_ROTATION_NS) + 1;
    m->rotation_ns = (wanted + DISK_ROTATION_NS - angle) % DISK_ROTATION_NS;
    m->transfer_ns = sectors * DISK_ROTATION_NS / g->sectors;
    m->cylinder = last.cylinder;
    return m->seek_ns + m->rotation_ns + m->transfer_ns;
}
