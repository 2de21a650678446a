/* The rows of ops_8086.def beside what they are aliases or older forms of: the same instruction by its usual
 * code on a later model, which the silicon has checked. */
#include <check.h>

#include "cpu/run.h"
#include "tests/unit/cpu_box.h"

#define START 0x100u
enum { CF = 1, PF = 4, ZF = 0x40, SF = 0x80, OF = 0x800, RESULT = PF | ZF | SF };

struct outcome {
    struct cpu_registers r;
    uint32_t stack;
};

static struct outcome run(const char *model, const uint8_t *code, size_t length, uint16_t ax,
                          uint16_t cx, uint16_t flags, enum handler_choice handlers)
{
    static const uint16_t OTHERS[8] = {0, 0, 0x0012, 0x4567, 0x1000, 0x89ab, 0xcdef, 0x0123};
    struct outcome o;
    struct cpu_box box;
    cpu_box_init(&box, model, 256);
    box.cpu->run->handlers = handlers;
    cpu_get_registers(box.cpu, &o.r);
    for (unsigned n = 0; n < 6; n++)
        o.r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x2000, 0x93};
    o.r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x1000, 0x93};
    o.r.segment[CPU_SS] = (struct cpu_segment){0x30000, 0xffff, 0x3000, 0x93};
    for (unsigned n = 0; n < 8; n++)
        o.r.gpr[n] = OTHERS[n];
    o.r.gpr[CPU_AX] = ax;
    o.r.gpr[CPU_CX] = cx;
    o.r.ip = START;
    o.r.flags = 2u | flags;
    cpu_set_registers(box.cpu, &o.r);
    cpu_box_poke(&box, 0x31000, "\x78\x56\x00\x20", 4);
    cpu_box_poke(&box, 0x10000 + START, code, length);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &o.r);
    o.stack = cpu_box_peek32(&box, 0x30ffc);
    cpu_box_fini(&box);
    return o;
}

/* Codes of equal length; `defined`: the flags that the manual defines. */
static void compare(const uint8_t *old, const uint8_t *usual, size_t length, uint16_t ax,
                    uint16_t cx, uint16_t flags, uint16_t defined)
{
    for (unsigned n = 0; n < 3; n++) {
        enum handler_choice handlers = (enum handler_choice)n;
        struct outcome a = run("8088", old, length, ax, cx, flags, handlers);
        struct outcome b = run("p6", usual, length, ax, cx, flags, handlers);
        for (unsigned k = 0; k < 8; k++)
            ck_assert_msg(a.r.gpr[k] == b.r.gpr[k],
                          "%02x %02x, AX %x CX %x: register %u is %x, not %x", old[0], old[1], ax,
                          cx, k, (unsigned)a.r.gpr[k], (unsigned)b.r.gpr[k]);
        for (unsigned k = 0; k < 4; k++)
            ck_assert_uint_eq(a.r.segment[k].selector, b.r.segment[k].selector);
        ck_assert_msg((a.r.flags & defined) == (b.r.flags & defined), "%02x %02x: flags %x, not %x",
                      old[0], old[1], (unsigned)(a.r.flags & defined),
                      (unsigned)(b.r.flags & defined));
        ck_assert_uint_eq(a.r.ip, b.r.ip);
        ck_assert_uint_eq(a.stack, b.stack);
    }
}

START_TEST(short_jumps_have_a_second_row_of_codes)
{
    static const uint16_t FLAGS[] = {0, CF, ZF, SF, OF, PF, SF | OF, CF | ZF};
    for (uint8_t cc = 0; cc < 16; cc++)
        for (size_t n = 0; n < ARRAY_COUNT(FLAGS); n++) {
            const uint8_t old[] = {(uint8_t)(0x60 + cc), 0x10},
                          usual[] = {(uint8_t)(0x70 + cc), 0x10};
            compare(old, usual, 2, 0, 0, FLAGS[n], 0);
        }
}
END_TEST

