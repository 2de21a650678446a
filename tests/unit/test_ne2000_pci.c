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

/* --- the EEPROM, as drivers of Realtek's chips reach it: bits through 9346CR --------------------------- */

enum { PROGRAMMING = 0x80, CS = 0x08, SK = 0x04, DI = 0x02, DO = 0x01 };

/* One bit in, and what DO shows behind the rise of the clock. */
static unsigned clock_bit(struct bench *b, unsigned di)
{
    uint8_t pins = (uint8_t)(PROGRAMMING | CS | (di ? DI : 0));
    fixture_out(b->f, IO + 1, pins);
    fixture_out(b->f, IO + 1, (uint8_t)(pins | SK));
    return fixture_in(b->f, IO + 1) & DO;
}

static void clock_bits(struct bench *b, uint32_t bits, unsigned count)
{
    while (count--)
        clock_bit(b, bits >> count & 1);
}

static uint16_t take_word(struct bench *b)
{
    uint16_t word = 0;
    for (unsigned i = 0; i < 16; i++)
        word = (uint16_t)((unsigned)word << 1 | clock_bit(b, 0));
    return word;
}

static void deselect(struct bench *b)
{
    fixture_out(b->f, IO + 1, PROGRAMMING);
}

/* 93LC46B table 1-2: start bit, opcode, six bits of address. */
static void instruct(struct bench *b, unsigned opcode, unsigned address)
{
    fixture_out(b->f, IO, 0xE1);
    clock_bits(b, 1u << 8 | opcode << 6 | address, 9);
}

static uint16_t read_word(struct bench *b, unsigned address)
{
    uint16_t word;
    instruct(b, 2, address);
    ck_assert_uint_eq(fixture_in(b->f, IO + 1) & DO, 0); /* the dummy bit */
    word = take_word(b);
    deselect(b);
    return word;
}

static void write_word(struct bench *b, unsigned address, uint16_t word)
{
    instruct(b, 1, address);
    clock_bits(b, word, 16);
    deselect(b);
}

START_TEST(the_eeprom_gives_the_address_and_goes_on_to_the_next_word)
{
    struct bench b;
    bench_init(&b);
    ck_assert_uint_eq(read_word(&b, 1), 0x5452); /* 52:54:00:12:34:56, low byte first */
    ck_assert_uint_eq(read_word(&b, 2), 0x1200);
    ck_assert_uint_eq(read_word(&b, 3), 0x5634);
    clock_bits(&b, 0, 3); /* zeros before the start bit are nothing (2.1) */
    clock_bits(&b, 1u << 8 | 2u << 6 | 62, 9);
    ck_assert_uint_eq(take_word(&b), 0x10EC);
    ck_assert_uint_eq(take_word(&b), 0x8029);
    ck_assert_uint_eq(take_word(&b), 0x0000); /* word 0 follows word 63 */
    deselect(&b);
    fixture_out(b.f, IO + 1, 0);
    ck_assert_uint_eq(fixture_in(b.f, IO + 1), 0);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(the_eeprom_is_programmed_when_enabled_and_says_when_it_is_over)
{
    struct bench b;
    bench_init(&b);
    write_word(&b, 9, 0x1234); /* 2.6: disabled at power-on */
    fixture_run_us(b.f, 20000);
    ck_assert_uint_eq(read_word(&b, 9), 0);
    instruct(&b, 0, 0x30); /* EWEN */
    deselect(&b);
    write_word(&b, 9, 0x1234);
    fixture_out(b.f, IO + 1, PROGRAMMING | CS);
    ck_assert_uint_eq(fixture_in(b.f, IO + 1) & DO, 0); /* busy */
    instruct(&b, 2, 9); /* not heard */
    fixture_run_us(b.f, 3000);
    fixture_out(b.f, IO + 1, PROGRAMMING | CS);
    ck_assert_uint_eq(fixture_in(b.f, IO + 1) & DO, DO); /* ready */
    deselect(&b);
    ck_assert_uint_eq(read_word(&b, 9), 0x1234);
    instruct(&b, 3, 9); /* ERASE */
    deselect(&b);
    fixture_run_us(b.f, 3000);
    ck_assert_uint_eq(read_word(&b, 9), 0xFFFF);
    instruct(&b, 1, 9); /* cut short: 15 bits */
    clock_bits(&b, 0, 15);
    deselect(&b);
    ck_assert_uint_eq(read_word(&b, 9), 0xFFFF);
    instruct(&b, 0, 0x10); /* WRAL */
    clock_bits(&b, 0xA55A, 16);
    deselect(&b);
    fixture_run_us(b.f, 3000);
    ck_assert_uint_eq(read_word(&b, 0), 0xA55A);
    ck_assert_uint_eq(read_word(&b, 63), 0xA55A);
    instruct(&b, 0, 0x00); /* EWDS */
    deselect(&b);
    instruct(&b, 0, 0x20); /* ERAL */
    deselect(&b);
    fixture_run_us(b.f, 3000);
    ck_assert_uint_eq(read_word(&b, 63), 0xA55A);
    device_fixture_free(b.f);
}
END_TEST

static unsigned prom_byte(struct bench *b, unsigned address)
{
    fixture_out(b->f, IO, 0x22);
    fixture_out(b->f, IO + 0x08, (uint8_t)address);
    fixture_out(b->f, IO + 0x09, 0);
    fixture_out(b->f, IO + 0x0A, 1);
    fixture_out(b->f, IO + 0x0B, 0);
    fixture_out(b->f, IO, 0x0A);
    return fixture_in(b->f, IO + 0x10);
}

START_TEST(a_new_address_comes_with_a_load_or_a_reset)
{
    struct bench b, other;
    bench_init(&b);
    bench_init(&other);
    instruct(&b, 0, 0x30);
    deselect(&b);
    write_word(&b, 3, 0x9934); /* 52:54:00:12:34:99 */
    fixture_run_us(b.f, 3000);
    ck_assert_uint_eq(prom_byte(&b, 10), 0x56);
    fixture_out(b.f, IO, 0xE1);
    fixture_out(b.f, IO + 1, 0x40); /* load; the mode is normal again */
    ck_assert_uint_eq(fixture_in(b.f, IO + 1), 0);
    ck_assert_uint_eq(prom_byte(&b, 10), 0x99);
    fixture_out(b.f, IO, 0xE1);
    write_word(&b, 3, 0x7734);
    fixture_run_us(b.f, 3000);
    b.f->device->type->reset(b.f->device, RESET_HARD);
    pci_config_write(&b.bus, 0, DEVFN, PCI_BAR0, 4, IO);
    pci_config_write(&b.bus, 0, DEVFN, PCI_COMMAND, 2, PCI_COMMAND_IO);
    ck_assert_uint_eq(prom_byte(&b, 10), 0x77);
    ck_assert_uint_eq(prom_byte(&other, 10), 0x56); /* each card has its own */
    device_fixture_free(b.f);
    device_fixture_free(other.f);
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
    tcase_add_test(tc, the_eeprom_gives_the_address_and_goes_on_to_the_next_word);
    tcase_add_test(tc, the_eeprom_is_programmed_when_enabled_and_says_when_it_is_over);
    tcase_add_test(tc, a_new_address_comes_with_a_load_or_a_reset);
    tcase_add_test(tc, causes_reach_the_router);
    tcase_add_test(tc, state_is_saved_whole_and_hostile_accesses_are_survived);
    suite_add_tcase(suite, tc);
    return suite;
}
