/* Page tables: 4 KiB, 4 MiB (PSE, PSE-36), PAE with 2 MiB and execute-disable; A and D bits; fault
 * codes. SDM 3A chapter 4. */
#include "cpu/memory.h"

#define PTE_P   UINT64_C(0x001)
#define PTE_W   UINT64_C(0x002)
#define PTE_U   UINT64_C(0x004)
#define PTE_A   UINT64_C(0x020)
#define PTE_D   UINT64_C(0x040)
#define PTE_PS  UINT64_C(0x080)
#define PTE_PAT UINT64_C(0x080) /* in the entry of a 4 KiB page */
#define PTE_G   UINT64_C(0x100)
#define PDE_PAT UINT64_C(0x1000) /* in the entry of a large page */
#define PTE_XD  (UINT64_C(1) << 63)
#define PAE_RESERVED UINT64_C(0xfffffff000000000) /* above 36 physical bits; XD has a say in bit 63 */
#define PAE_LARGE_RESERVED UINT64_C(0x1fe000)
#define PDPTE_RESERVED (PAE_RESERVED | UINT64_C(0x1e6))

/* What a walk found: the entries' common rights and where the last entry lies. */
struct walk {
    uint64_t physical; /* of the 4 KiB page */
    uint64_t rights;   /* PTE_W and PTE_U of all levels and-ed, PTE_G of the last */
    uint64_t at[2], value[2]; /* the entries passed, outermost first */
    unsigned levels, entry_bytes;
    bool is_large, is_reserved, is_execute_disabled;
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

/* Takes the entry at `at`; returns whether the walk goes on behind it. */
static bool walk_step(const struct cpu *cpu, struct walk *walk, uint64_t at, uint64_t *value)
{
    *value = read_entry(cpu, at, walk->entry_bytes);
    if (!(*value & PTE_P))
        return false;
    walk->at[walk->levels] = at;
    walk->value[walk->levels++] = *value;
    walk->rights &= *value;
    return true;
}

/* SDM 3A table 4-4 and 4.1.4: with PSE-36 bits 13-16 of a 4 MiB entry are bits 32-35 of the address. */
static uint64_t large_reserved(const struct cpu *cpu)
{
    uint64_t reserved = cpu_model_has(cpu->model, FEATURE_PSE36) ? 0x3e0000 : 0x3fe000;
    return reserved | (cpu_model_has(cpu->model, FEATURE_PAT) ? 0 : PDE_PAT);
}

/* Returns false at a missing entry, or one with reserved bits set (is_reserved). */
static bool walk_legacy(const struct cpu *cpu, uint64_t linear, struct walk *walk)
{
    uint64_t at = (cpu->cr3 & 0xfffff000u) + (linear >> 22) * 4, value;
    bool has_pse = cpu->cr4 & CR4_PSE;
    walk->entry_bytes = 4;
    if (!walk_step(cpu, walk, at, &value))
        return false;
    if (value & PTE_PS && has_pse) {
        walk->is_reserved = value & large_reserved(cpu);
        walk->is_large = true;
        walk->physical = (value & 0xffc00000u) | (linear & 0x003ff000u) | (value & 0x1e000) << 19;
        return !walk->is_reserved;
    }
    at = (value & 0xfffff000u) + (linear >> 12 & 1023) * 4;
    if (!walk_step(cpu, walk, at, &value))
        return false;
    walk->is_reserved = has_pse && value & PTE_PAT && !cpu_model_has(cpu->model, FEATURE_PAT);
    walk->physical = value & 0xfffff000u;
    return !walk->is_reserved;
}

static bool walk_pae(const struct cpu *cpu, uint64_t linear, struct walk *walk)
{
    uint64_t pointer = cpu->pdpte[linear >> 30 & 3], at, value, reserved = PAE_RESERVED;
    if (cpu->system.msrs.efer & EFER_NXE)
        reserved &= ~PTE_XD;
    walk->entry_bytes = 8;
    if (!(pointer & PTE_P))
        return false;
    at = (pointer & ~PAGE_MASK) + (linear >> 21 & 511) * 8;
    if (!walk_step(cpu, walk, at, &value))
        return false;
    walk->is_large = value & PTE_PS;
    walk->is_execute_disabled = value & PTE_XD;
    walk->is_reserved = value & (walk->is_large ? reserved | PAE_LARGE_RESERVED : reserved);
    walk->physical = (value & 0xfffe00000) | (linear & 0x001ff000u);
    if (walk->is_large || walk->is_reserved)
        return !walk->is_reserved;
    at = (value & ~(PAGE_MASK | PTE_XD)) + (linear >> 12 & 511) * 8;
    if (!walk_step(cpu, walk, at, &value))
        return false;
    walk->is_execute_disabled = walk->is_execute_disabled || value & PTE_XD;
    walk->is_reserved = value & reserved;
    walk->physical = value & ~(PAGE_MASK | PTE_XD);
    return !walk->is_reserved;
}

static bool walk_tables(const struct cpu *cpu, uint64_t linear, struct walk *walk)
{
    *walk = (struct walk){.rights = PTE_W | PTE_U | PTE_G};
    return cpu->cr4 & CR4_PAE ? walk_pae(cpu, linear, walk) : walk_legacy(cpu, linear, walk);
}

static bool is_allowed(const struct cpu *cpu, uint64_t rights, bool is_write, bool is_user)
{
    if (is_user)
        return rights & PTE_U && (!is_write || rights & PTE_W);
    return !is_write || rights & PTE_W || !(cpu->cr0 & CR0_WP);
}

/* SDM 3A 4.7: the error code tells of a fetch only where fetches have rights of their own. */
static uint32_t fault_code(const struct cpu *cpu, uint32_t access)
{
    bool has_xd = cpu->cr4 & CR4_PAE && cpu->system.msrs.efer & EFER_NXE;
    return has_xd ? access : access & ~PF_FETCH;
}

/* Walks, checks and marks; raises #PF. access: PF_WRITE, PF_USER, PF_FETCH. */
static void walk_or_fault(struct cpu *cpu, uint64_t linear, uint32_t access, struct walk *walk)
{
    bool is_found = walk_tables(cpu, linear, walk), is_write = access & PF_WRITE;
    if (walk->is_reserved)
        cpu_raise_page_fault(cpu, linear, fault_code(cpu, access) | PF_PRESENT | PF_RESERVED);
    if (!is_found)
        cpu_raise_page_fault(cpu, linear, fault_code(cpu, access));
    if (!is_allowed(cpu, walk->rights, is_write, access & PF_USER) ||
        (access & PF_FETCH && walk->is_execute_disabled))
        cpu_raise_page_fault(cpu, linear, fault_code(cpu, access) | PF_PRESENT);
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
    walk_or_fault(cpu, linear, (is_write ? PF_WRITE : 0) | (is_user ? PF_USER : 0), &walk);
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
    walk_or_fault(cpu, linear, PF_FETCH | (cpu->cpl == 3 ? PF_USER : 0), &walk);
    *is_global = entry_flags(cpu, &walk) & TLB_GLOBAL;
    return walk.physical | (linear & PAGE_MASK);
}

bool cpu_translate(const struct cpu *cpu, uint64_t linear, uint64_t *physical)
{
    struct walk walk;
    linear &= 0xffffffffu;
    *physical = linear;
    if (!(cpu->cr0 & CR0_PG))
        return true;
    if (!walk_tables(cpu, linear, &walk))
        return false;
    *physical = walk.physical | (linear & PAGE_MASK);
    return true;
}

bool cpu_load_pdptes(struct cpu *cpu, uint64_t cr3)
{
    uint64_t entries[4];
    for (unsigned i = 0; i < 4; i++) {
        entries[i] = read_entry(cpu, (cr3 & 0xffffffe0u) + i * 8u, 8);
        if (entries[i] & PTE_P && entries[i] & PDPTE_RESERVED)
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
