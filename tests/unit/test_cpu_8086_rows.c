/* The rows of ops_8086.def where the 8086 gives what later processors give: the oracle is the model of the
 * 80286, which agrees with captures of the chip. Aliases are compared with what they stand for. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/cpu_box.h"

#define START 0x100u
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ARITHMETIC = 0x8d5 };

struct outcome {
    uint64_t gpr[8], ip;
    uint32_t flags, data, stack;
    uint16_t cs, es;
};
struct given {
    uint16_t ax, cx, dx, bx, flags;
};

static struct outcome run_one(const char *model, const uint8_t *code, size_t length,
                              struct given given)
{
    struct cpu_box box;
    struct cpu_registers r;
    struct outcome out = {.ip = 0};
    cpu_box_init(&box, model, 64);
    cpu_get_registers(box.cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x2000, 0x93};
    r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x1000, 0x93};
    r.gpr[CPU_AX] = given.ax;
    r.gpr[CPU_CX] = given.cx;
    r.gpr[CPU_DX] = given.dx;
    r.gpr[CPU_BX] = given.bx;
    r.gpr[CPU_SP] = 0x1000;
    r.ip = START;
    r.flags = (r.flags & ~(uint64_t)ARITHMETIC) | given.flags;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke(&box, 0x10000 + START, code, length);
    cpu_box_poke(&box, 0x20200, "\x34\x12\x78\x56", 4);
    cpu_box_poke(&box, 0x21000, "\xbc\x0a\x00\x30", 4); /* the stack */
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &r);
    memcpy(out.gpr, r.gpr, sizeof out.gpr);
    out.ip = r.ip;
    out.flags = (uint32_t)r.flags & ARITHMETIC;
    out.cs = r.segment[CPU_CS].selector;
    out.es = r.segment[CPU_ES].selector;
    out.data = cpu_box_peek32(&box, 0x20200);
    out.stack = cpu_box_peek32(&box, 0x20ffe);
    cpu_box_fini(&box);
    return out;
}

/* The 8088 does with `code` what the 80286 does with `as`, but for undefined flags. */
static void same(const uint8_t *code, const uint8_t *as, size_t length, struct given given,
                 uint32_t undefined)
{
    struct outcome is = run_one("8088", code, length, given),
                   want = run_one("80286", as, length, given);
    for (unsigned n = 0; n < 8; n++)
        ck_assert_msg(is.gpr[n] == want.gpr[n], "%02x%02x: register %u %x, want %x", code[0],
                      code[1], n, (unsigned)is.gpr[n], (unsigned)want.gpr[n]);
    ck_assert_msg(((is.flags ^ want.flags) & ~undefined) == 0, "%02x%02x: flags %x, want %x",
                  code[0], code[1], is.flags, want.flags);
    ck_assert_uint_eq(is.ip, want.ip);
    ck_assert_uint_eq(is.cs, want.cs);
    ck_assert_uint_eq(is.es, want.es);
    ck_assert_uint_eq(is.data, want.data);
    ck_assert_uint_eq(is.stack, want.stack);
}

/* 60-6F are 70-7F. */
START_TEST(jumps_have_an_alias)
{
    static const uint16_t FLAGS[] = {0, CF, PF, AF, ZF, SF, OF, SF | OF, CF | ZF, ARITHMETIC};
    for (size_t n = 0; n < ARRAY_COUNT(FLAGS); n++) {
        const uint8_t alias[] = {(uint8_t)(0x60 + _i), 0x10}, jump[] = {(uint8_t)(0x70 + _i), 0x10};
        same(alias, jump, 2, (struct given){.flags = FLAGS[n]}, 0);
    }
}
END_TEST

START_TEST(returns_have_an_alias)
{
    same((const uint8_t *)"\xc0\x04", (const uint8_t *)"\xc2\x04", 3, (struct given){0}, 0);
    same((const uint8_t *)"\xc1\x90", (const uint8_t *)"\xc3\x90", 2, (struct given){0}, 0);
    same((const uint8_t *)"\xc8\x04", (const uint8_t *)"\xca\x04", 3, (struct given){0}, 0);
    same((const uint8_t *)"\xc9\x90", (const uint8_t *)"\xcb\x90", 2, (struct given){0}, 0);
}
END_TEST

