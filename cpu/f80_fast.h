/*
 * 80-bit extended floating point: the way of normal operands through add, subtract, multiply and
 * divide at extended precision, rounded to nearest. That is what compiled code does nearly always;
 * inlined into the x87 unit's arithmetic it takes a few nanoseconds. What does not fit is left to
 * the general functions, with nothing done.
 */
#ifndef VITRINE_CPU_F80_FAST_H
#define VITRINE_CPU_F80_FAST_H

#include "cpu/f80_internal.h"

struct f80_fast {
    struct f80 value;
    bool is_inexact; /* PE */
    bool is_up;      /* C1 */
    bool is_done;    /* false: use the general function */
};

/* Normal, by exponent 1 to 7FFE and J set. */
F80_SHORT bool f80_is_normal(struct f80 a)
{
    return (uint32_t)(a.sign_exponent & 0x7FFF) - 1 < 0x7FFE && a.significand >> 63 != 0;
}

/* Normal, and so is what comes of multiplying or dividing them: between 2^-8190 and 2^8190. */
F80_SHORT bool f80_are_moderate(struct f80 a, struct f80 b)
{
    const uint32_t least = F80_BIAS - 8190, range = 2 * 8190;
    return (a.significand & b.significand) >> 63 != 0 &&
           (uint32_t)(a.sign_exponent & 0x7FFF) - least <= range &&
           (uint32_t)(b.sign_exponent & 0x7FFF) - least <= range;
}

F80_SHORT bool f80_is_zero(struct f80 a)
{
    return (a.sign_exponent & 0x7FFF) == 0 && a.significand == 0;
}

/* The larger exponent, then the larger significand; without a branch, which nobody could foresee. */
F80_SHORT bool f80_is_smaller(struct f80 a, struct f80 b)
{
    uint32_t x = a.sign_exponent & 0x7FFF, y = b.sign_exponent & 0x7FFF;
    return (x < y) | ((x == y) & (a.significand < b.significand));
}

/*
 * Rounds the normalised high:low to `bits` of precision, 64 or 53 (a constant where it is called);
 * the range of exponents is the extended one with both (SDM vol. 1, 8.1.5.2). Which way it goes is a
 * matter of chance: no branch.
 */
F80_SHORT struct f80_fast f80_fast_round(uint32_t sign, int32_t exponent, uint64_t high,
                                             uint64_t low, unsigned bits)
{
    struct f80_fast result;
    uint64_t last = (uint64_t)1 << (64 - bits); /* a unit of the last place that is kept */
    if (bits < 64) {
        low = high << (bits & 63) | (low != 0);
        high &= ~(last - 1);
    }
    bool is_odd = (high & last) != 0;
    bool is_up = low > F80_INTEGER_BIT - is_odd; /* more than half of a unit, or half of an odd one */
    uint64_t significand = high + ((uint64_t)is_up << (64 - bits));
    result.is_inexact = low != 0;
    result.is_up = is_up;
    if (significand >> 63 == 0) { /* all ones before */
        significand = F80_INTEGER_BIT;
        exponent++;
    }
    result.is_done = (uint32_t)(exponent - 1) < 0x7FFE;
    result.value = f80_make((uint16_t)(sign | (uint32_t)exponent), significand);
    return result;
}

/*
 * a + b, b with sign_b (0 or 8000) for its sign. What depends on the operands alone is computed
 * without branches: which is larger, whether the sum has a carry, how far it is shifted.
 */
