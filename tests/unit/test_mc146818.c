/* The real-time clock against the MC146818A data sheet. */
#include <check.h>

#include "devices/types.h"
#include "tests/unit/fixture.h"

#define SECOND_US 1000000u

static uint8_t get(struct device_fixture *f, uint8_t index)
{
    fixture_out(f, 0x70, index);
    return fixture_in(f, 0x71);
}

static void set(struct device_fixture *f, uint8_t index, uint8_t value)
{
    fixture_out(f, 0x70, index);
    fixture_out(f, 0x71, value);
}

static struct device_fixture *make(const char *name, const char *value)
{
    struct device_config config = {0};
    if (name)
        fixture_set(&config, name, value);
    return device_fixture_new(&MC146818_TYPE, &config);
}

/* Registers 9, 8, 7, 4, 2, 0 and the century. */
static void expect_time(struct device_fixture *f, unsigned century, unsigned year, unsigned month,
                        unsigned date, unsigned hours, unsigned minutes, unsigned seconds)
{
    ck_assert_uint_eq(get(f, 0x32), century);
    ck_assert_uint_eq(get(f, 9), year);
    ck_assert_uint_eq(get(f, 8), month);
    ck_assert_uint_eq(get(f, 7), date);
    ck_assert_uint_eq(get(f, 4), hours);
    ck_assert_uint_eq(get(f, 2), minutes);
    ck_assert_uint_eq(get(f, 0), seconds);
}

START_TEST(option_time_sets_the_calendar)
{
    struct device_fixture *f = make("time", "951827696"); /* 2000-02-29 12:34:56, a Tuesday */
    expect_time(f, 0x20, 0x00, 0x02, 0x29, 0x12, 0x34, 0x56);
    ck_assert_uint_eq(get(f, 6), 3);
    device_fixture_free(f);
    f = make("time", "0");
    expect_time(f, 0x19, 0x70, 0x01, 0x01, 0, 0, 0);
    ck_assert_uint_eq(get(f, 6), 5);
    device_fixture_free(f);
}
END_TEST

START_TEST(last_second_of_the_century_rolls_everything_over)
{
    struct device_fixture *f = make("time", "946684799"); /* 1999-12-31 23:59:59, a Friday */
    expect_time(f, 0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
    ck_assert_uint_eq(get(f, 6), 6);
    fixture_run_us(f, SECOND_US);
    expect_time(f, 0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00);
    ck_assert_uint_eq(get(f, 6), 7);
    device_fixture_free(f);
}
END_TEST

START_TEST(february_has_29_days_every_fourth_year)
{
    static const struct {
        uint8_t year, month, date, next_month, next_date;
    } CASES[] = {
        {0x23, 0x02, 0x28, 0x03, 0x01},
        {0x24, 0x02, 0x28, 0x02, 0x29},
        {0x24, 0x02, 0x29, 0x03, 0x01},
        {0x24, 0x04, 0x30, 0x05, 0x01},
        {0x24, 0x07, 0x31, 0x08, 0x01},
        {0x00, 0x02, 0x28, 0x02, 0x29},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct device_fixture *f = make(NULL, NULL);
        set(f, 0x0B, 0x82);
        set(f, 9, CASES[i].year);
        set(f, 8, CASES[i].month);
        set(f, 7, CASES[i].date);
        set(f, 4, 0x23);
        set(f, 2, 0x59);
        set(f, 0, 0x59);
        set(f, 0x0B, 0x02);
        fixture_run_us(f, SECOND_US);
        ck_assert_uint_eq(get(f, 8), CASES[i].next_month);
        ck_assert_uint_eq(get(f, 7), CASES[i].next_date);
        device_fixture_free(f);
    }
}
END_TEST

/* 146818 p.15: the last Sundays of April and October, by the day of the week that is in its register. */
START_TEST(daylight_saving_leaves_out_an_hour_and_repeats_one)
{
    static const struct {
        uint8_t b, month, date, day, hours, then;
    } CASES[] = {
        {0x03, 0x04, 0x30, 1, 0x01, 0x03}, /* DSE, 24 hours */
        {0x03, 0x04, 0x24, 1, 0x01, 0x03},
        {0x03, 0x04, 0x23, 1, 0x01, 0x02}, /* not the last */
        {0x03, 0x04, 0x30, 2, 0x01, 0x02}, /* no Sunday */
        {0x03, 0x04, 0x30, 1, 0x02, 0x03},
        {0x02, 0x04, 0x30, 1, 0x01, 0x02}, /* without DSE */
        {0x01, 0x04, 0x30, 1, 0x81, 0x82}, /* 12 hours: 1 PM */
        {0x03, 0x10, 0x25, 1, 0x01, 0x01},
        {0x03, 0x10, 0x24, 1, 0x01, 0x02},
        {0x03, 0x09, 0x30, 1, 0x01, 0x02}
    };
    struct device_fixture *other = make(NULL, NULL);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct device_fixture *f = make(NULL, NULL);
        set(f, 0x0B, 0x80 | CASES[i].b);
        set(f, 8, CASES[i].month);
        set(f, 7, CASES[i].date);
        set(f, 6, CASES[i].day);
        set(f, 4, CASES[i].hours);
        set(f, 2, 0x59);
        set(f, 0, 0x59);
        set(f, 0x0B, CASES[i].b);
        fixture_run_us(f, SECOND_US);
        ck_assert_msg(get(f, 4) == CASES[i].then, "case %zu: %02Xh", i, get(f, 4));
        ck_assert_uint_eq(get(f, 2), 0);
        fixture_check_state(f->device);
        if (CASES[i].month == 0x10 && CASES[i].then == 1) { /* the second time it goes on */
            set(f, 2, 0x59);
            set(f, 0, 0x59);
            fixture_run_us(f, SECOND_US);
            ck_assert_uint_eq(get(f, 4), 2);
        }
        device_fixture_free(f);
    }
    ck_assert_uint_eq(get(other, 4), 0);
    device_fixture_free(other);
}
END_TEST

