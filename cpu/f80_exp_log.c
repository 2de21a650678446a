/*
 * 80-bit extended floating point: F2XM1, FYL2X, FYL2XP1.
 *
 * Specification: Intel SDM vol. 2, the tables of these instructions; vol. 1, 8.3.8-8.3.10
 * (accuracy: 1 ulp).
 *
 * 2^x - 1 = e^(x ln 2) - 1 by its power series after halving the argument until it is below 2^-4,
 * then doubling back with e^2y - 1 = E (2 + E), which loses nothing near zero. Logarithms come
 * from ln m = 2 artanh s, s = (m - 1) / (m + 1), m within sqrt 1/2 and sqrt 2.
 */
#include "cpu/f80_precise.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ln 2 */
static const struct f80_precise LN_2 = {
    {UINT64_C(0xB17217F7D1CF79AB), UINT64_C(0xC9E3B39803F2F6AF)},
    -1, false
};

/* 2 / ln 2 */
static const struct f80_precise TWO_OVER_LN_2 = {
    {UINT64_C(0xB8AA3B295C17F0BB), UINT64_C(0xBE87FED0691D3E89)},
    1, false
};

/* 1/2!, 1/3!, ... 1/18! */
static const struct f80_u128 EXPONENTIAL[] = {
    {UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0x2AAAAAAAAAAAAAAA), UINT64_C(0xAAAAAAAAAAAAAAAB)},
    {UINT64_C(0x0AAAAAAAAAAAAAAA), UINT64_C(0xAAAAAAAAAAAAAAAB)},
    {UINT64_C(0x0222222222222222), UINT64_C(0x2222222222222222)},
    {UINT64_C(0x005B05B05B05B05B), UINT64_C(0x05B05B05B05B05B0)},
    {UINT64_C(0x000D00D00D00D00D), UINT64_C(0x00D00D00D00D00D0)},
    {UINT64_C(0x0001A01A01A01A01), UINT64_C(0xA01A01A01A01A01A)},
    {UINT64_C(0x00002E3BC74AAD8E), UINT64_C(0x671F5583911CA003)},
    {UINT64_C(0x0000049F93EDDE27), UINT64_C(0xD71CBBC05B4FA99A)},
    {UINT64_C(0x0000006B99159FD5), UINT64_C(0x138E3F9D1F92E0DF)},
    {UINT64_C(0x00000008F76C77FC), UINT64_C(0x6C4BDAA26D4C3D68)},
    {UINT64_C(0x00000000B092309D), UINT64_C(0x43684BE51C198E92)},
    {UINT64_C(0x000000000C9CBA54), UINT64_C(0x603E4E905D6F8A2F)},
    {UINT64_C(0x0000000000D73F9F), UINT64_C(0x399DC0F88EC32B58)},
    {UINT64_C(0x00000000000D73F9), UINT64_C(0xF399DC0F88EC32B6)},
    {UINT64_C(0x000000000000CA96), UINT64_C(0x3B81856A53593029)},
    {UINT64_C(0x0000000000000B41), UINT64_C(0x3C31DCBECBBDD802)},
};

