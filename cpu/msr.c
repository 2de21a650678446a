/* Model-specific registers, the time-stamp counter and the performance counters.
 *
 * Specification: Intel SDM 4 (2023), tables for the Pentium and the P6 family; SDM 3A 11.11 (MTRR),
 * 11.12 (PAT), 15.3 (machine checks), SDM 3B 17.17 (TSC).
 * MISSING: memory types have no effect (there is no cache to see); counters do not count; nothing
 * raises machine checks; last-branch records read as zero.
 * Clock: the TSC counts the machine's clock, one tick an instruction. */
#include "bus/apic_bus.h"
#include "cpu/internal.h"

enum msr_address {
    MSR_P5_MC_ADDR = 0x000, MSR_P5_MC_TYPE = 0x001, MSR_TSC = 0x010, MSR_PLATFORM_ID = 0x017,
    MSR_APIC_BASE = 0x01b, MSR_EBL_CR_POWERON = 0x02a, MSR_TEST_CTL = 0x033, MSR_BIOS_UPDT_TRIG = 0x079,
    MSR_BIOS_SIGN_ID = 0x08b, MSR_PERFCTR0 = 0x0c1, MSR_PERFCTR1 = 0x0c2, MSR_MTRRCAP = 0x0fe,
    MSR_BBL_CR_CTL = 0x119, MSR_BBL_CR_CTL3 = 0x11e, MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175, MSR_SYSENTER_EIP = 0x176, MSR_MCG_CAP = 0x179,
    MSR_MCG_STATUS = 0x17a, MSR_MCG_CTL = 0x17b, MSR_EVNTSEL0 = 0x186,
    MSR_EVNTSEL1 = 0x187, MSR_DEBUGCTL = 0x1d9, MSR_LASTBRANCH_FIRST = 0x1db,
    MSR_LASTBRANCH_LAST = 0x1de, MSR_MTRR_BASE0 = 0x200, MSR_MTRR_LAST = 0x20f,
    MSR_MTRR_FIX64K = 0x250, MSR_MTRR_FIX16K_0 = 0x258, MSR_MTRR_FIX16K_1 = 0x259,
    MSR_MTRR_FIX4K_0 = 0x268, MSR_MTRR_FIX4K_7 = 0x26f, MSR_PAT = 0x277,
    MSR_MTRR_DEF_TYPE = 0x2ff, MSR_MC0_CTL = 0x400, MSR_MC_LAST = 0x413
};
#define MSR_EFER 0xc0000080u
#define APIC_BASE UINT64_C(0xfee00100)      /* the boot processor's, switched off (SDM 3A 10.4.4) */
#define MCG_CAP UINT64_C(0x105)             /* five banks, MCG_CTL is there */
#define MTRRCAP UINT64_C(0x508)             /* WC, fixed ranges, 8 variable ones */
#define PHYSICAL_MASK UINT64_C(0xfffffffff) /* 36 address bits */

void cpu_msrs_reset(struct cpu_msrs *msrs)
{
    *msrs = (struct cpu_msrs){.pat = UINT64_C(0x0007040600070406)};
}

const struct state_field CPU_MSRS_STATE[] = {
    STATE_ONE(struct cpu_msrs, sysenter_cs),    STATE_ONE(struct cpu_msrs, sysenter_esp),
    STATE_ONE(struct cpu_msrs, sysenter_eip),   STATE_ONE(struct cpu_msrs, tsc_offset),
    STATE_ONE(struct cpu_msrs, pat),            STATE_ONE(struct cpu_msrs, mtrr_default),
    STATE_ARRAY(struct cpu_msrs, mtrr_fixed),   STATE_ARRAY(struct cpu_msrs, mtrr_base),
    STATE_ARRAY(struct cpu_msrs, mtrr_mask),    STATE_ONE(struct cpu_msrs, microcode),
    STATE_ONE(struct cpu_msrs, debug_control),  STATE_ARRAY(struct cpu_msrs, event_select),
    STATE_ARRAY(struct cpu_msrs, counter),      STATE_ONE_SINCE(2, struct cpu_msrs, mcg_status),
    STATE_ONE_SINCE(2, struct cpu_msrs, mcg_control),
    STATE_ARRAY_SINCE(2, struct cpu_msrs, mc_control),
    STATE_ONE_SINCE(2, struct cpu_msrs, efer),  STATE_TABLE_END,
};

