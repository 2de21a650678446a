/* What came in through a world's recorded door, kept so that the run can be made again (run_again.h):
 * 64 KiB in memory, the rest in a file without a name, up to a bound. */
#ifndef VITRINE_FRONTENDS_INPUT_LOG_H
#define VITRINE_FRONTENDS_INPUT_LOG_H

#include "machine/world.h"

#define INPUT_LOG_BYTES_MAX  (UINT64_C(64) << 20)
#define INPUT_LOG_RECORD_MAX 2048u /* a frame and more */

struct storage;

struct input_log {
    const struct world *world;
    struct storage *storage; /* NULL: none was needed yet */
    uint64_t stored;         /* bytes there; `pending` follows */
    size_t pending_count;
    bool is_cut; /* the bound was reached, or there was no file: the rest is not known */
    uint8_t pending[65536];
};

/* Keeps what enters this world from now on. */
void input_log_init(struct input_log *log, struct world *world);
void input_log_fini(struct input_log *log);

/* Plays it into another world. */
struct input_player {
    const struct input_log *log; /* NULL: nothing to play */
    uint64_t at;                 /* of the next record */
};

/* The next record, if it came at this world's instant by the channel of this number: its bytes (room:
 * INPUT_LOG_RECORD_MAX) and how many; it is passed. */
bool input_player_take(struct input_player *player, const struct world *world,
                       const struct world_channel *channel, uint8_t *bytes, size_t *count);

#endif
