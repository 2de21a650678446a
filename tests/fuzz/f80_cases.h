/*
 * One operation of the 80-bit arithmetic at a time against the workstation's x87: the operations,
 * how their results look in the register stack, and the comparison of one random case.
 */
#ifndef VITRINE_TESTS_FUZZ_F80_CASES_H
#define VITRINE_TESTS_FUZZ_F80_CASES_H

#include <inttypes.h>
#include <stdio.h>

#include "tests/fuzz/f80_silicon.h"

#if SILICON_PRESENT

/* What an operation did: the top of the stack after it, one more register, memory, flags. */
struct outcome {
    struct f80 st0, st1;
    uint8_t memory[16];
    uint16_t status; /* exceptions and C0-C3 */
    bool writes_memory, has_popped;
};

struct operation {
    const char *name;
    uint8_t opcode, modrm;
    bool is_transcendental;
    void (*model)(struct f80_env *env, struct f80 st0, struct f80 st1, struct outcome *out);
};

#define C0 0x0100
#define C1 0x0200
#define C2 0x0400
#define C3 0x4000

/* One result in ST(0); left alone after an unmasked exception of the first kind. */
#define UNARY(name)                                                                                \
    static void model_##name(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)   \
    {                                                                                              \
        struct f80 result = f80_##name(env, a);                                                    \
        o->st0 = f80_unmasked(env, F80_PRECOMPUTATION) ? a : result;                               \
        o->st1 = b;                                                                                \
    }
#define BINARY(name)                                                                               \
    static void model_##name(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)   \
    {                                                                                              \
        struct f80 result = f80_##name(env, a, b);                                                 \
        o->st0 = f80_unmasked(env, F80_PRECOMPUTATION) ? a : result;                               \
        o->st1 = b;                                                                                \
    }
UNARY(sqrt)
UNARY(round_to_int)
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(scale)

static void model_extract(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    struct f80 exponent = a, significand = f80_extract(env, a, &exponent);
    bool stopped = f80_unmasked(env, F80_PRECOMPUTATION);
    o->st0 = stopped ? a : significand;
    o->st1 = stopped ? b : exponent;
}

static void finish_rem(const struct f80_env *env, struct f80 a, struct f80 b,
                       struct f80_remainder r, struct outcome *o)
{
    o->st0 = f80_unmasked(env, F80_PRECOMPUTATION) ? a : r.value;
    o->st1 = b;
    o->status = (uint16_t)((r.quotient & 4 ? C0 : 0) | (r.quotient & 2 ? C3 : 0) |
                           (r.quotient & 1 ? C1 : 0) | (r.is_incomplete ? C2 : 0));
}

static void model_rem(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_rem(env, a, b, f80_rem(env, a, b), o);
}

static void model_rem_ieee(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_rem(env, a, b, f80_rem_ieee(env, a, b), o);
}

static void finish_compare(struct f80 a, struct f80 b, enum f80_relation relation,
                           struct outcome *o)
{
    static const uint16_t codes[] = {
        [F80_LESS] = C0, [F80_EQUAL] = C3, [F80_GREATER] = 0, [F80_UNORDERED] = C0 | C2 | C3};
    o->st0 = a;
    o->st1 = b;
    o->status = codes[relation];
}

static void model_compare(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_compare(a, b, f80_compare(env, a, b), o);
}

static void model_compare_quiet(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_compare(a, b, f80_compare_quiet(env, a, b), o);
}

static void store(struct outcome *o, struct f80_env *env, uint64_t bits, size_t size)
{
    o->writes_memory = !f80_unmasked(env, F80_IE | F80_OE | F80_UE);
    for (size_t i = 0; i < size && o->writes_memory; i++)
        o->memory[i] = (uint8_t)(bits >> (8 * i));
}

