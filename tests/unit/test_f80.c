/*
 * Unit tests of the 80-bit arithmetic (cpu/f80.h).
 *
 * Oracles: the tables of the SDM, values computed with mpmath at 500 bits, and, on x86-64, the
 * x87 of the workstation for every exact operation (the long form is tests/fuzz/f80_silicon.c).
 */
#include <check.h>

#include "cpu/f80.h"
#include "cpu/f80_fast.h"
#include "cpu/f80_wide.h"
#include "tests/fuzz/f80_cases.h"

#define ONE f80_make(0x3FFF, UINT64_C(0x8000000000000000))

static struct f80_env environment(void)
{
    return (struct f80_env){.rounding = F80_NEAREST, .precision = F80_EXTENDED, .masks = F80_ALL};
}

static void check_value(struct f80 value, uint16_t sign_exponent, uint64_t significand)
{
    ck_assert_msg(value.sign_exponent == sign_exponent && value.significand == significand,
                  "%04X.%016llX instead of %04X.%016llX", value.sign_exponent,
                  (unsigned long long)value.significand, sign_exponent,
                  (unsigned long long)significand);
}

START_TEST(one_third_is_rounded_in_each_mode)
{
    static const uint64_t expected[] = {UINT64_C(0xAAAAAAAAAAAAAAAB), UINT64_C(0xAAAAAAAAAAAAAAAA),
                                        UINT64_C(0xAAAAAAAAAAAAAAAB), UINT64_C(0xAAAAAAAAAAAAAAAA)};
    for (uint8_t mode = 0; mode < 4; mode++) {
        struct f80_env env = environment();
        env.rounding = mode;
        check_value(f80_div(&env, ONE, f80_from_int64(3)), 0x3FFD, expected[mode]);
        ck_assert_uint_eq(env.raised, F80_PE);
        ck_assert_int_eq(env.rounded_up, (mode == F80_NEAREST || mode == F80_UP));
    }
}
END_TEST

START_TEST(precision_control_shortens_results)
{
    struct f80_env env = environment();
    env.precision = F80_SINGLE;
    check_value(f80_div(&env, ONE, f80_from_int64(3)), 0x3FFD, UINT64_C(0xAAAAAB0000000000));
    env.precision = F80_DOUBLE;
    check_value(f80_div(&env, ONE, f80_from_int64(3)), 0x3FFD, UINT64_C(0xAAAAAAAAAAAAA800));
}
END_TEST

START_TEST(unmasked_overflow_moves_the_exponent)
{
    struct f80_env env = environment();
    struct f80 largest = f80_make(0x7FFE, ~UINT64_C(0));
    check_value(f80_add(&env, largest, largest), 0x7FFF, UINT64_C(0x8000000000000000));
    ck_assert_uint_eq(env.raised, F80_OE | F80_PE);
    env = environment();
    env.masks &= (uint16_t)~F80_OE;
    check_value(f80_add(&env, largest, largest), 0x7FFF - 24576, ~UINT64_C(0));
    ck_assert_uint_eq(env.raised, F80_OE);
}
END_TEST

START_TEST(tiny_and_exact_underflows_only_when_unmasked)
{
    struct f80 smallest = f80_make(0x0001, UINT64_C(0x8000000000000000));
    struct f80_env env = environment();
    check_value(f80_div(&env, smallest, f80_from_int64(2)), 0, UINT64_C(0x4000000000000000));
    ck_assert_uint_eq(env.raised, 0);
    env.masks &= (uint16_t)~F80_UE;
    check_value(f80_div(&env, smallest, f80_from_int64(2)), 24576, UINT64_C(0x8000000000000000));
    ck_assert_uint_eq(env.raised, F80_UE);
}
END_TEST

/* SDM vol. 2A, the tables of FSCALE and FPREM; UE: an Intel Xeon. */
START_TEST(a_denormal_is_handed_on_though_tiny)
{
    struct f80 denormal = f80_make(0x8000, UINT64_C(0x4000000000000000));
    struct f80 pseudo = f80_make(0, UINT64_C(0x8000000000000000)), zero = f80_make(0, 0);
    struct f80 infinity = f80_make(0x7FFF, UINT64_C(0x8000000000000000));
    struct f80_env env = environment();
    env.masks &= (uint16_t)~F80_UE;
    check_value(f80_scale(&env, denormal, zero), 0x8000, denormal.significand);
    check_value(f80_rem(&env, denormal, infinity).value, 0x8000, denormal.significand);
    check_value(f80_rem_ieee(&env, denormal, infinity).value, 0x8000, denormal.significand);
    check_value(f80_scale(&env, pseudo, zero), 1, pseudo.significand);
    ck_assert_uint_eq(env.raised, F80_DE);
    f80_rem(&env, denormal, ONE); /* a number: tiny */
    ck_assert_uint_eq(env.raised, F80_DE | F80_UE);
}
END_TEST

