/* The local APIC: priorities, delivery, timer, errors, IA32_APIC_BASE. Oracle: Intel SDM 3A chapter 10. */
#include <check.h>

#include "base/bits.h"
#include "bus/apic_bus.h"
#include "devices/local_apic.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BASE UINT64_C(0xFEE00000)
enum {
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    PPR = 0xA0,
    EOI = 0xB0,
    LDR = 0xD0,
    DFR = 0xE0,
    SVR = 0xF0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    TIMER = 0x320,
    LINT0 = 0x350,
    LINT1 = 0x360,
    ERROR = 0x370,
    INITIAL = 0x380,
    CURRENT = 0x390,
    DIVIDE = 0x3E0
};
#define MASKED   0x10000u
#define PERIODIC 0x20000u
#define SELF     0x40000u

struct bench {
    struct device_fixture *f;
    struct device *apic;
    struct apic_bus bus;
    struct fixture_probe intr, nmi, smi;
    unsigned ends;
    uint8_t last_end;
};

static void ended(void *self, uint8_t vector)
{
    struct bench *b = self;
    b->ends++;
    b->last_end = vector;
}

static uint32_t get(struct bench *b, uint32_t offset)
{
    return (uint32_t)space_read(&b->f->memory, BASE + offset, 4);
}

static void put(struct bench *b, uint32_t offset, uint32_t value)
{
    space_write(&b->f->memory, BASE + offset, 4, value);
}

static void start(struct bench *b, bool is_enabled)
{
    memset(b, 0, sizeof *b);
    b->f = fixture_new();
    b->f->env.apic = &b->bus;
    b->bus.ended = ended;
    b->bus.io = b;
    b->apic = fixture_add(b->f, &LOCAL_APIC_TYPE, NULL);
    fixture_probe(b->f, b->apic, "intr", &b->intr);
    fixture_probe(b->f, b->apic, "nmi", &b->nmi);
    fixture_probe(b->f, b->apic, "smi", &b->smi);
    if (is_enabled)
        put(b, SVR, 0x1FF);
}

static void stop(struct bench *b)
{
    fixture_check_state(b->apic);
    device_fixture_free(b->f);
}

static void self_ipi(struct bench *b, unsigned vector)
{
    put(b, ICR, SELF | vector);
}

static bool send(struct bench *b, enum apic_delivery delivery, uint8_t vector, uint8_t to,
                 bool is_logical, bool is_level)
{
    struct apic_message message = {delivery, vector, to, is_logical, is_level};
    return apic_bus_send(&b->bus, &message);
}

static void lint(struct bench *b, unsigned pin, bool level)
{
    b->apic->type->input(b->apic, pin, level);
}

/* 10.8.3: the class of a vector against that of the PPR. */
START_TEST(higher_class_interrupts_and_same_class_waits_for_eoi)
{
    struct bench b;
    start(&b, true);
    self_ipi(&b, 0x41);
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x41);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(get(&b, PPR), 0x40);
    ck_assert_uint_eq(get(&b, ISR + 0x20), 1u << 1);
    self_ipi(&b, 0x4F); /* same class */
    ck_assert(!b.intr.level);
    self_ipi(&b, 0x50);
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x50);
    put(&b, EOI, 0); /* ends 50h */
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(get(&b, IRR + 0x20), 1u << 15);
    put(&b, EOI, 0); /* ends 41h: 4Fh goes */
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x4F);
    stop(&b);
}
END_TEST

START_TEST(each_step_of_a_vector_is_shown)
{
    struct bench b;
    struct fixture_life life;
    const struct apic_message message = {.delivery = APIC_FIXED, .vector = 0x61, .destination = 0};
    start(&b, true);
    fixture_watch_life(b.f, &life);
    ck_assert(apic_bus_send(&b.bus, &message));
    fixture_check_life(&life, "irq97 requested 61h; ");
    ck_assert(apic_bus_send(&b.bus, &message)); /* one bit of IRR for both */
    fixture_check_life(&life, "irq97 lost 61h; ");
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x61);
    fixture_check_life(&life, "irq97 acknowledged 61h; ");
    put(&b, EOI, 0);
    fixture_check_life(&life, "irq97 ended 61h; ");
    fixture_forget_life(b.f, &life);
    stop(&b);
}
END_TEST

