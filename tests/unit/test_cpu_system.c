/* The system part of the CPU on small guests: descriptors, gates, privilege, faults, tasks, v86 mode.
 * Expected values are those of Intel SDM 2 and 3A. */
#include <check.h>
#include <string.h>

#include "tests/unit/cpu_guest.h"

/* --- loads of segment registers ----------------------------------------------------------------- */

START_TEST(load_of_selector_beyond_gdt_is_gp_with_selector)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\x66\xb8\x80\x00\x8e\xd8"); /* mov ax,80h; mov ds,ax */
    ck_fault(&box, r, 13, 0x80);
    ck_assert_uint_eq(stack_word(&box, &r, 1), CODE + 4);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(load_of_absent_segment_is_np_and_ss_is_stack_fault)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\x66\xb8\x40\x00\x8e\xc0"); /* mov es,40h */
    ck_fault(&box, r, 11, SEL_ABSENT);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    r = RUN(&box, "\x66\xb8\x40\x00\x8e\xd0"); /* mov ss,40h */
    ck_fault(&box, r, 12, SEL_ABSENT);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(load_of_ss_wants_writable_data_of_cpl)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\x66\xb8\x48\x00\x8e\xd0");
    ck_fault(&box, r, 13, SEL_READONLY);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    r = RUN(&box, "\x66\xb8\x23\x00\x8e\xd0");
    ck_fault(&box, r, 13, SEL_DATA3 & ~3u);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    r = RUN(&box, "\x31\xc0\x8e\xd0");
    ck_fault(&box, r, 13, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(null_data_segment_faults_when_used)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\x31\xc0\x8e\xd8\xa1\x00\x00\x00\x00"); /* mov eax,[0] */
    ck_fault(&box, r, 13, 0);
    ck_assert_uint_eq(stack_word(&box, &r, 1), CODE + 4);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(load_sets_the_accessed_bit)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gdt_set(&box, SEL_READONLY, 0, 0xfff, 0x490);
    RUN(&box, "\x66\xb8\x48\x00\x8e\xd8\xf4");
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_READONLY + 4) >> 8 & 0xff, 0x91);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(big_real_mode_keeps_the_limit_of_protected_mode)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke32(&box, 0x20000, 0x12345678);
    /* jmp 60h:CODE+7 (16 bit); mov eax,cr0; dec ax; mov cr0,eax; jmp 0:next; xor bx,bx;
     * mov ds,bx; mov ecx,20000h; mov eax,[ecx]; hlt */
    struct cpu_registers r = RUN(&box, "\xea\x07\x80\x00\x00\x60\x00"
                                       "\x0f\x20\xc0\x48\x0f\x22\xc0\xea\x13\x80\x00\x00"
                                       "\x31\xdb\x8e\xdb\x66\xb9\x00\x00\x02\x00\x67\x66\x8b\x01\xf4");
    ck_assert_uint_eq(r.cr0 & 1, 0);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x12345678);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(lar_and_lsl_show_what_privilege_allows)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    /* mov ax,48h; lsl ebx,ax; lar ecx,ax; hlt */
    struct cpu_registers r = RUN(&box, "\x66\xb8\x48\x00\x0f\x03\xd8\x0f\x02\xc8\xf4");
    ck_assert_uint_eq(r.gpr[CPU_BX], 0xfff);
    ck_assert_uint_eq(r.gpr[CPU_CX], 0x409100);
    ck_assert_uint_ne(r.flags & 0x40, 0);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    r = RUN(&box, "\x66\xb8\x48\x00\x0f\x03\xd8\xcc");
    ck_assert_uint_eq(r.gpr[CPU_BX], 0); /* DPL 0: not visible */
    cpu_box_fini(&box);
}
END_TEST

/* --- interrupts and exceptions ----------------------------------------------------------------------- */

