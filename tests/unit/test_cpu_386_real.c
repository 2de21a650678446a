/* The 80386 in real mode where it differs from later processors: flags that the manuals leave undefined, and
 * quirks. Expected values: what is published about captures of an Intel 386EX (SingleStepTests/80386, issues;
 * mras0/xemu and avwohl/qxDOS, which pass them), worked out by hand for each row. */
#include <check.h>

#include "base/bits.h"
#include "tests/unit/cpu_box.h"

#define START CPU_BOX_IP
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ARITHMETIC = 0x8d5u };

static void box_init(struct cpu_box *box, const char *model)
{
    struct cpu_registers r;
    cpu_box_init(box, model, 256);
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x2000, 0x93};
    r.segment[CPU_SS] = (struct cpu_segment){0x30000, 0xffff, 0x3000, 0x93};
    cpu_set_registers(box->cpu, &r);
    for (unsigned vector = 0; vector < 16; vector++) {
        cpu_box_poke32(box, 4 * vector, 0x400 + 2 * vector); /* a loop at 0000:0400 + 2 * vector */
        cpu_box_poke(box, 0x400 + 2 * vector, "\xeb\xfe", 2);
    }
}

struct given {
    uint32_t ax, cx, dx, bx, flags, sp;
};

static struct cpu_registers run(struct cpu_box *box, const char *code, size_t length,
                                struct given given)
{
    const uint32_t gpr[4] = {given.ax, given.cx, given.dx, given.bx};
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.gpr[CPU_SP] = given.sp ? given.sp : 0x1000;
    cpu_set_registers(box->cpu, &r);
    return cpu_box_step_real(box, gpr, (uint16_t)given.flags, code, length);
}
#define ONE(box, code, ...) run(box, code, sizeof(code) - 1, (struct given){__VA_ARGS__})
#define CODE(bytes)         bytes, sizeof(bytes) - 1

static bool has_raised(const struct cpu_registers *r, unsigned vector)
{
    return r->segment[CPU_CS].selector == 0 && r->ip == 0x400 + 2 * vector;
}

/* The result is in EBX. */
/* clang-format off */
static const struct row {
    const char *code;
    size_t length;
    uint32_t ax, cx, bx, before, result, flags;
} ROWS[] = {
    {CODE("\xd0\xe3"), 0, 0, 0x40, 0, 0x80, AF | SF | OF},                 /* shl bl,1 */
    {CODE("\xd0\xeb"), 0, 0, 0x81, 0, 0x40, AF | CF | OF},                 /* shr bl,1 */
    {CODE("\xd0\xfb"), 0, 0, 0x81, OF, 0xc0, AF | SF | CF | PF},           /* sar bl,1 */
    {CODE("\xd3\xe3"), 0, 0x20, 0x1234, OF | ZF, 0x1234, OF | ZF},         /* shl bx,32: nothing */
    {CODE("\xd3\xeb"), 0, 3, 0x8004, 0, 0x1000, AF | CF | PF},             /* shr bx,3: OF of the last step */
    {CODE("\xc0\xe3\x10"), 0, 0, 0x01, 0, 0, AF | ZF | PF | CF | OF},      /* shl bl,16: as by 8 */
    {CODE("\xc0\xe3\x11"), 0, 0, 0x01, 0, 0, AF | ZF | PF},                /* by 17: not so */
    {CODE("\xc0\xe3\x18"), 0, 0, 0xfe, CF, 0, AF | ZF | PF},
    {CODE("\xc0\xeb\x18"), 0, 0, 0x80, 0, 0, AF | ZF | PF | CF},           /* shr bl,24 */
    {CODE("\xc0\xeb\x09"), 0, 0, 0x80, 0, 0, AF | ZF | PF},
    {CODE("\xc1\xeb\x10"), 0, 0, 0x8000, 0, 0, AF | ZF | PF | CF},         /* shr bx,16 */
    {CODE("\x0f\xa4\xc3\x01"), 0x8000, 0, 0x4000, 0, 0x8001, AF | SF | OF},      /* shld bx,ax,1 */
    {CODE("\x0f\xa4\xc3\x14"), 0x1234, 0, 0xffff, 0, 0x2341, AF | CF | OF | PF}, /* by 20: the source again */
    {CODE("\x0f\xac\xc3\x01"), 1, 0, 0, 0, 0x8000, AF | SF | OF | PF},           /* shrd bx,ax,1 */
    {CODE("\x0f\xac\xc3\x14"), 0x1238, 0, 0xffff, 0, 0x8123, AF | CF | SF | OF}, /* by 20 */
    {CODE("\x66\x0f\xa4\xc3\x04"), 0xf0000000, 0, 0x08000001, 0, 0x8000001f, AF | SF | OF},
    {CODE("\x66\x0f\xac\xc3\x04"), 0x00000009, 0, 0x08000008, 0, 0x90800000, AF | SF | CF | OF | PF},
    {CODE("\x0f\xa3\xc3"), 2, 0, 0x0002, SF | AF | ZF | PF, 0x0002, OF | SF | AF | ZF | PF}, /* bt bx,ax */
    {CODE("\x0f\xa3\xc3"), 3, 0, 0x000e, OF, 0x000e, CF},
    {CODE("\x0f\xba\xeb\x00"), 0, 0, 0x4000, 0, 0x4001, OF},               /* bts bx,0: bits 14 and 15 */
    {CODE("\x66\x0f\xb3\xc3"), 33, 0, 0x80000002, 0, 0x80000000, CF | OF}, /* btr ebx,eax: bit 1 of 32 */
    {CODE("\x0f\xbc\xd8"), 0, 0, 0x4711, ARITHMETIC, 0x4711, ZF | PF},     /* bsf bx,ax: no bit */
    {CODE("\x0f\xbc\xd8"), 0x8003, 0, 0, 0, 0, AF | CF | OF},              /* 0 - 8003h = 7FFDh */
    {CODE("\x0f\xbc\xd8"), 0x0018, 0, 0, ARITHMETIC, 3, PF},
    {CODE("\x0f\xbd\xd8"), 0, 0, 0x4711, ARITHMETIC, 0x4711, ZF | PF},     /* bsr bx,ax */
    {CODE("\x0f\xbd\xd8"), 0x0001, 0, 0, 0, 0, SF | AF | PF | OF},         /* 0 - 1 */
    {CODE("\x0f\xbd\xd8"), 0x0006, 0, 0, 0, 2, SF | AF | CF | OF | PF},    /* 0 - 6 = FFFAh: even parity */
    {CODE("\x27"), 0x7a, 0, 0, 0, 0, AF | SF | OF},                        /* daa: 80h */
    {CODE("\x27"), 0x11, 0, 0, OF, 0, PF},
};
/* clang-format on */

