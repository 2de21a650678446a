/* Alignment checks of operands longer than eight bytes: the fault leaves the x87 unit as it was. Expected: the
 * silicon, by tests/oracle/silicon.c (SDM 3A 6.6: a fault is reported with the state before the instruction). */
#include <check.h>

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
    static const char *const CODES[] = {"\xdb\x3f", "\xdf\x37",
                                        "\xdd\x37"}; /* fstp m80, fbstp, fnsave */
    struct cpu_box box;
    ck_assert(faults(&box, CODES[_i], 0x204));
    ck_assert_uint_eq(box.cpu->fpu->x87.top, 7); /* ST(0) is still there */
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x20204), 0);
    cpu_box_fini(&box);
    ck_assert(!faults(&box, CODES[_i], 0x208));
    ck_assert_uint_eq(box.cpu->fpu->x87.top, 0);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_alignment_suite(void);
Suite *cpu_alignment_suite(void)
{
    Suite *suite = suite_create("cpu_alignment");
    TCase *tcase = tcase_create("cpu_alignment");
    tcase_add_loop_test(tcase, a_long_store_that_is_not_aligned_changes_nothing, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
