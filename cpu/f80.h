/*
 * 80-bit extended floating point in integer code: the arithmetic of the x87 unit.
 *
 * Specification: Intel 64 and IA-32 Architectures SDM (253665, 2023), vol. 1 chapters 4.8 (formats,
 * NaNs, exceptions) and 8 (x87), vol. 2 for single instructions; IEEE 754-1985.
 *
 *   79 78          64 63 62                                                  0
 *  +--+--------------+--+-----------------------------------------------------+
 *  | S| exponent+16383| J|                     fraction                       |
 *  +--+--------------+--+-----------------------------------------------------+
 *
 * Every function is pure: operands and environment in, result and raised exceptions out. No host
 * floating point is used anywhere, so that a run is the same on every workstation.
 *
 * Exceptions: a function ORs the bits it raises into env->raised. When a bit of the first kind
 * (F80_PRECOMPUTATION: IE, DE, ZE) is raised and unmasked, the operation has stopped there and the
 * caller must leave its destination unchanged; the returned value has no meaning. When OE or UE is
 * raised and unmasked, a register destination takes the returned value, whose exponent is moved by
 * 24576 (SDM vol. 1, 8.5.4 and 8.5.5), and a memory destination is not written.
 *
 * MISSING: the transcendental functions are rounded correctly (but for a few cases in 2^50), so
 * that they differ in the last place from any given silicon, which errs a little more (AMD: 1 to
 * 10 % of results).
 */
#ifndef VITRINE_CPU_F80_H
#define VITRINE_CPU_F80_H

#include <stdbool.h>
#include <stdint.h>

struct f80 {
    uint64_t significand;   /* bit 63 is the explicit integer bit, J */
    uint16_t sign_exponent; /* bit 15 sign, bits 14-0 exponent + 16383 */
};

/* Exception bits, placed as in the status and control words (SDM vol. 1, 8.1.3). */
enum f80_exception {
    F80_IE = 0x01,
    F80_DE = 0x02,
    F80_ZE = 0x04,
    F80_OE = 0x08,
    F80_UE = 0x10,
    F80_PE = 0x20,
    F80_ALL = 0x3F,
    F80_PRECOMPUTATION = F80_IE | F80_DE | F80_ZE
};

/* RC and PC of the control word (SDM vol. 1, 8.1.5). */
enum f80_rounding { F80_NEAREST = 0, F80_DOWN = 1, F80_UP = 2, F80_TRUNCATE = 3 };
enum f80_precision { F80_SINGLE = 0, F80_RESERVED = 1, F80_DOUBLE = 2, F80_EXTENDED = 3 };

struct f80_env {
    uint8_t rounding;  /* enum f80_rounding */
    uint8_t precision; /* enum f80_precision: add, sub, mul, div and sqrt only */
    uint16_t raised;   /* exceptions raised so far, masked or not */
    uint16_t masks;    /* exceptions that are masked */
    bool rounded_up;   /* C1 after an inexact result: the magnitude was increased */
    bool is_widened;   /* an operand was a denormal single or double: see f80_widen_float32 */
};

enum f80_relation { F80_LESS, F80_EQUAL, F80_GREATER, F80_UNORDERED };

enum f80_class {
    F80_CLASS_UNSUPPORTED, /* pseudo-NaN, pseudo-infinity, unnormal: invalid since the 387 */
    F80_CLASS_NAN,
    F80_CLASS_NORMAL,
    F80_CLASS_INFINITY,
    F80_CLASS_ZERO,
    F80_CLASS_DENORMAL /* pseudo-denormals included */
};

/* True when an exception was raised that its mask does not cover: the caller's destination rule. */
static inline bool f80_unmasked(const struct f80_env *env, unsigned exceptions)
{
    return (env->raised & ~env->masks & exceptions) != 0;
}

static inline bool f80_is_negative(struct f80 a)
{
    return (a.sign_exponent & 0x8000) != 0;
}

static inline struct f80 f80_negate(struct f80 a)
{
    a.sign_exponent ^= 0x8000;
    return a;
}

static inline struct f80 f80_absolute(struct f80 a)
{
    a.sign_exponent &= 0x7FFF;
    return a;
}

static inline struct f80 f80_make(uint16_t sign_exponent, uint64_t significand)
{
    return (struct f80){.significand = significand, .sign_exponent = sign_exponent};
}

/* The QNaN that answers an invalid operation, "real indefinite": negative (SDM vol. 1, 4.8.3.7). */
static inline struct f80 f80_indefinite(void)
{
    return f80_make(0xFFFF, UINT64_C(0xC000000000000000));
}