/* SDM vol. 1, table 4-7. */
START_TEST(the_larger_nan_wins_and_becomes_quiet)
{
    struct f80 small = f80_make(0x7FFF, UINT64_C(0xC000000000000001));
    struct f80 large = f80_make(0xFFFF, UINT64_C(0xC000000000000002));
    struct f80 signalling = f80_make(0x7FFF, UINT64_C(0xBFFFFFFFFFFFFFFF));
    struct f80_env env = environment();
    check_value(f80_add(&env, small, large), 0xFFFF, large.significand);
    ck_assert_uint_eq(env.raised, 0);
    check_value(f80_mul(&env, signalling, small), 0x7FFF, small.significand);
    ck_assert_uint_eq(env.raised, F80_IE);
    env = environment();
    check_value(f80_sub(&env, ONE, signalling), 0x7FFF, UINT64_C(0xFFFFFFFFFFFFFFFF));
    ck_assert_uint_eq(env.raised, F80_IE);
}
END_TEST

START_TEST(invalid_operations_give_the_negative_indefinite)
{
    struct f80 infinity = f80_make(0x7FFF, UINT64_C(0x8000000000000000));
    struct f80 unnormal = f80_make(0x3FFF, UINT64_C(0x4000000000000000));
    struct f80_env env = environment();
    check_value(f80_sub(&env, infinity, infinity), 0xFFFF, UINT64_C(0xC000000000000000));
    check_value(f80_sqrt(&env, f80_negate(ONE)), 0xFFFF, UINT64_C(0xC000000000000000));
    check_value(f80_add(&env, ONE, unnormal), 0xFFFF, UINT64_C(0xC000000000000000));
    ck_assert_uint_eq(env.raised, F80_IE);
}
END_TEST

START_TEST(integers_out_of_range_become_indefinite)
{
    struct f80_env env = environment();
    struct f80 large = f80_from_int64(40000);
    ck_assert_int_eq(f80_to_int16(&env, large), INT16_MIN);
    ck_assert_uint_eq(env.raised, F80_IE);
    env = environment();
    ck_assert_int_eq(f80_to_int16(&env, f80_from_int64(-32768)), INT16_MIN);
    ck_assert_uint_eq(env.raised, 0);
    ck_assert_int_eq(f80_to_int64(&env, f80_from_int64(INT64_MIN)), INT64_MIN);
    ck_assert_uint_eq(env.raised, 0);
}
END_TEST

START_TEST(packed_decimal_goes_there_and_back)
{
    struct f80_env env = environment();
    uint8_t bcd[10];
    f80_to_bcd(&env, f80_from_int64(-1234567890123456), bcd);
    static const uint8_t expected[10] = {0x56, 0x34, 0x12, 0x90, 0x78, 0x56, 0x34, 0x12, 0, 0x80};
    ck_assert_mem_eq(bcd, expected, 10);
    ck_assert_int_eq(f80_to_int64(&env, f80_from_bcd(bcd)), -1234567890123456);
    ck_assert_uint_eq(env.raised, 0);
}
END_TEST

START_TEST(remainder_tells_the_low_quotient_bits)
{
    struct f80_env env = environment();
    struct f80_remainder r = f80_rem(&env, f80_from_int64(23), f80_from_int64(4));
    ck_assert_int_eq(f80_to_int64(&env, r.value), 3);
    ck_assert_uint_eq(r.quotient, 5);
    r = f80_rem_ieee(&env, f80_from_int64(23), f80_from_int64(4));
    ck_assert_int_eq(f80_to_int64(&env, r.value), -1);
    ck_assert_uint_eq(r.quotient, 6);
    struct f80 huge = f80_make(0x3FFF + 100, UINT64_C(0x8000000000000000));
    r = f80_rem(&env, huge, f80_from_int64(3));
    ck_assert(r.is_incomplete);
}
END_TEST

enum function {
    ANSWER_2XM1,
    ANSWER_YL2X,
    ANSWER_YL2XP1,
    ANSWER_PATAN,
    ANSWER_SIN,
    ANSWER_COS,
    ANSWER_TAN
};

