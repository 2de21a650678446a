/* The pool of decoded code, inside: shared by pool.c (what is kept) and pool_writes.c (what writes to it do). */
#ifndef VITRINE_CPU_POOL_H
#define VITRINE_CPU_POOL_H

#include "cpu/blocks.h"
#include "cpu/ops_chains.h"
#include "cpu/ops_goto.h"
#include "cpu/ops_registers.h"
#include "cpu/tracks.h"

#define HASH_LOG2 18
#define HASH_SIZE (1u << HASH_LOG2)
#define PAGE_HASH 4096u

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
    struct op_variant_map variants, guesses;
    struct op_pair_map pairs, chains, carries, forwarding, places;
    struct tracks tracks;
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

static inline size_t page_slot(uint64_t frame_id)
{
    return (size_t)((frame_id ^ frame_id >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static inline size_t block_slot(uint64_t frame_id, unsigned offset)
{
    uint64_t key = (frame_id << 12 | offset) ^ frame_id >> 32 << 52;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_LOG2));
}

/* Bits of the lines that have some of these bytes. */
static inline uint64_t pool_lines_of(unsigned offset, unsigned bytes)
{
    unsigned first = offset >> LINE_SHIFT, last = (offset + bytes - 1) >> LINE_SHIFT;
    if (!TECHNIQUE_CODE_LINES)
        return UINT64_MAX;
    if (last >= LINES)
        last = LINES - 1;
    return (UINT64_MAX << first) & (UINT64_MAX >> (LINES - 1 - last));
}

/* The page of a frame that holds code, or NULL. */
struct code_page *pool_page(const struct code_pool *pool, uint64_t frame_id);
void pool_free_page(struct code_pool *pool, struct code_page *page);
void pool_unhash(struct code_pool *pool, struct block *block);
/* A write to a ram that the pool listens to (struct code_listener). */
void pool_written(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes);

#endif
