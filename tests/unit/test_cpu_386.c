/* What the 80386 and the i486 alone have: UMOV, the test registers. Expected: 80386 Programmer's Reference
 * Manual 10.6; i486 Programmer's Reference Manual 10.5. */
#include <check.h>

#include "tests/unit/cpu_guest.h"

#define VECTOR_UD 6
#define VECTOR_GP 13

static const struct {
    const char *model;
    bool has_umov, has_tr6, has_tr3;
} MODELS[] = {
    {"80386",   true,  true,  false},
    {"80486",   true,  true,  true },
    {"pentium", false, false, false},
    {"p6",      false, false, false},
    {"max",     false, false, false}
};

#define ck_exists(model, exists, code)                                                             \
    do {                                                                                           \
        struct cpu_box box_;                                                                       \
        cpu_guest_init_model(&box_, model);                                                        \
        struct cpu_registers r_ = RUN(&box_, code "\xf4");                                         \
        ck_assert_int_eq(stopped_vector(&r_), (exists) ? -1 : VECTOR_UD);                          \
        cpu_box_fini(&box_);                                                                       \
    } while (0)

START_TEST(each_model_has_what_its_manual_has)
{
    const char *model = MODELS[_i].model;
    if (MODELS[_i].has_umov || _i < 4) {                       /* "max" has SSE at these opcodes */
        ck_exists(model, MODELS[_i].has_umov, "\x0f\x10\xc3"); /* umov bl,al */
        ck_exists(model, MODELS[_i].has_umov, "\x0f\x13\xc3"); /* umov eax,ebx */
    }
    ck_exists(model, MODELS[_i].has_tr6, "\x0f\x26\xf0"); /* mov tr6,eax */
    ck_exists(model, MODELS[_i].has_tr6, "\x0f\x24\xf8"); /* mov eax,tr7 */
    ck_exists(model, MODELS[_i].has_tr3, "\x0f\x26\xd8"); /* mov tr3,eax */
    ck_exists(model, false, "\x0f\x26\xd0");              /* mov tr2,eax */
    /* The 80386's manual allows it for BT, its captures do not: lock bt [500h],eax */
    ck_exists(model, false, "\xf0\x0f\xa3\x05\x00\x05\x00\x00");
    ck_exists(model, true, "\xf0\x0f\xab\x05\x00\x05\x00\x00"); /* lock bts */
    ck_exists(model, false, "\xf0\x0f\xab\xd8");                /* of a register */
}
END_TEST

START_TEST(umov_moves_like_mov)
{
    struct cpu_box box;
    cpu_guest_init_model(&box, "80386");
    cpu_box_poke32(&box, 0x500, 0x11223344);
    /* mov eax,AABBCCDDh; umov [504h],eax; umov ebx,[500h]; umov [508h],al; umov cl,[501h]; hlt */
    struct cpu_registers r = RUN(&box, "\xb8\xdd\xcc\xbb\xaa"
                                       "\x0f\x11\x05\x04\x05\x00\x00"
                                       "\x0f\x13\x1d\x00\x05\x00\x00"
                                       "\x0f\x10\x05\x08\x05\x00\x00"
                                       "\x0f\x12\x0d\x01\x05\x00\x00\xf4");
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x504), 0xaabbccdd);
    ck_assert_uint_eq(r.gpr[CPU_BX], 0x11223344);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x508), 0xdd);
    ck_assert_uint_eq(r.gpr[CPU_CX] & 0xff, 0x33);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(test_registers_are_ring_0s)
{
    struct cpu_box box;
    cpu_guest_init_model(&box, "80386");
    cpu_guest_ring3(&box);
    struct cpu_registers r = RUN(&box, "\x0f\x24\xf0");
    ck_fault(&box, r, VECTOR_GP, 0);
    cpu_box_fini(&box);
}
END_TEST

/* The self-test of a POST: an entry is written and looked up. TR7: the frame; TR6: page, V, D, U, W. */
START_TEST(an_entry_of_the_tlb_is_written_and_found)
{
    static const struct {
        uint32_t look_up;
        bool is_hit;
    } ROWS[] = {
        {0x12345000 | 0xd40 | 1, true }, /* V, D, U, W as written */
        {0x12345000 | 0xb40 | 1, false}, /* D clear: no such entry */
        {0x12345000 | 0xca0 | 1, false}, /* the 386 leaves 00b and 11b open; 00b finds none */
        {0x12346000 | 0xd40 | 1, false}, /* another page */
        {0x12345000 | 0x540 | 1, false}, /* V clear */
    };
    struct cpu_box box;
    cpu_guest_init_model(&box, "80386");
    cpu_set_gpr(box.cpu, CPU_AX, 0xabcde000);
    cpu_set_gpr(box.cpu, CPU_BX, 0x12345000 | 0xd40);
    cpu_set_gpr(box.cpu, CPU_CX, ROWS[_i].look_up);
    /* mov tr7,eax; mov tr6,ebx; mov tr7,edi; mov tr6,ecx; mov eax,tr7 */
    struct cpu_registers r =
        RUN(&box, "\x0f\x26\xf8\x0f\x26\xf3\x0f\x26\xff\x0f\x26\xf1\x0f\x24\xf8\xf4");
    ck_assert_int_eq(stopped_vector(&r), -1);
    ck_assert_uint_eq(r.gpr[CPU_AX], ROWS[_i].is_hit ? 0xabcde010 : 0);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 2A FXSAVE: NP, #UD with 66, F2 or F3 (seen on the silicon by tests/oracle/opcodes.c). */
START_TEST(fxsave_takes_no_prefix)
{
    ck_exists("p6", true, "\x0f\xae\x05\x00\x05\x00\x00");
    ck_exists("p6", false, "\x66\x0f\xae\x05\x00\x05\x00\x00");
    ck_exists("p6", false, "\xf3\x0f\xae\x0d\x00\x05\x00\x00");
    ck_exists("p6", false, "\xf2\x0f\xae\x0d\x00\x05\x00\x00");
}
END_TEST

Suite *cpu_386_suite(void);
Suite *cpu_386_suite(void)
{
    Suite *suite = suite_create("cpu_386");
    TCase *tcase = tcase_create("cpu_386");
    tcase_add_loop_test(tcase, each_model_has_what_its_manual_has, 0, ARRAY_COUNT(MODELS));
    tcase_add_test(tcase, umov_moves_like_mov);
    tcase_add_test(tcase, test_registers_are_ring_0s);
    tcase_add_loop_test(tcase, an_entry_of_the_tlb_is_written_and_found, 0, 5);
    tcase_add_test(tcase, fxsave_takes_no_prefix);
    suite_add_tcase(suite, tcase);
    return suite;
}
