/* Building blocks: decode along one page, choose handlers, drop flags that nobody sees.
 *
 * A block ends behind an instruction that transfers control or does something to the system, at the
 * end of its page, at a breakpoint, and after 48 instructions. An instruction across a page border is a block
 * of its own, that of the page it begins in, and asks each time whether its rest is as it was. */
#include <string.h>

#include "cpu/execute.h"
#include "cpu/heat.h"
#include "cpu/memory.h"
#include "cpu/ops_goto.h"
#include "cpu/ops_pairs.h"
#include "cpu/run.h"

/* Where the bytes at cpu->ip come from. */
struct source {
    uint64_t linear;
    const uint8_t *bytes;  /* of the page from the first instruction on */
    size_t available;      /* up to the page's end */
    uint64_t frame_id;
    struct ram *ram;       /* NULL: no RAM or ROM answers */
    size_t frame;
    unsigned offset;
};

static void note_fetched(struct cpu_run *run, uint64_t page, bool is_global)
{
    unsigned bit = fetched_bit(page, is_global ? FETCHED_GLOBAL_LOG2 : FETCHED_LOCAL_LOG2);
    uint64_t *bits = is_global ? run->fetched_global : run->fetched_local;
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
    if (!is_global)
        run->fetched_words |= UINT64_C(1) << bit / 64;
}

static uint64_t translate_code(struct cpu *cpu, uint64_t linear, uint64_t *mask)
{
    struct cpu_run *run = cpu->run;
    struct fetch_entry *e = &run->fetch[(linear >> 12) & (FETCH_ENTRIES - 1)];
    uint64_t page = linear & ~PAGE_MASK;
    if (e->tag != page || (e->context ^ cpu->context) & e->mask) {
        bool is_global;
        e->physical = memory_translate_fetch(cpu, page, &is_global);
        e->tag = page;
        e->context = cpu->context;
        e->mask = is_global ? CONTEXT_WITHOUT_LOCAL : CONTEXT_ALL;
        note_fetched(run, page, is_global);
    }
    *mask = e->mask;
    return e->physical | (linear & PAGE_MASK);
}

struct block *block_at(struct cpu *cpu, uint64_t linear, struct block *known, uint64_t *mask)
{
    uint64_t physical = translate_code(cpu, linear, mask), frame_id;
    const struct space_page *page = space_page(cpu->memory, physical);
    unsigned offset = (unsigned)(physical & PAGE_MASK);
    if (!page || !page->read)
        return NULL;
    frame_id = ram_frame_id(page->read_ram, page->read_frame);
    if (known && block_is_for(known, cpu, frame_id, offset) && !known->is_dead)
        return known; /* only the mappings changed, and this one did not */
    return pool_find(cpu->run->pool, cpu, frame_id, offset);
}

/* A byte of code came over the door, which charged time (before: what it was): the budget is what is left of the
 * slice, and one instruction at least, so that whoever executes such code gets on. */
static void fetch_charged(struct cpu *cpu, uint64_t before)
{
    struct cpu_run *run = cpu->run;
    uint64_t now = cpu->timeline->now, end = run_budget_end(cpu, now + 1);
    run->run_start += now - before;
    cpu->budget_end = end > now ? end : now + 1;
    cpu->budget = (int64_t)(cpu->budget_end - now);
}

/* Bytes of code that no RAM holds are asked for one by one, as the bus would. On the 8086 they go on at
 * the segment's beginning. */
static void fetch_slowly(struct cpu *cpu, uint8_t *bytes, size_t from, size_t to)
{
    uint64_t ip_mask = cpu->model->generation == GEN_8086 ? 0xffff : UINT64_MAX;
    for (size_t i = from; i < to; i++) {
        uint64_t linear = (cpu->bounds[CPU_CS].base + ((cpu->ip + i) & ip_mask)) & 0xffffffffu;
        uint64_t mask, physical = translate_code(cpu, linear, &mask);
        const struct space_page *page = space_page(cpu->memory, physical);
        uint64_t before = cpu->timeline->now;
        bytes[i] = page && page->read ? page->read[physical & PAGE_MASK]
                                      : (uint8_t)space_read(cpu->memory, physical, 1);
        if (cpu->timeline->now != before)
            fetch_charged(cpu, before);
    }
}

