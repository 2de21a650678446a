/*
 * MMX and SSE2 (SSSE3, SSE4.1): packed integers. One function serves both register files: the
 * operands have env->bytes bytes.
 *
 * Specification: Intel SDM vol. 2 for each instruction.
 */
#include "cpu/simd_instructions.h"
#include "cpu/simd_lanes.h"

/* For each lane: a of the destination, b of the source; signed, or unsigned. Unrolled, lanes are at constant places. */
#define EACH_LANE(name, type, lane, lane_bytes, expression)                                        \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        (void)env;                                                                                 \
        BASE_UNROLLED                                                                              \
        for (unsigned n = 0; n < 16 / (lane_bytes); n++) {                                         \
            type a = lane(d, lane_bytes, n), b = lane(s, lane_bytes, n);                           \
            (void)a;                                                                               \
            simd_set_lane(d, lane_bytes, n, (uint64_t)(expression));                               \
        }                                                                                          \
    }
#define EACH(name, lane_bytes, expression) EACH_LANE(name, int64_t, simd_lane_signed, lane_bytes, expression)
#define EACH_UNSIGNED(name, lane_bytes, expression) EACH_LANE(name, uint64_t, simd_lane, lane_bytes, expression)

/* Whole registers at once. */
#define LANES(name, type, result)                                                                  \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        (void)env;                                                                                 \
        lanes_##name(d, s);                                                                        \
    }
SIMD_LANEWISE(LANES)

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* --- sums and differences --------------------------------------------------------------------- */
EACH(paddsb, 1, clamp(a + b, INT8_MIN, INT8_MAX))
EACH(paddsw, 2, clamp(a + b, INT16_MIN, INT16_MAX))
EACH(psubsb, 1, clamp(a - b, INT8_MIN, INT8_MAX))
EACH(psubsw, 2, clamp(a - b, INT16_MIN, INT16_MAX))

/* --- signs ------------------------------------------------------- */
EACH(pabsb, 1, b < 0 ? -b : b)
EACH(pabsw, 2, b < 0 ? -b : b)
EACH(pabsd, 4, b < 0 ? -b : b)
EACH(psignb, 1, b < 0 ? -a : b == 0 ? 0 : a)
EACH(psignw, 2, b < 0 ? -a : b == 0 ? 0 : a)
EACH(psignd, 4, b < 0 ? -a : b == 0 ? 0 : a)

/* --- products --------------------------------------------------------------------------------- */
EACH(pmulhrsw, 2, ((a * b >> 14) + 1) >> 1)
EACH_UNSIGNED(pmuldq, 8, (int64_t)(int32_t)(uint32_t)a * (int32_t)(uint32_t)b)

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

#define SHIFT(name, type, most, result) LANES(name, , )
SIMD_SHIFTS(SHIFT)
SIMD_SIGNED_SHIFTS(SHIFT)

/* The operands beside each other, the destination's env->bytes bytes above the source's, from byte `at` on. */
static void extract(const struct simd_env *env, struct simd_value *d, const struct simd_value *s, uint64_t at)
{
    uint64_t parts[7] = {s->q[0], s->q[1], d->q[0], d->q[1]};
    unsigned shift = (unsigned)(at & 7) * 8;
    const uint64_t *from;
    if (env->bytes == 8) {
        parts[1] = d->q[0];
        parts[2] = parts[3] = 0;
    }
    from = &parts[at < 32 ? at / 8 : 4];
    for (unsigned q = 0; q < 2; q++)
        d->q[q] = shift ? from[q] >> shift | from[q + 1] << (64 - shift) : from[q];
}
DIRECT(palignr, extract(env, d, s, env->immediate))

static const struct simd_value ZERO = {{0, 0}};

void simd_psrldq(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    struct simd_value high = ZERO;
    extract(env, &high, d, s->q[0] > 16 ? 16 : s->q[0]);
    *d = high;
}
DIRECT(pslldq, extract(env, d, &ZERO, s->q[0] > 16 ? 0 : 16 - s->q[0]))

/* --- packing and unpacking -------------------------------------------------------------------- */

/* Of MMX each operand has half of what 16 bytes have. */
#define PACK(name, bits, least, most)                                                              \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        lanes_##name(d, s);                                                                        \
        if (env->bytes == 8)                                                                       \
            d->q[0] = (uint32_t)d->q[0] | d->q[1] << 32;                                           \
    }
SIMD_PACKS(PACK)

/* Lanes of both operands in turn, from the lower or the upper half. */
static void unpack_mmx(struct simd_value *d, const struct simd_value *s, unsigned bytes, bool is_high)
{
    struct simd_value result = ZERO;
    unsigned half = 4 / bytes, first = is_high ? half : 0;
    for (unsigned n = 0; n < half; n++) {
        simd_set_lane(&result, bytes, 2 * n, simd_lane(d, bytes, first + n));
        simd_set_lane(&result, bytes, 2 * n + 1, simd_lane(s, bytes, first + n));
    }
    *d = result;
}
#define UNPACK(name, bits, half)                                                                   \
    void simd_##name(struct simd_env *env, struct simd_value *d, const struct simd_value *s)       \
    {                                                                                              \
        if (env->bytes == 16)                                                                      \
            lanes_##name(d, s);                                                                    \
        else                                                                                       \
            unpack_mmx(d, s, (bits) / 8, half);                                                    \
    }
SIMD_UNPACKS(UNPACK)
DIRECT(punpcklqdq, lanes_punpcklqdq(d, s))
DIRECT(punpckhqdq, lanes_punpckhqdq(d, s))

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

/* Four words from `first` on, chosen by two bits each out of the same four; the others are copied. */
static void shuffle_words(const struct simd_env *env, struct simd_value *d, const struct simd_value *s,
                          unsigned first)
{
    *d = *s;
    for (unsigned n = 0; n < 4; n++)
        simd_set_lane(d, 2, first + n, simd_lane(s, 2, first + (env->immediate >> (2 * n) & 3)));
}
DIRECT(pshufd, *d = lanes_shuffle(s, s, env->immediate))
DIRECT(pshuflw, shuffle_words(env, d, s, 0))
DIRECT(pshufhw, shuffle_words(env, d, s, 4))

void simd_pshufb(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    uint8_t from[16], chosen[16] = {0};
    store_le64(from, d->q[0]);
    store_le64(from + 8, d->q[1]);
    for (unsigned n = 0; n < env->bytes; n++) {
        unsigned index = (unsigned)simd_lane(s, 1, n);
        if (!(index & 0x80))
            chosen[n] = from[index & (env->bytes - 1u)];
    }
    *d = (struct simd_value){{load_le64(chosen), load_le64(chosen + 8)}};
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
