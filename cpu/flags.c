/* EFLAGS as a whole: what the lazy form stands for, and writing it. SDM 1 3.4.3. */
#include "cpu/flags.h"

uint32_t flags_arithmetic(const struct cpu *cpu)
{
    unsigned kind = cpu->flags_kind;
    uint32_t flags = 0;
    if (kind >> 2 == FLAGS_EXPLICIT)
        return (uint32_t)cpu->flags_source & FLAGS_ARITHMETIC;
    flags |= flags_cf(cpu) ? FLAG_CF : 0;
    flags |= flags_pf(cpu) ? FLAG_PF : 0;
    flags |= flags_zf(cpu) ? FLAG_ZF : 0;
    flags |= flags_sf(cpu) ? FLAG_SF : 0;
    flags |= flags_of(cpu) ? FLAG_OF : 0;
    return flags | flags_af(cpu);
}

uint64_t cpu_flags_read(struct cpu *cpu)
{
    return cpu->flags_other | flags_arithmetic(cpu) | 2u;
}

void cpu_flags_write(struct cpu *cpu, uint64_t value, uint64_t mask)
{
    uint32_t old = cpu->flags_other;
    if (mask & FLAGS_ARITHMETIC) {
        bool are_all = (mask & FLAGS_ARITHMETIC) == FLAGS_ARITHMETIC;
        uint32_t keep = are_all ? 0 : flags_arithmetic(cpu) & (uint32_t)~mask;
        flags_set_explicit(cpu, keep | ((uint32_t)(value & mask) & FLAGS_ARITHMETIC));
    }
    mask &= ~(uint64_t)(FLAGS_ARITHMETIC | 2u);
    cpu->flags_other = (uint32_t)((old & ~mask) | (value & mask));
    if ((old ^ cpu->flags_other) & (FLAG_VM | FLAG_AC | FLAG_IOPL))
        cpu_mode_changed(cpu);
    /* TF, and IF with something pending, are looked at between instructions. */
    if (cpu->flags_other & FLAG_TF || (cpu->flags_other & FLAG_IF && cpu->intr))
        cpu->has_event = true;
}
