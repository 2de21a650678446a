/*
 * Numbers with 128-bit significands: the four operations, and series in fixed point.
 */
#include "cpu/f80_precise.h"

struct f80_precise f80_precise_normalise(struct f80_precise a)
{
    if (a.significand.high == 0) {
        a.significand = (struct f80_u128){a.significand.low, 0};
        a.exponent -= 64;
    }
    unsigned shift = (unsigned)f80_leading_zeros(a.significand.high) & 63;
    a.significand = f80_shift_left128(a.significand, shift);
    a.exponent -= (int32_t)shift;
    return a;
}

struct f80_precise f80_precise_from_parts(const struct f80_parts *parts)
{
    return (struct f80_precise){
        .significand = {parts->significand, 0},
        .exponent = parts->exponent - F80_BIAS,
        .is_negative = parts->is_negative
    };
}

struct f80_precise f80_precise_from_int(int32_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return f80_precise_normalise((struct f80_precise){
        .significand = {magnitude, 0},
          .exponent = 63, .is_negative = value < 0
    });
}

static bool is_smaller(const struct f80_precise *a, const struct f80_precise *b)
{
    if (f80_precise_is_zero(a) || f80_precise_is_zero(b))
        return f80_precise_is_zero(a);
    if (a->exponent != b->exponent)
        return a->exponent < b->exponent;
    return f80_less128(a->significand, b->significand);
}

struct f80_precise f80_precise_add(struct f80_precise a, struct f80_precise b)
{
    if (is_smaller(&a, &b)) {
        struct f80_precise t = a;
        a = b;
        b = t;
    }
    if (f80_precise_is_zero(&b))
        return a;
    uint32_t distance = (uint32_t)(a.exponent - b.exponent);
    struct f80_u128 small = f80_shift_right_sticky(b.significand, distance);
    if (a.is_negative != b.is_negative) {
        a.significand = f80_sub128(a.significand, small);
        return f80_precise_normalise(a);
    }
    struct f80_u128 sum = f80_add128(a.significand, small);
    if (f80_less128(sum, small)) {
        sum = f80_shift_right_sticky(sum, 1);
        sum.high |= F80_INTEGER_BIT;
        a.exponent++;
    }
    a.significand = sum;
    return a;
}

struct f80_precise f80_precise_sub(struct f80_precise a, struct f80_precise b)
{
    b.is_negative = !b.is_negative;
    return f80_precise_add(a, b);
}

struct f80_precise f80_precise_mul(struct f80_precise a, struct f80_precise b)
{
    a.significand = f80_multiply_fractions(a.significand, b.significand);
    a.exponent += b.exponent + 1;
    a.is_negative = a.is_negative != b.is_negative;
    return f80_precise_normalise(a);
}

/*
 * One 64-bit digit of a quotient (Knuth vol. 2, 4.3.1, algorithm D): floor of rest:0 / divisor,
 * three words by two, rest < divisor. Leaves the new rest.
 */
static uint64_t next_digit(struct f80_u128 *rest, struct f80_u128 divisor)
{
    uint64_t left, digit = ~UINT64_C(0);
    if (rest->high < divisor.high)
        digit = f80_divide128(*rest, divisor.high, &left);
    struct f80_u128 upper = f80_multiply64(digit, divisor.high);
    struct f80_u128 lower = f80_multiply64(digit, divisor.low);
    uint64_t last = lower.low;
    upper = f80_add128(upper, (struct f80_u128){0, lower.high});
    /* upper:last = digit * divisor; the estimate is at most two too large. */
    while (f80_less128(*rest, f80_add128(upper, (struct f80_u128){0, last != 0}))) {
        digit--;
        uint64_t borrow = last < divisor.low;
        last -= divisor.low;
        upper = f80_sub128(upper, (struct f80_u128){0, divisor.high});
        upper = f80_sub128(upper, (struct f80_u128){0, borrow});
    }
    upper = f80_sub128(*rest, f80_add128(upper, (struct f80_u128){0, last != 0}));
    *rest = (struct f80_u128){upper.low, 0 - last};
    return digit;
}

struct f80_precise f80_precise_div(struct f80_precise a, struct f80_precise b)
{
    struct f80_u128 rest = a.significand;
    struct f80_precise result = {.exponent = a.exponent - b.exponent - 1,
                                 .is_negative = a.is_negative != b.is_negative};
    if (!f80_less128(rest, b.significand)) {
        rest = f80_shift_right128(rest, 1);
        result.exponent++;
    }
    result.significand.high = next_digit(&rest, b.significand);
    result.significand.low = next_digit(&rest, b.significand);
    if (rest.high != 0 || rest.low != 0)
        result.significand.low |= 1;
    return result;
}

struct f80_u128 f80_precise_fraction(const struct f80_precise *a)
{
    return f80_shift_right128(a->significand, (unsigned)(-1 - a->exponent));
}

struct f80_u128 f80_series(const struct f80_u128 *c, size_t count, struct f80_u128 z,
                           bool is_alternating)
{
    struct f80_u128 sum = c[count - 1];
    for (size_t i = count - 1; i-- > 0;) {
        struct f80_u128 product = f80_multiply_fractions(z, sum);
        sum = is_alternating ? f80_sub128(c[i], product) : f80_add128(c[i], product);
    }
    return sum;
}

static struct f80_precise times_fraction(struct f80_precise a, struct f80_u128 t)
{
    a.significand = f80_multiply_fractions(a.significand, t);
    if (a.significand.high == 0 && a.significand.low == 0)
        a.significand.low = 1;
    return f80_precise_normalise(a);
}

struct f80_precise f80_precise_scale_up(struct f80_precise a, struct f80_u128 t)
{
    return f80_precise_add(a, times_fraction(a, t));
}

struct f80_precise f80_precise_scale_down(struct f80_precise a, struct f80_u128 t)
{
    return f80_precise_sub(a, times_fraction(a, t));
}

struct f80 f80_precise_round(struct f80_env *env, struct f80_precise a, bool is_exact)
{
    if (f80_precise_is_zero(&a))
        return f80_zero(a.is_negative);
    if (!is_exact)
        a.significand.low |= 1;
    return f80_round_pack(env, a.is_negative, a.exponent + F80_BIAS, a.significand, F80_EXTENDED);
}