/* Classification for FXAM and tags; raises nothing. */
enum f80_class f80_classify(struct f80 a);

/* Basic arithmetic, exact to the last bit under rounding and precision control. */
struct f80 f80_add(struct f80_env *env, struct f80 a, struct f80 b);
struct f80 f80_sub(struct f80_env *env, struct f80 a, struct f80 b); /* a - b */
struct f80 f80_mul(struct f80_env *env, struct f80 a, struct f80 b);
struct f80 f80_div(struct f80_env *env, struct f80 a, struct f80 b); /* a / b */
struct f80 f80_sqrt(struct f80_env *env, struct f80 a);

/* FRNDINT. */
struct f80 f80_round_to_int(struct f80_env *env, struct f80 a);
/* FSCALE: a times two to the power of b truncated. */
struct f80 f80_scale(struct f80_env *env, struct f80 a, struct f80 b);
/* FXTRACT: returns the significand of a with exponent zero, and the exponent in *exponent. */
struct f80 f80_extract(struct f80_env *env, struct f80 a, struct f80 *exponent);

struct f80_remainder {
    struct f80 value;
    uint8_t quotient;   /* the three low bits of the quotient; 0 when incomplete */
    bool is_incomplete; /* C2: only reduced by 32 to 63 bits, call again */
};
/* FPREM (quotient truncated) and FPREM1 (quotient rounded to nearest even, as IEEE wants it). */
struct f80_remainder f80_rem(struct f80_env *env, struct f80 a, struct f80 b);
struct f80_remainder f80_rem_ieee(struct f80_env *env, struct f80 a, struct f80 b);

/* FCOM raises IE for every NaN, FUCOM only for signalling ones and unsupported formats. */
enum f80_relation f80_compare(struct f80_env *env, struct f80 a, struct f80 b);
enum f80_relation f80_compare_quiet(struct f80_env *env, struct f80 a, struct f80 b);

/* Conversions. Integers out of range raise IE and give the integer indefinite, 80...0. */
struct f80 f80_from_int64(int64_t value);
int16_t f80_to_int16(struct f80_env *env, struct f80 a);
int32_t f80_to_int32(struct f80_env *env, struct f80 a);
int64_t f80_to_int64(struct f80_env *env, struct f80 a);
/*
 * From the bits of an IEEE single or double: denormals raise DE, signalling NaNs IE. QUIRK:
 * unmasked, DE does not keep FLD from loading (seen on the silicon); with another instruction it
 * stops.
 */
struct f80 f80_from_float32(struct f80_env *env, uint32_t bits);
struct f80 f80_from_float64(struct f80_env *env, uint64_t bits);
/*
 * The same for an operand that an instruction fetches from memory: nothing is raised yet, a
 * signalling NaN stays one, and a denormal, being normal in the wider format, is remembered in
 * env->is_widened for the operation to raise DE in its turn.
 */
struct f80 f80_widen_float32(struct f80_env *env, uint32_t bits);
struct f80 f80_widen_float64(struct f80_env *env, uint64_t bits);
uint32_t f80_to_float32(struct f80_env *env, struct f80 a);
uint64_t f80_to_float64(struct f80_env *env, struct f80 a);
/* Packed decimal: ten bytes, 18 digits, sign in the top bit of the last (SDM vol. 1, 4.7). */
struct f80 f80_from_bcd(const uint8_t bcd[10]);
void f80_to_bcd(struct f80_env *env, struct f80 a, uint8_t bcd[10]);

/* Transcendental functions: within one unit in the last place of the exact result. */
struct f80 f80_2xm1(struct f80_env *env, struct f80 x);                 /* 2^x - 1, |x| <= 1 */
struct f80 f80_yl2x(struct f80_env *env, struct f80 x, struct f80 y);   /* y log2 x */
struct f80 f80_yl2xp1(struct f80_env *env, struct f80 x, struct f80 y); /* y log2 (x + 1) */
struct f80 f80_patan(struct f80_env *env, struct f80 x, struct f80 y);  /* arctan (y / x) */
/*
 * Sine, cosine and tangent return true when |x| >= 2^63: C2 is to be set and nothing else done.
 * Results go to *sine and so on. Pi is taken as the 66-bit constant of the x87 (SDM vol. 1, 8.3.8).
 */
bool f80_sin(struct f80_env *env, struct f80 x, struct f80 *sine);
bool f80_cos(struct f80_env *env, struct f80 x, struct f80 *cosine);
bool f80_sincos(struct f80_env *env, struct f80 x, struct f80 *sine, struct f80 *cosine);
bool f80_tan(struct f80_env *env, struct f80 x, struct f80 *tangent);

#endif
