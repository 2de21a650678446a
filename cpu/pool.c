/* The pool of decoded code of a world: blocks by hash, blocks by page, and what writes to pages do.
 *
 * A frame that holds code carries FRAME_CODE, so that its writes are reported to pool_written(). A
 * bitmap of 64-byte lines decides quickly that a write missed all code. */
#include <stdlib.h>
#include <string.h>

#include "cpu/memory.h"
#include "cpu/ops_pairs.h"
#include "cpu/ops_registers.h"
#include "cpu/run.h"

#define HASH_LOG2 18
#define HASH_SIZE (1u << HASH_LOG2)
#define CHUNK_BYTES (1u << 20)
#define PAGE_HASH 4096u
/* Writes that hit no code, after which a page without blocks is let go. */
#define IDLE_WRITES 64
/* Dead blocks of a page that are looked through for one to take again. */
#define DEAD_LOOKED 16

#define LINE_SHIFT 6
#define LINES 64u

#define PATCHED_OPS 8u /* blocks that overlap: entered at the loop, in front of it, where a slice ended */

struct code_page {
    uint64_t lines; /* bit i: bytes i * 64 … i * 64 + 63 hold code; first: see pool_wrote_code() */
    uint64_t frame_id;
    struct block *blocks[LINES]; /* by the line of their first byte */
    unsigned block_count, longest; /* the most bytes that one of its blocks has */
    bool may_have_scratch;         /* some CPU's scratch block may lie here */
    /* All ops that a write of patch_bytes to patch_offset touches; none: not known. */
    struct op *patched[PATCHED_OPS];
    unsigned patched_count, patch_offset, patch_bytes;
    struct block *dead; /* killed by writes; their memory may serve again */
    struct ram *ram; /* NULL: the page is free */
    size_t frame;
    unsigned idle_writes;
    struct code_page *next;
};

/* Pages are many and lie together, so that they are forgotten quickly (empty()). */
#define PAGES_IN_CHUNK 64u
struct page_chunk {
    struct page_chunk *next;
    unsigned used;
    struct code_page pages[PAGES_IN_CHUNK];
};

struct chunk {
    struct chunk *next;
    size_t used, size;
    char bytes[];
};

/* A ram whose writes are reported to this pool. */
struct pool_ram {
    struct ram *ram;
    struct code_listener listener;
    struct pool_ram *next;
};

struct code_pool {
    struct opcode_map opcodes;
    struct op_variant_map variants;
    struct op_pair_map pairs;
    struct block *hash[HASH_SIZE];
    struct code_page *pages[PAGE_HASH], *free_pages;
    struct page_chunk *page_chunks, *filling; /* those before the one being filled are full */
    struct chunk *chunks; /* the first is being filled */
    struct chunk *spare;  /* emptied, to be filled again */
    size_t bytes, max_bytes;
    uint64_t epoch;
    struct pool_ram *rams;
    struct cpu **cpus;
    size_t cpu_count;
};

enum status code_pool_new(struct code_pool **pool, size_t max_bytes, struct error *error)
{
    *pool = calloc(1, sizeof **pool);
    if (!*pool)
        return error_set(error, STATUS_INTERNAL, "out of memory for the pool of decoded code");
    (*pool)->max_bytes = max_bytes < 4 * CHUNK_BYTES ? 4 * CHUNK_BYTES : max_bytes;
    opcode_map_init(&(*pool)->opcodes);
    op_variant_map_init(&(*pool)->variants);
    op_pair_map_init(&(*pool)->pairs);
    return STATUS_OK;
}

const struct opcode_map *pool_opcodes(const struct code_pool *pool)
{
    return &pool->opcodes;
}

const struct op_variant_map *pool_variants(const struct code_pool *pool)
{
    return &pool->variants;
}

const struct op_pair_map *pool_pairs(const struct code_pool *pool)
{
    return &pool->pairs;
}

