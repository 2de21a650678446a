/*
 * Packed integers of 16 bytes all at once, by the vector types of gcc and clang: for simd_integer.c, and inlined in
 * ops_simd.c. For MMX, whose values are the lower half, the upper half is done as well and then not looked at.
 *
 * Lanes of both operands meet those of the same number, and both registers and memory operands hold 64 bits as one number
 * (struct simd_value), so that it is no matter which lane the workstation calls the first. Where lanes move, the 64 bits
 * are taken apart as numbers.
 *
 * Specification: Intel SDM vol. 2 for each instruction.
 */
#ifndef VITRINE_CPU_SIMD_LANES_H
#define VITRINE_CPU_SIMD_LANES_H

#include <string.h>

#include "base/bits.h"
#include "cpu/simd.h"

#define LANES_TYPE(name, element) typedef element name __attribute__((vector_size(16)))
LANES_TYPE(lanes_u8, uint8_t);
LANES_TYPE(lanes_s8, int8_t);
LANES_TYPE(lanes_u16, uint16_t);
LANES_TYPE(lanes_s16, int16_t);
LANES_TYPE(lanes_u32, uint32_t);
LANES_TYPE(lanes_s32, int32_t);
LANES_TYPE(lanes_u64, uint64_t);
LANES_TYPE(lanes_s64, int64_t);

/* X(name, type, result): a of the destination, b of the source. A comparison of lanes yields lanes of ones or zeros. */
#define LANES_EITHER(condition, a, b) (((a) & (condition)) | ((b) & ~(condition)))
#define LANES_SMALLER(type) LANES_EITHER((type)(a < b), a, b)
#define LANES_LARGER(type) LANES_EITHER((type)(a > b), a, b)
/* Products of the signed words in dwords: of the lower, of the upper ones. */
#define LANES_LOW(v) ((lanes_u32)((lanes_s32)((v) << 16) >> 16))
#define LANES_HIGH(v) ((lanes_u32)((lanes_s32)(v) >> 16))
#define LANES_LOW_HALF(a, b) (LANES_LOW(a) * LANES_LOW(b))
#define LANES_HIGH_HALF(a, b) (LANES_HIGH(a) * LANES_HIGH(b))
#define SIMD_LANEWISE(X)                                                           \
    X(paddb, u8, a + b) X(paddw, u16, a + b) X(paddd, u32, a + b) X(paddq, u64, a + b) \
    X(psubb, u8, a - b) X(psubw, u16, a - b) X(psubd, u32, a - b) X(psubq, u64, a - b) \
    X(paddusb, u8, (a + b) | (lanes_u8)((lanes_u8)(a + b) < a))                    \
    X(paddusw, u16, (a + b) | (lanes_u16)((lanes_u16)(a + b) < a))                 \
    X(psubusb, u8, (a - b) & (lanes_u8)(a > b))                                    \
    X(psubusw, u16, (a - b) & (lanes_u16)(a > b))                                  \
    X(pavgb, u8, (a | b) - ((a ^ b) >> 1)) X(pavgw, u16, (a | b) - ((a ^ b) >> 1)) \
    X(pminub, u8, LANES_SMALLER(lanes_u8)) X(pmaxub, u8, LANES_LARGER(lanes_u8))   \
    X(pminuw, u16, LANES_SMALLER(lanes_u16)) X(pmaxuw, u16, LANES_LARGER(lanes_u16)) \
    X(pminud, u32, LANES_SMALLER(lanes_u32)) X(pmaxud, u32, LANES_LARGER(lanes_u32)) \
    X(pminsb, s8, LANES_SMALLER(lanes_s8)) X(pmaxsb, s8, LANES_LARGER(lanes_s8))   \
    X(pminsw, s16, LANES_SMALLER(lanes_s16)) X(pmaxsw, s16, LANES_LARGER(lanes_s16)) \
    X(pminsd, s32, LANES_SMALLER(lanes_s32)) X(pmaxsd, s32, LANES_LARGER(lanes_s32)) \
    X(pcmpeqb, u8, a == b) X(pcmpeqw, u16, a == b) X(pcmpeqd, u32, a == b) X(pcmpeqq, u64, a == b) \
    X(pcmpgtb, s8, a > b) X(pcmpgtw, s16, a > b) X(pcmpgtd, s32, a > b) X(pcmpgtq, s64, a > b) \
    X(pand, u64, a & b) X(pandn, u64, ~a & b) X(por, u64, a | b) X(pxor, u64, a ^ b) \
    X(pmullw, u16, a * b) X(pmulld, u32, a * b)                                    \
    X(pmuludq, u64, (a & UINT32_MAX) * (b & UINT32_MAX))                           \
    X(pmulhw, u32, LANES_LOW_HALF(a, b) >> 16 | (LANES_HIGH_HALF(a, b) & 0xffff0000u)) \
    X(pmulhuw, u32, (a & 0xffff) * (b & 0xffff) >> 16 | ((a >> 16) * (b >> 16) & 0xffff0000u)) \
    X(pmaddwd, u32, LANES_LOW_HALF(a, b) + LANES_HIGH_HALF(a, b))

