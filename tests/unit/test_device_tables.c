/* What holds for every device type of the program: its tables are complete, and say what it does. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/fixture.h"

static unsigned type_count(void)
{
    unsigned count = 0;
    while (DEVICE_TYPES[count])
        count++;
    return count;
}

static struct device_fixture *make(const struct device_type *type)
{
    struct device_fixture *f = fixture_new();
    fixture_add_pci(f);
    fixture_add(f, type, NULL);
    return f;
}

/* Calls `visit` for every row of every region that the device attached. */
struct place {
    struct device_fixture *f;
    const struct device_type *type;
    struct space *space;
    const struct region *region;
    const struct reg *outer; /* the index/data pair's data row; NULL for direct rows */
    const struct reg *row;
    uint64_t address;
};

#define EVERY_ROW UINT32_MAX

/* Visits one row by its number, or every row; returns how many there are. */
static unsigned visit_rows(struct device_fixture *f, unsigned number,
                           void (*visit)(struct place *place))
{
    const struct device_type *type = f->device->type;
    struct space *spaces[2] = {&f->ports, &f->memory};
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++) {
        for (const struct region *region = spaces[i]->regions; region; region = region->next) {
            if (region->device != f->device || !region->bank)
                continue;
            for (const struct reg *row = region->bank->rows; row->name; row++) {
                struct place place = {f, type, spaces[i], region, NULL, row, 0};
                if (row->offset < region->bank_base ||
                    row->offset >= region->bank_base + region->length)
                    continue;
                place.address = region->base + row->offset - region->bank_base;
                if (count++ == number || number == EVERY_ROW)
                    visit(&place);
                if (!row->inner)
                    continue;
                place.outer = row;
                for (place.row = row->inner->rows; place.row->name; place.row++)
                    if (count++ == number || number == EVERY_ROW)
                        visit(&place);
            }
        }
    }
    return count;
}

/* Every row in a machine of its own, so that no access disturbs the next row. */
static void for_each_row_alone(const struct device_type *type, void (*visit)(struct place *place))
{
    unsigned number = 0, count;
    do {
        struct device_fixture *f = make(type);
        count = visit_rows(f, number++, visit);
        device_fixture_free(f);
    } while (number < count);
}

/* All rows of one machine, which must be as it was afterwards. */
static void for_each_row_purely(const struct device_type *type, void (*visit)(struct place *place))
{
    struct device_fixture *f = make(type);
    uint64_t before = fixture_hash(f->device);
    visit_rows(f, EVERY_ROW, visit);
    ck_assert_msg(fixture_hash(f->device) == before, "%s: looking changes something", type->name);
    device_fixture_free(f);
}

/* Makes the index of an index/data pair point at the row; by convention the index port is the one
 * before the data port. False: the pair works otherwise, or the row isn't selected now. */
static bool select_row(struct place *place)
{
    const void *self = place->region->self;
    if (place->outer) {
        if (place->address == 0)
            return false;
        space_write(place->space, place->address - 1, 1, place->row->offset);
        if (place->outer->inner_offset(self) != place->row->offset)
            return false;
        if (place->outer->is_selected && !place->outer->is_selected(self))
            return false;
        return !place->row->is_selected || place->row->is_selected(self);
    }
    return (!place->row->is_selected || place->row->is_selected(self)) &&
           reg_find(place->region->bank, self, place->row->offset, false) == place->row;
}

static uint32_t mask_of(const struct reg *row)
{
    return (uint32_t)mask_bytes(row->width);
}

/* --- reset values and masks ------------------------------------------------------------------- */