START_TEST(divide_error_returns_to_the_instruction)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\x31\xc9\xf7\xf1");
    ck_assert_int_eq(stopped_vector(&r), 0);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 2);
    ck_assert_uint_eq(stack_word(&box, &r, 1), SEL_CODE0);
    ck_assert_uint_ne(stack_word(&box, &r, 2) & 0x10000, 0); /* RF: a fault */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(int3_returns_behind_it_without_rf)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xcc");
    ck_assert_int_eq(stopped_vector(&r), 3);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 1);
    ck_assert_uint_eq(stack_word(&box, &r, 2) & 0x10000, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(interrupt_gate_clears_if_and_trap_gate_keeps_it)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xfb\x90\xcd\x10");
    ck_assert_int_eq(stopped_vector(&r), 16);
    ck_assert_uint_eq(r.flags & 0x200, 0);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    gate_set(&box, IDT + 16 * 8, SEL_CODE0, HANDLERS + 16 * 16, 0x8f);
    r = RUN(&box, "\xfb\x90\xcd\x10");
    ck_assert_uint_ne(r.flags & 0x200, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(idt_entry_errors_have_the_idt_bit)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gate_set(&box, IDT + 20 * 8, SEL_CODE0, 0, 0x0e); /* not present */
    struct cpu_registers r = RUN(&box, "\xcd\x14");
    ck_fault(&box, r, 11, 20 * 8 + 2);
    ck_assert_uint_eq(stack_word(&box, &r, 1), CODE);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    r = RUN(&box, "\xcd\x40"); /* beyond the limit */
    ck_fault(&box, r, 13, 0x40 * 8 + 2);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(ext_bit_is_set_for_external_interrupts)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gate_set(&box, IDT + 20 * 8, SEL_CODE0, 0, 0x0e);
    box.irq = 20;
    cpu_set_intr(box.cpu, true);
    struct cpu_registers r = RUN(&box, "\xfb\x90\x90\xf4");
    ck_fault(&box, r, 11, 20 * 8 + 3);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(sti_holds_interrupts_for_one_instruction)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    box.irq = 20;
    cpu_set_intr(box.cpu, true);
    struct cpu_registers r = RUN(&box, "\xfb\x40\x40\x40\xf4"); /* sti; inc eax... */
    ck_assert_int_eq(stopped_vector(&r), 20);
    ck_assert_uint_eq(r.gpr[CPU_AX], 1);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(mov_ss_holds_interrupts_for_one_instruction)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    /* sti; nop; mov ax,10h; (interrupt becomes pending at the next line in time) mov ss,ax; inc ecx */
    cpu_box_poke(&box, CODE, "\xfb\x90\x66\xb8\x10\x00\x8e\xd0\x41\x41\xf4", 11);
    cpu_box_run(&box, 3);
    box.irq = 20;
    cpu_box_run(&box, 1); /* mov ss,ax */
    cpu_set_intr(box.cpu, true);
    cpu_box_run(&box, 100);
    struct cpu_registers r;
    cpu_get_registers(box.cpu, &r);
    ck_assert_int_eq(stopped_vector(&r), 20);
    ck_assert_uint_eq(r.gpr[CPU_CX], 1);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(software_interrupt_needs_the_gates_dpl)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    struct cpu_registers r = RUN(&box, "\xcd\x14");
    ck_fault(&box, r, 13, 20 * 8 + 2);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(interrupt_from_ring3_changes_to_the_stack_of_the_tss)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    gate_set(&box, IDT + 20 * 8, SEL_CODE0, HANDLERS + 16 * 20, 0xee);
    struct cpu_registers r = RUN(&box, "\xcd\x14");
    ck_assert_int_eq(stopped_vector(&r), 20);
    ck_assert_uint_eq(r.gpr[CPU_SP], STACK0 - 20);
    ck_assert_uint_eq(r.segment[CPU_SS].selector, SEL_DATA0);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 2);
    ck_assert_uint_eq(stack_word(&box, &r, 1), SEL_CODE3);
    ck_assert_uint_eq(stack_word(&box, &r, 3), STACK3);
    ck_assert_uint_eq(stack_word(&box, &r, 4), SEL_DATA3);
    ck_assert_uint_eq(cpu_privilege(box.cpu), 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(bad_inner_stack_is_an_invalid_tss)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    gate_set(&box, IDT + 20 * 8, SEL_CODE0, HANDLERS + 16 * 20, 0xee);
    gate_set(&box, IDT + 10 * 8, SEL_TASKGATE, 0, 0xe5);
    cpu_box_poke32(&box, TSS + 8, SEL_READONLY);
    struct cpu_fault_record chain[6];
    RUN(&box, "\xcd\x14"); /* #TS(48h); its task gate is bad: #GP … nothing works: shutdown */
    size_t count = cpu_fault_chain(box.cpu, chain, 6);
    ck_assert_uint_ge(count, 2);
    ck_assert_uint_eq(chain[0].vector, 10);
    ck_assert_uint_eq(chain[0].error_code, SEL_READONLY);
    ck_assert_ptr_nonnull(strstr(chain[0].cause, "48h"));
    cpu_box_fini(&box);
}
END_TEST

START_TEST(triple_fault_names_every_step)
{
    struct cpu_box box;
    struct cpu_fault_record chain[6];
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_get_registers(box.cpu, &r);
    r.idtr.limit = 0;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke(&box, CODE, "\x0f\x0b", 2);
    ck_assert_int_eq(cpu_box_run(&box, 100), CPU_STOP_SHUTDOWN);
    size_t count = cpu_fault_chain(box.cpu, chain, 6);
    ck_assert_uint_eq(count, 5); /* #UD, #GP, #GP, hence #DF, #GP */
    ck_assert_uint_eq(chain[0].vector, 6);
    ck_assert_uint_eq(chain[0].ip, CODE);
    ck_assert_uint_eq(chain[1].vector, 13);
    ck_assert_uint_eq(chain[1].error_code, 6 * 8 + 3);
    ck_assert_str_eq(chain[1].cause, "IDT entry 6h is beyond the IDT's limit");
    cpu_box_fini(&box);
}
END_TEST

START_TEST(fault_in_delivery_of_gp_is_a_double_fault)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gate_set(&box, IDT + 13 * 8, SEL_CODE0, 0, 0x0e);
    struct cpu_registers r = RUN(&box, "\x66\xb8\x80\x00\x8e\xd8");
    ck_fault(&box, r, 8, 0);
    ck_assert_uint_eq(stack_word(&box, &r, 1), CODE + 4);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(real_mode_interrupt_pushes_three_words)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_box_init(&box, NULL, PAGES);
    cpu_get_registers(box.cpu, &r);
    r.segment[CPU_CS].base = 0;
    r.segment[CPU_CS].selector = 0;
    r.ip = CODE;
    r.gpr[CPU_SP] = 0x7000;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke32(&box, 0x21 * 4, 0x00003000);
    cpu_box_poke(&box, 0x3000, "\xf4", 1);
    cpu_box_poke(&box, CODE, "\xfb\x90\xcd\x21", 4);
    cpu_box_run(&box, 100);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.ip, 0x3001);
    ck_assert_uint_eq(r.gpr[CPU_SP], 0x6ffa);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x6ffa), CODE + 4);
    ck_assert_uint_eq(cpu_box_peek32(&box, 0x6ffe) & 0xffff, 0x202);
    ck_assert_uint_eq(r.flags & 0x200, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(single_step_trap_comes_before_the_next_fetch_faults)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_get_registers(box.cpu, &r);
    r.flags |= 0x100;
    r.segment[CPU_CS].limit = CODE + 1; /* the instruction ends at the limit */
    cpu_set_registers(box.cpu, &r);
    r = RUN(&box, "\x89\xc3");
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 2);
    ck_assert_uint_ne(r.dr[6] & 0x4000, 0);
    cpu_box_fini(&box);
}
END_TEST