struct answer {
    enum function function;
    struct f80 x, y, result;
};

/* Computed with mpmath at 500 bits, angles reduced by the 66-bit pi; rounded to nearest. */
static const struct answer ANSWERS[] = {
    {ANSWER_2XM1,
     {UINT64_C(0xC0000000000000F3), 0x3FFE},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xAE89F995AD3AD704), 0x3FFE}},
    {ANSWER_2XM1,
     {UINT64_C(0x9999999999999A8E), 0xBFFD},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xC040E866359852D4), 0xBFFC}},
    {ANSWER_2XM1,
     {UINT64_C(0xDBE6FECEBDEDDC05), 0x3FDD},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0x986CB7A1211095F6), 0x3FDD}},
    {ANSWER_2XM1,
     {UINT64_C(0xFD70A3D70A3D779C), 0xBFFE},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xFE38293BFB0F4A4F), 0xBFFD}},
    {ANSWER_YL2X,
     {UINT64_C(0xECCCCCCCCCCCD418), 0x4000},
     {UINT64_C(0x800000000000052D), 0x3FFF},
     {UINT64_C(0xF19A6D961AB58D68), 0x3FFF}},
    {ANSWER_YL2X,
     {UINT64_C(0x8000000225C186E1), 0x3FFF},
     {UINT64_C(0xA00000000000079F), 0x4000},
     {UINT64_C(0xF7DA6A8EFD0769D5), 0x3FE2}},
    {ANSWER_YL2X,
     {UINT64_C(0xAB70FE17C79AC8D2), 0x3C1A},
     {UINT64_C(0xE000000000000712), 0xC001},
     {UINT64_C(0xDA006459B9D0C4E6), 0x400B}},
    {ANSWER_YL2X,
     {UINT64_C(0xB504F32EE13EF9C9), 0x3FFE},
     {UINT64_C(0x9502F90000000728), 0x4020},
     {UINT64_C(0x9502F90C1ABC84C2), 0xC01F}},
    {ANSWER_YL2XP1,
     {UINT64_C(0x80000000000004CE), 0x3FFD},
     {UINT64_C(0x80000000000004F8), 0x3FFF},
     {UINT64_C(0xA4D3C25E68DC63E4), 0x3FFD}},
    {ANSWER_YL2XP1,
     {UINT64_C(0x8F5C28F5C28F6473), 0xBFFD},
     {UINT64_C(0xC00000000000035D), 0x4000},
     {UINT64_C(0xB5FD54DFA9C6FCB2), 0xBFFF}},
    {ANSWER_YL2XP1,
     {UINT64_C(0x9392EE8E921D6644), 0x3FC3},
     {UINT64_C(0xA000000000000494), 0x4000},
     {UINT64_C(0x8510AC6C7E5ECD17), 0x3FC5}},
    {ANSWER_PATAN,
     {UINT64_C(0x8000000000000461), 0x3FFF},
     {UINT64_C(0x8CCCCCCCCCCCD6BD), 0x3FFF},
     {UINT64_C(0xD53E42A28C1E6AD1), 0x3FFE}},
    {ANSWER_PATAN,
     {UINT64_C(0x80000000000005D8), 0xC000},
     {UINT64_C(0xC000000000000636), 0x4000},
     {UINT64_C(0x8A29C2FD1D7B8C59), 0x4000}},
    {ANSWER_PATAN,
     {UINT64_C(0xA000000000000625), 0x4001},
     {UINT64_C(0x89705F4136B4ABED), 0xBFE1},
     {UINT64_C(0xDBE6FECEBDEDD76F), 0xBFDE}},
    {ANSWER_PATAN,
     {UINT64_C(0xC350000000000602), 0xC00F},
     {UINT64_C(0x800000000000062F), 0xBFFF},
     {UINT64_C(0xC90FB0B0B6570164), 0xC000}},
    {ANSWER_PATAN,
     {UINT64_C(0x80000000000004B1), 0x3FFF},
     {UINT64_C(0xCCCCCCCCCCCCD387), 0x3FFD},
     {UINT64_C(0xC2D1BB5B3BEDFD15), 0x3FFD}},
    {ANSWER_SIN,
     {UINT64_C(0x80000000000001EB), 0x3FFE},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xF57743A2582F82A1), 0x3FFD}},
    {ANSWER_SIN,
     {UINT64_C(0xB999999999999805), 0xC000},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xF4FDC6B241871473), 0xBFFC}},
    {ANSWER_SIN,
     {UINT64_C(0xC8000000000004E9), 0x4005},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0x81A12DBC626BA23F), 0xBFFE}},
    {ANSWER_SIN,
     {UINT64_C(0xC90FDAA2216888A5), 0x4000},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xE63F000000000000), 0x3FCE}},
    {ANSWER_SIN,
     {UINT64_C(0xDE0B6B3A764000E2), 0xC03A},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xDC498CFCDF5C05C0), 0xBFFB}},
    {ANSWER_COS,
     {UINT64_C(0x800000000000024C), 0x3FFE},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xE0A94032DBEA7BD4), 0x3FFE}},
    {ANSWER_COS,
     {UINT64_C(0xB999999999999E88), 0xC000},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xF890B6DD1A064AF3), 0xBFFE}},
    {ANSWER_COS,
     {UINT64_C(0xC8000000000000C8), 0x4005},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xDCC0EDFB32FF2DC4), 0x3FFE}},
    {ANSWER_COS,
     {UINT64_C(0xC90FDAA22168C398), 0x3FFF},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xB1A0000000000000), 0xBFC8}},
    {ANSWER_COS,
     {UINT64_C(0xDE0B6B3A76400017), 0x403A},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xFFFA2707366450E6), 0x3FFE}},
    {ANSWER_TAN,
     {UINT64_C(0x8000000000000684), 0x3FFE},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0x8BDA7ADF9A3A5A8F), 0x3FFE}},
    {ANSWER_TAN,
     {UINT64_C(0xB999999999999F20), 0xC000},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xFC51B212AB9C8185), 0x3FFC}},
    {ANSWER_TAN,
     {UINT64_C(0xC80000000000057B), 0x4005},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0x9653A6B15AE60E15), 0xBFFE}},
    {ANSWER_TAN,
     {UINT64_C(0xC90FDAA22168C3EC), 0x3FFF},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0x95332447AF926E71), 0xC035}},
    {ANSWER_TAN,
     {UINT64_C(0xDE0B6B3A7640056F), 0xC03A},
     {UINT64_C(0x0000000000000000), 0x0000},
     {UINT64_C(0xC82E18A11F530624), 0xBFFE}},
};

