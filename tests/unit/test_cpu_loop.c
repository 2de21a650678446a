/* The CPU's loop: exact landing of slices and events, watches and steps, saved state. None of them shows in
 * what the guest computes. */
#include "tests/unit/core_bench.h"

static uint64_t state_hash_of(const struct core *c)
{
    struct cpu_registers r = registers(c);
    uint64_t hash = hash_bytes(HASH_START, r.gpr, sizeof r.gpr);
    hash = hash_bytes(hash, &r.ip, sizeof r.ip);
    hash = hash_bytes(hash, &r.flags, sizeof r.flags);
    return hash_bytes(hash, c->f->ram.bytes, 0x20000);
}

/* --- time ----------------------------------------------------------------------------------------------- */

/* A loop with memory, stack, strings, shifts and calls; runs for ever. */
static const uint8_t mixed[] = {
    0xbe, 0x00, 0x20,             /* 1000 mov si, 2000 */
    0xbf, 0x00, 0x30,             /* 1003 mov di, 3000 */
    0xb9, 0x25, 0x00,             /* 1006 mov cx, 25 */
    0xf3, 0xa4,                   /* 1009 rep movsb */
    0x05, 0x39, 0x30,             /* 100b add ax, 3039 */
    0xa3, 0x00, 0x20,             /* 100e mov [2000], ax */
    0xd1, 0xc3,                   /* 1011 rol bx, 1 */
    0x11, 0xc3,                   /* 1013 adc bx, ax */
    0x01, 0x1e, 0x10, 0x20,       /* 1015 add [2010], bx */
    0xe8, 0x06, 0x00,             /* 1019 call 1022 */
    0x39, 0xd8,                   /* 101c cmp ax, bx */
    0x72, 0xe9,                   /* 101e jb 1009 */
    0xeb, 0xde,                   /* 1020 jmp 1000 */
    0x50, 0xff, 0x06, 0x20, 0x20, /* 1022 push ax; inc word [2020] */
    0x58, 0xc3                    /* 1027 pop ax; ret */
};

static uint64_t hash_after(uint64_t instructions, uint64_t slice, enum handler_choice handlers)
{
    struct core *c = core_new(NULL);
    uint64_t hash;
    c->cpu->run->handlers = handlers;
    put_code(c, mixed, sizeof mixed);
    while (c->f->timeline.now < instructions) {
        uint64_t left = instructions - c->f->timeline.now;
        ck_assert_int_eq(run(c, left < slice ? left : slice), CPU_STOP_SLICE);
        ck_assert_uint_le(c->f->timeline.now, instructions);
    }
    ck_assert_uint_eq(cpu_instructions(c->cpu), instructions);
    hash = state_hash_of(c);
    core_free(c);
    return hash;
}

START_TEST(a_run_does_not_depend_on_how_it_is_cut)
{
    uint64_t whole = hash_after(20011, 1000000, HANDLERS_BY_HEAT);
    static const uint64_t slices[] = {1, 2, 3, 7, 48, 49, 1000};
    for (size_t i = 0; i < ARRAY_COUNT(slices); i++)
        ck_assert_uint_eq(hash_after(20011, slices[i], HANDLERS_BY_HEAT), whole);
    ck_assert_uint_eq(hash_after(20011, 1000000, HANDLERS_PLAIN), whole);
    ck_assert_uint_eq(hash_after(20011, 5, HANDLERS_PLAIN), whole);
    ck_assert_uint_eq(hash_after(20011, 1000000, HANDLERS_BY_REGISTER), whole);
    ck_assert_uint_eq(hash_after(20011, 5, HANDLERS_BY_REGISTER), whole);
}
END_TEST

START_TEST(rep_stops_at_the_exact_element)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r;
    PUT(c, 0xb9, 0x64, 0x00, 0xbf, 0x00, 0x20, 0xf3, 0xaa); /* mov cx, 100; mov di, 2000; rep stosb */
    ck_assert_int_eq(run(c, 2 + 37), CPU_STOP_SLICE);
    r = registers(c);
    ck_assert_uint_eq(r.gpr[CPU_CX], 63);
    ck_assert_uint_eq(r.gpr[CPU_DI], 0x2025);
    ck_assert_uint_eq(r.ip, CODE + 6);
    run(c, 63);
    r = registers(c);
    ck_assert_uint_eq(r.gpr[CPU_CX], 0);
    ck_assert_uint_eq(r.ip, CODE + 8);
    core_free(c);
}
END_TEST

