/* MMX and SSE in the CPU: who may execute them, operands, exceptions. What the instructions do to
 * values is cpu/simd.h's.
 *
 * Specification: SDM 2 tables 2-18 to 2-27 (exceptions of each class), SDM 3A 2.5 (EM, TS, OSFXSR,
 * OSXMMEXCPT), 12.1-12.3 (MMX and the x87's state), SDM 1 11.5 and 11.6 (MXCSR). */
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/fpu.h"
#include "cpu/memory.h"
#include "cpu/simd_instructions.h"

static bool is_xmm(unsigned place)
{
    return place == SIMD_GX || place == SIMD_EX;
}

static bool is_mmx(unsigned place)
{
    return place == SIMD_GM || place == SIMD_EM;
}

static bool is_modrm_rm(unsigned place)
{
    return place == SIMD_EX || place == SIMD_EM || place == SIMD_ER;
}

/* #UD before #NM before #MF. */
static void check_unit(struct cpu *cpu, bool uses_xmm, bool uses_mmx)
{
    if (cpu->cr0 & CR0_EM || (uses_xmm && !(cpu->cr4 & CR4_OSFXSR)))
        cpu_raise(cpu, VECTOR_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, VECTOR_NM);
    if (uses_mmx)
        fpu_check_pending(cpu);
}

/* An unmasked exception: #XM, or #UD where the system has not said that it handles it. */
static _Noreturn void raise_exception(struct cpu *cpu)
{
    cpu_raise(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD);
}

/* --- operands --------------------------------------------------------------------------------- */

static struct simd_value load_operand(struct cpu *cpu, const struct instruction *i)
{
    uint8_t bytes[16] = {0};
    fpu_read_operand(cpu, i, i->row->simd.memory_bytes, bytes);
    return (struct simd_value){{load_le64(bytes), load_le64(bytes + 8)}};
}

static void store_operand(struct cpu *cpu, const struct instruction *i, const struct simd_value *v)
{
    uint8_t bytes[16];
    store_le64(bytes, v->q[0]);
    store_le64(bytes + 8, v->q[1]);
    fpu_write_operand(cpu, i, i->row->simd.memory_bytes, bytes);
}

static struct simd_value read_place(const struct cpu *cpu, const struct instruction *i,
                                    unsigned place)
{
    unsigned number = is_modrm_rm(place) ? i->rm : i->reg;
    switch ((enum simd_place)place) {
    case SIMD_GX:
    case SIMD_EX: return cpu->fpu.simd.xmm[number];
    case SIMD_GM:
    case SIMD_EM: return (struct simd_value){{x87_mmx_read(&cpu->fpu.x87, number), 0}};
    case SIMD_GR:
    case SIMD_ER: return (struct simd_value){{register_read(cpu, number, 4), 0}};
    case SIMD_IMMEDIATE: return (struct simd_value){{i->immediate, 0}};
    case SIMD_NONE: break;
    }
    return (struct simd_value){{0, 0}};
}

static void write_place(struct cpu *cpu, const struct instruction *i, unsigned place,
                        const struct simd_value *v)
{
    unsigned number = is_modrm_rm(place) ? i->rm : i->reg;
    if (is_xmm(place))
        cpu->fpu.simd.xmm[number] = *v;
    else if (is_mmx(place))
        x87_mmx_write(&cpu->fpu.x87, number, v->q[0]);
    else
        register_write(cpu, number, 4, v->q[0]);
}

static void check_memory(struct cpu *cpu, const struct instruction *i, bool is_store)
{
    const struct simd_row *row = &i->row->simd;
    if (row->memory_bytes == 16 && row->attributes != SIMD_UNALIGNED) {
        uint64_t linear = cpu->segment[i->segment].base + operand_address(cpu, i);
        if (linear & 15)
            cpu_fault_gp(cpu, "a 16-byte operand of SSE at an address that is no multiple of 16");
    }
    if (is_store)
        fpu_check_operand(cpu, i, row->memory_bytes);
}

/* --- the instructions with a function --------------------------------------------------------- */

struct simd_env simd_env_of(const struct cpu *cpu, unsigned bytes, uint8_t immediate, bool is_memory)
{
    const struct simd *simd = &cpu->fpu.simd;
    return (struct simd_env){.mxcsr = simd->mxcsr,
                             .bytes = (uint8_t)bytes,
                             .immediate = immediate,
                             .is_memory = is_memory,
                             .ax = (uint32_t)cpu->gpr[CPU_AX],
                             .dx = (uint32_t)cpu->gpr[CPU_DX],
                             .xmm0 = simd->xmm[0]};
}

void simd_finish(struct cpu *cpu, const struct simd_env *env)
{
    cpu->fpu.simd.mxcsr |= env->raised;
    if (env->writes_flags)
        flags_set_explicit(cpu, env->flags);
    if (env->writes_cx)
        register_write(cpu, CPU_CX, 4, env->cx);
    if (env->writes_xmm0)
        cpu->fpu.simd.xmm[0] = env->xmm0;
}

