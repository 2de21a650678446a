/*
 * 80-bit extended floating point: FPATAN, FSIN, FCOS, FSINCOS, FPTAN.
 *
 * Specification: Intel SDM vol. 2, the tables of these instructions; vol. 1, 8.3.8: "Approximation
 * of pi".
 *
 * Like the silicon, arguments are reduced by a pi of 66 bits, 4 * 0.C90FDAA22168C234C, and exactly
 * so: near multiples of the true pi the result is not the sine of the operand but the one programs
 * were written against. QUIRK: the manual once promised 1 ulp here and no longer does.
 */
#include "cpu/f80_precise.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* pi */
static const struct f80_precise PI = {
    {UINT64_C(0xC90FDAA22168C234), UINT64_C(0xC4C6628B80DC1CD1)},
    1, false
};

/* pi / 2 */
static const struct f80_precise HALF_PI = {
    {UINT64_C(0xC90FDAA22168C234), UINT64_C(0xC4C6628B80DC1CD1)},
    0, false
};

/* pi / 4 */
static const struct f80_precise QUARTER_PI = {
    {UINT64_C(0xC90FDAA22168C234), UINT64_C(0xC4C6628B80DC1CD1)},
    -1, false
};

/* 3 pi / 4 */
static const struct f80_precise THREE_QUARTER_PI = {
    {UINT64_C(0x96CBE3F9990E91A7), UINT64_C(0x9394C9E8A0A5159D)},
    1, false
};

/* 1/3!, 1/5!, ... 1/35! */
static const struct f80_u128 SINE[] = {
    {UINT64_C(0x2AAAAAAAAAAAAAAA), UINT64_C(0xAAAAAAAAAAAAAAAB)},
    {UINT64_C(0x0222222222222222), UINT64_C(0x2222222222222222)},
    {UINT64_C(0x000D00D00D00D00D), UINT64_C(0x00D00D00D00D00D0)},
    {UINT64_C(0x00002E3BC74AAD8E), UINT64_C(0x671F5583911CA003)},
    {UINT64_C(0x0000006B99159FD5), UINT64_C(0x138E3F9D1F92E0DF)},
    {UINT64_C(0x00000000B092309D), UINT64_C(0x43684BE51C198E92)},
    {UINT64_C(0x0000000000D73F9F), UINT64_C(0x399DC0F88EC32B58)},
    {UINT64_C(0x000000000000CA96), UINT64_C(0x3B81856A53593029)},
    {UINT64_C(0x0000000000000097), UINT64_C(0xA4DA340A0AB92651)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x5C6E3BDB73D5C630)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x002EC368262C7034)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x000013F3CCDD1660)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0000000746AC70B7)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x00000000024B3F31)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x000000000000A1A7)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000027)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
};

/* 1/2!, 1/4!, ... 1/34! */
static const struct f80_u128 COSINE[] = {
    {UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0x0AAAAAAAAAAAAAAA), UINT64_C(0xAAAAAAAAAAAAAAAB)},
    {UINT64_C(0x005B05B05B05B05B), UINT64_C(0x05B05B05B05B05B0)},
    {UINT64_C(0x0001A01A01A01A01), UINT64_C(0xA01A01A01A01A01A)},
    {UINT64_C(0x0000049F93EDDE27), UINT64_C(0xD71CBBC05B4FA99A)},
    {UINT64_C(0x00000008F76C77FC), UINT64_C(0x6C4BDAA26D4C3D68)},
    {UINT64_C(0x000000000C9CBA54), UINT64_C(0x603E4E905D6F8A2F)},
    {UINT64_C(0x00000000000D73F9), UINT64_C(0xF399DC0F88EC32B6)},
    {UINT64_C(0x0000000000000B41), UINT64_C(0x3C31DCBECBBDD802)},
    {UINT64_C(0x0000000000000007), UINT64_C(0x950AE900808941EA)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x04338E5B6DFE14A5)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0001F2CF01972F57)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x000000C4742FE352)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0000000042862899)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x000000000013932C)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x000000000000050D)},
    {UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000001)},
};

/* 1/3, 1/5, ... 1/27 */
static const struct f80_u128 ARCTANGENT[] = {
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
};