START_TEST(binary_mode_counts_in_binary)
{
    struct device_fixture *f = make(NULL, NULL);
    set(f, 0x0B, 0x86);
    set(f, 0, 9);
    set(f, 4, 23);
    set(f, 0x0B, 0x06);
    fixture_run_us(f, SECOND_US);
    ck_assert_uint_eq(get(f, 0), 10);
    device_fixture_free(f);
}
END_TEST

/* 146818 table 3: 11 PM is followed by 12 AM, 11 AM by 12 PM, 12 PM by 1 PM. */
START_TEST(twelve_hour_mode_marks_pm_in_bit_7)
{
    static const uint8_t STEPS[][2] = {
        {0x91, 0x12},
        {0x12, 0x01},
        {0x11, 0x92},
        {0x92, 0x81}
    };
    for (size_t i = 0; i < 4; i++) {
        struct device_fixture *f = make(NULL, NULL);
        set(f, 0x0B, 0x80);
        set(f, 4, STEPS[i][0]);
        set(f, 2, 0x59);
        set(f, 0, 0x59);
        set(f, 0x0B, 0x00);
        fixture_run_us(f, SECOND_US);
        ck_assert_uint_eq(get(f, 4), STEPS[i][1]);
        device_fixture_free(f);
    }
}
END_TEST

/* 146818 p.12: UIP is set 244 us before the update, which takes 1,984 us. */
START_TEST(update_in_progress_announces_the_change)
{
    struct device_fixture *f = make(NULL, NULL);
    fixture_run_us(f, SECOND_US - 2229);
    ck_assert_uint_eq(get(f, 0x0A), 0x26);
    fixture_run_us(f, 2);
    ck_assert_uint_eq(get(f, 0x0A), 0xA6);
    fixture_run_us(f, 2226);
    ck_assert_uint_eq(get(f, 0x0A), 0xA6);
    ck_assert_uint_eq(get(f, 0), 0x00);
    fixture_run_us(f, 1);
    ck_assert_uint_eq(get(f, 0x0A), 0x26);
    ck_assert_uint_eq(get(f, 0), 0x01);
    device_fixture_free(f);
}
END_TEST