F80_SHORT struct f80_fast f80_fast_add(struct f80 a, struct f80 b, uint32_t sign_b,
                                           unsigned bits)
{
    const struct f80_fast undone = {.is_done = false};
    uint32_t sign = a.sign_exponent & 0x8000;
    uint32_t exponent_a = a.sign_exponent & 0x7FFF, gap = exponent_a - (b.sign_exponent & 0x7FFF);
    /* All ones when |a| < |b|: the larger exponent, then the larger significand. */
    uint32_t swap = 0 - ((gap - (a.significand < b.significand)) >> 31);
    uint64_t difference = (a.significand ^ b.significand) & (0 - (uint64_t)(swap & 1));
    uint64_t large = a.significand ^ difference, small = b.significand ^ difference;
    uint32_t exponent = exponent_a - (gap & swap), distance = (gap ^ swap) - swap;
    bool is_subtraction = sign != sign_b;
    /* Nothing that has an exponent near the ends: so both are normal if bit 63 says so, and the sum will be. */
    if ((a.significand & b.significand) >> 63 == 0 || exponent - 64 > 0x7FFC - 64 || distance > 63)
        return undone;
    uint64_t low = small << 1 << (63 - distance);
    small >>= distance;
    if (!is_subtraction) {
        uint64_t high = large + small;
        unsigned carry = high < small;
        low = low >> carry | high << 1 << (63 - carry) | (low & carry);
        high = high >> carry | (uint64_t)carry << 63;
        return f80_fast_round(sign, (int32_t)(exponent + carry), high, low, bits);
    }
    sign ^= swap & 0x8000; /* that of the larger one */
    uint64_t high = large - small - (low != 0);
    low = 0 - low;
    if (high == 0)
        return undone;
    unsigned shift = (unsigned)f80_leading_zeros(high);
    high = high << shift | low >> 1 >> (63 - shift);
    low <<= shift;
    return f80_fast_round(sign, (int32_t)(exponent - shift), high, low, bits);
}

F80_SHORT struct f80_fast f80_fast_mul(struct f80 a, struct f80 b, unsigned bits)
{
    const struct f80_fast undone = {.is_done = false};
    if (!f80_are_moderate(a, b))
        return undone;
    struct f80_u128 product = f80_multiply64(a.significand, b.significand);
    int32_t exponent = (a.sign_exponent & 0x7FFF) + (b.sign_exponent & 0x7FFF) - F80_BIAS + 1;
    unsigned shift = (unsigned)(product.high >> 63 ^ 1);
    product.high = product.high << shift | (product.low >> 63 & shift);
    product.low <<= shift;
    return f80_fast_round((a.sign_exponent ^ b.sign_exponent) & 0x8000,
                          exponent - (int32_t)shift, product.high, product.low, bits);
}

/*
 * Divides normalised significands: 64 bits of quotient, bit 63 set, and a tail for rounding, in
 * which bit 63 is exact and the rest only tells whether anything follows.
 */
F80_SHORT struct f80_u128 f80_divide_significands(uint64_t a, uint64_t b, int32_t *exponent)
{
    unsigned shift = a >= b;
    struct f80_u128 dividend = {a >> shift, a << 63 & (0 - (uint64_t)shift)};
    uint64_t rest, quotient = f80_divide128(dividend, b, &rest);
    bool is_half = rest >= b - rest;
    bool is_sticky = (rest != 0) & (rest != b - rest);
    *exponent -= !shift;
    return (struct f80_u128){quotient, (is_half ? F80_INTEGER_BIT : 0) | is_sticky};
}

F80_SHORT struct f80_fast f80_fast_div(struct f80 a, struct f80 b, unsigned bits)
{
    const struct f80_fast undone = {.is_done = false};
    if (!f80_are_moderate(a, b))
        return undone;
    int32_t exponent = (a.sign_exponent & 0x7FFF) - (b.sign_exponent & 0x7FFF) + F80_BIAS;
    struct f80_u128 quotient = f80_divide_significands(a.significand, b.significand, &exponent);
    return f80_fast_round((a.sign_exponent ^ b.sign_exponent) & 0x8000, exponent, quotient.high,
                          quotient.low, bits);
}

/* From the bits of a single or double that is normal or zero; false: it is not. */
F80_SHORT bool f80_fast_widen32(uint32_t bits, struct f80 *value)
{
    unsigned exponent = bits >> 23 & 0xFF;
    uint32_t sign = bits >> 16 & 0x8000;
    *value = f80_make((uint16_t)(sign | (exponent + F80_BIAS - 127)),
                      (uint64_t)bits << 40 | F80_INTEGER_BIT);
    if (exponent - 1 < 0xFE)
        return true;
    *value = f80_make((uint16_t)sign, 0);
    return bits << 1 == 0;
}

