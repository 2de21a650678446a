/*
 * Unit tests of the x87 unit (cpu/x87.h).
 *
 * Oracles: the figures and tables of the SDM, and, on x86-64, the workstation's own unit for every
 * encoding on whole random states (the long form is tests/fuzz/x87_silicon.c).
 */
#include <check.h>

#include "cpu/x87.h"
#include "tests/fuzz/x87_cases.h"

static const struct x87_format REAL_16 = {.is_32bit = false, .is_real = true};
static const struct x87_format REAL_32 = {.is_32bit = true, .is_real = true};
static const struct x87_format SEGMENTED_16 = {.is_32bit = false, .is_real = false};
static const struct x87_format SEGMENTED_32 = {.is_32bit = true, .is_real = false};

static struct x87 fresh(void)
{
    struct x87 x;
    x87_reset(&x);
    return x;
}

static void execute(struct x87 *x, uint8_t opcode, uint8_t modrm)
{
    uint64_t eflags = 0;
    uint16_t ax = 0;
    ck_assert_int_eq(x87_execute_register(x, opcode, modrm, NULL, &eflags, &ax), X87_DONE);
}

static int64_t pop_integer(struct x87 *x)
{
    int64_t value = 0;
    ck_assert(x87_fist(x, &value, 8, false, true));
    return value;
}

static uint32_t get32(const uint8_t *image)
{
    return (uint32_t)image[0] | (uint32_t)image[1] << 8 | (uint32_t)image[2] << 16 |
           (uint32_t)image[3] << 24;
}

static uint16_t get16(const uint8_t *image)
{
    return (uint16_t)(image[0] | image[1] << 8);
}

/* SDM vol. 3, table 9-1: after FNINIT. */
START_TEST(fninit_sets_037f_and_empties_the_stack)
{
    struct x87 x = fresh();
    x87_fild(&x, 5);
    x87_set_control(&x, 0);
    execute(&x, 0xDB, 0xE3);
    ck_assert_uint_eq(x.control, 0x037F);
    ck_assert_uint_eq(x87_status(&x), 0);
    ck_assert_uint_eq(x87_tag(&x), 0xFFFF);
}
END_TEST

START_TEST(arithmetic_reaches_each_destination)
{
    struct x87 x = fresh();
    x87_fild(&x, 2);
    x87_fild(&x, 7);
    x87_arithmetic_register(&x, X87_SUB, 1, true, true); /* FSUBRP: 7 - 2 */
    ck_assert_int_eq(pop_integer(&x), 5);
    x87_fild(&x, 2);
    x87_fild(&x, 7);
    execute(&x, 0xDE, 0xE9); /* FSUBP ST(1),ST: 2 - 7 */
    ck_assert_int_eq(pop_integer(&x), -5);
    x87_fild(&x, 42);
    x87_arithmetic_int(&x, X87_DIV, 6);
    ck_assert_int_eq(pop_integer(&x), 7);
    x87_fld64(&x, UINT64_C(0x4008000000000000)); /* 3.0 */
    x87_arithmetic_float64(&x, X87_MUL, UINT64_C(0x4000000000000000));
    x87_arithmetic_float32(&x, X87_ADD, 0x3F800000);
    ck_assert_int_eq(pop_integer(&x), 7);
    ck_assert_uint_eq(x87_status(&x), 0);
    ck_assert_uint_eq(x87_tag(&x), 0xFFFF);
}
END_TEST

/* SDM vol. 1, 8.5.1.1 */
START_TEST(stack_overflow_sets_sf_and_c1_and_loads_the_indefinite)
{
    struct x87 x = fresh();
    for (int i = 0; i < 9; i++)
        x87_fild(&x, i);
    ck_assert_uint_eq(x.status, F80_IE | X87_SF | X87_C1);
    ck_assert_uint_eq(x.reg[x.top].sign_exponent, 0xFFFF);
    ck_assert(x.reg[x.top].significand == UINT64_C(0xC000000000000000));
}
END_TEST

START_TEST(stack_underflow_clears_c1)
{
    struct x87 x = fresh();
    x.status = X87_C1;
    execute(&x, 0xD9, 0xE0); /* FCHS */
    ck_assert_uint_eq(x.status, F80_IE | X87_SF);
    ck_assert(!x87_is_empty(&x, 0));
}
END_TEST