#define STORE(name, type)                                                                          \
    static void model_##name(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)   \
    {                                                                                              \
        o->st0 = a;                                                                                \
        o->st1 = b;                                                                                \
        store(o, env, (uint64_t)f80_##name(env, a), sizeof(type));                                 \
    }
STORE(to_int16, int16_t)
STORE(to_int32, int32_t)
STORE(to_float32, uint32_t)
STORE(to_float64, uint64_t)

static void model_to_int64(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    store(o, env, (uint64_t)f80_to_int64(env, a), 8);
    o->has_popped = o->writes_memory; /* FISTP */
    o->st0 = o->has_popped ? b : a;
    o->st1 = o->has_popped ? f80_make(0, 0) : b;
}

static void model_to_bcd(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    uint8_t bcd[10];
    f80_to_bcd(env, a, bcd);
    o->writes_memory = !f80_unmasked(env, F80_IE);
    if (o->writes_memory)
        memcpy(o->memory, bcd, 10);
    o->has_popped = o->writes_memory;
    o->st0 = o->has_popped ? b : a;
    o->st1 = o->has_popped ? f80_make(0, 0) : b;
}

/* Loads: the operand in memory is the beginning of ST(0)'s significand. */
static void finish_load(const struct f80_env *env, struct f80 a, struct f80 b, struct f80 loaded,
                        struct outcome *o)
{
    bool stopped = f80_unmasked(env, F80_IE);
    o->st0 = stopped ? a : loaded;
    o->st1 = stopped ? b : a;
}

static uint64_t operand(const struct outcome *o)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)o->memory[i] << (8 * i);
    return bits;
}

static void model_from_float32(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_load(env, a, b, f80_from_float32(env, (uint32_t)operand(o)), o);
}

static void model_from_float64(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_load(env, a, b, f80_from_float64(env, operand(o)), o);
}

static void model_from_int64(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_load(env, a, b, f80_from_int64((int64_t)operand(o)), o);
}

static void model_from_bcd(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    finish_load(env, a, b, f80_from_bcd(o->memory), o);
}

UNARY(2xm1)

/* ST(1) op ST(0), pop: what was below is not looked at. */
#define POPPING(name)                                                                              \
    static void model_##name(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)   \
    {                                                                                              \
        struct f80 result = f80_##name(env, a, b);                                                 \
        bool stopped = f80_unmasked(env, F80_PRECOMPUTATION);                                      \
        o->st0 = stopped ? a : result;                                                             \
        o->st1 = stopped ? b : f80_make(0, 0);                                                     \
        o->has_popped = !stopped;                                                                  \
    }
POPPING(yl2x)
POPPING(yl2xp1)
POPPING(patan)

#define ANGLE(name)                                                                                \
    static void model_##name(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)   \
    {                                                                                              \
        struct f80 result;                                                                         \
        bool is_out_of_range = f80_##name(env, a, &result);                                        \
        o->st0 = is_out_of_range || f80_unmasked(env, F80_PRECOMPUTATION) ? a : result;            \
        o->st1 = b;                                                                                \
        o->status = is_out_of_range ? C2 : 0;                                                      \
    }
ANGLE(sin)
ANGLE(cos)

static void model_sincos(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    struct f80 sine, cosine;
    bool is_out_of_range = f80_sincos(env, a, &sine, &cosine);
    bool stopped = is_out_of_range || f80_unmasked(env, F80_PRECOMPUTATION);
    o->st0 = stopped ? a : cosine;
    o->st1 = stopped ? b : sine;
    o->status = is_out_of_range ? C2 : 0;
}

static void model_tan(struct f80_env *env, struct f80 a, struct f80 b, struct outcome *o)
{
    struct f80 tangent;
    bool is_out_of_range = f80_tan(env, a, &tangent);
    bool stopped = is_out_of_range || f80_unmasked(env, F80_PRECOMPUTATION);
    o->st0 = stopped ? a : f80_classify(tangent) == F80_CLASS_NAN ? tangent : SILICON_SPECIAL[2];
    o->st1 = stopped ? b : tangent;
    o->status = is_out_of_range ? C2 : 0;
}

