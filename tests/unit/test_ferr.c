/* x87 errors with CR0.NE = 0: FERR#, the freeze before the next waiting instruction, IGNNE#. SDM 1 8.7.2
 * and D.2; 3B 23.18.6.7 (FERR# comes with the error on the P6 and the 386). */
#include <check.h>

#include "tests/unit/cpu_guest.h"

#define CONTROL 0x5000u
#define NE 0x20u
#define IRQ13 13 /* any vector with a HLT behind it */

/* A division by zero, unmasked: 12 bytes. */
#define ERROR_BYTES "\xdb\xe3\xd9\x2d\x00\x50\x00\x00\xd9\xe8\xd9\xee\xde\xf9"
#define ERROR_END (CODE + sizeof ERROR_BYTES - 1)

static void box_init(struct cpu_box *box, uint32_t cr0, uint32_t flags)
{
    struct cpu_registers r;
    cpu_guest_init(box);
    cpu_box_poke(box, CONTROL, "\x7b\x03", 2);
    cpu_get_registers(box->cpu, &r);
    r.cr0 |= cr0;
    r.flags |= flags;
    cpu_set_registers(box->cpu, &r);
}

START_TEST(error_asserts_ferr_and_freezes_the_next_waiting_instruction)
{
    static const char *const WAITING[] = {"\x9b\xf4", "\xd9\xe8", "\x0f\x77"}; /* FWAIT, FLD1, EMMS */
    for (size_t n = 0; n < ARRAY_COUNT(WAITING); n++) {
        struct cpu_box box;
        char code[] = ERROR_BYTES "\x40..\xf4"; /* inc eax; the waiting one; hlt */
        box_init(&box, 0, 0);
        code[sizeof code - 4] = WAITING[n][0];
        code[sizeof code - 3] = WAITING[n][1];
        struct cpu_registers r = RUN(&box, code);
        ck_assert(box.ferr);
        ck_assert_uint_eq(r.gpr[CPU_AX], 1);
        ck_assert_uint_eq(r.ip, ERROR_END + 1); /* before it */
        ck_assert(cpu_is_idle(box.cpu));
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(an_interrupt_ends_the_freeze_and_returns_to_the_instruction)
{
    struct cpu_box box;
    box_init(&box, 0, 0x200);
    struct cpu_registers r = RUN(&box, ERROR_BYTES "\x9b\x43\xf4"); /* fwait; inc ebx; hlt */
    ck_assert_uint_eq(r.ip, ERROR_END);
    cpu_box_poke(&box, HANDLERS + 16 * IRQ13, "\xdb\xe2\xcf", 3); /* fnclex; iret */
    box.irq = IRQ13;
    cpu_set_intr(box.cpu, true);
    cpu_box_run(&box, 100);
    cpu_get_registers(box.cpu, &r);
    ck_assert(!box.ferr);
    ck_assert_uint_eq(r.gpr[CPU_BX], 1);
    cpu_box_fini(&box);
}
END_TEST

/* Between registers, from memory, by a function. */
START_TEST(the_interrupt_of_an_error_comes_right_behind_it)
{
    static const char *const ERRORS[] = {
        "\xde\xf9\x90\x90\x90\x90\x90",             /* fdivp */
        "\xd8\x35\x00\x60\x00\x00\x90",             /* fdiv dword [6000], 0 */
        "\xda\x35\x00\x60\x00\x00\x90",             /* fidiv dword [6000] */
        "\xd9\xe0\xd9\xfa\x90\x90\x90",             /* fchs, fsqrt of -1 */
    };
    static const unsigned LENGTH[] = {2, 6, 6, 4};
    for (size_t n = 0; n < ARRAY_COUNT(ERRORS); n++) {
        struct cpu_box box;
        char code[] = "\xdb\xe3\xd9\x2d\x00\x50\x00\x00\xd9\xee\xd9\xe8" /* fldz; fld1 */
                      "..\x90\x90\x90\x90\x90.......\x40\x40\x40\xf4";
        box_init(&box, 0, 0x200);
        cpu_box_poke(&box, CONTROL, "\x7a\x03", 2); /* IE and ZE unmasked */
        memcpy(code + 12, n == 0 ? "\xd9\xc9" : "\x90\x90", 2); /* fxch: 1 / 0 */
        memcpy(code + 19, ERRORS[n], 7);
        box.irq_of_ferr = IRQ13;
        struct cpu_registers r = RUN(&box, code);
        ck_assert_int_eq(stopped_vector(&r), IRQ13);
        ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 19 + LENGTH[n]);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(ignne_lets_it_go_on)
{
    struct cpu_box box;
    box_init(&box, 0, 0);
    cpu_set_ignne(box.cpu, true);
    struct cpu_registers r = RUN(&box, ERROR_BYTES "\x9b\xd9\xe8\xf4");
    ck_assert_uint_eq(r.ip, ERROR_END + 4);
    ck_assert(box.ferr);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(instructions_that_do_not_wait_are_carried_out)
{
    struct cpu_box box;
    box_init(&box, 0, 0);
    struct cpu_registers r = RUN(&box, ERROR_BYTES "\xdf\xe0\xdb\xe2\xf4"); /* fnstsw ax; fnclex */
    ck_assert_uint_eq(r.gpr[CPU_AX] & 0x84, 0x84);
    ck_assert(!box.ferr);
    ck_assert_uint_eq(r.ip, ERROR_END + 5);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(with_ne_it_is_exception_16_and_no_ferr)
{
    struct cpu_box box;
    box_init(&box, NE, 0);
    struct cpu_registers r = RUN(&box, ERROR_BYTES "\x9b\xf4");
    ck_assert_int_eq(stopped_vector(&r), 16);
    ck_assert_uint_eq(stack_word(&box, &r, 0), ERROR_END);
    ck_assert(!box.ferr);
    cpu_box_fini(&box);
}
END_TEST

Suite *ferr_suite(void)
{
    const TTest *const TESTS[] = {
        error_asserts_ferr_and_freezes_the_next_waiting_instruction,
        an_interrupt_ends_the_freeze_and_returns_to_the_instruction,
        the_interrupt_of_an_error_comes_right_behind_it,
        ignne_lets_it_go_on,
        instructions_that_do_not_wait_are_carried_out,
        with_ne_it_is_exception_16_and_no_ferr,
    };
    Suite *suite = suite_create("ferr");
    TCase *tcase = tcase_create("ferr");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
