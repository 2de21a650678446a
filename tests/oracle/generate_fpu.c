/* x87, MMX and SSE in the streams of generate.c: their states and their instructions.
 *
 * Left out: the transcendental functions, RCP and RSQRT, where makers' results differ in the last place
 * (tests/fuzz compares them with MPFR and with the manual's bound); FNSTENV and FNSAVE, which store
 * the instruction's and the operand's address, of which later processors keep only a part. */
#include "tests/oracle/generate_internal.h"

#include "base/bits.h"

/* --- states ---------------------------------------------------------------------------------------------- */

static void random_st(struct generator *g, uint8_t bytes[12])
{
    static const uint16_t EXPONENTS[] = {0, 0, 0x7fff, 0x7fff, 1, 0x7ffe, 0x3fff, 0x403e, 0x3fc0};
    static const uint64_t FRACTIONS[] = {0,
                                         UINT64_C(1) << 62,
                                         1,
                                         UINT64_C(0x7fffffffffffffff),
                                         UINT64_C(0x400),
                                         UINT64_C(0x8000000000)};
    uint64_t fraction = one_in(g, 2) ? next_random(g) : FRACTIONS[below(g, ARRAY_COUNT(FRACTIONS))];
    uint32_t exponent = 0x3fff - 70 + below(g, 140);
    if (one_in(g, 3)) {
        exponent = EXPONENTS[below(g, ARRAY_COUNT(EXPONENTS))];
    }
    uint64_t integer_bit = (exponent != 0) != one_in(g, 40) ? UINT64_C(1) << 63 : 0;
    store_le64(bytes, (fraction & ~(UINT64_C(1) << 63)) | integer_bit);
    store_le32(bytes + 8, exponent | (one_in(g, 2) ? 0x8000 : 0));
}

/* Integers, or floats: of 32 bits by turns with 64. */
static void random_xmm(struct generator *g, uint8_t bytes[16])
{
    bool is_double = one_in(g, 2), is_float = !one_in(g, 3);
    for (unsigned n = 0; n < 16; n += 4) {
        uint32_t value = one_in(g, 6) ? 0 - below(g, 2) : (uint32_t)next_random(g);
        bool has_exponent = is_float && (!is_double || n % 8 == 4);
        unsigned shift = is_double ? 20 : 23, bias = is_double ? 1023 : 127;
        if (has_exponent && !one_in(g, 4)) { /* of a size that sums can see */
            value = (value & (0x80000000u | ((1u << shift) - 1))) | (bias - 20 + below(g, 40))
                                                                        << shift;
        } else if (has_exponent && one_in(g, 2)) {
            value = (value & (0x80000000u | ((1u << shift) - 1))) |
                    (one_in(g, 2) ? 2 * bias + 1 : below(g, 3)) << shift;
        }
        store_le32(bytes + n, value);
    }
}

void generator_random_fpu(struct generator *g, struct fpu_image *image)
{
    uint32_t control = 0x40 | below(g, 4) << 10 | below(g, 4) << 8;
    control |= one_in(g, 4) ? below(g, 64) : 63;
    uint32_t status = (uint32_t)next_random(g) & 0x7f40;
    status |= one_in(g, 8) ? below(g, 64) : below(g, 64) & control;
    status |= (status & ~control & 63) != 0 ? 0x8080 : 0; /* ES and B */
    image->control = (uint16_t)control;
    image->status = (uint16_t)status;
    image->tag = (uint16_t)(one_in(g, 3) ? below(g, 256) : one_in(g, 2) ? 0xff : 0x0f);
    image->mxcsr =
        0x1f80u | below(g, 4) << 13 | (one_in(g, 8) ? 0x40 : 0) | (one_in(g, 8) ? 0x8000 : 0);
    image->mxcsr &= one_in(g, 4) ? ~(below(g, 64) << 7) : ~0u;
    for (unsigned n = 0; n < 8; n++) {
        random_st(g, image->st[n]);
        random_xmm(g, image->xmm[n]);
    }
}

/* --- instructions ---------------------------------------------------------------------------------------- */

static bool is_transcendental(unsigned opcode, unsigned modrm)
{
    static const uint8_t MODRMS[] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff};
    for (unsigned n = 0; opcode == 0xd9 && n < ARRAY_COUNT(MODRMS); n++) {
        if (modrm == MODRMS[n]) {
            return true;
        }
    }
    return false;
}

static void put_x87(struct emitter *e, unsigned opcode)
{
    struct generator *g = e->g;
    unsigned reg = below(g, 8);
    if ((opcode == 0xd9 || opcode == 0xdd) && reg == 6) {
        reg = 7; /* FNSTENV, FNSAVE: see above */
    }
    put(e, opcode, 1);
    if (one_in(g, 2)) {
        put_memory(e, reg, 8);
        return;
    }
    unsigned modrm = 0xc0 + below(g, 64);
    put(e, is_transcendental(opcode, modrm) ? 0xc0 | (modrm & 7) : modrm, 1);
}

static void put_simd(struct emitter *e, const struct opcode_row *row)
{
    static const uint8_t PREFIXES[] = {[SIMD_66] = 0x66, [SIMD_F3] = 0xf3, [SIMD_F2] = 0xf2};
    struct generator *g = e->g;
    unsigned map = row->opcode >> 8, reg = row->digit == ROW_ANY ? below(g, 8) : row->digit;
    bool is_memory = (row->attributes & ROW_NOMEM) == 0 && row->form != FORM_N &&
                     ((row->attributes & ROW_MEM) != 0 || one_in(g, 2));
    if (row->simd.prefix != SIMD_NP) {
        put(e, PREFIXES[row->simd.prefix], 1);
    }
    put(e, 0x0f, 1);
    if (map != 0x0f) {
        put(e, map, 1);
    }
    put(e, row->opcode & 0xff, 1);
    if (is_memory) {
        put_memory(e, reg, 16);
    } else if (row->form != FORM_N) {
        put(e, 0xc0 | reg << 3 | below(g, 8), 1);
    }
    if (row->immediate == IMM_IB) {
        put(e, below(g, 256), 1);
    }
}

/* A segment in front of some, the other address size of fewer. */
static void put_address_prefixes(struct emitter *e)
{
    static const uint8_t SEGMENTS[] = {0x26, 0x36, 0x3e, 0x64};
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0, toggles = one_in(e->g, 12);
    if (one_in(e->g, 12)) {
        put(e, SEGMENTS[below(e->g, ARRAY_COUNT(SEGMENTS))], 1);
    }
    if (toggles) {
        put(e, 0x67, 1);
    }
    e->is_16 = code16;
    e->address_16 = code16 != toggles;
}

bool generator_put_fpu(struct emitter *e, const struct opcode_row *row)
{
    bool is_x87 = row->opcode >= 0xd8 && row->opcode <= 0xdf;
    if (!is_x87 && !e->is_simd) {
        return false;
    }
    put_address_prefixes(e);
    if (is_x87) {
        put_x87(e, row->opcode);
    } else {
        put_simd(e, row);
    }
    return true;
}
