/*
 * SSE: conversions between binary32, binary64 and integers, rounding to integers, approximations.
 *
 * Specification: Intel SDM vol. 2, CVTxx2yy, ROUNDPS, RCPPS, RSQRTPS; vol. 1, 11.5.
 */
#include "cpu/simd_fast.h"

/* --- integers --------------------------------------------------------------------------------- */

/* The integer part of a magnitude below 2^63, rounded; *is_inexact where that changed it. */
static uint64_t round_magnitude(const struct simd_number *n, int32_t power, unsigned rounding,
                                bool *is_inexact)
{
    struct f80_u128 parts =
        f80_shift_right_sticky((struct f80_u128){n->significand, 0}, (unsigned)(63 - power));
    *is_inexact = parts.low != 0;
    return parts.high +
           f80_rounds_away((uint8_t)rounding, n->is_negative, parts.high & 1, parts.low);
}

static uint64_t any_to_int(struct simd_env *env, unsigned bytes, uint64_t a, unsigned int_bytes, bool truncates)
{
    struct simd_number n = simd_unpack(env, bytes, a);
    uint64_t indefinite = UINT64_C(1) << (8 * int_bytes - 1), magnitude;
    int32_t power = n.exponent - simd_format_of(bytes)->bias;
    bool is_inexact;
    if (n.class == SIMD_ZERO)
        return 0;
    if (n.class >= SIMD_INFINITY || power > 63) {
        env->raised |= SIMD_IE;
        return indefinite;
    }
    magnitude = round_magnitude(&n, power, truncates ? F80_TRUNCATE : simd_rounding(env), &is_inexact);
    if (magnitude > indefinite - !n.is_negative) {
        env->raised |= SIMD_IE;
        return indefinite;
    }
    env->raised |= is_inexact ? SIMD_PE : 0u;
    return (n.is_negative ? 0 - magnitude : magnitude) & simd_lane_mask(int_bytes);
}

uint64_t simd_float_to_int(struct simd_env *env, unsigned bytes, uint64_t a, unsigned int_bytes,
                           bool truncates)
{
    uint64_t result;
    return truncates && int_bytes == 4 && SIMD_FAST(truncate, env, bytes, a, &result)
               ? result
               : any_to_int(env, bytes, a, int_bytes, truncates);
}

uint64_t simd_float_from_int(struct simd_env *env, unsigned bytes, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, result;
    int shift;
    if (SIMD_FAST(from_int, env, bytes, value, &result))
        return result;
    shift = f80_leading_zeros(magnitude);
    return simd_round_pack(env, bytes, value < 0, simd_format_of(bytes)->bias + 63 - shift,
                           magnitude << shift);
}

uint64_t simd_float_round(struct simd_env *env, unsigned bytes, uint64_t a, unsigned control)
{
    const struct simd_format *f = simd_format_of(bytes);
    struct simd_number n = simd_unpack(env, bytes, a);
    unsigned rounding = control & 4 ? simd_rounding(env) : control & 3;
    int32_t power = n.exponent - f->bias;
    bool is_inexact;
    if (simd_is_nan(&n)) {
        env->raised |= n.class == SIMD_SNAN ? SIMD_IE : 0u;
        return simd_quieted(bytes, a);
    }
    if (n.class == SIMD_ZERO || n.class == SIMD_INFINITY || power >= (int32_t)f->fraction)
        return n.bits;
    uint64_t magnitude = round_magnitude(&n, power, rounding, &is_inexact);
    env->raised |= is_inexact && !(control & 8) ? SIMD_PE : 0u;
    if (magnitude == 0)
        return simd_sign(bytes, n.is_negative);
    int shift = f80_leading_zeros(magnitude);
    return simd_round_pack(env, bytes, n.is_negative, f->bias + 63 - shift, magnitude << shift);
}

/* --- between the formats ---------------------------------------------------------------------- */

/* A NaN keeps its sign and the upper bits of its fraction. */
static uint64_t convert_nan(struct simd_env *env, const struct simd_number *n, unsigned to)
{
    uint64_t fraction = to == 8 ? (n->bits & 0x7FFFFF) << 29
                                : (n->bits & UINT64_C(0xFFFFFFFFFFFFF)) >> 29;
    env->raised |= n->class == SIMD_SNAN ? SIMD_IE : 0u;
    return simd_quieted(to, simd_infinity(to, n->is_negative) | fraction);
}