START_TEST(sources_behind_a_masked_entry_are_shown_as_masked_or_lost)
{
    struct bench b;
    struct fixture_life life;
    start(&b, true);
    fixture_watch_life(b.f, &life);
    put(&b, LINT0, MASKED | 0x31);
    lint(&b, 0, true);
    fixture_check_life(&life, "irq49 masked; ");
    put(&b, LINT1, MASKED | 0x400); /* NMI */
    lint(&b, 1, true);
    fixture_check_life(&life, "irq0 lost; ");
    put(&b, TIMER, MASKED | 0x55);
    put(&b, DIVIDE, 0xB); /* by 1: 10 ns a count */
    put(&b, INITIAL, 100);
    fixture_run_us(b.f, 3);
    fixture_check_life(&life, "");
    put(&b, TIMER, 0x55); /* one shot: it ran out meanwhile, and nothing comes */
    fixture_check_life(&life, "irq85 lost; ");
    fixture_run_us(b.f, 3);
    fixture_check_life(&life, "");
    put(&b, INITIAL, 100);
    fixture_run_us(b.f, 3);
    fixture_check_life(&life, "irq85 requested 55h; ");
    fixture_forget_life(b.f, &life);
    stop(&b);
}
END_TEST

static void check_waiting(const struct bench *b, const char *expected)
{
    char text[256] = "";
    size_t used = 0;
    local_apic_explain_waiting(b->apic, text, sizeof text, &used);
    ck_assert_str_eq(text, expected);
}

START_TEST(what_waits_is_told_with_what_holds_it_back)
{
    struct bench b;
    start(&b, true);
    check_waiting(&b, "");
    put(&b, LINT0, MASKED | 0x700);
    lint(&b, 0, true);
    check_waiting(&b, "LINT0 (the 8259's INT) is active and its entry in the local APIC masked");
    put(&b, LINT0, 0x700);
    check_waiting(&b, "");
    put(&b, TIMER, MASKED | 0x55);
    put(&b, INITIAL, 100);
    check_waiting(&b, "the local APIC's timer runs and its entry is masked");
    put(&b, INITIAL, 0);
    put(&b, TPR, 0x50);
    self_ipi(&b, 0x51);
    check_waiting(&b, "a vector is requested at the local APIC and its class is not above the task "
                      "priority or what is in service (an EOI is due)");
    stop(&b);
}
END_TEST

START_TEST(task_priority_holds_its_class_and_below)
{
    struct bench b;
    start(&b, true);
    put(&b, TPR, 0x5A);
    ck_assert_uint_eq(get(&b, PPR), 0x5A);
    self_ipi(&b, 0x5F);
    ck_assert(!b.intr.level);
    put(&b, TPR, 0x4F);
    ck_assert(b.intr.level);
    put(&b, TPR, 0xFF);
    ck_assert(!b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0xFF); /* 10.9: spurious */
    ck_assert_uint_eq(get(&b, ISR + 0x70), 0);
    put(&b, SVR, 0x120); /* bits 3-0 are ones */
    ck_assert_uint_eq(get(&b, SVR), 0x12F);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x2F);
    stop(&b);
}
END_TEST

START_TEST(virtual_wire_hands_the_8259_through)
{
    struct bench b;
    start(&b, false);
    lint(&b, 0, true);
    ck_assert(!b.intr.level); /* masked after RESET# */
    put(&b, LINT0, 0x700);
    ck_assert_uint_eq(get(&b, LINT0), 0x700 | MASKED); /* the software enable is off */
    put(&b, SVR, 0x1FF);
    put(&b, LINT0, 0x700);
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), LOCAL_APIC_EXTINT);
    ck_assert(b.intr.level); /* the 8259 holds its INT until its INTA */
    lint(&b, 0, false);
    ck_assert(!b.intr.level);
    put(&b, SVR, 0xFF); /* off: all masked (10.4.7.2) */
    ck_assert_uint_eq(get(&b, LINT0), 0x700 | MASKED);
    lint(&b, 0, true);
    ck_assert(!b.intr.level);
    stop(&b);
}
END_TEST

