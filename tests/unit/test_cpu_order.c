/* What comes first when an instruction has several reasons to fault or trap, and what MOV SS and the monitor's flags
 * hold back. The guest of roms/matrix has all combinations, compared with Bochs (tests/full/cpu-matrix.sh). */
#include <check.h>
#include <string.h>

#include "tests/unit/cpu_guest.h"

#define PAGE_DIRECTORY 0x4000u
#define PAGE_TABLE     0x5000u
#define BREAK_0        0x402u   /* DR7: DR0, instructions */
#define WATCH_0        0xf0402u /* DR7: DR0, four bytes, reads and writes */
#define SINGLE_STEP    0x100u

static void set_debug(struct cpu_box *box, uint32_t dr0, uint32_t dr7)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.dr[0] = dr0;
    r.dr[7] = dr7;
    cpu_set_registers(box->cpu, &r);
}

/* SDM 3A table 6-2: the instruction's second byte lies in a page that is not there. */
START_TEST(breakpoint_comes_before_the_page_fault_of_its_fetch)
{
    static const struct {
        uint32_t dr7;
        int vector;
    } ROWS[] = {
        {0x400,   14},
        {BREAK_0, 1 }
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        struct cpu_registers r;
        cpu_guest_init(&box);
        cpu_box_poke32(&box, PAGE_DIRECTORY, PAGE_TABLE | 7);
        for (uint32_t page = 0; page < 9; page++)
            cpu_box_poke32(&box, PAGE_TABLE + 4 * page, page << 12 | 7);
        cpu_get_registers(box.cpu, &r);
        r.cr3 = PAGE_DIRECTORY;
        r.cr0 |= 0x80000000u;
        cpu_set_registers(box.cpu, &r);
        set_debug(&box, CODE + 0xfff, ROWS[n].dr7);
        cpu_box_poke(&box, CODE + 0xfff, "\xb0\x05", 2); /* mov al, 5 */
        r = RUN(&box, "\xe9\xfa\x0f\x00\x00");           /* jmp there */
        ck_assert_int_eq(stopped_vector(&r), ROWS[n].vector);
        cpu_box_fini(&box);
    }
}
END_TEST

/* SDM 2B MOV: of several loads of SS in a row only the first holds traps back for sure; on the silicon each second
 * one does not. */
START_TEST(load_of_ss_behind_another_holds_nothing_back)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    /* mov ax,ss; pushf; or byte [esp+1],1; popf; mov ss,ax; mov ss,ax; nop */
    struct cpu_registers r =
        RUN(&box, "\x66\x8c\xd0\x9c\x80\x4c\x24\x01\x01\x9d\x8e\xd0\x8e\xd0\x90\xf4");
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 14);
    ck_assert_uint_eq(stack_word(&box, &r, 2) & SINGLE_STEP, SINGLE_STEP);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(fault_behind_mov_ss_drops_the_trap_that_was_held)
{
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke32(&box, 0xa000, SEL_DATA0);
    cpu_box_poke(&box, HANDLERS + 16 * 6, "\x90\x90\x90\xf4", 4);
    set_debug(&box, 0xa000, WATCH_0);
    /* mov ss,[A000h]; ud2 */
    struct cpu_registers r = RUN(&box, "\x8e\x15\x00\xa0\x00\x00\x0f\x0b");
    ck_assert_uint_eq(r.ip, HANDLERS + 16 * 6 + 4);
    cpu_box_fini(&box);
}
END_TEST

/* As silicon has it (kvm-unit-tests x86/debug.c): ICEBP takes the held trap along, INT 1 leaves it for the handler's
 * first boundary. */