static uint64_t convert(struct simd_env *env, uint64_t a, unsigned from, unsigned to)
{
    struct simd_number n = simd_unpack(env, from, a);
    if (simd_is_nan(&n))
        return convert_nan(env, &n, to);
    if (n.class == SIMD_INFINITY)
        return simd_infinity(to, n.is_negative);
    if (n.class == SIMD_ZERO)
        return simd_sign(to, n.is_negative);
    if (n.class == SIMD_DENORMAL)
        env->raised |= SIMD_DE;
    return simd_round_pack(env, to, n.is_negative,
                           n.exponent - simd_format_of(from)->bias + simd_format_of(to)->bias,
                           n.significand);
}

uint64_t simd_float_widen(struct simd_env *env, uint64_t a)
{
    uint64_t result;
    return simd_fast_widen(a, &result) ? result : convert(env, a, 4, 8);
}

uint64_t simd_float_narrow(struct simd_env *env, uint64_t a)
{
    uint64_t result;
    return simd_fast_narrow(env, a, &result) ? result : convert(env, a, 8, 4);
}

/* --- approximations --------------------------------------------------------------------------- */

/* They know neither MXCSR nor exceptions; denormals are zeros (SDM vol. 2, RCPPS). */
static const struct simd_env APPROXIMATE = {.mxcsr = SIMD_MXCSR_RESET | SIMD_DAZ | SIMD_FTZ};

/* A significand of 64 bits to 13: off by at most 2^-13. The carry goes into the exponent. */
static uint32_t pack13(bool is_negative, int32_t exponent, uint64_t significand)
{
    uint32_t kept = (uint32_t)(significand >> 51) + (significand >> 50 & 1);
    uint32_t bits = ((uint32_t)(exponent - 1) << 23) + (kept << 11);
    return (uint32_t)is_negative << 31 | (exponent <= 0 ? 0 : bits);
}

uint32_t simd_float_reciprocal(uint32_t a)
{
    struct simd_number n = simd_unpack(&APPROXIMATE, 4, a);
    uint64_t rest, quotient;
    if (simd_is_nan(&n))
        return (uint32_t)simd_quieted(4, a);
    if (n.class == SIMD_ZERO)
        return (uint32_t)simd_infinity(4, n.is_negative);
    if (n.class == SIMD_INFINITY)
        return (uint32_t)simd_sign(4, n.is_negative);
    if (n.significand << 1 == 0)
        return pack13(n.is_negative, 254 - n.exponent, n.significand);
    /* 2^63 / significand lies between one half and one. */
    quotient = f80_divide128((struct f80_u128){UINT64_C(1) << 63, 0}, n.significand, &rest);
    return pack13(n.is_negative, 253 - n.exponent, quotient);
}

uint32_t simd_float_reciprocal_root(uint32_t a)
{
    struct simd_number n = simd_unpack(&APPROXIMATE, 4, a);
    struct f80_u128 radicand, rest;
    uint64_t left, root;
    if (simd_is_nan(&n))
        return (uint32_t)simd_quieted(4, a);
    if (n.class == SIMD_ZERO)
        return (uint32_t)simd_infinity(4, n.is_negative);
    if (n.is_negative)
        return (uint32_t)simd_quieted(4, simd_infinity(4, true));
    if (n.class == SIMD_INFINITY)
        return 0;
    /* As in simd_float_sqrt(); then its reciprocal. */
    int32_t power = n.exponent - 127;
    bool is_odd = ((uint32_t)power & 1) != 0;
    radicand = f80_shift_right128((struct f80_u128){n.significand, 0}, !is_odd);
    root = f80_root128(radicand, &rest);
    power = (power - is_odd) / 2;
    if (root << 1 == 0)
        return pack13(false, 127 - power, root);
    return pack13(false, 126 - power,
                  f80_divide128((struct f80_u128){UINT64_C(1) << 63, 0}, root, &left));
}