START_TEST(aliases_do_what_their_usual_codes_do)
{
    static const uint8_t ROWS[][2][3] = {
        {{0xc0, 4, 0},       {0xc2, 4, 0}      }, /* ret 4 */
        {{0xc1, 0x90, 0x90}, {0xc3, 0x90, 0x90}}, /* ret */
        {{0xc8, 4, 0},       {0xca, 4, 0}      }, /* retf 4 */
        {{0xc9, 0x90, 0x90}, {0xcb, 0x90, 0x90}}, /* retf */
        {{0x8e, 0xe0, 0x90}, {0x8e, 0xc0, 0x90}}, /* mov es, ax */
        {{0x8c, 0xf8, 0x90}, {0x8c, 0xd8, 0x90}}, /* mov ax, ds */
        {{0x8f, 0xcb, 0x90}, {0x8f, 0xc3, 0x90}}, /* pop bx */
        {{0xc6, 0xcb, 0x5a}, {0xc6, 0xc3, 0x5a}}, /* mov bl, 5ah */
        {{0xff, 0xfb, 0x90}, {0xff, 0xf3, 0x90}}, /* push bx */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        compare(ROWS[n][0], ROWS[n][1], 3, 0x3344, 0, 0, RESULT | CF | OF);
}
END_TEST

START_TEST(shifts_by_small_counts_are_those_of_later_processors)
{
    static const uint16_t VALUES[] = {0x0000, 0x0001, 0x8080, 0x1234, 0xffff, 0x7f7f};
    for (uint8_t code = 0xd0; code < 0xd4; code++)
        for (uint8_t digit = 0; digit < 8; digit++)
            for (uint16_t count = 1; count < 18 && digit != 6; count += 5)
                for (size_t n = 0; n < 2 * ARRAY_COUNT(VALUES); n++) {
                    const uint8_t bytes[] = {code, (uint8_t)(0xc0 | digit << 3)}; /* of AL or AX */
                    bool is_one = code < 0xd2 || count == 1;
                    uint16_t flags = digit < 4 ? CF : RESULT | CF;
                    if (digit > 3 && digit != 7 && !(code & 1) && count > 8 && code > 0xd1)
                        flags =
                            RESULT; /* SDM 2B: CF of a shift by more than the width is undefined */
                    if (digit > 3 && digit != 7 && (code & 1) && count > 16 && code > 0xd1)
                        flags = RESULT;
                    compare(bytes, bytes, 2, VALUES[n / 2], count, n & 1,
                            flags | (is_one ? OF : 0));
                }
}
END_TEST

/* Jenner: digit 6 sets all bits, with CL only if the count is not 0. */
START_TEST(digit_6_sets_all_bits)
{
    for (uint8_t code = 0xd0; code < 0xd4; code++) {
        const uint8_t bytes[] = {code, 0xf0};
        struct outcome o = run("8088", bytes, 2, 0x1234, 3, 0, HANDLERS_BY_HEAT);
        ck_assert_uint_eq(o.r.gpr[CPU_AX], code & 1 ? 0xffff : 0x12ff);
    }
}
END_TEST

START_TEST(products_and_quotients_are_those_of_later_processors)
{
    static const uint16_t VALUES[] = {0x0001, 0x0007, 0x0102, 0x7ffe, 0x8000, 0xfff1, 0xffff};
    for (uint8_t code = 0xf6; code < 0xf8; code++)
        for (uint8_t digit = 4; digit < 8; digit++)
            for (size_t a = 0; a < ARRAY_COUNT(VALUES); a++)
                for (size_t c = 0; c < ARRAY_COUNT(VALUES); c++) {
                    const uint8_t bytes[] = {code, (uint8_t)(0xc1 | digit << 3)}; /* by CL or CX */
                    struct outcome o = run("p6", bytes, 2, VALUES[a], VALUES[c], 0, HANDLERS_PLAIN);
                    if (o.r.ip != START + 2)
                        continue; /* the quotient does not fit: test_cpu_8086.c */
                    compare(bytes, bytes, 2, VALUES[a], VALUES[c], 0, digit < 6 ? CF | OF : 0);
                }
}
END_TEST

Suite *cpu_8086_rows_suite(void);

Suite *cpu_8086_rows_suite(void)
{
    Suite *suite = suite_create("cpu_8086_rows");
    TCase *tcase = tcase_create("cpu_8086_rows");
    tcase_add_test(tcase, short_jumps_have_a_second_row_of_codes);
    tcase_add_test(tcase, aliases_do_what_their_usual_codes_do);
    tcase_add_test(tcase, shifts_by_small_counts_are_those_of_later_processors);
    tcase_add_test(tcase, digit_6_sets_all_bits);
    tcase_add_test(tcase, products_and_quotients_are_those_of_later_processors);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return suite;
}
