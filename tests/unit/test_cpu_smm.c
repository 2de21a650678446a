/* System management mode: what is saved and restored, the handler's state, NMI, HLT, relocation. Expected
 * values: SDM 3C 31.2-31.11, tables 31-1 and 31-4. */
#include <check.h>

#include "tests/unit/cpu_guest.h"

#define SMBASE   0x30000u
#define AREA     (SMBASE + 0x8000u) /* + the manual's offsets */
#define HANDLER  (SMBASE + 0x8000u)
#define NEW_BASE 0x20000u

/* 64 KiB from SMBASE on need 256 KiB of RAM, which the guest has. The handler: RSM, or other bytes. */
static void box_init(struct cpu_box *box, const char *handler, size_t length)
{
    struct cpu_registers r;
    cpu_guest_init(box);
    cpu_box_poke(box, HANDLER, handler, length);
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 8; n++)
        if (n != CPU_SP)
            r.gpr[n] = 0x11110000u * (n + 1) + n;
    r.cr4 = 0x10;
    cpu_set_registers(box->cpu, &r);
}
#define INIT(box, handler) box_init(box, handler, sizeof(handler) - 1)

START_TEST(smi_saves_the_state_and_starts_the_handler)
{
    struct cpu_box box;
    struct cpu_registers before, r;
    INIT(&box, "\xf4"); /* hlt */
    cpu_box_poke(&box, CODE, "\x90\x90\x90", 3);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &before);
    cpu_smi(box.cpu);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.ip, 0x8001);
    ck_assert_uint_eq(r.segment[CPU_CS].selector, SMBASE >> 4);
    ck_assert_uint_eq(r.segment[CPU_CS].base, SMBASE);
    ck_assert_uint_eq(r.segment[CPU_DS].base, 0);
    ck_assert_uint_eq(r.segment[CPU_DS].limit, 0xffffffffu);
    ck_assert_uint_eq(r.cr0 & 0x8000000du, 0); /* PE, EM, TS, PG */
    ck_assert_uint_eq(r.cr4, 0);
    ck_assert_uint_eq(r.flags, 2);
    ck_assert_uint_eq(r.dr[7], 0x400);
    static const struct {
        uint16_t at, gpr;
    } ROWS[] = {
        {0x7fd0, CPU_AX},
        {0x7fd4, CPU_CX},
        {0x7fd8, CPU_DX},
        {0x7fdc, CPU_BX},
        {0x7fe0, CPU_SP},
        {0x7fe4, CPU_BP},
        {0x7fe8, CPU_SI},
        {0x7fec, CPU_DI},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++)
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + ROWS[n].at), before.gpr[ROWS[n].gpr]);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7ffc), before.cr0);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7ff0), CODE + 1);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7ff4), before.flags);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7fac), SEL_CODE0);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7fc4), SEL_TSS);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7efc), 0x30000);
    ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7ef8), SMBASE);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(rsm_goes_on_as_if_nothing_had_been)
{
    struct cpu_box a, b;
    struct cpu_registers r, s;
    static const char BYTES[] =
        "\x40\x01\xc3\xd1\xc8\x53\x8e\xd8\x58\xf4"; /* some work on EAX, EBX, DS */
    /* mov eax,0; mov ds,ax; wbinvd; rsm */
    static const char HANDLER_BYTES[] = "\x66\xb8\x00\x00\x00\x00\x8e\xd8\x0f\x09\x0f\xaa";
    INIT(&a, HANDLER_BYTES);
    INIT(&b, HANDLER_BYTES);
    cpu_box_poke(&a, CODE, BYTES, sizeof BYTES - 1);
    cpu_box_poke(&b, CODE, BYTES, sizeof BYTES - 1);
    cpu_box_run(&a, 3);
    cpu_box_run(&b, 3);
    cpu_smi(b.cpu);
    cpu_box_run(&a, 50);
    cpu_box_run(&b, 50);
    cpu_get_registers(a.cpu, &r);
    cpu_get_registers(b.cpu, &s);
    ck_assert_mem_eq(r.gpr, s.gpr, sizeof r.gpr);
    ck_assert_uint_eq(r.ip, s.ip);
    ck_assert_uint_eq(r.flags, s.flags);
    ck_assert_mem_eq(r.segment, s.segment, sizeof r.segment);
    ck_assert_mem_eq(&r.ldtr, &s.ldtr, sizeof r.ldtr);
    ck_assert_mem_eq(&r.tr, &s.tr, sizeof r.tr);
    ck_assert_uint_eq(r.gdtr.base, s.gdtr.base);
    ck_assert_uint_eq(r.gdtr.limit, s.gdtr.limit);
    ck_assert_uint_eq(r.idtr.base, s.idtr.base);
    ck_assert_uint_eq(r.idtr.limit, s.idtr.limit);
    ck_assert_uint_eq(r.cr0, s.cr0);
    ck_assert_uint_eq(r.cr3, s.cr3);
    ck_assert_uint_eq(r.cr4, s.cr4);
    ck_assert_mem_eq(r.dr, s.dr, sizeof r.dr);
    cpu_box_fini(&a);
    cpu_box_fini(&b);
}
END_TEST

