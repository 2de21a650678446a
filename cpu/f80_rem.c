/*
 * 80-bit extended floating point: remainders, rounding to an integer, scaling, taking apart,
 * compare.
 *
 * Specification: Intel SDM vol. 2: FCOM, FPREM, FPREM1, FRNDINT, FSCALE, FUCOM, FXTRACT.
 */
#include "cpu/f80_internal.h"

struct f80 f80_round_to_int(struct f80_env *env, struct f80 a)
{
    struct f80 result = a;
    if (f80_settle_nan(env, a, &result))
        return result;
    struct f80_parts x = f80_unpack(a);
    if (f80_denormal_stops(env, &x) || !f80_is_finite_nonzero(&x))
        return a;
    int32_t shift = F80_BIAS + 63 - x.exponent;
    if (shift <= 0)
        return a;
    struct f80_u128 fixed =
        f80_shift_right_sticky((struct f80_u128){x.significand, 0}, (unsigned)shift);
    if (fixed.low == 0)
        return a;
    env->raised |= F80_PE;
    env->rounded_up =
        f80_rounds_away(env->rounding, x.is_negative, (fixed.high & 1) != 0, fixed.low);
    fixed.high += env->rounded_up;
    if (fixed.high == 0)
        return f80_zero(x.is_negative);
    shift = f80_leading_zeros(fixed.high);
    return f80_make((uint16_t)((x.is_negative ? 0x8000 : 0) | (F80_BIAS + 63 - shift)),
                    fixed.high << shift);
}

/* A number truncated to an integer and limited to +-65536, enough to leave the format's range. */
static int32_t truncate_scale(const struct f80_parts *x)
{
    int32_t magnitude = 0;
    if (x->exponent >= F80_BIAS + 16)
        magnitude = 65536;
    else if (x->exponent >= F80_BIAS)
        magnitude = (int32_t)(x->significand >> (F80_BIAS + 63 - x->exponent));
    return x->is_negative ? -magnitude : magnitude;
}

/* Below the normal numbers, which a pseudo-denormal is not. FSCALE by zero, FPREM and FPREM1 by infinity hand their operand
 * on (SDM 2A, their tables), and of such a one nothing is said but DE, even where UE is not masked: so an Intel Xeon. AMD's
 * Zen 5 raises UE. */
static bool is_tiny(struct f80 a)
{
    return !(a.sign_exponent & 0x7FFF) && !(a.significand >> 63);
}

struct f80 f80_scale(struct f80_env *env, struct f80 a, struct f80 b)
{
    struct f80 result = a;
    if (f80_settle_nans(env, a, b, &result))
        return result;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    if (y.class == F80_CLASS_INFINITY &&
        x.class == (y.is_negative ? F80_CLASS_INFINITY : F80_CLASS_ZERO))
        return f80_invalid(env);
    if (f80_denormals_stop(env, &x, &y) || !f80_is_finite_nonzero(&x))
        return a;
    if (y.class == F80_CLASS_INFINITY)
        return y.is_negative ? f80_zero(x.is_negative) : f80_infinity(x.is_negative);
    if (y.class == F80_CLASS_ZERO && is_tiny(a))
        return a;
    int32_t scale = f80_is_finite_nonzero(&y) ? truncate_scale(&y) : 0;
    return f80_round_pack(env, x.is_negative, x.exponent + scale,
                          (struct f80_u128){x.significand, 0}, F80_EXTENDED);
}

struct f80 f80_extract(struct f80_env *env, struct f80 a, struct f80 *exponent)
{
    struct f80 result = a;
    if (f80_settle_nan(env, a, &result)) {
        *exponent = result;
        return result;
    }
    struct f80_parts x = f80_unpack(a);
    if (x.class == F80_CLASS_ZERO) {
        env->raised |= F80_ZE;
        *exponent = f80_infinity(true);
        return a;
    }
    if (x.class == F80_CLASS_INFINITY) {
        *exponent = f80_infinity(false);
        return a;
    }
    if (f80_denormal_stops(env, &x))
        return a;
    *exponent = f80_from_int64(x.exponent - F80_BIAS);
    return f80_make((uint16_t)((x.is_negative ? 0x8000 : 0) | F80_BIAS), x.significand);
}

/* Operands that settle the remainder without a division; true when *value is the answer. */
static bool settle_remainder(struct f80_env *env, struct f80 a, struct f80 b, struct f80 *value)
{
    *value = a;
    if (f80_settle_nans(env, a, b, value))
        return true;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    if (x.class == F80_CLASS_INFINITY || y.class == F80_CLASS_ZERO) {
        *value = f80_invalid(env);
        return true;
    }
    if (f80_denormals_stop(env, &x, &y))
        return true;
    return x.class == F80_CLASS_ZERO;
}

/*
 * Long division of normalised significands, x * 2^distance by y, distance 0-63. Returns the low 64
 * bits of the quotient; the remainder is below y.
 */