/* arctan (i / 16) */
static const struct f80_precise ARCTANGENT_OF[] = {
    {{0, 0},                                                       0,  false},
    {{UINT64_C(0xFFAADDB967EF4E36), UINT64_C(0xCB2792DC0E2E0D51)}, -5, false},
    {{UINT64_C(0xFEADD4D5617B6E32), UINT64_C(0xC897989F3E888EF8)}, -4, false},
    {{UINT64_C(0xBDCBDA5E72D81134), UINT64_C(0x7B0B4F881C9C7488)}, -3, false},
    {{UINT64_C(0xFADBAFC96406EB15), UINT64_C(0x6DC79EF5F7A217E6)}, -3, false},
    {{UINT64_C(0x9B13B9B83F5E5E69), UINT64_C(0xC5ABB498D27AF328)}, -2, false},
    {{UINT64_C(0xB7B0CA0F26F78473), UINT64_C(0x8AA32122DCFE4483)}, -2, false},
    {{UINT64_C(0xD327761E611FE5B6), UINT64_C(0x427C95E9001E7136)}, -2, false},
    {{UINT64_C(0xED63382B0DDA7B45), UINT64_C(0x6FE445ECBC3A8D03)}, -2, false},
    {{UINT64_C(0x832BF4A6D9867E2A), UINT64_C(0x4B6A09CB61A515C1)}, -1, false},
    {{UINT64_C(0x8F005D5EF7F59F9B), UINT64_C(0x5C835E1665C43748)}, -1, false},
    {{UINT64_C(0x9A2F80E671BDDA20), UINT64_C(0x4226F8E2204FF3BD)}, -1, false},
    {{UINT64_C(0xA4BC7D1934F70924), UINT64_C(0x19A87F2A457DAC9F)}, -1, false},
    {{UINT64_C(0xAEAC4C38B4D8C080), UINT64_C(0x14725E2F3E52070A)}, -1, false},
    {{UINT64_C(0xB8053E2BC2319E73), UINT64_C(0xCB2DA55210A4443D)}, -1, false},
    {{UINT64_C(0xC0CE85B8AC526640), UINT64_C(0x89DD62C46E92FA25)}, -1, false},
    {{UINT64_C(0xC90FDAA22168C234), UINT64_C(0xC4C6628B80DC1CD1)}, -1, false},
};

/* pi / 2 as the x87 knows it, in units of 2^-65. */
static const struct f80_u128 HALF_PI_66 = {UINT64_C(0x3), UINT64_C(0x243F6A8885A308D3)};
/* 2^193 divided by it. */
static const struct f80_u128 INVERSE_HALF_PI_66 = {UINT64_C(0xA2F9836E4E44152A),
                                                   UINT64_C(0x00062BC40DA276BE)};

/* An angle as quadrant * pi/2 + rest, |rest| <= pi/4. */
struct angle {
    unsigned quadrant; /* 0-3 */
    struct f80_precise rest;
};

/* |x| reduced; the sign is the caller's. x < 2^63. */
static struct angle reduce(const struct f80_parts *x)
{
    struct angle angle = {.quadrant = 0, .rest = f80_precise_from_parts(x)};
    angle.rest.is_negative = false;
    int32_t power = x->exponent - F80_BIAS;
    if (power < -1)
        return angle;
    /* |x| and its quotient in units of 2^-65; the quotient is below 2^63, at most one too small. */
    struct f80_u128 units =
        f80_shift_left128((struct f80_u128){0, x->significand}, (unsigned)(power + 2));
    struct f80_u128 quotient = f80_multiply_fractions(units, INVERSE_HALF_PI_66);
    quotient = f80_shift_right128(quotient, 65);
    struct f80_u128 product = f80_multiply64(quotient.low, HALF_PI_66.low);
    product.high += quotient.low * HALF_PI_66.high;
    units = f80_sub128(units, product);
    while (!f80_less128(units, HALF_PI_66)) {
        units = f80_sub128(units, HALF_PI_66);
        quotient.low++;
    }
    struct f80_u128 other = f80_sub128(HALF_PI_66, units);
    if (f80_less128(other, units)) {
        units = other;
        quotient.low++;
        angle.rest.is_negative = true;
    }
    angle.quadrant = quotient.low & 3;
    angle.rest.significand = units;
    angle.rest.exponent = 127 - 65;
    angle.rest = f80_precise_normalise(angle.rest);
    return angle;
}

