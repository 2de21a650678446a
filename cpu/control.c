/* Control and debug registers, task-switched flag, caches, HLT, and the state after RESET#.
 *
 * Specification: Intel SDM 3A (2023) 2.5 (control registers), 9.1.1 (table 9-1: after RESET#), SDM
 * 3B 17.2 (debug registers); SDM 2 MOV CR, MOV DR, LMSW, SMSW, CLTS, INVLPG, HLT.
 * Hardware breakpoints are the run loop's part; test registers: test_registers.c. */
#include <string.h>

#include "cpu/run.h"
#include "cpu/segment.h"

static void need_ring0(struct cpu *cpu, const char *words)
{
    if (cpu->cpl != 0) {
        cpu_fault_gp(cpu, words);
    }
}

/* --- CR0 ------------------------------------------------------------------------------------------------- */

static uint32_t cr0_mask(const struct cpu_model *model)
{
    if (!cpu_model_has(model, FEATURE_386)) {
        return CR0_PE | CR0_MP | CR0_EM | CR0_TS;
    }
    uint32_t mask = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_PG;
    return cpu_model_has(model, FEATURE_486)
               ? mask | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD
               : mask;
}

/* Bits that read as ones: ET since the 486; the 286's upper MSW (SDM 3B 22.22.1). */
static uint32_t cr0_fixed(const struct cpu_model *model)
{
    return cpu_model_has(model, FEATURE_486) ? CR0_ET
           : cpu_model_has(model, FEATURE_386) ? 0
                                               : 0xfff0u;
}

/* The 80386 returns ones for the bits that it does not have, but for bit 16 (captures of a 386EX). */
static uint64_t cr0_read(const struct cpu *cpu)
{
    return cpu->cr0 | (cpu->model->generation == GEN_386 ? 0x7ffeffe0u : 0);
}

static void cr0_write(struct cpu *cpu, uint32_t value)
{
    value = (value & cr0_mask(cpu->model)) | cr0_fixed(cpu->model);
    uint32_t changed = value ^ (uint32_t)cpu->cr0;
    if ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) {
        cpu_fault_gp(cpu, "MOV CR0: PG without PE");
    }
    if ((value & CR0_NW) != 0 && (value & CR0_CD) == 0) {
        cpu_fault_gp(cpu, "MOV CR0: NW without CD");
    }
    if ((changed & (CR0_PG | CR0_CD | CR0_NW)) != 0 && (value & CR0_PG) != 0 &&
        (cpu->cr4 & CR4_PAE) != 0 && !cpu_load_pdptes(cpu, cpu->cr3)) {
        cpu_fault_gp(cpu, "MOV CR0: reserved bits in a PDPTE");
    }
    cpu->cr0 = value;
    if ((changed & (CR0_PG | CR0_PE | CR0_WP)) != 0) {
        cpu_tlb_flush(cpu, false); /* SDM 3A 4.10.4.1 */
    }
    if ((changed & CR0_PE) != 0 && (value & CR0_PE) == 0) {
        cpu_set_privilege(cpu, 0);
    }
    cpu_mode_changed(cpu);
}

void sys_lmsw(struct cpu *cpu, const struct instruction *i)
{
    need_ring0(cpu, "LMSW outside CPL 0");
    uint32_t value = (uint32_t)operand_read_sized(cpu, i, 2);
    uint32_t low = CR0_PE | CR0_MP | CR0_EM | CR0_TS;
    cr0_write(cpu, ((uint32_t)cpu->cr0 & ~(low & ~CR0_PE)) | (value & low)); /* PE is never cleared */
}

void sys_smsw(struct cpu *cpu, const struct instruction *i)
{
    operand_write_sized(cpu, i, i->has_memory ? 2 : i->wide_size, cr0_read(cpu));
}

void sys_clts(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    need_ring0(cpu, "CLTS outside CPL 0");
    cpu->cr0 &= ~(uint64_t)CR0_TS;
    cpu_mode_changed(cpu);
}

/* --- CR3, CR4 ------------------------------------------------------------------------------------------- */

static void cr3_write(struct cpu *cpu, uint32_t value)
{
    struct cpu_exit exit = {.kind = CPU_EXIT_CR3, .value = value};
    if (cpu_leave(cpu, &exit)) {
        return;
    }
    if ((cpu->cr0 & CR0_PG) != 0 && (cpu->cr4 & CR4_PAE) != 0 && !cpu_load_pdptes(cpu, value)) {
        cpu_fault_gp(cpu, "MOV CR3: reserved bits in a PDPTE");
    }
    cpu->cr3 = value;
    cpu_tlb_flush(cpu, true);
}