static struct source find_source(struct cpu *cpu)
{
    uint64_t linear = (cpu->bounds[CPU_CS].base + cpu->ip) & 0xffffffffu;
    uint64_t mask, physical = translate_code(cpu, linear, &mask);
    const struct space_page *page = space_page(cpu->memory, physical);
    struct source s = {.linear = linear, .offset = (unsigned)(physical & PAGE_MASK)};
    if (!page || !page->read)
        return s;
    s.ram = page->read_ram;
    s.frame = page->read_frame;
    s.bytes = page->read + s.offset;
    s.available = FRAME_BYTES - s.offset;
    s.frame_id = ram_frame_id(s.ram, s.frame);
    return s;
}

/* The first bytes of a page, at most 8; false: no RAM or ROM holds them. May raise #PF. */
static bool read_rest(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t *rest)
{
    uint64_t mask, physical = translate_code(cpu, linear & 0xffffffffu, &mask);
    const struct space_page *page = space_page(cpu->memory, physical);
    if (!page || !page->read)
        return false;
    *rest = 0;
    for (unsigned n = 0; n < bytes; n++)
        *rest |= (uint64_t)page->read[(physical & PAGE_MASK) + n] << n * 8;
    return true;
}

/* In front of an instruction whose last `d` bytes lie in the next page: they were u.wide. */
static const struct op *op_next_page(OP_PARAMETERS)
{
    const struct block *block = op_block(op);
    uint64_t rest;
    if (!op->d)
        NEXT;
    run_sync(cpu, op);
    if (read_rest(cpu, cpu->bounds[CPU_CS].base + block->ip + block->bytes, op->d, &rest) &&
        rest == op->u.wide)
        NEXT;
    cpu->budget += op->remaining;
    pool_discard(cpu->run->pool, block);
    return run_lookup(cpu);
}

static struct decode_mode mode_of(const struct cpu *cpu)
{
    return (struct decode_mode){cpu->model, cpu->mode & MODE_CODE32 ? 4 : 2,
                                (cpu->mode & MODE_PROTECTED) != 0};
}

static const struct instruction NOTHING = {.length = 0};

struct op *builder_add(struct builder *b, op_handler *handler, const struct instruction *i)
{
    unsigned n = b->op_count++;
    struct op *op = &b->ops[n];
    *op = (struct op){.handler = handler, .base = REGISTER_ZERO, .index = REGISTER_ZERO};
    op->number = (uint8_t)n;
    op->ip_delta = (uint16_t)(b->ip - b->cpu->ip);
    op->length = i->length;
    op->covers = 1;
    b->reads[n] = b->writes[n] = b->kills[n] = ROW_FLAGS_0;
    b->leaves[n] = true;
    b->without_flags[n] = NULL;
    b->fused[n] = b->fused_clear[n] = NULL;
    b->carry[n] = CARRY_CHANGED;
    return op;
}

static bool ends_block(const struct instruction *i)
{
    return i->row->attributes & ROW_END ||
           (i->row->attributes & ROW_REPS && i->prefixes & (PREFIX_REP | PREFIX_REPNE));
}

struct op *builder_add_plain(struct builder *b, op_handler *handler, const struct instruction *i)
{
    struct instruction *kept = &b->instructions[b->used_instructions++];
    struct op *op = builder_add(b, handler, i);
    *kept = *i;
    op->u.instruction = kept;
    op->has_instruction = true;
    op->is_system = handler == op_system;
    b->reads[op->number] = ROW_FLAGS_A;
    return op;
}

