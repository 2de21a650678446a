/*
 * 80-bit extended floating point: add, subtract, multiply, divide, square root.
 *
 * Specification: Intel SDM vol. 1 chapter 8, vol. 2 tables 3-18 to 3-39 (FADD, FDIV, FMUL, FSQRT,
 * FSUB: results for each pair of operand classes); IEEE 754-1985.
 *
 * All but the square root begin with a path for normal operands, extended precision and rounding
 * to nearest, which is what compiled code uses; whatever does not fit falls through to the general
 * path with nothing raised.
 */
#include "cpu/f80_fast.h"

static bool is_default_mode(const struct f80_env *env)
{
    return env->rounding == F80_NEAREST && env->precision == F80_EXTENDED && !env->is_widened;
}

/* Takes over a fast result; false: take the general path. */
static bool take(struct f80_env *env, const struct f80_fast *fast)
{
    if (!fast->is_done)
        return false;
    if (fast->is_inexact)
        env->raised |= F80_PE;
    env->rounded_up = fast->is_up;
    return true;
}

/*
 * Adds or subtracts magnitudes, |a| >= |b| > 0 and both normalised. The exact sum is
 * result * 2^(exponent - F80_BIAS - 127), bit 0 sticky; not normalised after a subtraction.
 */
static struct f80_u128 combine(uint64_t a, uint64_t b, uint32_t distance, bool is_subtraction,
                               int32_t *exponent)
{
    struct f80_u128 x = {a, 0}, y = {b, 0};
    if (distance >= 127)
        y = (struct f80_u128){0, 1};
    else
        y = f80_shift_right_sticky(y, distance);
    if (is_subtraction)
        return f80_sub128(x, y);
    struct f80_u128 sum = f80_add128(x, y);
    if (sum.high < a) {
        sum = f80_shift_right_sticky(sum, 1);
        sum.high |= F80_INTEGER_BIT;
        *exponent += 1;
    }
    return sum;
}

/* Finite, nonzero operands: a + b with the sign of b already settled. */
static struct f80 add_parts(struct f80_env *env, struct f80_parts a, struct f80_parts b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && a.significand < b.significand)) {
        struct f80_parts t = a;
        a = b;
        b = t;
    }
    bool is_subtraction = a.is_negative != b.is_negative;
    int32_t exponent = a.exponent;
    struct f80_u128 sum = combine(a.significand, b.significand, (uint32_t)(a.exponent - b.exponent),
                                  is_subtraction, &exponent);
    if (sum.high == 0 && sum.low == 0) /* x - x: +0, but -0 when rounding down */
        return f80_zero(env->rounding == F80_DOWN);
    return f80_normalise_round_pack(env, a.is_negative, exponent, sum, env->precision);
}

static struct f80 add_general(struct f80_env *env, struct f80 a, struct f80 b, bool negate_b)
{
    struct f80 result = a;
    if (f80_settle_nans(env, a, b, &result))
        return result;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    y.is_negative ^= negate_b;
    bool same_sign = x.is_negative == y.is_negative;
    if (x.class == F80_CLASS_INFINITY && y.class == F80_CLASS_INFINITY && !same_sign)
        return f80_invalid(env);
    if (f80_denormals_stop(env, &x, &y))
        return a;
    if (x.class == F80_CLASS_INFINITY || y.class == F80_CLASS_INFINITY)
        return f80_infinity(x.class == F80_CLASS_INFINITY ? x.is_negative : y.is_negative);
    if (x.class == F80_CLASS_ZERO && y.class == F80_CLASS_ZERO)
        return f80_zero(same_sign ? x.is_negative : env->rounding == F80_DOWN);
    if (x.class == F80_CLASS_ZERO || y.class == F80_CLASS_ZERO) {
        const struct f80_parts *other = x.class == F80_CLASS_ZERO ? &y : &x;
        return f80_round_pack(env, other->is_negative, other->exponent,
                              (struct f80_u128){other->significand, 0}, env->precision);
    }
    return add_parts(env, x, y);
}

struct f80 f80_add(struct f80_env *env, struct f80 a, struct f80 b)
{
    if (is_default_mode(env)) {
        struct f80_fast fast = f80_fast_add(a, b, b.sign_exponent & 0x8000, 64);
        if (take(env, &fast))
            return fast.value;
    }
    return add_general(env, a, b, false);
}

struct f80 f80_sub(struct f80_env *env, struct f80 a, struct f80 b)
{
    if (is_default_mode(env)) {
        struct f80_fast fast = f80_fast_add(a, b, ~b.sign_exponent & 0x8000, 64);
        if (take(env, &fast))
            return fast.value;
    }
    return add_general(env, a, b, true);
}

static struct f80 mul_general(struct f80_env *env, struct f80 a, struct f80 b)
{
    struct f80 result = a;
    if (f80_settle_nans(env, a, b, &result))
        return result;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    bool is_negative = x.is_negative != y.is_negative;
    bool is_infinite = x.class == F80_CLASS_INFINITY || y.class == F80_CLASS_INFINITY;
    bool is_zero = x.class == F80_CLASS_ZERO || y.class == F80_CLASS_ZERO;
    if (is_infinite && is_zero)
        return f80_invalid(env);
    if (f80_denormals_stop(env, &x, &y))
        return a;
    if (is_infinite)
        return f80_infinity(is_negative);
    if (is_zero)
        return f80_zero(is_negative);
    return f80_normalise_round_pack(env, is_negative, x.exponent + y.exponent - F80_BIAS + 1,
                                    f80_multiply64(x.significand, y.significand), env->precision);
}

