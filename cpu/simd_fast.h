/*
 * binary32 and binary64: the way of ordinary operands through SSE's arithmetic, rounded to nearest, as f80_fast.h is for
 * the x87. Both operands are normal (zeros, where said), and so is the result. What does not fit is left to the general
 * functions, with nothing done; of exceptions only PE can be raised here.
 *
 * Specification: Intel SDM vol. 1, 4.8.
 */
#ifndef VITRINE_CPU_SIMD_FAST_H
#define VITRINE_CPU_SIMD_FAST_H

#include "cpu/simd_float_internal.h"

/* Bits of the fraction, the bias and the exponent of infinities; `bytes` is a constant where these are called. */
#define FAST_FRACTION(bytes) ((bytes) == 8 ? 52u : 23u)
#define FAST_BIAS(bytes) ((bytes) == 8 ? 1023 : 127)
#define FAST_TOP(bytes) ((bytes) == 8 ? 2047 : 255)
#define FAST_SIGN(bytes) (UINT64_C(1) << (8 * (bytes) - 1))

F80_SHORT bool simd_fast_rounds_so(const struct simd_env *env)
{
    return (env->mxcsr & SIMD_RC) == 0;
}

/* Of a magnitude: without its sign. */
F80_SHORT bool simd_fast_is_normal(unsigned bytes, uint64_t magnitude)
{
    return (magnitude >> FAST_FRACTION(bytes)) - 1 < (uint64_t)FAST_TOP(bytes) - 1;
}

/* With bit 63 set. */
F80_SHORT uint64_t simd_fast_significand(unsigned bytes, uint64_t magnitude)
{
    return magnitude << (63 - FAST_FRACTION(bytes)) | UINT64_C(1) << 63;
}

F80_SHORT int32_t simd_fast_exponent(unsigned bytes, uint64_t magnitude)
{
    return (int32_t)(magnitude >> FAST_FRACTION(bytes));
}

/* significand * 2^(exponent - bias - 63), bit 63 set, bit 0 sticky. */
F80_SHORT bool simd_fast_pack(struct simd_env *env, unsigned bytes, uint64_t sign, int32_t exponent,
                              uint64_t significand, uint64_t *result)
{
    const unsigned fraction = FAST_FRACTION(bytes);
    uint64_t kept = significand >> (63 - fraction), tail = significand << (fraction + 1);
    const uint64_t half = UINT64_C(1) << 63;
    if ((uint32_t)exponent - 1 >= (uint32_t)FAST_TOP(bytes) - 2)
        return false;
    kept += (tail > half) | ((tail == half) & kept & 1);
    env->raised |= tail ? SIMD_PE : 0u;
    *result = sign | (((uint64_t)(uint32_t)(exponent - 1) << fraction) + kept);
    return true;
}

/* One may be a zero. */
F80_SHORT bool simd_fast_add(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b, uint64_t *result)
{
    const uint64_t sign = FAST_SIGN(bytes);
    uint64_t x = a & ~sign, y = b & ~sign, large, small, sum;
    bool is_smaller = x < y;
    unsigned shift;
    int lead;
    large = is_smaller ? y : x;
    small = is_smaller ? x : y;
    if (!simd_fast_is_normal(bytes, large) || !simd_fast_rounds_so(env))
        return false;
    if (!simd_fast_is_normal(bytes, small)) {
        *result = is_smaller ? b : a;
        return small == 0;
    }
    shift = (unsigned)(simd_fast_exponent(bytes, large) - simd_fast_exponent(bytes, small));
    sum = simd_fast_significand(bytes, small) >> 1;
    sum = shift < 63 ? sum >> shift | ((sum & ((UINT64_C(1) << shift) - 1)) != 0) : 1;
    if ((a ^ b) & sign)
        sum = UINT64_C(0) - sum;
    sum += simd_fast_significand(bytes, large) >> 1;
    if (sum == 0) {
        *result = 0;
        return true;
    }
    lead = f80_leading_zeros(sum);
    return simd_fast_pack(env, bytes, (is_smaller ? b : a) & sign, simd_fast_exponent(bytes, large) + 1 - lead,
                          sum << lead, result);
}

F80_SHORT bool simd_fast_sub(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b, uint64_t *result)
{
    return simd_fast_add(env, bytes, a, b ^ FAST_SIGN(bytes), result);
}

