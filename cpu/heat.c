/* Samples of where the time goes, and what follows from them (heat.h). */
#include "cpu/heat.h"

#include "cpu/ops_pairs.h"
#include "cpu/ops_registers.h"

void heat_exchange(const struct code_pool *pool, struct block *block)
{
    for (unsigned n = 0; n < block->op_count; n++) {
        struct op *op = &block->ops[n];
        op->handler = op_pair_first(op->handler);
        op_by_register(pool_variants(pool), op);
    }
    block->is_hot = true;
}

void heat_sample(struct cpu *cpu, struct block *block)
{
    uint32_t now = ++cpu->run->samples, passed = now - block->sampled_at;
    if (!TECHNIQUE_REGISTERS || block->is_hot || block->is_dead || !block->is_cached)
        return;
    if (passed > HEAT_SAMPLES)
        passed = HEAT_SAMPLES;
    block->heat = block->heat - block->heat * passed / HEAT_SAMPLES + HEAT_OF_SAMPLE;
    block->sampled_at = now;
    if (block->heat >= HEAT_HOT)
        heat_exchange(cpu->run->pool, block);
}
