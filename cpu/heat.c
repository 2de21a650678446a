/* Samples of where the time goes, and what follows from them (heat.h). */
#include "cpu/heat.h"

#include "cpu/ops_chains.h"
#include "cpu/ops_forwarding.h"
#include "cpu/ops_goto.h"
#include "cpu/ops_registers.h"
#include "cpu/tracks.h"

/* The handler of op n and the next, where the second waits for the first, or NULL. Who makes a carry for the op behind goes
 * with that one: it saves looking for the carry in the flags. */
static op_handler *chain_of(const struct code_pool *pool, const struct block *block, unsigned n, unsigned forwarded)
{
    const struct op *op = &block->ops[n];
    op_handler *carry;
    if (n + 1 >= block->op_count)
        return NULL;
    carry = op_carry(pool_carries(pool), op, op + 1, forwarded);
    if (carry || (n + 2 < block->op_count && op_carry(pool_carries(pool), op + 1, op + 2, OP_NONE_FORWARDED)))
        return carry;
    return op_chain(pool_chains(pool), op, op + 1, forwarded);
}

/* Gives op n its handler for hot blocks; it may be one that does op n + 1 as well, to which nobody comes by another way.
 * *forwarded: the register that the op before forwards, then the one that this does. Returns how many ops are done. */
static unsigned exchange(const struct code_pool *pool, struct block *block, unsigned n, unsigned *forwarded)
{
    struct op *op = &block->ops[n];
    const struct op_forwarding *row = op_forwarding(pool_forwarding(pool), op->handler);
    unsigned before = DISPATCH_IS_CHAINED && TECHNIQUE_FORWARDING ? *forwarded : OP_NONE_FORWARDED;
    op_handler *chain = TECHNIQUE_CHAINS ? chain_of(pool, block, n, before) : NULL;
    op_handler *taking = op_taking(row, op, before);
    bool is_by_register = true;
    *forwarded = OP_NONE_FORWARDED;
    op->takes = chain ? chain != chain_of(pool, block, n, OP_NONE_FORWARDED) : taking != NULL;
    if (chain) {
        op->handler = chain;
        *forwarded = op[1].d;
        return 2;
    }
    if (taking)
        op->handler = taking;
    else if (!TECHNIQUE_GUESSES || !op_by_register(pool_guesses(pool), op))
        is_by_register = op_by_register(pool_variants(pool), op);
    if (row && row->gives && is_by_register)
        *forwarded = op->d;
    return 1;
}

void heat_exchange(struct code_pool *pool, struct block *block)
{
    unsigned forwarded = OP_NONE_FORWARDED;
    if (block->has_track)
        track_leave(pool_tracks(pool), block);
    for (unsigned n = 0; n < block->op_count; n++)
        block->ops[n].handler = op_pair_first(block->ops[n].handler);
    for (unsigned n = 0; n < block->op_count;)
        n += exchange(pool, block, n, &forwarded);
    ops_set_labels(pool_places(pool), block);
    block->enter = block->ops[0].handler;
    block->is_hot = true;
    block->turns = 0;
}

/* A mean over the last 64 samples or so. */
static uint32_t narrowness_with(struct cpu_run *run, bool was_soon)
{
    run->narrowness += ((was_soon ? HEAT_NARROWEST : 0) >> 6) - (run->narrowness >> 6);
    return run->narrowness;
}

/* A hot block where the code is wide: it goes when it is met but seldom, and is built anew. */
static void sample_hot(struct code_pool *pool, struct block *block, uint32_t passed, bool is_wide)
{
    if (passed > HEAT_SAMPLES)
        block->turns++;
    else if (block->turns)
        block->turns--;
    if (is_wide && block->turns >= HEAT_COOL_TURNS)
        pool_discard(pool, block);
}

void heat_sample(struct cpu *cpu, struct block *block)
{
    struct code_pool *pool = cpu->run->pool;
    uint32_t now = ++cpu->run->samples, passed = now - block->sampled_at;
    bool was_soon = passed < HEAT_SOON;
    uint32_t narrowness = narrowness_with(cpu->run, was_soon);
    bool is_wide = narrowness < HEAT_WIDE;
    block->sampled_at = now;
    if (block->is_dead || !block->is_cached)
        return;
    if (block->is_hot) {
        sample_hot(pool, block, passed, is_wide);
        return;
    }
    block->turns = was_soon || passed > HEAT_LATE ? 0 : block->turns + 1;
    if (passed > HEAT_SAMPLES)
        passed = HEAT_SAMPLES;
    block->heat = block->heat - block->heat * passed / HEAT_SAMPLES + HEAT_OF_SAMPLE;
    if (HEAT_MAKES_HOT && block->heat >= (narrowness > HEAT_NARROW ? HEAT_HOT_NARROW : HEAT_HOT))
        heat_exchange(pool, block);
    else if (TECHNIQUE_TRACKS && is_wide && block->turns >= HEAT_TURNS - 1 && !block->has_track)
        track_take(pool_tracks(pool), block);
}