START_TEST(one_instruction)
{
    const struct row *row = &ROWS[_i];
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    r = run(&box, row->code, row->length,
            (struct given){.ax = row->ax, .cx = row->cx, .bx = row->bx, .flags = row->before});
    ck_assert_msg(r.gpr[CPU_BX] == row->result, "row %d: %x", _i, (unsigned)r.gpr[CPU_BX]);
    ck_assert_msg((r.flags & ARITHMETIC) == row->flags, "row %d: flags %x", _i,
                  (unsigned)r.flags & ARITHMETIC);
    cpu_box_fini(&box);
}
END_TEST

/* Every row gives the results of the model of the i486, which random streams compare with silicon; `undefined`
 * flags are left out. */
/* clang-format off */
static const struct alike {
    const char *code;
    size_t length;
    unsigned undefined;
} ALIKE[] = {
    {CODE("\x06"), 0}, {CODE("\x0e"), 0}, {CODE("\x16"), 0}, {CODE("\x0f\xa0"), 0}, {CODE("\x0f\xa8"), 0},
    {CODE("\x2f"), OF}, {CODE("\xa6"), 0}, {CODE("\xa7"), 0}, {CODE("\xae"), 0}, {CODE("\xf3\xaf"), 0},
    {CODE("\xc0\xf3\x03"), AF | OF}, {CODE("\xc0\xfb\x03"), AF | OF}, {CODE("\xc1\xe3\x03"), AF | OF},
    {CODE("\xc1\xf3\x03"), AF | OF}, {CODE("\xc1\xfb\x0a"), AF | OF}, {CODE("\xd0\xf3"), AF},
    {CODE("\xd1\xe3"), AF}, {CODE("\xd1\xeb"), AF}, {CODE("\xd1\xf3"), AF}, {CODE("\xd1\xfb"), AF},
    {CODE("\xd2\xe3"), AF | OF}, {CODE("\xd2\xeb"), AF | OF}, {CODE("\xd2\xf3"), AF | OF},
    {CODE("\xd2\xfb"), AF | OF}, {CODE("\xd3\xf3"), AF | OF}, {CODE("\xd3\xfb"), AF | OF},
    {CODE("\x0f\xa5\xc3"), AF | OF}, {CODE("\x0f\xad\xc3"), AF | OF}, {CODE("\x0f\xba\xe3\x05"), OF},
    {CODE("\x0f\xba\x36\x00\x05\x05"), OF}, {CODE("\x0f\xba\x3e\x00\x05\x05"), OF}, {CODE("\x0f\xbb\x06\x00\x05"), OF},
    {CODE("\x60"), 0}, {CODE("\x61"), 0}, {CODE("\xc8\x10\x00\x03"), 0}, {CODE("\xf6\xf9"), ARITHMETIC},
};
/* clang-format on */

