/* Several instructions as one operation: that they are must not show. Runs of PUSH and POP (SDM 2B: each
 * writes or reads one word and moves ESP), and CALL and RET behind them, beside the plain handlers, with the
 * stack across a page border, beside code and under a watch, in slices of every length. */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

#define INSTRUCTIONS 20u
static const char *const PROGRAMS[] = {
    /* push edi esi ebx eax ecx edx ebp esp ebp; pop edx ecx eax ebx esi edi; hlt */
    "\x57\x56\x53\x50\x51\x52\x55\x54\x55\x5a\x59\x58\x5b\x5e\x5f\xf4",
    /* Pairs: push edi; mov eax,[esp]; mov [esp-8],eax; lea ecx,[eax+4]; inc ecx; push ecx; add edx,11h;
     * xor ebx,edx; mov dword [esp-4],11223344h; movzx esi,byte [esp-3]; pop edi; pop ebp; sub esp,12;
     * test edi,edi; jnz on; on: hlt */
    "\x57\x8b\x04\x24\x89\x44\x24\xf8\x8d\x48\x04\x41\x51\x83\xc2\x11\x31\xd3"
    "\xc7\x44\x24\xfc\x44\x33\x22\x11\x0f\xb6\x74\x24\xfd\x5f\x5d\x83\xec\x0c"
    "\x85\xff\x75\x01\xf4\xf4",
    /* Counts and tests of memory with a branch behind them, which is taken now and then: mov dword [esp-4],2;
     * dec dword [esp-4]; jnz +0; dec dword [esp-4]; jnz +1; nop; inc byte [esp-2]; js +0; test byte [esp-4],1;
     * jnz +0; test dword [esp-8],00ffffffh; jz +1; nop; inc word [esp-3]; jnz +0; mov eax,[esp-4]; hlt */
    "\xc7\x44\x24\xfc\x02\x00\x00\x00\xff\x4c\x24\xfc\x75\x00\xff\x4c\x24\xfc\x75\x01\x90"
    "\xfe\x44\x24\xfe\x78\x00\xf6\x44\x24\xfc\x01\x75\x00\xf7\x44\x24\xf8\xff\xff\xff\x00\x74\x01"
    "\x90\x66\xff\x44\x24\xfd\x75\x00\x8b\x44\x24\xfc\xf4\xf4",
    /* Calls and returns beside what is pushed and popped: push ebx; call f; pop edi; hlt; hlt;
     * f: push edi esi edx; call g; pop edx esi edi; ret; nop;
     * g: mov eax,esp; push [esp+16]; push eax; pop esp; ret; what a RET takes by mistake is where f returns to */
    "\x53\xe8\x03\x00\x00\x00\x5f\xf4\xf4"
    "\x57\x56\x52\xe8\x05\x00\x00\x00\x5a\x5e\x5f\xc3\x90"
    "\x89\xe0\xff\x74\x24\x10\x50\x5c\xc3"};
static const size_t LENGTHS[] = {16, 42, 58, 31};

enum { AROUND = 0x80 };
struct outcome {
    struct cpu_registers registers;
    uint8_t stack[2 * AROUND];
    uint64_t now;
    unsigned stops;
};

static struct outcome run_program(unsigned program, uint32_t sp, uint64_t slice, enum handler_choice handlers,
                                  uint32_t watched)
{
    const struct cpu_watch watch = {CPU_WATCH_ACCESS, false, watched, 4};
    struct outcome o;
    struct cpu_box box;
    struct cpu_registers r;
    struct error error;
    memset(&o, 0, sizeof o);
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    cpu_box_poke(&box, CODE, PROGRAMS[program], LENGTHS[program]);
    if (watched)
        ck_assert_int_eq(cpu_set_watches(box.cpu, &watch, 1, &error), STATUS_OK);
    for (unsigned turn = 0; turn < 3; turn++) { /* cold, then with all pages known */
        cpu_get_registers(box.cpu, &r);
        for (unsigned n = 0; n < 8; n++)
            r.gpr[n] = 0x01010101u * (n + 1 + turn);
        r.gpr[CPU_SP] = sp;
        r.ip = CODE;
        cpu_set_registers(box.cpu, &r);
        for (uint64_t left = INSTRUCTIONS; left; left -= left < slice ? left : slice) {
            box.timeline.slice_end = box.timeline.now + (left < slice ? left : slice);
            while (cpu_run(box.cpu) == CPU_STOP_DEBUG)
                o.stops++;
        }
        box.cpu->is_halted = false;
    }
    cpu_get_registers(box.cpu, &o.registers);
    for (uint32_t n = 0; n < 2 * AROUND; n += 4)
        store_le32(o.stack + n, cpu_box_peek32(&box, sp - AROUND + n));
    o.now = box.timeline.now;
    cpu_box_fini(&box);
    return o;
}

