/* The generated pages show what the tables say. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debugger/device_pages.h"
#include "devices/features.h"
#include "devices/types.h"
#include "devices/work_bounds.h"

/* The page as a string; the caller frees it. */
static char *page_of(const struct device_type *type)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    device_page_write(file, type);
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

START_TEST(page_names_every_register_option_and_wire)
{
    for (unsigned i = 0; DEVICE_TYPES[i]; i++) {
        const struct device_type *type = DEVICE_TYPES[i];
        char *page = page_of(type), text[256];
        snprintf(text, sizeof text, "# %s: %s\n", type->name, type->title);
        ck_assert_msg(strncmp(page, text, strlen(text)) == 0, "%s", type->name);
        ck_assert(strstr(page, type->datasheet) != NULL);
        for (const struct reg_bank *const *bank = type->banks; *bank; bank++) {
            for (const struct reg *row = (*bank)->rows; row->name; row++) {
                snprintf(text, sizeof text, "| **%s** |", row->name);
                ck_assert_msg(strstr(page, text) != NULL, "%s: %s", type->name, row->name);
            }
        }
        for (const struct device_option *option = type->options; option && option->name; option++) {
            snprintf(text, sizeof text, "| `%s` |", option->name);
            ck_assert_msg(strstr(page, text) != NULL, "%s: %s", type->name, option->name);
        }
        for (const struct device_pin *pin = type->pins; pin && pin->name; pin++) {
            snprintf(text, sizeof text, " `%s`", pin->name);
            ck_assert_msg(strstr(page, text) != NULL, "%s: %s", type->name, pin->name);
        }
        free(page);
    }
}
END_TEST

START_TEST(register_line_has_offset_access_reset_and_mask)
{
    char *page = page_of(&UART16550_TYPE);
    ck_assert_ptr_nonnull(strstr(page, "| 01h | **IER** | RW | 8 | 00h | 0Fh | interrupt enable | "
                                       "PC16550D 8.7 |\n"));
    ck_assert_ptr_nonnull(strstr(page, "| 05h | **LSR** | R, side effect | 8 | 60h | | "));
    ck_assert_ptr_nonnull(strstr(page, "| 7-6 | **TRIGGER** | receiver's trigger level: 0 1, 1 4, "
                                       "2 8, 3 14 |\n"));
    free(page);
}
END_TEST

/* Every device has features, every row belongs to a device and says what a guest sees where something is not
 * modelled; a device whose list of what is missing is not empty shows that in its features. */
START_TEST(features_tell_what_is_not_modelled)
{
    for (const struct device_feature *row = DEVICE_FEATURES; row->type; row++) {
        ck_assert_msg(device_type_find(row->type) != NULL, "%s", row->type);
        ck_assert_msg(row->feature[0] && row->section[0], "%s", row->type);
        ck_assert_msg((row->state == FEATURE_MODELLED) == (row->instead[0] == '\0'), "%s: %s",
                      row->type, row->feature);
    }
    for (unsigned i = 0; DEVICE_TYPES[i]; i++) {
        const struct device_type *type = DEVICE_TYPES[i];
        unsigned modelled = 0, other = 0;
        for (const struct device_feature *row = DEVICE_FEATURES; row->type; row++)
            if (strcmp(row->type, type->name) == 0)
                *(row->state == FEATURE_MODELLED ? &modelled : &other) += 1;
        ck_assert_msg(modelled > 0, "%s has no features in devices/features.c", type->name);
        ck_assert_msg(type->missing[0] == '\0' || other > 0, "%s: nothing missing in its features",
                      type->name);
    }
}
END_TEST

START_TEST(missing_behaviours_are_a_list)
{
    char *page = page_of(&I8259_TYPE);
    const char *list = strstr(page, "## Not modelled\n\n- ");
    ck_assert_ptr_nonnull(list);
    ck_assert_ptr_nonnull(strstr(list + 20, "\n- "));
    free(page);
    page = page_of(&I8254_TYPE);
    ck_assert_ptr_nonnull(strstr(page, "Nothing known."));
    free(page);
}
END_TEST

START_TEST(table_cells_survive_bars)
{
    for (unsigned i = 0; DEVICE_TYPES[i]; i++) {
        char *page = page_of(DEVICE_TYPES[i]), *line = page;
        unsigned bars = 0;
        while (*line) {
            char *end = strchr(line, '\n');
            unsigned count = 0;
            for (char *c = line; c < end; c++)
                count += *c == '|' && (c == line || c[-1] != '\\');
            if (*line == '|') {
                ck_assert_msg(bars == 0 || count == bars, "%s: %.*s", DEVICE_TYPES[i]->name,
                              (int)(end - line), line);
                bars = count;
            } else {
                bars = 0;
            }
            line = end + 1;
        }
        free(page);
    }
}
END_TEST

START_TEST(bounds_of_work_are_of_devices_and_on_their_pages)
{
    const struct work_bound *row = WORK_BOUNDS;
    char *page = page_of(&ATA_TYPE);
    ck_assert_ptr_nonnull(strstr(page, "## Work\n\nWhatever a guest writes, an access takes at most 3000 basic"));
    free(page);
    for (; row->type; row++) {
        ck_assert_msg(device_type_find(row->type) != NULL, "there is no %s", row->type);
        ck_assert_ptr_eq(work_bound_of(row->type), row);
    }
    ck_assert_ptr_eq(work_bound_of("uart16550"), row);
}
END_TEST

START_TEST(index_links_to_every_page)
{
    char *text = NULL, line[128];
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    device_index_write(file);
    ck_assert_int_eq(fclose(file), 0);
    for (unsigned i = 0; DEVICE_TYPES[i]; i++) {
        snprintf(line, sizeof line, "](%s.md)", DEVICE_TYPES[i]->name);
        ck_assert_ptr_nonnull(strstr(text, line));
    }
    free(text);
}
END_TEST

Suite *device_pages_suite(void)
{
    Suite *suite = suite_create("device_pages");
    TCase *tests = tcase_create("device_pages");
    tcase_add_test(tests, page_names_every_register_option_and_wire);
    tcase_add_test(tests, register_line_has_offset_access_reset_and_mask);
    tcase_add_test(tests, features_tell_what_is_not_modelled);
    tcase_add_test(tests, missing_behaviours_are_a_list);
    tcase_add_test(tests, table_cells_survive_bars);
    tcase_add_test(tests, bounds_of_work_are_of_devices_and_on_their_pages);
    tcase_add_test(tests, index_links_to_every_page);
    suite_add_tcase(suite, tests);
    return suite;
}
