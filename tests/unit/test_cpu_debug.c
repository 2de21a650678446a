/* Debug registers as the guest uses them: instruction, data and I/O breakpoints, DR4-DR7, single steps.
 * Expected values: SDM 3B 17.2 and 17.3. */
#include <check.h>

#include "tests/unit/cpu_guest.h"

enum { EXECUTE = 0, WRITES = 1, PORT = 2, ACCESS = 3 };
enum { LEN1 = 0, LEN2 = 1, LEN4 = 3 };
#define DE 8u
#define DR6_FIXED 0xffff0ff0u
#define DR7_FIXED 0x400u

/* Breakpoint n, enabled globally. */
static uint32_t dr7_bits(unsigned n, unsigned kind, unsigned length)
{
    return 2u << (2 * n) | (kind | length << 2) << (16 + 4 * n);
}

static void break_at(struct cpu_box *box, uint32_t address, unsigned kind, unsigned length, uint32_t cr4)
{
    struct cpu_registers r;
    cpu_guest_init(box);
    cpu_get_registers(box->cpu, &r);
    r.dr[0] = address;
    r.dr[7] = DR7_FIXED | dr7_bits(0, kind, length);
    r.cr4 = cr4;
    cpu_set_registers(box->cpu, &r);
}

/* IN, OUT: the trap comes behind the instruction. Port 80h-83h; the handler of #DB halts. */
START_TEST(io_breakpoint_is_a_trap_behind_in_and_out)
{
    static const struct { const char *code; unsigned length, at; } ROWS[] = {
        {"\xe4\x80\x90\xf4", 4, 2},         /* in al,80h */
        {"\xe6\x80\x90\xf4", 4, 2},         /* out 80h,al */
        {"\xe5\x80\x90\xf4", 4, 2},         /* in eax,80h */
        {"\xba\x80\x00\x00\x00\xec\x90\xf4", 8, 6}, /* in al,dx */
        {"\xba\x80\x00\x00\x00\x66\xef\xf4", 8, 7}, /* out dx,ax */
        {"\xe5\x7e\x90\xf4", 4, 2},         /* in eax,7Eh: 80h is its third byte */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        break_at(&box, 0x80, PORT, LEN1, DE);
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, ROWS[n].length);
        ck_assert_msg(stopped_vector(&r) == 1, "row %zu", n);
        ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + ROWS[n].at);
        ck_assert_uint_eq(r.dr[6], DR6_FIXED | 1);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(io_breakpoint_covers_its_length_and_no_more)
{
    static const struct { unsigned length; const char *code; int vector; } ROWS[] = {
        {LEN4, "\xe4\x83\xf4", 1}, {LEN4, "\xe4\x84\xf4", -1}, {LEN2, "\xe4\x81\xf4", 1},
        {LEN2, "\xe4\x82\xf4", -1}, {LEN1, "\xe4\x81\xf4", -1}, {LEN1, "\xe4\x7f\xf4", -1},
        {LEN4, "\xa1\x80\x00", -1}, /* mov eax,[80h…]: memory is another space */
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        break_at(&box, 0x80, PORT, ROWS[n].length, DE);
        cpu_box_poke(&box, CODE + 3, "\x00\x00\xf4", 3);
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, 3);
        ck_assert_msg(stopped_vector(&r) == ROWS[n].vector, "row %zu", n);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(io_breakpoint_wants_cr4_de)
{
    struct cpu_box box;
    break_at(&box, 0x80, PORT, LEN1, 0);
    struct cpu_registers r = RUN(&box, "\xe4\x80\xf4");
    ck_assert_int_eq(stopped_vector(&r), -1);
    ck_assert_uint_eq(r.dr[6] & 15, 0);
    cpu_box_fini(&box);
}
END_TEST

/* 17.3.1.2: with REP behind each iteration. */
START_TEST(io_breakpoint_traps_behind_each_element)
{
    static const char *const STRINGS[] = {"\x6c", "\x6e"}; /* INSB, OUTSB */
    for (size_t n = 0; n < ARRAY_COUNT(STRINGS); n++) {
        struct cpu_box box;
        break_at(&box, 0x80, PORT, LEN1, DE);
        cpu_box_poke(&box, HANDLERS + 16, "\x43\xcf", 2); /* inc ebx; iret */
        char code[] = "\xba\x80\x00\x00\x00\xb9\x03\x00\x00\x00\xbf\x00\x50\x00\x00\x89\xfe\xf3\x6c\xf4";
        code[18] = STRINGS[n][0];
        struct cpu_registers r = RUN(&box, code);
        ck_assert_uint_eq(r.gpr[CPU_BX], 3);
        ck_assert_uint_eq(r.gpr[CPU_CX], 0);
        ck_assert_uint_eq(r.ip, CODE + sizeof code - 1);
        cpu_box_fini(&box);
        break_at(&box, 0x80, PORT, LEN1, DE); /* none at a count of zero */
        code[6] = 0;
        r = RUN(&box, code);
        ck_assert_int_eq(stopped_vector(&r), -1);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(io_that_faults_does_not_trap)
{
    struct cpu_box box;
    break_at(&box, 0x80, PORT, LEN1, DE);
    cpu_guest_ring3(&box); /* IOPL 0, a TSS without a map */
    cpu_box_poke(&box, TSS + 0x66, "\xff\xff", 2);
    struct cpu_registers r = RUN(&box, "\xe4\x80\xf4");
    ck_fault(&box, r, 13, 0);
    ck_assert_uint_eq(r.dr[6] & 15, 0);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(ports_without_breakpoints_change_nothing)
{
    struct cpu_box plain, watched;
    break_at(&plain, 0x80, PORT, LEN1, 0);
    break_at(&watched, 0x90, PORT, LEN1, DE); /* another port */
    static const char CODE_BYTES[] = "\xe4\x80\xe6\x80\x40\xe4\x84\xf4";
    struct cpu_registers a = RUN(&plain, CODE_BYTES), b = RUN(&watched, CODE_BYTES);
    ck_assert_uint_eq(a.ip, b.ip);
    ck_assert_uint_eq(a.gpr[CPU_AX], b.gpr[CPU_AX]);
    ck_assert_uint_eq(plain.timeline.now, watched.timeline.now);
    cpu_box_fini(&plain);
    cpu_box_fini(&watched);
}
END_TEST

START_TEST(instruction_breakpoint_is_a_fault_with_rf)
{
    struct cpu_box box;
    break_at(&box, CODE + 1, EXECUTE, LEN1, 0);
    struct cpu_registers r = RUN(&box, "\x90\x40\xf4");
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 1);
    ck_assert_uint_eq(stack_word(&box, &r, 2) >> 16 & 1, 0); /* the handler sets RF itself */
    ck_assert_uint_eq(r.dr[6], DR6_FIXED | 1);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(data_breakpoints_tell_writes_from_reads)
{
    static const struct { unsigned kind, length; const char *code; int vector; } ROWS[] = {
        {WRITES, LEN4, "\xa3\x00\x50\x00\x00\xf4", 1},  {WRITES, LEN4, "\xa1\x00\x50\x00\x00\xf4", -1},
        {ACCESS, LEN4, "\xa1\x00\x50\x00\x00\xf4", 1},  {ACCESS, LEN1, "\xa1\xfd\x4f\x00\x00\xf4", 1},
        {ACCESS, LEN1, "\xa1\xfc\x4f\x00\x00\xf4", -1}, {WRITES, LEN2, "\xa2\x01\x50\x00\x00\xf4", 1},
        {WRITES, LEN2, "\xa2\x02\x50\x00\x00\xf4", -1},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        break_at(&box, 0x5000, ROWS[n].kind, ROWS[n].length, 0);
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, 6);
        ck_assert_msg(stopped_vector(&r) == ROWS[n].vector, "row %zu", n);
        if (ROWS[n].vector == 1)
            ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 5);
        cpu_box_fini(&box);
    }
}
END_TEST

/* What is cached of the page and of the code from before must not hide a new breakpoint. */
START_TEST(breakpoints_hold_from_the_next_instruction_on)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    /* mov [5000],ecx twice; mov eax,5000h; mov dr0,eax; mov eax,D0002h; mov dr7,eax; mov [5000],ecx */
    struct cpu_registers r = RUN(&box, "\x89\x0d\x00\x50\x00\x00\x89\x0d\x00\x50\x00\x00"
                                       "\xb8\x00\x50\x00\x00\x0f\x23\xc0\xb8\x02\x00\x0d\x00"
                                       "\x0f\x23\xf8\x89\x0d\x00\x50\x00\x00\xf4");
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 34);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(an_instruction_breakpoint_can_move)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke(&box, HANDLERS + 16, "\x45\xf4", 2); /* inc ebp; hlt */
    cpu_box_poke(&box, CODE + 0x100, "\x90\xc3", 2);
    /* DR0 at 9000h, enabled; call 8100h; DR0 = 8100h; call 8100h */
    struct cpu_registers r = RUN(&box, "\xb8\x00\x90\x00\x00\x0f\x23\xc0\x6a\x02\x58\x0f\x23\xf8"
                                       "\xe8\xed\x00\x00\x00\xb8\x00\x81\x00\x00\x0f\x23\xc0"
                                       "\xe8\xe0\x00\x00\x00\xf4");
    ck_assert_uint_eq(r.ip, HANDLERS + 16 + 2);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 0x100);
    cpu_box_fini(&box);
}
END_TEST