static const struct operation OPERATIONS[] = {
    {"add",           0xD8, 0xC1, false, model_add          },
    {"sub",           0xD8, 0xE1, false, model_sub          },
    {"mul",           0xD8, 0xC9, false, model_mul          },
    {"div",           0xD8, 0xF1, false, model_div          },
    {"sqrt",          0xD9, 0xFA, false, model_sqrt         },
    {"round_to_int",  0xD9, 0xFC, false, model_round_to_int },
    {"scale",         0xD9, 0xFD, false, model_scale        },
    {"extract",       0xD9, 0xF4, false, model_extract      },
    {"rem",           0xD9, 0xF8, false, model_rem          },
    {"rem_ieee",      0xD9, 0xF5, false, model_rem_ieee     },
    {"compare",       0xD8, 0xD1, false, model_compare      },
    {"compare_quiet", 0xDD, 0xE1, false, model_compare_quiet},
    {"to_int16",      0xDF, 0x17, false, model_to_int16     },
    {"to_int32",      0xDB, 0x17, false, model_to_int32     },
    {"to_int64",      0xDF, 0x3F, false, model_to_int64     },
    {"to_float32",    0xD9, 0x17, false, model_to_float32   },
    {"to_float64",    0xDD, 0x17, false, model_to_float64   },
    {"to_bcd",        0xDF, 0x37, false, model_to_bcd       },
    {"from_float32",  0xD9, 0x07, false, model_from_float32 },
    {"from_float64",  0xDD, 0x07, false, model_from_float64 },
    {"from_int64",    0xDF, 0x2F, false, model_from_int64   },
    {"from_bcd",      0xDF, 0x27, false, model_from_bcd     },
    {"2xm1",          0xD9, 0xF0, true,  model_2xm1         },
    {"yl2x",          0xD9, 0xF1, true,  model_yl2x         },
    {"yl2xp1",        0xD9, 0xF9, true,  model_yl2xp1       },
    {"patan",         0xD9, 0xF3, true,  model_patan        },
    {"sin",           0xD9, 0xFE, true,  model_sin          },
    {"cos",           0xD9, 0xFF, true,  model_cos          },
    {"sincos",        0xD9, 0xFB, true,  model_sincos       },
    {"tan",           0xD9, 0xF2, true,  model_tan          },
};

static uint16_t random_control(uint64_t *seed)
{
    uint64_t r = silicon_random(seed);
    uint16_t control = 0x037F;
    if (r & 1)
        control = (uint16_t)((control & 0x70FFu) | (r >> 8 & 0x0F00u));
    if ((r & 6) == 0)
        control = (uint16_t)((control & 0xFFC0u) | (r >> 32 & 0x3F));
    return control;
}

static void random_memory(const struct operation *op, struct f80 a, uint64_t *seed, uint8_t *memory)
{
    uint64_t bits = silicon_random(seed), choice = silicon_random(seed);
    (void)a;
    if ((choice & 3) == 0 && op->modrm == 0x07) { /* special exponents of single and double */
        uint64_t exponent =
            op->opcode == 0xD9 ? UINT64_C(0x7F800000) : UINT64_C(0x7FF0000000000000);
        bits = choice & 4 ? bits | exponent : bits & ~exponent;
        if (choice & 8)
            bits &= ~(exponent >> 1 ^ exponent >> 2) & ~(((exponent & -exponent) - 1) >> 1);
        if (choice & 16)
            bits &= UINT64_C(0xFFF0000000000000) | (op->opcode == 0xD9 ? 0xFF800001 : 0);
    } else if ((choice & 3) == 1) {
        bits >>= choice >> 8 & 63;
    }
    for (int i = 0; i < 8; i++)
        memory[i] = (uint8_t)(bits >> (8 * i));
    memory[8] = (uint8_t)(choice >> 16);
    memory[9] = (uint8_t)(choice >> 24 & 0x80);
    for (int i = 0; i < 9 && op->modrm == 0x27; i++)
        memory[i] = (uint8_t)((memory[i] % 100) / 10 << 4 | memory[i] % 10);
}

static void print_outcome(const char *who, const struct outcome *o)
{
    printf("  %s st0=%04X.%016" PRIX64 " st1=%04X.%016" PRIX64 " status=%04X memory=", who,
           o->st0.sign_exponent, o->st0.significand, o->st1.sign_exponent, o->st1.significand,
           o->status);
    for (int i = 9; i >= 0; i--)
        printf("%02X", o->memory[i]);
    printf("\n");
}

static bool same(struct f80 a, struct f80 b)
{
    return a.significand == b.significand && a.sign_exponent == b.sign_exponent;
}

/* Units in the last place between two numbers of one sign; large when they are not comparable. Zero is the smallest
 * denormal's neighbour: an Intel Xeon makes it of FYL2X's exact -1 * 2^-16445 when it rounds towards zero. */
