#include "frontends/input_log.h"

#include <string.h>

#include "backends/storage.h"
#include "base/bits.h"

/*  0         8          12       16
 *  [ time    ][ channel ][ count ][ bytes ... ]     little-endian */
#define HEAD_BYTES 16u

static bool spill(struct input_log *log)
{
    struct error error = {STATUS_OK, ""};
    if (log->stored + log->pending_count > INPUT_LOG_BYTES_MAX)
        return false;
    if (!log->storage && storage_without_name(&log->storage, "what came in", &error) != STATUS_OK)
        return false;
    if (log->storage->ops->write(log->storage, log->pending, log->pending_count, log->stored) != 0)
        return false;
    log->stored += log->pending_count;
    log->pending_count = 0;
    return true;
}

static void keep(void *self, const struct world_channel *channel, const void *bytes, size_t count)
{
    struct input_log *log = self;
    uint8_t *to;
    if (log->is_cut)
        return;
    log->is_cut = count > INPUT_LOG_RECORD_MAX;
    if (!log->is_cut && HEAD_BYTES + count > sizeof log->pending - log->pending_count)
        log->is_cut = !spill(log);
    if (log->is_cut)
        return;
    to = log->pending + log->pending_count;
    store_le64(to, log->world->timeline.now);
    store_le32(to + 8, channel->number);
    store_le32(to + 12, (uint32_t)count);
    memcpy(to + HEAD_BYTES, bytes, count);
    log->pending_count += HEAD_BYTES + count;
}

void input_log_init(struct input_log *log, struct world *world)
{
    log->world = world;
    log->storage = NULL;
    log->stored = 0;
    log->pending_count = 0;
    log->is_cut = false;
    world->keep_input = keep;
    world->keep_input_self = log;
}

void input_log_fini(struct input_log *log)
{
    if (log->storage)
        log->storage->ops->close(log->storage);
    log->storage = NULL;
}

/* A record lies in one of the two as a whole. */
static bool read_log(const struct input_log *log, uint64_t at, void *bytes, size_t count)
{
    if (at < log->stored)
        return log->storage->ops->read(log->storage, bytes, count, at) == 0;
    at -= log->stored;
    if (at + count > log->pending_count)
        return false;
    memcpy(bytes, log->pending + at, count);
    return true;
}

bool input_player_take(struct input_player *player, const struct world *world,
                       const struct world_channel *channel, uint8_t *bytes, size_t *count)
{
    uint8_t head[HEAD_BYTES];
    if (!player->log || !read_log(player->log, player->at, head, sizeof head) ||
        load_le64(head) != world->timeline.now || load_le32(head + 8) != channel->number)
        return false;
    *count = load_le32(head + 12);
    if (!read_log(player->log, player->at + HEAD_BYTES, bytes, *count))
        return false;
    player->at += HEAD_BYTES + *count;
    return true;
}