uint64_t cpu_tsc(const struct cpu *cpu)
{
    return clock_now(cpu->clock) + cpu->system.msrs.tsc_offset;
}

/* The fixed-range MTRR of this address, or NULL. */
static uint64_t *msr_fixed_range(struct cpu_msrs *msrs, uint32_t address)
{
    switch (address) {
    case MSR_MTRR_FIX64K: return &msrs->mtrr_fixed[0];
    case MSR_MTRR_FIX16K_0: return &msrs->mtrr_fixed[1];
    case MSR_MTRR_FIX16K_1: return &msrs->mtrr_fixed[2];
    default: break;
    }
    return address >= MSR_MTRR_FIX4K_0 && address <= MSR_MTRR_FIX4K_7
               ? &msrs->mtrr_fixed[3 + address - MSR_MTRR_FIX4K_0]
               : NULL;
}

static bool msr_is_machine_check(uint32_t address)
{
    return (address >= MSR_MCG_CAP && address <= MSR_MCG_CTL) ||
           (address >= MSR_MC0_CTL && address <= MSR_MC_LAST);
}

/* Registers of the machine-check architecture that keep something, or NULL. The banks stand four
 * addresses apart: control, status, address, and a hole (SDM 4, table of the P6 family). */
static uint64_t *msr_machine_check(struct cpu_msrs *msrs, uint32_t address)
{
    switch (address) {
    case MSR_MCG_STATUS: return &msrs->mcg_status;
    case MSR_MCG_CTL: return &msrs->mcg_control;
    default: break;
    }
    return address >= MSR_MC0_CTL && address <= MSR_MC_LAST && (address & 3) == 0
               ? &msrs->mc_control[(address - MSR_MC0_CTL) / 4]
               : NULL;
}

/* The plain register of this address (all bits kept that software writes), or NULL. */
static uint64_t *msr_plain(struct cpu *cpu, uint32_t address)
{
    struct cpu_msrs *msrs = &cpu->system.msrs;
    if (cpu_model_has(cpu->model, FEATURE_SEP)) {
        switch (address) {
        case MSR_SYSENTER_CS: return &msrs->sysenter_cs;
        case MSR_SYSENTER_ESP: return &msrs->sysenter_esp;
        case MSR_SYSENTER_EIP: return &msrs->sysenter_eip;
        default: break;
        }
    }
    if (cpu_model_has(cpu->model, FEATURE_MTRR)) {
        if (address >= MSR_MTRR_BASE0 && address <= MSR_MTRR_LAST) {
            unsigned pair = (address - MSR_MTRR_BASE0) / 2;
            return address & 1 ? &msrs->mtrr_mask[pair] : &msrs->mtrr_base[pair];
        }
        if (address == MSR_MTRR_DEF_TYPE) {
            return &msrs->mtrr_default;
        }
        if (msr_fixed_range(msrs, address) != NULL) {
            return msr_fixed_range(msrs, address);
        }
    }
    if (address == MSR_PAT && cpu_model_has(cpu->model, FEATURE_PAT)) {
        return &msrs->pat;
    }
    if (address == MSR_EFER && cpu_model_has(cpu->model, FEATURE_NX)) {
        return &msrs->efer;
    }
    if (cpu_model_has(cpu->model, FEATURE_MCA) && msr_machine_check(msrs, address) != NULL) {
        return msr_machine_check(msrs, address);
    }
    if (cpu_model_has(cpu->model, FEATURE_PMC)) {
        switch (address) {
        case MSR_EVNTSEL0: return &msrs->event_select[0];
        case MSR_EVNTSEL1: return &msrs->event_select[1];
        case MSR_PERFCTR0: return &msrs->counter[0];
        case MSR_PERFCTR1: return &msrs->counter[1];
        case MSR_BIOS_SIGN_ID: return &msrs->microcode;
        case MSR_DEBUGCTL: return &msrs->debug_control;
        default: break;
        }
    }
    return NULL;
}

