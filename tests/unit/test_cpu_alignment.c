/* Alignment checks of operands longer than eight bytes: the fault leaves the x87 unit as it was. Expected: the
 * silicon, by tests/oracle/silicon.c (SDM 3A 6.6: a fault is reported with the state before the instruction). */
#include <check.h>
#include <string.h>

#include "cpu/fpu.h"
#include "cpu/internal.h"
#include "tests/unit/cpu_box.h"

#define START 0x100u

/* Carries the instruction out at [bx], in ring 3 with alignment checks on. Without a table of interrupts a fault
 * shuts the processor down. */
static bool faults(struct cpu_box *box, const char *code, uint16_t at)
{
    struct cpu_registers r;
    cpu_box_init(box, "p6", 64);
    cpu_get_registers(box->cpu, &r);
    r.cr0 = 0x50033; /* AM WP NE ET MP PE */
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0x20000, 0xffff, 0x1b, 0xf3};
    r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x23, 0xfb};
    r.gpr[CPU_BX] = at;
    r.ip = START;
    r.flags |= 1u << 18; /* AC */
    r.idtr.limit = 0;
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0x10000 + START, "\xd9\xe8", 2); /* fld1 */
    cpu_box_poke(box, 0x10000 + START + 2, code, 2);
    cpu_box_run(box, 2);
    cpu_get_registers(box->cpu, &r);
    return r.ip != START + 4;
}

START_TEST(a_long_store_that_is_not_aligned_changes_nothing)
{
    /* fstp m80 and fbstp go by eight bytes, fnsave of 16 bits by words */
    static const struct {
        const char *code;
        uint16_t crooked, even;
    } ROWS[] = {
        {"\xdb\x3f", 0x204, 0x208},
        {"\xdf\x37", 0x204, 0x208},
        {"\xdd\x37", 0x205, 0x206}
    };
    struct cpu_box box;
    ck_assert(faults(&box, ROWS[_i].code, ROWS[_i].crooked));
    ck_assert_uint_eq(box.cpu->fpu.x87.top, 7); /* ST(0) is still there */
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x20204), 0);
    cpu_box_fini(&box);
    ck_assert(!faults(&box, ROWS[_i].code, ROWS[_i].even));
    ck_assert_uint_eq(box.cpu->fpu.x87.top, 0);
    cpu_box_fini(&box);
}
END_TEST

#define TABLES 0x30000u

/* Ring 3 with DS of 16 KiB: two pages to write, one to read, one that is absent. */
static void set_up_pages(struct cpu_box *box, const char *code, uint16_t at)
{
    struct cpu_registers r;
    cpu_box_init(box, "pentium3", 64);
    cpu_box_poke32(box, TABLES, (TABLES + 0x1000) | 7);
    for (uint32_t page = 0; page < 64; page++)
        cpu_box_poke32(box, TABLES + 0x1000 + 4 * page,
                       page << 12 | (page == 2   ? 5
                                     : page == 3 ? 6
                                                 : 7));
    cpu_get_registers(box->cpu, &r);
    r.cr0 = 0x80010033; /* PG WP NE ET MP PE */
    r.cr3 = TABLES;
    r.cr4 = 0x200; /* OSFXSR */
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){0, 0x3fff, 0x1b, 0xf3};
    r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x23, 0xfb};
    r.gpr[CPU_BX] = at;
    r.ip = START;
    r.idtr.limit = 0;
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0x10000 + START, "\xd9\xe8", 2); /* fld1 */
    cpu_box_poke(box, 0x10000 + START + 2, code, strlen(code));
}

/* Where an access of several parts stands at the end of what there is: which part faults, and how. The segment ends
 * at 3FFFh; pages 2000h and 3000h are read-only and absent. Expected: Intel's silicon under tests/oracle/native.c. */
