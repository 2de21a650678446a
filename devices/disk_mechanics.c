#include "devices/disk_mechanics.h"

#include <string.h>

const struct state_field DISK_MECHANICS_STATE[] = {
    STATE_ONE(struct disk_mechanics, cylinder),
    STATE_ONE(struct disk_mechanics, seek_distance),
    STATE_ONE(struct disk_mechanics, seek_ns),
    STATE_ONE(struct disk_mechanics, rotation_ns),
    STATE_ONE(struct disk_mechanics, transfer_ns),
    STATE_ONE(struct disk_mechanics, sector_below_head),
    {"head",       STATE_UINT, 6, offsetof(struct disk_mechanics, head),       sizeof(uint32_t), 1, NULL, 0},
    {"is_stopped", STATE_UINT, 5, offsetof(struct disk_mechanics, is_stopped), sizeof(bool),     1,
                                                NULL,                                                                                                0},
    STATE_TABLE_END,
};

static bool parse_words(const char *text, bool *is_realistic, unsigned drives)
{
    for (unsigned i = 0; i < drives; i++) {
        size_t length = strcspn(text, "/");
        bool is_first = length == 9 && strncmp(text, "realistic", 9) == 0;
        if (!is_first && !(length == 9 && strncmp(text, "immediate", 9) == 0))
            return false;
        is_realistic[i] = is_first;
        if (text[length] == '/' && i + 1 < drives)
            text += length + 1;
    }
    return strchr(text, '/') == NULL;
}

enum status disk_mechanics_option(const char *name, const char *text, bool *is_realistic,
                                  unsigned drives, struct error *error)
{
    if (parse_words(text, is_realistic, drives))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "%s: mechanics=%s; fix: realistic, immediate, or one for each "
                     "drive: realistic/immediate",
                     name, text);
}

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

uint32_t disk_sector_below_head(const struct block_geometry *g, uint64_t now_ns)
{
    return (uint32_t)(now_ns % DISK_ROTATION_NS * g->sectors / DISK_ROTATION_NS) + 1;
}

struct disk_mechanics disk_mechanics_plan(const struct disk_mechanics *m,
                                          const struct block_geometry *g, uint64_t lba,
                                          uint32_t sectors, uint64_t now_ns)
{
    struct disk_mechanics plan = {.is_stopped = false};
    uint64_t last_lba = lba + (sectors ? sectors - 1 : 0), end = g->total - 1, arrival, angle,
             wanted;
    struct block_address first = block_lba_to_chs(g, lba < end ? lba : end);
    struct block_address last = block_lba_to_chs(g, last_lba < end ? last_lba : end);
    plan.seek_distance =
        first.cylinder > m->cylinder ? first.cylinder - m->cylinder : m->cylinder - first.cylinder;
    plan.seek_ns = disk_seek_ns(plan.seek_distance);
    plan.cylinder = last.cylinder;
    plan.head = last.head;
    arrival = now_ns + (m->is_stopped ? DISK_SPIN_UP_NS : 0) + plan.seek_ns;
    plan.sector_below_head = disk_sector_below_head(g, arrival);
    if (sectors) {
        angle = arrival % DISK_ROTATION_NS;
        wanted = (first.sector - 1u) * DISK_ROTATION_NS / g->sectors;
        plan.rotation_ns = (wanted + DISK_ROTATION_NS - angle) % DISK_ROTATION_NS;
        plan.transfer_ns = sectors * DISK_ROTATION_NS / g->sectors;
    }
    return plan;
}

uint64_t disk_mechanics_request(struct disk_mechanics *m, const struct block_geometry *g,
                                uint64_t lba, uint32_t sectors, uint64_t now_ns)
{
    uint64_t spin_up_ns = m->is_stopped ? DISK_SPIN_UP_NS : 0;
    *m = disk_mechanics_plan(m, g, lba, sectors, now_ns);
    return spin_up_ns + m->seek_ns + m->rotation_ns + m->transfer_ns;
}
