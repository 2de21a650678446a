/* The pool of decoded code of a world: blocks by hash, blocks by page, their memory, whose they are. */
#include "cpu/pool.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/memory.h"
#include "cpu/run.h"

#define CHUNK_BYTES (1u << 20)
#define HOST_LINE 64u
/* Dead blocks of a page that are looked through for one to take again. */
#define DEAD_LOOKED 16

enum status code_pool_new(struct code_pool **pool, size_t max_bytes, struct error *error)
{
    *pool = calloc(1, sizeof **pool);
    if (!*pool)
        return error_set(error, STATUS_INTERNAL, "out of memory for the pool of decoded code");
    (*pool)->max_bytes = max_bytes < 4 * CHUNK_BYTES ? 4 * CHUNK_BYTES : max_bytes;
    opcode_map_init(&(*pool)->opcodes);
    op_variant_map_init(&(*pool)->variants);
    op_guess_map_init(&(*pool)->guesses);
    op_pair_map_init(&(*pool)->pairs);
    op_chain_map_init(&(*pool)->chains);
    op_carry_map_init(&(*pool)->carries);
    op_forwarding_map_init(&(*pool)->forwarding);
    tracks_init(&(*pool)->tracks);
    op_place_map_init(&(*pool)->places);
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

const struct op_variant_map *pool_guesses(const struct code_pool *pool)
{
    return &pool->guesses;
}

struct tracks *pool_tracks(struct code_pool *pool)
{
    return &pool->tracks;
}

const struct op_pair_map *pool_places(const struct code_pool *pool)
{
    return &pool->places;
}

const struct op_pair_map *pool_pairs(const struct code_pool *pool)
{
    return &pool->pairs;
}

const struct op_pair_map *pool_chains(const struct code_pool *pool)
{
    return &pool->chains;
}
const struct op_pair_map *pool_carries(const struct code_pool *pool)
{
    return &pool->carries;
}

const struct op_pair_map *pool_forwarding(const struct code_pool *pool)
{
    return &pool->forwarding;
}

struct code_page *pool_page(const struct code_pool *pool, uint64_t frame_id)
{
    struct code_page *page = pool->pages[page_slot(frame_id)];
    while (page && page->frame_id != frame_id)
        page = page->next;
    return page;
}

void pool_free_page(struct code_pool *pool, struct code_page *page)
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
    const struct code_page *page = pool_page(pool, ram_frame_id(ram, frame));
    return page ? &page->lines : NULL;
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

void pool_unhash(struct code_pool *pool, struct block *block)
{
    struct block **at = &pool->hash[block_slot(block->frame_id, block->offset)];
    while (*at && *at != block)
        at = &(*at)->hash_next;
    if (*at)
        *at = block->hash_next;
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
    struct code_page *page = pool_page(pool, frame_id);
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
    page->lines |= pool_lines_of(offset, bytes);
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
    page->lines |= pool_lines_of(block->offset, block->bytes);
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
    run_forget_targets(cpu);
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

/* Bytes up to the next line of the first-level cache. */
static size_t before_line(uintptr_t address)
{
    return -address & (HOST_LINE - 1);
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
    chunk->used = before_line((uintptr_t)chunk->bytes + offsetof(struct block, count));
    chunk->size = CHUNK_BYTES;
    pool->chunks = chunk;
    pool->bytes += CHUNK_BYTES;
    return chunk;
}

static struct block *take_dead(const struct code_pool *pool, const struct cpu *cpu,
                               uint64_t frame_id, unsigned offset, size_t bytes)
{
    struct code_page *page = pool_page(pool, frame_id);
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
    bytes += before_line(bytes);
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
            pool_unhash(pool, b);
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
                pool_free_page(pool, page);
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
