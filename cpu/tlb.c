/* The guest's translation look-aside buffer: 4,096 entries, direct mapped; filling, serving, forgetting.
 *
 * What is in it, and for how long, is state of the machine: a guest that forgets to flush sees stale
 * entries here as on hardware. What the host makes of it (fast forms, bitmaps) is derived. SDM 3A 4.10. */
#include <stdlib.h>
#include <string.h>

#include "cpu/ops.h"
#include "cpu/paging.h"
#include "cpu/run.h"

static inline void mark_used(struct cpu_memory *m, unsigned index)
{
    m->used[index / 64] |= UINT64_C(1) << index % 64;
    m->used_words |= UINT64_C(1) << index / 64;
}

/* Marks a filled entry, whose bit of `global` is clear. */
static inline void mark_entry(struct cpu_memory *m, unsigned index)
{
    const struct tlb_entry *e = &m->entry[index];
    mark_used(m, index);
    if (BASE_LIKELY(!(e->flags & (TLB_GLOBAL | TLB_LARGE))))
        return;
    if (e->flags & TLB_GLOBAL)
        m->global[index / 64] |= UINT64_C(1) << index % 64;
    if (e->flags & TLB_LARGE) {
        m->has_large = true;
        m->large[e->tag >> 27] |= UINT64_C(1) << (e->tag >> 21) % 64;
    }
}

static inline void drop_words(struct cpu_memory *m, unsigned index)
{
    for (unsigned k = 0; k < TLB_EMPTY; k++)
        m->fast->word[k][m->place[index].page] = 0;
    m->place[index].code_rights = 0;
}

static inline void drop_tags(struct cpu_memory *m, unsigned index)
{
    m->entry[index].tag = TLB_INVALID;
    drop_words(m, index);
}

static inline void drop_entry(struct cpu_memory *m, unsigned index)
{
    m->global[index / 64] &= ~(UINT64_C(1) << index % 64);
    drop_tags(m, index);
}

/* The rights of the page, without a walk; a first write has to set D by a walk. SDM 3A 4.6.1. */
static bool entry_serves(const struct cpu *cpu, const struct tlb_entry *e, bool is_write,
                         bool is_user)
{
    if (is_user && !(e->flags & TLB_USER))
        return false;
    if (is_write && !(e->flags & TLB_WRITABLE) && (is_user || cpu->cr0 & CR0_WP))
        return false;
    return !is_write || e->flags & TLB_DIRTY;
}

/* Where the entry of this place is not the page's, or does not serve: makes room for the walk to come. A
 * fault forgets the entry (SDM 3A 4.10.4.1), so that the handler's repair is seen. */
static inline bool has_entry(struct cpu *cpu, const struct tlb_entry *e, unsigned index, uint64_t linear,
                             bool is_write, bool is_user)
{
    struct cpu_memory *m = cpu->memory_unit;
    if (e->tag == (linear & ~PAGE_MASK) && entry_serves(cpu, e, is_write, is_user))
        return true;
    if (m->used[index / 64] >> index % 64 & 1)
        drop_entry(m, index);
    return false;
}

uint64_t memory_translate(struct cpu *cpu, uint64_t linear, bool is_write, bool is_user)
{
    struct cpu_memory *m = cpu->memory_unit;
    unsigned index = tlb_index(linear);
    struct tlb_entry *e = &m->entry[index];
    linear &= 0xffffffffu;
    if (BASE_UNLIKELY(!(cpu->cr0 & CR0_PG))) {
        mark_used(m, index); /* fast forms only */
        return linear & cpu_model_address_mask(cpu->model);
    }
    if (!has_entry(cpu, e, index, linear, is_write, is_user)) {
        memory_walk(cpu, linear, (is_write ? PF_WRITE : 0) | (is_user ? PF_USER : 0), e);
        e->tag = linear & ~PAGE_MASK;
        mark_entry(m, index);
    }
    return e->physical | (linear & PAGE_MASK);
}

/* One page for each index, so that whoever empties entries finds the words. Behind the last page comes the first. */
static inline uint32_t take_place(struct cpu_memory *m, uint64_t linear)
{
    uint32_t page = (uint32_t)linear >> 12, index = tlb_index(linear);
    if (m->place[index].page != page) {
        drop_words(m, index);
        m->place[index].page = page;
    }
    return page;
}

struct tlb_fast *memory_new_fast(struct cpu *cpu)
{
    size_t bytes = sizeof(struct tlb_fast);
    return cpu->config.new_pages ? cpu->config.new_pages(bytes) : calloc(1, bytes);
}

