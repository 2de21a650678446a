/* String instructions: what the manual says of a REP that faults in the middle. */
#include <check.h>

#include "tests/unit/cpu_guest.h"

#define SEL_SHORT 0x70u /* ends at 5007h: two doublewords behind 5000h */

/* mov eax, 70h; mov es, eax; mov edi, 5000h; mov ecx, 10; xor eax, eax; stc; repne scasd */
static const char SCAN[] = "\xb8\x70\x00\x00\x00\x8e\xc0\xbf\x00\x50\x00\x00\xb9\x0a\x00\x00\x00"
                           "\x31\xc0\xf9\xf2\xaf";

static void guest_with_short_segment(struct cpu_box *box)
{
    cpu_guest_init(box);
    gdt_set(box, SEL_SHORT, 0, 0x5007, 0x493);
    cpu_box_poke32(box, 0x5000, 1);
    cpu_box_poke32(box, 0x5004, 2);
}

/* The registers are those of the elements done, the flags those in front of the instruction: SDM 2,
 * REP. */
static void check_scan(struct cpu_box *box)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    ck_fault(box, r, 13, 0);
    ck_assert_uint_eq(stack_word(box, &r, 3) & 0x8d5, 0x45); /* ZF PF CF, from XOR and STC */
    ck_assert_uint_eq(r.gpr[CPU_CX], 8);
    ck_assert_uint_eq(r.gpr[CPU_DI], 0x5008);
}

START_TEST(a_fault_in_a_repeated_compare_reports_the_flags_before_it)
{
    struct cpu_box box;
    guest_with_short_segment(&box);
    cpu_guest_run(&box, SCAN, sizeof SCAN - 1);
    check_scan(&box);
    cpu_box_fini(&box);
}
END_TEST

/* Nothing between two elements shows flags of an element. */
START_TEST(slices_that_end_amid_a_repeated_compare_do_not_change_its_flags)
{
    struct cpu_box box;
    struct cpu_registers r;
    guest_with_short_segment(&box);
    cpu_box_poke(&box, CODE, SCAN, sizeof SCAN - 1);
    do {
        cpu_box_run(&box, 1);
        cpu_get_registers(box.cpu, &r);
    } while (stopped_vector(&r) < 0 && box.timeline.now < 100);
    check_scan(&box);
    cpu_box_fini(&box);
}
END_TEST

Suite *string_suite(void)
{
    Suite *suite = suite_create("string");
    TCase *tcase = tcase_create("string");
    tcase_add_test(tcase, a_fault_in_a_repeated_compare_reports_the_flags_before_it);
    tcase_add_test(tcase, slices_that_end_amid_a_repeated_compare_do_not_change_its_flags);
    suite_add_tcase(suite, tcase);
    return suite;
}