START_TEST(results_are_those_of_the_i486)
{
    static const char *const MODELS[] = {"80386", "80486"};
    const struct alike *row = &ALIKE[_i];
    struct cpu_registers r[2];
    uint8_t stack[2][64], data[2][16];
    for (unsigned n = 0; n < 2; n++) {
        struct cpu_box box;
        box_init(&box, MODELS[n]);
        cpu_box_poke(&box, 0x20500, "\x34\x12\x78\x56", 4);
        for (unsigned at = 0; at < 64; at += 4)
            cpu_box_poke32(&box, 0x30fe0 + at, 0x01020304 * at);
        struct given given = {.ax = 0x1235, .cx = 5, .dx = 3, .bx = 0x89ab, .flags = CF | SF};
        r[n] = run(&box, row->code, row->length, given);
        cpu_box_peek(&box, 0x30fe0, stack[n], sizeof stack[n]);
        cpu_box_peek(&box, 0x20500, data[n], sizeof data[n]);
        cpu_box_fini(&box);
    }
    ck_assert_mem_eq(r[0].gpr, r[1].gpr, sizeof r[0].gpr);
    ck_assert_mem_eq(stack[0], stack[1], sizeof stack[0]);
    ck_assert_mem_eq(data[0], data[1], sizeof data[0]);
    ck_assert_uint_eq(r[0].ip, r[1].ip);
    ck_assert_uint_eq((r[0].flags ^ r[1].flags) & ARITHMETIC & ~row->undefined, 0);
}
END_TEST

START_TEST(a_quotient_of_a_byte_wraps)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    r = ONE(&box, "\xf6\xfb", .ax = 0x9c71, .bx = 0x47); /* idiv bl: quoted in issue 4 */
    ck_assert_uint_eq(r.gpr[CPU_AX], 0xf180);
    r = ONE(&box, "\xf6\xfb", .ax = 0x638f, .bx = 0xb9); /* the signs the other way round */
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x0f80);
    r = ONE(&box, "\xf6\xfb", .ax = 0x638f, .bx = 0x47); /* alike: too large */
    ck_assert(has_raised(&r, 0));
    cpu_box_fini(&box);
    box_init(&box, "80486");
    r = ONE(&box, "\xf6\xfb", .ax = 0x9c71, .bx = 0x47);
    ck_assert(has_raised(&r, 0));
    cpu_box_fini(&box);
}
END_TEST

START_TEST(aam_by_zero_looks_at_al)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    r = ONE(&box, "\xd4\x00", .ax = 0x1207, .flags = SF | ZF);
    ck_assert(has_raised(&r, 0));
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffe) & ARITHMETIC, PF);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_base_without_index_is_scaled)
{
    static const char *const MODELS[] = {"80386", "80486", "pentium"};
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, MODELS[_i]);
    r = ONE(&box, "\x67\x66\x8d\x44\x63\x05", .bx = 0x300); /* lea eax,[ebx+5], scale 2 */
    ck_assert_uint_eq(r.gpr[CPU_AX], _i < 2 ? 0x605 : 0x305);
    r = ONE(&box, "\x67\x66\x8d\x04\x65\x05\x00\x00\x00", .bx = 0x300); /* no base either */
    ck_assert_uint_eq(r.gpr[CPU_AX], 5);
    cpu_box_fini(&box);
}
END_TEST

