/*
 * SSE4.2: comparisons of strings in registers; CRC32 and POPCNT.
 *
 * Specification: Intel SDM vol. 2, 4.1 (imm8 control byte and its operation), PCMPESTRI and its
 * kin, CRC32, POPCNT.
 */
#include "cpu/simd_instructions.h"

/* imm8: 0 words, 1 signed; 3-2 aggregation; 5-4 polarity; 6 which end, or a mask of lanes. */
enum aggregation { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

struct strings {
    const struct simd_value *a, *b; /* the set or needle; the text */
    unsigned bytes, count;          /* of a character; of characters in a register */
    unsigned length_a, length_b;
    bool is_signed;
};

static int64_t character(const struct strings *t, const struct simd_value *v, unsigned n)
{
    return t->is_signed ? simd_lane_signed(v, t->bytes, n) : (int64_t)simd_lane(v, t->bytes, n);
}

/* Up to the first zero. */
static unsigned implicit_length(const struct strings *t, const struct simd_value *v)
{
    unsigned n = 0;
    while (n < t->count && simd_lane(v, t->bytes, n) != 0)
        n++;
    return n;
}

/* The register's magnitude, at most the number of characters. */
static unsigned explicit_length(const struct strings *t, uint32_t value)
{
    uint32_t magnitude = value >> 31 ? 0 - value : value;
    return magnitude > t->count ? t->count : magnitude;
}

static bool is_any(const struct strings *t, unsigned j)
{
    for (unsigned i = 0; i < t->length_a; i++)
        if (character(t, t->a, i) == character(t, t->b, j))
            return true;
    return false;
}

static bool is_in_ranges(const struct strings *t, unsigned j)
{
    int64_t c = character(t, t->b, j);
    for (unsigned i = 0; i + 1 < t->length_a; i += 2)
        if (character(t, t->a, i) <= c && c <= character(t, t->a, i + 1))
            return true;
    return false;
}

/* Behind both ends the characters are equal, behind one they differ. */
static bool is_equal(const struct strings *t, unsigned j)
{
    if (j >= t->length_a || j >= t->length_b)
        return j >= t->length_a && j >= t->length_b;
    return character(t, t->a, j) == character(t, t->b, j);
}

/* The needle starts at j, as far as the register shows. */
static bool starts_at(const struct strings *t, unsigned j)
{
    for (unsigned i = 0; i < t->length_a && i + j < t->count; i++)
        if (i + j >= t->length_b || character(t, t->a, i) != character(t, t->b, i + j))
            return false;
    return true;
}

static unsigned aggregate(const struct strings *t, enum aggregation how)
{
    unsigned result = 0;
    for (unsigned j = 0; j < t->count; j++) {
        bool hit = false;
        switch (how) {
        case EQUAL_ANY: hit = j < t->length_b && is_any(t, j); break;
        case RANGES: hit = j < t->length_b && is_in_ranges(t, j); break;
        case EQUAL_EACH: hit = is_equal(t, j); break;
        case EQUAL_ORDERED: hit = starts_at(t, j); break;
        }
        result |= (unsigned)hit << j;
    }
    return result;
}

/* Returns the lanes that match after the polarity, and sets the flags. */
static unsigned compare(struct simd_env *env, const struct strings *t)
{
    unsigned all = (1u << t->count) - 1, raw = aggregate(t, env->immediate >> 2 & 3), result = raw;
    if (env->immediate & 0x10)
        result = raw ^ (env->immediate & 0x20 ? (1u << t->length_b) - 1 : all);
    env->flags = (result != 0 ? 0x001u : 0) | (t->length_b < t->count ? 0x040u : 0) |
                 (t->length_a < t->count ? 0x080u : 0) | (result & 1 ? 0x800u : 0);
    env->writes_flags = true;
    return result;
}

static struct strings strings_of(const struct simd_env *env, const struct simd_value *d,
                                 const struct simd_value *s, bool is_explicit)
{
    struct strings t = {.a = d, .b = s, .bytes = env->immediate & 1 ? 2 : 1};
    t.is_signed = (env->immediate & 2) != 0;
    t.count = 16 / t.bytes;
    t.length_a = is_explicit ? explicit_length(&t, env->ax) : implicit_length(&t, d);
    t.length_b = is_explicit ? explicit_length(&t, env->dx) : implicit_length(&t, s);
    return t;
}

static void to_index(struct simd_env *env, const struct simd_value *d, const struct simd_value *s,
                     bool is_explicit)
{
    struct strings t = strings_of(env, d, s, is_explicit);
    unsigned lanes = compare(env, &t), first = 0, last = t.count;
    while (first < t.count && !(lanes >> first & 1))
        first++;
    for (unsigned n = 0; n < t.count; n++)
        if (lanes >> n & 1)
            last = n;
    env->cx = env->immediate & 0x40 ? last : first;
    env->writes_cx = true;
}

static void to_mask(struct simd_env *env, const struct simd_value *d, const struct simd_value *s,
                    bool is_explicit)
{
    struct strings t = strings_of(env, d, s, is_explicit);
    unsigned lanes = compare(env, &t);
    env->xmm0 = (struct simd_value){{lanes, 0}};
    if (env->immediate & 0x40)
        for (unsigned n = 0; n < t.count; n++)
            simd_set_lane(&env->xmm0, t.bytes, n, lanes >> n & 1 ? ~UINT64_C(0) : 0);
    env->writes_xmm0 = true;
}

void simd_pcmpestri(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    to_index(env, d, s, true);
}

void simd_pcmpistri(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    to_index(env, d, s, false);
}

void simd_pcmpestrm(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    to_mask(env, d, s, true);
}

void simd_pcmpistrm(struct simd_env *env, struct simd_value *d, const struct simd_value *s)
{
    to_mask(env, d, s, false);
}

uint32_t simd_popcnt(uint32_t value)
{
    uint32_t count = 0;
    for (; value != 0; value &= value - 1)
        count++;
    return count;
}

/* Bits are taken lowest first, so that the polynomial 1EDC6F41 stands reversed. */
uint32_t simd_crc32(uint32_t crc, uint32_t value, unsigned bytes)
{
    crc ^= value;
    for (unsigned n = 0; n < 8 * bytes; n++)
        crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    return crc;
}
