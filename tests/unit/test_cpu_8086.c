/* What sets the 8086 and 8088 apart. Expected values: Intel's 8086 Family User's Manual (1979), SDM 3B 23,
 * and what is published of the chip (SingleStepTests/8088 v2: README and metadata.json; Andrew Jenner's
 * microcode disassembly). */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_box.h"

#define START 0x100u /* CS = 1000h */
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ARITHMETIC = 0x8d5 };

static void box_init(struct cpu_box *box, const char *model, enum handler_choice handlers)
{
    struct cpu_registers r;
    cpu_box_init(box, model, 256);
    box->cpu->run->handlers = handlers;
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x2000, 0x93};
    r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x1000, 0x93};
    r.segment[CPU_SS] = (struct cpu_segment){0x30000, 0xffff, 0x3000, 0x93};
    r.gpr[CPU_SP] = 0x1000;
    r.ip = START;
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0, "\x00\x04\x00\x00", 4); /* vector 0 at 0000:0400: a loop */
    cpu_box_poke(box, 0x400, "\xeb\xfe", 2);
}

struct given {
    uint16_t ax, cx, dx, bx, sp, bp, si, di, flags;
};

static struct cpu_registers run_one(struct cpu_box *box, const char *code, size_t length,
                                    struct given given, unsigned instructions)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    const uint16_t values[8] = {given.ax, given.cx, given.dx, given.bx,
                                given.sp, given.bp, given.si, given.di};
    for (unsigned n = 0; n < 8; n++)
        r.gpr[n] = values[n];
    r.flags = 0xf002u | given.flags;
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0x10000 + START, code, length);
    cpu_box_run(box, instructions);
    cpu_get_registers(box->cpu, &r);
    return r;
}
#define ONE(box, code, ...) \
    run_one(box, code, sizeof(code) - 1, (struct given){.sp = 0x1000, __VA_ARGS__}, 1)