static size_t page_slot(uint64_t frame_id)
{
    return (size_t)((frame_id ^ frame_id >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static struct code_page *find_page(const struct code_pool *pool, uint64_t frame_id)
{
    struct code_page *page = pool->pages[page_slot(frame_id)];
    while (page && page->frame_id != frame_id)
        page = page->next;
    return page;
}

static void free_page(struct code_pool *pool, struct code_page *page)
{
    struct code_page **at = &pool->pages[page_slot(page->frame_id)];
    while (*at != page)
        at = &(*at)->next;
    *at = page->next;
    page->ram->flags[page->frame] &= (uint8_t)~FRAME_CODE;
    for (size_t i = 0; i < pool->cpu_count; i++)
        memory_forget_writes(pool->cpus[i], page->ram->bytes + page->frame * FRAME_BYTES);
    page->ram = NULL;
    page->next = pool->free_pages;
    pool->free_pages = page;
}

static struct code_page *new_page(struct code_pool *pool)
{
    struct code_page *page = pool->free_pages;
    if (page) {
        pool->free_pages = page->next;
        memset(page, 0, sizeof *page);
        return page;
    }
    while (pool->filling && pool->filling->used == PAGES_IN_CHUNK)
        pool->filling = pool->filling->next;
    if (!pool->filling) {
        struct page_chunk *chunk = malloc(sizeof *chunk);
        if (!chunk)
            return NULL;
        chunk->next = pool->page_chunks;
        chunk->used = 0;
        pool->page_chunks = pool->filling = chunk;
    }
    page = &pool->filling->pages[pool->filling->used++];
    memset(page, 0, sizeof *page);
    return page;
}

const uint64_t *pool_lines(const struct code_pool *pool, const struct ram *ram, size_t frame)
{
    const struct code_page *page = find_page(pool, ram_frame_id(ram, frame));
    return page ? &page->lines : NULL;
}

static size_t block_slot(uint64_t frame_id, unsigned offset)
{
    uint64_t key = (frame_id << 12 | offset) ^ frame_id >> 32 << 52;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_LOG2));
}

struct block *pool_find(const struct code_pool *pool, const struct cpu *cpu, uint64_t frame_id,
                        unsigned offset)
{
    struct block *b = pool->hash[block_slot(frame_id, offset)];
    for (; b; b = b->hash_next)
        if (block_is_for(b, cpu, frame_id, offset))
            return b;
    return NULL;
}

void block_kill(struct block *block)
{
    block->is_dead = true;
    for (unsigned i = 0; i < block->op_count; i++)
        block->ops[i].handler = op_stale;
}

static void unhash(struct code_pool *pool, struct block *block)
{
    struct block **at = &pool->hash[block_slot(block->frame_id, block->offset)];
    while (*at && *at != block)
        at = &(*at)->hash_next;
    if (*at)
        *at = block->hash_next;
}

static uint64_t lines_of(unsigned offset, unsigned bytes)
{
    unsigned first = offset >> LINE_SHIFT, last = (offset + bytes - 1) >> LINE_SHIFT;
    if (!TECHNIQUE_CODE_LINES)
        return UINT64_MAX;
    if (last >= LINES)
        last = LINES - 1;
    return (UINT64_MAX << first) & (UINT64_MAX >> (LINES - 1 - last));
}

static uint64_t scratch_lines(const struct code_pool *pool, uint64_t frame_id)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < pool->cpu_count; i++) {
        const struct cpu_run *run = pool->cpus[i]->run;
        for (unsigned k = 0; k < 2; k++)
            if (run->scratch_frame[k] == frame_id)
                lines |= lines_of(run->scratch[k]->offset, run->scratch[k]->bytes);
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
            page->lines |= lines_of(b->offset, b->bytes);
}