static void emit(struct builder *b, const struct instruction *i)
{
    if (TECHNIQUE_SPECIALISED && b->cpu->run->handlers != HANDLERS_PLAIN &&
        (emit_fast(b, i) || emit_seldom(b, i) || emit_simd(b, i)))
        return;
    builder_add_plain(b, ends_block(i) ? op_system : op_execute, i);
    if (ends_block(i))
        b->has_ended = true;
}

/* Decodes one more instruction. Returns false when it cannot be had from this page's bytes. */
static bool add_instruction(struct builder *b, const uint8_t *bytes, size_t available, bool is_alone)
{
    struct decode_mode mode = mode_of(b->cpu);
    struct instruction i;
    uint64_t limit = b->cpu->segment[CPU_CS].limit;
    enum decode_result result =
        decode(pool_opcodes(b->cpu->run->pool), &mode, bytes, available, &i);
    uint64_t last = b->ip + (result == DECODE_SHORT ? available : i.length - 1u);
    if (last > limit && b->cpu->model->generation == GEN_8086) {
        if (!is_alone)
            return false;
    } else if (last > limit) {
        i = (struct instruction){.row = &ROW_CODE_LIMIT, .length = 1};
    } else if (result == DECODE_SHORT) {
        return false;
    }
    emit(b, &i);
    b->instruction_count++;
    b->ip += i.length;
    return true;
}

/* --- finishing ------------------------------------------------------------------------------------ */

/* Backwards: an op whose flags are all written again before anybody can see them need not write
 * them. An op that may leave the block (fault, device, write to code) shows all flags. */
static void drop_dead_flags(struct builder *b)
{
    unsigned live = ROW_FLAGS_A;
    for (unsigned n = b->op_count; n-- > 0;) {
        if (b->leaves[n]) {
            live = ROW_FLAGS_A;
            continue;
        }
        if (b->writes[n] && !(b->writes[n] & live) && b->without_flags[n])
            b->ops[n].handler = b->without_flags[n];
        live = (live & ~(unsigned)b->kills[n]) | b->reads[n];
    }
}

/* An op that does nothing goes, and its instruction counts with the one before. Neither that nor the op itself may leave
 * the block, so that nobody comes in between. */
static void drop_idle(struct builder *b)
{
    unsigned kept = 0;
    for (unsigned n = 0; n < b->op_count; n++) {
        if (kept && b->ops[n].handler == OPS_32.nop && !b->leaves[n] && !b->leaves[n - 1]) {
            b->ops[kept - 1].covers += b->ops[n].covers;
            continue;
        }
        if (kept != n) {
            b->ops[kept] = b->ops[n];
            b->ops[kept].number = (uint8_t)kept;
        }
        kept++;
    }
    b->op_count = kept;
}

/* Two ops become a pair where the block then needs the fewest dispatches. */
static void make_pairs(struct builder *b)
{
    const struct op_pair_map *pairs = pool_pairs(b->cpu->run->pool);
    struct { op_handler *pair; unsigned fewest; } from[BLOCK_INSTRUCTIONS + 4]; /* op n on */
    from[b->op_count].fewest = from[b->op_count + 1].fewest = 0;
    for (unsigned n = b->op_count; n-- > 0;) {
        unsigned alone = from[n + 1].fewest, joined = from[n + 2].fewest;
        op_handler *pair = NULL;
        if (n + 1 < b->op_count && joined < alone)
            pair = op_pair(pairs, b->ops[n].handler, b->ops[n + 1].handler);
        from[n].pair = pair;
        from[n].fewest = 1 + (pair ? joined : alone);
    }
    for (unsigned n = 0; n < b->op_count; n++)
        if (from[n].pair)
            b->ops[n].handler = from[n].pair, n++;
}

static void number_instructions(struct builder *b)
{
    unsigned remaining = b->instruction_count;
    for (unsigned n = 0; n < b->op_count; n++) {
        b->ops[n].remaining = (uint8_t)remaining;
        remaining -= b->ops[n].covers;
    }
}

/* Does a branch's target lie in another page than the block? */
static bool needs_gate(const struct builder *b, const struct source *s, unsigned which)
{
    uint64_t target = s->linear + b->target[which] - b->cpu->ip;
    return b->is_branch && (target ^ s->linear) & 0xffffffffu & ~PAGE_MASK;
}