/* Test and performance registers of the Pentium: TR1-TR12, CESR, CTR0, CTR1 (Pentium Processor Family
 * Developer's Manual, volume 3, 16.2), and its machine-check registers. */
static bool msr_is_pentium(uint32_t address)
{
    const uint32_t present = 0x000e7bf4u | 1u << MSR_P5_MC_ADDR | 1u << MSR_P5_MC_TYPE;
    return address < 32 && (present >> address & 1) != 0;
}

/* Registers that are there, read as a constant and ignore what is written. */
static bool msr_constant(const struct cpu *cpu, uint32_t address, uint64_t *value)
{
    *value = 0;
    if (cpu->model->generation == GEN_PENTIUM) {
        return msr_is_pentium(address);
    }
    if (!cpu_model_has(cpu->model, FEATURE_PMC)) {
        return false;
    }
    switch (address) {
    case MSR_P5_MC_ADDR:
    case MSR_P5_MC_TYPE:
    case MSR_PLATFORM_ID:
    case MSR_EBL_CR_POWERON:
    case MSR_TEST_CTL:
    case MSR_BBL_CR_CTL:
    case MSR_BBL_CR_CTL3:
    case MSR_BIOS_UPDT_TRIG:
        return true;
    case MSR_MTRRCAP:
        *value = MTRRCAP;
        return true;
    case MSR_MCG_CAP:
        *value = MCG_CAP;
        return true;
    case MSR_APIC_BASE: /* no APIC: once off, it stays so until RESET#; writes change nothing */
        *value = APIC_BASE;
        return true;
    default:
        return (address >= MSR_LASTBRANCH_FIRST && address <= MSR_LASTBRANCH_LAST) ||
               (address >= MSR_MC0_CTL && address <= MSR_MC_LAST && (address & 3) != 3);
    }
}

/* Types 0, 1, 4, 5, 6 exist (SDM 3A table 11-8); in the PAT also 7, UC- (table 11-10). */
static bool msr_is_type(uint64_t type, bool is_pat)
{
    return type < 8 && ((is_pat ? 0xf3u : 0x73u) >> type & 1) != 0;
}

static bool msr_types_are_valid(uint64_t value, bool is_pat)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (!msr_is_type(value >> shift & 0xff, is_pat)) {
            return false;
        }
    }
    return true;
}

/* Constants that fault when anything (MTRRcap, MCG_CAP) or anything but 0 (the status and address of
 * a machine check, SDM 3B 15.3.2.2) is written. */
static bool msr_constant_takes(uint32_t address, uint64_t value)
{
    return address != MSR_MTRRCAP && address != MSR_MCG_CAP &&
           (!msr_is_machine_check(address) || value == 0);
}

/* May this value be written? Else #GP, and the register keeps its value. */
static bool msr_is_valid(struct cpu *cpu, uint32_t address, uint64_t value)
{
    if (msr_fixed_range(&cpu->system.msrs, address) != NULL) {
        return msr_types_are_valid(value, false);
    }
    if (address >= MSR_MTRR_BASE0 && address <= MSR_MTRR_LAST) {
        return (address & 1) != 0 ? (value & ~PHYSICAL_MASK) == 0 && (value & 0x7ff) == 0
                                  : (value & ~PHYSICAL_MASK) == 0 && (value & 0xf00) == 0 &&
                                        msr_is_type(value & 0xff, false);
    }
    if (msr_is_machine_check(address) && address != MSR_MCG_STATUS) {
        return value == 0 || value == UINT64_MAX; /* SDM 3B 15.3.2.1: all or none */
    }
    switch (address) {
    case MSR_MCG_STATUS: return value < 8;
    case MSR_EFER: return (value & ~EFER_NXE) == 0;
    case MSR_PAT: return msr_types_are_valid(value, true);
    case MSR_MTRR_DEF_TYPE:
        return (value & ~UINT64_C(0xcff)) == 0 && msr_is_type(value & 0xff, false);
    default: return true;
    }
}