#define LANES_DEFINE(name, type, result)                                                        \
    static inline void lanes_##name(struct simd_value *d, const struct simd_value *s)          \
    {                                                                                           \
        lanes_##type a, b, r;                                                                   \
        memcpy(&a, d, 16);                                                                      \
        memcpy(&b, s, 16);                                                                      \
        r = (lanes_##type)(result);                                                             \
        memcpy(d, &r, 16);                                                                      \
    }
SIMD_LANEWISE(LANES_DEFINE)

/* Shifts by the source's lower 64 bits: X(name, type, greatest count, result). */
#define SIMD_SHIFTS(X)                                                             \
    X(psllw, u16, 15, a << count) X(pslld, u32, 31, a << count) X(psllq, u64, 63, a << count) \
    X(psrlw, u16, 15, a >> count) X(psrld, u32, 31, a >> count) X(psrlq, u64, 63, a >> count)
#define SIMD_SIGNED_SHIFTS(X) X(psraw, s16, 15, a >> count) X(psrad, s32, 31, a >> count)

/* From the lane's width on nothing is left, or signs. */
#define LANES_SHIFT(name, type, most, result)                                                   \
    static inline void lanes_##name(struct simd_value *d, const struct simd_value *s)          \
    {                                                                                           \
        uint64_t count = s->q[0];                                                               \
        lanes_##type a;                                                                         \
        if (count > (most)) {                                                                   \
            d->q[0] = d->q[1] = 0;                                                              \
            return;                                                                             \
        }                                                                                       \
        memcpy(&a, d, 16);                                                                      \
        a = result;                                                                             \
        memcpy(d, &a, 16);                                                                      \
    }
#define LANES_SIGNED_SHIFT(name, type, most, result)                                            \
    static inline void lanes_##name(struct simd_value *d, const struct simd_value *s)          \
    {                                                                                           \
        uint64_t count = s->q[0] > (most) ? (most) : s->q[0];                                   \
        lanes_##type a;                                                                         \
        memcpy(&a, d, 16);                                                                      \
        a = result;                                                                             \
        memcpy(d, &a, 16);                                                                      \
    }
SIMD_SHIFTS(LANES_SHIFT)
SIMD_SIGNED_SHIFTS(LANES_SIGNED_SHIFT)

/* --- where lanes move: of 16 bytes only ------------------------------------------------------- */

/* Four bytes, or two words, of 32 bits, with as much room behind each. */
static inline uint64_t lanes_spread8(uint64_t v)
{
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    return (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
}
static inline uint64_t lanes_spread16(uint64_t v)
{
    return (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
}
static inline uint64_t lanes_spread32(uint64_t v)
{
    return v;
}
/* Lanes of both operands in turn, from the lower or the upper half: X(name, bits, half). */
#define SIMD_UNPACKS(X)                                                            \
    X(punpcklbw, 8, 0) X(punpcklwd, 16, 0) X(punpckldq, 32, 0)                     \
    X(punpckhbw, 8, 1) X(punpckhwd, 16, 1) X(punpckhdq, 32, 1)
#define LANES_UNPACK(name, bits, half)                                                          \
    static inline void lanes_##name(struct simd_value *d, const struct simd_value *s)          \
    {                                                                                           \
        uint64_t a = d->q[half], b = s->q[half];                                                \
        d->q[0] = lanes_spread##bits((uint32_t)a) | lanes_spread##bits((uint32_t)b) << (bits);  \
        d->q[1] = lanes_spread##bits(a >> 32) | lanes_spread##bits(b >> 32) << (bits);          \
    }
SIMD_UNPACKS(LANES_UNPACK)

/* Lanes of half the size, out of 64 bits whose lanes fit into that. */
static inline uint64_t lanes_squeeze16(uint64_t v)
{
    v = (v | v >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (v | v >> 16) & UINT32_MAX;
}
static inline uint64_t lanes_squeeze32(uint64_t v)
{
    return (v | v >> 16) & UINT32_MAX;
}
/* Signed lanes of `bits`, saturated, the destination's below the source's: X(name, bits, least, most). */
#define SIMD_PACKS(X)                                                              \
    X(packsswb, 16, INT8_MIN, INT8_MAX) X(packuswb, 16, 0, UINT8_MAX)              \
    X(packssdw, 32, INT16_MIN, INT16_MAX) X(packusdw, 32, 0, UINT16_MAX)
#define LANES_PACK(name, bits, least, most)                                                     \
    static inline uint64_t lanes_half_##name(const struct simd_value *v)                             \
    {                                                                                           \
        const lanes_s##bits zero = {0};                                                         \
        lanes_s##bits a;                                                                        \
        lanes_u##bits r;                                                                        \
        struct simd_value parts;                                                                \
        memcpy(&a, v, 16);                                                                      \
        a = LANES_EITHER((lanes_s##bits)(a < zero + (least)), zero + (least), a);               \
        a = LANES_EITHER((lanes_s##bits)(a > zero + (most)), zero + (most), a);                 \
        r = (lanes_u##bits)a & (uint##bits##_t)((UINT32_C(1) << (bits) / 2) - 1);               \
        memcpy(&parts, &r, 16);                                                                 \
        return lanes_squeeze##bits(parts.q[0]) | lanes_squeeze##bits(parts.q[1]) << 32;         \
    }                                                                                           \
    static inline void lanes_##name(struct simd_value *d, const struct simd_value *s)          \
    {                                                                                           \
        uint64_t low = lanes_half_##name(d);                                                          \
        d->q[1] = lanes_half_##name(s);                                                               \
        d->q[0] = low;                                                                          \
    }
SIMD_PACKS(LANES_PACK)

static inline void lanes_punpcklqdq(struct simd_value *d, const struct simd_value *s)
{
    d->q[1] = s->q[0];
}
static inline void lanes_punpckhqdq(struct simd_value *d, const struct simd_value *s)
{
    *d = (struct simd_value){{d->q[1], s->q[1]}};
}

/* The highest bits of eight bytes. */
static inline unsigned lanes_signs8(uint64_t v)
{
    return (unsigned)((v & UINT64_C(0x8080808080808080)) * UINT64_C(0x0002040810204081) >> 56);
}

static inline uint32_t lanes_dword(const struct simd_value *v, unsigned n)
{
    return (uint32_t)(v->q[n >> 1 & 1] >> (n & 1) * 32);
}

static inline struct simd_value lanes_dwords(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return (struct simd_value){{a | (uint64_t)b << 32, c | (uint64_t)d << 32}};
}

/* Four dwords, two bits of `choice` each: two of `low`, two of `high`. PSHUFD has one operand, SHUFPS two. */
static inline struct simd_value lanes_shuffle(const struct simd_value *low, const struct simd_value *high,
                                              unsigned choice)
{
    return lanes_dwords(lanes_dword(low, choice & 3), lanes_dword(low, choice >> 2 & 3),
                        lanes_dword(high, choice >> 4 & 3), lanes_dword(high, choice >> 6 & 3));
}

#endif
