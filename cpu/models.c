/* CPU models: rows of data that gate instructions, registers and CPUID.
 *
 * Specification: Intel AP-485 (Processor Identification, 1999 and later), SDM 2A CPUID, SDM 3B 22
 * (Architecture Compatibility).
 * MISSING: the 80386's and early 80486's errata. The bit of the local APIC is not a model's alone: without
 * one on the board (cpu_config) it is clear, as where firmware has switched it off. */
#include "cpu/system.h"

#include <string.h>

#include "base/bits.h"

#define FEATURES_286 (FEATURE_186 | FEATURE_286 | FEATURE_FPU)
#define FEATURES_386 (FEATURES_286 | FEATURE_386)
#define FEATURES_486 (FEATURES_386 | FEATURE_486 | FEATURE_CPUID | FEATURE_VME)
#define FEATURES_PENTIUM \
    (FEATURES_486 | FEATURE_DE | FEATURE_PSE | FEATURE_TSC | FEATURE_MSR | FEATURE_MCE | FEATURE_CX8 | \
     FEATURE_SMM | FEATURE_APIC)
#define FEATURES_P6                                                                           \
    (FEATURES_PENTIUM | FEATURE_SEP | FEATURE_PGE | FEATURE_PAE | FEATURE_CMOV | FEATURE_PAT | \
     FEATURE_PSE36 | FEATURE_MTRR | FEATURE_MCA | FEATURE_PMC | FEATURE_UD2 | FEATURE_MMX |    \
     FEATURE_FXSR)
#define FEATURES_PENTIUM3 (FEATURES_P6 | FEATURE_SSE)
#define FEATURES_MAX                                                                          \
    (FEATURES_PENTIUM3 | FEATURE_SSE2 | FEATURE_SSE3 | FEATURE_SSSE3 | FEATURE_SSE41 |        \
     FEATURE_SSE42 | FEATURE_POPCNT | FEATURE_NX)
#define INTEL "GenuineIntel"

static const struct cpu_model MODELS[] = {
    {"p6", GEN_P6, FEATURES_P6, 0x0652, 2, INTEL, NULL, "Pentium II (i686), the default"},
    {"8086", GEN_8086, FEATURE_FPU, 0, 0, NULL, NULL, "8086 with 8087"},
    {"8088", GEN_8086, 0, 0, 0, NULL, NULL, "8088 without coprocessor"},
    {"80186", GEN_8086, FEATURE_186 | FEATURE_FPU, 0, 0, NULL, NULL, "80186 with 80187"},
    {"80286", GEN_286, FEATURES_286, 0, 0, NULL, NULL, "80286 with 80287"},
    {"80386", GEN_386, FEATURES_386 | FEATURE_TEST_REGISTERS, 0x0308, 0, NULL, NULL, "80386DX with 80387"},
    {"80486", GEN_486, FEATURES_486 | FEATURE_TEST_REGISTERS, 0x0480, 1, INTEL, NULL, "486DX4"},
    {"pentium", GEN_PENTIUM, FEATURES_PENTIUM, 0x052c, 1, INTEL, NULL, "Pentium (P54C)"},
    {"pentium3", GEN_P6, FEATURES_PENTIUM3, 0x0683, 2, INTEL, NULL, "Pentium III: MMX and SSE"},
    {"max", GEN_MAX, FEATURES_MAX, 0x0673, 2, INTEL, "Vitrine emulated CPU",
     "everything that is there"},
};

const struct cpu_model *cpu_model_row(size_t index)
{
    return index < ARRAY_COUNT(MODELS) ? &MODELS[index] : NULL;
}

/* "386" is the 80386 too. */
static bool is_called(const struct cpu_model *model, const char *name)
{
    return strcmp(model->name, name) == 0 || (strlen(model->name) == 5 && strcmp(model->name + 2, name) == 0);
}

const struct cpu_model *cpu_model_find(const char *name, struct error *error)
{
    if (name == NULL) {
        return &MODELS[0];
    }
    char known[160];
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_COUNT(MODELS); i++) {
        if (is_called(&MODELS[i], name)) {
            return &MODELS[i];
        }
        text_append(known, sizeof known, &used, "%s%s", i > 0 ? ", " : "", MODELS[i].name);
    }
    error_set(error, STATUS_USAGE, "unknown CPU model '%s'; fix: one of %s", name, known);
    return NULL;
}

