/* The debugger's engine on a real machine: where it stops, and that it never changes the run. */
#include "debugger/engine.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "debug_bench.h"

#define STOPS_MAX 512

/* A client that follows a plan: one letter for each stop: c(ontinue), s(tep), h(ang up: ends). */
struct driver {
    struct debug_bench *bench;
    struct engine engine;
    const char *plan; /* its last letter is repeated */
    struct engine_stop stops[STOPS_MAX];
    uint64_t ips[STOPS_MAX];
    size_t count;
    unsigned polls;
    unsigned hold_at_poll; /* 0: never */
    int exit_status;
};

static void on_stopped(void *self, const struct engine_stop *stop)
{
    struct driver *d = self;
    ck_assert_uint_lt(d->count, STOPS_MAX);
    d->stops[d->count] = *stop;
    d->ips[d->count++] = debug_bench_ip(d->bench);
}

static void on_serve(void *self)
{
    struct driver *d = self;
    switch (*d->plan) {
    case 's': engine_step(&d->engine); break;
    case 'h': world_stop(&d->bench->world, 0); break;
    default: engine_resume(&d->engine); break;
    }
    if (d->plan[0] && d->plan[1])
        d->plan++;
}

static void on_poll(void *self)
{
    struct driver *d = self;
    if (++d->polls == d->hold_at_poll)
        engine_hold(&d->engine);
}

static void on_over(void *self, int exit_status)
{
    ((struct driver *)self)->exit_status = exit_status;
}

static struct driver *driver_new(struct debug_bench *bench, const char *plan)
{
    struct driver *d = calloc(1, sizeof *d);
    const struct engine_client client = {on_stopped, on_serve, on_poll, on_over, d, false};
    d->bench = bench;
    d->plan = plan;
    engine_init(&d->engine, &bench->world, bench->machine, &client);
    return d;
}

static void driver_free(struct driver *d)
{
    struct debug_bench *bench = d->bench;
    engine_fini(&d->engine);
    free(d);
    debug_bench_free(bench);
}

static int add(struct driver *d, enum cpu_watch_kind kind, uint64_t address, uint64_t length)
{
    const struct engine_point point = {.kind = kind, .address = address, .length = length};
    struct error error = {STATUS_OK, ""};
    int number = 0;
    ck_assert_int_eq(engine_add_point(&d->engine, &point, &number, &error), STATUS_OK);
    return number;
}

START_TEST(a_breakpoint_stops_before_its_instruction_each_time)
{
    struct driver *d = driver_new(debug_bench_new(), "c");
    int number = add(d, CPU_WATCH_EXECUTE, 0x7C03, 1);
    ck_assert_int_eq(engine_run(&d->engine), BENCH_EXIT_STATUS);
    ck_assert_int_eq(d->exit_status, BENCH_EXIT_STATUS);
    ck_assert_uint_eq(d->count, 100);
    for (size_t i = 0; i < d->count; i++) {
        ck_assert_int_eq(d->stops[i].reason, STOP_POINT);
        ck_assert_int_eq(d->stops[i].point.number, number);
        ck_assert_uint_eq(d->ips[i], 0x7C03);
    }
    ck_assert_uint_eq(engine_find_point(&d->engine, number)->hits, 100);
    driver_free(d);
}
END_TEST

START_TEST(a_temporary_breakpoint_is_gone_after_its_hit)
{
    struct driver *d = driver_new(debug_bench_new(), "c");
    const struct engine_point point = {.kind = CPU_WATCH_EXECUTE,
                                       .is_temporary = true,
                                       .is_physical = true,
                                       .address = 0x7C0F,
                                       .length = 1};
    struct error error = {STATUS_OK, ""};
    int number;
    ck_assert_int_eq(engine_add_point(&d->engine, &point, &number, &error), STATUS_OK);
    engine_run(&d->engine);
    ck_assert_uint_eq(d->count, 1);
    ck_assert_uint_eq(d->ips[0], 0x7C0F);
    ck_assert_ptr_null(engine_find_point(&d->engine, number));
    driver_free(d);
}
END_TEST

