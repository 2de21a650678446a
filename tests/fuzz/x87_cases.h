/*
 * One x87 instruction at a time, on whole random states, here and on the workstation's silicon.
 */
#ifndef VITRINE_TESTS_FUZZ_X87_CASES_H
#define VITRINE_TESTS_FUZZ_X87_CASES_H

#include <inttypes.h>
#include <stdio.h>

#include "cpu/x87.h"
#include "tests/fuzz/f80_silicon.h"

#if SILICON_PRESENT

static const struct x87_format PROTECTED_32 = {.is_32bit = true, .is_real = false};
#define FLAGS_COMPARED UINT64_C(0x8D5)

/* A random but loadable state. waits: no unmasked exception may be pending. */
static void random_image(uint64_t *seed, bool waits, struct silicon_image *image)
{
    uint64_t r = silicon_random(seed);
    int near = 0x3FFF;
    memset(image, 0, sizeof *image);
    for (int i = 0; i < 8; i++)
        silicon_set(image, i, silicon_random_operand(seed, &near));
    image->control = 0x037F;
    if (r & 1)
        image->control = (uint16_t)((image->control & 0x70FF) | (r >> 8 & 0x0F00));
    if ((r & 6) == 0)
        image->control = (uint16_t)((image->control & 0xFFC0) | (r >> 32 & 0x3F));
    image->status = (uint16_t)(silicon_random(seed) & 0x7F7F);
    if (waits)
        image->status &= (uint16_t)(0x7F40 | (image->control & F80_ALL));
    r = silicon_random(seed);
    /* Mostly a few empty registers, around both ends of the stack. */
    for (int i = 0; i < 8; i++)
        if ((r >> (3 * i) & 7) == 0 || (r >> 60) == 1)
            image->tag |= (uint16_t)(3 << (2 * i));
    if ((r >> 58 & 3) == 0) { /* room for one more */
        int last = ((image->status >> 11) + 7) & 7;
        image->tag |= (uint16_t)(3 << (2 * last));
    }
}

/* An operand that means something for the instruction. */
static void random_operand(uint64_t *seed, uint8_t opcode, uint8_t modrm, uint8_t *memory)
{
    int near = 0x3FFF;
    uint64_t r = silicon_random(seed);
    struct f80_env env = {.masks = F80_ALL, .rounding = (uint8_t)(r & 3)};
    struct f80 value = silicon_random_operand(seed, &near);
    struct x87_operand operand = x87_memory_operand(opcode, modrm, true);
    uint64_t bits = value.significand;
    bool is_float = (opcode == 0xD8 || opcode == 0xD9 || opcode == 0xDC || opcode == 0xDD) &&
                    operand.bytes >= 4;
    if (is_float && (r & 4) && operand.bytes == 4)
        bits = f80_to_float32(&env, value);
    else if (is_float && (r & 4))
        bits = f80_to_float64(&env, value);
    else if (is_float && (r & 0x18) == 0) /* denormals, infinities, NaNs */
        bits = silicon_random(seed) &
               ~(operand.bytes == 4 ? UINT64_C(0x7F800000) : UINT64_C(0x7FF0000000000000));
    else if (is_float && (r & 0x18) == 8)
        bits |= operand.bytes == 4 ? UINT64_C(0x7F800000) : UINT64_C(0x7FF0000000000000);
    else if (r & 0x20)
        bits >>= r >> 8 & 63;
    for (int i = 0; i < 8; i++)
        memory[i] = (uint8_t)(bits >> (8 * i));
    memory[8] = (uint8_t)value.sign_exponent;
    memory[9] = (uint8_t)(value.sign_exponent >> 8);
    if (opcode == 0xDF && (modrm >> 3 & 7) == 4)
        for (int i = 0; i < 9; i++)
            memory[i] = (uint8_t)((memory[i] % 100) / 10 << 4 | memory[i] % 10);
    if (operand.bytes > 10) { /* FLDENV, FRSTOR */
        struct silicon_image image;
        random_image(seed, (r & 0x40) != 0, &image);
        memcpy(memory, &image, sizeof image);
    }
}

static void print_image(const char *who, const struct silicon_image *image, const uint8_t *memory,
                        uint64_t flags)
{
    printf(" %s control=%04X status=%04X tag=%04X flags=%03" PRIX64 " memory=", who, image->control,
           image->status, image->tag, flags);
    for (int i = 9; i >= 0; i--)
        printf("%02X", memory[i]);
    printf("\n        ");
    for (int i = 0; i < 8; i++) {
        struct f80 value = silicon_get(image, i);
        printf(" %04X.%016" PRIX64, value.sign_exponent, value.significand);
    }
    printf("\n");
}

static bool is_transcendental(uint8_t opcode, uint8_t modrm)
{
    return opcode == 0xD9 &&
           ((modrm >= 0xF0 && modrm <= 0xF3) || modrm == 0xF9 || modrm == 0xFB || modrm >= 0xFE);
}

/* Neighbours in one binade, or on both sides of a power of two. The largest denormal (exponent 0) and
 * the smallest normal (exponent 1) have last places of the same weight. */
static bool is_neighbour(struct f80 a, struct f80 b)
{
    unsigned lowest = ((a.sign_exponent | b.sign_exponent) & 0x7FFF) <= 1;
    return ((a.sign_exponent | lowest) == (b.sign_exponent | lowest) &&
            a.significand + 1 - b.significand <= 2) ||
           (~a.significand == 0 && a.sign_exponent + 1 == b.sign_exponent) ||
           (~b.significand == 0 && b.sign_exponent + 1 == a.sign_exponent);
}