static struct block *place_gate(struct block *gate, const struct block *from, uint64_t target)
{
    memset(gate, 0, GATE_BYTES);
    gate->ip = from->ip;
    gate->op_count = 1;
    gate->target[0] = target;
    gate->ops[0].handler = gate->enter = OPS_32.jmp;
    gate->is_cached = from->is_cached;
    block_links(gate)->mask = UINT64_MAX;
    return gate;
}

static void place(struct builder *b, struct block *block, const struct source *s, bool is_cached)
{
    size_t ops_bytes = b->op_count * sizeof(struct op);
    struct block_links *links;
    char *rest;
    struct instruction *kept;
    uint32_t room = block->room;
    memset(block, 0, sizeof *block);
    block->room = room;
    block->frame_id = s->frame_id;
    block->ip = b->cpu->ip;
    block->mode = b->cpu->mode;
    block->cpu = b->cpu;
    block->offset = (uint16_t)s->offset;
    block->bytes = (uint16_t)(b->ip - b->cpu->ip < FRAME_BYTES - s->offset ? b->ip - b->cpu->ip
                                                                           : FRAME_BYTES - s->offset);
    block->count = (uint8_t)b->instruction_count;
    block->op_count = (uint8_t)b->op_count;
    block->target[0] = b->target[0];
    block->target[1] = b->target[1];
    memcpy(block->ops, b->ops, ops_bytes);
    block->enter = block->ops[0].handler;
    block->is_cached = is_cached;
    links = block_links(block);
    *links = (struct block_links){.mask = UINT64_MAX};
    rest = (char *)(links + 1);
    for (unsigned which = 0; which < 2; which++) {
        if (needs_gate(b, s, which)) {
            links->to[which] = place_gate((struct block *)(void *)rest, block, b->target[which]);
            rest += GATE_BYTES;
        }
    }
    kept = (struct instruction *)(void *)rest;
    if (b->used_instructions)
        memcpy(kept, b->instructions, b->used_instructions * sizeof *kept);
    for (unsigned n = 0; n < b->op_count; n++)
        if (block->ops[n].has_instruction)
            block->ops[n].u.instruction = kept + (b->ops[n].u.instruction - b->instructions);
    ops_set_labels(pool_places(b->cpu->run->pool), block);
}

static struct block *into_scratch(struct cpu *cpu, struct builder *b, const struct source *s)
{
    struct cpu_run *run = cpu->run;
    run->ring ^= 1;
    place(b, run->scratch[run->ring], s, false);
    run->scratch_frame[run->ring] = s->ram ? s->frame_id : UINT64_MAX;
    if (s->ram)
        pool_watch_frame(run->pool, s->ram, s->frame, s->offset, run->scratch[run->ring]->bytes);
    return run->scratch[run->ring];
}

static struct block *into_pool(struct cpu *cpu, struct builder *b, const struct source *s)
{
    struct code_pool *pool = cpu->run->pool;
    size_t bytes = sizeof(struct block) + b->op_count * sizeof(struct op) + sizeof(struct block_links) +
                   (needs_gate(b, s, 0) + needs_gate(b, s, 1)) * GATE_BYTES +
                   b->used_instructions * sizeof(struct instruction);
    struct block *block = pool_allocate(pool, cpu, s->frame_id, s->offset, bytes);
    if (!block || !pool_watch_frame(pool, s->ram, s->frame, s->offset, (unsigned)(b->ip - cpu->ip)))
        return into_scratch(cpu, b, s);
    place(b, block, s, true);
    pool_insert(pool, block, s->ram, s->frame);
    return block;
}

/* One instruction that the page does not hold whole. Returns whether it can be kept: RAM or ROM has all of
 * it. On the 8086 the next byte is not always the next page's. */