static struct f80 compute(const struct answer *answer)
{
    struct f80_env env = environment();
    struct f80 result = {0, 0};
    bool is_out_of_range = false;
    switch (answer->function) {
    case ANSWER_2XM1: return f80_2xm1(&env, answer->x);
    case ANSWER_YL2X: return f80_yl2x(&env, answer->x, answer->y);
    case ANSWER_YL2XP1: return f80_yl2xp1(&env, answer->x, answer->y);
    case ANSWER_PATAN: return f80_patan(&env, answer->x, answer->y);
    case ANSWER_SIN: is_out_of_range = f80_sin(&env, answer->x, &result); break;
    case ANSWER_COS: is_out_of_range = f80_cos(&env, answer->x, &result); break;
    case ANSWER_TAN: is_out_of_range = f80_tan(&env, answer->x, &result); break;
    }
    ck_assert(!is_out_of_range);
    ck_assert_uint_eq(env.raised, F80_PE);
    return result;
}

START_TEST(transcendentals_are_correctly_rounded)
{
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++)
        check_value(compute(&ANSWERS[i]), ANSWERS[i].result.sign_exponent,
                    ANSWERS[i].result.significand);
}
END_TEST

START_TEST(angles_from_2_to_the_63_are_refused)
{
    struct f80_env env = environment();
    struct f80 result;
    ck_assert(f80_sin(&env, f80_make(0x403E, UINT64_C(0x8000000000000000)), &result));
    ck_assert(!f80_sin(&env, f80_make(0x403D, ~UINT64_C(0)), &result));
}
END_TEST

START_TEST(portable_division_agrees_with_multiplication)
{
    uint64_t seed = 5;
    for (int i = 0; i < 20000; i++) {
        uint64_t divisor = silicon_random_significand(&seed);
        struct f80_u128 n = {silicon_random_significand(&seed) >> (i & 7), silicon_random(&seed)};
        if (n.high >= divisor)
            n.high %= divisor;
        uint64_t rest, quotient = f80_divide_portable(n, divisor, &rest);
        struct f80_u128 back =
            f80_add128(f80_multiply64(quotient, divisor), (struct f80_u128){0, rest});
        ck_assert(rest < divisor && back.high == n.high && back.low == n.low);
    }
}
END_TEST