static void check_reset_value(struct place *place)
{
    const struct reg *row = place->row;
    uint32_t value;
    if (!(row->access & REG_READ) || (row->access & (REG_CLEARS_ON_READ | REG_BLOCK)) || row->inner ||
        !select_row(place) || !reg_peek(row, place->region->self, &value))
        return;
    ck_assert_msg(value == (row->reset & mask_of(row)), "%s %s: peeks %Xh, the table says %Xh",
                  place->type->name, row->name, value, row->reset);
    value = (uint32_t)space_read(place->space, place->address, row->width) & mask_of(row);
    ck_assert_msg(value == (row->reset & mask_of(row)), "%s %s: reads %Xh, the table says %Xh",
                  place->type->name, row->name, value, row->reset);
}

START_TEST(registers_read_their_reset_values)
{
    struct device_fixture *f = make(DEVICE_TYPES[_i]);
    visit_rows(f, EVERY_ROW, check_reset_value);
    device_fixture_free(f);
}
END_TEST

static void check_writable_bits(struct place *place)
{
    static const uint32_t PATTERNS[] = {0x55555555, 0xAAAAAAAA, 0};
    const struct reg *row = place->row;
    if ((row->access & REG_RW) != REG_RW || (row->access & (REG_ONE_CLEARS | REG_BLOCK)) ||
        row->writable == 0 || row->inner || (place->outer && !(place->outer->access & REG_WRITE)))
        return;
    for (size_t i = 0; i < ARRAY_COUNT(PATTERNS); i++) {
        uint32_t value, pattern = PATTERNS[i] & row->writable;
        if (!select_row(place))
            return;
        space_write(place->space, place->address, row->width, pattern);
        if (!reg_peek(row, place->region->self, &value))
            return; /* what was written has hidden the row */
        ck_assert_msg((value & row->writable) == pattern,
                      "%s %s: %Xh written, %Xh kept, writable %Xh", place->type->name, row->name,
                      pattern, value, row->writable);
    }
}

START_TEST(registers_keep_their_writable_bits)
{
    for_each_row_alone(DEVICE_TYPES[_i], check_writable_bits);
}
END_TEST

static void check_peek_is_pure(struct place *place)
{
    uint32_t first = 0, second = 0;
    if (!reg_peek(place->row, place->region->self, &first))
        return;
    reg_peek(place->row, place->region->self, &second);
    ck_assert_msg(first == second, "%s %s: the second look shows something else", place->type->name,
                  place->row->name);
}

START_TEST(peeking_changes_nothing)
{
    for_each_row_purely(DEVICE_TYPES[_i], check_peek_is_pure);
}
END_TEST

/* --- the tables themselves --------------------------------------------------------------------- */

START_TEST(type_is_complete)
{
    const struct device_type *type = DEVICE_TYPES[_i];
    ck_assert(type->name && type->name[0]);
    ck_assert_msg(type->title && type->title[0], "%s has no title", type->name);
    ck_assert_msg(type->datasheet && type->datasheet[0], "%s names no datasheet", type->name);
    ck_assert_msg(type->missing != NULL, "%s doesn't say what is missing", type->name);
    ck_assert_msg(type->banks && type->state && type->init && type->reset, "%s", type->name);
    ck_assert_ptr_eq(device_type_find(type->name), type);
    for (unsigned i = 0; DEVICE_TYPES[i]; i++)
        ck_assert(i == (unsigned)_i || strcmp(DEVICE_TYPES[i]->name, type->name) != 0);
    for (const struct device_option *option = type->options; option && option->name; option++)
        ck_assert_msg(option->initial && option->meaning, "%s option %s", type->name, option->name);
}
END_TEST

static void check_fields(const struct device_type *type, const struct reg *row)
{
    if (!row->fields)
        return;
    for (const struct reg_field *field = row->fields; field->name; field++) {
        ck_assert_msg(field->width > 0 && field->lsb + field->width <= 8 * row->width,
                      "%s %s: field %s lies outside the register", type->name, row->name,
                      field->name);
        ck_assert_msg(field->meaning != NULL, "%s %s: field %s has no meaning", type->name, row->name,
                      field->name);
    }
}

