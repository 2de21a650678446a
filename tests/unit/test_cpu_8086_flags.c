/* Flags that the manual calls undefined, as the 8086 and 8088 leave them, and group 5 with bytes.
 * Expected values: cases quoted from the captures (SingleStepTests/8088, issues 4 and 5), and a derivation of
 * its own: each trial subtraction of the microcode's division follows from a quotient and a remainder of
 * the dividend's upper bits. */
#include <check.h>

#include "base/bits.h"
#include "tests/unit/cpu_box.h"

#define START CPU_BOX_IP
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ARITHMETIC = 0x8d5u };

static void box_init(struct cpu_box *box)
{
    struct cpu_registers r;
    cpu_box_init(box, "8088", 256);
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x2000, 0x93};
    r.segment[CPU_SS] = (struct cpu_segment){0x30000, 0xffff, 0x3000, 0x93};
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0, "\x00\x04\x00\x00", 4); /* vector 0 at 0000:0400 */
}

struct given {
    uint16_t ax, dx, bx, flags;
};

static struct cpu_registers run(struct cpu_box *box, const char *code, size_t length,
                                struct given given)
{
    const uint32_t gpr[4] = {given.ax, 0, given.dx, given.bx};
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.gpr[CPU_SP] = 0x1000;
    cpu_set_registers(box->cpu, &r);
    return cpu_box_step_real(box, gpr, 0xf000u | given.flags, code, length);
}
#define ONE(box, code, ...) run(box, code, sizeof(code) - 1, (struct given){__VA_ARGS__})

/* The flags after it, or those that interrupt 0 has pushed. */
static unsigned flags_after(struct cpu_box *box, const struct cpu_registers *r)
{
    bool has_failed = r->segment[CPU_CS].selector == 0;
    return (has_failed ? cpu_box_peek32(box, 0x30ffe) : (unsigned)r->flags) & ARITHMETIC;
}

START_TEST(quoted_cases)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box);
    r = ONE(&box, "\xf6\xe3", .ax = 0x6eaf, .bx = 0x25, .flags = 0xfc56 & ARITHMETIC); /* mul bl */
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x194b);
    ck_assert_uint_eq(r.flags & ARITHMETIC, 0xfc03 & ARITHMETIC);
    r = ONE(&box, "\xf3\xf6\xf8", .ax = 0xe962, .flags = 0xf087 & ARITHMETIC); /* rep idiv al */
    ck_assert_uint_eq(r.gpr[CPU_AX], 0xf83b);
    ck_assert_uint_eq(r.flags & ARITHMETIC, 0xf002 & ARITHMETIC);
    cpu_box_fini(&box);
}
END_TEST

static const struct row {
    const char *code;
    uint16_t ax, dx, bx;
    unsigned flags;
} ROWS[] = {
    {"\xf6\xe3", 0x0003, 0, 0x04,   ZF | PF     }, /* mul bl: 000Ch */
    {"\xf6\xe3", 0x00ff, 0, 0xff,   CF | OF | SF}, /* FE01h */
    {"\xf6\xeb", 0x00ff, 0, 0x01,   AF | ZF | PF}, /* imul bl: FFFFh, FFh + 1 */
    {"\xf6\xeb", 0x0010, 0, 0x08,   CF | OF     }, /* 0080h, 00h + 1 */
    {"\xf7\xeb", 0x4000, 0, 0x0004, CF | OF     }, /* imul bx: 0001:0000 */
    {"\xf7\xeb", 0x8000, 0, 0x0001, AF | ZF | PF}, /* FFFF:8000 */
    {"\xf6\xf3", 0x0064, 0, 0x07,   CF | AF | SF}, /* div bl: 14; last 2 - 7; its top bit is 0 */
    {"\xf6\xf3", 0x1234, 0, 0x00,   PF          }, /* by zero: 12h - 0 */
    {"\xf6\xf3", 0x1210, 0, 0x10,   0           }, /* too large: 12h - 10h = 2 */
    {"\xf6\xfb", 0x0100, 0, 0x02,   AF | SF     }, /* idiv bl: 128 fails; last 0 - 2, top bit 1 */
    {"\xd4\x00", 0x1234, 0, 0,      ZF | PF     }, /* aam 0 */
    {"\xd4\x0a", 0x1263, 0, 0,      PF          }, /* aam: 9, 9 */
    {"\xd5\x0a", 0x0708, 0, 0,      PF          }, /* aad: 8 + 46h = 4Eh */
    {"\xd5\x0a", 0x0a64, 0, 0,      SF | OF     }, /* 64h + 64h = C8h */
    {"\xd5\x0a", 0x1b0f, 0, 0,      AF | PF     }, /* 0Fh + 0Eh = 1Dh */
    {"\xd0\xe3", 0,      0, 0x08,   AF          }, /* shl bl,1: 10h */
    {"\xd0\xeb", 0,      0, 0x20,   0           }, /* shr bl,1: no AF */
};