static uint64_t divide_places(uint64_t x, uint64_t y, unsigned distance, uint64_t *remainder)
{
    uint64_t quotient = 0;
    if (x >= y) { /* the quotient's first bit; both have bit 63 set */
        x -= y;
        quotient = UINT64_C(1) << distance;
    }
    struct f80_u128 dividend = f80_shift_left128((struct f80_u128){0, x}, distance);
    return quotient | f80_divide128(dividend, y, remainder);
}

/*
 * A remainder in units of 2^(exponent - F80_BIAS - 63); exact, but a denormal may have to be
 * noted.
 */
static struct f80 pack_remainder(struct f80_env *env, bool is_negative, int32_t exponent,
                                 uint64_t units)
{
    return f80_normalise_round_pack(env, is_negative, exponent, (struct f80_u128){units, 0},
                                    F80_EXTENDED);
}

/*
 * FPREM1's last step: when the rest is above half the divisor, or is the half and the quotient
 * odd, one is added to the quotient and the rest changes sign. Returns true if so. half_up: the
 * rest is in units half as large as those of the divisor, the quotient still zero.
 */
static bool step_to_nearest(uint64_t divisor, bool half_up, uint64_t *rest, uint64_t *quotient)
{
    if (half_up) {
        if (*rest <= divisor)
            return false;
        *rest = divisor - (*rest - divisor); /* 2 * divisor - rest */
    } else {
        uint64_t other = divisor - *rest;
        if (*rest < other || (*rest == other && (*quotient & 1) == 0))
            return false;
        *rest = other;
    }
    ++*quotient;
    return true;
}

/* Exponents less than 64 apart: the whole remainder. */
static struct f80_remainder finish_remainder(struct f80_env *env, const struct f80_parts *x,
                                             const struct f80_parts *y, bool is_nearest)
{
    int32_t distance = x->exponent - y->exponent, exponent = x->exponent;
    uint64_t quotient = 0, rest = x->significand;
    if (distance >= 0) {
        quotient = divide_places(x->significand, y->significand, (unsigned)distance, &rest);
        exponent = y->exponent;
    }
    bool is_negative = x->is_negative;
    if (is_nearest && distance >= -1)
        is_negative ^= step_to_nearest(y->significand, distance < 0, &rest, &quotient);
    struct f80_remainder result = {.quotient = quotient & 7};
    result.value =
        rest == 0 ? f80_zero(x->is_negative) : pack_remainder(env, is_negative, exponent, rest);
    return result;
}

static struct f80_remainder remainder_of(struct f80_env *env, struct f80 a, struct f80 b,
                                         bool is_nearest)
{
    struct f80_remainder result = {.quotient = 0};
    if (settle_remainder(env, a, b, &result.value))
        return result;
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    if (y.class == F80_CLASS_INFINITY) {
        result.value = a;
        if (is_tiny(a))
            return result;
        y.exponent = INT16_MAX * 4; /* x stays, as with any much larger divisor */
    }
    int32_t distance = x.exponent - y.exponent;
    if (distance < 64)
        return finish_remainder(env, &x, &y, is_nearest);
    /* Reduce by 32 to 63 places; the quotient bits mean nothing yet (SDM vol. 2, FPREM). */
    unsigned places = ((unsigned)distance & 31) | 32;
    uint64_t rest;
    divide_places(x.significand, y.significand, places, &rest);
    result.is_incomplete = true;
    result.value = pack_remainder(env, x.is_negative, x.exponent - (int32_t)places, rest);
    return result;
}

struct f80_remainder f80_rem(struct f80_env *env, struct f80 a, struct f80 b)
{
    return remainder_of(env, a, b, false);
}

struct f80_remainder f80_rem_ieee(struct f80_env *env, struct f80 a, struct f80 b)
{
    return remainder_of(env, a, b, true);
}

static enum f80_relation compare_numbers(const struct f80_parts *x, const struct f80_parts *y)
{
    bool x_zero = x->class == F80_CLASS_ZERO, y_zero = y->class == F80_CLASS_ZERO;
    if (x_zero && y_zero)
        return F80_EQUAL;
    if (x_zero)
        return y->is_negative ? F80_GREATER : F80_LESS;
    if (y_zero || x->is_negative != y->is_negative)
        return x->is_negative ? F80_LESS : F80_GREATER;
    if (x->exponent == y->exponent && x->significand == y->significand)
        return F80_EQUAL;
    bool is_smaller =
        x->exponent != y->exponent ? x->exponent < y->exponent : x->significand < y->significand;
    return is_smaller != x->is_negative ? F80_LESS : F80_GREATER;
}

static enum f80_relation compare(struct f80_env *env, struct f80 a, struct f80 b, bool is_quiet)
{
    struct f80 ignored;
    if (f80_settle_nans(env, a, b, &ignored)) {
        if (!is_quiet)
            env->raised |= F80_IE;
        return F80_UNORDERED;
    }
    struct f80_parts x = f80_unpack(a), y = f80_unpack(b);
    f80_denormals_stop(env, &x, &y);
    return compare_numbers(&x, &y);
}

enum f80_relation f80_compare(struct f80_env *env, struct f80 a, struct f80 b)
{
    return compare(env, a, b, false);
}

enum f80_relation f80_compare_quiet(struct f80_env *env, struct f80 a, struct f80 b)
{
    return compare(env, a, b, true);
}