START_TEST(a_watchpoint_stops_behind_the_write_and_not_behind_reads)
{
    struct driver *d = driver_new(debug_bench_new(), "c");
    add(d, CPU_WATCH_WRITE, 0x501, 1); /* the second byte of the word */
    add(d, CPU_WATCH_READ, 0x500, 2);
    engine_run(&d->engine);
    ck_assert_uint_eq(d->count, 100);
    ck_assert_uint_eq(d->ips[0], 0x7C07);
    ck_assert_int_eq(d->stops[0].point.kind, CPU_WATCH_WRITE);
    ck_assert(d->stops[0].is_write);
    driver_free(d);
}
END_TEST

START_TEST(steps_carry_out_one_instruction_each)
{
    static const uint64_t PATH[] = {0x7C00, 0x7C03, 0x7C04, 0x7C07, 0x7C0F, 0x7C10, 0x7C0A, 0x7C03};
    struct driver *d = driver_new(debug_bench_new(), "sssssssh");
    engine_hold(&d->engine);
    engine_run(&d->engine);
    ck_assert_uint_eq(d->count, 8);
    ck_assert_int_eq(d->stops[0].reason, STOP_ASKED);
    ck_assert_int_eq(d->stops[1].reason, STOP_STEP);
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(d->ips[i], PATH[i]);
    ck_assert_uint_eq(d->bench->world.timeline.now, 7);
    driver_free(d);
}
END_TEST

/* jmp $: never ends by itself. */
START_TEST(a_running_machine_is_held_at_a_poll_instant)
{
    struct driver *d = driver_new(debug_bench_with("\xEB\xFE", 2), "h");
    d->hold_at_poll = 3;
    engine_run(&d->engine);
    ck_assert_uint_eq(d->count, 1);
    ck_assert_int_eq(d->stops[0].reason, STOP_ASKED);
    ck_assert_uint_eq(d->bench->world.timeline.now, 3 * (WORLD_DEFAULT_HZ / WORLD_POLL_HZ));
    driver_free(d);
}
END_TEST

/* lidt [7D00h] (a limit of 0), int3: triple fault. */
START_TEST(a_triple_fault_is_shown_before_the_reset)
{
    static const uint8_t CODE[] = {0x0F, 0x01, 0x1E, 0x00, 0x7D, 0xCC};
    struct driver *d = driver_new(debug_bench_with(CODE, sizeof CODE), "ch");
    add(d, CPU_WATCH_EXECUTE, 0xFFFFFFF0, 1);
    engine_run(&d->engine);
    ck_assert_uint_ge(d->count, 2);
    ck_assert_int_eq(d->stops[0].reason, STOP_SHUTDOWN);
    ck_assert_uint_eq(d->ips[0], 0x7C05);
    ck_assert_ptr_nonnull(strstr(d->bench->log, "triple fault"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "1. #GP general protection"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "while that was delivered: #DF double fault"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "idtr 00000000 limit 0000"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "next: the chip set resets the machine"));
    ck_assert_int_eq(d->stops[1].reason, STOP_POINT); /* the reset vector */
    ck_assert_uint_eq(d->ips[1], 0xFFF0);
    ck_assert_ptr_null(
        strstr(strstr(d->bench->log, "triple fault") + 1, "triple fault")); /* once */
    driver_free(d);
}
END_TEST

/* Protected mode with an IDT of 16 entries, all zero; int3 needs entry 3, #GP entry 0Dh, #DF entry 8.
 *   7C00 lgdt [7C20h]; lidt [7C26h]; mov eax, cr0; inc ax; mov cr0, eax; int3 */
