/*
 * One MMX or SSE instruction at a time, for every row of cpu/ops_simd.def that works on values: here
 * and on the workstation's silicon, on random and special operands under all roundings, masks, DAZ
 * and FTZ. An unmasked exception arrives as SIGFPE.
 */
#ifndef VITRINE_TESTS_FUZZ_SIMD_CASES_H
#define VITRINE_TESTS_FUZZ_SIMD_CASES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP */
#endif
#include <inttypes.h>
#include <stdio.h>

#include "cpu/decode.h"
#include "cpu/simd_instructions.h"
#include "tests/fuzz/f80_silicon.h"

#if SILICON_PRESENT

#include <signal.h>
#include <ucontext.h>

/* The operands: destination and source are register 1 and 2 of each kind (XMM, MMX, ECX and EDX),
 * ModRM.reg naming 1 and ModRM.rm naming 2. */
struct simd_state {
    struct simd_value xmm[3];
    uint64_t mm[3];
    uint64_t gpr[3]; /* RAX, RCX, RDX */
    uint64_t flags;
    uint32_t mxcsr, pad[5];
    uint8_t memory[16]; /* aligned; [RDI] */
};

#define SIMD_FLAGS UINT64_C(0x8D5)
#define SIMD_STUB  16

struct simd_silicon {
    uint8_t *code; /* one stub */
};

/* The instruction that raised is skipped: the stub keeps the address behind it in R10. */
static void simd_skip(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)signal_number, (void)info;
    c->uc_mcontext.gregs[REG_RIP] = c->uc_mcontext.gregs[REG_R10];
}

static bool simd_open(struct simd_silicon *silicon)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    if (code == MAP_FAILED)
        return false;
    silicon->code = code;
    action.sa_sigaction = simd_skip;
    return sigaction(SIGFPE, &action, NULL) == 0;
}

static void simd_close(struct simd_silicon *silicon)
{
    signal(SIGFPE, SIG_DFL);
    munmap(silicon->code, 4096);
}

/* Writes the machine code of a row; returns its length. */
static unsigned simd_assemble(const struct opcode_row *row, bool has_memory, uint8_t immediate,
                              uint8_t *code)
{
    static const uint8_t prefixes[] = {[SIMD_66] = 0x66, [SIMD_F3] = 0xF3, [SIMD_F2] = 0xF2};
    unsigned n = 0, map = row->opcode >> 8;
    if (row->simd.prefix != SIMD_NP)
        code[n++] = prefixes[row->simd.prefix];
    code[n++] = 0x0F;
    if (map != 0x0F)
        code[n++] = (uint8_t)map;
    code[n++] = (uint8_t)row->opcode;
    unsigned reg = row->digit == ROW_ANY ? 1 : row->digit;
    code[n++] = (uint8_t)(reg << 3 | (has_memory ? 7u : 0xC2u));
    if (row->immediate == IMM_IB)
        code[n++] = immediate;
    return n;
}