START_TEST(a_word_at_ffff_wraps_inside_its_segment)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 0x2ffff, "\x34", 1);
        cpu_box_poke(&box, 0x20000, "\x12", 1);
        cpu_box_poke(&box, 0x30000, "\x99", 1);
        r = ONE(&box, "\xa1\xff\xff", .ax = 0); /* mov ax,[FFFF] */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x1234);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        box_init(&box, "8088", (enum handler_choice)_i);
        ONE(&box, "\x01\x1f", .ax = 0, .bx = 0xffff); /* add [bx],bx */
        uint8_t low, high;
        cpu_box_peek(&box, 0x2ffff, &low, 1);
        cpu_box_peek(&box, 0x20000, &high, 1);
        ck_assert_uint_eq((unsigned)(low | high << 8), 0xffff);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = run_one(&box, "\x53", 1, (struct given){.bx = 0xabcd, .sp = 1}, 1); /* push bx: at FFFF */
        uint8_t low, high;
        cpu_box_peek(&box, 0x3ffff, &low, 1);
        cpu_box_peek(&box, 0x30000, &high, 1);
        ck_assert_uint_eq((unsigned)(low | high << 8), 0xabcd);
        ck_assert_uint_eq(r.gpr[CPU_SP], 0xffff);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 0x2ffff, "\x78", 1);
        cpu_box_poke(&box, 0x20000, "\x56", 1);
        r = ONE(&box, "\xad", .si = 0xffff); /* lodsw */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x5678);
        ck_assert_uint_eq(r.gpr[CPU_SI], 1);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(an_interrupt_frame_wraps_in_the_stack_segment)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = run_one(&box, "\xd4\x00", 2, (struct given){.sp = 3}, 1); /* aam 0: interrupt 0 */
        uint8_t low, high;
        cpu_box_peek(&box, 0x3ffff, &low, 1); /* CS at FFFF */
        cpu_box_peek(&box, 0x30000, &high, 1);
        ck_assert_uint_eq((unsigned)(low | high << 8), 0x1000);
        ck_assert_uint_eq(r.gpr[CPU_SP], 0xfffd);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(addresses_wrap_at_one_mebibyte)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_get_registers(box.cpu, &r);
        r.segment[CPU_ES] = (struct cpu_segment){0xffff0, 0xffff, 0xffff, 0x93};
        cpu_set_registers(box.cpu, &r);
        cpu_box_poke(&box, 0x500, "\x42\x43", 2);
        r = ONE(&box, "\x26\xa1\x10\x05", .ax = 0); /* mov ax,es:[510] */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x4342);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(instructions_wrap_at_the_end_of_the_code_segment)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_get_registers(box.cpu, &r);
        r.ip = 0xfffe;
        cpu_set_registers(box.cpu, &r);
        cpu_box_poke(&box, 0x1fffe, "\xb8\x11", 2); /* mov ax,2211h; inc ax */
        cpu_box_poke(&box, 0x10000, "\x22\x40", 2);
        cpu_box_poke(&box, 0x20000, "\x77\x77", 2);
        cpu_box_run(&box, 2);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x2212);
        ck_assert_uint_eq(r.ip & 0xffff, 2);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(aliases_are_carried_out)
{
    static const struct { const char *code; size_t length; uint16_t ip; } ROWS[] = {
        {"\x64\x10", 2, START + 0x12}, /* 64: jz */
        {"\x65\x10", 2, START + 2},    /* 65: jnz */
        {"\xc1", 1, 0x5678},           /* ret */
        {"\xc0\x04\x00", 3, 0x5678},   /* ret 4 */
        {"\xf1\x90", 2, START + 2},    /* lock nop */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        {
            struct cpu_box box;
            struct cpu_registers r;
            box_init(&box, "8088", (enum handler_choice)_i);
            cpu_box_poke(&box, 0x31000, "\x78\x56\x00\x20", 4);
            r = run_one(&box, ROWS[n].code, ROWS[n].length,
                        (struct given){.sp = 0x1000, .flags = ZF}, 1);
            ck_assert_msg(r.ip == ROWS[n].ip, "row %zu: ip %x", n, (unsigned)r.ip);
            cpu_box_fini(&box);
        }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 0x31000, "\x78\x56\x00\x20", 4);
        r = ONE(&box, "\xc9", .ax = 0); /* retf */
        ck_assert_uint_eq(r.segment[CPU_CS].selector, 0x2000);
        ck_assert_uint_eq(r.ip, 0x5678);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        box_init(&box, "8088", (enum handler_choice)_i);
        ONE(&box, "\xff\xfb", .bx = 0x4711); /* FF /7: push bx */
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffe) & 0xffff, 0x4711);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\xc7\xfb\x34\x12", .ax = 0); /* C7 with any digit: mov bx,1234h */
        ck_assert_uint_eq(r.gpr[CPU_BX], 0x1234);
        r = ONE(&box, "\xd6", .ax = 0x1200, .flags = CF);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\x8c\xf8", .ax = 0); /* 8C /7: mov ax,ds */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x2000);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 0x31000, "\x00\x20", 2);
        cpu_box_poke(&box, 0x20000 + START + 1, "\x40", 1); /* inc ax in the new segment */
        r = run_one(&box, "\x0f", 1, (struct given){.sp = 0x1000}, 2); /* pop cs */
        ck_assert_uint_eq(r.segment[CPU_CS].selector, 0x2000);
        ck_assert_uint_eq(r.gpr[CPU_AX], 1);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(push_sp_pushes_what_it_becomes)
{
    {
        struct cpu_box box;
        box_init(&box, "8088", (enum handler_choice)_i);
        ONE(&box, "\x54", .ax = 0);
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffe) & 0xffff, 0x0ffe);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        box_init(&box, "8088", (enum handler_choice)_i);
        ONE(&box, "\xff\xf4", .ax = 0);
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffe) & 0xffff, 0x0ffe);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(shift_counts_are_not_masked)
{
    static const struct { const char *code; uint16_t bx, cx, result; uint16_t flags, mask; } ROWS[] = {
        {"\xd3\xe3", 0xffff, 0x20, 0, ZF | PF, ZF | PF | SF},        /* shl bx,32 */
        {"\xd3\xeb", 0xffff, 0x3f, 0, ZF | PF, ZF | PF | SF},        /* shr bx,63 */
        {"\xd3\xfb", 0x8000, 0xff, 0xffff, SF | PF, ZF | PF | SF},   /* sar bx,255 */
        {"\xd3\xc3", 0x1234, 0x28, 0x3412, 0, CF},                   /* rol bx,40 */
        {"\xd3\xd3", 0x8001, 34, 0x8001, 0, CF},                     /* rcl: 34 = twice around */
        {"\xd3\xf3", 0x0000, 1, 0xffff, SF | PF, SF | PF | ZF},      /* setmoc */
        {"\xd3\xf3", 0x1234, 0, 0x1234, 0, SF},                      /* ... with a count of zero */
        {"\xd1\xf3", 0x1234, 0, 0xffff, SF | PF, SF | PF | ZF | CF | OF}, /* setmo */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        {
            struct cpu_box box;
            struct cpu_registers r;
            box_init(&box, "8088", (enum handler_choice)_i);
            r = run_one(&box, ROWS[n].code, 2,
                        (struct given){.bx = ROWS[n].bx, .cx = ROWS[n].cx, .sp = 0x1000}, 1);
            ck_assert_msg(r.gpr[CPU_BX] == ROWS[n].result, "row %zu: %x", n, (unsigned)r.gpr[CPU_BX]);
            ck_assert_uint_eq(r.flags & ROWS[n].mask, ROWS[n].flags);
            cpu_box_fini(&box);
        }
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "80186", HANDLERS_BY_HEAT); /* from the 80186 on they are */
    r = ONE(&box, "\xd3\xe3", .bx = 0xffff, .cx = 0x20);
    ck_assert_uint_eq(r.gpr[CPU_BX], 0xffff);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_division_error_returns_behind_the_division)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\xf6\xf3", .ax = 0x1000, .bx = 1); /* div bl */
        ck_assert_uint_eq(r.ip, 0x400);
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffa), 0x10000000u | (START + 2));
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffe) >> 12 & 15, 15); /* FLAGS 12-15 are ones */
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\xf6\xfb", .ax = 0xff80, .bx = 1); /* idiv bl: -128 fails here */
        ck_assert_uint_eq(r.ip, 0x400);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\xf6\xfb", .ax = 0xff81, .bx = 1); /* -127 does not */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0x0081);
        cpu_box_fini(&box);
    }
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        r = ONE(&box, "\xf3\xf7\xfb", .ax = 100, .dx = 0, .bx = 7); /* rep idiv bx: the sign turns */
        ck_assert_uint_eq(r.gpr[CPU_AX], 0xfff2);
        ck_assert_uint_eq(r.gpr[CPU_DX], 2);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(decimal_adjustments_are_those_of_the_chip)
{
    static const struct { const char *code; uint16_t ax, flags, result, wanted; } ROWS[] = {
        {"\x27", 0x009a, AF, 0x00a0, AF | SF | PF},           /* DAA: 9Ah with AF is adjusted by 6 only */
        {"\x27", 0x009a, 0, 0x0000, AF | CF | ZF | PF},
        {"\x27", 0x007a, 0, 0x0080, AF | SF | OF},
        {"\x2f", 0x009f, AF, 0x0099, AF | SF | PF},           /* DAS */
        {"\x2f", 0x00a0, AF, 0x003a, AF | CF | OF | PF},
        {"\x37", 0x01fa, 0, 0x0200, AF | CF | ZF | PF},       /* AAA: no carry from AL into AH */
        {"\x3f", 0x0105, AF, 0x000f, AF | CF | SF | PF},      /* AAS: no borrow either */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        {
            struct cpu_box box;
            struct cpu_registers r;
            box_init(&box, "8088", (enum handler_choice)_i);
            r = run_one(&box, ROWS[n].code, 1,
                        (struct given){.ax = ROWS[n].ax, .flags = ROWS[n].flags, .sp = 0x1000}, 1);
            ck_assert_msg(r.gpr[CPU_AX] == ROWS[n].result, "row %zu: %x", n, (unsigned)r.gpr[CPU_AX]);
            ck_assert_msg((r.flags & ARITHMETIC) == ROWS[n].wanted, "row %zu: flags %x", n,
                          (unsigned)r.flags);
            cpu_box_fini(&box);
        }
}
END_TEST

START_TEST(bits_12_to_15_of_flags_stay_ones)
{
    {
        struct cpu_box box;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 0x31000, "\x00\x00", 2);
        run_one(&box, "\x9d\x9c", 2, (struct given){.sp = 0x1000}, 2); /* popf; pushf */
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x31000) & 0xffff, 0xf002);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(no_opcode_is_invalid)
{
    {
        struct cpu_box box;
        struct cpu_registers r;
        box_init(&box, "8088", (enum handler_choice)_i);
        cpu_box_poke(&box, 6 * 4, "\x00\x06\x00\x00", 4);
        r = ONE(&box, "\xfe\xfb", .ax = 0); /* FE /7 */
        ck_assert_uint_eq(r.ip, START + 2);
        cpu_box_fini(&box);
    }
}
END_TEST