static void cr4_write(struct cpu *cpu, uint32_t value)
{
    uint32_t changed = value ^ (uint32_t)cpu->cr4;
    uint32_t unknown = value & ~cpu_model_cr4_mask(cpu->model);
    if (unknown & CR4_OSXMMEXCPT)
        cpu_fault(cpu, VECTOR_GP, 0, "MOV CR4, %: OSXMMEXCPT, which comes with SSE: pentium3, max", value, 0);
    if (unknown)
        cpu_fault(cpu, VECTOR_GP, 0, "MOV CR4, %: bits that the model does not have", value, 0);
    if ((value & CR4_PAE) != 0 && (cpu->cr0 & CR0_PG) != 0 &&
        (changed & (CR4_PAE | CR4_PGE | CR4_PSE)) != 0 && !cpu_load_pdptes(cpu, cpu->cr3)) {
        cpu_fault_gp(cpu, "MOV CR4: reserved bits in a PDPTE");
    }
    cpu->cr4 = value;
    if ((changed & (CR4_PAE | CR4_PGE | CR4_PSE)) != 0) {
        cpu_tlb_flush(cpu, false);
    }
    cpu_mode_changed(cpu);
}

/* Which control registers there are; the others are #UD, before the privilege is looked at. */
static void cr_check(struct cpu *cpu, unsigned number)
{
    bool exists = number == 0 || number == 2 || number == 3 ||
                  (number == 4 && cpu_model_cr4_mask(cpu->model) != 0);
    if (!exists) {
        cpu_raise(cpu, VECTOR_UD);
    }
    need_ring0(cpu, "MOV CR outside CPL 0");
}

void sys_mov_from_control(struct cpu *cpu, const struct instruction *i)
{
    cr_check(cpu, i->reg);
    const uint64_t values[5] = {cr0_read(cpu), 0, cpu->cr2, cpu->cr3, cpu->cr4};
    register_write(cpu, i->rm, 4, values[i->reg]);
}

void sys_mov_to_control(struct cpu *cpu, const struct instruction *i)
{
    cr_check(cpu, i->reg);
    uint32_t value = (uint32_t)register_read(cpu, i->rm, 4);
    switch (i->reg) {
    case 0: cr0_write(cpu, value); break;
    case 2: cpu->cr2 = value; break;
    case 3: cr3_write(cpu, value); break;
    default: cr4_write(cpu, value); break;
    }
}

/* --- debug registers ------------------------------------------------------------------------------------ */

#define DR6_FIXED 0xffff0ff0u
#define DR6_BD (1u << 13)
#define DR7_FIXED 0x400u
#define DR7_GD (1u << 13)
#define DR7_ENABLES 0xffu

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE says that they are not there (SDM 3B 17.2.2). */
static unsigned dr_number(struct cpu *cpu, unsigned number)
{
    if (number == 4 || number == 5) {
        if ((cpu->cr4 & CR4_DE) != 0) {
            cpu_raise(cpu, VECTOR_UD);
        }
        number += 2;
    }
    need_ring0(cpu, "MOV DR outside CPL 0");
    if ((cpu->dr[7] & DR7_GD) != 0) {
        cpu->dr[6] |= DR6_BD;
        cpu_raise(cpu, VECTOR_DB);
    }
    return number;
}

void sys_mov_from_debug(struct cpu *cpu, const struct instruction *i)
{
    register_write(cpu, i->rm, 4, cpu->dr[dr_number(cpu, i->reg)]);
}

void sys_mov_to_debug(struct cpu *cpu, const struct instruction *i)
{
    unsigned number = dr_number(cpu, i->reg);
    uint32_t value = (uint32_t)register_read(cpu, i->rm, 4);
    if (number == 6) {
        value = (value & 0x0000e00fu) | DR6_FIXED;
    } else if (number == 7) {
        value = (value & 0xffff23ffu) | DR7_FIXED;
    }
    uint64_t enabled = (cpu->dr[7] | (number == 7 ? value : 0)) & DR7_ENABLES;
    cpu->dr[number] = value;
    if (number != 6 && enabled != 0) {
        run_breakpoints_changed(cpu);
    }
}

/* --- caches, TLB, HLT ----------------------------------------------------------------------------------- */