/* The i486 has it too: seen on both (barotto/test386.asm, its POST 9). */
START_TEST(a_segment_register_is_two_bytes_of_four)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, _i ? "80486" : "80386");
    cpu_box_poke32(&box, 0x30ffc, 0xaaaaaaaa);
    r = ONE(&box, "\x66\x1e", .ax = 0); /* push ds */
    ck_assert_uint_eq(r.gpr[CPU_SP], 0xffc);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0xaaaa2000);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(pusha_and_popa_stop_where_they_fault)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    r = ONE(&box, "\x60", .sp = 7); /* DI at FFF7 to SP at FFFD; BX at FFFF does not fit */
    ck_assert(has_raised(&r, 12));
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x3fffd) & 0xffff, 7);
    cpu_box_fini(&box);
    box_init(&box, "80386");
    cpu_box_poke32(&box, 0x3fffb, 0x22221111);
    r = ONE(&box, "\x61", .sp = 0xfffb); /* DI and SI come, BP at FFFF does not */
    ck_assert(has_raised(&r, 12));
    ck_assert_uint_eq(r.gpr[CPU_DI] & 0xffff, 0x1111);
    ck_assert_uint_eq(r.gpr[CPU_SI] & 0xffff, 0x2222);
    cpu_box_fini(&box);
    box_init(&box, "80386");
    for (unsigned n = 0; n < 8; n++)
        cpu_box_poke32(&box, 0x30800 + 4 * n, 0x01010101 * n);
    r = ONE(&box, "\x66\x61", .sp = 0x99990800);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x07070707);
    ck_assert_uint_eq(r.gpr[CPU_SP], 0x03030820);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(targets_lose_their_upper_half)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    cpu_box_poke(&box, 0x20500, "\x34\x12\x01\x00\x00\x10", 6);
    r = ONE(&box, "\x66\xff\xe3", .bx = 0x12345678); /* jmp ebx */
    ck_assert_uint_eq(r.ip, 0x5678);
    r = ONE(&box, "\x66\xff\xd3", .bx = 0x12345678); /* call ebx */
    ck_assert_uint_eq(r.ip, 0x5678);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), START + 3);
    r = ONE(&box, "\x66\xff\x2f", .bx = 0x500); /* jmpf [bx] */
    ck_assert_uint_eq(r.ip, 0x1234);
    r = ONE(&box, "\x66\xff\x1f", .bx = 0x500); /* callf [bx] */
    ck_assert_uint_eq(r.ip, 0x1234);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0x1000);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ff8), START + 3);
    r = ONE(&box, "\x66\xea\x34\x12\x01\x00\x00\x10", .bx = 0); /* jmpf 1000:11234 */
    ck_assert_uint_eq(r.ip, 0x1234);
    r = ONE(&box, "\x66\x9a\x34\x12\x01\x00\x00\x10", .bx = 0);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ff8), START + 8);
    ck_assert_uint_eq(r.ip, 0x1234);
    cpu_box_poke32(&box, 0x31000, 0x12345);
    r = ONE(&box, "\x66\xc3", .bx = 0); /* a return is checked */
    ck_assert(has_raised(&r, 13));
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_comparison_that_is_cut_leaves_its_flags)
{
    static const char *const MODELS[] = {"80386", "80486"};
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, MODELS[_i]);
    cpu_get_registers(box.cpu, &r);
    r.gpr[CPU_DI] = 0xfffd; /* the word at FFFD, then the one at FFFF */
    cpu_set_registers(box.cpu, &r);
    r = ONE(&box, "\xf2\xaf", .ax = 1, .cx = 5, .flags = ZF | SF); /* repne scasw: 1 - 0 */
    cpu_box_run(&box, 8);
    cpu_get_registers(box.cpu, &r);
    ck_assert(has_raised(&r, 13));
    ck_assert_uint_eq(r.flags & ARITHMETIC, _i ? ZF | SF : 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(enter_does_not_touch_its_locals)
{
    static const char *const MODELS[] = {"80386", "80486"};
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, MODELS[_i]);
    r = ONE(&box, "\xc8\x11\x00\x00", .sp = 0x12); /* enter 17,0: SP is FFFF behind it */
    ck_assert_uint_eq(has_raised(&r, 12), _i == 1);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(reserved_bits_of_cr0_read_as_ones)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80386");
    r = ONE(&box, "\x0f\x20\xc0", .ax = 0); /* mov eax,cr0 */
    ck_assert_uint_eq(r.gpr[CPU_AX] | 0x10, 0x7ffefff0);
    r = ONE(&box, "\x0f\x01\xe0", .ax = 0); /* smsw ax */
    ck_assert_uint_eq(r.gpr[CPU_AX] | 0x10, 0xfff0);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_386_real_suite(void);
Suite *cpu_386_real_suite(void)
{
    Suite *suite = suite_create("cpu_386_real");
    TCase *tcase = tcase_create("cpu_386_real");
    tcase_add_loop_test(tcase, one_instruction, 0, (int)ARRAY_COUNT(ROWS));
    tcase_add_loop_test(tcase, results_are_those_of_the_i486, 0, (int)ARRAY_COUNT(ALIKE));
    tcase_add_test(tcase, a_quotient_of_a_byte_wraps);
    tcase_add_test(tcase, aam_by_zero_looks_at_al);
    tcase_add_loop_test(tcase, a_base_without_index_is_scaled, 0, 3);
    tcase_add_loop_test(tcase, a_segment_register_is_two_bytes_of_four, 0, 2);
    tcase_add_test(tcase, pusha_and_popa_stop_where_they_fault);
    tcase_add_test(tcase, targets_lose_their_upper_half);
    tcase_add_loop_test(tcase, a_comparison_that_is_cut_leaves_its_flags, 0, 2);
    tcase_add_loop_test(tcase, enter_does_not_touch_its_locals, 0, 2);
    tcase_add_test(tcase, reserved_bits_of_cr0_read_as_ones);
    suite_add_tcase(suite, tcase);
    return suite;
}