static bool build_across(struct builder *b, const struct source *s)
{
    struct cpu *cpu = b->cpu;
    uint8_t bytes[INSTRUCTION_MAX];
    size_t near = (size_t)(FRAME_BYTES - (s->linear & PAGE_MASK)), length;
    unsigned guard = b->op_count;
    near = near < sizeof bytes ? near : sizeof bytes;
    builder_add(b, op_next_page, &NOTHING)->covers = 0;
    fetch_slowly(cpu, bytes, 0, near);
    if (!add_instruction(b, bytes, near, near == sizeof bytes)) {
        fetch_slowly(cpu, bytes, near, sizeof bytes);
        add_instruction(b, bytes, sizeof bytes, true);
    }
    length = (size_t)(b->ip - cpu->ip);
    if (length <= near || length - near > sizeof b->ops->u.wide || !s->ram ||
        cpu->model->generation == GEN_8086 ||
        !read_rest(cpu, s->linear + near, (unsigned)(length - near), &b->ops[guard].u.wide))
        return false;
    b->ops[guard].d = (uint8_t)(length - near);
    for (unsigned n = guard; n < b->op_count; n++)
        b->ops[n].patchable = 0; /* no page has all of its immediate */
    return true;
}

/* A breakpoint that has not been reported comes before all faults of its instruction's fetch (SDM 3A
 * table 6-2): it stands alone. */
static bool stops_before_fetch(const struct cpu *cpu, uint64_t linear)
{
    const struct cpu_run *run = cpu->run;
    return cpu->mode & MODE_WATCHED && run_has_breakpoint(cpu, linear) &&
           !(run->has_skip && run->skip_ip == cpu->ip);
}

struct block *block_build(struct cpu *cpu, unsigned most)
{
    struct builder *b = cpu->run->builder;
    struct source s = {.linear = (cpu->bounds[CPU_CS].base + cpu->ip) & 0xffffffffu};
    bool stops = stops_before_fetch(cpu, s.linear);
    if (!stops)
        s = find_source(cpu);
    bool is_cut = most < BLOCK_INSTRUCTIONS, is_kept = TECHNIQUE_BLOCKS && s.ram && !is_cut;
    struct block *block;
    b->cpu = cpu;
    b->ip = cpu->ip;
    b->op_count = b->instruction_count = b->used_instructions = 0;
    b->has_ended = b->is_branch = false;
    b->is_flat = (cpu->mode & MODE_FLAT) != 0;
    if (most > BLOCK_INSTRUCTIONS)
        most = BLOCK_INSTRUCTIONS;
    /* A breakpoint stands in front of its block. */
    if (cpu->mode & MODE_WATCHED && run_has_breakpoint(cpu, s.linear))
        builder_add(b, op_breakpoint, &NOTHING)->covers = 0;
    /* A string instruction is two operations. */
    while (s.ram && b->instruction_count < most && b->op_count < BLOCK_INSTRUCTIONS &&
           !b->has_ended) {
        size_t used = (size_t)(b->ip - cpu->ip);
        if (used >= s.available)
            break;
        if (b->instruction_count && cpu->mode & MODE_WATCHED &&
            run_has_breakpoint(cpu, (s.linear + used) & 0xffffffffu))
            break;
        if (!add_instruction(b, s.bytes + used, s.available - used, false))
            break;
    }
    if (b->instruction_count == 0 && !stops) /* it crosses the page, or lies in no RAM */
        is_kept = build_across(b, &s) && is_kept;
    if (!b->has_ended) {
        b->target[0] = b->ip;
        builder_add(b, OPS_32.jmp, &NOTHING)->covers = 0;
    }
    if (TECHNIQUE_DEAD_FLAGS)
        drop_dead_flags(b);
    drop_idle(b);
    if (TECHNIQUE_PAIRS)
        make_pairs(b);
    number_instructions(b);
    block = is_kept ? into_pool(cpu, b, &s) : into_scratch(cpu, b, &s);
    if (cpu->run->handlers == HANDLERS_BY_REGISTER)
        heat_exchange(cpu->run->pool, block);
    return block;
}