F80_SHORT bool f80_fast_widen64(uint64_t bits, struct f80 *value)
{
    unsigned exponent = bits >> 52 & 0x7FF;
    uint32_t sign = (uint32_t)(bits >> 48) & 0x8000;
    *value = f80_make((uint16_t)(sign | (exponent + F80_BIAS - 1023)), bits << 11 | F80_INTEGER_BIT);
    if (exponent - 1 < 0x7FE)
        return true;
    *value = f80_make((uint16_t)sign, 0);
    return bits << 1 == 0;
}

/*
 * To a binary format of 1 sign, exponent_bits and fraction_bits, rounded to nearest; normal results
 * and zero. false: the general function has to.
 */
F80_SHORT bool f80_fast_narrow(struct f80 a, unsigned exponent_bits, unsigned fraction_bits,
                                   uint64_t *bits, bool *is_inexact, bool *is_up)
{
    uint32_t bias = (1u << (exponent_bits - 1)) - 1, largest = (1u << exponent_bits) - 2;
    uint32_t exponent = (uint32_t)(a.sign_exponent & 0x7FFF) - (F80_BIAS - bias);
    uint64_t sign = (uint64_t)(a.sign_exponent >> 15) << (exponent_bits + fraction_bits);
    *is_inexact = *is_up = false;
    *bits = sign;
    if (exponent - 1 >= largest - 1 || a.significand >> 63 == 0) /* so that a carry does no harm */
        return f80_is_zero(a);
    uint64_t kept = a.significand << 1 >> (64 - fraction_bits);
    uint64_t tail = a.significand << (fraction_bits + 1);
    *is_inexact = tail != 0;
    *is_up = (tail >> 63) & ((tail << 1 != 0) | (kept & 1));
    *bits = (sign | (uint64_t)exponent << fraction_bits | kept) + *is_up;
    return true;
}

/* An integer of at most 2^62, to nearest or truncated; larger, infinite or none at all: false. */
F80_SHORT bool f80_fast_to_int(struct f80 a, unsigned bits, bool truncates, int64_t *value,
                                   bool *is_inexact, bool *is_up)
{
    uint32_t shift = F80_BIAS + 63 - (uint32_t)(a.sign_exponent & 0x7FFF); /* 1 ... 63: fraction */
    uint64_t magnitude, tail;
    *value = 0;
    *is_inexact = *is_up = false;
    if (shift - (66 - bits) > bits - 3 || a.significand >> 63 == 0)
        return f80_is_zero(a);
    magnitude = a.significand >> shift;
    tail = a.significand << (64 - shift);
    *is_inexact = tail != 0;
    *is_up = (tail >> 63) & ((tail << 1 != 0) | (magnitude & 1)) & (truncates ? 0u : 1u);
    magnitude += *is_up;
    *value = f80_is_negative(a) ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

F80_SHORT struct f80 f80_fast_from_int(int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint32_t sign = value < 0 ? 0x8000 : 0;
    unsigned shift = (unsigned)f80_leading_zeros(magnitude | 1);
    return magnitude == 0 ? f80_make(0, 0)
                          : f80_make((uint16_t)(sign | (F80_BIAS + 63 - shift)), magnitude << shift);
}

/* Operands that are normal or zero; false: not both are. Less and equal as bits, else greater. */
F80_SHORT bool f80_fast_compare(struct f80 a, struct f80 b, unsigned *less, unsigned *equal)
{
    bool a_is_negative = f80_is_negative(a), b_is_negative = f80_is_negative(b);
    bool is_zero = (a.significand | b.significand) == 0;
    bool is_same = (a.sign_exponent == b.sign_exponent) & (a.significand == b.significand);
    if ((!f80_is_normal(a) && !f80_is_zero(a)) || (!f80_is_normal(b) && !f80_is_zero(b)))
        return false;
    *equal = is_same | is_zero;
    if (a_is_negative != b_is_negative)
        *less = a_is_negative & !is_zero;
    else
        *less = a_is_negative ? f80_is_smaller(b, a) : f80_is_smaller(a, b);
    return true;
}

#endif
