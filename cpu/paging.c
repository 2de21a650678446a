/* Page tables: 4 KiB, 4 MiB (PSE), PAE with 2 MiB; A and D bits; fault codes. SDM 3A chapter 4.
 *
 * MISSING: PSE-36 (physical bits 32-39 in 4 MiB entries are ignored), execute-disable. */
#include "cpu/memory.h"

#define PTE_P   UINT64_C(0x001)
#define PTE_W   UINT64_C(0x002)
#define PTE_U   UINT64_C(0x004)
#define PTE_A   UINT64_C(0x020)
#define PTE_D   UINT64_C(0x040)
#define PTE_PS  UINT64_C(0x080)
#define PTE_G   UINT64_C(0x100)
#define PAE_RESERVED UINT64_C(0xfffffff000000000) /* above 36 physical bits */

/* What a walk found: the entries' common rights and where the last entry lies. */
struct walk {
    uint64_t physical; /* of the 4 KiB page */
    uint64_t rights;   /* PTE_W and PTE_U of all levels and-ed, PTE_G of the last */
    uint64_t at[2], value[2]; /* the entries passed, outermost first */
    unsigned levels, entry_bytes;
    bool is_large;
};

static uint64_t read_entry(const struct cpu *cpu, uint64_t physical, unsigned bytes)
{
    const struct space_page *page = space_page(cpu->memory, physical);
    if (page && page->read)
        return load_le(page->read + (physical & PAGE_MASK), bytes);
    return mask_bytes(bytes); /* nobody answers; devices are not asked for page tables */
}

static void write_entry(struct cpu *cpu, uint64_t physical, unsigned bytes, uint64_t value)
{
    const struct space_page *page = space_page(cpu->memory, physical);
    if (!page || !page->write)
        return;
    store_le(page->write + (physical & PAGE_MASK), bytes, value);
    ram_written(page->write_ram, page->write_frame, (uint32_t)(physical & PAGE_MASK), bytes);
}

static void walk_step(struct walk *walk, uint64_t at, uint64_t value)
{
    walk->at[walk->levels] = at;
    walk->value[walk->levels++] = value;
    walk->rights &= value;
}

/* Returns false at a missing entry; *reserved tells of reserved bits that are set. */
static bool walk_legacy(const struct cpu *cpu, uint64_t linear, struct walk *walk)
{
    uint64_t at = (cpu->cr3 & 0xfffff000u) + (linear >> 22) * 4, value = read_entry(cpu, at, 4);
    walk->entry_bytes = 4;
    if (!(value & PTE_P))
        return false;
    walk_step(walk, at, value);
    if (value & PTE_PS && cpu->cr4 & CR4_PSE) {
        walk->is_large = true;
        walk->physical = (value & 0xffc00000u) | (linear & 0x003ff000u);
        return true;
    }
    at = (value & 0xfffff000u) + (linear >> 12 & 1023) * 4;
    value = read_entry(cpu, at, 4);
    if (!(value & PTE_P))
        return false;
    walk_step(walk, at, value);
    walk->physical = value & 0xfffff000u;
    return true;
}

static bool walk_pae(const struct cpu *cpu, uint64_t linear, struct walk *walk, bool *reserved)
{
    uint64_t pointer = cpu->pdpte[linear >> 30 & 3], at, value;
    walk->entry_bytes = 8;
    if (!(pointer & PTE_P))
        return false;
    at = (pointer & ~PAGE_MASK) + (linear >> 21 & 511) * 8;
    value = read_entry(cpu, at, 8);
    if (!(value & PTE_P))
        return false;
    walk_step(walk, at, value);
    if (value & PTE_PS) {
        *reserved = value & (PAE_RESERVED | UINT64_C(0x1fe000));
        walk->is_large = true;
        walk->physical = (value & ~UINT64_C(0x1fffff)) | (linear & 0x001ff000u);
        return true;
    }
    *reserved = value & PAE_RESERVED;
    at = (value & ~PAGE_MASK) + (linear >> 12 & 511) * 8;
    value = read_entry(cpu, at, 8);
    if (!(value & PTE_P))
        return false;
    walk_step(walk, at, value);
    *reserved = *reserved || value & PAE_RESERVED;
    walk->physical = value & ~PAGE_MASK;
    return true;
}