/* Executes the assembled instruction between the states. */
static void simd_run_native(const struct simd_silicon *silicon, unsigned length,
                            const struct simd_state *before, struct simd_state *after)
{
    uint32_t ordinary = SIMD_MXCSR_RESET;
    *after = *before;
    register const uint8_t *entry __asm__("r9") = silicon->code;
    register const uint8_t *end __asm__("r10") = silicon->code + length;
    register const uint32_t *mxcsr __asm__("r11") = &ordinary;
    silicon->code[length] = 0xC3;
    __asm__ volatile("addq $-128, %%rsp\n\t" /* the red zone */
                     "movdqu 0(%%rsi), %%xmm0\n\tmovdqu 16(%%rsi), %%xmm1\n\t"
                     "movdqu 32(%%rsi), %%xmm2\n\t"
                     "movq 48(%%rsi), %%mm0\n\tmovq 56(%%rsi), %%mm1\n\tmovq 64(%%rsi), %%mm2\n\t"
                     "ldmxcsr 104(%%rsi)\n\tpushq 96(%%rsi)\n\tpopfq\n\t"
                     "movq 72(%%rsi), %%rax\n\tmovq 80(%%rsi), %%rcx\n\tmovq 88(%%rsi), %%rdx\n\t"
                     "call *%%r9\n\t"
                     "movq %%rax, 72(%%rsi)\n\tmovq %%rcx, 80(%%rsi)\n\tmovq %%rdx, 88(%%rsi)\n\t"
                     "pushfq\n\tpopq 96(%%rsi)\n\tstmxcsr 104(%%rsi)\n\tldmxcsr (%%r11)\n\t"
                     "movdqu %%xmm0, 0(%%rsi)\n\tmovdqu %%xmm1, 16(%%rsi)\n\t"
                     "movdqu %%xmm2, 32(%%rsi)\n\t"
                     "movq %%mm0, 48(%%rsi)\n\tmovq %%mm1, 56(%%rsi)\n\tmovq %%mm2, 64(%%rsi)\n\t"
                     "emms\n\tsubq $-128, %%rsp"
                     :
                     : "S"(after), "D"(after->memory), "r"(entry), "r"(end), "r"(mxcsr)
                     : "rax", "rcx", "rdx", "memory", "cc", "xmm0", "xmm1", "xmm2", "st", "st(1)",
                       "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    after->flags &= SIMD_FLAGS;
}

/* --- the same by the model ---------------------------------------------------------------------- */

static bool simd_is_at_rm(unsigned place)
{
    return place == SIMD_EX || place == SIMD_EM || place == SIMD_ER;
}

static struct simd_value simd_fetch(const struct simd_state *state, unsigned place,
                                    uint8_t immediate)
{
    unsigned n = simd_is_at_rm(place) ? 2 : 1;
    if (place == SIMD_GX || place == SIMD_EX)
        return state->xmm[n];
    if (place == SIMD_IMMEDIATE)
        return (struct simd_value){{immediate, 0}};
    return (struct simd_value){
        {place == SIMD_GM || place == SIMD_EM ? state->mm[n] : (uint32_t)state->gpr[n], 0}};
}

static void simd_put(struct simd_state *state, unsigned place, const struct simd_value *v)
{
    unsigned n = simd_is_at_rm(place) ? 2 : 1;
    if (place == SIMD_GX || place == SIMD_EX)
        state->xmm[n] = *v;
    else if (place == SIMD_GM || place == SIMD_EM)
        state->mm[n] = v->q[0];
    else
        state->gpr[n] = (uint32_t)v->q[0];
}

static struct simd_value simd_from_memory(const struct simd_state *state, unsigned bytes)
{
    struct simd_value v = {{0, 0}};
    for (unsigned n = 0; n < bytes; n++)
        v.q[n >> 3] |= (uint64_t)state->memory[n] << (8 * (n & 7));
    return v;
}

static void simd_run_model(const struct opcode_row *row, bool has_memory, uint8_t immediate,
                           const struct simd_state *before, struct simd_state *after)
{
    const struct simd_row *simd = &row->simd;
    bool is_store = has_memory && simd_is_at_rm(simd->to);
    bool is_xmm = simd->to == SIMD_GX || simd->to == SIMD_EX || simd->from == SIMD_GX ||
                  simd->from == SIMD_EX;
    struct simd_env env = {.mxcsr = before->mxcsr,
                           .bytes = is_xmm ? 16 : 8,
                           .immediate = immediate,
                           .is_memory = has_memory,
                           .ax = (uint32_t)before->gpr[0],
                           .dx = (uint32_t)before->gpr[2],
                           .xmm0 = before->xmm[0]};
    struct simd_value s = has_memory && !is_store ? simd_from_memory(before, simd->memory_bytes)
                                                  : simd_fetch(before, simd->from, immediate);
    struct simd_value d = is_store ? (struct simd_value){{0, 0}}
                                   : simd_fetch(before, simd->to, immediate);
    *after = *before;
    bool is_done = simd_execute(simd, &env, &d, &s);
    after->mxcsr |= env.raised;
    if (!is_done)
        return;
    for (unsigned n = 0; is_store && n < simd->memory_bytes; n++)
        after->memory[n] = (uint8_t)(d.q[n >> 3] >> (8 * (n & 7)));
    if (!is_store)
        simd_put(after, simd->to, &d);
    if (env.writes_flags)
        after->flags = env.flags;
    if (env.writes_cx)
        after->gpr[1] = env.cx;
    if (env.writes_xmm0)
        after->xmm[0] = env.xmm0;
}

/* --- operands ----------------------------------------------------------------------------------- */

static uint64_t simd_random_float(uint64_t *seed, unsigned bytes, unsigned *near)
{
    unsigned fraction_bits = bytes == 4 ? 23 : 52, top = bytes == 4 ? 255 : 2047;
    uint64_t r = silicon_random(seed), choice = silicon_random(seed), exponent;
    uint64_t fraction = r & ((UINT64_C(1) << fraction_bits) - 1);
    unsigned count = (unsigned)(choice >> 8) % fraction_bits;
    switch (choice >> 16 & 7) { /* few bits, all ones, next to a carry, anything */
    case 0: fraction = 0; break;
    case 1: fraction = (UINT64_C(1) << fraction_bits) - 1 - (r >> 62); break;
    case 2: fraction = UINT64_C(1) << count; break;
    case 3: fraction = fraction >> count << count; break;
    case 4: fraction >>= count; break;
    default: break;
    }
    switch (choice & 15) {
    case 0: exponent = top; break;
    case 1: exponent = 0; break;
    case 2: exponent = 1 + (choice >> 24) % 4; break;
    case 3: exponent = top - 1 - (choice >> 24) % 4; break;
    case 4: exponent = (choice >> 24) % (top + 1); break;
    case 5: exponent = (top >> 1) + (choice >> 24) % 66; break; /* around integers */
    case 6: exponent = (top >> 1) - (choice >> 24) % 40; break;
    case 7: /* doubles at the limits of singles */
        exponent = bytes == 4 ? *near : 1023u - 157u + (choice & 0x800000 ? 254u : 0u) +
                                            (choice >> 24) % 60;
        break;
    case 8: exponent = top - *near + (choice >> 24) % 5 - 2; break; /* products near one */
    case 9: exponent = (top >> 1) * 3 / 2 - *near / 2 + (choice >> 24) % 5; break;
    case 10: exponent = (top >> 1) + *near + (choice >> 24) % 5 - 2; break; /* quotients */
    default: exponent = *near + (choice >> 24) % 120 - 60; break;
    }
    if (exponent > top)
        exponent = top >> 1;
    *near = (unsigned)exponent;
    return (choice >> 63) << (8 * bytes - 1) | exponent << fraction_bits | fraction;
}

enum simd_kind { SIMD_KIND_SINGLE, SIMD_KIND_DOUBLE, SIMD_KIND_INTEGER };

/* By the source's type in the mnemonic. */
static enum simd_kind simd_kind_of(const char *name)
{
    char end[3] = {0};
    size_t length = strlen(name);
    memcpy(end, name + length - 2, 2);
    if (strncmp(name, "cvt", 3) == 0)
        memcpy(end, name + (name[3] == 't' ? 4 : 3), 2);
    if (name[0] == 'p' || strncmp(name, "mov", 3) == 0)
        return SIMD_KIND_INTEGER;
    if (strcmp(end, "ps") == 0 || strcmp(end, "ss") == 0)
        return SIMD_KIND_SINGLE;
    return strcmp(end, "pd") == 0 || strcmp(end, "sd") == 0 ? SIMD_KIND_DOUBLE : SIMD_KIND_INTEGER;
}

static struct simd_value simd_random_value(uint64_t *seed, enum simd_kind kind, unsigned *near)
{
    struct simd_value v = {{silicon_random(seed), silicon_random(seed)}};
    uint64_t r = silicon_random(seed);
    if (kind == SIMD_KIND_SINGLE)
        for (unsigned n = 0; n < 4; n++)
            simd_set_lane(&v, 4, n, simd_random_float(seed, 4, &near[n]));
    if (kind == SIMD_KIND_DOUBLE)
        for (unsigned n = 0; n < 2; n++)
            simd_set_lane(&v, 8, n, simd_random_float(seed, 8, &near[n]));
    if (kind != SIMD_KIND_INTEGER)
        return v;
    for (unsigned n = 0; n < 16; n++) { /* limits, equal bytes, ends of strings */
        static const uint8_t special[4] = {0, 0x7F, 0x80, 0xFF};
        if ((r & 3) == 1 && (r >> (8 + 3 * n) & 7) < 4)
            simd_set_lane(&v, 1, n, special[r >> (8 + 3 * n) & 3]);
        if ((r & 3) == 2)
            simd_set_lane(&v, 1, n, 'a' + simd_lane(&v, 1, n) % 4);
    }
    if ((r & 3) == 2 && (r & 4))
        simd_set_lane(&v, 1, (unsigned)(r >> 60), 0);
    if ((r & 0xF3) == 0x10) /* counts of shifts */
        v.q[0] = v.q[0] % 70;
    return v;
}

static void simd_random_state(uint64_t *seed, enum simd_kind kind, struct simd_state *state)
{
    unsigned near[4] = {127, 127, 127, 127};
    uint64_t r = silicon_random(seed);
    struct simd_value memory;
    if (kind == SIMD_KIND_DOUBLE)
        near[0] = near[1] = 1023;
    memset(state, 0, sizeof *state);
    for (unsigned n = 0; n < 3; n++) {
        state->xmm[n] = simd_random_value(seed, kind, near);
        state->mm[n] = simd_random_value(seed, kind, near).q[0];
        state->gpr[n] = (uint32_t)silicon_random(seed);
    }
    if (r & 0x40) /* lengths of strings */
        state->gpr[0] = (uint32_t)(int32_t)(r >> 8 & 31) - 8, state->gpr[2] = r >> 16 & 31;
    if ((r & 0x1F00000) == 0)
        state->xmm[2] = state->xmm[1];
    memory = r & 0x80 ? state->xmm[2] : simd_random_value(seed, kind, near);
    memcpy(state->memory, memory.q, sizeof state->memory); /* the silicon is little-endian */
    r = silicon_random(seed);
    state->flags = r & SIMD_FLAGS;
    state->mxcsr = (uint32_t)(r >> 16) & SIMD_RC;
    state->mxcsr |= (r >> 32 & 7) == 0 ? (uint32_t)(r >> 40) & SIMD_MASKS : SIMD_MASKS;
    state->mxcsr |= (r >> 35 & 3) == 0 ? SIMD_DAZ : 0u;
    state->mxcsr |= (r >> 37 & 3) == 0 ? SIMD_FTZ : 0u;
}

/* --- comparison --------------------------------------------------------------------------------- */

static void simd_print(const char *who, const struct simd_state *s)
{
    printf("  %s mxcsr=%04X flags=%03" PRIX64 " ax=%" PRIX64 " cx=%" PRIX64 " dx=%" PRIX64 "\n", who,
           s->mxcsr, s->flags, s->gpr[0], s->gpr[1], s->gpr[2]);
    printf("    mm1=%016" PRIX64 " mm2=%016" PRIX64 " memory=", s->mm[1], s->mm[2]);
    for (int n = 15; n >= 0; n--)
        printf("%02X", s->memory[n]);
    for (unsigned n = 0; n < 3; n++)
        printf("\n    xmm%u=%016" PRIX64 "_%016" PRIX64, n, s->xmm[n].q[1], s->xmm[n].q[0]);
    printf("\n");
}

/* RCP and RSQRT: the bound of SDM vol. 2, 1.5 * 2^-12, both against the exact value; zeros,
 * infinities and NaNs must be the silicon's. */
static bool simd_is_near(bool is_root, uint32_t source, uint32_t real, uint32_t model)
{
    float x, y;
    double error;
    unsigned exponent = real >> 23 & 255;
    if (exponent == 0 || exponent == 255) /* the silicon may err to below the smallest normal */
        return real == model || ((real & 0x7FFFFFFF) == 0 && model == (real | 0x00800000));
    memcpy(&x, &source, 4);
    memcpy(&y, &model, 4);
    error = is_root ? (double)x * y * y : (double)x * y;
    error = error > 1 ? error - 1 : 1 - error;
    return error <= (is_root ? 2 : 1) * 1.5 / 4096;
}

/* DPPS, DPPD: the manual does not say which of several NaNs the sum is, and makers differ. */
static bool simd_is_dot_product(const struct opcode_row *row)
{
    return row->opcode == 0x3A40 || row->opcode == 0x3A41;
}

static bool simd_is_nan(unsigned bytes, uint64_t lane)
{
    uint64_t infinity = bytes == 4 ? UINT64_C(0x7F800000) : UINT64_C(0x7FF0000000000000);
    return (lane & (infinity | (infinity - 1))) > infinity;
}

static void simd_forgive_nans(unsigned bytes, struct simd_value *real,
                              const struct simd_value *model)
{
    for (unsigned n = 0; n < 16 / bytes; n++)
        if (simd_is_nan(bytes, simd_lane(real, bytes, n)) &&
            simd_is_nan(bytes, simd_lane(model, bytes, n)))
            simd_set_lane(real, bytes, n, simd_lane(model, bytes, n));
}

static void simd_forgive(const struct opcode_row *row, bool has_memory,
                         const struct simd_state *before, struct simd_state *real,
                         const struct simd_state *model)
{
    bool is_root = (row->opcode & 0xFF) == 0x52;
    struct simd_value source =
        has_memory ? simd_from_memory(before, row->simd.memory_bytes) : before->xmm[2];
    if (simd_is_dot_product(row))
        simd_forgive_nans(row->opcode == 0x3A40 ? 4 : 8, &real->xmm[1], &model->xmm[1]);
    if (row->opcode != 0x0F52 && row->opcode != 0x0F53)
        return;
    for (unsigned n = 0; n < 4; n++)
        if (simd_is_near(is_root, (uint32_t)simd_lane(&source, 4, n),
                         (uint32_t)simd_lane(&real->xmm[1], 4, n),
                         (uint32_t)simd_lane(&model->xmm[1], 4, n)))
            simd_set_lane(&real->xmm[1], 4, n, simd_lane(&model->xmm[1], 4, n));
}

/* One random case of a row; false when silicon and model differ. */
static inline bool simd_run_case(const struct simd_silicon *silicon, const struct opcode_row *row,
                                 uint64_t *seed, bool is_loud)
{
    struct simd_state before __attribute__((aligned(16))), real __attribute__((aligned(16)));
    struct simd_state model, shown;
    uint64_t r = silicon_random(seed);
    uint8_t immediate = (uint8_t)(r >> 8 & (r & 0x1000000 ? 0xFF : 0x3F));
    bool has_memory = row->attributes & ROW_MEM || (!(row->attributes & ROW_NOMEM) && r & 1);
    unsigned length = simd_assemble(row, has_memory, immediate, silicon->code);
    simd_random_state(seed, simd_kind_of(row->mnemonic), &before);
    simd_run_native(silicon, length, &before, &real);
    simd_run_model(row, has_memory, immediate, &before, &model);
    shown = real;
    simd_forgive(row, has_memory, &before, &real, &model);
    bool is_same = memcmp(&real, &model, sizeof real) == 0;
    if (!is_same && is_loud) {
        printf("%s immediate=%02X%s\n", row->mnemonic, immediate, has_memory ? " memory" : "");
        simd_print("before ", &before);
        simd_print("silicon", &shown);
        simd_print("model  ", &model);
    }
    return is_same;
}

/* What the silicon has; the rows of what it lacks are left out. */
static bool simd_silicon_has(const struct opcode_row *row)
{
    __builtin_cpu_init();
    switch (row->feature) {
    case FEATURE_SSE3: return __builtin_cpu_supports("sse3") != 0;
    case FEATURE_SSSE3: return __builtin_cpu_supports("ssse3") != 0;
    case FEATURE_SSE41: return __builtin_cpu_supports("sse4.1") != 0;
    case FEATURE_SSE42: return __builtin_cpu_supports("sse4.2") != 0;
    default: return true;
    }
}

#endif

#endif
