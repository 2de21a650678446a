/* The RTL8029AS: identity, ports by BAR, INTA#, Realtek's page 3. */
#include <check.h>
#include <string.h>

#include "bus/net.h"
#include "bus/pci.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define DEVFN 0x18
#define IO 0xC100

struct bench {
    struct device_fixture *f;
    struct pci_bus bus;
    struct net_port cable;
    unsigned slot, pin;
    bool level;
};

static void route(void *self, unsigned slot, unsigned pin, bool level)
{
    struct bench *b = self;
    b->slot = slot;
    b->pin = pin;
    b->level = level;
}

static void bench_init(struct bench *b)
{
    struct device_config config = {.net = &b->cable};
    memset(b, 0, sizeof *b);
    b->f = fixture_new();
    b->bus.memory = &b->f->memory;
    b->bus.ports = &b->f->ports;
    b->bus.route = route;
    b->bus.route_self = b;
    b->f->env.pci = &b->bus;
    fixture_add(b->f, &NE2000_PCI_TYPE, &config);
    pci_config_write(&b->bus, 0, DEVFN, PCI_BAR0, 4, IO);
    pci_config_write(&b->bus, 0, DEVFN, PCI_COMMAND, 2, PCI_COMMAND_IO);
}

START_TEST(drivers_find_10ec_8029_and_its_ports)
{
    struct bench b;
    bench_init(&b);
    ck_assert_uint_eq(pci_config_read(&b.bus, 0, DEVFN, PCI_VENDOR, 4), 0x802910EC);
    ck_assert_uint_eq(pci_config_read(&b.bus, 0, DEVFN, PCI_INTERRUPT_PIN, 1), 1);
    ck_assert_uint_eq(pci_config_read(&b.bus, 0, DEVFN, PCI_BAR0, 4), IO | 1);
    ck_assert_uint_eq(fixture_in(b.f, IO), 0x21);
    ck_assert_uint_eq(fixture_in(b.f, IO + 0x0A), 0x50);
    ck_assert_uint_eq(fixture_in(b.f, IO + 0x0B), 0x43);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(config3_is_locked_until_9346cr_says_so)
{
    struct bench b;
    bench_init(&b);
    fixture_out(b.f, IO, 0xE1);
    fixture_out(b.f, IO + 6, 0x40);
    ck_assert_uint_eq(fixture_in(b.f, IO + 6), 0x00);
    fixture_out(b.f, IO + 1, 0xC0);
    fixture_out(b.f, IO + 6, 0x40);
    ck_assert_uint_eq(fixture_in(b.f, IO + 6), 0x40);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(causes_reach_the_router)
{
    struct bench b;
    bench_init(&b);
    fixture_out(b.f, IO, 0x22);
    fixture_out(b.f, IO + 0x0F, 0x40);
    fixture_out(b.f, IO, 0x0A); /* an empty remote read: complete */
    ck_assert(b.level);
    ck_assert_uint_eq(b.slot, 3);
    ck_assert_uint_eq(b.pin, 0);
    fixture_out(b.f, IO + 7, 0x40);
    ck_assert(!b.level);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(state_is_saved_whole_and_hostile_accesses_are_survived)
{
    struct bench b;
    bench_init(&b);
    fixture_hostile(b.f, 17, 20000);
    fixture_check_state(b.f->device);
    device_fixture_free(b.f);
}
END_TEST

Suite *ne2000_pci_suite(void)
{
    Suite *suite = suite_create("ne2000_pci");
    TCase *tc = tcase_create("ne2000_pci");
    tcase_add_test(tc, drivers_find_10ec_8029_and_its_ports);
    tcase_add_test(tc, config3_is_locked_until_9346cr_says_so);
    tcase_add_test(tc, causes_reach_the_router);
    tcase_add_test(tc, state_is_saved_whole_and_hostile_accesses_are_survived);
    suite_add_tcase(suite, tc);
    return suite;
}
