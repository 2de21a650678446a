/* The x87 and SSE half of the silicon oracle's comparison. */
#ifndef VITRINE_TESTS_ORACLE_COMPARE_FPU_H
#define VITRINE_TESTS_ORACLE_COMPARE_FPU_H

#include <stdbool.h>

#include "cpu/cpu.h"
#include "tests/oracle/silicon.h"

void fpu_to_core(struct cpu *cpu, const struct fpu_image *image);
void fpu_from_core(const struct cpu *cpu, struct fpu_image *image);
bool fpu_agrees(const struct fpu_image *ours, const struct fpu_image *theirs);
/* The same if ours had gone over to MMX first. */
bool fpu_agrees_after_mmx(const struct fpu_image *ours, const struct fpu_image *theirs);
bool fpu_agrees_but_c1(const struct fpu_image *ours, const struct fpu_image *theirs);
/* FUCOMI, FCOMI, FUCOMIP, FCOMIP: DB or DF E8-F7, behind prefixes. */
bool fpu_is_compare_to_flags(const uint8_t *code);
void fpu_show(const struct fpu_image *ours, const struct fpu_image *theirs,
              const struct fpu_image *before);

#endif
