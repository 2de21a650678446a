/* bus/device: options, wires, guest errors, saved sections. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/fixture.h"

struct toy {
    struct device device;
    struct irq_line out;
    uint32_t base, input_changes, resets;
    uint8_t level, number;
    bool was_loaded;
};

static const struct state_field TOY_STATE[] = {
    STATE_STRUCT(struct toy, out, IRQ_LINE_STATE), STATE_ONE(struct toy, base),
    STATE_ONE(struct toy, input_changes),          STATE_ONE(struct toy, resets),
    STATE_ONE(struct toy, level),                  STATE_ONE(struct toy, number),
    STATE_REBUILT(struct toy, was_loaded),         STATE_TABLE_END};
static const struct device_option OPTIONS[] = {
    {"iobase", "0x300", "first port", 0x100, 0xFFE0},
    {"irq", "9", "interrupt", 2, 15},
    {"mac", "52:54:00:12:34:56", "address", 0, 0},
    DEVICE_OPTIONS_END};
static const struct device_pin PINS[] = {{"irq", offsetof(struct toy, out)}, {NULL, 0}};
static const char *const INPUTS[] = {"gate0", "gate1", NULL};

static uint64_t toy_read(void *self, uint64_t offset, unsigned size)
{
    (void)size;
    device_guest_error(self, "offset %u has no register", (unsigned)offset);
    return 0;
}
static void toy_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)self;
    (void)offset;
    (void)size;
    (void)value;
}
static const struct region_ops TOY_OPS = {toy_read, toy_write, NULL, NULL};

static enum status toy_init(struct device *device, const struct device_config *config,
                            struct error *error)
{
    struct toy *toy = (struct toy *)(void *)device;
    enum status status;
    toy->base = (uint32_t)device_number(device->type, config, "iobase");
    status = device_attach(device, device->env->ports, NULL, &TOY_OPS, toy->base, 16, error);
    if (status != STATUS_OK)
        return status;
    if (strcmp(device_text(device->type, config, "mac"), "fails") == 0)
        return error_set(error, STATUS_FILE, "as asked for");
    return STATUS_OK;
}
static void toy_reset(struct device *device, enum reset_kind kind)
{
    (void)kind;
    ((struct toy *)(void *)device)->resets++;
}
static void toy_input(struct device *device, unsigned input, bool level)
{
    struct toy *toy = (struct toy *)(void *)device;
    toy->input_changes++;
    toy->number = (uint8_t)input;
    toy->level = level;
}
static void toy_loaded(struct device *device)
{
    ((struct toy *)(void *)device)->was_loaded = true;
}
static const struct device_type TOY = {.name = "toy", .title = "Toy", .datasheet = "this test",
                                       .missing = "", .size = sizeof(struct toy), .version = 2,
                                       .options = OPTIONS, .state = TOY_STATE, .pins = PINS,
                                       .inputs = INPUTS, .init = toy_init, .reset = toy_reset,
                                       .input = toy_input, .loaded = toy_loaded};
static const struct device_type PLAIN = {.name = "plain", .title = "Plain", .datasheet = "this test",
                                         .missing = "", .size = sizeof(struct toy), .version = 1,
                                         .state = TOY_STATE, .init = toy_init, .reset = toy_reset};

static struct device_fixture *f;
static struct error error;

static void setup(void)
{
    f = fixture_new();
    memset(&error, 0, sizeof error);
}
static void teardown(void)
{
    device_fixture_free(f);
}

static const struct {
    const char *name, *value, *message;
} WRONG[] = {
    {"iobse", "0x300", "toy: unknown option 'iobse'; fix: did you mean 'iobase'?"},
    {"irg", "9", "did you mean 'irq'?"},
    {"irq", "1", "toy: irq=1 is not possible; fix: a number from 0x2 to 0xf"},
    {"irq", "16", "irq=16"},
    {"irq", "-3", "irq=-3"},
    {"irq", " 9", "irq= 9"},
    {"irq", "", "irq="},
    {"irq", "9x", "irq=9x"},
    {"irq", "99999999999999999999", "irq="},
    {"iobase", "300h", "iobase=300h"},
    {"iobase", "70000", "iobase=70000"},
};

START_TEST(wrong_options_are_refused_with_a_way_out)
{
    struct device_config config = {.name = NULL};
    struct device *device;
    fixture_set(&config, WRONG[_i].name, WRONG[_i].value);
    ck_assert_int_eq(fixture_try_add(f, &TOY, &config, &device, &error), STATUS_USAGE);
    ck_assert_msg(strstr(error.text, WRONG[_i].message) != NULL, "'%s'", error.text);
    ck_assert_ptr_null(device);
    for (unsigned port = 0; port < 65536; port++)
        ck_assert_ptr_null(f->ports.ports[port].region);
}
END_TEST

START_TEST(numbers_are_decimal_or_hexadecimal)
{
    static const struct {
        const char *text;
        uint32_t base;
    } ROWS[] = {{"768", 0x300}, {"0x320", 0x320}, {"0X340", 0x340}, {"0900", 900}};
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct device_config config = {.name = "nic"};
        struct device *device;
        fixture_set(&config, "iobase", ROWS[i].text);
        device = fixture_add(f, &TOY, &config);
        ck_assert_uint_eq(((struct toy *)(void *)device)->base, ROWS[i].base);
        device_free(device);
        f->device_count = 0;
    }
}
END_TEST

START_TEST(unset_options_have_their_default_and_types_may_have_none)
{
    struct device_config config = {.name = "p"};
    struct device *device = fixture_add(f, &TOY, NULL);
    ck_assert_uint_eq(((struct toy *)(void *)device)->base, 0x300);
    ck_assert_uint_eq(((struct toy *)(void *)device)->resets, 1);
    fixture_set(&config, "irq", "5");
    ck_assert_int_eq(fixture_try_add(f, &PLAIN, &config, &device, &error), STATUS_USAGE);
    ck_assert_str_eq(error.text, "p: plain has no options; fix: leave 'irq' out");
}
END_TEST

START_TEST(two_cards_at_one_address_are_refused_by_name)
{
    struct device_config one = {.name = "nic0"}, two = {.name = "nic1"};
    struct device *device;
    fixture_add(f, &TOY, &one);
    fixture_set(&two, "iobase", "0x308");
    ck_assert_int_eq(fixture_try_add(f, &TOY, &two, &device, &error), STATUS_USAGE);
    ck_assert_str_eq(error.text, "nic1: port 0x308 belongs to nic0 already; fix: another address");
    ck_assert_ptr_null(f->ports.ports[0x310].region);
    ck_assert_ptr_eq(f->ports.ports[0x30F].region->device, f->device);
}
END_TEST

START_TEST(an_init_that_fails_leaves_nothing_attached)
{
    struct device_config config = {.name = NULL};
    struct device *device;
    fixture_set(&config, "mac", "fails");
    ck_assert_int_eq(fixture_try_add(f, &TOY, &config, &device, &error), STATUS_FILE);
    ck_assert_ptr_null(f->ports.ports[0x300].region);
    ck_assert_ptr_null(f->ports.regions);
}
END_TEST

START_TEST(wires_tell_edges_only_and_unknown_pins_are_refused)
{
    struct device_config config = {.name = "to"};
    struct toy *from, *to;
    fixture_set(&config, "iobase", "0x400");
    from = (struct toy *)(void *)fixture_add(f, &TOY, NULL);
    to = (struct toy *)(void *)fixture_add(f, &TOY, &config);
    ck_assert_int_eq(device_wire(&from->device, "irq", &to->device, "gate1", &error), STATUS_OK);
    irq_line_set(&from->out, true);
    irq_line_set(&from->out, true);
    ck_assert_uint_eq(to->input_changes, 1);
    ck_assert_uint_eq(to->number, 1);
    ck_assert_uint_eq(to->level, 1);
    irq_line_pulse(&from->out); /* high already: only the fall is an edge */
    ck_assert_uint_eq(to->input_changes, 2);
    ck_assert_uint_eq(to->level, 0);
    irq_line_pulse(&to->out); /* connected to nobody */
    ck_assert_int_eq(device_wire(&from->device, "irk", &to->device, "gate1", &error),
                     STATUS_INTERNAL);
    ck_assert_str_eq(error.text, "there is no wire toy.irk to to.gate1");
    ck_assert_int_eq(device_input(&TOY, "gate1"), 1);
    ck_assert_int_eq(device_input(&TOY, "gate2"), -1);
    ck_assert_int_eq(device_input(&PLAIN, "gate0"), -1);
    ck_assert_ptr_null(device_pin(&to->device, "out"));
}
END_TEST