/* Functions may be off by one in the last place on the silicon, and so PE, UE and C1. */
static void forgive_functions(const struct silicon_image *before, struct silicon_image *real,
                              struct silicon_image *model)
{
    const uint16_t mask = (uint16_t) ~(X87_C1 | F80_PE | F80_UE | X87_ES | X87_B);
    for (int i = 0; i < 2; i++) {
        struct f80 a = silicon_get(real, i), b = silicon_get(model, i);
        if (is_neighbour(a, b))
            silicon_set(real, i, b);
    }
    if ((before->status & X87_SF) || !(real->status & X87_SF)) {
        real->status &= mask;
        model->status &= mask;
    }
    real->tag = model->tag = 0;
}

/* Pointers are not compared: operating systems and processors differ in what they keep. */
static void drop_pointers(struct silicon_image *image)
{
    image->ip = image->cs_opcode = image->dp = image->ds = 0;
    image->pad0 = image->pad1 = image->pad2 = 0;
}

static bool same_image(struct silicon_image *a, struct silicon_image *b)
{
    drop_pointers(a);
    drop_pointers(b);
    return memcmp(a, b, sizeof *a) == 0;
}

/* Executes on the model; the images are those of FNSAVE. */
static enum x87_outcome run_model(uint8_t opcode, uint8_t modrm, const struct silicon_image *before,
                                  struct silicon_image *after, uint8_t *memory, uint64_t *flags)
{
    struct x87 x;
    uint16_t ax = 0;
    uint8_t image[X87_OPERAND_BYTES], buffer[X87_OPERAND_BYTES];
    memcpy(image, before, sizeof image);
    memcpy(buffer, memory, sizeof buffer);
    x87_reset(&x);
    x87_restore_state(&x, PROTECTED_32, image);
    enum x87_outcome outcome =
        modrm < 0xC0 ? x87_execute_memory(&x, opcode, modrm, PROTECTED_32, NULL, buffer)
                     : x87_execute_register(&x, opcode, modrm, NULL, flags, &ax);
    if (outcome == X87_DONE && modrm < 0xC0 &&
        x87_memory_operand(opcode, modrm, true).direction == X87_STORE)
        memcpy(memory, buffer, x87_memory_operand(opcode, modrm, true).bytes);
    x87_save_state(&x, PROTECTED_32, image);
    memcpy(after, image, sizeof image);
    return outcome;
}

/* Does the model know it? */
static bool is_defined(uint8_t opcode, uint8_t modrm)
{
    struct silicon_image image = {.control = 0x037F}, after;
    uint8_t memory[X87_OPERAND_BYTES] = {0};
    uint64_t flags = 0;
    return run_model(opcode, modrm, &image, &after, memory, &flags) != X87_UNDEFINED;
}

/* One random case of one instruction; false when model and silicon differ. */
static bool run_instruction(const struct silicon *silicon, uint8_t opcode, uint8_t modrm,
                            uint64_t *seed, bool is_loud)
{
    struct silicon_image before, real, model;
    uint8_t memory[128] = {0}, real_memory[128], model_memory[128];
    random_image(seed, x87_waits(opcode, modrm), &before);
    if (modrm < 0xC0)
        random_operand(seed, opcode, modrm, memory);
    memcpy(real_memory, memory, sizeof memory);
    memcpy(model_memory, memory, sizeof memory);
    uint64_t flags = silicon_random(seed) & FLAGS_COMPARED, model_flags = flags;
    uint64_t real_flags =
        silicon_execute(silicon, opcode, modrm, &before, &real, real_memory, flags);
    run_model(opcode, modrm, &before, &model, model_memory, &model_flags);
    struct silicon_image shown = real, shown_model = model;
    if (silicon_is_another_makers(opcode, modrm, silicon_get(&before, 0), silicon_get(&before, 1), before.control))
        return true;
    for (int i = 0; i < 2 && is_transcendental(opcode, modrm); i++)
        if (silicon_is_at_the_edge(silicon_get(&real, i), silicon_get(&model, i), before.control))
            return true;
    if (is_transcendental(opcode, modrm))
        forgive_functions(&before, &real, &model);
    if (x87_writes_flags(opcode, modrm)) { /* the SDM clears C1, silicon leaves it */
        real.status &= (uint16_t)~X87_C1;
        model.status &= (uint16_t)~X87_C1;
    }
    if (modrm < 0xC0 && x87_memory_operand(opcode, modrm, true).bytes > 10) {
        memset(real_memory + 12, 0, 16);
        memset(model_memory + 12, 0, 16);
    }
    bool is_same = same_image(&real, &model) && memcmp(real_memory, model_memory, 128) == 0;
    if (opcode != 0xDF || modrm != 0xE0) /* the stub's RAX is FNSTSW's own there */
        is_same &= (real_flags & FLAGS_COMPARED) == (model_flags & FLAGS_COMPARED);
    if (!is_same && is_loud) {
        printf("%02X %02X\n", opcode, modrm);
        print_image("before ", &before, memory, flags);
        print_image("silicon", &shown, real_memory, real_flags & FLAGS_COMPARED);
        print_image("model  ", &shown_model, model_memory, model_flags & FLAGS_COMPARED);
    }
    return is_same;
}

#endif

#endif
