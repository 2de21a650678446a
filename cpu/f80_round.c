/*
 * 80-bit extended floating point: unpacking, NaN rules, rounding and packing.
 *
 * Specification: Intel SDM vol. 1, 4.8.3.5 and table 4-7 (NaNs), 4.8.4 (rounding), 4.9
 * (exceptions), 8.2.2 (unsupported formats), 8.5 (x87 exception conditions).
 */
#include "cpu/f80_internal.h"

#define BIAS_ADJUST 24576 /* SDM vol. 1, 8.5.4: 3 * 2^13 */

enum f80_class f80_classify(struct f80 a)
{
    unsigned exponent = a.sign_exponent & 0x7FFF;
    if (exponent == 0)
        return a.significand == 0 ? F80_CLASS_ZERO : F80_CLASS_DENORMAL;
    if (!(a.significand & F80_INTEGER_BIT))
        return F80_CLASS_UNSUPPORTED;
    if (exponent != 0x7FFF)
        return F80_CLASS_NORMAL;
    return a.significand == F80_INTEGER_BIT ? F80_CLASS_INFINITY : F80_CLASS_NAN;
}

struct f80_parts f80_unpack(struct f80 a)
{
    struct f80_parts parts = {.significand = a.significand,
                              .exponent = a.sign_exponent & 0x7FFF,
                              .is_negative = f80_is_negative(a),
                              .class = f80_classify(a)};
    if (parts.class == F80_CLASS_DENORMAL) {
        int shift = f80_leading_zeros(a.significand);
        parts.significand <<= shift;
        parts.exponent = 1 - shift;
    }
    return parts;
}

struct f80 f80_invalid(struct f80_env *env)
{
    env->raised |= F80_IE;
    return f80_indefinite();
}

static bool is_signalling(struct f80 a)
{
    return (a.significand & F80_QUIET_BIT) == 0;
}

bool f80_settle_nan(struct f80_env *env, struct f80 a, struct f80 *result)
{
    enum f80_class class = f80_classify(a);
    if (class == F80_CLASS_UNSUPPORTED) {
        *result = f80_invalid(env);
        return true;
    }
    if (class != F80_CLASS_NAN)
        return false;
    if (is_signalling(a))
        env->raised |= F80_IE;
    a.significand |= F80_QUIET_BIT;
    *result = a;
    return true;
}

/* SDM vol. 1 table 4-7: the larger significand wins; of equal ones the positive. */
static struct f80 choose_nan(struct f80 a, struct f80 b)
{
    struct f80 winner = a;
    if (is_signalling(a) != is_signalling(b))
        winner = is_signalling(a) ? b : a;
    else if (a.significand < b.significand ||
             (a.significand == b.significand && f80_is_negative(a)))
        winner = b;
    winner.significand |= F80_QUIET_BIT;
    return winner;
}

bool f80_settle_nans(struct f80_env *env, struct f80 a, struct f80 b, struct f80 *result)
{
    enum f80_class class_a = f80_classify(a), class_b = f80_classify(b);
    if (class_a == F80_CLASS_UNSUPPORTED || class_b == F80_CLASS_UNSUPPORTED) {
        *result = f80_invalid(env);
        return true;
    }
    if (class_a != F80_CLASS_NAN)
        return f80_settle_nan(env, b, result);
    if (class_b != F80_CLASS_NAN)
        return f80_settle_nan(env, a, result);
    if (is_signalling(a) || is_signalling(b))
        env->raised |= F80_IE;
    *result = choose_nan(a, b);
    return true;
}

bool f80_denormal_stops(struct f80_env *env, const struct f80_parts *a)
{
    if (a->class != F80_CLASS_DENORMAL && !env->is_widened)
        return false;
    env->raised |= F80_DE;
    return !(env->masks & F80_DE);
}

bool f80_denormals_stop(struct f80_env *env, const struct f80_parts *a, const struct f80_parts *b)
{
    bool stops = f80_denormal_stops(env, a);
    return f80_denormal_stops(env, b) || stops;
}

static unsigned significant_bits(uint8_t precision)
{
    return precision == F80_SINGLE ? 24 : precision == F80_DOUBLE ? 53 : 64;
}

/* A significand rounded to some number of bits; carried: it became 1.000, one exponent higher. */
struct rounded {
    uint64_t significand;
    bool is_inexact, is_up, carried;
};

