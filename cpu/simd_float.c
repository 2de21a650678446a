/*
 * binary32 and binary64 arithmetic for SSE in integer code: unpacking, NaN rules, rounding, the
 * operations. Conversions: simd_convert.c.
 *
 * Specification: Intel SDM vol. 1, 4.8 (formats, rounding), table 4-7 (NaNs), 11.5 (exceptions).
 *
 * A number is taken apart into a significand with bit 63 set and a biased exponent that may be zero
 * or negative: value = significand * 2^(exponent - bias - 63).
 */
#include "cpu/simd_fast.h"

const struct simd_format SIMD_BINARY32 = {23, 127, 255};
const struct simd_format SIMD_BINARY64 = {52, 1023, 2047};

struct simd_number simd_unpack(const struct simd_env *env, unsigned bytes, uint64_t bits)
{
    const struct simd_format *f = simd_format_of(bytes);
    uint64_t fraction = bits & ((UINT64_C(1) << f->fraction) - 1);
    struct simd_number n = {.bits = bits,
                            .is_negative = (bits >> (8 * bytes - 1) & 1) != 0,
                            .exponent = (int32_t)(bits >> f->fraction) & f->top};
    if (n.exponent == f->top) {
        bool is_quiet = (fraction >> (f->fraction - 1)) != 0;
        n.class = fraction == 0 ? SIMD_INFINITY : is_quiet ? SIMD_QNAN : SIMD_SNAN;
    } else if (n.exponent != 0) {
        n.class = SIMD_NORMAL;
        n.significand = (fraction | UINT64_C(1) << f->fraction) << (63 - f->fraction);
    } else if (fraction == 0 || env->mxcsr & SIMD_DAZ) {
        n.class = SIMD_ZERO;
        n.bits ^= fraction;
    } else {
        int shift = f80_leading_zeros(fraction);
        n.class = SIMD_DENORMAL;
        n.significand = fraction << shift;
        n.exponent = 64 - (int)f->fraction - shift;
    }
    return n;
}

uint64_t simd_quieted(unsigned bytes, uint64_t bits)
{
    return bits | UINT64_C(1) << (simd_format_of(bytes)->fraction - 1);
}

uint64_t simd_infinity(unsigned bytes, bool is_negative)
{
    const struct simd_format *f = simd_format_of(bytes);
    return simd_sign(bytes, is_negative) | (uint64_t)f->top << f->fraction;
}

/* QNaN floating-point indefinite: negative, SDM vol. 1, 4.8.3.7. */
uint64_t simd_invalid(struct simd_env *env, unsigned bytes)
{
    env->raised |= SIMD_IE;
    return simd_quieted(bytes, simd_infinity(bytes, true));
}

/* Table 4-7: the first operand where it is a NaN, else the second; made quiet. */
static bool settle_nans(struct simd_env *env, unsigned bytes, const struct simd_number *a,
                        const struct simd_number *b, uint64_t *result)
{
    if (!simd_is_nan(a) && !simd_is_nan(b))
        return false;
    if (a->class == SIMD_SNAN || b->class == SIMD_SNAN)
        env->raised |= SIMD_IE;
    *result = simd_quieted(bytes, simd_is_nan(a) ? a->bits : b->bits);
    return true;
}

static void note_denormals(struct simd_env *env, const struct simd_number *a,
                           const struct simd_number *b)
{
    if (a->class == SIMD_DENORMAL || b->class == SIMD_DENORMAL)
        env->raised |= SIMD_DE;
}

/* --- rounding --------------------------------------------------------------------------------- */

static bool is_masked(const struct simd_env *env, unsigned exception)
{
    return (env->mxcsr >> SIMD_MASK_SHIFT & exception) != 0;
}

/* SDM vol. 1, table 4-10: the masked response. */
static uint64_t overflow(struct simd_env *env, unsigned bytes, bool is_negative, bool is_inexact)
{
    uint64_t infinity = simd_infinity(bytes, is_negative);
    unsigned rounding = simd_rounding(env);
    env->raised |= SIMD_OE | (is_inexact || is_masked(env, SIMD_OE) ? SIMD_PE : 0u);
    if (rounding == F80_NEAREST || rounding == (is_negative ? F80_DOWN : F80_UP))
        return infinity;
    return infinity - 1; /* the largest finite number */
}

/* is_inexact: with the exponent's range unbounded. */
static uint64_t underflow(struct simd_env *env, unsigned bytes, bool is_negative, int32_t exponent,
                          uint64_t significand, bool is_inexact)
{
    const struct simd_format *f = simd_format_of(bytes);
    struct f80_u128 shifted = f80_shift_right_sticky((struct f80_u128){0, significand},
                                                     (unsigned)(1 - exponent));
    uint64_t kept = shifted.low >> (63 - f->fraction), tail = shifted.low << (f->fraction + 1);
    if (!is_masked(env, SIMD_UE)) {
        env->raised |= SIMD_UE | (is_inexact ? SIMD_PE : 0u);
        return 0; /* the instruction stops */
    }
    if (env->mxcsr & SIMD_FTZ) {
        env->raised |= SIMD_UE | SIMD_PE;
        return simd_sign(bytes, is_negative);
    }
    if (tail != 0)
        env->raised |= SIMD_UE | SIMD_PE;
    kept += f80_rounds_away((uint8_t)simd_rounding(env), is_negative, kept & 1, tail);
    return simd_sign(bytes, is_negative) | kept;
}