/* --- returns, gates ------------------------------------------------------------------------------------ */

START_TEST(iret_to_ring3_drops_inner_data_segments)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    /* push 23h; push STACK3; push 202h; push 1bh; push CODE+20h; iret */
    char code[0x30] = "\x6a\x23\x68\x00\x60\x00\x00\x68\x02\x02\x00\x00\x6a\x1b\x68\x20\x80\x00\x00\xcf";
    code[0x20] = '\xcc';
    struct cpu_registers r = cpu_guest_run(&box, code, sizeof code);
    ck_assert_int_eq(stopped_vector(&r), 3);
    ck_assert_uint_eq(stack_word(&box, &r, 1), SEL_CODE3);
    ck_assert_uint_eq(stack_word(&box, &r, 3), STACK3);
    ck_assert_uint_eq(r.segment[CPU_DS].selector, 0);
    ck_assert_uint_eq(r.segment[CPU_ES].selector, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(popf_in_ring3_leaves_if_and_iopl)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    struct cpu_registers r = RUN(&box, "\x68\xd5\x3e\x00\x00\x9d\xcc"); /* IOPL 3, IF, … */
    ck_assert_uint_eq(stack_word(&box, &r, 2) & 0x3fff, 0x0cd7);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(call_gate_copies_parameters_and_retf_drops_them)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    gate_set(&box, GDT + SEL_GATE, SEL_CODE0, 0x9000, 0xec);
    cpu_box_poke(&box, GDT + SEL_GATE + 4, "\x02", 1); /* two parameters */
    /* mov eax,[esp+8]; mov ebx,[esp+12]; retf 8 */
    cpu_box_poke(&box, 0x9000, "\x8b\x44\x24\x08\x8b\x5c\x24\x0c\xca\x08\x00", 11);
    /* push 11h; push 22h; call 38h:0; int3 */
    struct cpu_registers r = RUN(&box, "\x6a\x11\x6a\x22\x9a\x00\x00\x00\x00\x38\x00\xcc");
    ck_assert_int_eq(stopped_vector(&r), 3);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x22);
    ck_assert_uint_eq(r.gpr[CPU_BX], 0x11);
    ck_assert_uint_eq(stack_word(&box, &r, 3), STACK3);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(jump_to_outer_or_inner_code_is_gp)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xea\x00\x80\x00\x00\x1b\x00");
    ck_fault(&box, r, 13, SEL_CODE3 & ~3u);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    r = RUN(&box, "\xea\x00\x80\x00\x00\x08\x00");
    ck_fault(&box, r, 13, SEL_CODE0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(conforming_code_keeps_cpl)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    cpu_box_poke(&box, 0x9000, "\xcc", 1);
    struct cpu_registers r = RUN(&box, "\xea\x00\x90\x00\x00\x58\x00");
    ck_assert_int_eq(stopped_vector(&r), 3);
    ck_assert_uint_eq(stack_word(&box, &r, 1), SEL_CONFORMING | 3);
    cpu_box_fini(&box);
}
END_TEST