START_TEST(guest_errors_name_device_register_port_value_and_place)
{
    struct door_watcher watcher = {0};
    fixture_add(f, &TOY, NULL);
    door_add_watcher(&f->door, &watcher);
    for (int i = 0; i < 100; i++)
        fixture_in(f, 0x304);
    ck_assert_uint_eq(f->guest_errors, 1);
    ck_assert_str_eq(f->last_line, "test: guest-error dev=toy reg=- port=304 val=0 "
                                   "cs:ip=0000:00000000: offset 4 has no register");
    ck_assert_uint_eq(f->log.suppressed, 99);
    door_remove_watcher(&f->door, &watcher);
    fixture_in(f, 0x304); /* the same place, unwatched */
    ck_assert_uint_eq(f->guest_errors, 1);
}
END_TEST

/* --- saved sections ------------------------------------------------------------------------------- */

START_TEST(sections_are_named_after_the_instance)
{
    struct device_config config = {.name = "nic3"};
    struct device *device = fixture_add(f, &TOY, &config);
    struct toy *toy = (struct toy *)(void *)device;
    struct state_stream stream = {0};
    toy->level = 9;
    device_save(device, &stream);
    ck_assert_mem_eq(stream.bytes + 2, "nic3", 4);
    toy->level = 1;
    ck_assert_int_eq(device_load(device, &stream, &error), STATUS_OK);
    ck_assert_uint_eq(toy->level, 9);
    ck_assert(toy->was_loaded);
    ck_assert_uint_eq(toy->resets, 1);
    fixture_check_state(device);
    state_stream_free(&stream);
}
END_TEST