uint64_t simd_round_pack(struct simd_env *env, unsigned bytes, bool is_negative, int32_t exponent,
                         uint64_t significand)
{
    const struct simd_format *f = simd_format_of(bytes);
    uint64_t kept = significand >> (63 - f->fraction), tail = significand << (f->fraction + 1);
    kept += f80_rounds_away((uint8_t)simd_rounding(env), is_negative, kept & 1, tail);
    int32_t carried = (int32_t)(kept >> (f->fraction + 1));
    if (exponent + carried <= 0) /* tininess is detected after rounding, SDM vol. 1, 4.9.1.5 */
        return underflow(env, bytes, is_negative, exponent, significand, tail != 0);
    if (exponent + carried >= f->top)
        return overflow(env, bytes, is_negative, tail != 0);
    if (tail != 0)
        env->raised |= SIMD_PE;
    return simd_sign(bytes, is_negative) | (((uint64_t)(exponent - 1) << f->fraction) + kept);
}

/* --- sum -------------------------------------------------------------------------------------- */

static uint64_t zero_of_difference(const struct simd_env *env, unsigned bytes)
{
    return simd_sign(bytes, simd_rounding(env) == F80_DOWN);
}

/* Both are finite and not zero. The significands have at least eleven zero bits at the end, of which
 * one goes for the carry; the rest makes rounding right. */
static uint64_t add_finite(struct simd_env *env, unsigned bytes, struct simd_number a,
                           struct simd_number b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && a.significand < b.significand)) {
        struct simd_number swapped = a;
        a = b;
        b = swapped;
    }
    struct f80_u128 small = {0, b.significand >> 1};
    uint64_t large = a.significand >> 1, sum;
    small = f80_shift_right_sticky(small, (unsigned)(a.exponent - b.exponent));
    sum = a.is_negative == b.is_negative ? large + small.low : large - small.low;
    if (sum == 0)
        return zero_of_difference(env, bytes);
    int shift = f80_leading_zeros(sum);
    return simd_round_pack(env, bytes, a.is_negative, a.exponent + 1 - shift, sum << shift);
}

static uint64_t add_numbers(struct simd_env *env, unsigned bytes, struct simd_number a,
                            struct simd_number b)
{
    if (a.class == SIMD_INFINITY && b.class == SIMD_INFINITY && a.is_negative != b.is_negative)
        return simd_invalid(env, bytes);
    note_denormals(env, &a, &b);
    if (a.class == SIMD_INFINITY || b.class == SIMD_INFINITY)
        return simd_infinity(bytes, a.class == SIMD_INFINITY ? a.is_negative : b.is_negative);
    if (a.class == SIMD_ZERO && b.class == SIMD_ZERO)
        return a.is_negative == b.is_negative ? simd_sign(bytes, a.is_negative)
                                              : zero_of_difference(env, bytes);
    if (a.class == SIMD_ZERO) /* packed again, for a denormal may be flushed */
        return simd_round_pack(env, bytes, b.is_negative, b.exponent, b.significand);
    if (b.class == SIMD_ZERO)
        return simd_round_pack(env, bytes, a.is_negative, a.exponent, a.significand);
    return add_finite(env, bytes, a, b);
}

static uint64_t any_add(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    uint64_t result;
    return settle_nans(env, bytes, &x, &y, &result) ? result : add_numbers(env, bytes, x, y);
}

static uint64_t any_sub(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    uint64_t result;
    if (settle_nans(env, bytes, &x, &y, &result))
        return result;
    y.is_negative = !y.is_negative;
    return add_numbers(env, bytes, x, y);
}

/* --- product, quotient, root ------------------------------------------------------------------ */

static uint64_t any_mul(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    bool is_negative = x.is_negative != y.is_negative;
    uint64_t result;
    if (settle_nans(env, bytes, &x, &y, &result))
        return result;
    if ((x.class == SIMD_INFINITY && y.class == SIMD_ZERO) ||
        (x.class == SIMD_ZERO && y.class == SIMD_INFINITY))
        return simd_invalid(env, bytes);
    note_denormals(env, &x, &y);
    if (x.class == SIMD_INFINITY || y.class == SIMD_INFINITY)
        return simd_infinity(bytes, is_negative);
    if (x.class == SIMD_ZERO || y.class == SIMD_ZERO)
        return simd_sign(bytes, is_negative);
    struct f80_u128 product = f80_multiply64(x.significand, y.significand);
    int32_t exponent = x.exponent + y.exponent - simd_format_of(bytes)->bias + 1;
    if (product.high >> 63 == 0) {
        product = f80_shift_left128(product, 1);
        exponent--;
    }
    return simd_round_pack(env, bytes, is_negative, exponent, product.high | (product.low != 0));
}

