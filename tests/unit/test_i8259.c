/* The interrupt controller against the 8259A data sheet (231468-003). */
#include <check.h>

#include "devices/i8259.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

struct pics {
    struct device_fixture *f;
    struct device *master, *slave;
    struct fixture_probe probe;
};

static void initialise(struct device_fixture *f, uint16_t base, uint8_t icw1, uint8_t icw2,
                       uint8_t icw3, uint8_t icw4)
{
    fixture_out(f, base, icw1);
    fixture_out(f, base + 1, icw2);
    if (!(icw1 & 2))
        fixture_out(f, base + 1, icw3);
    if (icw1 & 1)
        fixture_out(f, base + 1, icw4);
}

/* A PC's pair, as a BIOS sets it up. */
static struct pics make(void)
{
    struct pics p;
    struct device_config config = {.name = "pic2"};
    struct error error = {STATUS_OK, ""};
    p.f = device_fixture_new(&I8259_TYPE, NULL);
    p.master = p.f->device;
    fixture_set(&config, "base", "0xa0");
    fixture_set(&config, "elcr", "0x4d1");
    fixture_set(&config, "slave", "1");
    p.slave = fixture_add(p.f, &I8259_TYPE, &config);
    ck_assert_int_eq(device_wire(p.slave, "int", p.master, "ir2", &error), STATUS_OK);
    i8259_set_slave(p.master, p.slave);
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x01);
    initialise(p.f, 0xA0, 0x11, 0x70, 0x02, 0x01);
    return p;
}

static void ir(struct device *pic, unsigned input, bool level)
{
    I8259_TYPE.input(pic, input, level);
}

static void pulse_high(struct device *pic, unsigned input)
{
    ir(pic, input, false);
    ir(pic, input, true);
}

static uint8_t read_isr(struct device_fixture *f, uint16_t base)
{
    fixture_out(f, base, 0x0B);
    return fixture_in(f, base);
}

static uint8_t read_irr(struct device_fixture *f, uint16_t base)
{
    fixture_out(f, base, 0x0A);
    return fixture_in(f, base);
}

START_TEST(request_raises_int_and_acknowledge_gives_its_vector)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.master, 3, true);
    ck_assert(p.probe.level);
    ck_assert_uint_eq(read_irr(p.f, 0x20), 0x08);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0B);
    ck_assert(!p.probe.level);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x08);
    ck_assert_uint_eq(read_irr(p.f, 0x20), 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(edge_that_stays_high_is_one_request)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert(!p.probe.level);
    pulse_high(p.master, 4);
    ck_assert(p.probe.level);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(request_that_drops_before_acknowledge_is_the_spurious_ir7)
{
    struct pics p = make();
    ir(p.master, 4, true);
    ir(p.master, 4, false);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0); /* a spurious IR7 sets no ISR bit */
    device_fixture_free(p.f);
}
END_TEST

/* The slave's request is gone when its INTA comes: what a driver sees that masks at the slave late.
 * With both lines up the master takes IR2 and the slave then has nothing to name. */
