/*
 * What the parts of the 80-bit arithmetic share: unpacked numbers, rounding, operand checks.
 */
#ifndef VITRINE_CPU_F80_INTERNAL_H
#define VITRINE_CPU_F80_INTERNAL_H

#include "cpu/f80.h"
#include "cpu/f80_wide.h"

#define F80_BIAS        16383
#define F80_INTEGER_BIT UINT64_C(0x8000000000000000)
#define F80_QUIET_BIT   UINT64_C(0x4000000000000000)

/*
 * A number taken apart. For normals and denormals the value is
 * significand * 2^(exponent - F80_BIAS - 63) with bit 63 of the significand set; the exponent of a
 * denormal is then zero or negative.
 */
struct f80_parts {
    uint64_t significand;
    int32_t exponent;
    bool is_negative;
    enum f80_class class;
};

struct f80_parts f80_unpack(struct f80 a);

static inline bool f80_is_finite_nonzero(const struct f80_parts *a)
{
    return a->class == F80_CLASS_NORMAL || a->class == F80_CLASS_DENORMAL;
}

static inline struct f80 f80_zero(bool is_negative)
{
    return f80_make(is_negative ? 0x8000 : 0, 0);
}

static inline struct f80 f80_infinity(bool is_negative)
{
    return f80_make(is_negative ? 0xFFFF : 0x7FFF, F80_INTEGER_BIT);
}

/* Raises IE and returns the indefinite QNaN. */
struct f80 f80_invalid(struct f80_env *env);

/*
 * The first checks of every operation (SDM vol. 1, 4.9.2: the order of exceptions): unsupported
 * formats and NaNs. Returns true when *result is the answer.
 */
bool f80_settle_nan(struct f80_env *env, struct f80 a, struct f80 *result);
bool f80_settle_nans(struct f80_env *env, struct f80 a, struct f80 b, struct f80 *result);

/* Raises DE for a denormal; returns true when it is unmasked and the operation is to stop. */
bool f80_denormal_stops(struct f80_env *env, const struct f80_parts *a);
bool f80_denormals_stop(struct f80_env *env, const struct f80_parts *a, const struct f80_parts *b);

/*
 * Whether rounding moves away from zero. tail: the discarded bits as a fraction of the last place,
 * 2^63 being one half.
 */
static inline bool f80_rounds_away(uint8_t rounding, bool is_negative, bool is_odd, uint64_t tail)
{
    if (rounding == F80_NEAREST)
        return tail > F80_INTEGER_BIT || (tail == F80_INTEGER_BIT && is_odd);
    return tail != 0 && rounding == (is_negative ? F80_DOWN : F80_UP);
}

/*
 * Rounds to the precision and range of the format and raises PE, UE and OE. The value is
 * significand * 2^(exponent - F80_BIAS - 127); bit 127 must be set; bit 0 stands for all that lies
 * below it.
 */
struct f80 f80_round_pack(struct f80_env *env, bool is_negative, int32_t exponent,
                          struct f80_u128 significand, uint8_t precision);

/* The same after shifting left until bit 127 is set; zero gives a zero of the given sign. */
struct f80 f80_normalise_round_pack(struct f80_env *env, bool is_negative, int32_t exponent,
                                    struct f80_u128 significand, uint8_t precision);

/* The integer square root of a number of 127 or 128 bits, and what remains. */
uint64_t f80_root128(struct f80_u128 n, struct f80_u128 *remainder);

#endif
