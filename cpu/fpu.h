/* The floating-point state of a CPU, between the core and the x87 unit (cpu/x87.h). */
#ifndef VITRINE_CPU_FPU_H
#define VITRINE_CPU_FPU_H

#include "cpu/internal.h"

void fpu_reset(struct cpu *cpu);
/* FERR# follows the pending exception while CR0.NE is 0. In an instruction: after run_sync(), for what
 * the pin leads to comes right behind it. */
void fpu_update_ferr(struct cpu *cpu);
/* Bits of MXCSR that exist; DAZ came after the first SSE (SDM 1 10.2.3, 11.6.6). */
static inline uint32_t fpu_mxcsr_mask(const struct cpu *cpu)
{
    return cpu_model_has(cpu->model, FEATURE_SSE2) ? SIMD_MXCSR_MASK
                                                   : SIMD_MXCSR_MASK & ~(uint32_t)SIMD_DAZ;
}
/* Reports a pending x87 exception: #MF, or FERR#. */
void fpu_check_pending(struct cpu *cpu);
/* The memory operand as bytes in memory order; fpu_check_operand raises what a write would raise. */
void fpu_read_operand(struct cpu *cpu, const struct instruction *i, unsigned count, uint8_t *to);
void fpu_check_operand(struct cpu *cpu, const struct instruction *i, unsigned count);
void fpu_write_operand(struct cpu *cpu, const struct instruction *i, unsigned count,
                       const uint8_t *from);
/* An SSE instruction's environment (16 bytes; of MMX 8), and what is left in it when the instruction is done. */
struct simd_env simd_env_of(const struct cpu *cpu, unsigned bytes, uint8_t immediate, bool is_memory);
void simd_finish(struct cpu *cpu, const struct simd_env *env);
/* What an FXSAVE image does not hold. */
void fpu_save(const struct cpu *cpu, struct state_stream *stream);
void fpu_load(struct cpu *cpu, struct state_stream *stream);

#endif