START_TEST(lint_pins_deliver_nmi_smi_and_fixed_vectors)
{
    struct bench b;
    start(&b, true);
    put(&b, LINT1, 0x400);
    lint(&b, 1, true);
    lint(&b, 1, false);
    ck_assert_uint_eq(b.nmi.rises, 1);
    put(&b, LINT1, 0x200);
    lint(&b, 1, true);
    ck_assert_uint_eq(b.smi.rises, 1);
    put(&b, LINT0, 0x00008066); /* fixed, level */
    lint(&b, 0, true);
    ck_assert_uint_eq(get(&b, LINT0), 0x0000C066); /* remote IRR */
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x66);
    ck_assert(!b.intr.level);
    put(&b, EOI, 0);
    ck_assert(b.intr.level); /* still active: again */
    lint(&b, 0, false);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x66);
    put(&b, EOI, 0);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(get(&b, LINT0), 0x00008066);
    put(&b, LINT0, 0x00002066); /* edge, active low */
    lint(&b, 0, true);
    ck_assert(!b.intr.level);
    lint(&b, 0, false);
    ck_assert(b.intr.level);
    stop(&b);
}
END_TEST

START_TEST(end_of_a_level_interrupt_is_told_and_of_an_edge_is_not)
{
    struct bench b;
    start(&b, true);
    ck_assert(send(&b, APIC_FIXED, 0x61, 0, false, true));
    ck_assert_uint_eq(get(&b, TMR + 0x30), 1u << 1);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x61);
    put(&b, EOI, 0);
    ck_assert_uint_eq(b.ends, 1);
    ck_assert_uint_eq(b.last_end, 0x61);
    ck_assert(send(&b, APIC_FIXED, 0x61, 0, false, false));
    ck_assert_uint_eq(get(&b, TMR + 0x30), 0);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x61);
    put(&b, EOI, 0);
    put(&b, EOI, 0); /* nothing in service */
    ck_assert_uint_eq(b.ends, 1);
    stop(&b);
}
END_TEST

/* 10.6.2.1, 10.6.2.2. */
START_TEST(messages_reach_physical_and_logical_ids)
{
    struct bench b;
    start(&b, true);
    put(&b, ID, 0x03000000);
    ck_assert(!send(&b, APIC_FIXED, 0x40, 0, false, false));
    ck_assert(send(&b, APIC_FIXED, 0x40, 3, false, false));
    ck_assert(send(&b, APIC_FIXED, 0x40, 0xFF, false, false));
    put(&b, LDR, 0x24000000);
    ck_assert(send(&b, APIC_LOWEST_PRIORITY, 0x40, 0x04, true, false)); /* flat: sets meet */
    ck_assert(!send(&b, APIC_FIXED, 0x40, 0x13, true, false));
    put(&b, DFR, 0);
    ck_assert_uint_eq(get(&b, DFR), 0x0FFFFFFF);
    ck_assert(send(&b, APIC_FIXED, 0x40, 0x2C, true, false)); /* cluster 2, member 4 */
    ck_assert(!send(&b, APIC_FIXED, 0x40, 0x1C, true, false));
    ck_assert(!send(&b, APIC_FIXED, 0x40, 0x23, true, false));
    ck_assert(send(&b, APIC_NMI, 0, 3, false, false));
    ck_assert_uint_eq(b.nmi.rises, 1);
    ck_assert(send(&b, APIC_SMI, 0, 3, false, false));
    ck_assert_uint_eq(b.smi.rises, 1);
    while (local_apic_acknowledge(b.apic) == 0x40) {
    }
    put(&b, EOI, 0);
    ck_assert(send(&b, APIC_EXTINT, 0, 3, false, false));
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), LOCAL_APIC_EXTINT);
    ck_assert(!b.intr.level);
    put(&b, SVR, 0xFF);
    ck_assert(!send(&b, APIC_FIXED, 0x40, 3, false, false)); /* off: fixed ones are not taken */
    ck_assert(send(&b, APIC_NMI, 0, 3, false, false));
    stop(&b);
}
END_TEST

/* 10.6.1: INIT to its own id, flat and by a message; its deassertion does nothing. */
START_TEST(init_to_itself_resets)
{
    struct bench b;
    start(&b, true);
    put(&b, ICR_HIGH, 0);
    put(&b, ICR, 0x8500); /* level, deassert */
    ck_assert_uint_eq(b.f->resets, 0);
    put(&b, ICR, 0x4500);
    ck_assert_uint_eq(b.f->resets, 1);
    put(&b, LDR, 0x02000000);
    put(&b, ICR_HIGH, 0x02000000);
    put(&b, ICR, 0x4D00); /* logical */
    ck_assert_uint_eq(b.f->resets, 2);
    put(&b, ICR, 0xC4500); /* all others: there are none */
    ck_assert_uint_eq(b.f->resets, 2);
    ck_assert(send(&b, APIC_INIT, 0, 0, false, false));
    ck_assert_uint_eq(b.f->resets, 3);
    stop(&b);
}
END_TEST

