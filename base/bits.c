#include "base/bits.h"

/* (high:low) = a * b from four 32-bit products: the 32-bit workstations have no wider type. */
static void multiply_wide(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    uint64_t middle = (p00 >> 32) + (p01 & UINT32_MAX) + (p10 & UINT32_MAX);
    *low = (p00 & UINT32_MAX) | middle << 32;
    *high = p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/* Quotient and remainder of (high:low) / c, bit by bit when the product needs 128 bits. */
static uint64_t divide_wide(uint64_t high, uint64_t low, uint64_t c, uint64_t *remainder)
{
    uint64_t quotient = 0, rest = high % c;
    if (high == 0) {
        *remainder = low % c;
        return low / c;
    }
#ifdef __SIZEOF_INT128__
    {
        __extension__ unsigned __int128 whole = (unsigned __int128)rest << 64 | low;
        *remainder = (uint64_t)(whole % c);
        return (uint64_t)(whole / c);
    }
#endif
    for (unsigned bit = 64; bit-- > 0;) {
        bool carry = rest >> 63;
        rest = rest << 1 | (low >> bit & 1);
        quotient <<= 1;
        if (carry || rest >= c) {
            rest -= c;
            quotient |= 1;
        }
    }
    *remainder = rest;
    return quotient;
}

uint64_t muldiv_floor(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t high, low, remainder;
    multiply_wide(a, b, &high, &low);
    return divide_wide(high, low, c, &remainder);
}

uint64_t muldiv_ceil(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t high, low, remainder, quotient;
    multiply_wide(a, b, &high, &low);
    quotient = divide_wide(high, low, c, &remainder);
    return quotient + (remainder != 0);
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}
