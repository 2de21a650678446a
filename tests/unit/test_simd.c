/*
 * Unit tests of MMX and SSE on values (cpu/simd.h).
 *
 * Oracles: figures of the SDM, the check value of CRC-32C, and, on x86-64, the workstation's own
 * units for every row (the long form is tests/fuzz/simd_silicon.c).
 */
#include <check.h>
#include <math.h>

#include "cpu/simd_float.h"
#include "tests/fuzz/simd_cases.h"

#define ONE            UINT32_C(0x3F800000)
#define QUIET_NAN      UINT32_C(0x7FC00001)
#define SIGNALLING_NAN UINT32_C(0xFF800002)

static struct simd_env fresh(void)
{
    return (struct simd_env){.mxcsr = SIMD_MXCSR_RESET, .bytes = 16};
}

/* SDM vol. 1, table 4-7: the first operand where it is a NaN. */
START_TEST(the_first_nan_comes_out_quiet)
{
    struct simd_env env = fresh();
    ck_assert_uint_eq(simd_float_add(&env, 4, QUIET_NAN, SIGNALLING_NAN), QUIET_NAN);
    ck_assert_uint_eq(env.raised, SIMD_IE);
    env = fresh();
    ck_assert_uint_eq(simd_float_add(&env, 4, ONE, SIGNALLING_NAN), SIGNALLING_NAN | 0x400000);
    env = fresh();
    ck_assert_uint_eq(simd_float_mul(&env, 4, QUIET_NAN, ONE), QUIET_NAN);
    ck_assert_uint_eq(env.raised, 0);
}
END_TEST

/* SDM vol. 2, MINPS: a NaN or two zeros give the second operand, as it is. */
START_TEST(min_of_nans_and_zeros_is_the_second)
{
    struct simd_env env = fresh();
    ck_assert_uint_eq(simd_float_min(&env, 4, ONE, SIGNALLING_NAN), SIGNALLING_NAN);
    ck_assert_uint_eq(simd_float_min(&env, 4, QUIET_NAN, ONE), ONE);
    ck_assert_uint_eq(env.raised, SIMD_IE);
    ck_assert_uint_eq(simd_float_max(&env, 4, 0, 0x80000000), 0x80000000);
}
END_TEST

/* SDM vol. 1, 4.8.4: 1/3 in the four modes; table 4-10: overflow. */
START_TEST(results_follow_the_rounding_mode)
{
    static const uint32_t third[] = {0x3EAAAAAB, 0x3EAAAAAA, 0x3EAAAAAB, 0x3EAAAAAA};
    static const uint32_t huge[] = {0x7F800000, 0x7F7FFFFF, 0x7F800000, 0x7F7FFFFF};
    for (unsigned rounding = 0; rounding < 4; rounding++) {
        struct simd_env env = fresh();
        env.mxcsr |= rounding << SIMD_RC_SHIFT;
        ck_assert_uint_eq(simd_float_div(&env, 4, ONE, 0x40400000), third[rounding]);
        ck_assert_uint_eq(env.raised, SIMD_PE);
        ck_assert_uint_eq(simd_float_mul(&env, 4, 0x7F000000, 0x7F000000), huge[rounding]);
        ck_assert_uint_eq(env.raised, SIMD_PE | SIMD_OE);
    }
}
END_TEST

START_TEST(daz_and_ftz_make_zeros_of_denormals)
{
    struct simd_env env = fresh();
    ck_assert_uint_eq(simd_float_add(&env, 4, 1, 1), 2);
    ck_assert_uint_eq(env.raised, SIMD_DE);
    env = fresh();
    env.mxcsr |= SIMD_DAZ;
    ck_assert_uint_eq(simd_float_add(&env, 4, 1, 1), 0);
    ck_assert_uint_eq(env.raised, 0);
    env = fresh();
    env.mxcsr |= SIMD_FTZ;
    ck_assert_uint_eq(simd_float_mul(&env, 4, 0x80800000, 0x3F000000), 0x80000000);
    ck_assert_uint_eq(env.raised, SIMD_UE | SIMD_PE);
}
END_TEST

/* SDM vol. 1, table 4-1: the integer indefinite. */
START_TEST(integers_out_of_range_are_indefinite)
{
    struct simd_env env = fresh();
    ck_assert_uint_eq(simd_float_to_int(&env, 4, 0x4F000000, 4, false), 0x80000000);
    ck_assert_uint_eq(env.raised, SIMD_IE);
    env = fresh();
    ck_assert_uint_eq(simd_float_to_int(&env, 4, 0xCF000000, 4, false), 0x80000000);
    ck_assert_uint_eq(simd_float_to_int(&env, 4, 0x40200000, 4, false), 2); /* 2.5, to even */
    ck_assert_uint_eq(simd_float_to_int(&env, 4, 0xBFC00000, 4, true), 0xFFFFFFFF);
    ck_assert_uint_eq(env.raised, SIMD_PE);
}
END_TEST