/* 10.5.3; the P6's bits of figure 10-9. */
START_TEST(errors_show_after_a_write_and_interrupt_once)
{
    struct bench b;
    start(&b, true);
    put(&b, ERROR, 0xE1);
    self_ipi(&b, 0x0F); /* send illegal vector */
    ck_assert_uint_eq(get(&b, ESR), 0);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0xE1);
    self_ipi(&b, 0x03);
    ck_assert(!b.intr.level); /* reported already */
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 1u << 5);
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 0);
    ck_assert(send(&b, APIC_FIXED, 5, 0, false, false));
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 1u << 6);
    put(&b, ICR_HIGH, 0x07000000);
    put(&b, ICR, 0x4040);  /* nobody has id 7 */
    put(&b, ICR, 0xC4500); /* INIT to all others */
    put(&b, ICR, 0xC4608); /* SIPI to all others */
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 1u << 2);
    (void)get(&b, 0x40);
    put(&b, 0x3F0, 1);
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 1u << 7);
    put(&b, ERROR, 0x08); /* an illegal vector of its own must come to an end */
    self_ipi(&b, 1);
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 1u << 5 | 1u << 6);
    put(&b, ICR, 0x8500); /* INIT deassert: nothing happens */
    put(&b, ESR, 0);
    ck_assert_uint_eq(get(&b, ESR), 0);
    stop(&b);
}
END_TEST

/* 100 MHz, 105 instructions to a microsecond: 100 counts are 105 instructions. */
START_TEST(one_shot_counts_down_interrupts_once_and_stays_zero)
{
    struct bench b;
    start(&b, true);
    put(&b, DIVIDE, 0x0B); /* by 1 */
    put(&b, TIMER, 0x31);
    put(&b, INITIAL, 1000);
    fixture_run_us(b.f, 4);
    ck_assert_uint_eq(get(&b, CURRENT), 600);
    fixture_run(b.f, 6 * FIXTURE_US - 1);
    ck_assert(!b.intr.level);
    fixture_run(b.f, 1);
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x31);
    put(&b, EOI, 0);
    fixture_run_us(b.f, 100);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(get(&b, CURRENT), 0);
    ck_assert_uint_eq(get(&b, INITIAL), 1000);
    put(&b, INITIAL, 100);
    put(&b, INITIAL, 0); /* stops it */
    fixture_run_us(b.f, 100);
    ck_assert(!b.intr.level);
    stop(&b);
}
END_TEST

START_TEST(periodic_timer_keeps_its_period_through_the_divider)
{
    static const struct {
        uint32_t code;
        unsigned divisor;
    } ROWS[] = {
        {0,  2  },
        {1,  4  },
        {2,  8  },
        {3,  16 },
        {8,  32 },
        {9,  64 },
        {10, 128},
        {11, 1  }
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct bench b;
        uint64_t first;
        start(&b, true);
        put(&b, DIVIDE, ROWS[i].code);
        put(&b, TIMER, PERIODIC | 0x31);
        first = b.f->timeline.now;
        put(&b, INITIAL, 100);
        for (unsigned n = 1; n <= 5; n++) {
            fixture_run(b.f, first + n * FIXTURE_US * ROWS[i].divisor - 1 - b.f->timeline.now);
            ck_assert_uint_eq(b.intr.rises, n - 1);
            fixture_run(b.f, 1);
            ck_assert_uint_eq(b.intr.rises, n);
            ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x31);
            put(&b, EOI, 0);
        }
        put(&b, TIMER, PERIODIC | MASKED | 0x31);
        fixture_run_us(b.f, 1000);
        ck_assert_uint_eq(b.intr.rises, 5);
        ck_assert_uint_ge(get(&b, CURRENT), 1);
        put(&b, TIMER, PERIODIC | 0x31); /* what was missed is lost */
        ck_assert_uint_eq(b.intr.rises, 5);
        stop(&b);
    }
}
END_TEST

START_TEST(shortest_period_fires_once_an_instruction_at_most)
{
    struct bench b;
    start(&b, true);
    put(&b, DIVIDE, 0x0B);
    put(&b, TIMER, PERIODIC | 0x31);
    put(&b, INITIAL, 1);
    for (unsigned i = 0; i < 1000; i++) {
        fixture_run(b.f, 1);
        if (b.intr.level)
            ck_assert_int_eq(local_apic_acknowledge(b.apic), 0x31);
        put(&b, EOI, 0);
    }
    ck_assert_uint_le(b.intr.rises, 1000);
    ck_assert_uint_ge(b.intr.rises, 900);
    stop(&b);
}
END_TEST