START_TEST(icebp_behind_mov_ss_and_its_held_trap_are_one_exception)
{
    static const struct {
        const char *code; /* mov ss,[A000h]; then icebp, or int 1 */
        size_t length;
        unsigned handlers;
    } ROWS[] = {
        {"\x8e\x15\x00\xa0\x00\x00\xf1",     7, 1},
        {"\x8e\x15\x00\xa0\x00\x00\xcd\x01", 8, 2},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        cpu_box_poke32(&box, 0xa000, SEL_DATA0);
        cpu_box_poke(&box, HANDLERS + 16, "\x43\xf4", 2); /* inc ebx; hlt */
        set_debug(&box, 0xa000, WATCH_0);
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, ROWS[n].length);
        unsigned inner = ROWS[n].handlers - 1;
        ck_assert_uint_eq(r.ip, HANDLERS + 16 + 2);
        ck_assert_uint_eq(stack_word(&box, &r, 3 * inner), CODE + ROWS[n].length);
        if (inner > 0)
            ck_assert_uint_eq(stack_word(&box, &r, 0), HANDLERS + 16);
        ck_assert_uint_eq(r.dr[6] & 1, 1);
        cpu_box_fini(&box);
    }
}
END_TEST

/* The target of MOVS is beyond the limit: its source was read, and what watches that has no trap. */
START_TEST(fault_drops_the_trap_of_its_own_instruction)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    cpu_get_registers(box.cpu, &r);
    r.segment[CPU_ES].limit = 0xfff;
    r.gpr[CPU_SI] = r.gpr[CPU_DI] = 0xa000;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke(&box, HANDLERS + 16 * 13, "\x90\x90\x90\xf4", 4);
    set_debug(&box, 0xa000, WATCH_0);
    r = RUN(&box, "\xa5\xf4"); /* movsd */
    ck_assert_uint_eq(r.ip, HANDLERS + 16 * 13 + 4);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 3B 20.3.2: "at the beginning of an instruction"; IRET brings the flags. */
START_TEST(vif_and_vip_together_are_gp_in_front_of_the_next_instruction)
{
    static const struct {
        uint32_t cr4;
        uint8_t flags;
        int al;
    } ROWS[] = {
        {1, 0x1a, 0},
        {0, 0x1a, 5},
        {1, 0x12, 5},
        {1, 0x0a, 5}
    }; /* VIP VIF; neither VME; VIP; VIF */
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        struct cpu_registers r;
        cpu_guest_init(&box);
        cpu_get_registers(box.cpu, &r);
        r.cr4 = ROWS[n].cr4;
        r.gpr[CPU_AX] = 0;
        cpu_set_registers(box.cpu, &r);
        cpu_box_poke(&box, 0x9000, "\xb0\x05\xf4", 3); /* mov al, 5; hlt (#GP) */
        /* push gs fs ds es ss esp eflags cs eip */
        char code[] = "\x6a\x05\x6a\x04\x6a\x03\x6a\x02\x6a\x00\x68\x00\x60\x00\x00"
                      "\x68\x02\x02\x00\x00\x68\x00\x09\x00\x00\x6a\x00\xcf";
        code[18] = (char)ROWS[n].flags;
        r = cpu_guest_run(&box, code, sizeof code - 1);
        ck_fault(&box, r, 13, 0);
        ck_assert_int_eq((int)(r.gpr[CPU_AX] & 0xff), ROWS[n].al);
        ck_assert_uint_eq(stack_word(&box, &r, 1), ROWS[n].al ? 2 : 0);
        cpu_box_fini(&box);
    }
}
END_TEST

/* SDM 2A IRET, SDM 2B RET: to an outer ring whose stack segment is absent. */
START_TEST(absent_outer_stack_is_np_for_iret_and_ss_for_retf)
{
    static const struct {
        const char *code;
        unsigned length;
        int vector;
    } ROWS[] = {
        {"\x6a\x43\x68\x00\x60\x00\x00\x68\x02\x02\x00\x00\x6a\x1b\x68\x20\x80\x00\x00\xcf", 20,
         11                                                                                        },
        {"\x6a\x43\x68\x00\x60\x00\x00\x6a\x1b\x68\x20\x80\x00\x00\xcb",                     15, 12},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        cpu_guest_init(&box);
        gdt_set(&box, SEL_ABSENT, 0, 0xfffff, 0xc73); /* data, DPL 3, not present */
        struct cpu_registers r = cpu_guest_run(&box, ROWS[n].code, ROWS[n].length);
        ck_fault(&box, r, ROWS[n].vector, SEL_ABSENT);
        cpu_box_fini(&box);
    }
}
END_TEST

