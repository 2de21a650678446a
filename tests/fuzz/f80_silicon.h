/*
 * The x87 of the workstation as an oracle for the emulated one: small stubs of machine code, each
 * "load a whole x87 state, execute one instruction, store the state", and a generator of operands
 * that likes the corners. Used by the unit tests in short and by the programs of this folder at
 * length.
 *
 * Only on x86-64; elsewhere SILICON_PRESENT is 0.
 */
#ifndef VITRINE_TESTS_FUZZ_F80_SILICON_H
#define VITRINE_TESTS_FUZZ_F80_SILICON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/f80.h"

#if defined(__x86_64__) && defined(__linux__)
#define SILICON_PRESENT 1
#include <sys/mman.h>
#else
#define SILICON_PRESENT 0
#endif

/* The 32-bit protected mode image of FNSAVE (SDM vol. 1, figures 8-9 and 8-13), 108 bytes. */
struct silicon_image {
    uint16_t control, pad0, status, pad1, tag, pad2;
    uint32_t ip, cs_opcode, dp, ds;
    uint8_t reg[8][10]; /* in stack order */
};

static inline void silicon_set(struct silicon_image *image, int i, struct f80 value)
{
    for (int k = 0; k < 8; k++)
        image->reg[i][k] = (uint8_t)(value.significand >> (8 * k));
    image->reg[i][8] = (uint8_t)value.sign_exponent;
    image->reg[i][9] = (uint8_t)(value.sign_exponent >> 8);
}

static inline struct f80 silicon_get(const struct silicon_image *image, int i)
{
    struct f80 value = {0, 0};
    for (int k = 0; k < 8; k++)
        value.significand |= (uint64_t)image->reg[i][k] << (8 * k);
    value.sign_exponent = (uint16_t)(image->reg[i][8] | image->reg[i][9] << 8);
    return value;
}

#if SILICON_PRESENT

/* Sixteen bytes of code for each opcode D8-DF and modrm; memory operands are at [rdi]. */
struct silicon {
    uint8_t *code;
};

#define SILICON_STUB 32

static inline bool silicon_open(struct silicon *silicon)
{
    size_t size = 8 * 256 * SILICON_STUB;
    void *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        return false;
    silicon->code = code;
    for (int i = 0; i < 8 * 256; i++) {
        /* push flags; popf from r8 ; frstor [rsi]; op; fnsave [rdx]; pushf; pop rax; ret */
        uint8_t stub[SILICON_STUB] = {0xDD, 0x26, 0x41, 0x50, 0x9D, 0,
                                      0,    0xDD, 0x32, 0x9C, 0x58, 0xC3};
        stub[5] = (uint8_t)(0xD8 + (i >> 8));
        stub[6] = (uint8_t)i;
        memcpy(silicon->code + i * SILICON_STUB, stub, SILICON_STUB);
    }
    return mprotect(code, size, PROT_READ | PROT_EXEC) == 0;
}

static inline void silicon_close(struct silicon *silicon)
{
    munmap(silicon->code, 8 * 256 * SILICON_STUB);
}

/*
 * Executes one instruction between the two images. modrm >= C0: registers; else it must be mod 0,
 * rm 7, and memory is the operand. Returns RFLAGS, which start as eflags.
 */
static inline uint64_t silicon_execute(const struct silicon *silicon, uint8_t opcode, uint8_t modrm,
                                       const struct silicon_image *before,
                                       struct silicon_image *after, void *memory, uint64_t eflags)
{
    const uint8_t *entry = silicon->code + ((opcode - 0xD8) * 256 + modrm) * SILICON_STUB;
    uint64_t flags;
    register uint64_t in_flags __asm__("r8") = eflags | 0x202;
    /* The red zone is skipped, as the stub pushes. */
    __asm__ volatile("addq $-128, %%rsp\n\tcall *%[entry]\n\tsubq $-128, %%rsp"
                     : "=a"(flags)
                     : [entry] "r"(entry), "S"(before), "d"(after), "D"(memory), "r"(in_flags)
                     : "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
                       "st(7)");
    return flags;
}

/* FSCALE of a denormal by zero and FPREM, FPREM1 of one by infinity, UE unmasked: Intel's processors hand it on, as the model
 * has to; AMD's raise UE, so that this cannot be compared with them. */
static inline bool silicon_is_another_makers(uint8_t opcode, uint8_t modrm, struct f80 a,
                                             struct f80 b, uint16_t control)
{
    enum f80_class class = f80_classify(b);
    __builtin_cpu_init();
    return !__builtin_cpu_is("intel") && opcode == 0xD9 && !(control & F80_UE) &&
           f80_classify(a) == F80_CLASS_DENORMAL &&
           (modrm == 0xFD ? class == F80_CLASS_ZERO
                          : (modrm == 0xF5 || modrm == 0xF8) && class == F80_CLASS_INFINITY);
}

/* Two results of a function that differ, UE unmasked. The exact value lies less than a unit below the smallest normal number:
 * it is tiny, and its exponent is moved, while the silicon rounds up to that number. Or the exact value is that number, and
 * the silicon's lies below (FYL2X of 1/2 and 2^-16382 on an Intel Xeon). */
static inline bool silicon_is_at_the_edge(struct f80 real, struct f80 model, uint16_t control)
{
    const uint64_t smallest = UINT64_C(1) << 63;
    bool differ =
        real.significand != model.significand || real.sign_exponent != model.sign_exponent;
    return differ && !(control & F80_UE) &&
           (((real.sign_exponent & 0x7FFF) == 1 && real.significand == smallest) ||
            ((model.sign_exponent & 0x7FFF) == 1 && model.significand == smallest));
}

