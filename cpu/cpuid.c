/* CPUID: what the model tells software about itself.
 *
 * Specification: Intel SDM 2A, CPUID; AP-485 for the cache descriptors.
 * MISSING: leaf 3 (serial number), leaf 4 and later: the models end before them. */
#include <string.h>

#include "base/bits.h"
#include "bus/apic_bus.h"
#include "cpu/internal.h"

#define CPUID_NX (1u << 20) /* 80000001h:EDX */
#define CPUID_APIC (1u << 9) /* 1:EDX */
#define APIC_BASE_ENABLED (UINT64_C(1) << 11)

struct cpuid_leaf {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid_leaf cpuid_vendor(const struct cpu_model *model)
{
    const char *v = model->vendor;
    return (struct cpuid_leaf){model->max_leaf, load_le32(v), load_le32(v + 8), load_le32(v + 4)};
}

/* 80000002h-80000004h: 48 bytes of brand, zero-filled. */
static struct cpuid_leaf cpuid_brand(const struct cpu_model *model, uint32_t part)
{
    char text[48] = {0};
    size_t length = strlen(model->brand);
    memcpy(text, model->brand, length < sizeof text ? length : sizeof text - 1);
    const char *p = text + 16 * part;
    return (struct cpuid_leaf){load_le32(p), load_le32(p + 4), load_le32(p + 8),
                               load_le32(p + 12)};
}

/* SDM 3A 10.4.3: switched off in IA32_APIC_BASE, the bit is clear. */
static bool has_apic(const struct cpu *cpu)
{
    const struct apic_core *apic = cpu->config.apic;
    return apic != NULL && (apic->base(apic->self) & APIC_BASE_ENABLED) != 0;
}

static struct cpuid_leaf cpuid_leaf(const struct cpu *cpu, uint32_t leaf)
{
    const struct cpu_model *model = cpu->model;
    if (leaf >= 0x80000000u && model->brand != NULL && leaf <= 0x80000004u) {
        if (leaf >= 0x80000002u) {
            return cpuid_brand(model, leaf - 0x80000002u);
        }
        bool is_features = leaf == 0x80000001u;
        return (struct cpuid_leaf){is_features ? 0 : 0x80000004u, 0, 0,
                                   is_features && cpu_model_has(model, FEATURE_NX) ? CPUID_NX : 0};
    }
    if (leaf > model->max_leaf) {
        leaf = model->max_leaf; /* SDM 2A: data of the highest basic leaf */
    }
    switch (leaf) {
    case 0: return cpuid_vendor(model);
    case 1: /* EBX 15-8: CLFLUSH takes lines of 8 * 8 bytes */
        return (struct cpuid_leaf){model->signature, cpu_model_has(model, FEATURE_SSE2) ? 8u << 8 : 0,
                                   cpu_model_ecx(model),
                                   cpu_model_edx(model) | (has_apic(cpu) ? CPUID_APIC : 0)};
    default: /* 2: 4 KiB and 4 MiB TLBs, 16 KiB L1 caches, 512 KiB L2 */
        return (struct cpuid_leaf){0x03020101, 0, 0, 0x0c040843};
    }
}

void sys_cpuid(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    struct cpu_exit exit = {.kind = CPU_EXIT_CPUID};
    if (cpu_leave(cpu, &exit)) {
        return;
    }
    struct cpuid_leaf leaf = cpuid_leaf(cpu, (uint32_t)cpu->gpr[CPU_AX]);
    cpu->gpr[CPU_AX] = leaf.eax;
    cpu->gpr[CPU_BX] = leaf.ebx;
    cpu->gpr[CPU_CX] = leaf.ecx;
    cpu->gpr[CPU_DX] = leaf.edx;
}
