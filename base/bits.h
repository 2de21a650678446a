/* Bits, little-endian loads and stores, 128-bit products: nothing here knows of a machine. */
#ifndef VITRINE_BASE_BITS_H
#define VITRINE_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* For short functions that a compiler would share although their callers must not make calls. */
#define BASE_ALWAYS_INLINE inline __attribute__((always_inline))
/* In front of a loop of at most 32 turns, a number known when it is compiled. */
#ifdef __clang__
#define BASE_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define BASE_UNROLLED _Pragma("GCC unroll 32")
#endif
#define BASE_LIKELY(x) __builtin_expect(!!(x), 1)
#define BASE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define BASE_RARELY(x) __builtin_expect_with_probability(!!(x), 0, 0.999) /* out of the way, in gcc as well */

/* Guest memory is little endian whatever the workstation is. */
static inline uint16_t load_le16(const void *from)
{
    const uint8_t *p = from;
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}
static inline uint32_t load_le32(const void *from)
{
    const uint8_t *p = from;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t load_le64(const void *from)
{
    return load_le32(from) | (uint64_t)load_le32((const uint8_t *)from + 4) << 32;
}
static inline void store_le16(void *to, uint16_t value)
{
    uint8_t *p = to;
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}
static inline void store_le32(void *to, uint32_t value)
{
    store_le16(to, (uint16_t)value);
    store_le16((uint8_t *)to + 2, (uint16_t)(value >> 16));
}
static inline void store_le64(void *to, uint64_t value)
{
    store_le32(to, (uint32_t)value);
    store_le32((uint8_t *)to + 4, (uint32_t)(value >> 32));
}

/* Formats that keep numbers the other way round: network headers, qcow2, PNG. */
static inline uint16_t load_be16(const void *from)
{
    const uint8_t *p = from;
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}
static inline uint32_t load_be32(const void *from)
{
    return (uint32_t)load_be16(from) << 16 | load_be16((const uint8_t *)from + 2);
}
static inline uint64_t load_be64(const void *from)
{
    return (uint64_t)load_be32(from) << 32 | load_be32((const uint8_t *)from + 4);
}
static inline void store_be16(void *to, uint16_t value)
{
    uint8_t *p = to;
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}
static inline void store_be32(void *to, uint32_t value)
{
    store_be16(to, (uint16_t)(value >> 16));
    store_be16((uint8_t *)to + 2, (uint16_t)value);
}
static inline void store_be64(void *to, uint64_t value)
{
    store_be32(to, (uint32_t)(value >> 32));
    store_be32((uint8_t *)to + 4, (uint32_t)value);
}

/* Loads or stores 1, 2, 4 or 8 bytes, which are nearly always constant. */
static BASE_ALWAYS_INLINE uint64_t load_le(const void *from, unsigned bytes)
{
    switch (bytes) {
    case 1: return *(const uint8_t *)from;
    case 2: return load_le16(from);
    case 4: return load_le32(from);
    default: return load_le64(from);
    }
}
static BASE_ALWAYS_INLINE void store_le(void *to, unsigned bytes, uint64_t value)
{
    switch (bytes) {
    case 1: *(uint8_t *)to = (uint8_t)value; break;
    case 2: store_le16(to, (uint16_t)value); break;
    case 4: store_le32(to, (uint32_t)value); break;
    default: store_le64(to, value); break;
    }
}

/* All ones in the low 8 * bytes bits. */
static inline uint64_t mask_bytes(unsigned bytes)
{
    return bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * bytes)) - 1;
}

/* floor(a * b / c) with a 128-bit product; c > 0 and the quotient below 2^64. */
uint64_t muldiv_floor(uint64_t a, uint64_t b, uint64_t c);
/* The same, rounded up. */
uint64_t muldiv_ceil(uint64_t a, uint64_t b, uint64_t c);

/* FNV-1a, 64 bits, over bytes; start with HASH_START. Used for run hashes, not for security. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count);

#endif