uint64_t cpu_address_mask(const char *name)
{
    struct error error = {0};
    const struct cpu_model *model = cpu_model_find(name, &error);
    return model ? cpu_model_address_mask(model) : UINT32_MAX;
}

/* One bit of CPUID.1:EDX for each feature that has one (SDM 2A, table 3-11). */
struct feature_bit {
    uint64_t feature;
    uint32_t bit;
};
static const struct feature_bit EDX_BITS[] = {
    {FEATURE_FPU, 1u << 0},   {FEATURE_VME, 1u << 1},   {FEATURE_DE, 1u << 2},
    {FEATURE_PSE, 1u << 3},   {FEATURE_TSC, 1u << 4},   {FEATURE_MSR, 1u << 5},
    {FEATURE_PAE, 1u << 6},   {FEATURE_MCE, 1u << 7},   {FEATURE_CX8, 1u << 8},
    {FEATURE_SEP, 1u << 11},  {FEATURE_MTRR, 1u << 12}, {FEATURE_PGE, 1u << 13},
    {FEATURE_MCA, 1u << 14},  {FEATURE_CMOV, 1u << 15}, {FEATURE_PAT, 1u << 16},
    {FEATURE_PSE36, 1u << 17}, {FEATURE_MMX, 1u << 23},
    {FEATURE_SSE2, 1u << 19}, /* CLFLUSH came with it */
    {FEATURE_FXSR, 1u << 24}, {FEATURE_SSE, 1u << 25},  {FEATURE_SSE2, 1u << 26},
};

/* CPUID.1:ECX (table 3-10). */
static const struct feature_bit ECX_BITS[] = {
    {FEATURE_SSE3, 1u << 0},   {FEATURE_SSSE3, 1u << 9},   {FEATURE_SSE41, 1u << 19},
    {FEATURE_SSE42, 1u << 20}, {FEATURE_POPCNT, 1u << 23},
};

static uint32_t bits_of(const struct cpu_model *model, const struct feature_bit *bits, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (cpu_model_has(model, bits[i].feature)) {
            value |= bits[i].bit;
        }
    }
    return value;
}

uint32_t cpu_model_edx(const struct cpu_model *model)
{
    return bits_of(model, EDX_BITS, ARRAY_COUNT(EDX_BITS));
}

uint32_t cpu_model_ecx(const struct cpu_model *model)
{
    return bits_of(model, ECX_BITS, ARRAY_COUNT(ECX_BITS));
}

uint32_t cpu_model_cr4_mask(const struct cpu_model *model)
{
    /* SDM 3A 2.5: the bits in the order of the features that bring them. */
    static const struct {
        uint32_t feature, bits;
    } ROWS[] = {
        {FEATURE_VME, 1u << 0 | 1u << 1}, {FEATURE_TSC, 1u << 2}, {FEATURE_DE, 1u << 3},
        {FEATURE_PSE, 1u << 4},           {FEATURE_PAE, 1u << 5}, {FEATURE_MCE, 1u << 6},
        {FEATURE_PGE, 1u << 7},           {FEATURE_PMC, 1u << 8}, {FEATURE_FXSR, 1u << 9},
        {FEATURE_SSE, 1u << 10},
    };
    uint32_t mask = 0;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        if (cpu_model_has(model, ROWS[i].feature)) {
            mask |= ROWS[i].bits;
        }
    }
    return mask;
}

uint32_t cpu_model_flags_mask(const struct cpu_model *model)
{
    if (!cpu_model_has(model, FEATURE_286)) {
        return 0x0fd5;
    }
    uint32_t mask = 0x7fd5;
    mask |= cpu_model_has(model, FEATURE_386) ? 1u << 16 | 1u << 17 : 0;
    mask |= cpu_model_has(model, FEATURE_486) ? 1u << 18 : 0;
    mask |= cpu_model_has(model, FEATURE_VME) ? 1u << 19 | 1u << 20 : 0;
    mask |= cpu_model_has(model, FEATURE_CPUID) ? 1u << 21 : 0;
    return mask;
}

/* SDM 3B 22.20.1: on the 8086 bits 12-15 read as ones. */
uint32_t cpu_model_flags_fixed(const struct cpu_model *model)
{
    return cpu_model_has(model, FEATURE_286) ? 0x0002 : 0xf002;
}