START_TEST(parts_of_an_operand_fault_in_the_order_of_the_silicon)
{
    static const struct {
        const char *code;
        uint16_t at;
        uint8_t vector;
        uint32_t cr2;
    } ROWS[] = {
        {"\xdb\x2f",     0x3ff8, 14, 0x3ff8}, /* FLD m80: eight bytes, then two */
        {"\xdb\x2f",     0x3ff9, 13, 0     },
        {"\xdb\x2f",     0x2ff7, 14, 0x3000},
        {"\xdb\x3f",     0x3ff8, 14, 0x3ff8}, /* FSTP m80 */
        {"\xdb\x3f",     0x3ff9, 13, 0     },
        {"\xdb\x3f",     0x1ff7, 14, 0x2000},
        {"\xd9\x27",     0x2ff3, 14, 0x3000}, /* FLDENV of 14 bytes: the first word, then the last byte */
        {"\xd9\x27",     0x2ff8, 14, 0x3005},
        {"\xd9\x27",     0x3ffe, 14, 0x3ffe},
        {"\xd9\x27",     0x3fff, 13, 0     },
        {"\xdd\x27",     0x2fb0, 14, 0x300d}, /* FRSTOR of 94 */
        {"\xdd\x27",     0x3ffe, 14, 0x3ffe},
        {"\xd9\x37",     0x1ff8, 14, 0x2005}, /* FNSTENV */
        {"\xd9\x37",     0x3fff, 13, 0     },
        {"\xdd\x37",     0x1fb0, 14, 0x200d}, /* FNSAVE */
        {"\x0f\xae\x07", 0x1e10, 14, 0x200f}, /* FXSAVE: the limit, then the last byte */
        {"\x0f\xae\x07", 0x3e10, 13, 0     },
    };
    struct cpu_box box;
    struct cpu_registers r;
    struct cpu_fault_record chain[6];
    set_up_pages(&box, ROWS[_i].code, ROWS[_i].at);
    ck_assert_int_eq(cpu_box_run(&box, 2), CPU_STOP_SHUTDOWN); /* there is no table of interrupts */
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_ge(cpu_fault_chain(box.cpu, chain, 6), 1);
    ck_assert_uint_eq(chain[0].vector, ROWS[_i].vector);
    ck_assert_uint_eq(r.cr2, ROWS[_i].cr2);
    cpu_box_fini(&box);
}
END_TEST

/* FXSAVE and FXRSTOR in ring 3 with alignment checks: #AC at what is no multiple of four, #GP at what is none of sixteen;
 * the linear address counts. Expected: Intel's silicon, every offset (SDM 2A FXSAVE leaves #AC to the processor). */
START_TEST(fxsave_that_is_not_aligned_is_ac_or_gp_as_on_the_silicon)
{
    static const char *const CODES[] = {"\x0f\xae\x07", "\x0f\xae\x0f"};
    for (unsigned n = 0; n < 128; n++) {
        struct cpu_box box;
        struct cpu_registers r;
        struct cpu_fault_record chain[6];
        unsigned at = n & 31, base = at < 20 ? 0 : 8, linear = base + at; /* and 1000h */
        bool has_checks = n & 32;
        set_up_pages(&box, CODES[n >> 6], (uint16_t)(0x1000 + at));
        cpu_get_registers(box.cpu, &r);
        r.cr0 |= has_checks ? 0x40000u : 0;
        r.flags |= 1u << 18;
        r.segment[CPU_DS].base = base;
        cpu_set_registers(box.cpu, &r);
        enum cpu_stop stop = cpu_box_run(&box, 2);
        ck_assert_msg((stop == CPU_STOP_SHUTDOWN) == (linear % 16 != 0), "offset %u", at);
        if (linear % 16 != 0) {
            ck_assert_uint_ge(cpu_fault_chain(box.cpu, chain, 6), 1);
            ck_assert_uint_eq(chain[0].vector, has_checks && linear % 4 != 0 ? 17 : 13);
        }
        cpu_box_fini(&box);
    }
}
END_TEST

/* Images go by words: FNSTENV, FLDENV, FNSAVE, FRSTOR at each offset, found on the silicon. */
START_TEST(images_are_aligned_as_their_words_are)
{
    static const char *const CODES[] = {"\xd9\x37", "\xd9\x27", "\xdd\x37", "\xdd\x27"};
    for (unsigned n = 0; n < ARRAY_COUNT(CODES); n++) {
        for (uint16_t at = 0; at < 16; at++) {
            struct cpu_box box;
            bool has_faulted = faults(&box, CODES[n], 0x200 + at); /* code of 16 bits: words of two bytes */
            ck_assert_msg(has_faulted == (at % 2 != 0), "row %zu at %u", (size_t)n, at);
            cpu_box_fini(&box);
        }
    }
}
END_TEST

Suite *cpu_alignment_suite(void);
Suite *cpu_alignment_suite(void)
{
    Suite *suite = suite_create("cpu_alignment");
    TCase *tcase = tcase_create("cpu_alignment");
    tcase_add_loop_test(tcase, a_long_store_that_is_not_aligned_changes_nothing, 0, 3);
    tcase_add_loop_test(tcase, parts_of_an_operand_fault_in_the_order_of_the_silicon, 0, 17);
    tcase_add_test(tcase, images_are_aligned_as_their_words_are);
    tcase_add_test(tcase, fxsave_that_is_not_aligned_is_ac_or_gp_as_on_the_silicon);
    suite_add_tcase(suite, tcase);
    return suite;
}
