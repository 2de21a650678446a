/* The PIIX4's power management function against its data sheet and ACPI 1.0b. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bus/pci.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BASE 0x600
#define DEVFN 11

struct board {
    struct device_fixture *f;
    struct pci_bus pci;
    struct fixture_probe sci;
};

static struct board *make(void)
{
    struct board *b = calloc(1, sizeof *b);
    ck_assert_ptr_nonnull(b);
    b->f = fixture_new();
    b->pci.memory = &b->f->memory;
    b->pci.ports = &b->f->ports;
    b->f->env.pci = &b->pci;
    fixture_add(b->f, &PIIX4_PM_TYPE, NULL);
    fixture_probe(b->f, b->f->device, "sci", &b->sci);
    pci_config_write(&b->pci, 0, DEVFN, 0x40, 4, BASE | 1);
    pci_config_write(&b->pci, 0, DEVFN, 0x80, 1, 1);
    return b;
}

static void destroy(struct board *b)
{
    device_fixture_free(b->f);
    free(b);
}

static uint32_t in(struct board *b, unsigned offset, unsigned size)
{
    return (uint32_t)space_read(&b->f->ports, BASE + offset, size);
}
static void out(struct board *b, unsigned offset, uint32_t value)
{
    space_write(&b->f->ports, BASE + offset, 2, value);
}

START_TEST(identity_is_that_of_function_3)
{
    struct board *b = make();
    ck_assert_uint_eq(pci_config_read(&b->pci, 0, DEVFN, 0, 4), 0x71138086);
    ck_assert_uint_eq(pci_config_read(&b->pci, 0, DEVFN, 8, 4), 0x06800003);
    ck_assert_uint_eq(pci_config_read(&b->pci, 0, DEVFN, 0x3D, 1), 1);
    pci_config_write(&b->pci, 0, DEVFN, 0x90, 4, 0x701);
    ck_assert_uint_eq(pci_config_read(&b->pci, 0, DEVFN, 0x90, 4), 0x701);
    destroy(b);
}
END_TEST

START_TEST(ports_move_with_pmba)
{
    struct board *b = make();
    ck_assert_uint_eq(in(b, 4, 2), 0);
    pci_config_write(&b->pci, 0, DEVFN, 0x40, 4, 0xB001);
    ck_assert_uint_eq(in(b, 4, 2), 0xFFFF);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xB004, 2), 0);
    fixture_check_state(b->f->device);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xB004, 2), 0);
    pci_config_write(&b->pci, 0, DEVFN, 0x80, 1, 0);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xB004, 2), 0xFFFF);
    destroy(b);
}
END_TEST

START_TEST(timer_runs_at_3579545_hz_in_24_bits)
{
    struct board *b = make();
    fixture_run_us(b->f, 1000000);
    ck_assert_uint_eq(in(b, 8, 4), 3579545);
    fixture_run_us(b->f, 4000000);
    ck_assert_uint_eq(in(b, 8, 4), 17897727 - (1 << 24));
    destroy(b);
}
END_TEST

START_TEST(timer_edges_set_status_and_interrupt_when_enabled)
{
    struct board *b = make();
    fixture_run_us(b->f, 2400000); /* 2^23 ticks are 2.3435 s */
    ck_assert_uint_eq(in(b, 0, 2), 1);
    ck_assert(!b->sci.level);
    out(b, 0, 1);
    ck_assert_uint_eq(in(b, 0, 2), 0);
    out(b, 2, 1);
    out(b, 4, 1);
    fixture_run_us(b->f, 2400000);
    ck_assert(b->sci.level);
    ck_assert_uint_eq(b->sci.rises, 1);
    out(b, 0, 1);
    ck_assert(!b->sci.level);
    fixture_run_us(b->f, 2400000);
    ck_assert_uint_eq(b->sci.rises, 2);
    destroy(b);
}
END_TEST

START_TEST(acpi_is_switched_by_the_command_port)
{
    struct board *b = make();
    fixture_out(b->f, 0xB2, 0xF1);
    ck_assert_uint_eq(in(b, 4, 2), 1);
    ck_assert_uint_eq(fixture_in(b->f, 0xB2), 0xF1);
    fixture_out(b->f, 0xB2, 0x55);
    ck_assert_uint_eq(in(b, 4, 2), 1);
    fixture_out(b->f, 0xB2, 0xF0);
    ck_assert_uint_eq(in(b, 4, 2), 0);
    fixture_out(b->f, 0xB3, 0x77);
    ck_assert_uint_eq(fixture_in(b->f, 0xB3), 0x77);
    destroy(b);
}
END_TEST

START_TEST(soft_off_powers_the_machine_off)
{
    struct board *b = make();
    out(b, 4, 0x0001);
    ck_assert_uint_eq(b->f->power_offs, 0);
    out(b, 4, 0x2001);
    ck_assert_uint_eq(b->f->power_offs, 1);
    ck_assert_uint_eq(in(b, 4, 2), 0x0001); /* SLP_EN reads zero */
    destroy(b);
}
END_TEST