static bool walk_tables(const struct cpu *cpu, uint64_t linear, struct walk *walk, bool *reserved)
{
    *walk = (struct walk){.rights = PTE_W | PTE_U | PTE_G};
    *reserved = false;
    return cpu->cr4 & CR4_PAE ? walk_pae(cpu, linear, walk, reserved)
                              : walk_legacy(cpu, linear, walk);
}

static bool is_allowed(const struct cpu *cpu, uint64_t rights, bool is_write, bool is_user)
{
    if (is_user)
        return rights & PTE_U && (!is_write || rights & PTE_W);
    return !is_write || rights & PTE_W || !(cpu->cr0 & CR0_WP);
}

/* Walks, checks and marks; raises #PF. */
static void walk_or_fault(struct cpu *cpu, uint64_t linear, bool is_write, bool is_user,
                          struct walk *walk)
{
    bool reserved, is_present = walk_tables(cpu, linear, walk, &reserved);
    uint32_t code = (is_write ? PF_WRITE : 0) | (is_user ? PF_USER : 0);
    if (!is_present)
        cpu_raise_page_fault(cpu, linear, code);
    if (reserved)
        cpu_raise_page_fault(cpu, linear, code | PF_PRESENT | PF_RESERVED);
    if (!is_allowed(cpu, walk->rights, is_write, is_user))
        cpu_raise_page_fault(cpu, linear, code | PF_PRESENT);
    for (unsigned i = 0; i < walk->levels; i++) {
        uint64_t marks = PTE_A;
        if (is_write && i + 1 == walk->levels)
            marks |= PTE_D;
        if ((walk->value[i] & marks) == marks)
            continue;
        walk->value[i] |= marks;
        write_entry(cpu, walk->at[i], walk->entry_bytes, walk->value[i]);
    }
}

static uint8_t entry_flags(const struct cpu *cpu, const struct walk *walk)
{
    uint64_t last = walk->value[walk->levels - 1];
    unsigned flags = 0;
    flags |= walk->rights & PTE_U ? TLB_USER : 0;
    flags |= walk->rights & PTE_W ? TLB_WRITABLE : 0;
    flags |= last & PTE_D ? TLB_DIRTY : 0;
    flags |= last & PTE_G && cpu->cr4 & CR4_PGE ? TLB_GLOBAL : 0;
    flags |= walk->is_large ? TLB_LARGE : 0;
    return (uint8_t)flags;
}

static bool entry_serves(const struct cpu *cpu, const struct tlb_entry *e, bool is_write,
                         bool is_user)
{
    uint64_t rights = (e->flags & TLB_USER ? PTE_U : 0) | (e->flags & TLB_WRITABLE ? PTE_W : 0);
    return is_allowed(cpu, rights, is_write, is_user) && (!is_write || e->flags & TLB_DIRTY);
}

static void log_index(struct cpu_memory *m, unsigned index)
{
    if (m->logged < TLB_LOG)
        m->log[m->logged] = (uint16_t)index;
    m->logged++;
}

static void drop_fast(struct cpu_memory *m, unsigned index)
{
    for (unsigned k = 0; k < 4; k++)
        m->fast[k][index].tag = TLB_INVALID;
}