START_TEST(rsm_outside_smm_and_before_the_pentium_is_invalid)
{
    static const char *const MODELS[] = {NULL, "80386"};
    for (size_t n = 0; n < 2; n++) {
        struct cpu_box box;
        cpu_guest_init_model(&box, MODELS[n]);
        cpu_smi(box.cpu); /* the second does not hear it */
        if (n == 0)
            cpu_box_poke(&box, HANDLER, "\x0f\xaa", 2);
        struct cpu_registers r = RUN(&box, "\x0f\xaa");
        ck_assert_int_eq(stopped_vector(&r), 6);
        cpu_box_fini(&box);
    }
}
END_TEST

/* 31.11: the handler moves SMBASE in the save area; the next SMI# finds it there. */
START_TEST(smbase_can_be_relocated)
{
    struct cpu_box box;
    struct cpu_registers r;
    /* mov dword [3FEF8h],NEW_BASE; rsm */
    INIT(&box, "\x67\x66\xc7\x05\xf8\xfe\x03\x00\x00\x00\x02\x00\x0f\xaa");
    cpu_box_poke(&box, CODE, "\xeb\xfe", 2);
    cpu_smi(box.cpu);
    cpu_box_run(&box, 5);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.ip, CODE);
    cpu_smi(box.cpu);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.segment[CPU_CS].base, NEW_BASE);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(smi_wakes_hlt_which_goes_on_waiting)
{
    for (unsigned clears = 0; clears < 2; clears++) {
        struct cpu_box box;
        struct cpu_registers r;
        if (clears) /* mov word [3FF02h],0; rsm: the auto halt restart is taken back */
            INIT(&box, "\x67\xc7\x05\x02\xff\x03\x00\x00\x00\x0f\xaa");
        else
            INIT(&box, "\x0f\xaa");
        r = RUN(&box, "\xf4\x43\xeb\xfe"); /* hlt; inc ebx; jmp $ */
        ck_assert(cpu_is_idle(box.cpu));
        uint64_t ebx = r.gpr[CPU_BX];
        cpu_smi(box.cpu);
        ck_assert(!cpu_is_idle(box.cpu));
        cpu_box_run(&box, 10);
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7f02) & 1, clears ? 0 : 1);
        ck_assert(cpu_is_halted(box.cpu) == !clears);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.gpr[CPU_BX], ebx + clears);
        cpu_box_fini(&box);
    }
}
END_TEST

/* The port of power management: every write to it raises SMI#. */
static void smi_port_write(void *self, uint64_t address, unsigned size, uint64_t value)
{
    (void)address;
    (void)size;
    (void)value;
    cpu_smi(((struct cpu_box *)self)->cpu);
}
static const struct region_ops SMI_PORT = {.write = smi_port_write};

/* inc word [500h]; cmp word [500h],2; jae + ; mov byte [3FF00h],FFh (or 0); rsm. Once only: later SMI#s pass. */
static const char RESTART_ONCE[] =
    "\xff\x06\x00\x05\x83\x3e\x00\x05\x02\x73\x08\x67\xc6\x05\x00\xff\x03\x00\xff\x0f\xaa";
#define RESTART_VALUE 18

static void restart_init(struct cpu_box *box, bool restarts)
{
    struct error error = {STATUS_OK, ""};
    const struct region port = {
        .name = "smi", .ops = &SMI_PORT, .base = 0xb2, .length = 1, .self = box};
    box_init(box, RESTART_ONCE, sizeof RESTART_ONCE - 1);
    cpu_box_poke(box, HANDLER + RESTART_VALUE, restarts ? "\xff" : "", 1);
    ck_assert_int_eq(space_attach(&box->ports, &port, NULL, &error), STATUS_OK);
}

/* 31.12: FFh in the slot makes RSM go back to the OUT that led to the SMI#. */
START_TEST(an_io_instruction_can_be_restarted)
{
    for (unsigned restarts = 0; restarts < 2; restarts++) {
        struct cpu_box box;
        struct cpu_registers r;
        restart_init(&box, restarts);
        r = RUN(&box, "\x66\xe7\xb2\x43\xf4"); /* out B2h,ax; inc ebx; hlt */
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x500) & 0xffff, 1 + restarts);
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7f10), CODE);
        ck_assert_uint_eq(r.gpr[CPU_BX], 0x11110000u * (CPU_BX + 1) + CPU_BX + 1);
        cpu_box_fini(&box);
    }
}
END_TEST

/* Table 6-2: a trap of the OUT that led to the SMI# waits for RSM, with DR6 as the OUT left it; of an OUT that is
 * restarted only the last one's is there. The handler itself is not traced. */