void memory_free_fast(struct cpu *cpu)
{
    struct tlb_fast *fast = cpu->memory_unit->fast;
    if (cpu->config.free_pages)
        cpu->config.free_pages(fast, sizeof *fast);
    else
        free(fast);
}

static __attribute__((noinline)) void forget_regions(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    struct tlb_fast *fast = memory_new_fast(cpu);
    if (!fast)
        return; /* the old one is as good, and larger */
    memory_forget_hosts(cpu);
    memory_free_fast(cpu);
    m->fast = fast;
    memset(m->regions, 0, sizeof m->regions);
    m->region_count = 0;
    memory_choose_tlb(cpu);
}

static inline void know(struct cpu *cpu, unsigned table, uint64_t linear, const uint8_t *host_page)
{
    struct cpu_memory *m = cpu->memory_unit;
    uint32_t page = take_place(m, linear), region = page >> TLB_REGION_LOG2;
    uint64_t *regions = &m->regions[table][region / 64], bit = UINT64_C(1) << region % 64;
    if (BASE_UNLIKELY(!(*regions & bit))) {
        if (m->region_count >= TLB_MOST_REGIONS)
            forget_regions(cpu);
        *regions |= bit;
        m->region_count++;
    }
    m->fast->word[table][page] = (uintptr_t)host_page - ((uintptr_t)page << 12);
}

void memory_know(struct cpu *cpu, unsigned table, uint64_t linear, const uint8_t *host_page)
{
    know(cpu, table, linear, host_page);
}

void memory_know_code(struct cpu *cpu, uint64_t linear, uint8_t *host_page, const uint64_t *lines, uint32_t right)
{
    struct cpu_memory *m = cpu->memory_unit;
    struct tlb_place *place = &m->place[tlb_index(linear)];
    uintptr_t word = (uintptr_t)host_page - (uintptr_t)(linear & ~PAGE_MASK);
    take_place(m, linear);
    if (place->code_word != word)
        place->code_rights = 0;
    place->code_rights |= right;
    place->code_lines = lines;
    place->code_word = word;
}

/* For an access within one page that its segment allows. */
static __attribute__((noinline)) uint8_t *refill(struct cpu *cpu, uint64_t linear, bool is_write)
{
    struct cpu_memory *m = cpu->memory_unit;
    unsigned index = tlb_index(linear);
    struct tlb_entry *e = &m->entry[index];
    uint64_t page_start = linear & ~PAGE_MASK;
    uint8_t *host;
    if (!TECHNIQUE_TLB || !(cpu->cr0 & CR0_PG) || cpu->tlb_read == m->fast->word[TLB_EMPTY] || run_has_data_watches(cpu))
        return NULL;
    if (!has_entry(cpu, e, index, linear, is_write, cpu->cpl == 3)) {
        if (!paging_walk_plain(cpu, linear, (is_write ? PF_WRITE : 0) | (cpu->cpl == 3 ? PF_USER : 0), e))
            return NULL;
        e->tag = page_start;
        mark_entry(m, index);
    }
    host = memory_plain_page(space_page(cpu->memory, e->physical), is_write);
    if (!host)
        return NULL;
    know(cpu, tlb_table(is_write, cpu->cpl == 3), linear, host);
    return host + (linear & PAGE_MASK);
}

uint8_t *op_refill(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes, bool is_write)
{
    if (linear == OP_NO_LINEAR) {
        const struct segment_bounds *bounds = &cpu->bounds[op->segment];
        uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
        if (offset + bytes - 1 >= (is_write ? bounds->write_bound : bounds->read_bound))
            return NULL;
        linear = (uint32_t)(bounds->base + offset);
    }
    if ((linear & PAGE_MASK) + bytes > FRAME_BYTES || (is_write && tlb_has_code(cpu, linear)))
        return NULL;
    return refill(cpu, linear, is_write);
}

/* --- forgetting ------------------------------------------------------------------------------------ */

/* A walk through the places whose bit is set in `used`; TLB_ENTRIES: none is left. */
struct used_places {
    const struct cpu_memory *m;
    uint64_t words, bits;
    unsigned word;
};

static inline unsigned next_used(struct used_places *p)
{
    unsigned bit;
    while (!p->bits) {
        if (!p->words)
            return TLB_ENTRIES;
        p->word = (unsigned)__builtin_ctzll(p->words);
        p->words &= p->words - 1;
        p->bits = p->m->used[p->word];
    }
    bit = (unsigned)__builtin_ctzll(p->bits);
    p->bits &= p->bits - 1;
    return p->word * 64 + bit;
}