static struct rounded round_bits(uint8_t rounding, bool is_negative, struct f80_u128 exact,
                                 unsigned bits)
{
    uint64_t unit = UINT64_C(1) << (64 - bits);
    uint64_t kept = exact.high & ~(unit - 1);
    uint64_t tail = bits == 64 ? exact.low : exact.high << bits | (exact.low != 0);
    struct rounded result = {.significand = kept, .is_inexact = tail != 0};
    if (f80_rounds_away(rounding, is_negative, (kept & unit) != 0, tail)) {
        result.is_up = true;
        result.significand = kept + unit;
        if (result.significand < kept) {
            result.carried = true;
            result.significand = F80_INTEGER_BIT;
        }
    }
    return result;
}

static void note_inexact(struct f80_env *env, const struct rounded *value)
{
    env->rounded_up = value->is_up;
    if (value->is_inexact)
        env->raised |= F80_PE;
}

static uint16_t sign_bit(bool is_negative)
{
    return is_negative ? 0x8000 : 0;
}

/* The result of a masked overflow: infinity, or the largest number when rounding towards zero. */
static struct f80 overflowed(struct f80_env *env, bool is_negative, unsigned bits)
{
    uint8_t towards = is_negative ? F80_DOWN : F80_UP;
    env->raised |= F80_PE;
    env->rounded_up = env->rounding == F80_NEAREST || env->rounding == towards;
    if (env->rounded_up)
        return f80_infinity(is_negative);
    return f80_make(sign_bit(is_negative) | 0x7FFE, ~UINT64_C(0) << (64 - bits));
}

/* A result below the normal range, underflow masked: a denormal, or the smallest normal number. */
static struct f80 denormalised(struct f80_env *env, bool is_negative, int32_t exponent,
                               struct f80_u128 significand, unsigned bits, bool is_tiny)
{
    struct f80_u128 shifted = f80_shift_right_sticky(significand, (unsigned)(1 - exponent));
    struct rounded value = round_bits(env->rounding, is_negative, shifted, bits);
    note_inexact(env, &value);
    if (is_tiny && value.is_inexact)
        env->raised |= F80_UE;
    unsigned biased = (value.significand & F80_INTEGER_BIT) != 0;
    return f80_make((uint16_t)(sign_bit(is_negative) | biased), value.significand);
}

struct f80 f80_round_pack(struct f80_env *env, bool is_negative, int32_t exponent,
                          struct f80_u128 significand, uint8_t precision)
{
    unsigned bits = significant_bits(precision);
    struct rounded value = round_bits(env->rounding, is_negative, significand, bits);
    int32_t biased = exponent + value.carried;
    if (exponent <= 0) {
        /* Tiny is judged after rounding, as if the exponent had no bounds (SDM vol. 1, 4.9.1.5). */
        bool is_tiny = biased <= 0;
        if ((env->masks & F80_UE) || !is_tiny)
            return denormalised(env, is_negative, exponent, significand, bits, is_tiny);
        env->raised |= F80_UE;
        biased += BIAS_ADJUST;
        if (biased <= 0) { /* only FSCALE gets so far down; the silicon answers thus */
            env->raised |= F80_PE;
            return f80_zero(is_negative);
        }
    } else if (biased >= 0x7FFF) {
        env->raised |= F80_OE;
        if (env->masks & F80_OE)
            return overflowed(env, is_negative, bits);
        biased -= BIAS_ADJUST;
        if (biased >= 0x7FFF) { /* only FSCALE gets so far up */
            env->raised |= F80_PE;
            env->rounded_up = true;
            return f80_infinity(is_negative);
        }
    }
    note_inexact(env, &value);
    return f80_make((uint16_t)(sign_bit(is_negative) | (uint16_t)biased), value.significand);
}

struct f80 f80_normalise_round_pack(struct f80_env *env, bool is_negative, int32_t exponent,
                                    struct f80_u128 significand, uint8_t precision)
{
    if (significand.high == 0) {
        if (significand.low == 0)
            return f80_zero(is_negative);
        significand = (struct f80_u128){significand.low, 0};
        exponent -= 64;
    }
    int shift = f80_leading_zeros(significand.high);
    return f80_round_pack(env, is_negative, exponent - shift,
                          f80_shift_left128(significand, (unsigned)shift), precision);
}