START_TEST(rows_are_complete)
{
    const struct device_type *type = DEVICE_TYPES[_i];
    for (const struct reg_bank *const *bank = type->banks; *bank; bank++) {
        ck_assert_msg((*bank)->name != NULL, "%s", type->name);
        for (const struct reg *row = (*bank)->rows; row->name; row++) {
            ck_assert_msg(row->meaning && row->section, "%s %s: no meaning or no section",
                          type->name, row->name);
            ck_assert_msg(row->access & REG_RW, "%s %s: neither read nor written", type->name,
                          row->name);
            ck_assert_msg(row->width >= 1 && row->width <= 4, "%s %s: width", type->name, row->name);
            ck_assert_msg(!row->inner || row->inner_offset, "%s %s: no index", type->name, row->name);
            check_fields(type, row);
        }
    }
}
END_TEST

/* Every region that is attached shows a bank that the type declares, so that its page is whole. */
START_TEST(attached_banks_are_declared)
{
    struct device_fixture *f = make(DEVICE_TYPES[_i]);
    struct space *spaces[2] = {&f->ports, &f->memory};
    for (unsigned i = 0; i < 2; i++) {
        for (const struct region *region = spaces[i]->regions; region; region = region->next) {
            const struct reg_bank *const *bank = DEVICE_TYPES[_i]->banks;
            if (region->device != f->device || !region->bank || !region->bank->rows->name)
                continue;
            while (*bank && *bank != region->bank)
                bank++;
            ck_assert_msg(*bank != NULL, "%s: bank %s is not in the type's list",
                          DEVICE_TYPES[_i]->name, region->bank->name);
        }
    }
    device_fixture_free(f);
}
END_TEST

/* --- describing --------------------------------------------------------------------------------- */

static void check_describe(struct place *place)
{
    const struct device *device = place->f->device;
    if (!place->type->describe)
        return;
    for (unsigned is_write = 0; is_write < 2; is_write++) {
        for (uint32_t value = 0; value < 256; value++) {
            struct access access = {.space_kind = place->space->kind == SPACE_PORTS ? ACCESS_PORT
                                                                                    : ACCESS_MEMORY,
                                    .is_write = is_write != 0,
                                    .address = place->address,
                                    .size = place->row->width,
                                    .count = 1,
                                    .value = value,
                                    .device = device,
                                    .reg = place->row};
            char text[32];
            memset(text, 'x', sizeof text);
            text[0] = '\0';
            place->type->describe(device, &access, text, 24);
            ck_assert_msg(memchr(text, '\0', 24) != NULL && text[24] == 'x',
                          "%s %s: describe writes past the text", place->type->name,
                          place->row->name);
        }
    }
}

START_TEST(describing_is_pure_and_stays_in_its_text)
{
    for_each_row_purely(DEVICE_TYPES[_i], check_describe);
}
END_TEST

/* In words: what describe() says, else the fields of the row; an access that carries nothing but data
 * (REG_BLOCK) or a plain number speaks by the name of its register. */
static void check_words(struct place *place)
{
    const struct device *device = place->f->device;
    for (unsigned is_write = 0; is_write < 2; is_write++) {
        bool is_possible = (place->row->access & (is_write ? REG_WRITE : REG_READ)) != 0;
        for (uint32_t value = 0; is_possible && value < 256; value += 17) {
            struct access access = {.space_kind = place->space->kind == SPACE_PORTS ? ACCESS_PORT
                                                                                    : ACCESS_MEMORY,
                                    .is_write = is_write != 0,
                                    .address = place->address,
                                    .size = place->row->width,
                                    .count = 1,
                                    .value = value,
                                    .device = device,
                                    .reg = place->row};
            if (place->type->describe)
                place->type->describe(device, &access, access.meaning, sizeof access.meaning);
            if (!access.meaning[0])
                reg_fields_text(place->row, value, access.meaning, sizeof access.meaning);
            ck_assert_msg(access.meaning[0] || place->row->meaning[0], "%s %s: no words for %02x",
                          place->type->name, place->row->name, (unsigned)value);
            ck_assert_msg(access.meaning[0] || !place->row->fields, "%s %s: fields without words",
                          place->type->name, place->row->name);
            for (const char *at = access.meaning; *at; at++)
                ck_assert_msg((unsigned char)*at >= 0x20, "%s %s: a control character in words",
                              place->type->name, place->row->name);
        }
    }
}