/* 1/3, 1/5, ... 1/49 */
static const struct f80_u128 ARTANH[] = {
    {UINT64_C(0x5555555555555555), UINT64_C(0x5555555555555555)},
    {UINT64_C(0x3333333333333333), UINT64_C(0x3333333333333333)},
    {UINT64_C(0x2492492492492492), UINT64_C(0x4924924924924925)},
    {UINT64_C(0x1C71C71C71C71C71), UINT64_C(0xC71C71C71C71C71C)},
    {UINT64_C(0x1745D1745D1745D1), UINT64_C(0x745D1745D1745D17)},
    {UINT64_C(0x13B13B13B13B13B1), UINT64_C(0x3B13B13B13B13B14)},
    {UINT64_C(0x1111111111111111), UINT64_C(0x1111111111111111)},
    {UINT64_C(0x0F0F0F0F0F0F0F0F), UINT64_C(0x0F0F0F0F0F0F0F0F)},
    {UINT64_C(0x0D79435E50D79435), UINT64_C(0xE50D79435E50D794)},
    {UINT64_C(0x0C30C30C30C30C30), UINT64_C(0xC30C30C30C30C30C)},
    {UINT64_C(0x0B21642C8590B216), UINT64_C(0x42C8590B21642C86)},
    {UINT64_C(0x0A3D70A3D70A3D70), UINT64_C(0xA3D70A3D70A3D70A)},
    {UINT64_C(0x097B425ED097B425), UINT64_C(0xED097B425ED097B4)},
    {UINT64_C(0x08D3DCB08D3DCB08), UINT64_C(0xD3DCB08D3DCB08D4)},
    {UINT64_C(0x0842108421084210), UINT64_C(0x8421084210842108)},
    {UINT64_C(0x07C1F07C1F07C1F0), UINT64_C(0x7C1F07C1F07C1F08)},
    {UINT64_C(0x0750750750750750), UINT64_C(0x7507507507507507)},
    {UINT64_C(0x06EB3E45306EB3E4), UINT64_C(0x5306EB3E45306EB4)},
    {UINT64_C(0x0690690690690690), UINT64_C(0x6906906906906907)},
    {UINT64_C(0x063E7063E7063E70), UINT64_C(0x63E7063E7063E706)},
    {UINT64_C(0x05F417D05F417D05), UINT64_C(0xF417D05F417D05F4)},
    {UINT64_C(0x05B05B05B05B05B0), UINT64_C(0x5B05B05B05B05B06)},
    {UINT64_C(0x0572620AE4C415C9), UINT64_C(0x882B9310572620AE)},
    {UINT64_C(0x05397829CBC14E5E), UINT64_C(0x0A72F05397829CBC)},
};

/* Settles the operands of F2XM1 that need no series. */
static bool settle_2xm1(struct f80_env *env, struct f80 x, const struct f80_parts *parts,
                        struct f80 *result)
{
    *result = x;
    if (f80_settle_nan(env, x, result) || f80_denormal_stops(env, parts))
        return true;
    if (parts->class == F80_CLASS_INFINITY && parts->is_negative)
        *result = f80_make(0xBFFF, F80_INTEGER_BIT);
    if (!f80_is_finite_nonzero(parts))
        return true;
    if (parts->exponent == F80_BIAS && parts->significand == F80_INTEGER_BIT) {
        *result = parts->is_negative ? f80_make(0xBFFE, F80_INTEGER_BIT) : x; /* -1/2 or 1 */
        return true;
    }
    if (parts->exponent < F80_BIAS)
        return false;
    env->raised |= F80_PE; /* undefined outside -1 to 1; the silicon leaves x */
    return true;
}

struct f80 f80_2xm1(struct f80_env *env, struct f80 x)
{
    struct f80_parts parts = f80_unpack(x);
    struct f80 result;
    if (settle_2xm1(env, x, &parts, &result))
        return result;
    struct f80_precise y = f80_precise_mul(f80_precise_from_parts(&parts), LN_2);
    int doublings = y.exponent > -5 ? y.exponent + 5 : 0;
    y.exponent -= doublings;
    struct f80_u128 z = f80_precise_fraction(&y);
    struct f80_u128 sum = f80_series(EXPONENTIAL, COUNT(EXPONENTIAL), z, y.is_negative);
    sum = f80_multiply_fractions(sum, z);
    struct f80_precise value =
        y.is_negative ? f80_precise_scale_down(y, sum) : f80_precise_scale_up(y, sum);
    const struct f80_precise two = f80_precise_from_int(2);
    for (; doublings > 0; doublings--)
        value = f80_precise_mul(value, f80_precise_add(two, value));
    return f80_precise_round(env, value, false);
}

/* log2 of (1 + offset), given both numerator and denominator of s = offset / (2 + offset). */
static struct f80_precise log2_ratio(struct f80_precise offset, struct f80_precise denominator)
{
    if (f80_precise_is_zero(&offset))
        return offset;
    struct f80_precise s = f80_precise_div(offset, denominator);
    struct f80_precise square = f80_precise_mul(s, s);
    struct f80_u128 z = f80_precise_fraction(&square);
    struct f80_u128 sum = f80_series(ARTANH, COUNT(ARTANH), z, false);
    s = f80_precise_scale_up(s, f80_multiply_fractions(sum, z));
    return f80_precise_mul(s, TWO_OVER_LN_2);
}

/* log2 of a positive number. */
static struct f80_precise log2_of(struct f80_precise x)
{
    const uint64_t sqrt_2 = UINT64_C(0xB504F333F9DE6484);
    int32_t power = x.exponent;
    x.exponent = 0;
    if (x.significand.high > sqrt_2) {
        x.exponent = -1;
        power++;
    }
    const struct f80_precise one = f80_precise_from_int(1);
    struct f80_precise log2 = log2_ratio(f80_precise_sub(x, one), f80_precise_add(x, one));
    return f80_precise_add(f80_precise_from_int(power), log2);
}

