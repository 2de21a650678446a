/*
 * The functions of ops_simd.def's rows: simd_addps() and so on, prototypes made from the rows.
 */
#ifndef VITRINE_CPU_SIMD_INSTRUCTIONS_H
#define VITRINE_CPU_SIMD_INSTRUCTIONS_H

#include "cpu/simd.h"

#define SIMD(prefix, opcode, digit, mnemonic, to, from, bytes, immediate, function, feature, \
             attributes, alignment)                                                          \
    simd_function simd_##function;
#define SIMD_OWN(prefix, opcode, digit, mnemonic, form, size, immediate, handler, feature, \
                 attributes)
#include "cpu/ops_simd.def"
#undef SIMD
#undef SIMD_OWN

/* Number of ones; and the CRC of polynomial 11EDC6F41 over bytes of value (SDM vol. 2, CRC32). */
uint32_t simd_popcnt(uint32_t value);
uint32_t simd_crc32(uint32_t crc, uint32_t value, unsigned bytes);

#endif
