/*
 * binary32 and binary64 arithmetic in integer code, one value at a time, with the rules of SSE
 * (SDM vol. 1, 4.8, 11.5 and table 4-7). bytes is 4 or 8; the exceptions go to env->raised, masked
 * or not; whether an instruction then stops is simd_execute()'s to see.
 */
#ifndef VITRINE_CPU_SIMD_FLOAT_H
#define VITRINE_CPU_SIMD_FLOAT_H

#include "cpu/simd.h"

typedef uint64_t simd_binary(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b);
simd_binary simd_float_add, simd_float_sub, simd_float_mul, simd_float_div, simd_float_min,
    simd_float_max;
/* b's root; a is not looked at. */
simd_binary simd_float_sqrt;

enum simd_relation { SIMD_LESS, SIMD_EQUAL, SIMD_GREATER, SIMD_UNORDERED };
/* is_quiet: QNaNs raise nothing. */
enum simd_relation simd_float_compare(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b,
                                      bool is_quiet);

/* To an integer of int_bytes (4 or 8), by MXCSR.RC or truncating; 80...0 where it does not fit. */
uint64_t simd_float_to_int(struct simd_env *env, unsigned bytes, uint64_t a, unsigned int_bytes,
                           bool truncates);
uint64_t simd_float_from_int(struct simd_env *env, unsigned bytes, int64_t value);
uint64_t simd_float_widen(struct simd_env *env, uint64_t a);  /* binary32 to binary64 */
uint64_t simd_float_narrow(struct simd_env *env, uint64_t a); /* binary64 to binary32 */
/* ROUNDPS and its kin: control is their immediate. */
uint64_t simd_float_round(struct simd_env *env, unsigned bytes, uint64_t a, unsigned control);

/* RCPPS, RSQRTPS: binary32, raise nothing. */
uint32_t simd_float_reciprocal(uint32_t a);
uint32_t simd_float_reciprocal_root(uint32_t a);

#endif