/* Kills the blocks that a write touched. */
static void kill_touched(struct code_pool *pool, struct code_page *page, unsigned offset,
                         unsigned bytes)
{
    unsigned last = (offset + bytes - 1) >> LINE_SHIFT;
    uint64_t lines = lines_of(offset, bytes);
    for (unsigned n = first_line_to_reach(page, offset); n <= last; n++) {
        struct block **at = &page->blocks[n], *b;
        while ((b = *at) != NULL) {
            if (!is_touched(b, offset, bytes)) {
                at = &b->page_next;
                continue;
            }
            *at = b->page_next;
            lines |= lines_of(b->offset, b->bytes);
            unhash(pool, b);
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
    struct code_page *page = find_page(pool, block->frame_id);
    if (!page)
        return; /* it was never in the pool */
    page->patched_count = 0;
    kill_touched(pool, page, block->offset, block->bytes);
}

/* Returns true when some CPU's scratch block lies in the frame. */
static bool kill_scratch(struct code_pool *pool, uint64_t frame_id, unsigned offset, unsigned bytes)
{
    bool is_used = false;
    for (size_t i = 0; i < pool->cpu_count; i++) {
        struct cpu_run *run = pool->cpus[i]->run;
        for (unsigned k = 0; k < 2; k++) {
            struct block *b = run->scratch[k];
            is_used = is_used || run->scratch_frame[k] == frame_id;
            if (run->scratch_frame[k] == frame_id && b->offset < offset + bytes &&
                offset < (unsigned)b->offset + b->bytes)
                block_kill(b);
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
    } else if (page->lines & lines_of(offset, bytes)) {
        if (!TECHNIQUE_PATCHING || !patch_immediates(page, offset, bytes))
            kill_touched(pool, page, offset, bytes);
    } else if (!page->block_count && !page->may_have_scratch &&
               ++page->idle_writes >= IDLE_WRITES) {
        free_page(pool, page);
    }
}

static void pool_written(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes)
{
    struct code_pool *pool = self;
    struct code_page *page = find_page(pool, frame_id);
    if (page)
        page_written(pool, page, offset, bytes);
}

void pool_wrote_code(struct code_pool *pool, const uint64_t *lines, unsigned offset, unsigned bytes)
{
    page_written(pool, (struct code_page *)(uintptr_t)lines, offset, bytes);
}

static void listen_to(struct code_pool *pool, struct ram *ram)
{
    struct pool_ram *known = pool->rams;
    while (known && known->ram != ram)
        known = known->next;
    if (known)
        return;
    known = calloc(1, sizeof *known);
    if (!known)
        return;
    known->ram = ram;
    known->listener.written = pool_written;
    known->listener.self = pool;
    known->next = pool->rams;
    pool->rams = known;
    ram_add_listener(ram, &known->listener);
}

static struct code_page *page_for(struct code_pool *pool, struct ram *ram, size_t frame)
{
    uint64_t frame_id = ram_frame_id(ram, frame);
    struct code_page *page = find_page(pool, frame_id);
    if (page)
        return page;
    page = new_page(pool);
    if (!page)
        return NULL;
    page->frame_id = frame_id;
    page->ram = ram;
    page->frame = frame;
    page->next = pool->pages[page_slot(frame_id)];
    pool->pages[page_slot(frame_id)] = page;
    listen_to(pool, ram);
    return page;
}

bool pool_watch_frame(struct code_pool *pool, struct ram *ram, size_t frame, unsigned offset,
                      unsigned bytes)
{
    struct code_page *page = page_for(pool, ram, frame);
    if (!page)
        return false;
    page->lines |= lines_of(offset, bytes);
    page->may_have_scratch = true;
    if (ram->flags[frame] & FRAME_CODE)
        return true;
    ram->flags[frame] |= FRAME_CODE;
    for (size_t i = 0; i < pool->cpu_count; i++)
        memory_forget_writes(pool->cpus[i], ram->bytes + frame * FRAME_BYTES);
    return true;
}

void pool_insert(struct code_pool *pool, struct block *block, struct ram *ram, size_t frame)
{
    struct block **slot = &pool->hash[block_slot(block->frame_id, block->offset)];
    struct code_page *page = page_for(pool, ram, frame);
    if (!page)
        return; /* the workstation is out of memory: the block is used once */
    block->hash_next = *slot;
    *slot = block;
    block->page_next = page->blocks[block->offset >> LINE_SHIFT];
    page->blocks[block->offset >> LINE_SHIFT] = block;
    page->block_count++;
    page->patched_count = 0;
    if (block->bytes > page->longest)
        page->longest = block->bytes;
    page->lines |= lines_of(block->offset, block->bytes);
    page->idle_writes = 0;
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void forget_all_pages(struct code_pool *pool)
{
    for (struct page_chunk *chunk = pool->page_chunks; chunk; chunk = chunk->next) {
        for (unsigned i = 0; i < chunk->used; i++) {
            const struct code_page *page = &chunk->pages[i];
            if (page->ram)
                page->ram->flags[page->frame] &= (uint8_t)~FRAME_CODE;
        }
        chunk->used = 0;
    }
    pool->filling = pool->page_chunks;
    pool->free_pages = NULL;
    memset(pool->pages, 0, sizeof pool->pages);
}

void pool_catch_up(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    if (BASE_LIKELY(run->pool_epoch == run->pool->epoch))
        return;
    run->pool_epoch = run->pool->epoch;
    memory_forget_hosts(cpu); /* writes may be quick again, and no page is watched */
    memset(run->jumps, 0xff, sizeof run->jumps); /* no context is all ones */
    run->patched = NULL;
}

/* All at once, and without a look at the blocks: the guest does not run meanwhile. Each CPU forgets its own part
 * when it goes on, so that the wait does not grow with their number. */
static void empty(struct code_pool *pool)
{
    struct chunk *chunk = pool->chunks;
    forget_all_pages(pool);
    memset(pool->hash, 0, sizeof pool->hash);
    while (chunk) {
        struct chunk *next = chunk->next;
        chunk->next = pool->spare;
        pool->spare = chunk;
        chunk = next;
    }
    pool->chunks = NULL;
    pool->bytes = 0;
    pool->epoch++;
}

uint64_t pool_epoch(const struct code_pool *pool)
{
    return pool->epoch;
}

static struct chunk *new_chunk(struct code_pool *pool)
{
    struct chunk *chunk = pool->spare;
    if (pool->bytes + CHUNK_BYTES > pool->max_bytes) {
        empty(pool);
        chunk = pool->spare;
    }
    if (chunk)
        pool->spare = chunk->next;
    else
        chunk = malloc(sizeof *chunk + CHUNK_BYTES);
    if (!chunk)
        return NULL;
    chunk->next = pool->chunks;
    chunk->used = 0;
    chunk->size = CHUNK_BYTES;
    pool->chunks = chunk;
    pool->bytes += CHUNK_BYTES;
    return chunk;
}

static struct block *take_dead(const struct code_pool *pool, const struct cpu *cpu,
                               uint64_t frame_id, unsigned offset, size_t bytes)
{
    struct code_page *page = find_page(pool, frame_id);
    struct block **at;
    if (!page)
        return NULL;
    at = &page->dead;
    for (unsigned looked = 0; *at && looked < DEAD_LOOKED; looked++) {
        struct block *b = *at;
        if (b->offset == offset && b->ip == cpu->ip && b->mode == cpu->mode && b->cpu == cpu &&
            b->room >= bytes) {
            *at = b->page_next;
            return b;
        }
        at = &b->page_next;
    }
    return NULL;
}

struct block *pool_allocate(struct code_pool *pool, struct cpu *cpu, uint64_t frame_id,
                            unsigned offset, size_t bytes)
{
    struct chunk *chunk = pool->chunks;
    struct block *block = take_dead(pool, cpu, frame_id, offset, bytes);
    if (block)
        return block;
    bytes = (bytes + 63) & ~(size_t)63;
    if (!chunk || chunk->size - chunk->used < bytes)
        chunk = new_chunk(pool);
    pool_catch_up(cpu);
    if (!chunk)
        return NULL;
    block = (struct block *)(void *)(chunk->bytes + chunk->used);
    block->room = (uint32_t)bytes;
    chunk->used += bytes;
    return block;
}

/* --- CPUs ------------------------------------------------------------------------------------------------ */

void pool_add_cpu(struct code_pool *pool, struct cpu *cpu)
{
    struct cpu **cpus = realloc(pool->cpus, (pool->cpu_count + 1) * sizeof(struct cpu *));
    if (!cpus)
        return;
    pool->cpus = cpus;
    pool->cpus[pool->cpu_count++] = cpu;
    cpu->run->pool_epoch = pool->epoch;
}

static void forget_cpu_in(struct code_pool *pool, struct code_page *page, const struct cpu *cpu)
{
    page->patched_count = 0;
    for (unsigned n = 0; n < LINES; n++) {
        struct block **at = &page->blocks[n], *b;
        while ((b = *at) != NULL) {
            if (b->cpu != cpu) {
                at = &b->page_next;
                continue;
            }
            *at = b->page_next;
            unhash(pool, b);
            block_kill(b);
            page->block_count--;
        }
    }
}

void pool_forget_cpu(struct code_pool *pool, const struct cpu *cpu)
{
    for (size_t i = 0; i < PAGE_HASH; i++)
        for (struct code_page *page = pool->pages[i]; page; page = page->next)
            forget_cpu_in(pool, page, cpu);
}

/* Lets pages without blocks go, then RAM without pages: its owner may free it next. */
static void release_unused(struct code_pool *pool)
{
    struct pool_ram **at = &pool->rams, *known;
    for (size_t i = 0; i < PAGE_HASH; i++)
        for (struct code_page *page = pool->pages[i], *next; page; page = next) {
            next = page->next;
            if (!page->block_count)
                free_page(pool, page);
        }
    while ((known = *at) != NULL) {
        bool is_used = false;
        for (size_t i = 0; i < PAGE_HASH && !is_used; i++)
            for (struct code_page *page = pool->pages[i]; page; page = page->next)
                is_used = is_used || page->ram == known->ram;
        if (is_used) {
            at = &known->next;
            continue;
        }
        *at = known->next;
        ram_remove_listener(known->ram, &known->listener);
        free(known);
    }
}

void pool_remove_cpu(struct code_pool *pool, struct cpu *cpu)
{
    pool_forget_cpu(pool, cpu);
    release_unused(pool);
    for (size_t i = 0; i < pool->cpu_count; i++)
        if (pool->cpus[i] == cpu) {
            pool->cpus[i] = pool->cpus[--pool->cpu_count];
            return;
        }
}

void code_pool_free(struct code_pool *pool)
{
    if (!pool)
        return;
    empty(pool);
    while (pool->rams) {
        struct pool_ram *known = pool->rams;
        pool->rams = known->next;
        ram_remove_listener(known->ram, &known->listener);
        free(known);
    }
    while (pool->page_chunks) {
        struct page_chunk *next = pool->page_chunks->next;
        free(pool->page_chunks);
        pool->page_chunks = next;
    }
    while (pool->spare) {
        struct chunk *next = pool->spare->next;
        free(pool->spare);
        pool->spare = next;
    }
    free(pool->cpus);
    free(pool);
}