START_TEST(unmasked_invalid_leaves_the_operands_and_is_pending)
{
    struct x87 x = fresh();
    x87_set_control(&x, 0x037F & (uint16_t)~F80_IE);
    x87_fild(&x, -4);
    execute(&x, 0xD9, 0xFA); /* FSQRT */
    ck_assert(x87_is_pending(&x));
    ck_assert_uint_eq(x.status, F80_IE | X87_ES | X87_B);
    ck_assert_int_eq(pop_integer(&x), -4);
    ck_assert(x87_is_pending(&x));
    execute(&x, 0xDB, 0xE2); /* FNCLEX */
    ck_assert(!x87_is_pending(&x));
}
END_TEST

START_TEST(unmasked_exception_keeps_a_store_from_memory)
{
    struct x87 x = fresh();
    uint8_t buffer[X87_OPERAND_BYTES];
    memset(buffer, 0x55, sizeof buffer);
    x87_set_control(&x, 0x037F & (uint16_t)~F80_IE);
    x87_fild(&x, 40000);
    ck_assert_int_eq(x87_execute_memory(&x, 0xDF, 0x1F, SEGMENTED_32, NULL, buffer),
                     X87_NOT_STORED);
    ck_assert_uint_eq(buffer[0], 0x55);
    ck_assert_int_eq(pop_integer(&x), 40000); /* it was not popped */
}
END_TEST

START_TEST(unmasking_a_flagged_exception_makes_it_pending)
{
    struct x87 x = fresh();
    x87_fild(&x, 1);
    x87_arithmetic_int(&x, X87_DIV, 0);
    ck_assert_uint_eq(x.status, F80_ZE);
    x87_set_control(&x, 0x037F & (uint16_t)~F80_ZE);
    ck_assert(x87_is_pending(&x));
}
END_TEST

START_TEST(only_the_no_wait_instructions_do_not_wait)
{
    /* FNINIT, FNCLEX, FNSTSW AX, FNSTCW, FNSTENV, FNSTSW, FNSAVE */
    static const uint8_t no_wait[][2] = {
        {0xDB, 0xE3},
        {0xDB, 0xE2},
        {0xDF, 0xE0},
        {0xD9, 0x3F},
        {0xD9, 0x37},
        {0xDD, 0x3F},
        {0xDD, 0x37}
    };
    static const uint8_t waits[][2] = {
        {0xD9, 0x2F},
        {0xD9, 0x27},
        {0xDD, 0x27},
        {0xD8, 0xC1},
        {0xD9, 0xD0},
        {0xDD, 0xC0},
        {0xDB, 0xF1}
    };
    for (size_t i = 0; i < 7; i++) {
        ck_assert(!x87_waits(no_wait[i][0], no_wait[i][1]));
        ck_assert(x87_waits(waits[i][0], waits[i][1]));
    }
}
END_TEST

