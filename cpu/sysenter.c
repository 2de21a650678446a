/* SYSENTER and SYSEXIT: flat segments made up from one MSR, without a look at the GDT.
 *
 * Specification: Intel SDM 2B (2023) SYSENTER, SYSEXIT; SDM 3A 5.8.7. MISSING: 64-bit form. */
#include "cpu/segment.h"

/* A flat 4 GiB segment, accessed, present. */
static void load_flat(struct cpu *cpu, unsigned index, uint16_t selector, unsigned dpl,
                      unsigned type)
{
    const struct cpu_segment segment = {
        .limit = 0xffffffffu,
        .selector = selector,
        .attributes = (uint16_t)(SEGMENT_P | SEGMENT_S | SEGMENT_G | SEGMENT_DB |
                                 dpl << SEGMENT_DPL_SHIFT | type),
    };
    cpu_load_segment(cpu, index, &segment);
}
#define TYPE_CODE_FLAT (SEGMENT_CODE | SEGMENT_WRITABLE | SEGMENT_ACCESSED)
#define TYPE_DATA_FLAT (SEGMENT_WRITABLE | SEGMENT_ACCESSED)

void sys_sysenter(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    const struct cpu_msrs *msrs = &cpu->system.msrs;
    uint16_t selector = (uint16_t)(msrs->sysenter_cs & 0xfffc);
    if (!cpu_is_protected(cpu) || selector == 0) {
        cpu_fault_gp(cpu, "SYSENTER in real mode, or SYSENTER_CS is null");
    }
    struct cpu_exit exit = {.kind = CPU_EXIT_SYSENTER};
    if (cpu_leave(cpu, &exit)) {
        return;
    }
    bool was_v86 = cpu_is_v86(cpu);
    cpu_flags_write(cpu, 0, FLAG_VM | FLAG_IF | FLAG_RF);
    load_flat(cpu, CPU_CS, selector, 0, TYPE_CODE_FLAT);
    cpu_set_privilege(cpu, 0);
    load_flat(cpu, CPU_SS, (uint16_t)(selector + 8), 0, TYPE_DATA_FLAT);
    cpu->gpr[CPU_SP] = (uint32_t)msrs->sysenter_esp;
    cpu->next_ip = (uint32_t)msrs->sysenter_eip;
    if (was_v86) {
        cpu_mode_changed(cpu);
    }
}

void sys_sysexit(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    uint16_t selector = (uint16_t)(cpu->system.msrs.sysenter_cs & 0xfffc);
    if (!cpu_is_protected(cpu) || selector == 0 || cpu->cpl != 0) {
        cpu_fault_gp(cpu, "SYSEXIT outside CPL 0, or SYSENTER_CS is null");
    }
    load_flat(cpu, CPU_CS, (uint16_t)((selector + 16) | 3), 3, TYPE_CODE_FLAT);
    cpu_set_privilege(cpu, 3);
    load_flat(cpu, CPU_SS, (uint16_t)((selector + 24) | 3), 3, TYPE_DATA_FLAT);
    cpu->gpr[CPU_SP] = (uint32_t)cpu->gpr[CPU_CX];
    cpu->next_ip = (uint32_t)cpu->gpr[CPU_DX];
}