START_TEST(flags_of_one_instruction)
{
    const struct row *row = &ROWS[_i];
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box);
    r = run(&box, row->code, 2, (struct given){row->ax, row->dx, row->bx, 0});
    ck_assert_msg(flags_after(&box, &r) == row->flags, "row %d: %x", _i, flags_after(&box, &r));
    cpu_box_fini(&box);
}
END_TEST

/* Of a - b, in as many bits. */
static unsigned subtraction(unsigned a, unsigned b, unsigned bits)
{
    unsigned r = (a - b) & ((1u << bits) - 1), sign = 1u << (bits - 1), ones = 0;
    for (unsigned n = 0; n < 8; n++)
        ones += r >> n & 1;
    return (a < b ? CF : 0) | (ones & 1 ? 0 : PF) | ((a & 15) < (b & 15) ? AF : 0) | (r ? 0 : ZF) |
           (r & sign ? SF : 0) | ((a ^ b) & (a ^ r) & sign ? OF : 0);
}

/* After k steps the remainder is that of the dividend without its lowest bits - k bits. */
static unsigned division(unsigned dividend, unsigned divisor, unsigned bits)
{
    unsigned flags = subtraction(dividend >> bits, divisor, bits);
    if (dividend >> bits >= divisor)
        return flags;
    for (unsigned left = bits; left; left--) {
        unsigned long long shifted =
            2ull * ((dividend >> left) % divisor) + (dividend >> (left - 1) & 1);
        if (shifted >> bits == 0)
            flags = subtraction((unsigned)shifted, divisor, bits);
    }
    return (flags & ~(unsigned)CF) | (dividend / divisor >> (bits - 1) ? 0 : CF);
}

