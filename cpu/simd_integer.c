/*
 * MMX and SSE2 (SSSE3, SSE4.1): packed integers. One function serves both register files: the
 * operands have env->bytes bytes.
 *
 * Specification: Intel SDM vol. 2 for each instruction.
 */
#include "cpu/simd_instructions.h"

/* For each lane: a of the destination, b of the source; signed, or unsigned. */
#define EACH(name, lane_bytes, expression)                                                         \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        for (unsigned n = 0; n < env->bytes / (lane_bytes); n++) {                                 \
            int64_t a = simd_lane_signed(d, lane_bytes, n);                                        \
            int64_t b = simd_lane_signed(s, lane_bytes, n);                                        \
            (void)a;                                                                               \
            simd_set_lane(d, lane_bytes, n, (uint64_t)(expression));                               \
        }                                                                                          \
    }
#define EACH_UNSIGNED(name, lane_bytes, expression)                                                \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        for (unsigned n = 0; n < env->bytes / (lane_bytes); n++) {                                 \
            uint64_t a = simd_lane(d, lane_bytes, n), b = simd_lane(s, lane_bytes, n);             \
            simd_set_lane(d, lane_bytes, n, expression);                                           \
        }                                                                                          \
    }
/* For each 64 bits of the operands. */
#define EACH_QUAD(name, expression)                                                                \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        for (unsigned n = 0; n < env->bytes / 8u; n++) {                                           \
            uint64_t a = d->q[n], b = s->q[n];                                                     \
            d->q[n] = expression;                                                                  \
        }                                                                                          \
    }

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static uint64_t all_if(bool condition)
{
    return condition ? ~UINT64_C(0) : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- sums and differences --------------------------------------------------------------------- */
EACH_UNSIGNED(paddb, 1, a + b)
EACH_UNSIGNED(paddw, 2, a + b)
EACH_UNSIGNED(paddd, 4, a + b)
EACH_QUAD(paddq, a + b)
EACH_UNSIGNED(psubb, 1, a - b)
EACH_UNSIGNED(psubw, 2, a - b)
EACH_UNSIGNED(psubd, 4, a - b)
EACH_QUAD(psubq, a - b)
EACH(paddsb, 1, clamp(a + b, INT8_MIN, INT8_MAX))
EACH(paddsw, 2, clamp(a + b, INT16_MIN, INT16_MAX))
EACH(psubsb, 1, clamp(a - b, INT8_MIN, INT8_MAX))
EACH(psubsw, 2, clamp(a - b, INT16_MIN, INT16_MAX))
EACH_UNSIGNED(paddusb, 1, smaller(a + b, UINT8_MAX))
EACH_UNSIGNED(paddusw, 2, smaller(a + b, UINT16_MAX))
EACH_UNSIGNED(psubusb, 1, a > b ? a - b : 0)
EACH_UNSIGNED(psubusw, 2, a > b ? a - b : 0)
EACH_UNSIGNED(pavgb, 1, (a + b + 1) >> 1)
EACH_UNSIGNED(pavgw, 2, (a + b + 1) >> 1)

/* --- minima, maxima, comparisons, signs ------------------------------------------------------- */
EACH_UNSIGNED(pminub, 1, smaller(a, b))
EACH_UNSIGNED(pminuw, 2, smaller(a, b))
EACH_UNSIGNED(pminud, 4, smaller(a, b))
EACH_UNSIGNED(pmaxub, 1, larger(a, b))
EACH_UNSIGNED(pmaxuw, 2, larger(a, b))
EACH_UNSIGNED(pmaxud, 4, larger(a, b))
EACH(pminsb, 1, a < b ? a : b)
EACH(pminsw, 2, a < b ? a : b)
EACH(pminsd, 4, a < b ? a : b)
EACH(pmaxsb, 1, a > b ? a : b)
EACH(pmaxsw, 2, a > b ? a : b)
EACH(pmaxsd, 4, a > b ? a : b)
EACH_UNSIGNED(pcmpeqb, 1, all_if(a == b))
EACH_UNSIGNED(pcmpeqw, 2, all_if(a == b))
EACH_UNSIGNED(pcmpeqd, 4, all_if(a == b))
EACH_UNSIGNED(pcmpeqq, 8, all_if(a == b))
EACH(pcmpgtb, 1, all_if(a > b))
EACH(pcmpgtw, 2, all_if(a > b))
EACH(pcmpgtd, 4, all_if(a > b))
EACH(pcmpgtq, 8, all_if(a > b))
EACH(pabsb, 1, b < 0 ? -b : b)
EACH(pabsw, 2, b < 0 ? -b : b)
EACH(pabsd, 4, b < 0 ? -b : b)
EACH(psignb, 1, b < 0 ? -a : b == 0 ? 0 : a)
EACH(psignw, 2, b < 0 ? -a : b == 0 ? 0 : a)
EACH(psignd, 4, b < 0 ? -a : b == 0 ? 0 : a)

/* --- bits ------------------------------------------------------------------------------------- */
EACH_QUAD(pand, a & b)
EACH_QUAD(pandn, ~a & b)
EACH_QUAD(por, a | b)
EACH_QUAD(pxor, a ^ b)

/* --- products --------------------------------------------------------------------------------- */
EACH_UNSIGNED(pmullw, 2, a * b)
EACH_UNSIGNED(pmulld, 4, a * b)
EACH(pmulhw, 2, (a * b) >> 16)
EACH_UNSIGNED(pmulhuw, 2, (a * b) >> 16)
EACH(pmulhrsw, 2, ((a * b >> 14) + 1) >> 1)
EACH_QUAD(pmuludq, (a & UINT32_MAX) * (b & UINT32_MAX))
EACH_QUAD(pmuldq, (uint64_t)((int64_t)(int32_t)(uint32_t)a * (int32_t)(uint32_t)b))

void simd_pmaddwd(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    for (unsigned n = 0; n < env->bytes / 4u; n++) {
        int64_t sum = simd_lane_signed(d, 2, 2 * n) * simd_lane_signed(s, 2, 2 * n) +
                      simd_lane_signed(d, 2, 2 * n + 1) * simd_lane_signed(s, 2, 2 * n + 1);
        simd_set_lane(d, 4, n, (uint64_t)sum);
    }
}

/* Unsigned bytes of the destination times signed bytes of the source. */
void simd_pmaddubsw(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    for (unsigned n = 0; n < env->bytes / 2u; n++) {
        int64_t sum = (int64_t)simd_lane(d, 1, 2 * n) * simd_lane_signed(s, 1, 2 * n) +
                      (int64_t)simd_lane(d, 1, 2 * n + 1) * simd_lane_signed(s, 1, 2 * n + 1);
        simd_set_lane(d, 2, n, (uint64_t)clamp(sum, INT16_MIN, INT16_MAX));
    }
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

void simd_psadbw(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    for (unsigned q = 0; q < env->bytes / 8u; q++) {
        uint64_t sum = 0;
        for (unsigned n = 8 * q; n < 8 * q + 8; n++)
            sum += distance(simd_lane(d, 1, n), simd_lane(s, 1, n));
        d->q[q] = sum;
    }
}

/* Eight sums of four distances: a sliding window over the destination, one block of the source. */
void simd_mpsadbw(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    unsigned block = 4 * (env->immediate & 3u), window = env->immediate & 4u;
    struct simd_value result = {{0, 0}};
    for (unsigned n = 0; n < 8; n++) {
        uint64_t sum = 0;
        for (unsigned k = 0; k < 4; k++)
            sum += distance(simd_lane(d, 1, window + n + k), simd_lane(s, 1, block + k));
        simd_set_lane(&result, 2, n, sum);
    }
    *d = result;
}

void simd_phminposuw(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    unsigned least = 0;
    (void)env;
    for (unsigned n = 1; n < 8; n++)
        if (simd_lane(s, 2, n) < simd_lane(s, 2, least))
            least = n;
    *d = (struct simd_value){{simd_lane(s, 2, least) | (uint64_t)least << 16, 0}};
}

/* Neighbours: those of the destination make the lower half, of the source the upper. */
static void horizontally(const struct simd_env *env, struct simd_value *d,
                         const struct simd_value *s, unsigned bytes, int sign, bool saturates)
{
    struct simd_value result = {{0, 0}};
    unsigned count = env->bytes / bytes;
    for (unsigned n = 0; n < count; n++) {
        const struct simd_value *from = n < count / 2 ? d : s;
        unsigned at = 2 * (n % (count / 2));
        int64_t sum =
            simd_lane_signed(from, bytes, at) + sign * simd_lane_signed(from, bytes, at + 1);
        simd_set_lane(&result, bytes, n,
                      (uint64_t)(saturates ? clamp(sum, INT16_MIN, INT16_MAX) : sum));
    }
    *d = result;
}

#define DIRECT(name, statement)                                                                    \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        (void)env;                                                                                 \
        statement;                                                                                 \
    }
DIRECT(phaddw, horizontally(env, d, s, 2, 1, false))
DIRECT(phaddd, horizontally(env, d, s, 4, 1, false))
DIRECT(phaddsw, horizontally(env, d, s, 2, 1, true))
DIRECT(phsubw, horizontally(env, d, s, 2, -1, false))
DIRECT(phsubd, horizontally(env, d, s, 4, -1, false))
DIRECT(phsubsw, horizontally(env, d, s, 2, -1, true))

/* --- shifts ----------------------------------------------------------------------------------- */

/* The count is the source's lower 64 bits; from the lane's width on nothing is left, or signs. */
static void shift(const struct simd_env *env, struct simd_value *d, unsigned bytes, uint64_t count,
                  bool is_left)
{
    for (unsigned n = 0; n < env->bytes / bytes; n++) {
        uint64_t a = simd_lane(d, bytes, n);
        uint64_t moved = count >= 8 * bytes ? 0 : is_left ? a << count : a >> count;
        simd_set_lane(d, bytes, n, moved);
    }
}

static void shift_signed(const struct simd_env *env, struct simd_value *d, unsigned bytes,
                         uint64_t count)
{
    uint64_t most = 8 * bytes - 1;
    for (unsigned n = 0; n < env->bytes / bytes; n++) {
        int64_t a = simd_lane_signed(d, bytes, n);
        simd_set_lane(d, bytes, n, (uint64_t)(a >> (count > most ? most : count)));
    }
}
DIRECT(psllw, shift(env, d, 2, s->q[0], true))
DIRECT(pslld, shift(env, d, 4, s->q[0], true))
DIRECT(psllq, shift(env, d, 8, s->q[0], true))
DIRECT(psrlw, shift(env, d, 2, s->q[0], false))
DIRECT(psrld, shift(env, d, 4, s->q[0], false))
DIRECT(psrlq, shift(env, d, 8, s->q[0], false))
DIRECT(psraw, shift_signed(env, d, 2, s->q[0]))
DIRECT(psrad, shift_signed(env, d, 4, s->q[0]))

/* env->bytes bytes out of the destination (above) and the source (below), from byte `at` on. */
static void extract(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                    unsigned at)
{
    struct simd_value result = {{0, 0}};
    for (unsigned n = 0; n < env->bytes; n++) {
        unsigned from = at + n;
        if (from < env->bytes)
            simd_set_lane(&result, 1, n, simd_lane(s, 1, from));
        else if (from < 2u * env->bytes)
            simd_set_lane(&result, 1, n, simd_lane(d, 1, from - env->bytes));
    }
    *d = result;
}
DIRECT(palignr, extract(env, d, s, env->immediate))

static const struct simd_value ZERO = {{0, 0}};

void simd_psrldq(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    struct simd_value high = ZERO;
    extract(env, &high, d, s->q[0] > 16 ? 16 : (unsigned)s->q[0]);
    *d = high;
}
DIRECT(pslldq, extract(env, d, &ZERO, s->q[0] > 16 ? 0 : 16 - (unsigned)s->q[0]))

/* --- packing and unpacking -------------------------------------------------------------------- */

/* Lanes of `bytes` to half their size, saturated; the destination's below the source's. */
static void pack(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                 unsigned bytes, int64_t least, int64_t most)
{
    struct simd_value result = ZERO;
    unsigned count = env->bytes / bytes;
    for (unsigned n = 0; n < 2 * count; n++) {
        int64_t a = simd_lane_signed(n < count ? d : s, bytes, n % count);
        simd_set_lane(&result, bytes / 2, n, (uint64_t)clamp(a, least, most));
    }
    *d = result;
}
DIRECT(packsswb, pack(env, d, s, 2, INT8_MIN, INT8_MAX))
DIRECT(packssdw, pack(env, d, s, 4, INT16_MIN, INT16_MAX))
DIRECT(packuswb, pack(env, d, s, 2, 0, UINT8_MAX))
DIRECT(packusdw, pack(env, d, s, 4, 0, UINT16_MAX))

/* Lanes of both operands in turn, from the lower or the upper half. */
static void unpack(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                   unsigned bytes, bool is_high)
{
    struct simd_value result = ZERO;
    unsigned half = env->bytes / bytes / 2, first = is_high ? half : 0;
    for (unsigned n = 0; n < half; n++) {
        simd_set_lane(&result, bytes, 2 * n, simd_lane(d, bytes, first + n));
        simd_set_lane(&result, bytes, 2 * n + 1, simd_lane(s, bytes, first + n));
    }
    *d = result;
}
DIRECT(punpcklbw, unpack(env, d, s, 1, false))
DIRECT(punpcklwd, unpack(env, d, s, 2, false))
DIRECT(punpckldq, unpack(env, d, s, 4, false))
DIRECT(punpcklqdq, unpack(env, d, s, 8, false))
DIRECT(punpckhbw, unpack(env, d, s, 1, true))
DIRECT(punpckhwd, unpack(env, d, s, 2, true))
DIRECT(punpckhdq, unpack(env, d, s, 4, true))
DIRECT(punpckhqdq, unpack(env, d, s, 8, true))

static void widen(struct simd_value *d, const struct simd_value *s, unsigned from, unsigned to,
                  bool is_signed)
{
    struct simd_value result = ZERO;
    for (unsigned n = 0; n < 16 / to; n++)
        simd_set_lane(&result, to, n,
                      is_signed ? (uint64_t)simd_lane_signed(s, from, n) : simd_lane(s, from, n));
    *d = result;
}
DIRECT(pmovsxbw, widen(d, s, 1, 2, true))
DIRECT(pmovsxbd, widen(d, s, 1, 4, true))
DIRECT(pmovsxbq, widen(d, s, 1, 8, true))
DIRECT(pmovsxwd, widen(d, s, 2, 4, true))
DIRECT(pmovsxwq, widen(d, s, 2, 8, true))
DIRECT(pmovsxdq, widen(d, s, 4, 8, true))
DIRECT(pmovzxbw, widen(d, s, 1, 2, false))
DIRECT(pmovzxbd, widen(d, s, 1, 4, false))
DIRECT(pmovzxbq, widen(d, s, 1, 8, false))
DIRECT(pmovzxwd, widen(d, s, 2, 4, false))
DIRECT(pmovzxwq, widen(d, s, 2, 8, false))
DIRECT(pmovzxdq, widen(d, s, 4, 8, false))

/* --- shuffles --------------------------------------------------------------------------------- */

/* Four lanes from `first` on, chosen by two bits each out of the same four; the others are copied. */
static void shuffle4(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                     unsigned bytes, unsigned first)
{
    *d = *s;
    for (unsigned n = 0; n < 4; n++)
        simd_set_lane(d, bytes, first + n,
                      simd_lane(s, bytes, first + (env->immediate >> (2 * n) & 3)));
}
DIRECT(pshufd, shuffle4(env, d, s, 4, 0))
DIRECT(pshuflw, shuffle4(env, d, s, 2, 0))
DIRECT(pshufhw, shuffle4(env, d, s, 2, 4))

void simd_pshufb(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    struct simd_value result = ZERO;
    for (unsigned n = 0; n < env->bytes; n++) {
        unsigned index = (unsigned)simd_lane(s, 1, n);
        if (!(index & 0x80))
            simd_set_lane(&result, 1, n, simd_lane(d, 1, index & (env->bytes - 1u)));
    }
    *d = result;
}

static unsigned lane_by_immediate(const struct simd_env *env, unsigned bytes)
{
    return env->immediate & (env->bytes / bytes - 1);
}
DIRECT(pinsrb, simd_set_lane(d, 1, lane_by_immediate(env, 1), s->q[0]))
DIRECT(pinsrw, simd_set_lane(d, 2, lane_by_immediate(env, 2), s->q[0]))
DIRECT(pinsrd, simd_set_lane(d, 4, lane_by_immediate(env, 4), s->q[0]))
DIRECT(pextrb, *d = ((struct simd_value){{simd_lane(s, 1, lane_by_immediate(env, 1)), 0}}))
DIRECT(pextrw, *d = ((struct simd_value){{simd_lane(s, 2, lane_by_immediate(env, 2)), 0}}))
DIRECT(pextrd, *d = ((struct simd_value){{simd_lane(s, 4, lane_by_immediate(env, 4)), 0}}))

/* Lanes of the source where the mask's bit is set; for the variable forms the sign of XMM0's lane. */
static void blend(struct simd_value *d, const struct simd_value *s, unsigned bytes, unsigned mask)
{
    for (unsigned n = 0; n < 16 / bytes; n++)
        if (mask >> n & 1)
            simd_set_lane(d, bytes, n, simd_lane(s, bytes, n));
}

static void blend_by_signs(const struct simd_env *env, struct simd_value *d,
                           const struct simd_value *s, unsigned bytes)
{
    unsigned mask = 0;
    for (unsigned n = 0; n < 16 / bytes; n++)
        mask |= (unsigned)(simd_lane_signed(&env->xmm0, bytes, n) < 0) << n;
    blend(d, s, bytes, mask);
}
DIRECT(blendps, blend(d, s, 4, env->immediate))
DIRECT(blendpd, blend(d, s, 8, env->immediate))
DIRECT(pblendw, blend(d, s, 2, env->immediate))
DIRECT(blendvps, blend_by_signs(env, d, s, 4))
DIRECT(blendvpd, blend_by_signs(env, d, s, 8))
DIRECT(pblendvb, blend_by_signs(env, d, s, 1))

void simd_ptest(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    bool is_zero = ((s->q[0] & d->q[0]) | (s->q[1] & d->q[1])) == 0;
    bool is_covered = ((s->q[0] & ~d->q[0]) | (s->q[1] & ~d->q[1])) == 0;
    env->flags = (is_zero ? 0x40u : 0) | (is_covered ? 1u : 0); /* ZF, CF; the others 0 */
    env->writes_flags = true;
}