void exec_simd(struct cpu *cpu, const struct instruction *i)
{
    const struct simd_row *row = &i->row->simd;
    bool uses_xmm = is_xmm(row->to) || is_xmm(row->from);
    /* CVTPI2PS and CVTPI2PD from memory leave the x87 alone (SDM 2 says so of CVTPI2PD; the silicon
     * does it for both). */
    bool uses_mmx = is_mmx(row->to) || (is_mmx(row->from) && !(i->has_memory && row->to == SIMD_GX));
    bool is_store = i->has_memory && is_modrm_rm(row->to);
    struct simd_env env = simd_env_of(cpu, uses_xmm ? 16 : 8, (uint8_t)i->immediate, i->has_memory);
    struct simd_value d = {{0, 0}}, s;
    check_unit(cpu, uses_xmm, uses_mmx);
    if (i->has_memory)
        check_memory(cpu, i, is_store);
    s = i->has_memory && !is_store ? load_operand(cpu, i) : read_place(cpu, i, row->from);
    if (!is_store)
        d = read_place(cpu, i, row->to);
    if (!simd_execute(row, &env, &d, &s)) {
        cpu->fpu.simd.mxcsr |= env.raised;
        raise_exception(cpu);
    }
    if (uses_mmx)
        x87_mmx_enter(&cpu->fpu.x87);
    if (is_store)
        store_operand(cpu, i, &d);
    else
        write_place(cpu, i, row->to, &d);
    simd_finish(cpu, &env);
}

/* --- the others ------------------------------------------------------------------------------- */

void exec_emms(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    check_unit(cpu, false, true);
    x87_emms(&cpu->fpu.x87);
}

/* MASKMOVQ, MASKMOVDQU: the bytes at DS:rDI whose mask's top bit is set. All are checked first. */
void exec_maskmov(struct cpu *cpu, const struct instruction *i)
{
    bool is_wide = i->row->simd.prefix == SIMD_66;
    unsigned bytes = is_wide ? 16 : 8, place = is_wide ? SIMD_GX : SIMD_GM;
    uint64_t linear[16], start = cpu->gpr[CPU_DI];
    struct simd_value data, mask;
    check_unit(cpu, is_wide, !is_wide);
    data = read_place(cpu, i, place);
    mask = read_place(cpu, i, is_wide ? SIMD_EX : SIMD_EM);
    for (unsigned n = 0; n < bytes; n++) {
        if (!(simd_lane(&mask, 1, n) & 0x80))
            continue;
        uint64_t offset = (start + n) & mask_bytes(i->address_size);
        linear[n] = cpu_segment_linear(cpu, i->segment, offset, 1, true);
        cpu_check_write(cpu, linear[n], 1, cpu->cpl);
    }
    for (unsigned n = 0; n < bytes; n++)
        if (simd_lane(&mask, 1, n) & 0x80)
            cpu_write_linear(cpu, linear[n], 1, simd_lane(&data, 1, n), ACCESS_DATA);
    if (!is_wide)
        x87_mmx_enter(&cpu->fpu.x87);
}

void exec_ldmxcsr(struct cpu *cpu, const struct instruction *i)
{
    check_unit(cpu, true, false);
    uint32_t value = (uint32_t)operand_read_sized(cpu, i, 4);
    if (value & ~fpu_mxcsr_mask(cpu))
        cpu_fault_gp(cpu, "LDMXCSR: reserved bits are set");
    cpu->fpu.simd.mxcsr = value;
}

void exec_stmxcsr(struct cpu *cpu, const struct instruction *i)
{
    check_unit(cpu, true, false);
    operand_write_sized(cpu, i, 4, cpu->fpu.simd.mxcsr);
}

/* Four bytes in 16-bit code too, where 66 does not name it. */
void exec_movnti(struct cpu *cpu, const struct instruction *i)
{
    operand_write_sized(cpu, i, 4, register_read(cpu, i->reg, 4));
}

/* 0F AE /7: SFENCE, with a memory operand CLFLUSH, which faults as a load does. */
void exec_sfence(struct cpu *cpu, const struct instruction *i)
{
    if (!i->has_memory)
        return;
    if (!cpu_model_has(cpu->model, FEATURE_SSE2))
        cpu_raise(cpu, VECTOR_UD);
    uint64_t linear =
        cpu_segment_linear(cpu, i->segment, operand_address(cpu, i), 1, false);
    memory_translate(cpu, linear, false, cpu->cpl == 3);
}

void exec_popcnt(struct cpu *cpu, const struct instruction *i)
{
    uint32_t value = (uint32_t)operand_read(cpu, i);
    register_write(cpu, i->reg, i->operand_size, simd_popcnt(value));
    flags_set_explicit(cpu, value == 0 ? FLAG_ZF : 0);
}

void exec_crc32(struct cpu *cpu, const struct instruction *i)
{
    uint32_t value = (uint32_t)operand_read(cpu, i);
    uint32_t crc = (uint32_t)register_read(cpu, i->reg, 4);
    register_write(cpu, i->reg, 4, simd_crc32(crc, value, i->operand_size));
}