struct f80 f80_mul(struct f80_env *env, struct f80 a, struct f80 b)
{
    if (is_default_mode(env)) {
        struct f80_fast fast = f80_fast_mul(a, b, 64);
        if (take(env, &fast))
            return fast.value;
    }
    return mul_general(env, a, b);
}

static struct f80 div_general(struct f80_env *env, struct f80 a, struct f80 b)
{
    struct f80 result = a;
    if (f80_settle_nans(env, a, b, &result))
        return result;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    bool is_negative = x.is_negative != y.is_negative;
    if (x.class == y.class && (x.class == F80_CLASS_INFINITY || x.class == F80_CLASS_ZERO))
        return f80_invalid(env);
    if (y.class == F80_CLASS_ZERO && x.class != F80_CLASS_INFINITY) {
        env->raised |= F80_ZE;
        return f80_infinity(is_negative);
    }
    if (f80_denormals_stop(env, &x, &y))
        return a;
    if (x.class == F80_CLASS_INFINITY)
        return f80_infinity(is_negative);
    if (x.class == F80_CLASS_ZERO || y.class == F80_CLASS_INFINITY)
        return f80_zero(is_negative);
    int32_t exponent = x.exponent - y.exponent + F80_BIAS;
    struct f80_u128 quotient = f80_divide_significands(x.significand, y.significand, &exponent);
    return f80_round_pack(env, is_negative, exponent, quotient, env->precision);
}

struct f80 f80_div(struct f80_env *env, struct f80 a, struct f80 b)
{
    if (is_default_mode(env)) {
        struct f80_fast fast = f80_fast_div(a, b, 64);
        if (take(env, &fast))
            return fast.value;
    }
    return div_general(env, a, b);
}

/*
 * Integer square roots by halves (Zimmermann, Karatsuba Square Root, INRIA RR-3805, 1999): from the
 * root and remainder of the upper half of a number, one division gives the rest of the root.
 */
static uint32_t root_of_32(uint32_t n, uint32_t *remainder)
{
    uint32_t root = 0, rest = 0;
    for (int i = 0; i < 16; i++) {
        rest = rest << 2 | n >> 30;
        n <<= 2;
        uint32_t trial = root << 2 | 1;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    *remainder = rest;
    return root;
}

/* n >= 2^62; the remainder has 33 bits. */
static uint64_t root_of_64(uint64_t n, uint64_t *remainder)
{
    uint32_t rest;
    uint64_t upper = root_of_32((uint32_t)(n >> 32), &rest);
    uint64_t dividend = (uint64_t)rest << 16 | (n >> 16 & 0xFFFF);
    uint64_t quotient = dividend / (2 * upper), left = dividend % (2 * upper);
    uint64_t root = (upper << 16) + quotient;
    int64_t final = (int64_t)(left << 16 | (n & 0xFFFF)) - (int64_t)(quotient * quotient);
    if (final < 0) {
        final += (int64_t)(2 * root - 1);
        root--;
    }
    *remainder = (uint64_t) final;
    return root;
}

/* n >= 2^126; returns the root, and the remainder of 65 bits. */
uint64_t f80_root128(struct f80_u128 n, struct f80_u128 *remainder)
{
    uint64_t rest, upper = root_of_64(n.high, &rest);
    /* (rest * 2^32 + next 32 bits) / (2 * upper): halve both, as the divisor takes 33 bits. */
    struct f80_u128 dividend = {rest >> 32, rest << 32 | n.low >> 32};
    uint64_t lowest = dividend.low & 1, left;
    dividend = f80_shift_right128(dividend, 1); /* below 2^64: rest <= 2 * upper */
    uint64_t quotient = dividend.low / upper;
    left = dividend.low % upper << 1 | lowest;
    struct f80_u128 root =
        f80_add128((struct f80_u128){upper >> 32, upper << 32}, (struct f80_u128){0, quotient});
    struct f80_u128 final = {left >> 32, left << 32 | (uint32_t)n.low};
    final = f80_sub128(final, f80_multiply64(quotient, quotient));
    if (final.high >> 63 != 0) {
        struct f80_u128 twice = f80_shift_left128(root, 1);
        final = f80_add128(final, f80_sub128(twice, (struct f80_u128){0, 1}));
        root = f80_sub128(root, (struct f80_u128){0, 1});
    }
    *remainder = final;
    return root.low;
}

struct f80 f80_sqrt(struct f80_env *env, struct f80 a)
{
    struct f80 result = a;
    if (f80_settle_nan(env, a, &result))
        return result;
    struct f80_parts x = f80_unpack(a);
    if (x.class == F80_CLASS_ZERO)
        return a;
    if (x.is_negative)
        return f80_invalid(env);
    if (f80_denormal_stops(env, &x) || x.class == F80_CLASS_INFINITY)
        return a;
    /* significand * 2^e with e even, in 126 or 127 bits: its root has 64. */
    int32_t power = x.exponent - F80_BIAS;
    bool is_odd = ((uint32_t)power & 1) != 0;
    struct f80_u128 radicand = f80_shift_right128((struct f80_u128){x.significand, 0}, !is_odd);
    struct f80_u128 rest;
    uint64_t root = f80_root128(radicand, &rest);
    /* Above root + 1/2 when the remainder exceeds the root; a tie cannot be. */
    bool is_half = rest.high != 0 || rest.low > root;
    bool is_sticky = rest.high != 0 || rest.low != 0;
    int32_t exponent = (power - is_odd) / 2 + F80_BIAS;
    return f80_round_pack(env, false, exponent,
                          (struct f80_u128){root, (is_half ? F80_INTEGER_BIT : 0) | is_sticky},
                          env->precision);
}