void memory_forget_hosts(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    struct used_places places = {m, m->used_words, 0, 0};
    for (unsigned i; (i = next_used(&places)) < TLB_ENTRIES;)
        drop_words(m, i);
    m->directory.physical = m->table.physical = TLB_INVALID;
}

void memory_forget_writes(struct cpu *cpu, const uint8_t *host_page)
{
    struct cpu_memory *m = cpu->memory_unit;
    struct used_places places = {m, m->used_words, 0, 0};
    for (unsigned i; (i = next_used(&places)) < TLB_ENTRIES;) {
        uint32_t page = m->place[i].page;
        uintptr_t word = (uintptr_t)host_page - ((uintptr_t)page << 12);
        for (unsigned k = 1; k < TLB_EMPTY; k += 2)
            if (m->fast->word[k][page] == word)
                m->fast->word[k][page] = 0;
        if (m->place[i].code_word == word)
            m->place[i].code_rights = 0;
    }
}

void cpu_tlb_flush(struct cpu *cpu, bool keep_global)
{
    struct cpu_memory *m = cpu->memory_unit;
    for (uint64_t words = m->used_words; words; words &= words - 1) {
        unsigned w = (unsigned)__builtin_ctzll(words);
        uint64_t kept = keep_global ? m->global[w] : 0;
        for (uint64_t rest = m->used[w] & ~kept; rest; rest &= rest - 1)
            drop_tags(m, w * 64 + (unsigned)__builtin_ctzll(rest));
        m->used[w] &= kept;
        m->global[w] &= kept;
        if (!m->used[w])
            m->used_words &= ~(UINT64_C(1) << w);
    }
    if (!keep_global)
        memset(m->large, 0, sizeof m->large);
    cpu_code_remapped(cpu, keep_global);
}

/* INVLPG drops all of a large page (SDM 3A 4.10.4.1), whose entries may be anywhere in the TLB. */
static void invalidate_large(struct cpu *cpu, uint64_t linear)
{
    struct cpu_memory *m = cpu->memory_unit;
    bool is_pae = cpu->cr4 & CR4_PAE;
    uint64_t first = linear & ~(is_pae ? UINT64_C(0x1fffff) : UINT64_C(0x3fffff));
    uint64_t bits = UINT64_C(3) >> is_pae << (first >> 21) % 64;
    if (BASE_LIKELY(!(m->large[linear >> 27] & bits)))
        return;
    m->large[linear >> 27] &= ~bits;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        const struct tlb_entry *e = &m->entry[i];
        if (e->tag != TLB_INVALID && e->flags & TLB_LARGE &&
            e->tag - first < (is_pae ? 0x200000u : 0x400000u))
            drop_entry(m, i);
    }
}

void cpu_tlb_invalidate(struct cpu *cpu, uint64_t linear)
{
    struct cpu_memory *m = cpu->memory_unit;
    unsigned index = tlb_index(linear);
    linear &= 0xffffffffu;
    invalidate_large(cpu, linear);
    if (m->entry[index].tag == (linear & ~PAGE_MASK))
        drop_entry(m, index);
    cpu_code_unmapped(cpu, linear);
}

void memory_set_entry(struct cpu *cpu, unsigned index, const struct tlb_entry *entry)
{
    struct cpu_memory *m = cpu->memory_unit;
    uint64_t old = m->entry[index].tag;
    drop_entry(m, index);
    m->entry[index] = *entry;
    mark_entry(m, index);
    if (old != TLB_INVALID)
        cpu_code_unmapped(cpu, old);
}

static void forget_used(struct cpu_memory *m)
{
    memset(m->used, 0, sizeof m->used);
    m->used_words = 0;
    memset(m->global, 0, sizeof m->global);
    memset(m->large, 0, sizeof m->large);
}

void memory_reset(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        drop_entry(m, i); /* of the page that was there */
        m->place[i].page = i;
    }
    m->directory.physical = m->table.physical = TLB_INVALID;
    forget_used(m);
    m->has_large = false;
    cpu->word_guess = 1; /* no page's */
    memory_choose_tlb(cpu);
}

void memory_loaded(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    memory_forget_hosts(cpu);
    forget_used(m);
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        if (m->entry[i].tag != TLB_INVALID)
            mark_entry(m, i);
}
