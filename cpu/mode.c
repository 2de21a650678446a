/* What instructions are decoded and run for: the mode, and the context that code is known in (blocks.h). */
#include <string.h>

#include "cpu/memory.h"
#include "cpu/run.h"

static void set_context(struct cpu *cpu)
{
    cpu->context = cpu->run->global_generation << CONTEXT_GLOBAL_SHIFT |
                   cpu->run->local_generation << CONTEXT_LOCAL_SHIFT | cpu->mode;
}

/* All that is known of code by context or mode is forgotten: their numbers come again. */
static void forget_contexts(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    run->local_generation = run->global_generation = 1;
    run->limit_count = 0;
    pool_forget_cpu(run->pool, cpu);
    run_forget_targets(cpu);
    memset(run->fetch, 0xff, sizeof run->fetch);
}

/* Limits of CS are few; 4 GiB and 64 KiB nearly always. */
static unsigned limit_number(struct cpu *cpu, uint32_t limit)
{
    struct cpu_run *run = cpu->run;
    for (unsigned i = 0; i < run->limit_count; i++)
        if (run->limits[i] == limit)
            return i;
    if (run->limit_count == CODE_LIMITS)
        forget_contexts(cpu);
    run->limits[run->limit_count] = limit;
    return run->limit_count++;
}

#define FLAT_SEGMENTS (1u << CPU_CS | 1u << CPU_SS | 1u << CPU_DS | 1u << CPU_ES)

static void set_mode(struct cpu *cpu)
{
    const struct cpu_segment *cs = &cpu->segment[CPU_CS];
    uint64_t mode = (uint64_t)limit_number(cpu, cs->limit) << 8 | cpu->run->watched_mode;
    mode |= cs->attributes & SEGMENT_DB ? MODE_CODE32 : 0;
    mode |= cpu->segment[CPU_SS].attributes & SEGMENT_DB ? MODE_STACK32 : 0;
    mode |= (cpu->plain_segments & FLAT_SEGMENTS) == FLAT_SEGMENTS ? MODE_FLAT : 0;
    mode |= cpu->cpl == 3 ? MODE_USER : 0;
    mode |= cpu_is_protected(cpu) && !cpu_is_v86(cpu) ? MODE_PROTECTED : 0;
    mode |= cs->base == 0 ? MODE_CS_ZERO : 0;
    cpu->mode = mode;
    set_context(cpu);
}

void cpu_mode_changed(struct cpu *cpu)
{
    for (unsigned i = 0; i < 6; i++)
        segment_recompute(cpu, i);
    memory_choose_tlb(cpu);
    cpu->run->watched_mode =
        cpu->run->watches_code || cpu->run->mark.reached || cpu->run->has_magic ||
                run_has_code_registers(cpu)
            ? MODE_WATCHED
            : 0;
    set_mode(cpu);
    cpu->has_event = true;
}

void cpu_load_segment(struct cpu *cpu, unsigned index, const struct cpu_segment *segment)
{
    uint8_t was_plain = cpu->plain_segments;
    segment_store(cpu, index, segment);
    if (index == CPU_CS || index == CPU_SS || cpu->plain_segments != was_plain)
        set_mode(cpu);
}

/* Of the mode and of the context only MODE_USER changes. */
void cpu_set_privilege(struct cpu *cpu, unsigned cpl)
{
    uint64_t mode = (cpu->mode & ~(uint64_t)MODE_USER) | (cpl == 3 ? MODE_USER : 0);
    cpu->cpl = (uint8_t)cpl;
    cpu->context ^= mode ^ cpu->mode;
    cpu->mode = mode;
    memory_choose_tlb(cpu);
}

void cpu_code_remapped(struct cpu *cpu, bool keep_global)
{
    struct cpu_run *run = cpu->run;
    uint64_t *generation = keep_global ? &run->local_generation : &run->global_generation;
    if (++*generation == CONTEXT_GENERATIONS) {
        forget_contexts(cpu);
        set_mode(cpu);
    }
    for (; run->fetched_words; run->fetched_words &= run->fetched_words - 1)
        run->fetched_local[__builtin_ctzll(run->fetched_words)] = 0;
    if (!keep_global)
        memset(run->fetched_global, 0, sizeof run->fetched_global);
    set_context(cpu);
}

static bool may_have_fetched(const uint64_t *bits, unsigned log2, uint64_t linear)
{
    unsigned bit = fetched_bit(linear, log2);
    return bits[bit / 64] >> bit % 64 & 1;
}

void cpu_code_unmapped(struct cpu *cpu, uint64_t linear)
{
    if (may_have_fetched(cpu->run->fetched_global, FETCHED_GLOBAL_LOG2, linear))
        cpu_code_remapped(cpu, false);
    else if (may_have_fetched(cpu->run->fetched_local, FETCHED_LOCAL_LOG2, linear))
        cpu_code_remapped(cpu, true);
}
