/* A working set of code as an operating system's: 4,000 functions of about 60 instructions each,
 * generated once, called in random order. */
#include "bench.h"

#define FUNCTIONS 4000u
#define STEPS 56u
#define CALLS 12000u

/* EAX ECX EDX ESI EDI EBP may be changed; EBX points to data. */
static const uint8_t USABLE[6] = {0, 1, 2, 6, 7, 5};

static uint8_t *put2(uint8_t *at, unsigned opcode, unsigned modrm)
{
    at[0] = (uint8_t)opcode;
    at[1] = (uint8_t)modrm;
    return at + 2;
}
static uint8_t *put3(uint8_t *at, unsigned opcode, unsigned modrm, unsigned byte)
{
    at = put2(at, opcode, modrm);
    *at = (uint8_t)byte;
    return at + 1;
}

/* One or three instructions on random registers. SDM vol. 2, appendix A (opcodes), §2.1.5 (ModRM). */
static uint8_t *put_step(uint8_t *at, uint32_t *state)
{
    static const uint8_t PLAIN[4] = {0x01, 0x29, 0x31, 0x89}; /* ADD, SUB, XOR, MOV r/m32, r32 */
    uint32_t kind = next_random(state) >> 28;
    unsigned to = USABLE[(next_random(state) >> 8) % 6], from = USABLE[(next_random(state) >> 8) % 6];
    unsigned slot = next_random(state) >> 8 & 0x7C, registers = 0xC0 | from << 3 | to;
    if (kind < 8)
        return put2(at, PLAIN[kind & 3], registers);
    if (kind < 11)
        return put3(at, 0x8B, 0x43 | to << 3, slot);          /* MOV r32, [EBX + slot] */
    if (kind < 13)
        return put3(at, 0x89, 0x43 | from << 3, slot);        /* MOV [EBX + slot], r32 */
    if (kind < 14)
        return put3(at, 0x83, 0xC0 | to, slot);               /* ADD r32, imm8 */
    at = put2(at, 0x85, 0xC0 | to << 3 | to);                 /* TEST r32, r32 */
    at = put2(at, slot & 4 ? 0x74 : 0x79, 2);                 /* JE or JNS over the next one */
    return put2(at, 0x01, registers);
}

static void generate(void)
{
    uint32_t state = 1013904223u;
    uint8_t *at = GENERATED_CODE;
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
        GENERATED_TABLE[f] = (uint32_t)(uintptr_t)at;
        for (uint32_t step = 0; step < STEPS; step++)
            at = put_step(at, &state);
        *at++ = 0xC3;
    }
}

uint32_t k_bigcode(void)
{
    static uint32_t state = 1812433253u; /* goes on: no two units call in the same order */
    uint32_t sum = 0;
    if (!GENERATED_TABLE[0])
        generate();
    for (unsigned i = 0; i < 1024; i++)
        HEAP[i] = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        uint32_t x = next_random(&state);
        sum = sum * 5 + k_call_generated(GENERATED_TABLE[(x >> 8) % FUNCTIONS], HEAP + (x & 7) * 128);
    }
    return sum;
}