START_TEST(rep_of_count_zero_is_one_instruction)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x31, 0xc9, 0xf3, 0xa4, 0x40, 0x40); /* xor cx, cx; rep movsb; inc ax; inc ax */
    run(c, 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 1);
    core_free(c);
}
END_TEST

START_TEST(a_device_sees_the_exact_time)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x90, 0x90, 0xe6, 0x10, 0x40, 0xe4, 0x10, 0xf4); /* nop; nop; out; inc; in; hlt */
    run(c, 3);
    ck_assert_uint_eq(c->seen_now, 2);
    run(c, 100);
    ck_assert_uint_eq(c->seen_now, 4);
    ck_assert_uint_eq(c->f->timeline.now, 6);
    core_free(c);
}
END_TEST

START_TEST(a_device_that_cuts_the_slice_stops_the_cpu_behind_the_access)
{
    struct core *c = core_new(NULL);
    c->cuts = true;
    PUT(c, 0xe6, 0x10, 0x40, 0x40); /* out; inc ax; inc ax */
    ck_assert_int_eq(run(c, 100), CPU_STOP_SLICE);
    ck_assert_uint_eq(registers(c).ip, CODE + 2);
    ck_assert_uint_eq(c->f->timeline.now, 1);
    core_free(c);
}
END_TEST

START_TEST(memory_mapped_devices_cut_the_block_as_well)
{
    struct core *c = core_new(NULL);
    c->cuts = true;
    PUT(c, 0xb8, 0x00, 0xa0, 0x8e, 0xd8,       /* mov ax, a000; mov ds, ax */
        0x90, 0xc6, 0x06, 0x04, 0x00, 0x01,    /* nop; mov byte [4], 1 */
        0x43, 0x43, 0x43, 0xeb, 0xfb);         /* inc bx … */
    ck_assert_int_eq(run(c, 1000), CPU_STOP_SLICE);
    ck_assert_uint_eq(c->seen_now, 3);
    ck_assert_uint_eq(c->f->timeline.now, 4);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 0);
    ck_assert_uint_eq(registers(c).ip, CODE + 11);
    run(c, 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 3);
    core_free(c);
}
END_TEST

START_TEST(an_interrupt_is_taken_behind_the_access_that_raised_it)
{
    struct core *c = core_new(NULL);
    c->raises = true;
    set_vector(c, 0x20, 0x600);
    PUT(c, 0xfb, 0x90, 0xe6, 0x10, 0x40); /* sti; nop; out; inc ax */
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 4);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    ck_assert_int_eq(c->acknowledged, 1);
    core_free(c);
}
END_TEST

START_TEST(sti_lets_one_more_instruction_through)
{
    struct core *c = core_new(NULL);
    set_vector(c, 0x20, 0x600);
    cpu_set_intr(c->cpu, true);
    PUT(c, 0xfb, 0x40, 0x40); /* sti; inc ax; inc ax */
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 1);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 2);
    core_free(c);
}
END_TEST

START_TEST(a_halted_cpu_wakes_by_an_interrupt)
{
    struct core *c = core_new(NULL);
    set_vector(c, 0x20, 0x600);
    PUT(c, 0xfb, 0xf4); /* sti; hlt */
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    ck_assert(cpu_is_idle(c->cpu));
    cpu_set_intr(c->cpu, true);
    ck_assert(!cpu_is_idle(c->cpu));
    run(c, 100);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 2);
    core_free(c);
}
END_TEST

/* --- the debugger ------------------------------------------------------------------------------------------------ */

START_TEST(a_watch_on_code_stops_before_the_instruction)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    const struct cpu_watch watch = {CPU_WATCH_EXECUTE, false, CODE + 1, 1};
    struct cpu_debug_event event;
    PUT(c, 0x40, 0x40, 0xeb, 0xfc); /* inc ax; inc ax; jmp $-2 */
    ck_assert_int_eq(cpu_set_watches(c->cpu, &watch, 1, &error), STATUS_OK);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 1);
    ck_assert_uint_eq(c->f->timeline.now, 1);
    cpu_debug_event(c->cpu, &event);
    ck_assert_int_eq(event.watch, 0);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG); /* once round the loop */
    ck_assert_uint_eq(c->f->timeline.now, 4);
    core_free(c);
}
END_TEST

START_TEST(a_watch_on_data_stops_behind_the_access)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    const struct cpu_watch watch = {CPU_WATCH_WRITE, true, 0x2002, 2};
    struct cpu_debug_event event;
    PUT(c, 0xa1, 0x02, 0x20, 0xa3, 0x04, 0x20, 0xa3, 0x01, 0x20, 0x40, 0xf4);
    cpu_set_watches(c->cpu, &watch, 1, &error);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 9);
    cpu_debug_event(c->cpu, &event);
    ck_assert(event.is_write);
    core_free(c);
}
END_TEST