START_TEST(a_debug_trap_waits_for_rsm)
{
    for (unsigned restarts = 0; restarts < 2; restarts++) {
        struct cpu_box box;
        struct cpu_registers r;
        restart_init(&box, restarts);
        cpu_get_registers(box.cpu, &r);
        r.flags |= 0x100; /* TF */
        cpu_set_registers(box.cpu, &r);
        r = RUN(&box, "\x66\xe7\xb2\x43\xf4"); /* out B2h,ax; inc ebx; hlt */
        ck_assert_int_eq(stopped_vector(&r), 1);
        ck_assert_uint_eq(stack_word(&box, &r, 0), CODE + 3);
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7ff0), CODE + 3);
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7fcc) & 0x4000, 0x4000);
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x500) & 0xffff, 1 + restarts);
        ck_assert_uint_eq(r.dr[6] & 0x4000, 0x4000);
        cpu_box_fini(&box);
    }
}
END_TEST

/* Of REP OUTSB the element that led to the SMI# comes once more; the handler counts them. DF too. */
START_TEST(rep_outs_is_restarted_with_its_element)
{
    for (unsigned n = 0; n < 4; n++) {
        struct cpu_box box;
        struct cpu_registers r;
        bool restarts = n & 1, is_down = n & 2;
        restart_init(&box, restarts);
        cpu_get_registers(box.cpu, &r);
        r.gpr[CPU_CX] = 3;
        r.gpr[CPU_DX] = 0xb2;
        r.gpr[CPU_SI] = 0x600;
        r.flags |= is_down ? 0x400 : 0;
        cpu_set_registers(box.cpu, &r);
        r = RUN(&box, "\xf3\x6e\xf4");
        ck_assert_uint_eq(cpu_box_peek32(&box, 0x500) & 0xffff, 3 + restarts);
        ck_assert_uint_eq(r.gpr[CPU_CX], 0);
        ck_assert_uint_eq(r.gpr[CPU_SI], is_down ? 0x5fd : 0x603);
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7f0c),
                          1); /* of the last: in front of its element */
        ck_assert_uint_eq(cpu_box_peek32(&box, AREA + 0x7f08), is_down ? 0x5fe : 0x602);
        cpu_box_fini(&box);
    }
}
END_TEST

/* 31.8: NMI is blocked in the handler and delivered behind RSM; an SMI# too waits for RSM. */
START_TEST(nmi_and_smi_wait_for_rsm)
{
    struct cpu_box box;
    struct cpu_registers r;
    INIT(&box, "\x90\x90\x0f\xaa");
    cpu_box_poke(&box, CODE, "\x90\xeb\xfe", 3);
    cpu_smi(box.cpu);
    cpu_box_run(&box, 1);
    cpu_nmi(box.cpu);
    cpu_smi(box.cpu);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.ip, 0x8002); /* still in the first handler */
    cpu_box_run(&box, 1 + 3);        /* RSM, then the second handler */
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.ip, CODE);
    cpu_box_run(&box, 1);
    cpu_get_registers(box.cpu, &r);
    ck_assert_int_eq(stopped_vector(&r), 2);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(an_impossible_state_in_the_save_area_shuts_down)
{
    struct cpu_box box;
    /* mov dword [3FFFCh],80000010h (PG without PE); rsm */
    INIT(&box, "\x67\x66\xc7\x05\xfc\xff\x03\x00\x10\x00\x00\x80\x0f\xaa");
    cpu_smi(box.cpu);
    ck_assert_int_eq(cpu_box_run(&box, 10), CPU_STOP_SHUTDOWN);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(smm_is_saved_with_the_state)
{
    struct cpu_box a, b;
    struct error error = {STATUS_OK, ""};
    struct state_stream stream = {0};
    struct cpu_registers r;
    INIT(&a, "\x90\x90\x0f\xaa");
    INIT(&b, "\x90\x90\x0f\xaa");
    cpu_box_poke(&a, CODE, "\xeb\xfe", 2);
    cpu_box_poke(&b, CODE, "\xeb\xfe", 2);
    cpu_smi(a.cpu);
    cpu_box_run(&a, 1);
    cpu_save(a.cpu, &stream);
    ck_assert_int_eq(cpu_load(b.cpu, &stream, &error), STATUS_OK);
    static uint8_t area[0x200];
    cpu_box_peek(&a, AREA + 0x7e00, area, sizeof area);
    cpu_box_poke(&b, AREA + 0x7e00, area, sizeof area);
    cpu_box_run(&b, 3); /* nop; rsm; jmp $ */
    cpu_get_registers(b.cpu, &r);
    ck_assert_uint_eq(r.ip, CODE);
    state_stream_free(&stream);
    cpu_box_fini(&a);
    cpu_box_fini(&b);
}
END_TEST

Suite *cpu_smm_suite(void)
{
    const TTest *const TESTS[] = {
        smi_saves_the_state_and_starts_the_handler,
        rsm_goes_on_as_if_nothing_had_been,
        rsm_outside_smm_and_before_the_pentium_is_invalid,
        smbase_can_be_relocated,
        smi_wakes_hlt_which_goes_on_waiting,
        an_io_instruction_can_be_restarted,
        a_debug_trap_waits_for_rsm,
        rep_outs_is_restarted_with_its_element,
        nmi_and_smi_wait_for_rsm,
        an_impossible_state_in_the_save_area_shuts_down,
        smm_is_saved_with_the_state,
    };
    Suite *suite = suite_create("cpu_smm");
    TCase *tcase = tcase_create("cpu_smm");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
