/* Every check of a task switch, by the table that lists them: SDM 3A 7.3, table 7-1 (which exception, with which
 * selector, in whose task), table 7-2 (busy flags, NT, link), 17.2.4 (local breakpoints) and 4.4.1 (PDPTEs). */
#include <check.h>

#include "tests/unit/cpu_guest.h"

#define TASK_CODE 0x9000u
#define LDT       0x2800u
#define SEL_LDT   0x68u
#define SEL_MORE  0x70u
#define BEYOND    0xa0u /* behind the tasks that take exceptions 10 to 13 */
#define BUSY      0x02u

/* Offsets in a 32-bit TSS (SDM 3A figure 7-2). */
enum {
    T_CR3 = 0x1c,
    T_EIP = 0x20,
    T_FLAGS = 0x24,
    T_SP = 0x38,
    T_SEGMENTS = 0x48,
    T_LDT = 0x60,
    T_TRAP = 0x64
};
#define T_SEGMENT(index) (T_SEGMENTS + 4 * (index))

static void set_up(struct cpu_box *box)
{
    cpu_guest_init(box);
    gdt_set(box, SEL_LDT, LDT, 7, 0x082);
    cpu_box_poke32(box, TSS2 + T_EIP, TASK_CODE);
    cpu_box_poke32(box, TSS2 + T_FLAGS, 2);
    cpu_box_poke32(box, TSS2 + T_SP, 0x5000);
    for (unsigned n = 0; n < 6; n++)
        cpu_box_poke32(box, TSS2 + T_SEGMENT(n), n == CPU_CS ? SEL_CODE0 : SEL_DATA0);
    cpu_box_poke(box, TASK_CODE, "\xf4", 1);
}

/* Exceptions 10 to 13 have tasks of their own: where SS or CS is what is broken, there is no stack to push on. */
#define FIRST_VECTOR       10u
#define HANDLER_TSS(v)     (0x2200u + 0x80 * ((v)-FIRST_VECTOR))
#define SEL_HANDLER_TSS(v) (0x80u + 8 * ((v)-FIRST_VECTOR))

static void handlers_are_tasks(struct cpu_box *box)
{
    struct cpu_registers r;
    for (uint32_t v = FIRST_VECTOR; v < FIRST_VECTOR + 4; v++) {
        uint32_t tss = HANDLER_TSS(v);
        gdt_set(box, SEL_HANDLER_TSS(v), tss, 0x67, 0x089);
        gate_set(box, IDT + 8 * v, SEL_HANDLER_TSS(v), 0, 0x85);
        cpu_box_poke32(box, tss + T_EIP, HANDLERS + 16 * v);
        cpu_box_poke32(box, tss + T_FLAGS, 2);
        cpu_box_poke32(box, tss + T_SP, 0x5000);
        for (unsigned n = 0; n < 6; n++)
            cpu_box_poke32(box, tss + T_SEGMENT(n), n == CPU_CS ? SEL_CODE0 : SEL_DATA0);
    }
    cpu_get_registers(box->cpu, &r);
    r.gdtr.limit = BEYOND - 1;
    cpu_set_registers(box->cpu, &r);
}

#define JUMP      "\xea\x00\x00\x00\x00\x30\x00" /* jmp 30h:0, the TSS */
#define JUMP_GATE "\xea\x00\x00\x00\x00\x50\x00"
#define CALL      "\x9a\x00\x00\x00\x00\x30\x00"
#define IRET_NT   "\x9c\x81\x0c\x24\x00\x40\x00\x00\x9d\xcf" /* pushf; or [esp],4000h; popf; iret */

