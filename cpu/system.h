/* The system part of the CPU, as the core sees it: handlers of system instructions, delivery of
 * events, models, MSRs. Bodies: segment.c far.c exception.c iret.c task.c v86.c control.c models.c
 * cpuid.c msr.c sysenter.c smm.c.
 *
 * Every handler runs with the registers materialised: cpu->ip is the instruction's offset, next_ip
 * that of the one behind it. A handler that moves execution sets cpu->ip; the run loop looks the
 * next block up. A fault leaves the registers as they were before the instruction.
 * Intel SDM volumes 2 and 3A (2023); section numbers are its own. */
#ifndef VITRINE_CPU_SYSTEM_H
#define VITRINE_CPU_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"

struct instruction;

/* --- vectors (SDM 3A 6.3.1) ------------------------------------------------------------------- */
enum cpu_vector {
    VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5,
    VECTOR_UD = 6, VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_TS = 10, VECTOR_NP = 11, VECTOR_SS = 12,
    VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16, VECTOR_AC = 17, VECTOR_XM = 19
};

/* --- models (models.c) ------------------------------------------------------------------------- */
enum cpu_generation { GEN_8086, GEN_286, GEN_386, GEN_486, GEN_PENTIUM, GEN_P6, GEN_MAX };
/* What a model has; opcode rows and control registers name these. */
#define FEATURE_186     (UINT64_C(1) <<  0) /* PUSHA, ENTER, BOUND, shifts by immediate, #UD */
#define FEATURE_286     (UINT64_C(1) <<  1) /* protected mode */
#define FEATURE_386     (UINT64_C(1) <<  2) /* 32 bits, paging */
#define FEATURE_486     (UINT64_C(1) <<  3) /* XADD, CMPXCHG, BSWAP, INVLPG, WP, AC */
#define FEATURE_FPU     (UINT64_C(1) <<  4)
#define FEATURE_CPUID   (UINT64_C(1) <<  5)
#define FEATURE_VME     (UINT64_C(1) <<  6) /* CR4.VME, PVI */
#define FEATURE_DE      (UINT64_C(1) <<  7)
#define FEATURE_PSE     (UINT64_C(1) <<  8)
#define FEATURE_TSC     (UINT64_C(1) <<  9)
#define FEATURE_MSR     (UINT64_C(1) << 10)
#define FEATURE_CX8     (UINT64_C(1) << 11)
#define FEATURE_SEP     (UINT64_C(1) << 12)
#define FEATURE_PGE     (UINT64_C(1) << 13)
#define FEATURE_CMOV    (UINT64_C(1) << 14)
#define FEATURE_PAE     (UINT64_C(1) << 15)
#define FEATURE_PAT     (UINT64_C(1) << 16)
#define FEATURE_MTRR    (UINT64_C(1) << 17)
#define FEATURE_MMX     (UINT64_C(1) << 18)
#define FEATURE_FXSR    (UINT64_C(1) << 19)
#define FEATURE_SSE     (UINT64_C(1) << 20)
#define FEATURE_SSE2    (UINT64_C(1) << 21)
#define FEATURE_PMC     (UINT64_C(1) << 22) /* RDPMC and the P6 counters */
#define FEATURE_UD2     (UINT64_C(1) << 23) /* 0F 0B documented; NOP 0F 1F */
#define FEATURE_MCE     (UINT64_C(1) << 24) /* CR4.MCE */
#define FEATURE_SSE3    (UINT64_C(1) << 25)
#define FEATURE_SSSE3   (UINT64_C(1) << 26)
#define FEATURE_SSE41   (UINT64_C(1) << 27)
#define FEATURE_SSE42   (UINT64_C(1) << 28)
#define FEATURE_POPCNT  (UINT64_C(1) << 29)
#define FEATURE_PSE36   (UINT64_C(1) << 30) /* physical bits 32-35 in 4 MiB pages */
#define FEATURE_MCA     (UINT64_C(1) << 31) /* machine-check banks */
#define FEATURE_SMM     (UINT64_C(1) << 33)
#define FEATURE_NX      (UINT64_C(1) << 32) /* EFER.NXE */
#define FEATURE_APIC    (UINT64_C(1) << 34) /* it can have a local APIC: cpu_config says whether it does */
#define FEATURE_TEST_REGISTERS (UINT64_C(1) << 35) /* TR3-TR7 and UMOV: the 386 and the 486 alone */
struct cpu_model {
    const char *name;
    enum cpu_generation generation;
    uint64_t features;          /* FEATURE_... */
    uint32_t signature;         /* EDX after RESET#, CPUID.1:EAX */
    uint32_t max_leaf;          /* CPUID.0:EAX; 0: no CPUID */
    const char *vendor;         /* 12 characters */
    const char *brand;          /* CPUID 80000002h-4; NULL: none */
    const char *meaning;        /* for --cpu help */
};
/* NULL name: the default. Returns NULL and fills error with the known names when there is none. */
const struct cpu_model *cpu_model_find(const char *name, struct error *error);
const struct cpu_model *cpu_model_row(size_t index); /* NULL past the last */
static inline bool cpu_model_has(const struct cpu_model *model, uint64_t features)
{
    return (model->features & features) == features;
}
/* 8086 and 8088: no invalid opcodes, no faults, 20 address bits. */
static inline bool cpu_model_is_8086(const struct cpu_model *model)
{
    return !cpu_model_has(model, FEATURE_186);
}
/* Address pins. */
static inline uint64_t cpu_model_address_mask(const struct cpu_model *model)
{
    return model->generation == GEN_8086  ? 0xfffff
           : model->generation == GEN_286 ? 0xffffff
                                          : 0xffffffffu;
}
/* CPUID.1:EDX and ECX of a model. */
uint32_t cpu_model_edx(const struct cpu_model *model);
uint32_t cpu_model_ecx(const struct cpu_model *model);
/* Bits of CR4 that the model lets software set. */
uint32_t cpu_model_cr4_mask(const struct cpu_model *model);
/* Bits of EFLAGS that exist in the model, and those that always read as ones. */
uint32_t cpu_model_flags_mask(const struct cpu_model *model);
uint32_t cpu_model_flags_fixed(const struct cpu_model *model);