START_TEST(spurious_request_of_the_slave_is_its_ir7_without_service)
{
    struct pics p = make();
    fixture_out(p.f, 0xA1, 0xFF);
    ir(p.master, 2, true); /* the wire alone, as a glitch */
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x77);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x04); /* the master needs its EOI */
    ck_assert_uint_eq(read_isr(p.f, 0xA0), 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(fully_nested_lower_waits_higher_interrupts)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    ir(p.master, 6, true);
    ck_assert(!p.probe.level);
    ir(p.master, 1, true);
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x09);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x12);
    fixture_out(p.f, 0x20, 0x20); /* ends the highest: IR1 */
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x10);
    ck_assert(!p.probe.level);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0E);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(mask_holds_a_request_back_until_it_is_lifted)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    fixture_out(p.f, 0x21, 0x10);
    ck_assert_uint_eq(fixture_in(p.f, 0x21), 0x10);
    ir(p.master, 4, true);
    ck_assert(!p.probe.level);
    ck_assert_uint_eq(read_irr(p.f, 0x20), 0x10);
    fixture_out(p.f, 0x21, 0);
    ck_assert(p.probe.level);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(slave_gives_the_vector_and_both_are_in_service)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.slave, 6, true);
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x76);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x04);
    ck_assert_uint_eq(read_isr(p.f, 0xA0), 0x40);
    /* 8259A p.16: in normal nesting a higher request of the same slave waits for the master's EOI */
    ir(p.slave, 0, true);
    ck_assert(!p.probe.level);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x70);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(special_fully_nested_lets_a_higher_request_of_the_same_slave_through)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x11);
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.slave, 6, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x76);
    ir(p.slave, 0, true);
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x70);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.15, figure: after IR4 was served and rotated, IR5 has the highest priority. */
START_TEST(rotation_on_non_specific_eoi_makes_the_served_level_the_lowest)
{
    struct pics p = make();
    ir(p.master, 4, true);
    (void)i8259_acknowledge(p.master);
    fixture_out(p.f, 0x20, 0xA0);
    pulse_high(p.master, 4);
    ir(p.master, 5, true);
    ir(p.master, 1, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0D);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x09);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(set_priority_and_rotate_on_specific_eoi_name_the_lowest_level)
{
    struct pics p = make();
    fixture_out(p.f, 0x20, 0xC0 | 3); /* IR3 lowest, so IR4 highest */
    ir(p.master, 3, true);
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    fixture_out(p.f, 0x20, 0xE0 | 4); /* ends IR4, IR4 lowest */
    pulse_high(p.master, 4);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0B);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(specific_eoi_ends_the_level_it_names)
{
    struct pics p = make();
    ir(p.master, 4, true);
    (void)i8259_acknowledge(p.master);
    ir(p.master, 1, true);
    (void)i8259_acknowledge(p.master);
    fixture_out(p.f, 0x20, 0x64);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x02);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(special_mask_mode_lets_lower_levels_interrupt_a_masked_one_in_service)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    ir(p.master, 4, true);
    (void)i8259_acknowledge(p.master);
    ir(p.master, 6, true);
    fixture_out(p.f, 0x21, 0x10);
    ck_assert(!p.probe.level);
    fixture_out(p.f, 0x20, 0x68); /* ESMM, SMM */
    ck_assert(p.probe.level);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0E);
    fixture_out(p.f, 0x20, 0x20); /* does not end the masked IR4 */
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x10);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(automatic_eoi_leaves_nothing_in_service)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x03);
    ir(p.master, 4, true);
    ir(p.master, 5, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0D);
    fixture_out(p.f, 0x20, 0x80); /* rotate in automatic EOI */
    pulse_high(p.master, 0);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x08);
    pulse_high(p.master, 0);
    pulse_high(p.master, 7);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.15: the level behind the lowest is the highest, and so on around; each chip has its own
 * order. */
START_TEST(set_priority_turns_the_order_of_all_eight_levels)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x13, 0x08, 0, 0x03);
    initialise(p.f, 0xA0, 0x13, 0x70, 0, 0x03);
    for (unsigned lowest = 0; lowest < 8; lowest++) {
        fixture_out(p.f, 0x20, (uint8_t)(0xC0 | lowest));
        for (unsigned n = 0; n < 8; n++)
            pulse_high(p.slave, n);
        for (unsigned n = 0; n < 8; n++) /* first: its INT is the master's IR2 */
            ck_assert_int_eq(i8259_acknowledge(p.slave), (int)(0x70 + n));
        for (unsigned n = 0; n < 8; n++)
            pulse_high(p.master, n);
        for (unsigned n = 0; n < 8; n++)
            ck_assert_int_eq(i8259_acknowledge(p.master), (int)(0x08 + (lowest + 1 + n) % 8));
    }
    device_fixture_free(p.f);
}
END_TEST