/* --- tasks ------------------------------------------------------------------------------------------------ */

static void task_fill(struct cpu_box *box, uint32_t eip)
{
    cpu_box_poke32(box, TSS2 + 0x20, eip);
    cpu_box_poke32(box, TSS2 + 0x24, 2);
    cpu_box_poke32(box, TSS2 + 0x28, 0xaaaa);
    cpu_box_poke32(box, TSS2 + 0x38, 0x5000);
    for (unsigned n = 0; n < 6; n++) {
        cpu_box_poke32(box, TSS2 + 0x48 + 4 * n, n == CPU_CS ? SEL_CODE0 : SEL_DATA0);
    }
}

START_TEST(call_to_a_task_links_and_iret_returns)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    task_fill(&box, 0x9000);
    cpu_box_poke(&box, 0x9000, "\x89\xc3\xcf", 3); /* mov ebx,eax; iret */
    /* mov ecx,77h; call 30h:0; hlt */
    struct cpu_registers r = RUN(&box, "\xb9\x77\x00\x00\x00\x9a\x00\x00\x00\x00\x30\x00\xf4");
    ck_assert_uint_eq(r.ip, CODE + 13);
    ck_assert_uint_eq(r.gpr[CPU_CX], 0x77);
    ck_assert_uint_eq(r.tr.selector, SEL_TSS);
    ck_assert_uint_ne(r.cr0 & 8, 0);                                  /* TS */
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS2) & 0xffff, SEL_TSS);  /* link */
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS2 + 0x34), 0xaaaa);     /* EBX saved by the IRET */
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS2 + 0x24) & 0x4000, 0); /* NT cleared in the image */
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_TSS2 + 4) >> 8 & 0xff, 0x89); /* not busy */
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_TSS + 4) >> 8 & 0xff, 0x8b);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(jump_to_a_task_gate_leaves_the_old_task)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    task_fill(&box, 0x9000);
    cpu_box_poke(&box, 0x9000, "\xf4", 1);
    struct cpu_registers r = RUN(&box, "\xea\x00\x00\x00\x00\x50\x00");
    ck_assert_uint_eq(r.ip, 0x9001);
    ck_assert_uint_eq(r.tr.selector, SEL_TSS2);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0xaaaa);
    ck_assert_uint_eq(r.flags & 0x4000, 0);
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS + 0x20), CODE + 7);
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_TSS + 4) >> 8 & 0xff, 0x89);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(fault_in_the_new_tasks_segments_is_the_new_tasks)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    task_fill(&box, 0x9000);
    cpu_box_poke32(&box, TSS2 + 0x48 + 4 * CPU_DS, SEL_CODE16 + 0x18); /* beyond the table */
    struct cpu_registers r = RUN(&box, "\xea\x00\x00\x00\x00\x30\x00");
    ck_fault(&box, r, 10, SEL_CODE16 + 0x18);
    ck_assert_uint_eq(stack_word(&box, &r, 1), 0x9000);
    ck_assert_uint_eq(r.tr.selector, SEL_TSS2);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(double_fault_through_a_task_gate_pushes_zero)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    task_fill(&box, 0x9000);
    cpu_box_poke(&box, 0x9000, "\xf4", 1);
    gate_set(&box, IDT + 8 * 8, SEL_TSS2, 0, 0x85);
    gate_set(&box, IDT + 13 * 8, SEL_CODE0, 0, 0x0e);
    struct cpu_registers r = RUN(&box, "\x66\xb8\x80\x00\x8e\xd8");
    ck_assert_uint_eq(r.ip, 0x9001);
    ck_assert_uint_eq(r.gpr[CPU_SP], 0x5000 - 4);
    ck_assert_uint_eq(stack_word(&box, &r, 0), 0);
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS + 0x20), CODE + 4);
    cpu_box_fini(&box);
}
END_TEST