/* 17.2.2: DR4 and DR5 stand for DR6 and DR7 unless CR4.DE is set. */
START_TEST(dr4_and_dr5_are_aliases_without_de)
{
    for (unsigned de = 0; de < 2; de++) {
        struct cpu_box box;
        break_at(&box, 0, EXECUTE, LEN1, de ? DE : 0);
        struct cpu_registers r = RUN(&box, "\x0f\x21\xe9\xf4"); /* mov ecx,dr5 */
        ck_assert_int_eq(stopped_vector(&r), de ? 6 : -1);
        if (!de)
            ck_assert_uint_eq(r.gpr[CPU_CX], r.dr[7]);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(general_detect_faults_and_is_cleared)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_get_registers(box.cpu, &r);
    r.dr[7] = DR7_FIXED | 1u << 13;
    cpu_set_registers(box.cpu, &r);
    r = RUN(&box, "\x90\x0f\x21\xf0\xf4"); /* mov eax,dr6 */
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 1);
    ck_assert_uint_eq(r.dr[6], DR6_FIXED | 1u << 13);
    ck_assert_uint_eq(r.dr[7], DR7_FIXED); /* so that the handler may look */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(fixed_bits_of_dr6_and_dr7_stay)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    /* mov dr6,0; mov ebx,dr6; mov dr7,0000DC00h; mov ecx,dr7 */
    struct cpu_registers r = RUN(&box, "\x31\xc0\x0f\x23\xf0\x0f\x21\xf3\xb8\x00\xdc\x00\x00\x0f\x23\xf8"
                                       "\x0f\x21\xf9\xf4");
    ck_assert_uint_eq(r.gpr[CPU_BX], DR6_FIXED);
    ck_assert_uint_eq(r.gpr[CPU_CX], DR7_FIXED);
    cpu_box_fini(&box);
}
END_TEST

