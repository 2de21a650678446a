/*
 * 80-bit extended floating point: conversion from and to integers, single, double, packed decimal.
 *
 * Specification: Intel SDM vol. 1, 4.2 and 4.7 (formats, indefinites), 8.5 (exceptions on stores);
 * vol. 2 FBLD, FBSTP, FILD, FIST, FLD, FST.
 */
#include "cpu/f80_fast.h"

struct f80 f80_from_int64(int64_t value)
{
    return f80_fast_from_int(value);
}

/*
 * Rounds a finite number to an integer. Returns false when the magnitude needs more than 64 bits;
 * *is_up tells whether it grew.
 */
static bool round_magnitude(const struct f80_env *env, const struct f80_parts *x,
                            uint64_t *magnitude, bool *is_inexact, bool *is_up)
{
    struct f80_u128 fixed = {0, 0};
    if (f80_is_finite_nonzero(x)) {
        int32_t shift = F80_BIAS + 63 - x->exponent;
        if (shift < 0)
            return false;
        fixed = f80_shift_right_sticky((struct f80_u128){x->significand, 0}, (unsigned)shift);
    }
    *is_inexact = fixed.low != 0;
    *is_up = f80_rounds_away(env->rounding, x->is_negative, (fixed.high & 1) != 0, fixed.low);
    *magnitude = fixed.high + *is_up;
    return *magnitude != 0 || !*is_up;
}

/* The magnitude of a as an integer of at most limit (limit + 1 if negative); false after IE. */
static bool to_integer(struct f80_env *env, struct f80 a, uint64_t limit, uint64_t limit_negative,
                       uint64_t *magnitude)
{
    struct f80_parts x = f80_unpack(a);
    bool is_inexact = false, is_up = false;
    bool is_number = f80_is_finite_nonzero(&x) || x.class == F80_CLASS_ZERO;
    if (!is_number || !round_magnitude(env, &x, magnitude, &is_inexact, &is_up) ||
        *magnitude > (x.is_negative ? limit_negative : limit)) {
        env->raised |= F80_IE;
        return false;
    }
    if (is_inexact)
        env->raised |= F80_PE;
    env->rounded_up = is_up;
    return true;
}

/* Two's complement in 64 bits; out of range gives the indefinite, -(limit + 1). */
static int64_t to_signed(struct f80_env *env, struct f80 a, uint64_t limit)
{
    uint64_t magnitude = 0;
    if (!to_integer(env, a, limit, limit + 1, &magnitude))
        return -(int64_t)limit - 1;
    if (!f80_is_negative(a))
        return (int64_t)magnitude;
    return magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
}

int16_t f80_to_int16(struct f80_env *env, struct f80 a)
{
    return (int16_t)to_signed(env, a, INT16_MAX);
}

int32_t f80_to_int32(struct f80_env *env, struct f80 a)
{
    return (int32_t)to_signed(env, a, INT32_MAX);
}

int64_t f80_to_int64(struct f80_env *env, struct f80 a)
{
    return to_signed(env, a, INT64_MAX);
}

/* An IEEE interchange format: sign, exponent of exponent_bits, fraction of fraction_bits. */
struct format {
    unsigned exponent_bits, fraction_bits;
};

static const struct format FLOAT32 = {8, 23};
static const struct format FLOAT64 = {11, 52};

static struct f80 widen(struct f80_env *env, const struct format *format, uint64_t bits)
{
    unsigned total = format->exponent_bits + format->fraction_bits;
    int32_t top = (1 << format->exponent_bits) - 1, bias = top >> 1;
    uint16_t sign = (uint16_t)((bits >> total & 1) << 15);
    int32_t exponent = (int32_t)(bits >> format->fraction_bits) & top;
    uint64_t fraction = bits << (64 - format->fraction_bits) >> 1;
    if (exponent == top)
        return f80_make(sign | 0x7FFF, fraction | F80_INTEGER_BIT);
    if (exponent != 0)
        return f80_make((uint16_t)(sign | (exponent - bias + F80_BIAS)),
                        fraction | F80_INTEGER_BIT);
    if (fraction == 0)
        return f80_make(sign, 0);
    env->is_widened = true;
    int shift = f80_leading_zeros(fraction);
    return f80_make((uint16_t)(sign | (1 - shift - bias + F80_BIAS)), fraction << shift);
}

struct f80 f80_widen_float32(struct f80_env *env, uint32_t bits)
{
    return widen(env, &FLOAT32, bits);
}

struct f80 f80_widen_float64(struct f80_env *env, uint64_t bits)
{
    return widen(env, &FLOAT64, bits);
}

static struct f80 from_float(struct f80_env *env, const struct format *format, uint64_t bits)
{
    struct f80 value = widen(env, format, bits);
    if (env->is_widened)
        env->raised |= F80_DE;
    env->is_widened = false;
    f80_settle_nan(env, value, &value);
    return value;
}

struct f80 f80_from_float32(struct f80_env *env, uint32_t bits)
{
    return from_float(env, &FLOAT32, bits);
}