/* Where the short ways say that they are done, at the ends of what they take and within. */
START_TEST(short_ways_agree_with_the_general_functions)
{
    static const uint16_t exponents[22] = {0, 1, 63, 64, 65, 127, 128, 0x2000, 0x2001, 0x2002, 0x3FBF, 0x3FC0, 0x3FFE,
                                         0x3FFF, 0x4000, 0x5FFC, 0x5FFD, 0x5FFE, 0x7FFC, 0x7FFD, 0x7FFE, 0x7FFF};
    static const uint64_t significands[10] = {F80_INTEGER_BIT, F80_INTEGER_BIT + 1, ~UINT64_C(0), ~UINT64_C(1),
                                            UINT64_C(0xC000000000000000), UINT64_C(0x80000000000003FF),
                                            UINT64_C(0x8000000000000400), UINT64_C(0xB504F333F9DE6484), 0, 1};
    const unsigned kinds = 22 * 10 * 2;
    unsigned done = 0;
    for (unsigned n = 0; n < kinds * kinds; n++) {
        unsigned x = n / kinds, y = n % kinds;
        struct f80 a = f80_make((uint16_t)(exponents[x / 2 % 22] | (x & 1) << 15), significands[x / 44]);
        struct f80 b = f80_make((uint16_t)(exponents[y / 2 % 22] | (y & 1) << 15), significands[y / 44]);
        for (unsigned way = 0; way < 6; way++) {
            unsigned bits = way & 1 ? 53 : 64;
            struct f80_env env = environment();
            struct f80_fast fast = way < 2   ? f80_fast_add(a, b, b.sign_exponent & 0x8000, bits)
                                   : way < 4 ? f80_fast_mul(a, b, bits)
                                             : f80_fast_div(a, b, bits);
            if (!fast.is_done)
                continue;
            env.precision = bits == 53 ? F80_DOUBLE : F80_EXTENDED;
            struct f80 value = way < 2 ? f80_add(&env, a, b) : way < 4 ? f80_mul(&env, a, b) : f80_div(&env, a, b);
            check_value(fast.value, value.sign_exponent, value.significand);
            ck_assert_uint_eq(fast.is_inexact ? F80_PE : 0, env.raised);
            ck_assert_int_eq(fast.is_up, env.rounded_up);
            done++;
        }
    }
    ck_assert_uint_gt(done, kinds * kinds / 2);
}
END_TEST

START_TEST(operations_agree_with_the_silicon)
{
#if SILICON_PRESENT
    struct silicon silicon;
    struct spread far = {{0}};
    uint64_t seed = 20260727;
    ck_assert(silicon_open(&silicon));
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
        for (int n = 0; n < 10000; n++)
            ck_assert_msg(run_case(&silicon, &OPERATIONS[i], &seed, true, &far), "%s differs",
                          OPERATIONS[i].name);
    silicon_close(&silicon);
    ck_assert_uint_gt(far.count[0], 10 * far.count[1]);
    ck_assert_uint_eq(far.count[2] + far.count[3], 0);
#else
    puts("operations_agree_with_the_silicon: skipped: the workstation is no x86-64 under Linux");
#endif
}
END_TEST

Suite *f80_suite(void);

Suite *f80_suite(void)
{
    Suite *suite = suite_create("f80");
    TCase *tcase = tcase_create("arithmetic");
    tcase_add_test(tcase, one_third_is_rounded_in_each_mode);
    tcase_add_test(tcase, precision_control_shortens_results);
    tcase_add_test(tcase, unmasked_overflow_moves_the_exponent);
    tcase_add_test(tcase, tiny_and_exact_underflows_only_when_unmasked);
    tcase_add_test(tcase, a_denormal_is_handed_on_though_tiny);
    tcase_add_test(tcase, the_larger_nan_wins_and_becomes_quiet);
    tcase_add_test(tcase, invalid_operations_give_the_negative_indefinite);
    tcase_add_test(tcase, integers_out_of_range_become_indefinite);
    tcase_add_test(tcase, packed_decimal_goes_there_and_back);
    tcase_add_test(tcase, remainder_tells_the_low_quotient_bits);
    tcase_add_test(tcase, transcendentals_are_correctly_rounded);
    tcase_add_test(tcase, angles_from_2_to_the_63_are_refused);
    tcase_add_test(tcase, portable_division_agrees_with_multiplication);
    tcase_add_test(tcase, short_ways_agree_with_the_general_functions);
    tcase_add_test(tcase, operations_agree_with_the_silicon);
    suite_add_tcase(suite, tcase);
    return suite;
}