/* --- v86 mode, ports ---------------------------------------------------------------------------------- */

START_TEST(int_n_in_v86_mode_below_iopl_3_is_gp)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_guest_v86(&box, 0);
    struct cpu_registers r = RUN(&box, "\xcd\x14");
    ck_fault(&box, r, 13, 0);
    ck_assert_uint_eq(stack_word(&box, &r, 1), 0);
    ck_assert_uint_ne(stack_word(&box, &r, 3) & 0x20000, 0);
    ck_assert_uint_eq(stack_word(&box, &r, 4), STACK3);
    ck_assert_uint_eq(r.gpr[CPU_SP], STACK0 - 40);
    ck_assert_uint_eq(r.segment[CPU_DS].selector, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(iret_enters_v86_mode)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke(&box, 0x9000, "\x8c\xd8\xf4", 3); /* mov ax,ds; hlt (#GP) */
    /* push gs fs ds es ss esp eflags cs eip */
    struct cpu_registers r = RUN(&box, "\x6a\x05\x6a\x04\x6a\x03\x6a\x02\x6a\x00\x68\x00\x60\x00\x00"
                                       "\x68\x02\x02\x02\x00\x68\x00\x09\x00\x00\x6a\x00\xcf");
    ck_fault(&box, r, 13, 0);
    ck_assert_uint_eq(stack_word(&box, &r, 1), 2);
    ck_assert_uint_eq(r.gpr[CPU_AX] & 0xffff, 3);
    ck_assert_uint_eq(stack_word(&box, &r, 2), 0x900);
    ck_assert_uint_eq(stack_word(&box, &r, 9), 5);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(vme_redirects_int_n_to_the_8086_program)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    gdt_set(&box, SEL_TSS, TSS, 0x88, 0x08b);
    cpu_box_poke32(&box, TSS + 0x64, 0x88u << 16); /* map base 88h: redirection bits at 68h, zero */
    cpu_box_poke32(&box, 0x21 * 4, 0x09000000);
    cpu_box_poke(&box, 0x9000, "\xf4", 1);
    cpu_guest_v86(&box, 0);
    cpu_get_registers(box.cpu, &r);
    r.cr4 = 1;
    r.tr.limit = 0x88;
    r.flags = (r.flags & ~0x200u) | 0x200u | 1u << 19; /* VIF */
    cpu_set_registers(box.cpu, &r);
    r = RUN(&box, "\xcd\x21");
    ck_fault(&box, r, 13, 0); /* the HLT at 0900:0000 */
    ck_assert_uint_eq(stack_word(&box, &r, 2), 0x900);
    ck_assert_uint_eq(stack_word(&box, &r, 3) & 1u << 19, 0); /* VIF cleared */
    ck_assert_uint_eq(cpu_box_peek32(&box, STACK3 - 6), 0x08000002);
    ck_assert_uint_eq(cpu_box_peek32(&box, STACK3 - 2) & 0x3200, 0x3200); /* IOPL 3, IF = VIF */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(io_map_decides_port_by_port)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    cpu_get_registers(box.cpu, &r);
    r.tr.limit = 0x80;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke32(&box, TSS + 0x64, 0x68u << 16);
    cpu_box_poke32(&box, TSS + 0x68, 0x00000100); /* port 8 is denied */
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    r = RUN(&box, "\xe4\x07\xcc");
    ck_assert_int_eq(stopped_vector(&r), 3);
    cpu_box_fini(&box);
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    cpu_get_registers(box.cpu, &r);
    r.tr.limit = 0x80;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke32(&box, TSS + 0x64, 0x68u << 16);
    cpu_box_poke32(&box, TSS + 0x68, 0x00000100);
    r = RUN(&box, "\x66\xe5\x07\xcc"); /* in ax,7 touches 8 */
    ck_fault(&box, r, 13, 0);
    cpu_box_fini(&box);
}
END_TEST