static uint64_t divide_finite(struct simd_env *env, unsigned bytes, bool is_negative,
                              const struct simd_number *x, const struct simd_number *y)
{
    struct f80_u128 dividend = {x->significand >> 1, x->significand << 63};
    uint64_t rest, quotient = f80_divide128(dividend, y->significand, &rest);
    int32_t exponent = x->exponent - y->exponent + simd_format_of(bytes)->bias;
    if (quotient >> 63 == 0) { /* 63 bits are plenty for 53 */
        quotient <<= 1;
        exponent--;
    }
    return simd_round_pack(env, bytes, is_negative, exponent, quotient | (rest != 0));
}

static uint64_t any_div(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    bool is_negative = x.is_negative != y.is_negative;
    uint64_t result;
    if (settle_nans(env, bytes, &x, &y, &result))
        return result;
    if (x.class == y.class && (x.class == SIMD_INFINITY || x.class == SIMD_ZERO))
        return simd_invalid(env, bytes);
    if (y.class == SIMD_ZERO && x.class != SIMD_INFINITY) {
        env->raised |= SIMD_ZE; /* DE does not come with it */
        return simd_infinity(bytes, is_negative);
    }
    note_denormals(env, &x, &y);
    if (x.class == SIMD_INFINITY || y.class == SIMD_ZERO)
        return simd_infinity(bytes, is_negative);
    if (x.class == SIMD_ZERO || y.class == SIMD_INFINITY)
        return simd_sign(bytes, is_negative);
    return divide_finite(env, bytes, is_negative, &x, &y);
}

/* Ordinary numbers first. */
#define EITHER_WAY(name)                                                                           \
    uint64_t simd_float_##name(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)       \
    {                                                                                              \
        uint64_t result;                                                                           \
        return SIMD_FAST(name, env, bytes, a, b, &result) ? result : any_##name(env, bytes, a, b); \
    }
EITHER_WAY(add)
EITHER_WAY(sub)
EITHER_WAY(mul)
EITHER_WAY(div)

uint64_t simd_float_sqrt(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    struct simd_number x = simd_unpack(env, bytes, b);
    int32_t bias = simd_format_of(bytes)->bias;
    uint64_t result;
    (void)a;
    if (settle_nans(env, bytes, &x, &x, &result))
        return result;
    if (x.class == SIMD_ZERO)
        return x.bits;
    if (x.is_negative)
        return simd_invalid(env, bytes);
    note_denormals(env, &x, &x);
    if (x.class == SIMD_INFINITY)
        return x.bits;
    /* significand * 2^power with power even, in 127 or 128 bits: its root has 64. */
    int32_t power = x.exponent - bias;
    bool is_odd = ((uint32_t)power & 1) != 0;
    struct f80_u128 radicand = f80_shift_right128((struct f80_u128){x.significand, 0}, !is_odd);
    struct f80_u128 rest;
    uint64_t root = f80_root128(radicand, &rest);
    return simd_round_pack(env, bytes, false, (power - is_odd) / 2 + bias,
                           root | (rest.high != 0 || rest.low != 0));
}

/* --- comparisons ------------------------------------------------------------------------------ */

static enum simd_relation relation_of(const struct simd_number *a, const struct simd_number *b,
                                      unsigned bytes)
{
    uint64_t sign = simd_sign(bytes, true), x = a->bits & ~sign, y = b->bits & ~sign;
    if ((x == 0 && y == 0) || a->bits == b->bits)
        return SIMD_EQUAL;
    if (a->is_negative != b->is_negative)
        return a->is_negative ? SIMD_LESS : SIMD_GREATER;
    return (x < y) != a->is_negative ? SIMD_LESS : SIMD_GREATER;
}

static enum simd_relation compare_any(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b,
                                      bool is_quiet)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    if (simd_is_nan(&x) || simd_is_nan(&y)) {
        if (!is_quiet || x.class == SIMD_SNAN || y.class == SIMD_SNAN)
            env->raised |= SIMD_IE;
        return SIMD_UNORDERED;
    }
    note_denormals(env, &x, &y);
    return relation_of(&x, &y, bytes);
}

enum simd_relation simd_float_compare(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b,
                                      bool is_quiet)
{
    enum simd_relation relation;
    if (bytes == 8 ? simd_fast_compare(8, a, b, &relation) : simd_fast_compare(4, a, b, &relation))
        return relation;
    return compare_any(env, bytes, a, b, is_quiet);
}

/* MIN and MAX are "a < b ? a : b" and "a > b ? a : b": of NaNs and zeros the second comes out, as
 * it is (SDM vol. 2, MINPS). */
static uint64_t choose(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b,
                       enum simd_relation wanted)
{
    struct simd_number x = simd_unpack(env, bytes, a), y = simd_unpack(env, bytes, b);
    if (simd_float_compare(env, bytes, a, b, false) == wanted)
        return x.bits;
    return y.bits;
}

uint64_t simd_float_min(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    return choose(env, bytes, a, b, SIMD_LESS);
}

uint64_t simd_float_max(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    return choose(env, bytes, a, b, SIMD_GREATER);
}