START_TEST(other_sleeps_resume_at_once)
{
    struct board *b = make();
    out(b, 4, 0x2401);
    ck_assert_uint_eq(b->f->power_offs, 0);
    ck_assert_uint_eq(in(b, 0, 2), 0x8000);
    ck_assert_uint_eq(b->f->guest_errors, 1);
    destroy(b);
}
END_TEST

START_TEST(the_power_button_interrupts)
{
    struct board *b = make();
    int button = device_input(&PIIX4_PM_TYPE, "power-button");
    out(b, 2, 0x0100);
    out(b, 4, 1);
    PIIX4_PM_TYPE.input(b->f->device, (unsigned)button, true);
    ck_assert(b->sci.level);
    ck_assert_uint_eq(in(b, 0, 2), 0x0100);
    out(b, 0, 0x0100);
    ck_assert(!b->sci.level);
    destroy(b);
}
END_TEST

START_TEST(general_purpose_events_are_quiet)
{
    struct board *b = make();
    space_write(&b->f->ports, 0xAFE0, 2, 0xFFFF);
    space_write(&b->f->ports, 0xAFE2, 2, 0x0002);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xAFE0, 2), 0);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xAFE2, 2), 2);
    ck_assert(!b->sci.level);
    destroy(b);
}
END_TEST

START_TEST(random_accesses_do_no_harm)
{
    struct board *a = make(), *b = make();
    fixture_hostile(a->f, 3, 20000);
    fixture_check_state(a->f->device);
    ck_assert_uint_eq(in(b, 4, 2), 0);
    PIIX4_PM_TYPE.reset(a->f->device, RESET_HARD);
    ck_assert_uint_eq(pci_config_read(&a->pci, 0, DEVFN, 0x40, 4), 1);
    ck_assert_uint_eq(in(a, 4, 2), 0xFFFF);
    destroy(a);
    destroy(b);
}
END_TEST

START_TEST(sleep_is_described_in_words)
{
    struct board *b = make();
    ck_assert_str_eq(fixture_describe(b->f, b->f->device, BASE + 4, true, 0x2001),
                     "sleep now: soft off");
    ck_assert_str_eq(fixture_describe(b->f, b->f->device, 0xB2, true, 0xF1),
                     "ACPI on: SCI_EN is set");
    destroy(b);
}
END_TEST

/* 7.1.16, 7.2.10, 7.2.14: the event is noted with APMC_EN, and raises SMI# with SMI_EN. */
START_TEST(apmc_raises_smi_when_it_is_enabled)
{
    struct board *b = make();
    struct fixture_probe smi;
    fixture_probe(b->f, b->f->device, "smi", &smi);
    fixture_out(b->f, 0xB2, 1);
    ck_assert_uint_eq(in(b, 0x18, 2), 0);
    ck_assert_uint_eq(b->f->guest_errors, 0);
    pci_config_write(&b->pci, 0, DEVFN, 0x58, 4, 0x02000000);
    fixture_out(b->f, 0xB2, 2);
    ck_assert_uint_eq(smi.rises, 0);
    ck_assert_uint_eq(b->f->guest_errors, 1); /* who waits for it is told */
    ck_assert_uint_eq(in(b, 0x18, 2), 0x20);
    out(b, 0x18, 0x20);
    ck_assert_uint_eq(in(b, 0x18, 2), 0);
    space_write(&b->f->ports, BASE + 0x28, 4, 1);
    fixture_out(b->f, 0xB2, 3);
    fixture_out(b->f, 0xB2, 4);
    ck_assert_uint_eq(smi.rises, 2);
    ck_assert_uint_eq(b->f->guest_errors, 1);
    ck_assert(!smi.level);
    fixture_check_state(b->f->device);
    destroy(b);
}
END_TEST

Suite *piix4_pm_suite(void);
Suite *piix4_pm_suite(void)
{
    Suite *suite = suite_create("piix4_pm");
    TCase *tcase = tcase_create("piix4_pm");
    tcase_add_test(tcase, apmc_raises_smi_when_it_is_enabled);
    tcase_add_test(tcase, identity_is_that_of_function_3);
    tcase_add_test(tcase, ports_move_with_pmba);
    tcase_add_test(tcase, timer_runs_at_3579545_hz_in_24_bits);
    tcase_add_test(tcase, timer_edges_set_status_and_interrupt_when_enabled);
    tcase_add_test(tcase, acpi_is_switched_by_the_command_port);
    tcase_add_test(tcase, soft_off_powers_the_machine_off);
    tcase_add_test(tcase, other_sleeps_resume_at_once);
    tcase_add_test(tcase, the_power_button_interrupts);
    tcase_add_test(tcase, general_purpose_events_are_quiet);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    tcase_add_test(tcase, sleep_is_described_in_words);
    suite_add_tcase(suite, tcase);
    return suite;
}