/* 8086 Family User's Manual, REP: it returns to the last of several prefixes; the 80186 to all of them. */
START_TEST(an_interrupted_repetition_loses_prefixes)
{
    static const struct { const char *model, *code; size_t length; unsigned before; uint16_t ip; } ROWS[] = {
        {"8088", "\x26\xf3\xa4", 3, 5, START + 1},     /* rep movs es: forgets ES */
        {"8088", "\xf3\x26\xa4", 3, 5, START + 1},     /* the other way round it forgets the REP */
        {"8088", "\xf3\xa4", 2, 5, START},
        {"8088", "\xf0\x26\xf3\xa5", 4, 5, START + 2},
        {"8088", "\x26\xf3\xa4", 3, 0, START},         /* not begun */
        {"8088", "\x26\xf3\xa4", 3, 9, START + 3},     /* over */
        {"8088", "\x26\xf3\xa4\xeb\xfe", 5, 12, START + 3}, /* a jump later */
        {"80186", "\x26\xf3\xa4", 3, 5, START},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        box_init(&box, ROWS[n].model, (enum handler_choice)_i);
        cpu_box_poke(&box, 2 * 4, "\x00\x04\x00\x00", 4); /* NMI */
        run_one(&box, ROWS[n].code, ROWS[n].length,
                (struct given){.cx = 9, .sp = 0x1000, .si = 0x100, .di = 0x200}, ROWS[n].before);
        cpu_nmi(box.cpu);
        cpu_box_run(&box, 1);
        ck_assert_msg((cpu_box_peek32(&box, 0x30ffa) & 0xffff) == ROWS[n].ip, "row %zu: %x", n,
                      cpu_box_peek32(&box, 0x30ffa) & 0xffff);
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_8086_suite(void)
{
    const TTest *const TESTS[] = {
        a_word_at_ffff_wraps_inside_its_segment,
        an_interrupt_frame_wraps_in_the_stack_segment,
        addresses_wrap_at_one_mebibyte,
        instructions_wrap_at_the_end_of_the_code_segment,
        aliases_are_carried_out,
        push_sp_pushes_what_it_becomes,
        shift_counts_are_not_masked,
        a_division_error_returns_behind_the_division,
        decimal_adjustments_are_those_of_the_chip,
        bits_12_to_15_of_flags_stay_ones,
        no_opcode_is_invalid,
        an_interrupted_repetition_loses_prefixes,
    };
    Suite *suite = suite_create("cpu_8086");
    TCase *tcase = tcase_create("cpu_8086");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_loop_test(tcase, TESTS[n], 0, 3); /* each choice of handlers */
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
