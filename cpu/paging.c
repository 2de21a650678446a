/* Page tables: 4 KiB, 4 MiB (PSE, PSE-36), PAE with 2 MiB and execute-disable; A and D bits; fault
 * codes. SDM 3A chapter 4. */
#include "cpu/paging.h"

#define PDE_PAT UINT64_C(0x1000) /* in the entry of a large page */
#define PAE_RESERVED UINT64_C(0xfffffff000000000) /* above 36 physical bits; XD has a say in bit 63 */
#define PAE_LARGE_RESERVED UINT64_C(0x1fe000)
#define PDPTE_RESERVED (PAE_RESERVED | UINT64_C(0x1e6))

/* What a walk found: the entries' common rights and where the last entry lies. */
struct walk {
    uint64_t physical; /* of the 4 KiB page */
    uint64_t rights;   /* PTE_W and PTE_U of all levels and-ed */
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

const uint8_t *paging_find_table(const struct cpu *cpu, struct table_host *table, uint64_t physical)
{
    const struct space_page *page = space_page(cpu->memory, physical);
    if (!page || !page->read)
        return NULL;
    table->physical = physical;
    return table->bytes = page->read;
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
    *walk = (struct walk){.rights = PTE_W | PTE_U};
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
    unsigned flags = flags_of_entry(cpu, walk->rights, walk->value[walk->levels - 1]);
    return (uint8_t)(flags | (walk->is_large ? TLB_LARGE : 0));
}

/* Apart, so that the frequent walk needs no stack frame. */
static __attribute__((noinline)) void walk_general(struct cpu *cpu, uint64_t linear,
                                                   uint32_t access, struct tlb_entry *e)
{
    struct walk walk;
    walk_or_fault(cpu, linear, access, &walk);
    e->physical = walk.physical;
    e->flags = entry_flags(cpu, &walk);
}

void memory_walk(struct cpu *cpu, uint64_t linear, uint32_t access, struct tlb_entry *e)
{
    if (BASE_UNLIKELY(!paging_walk_plain(cpu, linear, access, e)))
        walk_general(cpu, linear, access, e);
}

uint64_t memory_translate_fetch(struct cpu *cpu, uint64_t linear, bool *is_global)
{
    struct tlb_entry e;
    linear &= 0xffffffffu;
    *is_global = false;
    if (!(cpu->cr0 & CR0_PG))
        return linear & cpu_model_address_mask(cpu->model);
    memory_walk(cpu, linear, PF_FETCH | (cpu->cpl == 3 ? PF_USER : 0), &e);
    *is_global = e.flags & TLB_GLOBAL;
    return e.physical | (linear & PAGE_MASK);
}

bool cpu_translate(const struct cpu *cpu, uint64_t linear, uint64_t *physical)
{
    struct walk walk;
    linear &= 0xffffffffu;
    *physical = linear & cpu_model_address_mask(cpu->model);
    if (!(cpu->cr0 & CR0_PG))
        return true;
    if (!walk_tables(cpu, linear, &walk))
        return false;
    *physical = walk.physical | (linear & PAGE_MASK);
    return true;
}

bool cpu_may_access(const struct cpu *cpu, uint64_t linear, size_t count, bool is_write)
{
    if (linear > UINT32_MAX || count > UINT32_MAX - linear)
        return false;
    if (!(cpu->cr0 & CR0_PG) || count == 0)
        return true;
    for (uint64_t page = linear & ~(uint64_t)PAGE_MASK; page < linear + count; page += FRAME_BYTES) {
        struct walk walk;
        if (!walk_tables(cpu, page, &walk) || !is_allowed(cpu, walk.rights, is_write, cpu->cpl == 3))
            return false;
    }
    return true;
}

bool cpu_touch(struct cpu *cpu, uint64_t linear, size_t count, bool is_write)
{
    uint32_t access = PF_USER | (is_write ? PF_WRITE : 0);
    if (!(cpu->cr0 & CR0_PG) || cpu->cpl != 3 || !cpu->catch || linear > UINT32_MAX ||
        count > UINT32_MAX - linear)
        return cpu_may_access(cpu, linear, count, is_write);
    for (uint64_t page = linear & ~(uint64_t)PAGE_MASK; page < linear + count;
         page += FRAME_BYTES) {
        struct walk walk;
        if (walk_tables(cpu, page, &walk) && !(walk.rights & PTE_U))
            return false;
        walk_or_fault(cpu, page < linear ? linear : page, access, &walk);
    }
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