START_TEST(divisions_leave_their_last_trial)
{
    unsigned bits = _i & 1 ? 16 : 8, seed = 12345;
    bool is_signed = _i & 2;
    char code[2] = {(char)(bits == 8 ? 0xf6 : 0xf7), (char)(is_signed ? 0xfb : 0xf3)};
    unsigned succeeded = 0, failed = 0;
    struct cpu_box box;
    box_init(&box);
    for (unsigned n = 0; n < 4000; n++) {
        seed = seed * 1103515245u + 12345;
        unsigned mask = (1u << bits) - 1, b = seed >> (32 - bits);
        seed = seed * 1103515245u + 12345;
        unsigned a = (seed ^ seed >> 16) >> (n % bits) & (bits == 8 ? 0xffff : 0xffffffffu), size,
                 want;
        struct given given = {.ax = (uint16_t)a, .dx = (uint16_t)(a >> 16), .bx = (uint16_t)b};
        struct cpu_registers r = run(&box, code, 2, given);
        bool has_failed = r.segment[CPU_CS].selector == 0;
        size = is_signed && b >> (bits - 1) ? (0 - b) & mask : b;
        if (is_signed && a >> (2 * bits - 1))
            a = bits == 8 ? (0 - a) & 0xffff : 0 - a;
        want = division(a, size, bits);
        ck_assert_uint_eq(has_failed, a >> bits >= size || (is_signed && !(want & CF)));
        if (is_signed && !has_failed)
            want &= ~(unsigned)(CF | OF);
        ck_assert_msg(flags_after(&box, &r) == want, "%x / %x: %x, want %x", a, size,
                      flags_after(&box, &r), want);
        *(has_failed ? &failed : &succeeded) += 1;
    }
    ck_assert_uint_gt(succeeded, 500);
    ck_assert_uint_gt(failed, 100);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(group_5_has_bytes)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box);
    cpu_box_poke(&box, 0x20500, "\x34\x12\x78\x56", 4);
    cpu_box_poke(&box, 0x30ffa, "\xaa\xaa\xaa\xaa\xaa\xaa", 6);
    r = ONE(&box, "\xfe\x37", .bx = 0x500); /* push byte [bx] */
    ck_assert_uint_eq(r.gpr[CPU_SP], 0xffe);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0xaa34aaaa);
    r = ONE(&box, "\xfe\xff", .bx = 0x6500); /* push bh, as /7 */
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0xaa65aaaa);
    r = ONE(&box, "\xfe\x27", .bx = 0x500); /* jmp byte [bx] */
    ck_assert_uint_eq(r.ip, 0xff34);
    r = ONE(&box, "\xfe\xe3", .bx = 0xd8e1); /* jmp bl: the pair */
    ck_assert_uint_eq(r.ip, 0xd8e1);
    r = ONE(&box, "\xfe\xd7", .bx = 0xd8e1); /* call bh: the pair turned around */
    ck_assert_uint_eq(r.ip, 0xe1d8);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0xaa02aaaa);
    r = ONE(&box, "\xfe\x1f", .bx = 0x500); /* callf byte [bx] */
    ck_assert_uint_eq(r.ip, 0xff34);
    ck_assert_uint_eq(r.segment[CPU_CS].selector, 0xff78);
    ck_assert_uint_eq(r.gpr[CPU_SP], 0xffc);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0xaa00aa02);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_register_has_no_far_pointer)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box);
    cpu_box_poke(&box, 0x20004, "\x34\x12", 2);
    cpu_box_poke(&box, 0x30004, "\x78\x56", 2);
    r = ONE(&box, "\xff\xdb", .bx = 0x500); /* callf bx */
    ck_assert_uint_eq(r.ip, START - 4);
    ck_assert_uint_eq(r.segment[CPU_CS].selector, 0x1234);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x30ffc), 0x10000102);
    r = ONE(&box, "\x36\xff\xeb", .bx = 0x500); /* jmpf bx with SS: */
    ck_assert_uint_eq(r.ip, START - 4);
    ck_assert_uint_eq(r.segment[CPU_CS].selector, 0x5678);
    r = ONE(&box, "\x36\xfe\xeb", .bx = 0x500); /* a byte comes from DS for all that */
    ck_assert_uint_eq(r.segment[CPU_CS].selector, 0xff34);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_8086_flags_suite(void);
Suite *cpu_8086_flags_suite(void)
{
    Suite *suite = suite_create("cpu_8086_flags");
    TCase *tcase = tcase_create("cpu_8086_flags");
    tcase_add_test(tcase, quoted_cases);
    tcase_add_loop_test(tcase, flags_of_one_instruction, 0, (int)ARRAY_COUNT(ROWS));
    tcase_add_loop_test(tcase, divisions_leave_their_last_trial, 0, 4);
    tcase_add_test(tcase, group_5_has_bytes);
    tcase_add_test(tcase, a_register_has_no_far_pointer);
    suite_add_tcase(suite, tcase);
    return suite;
}