#endif

/* xorshift64*, Vigna 2016: repeatable everywhere. */
static inline uint64_t silicon_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static const struct f80 SILICON_SPECIAL[] = {
    {0,                            0x0000},
    {0,                            0x8000},
    {UINT64_C(0x8000000000000000), 0x3FFF}, /* 1 */
    {UINT64_C(0x8000000000000000), 0xBFFF},
    {UINT64_C(0x8000000000000000), 0x3FFE}, /* 0.5 */
    {UINT64_C(0xC000000000000000), 0x3FFF}, /* 1.5 */
    {UINT64_C(0xA000000000000000), 0xC000}, /* -2.5 */
    {UINT64_C(0x8000000000000000), 0x7FFF}, /* infinity */
    {UINT64_C(0x8000000000000000), 0xFFFF},
    {UINT64_C(0xC000000000000000), 0xFFFF}, /* indefinite */
    {UINT64_C(0xC000000000000001), 0x7FFF}, /* QNaNs */
    {UINT64_C(0xC000000000000001), 0xFFFF},
    {UINT64_C(0x8000000000000001), 0x7FFF}, /* SNaNs */
    {UINT64_C(0xBFFFFFFFFFFFFFFF), 0xFFFF},
    {UINT64_C(0x0000000000000000), 0x7FFF}, /* pseudo-infinity */
    {UINT64_C(0x4000000000000000), 0x7FFF}, /* pseudo-NaN */
    {UINT64_C(0x7FFFFFFFFFFFFFFF), 0x3FFF}, /* unnormal */
    {UINT64_C(0x0000000000000000), 0x0001}, /* pseudo-zero */
    {UINT64_C(0x8000000000000000), 0x0000}, /* pseudo-denormal */
    {UINT64_C(0xFFFFFFFFFFFFFFFF), 0x8000},
    {UINT64_C(0x0000000000000001), 0x0000}, /* denormals */
    {UINT64_C(0x7FFFFFFFFFFFFFFF), 0x0000},
    {UINT64_C(0x4000000000000000), 0x8000},
    {UINT64_C(0x8000000000000000), 0x0001}, /* smallest normal */
    {UINT64_C(0xFFFFFFFFFFFFFFFF), 0x7FFE}, /* largest */
    {UINT64_C(0xFFFFFFFFFFFFFFFF), 0xFFFE},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), 0x3FFF},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), 0x3FFE},
    {UINT64_C(0x8000000000000000), 0x403E}, /* 2^63 */
    {UINT64_C(0x8000000000000000), 0xC03E},
    {UINT64_C(0x8000000000000000), 0xC01E}, /* -2^31 */
    {UINT64_C(0xFFFFFFFE00000000), 0x401D}, /* 2^31 - 1 */
    {UINT64_C(0xDE0B6B3A763FFFF0), 0x403A}, /* 10^18 - 1 */
    {UINT64_C(0xDE0B6B3A763FFFF8), 0x403A}, /* 10^18 - 1/2 */
};

#define SILICON_SPECIALS (sizeof SILICON_SPECIAL / sizeof *SILICON_SPECIAL)

/* A significand that is short, dense, next to a carry, or anything. */
static inline uint64_t silicon_random_significand(uint64_t *seed)
{
    uint64_t r = silicon_random(seed), choice = silicon_random(seed);
    unsigned count = (unsigned)(choice >> 8) & 63;
    switch (choice & 7) {
    case 0: r = r << count; break;                          /* few bits */
    case 1: r = ~UINT64_C(0) << count; break;               /* ones, zeros */
    case 2: r = (r & 7) + (UINT64_C(0) - (r >> 60)); break; /* all ones or nearly zero */
    case 3: r = (r & ~UINT64_C(0x7FF)) | 0x400; break;      /* tie in double */
    case 4: r = (r & ~UINT64_C(0xFFFFFFFFFF)) | UINT64_C(1) << 39; break; /* tie in single */
    case 5: r = UINT64_C(1) << count | (choice >> 20 & 3); break;
    default: break;
    }
    return r | UINT64_C(0x8000000000000000);
}

/* Any operand; *near is an exponent that the next one likes to be close to. */
static inline struct f80 silicon_random_operand(uint64_t *seed, int *near)
{
    uint64_t choice = silicon_random(seed);
    struct f80 value = {silicon_random_significand(seed), 0};
    int exponent;
    switch (choice & 15) {
    case 0: return SILICON_SPECIAL[(choice >> 8) % SILICON_SPECIALS];
    case 1: exponent = (int)(choice >> 8) & 0x7FFF; break;
    case 2: exponent = (int)(choice >> 8) % 130; break;
    case 3: exponent = 0x7FFE - (int)(choice >> 8) % 130; break;
    case 4: exponent = 0x3FFF + (int)(choice >> 8) % 80; break;
    case 5: /* a denormal, sometimes pseudo */
        exponent = 0;
        value.significand >>= (choice >> 8) & 63;
        break;
    case 6: exponent = 0x3FFF - (int)(choice >> 8) % 8; break;
    case 7: /* around the limits of double and single */
        exponent = 0x3FFF + ((choice & 0x100) != 0 ? 127 : 1023) * ((choice & 0x200) != 0 ? 1 : -1);
        exponent += (int)(choice >> 12 & 63) - 32;
        break;
    default: exponent = *near + (int)(choice >> 8) % 140 - 70; break;
    }
    if (exponent < 0 || exponent > 0x7FFE)
        exponent = 0x3FFF;
    *near = exponent;
    value.sign_exponent = (uint16_t)(exponent | (int)(choice >> 48 & 0x8000));
    return value;
}

#endif