static struct f80_precise sine_series(struct f80_precise r)
{
    struct f80_precise square = f80_precise_mul(r, r);
    struct f80_u128 z = f80_precise_fraction(&square);
    struct f80_u128 sum = f80_series(SINE, COUNT(SINE), z, true);
    return f80_precise_scale_down(r, f80_multiply_fractions(sum, z));
}

static struct f80_precise cosine_series(struct f80_precise r)
{
    struct f80_precise square = f80_precise_mul(r, r);
    struct f80_u128 z = f80_precise_fraction(&square);
    struct f80_u128 sum = f80_series(COSINE, COUNT(COSINE), z, true);
    return f80_precise_scale_down(f80_precise_from_int(1), f80_multiply_fractions(sum, z));
}

static struct f80_precise sine_of(const struct angle *angle, bool is_negative)
{
    struct f80_precise value =
        angle->quadrant & 1 ? cosine_series(angle->rest) : sine_series(angle->rest);
    value.is_negative ^= is_negative ^ (angle->quadrant >> 1 != 0);
    return value;
}

static struct f80_precise cosine_of(const struct angle *angle)
{
    struct f80_precise value =
        angle->quadrant & 1 ? sine_series(angle->rest) : cosine_series(angle->rest);
    value.is_negative ^= angle->quadrant == 1 || angle->quadrant == 2;
    return value;
}

/*
 * Operands that need no series. SETTLED: *value answers for sine and tangent (the cosine of a zero
 * is one); OUT_OF_RANGE: C2.
 */
enum settlement { SERIES, SETTLED, OUT_OF_RANGE };

static enum settlement settle_angle(struct f80_env *env, struct f80 x,
                                    const struct f80_parts *parts, struct f80 *value)
{
    *value = x;
    if (f80_settle_nan(env, x, value))
        return SETTLED;
    if (parts->class == F80_CLASS_INFINITY) {
        *value = f80_invalid(env);
        return SETTLED;
    }
    if (parts->class == F80_CLASS_ZERO || f80_denormal_stops(env, parts))
        return SETTLED;
    return parts->exponent >= F80_BIAS + 63 ? OUT_OF_RANGE : SERIES;
}

/* What the cosine of a settled operand is. */
static struct f80 settled_cosine(const struct f80_parts *parts, struct f80 value)
{
    return parts->class == F80_CLASS_ZERO ? f80_make(F80_BIAS, F80_INTEGER_BIT) : value;
}

bool f80_sin(struct f80_env *env, struct f80 x, struct f80 *sine)
{
    struct f80_parts parts = f80_unpack(x);
    enum settlement settlement = settle_angle(env, x, &parts, sine);
    if (settlement != SERIES)
        return settlement == OUT_OF_RANGE;
    struct angle angle = reduce(&parts);
    *sine = f80_precise_round(env, sine_of(&angle, parts.is_negative), false);
    return false;
}

bool f80_cos(struct f80_env *env, struct f80 x, struct f80 *cosine)
{
    struct f80_parts parts = f80_unpack(x);
    enum settlement settlement = settle_angle(env, x, &parts, cosine);
    if (settlement != SERIES) {
        *cosine = settled_cosine(&parts, *cosine);
        return settlement == OUT_OF_RANGE;
    }
    struct angle angle = reduce(&parts);
    *cosine = f80_precise_round(env, cosine_of(&angle), false);
    return false;
}

bool f80_sincos(struct f80_env *env, struct f80 x, struct f80 *sine, struct f80 *cosine)
{
    struct f80_parts parts = f80_unpack(x);
    enum settlement settlement = settle_angle(env, x, &parts, sine);
    if (settlement != SERIES) {
        *cosine = settled_cosine(&parts, *sine);
        return settlement == OUT_OF_RANGE;
    }
    struct angle angle = reduce(&parts);
    *sine = f80_precise_round(env, sine_of(&angle, parts.is_negative), false);
    *cosine = f80_precise_round(env, cosine_of(&angle), false);
    return false;
}

