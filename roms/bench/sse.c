/* SSE2 kernels on integers: what C libraries do with strings and blocks of memory, and pictures. float.c, compiled for
 * SSE2, has those on floats. */
#include <emmintrin.h>

#include "bench.h"

#define BYTES 65536u
#define TEXT HEAP
#define OTHER (HEAP + 2 * BYTES)

static __m128i load_at(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

void prepare_sse(void)
{
    uint32_t cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1u << 9)); /* OSFXSR */
    for (uint32_t i = 0; i < BYTES; i++)
        TEXT[i] = i % 61 ? (uint8_t)(i * 7 | 1) : 0;
}

/* The zeros in a text, sixteen bytes at a time, as strlen() and its kin look for them. */
uint32_t k_sse_scan(void)
{
    const __m128i zero = _mm_setzero_si128();
    uint32_t total = 0;
    for (unsigned turn = 0; turn < 40; turn++)
        for (uint32_t at = 0; at < BYTES; at += 16) {
            uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(load_at(TEXT + at), zero));
            if (mask)
                total += at + (uint32_t)__builtin_ctz(mask);
        }
    return total;
}

/* To an address that is no multiple of 16. */
uint32_t k_sse_copy(void)
{
    uint32_t total = 0;
    for (unsigned turn = 0; turn < 100; turn++) {
        for (uint32_t at = 0; at < BYTES; at += 64) {
            __m128i a = load_at(TEXT + at), b = load_at(TEXT + at + 16);
            __m128i c = load_at(TEXT + at + 32), d = load_at(TEXT + at + 48);
            __m128i *to = (__m128i *)(void *)(OTHER + at + 8);
            _mm_storeu_si128(to, a);
            _mm_storeu_si128(to + 1, b);
            _mm_storeu_si128(to + 2, c);
            _mm_storeu_si128(to + 3, d);
        }
        total += OTHER[turn * 100 + 9];
    }
    return total;
}

/* Bytes to words, weighted, and back: the inner loop of many a filter. */
uint32_t k_sse_pixels(void)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i sum = zero;
    for (unsigned turn = 0; turn < 20; turn++)
        for (uint32_t at = 0; at < BYTES; at += 16) {
            __m128i v = load_at(TEXT + at), low = _mm_unpacklo_epi8(v, zero), high = _mm_unpackhi_epi8(v, zero);
            low = _mm_srli_epi16(_mm_mullo_epi16(low, _mm_set1_epi16(77)), 8);
            high = _mm_srli_epi16(_mm_mullo_epi16(high, _mm_set1_epi16(29)), 8);
            sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_packus_epi16(low, high), _mm_set1_epi16(3)));
            sum = _mm_xor_si128(_mm_shuffle_epi32(sum, 0x39), _mm_slli_epi32(sum, 1));
        }
    return (uint32_t)_mm_cvtsi128_si32(sum);
}
