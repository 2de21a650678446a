/* Lazy arithmetic flags: an operation leaves its result, its source and its kind; the six bits are
 * computed when somebody asks (SDM 1 3.4.3.1, appendix A of volume 1).
 *
 *   kind = class * 4 + log2(size in bytes)
 *   ADD       a + b = result        source = b
 *   SUB       a - b = result        source = b (also CMP, NEG with a = 0)
 *   RESULT    ZF SF PF from result  source holds CF, OF, AF at their places in EFLAGS (logic: 0)
 *   INC, DEC  a + 1, a - 1 = result source = CF from before
 *   EXPLICIT                        source holds all six at their places
 *
 * result and source are zero-extended from the operation's size. */
#ifndef VITRINE_CPU_FLAGS_H
#define VITRINE_CPU_FLAGS_H

#include "cpu/internal.h"
#include "cpu/techniques.h"

/* Condition codes as in the opcodes (SDM 2 appendix B.1.4.7); the lowest bit negates. */
enum condition { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L,
                 CC_GE, CC_LE, CC_G };

static inline unsigned flags_log2(unsigned bytes)
{
    return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
}

/* The six arithmetic flags at their places. */
uint32_t flags_arithmetic(const struct cpu *cpu);

static inline void flags_set(struct cpu *cpu, enum flags_class class, unsigned log2_bytes,
                             uint64_t result, uint64_t source)
{
    cpu->flags_result = result;
    cpu->flags_source = source;
    cpu->flags_kind = (uint32_t)class * 4 + log2_bytes;
    if (!TECHNIQUE_LAZY_FLAGS && class != FLAGS_EXPLICIT) {
        cpu->flags_source = flags_arithmetic(cpu);
        cpu->flags_kind = (uint32_t)FLAGS_EXPLICIT * 4 + 2;
    }
}

static inline uint64_t flags_mask(unsigned kind)
{
    return UINT64_MAX >> (64 - (8u << (kind & 3)));
}
static inline unsigned flags_sign_bit(unsigned kind)
{
    return (8u << (kind & 3)) - 1;
}

static inline bool flags_parity(uint64_t result)
{
    return (0x6996u >> ((result ^ result >> 4) & 15) & 1) == 0;
}

static inline bool flags_cf(const struct cpu *cpu)
{
    unsigned kind = cpu->flags_kind;
    switch (kind >> 2) {
    case FLAGS_ADD: return cpu->flags_result < cpu->flags_source;
    case FLAGS_SUB:
        return ((cpu->flags_result + cpu->flags_source) & flags_mask(kind)) < cpu->flags_source;
    default: return cpu->flags_source & FLAG_CF;
    }
}

static inline bool flags_zf(const struct cpu *cpu)
{
    return cpu->flags_kind >> 2 == FLAGS_EXPLICIT ? (cpu->flags_source & FLAG_ZF) != 0
                                                  : cpu->flags_result == 0;
}

static inline bool flags_sf(const struct cpu *cpu)
{
    unsigned kind = cpu->flags_kind;
    return kind >> 2 == FLAGS_EXPLICIT ? (cpu->flags_source & FLAG_SF) != 0
                                       : (cpu->flags_result >> flags_sign_bit(kind) & 1) != 0;
}

static inline bool flags_pf(const struct cpu *cpu)
{
    return cpu->flags_kind >> 2 == FLAGS_EXPLICIT ? (cpu->flags_source & FLAG_PF) != 0
                                                  : flags_parity(cpu->flags_result);
}

static inline bool flags_of(const struct cpu *cpu)
{
    unsigned kind = cpu->flags_kind;
    uint64_t r = cpu->flags_result, b = cpu->flags_source, a;
    switch (kind >> 2) {
    case FLAGS_ADD:
        a = r - b;
        return ((a ^ r) & (b ^ r)) >> flags_sign_bit(kind) & 1;
    case FLAGS_SUB:
        a = r + b;
        return ((a ^ b) & (a ^ r)) >> flags_sign_bit(kind) & 1;
    case FLAGS_INC: return r == UINT64_C(1) << flags_sign_bit(kind);
    case FLAGS_DEC: return r == (UINT64_C(1) << flags_sign_bit(kind)) - 1;
    default: return (b & FLAG_OF) != 0;
    }
}

/* At its place. The carry into bit 4 is the bit where a ^ b ^ result is one. */
static inline uint32_t flags_af(const struct cpu *cpu)
{
    uint64_t r = cpu->flags_result, b = cpu->flags_source;
    switch (cpu->flags_kind >> 2) {
    case FLAGS_ADD: return (uint32_t)((r - b) ^ b ^ r) & FLAG_AF;
    case FLAGS_SUB: return (uint32_t)((r + b) ^ b ^ r) & FLAG_AF;
    case FLAGS_INC: return (uint32_t)((r - 1) ^ r) & FLAG_AF;
    case FLAGS_DEC: return (uint32_t)((r + 1) ^ r) & FLAG_AF;
    default: return (uint32_t)b & FLAG_AF;
    }
}

/* Rotates and bit tests change CF (and OF) only: the others keep their lazy form. `changed` says which
 * bits of `value` are meant. */
static inline void flags_change(struct cpu *cpu, uint32_t changed, uint32_t value)
{
    unsigned kind = cpu->flags_kind;
    uint64_t b = cpu->flags_source;
    if (kind >> 2 > FLAGS_RESULT) {
        b = flags_af(cpu) | (flags_cf(cpu) ? FLAG_CF : 0) | (flags_of(cpu) ? FLAG_OF : 0);
        cpu->flags_kind = (uint32_t)FLAGS_RESULT * 4 + (kind & 3);
    }
    cpu->flags_source = (b & ~(uint64_t)changed) | value;
}

static inline void flags_set_explicit(struct cpu *cpu, uint32_t arithmetic)
{
    flags_set(cpu, FLAGS_EXPLICIT, 2, 0, arithmetic);
}

static inline bool flags_condition(const struct cpu *cpu, unsigned cc)
{
    bool is;
    switch (cc >> 1) {
    case CC_O >> 1: is = flags_of(cpu); break;
    case CC_B >> 1: is = flags_cf(cpu); break;
    case CC_E >> 1: is = flags_zf(cpu); break;
    case CC_BE >> 1: is = flags_zf(cpu) || flags_cf(cpu); break;
    case CC_S >> 1: is = flags_sf(cpu); break;
    case CC_P >> 1: is = flags_pf(cpu); break;
    case CC_L >> 1: is = flags_sf(cpu) != flags_of(cpu); break;
    default: is = flags_zf(cpu) || flags_sf(cpu) != flags_of(cpu); break;
    }
    return is != (cc & 1);
}

#endif