static const struct opcode_row *row_named(const char *name)
{
    const struct opcode_row *row;
    for (size_t i = 0; (row = simd_row_at(i)) != NULL; i++)
        if (strcmp(row->mnemonic, name) == 0)
            return row;
    ck_abort_msg("no row %s", name);
}

/* SDM vol. 1, 11.5.2: an unmasked exception of one lane keeps all from being written, and rounding
 * in another is not come to. */
START_TEST(an_unmasked_exception_keeps_the_destination)
{
    struct simd_env env = fresh();
    struct simd_value d = {{UINT64_C(0x3F8000003F800000), ONE}}, old = d;
    struct simd_value s = {{UINT64_C(0x4040000000000000), ONE}}; /* 1/0, 1/3, 1/1, 0/0 */
    env.mxcsr &= ~((uint32_t)SIMD_ZE << SIMD_MASK_SHIFT);
    ck_assert(!simd_execute(&row_named("divps")->simd, &env, &d, &s));
    ck_assert_mem_eq(&d, &old, sizeof d);
    ck_assert_uint_eq(env.raised, SIMD_ZE | SIMD_IE);
}
END_TEST

/* SDM vol. 2, RCPPS and RSQRTPS: |relative error| <= 1.5 * 2^-12. */
START_TEST(approximations_keep_the_bound_of_the_manual)
{
    for (uint32_t bits = 0x00800000; bits < 0x7F800000; bits += 7919) {
        float x, y, z;
        uint32_t reciprocal = simd_float_reciprocal(bits);
        uint32_t root = simd_float_reciprocal_root(bits);
        memcpy(&x, &bits, 4);
        memcpy(&y, &reciprocal, 4);
        memcpy(&z, &root, 4);
        if (bits <= 0x7E800000) /* else the result is denormal and becomes zero */
            ck_assert_double_le(fabs((double)x * (double)y - 1), 1.5 / 4096);
        ck_assert_double_le(fabs((double)z * sqrt((double)x) - 1), 1.5 / 4096);
    }
    ck_assert_uint_eq(simd_float_reciprocal(0x80000001), 0xFF800000);
    ck_assert_uint_eq(simd_float_reciprocal_root(0xBF800000), 0xFFC00000);
}
END_TEST

START_TEST(crc32_gives_the_check_value_of_the_castagnoli_polynomial)
{
    uint32_t crc = 0xFFFFFFFF;
    for (const char *text = "123456789"; *text != '\0'; text++)
        crc = simd_crc32(crc, (uint8_t)*text, 1);
    ck_assert_uint_eq(~crc, 0xE3069283);
    ck_assert_uint_eq(simd_popcnt(0xF0F01001), 10);
}
END_TEST

/* SDM vol. 2, 4.1: where "bc" starts in "abcd", strings ending at a zero. */
START_TEST(pcmpistri_finds_a_needle)
{
    struct simd_env env = fresh();
    struct simd_value needle = {{0x6362, 0}}, text = {{0x64636261, 0}};
    env.immediate = 0x0C;
    ck_assert(simd_execute(&row_named("pcmpistri")->simd, &env, &needle, &text));
    ck_assert_uint_eq(env.cx, 1);
    ck_assert_uint_eq(env.flags, 0x0C1); /* SF and ZF: both end in the register; CF: found */
}
END_TEST

START_TEST(rows_agree_with_the_silicon)
{
#if SILICON_PRESENT
    const struct opcode_row *row;
    struct simd_silicon silicon;
    uint64_t seed = 20261122;
    if (!simd_open(&silicon)) {
        puts("rows_agree_with_the_silicon: skipped: no executable memory to be had");
        return;
    }
    for (size_t i = 0; (row = simd_row_at(i)) != NULL; i++)
        for (int n = 0; n < 300 && row->simd.function && simd_silicon_has(row); n++)
            ck_assert_msg(simd_run_case(&silicon, row, &seed, true), "%s differs", row->mnemonic);
    simd_close(&silicon);
#else
    puts("rows_agree_with_the_silicon: skipped: the workstation is no x86-64 under Linux");
#endif
}
END_TEST

Suite *simd_suite(void);

Suite *simd_suite(void)
{
    Suite *suite = suite_create("simd");
    TCase *tcase = tcase_create("unit");
    tcase_add_test(tcase, the_first_nan_comes_out_quiet);
    tcase_add_test(tcase, min_of_nans_and_zeros_is_the_second);
    tcase_add_test(tcase, results_follow_the_rounding_mode);
    tcase_add_test(tcase, daz_and_ftz_make_zeros_of_denormals);
    tcase_add_test(tcase, integers_out_of_range_are_indefinite);
    tcase_add_test(tcase, an_unmasked_exception_keeps_the_destination);
    tcase_add_test(tcase, approximations_keep_the_bound_of_the_manual);
    tcase_add_test(tcase, crc32_gives_the_check_value_of_the_castagnoli_polynomial);
    tcase_add_test(tcase, pcmpistri_finds_a_needle);
    tcase_add_test(tcase, rows_agree_with_the_silicon);
    suite_add_tcase(suite, tcase);
    return suite;
}