bool f80_tan(struct f80_env *env, struct f80 x, struct f80 *tangent)
{
    struct f80_parts parts = f80_unpack(x);
    enum settlement settlement = settle_angle(env, x, &parts, tangent);
    if (settlement != SERIES)
        return settlement == OUT_OF_RANGE;
    struct angle angle = reduce(&parts);
    struct f80_precise cosine = cosine_of(&angle);
    struct f80_precise quotient = f80_precise_div(sine_of(&angle, parts.is_negative), cosine);
    *tangent = f80_precise_round(env, quotient, false);
    return false;
}

/* arctan (y / x) for finite positive operands, y <= x. */
static struct f80_precise arctangent(struct f80_precise y, struct f80_precise x)
{
    /* The nearest sixteenth i/16 of the ratio, from its leading bits. */
    uint64_t index = 0;
    int32_t distance = x.exponent - y.exponent;
    if (distance < 6) {
        uint64_t scaled = y.significand.high >> (distance + 26);
        index = (scaled * 16 / (x.significand.high >> 32) + 32) >> 6;
    }
    struct f80_precise r = f80_precise_div(y, x);
    if (index != 0) {
        struct f80_precise sixteenths = f80_precise_from_int((int32_t)index);
        sixteenths.exponent -= 4;
        struct f80_precise numerator = f80_precise_sub(y, f80_precise_mul(x, sixteenths));
        if (f80_precise_is_zero(&numerator))
            return ARCTANGENT_OF[index];
        r = f80_precise_div(numerator, f80_precise_add(x, f80_precise_mul(y, sixteenths)));
    }
    struct f80_precise square = f80_precise_mul(r, r);
    struct f80_u128 z = f80_precise_fraction(&square);
    struct f80_u128 sum = f80_series(ARCTANGENT, COUNT(ARCTANGENT), z, true);
    r = f80_precise_scale_down(r, f80_multiply_fractions(sum, z));
    return f80_precise_add(r, ARCTANGENT_OF[index]);
}

/* Zeros and infinities: a multiple of pi/4, or a signed zero. */
static struct f80 settle_patan(struct f80_env *env, const struct f80_parts *x,
                               const struct f80_parts *y)
{
    struct f80_precise value;
    bool is_up = y->class == F80_CLASS_INFINITY, is_flat = x->class == F80_CLASS_INFINITY;
    if (is_up && is_flat)
        value = x->is_negative ? THREE_QUARTER_PI : QUARTER_PI;
    else if (is_up || (x->class == F80_CLASS_ZERO && y->class != F80_CLASS_ZERO))
        value = HALF_PI;
    else if (x->is_negative)
        value = PI;
    else
        return f80_zero(y->is_negative);
    value.is_negative = y->is_negative;
    return f80_precise_round(env, value, false);
}

struct f80 f80_patan(struct f80_env *env, struct f80 x, struct f80 y)
{
    struct f80 result = y;
    if (f80_settle_nans(env, x, y, &result))
        return result;
    struct f80_parts px = f80_unpack(x), py = f80_unpack(y);
    if (f80_denormals_stop(env, &px, &py))
        return y;
    if (!f80_is_finite_nonzero(&px) || !f80_is_finite_nonzero(&py))
        return settle_patan(env, &px, &py);
    struct f80_precise wide_x = f80_precise_from_parts(&px), wide_y = f80_precise_from_parts(&py);
    wide_x.is_negative = wide_y.is_negative = false;
    bool is_steep = px.exponent < py.exponent ||
                    (px.exponent == py.exponent && px.significand < py.significand);
    struct f80_precise value;
    if (is_steep)
        value = f80_precise_sub(HALF_PI, arctangent(wide_x, wide_y));
    else
        value = arctangent(wide_y, wide_x);
    if (px.is_negative)
        value = f80_precise_sub(PI, value);
    value.is_negative = py.is_negative;
    return f80_precise_round(env, value, false);
}