enum where { IN_GDT, IN_TSS2, IN_TSS };
struct broken {
    const char *what;
    const char *code;
    size_t length;
    enum where where;
    uint32_t at, value; /* a word of 32 bits is put there first */
    int vector;
    uint32_t error;
    bool in_new_task;
};
#define B(code) code, sizeof(code) - 1
static const struct broken ROWS[] = {
  /* the descriptor of the TSS: in the old task */
    {"TSS not present",     B(JUMP),      IN_GDT,  SEL_TSS2 + 4,      0x000009 << 8,         11, SEL_TSS2,        false},
    {"TSS busy, by JMP",    B(JUMP),      IN_GDT,  SEL_TSS2 + 4,      0x00008b << 8,         13, SEL_TSS2,        false},
    {"TSS busy, by CALL",   B(CALL),      IN_GDT,  SEL_TSS2 + 4,      0x00008b << 8,         13, SEL_TSS2,        false},
    {"TSS busy, by a gate", B(JUMP_GATE), IN_GDT,  SEL_TSS2 + 4,      0x00008b << 8,         13, SEL_TSS2,        false},
    {"TSS too short",       B(JUMP),      IN_GDT,  SEL_TSS2,          TSS2 << 16 | 0x66,     10, SEL_TSS2,        false},
    {"gate not present",    B(JUMP_GATE), IN_GDT,  SEL_TASKGATE + 4,  0x000065 << 8,         11, SEL_TASKGATE,
     false                                                                                                             },
    {"gate to the LDT",     B(JUMP_GATE), IN_GDT,  SEL_TASKGATE,      (SEL_TSS2 | 4u) << 16, 13, SEL_TSS2 | 4,
     false                                                                                                             },
    {"gate with null",      B(JUMP_GATE), IN_GDT,  SEL_TASKGATE,      0,                     13, 0,               false},
    {"gate beyond the GDT", B(JUMP_GATE), IN_GDT,  SEL_TASKGATE,      BEYOND << 16,          13, BEYOND,          false},
    {"gate to code",        B(JUMP_GATE), IN_GDT,  SEL_TASKGATE,      SEL_CODE0 << 16,       13, SEL_CODE0,       false},
    {"link null",           B(IRET_NT),   IN_TSS,  0,                 0,                     10, 0,               false},
    {"link in the LDT",     B(IRET_NT),   IN_TSS,  0,                 SEL_TSS2 | 4,          10, SEL_TSS2 | 4,    false},
    {"link beyond the GDT", B(IRET_NT),   IN_TSS,  0,                 BEYOND,                10, BEYOND,          false},
    {"link not busy",       B(IRET_NT),   IN_TSS,  0,                 SEL_TSS2,              10, SEL_TSS2,        false},
    {"link to code",        B(IRET_NT),   IN_TSS,  0,                 SEL_CODE0,             10, SEL_CODE0,       false},
 /* what the new task loads: in the new task */
    {"LDT in an LDT",       B(JUMP),      IN_TSS2, T_LDT,             SEL_LDT | 4,           10, SEL_LDT | 4,     true },
    {"LDT beyond the GDT",  B(JUMP),      IN_TSS2, T_LDT,             BEYOND,                10, BEYOND,          true },
    {"LDT is code",         B(JUMP),      IN_TSS2, T_LDT,             SEL_CODE0,             10, SEL_CODE0,       true },
    {"CS null",             B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), 0,                     10, 0,               true },
    {"CS beyond the GDT",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), BEYOND,                10, BEYOND,          true },
    {"CS is data",          B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), SEL_DATA0,             10, SEL_DATA0,       true },
    {"CS: RPL above DPL",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), SEL_CODE0 | 3,         10, SEL_CODE0,       true },
    {"CS: RPL below DPL",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), SEL_CODE3 & ~3u,       10, SEL_CODE3 & ~3u,
     true                                                                                                              },
    {"SS null",             B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), 0,                     10, 0,               true },
    {"SS read-only",        B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), SEL_READONLY,          10, SEL_READONLY,    true },
    {"SS: RPL is not CPL",  B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), SEL_DATA0 | 1,         10, SEL_DATA0,       true },
    {"SS: DPL is not CPL",  B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), SEL_DATA3 & ~3u,       10,
     SEL_DATA3 & ~3u,                                                                                             true },
    {"SS beyond the GDT",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), BEYOND,                10, BEYOND,          true },
    {"DS beyond the GDT",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_DS), BEYOND,                10, BEYOND,          true },
    {"DS is a TSS",         B(JUMP),      IN_TSS2, T_SEGMENT(CPU_DS), SEL_TSS,               10, SEL_TSS,         true },
    {"DS: RPL above DPL",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_DS), SEL_DATA0 | 3,         10, SEL_DATA0,       true },
    {"DS not present",      B(JUMP),      IN_TSS2, T_SEGMENT(CPU_DS), SEL_ABSENT,            11, SEL_ABSENT,      true },
    {"ES not present",      B(JUMP),      IN_TSS2, T_SEGMENT(CPU_ES), SEL_ABSENT,            11, SEL_ABSENT,      true },
    {"FS beyond the GDT",   B(JUMP),      IN_TSS2, T_SEGMENT(CPU_FS), BEYOND,                10, BEYOND,          true },
    {"GS not present",      B(JUMP),      IN_TSS2, T_SEGMENT(CPU_GS), SEL_ABSENT,            11, SEL_ABSENT,      true },
 /* present data that is not there for SS is #SS; code, #NP */
    {"SS not present",      B(JUMP),      IN_TSS2, T_SEGMENT(CPU_SS), SEL_ABSENT,            12, SEL_ABSENT,      true },
    {"CS not present",      B(JUMP),      IN_TSS2, T_SEGMENT(CPU_CS), SEL_MORE,              11, SEL_MORE,        true },
};