START_TEST(each_register_has_words)
{
    for_each_row_purely(DEVICE_TYPES[_i], check_words);
}
END_TEST

/* --- state ---------------------------------------------------------------------------------------- */

START_TEST(state_is_whole_and_saves_the_same_bytes)
{
    struct device_fixture *f = make(DEVICE_TYPES[_i]);
    fixture_check_state(f->device);
    if (f->ports.regions || f->memory.regions)
        fixture_hostile(f, 1234, 2000);
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

START_TEST(random_accesses_and_resets_leave_it_alive)
{
    struct device_fixture *f = make(DEVICE_TYPES[_i]);
    uint32_t seed = 99;
    for (unsigned i = 0; i < 20; i++) {
        if (f->ports.regions || f->memory.regions)
            fixture_hostile(f, fixture_random(&seed), 500);
        f->device->type->reset(f->device, RESET_HARD);
        if (f->device->type->loaded)
            f->device->type->loaded(f->device);
        for (unsigned input = 0; f->device->type->inputs && f->device->type->inputs[input]; input++)
            f->device->type->input(f->device, input, fixture_random(&seed) & 1);
        fixture_run_us(f, 1000);
    }
    fixture_check_state(f->device);
    device_fixture_free(f);
}
END_TEST

/* A power-on reset after use gives the state of a new instance of the same time. */
START_TEST(power_on_state_does_not_depend_on_the_past)
{
    struct device_fixture *fresh = make(DEVICE_TYPES[_i]), *again = make(DEVICE_TYPES[_i]);
    ck_assert_uint_eq(fixture_hash(fresh->device), fixture_hash(again->device));
    device_fixture_free(fresh);
    device_fixture_free(again);
}
END_TEST

START_TEST(two_instances_share_nothing)
{
    struct device_fixture *used = make(DEVICE_TYPES[_i]), *idle = make(DEVICE_TYPES[_i]);
    uint64_t before = fixture_hash(idle->device);
    if (used->ports.regions || used->memory.regions)
        fixture_hostile(used, 77, 2000);
    ck_assert_uint_eq(fixture_hash(idle->device), before);
    device_fixture_free(used);
    device_fixture_free(idle);
}
END_TEST

Suite *device_tables_suite(void)
{
    Suite *suite = suite_create("device_tables");
    TCase *tests = tcase_create("device_tables");
    int types = (int)type_count();
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, registers_read_their_reset_values, 0, types);
    tcase_add_loop_test(tests, registers_keep_their_writable_bits, 0, types);
    tcase_add_loop_test(tests, peeking_changes_nothing, 0, types);
    tcase_add_loop_test(tests, type_is_complete, 0, types);
    tcase_add_loop_test(tests, rows_are_complete, 0, types);
    tcase_add_loop_test(tests, attached_banks_are_declared, 0, types);
    tcase_add_loop_test(tests, describing_is_pure_and_stays_in_its_text, 0, types);
    tcase_add_loop_test(tests, each_register_has_words, 0, types);
    tcase_add_loop_test(tests, state_is_whole_and_saves_the_same_bytes, 0, types);
    tcase_add_loop_test(tests, random_accesses_and_resets_leave_it_alive, 0, types);
    tcase_add_loop_test(tests, power_on_state_does_not_depend_on_the_past, 0, types);
    tcase_add_loop_test(tests, two_instances_share_nothing, 0, types);
    suite_add_tcase(suite, tests);
    return suite;
}
