/* The test registers of the 80386 and the i486: MOV TR, and what TR6 and TR7 do with the TLB.
 *
 *   TR6  linear 31-12 | V 11 | D 10 | D# 9 | U 8 | U# 7 | W 6 | W# 5 | C 0     C = 0 writes an entry, 1 looks one up
 *   TR7  physical 31-12 | (i486: PCD 11, PWT 10, LRU 9-7) | HT/PL 4 | REP 3-2
 *
 * Specification: Intel 80386 Programmer's Reference Manual (1986) 10.6 (TLB testing), i486 Processor Programmer's
 * Reference Manual (1990) 10.5; the opcodes: MOV to/from special registers there.
 * MISSING: sets and ways (REP, LRU): the guest's TLB is direct mapped, a lookup finds an entry in block 0. TR3 to TR5
 * keep what is written: there is no cache behind them. */
#include "cpu/memory.h"

#define TR6_V      0x800u
#define TR6_C      0x001u
#define TR7_HT     0x010u
#define TR6_PAIR_D 9u /* x in bit n + 1, its complement in bit n */
#define TR6_PAIR_U 7u
#define TR6_PAIR_W 5u

static const struct {
    uint8_t pair, flag;
} ATTRIBUTES[] = {
    {TR6_PAIR_D, TLB_DIRTY   },
    {TR6_PAIR_U, TLB_USER    },
    {TR6_PAIR_W, TLB_WRITABLE}
};

/* Does TR6 look for an entry with these flags? 10b wants the bit set, 01b clear, 11b takes both, 00b neither. */
static bool attributes_match(uint32_t tr6, uint8_t flags)
{
    for (size_t n = 0; n < ARRAY_COUNT(ATTRIBUTES); n++) {
        bool is_set = flags & ATTRIBUTES[n].flag;
        if (!(tr6 >> (ATTRIBUTES[n].pair + is_set) & 1))
            return false;
    }
    return true;
}

static void look_up(struct cpu *cpu, uint32_t tr6)
{
    const struct tlb_entry *e = &cpu->memory_unit->entry[tlb_index(tr6)];
    bool is_hit =
        e->tag == (tr6 & ~(uint32_t)PAGE_MASK) && tr6 & TR6_V && attributes_match(tr6, e->flags);
    cpu->test[7] = is_hit ? (uint32_t)e->physical | TR7_HT : cpu->test[7] & ~TR7_HT;
}

static void write_entry(struct cpu *cpu, uint32_t tr6)
{
    struct tlb_entry e = {.tag = tr6 & ~(uint32_t)PAGE_MASK,
                          .physical = cpu->test[7] & ~(uint32_t)PAGE_MASK};
    for (size_t n = 0; n < ARRAY_COUNT(ATTRIBUTES); n++)
        if (tr6 >> (ATTRIBUTES[n].pair + 1) & 1)
            e.flags |= ATTRIBUTES[n].flag;
    if (!(tr6 & TR6_V))
        e.tag = TLB_INVALID;
    memory_set_entry(cpu, tlb_index(tr6), &e);
}

/* Which there are: the 386 has TR6 and TR7; CPL is looked at behind it, as with control registers. */
static void check(struct cpu *cpu, unsigned number)
{
    unsigned first = cpu->model->generation == GEN_386 ? 6 : 3;
    if (number < first)
        cpu_raise(cpu, VECTOR_UD);
    if (cpu->cpl != 0)
        cpu_fault_gp(cpu, "MOV TR outside CPL 0");
}

void sys_mov_from_test(struct cpu *cpu, const struct instruction *i)
{
    check(cpu, i->reg);
    register_write(cpu, i->rm, 4, cpu->test[i->reg]);
}

void sys_mov_to_test(struct cpu *cpu, const struct instruction *i)
{
    uint32_t value = (uint32_t)register_read(cpu, i->rm, 4);
    check(cpu, i->reg);
    cpu->test[i->reg] = value;
    if (i->reg == 6 && value & TR6_C)
        look_up(cpu, value);
    else if (i->reg == 6)
        write_entry(cpu, value);
}
