/*
 * 64- and 128-bit integer helpers of the 80-bit arithmetic. Where the compiler has a 128-bit
 * integer it is used; elsewhere (32-bit builds) the same functions are built from 32-bit halves.
 * Both give the same bits.
 */
#ifndef VITRINE_CPU_F80_WIDE_H
#define VITRINE_CPU_F80_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct f80_u128 {
    uint64_t high, low;
};

/* The short ways are worth their room in each handler; a compiler that counts instructions would make
 * them functions. */
#if defined(__GNUC__)
#define F80_SHORT static inline __attribute__((always_inline))
#else
#define F80_SHORT static inline
#endif

/* Number of leading zero bits; 64 for zero. */
static inline int f80_leading_zeros(uint64_t x)
{
#if defined(__GNUC__)
    return x != 0 ? __builtin_clzll(x) : 64;
#else
    int n = 64;
    for (; x != 0; x >>= 1)
        n--;
    return n;
#endif
}

/* The full product of two 64-bit numbers. */
static inline struct f80_u128 f80_multiply64(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__) && !defined(F80_NO_INT128)
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (struct f80_u128){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    return (struct f80_u128){a1 * b1 + (middle >> 32) + (other >> 32), other << 32 | (uint32_t)low};
#endif
}

/*
 * One digit of long division (Knuth, The Art of Computer Programming vol. 2, 4.3.1 algorithm D with
 * 32-bit digits): (high:low) / divisor, for high < divisor and divisor >= 2^63.
 */
static inline uint64_t f80_divide_portable(struct f80_u128 n, uint64_t divisor, uint64_t *remainder)
{
    uint64_t d1 = divisor >> 32, d0 = (uint32_t)divisor, quotient = 0;
    uint64_t rest = n.high;
    for (int half = 0; half < 2; half++) {
        uint64_t next = half == 0 ? n.low >> 32 : (uint32_t)n.low;
        uint64_t digit = rest / d1, left = rest % d1;
        while (digit >> 32 != 0 || digit * d0 > (left << 32 | next)) {
            digit--;
            left += d1;
            if (left >> 32 != 0)
                break;
        }
        rest = (rest << 32 | next) - digit * divisor;
        quotient = quotient << 32 | digit;
    }
    *remainder = rest;
    return quotient;
}

/* (high:low) / divisor, for high < divisor and divisor >= 2^63. */
static inline uint64_t f80_divide128(struct f80_u128 n, uint64_t divisor, uint64_t *remainder)
{
#if defined(__x86_64__) && defined(__GNUC__) && !defined(F80_NO_INT128)
    /* The compilers call a library function for a 128-bit division, which knows less than we do. */
    uint64_t quotient;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(*remainder)
            : "a"(n.low), "d"(n.high), "r"(divisor)
            : "cc");
    return quotient;
#else
    return f80_divide_portable(n, divisor, remainder);
#endif
}

static inline struct f80_u128 f80_add128(struct f80_u128 a, struct f80_u128 b)
{
    uint64_t low = a.low + b.low;
    return (struct f80_u128){a.high + b.high + (low < a.low), low};
}

static inline struct f80_u128 f80_sub128(struct f80_u128 a, struct f80_u128 b)
{
    return (struct f80_u128){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static inline bool f80_less128(struct f80_u128 a, struct f80_u128 b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* Left by 0-127. */
static inline struct f80_u128 f80_shift_left128(struct f80_u128 a, unsigned count)
{
    if (count >= 64)
        return (struct f80_u128){a.low << (count - 64), 0};
    if (count == 0)
        return a;
    return (struct f80_u128){a.high << count | a.low >> (64 - count), a.low << count};
}

/* Right by any count; bits that fall out are dropped. */
static inline struct f80_u128 f80_shift_right128(struct f80_u128 a, unsigned count)
{
    if (count >= 128)
        return (struct f80_u128){0, 0};
    if (count >= 64)
        return (struct f80_u128){0, a.high >> (count - 64)};
    if (count == 0)
        return a;
    return (struct f80_u128){a.high >> count, a.low >> count | a.high << (64 - count)};
}

/* Right by any count; bits that fall out are remembered in bit 0, as rounding needs it. */
static inline struct f80_u128 f80_shift_right_sticky(struct f80_u128 a, unsigned count)
{
    struct f80_u128 result = f80_shift_right128(a, count);
    struct f80_u128 back = count < 128 ? f80_shift_left128(result, count) : result;
    if (back.high != a.high || back.low != a.low)
        result.low |= 1;
    return result;
}

/* The upper half of the product of two 128-bit fractions; errs by less than 3 units, downwards. */
static inline struct f80_u128 f80_multiply_fractions(struct f80_u128 a, struct f80_u128 b)
{
    struct f80_u128 high = f80_multiply64(a.high, b.high);
    uint64_t cross1 = f80_multiply64(a.high, b.low).high;
    uint64_t cross2 = f80_multiply64(a.low, b.high).high;
    uint64_t low = high.low + cross1;
    uint64_t carry = low < cross1;
    low += cross2;
    carry += low < cross2;
    return (struct f80_u128){high.high + carry, low};
}

#endif