/* --- control registers, MSRs, SYSENTER -------------------------------------------------------------- */

START_TEST(paging_without_protection_is_gp)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xb8\x10\x00\x00\x80\x0f\x22\xc0");
    ck_fault(&box, r, 13, 0);
    ck_assert_uint_eq(r.cr0 & 1, 1);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(privileged_instructions_are_gp_in_ring3)
{
    static const char *const CODES[] = {"\xf4", "\x0f\x06", "\x0f\x20\xc0", "\x0f\x22\xd8", "\x0f\x09",
                                        "\x0f\x32", "\x0f\x30", "\xfa", "\xfb", "\x0f\x01\x10"};
    for (size_t n = 0; n < ARRAY_COUNT(CODES); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        cpu_guest_ring3(&box);
        struct cpu_registers r = cpu_guest_run(&box, CODES[n], strlen(CODES[n]));
        ck_fault(&box, r, 13, 0);
        ck_assert_uint_eq(stack_word(&box, &r, 1), CODE);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(unknown_msr_is_gp)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xb9\x99\x99\x00\x00\x0f\x32");
    ck_fault(&box, r, 13, 0);
    cpu_box_fini(&box);
}
END_TEST

static bool count_call(void *self, struct cpu *cpu, const struct cpu_exit *exit)
{
    unsigned *calls = self;
    ck_assert_int_eq(exit->kind, CPU_EXIT_VMCALL);
    cpu_set_gpr(cpu, CPU_AX, 0x1234);
    (*calls)++;
    return true;
}

/* SDM 3C VMCALL (0F 01 C1), AMD APM 3 VMMCALL (0F 01 D9): to whoever asked for them, else #UD. */
START_TEST(vmcall_and_vmmcall_reach_the_hook)
{
    static const uint8_t CALLS[] = {0x0F, 0x01, 0xC1, 0x0F, 0x01, 0xD9, 0xF4};
    struct cpu_registers registers;
    struct cpu_box box;
    unsigned calls = 0;
    const struct cpu_exit_hook hook = {CPU_EXIT_VMCALL, count_call, &calls};
    cpu_box_init(&box, NULL, 64);
    cpu_box_poke(&box, 0x1000, CALLS, sizeof CALLS);
    cpu_box_flat(&box, 0x1000);
    cpu_set_exit_hook(box.cpu, &hook);
    ck_assert_int_eq(cpu_box_run(&box, 10), CPU_STOP_HALT);
    cpu_get_registers(box.cpu, &registers);
    ck_assert_uint_eq(calls, 2);
    ck_assert_uint_eq(registers.gpr[CPU_AX], 0x1234);
    ck_assert_uint_eq(registers.ip, 0x1007);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(sysenter_and_sysexit_go_there_and_back)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    gate_set(&box, IDT + 3 * 8, SEL_CODE0, HANDLERS + 16 * 3, 0xee);
    /* mov ecx,174h; mov eax,8; xor edx,edx; wrmsr; inc ecx; mov eax,6800h; wrmsr; inc ecx;
     * mov eax,9000h; wrmsr; jmp $ */
    RUN(&box, "\xb9\x74\x01\x00\x00\xb8\x08\x00\x00\x00\x31\xd2\x0f\x30\x41\xb8\x00\x68\x00\x00\x0f\x30"
              "\x41\xb8\x00\x90\x00\x00\x0f\x30\xeb\xfe");
    cpu_box_poke(&box, 0x9000, "\x89\xe3\x0f\x35", 4); /* mov ebx,esp; sysexit */
    cpu_guest_ring3(&box);
    struct cpu_registers r;
    cpu_get_registers(box.cpu, &r);
    r.ip = CODE + 0x100;
    cpu_set_registers(box.cpu, &r);
    /* mov ecx,esp; mov edx,CODE+0x110; sysenter … at +0x10: int3 */
    char code[0x20] = "\x89\xe1\xba\x10\x81\x00\x00\x0f\x34";
    code[0x10] = '\xcc';
    cpu_box_poke(&box, CODE + 0x100, code, sizeof code);
    cpu_box_run(&box, 100);
    cpu_get_registers(box.cpu, &r);
    ck_assert_int_eq(stopped_vector(&r), 3);
    ck_assert_uint_eq(r.gpr[CPU_BX], 0x6800);
    ck_assert_uint_eq(stack_word(&box, &r, 1), 0x1b);
    ck_assert_uint_eq(stack_word(&box, &r, 3), STACK3);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(default_model_tells_linux_what_it_needs)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    struct cpu_registers r = RUN(&box, "\xb8\x01\x00\x00\x00\x0f\xa2\xf4");
    ck_assert_uint_eq(r.gpr[CPU_AX] >> 8 & 15, 6);
    uint32_t wanted = 1u << 0 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 11 | 1u << 13 | 1u << 15;
    ck_assert_uint_eq(r.gpr[CPU_DX] & wanted, wanted);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_system_suite(void)
{
    const TTest *const TESTS[] = {
        load_of_selector_beyond_gdt_is_gp_with_selector,
        load_of_absent_segment_is_np_and_ss_is_stack_fault,
        load_of_ss_wants_writable_data_of_cpl,
        null_data_segment_faults_when_used,
        load_sets_the_accessed_bit,
        big_real_mode_keeps_the_limit_of_protected_mode,
        lar_and_lsl_show_what_privilege_allows,
        divide_error_returns_to_the_instruction,
        int3_returns_behind_it_without_rf,
        interrupt_gate_clears_if_and_trap_gate_keeps_it,
        idt_entry_errors_have_the_idt_bit,
        ext_bit_is_set_for_external_interrupts,
        sti_holds_interrupts_for_one_instruction,
        mov_ss_holds_interrupts_for_one_instruction,
        software_interrupt_needs_the_gates_dpl,
        interrupt_from_ring3_changes_to_the_stack_of_the_tss,
        bad_inner_stack_is_an_invalid_tss,
        triple_fault_names_every_step,
        fault_in_delivery_of_gp_is_a_double_fault,
        real_mode_interrupt_pushes_three_words,
        single_step_trap_comes_before_the_next_fetch_faults,
        iret_to_ring3_drops_inner_data_segments,
        popf_in_ring3_leaves_if_and_iopl,
        call_gate_copies_parameters_and_retf_drops_them,
        jump_to_outer_or_inner_code_is_gp,
        conforming_code_keeps_cpl,
        call_to_a_task_links_and_iret_returns,
        jump_to_a_task_gate_leaves_the_old_task,
        fault_in_the_new_tasks_segments_is_the_new_tasks,
        double_fault_through_a_task_gate_pushes_zero,
        int_n_in_v86_mode_below_iopl_3_is_gp,
        iret_enters_v86_mode,
        vme_redirects_int_n_to_the_8086_program,
        io_map_decides_port_by_port,
        paging_without_protection_is_gp,
        privileged_instructions_are_gp_in_ring3,
        unknown_msr_is_gp,
        vmcall_and_vmmcall_reach_the_hook,
        sysenter_and_sysexit_go_there_and_back,
        default_model_tells_linux_what_it_needs,
    };
    Suite *suite = suite_create("cpu_system");
    TCase *tcase = tcase_create("cpu_system");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