/* Writes a section by hand: of another version, longer, shorter. */
static enum status load_made_up(struct device *device, unsigned version, size_t change)
{
    struct state_stream payload = {0}, stream = {0};
    enum status status;
    state_save(&payload, TOY_STATE, device);
    state_put_uint(&payload, 0, 8);
    payload.used = payload.used - 8 + change;
    state_put_section(&stream, device->name, version, &payload);
    memset(&error, 0, sizeof error);
    status = device_load(device, &stream, &error);
    state_stream_free(&payload);
    state_stream_free(&stream);
    return status;
}

START_TEST(sections_of_newer_programs_or_other_shapes_are_refused)
{
    struct device *device = fixture_add(f, &TOY, NULL);
    ck_assert_int_eq(load_made_up(device, 2, 0), STATUS_OK);
    ck_assert_int_eq(load_made_up(device, 3, 0), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "version 3, this program knows 2"));
    ck_assert_int_eq(load_made_up(device, 2, 4), STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "does not fit this machine"));
    ck_assert_int_eq(load_made_up(device, 2, (size_t)-1), STATUS_FILE);
}
END_TEST

START_TEST(every_type_of_the_program_is_complete_and_unlike_the_others)
{
    for (size_t i = 0; DEVICE_TYPES[i]; i++) {
        const struct device_type *type = DEVICE_TYPES[i];
        ck_assert_ptr_eq(device_type_find(type->name), type);
        ck_assert_msg(type->title && type->datasheet && type->missing && type->state && type->init &&
                          type->reset && type->version > 0 && type->size >= sizeof(struct device),
                      "%s", type->name);
        for (const struct device_option *o = type->options; o && o->name; o++) {
            ck_assert_msg(o->initial && o->meaning, "%s.%s", type->name, o->name);
            if (o->maximum)
                ck_assert_msg(o->minimum <= o->maximum, "%s.%s", type->name, o->name);
            if (o->maximum && o->initial[0])
                ck_assert_msg(device_number(type, &(struct device_config){.name = "x"}, o->name) <=
                                  o->maximum, "%s.%s=%s", type->name, o->name, o->initial);
        }
        for (const struct device_pin *pin = type->pins; pin && pin->name; pin++)
            ck_assert_uint_le(pin->offset + sizeof(struct irq_line), type->size);
        ck_assert_msg(!type->inputs || type->input, "%s has inputs and no input()", type->name);
    }
    ck_assert_ptr_null(device_type_find("nothing"));
}
END_TEST

Suite *device_suite(void)
{
    Suite *suite = suite_create("device");
    TCase *tcase = tcase_create("device");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, wrong_options_are_refused_with_a_way_out, 0, (int)ARRAY_COUNT(WRONG));
    tcase_add_test(tcase, numbers_are_decimal_or_hexadecimal);
    tcase_add_test(tcase, unset_options_have_their_default_and_types_may_have_none);
    tcase_add_test(tcase, two_cards_at_one_address_are_refused_by_name);
    tcase_add_test(tcase, an_init_that_fails_leaves_nothing_attached);
    tcase_add_test(tcase, wires_tell_edges_only_and_unknown_pins_are_refused);
    tcase_add_test(tcase, guest_errors_name_device_register_port_value_and_place);
    tcase_add_test(tcase, sections_are_named_after_the_instance);
    tcase_add_test(tcase, sections_of_newer_programs_or_other_shapes_are_refused);
    tcase_add_test(tcase, every_type_of_the_program_is_complete_and_unlike_the_others);
    suite_add_tcase(suite, tcase);
    return suite;
}