/* --- INS: what was read from a port cannot be read again --------------------------------------------------- */

static uint64_t count_read(void *self, uint64_t address, unsigned size)
{
    (void)address;
    (void)size;
    return ++*(unsigned *)self;
}
static const struct region_ops COUNTING_PORT = {.read = count_read};

/* SDM 2A INS: a fault of the destination comes before the port is read; REP has done what lies before it. */
START_TEST(ins_that_faults_has_not_read_the_port)
{
    static const struct {
        const char *code;
        uint32_t to, limit, reads; /* page A000h is not there */
        int vector;
    } ROWS[] = {
        {"\x6d\xf4\xf4", 0xa000, 0xffffffff, 0, 14},
        {"\x6d\xf4\xf4", 0x9ffe, 0xffffffff, 0, 14}, /* across the border */
        {"\x6d\xf4\xf4", 0x9ffd, 0x9fff,     0, 13},
        {"\xf3\x6d\xf4", 0x9ff4, 0xffffffff, 3, 14},
        {"\xf3\x6d\xf4", 0x9ff5, 0xffffffff, 2, 14},
        {"\xf3\x6d\xf4", 0x9ff5, 0x9ffb,     1, 13},
        {"\x66\xf3\x6d", 0x9ffc, 0xffffffff, 2, 14},
        {"\xf3\x6c\xf4", 0x9ffd, 0x9ffe,     2, 13},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct cpu_box box;
        struct cpu_registers r;
        struct error error = {STATUS_OK, ""};
        unsigned reads = 0;
        struct region port = {
            .name = "counter", .ops = &COUNTING_PORT, .base = 0x300, .length = 4, .self = &reads};
        cpu_guest_init(&box);
        ck_assert_int_eq(space_attach(&box.ports, &port, NULL, &error), STATUS_OK);
        cpu_box_poke32(&box, PAGE_DIRECTORY, PAGE_TABLE | 7);
        for (uint32_t page = 0; page < 10; page++)
            cpu_box_poke32(&box, PAGE_TABLE + 4 * page, page << 12 | 7);
        cpu_get_registers(box.cpu, &r);
        r.cr3 = PAGE_DIRECTORY;
        r.cr0 |= 0x80000000u;
        r.segment[CPU_ES].limit = ROWS[n].limit;
        r.gpr[CPU_DI] = ROWS[n].to;
        r.gpr[CPU_CX] = 10;
        r.gpr[CPU_DX] = 0x300;
        cpu_set_registers(box.cpu, &r);
        r = cpu_guest_run(&box, ROWS[n].code, 3);
        ck_assert_int_eq(stopped_vector(&r), ROWS[n].vector);
        ck_assert_msg(reads == ROWS[n].reads, "row %zu: %u reads", n, reads);
        bool is_repeated = ROWS[n].code[0] != '\x6d';
        unsigned bytes = memchr(ROWS[n].code, 0x6c, 2) ? 1 : ROWS[n].code[0] == '\x66' ? 2 : 4;
        ck_assert_uint_eq(r.gpr[CPU_CX], is_repeated ? 10 - reads : 10);
        ck_assert_uint_eq(r.gpr[CPU_DI], ROWS[n].to + reads * bytes);
        ck_assert_uint_eq(stack_word(&box, &r, 1), CODE);
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_order_suite(void)
{
    const TTest *const TESTS[] = {
        breakpoint_comes_before_the_page_fault_of_its_fetch,
        load_of_ss_behind_another_holds_nothing_back,
        fault_behind_mov_ss_drops_the_trap_that_was_held,
        icebp_behind_mov_ss_and_its_held_trap_are_one_exception,
        fault_drops_the_trap_of_its_own_instruction,
        vif_and_vip_together_are_gp_in_front_of_the_next_instruction,
        absent_outer_stack_is_np_for_iret_and_ss_for_retf,
        ins_that_faults_has_not_read_the_port,
    };
    Suite *suite = suite_create("cpu_order");
    TCase *tcase = tcase_create("cpu_order");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_test(tcase, TESTS[n]);
    suite_add_tcase(suite, tcase);
    return suite;
}