/* IA32_APIC_BASE of a processor that has its APIC (the Pentium has the APIC, not the register). */
static const struct apic_core *msr_apic(const struct cpu *cpu, uint32_t address)
{
    return address == MSR_APIC_BASE && cpu_model_has(cpu->model, FEATURE_PMC) ? cpu->config.apic
                                                                             : NULL;
}

static _Noreturn void msr_fault(struct cpu *cpu, uint32_t address)
{
    cpu_fault(cpu, VECTOR_GP, 0, "MSR %: not in this model, or the value is reserved", address, 0);
}

static void msr_check(struct cpu *cpu)
{
    if (cpu_privilege(cpu) != 0) {
        cpu_fault_gp(cpu, "RDMSR/WRMSR outside CPL 0");
    }
}

void sys_rdmsr(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    msr_check(cpu);
    uint32_t address = (uint32_t)cpu->gpr[CPU_CX];
    uint64_t value;
    const uint64_t *plain = msr_plain(cpu, address);
    if (address == MSR_TSC && cpu_model_has(cpu->model, FEATURE_TSC)) {
        value = cpu_tsc(cpu);
    } else if (msr_apic(cpu, address) != NULL) {
        value = msr_apic(cpu, address)->base(msr_apic(cpu, address)->self);
    } else if (plain != NULL) {
        value = *plain;
    } else if (!msr_constant(cpu, address, &value)) {
        msr_fault(cpu, address);
    }
    cpu->gpr[CPU_AX] = (uint32_t)value;
    cpu->gpr[CPU_DX] = value >> 32;
}

void sys_wrmsr(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    msr_check(cpu);
    uint32_t address = (uint32_t)cpu->gpr[CPU_CX];
    uint64_t value = (uint32_t)cpu->gpr[CPU_AX] | cpu->gpr[CPU_DX] << 32;
    uint64_t *plain = msr_plain(cpu, address), constant;
    if (address == MSR_TSC && cpu_model_has(cpu->model, FEATURE_TSC)) {
        /* SDM 3B 17.17.3: before family 0F the high half is cleared by a write */
        value = cpu->model->generation >= GEN_MAX ? value : (uint32_t)value;
        cpu->system.msrs.tsc_offset += value - cpu_tsc(cpu);
    } else if (msr_apic(cpu, address) != NULL) {
        if (!msr_apic(cpu, address)->set_base(msr_apic(cpu, address)->self, value)) {
            msr_fault(cpu, address);
        }
    } else if (plain != NULL && msr_is_valid(cpu, address, value)) {
        /* SDM 3B 18.6.8: a write to a counter sign-extends its low 32 bits to 40 */
        bool is_counter = address == MSR_PERFCTR0 || address == MSR_PERFCTR1;
        *plain = is_counter ? (uint64_t)(int64_t)(int32_t)value & UINT64_C(0xffffffffff) : value;
        if (address == MSR_EFER) {
            cpu_tlb_flush(cpu, false); /* bit 63 of what is cached has another meaning now */
        }
    } else if (plain != NULL || !msr_constant(cpu, address, &constant) ||
               !msr_constant_takes(address, value)) {
        msr_fault(cpu, address);
    }
}

void sys_rdtsc(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    if ((cpu->cr4 & CR4_TSD) != 0 && cpu_privilege(cpu) != 0) {
        cpu_fault_gp(cpu, "RDTSC with CR4.TSD outside CPL 0");
    }
    uint64_t tsc = cpu_tsc(cpu);
    cpu->gpr[CPU_AX] = (uint32_t)tsc;
    cpu->gpr[CPU_DX] = tsc >> 32;
}

void sys_rdpmc(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    if ((cpu->cr4 & CR4_PCE) == 0 && cpu_privilege(cpu) != 0) {
        cpu_fault_gp(cpu, "RDPMC without CR4.PCE outside CPL 0");
    }
    uint32_t index = (uint32_t)cpu->gpr[CPU_CX];
    if (index > 1) {
        cpu_fault_gp(cpu, "RDPMC of a counter that is not there");
    }
    cpu->gpr[CPU_AX] = (uint32_t)cpu->system.msrs.counter[index];
    cpu->gpr[CPU_DX] = cpu->system.msrs.counter[index] >> 32;
}