START_TEST(watching_does_not_change_the_run)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    static const struct cpu_watch watches[] = {{CPU_WATCH_EXECUTE, false, 0x1013, 1},
                                               {CPU_WATCH_ACCESS, false, 0x2010, 2}};
    unsigned stops = 0;
    put_code(c, mixed, sizeof mixed);
    cpu_set_watches(c->cpu, watches, 2, &error);
    while (c->f->timeline.now < 20011) {
        enum cpu_stop stop = run(c, 20011 - c->f->timeline.now);
        stops += stop == CPU_STOP_DEBUG;
    }
    ck_assert_uint_gt(stops, 100);
    ck_assert_uint_eq(state_hash_of(c), hash_after(20011, 1000000, HANDLERS_BY_HEAT));
    core_free(c);
}
END_TEST

START_TEST(a_step_is_one_instruction)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x39, 0xd8, 0x74, 0x02, 0x40, 0x40, 0xf4); /* cmp; je: fused when run freely */
    cpu_step(c->cpu);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 2);
    cpu_step(c->cpu);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 6);
    core_free(c);
}
END_TEST

/* --- state and isolation ------------------------------------------------------------------------------------------- */

START_TEST(saved_state_is_the_whole_state)
{
    struct core *c = core_new(NULL), *d = core_new(NULL);
    struct state_stream first = {0}, second = {0};
    struct error error = {STATUS_OK, ""};
    put_code(c, mixed, sizeof mixed);
    run(c, 12345);
    cpu_save(c->cpu, &first);
    ck_assert_int_eq(cpu_load(d->cpu, &first, &error), STATUS_OK);
    cpu_save(d->cpu, &second);
    ck_assert_uint_eq(first.used, second.used);
    ck_assert_mem_eq(first.bytes, second.bytes, first.used);
    memcpy(d->f->ram.bytes, c->f->ram.bytes, 0x20000);
    run(c, 7777);
    run(d, 7777);
    ck_assert_uint_eq(state_hash_of(c), state_hash_of(d));
    state_stream_free(&first);
    state_stream_free(&second);
    core_free(c);
    core_free(d);
}
END_TEST

START_TEST(two_cpus_do_not_see_each_other)
{
    struct core *a = core_new(NULL), *b = core_new(NULL);
    PUT(a, 0x40, 0xeb, 0xfd); /* inc ax; jmp */
    PUT(b, 0x43, 0xeb, 0xfd); /* inc bx; jmp */
    for (unsigned i = 0; i < 10; i++) {
        run(a, 10);
        run(b, 6);
    }
    ck_assert_uint_eq(registers(a).gpr[CPU_AX], 50);
    ck_assert_uint_eq(registers(a).gpr[CPU_BX], 0);
    ck_assert_uint_eq(registers(b).gpr[CPU_BX], 30);
    core_free(a);
    core_free(b);
}
END_TEST

Suite *cpu_loop_suite(void)
{
    Suite *suite = suite_create("cpu_loop");
    TCase *tests = tcase_create("loop");
    tcase_add_test(tests, a_run_does_not_depend_on_how_it_is_cut);
    tcase_add_test(tests, rep_stops_at_the_exact_element);
    tcase_add_test(tests, rep_of_count_zero_is_one_instruction);
    tcase_add_test(tests, a_device_sees_the_exact_time);
    tcase_add_test(tests, a_device_that_cuts_the_slice_stops_the_cpu_behind_the_access);
    tcase_add_test(tests, memory_mapped_devices_cut_the_block_as_well);
    tcase_add_test(tests, an_interrupt_is_taken_behind_the_access_that_raised_it);
    tcase_add_test(tests, sti_lets_one_more_instruction_through);
    tcase_add_test(tests, a_halted_cpu_wakes_by_an_interrupt);
    tcase_add_test(tests, a_watch_on_code_stops_before_the_instruction);
    tcase_add_test(tests, a_watch_on_data_stops_behind_the_access);
    tcase_add_test(tests, watching_does_not_change_the_run);
    tcase_add_test(tests, a_step_is_one_instruction);
    tcase_add_test(tests, saved_state_is_the_whole_state);
    tcase_add_test(tests, two_cpus_do_not_see_each_other);
    suite_add_tcase(suite, tests);
    return suite;
}