/* The digit of 8F, C6 and C7 is not looked at, nor is the upper bit of that of 8C and 8E. */
START_TEST(digits_that_do_not_count)
{
    static const struct {
        const char *alias, *as;
        size_t length;
    } ROWS[] = {
        {"\x8f\xfb",             "\x8f\xc3",             2}, /* pop bx */
        {"\x8f\x3e\x00\x02",     "\x8f\x06\x00\x02",     4}, /* pop [200] */
        {"\xc6\xfb\x55",         "\xc6\xc3\x55",         3}, /* mov bl,55 */
        {"\xc6\x3e\x00\x02\x55", "\xc6\x06\x00\x02\x55", 5},
        {"\xc7\xeb\x55\xaa",     "\xc7\xc3\x55\xaa",     4}, /* mov bx,AA55 */
        {"\x8e\xe0",             "\x8e\xc0",             2}, /* mov es,ax */
        {"\x8c\xe3",             "\x8c\xc3",             2}, /* mov bx,es */
        {"\xff\xfb",             "\xff\xf3",             2}, /* push bx */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        same((const uint8_t *)ROWS[n].alias, (const uint8_t *)ROWS[n].as, ROWS[n].length,
             (struct given){.ax = 0x3000, .bx = 0x1111}, 0);
}
END_TEST

/* Counts below 16 are the same on all; AF is undefined, OF for counts above one. */
START_TEST(shifts_are_those_of_later_processors)
{
    static const uint8_t DIGITS[] = {0, 1, 2, 3, 4, 5, 7};
    static const uint16_t VALUES[] = {0, 0x80, 0x8001, 0xa55a, 0xffff};
    uint8_t opcode = (uint8_t)(0xd0 + _i);
    bool by_cl = _i >= 2;
    for (size_t d = 0; d < ARRAY_COUNT(DIGITS); d++)
        for (size_t v = 0; v < ARRAY_COUNT(VALUES); v++)
            for (uint16_t count = 0; count < (by_cl ? 12 : 1); count += 5) {
                const uint8_t code[] = {opcode, (uint8_t)(0xc3 | DIGITS[d] << 3)}; /* bl, bx */
                uint32_t undefined =
                    (by_cl && count != 1 ? OF : 0u) | (d < 4 || (by_cl && count == 0) ? 0u : AF);
                same(code, code, 2,
                     (struct given){.bx = VALUES[v], .cx = count, .flags = v & 1 ? CF : 0},
                     undefined);
            }
}
END_TEST

/* SETMO and SETMOC: digit 6 gives all ones (captures of the 8088). */
START_TEST(digit_six_sets_all_bits)
{
    const uint8_t code[] = {(uint8_t)(0xd0 + _i), 0xf3};
    struct outcome out = run_one("8088", code, 2, (struct given){.bx = 0x1234, .cx = 1});
    ck_assert_uint_eq(out.gpr[CPU_BX], _i & 1 ? 0xffff : 0x12ff);
    ck_assert_uint_eq(out.flags & (SF | ZF | PF), SF | PF);
}
END_TEST

START_TEST(products_and_quotients_are_those_of_later_processors)
{
    static const uint16_t VALUES[] = {7, 0x80, 0x1234, 0xfffe};
    for (size_t a = 0; a < ARRAY_COUNT(VALUES); a++)
        for (size_t b = 0; b < ARRAY_COUNT(VALUES); b++)
            for (unsigned digit = 4; digit < 8; digit++) {
                const uint8_t code[] = {(uint8_t)(0xf6 + _i), (uint8_t)(0xc3 | digit << 3)};
                struct given given = {.ax = VALUES[a], .bx = VALUES[b]};
                if (run_one("80286", code, 2, given).ip != START + 2 ||
                    run_one("8088", code, 2, given).ip != START + 2)
                    continue; /* division error: what is pushed differs, and so does -128 */
                same(code, code, 2, given, digit >= 6 ? ARITHMETIC : SF | ZF | AF | PF);
            }
}
END_TEST

Suite *cpu_8086_rows_suite(void);
Suite *cpu_8086_rows_suite(void)
{
    Suite *suite = suite_create("cpu_8086_rows");
    TCase *tcase = tcase_create("cpu_8086_rows");
    tcase_set_timeout(tcase, 60); /* some hundred processors are made */
    tcase_add_loop_test(tcase, jumps_have_an_alias, 0, 16);
    tcase_add_test(tcase, returns_have_an_alias);
    tcase_add_test(tcase, digits_that_do_not_count);
    tcase_add_loop_test(tcase, shifts_are_those_of_later_processors, 0, 4);
    tcase_add_loop_test(tcase, digit_six_sets_all_bits, 0, 4);
    tcase_add_loop_test(tcase, products_and_quotients_are_those_of_later_processors, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