START_TEST(poll_takes_the_request_into_service_and_names_it)
{
    struct pics p = make();
    ir(p.master, 5, true);
    fixture_out(p.f, 0x20, 0x0C);
    ck_assert_uint_eq(fixture_in(p.f, 0x20), 0x85);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x20);
    fixture_out(p.f, 0x20, 0x0C);
    ck_assert_uint_eq(fixture_in(p.f, 0x20) & 0x80, 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(level_triggered_input_requests_again_after_eoi)
{
    struct pics p = make();
    fixture_out(p.f, 0x4D1, 0x08);
    ck_assert_uint_eq(fixture_in(p.f, 0x4D1), 0x08);
    ir(p.slave, 3, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x73);
    fixture_out(p.f, 0xA0, 0x20);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x73);
    ir(p.slave, 3, false);
    fixture_out(p.f, 0xA0, 0x20);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_uint_eq(read_irr(p.f, 0x20), 0);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(elcr_keeps_the_timer_keyboard_and_cascade_edge_triggered)
{
    struct pics p = make();
    fixture_out(p.f, 0x4D0, 0xFF);
    ck_assert_uint_eq(fixture_in(p.f, 0x4D0), 0xF8);
    fixture_out(p.f, 0x4D1, 0xFF);
    ck_assert_uint_eq(fixture_in(p.f, 0x4D1), 0xDE);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(icw1_forgets_edges_masks_and_services)
{
    struct pics p = make();
    fixture_probe(p.f, p.master, "int", &p.probe);
    fixture_out(p.f, 0x21, 0xF0);
    ir(p.master, 1, true);
    (void)i8259_acknowledge(p.master);
    ir(p.master, 0, true);
    fixture_out(p.f, 0x20, 0x11);
    ck_assert(!p.probe.level);
    fixture_out(p.f, 0x21, 0x08);
    fixture_out(p.f, 0x21, 0x04);
    fixture_out(p.f, 0x21, 0x01);
    ck_assert_uint_eq(fixture_in(p.f, 0x21), 0);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0);
    ck_assert_uint_eq(read_irr(p.f, 0x20), 0); /* must rise again */
    ck_assert(!p.probe.level);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(icw3_is_skipped_when_single_and_icw4_when_not_announced)
{
    struct device_fixture *f = device_fixture_new(&I8259_TYPE, NULL);
    fixture_out(f, 0x20, 0x12);
    fixture_out(f, 0x21, 0x40);
    fixture_out(f, 0x21, 0x55); /* OCW1 already */
    ck_assert_uint_eq(fixture_in(f, 0x21), 0x55);
    fixture_out(f, 0x20, 0x13);
    fixture_out(f, 0x21, 0x40);
    fixture_out(f, 0x21, 0x01);
    fixture_out(f, 0x21, 0x66);
    ck_assert_uint_eq(fixture_in(f, 0x21), 0x66);
    device_fixture_free(f);
}
END_TEST

START_TEST(accesses_are_described)
{
    struct pics p = make();
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x20, true, 0x11),
                     "ICW1: initialisation, edge triggered, cascaded, ICW4 follows");
    fixture_out(p.f, 0x20, 0x11);
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x21, true, 0x20),
                     "ICW2: IRQ0-7 → vectors 20h-27h");
    fixture_out(p.f, 0x21, 0x20);
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x21, true, 0x04), "ICW3: slaves at IRQ2");
    fixture_out(p.f, 0x21, 0x04);
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x21, true, 0x01), "ICW4: 8086, normal EOI");
    fixture_out(p.f, 0x21, 0x01);
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x21, true, 0xFB),
                     "OCW1: masked: IRQ0 IRQ1 IRQ3 IRQ4 IRQ5 IRQ6 IRQ7");
    ir(p.master, 1, true);
    (void)i8259_acknowledge(p.master);
    ck_assert_str_eq(fixture_describe(p.f, p.master, 0x20, true, 0x20),
                     "OCW2: non-specific EOI (ends IRQ1)");
    ck_assert_str_eq(fixture_describe(p.f, p.slave, 0xA0, true, 0x64), "OCW2: specific EOI, IRQ12");
    device_fixture_free(p.f);
}
END_TEST