static void compare_program(unsigned program, uint32_t sp, uint32_t watched)
{
    struct outcome plain = run_program(program, sp, INSTRUCTIONS, HANDLERS_PLAIN, watched);
    for (uint64_t slice = 1; slice <= INSTRUCTIONS; slice++) { /* by turns, so that neighbours of `sp` differ */
        enum handler_choice handlers = (slice + sp / 2) & 1 ? HANDLERS_BY_HEAT : HANDLERS_BY_REGISTER;
        struct outcome fused = run_program(program, sp, slice, handlers, watched);
        ck_assert_mem_eq(fused.registers.gpr, plain.registers.gpr, sizeof plain.registers.gpr);
        ck_assert_uint_eq(fused.registers.ip, plain.registers.ip);
        ck_assert_mem_eq(fused.stack, plain.stack, sizeof plain.stack);
        ck_assert_uint_eq(fused.now, plain.now);
        ck_assert_uint_eq(fused.stops, plain.stops);
    }
}

static void compare(uint32_t sp, uint32_t watched)
{
    for (unsigned program = 0; program < ARRAY_COUNT(PROGRAMS); program++)
        compare_program(program, sp, watched);
}

START_TEST(the_order_of_the_words_is_that_of_the_instructions)
{
    struct outcome o = run_program(0, STACK0, INSTRUCTIONS, HANDLERS_BY_HEAT, 0);
    static const unsigned POPPED[][2] = {
  /* into, from what was pushed */
        {CPU_DX, CPU_BP},
        {CPU_AX, CPU_BP},
        {CPU_BX, CPU_DX},
        {CPU_SI, CPU_CX},
        {CPU_DI, CPU_AX}
    };
    for (size_t n = 0; n < ARRAY_COUNT(POPPED); n++)
        ck_assert_uint_eq(o.registers.gpr[POPPED[n][0]], 0x01010101u * (POPPED[n][1] + 3));
    ck_assert_uint_eq(o.registers.gpr[CPU_CX], STACK0 - 28); /* ESP as it was before its PUSH */
    ck_assert_uint_eq(o.registers.gpr[CPU_SP], STACK0 - 12);
}
END_TEST

START_TEST(a_run_may_cross_a_page_anywhere)
{
    compare(STACK0 + 2 * (uint32_t)_i, 0);
}
END_TEST

START_TEST(a_run_may_write_beside_code)
{
    compare(CODE + 0x100, 0);
}
END_TEST

START_TEST(a_watch_inside_of_a_run_stops_behind_its_instruction)
{
    ck_assert_uint_gt(run_program(0, STACK0, INSTRUCTIONS, HANDLERS_BY_HEAT, STACK0 - 8).stops, 0);
    compare(STACK0, STACK0 - 4 * (uint32_t)(_i + 1));
}
END_TEST

Suite *cpu_fused_suite(void);

Suite *cpu_fused_suite(void)
{
    Suite *suite = suite_create("cpu_fused");
    TCase *tcase = tcase_create("cpu_fused");
    tcase_add_test(tcase, the_order_of_the_words_is_that_of_the_instructions);
    tcase_add_loop_test(tcase, a_run_may_cross_a_page_anywhere, 0, 20);
    tcase_add_test(tcase, a_run_may_write_beside_code);
    tcase_add_loop_test(tcase, a_watch_inside_of_a_run_stops_behind_its_instruction, 0, 9);
    suite_add_tcase(suite, tcase);
    return suite;
}