/* Either may be a zero. */
F80_SHORT bool simd_fast_mul(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b, uint64_t *result)
{
    const uint64_t sign = FAST_SIGN(bytes);
    uint64_t x = a & ~sign, y = b & ~sign;
    struct f80_u128 product;
    int32_t exponent;
    unsigned is_short;
    if (!simd_fast_is_normal(bytes, x) || !simd_fast_is_normal(bytes, y) || !simd_fast_rounds_so(env)) {
        *result = (a ^ b) & sign;
        return (x == 0 || y == 0) && (x == 0 || simd_fast_is_normal(bytes, x)) &&
               (y == 0 || simd_fast_is_normal(bytes, y));
    }
    product = f80_multiply64(simd_fast_significand(bytes, x), simd_fast_significand(bytes, y));
    exponent = simd_fast_exponent(bytes, x) + simd_fast_exponent(bytes, y) - FAST_BIAS(bytes) + 1;
    is_short = !(product.high >> 63);
    return simd_fast_pack(env, bytes, (a ^ b) & sign, exponent - (int32_t)is_short,
                          (product.high | (product.low != 0)) << is_short, result);
}

F80_SHORT bool simd_fast_div(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b, uint64_t *result)
{
    const uint64_t sign = FAST_SIGN(bytes);
    uint64_t x = a & ~sign, y = b & ~sign, quotient, rest;
    int32_t exponent;
    unsigned is_short;
    if (!simd_fast_is_normal(bytes, x) || !simd_fast_is_normal(bytes, y) || !simd_fast_rounds_so(env))
        return false;
    quotient = f80_divide128((struct f80_u128){simd_fast_significand(bytes, x) >> 1, 0},
                             simd_fast_significand(bytes, y), &rest);
    exponent = simd_fast_exponent(bytes, x) - simd_fast_exponent(bytes, y) + FAST_BIAS(bytes);
    is_short = !(quotient >> 63);
    return simd_fast_pack(env, bytes, (a ^ b) & sign, exponent - (int32_t)is_short,
                          quotient << is_short | (rest != 0), result);
}

/* Of normal numbers and zeros; no exception. */
F80_SHORT bool simd_fast_compare(unsigned bytes, uint64_t a, uint64_t b, enum simd_relation *relation)
{
    const uint64_t sign = FAST_SIGN(bytes);
    uint64_t x = a & ~sign, y = b & ~sign;
    int64_t left = a & sign ? -(int64_t)x : (int64_t)x, right = b & sign ? -(int64_t)y : (int64_t)y;
    if ((x && !simd_fast_is_normal(bytes, x)) || (y && !simd_fast_is_normal(bytes, y)))
        return false;
    *relation = left < right ? SIMD_LESS : left == right ? SIMD_EQUAL : SIMD_GREATER;
    return true;
}

/* From an integer of 32 bits. */
F80_SHORT bool simd_fast_from_int(struct simd_env *env, unsigned bytes, int64_t value, uint64_t *result)
{
    uint64_t magnitude = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    int lead;
    if (value == 0) {
        *result = 0;
        return true;
    }
    if (!simd_fast_rounds_so(env))
        return false;
    lead = f80_leading_zeros(magnitude);
    return simd_fast_pack(env, bytes, value < 0 ? FAST_SIGN(bytes) : 0, FAST_BIAS(bytes) + 63 - lead, magnitude << lead,
                          result);
}

/* Truncated to an integer of 32 bits: of magnitudes below 2^31. */
F80_SHORT bool simd_fast_truncate(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t *result)
{
    const uint64_t sign = FAST_SIGN(bytes);
    uint64_t x = a & ~sign, significand, integer;
    int32_t power = simd_fast_exponent(bytes, x) - FAST_BIAS(bytes);
    if (!simd_fast_is_normal(bytes, x) || power < 0 || power > 30)
        return false;
    significand = simd_fast_significand(bytes, x);
    integer = significand >> (63 - power);
    env->raised |= significand << (power + 1) ? SIMD_PE : 0u;
    *result = (uint32_t)(a & sign ? UINT64_C(0) - integer : integer);
    return true;
}

/* binary32 to binary64, which has room for all; and back. */
F80_SHORT bool simd_fast_widen(uint64_t a, uint64_t *result)
{
    uint64_t x = a & ~FAST_SIGN(4);
    if (!simd_fast_is_normal(4, x))
        return false;
    *result = (a & FAST_SIGN(4)) << 32 | ((x << 29) + ((uint64_t)(1023 - 127) << 52));
    return true;
}

F80_SHORT bool simd_fast_narrow(struct simd_env *env, uint64_t a, uint64_t *result)
{
    uint64_t x = a & ~FAST_SIGN(8);
    if (!simd_fast_is_normal(8, x) || !simd_fast_rounds_so(env))
        return false;
    return simd_fast_pack(env, 4, (a & FAST_SIGN(8)) >> 32, simd_fast_exponent(8, x) - 1023 + 127,
                          simd_fast_significand(8, x), result);
}

/* With `bytes` as a constant. */
#define SIMD_FAST(name, env, bytes, ...) \
    ((bytes) == 8 ? simd_fast_##name(env, 8, __VA_ARGS__) : simd_fast_##name(env, 4, __VA_ARGS__))

#endif