START_TEST(operands_have_the_size_of_the_manual)
{
    static const struct {
        uint8_t opcode, modrm, bytes16, bytes32;
        enum x87_direction direction;
    } rows[] = {
        {0xD8, 0x07, 4,  4,   X87_LOAD             },
        {0xDA, 0x07, 4,  4,   X87_LOAD             },
        {0xDC, 0x3F, 8,  8,   X87_LOAD             },
        {0xDE, 0x17, 2,  2,   X87_LOAD             },
        {0xD9, 0x27, 14, 28,  X87_LOAD             },
        {0xD9, 0x37, 14, 28,  X87_STORE            },
        {0xDD, 0x27, 94, 108, X87_LOAD             },
        {0xDD, 0x37, 94, 108, X87_STORE            },
        {0xDB, 0x2F, 10, 10,  X87_LOAD             },
        {0xDB, 0x3F, 10, 10,  X87_STORE            },
        {0xDF, 0x27, 10, 10,  X87_LOAD             },
        {0xDF, 0x37, 10, 10,  X87_STORE            },
        {0xDD, 0x0F, 8,  8,   X87_STORE            },
        {0xDF, 0x1F, 2,  2,   X87_STORE            },
        {0xD9, 0x0F, 0,  0,   X87_UNDEFINED_OPERAND},
        {0xDB, 0x27, 0,  0,   X87_UNDEFINED_OPERAND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct x87_operand small = x87_memory_operand(rows[i].opcode, rows[i].modrm, false);
        struct x87_operand large = x87_memory_operand(rows[i].opcode, rows[i].modrm, true);
        ck_assert_uint_eq(small.bytes, rows[i].bytes16);
        ck_assert_uint_eq(large.bytes, rows[i].bytes32);
        ck_assert_int_eq(large.direction, rows[i].direction);
    }
}
END_TEST

/* A unit whose last instruction was FADD m64 (DC 07) at 1234:5678 with an operand at 9ABC:DEF0. */
static struct x87 after_an_instruction(void)
{
    struct x87 x = fresh();
    uint8_t operand[X87_OPERAND_BYTES] = {0};
    const struct x87_origin origin = {.cs = 0x1234, .ip = 0x5678, .ds = 0x9ABC, .dp = 0xDEF0};
    x87_fild(&x, 1);
    ck_assert_int_eq(x87_execute_memory(&x, 0xDC, 0x07, SEGMENTED_32, &origin, operand), X87_DONE);
    return x;
}

/* SDM vol. 1, figures 8-9 to 8-12 */
START_TEST(environment_has_the_four_layouts_of_the_manual)
{
    uint8_t image[28];
    struct x87 x = after_an_instruction();
    x87_store_environment(&x, SEGMENTED_32, image);
    ck_assert_uint_eq(get16(image), 0x037F);
    ck_assert_uint_eq(get16(image + 4), 7 << 11);
    ck_assert_uint_eq(get16(image + 8), 0x3FFF);
    ck_assert_uint_eq(get32(image + 12), 0x5678);
    ck_assert_uint_eq(get32(image + 16), UINT32_C(0x04071234));
    ck_assert_uint_eq(get32(image + 20), 0xDEF0);
    ck_assert_uint_eq(get16(image + 24), 0x9ABC);
    x87_store_environment(&x, SEGMENTED_16, image);
    ck_assert_uint_eq(get16(image + 4), 0x3FFF);
    ck_assert_uint_eq(get16(image + 6), 0x5678);
    ck_assert_uint_eq(get16(image + 8), 0x1234);
    ck_assert_uint_eq(get16(image + 10), 0xDEF0);
    ck_assert_uint_eq(get16(image + 12), 0x9ABC);
    x87_store_environment(&x, REAL_16, image); /* linear: 179B8 and A8AB0 */
    ck_assert_uint_eq(get16(image + 6), 0x79B8);
    ck_assert_uint_eq(get16(image + 8), 0x1407);
    ck_assert_uint_eq(get16(image + 10), 0x8AB0);
    ck_assert_uint_eq(get16(image + 12), 0xA000);
    x87_store_environment(&x, REAL_32, image);
    ck_assert_uint_eq(get16(image + 12), 0x79B8);
    ck_assert_uint_eq(get32(image + 16), 0x00001407);
    ck_assert_uint_eq(get16(image + 20), 0x8AB0);
    ck_assert_uint_eq(get32(image + 24), 0x0000A000);
}
END_TEST

START_TEST(storing_the_environment_masks_all_exceptions)
{
    struct x87 x = fresh();
    uint8_t image[28];
    x87_set_control(&x, 0x0300);
    x87_set_status(&x, F80_ZE);
    ck_assert(x87_is_pending(&x));
    x87_store_environment(&x, SEGMENTED_32, image);
    ck_assert_uint_eq(get16(image + 4), F80_ZE | X87_ES | X87_B);
    ck_assert_uint_eq(x.control, 0x037F);
    ck_assert(!x87_is_pending(&x));
}
END_TEST

START_TEST(control_instructions_leave_the_pointers)
{
    struct x87 x = after_an_instruction();
    const struct x87_origin other = {.cs = 1, .ip = 2, .ds = 3, .dp = 4};
    uint8_t operand[X87_OPERAND_BYTES] = {0x7F, 0x03};
    uint64_t eflags = 0;
    uint16_t ax = 0;
    x87_execute_memory(&x, 0xD9, 0x2F, SEGMENTED_32, &other, operand); /* FLDCW */
    x87_execute_register(&x, 0xDF, 0xE0, &other, &eflags, &ax);        /* FNSTSW AX */
    ck_assert_uint_eq(x.ip, 0x5678);
    ck_assert_uint_eq(ax, 7 << 11);
    x87_execute_register(&x, 0xD9, 0xE0, &other, &eflags, &ax); /* FCHS: no operand in memory */
    ck_assert_uint_eq(x.ip, 2);
    ck_assert_uint_eq(x.opcode, 0x1E0);
    ck_assert_uint_eq(x.dp, 0xDEF0);
}
END_TEST

START_TEST(state_saved_and_restored_is_the_same)
{
    const struct x87_format formats[] = {SEGMENTED_16, SEGMENTED_32};
    for (size_t f = 0; f < 2; f++) {
        struct x87 x = after_an_instruction();
        uint8_t image[X87_OPERAND_BYTES], again[X87_OPERAND_BYTES];
        x87_fild(&x, 99);
        x87_save_state(&x, formats[f], image);
        ck_assert_uint_eq(x87_tag(&x), 0xFFFF);
        x87_restore_state(&x, formats[f], image);
        x87_save_state(&x, formats[f], again);
        ck_assert_mem_eq(image, again, f == 0 ? 94 : 108);
        x87_restore_state(&x, formats[f], image);
        ck_assert_int_eq(pop_integer(&x), 99);
    }
}
END_TEST

/* SDM vol. 1, table 10-2 */
START_TEST(fxsave_keeps_registers_sixteen_bytes_apart)
{
    struct x87 x = after_an_instruction(), y = fresh();
    uint8_t image[512], again[512];
    memset(image, 0xEE, sizeof image);
    memset(again, 0xEE, sizeof again);
    x87_fild(&x, 3);
    x87_fxsave(&x, false, image);
    ck_assert_uint_eq(get16(image), 0x037F);
    ck_assert_uint_eq(get16(image + 2), 6 << 11);
    ck_assert_uint_eq(image[4], 0xC0);
    ck_assert_uint_eq(get16(image + 6), 0x407);
    ck_assert_uint_eq(get32(image + 8), 0x5678);
    ck_assert_uint_eq(get16(image + 12), 0x1234);
    ck_assert_uint_eq(get16(image + 40), 0x4000); /* ST(0) = 3 */
    ck_assert_uint_eq(get16(image + 56), 0x3FFF); /* ST(1) = 1 */
    ck_assert_uint_eq(image[24], 0xEE);           /* MXCSR is not ours */
    ck_assert_uint_eq(image[160], 0xEE);
    x87_fxrstor(&y, false, image);
    x87_fxsave(&y, false, again);
    ck_assert_mem_eq(image, again, sizeof image);
}
END_TEST

/* SDM vol. 1, 9.2.2 and 9.5.1 */
START_TEST(mmx_registers_are_the_significands)
{
    struct x87 x = fresh();
    x87_fild(&x, 1); /* in R7 */
    x87_mmx_enter(&x);
    ck_assert(x87_mmx_read(&x, 7) == UINT64_C(0x8000000000000000));
    x87_mmx_write(&x, 3, UINT64_C(0x123456789ABCDEF0));
    ck_assert_uint_eq(x.reg[3].sign_exponent, 0xFFFF);
    ck_assert_uint_eq(x.top, 0);
    ck_assert_uint_eq(x.valid, 0xFF);
    x87_emms(&x);
    ck_assert_uint_eq(x87_tag(&x), 0xFFFF);
}
END_TEST

/* SDM vol. 1, table 8-6 */
START_TEST(fcomi_sets_the_flags_and_fcmov_reads_them)
{
    struct x87 x = fresh();
    uint64_t eflags = 0x8D5 | 0x200;
    uint16_t ax = 0;
    x87_fild(&x, 2);
    x87_fild(&x, 1);
    x87_execute_register(&x, 0xDB, 0xF1, NULL, &eflags, &ax); /* 1 < 2: CF */
    ck_assert_uint_eq(eflags, 0x201);
    x87_execute_register(&x, 0xDA, 0xC9, NULL, &eflags, &ax); /* FCMOVE: not equal */
    x87_execute_register(&x, 0xDA, 0xC1, NULL, &eflags, &ax); /* FCMOVB */
    ck_assert_int_eq(pop_integer(&x), 2);
    ck_assert(x87_reads_flags(0xDA, 0xC1) && !x87_reads_flags(0xDA, 0xE9));
    ck_assert(x87_writes_flags(0xDF, 0xF1) && !x87_writes_flags(0xDF, 0xE0));
}
END_TEST

START_TEST(undefined_encodings_are_refused)
{
    static const uint8_t undefined[][2] = {
        {0xD9, 0xD1},
        {0xD9, 0xE2},
        {0xD9, 0xE6},
        {0xD9, 0xEF},
        {0xDA, 0xE8},
        {0xDB, 0xFF},
        {0xDD, 0xF0},
        {0xDE, 0xD8},
        {0xDF, 0xE1},
        {0xDF, 0xF8}
    };
    for (size_t i = 0; i < sizeof undefined / 2; i++) {
        struct x87 x = fresh();
        uint64_t eflags = 0;
        uint16_t ax = 0;
        ck_assert_int_eq(
            x87_execute_register(&x, undefined[i][0], undefined[i][1], NULL, &eflags, &ax),
            X87_UNDEFINED);
    }
}
END_TEST

START_TEST(constants_follow_the_rounding_control)
{
    struct x87 x = fresh();
    execute(&x, 0xD9, 0xEB); /* FLDPI */
    ck_assert(x.reg[x.top].significand == UINT64_C(0xC90FDAA22168C235));
    x87_set_control(&x, 0x0F7F);
    execute(&x, 0xD9, 0xEB);
    ck_assert(x.reg[x.top].significand == UINT64_C(0xC90FDAA22168C234));
    ck_assert_uint_eq(x.status, 0);
}
END_TEST

START_TEST(instructions_agree_with_the_silicon)
{
#if SILICON_PRESENT
    struct silicon silicon;
    uint64_t seed = 20260727;
    ck_assert(silicon_open(&silicon));
    for (unsigned i = 0; i < 8 * 256; i++) {
        uint8_t opcode = (uint8_t)(0xD8 + (i >> 8)), modrm = (uint8_t)i;
        if ((modrm < 0xC0 && (modrm & 0xC7) != 0x07) || !is_defined(opcode, modrm))
            continue;
        for (int n = 0; n < 500; n++)
            ck_assert_msg(run_instruction(&silicon, opcode, modrm, &seed, true),
                          "%02X %02X differs", opcode, modrm);
    }
    silicon_close(&silicon);
#else
    puts("instructions_agree_with_the_silicon: skipped: the workstation is no x86-64 under Linux");
#endif
}
END_TEST

Suite *x87_suite(void);

Suite *x87_suite(void)
{
    Suite *suite = suite_create("x87");
    TCase *tcase = tcase_create("unit");
    tcase_add_test(tcase, fninit_sets_037f_and_empties_the_stack);
    tcase_add_test(tcase, arithmetic_reaches_each_destination);
    tcase_add_test(tcase, stack_overflow_sets_sf_and_c1_and_loads_the_indefinite);
    tcase_add_test(tcase, stack_underflow_clears_c1);
    tcase_add_test(tcase, unmasked_invalid_leaves_the_operands_and_is_pending);
    tcase_add_test(tcase, unmasked_exception_keeps_a_store_from_memory);
    tcase_add_test(tcase, unmasking_a_flagged_exception_makes_it_pending);
    tcase_add_test(tcase, only_the_no_wait_instructions_do_not_wait);
    tcase_add_test(tcase, operands_have_the_size_of_the_manual);
    tcase_add_test(tcase, environment_has_the_four_layouts_of_the_manual);
    tcase_add_test(tcase, storing_the_environment_masks_all_exceptions);
    tcase_add_test(tcase, control_instructions_leave_the_pointers);
    tcase_add_test(tcase, state_saved_and_restored_is_the_same);
    tcase_add_test(tcase, fxsave_keeps_registers_sixteen_bytes_apart);
    tcase_add_test(tcase, mmx_registers_are_the_significands);
    tcase_add_test(tcase, fcomi_sets_the_flags_and_fcmov_reads_them);
    tcase_add_test(tcase, undefined_encodings_are_refused);
    tcase_add_test(tcase, constants_follow_the_rounding_control);
    tcase_add_test(tcase, instructions_agree_with_the_silicon);
    suite_add_tcase(suite, tcase);
    return suite;
}