/* 10.4.3, 10.4.4. */
START_TEST(base_register_moves_the_window_and_switches_off_for_good)
{
    struct bench b;
    struct apic_core core;
    start(&b, true);
    core = local_apic_core(b.apic);
    ck_assert_uint_eq(core.base(core.self), 0xFEE00900);
    ck_assert(!core.set_base(core.self, 0xFEE00901)); /* reserved */
    ck_assert(core.set_base(core.self, 0xFEF00800));
    ck_assert_uint_eq(core.base(core.self), 0xFEF00900); /* BSP can't be written */
    ck_assert_uint_eq(get(&b, VERSION), UINT32_MAX);
    ck_assert_uint_eq((uint32_t)space_read(&b.f->memory, 0xFEF00030, 4), 0x00040011);
    fixture_check_state(b.apic);
    ck_assert(core.set_base(core.self, 0xFEE00000));
    ck_assert(core.set_base(core.self, 0xFEE00800));
    ck_assert_uint_eq(core.base(core.self), 0xFEE00100);
    lint(&b, 0, true); /* the pins are INTR and NMI now */
    ck_assert(b.intr.level);
    ck_assert_int_eq(local_apic_acknowledge(b.apic), LOCAL_APIC_EXTINT);
    lint(&b, 1, true);
    ck_assert_uint_eq(b.nmi.rises, 1);
    ck_assert(!send(&b, APIC_NMI, 0, 0, false, false));
    b.apic->type->reset(b.apic, RESET_HARD);
    ck_assert_uint_eq(core.base(core.self), 0xFEE00900);
    ck_assert_uint_eq(get(&b, VERSION), 0x00040011);
    stop(&b);
}
END_TEST

START_TEST(a_word_about_each_command)
{
    struct bench b;
    struct access access = {.is_write = true, .size = 4};
    char text[128];
    start(&b, true);
    access.device = b.apic;
    put(&b, TIMER, PERIODIC | 0x31);
    access.reg = reg_find(b.apic->type->banks[0], b.apic, INITIAL, true);
    access.value = 50000;
    b.apic->type->describe(b.apic, &access, text, sizeof text);
    ck_assert_str_eq(text, "every 1000.0 us (bus clock / 2)");
    access.reg = reg_find(b.apic->type->banks[0], b.apic, ICR, true);
    access.value = 0xC4500;
    b.apic->type->describe(b.apic, &access, text, sizeof text);
    ck_assert_str_eq(text, "sends INIT to all but self");
    stop(&b);
}
END_TEST

START_TEST(two_local_apics_share_nothing)
{
    struct bench a, b;
    start(&a, true);
    start(&b, true);
    self_ipi(&a, 0x80);
    ck_assert(a.intr.level);
    ck_assert(!b.intr.level);
    ck_assert_uint_eq(get(&b, IRR + 0x40), 0);
    stop(&a);
    stop(&b);
}
END_TEST

Suite *local_apic_suite(void)
{
    const TTest *const TESTS[] = {
        higher_class_interrupts_and_same_class_waits_for_eoi,
        each_step_of_a_vector_is_shown,
        sources_behind_a_masked_entry_are_shown_as_masked_or_lost,
        what_waits_is_told_with_what_holds_it_back,
        task_priority_holds_its_class_and_below,
        virtual_wire_hands_the_8259_through,
        lint_pins_deliver_nmi_smi_and_fixed_vectors,
        end_of_a_level_interrupt_is_told_and_of_an_edge_is_not,
        messages_reach_physical_and_logical_ids,
        init_to_itself_resets,
        errors_show_after_a_write_and_interrupt_once,
        one_shot_counts_down_interrupts_once_and_stays_zero,
        periodic_timer_keeps_its_period_through_the_divider,
        shortest_period_fires_once_an_instruction_at_most,
        base_register_moves_the_window_and_switches_off_for_good,
        a_word_about_each_command,
        two_local_apics_share_nothing,
    };
    Suite *suite = suite_create("local_apic");
    TCase *tcase = tcase_create("local_apic");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_test(tcase, TESTS[n]);
    suite_add_tcase(suite, tcase);
    return suite;
}
