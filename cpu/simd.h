/*
 * MMX and SSE: registers, and the instructions as pure functions on values.
 *
 * Specification: Intel 64 and IA-32 Architectures SDM (253665, 2023) vol. 1 chapters 9 (MMX), 10-12
 * (SSE to SSE4), 11.5 (exceptions), table 4-7 (NaNs); vol. 2 for single instructions.
 *
 * No host floating point is used, so that a run is the same on every workstation. Each row of
 * cpu/ops_simd.def names a function
 *
 *     void simd_NAME(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
 *
 * which finds the destination's old value in *d and the source in *s (a memory source is filled up
 * with zeros) and leaves the new value in *d. It never touches memory or registers; what else it
 * reads or writes is in the environment. MMX values use q[0] only.
 *
 * MISSING: RCPPS and RSQRTPS give 13 significant bits, rounded: within the bound of SDM vol. 2
 * (1.5 * 2^-12), but not the bits of any particular silicon.
 */
#ifndef VITRINE_CPU_SIMD_H
#define VITRINE_CPU_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MXCSR, SDM vol. 1 figure 10-3. The exceptions are at the same places as those of the x87. */
enum simd_mxcsr_bit {
    SIMD_IE = 0x01,
    SIMD_DE = 0x02,
    SIMD_ZE = 0x04,
    SIMD_OE = 0x08,
    SIMD_UE = 0x10,
    SIMD_PE = 0x20,
    SIMD_EXCEPTIONS = 0x3F,
    SIMD_PRECOMPUTATION = SIMD_IE | SIMD_DE | SIMD_ZE,
    SIMD_DAZ = 0x40, /* denormal operands are zeros */
    SIMD_MASKS = 0x1F80,
    SIMD_RC = 0x6000,
    SIMD_FTZ = 0x8000 /* masked underflow gives zero */
};
#define SIMD_MASK_SHIFT  7
#define SIMD_RC_SHIFT    13
#define SIMD_MXCSR_RESET 0x1F80u
#define SIMD_MXCSR_MASK  0xFFFFu /* bits that exist, as FXSAVE says */

struct simd_value {
    uint64_t q[2]; /* bits 63-0, 127-64 */
};

/* The registers beyond those of the x87, which MM0-MM7 are a part of. */
#define SIMD_REGISTERS 8 /* 16 in 64-bit mode, to come */
struct simd {
    struct simd_value xmm[SIMD_REGISTERS];
    uint32_t mxcsr;
};

/* What an instruction reads and writes beside its two operands. */
struct simd_env {
    uint32_t mxcsr;     /* rounding, DAZ, FTZ, masks */
    uint32_t raised;    /* exceptions, masked or not */
    uint8_t bytes;      /* 8: MMX, 16: XMM */
    uint8_t immediate;
    bool is_memory;     /* the source or destination is memory */
    bool is_settled;    /* raised is right already: the function went in steps */
    bool writes_flags;  /* flags holds new arithmetic flags */
    bool writes_xmm0, writes_cx;
    uint32_t flags;     /* at their places in EFLAGS */
    uint32_t ax, dx;    /* lengths for PCMPESTRx */
    uint32_t cx;        /* result of PCMPxSTRI */
    struct simd_value xmm0; /* mask of the variable blends; result of PCMPxSTRM */
};

typedef void simd_function(struct simd_env *env, struct simd_value *d, const struct simd_value *s);

static inline bool simd_unmasked(const struct simd_env *env)
{
    return (env->raised & ~(env->mxcsr >> SIMD_MASK_SHIFT) & SIMD_EXCEPTIONS) != 0;
}

/* --- rows (simd_rows.c) ----------------------------------------------------------------------- */

/* Where an operand is. G: ModRM.reg, E: ModRM.rm or memory; X: XMM, M: MMX, R: general. */
enum simd_place {
    SIMD_NONE,
    SIMD_GX,
    SIMD_EX,
    SIMD_GM,
    SIMD_EM,
    SIMD_GR,
    SIMD_ER,
    SIMD_IMMEDIATE /* the source is the immediate */
};
enum simd_attribute {
    SIMD_ALIGNED = 0,
    SIMD_UNALIGNED = 1 /* 16 bytes of memory at any address */
};
enum simd_prefix { SIMD_NP, SIMD_66, SIMD_F3, SIMD_F2, SIMD_PREFIXES };

/* How a row's function gets its operands; opcode and prefix are for those who assemble. */
struct simd_row {
    simd_function *function; /* NULL: the row has a handler of its own */
    uint8_t prefix;          /* enum simd_prefix */
    uint8_t to, from;        /* enum simd_place */
    uint8_t memory_bytes;    /* of the memory operand */
    uint8_t attributes;
};

/* Executes a row's function with the rules of exceptions: returns false where one was raised that
 * is not masked, env->raised then being what MXCSR shall show, and *d is the old value. */
bool simd_execute(const struct simd_row *row, struct simd_env *env, struct simd_value *d,
                  const struct simd_value *s);

/* Behind a function that has raised something: what MXCSR shall show. False: an exception is not masked. */
bool simd_settle(struct simd_env *env);

/* --- lanes ------------------------------------------------------------------------------------ */

static inline uint64_t simd_lane_mask(unsigned bytes)
{
    return bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * bytes)) - 1;
}

static inline uint64_t simd_lane(const struct simd_value *v, unsigned bytes, unsigned n)
{
    unsigned bit = n * bytes * 8;
    return v->q[bit >> 6] >> (bit & 63) & simd_lane_mask(bytes);
}

static inline int64_t simd_lane_signed(const struct simd_value *v, unsigned bytes, unsigned n)
{
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    return (int64_t)((simd_lane(v, bytes, n) ^ sign) - sign);
}

static inline void simd_set_lane(struct simd_value *v, unsigned bytes, unsigned n, uint64_t value)
{
    unsigned bit = n * bytes * 8;
    uint64_t mask = simd_lane_mask(bytes) << (bit & 63), *q = &v->q[bit >> 6];
    *q = (*q & ~mask) | (value << (bit & 63) & mask);
}

#endif
