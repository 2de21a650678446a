/*
 * What the parts of the SSE arithmetic share: unpacked numbers, rounding.
 */
#ifndef VITRINE_CPU_SIMD_FLOAT_INTERNAL_H
#define VITRINE_CPU_SIMD_FLOAT_INTERNAL_H

#include "cpu/f80_internal.h"
#include "cpu/simd_float.h"

struct simd_format {
    unsigned fraction; /* bits */
    int32_t bias, top; /* top: the exponent of infinities and NaNs */
};
extern const struct simd_format SIMD_BINARY32, SIMD_BINARY64;

static inline const struct simd_format *simd_format_of(unsigned bytes)
{
    return bytes == 4 ? &SIMD_BINARY32 : &SIMD_BINARY64;
}

enum simd_class { SIMD_ZERO, SIMD_DENORMAL, SIMD_NORMAL, SIMD_INFINITY, SIMD_QNAN, SIMD_SNAN };

struct simd_number {
    uint64_t bits;        /* the operand; a zero where DAZ made it one */
    uint64_t significand; /* bit 63 set for numbers that are not zero */
    int32_t exponent;     /* biased; of denormals zero or negative */
    bool is_negative;
    enum simd_class class;
};

struct simd_number simd_unpack(const struct simd_env *env, unsigned bytes, uint64_t bits);
uint64_t simd_quieted(unsigned bytes, uint64_t bits);
uint64_t simd_infinity(unsigned bytes, bool is_negative);
/* Raises IE; returns the indefinite QNaN. */
uint64_t simd_invalid(struct simd_env *env, unsigned bytes);
/* Rounds significand * 2^(exponent - bias - 63), bit 63 set, bit 0 sticky. Raises PE, UE, OE. */
uint64_t simd_round_pack(struct simd_env *env, unsigned bytes, bool is_negative, int32_t exponent,
                         uint64_t significand);

static inline bool simd_is_nan(const struct simd_number *n)
{
    return n->class >= SIMD_QNAN;
}

static inline uint64_t simd_sign(unsigned bytes, bool is_negative)
{
    return (uint64_t)is_negative << (8 * bytes - 1);
}

/* MXCSR.RC counts as enum f80_rounding does. */
static inline unsigned simd_rounding(const struct simd_env *env)
{
    return env->mxcsr >> SIMD_RC_SHIFT & 3;
}

#endif