uint64_t memory_translate(struct cpu *cpu, uint64_t linear, bool is_write, bool is_user)
{
    struct cpu_memory *m = cpu->memory_unit;
    unsigned index = tlb_index(linear);
    struct tlb_entry *e = &m->entry[index];
    struct walk walk;
    linear &= 0xffffffffu;
    if (!(cpu->cr0 & CR0_PG)) {
        log_index(m, index);
        return linear;
    }
    if (e->tag == (linear & ~PAGE_MASK) && entry_serves(cpu, e, is_write, is_user)) {
        log_index(m, index);
        return e->physical | (linear & PAGE_MASK);
    }
    /* A fault forgets the entry (SDM 3A 4.10.4.1), so that the handler's repair is seen. */
    e->tag = TLB_INVALID;
    drop_fast(m, index);
    walk_or_fault(cpu, linear, is_write, is_user, &walk);
    e->tag = linear & ~PAGE_MASK;
    e->physical = walk.physical;
    e->flags = entry_flags(cpu, &walk);
    m->has_large = m->has_large || walk.is_large;
    log_index(m, index);
    return walk.physical | (linear & PAGE_MASK);
}

uint64_t memory_translate_fetch(struct cpu *cpu, uint64_t linear, bool *is_global)
{
    struct walk walk;
    linear &= 0xffffffffu;
    *is_global = false;
    if (!(cpu->cr0 & CR0_PG))
        return linear;
    walk_or_fault(cpu, linear, false, cpu->cpl == 3, &walk);
    *is_global = entry_flags(cpu, &walk) & TLB_GLOBAL;
    return walk.physical | (linear & PAGE_MASK);
}

bool cpu_translate(const struct cpu *cpu, uint64_t linear, uint64_t *physical)
{
    struct walk walk;
    bool reserved;
    linear &= 0xffffffffu;
    *physical = linear;
    if (!(cpu->cr0 & CR0_PG))
        return true;
    if (!walk_tables(cpu, linear, &walk, &reserved))
        return false;
    *physical = walk.physical | (linear & PAGE_MASK);
    return true;
}

bool cpu_load_pdptes(struct cpu *cpu, uint64_t cr3)
{
    uint64_t entries[4];
    for (unsigned i = 0; i < 4; i++) {
        entries[i] = read_entry(cpu, (cr3 & 0xffffffe0u) + i * 8u, 8);
        if (entries[i] & PTE_P && entries[i] & (PAE_RESERVED | UINT64_C(0x1e6)))
            return false;
    }
    for (unsigned i = 0; i < 4; i++)
        cpu->pdpte[i] = entries[i];
    return true;
}

static void drop_entry(struct cpu_memory *m, unsigned index, bool keep_global)
{
    struct tlb_entry *e = &m->entry[index];
    if (keep_global && e->tag != TLB_INVALID && e->flags & TLB_GLOBAL)
        return; /* its fast forms stay right as well */
    e->tag = TLB_INVALID;
    drop_fast(m, index);
}

void cpu_tlb_flush(struct cpu *cpu, bool keep_global)
{
    struct cpu_memory *m = cpu->memory_unit;
    if (m->logged <= TLB_LOG && keep_global) {
        for (unsigned i = 0; i < m->logged; i++)
            drop_entry(m, m->log[i], true);
    } else {
        for (unsigned i = 0; i < TLB_ENTRIES; i++)
            drop_entry(m, i, keep_global);
    }
    m->logged = 0;
    cpu_code_remapped(cpu, keep_global);
}

void cpu_tlb_invalidate(struct cpu *cpu, uint64_t linear)
{
    struct cpu_memory *m = cpu->memory_unit;
    unsigned index = tlb_index(linear);
    uint64_t region = ~(cpu->cr4 & CR4_PAE ? UINT64_C(0x1fffff) : UINT64_C(0x3fffff));
    linear &= 0xffffffffu;
    for (unsigned i = 0; i < TLB_ENTRIES && m->has_large; i++) {
        struct tlb_entry *e = &m->entry[i];
        if (e->tag != TLB_INVALID && e->flags & TLB_LARGE && !((e->tag ^ linear) & region))
            drop_entry(m, i, false);
    }
    if (m->entry[index].tag == (linear & ~PAGE_MASK))
        drop_entry(m, index, false);
    cpu_code_unmapped(cpu, linear);
}

void memory_reset(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        drop_entry(m, i, false);
        m->fast[4][i].tag = TLB_INVALID;
    }
    m->logged = 0;
    m->has_large = false;
    memory_choose_tlb(cpu);
}
