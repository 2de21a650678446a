/*
 * SSE instructions on floats: packed and scalar forms of cpu/simd_float.h, moves, shuffles,
 * conversions.
 *
 * Specification: Intel SDM vol. 2 for each instruction.
 */
#include "cpu/simd_float.h"
#include "cpu/simd_instructions.h"
#include "cpu/simd_lanes.h"

#define EFLAGS_CF 0x001u
#define EFLAGS_PF 0x004u
#define EFLAGS_ZF 0x040u

/* Rounding is not come to when an operand stops the instruction (SDM vol. 1, 11.5.2). */
static uint32_t settled(const struct simd_env *env, uint32_t raised)
{
    uint32_t unmasked = ~(env->mxcsr >> SIMD_MASK_SHIFT);
    return raised & unmasked & SIMD_PRECOMPUTATION ? raised & SIMD_PRECOMPUTATION : raised;
}

bool simd_settle(struct simd_env *env)
{
    if (!env->is_settled)
        env->raised = settled(env, env->raised);
    return !simd_unmasked(env);
}

bool simd_execute(const struct simd_row *row, struct simd_env *env, struct simd_value *d,
                  const struct simd_value *s)
{
    struct simd_value old = *d;
    row->function(env, d, s);
    if (env->raised == 0 || simd_settle(env))
        return true;
    *d = old;
    env->writes_flags = false;
    return false;
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static void lanes(struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                  unsigned bytes, unsigned count, simd_binary *operation)
{
    for (unsigned n = 0; n < count; n++)
        simd_set_lane(d, bytes, n,
                      operation(env, bytes, simd_lane(d, bytes, n), simd_lane(s, bytes, n)));
}

/* Four instructions of one operation. */
#define FORMS(name)                                                                                \
    void simd_##name##ps(struct simd_env *env, struct simd_value *d, const struct simd_value *s)   \
    {                                                                                              \
        lanes(env, d, s, 4, 4, simd_float_##name);                                                 \
    }                                                                                              \
    void simd_##name##pd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)   \
    {                                                                                              \
        lanes(env, d, s, 8, 2, simd_float_##name);                                                 \
    }                                                                                              \
    void simd_##name##ss(struct simd_env *env, struct simd_value *d, const struct simd_value *s)   \
    {                                                                                              \
        lanes(env, d, s, 4, 1, simd_float_##name);                                                 \
    }                                                                                              \
    void simd_##name##sd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)   \
    {                                                                                              \
        lanes(env, d, s, 8, 1, simd_float_##name);                                                 \
    }

/* CMPPS: bits 1-0 of the predicate choose EQ, LT, LE, UNORD; bit 2 negates. LT and LE complain of
 * QNaNs. */
static uint64_t simd_float_cmp(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    unsigned predicate = env->immediate & 7;
    bool is_ordering = (predicate & 3) == 1 || (predicate & 3) == 2, is_true;
    enum simd_relation r = simd_float_compare(env, bytes, a, b, !is_ordering);
    switch (predicate & 3) {
    case 0: is_true = r == SIMD_EQUAL; break;
    case 1: is_true = r == SIMD_LESS; break;
    case 2: is_true = r == SIMD_LESS || r == SIMD_EQUAL; break;
    default: is_true = r == SIMD_UNORDERED; break;
    }
    return is_true != (predicate >> 2 != 0) ? simd_lane_mask(bytes) : 0;
}

static uint64_t simd_float_rounded(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    (void)a;
    return simd_float_round(env, bytes, b, env->immediate);
}

static uint64_t simd_float_rcp(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    (void)env, (void)bytes, (void)a;
    return simd_float_reciprocal((uint32_t)b);
}

static uint64_t simd_float_rsqrt(struct simd_env *env, unsigned bytes, uint64_t a, uint64_t b)
{
    (void)env, (void)bytes, (void)a;
    return simd_float_reciprocal_root((uint32_t)b);
}

FORMS(add)
FORMS(sub)
FORMS(mul)
FORMS(div)
FORMS(min)
FORMS(max)
FORMS(sqrt)
FORMS(cmp)

#define LANES(name, bytes, count, operation)                                                      \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        lanes(env, d, s, bytes, count, operation);                                                 \
    }
LANES(roundps, 4, 4, simd_float_rounded)
LANES(roundpd, 8, 2, simd_float_rounded)
LANES(roundss, 4, 1, simd_float_rounded)
LANES(roundsd, 8, 1, simd_float_rounded)
LANES(rcpps, 4, 4, simd_float_rcp)
LANES(rcpss, 4, 1, simd_float_rcp)
LANES(rsqrtps, 4, 4, simd_float_rsqrt)
LANES(rsqrtss, 4, 1, simd_float_rsqrt)

/* Pairs of neighbours: those of the destination make the lower half, of the source the upper. */
static void horizontally(struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                         unsigned bytes, simd_binary *operation)
{
    struct simd_value result = {{0, 0}};
    unsigned half = 8 / bytes;
    for (unsigned n = 0; n < 2 * half; n++) {
        const struct simd_value *from = n < half ? d : s;
        unsigned at = 2 * (n % half);
        simd_set_lane(&result, bytes, n,
                      operation(env, bytes, simd_lane(from, bytes, at),
                                simd_lane(from, bytes, at + 1)));
    }
    *d = result;
}

static void alternately(struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                        unsigned bytes)
{
    for (unsigned n = 0; n < 16 / bytes; n++) {
        simd_binary *operation = n & 1 ? simd_float_add : simd_float_sub;
        simd_set_lane(d, bytes, n,
                      operation(env, bytes, simd_lane(d, bytes, n), simd_lane(s, bytes, n)));
    }
}

#define DIRECT(name, statement)                                                                    \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        (void)env, (void)s;                                                                        \
        statement;                                                                                 \
    }
DIRECT(haddps, horizontally(env, d, s, 4, simd_float_add))
DIRECT(haddpd, horizontally(env, d, s, 8, simd_float_add))
DIRECT(hsubps, horizontally(env, d, s, 4, simd_float_sub))
DIRECT(hsubpd, horizontally(env, d, s, 8, simd_float_sub))
DIRECT(addsubps, alternately(env, d, s, 4))
DIRECT(addsubpd, alternately(env, d, s, 8))

/* DPPS and DPPD round after each step, and a step that raises something unmasked is the last one:
 * what the steps before it raised stays. *earlier collects it. */
static bool is_last_step(struct simd_env *env, uint32_t *earlier)
{
    bool stops = simd_unmasked(env);
    *earlier |= settled(env, env->raised);
    env->raised = stops ? *earlier : 0;
    env->is_settled = true;
    return stops;
}

void simd_dpps(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    struct simd_value p = {{0, 0}};
    uint32_t raised = 0;
    uint64_t low, high, sum;
    for (unsigned n = 0; n < 4; n++)
        if (env->immediate >> (4 + n) & 1)
            simd_set_lane(&p, 4, n, simd_float_mul(env, 4, simd_lane(d, 4, n), simd_lane(s, 4, n)));
    if (is_last_step(env, &raised))
        return;
    low = simd_float_add(env, 4, simd_lane(&p, 4, 0), simd_lane(&p, 4, 1));
    high = simd_float_add(env, 4, simd_lane(&p, 4, 2), simd_lane(&p, 4, 3));
    if (is_last_step(env, &raised))
        return;
    sum = simd_float_add(env, 4, low, high);
    is_last_step(env, &raised);
    env->raised = raised;
    for (unsigned n = 0; n < 4; n++)
        simd_set_lane(d, 4, n, env->immediate >> n & 1 ? sum : 0);
}

void simd_dppd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    struct simd_value p = {{0, 0}};
    uint32_t raised = 0;
    uint64_t sum;
    for (unsigned n = 0; n < 2; n++)
        if (env->immediate >> (4 + n) & 1)
            p.q[n] = simd_float_mul(env, 8, d->q[n], s->q[n]);
    if (is_last_step(env, &raised))
        return;
    sum = simd_float_add(env, 8, p.q[0], p.q[1]);
    is_last_step(env, &raised);
    env->raised = raised;
    for (unsigned n = 0; n < 2; n++)
        d->q[n] = env->immediate >> n & 1 ? sum : 0;
}

/* COMISS and its kin write all six flags: OF, SF, AF become 0. */
static void compare_to_flags(struct simd_env *env, const struct simd_value *d,
                             const struct simd_value *s, unsigned bytes, bool is_quiet)
{
    static const uint32_t flags[] = {[SIMD_LESS] = EFLAGS_CF,
                                     [SIMD_EQUAL] = EFLAGS_ZF,
                                     [SIMD_GREATER] = 0,
                                     [SIMD_UNORDERED] = EFLAGS_ZF | EFLAGS_PF | EFLAGS_CF};
    env->flags = flags[simd_float_compare(env, bytes, simd_lane(d, bytes, 0),
                                          simd_lane(s, bytes, 0), is_quiet)];
    env->writes_flags = true;
}
DIRECT(ucomiss, compare_to_flags(env, d, s, 4, true))
DIRECT(ucomisd, compare_to_flags(env, d, s, 8, true))
DIRECT(comiss, compare_to_flags(env, d, s, 4, false))
DIRECT(comisd, compare_to_flags(env, d, s, 8, false))

/* --- conversions ------------------------------------------------------------------------------ */

/* count signed 32-bit integers to floats; the other lanes stay. */
static void from_ints(struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                      unsigned bytes, unsigned count)
{
    for (unsigned n = 0; n < count; n++)
        simd_set_lane(d, bytes, n, simd_float_from_int(env, bytes, simd_lane_signed(s, 4, n)));
}

/* count floats to 32-bit integers; the rest of the destination becomes zero. */
static void to_ints(struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                    unsigned bytes, unsigned count, bool truncates)
{
    *d = (struct simd_value){{0, 0}};
    for (unsigned n = 0; n < count; n++)
        simd_set_lane(d, 4, n,
                      simd_float_to_int(env, bytes, simd_lane(s, bytes, n), 4, truncates));
}
DIRECT(cvtpi2ps, from_ints(env, d, s, 4, 2))
DIRECT(cvtsi2ss, from_ints(env, d, s, 4, 1))
DIRECT(cvtsi2sd, from_ints(env, d, s, 8, 1))
DIRECT(cvtdq2ps, from_ints(env, d, s, 4, 4))
DIRECT(cvtdq2pd, from_ints(env, d, s, 8, 2))
DIRECT(cvtps2pi, to_ints(env, d, s, 4, 2, false))
DIRECT(cvttps2pi, to_ints(env, d, s, 4, 2, true))
DIRECT(cvtps2dq, to_ints(env, d, s, 4, 4, false))
DIRECT(cvttps2dq, to_ints(env, d, s, 4, 4, true))
DIRECT(cvtpd2dq, to_ints(env, d, s, 8, 2, false))
DIRECT(cvttpd2dq, to_ints(env, d, s, 8, 2, true))
DIRECT(cvtss2si, to_ints(env, d, s, 4, 1, false))
DIRECT(cvttss2si, to_ints(env, d, s, 4, 1, true))
DIRECT(cvtsd2si, to_ints(env, d, s, 8, 1, false))
DIRECT(cvttsd2si, to_ints(env, d, s, 8, 1, true))

void simd_cvtps2pd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    for (unsigned n = 0; n < 2; n++)
        d->q[n] = simd_float_widen(env, simd_lane(s, 4, n));
}

void simd_cvtpd2ps(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    *d = (struct simd_value){{0, 0}};
    for (unsigned n = 0; n < 2; n++)
        simd_set_lane(d, 4, n, simd_float_narrow(env, s->q[n]));
}
DIRECT(cvtss2sd, d->q[0] = simd_float_widen(env, simd_lane(s, 4, 0)))
DIRECT(cvtsd2ss, simd_set_lane(d, 4, 0, simd_float_narrow(env, s->q[0])))

/* --- moves ------------------------------------------------------------------------------------ */

DIRECT(mov, *d = *s)
DIRECT(movq, *d = ((struct simd_value){{s->q[0], 0}}))
DIRECT(movhps, d->q[1] = s->q[0])
DIRECT(movhps_store, d->q[0] = s->q[1])
DIRECT(movlps, d->q[0] = s->q[env->is_memory ? 0 : 1]) /* MOVHLPS between registers */
DIRECT(movddup, d->q[0] = d->q[1] = s->q[0])
DIRECT(movsldup, *d = ((struct simd_value){{(uint32_t)s->q[0] * UINT64_C(0x100000001),
                                            (uint32_t)s->q[1] * UINT64_C(0x100000001)}}))
DIRECT(movshdup, *d = ((struct simd_value){{(s->q[0] >> 32) * UINT64_C(0x100000001),
                                            (s->q[1] >> 32) * UINT64_C(0x100000001)}}))

/* From memory the rest becomes zero, between registers it stays. */
void simd_movss(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    if (env->is_memory)
        *d = *s;
    else
        simd_set_lane(d, 4, 0, s->q[0]);
}

void simd_movsd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    if (env->is_memory)
        *d = *s;
    else
        d->q[0] = s->q[0];
}

static void signs(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                  unsigned bytes)
{
    uint64_t mask = 0;
    for (unsigned n = 0; n < env->bytes / bytes; n++)
        mask |= (simd_lane(s, bytes, n) >> (8 * bytes - 1)) << n;
    *d = (struct simd_value){{mask, 0}};
}
DIRECT(movmskps, signs(env, d, s, 4))
DIRECT(movmskpd, signs(env, d, s, 8))
DIRECT(pmovmskb, *d = ((struct simd_value){
                     {lanes_signs8(s->q[0]) | (env->bytes == 16 ? lanes_signs8(s->q[1]) << 8 : 0), 0}}))

DIRECT(shufps, *d = lanes_shuffle(d, s, env->immediate))

void simd_shufpd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    uint64_t low = d->q[env->immediate & 1], high = s->q[env->immediate >> 1 & 1];
    *d = (struct simd_value){{low, high}};
}

void simd_insertps(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    unsigned source = env->is_memory ? 0 : env->immediate >> 6;
    simd_set_lane(d, 4, env->immediate >> 4 & 3, simd_lane(s, 4, source));
    for (unsigned n = 0; n < 4; n++)
        if (env->immediate >> n & 1)
            simd_set_lane(d, 4, n, 0);
}