/* --- state of the system part, a member of struct cpu ------------------------------------------- */
#define CPU_MC_BANKS 5
struct cpu_msrs {
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t tsc_offset;      /* TSC = the clock's time + this */
    uint64_t pat, mtrr_default, mtrr_fixed[11], mtrr_base[8], mtrr_mask[8];
    uint64_t microcode, debug_control;
    uint64_t event_select[2], counter[2];
    uint64_t mcg_status, mcg_control, mc_control[CPU_MC_BANKS];
    uint64_t efer;
};
void cpu_msrs_reset(struct cpu_msrs *msrs);
extern const struct state_field CPU_MSRS_STATE[];

/* Why the last exception was raised: '%' in words stands for the next argument, in hex. */
struct cpu_cause {
    const char *words;
    uint32_t arguments[3];
};
#define CPU_CHAIN_LENGTH 6
struct cpu_system {
    struct cpu_msrs msrs;
    uint32_t smbase;    /* SMM: smm.c */
    bool is_smm, smi_pending, smm_nmi_blocked;
    bool smm_held_debug; /* a debug trap of the instruction before SMI#: due behind RSM */
    bool smi_at_io;      /* SMI# came while IN or OUT at smi_io_ip was carried out */
    uint32_t smi_io_ip;
    uint64_t shadow_end; /* the time behind the instruction that the last load of SS held traps back for */
    bool is_external;   /* EXT: an event that is no INT n is being delivered */
    struct cpu_cause cause; /* of the exception just raised; for words only */
    struct cpu_fault_record chain[CPU_CHAIN_LENGTH];
    size_t chain_length;
};

/* --- events (exception.c) ----------------------------------------------------------------------- */
/* Raises with words for the record of a triple fault; EXT is added while an event is delivered. */
_Noreturn void cpu_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code, const char *words,
                         uint32_t a, uint32_t b);
/* #GP(0) with words. */
_Noreturn void cpu_fault_gp(struct cpu *cpu, const char *words);

/* --- system management mode (smm.c) ------------------------------------------------------------- */
#define SMBASE_RESET 0x30000u
/* Between instructions: saves the state and starts the handler. */
void cpu_smm_enter(struct cpu *cpu);
/* VIF and VIP are both set: #GP in front of the next instruction, for the monitor (SDM 3B 20.3.2, 20.4). */
bool cpu_virtual_interrupt_is_due(const struct cpu *cpu);
void cpu_smm_reset(struct cpu *cpu);

