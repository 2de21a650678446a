/* Writes to decoded code: which blocks they end, which they change in place.
 *
 * A frame that holds code carries FRAME_CODE, so that its writes are reported to pool_written(). A
 * bitmap of 64-byte lines decides quickly that a write missed all code. */
#include "cpu/memory.h"
#include "cpu/pool.h"
#include "cpu/run.h"

/* Writes that hit no code, after which a page without blocks is let go. */
#define IDLE_WRITES 64

void block_kill(struct block *block)
{
    block->is_dead = true;
    block->enter = op_stale;
    for (unsigned i = 0; i < block->op_count; i++) {
        block->ops[i].handler = op_stale;
        block->ops[i].label = 0;
    }
}

static uint64_t scratch_lines(const struct code_pool *pool, uint64_t frame_id)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < pool->cpu_count; i++) {
        const struct cpu_run *run = pool->cpus[i]->run;
        for (unsigned k = 0; k < 2; k++)
            if (run->scratch_frame[k] == frame_id)
                lines |= pool_lines_of(run->scratch[k]->offset, run->scratch[k]->bytes);
    }
    return lines;
}

static bool is_touched(const struct block *b, unsigned offset, unsigned bytes)
{
    return b->offset < offset + bytes && offset < (unsigned)b->offset + b->bytes;
}

/* The op of a block whose immediate has all the bytes of a write, or NULL. */
static struct op *immediate_at(struct block *b, unsigned offset, unsigned bytes)
{
    for (unsigned n = 0; n < b->op_count; n++) {
        struct op *op = &b->ops[n];
        unsigned end = (unsigned)b->offset + op->ip_delta + op->length;
        if (op->patchable && offset >= end - op->patchable && offset + bytes <= end)
            return op;
    }
    return NULL;
}

static void set_immediate(const struct code_page *page, struct op *op)
{
    const uint8_t *code = page->ram->bytes + page->frame * FRAME_BYTES;
    unsigned end = (unsigned)op_block(op)->offset + op->ip_delta + op->length;
    op->u.v.immediate = (uint32_t)load_le(code + end - op->patchable, op->patchable);
}

/* Lines in which a block can begin that reaches into bytes offset … offset + bytes - 1. */
static unsigned first_line_to_reach(const struct code_page *page, unsigned offset)
{
    return offset >= page->longest ? (offset - page->longest) >> LINE_SHIFT : 0;
}

/* Code that patches its own immediates (a loop that keeps a constant in an instruction) needs no new
 * blocks: their ops take the new value. Where they are few, the next write of this kind finds them
 * noted. False: something else was written. */
static bool patch_immediates(struct code_page *page, unsigned offset, unsigned bytes)
{
    unsigned last = (offset + bytes - 1) >> LINE_SHIFT, count = 0;
    page->patched_count = 0;
    for (unsigned n = first_line_to_reach(page, offset); n <= last; n++)
        for (struct block *b = page->blocks[n]; b; b = b->page_next) {
            struct op *op;
            if (!is_touched(b, offset, bytes))
                continue;
            op = immediate_at(b, offset, bytes);
            if (!op)
                return false;
            set_immediate(page, op);
            if (count < PATCHED_OPS)
                page->patched[count] = op;
            count++;
        }
    page->patched_count = count <= PATCHED_OPS ? count : 0;
    page->patch_offset = offset;
    page->patch_bytes = bytes;
    return true;
}

/* Counts lines anew, of which bits in `lines` may be too many. */
static void recount_lines(const struct code_pool *pool, struct code_page *page, uint64_t lines)
{
    unsigned first = (unsigned)__builtin_ctzll(lines), last = 63 - (unsigned)__builtin_clzll(lines);
    page->lines = (page->lines & ~lines) | scratch_lines(pool, page->frame_id);
    for (unsigned n = first_line_to_reach(page, first << LINE_SHIFT); n <= last; n++)
        for (const struct block *b = page->blocks[n]; b; b = b->page_next)
            page->lines |= pool_lines_of(b->offset, b->bytes);
}

/* Kills the blocks that a write touched. */
static void kill_touched(struct code_pool *pool, struct code_page *page, unsigned offset,
                         unsigned bytes)
{
    unsigned last = (offset + bytes - 1) >> LINE_SHIFT;
    uint64_t lines = pool_lines_of(offset, bytes);
    for (unsigned n = first_line_to_reach(page, offset); n <= last; n++) {
        struct block **at = &page->blocks[n], *b;
        while ((b = *at) != NULL) {
            if (!is_touched(b, offset, bytes)) {
                at = &b->page_next;
                continue;
            }
            *at = b->page_next;
            lines |= pool_lines_of(b->offset, b->bytes);
            pool_unhash(pool, b);
            block_kill(b);
            b->page_next = page->dead;
            page->dead = b;
            page->block_count--;
        }
    }
    recount_lines(pool, page, lines);
}

void pool_discard(struct code_pool *pool, const struct block *block)
{
    struct code_page *page = pool_page(pool, block->frame_id);
    if (!page)
        return; /* it was never in the pool */
    page->patched_count = 0;
    kill_touched(pool, page, block->offset, block->bytes);
}

/* Kills scratch blocks that a write touches. Returns true when some CPU's still lies in the frame. */
static bool kill_scratch(struct code_pool *pool, uint64_t frame_id, unsigned offset, unsigned bytes)
{
    bool is_used = false;
    for (size_t i = 0; i < pool->cpu_count; i++) {
        struct cpu_run *run = pool->cpus[i]->run;
        for (unsigned k = 0; k < 2; k++) {
            if (run->scratch_frame[k] != frame_id)
                continue;
            if (is_touched(run->scratch[k], offset, bytes)) {
                block_kill(run->scratch[k]);
                run->scratch_frame[k] = UINT64_MAX;
            } else {
                is_used = true;
            }
        }
    }
    return is_used;
}

static void page_written(struct code_pool *pool, struct code_page *page, unsigned offset,
                         unsigned bytes)
{
    if (page->may_have_scratch)
        page->may_have_scratch = kill_scratch(pool, page->frame_id, offset, bytes);
    if (page->patched_count && page->patch_offset == offset && page->patch_bytes == bytes) {
        for (unsigned n = 0; n < page->patched_count; n++)
            set_immediate(page, page->patched[n]);
    } else if (page->lines & pool_lines_of(offset, bytes)) {
        if (!TECHNIQUE_PATCHING || !patch_immediates(page, offset, bytes))
            kill_touched(pool, page, offset, bytes);
    } else if (!page->block_count && !page->may_have_scratch &&
               ++page->idle_writes >= IDLE_WRITES) {
        pool_free_page(pool, page);
    }
}

void pool_written(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes)
{
    struct code_pool *pool = self;
    struct code_page *page = pool_page(pool, frame_id);
    if (page)
        page_written(pool, page, offset, bytes);
}

void pool_wrote_code(struct code_pool *pool, const uint64_t *lines, unsigned offset, unsigned bytes)
{
    page_written(pool, (struct code_page *)(uintptr_t)lines, offset, bytes);
}
