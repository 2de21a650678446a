/* Entries of page tables, and the frequent walk, which is compiled into whoever takes it. SDM 3A chapter 4. */
#ifndef VITRINE_CPU_PAGING_H
#define VITRINE_CPU_PAGING_H

#include "cpu/memory.h"

#define PTE_P   UINT64_C(0x001)
#define PTE_W   UINT64_C(0x002)
#define PTE_U   UINT64_C(0x004)
#define PTE_A   UINT64_C(0x020)
#define PTE_D   UINT64_C(0x040)
#define PTE_PS  UINT64_C(0x080)
#define PTE_PAT UINT64_C(0x080) /* in the entry of a 4 KiB page */
#define PTE_G   UINT64_C(0x100)
#define PTE_XD  (UINT64_C(1) << 63)

static inline uint8_t flags_of_entry(const struct cpu *cpu, uint64_t rights, uint64_t last)
{
    uint64_t flags = (rights & PTE_U) / PTE_U * TLB_USER;
    flags |= (rights & PTE_W) / PTE_W * TLB_WRITABLE;
    flags |= (last & PTE_D) / PTE_D * TLB_DIRTY;
    flags |= cpu->cr4 & CR4_PGE ? (last & PTE_G) / PTE_G * TLB_GLOBAL : 0;
    return (uint8_t)flags;
}

/* The bytes of the table at a physical address; NULL: no RAM. */
const uint8_t *paging_find_table(const struct cpu *cpu, struct table_host *table, uint64_t physical);
static inline const uint8_t *paging_table(const struct cpu *cpu, struct table_host *table, uint64_t physical)
{
    return BASE_LIKELY(table->physical == physical) ? table->bytes
                                                    : paging_find_table(cpu, table, physical);
}

/* The frequent walk: a 4 KiB page by two legacy entries that allow the access and have their marks. False: it
 * is not so, nothing has happened, and memory_walk() has to find out what is due. */
static inline bool paging_walk_plain(struct cpu *cpu, uint64_t linear, uint32_t access, struct tlb_entry *e)
{
    /* The bits of an error code lie where those of the rights do (SDM 3A 4.3, 4.7). */
    uint64_t needed = PTE_P | PTE_A | (access & (PF_WRITE | PF_USER)), directory, last, rights;
    struct cpu_memory *m = cpu->memory_unit;
    const uint8_t *table;
    if (cpu->cr4 & CR4_PAE)
        return false;
    table = paging_table(cpu, &m->directory, cpu->cr3 & 0xfffff000u);
    if (!table)
        return false;
    directory = load_le32(table + (linear >> 22) * 4);
    if ((directory & (PTE_P | PTE_PS)) != PTE_P)
        return false;
    table = paging_table(cpu, &m->table, directory & 0xfffff000u);
    if (!table)
        return false;
    last = load_le32(table + (linear >> 12 & 1023) * 4);
    rights = directory & last;
    if ((rights & needed) != needed || last & PTE_PAT || (access & PF_WRITE && !(last & PTE_D)))
        return false;
    e->physical = last & 0xfffff000u;
    e->flags = flags_of_entry(cpu, rights, last);
    return true;
}

#endif