struct f80 f80_from_float64(struct f80_env *env, uint64_t bits)
{
    return from_float(env, &FLOAT64, bits);
}

/* Rounds a normalised significand, shifted right by shift bits, at the last place of the format. */
static uint64_t round_float(uint8_t rounding, const struct f80_parts *x, unsigned shift,
                            const struct format *format, bool *is_inexact, bool *is_up)
{
    struct f80_u128 value = {x->significand, 0};
    value = f80_shift_right_sticky(value, shift + 63 - format->fraction_bits);
    *is_inexact = value.low != 0;
    *is_up = f80_rounds_away(rounding, x->is_negative, value.high & 1, value.low);
    return value.high + *is_up;
}

/* Overflow of a store; unmasked, nothing is written and nothing else is reported. */
static uint64_t overflow_float(struct f80_env *env, uint64_t infinity, bool is_negative)
{
    uint8_t towards = is_negative ? F80_DOWN : F80_UP;
    env->raised |= F80_OE;
    if (!(env->masks & F80_OE))
        return infinity;
    env->raised |= F80_PE;
    env->rounded_up = env->rounding == F80_NEAREST || env->rounding == towards;
    return env->rounded_up ? infinity : infinity - 1;
}

/* Finite and nonzero. The exponent field is added to the rounded significand, so a carry fits. */
static uint64_t pack_float(struct f80_env *env, const struct format *format,
                           const struct f80_parts *x)
{
    int32_t top = (1 << format->exponent_bits) - 1, bias = top >> 1;
    int32_t exponent = x->exponent - F80_BIAS + bias;
    bool is_inexact, is_up;
    uint64_t rounded = round_float(env->rounding, x, 0, format, &is_inexact, &is_up);
    bool has_carried = rounded >> (format->fraction_bits + 1) != 0;
    if (exponent + has_carried >= top)
        return overflow_float(env, (uint64_t)top << format->fraction_bits, x->is_negative);
    if (exponent <= 0) {
        bool is_tiny = exponent + has_carried <= 0;
        rounded =
            round_float(env->rounding, x, (unsigned)(1 - exponent), format, &is_inexact, &is_up);
        if (is_tiny && (is_inexact || !(env->masks & F80_UE))) {
            env->raised |= F80_UE;
            if (!(env->masks & F80_UE)) /* nothing is written and nothing else reported */
                return 0;
        }
        exponent = 1;
    }
    if (is_inexact)
        env->raised |= F80_PE;
    env->rounded_up = is_up;
    return ((uint64_t)(exponent - 1) << format->fraction_bits) + rounded;
}

static uint64_t to_float(struct f80_env *env, const struct format *format, struct f80 a)
{
    uint64_t infinity = (uint64_t)((1 << format->exponent_bits) - 1) << format->fraction_bits;
    uint64_t sign = (uint64_t)f80_is_negative(a) << (format->exponent_bits + format->fraction_bits);
    if (f80_settle_nan(env, a, &a)) {
        sign = (uint64_t)f80_is_negative(a) << (format->exponent_bits + format->fraction_bits);
        return sign | infinity | a.significand << 1 >> (64 - format->fraction_bits);
    }
    struct f80_parts x = f80_unpack(a);
    if (x.class == F80_CLASS_INFINITY)
        return sign | infinity;
    if (x.class == F80_CLASS_ZERO)
        return sign;
    return sign | pack_float(env, format, &x);
}

uint32_t f80_to_float32(struct f80_env *env, struct f80 a)
{
    return (uint32_t)to_float(env, &FLOAT32, a);
}

uint64_t f80_to_float64(struct f80_env *env, struct f80 a)
{
    return to_float(env, &FLOAT64, a);
}

struct f80 f80_from_bcd(const uint8_t bcd[10])
{
    int64_t value = 0;
    for (int i = 8; i >= 0; i--)
        value = value * 100 + (bcd[i] >> 4) * 10 + (bcd[i] & 15);
    struct f80 result = f80_from_int64(value);
    result.sign_exponent |= (uint16_t)((bcd[9] & 0x80) << 8); /* -0 exists */
    return result;
}

void f80_to_bcd(struct f80_env *env, struct f80 a, uint8_t bcd[10])
{
    const uint64_t limit = UINT64_C(999999999999999999);
    uint64_t magnitude = 0;
    if (!to_integer(env, a, limit, limit, &magnitude)) {
        /* Packed BCD indefinite, FFFF C000 0000 0000 0000 (SDM vol. 1, 4.7). */
        for (int i = 0; i < 7; i++)
            bcd[i] = 0;
        bcd[7] = 0xC0;
        bcd[8] = bcd[9] = 0xFF;
        return;
    }
    for (int i = 0; i < 9; i++) {
        unsigned pair = (unsigned)(magnitude % 100);
        bcd[i] = (uint8_t)(pair / 10 << 4 | pair % 10);
        magnitude /= 100;
    }
    bcd[9] = f80_is_negative(a) ? 0x80 : 0;
}