START_TEST(the_card_shows_the_table_entries_at_fault)
{
    static const uint8_t CODE[0x30] = {
        0x0F, 0x01, 0x16, 0x20, 0x7C, 0x0F, 0x01,          0x1E, 0x26, 0x7C, 0x0F, 0x20,
        0xC0, 0x40, 0x0F, 0x22, 0xC0, 0xCC, [0x20] = 0x17, 0,    0,    0x7D, 0,    0,
        0x7F, 0,    0,    0x7E, 0,    0};
    struct driver *d = driver_new(debug_bench_with(CODE, sizeof CODE), "ch");
    add(d, CPU_WATCH_EXECUTE, 0xFFFFFFF0, 1);
    engine_run(&d->engine);
    ck_assert_ptr_nonnull(strstr(d->bench->log, "IDT entry 3h: not an interrupt"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "IDT entry 3h at 00007e18: 00000000 00000000: not "
                                                "present, DPL 0, type 00h"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "IDT entry Dh at 00007e68: 00000000 00000000"));
    ck_assert_ptr_nonnull(strstr(d->bench->log, "IDT entry 8h at 00007e40: 00000000 00000000"));
    driver_free(d);
}
END_TEST

/* lidt [7D00h]; mov eax, 640h; mov cr4, eax, as firmware that uses SSE does without asking. */
START_TEST(the_card_names_the_models_that_have_sse)
{
    static const uint8_t CODE[] = {0x0F, 0x01, 0x1E, 0x00, 0x7D, 0x66, 0xB8,
                                   0x40, 0x06, 0x00, 0x00, 0x0F, 0x22, 0xE0};
    struct driver *d = driver_new(debug_bench_with(CODE, sizeof CODE), "ch");
    add(d, CPU_WATCH_EXECUTE, 0xFFFFFFF0, 1);
    engine_run(&d->engine);
    ck_assert_ptr_nonnull(
        strstr(d->bench->log, "MOV CR4, 640h: OSXMMEXCPT, which comes with SSE: pentium3, max"));
    driver_free(d);
}
END_TEST

/* cli; hlt: said once, with its place; the timer's interrupts don't wake it. */
START_TEST(a_halt_with_interrupts_off_is_said_once)
{
    static const uint8_t CODE[] = {0xFA, 0xF4};
    struct debug_bench *b = debug_bench_with(CODE, sizeof CODE);
    const char *said;
    world_advance(&b->world, WORLD_DEFAULT_HZ);
    said = strstr(b->log, "halted with interrupts off at 0000:00007c01");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "halted with"));
    debug_bench_free(b);
}
END_TEST

