/*
 * The transcendental functions of cpu/f80*.c against MPFR at 600 bits: no result may be more than one
 * unit in the last place from the exact value.
 *
 * f80_transcendental [CASES [SEED]]: CASES (20,000) for each function; prints its worst error and how
 * many results were not the correctly rounded one. Exit status 1 when an error exceeds 1 ulp.
 *
 * Angles are reduced by the x87's own pi of 66 bits (SDM vol. 1, 8.3.8). Results that are denormal or
 * overflow are not asked for: unit tests have them.
 */
#include <inttypes.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/f80.h"

#define BITS 600

struct random_source {
    uint64_t state;
};

static uint64_t next(struct random_source *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int between(struct random_source *r, int low, int high)
{
    return low + (int)((next(r) >> 33) % (unsigned)(high - low + 1));
}

/* A random significand at 2^exponent, at times one with few bits. */
static struct f80 number(struct random_source *r, int exponent, bool has_sign)
{
    uint64_t significand = next(r) | UINT64_C(1) << 63;
    if (between(r, 0, 7) == 0)
        significand &= ~UINT64_C(0) << between(r, 40, 63);
    unsigned sign = has_sign ? (unsigned)next(r) & 0x8000 : 0;
    return f80_make((uint16_t)(sign | (unsigned)(exponent + 16383)), significand);
}

static void to_mpfr(mpfr_t to, struct f80 a)
{
    mpfr_set_ui_2exp(to, (unsigned long)a.significand, (a.sign_exponent & 0x7FFF) - 16383 - 63,
                     MPFR_RNDN);
    if (f80_is_negative(a))
        mpfr_neg(to, to, MPFR_RNDN);
}

static struct f80 from_mpfr(const mpfr_t a)
{
    mpfr_t magnitude;
    mpfr_exp_t exponent = mpfr_get_exp(a); /* of a fraction from 1/2 to 1 */
    mpfr_init2(magnitude, BITS);
    mpfr_abs(magnitude, a, MPFR_RNDN);
    mpfr_mul_2si(magnitude, magnitude, 64 - exponent, MPFR_RNDN);
    uint64_t significand = mpfr_get_ui(magnitude, MPFR_RNDZ);
    mpfr_clear(magnitude);
    return f80_make((uint16_t)((mpfr_sgn(a) < 0 ? 0x8000 : 0) | (exponent - 1 + 16383)),
                    significand);
}

/* --- operands ----------------------------------------------------------------------------------- */

static struct f80 one_plus(struct random_source *r, int exponent)
{
    mpfr_t a;
    struct f80 small = number(r, exponent, true);
    mpfr_init2(a, BITS);
    to_mpfr(a, small);
    mpfr_add_ui(a, a, 1, MPFR_RNDN);
    struct f80 sum = from_mpfr(a);
    mpfr_clear(a);
    return sum;
}

static void set_half_pi(mpfr_t to)
{
    mpfr_set_str(to, "0xC90FDAA22168C234Cp-67", 0, MPFR_RNDN);
}

/* All sizes, and numbers next to a multiple of pi/2, where most is cancelled. */
static struct f80 angle(struct random_source *r)
{
    switch (between(r, 0, 2)) {
    case 0: return number(r, between(r, -70, 62), true);
    case 1: return number(r, between(r, -4, 3), true);
    default: break;
    }
    mpfr_t a;
    mpfr_init2(a, BITS);
    set_half_pi(a);
    mpfr_mul_ui(a, a, 1 + (next(r) >> between(r, 24, 62)), MPFR_RNDN);
    struct f80 near = from_mpfr(a);
    near.significand += (uint64_t)between(r, 0, 2);
    mpfr_clear(a);
    return near;
}

static void operands_of_2xm1(struct random_source *r, struct f80 *x, struct f80 *y)
{
    *x = number(r, between(r, 0, 2) ? between(r, -6, -1) : between(r, -200, -1), true);
    *y = f80_make(0, 0);
}
static void operands_of_yl2x(struct random_source *r, struct f80 *x, struct f80 *y)
{
    int choice = between(r, 0, 2);
    *x = choice == 0   ? number(r, between(r, -16000, 16000), false)
         : choice == 1 ? one_plus(r, between(r, -60, -2))
                       : number(r, between(r, -3, 3), false);
    *y = number(r, between(r, -60, 60), true);
}
static void operands_of_yl2xp1(struct random_source *r, struct f80 *x, struct f80 *y)
{
    *x = number(r, between(r, 0, 2) ? between(r, -8, -3) : between(r, -200, -3), true);
    *y = number(r, between(r, -60, 60), true);
}
static void operands_of_patan(struct random_source *r, struct f80 *x, struct f80 *y)
{
    static const int SPANS[] = {1, 3, 40, 400};
    int span = SPANS[between(r, 0, 3)];
    *x = number(r, between(r, -span, span), true);
    *y = number(r, between(r, -3, 3), true);
}
static void operands_of_angle(struct random_source *r, struct f80 *x, struct f80 *y)
{
    *x = angle(r);
    *y = f80_make(0, 0);
}

/* --- exact -------------------------------------------------------------------------------------- */

static void exact_2xm1(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    (void)y;
    mpfr_const_log2(z, MPFR_RNDN);
    mpfr_mul(z, z, x, MPFR_RNDN);
    mpfr_expm1(z, z, MPFR_RNDN);
}
static void exact_yl2x(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    mpfr_log2(z, x, MPFR_RNDN);
    mpfr_mul(z, z, y, MPFR_RNDN);
}
static void exact_yl2xp1(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    mpfr_t ln2;
    mpfr_init2(ln2, BITS);
    mpfr_const_log2(ln2, MPFR_RNDN);
    mpfr_log1p(z, x, MPFR_RNDN);
    mpfr_div(z, z, ln2, MPFR_RNDN);
    mpfr_mul(z, z, y, MPFR_RNDN);
    mpfr_clear(ln2);
}
static void exact_patan(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    mpfr_atan2(z, y, x, MPFR_RNDN);
}

/* By the x87's pi: what is left of the angle beyond a multiple of its half, plus as many quarters of
 * the exact turn. */
static void reduce(mpfr_t z, const mpfr_t x)
{
    mpfr_t half_pi;
    long quarters = 0;
    mpfr_init2(half_pi, BITS);
    set_half_pi(half_pi);
    mpfr_remquo(z, &quarters, x, half_pi, MPFR_RNDN);
    mpfr_const_pi(half_pi, MPFR_RNDN);
    mpfr_div_2ui(half_pi, half_pi, 1, MPFR_RNDN);
    mpfr_mul_si(half_pi, half_pi, quarters % 4, MPFR_RNDN);
    mpfr_add(z, z, half_pi, MPFR_RNDN);
    mpfr_clear(half_pi);
}
static void exact_sin(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    (void)y;
    reduce(z, x);
    mpfr_sin(z, z, MPFR_RNDN);
}
static void exact_cos(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    (void)y;
    reduce(z, x);
    mpfr_cos(z, z, MPFR_RNDN);
}
static void exact_tan(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    (void)y;
    reduce(z, x);
    mpfr_tan(z, z, MPFR_RNDN);
}

/* --- ours ---------------------------------------------------------------------------------------- */

static struct f80 our_2xm1(struct f80_env *env, struct f80 x, struct f80 y)
{
    (void)y;
    return f80_2xm1(env, x);
}
static struct f80 our_sin(struct f80_env *env, struct f80 x, struct f80 y)
{
    f80_sin(env, x, &y);
    return y;
}
static struct f80 our_cos(struct f80_env *env, struct f80 x, struct f80 y)
{
    f80_cos(env, x, &y);
    return y;
}
static struct f80 our_tan(struct f80_env *env, struct f80 x, struct f80 y)
{
    f80_tan(env, x, &y);
    return y;
}

static const struct function {
    const char *name;
    void (*operands)(struct random_source *r, struct f80 *x, struct f80 *y);
    void (*exact)(mpfr_t z, const mpfr_t x, const mpfr_t y);
    struct f80 (*ours)(struct f80_env *env, struct f80 x, struct f80 y);
} FUNCTIONS[] = {
    {"f2xm1",   operands_of_2xm1,   exact_2xm1,   our_2xm1  },
    {"fyl2x",   operands_of_yl2x,   exact_yl2x,   f80_yl2x  },
    {"fyl2xp1", operands_of_yl2xp1, exact_yl2xp1, f80_yl2xp1},
    {"fpatan",  operands_of_patan,  exact_patan,  f80_patan },
    {"fsin",    operands_of_angle,  exact_sin,    our_sin   },
    {"fcos",    operands_of_angle,  exact_cos,    our_cos   },
    {"fptan",   operands_of_angle,  exact_tan,    our_tan   },
};

/* The distance from the exact value, in units of the result's last place. */
static double error_of(struct f80 result, const mpfr_t exact)
{
    mpfr_t distance;
    mpfr_init2(distance, BITS);
    to_mpfr(distance, result);
    mpfr_sub(distance, distance, exact, MPFR_RNDN);
    mpfr_mul_2si(distance, distance, 16383 + 63 - (result.sign_exponent & 0x7FFF), MPFR_RNDN);
    double error = mpfr_get_d(distance, MPFR_RNDA);
    mpfr_clear(distance);
    return error < 0 ? -error : error;
}

static double try_function(const struct function *f, struct random_source *r, uint64_t cases)
{
    double worst = 0;
    uint64_t misrounded = 0;
    struct f80 at[2] = {
        {0, 0},
        {0, 0}
    };
    mpfr_t x, y, z;
    mpfr_inits2(BITS, x, y, z, (mpfr_ptr)NULL);
    for (uint64_t n = 0; n < cases; n++) {
        struct f80_env env = {.precision = F80_EXTENDED, .masks = F80_ALL};
        struct f80 a, b;
        f->operands(r, &a, &b);
        to_mpfr(x, a);
        to_mpfr(y, b);
        f->exact(z, x, y);
        double error = error_of(f->ours(&env, a, b), z);
        misrounded += error > 0.5;
        if (!(error <= worst)) {
            worst = error;
            at[0] = a;
            at[1] = b;
        }
    }
    mpfr_clears(x, y, z, (mpfr_ptr)NULL);
    printf("%-8s %" PRIu64 " cases, worst %.6f ulp at %04x:%016" PRIx64 " %04x:%016" PRIx64
           ", %" PRIu64 " not correctly rounded\n",
           f->name, cases, worst, at[0].sign_exponent, at[0].significand, at[1].sign_exponent,
           at[1].significand, misrounded);
    return worst;
}

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
    struct random_source r = {argc > 2 ? strtoull(argv[2], NULL, 0) : 1};
    bool is_wrong = false;
    for (size_t n = 0; n < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; n++)
        is_wrong |= !(try_function(&FUNCTIONS[n], &r, cases) <= 1);
    return is_wrong;
}