START_TEST(what_is_broken_is_told_in_the_right_task)
{
    static const uint32_t BASES[] = {GDT, TSS2, TSS};
    const struct broken *row = &ROWS[_i];
    struct cpu_box box;
    set_up(&box);
    gdt_set(&box, SEL_MORE, 0, 0xfffff, 0xc1b); /* code, absent */
    cpu_box_poke32(&box, BASES[row->where] + row->at, row->value);
    handlers_are_tasks(&box);
    struct cpu_registers r = cpu_guest_run(&box, row->code, row->length);
    ck_assert_msg(stopped_vector(&r) == row->vector, "%s: vector %d", row->what,
                  stopped_vector(&r));
    ck_assert_msg(stack_word(&box, &r, 0) == row->error, "%s: error %x", row->what,
                  (unsigned)stack_word(&box, &r, 0));
    /* whose exception it was: the handler's link, and where that task stands */
    uint32_t link = cpu_box_peek32(&box, HANDLER_TSS((unsigned)row->vector)) & 0xffff;
    ck_assert_msg(link == (row->in_new_task ? SEL_TSS2 : SEL_TSS), "%s: link %x", row->what, link);
    uint32_t ip = row->in_new_task ? TASK_CODE : CODE + (row->code[0] == '\x9c' ? 9 : 0);
    uint32_t saved = cpu_box_peek32(&box, (row->in_new_task ? TSS2 : TSS) + T_EIP);
    ck_assert_msg(saved == ip, "%s: EIP %x", row->what, saved);
    cpu_box_fini(&box);
}
END_TEST

/* An interrupt's gate sets EXT in the error code of what is wrong with its task (SDM 3A 6.13). */
START_TEST(a_broken_task_behind_an_interrupt_sets_ext)
{
    struct cpu_box box;
    set_up(&box);
    gate_set(&box, IDT + 8 * 6, SEL_TSS2, 0, 0x85);
    gdt_set(&box, SEL_TSS2, TSS2, 0x66, 0x089);
    struct cpu_registers r = RUN(&box, "\x0f\x0b"); /* ud2 */
    ck_fault(&box, r, 10, SEL_TSS2 | 1);
    cpu_box_fini(&box);
}
END_TEST