/* --- ports (v86.c): #GP unless CPL <= IOPL or the TSS' bitmap allows (SDM 1 19.5) ------------------ */
void cpu_check_io(struct cpu *cpu, uint16_t port, unsigned bytes);

/* --- the time-stamp counter as software sees it ---------------------------------------------------- */
uint64_t cpu_tsc(const struct cpu *cpu);

/* --- handlers -------------------------------------------------------------------------------------- */
#define SYSTEM_HANDLERS(X)                                                                          \
    X(mov_to_segment)      /* 8E: modrm reg names the segment */                                    \
    X(pop_segment)         /* 07 17 1F, 0F A1 A9: i->reg names the segment */                       \
    X(load_far_pointer)    /* C4 C5, 0F B2 B4 B5: i->segment_register named by the opcode */        \
    X(jump_far)            /* EA ptr16:16/32 */                                                     \
    X(jump_far_memory)     /* FF /5 */                                                              \
    X(call_far)            /* 9A */                                                                 \
    X(call_far_memory)     /* FF /3 */                                                              \
    X(return_far)          /* CB, and CA with its immediate */                                      \
    X(int3)                /* CC */                                                                 \
    X(int_n)               /* CD ib */                                                              \
    X(into)                /* CE */                                                                 \
    X(icebp)               /* F1 */                                                                 \
    X(iret)                /* CF */                                                                 \
    X(arpl)                /* 63 */                                                                 \
    X(lar)                 /* 0F 02 */                                                              \
    X(lsl)                 /* 0F 03 */                                                              \
    X(sldt)                /* 0F 00 /0 */                                                           \
    X(str)                 /* 0F 00 /1 */                                                           \
    X(lldt)                /* 0F 00 /2 */                                                           \
    X(ltr)                 /* 0F 00 /3 */                                                           \
    X(verr)                /* 0F 00 /4 */                                                           \
    X(verw)                /* 0F 00 /5 */                                                           \
    X(sgdt)                /* 0F 01 /0 */                                                           \
    X(sidt)                /* 0F 01 /1 */                                                           \
    X(lgdt)                /* 0F 01 /2 */                                                           \
    X(lidt)                /* 0F 01 /3 */                                                           \
    X(smsw)                /* 0F 01 /4 */                                                           \
    X(lmsw)                /* 0F 01 /6 */                                                           \
    X(invlpg)              /* 0F 01 /7 */                                                           \
    X(vmcall)              /* 0F 01 C1 (VMCALL), D9 (VMMCALL) */                                    \
    X(clts)                /* 0F 06 */                                                              \
    X(invd)                /* 0F 08 */                                                              \
    X(wbinvd)              /* 0F 09 */                                                              \
    X(mov_from_control)    /* 0F 20 */                                                              \
    X(mov_from_debug)      /* 0F 21 */                                                              \
    X(mov_to_control)      /* 0F 22 */                                                              \
    X(mov_to_debug)        /* 0F 23 */                                                              \
    X(mov_from_test)       /* 0F 24: TR3-TR7 */                                                     \
    X(mov_to_test)         /* 0F 26 */                                                              \
    X(wrmsr)               /* 0F 30 */                                                              \
    X(rdtsc)               /* 0F 31 */                                                              \
    X(rdmsr)               /* 0F 32 */                                                              \
    X(rdpmc)               /* 0F 33 */                                                              \
    X(sysenter)            /* 0F 34 */                                                              \
    X(sysexit)             /* 0F 35 */                                                              \
    X(rsm)                 /* 0F AA */                                                              \
    X(cpuid)               /* 0F A2 */                                                              \
    X(hlt)                 /* F4 */                                                                 \
    X(cli)                 /* FA */                                                                 \
    X(sti)                 /* FB */                                                                 \
    X(pushf)               /* 9C */                                                                 \
    X(popf)                /* 9D */
#define SYSTEM_PROTOTYPE(name) void sys_##name(struct cpu *cpu, const struct instruction *i);
SYSTEM_HANDLERS(SYSTEM_PROTOTYPE)
#undef SYSTEM_PROTOTYPE

#endif