START_TEST(two_chips_do_not_see_each_other)
{
    struct pics p = make();
    uint64_t before = fixture_hash(p.slave);
    fixture_out(p.f, 0x21, 0xAA);
    ir(p.master, 5, true);
    ck_assert_uint_eq(fixture_hash(p.slave), before);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct pics p = make();
    ir(p.slave, 3, true);
    (void)i8259_acknowledge(p.master);
    ir(p.master, 0, true);
    fixture_check_state(p.master);
    fixture_check_state(p.slave);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(survives_random_accesses)
{
    struct pics p = make();
    uint32_t seed = 8259;
    for (unsigned i = 0; i < 200; i++) {
        fixture_hostile(p.f, 1 + i, 100);
        ir(i & 1 ? p.master : p.slave, fixture_random(&seed) & 7, fixture_random(&seed) & 1);
        int vector = i8259_acknowledge(p.master);
        ck_assert(vector >= 0 && vector <= 255);
    }
    device_fixture_free(p.f);
}
END_TEST

/* --- the life of an interrupt, as it is shown ------------------------------------------------------ */

START_TEST(each_step_of_an_interrupt_is_shown_by_the_chip_that_has_its_input)
{
    struct pics p = make();
    struct fixture_life life;
    fixture_watch_life(p.f, &life);
    ir(p.slave, 6, true);
    fixture_check_life(&life, "irq14 raised; irq14 requested; ");
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x76);
    fixture_check_life(&life, "irq14 acknowledged 76h; ");
    ir(p.slave, 6, false);
    fixture_check_life(&life, "irq14 lowered; ");
    fixture_out(p.f, 0xA0, 0x20);
    fixture_out(p.f, 0x20, 0x20);
    fixture_check_life(&life, "irq14 ended; ");
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    fixture_out(p.f, 0x20, 0x64);
    fixture_check_life(&life, "irq4 raised; irq4 requested; irq4 acknowledged 0ch; irq4 ended; ");
    ck_assert_int_eq(i8259_line_of(p.master, 0x76), 14);
    ck_assert_int_eq(i8259_line_of(p.master, 0x08), 0);
    ck_assert_int_eq(i8259_line_of(p.master, 0x80), -1);
    fixture_forget_life(p.f, &life);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(masked_lost_and_spurious_interrupts_are_shown_as_such)
{
    struct pics p = make();
    struct fixture_life life;
    fixture_watch_life(p.f, &life);
    fixture_out(p.f, 0x21, 0x08);
    fixture_check_life(&life, "");
    ir(p.master, 3, true);
    fixture_check_life(&life, "irq3 raised; irq3 masked; ");
    fixture_out(p.f, 0x21, 0x00);
    fixture_check_life(&life, "irq3 requested; ");
    ir(p.master, 3, false);
    fixture_check_life(&life, "irq3 lost; ");
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    fixture_check_life(&life, "irq7 lost 0fh; ");
    fixture_forget_life(p.f, &life);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.14: in buffered mode ICW4's M/S takes the place of the SP pin. */
START_TEST(buffered_mode_tells_master_from_slave_by_icw4)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x0D);
    ir(p.slave, 3, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x73);
    device_fixture_free(p.f);
    p = make();
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x09); /* a slave has no slaves */
    ir(p.slave, 3, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0A);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.17: each chip is polled by itself; the poll word comes before the register RR asks for. */
START_TEST(poll_of_a_cascade_asks_each_chip_and_comes_before_rr)
{
    struct pics p = make();
    ir(p.slave, 3, true);
    fixture_out(p.f, 0x20, 0x0F); /* poll, and read ISR */
    ck_assert_uint_eq(fixture_in(p.f, 0x20), 0x82);
    ck_assert_uint_eq(fixture_in(p.f, 0x20), 0x04);
    fixture_out(p.f, 0xA0, 0x0C);
    ck_assert_uint_eq(fixture_in(p.f, 0xA0), 0x83);
    ck_assert_uint_eq(read_isr(p.f, 0xA0), 0x08);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.11: with IC4 = 0 every function of ICW4 is off, also the 8086 mode. */
START_TEST(mcs80_mode_is_reported_however_it_is_asked_for)
{
    struct pics p = make();
    unsigned before = p.f->guest_errors;
    fixture_out(p.f, 0x20, 0x12);
    fixture_out(p.f, 0x21, 0x08);
    ck_assert_uint_eq(p.f->guest_errors, before + 1);
    ir(p.master, 3, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0B);
    fixture_out(p.f, 0xA0, 0x13);
    fixture_out(p.f, 0xA1, 0x70);
    ck_assert_uint_eq(p.f->guest_errors, before + 1);
    fixture_out(p.f, 0xA1, 0x00);
    ck_assert_uint_eq(p.f->guest_errors, before + 2);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(icw1_makes_every_input_level_triggered)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x19, 0x08, 0x04, 0x01);
    ir(p.master, 0, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x08);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x08);
    ir(p.master, 0, false);
    fixture_out(p.f, 0x20, 0x20);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    device_fixture_free(p.f);
}
END_TEST

START_TEST(rotation_in_automatic_eoi_is_cleared_and_keeps_its_order)
{
    struct pics p = make();
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x03);
    fixture_out(p.f, 0x20, 0x80);
    ir(p.master, 3, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0B); /* IR3 lowest now */
    fixture_out(p.f, 0x20, 0x00);
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C); /* rotates nothing */
    pulse_high(p.master, 3);
    pulse_high(p.master, 4);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A p.11: IR7 is the lowest again, special mask mode is off, a read gives IRR. */
