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
static inline bool f80_is_normal(struct f80 a)
{
    return (uint32_t)(a.sign_exponent & 0x7FFF) - 1 < 0x7FFE && a.significand >> 63 != 0;
}

/* Rounds the normalised high:low at 64 bits. */
static inline struct f80_fast f80_fast_round(uint16_t sign, int32_t exponent, uint64_t high,
                                             uint64_t low)
{
    struct f80_fast result = {.is_inexact = low != 0};
    result.is_up = low > F80_INTEGER_BIT || (low == F80_INTEGER_BIT && (high & 1) != 0);
    uint64_t significand = high + result.is_up;
    if (significand < high) {
        significand = F80_INTEGER_BIT;
        exponent++;
    }
    result.is_done = (uint32_t)(exponent - 1) < 0x7FFE;
    result.value = f80_make((uint16_t)(sign | (uint16_t)exponent), significand);
    return result;
}

/* a + b, b with sign_b (0 or 8000) for its sign. */
static inline struct f80_fast f80_fast_add(struct f80 a, struct f80 b, uint16_t sign_b)
{
    const struct f80_fast undone = {.is_done = false};
    if (!f80_is_normal(a) || !f80_is_normal(b))
        return undone;
    uint16_t sign = a.sign_exponent & 0x8000;
    int32_t exponent = a.sign_exponent & 0x7FFF, distance = exponent - (b.sign_exponent & 0x7FFF);
    uint64_t large = a.significand, small = b.significand;
    bool is_subtraction = sign != sign_b;
    if (distance < 0 || (distance == 0 && large < small)) {
        exponent -= distance;
        distance = -distance;
        large = b.significand;
        small = a.significand;
        sign = sign_b;
    }
    if (distance >= 64)
        return undone;
    uint64_t low = distance != 0 ? small << (64 - distance) : 0;
    small >>= distance;
    if (!is_subtraction) {
        uint64_t high = large + small;
        if (high < small) {
            low = low >> 1 | high << 63 | (low & 1);
            high = high >> 1 | F80_INTEGER_BIT;
            exponent++;
        }
        return f80_fast_round(sign, exponent, high, low);
    }
    uint64_t high = large - small - (low != 0);
    low = 0 - low;
    if (high == 0)
        return undone;
    int shift = f80_leading_zeros(high);
    if (shift != 0) {
        high = high << shift | low >> (64 - shift);
        low <<= shift;
    }
    return f80_fast_round(sign, exponent - shift, high, low);
}

static inline struct f80_fast f80_fast_mul(struct f80 a, struct f80 b)
{
    const struct f80_fast undone = {.is_done = false};
    if (!f80_is_normal(a) || !f80_is_normal(b))
        return undone;
    struct f80_u128 product = f80_multiply64(a.significand, b.significand);
    int32_t exponent = (a.sign_exponent & 0x7FFF) + (b.sign_exponent & 0x7FFF) - F80_BIAS + 1;
    if (product.high >> 63 == 0) {
        product = f80_shift_left128(product, 1);
        exponent--;
    }
    return f80_fast_round((a.sign_exponent ^ b.sign_exponent) & 0x8000, exponent, product.high,
                          product.low);
}

/*
 * Divides normalised significands: 64 bits of quotient, bit 63 set, and a tail for rounding, in
 * which bit 63 is exact and the rest only tells whether anything follows.
 */
static inline struct f80_u128 f80_divide_significands(uint64_t a, uint64_t b, int32_t *exponent)
{
    struct f80_u128 dividend = {a, 0};
    if (a >= b)
        dividend = f80_shift_right128(dividend, 1);
    else
        *exponent -= 1;
    uint64_t rest, quotient = f80_divide128(dividend, b, &rest);
    bool is_half = rest >= b - rest;
    bool is_sticky = rest != 0 && rest != b - rest;
    return (struct f80_u128){quotient, (is_half ? F80_INTEGER_BIT : 0) | is_sticky};
}

static inline struct f80_fast f80_fast_div(struct f80 a, struct f80 b)
{
    const struct f80_fast undone = {.is_done = false};
    if (!f80_is_normal(a) || !f80_is_normal(b))
        return undone;
    int32_t exponent = (a.sign_exponent & 0x7FFF) - (b.sign_exponent & 0x7FFF) + F80_BIAS;
    struct f80_u128 quotient = f80_divide_significands(a.significand, b.significand, &exponent);
    return f80_fast_round((a.sign_exponent ^ b.sign_exponent) & 0x8000, exponent, quotient.high,
                          quotient.low);
}

/* From the bits of a normal single or double; false: it is not. */
static inline bool f80_fast_widen32(uint32_t bits, struct f80 *value)
{
    unsigned exponent = bits >> 23 & 0xFF;
    *value = f80_make((uint16_t)((bits >> 16 & 0x8000) | (exponent + F80_BIAS - 127)),
                      (uint64_t)bits << 40 | F80_INTEGER_BIT);
    return exponent - 1 < 0xFE;
}

static inline bool f80_fast_widen64(uint64_t bits, struct f80 *value)
{
    unsigned exponent = bits >> 52 & 0x7FF;
    *value = f80_make((uint16_t)((bits >> 48 & 0x8000) | (exponent + F80_BIAS - 1023)),
                      bits << 11 | F80_INTEGER_BIT);
    return exponent - 1 < 0x7FE;
}

/* To the bits of a normal double, rounded to nearest; false: the general function has to. */
static inline bool f80_fast_narrow64(struct f80 a, uint64_t *bits, bool *is_inexact, bool *is_up)
{
    uint32_t exponent = (uint32_t)(a.sign_exponent & 0x7FFF) - (F80_BIAS - 1023);
    if (exponent - 1 >= 0x7FD || a.significand >> 63 == 0) /* 1 to 7FD: a carry does no harm */
        return false;
    uint64_t kept = a.significand << 1 >> 12, tail = a.significand << 53;
    *is_inexact = tail != 0;
    *is_up = f80_rounds_away(F80_NEAREST, false, (kept & 1) != 0, tail);
    *bits = ((uint64_t)(a.sign_exponent & 0x8000) << 48 | (uint64_t)exponent << 52 | kept) + *is_up;
    return true;
}

/* Normal operands; false: not both are. */
static inline bool f80_fast_compare(struct f80 a, struct f80 b, enum f80_relation *relation)
{
    if (!f80_is_normal(a) || !f80_is_normal(b))
        return false;
    bool is_negative = f80_is_negative(a);
    if (is_negative != f80_is_negative(b)) {
        *relation = is_negative ? F80_LESS : F80_GREATER;
        return true;
    }
    bool is_smaller = a.sign_exponent < b.sign_exponent ||
                      (a.sign_exponent == b.sign_exponent && a.significand < b.significand);
    if (a.sign_exponent == b.sign_exponent && a.significand == b.significand)
        *relation = F80_EQUAL;
    else
        *relation = is_smaller != is_negative ? F80_LESS : F80_GREATER;
    return true;
}

#endif