/* Table 7-2: JMP, CALL and IRET in turn: busy flags of both, NT, link. */
START_TEST(busy_flags_nt_and_link_follow_the_table)
{
    static const struct {
        const char *code;
        size_t length;
        bool old_busy, new_nt, has_link;
    } CASES[] = {
        {B(JUMP),    false, false, false},
        {B(CALL),    true,  true,  true },
        {B(IRET_NT), false, false, false}
    };
    struct cpu_box box;
    bool is_iret = _i == 2;
    set_up(&box);
    cpu_box_poke32(&box, TSS2, 0x7777);
    cpu_box_poke32(&box, TSS, SEL_TSS2);
    if (is_iret)
        gdt_set(&box, SEL_TSS2, TSS2, 0x67, 0x08b);
    struct cpu_registers r = cpu_guest_run(&box, CASES[_i].code, CASES[_i].length);
    ck_assert_uint_eq(r.ip, TASK_CODE + 1);
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_TSS + 4) >> 8 & BUSY,
                      CASES[_i].old_busy ? BUSY : 0);
    ck_assert_uint_eq(cpu_box_peek32(&box, GDT + SEL_TSS2 + 4) >> 8 & BUSY, BUSY);
    ck_assert_uint_eq(r.flags >> 14 & 1, CASES[_i].new_nt);
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS2) & 0xffff, CASES[_i].has_link ? SEL_TSS : 0x7777);
    ck_assert_uint_eq(cpu_box_peek32(&box, TSS + T_FLAGS) >> 14 & 1,
                      0); /* IRET clears it in the image */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(t_bit_traps_before_the_first_instruction_and_local_breakpoints_go)
{
    struct cpu_box box;
    struct cpu_registers r;
    set_up(&box);
    cpu_get_registers(box.cpu, &r);
    r.dr[7] = 0x7ff; /* all local and global ones, LE, GE */
    r.dr[0] = r.dr[1] = r.dr[2] = r.dr[3] = 0xf000;
    cpu_set_registers(box.cpu, &r);
    cpu_box_poke32(&box, TSS2 + T_TRAP, 1);
    r = RUN(&box, JUMP);
    ck_assert_int_eq(stopped_vector(&r), 1);
    ck_assert_uint_eq(stack_word(&box, &r, 0), TASK_CODE);
    ck_assert_uint_eq(r.dr[6] & 0xe00f, 0x8000); /* BT */
    ck_assert_uint_eq(r.dr[7], 0x6aa);
    cpu_box_fini(&box);
}
END_TEST

#define POINTERS     0x10000u /* PDPTs: the old task's, then the new one's */
#define NEW_POINTERS 0x10020u
#define DIRECTORY    0x11000u

/* 4.4.1: the new CR3's pointers are loaded; one with reserved bits is #GP(0), told in the new task. */
START_TEST(the_new_tasks_pdptes_are_loaded_and_checked)
{
    for (unsigned is_bad = 0; is_bad < 2; is_bad++) {
        struct cpu_box box;
        struct cpu_registers r;
        set_up(&box);
        cpu_box_poke32(&box, POINTERS, DIRECTORY | 1);
        cpu_box_poke32(&box, NEW_POINTERS, DIRECTORY | (is_bad ? 3 : 1));
        cpu_box_poke32(&box, NEW_POINTERS + 8, DIRECTORY | 1); /* 1 GiB is 0 once more */
        cpu_box_poke32(&box, DIRECTORY, 0x87);                 /* 2 MiB */
        cpu_box_poke32(&box, TSS2 + T_CR3, NEW_POINTERS);
        cpu_box_poke(&box, TASK_CODE, "\xa1\x00\x10\x00\x40\xf4", 6); /* mov eax,[40001000h]; hlt */
        cpu_get_registers(box.cpu, &r);
        r.cr3 = POINTERS;
        r.cr4 = 0x20;
        r.cr0 = 0x80000011;
        cpu_set_registers(box.cpu, &r);
        cpu_box_poke32(&box, GDT, 0x600dface); /* what stands at 1000h */
        handlers_are_tasks(&box);
        for (unsigned v = 10; v < 14; v++)
            cpu_box_poke32(&box, HANDLER_TSS(v) + T_CR3, POINTERS);
        r = RUN(&box, JUMP);
        ck_assert_int_eq(stopped_vector(&r), is_bad ? 13 : -1);
        if (is_bad) {
            ck_assert_uint_eq(cpu_box_peek32(&box, HANDLER_TSS(13u)) & 0xffff, SEL_TSS2);
            ck_assert_uint_eq(stack_word(&box, &r, 0), 0);
        } else {
            ck_assert_uint_eq(r.gpr[CPU_AX], 0x600dface);
        }
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_tasks_suite(void);
Suite *cpu_tasks_suite(void)
{
    Suite *suite = suite_create("cpu_tasks");
    TCase *tcase = tcase_create("cpu_tasks");
    tcase_add_loop_test(tcase, what_is_broken_is_told_in_the_right_task, 0, ARRAY_COUNT(ROWS));
    tcase_add_test(tcase, a_broken_task_behind_an_interrupt_sets_ext);
    tcase_add_loop_test(tcase, busy_flags_nt_and_link_follow_the_table, 0, 3);
    tcase_add_test(tcase, t_bit_traps_before_the_first_instruction_and_local_breakpoints_go);
    tcase_add_test(tcase, the_new_tasks_pdptes_are_loaded_and_checked);
    suite_add_tcase(suite, tcase);
    return suite;
}