void sys_invlpg(struct cpu *cpu, const struct instruction *i)
{
    if (!i->has_memory) {
        cpu_raise(cpu, VECTOR_UD);
    }
    need_ring0(cpu, "INVLPG outside CPL 0");
    uint64_t linear = cpu->segment[i->segment].base + operand_address(cpu, i);
    cpu_tlb_invalidate(cpu, (uint32_t)linear);
}

void sys_invd(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    need_ring0(cpu, "INVD outside CPL 0");
}

void sys_wbinvd(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    need_ring0(cpu, "WBINVD outside CPL 0");
}

void sys_hlt(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    need_ring0(cpu, "HLT outside CPL 0");
    struct cpu_exit exit = {.kind = CPU_EXIT_HLT};
    if (!cpu_leave(cpu, &exit)) {
        cpu->is_halted = true;
        cpu->has_event = true;
    }
}

void sys_vmcall(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    struct cpu_exit exit = {.kind = CPU_EXIT_VMCALL};
    if (!cpu_leave(cpu, &exit)) {
        cpu_raise(cpu, VECTOR_UD);
    }
}

/* --- RESET# ------------------------------------------------------------------------------------------------ */

static void reset_segments(struct cpu *cpu)
{
    const uint16_t data = SEGMENT_P | SEGMENT_S | SEGMENT_WRITABLE | SEGMENT_ACCESSED;
    for (unsigned n = 0; n < 6; n++) {
        const struct cpu_segment segment = {.limit = 0xffff, .attributes = data};
        cpu_load_segment(cpu, n, &segment);
    }
    struct cpu_segment cs = {.limit = 0xffff, .selector = 0xf000, .attributes = data};
    if (cpu_model_has(cpu->model, FEATURE_386)) {
        cs.base = 0xffff0000u;
    } else if (cpu_model_has(cpu->model, FEATURE_286)) {
        cs.base = 0xff0000u;
    } else {
        cs.base = 0xffff0u;
        cs.selector = 0xffff; /* 8086 user's manual: CS:IP = FFFF:0000 */
    }
    cpu_load_segment(cpu, CPU_CS, &cs);
    cpu->ip = cpu->next_ip = cpu_model_has(cpu->model, FEATURE_286) ? 0xfff0 : 0;
    const struct cpu_segment none = {.limit = 0xffff, .attributes = SEGMENT_P | TYPE_LDT};
    cpu->ldtr = none;
    cpu->tr = none;
    cpu->tr.attributes = SEGMENT_P | TYPE_TSS32_BUSY;
    cpu->gdtr = (struct cpu_tables){0, 0xffff};
    cpu->idtr = (struct cpu_tables){0, cpu_model_has(cpu->model, FEATURE_386) ? 0xffff : 0x3ff};
}

void cpu_reset_system(struct cpu *cpu)
{
    for (unsigned n = 0; n < ARRAY_COUNT(cpu->gpr); n++) {
        cpu->gpr[n] = 0;
    }
    cpu->gpr[CPU_DX] = cpu->model->signature;
    cpu->cr0 = cr0_fixed(cpu->model);
    if (cpu_model_has(cpu->model, FEATURE_486)) {
        cpu->cr0 |= CR0_CD | CR0_NW;
    }
    cpu->cr2 = cpu->cr3 = cpu->cr4 = 0;
    for (unsigned n = 0; n < 4; n++) {
        cpu->dr[n] = 0;
        cpu->pdpte[n] = 0;
    }
    memset(cpu->test, 0, sizeof cpu->test);
    cpu->dr[4] = cpu->dr[5] = 0;
    cpu->dr[6] = DR6_FIXED;
    cpu->dr[7] = DR7_FIXED;
    cpu_flags_write(cpu, cpu_model_flags_fixed(cpu->model), UINT64_MAX);
    cpu_set_privilege(cpu, 0);
    reset_segments(cpu);
    cpu_smm_reset(cpu);
    cpu->system = (struct cpu_system){.smbase = SMBASE_RESET};
    cpu_msrs_reset(&cpu->system.msrs);
    cpu->system.msrs.tsc_offset = 0 - clock_now(cpu->clock); /* the TSC starts at 0 */
    cpu->is_halted = cpu->is_shutdown = false;
    cpu->interrupt_shadow = cpu->shadow_blocks_debug = false;
    cpu->nmi_pending = cpu->nmi_blocked = false;
    cpu->suppress_trap = cpu->pending_debug = false;
    cpu_tlb_flush(cpu, false);
    cpu_mode_changed(cpu);
}
