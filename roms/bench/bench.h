/* The benchmark guest: its kernels, each of which does one unit of work and returns a checksum. */
#ifndef ROMS_BENCH_H
#define ROMS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Memory (the first 64 MiB are mapped one to one, start.asm). */
#define HEAP ((uint8_t *)0x400000)          /* 12 MiB for the kernels' data */
#define GENERATED_CODE ((uint8_t *)0x1400000)
#define GENERATED_TABLE ((uint32_t *)0x1300000)
#define FAULTING_PAGES 0x1800000u
#define PAGE_TABLES ((volatile uint32_t *)0x201000) /* entry i maps page i */
#define PAGE_BYTES 4096u

/* A generator of numbers: xorshift, 32 bits, shifts 13, 17, 5 (Marsaglia, J. Stat. Softw. 8(14)). */
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* compiled.c */
uint32_t k_sieve(void);
uint32_t k_qsort(void);
uint32_t k_crc32(void);
uint32_t k_recursion(void);
uint32_t k_mix(void);
/* sha256.c, records.c, float.c */
uint32_t k_sha256(void);
uint32_t k_records(void);
uint32_t k_mandel(void);
uint32_t k_nbody(void);
/* float.c once more, sse.c: with SSE2, which prepare_sse() switches on */
void prepare_sse(void);
uint32_t k_sse_mandel(void);
uint32_t k_sse_nbody(void);
uint32_t k_sse_scan(void);
uint32_t k_sse_copy(void);
uint32_t k_sse_pixels(void);
/* bigcode.c */
uint32_t k_bigcode(void);
/* kernels.asm, start.asm */
uint32_t k_alu(uint32_t count);
void k_copy(const void *from, void *to, uint32_t lines);
const void *k_chase(const void *from, uint32_t count);
void k_rep_movs(const void *from, void *to, uint32_t dwords);
void k_rep_stos(void *to, uint32_t value, uint32_t dwords);
void k_out(uint32_t count);
void k_in(uint32_t count);
uint32_t k_patch(uint32_t count);
uint32_t k_call_generated(uint32_t function, void *data);
uint32_t k_system_calls(uint32_t count);
uint32_t k_real_mode(void);

#endif