START_TEST(icw1_forgets_priorities_special_mask_and_what_is_read)
{
    struct pics p = make();
    fixture_out(p.f, 0x20, 0xC3);
    fixture_out(p.f, 0x20, 0x68);
    fixture_out(p.f, 0x20, 0x0B);
    initialise(p.f, 0x20, 0x11, 0x08, 0x04, 0x01);
    ir(p.master, 3, true);
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0B);
    ck_assert_uint_eq(fixture_in(p.f, 0x20), 0x10);
    fixture_out(p.f, 0x21, 0x08); /* IR3, in service, masked: holds IR4 back all the same */
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    device_fixture_free(p.f);
}
END_TEST

/* 8259A pp.14-16: SMM counts with ESMM alone; OCW2 010 does nothing. */
START_TEST(smm_without_esmm_and_ocw2_010_change_nothing)
{
    struct pics p = make();
    ir(p.master, 4, true);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0C);
    ir(p.master, 6, true);
    fixture_out(p.f, 0x21, 0x10);
    fixture_out(p.f, 0x20, 0x28);
    fixture_out(p.f, 0x20, 0x44);
    ck_assert_uint_eq(read_isr(p.f, 0x20), 0x10);
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    fixture_out(p.f, 0x20, 0x68);
    fixture_out(p.f, 0x20, 0x28); /* stays on */
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0E);
    fixture_out(p.f, 0x20, 0x66);
    pulse_high(p.master, 6);
    fixture_out(p.f, 0x20, 0x48); /* off */
    ck_assert_int_eq(i8259_acknowledge(p.master), 0x0F);
    device_fixture_free(p.f);
}
END_TEST

Suite *i8259_suite(void)
{
    Suite *suite = suite_create("i8259");
    TCase *tests = tcase_create("i8259");
    tcase_add_test(tests, request_raises_int_and_acknowledge_gives_its_vector);
    tcase_add_test(tests, edge_that_stays_high_is_one_request);
    tcase_add_test(tests, request_that_drops_before_acknowledge_is_the_spurious_ir7);
    tcase_add_test(tests, spurious_request_of_the_slave_is_its_ir7_without_service);
    tcase_add_test(tests, fully_nested_lower_waits_higher_interrupts);
    tcase_add_test(tests, mask_holds_a_request_back_until_it_is_lifted);
    tcase_add_test(tests, slave_gives_the_vector_and_both_are_in_service);
    tcase_add_test(tests, special_fully_nested_lets_a_higher_request_of_the_same_slave_through);
    tcase_add_test(tests, rotation_on_non_specific_eoi_makes_the_served_level_the_lowest);
    tcase_add_test(tests, set_priority_and_rotate_on_specific_eoi_name_the_lowest_level);
    tcase_add_test(tests, specific_eoi_ends_the_level_it_names);
    tcase_add_test(tests, special_mask_mode_lets_lower_levels_interrupt_a_masked_one_in_service);
    tcase_add_test(tests, automatic_eoi_leaves_nothing_in_service);
    tcase_add_test(tests, set_priority_turns_the_order_of_all_eight_levels);
    tcase_add_test(tests, poll_takes_the_request_into_service_and_names_it);
    tcase_add_test(tests, level_triggered_input_requests_again_after_eoi);
    tcase_add_test(tests, elcr_keeps_the_timer_keyboard_and_cascade_edge_triggered);
    tcase_add_test(tests, icw1_forgets_edges_masks_and_services);
    tcase_add_test(tests, icw3_is_skipped_when_single_and_icw4_when_not_announced);
    tcase_add_test(tests, accesses_are_described);
    tcase_add_test(tests, two_chips_do_not_see_each_other);
    tcase_add_test(tests, state_is_saved_whole);
    tcase_add_test(tests, survives_random_accesses);
    tcase_add_test(tests, each_step_of_an_interrupt_is_shown_by_the_chip_that_has_its_input);
    tcase_add_test(tests, masked_lost_and_spurious_interrupts_are_shown_as_such);
    tcase_add_test(tests, buffered_mode_tells_master_from_slave_by_icw4);
    tcase_add_test(tests, poll_of_a_cascade_asks_each_chip_and_comes_before_rr);
    tcase_add_test(tests, mcs80_mode_is_reported_however_it_is_asked_for);
    tcase_add_test(tests, icw1_makes_every_input_level_triggered);
    tcase_add_test(tests, rotation_in_automatic_eoi_is_cleared_and_keeps_its_order);
    tcase_add_test(tests, icw1_forgets_priorities_special_mask_and_what_is_read);
    tcase_add_test(tests, smm_without_esmm_and_ocw2_010_change_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