/* 6.8.3: MOV SS holds debug exceptions for one instruction; STI holds interrupts only. */
START_TEST(single_step_is_held_behind_mov_ss_and_not_behind_sti)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    /* mov ax,ss; pushf; or byte [esp+1],1; popf; mov ss,ax; nop; sti; nop */
    static const char CODE_BYTES[] = "\x66\x8c\xd0\x9c\x80\x4c\x24\x01\x01\x9d\x8e\xd0\x90\xfb\x90\xf4";
    cpu_box_poke(&box, HANDLERS + 16, "\x43\x8b\x14\x24\xcf", 5); /* inc ebx; mov edx,[esp]; iret */
    cpu_box_poke(&box, CODE, CODE_BYTES, sizeof CODE_BYTES - 1);
    static const struct { uint32_t traps, ip; } STEPS[] = {{1, CODE + 13}, {2, CODE + 14}, {3, CODE + 15}};
    for (size_t n = 0; n < ARRAY_COUNT(STEPS); n++) {
        for (unsigned i = 0; i < 50; i++) {
            cpu_box_run(&box, 1);
            cpu_get_registers(box.cpu, &r);
            if (r.gpr[CPU_BX] == STEPS[n].traps && r.gpr[CPU_DX] != 0)
                break;
        }
        ck_assert_uint_eq(r.gpr[CPU_BX], STEPS[n].traps);
        cpu_box_run(&box, 1);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.gpr[CPU_DX], STEPS[n].ip);
        cpu_set_gpr(box.cpu, CPU_DX, 0);
    }
    ck_assert_uint_eq(r.dr[6] & 0x4000, 0x4000);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(instruction_breakpoint_behind_mov_ss_is_not_seen)
{
    struct cpu_box box;
    break_at(&box, CODE + 5, EXECUTE, LEN1, 0);
    struct cpu_registers r = RUN(&box, "\x66\x8c\xd0\x8e\xd0\x90\xf4");
    ck_assert_int_eq(stopped_vector(&r), -1);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_debug_suite(void)
{
    const TTest *const TESTS[] = {
        io_breakpoint_is_a_trap_behind_in_and_out,
        io_breakpoint_covers_its_length_and_no_more,
        io_breakpoint_wants_cr4_de,
        io_breakpoint_traps_behind_each_element,
        io_that_faults_does_not_trap,
        ports_without_breakpoints_change_nothing,
        instruction_breakpoint_is_a_fault_with_rf,
        data_breakpoints_tell_writes_from_reads,
        breakpoints_hold_from_the_next_instruction_on,
        an_instruction_breakpoint_can_move,
        dr4_and_dr5_are_aliases_without_de,
        general_detect_faults_and_is_cleared,
        fixed_bits_of_dr6_and_dr7_stay,
        single_step_is_held_behind_mov_ss_and_not_behind_sti,
        instruction_breakpoint_behind_mov_ss_is_not_seen,
    };
    Suite *suite = suite_create("cpu_debug");
    TCase *tcase = tcase_create("cpu_debug");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