/*
 * y times a logarithm that is zero or infinite, or y being so. sign: of the logarithm, which is
 * infinite when is_pole. The caller has handled NaNs and negative arguments.
 */
static struct f80 scale_special(struct f80_env *env, const struct f80_parts *y, bool is_pole,
                                bool is_zero, bool is_negative)
{
    bool sign = y->is_negative != is_negative;
    if ((is_pole && y->class == F80_CLASS_ZERO) || (is_zero && y->class == F80_CLASS_INFINITY))
        return f80_invalid(env);
    if (is_pole || y->class == F80_CLASS_INFINITY)
        return f80_infinity(sign);
    return f80_zero(sign);
}

struct f80 f80_yl2x(struct f80_env *env, struct f80 x, struct f80 y)
{
    struct f80 result = y;
    if (f80_settle_nans(env, x, y, &result))
        return result;
    struct f80_parts px = f80_unpack(x), py = f80_unpack(y);
    if (px.is_negative && px.class != F80_CLASS_ZERO)
        return f80_invalid(env);
    bool is_one = px.exponent == F80_BIAS && px.significand == F80_INTEGER_BIT;
    if (px.class == F80_CLASS_ZERO && f80_is_finite_nonzero(&py)) {
        env->raised |= F80_ZE;
        return f80_infinity(!py.is_negative);
    }
    bool is_pole = px.class == F80_CLASS_ZERO || px.class == F80_CLASS_INFINITY;
    bool is_invalid =
        (is_pole && py.class == F80_CLASS_ZERO) || (is_one && py.class == F80_CLASS_INFINITY);
    if (!is_invalid && f80_denormals_stop(env, &px, &py))
        return y;
    if (is_pole || is_one || !f80_is_finite_nonzero(&py))
        return scale_special(env, &py, is_pole, is_one,
                             px.class == F80_CLASS_ZERO || px.exponent < F80_BIAS);
    struct f80_precise log2 = log2_of(f80_precise_from_parts(&px));
    return f80_precise_round(env, f80_precise_mul(log2, f80_precise_from_parts(&py)),
                             px.significand == F80_INTEGER_BIT);
}

/* log2(1 + x), for x > -1. *is_exact: 1 + x is a power of two. */
static struct f80_precise log2_of_one_plus(struct f80_precise x, bool *is_exact)
{
    const uint64_t sqrt_2 = UINT64_C(0xB504F333F9DE6484);
    const struct f80_precise one = f80_precise_from_int(1), two = f80_precise_from_int(2);
    struct f80_precise sum = f80_precise_add(one, x);
    bool is_near_one = (sum.exponent == 0 && sum.significand.high <= sqrt_2) ||
                       (sum.exponent == -1 && sum.significand.high > sqrt_2);
    *is_exact = !is_near_one && sum.significand.high == F80_INTEGER_BIT && sum.significand.low == 0;
    return is_near_one ? log2_ratio(x, f80_precise_add(two, x)) : log2_of(sum);
}

struct f80 f80_yl2xp1(struct f80_env *env, struct f80 x, struct f80 y)
{
    struct f80 result = y;
    if (f80_settle_nans(env, x, y, &result))
        return result;
    struct f80_parts px = f80_unpack(x), py = f80_unpack(y);
    bool is_pole = px.class == F80_CLASS_INFINITY, is_zero = px.class == F80_CLASS_ZERO;
    if ((is_pole && px.is_negative) || (is_pole && py.class == F80_CLASS_ZERO) ||
        (is_zero && py.class == F80_CLASS_INFINITY))
        return f80_invalid(env);
    if (f80_denormals_stop(env, &px, &py))
        return y;
    if (is_pole || is_zero || !f80_is_finite_nonzero(&py))
        return scale_special(env, &py, is_pole, is_zero, px.is_negative);
    if (px.is_negative && px.exponent >= F80_BIAS) {
        env->raised |= F80_PE; /* undefined below -0.29; the silicon leaves x */
        return x;
    }
    bool is_exact;
    struct f80_precise log2 = log2_of_one_plus(f80_precise_from_parts(&px), &is_exact);
    return f80_precise_round(env, f80_precise_mul(log2, f80_precise_from_parts(&py)), is_exact);
}