START_TEST(set_bit_holds_the_time_and_clears_uie)
{
    struct device_fixture *f = make(NULL, NULL);
    set(f, 0x0B, 0x12);
    ck_assert_uint_eq(get(f, 0x0B), 0x12);
    set(f, 0x0B, 0x92);
    ck_assert_uint_eq(get(f, 0x0B), 0x82);
    fixture_run_us(f, 3 * SECOND_US);
    ck_assert_uint_eq(get(f, 0), 0);
    ck_assert_uint_eq(get(f, 0x0C) & 0x10, 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(divider_started_anew_updates_after_half_a_second)
{
    struct device_fixture *f = make(NULL, NULL);
    fixture_run_us(f, 900000);
    set(f, 0x0A, 0x66);
    fixture_run_us(f, 5 * SECOND_US);
    ck_assert_uint_eq(get(f, 0), 0);
    set(f, 0x0A, 0x26);
    fixture_run_us(f, 499999);
    ck_assert_uint_eq(get(f, 0), 0);
    fixture_run_us(f, 1);
    ck_assert_uint_eq(get(f, 0), 1);
    fixture_run_us(f, SECOND_US);
    ck_assert_uint_eq(get(f, 0), 2);
    device_fixture_free(f);
}
END_TEST

START_TEST(update_interrupt_holds_irq8_until_c_is_read)
{
    struct device_fixture *f = make(NULL, NULL);
    struct fixture_probe irq;
    fixture_probe(f, f->device, "irq", &irq);
    set(f, 0x0B, 0x12);
    fixture_run_us(f, SECOND_US - 1);
    ck_assert(!irq.level);
    fixture_run_us(f, 1);
    ck_assert(irq.level);
    fixture_run_us(f, 5 * SECOND_US);
    ck_assert_uint_eq(irq.rises, 1);
    ck_assert_uint_eq(get(f, 0x0C) & 0xB0, 0x90);
    ck_assert(!irq.level);
    ck_assert_uint_eq(get(f, 0x0C) & 0x90, 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(periodic_interrupt_comes_at_the_rate_of_rs)
{
    /* 146818 table 5, 32.768 kHz: periods of RS in ticks of the crystal */
    static const unsigned TICKS[16] = {0,   128, 256, 4,    8,    16,   32,   64,
                                       128, 256, 512, 1024, 2048, 4096, 8192, 16384};
    for (uint8_t rs = 1; rs < 16; rs++) {
        struct device_fixture *f = make(NULL, NULL);
        struct fixture_probe irq;
        unsigned count = 0;
        fixture_probe(f, f->device, "irq", &irq);
        set(f, 0x0A, 0x20 | rs);
        set(f, 0x0B, 0x42);
        for (unsigned tick = 0; tick < 32768; tick++) {
            fixture_run(f, FIXTURE_HZ / 32768 + 1);
            if (irq.level) {
                ck_assert_uint_eq(get(f, 0x0C) & 0xC0, 0xC0);
                count++;
            }
        }
        ck_assert_uint_ge(count, 32768 / TICKS[rs]);
        ck_assert_uint_le(count, 32768 / TICKS[rs] + 4);
        device_fixture_free(f);
    }
}
END_TEST

START_TEST(periodic_flag_is_set_without_its_interrupt)
{
    struct device_fixture *f = make(NULL, NULL);
    get(f, 0x0C);
    ck_assert_uint_eq(get(f, 0x0C), 0);
    fixture_run_us(f, 1000); /* a period of 1,024 Hz has ended */
    ck_assert_uint_eq(get(f, 0x0C), 0x40);
    ck_assert_uint_eq(get(f, 0x0C), 0x00);
    device_fixture_free(f);
}
END_TEST

START_TEST(alarm_matches_and_does_not_care_where_told)
{
    struct device_fixture *f = make(NULL, NULL);
    struct fixture_probe irq;
    fixture_probe(f, f->device, "irq", &irq);
    set(f, 1, 0x05);
    set(f, 3, 0xC0);
    set(f, 5, 0xFF);
    set(f, 0x0B, 0x22);
    fixture_run_us(f, 4 * SECOND_US + 999999);
    ck_assert(!irq.level);
    fixture_run_us(f, 1);
    ck_assert(irq.level);
    ck_assert_uint_eq(get(f, 0x0C) & 0xA0, 0xA0);
    fixture_run_us(f, 60 * SECOND_US - 1);
    ck_assert(!irq.level);
    fixture_run_us(f, 1);
    ck_assert(irq.level);
    device_fixture_free(f);
}
END_TEST

/* 146818 p.7: the alarm's hours have the form of the hours, PM included; p.8: its flag needs no
 * enable. */
START_TEST(alarm_tells_noon_from_midnight_and_sets_its_flag_when_not_enabled)
{
    static const struct {
        uint8_t mode, hours, fifty_nine, alarm_hours;
        bool is_met;
    } CASES[] = {
        {0x00, 0x11, 0x59, 0x92, true}, /* BCD, 12 hours: 11 AM, then 12 PM */
        {0x00, 0x11, 0x59, 0x12, false}, {0x00, 0x91, 0x59, 0x12, true},
        {0x00, 0x91, 0x59, 0x92, false}, {0x04, 11, 59, 0x8C, true}, /* binary: 12 PM is 8Ch */
        {0x04, 11, 59, 12, false},       {0x06, 11, 59, 12, true},
        {0x02, 0x23, 0x59, 0x00, true},  {0x02, 0x23, 0x59, 0xC0, true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct device_fixture *f = make(NULL, NULL);
        set(f, 0x0B, 0x80 | CASES[i].mode);
        set(f, 4, CASES[i].hours);
        set(f, 2, CASES[i].fifty_nine);
        set(f, 0, CASES[i].fifty_nine);
        set(f, 5, CASES[i].alarm_hours);
        set(f, 3, 0);
        set(f, 1, 0);
        (void)get(f, 0x0C);
        set(f, 0x0B, CASES[i].mode);
        fixture_run_us(f, SECOND_US);
        ck_assert_uint_eq(get(f, 0x0C) & 0xA0, CASES[i].is_met ? 0x20 : 0);
        ck_assert_uint_eq(get(f, 0x0C) & 0x20, 0);
        device_fixture_free(f);
    }
}
END_TEST

START_TEST(memory_sizes_stand_where_the_bios_looks)
{
    struct device_fixture *f;
    struct device_config config = {0};
    fixture_set(&config, "memory", "131072"); /* 128 MiB */
    fixture_set(&config, "high_memory", "4194304");
    fixture_set(&config, "floppy", "0x44");
    fixture_set(&config, "boot", "adc");
    f = device_fixture_new(&MC146818_TYPE, &config);
    ck_assert_uint_eq((unsigned)get(f, 0x15) | (unsigned)get(f, 0x16) << 8, 640);
    ck_assert_uint_eq((unsigned)get(f, 0x17) | (unsigned)get(f, 0x18) << 8, 65535);
    ck_assert_uint_eq((unsigned)get(f, 0x30) | (unsigned)get(f, 0x31) << 8, 65535);
    ck_assert_uint_eq((unsigned)get(f, 0x34) | (unsigned)get(f, 0x35) << 8, (131072 - 16384) / 64);
    ck_assert_uint_eq((unsigned)get(f, 0x5B) | (unsigned)get(f, 0x5C) << 8 |
                          (unsigned)get(f, 0x5D) << 16,
                      4194304 / 64);
    ck_assert_uint_eq(get(f, 0x10), 0x44);
    ck_assert_uint_eq(get(f, 0x14), 0x47);
    ck_assert_uint_eq(get(f, 0x3D), 0x31);
    ck_assert_uint_eq(get(f, 0x38), 0x20);
    device_fixture_free(f);
}
END_TEST

/* Ralf Brown's CMOS.LST, 12h, 19h-23h (AMI): type 47 with its geometry. */
START_TEST(ide_drives_stand_where_setup_keeps_them)
{
    static const uint8_t DRIVE_D[9] = {0x90, 0x01, 16, 0xFF, 0xFF, 0xC8, 0x90, 0x01, 63};
    struct device_fixture *f = make("disk1", "26218559"); /* 400/16/63 */
    ck_assert_uint_eq(get(f, 0x12), 0x0F);
    ck_assert_uint_eq(get(f, 0x19), 0);
    ck_assert_uint_eq(get(f, 0x1A), 47);
    for (uint8_t i = 0; i < 9; i++) {
        ck_assert_uint_eq(get(f, 0x1B + i), 0);
        ck_assert_uint_eq(get(f, 0x24 + i), DRIVE_D[i]);
    }
    device_fixture_free(f);
}
END_TEST

START_TEST(checksum_covers_10h_to_2dh)
{
    struct device_fixture *f = make("memory", "65536");
    unsigned sum = 0;
    for (uint8_t at = 0x10; at <= 0x2D; at++)
        sum += get(f, at);
    ck_assert_uint_eq((unsigned)get(f, 0x2E) << 8 | (unsigned)get(f, 0x2F), sum);
    device_fixture_free(f);
}
END_TEST

START_TEST(unknown_boot_device_is_refused)
{
    struct device_fixture *f = fixture_new();
    struct device_config config = {0};
    struct error error = {STATUS_OK, ""};
    struct device *device = NULL;
    fixture_set(&config, "boot", "cx");
    ck_assert_int_eq(fixture_try_add(f, &MC146818_TYPE, &config, &device, &error), STATUS_USAGE);
    ck_assert(error.text[0] != '\0');
    device_fixture_free(f);
}
END_TEST

START_TEST(port_70h_masks_nmi)
{
    struct device_fixture *f = make(NULL, NULL);
    struct fixture_probe mask;
    fixture_probe(f, f->device, "nmi_mask", &mask);
    fixture_out(f, 0x70, 0x8F);
    ck_assert(mask.level);
    fixture_out(f, 0x71, 0x0A);
    ck_assert_uint_eq(get(f, 0x0F), 0x0A);
    ck_assert(!mask.level);
    device_fixture_free(f);
}
END_TEST

START_TEST(hard_reset_keeps_time_and_memory_but_not_interrupts)
{
    struct device_fixture *f = make("time", "951827696");
    set(f, 0x0B, 0x72);
    set(f, 0x0F, 0x05);
    fixture_run_us(f, SECOND_US);
    MC146818_TYPE.reset(f->device, RESET_HARD);
    ck_assert_uint_eq(get(f, 0x0B), 0x02);
    ck_assert_uint_eq(get(f, 0x0F), 0x05);
    ck_assert_uint_eq(get(f, 0x00), 0x57);
    device_fixture_free(f);
}
END_TEST

START_TEST(accesses_are_described)
{
    struct device_fixture *f = make("time", "951827696");
    ck_assert_str_eq(fixture_describe(f, f->device, 0x70, true, 0x8F),
                     "CMOS index 0Fh: shutdown, NMI masked");
    fixture_out(f, 0x70, 0x00);
    ck_assert_str_eq(fixture_describe(f, f->device, 0x71, false, 0x56),
                     "CMOS 00h, seconds: 56 (BCD)");
    device_fixture_free(f);
}
END_TEST

START_TEST(two_clocks_do_not_see_each_other)
{
    struct device_fixture *f = make(NULL, NULL);
    struct device_config config = {.name = "rtc2"};
    struct device *second;
    uint64_t before;
    fixture_set(&config, "base", "0x72");
    second = fixture_add(f, &MC146818_TYPE, &config);
    before = fixture_hash(second);
    set(f, 0x40, 0x77);
    set(f, 0x0A, 0x66);
    ck_assert_uint_eq(fixture_hash(second), before);
    device_fixture_free(f);
}
END_TEST

START_TEST(state_is_saved_whole)
{
    struct device_fixture *f = make(NULL, NULL);
    set(f, 0x0B, 0x42);
    fixture_run_us(f, 123456);
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

START_TEST(survives_random_accesses)
{
    struct device_fixture *f = make(NULL, NULL);
    fixture_hostile(f, 146818, 20000);
    fixture_run_us(f, 3 * SECOND_US);
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

START_TEST(alarm_that_cares_for_nothing_comes_every_second)
{
    struct device_fixture *f = make(NULL, NULL);
    struct fixture_probe irq;
    fixture_probe(f, f->device, "irq", &irq);
    set(f, 1, 0xC0);
    set(f, 3, 0xC0);
    set(f, 5, 0xC0);
    set(f, 0x0B, 0x22);
    for (unsigned i = 1; i <= 3; i++) {
        fixture_run_us(f, SECOND_US);
        ck_assert_uint_eq(irq.rises, i);
        ck_assert_uint_eq(get(f, 0x0C) & 0xA0, 0xA0);
    }
    device_fixture_free(f);
}
END_TEST

/* 146818 p.6: in 12-hour mode the alarm's bit 7 is PM as well. */
START_TEST(alarm_of_twelve_hours_tells_am_from_pm)
{
    for (unsigned pm = 0; pm < 2; pm++) {
        struct device_fixture *f = make(NULL, NULL);
        set(f, 0x0B, 0x80);
        set(f, 4, 0x92);
        set(f, 2, 0x59);
        set(f, 0, 0x59);
        set(f, 5, pm ? 0x81 : 0x01);
        set(f, 0x0B, 0x00);
        fixture_run_us(f, SECOND_US); /* 1 PM; AIE is off, the flag is set nevertheless */
        ck_assert_uint_eq(get(f, 0x0C) & 0xA0, pm ? 0x20 : 0);
        device_fixture_free(f);
    }
}
END_TEST

/* 146818 p.15: an enable that finds its flag set makes the interrupt at once. */
START_TEST(enable_after_its_flag_interrupts_at_once)
{
    struct device_fixture *f = make(NULL, NULL);
    struct fixture_probe irq;
    fixture_probe(f, f->device, "irq", &irq);
    fixture_run_us(f, SECOND_US);
    ck_assert(!irq.level);
    set(f, 0x0B, 0x12);
    ck_assert(irq.level);
    set(f, 0x0B, 0x02);
    ck_assert(!irq.level);
    set(f, 0x0B, 0x42);
    ck_assert(irq.level);
    device_fixture_free(f);
}
END_TEST

/* 146818 pp.14-16: RS = 0 has no periods, SET no UIP; C and D are read only. */
START_TEST(no_rate_no_period_and_set_shows_no_update)
{
    struct device_fixture *f = make(NULL, NULL);
    set(f, 0x0A, 0x20);
    set(f, 0x0B, 0xC2);
    get(f, 0x0C);
    fixture_run_us(f, SECOND_US - 1000);
    ck_assert_uint_eq(get(f, 0x0A), 0x20);
    ck_assert_uint_eq(get(f, 0x0C), 0);
    set(f, 0x0B, 0x02);
    ck_assert_uint_eq(get(f, 0x0A), 0xA0);
    set(f, 0x0C, 0xF0);
    set(f, 0x0D, 0x00);
    ck_assert_uint_eq(get(f, 0x0C), 0);
    ck_assert_uint_eq(get(f, 0x0D), 0x80);
    device_fixture_free(f);
}
END_TEST

Suite *mc146818_suite(void)
{
    Suite *suite = suite_create("mc146818");
    TCase *tests = tcase_create("mc146818");
    tcase_add_test(tests, option_time_sets_the_calendar);
    tcase_add_test(tests, last_second_of_the_century_rolls_everything_over);
    tcase_add_test(tests, february_has_29_days_every_fourth_year);
    tcase_add_test(tests, daylight_saving_leaves_out_an_hour_and_repeats_one);
    tcase_add_test(tests, binary_mode_counts_in_binary);
    tcase_add_test(tests, twelve_hour_mode_marks_pm_in_bit_7);
    tcase_add_test(tests, update_in_progress_announces_the_change);
    tcase_add_test(tests, set_bit_holds_the_time_and_clears_uie);
    tcase_add_test(tests, divider_started_anew_updates_after_half_a_second);
    tcase_add_test(tests, update_interrupt_holds_irq8_until_c_is_read);
    tcase_add_test(tests, periodic_interrupt_comes_at_the_rate_of_rs);
    tcase_add_test(tests, periodic_flag_is_set_without_its_interrupt);
    tcase_add_test(tests, alarm_matches_and_does_not_care_where_told);
    tcase_add_test(tests, alarm_tells_noon_from_midnight_and_sets_its_flag_when_not_enabled);
    tcase_add_test(tests, memory_sizes_stand_where_the_bios_looks);
    tcase_add_test(tests, ide_drives_stand_where_setup_keeps_them);
    tcase_add_test(tests, checksum_covers_10h_to_2dh);
    tcase_add_test(tests, unknown_boot_device_is_refused);
    tcase_add_test(tests, port_70h_masks_nmi);
    tcase_add_test(tests, hard_reset_keeps_time_and_memory_but_not_interrupts);
    tcase_add_test(tests, accesses_are_described);
    tcase_add_test(tests, two_clocks_do_not_see_each_other);
    tcase_add_test(tests, state_is_saved_whole);
    tcase_add_test(tests, survives_random_accesses);
    tcase_add_test(tests, alarm_that_cares_for_nothing_comes_every_second);
    tcase_add_test(tests, alarm_of_twelve_hours_tells_am_from_pm);
    tcase_add_test(tests, enable_after_its_flag_interrupts_at_once);
    tcase_add_test(tests, no_rate_no_period_and_set_shows_no_update);
    suite_add_tcase(suite, tests);
    return suite;
}