static uint64_t distance(struct f80 a, struct f80 b)
{
    enum f80_class class = f80_classify(a);
    if (same(a, b))
        return 0;
    if (class != F80_CLASS_NORMAL && class != F80_CLASS_DENORMAL && class != F80_CLASS_ZERO)
        return UINT64_MAX;
    uint64_t apart = a.significand - b.significand;
    if ((a.sign_exponent & 0x7FFF) + (b.sign_exponent & 0x7FFF) == 1)
        b.sign_exponent =
            a.sign_exponent; /* a denormal and its neighbour: both in units of 2^-16445 */
    if (a.sign_exponent == b.sign_exponent + 1)
        apart = 2 * a.significand - b.significand;
    else if (b.sign_exponent == a.sign_exponent + 1)
        apart = 2 * b.significand - a.significand;
    else if (a.sign_exponent != b.sign_exponent)
        return UINT64_MAX;
    return (int64_t)apart < 0 ? 0 - apart : apart;
}

/* Counts of results 1, 2, and 3 to 1000 units apart; further is a difference. */
struct spread {
    uint64_t count[4];
};

/*
 * Transcendentals: the silicon may be off in the last place, and with it PE, UE and C1. What it
 * computed is counted, then taken over so that the rest can be compared exactly.
 */
static void forgive(struct outcome *real, struct outcome *model, struct spread *far)
{
    uint64_t apart = distance(real->st0, model->st0), other = distance(real->st1, model->st1);
    apart = other > apart ? other : apart;
    if (apart > 1000)
        return;
    far->count[apart > 3 ? 3 : apart]++;
    model->st0 = real->st0;
    model->st1 = real->st1;
    real->status &= (uint16_t) ~(C1 | F80_PE | F80_UE);
    model->status &= (uint16_t) ~(C1 | F80_PE | F80_UE);
}

/* Runs one case on both; returns false when they differ. */
static bool run_case(const struct silicon *silicon, const struct operation *op, uint64_t *seed,
                     bool is_loud, struct spread *far)
{
    int near = 0x3FFF;
    struct f80 a = silicon_random_operand(seed, &near), b = silicon_random_operand(seed, &near);
    uint16_t control = random_control(seed);
    struct silicon_image before = {.control = control, .tag = 0xFFFF}, after;
    silicon_set(&before, 0, a);
    silicon_set(&before, 1, b);
    before.tag = 0x0FFF; /* top of stack 6: two registers in use, the silicon finds their kind */
    before.status = 6 << 11;
    struct outcome model = {.status = 0}, real = {.status = 0};
    random_memory(op, a, seed, model.memory);
    memcpy(real.memory, model.memory, 16);
    silicon_execute(silicon, op->opcode, op->modrm, &before, &after, real.memory, 0);
    struct f80_env env = {.rounding = (uint8_t)(control >> 10 & 3),
                          .precision = (uint8_t)(control >> 8 & 3),
                          .masks = control & 0x3F};
    op->model(&env, a, b, &model);
    model.status |= env.raised | (env.rounded_up ? C1 : 0);
    real.st0 = silicon_get(&after, 0);
    real.st1 = silicon_get(&after, 1);
    real.status = after.status & (0x3F | C0 | C1 | C2 | C3);
    if (model.has_popped)
        real.st1 = f80_make(0, 0);
    if (op->is_transcendental)
        forgive(&real, &model, far);
    if (silicon_is_another_makers(op->opcode, op->modrm, a, b, control))
        return true;
    if (op->is_transcendental && (silicon_is_at_the_edge(real.st0, model.st0, control) ||
                                  silicon_is_at_the_edge(real.st1, model.st1, control)))
        return true;
    if (same(real.st0, model.st0) && same(real.st1, model.st1) && real.status == model.status &&
        memcmp(real.memory, model.memory, 16) == 0)
        return true;
    if (is_loud) {
        printf("%s control=%04X a=%04X.%016" PRIX64 " b=%04X.%016" PRIX64 "\n", op->name, control,
               a.sign_exponent, a.significand, b.sign_exponent, b.significand);
        print_outcome("silicon", &real);
        print_outcome("model  ", &model);
    }
    return false;
}

#undef C0
#undef C1
#undef C2
#undef C3

#endif

#endif
