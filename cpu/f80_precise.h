/*
 * Numbers with 128-bit significands, for the inside of the transcendental functions. About 120 of
 * the bits are good at the end of a function, so that rounding to 64 bits is right but for cases
 * closer than 2^-50 units to a tie.
 */
#ifndef VITRINE_CPU_F80_PRECISE_H
#define VITRINE_CPU_F80_PRECISE_H

#include <stddef.h>

#include "cpu/f80_internal.h"

/* significand * 2^(exponent - 127), bit 127 set; or zero. */
struct f80_precise {
    struct f80_u128 significand;
    int32_t exponent;
    bool is_negative;
};

struct f80_precise f80_precise_from_parts(const struct f80_parts *parts);
struct f80_precise f80_precise_from_int(int32_t value);
struct f80_precise f80_precise_normalise(struct f80_precise a);
struct f80_precise f80_precise_add(struct f80_precise a, struct f80_precise b);
struct f80_precise f80_precise_sub(struct f80_precise a, struct f80_precise b);
struct f80_precise f80_precise_mul(struct f80_precise a, struct f80_precise b);
struct f80_precise f80_precise_div(struct f80_precise a, struct f80_precise b);

static inline bool f80_precise_is_zero(const struct f80_precise *a)
{
    return a->significand.high == 0;
}

/* a as a fraction of 2^128; |a| < 1, sign ignored. */
struct f80_u128 f80_precise_fraction(const struct f80_precise *a);

/*
 * c[0] + z (c[1] + z (c[2] ...)) in fractions of 2^128, or with alternating signs,
 * c[0] - z (c[1] - z (c[2] ...)). Every partial sum must be in [0, 1).
 */
struct f80_u128 f80_series(const struct f80_u128 *c, size_t count, struct f80_u128 z,
                           bool is_alternating);

/* a * (1 + t) and a * (1 - t) for a fraction t. Too small a t leaves a trace for the rounding. */
struct f80_precise f80_precise_scale_up(struct f80_precise a, struct f80_u128 t);
struct f80_precise f80_precise_scale_down(struct f80_precise a, struct f80_u128 t);

/* Rounds to 64 bits under the rounding control (precision control does not apply). */
struct f80 f80_precise_round(struct f80_env *env, struct f80_precise a, bool is_exact);

#endif