/* IRQ 0 masked at port 21h, sti; then hlt, or a loop: after two seconds it is said what is held back. */
START_TEST(a_wait_for_an_interrupt_that_is_held_back_is_explained)
{
    /* 8259: vectors from 8 on; 8254: counter 0 runs. Then at 7C1Ah: */
    static const uint8_t START[] = {0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x08, 0xE6, 0x21, 0xB0,
                                    0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21, 0xB0, 0x34,
                                    0xE6, 0x43, 0xB0, 0x00, 0xE6, 0x40, 0xE6, 0x40};
    static const uint8_t MASKED[] = {0xB0, 0xFF, 0xE6, 0x21, 0xFB, 0xF4, 0xEB, 0xFD};
    /* [20h] = 7C31h, the handler: sti, hlt, no EOI. */
    static const uint8_t NO_EOI[] = {0xB0, 0xFE, 0xE6, 0x21, 0x31, 0xC0, 0x8E, 0xD8, 0xC7,
                                     0x06, 0x20, 0x00, 0x31, 0x7C, 0xA3, 0x22, 0x00, 0xFB,
                                     0xEB, 0xFE, 0x90, 0x90, 0x90, 0xFB, 0xF4, 0xEB, 0xFD};
    static const uint8_t OFF[] = {0xB0, 0xFE, 0xE6, 0x21, 0xFA, 0xEB, 0xFE};
    const struct {
        const uint8_t *code;
        size_t count;
        const char *says;
    } rows[] = {
        {MASKED, sizeof MASKED,
         "halted at 00007c1f for 2 s without an interrupt; if it waits for one: IRQ 0 is requested "
         "and "
         "masked: bit 0 of the IMR at port 21h"                                                    },
        {NO_EOI, sizeof NO_EOI,
         "IRQ 0 waits for the EOI of what is in service (ISR 01h of the master)"                   },
        {OFF,    sizeof OFF,    "an interrupt is signalled and the processor has them off (IF = 0)"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint8_t code[sizeof START + 32];
        struct debug_bench *b;
        const char *said;
        memcpy(code, START, sizeof START);
        memcpy(code + sizeof START, rows[i].code, rows[i].count);
        b = debug_bench_with(code, sizeof START + rows[i].count);
        world_advance(&b->world, WORLD_DEFAULT_HZ / 10 * UINT64_C(24));
        said = strstr(b->log, rows[i].says);
        ck_assert_msg(said != NULL, "%zu: %s", i, b->log);
        said = strstr(b->log, "without an interrupt");
        ck_assert_ptr_null(strstr(said + 1, "without an interrupt")); /* once */
        debug_bench_free(b);
    }
}
END_TEST

static void final_state(struct driver *d, uint64_t *hash, uint64_t *now)
{
    engine_run(&d->engine);
    *hash = machine_hash(d->bench->machine);
    *now = d->bench->world.timeline.now;
    driver_free(d);
}

START_TEST(stops_steps_and_watches_never_change_the_run)
{
    uint64_t hash, now, other_hash, other_now;
    struct driver *d;
    final_state(driver_new(debug_bench_new(), "c"), &hash, &now);
    ck_assert_uint_eq(now, BENCH_INSTRUCTIONS);
    d = driver_new(debug_bench_new(), "s");
    engine_hold(&d->engine);
    d->plan = "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssc";
    add(d, CPU_WATCH_ACCESS, 0x6FFE, 2);
    add(d, CPU_WATCH_WRITE, 0x500, 2);
    add(d, CPU_WATCH_EXECUTE, 0x7C0A, 1);
    final_state(d, &other_hash, &other_now);
    ck_assert_uint_eq(other_now, now);
    ck_assert_uint_eq(other_hash, hash);
}
END_TEST

START_TEST(too_many_points_are_refused)
{
    struct driver *d = driver_new(debug_bench_new(), "h");
    struct engine_point point = {.kind = CPU_WATCH_EXECUTE, .address = 0x100, .length = 1};
    struct error error = {STATUS_OK, ""};
    int number;
    for (unsigned i = 0; i < ENGINE_POINTS; i++)
        add(d, CPU_WATCH_EXECUTE, i, 1);
    ck_assert_int_eq(engine_add_point(&d->engine, &point, &number, &error), STATUS_USAGE);
    ck_assert(engine_remove_point(&d->engine, 7));
    ck_assert(!engine_remove_point(&d->engine, 7));
    point.length = 0;
    ck_assert_int_eq(engine_add_point(&d->engine, &point, &number, &error), STATUS_USAGE);
    driver_free(d);
}
END_TEST

Suite *engine_suite(void);
Suite *engine_suite(void)
{
    Suite *suite = suite_create("engine");
    TCase *tests = tcase_create("engine");
    tcase_add_test(tests, a_breakpoint_stops_before_its_instruction_each_time);
    tcase_add_test(tests, a_temporary_breakpoint_is_gone_after_its_hit);
    tcase_add_test(tests, a_watchpoint_stops_behind_the_write_and_not_behind_reads);
    tcase_add_test(tests, steps_carry_out_one_instruction_each);
    tcase_add_test(tests, a_running_machine_is_held_at_a_poll_instant);
    tcase_add_test(tests, a_triple_fault_is_shown_before_the_reset);
    tcase_add_test(tests, the_card_shows_the_table_entries_at_fault);
    tcase_add_test(tests, the_card_names_the_models_that_have_sse);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_halt_with_interrupts_off_is_said_once);
    tcase_add_test(tests, a_wait_for_an_interrupt_that_is_held_back_is_explained);
    tcase_add_test(tests, stops_steps_and_watches_never_change_the_run);
    tcase_add_test(tests, too_many_points_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
